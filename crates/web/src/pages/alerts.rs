//! Calls for help of the last day, for all staff; sealed entries and searches of concern, for the leads.

use app::activity;
use app::help::{self, Ringing};
use axum::extract::Path;
use domain::access::{Action, Relation, authorize};
use uuid::Uuid;
use views::pages::activity::Alerts;
use views::ui::{Cell, Ring, RingingCall, Table, Tone};

use super::filter::time;
use super::sessions::Press;
use crate::session::Session;
use crate::site::Site;
use crate::{Answer, Form, Visit, routes::ASKED_BY_PAGES, visit::encode};

/// What stands above the pages of whoever is signed in: calls that are theirs, and where the page asks for more. On a locked
/// screen too: it says that a room calls, and opens nothing. None when the records are away.
pub(crate) async fn ring(site: &Site, session: &Session) -> Option<Ring> {
    let visit = &session.visit;
    let calls = help::ringing(site.services(), visit.setting, visit.person, &visit.roles, site.now()).await.ok()?;
    let calls = calls.iter().map(|call| RingingCall {
        words: in_words(site, call),
        action: session.member().map(|_| format!("/alerts/{}/coming", call.id)),
    });
    Some(Ring { from: ASKED_BY_PAGES.to_owned(), calls: calls.collect(), ..Ring::default() })
}

/// "Limpets calls, since 10:42am (Limpets tablet 1)".
pub(crate) fn in_words(site: &Site, call: &Ringing) -> String {
    let since = site.services().calendar.local(call.since).strftime("%-I:%M%P").to_string();
    match (&call.room, &call.device) {
        (Some(room), Some(device)) => format!("{room} calls for help, since {since} ({device})"),
        (Some(room), None) => format!("{room} calls for help, since {since}"),
        (None, Some(device)) => format!("{device} calls for help, since {since}"),
        (None, None) => format!("A device that nobody knows calls for help, since {since}"),
    }
}

fn who_came(visit: &Visit, call: &help::Call) -> String {
    let office = call.office.map(|at| visit.services().calendar.local(at).strftime("%-I:%M%P").to_string());
    let office = office.map_or_else(String::new, |at| format!("; the office was called at {at}"));
    match &call.answered {
        None => format!("Nobody has said so{office}"),
        Some(answered) => {
            let who = match (&answered.by, &answered.on) {
                (Some(by), _) => by.clone(),
                (None, Some(on)) => format!("Somebody at {on}"),
                (None, None) => "Somebody".to_owned(),
            };
            format!("{who}, after {}{office}", after(answered.after))
        }
    }
}

fn after(seconds: i64) -> String {
    match seconds {
        1 => "1 second".to_owned(),
        ..120 => format!("{seconds} seconds"),
        _ => format!("{} minutes", seconds / 60),
    }
}

/// Calls that ring for whoever is signed in, for pages that ask by themselves.
///
/// # Errors
/// A template failed.
pub async fn calls(visit: Visit) -> Answer {
    visit.part(&visit.ring())
}

/// "I'm coming"; or, afterwards, "it was me".
///
/// # Errors
/// There is no such call, or somebody else has answered it.
pub async fn coming(visit: Visit, Path(id): Path<Uuid>, form: Form<Press>) -> Answer {
    if form.input.is_none() {
        return visit.go_saying("/alerts", Tone::Due, "Nothing was done. Press the button once more.");
    }
    match help::answer(visit.services(), &mut visit.ctx(), id).await {
        Err(app::Error::NotFound) => {
            visit.go_saying("/alerts", Tone::Info, "Somebody else has answered that call already.")
        }
        answered => {
            answered?;
            visit.go_saying("/alerts", Tone::Done, "Written down. Go there, look at the screen, and stay calm.")
        }
    }
}

/// The alerts of the last day.
///
/// # Errors
/// The filter's files or the records are away.
pub async fn get(visit: Visit) -> Answer {
    let calls = activity::calls(visit.services(), &mut visit.ctx()).await?;
    let table = Table::new("Calls for help").quiet_caption().column("When").column("Room").column("Device");
    let help = calls.help.iter().fold(table.column("Who came"), |table, call| {
        table.row([
            time(&visit, call.at),
            Cell::Text(call.room.clone().unwrap_or_else(|| "Not known".to_owned())),
            Cell::Text(call.device.clone().unwrap_or_else(|| "A device that nobody knows".to_owned())),
            Cell::Text(who_came(&visit, call)),
        ])
    });
    let nameless = |call: &&help::Call| call.answered.as_ref().is_none_or(|answered| answered.by.is_none());
    let open = calls.help.iter().filter(nameless).map(|call| {
        let at = visit.services().calendar.local(call.at).strftime("%-I:%M%P").to_string();
        let room = call.room.clone().unwrap_or_else(|| "a device that nobody knows".to_owned());
        let words = match &call.answered {
            Some(_) => format!("It was me, {room}, {at}"),
            None => format!("I went there, {room}, {at}"),
        };
        (format!("/alerts/{}/coming", call.id), words)
    });
    let open = open.collect();
    let lead = authorize(&visit.ctx().actor, Action::ReadActivity, Relation::Setting).is_ok();
    let sealed = lead.then(|| {
        let table = Table::new("Illegal addresses asked for").quiet_caption().column("When").column("Work it");
        calls.sealed.iter().fold(table, |table, at| {
            let href = format!("/concerns/report/monitoring_alert?alert=sealed&at={}", encode(&at.to_string()));
            table.row([time(&visit, *at), Cell::link(&href, "Open a concern, with this record")])
        })
    });
    let searches = lead.then(|| {
        let table = Table::new("Searches of concern").quiet_caption().column("First").column("About").column("Typed");
        calls.searches.iter().fold(table.figures("Times").column("Device").column("Work it"), |table, search| {
            let sure = if search.proven { "" } else { ", known by its network address alone" };
            let at = encode(&search.at.to_string());
            let href = format!("/concerns/report/monitoring_alert?alert=searched&at={at}&device={}", search.id);
            table.row([
                time(&visit, search.at),
                Cell::from(search.about),
                Cell::Inert(search.terms.clone()),
                Cell::Text(search.times.to_string()),
                Cell::Text(format!("{}{sure}", search.device)),
                Cell::link(&href, "Open a concern"),
            ])
        })
    });
    visit.page(&Alerts { help, open, sealed, searches })
}
