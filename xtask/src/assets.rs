//! Styles, scripts, fonts: `assets/` → `crates/web/dist`, by npm, when the sources changed.

use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::{place, sh};

/// Holds the digest of the sources from which `dist` was made. Inside `dist`, so that removing it rebuilds.
const STAMP: &str = "crates/web/dist/.made-from";

/// Builds them, unless they are there and as new as their sources.
///
/// # Errors
/// When npm fails, or a file cannot be read.
pub(crate) fn run() -> Result<()> {
    let sources = place::root().join("assets");
    if !sources.join("package.json").is_file() {
        return Ok(());
    }
    let stamp = place::root().join(STAMP);
    let digest = digest(&sources)?;
    let have_modules = sources.join("node_modules").is_dir();
    if have_modules && std::fs::read_to_string(&stamp).is_ok_and(|made_from| made_from == digest) {
        return Ok(());
    }
    sh::say("Building styles and scripts");
    sh::run(sh::program("npm").args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(&sources))?;
    sh::run(sh::program("npm").args(["run", "build"]).current_dir(&sources))?;
    std::fs::write(&stamp, digest).with_context(|| format!("could not write {}", stamp.display()))
}

/// One number for all sources: their paths and contents. Not for security; std's own hasher has fixed keys.
fn digest(sources: &Path) -> Result<String> {
    let mut files = BTreeSet::new();
    gather(sources, &mut files)?;
    let mut hasher = std::hash::DefaultHasher::new();
    for file in files {
        file.strip_prefix(sources)?.hash(&mut hasher);
        std::fs::read(&file).with_context(|| format!("could not read {}", file.display()))?.hash(&mut hasher);
    }
    Ok(format!("{:016x}\n", hasher.finish()))
}

fn gather(folder: &Path, files: &mut BTreeSet<PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(folder).with_context(|| format!("could not read {}", folder.display()))? {
        let path = entry?.path();
        if path.is_file() {
            files.insert(path);
        } else if path.is_dir() && path.file_name().is_some_and(|name| name != "node_modules") {
            gather(&path, files)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_source_is_noticed_and_a_module_is_not() {
        let folder = std::env::temp_dir().join(format!("holdfast-assets-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("node_modules")).expect("made");
        std::fs::write(folder.join("a.css"), "a").expect("written");
        let before = digest(&folder).expect("a digest");
        std::fs::write(folder.join("node_modules/x"), "x").expect("written");
        assert_eq!(digest(&folder).expect("a digest"), before);
        std::fs::write(folder.join("a.css"), "b").expect("written");
        assert_ne!(digest(&folder).expect("a digest"), before);
        std::fs::remove_dir_all(&folder).expect("removed");
    }
}
