//! The pages of a concern: told, its receipt, the queue, worked, learned from, printed; and those beside it (holds,
//! notices, outbox, whom to tell).
//!
//! What they are not: rules. Whether a gate is shut, who may see a name, what is due: all of it comes prepared.

pub mod beside;
pub mod case;
pub mod contacts;
pub mod files;
pub mod report;
pub mod step;

use crate::ui::Tone;

/// Somebody to tell in person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tell {
    /// Their name.
    pub name: String,
    /// Their title in this setting.
    pub title: String,
    /// Their number, as people write it.
    pub phone: Option<String>,
}

/// An agency to ring.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ring {
    /// Full name.
    pub name: String,
    /// When to use it.
    pub when: String,
    /// Its number.
    pub phone: Option<String>,
    /// Out of hours.
    pub out_of_hours: Option<String>,
    /// Web address, as inert text.
    pub web: Option<String>,
    /// "Checked 12 November 2026".
    pub checked: String,
}

/// A word with its tone, for a tag.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Word {
    /// How it is drawn.
    pub tone: Tone,
    /// The word.
    pub word: String,
}

impl Word {
    /// A word.
    pub fn new(tone: Tone, word: &str) -> Self {
        Self { tone, word: word.to_owned() }
    }

    /// As a tag.
    pub fn tag(&self) -> crate::ui::Tag {
        crate::ui::Tag::new(self.tone, &self.word)
    }
}

/// What a form that can be kept for later knows of its draft (S46).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    /// "You began this on …", where it was restored.
    pub begun: Option<String>,
    /// Another draft that was kept meanwhile: when, and its (field, text).
    pub other: Option<(String, Vec<(String, String)>)>,
}
