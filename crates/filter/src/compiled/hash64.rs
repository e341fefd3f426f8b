//! The 64-bit hashes of a name's suffixes, in one pass from the right.
//!
//! What it is: a folded multiply, as wyhash and foldhash have it, over words of eight bytes that are aligned at the
//! *end* of the name, so that all suffixes share the words behind them. It is written out here because it is part of the
//! file format and must never change with a dependency. Four words derived from the file's random key go into it.
//! What it is not: a cryptographic hash, and it need not be one: nobody ever sees a hash, and who could make two names
//! collide would gain what writing both into a list gains. URLs, which are rare, are hashed by `crate::hash`.

use std::hash::Hasher;

use super::FileKey;

/// The secret words of one file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Keys {
    start: u64,
    word: u64,
    part: u64,
    end: u64,
}

impl Keys {
    pub(super) fn new(key: &FileKey) -> Self {
        let derived = |number: u64| {
            let mut hasher = key.hasher();
            hasher.write_u64(number);
            // Odd, so that multiplying loses nothing in the lower half.
            hasher.finish() | 1
        };
        Self { start: derived(0), word: derived(1), part: derived(2), end: derived(3) }
    }

    /// The hash of a whole name or address.
    pub(super) fn whole(&self, text: &str, ip: bool) -> u64 {
        let mut suffixes = Suffixes::new(self, text, ip, true);
        // The last suffix is the whole name; going through the others costs little beside reading a list.
        let mut hash = 0;
        while let Some((_, next)) = suffixes.next() {
            hash = next;
        }
        hash
    }
}

/// All suffixes of a name with their hashes, the widest first; a literal address has only itself.
pub(super) struct Suffixes<'n> {
    keys: &'n Keys,
    text: &'n [u8],
    /// How much of the text, from the left, is not cut yet; `None` when all is.
    rest: Option<usize>,
    /// How many bytes, from the right, are in `state`: whole words only.
    fed: usize,
    state: u64,
    ip: bool,
}

impl<'n> Suffixes<'n> {
    /// `words` says whether single words are asked for too; no list may hold one, so most callers spare that.
    pub(super) fn new(keys: &'n Keys, text: &'n str, ip: bool, words: bool) -> Self {
        let text = text.as_bytes();
        let rest = if words || ip { Some(text.len()) } else { last_dot(text) };
        Self { keys, text, rest, fed: 0, state: keys.start, ip }
    }

    /// Where the next wider-to-narrower suffix begins, and its hash.
    pub(super) fn next(&mut self) -> Option<(usize, u64)> {
        let head = self.text.get(..self.rest?)?;
        let start = if self.ip { 0 } else { last_dot(head).map_or(0, |dot| dot + 1) };
        self.rest = start.checked_sub(1);
        let all = self.text.len();
        let length = all - start;
        while self.fed + 8 <= length {
            self.state = folded(self.state ^ word(self.text, all - self.fed, 8), self.keys.word);
            self.fed += 8;
        }
        let part = word(self.text, all - self.fed, length - self.fed);
        let mark = (length as u64) << 1 | u64::from(self.ip);
        Some((start, folded(folded(self.state ^ part, self.keys.part) ^ mark, self.keys.end)))
    }
}

fn last_dot(text: &[u8]) -> Option<usize> {
    text.iter().rposition(|byte| *byte == b'.')
}

/// The `count` bytes before `end`, at most eight, as a number.
fn word(text: &[u8], end: usize, count: usize) -> u64 {
    let before = text.get(..end).unwrap_or_default();
    let eight = match before.last_chunk() {
        Some(eight) => *eight,
        None => {
            let mut padded = [0; 8];
            for (to, from) in padded.iter_mut().rev().zip(before.iter().rev()) {
                *to = *from;
            }
            padded
        }
    };
    // A shift by the whole width is none for a machine; no byte is no number.
    let beside = 64_u32.saturating_sub(8 * u32::try_from(count).unwrap_or(8));
    u64::from_le_bytes(eight).checked_shr(beside).unwrap_or(0)
}

fn folded(a: u64, b: u64) -> u64 {
    let wide = u128::from(a) * u128::from(b);
    // The casts take the two halves.
    (wide as u64) ^ ((wide >> 64) as u64)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn all(text: &str, words: bool) -> Vec<(usize, u64)> {
        let keys = Keys::new(&FileKey([7; 16]));
        let mut suffixes = Suffixes::new(&keys, text, false, words);
        std::iter::from_fn(|| suffixes.next()).collect()
    }

    #[test]
    fn a_suffix_hashes_as_if_it_stood_alone() {
        let keys = Keys::new(&FileKey([7; 16]));
        for text in ["a", "com", "a.b", "example.com", "www.example.com", "a.verylonglabelindeed.with-more.example.org"]
        {
            let found = all(text, true);
            assert_eq!(found.len(), text.split('.').count());
            for (start, hash) in found {
                assert_eq!(hash, keys.whole(&text[start..], false), "{text} from {start}");
            }
        }
        assert_eq!(all("www.example.com", false), all("www.example.com", true)[1..]);
        assert!(all("com", false).is_empty());
        assert_ne!(keys.whole("1.2.3.4", true), keys.whole("1.2.3.4", false));
    }

    /// The format: these numbers stand in files.
    #[test]
    fn the_hash_is_pinned() {
        let keys = Keys::new(&FileKey([3; 16]));
        let hashes = ["example.com", "www.example.com", "a.b"].map(|name| keys.whole(name, false));
        assert_eq!(hashes, PINNED, "{hashes:#x?}");
    }
    const PINNED: [u64; 3] = [0x0bb8_9b9c_86a5_30bb, 0x0553_b4b7_0d6f_66f7, 0x3166_dbdc_19c9_081a];

    #[test]
    fn near_names_do_not_meet() {
        let keys = Keys::new(&FileKey([9; 16]));
        let mut seen = HashSet::new();
        let mut tops = HashSet::new();
        for number in 0..200_000_u32 {
            for name in [format!("n{number}.com"), format!("{number}-www.example.org"), format!("a.{number:x}.net")] {
                let hash = keys.whole(&name, false);
                assert!(seen.insert(hash), "{name}");
                tops.insert(hash >> 48);
            }
        }
        // 600,000 throws into 65,536 boxes leave about seven empty.
        assert!(tops.len() > 65_400, "{}", tops.len());
    }
}
