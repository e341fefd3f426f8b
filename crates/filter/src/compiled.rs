//! The compiled list file: every name of every list in one memory-mapped file, found without allocating.
//!
//! What it is: [`Compiled`] (opening, checking, looking up), `layout` (where what stands), `build` (entries → bytes). About 8.5 bytes a name: 6 of its hash, 2 for the set of lists that hold
//! it, half a byte of directory; the 16 leading bits of the hash (more in big files) are the place in the directory.
//! What it is not: a store of names. The text is not kept; a match is a suffix of the question itself.
//!
//! Chance of a wrong match: a 64-bit keyed hash, so about names × labels ÷ 2⁶⁴ (a smaller file has fewer bits and fewer
//! names: it stays near 10⁻¹³). Nobody can craft one, because the key is random for each file.

mod build;
mod layout;

use std::fs::File;
use std::hash::Hasher;
use std::path::Path;

pub(crate) use build::Builder;
use layout::Layout;
use siphasher::sip::SipHasher13;

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

/// One compiled file, mapped or in memory.
#[derive(Debug)]
pub struct Compiled {
    bytes: Bytes,
    layout: Layout,
}

#[derive(Debug)]
enum Bytes {
    Mapped(memmap2::Mmap),
    Owned(Vec<u8>),
}

impl Bytes {
    fn get(&self) -> &[u8] {
        match self {
            Self::Mapped(map) => map,
            Self::Owned(bytes) => bytes,
        }
    }
}

/// A name or URL prefix of the lists that the question falls under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Match<'a> {
    /// The part of the asked host that the list holds.
    pub host: &'a str,
    /// The part of the asked path, if the list speaks of one.
    pub path: Option<PathPart<'a>>,
    members: &'a [u8],
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
    /// How specific it is: the length of what was matched.
    pub(crate) fn len(&self) -> usize {
        self.host.len()
            + match self.path {
                None => 0,
                Some(PathPart::Prefix(path)) => path.len(),
                Some(PathPart::Whole { path, query }) => path.len() + 1 + query.len(),
            }
    }

    /// The lists that hold it, as places in [`Compiled::lists`].
    pub fn lists(&self) -> impl Iterator<Item = usize> {
        self.members.as_chunks::<2>().0.iter().map(|member| usize::from(u16::from_le_bytes(*member)))
    }
}

impl std::fmt::Display for Match<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
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
        let file = File::open(path).map_err(|source| Error::io(path, source))?;
        // SAFETY: the map is read-only and private. Its bytes change only if somebody writes into the file in place;
        // this program never does (it writes aside and renames, so an old map keeps its old file). All reading below
        // is bounds-checked on plain bytes, so that changed bytes give a wrong answer at worst, not a wild pointer.
        #[allow(unsafe_code, reason = "mapping a file has no safe form")]
        let map = unsafe { memmap2::Mmap::map(&file) }.map_err(|source| Error::io(path, source))?;
        Self::check(Bytes::Mapped(map)).map_err(|why| Error::Damaged { path: path.to_owned(), why })
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
        self.layout.names.count() as u64
    }

    /// Distinct URL prefixes.
    pub fn urls(&self) -> u64 {
        self.layout.urls.count() as u64
    }

    /// Size in bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes.get().len() as u64
    }

    /// Calls `found` for each name of the lists that `host` falls under, the widest first. Does not allocate.
    pub fn walk_host<'a>(&'a self, host: &'a Asked<'_>, mut found: impl FnMut(Match<'a>)) {
        let bytes = self.bytes.get();
        let mut suffixes = hash::suffixes(self.layout.key.hasher(), host).map(|(text, hash)| (text, hash.0.finish()));
        loop {
            // Names are looked up together, step by step, so that their waits for memory overlap.
            let mut texts = [""; TOGETHER];
            let mut hashes = [0; TOGETHER];
            let mut count = 0;
            for ((text, hash), next) in texts.iter_mut().zip(&mut hashes).zip(&mut suffixes) {
                (*text, *hash) = next;
                count += 1;
            }
            let sets = self.layout.names.find_all(bytes, hashes, count);
            for (text, set) in texts.into_iter().zip(sets).take(count) {
                if let Some(set) = set {
                    found(Match { host: text, path: None, members: self.layout.members(bytes, set) });
                }
            }
            if count < TOGETHER {
                return;
            }
        }
    }

    /// Calls `found` for each URL prefix of the lists that `url` falls under, the widest first. Does not allocate.
    pub fn walk_url<'a>(&'a self, host: &'a Asked<'_>, url: &'a CanonicalUrl, mut found: impl FnMut(Match<'a>)) {
        if self.layout.urls.count() == 0 {
            return;
        }
        let bytes = self.bytes.get();
        for (text, hash) in hash::suffixes(self.layout.key.hasher(), host) {
            hash::prefixes(hash, url, |part, hash| {
                if let Some(set) = self.layout.urls.find(bytes, hash.0.finish()) {
                    found(Match { host: text, path: Some(part), members: self.layout.members(bytes, set) });
                }
            });
        }
    }
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
                let len = match write!(rest, "{ip}") {
                    Ok(()) => 45 - rest.len(),
                    Err(_) => 0,
                };
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
mod tests {
    use super::*;
    use crate::Kind;

    pub(super) fn sample() -> Vec<u8> {
        let mut builder = Builder::new(FileKey([7; 16]));
        let games = builder.list("games", Kind::Black, "here").unwrap();
        let other = builder.list("other", Kind::White, "there").unwrap();
        for name in ["example.com", "deep.example.net", "198.51.100.7"] {
            builder.host(games, &Host::parse(name).unwrap());
        }
        builder.host(other, &Host::parse("example.com").unwrap());
        builder.host(other, &Host::parse("www.example.com").unwrap());
        for url in ["example.org/Bad/", "example.org/q?id=1"] {
            builder.url(games, &CanonicalUrl::parse(url).unwrap());
        }
        builder.finish("print").unwrap()
    }

    fn names(file: &Compiled, host: &str) -> Vec<(String, Vec<usize>)> {
        let host = Host::parse(host).unwrap();
        let asked = Asked::new(&host);
        let mut out = Vec::new();
        file.walk_host(&asked, |hit| out.push((hit.to_string(), hit.lists().collect())));
        out
    }

    fn urls(file: &Compiled, url: &str) -> Vec<String> {
        let url = CanonicalUrl::parse(url).unwrap();
        let asked = Asked::new(url.host());
        let mut out = Vec::new();
        file.walk_url(&asked, &url, |hit| out.push(hit.to_string()));
        out
    }

    #[test]
    fn suffixes_and_sets() {
        let file = Compiled::from_bytes(sample()).unwrap();
        assert_eq!(names(&file, "example.com"), [("example.com".into(), vec![0, 1])]);
        assert_eq!(
            names(&file, "a.www.example.com"),
            [("example.com".into(), vec![0, 1]), ("www.example.com".into(), vec![1])]
        );
        assert_eq!(names(&file, "notexample.com"), []);
        assert_eq!(names(&file, "example.net"), []);
        assert_eq!(names(&file, "a.deep.example.net"), [("deep.example.net".into(), vec![0])]);
        assert_eq!(names(&file, "198.51.100.7"), [("198.51.100.7".into(), vec![0])]);
        assert_eq!(names(&file, "198.51.100.8"), []);
        assert_eq!((file.names(), file.urls()), (4, 2));
        let counts: Vec<_> = file.lists().iter().map(|list| (list.names, list.urls)).collect();
        assert_eq!(counts, [(3, 2), (2, 0)]);
    }

    #[test]
    fn names_of_any_depth() {
        let deep = |labels: usize| format!("{}example.com", "a.".repeat(labels));
        let mut builder = Builder::new(FileKey([7; 16]));
        let list = builder.list("deep", Kind::Black, "").unwrap();
        for labels in [1, 2, 3, 6, 120] {
            builder.host(list, &Host::parse(&deep(labels)).unwrap());
        }
        let file = Compiled::from_bytes(builder.finish("").unwrap()).unwrap();
        for (asked, found) in [(0, 0), (1, 1), (2, 2), (3, 3), (5, 3), (6, 4), (119, 4), (120, 5), (121, 5)] {
            assert_eq!(names(&file, &deep(asked)).len(), found, "{asked}");
        }
    }

    #[test]
    fn url_prefixes_end_at_folders() {
        let file = Compiled::from_bytes(sample()).unwrap();
        assert_eq!(urls(&file, "http://example.org/bad/x/y"), ["example.org/bad"]);
        assert_eq!(urls(&file, "https://www.example.org:8443/./BAD"), ["example.org/BAD"]);
        assert_eq!(urls(&file, "example.org/badly"), Vec::<String>::new());
        assert_eq!(urls(&file, "example.org/"), Vec::<String>::new());
        assert_eq!(urls(&file, "example.org/q?id=1"), ["example.org/q?id=1"]);
        assert_eq!(urls(&file, "example.org/q?id=2"), Vec::<String>::new());
    }

    #[test]
    fn other_files_are_refused_politely() {
        let whole = sample();
        let refused = |bytes: Vec<u8>| Compiled::from_bytes(bytes).unwrap_err();
        assert!(refused(Vec::new()).contains("too short"));
        assert!(refused(b"0.0.0.0 example.com\n".repeat(20)).contains("not a compiled list"));
        assert!(refused(whole[..whole.len() - 1].to_vec()).contains("cut short"));
        let mut newer = whole.clone();
        newer[8] = 9;
        assert!(refused(newer).contains("version 9"));
        let mut flipped = whole.clone();
        *flipped.last_mut().unwrap() ^= 1;
        assert!(refused(flipped).contains("damaged"));
        let mut longer = whole;
        longer.push(0);
        assert!(Compiled::from_bytes(longer).is_err());
    }

    #[test]
    fn the_same_lists_and_key_give_the_same_bytes() {
        assert_eq!(sample(), sample());
    }
}
