//! Whom to tell, and whether our own pages say so.

use std::collections::BTreeSet;

use domain::PersonId;
use domain::concern::{ConcernKind, RouteKind};
use domain::people::Role;
use domain::routing::{Ladder, Outside, Way, ladder};

use super::{ADULT_PAGE, Answer, Facts, Found, Question, told};
use crate::concerns;

pub(super) const ANSWERS: &[Question] = &[
    ("lead_reachable", lead_reachable),
    ("contact_shown", contact_shown),
    ("report_form_reachable", report_form_reachable),
    ("open_door_answers", open_door_answers),
    ("signs_for_families", signs_for_families),
    ("breach_first_words", breach_first_words),
];

/// Today's ladder with and without each person of its first rung: it must end with somebody inside both times, who can
/// be told, and with numbers outside.
fn lead_reachable(facts: &Facts, found: &Found) -> Answer {
    let roster = crate::concerns::case::roster_of(&facts.appointments);
    let way = |route| Way::of(route, ConcernKind::AdultHere, &facts.profile.switches);
    let ladder_without = |shut: &BTreeSet<PersonId>| ladder(&way(RouteKind::Safeguarding), &roster, shut);
    let whole = ladder_without(&BTreeSet::new());
    let first_is_lead = facts.holders(Role::Dsl).any(|held| whole.first().contains(&held.person_id));
    let can_be_told = |ladder: &Ladder| ladder.first().iter().any(|person| reachable(facts, *person));
    let about_them =
        facts.holders(Role::Dsl).all(|held| can_be_told(&ladder_without(&BTreeSet::from([held.person_id]))));
    let allegation = can_be_told(&ladder(&way(RouteKind::Allegation), &roster, &BTreeSet::new()));
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

/// The door for people without an account, as anybody finds it: a way to tell, a way back, and numbers outside.
fn open_door_answers(_: &Facts, found: &Found) -> Answer {
    match &found.open_door {
        Ok((200, html))
            if ["/new\"", "/back\"", "tel:999", "tel:08000280285"].iter().all(|part| html.contains(part)) =>
        {
            let say = "It answered just now, without an account: it leads to telling and back, and gives the whistleblowing line.";
            Answer::new(true, say, found.at)
        }
        Ok((200, _)) => {
            Answer::new(false, "It answers, and lacks a way to tell, a way back or the numbers outside.", found.at)
        }
        Ok((status, _)) => {
            Answer::new(false, format!("The door for people without an account does not answer: {status}."), found.at)
        }
        Err(why) => Answer::new(false, why.clone(), found.at),
    }
}

/// The sheet of signs, as a family finds it behind the open door: what to notice, and the way to tell us.
fn signs_for_families(_: &Facts, found: &Found) -> Answer {
    match &found.signs {
        Ok((200, html)) if ["data-signs", "/new\"", "tel:999"].iter().all(|part| html.contains(part)) => {
            let say = "It answered just now, without an account: what to notice, the way to tell us, numbers outside.";
            Answer::new(true, say, found.at)
        }
        Ok((200, _)) => Answer::new(false, "It answers, and lacks the signs or a way to tell.", found.at),
        Ok((status, _)) => Answer::new(false, format!("The sheet of signs does not answer: {status}."), found.at),
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
