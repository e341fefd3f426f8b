//! A record opened in an emergency, and the review afterwards.

use app::keeping::emergency::{self, EmergencyView};
use axum::extract::Path;
use domain::EmergencyId;
use views::FormView;
use views::pages::keeping::{EmergencyCard, EmergencyPage};
use views::ui::Tone;

use super::moment;
use crate::{Answer, Fault, Fields, Form, FromForm, Visit, fault::mend};

/// The form and the list.
///
/// # Errors
/// Not for this person.
pub async fn get(visit: Visit) -> Answer {
    app::notices::seen(visit.services(), &mut visit.ctx(), "/emergency").await?;
    visit.page(&page(&visit, FormView::new()).await?)
}

async fn page(visit: &Visit, form: FormView) -> Result<EmergencyPage, Fault> {
    let all = emergency::list(visit.services(), &visit.ctx()).await?;
    Ok(EmergencyPage { cards: all.iter().map(|one| card(visit, one)).collect(), form })
}

fn card(visit: &Visit, one: &EmergencyView) -> EmergencyCard {
    EmergencyCard {
        heading: format!("Concern {}, opened by {}", one.reference, one.by),
        times: format!("{} until {}", moment(visit, one.opened_at), moment(visit, one.ends_at)),
        lasts: one.lasts,
        reason: one.reason.clone(),
        review: one.review.as_ref().map(|(by, at, said, right)| {
            let was = if *right { "It was right." } else { "It was not right." };
            format!("{was} {said} ({by}, {})", moment(visit, *at))
        }),
        action: one.mine_to_review.then(|| format!("/emergency/{}/review", one.id)),
    }
}

/// Which, why.
pub struct Input {
    reference: String,
    reason: String,
}

impl FromForm for Input {
    fn read(fields: &mut Fields) -> Option<Self> {
        let reference = fields.text("reference", 40, "Write the reference");
        let reason = fields.text("reason", 2_000, "Write what happened, and whom you tried to reach");
        Some(Self { reference: reference?, reason: reason? })
    }
}

/// Opens it.
///
/// # Errors
/// Not for this person.
pub async fn post(visit: Visit, form: Form<Input>) -> Answer {
    let Some(Input { reference, reason }) = form.input else { return visit.again(&page(&visit, form.view).await?) };
    match emergency::open(visit.services(), &mut visit.ctx(), &reference, &reason).await {
        Ok(id) => visit.go_saying(
            &format!("/concerns/{id}"),
            Tone::Due,
            "Open to you for four hours. The leads and the chair know.",
        ),
        Err(error) => visit.again(&page(&visit, mend(form.view, error)?).await?),
    }
}

/// What was found.
pub struct Review {
    said: String,
    right: bool,
}

impl FromForm for Review {
    fn read(fields: &mut Fields) -> Option<Self> {
        let said = fields.text("review", 2_000, "Write what you found");
        let right = fields.yes_or_no("right", "Say whether it was right");
        Some(Self { said: said?, right: right? })
    }
}

/// Somebody else says whether it was right.
///
/// # Errors
/// It is not for this person.
pub async fn review(visit: Visit, Path(id): Path<EmergencyId>, form: Form<Review>) -> Answer {
    let Some(Review { said, right }) = form.input else { return visit.again(&page(&visit, form.view).await?) };
    match emergency::review(visit.services(), &mut visit.ctx(), id, &said, right).await {
        Ok(()) => visit.go_saying("/emergency", Tone::Done, "Written down."),
        Err(error) => visit.again(&page(&visit, mend(form.view, error)?).await?),
    }
}
