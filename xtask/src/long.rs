//! `cargo xtask long`: what takes too long for every change. By hand, before saying that something is resolved.

mod soak;

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};

use crate::test::{Count, Pick, rust_tests};
use crate::{assets, build, need, sh};

/// Words in the names of tests that kill, crash or tamper.
const CRUEL: [&str; 4] = ["kill", "crash", "tamper", "bad_day"];

/// The test of the open door under load, and how many people tell.
const FLOOD: &str = "flood::";
const TELLING: &str = "1000";

/// What is fuzzed: the bodies in `fuzz/bodies.rs`.
const FUZZED: [&str; 5] = ["lines", "urls", "compiled", "snapshot", "packets"];

/// A part of the long ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// Every test with many more property cases.
    Properties,
    /// The tests that kill, crash and tamper, again and again.
    Cruel,
    /// A thousand reports without an account, while staff work, and a storm from one address.
    Flood,
    /// The filter against its slow reference over ten million names.
    Differential,
    /// Each fuzz target for a while.
    Fuzz,
    /// The gateway at full load with its lists swapped every second; its memory stays flat.
    Soak,
}

/// How long each part takes.
#[derive(Debug, Args)]
pub(crate) struct Setup {
    /// Only these parts; all of them when none is named.
    #[arg(value_enum)]
    parts: Vec<Part>,
    /// Cases of each property test.
    #[arg(long, default_value_t = 20_000)]
    cases: u32,
    /// Times that the kill and crash tests are run.
    #[arg(long, default_value_t = 20)]
    rounds: u32,
    /// Seconds that each fuzz target is run; 0 for none.
    #[arg(long, default_value_t = 300)]
    fuzz: u32,
    /// Minutes at full load.
    #[arg(long, default_value_t = 10)]
    soak: u32,
}

/// Runs the parts that are wanted.
///
/// # Errors
/// When any of them failed, or fuzzing is wanted and its tool is missing.
pub(crate) fn run(setup: &Setup) -> Result<()> {
    need::for_building()?;
    need::for_testing()?;
    assets::run()?;
    let wanted = |part: Part| setup.parts.is_empty() || setup.parts.contains(&part);
    let house = ["--workspace", "--exclude", build::WORKER];
    let cases = setup.cases.to_string();
    let mut count = Count::default();
    if wanted(Part::Properties) || wanted(Part::Cruel) {
        sh::run(sh::cargo().args(["build", "--package", build::WORKER]))?;
    }
    if wanted(Part::Properties) {
        sh::say(&format!("Every property with {cases} cases"));
        count += rust_tests(&house, Pick::All, &[("PROPTEST_CASES", &cases)])?;
    }
    for round in (1..=setup.rounds).filter(|_| wanted(Part::Cruel)) {
        sh::say(&format!("Kill and crash, round {round} of {}", setup.rounds));
        let cruel = rust_tests(&house, Pick::Only(&CRUEL), &[])?;
        if cruel.passed + cruel.failed == 0 {
            bail!("no test is named after any of {CRUEL:?}: nothing was killed");
        }
        count += cruel;
    }
    if wanted(Part::Flood) {
        sh::say(&format!("{TELLING} people tell without an account while staff work"));
        count += rust_tests(&house, Pick::Only(&[FLOOD]), &[("HOLDFAST_FLOOD", TELLING)])?;
    }
    if wanted(Part::Differential) {
        sh::say("Ten million names against the slow reference");
        sh::run(sh::cargo().args(["test", "--release", "--package", "holdfast-filter", "--test", "it", "--"]).args([
            "--ignored",
            "--exact",
            "differential::ten_million_names_and_no_wrong_verdict",
        ]))?;
    }
    if wanted(Part::Fuzz) && setup.fuzz > 0 {
        fuzzing(setup.fuzz)?;
    }
    if wanted(Part::Soak) && setup.soak > 0 {
        sh::say(&format!("{} minutes at full load", setup.soak));
        soak::run(setup.soak)?;
    }
    println!("\n{count}");
    if count.failed > 0 { bail!("{} failed", count.failed) } else { Ok(()) }
}

/// Runs each target for a while. What it finds lies in `fuzz/artifacts`, and belongs into `fuzz/corpus`.
fn fuzzing(seconds: u32) -> Result<()> {
    if !sh::succeeds("cargo", &["+nightly", "fuzz", "--version"]) {
        bail!(
            "fuzzing needs “rustup toolchain install nightly” and “cargo install cargo-fuzz”; --fuzz 0 goes without it"
        );
    }
    for target in FUZZED {
        sh::say(&format!("Fuzzing {target} for {seconds} seconds"));
        let time = format!("-max_total_time={seconds}");
        let run =
            ["+nightly", "fuzz", "run", "--fuzz-dir", "fuzz", target, "--", &time, "-timeout=10", "-max_len=16384"];
        sh::run(sh::program("cargo").args(run))?;
    }
    Ok(())
}
