//! The edge to the gateway: publish a policy, read its state, take its events, probe it.
//!
//! A true edge, so a trait: `app` must not depend on the wire (architecture), the binary joins the two. Everything here
//! is data about devices and names; nothing about concerns ever crosses.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;

use domain::DeviceId;
use filter::PolicySnapshot;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A future of the edge.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What the program may ask of its gateway.
pub trait Gateway: Send + Sync {
    /// The lowest version that the gateway takes as new.
    ///
    /// # Errors
    /// A sentence, when its folder cannot be read.
    fn next_version(&self) -> Result<u64, String>;

    /// Signs and hands over a policy. It is in force within a second.
    ///
    /// # Errors
    /// A sentence, when it cannot be written.
    fn publish(&self, snapshot: &PolicySnapshot) -> Result<(), String>;

    /// Compiles these folders of lists in a process of its own and lays the result where the gateway takes it, over the
    /// base and without a restart. None at all is an answer too: then the base stands alone. Whatever goes wrong, what was
    /// there stays.
    fn take_lists(&self, folders: Vec<std::path::PathBuf>) -> Pending<'_, Result<(), String>>;

    /// How it stands; `None` when it does not run.
    fn status(&self) -> Option<GatewayState>;

    /// The oldest batch of events that has not been kept yet.
    ///
    /// # Errors
    /// A sentence, when the spool cannot be read.
    fn take(&self) -> Result<Option<Batch>, String>;

    /// Files a batch under its day, as it is: still encrypted, outside the case database and its backups (S38). Filing
    /// the same batch twice is the same as once.
    ///
    /// # Errors
    /// A sentence, when the disk refuses.
    fn keep(&self, batch: &Batch) -> Result<(), String>;

    /// Every event between two times that has been kept or is still waiting, oldest first, at most `limit`.
    ///
    /// # Errors
    /// A sentence, when a file cannot be read.
    fn between(&self, from: Timestamp, to: Timestamp, limit: usize) -> Result<Vec<Activity>, String>;

    /// Destroys the days before this one, but those held; says how many (S38).
    ///
    /// # Errors
    /// A sentence, when the disk refuses.
    fn forget_before(&self, day: Date, held: &BTreeSet<Date>) -> Result<u64, String>;

    /// Asks the real DNS and proxy path for every group, with harmless names.
    fn probe(&self, snapshot: PolicySnapshot) -> Pending<'_, Result<Vec<ProbeResult>, String>>;

    /// What the filter itself would say, for `filter decide` and "why was this blocked".
    ///
    /// # Errors
    /// A sentence, when the lists cannot be read.
    fn decide(&self, snapshot: &PolicySnapshot, question: &Question, now: Timestamp) -> Result<Answer, String>;
}

/// Events taken from the spool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Counts up; the same batch has the same number.
    pub id: u64,
    /// Oldest first.
    pub events: Vec<Activity>,
}

/// How the gateway's process is kept from the records (S31).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Apart {
    /// It shares our process.
    #[default]
    Shared,
    /// The kernel keeps it from them, and it tried.
    Shut,
    /// It could open what its user can; why.
    Open(String),
}

/// How the gateway stands.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct GatewayState {
    /// When it last said so. Older than fifteen seconds means that it does not run.
    pub at: Timestamp,
    /// Policy in force; `None` is the built-in baseline (S30).
    pub policy: Option<u64>,
    /// No policy can be read, and it runs on a technician's role card: of when that is (S30).
    #[serde(default)]
    pub role_card: Option<Timestamp>,
    /// How its process is kept from the records (S31).
    #[serde(default)]
    pub apart: Apart,
    /// Where DNS listens.
    pub dns: String,
    /// Where DNS over TLS and DNS over HTTPS listen, and the name that they go by.
    pub encrypted_dns: EncryptedDns,
    /// Where the proxy listens.
    pub proxy: String,
    /// Names in its lists; `None` without lists.
    pub list_names: Option<u64>,
    /// When its list file last changed.
    pub lists_changed_at: Option<Timestamp>,
    /// Why the newest list was not taken, if so.
    pub lists_refused: Option<String>,
    /// When the lists fetched from sources last changed.
    pub fetched_at: Option<Timestamp>,
    /// The sealed lists in force: who supplied each, and of when.
    pub sealed_lists: Vec<filter::Supply>,
    /// Why the newest sealed list was not taken, if so.
    pub sealed_refused: Option<String>,
    /// Is a sealed list supplied?
    pub sealed_supplied: bool,
    /// The sealed tier in plain words (S26).
    pub sealed: String,
    /// Do the upstream resolvers answer? Address → yes or no.
    pub upstreams: Vec<(String, bool)>,
    /// Devices that are on the network and have asked nothing for an hour or more.
    #[serde(default)]
    pub silent: usize,
    /// What was really cut, by device.
    pub cuts: Vec<(DeviceId, Cut)>,
    /// Questions answered and blocked since it started.
    pub answered: u64,
    /// Of them blocked.
    pub blocked: u64,
    /// Records lost because the queue was full.
    pub lost: u64,
}

/// Encrypted DNS, as far as it is served.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EncryptedDns {
    /// DNS over TLS: `host:port`.
    pub tls: Option<String>,
    /// DNS over HTTPS: `host:port`.
    pub https: Option<String>,
    /// The name of the certificate; a device's own name is one label more.
    pub name: Option<String>,
}

/// What was really cut for a held device (S25).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cut {
    /// Since when the gateway knows of the hold.
    pub since: Option<Timestamp>,
    /// Tunnels closed.
    pub tunnels_closed: u64,
    /// Questions refused since.
    pub refused: u64,
}

/// One thing that a device asked for, or called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// First time.
    pub at: Timestamp,
    /// Last time, for counted ones.
    pub until: Timestamp,
    /// The device, if known. Guests are never attributed (S24).
    pub device: Option<DeviceId>,
    /// Group key.
    pub group: String,
    /// How sure the gateway is of the device.
    pub proven: bool,
    /// What happened.
    pub what: What,
}

/// What happened. A device *asked for* a name; it never "visited".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum What {
    /// Allowed, so many times between the two times.
    Allowed {
        /// Host name.
        host: String,
        /// How often.
        count: u64,
    },
    /// Blocked: a success of the filter, not a breach (S21).
    Blocked {
        /// Host name.
        host: String,
        /// How often.
        count: u64,
        /// Category or rule, in words.
        because: String,
        /// `dns` or `proxy`.
        path: String,
    },
    /// A sealed entry: no name is ever kept (S27).
    Sealed {
        /// Keyed hash.
        digest: String,
    },
    /// A way round the filter was tried.
    Bypass {
        /// Host name.
        host: String,
    },
    /// Typed into a search engine, in a group that is inspected (S29).
    Searched {
        /// The engine.
        engine: String,
        /// What was typed.
        terms: String,
    },
    /// A site is not inspected for this device any more: it did not believe our certificate for it.
    Spared {
        /// The site.
        host: String,
    },
    /// The device loaded our own name over HTTPS: it trusts our certificate, or said that it does not (S28).
    Certificate {
        /// It does.
        trusted: bool,
    },
    /// On the network for an hour or more without one question: it may ask another DNS, or only sleep.
    Silent,
    /// A held device asked for something.
    Held {
        /// How often.
        count: u64,
    },
    /// Guests: counted, never attributed (S24).
    Guests {
        /// Let through.
        allowed: u64,
        /// Blocked.
        blocked: u64,
    },
    /// A client without, or with a wrong, identity. It fell in the strictest group.
    Unidentified {
        /// It offered a credential, and the credential was wrong.
        wrong_credential: bool,
        /// How many requests.
        count: u64,
    },
    /// The help button on a child's page.
    HelpCalled {
        /// Room.
        room: Option<String>,
    },
    /// A device asked, from itself, whether it is protected.
    Checked {
        /// `dns` or `proxy`.
        path: String,
        /// Everything was as it should be.
        passed: bool,
        /// Its search is held; none where its group leaves that to the device.
        safe_search: Option<bool>,
        /// The ways round that can be tested are closed.
        bypass_closed: bool,
        /// Every category of its group is blocked for it.
        blocks: bool,
        /// It asked our DNS in the last hour.
        #[serde(default)]
        dns: bool,
        /// It used our proxy in the last hour.
        #[serde(default)]
        proxy: bool,
    },
    /// Records were lost, visibly.
    Lost {
        /// How many.
        count: u64,
    },
}

/// One probe's result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeResult {
    /// Group key.
    pub group: String,
    /// `dns` or `proxy`.
    pub path: String,
    /// What was asked, in words: a category's title, "our own page", "a way round".
    pub what: String,
    /// What should have happened.
    pub expected: String,
    /// What happened.
    pub got: String,
    /// The same?
    pub passed: bool,
}

/// A question to the filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Group key.
    pub group: String,
    /// Device, if any.
    pub device: Option<DeviceId>,
    /// Name or URL, as typed.
    pub url: String,
}

/// The filter's answer, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// `allow`, `block` or `rewrite`.
    pub verdict: String,
    /// Category id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Decision id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// One sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Obligation ids.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<Vec<String>>,
}
