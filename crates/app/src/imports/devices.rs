//! Devices from a CSV file. Headings: name, kind, group, room, person, mac, address.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use domain::{DeviceId, PersonId, RoomId, SettingId};
use jiff::Timestamp;
use store::devices::Device;
use store::words::DeviceKind;
use store::{Reads, Tx};
use uuid::Uuid;

use super::sheet::{self, Fault, Line};
use super::{Read, ReadLine, changed, shown, unless_used};
use crate::devices::{FREED, LONGEST_NAME, groups_of, identity, row_of};
use crate::error::{Error, Result};
use crate::filtering::moving::{self, LatelyGone};

/// The headings that are read.
pub const HEADINGS: [&str; 7] = ["name", "kind", "group", "room", "person", "mac", "address"];

/// An example to start from.
pub const EXAMPLE: &str = "name,kind,group,room,person,mac,address\r\n\
    Owls tablet 1,tablet,children,Owls,,a4:83:e7:00:00:01,\r\n\
    Office laptop,laptop,staff,,Robin Example,,192.168.1.20\r\n";

/// What a device import already knows of the setting.
struct Known {
    groups: BTreeMap<String, String>,
    rooms: BTreeMap<String, RoomId>,
    people: BTreeMap<String, Option<PersonId>>,
    names: BTreeSet<String>,
    macs: BTreeSet<String>,
    addresses: BTreeSet<IpAddr>,
    gone: LatelyGone,
}

pub(crate) async fn read(db: &impl Reads, setting: SettingId, file: &[u8], now: Timestamp) -> Result<Read<Device>> {
    let sheet = sheet::read(file, &HEADINGS, &["name", "kind", "group"]).map_err(|say| Error::invalid("file", &say))?;
    let mut known = known(db, setting, now).await?;
    let mut lines = Vec::new();
    for line in &sheet.lines {
        let row = device(line, setting, &mut known);
        let says = row.as_ref().map(|device| describe(device, line, &known)).unwrap_or_default();
        lines.push(ReadLine { number: line.number, name: shown(line), says, row });
    }
    Ok(Read { ignored: sheet.ignored, lines })
}

async fn known(db: &impl Reads, setting: SettingId, now: Timestamp) -> Result<Known> {
    let rooms = store::people::list_rooms(db, setting).await?;
    let mut people: BTreeMap<String, Option<PersonId>> = BTreeMap::new();
    for person in store::people::list(db, setting, None).await? {
        // Two of one name: a line that names them has to be settled by hand.
        people.entry(person.name.to_lowercase()).and_modify(|id| *id = None).or_insert(Some(person.id));
    }
    let devices = store::devices::list(db, setting).await?;
    Ok(Known {
        groups: groups_of(db, setting).await?,
        rooms: rooms.into_iter().map(|room| (room.name.to_lowercase(), room.id)).collect(),
        people,
        names: devices.iter().map(|device| device.name.to_lowercase()).collect(),
        macs: devices.iter().filter_map(|device| device.mac.clone()).collect(),
        addresses: devices.iter().flat_map(|device| identity::addresses(&device.addresses)).collect(),
        gone: LatelyGone::read(db, setting, now).await?,
    })
}

fn describe(device: &Device, line: &Line, known: &Known) -> String {
    let group = known.groups.get(&device.group_key).unwrap_or(&device.group_key);
    let room = line.get("room").map(|room| format!(", {room}")).unwrap_or_default();
    let person = line.get("person").map(|person| format!(", for {person}")).unwrap_or_default();
    format!("{group}{room}{person}")
}

fn device(line: &Line, setting: SettingId, known: &mut Known) -> std::result::Result<Device, Vec<Fault>> {
    let mut faults = Vec::new();
    let name = line.words("name", LONGEST_NAME).unwrap_or_else(|fault| {
        faults.push(fault);
        None
    });
    if line.get("name").is_none() {
        faults.push(Fault::new("name", "The name is missing."));
    }
    let kind = line.get("kind").and_then(|kind| DeviceKind::from_key(&kind.to_lowercase().replace(' ', "_")));
    if kind.is_none() {
        let all: Vec<String> = DeviceKind::ALL.iter().map(|kind| kind.key().replace('_', " ")).collect();
        faults.push(Fault::new("kind", format!("Write one of: {}.", all.join(", "))));
    }
    let typed = line.get("group").unwrap_or_default().to_lowercase();
    let group = known.groups.iter().find(|(key, name)| **key == typed || name.to_lowercase() == typed);
    let group = group.map(|(key, _)| key.clone());
    if group.is_none() {
        let all: Vec<&str> = known.groups.keys().map(String::as_str).collect();
        faults.push(Fault::new("group", format!("Write one of: {}.", all.join(", "))));
    }
    let room = line.get("room").map(|room| known.rooms.get(&room.to_lowercase()).copied());
    if room == Some(None) {
        faults.push(Fault::new("room", "There is no room of this name. Add the room first."));
    }
    let person = line.get("person").map(|person| known.people.get(&person.to_lowercase()).copied().flatten());
    if person == Some(None) {
        faults.push(Fault::new("person", "The register has nobody, or more than one, of this name."));
    }
    let mac = line.get("mac").map(identity::mac);
    if mac == Some(None) {
        faults.push(Fault::new("mac", "Write twelve figures and letters a to f: aa:bb:cc:dd:ee:ff."));
    }
    let mac = mac.flatten();
    let addresses = identity::typed_addresses(line.get("address").unwrap_or_default()).unwrap_or_else(|say| {
        faults.push(Fault::new("address", say));
        Vec::new()
    });
    if name.as_ref().is_some_and(|name| known.names.contains(&name.to_lowercase())) {
        faults.push(Fault::new("name", "A device of this name is in the register or further up in the file."));
    }
    if mac.as_ref().is_some_and(|mac| known.macs.contains(mac)) {
        faults.push(Fault::new("mac", "Another device has this hardware address."));
    }
    if addresses.iter().any(|address| known.addresses.contains(address)) {
        faults.push(Fault::new("address", "Another device has this address."));
    }
    let (Some(name), Some(kind), Some(group), true) = (name, kind, group, faults.is_empty()) else {
        return Err(faults);
    };
    let nobody = DeviceId(Uuid::nil());
    let row = row_of(nobody, setting, name, kind, group);
    if let Some(say) = known.gone.forbids(&row) {
        return Err(vec![Fault::new("group", say)]);
    }
    known.names.insert(row.name.to_lowercase());
    known.macs.extend(mac.clone());
    known.addresses.extend(addresses.iter().copied());
    Ok(Device {
        room_id: room.flatten(),
        person_id: person.flatten(),
        mac,
        addresses: serde_json::json!(addresses),
        ..row
    })
}

pub(crate) async fn put(tx: &mut Tx, read: Read<Device>) -> Result<Vec<Uuid>> {
    let mut added = Vec::new();
    for device in read.lines.into_iter().filter_map(|line| line.row.ok()) {
        let device = Device { id: tx.fresh(), ..device };
        store::devices::add(tx, &device).await?;
        added.push(device.id.0);
    }
    Ok(added)
}

pub(crate) async fn take_back(tx: &mut Tx, setting: SettingId, id: DeviceId) -> Result<()> {
    let Some(device) = store::devices::lookup(tx, setting, id).await? else { return Ok(()) };
    if device.version != 0 {
        return Err(changed(&device.name));
    }
    let name = device.name.clone();
    if moving::is_freed_without(tx, &device).await? {
        return Err(Error::invalid("freed", FREED));
    }
    unless_used(store::devices::remove(tx, &device).await, &name)
}
