//! How often strangers may try, by a clock that nobody sets.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
#[cfg(test)]
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

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

/// Inquiries of one clerk, who types one a minute: some at once, for a whole family, and then two a minute. Somebody who tries out a register
/// of names gets nowhere.
const INQUIRIES: Pace = Pace { every: Duration::from_secs(30), at_once: 12 };

/// How often each of the staff asked after somebody. By account and not by session, since a session is opened anew with one touch.
#[derive(Debug, Default)]
pub(crate) struct InquiryPaces(BTreeMap<StaffId, Pacing>);

#[derive(Debug, Default)]
struct Pacing {
    whole_at: Duration,
    /// One was refused since the last one that was answered.
    is_told: bool,
}

/// Whether an inquiry is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Paced {
    Answered,
    /// Too many, the first since one was answered: it is written down, so often and no more.
    Alarm,
    /// Another one.
    TooMany,
}

impl InquiryPaces {
    pub(crate) fn ask(&mut self, staff: StaffId, now: Duration) -> Paced {
        self.0.retain(|_, pacing| pacing.whole_at > now);
        let pacing = self.0.entry(staff).or_default();
        match INQUIRIES.after_one_more(pacing.whole_at, now) {
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
    from: BTreeMap<IpAddr, Duration>,
}

impl Attempts {
    /// Whether one more from there is looked at.
    pub(crate) fn admit(&mut self, from: IpAddr, now: Duration) -> bool {
        let from = network_of(from);
        let of_one = self.from.get(&from).copied().unwrap_or_default();
        let (Some(of_one), Some(all)) =
            (OF_ONE.after_one_more(of_one, now), OF_ALL.after_one_more(self.all, now))
        else {
            return false;
        };
        // All together are so few that this stays short.
        self.from.retain(|_, whole_at| *whole_at > now);
        self.from.insert(from, of_one);
        self.all = all;
        true
    }
}

/// An IPv6 host takes any address of its /64 (RFC 4291 §2.5.1).
fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address @ IpAddr::V4(_) => address,
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
    fn a_network_of_ipv6_is_one_stranger_and_a_mapped_address_is_the_old_one() {
        let network = |text: &str| network_of(text.parse().unwrap());
        assert_eq!(network("2001:db8::1"), network("2001:db8::ffff:1"));
        assert_ne!(network("2001:db8::1"), network("2001:db8:0:1::1"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
    }

    #[test]
    fn a_clerk_asks_for_a_family_at_once_and_then_two_a_minute_and_is_told_of_once_between() {
        let mut paces = InquiryPaces::default();
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
        assert_eq!(paces.0.len(), 1, "nobody is remembered for long");
    }

    #[test]
    fn refusals_that_were_not_written_are_counted_by_the_next_one() {
        let mut refusals = Refusals::default();
        assert_eq!((0..150).filter_map(|_| refusals.write(LATER)).count(), 100);
        assert_eq!(refusals.write(LATER + WRITTEN.every), Some(50));
        assert_eq!(refusals.write(LATER * 2), Some(0));
    }
}
