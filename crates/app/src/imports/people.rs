//! People from a CSV file. Headings: name, kind, known as, born, room, email, phone, first day.

use std::collections::{BTreeMap, BTreeSet};

use domain::people::PersonKind;
use domain::{PersonId, RoomId, SettingId};
use jiff::civil::Date;
use store::people::Person;
use store::{Reads, Tx};
use uuid::Uuid;

use super::sheet::{self, Fault, Line};
use super::{Read, ReadLine, changed, shown, unless_used};
use crate::error::{Error, Result};
use crate::people::{LONGEST_NAME, PersonDraft, email, is_phone};

/// The headings that are read.
pub const HEADINGS: [&str; 8] = ["name", "kind", "known as", "born", "room", "email", "phone", "first day"];

/// An example to start from.
pub const EXAMPLE: &str = "name,kind,known as,born,room,email,phone,first day\r\n\
    Robin Example,child,Robin,2023-05-14,Owls,,,2026-09-03\r\n\
    Sam Example,family,Sam,,,sam@example.org,01632 960001,\r\n";

pub(crate) async fn read(db: &impl Reads, setting: SettingId, file: &[u8]) -> Result<Read<PersonDraft>> {
    let sheet = sheet::read(file, &HEADINGS, &["name", "kind"]).map_err(|say| Error::invalid("file", &say))?;
    let rooms: BTreeMap<String, RoomId> = store::people::list_rooms(db, setting)
        .await?
        .into_iter()
        .map(|room| (room.name.to_lowercase(), room.id))
        .collect();
    let mut known: BTreeSet<(String, Option<Date>)> = store::people::list(db, setting, None)
        .await?
        .into_iter()
        .map(|person| (person.name.to_lowercase(), person.born))
        .collect();
    let lines = sheet.lines.iter().map(|line| {
        let row = draft(line, &rooms).and_then(|draft| {
            if known.insert((draft.name.to_lowercase(), draft.born)) {
                Ok(draft)
            } else {
                let say = "Somebody of this name and date of birth is in the register or further up in the file.";
                Err(vec![Fault::new("name", say)])
            }
        });
        let says = row.as_ref().map(|draft| describe(draft, line)).unwrap_or_default();
        ReadLine { number: line.number, name: shown(line), says, row }
    });
    let lines = lines.collect();
    Ok(Read { ignored: sheet.ignored, lines })
}

fn describe(draft: &PersonDraft, line: &Line) -> String {
    let kind = match draft.kind {
        PersonKind::Staff => "Member of staff",
        PersonKind::Child => "Child",
        PersonKind::Family => "Parent, carer or family",
        PersonKind::Visitor => "Visitor",
        PersonKind::Unknown => "Not yet known",
    };
    let born = draft.born.map(|born| format!(", born {}", born.strftime("%-d %B %Y"))).unwrap_or_default();
    let room = line.get("room").map(|room| format!(", {room}")).unwrap_or_default();
    format!("{kind}{born}{room}")
}

fn draft(line: &Line, rooms: &BTreeMap<String, RoomId>) -> std::result::Result<PersonDraft, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut keep = |result: std::result::Result<Option<String>, Fault>| {
        result.unwrap_or_else(|fault| {
            faults.push(fault);
            None
        })
    };
    let name = keep(line.words("name", LONGEST_NAME));
    let known_as = keep(line.words("known as", LONGEST_NAME)).unwrap_or_default();
    let email = keep(line.words("email", 254));
    let room = keep(line.words("room", 60));
    if name.is_none() && line.get("name").is_none() {
        faults.push(Fault::new("name", "The name is missing."));
    }
    let kind = match line.get("kind").map(str::to_lowercase).as_deref() {
        Some("staff" | "member of staff") => Some(PersonKind::Staff),
        Some("child") => Some(PersonKind::Child),
        Some("family" | "parent" | "carer") => Some(PersonKind::Family),
        Some("visitor" | "contractor") => Some(PersonKind::Visitor),
        _ => {
            faults.push(Fault::new("kind", "Write staff, child, family or visitor."));
            None
        }
    };
    if email.as_deref().is_some_and(|email| !email::looks_right(email)) {
        faults.push(Fault::new("email", "Write one address like name@example.org."));
    }
    let phone = line.get("phone").map(str::to_owned);
    if phone.as_deref().is_some_and(|phone| !is_phone(phone)) {
        faults.push(Fault::new("phone", "Write digits and spaces, with a leading + if need be."));
    }
    let mut day = |column: &str| {
        let text = line.get(column)?;
        let day = date(text);
        if day.is_none() {
            faults.push(Fault::new(column, "Write the day as 2023-05-14 or 14/05/2023."));
        }
        day
    };
    let (born, joined) = (day("born"), day("first day"));
    let room_id = room.as_deref().and_then(|room| rooms.get(&room.to_lowercase()).copied());
    if let (Some(room), None) = (&room, room_id) {
        faults.push(Fault::new("room", format!("There is no room called “{room}”. Add the room first.")));
    }
    match (name, kind) {
        (Some(name), Some(kind)) if faults.is_empty() => {
            Ok(PersonDraft { kind, name, known_as, born, email, phone, room: room_id, joined, gone: None })
        }
        _ => Err(faults),
    }
}

/// A day as people here write it: ISO, or day first.
pub(crate) fn date(text: &str) -> Option<Date> {
    if let Ok(date) = text.parse::<Date>() {
        return (1900..=2100).contains(&date.year()).then_some(date);
    }
    let parts: Vec<&str> = text.split(['/', '.']).collect();
    let [day, month, year] = parts.as_slice() else { return None };
    let date = Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()?;
    (1900..=2100).contains(&date.year()).then_some(date)
}

pub(crate) async fn put(tx: &mut Tx, setting: SettingId, read: Read<PersonDraft>) -> Result<Vec<Uuid>> {
    let mut added = Vec::new();
    for draft in read.lines.into_iter().filter_map(|line| line.row.ok()) {
        let person: Person = draft.into_row(tx.fresh(), setting);
        store::people::add(tx, &person).await?;
        added.push(person.id.0);
    }
    Ok(added)
}

pub(crate) async fn take_back(tx: &mut Tx, setting: SettingId, id: PersonId) -> Result<()> {
    let Some(person) = store::people::lookup(tx, setting, id).await? else { return Ok(()) };
    if person.version != 0 {
        return Err(changed(&person.name));
    }
    let name = person.name.clone();
    unless_used(store::people::remove(tx, &person).await, &name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_as_people_write_them() {
        let may = Date::constant(2023, 5, 14);
        for text in ["2023-05-14", "14/05/2023", "14.5.2023"] {
            assert_eq!(date(text), Some(may), "{text}");
        }
        for text in ["05/14/2023", "14/05/23", "yesterday", "2023-13-01", "1066-10-14", "///", "99999999999/1/1"] {
            assert_eq!(date(text), None, "{text}");
        }
    }
}
