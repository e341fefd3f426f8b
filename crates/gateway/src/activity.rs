//! What devices asked for, as it leaves the gateway: ids, never names of persons; *asked for*, never "visited" (S22).
//!
//! Three things make no event at all: names on the never-log list (S23), the self-test's own probes, and what guests
//! ask for, which is only counted (S24).

use std::net::IpAddr;

pub use filter::Confidence;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// One thing that happened at the gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivityEvent {
    /// When; for a merged event, the last time.
    pub at: Timestamp,
    /// Register id of the device. `None` for guests and for clients that nobody knows.
    pub device: Option<Uuid>,
    /// The person that the device is assigned to, only where a credential proved the device (S33).
    pub person: Option<Uuid>,
    /// Group id that the request was decided under.
    pub group: String,
    /// How sure it is which device it was.
    pub confidence: Confidence,
    /// What happened.
    pub kind: Kind,
}

/// Which way the request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Route {
    /// A DNS question.
    Dns,
    /// The proxy: a URL or a CONNECT.
    Proxy,
    /// The block page.
    BlockPage,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Kind {
    /// The filter stopped it: an attempt, not a breach (S21). Equal ones within a second are merged.
    Blocked {
        /// The host that was asked for.
        host: String,
        /// Category id, when a list category was the reason.
        category: Option<String>,
        /// Decision id, when a person's rule was the reason.
        rule: Option<String>,
        /// Which way it came.
        route: Route,
        /// The first of the merged ones.
        first: Timestamp,
        /// How many.
        count: u64,
    },
    /// A sealed entry was asked for. Alerts at once and names no one (S22); the name itself is never written.
    Sealed {
        /// Keyed digest of the host, hex: equal for equal hosts at one gateway, useless to anybody else.
        keyed_hash: String,
        /// Which way it came.
        route: Route,
    },
    /// Hosts that were let through, counted per device and host (S21 shows them around a time).
    Allowed {
        /// The host.
        host: String,
        /// The first of them.
        first: Timestamp,
        /// How many.
        count: u64,
    },
    /// A way round the filter was tried: a DoH canary, a relay, an address instead of a name.
    Bypass {
        /// Which way, in plain words.
        what: String,
        /// The host that was asked for.
        host: String,
        /// Which way it came.
        route: Route,
        /// The first of the merged ones.
        first: Timestamp,
        /// How many.
        count: u64,
    },
    /// A held device asked for something. Neither host nor count of hosts: that it is cut off is all (S9).
    Held {
        /// How many requests were refused since the last such event.
        count: u64,
    },
    /// Guests: how many were let through and blocked. No device, no host, no address (S24).
    Guests {
        /// Let through.
        allowed: u64,
        /// Blocked.
        blocked: u64,
    },
    /// The help button on the tablet was pressed. Flushed at once. It records that, and nothing else (S6).
    HelpCalled {
        /// Where the device lives, e.g. "Limpets room".
        room: Option<String>,
    },
    /// On the network since then, and not one question here: it may ask another DNS. No proof; a sleeping tablet looks
    /// the same.
    Silent {
        /// Since when.
        since: Timestamp,
    },
    /// A device asked whether it is protected, from itself. Flushed at once.
    Checked {
        /// Which way it came.
        route: Route,
        /// Everything was as it should be.
        passed: bool,
        /// Its search is held to safe search; `None` where its group leaves that to the device.
        safe_search: Option<bool>,
        /// The ways round the filter that can be tested are closed.
        bypass_closed: bool,
        /// Every category of its group is blocked for it.
        blocks: bool,
        /// It asked our DNS in the last hour.
        dns: bool,
        /// It used our proxy in the last hour.
        proxy: bool,
    },
    /// A device loaded our own name over HTTPS: it trusts our certificate, or it said that it does not (S28). Flushed at
    /// once.
    Certificate {
        /// The handshake was completed.
        trusted: bool,
    },
    /// Typed into a search engine, by a device of a group that is inspected (S29).
    Searched {
        /// The engine.
        engine: String,
        /// What was typed.
        terms: String,
    },
    /// A site is no longer inspected for a device, which did not believe our certificate for it.
    Spared {
        /// The site.
        host: String,
    },
    /// A client that nobody knows, or a credential that is wrong (S33: mismatch is an event).
    Unidentified {
        /// Where it came from.
        address: IpAddr,
        /// It offered a credential, and the credential was wrong.
        wrong_credential: bool,
        /// How many requests.
        count: u64,
    },
    /// The queue was full: this many records between these times are gone (S32).
    Lost {
        /// From.
        from: Timestamp,
        /// To.
        to: Timestamp,
        /// How many records.
        count: u64,
    },
}

impl Kind {
    /// Whether somebody must know now: such events do not wait for the next flush.
    pub fn is_urgent(&self) -> bool {
        match self {
            Self::Sealed { .. } | Self::HelpCalled { .. } | Self::Checked { .. } | Self::Certificate { .. } => true,
            Self::Searched { terms, .. } => filter::search_terms::concern(terms).is_some(),
            _ => false,
        }
    }
}
