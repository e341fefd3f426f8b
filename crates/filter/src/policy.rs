//! The policy snapshot: everything that a gateway needs to decide, made by `app`, signed, swapped atomically.
//!
//! It is data. Ends of overrides and holds stand inside it, so that a gateway that has lost its control still ends
//! them on time (S30). Entries of suppliers' sealed lists are *not* in it: they live in a keyed
//! file of their own (S27).

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::hours::{Calendar, Schedule};
use crate::sealed::case::CaseAddresses;

/// The format that this program writes. A gateway refuses a higher one and keeps its last good snapshot. 2 brought hours,
/// locked categories and supervised sessions, 3 the addresses of concerns: a gateway that cannot read them would let through
/// what they close.
pub const FORMAT: u16 = 3;

/// Who may reach what, at one version of one setting's policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicySnapshot {
    /// Layout version, [`FORMAT`].
    pub format: u16,
    /// Counts up with each accepted change; history and roll-back speak of it.
    pub version: u64,
    /// The setting that it belongs to.
    pub setting: Uuid,
    /// The name on the block page, e.g. "Little Limpets".
    pub setting_name: String,
    /// Who to ask, on the adult block page: the DSL's name (never a child's or a concern's).
    pub contact: String,
    /// Where the program's own pages live, e.g. `https://holdfast.local`; linked from the block page.
    pub web_base: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// Groups by id. Holds at least one; `strictest` names the one that unknown clients fall in.
    pub groups: BTreeMap<String, Group>,
    /// Id of the group for everybody who is not known or does not match (S33).
    pub strictest: String,
    /// Devices of the register that have an identity on the network.
    pub devices: Vec<Device>,
    /// Devices that are cut off. Each says "This device is offline. Ask the office." and nothing else (S9).
    pub holds: Vec<Hold>,
    /// Names that always resolve, for every group, and are never recorded (S23). Suffix match.
    pub never_log: BTreeSet<String>,
    /// Our own pages and what a device needs to live: time, captive-portal checks (S30). Suffix match.
    pub always: BTreeSet<String>,
    /// Networks whose devices nobody knows one by one, such as the guests' Wi-Fi (S33: the last thing that is looked at).
    #[serde(default)]
    pub networks: Vec<Network>,
    /// Terms and time zone, for the hours of groups.
    #[serde(default)]
    pub calendar: Calendar,
    /// Supervised sessions that are open (CLS-07), each with its end.
    #[serde(default)]
    pub sessions: Vec<Session>,
    /// Addresses that concerns speak of, as keyed hashes (S19). Whose concern, and which, is not in here.
    #[serde(default)]
    pub case_addresses: CaseAddresses,
    /// Groups that are inspected (S29), each with its end. A gateway that cannot read this does not inspect, and goes on
    /// filtering by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inspection: BTreeMap<String, Inspection>,
}

/// What inspection does for a group (S29): its encrypted pages are opened, decided by their whole address, and closed again.
/// Off unless a DPIA and a notice were recorded and two people agreed; who and why stays in the records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inspection {
    /// When it ends by itself. Afterwards the group is filtered by name, as everybody is.
    pub until: Timestamp,
    /// Names that are never opened, with everything below: banks, health, progress apps.
    pub exempt: BTreeSet<String>,
    /// Kinds of files that are not let through.
    #[serde(default)]
    pub downloads: BTreeSet<Download>,
    /// Whether pages' words are weighed.
    #[serde(default)]
    pub words: bool,
}

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Download {
    /// Programs, installers, scripts that run when opened.
    Programs,
    /// Archives, which may hold anything.
    Archives,
    /// Office files that may hold macros.
    Macros,
    /// Images of disks.
    Disks,
}

/// A network, and the group of whoever asks from it and is not known otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    /// Address and length, e.g. `192.168.20.0/24`.
    pub cidr: String,
    /// Group id.
    pub group: String,
    /// When it ends by itself (a guest's voucher); `None` stands until changed.
    #[serde(default)]
    pub until: Option<Timestamp>,
}

impl Network {
    /// Fewer bits would take in half a country: nobody's own network.
    const LEAST_V4: u8 = 8;
    const LEAST_V6: u8 = 32;

    /// A network as somebody writes it (`192.168.20.7/24`), in its one spelling. Nothing for what is none, or too wide.
    pub fn spelt(text: &str) -> Option<String> {
        let (address, bits) = text.trim().split_once('/')?;
        let (address, bits) = (address.parse::<IpAddr>().ok()?, bits.parse::<u8>().ok()?);
        let start: IpAddr = match address {
            IpAddr::V4(v4) => {
                let mask = u32::MAX.checked_shl(32_u32.checked_sub(bits.into())?).unwrap_or(0);
                (bits >= Self::LEAST_V4).then(|| (v4 & std::net::Ipv4Addr::from_bits(mask)).into())?
            }
            IpAddr::V6(v6) => {
                let mask = u128::MAX.checked_shl(128_u32.checked_sub(bits.into())?).unwrap_or(0);
                (bits >= Self::LEAST_V6).then(|| (v6 & std::net::Ipv6Addr::from_bits(mask)).into())?
            }
        };
        Some(format!("{start}/{bits}"))
    }
}

/// For whom a group is; it decides the block page's face, and what happens without data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Children: strict, a picture page, fails closed.
    Children,
    /// Staff and office.
    Adults,
    /// Guests and personal devices: blocks counted, never attributed (S24).
    Guests,
    /// Calls, alarms, medical apps: sealed and malware only (S30).
    Essential,
}

/// Devices or people under one filter policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// As people call it, e.g. "Children's tablets".
    pub name: String,
    /// For whom.
    pub audience: Audience,
    /// Blocked categories → why, in the policy's words. Keys are ids of `content/categories.toml`.
    pub blocked: BTreeMap<String, Reason>,
    /// Names that this group reaches although a category blocks them. Never beats a sealed entry.
    pub allow: Vec<NameRule>,
    /// Names that this group does not reach although no category blocks them. Beats `allow` (tightening wins).
    pub block: Vec<NameRule>,
    /// How search engines are held to their safe search.
    #[serde(default)]
    pub safe_search: SafeSearch,
    /// What differs at certain hours.
    #[serde(default)]
    pub hours: Vec<Schedule>,
    /// Reaches what `allow` names and nothing else, and only while a named adult has a session open (CLS-07).
    #[serde(default)]
    pub supervised: bool,
    /// Parts of sites that are reached although the site is not (S34). They open where the whole address is seen: in plain
    /// requests, and where pages are inspected. A gateway that cannot read them keeps the whole site closed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<PartRule>,
    /// Kinds of files that are not let through wherever the proxy sees them: in plain requests, and where pages are inspected.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub downloads: BTreeSet<Download>,
    /// Somebody opened it in an emergency, until then (S30). It counts for adults' devices alone; a gateway that cannot read it
    /// goes on filtering.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_until: Option<Timestamp>,
}

impl Group {
    /// Open in an emergency at this time? Never children's, guests', or a group that needs a session, whatever is written.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.audience == Audience::Adults && !self.supervised && self.open_until.is_some_and(|until| now < until)
    }
}

/// How search engines are held to their own safe search. Children always have it, whatever stands here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SafeSearch {
    /// Strict for children, off for everybody else.
    #[default]
    ByAudience,
    /// Off. For children this reads as strict: safe search is locked for them.
    Off,
    /// On; video sites in their moderate mode.
    Moderate,
    /// On; video sites in their strict mode.
    Strict,
}

/// Why a category is blocked. Its words are shared: each blocked answer takes them along.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// The category's name in the policy's words, e.g. "Pornography".
    pub title: Arc<str>,
    /// One sentence for the adult block page.
    pub why: Arc<str>,
    /// Obligation ids, e.g. `FIL-02`.
    pub because: Arc<[String]>,
    /// No allow rule and no hour opens a name of this category: the policy promises it to children.
    #[serde(default)]
    pub locked: bool,
}

/// One name with everything below it, as a person decided it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameRule {
    /// Canonical host name: lower case, punycode, no trailing dot.
    pub name: String,
    /// Stable id of the decision that made it, shown as "rule" in verdicts.
    pub rule: String,
    /// Why, for the block page and the history.
    pub reason: String,
    /// When it ends by itself; `None` stands until changed.
    pub until: Option<Timestamp>,
}

/// One part of one host, as a person decided it: what stands at its path, and below it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartRule {
    /// `host/path`, canonical. The host is meant alone, not what is below it.
    pub part: String,
    /// Stable id of the decision that made it.
    pub rule: String,
    /// Why.
    pub reason: String,
    /// When it ends by itself; `None` stands until changed.
    pub until: Option<Timestamp>,
}

/// A device's identity on the network (S33: proxy credential or DoH path first, then address).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Register id.
    pub id: Uuid,
    /// As people call it, e.g. "Limpets tablet 1".
    pub name: String,
    /// Group id.
    pub group: String,
    /// Where it lives, for the help button, e.g. "Limpets room".
    pub room: Option<String>,
    /// Proxy user name, if it has one. Never an account's name or password.
    pub proxy_user: Option<String>,
    /// SHA-256 of the proxy password, hex. The password is random (128 bits), so a plain digest is enough.
    pub proxy_password_sha256: Option<String>,
    /// Path segment of its DoH address, if it has one.
    pub doh_path: Option<String>,
    /// Reserved addresses. An address alone never names a person.
    pub source_addresses: Vec<IpAddr>,
    /// Hardware address as `aa:bb:cc:dd:ee:ff`, where the register has it.
    #[serde(default)]
    pub mac: Option<String>,
    /// Whether our block-page certificate was proved to be on it (S28).
    pub shows_block_page: bool,
    /// The person it is assigned to, when activity may be attributed.
    pub person: Option<Uuid>,
}

/// A device that is cut off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Register id of the device.
    pub device: Uuid,
    /// When it ends by itself (four hours for a staff hold, S25); `None` until released.
    pub until: Option<Timestamp>,
}

/// A supervised session: a named adult sits with the children (CLS-07). Who it is stays in the records; the gateway needs
/// to know only where and until when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Id of its record.
    pub id: Uuid,
    /// Group id that it opens.
    pub group: String,
    /// The room that it is in; devices of another room stay closed. `None`: wherever the group is.
    pub room: Option<String>,
    /// When it ends by itself.
    pub until: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_one_spelling() {
        for (text, spelt) in [
            ("192.168.20.7/24", "192.168.20.0/24"),
            (" 10.0.0.0/8 ", "10.0.0.0/8"),
            ("192.168.1.1/32", "192.168.1.1/32"),
            ("2001:DB8:0:7::9/64", "2001:db8:0:7::/64"),
        ] {
            assert_eq!(Network::spelt(text).as_deref(), Some(spelt), "{text}");
        }
        for none in
            ["", "192.168.1.1", "192.168.1.0/33", "0.0.0.0/0", "10.0.0.0/7", "::/0", "2001::/31", "example.org/24"]
        {
            assert_eq!(Network::spelt(none), None, "{none}");
        }
    }
}
