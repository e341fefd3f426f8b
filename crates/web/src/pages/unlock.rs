//! The screen locked itself: password again, then on with what one did.

use axum::extract::Query;
use views::{FormView, pages::sign_in::Unlock};

use crate::{Answer, Fields, Form, FromForm, Secret, Visit, doorway, fault::mend, pages::Next};

/// What is typed.
pub struct Input {
    password: Secret,
    next: String,
}

impl FromForm for Input {
    const SECRETS: &'static [&'static str] = &["password"];

    fn read(fields: &mut Fields) -> Option<Self> {
        let password = fields.secret("password", "Enter your password");
        Some(Self { password: password?, next: fields.raw("next").to_owned() })
    }
}

fn page(visit: &Visit, form: FormView) -> Result<Unlock, crate::Fault> {
    Ok(Unlock { form, name: visit.signed_in()?.visit.known_as.clone() })
}

/// The form.
///
/// # Errors
/// Nobody is signed in.
pub async fn get(visit: Visit, Query(wanted): Next) -> Answer {
    if !visit.signed_in()?.visit.locked {
        return visit.go(&wanted.next);
    }
    visit.page(&page(&visit, FormView::new().with("next", wanted.next))?)
}

/// Unlocks.
///
/// # Errors
/// The records are away.
pub async fn post(visit: Visit, form: Form<Input>) -> Answer {
    let Some(input) = form.input else { return visit.again(&page(&visit, form.view)?) };
    match doorway::unlock(&visit, input.password.reveal()).await {
        Ok(signed_in) => doorway::enter(&visit, &signed_in, &input.next),
        Err(error) => visit.again(&page(&visit, mend(form.view, error)?)?),
    }
}
