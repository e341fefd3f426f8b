//! Kept activity: the spool's own segments, moved as they are into a folder a day (S38). Never in the case database,
//! never in its backups; readable with the store's key alone; destroyed by the day.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::SpoolReader;
use super::queue::{self, SegmentName};
use crate::Error;
use crate::activity::ActivityEvent;

/// The kept days of one gateway.
pub struct Archive {
    dir: PathBuf,
    reader: SpoolReader,
}

impl Archive {
    /// Keeps what `reader` reads below `dir`, which need not exist yet.
    pub fn new(dir: impl Into<PathBuf>, reader: SpoolReader) -> Self {
        Self { dir: dir.into(), reader }
    }

    /// What waits in the spool.
    pub fn reader(&self) -> &SpoolReader {
        &self.reader
    }

    /// Moves a segment out of the spool into the folder of its last day (UTC). One that is there already, or that was
    /// set aside as damaged, is no error: filing twice is the same as once.
    ///
    /// # Errors
    /// [`Error::File`] when the disk refuses.
    pub fn keep(&self, id: u64) -> Result<(), Error> {
        let Some((name, path)) = queue::segments(&self.reader.dir)?.into_iter().find(|(name, _)| name.sequence == id)
        else {
            return Ok(());
        };
        let folder = self.dir.join(day_of(name.to).to_string());
        fs::create_dir_all(&folder).map_err(Error::file("make", &folder))?;
        let to = folder.join(path.file_name().unwrap_or_default());
        fs::rename(&path, &to).map_err(Error::file("move", &path))
    }

    /// Events between two times, kept or still waiting, oldest first, at most `limit`. A segment that cannot be opened
    /// is left out and logged; the rest is still the rest.
    ///
    /// # Errors
    /// [`Error::File`] when a folder cannot be read.
    pub fn between(&self, from: Timestamp, to: Timestamp, limit: usize) -> Result<Vec<ActivityEvent>, Error> {
        let mut found: Vec<(SegmentName, PathBuf)> = Vec::new();
        let (first, last) = (day_of(from), day_of(to).tomorrow().unwrap_or(Date::MAX));
        for (day, folder) in self.days()? {
            if day >= first && day <= last {
                found.extend(queue::segments(&folder)?);
            }
        }
        found.extend(queue::segments(&self.reader.dir)?);
        // Segment names know whole seconds.
        found.retain(|(name, _)| name.to.as_second() >= from.as_second() && name.from <= to);
        found.sort();
        let mut events = Vec::new();
        for (_, path) in found {
            match self.reader.open(&path) {
                Ok(opened) => events.extend(opened.into_iter().filter(|event| event.at >= from && event.at <= to)),
                Err(error) => tracing::error!(%error, "an activity segment was left out"),
            }
            if events.len() >= limit {
                break;
            }
        }
        events.sort_by_key(|event| event.at);
        events.truncate(limit);
        Ok(events)
    }

    /// Destroys the days before `day`, but the held ones; says how many.
    ///
    /// # Errors
    /// [`Error::File`] when the disk refuses.
    pub fn forget_before(&self, day: Date, held: &BTreeSet<Date>) -> Result<u64, Error> {
        let mut gone = 0;
        for (old, folder) in self.days()? {
            if old < day && !held.contains(&old) {
                fs::remove_dir_all(&folder).map_err(Error::file("remove", &folder))?;
                gone += 1;
            }
        }
        Ok(gone)
    }

    fn days(&self) -> Result<Vec<(Date, PathBuf)>, Error> {
        let entries = match fs::read_dir(&self.dir) {
            Ok(entries) => entries,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(Error::file("read", &self.dir)(e)),
        };
        let mut days: Vec<(Date, PathBuf)> = entries
            .filter_map(|entry| {
                let path: PathBuf = entry.ok()?.path();
                let day = Path::file_name(&path)?.to_str()?.parse().ok()?;
                Some((day, path))
            })
            .collect();
        days.sort();
        Ok(days)
    }
}

fn day_of(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}
