//! The segments on the disk: names, order, and what goes first when there is no more room.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::Error;
use crate::activity::{ActivityEvent, Kind};
use crate::snapshot::write_aside;

/// What kind of events a segment holds. The order is the order in which they are dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    /// Counts of allowed hosts, guests, held devices.
    Counts,
    /// Blocks, bypasses, unidentified clients.
    Events,
    /// Sealed hits, calls for help, and what was lost.
    Alerts,
}

/// A segment's name, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SegmentName {
    /// Order, and identity for the reader.
    pub(super) sequence: u64,
    /// What it holds.
    pub(super) class: Class,
    /// Its earliest record, to the second.
    pub(super) from: Timestamp,
    /// Its latest record, to the second.
    pub(super) to: Timestamp,
    /// How many records.
    pub(super) records: u64,
    /// How many more its records say are lost.
    pub(super) carried: u64,
}

impl SegmentName {
    fn file_name(&self) -> String {
        let class = match self.class {
            Class::Counts => "counts",
            Class::Events => "events",
            Class::Alerts => "alerts",
        };
        let Self { sequence, from, to, records, carried, .. } = self;
        format!("{sequence:020}-{class}-{}-{}-{records}-{carried}.age", from.as_second(), to.as_second())
    }

    fn parse(file_name: &str) -> Option<Self> {
        let mut parts = file_name.strip_suffix(".age")?.split('-');
        let sequence = parts.next()?.parse().ok()?;
        let class = match parts.next()? {
            "counts" => Class::Counts,
            "events" => Class::Events,
            "alerts" => Class::Alerts,
            _ => return None,
        };
        let mut second = || Timestamp::from_second(parts.next()?.parse().ok()?).ok();
        let (from, to) = (second()?, second()?);
        let mut number = || parts.next()?.parse().ok();
        let (records, carried) = (number()?, number()?);
        parts.next().is_none().then_some(Self { sequence, class, from, to, records, carried })
    }
}

/// The folder's segments, oldest first. An absent folder is an empty queue.
pub(super) fn segments(dir: &Path) -> Result<Vec<(SegmentName, PathBuf)>, Error> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(Error::file("read", dir)(e)),
    };
    let mut found: Vec<_> = entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            Some((SegmentName::parse(path.file_name()?.to_str()?)?, path))
        })
        .collect();
    found.sort();
    Ok(found)
}

/// The writing end.
#[derive(Debug)]
pub(super) struct Queue {
    dir: PathBuf,
    recipient: age::x25519::Recipient,
    limit: u64,
    last_sequence: u64,
}

/// What [`Queue::append`] had to drop.
pub(super) type Dropped = Vec<SegmentName>;

/// Bytes that are sealed together; age's own pieces have as many.
const PIECE: usize = 64 << 10;

/// Files take whole blocks, so an honest bound counts them.
const BLOCK: u64 = 4096;

impl Queue {
    pub(super) fn open(dir: PathBuf, recipient: age::x25519::Recipient, limit: u64) -> Result<Self, Error> {
        fs::create_dir_all(&dir).map_err(Error::file("make", &dir))?;
        let last_sequence = segments(&dir)?.last().map_or(0, |(name, _)| name.sequence);
        Ok(Self { dir, recipient, limit, last_sequence })
    }

    /// How many segments wait for control.
    pub(super) fn waiting(&self) -> usize {
        segments(&self.dir).map_or(0, |s| s.len())
    }

    /// Seals `events` into one segment; drops others, least valuable and oldest first, when there is no room.
    pub(super) fn append(&mut self, class: Class, events: &[ActivityEvent], now: Timestamp) -> Result<Dropped, Error> {
        let (Some(from), Some(to)) = (events.iter().map(began).min(), events.iter().map(|e| e.at).max()) else {
            return Ok(Vec::new());
        };
        // The clock gives a sequence that survives an emptied folder and a restart; a clock that went back still rises.
        let clock = u64::try_from(now.as_microsecond()).unwrap_or(0);
        let sequence = clock.max(self.last_sequence + 1);
        let lost = events.iter().filter_map(|e| if let Kind::Lost { count, .. } = e.kind { Some(count) } else { None });
        let (records, carried) = (events.len() as u64, lost.fold(0, u64::saturating_add));
        let name = SegmentName { sequence, class, from, to, records, carried };
        let path = self.dir.join(name.file_name());
        let sealed = self.seal(&path, events)?;
        let (mut dropped, fits) = self.make_room(class, sealed.len() as u64)?;
        if !fits {
            dropped.push(name);
            return Ok(dropped);
        }
        write_aside(&path, &sealed)?;
        self.last_sequence = sequence;
        Ok(dropped)
    }

    fn seal(&self, path: &Path, events: &[ActivityEvent]) -> Result<Vec<u8>, Error> {
        let cannot = |why: String| Error::Segment { path: path.into(), why };
        let mut sealed = Vec::with_capacity(512 + events.len() * 200);
        let encryptor = age::Encryptor::with_recipients(std::iter::once(&self.recipient as &dyn age::Recipient))
            .map_err(|e| cannot(e.to_string()))?;
        let mut writer = encryptor.wrap_output(&mut sealed).map_err(|e| cannot(e.to_string()))?;
        // Handed over in large pieces: the seal takes each word by itself otherwise, at three times the cost.
        let mut plain = Vec::with_capacity(PIECE + 1024);
        for event in events {
            serde_json::to_writer(&mut plain, event).map_err(|e| cannot(e.to_string()))?;
            plain.push(b'\n');
            if plain.len() >= PIECE {
                writer.write_all(&plain).map_err(|e| cannot(e.to_string()))?;
                plain.clear();
            }
        }
        writer.write_all(&plain).map_err(|e| cannot(e.to_string()))?;
        writer.finish().map_err(|e| cannot(e.to_string()))?;
        Ok(sealed)
    }

    fn make_room(&self, class: Class, bytes: u64) -> Result<(Dropped, bool), Error> {
        let mut waiting: Vec<_> = segments(&self.dir)?
            .into_iter()
            .map(|(name, path)| {
                let size = fs::metadata(&path).map_or(0, |m| on_disk(m.len()));
                (name, path, size)
            })
            .collect();
        let mut used: u64 = waiting.iter().map(|(_, _, size)| size).sum::<u64>() + on_disk(bytes);
        waiting.sort_by_key(|(name, ..)| (name.class, name.sequence));
        let mut dropped = Vec::new();
        for (name, path, size) in waiting {
            if used <= self.limit {
                break;
            }
            if name.class > class {
                // Only more valuable ones are left: the new segment is the one that goes.
                break;
            }
            fs::remove_file(&path).map_err(Error::file("remove", &path))?;
            used -= size;
            dropped.push(name);
        }
        Ok((dropped, used <= self.limit))
    }
}

/// When an event began; a loss reaches back to its first record.
fn began(event: &ActivityEvent) -> Timestamp {
    match event.kind {
        Kind::Lost { from, .. } => from,
        _ => event.at,
    }
}

fn on_disk(bytes: u64) -> u64 {
    bytes.div_ceil(BLOCK) * BLOCK
}
