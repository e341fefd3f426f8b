//! The sealed tier's slot (S26, S27): licensed lists of illegal content, as keyed hashes, before everything else.
//!
//! What it is: the reader of a signed file, the question "is this an entry", and the status that may be shown.
//! What it is not: a list that anybody can look through. There is no way to print, count by name, export or unblock an
//! entry here, and none may be added; `lists lookup` never comes near.
//!
//! The file is UTF-8 text: a JSON header ([`Header`]) on the first line; then one entry a line, `n ` (a host and
//! everything below it) or `u ` (a URL prefix) and 32 hex digits of SipHash-2-4-128 under the header's salt, fed as in
//! `hash.rs`; last `signature ` and 128 hex digits of Ed25519 over all bytes before that line.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::Read;
use std::path::Path;

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use siphasher::sip128::{Hasher128, SipHasher24};

use crate::compiled::Asked;
use crate::hash::{prefixes, suffixes, whole};
use crate::{CanonicalUrl, Host};

/// What the first line must call itself.
const FORMAT: &str = "holdfast-sealed";
/// The version that this program reads.
const VERSION: u32 = 1;
/// Largest file that is read, in bytes: about seven million entries.
const MOST: u64 = 256 * 1024 * 1024;
/// How the last line begins.
const SIGNATURE: &str = "signature ";

/// What the status page may say of the sealed tier. Never an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "status")]
pub enum SealedStatus {
    /// Nobody supplied a licensed list. Red, everywhere.
    NotSupplied,
    /// A signed list is in force.
    Supplied {
        /// Who supplied it.
        by: String,
        /// When the supplier issued it.
        at: Timestamp,
        /// Entries that speak of a whole host: every path enforces them.
        entries_names: u64,
        /// Entries that speak of a URL: only a path that sees URLs enforces them.
        entries_urls: u64,
    },
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
    /// How many entries a path can enforce, of how many (S26: a URL entry is invisible to DNS and to CONNECT).
    pub fn enforceable(&self, sight: Sight) -> (u64, u64) {
        match self {
            Self::NotSupplied => (0, 0),
            Self::Supplied { entries_names, entries_urls, .. } => {
                let all = entries_names + entries_urls;
                (if sight == Sight::Urls { all } else { *entries_names }, all)
            }
        }
    }
}

/// The first line of a sealed file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// `holdfast-sealed`.
    pub format: String,
    /// 1.
    pub version: u32,
    /// Who supplies the list, as the status page says it.
    pub supplier: String,
    /// When; a file only ever gives way to a later one.
    pub issued: Timestamp,
    /// Which of the trusted keys signed it.
    pub key_id: String,
    /// The hashes' key: 16 bytes in hex.
    pub salt: String,
    /// How many `n` lines follow.
    pub names: u64,
    /// How many `u` lines follow.
    pub urls: u64,
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

/// The sealed entries as keyed hashes, in memory of this process only.
#[derive(Default)]
pub struct SealedTier {
    supplied: Option<Supplied>,
}

struct Supplied {
    by: String,
    at: Timestamp,
    salt: [u8; 16],
    names: HashSet<u128>,
    urls: HashSet<u128>,
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
        let mut bytes = Vec::new();
        File::open(path)?.take(MOST + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > MOST {
            return Err(SealedError::Shape("it is larger than any such list"));
        }
        Self::load(&bytes, trusted, in_force)
    }

    /// Reads a signed file. `trusted` holds the suppliers' keys by id; `in_force` is the tier that it would replace.
    ///
    /// # Errors
    /// [`SealedError`]; the tier in force stays.
    pub fn load(
        file: &[u8],
        trusted: &BTreeMap<String, VerifyingKey>,
        in_force: &SealedTier,
    ) -> Result<Self, SealedError> {
        let text = std::str::from_utf8(file).map_err(|_| SealedError::Shape("it is not text"))?;
        let first = text.lines().next().unwrap_or_default();
        let header: Header =
            serde_json::from_str(first).map_err(|_| SealedError::Shape("its first line cannot be read"))?;
        if header.format != FORMAT || header.version != VERSION {
            return Err(SealedError::Shape("it is of a kind or version that this program does not read"));
        }
        let key = trusted.get(&header.key_id).ok_or_else(|| SealedError::UnknownKey(header.key_id.clone()))?;
        let bare = text.strip_suffix('\n').unwrap_or(text);
        let (signed, last) = bare.rsplit_once('\n').ok_or(SealedError::Shape("it has one line only"))?;
        let signature = last.strip_prefix(SIGNATURE).ok_or(SealedError::Shape("its signature is missing"))?;
        let mut bytes = [0_u8; 64];
        hex::decode_to_slice(signature.trim(), &mut bytes).map_err(|_| SealedError::Signature)?;
        let signed_bytes = file.get(..=signed.len()).ok_or(SealedError::Signature)?;
        key.verify_strict(signed_bytes, &Signature::from_bytes(&bytes)).map_err(|_| SealedError::Signature)?;
        if let Some(old) = in_force.supplied.as_ref().filter(|old| header.issued <= old.at) {
            return Err(SealedError::NotNewer { offered: header.issued, in_force: old.at });
        }
        Ok(Self { supplied: Some(entries(signed, header)?) })
    }

    /// What may be said.
    pub fn status(&self) -> SealedStatus {
        self.supplied.as_ref().map_or(SealedStatus::NotSupplied, |supplied| SealedStatus::Supplied {
            by: supplied.by.clone(),
            at: supplied.at,
            entries_names: supplied.names.len() as u64,
            entries_urls: supplied.urls.len() as u64,
        })
    }

    /// Whether an entry covers this host or URL.
    pub fn contains(&self, host: &Host, url: Option<&CanonicalUrl>) -> bool {
        let Some(supplied) = &self.supplied else {
            return false;
        };
        supplied.holds_name(host) || url.is_some_and(|url| supplied.holds_name(url.host()) || supplied.holds_url(url))
    }
}

impl Supplied {
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
}

fn entries(signed: &str, header: Header) -> Result<Supplied, SealedError> {
    let mut salt = [0_u8; 16];
    hex::decode_to_slice(&header.salt, &mut salt).map_err(|_| SealedError::Shape("its salt cannot be read"))?;
    let (mut names, mut urls) = (HashSet::new(), HashSet::new());
    for line in signed.lines().skip(1) {
        let (set, digits) = match line.split_once(' ') {
            Some(("n", digits)) => (&mut names, digits),
            Some(("u", digits)) => (&mut urls, digits),
            _ => return Err(SealedError::Shape("a line is neither a name nor a URL")),
        };
        let hash = u128::from_str_radix(digits, 16).map_err(|_| SealedError::Shape("an entry cannot be read"))?;
        set.insert(hash);
    }
    if names.len() as u64 != header.names || urls.len() as u64 != header.urls {
        return Err(SealedError::Shape("it holds another number of entries than it says"));
    }
    Ok(Supplied { by: header.supplier, at: header.issued, salt, names, urls })
}

/// Makes a sealed file: for suppliers' tools and for tests. A URL with nothing behind its host becomes a name entry.
pub fn seal(
    supplier: &str,
    issued: Timestamp,
    key_id: &str,
    salt: [u8; 16],
    entries: &[CanonicalUrl],
    key: &SigningKey,
) -> String {
    let hasher = || SipHasher24::new_with_key(&salt);
    let (mut names, mut urls) = (std::collections::BTreeSet::new(), std::collections::BTreeSet::new());
    for entry in entries {
        let host = whole(hasher(), &Asked::new(entry.host()));
        let name = host.0.finish128().as_u128();
        let mut last = None;
        prefixes(host, entry, |_, hash| last = Some(hash.0.finish128().as_u128()));
        match last {
            None => names.insert(name),
            Some(url) => urls.insert(url),
        };
    }
    let header = Header {
        format: FORMAT.into(),
        version: VERSION,
        supplier: supplier.into(),
        issued,
        key_id: key_id.into(),
        salt: hex::encode(salt),
        names: names.len() as u64,
        urls: urls.len() as u64,
    };
    let mut text = serde_json::json!(header).to_string();
    text.push('\n');
    let lines = names.iter().map(|hash| ('n', hash)).chain(urls.iter().map(|hash| ('u', hash)));
    text.extend(lines.map(|(kind, hash)| format!("{kind} {hash:032x}\n")));
    let signature = key.sign(text.as_bytes());
    text.push_str(&format!("{SIGNATURE}{}\n", hex::encode(signature.to_bytes())));
    text
}

#[cfg(test)]
mod tests {
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
