//! A new password.

use views::{FormView, pages::account::Password, ui::Tone};

use crate::{Answer, Fields, Form, FromForm, Secret, Visit, doorway, fault::mend};

/// What is typed.
pub struct Input {
    current: Secret,
    new: Secret,
}

impl FromForm for Input {
    const SECRETS: &'static [&'static str] = &["current", "new"];

    fn read(fields: &mut Fields) -> Option<Self> {
        let current = fields.secret("current", "Enter the password that you use now");
        let new = fields.secret("new", "Enter the new password");
        Some(Self { current: current?, new: new? })
    }
}

fn page(visit: &Visit, form: FormView) -> Password {
    Password { form, why: visit.session().and_then(doorway::why_a_new_password) }
}

/// The form.
///
/// # Errors
/// A template failed.
pub async fn get(visit: Visit) -> Answer {
    visit.page(&page(&visit, FormView::new()))
}

/// Changes it.
///
/// # Errors
/// The records are away.
pub async fn post(visit: Visit, form: Form<Input>) -> Answer {
    let Some(input) = form.input else { return visit.again(&page(&visit, form.view)) };
    match doorway::choose_password(&visit, input.current.reveal(), input.new.reveal()).await {
        Ok(signed_in) => {
            let response = visit.go_saying("/account", Tone::Done, "Your new password is saved.")?;
            Ok(doorway::with_session(&visit, response, &signed_in))
        }
        Err(error) => visit.again(&page(&visit, mend(form.view, error)?)),
    }
}
