//! Search engines and how each is held to its own safe search.
//!
//! What it is: a table of names. A DNS answer or a proxy connection for the left name goes to the right one; engines
//! that cannot be held are blocked for children.
//! What it is not: a filter of search words, or of results. To add an engine: one row, and its source in a comment.
//!
//! Sources: the engines' own help pages, gathered November 2026. Names match exactly: `maps.google.com` is no search.
//! For a rewritten name all record types must be answered alike (A, AAAA, HTTPS), or a browser finds the way round.

use crate::{Audience, HostName, SafeSearch};

/// What safe search asks of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Engine {
    /// As people call it.
    pub name: &'static str,
    /// Where it goes.
    pub to: Target,
}

/// Where a search engine's name goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// To this name, or to the address that the text spells.
    Rewrite(&'static str),
    /// Nowhere: it has no safe search that a network can hold it to.
    Block,
}

/// How strict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Video sites moderate.
    Moderate,
    /// Video sites strict.
    Strict,
}

/// The level of a group. Children's never sinks below strict by a setting that says "off" (DfE F11).
pub fn level(audience: Audience, setting: SafeSearch) -> Option<Level> {
    match (audience, setting) {
        (_, SafeSearch::Strict) | (Audience::Children, SafeSearch::ByAudience | SafeSearch::Off) => Some(Level::Strict),
        (_, SafeSearch::Moderate) => Some(Level::Moderate),
        (_, SafeSearch::ByAudience | SafeSearch::Off) => None,
    }
}

/// Exact name → engine, target. Sorted by name for the search.
const EXACT: &[(&str, &str, &str)] = &[
    ("duckduckgo.com", "DuckDuckGo", "safe.duckduckgo.com"),
    ("edgeservices.bing.com", "Bing", "strict.bing.com"),
    ("pixabay.com", "Pixabay", "safesearch.pixabay.com"),
    ("search.brave.com", "Brave Search", "safesearch.brave.com"),
    ("start.duckduckgo.com", "DuckDuckGo", "safe.duckduckgo.com"),
    ("www.bing.com", "Bing", "strict.bing.com"),
    ("www.duckduckgo.com", "DuckDuckGo", "safe.duckduckgo.com"),
    ("www.ecosia.org", "Ecosia", "strict-safe-search.ecosia.org"),
    ("www.xn--d1acpjx3f.xn--p1ai", "Yandex", YANDEX),
    ("www.ya.ru", "Yandex", YANDEX),
    ("ya.ru", "Yandex", YANDEX),
];

/// Yandex's family search has an address, no name.
const YANDEX: &str = "213.180.193.56";
const GOOGLE: &str = "forcesafesearch.google.com";

/// YouTube's names; its target depends on the level.
const YOUTUBE: &[&str] = &[
    "m.youtube.com",
    "www.youtube-nocookie.com",
    "www.youtube.com",
    "youtube.googleapis.com",
    "youtubei.googleapis.com",
];

/// Engines with nothing to hold them to; each with all names below it.
const NOT_HELD: &[(&str, &str)] = &[
    ("ask.com", "Ask"),
    ("kagi.com", "Kagi"),
    ("mojeek.co.uk", "Mojeek"),
    ("mojeek.com", "Mojeek"),
    ("qwant.com", "Qwant"),
    ("search.aol.co.uk", "AOL Search"),
    ("search.aol.com", "AOL Search"),
    ("search.yahoo.com", "Yahoo Search"),
    ("search.yahoo.co.jp", "Yahoo Search"),
    ("startpage.com", "Startpage"),
    ("swisscows.com", "Swisscows"),
    ("yep.com", "Yep"),
];

/// What safe search asks of this name at this level, if it is a search engine's.
pub fn engine(host: &HostName, level: Level) -> Option<Engine> {
    let name = host.as_str();
    if YOUTUBE.binary_search(&name).is_ok() {
        let to = match level {
            Level::Moderate => "restrictmoderate.youtube.com",
            Level::Strict => "restrict.youtube.com",
        };
        return Some(Engine { name: "YouTube", to: Target::Rewrite(to) });
    }
    if let Ok(at) = EXACT.binary_search_by_key(&name, |row| row.0) {
        return EXACT.get(at).map(|row| Engine { name: row.1, to: Target::Rewrite(row.2) });
    }
    if name.strip_prefix("www.google.").is_some_and(is_country_suffix) {
        return Some(Engine { name: "Google", to: Target::Rewrite(GOOGLE) });
    }
    if name.strip_prefix("www.").unwrap_or(name).strip_prefix("yandex.").is_some_and(is_country_suffix) {
        return Some(Engine { name: "Yandex", to: Target::Rewrite(YANDEX) });
    }
    host.suffixes()
        .find_map(|suffix| NOT_HELD.iter().find(|row| row.0 == suffix))
        .map(|row| Engine { name: row.1, to: Target::Block })
}

/// Whether a name is one that engines are held to: the only names that a list may send a question to.
pub(crate) fn is_safe_name(name: &str) -> bool {
    let exact = EXACT.iter().any(|row| row.2 == name);
    exact || matches!(name, GOOGLE | "restrict.youtube.com" | "restrictmoderate.youtube.com")
}

/// `com`, `de`, `co.uk`, `com.au`: what stands behind `www.google.` in Google's own list of its 190 names.
/// A name of that shape that is not Google's own goes to Google's safe search too, and loses nothing by it.
fn is_country_suffix(text: &str) -> bool {
    let short = |label: &str| label.len() == 2 && label.bytes().all(|byte| byte.is_ascii_lowercase());
    match text.split_once('.') {
        None => short(text) || matches!(text, "com" | "cat"),
        Some((second, country)) => matches!(second, "co" | "com") && short(country),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(name: &str, level: Level) -> Option<Target> {
        engine(&HostName::parse(name).unwrap(), level).map(|engine| engine.to)
    }

    #[test]
    fn tables_are_sorted_for_the_search() {
        assert!(EXACT.is_sorted_by_key(|row| row.0));
        assert!(YOUTUBE.is_sorted());
    }

    #[test]
    fn engines() {
        for (name, to) in [
            ("www.google.com", GOOGLE),
            ("www.google.co.uk", GOOGLE),
            ("www.google.com.au", GOOGLE),
            ("www.google.de", GOOGLE),
            ("www.bing.com", "strict.bing.com"),
            ("duckduckgo.com", "safe.duckduckgo.com"),
            ("yandex.ru", YANDEX),
            ("www.youtube.com", "restrict.youtube.com"),
        ] {
            assert_eq!(target(name, Level::Strict), Some(Target::Rewrite(to)), "{name}");
        }
        assert_eq!(target("m.youtube.com", Level::Moderate), Some(Target::Rewrite("restrictmoderate.youtube.com")));
        assert_eq!(target("uk.search.yahoo.com", Level::Strict), Some(Target::Block));
        for name in [
            "maps.google.com",
            "www.google.example.com",
            "www.google.com.evil.com",
            "google.com",
            "example.com",
            "forcesafesearch.google.com",
        ] {
            assert_eq!(target(name, Level::Strict), None, "{name}");
        }
    }

    #[test]
    fn children_always_have_it() {
        for setting in [SafeSearch::ByAudience, SafeSearch::Off, SafeSearch::Moderate, SafeSearch::Strict] {
            assert!(level(Audience::Children, setting).is_some());
        }
        assert_eq!(level(Audience::Adults, SafeSearch::ByAudience), None);
        assert_eq!(level(Audience::Guests, SafeSearch::Strict), Some(Level::Strict));
    }
}
