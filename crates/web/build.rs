//! Sees whether the styles and scripts were built. Fetches nothing: it only names the command to run.

use std::{env, fs, path::Path};

const COMMAND: &str = "Styles and scripts are missing: run `cargo xtask assets` first.";

fn main() {
    let dist = Path::new(&env::var("CARGO_MANIFEST_DIR").unwrap_or_default()).join("dist");
    println!("cargo::rerun-if-changed={}", dist.display());
    println!("cargo::rerun-if-changed=build.rs");
    if dist.join("holdfast.css").exists() {
        return;
    }
    if env::var("PROFILE").as_deref() == Ok("release") {
        println!("cargo::error={COMMAND}");
        return;
    }
    println!("cargo::warning={COMMAND} This debug build serves plain pages.");
    if let Err(error) = fs::create_dir_all(&dist) {
        println!("cargo::error=cannot make {}: {error}", dist.display());
    }
}
