//! A record as lines: the smallest things that can be left out, read in a table, or printed.

use domain::clock::Calendar;
use domain::concern::Part;
use domain::redaction::{Mark, redacted};
use domain::{AttachmentId, ConcernId};
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::concerns::{ConcernView, kind_in_words, what_in_words};

/// One line of a record: the smallest thing that can be left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Stays the same as long as the line does.
    pub key: String,
    /// Which record it is from.
    pub part: String,
    /// What it is.
    pub what: String,
    /// When.
    pub at: Option<String>,
    /// By whom.
    pub by: Option<String>,
    /// What it says.
    pub text: String,
    /// It is a file, which goes along or not.
    pub file: Option<FileOf>,
}

/// A file of a concern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileOf {
    /// Of which.
    pub concern: ConcernId,
    /// Which.
    pub id: AttachmentId,
    /// A picture: somebody else may be on it, and nobody can black that out here.
    pub picture: bool,
}

impl Item {
    pub(super) fn new(
        concern: &str,
        part: &str,
        what: &str,
        at: Option<String>,
        by: Option<String>,
        text: &str,
    ) -> Self {
        let digest = Sha256::digest(format!("{concern}\n{what}\n{at:?}\n{by:?}\n{text}").as_bytes());
        Self {
            key: hex::encode(digest).chars().take(20).collect(),
            part: part.to_owned(),
            what: what.to_owned(),
            at,
            by,
            text: text.to_owned(),
            file: None,
        }
    }

    /// What stands in front of its text.
    pub(super) fn label(&self) -> String {
        let with = [Some(self.what.clone()), self.at.clone(), self.by.clone()];
        with.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    pub(super) fn open(&self) -> Value {
        json!({ "record": self.part, "what": self.what, "when": self.at, "who": self.by, "text": self.text })
    }

    pub(super) fn under(&self, marks: &[Mark]) -> Self {
        let out = |text: &str| redacted(&self.key, text, marks);
        // A whole line that goes takes its writer and its hour along: who spoke when can be the secret.
        let whole = marks.iter().any(|mark| mark.words.is_none() && mark.item.as_deref() == Some(&self.key));
        Self {
            key: self.key.clone(),
            part: redacted("", &self.part, marks),
            what: self.what.clone(),
            at: self.at.clone().filter(|_| !whole),
            by: self.by.as_deref().filter(|_| !whole).map(out),
            text: out(&self.text),
            file: self.file.clone().filter(|_| !whole),
        }
    }
}

/// A concern as lines.
pub(super) fn items_of(view: &ConcernView, calendar: &Calendar) -> Vec<Item> {
    let part = format!("Concern {}", view.reference);
    let concern = view.id.to_string();
    let day_or_time = |at: Timestamp, sent: bool| match sent {
        true => domain::clock::say_day(calendar.local(at).date()),
        false => calendar.say(at),
    };
    let fact = |what: &str, text: &str| Item::new(&concern, &part, what, None, None, text);
    let mut items = vec![
        fact("What it is about", kind_in_words(view.kind)),
        fact("Happened", &day_or_time(view.event_at, view.unsigned)),
        fact("Known here", &day_or_time(view.known_at, view.unsigned)),
        fact("Written down", &day_or_time(view.recorded_at, view.unsigned)),
    ];
    items.extend(view.closed_at.map(|at| fact("Closed", &calendar.say(at))));
    items.extend(view.reporter.as_deref().map(|name| fact("Told by", name)));
    items.extend(view.device.as_ref().map(|(_, name)| fact("Device", name)));
    items.extend(view.room.as_deref().map(|name| fact("Room", name)));
    for person in &view.people {
        let what = match person.part {
            Part::Child => "Child",
            Part::About => "Adult it is about",
            Part::Witness => "Witness",
        };
        items.push(fact(what, &person.name));
    }
    for entry in &view.chronology {
        let mut text = entry.text.clone();
        for answer in &entry.answers {
            text.push_str(&format!("\n{}: {}", answer.label, answer.value));
        }
        for (is, words) in [(entry.out_of_order, "Recorded out of its order."), (entry.corrected, "Corrected later.")] {
            if is {
                text.push_str(&format!("\n{words}"));
            }
        }
        let what = what_in_words(entry.what);
        let at = day_or_time(entry.event_at, entry.is_from_sender());
        items.push(Item::new(&concern, &part, what, Some(at), entry.author.clone(), &text));
    }
    items
}
