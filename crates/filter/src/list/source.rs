//! Where the lists of a path are: UT1 folders, list files, folders of either.
//!
//! What it is not: a downloader. Sources from the web end up as files first.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Form, licence};
use crate::{Error, Kind};

/// How deep folders are looked through. UT1 is one deep; a folder of such folders two.
const DEEPEST: usize = 4;
/// Most lists that one run takes; UT1 has about sixty.
pub(crate) const MOST: usize = 2000;
/// Files beside lists that are none, by name or ending, in lower case.
const NO_LISTS: [&str; 7] = ["readme", "global_usage", "license", "licence", "copying", "categories", "changelog"];
const NO_LIST_ENDINGS: [&str; 6] = ["md", "license", "licence", "toml", "json", "pdf"];

/// One list: a category's files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// UT1 folder name or file stem: lower case letters, digits, `-`, `_`, `.`.
    pub list: String,
    /// As its `usage` says; black when nothing does.
    pub kind: Kind,
    /// What to read.
    pub files: Vec<(PathBuf, Form)>,
    /// Where it came from, for people.
    pub origin: String,
    /// What a file beside it says of its licence; the list's own head may say more.
    pub licence: Option<String>,
}

/// Finds the lists that a path names, in a stable order.
///
/// # Errors
/// [`Error::Io`] when the path or a folder below it cannot be read; [`Error::TooMuch`] beyond 2,000 lists.
pub fn find(path: &Path) -> Result<Vec<Source>, Error> {
    let mut found = Vec::new();
    if metadata(path)?.is_dir() {
        folder(path, 0, &mut found)?;
    } else {
        found.push(file(path));
    }
    Ok(found)
}

fn folder(path: &Path, depth: usize, found: &mut Vec<Source>) -> Result<(), Error> {
    if let Some(source) = category(path)? {
        found.push(source);
        return Ok(());
    }
    let mut children = fs::read_dir(path)
        .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>())
        .map_err(|source| Error::io(path, source))?;
    children.sort();
    for child in children {
        if found.len() >= MOST {
            return Err(Error::TooMuch { what: format!("more than {MOST} lists in {}", path.display()) });
        }
        // UT1 carries links between categories (`porn` → `adult`); a dangling one is nothing to stop for.
        let Ok(meta) = fs::metadata(&child) else {
            continue;
        };
        if meta.is_dir() && depth < DEEPEST {
            folder(&child, depth + 1, found)?;
        } else if meta.is_file() && may_be_list(&child) {
            found.push(file(&child));
        }
    }
    Ok(())
}

/// A UT1 category: a folder that holds `domains`, `urls` or `expressions`.
fn category(path: &Path) -> Result<Option<Source>, Error> {
    let parts = [("domains", Form::Names), ("urls", Form::Urls), ("expressions", Form::Expressions)];
    let files: Vec<_> =
        parts.into_iter().map(|(name, form)| (path.join(name), form)).filter(|(file, _)| file.is_file()).collect();
    if files.is_empty() {
        return Ok(None);
    }
    let usage = path.join("usage");
    let usage = if usage.is_file() { head(&usage)? } else { String::new() };
    // A file may say both; to block is the safe reading.
    let words: Vec<_> = usage.split_whitespace().collect();
    let kind = if words.contains(&"white") && !words.contains(&"black") { Kind::White } else { Kind::Black };
    // The licence of a collection stands in the category or beside all of them.
    let licence = licence::beside(path).or_else(|| licence::beside(path.parent()?));
    Ok(Some(Source { list: list_name(path.file_name()), kind, files, origin: path.display().to_string(), licence }))
}

/// `usage` is a line or two; a stranger's may be anything.
fn head(path: &Path) -> Result<String, Error> {
    use std::io::Read;
    let mut bytes = Vec::new();
    fs::File::open(path)
        .and_then(|file| file.take(4096).read_to_end(&mut bytes))
        .map_err(|source| Error::io(path, source))?;
    Ok(String::from_utf8_lossy(&bytes).to_ascii_lowercase())
}

fn file(path: &Path) -> Source {
    // One file out of a UT1 folder belongs to the folder's category.
    let in_folder = || path.parent().and_then(Path::file_name);
    let (name, form) = match path.file_name().and_then(std::ffi::OsStr::to_str) {
        Some("domains") => (in_folder(), Form::Names),
        Some("urls") => (in_folder(), Form::Urls),
        Some("expressions") => (in_folder(), Form::Expressions),
        _ => (path.file_stem(), Form::Names),
    };
    Source {
        list: list_name(name),
        kind: Kind::Black,
        files: vec![(path.to_owned(), form)],
        origin: path.display().to_string(),
        licence: licence::beside(path),
    }
}

fn may_be_list(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let stem = name.split('.').next().unwrap_or_default();
    !name.starts_with('.') && !NO_LISTS.contains(&stem) && !NO_LIST_ENDINGS.contains(&ending)
}

/// Folder and file names come from strangers too; they become ids in reports and policies.
fn list_name(name: Option<&std::ffi::OsStr>) -> String {
    let name = name.unwrap_or_default().to_string_lossy().to_lowercase();
    let clean: String = name
        .chars()
        .take(64)
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' })
        .collect();
    if clean.is_empty() { "list".into() } else { clean }
}

fn metadata(path: &Path) -> Result<fs::Metadata, Error> {
    fs::metadata(path).map_err(|source| Error::io(path, source))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_every_kind() {
        let root = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        put("ut1/Games/domains", "a.example.com");
        put("ut1/Games/usage", "black\n");
        put("ut1/child/urls", "a.example.com/x");
        put("ut1/child/usage", "white\nchild\n");
        put("ut1/README", "read me");
        put("ut1/global_usage", "NAME: games");
        put("hosts one.txt", "0.0.0.0 a.example.com");
        put("notes.md", "no list");
        put("hosts.LICENSE", "no list");
        let found = find(root.path()).unwrap();
        let names: Vec<_> =
            found.iter().map(|source| (source.list.as_str(), source.kind, source.files.len())).collect();
        assert_eq!(names, [("hosts-one", Kind::Black, 1), ("games", Kind::Black, 1), ("child", Kind::White, 1)]);
        assert_eq!(find(&root.path().join("ut1/Games")).unwrap()[0].list, "games");
        assert!(find(&root.path().join("absent")).is_err());
    }
}
