//! A change to the filter. `apply` makes the policy after it, `fit` says what cannot be made at all, `undo` finds the change
//! that takes it away again, `words` says it in one line, `hidden` leaves out what a reader may not know of.
//!
//! To add a kind of change, add it to [`Change`]; the compiler then asks for its effect and its words.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::hours::Hours;
use super::policy::{Inspected, Policy, Why};

mod apply;
mod fit;
mod hidden;
mod undo;
mod words;

pub(crate) use hidden::{Known, REASON_UNREAD, is_hidden, without_hidden};
pub(crate) use words::files_in_words;
pub use words::search_word;

/// One change, as proposed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Change {
    /// Block a name with everything below it.
    BlockName {
        /// Host name.
        name: String,
        /// Group keys; empty is every group.
        groups: Vec<String>,
    },
    /// Allow a name although a category blocks it.
    AllowName {
        /// Host name.
        name: String,
        /// Group keys.
        groups: Vec<String>,
        /// When it ends by itself.
        #[serde(default)]
        until: Option<Timestamp>,
    },
    /// Allow a name for some minutes, counted from the moment when it is approved.
    AllowForAWhile {
        /// Host name.
        name: String,
        /// Group keys.
        groups: Vec<String>,
        /// For how long.
        minutes: u32,
    },
    /// Take a decision about a name away.
    ForgetName {
        /// Host name.
        name: String,
        /// Group keys.
        groups: Vec<String>,
    },
    /// Block a category.
    BlockCategory {
        /// Category id.
        category: String,
        /// In the policy's words.
        why: Why,
        /// Group keys.
        groups: Vec<String>,
    },
    /// Stop blocking a category.
    AllowCategory {
        /// Category id.
        category: String,
        /// Group keys.
        groups: Vec<String>,
    },
    /// Fetch lists from one more place.
    AddSource {
        /// Where, whose, under which licence.
        source: Box<crate::sources::Source>,
    },
    /// Fetch no longer from a place, and let through what only its lists block.
    RemoveSource {
        /// Its key.
        key: String,
    },
    /// Whoever asks from a network and is nobody that the register knows is in a group (S33).
    SetNetwork {
        /// `192.168.20.0/24`.
        cidr: String,
        /// Group key.
        group: String,
    },
    /// Such devices fall in the strictest group again.
    RemoveNetwork {
        /// As it stands in the policy.
        cidr: String,
    },
    /// Devices that nobody knows, and those that cannot prove which one they are, fall in this group (S33).
    UnknownDevices {
        /// Key of a children's group.
        group: String,
    },
    /// Take a licensed feed of illegal addresses although it lost more entries than it may by itself.
    AcceptShrunkFeed {
        /// Its id, as the configuration names it.
        feed: String,
        /// As many entries as it has now.
        entries: u64,
        /// Until when; some days from the moment when it is approved.
        #[serde(default)]
        until: Option<Timestamp>,
    },
    /// Hold search engines to their safe search, or let go.
    SetSearch {
        /// How.
        level: filter::SafeSearch,
        /// Group keys.
        groups: Vec<String>,
    },
    /// Something that holds at certain times.
    AddHours {
        /// What and when.
        hours: Hours,
        /// Group keys.
        groups: Vec<String>,
    },
    /// End something that holds at certain times.
    RemoveHours {
        /// Its id.
        id: String,
        /// Group keys.
        groups: Vec<String>,
    },
    /// Kinds of files that are not let through where the proxy sees them: these, and no others.
    RefuseFiles {
        /// Which.
        kinds: std::collections::BTreeSet<filter::Download>,
        /// Group keys.
        groups: Vec<String>,
    },
    /// Nothing but approved material, and only while an adult has a session open (CLS-07); or no longer so.
    Supervise {
        /// From now on, or no longer.
        on: bool,
        /// Group keys.
        groups: Vec<String>,
    },
    /// Material that somebody looked at before children use it (CLS-04).
    Approve {
        /// The site; or a part of it, as `host/path`, where the group's pages are inspected (S34).
        name: String,
        /// Sites, and parts of sites, that it needs to work, accepted one by one (S34).
        helpers: Vec<String>,
        /// What it is.
        title: String,
        /// What the children do with it.
        purpose: String,
        /// What was found by whoever looked at all of it.
        evaluation: String,
        /// Group keys.
        groups: Vec<String>,
        /// When it ends by itself.
        #[serde(default)]
        until: Option<Timestamp>,
    },
    /// Open encrypted pages to decide them by their whole address, until a day (S29).
    Inspect {
        /// What is recorded, and how.
        how: Box<Inspected>,
        /// Group keys.
        groups: Vec<String>,
    },
    /// End that.
    EndInspection {
        /// Group keys.
        groups: Vec<String>,
    },
    /// A device goes to a group that reaches more. The policy stays as it is ([`super::moving`]).
    MoveDevice {
        /// Which.
        device: domain::DeviceId,
        /// As on its label when it was proposed.
        name: String,
        /// Key of the group that it is in.
        from: String,
        /// Key of the group that it goes to.
        to: String,
    },
    /// A new group that begins as a copy of another.
    AddGroup {
        /// As people call it.
        name: String,
        /// Key of the group that it is like.
        like: String,
    },
    /// A group is called something else.
    RenameGroup {
        /// Its key, which stays.
        group: String,
        /// As people will call it.
        name: String,
    },
    /// A group goes; its devices fall in the strictest one.
    RemoveGroup {
        /// Its key.
        group: String,
    },
    /// Something that holds at certain times holds at others, or does something else.
    SetHours {
        /// Its id.
        id: String,
        /// What and when, from now on.
        hours: Hours,
        /// Group keys.
        groups: Vec<String>,
    },
    /// Go back to an earlier version as a whole. Groups that were added since stay as they are.
    RollBack {
        /// Its number.
        to: i64,
        /// Its text, so that the proposal shows what was decided on.
        policy: Box<Policy>,
    },
}

/// For so long a shrunk feed that was accepted may be taken: its supplier is asked once a day.
const FEED_MAY_SHRINK: jiff::SignedDuration = jiff::SignedDuration::from_hours(72);

/// Does a change weaken protection?
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Nothing becomes reachable that was not. Immediate (S45).
    Tightens,
    /// Something becomes reachable. Another person approves.
    Loosens,
}

/// Why a change cannot be made. A sentence for the form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unfit(pub String);

impl Change {
    /// The change as it takes effect at a moment: a while begins to run.
    #[must_use]
    pub fn starting(&self, now: Timestamp) -> Self {
        match self {
            Self::AllowForAWhile { name, groups, minutes } => {
                let end = now.saturating_add(jiff::SignedDuration::from_mins(i64::from(*minutes))).unwrap_or(now);
                Self::AllowName { name: name.clone(), groups: groups.clone(), until: Some(end) }
            }
            Self::AcceptShrunkFeed { feed, entries, .. } => {
                let until = Some(now.saturating_add(FEED_MAY_SHRINK).unwrap_or(now));
                Self::AcceptShrunkFeed { feed: feed.clone(), entries: *entries, until }
            }
            other => other.clone(),
        }
    }

    /// The names that a change opens, and for which groups.
    pub(crate) fn opens(&self) -> Option<(Vec<&str>, &[String])> {
        match self {
            Self::AllowName { name, groups, .. } | Self::AllowForAWhile { name, groups, .. } => {
                Some((vec![name], groups))
            }
            Self::Approve { name, helpers, groups, .. } => {
                Some((std::iter::once(name).chain(helpers).map(String::as_str).collect(), groups))
            }
            _ => None,
        }
    }

    /// When what it opens closes by itself; `None` for what stands until somebody changes it, and for a while that has not begun.
    pub fn ends(&self) -> Option<Timestamp> {
        match self {
            Self::AllowName { until, .. } | Self::Approve { until, .. } => *until,
            _ => None,
        }
    }
}

/// Categories that the policies promise to block; no change loosens them for a children's group (FIL-02).
pub const LOCKED_FOR_CHILDREN: [&str; 5] = ["pornography", "hate", "extremism", "gambling", "illegal"];
