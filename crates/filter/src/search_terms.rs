//! What somebody typed into a search engine, where the whole address is seen (inspection, plain HTTP).
//!
//! What it is not: suggestions while typing (each key a request), or a judgement of the words.
//! To add an engine: its rows in `content/search-terms.toml`.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::{CanonicalUrl, Host};

const ROWS: &str = include_str!("../../../content/search-terms.toml");
/// Most characters that are kept of a search.
const LONGEST: usize = 200;
/// Addresses of suggestions and pictures are not searches of their own.
const NOT_PAGES: [&str; 4] = ["/complete", "/ac/", "/AS/", "/gen_204"];

#[derive(Deserialize)]
struct File {
    engine: Vec<Engine>,
}

#[derive(Deserialize)]
struct Engine {
    name: String,
    names: Vec<String>,
    keys: Vec<String>,
}

#[expect(clippy::expect_used, reason = "the file is part of the program and read by a test")]
static ENGINES: LazyLock<Vec<Engine>> =
    LazyLock::new(|| toml::from_str::<File>(ROWS).expect("content/search-terms.toml can be read").engine);

/// The engine, and what was typed.
pub fn of(url: &CanonicalUrl) -> Option<(&'static str, String)> {
    let Host::Name(host) = url.host() else { return None };
    let engine =
        ENGINES.iter().find(|engine| host.suffixes().any(|part| engine.names.iter().any(|name| name == part)))?;
    if NOT_PAGES.iter().any(|start| url.path().starts_with(start)) {
        return None;
    }
    let pairs = url.query()?.split('&').filter_map(|pair| pair.split_once('='));
    let typed = pairs.into_iter().find(|(key, _)| engine.keys.iter().any(|known| known == key))?.1;
    let typed = typed.replace('+', " ").replace("%20", " ");
    let typed: String = typed.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(LONGEST).collect();
    (!typed.is_empty()).then_some((engine.name.as_str(), typed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(url: &str) -> Option<(&'static str, String)> {
        of(&CanonicalUrl::parse(url).unwrap())
    }

    #[test]
    fn what_was_typed() {
        assert_eq!(
            typed("https://www.google.co.uk/search?q=how+to%20draw&hl=en"),
            Some(("Google", "how to draw".into()))
        );
        assert_eq!(typed("https://www.youtube.com/results?search_query=songs"), Some(("YouTube", "songs".into())));
        for none in [
            "https://www.google.com/complete/search?q=how",
            "https://www.google.com/",
            "https://example.org/?q=how",
            "https://notgoogle.com/search?q=how",
            "https://duckduckgo.com/?q=",
        ] {
            assert_eq!(typed(none), None, "{none}");
        }
    }
}
