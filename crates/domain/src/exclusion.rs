//! Who may know of a concern: the one rule, for every route and everything derived (S7, S8).
//!
//! Everything made from a concern (entry, step, proposal, hold, job, notice, action, search entry, count, export)
//! asks [`sight`] of its concern. Exclusion is stored as "must not see", never why.

use std::collections::BTreeSet;

use crate::concern::{ConcernKind, Part, RouteKind};
use crate::ctx::{Member, SecondFactor};
use crate::id::PersonId;
use crate::people::{Role, RoleSet};
use crate::roster::Kinds;

/// What one may see of a concern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sight {
    /// It does not exist.
    Nothing,
    /// The reporter's own words and whether somebody has opened it.
    Receipt,
    /// All of it.
    Case,
}

/// What the rule needs to know of a concern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Walls<'a> {
    /// Which way it goes.
    pub route: RouteKind,
    /// What it is about.
    pub kind: ConcernKind,
    /// Who told it.
    pub reporter: Option<PersonId>,
    /// Who must not see it.
    pub excluded: &'a BTreeSet<PersonId>,
    /// Whom the holder added by name.
    pub invited: &'a BTreeSet<PersonId>,
    /// Who was told because everybody before them was excluded, away or silent (S4, S7).
    pub reached: &'a BTreeSet<PersonId>,
}

/// What somebody may see of a concern.
///
/// Exclusion comes first and nothing beats it: not a role, not an invitation, not having reported it as a colleague
/// of oneself. Then the route's own roles (of deputies, those who work with its kind), then invitations, then the reporter's
/// receipt.
pub fn sight(walls: &Walls<'_>, person: PersonId, roles: &RoleSet, kinds: &Kinds) -> Sight {
    if walls.excluded.contains(&person) {
        return Sight::Nothing;
    }
    let by_role = match walls.route {
        RouteKind::Safeguarding => {
            roles.contains(&Role::Dsl) || (roles.contains(&Role::Deputy) && kinds.cover(walls.kind))
        }
        // The case manager that the setting names is whoever routing reached; a role alone is not enough, since
        // two managers are not both the case manager.
        RouteKind::Allegation => false,
    };
    let works_cases = roles.iter().any(|role| CASE_ROLES.contains(role));
    if by_role || (works_cases && walls.reached.contains(&person)) || walls.invited.contains(&person) {
        Sight::Case
    } else if walls.reporter == Some(person) {
        Sight::Receipt
    } else {
        Sight::Nothing
    }
}

/// As [`sight`], for a signed-in person: without the second factor nobody sees a case, only receipts (S3, S11).
pub fn sight_of(walls: &Walls<'_>, member: &Member) -> Sight {
    let sight = sight(walls, member.person, &member.roles, &member.kinds);
    match member.second_factor {
        SecondFactor::Shown => sight,
        SecondFactor::NotShown if walls.reporter == Some(member.person) => sight.min(Sight::Receipt),
        SecondFactor::NotShown => Sight::Nothing,
    }
}

/// Roles that can hold a case at all.
pub const CASE_ROLES: [Role; 4] = [Role::Dsl, Role::Deputy, Role::Manager, Role::Chair];

/// A tie between two people of the setting, as the register holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tie {
    /// One.
    pub person: PersonId,
    /// The other.
    pub other: PersonId,
}

/// Who must not see a concern about these people: the adult it is about, everybody tied to that adult, and whoever *works
/// here* and is tied to the child. It only ever grows.
///
/// A parent who does not work here is not shut out for being the child's parent: parents are told as a matter of course
/// (C6), and a concern reaches the family's pages only when a person shares it (S13). Where the home may be part of it,
/// whom of the family it is safe to tell is decided in the concern, and whoever is named as not safe is added then.
/// Recomputed when a person or a tie is added, and when somebody begins to work here.
pub fn shut_out(people: &[(PersonId, Part)], ties: &[Tie], works_here: &BTreeSet<PersonId>) -> BTreeSet<PersonId> {
    let of = |part: Part| -> BTreeSet<PersonId> {
        people.iter().filter(|(_, own)| *own == part).map(|(person, _)| *person).collect()
    };
    let (about, children) = (of(Part::About), of(Part::Child));
    let mut out = about.clone();
    for (one, other) in ties.iter().flat_map(|tie| [(tie.person, tie.other), (tie.other, tie.person)]) {
        if about.contains(&one) || (children.contains(&one) && works_here.contains(&other)) {
            out.insert(other);
        }
    }
    out
}
