//! Sites that inspection never opens (`content/inspection-exempt.toml`): money, health, government, records of children.
//!
//! What it is not: an allow list. These sites are filtered by name like any other.

use std::sync::LazyLock;

use serde::Deserialize;

const ROWS: &str = include_str!("../../../content/inspection-exempt.toml");

#[derive(Deserialize)]
struct File {
    kind: Vec<Kind>,
}

/// One reason, and whom it spares.
#[derive(Debug, Deserialize)]
pub struct Kind {
    /// Why, as people read it.
    pub why: String,
    /// Names, with everything below each.
    pub names: Vec<String>,
}

#[expect(clippy::expect_used, reason = "the file is part of the program and read by a test")]
static KINDS: LazyLock<Vec<Kind>> =
    LazyLock::new(|| toml::from_str::<File>(ROWS).expect("content/inspection-exempt.toml can be read").kind);

/// The reasons, each with its names.
pub fn kinds() -> &'static [Kind] {
    &KINDS
}

/// All the names.
pub fn names() -> impl Iterator<Item = &'static str> {
    KINDS.iter().flat_map(|kind| kind.names.iter().map(String::as_str))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_names_are_canonical() {
        for name in super::names() {
            assert_eq!(crate::HostName::parse(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn no_video_and_no_place_for_files_is_exempt() {
        // The video service's own names get its safe mode by a header, and anybody can put a file into the others.
        for open in [
            "www.youtube.com",
            "youtubei.googleapis.com",
            "youtube.googleapis.com",
            "storage.googleapis.com",
            "drive.google.com",
        ] {
            let covered = super::names().find(|name| open == *name || open.ends_with(&format!(".{name}")));
            assert_eq!(covered, None, "{open}");
        }
    }
}
