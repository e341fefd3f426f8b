//! The self-test: for each group, through the real DNS sockets, encrypted ones too, and the real proxy.
//!
//! Probes prove the mechanism, never the supply, and never touch a real site (S26): they ask for reserved names below
//! `.invalid` (`filter::probe`), from a loopback address that the snapshot gives to one synthetic device per group.
//! What these devices ask for is decided like everything else and recorded nowhere.
//!
//! To add one more: a [`Check`] in [`checks`].

mod client;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use filter::{Audience, Device, PolicySnapshot, Prepared, Reason, SealedTier, probe as names};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::dns::secure::Line;
use crate::{Clock, Error, config};
use client::Answer;

/// Where DNS over HTTPS is asked (RFC 8484 leaves the path open; browsers expect this one).
const DOH_PATH: &str = "/dns-query";

/// Where the gateway under test listens.
#[derive(Debug, Clone)]
pub struct Endpoints {
    /// DNS.
    pub dns: SocketAddr,
    /// DNS over TLS, where it listens.
    pub dot: Option<SocketAddr>,
    /// DNS over HTTPS, where it listens.
    pub doh: Option<SocketAddr>,
    /// For whom the certificate of these two is; `None`: for their address.
    pub tls_name: Option<String>,
    /// The root (PEM) that devices were given. Those that browsers trust count beside it.
    pub root: Option<PathBuf>,
    /// The proxy.
    pub proxy: SocketAddr,
}

impl Endpoints {
    /// The same doors, as a device comes to the encrypted ones.
    fn line(&self, way: Way, from: IpAddr) -> Option<Line> {
        let (address, way) = match way {
            Way::DnsOverTls => (self.dot?, config::Way::Tls),
            Way::DnsOverHttps => (self.doh?, config::Way::Https { path: DOH_PATH.to_owned() }),
            Way::Dns | Way::Proxy | Way::BlockPage => return None,
        };
        let upstream = config::Upstream { address, way, name: self.tls_name.clone(), authority: self.root.clone() };
        Some(Line::as_a_device(&upstream, from))
    }
}

/// Which way a probe goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// A DNS question over UDP.
    Dns,
    /// One over TLS (RFC 7858).
    DnsOverTls,
    /// One over HTTPS (RFC 8484).
    DnsOverHttps,
    /// A CONNECT at the proxy.
    Proxy,
    /// The page that people read instead.
    BlockPage,
}

/// What one probe found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeResult {
    /// Group id.
    pub group: String,
    /// Which way it went.
    pub way: Way,
    /// What was tried, in plain words, e.g. "a name in the category Gambling".
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

/// The first eight bytes of a probe device's id; version 7 ids never begin so.
const MARK: [u8; 8] = *b"\xffprobe\xff\xff";

/// Gives `snapshot` one synthetic device per group (loopback addresses 127.83.x.x), replacing older ones. Control
/// calls it last when it makes a snapshot.
pub fn add_devices(snapshot: &mut PolicySnapshot) {
    snapshot.devices.retain(|device| !is_probe(device.id));
    let devices: Vec<_> = snapshot.groups.keys().enumerate().map(|(at, group)| device(group, at)).collect();
    snapshot.devices.extend(devices);
}

/// Whether it is one of them.
pub(crate) fn is_probe(device: Uuid) -> bool {
    device.as_bytes().starts_with(&MARK)
}

fn device(group: &str, at: usize) -> Device {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&MARK);
    for (place, byte) in id.iter_mut().skip(8).zip(Sha256::digest(group)) {
        *place = byte;
    }
    let [high, low] = u16::try_from(at + 1).unwrap_or(u16::MAX).to_be_bytes();
    Device {
        id: Uuid::from_bytes(id),
        name: "Self-test".into(),
        group: group.into(),
        room: None,
        proxy_user: None,
        proxy_password_sha256: None,
        doh_path: None,
        source_addresses: vec![IpAddr::V4(Ipv4Addr::new(127, 83, high, low))],
        mac: None,
        shows_block_page: false,
        person: None,
    }
}

/// Runs every probe for every group of `snapshot`, one after the other.
///
/// # Errors
/// [`Error::Probe`] when the snapshot has no probe devices, or the gateway cannot be reached at all; a wrong answer is
/// a [`ProbeResult`] that did not pass.
pub async fn run(at: &Endpoints, snapshot: &PolicySnapshot, clock: &Clock) -> Result<Vec<ProbeResult>, Error> {
    let mut results = Vec::new();
    // Only for the hour and the open sessions: what is sealed has no probe.
    let policy = Prepared::new(snapshot.clone(), Arc::new(SealedTier::not_supplied()))
        .map_err(|error| Error::Probe { what: "the policy", why: error.to_string() })?;
    let encrypted = [(Way::DnsOverTls, at.dot), (Way::DnsOverHttps, at.doh)];
    let encrypted: Vec<Way> = encrypted.into_iter().filter_map(|(way, there)| there.map(|_| way)).collect();
    for (id, group) in &snapshot.groups {
        let device = snapshot.devices.iter().find(|device| is_probe(device.id) && device.group == *id);
        let source = device.and_then(|device| device.source_addresses.first()).ok_or_else(|| Error::Probe {
            what: "the policy",
            why: format!("the group “{id}” has no self-test device; publish the policy again"),
        })?;
        let stands = Stands::at(&policy, id, group, device.map(|device| device.id), clock.now());
        let lines: BTreeMap<Way, Line> =
            encrypted.iter().filter_map(|way| Some((*way, at.line(*way, *source)?))).collect();
        for check in checks(snapshot, group, &stands, &encrypted) {
            let got = match (check.way, lines.get(&check.way)) {
                (_, Some(line)) => client::encrypted(line, &check.name).await,
                (Way::BlockPage, None) => client::page(at.proxy, *source, &check.name).await?,
                (Way::Proxy, None) => client::proxy(at.proxy, *source, &check.name, check.port).await?,
                (Way::Dns | Way::DnsOverTls | Way::DnsOverHttps, None) => {
                    client::dns(at.dns, *source, &check.name).await?
                }
            };
            let passed = check.expected.agrees_with(&got);
            results.push(ProbeResult {
                group: id.clone(),
                way: check.way,
                what: check.what,
                passed,
                expected: check.expected.to_string(),
                // Of a page, only what is missing is worth words.
                got: if passed && matches!(got, Answer::Page(_)) { "that page".to_owned() } else { got.to_string() },
                at: clock.now(),
            });
        }
    }
    Ok(results)
}

struct Check {
    way: Way,
    what: String,
    name: String,
    port: u16,
    expected: Expected,
}

#[derive(Debug, PartialEq, Eq)]
enum Expected {
    /// Blocked, and the DNS answer names this category.
    BlockedAs(String),
    /// Blocked for whatever reason.
    Blocked,
    /// Let through: the name exists nowhere, so "there is no such site".
    LetThrough,
    /// Led to the address that stands for an engine's safe search.
    Led,
    /// Our own page answers.
    Reached,
    /// The page that people read instead, with all of this in it.
    Page(Vec<String>),
}

impl Expected {
    fn agrees_with(&self, got: &Answer) -> bool {
        match (self, got) {
            // The proxy's refusal is a page for people; its status is all that a probe reads.
            (Self::BlockedAs(title), Answer::Blocked(why)) => {
                why.as_ref().is_none_or(|why| why.contains(title.as_str()))
            }
            (Self::Blocked, Answer::Blocked(_)) => true,
            (Self::Page(words), Answer::Page(html)) => words.iter().all(|word| html.contains(word.as_str())),
            (Self::LetThrough, Answer::NoSuchName) | (Self::Reached, Answer::Reached) | (Self::Led, Answer::Led) => {
                true
            }
            _ => false,
        }
    }
}

impl std::fmt::Display for Expected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::BlockedAs(title) => write!(f, "blocked as {title}"),
            Self::Blocked => f.write_str("blocked"),
            Self::LetThrough => f.write_str("let through"),
            Self::Led => f.write_str("held to safe search"),
            Self::Reached => f.write_str("reached"),
            Self::Page(_) => f.write_str("the page with what belongs on it"),
        }
    }
}

/// How a group stands at this moment, by its hours and sessions.
struct Stands<'g> {
    /// Nothing is open but help and lifelines.
    shut: bool,
    /// Nothing is open but what is approved.
    approved_only: bool,
    blocked: BTreeMap<&'g str, &'g Reason>,
}

impl<'g> Stands<'g> {
    fn at(policy: &Prepared, id: &str, group: &'g filter::Group, device: Option<Uuid>, now: Timestamp) -> Self {
        let hours = policy.hours(group, now);
        let no_session = group.supervised && !policy.has_session(id, device, now);
        Self {
            shut: hours.closed.is_some() || no_session,
            approved_only: group.supervised,
            blocked: hours.blocked(group),
        }
    }

    fn of_category(&self, reason: &Reason) -> Expected {
        if self.shut || self.approved_only { Expected::Blocked } else { Expected::BlockedAs(reason.title.to_string()) }
    }
}

/// What is tried for one group.
fn checks(snapshot: &PolicySnapshot, group: &filter::Group, stands: &Stands<'_>, encrypted: &[Way]) -> Vec<Check> {
    let both = [Way::Dns, Way::Proxy];
    let every: Vec<Way> = both.into_iter().chain(encrypted.iter().copied()).collect();
    let mut checks = Vec::new();
    for (category, reason) in &stands.blocked {
        checks.extend(both.map(|way| Check {
            way,
            what: format!("a name in the category {}", reason.title),
            name: names::probe_name(category),
            port: 443,
            expected: stands.of_category(reason),
        }));
    }
    // One category shows that an encrypted question is known by its device and answered from the same lists.
    if let Some((category, reason)) = stands.blocked.iter().next() {
        checks.extend(encrypted.iter().map(|way| Check {
            way: *way,
            what: format!("a name in the category {}", reason.title),
            name: names::probe_name(category),
            port: 443,
            expected: stands.of_category(reason),
        }));
    }
    checks.extend(both.map(|way| Check {
        way,
        what: "a way round the filter".into(),
        // A browser's question whether it may use encrypted DNS of its own: no site stands behind either name.
        name: if way == Way::Dns { "use-application-dns.net" } else { "resolver.arpa" }.into(),
        port: 443,
        expected: Expected::Blocked,
    }));
    checks.extend(every.iter().map(|way| {
        Check {
            way: *way,
            what: match (stands.shut, stands.approved_only) {
                (_, true) => "a name that nobody approved",
                (true, false) => "a name in no category, while this group is closed",
                (false, false) => "a name in no category",
            }
            .into(),
            name: names::open_name(),
            port: 443,
            expected: if stands.shut || stands.approved_only { Expected::Blocked } else { Expected::LetThrough },
        }
    }));
    checks.extend(every.iter().map(|way| Check {
        way: *way,
        what: "a name of the sealed tier: that it is shut, not what is supplied".into(),
        name: names::sealed_name(),
        port: 443,
        expected: Expected::Blocked,
    }));
    checks.extend(search(group, stands));
    checks.extend(approved(group, stands));
    checks.extend(part(group));
    checks.extend(page(snapshot, group, stands));
    if let Some((host, port)) = crate::dns::own_page(&snapshot.web_base) {
        checks.push(Check {
            way: Way::Proxy,
            what: "our own pages".into(),
            name: host.into(),
            port,
            expected: Expected::Reached,
        });
    }
    checks
}

/// Search engines, where this group's are held to safe search; where nothing is open there is no search either.
fn search(group: &filter::Group, stands: &Stands<'_>) -> Option<Check> {
    filter::safesearch::level(group.audience, group.safe_search)?;
    let closed = stands.shut || stands.approved_only;
    Some(Check {
        way: Way::Dns,
        what: "a search engine".into(),
        name: names::search_name(),
        port: 443,
        expected: if closed { Expected::Blocked } else { Expected::Led },
    })
}

/// Approved material while no session is open. Asked by DNS alone, and only when the answer must be no: no real site is
/// asked by a test that passes (S26).
fn approved(group: &filter::Group, stands: &Stands<'_>) -> Option<Check> {
    let name = group.allow.first().filter(|_| stands.approved_only && stands.shut)?.name.clone();
    Some(Check {
        way: Way::Dns,
        what: "approved material, while no session is open".into(),
        name,
        port: 443,
        expected: Expected::Blocked,
    })
}

/// A site of which only a part is approved, by its name alone: a device that comes past the proxy gets no address. Supervised
/// groups alone: elsewhere the rest of the site may be open. What is asked is refused before anybody else is asked (S26).
fn part(group: &filter::Group) -> Option<Check> {
    let part = group.parts.first().filter(|_| group.supervised)?;
    Some(Check {
        way: Way::Dns,
        what: "a site of which only a part is approved".into(),
        name: filter::Part::parse(&part.part).ok()?.host().to_string(),
        port: 443,
        expected: Expected::Blocked,
    })
}

/// What somebody of the group reads instead of a blocked page. `app` knows these two by their names.
fn page(snapshot: &PolicySnapshot, group: &filter::Group, stands: &Stands<'_>) -> Option<Check> {
    let (category, reason) = stands.blocked.iter().next()?;
    let (what, words) = match group.audience {
        Audience::Children => {
            let help = format!("action=\"http://{}{}\"", crate::blockpage::HELP_HOST, crate::blockpage::HELP_PATH);
            (
                "the page that a child sees",
                vec!["<svg".to_owned(), "Tell a grown-up".to_owned(), help, "<button".to_owned()],
            )
        }
        Audience::Adults => {
            // That it has limits stands on every page that it shows to an adult (RSK-04).
            let mut words = vec![snapshot.contact.clone(), "No filter is perfect".to_owned()];
            if !stands.shut {
                words.extend([reason.title.to_string(), reason.why.to_string()]);
            }
            if !snapshot.web_base.is_empty() {
                words.push("Ask for it".to_owned());
            }
            ("the page that an adult sees", words)
        }
        Audience::Guests | Audience::Essential => return None,
    };
    Some(Check {
        way: Way::BlockPage,
        what: what.to_owned(),
        name: names::probe_name(category),
        port: 80,
        expected: Expected::Page(words),
    })
}
