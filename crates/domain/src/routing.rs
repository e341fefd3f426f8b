//! Who is told. Routing is total: for any roles and any exclusions there is a recipient; the last ones are outside
//! the setting, with numbers that the page shows (S7).

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::concern::{ConcernKind, RouteKind};
use crate::id::PersonId;
use crate::people::Role;

/// Who holds which role today, in the order of appointment.
pub type Roster = BTreeMap<Role, Vec<PersonId>>;

/// A recipient outside the setting. Keys of `content/agencies/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outside {
    /// The local authority's designated officer.
    Lado,
    /// Ofsted.
    Ofsted,
    /// Children's social care.
    SocialCare,
}

impl Outside {
    /// Key of the agency in `content/`.
    pub fn agency(self) -> &'static str {
        match self {
            Self::Lado => "lado",
            Self::Ofsted => "ofsted",
            Self::SocialCare => "front_door",
        }
    }
}

/// The ladder of one concern: who is told first, who next when nobody opens it, and who at last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ladder {
    /// Rungs: the people of one rung are told together.
    pub rungs: Vec<Vec<PersonId>>,
    /// Always there, always last.
    pub outside: [Outside; 2],
}

impl Ladder {
    /// Who is told now: the first rung, or nobody inside.
    pub fn first(&self) -> &[PersonId] {
        self.rungs.first().map_or(&[], Vec::as_slice)
    }

    /// Who is told next when none of `told` has opened it; `None` means that only the outside is left.
    pub fn after(&self, told: &BTreeSet<PersonId>) -> Option<&[PersonId]> {
        self.rungs.iter().find(|rung| rung.iter().any(|person| !told.contains(person))).map(Vec::as_slice)
    }
}

/// Which way a concern goes. An adult who works here, whatever the kind, is an allegation (S7); so is a member of
/// staff at risk of radicalisation (RAD-03).
pub fn route(kind: ConcernKind, about_an_adult_here: bool) -> RouteKind {
    match kind {
        ConcernKind::AdultHere => RouteKind::Allegation,
        _ if about_an_adult_here => RouteKind::Allegation,
        ConcernKind::FilterBreach
        | ConcernKind::ChildAtRisk
        | ConcernKind::Radicalisation
        | ConcernKind::SomethingElse => RouteKind::Safeguarding,
    }
}

/// The ladder for a route, a roster and those who must not know.
///
/// Safeguarding: all leads and deputies together, then the manager, then the chair. An allegation: *one* case
/// manager (the first manager who is not excluded), then one chair; never several at once.
pub fn ladder(route: RouteKind, roster: &Roster, excluded: &BTreeSet<PersonId>) -> Ladder {
    let holders = |role: Role| -> Vec<PersonId> {
        roster.get(&role).into_iter().flatten().copied().filter(|person| !excluded.contains(person)).collect()
    };
    let mut rungs: Vec<Vec<PersonId>> = Vec::new();
    match route {
        RouteKind::Safeguarding => {
            let mut leads = holders(Role::Dsl);
            leads.extend(holders(Role::Deputy));
            rungs.push(leads);
            rungs.push(holders(Role::Manager));
            rungs.push(holders(Role::Chair));
        }
        RouteKind::Allegation => {
            rungs.push(holders(Role::Manager).into_iter().take(1).collect());
            rungs.push(holders(Role::Chair).into_iter().take(1).collect());
        }
    }
    let mut seen = BTreeSet::new();
    for rung in &mut rungs {
        rung.retain(|person| seen.insert(*person));
    }
    rungs.retain(|rung| !rung.is_empty());
    Ladder { rungs, outside: [Outside::Lado, Outside::Ofsted] }
}
