//! The form of a person.

use app::people::{self, PersonDraft};
use axum::extract::Path;
use domain::people::PersonKind;
use domain::{PersonId, RoomId};
use jiff::civil::Date;
use views::FormView;
use views::pages::register::{RegisterForm, field};
use views::ui::Tone;

use super::kind_in_words;
use crate::{
    Answer, Fields, Form, FromForm, Visit,
    fault::{Fault, mend},
};

const KINDS: [PersonKind; 4] = [PersonKind::Staff, PersonKind::Child, PersonKind::Family, PersonKind::Visitor];

/// What is typed about a person.
pub struct Input {
    draft: PersonDraft,
    version: i64,
}

impl FromForm for Input {
    fn read(fields: &mut Fields) -> Option<Self> {
        let kind = fields.choice("kind", PersonKind::from_key, "Choose who they are");
        let name = fields.text("name", people::LONGEST_NAME, "Enter the name");
        let known_as = fields.maybe("known_as", people::LONGEST_NAME);
        let born = day(fields, "born");
        let joined = day(fields, "joined");
        let gone = day(fields, "gone");
        let email = fields.maybe("email", 254);
        let phone = fields.maybe("phone", 30);
        let nowhere = fields.raw("room").is_empty();
        let room = if nowhere { Some(None) } else { fields.parsed::<RoomId>("room", "Choose a room").map(Some) };
        let version = fields.raw("version").parse().unwrap_or(0);
        let draft = PersonDraft {
            kind: kind?,
            name: name?,
            known_as: known_as?.unwrap_or_default(),
            born: born?,
            email: email?,
            phone: phone?,
            room: room?,
            joined: joined?,
            gone: gone?,
        };
        Some(Self { draft, version })
    }
}

/// A day that may be left out.
fn day(fields: &mut Fields, name: &str) -> Option<Option<Date>> {
    let left_out = ["day", "month", "year"].iter().all(|part| fields.raw(&format!("{name}-{part}")).is_empty());
    if left_out { Some(None) } else { fields.date(name, "Enter the day").map(Some) }
}

async fn form_page(visit: &Visit, form: FormView, id: Option<PersonId>) -> Result<RegisterForm, Fault> {
    let rooms = people::list_rooms(visit.services(), &visit.ctx()).await?;
    let rooms: Vec<(String, String)> = rooms.into_iter().map(|room| (room.id.to_string(), room.name)).collect();
    let mut kinds = form.radios("kind", "Who are they?");
    for kind in KINDS {
        kinds = kinds.option(kind.key(), kind_in_words(kind));
    }
    let fields = vec![
        format!(
            "<input type=\"hidden\" name=\"version\" value=\"{}\">",
            form.value("version").parse::<i64>().unwrap_or(0)
        ),
        field(&kinds),
        field(&form.text("name", "Full name").max(120)),
        field(&form.text("known_as", "What people call them (if it differs)").max(120)),
        field(&form.date("born", "Date of birth (children)")),
        field(&form.select("room", "Room").option("", "No room").options(&rooms)),
        field(
            &form
                .text("email", "Their own mail address")
                .hint("Notices go there once they have opened a link.")
                .keyboard("email"),
        ),
        field(&form.text("phone", "Telephone").keyboard("tel").width(20)),
        field(&form.date("joined", "First day here (if you know it)")),
        field(&form.date("gone", "Last day here (when they leave)")),
    ];
    let (heading, action, back) = match id {
        None => ("Add a person", "/people/new".to_owned(), ("/people".to_owned(), "People".to_owned())),
        Some(id) => ("Change a person", format!("/people/{id}/edit"), (format!("/people/{id}"), "Back".to_owned())),
    };
    let button = "Save".into();
    Ok(RegisterForm {
        heading: heading.into(),
        back: Some(back),
        form,
        fields,
        action,
        button,
        ..RegisterForm::default()
    })
}

/// The empty form.
///
/// # Errors
/// The records are away.
pub async fn new(visit: Visit) -> Answer {
    visit.page(&form_page(&visit, FormView::new(), None).await?)
}

/// Adds a person.
///
/// # Errors
/// The records are away.
pub async fn add(visit: Visit, form: Form<Input>) -> Answer {
    let Some(input) = form.input else { return visit.again(&form_page(&visit, form.view, None).await?) };
    match people::add(visit.services(), &mut visit.ctx(), input.draft).await {
        Ok(id) => visit.go_saying(&format!("/people/{id}"), Tone::Done, "They are in the register."),
        Err(error) => visit.again(&form_page(&visit, mend(form.view, error)?, None).await?),
    }
}

/// The form of one person.
///
/// # Errors
/// They are not there, or the records are away.
pub async fn edit(visit: Visit, Path(id): Path<PersonId>) -> Answer {
    let person = people::lookup(visit.services(), &visit.ctx(), id).await?.person;
    let mut form = FormView::new()
        .with("version", person.version.to_string())
        .with("kind", person.kind.key())
        .with("name", person.name)
        .with("known_as", person.known_as)
        .with("email", person.email.unwrap_or_default())
        .with("phone", person.phone.unwrap_or_default())
        .with("room", person.room_id.map(|id| id.to_string()).unwrap_or_default());
    for (name, day) in [("born", person.born), ("joined", person.joined), ("gone", person.gone)] {
        let Some(day) = day else { continue };
        form = form.with(&format!("{name}-day"), day.day().to_string());
        form = form.with(&format!("{name}-month"), day.month().to_string());
        form = form.with(&format!("{name}-year"), day.year().to_string());
    }
    visit.page(&form_page(&visit, form, Some(id)).await?)
}

/// Changes them.
///
/// # Errors
/// They are not there, somebody was faster, or the records are away.
pub async fn save(visit: Visit, Path(id): Path<PersonId>, form: Form<Input>) -> Answer {
    let Some(input) = form.input else { return visit.again(&form_page(&visit, form.view, Some(id)).await?) };
    match people::edit(visit.services(), &mut visit.ctx(), id, input.version, input.draft).await {
        Ok(()) => visit.go_saying(&format!("/people/{id}"), Tone::Done, "Saved."),
        Err(error) => visit.again(&form_page(&visit, mend(form.view, error)?, Some(id)).await?),
    }
}
