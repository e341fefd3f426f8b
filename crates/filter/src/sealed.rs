//! The sealed tier's slot (S26, S27).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{CanonicalUrl, Host};

/// What the status page may say of the sealed tier. Never an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "status")]
pub enum SealedStatus {
    /// Nobody supplied a licensed list. Red, everywhere.
    NotSupplied,
    /// A signed list is in force.
    Supplied {
        /// Who supplied it.
        by: String,
        /// When the supplier issued it.
        at: Timestamp,
        /// Entries that speak of a whole host: every path enforces them.
        entries_names: u64,
        /// Entries that speak of a URL: only a path that sees URLs enforces them.
        entries_urls: u64,
    },
}

/// The sealed entries as keyed hashes, in memory of this process only.
#[derive(Debug, Default)]
pub struct SealedTier {}

impl SealedTier {
    /// The empty slot.
    pub fn not_supplied() -> Self {
        Self::default()
    }

    /// What may be said.
    pub fn status(&self) -> SealedStatus {
        SealedStatus::NotSupplied
    }

    /// Whether an entry covers this host or URL.
    pub fn contains(&self, _host: &Host, _url: Option<&CanonicalUrl>) -> bool {
        false
    }
}
