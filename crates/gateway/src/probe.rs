//! The self-test: for each group, through the real DNS socket and the real proxy.
//!
//! Probes prove the mechanism, never the supply, and never touch a real site (S26): they ask for reserved names below
//! `.invalid`, from a loopback address that the snapshot gives to one synthetic device per group.

use std::net::SocketAddr;

use filter::PolicySnapshot;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Clock, Error, Route};

/// Where the gateway under test listens.
#[derive(Debug, Clone, Copy)]
pub struct Endpoints {
    /// DNS.
    pub dns: SocketAddr,
    /// The proxy.
    pub proxy: SocketAddr,
}

/// What one probe found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeResult {
    /// Group id.
    pub group: String,
    /// Which way it went.
    pub route: Route,
    /// What was tried, in plain words, e.g. "a name in the category gambling".
    pub what: String,
    /// What should have come back.
    pub expected: String,
    /// What came back.
    pub got: String,
    /// Whether they agree.
    pub passed: bool,
    /// When.
    pub at: Timestamp,
}

/// Gives `snapshot` one synthetic device per group (loopback addresses 127.83.0.x), replacing older ones. Control
/// calls it last when it makes a snapshot; what these devices ask for is never recorded.
pub fn add_devices(snapshot: &mut PolicySnapshot) {
    let _ = snapshot;
}

/// Whether it is one of them.
pub(crate) fn is_probe(device: uuid::Uuid) -> bool {
    let _ = device;
    false
}

/// Runs every probe for every group of `snapshot`.
///
/// # Errors
/// [`Error::Probe`] when the gateway cannot be reached at all; a wrong answer is a [`ProbeResult`] that did not pass.
pub async fn run(_at: Endpoints, _snapshot: &PolicySnapshot, _clock: &Clock) -> Result<Vec<ProbeResult>, Error> {
    Err(Error::Probe { what: "the gateway", why: "the self-test is being built".into() })
}
