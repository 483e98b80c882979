//! Small revocation lists, signed by nobody: a fuzzer changes what is small sooner.

use hinamori_crl::{Crl, ListKind, Stated, build};
use hinamori_model::UnixMillis;
use hinamori_sim::ca::asn1;

use crate::Seeds;

/// 2026-05-01T00:00:00Z, in seconds.
const DAY: u64 = 1_777_593_600;

/// An extension that is not critical, by the last number of 2.5.29.
fn extension(last: u8, value: &[u8]) -> Vec<u8> {
    asn1::sequence(&[asn1::value(0x06, &[0x55, 0x1D, last]), asn1::octets(value)])
}

fn reason(code: u8) -> Vec<u8> {
    extension(21, &[0x0A, 1, code])
}

fn invalidity_date() -> Vec<u8> {
    extension(24, &asn1::value(0x18, b"20260501000000Z"))
}

/// An entry with these extensions, so many seconds after [`DAY`].
fn entry(serial: &[u8], after: u64, extensions: &[Vec<u8>]) -> Vec<u8> {
    let extensions = if extensions.is_empty() { Vec::new() } else { asn1::sequence(extensions) };
    asn1::sequence(&[asn1::integer(serial), asn1::time(UnixMillis::new((DAY + after) * 1_000)), extensions])
}

/// A list of these entries.
fn list(entries: &[Vec<u8>]) -> Vec<u8> {
    let algorithm = asn1::sequence(&[asn1::value(0x06, &[42])]);
    let time = |days: u64| asn1::time(UnixMillis::new((DAY + 86_400 * days) * 1_000));
    let entries = if entries.is_empty() { Vec::new() } else { asn1::sequence(entries) };
    let extensions = asn1::context(0, &asn1::sequence(&[extension(20, &[2, 1, 9])]));
    let head = [asn1::integer(&[1]), algorithm.clone(), asn1::sequence(&[]), time(0), time(2)];
    let signed = asn1::sequence(&[head.concat(), entries, extensions]);
    asn1::sequence(&[signed, algorithm, asn1::bits(&[1, 2, 3])])
}

/// A list of two short serial numbers.
pub(crate) fn usual() -> Vec<u8> {
    list(&[entry(&[5], 9, &[reason(1)]), entry(&[0x85, 1], 5, &[])])
}

/// Lists of all kinds that a walk or an index differs by.
pub(crate) fn seeds() -> Seeds {
    let long = [0x9A; 20];
    let dense: Vec<_> = (1..60).map(|number| entry(&[number, 3], u64::from(number) * 977, &[])).collect();
    vec![
        ("seed-empty", list(&[])),
        ("seed-usual", usual()),
        ("seed-four-bytes", list(&[entry(&[0xFE, 0, 0, 1], 9, &[]), entry(&[7], 3, &[])])),
        ("seed-eight-bytes", list(&[entry(&[0xFE; 8], 9, &[reason(4)]), entry(&[7], 3, &[])])),
        ("seed-long", list(&[entry(&long, 9, &[reason(0)]), entry(&[3; 12], 86_399, &[])])),
        ("seed-twice", list(&[entry(&[5], 9, &[]), entry(&[5], 10, &[reason(3)])])),
        ("seed-other-form", list(&[entry(&[5], 9, &[invalidity_date(), reason(6)]), entry(&[6], 2, &[])])),
        ("seed-after-2049", list(&[entry(&[], 800_000_000, &[invalidity_date()]), entry(&long, 4, &[])])),
        ("seed-blocks", list(&dense)),
    ]
}

/// The index of a list.
pub(crate) fn index_of(list: &[u8]) -> Option<Vec<u8>> {
    let kind = ListKind::Delta { base: &[8] };
    let stated = Stated { kind, issuer: [1; 32], scope: [2; 32], number: &[9], content: [3; 32] };
    let mut index = Vec::new();
    build(&Crl::parse(list).ok()?, kind, &mut index).ok()?.name(&stated).ok()?;
    Some(index)
}
