//! Calling other programs: each is shown before it runs, none waits for a keyboard.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::place;

/// A program, run at the root of the repository.
pub(crate) fn program(name: &str) -> Command {
    let mut command = Command::new(name);
    command.current_dir(place::root()).stdin(Stdio::null());
    command
}

/// The cargo that runs us.
pub(crate) fn cargo() -> Command {
    let mut command = program(&std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
    // Set for us by the outer cargo; handed on, they would make the inner one rebuild what depends on them.
    for (name, _) in
        std::env::vars().filter(|(name, _)| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"))
    {
        command.env_remove(name);
    }
    command
}

/// Runs it to the end.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    show(command);
    let status = command.status().with_context(|| format!("could not start {}", words(command)))?;
    if !status.success() {
        bail!("{} ended with {status}", words(command));
    }
    Ok(())
}

/// What it prints on standard output; standard error passes through.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    show(command);
    let output =
        command.stderr(Stdio::inherit()).output().with_context(|| format!("could not start {}", words(command)))?;
    if !output.status.success() {
        bail!("{} ended with {}", words(command), output.status);
    }
    String::from_utf8(output.stdout).with_context(|| format!("{} printed something that is not text", words(command)))
}

/// Runs it to the end, shows all that it prints and hands each line to `see` as well. Answers whether it succeeded.
pub(crate) fn watch(command: &mut Command, mut see: impl FnMut(&str) + Send) -> Result<bool> {
    show(command);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("could not start {}", words(command)))?;
    let (Some(out), Some(err)) = (child.stdout.take(), child.stderr.take()) else { bail!("no pipes") };
    let (lines, arriving) = std::sync::mpsc::channel();
    let more_lines = lines.clone();
    std::thread::scope(|scope| {
        scope.spawn(move || pass_on(out, &lines));
        scope.spawn(move || pass_on(err, &more_lines));
        for line in arriving {
            println!("{line}");
            see(&line);
        }
    });
    Ok(child.wait()?.success())
}

fn pass_on(from: impl std::io::Read, to: &std::sync::mpsc::Sender<String>) {
    for line in BufReader::new(from).split(b'\n').map_while(Result::ok) {
        if to.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
            return;
        }
    }
}

/// Whether a program of this name can be started.
pub(crate) fn exists(name: &str) -> bool {
    let Some(path) = std::env::var_os("PATH") else { return false };
    std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
}

/// Whether it runs and succeeds, with nothing shown.
pub(crate) fn succeeds(name: &str, arguments: &[&str]) -> bool {
    let status = program(name).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// A line of our own between the lines of others.
pub(crate) fn say(text: &str) {
    // Not `println!`, which would end the program when nobody reads any more.
    let _ = writeln!(std::io::stdout(), "\n== {text}");
}

fn show(command: &Command) {
    let _ = writeln!(std::io::stdout(), "-> {}", words(command));
}

fn words(command: &Command) -> String {
    let name = std::path::Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    std::iter::once(name)
        .chain(command.get_args())
        .map(|word| word.to_string_lossy().into_owned())
        .collect::<Vec<_>>()
        .join(" ")
}
