//! Reviews: of the policy, of filtering, of what the children learn.

use app::follow_up::{self, ReviewView};
use axum::extract::{Path, Query};
use domain::ReviewId;
use jiff::civil::Date;
use serde::Deserialize;
use views::FormView;
use views::pages::follow_up::{OverrideLine, ReviewCard, Reviews};
use views::ui::{Tag, Tone};

use crate::fault::mend;
use crate::{Answer, Fault, Fields, Form, FromForm, Visit, words};

/// Closed ones too?
#[derive(Debug, Default, Deserialize)]
pub struct Shown {
    /// "yes".
    #[serde(default)]
    closed: String,
}

/// The reviews that one may know of.
///
/// # Errors
/// The records are away.
pub async fn get(visit: Visit, Query(shown): Query<Shown>) -> Answer {
    let page = page(&visit, shown.closed == "yes", FormView::new(), None).await?;
    visit.page(&page)
}

async fn page(
    visit: &Visit,
    with_closed: bool,
    form: FormView,
    wrong: Option<(ReviewId, FormView)>,
) -> Result<Reviews, Fault> {
    let reviews = follow_up::reviews_with_record(visit.services(), &visit.ctx(), with_closed).await?;
    let error = |id| wrong.as_ref().filter(|(of, _)| *of == id).and_then(|(_, view)| view.errors().first());
    let cards = reviews.into_iter().map(|review| {
        let error = error(review.id).map(|error| error.message.clone());
        card(visit, review, error)
    });
    Ok(Reviews { reviews: cards.collect(), form, with_closed, mend: wrong.map(|(_, view)| view).unwrap_or_default() })
}

fn title(what: &str) -> &'static str {
    match what {
        "policy" => "Review of the policy",
        "filtering" => "Review of filtering",
        "curriculum" => "Review of what the children learn",
        _ => "Review",
    }
}

fn card(visit: &Visit, review: ReviewView, error: Option<String>) -> ReviewCard {
    let calendar = &visit.services().calendar;
    let status = match (&review.closed, review.late) {
        (Some(_), _) => Tag::new(Tone::Done, "Closed"),
        (None, true) => Tag::new(Tone::Gap, "Late"),
        (None, false) => Tag::new(Tone::Due, "Open"),
    };
    let overrides = review.overrides.into_iter().map(|one| OverrideLine {
        href: format!("/filter/proposals/{}", one.proposal),
        names: one.names.join(", "),
        groups: one.groups.join(", "),
        when: format!(
            "From {} until {}{}.",
            calendar.say(one.from),
            calendar.say(one.until),
            if one.cut_short { ", when somebody closed it before its end" } else { "" }
        ),
        who: format!("Asked for by {}, allowed by {}.", one.asked_by, one.allowed_by),
        why: one.why,
    });
    ReviewCard {
        overrides: overrides.collect(),
        id: review.id.to_string(),
        title: title(&review.what).to_owned(),
        why: review.why,
        when: format!("Opened {}, until {}.", calendar.say(review.opened_at), words::day(review.due)),
        status,
        closed: review.closed.map(|done| format!("{}: {} {}", calendar.say(done.at), done.by, done.note)),
        error,
    }
}

/// A new review.
pub struct New {
    what: String,
    why: String,
    due: Date,
}

impl FromForm for New {
    fn read(fields: &mut Fields) -> Option<Self> {
        let known = |key: &str| follow_up::REVIEWS.contains(&key).then(|| key.to_owned());
        let what = fields.choice("what", known, "Choose what to review");
        let why = fields.text("why", 200, "Say why now");
        let due = fields.date("due", "Say until when");
        Some(Self { what: what?, why: why?, due: due? })
    }
}

/// Opens a review.
///
/// # Errors
/// The records are away.
pub async fn post(visit: Visit, form: Form<New>) -> Answer {
    let Some(new) = form.input else {
        let page = page(&visit, false, form.view, None).await?;
        return visit.again(&page);
    };
    match follow_up::open_review(visit.services(), &mut visit.ctx(), &new.what, &new.why, new.due).await {
        Ok(_) => visit.go_saying("/reviews", Tone::Done, "The review is open."),
        Err(error) => {
            let page = page(&visit, false, mend(form.view, error)?, None).await?;
            visit.again(&page)
        }
    }
}

/// How it ended.
pub struct Outcome {
    outcome: String,
}

impl FromForm for Outcome {
    fn read(fields: &mut Fields) -> Option<Self> {
        let outcome = fields.maybe("outcome", 2000);
        Some(Self { outcome: outcome?.unwrap_or_default() })
    }
}

/// Closes one.
///
/// # Errors
/// It is not there, somebody was faster, or the records are away.
pub async fn close(visit: Visit, Path(id): Path<ReviewId>, form: Form<Outcome>) -> Answer {
    let outcome = form.input.map(|input| input.outcome).unwrap_or_default();
    match follow_up::close_review(visit.services(), &mut visit.ctx(), id, &outcome).await {
        Ok(()) => visit.go_saying("/reviews", Tone::Done, "The review is closed."),
        Err(app::Error::Invalid(wrong)) => {
            let mut view = form.view;
            for say in wrong.values() {
                view.error(&format!("outcome-{id}"), say.as_str());
            }
            let page = page(&visit, false, FormView::new(), Some((id, view))).await?;
            visit.again(&page)
        }
        Err(other) => Err(other.into()),
    }
}
