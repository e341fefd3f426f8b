//! What one line of a list means.
//!
//! | Line | Taken as |
//! |---|---|
//! | `example.com`, `.example.com` | the name and everything below it |
//! | `0.0.0.0 a.example b.example # why` | each name and everything below it |
//! | `127.0.0.1 localhost` | nothing; every hosts file says so of its own machine |
//! | `198.51.100.7` | that address |
//! | `example.com/folder/` (in a file of URLs) | everything below the folder, on the name and below it |
//! | `# …`, `! …`, `; …`, empty | nothing |
//! | `||example.com^`, `@@…`, `*.example.com`, `/regex/`, `a##b` | refused: not supported yet |
//! | `com`, `co.uk` | refused: too wide |

use std::net::IpAddr;

use super::{Entry, Form};
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

/// Reads a line and hands over what it holds. `Err` says why the line (or a part of it) was not taken.
pub(super) fn read(bytes: &[u8], form: Form, take: &mut impl FnMut(Entry)) -> Result<(), String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "the line is not UTF-8 text")?;
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.is_empty() || text.starts_with(['#', '!', ';']) {
        return Ok(());
    }
    match form {
        Form::Names => names(text, take),
        Form::Urls => url(text, take),
        Form::Expressions => Err("regular expressions are not supported yet".into()),
    }
}

fn names(text: &str, take: &mut impl FnMut(Entry)) -> Result<(), String> {
    if let Some(what) = other_syntax(text) {
        return Err(format!("{what} are not supported yet"));
    }
    let mut words = text.split_ascii_whitespace().take_while(|word| !word.starts_with('#'));
    let Some(first) = words.next() else {
        return Ok(());
    };
    let mut rest = words.peekable();
    if rest.peek().is_none() {
        return take_name(first, take);
    }
    let address = first.split_once('%').map_or(first, |(address, _)| address);
    if address.parse::<IpAddr>().is_err() {
        return Err("there are several words, but the first is no address as in a hosts file".into());
    }
    let mut trouble = Vec::new();
    for word in rest {
        if OWN_NAMES.contains(&word) || word.starts_with(OWN_PREFIX) || word == first {
            continue;
        }
        if let Err(why) = take_name(word, take) {
            trouble.push(why);
        }
    }
    if trouble.is_empty() { Ok(()) } else { Err(trouble.join("; ")) }
}

/// Rule languages that we know of but do not read. Named, so that nobody thinks them in force.
fn other_syntax(text: &str) -> Option<&'static str> {
    if text.starts_with("||")
        || text.starts_with("@@")
        || text.starts_with('|')
        || text.contains('^')
        || text.contains('$')
    {
        return Some("AdGuard and Adblock rules");
    }
    if text.starts_with('[') && text.ends_with(']') && !text.contains(':') {
        return Some("Adblock headers");
    }
    if ["##", "#@#", "#?#", "#$#"].iter().any(|mark| text.contains(mark)) && !text.contains(' ') {
        return Some("rules that hide parts of a page");
    }
    if text.contains('*') {
        return Some("wildcards");
    }
    (text.len() > 1 && text.starts_with('/') && text.ends_with('/')).then_some("regular expressions")
}

fn take_name(word: &str, take: &mut impl FnMut(Entry)) -> Result<(), String> {
    let bare = word.strip_prefix('.').unwrap_or(word);
    let host = Host::parse(bare).map_err(|why| format!("“{}” is not a name: {why}", shown(word)))?;
    fair_target(&host, word)?;
    take(Entry::Host(host));
    Ok(())
}

fn url(text: &str, take: &mut impl FnMut(Entry)) -> Result<(), String> {
    if text.split_ascii_whitespace().nth(1).is_some() {
        return Err("an address holds no blanks".into());
    }
    let url = CanonicalUrl::parse(text).map_err(|why| format!("this is not a web address: {why}"))?;
    fair_target(url.host(), &url.host().to_string())?;
    if url.path() == "/" && url.query().is_none() {
        // Everything below `/` is the whole host, so that DNS can enforce it too.
        take(Entry::Host(url.host().clone()));
        return Ok(());
    }
    if url.path().split('/').filter(|segment| !segment.is_empty()).count() > DEEPEST {
        return Err(format!("its path is deeper than {DEEPEST} folders"));
    }
    take(Entry::Url(url));
    Ok(())
}

/// Refuses what would cover a whole registry, or the setting's own network.
fn fair_target(host: &Host, word: &str) -> Result<(), String> {
    let why = match host {
        Host::Name(name) => name::too_wide(name),
        Host::Ip(ip) => own_network(*ip).then_some("it is an address of this machine or of a local network"),
    };
    why.map_or(Ok(()), |why| Err(format!("“{}” is refused: {why}", shown(word))))
}

fn own_network(ip: IpAddr) -> bool {
    ip.is_unspecified()
        || ip.is_loopback()
        || ip.is_multicast()
        || match ip {
            IpAddr::V4(ip) => ip.is_private() || ip.is_link_local() || ip.is_broadcast(),
            IpAddr::V6(ip) => ip.is_unique_local() || ip.is_unicast_link_local(),
        }
}

/// A stranger's word inside a sentence: short, and nothing in it that a terminal would act on.
fn shown(word: &str) -> String {
    word.chars().filter(|c| !c.is_control()).take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(line: &str, form: Form) -> Result<Vec<String>, String> {
        let mut out = Vec::new();
        let mut take = |entry| {
            out.push(match entry {
                Entry::Host(host) => host.to_string(),
                Entry::Url(url) => format!("url {url}"),
            });
        };
        read(line.as_bytes(), form, &mut take).map(|()| out)
    }

    #[test]
    fn names_plain_and_as_hosts() {
        for (line, names) in [
            ("example.com", vec!["example.com"]),
            (" .Example.COM. ", vec!["example.com"]),
            ("example.com # why", vec!["example.com"]),
            ("0.0.0.0 a.example.com", vec!["a.example.com"]),
            ("127.0.0.1\ta.example.com  b.example.com # c.example.com", vec!["a.example.com", "b.example.com"]),
            ("::1 localhost ip6-localhost", vec![]),
            ("fe80::1%lo0 localhost", vec![]),
            ("0.0.0.0 0.0.0.0", vec![]),
            ("198.51.100.7", vec!["198.51.100.7"]),
            ("bücher.example.com", vec!["xn--bcher-kva.example.com"]),
            ("# comment", vec![]),
            ("! comment", vec![]),
            ("", vec![]),
            ("\u{feff}example.com", vec!["example.com"]),
        ] {
            assert_eq!(taken(line, Form::Names), Ok(names.into_iter().map(String::from).collect()), "{line}");
        }
    }

    #[test]
    fn refused_aloud() {
        for (line, part) in [
            ("com", "top-level"),
            ("co.uk", "public suffix"),
            ("0.0.0.0 com", "top-level"),
            ("127.0.0.1", "local network"),
            ("192.168.0.1", "local network"),
            ("two words", "first is no address"),
            ("||example.com^", "AdGuard"),
            ("@@||example.com^", "AdGuard"),
            ("example.com$important", "AdGuard"),
            ("*.example.com", "wildcards"),
            ("example.com##.advert", "hide"),
            ("/ads[0-9]+/", "regular"),
            ("[Adblock Plus 2.0]", "headers"),
            ("example.com/path", "not a name"),
            ("exa\u{0}mple.com", "not a name"),
        ] {
            let why = taken(line, Form::Names).unwrap_err();
            assert!(why.contains(part), "{line}: {why}");
        }
    }

    #[test]
    fn the_good_names_of_a_half_bad_line_are_taken() {
        let mut out = Vec::new();
        let result = read(b"0.0.0.0 good.example.com com", Form::Names, &mut |entry| out.push(entry));
        assert!(result.is_err());
        assert_eq!(out.len(), 1);
    }

    #[test]
    fn urls() {
        for (line, entries) in [
            ("example.com/a/b", vec!["url example.com/a/b"]),
            ("http://Example.com:8080/%61/../b?c=d#e", vec!["url example.com/b?c=d"]),
            ("example.com/", vec!["example.com"]),
            ("198.51.100.7/~x", vec!["url 198.51.100.7/~x"]),
        ] {
            assert_eq!(taken(line, Form::Urls), Ok(entries.into_iter().map(String::from).collect()), "{line}");
        }
        assert!(taken("co.uk/a", Form::Urls).is_err());
        assert!(taken(&format!("example.com{}", "/a".repeat(33)), Form::Urls).is_err());
    }
}
