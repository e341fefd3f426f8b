//! Lines of a stranger's file, in bounded memory.
//!
//! What it is not: a decoder. Lines are bytes here; line ends are `\n`, with or without `\r`.

use std::io::BufRead;

/// Longest line that is looked at, in bytes: the longest URL with room for blanks around it.
const LONGEST: usize = 9000;

/// One line.
pub(super) enum Line<'a> {
    /// As it stands, without its end.
    Whole {
        /// Counted from 1.
        number: u64,
        /// Its bytes.
        bytes: &'a [u8],
    },
    /// Longer than anything that we could mean; the rest of it was passed over.
    TooLong {
        /// Counted from 1.
        number: u64,
        /// How it begins.
        head: &'a [u8],
    },
}

/// Hands out one line after the other from one buffer.
pub(super) struct Lines<R> {
    reader: R,
    number: u64,
    line: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, number: 0, line: Vec::new() }
    }

    /// The next line, or nothing at the end.
    pub(super) fn next(&mut self) -> std::io::Result<Option<Line<'_>>> {
        self.line.clear();
        let mut overlong = false;
        loop {
            let buffer = self.reader.fill_buf()?;
            if buffer.is_empty() {
                if self.line.is_empty() && !overlong {
                    return Ok(None);
                }
                break;
            }
            let end = buffer.iter().position(|byte| *byte == b'\n');
            let piece = end.and_then(|end| buffer.get(..end)).unwrap_or(buffer);
            let room = LONGEST - self.line.len();
            overlong |= piece.len() > room;
            self.line.extend_from_slice(piece.get(..room).unwrap_or(piece));
            let used = piece.len() + usize::from(end.is_some());
            self.reader.consume(used);
            if end.is_some() {
                break;
            }
        }
        self.number += 1;
        let number = self.number;
        if overlong {
            return Ok(Some(Line::TooLong { number, head: &self.line }));
        }
        let bytes = self.line.strip_suffix(b"\r").unwrap_or(&self.line);
        Ok(Some(Line::Whole { number, bytes }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &[u8]) -> Vec<(u64, usize, bool)> {
        // A reader with a tiny buffer, so that lines come in pieces.
        let mut lines = Lines::new(std::io::BufReader::with_capacity(7, text));
        let mut out = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            out.push(match line {
                Line::Whole { number, bytes } => (number, bytes.len(), true),
                Line::TooLong { number, head } => (number, head.len(), false),
            });
        }
        out
    }

    #[test]
    fn ends_and_bounds() {
        assert_eq!(all(b""), []);
        assert_eq!(all(b"\n"), [(1, 0, true)]);
        assert_eq!(all(b"a.example\r\nb"), [(1, 9, true), (2, 1, true)]);
        let mut long = vec![b'a'; LONGEST + 100_000];
        assert_eq!(all(&long), [(1, LONGEST, false)]);
        long.extend_from_slice(b"\nnext");
        assert_eq!(all(&long), [(1, LONGEST, false), (2, 4, true)]);
        assert_eq!(all(&vec![b'a'; LONGEST]), [(1, LONGEST, true)]);
    }
}
