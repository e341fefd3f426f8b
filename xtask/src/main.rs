//! Developer commands: `cargo xtask help` is the menu, and CI calls only that.
//!
//! What it is: the order in which other programs (cargo, npm, apt) are called, and what they need.
//! What it is not: part of Holdfast; nothing here is shipped.
//!
//! To add a command: a module with a `run`, a variant of [`Task`] and its line in [`main`].

mod assets;
mod bench;
mod build;
mod demo;
mod dist;
mod lint;
mod long;
mod need;
mod place;
mod sh;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(bin_name = "cargo xtask", about = "Developer commands of Holdfast", version)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build, then run a fictional nursery on this machine. Example: cargo xtask demo -- --fresh
    Demo {
        /// Passed on to `holdfast demo`.
        #[arg(last = true)]
        options: Vec<String>,
    },
    /// Install what the tests need, run every ring, end with a count.
    Test {
        /// Only these rings; all of them when none is named.
        #[arg(value_enum)]
        rings: Vec<test::Ring>,
    },
    /// Format, clippy, and cargo-deny where it is installed.
    Lint,
    /// Build styles and scripts, target/release/holdfast and the PDF worker beside it.
    Build,
    /// Build styles, scripts and fonts, when their sources changed.
    Assets,
    /// Measure in release, print tables and JSON, write docs/performance.md.
    Bench(bench::Setup),
    /// The long ring: many more property cases, kill and crash loops, ten million names against a slow reference, fuzzing,
    /// minutes at full load. Example: cargo xtask long soak --soak 3
    Long(long::Setup),
    /// Build the artefacts of a release into target/dist, with their own OpenSSL.
    Dist,
    /// Build the PDF worker behind a running demo.
    #[command(hide = true)]
    WorkerBehindDemo,
}

fn main() -> ExitCode {
    let done = match Cli::parse().task {
        Task::Demo { options } => demo::run(&options),
        Task::Test { rings } => test::run(&rings),
        Task::Lint => lint::run(),
        Task::Build => build::run(),
        Task::Assets => need::for_building().and_then(|()| assets::run()),
        Task::Bench(setup) => bench::run(&setup),
        Task::Long(setup) => long::run(&setup),
        Task::Dist => dist::run(),
        Task::WorkerBehindDemo => demo::worker_behind(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nxtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
