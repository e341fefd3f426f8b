//! The gateway from outside: real sockets on free ports, a fake resolver above it and a fake web server beyond it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failing step of a test is a failing test"
)]

mod dns;
mod encrypted;
mod hardware;
mod hostile;
mod inspection;
mod pages;
mod probes;
mod proxy;
mod proxy_hostile;
mod rfc;
mod role_card;
mod secure_pages;
mod snapshots;
mod spool;
mod upstreams;
mod ways_round;
mod world;
