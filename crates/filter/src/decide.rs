//! Snapshot + request + now → verdict.

use jiff::Timestamp;
use uuid::Uuid;

use crate::{CanonicalUrl, Host, Lists, Prepared, Verdict};

/// One question: may this group (and this device, if it is known) reach this host or address?
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Group id; an unknown one falls to the strictest group.
    pub group: &'a str,
    /// The device, if [`Prepared::identify`] named one.
    pub device: Option<Uuid>,
    /// Whom it wants to reach.
    pub host: &'a Host,
    /// What it wants there, where the path shows it (plain HTTP, inspection). Its host is `host`.
    pub url: Option<&'a CanonicalUrl>,
}

/// Decides one request.
pub fn decide(
    _policy: &Prepared,
    _lists: &Lists,
    _request: &Request<'_>,
    _now: Timestamp,
) -> Verdict {
    todo!()
}
