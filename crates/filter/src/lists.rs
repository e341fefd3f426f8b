//! The handle that answers: a compiled base file, small overlays over it, and the policy's words for their lists.
//!
//! What it is: opening and looking up; `compile` makes the file.
//! What it is not: a scheduler or downloader; what decides is [`crate::decide`].

mod compile;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use compile::{CompileReport, compile, open_or_compile, open_or_compile_as};

use crate::compiled::{Ahead, Asked, Builder, Compiled, FileKey, Match, Question, Word};
use crate::list::Entry;
use crate::policy::Reason;
use crate::rule::{Effect, Scope};
use crate::{CanonicalUrl, Categories, Host, Kind};

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
    /// Rules of these lists that are more than a bare name, as they are written there. One that speaks of clients or
    /// record types holds for some questions only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<String>,
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
    /// How many rules it holds beside those: patterns, exceptions, names under circumstances.
    #[serde(default)]
    pub rules: u64,
    /// Where it came from.
    pub origin: String,
    /// Under which licence, as the list or a file beside it says.
    #[serde(default)]
    pub licence: Option<String>,
}

impl ListInfo {
    /// A list with nothing in it yet.
    pub(crate) fn new(name: &str, kind: Kind, origin: &str) -> Self {
        Self { name: name.to_owned(), kind, names: 0, urls: 0, rules: 0, origin: origin.to_owned(), licence: None }
    }
}

/// What a compiled file holds. Serialises as `lists show` prints it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contents {
    /// Distinct names and addresses.
    pub names: u64,
    /// Distinct URL prefixes.
    pub urls: u64,
    /// Regular expressions and wildcards.
    pub patterns: u64,
    /// Size of the file.
    pub bytes: u64,
    /// Each list with its origin, licence and counts.
    pub lists: Vec<ListInfo>,
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
    /// What is said of each list, by its number.
    words: Arc<[Words]>,
}

/// What is said of a list in every answer that it is the reason of; shared with all of them.
#[derive(Debug, Clone)]
struct Words {
    /// Category id.
    category: Arc<str>,
    /// Its name, alone: most names stand in one list.
    name: Arc<[String]>,
}

impl Layer {
    fn new(file: Compiled, categories: &Categories) -> Self {
        let words = words(&file, categories);
        Self { file: Arc::new(file), words }
    }
}

fn words(file: &Compiled, categories: &Categories) -> Arc<[Words]> {
    let words = |list: &ListInfo| {
        let category = categories.of_list(&list.name).map_or(list.name.as_str(), |category| category.id.as_str());
        Words { category: Arc::from(category), name: Arc::from([list.name.clone()]) }
    };
    file.lists().iter().map(words).collect()
}

/// A list that holds (a part of) what was asked.
#[derive(Debug, Clone, Copy)]
pub struct Hit<'a> {
    /// What of it.
    pub matched: Match<'a>,
    /// Category id: the policy's, or the list's own name.
    pub category: &'a Arc<str>,
    /// The list.
    pub list: &'a ListInfo,
    /// The list's name, as a verdict has it where no other list holds the name.
    pub(crate) name: &'a Arc<[String]>,
}

impl<'a> Hit<'a> {
    /// Where the list sends a question instead of blocking it: a search engine's safe name.
    pub fn rewrite(&self) -> Option<&'a str> {
        self.matched.rule?.rewrite.as_deref()
    }
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

    /// Reads a compiled file into memory and checks it: for who answers from it all day.
    ///
    /// # Errors
    /// See [`Compiled::open`].
    pub fn read(path: &Path) -> Result<Self, Error> {
        Ok(Self::of(Compiled::read(path)?))
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

    /// These lists and others beside them: each file answers for itself, so that a change of one never rebuilds another.
    /// What the policy calls their lists is said afterwards, with [`Lists::with_categories`].
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.layers.extend(others.layers);
        self
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
        let number = builder.list(ListInfo::new(list, kind, "set by hand"))?;
        for host in hosts {
            let entry = Entry::Host { host: host.clone(), scope: Scope::Below, effect: Effect::default() };
            builder.entry(number, entry).map_err(|what| Error::TooMuch { what })?;
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

    /// What was compiled, as `lists show` prints it.
    pub fn contents(&self) -> Contents {
        let sum = |of: fn(&Compiled) -> u64| self.layers.iter().map(|layer| of(&layer.file)).sum();
        Contents {
            names: sum(Compiled::names),
            urls: sum(Compiled::urls),
            patterns: sum(Compiled::patterns),
            bytes: sum(Compiled::bytes),
            lists: self.lists(),
        }
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
                let kind = self.categories.find(&word.category).map_or(list.kind, |category| category.kind);
                let known = kinds.entry(word.category.to_string()).or_insert(kind);
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
            Some(category) => Reason {
                title: category.title.as_str().into(),
                why: category.why.as_str().into(),
                because: category.because.as_slice().into(),
                locked: false,
            },
            None => Reason {
                title: id.into(),
                why: format!("The list “{id}” is for blocking.").into(),
                because: Arc::default(),
                locked: false,
            },
        };
        black.map(|(id, _)| (id.clone(), reason(&id))).collect()
    }

    /// Calls `found` for every list that blocks what is asked, once for each of its words; the widest match of each layer
    /// first, then patterns, then URLs. What a list takes back by an exception of its own is left out; an exception
    /// never reaches another list. Does not allocate, unless a pattern matches.
    pub fn walk<'a>(&'a self, question: &Question<'a>, mut found: impl FnMut(Hit<'a>)) {
        for layer in &self.layers {
            layer.file.walk(question, |word| {
                if word.effect.allow || is_taken_back(&layer.file, question, &word) {
                    return;
                }
                let (words, list) = (layer.words.get(word.list), layer.file.lists().get(word.list));
                if let (Some(Words { category, name }), Some(list)) = (words, list) {
                    found(Hit { matched: word.matched, category, list, name });
                }
            });
        }
    }

    /// For who has several questions at hand; see [`Compiled::ahead`]. Of the base alone: what stands over it is small.
    pub fn ahead(&self) -> Option<Ahead<'_>> {
        self.layers.first()?.file.ahead()
    }

    /// What the lists say of a name or URL, as text. Never opens the sealed tier.
    pub fn lookup(&self, input: &str) -> LookupReport {
        let mut report = LookupReport {
            input: input.to_owned(),
            canonical: None,
            categories: Vec::new(),
            matched: None,
            lists: Vec::new(),
            rules: Vec::new(),
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
        let asked = Asked::new(&host);
        self.walk(&Question { url: url.as_ref(), ..Question::of(&asked) }, |hit| {
            if hit.matched.len() > best {
                best = hit.matched.len();
                report.matched = Some(hit.matched.to_string());
            }
            note(&mut report.categories, hit.category);
            note(&mut report.lists, &hit.list.name);
            if let Some(rule) = hit.matched.rule {
                note(&mut report.rules, &rule.text);
            }
        });
        report.categories.sort_unstable();
        report.lists.sort_unstable();
        report
    }
}

/// Whether the same list has an exception for this. Asked for blocks only, and seldom: few lists have exceptions.
fn is_taken_back<'a>(file: &'a Compiled, question: &Question<'a>, block: &Word<'a>) -> bool {
    let mut taken_back = false;
    if file.has_exceptions() {
        file.walk(question, |word| taken_back |= word.list == block.list && word.effect.takes_back(block.effect));
    }
    taken_back
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
