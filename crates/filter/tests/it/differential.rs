//! The filter against a slow, obvious reference: rules of every format, names around them, and the same answer.
//!
//! The reference knows no hash, no table and no syntax: each generated rule says in plain data what it means, and is
//! written down in one of the formats. Only the writing goes to the filter.

use std::fs;
use std::net::IpAddr;
use std::path::Path;

use holdfast_filter::compiled::Asked;
use holdfast_filter::{
    About, Audience, CanonicalUrl, Host, Lists, Outcome, Prepared, Question, Request, compile, decide,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::setting::*;

const LISTS: [&str; 3] = ["one", "two", "three"];
const AAAA: u16 = 28;

/// What a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    Below,
    Exact,
    OnlyBelow,
}

/// How it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Syntax {
    Plain,
    Hosts,
    AdGuard,
    Dnsmasq,
    Unbound,
    Zone,
    Expression,
    /// `||` and the name with its first letters replaced by `*`.
    Wildcard,
    Url,
}

/// For whom a rule is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    Anybodys,
    /// `$client` with a network, and with what is not in it.
    In,
    NotIn,
    /// `$ctag` with children's groups, and with the others.
    Childrens,
    NotChildrens,
}

impl Whose {
    fn option(self) -> Option<String> {
        Some(match self {
            Self::Anybodys => return None,
            Self::In => "client=192.0.2.0/24".to_owned(),
            Self::NotIn => "client=~192.0.2.0/24".to_owned(),
            Self::Childrens => "ctag=user_child".to_owned(),
            Self::NotChildrens => "ctag=~user_child".to_owned(),
        })
    }

    fn is(self, who: Who) -> bool {
        match self {
            Self::Anybodys => true,
            Self::In => who.inside,
            Self::NotIn => !who.inside,
            Self::Childrens => who.child,
            Self::NotChildrens => !who.child,
        }
    }
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Who {
    /// From the network that rules name.
    inside: bool,
    /// A device of a children's group.
    child: bool,
}

impl Who {
    fn address(self) -> IpAddr {
        if self.inside { [192, 0, 2, 9].into() } else { [198, 51, 100, 9].into() }
    }
}

/// One rule, in plain data.
#[derive(Debug, Clone)]
struct Plain {
    list: usize,
    syntax: Syntax,
    reach: Reach,
    name: String,
    path: String,
    allow: bool,
    important: bool,
    only_aaaa: bool,
    not_below: Option<String>,
    withdrawn: bool,
    whose: Whose,
}

impl Plain {
    /// What this syntax cannot say is left out.
    fn tidied(mut self) -> Self {
        // Without its first letter such a name would be `||*.name^`, which is another syntax's.
        if self.syntax == Syntax::Wildcard && self.name.find('.') == Some(1) {
            self.syntax = Syntax::Plain;
        }
        let adguard = self.syntax == Syntax::AdGuard;
        self.reach = match (self.syntax, self.reach) {
            (Syntax::AdGuard | Syntax::Zone | Syntax::Expression, reach) => reach,
            (Syntax::Unbound, Reach::Exact) | (Syntax::Hosts, _) => Reach::Exact,
            (Syntax::Dnsmasq, Reach::OnlyBelow) => Reach::OnlyBelow,
            _ => Reach::Below,
        };
        if self.syntax == Syntax::Zone && self.reach == Reach::Below {
            self.reach = Reach::Exact;
        }
        if self.syntax == Syntax::Expression && self.reach == Reach::OnlyBelow {
            self.reach = Reach::Below;
        }
        self.allow &= matches!(self.syntax, Syntax::AdGuard | Syntax::Dnsmasq | Syntax::Zone)
            || (self.syntax == Syntax::Unbound && self.reach == Reach::Below);
        self.important &= adguard;
        self.only_aaaa &= adguard;
        self.withdrawn &= adguard;
        self.not_below = self.not_below.filter(|_| adguard);
        if !adguard {
            self.whose = Whose::Anybodys;
        }
        self
    }

    fn written(&self) -> String {
        let Self { name, path, .. } = self;
        let star = if self.reach == Reach::OnlyBelow { "*." } else { "" };
        match (self.syntax, self.reach, self.allow) {
            (Syntax::Plain, ..) if path.len() % 2 == 0 => format!("*.{name}"),
            (Syntax::Plain, ..) => name.to_uppercase() + ".  # why",
            (Syntax::Hosts, ..) => format!("0.0.0.0\t{name} localhost"),
            (Syntax::AdGuard, reach, allow) => {
                let start = if reach == Reach::Exact { "|" } else { "||" };
                let mut options = Vec::new();
                options.extend(self.important.then(|| "important".to_owned()));
                options.extend(self.only_aaaa.then(|| "dnstype=AAAA".to_owned()));
                options.extend(self.not_below.as_ref().map(|name| format!("denyallow={name}")));
                options.extend(self.whose.option());
                let options = if options.is_empty() { String::new() } else { format!("${}", options.join(",")) };
                let rule = format!("{}{start}{star}{name}^{options}", if allow { "@@" } else { "" });
                let mark = if options.is_empty() { '$' } else { ',' };
                if self.withdrawn { format!("{rule}\n{rule}{mark}badfilter") } else { rule }
            }
            (Syntax::Dnsmasq, _, false) => format!("address=/{star}{name}/0.0.0.0"),
            (Syntax::Dnsmasq, _, true) => format!("server=/{star}{name}/#"),
            (Syntax::Unbound, Reach::Exact, _) => format!("local-data: \"{name} A 0.0.0.0\""),
            (Syntax::Unbound, _, false) => format!("  local-zone: \"{name}\" always_nxdomain"),
            (Syntax::Unbound, _, true) => format!("local-zone: \"{name}\" transparent"),
            (Syntax::Zone, _, false) => format!("{star}{name} 300 IN CNAME ."),
            (Syntax::Zone, _, true) => format!("{star}{name} CNAME rpz-passthru."),
            (Syntax::Expression, Reach::Exact, _) => format!("/^{}$/", name.replace('.', "\\.")),
            (Syntax::Expression, ..) => format!("/(^|\\.){}$/", name.replace('.', "\\.")),
            (Syntax::Wildcard, ..) => format!("||*{}^", self.tail()),
            (Syntax::Url, ..) => format!("http://{name}{path}"),
        }
    }

    /// The name without its first letter, for a wildcard.
    fn tail(&self) -> &str {
        &self.name[1..]
    }

    fn covers(&self, host: &str, path: Option<&str>) -> bool {
        if self.syntax == Syntax::Wildcard {
            // `||*x` is any host that ends in x: a star takes labels too.
            return host.ends_with(self.tail());
        }
        let below = host.ends_with(&format!(".{}", self.name));
        let host = match self.reach {
            Reach::Below => host == self.name || below,
            Reach::Exact => host == self.name,
            Reach::OnlyBelow => below,
        };
        host && (self.syntax != Syntax::Url
            || self.path == "/"
            || path.is_some_and(|path| path == self.path || path.starts_with(&format!("{}/", self.path))))
    }

    fn speaks(&self, host: &str, path: Option<&str>, rtype: u16, who: Who) -> bool {
        let left_out = self.not_below.as_ref().is_some_and(|out| host == out || host.ends_with(&format!(".{out}")));
        let meant = !self.withdrawn && self.whose.is(who) && (!self.only_aaaa || rtype == AAAA);
        meant && !left_out && self.covers(host, path)
    }
}

/// The lists that block, by the rules as they are meant.
fn meant(rules: &[Plain], host: &str, path: Option<&str>, rtype: u16, who: Who) -> Vec<&'static str> {
    let speaking: Vec<_> = rules.iter().filter(|rule| rule.speaks(host, path, rtype, who)).collect();
    let blocks = |list: usize| {
        let own = || speaking.iter().filter(|rule| rule.list == list);
        own().filter(|rule| !rule.allow).any(|block| {
            let taken_back = own().any(|other| other.allow && (other.important || !block.important));
            !taken_back
        })
    };
    LISTS.into_iter().enumerate().filter(|(list, _)| blocks(*list)).map(|(_, name)| name).collect()
}

fn names() -> impl Strategy<Value = String> {
    let label = prop::sample::select(vec!["a", "b", "ab", "not", "www", "adverts"]);
    let end = prop::sample::select(vec!["example.com", "example.net", "site.example.com", "shop.co.uk"]);
    (prop::collection::vec(label, 0..3), end)
        .prop_map(|(labels, end)| labels.into_iter().map(|label| format!("{label}.")).collect::<String>() + end)
}

fn paths() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(vec!["/a", "/b", "/ab"]), 0..3).prop_map(|parts| match parts.len() {
        0 => "/".to_owned(),
        _ => parts.concat(),
    })
}

prop_compose! {
    fn rules()(
        list in 0..LISTS.len(),
        syntax in prop::sample::select(vec![
            Syntax::Plain, Syntax::Hosts, Syntax::AdGuard, Syntax::AdGuard, Syntax::AdGuard, Syntax::Dnsmasq,
            Syntax::Unbound, Syntax::Zone, Syntax::Expression, Syntax::Wildcard, Syntax::Url,
        ]),
        reach in prop::sample::select(vec![Reach::Below, Reach::Exact, Reach::OnlyBelow]),
        name in names(), path in paths(),
        (allow, important, only_aaaa, withdrawn) in (prop::bool::weighted(0.3), prop::bool::weighted(0.2), prop::bool::weighted(0.2), prop::bool::weighted(0.1)),
        not_below in prop::option::weighted(0.2, names()),
        whose in prop_oneof![
            6 => Just(Whose::Anybodys),
            1 => Just(Whose::In),
            1 => Just(Whose::NotIn),
            1 => Just(Whose::Childrens),
            1 => Just(Whose::NotChildrens),
        ],
    ) -> Plain {
        Plain { list, syntax, reach, name, path, allow, important, only_aaaa, not_below, withdrawn, whose }.tidied()
    }
}

/// A withdrawn rule withdraws its equals too: what is the same to the list is so however often it stands there.
fn withdraw_equals(rules: &mut [Plain]) {
    let key = |rule: &Plain| {
        let bare = !rule.only_aaaa && rule.not_below.is_none() && rule.whose == Whose::Anybodys;
        (
            rule.list,
            rule.reach,
            rule.name.clone(),
            rule.allow,
            rule.important,
            rule.only_aaaa,
            rule.not_below.clone(),
            rule.whose.option(),
            bare,
        )
    };
    let withdrawn: Vec<_> = rules.iter().filter(|rule| rule.withdrawn).map(key).collect();
    for rule in rules.iter_mut() {
        let plain = !matches!(rule.syntax, Syntax::Expression | Syntax::Wildcard)
            && (rule.syntax != Syntax::Url || rule.path == "/");
        rule.withdrawn |= plain && withdrawn.contains(&key(rule));
    }
}

/// Files are synced when they are written; where memory passes for a disk, that costs nothing.
fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap()
}

fn written(rules: &[Plain]) -> Lists {
    let folder = folder();
    for (number, list) in LISTS.iter().enumerate() {
        let lines = rules.iter().filter(|rule| rule.list == number).map(Plain::written);
        let text: String = lines.map(|line| line + "\n").collect();
        fs::write(folder.path().join(format!("{list}.txt")), text).unwrap();
    }
    fs::write(folder.path().join("never.txt"), "never.asked.example.org\n").unwrap();
    let out = folder.path().join("out");
    let report = compile(&[folder.path().to_owned()], &out, KEY).unwrap();
    assert_eq!(report.rejected_total, 0, "{:?}", report.rejected);
    Lists::open(&out).unwrap()
}

/// Compares one world of rules with what it means, name by name.
fn compare(mut rules: Vec<Plain>, asked: &[(String, String, bool, Who)]) -> Result<(), TestCaseError> {
    withdraw_equals(&mut rules);
    let lists = written(&rules);
    let mut snapshot = snapshot();
    snapshot.groups.insert("adults".into(), group(Audience::Adults, &["one", "three"]));
    snapshot.groups.insert("children".into(), group(Audience::Children, &["one", "three"]));
    let policy: Prepared = unsealed(snapshot);
    for (name, path, sees, who) in asked {
        let group = if who.child { "children" } else { "adults" };
        for rtype in [1, AAAA] {
            let url = CanonicalUrl::parse(&format!("http://{name}{path}")).unwrap();
            let url = sees.then_some(&url);
            let expected = meant(&rules, name, sees.then_some(path.as_str()), rtype, *who);
            let host = Host::parse(name).unwrap();
            let text = Asked::new(&host);
            let audience = if who.child { Audience::Children } else { Audience::Adults };
            let about =
                About { rtype: Some(rtype), from: Some(who.address()), audience: Some(audience), ..About::default() };
            let mut found: Vec<&str> = Vec::new();
            lists.walk(&Question { host: &text, url, about: Some(&about) }, |hit| {
                if !found.contains(&hit.list.name.as_str()) {
                    found.push(hit.list.name.as_str());
                }
            });
            found.sort_by_key(|name| LISTS.iter().position(|list| list == name));
            prop_assert_eq!(&found, &expected, "{} {} type {} for {:?}", name, path, rtype, who);
            let request = Request { url, rtype: Some(rtype), from: Some(who.address()), ..Request::of(group, &host) };
            let blocked = decide(&policy, &lists, &request, now()).outcome == Outcome::Block;
            prop_assert_eq!(
                blocked,
                expected.iter().any(|list| *list != "two"),
                "{} {} type {} for {:?}",
                name,
                path,
                rtype,
                who
            );
        }
    }
    Ok(())
}

fn run(cases: u32, rules_at_most: usize, asked: usize) {
    let who = (any::<bool>(), any::<bool>()).prop_map(|(inside, child)| Who { inside, child });
    let questions = (names(), paths(), any::<bool>(), who);
    let world = (prop::collection::vec(rules(), 1..rules_at_most), prop::collection::vec(questions, asked));
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 4000, ..Config::default() };
    TestRunner::new(config).run(&world, |(rules, asked)| compare(rules, &asked)).unwrap();
}

#[test]
fn every_format_means_what_it_says() {
    run(150, 12, 40);
    run(10, 150, 300);
}

/// Ten million verdicts: `cargo xtask long`.
#[test]
#[ignore = "minutes; cargo xtask long runs it"]
fn ten_million_names_and_no_wrong_verdict() {
    // Two record types a name.
    run(25_000, 40, 200);
}
