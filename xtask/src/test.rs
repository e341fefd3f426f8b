//! `cargo xtask test`: the README's second command, and all that CI calls.
//!
//! Rings, from the quick to the slow. A ring that fails does not stop the next one: whoever reads the log wants all of
//! it. To add one: a variant of [`Ring`] and its arm in [`turn`].

mod count;

use std::time::Instant;

use anyhow::{Result, bail};
use clap::ValueEnum;

pub(crate) use count::Count;

use crate::{assets, build, lint, need, sh};

/// A part of the whole that can be run alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Ring {
    /// Format, clippy, and cargo-deny where it is installed.
    Lint,
    /// The PDF worker, on its own as its dependencies are; then what the whole program prints with it.
    Pdf,
    /// Every crate's unit and integration tests, PostgreSQL among them.
    Rust,
    /// Examples in the documentation of the code.
    Docs,
    /// A real browser against the real program, one test after another.
    Browser,
}

/// Tests of the browser live in modules of this name; two cores cannot run two browsers and keep the tests' patience.
const BROWSER: &str = "browser::";

/// Tests of the whole program that print with the real worker; they run where it has just been built.
const PAPER: &str = "pdf::";

/// Minutes that all rings together should take on two cores once the dependencies are built.
const BUDGET_MINUTES: u64 = 15;

/// Which of the tests.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Pick<'a> {
    /// All of them.
    All,
    /// Those whose name holds one of these.
    Only(&'a [&'a str]),
    /// Those whose name holds none of these.
    Without(&'a [&'a str]),
}

/// Runs the rings and prints the count, alone on the last line.
///
/// # Errors
/// When something is missing, or any test or check failed.
pub(crate) fn run(rings: &[Ring]) -> Result<()> {
    need::for_building()?;
    need::for_testing()?;
    need::room()?;
    assets::run()?;
    let rings = if rings.is_empty() { Ring::value_variants() } else { rings };
    let mut total = Count::default();
    let mut lines = Vec::new();
    let start = Instant::now();
    for ring in rings {
        let name = format!("{ring:?}").to_lowercase();
        sh::say(&format!("Ring: {name}"));
        let started = Instant::now();
        let count = turn(*ring).unwrap_or_else(|error| {
            eprintln!("xtask: {error:#}");
            Count::one_failed()
        });
        lines.push(format!("{name:<8} {:>5} s   {count}", started.elapsed().as_secs()));
        total += count;
    }
    sh::say("Rings");
    for line in lines {
        println!("   {line}");
    }
    let minutes = start.elapsed().as_secs() / 60;
    if minutes >= BUDGET_MINUTES {
        println!("   {minutes} minutes; {BUDGET_MINUTES} is the aim once the dependencies are built");
    }
    println!("\n{total}");
    if total.failed > 0 {
        // A full disk fails tests that say nothing of it.
        need::room()?;
        bail!("{} failed", total.failed);
    }
    Ok(())
}

fn turn(ring: Ring) -> Result<Count> {
    let house = ["--workspace", "--exclude", build::WORKER];
    match ring {
        Ring::Lint => Ok(lint::CHECKS
            .into_iter()
            .map(|(name, check)| match check() {
                // A check is not a test; only its failure counts.
                Ok(()) => Count::default(),
                Err(error) => {
                    eprintln!("xtask: {name}: {error:#}");
                    Count::one_failed()
                }
            })
            .sum()),
        Ring::Pdf => {
            // The program looks for its worker beside itself.
            sh::run(sh::cargo().args(["build", "--package", build::WORKER]))?;
            let own = rust_tests(&["--package", build::WORKER], Pick::All, &[])?;
            let whole = rust_tests(&house, Pick::Only(&[PAPER]), &[])?;
            anyhow::ensure!(whole != Count::default(), "no test prints with the worker: is {PAPER} still a module?");
            Ok([own, whole].into_iter().sum())
        }
        Ring::Rust => rust_tests(&house, Pick::Without(&[BROWSER, PAPER]), &[]),
        Ring::Docs => counted(sh::cargo().args(["test", "--doc"]).args(house), Count::add_libtest_line),
        Ring::Browser => {
            rust_tests(&house, Pick::Only(&[BROWSER]), &[("NEXTEST_TEST_THREADS", "1"), ("RUST_TEST_THREADS", "1")])
        }
    }
}

/// Unit and integration tests of these packages, by nextest where it is installed.
///
/// # Errors
/// When cargo cannot be started. Failing tests are in the count.
pub(crate) fn rust_tests(packages: &[&str], pick: Pick<'_>, environment: &[(&str, &str)]) -> Result<Count> {
    let nextest = sh::succeeds("cargo", &["nextest", "--version"]);
    let mut command = sh::cargo();
    command.envs(environment.iter().copied());
    if nextest {
        command
            .args(["nextest", "run", "--no-fail-fast", "--no-tests", "pass", "--status-level", "slow"])
            .args(packages);
        match pick {
            Pick::All => {}
            Pick::Only(names) => _ = command.args(["-E", &expression(names)]),
            Pick::Without(names) => _ = command.args(["-E", &format!("not ({})", expression(names))]),
        }
        return counted(&mut command, Count::add_nextest_line);
    }
    command.args(["test", "--no-fail-fast", "--lib", "--bins", "--tests"]).args(packages).arg("--");
    match pick {
        Pick::All => {}
        Pick::Only(names) => _ = command.args(names),
        Pick::Without(names) => _ = command.args(names.iter().flat_map(|name| ["--skip", name])),
    }
    counted(&mut command, Count::add_libtest_line)
}

/// Nextest's language for "the name holds one of these".
fn expression(names: &[&str]) -> String {
    names.iter().map(|name| format!("test({name})")).collect::<Vec<_>>().join(" or ")
}

fn counted(command: &mut std::process::Command, add: fn(&mut Count, &str)) -> Result<Count> {
    let mut count = Count::default();
    let succeeded = sh::watch(command, |line| add(&mut count, line))?;
    if !succeeded && count.failed == 0 {
        // It did not even compile.
        count += Count::one_failed();
    }
    Ok(count)
}
