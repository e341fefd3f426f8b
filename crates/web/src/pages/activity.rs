//! What devices asked for on one day: blocked first, names as inert text. That somebody looked is audited.

use std::collections::BTreeMap;

use app::activity;
use app::gateway::{Activity as Event, What};
use axum::extract::Query;
use domain::DeviceId;
use jiff::civil::{Date, Time};
use jiff::{Timestamp, ToSpan};
use views::pages::activity::Activity;
use views::ui::{Cell, Summary, Table};

use super::filter::{say, time};
use crate::{Answer, Fault, Fields, Visit, visit::encode};

/// Rows of a table that a person reads.
const MOST_ROWS: usize = 200;

/// The day.
///
/// # Errors
/// The filter's files or the records are away.
pub async fn get(visit: Visit, Query(pairs): Query<Vec<(String, String)>>) -> Answer {
    let now = visit.site().now();
    let mut fields = Fields::of_query(pairs, now);
    let chosen: Option<DeviceId> = fields.raw("device").parse().ok();
    let today = visit.services().calendar.local(now).date();
    let day = fields.maybe_date("day").flatten().unwrap_or(today);
    let form = fields.into_view();
    let (from, to) = bounds(&visit, day)?;
    let to = to.min(now);
    let devices = activity::devices(visit.services(), &visit.ctx()).await?;
    let events = if form.has_errors() {
        Vec::new()
    } else {
        activity::of_setting(visit.services(), &mut visit.ctx(), from, to).await?
    };
    let names: BTreeMap<DeviceId, &str> = devices.iter().map(|(id, name)| (*id, name.as_str())).collect();
    let seen = Seen::of(events.iter().filter(|event| chosen.is_none() || event.device == chosen));
    let page = Activity {
        span: if to == now { format!("Today, until {}", say(&visit, to)) } else { say_day(&visit, from) },
        facts: seen.facts(),
        blocked: seen.blocked(&visit, &names),
        allowed: seen.allowed(&visit, &names),
        other: seen.other(&visit, &names),
        cut_short: seen.allowed.len() > MOST_ROWS || seen.blocked.len() > MOST_ROWS,
        report: report(chosen, to),
        devices: devices.iter().map(|(id, name)| (id.to_string(), name.clone())).collect(),
        form,
    };
    if page.form.has_errors() { visit.again(&page) } else { visit.page(&page) }
}

fn bounds(visit: &Visit, day: Date) -> Result<(Timestamp, Timestamp), Fault> {
    let zone = visit.services().calendar.zone();
    let broken = |error: jiff::Error| Fault::Broken(error.to_string());
    let start = |day: Date| zone.to_ambiguous_timestamp(day.to_datetime(Time::midnight())).compatible();
    Ok((start(day).map_err(broken)?, start(day.checked_add(1.day()).map_err(broken)?).map_err(broken)?))
}

fn say_day(visit: &Visit, from: Timestamp) -> String {
    crate::words::day(visit.services().calendar.local(from).date())
}

/// The report form, with device and time filled in (S21).
fn report(device: Option<DeviceId>, at: Timestamp) -> String {
    let device = device.map(|id| format!("&device={id}")).unwrap_or_default();
    format!("/concerns/report/filter_breach?at={}{device}", encode(&at.to_string()))
}

/// The report form of P2, with the record of this alert.
fn alert(device: Option<DeviceId>, host: &str, at: Timestamp) -> String {
    let device = device.map(|id| format!("&device={id}")).unwrap_or_default();
    format!(
        "/concerns/report/monitoring_alert?alert=blocked&at={}&host={}{device}",
        encode(&at.to_string()),
        encode(host)
    )
}

/// A name as one device asked for it: prefetch and adverts ask many times (S22).
#[derive(Default)]
struct Line {
    last: Timestamp,
    count: u64,
    because: String,
}

type Lines<'e> = BTreeMap<(Option<DeviceId>, &'e str), Line>;

#[derive(Default)]
struct Seen<'e> {
    blocked: Lines<'e>,
    allowed: Lines<'e>,
    other: Vec<&'e Event>,
    blocks: u64,
    allows: u64,
}

impl<'e> Seen<'e> {
    fn of(events: impl Iterator<Item = &'e Event>) -> Self {
        let mut seen = Self::default();
        for event in events {
            match &event.what {
                What::Allowed { host, count } => {
                    seen.allows += count;
                    add(&mut seen.allowed, event, host, *count, "");
                }
                What::Blocked { host, count, because, .. } => {
                    seen.blocks += count;
                    add(&mut seen.blocked, event, host, *count, because);
                }
                What::Bypass { host } => {
                    seen.blocks += 1;
                    add(&mut seen.blocked, event, host, 1, activity::BYPASS);
                }
                // Named nobody and nothing: the alerts page shows when (S22, S27).
                What::Sealed { .. } => {}
                What::Silent
                | What::Held { .. }
                | What::Guests { .. }
                | What::Unidentified { .. }
                | What::HelpCalled { .. }
                | What::Checked { .. }
                | What::Certificate { .. }
                | What::Searched { .. }
                | What::Spared { .. }
                | What::Lost { .. } => seen.other.push(event),
            }
        }
        seen
    }

    fn facts(&self) -> Summary {
        Summary::new()
            .row("Blocked", Cell::Text(format!("{} times, {} sites", self.blocks, self.blocked.len())))
            .row("Allowed", Cell::Text(format!("{} times, {} sites", self.allows, self.allowed.len())))
    }

    fn blocked(&self, visit: &Visit, names: &BTreeMap<DeviceId, &str>) -> Table {
        let table = Table::new("Blocked").quiet_caption().column("Site").column("Device").column("Why");
        newest(&self.blocked).into_iter().fold(
            table.figures("Times").column("Last").column("Work it"),
            |table, ((device, host), line)| {
                table.row([
                    Cell::Inert((*host).to_owned()),
                    Cell::Text(name(*device, names)),
                    Cell::Text(activity::why(&line.because)),
                    Cell::Text(line.count.to_string()),
                    time(visit, line.last),
                    Cell::link(&alert(*device, host, line.last), "Open a concern"),
                ])
            },
        )
    }

    fn allowed(&self, visit: &Visit, names: &BTreeMap<DeviceId, &str>) -> Table {
        let table = Table::new("Allowed").quiet_caption().column("Site").column("Device").figures("Times");
        newest(&self.allowed).into_iter().fold(
            table.column("Last").column("Got through?"),
            |table, ((device, host), line)| {
                table.row([
                    Cell::Inert((*host).to_owned()),
                    Cell::Text(name(*device, names)),
                    Cell::Text(line.count.to_string()),
                    time(visit, line.last),
                    Cell::link(&report(*device, line.last), "Report a concern"),
                ])
            },
        )
    }

    fn other(&self, visit: &Visit, names: &BTreeMap<DeviceId, &str>) -> Table {
        let table = Table::new("What else happened").quiet_caption().column("When").column("What").column("Device");
        self.other.iter().rev().take(MOST_ROWS).fold(table, |table, event| {
            table.row([
                time(visit, event.until),
                Cell::Text(words(event, visit)),
                Cell::Text(name(event.device, names)),
            ])
        })
    }
}

fn add<'e>(lines: &mut Lines<'e>, event: &'e Event, host: &'e str, count: u64, because: &str) {
    let line = lines.entry((event.device, host)).or_default();
    if line.count == 0 || event.until >= line.last {
        line.last = event.until;
        line.because = because.to_owned();
    }
    line.count += count;
}

fn newest<'l, 'e>(lines: &'l Lines<'e>) -> Vec<(&'l (Option<DeviceId>, &'e str), &'l Line)> {
    let mut all: Vec<_> = lines.iter().collect();
    all.sort_by_key(|(_, line)| std::cmp::Reverse(line.last));
    all.truncate(MOST_ROWS);
    all
}

fn name(device: Option<DeviceId>, names: &BTreeMap<DeviceId, &str>) -> String {
    device.and_then(|id| names.get(&id)).map_or("Not known".to_owned(), |name| (*name).to_owned())
}

fn words(event: &Event, visit: &Visit) -> String {
    match &event.what {
        What::HelpCalled { room: Some(room) } => format!("Help was called, {room}"),
        What::HelpCalled { room: None } => "Help was called".to_owned(),
        What::Held { count } => format!("A held device asked for something, {count} times"),
        What::Guests { allowed, blocked } => format!("Guests: {allowed} allowed, {blocked} blocked"),
        What::Unidentified { wrong_credential: true, count } => {
            format!("A device with a wrong password, {count} times. It got the strictest group")
        }
        What::Unidentified { wrong_credential: false, count } => {
            format!("A device that nobody knows, {count} times. It got the strictest group")
        }
        What::Silent => {
            "On the network for an hour or more, and not one question here. It may ask another DNS, or only sleep"
                .to_owned()
        }
        What::Lost { count } => {
            format!("{count} records were lost between {} and {}", say(visit, event.at), say(visit, event.until))
        }
        What::Searched { engine, terms } => format!("Typed into {engine}: {terms}"),
        What::Spared { host } => format!("Not inspected any more: {host} (the device did not believe our certificate)"),
        What::Certificate { trusted: true } => "The device trusts our certificate".to_owned(),
        What::Certificate { trusted: false } => "The device does not trust our certificate".to_owned(),
        What::Checked { passed: true, .. } => "The device checked itself: protected".to_owned(),
        What::Checked { passed: false, .. } => "The device checked itself: not protected as it should be".to_owned(),
        What::Allowed { .. } | What::Blocked { .. } | What::Bypass { .. } | What::Sealed { .. } => String::new(),
    }
}
