//! Where what stands in a compiled file, and the checks before anything in it is believed.
//!
//! All numbers are little-endian. Version 2:
//!
//! | At | What |
//! |---|---|
//! | 0 | `HOLDLIST`, then the version (u32) and a zero (u32) |
//! | 16 | the key of the hashes (16 bytes) |
//! | 32 | length of the whole file (u64), checksum of everything but itself (u64, SipHash-1-3 under the key) |
//! | 48 | of the table of names, then of the table of URLs: homes and how many hashes (u64, u64) |
//! | 80 | eight sections, each offset and length in bytes (u64, u64): lines of names, lines of URLs, both sieves, ends of sets, sets, rules, lists |
//! | 256 | the sections; lines (see `table`) begin at multiples of 64 |
//!
//! A set is a run of lists' words (u16, see `member`) between two places (u32). Rules and what is said about the lists
//! are JSON. Version 1 knew names and URL prefixes only.

use std::hash::Hasher;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::FileKey;
use super::hash64::Keys;
use super::member::Member;
use super::rules::Rules;
use super::table::{LINE, Table};
use crate::ListInfo;

/// What the file begins with.
pub(super) const MAGIC: &[u8; 8] = b"HOLDLIST";
/// The layout that this program writes and reads.
pub(super) const VERSION: u32 = 2;
/// Where the length stands; the checksum follows it.
pub(super) const LENGTH_AT: usize = 32;
/// Where the checksum stands.
pub(super) const CHECKSUM_AT: usize = 40;
/// Where the tables' numbers stand.
const TABLES_AT: usize = 48;
/// Where the section table stands.
pub(super) const SECTIONS_AT: usize = 80;
/// How many sections there are.
pub(super) const SECTIONS: usize = 8;
/// Where the first section stands.
pub(super) const HEADER: usize = (SECTIONS_AT + SECTIONS * 16).next_multiple_of(LINE);

/// What is written about the lists, as JSON, once a file.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Meta {
    /// The lists by number.
    pub(super) lists: Vec<ListInfo>,
    /// What the sources looked like.
    pub(super) fingerprint: String,
    /// Whether a bare name is an exception.
    pub(super) exceptions: bool,
    /// Whether a name is a single word.
    pub(super) words: bool,
    /// How many hashes stand in the table only because a rule speaks of their names.
    pub(super) only_rules: u64,
}

/// A checked file's map of itself.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) key: FileKey,
    pub(super) keys: Keys,
    pub(super) names: Table,
    pub(super) urls: Table,
    set_index: Range<usize>,
    set_members: Range<usize>,
    pub(super) rules: Rules,
    pub(super) meta: Meta,
}

impl Layout {
    /// Checks a whole file. `Err` is a sentence.
    pub(super) fn read(file: &[u8]) -> Result<Self, String> {
        let short = "it is too short to be a compiled list";
        if !file.get(..12).ok_or(short)?.starts_with(MAGIC) {
            return Err("it is not a compiled list of this program".into());
        }
        let version = u32_at(file, 8).unwrap_or_default();
        if version != VERSION {
            return Err(format!(
                "it has version {version}; this program reads version {VERSION}. Compile again: “holdfast lists compile”"
            ));
        }
        file.get(..HEADER).ok_or(short)?;
        let damaged = || "it is damaged. Compile again: “holdfast lists compile”".to_owned();
        let length = u64_at(file, LENGTH_AT).ok_or_else(damaged)?;
        if length > file.len() as u64 {
            return Err(format!(
                "it is cut short: {} of {length} bytes are there. Compile again: “holdfast lists compile”",
                file.len()
            ));
        }
        let mut key = FileKey([0; 16]);
        key.0.copy_from_slice(file.get(16..32).ok_or_else(damaged)?);
        if length != file.len() as u64 || u64_at(file, CHECKSUM_AT) != checksum(&key, file) {
            return Err(damaged());
        }
        Self::sections(file, key).ok_or_else(damaged)
    }

    fn sections(file: &[u8], key: FileKey) -> Option<Self> {
        let section = |number: usize| -> Option<Range<usize>> {
            let at = SECTIONS_AT + number * 16;
            let start = usize::try_from(u64_at(file, at)?).ok()?;
            let end = start.checked_add(usize::try_from(u64_at(file, at + 8)?).ok()?)?;
            (start >= HEADER && end <= file.len()).then_some(start..end)
        };
        let keys = Keys::new(&key);
        let number = |at: usize| u64_at(file, TABLES_AT + at * 8);
        let names = Table::read(section(0)?, section(2)?, number(0)?, number(1)?)?;
        let urls = Table::read(section(1)?, section(3)?, number(2)?, number(3)?)?;
        let (set_index, set_members) = (section(4)?, section(5)?);
        let rules = Rules::new(serde_json::from_slice(file.get(section(6)?)?).ok()?, &keys)?;
        let meta: Meta = serde_json::from_slice(file.get(section(7)?)?).ok()?;
        let members = file.get(set_members.clone())?.as_chunks::<2>().0;
        let known = members.iter().all(|member| Member(u16::from_le_bytes(*member)).list() < meta.lists.len());
        let mut places =
            file.get(set_index.clone())?.as_chunks::<4>().0.iter().map(|place| u32::from_le_bytes(*place) as usize);
        let whole = known && places.clone().is_sorted() && places.next_back()? == members.len();
        whole.then_some(Self { key, keys, names, urls, set_index, set_members, rules, meta })
    }

    /// The lists' words of a set; none for a set that is not there.
    pub(super) fn members(&self, file: &[u8], set: u32) -> impl Iterator<Item = Member> {
        let range = || {
            let set = usize::try_from(set).ok()?;
            let index = file.get(self.set_index.clone())?.as_chunks::<4>().0;
            let start = u32::from_le_bytes(*index.get(set)?) as usize;
            let end = u32::from_le_bytes(*index.get(set + 1)?) as usize;
            file.get(self.set_members.clone())?.get(start * 2..end * 2)
        };
        let members = range().unwrap_or_default().as_chunks::<2>().0;
        members.iter().map(|member| Member(u16::from_le_bytes(*member)))
    }
}

/// The checksum over everything but itself.
pub(super) fn checksum(key: &FileKey, file: &[u8]) -> Option<u64> {
    let mut hasher = key.hasher();
    hasher.write(file.get(..CHECKSUM_AT)?);
    hasher.write(file.get(CHECKSUM_AT + 8..)?);
    Some(hasher.finish())
}

fn u32_at(file: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*file.get(at..)?.first_chunk()?))
}

fn u64_at(file: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*file.get(at..)?.first_chunk()?))
}
