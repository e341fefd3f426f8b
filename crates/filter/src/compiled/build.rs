//! Entries → the bytes of a compiled file.
//!
//! What it is not: a reader of lists. It takes canonical hosts and URLs, keeps 12 bytes of each, and sorts once.

use std::collections::HashMap;
use std::hash::Hasher;

use super::layout::{
    CHECKSUM_AT, HEADER, LENGTH_AT, MAGIC, MOST_BITS, Meta, SECTIONS, SECTIONS_AT, VERSION, bucket, checksum, kept,
};
use super::{Asked, FileKey};
use crate::hash::{prefixes, whole};
use crate::{CanonicalUrl, Error, Host, Kind, ListInfo};

/// How full a bucket is on average, at most.
const PER_BUCKET: usize = 8;

/// Collects what goes into a file.
pub(crate) struct Builder {
    key: FileKey,
    lists: Vec<ListInfo>,
    names: Vec<Record>,
    urls: Vec<Record>,
}

/// A hash and the list that holds it. Packed, because five million of them are held at once.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(Rust, packed(4))]
struct Record {
    hash: u64,
    list: u16,
}

/// Distinct sets of lists, numbered.
#[derive(Default)]
struct Sets {
    numbers: HashMap<Box<[u16]>, u16>,
    index: Vec<u8>,
    members: Vec<u8>,
}

impl Builder {
    pub(crate) fn new(key: FileKey) -> Self {
        Self { key, lists: Vec::new(), names: Vec::new(), urls: Vec::new() }
    }

    /// The number of a list; the same name twice is the same list, and to block is the safe reading of both.
    pub(crate) fn list(&mut self, name: &str, kind: Kind, origin: &str) -> Result<u16, Error> {
        if let Some(at) = self.lists.iter().position(|list| list.name == name) {
            if let Some(list) = self.lists.get_mut(at).filter(|_| kind == Kind::Black) {
                list.kind = Kind::Black;
            }
            return u16::try_from(at).map_err(|_| too_many("lists"));
        }
        let number = u16::try_from(self.lists.len()).map_err(|_| too_many("lists"))?;
        self.lists.push(ListInfo { name: name.to_owned(), kind, names: 0, urls: 0, origin: origin.to_owned() });
        Ok(number)
    }

    /// A name with everything below it, or one address.
    pub(crate) fn host(&mut self, list: u16, host: &Host) {
        let hash = whole(self.key.hasher(), &Asked::new(host)).0.finish();
        self.names.push(Record { hash, list });
    }

    /// Everything below this path.
    pub(crate) fn url(&mut self, list: u16, url: &CanonicalUrl) {
        let state = whole(self.key.hasher(), &Asked::new(url.host()));
        // The last prefix is the longest: the whole entry.
        let mut last = None;
        prefixes(state, url, |_, hash| last = Some(hash.0.finish()));
        if let Some(hash) = last {
            self.urls.push(Record { hash, list });
        }
    }

    /// Whether nothing was taken.
    pub(crate) fn is_empty(&self) -> bool {
        self.names.is_empty() && self.urls.is_empty()
    }

    /// Writes the file. `fingerprint` says what the sources looked like.
    pub(crate) fn finish(mut self, fingerprint: &str) -> Result<Vec<u8>, Error> {
        let mut sets = Sets { index: 0_u32.to_le_bytes().to_vec(), ..Sets::default() };
        let names = table(&mut self.names, &mut sets, &mut self.lists, |list| &mut list.names)?;
        let urls = table(&mut self.urls, &mut sets, &mut self.lists, |list| &mut list.urls)?;
        let meta = Meta { lists: self.lists, fingerprint: fingerprint.to_owned() };
        // A struct of strings and numbers always has a JSON text.
        let meta = serde_json::to_vec(&meta).map_err(|error| Error::TooMuch { what: error.to_string() })?;
        let sections: [&[u8]; SECTIONS] = [&names.0, &names.1, &urls.0, &urls.1, &sets.index, &sets.members, &meta];
        let length = HEADER + sections.iter().map(|section| section.len()).sum::<usize>();
        let mut file = Vec::with_capacity(length);
        file.extend_from_slice(MAGIC);
        file.extend_from_slice(&VERSION.to_le_bytes());
        file.extend_from_slice(&[0; 4]);
        file.extend_from_slice(&self.key.0);
        debug_assert_eq!(file.len(), LENGTH_AT);
        file.extend_from_slice(&(length as u64).to_le_bytes());
        debug_assert_eq!(file.len(), CHECKSUM_AT);
        file.extend_from_slice(&[0; 8]);
        debug_assert_eq!(file.len(), SECTIONS_AT);
        let mut at = HEADER;
        for section in sections {
            file.extend_from_slice(&(at as u64).to_le_bytes());
            file.extend_from_slice(&(section.len() as u64).to_le_bytes());
            at += section.len();
        }
        for section in sections {
            file.extend_from_slice(section);
        }
        if let (Some(sum), Some(place)) = (checksum(&self.key, &file), file.get_mut(CHECKSUM_AT..CHECKSUM_AT + 8)) {
            place.copy_from_slice(&sum.to_le_bytes());
        }
        Ok(file)
    }
}

/// Sorts and groups entries; gives directory and records, and counts what each list holds.
fn table(
    entries: &mut Vec<Record>,
    sets: &mut Sets,
    lists: &mut [ListInfo],
    count: impl Fn(&mut ListInfo) -> &mut u64,
) -> Result<(Vec<u8>, Vec<u8>), Error> {
    entries.sort_unstable_by_key(|record| (record.hash, record.list));
    entries.dedup();
    let groups = || entries.chunk_by(|a, b| { a.hash } == { b.hash });
    let distinct = groups().count();
    u32::try_from(distinct).map_err(|_| too_many("names"))?;
    let bits = distinct.div_ceil(PER_BUCKET).next_power_of_two().ilog2().min(MOST_BITS);
    let mut starts = vec![0_u32; (1 << bits) + 1];
    let mut records = Vec::with_capacity(distinct);
    let mut members = Vec::new();
    for group in groups() {
        let Some(first) = group.first() else { continue };
        members.clear();
        for record in group {
            members.push(record.list);
            if let Some(list) = lists.get_mut(usize::from(record.list)) {
                *count(list) += 1;
            }
        }
        if let Some(start) = starts.get_mut(bucket(first.hash, bits) + 1) {
            *start += 1;
        }
        records.push(kept(first.hash) | u64::from(sets.number(&members)?));
    }
    entries.clear();
    entries.shrink_to_fit();
    let mut place = 0;
    let directory = starts.iter().flat_map(|start| {
        place += start;
        place.to_le_bytes()
    });
    Ok((directory.collect(), records.iter().flat_map(|record| record.to_le_bytes()).collect()))
}

impl Sets {
    fn number(&mut self, members: &[u16]) -> Result<u16, Error> {
        if let Some(number) = self.numbers.get(members) {
            return Ok(*number);
        }
        let number = u16::try_from(self.numbers.len()).map_err(|_| too_many("different combinations of lists"))?;
        self.numbers.insert(members.into(), number);
        self.members.extend(members.iter().flat_map(|member| member.to_le_bytes()));
        let end = u32::try_from(self.members.len() / 2).map_err(|_| too_many("different combinations of lists"))?;
        self.index.extend_from_slice(&end.to_le_bytes());
        Ok(number)
    }
}

fn too_many(what: &str) -> Error {
    Error::TooMuch { what: format!("too many {what}") }
}
