//! Under which licence a list may be used: what its own head says, or a file beside it.
//!
//! What it is not: a judge of licences. The words are kept and shown.

use std::fs;
use std::path::Path;

/// How a list's head says it, before a colon, in lower case.
const KEYS: [&str; 4] = ["licence", "license", "spdx-license-identifier", "licensed under"];
/// Files that say it for a folder; `NAME.LICENSE` says it for the list `NAME`.
const FILES: [&str; 6] = ["LICENSE", "LICENCE", "LICENSE.txt", "LICENSE.pdf", "COPYING", "license"];
/// Lines of a head that are looked at.
const LINES: usize = 60;
/// How much of it is kept, in characters.
const LONGEST: usize = 200;

/// What the comments at the head of a list say.
pub(crate) fn in_head(head: &[u8]) -> Option<String> {
    head.split(|byte| *byte == b'\n').take(LINES).find_map(|line| {
        let line = std::str::from_utf8(line).ok()?.trim();
        let comment = line.strip_prefix(['#', '!', ';'])?.trim_start_matches(['#', '!', ';']).trim();
        let (key, value) = comment.split_once(':')?;
        let key = key.trim().to_lowercase();
        KEYS.contains(&key.as_str()).then(|| clean(value)).filter(|value| !value.is_empty())
    })
}

/// What stands in a file beside a list, or in its folder.
pub(crate) fn beside(path: &Path) -> Option<String> {
    let own = ["LICENSE", "LICENCE", "license"].map(|ending| path.with_extension(ending));
    let folder = if path.is_dir() { Some(path) } else { path.parent() };
    let shared = folder.into_iter().flat_map(|folder| FILES.iter().map(|name| folder.join(name)));
    own.into_iter().chain(shared).find_map(|file| {
        if file.extension().is_some_and(|ending| ending == "pdf") {
            return file.is_file().then(|| format!("see {}", file.file_name().unwrap_or_default().to_string_lossy()));
        }
        let bytes = fs::File::open(&file).ok()?;
        let mut text = Vec::new();
        std::io::Read::read_to_end(&mut std::io::Read::take(bytes, 4096), &mut text).ok()?;
        let text = String::from_utf8_lossy(&text);
        text.lines().map(clean).find(|line| !line.is_empty())
    })
}

fn clean(text: &str) -> String {
    text.trim().chars().filter(|c| !c.is_control()).take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_and_files() {
        let head = |text: &str| in_head(text.as_bytes());
        assert_eq!(head("! Title: x\n! License: https://example.org/l\n"), Some("https://example.org/l".into()));
        assert_eq!(
            head("# Licence: MIT OR Apache-2.0, as the project.\n"),
            Some("MIT OR Apache-2.0, as the project.".into())
        );
        assert_eq!(head("; SPDX-License-Identifier: CC-BY-4.0"), Some("CC-BY-4.0".into()));
        assert_eq!(head("license: no comment\nexample.com\n# nothing"), None);
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        put("hosts.txt", "");
        assert_eq!(beside(&folder.path().join("hosts.txt")), None);
        put("LICENSE", "\n  The Folder\u{7}'s Licence  \n");
        assert_eq!(beside(&folder.path().join("hosts.txt")), Some("The Folder's Licence".into()));
        assert_eq!(beside(folder.path()), Some("The Folder's Licence".into()));
        put("hosts.LICENSE", "The MIT License");
        assert_eq!(beside(&folder.path().join("hosts.txt")), Some("The MIT License".into()));
    }
}
