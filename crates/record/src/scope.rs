//! Which document, whose change, which change.

use std::cmp::Ordering;

use hinamori_model::{BoxId, IncidentId, SiteId, UnixMillis};

/// Changes of one document, after which its writers go on in the day's next one: opening it takes some 10 to 30 ms then.
pub const LONGEST_DOCUMENT: u32 = 4_000;

/// A document's period: the day in Japan (UTC+9, no summer time), counted from 1970-01-01, in the lower 20 bits; in the upper 12 which
/// of the day's documents it is, from 0. In the order of days, and in a day from the first document to the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period(pub u32);

impl Ord for Period {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.day(), self.part()).cmp(&(other.day(), other.part()))
    }
}

impl PartialOrd for Period {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Period {
    /// The bits of the day.
    pub const DAY_MASK: u32 = (1 << 20) - 1;
    const DAY_MILLIS: u64 = 86_400_000;
    const JAPAN_OFFSET_MILLIS: u64 = 9 * 3_600_000;

    /// The first period of the day that `now` falls in.
    pub fn of(now: UnixMillis) -> Self {
        let days = now.plus(Self::JAPAN_OFFSET_MILLIS).get() / Self::DAY_MILLIS;
        Self(u32::try_from(days).unwrap_or(u32::MAX).min(Self::DAY_MASK))
    }

    /// The day, counted from 1970-01-01.
    pub const fn day(self) -> u32 {
        self.0 & Self::DAY_MASK
    }

    /// Which of the day's documents it is, from 0.
    pub const fn part(self) -> u32 {
        self.0 >> Self::DAY_MASK.count_ones()
    }

    /// The day's next document; `None` after the last one that has a number.
    pub fn next(self) -> Option<Self> {
        self.0.checked_add(Self::DAY_MASK + 1).map(Self)
    }

    /// The first millisecond of the day.
    pub fn start(self) -> UnixMillis {
        let local = u64::from(self.day()).saturating_mul(Self::DAY_MILLIS);
        UnixMillis::new(local.saturating_sub(Self::JAPAN_OFFSET_MILLIS))
    }
}

/// One document: incident × site × period. It names the document on disk and on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct DocumentScope {
    /// The incident.
    pub incident: IncidentId,
    /// The site.
    pub site: SiteId,
    /// The day, and which of its documents.
    pub period: Period,
}

impl DocumentScope {
    /// Bytes of the fixed form.
    pub const LENGTH: usize = 36;

    /// The fixed form: incident, site, period big-endian.
    pub fn to_bytes(&self) -> [u8; Self::LENGTH] {
        let Self { incident, site, period } = self;
        let parts = incident.as_bytes().iter().chain(site.as_bytes()).copied().chain(period.0.to_be_bytes());
        let mut bytes = [0; Self::LENGTH];
        bytes.iter_mut().zip(parts).for_each(|(to, from)| *to = from);
        bytes
    }

    /// The scope of the fixed form; `None` for another length.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (incident, rest) = bytes.split_first_chunk::<16>()?;
        let (site, rest) = rest.split_first_chunk::<16>()?;
        Some(Self {
            incident: IncidentId::from_bytes(*incident),
            site: SiteId::from_bytes(*site),
            period: Period(u32::from_be_bytes(rest.try_into().ok()?)),
        })
    }
}

/// The writer of a change: 12 bytes of the box's id and a 4-byte epoch that is new at every start of the
/// daemon, so that a restored or cloned disk never continues an old sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ActorId([u8; 16]);

impl ActorId {
    /// The actor that writes the first change of every document, the same on all boxes.
    pub const SCHEMA: Self = Self([0; 16]);

    /// The actor of a box in one of its epochs.
    pub fn new(writer: BoxId, epoch: u32) -> Self {
        let parts = writer.as_bytes().iter().take(12).copied().chain(epoch.to_be_bytes());
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(parts).for_each(|(to, from)| *to = from);
        Self(bytes)
    }

    /// Takes 16 bytes as they are.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The 16 bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// What names the box, and the epoch.
    pub fn parts(&self) -> ([u8; 12], u32) {
        let (mut writer, mut epoch) = ([0; 12], [0; 4]);
        writer.iter_mut().chain(&mut epoch).zip(self.0).for_each(|(to, from)| *to = from);
        (writer, u32::from_be_bytes(epoch))
    }

    /// The actor of such parts.
    pub fn of_parts(writer: [u8; 12], epoch: u32) -> Self {
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(writer.into_iter().chain(epoch.to_be_bytes())).for_each(|(to, from)| *to = from);
        Self(bytes)
    }

    /// The first of all boxes that may be behind this actor, in the order of their ids.
    pub fn first_box(&self) -> BoxId {
        let mut id = [0; 16];
        id.iter_mut().zip(self.0.iter().take(12)).for_each(|(to, from)| *to = *from);
        BoxId::from_bytes(id)
    }

    /// Whether `writer` is the box behind this actor.
    pub fn belongs_to(&self, writer: BoxId) -> bool {
        self.0.first_chunk::<12>() == writer.as_bytes().first_chunk::<12>()
    }
}

/// The SHA-256 that names an Automerge change and, through its dependencies, all its ancestors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChangeHash(pub [u8; 32]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_turns_at_midnight_in_japan() {
        // 2026-10-11T15:00:00Z is 2026-10-12T00:00 in Japan.
        let midnight = UnixMillis::new(1_791_730_800_000);
        assert_eq!(Period::of(midnight).start(), midnight);
        assert_eq!(Period::of(UnixMillis::new(midnight.get() - 1)).0 + 1, Period::of(midnight).0);
    }

    #[test]
    fn a_day_has_documents_in_their_order_before_those_of_the_next_day() {
        let day = Period(20_738);
        let second = day.next().unwrap();
        assert_eq!((second.day(), second.part(), second.start()), (day.day(), 1, day.start()));
        assert!(day < second && second < Period(20_739));
        let parts = std::iter::successors(Some(day), |period| period.next());
        assert_eq!(parts.last().map(|last| (last.day(), last.part())), Some((20_738, 4_095)));
    }

    #[test]
    fn scopes_round_trip_and_other_lengths_are_refused() {
        let scope = DocumentScope {
            incident: IncidentId::from_bytes([1; 16]),
            site: SiteId::from_bytes([2; 16]),
            period: Period(20_000),
        };
        assert_eq!(DocumentScope::from_bytes(&scope.to_bytes()), Some(scope));
        assert_eq!(DocumentScope::from_bytes(&scope.to_bytes()[1..]), None);
    }

    #[test]
    fn an_actor_belongs_to_its_box_in_every_epoch() {
        let writer = BoxId::from_bytes([7; 16]);
        assert!(ActorId::new(writer, 3).belongs_to(writer));
        assert!(!ActorId::new(writer, 3).belongs_to(BoxId::from_bytes([8; 16])));
        let (box_part, epoch) = ActorId::new(writer, 3).parts();
        assert_eq!((epoch, ActorId::of_parts(box_part, epoch)), (3, ActorId::new(writer, 3)));
        assert_eq!(ActorId::new(writer, 3).first_box().as_bytes()[..12], writer.as_bytes()[..12]);
    }
}
