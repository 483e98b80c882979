//! What a newer list has more: it is all there and nothing else is, it takes little room, and its bytes have one
//! form.
#![expect(clippy::unwrap_used, reason = "test helpers fail by panicking")]

mod made;

use std::collections::BTreeSet;

use hinamori_crl::{Additions, BadAdditions, Index, ListKind, Standing, Stated};
use made::{DAY, Revoked, bound, index, index_of, numbers, revoked};
use proptest::prelude::*;

/// Bytes of the signature that goes with them.
const SIGNATURE: f64 = 64.0;

fn list_of(serials: &[Vec<u8>]) -> Vec<Revoked> {
    let one = |serial: &Vec<u8>| Revoked {
        serial: serial.iter().copied().skip_while(|byte| *byte == 0).collect(),
        at: DAY,
        reason: None,
        is_unusual: serial.len() % 5 == 1,
    };
    serials.iter().map(one).collect()
}

fn serials(longest: usize) -> impl Strategy<Value = Vec<Vec<u8>>> {
    let close = (0_u16..300).prop_map(|number| number.to_be_bytes().to_vec());
    let any = prop::collection::vec(any::<u8>(), 0..=longest);
    prop::collection::vec(prop_oneof![close, any], 0..60)
}

proptest! {
    #[test]
    fn what_was_added_is_there_and_nothing_else(
        (old, new, others) in prop_oneof![Just(3_usize), Just(8), Just(20)]
            .prop_flat_map(|longest| (serials(longest), serials(longest), serials(20))),
    ) {
        let (old, new) = (list_of(&old), list_of(&new));
        let additions = Additions::between(&index(1, &old), &index(2, &new));
        let again = Additions::from_bytes(&additions.to_bytes()).unwrap();
        prop_assert_eq!(&again, &additions);
        let all = |list: &[Revoked]| list.iter().map(|one| one.serial.clone()).collect::<BTreeSet<_>>();
        let added: BTreeSet<_> = all(&new).difference(&all(&old)).cloned().collect();
        prop_assert_eq!((again.len(), again.is_empty()), (added.len(), added.is_empty()));
        for serial in all(&old).into_iter().chain(all(&new)).chain(all(&list_of(&others))) {
            prop_assert_eq!(again.contains(&serial), added.contains(&serial));
            let padded = [&[0, 0][..], &serial].concat();
            prop_assert_eq!(again.contains(&padded), added.contains(&serial));
        }
    }

    #[test]
    fn noise_is_refused_or_is_the_only_form_of_what_it_says(
        noise in prop::collection::vec(any::<u8>(), 0..300),
        count in 0_u64..20,
        parameter in 0_u8..64,
    ) {
        prop_assert_eq!(Additions::from_bytes(&noise), Err(BadAdditions));
        for new in [some(&[]), vec![long(9)]] {
            // What stands before the numbers; how many there are and their code; and noise.
            let mut bytes = Additions::between(&index(1, &[]), &index(2, &new)).to_bytes();
            let header = if new.is_empty() { 1 + 3 * 32 + 2 * 2 + 8 } else { 1 + 3 * 32 + 2 * 2 + 8 + 4 * 8 };
            bytes.truncate(header);
            let begin = bytes.len();
            bytes.extend(&noise);
            check_read(&bytes);
            bytes.truncate(begin);
            bytes.extend(count.to_be_bytes());
            bytes.push(parameter << 2 | noise.first().map_or(0, |byte| byte & 3));
            bytes.extend(noise.iter().skip(1));
            check_read(&bytes);
            // As many bytes as fit, so that some of it is read.
            for length in begin..bytes.len() {
                check_read(&bytes[..length]);
            }
        }
    }
}

fn check_read(bytes: &[u8]) {
    if let Ok(read) = Additions::from_bytes(bytes) {
        assert_eq!(read.to_bytes(), bytes);
    }
}

fn some(serials: &[u64]) -> Vec<Revoked> {
    serials.iter().map(|serial| revoked(*serial, DAY, 1)).collect()
}

#[test]
fn bytes_have_one_form() {
    let long = Revoked { serial: vec![9; 20], ..revoked(0, DAY, 1) };
    for more in [revoked(77, DAY, 1), long] {
        let new = [some(&[3, 5, 6, 700, 701, 90_000]), vec![more]].concat();
        let additions = Additions::between(&index(1, &some(&[5, 8])), &index(2, &new));
        let bytes = additions.to_bytes();
        for length in 0..bytes.len() {
            assert_eq!(Additions::from_bytes(&bytes[..length]), Err(BadAdditions), "cut at {length}");
        }
        assert_eq!(Additions::from_bytes(&[bytes.as_slice(), &[0]].concat()), Err(BadAdditions));
        for bit in 0..bytes.len() * 8 {
            let mut bent = bytes.clone();
            bent[bit / 8] ^= 1 << (bit % 8);
            match Additions::from_bytes(&bent) {
                Err(BadAdditions) => {}
                Ok(other) => assert!(other != additions && other.to_bytes() == bent, "bit {bit}"),
            }
        }
    }
}

#[test]
fn they_say_between_which_lists_they_stand() {
    let additions = Additions::between(&index(1, &some(&[5])), &index(2, &some(&[5, 6])));
    let step = additions.step();
    assert_eq!((step.issuer, step.scope, step.old_content), ([1; 32], [2; 32], [1; 32]));
    assert_eq!((step.old_number.as_slice(), step.new_number.as_slice()), (&[1][..], &[2][..]));
    assert_eq!(step.this_update.get(), u64::from(DAY + 2) * 1_000);
}

#[test]
fn serial_numbers_are_not_printed() {
    let additions = Additions::between(&index(1, &[]), &index(2, &some(&[171, 205])));
    let printed = format!("{additions:?}");
    assert!(!printed.contains("171") && !printed.contains("205") && printed.contains('2'), "{printed}");
}

/// 10,000 additions among a hundred million serial numbers, and among random ones.
#[test]
fn they_take_little_more_than_they_have_to() {
    let mut number = numbers(3);
    let mut draw = |count| (0..count).map(|_| number(100_000_000)).collect::<BTreeSet<_>>();
    let (old, new) = (draw(50_000), draw(10_000));
    let count = new.difference(&old).count();
    let both: Vec<u64> = old.iter().copied().chain(new).collect();
    let old: Vec<u64> = old.into_iter().collect();
    let plain = Additions::between(&index(1, &some(&old)), &index(2, &some(&both)));
    assert_eq!(plain.len(), count);

    let long = |serials: &[u64]| -> Vec<Revoked> {
        serials
            .iter()
            .map(|serial| {
                let mut word = numbers(*serial);
                let bytes = [0; 20].map(|_: u8| word(255) as u8 + 1);
                Revoked { serial: bytes.to_vec(), ..revoked(0, DAY, 1) }
            })
            .collect()
    };
    let hashed = Additions::between(&index(1, &long(&old)), &index(2, &long(&both)));
    assert_eq!(hashed.len(), count);

    for (additions, all) in [(plain, 100_000_000), (hashed, 1 << 40)] {
        let bytes = additions.to_bytes().len() as f64 + SIGNATURE;
        let ratio = bytes / bound(all, count as u64);
        println!("{count} of {all}: {bytes} bytes, {ratio:.4} times the bound");
        assert!(ratio < 1.03, "{bytes} bytes are {ratio} times the bound");
    }
}

const fn stated(number: &[u8]) -> Stated<'_> {
    Stated { kind: ListKind::Complete, issuer: [1; 32], scope: [2; 32], number, content: [9; 32] }
}

fn delta(number: &[u8], revoked: &[Revoked]) -> Index<Vec<u8>> {
    index_of(7, revoked, &Stated { kind: ListKind::Delta { base: &[2] }, ..stated(number) })
}

fn long(byte: u8) -> Revoked {
    Revoked { serial: vec![byte; 20], ..revoked(0, DAY, 1) }
}

#[test]
fn they_stand_beside_a_list_until_its_number_is_theirs() {
    let named = index(5, &some(&[1, 2, 3]));
    for more in [revoked(4, DAY, 1), long(9)] {
        let reported =
            Additions::between(&index(2, &some(&[1])), &index(5, &[some(&[2, 3]), vec![more]].concat()));
        for number in [1, 2, 4] {
            assert_eq!(reported.standing(&index(number, &some(&[1]))), Standing::Open, "list {number}");
        }
        assert_eq!(reported.standing(&named), Standing::Over { missing: 1 });
        assert_eq!(reported.standing(&index(6, &some(&[2]))), Standing::Over { missing: 2 });
        // Numbers are compared as numbers.
        assert_eq!(reported.standing(&delta(&[1, 0], &some(&[3, 2]))), Standing::Over { missing: 1 });
        let other = index_of(1, &some(&[1]), &Stated { scope: [7; 32], ..stated(&[1]) });
        assert_eq!(reported.standing(&other), Standing::Foreign);
        let other = index_of(1, &some(&[1]), &Stated { issuer: [7; 32], ..stated(&[1]) });
        assert_eq!(reported.standing(&other), Standing::Foreign);
    }
}

#[test]
fn what_a_delta_list_takes_back_it_does_not_confirm() {
    for more in [revoked(4, DAY, 1), long(9)] {
        let reported =
            Additions::between(&index(2, &[]), &index(5, &[some(&[2, 3]), vec![more.clone()]].concat()));
        let changes = [revoked(2, DAY, 8), revoked(3, DAY, 1), Revoked { reason: Some(8), ..more.clone() }];
        let changes = delta(&[6], &changes);
        assert_eq!(reported.standing(&changes), Standing::Over { missing: 2 });
        // What one of two lists names is named.
        let complete = index(4, &[vec![more], some(&[2])].concat());
        assert_eq!(reported.missing_in(&complete), 1);
        assert_eq!(reported.missing_in_each([&complete, &changes]), 0);
        assert_eq!(reported.missing_in_each([&index(4, &some(&[3])), &changes]), 2, "both name the same one");
    }
}

#[test]
fn a_later_report_in_another_form_repeats_an_earlier_one() {
    let old = index(1, &some(&[1]));
    let short = Additions::between(&old, &index(2, &some(&[1, 2, 3])));
    let hashed = Additions::between(&old, &index(3, &[some(&[2, 3, 4]), vec![long(9)]].concat()));
    assert_eq!((short.missing_among(&hashed), hashed.missing_among(&short)), (0, 4));
    let less = Additions::between(&old, &index(3, &[some(&[3, 4]), vec![long(9)]].concat()));
    assert_eq!((short.missing_among(&less), less.missing_among(&short)), (1, 3));
    assert_eq!((hashed.missing_among(&less), less.missing_among(&hashed)), (1, 0));
    let other_key = Additions::between(&index(4, &some(&[1])), &index(5, &[long(9)]));
    assert_eq!(other_key.missing_among(&hashed), 1, "nobody can tell");
}

#[test]
fn a_later_report_takes_back_what_neither_it_nor_the_list_names() {
    let old = index(1, &some(&[1]));
    for more in [revoked(9, DAY, 1), long(9)] {
        let earlier =
            Additions::between(&old, &index(3, &[some(&[1, 2, 3, 4]), vec![more.clone()]].concat()));
        let list = index(2, &[some(&[1, 2]), vec![more]].concat());
        let later = |serials: &[u64]| Additions::between(&old, &index(4, &some(serials)));
        let is_hashed = earlier.missing_among(&later(&[2, 3, 4, 9])) > 0;
        // What is hashed is not compared with what is not: the list alone counts.
        let expected = if is_hashed { [2, 2, 2] } else { [0, 1, 2] };
        let taken_back = [&[3, 4][..], &[3], &[]].map(|serials| earlier.taken_back(&later(serials), &list));
        assert_eq!(taken_back, expected);
    }
}

#[test]
fn a_younger_list_ends_a_report_whatever_number_it_claims() {
    let mut bytes = Additions::between(&index(2, &[]), &index(5, &some(&[2, 3]))).to_bytes();
    // Behind form, issuer, scope and content, and two numbers of a byte each with their lengths.
    let time = 1 + 32 * 3 + 2 * 2;
    bytes[time..time + 8].copy_from_slice(&1_u64.to_be_bytes());
    let old = Additions::from_bytes(&bytes).unwrap();
    assert_eq!(old.standing(&index(3, &some(&[2]))), Standing::Over { missing: 1 });
}
