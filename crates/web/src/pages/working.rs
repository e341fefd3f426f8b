//! Working with others: the directory, referrals, letters; and looking over all the work: clocks, chronologies, trends.
//!
//! As in [`super::concerns`], nothing here decides who may see what.

pub mod addresses;
pub mod agencies;
pub mod apart;
pub mod cover;
pub mod letters;
pub mod low_level;
pub mod over;
pub mod paper;
pub mod plans;
pub mod procedures;
pub mod referrals;
pub mod rests;
pub mod sharing;
pub mod strands;
pub mod tasks;
pub mod transfers;
pub mod wall;

use jiff::Timestamp;
use views::FormView;

use crate::{Visit, words};

fn moment(visit: &Visit, at: Timestamp) -> String {
    words::moment(&visit.services().calendar.local(at))
}

/// The hidden field that lets two editors notice each other.
fn version_field(version: i64) -> String {
    format!("<input type=\"hidden\" name=\"version\" value=\"{version}\">")
}

/// "Now" in the parts of a form's moment, where nothing was typed yet.
fn with_now(form: FormView, visit: &Visit, name: &str) -> FormView {
    if form.has_errors() || !form.value(&format!("{name}-day")).is_empty() {
        return form;
    }
    super::concerns::with_moment(form, visit, name, visit.services().now())
}
