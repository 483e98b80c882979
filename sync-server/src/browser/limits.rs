//! How often strangers may try, by a clock that nobody sets.

use std::collections::BTreeMap;
use std::net::IpAddr;
#[cfg(test)]
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::doors::network_of;
use hinamori_model::StaffId;

/// Time since the server began.
pub(crate) struct Uptime {
    began: Instant,
    #[cfg(test)]
    ahead_seconds: AtomicU64,
}

impl Uptime {
    pub(crate) fn new() -> Self {
        Self {
            began: Instant::now(),
            #[cfg(test)]
            ahead_seconds: AtomicU64::new(0),
        }
    }

    pub(crate) fn now(&self) -> Duration {
        let now = self.began.elapsed();
        #[cfg(test)]
        let now = now.saturating_add(Duration::from_secs(self.ahead_seconds.load(Ordering::Relaxed)));
        now
    }

    #[cfg(test)]
    pub(crate) fn pass(&self, time: Duration) {
        self.ahead_seconds.fetch_add(time.as_secs(), Ordering::Relaxed);
    }
}

/// So many at once, and one more after each interval: the generic cell rate algorithm (ITU-T I.371 annex A).
#[derive(Debug, Clone, Copy)]
struct Pace {
    every: Duration,
    at_once: u32,
}

impl Pace {
    /// When all of it is there again after one more, if there is still one now.
    fn after_one_more(self, whole_at: Duration, now: Duration) -> Option<Duration> {
        let whole_at = whole_at.max(now).saturating_add(self.every);
        (whole_at.saturating_sub(now) <= self.every.saturating_mul(self.at_once)).then_some(whole_at)
    }
}

/// A town hall's staff come from one address.
const OF_ONE: Pace = Pace { every: Duration::from_millis(500), at_once: 120 };
const OF_ALL: Pace = Pace { every: Duration::from_millis(50), at_once: 1_200 };
/// Refusals that are written down, each of which costs a durable line.
const WRITTEN: Pace = Pace { every: Duration::from_secs(10), at_once: 100 };

/// Networks from which somebody signed in that are remembered.
const MOST_KNOWN: usize = 1_024;
/// Inquiries of one clerk, who types one a minute: some at once, for a whole family, and then two a minute. Somebody who tries out a register
/// of names gets nowhere.
const INQUIRIES: Pace = Pace { every: Duration::from_secs(30), at_once: 12 };

/// Words on sites of one official, in which each box of the town takes part: all sites of a town at once, and then one in five seconds.
const ACTS: Pace = Pace { every: Duration::from_secs(5), at_once: 60 };

/// How often each of the staff did something. By account and not by session, since a session is opened anew with one touch.
#[derive(Debug)]
pub(crate) struct StaffPaces(Pace, BTreeMap<StaffId, Pacing>);

#[derive(Debug, Default)]
struct Pacing {
    whole_at: Duration,
    /// One was refused since the last one that was answered.
    is_told: bool,
}

/// Whether it is done once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Paced {
    Answered,
    /// Too many, the first since one was answered: it is written down, so often and no more.
    Alarm,
    /// Another one.
    TooMany,
}

impl StaffPaces {
    /// Asking after somebody.
    pub(crate) const fn of_inquiries() -> Self {
        Self(INQUIRIES, BTreeMap::new())
    }

    /// Words on sites.
    pub(crate) const fn of_acts() -> Self {
        Self(ACTS, BTreeMap::new())
    }

    pub(crate) fn ask(&mut self, staff: StaffId, now: Duration) -> Paced {
        self.1.retain(|_, pacing| pacing.whole_at > now);
        let pacing = self.1.entry(staff).or_default();
        match self.0.after_one_more(pacing.whole_at, now) {
            Some(whole_at) => {
                *pacing = Pacing { whole_at, is_told: false };
                Paced::Answered
            }
            None if pacing.is_told => Paced::TooMany,
            None => {
                pacing.is_told = true;
                Paced::Alarm
            }
        }
    }
}

/// Attempts to sign in or to enrol.
#[derive(Debug, Default)]
pub(crate) struct Attempts {
    all: Duration,
    /// As many again are kept for the town's own: of all others together a few addresses use up everything.
    all_known: Duration,
    from: BTreeMap<IpAddr, Duration>,
    /// From where somebody signed in, and when the last time.
    known: BTreeMap<IpAddr, Duration>,
}

impl Attempts {
    /// Whether one more from there is looked at.
    pub(crate) fn admit(&mut self, from: IpAddr, now: Duration) -> bool {
        let from = network_of(from);
        let of_one = self.from.get(&from).copied().unwrap_or_default();
        let is_known = is_private(from) || self.known.contains_key(&from);
        let all = if is_known { &mut self.all_known } else { &mut self.all };
        let (Some(of_one), Some(of_all)) =
            (OF_ONE.after_one_more(of_one, now), OF_ALL.after_one_more(*all, now))
        else {
            return false;
        };
        *all = of_all;
        // All together are so few that this stays short.
        self.from.retain(|_, whole_at| *whole_at > now);
        self.from.insert(from, of_one);
        true
    }

    /// Somebody signed in from there.
    pub(crate) fn signed_in(&mut self, from: IpAddr, now: Duration) {
        self.known.insert(network_of(from), now);
        if self.known.len() > MOST_KNOWN {
            let oldest = self.known.iter().min_by_key(|(_, at)| **at).map(|(network, _)| *network);
            oldest.map(|oldest| self.known.remove(&oldest));
        }
    }
}

/// Networks that nobody reaches from outside (RFC 1918, RFC 4193, and this link).
fn is_private(network: IpAddr) -> bool {
    match network {
        IpAddr::V4(address) => address.is_private() || address.is_loopback() || address.is_link_local(),
        IpAddr::V6(address) => address.is_unique_local() || address.is_unicast_link_local(),
    }
}

/// Refusals that go to the log: somebody who is refused over and over fills no disk.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    whole_at: Duration,
    unsaid: u64,
}

impl Refusals {
    /// Whether one is written down, and how many were not since the last one that was.
    pub(crate) fn write(&mut self, now: Duration) -> Option<u64> {
        match WRITTEN.after_one_more(self.whole_at, now) {
            Some(whole_at) => {
                self.whole_at = whole_at;
                Some(std::mem::take(&mut self.unsaid))
            }
            None => {
                self.unsaid = self.unsaid.saturating_add(1);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LATER: Duration = Duration::from_secs(1_000);

    #[test]
    fn one_address_keeps_nobody_else_out_and_gets_on_again() {
        let mut attempts = Attempts::default();
        let [one, other] = [[192, 0, 2, 1], [192, 0, 2, 2]].map(IpAddr::from);
        let admitted = (0..1_000).filter(|_| attempts.admit(one, LATER)).count();
        assert_eq!(admitted, 120);
        assert!(attempts.admit(other, LATER));
        assert!(attempts.admit(one, LATER + OF_ONE.every) && !attempts.admit(one, LATER + OF_ONE.every));
        assert!((0..120).all(|_| attempts.admit(one, LATER * 2)));
    }

    #[test]
    fn all_together_are_bounded_and_nobody_is_remembered_for_long() {
        let mut attempts = Attempts::default();
        let addresses = (0..5_000_u32).map(|number| IpAddr::from(number.to_be_bytes()));
        assert_eq!(addresses.filter(|from| attempts.admit(*from, LATER)).count(), 1_200);
        assert_eq!(attempts.from.len(), 1_200);
        assert!(attempts.admit(IpAddr::from([192, 0, 2, 1]), LATER * 2));
        assert_eq!(attempts.from.len(), 1);
    }

    #[test]
    fn strangers_from_everywhere_leave_the_town_halls_own_network_its_reserve() {
        let mut attempts = Attempts::default();
        let addresses = (0..5_000_u32).map(|number| IpAddr::from(number.to_be_bytes()));
        assert_eq!(addresses.filter(|from| attempts.admit(*from, LATER)).count(), 1_200);
        for own in ["10.0.0.1", "192.168.1.1", "172.16.0.1", "fd00::1", "::ffff:10.1.0.1"] {
            assert!(attempts.admit(own.parse().unwrap(), LATER), "{own}");
        }
        let home = "2001:db8::1".parse().unwrap();
        assert!(!attempts.admit(home, LATER));
        attempts.signed_in(home, LATER);
        assert!(attempts.admit("2001:db8::2".parse().unwrap(), LATER));
        assert!(!attempts.admit("2001:db8:0:1::1".parse().unwrap(), LATER));
        for number in 0..5_000_u32 {
            attempts.signed_in(IpAddr::from(number.to_be_bytes()), LATER * 2);
        }
        assert_eq!(attempts.known.len(), MOST_KNOWN);
    }

    #[test]
    fn a_clerk_asks_for_a_family_at_once_and_then_two_a_minute_and_is_told_of_once_between() {
        let mut paces = StaffPaces::of_inquiries();
        let [clerk, other] = [1, 2].map(|number| StaffId::from_bytes([number; 16]));
        assert!((0..12).all(|_| paces.ask(clerk, LATER) == Paced::Answered));
        assert_eq!(paces.ask(clerk, LATER), Paced::Alarm);
        assert!((0..100).all(|_| paces.ask(clerk, LATER) == Paced::TooMany));
        assert_eq!(paces.ask(other, LATER), Paced::Answered);
        let later = LATER + INQUIRIES.every;
        let paced = [(); 3].map(|()| paces.ask(clerk, later));
        assert_eq!(paced, [Paced::Answered, Paced::Alarm, Paced::TooMany]);
        assert!(
            (1..=60)
                .all(|minute| paces.ask(other, LATER + Duration::from_secs(60 * minute)) == Paced::Answered)
        );
        assert_eq!(paces.1.len(), 1, "nobody is remembered for long");
    }

    #[test]
    fn refusals_that_were_not_written_are_counted_by_the_next_one() {
        let mut refusals = Refusals::default();
        assert_eq!((0..150).filter_map(|_| refusals.write(LATER)).count(), 100);
        assert_eq!(refusals.write(LATER + WRITTEN.every), Some(50));
        assert_eq!(refusals.write(LATER * 2), Some(0));
    }
}
