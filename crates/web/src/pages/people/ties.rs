//! Who belongs to whom: a tie is added with what must be known before anybody is informed (S13), and taken away when it
//! was a mistake.

use app::people::{self, Tie, TieDraft, TieInfo};
use axum::extract::Path;
use domain::PersonId;
use uuid::Uuid;
use views::FormView;
use views::pages::register::{RegisterForm, field};
use views::ui::Tone;

use crate::{
    Answer, Fields, Form, FromForm, Visit,
    fault::{Fault, mend},
};

/// What is typed about a tie.
pub struct Input(TieDraft);

impl FromForm for Input {
    fn read(fields: &mut Fields) -> Option<Self> {
        let other = fields.parsed::<PersonId>("other", "Choose somebody from the register");
        let kind = fields.choice("kind", Tie::from_key, "Choose what they are");
        let court_order = fields.maybe("court_order", 1_000);
        let know = |word: &str, fields: &Fields| fields.yes(word);
        Some(Self(TieDraft {
            other: other?,
            kind: kind?,
            parental_responsibility: know("parental_responsibility", fields),
            court_order: court_order?,
            do_not_contact: know("do_not_contact", fields),
            never_disclose_address: know("never_disclose_address", fields),
        }))
    }
}

/// What a tie is called.
fn word(kind: Tie) -> &'static str {
    match kind {
        Tie::Parent => "Parent",
        Tie::Carer => "Carer",
        Tie::Sibling => "Sister or brother",
        Tie::Partner => "Partner",
        Tie::Relative => "Another relative",
    }
}

/// What `tie` says on the page of the person called `name`: "Parent" there, "Parent of Mia" on the parent's own page.
pub(super) fn in_words(tie: &TieInfo) -> String {
    match (tie.kind, tie.towards_person) {
        (Tie::Parent | Tie::Carer, false) => format!("They are the {} here", word(tie.kind).to_lowercase()),
        (kind, _) => word(kind).to_owned(),
    }
}

async fn page(visit: &Visit, id: PersonId, form: FormView) -> Result<RegisterForm, Fault> {
    let person = people::lookup(visit.services(), &visit.ctx(), id).await?.person;
    let others = people::list(visit.services(), &visit.ctx(), None).await?;
    let others: Vec<(String, String)> =
        others.into_iter().filter(|other| other.id != id).map(|other| (other.id.to_string(), other.name)).collect();
    let mut kinds = form.radios("kind", &format!("What are they to {}?", person.known_as));
    for kind in [Tie::Parent, Tie::Carer, Tie::Sibling, Tie::Partner, Tie::Relative] {
        kinds = kinds.option(kind.key(), word(kind));
    }
    let tick = |name: &str, legend: &str, label: &str| form.checkboxes(name, legend).option("yes", label);
    let fields = vec![
        field(&form.select("other", "Who?").option("", "Choose").options(&others)),
        field(&kinds),
        field(&tick(
            "parental_responsibility",
            "Parental responsibility",
            "They have parental responsibility for the child",
        )),
        field(&tick("do_not_contact", "Contact", "They must not be contacted")),
        field(&tick("never_disclose_address", "Address", "They must never learn the address")),
        field(
            &form
                .area("court_order", "Court order, if there is one")
                .rows(3)
                .hint("What it says, its date and its court. Leave it empty if there is none."),
        ),
    ];
    Ok(RegisterForm {
        heading: "Add a family tie".into(),
        back: Some((format!("/people/{id}"), person.name)),
        about: vec![
            "Relatives among the staff are kept away from a child's concerns. Ties are also what people see before they ring a parent.".into(),
        ],
        fields,
        form,
        action: format!("/people/{id}/ties"),
        button: "Add the tie".into(),
        ..RegisterForm::default()
    })
}

/// The form.
///
/// # Errors
/// They are not there, or the records are away.
pub async fn get(visit: Visit, Path(id): Path<PersonId>) -> Answer {
    visit.page(&page(&visit, id, FormView::new()).await?)
}

/// Ties two people.
///
/// # Errors
/// They are not there, or the records are away.
pub async fn post(visit: Visit, Path(id): Path<PersonId>, form: Form<Input>) -> Answer {
    let Some(Input(draft)) = form.input else { return visit.again(&page(&visit, id, form.view).await?) };
    match people::add_tie(visit.services(), &mut visit.ctx(), id, draft).await {
        Ok(_) => visit.go_saying(&format!("/people/{id}"), Tone::Done, "The tie is in the register."),
        Err(error) => visit.again(&page(&visit, id, mend(form.view, error)?).await?),
    }
}

/// Which tie to take away.
pub struct Remove(Uuid);

impl FromForm for Remove {
    fn read(fields: &mut Fields) -> Option<Self> {
        fields.parsed("tie", "Choose a tie").map(Self)
    }
}

/// Takes a tie away.
///
/// # Errors
/// The records are away.
pub async fn remove(visit: Visit, Path(id): Path<PersonId>, form: Form<Remove>) -> Answer {
    let to = format!("/people/{id}");
    let Some(Remove(tie)) = form.input else {
        return visit.go_saying(&to, Tone::Due, "Nothing was taken away. Press the button once more.");
    };
    people::remove_tie(visit.services(), &mut visit.ctx(), tie).await?;
    visit.go_saying(&to, Tone::Done, "The tie is gone. What it shut out before stays shut out.")
}
