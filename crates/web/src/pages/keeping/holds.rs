//! Legal holds.

use app::keeping::holds::{self, HoldGround, New, Reach, say};
use axum::extract::Path;
use domain::{LegalHoldId, PersonId};
use views::FormView;
use views::pages::register::{RegisterForm, RegisterList, field};
use views::ui::{Cell, Table, Tag, Tone};

use super::moment;
use crate::{Answer, Fault, Fields, Form, FromForm, Visit, fault::mend, pages::concerns::options};

/// The list.
///
/// # Errors
/// Not for this person.
pub async fn list(visit: Visit) -> Answer {
    let all = holds::list(visit.services(), &visit.ctx()).await?;
    let mut table =
        Table::new("Holds").quiet_caption().column("Reaches").column("Why").column("Placed").column("How it stands");
    for one in &all {
        let stands = match &one.lifted {
            None => Cell::link(&format!("/keeping/holds/{}/lift", one.id), "In force. Lift it"),
            Some((by, at, why)) => {
                Cell::Noted("Lifted".to_owned(), vec![format!("{by}, {}", moment(&visit, *at)), why.clone()])
            }
        };
        table.push(vec![
            Cell::Text(one.reaches.clone()),
            Cell::Noted(format!("{}: {}", capital(say(one.ground)), one.asked_by), vec![one.reason.clone()]),
            Cell::Text(format!("{}, {}", one.placed.0, moment(&visit, one.placed.1))),
            if one.lifted.is_some() { Tag::new(Tone::Calm, "Lifted").into() } else { stands },
        ]);
    }
    visit.page(&RegisterList {
        heading: "Legal holds".to_owned(),
        about: "What must not be destroyed, however old it is, because somebody asked. An open concern, a held device, a request for data and a file on its way hold by themselves.".to_owned(),
        table,
        empty: ("Nothing is held.".to_owned(), "Place a hold when the police, a court, an inquiry, the insurer or a complaint needs records.".to_owned()),
        add: Some(("/keeping/holds/new".to_owned(), "Place a hold".to_owned())),
        ways: vec![("/keeping".to_owned(), "What is kept, and how long".to_owned())],
        ..RegisterList::default()
    })
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + letters.as_str())
}

/// What is typed.
pub struct Input(New);

impl FromForm for Input {
    fn read(fields: &mut Fields) -> Option<Self> {
        let reach = fields.choice(
            "reach",
            |key| ["all", "concern", "person"].into_iter().find(|known| *known == key),
            "Say what it reaches",
        );
        let reach = match reach {
            Some("all") => Some(Reach::Everything),
            Some("concern") => fields.text("reference", 40, "Write the reference of the concern").map(Reach::Concern),
            Some(_) => fields.parsed::<PersonId>("person", "Choose the person").map(Reach::Person),
            None => None,
        };
        let ground = fields.choice("ground", HoldGround::from_key, "Say why");
        let asked_by = fields.text("asked_by", 300, "Write who asked for it");
        let reason = fields.text("reason", 2_000, "Write why nothing may be destroyed");
        Some(Self(New { reach: reach?, ground: ground?, asked_by: asked_by?, reason: reason? }))
    }
}

/// The form.
///
/// # Errors
/// Not for this person.
pub async fn new(visit: Visit) -> Answer {
    visit.page(&page(&visit, FormView::new()).await?)
}

async fn page(visit: &Visit, form: FormView) -> Result<RegisterForm, Fault> {
    let people = app::contacts::lists(visit.services(), &visit.ctx()).await?;
    let all = [people.children, people.staff, people.other_adults].concat();
    let grounds: Vec<(String, String)> =
        HoldGround::ALL.iter().map(|ground| (ground.key().to_owned(), capital(say(*ground)))).collect();
    Ok(RegisterForm {
        heading: "Place a legal hold".to_owned(),
        back: Some(("/keeping/holds".to_owned(), "Legal holds".to_owned())),
        about: vec![
            "From now on nothing that it reaches can be destroyed, by nobody, until somebody lifts it with a reason."
                .to_owned(),
        ],
        fields: vec![
            field(
                &form
                    .radios("reach", "What does it reach?")
                    .option("concern", "One concern")
                    .option("person", "Everything that names one person")
                    .option("all", "Everything: a public inquiry, for example"),
            ),
            field(&form.text("reference", "Reference of the concern (if one concern)").max(40)),
            field(
                &form
                    .select("person", "The person (if all that names one person)")
                    .option("", "Choose")
                    .options(&options(&all)),
            ),
            field(&form.select("ground", "Why?").option("", "Choose").options(&grounds)),
            field(
                &form.text("asked_by", "Who asked for it?").hint("Name, force or office, and their reference").max(300),
            ),
            field(&form.area("reason", "In a few words: what is it about?").rows(3)),
        ],
        action: "/keeping/holds/new".to_owned(),
        button: "Hold it".to_owned(),
        form,
        ..RegisterForm::default()
    })
}

/// Places it.
///
/// # Errors
/// Not for this person.
pub async fn post(visit: Visit, form: Form<Input>) -> Answer {
    let Some(Input(new)) = form.input else { return visit.again(&page(&visit, form.view).await?) };
    match holds::place(visit.services(), &mut visit.ctx(), new).await {
        Ok(_) => visit.go_saying("/keeping/holds", Tone::Done, "It is held from now on."),
        Err(error) => visit.again(&page(&visit, mend(form.view, error)?).await?),
    }
}

/// A reason.
pub struct Why(String);

impl FromForm for Why {
    fn read(fields: &mut Fields) -> Option<Self> {
        fields.text("reason", 2_000, "Write why it may end").map(Self)
    }
}

fn lift_page(id: LegalHoldId, reaches: &str, form: FormView) -> RegisterForm {
    RegisterForm {
        heading: "Lift a legal hold".to_owned(),
        back: Some(("/keeping/holds".to_owned(), "Legal holds".to_owned())),
        about: vec![format!(
            "It reaches: {reaches}. Lifting destroys nothing; two people decide on each record, when its day has come."
        )],
        fields: vec![field(&form.area("reason", "Who said that it may end, and when?").rows(3))],
        action: format!("/keeping/holds/{id}/lift"),
        button: "Lift it".to_owned(),
        form,
        ..RegisterForm::default()
    }
}

async fn reaches(visit: &Visit, id: LegalHoldId) -> Result<String, Fault> {
    let all = holds::list(visit.services(), &visit.ctx()).await?;
    let found = all.into_iter().find(|one| one.id == id && one.lifted.is_none());
    found.map(|one| one.reaches).ok_or(Fault::NotFound)
}

/// The form to lift one.
///
/// # Errors
/// It is not for this person.
pub async fn lift_form(visit: Visit, Path(id): Path<LegalHoldId>) -> Answer {
    let reaches = reaches(&visit, id).await?;
    visit.page(&lift_page(id, &reaches, FormView::new()))
}

/// Lifts it.
///
/// # Errors
/// It is not for this person.
pub async fn lift(visit: Visit, Path(id): Path<LegalHoldId>, form: Form<Why>) -> Answer {
    let reaches = reaches(&visit, id).await?;
    let Some(Why(reason)) = form.input else { return visit.again(&lift_page(id, &reaches, form.view)) };
    match holds::lift(visit.services(), &mut visit.ctx(), id, &reason).await {
        Ok(()) => visit.go_saying("/keeping/holds", Tone::Done, "Lifted."),
        Err(error) => visit.again(&lift_page(id, &reaches, mend(form.view, error)?)),
    }
}
