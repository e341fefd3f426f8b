//! What staff declare about their own life online: content that conflicts with their work (SOC-13), a family as a friend on a
//! personal account (SOC-14), a friendship that was there before (SOC-15). Who decides is the setting's own rule.
//!
//! What it is not: a concern. Contact that a child or a family *made* is told as one (SOC-16), and so is anything that may have
//! harmed a child. To add a kind: a variant, its line in [`line`], its words on the page, its control.

use std::collections::BTreeSet;

use crate::id::PersonId;
use crate::people::Role;
use crate::procedure::Switches;
use crate::roster::Roster;

/// What is declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeclarationKind {
    /// Something online that conflicts with one's work here.
    Content,
    /// A child, a former one or a family as a friend on one's own account.
    Friend,
    /// A friendship with a family that is older than one's work here.
    Friendship,
}

impl DeclarationKind {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Content, Self::Friend, Self::Friendship];

    /// The word for it in storage and in forms.
    pub fn key(self) -> &'static str {
        match self {
            Self::Content => "content",
            Self::Friend => "friend",
            Self::Friendship => "friendship",
        }
    }

    /// The one of this key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.key() == key)
    }
}

/// How it was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeclarationOutcome {
    /// It may stay, in the way that was agreed, until the day on which it is looked at again.
    Agreed,
    /// It has ended, or was taken down.
    Ended,
}

impl DeclarationOutcome {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Agreed, Self::Ended];

    /// The word for it in storage and in forms.
    pub fn key(self) -> &'static str {
        match self {
            Self::Agreed => "agreed",
            Self::Ended => "ended",
        }
    }

    /// The one of this key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.key() == key)
    }
}

/// May this outcome be chosen here? A setting that forbids families as friends has no exceptions (SOC-14).
pub fn may_be(kind: DeclarationKind, outcome: DeclarationOutcome, switches: &Switches) -> bool {
    let prohibited = switches.get("friending_families").is_some_and(|value| value == "prohibited");
    !(prohibited && kind == DeclarationKind::Friend && outcome == DeclarationOutcome::Agreed)
}

/// Roles that decide, in order. The setting's switches say whether content and contact go to the lead or to the manager;
/// a friendship that was there before is the lead's in both policies.
fn line(kind: DeclarationKind, switches: &Switches) -> &'static [Role] {
    let is = |key: &str, value: &str| switches.get(key).is_some_and(|held| held == value);
    let to_the_manager = match kind {
        DeclarationKind::Content => is("conflicting_content_to", "manager"),
        DeclarationKind::Friend => is("personal_account_contact", "with_prior_approval_of_manager"),
        DeclarationKind::Friendship => false,
    };
    if to_the_manager {
        &[Role::Manager, Role::Chair, Role::Dsl, Role::Deputy]
    } else {
        &[Role::Dsl, Role::Deputy, Role::Manager, Role::Chair]
    }
}

/// Who decides it today: whoever holds the first role of the line that somebody holds who is neither its author nor of the
/// author's family. The lead's own goes past the deputies, who answer to the lead, while anybody else is there.
pub fn deciders(
    kind: DeclarationKind,
    author: PersonId,
    family: &BTreeSet<PersonId>,
    roster: &Roster,
    switches: &Switches,
) -> BTreeSet<PersonId> {
    let held = |role: &Role| roster.get(role).into_iter().flatten().copied();
    let lead = held(&Role::Dsl).any(|holder| holder == author);
    let (last, first): (Vec<Role>, Vec<Role>) =
        line(kind, switches).iter().copied().partition(|role| lead && *role == Role::Deputy);
    first
        .iter()
        .chain(&last)
        .map(|role| held(role).filter(|one| *one != author && !family.contains(one)).collect::<BTreeSet<_>>())
        .find(|holders| !holders.is_empty())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::roster::Kinds;

    fn person(number: u8) -> PersonId {
        PersonId(Uuid::from_u128(u128::from(number)))
    }

    fn roster(held: &[(Role, u8)]) -> Roster {
        held.iter().map(|(role, number)| (*role, person(*number), Kinds::All)).collect()
    }

    fn switches(pairs: &[(&str, &str)]) -> Switches {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn the_setting_says_who_decides_and_the_leads_own_goes_elsewhere() {
        let roster = roster(&[(Role::Dsl, 1), (Role::Deputy, 2), (Role::Manager, 3), (Role::Chair, 4)]);
        let h = switches(&[("conflicting_content_to", "dsl"), ("personal_account_contact", "never")]);
        let n = switches(&[
            ("conflicting_content_to", "manager"),
            ("personal_account_contact", "with_prior_approval_of_manager"),
        ]);
        let to = |kind, author, switches: &Switches| {
            deciders(kind, person(author), &BTreeSet::new(), &roster, switches).into_iter().collect::<Vec<_>>()
        };
        use DeclarationKind as K;
        for (kind, author, by_h, by_n) in [
            (K::Content, 9, 1, 3),
            (K::Friend, 9, 1, 3),
            (K::Friendship, 9, 1, 1),
            (K::Content, 1, 3, 3),
            (K::Friendship, 1, 3, 3),
            (K::Content, 3, 1, 4),
        ] {
            assert_eq!(to(kind, author, &h), [person(by_h)], "{kind:?} of {author}, H");
            assert_eq!(to(kind, author, &n), [person(by_n)], "{kind:?} of {author}, N");
        }
        let prohibited = switches(&[("friending_families", "prohibited")]);
        assert!(!may_be(K::Friend, DeclarationOutcome::Agreed, &prohibited));
        assert!(may_be(K::Friend, DeclarationOutcome::Ended, &prohibited));
        assert!(may_be(K::Friendship, DeclarationOutcome::Agreed, &prohibited));
        assert!(may_be(K::Friend, DeclarationOutcome::Agreed, &n));
    }

    proptest! {
        /// While anybody who works cases is neither the author nor of the family, somebody decides; never one of those two.
        #[test]
        fn somebody_decides_and_never_ones_own(
            held in prop::collection::vec((prop::sample::select(crate::exclusion::CASE_ROLES.to_vec()), 0_u8..6), 0..8),
            author in 0_u8..6,
            family in prop::collection::btree_set(0_u8..6, 0..3),
            kind in prop::sample::select(DeclarationKind::ALL.to_vec()),
            to in prop::sample::select(vec!["dsl", "manager"]),
        ) {
            let family: BTreeSet<PersonId> = family.into_iter().map(person).collect();
            let roster = roster(&held);
            let switches = switches(&[("conflicting_content_to", to)]);
            let found = deciders(kind, person(author), &family, &roster, &switches);
            prop_assert!(!found.contains(&person(author)) && found.is_disjoint(&family));
            let able = held.iter().any(|(_, one)| *one != author && !family.contains(&person(*one)));
            prop_assert_eq!(!found.is_empty(), able);
        }
    }
}
