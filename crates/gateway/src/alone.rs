//! One gateway for each folder, and a sign of life that a crash takes away at once.
//!
//! A running gateway holds a lock on `running.lock`, which carries its process id. The system lets go of the lock the
//! moment the process ends, however it ends: so control sees a killed gateway before `status.json` grows old, and a
//! control that was killed itself finds the gateway that outlived it (S31).

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::time::Duration;

use crate::Error;

const FILE: &str = "running.lock";
/// [`holder`] touches the lock for a moment; whoever starts looks again.
const LOOKS: u32 = 20;
const BETWEEN_LOOKS: Duration = Duration::from_millis(25);

/// Held while a gateway runs.
#[derive(Debug)]
pub(crate) struct Alone {
    _file: File,
}

impl Alone {
    /// Takes the folder.
    pub(crate) async fn take(dir: &Path) -> Result<Self, Error> {
        let mut file = open(dir)?;
        let mut looks = 0;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if looks < LOOKS => looks += 1,
                Err(TryLockError::WouldBlock) => return Err(Error::Taken { dir: dir.to_owned() }),
                Err(TryLockError::Error(error)) => return Err(Error::file("lock", dir.join(FILE))(error)),
            }
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
        let written = file.set_len(0).and_then(|()| write!(file, "{}", std::process::id()));
        written.map_err(Error::file("write", dir.join(FILE)))?;
        Ok(Self { _file: file })
    }
}

/// The process id of the gateway that runs in this folder; nothing when none does.
pub fn holder(dir: &Path) -> Option<u32> {
    let mut file = open(dir).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => {}
        Ok(()) | Err(TryLockError::Error(_)) => return None,
    }
    let mut id = String::new();
    file.rewind().and_then(|()| file.read_to_string(&mut id)).ok()?;
    id.trim().parse().ok()
}

fn open(dir: &Path) -> Result<File, Error> {
    let path = dir.join(FILE);
    let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
    opened.map_err(Error::file("open", path))
}
