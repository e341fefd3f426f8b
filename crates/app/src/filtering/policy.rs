//! The filter policy of a setting, as people decide it, and the snapshot that a gateway is given.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use filter::policy::FORMAT;
use filter::{Audience, NameRule, PolicySnapshot, Reason};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::change::LOCKED_FOR_CHILDREN;
use super::hours::{Hours, Opening};

/// Groups with their categories and rules. Kept for ever in numbered versions (FDM-04).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Groups by key.
    pub groups: BTreeMap<String, Group>,
    /// The group for everybody who is not known (S33).
    pub strictest: String,
    /// Sources of lists, by key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sources: BTreeMap<String, crate::sources::Source>,
    /// Networks whose devices nobody knows one by one, each with its group (S33).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub networks: BTreeMap<String, String>,
    /// Licensed feeds that may shrink this once, by their id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub feeds: BTreeMap<String, AcceptedFeed>,
    /// Groups that are inspected, by key (S29).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inspection: BTreeMap<String, Inspected>,
}

/// A licensed feed that lost more entries than it may by itself, and that two people accepted all the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcceptedFeed {
    /// As many entries as it had then, or more.
    pub entries: u64,
    /// Until when it may be taken so.
    pub until: Timestamp,
}

/// Inspection of one group, with what has to be there before it may begin (S29).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inspected {
    /// The data protection impact assessment: where it is, of when, and its outcome.
    pub dpia: String,
    /// How those who use the devices were told, and when.
    pub notice: String,
    /// When it ends by itself.
    pub until: Timestamp,
    /// Kinds of files that are not let through.
    #[serde(default)]
    pub downloads: BTreeSet<filter::Download>,
    /// Whether pages' words are weighed.
    #[serde(default)]
    pub words: bool,
    /// Sites that are never opened, beside those that nobody's are.
    #[serde(default)]
    pub exempt: BTreeSet<String>,
}

impl Inspected {
    fn for_gateway(&self) -> filter::Inspection {
        filter::Inspection {
            until: self.until,
            exempt: filter::exempt::names().map(str::to_owned).chain(self.exempt.iter().cloned()).collect(),
            downloads: self.downloads.clone(),
            words: self.words,
        }
    }
}

/// One group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// As people call it.
    pub name: String,
    /// For whom.
    pub audience: Audience,
    /// Blocked categories, each with the reason (FDM-01).
    pub blocked: BTreeMap<String, Why>,
    /// Names allowed although a category blocks them; with a slash, parts of sites (S34).
    #[serde(default)]
    pub allow: BTreeMap<String, Decision>,
    /// Names blocked although no category does (FIL-03).
    #[serde(default)]
    pub block: BTreeMap<String, Decision>,
    /// How search is held to safe search; absent: as the audience has it. For children it is always strict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<filter::SafeSearch>,
    /// What differs at certain times, by id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub hours: BTreeMap<String, Hours>,
    /// Reaches what is approved and nothing else, and only while an adult has a session open (CLS-07).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub supervised: bool,
    /// Kinds of files that are not let through where the proxy sees them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub downloads: BTreeSet<filter::Download>,
}

/// Why a category is blocked for a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Why {
    /// In the policy's words.
    pub title: String,
    /// One sentence.
    pub why: String,
    /// Obligations.
    #[serde(default)]
    pub because: Vec<String>,
}

/// What a person decided about a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// The proposal that made it.
    pub rule: String,
    /// Why.
    pub reason: String,
    /// When it ends by itself.
    #[serde(default)]
    pub until: Option<Timestamp>,
    /// Material that was looked at before children use it; absent: only allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved: Option<Approved>,
}

/// Material that somebody looked at before children use it (CLS-04).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approved {
    /// What it is, for the adults who choose it.
    pub title: String,
    /// What the children do with it.
    pub purpose: String,
    /// What somebody found who looked at all of it: adverts, links, chat, age.
    pub evaluation: String,
    /// The site itself; a helper host names the one that it helps.
    pub site: String,
    /// One film for a page of ours, where the group's pages are not inspected: the hosts that were accepted for it, each open
    /// by its name, and in a session alone (S34). Absent: the filter itself tells this material from the rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub film: Option<BTreeSet<String>>,
}

/// What a snapshot holds beyond the policy.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// The setting.
    pub setting: Uuid,
    /// Its name.
    pub setting_name: String,
    /// Who to ask: the lead's name.
    pub contact: String,
    /// Our own pages.
    pub web_base: String,
    /// Devices of the register.
    pub devices: Vec<filter::Device>,
    /// Holds in force.
    pub holds: Vec<filter::Hold>,
    /// Never recorded (S23).
    pub never_log: BTreeSet<String>,
    /// Always answered (S30).
    pub always: BTreeSet<String>,
    /// When the setting is open.
    pub opening: Opening,
    /// Its terms and bank holidays.
    pub calendar: filter::Calendar,
    /// Supervised sessions that are open.
    pub sessions: Vec<filter::Session>,
    /// Where guests' devices stand, each with its end.
    pub networks: Vec<filter::policy::Network>,
    /// Groups of adults that somebody opened in an emergency, each with its end (S30).
    pub open: BTreeMap<String, Timestamp>,
    /// Addresses that concerns speak of, hashed (S19).
    pub case_addresses: filter::CaseAddresses,
}

/// Names that a device needs to live, whatever its group: time, captive-portal checks.
pub const LIFELINES: [&str; 9] = [
    "time.apple.com",
    "time.android.com",
    "time.google.com",
    "time.windows.com",
    "pool.ntp.org",
    "captive.apple.com",
    "connectivitycheck.gstatic.com",
    "msftconnecttest.com",
    "detectportal.firefox.com",
];

impl Policy {
    /// What of it holds now: permissions that have ended are gone, as they are for the gateway.
    #[must_use]
    pub fn at(mut self, now: Timestamp) -> Self {
        for group in self.groups.values_mut() {
            group.allow.retain(|_, decision| decision.until.is_none_or(|until| until > now));
        }
        self
    }

    /// The snapshot for this policy at this version.
    pub fn snapshot(&self, version: u64, made_at: Timestamp, around: Surroundings) -> PolicySnapshot {
        PolicySnapshot {
            format: FORMAT,
            version,
            setting: around.setting,
            setting_name: around.setting_name,
            contact: around.contact,
            web_base: around.web_base,
            made_at,
            groups: self
                .groups
                .iter()
                .map(|(key, group)| {
                    let open_until = around.open.get(key).copied().filter(|_| *key != self.strictest);
                    (key.clone(), filter::Group { open_until, ..group.for_gateway(&around.opening) })
                })
                .collect(),
            strictest: self.strictest.clone(),
            devices: around
                .devices
                .into_iter()
                .map(|device| filter::Device { group: self.group_or_strictest(&device.group), ..device })
                .collect(),
            holds: around.holds,
            never_log: around.never_log,
            always: around.always,
            // One guest's voucher comes before the network that it is on: of equals the first counts.
            networks: around
                .networks
                .into_iter()
                .chain(self.networks.iter().map(|(cidr, group)| filter::Network {
                    cidr: cidr.clone(),
                    group: self.group_or_strictest(group),
                    until: None,
                }))
                .collect(),
            calendar: around.calendar,
            // A session of a group that went with the last change is over.
            sessions: around.sessions.into_iter().filter(|one| self.groups.contains_key(&one.group)).collect(),
            case_addresses: around.case_addresses,
            inspection: self.inspected().map(|(key, how)| (key.clone(), how.for_gateway())).collect(),
        }
    }

    /// Inspected groups that may be: never guests', nor what must always work, whatever was written (S24, S30).
    pub fn inspected(&self) -> impl Iterator<Item = (&String, &Inspected)> {
        self.inspection.iter().filter(|(key, _)| self.groups.get(*key).is_some_and(may_be_inspected))
    }

    /// A group that the policy no longer holds counts as the strictest one.
    fn group_or_strictest(&self, key: &str) -> String {
        if self.groups.contains_key(key) { key.to_owned() } else { self.strictest.clone() }
    }
}

/// Whether a group's traffic may be opened at all.
pub(crate) fn may_be_inspected(group: &Group) -> bool {
    matches!(group.audience, Audience::Children | Audience::Adults)
}

impl Group {
    fn for_gateway(&self, opening: &Opening) -> filter::Group {
        let locked = |id: &str| self.audience == Audience::Children && LOCKED_FOR_CHILDREN.contains(&id);
        let rule = |(name, decision): (&String, &Decision)| NameRule {
            name: name.clone(),
            rule: decision.rule.clone(),
            reason: decision.reason.clone(),
            until: decision.until,
        };
        // A part of a site has a slash in its name, which no host has.
        let rules = |decisions: &BTreeMap<String, Decision>| -> Vec<NameRule> {
            decisions.iter().filter(|(name, _)| !name.contains('/')).map(rule).collect()
        };
        let blocked =
            self.blocked.iter().map(|(category, why)| (category.clone(), why.for_gateway(locked(category)))).collect();
        filter::Group {
            name: self.name.clone(),
            audience: self.audience,
            blocked,
            allow: rules(&self.allow).into_iter().chain(self.film_hosts().map(rule)).collect(),
            block: rules(&self.block),
            safe_search: self.search(),
            hours: self.hours.iter().filter_map(|(id, hours)| hours.for_gateway(id, opening)).collect(),
            supervised: self.supervised,
            parts: self
                .allow
                .iter()
                .filter(|(name, decision)| name.contains('/') && decision.film().is_none())
                .map(|(part, decision)| filter::PartRule {
                    part: part.clone(),
                    rule: decision.rule.clone(),
                    reason: decision.reason.clone(),
                    until: decision.until,
                })
                .collect(),
            downloads: self.downloads.clone(),
            open_until: None,
        }
    }

    /// How search is held to safe search here. Children's is strict, whatever was typed (DfE F11).
    pub fn search(&self) -> filter::SafeSearch {
        match self.audience {
            Audience::Children => filter::SafeSearch::Strict,
            _ => self.search.unwrap_or(safe_search(self.audience)),
        }
    }

    /// Material that is approved, with its helper hosts: site → (what it is, helpers).
    pub fn material(&self) -> BTreeMap<&str, (&Approved, Vec<&str>)> {
        let mut all: BTreeMap<&str, (&Approved, Vec<&str>)> = BTreeMap::new();
        for (name, decision) in &self.allow {
            let Some(approved) = &decision.approved else { continue };
            let entry = all.entry(&approved.site).or_insert((approved, Vec::new()));
            if *name != approved.site {
                entry.1.push(name);
            }
            entry.1.extend(approved.film.iter().flatten().map(String::as_str));
        }
        all
    }

    /// Hosts that are open by their name for films on a page of ours, each with the decision on its film. None where devices
    /// reach something without a session: there they would be open all day.
    pub(crate) fn film_hosts(&self) -> impl Iterator<Item = (&String, &Decision)> {
        let films = self.allow.values().filter(|_| self.supervised);
        films.flat_map(|decision| decision.film().into_iter().flatten().map(move |host| (host, decision)))
    }
}

impl Decision {
    /// Hosts that were accepted for a film that plays on a page of ours.
    pub(crate) fn film(&self) -> Option<&BTreeSet<String>> {
        self.approved.as_ref()?.film.as_ref()
    }
}

impl Why {
    pub(crate) fn for_gateway(&self, locked: bool) -> Reason {
        Reason {
            title: self.title.as_str().into(),
            why: self.why.as_str().into(),
            because: self.because.as_slice().into(),
            locked,
        }
    }
}

/// Children's search is always safe and cannot be switched off (DfE F11); guests get the moderate mode.
fn safe_search(audience: Audience) -> filter::SafeSearch {
    match audience {
        Audience::Children => filter::SafeSearch::Strict,
        Audience::Guests => filter::SafeSearch::Moderate,
        Audience::Adults | Audience::Essential => filter::SafeSearch::Off,
    }
}

/// Reserved addresses of a device, from what the register holds as JSON.
pub fn addresses(json: &serde_json::Value) -> Vec<IpAddr> {
    json.as_array().into_iter().flatten().filter_map(|item| item.as_str()?.parse().ok()).collect()
}
