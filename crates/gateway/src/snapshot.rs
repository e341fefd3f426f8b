//! Signed policy snapshots as files: control writes, the gateway picks the newest that verifies (S30).
//!
//! One file each, `NNNNNNNN.snapshot`: the hex Ed25519 signature on the first line, then the JSON that it signs. Three
//! are kept. A damaged or unsigned one never replaces a good one; its number must be its version, so that an old
//! policy cannot come back under a new name.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use filter::PolicySnapshot;
use filter::policy::FORMAT;

use crate::Error;

/// How many are kept (S30).
const KEPT: usize = 3;
/// A larger file is refused unread. A setting with a thousand devices and ten thousand rules is about 2 MB.
const LARGEST: u64 = 64 << 20;
/// Keeps a signature over a snapshot from being one over anything else that the same key may sign.
const PURPOSE: &[u8] = b"holdfast policy snapshot 1\n";

/// Signs `snapshot` and puts it into `dir` (`GATEWAY_DIR/snapshots`), made if missing; keeps the newest three.
/// Its version must be higher than any in the folder, see [`next_version`].
///
/// # Errors
/// [`Error::File`] when the disk refuses; [`Error::Snapshot`] when the version is not higher than the newest one.
pub fn write(dir: &Path, snapshot: &PolicySnapshot, key: &SigningKey) -> Result<PathBuf, Error> {
    fs::create_dir_all(dir).map_err(Error::file("make", dir))?;
    let path = path_of(dir, snapshot.version);
    if snapshot.version < next_version(dir)? {
        return Err(refused(&path, "its version is not higher than the newest one's"));
    }
    let json = serde_json::to_vec(snapshot).map_err(|e| refused(&path, &e.to_string()))?;
    let bytes = sign(&json, PURPOSE, key);
    place_new(dir, &path, &bytes)?;
    for (_, old) in numbered(dir)?.into_iter().rev().skip(KEPT) {
        // One that cannot be removed is only one more than needed.
        let _ = fs::remove_file(old);
    }
    Ok(path)
}

/// The lowest version that the gateway at this folder would accept as new. Control takes the higher of this and its
/// own count, so that a restored backup cannot leave the gateway on a policy that nobody sees any more.
///
/// # Errors
/// [`Error::File`] when the folder cannot be read.
pub fn next_version(dir: &Path) -> Result<u64, Error> {
    Ok(numbered(dir)?.last().map_or(1, |(version, _)| version + 1))
}

/// Reads and verifies one file.
///
/// # Errors
/// [`Error::File`] when it cannot be read; [`Error::Snapshot`] when it is not to be trusted or understood.
pub fn read(path: &Path, key: &VerifyingKey) -> Result<PolicySnapshot, Error> {
    let file = fs::File::open(path).map_err(Error::file("read", path))?;
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(Error::file("read", path))?;
    if bytes.len() as u64 > LARGEST {
        return Err(refused(path, "it is too large"));
    }
    let snapshot: PolicySnapshot = verify(path, &bytes, PURPOSE, key)?;
    if *path != path_of(path.parent().unwrap_or(Path::new("")), snapshot.version) {
        return Err(refused(path, "its number is not its version"));
    }
    Ok(snapshot)
}

/// Watches a folder for the newest snapshot that verifies.
#[derive(Debug)]
pub struct SnapshotWatcher {
    dir: PathBuf,
    key: VerifyingKey,
    current: Option<u64>,
    /// Refused files with their length and time of change, so that each is judged, and complained of, once.
    refused: Vec<(PathBuf, u64, Option<std::time::SystemTime>)>,
}

impl SnapshotWatcher {
    /// Watches `dir`, which need not exist yet, for snapshots signed by `key`.
    pub fn new(dir: impl Into<PathBuf>, key: VerifyingKey) -> Self {
        Self { dir: dir.into(), key, current: None, refused: Vec::new() }
    }

    /// The newest snapshot that is newer than the last one returned, if there is one, and why others were refused.
    /// Cheap when nothing changed: one listing of a folder of three.
    pub fn poll(&mut self) -> (Option<PolicySnapshot>, Vec<Error>) {
        let mut complaints = Vec::new();
        let files = match numbered(&self.dir) {
            Ok(files) => files,
            Err(Error::File { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(e) => return (None, vec![e]),
        };
        for (version, path) in files.into_iter().rev() {
            if self.current.is_some_and(|current| version <= current) {
                break;
            }
            let seen = fs::metadata(&path).map_or((0, None), |m| (m.len(), m.modified().ok()));
            if self.refused.iter().any(|(p, len, at)| *p == path && (*len, *at) == seen) {
                continue;
            }
            match read(&path, &self.key) {
                Ok(snapshot) => {
                    self.current = Some(version);
                    self.refused.clear();
                    return (Some(snapshot), complaints);
                }
                Err(e) => {
                    self.refused.retain(|(p, ..)| *p != path);
                    self.refused.push((path, seen.0, seen.1));
                    complaints.push(e);
                }
            }
        }
        (None, complaints)
    }
}

/// The hex signature on a line, then the JSON that it signs.
pub(crate) fn sign(json: &[u8], purpose: &[u8], key: &SigningKey) -> Vec<u8> {
    let mut bytes = hex::encode(key.sign(&[purpose, json].concat()).to_bytes()).into_bytes();
    bytes.push(b'\n');
    bytes.extend_from_slice(json);
    bytes
}

/// What was signed for this purpose, if it was.
pub(crate) fn verify(path: &Path, bytes: &[u8], purpose: &[u8], key: &VerifyingKey) -> Result<PolicySnapshot, Error> {
    let (signature, json) = bytes
        .iter()
        .position(|&b| b == b'\n')
        .and_then(|at| Some((bytes.get(..at)?, bytes.get(at + 1..)?)))
        .ok_or_else(|| refused(path, "it has no signature line"))?;
    let mut raw = [0; 64];
    hex::decode_to_slice(signature, &mut raw).map_err(|_| refused(path, "its signature line is damaged"))?;
    key.verify_strict(&[purpose, json].concat(), &Signature::from_bytes(&raw))
        .map_err(|_| refused(path, "its signature does not match"))?;
    let snapshot: PolicySnapshot = serde_json::from_slice(json).map_err(|e| refused(path, &e.to_string()))?;
    if snapshot.format > FORMAT {
        return Err(refused(path, "it was written by a later program"));
    }
    Ok(snapshot)
}

fn path_of(dir: &Path, version: u64) -> PathBuf {
    dir.join(format!("{version:08}.snapshot"))
}

pub(crate) fn refused(path: &Path, why: &str) -> Error {
    Error::Snapshot { path: path.into(), why: why.into() }
}

/// The folder's snapshots by version, oldest first.
fn numbered(dir: &Path) -> Result<Vec<(u64, PathBuf)>, Error> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(Error::file("read", dir)(e)),
    };
    let mut found: Vec<_> = entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let version = path.file_name()?.to_str()?.strip_suffix(".snapshot")?.parse().ok()?;
            Some((version, path))
        })
        .collect();
    found.sort();
    Ok(found)
}

/// Puts `bytes` at `path`, all or nothing, and never over another: two publishers may have chosen one number, and the one
/// whose policy is older must not win because it was slower. The second is told, and chooses again.
fn place_new(dir: &Path, path: &Path, bytes: &[u8]) -> Result<(), Error> {
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt;
    // A name of its own, which no other publisher writes to, and which nobody takes for a snapshot.
    let readable = fs::Permissions::from_mode(0o644); // less the umask: the gateway may be a user of its own (S31)
    let aside = tempfile::Builder::new().prefix("aside-").permissions(readable).tempfile_in(dir);
    let mut aside = aside.map_err(Error::file("write", dir))?;
    let written = aside.write_all(bytes).and_then(|()| aside.as_file().sync_all());
    written.map_err(Error::file("write", aside.path()))?;
    match aside.persist_noclobber(path) {
        Ok(_) => Ok(()),
        Err(taken) if taken.error.kind() == std::io::ErrorKind::AlreadyExists => {
            Err(refused(path, "its version is not higher than the newest one's"))
        }
        Err(other) => Err(Error::file("write", path)(other.error)),
    }
}

/// Writes `bytes` beside `path`, brings them to the disk, then renames: a reader sees all or nothing.
pub(crate) fn write_aside(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    use std::io::Write;
    let aside = path.with_extension("new");
    let mut file = fs::File::create(&aside).map_err(Error::file("write", &aside))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(Error::file("write", &aside))?;
    fs::rename(&aside, path).map_err(Error::file("write", path))
}
