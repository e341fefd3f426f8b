//! Lost second steps: two people vouch, the owner sets up anew, somebody else confirms (S11).

use app::accounts::{self, Vouched};
use axum::extract::Path;
use domain::PersonId;
use views::pages::register::{Act, RegisterThing, Section};
use views::ui::{Cell, Table, Tone};

use super::said;
use crate::pages::devices::Press;
use crate::{Answer, Form, Visit};

/// Says that somebody has lost their second step.
///
/// # Errors
/// They are not there, or the records are away.
pub async fn vouch(visit: Visit, Path(id): Path<PersonId>, form: Form<Press>) -> Answer {
    let to = format!("/people/{id}");
    if form.input.is_none() {
        return visit.go_saying(&to, Tone::Due, "Nothing was done. Press the button once more.");
    }
    match accounts::vouch(visit.services(), &mut visit.ctx(), id).await {
        Ok(Vouched::OneMore) => visit.go_saying(&to, Tone::Info, "Noted. One more person has to say so within a day."),
        Ok(Vouched::Reset) => visit.go_saying(
            &to,
            Tone::Done,
            "They set up a new second step when they sign in. Then somebody else confirms it.",
        ),
        Err(error) => said(&visit, &to, error),
    }
}

/// Lost second steps that wait for somebody.
///
/// # Errors
/// The records are away.
pub async fn recoveries(visit: Visit) -> Answer {
    let all = accounts::list_recoveries(visit.services(), &visit.ctx()).await?;
    let mut table = Table::new("Lost second steps").quiet_caption().column("Who").column("What is missing");
    let mut acts = Vec::new();
    for recovery in &all {
        let missing = match (recovery.recovered_at, recovery.has_second_factor) {
            (None, _) => "A second person who vouches",
            (Some(_), false) => "They set up a new second step",
            (Some(_), true) => "Somebody confirms, face to face, that it was them",
        };
        table.push(vec![Cell::link(&format!("/people/{}", recovery.person), &recovery.name), missing.into()]);
        if recovery.mine_to_decide {
            let (what, button) = match recovery.recovered_at {
                None => ("vouch", format!("I vouch: {} has lost it", recovery.name)),
                Some(_) => ("confirm", format!("I confirm: it was {}", recovery.name)),
            };
            acts.push(Act {
                action: format!("/people/{}/{what}", recovery.person),
                button,
                hint: "Only after speaking with them face to face.".into(),
                ..Act::default()
            });
        }
    }
    visit.page(&RegisterThing {
        title: "Lost second steps".into(),
        heading: "Lost second steps".into(),
        back: ("/people".into(), "People".into()),
        sections: vec![Section { heading: "Waiting".into(), table, empty: "Nobody waits.".into() }],
        acts,
        ..RegisterThing::default()
    })
}

/// Confirms a recovery.
///
/// # Errors
/// Nothing waits, or the records are away.
pub async fn confirm(visit: Visit, Path(id): Path<PersonId>, form: Form<Press>) -> Answer {
    let to = "/people/recoveries";
    if form.input.is_none() {
        return visit.go_saying(to, Tone::Due, "Nothing was done. Press the button once more.");
    }
    match accounts::confirm_recovery(visit.services(), &mut visit.ctx(), id).await {
        Ok(()) => visit.go_saying(to, Tone::Done, "Confirmed. They can work again."),
        Err(error) => said(&visit, to, error),
    }
}
