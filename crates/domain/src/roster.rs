//! Who holds which role today, and which kinds of concern a deputy works with.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::concern::{ConcernKind, RouteKind};
use crate::id::PersonId;
use crate::people::{Role, RoleSet};
use crate::routing::route;

/// The kinds of concern that somebody's role of deputy opens: need to know, by kind. A lead's role opens them all, and
/// whoever was told or let in by name sees that concern whatever its kind.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kinds {
    /// Every kind.
    #[default]
    All,
    /// These alone.
    Only(BTreeSet<ConcernKind>),
}

impl Kinds {
    /// Is this kind one of them?
    pub fn cover(&self, kind: ConcernKind) -> bool {
        match self {
            Self::All => true,
            Self::Only(kinds) => kinds.contains(&kind),
        }
    }

    /// What a deputy can be limited to: allegations are nobody's by role (S7).
    pub fn choices() -> impl Iterator<Item = ConcernKind> {
        ConcernKind::ALL.into_iter().filter(|kind| route(*kind, false) == RouteKind::Safeguarding)
    }

    /// As the database keeps it: nothing for all, else the keys with a blank between them.
    pub fn stored(&self) -> Option<String> {
        match self {
            Self::All => None,
            Self::Only(kinds) => Some(kinds.iter().map(|kind| kind.key()).collect::<Vec<_>>().join(" ")),
        }
    }

    /// The kinds of what [`Self::stored`] wrote. A key that nobody knows any more opens nothing.
    pub fn from_stored(stored: Option<&str>) -> Self {
        match stored {
            None => Self::All,
            Some(keys) => Self::Only(keys.split_whitespace().filter_map(ConcernKind::from_key).collect()),
        }
    }
}

/// Who holds which role today, in the order of appointment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Roster {
    held: BTreeMap<Role, Vec<PersonId>>,
    limits: BTreeMap<PersonId, BTreeSet<ConcernKind>>,
}

impl Roster {
    /// Nobody.
    pub fn new() -> Self {
        Self::default()
    }

    /// Somebody holds a role; kinds count for deputies alone.
    pub fn appoint(&mut self, role: Role, person: PersonId, kinds: &Kinds) {
        self.held.entry(role).or_default().push(person);
        if let (Role::Deputy, Kinds::Only(kinds)) = (role, kinds) {
            self.limits.insert(person, kinds.clone());
        }
    }

    /// Who holds it, if anybody ever did.
    pub fn get(&self, role: &Role) -> Option<&Vec<PersonId>> {
        self.held.get(role)
    }

    /// Every role with who holds it.
    pub fn iter(&self) -> impl Iterator<Item = (&Role, &Vec<PersonId>)> {
        self.held.iter()
    }

    /// What one person holds.
    pub fn roles_of(&self, person: PersonId) -> RoleSet {
        self.iter().filter(|(_, held)| held.contains(&person)).map(|(role, _)| *role).collect()
    }

    /// What one person works with as a deputy.
    pub fn kinds_of(&self, person: PersonId) -> Kinds {
        self.limits.get(&person).map_or(Kinds::All, |kinds| Kinds::Only(kinds.clone()))
    }

    /// Whose role opens a concern of this kind, on the safeguarding route: leads, and deputies who work with it.
    pub fn by_role(&self, kind: ConcernKind) -> BTreeSet<PersonId> {
        let deputies =
            self.get(&Role::Deputy).into_iter().flatten().filter(|person| self.kinds_of(**person).cover(kind));
        self.get(&Role::Dsl).into_iter().flatten().chain(deputies).copied().collect()
    }
}

impl FromIterator<(Role, PersonId, Kinds)> for Roster {
    fn from_iter<T: IntoIterator<Item = (Role, PersonId, Kinds)>>(held: T) -> Self {
        let mut roster = Self::new();
        for (role, person, kinds) in held {
            roster.appoint(role, person, &kinds);
        }
        roster
    }
}
