//! How many strangers may stand at the door at once, in all and from one network: an IPv4 address, or an IPv6 /64.
//!
//! When the door is full the one who stands there longest goes: whoever only stands there cannot keep a box
//! out, also not from behind the address that a mobile network gives to many.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

/// Counts those who did not say yet who they are.
#[derive(Debug, Clone)]
pub(crate) struct Doors {
    most: usize,
    most_from_one: usize,
    standing: Arc<Mutex<Standing>>,
}

#[derive(Debug, Default)]
struct Standing {
    came: u64,
    all: usize,
    /// By network and order of coming; a sender that is dropped sends its stranger away.
    from: BTreeMap<IpAddr, BTreeMap<u64, oneshot::Sender<()>>>,
}

/// One stranger, for as long as the value lives.
#[derive(Debug)]
pub(crate) struct Stranger {
    doors: Doors,
    from: IpAddr,
    number: u64,
}

impl Doors {
    pub(crate) fn new(most: usize, most_from_one: usize) -> Self {
        Self { most, most_from_one, standing: Arc::default() }
    }

    /// Lets somebody stand at the door. The receiver ends when the place is needed for somebody else.
    pub(crate) fn approach(&self, from: IpAddr) -> (Stranger, oneshot::Receiver<()>) {
        let from = network_of(from);
        let mut standing = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        if standing.from.get(&from).is_some_and(|here| here.len() >= self.most_from_one) {
            standing.send_oldest_away(from);
        } else if standing.all >= self.most {
            let fullest =
                standing.from.iter().max_by_key(|(_, here)| here.len()).map(|(address, _)| *address);
            fullest.into_iter().for_each(|address| standing.send_oldest_away(address));
        }
        let (place, taken) = oneshot::channel();
        standing.came = standing.came.saturating_add(1);
        let number = standing.came;
        standing.from.entry(from).or_default().insert(number, place);
        standing.all = standing.all.saturating_add(1);
        (Stranger { doors: self.clone(), from, number }, taken)
    }
}

/// An IPv6 host takes any address of its /64 (RFC 4291 §2.5.1): counted one by one, they would push out whoever shares an address.
pub(crate) fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address @ IpAddr::V4(_) => address,
    }
}

impl Standing {
    fn send_oldest_away(&mut self, address: IpAddr) {
        let oldest = self.from.get(&address).and_then(|here| here.keys().next().copied());
        oldest.into_iter().for_each(|number| self.leave(address, number));
    }

    fn leave(&mut self, address: IpAddr, number: u64) {
        let Some(here) = self.from.get_mut(&address) else { return };
        if here.remove(&number).is_some() {
            self.all = self.all.saturating_sub(1);
        }
        if here.is_empty() {
            self.from.remove(&address);
        }
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        let mut standing = self.doors.standing.lock().unwrap_or_else(PoisonError::into_inner);
        standing.leave(self.from, self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_of_one_address_goes_first_and_places_become_free() {
        let [one, two, three] = [1, 2, 3].map(|last| IpAddr::from([192, 0, 2, last]));
        let doors = Doors::new(3, 2);
        let mut others = doors.approach(two);
        let [mut first, mut second, mut third] = [one; 3].map(|from| doors.approach(from));
        let is_sent_away =
            |place: &mut oneshot::Receiver<()>| place.try_recv() == Err(oneshot::error::TryRecvError::Closed);
        assert!(is_sent_away(&mut first.1) && !is_sent_away(&mut second.1), "one address has two places");
        let mut late = doors.approach(three);
        assert!(is_sent_away(&mut second.1), "the door is full, and one address has most of it");
        assert!([&mut others, &mut third, &mut late].into_iter().all(|place| !is_sent_away(&mut place.1)));
        drop((first, second));
        assert_eq!(doors.standing.lock().unwrap().all, 3);
        drop((others, third, late));
        let standing = doors.standing.lock().unwrap();
        assert!(standing.from.is_empty() && standing.all == 0);
    }

    #[test]
    fn a_network_of_ipv6_is_one_stranger_and_a_mapped_address_is_the_old_one() {
        let doors = Doors::new(8, 2);
        let mut came = |text: &str| doors.approach(text.parse().unwrap());
        let [mut first, _second, _third] = ["2001:db8::1", "2001:db8::2", "2001:db8::ffff:3"].map(&mut came);
        assert!(first.1.try_recv() == Err(oneshot::error::TryRecvError::Closed), "one host has two places");
        let _others = ["2001:db8:0:1::1", "192.0.2.1", "::ffff:192.0.2.1"].map(&mut came);
        assert_eq!(doors.standing.lock().unwrap().from.len(), 3);
    }
}
