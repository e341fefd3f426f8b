//! Concerns: told, opened, recorded, worked, learned from. Sentences speak of all of them together, never of one.

use std::collections::BTreeSet;

use domain::clock::Rest;
use domain::concern::{ConcernKind, ConcernStatus};
use domain::procedure::{Act, ProgramAct, StepRecord};
use domain::{AccountId, PersonId};
use jiff::{SignedDuration, Timestamp};
use store::concerns::Concern;

use super::super::facts::{Facts, YEAR};
use super::{Answer, Question, Say, every};
use crate::concerns::case;

pub(super) const ANSWERS: &[Question] = &[
    ("concerns_notified", concerns_notified),
    ("concerns_opened_in_time", concerns_opened_in_time),
    ("concern_records_complete", concern_records_complete),
    ("concern_views_logged", concern_views_logged),
    ("closed_concerns_have_debrief", closed_concerns_have_debrief),
    ("lessons_became_actions", lessons_became_actions),
    ("breaches_reported_to_lead", breaches_reported_to_lead),
    ("alerts_reach_lead", alerts_reach_lead),
    ("breach_facts_recorded", breach_facts_recorded),
    ("breach_devices_held", breach_devices_held),
    ("breaches_worked", breaches_worked),
    ("breach_parents_told_or_reason", breach_parents_told_or_reason),
    ("illegal_breaches_reported", illegal_breaches_reported),
];

const TWO_MINUTES: SignedDuration = SignedDuration::from_mins(2);
const HOUR: SignedDuration = SignedDuration::from_hours(1);
const DAY: SignedDuration = SignedDuration::from_hours(24);
const MONTH_DAYS: i64 = 30;
const QUARTER: SignedDuration = SignedDuration::from_hours(24 * 90);

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(at)
}

pub(super) fn done(record: &StepRecord) -> bool {
    matches!(record.act, Act::Done | Act::AlreadyHappened)
}

pub(super) fn said<'a>(record: &'a StepRecord, field: &str) -> &'a str {
    record.answers.get(field).map_or("", |answer| answer.trim())
}

fn has_reason(record: &StepRecord) -> bool {
    record.reason.as_deref().is_some_and(|reason| !reason.trim().is_empty())
}

/// Told in person, with the time: without it, nothing says that it was soon.
fn has_a_time(told: Option<&serde_json::Value>) -> bool {
    told.and_then(crate::concerns::told).is_some_and(|(_, at)| at.is_some())
}

/// Somebody was told at once; or it was opened before it had to go further, which shows the same.
fn told(facts: &Facts, concern: &Concern, to: impl Fn(PersonId, Timestamp) -> bool) -> bool {
    let in_time = later(concern.recorded_at, TWO_MINUTES);
    let noticed =
        facts.notices_of(concern.id).any(|notice| notice.made_at <= in_time && to(notice.person_id, notice.made_at));
    // Notices that were seen are cleared away after a time; what stays is who opened it, and when.
    let patience = SignedDuration::from_mins(concern.urgency.escalates_after_minutes());
    let opened = concern.opened_at.is_some_and(|at| at <= later(concern.recorded_at, patience))
        && concern.opened_by.is_some_and(|person| to(person, concern.opened_at.unwrap_or(concern.recorded_at)));
    noticed || opened
}

fn concerns_notified(facts: &Facts) -> Answer {
    let since = facts.ago(YEAR);
    let say = Say {
        none: "No concern was filed in the last year; the route is asked beside this.",
        all: "Every concern of the last year told its first recipient within two minutes, or shows whom it told instead.",
        some: "Some concerns of the last year show nobody who was told at once.",
    };
    let filed = facts.concerns.iter().filter(|concern| concern.recorded_at >= since);
    every(facts, filed, |concern| told(facts, concern, |_, _| true) || concern.told_in_person.is_some(), say)
}

fn breaches_reported_to_lead(facts: &Facts) -> Answer {
    let say = Say {
        none: "No breach of filtering was reported in the last year.",
        all: "Every breach of the last year reached the lead, or who stood in, at once.",
        some: "Some breaches of the last year did not reach the lead, nor who stood in, at once.",
    };
    let to_lead = |person, at| facts.worked_cases(person, at);
    every(facts, facts.breaches(facts.ago(YEAR)), |concern| told(facts, concern, to_lead), say)
}

fn concerns_opened_in_time(facts: &Facts) -> Answer {
    let since = facts.ago(QUARTER);
    let say = Say {
        none: "No concern was filed in the last 90 days.",
        all: "Every concern of the last 90 days was opened in time, or passed on until somebody did.",
        some: "Some concerns of the last 90 days waited without being opened or passed on.",
    };
    let good = |concern: &&Concern| {
        let patience = SignedDuration::from_mins(concern.urgency.escalates_after_minutes());
        let until = later(concern.recorded_at, patience);
        let passed_on = facts.passed_on.contains(&concern.id);
        // Whoever opened it was shut out since, and nobody has taken it: a gap until somebody does.
        let dropped = concern.opened_at.is_some() && concern.status == ConcernStatus::Received;
        match concern.opened_at {
            Some(_) if dropped => false,
            Some(at) => at <= until || passed_on,
            // A day without anybody opening it is a gap, however often it was passed on.
            None => facts.now <= until || (passed_on && facts.now <= later(concern.recorded_at, DAY)),
        }
    };
    every(facts, facts.concerns.iter().filter(|concern| concern.recorded_at >= since), good, say)
}

fn concern_records_complete(facts: &Facts) -> Answer {
    let say = Say {
        none: "No concern is older than a day.",
        all: "Every concern older than a day has its full account and its reporter.",
        some: "Some concerns older than a day still lack exact words, times, or who was told.",
    };
    let good = |concern: &&Concern| {
        let account =
            facts.records(concern.id, "account").any(|record| done(record) && !said(record, "complete").is_empty());
        let told = concern.told_in_person.is_some() || told(facts, concern, |_, _| true);
        // A sender without an account has six words to come back with instead of a name (S14).
        let reporter = concern.reporter_id.is_some() || crate::telling::is_unsigned(concern);
        (concern.stage_two_at.is_some() || account) && told && reporter
    };
    let old = facts.concerns.iter().filter(|concern| later(concern.recorded_at, DAY) < facts.now);
    every(facts, old, good, say)
}

fn concern_views_logged(facts: &Facts) -> Answer {
    let logged: BTreeSet<_> = facts.looks.iter().map(|look| look.concern).collect();
    let opened = facts.concerns.iter().filter(|concern| concern.opened_at.is_some());
    let person_of = |actor: &str| {
        let account: AccountId = actor.parse::<uuid::Uuid>().ok()?.into();
        facts.memberships.iter().find(|held| held.account_id == account).map(|held| held.person_id)
    };
    let stranger = facts.looks.iter().any(|look| {
        person_of(&look.actor).is_some_and(|person| {
            let invited = facts.invited.get(&look.concern).is_some_and(|all| all.contains(&person));
            !facts.worked_cases(person, look.at) && !invited
        })
    });
    let say = Say {
        none: "No concern has been opened yet.",
        all: "Every concern that was opened has its openings, prints and exports in the audit, by people who might.",
        some: "Some concerns were opened without a line in the audit.",
    };
    let mut answer = every(facts, opened, |concern| logged.contains(&concern.id), say);
    if stranger {
        answer = Answer::new(false, "The audit shows a look at a concern by somebody without the right.", facts.now);
    }
    answer
}

/// Debriefs of a concern that were really held.
fn debriefs<'a>(facts: &'a Facts, concern: &Concern) -> Vec<&'a StepRecord> {
    let step = facts
        .procedure(concern)
        .and_then(|procedure| procedure.steps.iter().find(|step| step.act == Some(ProgramAct::Debrief)));
    let Some(step) = step else { return Vec::new() };
    let all = facts.steps.get(&concern.id).into_iter().flatten();
    all.filter(|record| record.step == step.key && done(record)).collect()
}

fn closed_concerns_have_debrief(facts: &Facts) -> Answer {
    let say = Say {
        none: "No concern has been closed yet.",
        all: "Every closed concern has its debrief, with outcome and lessons, before it was closed.",
        some: "Some concerns were closed without a debrief that says outcome and lessons.",
    };
    let good = |concern: &&Concern| {
        debriefs(facts, concern).iter().any(|record| {
            concern.closed_at.is_none_or(|closed| record.recorded_at <= closed)
                && !said(record, "outcome").is_empty()
                && !said(record, "lessons").is_empty()
        })
    };
    every(facts, facts.concerns.iter().filter(|concern| concern.status == ConcernStatus::Closed), good, say)
}

fn lessons_became_actions(facts: &Facts) -> Answer {
    let today = facts.calendar.local(facts.now).date();
    let late = |due: jiff::civil::Date| due.until(today).is_ok_and(|since| i64::from(since.get_days()) > MONTH_DAYS);
    let good = |concern: &&Concern| {
        let last = debriefs(facts, concern).last().copied();
        let actions = facts.actions.get(&concern.id).map_or(&[][..], Vec::as_slice);
        let reviews = facts.reviews.get(&concern.id).map_or(&[][..], Vec::as_slice);
        let asks_action = last.is_some_and(|record| record.answers.values().any(|answer| answer == "action"));
        let asks_review = last.is_some_and(|record| said(record, "policy") == "review");
        let overdue = actions.iter().any(|row| row.done_at.is_none() && late(row.due))
            || reviews.iter().any(|row| row.closed_at.is_none() && late(row.due));
        (!asks_action || !actions.is_empty()) && (!asks_review || !reviews.is_empty()) && !overdue
    };
    let say = Say {
        none: "No debrief has been held yet.",
        all: "Every lesson that asks for a change has an action with owner and date, or a review; none is a month late.",
        some: "Some lessons have no action and no review, or theirs is a month late.",
    };
    let learned = facts.concerns.iter().filter(|concern| !debriefs(facts, concern).is_empty());
    every(facts, learned, good, say)
}

fn alerts_reach_lead(facts: &Facts) -> Answer {
    let since = facts.ago(QUARTER);
    let alerts = facts.notices.iter().filter(|notice| notice.made_at >= since && notice.link.starts_with("/alerts"));
    let say = Say {
        none: "The filter raised no alert in the last 90 days, and it runs now.",
        all: "Every alert of the last 90 days was put before the lead, and opened; the filter runs now.",
        some: "Some alerts of the last 90 days have waited longer than a day.",
    };
    let good = |notice: &&store::notices::Notice| notice.seen_at.is_some() || later(notice.made_at, DAY) >= facts.now;
    let answer = every(facts, alerts, good, say);
    if facts.running_gateway().is_none() {
        return Answer::new(false, "The gateway does not run: no alert could reach anybody now.", facts.now);
    }
    answer
}

fn breach_facts_recorded(facts: &Facts) -> Answer {
    let say = Say {
        none: "No breach of filtering in the last year is older than a day.",
        all: "Every breach names device and time, and the address or why nobody knows it.",
        some: "Some breaches lack the device, or the address and why nobody knows it.",
    };
    let good = |concern: &&Concern| {
        let device = concern.device_id.is_some()
            || facts.records(concern.id, "hold_device").any(|record| done(record) && !said(record, "where").is_empty());
        let address = facts.with_hosts.contains(&concern.id)
            || facts.records(concern.id, "find_cause").any(|record| done(record) && !said(record, "detail").is_empty());
        device && address
    };
    let old = facts.breaches(facts.ago(YEAR)).filter(|concern| later(concern.recorded_at, DAY) < facts.now);
    every(facts, old, good, say)
}

fn breach_devices_held(facts: &Facts) -> Answer {
    let say = Say {
        none: "No breach of filtering in the last year is older than an hour.",
        all: "In every breach the device was held within the hour, or the record says why not.",
        some: "In some breaches no device was held and nothing says why.",
    };
    let good = |concern: &&Concern| {
        let in_time = later(concern.recorded_at, HOUR);
        let held = facts.holds.iter().any(|hold| {
            Some(hold.device_id) == concern.device_id
                && hold.placed_at <= in_time
                && hold.released_at.is_none_or(|at| at >= concern.recorded_at)
        });
        let written = facts
            .records(concern.id, "hold_device")
            .any(|record| done(record) || (record.act == Act::Waived && has_reason(record)));
        held || written
    };
    let old = facts.breaches(facts.ago(YEAR)).filter(|concern| later(concern.recorded_at, HOUR) < facts.now);
    every(facts, old, good, say)
}

fn breaches_worked(facts: &Facts) -> Answer {
    let say = Say {
        none: "No breach of filtering is open.",
        all: "Every open breach is worked by its procedure; no clock has run out on a step.",
        some: "In some open breaches a clock has run out and nothing explains it.",
    };
    let good = |concern: &&Concern| worked_in_time(facts, concern);
    let open = facts
        .concerns
        .iter()
        .filter(|concern| concern.kind == ConcernKind::FilterBreach && concern.status != ConcernStatus::Closed);
    every(facts, open, good, say)
}

/// Has no clock of this concern run out, but where a reason stands beside it?
pub(super) fn worked_in_time(facts: &Facts, concern: &Concern) -> bool {
    let Some(procedure) = facts.procedure(concern) else { return false };
    let records: &[StepRecord] = facts.steps.get(&concern.id).map_or(&[], Vec::as_slice);
    let switches = case::switches(&facts.profile, &facts.calendar, concern);
    procedure.clocks_running(records, &switches).all(|clock| {
        let within = clock.within(&switches);
        let own = facts.rests.iter().filter(|rest| rest.concern_id == concern.id && rest.clock == clock.key);
        let rests: Vec<Rest> = own.map(|rest| Rest { from: rest.from_at, until: rest.until_at }).collect();
        let due = facts.calendar.due_in(&facts.profile.terms, concern.known_at, within);
        let due = due.and_then(|due| facts.calendar.due_after_rests(concern.known_at, due, within, &rests, facts.now));
        let stopped = procedure.clock_stopped(records, clock).is_some();
        let explained = records.iter().any(|record| {
            has_reason(record) && procedure.step(&record.step).is_some_and(|step| clock.is_stopped_by(step))
        });
        // The account is stage two of the report itself; who was told in person stops that clock too.
        let written = clock.key == "account" && concern.stage_two_at.is_some();
        let said_at_once =
            matches!(clock.key.as_str(), "lead_told" | "manager_told") && has_a_time(concern.told_in_person.as_ref());
        stopped || explained || written || said_at_once || due.is_ok_and(|due| due >= facts.now)
    })
}

fn breach_parents_told_or_reason(facts: &Facts) -> Answer {
    let say = Say {
        none: "No breach of filtering in the last year, older than a day, touched a child.",
        all: "In every breach that touched a child the parents were told, with date and by whom, or the reason stands there.",
        some: "In some breaches that touched a child nothing says that the parents were told, nor why not.",
    };
    let touched = |concern: &&Concern| {
        let last = facts.records(concern.id, "who_exposed").filter(|record| done(record)).last();
        last.is_none_or(|record| said(record, "children_exposed") != "no")
    };
    let good = |concern: &&Concern| {
        facts.records(concern.id, "parents_told").any(|record| {
            let told = !said(record, "at").is_empty() && !said(record, "by").is_empty();
            (done(record) && (told || !said(record, "reason").is_empty())) || has_reason(record)
        })
            // Police or advice asked us to wait: their words are the reason.
            || facts
                .records(concern.id, "illegal_advice")
                .any(|record| done(record) && said(record, "may_tell") == "wait" && !said(record, "words").is_empty())
    };
    let old = facts.breaches(facts.ago(YEAR)).filter(|concern| later(concern.recorded_at, DAY) < facts.now);
    every(facts, old.filter(touched), good, say)
}

fn illegal_breaches_reported(facts: &Facts) -> Answer {
    let say = Say {
        none: "No breach of the last year was judged as one that could be illegal.",
        all: "Every breach that could be illegal was reported to an agency, with its reference.",
        some: "Some breaches that could be illegal show no report with a reference.",
    };
    let could = |concern: &&Concern| {
        facts
            .records(concern.id, "could_be_illegal")
            .any(|record| done(record) && matches!(said(record, "answer"), "yes" | "not_sure"))
    };
    let good = |concern: &&Concern| {
        let reported = |step: &'static str, agencies: &'static [&'static str]| {
            facts.records(concern.id, step).any(|record| {
                done(record) && agencies.contains(&said(record, "agency")) && !said(record, "reference").is_empty()
            })
        };
        reported("illegal_advice", &["police", "iwf", "ceop"])
            || reported("agency_report", &["police", "iwf", "ceop", "several"])
            || later(concern.known_at, HOUR) >= facts.now
    };
    every(facts, facts.breaches(facts.ago(YEAR)).filter(could), good, say)
}
