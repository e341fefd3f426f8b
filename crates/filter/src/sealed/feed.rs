//! What suppliers write before it is sealed: an address or a hash a line, plain text or the first column of a CSV.
//!
//! What it is: the reader for whoever holds the licence and seals the list for this installation.
//! What it is not: anything that keeps a line, or repeats one. What cannot be read is counted and never quoted: these
//! are the lines that nobody may show.

use std::io::BufRead;

use crate::CanonicalUrl;
use crate::url::LONGEST;

/// Most entries that are taken; more is no list of this kind.
pub const MOST: usize = 8_000_000;

/// A supplier's list, as read.
#[derive(Default)]
pub struct Feed {
    /// Hosts and URLs.
    pub entries: Vec<CanonicalUrl>,
    /// Hashes: SHA-256 of `host/path` in the canonical spelling.
    pub digests: Vec<[u8; 32]>,
    /// Lines that are neither.
    pub unreadable: u64,
}

impl std::fmt::Debug for Feed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Feed({} entries, {} unreadable)", self.len(), self.unreadable)
    }
}

impl Feed {
    /// Reads one.
    ///
    /// # Errors
    /// Only what the reader itself reports.
    pub fn read(mut reader: impl BufRead) -> std::io::Result<Self> {
        let mut feed = Self::default();
        let mut line = Vec::new();
        while feed.len() < MOST {
            line.clear();
            let read = std::io::Read::take(&mut reader, 2 * LONGEST as u64).read_until(b'\n', &mut line)?;
            if read == 0 {
                break;
            }
            feed.line(&String::from_utf8_lossy(&line));
        }
        Ok(feed)
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len() + self.digests.len()
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn line(&mut self, line: &str) {
        let first = line.split([',', '\t']).next().unwrap_or_default().trim().trim_matches('"').trim();
        if first.is_empty() || first.starts_with('#') {
            return;
        }
        let mut digest = [0_u8; 32];
        let digits = first.strip_prefix("sha256:").unwrap_or(first);
        if digits.len() == 64 && hex::decode_to_slice(digits, &mut digest).is_ok() {
            self.digests.push(digest);
        } else if let Ok(url) = CanonicalUrl::parse(first)
            && is_an_address(&url)
        {
            self.entries.push(url);
        } else {
            self.unreadable += 1;
        }
    }
}

/// A heading of a CSV reads like a host of one label; no such host is on the internet.
fn is_an_address(url: &CanonicalUrl) -> bool {
    let host = url.host().to_string();
    host.contains(['.', ':'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_hashes_and_what_is_neither() {
        let digest = "ab".repeat(32);
        let text = format!(
            "# a remark\n\"URL\",\"added\"\nhttp://Bad.example/a/%62,2026-11-01\nbad.example\n{digest}\nsha256:{digest}\n\n<html>\n"
        );
        let feed = Feed::read(text.as_bytes()).unwrap();
        let entries: Vec<String> = feed.entries.iter().map(ToString::to_string).collect();
        assert_eq!(entries, ["bad.example/a/b", "bad.example/"]);
        assert_eq!((feed.digests.len(), feed.unreadable), (2, 2));
        assert!(!format!("{feed:?}").contains("bad"));
    }

    #[test]
    fn no_line_is_too_long_and_none_is_kept_whole() {
        let text = format!("{}\nbad.example\n", "a".repeat(3 * LONGEST));
        let feed = Feed::read(text.as_bytes()).unwrap();
        assert_eq!(feed.entries.len(), 1);
    }
}
