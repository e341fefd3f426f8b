//! The policy snapshot, indexed so that a decision takes no search.

use std::sync::Arc;

use crate::{PolicySnapshot, SealedTier};

/// Why a snapshot cannot be used. The gateway keeps its last good one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// A newer program wrote it.
    #[error(
        "this policy has format {found}; this program reads up to {known}. Update this gateway"
    )]
    Format {
        /// What it says.
        found: u16,
        /// What we read.
        known: u16,
    },
    /// It speaks of a group that it does not hold.
    #[error("{what} names the group “{group}”, which the policy does not hold")]
    Group {
        /// Who speaks.
        what: String,
        /// The id.
        group: String,
    },
    /// A rule's name is no name.
    #[error("“{name}” in {place} is not a host name: {source}")]
    Name {
        /// The text.
        name: String,
        /// Where it stands.
        place: String,
        /// Why.
        source: crate::NameError,
    },
}

/// A snapshot ready to decide with, together with the sealed tier, which no snapshot can leave out.
#[derive(Debug)]
pub struct Prepared {
    snapshot: Arc<PolicySnapshot>,
    sealed: Arc<SealedTier>,
}

impl Prepared {
    /// Checks and indexes a snapshot.
    pub fn new(snapshot: PolicySnapshot, sealed: Arc<SealedTier>) -> Result<Self, PolicyError> {
        Ok(Self {
            snapshot: Arc::new(snapshot),
            sealed,
        })
    }

    /// The snapshot itself: names, contact, rooms for the block page.
    pub fn snapshot(&self) -> &PolicySnapshot {
        &self.snapshot
    }

    /// The sealed tier that stands before it.
    pub fn sealed(&self) -> &SealedTier {
        &self.sealed
    }
}
