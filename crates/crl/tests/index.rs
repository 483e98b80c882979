//! Lists made by hand, byte by byte, and their indexes: what is listed is found, nothing else is, and no byte of
//! either can be another one unnoticed.
#![expect(clippy::unwrap_used, reason = "test helpers fail by panicking")]

use std::collections::BTreeMap;

use hinamori_crl::{BadIndex, BuildError, Crl, CrlError, Index, ListKind, Stated, build};
use hinamori_model::UnixMillis;
use proptest::prelude::*;

/// 2026-10-12T00:00:00Z.
const DAY: u64 = 1_791_763_200;

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = match content.len() {
        short @ 0..0x80 => vec![short as u8],
        middle @ 0x80..0x100 => vec![0x81, middle as u8],
        middle @ 0x100..0x1_0000 => [&[0x82][..], &(middle as u16).to_be_bytes()].concat(),
        long => [&[0x83][..], &(long as u32).to_be_bytes()[1..]].concat(),
    };
    [&[tag][..], &length, content].concat()
}

fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    der(0x30, &parts.concat())
}

fn serial_number(serial: &[u8]) -> Vec<u8> {
    match serial {
        [0x80..=0xFF, ..] | [] => der(2, &[&[0][..], serial].concat()),
        _ => der(2, serial),
    }
}

/// A UTCTime so many seconds after [`DAY`], less than a day.
fn time(after: u64) -> Vec<u8> {
    let (hours, minutes, seconds) = (after / 3_600, after / 60 % 60, after % 60);
    der(0x17, format!("261012{hours:02}{minutes:02}{seconds:02}Z").as_bytes())
}

const REASON_CODE: [u8; 5] = [6, 3, 0x55, 0x1D, 0x15];
const INVALIDITY_DATE: [u8; 5] = [6, 3, 0x55, 0x1D, 0x18];

fn extension(kind: &[u8], critical: bool, value: &[u8]) -> Vec<u8> {
    let critical: &[u8] = if critical { &[1, 1, 0xFF] } else { &[] };
    sequence(&[kind, critical, &der(4, value)])
}

fn entry(serial: &[u8], after: u64, reason: Option<u8>) -> Vec<u8> {
    let reason = reason.map(|reason| sequence(&[&extension(&REASON_CODE, false, &[0x0A, 1, reason])]));
    sequence(&[&serial_number(serial), &time(after), &reason.unwrap_or_default()])
}

fn list(entries: &[Vec<u8>]) -> Vec<u8> {
    let algorithm = sequence(&[&[6, 1, 42]]);
    let entries = if entries.is_empty() { Vec::new() } else { der(0x30, &entries.concat()) };
    let extensions = der(0xA0, &sequence(&[&extension(&[6, 3, 0x55, 0x1D, 0x14], false, &[2, 1, 9])]));
    let parts = [&[2, 1, 1][..], &algorithm, &sequence(&[]), &time(0), &time(7_200), &entries, &extensions];
    sequence(&[&sequence(&parts), &algorithm, &der(3, &[0, 1, 2, 3])])
}

fn indexed(list: &[u8]) -> Vec<u8> {
    let kind = ListKind::Complete;
    let stated = Stated { kind, issuer: [1; 32], scope: [2; 32], number: &[9], content: [3; 32] };
    let mut out = Vec::new();
    build(&Crl::parse(list).unwrap(), kind, &mut out).unwrap().name(&stated).unwrap();
    out
}

/// A serial number without leading zeros, with its list's time and reason.
type Revoked = BTreeMap<Vec<u8>, (u64, u8)>;

/// Entries of all forms come back byte for byte.
#[test]
fn a_list_of_any_form_is_written_as_it_was() {
    let date = extension(&INVALIDITY_DATE, false, &der(0x18, b"20261012000000Z"));
    let other = sequence(&[&serial_number(&[0x85]), &time(9), &sequence(&[&date])]);
    let late = sequence(&[&serial_number(&[]), &der(0x18, b"20500101000000Z")]);
    let usual = [entry(&[0x85, 1], 5, Some(0)), entry(&[7], 86_399, None), entry(&[0xFF; 20], 1, Some(10))];
    let all = [usual.as_slice(), &[other.clone(), late.clone()]].concat();
    let many: Vec<_> = (1..=200).flat_map(|_| all.clone()).collect();
    for entries in [&[][..], &usual, &[other], &[late], &all, &many] {
        let bytes = list(entries);
        let index = Index::open(indexed(&bytes)).unwrap();
        let mut again = Vec::new();
        index.write_der(&mut again).unwrap();
        assert_eq!(again, bytes);
        assert_eq!(index.rows().map(|row| row.der_length() as u64).sum::<u64>(), index.entries_length());
        let without = index.without_entries().unwrap();
        let without = Crl::parse(&without).unwrap();
        assert_eq!(without.extensions, Crl::parse(&bytes).unwrap().extensions);
        assert!(without.entries().next().is_none());
    }
}

fn check(revoked: &Revoked, others: &[Vec<u8>]) {
    let entries: Vec<_> = revoked
        .iter()
        .map(|(serial, (after, reason))| entry(serial, *after, (*reason > 0).then_some(*reason)))
        .collect();
    let bytes = list(&entries);
    let index = Index::open(indexed(&bytes)).unwrap();
    assert_eq!(index.entries(), entries.len() as u64);
    let mut again = Vec::new();
    index.write_der(&mut again).unwrap();
    assert_eq!(again, bytes, "the list's exact bytes come back");
    assert_eq!((index.this_update(), index.number()), (UnixMillis::new(DAY * 1_000), (1, &[9][..])));
    for (serial, (after, reason)) in revoked {
        let listed = index.find(serial).unwrap().unwrap();
        assert_eq!((listed.at, listed.reason), (UnixMillis::new((DAY + after) * 1_000), *reason));
        let padded = [&[0][..], serial].concat();
        assert!(index.contains(serial) && index.contains(&padded), "{serial:02X?}");
    }
    for other in others.iter().filter(|other| !revoked.contains_key(*other)) {
        assert!(!index.contains(other) && index.find(other).unwrap().is_none(), "{other:02X?}");
    }
}

fn serials(longest: usize) -> impl Strategy<Value = Vec<u8>> {
    let bytes = prop::collection::vec(any::<u8>(), 0..=longest);
    let close = (0_u32..5_000).prop_map(|number| number.to_be_bytes().to_vec());
    prop_oneof![bytes, close].prop_map(|bytes| bytes.into_iter().skip_while(|byte| *byte == 0).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn what_is_listed_is_found_and_nothing_else_is(
        longest in prop_oneof![Just(3_usize), Just(4), Just(8), Just(20)],
        seeds in prop::collection::vec((serials(20), 0_u64..86_400, prop_oneof![0_u8..=6, 9_u8..=10]), 0..120),
        others in prop::collection::vec(serials(20), 0..60),
    ) {
        let cut = |serial: &[u8]| -> Vec<u8> {
            serial.iter().copied().take(longest).skip_while(|byte| *byte == 0).collect()
        };
        let revoked = seeds.iter().map(|(serial, after, reason)| (cut(serial), (*after, *reason))).collect();
        check(&revoked, &others);
    }
}

#[test]
fn serial_numbers_far_apart_are_kept_without_pages() {
    let revoked = (0..3_000_u32)
        .map(|number| {
            let serial = (number << 17 | 1).to_be_bytes();
            (serial.into_iter().skip_while(|byte| *byte == 0).collect(), (u64::from(number), 1))
        })
        .collect();
    check(&revoked, &[vec![2], vec![0x80, 0, 0, 1]]);
}

/// Lists that a good authority does not make: a certificate over and over, and serial numbers that differ at one
/// end alone.
#[test]
fn crowded_and_repeated_serial_numbers_are_found() {
    let serial = |number: u32, length: usize| {
        let mut serial = number.to_be_bytes().to_vec();
        serial.resize(length, 7);
        serial
    };
    for length in [4, 8, 12, 20] {
        let listed = |number: u32| serial((number % 20) | (1 << 30), length);
        let entries: Vec<_> = (0..9_000).map(|number| entry(&listed(number), 1, None)).collect();
        let others = (0..9_000).map(|number| entry(&serial(number | (1 << 29), length), 2, Some(1)));
        let entries: Vec<_> = entries.into_iter().chain(others).collect();
        let bytes = list(&entries);
        let index = Index::open(indexed(&bytes)).unwrap();
        assert_eq!(index.entries(), 18_000);
        for number in 0..20 {
            let found = index.find(&listed(number)).unwrap().unwrap();
            assert_eq!((found.at, found.reason), (UnixMillis::new((DAY + 1) * 1_000), 0));
        }
        for number in 0..9_000 {
            assert!(index.contains(&serial(number | (1 << 29), length)));
            assert!(!index.contains(&serial(number | (3 << 29), length)));
        }
        assert!(!index.contains(&listed(0)[..length - 1]));
        let mut again = Vec::new();
        index.write_der(&mut again).unwrap();
        assert_eq!(again, bytes);
    }
}

/// A delta list that takes a certificate back and revokes it, in either order, revokes it.
#[test]
fn what_a_list_revokes_it_does_not_take_back() {
    for serial in [&[1, 2, 3][..], &[9; 20]] {
        for reasons in [[Some(8), Some(4)], [Some(4), Some(8)], [Some(8), Some(8)]] {
            let far = (0..200).map(|number| entry(&[5, number], 3, Some(8)));
            let [first, second] = reasons.map(|reason| entry(serial, 1, reason));
            let bytes = list(&std::iter::once(first).chain(far).chain([second]).collect::<Vec<_>>());
            let kind = ListKind::Delta { base: &[1] };
            let stated = Stated { kind, issuer: [1; 32], scope: [2; 32], number: &[9], content: [3; 32] };
            let mut out = Vec::new();
            build(&Crl::parse(&bytes).unwrap(), kind, &mut out).unwrap().name(&stated).unwrap();
            let index = Index::open(out).unwrap();
            let expected = if reasons.contains(&Some(4)) { 4 } else { 8 };
            assert_eq!(index.find(serial).unwrap().unwrap().reason, expected, "{reasons:?}");
            assert_eq!(index.find(&[5, 7]).unwrap().unwrap().reason, 8);
        }
    }
}

#[test]
fn no_byte_of_an_index_can_be_another() {
    for serial in [&[1, 2, 3][..], &[9; 20]] {
        let bytes = indexed(&list(&[entry(serial, 5, Some(1)), entry(&[4], 6, None)]));
        for length in 0..bytes.len() {
            assert_eq!(Index::open(&bytes[..length]).err(), Some(BadIndex), "cut at {length}");
        }
        for bit in 0..bytes.len() * 8 {
            let mut bent = bytes.clone();
            bent[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Index::open(bent).err(), Some(BadIndex), "bit {bit}");
        }
        assert!(Index::open([bytes.as_slice(), &[0]].concat()).is_err());
    }
}

/// A list that is cut or bent is refused, or says other bytes than were signed.
#[test]
fn a_cut_or_bent_list_is_refused_or_has_other_signed_bytes() {
    let bytes = list(&[entry(&[1, 2, 3], 5, Some(1)), entry(&[9; 20], 6, None)]);
    let whole = Crl::parse(&bytes).unwrap();
    for length in 0..bytes.len() {
        assert!(Crl::parse(&bytes[..length]).is_err(), "cut at {length}");
    }
    assert!(Crl::parse(&[bytes.as_slice(), &[0]].concat()).is_err());
    for bit in 0..bytes.len() * 8 {
        let mut bent = bytes.clone();
        bent[bit / 8] ^= 1 << (bit % 8);
        if let Ok(read) = Crl::parse(&bent) {
            let walked = read.entries().collect::<Result<Vec<_>, _>>();
            assert!(
                (read.signed, read.signature) != (whole.signed, whole.signature)
                    && walked.is_ok_and(|all| all.len() <= 2)
                    || read.entries().any(|entry| entry.is_err()),
                "bit {bit}"
            );
        }
    }
}

#[test]
fn serial_numbers_are_not_printed() {
    let bytes = list(&[entry(&[0xAB, 0xCD], 5, None)]);
    let crl = Crl::parse(&bytes).unwrap();
    let first = crl.entries().next().unwrap().unwrap();
    let printed =
        format!("{crl:?} {:?} {first:?} {:?}", crl.entries(), Index::open(indexed(&bytes)).unwrap());
    assert!(!printed.contains("171") && !printed.contains("AB") && !printed.contains('['), "{printed}");
}

fn read(entry: Vec<u8>) -> Result<(Vec<u8>, u64, u8), CrlError> {
    let bytes = list(&[entry]);
    let mut entries = Crl::parse(&bytes).unwrap().entries();
    let first = entries.next().unwrap()?;
    assert!(entries.next().is_none());
    Ok((first.serial.to_vec(), first.at, first.reason))
}

#[test]
fn unusual_entries_are_read_like_usual_ones_and_wrong_ones_are_refused() {
    let reason = |code: u8| extension(&REASON_CODE, false, &[0x0A, 1, code]);
    let date = extension(&INVALIDITY_DATE, false, &der(0x18, b"20261012000000Z"));
    let with = |extensions: &[&[u8]]| sequence(&[&serial_number(&[5]), &time(9), &sequence(extensions)]);
    let found = |reason| Ok((vec![5], DAY + 9, reason));
    assert_eq!(read(entry(&[5], 9, Some(4))), found(4));
    assert_eq!(read(with(&[&date, &reason(4)])), found(4));
    assert_eq!(read(with(&[&date])), found(0));
    let late = sequence(&[&serial_number(&[]), &der(0x18, b"20500101000000Z")]);
    assert_eq!(read(late), Ok((Vec::new(), 2_524_608_000, 0)), "serial number zero, a time after 2049");

    let takes_back = list(&[entry(&[5], 9, Some(8))]);
    let built = |kind| build(&Crl::parse(&takes_back).unwrap(), kind, &mut Vec::new()).map(|_| ());
    assert!(matches!(built(ListKind::Complete), Err(BuildError::List(CrlError::TakesBack))));
    assert!(built(ListKind::Delta { base: &[1] }).is_ok(), "a delta list may take back");
    assert_eq!(read(entry(&[5], 9, Some(7))), Err(CrlError::Reason));
    assert_eq!(read(with(&[&reason(1), &reason(1)])), Err(CrlError::DuplicateEntryExtension));
    let many: Vec<_> = (0..17).map(|number| extension(&[6, 1, number], false, &[5, 0])).collect();
    assert_eq!(read(with(&many.iter().map(Vec::as_slice).collect::<Vec<_>>())), Err(CrlError::NotDer));
    for bad in [&[6, 0][..], &[6, 4, 0x55, 0x1D, 0x80, 0x15], &[6, 2, 0x55, 0x9D]] {
        assert_eq!(read(with(&[&extension(bad, false, &[5, 0])])), Err(CrlError::NotDer), "{bad:02X?}");
    }
    let critical = extension(&INVALIDITY_DATE, true, &[5, 0]);
    assert_eq!(read(with(&[&critical])), Err(CrlError::CriticalEntryExtension));
    let negative = sequence(&[&[2, 1, 0x80][..], &time(9)]);
    assert_eq!(read(negative), Ok((Vec::new(), DAY + 9, 0)), "a negative number stands as zero");
    for bad in [&[][..], &[0xFF, 0x80], &[0, 0x7F], &[0x80; 21]] {
        assert_eq!(read(sequence(&[&der(2, bad)[..], &time(9)])), Err(CrlError::Serial), "{bad:02X?}");
    }
    let long = sequence(&[&der(2, &[1; 21])[..], &time(9)]);
    assert_eq!(read(long), Err(CrlError::Serial));
    let twelve = sequence(&[&serial_number(&[5])[..], &der(0x17, b"261312000000Z")]);
    assert_eq!(read(twelve), Err(CrlError::Time));
    let more = sequence(&[&serial_number(&[5])[..], &time(9), &sequence(&[&reason(1)]), &[5, 0]]);
    assert_eq!(read(more), Err(CrlError::NotDer));
}
