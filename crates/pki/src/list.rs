//! Revocation lists that are held (RFC 5280 §5, §6.3): verified once, then asked by serial number.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hinamori_crl::{
    Additions, BadIndex, BuildError, Crl, CrlError, Index, ListKind, Listed, SharedBytes, Standing, build,
};
use hinamori_model::UnixMillis;
use x509_cert::ext::pkix::CrlDistributionPoints;

use crate::head::{Covers, Head, SignedHead};
use crate::name::names_of_point;
use crate::{Age, CardCertificate, Revocation, UnknownReason, oid};

/// A list that is read into memory here. A nation's list goes into a file instead.
pub(crate) const MOST_IN_MEMORY: usize = 16 << 20;

/// removeFromCRL (§5.3.1).
const TAKES_BACK: u8 = 8;

/// Why a revocation list was not taken. The list held before stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CrlRefused {
    /// Longer than this index takes.
    #[error("the list is longer than is taken here")]
    TooLong,
    /// Not DER of a version 2 list, or with bytes after it (§5.1); or no index of one.
    #[error("the bytes are no version 2 revocation list")]
    Malformed,
    /// No pinned authority that may sign lists, nor one under it, signed it (§6.3.3 (f), (g)).
    #[error("no pinned authority signed the list")]
    WrongSigner,
    /// The authority that signed it is not valid, now and when the list was made (§6.3.3 (f)).
    #[error("the authority that signed the list is not valid")]
    SignerNotValid,
    /// The same extension twice (§4.2, §5.2).
    #[error("the list has an extension twice")]
    DuplicateExtension,
    /// A critical extension that nobody here processes (§5.2).
    #[error("the list has a critical extension that is not known")]
    UnknownCriticalExtension,
    /// crlNumber is missing, or it or a delta list's BaseCRLNumber is malformed (§5.2.3, §5.2.4).
    #[error("the list has no number")]
    NoNumber,
    /// An issuing distribution point that does not decode or has too many names: nobody knows whom the list
    /// speaks for (§5.2.5).
    #[error("the list's distribution point is not understood")]
    NoDistributionPoint,
    /// A delta list whose base, or a later one, is not held (§5.2.4): it does not stand alone.
    #[error("the list is a delta list, and the list that it changes is not held")]
    Delta,
    /// Indirect, by reasons, or of attribute certificates (§5.2.5).
    #[error("the list is indirect, by reasons or of attribute certificates")]
    OtherKind,
    /// nextUpdate is missing (§5.1.2.5).
    #[error("the list does not say when the next one comes")]
    NoNextUpdate,
    /// The number of the list held, with other content: one of the two is false, somebody must look.
    #[error("the list has the number of the one held and says something else")]
    SameNumber,
    /// A higher number than the list held, and an earlier thisUpdate: one of the two is false.
    #[error("the list has a higher number than the one held and is older")]
    OlderThanHeld,
    /// removeFromCRL, which only a delta list may say (§5.3.1).
    #[error("the list takes a certificate back, which only a delta list may")]
    TakesBack,
}

/// A revocation list that was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CrlTaken {
    /// Its thisUpdate.
    pub this_update: UnixMillis,
    /// Certificates listed.
    pub entries: usize,
    /// Certificates that were reported for this list or an earlier one and that it does not name: whoever
    /// reported them said what the authority did not, and somebody must look.
    pub unconfirmed: usize,
}

/// Why reported additions were not taken. What was reported before stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReportRefused {
    /// No list of this authority and scope is held to which they could be added.
    #[error("no list is held to which the additions belong")]
    NoList,
    /// The list held is already at their number, or at a later one.
    #[error("the list held is not older than the additions")]
    NotNewer,
    /// Together with what was reported before, more than 2 % of the list: too many for a day, and an alarm.
    #[error("the additions are too many for one list")]
    TooMany,
}

/// Reports that wait for one list: a budget.
const MOST_REPORTS: usize = 16;
/// So many additions are always taken.
const FEW_ADDITIONS: usize = 100;

/// So many additions may be reported to a list with so many entries: a server that was taken over must not be able
/// to declare a nation's cards revoked.
pub fn most_reported(entries: u64) -> usize {
    usize::try_from(entries / 50).unwrap_or(usize::MAX).max(FEW_ADDITIONS)
}

impl From<CrlError> for CrlRefused {
    fn from(error: CrlError) -> Self {
        match error {
            CrlError::CriticalEntryExtension => Self::UnknownCriticalExtension,
            CrlError::DuplicateEntryExtension => Self::DuplicateExtension,
            CrlError::TakesBack => Self::TakesBack,
            CrlError::NotDer
            | CrlError::NotVersion2
            | CrlError::TwoAlgorithms
            | CrlError::Time
            | CrlError::Serial
            | CrlError::Reason => Self::Malformed,
        }
    }
}

impl From<BuildError> for CrlRefused {
    fn from(error: BuildError) -> Self {
        match error {
            BuildError::List(error) => error.into(),
            BuildError::Number => Self::NoNumber,
            BuildError::TooMany => Self::TooLong,
            // Memory takes everything that is written.
            BuildError::Date | BuildError::Write(_) => Self::Malformed,
        }
    }
}

/// The index of a list that was verified, in memory.
pub(crate) fn index_in_memory(list: &Crl<'_>, signed: &SignedHead) -> Result<Index<SharedBytes>, CrlRefused> {
    let (mut bytes, stated) = (Vec::new(), signed.stated());
    build(list, stated.kind, &mut bytes)?.name(&stated)?;
    Index::open(SharedBytes::new(bytes)).map_err(|_damaged| CrlRefused::Malformed)
}

/// Which lists follow each other: those of one key and one scope, each a hash.
pub(crate) type Row = ([u8; 32], [u8; 32]);

/// One list.
struct List {
    index: Index<SharedBytes>,
    head: Head,
}

impl List {
    /// What an index says of itself must be what its list's own extensions say.
    fn open(index: Index<SharedBytes>) -> Result<Self, CrlRefused> {
        let der = index.without_entries().map_err(|_damaged| CrlRefused::Malformed)?;
        let head = Head::of(&Crl::parse(&der)?)?;
        let (_, scope) = index.speaks_for();
        let agrees = *scope == head.scope() && index.kind() == head.kind() && index.number().1 == head.number;
        if agrees { Ok(Self { index, head }) } else { Err(CrlRefused::Malformed) }
    }

    fn row(&self) -> Row {
        let (issuer, scope) = self.index.speaks_for();
        (*issuer, *scope)
    }

    /// Number and time both go forward, or neither (§5.2.3). Whether this list is a newer one.
    fn check_follows(&self, held: &Self) -> Result<bool, CrlRefused> {
        match self.index.number().cmp(&held.index.number()) {
            Ordering::Equal if self.index.content() != held.index.content() => Err(CrlRefused::SameNumber),
            Ordering::Greater if self.index.this_update() < held.index.this_update() => {
                Err(CrlRefused::OlderThanHeld)
            }
            order => Ok(order == Ordering::Greater),
        }
    }
}

/// What is held of one row: a complete list, and perhaps a delta list on top of it.
#[derive(Clone)]
pub(crate) struct Held {
    complete: Arc<List>,
    /// Its number is higher than the complete list's, its base is not.
    delta: Option<Arc<List>>,
    /// What somebody reported and no authority confirmed yet; each leads to a higher number than the lists.
    reported: Vec<Arc<Additions>>,
    /// The highest number of a list of this row that was ever taken, also when that list is lost.
    reached: Vec<u8>,
}

/// crlNumber, comparable.
fn comparable(number: &[u8]) -> (usize, &[u8]) {
    (number.len(), number)
}

impl Held {
    fn latest(&self) -> &List {
        self.delta.as_deref().unwrap_or(&self.complete)
    }

    /// A list that went further was taken before, and is lost.
    fn is_behind(&self) -> bool {
        self.latest().index.number() < comparable(&self.reached)
    }

    fn covers(&self, certificate: &CardCertificate) -> bool {
        match self.complete.head.covers {
            Covers::All => true,
            Covers::Holders => !certificate.is_authority(),
            Covers::Authorities => certificate.is_authority(),
        }
    }

    /// §5.2.4: what a delta list says of a certificate counts; of others the complete list speaks, as of the
    /// delta list's time.
    pub(crate) fn status(&self, serial: &[u8], clock: &Clock) -> Revocation {
        let latest = &self.latest().index;
        let listed = self.listed(serial);
        if let Ok(Some(Listed { at, reason })) = listed {
            return Revocation::Revoked { at, reason };
        }
        if let Some(report) = self.reported.iter().find(|report| report.contains(serial)) {
            return Revocation::Reported { since: report.step().this_update };
        }
        match listed {
            Ok(_) if self.is_behind() => Revocation::Unknown { why: UnknownReason::ListBehind },
            Ok(_) => Revocation::NotRevoked { as_of: latest.this_update(), age: clock.age_of(latest) },
            Err(BadIndex) => Revocation::Unknown { why: UnknownReason::NoListForPartition },
        }
    }

    /// Reports add to what the list says and to each other, in whatever order they come, and never take from it.
    fn report(&mut self, additions: Arc<Additions>) -> Result<(), ReportRefused> {
        let new = comparable(&additions.step().new_number);
        if new <= self.latest().index.number() {
            return Err(ReportRefused::NotNewer);
        }
        // Whoever says all that another one says, and up to a higher number, makes it superfluous.
        let replaces = |one: &Additions, other: &Additions| {
            comparable(&one.step().new_number) >= comparable(&other.step().new_number)
                && other.missing_among(one) == 0
        };
        if self.reported.iter().any(|report| replaces(report, &additions)) {
            return Ok(());
        }
        let (mut kept, mut count) = (Vec::new(), additions.len());
        for report in self.reported.iter().filter(|report| !replaces(&additions, report)) {
            count = count.saturating_add(report.len());
            kept.push(Arc::clone(report));
        }
        if count > most_reported(self.complete.index.entries()) || kept.len() >= MOST_REPORTS {
            return Err(ReportRefused::TooMany);
        }
        kept.push(additions);
        self.reported = kept;
        Ok(())
    }

    /// Drops the reports that lead no further than the lists do now. Gives how many of their certificates neither
    /// list names as revoked.
    fn drop_reports(&mut self) -> usize {
        let mut unconfirmed = 0_usize;
        let mut open = Vec::new();
        for report in std::mem::take(&mut self.reported) {
            match report.standing(&self.latest().index) {
                Standing::Open => open.push(report),
                Standing::Over { missing: 0 } | Standing::Foreign => {}
                Standing::Over { missing: _ } => {
                    let lists = [Some(&self.complete), self.delta.as_ref()].into_iter().flatten();
                    let missing = report.missing_in_each(lists.map(|list| &list.index));
                    unconfirmed = unconfirmed.saturating_add(missing);
                }
            }
        }
        self.reported = open;
        unconfirmed
    }

    fn listed(&self, serial: &[u8]) -> Result<Option<Listed>, BadIndex> {
        // A list's serial numbers are positive: it says nothing of one that is not.
        if serial.first().is_some_and(|first| *first >= 0x80) {
            return Err(BadIndex);
        }
        let changed = self.delta.as_ref().map_or(Ok(None), |delta| delta.index.find(serial))?;
        match changed {
            Some(Listed { reason: TAKES_BACK, .. }) => Ok(None),
            Some(listed) => Ok(Some(listed)),
            None => self.complete.index.find(serial),
        }
    }
}

/// When a list is asked, and how long it counts after the next one should have come.
#[derive(Clone, Copy)]
pub(crate) struct Clock {
    pub(crate) now: UnixMillis,
    /// Milliseconds.
    pub(crate) grace: u64,
}

impl Clock {
    fn age_of(&self, index: &Index<SharedBytes>) -> Age {
        match index.next_update() {
            Some(next) if self.now <= next => Age::Fresh,
            Some(next) if self.now <= next.plus(self.grace) => Age::Stale,
            Some(_) | None => Age::TooOld,
        }
    }
}

/// All lists that are held.
#[derive(Clone, Default)]
pub(crate) struct Lists {
    rows: BTreeMap<Row, Held>,
    /// By the signer's key and the name of a distribution point: the rows that speak for it.
    points: BTreeMap<([u8; 32], Vec<u8>), BTreeSet<Row>>,
    /// How far the lists of a row came, as far as somebody said so.
    reached: BTreeMap<Row, Vec<u8>>,
    /// Lists were here that nobody can read, and whom they spoke for is not known.
    are_missing: bool,
}

impl Lists {
    /// No lists yet.
    pub(crate) const fn new() -> Self {
        Self { rows: BTreeMap::new(), points: BTreeMap::new(), reached: BTreeMap::new(), are_missing: false }
    }

    /// Why nothing can be said of any certificate; `None` when there are lists.
    pub(crate) fn are_none(&self) -> Option<UnknownReason> {
        match (self.rows.is_empty(), self.are_missing()) {
            (false, _) => None,
            (true, true) => Some(UnknownReason::NoListForPartition),
            (true, false) => Some(UnknownReason::NoData),
        }
    }

    /// Takes a verified list. One that is older than what is held, or the same, changes nothing.
    pub(crate) fn hold(&mut self, index: Index<SharedBytes>) -> Result<CrlTaken, CrlRefused> {
        let list = Arc::new(List::open(index)?);
        let this_update = list.index.this_update();
        let entries = usize::try_from(list.index.entries()).unwrap_or(usize::MAX);
        let row = list.row();
        match list.index.kind() {
            ListKind::Complete => self.hold_complete(row, list)?,
            ListKind::Delta { base } => {
                let held = self.rows.get_mut(&row).ok_or(CrlRefused::Delta)?;
                if (base.len(), base) > held.complete.index.number() {
                    return Err(CrlRefused::Delta);
                }
                let newer = match &held.delta {
                    Some(delta) => list.check_follows(delta)?,
                    None => true,
                };
                if newer && list.index.number() > held.complete.index.number() {
                    if list.index.this_update() < held.complete.index.this_update() {
                        return Err(CrlRefused::OlderThanHeld);
                    }
                    held.delta = Some(list);
                }
            }
        }
        let unconfirmed = self.rows.get_mut(&row).map_or(0, Held::drop_reports);
        Ok(CrlTaken { this_update, entries, unconfirmed })
    }

    /// Takes reported additions.
    pub(crate) fn report(&mut self, additions: Arc<Additions>) -> Result<(), ReportRefused> {
        let row = (additions.step().issuer, additions.step().scope);
        self.rows.get_mut(&row).ok_or(ReportRefused::NoList)?.report(additions)
    }

    fn hold_complete(&mut self, row: Row, list: Arc<List>) -> Result<(), CrlRefused> {
        match self.rows.get_mut(&row) {
            Some(held) => {
                if list.check_follows(&held.complete)? {
                    let reached = |delta: &Arc<List>| list.index.number() < delta.index.number();
                    held.delta = held.delta.take().filter(reached);
                    held.complete = list;
                }
            }
            None => {
                for point in &list.head.points {
                    self.points.entry((row.0, point.clone())).or_default().insert(row);
                }
                let held = Held {
                    complete: list,
                    delta: None,
                    reported: Vec::new(),
                    reached: self.reached.get(&row).cloned().unwrap_or_default(),
                };
                self.rows.insert(row, held);
            }
        }
        Ok(())
    }

    /// The lists signed by a key that speak for a certificate whose distribution points are `points`.
    pub(crate) fn speaking_for<'a>(
        &'a self,
        certificate: &'a CardCertificate,
        key: [u8; 32],
        points: &'a [Vec<u8>],
    ) -> impl Iterator<Item = &'a Held> {
        let whole = std::iter::once(Vec::new());
        let rows: BTreeSet<Row> = points
            .iter()
            .cloned()
            .chain(whole)
            .filter_map(|point| self.points.get(&(key, point)))
            .flatten()
            .copied()
            .collect();
        rows.into_iter().filter_map(|row| self.rows.get(&row)).filter(|held| held.covers(certificate))
    }

    /// Whether the row of an older list names a certificate now that the older list does not, for a certificate
    /// by a key of the row's for which the row speaks.
    pub(crate) fn is_new_since(&self, older: &Index<SharedBytes>, certificate: &CardCertificate) -> bool {
        let (issuer, scope) = older.speaks_for();
        let row = (*issuer, *scope);
        let points = points_of_certificate(certificate);
        let whole = Vec::new();
        let speaks = points
            .iter()
            .chain([&whole])
            .any(|point| self.points.get(&(row.0, point.clone())).is_some_and(|rows| rows.contains(&row)));
        let Some(held) = self.rows.get(&row).filter(|held| speaks && held.covers(certificate)) else {
            return false;
        };
        let serial = certificate.serial();
        let is_listed = matches!(held.listed(serial), Ok(Some(_)));
        is_listed && !matches!(older.find(serial), Ok(Some(listed)) if listed.reason != TAKES_BACK)
    }

    /// A list of this row with this number was taken before.
    pub(crate) fn reached(&mut self, row: Row, number: &[u8]) {
        let reached = self.reached.entry(row).or_default();
        if comparable(number) > comparable(reached) {
            *reached = number.to_vec();
        }
        if let Some(held) = self.rows.get_mut(&row) {
            held.reached.clone_from(reached);
        }
    }

    /// Lists were taken of which nothing is held.
    fn are_missing(&self) -> bool {
        self.are_missing || self.reached.keys().any(|row| !self.rows.contains_key(row))
    }

    /// Whether a list is lost, and none that is held came as far.
    pub(crate) fn is_behind(&self) -> bool {
        self.are_missing() || self.rows.values().any(Held::is_behind)
    }

    /// Lists of rows that nobody knows were here.
    pub(crate) const fn lose_all(&mut self) {
        self.are_missing = true;
    }

    /// How old each row is.
    pub(crate) fn ages(&self, clock: &Clock) -> impl Iterator<Item = Age> {
        self.rows.values().map(|held| clock.age_of(&held.latest().index))
    }

    /// thisUpdate of each row.
    pub(crate) fn times(&self) -> impl Iterator<Item = UnixMillis> {
        self.rows.values().map(|held| held.latest().index.this_update())
    }
}

/// The names of the distribution points whose lists would speak for a certificate (§6.3.3 (b)).
pub(crate) fn points_of_certificate(certificate: &CardCertificate) -> Vec<Vec<u8>> {
    let Some(Ok(points)) = certificate.extension::<CrlDistributionPoints>(oid::CRL_DISTRIBUTION_POINTS)
    else {
        return Vec::new();
    };
    let issuer = certificate.inner().tbs_certificate().issuer();
    points
        .0
        .iter()
        .filter(|point| point.reasons.is_none() && point.crl_issuer.is_none())
        .filter_map(|point| point.distribution_point.as_ref())
        .flat_map(|point| names_of_point(point, issuer))
        .collect()
}
