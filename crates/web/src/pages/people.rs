//! The register of people: the list, and what its pages share. One module for each thing that is done with a person:
//! the form, the page of one, roles, sign-ins, lost second steps, addresses, ties, rooms.

pub mod address;
pub mod case_manager;
pub mod form;
pub mod kinds;
pub mod one;
pub mod roles;
pub mod rooms;
pub mod second_step;
pub mod sign_in;
pub mod ties;

use app::people;
use domain::RoleSet;
use domain::access::Action;
use domain::people::PersonKind;
use views::pages::register::RegisterList;
use views::ui::{Cell, Table, Tag, Tone};

use crate::{Answer, Visit, fault::Fault};

/// What the roles are called in this setting.
async fn titles(visit: &Visit) -> Result<app::front::Front, Fault> {
    let setting = visit.session().map(|session| session.visit.setting);
    Ok(app::front::of(visit.services(), visit.ctx().now, setting).await?)
}

fn kind_in_words(kind: PersonKind) -> &'static str {
    match kind {
        PersonKind::Staff => "Member of staff",
        PersonKind::Child => "Child",
        PersonKind::Family => "Parent, carer or family",
        PersonKind::Visitor => "Visitor",
        PersonKind::Unknown => "Not yet known",
    }
}

/// The list.
///
/// # Errors
/// The records are away.
pub async fn list(visit: Visit) -> Answer {
    let front = titles(&visit).await?;
    let held = |roles: &RoleSet| roles.iter().map(|role| front.title(*role)).collect::<Vec<_>>().join(", ");
    let mut table = Table::new("People").quiet_caption();
    for column in ["Name", "Who", "Room", "Roles", "Signs in"] {
        table = table.column(column);
    }
    for person in people::list(visit.services(), &visit.ctx(), None).await? {
        let state = match (person.gone, person.has_account) {
            (true, _) => Tag::new(Tone::Shut, "Has left"),
            (false, true) => Tag::new(Tone::Done, "Yes"),
            (false, false) => Tag::new(Tone::Calm, "No"),
        };
        table.push(vec![
            Cell::link(&format!("/people/{}", person.id), &person.name),
            kind_in_words(person.kind).into(),
            person.room.unwrap_or_default().into(),
            held(&person.roles).into(),
            state.into(),
        ]);
    }
    let keeps = visit.may(Action::KeepPeople);
    visit.page(&RegisterList {
        heading: "People".into(),
        about: "Staff, children, their families, visitors. What is needed to keep children safe, and no more.".into(),
        table,
        empty: ("Nobody yet.".into(), "Add the staff first, then the children.".into()),
        add: keeps.then(|| ("/people/new".into(), "Add a person".into())),
        ways: [
            (true, "/people/roles", "Who holds which role, and what stands empty"),
            (visit.may(Action::ConfirmRecovery), "/people/recoveries", "Lost second steps"),
            (keeps, "/people/rooms", "Rooms"),
            (keeps, "/imports/people", "Add many from a spreadsheet"),
        ]
        .into_iter()
        .filter(|(open, ..)| *open)
        .map(|(_, way, words)| (way.to_owned(), words.to_owned()))
        .collect(),
        ..RegisterList::default()
    })
}

/// A refusal in words, beside the button that was pressed.
fn said(visit: &Visit, to: &str, error: app::Error) -> Answer {
    match error {
        app::Error::Invalid(said) => visit.go_saying(to, Tone::Gap, &said.into_values().collect::<Vec<_>>().join(" ")),
        other => Err(other.into()),
    }
}
