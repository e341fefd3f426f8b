//! The sealed tier's slot (S26, S27): licensed lists of illegal content, as keyed hashes, before everything else.
//!
//! What it is: the lists in force, one a supplier, the question "is this an entry", and the status that may be shown.
//! What it is not: a list that anybody can look through. There is no way to print, count by name, export or unblock an
//! entry here, and none may be added; `lists lookup` never comes near.
//!
//! [`case`] holds what concerns of the setting speak of, which answers in the same words.
//! [`file`] is the signed file in which a list arrives, [`feed`] reads what suppliers write before it is sealed,
//! `digest` makes the strings over which a supplier's plain hashes go.

pub mod case;
mod digest;
pub mod feed;
pub mod file;

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::hash::Hasher;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use ed25519_dalek::VerifyingKey;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use siphasher::sip128::{Hasher128, SipHasher24};

pub use file::{Header, header, seal, seal_with_digests};

use crate::compiled::Asked;
use crate::hash::{prefixes, suffixes};
use crate::{CanonicalUrl, Host};

/// Largest file that is read, in bytes: about seven million entries.
const MOST: u64 = 256 * 1024 * 1024;
/// Suppliers issue daily. A list that is older than this has a broken way here, and the status says so.
pub const STALE_AFTER: SignedDuration = SignedDuration::from_hours(24 * 7);

/// What may be said of one list in force. Never an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Supply {
    /// Who supplied it.
    pub by: String,
    /// When the supplier issued it.
    pub at: Timestamp,
    /// Entries that speak of a whole host: every path enforces them.
    pub names: u64,
    /// Entries that speak of a URL: only a path that sees URLs enforces them.
    pub urls: u64,
    /// Entries of which the supplier gave a hash alone. What they speak of is not known here; those that mean a whole
    /// host are enforced by every path, the others where URLs are seen.
    pub hashes: u64,
}

impl Supply {
    /// No newer list came for a week.
    pub fn is_stale(&self, now: Timestamp) -> bool {
        now.duration_since(self.at) > STALE_AFTER
    }
}

/// What the status page may say of the sealed tier: the lists in force. None: *not supplied*, red everywhere.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedStatus {
    /// One a supplier.
    pub lists: Vec<Supply>,
}

/// What a way through the gateway can see of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// Names alone: DNS, CONNECT.
    Names,
    /// Whole URLs: plain HTTP, inspection.
    Urls,
}

impl SealedStatus {
    /// Is there any list?
    pub fn is_supplied(&self) -> bool {
        !self.lists.is_empty()
    }

    /// How many entries a path is sure to enforce, of how many (S26: a URL entry is invisible to DNS and to CONNECT; of
    /// a hashed one nobody here knows what it is, so it does not count there).
    pub fn enforceable(&self, sight: Sight) -> (u64, u64) {
        let sum = |of: fn(&Supply) -> u64| self.lists.iter().map(of).sum::<u64>();
        let (names, all) = (sum(|list| list.names), sum(|list| list.names + list.urls + list.hashes));
        (if sight == Sight::Urls { all } else { names }, all)
    }
}

/// Why a sealed file was not taken. Says nothing of its entries.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealedError {
    /// It cannot be read.
    #[error("the sealed list cannot be read: {0}")]
    Io(#[from] std::io::Error),
    /// It is not a file of this kind, or cut short.
    #[error("this is not a whole sealed list: {0}")]
    Shape(&'static str),
    /// Its key is not one that this installation trusts.
    #[error("the list is signed with the key “{0}”, which this installation does not trust")]
    UnknownKey(String),
    /// The signature does not fit.
    #[error("the signature does not fit; the list was changed or damaged on its way")]
    Signature,
    /// It is no newer than the one in force.
    #[error(
        "the list was issued at {offered}; the one in force is of {in_force}, and a list only gives way to a newer one"
    )]
    NotNewer {
        /// What was offered.
        offered: Timestamp,
        /// What stands.
        in_force: Timestamp,
    },
}

/// The sealed entries as keyed hashes, in memory of this process only. Cheap to clone.
#[derive(Default, Clone)]
pub struct SealedTier {
    /// By the id of the key that signs them: a supplier's list gives way to that supplier's newer one alone.
    lists: BTreeMap<String, Arc<List>>,
}

/// One supplier's entries.
struct List {
    supply: Supply,
    salt: [u8; 16],
    names: HashSet<u128>,
    urls: HashSet<u128>,
    hashes: HashSet<u128>,
}

impl std::fmt::Debug for SealedTier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("SealedTier").field(&self.status()).finish()
    }
}

impl SealedTier {
    /// The empty slot.
    pub fn not_supplied() -> Self {
        Self::default()
    }

    /// Opens and reads a signed file; see [`SealedTier::load`].
    ///
    /// # Errors
    /// [`SealedError`]; the tier in force stays.
    pub fn open(
        path: &Path,
        trusted: &BTreeMap<String, VerifyingKey>,
        in_force: &SealedTier,
    ) -> Result<Self, SealedError> {
        Self::load(&read(path)?, trusted, in_force)
    }

    /// Reads a signed file: the lists in force with this one in its supplier's place. `trusted` holds the suppliers'
    /// keys by id; other suppliers' lists stay as they are.
    ///
    /// # Errors
    /// [`SealedError`]; the tier in force stays.
    pub fn load(
        file: &[u8],
        trusted: &BTreeMap<String, VerifyingKey>,
        in_force: &SealedTier,
    ) -> Result<Self, SealedError> {
        let (header, signed) = file::verified(file, trusted)?;
        if let Some(old) = in_force.lists.get(&header.key_id).filter(|old| header.issued <= old.supply.at) {
            return Err(SealedError::NotNewer { offered: header.issued, in_force: old.supply.at });
        }
        let key = header.key_id.clone();
        let list = file::entries(signed, header)?;
        let mut after = in_force.clone();
        after.lists.insert(key, Arc::new(list));
        Ok(after)
    }

    /// What may be said.
    pub fn status(&self) -> SealedStatus {
        SealedStatus { lists: self.lists.values().map(|list| list.supply.clone()).collect() }
    }

    /// Whether an entry covers this host or URL.
    pub fn contains(&self, host: &Host, url: Option<&CanonicalUrl>) -> bool {
        crate::probe::is_sealed(host)
            || self.lists.values().any(|list| {
                list.holds_name(host)
                    || url.is_some_and(|url| list.holds_name(url.host()) || list.holds_url(url))
                    || list.holds_hash(host, url)
            })
    }
}

/// The bytes of a sealed file, as many as such a file can have.
///
/// # Errors
/// [`SealedError::Io`]; [`SealedError::Shape`] for one that is too large.
pub fn read(path: &Path) -> Result<Vec<u8>, SealedError> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MOST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST {
        return Err(SealedError::Shape("it is larger than any such list"));
    }
    Ok(bytes)
}

impl List {
    fn holds_name(&self, host: &Host) -> bool {
        let asked = Asked::new(host);
        suffixes(SipHasher24::new_with_key(&self.salt), &asked)
            .any(|(_, state)| self.names.contains(&state.0.finish128().as_u128()))
    }

    fn holds_url(&self, url: &CanonicalUrl) -> bool {
        let asked = Asked::new(url.host());
        let mut found = false;
        for (_, state) in suffixes(SipHasher24::new_with_key(&self.salt), &asked) {
            prefixes(state, url, |_, hash| found |= self.urls.contains(&hash.0.finish128().as_u128()));
        }
        found
    }

    /// SHA-256 costs a microsecond a URL: only a list that has hashed entries pays it.
    fn holds_hash(&self, host: &Host, url: Option<&CanonicalUrl>) -> bool {
        !self.hashes.is_empty()
            && digest::expressions(host, url).any(|digest| self.hashes.contains(&keyed_digest(&self.salt, &digest)))
    }
}

/// A supplier's hash under the list's salt, so that the file holds no digest that another list could be compared with.
fn keyed_digest(salt: &[u8; 16], digest: &[u8; 32]) -> u128 {
    let mut hasher = SipHasher24::new_with_key(salt);
    hasher.write(digest);
    hasher.write_u8(b'#');
    hasher.finish128().as_u128()
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::SigningKey;

    use super::*;

    fn sample(issued: &str, key: &SigningKey) -> String {
        let entries: Vec<_> =
            ["bad.example", "example.com/a/bad"].iter().map(|url| CanonicalUrl::parse(url).unwrap()).collect();
        seal("A supplier", issued.parse().unwrap(), "k1", [9; 16], &entries, key)
    }

    fn trusted(key: &SigningKey) -> BTreeMap<String, VerifyingKey> {
        BTreeMap::from([("k1".to_owned(), key.verifying_key())])
    }

    #[test]
    fn a_signed_file_is_in_force_and_only_gives_way_to_a_newer_one() {
        let key = SigningKey::from_bytes(&[1; 32]);
        let empty = SealedTier::not_supplied();
        let tier = SealedTier::load(sample("2026-11-01T00:00:00Z", &key).as_bytes(), &trusted(&key), &empty).unwrap();
        let has = |text: &str| {
            let url = CanonicalUrl::parse(text).unwrap();
            (tier.contains(url.host(), None), tier.contains(url.host(), Some(&url)))
        };
        assert_eq!(has("www.bad.example/x"), (true, true));
        assert_eq!(has("notbad.example/"), (false, false));
        assert_eq!(has("https://example.com/a/%62ad/x?y"), (false, true));
        assert_eq!(has("example.com/a/badly"), (false, false));
        assert_eq!(tier.status().enforceable(Sight::Names), (1, 2));
        assert_eq!(tier.status().enforceable(Sight::Urls), (2, 2));
        let again = SealedTier::load(sample("2026-11-01T00:00:00Z", &key).as_bytes(), &trusted(&key), &tier);
        assert!(matches!(again, Err(SealedError::NotNewer { .. })));
        assert!(SealedTier::load(sample("2026-11-02T00:00:00Z", &key).as_bytes(), &trusted(&key), &tier).is_ok());
        assert!(!format!("{tier:?}").contains("bad"));
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), sample("2026-11-01T00:00:00Z", &key)).unwrap();
        assert_eq!(SealedTier::open(file.path(), &trusted(&key), &empty).unwrap().status(), tier.status());
    }

    #[test]
    fn each_supplier_has_a_place_of_its_own() {
        let (one, two) = (SigningKey::from_bytes(&[1; 32]), SigningKey::from_bytes(&[2; 32]));
        let keys: BTreeMap<_, _> =
            [("k1".to_owned(), one.verifying_key()), ("k2".to_owned(), two.verifying_key())].into();
        let list = |id: &str, entry: &str, at: &str, key: &SigningKey| {
            seal(id, at.parse().unwrap(), id, [9; 16], &[CanonicalUrl::parse(entry).unwrap()], key)
        };
        let empty = SealedTier::not_supplied();
        let first = list("k1", "one.example", "2026-11-02T00:00:00Z", &one);
        let tier = SealedTier::load(first.as_bytes(), &keys, &empty).unwrap();
        // An older list of another supplier is new here, and takes nothing away.
        let second = list("k2", "two.example", "2026-11-01T00:00:00Z", &two);
        let tier = SealedTier::load(second.as_bytes(), &keys, &tier).unwrap();
        for name in ["one.example", "two.example"] {
            assert!(tier.contains(&Host::parse(name).unwrap(), None), "{name}");
        }
        assert_eq!(tier.status().enforceable(Sight::Names), (2, 2));
        // One supplier cannot speak in the other's place.
        let forged = list("k1", "nothing.example", "2026-11-09T00:00:00Z", &two);
        assert!(matches!(SealedTier::load(forged.as_bytes(), &keys, &tier), Err(SealedError::Signature)));
    }

    #[test]
    fn hashed_entries_are_found_by_host_and_by_address() {
        let key = SigningKey::from_bytes(&[1; 32]);
        let digests = ["bad.example/", "example.com/a/b.html", "example.com/folder/"].map(digest::of);
        let file = seal_with_digests("S", "2026-11-01T00:00:00Z".parse().unwrap(), "k1", [9; 16], &[], &digests, &key);
        let tier = SealedTier::load(file.as_bytes(), &trusted(&key), &SealedTier::not_supplied()).unwrap();
        let has = |text: &str| {
            let url = CanonicalUrl::parse(text).unwrap();
            (tier.contains(url.host(), None), tier.contains(url.host(), Some(&url)))
        };
        assert_eq!(has("http://www.bad.example/x"), (true, true));
        assert_eq!(has("http://www.example.com/a/b.html?x=1"), (false, true));
        assert_eq!(has("http://example.com/folder/deeper"), (false, true));
        assert_eq!(has("http://example.com/a/b.htm"), (false, false));
        assert_eq!(tier.status().enforceable(Sight::Names), (0, 3));
        assert_eq!(tier.status().enforceable(Sight::Urls), (3, 3));
        for digest in digests {
            assert!(!file.contains(&hex::encode(digest)), "the file shows no plain digest");
        }
    }

    #[test]
    fn changed_or_foreign_files_are_refused() {
        let key = SigningKey::from_bytes(&[1; 32]);
        let empty = SealedTier::not_supplied();
        let whole = sample("2026-11-01T00:00:00Z", &key);
        let load = |text: &str| SealedTier::load(text.as_bytes(), &trusted(&key), &empty);
        assert!(matches!(load(&whole.replacen("A supplier", "B supplier", 1)), Err(SealedError::Signature)));
        assert!(matches!(load(&whole.replacen("k1", "k2", 1)), Err(SealedError::UnknownKey(_))));
        let without_first_entry: String =
            whole.lines().enumerate().filter(|(at, _)| *at != 1).map(|(_, line)| format!("{line}\n")).collect();
        assert!(matches!(load(&without_first_entry), Err(SealedError::Signature)));
        let other = sample("2026-11-01T00:00:00Z", &SigningKey::from_bytes(&[2; 32]));
        assert!(matches!(load(&other), Err(SealedError::Signature)));
        assert!(load("").is_err());
        assert!(load("<html>").is_err());
    }
}
