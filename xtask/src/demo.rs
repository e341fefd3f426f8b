//! `cargo xtask demo`: the README's first command. The nursery runs as soon as it can; the PDF worker, which nobody
//! needs in the first minutes, is built behind it.

use std::os::unix::process::{CommandExt, parent_id};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::{build, place, sh};

/// Builds, starts the worker's build, and becomes `holdfast demo`.
///
/// # Errors
/// Names what is missing, or which build failed.
pub(crate) fn run(options: &[String]) -> Result<()> {
    build::program()?;
    let holdfast = place::target().join("release/holdfast");
    if !place::target().join("release").join(build::WORKER).is_file() {
        sh::say("The PDF worker is being built in the background; until it is there, print pages serve.");
    }
    let ourselves = std::env::current_exe().context("could not find this program")?;
    sh::program(&ourselves.to_string_lossy())
        .arg("worker-behind-demo")
        .stdout(Stdio::null())
        .spawn()
        .context("could not start the build of the PDF worker")?;
    // Becoming the program, rather than waiting for it, gives it the terminal and its signals.
    let error = std::process::Command::new(&holdfast).arg("demo").args(options).exec();
    Err(error).with_context(|| format!("could not start {}", holdfast.display()))
}

/// Builds the worker at low priority and says how it ended. Ends when the demo has ended.
///
/// # Errors
/// When cargo cannot be started.
pub(crate) fn worker_behind() -> Result<()> {
    let there = place::target().join("release").join(build::WORKER).is_file();
    let demo = parent_id();
    let cargo = sh::cargo();
    let mut building = sh::program("nice")
        .args(["-n", "10"])
        .arg(cargo.get_program())
        .args(["build", "--release", "--quiet", "--package", build::WORKER])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("could not start cargo")?;
    loop {
        if let Some(status) = building.try_wait()? {
            if !status.success() {
                eprintln!("The PDF worker could not be built; print pages serve. To see why: cargo xtask build");
            } else if !there {
                eprintln!("The PDF worker is ready: concerns and evidence can now be saved as PDF.");
            }
            return Ok(());
        }
        if parent_id() != demo {
            building.kill().context("could not end the build")?;
            building.wait()?;
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(500));
    }
}
