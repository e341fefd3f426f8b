//! The mapping from lists to the policy's words.

use std::collections::BTreeMap;

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
    /// Lists that feed it: UT1 folder names, file stems.
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

impl Categories {
    /// Reads and checks the text.
    pub fn parse(_text: &str) -> Result<Self, CategoriesError> {
        todo!()
    }

    /// All, in the order of the text.
    pub fn all(&self) -> &[Category] {
        &self.all
    }

    /// The category with this id.
    pub fn find(&self, id: &str) -> Option<&Category> {
        self.all.iter().find(|category| category.id == id)
    }

    /// The category that a list feeds.
    pub fn of_list(&self, list: &str) -> Option<&Category> {
        self.by_list.get(list).and_then(|at| self.all.get(*at))
    }
}
