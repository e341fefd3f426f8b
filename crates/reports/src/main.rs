//! The PDF worker: one JSON document on standard input, one accessible PDF (PDF/UA-1) on standard output.
//!
//! What it is: a process of its own, so that typst (large, clever, fed with words that strangers wrote) runs without a
//! database, a key, a file or a network, under limits of memory and time, and dies alone.
//! What it is not: a place that asks questions. Whatever is on the page was authorised, looked up and worded by the
//! caller; see [`input`] for the three kinds of document.
//!
//! To add a kind: a struct in [`input`], a template in `templates/`, a line in [`world::template`].
//!
//! Exit codes: 0 printed; 2 wrong usage; 3 the input was refused; 4 the page could not be made; a signal means that a
//! limit ended it. One line on standard error says which; it never repeats the words of the document, because the
//! caller logs it.

mod fonts;
mod input;
mod limits;
mod render;
mod words;
mod world;

use std::io::Write;
use std::process::ExitCode;

const USAGE: &str = "Usage: holdfast-reports < DOCUMENT.json > DOCUMENT.pdf\n\n\
Reads one document as JSON from standard input (at most 4 MB) and writes an accessible PDF (PDF/UA-1).\n\
Started by holdfast; to try it by hand:\n\n  \
echo '{\"template\":\"contact_sheet\",\"data\":{\"title\":\"Who to ring\",\"setting\":\"Little Limpets\",\n  \
\"printed_by\":\"me\",\"printed_at\":\"today\",\"groups\":[]}}' | holdfast-reports > sheet.pdf\n\n\
Exit codes: 0 printed, 2 wrong usage, 3 input refused, 4 the page could not be made.\n";

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        None => {}
        Some("--help" | "-h") => return write_out(USAGE.as_bytes()),
        Some("--version" | "-V") => {
            return write_out(format!("holdfast-reports {}\n", env!("CARGO_PKG_VERSION")).as_bytes());
        }
        Some(_) => return fail(2, "this program takes no arguments; see --help"),
    }
    if let Err(error) = limits::apply() {
        return fail(4, &format!("could not limit itself: {error}"));
    }
    let document = match input::read(std::io::stdin().lock()) {
        Ok(document) => document,
        Err(error) => return fail(3, &error.to_string()),
    };
    match render::pdf(&document) {
        Ok(pdf) => write_out(&pdf),
        Err(error) => fail(4, &error.to_string()),
    }
}

fn write_out(bytes: &[u8]) -> ExitCode {
    let mut out = std::io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(4, &format!("could not write: {error}")),
    }
}

fn fail(code: u8, message: &str) -> ExitCode {
    let line: String = message.chars().map(|c| if c.is_control() { ' ' } else { c }).take(500).collect();
    // Nobody is left to tell when standard error is closed.
    let _ = writeln!(std::io::stderr(), "holdfast-reports: {line}");
    ExitCode::from(code)
}
