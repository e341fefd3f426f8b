//! What somebody typed into a search engine, where the whole address is seen (inspection, plain HTTP).
//!
//! Words that ask for help or for somewhere to complain to are nobody's business: such a search is never handed over (S23).
//! Some of the others are of concern: somebody hears of them at once, and decides (S22).
//! What it is not: suggestions while typing (each key a request), or a judgement of who typed.
//! To add an engine, or words: their rows in `content/search-terms.toml`.

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
    never: Vec<String>,
    concern: Vec<Topic>,
}

#[derive(Deserialize)]
struct Topic {
    about: String,
    words: Vec<String>,
    #[serde(default)]
    unless: Vec<String>,
}

#[derive(Deserialize)]
struct Engine {
    name: String,
    names: Vec<String>,
    keys: Vec<String>,
}

#[expect(clippy::expect_used, reason = "the file is part of the program and read by a test")]
static FILE: LazyLock<File> = LazyLock::new(|| toml::from_str(ROWS).expect("content/search-terms.toml can be read"));

/// What a search is about, if that is of concern: a topic's title. Asked for, not found, and not by anybody in particular.
pub fn concern(typed: &str) -> Option<&'static str> {
    let typed = Typed::of(typed);
    if typed.is_for_help() {
        return None;
    }
    let found = |topic: &&Topic| typed.has_any(&topic.words) && !typed.has_any(&topic.unless);
    FILE.concern.iter().find(found).map(|topic| topic.about.as_str())
}

/// The words of a search, a blank before and behind each.
struct Typed(String);

impl Typed {
    fn of(typed: &str) -> Self {
        let small = typed.to_lowercase();
        let words = small.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
        Self(words.fold(" ".to_owned(), |text, word| text + word + " "))
    }

    /// Whole words in a row, as they stand in the file.
    fn has_any(&self, phrases: &[String]) -> bool {
        phrases.iter().any(|phrase| self.0.contains(&format!(" {phrase} ")))
    }

    fn is_for_help(&self) -> bool {
        self.has_any(&FILE.never)
    }
}

/// The engine, and what was typed. Nothing for a search for help.
pub fn of(url: &CanonicalUrl) -> Option<(&'static str, String)> {
    let Host::Name(host) = url.host() else { return None };
    let engine =
        FILE.engine.iter().find(|engine| host.suffixes().any(|part| engine.names.iter().any(|name| name == part)))?;
    if NOT_PAGES.iter().any(|start| url.path().starts_with(start)) {
        return None;
    }
    let pairs = url.query()?.split('&').filter_map(|pair| pair.split_once('='));
    let typed = pairs.into_iter().find(|(key, _)| engine.keys.iter().any(|known| known == key))?.1;
    let typed = typed.replace('+', " ").replace("%20", " ");
    let typed: String = typed.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(LONGEST).collect();
    let said = !typed.is_empty() && !Typed::of(&typed).is_for_help();
    said.then_some((engine.name.as_str(), typed))
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
            // Who asks for help is not written down.
            "https://www.google.com/search?q=childline+number",
            "https://www.google.com/search?q=How%20to%20report%20my%20manager%20to%20Ofsted",
            "https://www.bing.com/search?q=women's+aid+near+me",
        ] {
            assert_eq!(typed(none), None, "{none}");
        }
    }

    #[test]
    fn some_searches_are_of_concern() {
        for (text, about) in [
            ("Free PORN videos", "Pornography"),
            ("how to kill myself", "Suicide and self-harm"),
            ("how to make a pipe-bomb", "Weapons and explosives"),
            ("isis execution video", "Extremism and violence"),
            ("deep nude of a girl", "Sexual images of children, or made of real people"),
        ] {
            assert_eq!(concern(text), Some(about), "{text}");
        }
        for nothing in [
            "how to make a bath bomb with toddlers",
            "porn addiction help",
            "suicide prevention training for staff",
            "samaritans phone number",
            "self harm policy nursery template",
            "essex county council",
            "cockatoo facts",
            "shooting stars craft",
            "kill weeds in the sandpit",
            "egyptian mummies for children, isis the goddess",
            "prevent duty early years",
            "",
        ] {
            assert_eq!(concern(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn every_phrase_is_in_small_letters_and_single_blanks_or_it_would_never_be_met() {
        let topics = FILE.concern.iter().flat_map(|topic| topic.words.iter().chain(&topic.unless));
        for phrase in FILE.never.iter().chain(topics) {
            assert_eq!(Typed::of(phrase).0.trim(), phrase, "{phrase}");
        }
    }
}
