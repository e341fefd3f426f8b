//! Names that the self-test asks for: one per category, below a domain that can exist nowhere (RFC 6761).
//!
//! What it is: listed entries that every list file is taken to hold, so that a probe goes the whole way from group to
//! category to answer. What it is not: a test of the supply, or of a real site (S26).

use crate::hours::InForce;
use crate::{Cause, Group};

/// Everything below it is the self-test's.
pub const ZONE: &str = "filter-test.holdfast.invalid";

/// The probe name of a category: blocked exactly for the groups that block the category.
pub fn probe_name(category: &str) -> String {
    // Ids may hold what host names cannot.
    format!("probe-{}.{ZONE}", category.replace('_', "-"))
}

/// The probe name that no category holds.
pub fn open_name() -> String {
    format!("open.{ZONE}")
}

/// Why `host` is blocked for `group`, if it is the probe of a category that the group blocks.
pub(crate) fn category(group: &Group, now: &InForce<'_>, host: &str) -> Option<Cause> {
    if !host.ends_with(ZONE) {
        return None;
    }
    let blocked = now.blocked(group);
    let (category, reason) = blocked.into_iter().find(|(category, _)| probe_name(category) == host)?;
    Some(Cause::Category {
        category: category.to_owned(),
        title: reason.title.clone(),
        why: reason.why.clone(),
        matched: host.to_owned(),
        lists: vec!["self-test".to_owned()],
        because: reason.because.clone(),
    })
}
