//! Room for connections: so many in all, so many from one address. Whoever finds none is closed at once, which costs
//! less than a queue and tells the client to try elsewhere.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::lock::Mutex;

/// Connections of one listener.
#[derive(Debug, Clone)]
pub(crate) struct Doors {
    all: Arc<Semaphore>,
    each: Arc<Mutex<HashMap<IpAddr, usize>>>,
    most_each: usize,
}

impl Doors {
    /// At most `all`, at most `each` from one address.
    pub(crate) fn new(all: usize, each: usize) -> Self {
        Self { all: Arc::new(Semaphore::new(all)), each: Arc::default(), most_each: each }
    }

    /// A place for a connection from this address, while there is one.
    pub(crate) fn enter(&self, address: IpAddr) -> Option<Place> {
        let permit = self.all.clone().try_acquire_owned().ok()?;
        let mut places = self.each.lock();
        let used = places.entry(address).or_default();
        if *used >= self.most_each {
            return None;
        }
        *used += 1;
        Some(Place { each: self.each.clone(), address, _permit: permit })
    }
}

/// One of the places, given back when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    each: Arc<Mutex<HashMap<IpAddr, usize>>>,
    address: IpAddr,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut places = self.each.lock();
        if let Some(used) = places.get_mut(&self.address) {
            *used -= 1;
            if *used == 0 {
                places.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_cannot_take_them_all_and_places_come_back() {
        let doors = Doors::new(3, 2);
        let address = |last| IpAddr::from([192, 0, 2, last]);
        let (one, _two) = (doors.enter(address(1)), doors.enter(address(1)));
        assert!(one.is_some() && doors.enter(address(1)).is_none());
        let third = doors.enter(address(2));
        assert!(third.is_some() && doors.enter(address(3)).is_none(), "all are taken");
        drop(one);
        assert!(doors.enter(address(1)).is_some());
    }
}
