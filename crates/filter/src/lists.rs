//! The handle that answers: a compiled base file, small overlays over it, and the policy's words for their lists.
//!
//! What it is: compiling sources, opening, looking up.
//! What it is not: a scheduler or downloader; what decides is [`crate::decide`].

use std::collections::hash_map::DefaultHasher;
use std::fs::{self, File};
use std::hash::{Hash, Hasher};
use std::io::{BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::compiled::{Asked, Builder, Compiled, FileKey, Match};
use crate::list::source::{Source, find};
use crate::list::{self, Entry, Rejections};
use crate::policy::Reason;
use crate::{CanonicalUrl, Categories, Host, Kind, Rejected};

/// What can go wrong with lists. Each is a sentence for a person.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A compiled file is damaged, cut short, of another version, or none at all.
    #[error("{path} cannot be used: {why}")]
    Damaged {
        /// Which.
        path: PathBuf,
        /// Why, in a sentence.
        why: String,
    },
    /// Nothing usable in the sources.
    #[error("there is no usable name in these lists. {why}")]
    Nothing {
        /// The first thing that was refused, or that there was no list.
        why: String,
    },
    /// More than the format holds.
    #[error("these lists hold more than one file can: {what}")]
    TooMuch {
        /// What there is too much of.
        what: String,
    },
}

impl Error {
    pub(crate) fn io(path: &Path, source: std::io::Error) -> Self {
        Self::Io { path: path.to_owned(), source }
    }
}

/// What [`compile`] did. Serialises as `lists compile` prints it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CompileReport {
    /// Distinct names (and literal addresses).
    pub names: u64,
    /// Distinct URL prefixes.
    pub urls: u64,
    /// Patterns that take part; none yet.
    pub patterns: u64,
    /// Size of the compiled file.
    pub bytes: u64,
    /// Wall time in seconds; the caller measures and fills it in.
    pub seconds: f64,
    /// Lines that were not taken, at most [`crate::list::KEPT`].
    pub rejected: Vec<Rejected>,
    /// How many there were in truth.
    pub rejected_total: u64,
}

/// What the lists say of one name or URL. Serialises as `lists lookup` prints it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookupReport {
    /// As given.
    pub input: String,
    /// In one spelling; nothing when it cannot be read.
    pub canonical: Option<String>,
    /// Ids of the policy's categories, or the lists' own where nobody maps them.
    pub categories: Vec<String>,
    /// The most specific name or URL prefix of the lists that it falls under.
    pub matched: Option<String>,
    /// The lists that hold it.
    pub lists: Vec<String>,
    /// Why it cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// One list in a compiled file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListInfo {
    /// Its name: UT1 folder or file stem.
    pub name: String,
    /// To block or to allow, as its publisher says.
    pub kind: Kind,
    /// How many names it holds.
    pub names: u64,
    /// How many URL prefixes it holds.
    pub urls: u64,
    /// Where it came from.
    pub origin: String,
}

/// Lists ready to answer. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Lists {
    layers: Vec<Layer>,
    categories: Arc<Categories>,
}

#[derive(Debug, Clone)]
struct Layer {
    file: Arc<Compiled>,
    /// Category id of each list, by its number.
    words: Arc<[Arc<str>]>,
}

impl Layer {
    fn new(file: Compiled, categories: &Categories) -> Self {
        let words = words(&file, categories);
        Self { file: Arc::new(file), words }
    }
}

fn words(file: &Compiled, categories: &Categories) -> Arc<[Arc<str>]> {
    file.lists()
        .iter()
        .map(|list| {
            Arc::from(categories.of_list(&list.name).map_or(list.name.as_str(), |category| category.id.as_str()))
        })
        .collect()
}

/// A list that holds (a part of) what was asked.
#[derive(Debug, Clone, Copy)]
pub struct Hit<'a> {
    /// What of it.
    pub matched: Match<'a>,
    /// Category id: the policy's, or the list's own name.
    pub category: &'a str,
    /// The list.
    pub list: &'a ListInfo,
}

impl Lists {
    /// No lists at all: groups that fail closed are closed (S30).
    pub fn missing() -> Self {
        Self::default()
    }

    /// Maps and checks a compiled file.
    ///
    /// # Errors
    /// See [`Compiled::open`].
    pub fn open(path: &Path) -> Result<Self, Error> {
        Ok(Self::of(Compiled::open(path)?))
    }

    /// Lists from a compiled file that is open already.
    pub fn of(file: Compiled) -> Self {
        let categories = Arc::<Categories>::default();
        Self { layers: vec![Layer::new(file, &categories)], categories }
    }

    /// The same lists, speaking in the policy's words.
    #[must_use]
    pub fn with_categories(self, categories: &Categories) -> Self {
        let layers =
            self.layers.into_iter().map(|layer| Layer { words: words(&layer.file, categories), ..layer }).collect();
        Self { layers, categories: Arc::new(categories.clone()) }
    }

    /// The same lists with a small one over them, held in memory: a rule more never rebuilds the base.
    ///
    /// # Errors
    /// [`Error::TooMuch`] when it does not fit the format.
    pub fn with_overlay<'h>(
        mut self,
        list: &str,
        kind: Kind,
        hosts: impl IntoIterator<Item = &'h Host>,
        key: FileKey,
    ) -> Result<Self, Error> {
        let mut builder = Builder::new(key);
        let number = builder.list(list, kind, "set by hand")?;
        for host in hosts {
            builder.host(number, host);
        }
        let file =
            Compiled::from_bytes(builder.finish("")?).map_err(|why| Error::Damaged { path: list.into(), why })?;
        self.layers.push(Layer::new(file, &self.categories));
        Ok(self)
    }

    /// Whether there is nothing to answer from.
    pub fn is_missing(&self) -> bool {
        self.layers.is_empty()
    }

    /// The lists inside, for the status page.
    pub fn lists(&self) -> Vec<ListInfo> {
        self.layers.iter().flat_map(|layer| layer.file.lists()).cloned().collect()
    }

    /// The words in use.
    pub fn categories(&self) -> &Categories {
        &self.categories
    }

    /// Ids of all categories that lists here feed, with what each is for, sorted. The policy's kind counts where it
    /// has one. What a gateway without a policy blocks is the black ones of these.
    pub fn category_kinds(&self) -> Vec<(String, Kind)> {
        let mut kinds = std::collections::BTreeMap::new();
        for layer in &self.layers {
            for (word, list) in layer.words.iter().zip(layer.file.lists()) {
                let kind = self.categories.find(word).map_or(list.kind, |category| category.kind);
                let known = kinds.entry(word.to_string()).or_insert(kind);
                if kind == Kind::Black {
                    *known = Kind::Black;
                }
            }
        }
        kinds.into_iter().collect()
    }

    /// Every category to block that lists here feed, with its reason: what a gateway without a policy blocks for
    /// everybody.
    pub fn black(&self) -> std::collections::BTreeMap<String, Reason> {
        let black = self.category_kinds().into_iter().filter(|(_, kind)| *kind == Kind::Black);
        let reason = |id: &str| match self.categories.find(id) {
            Some(category) => {
                Reason { title: category.title.clone(), why: category.why.clone(), because: category.because.clone() }
            }
            None => {
                Reason {
                    title: id.to_owned(), why: format!("The list “{id}” is for blocking."), because: Vec::new()
                }
            }
        };
        black.map(|(id, _)| (id.clone(), reason(&id))).collect()
    }

    /// Calls `found` for every list that holds the host or a name above it, or a prefix of the URL; the widest match
    /// of each layer first, URLs after names. Does not allocate.
    pub fn walk<'a>(&'a self, host: &'a Asked<'_>, url: Option<&'a CanonicalUrl>, mut found: impl FnMut(Hit<'a>)) {
        for layer in &self.layers {
            let mut each = |matched: Match<'a>| {
                for at in matched.lists() {
                    if let (Some(category), Some(list)) = (layer.words.get(at), layer.file.lists().get(at)) {
                        found(Hit { matched, category, list });
                    }
                }
            };
            layer.file.walk_host(host, &mut each);
            if let Some(url) = url {
                layer.file.walk_url(host, url, &mut each);
            }
        }
    }

    /// What the lists say of a name or URL, as text. Never opens the sealed tier.
    pub fn lookup(&self, input: &str) -> LookupReport {
        let mut report = LookupReport {
            input: input.to_owned(),
            canonical: None,
            categories: Vec::new(),
            matched: None,
            lists: Vec::new(),
            error: None,
        };
        let (host, url) = match question(input.trim()) {
            Ok(question) => question,
            Err(why) => {
                report.error = Some(why);
                return report;
            }
        };
        report.canonical = Some(url.as_ref().map_or_else(|| host.to_string(), ToString::to_string));
        let mut best = 0;
        self.walk(&Asked::new(&host), url.as_ref(), |hit| {
            if hit.matched.len() > best {
                best = hit.matched.len();
                report.matched = Some(hit.matched.to_string());
            }
            note(&mut report.categories, hit.category);
            note(&mut report.lists, &hit.list.name);
        });
        report.categories.sort_unstable();
        report.lists.sort_unstable();
        report
    }
}

/// A text with a scheme or a slash is a URL, any other a host.
fn question(text: &str) -> Result<(Host, Option<CanonicalUrl>), String> {
    if text.contains(['/', '?', '\\', '@']) {
        let url = CanonicalUrl::parse(text).map_err(|why| format!("this is not a web address: {why}"))?;
        return Ok((url.host().clone(), Some(url)));
    }
    Host::parse(text)
        .or_else(|why| CanonicalUrl::parse(text).map(|url| url.host().clone()).map_err(|_| why))
        .map(|host| (host, None))
        .map_err(|why| format!("this is not a name: {why}"))
}

fn note(all: &mut Vec<String>, one: &str) {
    if !all.iter().any(|known| known == one) {
        all.push(one.to_owned());
    }
}

/// Compiles sources (UT1 folders, list files, folders of list files) into one file, written aside and renamed.
/// `seconds` in the report is zero: clocks belong to the caller.
///
/// # Errors
/// [`Error::Io`] when a source cannot be read or the file cannot be written, [`Error::Nothing`] when no source holds a
/// usable name. A file at `out` stays as it was in every such case.
pub fn compile(sources: &[PathBuf], out: &Path, key: FileKey) -> Result<CompileReport, Error> {
    let mut found = Vec::new();
    for path in sources {
        found.extend(find(path)?);
    }
    compile_found(&found, out, key)
}

fn compile_found(sources: &[Source], out: &Path, key: FileKey) -> Result<CompileReport, Error> {
    let mut builder = Builder::new(key);
    let mut rejections = Rejections::default();
    for source in sources {
        let number = builder.list(&source.list, source.kind, &source.origin)?;
        for (path, form) in &source.files {
            let reader = File::open(path).map_err(|error| Error::io(path, error))?;
            list::read(BufReader::with_capacity(1 << 16, reader), &source.list, *form, &mut rejections, |entry| {
                match entry {
                    Entry::Host(host) => builder.host(number, &host),
                    Entry::Url(url) => builder.url(number, &url),
                }
            })
            .map_err(|error| Error::io(path, error))?;
        }
    }
    if builder.is_empty() {
        let why = rejections.first().map_or_else(
            || "No list was found there, or all were empty.".to_owned(),
            |first| format!("{}: {}.", first.list, first.why),
        );
        return Err(Error::Nothing { why });
    }
    let bytes = builder.finish(&fingerprint(sources))?;
    write_aside(out, &bytes)?;
    let file = Compiled::from_bytes(bytes).map_err(|why| Error::Damaged { path: out.to_owned(), why })?;
    Ok(CompileReport {
        names: file.names(),
        urls: file.urls(),
        patterns: 0,
        bytes: file.bytes(),
        seconds: 0.0,
        rejected_total: rejections.total(),
        rejected: rejections.into_kept(),
    })
}

/// Whoever reads `out` sees the old file or the whole new one, also after a loss of power.
fn write_aside(out: &Path, bytes: &[u8]) -> Result<(), Error> {
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)
        .and_then(|()| tempfile::NamedTempFile::new_in(folder))
        .and_then(|mut aside| {
            aside.write_all(bytes)?;
            aside.as_file().sync_all()?;
            aside.persist(out).map_err(|error| error.error)?;
            // The rename itself is on disk when the folder is; some systems cannot sync one, and need not.
            File::open(folder).and_then(|folder| folder.sync_all()).or(Ok(()))
        })
        .map_err(|error| Error::io(out, error))
}

/// What the sources look like: paths, sizes, times. Equal prints mean that compiling again would change nothing.
fn fingerprint(sources: &[Source]) -> String {
    let mut hasher = DefaultHasher::new();
    for source in sources {
        (&source.list, source.kind == Kind::Black).hash(&mut hasher);
        for (path, _) in &source.files {
            path.hash(&mut hasher);
            if let Ok(meta) = fs::metadata(path) {
                (meta.len(), meta.modified().ok()).hash(&mut hasher);
            }
        }
    }
    format!("{:016x}", hasher.finish())
}

/// Opens what `--lists` names: a compiled file as it is, anything else compiled into `cache_dir` first.
/// The report is `None` when nothing was compiled. When sources have become useless and an earlier version is still in
/// `cache_dir`, that one stays in force and the report's first rejected line says so.
///
/// # Errors
/// Those of [`Lists::open`] and [`compile`], when there is no earlier version to keep.
pub fn open_or_compile(path: &Path, cache_dir: &Path, key: FileKey) -> Result<(Lists, Option<CompileReport>), Error> {
    if is_compiled(path) {
        return Ok((Lists::open(path)?, None));
    }
    let mut hasher = DefaultHasher::new();
    path.hash(&mut hasher);
    let cached = cache_dir.join(format!("lists-{:016x}.compiled", hasher.finish()));
    let last_good = Compiled::open(&cached).ok();
    let sources = match find(path) {
        Ok(sources) => sources,
        Err(error) => return keep(last_good, error),
    };
    let last_good = match last_good {
        Some(file) if file.fingerprint() == fingerprint(&sources) => {
            return Ok((Lists::of(file), None));
        }
        other => other,
    };
    match compile_found(&sources, &cached, key) {
        Ok(report) => Ok((Lists::open(&cached)?, Some(report))),
        Err(error) => keep(last_good, error),
    }
}

/// A bad list never replaces a good one.
fn keep(last_good: Option<Compiled>, error: Error) -> Result<(Lists, Option<CompileReport>), Error> {
    let Some(file) = last_good else {
        return Err(error);
    };
    let mut rejections = Rejections::default();
    rejections.add("", 0, b"", format!("{error} The last good version of the lists stays in force."));
    let report = CompileReport {
        names: file.names(),
        urls: file.urls(),
        patterns: 0,
        bytes: file.bytes(),
        seconds: 0.0,
        rejected_total: rejections.total(),
        rejected: rejections.into_kept(),
    };
    Ok((Lists::of(file), Some(report)))
}

/// Whether a file says of itself that it is a compiled one.
fn is_compiled(path: &Path) -> bool {
    let mut head = [0; 8];
    path.is_file()
        && File::open(path).and_then(|mut file| file.read_exact(&mut head)).is_ok()
        && crate::compiled::is_ours(&head)
}
