//! Use cases against a real database, real content and a clock that does as it is told.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking; clippy's own exception covers only the test functions"
)]

extern crate holdfast_app as app;

mod accounts;
mod attachments;
mod breach_journey;
mod clock_jumps;
mod demo;
mod escalation;
mod evidence;
mod filter_alerts;
mod filtering;
mod filtering_rules;
mod follow_up;
mod handing_out;
mod holding;
mod inspection;
mod keeping;
mod list_sources;
mod loose_ends;
mod nobody_shut_out_learns;
mod own_rules;
mod places;
mod procedures;
mod referrals;
mod registers;
mod sealed_holds;
mod sessions;
mod set_up;
mod telling;
mod together;
mod two_settings;
mod upkeep;
mod who_may_know;
mod whose;
mod working;
