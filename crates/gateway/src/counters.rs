//! What is counted while it happens, for `status.json`. Numbers only; nothing here says who asked for what.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use uuid::Uuid;

use crate::lock::Mutex;
use crate::status::{Counts, Cut};

/// Counters since the start, and what was cut for each held device.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) dns_answered: AtomicU64,
    pub(crate) dns_blocked: AtomicU64,
    pub(crate) proxy_answered: AtomicU64,
    pub(crate) proxy_blocked: AtomicU64,
    held: Mutex<BTreeMap<Uuid, Cut>>,
}

impl Counters {
    pub(crate) fn add(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// The numbers; tunnels and losses are known elsewhere.
    pub(crate) fn read(&self) -> Counts {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts {
            dns_answered: get(&self.dns_answered),
            dns_blocked: get(&self.dns_blocked),
            proxy_answered: get(&self.proxy_answered),
            proxy_blocked: get(&self.proxy_blocked),
            tunnels_open: 0,
            records_lost: 0,
        }
    }

    /// Keeps exactly the devices that are held now.
    pub(crate) fn set_held(&self, devices: impl Iterator<Item = Uuid>, now: Timestamp) {
        let mut held = self.held.lock();
        let mut before = std::mem::take(&mut *held);
        held.extend(devices.map(|id| {
            let cut = before.remove(&id).unwrap_or(Cut { since: Some(now), ..Cut::default() });
            (id, cut)
        }));
    }

    /// Notes what was cut for a device, if it is held.
    pub(crate) fn cut(&self, device: Option<Uuid>, change: impl FnOnce(&mut Cut)) {
        let Some(device) = device else { return };
        if let Some(cut) = self.held.lock().get_mut(&device) {
            change(cut);
        }
    }

    pub(crate) fn held(&self) -> BTreeMap<Uuid, Cut> {
        self.held.lock().clone()
    }
}
