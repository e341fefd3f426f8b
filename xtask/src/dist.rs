//! `cargo xtask dist`: what a release consists of.

use anyhow::{Context, Result};

use crate::{assets, build, need, place, sh};

/// Builds with thin LTO and our own OpenSSL (needs perl and make) into `target/dist`, with the licences beside.
///
/// # Errors
/// Names what is missing, or which build failed.
pub(crate) fn run() -> Result<()> {
    need::for_building()?;
    assets::run()?;
    sh::run(sh::cargo().args(["build", "--profile", "dist", "--package", "holdfast", "--features", "vendored"]))?;
    sh::run(sh::cargo().args(["build", "--profile", "dist", "--package", build::WORKER]))?;
    let out = place::target().join("dist");
    for paper in ["LICENSE-MIT", "LICENSE-APACHE", "CHANGELOG.md", "docs/operator.md"] {
        let from = place::root().join(paper);
        let name = from.file_name().context("a file")?;
        std::fs::copy(&from, out.join(name)).with_context(|| format!("could not copy {paper}"))?;
    }
    sh::say(&format!("The release is in {}", out.display()));
    Ok(())
}
