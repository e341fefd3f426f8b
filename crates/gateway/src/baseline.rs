//! What holds when no snapshot can be read: help, time and captive-portal checks for everybody, nothing else (S30).
//!
//! The names are those of `content/never-log.toml` and `content/baseline.toml`; control puts the same ones into every snapshot with [`extend`], so that a
//! policy can never leave them out.

use std::collections::{BTreeMap, BTreeSet};

use filter::policy::FORMAT;
use filter::{Audience, Group, PolicySnapshot};
use jiff::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

const NEVER_LOG: &str = include_str!("../../../content/never-log.toml");
const ALWAYS: &str = include_str!("../../../content/baseline.toml");

/// The group that everybody is in while there is no policy.
const GROUP: &str = "baseline";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NeverLogFile {
    never_log: Vec<domain::content::NeverLog>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AlwaysFile {
    always: BTreeSet<String>,
    may_lead_inside: BTreeSet<String>,
}

/// Adds the names that every device reaches, whatever the policy says.
pub fn extend(snapshot: &mut PolicySnapshot) {
    // A test reads both files; a program with a damaged one is never built.
    if let Ok(file) = toml::from_str::<NeverLogFile>(NEVER_LOG) {
        snapshot.never_log.extend(file.never_log.into_iter().map(|entry| entry.name));
    }
    if let Ok(file) = toml::from_str::<AlwaysFile>(ALWAYS) {
        snapshot.always.extend(file.always);
    }
}

/// Names, with all below them, whose addresses may lie inside the building.
pub(crate) fn may_lead_inside() -> BTreeSet<String> {
    toml::from_str::<AlwaysFile>(ALWAYS).map(|file| file.may_lead_inside).unwrap_or_default()
}

/// The policy of a gateway that has none. Without lists its one group is closed but for the names of [`extend`].
pub(crate) fn snapshot(now: Timestamp) -> PolicySnapshot {
    let group = Group {
        name: "Everybody".into(),
        audience: Audience::Children,
        blocked: BTreeMap::new(),
        allow: Vec::new(),
        block: Vec::new(),
        safe_search: filter::SafeSearch::ByAudience,
        hours: Vec::new(),
        supervised: false,
        parts: Vec::new(),
        downloads: Default::default(),
        open_until: None,
    };
    let mut snapshot = PolicySnapshot {
        format: FORMAT,
        version: 0,
        setting: Uuid::nil(),
        setting_name: "Holdfast".into(),
        contact: "the office".into(),
        web_base: String::new(),
        made_at: now,
        groups: BTreeMap::from([(GROUP.into(), group)]),
        strictest: GROUP.into(),
        devices: Vec::new(),
        holds: Vec::new(),
        never_log: BTreeSet::new(),
        always: BTreeSet::new(),
        networks: Vec::new(),
        calendar: filter::Calendar::default(),
        sessions: Vec::new(),
        case_addresses: filter::CaseAddresses::default(),
        inspection: Default::default(),
    };
    extend(&mut snapshot);
    snapshot
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_can_be_read_and_are_canonical() {
        let help: NeverLogFile = toml::from_str(NEVER_LOG).unwrap();
        let always: AlwaysFile = toml::from_str(ALWAYS).unwrap();
        let named =
            help.never_log.into_iter().map(|entry| entry.name).chain(always.always).chain(always.may_lead_inside);
        for name in named {
            assert_eq!(filter::HostName::parse(&name).unwrap().as_str(), name);
        }
        let baseline = snapshot(Timestamp::UNIX_EPOCH);
        for help in ["childline.org.uk", "ofsted.gov.uk", "police.uk", "protect-advice.org.uk", "acas.org.uk"] {
            assert!(baseline.never_log.contains(help), "{help}");
        }
        assert!(baseline.always.contains("pool.ntp.org"));
    }
}
