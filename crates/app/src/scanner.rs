//! The virus scanner, as the use cases know it. The binary joins it to clamd; without one, files are kept and marked as not
//! looked at.

use crate::gateway::Pending;

/// What a scanner says of some bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scan {
    /// Nothing was found.
    Clean,
    /// Something was found, by this name.
    Found(String),
}

/// A virus scanner. It sees the bytes and keeps nothing.
pub trait Scanner: Send + Sync {
    /// Looks at bytes. `None`: this installation has no scanner.
    ///
    /// The error says why there is no answer: a scanner that should be there and is silent stops the file, not the record.
    fn scan<'a>(&'a self, content: &'a [u8]) -> Pending<'a, Result<Option<Scan>, String>>;
}

/// No scanner.
pub struct NoScanner;

impl Scanner for NoScanner {
    fn scan<'a>(&'a self, _: &'a [u8]) -> Pending<'a, Result<Option<Scan>, String>> {
        Box::pin(async { Ok(None) })
    }
}
