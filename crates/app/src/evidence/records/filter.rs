//! The filter as people decided it: reasons, two people, history, lists, answers.

use std::collections::BTreeSet;

use domain::ProposalId;
use domain::procedure::Within;
use filter::Audience;
use jiff::SignedDuration;
use store::filtering::Proposal;
use store::words::ProposalState;

use super::super::facts::Facts;
use super::super::signed;
use super::{Answer, Question, Say, about, every};
use crate::filtering::decide::{self, Risk};
use crate::filtering::policy::Group;
use crate::sources::view::{SourceView, Standing};

pub(super) const ANSWERS: &[Question] = &[
    ("groups_have_reasons", groups_have_reasons),
    ("risk_assessment_linked", risk_assessment_linked),
    ("filter_changes_two_people", filter_changes_two_people),
    ("filter_history_complete", filter_history_complete),
    ("access_requests_answered", access_requests_answered),
    ("lists_fresh", lists_fresh),
    ("lists_cover_categories", lists_cover_categories),
    ("own_rules_decided", own_rules_decided),
    ("changes_reviewed", changes_reviewed),
    ("break_glass_reviewed", break_glass_reviewed),
    ("gateway_apart", gateway_apart),
    ("essential_systems_asked", essential_systems_asked),
];

/// What tightened at once waits no longer than this for its second person.
const SECOND_PERSON: SignedDuration = SignedDuration::from_hours(24 * 14);
const QUARTER: SignedDuration = SignedDuration::from_hours(24 * 90);
const LISTS: SignedDuration = SignedDuration::from_hours(24 * 30);

fn no_policy(facts: &Facts) -> Answer {
    Answer::new(false, "This setting has no filter policy yet.", facts.now)
}

fn groups_have_reasons(facts: &Facts) -> Answer {
    let Some((number, policy)) = &facts.policy else { return no_policy(facts) };
    let has = |audience: Audience| policy.groups.values().any(|group| group.audience == audience);
    let apart = has(Audience::Children) && has(Audience::Adults);
    let blocks = |group: &Group| group.audience != Audience::Children || !group.blocked.is_empty();
    let reasons = policy.groups.values().all(|group| {
        blocks(group) && group.blocked.values().all(|why| !why.why.trim().is_empty() && !why.title.trim().is_empty())
    });
    let what = match (apart, reasons) {
        (true, true) => format!(
            "Version {number}: {} groups, children and adults apart; every block has its reason.",
            policy.groups.len()
        ),
        (false, _) => "Children and adults are not in groups of their own.".to_owned(),
        (true, false) => "Some blocks have no reason, or a children\u{2019}s group blocks nothing.".to_owned(),
    };
    Answer::new(apart && reasons, what, facts.now)
}

fn risk_assessment_linked(facts: &Facts) -> Answer {
    let Some((number, _)) = &facts.policy else { return no_policy(facts) };
    let Some(row) = facts.evidence.get(signed::RISK_ASSESSMENT) else {
        return Answer::new(false, "Nobody has signed a risk assessment of the filter.", facts.now);
    };
    let days = facts.profile.periods.get("risk_assessment").copied().unwrap_or(365);
    let fresh = facts.now.duration_since(row.effective_at) <= SignedDuration::from_hours(24 * i64::from(days));
    let of = row.detail.get("policy_number").and_then(serde_json::Value::as_i64);
    // Changes since then carry assessments of their own, by their proposals.
    let since_assessed = of.is_some_and(|of| {
        of <= *number
            && facts.versions.iter().filter(|version| version.number > of).all(|version| {
                version.proposal_id.is_some_and(|id| facts.hidden_proposals.contains(&id) || assessed(facts, id))
            })
    });
    let day = facts.day(row.effective_at);
    let what = match (row.ok && row.signed_by.is_some(), fresh, since_assessed) {
        (false, ..) => format!("The newest risk assessment, {day}, says that it is not good enough."),
        (_, false, _) => format!("The newest risk assessment is of {day}: too old."),
        (_, _, false) => "A change of the filter since the risk assessment has none of its own.".to_owned(),
        _ => format!("Signed {day}; changes since then were each assessed."),
    };
    Answer::new(row.ok && row.signed_by.is_some() && fresh && since_assessed, what, row.effective_at)
}

fn assessed(facts: &Facts, id: ProposalId) -> bool {
    facts.proposals.iter().any(|proposal| proposal.id == id && has_risk(proposal))
}

fn has_risk(proposal: &Proposal) -> bool {
    decide::read::<Risk>(&proposal.risk)
        .is_ok_and(|risk| [risk.harm, risk.loss, risk.safeguards].iter().all(|text| !text.trim().is_empty()))
}

/// In force, and by whose word?
fn two_people(facts: &Facts, proposal: &Proposal) -> bool {
    let second = match proposal.state {
        ProposalState::Approved => proposal.decided_by.is_some_and(|by| by != proposal.proposed_by),
        ProposalState::Waiting => facts.now.duration_since(proposal.proposed_at) <= SECOND_PERSON,
        // Looked at by a second person, who said no; what tightened is taken back by a proposal of its own.
        ProposalState::Refused => proposal.decided_by.is_some_and(|by| by != proposal.proposed_by),
        ProposalState::Withdrawn => true,
    };
    second && has_risk(proposal)
}

fn filter_changes_two_people(facts: &Facts) -> Answer {
    let say = Say {
        none: "The filter has not been changed since it was set up.",
        all: "Every change was proposed by one person and looked at by another, with its risk assessed.",
        some: "Some changes were made by one person alone, or without a risk assessment, or wait too long for a second person.",
    };
    let later = facts.versions.iter().filter(|version| version.number > 1);
    let good = |version: &&store::filtering::FilterPolicy| {
        version.proposal_id.is_some_and(|id| {
            facts.hidden_proposals.contains(&id)
                || facts.proposals.iter().any(|proposal| proposal.id == id && two_people(facts, proposal))
        })
    };
    every(facts, later, good, say)
}

fn filter_history_complete(facts: &Facts) -> Answer {
    let mut numbers: Vec<i64> = facts.versions.iter().map(|version| version.number).collect();
    numbers.sort_unstable();
    let newest = numbers.last().copied().unwrap_or(0);
    let whole = !numbers.is_empty() && numbers.iter().copied().eq(1..=newest);
    let readable =
        facts.versions.iter().all(|version| decide::read::<crate::filtering::Policy>(&version.policy).is_ok());
    let what = match (whole && readable, facts.newest_policy_runs) {
        (false, _) => "Versions of the policy are missing, or cannot be read.".to_owned(),
        (true, false) => "All versions are kept, but the gateway does not run the newest policy now.".to_owned(),
        (true, true) => format!("Every version from 1 to {newest} is kept, and the gateway runs the newest now."),
    };
    Answer::new(whole && readable && facts.newest_policy_runs, what, facts.now)
}

fn access_requests_answered(facts: &Facts) -> Answer {
    let since = facts.ago(QUARTER);
    let say = Say {
        none: "Nobody asked for a blocked page in the last 90 days.",
        all: "Everybody who asked for a blocked page had a decision within two working days, or still has time.",
        some: "Some who asked for a blocked page had no decision within two working days.",
    };
    let good = |request: &&store::filtering::AccessRequest| {
        let due = facts.calendar.due(request.asked_at, Within::WorkingDays(2));
        due.is_ok_and(|due| request.decided_at.unwrap_or(facts.now) <= due)
    };
    every(facts, facts.requests.iter().filter(|request| request.asked_at >= since), good, say)
}

fn lists_fresh(facts: &Facts) -> Answer {
    let Some(gateway) = facts.running_gateway() else {
        return Answer::new(false, "The gateway does not run, so no list is in use.", facts.now);
    };
    let (Some(_), changed) = (gateway.list_names, gateway.lists_changed_at) else {
        return Answer::new(false, "The gateway has no lists loaded.", facts.now);
    };
    let Some(sources) = &facts.sources else { return no_policy(facts) };
    let mut doubts: Vec<String> = sources.iter().filter_map(|view| doubt(facts, view)).collect();
    if let Some(why) = &gateway.lists_refused {
        doubts.push(format!("a newer file was refused: {}", why.trim_end_matches('.')));
    }
    let of = match (changed, sources.is_empty()) {
        // With sources, the project's own small lists beneath them are a floor and no list that ages.
        (_, false) if !facts.base_is_real => format!("Lists come from {} sources, each asked in time", sources.len()),
        (None, _) => return Answer::new(false, "The gateway does not know of what date its lists are.", facts.now),
        (Some(at), _) => {
            let day = facts.day(at);
            if facts.now.duration_since(at) > LISTS {
                doubts.insert(0, "they are older than 30 days".to_owned());
            }
            format!("The lists in use are of {day}")
        }
    };
    match doubts.is_empty() {
        true => Answer::new(true, format!("{of}."), facts.now),
        false => Answer::new(false, format!("{of}, but {}.", doubts.join("; ")), facts.now),
    }
}

/// What is wrong with one source, if anything is.
fn doubt(facts: &Facts, view: &SourceView) -> Option<String> {
    let title = &view.source.title;
    let good = view.check.as_ref().and_then(|check| check.good_at);
    match view.standing {
        Standing::Held => Some(format!("a new version of {title} waits for a person")),
        Standing::Failing => Some(format!("{title} has given no list yet")),
        Standing::New => Some(format!("{title} has not been asked yet")),
        Standing::Fresh => None,
        Standing::Stale => Some(match good {
            Some(at) => format!("{title} has given no list since {}", facts.day(at)),
            None => format!("{title} has given no list for a long time"),
        }),
    }
}

fn lists_cover_categories(facts: &Facts) -> Answer {
    let Some((_, policy)) = &facts.policy else { return no_policy(facts) };
    if facts.running_gateway().is_none_or(|gateway| gateway.list_names.is_none()) {
        return Answer::new(false, "The gateway does not run, or has no lists loaded.", facts.now);
    }
    let named: BTreeSet<&str> =
        policy.groups.values().flat_map(|group| group.blocked.keys()).map(String::as_str).collect();
    let missing: Vec<&str> = named.iter().copied().filter(|category| !facts.covered.contains(*category)).collect();
    let what = match missing.len() {
        _ if named.is_empty() => "The policy names no category.".to_owned(),
        0 => format!("Each of the {} kinds that the policy names has a real list behind it.", named.len()),
        many => format!(
            "{many} of the {} kinds that the policy names have only the project\u{2019}s own small list, or none.",
            named.len()
        ),
    };
    Answer::new(missing.is_empty() && !named.is_empty(), what, facts.now)
}

fn own_rules_decided(facts: &Facts) -> Answer {
    let Some((_, policy)) = &facts.policy else { return no_policy(facts) };
    let rules = policy.groups.values().flat_map(|group| group.allow.values().chain(group.block.values()));
    let say = Say {
        none: "This setting blocks and allows no name by a decision of its own.",
        all: "Every name that this setting decided about came by a proposal, with a reason and a second person.",
        some: "Some names are blocked or allowed without a proposal, a reason or a second person.",
    };
    let good = |decision: &&crate::filtering::Decision| {
        let id = decision.rule.parse::<uuid::Uuid>().ok().map(ProposalId);
        let hidden = id.is_some_and(|id| facts.hidden_proposals.contains(&id));
        let known = facts.proposals.iter().find(|proposal| Some(proposal.id) == id);
        hidden || (!decision.reason.trim().is_empty() && known.is_some_and(|proposal| two_people(facts, proposal)))
    };
    every(facts, rules, good, say)
}

/// POL-07: a change of the filter and a new edition of guidance each find a review open, or open one; none is a month late.
fn changes_reviewed(facts: &Facts) -> Answer {
    const LATE: i64 = 30;
    let since = facts.ago(super::super::facts::YEAR);
    let today = facts.calendar.local(facts.now).date();
    let open_at = |at: jiff::Timestamp| {
        facts.own_reviews.iter().any(|review| {
            review.what == "filtering" && review.opened_at <= at && review.closed_at.is_none_or(|closed| closed >= at)
        })
    };
    let hidden = |version: &&store::filtering::FilterPolicy| {
        // What came of a concern has its review behind the concern's walls (S8).
        version.proposal_id.is_some_and(|id| {
            facts.hidden_proposals.contains(&id)
                || facts.proposals.iter().any(|proposal| proposal.id == id && proposal.concern_id.is_some())
        })
    };
    let missed = facts
        .versions
        .iter()
        .filter(|version| version.number > 1 && version.made_at >= since && !hidden(version))
        .filter(|version| !open_at(version.made_at))
        .count();
    let reviewed = |edition: &domain::content::Guidance| {
        let why = crate::guidance::why(edition);
        facts.own_reviews.iter().any(|review| review.why == why)
    };
    let began = facts.calendar.local(facts.began).date();
    let unread: Vec<&str> = facts
        .content
        .guidance
        .iter()
        .filter(|edition| edition.from.is_some_and(|from| from > began && from < today) && !reviewed(edition))
        .map(|edition| edition.title.as_str())
        .collect();
    let late = facts
        .own_reviews
        .iter()
        .filter(|review| review.closed_at.is_none())
        .filter(|review| review.due.checked_add(jiff::Span::new().days(LATE)).is_ok_and(|by| by < today))
        .count();
    let what = match (missed, unread.as_slice(), late) {
        (0, [], 0) => format!(
            "Every change of the filter and of guidance has its review. Reviews that came of no concern: {}.",
            about(facts.own_reviews.len())
        ),
        (0, [], _) => "A review is more than a month late.".to_owned(),
        (0, unread, _) => {
            format!("Nobody has been asked to look at the policy since this changed: {}.", unread.join(", "))
        }
        _ => "The filter was changed while no review of it was open.".to_owned(),
    };
    Answer::new(missed == 0 && unread.is_empty() && late == 0, what, facts.now)
}

/// What was opened in an emergency is looked at within so long.
const LOOK: SignedDuration = SignedDuration::from_hours(24 * 7);

fn break_glass_reviewed(facts: &Facts) -> Answer {
    let say = Say {
        none: "No adults\u{2019} devices were opened in an emergency.",
        all: "Whatever was opened for adults in an emergency has ended, and somebody else looked at it within a week.",
        some: "Adults\u{2019} devices were opened in an emergency, and nobody else has looked at it within a week.",
    };
    let good = |row: &&store::break_glass::BreakGlass| {
        let end = row.ended_at.unwrap_or(row.until_at);
        match row.reviewed_by {
            Some(by) => by != row.opened_by,
            None => facts.now.duration_since(end) <= LOOK,
        }
    };
    every(facts, facts.break_glass.iter(), good, say)
}

fn essential_systems_asked(facts: &Facts) -> Answer {
    use crate::setup::essential::{self, Where};
    let Some((_, policy)) = &facts.policy else { return no_policy(facts) };
    let Some(row) = &facts.essential else {
        let what = "Nobody has asked which calls, alarms, medical devices and doors hang on this network.";
        return Answer::new(false, what, facts.now);
    };
    let answers = essential::read(row).unwrap_or_default();
    let open = essential::SYSTEMS.iter().filter(|(key, _)| !answers.contains_key(*key)).count();
    let here = answers.values().filter(|answer| **answer == Where::Here).count();
    let of_essential = |key: &str| policy.groups.get(key).is_some_and(|group| group.audience == Audience::Essential);
    let devices = facts.devices.iter().filter(|device| of_essential(&device.group_key)).count();
    let what = match (open, here, devices) {
        (1.., ..) => format!("Of systems that must always work, {open} were not asked for."),
        (0, 1.., 0) => format!(
            "{here} kinds of systems that must always work use this network, and no device is in the group for them."
        ),
        _ => format!(
            "Asked on {}: {here} of {} kinds use this network; devices in the group for them: {devices}.",
            facts.day(row.effective_at),
            essential::SYSTEMS.len()
        ),
    };
    Answer::new(open == 0 && (here == 0 || devices > 0), what, row.effective_at)
}

fn gateway_apart(facts: &Facts) -> Answer {
    use crate::gateway::Apart;
    let Some(gateway) = facts.running_gateway() else {
        return Answer::new(false, "The gateway does not run.", facts.now);
    };
    let (good, what) = match &gateway.apart {
        Apart::Shut => (
            true,
            "The gateway is a process of its own; it tried to open the records, and the kernel refused.".to_owned(),
        ),
        Apart::Shared if facts.demo => {
            (true, "The demo runs in one process. A real setting\u{2019}s gateway has its own.".to_owned())
        }
        Apart::Shared => (false, "The gateway shares the process of the records.".to_owned()),
        Apart::Open(why) => {
            (false, format!("The gateway is a process of its own, but could open the records\u{2019} files: {why}."))
        }
    };
    Answer::new(good, what, gateway.at)
}
