//! The gateway from outside: real sockets on free ports, a fake resolver above it and a fake web server beyond it.

mod dns;
mod hostile;
mod pages;
mod probes;
mod proxy;
mod snapshots;
mod spool;
mod world;
