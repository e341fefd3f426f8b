//! What one line of a list means. Which line means what stands as a table in `docs/lists.md`, which a test reads and
//! holds against this code.
//!
//! What it is: the choice of a format, line by line, and the two oldest of them (names, hosts files) with addresses of
//! pages. What it is not: the other formats; each has a module beside this one.
//! To add a format: a module, its question in [`Reader::names`], its rows in `docs/lists.md`.

use std::net::IpAddr;

use super::{Entry, Form, adguard, dnsmasq, pattern, unbound, zone};
use crate::rule::{Effect, Scope};
use crate::{CanonicalUrl, Host, name};

/// Names that hosts files give to the machine itself (RFC 6761 and Debian's, macOS's and Windows' own files).
const OWN_NAMES: [&str; 10] = [
    "localhost",
    "localhost.localdomain",
    "localhost4",
    "localhost6",
    "local",
    "broadcasthost",
    "ip6-localhost",
    "ip6-loopback",
    "ip6-localnet",
    "ip6-mcastprefix",
];
/// More of the machine's own names: all that begin so.
const OWN_PREFIX: &str = "ip6-all";
/// Deepest path of a URL entry; a lookup goes through the folders of a path one by one.
pub(crate) const DEEPEST: usize = 32;

/// Reads the lines of one file, one after the other.
pub(super) struct Reader {
    form: Form,
    zone: zone::State,
}

impl Reader {
    pub(super) fn new(form: Form) -> Self {
        Self { form, zone: zone::State::default() }
    }

    /// Reads a line and hands over what it holds. `Err` says why the line (or a part of it) was not taken.
    pub(super) fn read(&mut self, bytes: &[u8], take: &mut impl FnMut(Entry)) -> Result<(), String> {
        let text = std::str::from_utf8(bytes).map_err(|_| "the line is not UTF-8 text")?;
        let whole = text.trim_start_matches('\u{feff}');
        let text = whole.trim();
        if text.is_empty() {
            return Ok(());
        }
        match self.form {
            Form::Names => self.names(whole, text, take),
            Form::Urls | Form::Expressions if text.starts_with(['#', '!', ';']) => Ok(()),
            Form::Urls => url(text, take),
            Form::Expressions => {
                take(pattern::expression(text, true)?);
                Ok(())
            }
        }
    }

    /// `whole` still has the blanks before and behind `text`; in a zone they mean something.
    fn names(&mut self, whole: &str, text: &str, take: &mut impl FnMut(Entry)) -> Result<(), String> {
        // Most lines of most lists are one bare name: everything else has one of these in it.
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        if text.bytes().all(plain) && !self.zone.continues(whole) {
            return take_name(text, Scope::Below, take);
        }
        let mut words = text.split_ascii_whitespace();
        let (first, second) = (words.next().unwrap_or_default(), words.next());
        if second.is_some_and(|second| !second.starts_with('#')) && address(first).is_some() {
            return hosts(text, take);
        }
        if self.zone.is_mine(whole) {
            return self.zone.read(whole, take);
        }
        if text.starts_with(['#', '!', ';']) || (text.starts_with('[') && text.ends_with(']') && !text.contains(':')) {
            return Ok(());
        }
        if first.starts_with(|c: char| c.is_ascii_alphabetic()) && first.contains("://") {
            return url(text, take);
        }
        if let Some(mark) = ["##", "#@#", "#?#", "#$#", "#%#"].into_iter().find(|mark| first.contains(mark)) {
            return Err(format!("“{mark}” hides parts of a page, and a name has no parts to hide"));
        }
        if unbound::is_mine(text) {
            return unbound::read(text, take);
        }
        if dnsmasq::is_mine(text) {
            return dnsmasq::read(text, take);
        }
        if adguard::is_mine(text) {
            take(adguard::read(text)?);
            return Ok(());
        }
        let text = without_comment(text);
        if text.split_ascii_whitespace().nth(1).is_some() {
            return Err("there are several words, but the first is no address as in a hosts file".into());
        }
        if text.contains('/') {
            return url(text, take);
        }
        take_name(text.strip_prefix("*.").unwrap_or(text), Scope::Below, take)
    }
}

/// What stands before a blank and a `#`.
pub(super) fn without_comment(text: &str) -> &str {
    let end = text
        .match_indices('#')
        .find(|(at, _)| text.get(..*at).is_none_or(|before| before.is_empty() || before.ends_with([' ', '\t'])));
    end.and_then(|(at, _)| text.get(..at)).unwrap_or(text).trim_end()
}

/// The address at the head of a hosts line; a zone (`%lo0`) says through which cable.
fn address(word: &str) -> Option<IpAddr> {
    word.split_once('%').map_or(word, |(address, _)| address).parse().ok()
}

/// `address name name # why`. Names are exact: a hosts file has no way to say "and below".
fn hosts(text: &str, take: &mut impl FnMut(Entry)) -> Result<(), String> {
    let mut words = without_comment(text).split_ascii_whitespace();
    let first = words.next().unwrap_or_default();
    each(words.filter(|word| !is_own(word) && *word != first), |word| take_name(word, Scope::Exact, take))
}

/// Whether a name is every machine's name for itself.
fn is_own(word: &str) -> bool {
    OWN_NAMES.contains(&word) || word.starts_with(OWN_PREFIX)
}

/// Takes the good ones of several, and says what is wrong with the others.
pub(super) fn each<T>(
    all: impl Iterator<Item = T>,
    mut take: impl FnMut(T) -> Result<(), String>,
) -> Result<(), String> {
    let trouble: Vec<_> = all.filter_map(|one| take(one).err()).take(4).collect();
    if trouble.is_empty() { Ok(()) } else { Err(trouble.join("; ")) }
}

/// Hands over a name to block, without circumstances.
pub(super) fn take_name(word: &str, scope: Scope, take: &mut impl FnMut(Entry)) -> Result<(), String> {
    take(Entry::Host { host: fair_name(word)?, scope, effect: Effect::default() });
    Ok(())
}

/// Reads a name that a rule may speak of.
pub(super) fn fair_name(word: &str) -> Result<Host, String> {
    let bare = word.strip_prefix('.').unwrap_or(word);
    let host = Host::parse(bare).map_err(|why| format!("“{}” is not a name: {why}", shown(word)))?;
    fair_target(&host, word)?;
    Ok(host)
}

fn url(text: &str, take: &mut impl FnMut(Entry)) -> Result<(), String> {
    if text.split_ascii_whitespace().nth(1).is_some() {
        return Err("an address holds no blanks".into());
    }
    take(fair_url(text)?);
    Ok(())
}

/// Reads the address of a page or folder that a rule may speak of.
pub(super) fn fair_url(text: &str) -> Result<Entry, String> {
    let url = CanonicalUrl::parse(text).map_err(|why| format!("this is not a web address: {why}"))?;
    fair_target(url.host(), &url.host().to_string())?;
    if url.path() == "/" && url.query().is_none() {
        // Everything below `/` is the whole host, so that DNS can enforce it too.
        return Ok(Entry::Host { host: url.host().clone(), scope: Scope::Below, effect: Effect::default() });
    }
    if url.path().split('/').filter(|segment| !segment.is_empty()).count() > DEEPEST {
        return Err(format!("its path is deeper than {DEEPEST} folders"));
    }
    Ok(Entry::Url(url))
}

/// Refuses what would cover a whole registry, or the setting's own network.
fn fair_target(host: &Host, word: &str) -> Result<(), String> {
    let why = match host {
        Host::Name(name) => name::too_wide(name),
        Host::Ip(ip) => own_network(*ip).then_some("it is an address of this machine or of a local network"),
    };
    why.map_or(Ok(()), |why| Err(format!("“{}” is refused: {why}", shown(word))))
}

pub(super) fn own_network(ip: IpAddr) -> bool {
    ip.is_unspecified()
        || ip.is_loopback()
        || ip.is_multicast()
        || match ip {
            IpAddr::V4(ip) => ip.is_private() || ip.is_link_local() || ip.is_broadcast(),
            IpAddr::V6(ip) => ip.is_unique_local() || ip.is_unicast_link_local(),
        }
}

/// A stranger's word inside a sentence: short, and nothing in it that a terminal would act on.
pub(super) fn shown(word: &str) -> String {
    word.chars().filter(|c| !c.is_control()).take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_good_names_of_a_half_bad_line_are_taken() {
        let mut out = Vec::new();
        let mut reader = Reader::new(Form::Names);
        assert!(reader.read(b"0.0.0.0 good.example.com com", &mut |entry| out.push(entry)).is_err());
        assert_eq!(out.len(), 1);
    }

    #[test]
    fn comments_need_a_blank_before_them() {
        assert_eq!(without_comment("example.com # why"), "example.com");
        assert_eq!(without_comment("example.com#why"), "example.com#why");
        assert_eq!(without_comment("a#b #c"), "a#b");
        assert_eq!(without_comment("#"), "");
    }

    #[test]
    fn deep_paths_are_refused() {
        let mut reader = Reader::new(Form::Urls);
        let deep = format!("example.com{}", "/a".repeat(33));
        assert!(reader.read(deep.as_bytes(), &mut |_| {}).unwrap_err().contains("32 folders"));
    }
}
