//! How fast a house with ten thousand concerns shows and saves its pages on SQLite and on PostgreSQL, how soon it is up, and what it
//! takes at rest.

use anyhow::{Context, Result};

use crate::bench::figures::Figures;
use crate::{build, place, sh};

/// Builds the program, then runs its own measuring stick against it.
///
/// # Errors
/// When something does not build, or the measuring stick prints something else.
pub(crate) fn run() -> Result<Figures> {
    // The whole workspace at once: a package alone gets other features of what it rests on, and is built anew for them.
    let all = ["build", "--release", "--workspace", "--exclude", build::WORKER, "--bins", "--examples"];
    sh::run(sh::cargo().args(all))?;
    let release = place::target().join("release");
    let mut figures = Figures::new("pages", "Pages with ten thousand concerns", "cargo xtask bench pages".to_owned());
    for (engine, name) in [("sqlite", "SQLite"), ("postgres", "PostgreSQL")] {
        let printed = sh::output(
            std::process::Command::new(release.join("examples/bench_pages"))
                .arg(release.join("holdfast"))
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
