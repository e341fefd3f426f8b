//! `cargo xtask bench`: figures, in release, each with the command that made it.
//!
//! Every bench prints a table and one line of JSON, and replaces its own part of `docs/performance.md`. To add one: a
//! module with `run(&Setup) -> Result<Figures>`, a variant of [`Name`] and its arm in [`measure`].

pub(crate) mod dns;
mod figures;
mod lookup;
mod page;
mod pages;
mod proxy;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};

use crate::{assets, need, place, sh};
use figures::Figures;

/// One bench.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Name {
    /// The compiled lists: names a second, bytes a name, against a plain hash map.
    Lookup,
    /// Answers of the DNS under dnsperf, against unbound, dnsmasq and dnsdist where these are installed.
    Dns,
    /// The proxy: requests and tunnels a second, against tinyproxy and squid where these are installed.
    Proxy,
    /// Pages with ten thousand concerns, start-up, memory at rest.
    Pages,
}

/// What may be chosen on the command line.
#[derive(Debug, Args)]
pub(crate) struct Setup {
    /// Only these benches; all of them when none is named.
    #[arg(value_enum)]
    benches: Vec<Name>,
    /// The lists to measure with, as `holdfast --lists` takes them.
    #[arg(long, default_value = "content/lists")]
    lists: std::path::PathBuf,
    /// Seconds that each server is asked.
    #[arg(long, default_value_t = 10)]
    seconds: u32,
}

/// Runs them and writes `docs/performance.md`.
///
/// # Errors
/// When a build fails or a bench cannot be run; the ones before it are written.
pub(crate) fn run(setup: &Setup) -> Result<()> {
    need::for_building()?;
    assets::run()?;
    anyhow::ensure!(setup.lists.exists(), "{} is not there; name lists with --lists", setup.lists.display());
    let benches = if setup.benches.is_empty() { Name::value_variants() } else { &setup.benches };
    for bench in benches {
        sh::say(&format!("Bench: {bench:?}"));
        let figures = measure(*bench, setup)?;
        println!("\n{}", figures.table());
        println!("{}", serde_json::to_string(&figures)?);
        write(&figures)?;
    }
    Ok(())
}

fn measure(bench: Name, setup: &Setup) -> Result<Figures> {
    match bench {
        Name::Lookup => lookup::run(setup),
        Name::Dns => dns::run(setup),
        Name::Proxy => proxy::run(setup),
        Name::Pages => pages::run(),
    }
}

fn write(figures: &Figures) -> Result<()> {
    let path = place::root().join("docs/performance.md");
    let old = std::fs::read_to_string(&path).unwrap_or_else(|_| page::empty());
    std::fs::write(&path, page::with_section(&old, figures))
        .with_context(|| format!("could not write {}", path.display()))
}
