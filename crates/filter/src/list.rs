//! Lists as strangers wrote them.

use serde::{Deserialize, Serialize};

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

/// How many rejected lines a report keeps; the rest are counted.
pub const KEPT: usize = 1000;
