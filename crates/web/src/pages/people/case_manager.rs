//! The person who takes allegations here.

use app::people;
use domain::PersonId;
use views::FormView;
use views::pages::register::{RegisterForm, field};
use views::ui::Tone;

use crate::{Answer, Fault, Fields, Form, FromForm, Visit, fault::mend};

/// Who takes allegations, and the form to name somebody.
///
/// # Errors
/// Not for this person.
pub async fn get(visit: Visit) -> Answer {
    visit.page(&page(&visit, FormView::new()).await?)
}

async fn page(visit: &Visit, mut form: FormView) -> Result<RegisterForm, Fault> {
    let found = people::case_manager(visit.services(), &visit.ctx()).await?;
    if !form.has_errors() {
        form.set("person", found.named.map(|person| person.to_string()).unwrap_or_default());
    }
    let could: Vec<(String, String)> = found.could.into_iter().map(|(id, name)| (id.to_string(), name)).collect();
    Ok(RegisterForm {
        heading: "Who takes allegations".to_owned(),
        back: Some(("/people/roles".to_owned(), "Roles".to_owned())),
        about: vec![
            "A concern about an adult who works here goes to one person alone. Name who that is; without a name it is the manager.".to_owned(),
            "About that person, or somebody close to them, it goes to the next in line, as ever. What was told before stays where it is.".to_owned(),
        ],
        fields: vec![field(
            &form.select("person", "Who takes them?").option("", "Nobody by name: the manager").options(&could),
        )],
        action: "/people/case-manager".to_owned(),
        button: "Save".to_owned(),
        form,
        ..RegisterForm::default()
    })
}

/// A name, or none.
pub struct Input(Option<PersonId>);

impl FromForm for Input {
    fn read(fields: &mut Fields) -> Option<Self> {
        match fields.raw("person") {
            "" => Some(Self(None)),
            _ => fields.parsed("person", "Choose somebody from the list").map(|person| Self(Some(person))),
        }
    }
}

/// Names somebody.
///
/// # Errors
/// Not for this person.
pub async fn post(visit: Visit, form: Form<Input>) -> Answer {
    let Some(Input(person)) = form.input else { return visit.again(&page(&visit, form.view).await?) };
    match people::name_case_manager(visit.services(), &mut visit.ctx(), person).await {
        Ok(()) => visit.go_saying("/people/roles", Tone::Done, "Saved. It holds for what is told from now on."),
        Err(error) => visit.again(&page(&visit, mend(form.view, error)?).await?),
    }
}
