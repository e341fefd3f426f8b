//! "Is this device protected?", asked from the device itself.
//!
//! The page lives at a name that exists nowhere else ([`CHECK_HOST`]): only a device whose DNS or proxy is this gateway can
//! reach it, so that reaching it is the proof of its path. Who asks is found as for every request (S33); the rest is the
//! policy's own answer for this device at this moment, and what the page's script tried from the device: resolvers elsewhere, by
//! name and by bare address, which a firewall has to close ([`ELSEWHERE`]). The result is an event; control writes it against the device.
//! What it is not: a test of mobile data, or of a second network that the device may join.

use askama::Template;
use filter::{Host, Outcome};
use jiff::Timestamp;

use super::{CSS, Page, page_with, root};
use crate::activity::{Kind, Route};
use crate::policy::{Client, Gate, Policy};

/// Where a device checks itself. It can exist nowhere (RFC 6761).
pub const CHECK_HOST: &str = "check.holdfast.invalid";

/// A search engine that every device can be held to by its name.
const SEARCH: &str = "www.google.com";
/// A browser's question whether it may use encrypted DNS of its own.
const BYPASS: &str = "use-application-dns.net";

/// Where the page's script says that one of them answered.
pub(crate) const OPEN: &str = "/tried/open";
const SCRIPT: &str = include_str!("../../templates/check.js");

/// Resolvers that answer browsers in JSON, from any page: their makers' own documentation of DNS over HTTPS in JSON (Cloudflare,
/// Google; read November 2026). The question is about a name kept for examples (RFC 2606).
const ELSEWHERE: [&str; 4] = [
    "https://1.1.1.1/dns-query?name=example.com&type=A&ct=application/dns-json",
    "https://8.8.8.8/resolve?name=example.com&type=A",
    "https://cloudflare-dns.com/dns-query?name=example.com&type=A&ct=application/dns-json",
    "https://dns.google/resolve?name=example.com&type=A",
];

#[derive(Template)]
#[template(path = "check.html")]
struct Check<'a> {
    css: &'a str,
    js: &'a str,
    /// JSON, for the script.
    tries: &'a str,
    passed: bool,
    say: &'a str,
    device: &'a str,
    group: &'a str,
    way: &'a str,
    dns: &'a str,
    proxy: &'a str,
    blocked: &'a str,
    search: &'a str,
    bypass: &'a str,
    setting: &'a str,
    contact: &'a str,
    /// Where our certificate is proved, if it can be: `https://…`.
    proof: Option<&'a str>,
    root_page: &'a str,
}

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Found {
    known: bool,
    blocks: bool,
    /// `None`: this group's search is its device's own affair.
    search: Option<bool>,
    bypass: bool,
    /// It asked our DNS, and used our proxy, in the last hour: seen, not supposed.
    ways: (bool, bool),
}

impl Found {
    fn passed(self) -> bool {
        self.known && self.blocks && self.bypass && self.search != Some(false)
    }
}

/// The page, with what it found, for the record.
pub(crate) fn checked(
    gate: &Gate,
    policy: &Policy,
    client: &Client,
    (route, answered): (Route, bool),
    proof: Option<&str>,
) -> (Page, Kind) {
    let now = gate.clock.now();
    if client.subject.device.is_some() {
        gate.presence.asked(client, route, now);
    }
    let ways = client.subject.device.map_or((false, false), |device| gate.presence.lately(device, now));
    let mut found = look(policy, client, ways, now);
    found.bypass &= !answered;
    let snapshot = policy.snapshot();
    let device = client.subject.device.and_then(|id| policy.device(id));
    let group = snapshot.groups.get(&*client.subject.group);
    // By a voucher or a network of the policy: nobody's in particular, and nothing is written down (S24).
    let guest = device.is_none() && client.audience == filter::Audience::Guests;
    let say = match (found.passed(), found.known) {
        (true, _) if guest => "It is a guest here, with the rules for guests. Nothing of this check is written down.",
        (true, _) => "It comes through the filter, and the filter knows it. This check has been written down.",
        (false, false) => {
            "The filter does not know this device, so it gets the strictest rules. Ask the office to put it in the register."
        }
        (false, true) => "Something below is not as it should be. Tell the office.",
    };
    let tries = serde_json::to_string(&ELSEWHERE).unwrap_or_else(|_| "[]".into());
    let view = Check {
        css: CSS,
        js: SCRIPT,
        tries: &tries,
        passed: found.passed(),
        say,
        device: device.map_or(if guest { "A guest\u{2019}s" } else { "Not known" }, |device| &device.name),
        group: group.map_or("The strictest", |group| &group.name),
        way: match route {
            Route::Proxy => "Through the proxy",
            Route::Dns | Route::BlockPage => "Through our DNS",
        },
        dns: if found.ways.0 { "Yes, in the last hour" } else { "Not in the last hour" },
        proxy: if found.ways.1 { "Yes, in the last hour" } else { "Not in the last hour" },
        blocked: if found.blocks { "Blocked" } else { "Not blocked" },
        search: match found.search {
            Some(true) => "Held to safe search",
            Some(false) => "Not held",
            None => "As this device sets it: so decided for its group",
        },
        bypass: if found.bypass { "Closed, those that we can test" } else { "Open" },
        setting: &snapshot.setting_name,
        contact: &snapshot.contact,
        proof,
        root_page: root::PAGE,
    };
    let kind = Kind::Checked {
        route,
        passed: found.passed(),
        safe_search: found.search,
        bypass_closed: found.bypass,
        blocks: found.blocks,
        dns: found.ways.0,
        proxy: found.ways.1,
    };
    let connect = ELSEWHERE.iter().filter_map(|url| url.split('/').nth(2)).map(|host| format!(" https://{host}"));
    let mut page = page_with(200, &view, "'none'", SCRIPT, &format!("'self'{}", connect.collect::<String>()));
    if let Some(proof) = proof {
        // One picture from ourselves over HTTPS, which comes only where our certificate is trusted.
        page.csp.push_str(&format!("; object-src {proof}; frame-src {proof}"));
    }
    (page, kind)
}

fn look(policy: &Policy, client: &Client, ways: (bool, bool), now: Timestamp) -> Found {
    let blocked = |name: &str| {
        Host::parse(name).is_ok_and(|host| policy.verdict(client, &host, None, now).outcome == Outcome::Block)
    };
    let snapshot = policy.snapshot();
    let group = snapshot.groups.get(&*client.subject.group);
    let categories = group.map(|group| policy.hours(group, now).blocked(group)).unwrap_or_default();
    let probes = categories.keys().all(|id| blocked(&filter::probe::probe_name(id)));
    let level = group.and_then(|group| filter::safesearch::level(group.audience, group.safe_search));
    let search = level.map(|_| {
        let Ok(host) = Host::parse(SEARCH) else { return false };
        let verdict = policy.verdict(client, &host, None, now);
        // Closed, or with nothing but approved material, there is no search at all.
        verdict.outcome != Outcome::Allow
    });
    Found {
        known: client.subject.device.is_some() || client.audience == filter::Audience::Guests,
        blocks: !categories.is_empty() && probes,
        search,
        bypass: blocked(BYPASS),
        ways,
    }
}
