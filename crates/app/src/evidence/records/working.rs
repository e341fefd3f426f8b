//! Working with others: whom to ring, and what became of what was referred.

use domain::referral::ReferralState;
use jiff::SignedDuration;

use super::super::facts::Facts;
use super::{Answer, Question, Say, every};
use crate::agencies::is_old;

pub(super) const ANSWERS: &[Question] = &[
    ("directory_checked", directory_checked),
    ("referrals_followed", referrals_followed),
    ("support_plans_kept", support_plans_kept),
    ("actions_kept", actions_kept),
    ("ceop_shown", ceop_shown),
    ("family_helplines", family_helplines),
];

/// Numbers without which nobody can act.
const VITAL: [&str; 6] = ["emergency", "police", "front_door", "lado", "ofsted", "nspcc"];

/// How long an agency may be silent after the day on which to ask again.
const PATIENCE: SignedDuration = SignedDuration::from_hours(48);

fn directory_checked(facts: &Facts) -> Answer {
    let today = facts.calendar.local(facts.now).date();
    let vital = |key: &&str| facts.agencies.iter().find(|agency| agency.key == **key);
    let missing: Vec<&str> =
        VITAL.iter().filter(|key| vital(key).is_none_or(|one| one.phone.is_none())).copied().collect();
    let old: Vec<&str> = VITAL
        .iter()
        .filter_map(vital)
        .filter(|agency| agency.unchecked || is_old(agency.last_checked, today))
        .map(|agency| agency.name.as_str())
        .collect();
    let what = match (missing.as_slice(), old.as_slice()) {
        ([], []) => {
            let oldest = VITAL.iter().filter_map(vital).map(|agency| agency.last_checked).min();
            let since = oldest.map(domain::clock::say_day).unwrap_or_default();
            format!(
                "{} agencies are listed; the numbers that matter most were checked on {since} or later.",
                facts.agencies.len()
            )
        }
        ([], old) => format!("Not checked for a year, or never: {}.", old.join(", ")),
        (missing, _) => format!("There is no number for: {}.", missing.join(", ").replace('_', " ")),
    };
    Answer::new(missing.is_empty() && old.is_empty(), what, facts.now)
}

fn referrals_followed(facts: &Facts) -> Answer {
    let say = Say {
        none: "Nothing has been referred yet, and nothing decided against.",
        all: "Every referral has its date and way, and where nobody answered they were asked again; every one not made has its reason.",
        some: "To some referrals nobody has answered, and nobody has asked again.",
    };
    let good = |row: &&store::working::Referral| match row.state {
        ReferralState::NotMade => row.reason.as_ref().is_some_and(|reason| !reason.is_empty()),
        // A draft of more than two days was forgotten.
        ReferralState::Drafted => row.made_at.saturating_add(PATIENCE).is_ok_and(|by| by >= facts.now),
        ReferralState::Sent | ReferralState::Acknowledged => {
            row.sent_at.is_some()
                && row.chase_at.is_none_or(|at| at.saturating_add(PATIENCE).is_ok_and(|by| by >= facts.now))
        }
        ReferralState::Outcome => row.outcome.is_some(),
    };
    every(facts, facts.referrals.iter(), good, say)
}

/// Days after its day by which a plan was looked at, and something to do was done or spoken of.
const GRACE_DAYS: i32 = 14;

fn is_past(facts: &Facts, day: jiff::civil::Date) -> bool {
    let today = facts.calendar.local(facts.now).date();
    day.until(today).is_ok_and(|since| since.get_days() > GRACE_DAYS)
}

fn support_plans_kept(facts: &Facts) -> Answer {
    let say = Say {
        none: "No child has a support plan; the form for one is in every concern.",
        all: "Every support plan holds what the child says or wishes and who sees to it, and was looked at on its day.",
        some: "Some support plans were not looked at on their day.",
    };
    let good = |plan: &&store::together::SupportPlan| {
        !plan.voice.trim().is_empty() && (plan.ended_at.is_some() || !is_past(facts, plan.review_on))
    };
    every(facts, facts.plans.iter(), good, say)
}

fn actions_kept(facts: &Facts) -> Answer {
    let say = Say {
        none: "Nothing has been given to do from a concern yet.",
        all: "Whatever was given to do from a concern has its owner and its day; none is two weeks late.",
        some: "Something that was given to do from a concern is two weeks late.",
    };
    let given = facts.actions.values().flatten();
    every(facts, given, |row| row.done_at.is_some() || !is_past(facts, row.due), say)
}

/// Where families find help without us: each helpline that the directory shows them can be reached, and somebody looked.
fn family_helplines(facts: &Facts) -> Answer {
    let today = facts.calendar.local(facts.now).date();
    let shown: Vec<_> = facts.agencies.iter().filter(|agency| agency.for_families).collect();
    let there = ["nspcc", "childline"].iter().all(|key| shown.iter().any(|agency| agency.key == *key));
    let old: Vec<&str> = shown
        .iter()
        .filter(|agency| {
            is_old(agency.last_checked, today)
                || (agency.phone.is_none() && agency.web.is_none() && agency.email.is_none())
        })
        .map(|agency| agency.name.as_str())
        .collect();
    let what = match (there, old.as_slice()) {
        (true, []) => format!("{} helplines for families, each checked in the last year.", shown.len()),
        (false, _) => "The directory for families lacks the NSPCC or Childline.".to_owned(),
        (true, old) => format!("Nobody has checked for a year: {}.", old.join(", ")),
    };
    Answer::new(there && old.is_empty(), what, facts.now)
}

/// The route by which a child or an adult reports to CEOP stands in the directory and on the steps for abuse online.
fn ceop_shown(facts: &Facts) -> Answer {
    let reachable = facts.agencies.iter().any(|agency| agency.key == "ceop" && agency.web.is_some());
    let steps = facts.content.procedures.get("P4").into_iter().flat_map(|procedure| &procedure.steps);
    let named = steps.into_iter().any(|step| step.agencies.iter().any(|key| key == "ceop"));
    let what = match (reachable, named) {
        (true, true) => "CEOP stands in the directory with its address, and on the steps for abuse online.",
        (false, _) => "The directory has no address for CEOP.",
        (true, false) => "No step for abuse online names CEOP.",
    };
    Answer::new(reachable && named, what, facts.now)
}
