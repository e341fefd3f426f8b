//! Working with others: whom to ring, and what became of what was referred.

use domain::referral::ReferralState;
use jiff::SignedDuration;

use super::super::facts::Facts;
use super::{Answer, Question, Say, every};
use crate::agencies::is_old;

pub(super) const ANSWERS: &[Question] =
    &[("directory_checked", directory_checked), ("referrals_followed", referrals_followed)];

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
