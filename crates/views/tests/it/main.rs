//! Every template with samples, full and empty, checked as a page.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking; clippy's own exception covers only the test functions"
)]

extern crate holdfast_views as views;

mod checks;
mod samples;
