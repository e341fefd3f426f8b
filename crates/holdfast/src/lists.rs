//! `holdfast lists`: compile lists into one file, say what it holds, look names up in it.

use std::io::{self, BufRead};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Context;
use filter::{Categories, FileKey, Lists};

use crate::cli;
use crate::output;

/// A longer line of standard input is no name.
const LONGEST_LINE: usize = 8192;

pub(crate) fn run(command: cli::Lists) -> anyhow::Result<ExitCode> {
    match command {
        cli::Lists::Compile { out, paths } => compile(&out, &paths),
        cli::Lists::Show { db } => show(&db),
        cli::Lists::Lookup { db, names } => lookup(&db, &names),
    }
}

fn compile(out: &Path, paths: &[PathBuf]) -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    let mut report = filter::compile(paths, out, file_key())?;
    report.seconds = started.elapsed().as_secs_f64();
    output::json(&report)?;
    Ok(ExitCode::SUCCESS)
}

fn show(db: &Path) -> anyhow::Result<ExitCode> {
    output::json(&Lists::open(db)?.contents())?;
    Ok(ExitCode::SUCCESS)
}

fn lookup(db: &Path, names: &[String]) -> anyhow::Result<ExitCode> {
    let lists = Lists::open(db)?.with_categories(&categories()?);
    if !names.is_empty() {
        output::json_lines(names.iter().map(|name| lists.lookup(name)))?;
        return Ok(ExitCode::SUCCESS);
    }
    let lines = io::stdin().lock().lines().map_while(Result::ok);
    let lines = lines.map(|line| line.trim().chars().take(LONGEST_LINE).collect::<String>());
    output::json_lines(lines.filter(|line| !line.is_empty()).map(|line| lists.lookup(&line)))?;
    Ok(ExitCode::SUCCESS)
}

/// The policy's words for list categories, as built in.
pub(crate) fn categories() -> anyhow::Result<Categories> {
    let files = app::content::files();
    let text = files.get("categories.toml").context("content/categories.toml is missing from this program")?;
    Ok(Categories::parse(text)?)
}

/// Every compiled file has its own key, so that nobody can make names that collide with a listed one.
pub(crate) fn file_key() -> FileKey {
    FileKey(rand::random())
}
