//! The worker as its caller meets it: a process, JSON in, PDF out.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking; clippy's own exception covers only the test functions"
)]

mod pages;
mod refusals;
mod worker;
