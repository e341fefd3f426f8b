//! Who asks: what a connection shows → device and group (S33).

use std::net::IpAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Prepared;

/// What a connection shows of who it is. Leave out what the transport does not have.
#[derive(Debug, Clone, Copy, Default)]
pub struct Evidence<'a> {
    /// Proxy user name and password, both as sent.
    pub proxy: Option<(&'a str, &'a str)>,
    /// Path segment of the DoH address (or the first label of the DoT name).
    pub doh_path: Option<&'a str>,
    /// Where the packet came from.
    pub addr: Option<IpAddr>,
}

/// How sure we are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// A secret that only this device has: proxy credential or DoH path. Activity may name the person.
    Proven,
    /// A reserved address. Names the device, never a person.
    Address,
    /// Nothing that we know. Strictest group.
    Unknown,
    /// Pieces of evidence that contradict each other, or a wrong secret. Strictest group, and an event.
    Mismatch,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The device of the register.
    pub device: Option<Uuid>,
    /// Its group's id, or the strictest.
    pub group: Arc<str>,
    /// How sure.
    pub confidence: Confidence,
}

impl Prepared {
    /// Says who asks. Never fails: whoever is not known, or contradicts himself, falls in the strictest group.
    pub fn identify(&self, _evidence: &Evidence<'_>) -> Identity {
        todo!()
    }
}
