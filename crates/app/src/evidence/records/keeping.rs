//! Keeping and handing out: what is due was looked at, what went has its certificate, what left is accounted for.

use domain::clock::Rest;
use domain::concern::{ConcernKind, ConcernStatus};
use domain::procedure::Within;
use jiff::SignedDuration;
use store::concerns::Concern;
use store::keeping::{Disposal, Emergency, Export};

use super::super::facts::{Facts, YEAR};
use super::cases::done;
use super::{Answer, Question, Say, about, every};

pub(super) const ANSWERS: &[Question] = &[
    ("retention_looked_at", retention_looked_at),
    ("destroyed_by_two", destroyed_by_two),
    ("exports_accounted", exports_accounted),
    ("requests_answered", requests_answered),
    ("emergencies_reviewed", emergencies_reviewed),
];

/// Somebody else looks at an emergency within so long.
const REVIEW: SignedDuration = SignedDuration::from_hours(7 * 24);

fn retention_looked_at(facts: &Facts) -> Answer {
    let (came, late) = facts.due;
    let what = match (came, late) {
        (0, _) => "No record has come to its day.".to_owned(),
        (_, 0) => "Every record that came to its day was decided on, or came to it within the last 90 days.".to_owned(),
        (_, late) => {
            format!("Records that came to their day more than 90 days ago, and nobody decided: {}.", about(late))
        }
    };
    Answer::new(late == 0, what, facts.now)
}

fn destroyed_by_two(facts: &Facts) -> Answer {
    let say = Say {
        none: "No record was ever destroyed.",
        all: "Every record that was destroyed has a certificate with its rule, its reason, two people and a digest.",
        some: "Some certificates lack a second person, a reason or a digest.",
    };
    let good = |row: &&Disposal| {
        row.second_by.is_some_and(|second| second != row.decided_by) && row.digest.is_some() && !row.reason.is_empty()
    };
    every(facts, facts.destroyed.iter(), good, say)
}

fn exports_accounted(facts: &Facts) -> Answer {
    let say = Say {
        none: "Nothing left the building in the last year.",
        all: "Everything that left in the last year says for whom, why, and how its passphrase went.",
        some: "Some exports of the last year do not say for whom, why, or how the passphrase went.",
    };
    let good = |row: &&Export| [&row.for_whom, &row.why, &row.other_way].iter().all(|text| !text.trim().is_empty());
    every(facts, facts.exports.iter(), good, say)
}

fn requests_answered(facts: &Facts) -> Answer {
    let say = Say {
        none: "Nobody asked for their data in the last year.",
        all: "Every request for data of the last year was answered in its time, or still has time.",
        some: "Some requests for data were not answered within their month, or the three months of which the person was told.",
    };
    let since = facts.ago(YEAR);
    let asked = facts.concerns.iter().filter(|one| one.kind == ConcernKind::AccessRequest && one.known_at >= since);
    let good = |concern: &&Concern| {
        let rested: Vec<Rest> = facts
            .rests
            .iter()
            .filter(|rest| rest.concern_id == concern.id)
            .map(|rest| Rest { from: rest.from_at, until: rest.until_at })
            .collect();
        let due = |within| {
            let due = facts.calendar.due(concern.known_at, within)?;
            facts.calendar.due_after_rests(concern.known_at, due, within, &rested, facts.now)
        };
        let month = due(Within::OneMonth);
        // Longer only for those who were told so within the month (UK GDPR, article 12(3)).
        let told = facts.records(concern.id, "longer").filter(|record| done(record));
        let in_time = told.map(|record| record.event_at).any(|at| month.as_ref().is_ok_and(|month| at <= *month));
        let due = if in_time { due(Within::Months(3)) } else { month };
        let given =
            facts.records(concern.id, "given").filter(|record| done(record)).map(|record| record.event_at).min();
        match (due, given) {
            (Ok(due), Some(at)) => at <= due,
            (Ok(due), None) => facts.now <= due || concern.status == ConcernStatus::Closed,
            (Err(_), _) => false,
        }
    };
    every(facts, asked, good, say)
}

fn emergencies_reviewed(facts: &Facts) -> Answer {
    let say = Say {
        none: "No record was ever opened in an emergency.",
        all: "Every record that was opened in an emergency was shut and looked at by somebody else in time.",
        some: "Some records that were opened in an emergency wait to be looked at, or are still open.",
    };
    let good = |row: &&Emergency| {
        let until = row.opened_at.saturating_add(REVIEW).unwrap_or(row.opened_at);
        let reviewed = match (row.reviewed_at, row.reviewed_by) {
            (Some(at), Some(by)) => by != row.person_id && at <= until,
            _ => facts.now <= until,
        };
        reviewed && (row.ended_at.is_some() || facts.now <= row.ends_at.saturating_add(REVIEW).unwrap_or(row.ends_at))
    };
    every(facts, facts.emergencies.iter(), good, say)
}
