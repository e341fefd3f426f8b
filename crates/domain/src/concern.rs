//! A concern: the record through its whole life, from two sentences typed standing up to the debrief.

use serde::{Deserialize, Serialize};

use crate::people::Role;

/// What a concern is about, as the reporter's first choice. Each has one procedure in `content/procedures/` and its words
/// in `content/kinds.toml`, which also says in which group and order the form offers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConcernKind {
    /// Something unsuitable came up on a screen (P1).
    FilterBreach,
    /// A child may be harmed or at risk, online or not: abuse, exploitation, grooming (P4).
    ChildAtRisk,
    /// An adult who works or volunteers here (P9). Its own route.
    AdultHere,
    /// A personal phone, camera or watch where children are, or pictures taken with one (P12).
    PersonalDevice,
    /// An offensive or suspicious mail or message (P10).
    Message,
    /// A child, a former one or a family made contact on a personal account (P11).
    PersonalContact,
    /// Bullying online, of a child, a parent or staff (P6).
    Bullying,
    /// Hate online (P7).
    Hate,
    /// Somebody may be drawn towards extremism (P8).
    Radicalisation,
    /// An indecent image of a child, computer-made ones too (P5).
    IndecentImage,
    /// A sexual image made or shared by a child or young person (P3).
    YoungPersonsImage,
    /// A picture of a child that was altered or made by a computer (P15).
    AlteredImage,
    /// A picture taken or published without consent (P16).
    PhotoPublished,
    /// A parent posted other people's children (P17).
    ParentPosted,
    /// Personal data lost, stolen, broken into or sent to the wrong person (P13).
    DataLost,
    /// Phishing, ransomware, an attack on our systems (P18).
    Attack,
    /// An AI tool used without approval (P19).
    AiTool,
    /// A smart toy, a speaker, a camera, CCTV (P20).
    SmartDevice,
    /// Something else that may be a crime (P14).
    Crime,
    /// Anything else (G1).
    SomethingElse,
    /// An alert of the filter or the monitoring that a person judged to need work (P2).
    MonitoringAlert,
    /// A complaint: about how personal data are used, or how children are looked after (M1).
    DataComplaint,
    /// A request for one's own data, or a child's (M2).
    AccessRequest,
    /// A child's safeguarding file goes on with the child (M3).
    FileTransfer,
}

impl ConcernKind {
    /// Every kind.
    pub const ALL: [Self; 24] = [
        Self::FilterBreach,
        Self::ChildAtRisk,
        Self::AdultHere,
        Self::PersonalDevice,
        Self::Message,
        Self::PersonalContact,
        Self::Bullying,
        Self::Hate,
        Self::Radicalisation,
        Self::IndecentImage,
        Self::YoungPersonsImage,
        Self::AlteredImage,
        Self::PhotoPublished,
        Self::ParentPosted,
        Self::DataLost,
        Self::Attack,
        Self::AiTool,
        Self::SmartDevice,
        Self::Crime,
        Self::SomethingElse,
        Self::MonitoringAlert,
        Self::DataComplaint,
        Self::AccessRequest,
        Self::FileTransfer,
    ];

    /// Is it about a sexual or altered image? Then it takes no file, whoever it is about (S17).
    pub fn is_imagery(self) -> bool {
        matches!(self, Self::IndecentImage | Self::YoungPersonsImage | Self::AlteredImage)
    }

    /// The word for it in storage and content.
    pub fn key(self) -> &'static str {
        match self {
            Self::FilterBreach => "filter_breach",
            Self::ChildAtRisk => "child_at_risk",
            Self::AdultHere => "adult_here",
            Self::PersonalDevice => "personal_device",
            Self::Message => "message",
            Self::PersonalContact => "personal_contact",
            Self::Bullying => "bullying",
            Self::Hate => "hate",
            Self::Radicalisation => "radicalisation",
            Self::IndecentImage => "indecent_image",
            Self::YoungPersonsImage => "young_persons_image",
            Self::AlteredImage => "altered_image",
            Self::PhotoPublished => "photo_published",
            Self::ParentPosted => "parent_posted",
            Self::DataLost => "data_lost",
            Self::Attack => "attack",
            Self::AiTool => "ai_tool",
            Self::SmartDevice => "smart_device",
            Self::Crime => "crime",
            Self::SomethingElse => "something_else",
            Self::MonitoringAlert => "monitoring_alert",
            Self::DataComplaint => "data_complaint",
            Self::AccessRequest => "access_request",
            Self::FileTransfer => "file_transfer",
        }
    }

    /// The kind of this key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.key() == key)
    }

    /// In plain words, as people choose it.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::FilterBreach => "Something unsuitable came up on a screen",
            Self::ChildAtRisk => "A child may be harmed or at risk",
            Self::AdultHere => "An adult who works or volunteers here",
            Self::PersonalDevice => "A personal phone, camera or watch in use",
            Self::Message => "An offensive or suspicious message",
            Self::PersonalContact => "A child or family made contact on a personal account",
            Self::Bullying => "Bullying online",
            Self::Hate => "Hate online",
            Self::Radicalisation => "Somebody may be drawn towards extremism",
            Self::IndecentImage => "A sexual image of a child",
            Self::YoungPersonsImage => "A child or young person made or shared a sexual image",
            Self::AlteredImage => "A picture of a child was altered or faked",
            Self::PhotoPublished => "A photo was taken or published without consent",
            Self::ParentPosted => "A parent posted other people’s children",
            Self::DataLost => "A device or information was lost, stolen or sent to the wrong person",
            Self::Attack => "Phishing, a virus or somebody in our systems",
            Self::AiTool => "An AI tool was used without approval",
            Self::SmartDevice => "A smart toy, speaker or camera",
            Self::Crime => "Something else that may be a crime",
            Self::SomethingElse => "Something else",
            Self::MonitoringAlert => "The filter or the monitoring raised an alert",
            Self::DataComplaint => "A complaint about care, or about personal data",
            Self::AccessRequest => "Somebody asks for the data that we hold about them",
            Self::FileTransfer => "A child’s file goes to the next school or nursery",
        }
    }

    /// A task with a legal clock rather than a worry about somebody: only people who work cases begin one.
    pub fn is_matter(self) -> bool {
        matches!(self, Self::DataComplaint | Self::AccessRequest | Self::FileTransfer)
    }

    /// Does the form ask on which device it was?
    pub fn asks_device(self) -> bool {
        matches!(
            self,
            Self::FilterBreach
                | Self::MonitoringAlert
                | Self::IndecentImage
                | Self::AiTool
                | Self::SmartDevice
                | Self::Attack
        )
    }

    /// Does the form ask which adult it is about?
    pub fn asks_about(self) -> bool {
        self != Self::FilterBreach && !self.is_matter()
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
    /// Destroyed by two people when its time had come (S37): an empty place, so that what was made from it still knows who
    /// must not see it. No list, search, count or page finds it.
    Destroyed,
}

impl ConcernStatus {
    /// The word for it in storage.
    pub fn key(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Open => "open",
            Self::Closed => "closed",
            Self::Destroyed => "destroyed",
        }
    }

    /// The status of this key.
    pub fn from_key(key: &str) -> Option<Self> {
        [Self::Received, Self::Open, Self::Closed, Self::Destroyed].into_iter().find(|status| status.key() == key)
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
    /// A later message of whoever told it: a sender who has no account, or a reporter who was asked.
    FromSender,
    /// An answer or a question to them.
    ToSender,
    /// Somebody declared, before they looked, that an image had to be looked at (S18).
    Viewing,
    /// Before a file was added somebody said that it could show a child undressed, sexual or injured, or was not sure (S17).
    CouldShow,
    /// Somebody else decided why it cannot show that.
    CannotShow,
}

impl EntryKind {
    /// Every kind.
    pub const ALL: [Self; 22] = [
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
        Self::CouldShow,
        Self::CannotShow,
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
            Self::CouldShow => "could_show",
            Self::CannotShow => "cannot_show",
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
