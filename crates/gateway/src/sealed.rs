//! The slot of the sealed tier on the disk: signed files lie in a folder, are taken while the gateway runs, and what was
//! taken once stays (S26, S27).
//!
//! `SLOT/*.sealed` is offered; `SLOT/in-force/KEY.sealed` with `KEY.pub` is the gateway's own copy of what it took, with
//! the key that it was taken on. Removing the offer, the key from the configuration, or the whole configuration changes
//! nothing of what is in force: only a newer file that one of today's keys signed takes a list's place.
//! What it is not: anything that looks inside a list ([`filter::sealed`] does), or a way to take one out of force.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use ed25519_dalek::VerifyingKey;
use filter::{SealedError, SealedTier, sealed};

use crate::snapshot::write_aside;
use crate::{Config, Error};

/// Files that one slot takes; there are two or three suppliers in the country.
const MOST_FILES: usize = 16;

/// Where signed lists are put, and whose signature counts.
#[derive(Debug, Clone, Default)]
pub struct SealedSlot {
    /// The folder; `None` where nobody can offer one.
    pub folder: Option<PathBuf>,
    /// The suppliers' keys by id, as configured at installation.
    pub trusted: BTreeMap<String, VerifyingKey>,
}

impl SealedSlot {
    /// The slot of a gateway's folder: `GATEWAY_DIR/sealed`.
    pub fn of(gateway_dir: &Path, trusted: BTreeMap<String, VerifyingKey>) -> Self {
        Self { folder: Some(gateway_dir.join("sealed")), trusted }
    }
}

/// Length and time of change of a file.
type Seen = (u64, Option<SystemTime>);

/// The lists in force, and what was last looked at.
#[derive(Debug)]
pub(crate) struct Sealed {
    slot: SealedSlot,
    /// The lists in force.
    pub(crate) in_force: Arc<SealedTier>,
    /// Why the newest offer was not taken.
    pub(crate) refused: Option<String>,
    seen: BTreeMap<PathBuf, Seen>,
}

impl Sealed {
    /// What was in force when the gateway stopped, and what is offered now.
    pub(crate) fn begin(config: &Config) -> Self {
        let slot = config.sealed_slot.clone();
        let mut sealed = Self { slot, in_force: config.sealed.clone(), refused: None, seen: BTreeMap::new() };
        if let Some(folder) = sealed.slot.folder.clone() {
            let (tier, complaints) = kept(&folder, &sealed.slot.trusted, &sealed.in_force);
            sealed.in_force = Arc::new(tier);
            sealed.refused = complaints.into_iter().next();
            sealed.look();
        }
        sealed
    }

    /// Whether other lists are in force now than before.
    pub(crate) fn look(&mut self) -> bool {
        let Some(folder) = self.slot.folder.clone() else { return false };
        let mut changed = false;
        for path in offers(&folder) {
            let Some(seen) = seen(&path) else { continue };
            if self.seen.insert(path.clone(), seen) == Some(seen) {
                continue;
            }
            match self.take(&folder, &path) {
                Ok(()) => {
                    self.refused = None;
                    changed = true;
                }
                // The file of the list in force lies there for as long as nobody takes it away.
                Err(Refused::List(SealedError::NotNewer { offered, in_force })) if offered == in_force => {}
                Err(why) => {
                    tracing::warn!(path = %path.display(), %why, "a sealed list was refused");
                    self.refused = Some(why.to_string());
                }
            }
        }
        changed
    }

    fn take(&mut self, folder: &Path, path: &Path) -> Result<(), Refused> {
        let bytes = sealed::read(path)?;
        let tier = SealedTier::load(&bytes, &self.slot.trusted, &self.in_force)?;
        let id = sealed::header(&bytes)?.key_id;
        let key = self.slot.trusted.get(&id).ok_or(SealedError::UnknownKey(id.clone()))?;
        keep(folder, &id, &bytes, key)?;
        self.in_force = Arc::new(tier);
        Ok(())
    }
}

/// Why an offer was not taken.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error(transparent)]
    List(#[from] SealedError),
    #[error(transparent)]
    Disk(#[from] Error),
}

/// The signed files that lie in the slot, in a stable order.
fn offers(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<_> = entries.filter(|path| path.extension().is_some_and(|ending| ending == "sealed")).collect();
    files.sort();
    files.truncate(MOST_FILES);
    files
}

/// Our own copy is on the disk before the list counts as taken.
fn keep(folder: &Path, id: &str, bytes: &[u8], key: &VerifyingKey) -> Result<(), Error> {
    let own = folder.join("in-force");
    std::fs::create_dir_all(&own).map_err(Error::file("make", &own))?;
    let name = file_name(id);
    // The key first: a list without its key could not be read again.
    write_aside(&own.join(format!("{name}.pub")), format!("{id} {}", hex::encode(key.to_bytes())).as_bytes())?;
    write_aside(&own.join(format!("{name}.sealed")), bytes)
}

/// Ids come out of files; as file names they are digits.
fn file_name(id: &str) -> String {
    use sha2::{Digest, Sha256};
    hex::encode(Sha256::digest(id)).chars().take(16).collect()
}

/// The lists that a gateway of this folder has taken, for what decides beside it (`filter decide`): read again when they
/// change.
#[derive(Debug)]
pub struct Kept {
    slot: SealedSlot,
    seen: Vec<(PathBuf, Seen)>,
    tier: Arc<SealedTier>,
}

impl Kept {
    /// Those of this slot. Nothing is read yet.
    pub fn of(slot: SealedSlot) -> Self {
        Self { slot, seen: Vec::new(), tier: Arc::new(SealedTier::not_supplied()) }
    }

    /// As they are now.
    pub fn tier(&mut self) -> Arc<SealedTier> {
        let folder = self.slot.folder.as_ref().map(|folder| folder.join("in-force"));
        let files = folder.map(|folder| offers(&folder)).unwrap_or_default();
        let seen = files.into_iter().filter_map(|path| Some((path.clone(), seen(&path)?))).collect::<Vec<_>>();
        if seen != self.seen {
            self.tier = Arc::new(in_force(&self.slot));
            self.seen = seen;
        }
        Arc::clone(&self.tier)
    }
}

fn seen(path: &Path) -> Option<Seen> {
    std::fs::metadata(path).ok().map(|meta| (meta.len(), meta.modified().ok()))
}

/// The lists that a gateway of this folder has taken. Each on today's key, or on
/// the one that it was taken on: a key that is no longer configured lets no newer list in and takes none away.
pub fn in_force(slot: &SealedSlot) -> SealedTier {
    let empty = SealedTier::not_supplied();
    slot.folder.as_ref().map_or_else(SealedTier::not_supplied, |folder| kept(folder, &slot.trusted, &empty).0)
}

fn kept(folder: &Path, trusted: &BTreeMap<String, VerifyingKey>, before: &SealedTier) -> (SealedTier, Vec<String>) {
    let (mut tier, mut complaints) = (before.clone(), Vec::new());
    for path in offers(&folder.join("in-force")) {
        let read = sealed::read(&path).and_then(|bytes| {
            let then = pinned(&path);
            SealedTier::load(&bytes, trusted, &tier).or_else(|_| SealedTier::load(&bytes, &then, &tier))
        });
        match read {
            Ok(with) => tier = with,
            Err(error) => {
                tracing::error!(%error, path = %path.display(), "a sealed list that was in force cannot be read");
                complaints.push(format!("A list that was in force cannot be read any more: {error}."));
            }
        }
    }
    (tier, complaints)
}

/// The key on which a kept list was taken.
fn pinned(path: &Path) -> BTreeMap<String, VerifyingKey> {
    let text = std::fs::read_to_string(path.with_extension("pub")).unwrap_or_default();
    let read = || {
        let (id, digits) = text.trim().rsplit_once(' ')?;
        let mut bytes = [0_u8; 32];
        hex::decode_to_slice(digits, &mut bytes).ok()?;
        Some((id.to_owned(), VerifyingKey::from_bytes(&bytes).ok()?))
    };
    read().into_iter().collect()
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::SigningKey;
    use filter::{CanonicalUrl, Host};

    use super::*;

    fn list(entry: &str, issued: &str, key: &SigningKey) -> String {
        sealed::seal("S", issued.parse().unwrap(), "k1", [3; 16], &[CanonicalUrl::parse(entry).unwrap()], key)
    }

    fn begin(dir: &Path, keys: &[&SigningKey]) -> Sealed {
        let signing = SigningKey::from_bytes(&[7; 32]);
        let mut config = Config::new(dir, signing.verifying_key(), age::x25519::Identity::generate().to_public());
        let trusted = keys.iter().map(|key| ("k1".to_owned(), key.verifying_key())).collect();
        config.sealed_slot = SealedSlot::of(dir, trusted);
        Sealed::begin(&config)
    }

    fn holds(sealed: &Sealed, name: &str) -> bool {
        sealed.in_force.contains(&Host::parse(name).unwrap(), None)
    }

    #[test]
    fn a_list_is_taken_without_a_restart_and_nothing_takes_it_away() {
        let dir = tempfile::tempdir().unwrap();
        let key = SigningKey::from_bytes(&[1; 32]);
        let mut sealed = begin(dir.path(), &[&key]);
        assert!(!sealed.look() && !holds(&sealed, "one.example"));
        let slot = dir.path().join("sealed");
        std::fs::create_dir_all(&slot).unwrap();
        let offer = slot.join("supplier.sealed");
        std::fs::write(&offer, list("one.example", "2026-11-02T00:00:00Z", &key)).unwrap();
        assert!(sealed.look() && holds(&sealed, "one.example"));
        assert!(!sealed.look(), "the same file is no news");

        // An older one, a damaged one, one of somebody else: each refused, and said.
        for bad in [
            list("other.example", "2026-11-01T00:00:00Z", &key),
            "<html>not here</html>".to_owned(),
            list("other.example", "2026-11-09T00:00:00Z", &SigningKey::from_bytes(&[2; 32])),
        ] {
            std::fs::write(&offer, bad).unwrap();
            assert!(!sealed.look() && sealed.refused.is_some());
            assert!(holds(&sealed, "one.example") && !holds(&sealed, "other.example"));
        }

        // Neither does a restart with the offer gone, the older one offered, or no key configured at all.
        std::fs::remove_file(&offer).unwrap();
        assert!(holds(&begin(dir.path(), &[&key]), "one.example"));
        std::fs::write(&offer, list("other.example", "2026-11-01T00:00:00Z", &key)).unwrap();
        let again = begin(dir.path(), &[&key]);
        assert!(holds(&again, "one.example") && !holds(&again, "other.example"));
        let without_keys = begin(dir.path(), &[]);
        assert!(holds(&without_keys, "one.example") && without_keys.refused.is_some());

        // A newer one does, and then the older one's entries are its supplier's to drop.
        std::fs::write(&offer, list("two.example", "2026-11-03T00:00:00Z", &key)).unwrap();
        assert!(sealed.look() && holds(&sealed, "two.example") && !holds(&sealed, "one.example"));
        assert!(sealed.refused.is_none());
    }

    #[test]
    fn a_kept_list_that_was_damaged_is_said_and_the_offer_is_taken() {
        let dir = tempfile::tempdir().unwrap();
        let key = SigningKey::from_bytes(&[1; 32]);
        let slot = dir.path().join("sealed");
        std::fs::create_dir_all(&slot).unwrap();
        std::fs::write(slot.join("a.sealed"), list("one.example", "2026-11-02T00:00:00Z", &key)).unwrap();
        assert!(holds(&begin(dir.path(), &[&key]), "one.example"));
        for file in offers(&slot.join("in-force")) {
            std::fs::write(file, "rot").unwrap();
        }
        assert!(holds(&begin(dir.path(), &[&key]), "one.example"), "what is offered is read again");
        std::fs::remove_file(slot.join("a.sealed")).unwrap();
        for file in offers(&slot.join("in-force")) {
            std::fs::write(file, "rot").unwrap();
        }
        let sealed = begin(dir.path(), &[&key]);
        assert!(sealed.refused.is_some_and(|why| why.contains("was in force")));
    }
}
