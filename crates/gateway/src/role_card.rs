//! The local role card (S30): when no policy can be read, every device has the built-in baseline, until a technician at this
//! machine loads the card that was put aside while all was well.
//!
//! What it allows: adults' devices their group's filter and essential systems theirs, as they were on the card's day, without
//! anybody signing in and without a network to the records. What it never allows: children's, guests' and unknown devices more than the
//! baseline; sessions, exceptions for a time, inspection. It is signed by control like a policy, for another purpose, holds no
//! person and no device's secret address, and ends when a policy can be read again: the next failure asks for it anew.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use ed25519_dalek::{SigningKey, VerifyingKey};
use filter::{Audience, PolicySnapshot};
use jiff::{SignedDuration, Timestamp};

use crate::snapshot::{refused, sign, verify, write_aside};
use crate::{Error, baseline};

const PURPOSE: &[u8] = b"holdfast role card 1\n";
/// What control writes beside the snapshots, to be carried away.
const FRESH: &str = "role-card/holdfast.card";
/// What a technician loaded.
const LOADED: &str = "role.card";
/// Devices and people change: an older card is refused.
const GOOD_FOR: SignedDuration = SignedDuration::from_hours(24 * 400);
const LARGEST: u64 = 64 << 20;

/// Where the newest card of a gateway's folder lies, for whoever carries it away.
pub fn fresh(dir: &Path) -> PathBuf {
    dir.join(FRESH)
}

/// What a policy becomes on a card.
pub fn of(snapshot: &PolicySnapshot) -> PolicySnapshot {
    let mut card = baseline::snapshot(snapshot.made_at);
    // Without lists the baseline is closed of itself. Here lists are read again, so it has to be said.
    for group in card.groups.values_mut() {
        group.supervised = true;
    }
    let stands = |audience: Audience| matches!(audience, Audience::Adults | Audience::Essential);
    for (key, group) in snapshot.groups.iter().filter(|(_, group)| stands(group.audience) && !group.supervised) {
        // What ends by itself belongs to its day, and so does break-glass.
        let lasting = |rules: &[filter::NameRule]| rules.iter().filter(|rule| rule.until.is_none()).cloned().collect();
        let group = filter::Group { allow: lasting(&group.allow), open_until: None, ..group.clone() };
        card.groups.insert(key.clone(), group);
    }
    card.devices = snapshot
        .devices
        .iter()
        .filter(|device| card.groups.contains_key(&device.group))
        .map(|device| filter::Device { person: None, doh_path: None, ..device.clone() })
        .collect();
    let on_card = |id: &uuid::Uuid| card.devices.iter().any(|device| device.id == *id);
    card.holds = snapshot.holds.iter().filter(|hold| on_card(&hold.device)).cloned().collect();
    card.never_log.extend(snapshot.never_log.iter().cloned());
    card.always.extend(snapshot.always.iter().cloned());
    card.case_addresses = snapshot.case_addresses.clone();
    card.calendar = snapshot.calendar.clone();
    (card.setting, card.version) = (snapshot.setting, snapshot.version);
    card.setting_name.clone_from(&snapshot.setting_name);
    card.contact.clone_from(&snapshot.contact);
    card.web_base.clone_from(&snapshot.web_base);
    card
}

/// Writes the newest card of this policy into a gateway's folder.
///
/// # Errors
/// [`Error::File`] when the disk refuses.
pub fn write(dir: &Path, snapshot: &PolicySnapshot, key: &SigningKey) -> Result<(), Error> {
    let path = fresh(dir);
    let folder = path.parent().unwrap_or(dir);
    fs::create_dir_all(folder).map_err(Error::file("make", folder))?;
    let json = serde_json::to_vec(&of(snapshot)).map_err(|e| refused(&path, &e.to_string()))?;
    write_aside(&path, &sign(&json, PURPOSE, key))
}

/// Reads and verifies a card.
///
/// # Errors
/// [`Error::File`] when it cannot be read; [`Error::Snapshot`] when it is not to be trusted, or too old.
pub fn read(path: &Path, key: &VerifyingKey, now: Timestamp) -> Result<PolicySnapshot, Error> {
    Ok(checked(path, key, now)?.0)
}

fn checked(path: &Path, key: &VerifyingKey, now: Timestamp) -> Result<(PolicySnapshot, Vec<u8>), Error> {
    let file = fs::File::open(path).map_err(Error::file("read", path))?;
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(Error::file("read", path))?;
    if bytes.len() as u64 > LARGEST {
        return Err(refused(path, "it is too large"));
    }
    let card: PolicySnapshot = verify(path, &bytes, PURPOSE, key)?;
    if now.duration_since(card.made_at) > GOOD_FOR {
        return Err(refused(path, "it is older than thirteen months. Devices and people have changed since"));
    }
    Ok((card, bytes))
}

/// Loads a card into a gateway's folder. It counts while no policy can be read, and for this once.
///
/// # Errors
/// As [`read`].
pub fn load(dir: &Path, from: &Path, key: &VerifyingKey, now: Timestamp) -> Result<PolicySnapshot, Error> {
    let (card, bytes) = checked(from, key, now)?;
    write_aside(&dir.join(LOADED), &bytes)?;
    Ok(card)
}

/// The card that a technician loaded, if there is one that verifies.
pub(crate) fn loaded(dir: &Path, key: &VerifyingKey, now: Timestamp) -> Option<Result<PolicySnapshot, Error>> {
    let path = dir.join(LOADED);
    path.exists().then(|| read(&path, key, now))
}

/// A policy is there again: the card has served.
pub(crate) fn served(dir: &Path) {
    // One that cannot be removed is refused with age, and counts only while no policy can be read.
    let _ = fs::remove_file(dir.join(LOADED));
}
