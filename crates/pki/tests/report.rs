//! Additions that the town reports before the authority's own list is here, and what a newer list brought.
#![expect(clippy::unwrap_used, reason = "test helpers fail by panicking")]

mod support;

use std::sync::Arc;

use hinamori_crl::{Additions, Crl, Index, SharedBytes, build};
use hinamori_pki::{
    Age, CardCertificate, CrlTaken, Purpose, ReportRefused, Revocation, UnknownReason, Verifier,
};
use hinamori_sim::ca::{CrlSpec, Extension, Hierarchy, Holder, NOW, id};

use support::{jpki, verifier};

const HOUR: u64 = 3_600_000;

/// A list that names these holders, an hour later for each number.
fn list(number: u8, revoked: impl IntoIterator<Item = u32>) -> CrlSpec {
    let at = NOW.plus(u64::from(number) * HOUR);
    let empty = jpki().crl(&Holder::numbered(1).municipality, u64::from(number), at);
    revoked.into_iter().fold(empty, |list, holder| list.revoking(&Holder::numbered(holder).serial(), NOW, 1))
}

fn index(list: &CrlSpec) -> Index<SharedBytes> {
    let der = list.issue();
    let crl = Crl::parse(&der).unwrap();
    let head = verifier().read_head(&crl, &[], NOW).unwrap();
    let signed = head.check_signature(&crl).unwrap();
    let mut bytes = Vec::new();
    build(&crl, head.kind(), &mut bytes).unwrap().name(&signed.stated()).unwrap();
    Index::open(SharedBytes::new(bytes)).unwrap()
}

fn between(old: &CrlSpec, new: &CrlSpec) -> Arc<Additions> {
    Arc::new(Additions::between(&index(old), &index(new)))
}

fn take(verifier: &mut Verifier, list: &CrlSpec) -> CrlTaken {
    verifier.hold(index(list)).unwrap()
}

fn says(verifier: &Verifier, holder: u32) -> Revocation {
    let certificate = CardCertificate::parse(&jpki().issue(&Holder::numbered(holder)).certificate).unwrap();
    let verified = verifier.check(&certificate, &[], Purpose::JpkiAuthentication, NOW).unwrap();
    verified.revocation()
}

fn fine(number: u64) -> Revocation {
    Revocation::NotRevoked { as_of: NOW.plus(number * HOUR), age: Age::Fresh }
}

fn reported(number: u64) -> Revocation {
    Revocation::Reported { since: NOW.plus(number * HOUR) }
}

const REVOKED: Revocation = Revocation::Revoked { at: NOW, reason: 1 };

#[test]
fn a_report_only_adds_until_the_list_itself_is_here() {
    let mut verifier = verifier();
    let (first, second) = (list(1, [1]), list(2, [1, 2]));
    assert_eq!(verifier.report(between(&first, &second)), Err(ReportRefused::NoList));
    take(&mut verifier, &first);
    verifier.report(between(&first, &second)).unwrap();
    assert_eq!([1, 2, 3].map(|holder| says(&verifier, holder)), [REVOKED, reported(2), fine(1)]);
    // Neither a list in between nor the same one again drops it.
    assert_eq!(take(&mut verifier, &first).unconfirmed, 0);
    assert_eq!(says(&verifier, 2), reported(2));
    let taken = take(&mut verifier, &second);
    assert_eq!((taken.entries, taken.unconfirmed), (2, 0));
    assert_eq!([1, 2, 3].map(|holder| says(&verifier, holder)), [REVOKED, REVOKED, fine(2)]);
    assert_eq!(verifier.report(between(&first, &second)), Err(ReportRefused::NotNewer));
}

#[test]
fn what_the_authority_does_not_confirm_is_dropped_and_said() {
    for last in [list(2, [1, 3]), list(7, [1, 3])] {
        let mut verifier = verifier();
        take(&mut verifier, &list(1, [1]));
        verifier.report(between(&list(1, [1]), &list(2, [1, 2, 3, 4]))).unwrap();
        assert_eq!([2, 4].map(|holder| says(&verifier, holder)), [reported(2), reported(2)]);
        assert_eq!(take(&mut verifier, &last).unconfirmed, 2);
        assert!(matches!(says(&verifier, 2), Revocation::NotRevoked { .. }));
        assert_eq!(says(&verifier, 3), REVOKED);
    }
    // A delta list is the authority's word too.
    let mut verifier = verifier();
    take(&mut verifier, &list(1, [1]));
    verifier.report(between(&list(1, [1]), &list(2, [1, 2, 3]))).unwrap();
    let delta = list(2, [2]).with(Extension::new(id::DELTA_CRL_INDICATOR, true, vec![2, 1, 1]));
    assert_eq!(take(&mut verifier, &delta).unconfirmed, 1);
    assert_eq!([2, 3].map(|holder| says(&verifier, holder)), [REVOKED, fine(2)]);
}

#[test]
fn a_later_report_replaces_an_earlier_one_or_stands_beside_it() {
    let mut verifier = verifier();
    take(&mut verifier, &list(1, []));
    verifier.report(between(&list(1, []), &list(2, [2]))).unwrap();
    verifier.report(between(&list(2, [2]), &list(3, [2, 3]))).unwrap();
    assert_eq!([2, 3].map(|holder| says(&verifier, holder)), [reported(2), reported(3)]);
    verifier.report(between(&list(1, []), &list(4, [2, 3, 4]))).unwrap();
    assert_eq!([2, 3, 4].map(|holder| says(&verifier, holder)), [reported(4); 3]);
    assert_eq!(take(&mut verifier, &list(3, [2, 3])).unconfirmed, 0);
    assert_eq!([2, 3, 4].map(|holder| says(&verifier, holder)), [REVOKED, REVOKED, reported(4)]);
}

/// Reports in all orders, none of which says all that another one says.
#[test]
fn no_report_takes_a_doubt_away() {
    let reports = [(3, vec![2, 3]), (4, vec![3]), (4, vec![5]), (2, vec![2, 6])];
    for first in 0..reports.len() {
        let mut verifier = verifier();
        take(&mut verifier, &list(1, []));
        let mut doubted = Vec::new();
        for (number, holders) in reports.iter().cycle().skip(first).take(reports.len()) {
            verifier.report(between(&list(1, []), &list(*number, holders.iter().copied()))).unwrap();
            doubted.extend(holders);
            for holder in &doubted {
                assert!(matches!(says(&verifier, *holder), Revocation::Reported { .. }), "{first}: {holder}");
            }
        }
        assert_eq!(says(&verifier, 4), fine(1));
    }
    // What was said already takes no room.
    let mut verifier = verifier();
    take(&mut verifier, &list(1, []));
    verifier.report(between(&list(1, []), &list(3, 1..=100))).unwrap();
    for number in [2, 3] {
        verifier.report(between(&list(1, []), &list(number, 1..=50))).unwrap();
        assert_eq!([50, 51].map(|holder| says(&verifier, holder)), [reported(3); 2]);
    }
}

fn delta(number: u8, revoked: impl IntoIterator<Item = u32>) -> CrlSpec {
    list(number, revoked).with(Extension::new(id::DELTA_CRL_INDICATOR, true, vec![2, 1, 1]))
}

#[test]
fn either_list_confirms_and_what_a_delta_list_takes_back_is_not_confirmed() {
    let mut verifier = verifier();
    take(&mut verifier, &list(1, []));
    verifier.report(between(&list(1, []), &list(3, [2, 3]))).unwrap();
    assert_eq!(take(&mut verifier, &list(2, [3])).unconfirmed, 0);
    assert_eq!(take(&mut verifier, &delta(3, [2])).unconfirmed, 0);
    assert_eq!([2, 3].map(|holder| says(&verifier, holder)), [REVOKED; 2]);
    verifier.report(between(&list(1, []), &list(4, [2, 4, 5]))).unwrap();
    let taken_back = delta(4, [2]).revoking(&Holder::numbered(4).serial(), NOW, 8);
    assert_eq!(take(&mut verifier, &taken_back).unconfirmed, 2);
}

const BEHIND: Revocation = Revocation::Unknown { why: UnknownReason::ListBehind };

#[test]
fn a_row_is_behind_until_a_list_came_as_far_as_the_one_that_was_lost() {
    let mut verifier = verifier();
    let first = index(&list(3, [1]));
    let (issuer, scope) = first.speaks_for();
    let (issuer, scope) = (*issuer, *scope);
    verifier.hold(first.clone()).unwrap();
    assert!(!verifier.is_behind());
    // A complete list or a delta list of this number was taken before.
    verifier.reached(issuer, scope, &[5]);
    assert!(verifier.is_behind());
    assert_eq!([1, 2].map(|holder| says(&verifier, holder)), [REVOKED, BEHIND]);
    // Neither an older list nor the same one again, nor a delta list on the way there.
    take(&mut verifier, &list(2, []));
    take(&mut verifier, &list(3, [1]));
    take(&mut verifier, &delta(4, []));
    verifier.reached(issuer, scope, &[4]);
    assert_eq!([1, 2].map(|holder| says(&verifier, holder)), [REVOKED, BEHIND]);
    take(&mut verifier, &delta(5, []));
    assert_eq!([1, 2].map(|holder| says(&verifier, holder)), [REVOKED, fine(5)]);
    // A delta list that was lost beside a complete one of a lower number, however old the delta that is left.
    verifier.reached(issuer, scope, &[7]);
    take(&mut verifier, &list(6, []));
    assert_eq!(says(&verifier, 2), BEHIND);
    take(&mut verifier, &delta(6, []));
    assert_eq!(says(&verifier, 2), BEHIND, "a delta list that leads no further than the complete one");
    take(&mut verifier, &list(7, []));
    assert_eq!(says(&verifier, 2), fine(7), "a complete list says all that a delta list of its number says");
}

#[test]
fn a_list_that_was_here_is_a_doubt_and_one_that_never_was_is_none() {
    let unknown = |why| Revocation::Unknown { why };
    let row = |list: &CrlSpec| {
        let index = index(list);
        let (issuer, scope) = index.speaks_for();
        (*issuer, *scope)
    };
    let (issuer, scope) = row(&list(1, []));
    let mut lost = verifier();
    assert_eq!(says(&lost, 1), unknown(UnknownReason::NoData));
    lost.reached(issuer, scope, &[4]);
    assert_eq!(says(&lost, 1), unknown(UnknownReason::NoListForPartition));
    let mut all = verifier();
    all.lose_all();
    assert_eq!(says(&all, 1), unknown(UnknownReason::NoListForPartition));
    take(&mut all, &list(1, []));
    assert_eq!(says(&all, 1), fine(1));
    // The same in either order.
    take(&mut lost, &list(2, [1]));
    let mut later = verifier();
    take(&mut later, &list(2, [1]));
    later.reached(issuer, [7; 32], &[9]);
    assert_eq!(says(&later, 2), fine(2), "another row");
    later.reached(issuer, scope, &[4]);
    for mut verifier in [lost, later] {
        assert_eq!([1, 2].map(|holder| says(&verifier, holder)), [REVOKED, BEHIND]);
        take(&mut verifier, &delta(4, []));
        assert_eq!([1, 2].map(|holder| says(&verifier, holder)), [REVOKED, fine(4)]);
    }
}

#[test]
fn too_many_are_refused_together_and_alone() {
    let mut verifier = verifier();
    take(&mut verifier, &list(1, []));
    let many = |count| list(2, 1..=count);
    assert_eq!(verifier.report(between(&list(1, []), &many(101))), Err(ReportRefused::TooMany));
    verifier.report(between(&list(1, []), &many(100))).unwrap();
    assert_eq!(verifier.report(between(&many(1), &list(3, [1, 2]))), Err(ReportRefused::TooMany));
    assert_eq!(says(&verifier, 100), reported(2));
    // A list of 6,000 takes 120.
    let (mut large, entries) = (self::verifier(), 6_000);
    take(&mut large, &list(1, 1..=entries));
    let more = |count| list(2, 1..=entries + count);
    assert_eq!(large.report(between(&list(1, 1..=entries), &more(121))), Err(ReportRefused::TooMany));
    large.report(between(&list(1, 1..=entries), &more(120))).unwrap();
}

#[test]
fn who_was_named_since_an_older_list_is_told_by_position() {
    let enrolled: Vec<_> = (1..=5)
        .map(|holder| CardCertificate::parse(&jpki().issue(&Holder::numbered(holder)).certificate).unwrap())
        .collect();
    let mut verifier = verifier();
    let older = index(&list(1, [1]));
    assert!(verifier.newly_revoked_since(&older, enrolled.iter()).is_empty());
    take(&mut verifier, &list(4, [1, 3, 5, 9]));
    assert_eq!(verifier.newly_revoked_since(&older, enrolled.iter()), [2, 4]);
    assert!(verifier.newly_revoked_since(&index(&list(4, [1, 3, 5, 9])), enrolled.iter()).is_empty());
    // The same serial numbers by another authority are other certificates.
    let foreign: Vec<_> = (1..=5)
        .map(|holder| Hierarchy::jpki_auth(2).issue(&Holder::numbered(holder)).certificate)
        .map(|der| CardCertificate::parse(&der).unwrap())
        .collect();
    assert!(verifier.newly_revoked_since(&older, foreign.iter()).is_empty());
}
