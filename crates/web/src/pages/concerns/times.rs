//! When it happened and when somebody here knew, put right.

use app::concerns::times::{self, Moment};
use axum::extract::Path;
use domain::ConcernId;
use jiff::Timestamp;
use views::FormView;
use views::pages::concerns::step::Times;
use views::ui::{Summary, Tone};

use super::moment;
use crate::{Answer, Fault, Fields, Form, FromForm, Visit, fault::mend};

/// What is typed.
pub struct Right {
    which: Moment,
    at: Timestamp,
    reason: String,
}

impl FromForm for Right {
    fn read(fields: &mut Fields) -> Option<Self> {
        let which = fields.choice("which", which, "Choose which time is wrong");
        let at = fields.moment("at", "Say what is right");
        let reason = fields.text("reason", app::concerns::LONGEST_LINE, "Say how you know, in a few words");
        Some(Self { which: which?, at: at?, reason: reason? })
    }
}

fn which(key: &str) -> Option<Moment> {
    match key {
        "happened" => Some(Moment::Happened),
        "known" => Some(Moment::KnownHere),
        _ => None,
    }
}

/// The form.
///
/// # Errors
/// The concern is not for this person.
pub async fn get(visit: Visit, Path(id): Path<ConcernId>) -> Answer {
    visit.page(&page(&visit, id, FormView::new()).await?)
}

/// Puts it right.
///
/// # Errors
/// The concern is not for this person.
pub async fn post(visit: Visit, Path(id): Path<ConcernId>, form: Form<Right>) -> Answer {
    let Some(Right { which, at, reason }) = form.input else {
        return visit.again(&page(&visit, id, form.view).await?);
    };
    match times::put_right(visit.services(), &mut visit.ctx(), id, which, at, &reason).await {
        Ok(()) => visit.go_saying(
            &format!("/concerns/{id}"),
            Tone::Done,
            "Put right. What stood there before stays in the record.",
        ),
        Err(error) => visit.again(&page(&visit, id, mend(form.view, error)?).await?),
    }
}

async fn page(visit: &Visit, id: ConcernId, form: FormView) -> Result<Times, Fault> {
    let concern = app::concerns::open(visit.services(), &mut visit.ctx(), id).await?;
    let now = Summary::new()
        .row("Happened", moment(visit, concern.event_at))
        .row("Known here", moment(visit, concern.known_at))
        .row("Written down", moment(visit, concern.recorded_at));
    Ok(Times { back: format!("/concerns/{id}"), reference: concern.reference, now, form })
}
