//! Checks that people sign.

use app::evidence::signed::{self, Check as Known, Signature};
use axum::extract::Query;
use jiff::SignedDuration;
use jiff::civil::Date;
use serde::Deserialize;
use views::FormView;
use views::pages::evidence::{Check, CheckCard, Checks};
use views::ui::{Tag, Tone};

use crate::fault::mend;
use crate::{Answer, Fault, Fields, Form, FromForm, Visit};

/// All checks.
///
/// # Errors
/// The records are away.
pub async fn get(visit: Visit) -> Answer {
    let ctx = visit.ctx();
    let checks = signed::list(visit.services(), &ctx).await?;
    let cards = checks.into_iter().map(|check| {
        let last = check.last.as_ref();
        CheckCard {
            status: standing(&check, ctx.now),
            last: last.map(|one| {
                let invented = if one.fictional { " Fictional." } else { "" };
                format!("{}. {}{invented}", visit.services().calendar.say(one.at), one.summary)
            }),
            notes: last.map(|one| one.notes.clone()).unwrap_or_default(),
            href: check.may.then(|| match check.kind.as_str() {
                // Four results, each with its own consequence.
                signed::EXTERNAL_TEST => "/checks/external".to_owned(),
                kind => format!("/checks/sign?kind={}", crate::visit::encode(kind)),
            }),
            title: check.title,
            statement: check.statement,
        }
    });
    visit.page(&Checks { checks: cards.collect() })
}

fn standing(check: &Known, now: jiff::Timestamp) -> Tag {
    let Some(last) = &check.last else { return Tag::new(Tone::Gap, "Never signed") };
    let age = now.duration_since(last.at);
    let days = SignedDuration::from_hours(24 * i64::from(check.every_days));
    match (last.ok, age > days) {
        (false, _) => Tag::new(Tone::Gap, "Not right"),
        (true, true) => Tag::new(Tone::Due, "Due again"),
        (true, false) => Tag::new(Tone::Done, "Signed"),
    }
}

/// Which check.
#[derive(Debug, Default, Deserialize)]
pub struct Which {
    /// Its kind.
    #[serde(default)]
    kind: String,
}

/// The form for one.
///
/// # Errors
/// There is no such check, or it is not this person's to sign.
pub async fn form(visit: Visit, Query(which): Query<Which>) -> Answer {
    let page = page(&visit, &which.kind, FormView::new()).await?;
    visit.page(&page)
}

async fn page(visit: &Visit, kind: &str, form: FormView) -> Result<Check, Fault> {
    let checks = signed::list(visit.services(), &visit.ctx()).await?;
    let check = checks.into_iter().find(|check| check.kind == kind && check.may).ok_or(Fault::NotFound)?;
    Ok(Check { form, kind: check.kind, title: check.title, statement: check.statement })
}

/// What somebody signs.
pub struct Input {
    kind: String,
    ok: bool,
    on: Date,
    notes: String,
}

impl FromForm for Input {
    fn read(fields: &mut Fields) -> Option<Self> {
        let kind = fields.text("kind", 100, "Choose what you checked");
        let ok = fields.yes_or_no("ok", "Say whether it is so");
        let on = fields.date("on", "Say on which day you looked");
        let notes = fields.text("notes", 2000, "Say what you looked at and what you found");
        Some(Self { kind: kind?, ok: ok?, on: on?, notes: notes? })
    }
}

/// Signs it.
///
/// # Errors
/// It is not this person's to sign, or the records are away.
pub async fn post(visit: Visit, form: Form<Input>) -> Answer {
    let kind = form.view.value("kind").to_owned();
    let Some(input) = form.input else {
        let page = page(&visit, &kind, form.view).await?;
        return visit.again(&page);
    };
    let signature = Signature { kind: input.kind, ok: input.ok, on: input.on, notes: input.notes };
    match signed::sign(visit.services(), &mut visit.ctx(), signature).await {
        Ok(()) => visit.go_saying("/checks", Tone::Done, "Signed. It is in the evidence now."),
        Err(error) => {
            let page = page(&visit, &kind, mend(form.view, error)?).await?;
            visit.again(&page)
        }
    }
}
