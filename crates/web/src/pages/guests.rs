//! Guests by voucher (S24): making slips and calling them back for whoever keeps devices; the page on which a guest
//! types the code, on their own device, without an account.

use app::guests::{self, Line, Slip, Standing};
use axum::extract::{Path, Query};
use serde::Deserialize;
use uuid::Uuid;
use views::FormView;
use views::pages::guests as pages;
use views::ui::{Cell, Table, Tag, Tone};

use super::second_step_set_up::picture;
use crate::fault::mend;
use crate::{Answer, Fault, Fields, Form, FromForm, Visit, words};

/// How many, for how long.
pub struct Input {
    count: usize,
    hours: i64,
    group: Option<String>,
}

impl FromForm for Input {
    fn read(fields: &mut Fields) -> Option<Self> {
        let count = fields.parsed("count", "Choose how many");
        let hours = fields.parsed("hours", "Choose for how long");
        let group = fields.maybe("group", 100);
        Some(Self { count: count?, hours: hours?, group: group? })
    }
}

/// The list.
///
/// # Errors
/// The records are away.
pub async fn list(visit: Visit) -> Answer {
    let page = page(&visit, FormView::new()).await?;
    visit.page(&page)
}

/// Makes slips; the page that follows is for printing, and shows the codes once.
///
/// # Errors
/// The records are away.
pub async fn make(visit: Visit, form: Form<Input>) -> Answer {
    let Some(input) = form.input else { return visit.again(&page(&visit, form.view).await?) };
    match guests::make(visit.services(), &mut visit.ctx(), input.count, input.hours, input.group.as_deref()).await {
        Ok(slips) => {
            let slips = slips.into_iter().map(|one| slip(&visit, one)).collect::<Result<Vec<_>, _>>()?;
            visit.page(&pages::Slips { setting: visit.setting_name(), address: address(&visit), slips })
        }
        Err(error) => visit.again(&page(&visit, mend(form.view, error)?).await?),
    }
}

/// Nothing but the button.
pub struct Press;

impl FromForm for Press {
    fn read(_: &mut Fields) -> Option<Self> {
        Some(Self)
    }
}

/// Calls one back.
///
/// # Errors
/// None of that id counts any more.
pub async fn call_back(visit: Visit, Path(id): Path<Uuid>, form: Form<Press>) -> Answer {
    if form.input.is_none() {
        return visit.go_saying("/guests", Tone::Due, "Nothing was done. Press the button once more.");
    }
    guests::call_back(visit.services(), &mut visit.ctx(), id).await?;
    visit.go_saying("/guests", Tone::Done, "Called back. It is worth nothing from now on.")
}

fn address(visit: &Visit) -> String {
    format!("{}/guest", visit.services().web_base.trim_end_matches('/'))
}

fn slip(visit: &Visit, slip: Slip) -> Result<pages::Slip, Fault> {
    let by = visit.services().calendar.local(slip.use_by);
    Ok(pages::Slip {
        picture_svg: picture(&format!("{}?code={}", address(visit), slip.code))?,
        code: slip.code,
        say: format!("For {}. Begin it by {}.", hours(slip.hours), words::day(by.date())),
    })
}

fn hours(hours: i64) -> String {
    format!("{hours} hours")
}

async fn page(visit: &Visit, form: FormView) -> Result<pages::Guests, Fault> {
    let all = guests::list(visit.services(), &visit.ctx()).await?;
    let table = Table::new("Vouchers")
        .quiet_caption()
        .column("Made")
        .column("By")
        .column("For")
        .column("Group")
        .column("State");
    let listed = all.iter().fold(table, |table, line| {
        table.row([
            Cell::Text(words::moment(&visit.services().calendar.local(line.made_at))),
            Cell::Text(line.made_by.clone()),
            Cell::Text(hours(line.hours)),
            Cell::Text(line.group.clone()),
            Cell::Tag(state(visit, line)),
        ])
    });
    let open = all.iter().filter(|line| matches!(line.standing, Standing::Unused | Standing::Running(_)));
    Ok(pages::Guests {
        open: open
            .map(|line| {
                let made = words::moment(&visit.services().calendar.local(line.made_at));
                (line.id.to_string(), format!("{}, {}, made {made}", hours(line.hours), line.group))
            })
            .collect(),
        groups: Some(guests::groups(visit.services(), &visit.ctx()).await?)
            .filter(|all| all.len() > 1)
            .unwrap_or_default(),
        lengths: guests::HOURS.iter().map(|one| (one.to_string(), hours(*one))).collect(),
        listed,
        form,
    })
}

fn state(visit: &Visit, line: &Line) -> Tag {
    match line.standing {
        Standing::Unused => Tag::new(Tone::Calm, "On paper"),
        Standing::Running(until) => {
            let until = visit.services().calendar.local(until);
            Tag::new(Tone::Done, &format!("In use until {}", until.strftime("%-I:%M%P")))
        }
        Standing::Over => Tag::new(Tone::Shut, "Over"),
        Standing::CalledBack => Tag::new(Tone::Shut, "Called back"),
        Standing::TooOld => Tag::new(Tone::Shut, "Never used"),
    }
}

/// A code in the address, from the picture on the slip.
#[derive(Debug, Default, Deserialize)]
pub struct Scanned {
    #[serde(default)]
    code: String,
    #[serde(default)]
    until: String,
}

/// What a guest types.
pub struct Code(String);

impl FromForm for Code {
    fn read(fields: &mut Fields) -> Option<Self> {
        fields.text("code", 60, "Enter the code on your slip").map(Self)
    }
}

/// The guest's page.
///
/// # Errors
/// A template failed.
pub async fn guest(visit: Visit, Query(scanned): Query<Scanned>) -> Answer {
    let code: String = scanned.code.chars().take(60).collect();
    // A time of day and nothing else.
    let begun = scanned.until.parse::<jiff::Timestamp>().ok().map(|until| {
        let until = visit.services().calendar.local(until);
        until.strftime("%-I:%M%P").to_string()
    });
    visit.page(&pages::Guest { begun, form: FormView::new().with("code", code), check: check() })
}

/// Begins the voucher for the device that asks.
///
/// # Errors
/// The records are away.
pub async fn begin(visit: Visit, form: Form<Code>) -> Answer {
    let again = |form: FormView| visit.again(&pages::Guest { begun: None, form, check: check() });
    let Some(Code(code)) = form.input else { return again(form.view) };
    match guests::begin(visit.services(), visit.peer(), &code).await {
        Ok(until) => visit.go(&format!("/guest?until={}", crate::visit::encode(&until.to_string()))),
        Err(error) => again(mend(form.view, error)?),
    }
}

fn check() -> String {
    format!("http://{}/", app::devices::CHECK_HOST)
}
