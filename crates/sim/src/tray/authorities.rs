//! Who issues the tray's cards, and what they publish.

use std::time::{Duration, SystemTime};

use hinamori_model::UnixMillis;

use super::file::Oddity;
use crate::ca::{CrlSpec, Hierarchy, HierarchySpec, Key, Municipality, Profile, Realm};

const DAY: u64 = 24 * 3_600_000;
/// 2049-12-31T14:59:59Z: authorities outlive every demonstration, so that their certificates do not depend on
/// the day.
const AUTHORITIES_END: UnixMillis = UnixMillis::new(2_524_575_599_000);
/// A root of another generation has the same name and another key.
const UNPINNED_GENERATION: u8 = 9;

/// A day in UTC, by its first moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day(UnixMillis);

impl Day {
    /// The day that `moment` lies in.
    pub const fn of(moment: UnixMillis) -> Self {
        Self(UnixMillis::new(moment.get() - moment.get() % DAY))
    }

    /// Today by the machine's clock; 1970 when the clock is before that.
    pub fn today() -> Self {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Self::of(UnixMillis::new(u64::try_from(since.as_millis()).unwrap_or(u64::MAX)))
    }

    /// Its first moment.
    pub const fn start(self) -> UnixMillis {
        self.0
    }

    /// This many days earlier, not before 1970.
    #[must_use]
    pub const fn before(self, days: u64) -> Self {
        Self(UnixMillis::new(self.0.get().saturating_sub(days.saturating_mul(DAY))))
    }

    /// This many days later.
    #[must_use]
    pub const fn after(self, days: u64) -> Self {
        Self(self.0.plus(days.saturating_mul(DAY)))
    }

    /// 14:59:59Z of the day: 23:59:59 in Japan, when certificates of cards end.
    pub const fn end_in_japan(self) -> UnixMillis {
        self.0.plus(15 * 3_600_000 - 1_000)
    }
}

/// The fictional authorities of a seed.
#[derive(Debug)]
pub struct Authorities {
    /// JPKI for user authentication.
    pub auth: Hierarchy,
    /// The same name, another root, pinned nowhere.
    pub unpinned: Hierarchy,
    /// The national test hierarchy for user authentication.
    pub test: Hierarchy,
    /// JPKI for signature.
    pub sign: Hierarchy,
    /// HPKI for authentication.
    pub health_auth: Hierarchy,
    /// HPKI for signature.
    pub health_sign: Hierarchy,
    /// Signs the attributes on My Number cards.
    pub attributes: Key,
}

/// A file that an authority published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The file's name.
    pub name: String,
    /// DER.
    pub der: Vec<u8>,
}

impl Authorities {
    /// The authorities of a seed; their keys are made at the same time.
    pub fn new(seed: u64) -> Self {
        let spec =
            |profile| HierarchySpec { not_after: AUTHORITIES_END, ..HierarchySpec::new(profile, seed) };
        let auth = spec(Profile::JpkiAuth);
        let unpinned = HierarchySpec { generation: UNPINNED_GENERATION, ..auth };
        let test = HierarchySpec { realm: Realm::Test, ..auth };
        let specs =
            [auth, unpinned, test, spec(Profile::JpkiSign), spec(Profile::HpkiAuth), spec(Profile::HpkiSign)];
        std::thread::scope(|scope| {
            for spec in specs {
                scope.spawn(move || Hierarchy::new(spec));
            }
        });
        let [auth, unpinned, test, sign, health_auth, health_sign] = specs.map(Hierarchy::new);
        let attributes = Key::named(seed, "attributes");
        Self { auth, unpinned, test, sign, health_auth, health_sign, attributes }
    }

    /// Who issues the authentication certificate of a My Number card.
    pub fn of_card(&self, oddity: Option<Oddity>) -> &Hierarchy {
        match oddity {
            Some(Oddity::Untrusted) => &self.unpinned,
            Some(Oddity::TestHierarchy) => &self.test,
            _ => &self.auth,
        }
    }

    /// The roots that the town pins: also the test root, so that a box can tell a test card from a stranger's.
    pub fn anchors(&self) -> Vec<Published> {
        self.pinned().map(|(name, hierarchy)| published(name, "der", hierarchy.anchor_der())).into()
    }

    /// The authorities between those roots and the holders.
    pub fn intermediates(&self) -> Vec<Published> {
        let between = |(name, hierarchy): (&str, &Hierarchy)| {
            hierarchy.intermediates().map(|der| published(name, "der", der)).collect::<Vec<_>>()
        };
        self.pinned().into_iter().flat_map(between).collect()
    }

    /// Their revocation lists of the day, good for 48 hours: for `town`, and the whole ones of HPKI. `revoked`
    /// are serial numbers of the town's authentication certificates, revoked a month ago.
    pub fn lists(&self, town: &Municipality, revoked: &[Vec<u8>], day: Day) -> Vec<Published> {
        let list = |(name, hierarchy): (&str, &Hierarchy)| {
            let revoked = if std::ptr::eq(hierarchy, &self.auth) { revoked } else { &[] };
            published(name, "crl", &list(hierarchy, town, revoked, day, 0).issue())
        };
        self.pinned().map(list).into()
    }

    /// The authentication authority's list for `town`, with these revoked and `later` ones after them, each in a list
    /// of its own: the one with all of them.
    pub fn later_list(
        &self,
        town: &Municipality,
        revoked: &[Vec<u8>],
        later: &[Vec<u8>],
        day: Day,
    ) -> Vec<u8> {
        let after = (1..).zip(later);
        let first = list(&self.auth, town, revoked, day, u64::try_from(later.len()).unwrap_or(u64::MAX));
        let at = |seconds: u64| day.start().plus(1_000 * seconds);
        after.fold(first, |list, (number, serial)| list.revoking(serial, at(number), KEY_COMPROMISE)).issue()
    }

    fn pinned(&self) -> [(&'static str, &Hierarchy); 5] {
        [
            ("jpki-auth", &self.auth),
            ("jpki-auth-test", &self.test),
            ("jpki-sign", &self.sign),
            ("hpki-auth", &self.health_auth),
            ("hpki-sign", &self.health_sign),
        ]
    }
}

/// The list number `later` of a day: each is a second younger.
fn list(hierarchy: &Hierarchy, town: &Municipality, revoked: &[Vec<u8>], day: Day, later: u64) -> CrlSpec {
    let number = day.start().get() / DAY * LISTS_OF_A_DAY + later;
    let mut list = hierarchy.crl(town, number, day.start().plus(1_000 * later));
    list.next_update = Some(day.after(2).start());
    let at = day.before(30).start();
    revoked.iter().fold(list, |list, serial| list.revoking(serial, at, KEY_COMPROMISE))
}

/// Numbers between the first lists of two days.
const LISTS_OF_A_DAY: u64 = 1_000;

/// RFC 5280 §5.3.1.
const KEY_COMPROMISE: u8 = 1;

fn published(name: &str, ending: &str, der: &[u8]) -> Published {
    Published { name: format!("{name}.{ending}"), der: der.to_vec() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_and_ends_in_japan() {
        let day = Day::of(crate::ca::NOW.plus(5 * 3_600_000));
        assert_eq!(day.start(), crate::ca::NOW);
        assert_eq!(day.end_in_japan().since(day.start()), 53_999_000);
        assert_eq!(day.after(30).before(30), day);
        assert_eq!(Day::of(UnixMillis::new(5)).before(1).start(), UnixMillis::new(0));
    }
}
