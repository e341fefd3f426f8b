//! What staff declared about their own life online: is there somebody who decides, was it decided, was it looked at again?

use std::collections::BTreeSet;

use domain::PersonId;
use domain::declaration::{self, DeclarationKind, DeclarationOutcome};
use jiff::SignedDuration;
use store::declarations::Declaration;

use super::super::facts::Facts;
use super::{Answer, Question, Say, every};

pub(super) const ANSWERS: &[Question] = &[
    ("conflicts_declared", |facts| declared(facts, DeclarationKind::Content)),
    ("friends_declared", |facts| declared(facts, DeclarationKind::Friend)),
    ("friendships_decided", |facts| declared(facts, DeclarationKind::Friendship)),
];

/// Somebody decides within a week.
const A_WEEK: SignedDuration = SignedDuration::from_hours(24 * 7);

/// Two questions: would everybody who works here find somebody who decides, and how stand those that there are?
fn declared(facts: &Facts, kind: DeclarationKind) -> Answer {
    let roster = crate::concerns::case::roster_of(&facts.appointments);
    let alone = BTreeSet::new();
    let finds = |author: &PersonId| {
        let family = facts.families.get(author).unwrap_or(&alone);
        !declaration::deciders(kind, *author, family, &roster, &facts.profile.switches).is_empty()
    };
    let staff: BTreeSet<PersonId> =
        facts.appointments.iter().filter(|held| held.role.is_staff()).map(|held| held.person_id).collect();
    if !staff.iter().all(finds) {
        return Answer::new(false, "For somebody who works here nobody would decide a declaration.", facts.now);
    }
    let say = Say {
        none: "Nobody has declared anything of this kind; the form is there, and somebody would decide it.",
        all: "Every declaration of this kind was decided within a week and looked at again on its day.",
        some: "Some declarations of this kind wait for a decision, are past their day, or stay although our policy forbids it.",
    };
    every(facts, facts.declarations.iter().filter(|row| row.kind == kind), |row| stands(facts, row), say)
}

fn stands(facts: &Facts, row: &Declaration) -> bool {
    let today = facts.calendar.local(facts.now).date();
    match row.outcome {
        None => row.made_at.saturating_add(A_WEEK).is_ok_and(|by| by >= facts.now),
        Some(outcome @ DeclarationOutcome::Agreed) => {
            declaration::may_be(row.kind, outcome, &facts.profile.switches)
                && row.review_on.is_some_and(|day| day >= today)
        }
        Some(DeclarationOutcome::Ended) => true,
    }
}
