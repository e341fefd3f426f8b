//! Questions to the running program. What [`super::live`] found just now is read here; nothing is read from rows of
//! evidence, so that no demo and no import can make a probe say yes (S51).
//!
//! To add one: a function and a line in [`ANSWERS`].

use std::collections::BTreeSet;

use domain::PersonId;
use domain::concern::{ConcernKind, RouteKind, Urgency};
use domain::people::Role;
use domain::routing::{Ladder, Outside, Roster, ladder};
use filter::Audience;

use super::Answer;
use super::facts::Facts;
use super::live::Found;
use super::signed;
use crate::concerns;
use crate::gateway::ProbeResult;
use crate::notices;

/// A question's name and who answers it.
type Question = (&'static str, fn(&Facts, &Found) -> Answer);

pub(super) const ANSWERS: &[Question] = &[
    ("lead_reachable", lead_reachable),
    ("contact_shown", contact_shown),
    ("report_form_reachable", report_form_reachable),
    ("breach_first_words", breach_first_words),
    ("dns_blocks_categories", dns_blocks_categories),
    ("proxy_blocks_categories", proxy_blocks_categories),
    ("bypass_closed", bypass_closed),
    ("own_rules_enforced", own_rules_enforced),
    ("unknown_devices_strictest", unknown_devices_strictest),
    ("children_block_page_help", children_block_page_help),
    ("block_says_why", block_says_why),
    ("sealed_supplied", sealed_supplied),
    ("audit_chain_intact", audit_chain_intact),
    ("data_encrypted", data_encrypted),
    ("passwords_policy", passwords_policy),
    ("mail_carries_no_names", mail_carries_no_names),
    ("exclusion_holds", exclusion_holds),
];

/// The answer, if anybody here knows it.
pub(super) fn answer(question: &str, facts: &Facts, found: &Found) -> Option<Answer> {
    ANSWERS.iter().find(|(name, _)| *name == question).map(|(_, ask)| ask(facts, found))
}

/// Today's ladder with and without each person of its first rung: it must end with somebody inside both times, who can
/// be told, and with numbers outside.
fn lead_reachable(facts: &Facts, found: &Found) -> Answer {
    let mut roster = Roster::new();
    for held in &facts.appointments {
        roster.entry(held.role).or_default().push(held.person_id);
    }
    let ladder_without = |shut: &BTreeSet<PersonId>| ladder(RouteKind::Safeguarding, &roster, shut);
    let whole = ladder_without(&BTreeSet::new());
    let first_is_lead = facts.holders(Role::Dsl).any(|held| whole.first().contains(&held.person_id));
    let can_be_told = |ladder: &Ladder| ladder.first().iter().any(|person| reachable(facts, *person));
    let about_them =
        facts.holders(Role::Dsl).all(|held| can_be_told(&ladder_without(&BTreeSet::from([held.person_id]))));
    let allegation = can_be_told(&ladder(RouteKind::Allegation, &roster, &BTreeSet::new()));
    let agencies = facts.content.agencies_of(&facts.profile.area);
    let outside = [Outside::Lado, Outside::Ofsted, Outside::SocialCare]
        .iter()
        .all(|way| agencies.iter().any(|agency| agency.key == way.agency() && agency.phone.is_some()));
    let what = if !first_is_lead || !can_be_told(&whole) {
        "Nobody who is appointed as lead can be told today."
    } else if !about_them {
        "The lead can be told, but there is nobody for a concern about the lead."
    } else if !allegation {
        "Nobody could be told of an allegation about an adult here."
    } else if !outside {
        "The numbers outside (social care, LADO, Ofsted) are not complete for this area."
    } else {
        "The lead can be told today; for a concern about the lead the next in line can; then social care, LADO and Ofsted."
    };
    let ok = first_is_lead && can_be_told(&whole) && about_them && allegation && outside;
    Answer::new(ok, what, found.at)
}

/// By their own pages, by a telephone, or by a verified address.
fn reachable(facts: &Facts, person: PersonId) -> bool {
    let by_register = facts.people.get(&person).is_some_and(|known| {
        known.gone.is_none() && (known.phone.is_some() || (known.email.is_some() && known.email_verified_at.is_some()))
    });
    by_register || facts.account_of(person).is_some()
}

fn escaped(name: &str) -> String {
    name.replace('&', "&#38;").replace('<', "&#60;").replace('>', "&#62;").replace('"', "&#34;").replace('\'', "&#39;")
}

fn contact_shown(facts: &Facts, found: &Found) -> Answer {
    let lead = facts.holders(Role::Dsl).next().and_then(|held| facts.people.get(&held.person_id));
    let Some(lead) = lead else {
        return Answer::new(false, "Nobody is appointed as lead, so no name can be shown.", found.at);
    };
    let page = match &found.front_page {
        Ok(html) => html.contains(&escaped(&lead.name)) || html.contains(&lead.name),
        Err(why) => return Answer::new(false, why.clone(), found.at),
    };
    let block = told(found, |result| result.what == ADULT_PAGE);
    match (page, block) {
        (false, _) => Answer::new(false, "Our pages do not name today\u{2019}s lead.", found.at),
        (true, Ok(_)) => {
            Answer::new(true, "Our pages and the page shown for a block name today\u{2019}s lead.", found.at)
        }
        (true, Err(why)) => {
            Answer::new(false, format!("Our pages name the lead. The page shown for a block: {why}"), found.at)
        }
    }
}

fn report_form_reachable(_: &Facts, found: &Found) -> Answer {
    match &found.report_page {
        Ok((200, html)) if html.contains("/concerns/report/") && html.contains("999") => Answer::new(
            true,
            "It answered just now, from the button on every page, without signing in; whoever writes it down signs in.",
            found.at,
        ),
        Ok((303, _)) => Answer::new(
            false,
            "The button on every page leads to signing in first. Who cannot sign in is shown whom to tell in person.",
            found.at,
        ),
        Ok((status, _)) => Answer::new(false, format!("The form does not answer: {status}."), found.at),
        Err(why) => Answer::new(false, why.clone(), found.at),
    }
}

fn breach_first_words(facts: &Facts, found: &Found) -> Answer {
    let switches = &facts.profile.switches;
    let words = concerns::first_words(&facts.content, switches, ConcernKind::FilterBreach);
    let chosen = switches.get("screen");
    let known = facts.content.procedures.values().any(|procedure| {
        procedure.kinds.contains(&ConcernKind::FilterBreach)
            && chosen.is_some_and(|wording| procedure.first_words.contains_key(wording))
    });
    let what = match (words.first(), known) {
        (Some(first), true) => format!("The form begins: \u{201c}{first}\u{201d}"),
        (Some(_), false) => {
            "The setting\u{2019}s wording for the screen is not one that the procedure knows.".to_owned()
        }
        (None, _) => "The procedure for something on a screen has no first words.".to_owned(),
    };
    Answer::new(known && !words.is_empty(), what, found.at)
}

/// Did all results of a kind pass, of which there must be some? What failed first is said by group.
fn told(found: &Found, of: impl Fn(&ProbeResult) -> bool) -> Result<usize, String> {
    let results: Vec<&ProbeResult> =
        found.probes.as_ref().map_err(Clone::clone)?.iter().filter(|one| of(one)).collect();
    match results.iter().find(|one| !one.passed) {
        Some(one) => {
            Err(format!("{} in the group {}: expected {}, got {}.", one.what, one.group, one.expected, one.got))
        }
        None if results.is_empty() => Err("The self-test asked nothing of that kind.".to_owned()),
        None => Ok(results.len()),
    }
}

fn passed(found: &Found, of: impl Fn(&ProbeResult) -> bool, good: impl Fn(usize) -> String) -> Answer {
    match told(found, of) {
        Ok(count) => Answer::new(true, good(count), found.at),
        Err(why) => Answer::new(false, why, found.at),
    }
}

fn is_about_categories(result: &ProbeResult) -> bool {
    result.what.starts_with("a name in")
}

/// Every group that blocks anything was asked, by this way.
fn every_group_asked(found: &Found, path: &str) -> bool {
    let (Some(snapshot), Ok(results)) = (&found.snapshot, &found.probes) else { return false };
    snapshot.groups.iter().filter(|(_, group)| !group.blocked.is_empty()).all(|(key, group)| {
        let asked = results
            .iter()
            .filter(|one| one.group == *key && one.path == path && one.what.starts_with("a name in the category"));
        asked.count() >= group.blocked.len()
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
            let request = filter::Request { group: key, device: None, host: &host, url: None };
            let verdict = filter::decide(&policy, &lists, &request, facts.now);
            let by_rule = matches!(verdict.cause, filter::Cause::Rule { .. } | filter::Cause::Bypass { .. });
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
    let stranger = filter::Evidence { proxy: None, doh_path: None, addr: Some([192, 0, 2, 77].into()) };
    let identity = policy.identify(&stranger);
    let snapshot = policy.snapshot();
    let strictest = snapshot.groups.get(snapshot.strictest.as_str());
    let blocks = |group: &filter::Group| group.blocked.keys().cloned().collect::<BTreeSet<String>>();
    let nobody_stricter = strictest.is_some_and(|own| {
        let own_blocks = blocks(own);
        own.audience == Audience::Children && snapshot.groups.values().all(|other| blocks(other).is_subset(&own_blocks))
    });
    let falls_there = *identity.group == *snapshot.strictest && identity.device.is_none();
    let what = match (falls_there, nobody_stricter) {
        (true, true) => "A device that nobody knows was placed just now: it gets the strictest group.",
        (false, _) => "A device that nobody knows does not get the strictest group.",
        (true, false) => "The group for unknown devices is not the strictest: another group blocks more.",
    };
    Answer::new(falls_there && nobody_stricter, what, found.at)
}

/// What the gateway's self-test calls the pages that it fetches.
const CHILDS_PAGE: &str = "the page that a child sees";
const ADULT_PAGE: &str = "the page that an adult sees";

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

fn sealed_supplied(facts: &Facts, found: &Found) -> Answer {
    let Some(gateway) = facts.running_gateway() else {
        return Answer::new(false, "The gateway does not run, so nothing is known of the sealed list.", found.at);
    };
    if gateway.sealed_supplied {
        return Answer::new(true, gateway.sealed.clone(), found.at);
    }
    let word = facts.evidence.get(signed::PROVIDER_HAS_LISTS).filter(|row| {
        let age = facts.now.duration_since(row.effective_at);
        row.ok && row.signed_by.is_some() && age <= super::facts::YEAR
    });
    // Their word alone is not enough (S26): a dated external test stands beside it, as a control of its own.
    match word {
        Some(row) => {
            let day = facts.day(row.effective_at);
            Answer::new(
                true,
                format!("The provider confirmed in writing that the lists are in force: {day}."),
                found.at,
            )
        }
        None => Answer::new(
            false,
            format!(
                "{} Nobody can download such a list: ask the filtering provider to confirm in writing that theirs is in \
                 force, or become a member of the Internet Watch Foundation through your provider.",
                gateway.sealed
            ),
            found.at,
        ),
    }
}

fn audit_chain_intact(_: &Facts, found: &Found) -> Answer {
    match &found.chain {
        Ok(_) => Answer::new(
            true,
            "Walked just now from the first entry to the last and to the signed heads: whole.",
            found.at,
        ),
        // Which row is for whoever runs the command; here it could say too much.
        Err(_) => Answer::new(
            false,
            "The chain does not hold. Do not repair anything; run `holdfast audit verify`.",
            found.at,
        ),
    }
}

fn data_encrypted(facts: &Facts, found: &Found) -> Answer {
    let base = facts.web_base.as_str();
    let host = base.split("://").nth(1).and_then(|rest| rest.split(['/', ':']).next()).unwrap_or_default();
    let stays_here = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    let web = base.starts_with("https://") || stays_here;
    let what = match (found.plain_file, web) {
        (Some(false), true) => {
            "The database file was read just now: it is encrypted. The web is HTTPS beyond this machine."
        }
        (Some(true), _) => "The database file on this disk is not encrypted.",
        (None, _) => "The records lie in a database of your own; Holdfast cannot see whether its disk is encrypted.",
        (_, false) => "Our pages are reached without HTTPS from other machines.",
    };
    Answer::new(found.plain_file == Some(false) && web, what, found.at)
}

fn passwords_policy(_: &Facts, found: &Found) -> Answer {
    match &found.passwords {
        Ok(()) => Answer::new(
            true,
            "Tried just now: a short, a common and a stolen password are refused; hashing is argon2id at full cost.",
            found.at,
        ),
        Err(why) => Answer::new(false, format!("Tried just now: {why}."), found.at),
    }
}

/// What would be mailed for each kind, and what was, holds a fixed sentence and a way into our own pages.
fn mail_carries_no_names(facts: &Facts, found: &Found) -> Answer {
    let month = facts.ago(jiff::SignedDuration::from_hours(24 * 30));
    let links = facts.notices.iter().filter(|notice| notice.made_at >= month).map(|notice| notice.link.as_str());
    let example = ["/concerns/00000000-0000-7000-8000-000000000000"];
    let names: Vec<String> = facts
        .people
        .values()
        .flat_map(|person| [person.name.as_str(), person.known_as.as_str()])
        .filter(|name| name.chars().count() >= 3)
        .map(str::to_lowercase)
        .collect();
    let mut seen = 0_usize;
    for link in links.chain(example) {
        for urgency in [Urgency::Urgent, Urgency::Prompt] {
            let (subject, text) = notices::letter(urgency, "", link);
            let said = format!("{subject} {}", text.replace(link, "")).to_lowercase();
            let words: Vec<&str> = said.split(|c: char| !c.is_alphanumeric()).collect();
            let named = names.iter().any(|name| {
                if name.contains(' ') {
                    said.contains(name.as_str())
                } else {
                    words.contains(&name.as_str()) && name.len() > 3
                }
            });
            if named || !is_bare(link) {
                return Answer::new(false, "A mail holds more than a sentence and a way into our pages.", found.at);
            }
        }
        seen += 1;
    }
    let what = format!(
        "Looked at one of each kind made just now, and at those of 30 days ({}): a fixed sentence and a link, no name.",
        super::about(seen.saturating_sub(1))
    );
    Answer::new(true, what, found.at)
}

/// A path of ours made of plain words and ids: nothing that a person typed.
fn is_bare(link: &str) -> bool {
    link.starts_with('/')
        && link.len() <= 120
        && link.split('/').skip(1).all(|part| {
            part.parse::<uuid::Uuid>().is_ok()
                || (part.len() <= 24 && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'))
        })
}

fn exclusion_holds(_: &Facts, found: &Found) -> Answer {
    // The same words whether anybody is shut out of anything or not: the sentence must not tell (S8).
    let what = if found.walls_hold {
        "Asked just now in the name of everybody who must not see something: lists, searches and counts show them nothing."
    } else {
        "Somebody could see something that they must not."
    };
    Answer::new(found.walls_hold, what, found.at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_with_a_word_that_somebody_typed_is_not_bare() {
        assert!(is_bare("/concerns/00000000-0000-7000-8000-000000000000"));
        assert!(is_bare("/filter/self-test"));
        assert!(is_bare("/"));
        for bad in ["/concerns/Joy Child", "/x?name=joy", "https://elsewhere.example/", "/Joy", ""] {
            assert!(!is_bare(bad), "{bad}");
        }
    }
}
