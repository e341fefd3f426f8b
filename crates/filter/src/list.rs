//! Lists as strangers wrote them: hostile text in, entries and complaints out, a line at a time, in bounded memory.
//!
//! What it is: the reader ([`read`]), what one line means (`line` and a module for each format), where the lists of a
//! folder are ([`source`]).
//! What it is not: a downloader, or a judge of what a category is for.
//! To add a format: see `line`.

mod adguard;
mod dnsmasq;
pub(crate) mod licence;
mod line;
pub(crate) use line::DEEPEST;
mod lines;
pub(crate) mod pattern;
mod rtype;
pub mod source;
mod unbound;
mod zone;

use std::io::BufRead;

use serde::{Deserialize, Serialize};

use crate::rule::{Effect, Rule, Scope};
use crate::{CanonicalUrl, Host};

/// How many rejected lines a report keeps; the rest are counted.
pub const KEPT: usize = 1000;
/// How much of a rejected line is kept, in characters.
const TEXT: usize = 120;
/// How much of a file's head is looked at before any line of it is believed, in bytes.
const HEAD: usize = 8192;

/// A line that was not taken, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    /// The list's name.
    pub list: String,
    /// Its line, counted from 1; 0 speaks of the whole file.
    pub line: u64,
    /// The line, cut to 120 characters.
    pub text: String,
    /// One sentence.
    pub why: String,
}

/// The rejected lines of one run: the first [`KEPT`] in full, all of them counted.
#[derive(Debug, Default)]
pub struct Rejections {
    kept: Vec<Rejected>,
    total: u64,
}

impl Rejections {
    /// Notes one. `line` 0 speaks of the whole file.
    pub fn add(&mut self, list: &str, line: u64, text: &[u8], why: impl Into<String>) {
        self.total += 1;
        if self.kept.len() >= KEPT {
            return;
        }
        // Four bytes a character at most; what is cut in the middle of one shows as a replacement character.
        let head = text.get(..TEXT * 4).unwrap_or(text);
        let text = String::from_utf8_lossy(head)
            .chars()
            .take(TEXT)
            .map(|c| if c.is_control() { '\u{fffd}' } else { c })
            .collect();
        self.kept.push(Rejected { list: list.to_owned(), line, text, why: why.into() });
    }

    /// How many there were.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The first ones, in full.
    pub fn into_kept(self) -> Vec<Rejected> {
        self.kept
    }

    /// The first one.
    pub fn first(&self) -> Option<&Rejected> {
        self.kept.first()
    }
}

/// What the lines of a file are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Names and rules in any of the formats of `docs/lists.md`, told apart line by line.
    Names,
    /// URL prefixes without scheme, as UT1's `urls`.
    Urls,
    /// Regular expressions, as UT1's `expressions`.
    Expressions,
}

/// One thing that a list holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A name or one literal address, without circumstances.
    Host {
        /// The name or address.
        host: Host,
        /// How far.
        scope: Scope,
        /// To block or to take back.
        effect: Effect,
    },
    /// Everything below this path on this host and the hosts below it.
    Url(CanonicalUrl),
    /// A pattern, or a name under circumstances.
    Rule(Box<Rule>),
    /// `$badfilter`: this very rule of the same list does not count.
    Withdrawn(Box<Entry>),
}

/// Reads one file. Never fails on content: what is not taken is noted in `rejections`.
///
/// # Errors
/// Only what the reader itself reports. Entries before the error were already handed over.
pub fn read(
    reader: impl BufRead,
    list: &str,
    form: Form,
    rejections: &mut Rejections,
    mut take: impl FnMut(Entry),
) -> std::io::Result<()> {
    read_into(reader, list, form, rejections, |entry| {
        take(entry);
        Ok(())
    })
}

/// The same for a taker who may find that an entry does not fit.
pub(crate) fn read_into(
    mut reader: impl BufRead,
    list: &str,
    form: Form,
    rejections: &mut Rejections,
    mut take: impl FnMut(Entry) -> Result<(), String>,
) -> std::io::Result<()> {
    let head = reader.fill_buf()?;
    if let Some(why) = no_list_at_all(head.get(..HEAD).unwrap_or(head)) {
        rejections.add(list, 0, b"", why);
        return Ok(());
    }
    let mut meaning = line::Reader::new(form);
    let mut lines = lines::Lines::new(reader);
    while let Some(line) = lines.next()? {
        match line {
            lines::Line::Whole { number, bytes } => {
                let mut unfit = None;
                let read = meaning.read(bytes, &mut |entry| unfit = take(entry).err().or(unfit.take()));
                if let Some(why) = read.err().or(unfit) {
                    rejections.add(list, number, bytes, why);
                }
            }
            lines::Line::TooLong { number, head } => {
                rejections.add(list, number, head, "the line is longer than any name or address can be");
            }
        }
    }
    Ok(())
}

/// Whether the first bytes of a file say that it is something else altogether.
fn no_list_at_all(head: &[u8]) -> Option<&'static str> {
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    if text.trim_ascii_start().first() == Some(&b'<') {
        return Some(
            "this is a web page or XML, not a list; the address may have moved, or a sign-in page answered instead",
        );
    }
    let binary = |byte: &u8| *byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c | 0x0b | 0x1a);
    text.iter().any(binary).then_some("this is a binary file (perhaps still compressed), not a list in plain text")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(text: &[u8], form: Form) -> (Vec<Entry>, Rejections) {
        let (mut entries, mut rejections) = (Vec::new(), Rejections::default());
        read(text, "test", form, &mut rejections, |entry| entries.push(entry)).unwrap();
        (entries, rejections)
    }

    #[test]
    fn a_web_page_is_refused_as_a_whole() {
        for page in
            ["<!DOCTYPE html>\nexample.com\n", "\u{feff}  \n<html>\nexample.com", "<?xml version='1.0'?>\nexample.com"]
        {
            let (entries, rejections) = run(page.as_bytes(), Form::Names);
            assert!(entries.is_empty());
            assert_eq!(rejections.total(), 1);
            assert!(rejections.first().unwrap().why.contains("web page"));
        }
    }

    #[test]
    fn a_binary_file_is_refused_as_a_whole() {
        let (entries, rejections) = run(b"\x1f\x8b\x08\x00\nexample.com\n", Form::Names);
        assert!(entries.is_empty());
        assert!(rejections.first().unwrap().why.contains("binary"));
    }

    #[test]
    fn rejected_lines_are_cut_and_capped_but_all_counted() {
        let text = format!("{}\n", "not a name ".repeat(40)).repeat(KEPT + 5);
        let (_, rejections) = run(text.as_bytes(), Form::Names);
        assert_eq!(rejections.total(), 1005);
        let kept = rejections.into_kept();
        assert_eq!(kept.len(), KEPT);
        assert_eq!(kept[3].line, 4);
        assert_eq!(kept[3].text.chars().count(), 120);
    }

    #[test]
    fn expressions_are_taken_and_bounded() {
        let text = b"# comment\n(porn|sex)\n(unclosed\n.*\n(a{1000}){1000}\n(?=ahead)\n";
        let (entries, rejections) = run(text, Form::Expressions);
        assert_eq!(entries.len(), 1);
        let why: Vec<_> = rejections.into_kept().into_iter().map(|rejected| (rejected.line, rejected.why)).collect();
        assert_eq!(why.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [3, 4, 5, 6]);
        assert!(why[1].1.contains("every name") && why[2].1.contains("too large"), "{why:?}");
        assert!(why[3].1.contains("look-around"), "{why:?}");
    }
}
