//! The page of one person.

use app::people::{self, PersonView};
use axum::extract::Path;
use domain::PersonId;
use domain::access::Action;
use domain::people::{PersonKind, Role};
use views::pages::register::{Act, RegisterThing, Section, Way};
use views::ui::{Cell, Summary, Table, Tag, Tone};

use super::kinds::with_kinds;
use super::{kind_in_words, ties, titles};
use crate::{Answer, Visit, words};

/// One person.
///
/// # Errors
/// They are not there, or the records are away.
pub async fn show(visit: Visit, Path(id): Path<PersonId>) -> Answer {
    let services = visit.services();
    let view = people::lookup(services, &visit.ctx(), id).await?;
    let front = titles(&visit).await?;
    let person = &view.person;
    let mut roles = Table::new("Roles").quiet_caption().column("Role").column("Since");
    let mut acts = acts_of(&visit, id, &view);
    for held in &view.appointments {
        let title = front.title(held.role);
        let shown = with_kinds(&title, &held.kinds);
        roles.push(vec![shown.as_str().into(), words::day(services.calendar.local(held.since).date()).into()]);
        if !visit.may(Action::Appoint) {
            continue;
        }
        acts.push(Act {
            action: "/people/roles/end".into(),
            button: format!("End: {title}"),
            hint: "It ends at once, and so do their sessions.".into(),
            grave: true,
            hidden: Some(("appointment".into(), held.id.to_string())),
        });
    }
    let mut family = Table::new("Family").quiet_caption().column("Who").column("What").column("What to know");
    for tie in &view.ties {
        let mut know = Vec::new();
        know.extend(tie.do_not_contact.then(|| "DO NOT CONTACT".to_owned()));
        know.extend(tie.never_disclose_address.then(|| "NEVER DISCLOSE THE ADDRESS".to_owned()));
        know.extend(tie.parental_responsibility.then(|| "parental responsibility".to_owned()));
        know.extend(tie.court_order.as_ref().map(|order| format!("court order: {order}")));
        family.push(vec![
            Cell::link(&format!("/people/{}", tie.other), &tie.name),
            ties::in_words(tie).into(),
            know.join("; ").into(),
        ]);
        if !visit.may(Action::KeepPeople) {
            continue;
        }
        acts.push(Act {
            action: format!("/people/{id}/ties/remove"),
            button: format!("Take away the tie to {}", tie.name),
            hint: "Only if it was entered by mistake.".into(),
            grave: true,
            hidden: Some(("tie".into(), tie.id.to_string())),
        });
    }
    let section = |heading: &str, table, empty: &str| Section { heading: heading.into(), table, empty: empty.into() };
    visit.page(&RegisterThing {
        title: "Person".into(),
        heading: person.name.clone(),
        back: ("/people".into(), "People".into()),
        summary: summary(&view),
        sections: vec![
            section("Roles", roles, "No role here today."),
            section("Family", family, "Nobody is tied to them."),
        ],
        ways: ways_of(&visit, id, &view),
        acts,
        ..RegisterThing::default()
    })
}

fn summary(view: &PersonView) -> Summary {
    let person = &view.person;
    let address = match (&person.email, person.email_verified_at) {
        (None, _) => Cell::from("None"),
        (Some(email), Some(_)) => Cell::Inert(format!("{email} (proved)")),
        (Some(email), None) => Cell::Inert(format!("{email} (not proved yet)")),
    };
    let mut summary = Summary::new().row("Who", kind_in_words(person.kind)).row("Known as", &person.known_as);
    for (key, day) in [("Born", person.born), ("First day", person.joined), ("Last day", person.gone)] {
        if let Some(day) = day {
            summary = summary.row(key, words::day(day));
        }
    }
    summary = summary
        .row("Room", view.room.clone().unwrap_or_else(|| "None".into()))
        .row("Mail", address)
        .row("Telephone", person.phone.clone().map_or_else(|| Cell::from("None"), Cell::Phone));
    if person.kind == PersonKind::Child {
        return summary;
    }
    summary = summary.row("Signs in as", view.username.clone().unwrap_or_else(|| "Has no sign-in".into()));
    if view.username.is_some() {
        let (tone, word) = if view.second_factor { (Tone::Done, "Set up") } else { (Tone::Calm, "Not set up") };
        summary = summary.row("Second step", Tag::new(tone, word));
    }
    summary
}

fn ways_of(visit: &Visit, id: PersonId, view: &PersonView) -> Vec<Way> {
    let grown_up = view.person.kind != PersonKind::Child;
    let deputy = view.appointments.iter().any(|held| held.role == Role::Deputy);
    let all = [
        (visit.may(Action::KeepPeople), "edit", "Change what the register says"),
        (visit.may(Action::KeepPeople), "ties", "Add a family tie"),
        (grown_up && visit.may(Action::Appoint), "role", "Give them a role"),
        (deputy && visit.may(Action::Appoint), "kinds", "Which kinds of concern they work with"),
        (grown_up && view.username.is_none() && visit.may(Action::ResetPassword), "account", "Give them a sign-in"),
    ];
    let open = all.into_iter().filter(|(open, ..)| *open);
    open.map(|(_, what, words)| (format!("/people/{id}/{what}"), words.to_owned())).collect()
}

fn acts_of(visit: &Visit, id: PersonId, view: &PersonView) -> Vec<Act> {
    let press = |what: &str, button: &str, hint: &str, grave| Act {
        action: format!("/people/{id}/{what}"),
        button: button.into(),
        hint: hint.into(),
        grave,
        hidden: None,
    };
    let mut acts = Vec::new();
    if visit.may(Action::KeepPeople) && view.person.email.is_some() && view.person.email_verified_at.is_none() {
        let hint = "Notices go to the address once they have opened the link.";
        acts.push(press("verify", "Mail them a link to prove the address", hint, false));
    }
    if view.username.is_none() {
        return acts;
    }
    if visit.may(Action::ResetPassword) {
        let hint = "You get a link to hand over. You never learn the password.";
        acts.push(press("reset-password", "Reset their password", hint, false));
        let hint = "They can no longer sign in here, at once. What they wrote stays.";
        acts.push(press("end-account", "End their sign-in", hint, true));
    }
    if view.second_factor && visit.may(Action::ConfirmRecovery) {
        let hint = "Say this only face to face. A second person has to say so too.";
        acts.push(press("vouch", "I know they have lost their second step", hint, false));
    }
    acts
}
