//! Calls for help of the last day, for all staff; sealed entries and searches of concern, for the leads.

use app::activity;
use domain::access::{Action, Relation, authorize};
use views::pages::activity::Alerts;
use views::ui::{Cell, Table};

use super::filter::time;
use crate::{Answer, Visit, visit::encode};

/// The alerts of the last day.
///
/// # Errors
/// The filter's files or the records are away.
pub async fn get(visit: Visit) -> Answer {
    let calls = activity::calls(visit.services(), &mut visit.ctx()).await?;
    let table = Table::new("Calls for help").quiet_caption().column("When").column("Room").column("Device");
    let help = calls.help.iter().fold(table, |table, call| {
        table.row([
            time(&visit, call.at),
            Cell::Text(call.room.clone().unwrap_or_else(|| "Not known".to_owned())),
            Cell::Text(call.device.clone().unwrap_or_else(|| "A device that nobody knows".to_owned())),
        ])
    });
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
    visit.page(&Alerts { help, sealed, searches })
}
