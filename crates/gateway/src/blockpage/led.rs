//! Whom DNS led to the block page, by which name, a moment ago.
//!
//! A device that proves itself to encrypted DNS by its secret comes to the block page from an address that may say nothing
//! of it. What is remembered ties the two together for a minute, for that one name; it decides nothing, since what the
//! page's listener shows is decided again.

use std::net::IpAddr;
use std::time::Duration;

use filter::{Confidence, Host};
use moka::sync::Cache;

use crate::policy::Client;

/// Most that are remembered, and for how long: longer than a blocked answer lives.
const KEPT: u64 = 4096;
const KEPT_FOR: Duration = Duration::from_secs(60);

/// What is remembered.
#[derive(Debug)]
pub(crate) struct Led(Cache<(IpAddr, Host), Client>);

impl Default for Led {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(KEPT).time_to_live(KEPT_FOR).build())
    }
}

impl Led {
    /// Remembers one; an address that speaks for itself needs no memory.
    pub(crate) fn note(&self, client: &Client, host: &Host) {
        if client.subject.confidence == Confidence::Proven {
            self.0.insert((client.address, host.clone()), client.clone());
        }
    }

    /// Who came from there for this name.
    pub(crate) fn find(&self, address: IpAddr, host: &Host) -> Option<Client> {
        self.0.get(&(address.to_canonical(), host.clone()))
    }
}
