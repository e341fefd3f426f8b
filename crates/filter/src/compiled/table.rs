//! One hash table of the file: a question costs one cache line, seldom two.
//!
//! A table is lines of 64 bytes, eight records each, and a hash has a home among the first `homes` of them: the upper
//! bits say which, by multiplication, so that `homes` is any number. What finds its home full stands in the next line.
//! A record is 64 bits, little-endian:
//!
//! | Bits | What |
//! |---|---|
//! | 20…63 | the lower 44 bits of the hash |
//! | 19 | in the first record of a line: more that belong here (or before) stand in the next line |
//! | 0…18 | number of the set of lists, counted from one; nothing stands where this is 0 |
//!
//! A wrong match needs 44 equal bits in the same line: 8 records ÷ 2⁴⁴, about 5 × 10⁻¹³ a probe.

use std::ops::Range;

use super::build::{Record, Sets, too_many};
use crate::Error;

/// Bytes of a line: what memory hands out at once.
pub(super) const LINE: usize = 64;
/// Records of a line.
const SLOTS: usize = 8;
/// How many records a line holds on average, in hundredths. More spares space and makes more questions read two lines.
const FILL: u64 = 680;
/// The record's set.
const SET: u64 = (1 << 19) - 1;
/// Whether the next line goes on.
const MORE: u64 = 1 << 19;
/// Where the hash begins in a record.
const HASH_AT: u32 = 20;

/// One table of a checked file.
#[derive(Debug)]
pub(super) struct Table {
    lines: Range<usize>,
    homes: u64,
    count: u64,
}

impl Table {
    /// Believes a table if its numbers fit each other. The records themselves are looked at when they are asked for.
    pub(super) fn read(lines: Range<usize>, homes: u64, count: u64) -> Option<Self> {
        let there = (lines.len() / LINE) as u64;
        let fits = lines.len().is_multiple_of(LINE) && homes <= there && count <= there * SLOTS as u64;
        fits.then_some(Self { lines, homes, count })
    }

    /// How many different hashes it holds.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// The set of the record with this hash.
    pub(super) fn find(&self, file: &[u8], hash: u64) -> Option<u32> {
        let [set] = self.find_all(file, [hash], 1);
        set
    }

    /// The sets of the records with the first `count` of these hashes. Each line is touched before the first is looked
    /// through, so that the waits for memory overlap.
    pub(super) fn find_all<const N: usize>(&self, file: &[u8], hashes: [u64; N], count: usize) -> [Option<u32>; N] {
        let lines = file.get(self.lines.clone()).unwrap_or_default().as_chunks::<LINE>().0;
        let homes = hashes.map(|hash| home(hash, self.homes));
        let mut touched = 0;
        for home in homes.iter().take(count) {
            touched |= lines.get(*home).map_or(0, |line| line[0]);
        }
        std::hint::black_box(touched);
        let mut sets = [None; N];
        for ((set, home), hash) in sets.iter_mut().zip(homes).zip(hashes).take(count) {
            *set = lines.get(home..).and_then(|lines| find(lines, hash));
        }
        sets
    }
}

/// Goes from a hash's home to the end of its run.
fn find(lines: &[[u8; LINE]], hash: u64) -> Option<u32> {
    let wanted = hash << HASH_AT;
    for line in lines {
        let records = line.as_chunks::<8>().0;
        let mut found = 0;
        // No branch in here: which of the eight it is cannot be guessed.
        for record in records {
            let record = u64::from_le_bytes(*record);
            let same = (record ^ wanted) >> HASH_AT == 0;
            found |= if same { record & SET } else { 0 };
        }
        if found != 0 {
            return u32::try_from(found - 1).ok();
        }
        if records.first().is_none_or(|first| u64::from_le_bytes(*first) & MORE == 0) {
            return None;
        }
    }
    None
}

fn home(hash: u64, homes: u64) -> usize {
    usize::try_from((u128::from(hash) * u128::from(homes)) >> 64).unwrap_or(0)
}

/// A table's bytes, with its homes and how many hashes it holds.
pub(super) struct Built {
    pub(super) lines: Vec<u8>,
    pub(super) homes: u64,
    pub(super) count: u64,
}

/// Sorts and groups entries and sets them in lines. `note` is told each group's members.
pub(super) fn build(entries: &mut Vec<Record>, sets: &mut Sets, mut note: impl FnMut(&[u16])) -> Result<Built, Error> {
    entries.sort_unstable_by_key(|record| (record.hash, record.member));
    entries.dedup();
    let groups = || entries.chunk_by(|a, b| { a.hash } == { b.hash });
    let count = groups().count() as u64;
    let homes = (count * 100).div_ceil(FILL);
    let lines = usize::try_from(homes).map_err(|_| too_many("names"))?;
    let mut out: Vec<[u64; SLOTS]> = vec![[0; SLOTS]; lines];
    let (mut at, mut filled) = (0, 0);
    let mut members = Vec::new();
    for group in groups() {
        let Some(first) = group.first() else { continue };
        members.clear();
        members.extend(group.iter().map(|record| record.member));
        note(&members);
        let set = u64::from(sets.number(&members)?) + 1;
        if set > SET {
            return Err(too_many("different combinations of lists"));
        }
        let home = home(first.hash, homes);
        if home > at {
            (at, filled) = (home, 0);
        }
        if filled == SLOTS {
            if let Some([first, ..]) = out.get_mut(at) {
                *first |= MORE;
            }
            (at, filled) = (at + 1, 0);
            if at == out.len() {
                out.push([0; SLOTS]);
            }
        }
        if let Some(slot) = out.get_mut(at).and_then(|line| line.get_mut(filled)) {
            *slot = first.hash << HASH_AT | set;
        }
        filled += 1;
    }
    entries.clear();
    entries.shrink_to_fit();
    Ok(Built { lines: out.iter().flatten().flat_map(|record| record.to_le_bytes()).collect(), homes, count })
}
