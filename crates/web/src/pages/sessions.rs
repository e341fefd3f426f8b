//! Supervised sessions: open one, end one, the short number for tablets, screen time.

use app::filtering::sessions::{self, Open, ScreenTime, Youngest, pin};
use axum::extract::Path;
use domain::{RoomId, access::Action};
use uuid::Uuid;
use views::FormView;
use views::pages::sessions as pages;
use views::ui::{Cell, Table, Tag, Tone};

use super::filter::say;
use crate::{Answer, Fault, Fields, Form, FromForm, Visit, fault::mend, words};

/// A session as typed; on a tablet, group and room are the tablet's own.
pub struct Input(pub(super) Open);

impl FromForm for Input {
    fn read(fields: &mut Fields) -> Option<Self> {
        let group = fields.text("group", 100, "Choose the children\u{2019}s devices");
        let room = match fields.raw("room") {
            "" => Some(None),
            _ => fields.parsed::<RoomId>("room", "Choose a room").map(Some),
        };
        let rest = rest(fields);
        Some(Self(Open { group: group?, room: room?, ..rest? }))
    }
}

/// What is asked on a tablet too.
pub(super) fn rest(fields: &mut Fields) -> Option<Open> {
    let known = |minutes: &str| minutes.parse().ok().filter(|minutes| sessions::LENGTHS.contains(minutes));
    let minutes = fields.choice("minutes", known, "Choose how long");
    let youngest = fields.choice("youngest", Youngest::from_key, "Say how old the youngest child is");
    let lesson = fields.text("lesson", 500, "Say what the children learned first, in a few words");
    let plan = fields.text("plan", 500, "Say what they will do, in a few words");
    Some(Open {
        group: String::new(),
        room: None,
        minutes: minutes?,
        youngest: youngest?,
        lesson: lesson?,
        plan: plan?,
    })
}

/// The lengths, for a form.
pub(super) fn lengths() -> Vec<(String, String)> {
    sessions::LENGTHS.iter().map(|minutes| (minutes.to_string(), format!("{minutes} minutes"))).collect()
}

/// How sessions stand.
///
/// # Errors
/// The records are away.
pub async fn get(visit: Visit) -> Answer {
    visit.page(&page(&visit, FormView::new(), FormView::new()).await?)
}

/// Opens one.
///
/// # Errors
/// The records are away.
pub async fn post(visit: Visit, form: Form<Input>) -> Answer {
    let Some(Input(new)) = form.input else { return visit.again(&page(&visit, form.view, FormView::new()).await?) };
    match sessions::open(visit.services(), &mut visit.ctx(), new).await {
        Ok(_) => visit.go_saying("/sessions", Tone::Done, "The session is open. Stay with the children."),
        Err(error) => visit.again(&page(&visit, mend(form.view, error)?, FormView::new()).await?),
    }
}

/// Nothing but the button.
pub struct Press;

impl FromForm for Press {
    fn read(_: &mut Fields) -> Option<Self> {
        Some(Self)
    }
}

/// Ends one.
///
/// # Errors
/// None of that id is open.
pub async fn end(visit: Visit, Path(id): Path<Uuid>, form: Form<Press>) -> Answer {
    if form.input.is_none() {
        return visit.go_saying("/sessions", Tone::Due, "Nothing was done. Press the button once more.");
    }
    sessions::end(visit.services(), &mut visit.ctx(), id).await?;
    visit.go_saying("/sessions", Tone::Done, "The session has ended. The devices are closed.")
}

/// A short number as typed.
pub struct Number(crate::form::Secret);

impl FromForm for Number {
    const SECRETS: &'static [&'static str] = &["pin"];

    fn read(fields: &mut Fields) -> Option<Self> {
        fields.secret("pin", "Choose six figures").map(Self)
    }
}

/// Chooses one's own number for tablets.
///
/// # Errors
/// The records are away.
pub async fn choose(visit: Visit, form: Form<Number>) -> Answer {
    let Some(Number(number)) = form.input else {
        return visit.again(&page(&visit, FormView::new(), form.view).await?);
    };
    match pin::choose(visit.services(), &mut visit.ctx(), number.reveal()).await {
        Ok(()) => visit.go_saying("/sessions", Tone::Done, "Kept. Tell it to nobody."),
        Err(error) => visit.again(&page(&visit, FormView::new(), mend(form.view, error)?).await?),
    }
}

async fn page(visit: &Visit, form: FormView, pin_form: FormView) -> Result<pages::Sessions, Fault> {
    let services = visit.services();
    let found = sessions::standing(services, &visit.ctx()).await?;
    let open = found.open.iter().map(|one| pages::OpenSession {
        id: one.id.to_string(),
        title: match &one.room {
            Some(room) => format!("{}, {room}", one.group),
            None => one.group.clone(),
        },
        say: format!("{} sits there. It ends by itself: {}.", one.by, say(visit, one.until)),
        plan: one.plan.clone(),
    });
    let table =
        Table::new("Approved material").quiet_caption().column("What").column("Site").column("For").column("Devices");
    let material = found.groups.iter().fold(table, |table, group| {
        group.material.iter().fold(table, |table, one| {
            table.row([
                Cell::Text(one.title.clone()),
                Cell::Inert(one.site.clone()),
                Cell::Text(one.purpose.clone()),
                Cell::Text(group.name.clone()),
            ])
        })
    });
    let pin = match pin::mine(services, &visit.ctx()).await? {
        None => "You have none yet. On this page and signed in you need none.".to_owned(),
        Some((_, true)) => "It is closed after five wrong tries. Choose another.".to_owned(),
        Some((at, false)) => format!("You chose one: {}. You can choose another.", say(visit, at)),
    };
    Ok(pages::Sessions {
        open: open.collect(),
        form,
        groups: found.groups.iter().map(|group| (group.key.clone(), group.name.clone())).collect(),
        sees_groups: visit.may(Action::ReadFilter),
        rooms: found.rooms.iter().map(|(id, name)| (id.to_string(), name.clone())).collect(),
        lengths: lengths(),
        material,
        screen_time: screen_time(&found.screen_time),
        pin,
        pin_form,
    })
}

fn screen_time(all: &[ScreenTime]) -> Table {
    let table = Table::new("Screen time").quiet_caption().column("Day").column("Who").figures("Minutes");
    all.iter().fold(table.column("Guidance"), |table, one| {
        let guidance = match (one.limit(), one.is_over()) {
            (None, _) => Tag::new(Tone::Calm, "No figure"),
            (Some(0), true) => Tag::new(Tone::Due, "None under two"),
            (Some(limit), true) => Tag::new(Tone::Due, &format!("More than {limit}")),
            (Some(_), false) => Tag::new(Tone::Done, "Within"),
        };
        table.row([
            Cell::Text(words::day(one.day)),
            Cell::Text(one.who.clone()),
            Cell::Text(one.minutes.to_string()),
            Cell::Tag(guidance),
        ])
    })
}
