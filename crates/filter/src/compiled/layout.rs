//! Where what stands in a compiled file, and the checks before anything in it is believed.
//!
//! All numbers are little-endian. Version 1:
//!
//! | At | What |
//! |---|---|
//! | 0 | `HOLDLIST`, then the version (u32) and a zero (u32) |
//! | 16 | the key of the hashes (16 bytes) |
//! | 32 | length of the whole file (u64), checksum of everything but itself (u64, SipHash-1-3 under the key) |
//! | 48 | seven sections, each offset and length in bytes (u64, u64), in the order of `Section` |
//! | 160 | the sections |
//!
//! A table has 2ᵇ + 1 directory entries (u32: place of the first record of the bucket) and records of 8 bytes sorted
//! inside each bucket: upper 48 bits = lower 48 bits of the hash, lower 16 bits = number of the set of lists.
//! The bucket is the upper b bits of the hash. A set is a run of list numbers (u16) between two places (u32).

use std::hash::Hasher;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::FileKey;
use crate::ListInfo;

/// What the file begins with.
pub(super) const MAGIC: &[u8; 8] = b"HOLDLIST";
/// The layout that this program writes and reads.
pub(super) const VERSION: u32 = 1;
/// Where the length stands; the checksum follows it.
pub(super) const LENGTH_AT: usize = 32;
/// Where the checksum stands.
pub(super) const CHECKSUM_AT: usize = 40;
/// Where the section table stands.
pub(super) const SECTIONS_AT: usize = 48;
/// How many sections there are.
pub(super) const SECTIONS: usize = 7;
/// Where the first section stands.
pub(super) const HEADER: usize = SECTIONS_AT + SECTIONS * 16;
/// More bits than this no directory has (64 MiB of it).
pub(super) const MOST_BITS: u32 = 24;

/// What is written about the lists, as JSON, once a file.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Meta {
    /// The lists by number.
    pub(super) lists: Vec<ListInfo>,
    /// What the sources looked like.
    pub(super) fingerprint: String,
}

/// A checked file's map of itself.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) key: FileKey,
    pub(super) names: Table,
    pub(super) urls: Table,
    set_index: Range<usize>,
    set_members: Range<usize>,
    pub(super) meta: Meta,
}

/// One hash table.
#[derive(Debug)]
pub(super) struct Table {
    directory: Range<usize>,
    records: Range<usize>,
    bits: u32,
}

/// The bucket that a hash falls in.
pub(super) fn bucket(hash: u64, bits: u32) -> usize {
    // A shift by 64 is no shift for a machine; a table of one bucket has no bits to look at.
    usize::try_from(hash.checked_shr(64 - bits).unwrap_or(0)).unwrap_or(0)
}

/// The part of a hash that a record keeps, in its place.
pub(super) fn kept(hash: u64) -> u64 {
    hash << 16
}

impl Table {
    pub(super) fn count(&self) -> usize {
        self.records.len() / 8
    }

    /// The set of the record with this hash.
    pub(super) fn find(&self, file: &[u8], hash: u64) -> Option<u16> {
        let [set] = self.find_all(file, [hash], 1);
        set
    }

    /// The sets of the records with the first `count` of these hashes. Each step is taken for all of them before the
    /// next: first the places, then the first record of each bucket, then the rest.
    pub(super) fn find_all<const N: usize>(&self, file: &[u8], hashes: [u64; N], count: usize) -> [Option<u16>; N] {
        let part = |range: &Range<usize>| file.get(range.clone()).unwrap_or_default();
        let directory = part(&self.directory).as_chunks::<4>().0;
        let records = part(&self.records).as_chunks::<8>().0;
        let place = |at: usize| directory.get(at).map_or(0, |place| u32::from_le_bytes(*place) as usize);
        let mut buckets: [&[[u8; 8]]; N] = [&[]; N];
        for (bucket_of, hash) in buckets.iter_mut().zip(hashes).take(count) {
            let at = bucket(hash, self.bits);
            *bucket_of = records.get(place(at)..place(at + 1)).unwrap_or_default();
        }
        let firsts = buckets.map(|bucket| bucket.first().map_or(0, |record| u64::from_le_bytes(*record)));
        let mut sets = [None; N];
        for (((set, bucket), first), hash) in sets.iter_mut().zip(buckets).zip(firsts).zip(hashes) {
            let Some((_, rest)) = bucket.split_first() else { continue };
            // About eight records a bucket, one or two cache lines: a plain scan beats a search.
            let wanted = kept(hash) >> 16;
            let mut all = std::iter::once(first).chain(rest.iter().map(|record| u64::from_le_bytes(*record)));
            // The lower 16 bits are the set; the cast keeps just them.
            *set = all.find(|record| record >> 16 == wanted).map(|record| record as u16);
        }
        sets
    }

    fn read(file: &[u8], directory: Range<usize>, records: Range<usize>) -> Option<Self> {
        let entries = directory.len() / 4;
        let buckets = entries.checked_sub(1)?;
        let bits = buckets.checked_ilog2()?;
        if !buckets.is_power_of_two()
            || bits > MOST_BITS
            || !directory.len().is_multiple_of(4)
            || !records.len().is_multiple_of(8)
        {
            return None;
        }
        let mut places =
            file.get(directory.clone())?.as_chunks::<4>().0.iter().map(|place| u32::from_le_bytes(*place) as usize);
        let table = Self { directory, records, bits };
        (places.clone().is_sorted() && places.next_back()? == table.count()).then_some(table)
    }
}

impl Layout {
    /// Checks a whole file. `Err` is a sentence.
    pub(super) fn read(file: &[u8]) -> Result<Self, String> {
        let header = file.get(..HEADER).ok_or("it is too short to be a compiled list")?;
        if !header.starts_with(MAGIC) {
            return Err("it is not a compiled list of this program".into());
        }
        let version = u32_at(file, 8).unwrap_or_default();
        if version != VERSION {
            return Err(format!(
                "it has version {version}; this program reads version {VERSION}. Compile the lists again"
            ));
        }
        let damaged = || "it is damaged. Compile the lists again".to_owned();
        let length = u64_at(file, LENGTH_AT).ok_or_else(damaged)?;
        if length > file.len() as u64 {
            return Err(format!(
                "it is cut short: {} of {length} bytes are there. Compile the lists again",
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
        let names = Table::read(file, section(0)?, section(1)?)?;
        let urls = Table::read(file, section(2)?, section(3)?)?;
        let (set_index, set_members) = (section(4)?, section(5)?);
        let meta: Meta = serde_json::from_slice(file.get(section(6)?)?).ok()?;
        let members = file.get(set_members.clone())?.as_chunks::<2>().0;
        let known = members.iter().all(|member| usize::from(u16::from_le_bytes(*member)) < meta.lists.len());
        let mut places =
            file.get(set_index.clone())?.as_chunks::<4>().0.iter().map(|place| u32::from_le_bytes(*place) as usize);
        let whole = known && places.clone().is_sorted() && places.next_back()? == members.len();
        whole.then_some(Self { key, names, urls, set_index, set_members, meta })
    }

    /// The list numbers of a set, two bytes each; none for a set that is not there.
    pub(super) fn members<'f>(&self, file: &'f [u8], set: u16) -> &'f [u8] {
        let range = || {
            let index = file.get(self.set_index.clone())?.as_chunks::<4>().0;
            let start = u32::from_le_bytes(*index.get(usize::from(set))?) as usize;
            let end = u32::from_le_bytes(*index.get(usize::from(set) + 1)?) as usize;
            file.get(self.set_members.clone())?.get(start * 2..end * 2)
        };
        range().unwrap_or_default()
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
