//! Concerns other than breaches of filtering, each family by the procedure that it follows; and what must stand before any
//! of them: who takes an allegation, whom to ring, whose word was waited for.

use std::collections::BTreeSet;

use domain::concern::{ConcernKind, ConcernStatus, RouteKind};
use domain::procedure::StepRecord;
use domain::routing::{Way, ladder};
use jiff::SignedDuration;
use store::concerns::Concern;

use super::super::facts::{Facts, YEAR};
use super::cases::{done, said, worked_in_time};
use super::{Answer, Question, Say, every};

pub(super) const ANSWERS: &[Question] = &[
    ("case_manager_named", case_manager_named),
    ("agencies_known", agencies_known),
    ("welfare_worked", |facts| worked(facts, &["P4"])),
    ("allegations_worked", |facts| worked(facts, &["P9"])),
    ("imagery_worked", |facts| worked(facts, &["P3"])),
    ("imagery_looks_declared", imagery_looks_declared),
    ("indecent_images_worked", |facts| worked(facts, &["P5", "P15"])),
    ("bullying_worked", |facts| worked(facts, &["P6"])),
    ("hate_worked", |facts| worked(facts, &["P7"])),
    ("radicalisation_worked", |facts| worked(facts, &["P8"])),
    ("messages_worked", |facts| worked(facts, &["P10", "P11"])),
    ("personal_devices_worked", |facts| worked(facts, &["P12"])),
    ("own_devices_are_allegations", own_devices_are_allegations),
    ("deletion_waited", deletion_waited),
    ("parents_told_or_reason", parents_told_or_reason),
    ("outside_asked_first", outside_asked_first),
    ("support_given", support_given),
    ("imagery_without_files", imagery_without_files),
];

/// A number that nobody has looked at for so long may be wrong.
const THIRTEEN_MONTHS_DAYS: i32 = 396;
/// Parents are told, or there is a reason, by the end of the next day.
const TWO_DAYS: SignedDuration = SignedDuration::from_hours(48);

fn worked(facts: &Facts, procedures: &[&str]) -> Answer {
    let say = Say {
        none: "No concern of this kind is open; its procedure is there.",
        all: "Every open concern of this kind is worked by its procedure; no clock has run out unexplained.",
        some: "In some open concerns of this kind a clock has run out and nothing explains it.",
    };
    let missing = procedures.iter().any(|id| !facts.content.procedures.contains_key(*id));
    if missing {
        return Answer::new(false, "The procedure for this kind is missing.", facts.now);
    }
    let open = facts.concerns.iter().filter(|concern| concern.status != ConcernStatus::Closed);
    let ours = open.filter(|concern| procedures.contains(&concern.procedure.as_str()));
    every(facts, ours, |concern| worked_in_time(facts, concern), say)
}

/// An allegation, one about the case manager, and one about staff drawn towards extremism each end with a person who can
/// act today.
fn case_manager_named(facts: &Facts) -> Answer {
    let roster = crate::concerns::case::roster_of(&facts.appointments);
    let switches = &facts.profile.switches;
    let none = BTreeSet::new();
    let first = |kind: ConcernKind, shut: &BTreeSet<_>| {
        let way = Way::of(RouteKind::Allegation, kind, switches).named(facts.profile.case_manager);
        ladder(&way, &roster, shut).first().first().copied()
    };
    let manager = first(ConcernKind::AdultHere, &none);
    let about_them = manager.is_some_and(|manager| first(ConcernKind::AdultHere, &BTreeSet::from([manager])).is_some());
    let extremism = first(ConcernKind::Radicalisation, &none).is_some();
    let what = if manager.is_none() || !extremism {
        "Nobody inside would take an allegation today."
    } else if !about_them {
        "Somebody takes allegations, but nobody inside would take one about that person."
    } else {
        "One person takes allegations today, and another takes one about that person; the LADO and Ofsted stand after them."
    };
    Answer::new(manager.is_some() && about_them && extremism, what, facts.now)
}

fn agencies_known(facts: &Facts) -> Answer {
    // With what this setting entered or corrected: an area without a pack is as good as one with.
    let known = &facts.agencies;
    let today = facts.calendar.local(facts.now).date();
    let named: BTreeSet<&String> = facts
        .content
        .procedures
        .values()
        .flat_map(|procedure| &procedure.steps)
        .flat_map(|step| &step.agencies)
        .collect();
    let say = Say {
        none: "No procedure names an agency.",
        all: "Every agency that a procedure names is in this area's directory, can be reached, and was looked at within thirteen months.",
        some: "Some agencies that a procedure names are missing here, cannot be reached, or nobody has looked at them for thirteen months.",
    };
    let good = |key: &&String| {
        known.iter().find(|agency| agency.key == **key).is_some_and(|agency| {
            let reachable = agency.phone.is_some() || agency.web.is_some() || agency.email.is_some();
            let age = agency.last_checked.until(today).map_or(i32::MAX, |since| since.get_days());
            reachable && age <= THIRTEEN_MONTHS_DAYS
        })
    };
    every(facts, named.into_iter(), good, say)
}

/// A phone or camera of somebody who works here, used with children: it is worked as an allegation (PDV-09, PDV-10). What was
/// judged is read, as somebody wrote it; where nothing is judged yet, its own clock counts.
fn own_devices_are_allegations(facts: &Facts) -> Answer {
    let say = Say {
        none: "Nobody\u{2019}s own phone or camera has been judged to have pictured children here.",
        all: "Whatever was judged to be a picture of children on the device of somebody who works here goes the way of allegations.",
        some: "Somebody who works here was judged to have pictured children on their own device, and it is not worked as an allegation.",
    };
    let judged = |concern: &&Concern| {
        facts
            .records(concern.id, "judge")
            .any(|record| said(record, "whose") == "staff" && matches!(said(record, "images"), "yes" | "not_sure"))
    };
    let theirs = facts.concerns.iter().filter(|concern| concern.procedure == "P12").filter(judged);
    every(facts, theirs, |concern| concern.route == RouteKind::Allegation, say)
}

fn imagery_looks_declared(facts: &Facts) -> Answer {
    let say = Say {
        none: "No concern about a young person's imagery has been closed.",
        all: "Every closed concern about a young person's imagery says whether anybody looked, and why, with a witness.",
        some: "Some closed concerns about a young person's imagery do not say whether anybody looked.",
    };
    let closed =
        facts.concerns.iter().filter(|concern| concern.status == ConcernStatus::Closed && concern.procedure == "P3");
    every(facts, closed, |concern| facts.records(concern.id, "viewing").any(done), say)
}

fn of_year(facts: &Facts) -> impl Iterator<Item = &Concern> {
    let since = facts.ago(YEAR);
    facts.concerns.iter().filter(move |concern| concern.recorded_at >= since)
}

fn in_order(record: &StepRecord) -> bool {
    !record.out_of_order
}

fn deletion_waited(facts: &Facts) -> Answer {
    let say = Say {
        none: "Nothing was deleted in a concern of the last year.",
        all: "Whatever was deleted in a concern of the last year waited for the word of an agency, and two people did it.",
        some: "In some concerns of the last year something was deleted before an agency had said so.",
    };
    let deleted = of_year(facts).filter(|concern| facts.records(concern.id, "delete").any(done));
    every(facts, deleted, |concern| facts.records(concern.id, "delete").all(in_order), say)
}

fn parents_told_or_reason(facts: &Facts) -> Answer {
    let say = Say {
        none: "No concern of the last year, older than two days, asks for telling parents.",
        all: "Where a concern of the last year touches a child the parents were told, or the reason stands there.",
        some: "In some concerns of the last year nothing says that the parents were told, nor why not.",
    };
    let owed = of_year(facts).filter(|concern| {
        let old = concern.known_at.saturating_add(TWO_DAYS).is_ok_and(|until| until < facts.now);
        old && concern.kind != ConcernKind::FilterBreach && facts.is_owed_or_done(concern, "parents_told")
    });
    let good = |concern: &&Concern| {
        let told = facts.records(concern.id, "parents_told").any(|record| done(record) || record.reason.is_some());
        let wait = ["police", "social_care", "lado"].iter().any(|step| {
            let asked_to = ["may_tell", "may_tell_parents"];
            facts.records(concern.id, step).any(|record| asked_to.iter().any(|field| said(record, field) == "wait"))
        });
        let unsafe_yet = facts.records(concern.id, "whom_safe").any(|record| said(record, "safe") == "nobody");
        told || wait || unsafe_yet
    };
    every(facts, owed, good, say)
}

fn outside_asked_first(facts: &Facts) -> Answer {
    let say = Say {
        none: "No concern of the last year went beyond the setting.",
        all: "Whoever was told outside in the last year was told after the police or advisers had spoken.",
        some: "In some concerns of the last year others were told before the police or advisers had spoken.",
    };
    let steps = ["other_settings", "next_setting", "people_told"];
    let told = of_year(facts).filter(|concern| steps.iter().any(|step| facts.records(concern.id, step).any(done)));
    every(facts, told, |concern| steps.iter().all(|step| facts.records(concern.id, step).all(in_order)), say)
}

fn support_given(facts: &Facts) -> Answer {
    let say = Say {
        none: "No concern of the last year that asks for support has been closed.",
        all: "Every concern that was closed in the last year says what support was offered to those touched by it.",
        some: "Some closed concerns do not say what support was offered.",
    };
    let asks =
        |concern: &&Concern| facts.procedure(concern).is_some_and(|procedure| procedure.step("support").is_some());
    let closed = of_year(facts).filter(|concern| concern.status == ConcernStatus::Closed).filter(asks);
    let good =
        |concern: &&Concern| facts.records(concern.id, "support").any(|record| done(record) || record.reason.is_some());
    every(facts, closed, good, say)
}

fn imagery_without_files(facts: &Facts) -> Answer {
    let say = Say {
        none: "No concern has a file that can be fetched; where something could be illegal, none is taken.",
        all: "No file can be fetched from a concern about sexual images, or from one that was ever joined with it.",
        some: "A file lies open in a concern that takes none.",
    };
    every(facts, facts.open_files.iter(), |none| !**none, say)
}
