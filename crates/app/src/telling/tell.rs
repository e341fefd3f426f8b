//! A report without an account, from the form to the concern.

use domain::concern::ConcernKind;
use domain::reference::words;
use domain::{OpCtx, PersonId};
use jiff::Timestamp;
use jiff::civil::Date;

use super::door::Door;
use super::inbox::receipt_hash;
use super::{LONGEST, LONGEST_LINE};
use crate::concerns::{About, Beside, Children, Report, SafeNow, file_unsigned};
use crate::{Error, Result, Services};

/// What it is about, in the four words that a parent has for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matter {
    /// A child may be harmed or afraid.
    Child,
    /// Something that an adult who works here did or said.
    AdultHere,
    /// Something on a screen, here.
    Screen,
    /// Anything else.
    Else,
}

impl Matter {
    /// Every one, in the order in which the form offers them.
    pub const ALL: [Self; 4] = [Self::Child, Self::AdultHere, Self::Screen, Self::Else];

    /// The word for it in the form.
    pub fn key(self) -> &'static str {
        match self {
            Self::Child => "child",
            Self::AdultHere => "adult",
            Self::Screen => "screen",
            Self::Else => "else",
        }
    }

    /// The one of this key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|matter| matter.key() == key)
    }

    /// The lead sorts it more finely.
    fn kind(self) -> ConcernKind {
        match self {
            Self::Child => ConcernKind::ChildAtRisk,
            Self::AdultHere => ConcernKind::AdultHere,
            Self::Screen => ConcernKind::FilterBreach,
            Self::Else => ConcernKind::SomethingElse,
        }
    }
}

/// What the sender says they are. Nothing is a good answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SenderIs {
    /// A parent or carer.
    Parent,
    /// A visitor.
    Visitor,
    /// Somebody who works here, or did.
    Staff,
    /// Somebody else.
    Other,
    /// They would rather not say.
    Unsaid,
}

impl SenderIs {
    /// Every one, in the order of the form.
    pub const ALL: [Self; 5] = [Self::Parent, Self::Visitor, Self::Staff, Self::Other, Self::Unsaid];

    /// The word for it in the form.
    pub fn key(self) -> &'static str {
        match self {
            Self::Parent => "parent",
            Self::Visitor => "visitor",
            Self::Staff => "staff",
            Self::Other => "other",
            Self::Unsaid => "unsaid",
        }
    }

    /// The one of this key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sender| sender.key() == key)
    }

    fn in_words(self) -> Option<&'static str> {
        match self {
            Self::Parent => Some("a parent or carer"),
            Self::Visitor => Some("a visitor"),
            Self::Staff => Some("somebody who works or worked here"),
            Self::Other => Some("somebody else"),
            Self::Unsaid => None,
        }
    }
}

/// What the open form asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsigned {
    /// What it is about.
    pub matter: Matter,
    /// Somebody in charge whom it is about: it goes past them.
    pub about: Option<PersonId>,
    /// Is everybody safe now?
    pub safe_now: SafeNow,
    /// What the sender saw or heard.
    pub what_happened: String,
    /// What worries them about it.
    pub worry: String,
    /// When, if they know. A day is enough.
    pub day: Option<Date>,
    /// What they are.
    pub sender: SenderIs,
    /// Their name, if they want to give one.
    pub name: String,
    /// How to reach them, if they want to be reached otherwise than by the receipt.
    pub reach: String,
}

/// It was told. The six words are shown once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// `acorn river teapot lantern moss yellow`.
    pub receipt: String,
}

/// Files it. Open to everybody: no role, no session, nothing of the sender in the context.
///
/// # Errors
/// [`Error::Invalid`] with the field to mend; [`Error::Unavailable`] when the records are away or the disk is full: what
/// is left of the disk is for those who work here.
pub async fn tell(services: &Services, ctx: &mut OpCtx, door: &Door, unsigned: Unsigned) -> Result<Told> {
    // Whoever comes this way acts as nobody, even with a session in the same browser (S14).
    ctx.actor = domain::Actor::Nobody;
    ctx.client = domain::Client::default();
    if services.db.is_short_of_space() {
        return Err(Error::Unavailable {
            say: "Our computer is full, so this could not be saved. Tell somebody in person, or ring one of the numbers below.".into(),
        });
    }
    unsigned.check()?;
    let about = match unsigned.about {
        Some(person) if door.named.iter().any(|named| named.person == person) => About::Person(person),
        Some(_) => return Err(Error::invalid("about", "Choose somebody from the list, or “Somebody else”.")),
        None => About::Nobody,
    };
    let event_at = match unsigned.day {
        None => ctx.now,
        Some(day) => noon(services, day)?.min(ctx.now),
    };
    let report = Report {
        kind: unsigned.matter.kind(),
        what_happened: unsigned.what_happened.trim().to_owned(),
        safe_now: unsigned.safe_now,
        who_is_safe: String::new(),
        event_at,
        device: None,
        room: None,
        hosts: Vec::new(),
        about,
        children: match unsigned.matter {
            Matter::Child => Children::NotYetKnown,
            Matter::AdultHere | Matter::Screen | Matter::Else => Children::Nobody,
        },
        told: None,
        hold_device: false,
    };
    let beside = Beside {
        opinion: unsigned.worry.trim().to_owned(),
        paper: None,
        known: None,
        sender: unsigned.sender_in_words(),
        linked: Vec::new(),
        alert: None,
    };
    let receipt = words::fresh(&mut *ctx.rng);
    let hash = receipt_hash(services, door.setting, &receipt).await?;
    file_unsigned(services, ctx, door.setting, &hash, (&report, &beside)).await?;
    Ok(Told { receipt })
}

fn noon(services: &Services, day: Date) -> Result<Timestamp> {
    let noon = day.at(12, 0, 0, 0).to_zoned(services.calendar.zone().clone());
    noon.map(|noon| noon.timestamp()).map_err(|error| Error::Internal(error.to_string()))
}

impl Unsigned {
    fn check(&self) -> Result<()> {
        let mut wrong = std::collections::BTreeMap::new();
        for (field, text, most) in [
            ("what_happened", &self.what_happened, LONGEST),
            ("worry", &self.worry, LONGEST),
            ("name", &self.name, LONGEST_LINE),
            ("reach", &self.reach, LONGEST_LINE),
        ] {
            if text.chars().count() > most {
                wrong.insert(field.to_owned(), format!("This is too long. It may have up to {most} letters."));
            } else if domain::pasted::is_image_data(text) {
                wrong.insert(field.to_owned(), crate::concerns::NO_PICTURES.to_owned());
            }
        }
        if wrong.is_empty() { Ok(()) } else { Err(Error::Invalid(wrong)) }
    }

    fn sender_in_words(&self) -> String {
        let mut said = match self.sender.in_words() {
            Some(words) => format!("Sent without an account, by {words}."),
            None => "Sent without an account. The sender does not say who they are.".to_owned(),
        };
        if !self.name.trim().is_empty() {
            said.push_str(&format!(" They give this name: {}.", self.name.trim()));
        }
        if !self.reach.trim().is_empty() {
            said.push_str(&format!(" They may be reached so: {}.", self.reach.trim()));
        }
        said
    }
}
