//! Sources → compiled file, and what happens on the day when a source is bad.
//!
//! What it is: [`compile`] for the command, [`open_or_compile`] for a running program, which keeps the last good version.
//! What it is not: a downloader; sources are files.

use std::collections::hash_map::DefaultHasher;
use std::fs::{self, File};
use std::hash::{Hash, Hasher};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Error, ListInfo, Lists};
use crate::compiled::{Builder, Compiled, FileKey, is_ours};
use crate::list::source::{Source, find};
use crate::list::{self, Rejections, licence};
use crate::{Kind, Rejected};

/// What [`compile`] did. Serialises as `lists compile` prints it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CompileReport {
    /// Distinct names (and literal addresses).
    pub names: u64,
    /// Distinct URL prefixes.
    pub urls: u64,
    /// Regular expressions and wildcards.
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

impl CompileReport {
    fn of(file: &Compiled, rejections: Rejections) -> Self {
        Self {
            names: file.names(),
            urls: file.urls(),
            patterns: file.patterns(),
            bytes: file.bytes(),
            seconds: 0.0,
            rejected_total: rejections.total(),
            rejected: rejections.into_kept(),
        }
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
    let (file, rejections) = build(sources, key)?;
    write_aside(out, file.as_bytes())?;
    Ok(CompileReport::of(&file, rejections))
}

/// Reads all sources and builds the file in memory.
fn build(sources: &[Source], key: FileKey) -> Result<(Compiled, Rejections), Error> {
    let mut builder = Builder::new(key);
    let mut rejections = Rejections::default();
    for source in sources {
        let info =
            ListInfo { licence: source.licence.clone(), ..ListInfo::new(&source.list, source.kind, &source.origin) };
        let number = builder.list(info)?;
        for (path, form) in &source.files {
            let reader = File::open(path).map_err(|error| Error::io(path, error))?;
            let mut reader = BufReader::with_capacity(1 << 16, reader);
            let head = reader.fill_buf().map_err(|error| Error::io(path, error))?;
            if let Some(licence) = licence::in_head(head) {
                builder.licence(number, &licence);
            }
            list::read_into(reader, &source.list, *form, &mut rejections, |entry| builder.entry(number, entry))
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
    // What was just built is checked like a stranger's file, before it is written over anything.
    let file = Compiled::from_bytes(builder.finish(&fingerprint(sources))?)
        .map_err(|why| Error::Damaged { path: "what was compiled".into(), why })?;
    Ok((file, rejections))
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

/// A list with fewer entries than this may shrink as it likes: it was made by hand.
const SMALL: u64 = 100;

/// Opens what `--lists` names: a compiled file as it is, anything else compiled into `cache_dir` first.
/// The report is `None` when nothing was compiled.
///
/// When an earlier version is in `cache_dir` and the sources have since become useless, or a list of them has lost
/// more than half of its entries (half a download, a sign-in page), the earlier version stays in force and the
/// report's first rejected line says so and how a person can accept the new one.
///
/// # Errors
/// Those of [`Lists::open`] and [`compile`], when there is no earlier version to keep.
pub fn open_or_compile(path: &Path, cache_dir: &Path, key: FileKey) -> Result<(Lists, Option<CompileReport>), Error> {
    let mut hasher = DefaultHasher::new();
    path.hash(&mut hasher);
    open_or_compile_as(path, &cache_dir.join(format!("lists-{:016x}.compiled", hasher.finish())), key)
}

/// The same for a caller who wants to say where the compiled file stands. Sources that are a compiled file themselves
/// are opened where they are, and `cached` is not touched.
///
/// # Errors
/// Those of [`open_or_compile`].
pub fn open_or_compile_as(path: &Path, cached: &Path, key: FileKey) -> Result<(Lists, Option<CompileReport>), Error> {
    if is_compiled(path) {
        return Ok((Lists::open(path)?, None));
    }
    let fresh = find(path);
    let last_good = match Compiled::open(cached) {
        Ok(file) if fresh.as_ref().is_ok_and(|sources| file.fingerprint() == fingerprint(sources)) => {
            return Ok((Lists::of(file), None));
        }
        other => other.ok(),
    };
    let built = fresh.and_then(|sources| build(&sources, key));
    match (built, last_good) {
        (Err(error), None) => Err(error),
        (Err(error), Some(old)) => Ok(keep(old, error.to_string(), Rejections::default())),
        (Ok((new, rejections)), Some(old)) if shrunk(&old, &new).is_some() => {
            let what = shrunk(&old, &new).unwrap_or_default();
            let why = format!("{what} To accept that, delete {} and start again.", cached.display());
            Ok(keep(old, why, rejections))
        }
        (Ok((new, rejections)), _) => {
            write_aside(cached, new.as_bytes())?;
            drop(new);
            let file = Compiled::open(cached)?;
            let report = CompileReport::of(&file, rejections);
            Ok((Lists::of(file), Some(report)))
        }
    }
}

/// Says which list has lost more than half of what it held.
fn shrunk(old: &Compiled, new: &Compiled) -> Option<String> {
    let entries = |list: &ListInfo| list.names + list.urls + list.rules;
    old.lists().iter().filter(|list| entries(list) >= SMALL).find_map(|before| {
        let after = new.lists().iter().find(|list| list.name == before.name).map_or(0, entries);
        (after < entries(before) / 2)
            .then(|| format!("The list “{}” had {} entries and now has {after}.", before.name, entries(before)))
    })
}

/// A bad list never replaces a good one.
fn keep(last_good: Compiled, why: String, rejections: Rejections) -> (Lists, Option<CompileReport>) {
    let mut report = CompileReport::of(&last_good, rejections);
    let why = format!("{why} The last good version of the lists stays in force.");
    report.rejected.insert(0, Rejected { list: String::new(), line: 0, text: String::new(), why });
    report.rejected_total += 1;
    (Lists::of(last_good), Some(report))
}

/// Whether a file says of itself that it is a compiled one.
fn is_compiled(path: &Path) -> bool {
    let mut head = [0; 8];
    path.is_file() && File::open(path).and_then(|mut file| file.read_exact(&mut head)).is_ok() && is_ours(&head)
}
