//! The mapping from lists to the policy's words, so that a page says "Pornography" and not `mixed_adult`.
//!
//! What it is: the reader and checker of `content/categories.toml`:
//!
//! ```toml
//! [[category]]
//! id = "pornography"                                  # lower case letters, digits, `_`, `-`; never changes
//! title = "Pornography"
//! why = "It is not suitable for children, and our policy forbids it to everybody."
//! lists = ["adult", "mixed_adult", "pornography-hosts"] # UT1 folders and file stems, in lower case
//! because = ["FIL-02"]
//! kind = "black"                                      # or "white"
//! ```
//!
//! What it is not: a policy. Which group is kept from which category stands in the snapshot. A list that no category
//! names keeps its own name as its category.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// What a category is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Things to block.
    Black,
    /// Things to allow.
    White,
}

/// One category in the policy's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Category {
    /// Stable id, e.g. `pornography`.
    pub id: String,
    /// As people read it, e.g. "Pornography".
    pub title: String,
    /// One sentence for the adult block page.
    pub why: String,
    /// Lists that feed it: UT1 folder names, file stems. A list feeds one category only.
    pub lists: Vec<String>,
    /// Obligation ids, e.g. `FIL-02`.
    #[serde(default)]
    pub because: Vec<String>,
    /// To block or to allow.
    pub kind: Kind,
}

/// All of them: `content/categories.toml`, `[[category]]` tables with the fields of [`Category`].
#[derive(Debug, Clone, Default)]
pub struct Categories {
    all: Vec<Category>,
    by_list: BTreeMap<String, usize>,
}

/// What is wrong with the text.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CategoriesError {
    /// It is not the TOML that we read.
    #[error("the categories cannot be read: {0}")]
    Toml(#[from] toml::de::Error),
    /// A rule is broken.
    #[error("category “{id}”: {what}")]
    Invalid {
        /// Which category.
        id: String,
        /// What is wrong, in a sentence.
        what: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    category: Vec<Category>,
}

impl Categories {
    /// Reads and checks the text.
    ///
    /// # Errors
    /// The first thing that is wrong, naming the category.
    pub fn parse(text: &str) -> Result<Self, CategoriesError> {
        let Text { category: all } = toml::from_str(text)?;
        let mut ids = BTreeSet::new();
        let mut by_list = BTreeMap::new();
        for (at, category) in all.iter().enumerate() {
            let wrong = |what: String| Err(CategoriesError::Invalid { id: category.id.clone(), what });
            if !is_id(&category.id) {
                return wrong("the id may hold lower case letters, digits, “_” and “-” only".into());
            }
            if !ids.insert(category.id.as_str()) {
                return wrong("this id stands here twice".into());
            }
            if category.title.trim().is_empty() || category.why.trim().is_empty() {
                return wrong("title and why must say something; they stand on the block page".into());
            }
            if category.lists.is_empty() {
                return wrong("it names no list, so it could never match anything".into());
            }
            for obligation in &category.because {
                if !is_obligation(obligation) {
                    return wrong(format!("“{obligation}” does not look like an obligation's id (as in FIL-02)"));
                }
            }
            for list in &category.lists {
                if list.is_empty() || list.to_lowercase() != *list {
                    return wrong(format!("the list “{list}” must be written in lower case"));
                }
                if let Some(other) = by_list.insert(list.clone(), at) {
                    let other = all.get(other).map_or("", |other| other.id.as_str());
                    return wrong(format!("the list “{list}” already feeds “{other}”; a list feeds one category only"));
                }
            }
        }
        Ok(Self { all, by_list })
    }

    /// All, in the order of the text.
    pub fn all(&self) -> &[Category] {
        &self.all
    }

    /// The category with this id.
    pub fn find(&self, id: &str) -> Option<&Category> {
        self.all.iter().find(|category| category.id == id)
    }

    /// The category that a list feeds. A list that a person gave to a category carries that one's id before a dot, as
    /// in `gambling.our-county`: ids hold no dot.
    pub fn of_list(&self, list: &str) -> Option<&Category> {
        match self.by_list.get(list) {
            Some(at) => self.all.get(*at),
            None => list.split_once('.').and_then(|(id, _)| self.find(id)),
        }
    }
}

fn is_id(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-'))
}

fn is_obligation(text: &str) -> bool {
    text.split_once('-').is_some_and(|(area, number)| {
        area.len() == 3
            && area.bytes().all(|byte| byte.is_ascii_uppercase())
            && !number.is_empty()
            && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        [[category]]
        id = "pornography"
        title = "Pornography"
        why = "Not for children."
        lists = ["adult", "mixed_adult"]
        because = ["FIL-02"]
        kind = "black"

        [[category]]
        id = "learning"
        title = "Learning"
        why = "Chosen for children."
        lists = ["child"]
        kind = "white"
    "#;

    #[test]
    fn reads() {
        let categories = Categories::parse(GOOD).unwrap();
        assert_eq!(categories.of_list("mixed_adult").unwrap().id, "pornography");
        assert_eq!(categories.find("learning").unwrap().kind, Kind::White);
        assert!(categories.of_list("games").is_none());
    }

    #[test]
    fn says_what_is_wrong() {
        for (from, to, part) in [
            ("\"learning\"", "\"pornography\"", "twice"),
            ("\"child\"", "\"adult\"", "already feeds “pornography”"),
            ("\"child\"", "\"Child\"", "lower case"),
            ("[\"child\"]", "[]", "names no list"),
            ("FIL-02", "whatever", "obligation"),
            ("\"Pornography\"", "\" \"", "must say something"),
            ("id = \"learning\"", "id = \"Learn ing\"", "lower case letters"),
            ("kind = \"white\"", "kind = \"grey\"", "cannot be read"),
            ("kind = \"white\"", "kind = \"white\"\ncolour = 1", "cannot be read"),
        ] {
            let error = Categories::parse(&GOOD.replacen(from, to, 1)).unwrap_err().to_string();
            assert!(error.contains(part), "{to}: {error}");
        }
    }
}
