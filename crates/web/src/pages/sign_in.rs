//! Username and password.

use app::accounts::Credentials;
use axum::extract::Query;
use views::{FormView, pages::sign_in::SignIn};

use crate::{Answer, Fields, Form, FromForm, Secret, Visit, doorway, fault::mend, pages::Next};

/// What is typed.
pub struct Input {
    username: String,
    password: Secret,
    next: String,
}

impl FromForm for Input {
    const SECRETS: &'static [&'static str] = &["password"];

    fn read(fields: &mut Fields) -> Option<Self> {
        let username = fields.text("username", 100, "Enter your username");
        let password = fields.secret("password", "Enter your password");
        Some(Self { username: username?, password: password?, next: fields.raw("next").to_owned() })
    }
}

/// The form.
///
/// # Errors
/// A template failed.
pub async fn get(visit: Visit, Query(wanted): Next) -> Answer {
    if visit.session().is_some() {
        return visit.go(&wanted.next);
    }
    visit.page(&SignIn { form: FormView::new().with("next", wanted.next) })
}

/// Comes in, or says what was wrong without saying which of the two words.
///
/// # Errors
/// The records are away.
pub async fn post(visit: Visit, form: Form<Input>) -> Answer {
    let Some(input) = form.input else { return visit.again(&SignIn { form: form.view }) };
    let credentials = Credentials {
        username: input.username,
        password: input.password.reveal().to_owned(),
        label: visit.browser().to_owned(),
    };
    match doorway::sign_in(&visit, credentials).await {
        Ok(signed_in) => doorway::enter(&visit, &signed_in, &input.next),
        Err(error) => visit.again(&SignIn { form: mend(form.view, error)? }),
    }
}
