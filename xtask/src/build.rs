//! `cargo xtask build`: the program and its PDF worker, side by side in `target/release`.

use anyhow::Result;

use crate::{assets, need, place, sh};

/// The worker is built on its own: together with the rest, its dependencies' features would be the rest's too.
pub(crate) const WORKER: &str = "holdfast-reports";

/// Builds both.
///
/// # Errors
/// Names what is missing, or which build failed.
pub(crate) fn run() -> Result<()> {
    program()?;
    sh::run(sh::cargo().args(["build", "--release", "--package", WORKER]))?;
    sh::say(&format!("Built {}", place::target().join("release/holdfast").display()));
    Ok(())
}

/// Builds the program without its worker.
///
/// # Errors
/// Names what is missing, or which build failed.
pub(crate) fn program() -> Result<()> {
    need::for_building()?;
    assets::run()?;
    sh::run(sh::cargo().args(["build", "--release", "--package", "holdfast"]))
}
