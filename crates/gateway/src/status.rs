//! What the gateway says about itself, in `status.json`: written aside and renamed, each second when it changed.
//!
//! It is how `/healthz/gateway` and the page of a held device know what was *really* cut (S25), also when the gateway
//! is a process of its own.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Error;

/// The gateway at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// When the gateway started.
    pub started_at: Timestamp,
    /// When this was written; refreshed at least every five seconds, so an older one means that it does not run.
    pub at: Timestamp,
    /// The policy in force.
    pub policy: Policy,
    /// Why the newest snapshot was not taken, if it was not; an older one stays in force.
    #[serde(default)]
    pub snapshot_refused: Option<String>,
    /// How its process is kept from everything that is not its own.
    #[serde(default)]
    pub sandbox: Sandbox,
    /// Where it listens.
    pub listening: Listening,
    /// The lists in force.
    pub lists: Lists,
    /// Upstream resolvers: address → whether the last question was answered.
    pub upstreams: BTreeMap<String, bool>,
    /// Held devices → what was cut.
    pub held: BTreeMap<Uuid, Cut>,
    /// Devices that are on the network and have asked nothing here for an hour or more → since when. A sign that they
    /// ask somebody else; a device that only sleeps looks the same.
    #[serde(default)]
    pub silent: BTreeMap<Uuid, Timestamp>,
    /// Since the start.
    pub counts: Counts,
}

/// The policy in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Policy {
    /// A signed snapshot.
    Snapshot {
        /// Its version.
        version: u64,
        /// When it was made.
        made_at: Timestamp,
        /// Since when it is in force here.
        since: Timestamp,
    },
    /// No snapshot is readable, and a technician loaded the local role card (S30).
    RoleCard {
        /// Of when the card is.
        made_at: Timestamp,
        /// Since when it is in force here.
        since: Timestamp,
    },
    /// No snapshot is readable: the built-in baseline, everything else refused (S30).
    Baseline {
        /// Why, in plain words.
        why: String,
    },
}

/// How the gateway's process is kept from the records (S31).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Sandbox {
    /// It shares the process of the records: the demo, and tests.
    #[default]
    Shared,
    /// It is a process of its own, told the kernel what it may still open, and tried: the records do not open.
    Shut,
    /// It is a process of its own, and could open what its user can.
    Open {
        /// Why, in plain words.
        why: String,
    },
}

/// Where it listens; ports are the real ones when 0 was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listening {
    /// DNS, UDP and TCP.
    pub dns: SocketAddr,
    /// DNS over TLS.
    #[serde(default)]
    pub dot: Option<SocketAddr>,
    /// DNS over HTTPS.
    #[serde(default)]
    pub doh: Option<SocketAddr>,
    /// The name that encrypted DNS goes by.
    #[serde(default)]
    pub tls_name: Option<String>,
    /// The proxy.
    pub proxy: SocketAddr,
    /// The proxy port that asks for credentials.
    pub proxy_sign_in: Option<SocketAddr>,
    /// The block page.
    pub block_http: Option<SocketAddr>,
    /// The block page over HTTPS.
    #[serde(default)]
    pub block_https: Option<SocketAddr>,
}

/// The lists in force.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Lists {
    /// Whether a list file is loaded. Without one children's groups are closed (S30).
    pub loaded: bool,
    /// Names in it.
    pub names: u64,
    /// When the file was last changed.
    pub changed_at: Option<Timestamp>,
    /// Why the newest file was not taken, if it was not; the older one stays in force.
    pub refused: Option<String>,
    /// When what was fetched from the sources of lists was last changed.
    #[serde(default)]
    pub fetched_at: Option<Timestamp>,
    /// Whether a sealed list is supplied.
    #[serde(default)]
    pub sealed_supplied: bool,
    /// The sealed tier in plain words; "not supplied" is red everywhere.
    pub sealed: String,
    /// Who supplied which, when, and how much of it: never an entry.
    #[serde(default)]
    pub sealed_lists: Vec<filter::Supply>,
    /// Why the newest sealed list was not taken, if it was not; the older one stays in force.
    #[serde(default)]
    pub sealed_refused: Option<String>,
}

/// What was really cut for a held device since the gateway saw the hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Cut {
    /// Since when.
    pub since: Option<Timestamp>,
    /// Open proxy tunnels that were closed.
    pub tunnels_closed: u64,
    /// DNS questions refused.
    pub dns_refused: u64,
    /// Proxy requests refused.
    pub proxy_refused: u64,
}

/// Since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// DNS questions answered.
    pub dns_answered: u64,
    /// … of them blocked.
    pub dns_blocked: u64,
    /// Proxy requests answered.
    pub proxy_answered: u64,
    /// … of them blocked.
    pub proxy_blocked: u64,
    /// Tunnels open now.
    pub tunnels_open: u64,
    /// Activity records that were lost because the queue was full.
    pub records_lost: u64,
}

/// Reads `status.json` of the gateway at `gateway_dir`.
///
/// # Errors
/// [`Error::File`] when there is none or it cannot be read.
pub fn read(gateway_dir: &Path) -> Result<Status, Error> {
    let path = gateway_dir.join("status.json");
    let bytes = std::fs::read(&path).map_err(Error::file("read", &path))?;
    serde_json::from_slice(&bytes).map_err(|e| Error::file("read", &path)(e.into()))
}
