//! Words of strangers, made fit for a page without changing what they say.
//!
//! Markup is not the danger here: data enters typst as strings, which it never parses. These are: characters that no
//! embedded face can draw (PDF/UA refuses the document), controls that reorder the line so that it reads as something
//! else, and words without a space that run off the paper.

use serde_json::Value;
use typst::text::Font;

/// Letters after which a word without a space may break, so that a 300-letter name stays on the paper.
const LONGEST_UNBROKEN: usize = 24;
/// Permits a line break, shows nothing.
const MAY_BREAK: char = '\u{200B}';

/// How much of Unicode to attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Whatever some embedded face has.
    EveryFace,
    /// Only the main face: the second attempt, when shaping found a combination that no face can draw.
    MainFace,
}

/// Decides what can be drawn.
pub(crate) struct Scribe<'a> {
    faces: &'a [Font],
}

impl<'a> Scribe<'a> {
    /// A scribe who may use the first face only, or all.
    pub(crate) fn new(faces: &'a [Font], reach: Reach) -> Self {
        let faces = match reach {
            Reach::EveryFace => faces,
            Reach::MainFace => faces.get(..1).unwrap_or_default(),
        };
        Self { faces }
    }

    /// The same tree with every string made fit. Keys are ours and stay.
    pub(crate) fn tree(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(&text)),
            Value::Array(items) => Value::Array(items.into_iter().map(|item| self.tree(item)).collect()),
            Value::Object(map) => Value::Object(map.into_iter().map(|(key, item)| (key, self.tree(item))).collect()),
            other => other,
        }
    }

    /// One text made fit.
    pub(crate) fn text(&self, text: &str) -> String {
        let mut fit = String::with_capacity(text.len());
        let mut unbroken = 0_usize;
        for c in text.chars() {
            match c {
                '\r' => continue,
                '\n' => fit.push(c),
                c if c.is_whitespace() => fit.push(if c == '\u{A0}' { c } else { ' ' }),
                c if joins(c) => fit.push(c),
                c if !c.is_control() && self.draws(c) => fit.push(c),
                c => fit.push_str(&format!("[U+{:04X}]", u32::from(c))),
            }
            unbroken = if c.is_whitespace() { 0 } else { unbroken + 1 };
            if unbroken >= LONGEST_UNBROKEN && c.is_alphanumeric() {
                fit.push(MAY_BREAK);
                unbroken = 0;
            }
        }
        fit
    }

    fn draws(&self, c: char) -> bool {
        self.faces.iter().any(|face| face.info().coverage.contains(u32::from(c)))
    }
}

/// Invisible, harmless and part of how people write: joiners, marks of direction, variation selectors. The overrides
/// of direction (U+202A to U+202E, U+2066 to U+2069) are not among them: they are printed by number, because they can
/// make one line read as another.
fn joins(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{FE0E}' | '\u{FE0F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(text: &str) -> String {
        Scribe::new(&crate::fonts::load(), Reach::EveryFace).text(text)
    }

    #[test]
    fn ordinary_words_stay_as_they_are() {
        for text in ["#panic(\"x\") *bold* $x$ _it_ `raw` <label> @ref", "Zoë O’Brien-Łukasz", "مرحبا", "שלום", "👩‍👧 😀"]
        {
            assert_eq!(fit(text), text);
        }
    }

    #[test]
    fn what_cannot_be_drawn_is_named() {
        assert_eq!(fit("你"), "[U+4F60]");
        assert_eq!(fit("a\u{0}b\u{202E}c\u{E000}"), "a[U+0000]b[U+202E]c[U+E000]");
        assert_eq!(fit("one\r\ntwo\tthree"), "one\ntwo three");
    }

    #[test]
    fn a_long_word_may_break_and_loses_nothing() {
        let name = "a".repeat(300);
        let fitted = fit(&name);
        assert!(fitted.matches(MAY_BREAK).count() >= 10);
        assert_eq!(fitted.replace(MAY_BREAK, ""), name);
    }

    #[test]
    fn the_second_attempt_leaves_only_the_main_face() {
        let fonts = crate::fonts::load();
        assert_eq!(Scribe::new(&fonts, Reach::MainFace).text("Zoë 😀"), "Zoë [U+1F600]");
    }
}
