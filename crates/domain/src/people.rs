//! People and their roles. Person, account and membership are three things; roles belong to memberships (S41).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// What somebody is in a setting. A person may hold several; titles ("Headteacher", "Manager") are configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Member of staff, volunteer, student: reports, signs, trains.
    Practitioner,
    /// Designated safeguarding lead.
    Dsl,
    /// Deputy safeguarding lead.
    Deputy,
    /// Manager or provider: allegations, filter decisions, registers.
    Manager,
    /// Chair of the committee, or owner: the route when it is about the manager.
    Chair,
    /// Member of the committee or governing body: aggregates only.
    Committee,
    /// Looks after gateway and devices; never reads a concern.
    Technician,
    /// Parent or carer.
    Parent,
    /// Time-boxed, read-only evidence.
    Inspector,
}

impl Role {
    /// Every role, in the order of the authorisation table.
    pub const ALL: [Self; 9] = [
        Self::Practitioner,
        Self::Dsl,
        Self::Deputy,
        Self::Manager,
        Self::Chair,
        Self::Committee,
        Self::Technician,
        Self::Parent,
        Self::Inspector,
    ];

    /// The word for it in storage, content and tokens.
    pub fn key(self) -> &'static str {
        match self {
            Self::Practitioner => "practitioner",
            Self::Dsl => "dsl",
            Self::Deputy => "deputy",
            Self::Manager => "manager",
            Self::Chair => "chair",
            Self::Committee => "committee",
            Self::Technician => "technician",
            Self::Parent => "parent",
            Self::Inspector => "inspector",
        }
    }

    /// The role of this key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.key() == key)
    }

    /// Roles that touch cases or decide the filter show a second factor at every sign-in (S11).
    pub fn needs_second_factor(self) -> bool {
        matches!(self, Self::Dsl | Self::Deputy | Self::Manager | Self::Chair | Self::Technician)
    }

    /// Roles of people who work for the setting or run it: all may report in one tap.
    pub fn is_staff(self) -> bool {
        !matches!(self, Self::Parent | Self::Inspector)
    }
}

/// The roles that somebody holds today.
pub type RoleSet = BTreeSet<Role>;

/// What kind of person the register describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonKind {
    /// Works or volunteers here, or governs.
    Staff,
    /// A child on roll or formerly.
    Child,
    /// Parent, carer, or another adult of a child's life.
    Family,
    /// Visitor or contractor.
    Visitor,
    /// "Child not yet known": must be resolved.
    Unknown,
}

impl PersonKind {
    /// The word for it in storage.
    pub fn key(self) -> &'static str {
        match self {
            Self::Staff => "staff",
            Self::Child => "child",
            Self::Family => "family",
            Self::Visitor => "visitor",
            Self::Unknown => "unknown",
        }
    }

    /// The kind of this key.
    pub fn from_key(key: &str) -> Option<Self> {
        [Self::Staff, Self::Child, Self::Family, Self::Visitor, Self::Unknown]
            .into_iter()
            .find(|kind| kind.key() == key)
    }
}
