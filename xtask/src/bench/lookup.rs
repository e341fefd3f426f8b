//! How fast the compiled lists answer, and how small they are.

use anyhow::{Context, Result};

use crate::bench::Setup;
use crate::bench::figures::Figures;
use crate::sh;

/// Runs the example of `filter` that measures, and takes its JSON.
///
/// # Errors
/// When it does not build, or prints something else.
pub(crate) fn run(setup: &Setup) -> Result<Figures> {
    let lists = setup.lists.canonicalize()?;
    let printed = sh::output(
        sh::cargo()
            .args(["run", "--release", "--quiet", "--package", "holdfast-filter", "--example", "bench_lookup", "--"])
            .arg(&lists),
    )?;
    let figures_found = serde_json::from_str(&printed).context("bench_lookup did not print JSON")?;
    let mut figures =
        Figures::new("lookup", "Looking a name up in the lists", "cargo xtask bench lookup --lists LISTS".to_owned());
    figures.add_json("", &figures_found);
    Ok(figures)
}
