//! The data folder: checked before it is used, locked while it is used, with a reserve for the day the disk is full.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use fs4::{FileExt, TryLockError};

use crate::error::{Error, Result};

/// A data folder that is ours until it is dropped.
pub(crate) struct Place {
    pub(crate) folder: PathBuf,
    pub(crate) short: AtomicBool,
    reserve: u64,
    _lock: File,
}

impl Place {
    /// Checks and locks the folder, creating it for its owner alone.
    pub(crate) fn take(folder: &Path, reserve: u64) -> Result<Self> {
        refuse_synced(folder)?;
        make(folder)?;
        refuse_remote(folder)?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(folder.join("lock"))
            .map_err(|error| not_writable(folder, &error))?;
        match FileExt::try_lock(&lock) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Error::InUse(folder.to_owned())),
            Err(TryLockError::Error(error)) => return Err(not_writable(folder, &error)),
        }
        let place = Self { folder: folder.to_owned(), short: AtomicBool::new(false), reserve, _lock: lock };
        match place.fill_reserve() {
            Ok(()) | Err(Error::Full) => Ok(place),
            Err(other) => Err(other),
        }
    }

    /// Gives the reserve back to the disk: what is small (a report) can be written again.
    pub(crate) fn give_reserve_back(&self) {
        self.short.store(true, Ordering::Relaxed);
        if let Err(error) = std::fs::remove_file(self.reserve_file()) {
            tracing::warn!(%error, "the disk is full and there was no reserve to give back");
        }
    }

    /// Sets bytes aside. They are written, not only promised, so that the disk really has them.
    pub(crate) fn fill_reserve(&self) -> Result<()> {
        let path = self.reserve_file();
        if std::fs::metadata(&path).is_ok_and(|file| file.len() == self.reserve) {
            self.short.store(false, Ordering::Relaxed);
            return Ok(());
        }
        let written = File::create(&path).and_then(|mut file| {
            let block = vec![0_u8; 64 << 10];
            let mut left = self.reserve;
            while left > 0 {
                let size = left.min(block.len() as u64);
                file.write_all(block.get(..usize::try_from(size).unwrap_or(0)).unwrap_or(&[]))?;
                left -= size;
            }
            file.sync_all()
        });
        if let Err(error) = written {
            self.short.store(true, Ordering::Relaxed);
            // A half reserve would be the very thing that fills the disk.
            let _ = std::fs::remove_file(&path);
            return Err(match error.kind() {
                std::io::ErrorKind::StorageFull => Error::Full,
                _ => not_writable(&self.folder, &error),
            });
        }
        self.short.store(false, Ordering::Relaxed);
        Ok(())
    }

    fn reserve_file(&self) -> PathBuf {
        self.folder.join("reserve")
    }
}

/// Makes a folder for its owner alone.
pub(crate) fn make(folder: &Path) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| not_writable(folder, &error))
}

/// Bytes that the disk of a folder has left.
pub(crate) fn space(folder: &Path) -> Result<u64> {
    fs4::available_space(folder).map_err(Error::io(format!("asking how much room {} has", folder.display())))
}

fn not_writable(path: &Path, error: &std::io::Error) -> Error {
    Error::NotWritable { path: path.to_owned(), why: error.to_string() }
}

/// Names by which synchronising programs call their folders.
const SYNCED: [(&str, &str); 8] = [
    ("dropbox", "Dropbox"),
    ("onedrive", "OneDrive"),
    ("google drive", "Google Drive"),
    ("googledrive", "Google Drive"),
    ("icloud", "iCloud"),
    ("nextcloud", "Nextcloud"),
    ("owncloud", "ownCloud"),
    ("syncthing", "Syncthing"),
];

fn refuse_synced(folder: &Path) -> Result<()> {
    let whole = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    for part in whole.components() {
        let name = part.as_os_str().to_string_lossy().to_lowercase();
        if let Some((_, by)) = SYNCED.iter().find(|(known, _)| name.starts_with(known)) {
            return Err(Error::SyncedFolder { path: folder.to_owned(), by });
        }
    }
    Ok(())
}

/// `f_type` of file systems over the wire, from Linux's `magic.h` and the file systems' own sources.
const REMOTE: [(i64, &str); 9] = [
    (0x6969, "NFS"),
    (0x517b, "SMB"),
    (0xff53_4d42, "CIFS"),
    (0xfe53_4d42, "SMB2"),
    (0x6573_5546, "FUSE: sshfs, a cloud drive, a shared folder"),
    (0x0102_1997, "9P: a shared folder of a virtual machine"),
    (0x5346_414f, "AFS"),
    (0x00c3_6400, "Ceph"),
    (0x7461_636f, "OCFS2"),
];

/// The kind of a remote file system, if it is one.
pub(crate) fn remote_kind(magic: i64) -> Option<&'static str> {
    REMOTE.iter().find(|(known, _)| *known == magic & 0xffff_ffff).map(|(_, kind)| *kind)
}

fn refuse_remote(folder: &Path) -> Result<()> {
    let about = rustix::fs::statfs(folder)
        .map_err(|error| Error::Io { what: format!("looking at {}", folder.display()), source: error.into() })?;
    match remote_kind(about.f_type) {
        Some(kind) => Err(Error::RemoteFolder { path: folder.to_owned(), kind: kind.to_owned() }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_over_the_wire_is_known_by_its_number_even_where_the_kernel_sign_extends_it() {
        assert_eq!(remote_kind(0x6969), Some("NFS"));
        assert_eq!(remote_kind(i64::from(0xff53_4d42_u32.cast_signed())), Some("CIFS"));
        assert_eq!(remote_kind(0xef53), None, "ext4");
    }
}
