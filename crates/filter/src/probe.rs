//! Names that the self-test asks for: one per category, below a domain that can exist nowhere (RFC 6761).
//!
//! What it is: listed entries that every list file is taken to hold, so that a probe goes the whole way from group to
//! category to answer. What it is not: a test of the supply, or of a real site (S26).

use std::sync::Arc;

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

/// The probe of the sealed tier: the tier holds it whatever is supplied, so that a probe shows that the tier is asked, and
/// first. What is supplied is another question, with another answer (S26).
pub fn sealed_name() -> String {
    format!("sealed.{ZONE}")
}

/// The probe that stands for a search engine: held to safe search exactly where engines are.
pub fn search_name() -> String {
    format!("search.{ZONE}")
}

/// Where [`search_name`] is led: an address for documentation (RFC 5737), at which nobody listens.
pub const SEARCH_ADDRESS: &str = "192.0.2.1";

/// Is it the name of [`sealed_name`]?
pub fn is_sealed(host: &crate::Host) -> bool {
    host.name().is_some_and(|name| name.as_str().strip_suffix(ZONE) == Some("sealed."))
}

pub(crate) fn is_search(host: &str) -> bool {
    host.strip_suffix(ZONE) == Some("search.")
}

/// Why `host` is blocked for `group`, if it is the probe of a category that the group blocks.
pub(crate) fn category(group: &Group, now: &InForce<'_>, host: &str) -> Option<Cause> {
    if !host.ends_with(ZONE) {
        return None;
    }
    let blocked = now.blocked(group);
    let (category, reason) = blocked.into_iter().find(|(category, _)| probe_name(category) == host)?;
    Some(Cause::Category {
        category: category.into(),
        title: reason.title.clone(),
        why: reason.why.clone(),
        matched: host.into(),
        lists: Arc::from(["self-test".to_owned()]),
        because: reason.because.clone(),
    })
}
