//! The ring of the browser: the real program on a fictional nursery, real Chromium over HTTPS, real DNS and proxy clients.
//!
//! It proves journeys, not rules: each rule has its own quick test in its own room. `cargo xtask test browser` picks this
//! module by its name and runs its tests one after another, since two cores cannot run two browsers and keep a test's
//! patience. Pictures of every page are left in `target/shots`, to be looked at by a person.
//!
//! To add a journey: a module here with a test that starts a [`program::Program`] and opens a [`chrome::Browser`]. To add
//! a page, nothing: [`pages`] walks every link that a person is shown.

mod axe;
mod chrome;
mod day;
mod gateway_here;
mod network;
mod program;

mod first_time;
mod inspected;
mod journey;
mod keyboard;
mod pages;
mod secure;
mod telling;
