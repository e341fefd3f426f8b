//! The house itself: chain, disk, passwords, mail, walls.

use domain::concern::Urgency;

use super::super::live::{Chain, costs_enough};
use super::{Answer, Facts, Found, Question};
use crate::notices;

pub(super) const ANSWERS: &[Question] = &[
    ("audit_chain_intact", audit_chain_intact),
    ("data_encrypted", data_encrypted),
    ("passwords_policy", passwords_policy),
    ("mail_carries_no_names", mail_carries_no_names),
    ("exclusion_holds", exclusion_holds),
    ("activity_forgotten", activity_forgotten),
];

fn audit_chain_intact(_: &Facts, found: &Found) -> Answer {
    match found.chain {
        Chain::Whole => Answer::new(
            true,
            "Walked just now from the first entry to the last and to the signed heads: whole.",
            found.at,
        ),
        // Not met before it is seen: no older walk stands in for this one.
        Chain::Walking => {
            Answer::new(false, "It is being walked just now, which takes some minutes here. Look again then.", found.at)
        }
        Chain::Broken => Answer::new(
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

/// What the program would do today, and what lies in the rows: a hash that somebody put there must cost as much as ours.
fn passwords_policy(facts: &Facts, found: &Found) -> Answer {
    let cheap = facts.accounts.values().any(|one| one.ended_at.is_none() && !costs_enough(&one.password_hash));
    match &found.passwords {
        Ok(()) if cheap => {
            Answer::new(false, "A stored password is hashed more cheaply than it must be: reset it.", found.at)
        }
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
        super::super::about(seen.saturating_sub(1))
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

fn exclusion_holds(facts: &Facts, found: &Found) -> Answer {
    // Nothing in the program takes a wall away: one that the chain knows and the rows do not, somebody else took.
    let holds = found.walls_hold && facts.walls.0 >= facts.walls.1;
    // The same words whether anybody is shut out of anything or not: the sentence must not tell (S8).
    let what = if holds {
        "Asked just now in the name of everybody who must not see something: lists, searches and counts show them nothing."
    } else {
        "Somebody could see something that they must not."
    };
    Answer::new(holds, what, found.at)
}

/// S38, MON-04: what devices asked for goes by itself, day by day.
fn activity_forgotten(facts: &Facts, found: &Found) -> Answer {
    let kept = crate::activity::KEPT_DAYS;
    match &found.overdue_activity {
        Ok(None) => Answer::new(
            true,
            format!(
                "Read just now: of what devices asked for nothing is older than {kept} days, but for days that a hold keeps. Each look at it stands in the audit."
            ),
            found.at,
        ),
        Ok(Some(day)) => Answer::new(
            false,
            format!("What devices asked for is still here from {}: older than {kept} days.", facts.day(*day)),
            found.at,
        ),
        Err(why) => Answer::new(false, format!("It cannot be read just now: {why}"), found.at),
    }
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
