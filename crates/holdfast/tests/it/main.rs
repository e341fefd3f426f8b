//! The whole program, and the shape of its house. One binary for all of it; add a module a topic.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking; clippy's own exception covers only the test functions"
)]

mod arrows;
mod browser;
mod categories;
mod change;
mod child;
mod contract;
mod encrypted;
mod flood;
mod house;
mod kill;
mod kill_keeping;
mod kill_papers;
mod kill_work;
mod lan;
mod lists;
mod outages;
mod pdf;
mod report;
mod sandbox;
mod sealed;
mod shrunk;
mod start;
mod tamper;
mod visitor;
mod wire;
mod words;
