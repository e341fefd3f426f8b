//! Weighs every text file below some folders and says which would be blocked by their words: for false alarms on ordinary pages.
//!
//! `cargo run --release -p holdfast-filter --example weigh_words -- FOLDER…`

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Instant;

use holdfast_filter::words::{heaviest, of_html};

fn main() -> Result<(), Box<dyn Error>> {
    let mut files = Vec::new();
    for folder in std::env::args_os().skip(1) {
        gather(Path::new(&folder), &mut files)?;
    }
    let (mut alarms, mut words, mut bytes) = (0_usize, 0_usize, 0_usize);
    let mut spent = std::time::Duration::ZERO;
    for file in &files {
        let text = String::from_utf8_lossy(&std::fs::read(file)?).into_owned();
        let began = Instant::now();
        let page = if text.contains("<html") { of_html(&text) } else { text };
        let found = heaviest(&page);
        spent += began.elapsed();
        words += page.split_whitespace().count();
        bytes += page.len();
        if let Some(found) = found {
            alarms += 1;
            println!("{} {} {}/{}", file.display(), found.category, found.score, found.limit);
        }
    }
    let speed = bytes as f64 / 1e6 / spent.as_secs_f64().max(1e-9);
    println!("{alarms} of {} texts blocked; {words} words, {speed:.0} MB/s", files.len());
    Ok(())
}

fn gather(at: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if at.is_file() {
        files.push(at.to_owned());
        return Ok(());
    }
    for entry in std::fs::read_dir(at)? {
        gather(&entry?.path(), files)?;
    }
    Ok(())
}
