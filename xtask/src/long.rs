//! `cargo xtask long`: what takes too long for every change. By hand, before saying that something is resolved.

use anyhow::{Result, bail};

use crate::test::{Count, Pick, rust_tests};
use crate::{assets, build, need, sh};

/// Words in the names of tests that kill, crash or tamper.
const CRUEL: [&str; 4] = ["kill", "crash", "tamper", "bad_day"];

/// Every test with many more property cases, then the cruel ones again and again.
///
/// # Errors
/// When any of them failed.
pub(crate) fn run(cases: u32, rounds: u32) -> Result<()> {
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
    println!("\n{count}");
    if count.failed > 0 { bail!("{} failed", count.failed) } else { Ok(()) }
}
