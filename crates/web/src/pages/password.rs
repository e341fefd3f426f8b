//! A new password.

use app::accounts::PasswordChange;
use views::{FormView, pages::account::Password, ui::Tone};

use crate::{Answer, Fields, Form, FromForm, Secret, Visit, doorway, fault::mend};

/// What is typed.
pub struct Input {
    old: Secret,
    new: Secret,
    again: Secret,
}

impl FromForm for Input {
    const SECRETS: &'static [&'static str] = &["old", "new", "again"];

    fn read(fields: &mut Fields) -> Option<Self> {
        let old = fields.secret("old", "Enter the password that you use now");
        let new = fields.secret("new", "Enter the new password");
        let again = fields.secret("again", "Enter the new password a second time");
        Some(Self { old: old?, new: new?, again: again? })
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
    let change = PasswordChange {
        old: input.old.reveal().to_owned(),
        new: input.new.reveal().to_owned(),
        again: input.again.reveal().to_owned(),
    };
    match doorway::choose_password(&visit, change).await {
        Ok(signed_in) => {
            let response = visit.go_saying("/account", Tone::Done, "Your new password is saved.")?;
            Ok(doorway::with_session(&visit, response, &signed_in))
        }
        Err(error) => visit.again(&page(&visit, mend(form.view, error)?)),
    }
}
