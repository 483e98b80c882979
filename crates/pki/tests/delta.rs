//! Delta lists (RFC 5280 §5.2.4): what they change, and when they are not taken.
#![expect(clippy::unwrap_used, reason = "test helpers fail by panicking")]

mod support;

use hinamori_model::UnixMillis;
use hinamori_pki::{Age, CardCertificate, CrlRefused, Purpose, Revocation, Verifier};
use hinamori_sim::ca::{CrlSpec, Extension, Holder, NOW, id};

use support::{jpki, verifier};

const HOUR: u64 = 3_600_000;

fn holder(number: u32) -> Holder {
    Holder::numbered(number)
}

/// A complete list, an hour later for each number.
fn list(number: u8) -> CrlSpec {
    jpki().crl(&holder(1).municipality, u64::from(number), NOW.plus(u64::from(number) * HOUR))
}

fn delta(base: u8, number: u8) -> CrlSpec {
    list(number).with(Extension::new(id::DELTA_CRL_INDICATOR, true, vec![2, 1, base]))
}

fn says(verifier: &Verifier, number: u32) -> Revocation {
    let certificate = CardCertificate::parse(&jpki().issue(&holder(number)).certificate).unwrap();
    let verified = verifier.check(&certificate, &[], Purpose::JpkiAuthentication, NOW).unwrap();
    verified.revocation()
}

fn revoked(reason: u8) -> Revocation {
    Revocation::Revoked { at: NOW, reason }
}

fn fine(as_of: u8) -> Revocation {
    Revocation::NotRevoked { as_of: NOW.plus(u64::from(as_of) * HOUR), age: Age::Fresh }
}

#[track_caller]
fn take(verifier: &mut Verifier, list: &CrlSpec) -> Result<UnixMillis, CrlRefused> {
    verifier.add_crl(&list.issue(), &[], NOW).map(|taken| taken.this_update)
}

#[test]
fn a_delta_list_adds_changes_and_takes_back() {
    let mut verifier = verifier();
    let complete = list(5).revoking(&holder(1).serial(), NOW, 1).revoking(&holder(2).serial(), NOW, 6);
    take(&mut verifier, &complete.revoking(&holder(3).serial(), NOW, 6)).unwrap();
    let changes = delta(4, 7)
        .revoking(&holder(2).serial(), NOW, 8)
        .revoking(&holder(3).serial(), NOW, 1)
        .revoking(&holder(4).serial(), NOW, 4)
        .revoking(&holder(5).serial(), NOW, 8);
    take(&mut verifier, &changes).unwrap();
    let now_says: Vec<_> = (1..=6).map(|number| says(&verifier, number)).collect();
    assert_eq!(now_says, [revoked(1), fine(7), revoked(1), revoked(4), fine(7), fine(7)]);
    assert_eq!(verifier.latest_list(), Some(NOW.plus(7 * HOUR)));
    // A later complete list before the delta list's number leaves it in force, one at its number does not.
    take(&mut verifier, &list(6)).unwrap();
    assert_eq!([says(&verifier, 1), says(&verifier, 4)], [fine(7), revoked(4)]);
    take(&mut verifier, &list(7)).unwrap();
    assert_eq!([says(&verifier, 1), says(&verifier, 4)], [fine(7), fine(7)]);
}

#[test]
fn a_delta_list_stands_on_its_base_alone() {
    let mut verifier = verifier();
    assert_eq!(take(&mut verifier, &delta(1, 7)), Err(CrlRefused::Delta));
    assert_eq!(verifier.latest_list(), None);
    take(&mut verifier, &list(5)).unwrap();
    // Its base is newer than what is held.
    assert_eq!(take(&mut verifier, &delta(6, 7)), Err(CrlRefused::Delta));
    // Another scope, and another key.
    let other = delta(5, 7).without(&id::ISSUING_DISTRIBUTION_POINT);
    assert_eq!(take(&mut verifier, &other), Err(CrlRefused::Delta));
    assert_eq!(says(&verifier, 1), fine(5));
    take(&mut verifier, &delta(5, 7)).unwrap();
    assert_eq!(says(&verifier, 1), fine(7));
}

#[test]
fn delta_lists_never_go_backwards() {
    let mut verifier = verifier();
    let revoking = |base, number| delta(base, number).revoking(&holder(1).serial(), NOW, 1);
    take(&mut verifier, &list(5)).unwrap();
    take(&mut verifier, &revoking(5, 8)).unwrap();
    // Older ones are no error and change nothing.
    for older in [delta(5, 7), delta(3, 4), delta(5, 5)] {
        take(&mut verifier, &older).unwrap();
        assert_eq!(says(&verifier, 1), revoked(1));
    }
    assert_eq!(take(&mut verifier, &delta(5, 8)), Err(CrlRefused::SameNumber));
    let older = CrlSpec { this_update: NOW, ..delta(5, 9) };
    assert_eq!(take(&mut verifier, &older), Err(CrlRefused::OlderThanHeld));
    assert_eq!(says(&verifier, 1), revoked(1));
    take(&mut verifier, &revoking(5, 8)).unwrap();
    take(&mut verifier, &delta(5, 9)).unwrap();
    assert_eq!(says(&verifier, 1), fine(9));
}

#[test]
fn only_a_delta_list_takes_back() {
    let mut verifier = verifier();
    let complete = list(5).revoking(&holder(1).serial(), NOW, 8);
    assert_eq!(take(&mut verifier, &complete), Err(CrlRefused::TakesBack));
}
