//! A concern: the record through its whole life, from two sentences typed standing up to the debrief.

use serde::{Deserialize, Serialize};

use crate::people::Role;

/// What a concern is about, as the reporter's first choice. The list is short on purpose: many categories spoil
/// trends. Each has one procedure in `content/procedures/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConcernKind {
    /// Something unsuitable came up on a screen (P1).
    FilterBreach,
    /// A child may be harmed or at risk, online or not.
    ChildAtRisk,
    /// An adult who works or volunteers here (P9). Its own route.
    AdultHere,
    /// Somebody may be drawn towards extremism (P8).
    Radicalisation,
    /// Anything else.
    SomethingElse,
}

impl ConcernKind {
    /// Every kind, in the order in which the form offers them.
    pub const ALL: [Self; 5] =
        [Self::FilterBreach, Self::ChildAtRisk, Self::AdultHere, Self::Radicalisation, Self::SomethingElse];

    /// The word for it in storage and content.
    pub fn key(self) -> &'static str {
        match self {
            Self::FilterBreach => "filter_breach",
            Self::ChildAtRisk => "child_at_risk",
            Self::AdultHere => "adult_here",
            Self::Radicalisation => "radicalisation",
            Self::SomethingElse => "something_else",
        }
    }

    /// The kind of this key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.key() == key)
    }
}

/// Where a concern stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConcernStatus {
    /// Filed; nobody with case rights has opened it.
    Received,
    /// Opened by somebody who works it.
    Open,
    /// Closed with outcome and debrief. May be opened again.
    Closed,
}

impl ConcernStatus {
    /// The word for it in storage.
    pub fn key(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }

    /// The status of this key.
    pub fn from_key(key: &str) -> Option<Self> {
        [Self::Received, Self::Open, Self::Closed].into_iter().find(|status| status.key() == key)
    }
}

/// How soon somebody must have opened it (S4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    /// Somebody is not safe now: five minutes.
    Urgent,
    /// Thirty minutes.
    Prompt,
}

impl Urgency {
    /// Minutes until an unopened concern goes to the next person.
    pub fn escalates_after_minutes(self) -> i64 {
        match self {
            Self::Urgent => 5,
            Self::Prompt => 30,
        }
    }

    /// The word for it in storage.
    pub fn key(self) -> &'static str {
        match self {
            Self::Urgent => "urgent",
            Self::Prompt => "prompt",
        }
    }

    /// The urgency of this key.
    pub fn from_key(key: &str) -> Option<Self> {
        [Self::Urgent, Self::Prompt].into_iter().find(|urgency| urgency.key() == key)
    }
}

/// What an entry of the chronology is. Fact and opinion are never one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// What was seen or heard.
    Fact,
    /// A child's exact words.
    ChildWords,
    /// What an adult said to the child.
    AdultWords,
    /// What somebody thinks it means.
    Opinion,
    /// Who is safe, and how.
    Safety,
    /// Who was told, when, how.
    Told,
    /// Who was there.
    Present,
    /// Something that already happened, recorded although its turn had not come (S1).
    AlreadyHappened,
    /// A correction: it supersedes, it does not replace.
    Correction,
    /// A note of the person who works the concern.
    Note,
    /// What was agreed with agencies, or among those who work it: who does what next.
    Strategy,
    /// A child's wishes and feelings, as far as they are known.
    Voice,
    /// Why this level of need: which threshold, and what speaks for it.
    Threshold,
    /// How the child or the family is supported.
    Plan,
    /// Why the parents were not told, or not yet.
    Withheld,
    /// How a referral went on.
    Referral,
    /// What the program did: hold, notification, escalation.
    System,
    /// A later message of a sender who has no account.
    FromSender,
    /// An answer to that sender.
    ToSender,
    /// Somebody declared, before they looked, that an image had to be looked at (S18).
    Viewing,
}

impl EntryKind {
    /// Every kind.
    pub const ALL: [Self; 20] = [
        Self::Fact,
        Self::ChildWords,
        Self::AdultWords,
        Self::Opinion,
        Self::Safety,
        Self::Told,
        Self::Present,
        Self::AlreadyHappened,
        Self::Correction,
        Self::Note,
        Self::Strategy,
        Self::Voice,
        Self::Threshold,
        Self::Plan,
        Self::Withheld,
        Self::Referral,
        Self::System,
        Self::FromSender,
        Self::ToSender,
        Self::Viewing,
    ];

    /// The word for it in storage.
    pub fn key(self) -> &'static str {
        match self {
            Self::Fact => "fact",
            Self::ChildWords => "child_words",
            Self::AdultWords => "adult_words",
            Self::Opinion => "opinion",
            Self::Safety => "safety",
            Self::Told => "told",
            Self::Present => "present",
            Self::AlreadyHappened => "already_happened",
            Self::Correction => "correction",
            Self::Note => "note",
            Self::Strategy => "strategy",
            Self::Voice => "voice",
            Self::Threshold => "threshold",
            Self::Plan => "plan",
            Self::Withheld => "withheld",
            Self::Referral => "referral",
            Self::System => "system",
            Self::FromSender => "from_sender",
            Self::ToSender => "to_sender",
            Self::Viewing => "viewing",
        }
    }

    /// The kind of this key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.key() == key)
    }
}

/// A person's part in a concern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The child it is about, or who was exposed.
    Child,
    /// The adult it is about. Shut out.
    About,
    /// Saw or heard it.
    Witness,
}

impl Part {
    /// The word for it in storage.
    pub fn key(self) -> &'static str {
        match self {
            Self::Child => "child",
            Self::About => "about",
            Self::Witness => "witness",
        }
    }

    /// The part of this key.
    pub fn from_key(key: &str) -> Option<Self> {
        [Self::Child, Self::About, Self::Witness].into_iter().find(|part| part.key() == key)
    }
}

/// Which way a concern goes (S7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RouteKind {
    /// To the lead and deputies.
    Safeguarding,
    /// An allegation about an adult: to the case manager alone, and whom they add.
    Allegation,
}

impl RouteKind {
    /// The word for it in storage.
    pub fn key(self) -> &'static str {
        match self {
            Self::Safeguarding => "safeguarding",
            Self::Allegation => "allegation",
        }
    }

    /// The route of this key.
    pub fn from_key(key: &str) -> Option<Self> {
        [Self::Safeguarding, Self::Allegation].into_iter().find(|route| route.key() == key)
    }

    /// The roles that receive on this route, first choice first. [`crate::routing`] makes it total.
    pub fn order(self) -> &'static [Role] {
        match self {
            Self::Safeguarding => &[Role::Dsl, Role::Deputy, Role::Manager, Role::Chair],
            Self::Allegation => &[Role::Manager, Role::Chair],
        }
    }
}
