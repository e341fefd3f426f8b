//! The filter: asked through its real ways, for every group.

use std::collections::BTreeSet;

use filter::Audience;

use super::super::signed;
use super::{ADULT_PAGE, Answer, CHILDS_PAGE, Facts, Found, Question, passed};
use crate::gateway::ProbeResult;

pub(super) const ANSWERS: &[Question] = &[
    ("dns_blocks_categories", dns_blocks_categories),
    ("proxy_blocks_categories", proxy_blocks_categories),
    ("bypass_closed", bypass_closed),
    ("own_rules_enforced", own_rules_enforced),
    ("unknown_devices_strictest", unknown_devices_strictest),
    ("children_block_page_help", children_block_page_help),
    ("block_says_why", block_says_why),
    ("sealed_supplied", sealed_supplied),
    ("search_held", search_held),
    ("limits_said", limits_said),
];

fn is_about_categories(result: &ProbeResult) -> bool {
    result.what.starts_with("a name in")
}

/// Every group that blocks anything was asked, by this way.
fn every_group_asked(found: &Found, path: &str) -> bool {
    let (Some(policy), Ok(results)) = (prepared(found), &found.probes) else { return false };
    policy.snapshot().groups.iter().all(|(key, group)| {
        let asked = results
            .iter()
            .filter(|one| one.group == *key && one.path == path && one.what.starts_with("a name in the category"));
        asked.count() >= policy.hours(group, found.at).blocked(group).len()
    })
}

fn categories_by(found: &Found, path: &'static str, way: &str) -> Answer {
    let answer = passed(
        found,
        |one| one.path == path && is_about_categories(one),
        |count| {
            format!(
                "{count} questions through {way} just now, for every group: what must be blocked is, what is harmless is not."
            )
        },
    );
    if answer.ok && !every_group_asked(found, path) {
        return Answer::new(false, "Not every category of every group could be asked.", found.at);
    }
    answer
}

fn dns_blocks_categories(_: &Facts, found: &Found) -> Answer {
    categories_by(found, "dns", "the real DNS path")
}

fn proxy_blocks_categories(_: &Facts, found: &Found) -> Answer {
    categories_by(found, "proxy", "the real proxy")
}

fn bypass_closed(facts: &Facts, found: &Found) -> Answer {
    let ways = passed(
        found,
        |one| one.what == "a way round the filter",
        |count| {
            format!(
                "{count} tries just now: a browser\u{2019}s own resolver and others are refused, and an unknown device gets the strictest group."
            )
        },
    );
    let unknown = unknown_devices_strictest(facts, found);
    if ways.ok && !unknown.ok { unknown } else { ways }
}

/// Children choose no engine; the filter holds each to its safe search, or closes it (DfE F11).
fn search_held(_: &Facts, found: &Found) -> Answer {
    let answer = passed(
        found,
        |one| one.what == "a search engine",
        |count| {
            format!("{count} questions just now, for every group of children and whoever else is held: search is safe.")
        },
    );
    let (Some(policy), Ok(results)) = (prepared(found), &found.probes) else { return answer };
    let children = policy.snapshot().groups.iter().filter(|(_, group)| group.audience == Audience::Children);
    let asked = |key: &str| results.iter().any(|one| one.group == key && one.what == "a search engine");
    match children.into_iter().find(|(key, _)| !asked(key)) {
        Some((_, group)) => Answer::new(false, format!("{} could not be asked.", group.name), found.at),
        None => answer,
    }
}

/// The filter's own code, on the policy as it stands.
fn prepared(found: &Found) -> Option<filter::Prepared> {
    let sealed = std::sync::Arc::new(filter::SealedTier::not_supplied());
    filter::Prepared::new(found.snapshot.clone()?, sealed).ok()
}

fn not_in_force(facts: &Facts, found: &Found) -> Option<Answer> {
    (!facts.newest_policy_runs)
        .then(|| Answer::new(false, "The gateway does not run the newest policy just now.", found.at))
}

fn own_rules_enforced(facts: &Facts, found: &Found) -> Answer {
    let Some(policy) = prepared(found) else {
        return Answer::new(false, "The policy cannot be read by the filter.", found.at);
    };
    if let Some(gap) = not_in_force(facts, found) {
        return gap;
    }
    let lists = filter::Lists::missing();
    let mut asked = 0_usize;
    for (key, group) in &policy.snapshot().groups {
        for rule in group.block.iter().filter(|rule| rule.until.is_none_or(|until| until > facts.now)) {
            let Ok(host) = filter::Host::parse(&rule.name) else { continue };
            let request = filter::Request::of(key, &host);
            let verdict = filter::decide(&policy, &lists, &request, facts.now);
            // A group that is closed just now, or without a session, is stricter than the rule.
            let by_rule = matches!(
                verdict.cause,
                filter::Cause::Rule { .. }
                    | filter::Cause::Bypass { .. }
                    | filter::Cause::Hours { .. }
                    | filter::Cause::NoSession
            );
            if verdict.outcome != filter::Outcome::Block || !by_rule {
                return Answer::new(false, "A name that this setting blocks is let through.", found.at);
            }
            asked += 1;
        }
    }
    let what = match asked {
        0 => "This setting blocks no name by a decision of its own; the gateway runs the newest policy.".to_owned(),
        _ => {
            format!("{asked} decisions asked of the filter just now: each blocks. The gateway runs the newest policy.")
        }
    };
    Answer::new(true, what, found.at)
}

fn unknown_devices_strictest(facts: &Facts, found: &Found) -> Answer {
    let Some(policy) = prepared(found) else {
        return Answer::new(false, "The policy cannot be read by the filter.", found.at);
    };
    if let Some(gap) = not_in_force(facts, found) {
        return gap;
    }
    // An address for documentation, that no device of a register can have (RFC 5737).
    let stranger = filter::Evidence { addr: Some([192, 0, 2, 77].into()), ..filter::Evidence::default() };
    let identity = policy.identify(&stranger);
    let snapshot = policy.snapshot();
    let strictest = snapshot.groups.get(snapshot.strictest.as_str());
    let blocks = |group: &filter::Group| group.blocked.keys().cloned().collect::<BTreeSet<String>>();
    let nobody_stricter = strictest.is_some_and(|own| {
        let own_blocks = blocks(own);
        own.audience == Audience::Children && snapshot.groups.values().all(|other| blocks(other).is_subset(&own_blocks))
    });
    // A tablet of a group that needs a session, and that loses its settings, is a stranger (CLS-07, S33).
    let needs_a_session = |key: &str| snapshot.groups.get(key).is_some_and(|group| group.supervised);
    let freed = strictest.is_some_and(|own| !own.supervised)
        && snapshot.devices.iter().any(|device| needs_a_session(&device.group));
    let falls_there = *identity.group == *snapshot.strictest && identity.device.is_none();
    let what = match (falls_there, nobody_stricter, freed) {
        (true, true, false) => "A device that nobody knows was placed just now: it gets the strictest group.",
        (false, ..) => "A device that nobody knows does not get the strictest group.",
        (true, false, _) => "The group for unknown devices is not the strictest: another group blocks more.",
        (true, true, true) => {
            "The group for unknown devices is not the strictest: devices of another group need an adult\u{2019}s session, and one of them that loses its settings would need none."
        }
    };
    Answer::new(falls_there && nobody_stricter && !freed, what, found.at)
}

fn children_block_page_help(_: &Facts, found: &Found) -> Answer {
    passed(
        found,
        |one| one.what == CHILDS_PAGE,
        |_| {
            "Fetched just now for each children\u{2019}s group: the picture, \u{201c}tell a grown-up\u{201d}, and the button that calls one.".to_owned()
        },
    )
}

fn block_says_why(_: &Facts, found: &Found) -> Answer {
    passed(
        found,
        |one| one.what == ADULT_PAGE,
        |_| {
            "Fetched just now for each adults\u{2019} group: which category, why, whom to ask, and how to ask for it."
                .to_owned()
        },
    )
}

/// The gateway's own check of that page looks for the sentence.
fn limits_said(_: &Facts, found: &Found) -> Answer {
    passed(
        found,
        |one| one.what == ADULT_PAGE,
        |_| {
            "Fetched just now for each adults\u{2019} group: the page says that no filter is perfect. Every group\u{2019}s own page lists what the filter cannot see."
                .to_owned()
        },
    )
}

fn sealed_supplied(facts: &Facts, found: &Found) -> Answer {
    use crate::sealed::{HOW, Standing, is_of_these, judged};
    let Some(gateway) = facts.running_gateway() else {
        return Answer::new(false, "The gateway does not run, so nothing is known of the sealed list.", found.at);
    };
    let signed_row = |kind: &str| facts.evidence.get(kind).filter(|row| is_of_these(&facts.profile, row));
    let (word, test) = (signed_row(signed::PROVIDER_HAS_LISTS), signed_row(signed::EXTERNAL_TEST));
    let provider = facts.profile.providers.get("filtering").map(String::as_str);
    let standing = judged(Some(gateway), provider, word, test, facts.now);
    let said = standing.say(|at| facts.day(at));
    match standing {
        Standing::Supplied(_) if gateway.sealed_supplied => {
            Answer::new(true, format!("{said} {}", gateway.sealed), found.at)
        }
        Standing::Supplied(_) => Answer::new(true, said, found.at),
        Standing::Stale(_) => Answer::new(
            false,
            format!(
                "{said} A list older than a week needs its supplier; a provider\u{2019}s word needs a test from outside."
            ),
            found.at,
        ),
        Standing::NotSupplied => Answer::new(false, format!("{said} {HOW}"), found.at),
    }
}
