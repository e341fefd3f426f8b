//! The filter as people decide it: policy, changes, proposals, and the snapshot that the gateway is given.

pub mod ask;
pub mod break_glass;
pub mod categories;
pub mod change;
pub mod check;
pub mod compare;
pub mod decide;
pub mod four_eyes;
pub mod hours;
pub mod moving;
pub mod outcome;
pub mod overrides;
pub mod policy;
mod promised;
pub mod publish;
pub mod say;
pub mod sessions;
pub mod start;
pub mod summary;
pub mod supply;
pub mod view;

pub use change::{Change, Direction, LOCKED_FOR_CHILDREN, Unfit};
pub use compare::{difference, direction};
pub use decide::{Decide, Propose, Proposed, Risk, Verdict};
pub use filter::{Audience, Film, SafeSearch};
pub use filter::{Download, exempt};

/// A network as somebody writes it, in its one spelling.
pub fn network(text: &str) -> Option<String> {
    filter::Network::spelt(text)
}

pub use policy::{AcceptedFeed, Approved, Decision, Group, Inspected, Policy, Surroundings, Why};
pub use say::ask_filter;
/// Words of the record that pages read.
pub use store::words::{Answer as Answered, ProposalState};
