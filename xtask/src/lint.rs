//! `cargo xtask lint`: form, clippy without a warning, licences and bans.

use anyhow::{Result, bail};

use crate::{assets, build, need, sh};

/// A name, and what complains under it.
type Check = (&'static str, fn() -> Result<()>);

/// The three kinds of complaint.
pub(crate) const CHECKS: [Check; 3] = [("format", format), ("clippy", clippy), ("licences and bans", deny)];

/// Runs all of them, also after one failed.
///
/// # Errors
/// Names those that failed.
pub(crate) fn run() -> Result<()> {
    need::for_building()?;
    assets::run()?;
    let failed: Vec<_> = CHECKS
        .into_iter()
        .filter_map(|(name, check)| check().err().map(|error| format!("{name}: {error:#}")))
        .collect();
    if failed.is_empty() { Ok(()) } else { bail!("{}", failed.join("\n")) }
}

fn format() -> Result<()> {
    sh::run(sh::cargo().args(["fmt", "--all", "--check"]))
}

fn clippy() -> Result<()> {
    let deny = ["--all-targets", "--quiet", "--", "-D", "warnings"];
    sh::run(sh::cargo().args(["clippy", "--workspace", "--exclude", build::WORKER]).args(deny))?;
    sh::run(sh::cargo().args(["clippy", "--package", build::WORKER]).args(deny))
}

fn deny() -> Result<()> {
    if !sh::exists("cargo-deny") {
        sh::say("cargo-deny is not installed (cargo install cargo-deny): licences and bans were not checked");
        return Ok(());
    }
    // Advisories need the network's database; licences, bans and sources are in the tree.
    sh::run(sh::cargo().args(["deny", "--workspace", "check", "licenses", "bans", "sources"]))
}
