//! Which kinds of concern a deputy works with.

use app::concerns::kind_in_words;
use app::people;
use axum::extract::Path;
use domain::PersonId;
use domain::concern::ConcernKind;
use domain::people::Role;
use domain::roster::Kinds;
use views::FormView;
use views::pages::register::{RegisterForm, field, field_if};
use views::ui::Tone;

use crate::{
    Answer, Fields, Form, FromForm, Visit,
    fault::{Fault, mend},
};

/// The form of a deputy's kinds.
///
/// # Errors
/// They are no deputy, or the records are away.
pub async fn get(visit: Visit, Path(id): Path<PersonId>) -> Answer {
    visit.page(&page(&visit, id, FormView::new()).await?)
}

async fn page(visit: &Visit, id: PersonId, mut form: FormView) -> Result<RegisterForm, Fault> {
    let view = people::lookup(visit.services(), &visit.ctx(), id).await?;
    let deputy = view.appointments.iter().find(|held| held.role == Role::Deputy).ok_or(Fault::NotFound)?;
    if !form.has_errors() {
        match &deputy.kinds {
            Kinds::All => form.set("which", "all"),
            Kinds::Only(kinds) => {
                form.set("which", "some");
                for kind in kinds {
                    form.keep("kinds", kind.key());
                }
            }
        }
    }
    let which = form
        .radios("which", "Which concerns may they open?")
        .option_with("all", "All kinds", "As the lead does. At least one deputy should.")
        .option("some", "Some kinds only");
    let choices: Vec<(String, String)> =
        Kinds::choices().map(|kind| (kind.key().to_owned(), kind_in_words(kind).to_owned())).collect();
    let kinds = form.checkboxes("kinds", "Which kinds?").options(&choices);
    Ok(RegisterForm {
        heading: format!("What {} works with", view.person.name),
        back: Some((format!("/people/{id}"), "Back".into())),
        about: vec![
            "Concerns of other kinds are not there for them: not in the list, the search or the counts. What they were told of by name stays open to them.".into(),
            "A child never waits for this. If nobody who works with a kind opens a concern in time, the other deputies are told next.".into(),
        ],
        fields: vec![field(&which), field_if("which", "some", &kinds)],
        form,
        action: format!("/people/{id}/kinds"),
        button: "Save".into(),
        ..RegisterForm::default()
    })
}

/// All kinds, or some.
pub struct Input(Kinds);

impl FromForm for Input {
    fn read(fields: &mut Fields) -> Option<Self> {
        let all = fields.choice("which", |key| ["all", "some"].contains(&key).then(|| key == "all"), "Choose one")?;
        if all {
            return Some(Self(Kinds::All));
        }
        let kinds = fields.several("kinds", ConcernKind::from_key)?;
        Some(Self(Kinds::Only(kinds.into_iter().collect())))
    }
}

/// Says which.
///
/// # Errors
/// They are no deputy, or the records are away.
pub async fn post(visit: Visit, Path(id): Path<PersonId>, form: Form<Input>) -> Answer {
    let Some(Input(kinds)) = form.input else { return visit.again(&page(&visit, id, form.view).await?) };
    match people::limit(visit.services(), &mut visit.ctx(), id, kinds).await {
        Ok(()) => visit.go_saying(&format!("/people/{id}"), Tone::Done, "Saved. It holds from now."),
        Err(error) => visit.again(&page(&visit, id, mend(form.view, error)?).await?),
    }
}

/// A role's title, with what a deputy is limited to.
pub(super) fn with_kinds(title: &str, kinds: &Kinds) -> String {
    in_words(kinds).map_or_else(|| title.to_owned(), |kinds| format!("{title}. Only: {kinds}"))
}

/// What somebody's role of deputy opens, in words; nothing where it opens everything.
pub(crate) fn in_words(kinds: &Kinds) -> Option<String> {
    match kinds {
        Kinds::All => None,
        Kinds::Only(kinds) if kinds.is_empty() => Some("no kind that there still is".to_owned()),
        Kinds::Only(kinds) => Some(kinds.iter().map(|kind| kind_in_words(*kind)).collect::<Vec<_>>().join("; ")),
    }
}
