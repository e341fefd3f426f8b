//! Entries → the bytes of a compiled file.
//!
//! What it is not: a reader of lists. It takes what those hand over, keeps 12 bytes of each name, and sorts once.

use std::collections::{HashMap, HashSet};
use std::hash::Hasher;

use super::hash64::Keys;
use super::layout::{self, CHECKSUM_AT, HEADER, MAGIC, Meta, SECTIONS, VERSION, checksum};
use super::member::Member;
use super::rules::{self, Held};
use super::{Asked, FileKey, table};
use crate::hash::{prefixes, whole};
use crate::list::{Entry, pattern};
use crate::rule::{Effect, Rule, Scope, Target};
use crate::{CanonicalUrl, Error, Host, Kind, ListInfo};

/// Collects what goes into a file.
pub(crate) struct Builder {
    key: FileKey,
    keys: Keys,
    lists: Vec<ListInfo>,
    names: Vec<Record>,
    urls: Vec<Record>,
    rules: Vec<Held>,
    patterns: usize,
    withdrawn: Withdrawn,
    /// Whether a name is a single word; lookups spare themselves those otherwise.
    words: bool,
}

/// A hash and a list's word about it. Packed, because five million of them are held at once.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(Rust, packed(4))]
pub(super) struct Record {
    pub(super) hash: u64,
    pub(super) member: u16,
}

/// What `$badfilter` rules take out, whichever comes first.
#[derive(Default)]
struct Withdrawn {
    names: HashSet<Record>,
    urls: HashSet<Record>,
    /// List and rule, with no regard to how it was written.
    rules: HashSet<Held>,
}

/// Distinct sets of lists' words, numbered.
#[derive(Default)]
pub(super) struct Sets {
    numbers: HashMap<Box<[u16]>, u32>,
    index: Vec<u8>,
    members: Vec<u8>,
}

impl Builder {
    pub(crate) fn new(key: FileKey) -> Self {
        Self {
            key,
            keys: Keys::new(&key),
            lists: Vec::new(),
            names: Vec::new(),
            urls: Vec::new(),
            rules: Vec::new(),
            patterns: 0,
            withdrawn: Withdrawn::default(),
            words: false,
        }
    }

    /// The number of a list; the same name twice is the same list, and to block is the safe reading of both.
    pub(crate) fn list(&mut self, info: ListInfo) -> Result<u16, Error> {
        if let Some(at) = self.lists.iter().position(|list| list.name == info.name) {
            if let Some(list) = self.lists.get_mut(at) {
                if info.kind == Kind::Black {
                    list.kind = Kind::Black;
                }
                list.licence = list.licence.take().or(info.licence);
            }
            return u16::try_from(at).map_err(|_| too_many("lists"));
        }
        if self.lists.len() == Member::MOST_LISTS {
            return Err(too_many("lists"));
        }
        let number = u16::try_from(self.lists.len()).map_err(|_| too_many("lists"))?;
        self.lists.push(info);
        Ok(number)
    }

    /// What a list says of its own licence; what was known of it before stays.
    pub(crate) fn licence(&mut self, list: u16, licence: &str) {
        if let Some(info) = self.lists.get_mut(usize::from(list)) {
            info.licence.get_or_insert_with(|| licence.to_owned());
        }
    }

    /// Takes one entry. `Err` says why it does not fit; nothing else is lost by that.
    pub(crate) fn entry(&mut self, list: u16, entry: Entry) -> Result<(), String> {
        match entry {
            Entry::Host { host, scope, effect } => {
                let record = self.record(list, &host, scope, effect);
                self.names.push(record);
            }
            Entry::Url(url) => self.urls.extend(self.url_record(list, &url)),
            Entry::Rule(rule) => return self.rule(list, *rule),
            Entry::Withdrawn(entry) => match *entry {
                Entry::Host { host, scope, effect } => {
                    let record = self.record(list, &host, scope, effect);
                    self.withdrawn.names.insert(record);
                }
                Entry::Url(url) => self.withdrawn.urls.extend(self.url_record(list, &url)),
                Entry::Rule(rule) => _ = self.withdrawn.rules.insert(bare(list, *rule)),
                Entry::Withdrawn(_) => {}
            },
        }
        Ok(())
    }

    fn record(&mut self, list: u16, host: &Host, scope: Scope, effect: Effect) -> Record {
        match host {
            Host::Name(name) => {
                self.words |= !name.as_str().contains('.');
                let hash = self.keys.whole(name.as_str(), false);
                Record { hash, member: Member::new(list, scope, effect).0 }
            }
            // Nothing is below an address.
            Host::Ip(_) => {
                let hash = self.keys.whole(Asked::new(host).as_str(), true);
                Record { hash, member: Member::new(list, Scope::Below, effect).0 }
            }
        }
    }

    /// Everything below this path.
    fn url_record(&self, list: u16, url: &CanonicalUrl) -> Option<Record> {
        let state = whole(self.key.hasher(), &Asked::new(url.host()));
        // The last prefix is the longest: the whole entry.
        let mut last = None;
        prefixes(state, url, |_, hash| last = Some(hash.0.finish()));
        last.map(|hash| Record { hash, member: Member::new(list, Scope::Below, Effect::default()).0 })
    }

    fn rule(&mut self, list: u16, rule: Rule) -> Result<(), String> {
        if self.rules.len() >= rules::MOST {
            return Err(format!("there are more than {} rules with options", rules::MOST));
        }
        if matches!(rule.target, Target::Pattern { .. }) {
            if self.patterns >= pattern::MOST {
                return Err(format!("there are more than {} expressions; each costs every lookup", pattern::MOST));
            }
            self.patterns += 1;
        }
        self.rules.push(Held { list, rule });
        Ok(())
    }

    /// Whether nothing was taken.
    pub(crate) fn is_empty(&self) -> bool {
        self.names.is_empty() && self.urls.is_empty() && self.rules.is_empty()
    }

    /// Writes the file. `fingerprint` says what the sources looked like.
    pub(crate) fn finish(mut self, fingerprint: &str) -> Result<Vec<u8>, Error> {
        self.withdraw();
        let mut lists = std::mem::take(&mut self.lists);
        for held in &self.rules {
            if let Target::Name { name, .. } = &held.rule.target {
                let ip = name.parse::<std::net::IpAddr>().is_ok();
                self.words |= !ip && !name.contains('.');
                let member = Member::rules(held.list).0;
                self.names.push(Record { hash: self.keys.whole(name, ip), member });
            }
            if let Some(info) = lists.get_mut(usize::from(held.list)) {
                info.rules += 1;
            }
        }
        let mut sets = Sets { index: 0_u32.to_le_bytes().to_vec(), ..Sets::default() };
        let (mut exceptions, mut only_rules) = (false, 0);
        let names = table::build(&mut self.names, &mut sets, |members| {
            let words = || members.iter().map(|member| Member(*member)).filter(|member| !member.has_rules());
            only_rules += u64::from(words().next().is_none());
            for member in words() {
                exceptions |= member.effect().allow;
                if let Some(info) = lists.get_mut(member.list()) {
                    *if member.effect().allow { &mut info.rules } else { &mut info.names } += 1;
                }
            }
        })?;
        let urls = table::build(&mut self.urls, &mut sets, |members| {
            for member in members {
                if let Some(info) = lists.get_mut(Member(*member).list()) {
                    info.urls += 1;
                }
            }
        })?;
        let meta = Meta { lists, fingerprint: fingerprint.to_owned(), exceptions, words: self.words, only_rules };
        // Structs of strings and numbers always have a JSON text.
        let json = |error: serde_json::Error| Error::TooMuch { what: error.to_string() };
        let (rules, meta) = (serde_json::to_vec(&self.rules).map_err(json)?, serde_json::to_vec(&meta).map_err(json)?);
        let sections: [&[u8]; SECTIONS] =
            [&names.lines, &urls.lines, &names.sieve, &urls.sieve, &sets.index, &sets.members, &rules, &meta];
        let length = HEADER + sections.iter().map(|section| section.len()).sum::<usize>();
        let mut file = Vec::with_capacity(length);
        file.extend_from_slice(MAGIC);
        file.extend_from_slice(&VERSION.to_le_bytes());
        file.extend_from_slice(&[0; 4]);
        file.extend_from_slice(&self.key.0);
        debug_assert_eq!(file.len(), layout::LENGTH_AT);
        let numbers = [length as u64, 0, names.homes, names.count, urls.homes, urls.count];
        file.extend(numbers.into_iter().flat_map(u64::to_le_bytes));
        debug_assert_eq!(file.len(), layout::SECTIONS_AT);
        let mut at = HEADER;
        for section in sections {
            file.extend_from_slice(&(at as u64).to_le_bytes());
            file.extend_from_slice(&(section.len() as u64).to_le_bytes());
            at += section.len();
        }
        file.resize(HEADER, 0);
        for section in sections {
            file.extend_from_slice(section);
        }
        if let (Some(sum), Some(place)) = (checksum(&self.key, &file), file.get_mut(CHECKSUM_AT..CHECKSUM_AT + 8)) {
            place.copy_from_slice(&sum.to_le_bytes());
        }
        Ok(file)
    }

    fn withdraw(&mut self) {
        let Withdrawn { names, urls, rules } = std::mem::take(&mut self.withdrawn);
        if !names.is_empty() {
            self.names.retain(|record| !names.contains(record));
        }
        if !urls.is_empty() {
            self.urls.retain(|record| !urls.contains(record));
        }
        if !rules.is_empty() {
            self.rules.retain(|held| !rules.contains(&bare(held.list, held.rule.clone())));
        }
    }
}

/// A rule without its text, which says `badfilter` in one of the two.
fn bare(list: u16, rule: Rule) -> Held {
    Held { list, rule: Rule { text: String::new(), ..rule } }
}

impl Sets {
    pub(super) fn number(&mut self, members: &[u16]) -> Result<u32, Error> {
        if let Some(number) = self.numbers.get(members) {
            return Ok(*number);
        }
        let number = u32::try_from(self.numbers.len()).map_err(|_| too_many("different combinations of lists"))?;
        self.numbers.insert(members.into(), number);
        self.members.extend(members.iter().flat_map(|member| member.to_le_bytes()));
        let end = u32::try_from(self.members.len() / 2).map_err(|_| too_many("different combinations of lists"))?;
        self.index.extend_from_slice(&end.to_le_bytes());
        Ok(number)
    }
}

pub(super) fn too_many(what: &str) -> Error {
    Error::TooMuch { what: format!("too many {what}") }
}
