//! AdGuard's and Adblock's rules, as far as they speak of names.
//!
//! What it is: `||name^`, `@@`, `|`, `*`, `/expression/` and the options behind `$`. An option that cannot hold for a
//! name refuses its whole rule aloud: a rule in force without its option would do something that nobody wrote.
//! What it is not: a reader of rules for parts of a page. To add an option: an arm in [`Options::read`].
//!
//! Source: AdGuard's "DNS filtering rules syntax" (adguard-dns.io/kb/general/dns-filtering-syntax), November 2026.

use std::net::IpAddr;

use super::line::{fair_name, fair_url, own_network, shown};
use super::{Entry, pattern, rtype};
use crate::rule::{Choice, ClientMark, Effect, Only, Rule, Scope, Target};
use crate::{Audience, Host, safesearch};

/// Most names, clients or types in one option.
const MOST: usize = 1000;

/// Whether a line is written in this syntax.
pub(super) fn is_mine(text: &str) -> bool {
    let expression = text.len() > 2 && text.starts_with('/') && text.get(1..).is_some_and(|rest| rest.contains('/'));
    expression || text.starts_with("@@") || text.starts_with('|') || text.contains(['^', '$', '*']) && !is_star(text)
}

/// `*.name` alone is the form of lists of names.
fn is_star(text: &str) -> bool {
    text.strip_prefix("*.").is_some_and(|rest| !rest.contains(['^', '$', '*']))
}

/// Reads one rule.
pub(super) fn read(text: &str) -> Result<Entry, String> {
    let (body, allow) = text.strip_prefix("@@").map_or((text, false), |body| (body, true));
    let (body, options) = split(body)?;
    let options = Options::read(options, allow)?;
    let entry = target(body, text, allow, &options)?;
    Ok(if options.badfilter { Entry::Withdrawn(Box::new(entry)) } else { entry })
}

/// The body and what stands behind its `$`. In an expression a `$` means something else, so its end is sought first.
fn split(body: &str) -> Result<(&str, &str), String> {
    let Some(inner) = body.strip_prefix('/').filter(|_| body.len() > 1) else {
        return Ok(body.split_once('$').unwrap_or((body, "")));
    };
    if let Some(at) = inner.rfind("/$").filter(|at| inner.get(at + 2..).is_some_and(is_option_list)) {
        return Ok((body.get(..at + 2).unwrap_or(body), inner.get(at + 2..).unwrap_or_default()));
    }
    if inner.ends_with('/') {
        return Ok((body, ""));
    }
    Err("a path without a host covers every site; write the host before it".into())
}

/// Whether a text behind `/$` is options, and not the rest of an expression.
fn is_option_list(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase() || c == '~')
        && !text.ends_with('/')
        && !text.contains(['(', ')', '['])
}

fn target(body: &str, text: &str, allow: bool, options: &Options) -> Result<Entry, String> {
    let effect = Effect { allow, important: options.important };
    let ruled = |target: Target| {
        Entry::Rule(Box::new(Rule {
            target,
            effect,
            only: options.only.clone(),
            rewrite: options.rewrite.clone(),
            text: text.chars().take(Rule::TEXT).collect(),
        }))
    };
    if let Some(source) = body.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) {
        pattern::fair(source)?;
        return Ok(ruled(Target::Pattern { source: source.to_owned(), urls: false }));
    }
    if body.trim_matches(['*', '|', '^', '.']).is_empty() {
        return Err("it speaks of every name".into());
    }
    let (anchored, rest) = match (body.strip_prefix("||"), body.strip_prefix('|')) {
        (Some(rest), _) => ("||", rest),
        (None, Some(rest)) => ("|", rest),
        (None, None) => ("", body),
    };
    let ended = rest.ends_with(['^', '|']);
    let bare = rest.strip_suffix('|').unwrap_or(rest);
    let bare = bare.strip_suffix('^').unwrap_or(bare);
    if bare.contains('/') {
        return path(anchored, bare, &effect, options);
    }
    let below = bare.strip_prefix("*.").or_else(|| bare.strip_prefix('.').filter(|_| anchored.is_empty()));
    let (name, scope) = match (below, anchored) {
        (Some(name), "||" | "") => (name, Scope::OnlyBelow),
        (None, "|") if ended => (bare, Scope::Exact),
        (_, "|") => (bare, Scope::OnlyBelow),
        _ => (bare, Scope::Below),
    };
    if name.contains('*') || (anchored == "|" && !ended) {
        let source = pattern::of_wildcards(anchored, bare, ended)?;
        pattern::fair(&source)?;
        return Ok(ruled(Target::Pattern { source, urls: false }));
    }
    let host = fair_name(name)?;
    if options.only.is_always() && options.rewrite.is_none() {
        return Ok(Entry::Host { host, scope, effect });
    }
    Ok(ruled(Target::Name {
        name: host.to_string(),
        scope: if matches!(host, Host::Ip(_)) { Scope::Exact } else { scope },
    }))
}

/// `||example.com/folder`: an address, where paths show.
fn path(anchored: &str, bare: &str, effect: &Effect, options: &Options) -> Result<Entry, String> {
    if anchored != "||" || bare.contains('*') {
        return Err("a path is read behind ‘||’ and a whole host, without ‘*’".into());
    }
    if *effect != Effect::default() || !options.only.is_always() || options.rewrite.is_some() {
        return Err("a rule for a path holds without options and exceptions only".into());
    }
    fair_url(bare)
}

/// What stands behind `$`.
#[derive(Debug, Default)]
struct Options {
    important: bool,
    badfilter: bool,
    only: Only,
    rewrite: Option<String>,
}

impl Options {
    fn read(text: &str, allow: bool) -> Result<Self, String> {
        let mut options = Self::default();
        for option in pieces(text, ',') {
            let option = option.trim();
            let (key, value) = option.split_once('=').unwrap_or((option, ""));
            match key {
                "" => {}
                "important" => options.important = true,
                "badfilter" => options.badfilter = true,
                // They widen a rule to the whole page; for a name there is nothing less.
                "all" | "doc" | "document" => {}
                "denyallow" => options.only.not_below = denyallow(value)?,
                "dnstype" => options.only.types = choice(value, "dnstype", rtype::number)?,
                "client" => options.only.clients = choice(value, "client", client)?,
                "ctag" => {
                    let tags = choice(value, "ctag", tag)?;
                    let flat = |all: Vec<Vec<Audience>>| all.into_iter().flatten().collect();
                    options.only.audiences = Choice { yes: flat(tags.yes), no: flat(tags.no) };
                }
                "dnsrewrite" if allow => {
                    return Err("an exception to a rewrite is not read; take the rewrite out of the list".into());
                }
                "dnsrewrite" => options.rewrite = rewrite(value)?,
                other => return Err(cannot_apply(other)),
            }
        }
        Ok(options)
    }
}

/// Options that are right in a browser, each with the reason why not here.
fn cannot_apply(key: &str) -> String {
    let bare = key.trim_start_matches('~');
    let why = match bare {
        "third-party" | "3p" | "first-party" | "1p" | "strict1p" | "strict3p" | "domain" | "from" | "to" => {
            "asks which page loads it, and a question for a name does not say"
        }
        "script" | "image" | "img" | "stylesheet" | "css" | "object" | "xmlhttprequest" | "xhr" | "subdocument"
        | "frame" | "ping" | "media" | "font" | "websocket" | "other" | "popup" | "popunder" | "webrtc" => {
            "speaks of one kind of content, and a name carries all kinds"
        }
        "csp" | "redirect" | "redirect-rule" | "replace" | "removeparam" | "removeheader" | "cookie" | "rewrite"
        | "empty" | "mp4" | "permissions" | "header" | "method" | "hls" | "jsonprune" => {
            "changes what a page gets, which an answer about a name cannot"
        }
        "match-case" => "asks for case, which names do not have",
        "elemhide" | "ehide" | "generichide" | "ghide" | "specifichide" | "shide" | "jsinject" | "urlblock"
        | "content" | "extension" | "stealth" | "genericblock" => "switches a browser's own work",
        "app" | "network" => "asks which app or address it is, which a question for a name does not say",
        _ => "is not an option that is known here",
    };
    format!("“${}” {why}", shown(key))
}

/// Parts of a text at a mark that no backslash precedes; the backslashes themselves go.
fn pieces(text: &str, mark: char) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut escaped = false;
    for c in text.chars() {
        match c {
            '\\' if !escaped => escaped = true,
            c if c == mark && !escaped => out.push(String::new()),
            c => {
                if let Some(last) = out.last_mut() {
                    // What this mark does not need the backslash for keeps it, for whoever splits next.
                    if escaped && c != mark {
                        last.push('\\');
                    }
                    last.push(c);
                }
                escaped = false;
            }
        }
    }
    out
}

/// A text without the backslashes that keep its marks from meaning something.
fn unescaped(text: &str) -> String {
    let mut escaped = false;
    let kept = text.chars().filter(|c| {
        escaped = *c == '\\' && !escaped;
        !escaped
    });
    kept.collect()
}

fn choice<T>(value: &str, key: &str, read: impl Fn(&str) -> Result<T, String>) -> Result<Choice<T>, String> {
    let mut choice = Choice::default();
    for piece in pieces(value, '|') {
        let piece = piece.trim();
        match piece.strip_prefix('~') {
            Some(not) => choice.no.push(read(not)?),
            None => choice.yes.push(read(piece)?),
        }
    }
    if choice.yes.len() + choice.no.len() > MOST {
        return Err(format!("“${key}” names more than {MOST}"));
    }
    Ok(choice)
}

fn denyallow(value: &str) -> Result<Vec<String>, String> {
    let names: Result<Vec<_>, String> = value
        .split('|')
        .take(MOST + 1)
        .map(|name| match Host::parse(name.trim()) {
            Ok(Host::Name(name)) => Ok(name.to_string()),
            _ => Err(format!("“$denyallow” names “{}”, which is no name", shown(name))),
        })
        .collect();
    let names = names?;
    if names.len() > MOST { Err(format!("“$denyallow” names more than {MOST}")) } else { Ok(names) }
}

fn client(text: &str) -> Result<ClientMark, String> {
    let quoted = ['\'', '"'].into_iter().find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote));
    let plain = unescaped(quoted.unwrap_or(text));
    if plain.trim().is_empty() {
        return Err("“$client” names nobody".into());
    }
    if quoted.is_none() {
        let (address, length) = plain.split_once('/').map_or((plain.as_str(), None), |(a, l)| (a, Some(l)));
        if let Ok(ip) = address.parse::<IpAddr>() {
            let widest = if ip.is_ipv4() { 32 } else { 128 };
            let length = length.map_or(Some(widest), |length| length.parse().ok().filter(|length| *length <= widest));
            return length.map(|length| ClientMark::Net(ip, length)).ok_or("“$client” holds no such network".into());
        }
    }
    Ok(ClientMark::Name(plain.to_lowercase()))
}

/// AdGuard's tags that a group's audience answers. The others ask for what the register does not hold.
fn tag(text: &str) -> Result<Vec<Audience>, String> {
    match text {
        "user_child" => Ok(vec![Audience::Children]),
        "user_regular" => Ok(vec![Audience::Adults, Audience::Guests]),
        other => Err(format!(
            "“$ctag={}” asks what the register does not say; ‘user_child’ and ‘user_regular’ are known",
            shown(other)
        )),
    }
}

/// A list may block, and may hold a name to a search engine's safe one; it never chooses where people go.
fn rewrite(value: &str) -> Result<Option<String>, String> {
    let parts: Vec<_> = value.split(';').map(str::trim).collect();
    let (code, kind, to) = match parts.as_slice() {
        [one] if one.chars().all(|c| c.is_ascii_uppercase()) => (*one, "", ""),
        [one] => ("NOERROR", if one.parse::<IpAddr>().is_ok() { "A" } else { "CNAME" }, *one),
        [code, kind, to] => (*code, *kind, *to),
        _ => return Err("“$dnsrewrite” has one part or three".into()),
    };
    match (code, kind) {
        ("NXDOMAIN" | "REFUSED" | "SERVFAIL", _) | ("NOERROR", "") => Ok(None),
        ("NOERROR", "A" | "AAAA") => match to.parse::<IpAddr>() {
            Ok(ip) if own_network(ip) => Ok(None),
            Ok(_) => Err("“$dnsrewrite” to an address: a list does not choose where people go".into()),
            Err(_) => Err("“$dnsrewrite” holds no such address".into()),
        },
        ("NOERROR", "CNAME") => match Host::parse(to) {
            Ok(Host::Name(name)) if safesearch::is_safe_name(name.as_str()) => Ok(Some(name.to_string())),
            _ => Err("“$dnsrewrite” goes to a name that is no search engine's safe one; a list does not choose where people go".into()),
        },
        ("NOERROR", other) => Err(format!("“$dnsrewrite” with records of type “{}” is not read", shown(other))),
        _ => Err("“$dnsrewrite” names no answer that is known".into()),
    }
}
