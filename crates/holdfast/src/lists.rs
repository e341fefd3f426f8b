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

/// Memory of a compilation, bytes: more than the largest collection takes, less than a small box has.
const MEMORY: u64 = 3 << 30;
/// Longest that one may take.
const LONGEST: std::time::Duration = std::time::Duration::from_secs(1800);

/// Compiles in a process of its own, with bounded memory and last in the queue for the processors, so that the answers
/// to devices feel nothing of it. Without folders the file is emptied, which says that there are no lists. Whatever goes
/// wrong, the file that was there stays.
///
/// # Errors
/// What the compiler said.
pub(crate) async fn compile_apart(folders: &[PathBuf], out: &Path) -> anyhow::Result<()> {
    if let Some(folder) = out.parent() {
        crate::house::make_folder(folder)?;
    }
    if folders.is_empty() {
        return crate::demo::write_private(out, b"");
    }
    let program = std::env::current_exe().context("where am I?")?;
    let mut command = tokio::process::Command::new(program);
    command.args(["lists", "compile", "--out"]).arg(out).args(folders);
    command.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::null());
    command.stderr(std::process::Stdio::piped()).kill_on_drop(true).env_remove("CREDENTIALS_DIRECTORY");
    let child = command.spawn().context("the compiler of lists could not be started")?;
    if let Some(pid) = child.id().and_then(|pid| i32::try_from(pid).ok()).and_then(rustix::process::Pid::from_raw) {
        let most = rustix::process::Rlimit { current: Some(MEMORY), maximum: Some(MEMORY) };
        // Both are courtesies: a system that knows neither compiles all the same.
        let _ = rustix::process::prlimit(Some(pid), rustix::process::Resource::As, most);
        let _ = rustix::process::setpriority_process(Some(pid), 10);
    }
    let done = tokio::time::timeout(LONGEST, child.wait_with_output()).await.context("the lists take too long")??;
    let said = String::from_utf8_lossy(&done.stderr);
    anyhow::ensure!(done.status.success(), "{}", said.lines().last().unwrap_or("the compiler of lists ended badly"));
    Ok(())
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
