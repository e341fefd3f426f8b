//! Rooms: the list, and one more.

use app::people;
use views::FormView;
use views::pages::register::{RegisterForm, field};
use views::ui::{Table, Tone};

use crate::{
    Answer, Fields, Form, FromForm, Visit,
    fault::{Fault, mend},
};

/// A room's name.
pub struct Name(String);

impl FromForm for Name {
    fn read(fields: &mut Fields) -> Option<Self> {
        fields.text("room", 60, "Enter the room's name").map(Self)
    }
}

async fn page(visit: &Visit, form: FormView) -> Result<RegisterForm, Fault> {
    let mut table = Table::new("Rooms").quiet_caption().column("Room");
    for room in people::list_rooms(visit.services(), &visit.ctx()).await? {
        table.push(vec![room.name.into()]);
    }
    Ok(RegisterForm {
        heading: "Rooms".into(),
        back: Some(("/people".into(), "People".into())),
        about: vec!["Children, staff and devices belong to rooms.".into()],
        table: (!table.is_empty()).then_some(table),
        fields: vec![field(&form.text("room", "Add a room").max(60).width(20))],
        form,
        action: "/people/rooms".into(),
        button: "Add the room".into(),
        ..RegisterForm::default()
    })
}

/// The rooms, and the form of one more.
///
/// # Errors
/// The records are away.
pub async fn get(visit: Visit) -> Answer {
    visit.page(&page(&visit, FormView::new()).await?)
}

/// Adds a room.
///
/// # Errors
/// The records are away.
pub async fn post(visit: Visit, form: Form<Name>) -> Answer {
    let Some(Name(name)) = form.input else { return visit.again(&page(&visit, form.view).await?) };
    match people::add_room(visit.services(), &mut visit.ctx(), &name).await {
        Ok(_) => visit.go_saying("/people/rooms", Tone::Done, "The room is there."),
        Err(error) => visit.again(&page(&visit, mend(form.view, error)?).await?),
    }
}
