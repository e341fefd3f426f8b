//! The signed file in which a sealed list arrives.
//!
//! UTF-8 text: a JSON header ([`Header`]) on the first line; then one entry a line, `n ` (a host and everything below
//! it), `u ` (a URL prefix) or `h ` (an entry of which the supplier gave the hash alone) and 32 hex digits of
//! SipHash-2-4-128 under the header's salt, fed as in `hash.rs`; last `signature ` and 128 hex digits of Ed25519 over all
//! bytes before that line.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use siphasher::sip128::{Hasher128, SipHasher24};

use super::{List, SealedError, Supply, keyed_digest};
use crate::CanonicalUrl;
use crate::compiled::Asked;
use crate::hash::{prefixes, whole};

/// What the first line must call itself.
const FORMAT: &str = "holdfast-sealed";
/// The version that this program reads.
const VERSION: u32 = 1;
/// How the last line begins.
const SIGNATURE: &str = "signature ";

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
    /// How many `h` lines follow.
    #[serde(default)]
    pub hashes: u64,
}

/// What a file says of itself. Nobody has checked it yet.
///
/// # Errors
/// [`SealedError::Shape`] for what is no such file.
pub fn header(file: &[u8]) -> Result<Header, SealedError> {
    let first = file.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let header: Header =
        serde_json::from_slice(first).map_err(|_| SealedError::Shape("its first line cannot be read"))?;
    if header.format != FORMAT || header.version != VERSION {
        return Err(SealedError::Shape("it is of a kind or version that this program does not read"));
    }
    Ok(header)
}

/// The header and everything that is signed, once the signature was seen to fit.
pub(super) fn verified<'f>(
    file: &'f [u8],
    trusted: &BTreeMap<String, VerifyingKey>,
) -> Result<(Header, &'f str), SealedError> {
    let text = std::str::from_utf8(file).map_err(|_| SealedError::Shape("it is not text"))?;
    let header = header(file)?;
    let key = trusted.get(&header.key_id).ok_or_else(|| SealedError::UnknownKey(header.key_id.clone()))?;
    let bare = text.strip_suffix('\n').unwrap_or(text);
    let (signed, last) = bare.rsplit_once('\n').ok_or(SealedError::Shape("it has one line only"))?;
    let signature = last.strip_prefix(SIGNATURE).ok_or(SealedError::Shape("its signature is missing"))?;
    let mut bytes = [0_u8; 64];
    hex::decode_to_slice(signature.trim(), &mut bytes).map_err(|_| SealedError::Signature)?;
    let signed_bytes = file.get(..=signed.len()).ok_or(SealedError::Signature)?;
    key.verify_strict(signed_bytes, &Signature::from_bytes(&bytes)).map_err(|_| SealedError::Signature)?;
    Ok((header, signed))
}

pub(super) fn entries(signed: &str, header: Header) -> Result<List, SealedError> {
    let mut salt = [0_u8; 16];
    hex::decode_to_slice(&header.salt, &mut salt).map_err(|_| SealedError::Shape("its salt cannot be read"))?;
    let (mut names, mut urls, mut hashes) = (HashSet::new(), HashSet::new(), HashSet::new());
    for line in signed.lines().skip(1) {
        let (set, digits) = match line.split_once(' ') {
            Some(("n", digits)) => (&mut names, digits),
            Some(("u", digits)) => (&mut urls, digits),
            Some(("h", digits)) => (&mut hashes, digits),
            _ => return Err(SealedError::Shape("a line is neither a name nor a URL nor a hash")),
        };
        let hash = u128::from_str_radix(digits, 16).map_err(|_| SealedError::Shape("an entry cannot be read"))?;
        set.insert(hash);
    }
    let held = [&names, &urls, &hashes].map(|set| set.len() as u64);
    if held != [header.names, header.urls, header.hashes] {
        return Err(SealedError::Shape("it holds another number of entries than it says"));
    }
    let [names_held, urls_held, hashes_held] = held;
    let supply =
        Supply { by: header.supplier, at: header.issued, names: names_held, urls: urls_held, hashes: hashes_held };
    Ok(List { supply, salt, names, urls, hashes })
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
    seal_with_digests(supplier, issued, key_id, salt, entries, &[], key)
}

/// The same with entries of which the supplier gave SHA-256 of the canonical `host/path` alone.
pub fn seal_with_digests(
    supplier: &str,
    issued: Timestamp,
    key_id: &str,
    salt: [u8; 16],
    entries: &[CanonicalUrl],
    digests: &[[u8; 32]],
    key: &SigningKey,
) -> String {
    let hasher = || SipHasher24::new_with_key(&salt);
    let (mut names, mut urls) = (BTreeSet::new(), BTreeSet::new());
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
    let hashes: BTreeSet<u128> = digests.iter().map(|digest| keyed_digest(&salt, digest)).collect();
    let header = Header {
        format: FORMAT.into(),
        version: VERSION,
        supplier: supplier.into(),
        issued,
        key_id: key_id.into(),
        salt: hex::encode(salt),
        names: names.len() as u64,
        urls: urls.len() as u64,
        hashes: hashes.len() as u64,
    };
    let mut text = serde_json::json!(header).to_string();
    text.push('\n');
    for (kind, set) in [('n', &names), ('u', &urls), ('h', &hashes)] {
        text.extend(set.iter().map(|hash| format!("{kind} {hash:032x}\n")));
    }
    let signature = key.sign(text.as_bytes());
    text.push_str(&format!("{SIGNATURE}{}\n", hex::encode(signature.to_bytes())));
    text
}
