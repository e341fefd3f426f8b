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
mod asked;
mod asking;
mod attachments;
mod breach_journey;
mod break_glass;
mod clock_jumps;
mod declarations;
mod demo;
mod escalation;
mod evidence;
mod filter_alerts;
mod filtering;
mod filtering_rules;
mod follow_up;
mod handing_out;
mod help;
mod holding;
mod inspection;
mod keeping;
mod list_sources;
mod loose_ends;
mod low_level;
mod nobody_shut_out_learns;
mod one_person;
mod own_rules;
mod places;
mod procedures;
mod referrals;
mod registers;
mod sealed_holds;
mod sessions;
mod set_up;
mod sharing;
mod shut_out;
mod telling;
mod together;
mod turned;
mod two_settings;
mod upkeep;
mod who_may_know;
mod whose;
mod working;
