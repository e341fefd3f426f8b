//! `content/`, embedded when the program is built (`build.rs` has checked it) and read once at start.

use std::collections::BTreeMap;

use domain::content::{Content, Wrong};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "../../content"]
struct Files;

/// Every text file of `content/` by its path.
pub fn files() -> BTreeMap<String, String> {
    Files::iter()
        .filter_map(|path| {
            let file = Files::get(&path)?;
            Some((path.into_owned(), String::from_utf8_lossy(&file.data).into_owned()))
        })
        .collect()
}

/// Reads and checks what is embedded.
///
/// # Errors
/// What is wrong, with its file; cannot happen in a program whose build succeeded.
pub fn embedded() -> Result<Content, Wrong> {
    Content::read(&files())
}
