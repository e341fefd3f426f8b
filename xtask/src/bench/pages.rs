//! How fast a house with ten thousand concerns shows and saves its pages on SQLite and on PostgreSQL, how soon it is up, and what it
//! takes at rest.

use anyhow::{Context, Result};

use crate::bench::figures::Figures;
use crate::{place, sh};

/// Builds the program, then runs its own measuring stick against it.
///
/// # Errors
/// When something does not build, or the measuring stick prints something else.
pub(crate) fn run() -> Result<Figures> {
    sh::run(sh::cargo().args(["build", "--release", "--package", "holdfast"]))?;
    let program = place::root().join("target/release/holdfast");
    let mut figures = Figures::new("pages", "Pages with ten thousand concerns", "cargo xtask bench pages".to_owned());
    for (engine, name) in [("sqlite", "SQLite"), ("postgres", "PostgreSQL")] {
        let printed = sh::output(
            sh::cargo()
                .args(["run", "--release", "--quiet", "--package", "holdfast", "--example", "bench_pages", "--"])
                .arg(&program)
                .args(["10000", "100", engine]),
        )?;
        let found: serde_json::Value = serde_json::from_str(&printed).context("bench_pages did not print JSON")?;
        if let Some(why) = found.get("left_out").and_then(serde_json::Value::as_str) {
            sh::say(&format!("{name} is left out: {why}"));
            continue;
        }
        figures.add_json(name, &found);
    }
    Ok(figures)
}
