//! What a use case may answer when it does not do the thing. Knows no transport; outside words and inside context are
//! separate fields, so that a page never shows what only the log may know.

use std::collections::BTreeMap;

use domain::access::Refused;
use domain::procedure::{Locked, Refusal};

/// Result of a use case.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a use case did not do it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is not there, or the actor may not know that it is. The two look alike (S8).
    #[error("not found")]
    NotFound,
    /// The actor knows that it is there, and may not.
    #[error("refused: {0}")]
    Refused(#[from] Refused),
    /// Somebody else was faster. Both texts are kept for the page.
    #[error("somebody else changed this at the same time")]
    Conflict {
        /// What stands now, in words, field → text.
        theirs: BTreeMap<String, String>,
    },
    /// What was typed cannot be used: field → what to do. `""` is the whole form.
    #[error("the form has errors")]
    Invalid(BTreeMap<String, String>),
    /// A gate is shut. The page offers "this has already happened" instead (S1).
    #[error("{0}")]
    Locked(Locked),
    /// It cannot be done for now: database away, disk full. The sentence is for people.
    #[error("unavailable: {say}")]
    Unavailable {
        /// What happened and what to do, for the page.
        say: String,
    },
    /// Our fault. The page shows a reference, the log the context.
    #[error("internal: {0}")]
    Internal(String),
}

impl Error {
    /// One field is wrong.
    pub fn invalid(field: &str, say: &str) -> Self {
        Self::Invalid(BTreeMap::from([(field.to_owned(), say.to_owned())]))
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NoSuchStep => Self::NotFound,
            Refusal::NotTheirs => Self::Refused(Refused::Role),
            Refusal::Locked(locked) => Self::Locked(locked),
            Refusal::CannotWaive => {
                Self::invalid("reason", "You cannot waive this. Ask the police or your advice line first.")
            }
            Refusal::Answers(answers) => Self::Invalid(answers),
            Refusal::InTheFuture => {
                Self::invalid("event_at", "That time is still to come. Check the day and the time.")
            }
        }
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        let say = match &error {
            store::Error::Conflict { .. } => return Self::Conflict { theirs: BTreeMap::new() },
            store::Error::Missing { .. } => return Self::NotFound,
            store::Error::Full => {
                "The disk of this computer is full. Nothing was saved. Reports still go through; tell your technician."
            }
            store::Error::Unavailable(_) => {
                "The records do not answer just now. Nothing was saved. Try again in a minute; until then use paper."
            }
            _ => return Self::Internal(error.to_string()),
        };
        Self::Unavailable { say: say.to_owned() }
    }
}
