//! The device register: list, one device, the form, a credential shown once, how to set a device up ([`set_up`]).

pub mod moving;
pub mod set_up;
mod steps;

use app::devices::{self, DeviceDraft, DeviceKind, DeviceView};
use app::people;
use axum::extract::Path;
use domain::{DeviceId, PersonId, RoomId};
use views::pages::register::{Act, RegisterForm, RegisterList, RegisterThing, Section, Sheet, ShownOnce, field};
use views::ui::{Banner, Cell, Summary, Table, Tag, Tone};
use views::{FormView, ui::Select};

use crate::{
    Answer, Fields, Form, FromForm, Visit,
    fault::{Fault, mend},
    pages::second_step_set_up::picture,
    words,
};

/// What is typed about a device.
pub struct Input {
    draft: DeviceDraft,
    version: i64,
}

impl FromForm for Input {
    fn read(fields: &mut Fields) -> Option<Self> {
        let name = fields.text("name", devices::LONGEST_NAME, "Enter the name on its label");
        let kind = fields.choice("kind", DeviceKind::from_key, "Choose what it is");
        let group = fields.text("group", 60, "Choose a group");
        let room = optional::<RoomId>(fields, "room");
        let person = optional::<PersonId>(fields, "person");
        let mac = fields.maybe("mac", 40);
        let addresses = fields.maybe("addresses", 400);
        let version = fields.raw("version").parse().unwrap_or(0);
        let draft = DeviceDraft {
            name: name?,
            kind: kind?,
            group: group?,
            room: room?,
            person: person?,
            mac: mac?,
            addresses: addresses?.unwrap_or_default(),
        };
        Some(Self { draft, version })
    }
}

fn optional<T: std::str::FromStr>(fields: &mut Fields, name: &str) -> Option<Option<T>> {
    if fields.raw(name).is_empty() { Some(None) } else { fields.parsed(name, "Choose from the list").map(Some) }
}

/// What a kind is called.
pub fn kind_in_words(kind: DeviceKind) -> &'static str {
    match kind {
        DeviceKind::Tablet => "Tablet",
        DeviceKind::Laptop => "Laptop or desk computer",
        DeviceKind::Phone => "Phone",
        DeviceKind::Guest => "Visitor's or personal device",
        DeviceKind::Appliance => "Television, speaker, printer, toy",
        DeviceKind::Gateway => "Gateway",
        DeviceKind::Server => "The Holdfast computer",
        DeviceKind::PhoneLine => "Telephone line",
        DeviceKind::Alarm => "Alarm or door entry",
    }
}

/// The list.
///
/// # Errors
/// The records are away.
pub async fn list(visit: Visit) -> Answer {
    let all = devices::list(visit.services(), &visit.ctx()).await?;
    let mut table = Table::new("Devices").quiet_caption();
    for column in ["Device", "What it is", "Group", "Room", "For", "State"] {
        table = table.column(column);
    }
    for device in &all {
        let state = if device.retired_at.is_some() {
            Tag::new(Tone::Shut, "Out of use")
        } else if !device.identified {
            Tag::new(Tone::Due, "Cannot prove itself yet")
        } else {
            checked(&visit, device.checked_itself)
        };
        table.push(vec![
            Cell::link(&format!("/devices/{}", device.id), &device.name),
            kind_in_words(device.kind).into(),
            (&device.group).into(),
            device.room.clone().unwrap_or_default().into(),
            device.person.clone().unwrap_or_else(|| "Shared".to_owned()).into(),
            state.into(),
        ]);
    }
    visit.page(&RegisterList {
        heading: "Devices".into(),
        about: "A device that is not in this list, or cannot prove which one it is, is treated as the filter\u{2019}s group for unknown devices."
            .into(),
        table,
        empty: ("No devices yet.".into(), "Add the children's tablets first.".into()),
        add: Some(("/devices/new".into(), "Add a device".into())),
        ways: vec![
            ("/imports/devices".into(), "Add many from a spreadsheet".into()),
            ("/filter/matrix".into(), "Every kind of device, place and group: what was checked".into()),
            ("/guests".into(), "Vouchers for guests".into()),
        ],
        ..RegisterList::default()
    })
}

/// What a device last found out about itself. Older than a term it is due again.
fn checked(visit: &Visit, last: Option<(jiff::Timestamp, bool)>) -> Tag {
    let Some((at, passed)) = last else { return Tag::new(Tone::Due, "Not checked yet") };
    let local = visit.services().calendar.local(at);
    let day = words::day(local.date());
    let old = visit.ctx().now.duration_since(at) > app::activity::checks::GOOD_FOR;
    match (passed, old) {
        (false, _) => Tag::new(Tone::Gap, &format!("Not protected, {day}")),
        (true, true) => Tag::new(Tone::Due, &format!("Check again: last {day}")),
        (true, false) => Tag::new(Tone::Done, &format!("Protected, {day}")),
    }
}

async fn form_page(visit: &Visit, form: FormView, id: Option<DeviceId>) -> Result<RegisterForm, Fault> {
    let (services, ctx) = (visit.services(), visit.ctx());
    let groups: Vec<(String, String)> = devices::groups(services, &ctx).await?.into_iter().collect();
    let rooms: Vec<(String, String)> =
        people::list_rooms(services, &ctx).await?.into_iter().map(|room| (room.id.to_string(), room.name)).collect();
    let staff = devices::assignable(services, &ctx).await?;
    let staff: Vec<(String, String)> = staff.into_iter().map(|(id, name)| (id.to_string(), name)).collect();
    let mut kinds: Select = form.select("kind", "What is it?").option("", "Choose");
    for kind in DeviceKind::ALL {
        kinds = kinds.option(kind.key(), kind_in_words(*kind));
    }
    let fields = vec![
        format!("<input type=\"hidden\" name=\"version\" value=\"{}\">", form.value("version").parse::<i64>().unwrap_or(0)),
        field(&form.text("name", "Name on its label").max(80)),
        field(&kinds),
        field(&form.select("group", "Group").hint("What it may reach.").option("", "Choose").options(&groups)),
        field(&form.select("room", "Room").option("", "No room").options(&rooms)),
        field(&form.select("person", "Who uses it?").option("", "Shared").options(&staff)),
        field(&form.text("mac", "Hardware address (if you know it)").hint("In its settings, as Wi-Fi or MAC address: aa:bb:cc:dd:ee:ff. Turn off “private address” for this network.").width(20)),
        field(&form.text("addresses", "Reserved addresses (if it has any)").hint("As set in the router: 192.168.1.20")),
    ];
    let (heading, action, back) = match id {
        None => ("Add a device".to_owned(), "/devices/new".to_owned(), ("/devices".to_owned(), "Devices".to_owned())),
        Some(id) => {
            (String::from("Change a device"), format!("/devices/{id}/edit"), (format!("/devices/{id}"), "Back".into()))
        }
    };
    Ok(RegisterForm {
        heading,
        back: Some(back),
        form,
        fields,
        action,
        button: "Save".into(),
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

/// Adds a device.
///
/// # Errors
/// The records are away.
pub async fn add(visit: Visit, form: Form<Input>) -> Answer {
    let Some(input) = form.input else { return visit.again(&form_page(&visit, form.view, None).await?) };
    match devices::add(visit.services(), &mut visit.ctx(), input.draft).await {
        Ok(id) => visit.go_saying(&format!("/devices/{id}"), Tone::Done, "The device is in the register."),
        Err(error) => visit.again(&form_page(&visit, mend(form.view, error)?, None).await?),
    }
}

/// The form of one device.
///
/// # Errors
/// It is not there, or the records are away.
pub async fn edit(visit: Visit, Path(id): Path<DeviceId>) -> Answer {
    let view = devices::lookup(visit.services(), &visit.ctx(), id).await?;
    let addresses: Vec<String> = view.addresses.iter().map(ToString::to_string).collect();
    let form = FormView::new()
        .with("version", view.device.version.to_string())
        .with("name", view.device.name)
        .with("kind", view.device.kind.key())
        .with("group", view.device.group_key)
        .with("room", view.device.room_id.map(|id| id.to_string()).unwrap_or_default())
        .with("person", view.device.person_id.map(|id| id.to_string()).unwrap_or_default())
        .with("mac", view.device.mac.unwrap_or_default())
        .with("addresses", addresses.join(", "));
    visit.page(&form_page(&visit, form, Some(id)).await?)
}

/// Changes it.
///
/// # Errors
/// It is not there, somebody was faster, or the records are away.
pub async fn save(visit: Visit, Path(id): Path<DeviceId>, form: Form<Input>) -> Answer {
    let Some(input) = form.input else { return visit.again(&form_page(&visit, form.view, Some(id)).await?) };
    match devices::edit(visit.services(), &mut visit.ctx(), id, input.version, input.draft).await {
        Ok(()) => visit.go_saying(&format!("/devices/{id}"), Tone::Done, "Saved."),
        Err(error) => visit.again(&form_page(&visit, mend(form.view, error)?, Some(id)).await?),
    }
}

const NO_CREDENTIAL: &str = "Give it a credential first";
const NOT_ENCRYPTED: &str = "Not served, or no credential yet";
const NO_GATEWAY: &str = "The gateway does not run";

/// One device, and how to set it up.
///
/// # Errors
/// It is not there, or the records are away.
pub async fn show(visit: Visit, Path(id): Path<DeviceId>) -> Answer {
    let (services, ctx) = (visit.services(), visit.ctx());
    let view = devices::lookup(services, &ctx, id).await?;
    let sheet = devices::set_up_sheet(services, &ctx, id).await?;
    let adults_share = view.device.person_id.is_none() && sheet.audience == app::filtering::Audience::Adults;
    let checks = app::activity::checks::of_device(services, &ctx, id).await?;
    let block_page = match view.device.check_passed_at {
        Some(at) => words::moment(&services.calendar.local(at)),
        None => "Not yet".to_owned(),
    };
    let picture_svg = sheet.set_up_url.as_deref().map(picture).transpose()?;
    let known = |text: Option<String>, missing: &str| text.map_or_else(|| Cell::from(missing), Cell::Inert);
    let summary = Summary::new()
        .row("What it is", kind_in_words(view.device.kind))
        .row("Group", &view.group)
        .row("Room", view.room.clone().unwrap_or_else(|| "None".into()))
        .row("For", view.person.clone().unwrap_or_else(|| "Shared".into()))
        .row("Hardware address", known(view.device.mac.clone(), "Not known"))
        .row("Is it protected?", checked(&visit, checks.first().map(|check| (check.at, check.passed))))
        .row("Our page for blocked sites was seen on it", block_page);
    let typed = Summary::new()
        .row("Automatic proxy (PAC)", known(sheet.pac_url, NO_CREDENTIAL))
        .row("Proxy", known(sheet.proxy, NO_GATEWAY))
        .row("Proxy user", known(sheet.proxy_user, NO_CREDENTIAL))
        .row("DNS", known(sheet.dns, NO_GATEWAY))
        .row("DNS over HTTPS, its own", known(sheet.doh_url, NOT_ENCRYPTED))
        .row("DNS over TLS, its own", known(sheet.dot_name, NOT_ENCRYPTED))
        .row("To test it, open on the device", known(sheet.check_url, "Its group blocks nothing"));
    let mut page = thing(&view, id, summary);
    page.sheet = view.device.retired_at.is_none().then(|| Sheet {
        heading: "How to set it up".into(),
        steps: vec![
            "Give it a credential below, unless it has one.".into(),
            "Print the set-up sheet, or scan the picture here with the device. The page that opens has the steps and the files for its system.".into(),
            format!("On the device open http://{}/. It says whether it is protected, and the result appears on this page.", devices::CHECK_HOST),
            "Open the test address on the device too. When our page for blocked sites comes, press “Our page was seen on it”.".into(),
        ],
        summary: typed,
        picture_svg,
    });
    page.sections.push(Section {
        heading: "Checks from the device itself".into(),
        table: check_table(&visit, &checks),
        empty: "None yet. They come when somebody opens the check page on the device.".into(),
    });
    if adults_share {
        page.sections.push(Section {
            heading: "Who had it".into(),
            table: had(&visit, &devices::using::of_device(services, &ctx, id).await?),
            empty: "Nobody has said so in the last thirty days. Adults take a shared device on its start page, with their own number for tablets.".into(),
        });
    }
    if let Some(proposal) = app::filtering::moving::waiting(services, &ctx, id).await? {
        let banner = Banner::new(Tone::Due, "It is proposed to move this device to a group that reaches more.");
        page.notes.push(banner.link(&format!("/filter/proposals/{proposal}"), "The proposal"));
    }
    visit.page(&page)
}

/// Who had a shared device, so that what it asked for can be put to somebody (MON-05).
fn had(visit: &Visit, uses: &[(jiff::Timestamp, jiff::Timestamp, String)]) -> Table {
    let table = Table::new("Who had it").quiet_caption().column("Who").column("From").column("Until");
    let moment = |at: jiff::Timestamp| words::moment(&visit.services().calendar.local(at));
    uses.iter().fold(table, |table, (from, until, who)| {
        table.row([Cell::Text(who.clone()), Cell::Text(moment(*from)), Cell::Text(moment(*until))])
    })
}

fn check_table(visit: &Visit, checks: &[app::activity::checks::Checked]) -> Table {
    let table =
        Table::new("Checks").quiet_caption().column("When").column("Result").column("Comes by").column("Safe search");
    checks.iter().fold(table.column("Ways round").column("Blocked sites"), |table, check| {
        let yes_or_no = |good: bool, yes: &str, no: &str| Cell::from(if good { yes } else { no });
        let result = match check.passed {
            true => Tag::new(Tone::Done, "Protected"),
            false => Tag::new(Tone::Gap, "Not protected"),
        };
        table.row([
            Cell::Text(words::moment(&visit.services().calendar.local(check.at))),
            Cell::Tag(result),
            Cell::from(match (check.found.dns, check.found.proxy) {
                (true, true) => "DNS and proxy",
                (false, true) => "Proxy",
                (true, false) => "DNS",
                // A check of before both were noted.
                (false, false) if check.found.path == "proxy" => "Proxy",
                (false, false) => "DNS",
            }),
            match check.found.safe_search {
                Some(held) => yes_or_no(held, "Held", "Not held"),
                None => Cell::from("Left to the device"),
            },
            yes_or_no(check.found.bypass_closed, "Closed", "Open"),
            yes_or_no(check.found.blocks, "Blocked", "Not blocked"),
        ])
    })
}

fn thing(view: &DeviceView, id: DeviceId, summary: Summary) -> RegisterThing {
    let act = |what: &str, button: &str, hint: &str, grave: bool| Act {
        action: format!("/devices/{id}/{what}"),
        button: button.to_owned(),
        hint: hint.to_owned(),
        grave,
        hidden: None,
    };
    let used = view.device.retired_at.is_none();
    let mut acts = Vec::new();
    if used {
        let fresh = if view.device.proxy_user.is_some() { "Give it a new credential" } else { "Give it a credential" };
        acts.push(act(
            "credential",
            fresh,
            if view.device.proxy_user.is_some() {
                "Shown once. The one of before stops at once."
            } else {
                "Shown once."
            },
            false,
        ));
        acts.push(if view.device.check_passed_at.is_some() {
            act("forget-check", "The check no longer holds", "It was reset, or its certificate is gone.", false)
        } else {
            act(
                "pass-check",
                "Our page was seen on it",
                "From then on it gets our page when something is blocked.",
                false,
            )
        });
        acts.push(act("retire", "Take it out of use", "Its credential stops. What was recorded of it stays. The filter then treats it as a device that nobody knows; where those reach more than it does now, this is refused.", true));
    }
    RegisterThing {
        title: "Device".into(),
        heading: view.device.name.clone(),
        back: ("/devices".into(), "Devices".into()),
        notes: if used { Vec::new() } else { vec![Banner::new(Tone::Shut, "This device is out of use.")] },
        summary,
        ways: if used {
            vec![
                (format!("/devices/{id}/sheet"), "Print the set-up sheet".into()),
                (format!("/devices/{id}/move"), "Move it to another group".into()),
                (format!("/devices/{id}/edit"), "Change what the register says".into()),
            ]
        } else {
            Vec::new()
        },
        acts,
        ..RegisterThing::default()
    }
}

/// Nothing but the token of the form.
pub struct Press;

impl FromForm for Press {
    fn read(_: &mut Fields) -> Option<Self> {
        Some(Self)
    }
}

/// Gives it a credential, shown on this page and never again.
///
/// # Errors
/// It is not in use, or the records are away.
pub async fn credential(visit: Visit, Path(id): Path<DeviceId>, form: Form<Press>) -> Answer {
    if form.input.is_none() {
        return pressed_late(&visit, id);
    }
    let fresh = devices::new_credential(visit.services(), &mut visit.ctx(), id).await?;
    let sheet = devices::set_up_sheet(visit.services(), &visit.ctx(), id).await?;
    let picture_svg = sheet.pac_url.as_deref().map(picture).transpose()?;
    let summary = Summary::new()
        .row("Proxy user", Cell::Inert(fresh.user))
        .row("Proxy password", Cell::Inert(fresh.password))
        .row("Automatic proxy (PAC)", Cell::Inert(sheet.pac_url.unwrap_or_default()));
    let encrypted = [("DNS over HTTPS", sheet.doh_url), ("DNS over TLS", sheet.dot_name)];
    let summary = encrypted.into_iter().fold(summary, |summary, (what, address)| match address {
        Some(address) => summary.row(what, Cell::Inert(address)),
        None => summary,
    });
    visit.page(&ShownOnce {
        heading: "The credential of this device".into(),
        about: vec!["Type it into the device now. This page shows it once; nobody can look it up later.".into()],
        summary,
        picture_svg,
        on: (format!("/devices/{id}"), "It is on the device".into()),
    })
}

fn pressed_late(visit: &Visit, id: DeviceId) -> Answer {
    visit.go_saying(&format!("/devices/{id}"), Tone::Due, "Nothing was done. Press the button once more.")
}

/// Takes it out of use.
///
/// # Errors
/// It is not in use, or the records are away.
pub async fn retire(visit: Visit, Path(id): Path<DeviceId>, form: Form<Press>) -> Answer {
    if form.input.is_none() {
        return pressed_late(&visit, id);
    }
    match devices::retire(visit.services(), &mut visit.ctx(), id).await {
        Err(app::Error::Invalid(wrong)) => {
            let words = wrong.into_values().next().unwrap_or_default();
            visit.go_saying(&format!("/devices/{id}"), Tone::Gap, &words)
        }
        done => {
            done?;
            visit.go_saying(
                "/devices",
                Tone::Done,
                "The device is out of use. The filter treats it as one that nobody knows.",
            )
        }
    }
}

/// Our page was seen on it.
///
/// # Errors
/// It is not in use, or the records are away.
pub async fn pass_check(visit: Visit, Path(id): Path<DeviceId>, form: Form<Press>) -> Answer {
    if form.input.is_none() {
        return pressed_late(&visit, id);
    }
    devices::pass_check(visit.services(), &mut visit.ctx(), id).await?;
    visit.go_saying(&format!("/devices/{id}"), Tone::Done, "Noted with today's date.")
}

/// The check no longer holds.
///
/// # Errors
/// It is not in use, or the records are away.
pub async fn forget_check(visit: Visit, Path(id): Path<DeviceId>, form: Form<Press>) -> Answer {
    if form.input.is_none() {
        return pressed_late(&visit, id);
    }
    devices::forget_check(visit.services(), &mut visit.ctx(), id).await?;
    visit.go_saying(&format!("/devices/{id}"), Tone::Done, "Noted. Check it again soon.")
}
