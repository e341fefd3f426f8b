//! `cargo xtask long`: what takes too long for every change. By hand, before saying that something is resolved.

use anyhow::{Result, bail};

use crate::test::{Count, Pick, rust_tests};
use crate::{assets, build, need, sh};

/// Words in the names of tests that kill, crash or tamper.
const CRUEL: [&str; 4] = ["kill", "crash", "tamper", "bad_day"];

/// What is fuzzed: the bodies in `fuzz/bodies.rs`.
const FUZZED: [&str; 4] = ["lines", "urls", "compiled", "snapshot"];

/// Every test with many more property cases, then the cruel ones again and again, the filter against its slow reference
/// over ten million names, and each fuzz target for `fuzz` seconds (none for 0).
///
/// # Errors
/// When any of them failed, or fuzzing is wanted and its tool is missing.
pub(crate) fn run(cases: u32, rounds: u32, fuzz: u32) -> Result<()> {
    need::for_building()?;
    need::for_testing()?;
    assets::run()?;
    sh::run(sh::cargo().args(["build", "--package", build::WORKER]))?;
    let house = ["--workspace", "--exclude", build::WORKER];
    let cases = cases.to_string();
    let mut count = Count::default();
    sh::say(&format!("Every property with {cases} cases"));
    count += rust_tests(&house, Pick::All, &[("PROPTEST_CASES", &cases)])?;
    for round in 1..=rounds {
        sh::say(&format!("Kill and crash, round {round} of {rounds}"));
        let cruel = rust_tests(&house, Pick::Only(&CRUEL), &[])?;
        if cruel.passed + cruel.failed == 0 {
            bail!("no test is named after any of {CRUEL:?}: nothing was killed");
        }
        count += cruel;
    }
    sh::say("Ten million names against the slow reference");
    sh::run(sh::cargo().args(["test", "--release", "--package", "holdfast-filter", "--test", "it", "--"]).args([
        "--ignored",
        "--exact",
        "differential::ten_million_names_and_no_wrong_verdict",
    ]))?;
    if fuzz > 0 {
        fuzzing(fuzz)?;
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
