//! The activity spool: a bounded queue of sealed segments on the disk, from the gateway to control (S32).
//!
//! A segment is one age file with a JSON event per line, encrypted to the store's public key; the gateway cannot open
//! what it wrote. Its name carries its order, its class and the span and number of its records, so that dropping one
//! leaves an honest "lost between … and …" without opening it. Counts of allowed hosts go first, alerts last.
//!
//! Delivery is at least once: a reader notes [`Batch::id`] in the same transaction as the events, then calls
//! [`SpoolReader::remove`].

mod archive;
mod queue;
mod recorder;

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::Error;
pub(crate) use recorder::{Fact, Recorder, Subject};

use crate::activity::{ActivityEvent, Confidence, Kind};
use queue::SegmentName;

pub use archive::Archive;

/// The events of one segment, in the order in which they were recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Rises with each segment, unique for one gateway: the key for "have I stored this already?".
    pub id: u64,
    /// What happened.
    pub events: Vec<ActivityEvent>,
    path: PathBuf,
}

/// Opens segments, oldest first. Used by control, which alone has the key.
pub struct SpoolReader {
    dir: PathBuf,
    identity: age::x25519::Identity,
}

/// A segment that decrypts to more than this is refused. The gateway writes at most a tenth of it.
const LARGEST_OPEN: u64 = 64 << 20;

impl SpoolReader {
    /// Reads the spool of the gateway at `gateway_dir` (`GATEWAY_DIR`), which need not exist yet.
    pub fn new(gateway_dir: &Path, identity: age::x25519::Identity) -> Self {
        Self { dir: crate::config::spool_dir(gateway_dir), identity }
    }

    /// The oldest segment's events, or `None` when the queue is empty. The same again until it is removed.
    /// A segment that cannot be opened is set aside as `*.damaged` and stands as one [`Kind::Lost`].
    ///
    /// # Errors
    /// [`Error::File`] when the folder cannot be read.
    pub fn next_batch(&self) -> Result<Option<Batch>, Error> {
        let Some((name, path)) = queue::segments(&self.dir)?.into_iter().next() else {
            return Ok(None);
        };
        match self.open(&path) {
            Ok(events) => Ok(Some(Batch { id: name.sequence, events, path })),
            Err(e) => {
                tracing::error!(error = %e, "an activity segment was set aside");
                let aside = path.with_extension("damaged");
                fs::rename(&path, &aside).map_err(Error::file("set aside", &path))?;
                Ok(Some(Batch { id: name.sequence, events: vec![lost(&name)], path }))
            }
        }
    }

    /// Removes a segment whose events are safely stored.
    ///
    /// # Errors
    /// [`Error::File`] when it cannot be removed; it will then come again.
    pub fn remove(&self, batch: &Batch) -> Result<(), Error> {
        match fs::remove_file(&batch.path) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Error::file("remove", &batch.path)(e)),
            _ => Ok(()),
        }
    }

    fn open(&self, path: &Path) -> Result<Vec<ActivityEvent>, Error> {
        let cannot = |why: String| Error::Segment { path: path.into(), why };
        let sealed = fs::read(path).map_err(Error::file("read", path))?;
        let mut plain = String::new();
        age::Decryptor::new(sealed.as_slice())
            .and_then(|d| d.decrypt(std::iter::once(&self.identity as &dyn age::Identity)))
            .map_err(|e| cannot(e.to_string()))?
            .take(LARGEST_OPEN)
            .read_to_string(&mut plain)
            .map_err(|e| cannot(e.to_string()))?;
        plain.lines().map(|line| serde_json::from_str(line).map_err(|e| cannot(e.to_string()))).collect()
    }
}

/// What stands for a segment that is gone.
fn lost(name: &SegmentName) -> ActivityEvent {
    ActivityEvent {
        at: name.to,
        device: None,
        person: None,
        group: String::new(),
        confidence: Confidence::Unknown,
        kind: Kind::Lost { from: name.from, to: name.to, count: name.records.saturating_add(name.carried) },
    }
}
