//! From the file that came to the folder that the compiler reads: gzip and archives unpacked, within bounds, and counted.
//!
//! Archives are a stranger's: only the four files of a UT1 category are taken out, under a name of our own making, so
//! that no path in an archive leads anywhere.
//! What it is not: a reader of lines (`filter::list` is), or a judge ([`super::judge`]).

use std::fs::{self, File};
use std::io::{BufReader, Read, Write};
use std::path::{Path, PathBuf};

use filter::list::{self, Entry, Rejections, source};

use super::judge::Reading;

/// Most bytes of a list once it is unpacked. UT1's largest is a tenth of it.
const MOST: u64 = 2 << 30;
/// Most folders that one archive gives.
const MOST_FOLDERS: usize = 200;
/// What a UT1 category is made of.
const PARTS: [&str; 4] = ["domains", "urls", "expressions", "usage"];
/// Where an archive says what it is.
const TAR_MARK: std::ops::Range<usize> = 257..262;

/// Unpacks `file` into `folder` as the list `name` (or, for an archive of several categories, as lists of their own names),
/// and reads it through once. `several`: the folders of an archive keep their names.
///
/// # Errors
/// Only what the disk says. What is wrong with the list stands in the reading.
pub fn unpack(file: &Path, folder: &Path, name: &str, several: bool) -> std::io::Result<Reading> {
    fs::create_dir_all(folder)?;
    match lay_out(file, folder, name, several)? {
        Ok(()) => read_through(folder),
        Err(broken) => Ok(Reading { broken: Some(broken), ..Reading::default() }),
    }
}

/// A file or folder that a technician laid down, copied as it is.
///
/// # Errors
/// What the disk says.
pub fn copy(from: &Path, folder: &Path, name: &str, several: bool) -> std::io::Result<Reading> {
    if from.is_file() {
        return unpack(from, folder, name, several);
    }
    fs::create_dir_all(folder)?;
    let found = source::find(from).map_err(std::io::Error::other)?;
    for list in found {
        let own = if several { list.list.clone() } else { format!("{name}-{}", list.list) };
        for (path, _) in &list.files {
            let part = path.file_name().and_then(|part| part.to_str()).unwrap_or_default();
            let to = match PARTS.contains(&part) {
                true => folder.join(&own).join(part),
                false => folder.join(format!("{own}.txt")),
            };
            fs::create_dir_all(to.parent().unwrap_or(folder))?;
            let mut bounded = File::open(path)?.take(MOST);
            std::io::copy(&mut bounded, &mut File::create(to)?)?;
        }
    }
    read_through(folder)
}

/// The list's files, or what is wrong with what came.
fn lay_out(file: &Path, folder: &Path, name: &str, several: bool) -> std::io::Result<Result<(), String>> {
    let mut head = [0_u8; 2];
    let packed = File::open(file)?.read_exact(&mut head).is_ok() && head == [0x1f, 0x8b];
    if !packed && !is_archive(File::open(file)?) {
        fs::copy(file, folder.join(format!("{name}.txt")))?;
        return Ok(Ok(()));
    }
    let open = || -> std::io::Result<Box<dyn Read>> {
        let reader = BufReader::new(File::open(file)?);
        Ok(match packed {
            true => Box::new(flate2::read::MultiGzDecoder::new(reader)),
            false => Box::new(reader),
        })
    };
    let done = match is_archive(open()?) {
        true => from_archive(open()?, folder, name, several),
        false => {
            let mut bounded = open()?.take(MOST + 1);
            write(&mut bounded, &folder.join(format!("{name}.txt"))).map(|_| ())
        }
    };
    Ok(done.map_err(|error| format!("it cannot be unpacked: {error}")))
}

fn is_archive(reader: impl Read) -> bool {
    let mut head = Vec::new();
    reader.take(512).read_to_end(&mut head).is_ok() && head.get(TAR_MARK) == Some(b"ustar")
}

fn from_archive(reader: impl Read, folder: &Path, name: &str, several: bool) -> std::io::Result<()> {
    // The bound is on what comes out, whatever the archive says of itself.
    let mut archive = tar::Archive::new(reader.take(MOST));
    let mut folders = std::collections::BTreeSet::new();
    for entry in archive.entries()? {
        let mut entry = entry?;
        let path = entry.path()?.into_owned();
        let (Some(part), Some(category)) = (last(&path), path.parent().and_then(last)) else { continue };
        if !entry.header().entry_type().is_file() || !PARTS.contains(&part.as_str()) {
            continue;
        }
        let own = match several {
            true => plain(&category),
            false => format!("{name}-{}", plain(&category)),
        };
        folders.insert(own.clone());
        if folders.len() > MOST_FOLDERS {
            return Err(std::io::Error::other("it holds more categories than any collection has"));
        }
        let to = folder.join(own);
        fs::create_dir_all(&to)?;
        write(&mut entry, &to.join(part))?;
    }
    match folders.is_empty() {
        true => Err(std::io::Error::other("it holds no folder with a file called domains or urls")),
        false => Ok(()),
    }
}

fn last(path: &Path) -> Option<String> {
    path.file_name().and_then(|name| name.to_str()).map(str::to_owned)
}

/// A stranger's folder name as one of ours.
fn plain(name: &str) -> String {
    let plain: String = name
        .to_lowercase()
        .chars()
        .take(64)
        .map(|letter| if letter.is_ascii_alphanumeric() || letter == '_' { letter } else { '-' })
        .collect();
    if plain.is_empty() { "list".to_owned() } else { plain }
}

fn write(from: &mut impl Read, to: &PathBuf) -> std::io::Result<u64> {
    let mut file = File::create(to)?;
    let written = std::io::copy(from, &mut file)?;
    if written > MOST {
        return Err(std::io::Error::other("it is larger than any list"));
    }
    file.flush()?;
    Ok(written)
}

/// Counts, a line at a time, in bounded memory.
fn read_through(folder: &Path) -> std::io::Result<Reading> {
    let mut reading = Reading::default();
    let mut rejections = Rejections::default();
    for list in source::find(folder).map_err(std::io::Error::other)? {
        for (path, form) in &list.files {
            let reader = BufReader::with_capacity(1 << 16, File::open(path)?);
            list::read(reader, &list.list, *form, &mut rejections, |entry| {
                reading.entries += u64::from(blocks(&entry))
            })?;
        }
    }
    reading.unreadable = rejections.total();
    // Line 0 speaks of a whole file.
    let whole = rejections.into_kept().into_iter().find(|rejected| rejected.line == 0);
    reading.broken = whole.map(|rejected| rejected.why);
    Ok(reading)
}

/// What takes something back blocks nothing: a list of exceptions alone is an empty one.
fn blocks(entry: &Entry) -> bool {
    match entry {
        Entry::Host { effect, .. } => !effect.allow,
        Entry::Rule(rule) => !rule.effect.allow,
        Entry::Url(_) => true,
        Entry::Withdrawn(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gz(bytes: &[u8]) -> Vec<u8> {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(bytes).unwrap();
        packed.finish().unwrap()
    }

    fn tar(files: &[(&str, &str)]) -> Vec<u8> {
        let mut archive = tar::Builder::new(Vec::new());
        for (path, text) in files {
            let mut header = tar::Header::new_ustar();
            header.set_size(text.len() as u64);
            header.set_mode(0o644);
            // `set_path` refuses what a stranger would write.
            header.as_mut_bytes()[..path.len()].copy_from_slice(path.as_bytes());
            header.set_cksum();
            archive.append(&header, text.as_bytes()).unwrap();
        }
        archive.into_inner().unwrap()
    }

    fn run(bytes: &[u8], several: bool) -> (Reading, Vec<String>, tempfile::TempDir) {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("came"), bytes).unwrap();
        let folder = root.path().join("out");
        let reading = unpack(&root.path().join("came"), &folder, "games.ours", several).unwrap();
        let found = source::find(&folder).unwrap();
        (reading, found.into_iter().map(|list| list.list).collect(), root)
    }

    #[test]
    fn plain_gzipped_and_archived_lists() {
        let text = "a.example.com\nb.example.com\nnot a name!\n";
        for bytes in [text.as_bytes().to_vec(), gz(text.as_bytes())] {
            let (reading, lists, _root) = run(&bytes, false);
            assert_eq!((reading.entries, reading.unreadable, reading.broken), (2, 1, None));
            assert_eq!(lists, ["games.ours"]);
        }
        let files = [
            ("ut1/gambling/domains", "a.example.com\n"),
            ("ut1/gambling/urls", "b.example.com/x\n"),
            ("ut1/README", "x"),
        ];
        for bytes in [tar(&files), gz(&tar(&files))] {
            let (reading, lists, _root) = run(&bytes, false);
            assert_eq!((reading.entries, lists), (2, vec!["games.ours-gambling".to_owned()]));
            assert_eq!(run(&bytes, true).1, ["gambling"]);
        }
    }

    #[test]
    fn no_path_of_an_archive_leads_out() {
        let files = [
            ("../../domains", "a.example.com\n"),
            ("/etc/domains", "b.example.com\n"),
            ("x/../../y/domains", "c.example.com\n"),
        ];
        let (_, _, root) = run(&tar(&files), true);
        let mut names: Vec<_> = fs::read_dir(root.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["came", "out"]);
    }

    #[test]
    fn what_is_no_list_is_said() {
        let page = run(b"<!DOCTYPE html><p>Sign in</p>", false).0;
        assert!(page.broken.unwrap().contains("web page"));
        assert!(run(&gz(b"<html>"), false).0.broken.is_some());
        assert!(run(&gz(&[0, 1, 2, 3]), false).0.broken.unwrap().contains("binary"));
        let mut half = gz("a.example.com\n".repeat(1000).as_bytes());
        half.truncate(half.len() / 2);
        assert!(run(&half, false).0.broken.unwrap().contains("unpacked"));
        assert_eq!(run(b"", false).0, Reading::default());
        assert_eq!(run(b"@@||a.example.com^\n@@||b.example.com^\n", false).0.entries, 0, "exceptions alone");
    }
}
