//! Response policy zones: DNS zone files whose records are rules.
//!
//! What it is: the triggers on names (`name`, `*.name`) and their actions. A name is exact and `*.name` is only what is
//! below, as the standard says. NXDOMAIN, NODATA, drop, and any local data block; `rpz-passthru` is the list's own
//! exception. Triggers on addresses and name servers are refused aloud: the filter sees names.
//! What it is not: a whole reader of zone files; `$INCLUDE` and `$GENERATE` are refused.
//!
//! Source: draft-vixie-dnsop-dns-rpz-00; zone files are RFC 1035 section 5.

use super::line::{fair_name, shown};
use super::{Entry, rtype};
use crate::rule::{Effect, Only, Rule, Scope, Target};
use crate::{Host, safesearch};

/// What earlier lines of a zone mean for later ones.
#[derive(Default)]
pub(super) struct State {
    /// Whether there was a record before: then a line that begins with a blank goes on with its owner.
    owner: Option<String>,
    /// What owners are relative to, without its dot; nothing when the file does not say.
    origin: Option<String>,
    /// Inside the parentheses of an SOA record.
    open: bool,
}

impl State {
    /// Whether a line goes on with what stands before it: inside parentheses, or a record without an owner of its own.
    /// Other formats are indented too, so that a blank alone says nothing.
    pub(super) fn continues(&self, whole: &str) -> bool {
        let inherits = || {
            let words: Vec<_> = without_comment(whole).split_ascii_whitespace().collect();
            record(&words).first().is_some_and(|kind| rtype::is_one(kind))
        };
        self.open || (self.owner.is_some() && whole.starts_with([' ', '\t']) && inherits())
    }

    /// Whether a line is of a zone file.
    pub(super) fn is_mine(&self, whole: &str) -> bool {
        if self.continues(whole) || whole.starts_with("$TTL") || whole.starts_with("$ORIGIN") {
            return true;
        }
        if whole.starts_with("$INCLUDE") || whole.starts_with("$GENERATE") {
            return true;
        }
        let mut words = without_comment(whole).split_ascii_whitespace();
        let (Some(_), Some(second)) = (words.next(), words.next()) else { return false };
        let third = words.next();
        let class_or_ttl = second.eq_ignore_ascii_case("IN") || second.bytes().all(|byte| byte.is_ascii_digit());
        third.is_some()
            && (rtype::is_one(second)
                || (class_or_ttl
                    && third.is_some_and(|third| rtype::is_one(third) || third.eq_ignore_ascii_case("IN"))))
    }

    /// Reads one line.
    pub(super) fn read(&mut self, whole: &str, take: &mut impl FnMut(Entry)) -> Result<(), String> {
        let text = without_comment(whole);
        if self.open {
            self.open = !text.contains(')');
            return Ok(());
        }
        if text.starts_with('$') {
            return self.directive(text);
        }
        let inherits = text.starts_with([' ', '\t']);
        let mut words: Vec<_> = text.split_ascii_whitespace().collect();
        if words.is_empty() {
            return Ok(());
        }
        let owner = if inherits { self.owner.clone() } else { Some(words.remove(0).to_owned()) };
        let owner = owner.ok_or("the line begins with a blank, but there is no name before it")?;
        self.owner = Some(owner.clone());
        let kind = record(&words).first().map(|kind| kind.to_ascii_uppercase()).unwrap_or_default();
        if matches!(kind.as_str(), "SOA" | "NS") {
            self.open = text.contains('(') && !text.contains(')');
            return Ok(());
        }
        let owner = self.relative(&owner)?;
        if let Some(trigger) = owner.rsplit('.').next().filter(|last| last.starts_with("rpz-")) {
            return Err(format!("the trigger “{trigger}” looks at addresses or name servers; the filter sees names"));
        }
        let (name, scope) = owner.strip_prefix("*.").map_or((&*owner, Scope::Exact), |name| (name, Scope::OnlyBelow));
        take(data(name, scope, &words, text.trim())?);
        Ok(())
    }

    fn directive(&mut self, text: &str) -> Result<(), String> {
        let mut words = text.split_ascii_whitespace();
        match (words.next(), words.next()) {
            (Some("$TTL"), _) => Ok(()),
            (Some("$ORIGIN"), Some(origin)) => {
                let origin = origin.trim_end_matches('.').to_ascii_lowercase();
                self.origin = Some(origin).filter(|origin| !origin.is_empty());
                Ok(())
            }
            (Some(word), _) => Err(format!("“{}” is not read", shown(word))),
            (None, _) => Ok(()),
        }
    }

    /// The name that an owner triggers on: what stands before the zone's own name.
    fn relative(&self, owner: &str) -> Result<String, String> {
        let Some(absolute) = owner.strip_suffix('.') else { return Ok(owner.to_owned()) };
        let Some(origin) = &self.origin else { return Ok(absolute.to_owned()) };
        let lower = absolute.to_ascii_lowercase();
        let inside = lower.strip_suffix(origin.as_str()).and_then(|inside| inside.strip_suffix('.'));
        inside.map(str::to_owned).ok_or_else(|| format!("“{}” lies outside the zone", shown(owner)))
    }
}

/// Skips time to live and class.
fn record<'w, 't>(words: &'w [&'t str]) -> &'w [&'t str] {
    let skipped = words
        .iter()
        .take_while(|word| word.eq_ignore_ascii_case("IN") || word.bytes().all(|byte| byte.is_ascii_digit()))
        .count();
    words.get(skipped..).unwrap_or_default()
}

/// What a record behind a name makes of it.
pub(super) fn data(name: &str, scope: Scope, words: &[&str], text: &str) -> Result<Entry, String> {
    let [kind, rest @ ..] = record(words) else {
        return Err("there is no record behind the name".into());
    };
    let is_address = |rest: &[&str]| matches!(rest, [address] if address.parse::<std::net::IpAddr>().is_ok());
    if matches!(kind.to_ascii_uppercase().as_str(), "A" | "AAAA") && !is_address(rest) {
        return Err("there are several words, but they are no record of a zone and no line of a hosts file".into());
    }
    let host = fair_name(name)?;
    let simple = |allow: bool| Entry::Host { host: host.clone(), scope, effect: Effect { allow, important: false } };
    match (kind.to_ascii_uppercase().as_str(), rest) {
        ("CNAME", [to]) => {
            let bare = to.trim_end_matches('.').to_ascii_lowercase();
            match bare.as_str() {
                "rpz-passthru" => Ok(simple(true)),
                "rpz-tcp-only" => Err("“rpz-tcp-only” speaks of the way of asking, not of the name".into()),
                // The older way to write passthru.
                same if *same == *name.to_ascii_lowercase() => Ok(simple(true)),
                safe if safesearch::is_safe_name(safe) => Ok(Entry::Rule(Box::new(Rule {
                    target: Target::Name {
                        name: host.to_string(),
                        scope: if matches!(host, Host::Ip(_)) { Scope::Exact } else { scope },
                    },
                    effect: Effect::default(),
                    only: Only::default(),
                    rewrite: Some(safe.to_owned()),
                    text: text.chars().take(Rule::TEXT).collect(),
                }))),
                // `.` is NXDOMAIN, `*.` NODATA, `rpz-drop.` silence, anything else somebody's warning page.
                _ => Ok(simple(false)),
            }
        }
        ("A" | "AAAA", _) => Ok(simple(false)),
        (other, _) => Err(format!("a record of type “{}” is no rule about a name", shown(other))),
    }
}

/// What stands before a `;`.
fn without_comment(text: &str) -> &str {
    text.split_once(';').map_or(text, |(before, _)| before).trim_end()
}
