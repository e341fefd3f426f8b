//! Search engines and how each is held to its own safe search.
//!
//! What it is: the reader of `content/search-engines.toml`. A DNS answer or a proxy connection for an engine's name goes
//! where its row says; engines that cannot be held are blocked for children.
//! What it is not: a filter of search words, or of results. To add an engine: one row there, with its source.
//!
//! Names match exactly: `maps.google.com` is no search. For a rewritten name all record types must be answered alike (A,
//! AAAA, HTTPS), or a browser finds the way round.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::prepared::HashMap;
use crate::probe;
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

const ROWS: &str = include_str!("../../../content/search-engines.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rows {
    engine: Vec<HeldRow>,
    blocked: Vec<BlockedRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HeldRow {
    name: String,
    /// Where it was read.
    #[serde(rename = "source")]
    _source: String,
    names: Vec<String>,
    to: String,
    #[serde(default)]
    moderate: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BlockedRow {
    name: String,
    names: Vec<String>,
}

/// The table, ready to be looked up.
#[derive(Default)]
struct Table {
    engines: Vec<HeldRow>,
    exact: HashMap<String, usize>,
    /// What stands before the country, with its dot.
    countries: Vec<(String, usize)>,
    /// With all names below.
    blocked: HashMap<String, String>,
}

/// A test reads the file; a program with a damaged one is never built.
static TABLE: LazyLock<Table> = LazyLock::new(|| toml::from_str(ROWS).map(Table::new).unwrap_or_default());

impl Table {
    fn new(rows: Rows) -> Self {
        let mut table = Self::default();
        for (at, row) in rows.engine.iter().enumerate() {
            for name in &row.names {
                match name.strip_suffix('*') {
                    Some(before) => table.countries.push((before.to_owned(), at)),
                    None => drop(table.exact.insert(name.clone(), at)),
                }
            }
        }
        table.engines = rows.engine;
        for row in rows.blocked {
            table.blocked.extend(row.names.into_iter().map(|name| (name, row.name.clone())));
        }
        table
    }

    fn held(&self, name: &str) -> Option<&HeldRow> {
        let country = || {
            let found = self
                .countries
                .iter()
                .find(|(before, _)| name.strip_prefix(before.as_str()).is_some_and(is_country_suffix));
            found.map(|(_, at)| *at)
        };
        let at = self.exact.get(name).copied().or_else(country)?;
        self.engines.get(at)
    }
}

/// What safe search asks of this name at this level, if it is a search engine's.
pub fn engine(host: &HostName, level: Level) -> Option<Engine> {
    if probe::is_search(host.as_str()) {
        return Some(Engine { name: "Self-test", to: Target::Rewrite(probe::SEARCH_ADDRESS) });
    }
    let table = &*TABLE;
    if let Some(row) = table.held(host.as_str()) {
        let to = match level {
            Level::Moderate => row.moderate.as_ref().unwrap_or(&row.to),
            Level::Strict => &row.to,
        };
        return Some(Engine { name: &row.name, to: Target::Rewrite(to) });
    }
    let name = host.suffixes().find_map(|suffix| table.blocked.get(suffix))?;
    Some(Engine { name, to: Target::Block })
}

/// Whether a name is one that engines are held to: the only names that a list may send a question to.
pub(crate) fn is_safe_name(name: &str) -> bool {
    TABLE.engines.iter().any(|row| row.to == name || row.moderate.as_deref() == Some(name))
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

    const GOOGLE: &str = "forcesafesearch.google.com";
    const YANDEX: &str = "213.180.193.56";

    #[test]
    fn the_file_can_be_read_and_its_names_are_canonical() {
        let rows: Rows = toml::from_str(ROWS).unwrap();
        let held = rows.engine.iter().flat_map(|row| row.names.iter().chain([&row.to]).chain(&row.moderate));
        for name in held.chain(rows.blocked.iter().flat_map(|row| &row.names)) {
            let bare = name.strip_suffix(".*").unwrap_or(name);
            assert_eq!(crate::Host::parse(bare).unwrap().to_string(), bare);
        }
        // What an engine is led to must be no engine's name itself, or it would be led in a circle.
        for row in &rows.engine {
            assert_eq!(TABLE.held(&row.to).map(|row| &row.name), None, "{}", row.to);
        }
    }

    #[test]
    fn every_engine_of_the_table_is_there() {
        for name in ["Google", "YouTube", "Bing", "DuckDuckGo", "Ecosia", "Pixabay", "Yandex", "Brave Search"] {
            assert!(TABLE.engines.iter().any(|row| row.name == name), "{name}");
        }
        for name in ["search.yahoo.com", "www.startpage.com", "www.qwant.com", "www.mojeek.com", "html.duckduckgo.com"]
        {
            assert_eq!(target(name, Level::Strict), Some(Target::Block), "{name}");
        }
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
