//! How many strangers may stand at the door at once, in all and from one address.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// Counts those who did not say yet who they are.
#[derive(Debug, Clone)]
pub(crate) struct Doors {
    most: usize,
    most_from_one: usize,
    standing: Arc<Mutex<Standing>>,
}

#[derive(Debug, Default)]
struct Standing {
    all: usize,
    from: BTreeMap<IpAddr, usize>,
}

/// One stranger, for as long as the value lives.
#[derive(Debug)]
pub(crate) struct Stranger {
    doors: Doors,
    from: IpAddr,
}

impl Doors {
    pub(crate) fn new(most: usize, most_from_one: usize) -> Self {
        Self { most, most_from_one, standing: Arc::default() }
    }

    /// Lets somebody stand at the door; `None` when too many do.
    pub(crate) fn approach(&self, from: IpAddr) -> Option<Stranger> {
        let mut standing = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        let here = standing.from.get(&from).copied().unwrap_or(0);
        if standing.all >= self.most || here >= self.most_from_one {
            return None;
        }
        standing.all = standing.all.saturating_add(1);
        standing.from.insert(from, here.saturating_add(1));
        Some(Stranger { doors: self.clone(), from })
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        let mut standing = self.doors.standing.lock().unwrap_or_else(PoisonError::into_inner);
        standing.all = standing.all.saturating_sub(1);
        match standing.from.get_mut(&self.from) {
            Some(here) if *here > 1 => *here = here.saturating_sub(1),
            Some(_) | None => drop(standing.from.remove(&self.from)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_cannot_take_every_place_and_places_become_free() {
        let [one, two, three] = [1, 2, 3].map(|last| IpAddr::from([192, 0, 2, last]));
        let doors = Doors::new(3, 2);
        let first = doors.approach(one);
        let second = doors.approach(one);
        assert!(first.is_some() && second.is_some() && doors.approach(one).is_none());
        let third = doors.approach(two);
        assert!(third.is_some() && doors.approach(three).is_none(), "full");
        drop(first);
        assert!(doors.approach(three).is_some());
        drop((second, third));
        assert!(doors.standing.lock().unwrap().from.is_empty());
    }
}
