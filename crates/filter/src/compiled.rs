//! The compiled list file: every name of every list in one mapped file, found without allocating.
//!
//! What it is: [`Compiled`] (opening, checking, looking up), `layout` (where what stands), `table` (one cache line a
//! question), `rules` (what is more than a name), `build` (entries → bytes). About 9.8 bytes a name: 8 for its hash and
//! the set of lists that hold it, one in the sieve, the rest is room left in the lines.
//! What it is not: a store of names. The text is not kept; a match is a suffix of the question itself.
//!
//! Chance of a wrong match: about 5 × 10⁻¹³ a suffix that is asked for (see `table`). The key is random for each file.

mod build;
mod hash64;
mod layout;
mod member;
mod memory;
pub(crate) mod rules;
mod table;

use std::hash::Hasher;
use std::path::Path;

pub(crate) use build::Builder;
use hash64::Suffixes;
use layout::Layout;
use memory::Bytes;
use siphasher::sip::SipHasher13;
use smol_str::SmolStr;

use crate::rule::{About, Effect, Rule, Target};
use crate::{CanonicalUrl, Error, Host, ListInfo, hash};

/// The key of one file's hashes: 16 random bytes from `OpCtx.rng`, so that nobody can craft names that collide.
#[derive(Clone, Copy)]
pub struct FileKey(pub [u8; 16]);

impl FileKey {
    fn hasher(&self) -> SipHasher13 {
        SipHasher13::new_with_key(&self.0)
    }
}

impl std::fmt::Debug for FileKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FileKey(…)")
    }
}

/// Whether a file that begins so says of itself that it is a compiled one, of whatever version.
pub(crate) fn is_ours(head: &[u8]) -> bool {
    head.starts_with(layout::MAGIC)
}

/// How many suffixes are looked up together: most names have fewer.
const TOGETHER: usize = 4;

/// A file of fewer bytes stands near the processor anyway, in one of its caches.
const NEAR: usize = 16 << 20;

/// One compiled file, mapped or in memory.
#[derive(Debug)]
pub struct Compiled {
    bytes: Bytes,
    layout: Layout,
}

/// Parts of names that are kept at once; what is more is asked for without notice.
const AHEAD: usize = 128;

/// Names that are about to be asked for. Who has several at hand says all of them first and asks then: what they need is sent
/// for together, and the waits for memory overlap. A name in another spelling costs the time and no more.
#[derive(Debug)]
pub struct Ahead<'f> {
    file: &'f Compiled,
    hashes: [u64; AHEAD],
    count: usize,
}

impl Ahead<'_> {
    /// One of them.
    pub fn name(&mut self, name: &str) {
        let layout = &self.file.layout;
        let mut suffixes = Suffixes::new(&layout.keys, name, false, layout.meta.words);
        while let Some(place) = self.hashes.get_mut(self.count) {
            let Some((_, hash)) = suffixes.next() else { return };
            *place = hash;
            self.count += 1;
            layout.names.send_for_sieve(self.file.bytes.get(), hash);
        }
    }

    /// All are said. The sieve is there by now: lines are sent for where it lets a part of a name through, which of most it
    /// does not.
    pub fn done(self) {
        for hash in self.hashes.into_iter().take(self.count) {
            self.file.layout.names.send_for_line(self.file.bytes.get(), hash);
        }
    }
}

/// One question to a file.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// Whom it asks for.
    pub host: &'a Asked<'a>,
    /// What it wants there, where the path shows. Its host is `host`.
    pub url: Option<&'a CanonicalUrl>,
    /// What else is known of it. Without, rules to block count whatever their circumstances, exceptions do not.
    pub about: Option<&'a About<'a>>,
}

impl<'a> Question<'a> {
    /// A question for a name, with nothing else known.
    pub fn of(host: &'a Asked<'a>) -> Self {
        Self { host, url: None, about: None }
    }
}

/// One list's word about what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word<'a> {
    /// What it is about.
    pub matched: Match<'a>,
    /// The list, as a place in [`Compiled::lists`].
    pub list: usize,
    /// To block, or to take back.
    pub effect: Effect,
}

/// What of a list the question falls under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Match<'a> {
    /// The part of the asked host that the list holds; all of it for a pattern.
    pub host: &'a str,
    /// The part of the asked path, if the list speaks of one.
    pub path: Option<PathPart<'a>>,
    /// The rule, if it is more than a bare name.
    pub rule: Option<&'a Rule>,
}

/// How much of a path a list holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathPart<'a> {
    /// Folders, from the root.
    Prefix(&'a str),
    /// All of it with its query.
    Whole {
        /// The path.
        path: &'a str,
        /// The query without the question mark.
        query: &'a str,
    },
}

impl Match<'_> {
    /// How specific it is: the length of what was matched. A pattern is the least specific of all.
    pub(crate) fn len(&self) -> usize {
        match (self.path, self.pattern()) {
            (_, Some(_)) => 1,
            (None, None) => self.host.len(),
            (Some(PathPart::Prefix(path)), None) => self.host.len() + path.len(),
            (Some(PathPart::Whole { path, query }), None) => self.host.len() + path.len() + 1 + query.len(),
        }
    }

    /// The same as its display, without what formatting costs where it is a bare name.
    pub(crate) fn text(&self) -> SmolStr {
        match (self.path, self.pattern()) {
            (None, None) => SmolStr::new(self.host),
            (None, Some(pattern)) => SmolStr::new(pattern),
            (Some(_), _) => smol_str::format_smolstr!("{self}"),
        }
    }

    fn pattern(&self) -> Option<&str> {
        self.rule.filter(|rule| matches!(rule.target, Target::Pattern { .. })).map(|rule| rule.text.as_str())
    }
}

impl std::fmt::Display for Match<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(pattern) = self.pattern() {
            return f.write_str(pattern);
        }
        f.write_str(self.host)?;
        match self.path {
            None => Ok(()),
            Some(PathPart::Prefix(path)) => f.write_str(path),
            Some(PathPart::Whole { path, query }) => write!(f, "{path}?{query}"),
        }
    }
}

impl Compiled {
    /// Maps a file and checks all of it: sizes, tables, checksum.
    ///
    /// # Errors
    /// [`Error::Io`] when it cannot be read, [`Error::Damaged`] with a sentence when it is not a whole file of ours.
    pub fn open(path: &Path) -> Result<Self, Error> {
        Self::taken(path, Bytes::map)
    }

    /// The same from a copy in memory, for who answers from it all day: nobody can change it underneath, and where it is
    /// large it stands in large pages.
    ///
    /// # Errors
    /// As [`Compiled::open`].
    pub fn read(path: &Path) -> Result<Self, Error> {
        Self::taken(path, Bytes::read)
    }

    fn taken(path: &Path, bytes: impl FnOnce(&Path) -> std::io::Result<Bytes>) -> Result<Self, Error> {
        let bytes = bytes(path).map_err(|source| Error::io(path, source))?;
        Self::check(bytes).map_err(|why| Error::Damaged { path: path.to_owned(), why })
    }

    /// Takes a compiled file from memory.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, String> {
        Self::check(Bytes::Owned(bytes))
    }

    fn check(bytes: Bytes) -> Result<Self, String> {
        let layout = Layout::read(bytes.get())?;
        Ok(Self { bytes, layout })
    }

    /// Sets length and checksum right, as who forges a file would: fuzzing has to come past that door.
    #[doc(hidden)]
    pub fn mended(mut bytes: Vec<u8>) -> Vec<u8> {
        let length = (bytes.len() as u64).to_le_bytes();
        if let Some(place) = bytes.get_mut(layout::LENGTH_AT..layout::LENGTH_AT + 8) {
            place.copy_from_slice(&length);
        }
        let key = bytes.get(16..32).and_then(|key| key.try_into().ok()).map(FileKey);
        let sum = key.and_then(|key| layout::checksum(&key, &bytes));
        if let (Some(sum), Some(place)) = (sum, bytes.get_mut(layout::CHECKSUM_AT..layout::CHECKSUM_AT + 8)) {
            place.copy_from_slice(&sum.to_le_bytes());
        }
        bytes
    }

    /// All of it, as it is written.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.bytes.get()
    }

    /// The lists inside; a [`Match`] names them by place.
    pub fn lists(&self) -> &[ListInfo] {
        &self.layout.meta.lists
    }

    /// What the sources looked like when it was made; see [`crate::open_or_compile`].
    pub(crate) fn fingerprint(&self) -> &str {
        &self.layout.meta.fingerprint
    }

    /// Distinct names.
    pub fn names(&self) -> u64 {
        self.layout.names.count().saturating_sub(self.layout.meta.only_rules)
    }

    /// Distinct URL prefixes.
    pub fn urls(&self) -> u64 {
        self.layout.urls.count()
    }

    /// Regular expressions and wildcards.
    pub fn patterns(&self) -> u64 {
        self.layout.rules.patterns()
    }

    /// Size in bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes.get().len() as u64
    }

    /// Whether a list takes anything back.
    pub fn has_exceptions(&self) -> bool {
        self.layout.meta.exceptions || self.layout.rules.exceptions
    }

    /// For who has several questions at hand; nothing where the file is near anyway.
    pub fn ahead(&self) -> Option<Ahead<'_>> {
        let far = self.bytes.get().len() >= NEAR;
        far.then_some(Ahead { file: self, hashes: [0; AHEAD], count: 0 })
    }

    /// Calls `said` for each word of a list about what is asked: names from the widest to the whole, then patterns, then
    /// URLs. Does not allocate, unless a pattern matches or wants to see a whole address.
    pub fn walk<'a>(&'a self, question: &Question<'a>, mut said: impl FnMut(Word<'a>)) {
        self.walk_names(question, &mut said);
        self.walk_patterns(question, &mut said);
        if let Some(url) = question.url {
            self.walk_urls(question.host, url, &mut said);
        }
    }

    fn walk_names<'a>(&'a self, question: &Question<'a>, said: &mut impl FnMut(Word<'a>)) {
        let (bytes, host) = (self.bytes.get(), question.host.as_str());
        let mut suffixes = Suffixes::new(&self.layout.keys, host, question.host.is_ip(), self.layout.meta.words);
        loop {
            // Names are looked up together, step by step, so that their waits for memory overlap.
            let mut starts = [0; TOGETHER];
            let mut hashes = [0; TOGETHER];
            let mut count = 0;
            for (start, hash) in starts.iter_mut().zip(&mut hashes) {
                let Some(next) = suffixes.next() else { break };
                (*start, *hash) = next;
                count += 1;
            }
            let sets = self.layout.names.find_all(bytes, hashes, count);
            for ((start, hash), set) in starts.into_iter().zip(hashes).zip(sets).take(count) {
                if let Some(set) = set {
                    self.words(question, start, hash, set, said);
                }
            }
            if count < TOGETHER {
                return;
            }
        }
    }

    /// The lists' words about the suffix that begins at `start`.
    fn words<'a>(
        &'a self,
        question: &Question<'a>,
        start: usize,
        hash: u64,
        set: u32,
        said: &mut impl FnMut(Word<'a>),
    ) {
        let asked = question.host.as_str();
        let matched = Match { host: asked.get(start..).unwrap_or(asked), path: None, rule: None };
        for member in self.layout.members(self.bytes.get(), set) {
            if !member.has_rules() {
                if member.scope().covers(start == 0) {
                    said(Word { matched, list: member.list(), effect: member.effect() });
                }
                continue;
            }
            for held in self.layout.rules.of(hash).filter(|held| usize::from(held.list) == member.list()) {
                let Target::Name { scope, .. } = held.rule.target else { continue };
                if scope.covers(start == 0) && counts(&held.rule, question) {
                    let matched = Match { rule: Some(&held.rule), ..matched };
                    said(Word { matched, list: member.list(), effect: held.rule.effect });
                }
            }
        }
    }

    fn walk_patterns<'a>(&'a self, question: &Question<'a>, said: &mut impl FnMut(Word<'a>)) {
        let rules = &self.layout.rules;
        if rules.patterns() == 0 {
            return;
        }
        let host = question.host.as_str();
        let address = question.url.filter(|_| rules.see_urls()).map(ToString::to_string);
        rules.matching(host, address.as_deref(), |held| {
            if counts(&held.rule, question) {
                let matched = Match { host, path: None, rule: Some(&held.rule) };
                said(Word { matched, list: usize::from(held.list), effect: held.rule.effect });
            }
        });
    }

    fn walk_urls<'a>(&'a self, host: &'a Asked<'a>, url: &'a CanonicalUrl, said: &mut impl FnMut(Word<'a>)) {
        if self.layout.urls.count() == 0 {
            return;
        }
        let bytes = self.bytes.get();
        for (text, hash) in hash::suffixes(self.layout.key.hasher(), host) {
            hash::prefixes(hash, url, |part, hash| {
                let Some(set) = self.layout.urls.find(bytes, hash.0.finish()) else { return };
                let matched = Match { host: text, path: Some(part), rule: None };
                for member in self.layout.members(bytes, set) {
                    said(Word { matched, list: member.list(), effect: member.effect() });
                }
            });
        }
    }
}

/// Whether a rule's circumstances hold.
fn counts(rule: &Rule, question: &Question<'_>) -> bool {
    let host = question.host.as_str();
    match question.about {
        Some(about) => rule.only.holds(host, about),
        None => rule.only.is_always() || (!rule.effect.allow && rule.only.leaves(host)),
    }
}

/// An IPv4 address as it is usually written.
fn write_v4(to: &mut impl std::io::Write, octets: [u8; 4]) -> std::io::Result<()> {
    for (at, octet) in octets.into_iter().enumerate() {
        if at > 0 {
            to.write_all(b".")?;
        }
        let digits = [b'0' + octet / 100, b'0' + octet / 10 % 10, b'0' + octet % 10];
        let from = if octet >= 100 {
            0
        } else if octet >= 10 {
            1
        } else {
            2
        };
        to.write_all(digits.get(from..).unwrap_or_default())?;
    }
    Ok(())
}

/// A host as it is asked for: its text at hand, so that matches can point into it.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'h> {
    text: AskedText<'h>,
}

#[derive(Debug, Clone, Copy)]
enum AskedText<'h> {
    Name(&'h str),
    Ip { text: [u8; 45], len: usize },
}

impl<'h> Asked<'h> {
    /// Prepares a host for looking up. Does not allocate.
    pub fn new(host: &'h Host) -> Self {
        use std::io::Write;
        let text = match host {
            Host::Name(name) => AskedText::Name(name.as_str()),
            Host::Ip(ip) => {
                // The longest text of an IPv6 address is 45 bytes (with an embedded IPv4 one).
                let mut text = [0; 45];
                let mut rest = text.as_mut_slice();
                let written = match ip {
                    // Every address of every answer is looked up; formatting costs more than that.
                    std::net::IpAddr::V4(v4) => write_v4(&mut rest, v4.octets()),
                    std::net::IpAddr::V6(v6) => write!(rest, "{v6}"),
                };
                let len = if written.is_ok() { 45 - rest.len() } else { 0 };
                AskedText::Ip { text, len }
            }
        };
        Self { text }
    }

    /// The canonical text.
    pub fn as_str(&self) -> &str {
        match &self.text {
            AskedText::Name(name) => name,
            AskedText::Ip { text, len } => {
                text.get(..*len).and_then(|text| std::str::from_utf8(text).ok()).unwrap_or("")
            }
        }
    }

    pub(crate) fn is_ip(&self) -> bool {
        matches!(self.text, AskedText::Ip { .. })
    }
}

#[cfg(test)]
mod tests;
