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
    // Tests take axe-core from the modules, so these are fetched also when `dist` is as it should be.
    let lock = BTreeSet::from([sources.join("package.json"), sources.join("package-lock.json")]);
    let (modules, dist) = (sources.join("node_modules"), place::root().join("crates/web/dist"));
    once(&modules.join(".made-from"), &modules, &digest(&sources, &lock)?, || {
        sh::say("Fetching what styles and scripts are built from");
        sh::run(sh::program("npm").args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(&sources))
    })?;
    let mut all = BTreeSet::new();
    gather(&sources, &mut all)?;
    once(&place::root().join(STAMP), &dist.join("holdfast.css"), &digest(&sources, &all)?, || {
        sh::say("Building styles and scripts");
        sh::run(sh::program("npm").args(["run", "build"]).current_dir(&sources))
    })
}

/// Makes something, unless it is there and the stamp says that it was made from the same.
fn once(stamp: &Path, made: &Path, digest: &str, make: impl FnOnce() -> Result<()>) -> Result<()> {
    if made.exists() && std::fs::read_to_string(stamp).is_ok_and(|made_from| made_from == digest) {
        return Ok(());
    }
    make()?;
    std::fs::write(stamp, digest).with_context(|| format!("could not write {}", stamp.display()))
}

/// One number for these files: their paths and contents. Not for security; std's own hasher has fixed keys.
fn digest(sources: &Path, files: &BTreeSet<PathBuf>) -> Result<String> {
    let mut hasher = std::hash::DefaultHasher::new();
    for file in files {
        file.strip_prefix(sources)?.hash(&mut hasher);
        std::fs::read(file).with_context(|| format!("could not read {}", file.display()))?.hash(&mut hasher);
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

    fn of(folder: &Path) -> String {
        let mut files = BTreeSet::new();
        gather(folder, &mut files).expect("gathered");
        digest(folder, &files).expect("a digest")
    }

    #[test]
    fn a_changed_source_is_noticed_and_a_module_is_not() {
        let folder = std::env::temp_dir().join(format!("holdfast-assets-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("node_modules")).expect("made");
        std::fs::write(folder.join("a.css"), "a").expect("written");
        let before = of(&folder);
        std::fs::write(folder.join("node_modules/x"), "x").expect("written");
        assert_eq!(of(&folder), before);
        std::fs::write(folder.join("a.css"), "b").expect("written");
        assert_ne!(of(&folder), before);
        std::fs::remove_dir_all(&folder).expect("removed");
    }

    #[test]
    fn what_is_made_is_made_once() {
        let named = |name: &str| std::env::temp_dir().join(format!("holdfast-{name}-{}", std::process::id()));
        let (stamp, sheet) = (named("stamp"), named("sheet"));
        let mut made = 0;
        let mut make = |digest: &str| {
            once(&stamp, &sheet, digest, || {
                made += 1;
                Ok(std::fs::write(&sheet, "x")?)
            })
            .expect("made");
        };
        ["a", "a", "b", "b"].into_iter().for_each(&mut make);
        std::fs::remove_file(&sheet).expect("removed");
        make("b");
        assert_eq!(made, 3, "twice for new sources, once because what was made had gone");
        assert!(once(&stamp, &sheet, "c", || anyhow::bail!("no")).is_err());
        once(&stamp, &sheet, "b", || unreachable!("a failure leaves the stamp as it was")).expect("not made");
        std::fs::remove_file(&sheet).expect("removed");
        std::fs::remove_file(&stamp).expect("removed");
    }
}
