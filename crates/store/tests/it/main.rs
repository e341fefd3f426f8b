//! The store against both engines, and what is special to each.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on says so by falling over"
)]

// The rest of the workspace knows the crate by this name.
extern crate holdfast_store as store;

mod audit;
mod backup;
mod contract;
mod destroyed;
mod files;
mod inherited;
mod keys;
mod postgres;
mod raw;
mod upgrade;
mod visible;
