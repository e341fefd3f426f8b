//! The rules of `domain` against the real `content/`, and as properties.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking; clippy's own exception covers only the test functions"
)]

mod access;
mod clock;
mod content;
mod engine;
mod own;
mod p1;
mod plain_words;
mod routing;
mod walls;
