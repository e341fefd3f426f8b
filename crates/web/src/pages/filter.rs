//! The filter's pages. What is decided, and by whom, is `app::filtering`'s; here it becomes words.

pub mod ask;
pub mod break_glass;
pub mod check;
pub mod group;
pub mod history;
pub mod inspection;
pub mod lists;
pub mod matrix;
pub mod networks;
pub mod overview;
pub mod proposals;
pub mod propose;
pub mod requests;
pub mod self_test;
pub mod shape;

use app::filtering::Audience;
use app::filtering::ProposalState;
use domain::access::{Action, Relation, authorize};
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use views::ui::{Cell, Tag, Tone};

use crate::{Fault, Visit};

/// May whoever looks do this? Only to offer or to leave out a button: the use case asks again.
fn may(visit: &Visit, action: Action) -> bool {
    authorize(&visit.ctx().actor, action, Relation::Setting).is_ok()
}

/// A moment as people say it.
pub(super) fn say(visit: &Visit, at: Timestamp) -> String {
    visit.services().calendar.say(at)
}

/// A moment in a table.
pub(super) fn time(visit: &Visit, at: Timestamp) -> Cell {
    Cell::Time(at.to_string(), say(visit, at))
}

/// The last moment of a day here: "until Friday" includes Friday.
fn end_of(visit: &Visit, day: Date) -> Result<Timestamp, Fault> {
    let last = day.to_datetime(Time::constant(23, 59, 59, 0));
    let zone = visit.services().calendar.zone().clone();
    let at = zone.to_ambiguous_timestamp(last).compatible();
    at.map_err(|error| Fault::Broken(error.to_string()))
}

fn state(state: ProposalState, in_force: bool) -> Tag {
    match (state, in_force) {
        (ProposalState::Waiting, true) => Tag::new(Tone::Due, "In force, to be looked at"),
        (ProposalState::Waiting, false) => Tag::new(Tone::Due, "Waiting"),
        (ProposalState::Approved, _) => Tag::new(Tone::Done, "Approved"),
        (ProposalState::Refused, true) => Tag::new(Tone::Gap, "Refused, still in force"),
        (ProposalState::Refused, false) => Tag::new(Tone::Shut, "Refused"),
        (ProposalState::Withdrawn, true) => Tag::new(Tone::Gap, "Taken back, still in force"),
        (ProposalState::Withdrawn, false) => Tag::new(Tone::Calm, "Taken back"),
    }
}

/// For whom a group is, and what that means.
fn audience(audience: Audience) -> &'static str {
    match audience {
        Audience::Children => {
            "For children, with an adult beside them. Search is always safe. A blocked page shows a picture and a help button."
        }
        Audience::Adults => "For adults at work. A blocked page says why, and leads to asking for it.",
        Audience::Guests => "For visitors. What is blocked is counted and never tied to anybody.",
        Audience::Essential => {
            "For calls, alarms and medical apps. Nothing stands in their way but what would harm them."
        }
    }
}
