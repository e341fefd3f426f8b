//! Naming the lead and the chair.

use app::setup::{self, NamedPerson};
use axum::extract::Path;
use domain::Role;
use views::FormView;
use views::pages::register::{RegisterForm, field};
use views::ui::Tone;

use super::back;
use crate::{
    Answer, Fields, Form, FromForm, Visit,
    fault::{Fault, mend},
    pages::people::sign_in::handed_over,
};

/// Who is named.
pub struct Named(NamedPerson);

impl FromForm for Named {
    fn read(fields: &mut Fields) -> Option<Self> {
        let myself = fields.yes("myself");
        let name =
            if myself { fields.maybe("name", 120) } else { fields.text("name", 120, "Enter the name").map(Some) };
        let username = fields.maybe("username", 40);
        let email = fields.maybe("email", 254);
        let phone = fields.maybe("phone", 30);
        Some(Self(NamedPerson {
            name: name?.unwrap_or_default(),
            username: username?.unwrap_or_default(),
            email: email?,
            phone: phone?,
            myself,
        }))
    }
}

fn role_of(key: &str) -> Result<Role, Fault> {
    match key {
        "lead" => Ok(Role::Dsl),
        "chair" => Ok(Role::Chair),
        _ => Err(Fault::NotFound),
    }
}

fn named_page(key: &str, role: Role, form: FormView) -> RegisterForm {
    let mut fields = Vec::new();
    if role == Role::Dsl {
        fields.push(field(&form.checkboxes("myself", "Is it you?").option("yes", "I am the safeguarding lead")));
    }
    fields.push(field(&form.text("name", "Full name").max(120)));
    fields.push(field(&form.text("phone", "Telephone").keyboard("tel").width(20)));
    fields.push(field(&form.text("email", "Their own mail address").keyboard("email")));
    fields.push(field(
        &form
            .text("username", "Username")
            .hint("You get a link to hand over. Leave it empty if they sign in later.")
            .width(20),
    ));
    let heading = if role == Role::Dsl { "Name the safeguarding lead" } else { "Name the chair or owner" };
    RegisterForm {
        heading: heading.into(),
        back: back(),
        fields,
        form,
        action: format!("/set-up/name/{key}"),
        button: "Save".into(),
        ..RegisterForm::default()
    }
}

/// The form for the lead.
///
/// # Errors
/// A template failed.
pub async fn lead(visit: Visit) -> Answer {
    visit.page(&named_page("lead", Role::Dsl, FormView::new()))
}

/// The form for the chair.
///
/// # Errors
/// A template failed.
pub async fn chair(visit: Visit) -> Answer {
    visit.page(&named_page("chair", Role::Chair, FormView::new()))
}

/// Names somebody.
///
/// # Errors
/// The records are away.
pub async fn post(visit: Visit, Path(key): Path<String>, form: Form<Named>) -> Answer {
    let role = role_of(&key)?;
    let Some(Named(person)) = form.input else { return visit.again(&named_page(&key, role, form.view)) };
    match setup::name_somebody(visit.services(), &mut visit.ctx(), role, person).await {
        Ok(Some(handed)) => visit.page(&handed_over(&visit, &handed, "/set-up".into())),
        Ok(None) => visit.go_saying("/set-up", Tone::Done, "Saved."),
        Err(error) => visit.again(&named_page(&key, role, mend(form.view, error)?)),
    }
}
