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
//! Before the lines stands a sieve, a byte for each hash: one 64-bit word says that a hash is *not* there, and nearly
//! every question of a day is about a name that is not. It is small enough to stay near the processor, so that such a
//! question does not wait for the lines. (A Bloom filter of one word a hash; Putze, Sanders, Singler 2009.)
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
const FILL: u64 = 730;
/// Bytes of a word of the sieve: one for each hash that falls on it.
const WORD: u64 = 8;
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
    sieve: Range<usize>,
    homes: u64,
    count: u64,
}

impl Table {
    /// Believes a table if its numbers fit each other. The records themselves are looked at when they are asked for.
    pub(super) fn read(lines: Range<usize>, sieve: Range<usize>, homes: u64, count: u64) -> Option<Self> {
        let there = (lines.len() / LINE) as u64;
        let fits = lines.len().is_multiple_of(LINE)
            && sieve.len().is_multiple_of(8)
            && homes <= there
            && count <= there * SLOTS as u64;
        fits.then_some(Self { lines, sieve, homes, count })
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

    /// Sends for the word of the sieve that speaks of this hash.
    pub(super) fn send_for_sieve(&self, file: &[u8], hash: u64) {
        let sieve = file.get(self.sieve.clone()).unwrap_or_default().as_chunks::<8>().0;
        send_for(sieve.get(home(hash, sieve.len() as u64)));
    }

    /// Sends for the line of this hash, if the sieve lets it through.
    pub(super) fn send_for_line(&self, file: &[u8], hash: u64) {
        let sieve = file.get(self.sieve.clone()).unwrap_or_default().as_chunks::<8>().0;
        if is_through(sieve, hash) {
            let lines = file.get(self.lines.clone()).unwrap_or_default().as_chunks::<LINE>().0;
            send_for(lines.get(home(hash, self.homes)));
        }
    }

    /// The sets of the records with the first `count` of these hashes. Each step is taken for all of them before the
    /// next, so that the waits for memory overlap: the lines are sent for, the sieve is asked, the lines are read.
    pub(super) fn find_all<const N: usize>(&self, file: &[u8], hashes: [u64; N], count: usize) -> [Option<u32>; N] {
        let lines = file.get(self.lines.clone()).unwrap_or_default().as_chunks::<LINE>().0;
        let sieve = file.get(self.sieve.clone()).unwrap_or_default().as_chunks::<8>().0;
        let homes = hashes.map(|hash| home(hash, self.homes));
        for home in homes.iter().take(count) {
            send_for(lines.get(*home));
        }
        let mut through = [false; N];
        for (through, hash) in through.iter_mut().zip(hashes).take(count) {
            *through = is_through(sieve, hash);
        }
        let mut sets = [None; N];
        for (((set, home), hash), through) in sets.iter_mut().zip(homes).zip(hashes).zip(through) {
            if through {
                *set = lines.get(home..).and_then(|lines| find(lines, hash));
            }
        }
        sets
    }
}

/// Asks for a line of memory without waiting for it.
fn send_for<const N: usize>(line: Option<&[u8; N]>) {
    #[cfg(target_arch = "x86_64")]
    if let Some(line) = line {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a prefetch reads nothing and never faults; the pointer is that of a reference besides.
        #[allow(unsafe_code, reason = "the hint has no safe form yet")]
        unsafe {
            _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().cast());
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = line;
}

/// Whether the sieve lets a hash through: it may be there.
fn is_through(sieve: &[[u8; 8]], hash: u64) -> bool {
    let bits = bits(hash);
    let word = sieve.get(home(hash, sieve.len() as u64)).map_or(0, |word| u64::from_le_bytes(*word));
    word & bits == bits
}

/// The four bits of a sieve's word that stand for a hash. The lower end of the hash chooses them, the upper its word.
fn bits(hash: u64) -> u64 {
    [0, 6, 12, 18].into_iter().fold(0, |bits, at| bits | 1 << (hash >> at & 63))
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
    pub(super) sieve: Vec<u8>,
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
    let words = usize::try_from(count.div_ceil(WORD)).map_err(|_| too_many("names"))?;
    let mut sieve = vec![0_u64; words];
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
        if let Some(word) = sieve.get_mut(home(first.hash, words as u64)) {
            *word |= bits(first.hash);
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
    let lines = out.iter().flatten().flat_map(|record| record.to_le_bytes()).collect();
    Ok(Built { lines, sieve: sieve.into_iter().flat_map(u64::to_le_bytes).collect(), homes, count })
}
