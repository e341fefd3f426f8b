//! dnsmasq's settings, as lists are written in them: `address=/name/…`, `server=/name/`, `local=/name/`.
//!
//! What it is not: a reader of dnsmasq's other settings; they are refused aloud. A name in them stands for itself and
//! everything below it, as dnsmasq's manual says. Whatever address stands behind it, the name is blocked: a list does
//! not choose where people go. `server=/name/#` ("ask as usual") is the list's own exception.

use super::Entry;
use super::line::{each, fair_name, shown, without_comment};
use crate::rule::{Effect, Scope};

/// Whether a line is written so.
pub(super) fn is_mine(text: &str) -> bool {
    text.split_once("=/").is_some_and(|(key, _)| {
        !key.is_empty() && key.trim_end().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-' || byte == b'6')
    })
}

/// Reads one setting.
pub(super) fn read(text: &str, take: &mut impl FnMut(Entry)) -> Result<(), String> {
    let text = without_comment(text);
    let (key, rest) = text.split_once("=/").unwrap_or((text, ""));
    let (names, value) = rest.rsplit_once('/').ok_or("the name needs a slash behind it, too")?;
    let allow = match (key.trim_end(), value.trim()) {
        ("address", _) | ("server" | "local", "") => false,
        ("server", "#") => true,
        ("server" | "local", _) => {
            return Err("it sends questions to another server, which a list does not choose".into());
        }
        (other, _) => return Err(format!("dnsmasq's setting “{}” is no rule about a name", shown(other))),
    };
    each(names.split('/'), |name| {
        if matches!(name, "" | "#" | "*") {
            return Err("it speaks of every name".into());
        }
        let (name, scope) = name.strip_prefix("*.").map_or((name, Scope::Below), |name| (name, Scope::OnlyBelow));
        take(Entry::Host { host: fair_name(name)?, scope, effect: Effect { allow, important: false } });
        Ok(())
    })
}
