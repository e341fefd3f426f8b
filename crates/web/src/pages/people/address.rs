//! An address is proved by a mailed link with a button behind it.

use app::{accounts, people};
use axum::extract::Path;
use domain::PersonId;
use views::pages::register::RegisterForm;
use views::ui::Tone;

use crate::pages::devices::Press;
use crate::{Answer, Form, Visit};

/// Mails a link to prove an address.
///
/// # Errors
/// They are not there, or the records are away.
pub async fn verify(visit: Visit, Path(id): Path<PersonId>, form: Form<Press>) -> Answer {
    let to = format!("/people/{id}");
    if form.input.is_none() {
        return visit.go_saying(&to, Tone::Due, "Nothing was done. Press the button once more.");
    }
    people::send_verification(visit.services(), &mut visit.ctx(), id).await?;
    visit.go_saying(&to, Tone::Done, "The mail is on its way.")
}

fn verify_form(token: &str) -> RegisterForm {
    RegisterForm {
        heading: "Is this address yours?".into(),
        about: vec!["Press the button to say so. Notices from Holdfast then come to it.".into()],
        action: format!("/verify/{token}"),
        button: "Yes, it is mine".into(),
        ..RegisterForm::default()
    }
}

/// The mailed link: a button, so that a mail scanner that opens links proves nothing.
///
/// # Errors
/// A template failed.
pub async fn verify_get(visit: Visit, Path(token): Path<String>) -> Answer {
    visit.page(&verify_form(accounts::Token::given(&token).expose()))
}

/// The address is proved.
///
/// # Errors
/// The link does not work any more, or the records are away.
pub async fn verify_post(visit: Visit, Path(token): Path<String>, form: Form<Press>) -> Answer {
    let token = accounts::Token::given(&token);
    if form.input.is_none() {
        return visit.again(&verify_form(token.expose()));
    }
    people::verify_email(visit.services(), &mut visit.ctx(), &token).await?;
    visit.go_saying("/sign-in", Tone::Done, "Thank you. The address is yours.")
}
