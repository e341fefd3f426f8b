//! The handle that answers: compiled base file and a small overlay.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{Categories, FileKey, Kind, Rejected};

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

/// What [`compile`] did. Serialises as `lists compile` prints it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CompileReport {
    /// Distinct names.
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
#[derive(Debug, Clone)]
pub struct Lists {}

impl Lists {
    /// No lists at all: groups that fail closed are closed (S30).
    pub fn missing() -> Self {
        todo!()
    }

    /// Maps and checks a compiled file.
    pub fn open(_path: &Path) -> Result<Self, Error> {
        todo!()
    }

    /// The same lists, speaking in the policy's words.
    #[must_use]
    pub fn with_categories(self, _categories: &Categories) -> Self {
        todo!()
    }

    /// Whether there is nothing to answer from.
    pub fn is_missing(&self) -> bool {
        todo!()
    }

    /// The lists inside, for the status page.
    pub fn lists(&self) -> Vec<ListInfo> {
        todo!()
    }

    /// What the lists say of a name or URL, as text. Never opens the sealed tier.
    pub fn lookup(&self, _input: &str) -> LookupReport {
        todo!()
    }
}

/// Compiles sources (UT1 folders, list files, folders of list files) into one file, written aside and renamed.
pub fn compile(_sources: &[PathBuf], _out: &Path, _key: FileKey) -> Result<CompileReport, Error> {
    todo!()
}

/// Opens what `--lists` names: a compiled file as it is, anything else compiled into `cache_dir` first.
/// The report is `None` when nothing was compiled.
pub fn open_or_compile(
    _path: &Path,
    _cache_dir: &Path,
    _key: FileKey,
) -> Result<(Lists, Option<CompileReport>), Error> {
    todo!()
}
