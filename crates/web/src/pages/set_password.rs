//! A link that was handed over in person, with which its owner chooses a password (S11).

use app::accounts::{self, Token};
use axum::extract::Path;
use views::{FormView, pages::account::SetPassword, ui::Tone};

use crate::{Answer, Fault, Fields, Form, FromForm, Secret, Visit, fault::mend};

/// What is typed.
pub struct Input {
    new: Secret,
    again: Secret,
}

impl FromForm for Input {
    const SECRETS: &'static [&'static str] = &["new", "again"];

    fn read(fields: &mut Fields) -> Option<Self> {
        let new = fields.secret("new", "Enter a new password");
        let again = fields.secret("again", "Enter it a second time");
        Some(Self { new: new?, again: again? })
    }
}

async fn page(visit: &Visit, token: &str, form: FormView) -> Result<SetPassword, Fault> {
    let username = accounts::who_may_choose(visit.services(), &visit.ctx(), &Token::given(token)).await?;
    Ok(SetPassword { form, username: username.ok_or(Fault::NotFound)?, action: visit.path().to_owned() })
}

/// The form.
///
/// # Errors
/// The link does not work any more.
pub async fn get(visit: Visit, Path(token): Path<String>) -> Answer {
    visit.page(&page(&visit, &token, FormView::new()).await?)
}

/// Saves it; then one signs in as on any day.
///
/// # Errors
/// The link does not work any more, or the records are away.
pub async fn post(visit: Visit, Path(token): Path<String>, form: Form<Input>) -> Answer {
    let Some(input) = form.input else { return visit.again(&page(&visit, &token, form.view).await?) };
    let word = Token::given(&token);
    let (new, again) = (input.new.reveal(), input.again.reveal());
    match accounts::choose_with_link(visit.services(), &mut visit.ctx(), &word, new, again).await {
        Ok(_) => visit.go_saying("/sign-in", Tone::Done, "Your password is saved. Sign in with it."),
        Err(error) => visit.again(&page(&visit, &token, mend(form.view, error)?).await?),
    }
}
