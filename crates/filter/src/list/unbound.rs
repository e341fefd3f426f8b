//! unbound's `local-zone` and `local-data`.
//!
//! What it is not: a reader of unbound's other settings; they are refused aloud. A `local-zone` stands for its name and
//! everything below it, a `local-data` for its name alone. However unbound would say no (nothing, refused, an address of
//! its own), the name is blocked; the transparent kinds are the list's own exceptions.
//!
//! Source: unbound.conf(5), 1.22.

use super::Entry;
use super::line::{fair_name, shown, without_comment};
use super::zone::data;
use crate::rule::{Effect, Scope};

/// Kinds of zones that keep a name from being asked for elsewhere.
const BLOCKING: [&str; 12] = [
    "always_nxdomain",
    "always_nodata",
    "always_null",
    "always_refuse",
    "always_deny",
    "refuse",
    "deny",
    "static",
    "redirect",
    "inform_deny",
    "inform_redirect",
    "block_all",
];
/// Kinds that ask as usual.
const OPEN: [&str; 4] = ["transparent", "always_transparent", "typetransparent", "nodefault"];

/// Whether a line is written so.
pub(super) fn is_mine(text: &str) -> bool {
    text == "server:" || text.split_once(':').is_some_and(|(key, _)| key.starts_with("local-"))
}

/// Reads one setting.
pub(super) fn read(text: &str, take: &mut impl FnMut(Entry)) -> Result<(), String> {
    let (key, rest) = without_comment(text).split_once(':').unwrap_or((text, ""));
    let rest = rest.trim();
    match key {
        "server" => Ok(()),
        "local-zone" => {
            let mut words = rest.split_ascii_whitespace();
            let (Some(name), Some(kind), None) = (words.next(), words.next(), words.next()) else {
                return Err("a local-zone has a name and a kind".into());
            };
            let allow = match kind {
                kind if BLOCKING.contains(&kind) => false,
                kind if OPEN.contains(&kind) => true,
                other => return Err(format!("a local-zone of the kind “{}” neither blocks nor opens", shown(other))),
            };
            let effect = Effect { allow, important: false };
            take(Entry::Host { host: fair_name(unquoted(name))?, scope: Scope::Below, effect });
            Ok(())
        }
        "local-data" => {
            let record = unquoted(rest);
            let words: Vec<_> = record.split_ascii_whitespace().collect();
            let [name, words @ ..] = words.as_slice() else {
                return Err("a local-data has a name and a record".into());
            };
            take(data(name.trim_end_matches('.'), Scope::Exact, words, record)?);
            Ok(())
        }
        other => Err(format!("unbound's setting “{}” is no rule about a name", shown(other))),
    }
}

fn unquoted(text: &str) -> &str {
    let inner = ['"', '\''].into_iter().find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote));
    inner.unwrap_or(text)
}
