//! The invented people, children and devices of the demo: `content/demo/*.toml`.
//!
//! What it is: who and what exists, and the stories of a few concerns, for the demo's builder to enter through the
//! use cases like anybody else. What it is not: evidence. Live probes are never seeded (S51), and whatever is built
//! from here is marked fictional.
//! To add a person, add a table; keys only have to be unique in the file.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::concern::ConcernKind;
use crate::people::{PersonKind, Role};

/// Everybody and everything of one demo setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Demo {
    /// Key of the profile in `content/settings/`.
    pub setting: String,
    /// Rooms.
    #[serde(rename = "room")]
    pub rooms: Vec<Room>,
    /// Adults with or without a sign-in.
    #[serde(rename = "person")]
    pub people: Vec<Person>,
    /// Ties between adults, or between an adult here and a child: what exclusion asks (S7).
    #[serde(default, rename = "tie")]
    pub ties: Vec<Tie>,
    /// Children with their families.
    #[serde(rename = "child")]
    pub children: Vec<Child>,
    /// Devices of the register.
    #[serde(rename = "device")]
    pub devices: Vec<Device>,
    /// Concerns of the last weeks.
    #[serde(default, rename = "story")]
    pub stories: Vec<Story>,
    /// What somebody without an account told by the open door.
    #[serde(default, rename = "unsigned")]
    pub unsigned: Vec<UnsignedStory>,
    /// A file that moves on with a child.
    #[serde(default)]
    pub leaving: Option<LeavingStory>,
    /// Somebody from outside asks that nothing about a child be destroyed.
    #[serde(default)]
    pub legal_hold: Option<LegalHoldStory>,
    /// What people did with the filter.
    #[serde(default)]
    pub filter: FilterStory,
}

/// Something told by the open door, and the lead's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnsignedStory {
    /// How many days ago.
    pub days_ago: u16,
    /// What they saw.
    pub words: String,
    /// What worries them.
    pub worry: String,
    /// What the lead left for them to read.
    pub answer: String,
}

/// A child who goes to school, and the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeavingStory {
    /// Key of the child.
    pub child: String,
    /// The school.
    pub to_name: String,
    /// Its safeguarding lead.
    pub to_lead: String,
    /// The last day here was so many days ago.
    pub left_days_ago: u16,
    /// What they must know before the child comes.
    pub note: String,
}

/// A legal hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LegalHoldStory {
    /// Key of the child.
    pub child: String,
    /// Who asked.
    pub asked_by: String,
    /// Why.
    pub reason: String,
}

/// The filter's last weeks: changes, requests, sessions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FilterStory {
    /// Proposals and what became of them.
    #[serde(default, rename = "change")]
    pub changes: Vec<FilterChange>,
    /// Who asked for a blocked site.
    #[serde(default, rename = "request")]
    pub requests: Vec<FilterRequest>,
    /// Sessions with children.
    #[serde(default, rename = "session")]
    pub sessions: Vec<FilterSession>,
}

/// One proposal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FilterChange {
    /// How many days ago.
    pub days_ago: u16,
    /// Who proposed it.
    pub by: String,
    /// Who approved it half an hour later; nobody: it waits.
    #[serde(default)]
    pub approved_by: Option<String>,
    /// Why.
    pub reason: String,
    /// What could go wrong.
    pub harm: String,
    /// What is lost without it.
    pub loss: String,
    /// What stands against the harm.
    pub safeguards: String,
    /// The change as the program keeps it.
    pub change: serde_json::Value,
}

/// One request for a blocked site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FilterRequest {
    /// How many days ago.
    pub days_ago: u16,
    /// Who asked.
    pub by: String,
    /// The site.
    pub host: String,
    /// Group of the device.
    pub group: String,
    /// Category that blocks it.
    #[serde(default)]
    pub category: Option<String>,
    /// Why they need it.
    pub why: String,
    /// Who answered, ninety minutes later; nobody: it waits.
    #[serde(default)]
    pub answered_by: Option<String>,
    /// `hour` or `no`.
    #[serde(default)]
    pub answer: Option<String>,
    /// Words to who asked.
    #[serde(default)]
    pub words: String,
}

/// One session with children.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FilterSession {
    /// How many days ago; none: it is open when the demo begins.
    pub days_ago: u16,
    /// Who sat there.
    pub by: String,
    /// Group of the devices.
    pub group: String,
    /// Key of the room.
    pub room: String,
    /// For how long.
    pub minutes: u32,
    /// `under_two`, `two_to_five`, `older`.
    pub youngest: String,
    /// What the children learned first.
    pub lesson: String,
    /// What they did.
    pub plan: String,
}

/// A room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Room {
    /// Key in this file.
    pub key: String,
    /// As people call it.
    pub name: String,
    /// Do children use it?
    pub children: bool,
}

/// An adult.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// Key in this file; `dsl`, `manager`, … are the names of the demo's credentials.
    pub key: String,
    /// Full name.
    pub name: String,
    /// Kind of person.
    pub kind: PersonKind,
    /// Roles; empty: no sign-in.
    #[serde(default)]
    pub roles: Vec<Role>,
    /// Room in which they work.
    #[serde(default)]
    pub room: Option<String>,
    /// Since when appointed or here.
    pub since: Date,
    /// Setting address (EML-10); absent for people from outside.
    #[serde(default)]
    pub email: Option<String>,
}

/// A tie between two people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tie {
    /// Key of a person.
    pub person: String,
    /// Key of a person or child.
    pub other: String,
    /// `partner`, `parent`, `relative`.
    pub kind: String,
}

/// A child.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Child {
    /// Key in this file.
    pub key: String,
    /// Full name.
    pub name: String,
    /// Date of birth.
    pub born: Date,
    /// Room.
    pub room: String,
    /// Key person among the staff.
    pub key_person: String,
    /// Adults of the family.
    #[serde(rename = "adult")]
    pub adults: Vec<FamilyAdult>,
}

/// An adult of a child's family (S13).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FamilyAdult {
    /// Full name. An adult of two children stands with both, under the same name.
    pub name: String,
    /// `parent`, `carer`, `relative`.
    pub relation: String,
    /// Has parental responsibility?
    pub parental_responsibility: bool,
    /// What whoever informs this adult must see first, e.g. "Do not contact: court order".
    #[serde(default)]
    pub warning: Option<String>,
    /// Key of a person of this file who is this adult (a parent with a sign-in, a colleague).
    #[serde(default)]
    pub person: Option<String>,
}

/// A device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Device {
    /// Key in this file and in the demo's credentials.
    pub key: String,
    /// As people call it.
    pub name: String,
    /// `tablet`, `laptop`, `computer`, `phone`, `guest`, `gateway`, `phone_line`, `alarm`.
    pub kind: String,
    /// Group of `content/groups.toml`.
    pub group: String,
    /// Room.
    #[serde(default)]
    pub room: Option<String>,
    /// Person to whom it is assigned.
    #[serde(default)]
    pub person: Option<String>,
    /// Owned or provided by the setting?
    pub setting_owned: bool,
    /// Has mobile data, so that a hold does not cut everything (S25)?
    #[serde(default)]
    pub mobile_data: bool,
    /// May it be held? Never the gateway, telephones, alarms (S25).
    pub holdable: bool,
}

/// A concern of the past weeks, told for the builder to enter step by step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Story {
    /// How many days ago it happened.
    pub days_ago: u16,
    /// Kind.
    pub kind: ConcernKind,
    /// Key of the person who told it.
    pub reporter: String,
    /// Key of the device, if one is part of it.
    #[serde(default)]
    pub device: Option<String>,
    /// Keys of the children.
    #[serde(default)]
    pub children: Vec<String>,
    /// Names that the device had been allowed around then, as the reporter ticked them.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// What the reporter wrote.
    pub words: String,
    /// Steps in the order in which they were done.
    #[serde(default, rename = "step")]
    pub steps: Vec<StoryStep>,
    /// What another story calls this one.
    #[serde(default)]
    pub key: Option<String>,
    /// What was done beside the steps.
    #[serde(default, rename = "also")]
    pub beside: Vec<Beside>,
}

/// Something done beside the steps of a procedure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Beside {
    /// Key of the person who did it; somebody who works cases.
    pub by: String,
    /// Minutes after the report.
    pub after_minutes: u32,
    /// What.
    pub what: Deed,
}

/// What one can do beside the steps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Deed {
    /// A letter to one of a child's adults, as the program begins it.
    Letter {
        /// Key of the child.
        child: String,
        /// Key of the adult.
        to: String,
        /// What the writer wrote where the letter says “Write here”, in its order.
        wrote: Vec<String>,
    },
    /// A referral that went out by telephone.
    Referral {
        /// Key of the agency.
        agency: String,
        /// Answers beside those that the program fills in.
        answers: BTreeMap<String, String>,
    },
    /// The agency has it.
    Acknowledged {
        /// Their reference.
        reference: String,
        /// Their words.
        words: String,
    },
    /// The agency decided.
    Outcome {
        /// Their words.
        words: String,
    },
    /// A file of plain words.
    File {
        /// Its name.
        name: String,
        /// What it is, and why it is needed.
        what: String,
        /// What stands in it.
        text: String,
    },
    /// A support plan.
    Plan {
        /// Key of the child.
        child: String,
        /// What the child needs.
        need: String,
        /// What we do.
        help: String,
        /// In the child's own words.
        voice: String,
        /// Looked at again after so many days.
        again_after_days: u16,
    },
    /// An address that the filter refuses to everybody.
    Seal {
        /// The address.
        address: String,
    },
    /// It touches another story.
    Touches {
        /// That story's key.
        story: String,
        /// Why they belong together.
        reason: String,
    },
    /// An encrypted parcel for somebody outside.
    Export {
        /// For whom.
        for_whom: String,
        /// Why.
        why: String,
        /// Which way the passphrase went.
        other_way: String,
    },
}

/// One step of a story.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoryStep {
    /// Step key of the procedure.
    pub step: String,
    /// Key of the person who did it.
    pub by: String,
    /// Minutes after the report.
    pub after_minutes: u32,
    /// Answers by field. For people, children and devices: keys of this file, several parted by a comma; for a time:
    /// minutes after the report.
    pub answers: BTreeMap<String, String>,
    /// For a debrief: what follows, to be done by the manager within a fortnight.
    #[serde(default)]
    pub lesson: Option<String>,
    /// For a debrief: why the policy is reviewed, within a month. Names no child.
    #[serde(default)]
    pub review: Option<String>,
}

impl Demo {
    /// Reads a demo file and checks that whatever it names exists.
    ///
    /// # Errors
    /// One sentence that says what is wrong.
    pub fn from_toml(text: &str) -> Result<Self, String> {
        let demo: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        demo.check()?;
        Ok(demo)
    }

    fn check(&self) -> Result<(), String> {
        let rooms: BTreeSet<&str> = self.rooms.iter().map(|room| room.key.as_str()).collect();
        let people: BTreeSet<&str> = self.people.iter().map(|person| person.key.as_str()).collect();
        let children: BTreeSet<&str> = self.children.iter().map(|child| child.key.as_str()).collect();
        let devices: BTreeSet<&str> = self.devices.iter().map(|device| device.key.as_str()).collect();
        if people.len() + children.len() + devices.len() != self.people.len() + self.children.len() + self.devices.len()
        {
            return Err("a key is there twice".into());
        }
        let known = |set: &BTreeSet<&str>, key: &str, what: &str| {
            if set.contains(key) { Ok(()) } else { Err(format!("no {what} is called {key}")) }
        };
        let person_rooms = self.people.iter().filter_map(|person| person.room.as_deref());
        let device_rooms = self.devices.iter().filter_map(|device| device.room.as_deref());
        for room in person_rooms.chain(device_rooms).chain(self.children.iter().map(|child| child.room.as_str())) {
            known(&rooms, room, "room")?;
        }
        for tie in &self.ties {
            known(&people, &tie.person, "person")?;
            known(&people, &tie.other, "person").or_else(|_| known(&children, &tie.other, "child"))?;
        }
        for child in &self.children {
            known(&people, &child.key_person, "person")?;
            for person in child.adults.iter().filter_map(|adult| adult.person.as_deref()) {
                known(&people, person, "person")?;
            }
            if !child.adults.iter().any(|adult| adult.parental_responsibility) {
                return Err(format!("{} has nobody with parental responsibility", child.key));
            }
        }
        for person in self.devices.iter().filter_map(|device| device.person.as_deref()) {
            known(&people, person, "person")?;
        }
        for story in &self.stories {
            known(&people, &story.reporter, "person")?;
            story.device.iter().try_for_each(|device| known(&devices, device, "device"))?;
            story.children.iter().try_for_each(|child| known(&children, child, "child"))?;
            story.steps.iter().try_for_each(|step| known(&people, &step.by, "person"))?;
            story.beside.iter().try_for_each(|deed| known(&people, &deed.by, "person"))?;
        }
        let leaving = self.leaving.iter().map(|leaving| leaving.child.as_str());
        for child in leaving.chain(self.legal_hold.iter().map(|hold| hold.child.as_str())) {
            known(&children, child, "child")?;
        }
        for session in &self.filter.sessions {
            known(&people, &session.by, "person")?;
            known(&rooms, &session.room, "room")?;
        }
        let changes = self.filter.changes.iter().flat_map(|one| [Some(&one.by), one.approved_by.as_ref()]);
        let requests = self.filter.requests.iter().flat_map(|one| [Some(&one.by), one.answered_by.as_ref()]);
        changes.chain(requests).flatten().try_for_each(|person| known(&people, person, "person"))?;
        Ok(())
    }
}
