//! Answers of a step in words: names for ids, times as people say them.

use std::collections::BTreeMap;

use domain::clock::Calendar;
use domain::procedure::{Answers, Field, FieldKind, Step};
use domain::{DeviceId, PersonId, RoomId, SettingId};
use jiff::Timestamp;
use store::Reads;

use crate::Result;

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerView {
    /// The question.
    pub label: String,
    /// The answer, as people read it.
    pub value: String,
}

/// The names of the setting's people, devices and rooms.
pub(crate) struct Names {
    people: BTreeMap<PersonId, String>,
    devices: BTreeMap<DeviceId, String>,
    rooms: BTreeMap<RoomId, String>,
}

impl Names {
    pub(crate) async fn load(db: &impl Reads, setting: SettingId) -> Result<Self> {
        let people = store::people::list(db, setting, None).await?;
        let devices = store::devices::list(db, setting).await?;
        let rooms = store::people::list_rooms(db, setting).await?;
        Ok(Self {
            people: people.into_iter().map(|person| (person.id, person.name)).collect(),
            devices: devices.into_iter().map(|device| (device.id, device.name)).collect(),
            rooms: rooms.into_iter().map(|room| (room.id, room.name)).collect(),
        })
    }

    pub(crate) fn person(&self, id: PersonId) -> String {
        self.people.get(&id).cloned().unwrap_or_else(|| "Somebody who is gone".into())
    }

    pub(crate) fn of(&self, id: Option<PersonId>) -> String {
        id.map_or_else(|| "Nobody".into(), |id| self.person(id))
    }

    pub(crate) fn device(&self, id: DeviceId) -> String {
        self.devices.get(&id).cloned().unwrap_or_else(|| "A device that is gone".into())
    }

    pub(crate) fn room(&self, id: RoomId) -> String {
        self.rooms.get(&id).cloned().unwrap_or_else(|| "A room that is gone".into())
    }

    /// Is this child, member of staff or device one of ours?
    pub(crate) fn knows(&self, kind: FieldKind, value: &str) -> bool {
        match kind {
            FieldKind::Children | FieldKind::Staff => parse(value).is_some_and(|id| self.people.contains_key(&id)),
            FieldKind::Device => parse(value).is_some_and(|id| self.devices.contains_key(&id)),
            FieldKind::When => value.parse::<Timestamp>().is_ok(),
            FieldKind::Line | FieldKind::Text | FieldKind::Choice | FieldKind::Reference => true,
        }
    }
}

fn parse<T: std::str::FromStr>(value: &str) -> Option<T> {
    value.parse().ok()
}

/// Several values of one answer are separated so (children, by id).
pub(crate) fn several(value: &str) -> impl Iterator<Item = &str> {
    value.split(',').map(str::trim).filter(|part| !part.is_empty())
}

/// The answers of a step, in its order.
pub(crate) fn in_words(step: &Step, answers: &Answers, names: &Names, calendar: &Calendar) -> Vec<AnswerView> {
    let told = step.fields.iter().filter_map(|field| {
        let answer = answers.get(&field.key).map(|text| text.trim()).filter(|text| !text.is_empty())?;
        Some(AnswerView { label: field.label.clone(), value: value(field, answer, names, calendar) })
    });
    told.collect()
}

fn value(field: &Field, answer: &str, names: &Names, calendar: &Calendar) -> String {
    match field.kind {
        FieldKind::Choice => field
            .choices
            .iter()
            .find(|choice| choice.value == answer)
            .map_or_else(|| answer.to_owned(), |choice| choice.label.clone()),
        FieldKind::When => answer.parse().map_or_else(|_| answer.to_owned(), |at| calendar.say(at)),
        FieldKind::Children | FieldKind::Staff => {
            let people = several(answer).map(|id| parse(id).map_or_else(|| id.to_owned(), |id| names.person(id)));
            people.collect::<Vec<_>>().join(", ")
        }
        FieldKind::Device => parse(answer).map_or_else(|| answer.to_owned(), |id| names.device(id)),
        FieldKind::Line | FieldKind::Text | FieldKind::Reference => answer.to_owned(),
    }
}
