//! Who is told. Routing is total: for any roles and any exclusions there is a recipient; the last ones are outside
//! the setting, with numbers that the page shows (S7).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::concern::{ConcernKind, RouteKind};
use crate::id::PersonId;
use crate::people::Role;
use crate::procedure::Switches;
use crate::roster::Roster;

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

    /// The same while somebody stands in for somebody else (DSL-02): who stands in is told where the other would be, and is
    /// named first. `covers`: who is away, who stands in. Nobody who must not know comes in by it, and nobody goes out.
    #[must_use]
    pub fn covered(mut self, covers: &[(PersonId, PersonId)], excluded: &BTreeSet<PersonId>) -> Self {
        for (away, cover) in covers.iter().filter(|(_, cover)| !excluded.contains(cover)) {
            let Some(at) = self.rungs.iter().position(|rung| rung.contains(away)) else { continue };
            if self.rungs.iter().take(at + 1).any(|rung| rung.contains(cover)) {
                continue;
            }
            for (index, rung) in self.rungs.iter_mut().enumerate() {
                rung.retain(|person| person != cover);
                if index == at {
                    rung.insert(0, *cover);
                }
            }
        }
        self.rungs.retain(|rung| !rung.is_empty());
        self
    }

    /// Who is told next when none of `told` has opened it; `None` means that only the outside is left.
    pub fn after(&self, told: &BTreeSet<PersonId>) -> Option<&[PersonId]> {
        self.rungs.iter().find(|rung| rung.iter().any(|person| !told.contains(person))).map(Vec::as_slice)
    }
}

/// Which way a concern goes. An adult who works here, whatever the kind, is an allegation (S7); so is a member of
/// staff at risk of radicalisation (RAD-03).
pub fn route(kind: ConcernKind, about_an_adult_here: bool) -> RouteKind {
    if kind == ConcernKind::AdultHere || about_an_adult_here { RouteKind::Allegation } else { RouteKind::Safeguarding }
}

/// Whose task allegations are: the setting names the role, the roster the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaseManager {
    /// The manager (both policies).
    Manager,
    /// The chair.
    Chair,
    /// The lead; never all of them, and no deputy.
    Lead,
}

impl CaseManager {
    /// By the setting's switches: `radicalised_staff_to` for staff who may be drawn into extremism, else `allegation_to`.
    /// A word that nobody knows means the manager, whom both policies name.
    pub fn of(kind: ConcernKind, switches: &Switches) -> Self {
        let switch = if kind == ConcernKind::Radicalisation { "radicalised_staff_to" } else { "allegation_to" };
        match switches.get(switch).map(String::as_str) {
            Some("chair") => Self::Chair,
            Some("dsl") => Self::Lead,
            _ => Self::Manager,
        }
    }

    /// The roles, one after the other, of which one person each is told.
    pub fn order(self) -> &'static [Role] {
        match self {
            Self::Manager => &[Role::Manager, Role::Chair],
            Self::Chair => &[Role::Chair, Role::Manager],
            Self::Lead => &[Role::Dsl, Role::Manager, Role::Chair],
        }
    }
}

/// The way of one concern in one setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Way {
    /// Safeguarding or allegation.
    pub route: RouteKind,
    /// What it is about: deputies may work with some kinds alone.
    pub kind: ConcernKind,
    /// Who is the case manager of an allegation.
    pub case_manager: CaseManager,
    /// The person whom the setting names for it, before any role (S7).
    pub named: Option<PersonId>,
    /// It is about the owner: nobody whom the owner pays decides on it, so it goes to the LADO (C3).
    pub about_owner: bool,
}

/// What the manager hears of at once, beside the lead: lost data and attacks, which the provider answers for to the ICO, and
/// crimes (P13, P14, P18).
pub fn with_the_manager(kind: ConcernKind) -> bool {
    matches!(kind, ConcernKind::DataLost | ConcernKind::Attack | ConcernKind::Crime)
}

impl Way {
    /// The way of a kind of concern by the setting's switches, about nobody who owns it.
    pub fn of(route: RouteKind, kind: ConcernKind, switches: &Switches) -> Self {
        let case_manager = CaseManager::of(kind, switches);
        Self { route, kind, case_manager, named: None, about_owner: false }
    }

    /// The same, where the setting names one person for allegations.
    #[must_use]
    pub fn named(self, named: Option<PersonId>) -> Self {
        Self { named, ..self }
    }

    /// The same, for a concern about these adults.
    #[must_use]
    pub fn about(self, about: &BTreeSet<PersonId>, roster: &Roster, switches: &Switches) -> Self {
        let owned = switches.get("chair_is").is_some_and(|who| who == "owner");
        let chairs = roster.get(&Role::Chair).into_iter().flatten();
        Self { about_owner: owned && chairs.into_iter().any(|chair| about.contains(chair)), ..self }
    }
}

/// The ladder for a way, a roster and those who must not know.
///
/// Safeguarding: all leads and deputies together (and the manager, for some kinds), then the manager, then the chair. Deputies
/// who work with other kinds are told after those who work with this one: a limit keeps a child waiting for nobody. An
/// allegation: *one* case manager (the person whom the setting names, else the first of the named role who is not excluded),
/// then one of the next role; never several at once. About the owner: nobody inside.
pub fn ladder(way: &Way, roster: &Roster, excluded: &BTreeSet<PersonId>) -> Ladder {
    let holders = |role: Role| -> Vec<PersonId> {
        roster.get(&role).into_iter().flatten().copied().filter(|person| !excluded.contains(person)).collect()
    };
    let mut rungs: Vec<Vec<PersonId>> = match way.route {
        RouteKind::Safeguarding => {
            let (with_it, with_others): (Vec<_>, Vec<_>) =
                holders(Role::Deputy).into_iter().partition(|person| roster.kinds_of(*person).cover(way.kind));
            let mut leads = holders(Role::Dsl);
            leads.extend(with_it);
            if with_the_manager(way.kind) {
                leads.extend(holders(Role::Manager));
            }
            vec![leads, with_others, holders(Role::Manager), holders(Role::Chair)]
        }
        RouteKind::Allegation if way.about_owner => Vec::new(),
        RouteKind::Allegation => {
            // Whoever is named but holds no role that works cases any more is passed over: a name never ends the ladder.
            let cases = crate::exclusion::CASE_ROLES.iter().filter_map(|role| roster.get(role)).flatten();
            let named = way.named.filter(|named| !excluded.contains(named) && cases.clone().any(|held| held == named));
            let by_role = way.case_manager.order().iter().map(|role| holders(*role).into_iter().take(1).collect());
            std::iter::once(named.into_iter().collect()).chain(by_role).collect()
        }
    };
    let mut seen = BTreeSet::new();
    for rung in &mut rungs {
        rung.retain(|person| seen.insert(*person));
    }
    rungs.retain(|rung| !rung.is_empty());
    Ladder { rungs, outside: [Outside::Lado, Outside::Ofsted] }
}
