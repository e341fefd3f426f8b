//! Six figures, or a recovery code.

use axum::extract::Query;
use views::{FormView, pages::sign_in::SecondFactor};

use crate::{Answer, Fields, Form, FromForm, Secret, Visit, doorway, fault::mend, pages::Next};

/// What is typed.
pub struct Input {
    code: Secret,
    next: String,
}

impl FromForm for Input {
    const SECRETS: &'static [&'static str] = &["code"];

    fn read(fields: &mut Fields) -> Option<Self> {
        let code = fields.secret("code", "Enter the six figures");
        Some(Self { code: code?, next: fields.raw("next").to_owned() })
    }
}

fn page(form: FormView) -> SecondFactor {
    SecondFactor { form, report_anyway: true }
}

/// The form.
///
/// # Errors
/// A template failed.
pub async fn get(visit: Visit, Query(wanted): Next) -> Answer {
    visit.page(&page(FormView::new().with("next", wanted.next)))
}

/// Shows the second factor.
///
/// # Errors
/// The records are away.
pub async fn post(visit: Visit, form: Form<Input>) -> Answer {
    let Some(input) = form.input else { return visit.again(&page(form.view)) };
    match doorway::show_second_factor(&visit, input.code.reveal()).await {
        Ok(signed_in) => doorway::enter(&visit, &signed_in, &input.next),
        Err(error) => visit.again(&page(mend(form.view, error)?)),
    }
}
