//! Blacking out: what is given to somebody who asks for their data, with what belongs to others taken out (S47).
//!
//! Marks are data; the original stays as it is, and the same marks make the same paper again. What is black is *gone* from what
//! is handed out: its place holds a word for why, of one length whatever stood there. What it is not: a judgement. Names are
//! proposed; people decide.

use serde::{Deserialize, Serialize};

/// Why something is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ground {
    /// Another child.
    OtherChild,
    /// Somebody else's data, who did not agree.
    ThirdParty,
    /// Serious harm to somebody's health (schedule 3, part 2) or to a child (parts 3 and 5).
    SeriousHarm,
    /// It would stand in the way of the police or a court.
    Crime,
    /// Legal advice.
    LegalAdvice,
    /// Who told, in confidence.
    Source,
    /// Not about this person.
    NotTheirs,
}

impl Ground {
    /// Every ground.
    pub const ALL: [Self; 7] = [
        Self::OtherChild,
        Self::ThirdParty,
        Self::SeriousHarm,
        Self::Crime,
        Self::LegalAdvice,
        Self::Source,
        Self::NotTheirs,
    ];

    /// The word for it in storage.
    pub fn key(self) -> &'static str {
        match self {
            Self::OtherChild => "other_child",
            Self::ThirdParty => "third_party",
            Self::SeriousHarm => "serious_harm",
            Self::Crime => "crime",
            Self::LegalAdvice => "legal_advice",
            Self::Source => "source",
            Self::NotTheirs => "not_theirs",
        }
    }

    /// The ground of this key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ground| ground.key() == key)
    }

    /// As people choose it, with the law behind it.
    pub fn say(self) -> &'static str {
        match self {
            Self::OtherChild => "It names another child",
            Self::ThirdParty => "It is about somebody else, who did not agree",
            Self::SeriousHarm => "It could do serious harm to somebody (Data Protection Act 2018, schedule 3)",
            Self::Crime => "It could hinder the police or a court (schedule 2, part 1)",
            Self::LegalAdvice => "It is legal advice (schedule 2, part 4)",
            Self::Source => "It says who told us in confidence",
            Self::NotTheirs => "It is not about the person who asks",
        }
    }

    /// What stands in its place. Never says more than the person may know: harm and crime look like any other.
    pub fn stands(self) -> &'static str {
        match self {
            Self::OtherChild => "[another child]",
            Self::ThirdParty | Self::Source => "[somebody else]",
            Self::SeriousHarm | Self::Crime | Self::LegalAdvice | Self::NotTheirs => "[left out]",
        }
    }

    /// Must a reason be written? Where the law asks for a judgement, yes.
    pub fn needs_reason(self) -> bool {
        !matches!(self, Self::OtherChild)
    }
}

/// A mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Only in this part of the paper; none: everywhere.
    pub item: Option<String>,
    /// Every place where these words stand; none: the whole part.
    pub words: Option<String>,
    /// Why.
    pub ground: Ground,
}

/// A stretch of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Given.
    Open(String),
    /// Left out: what stood there (for the bench alone), and why.
    Black(String, Ground),
}

/// A text under its marks, in pieces.
pub fn pieces(item: &str, text: &str, marks: &[Mark]) -> Vec<Piece> {
    let of_item = || marks.iter().filter(|mark| mark.item.as_deref().is_none_or(|own| own == item));
    if let Some(whole) = of_item().find(|mark| mark.words.is_none() && mark.item.is_some()) {
        return vec![Piece::Black(text.to_owned(), whole.ground)];
    }
    let letters: Vec<char> = text.chars().collect();
    let low: Vec<char> = letters.iter().map(|c| lower(*c)).collect();
    let mut black: Vec<Option<Ground>> = vec![None; letters.len()];
    for mark in of_item() {
        let Some(words) = mark.words.as_deref() else { continue };
        for (from, to) in places(&low, words) {
            black.iter_mut().take(to).skip(from).for_each(|place| *place = place.or(Some(mark.ground)));
        }
    }
    let mut pieces: Vec<Piece> = Vec::new();
    for (letter, ground) in letters.into_iter().zip(black) {
        match (pieces.last_mut(), ground) {
            (Some(Piece::Open(text)), None) => text.push(letter),
            (Some(Piece::Black(text, same)), Some(ground)) if *same == ground => text.push(letter),
            (_, None) => pieces.push(Piece::Open(letter.to_string())),
            (_, Some(ground)) => pieces.push(Piece::Black(letter.to_string(), ground)),
        }
    }
    pieces
}

/// A text as it is handed out.
pub fn redacted(item: &str, text: &str, marks: &[Mark]) -> String {
    let said = pieces(item, text, marks).into_iter().map(|piece| match piece {
        Piece::Open(text) => text,
        Piece::Black(_, ground) => ground.stands().to_owned(),
    });
    said.collect()
}

/// Do these words stand in the text?
pub fn stands_in(text: &str, words: &str) -> bool {
    let low: Vec<char> = text.chars().map(lower).collect();
    places(&low, words).next().is_some()
}

/// Letters that differ only in case, accents kept.
fn lower(letter: char) -> char {
    letter.to_lowercase().next().unwrap_or(letter)
}

/// Where the words stand: whole words, any run of white space between them.
fn places<'a>(text: &'a [char], words: &str) -> impl Iterator<Item = (usize, usize)> + 'a {
    let words: Vec<Vec<char>> = words.split_whitespace().map(|word| word.chars().map(lower).collect()).collect();
    let is_letter = |at: Option<&char>| at.is_some_and(|c| c.is_alphanumeric());
    (0..text.len()).filter_map(move |from| {
        let first = words.first()?;
        let edge = first.first().is_some_and(|c| c.is_alphanumeric());
        if edge && from > 0 && is_letter(text.get(from - 1)) {
            return None;
        }
        let mut at = from;
        for (number, word) in words.iter().enumerate() {
            if number > 0 {
                let space = text.get(at..)?.iter().take_while(|c| c.is_whitespace()).count();
                if space == 0 {
                    return None;
                }
                at += space;
            }
            if text.get(at..at + word.len())? != word.as_slice() {
                return None;
            }
            at += word.len();
        }
        let ends = words.last().and_then(|word| word.last()).is_some_and(|c| c.is_alphanumeric());
        (!ends || !is_letter(text.get(at))).then_some((from, at))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn everywhere(words: &str) -> Mark {
        Mark { item: None, words: Some(words.into()), ground: Ground::OtherChild }
    }

    #[test]
    fn whole_words_go_in_every_case() {
        let out = |text: &str, words: &str| redacted("a", text, &[everywhere(words)]);
        assert_eq!(
            out("Sam hit SAM's same Samuel (sam)", "sam"),
            "[another child] hit [another child]'s same Samuel ([another child])"
        );
        assert_eq!(out("Ada\n Lovelace-King", "ada  lovelace"), "[another child]-King");
        assert_eq!(out("Zoë und ZOË", "zoë"), "[another child] und [another child]");
        assert_eq!(out("nothing", ""), "nothing");
    }

    #[test]
    fn a_whole_part_goes_only_where_it_was_marked() {
        let mark = Mark { item: Some("a".into()), words: None, ground: Ground::SeriousHarm };
        assert_eq!(redacted("a", "all of it", std::slice::from_ref(&mark)), "[left out]");
        assert_eq!(redacted("b", "all of it", &[mark]), "all of it");
        let loose = Mark { item: None, words: None, ground: Ground::SeriousHarm };
        assert_eq!(redacted("b", "all of it", &[loose]), "all of it", "nobody blacks out everything with one mark");
    }

    #[test]
    fn what_stands_there_tells_no_length() {
        let out = |name: &str| redacted("a", &format!("{name} came"), &[everywhere(name)]);
        assert_eq!(out("Al"), out("Bartholomew"));
    }

    proptest! {
        #[test]
        fn what_is_black_is_gone_and_the_rest_is_whole(
            words in "[A-Za-zÀ-ž]{2,9}( [A-Za-z]{2,7})?", before in "\\PC{0,40}", after in "\\PC{0,40}",
        ) {
            let text = format!("{before} {words}. {after}");
            let marks = [everywhere(&words.to_uppercase()), everywhere(&words)];
            let out = redacted("a", &text, &marks);
            let rest = out.replace(Ground::OtherChild.stands(), "_");
            prop_assert!(!stands_in(&rest, &words), "a word is left");
            let again: String = pieces("a", &text, &marks).into_iter().map(|piece| match piece {
                Piece::Open(text) | Piece::Black(text, _) => text,
            }).collect();
            prop_assert_eq!(again, text, "the original can be read back from the pieces");
        }
    }
}
