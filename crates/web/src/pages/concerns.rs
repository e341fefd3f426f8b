//! The pages of concerns, from the first words to the paper, and those beside them.
//!
//! Each module is one page. Nothing here decides who may see what: a use case that answers "not found" is a page that is
//! not here.

pub mod beside;
pub mod case;
pub mod contacts;
pub mod debrief;
pub mod draft;
pub mod entry;
pub mod files;
pub mod paper;
pub mod people;
pub mod queue;
pub mod receipt;
pub mod report;
pub mod step;
pub mod times;

use app::concerns::ToTell;
use domain::content::Agency;
use jiff::Timestamp;
use views::FormView;
use views::pages::concerns::{Ring, Tell};

use crate::{Visit, words};

pub(super) fn tell(people: Vec<ToTell>) -> Vec<Tell> {
    people.into_iter().map(|who| Tell { name: who.name, title: who.title, phone: who.phone }).collect()
}

pub(super) fn ring(agency: &Agency) -> Ring {
    Ring {
        name: agency.name.clone(),
        when: agency.when.clone(),
        phone: agency.phone.clone(),
        out_of_hours: agency.phone_out_of_hours.clone(),
        web: agency.web.clone(),
        checked: format!("Checked {}.", words::day(agency.last_checked)),
    }
}

fn moment(visit: &Visit, at: Timestamp) -> String {
    words::moment(&visit.services().calendar.local(at))
}

/// The day alone: for what somebody without an account wrote (S14).
fn on_day(visit: &Visit, at: Timestamp) -> String {
    words::day(visit.services().calendar.local(at).date())
}

/// Puts a moment into the parts of a form's field.
pub(crate) fn with_moment(mut form: FormView, visit: &Visit, name: &str, at: Timestamp) -> FormView {
    let local = visit.services().calendar.local(at);
    form.set(&format!("{name}-day"), local.day().to_string());
    form.set(&format!("{name}-month"), local.month().to_string());
    form.set(&format!("{name}-year"), local.year().to_string());
    form.set(&format!("{name}-time"), words::clock(&local));
    form
}

/// Ids and names as the options of a field.
pub(crate) fn options<T: ToString>(named: &[(T, String)]) -> Vec<(String, String)> {
    named.iter().map(|(id, name)| (id.to_string(), name.clone())).collect()
}

/// An optional choice among ids.
fn chosen<T: std::str::FromStr>(typed: &str) -> Option<T> {
    typed.parse().ok()
}
