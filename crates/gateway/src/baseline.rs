//! What holds when no snapshot can be read: help, time and captive-portal checks for everybody, nothing else (S30).
//!
//! The names are `content/baseline.toml`; control puts the same ones into every snapshot with [`extend`], so that a
//! policy can never leave them out.

use std::collections::{BTreeMap, BTreeSet};

use filter::policy::FORMAT;
use filter::{Audience, Group, PolicySnapshot};
use jiff::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

const NAMES: &str = include_str!("../../../content/baseline.toml");

/// The group that everybody is in while there is no policy.
const GROUP: &str = "baseline";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Names {
    never_log: BTreeSet<String>,
    always: BTreeSet<String>,
}

/// Adds the names that every device reaches, whatever the policy says.
pub fn extend(snapshot: &mut PolicySnapshot) {
    // A test reads the file; a program with a damaged one is never built.
    if let Ok(names) = toml::from_str::<Names>(NAMES) {
        snapshot.never_log.extend(names.never_log);
        snapshot.always.extend(names.always);
    }
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
        calendar: filter::Calendar::default(),
        sessions: Vec::new(),
    };
    extend(&mut snapshot);
    snapshot
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_can_be_read_and_are_canonical() {
        let names: Names = toml::from_str(NAMES).unwrap();
        for name in names.never_log.iter().chain(&names.always) {
            assert_eq!(filter::HostName::parse(name).unwrap().as_str(), name);
        }
        assert!(names.never_log.contains("childline.org.uk"));
    }
}
