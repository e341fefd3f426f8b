//! A person's sign-in: given, reset, ended. The link is shown once, and nobody else learns the password.

use app::accounts::{self, HandOver};
use app::people;
use axum::extract::Path;
use domain::PersonId;
use views::FormView;
use views::pages::register::{RegisterForm, ShownOnce, field};
use views::ui::{Cell, Summary, Tone};

use super::said;
use crate::pages::devices::Press;
use crate::{Answer, Fields, Form, FromForm, Visit, fault::mend, words};

/// A username.
pub struct Username(String);

impl FromForm for Username {
    fn read(fields: &mut Fields) -> Option<Self> {
        fields.text("username", 40, "Enter a username").map(Self)
    }
}

fn account_form(id: PersonId, form: FormView) -> RegisterForm {
    let username =
        form.text("username", "Username").hint("Letters, figures, dots; theirs alone, never shared.").width(20);
    RegisterForm {
        heading: "Give them a sign-in".into(),
        back: Some((format!("/people/{id}"), "Back".into())),
        about: vec![
            "You get a link to hand over. With it they choose their own password; nobody else learns it.".into(),
        ],
        fields: vec![field(&username)],
        form,
        action: format!("/people/{id}/account"),
        button: "Make the link".into(),
        ..RegisterForm::default()
    }
}

/// The form for a sign-in.
///
/// # Errors
/// They are not there, or the records are away.
pub async fn account_get(visit: Visit, Path(id): Path<PersonId>) -> Answer {
    people::lookup(visit.services(), &visit.ctx(), id).await?;
    visit.page(&account_form(id, FormView::new()))
}

/// Gives a sign-in; the link is shown once.
///
/// # Errors
/// They are not there, or the records are away.
pub async fn account_post(visit: Visit, Path(id): Path<PersonId>, form: Form<Username>) -> Answer {
    let Some(Username(username)) = form.input else { return visit.again(&account_form(id, form.view)) };
    match people::give_account(visit.services(), &mut visit.ctx(), id, &username).await {
        Ok(handed) => visit.page(&handed_over(&visit, &handed, format!("/people/{id}"))),
        Err(error) => visit.again(&account_form(id, mend(form.view, error)?)),
    }
}

/// The page of a link that is shown once.
pub fn handed_over(visit: &Visit, handed: &HandOver, on: String) -> ShownOnce {
    let base = visit.services().web_base.trim_end_matches('/');
    let until = words::moment(&visit.services().calendar.local(handed.until));
    ShownOnce {
        heading: "A link to hand over".into(),
        about: vec!["Give it to them in person. It works once. This page shows it once.".into()],
        summary: Summary::new().row("Link", Cell::Inert(format!("{base}{}", handed.path))).row("Works until", until),
        picture_svg: None,
        on: (on, "I have handed it over".into()),
    }
}

/// Resets a password; the link is shown once.
///
/// # Errors
/// They have no sign-in, or the records are away.
pub async fn reset_password(visit: Visit, Path(id): Path<PersonId>, form: Form<Press>) -> Answer {
    let to = format!("/people/{id}");
    if form.input.is_none() {
        return visit.go_saying(&to, Tone::Due, "Nothing was done. Press the button once more.");
    }
    match accounts::reset_password(visit.services(), &mut visit.ctx(), id).await {
        Ok(handed) => visit.page(&handed_over(&visit, &handed, to)),
        Err(error) => said(&visit, &to, error),
    }
}

/// Ends a sign-in here, with every session.
///
/// # Errors
/// They have none, or the records are away.
pub async fn end_account(visit: Visit, Path(id): Path<PersonId>, form: Form<Press>) -> Answer {
    let to = format!("/people/{id}");
    if form.input.is_none() {
        return visit.go_saying(&to, Tone::Due, "Nothing was done. Press the button once more.");
    }
    match people::end_account(visit.services(), &mut visit.ctx(), id).await {
        Ok(()) => visit.go_saying(&to, Tone::Done, "They can no longer sign in here."),
        Err(error) => said(&visit, &to, error),
    }
}
