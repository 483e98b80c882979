//! What a patch makes is the list, byte for byte; it takes little room; and a bent or cut one does no harm.
#![expect(clippy::unwrap_used, reason = "test helpers fail by panicking")]

mod made;

use std::collections::BTreeSet;

use hinamori_crl::{Additions, Index, PatchError, apply, diff};
use made::{DAY, Revoked, bound, index, list, numbers, revoked};
use proptest::prelude::*;

const LONGEST: u64 = 1 << 20;

type Owned = Index<Vec<u8>>;

fn applied(old: Option<&Owned>, additions: Option<&Additions>, patch: &[u8]) -> Result<Vec<u8>, PatchError> {
    let mut out = Vec::new();
    let result = apply(old, additions, patch, LONGEST, &mut out);
    assert!(out.len() as u64 <= LONGEST);
    result.map(|()| out)
}

/// Tries the patch between two lists in all ways.
fn check(old: &[Revoked], new: &[Revoked]) {
    let (before, after, expected) = (index(1, old), index(2, new), list(2, new));
    let snapshot = diff(None, &after, None);
    assert!(applied(None, None, &snapshot).unwrap() == expected, "out of nothing");
    let patch = diff(Some(&before), &after, None);
    assert!(applied(Some(&before), None, &patch).unwrap() == expected, "out of the older one");
    let additions = Additions::between(&before, &after);
    let patch = diff(Some(&before), &after, Some(&additions));
    assert!(applied(Some(&before), Some(&additions), &patch).unwrap() == expected, "with additions");
}

/// How a list is put in order.
#[derive(Debug, Clone, Copy)]
enum Order {
    None,
    Serial,
    Time,
}

impl Order {
    fn sort(self, list: &mut [Revoked]) {
        match self {
            Self::None => {}
            Self::Serial => list.sort_by_key(|one| (one.serial.len(), one.serial.clone())),
            Self::Time => list.sort_by_key(|one| one.at),
        }
    }
}

fn orders() -> impl Strategy<Value = Order> {
    prop_oneof![Just(Order::None), Just(Order::Serial), Just(Order::Time)]
}

impl std::fmt::Debug for Revoked {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{:02X?} at {} {:?} {}", self.serial, self.at, self.reason, self.is_unusual)
    }
}

fn entries(longest: usize) -> impl Strategy<Value = Revoked> {
    let close = (0_u16..90).prop_map(|number| number.to_be_bytes().to_vec());
    let serial = prop_oneof![close, prop::collection::vec(any::<u8>(), 0..=longest)];
    let at = prop_oneof![DAY..DAY + 50, 0_u32..2_524_608_000];
    let reason = prop::option::of(prop_oneof![0_u8..=6, 9_u8..=10]);
    (serial, at, reason, prop::bool::weighted(0.1)).prop_map(|(serial, at, reason, is_unusual)| {
        let serial = serial.into_iter().skip_while(|byte| *byte == 0).collect();
        Revoked { serial, at, reason, is_unusual }
    })
}

/// What becomes of an entry: usually it stays.
#[derive(Debug, Clone)]
enum Fate {
    Stays,
    Goes,
    Becomes(Revoked),
    Twice,
    Last,
}

fn fates(longest: usize) -> impl Strategy<Value = Fate> {
    prop_oneof![
        6 => Just(Fate::Stays),
        1 => Just(Fate::Goes),
        1 => entries(longest).prop_map(Fate::Becomes),
        1 => Just(Fate::Twice),
        1 => Just(Fate::Last),
    ]
}

fn pairs_of_lists() -> impl Strategy<Value = (Vec<Revoked>, Vec<Revoked>)> {
    prop_oneof![Just(3_usize), Just(8), Just(20)].prop_flat_map(|longest| {
        let old = prop::collection::vec((entries(longest), fates(longest)), 0..40);
        let added = prop::collection::vec(entries(longest), 0..40);
        (old, added, orders(), any::<bool>()).prop_map(|(old, added, order, keeps_order)| {
            let (mut old, fates): (Vec<_>, Vec<_>) = old.into_iter().unzip();
            order.sort(&mut old);
            let (mut new, mut last) = (Vec::new(), Vec::new());
            for (one, fate) in old.iter().zip(fates) {
                match fate {
                    Fate::Stays => new.push(one.clone()),
                    Fate::Goes => {}
                    Fate::Becomes(other) => new.push(other),
                    Fate::Twice => new.extend([one.clone(), one.clone()]),
                    Fate::Last => last.push(one.clone()),
                }
            }
            new.extend(added);
            new.extend(last);
            if keeps_order {
                order.sort(&mut new);
            }
            (old, new)
        })
    })
}

proptest! {
    #[test]
    fn a_patch_makes_the_list((old, new) in pairs_of_lists()) {
        check(&old, &new);
    }

    #[test]
    fn noise_does_no_harm(noise in prop::collection::vec(any::<u8>(), 0..200), bits in any::<[u8; 12]>()) {
        let old = index(1, &some(&[5, 900, 7]));
        let additions = Additions::between(&old, &index(2, &some(&[8, 900, 12, 3])));
        let patch = diff(Some(&old), &index(2, &some(&[8, 900, 12])), Some(&additions));
        let _any = applied(Some(&old), Some(&additions), &noise);
        // A true beginning, and noise behind it.
        for begin in [1, 34, 43, 60, patch.len() - 30, patch.len() - 10] {
            let _any = applied(Some(&old), Some(&additions), &[&patch[..begin], &noise].concat());
        }
        let mut bent = patch;
        for place in bits {
            let bit = usize::from(place) * 8 % (bent.len() * 8) + usize::from(place) % 8;
            bent[bit / 8] ^= 1 << (bit % 8);
        }
        let _any = applied(Some(&old), Some(&additions), &bent);
    }
}

fn some(serials: &[u64]) -> Vec<Revoked> {
    serials.iter().map(|serial| revoked(*serial, DAY + (serial % 977) as u32, (serial % 5) as u8)).collect()
}

#[test]
fn lists_of_all_kinds_follow_each_other() {
    let long = Revoked { serial: vec![0x99; 20], ..revoked(0, DAY, 1) };
    let unusual = Revoked { is_unusual: true, ..revoked(70_000, DAY, 1) };
    let mut last_time = revoked(6, 2_524_607_999, 1);
    last_time.reason = None;
    let mut odd = some(&[7, 7, 4, 4, 1 << 63]);
    odd.extend([long, unusual, last_time]);
    let lists = [Vec::new(), some(&[5]), some(&[1, 2, 3, 4, 5, 6]), some(&[6, 5, 4, 3, 2, 1]), odd];
    for old in &lists {
        for new in &lists {
            check(old, new);
        }
    }
}

/// Out of a cut or bent patch comes an error, or another list, of which the signature does not hold.
#[test]
fn a_cut_or_bent_patch_does_no_harm() {
    let unusual = Revoked { is_unusual: true, ..revoked(70_000, DAY, 1) };
    let old = [some(&[5, 900, 7, 33, 34, 35]), vec![unusual.clone()]].concat();
    let new = [some(&[5, 8, 900, 33]), vec![unusual.clone(), unusual], some(&[36, 2, 50])].concat();
    let (before, after, expected) = (index(1, &old), index(2, &new), list(2, &new));
    let additions = Additions::between(&before, &after);
    for (old, additions) in [(None, None), (Some(&before), None), (Some(&before), Some(&additions))] {
        let patch = diff(old, &after, additions);
        assert!(applied(old, additions, &patch).unwrap() == expected);
        for length in 0..patch.len() {
            assert!(applied(old, additions, &patch[..length]).is_err(), "cut at {length}");
        }
        assert!(applied(old, additions, &[patch.as_slice(), &[0]].concat()).is_err());
        let mut same = 0;
        for bit in 0..patch.len() * 8 {
            let mut bent = patch.clone();
            bent[bit / 8] ^= 1 << (bit % 8);
            same += usize::from(applied(old, additions, &bent).is_ok_and(|made| made == expected));
        }
        // Parameters of what there is none of, and the greatest number of a column, need not say anything.
        assert!(same < 200, "{same} bits do not matter");
    }
}

#[test]
fn a_patch_is_for_one_list_and_its_additions_alone() {
    let (one, two) = (index(1, &some(&[5])), index(2, &some(&[5, 6])));
    let additions = Additions::between(&one, &two);
    let patch = diff(Some(&one), &two, Some(&additions));
    assert!(matches!(applied(Some(&two), Some(&additions), &patch), Err(PatchError::OtherList)));
    assert!(matches!(applied(None, Some(&additions), &patch), Err(PatchError::OtherList)));
    assert!(matches!(applied(Some(&one), None, &patch), Err(PatchError::OtherAdditions)));
    let other = Additions::between(&two, &one);
    assert!(matches!(applied(Some(&one), Some(&other), &patch), Err(PatchError::OtherAdditions)));
    let snapshot = diff(None, &two, None);
    assert!(matches!(applied(Some(&one), None, &snapshot), Err(PatchError::OtherList)));
}

#[test]
fn nothing_longer_than_allowed_is_written() {
    let new = index(2, &some(&[5, 6]));
    let (patch, expected) = (diff(None, &new, None), list(2, &some(&[5, 6])));
    let length = expected.len() as u64;
    for longest in [0, 1, length - 1, length, u64::MAX] {
        let mut out = Vec::new();
        let result = apply(None::<&Owned>, None, &patch, longest, &mut out);
        if longest >= length {
            assert!(result.is_ok() && out == expected);
        } else {
            assert!(matches!(result, Err(PatchError::TooLong)) && out.is_empty());
        }
    }
}

/// Rows that cost no bits: a certificate over and over. A list of them is none that an authority makes, and two hundred
/// bytes must not become gigabytes.
#[test]
fn a_short_patch_makes_no_long_list_out_of_nothing() {
    let new = index(2, &vec![revoked(5, DAY, 1); 20_000]);
    let old = index(1, &some(&[5, 6]));
    for old in [None, Some(&old)] {
        let patch = diff(old, &new, None);
        assert!(patch.len() < 300, "{} bytes", patch.len());
        assert!(matches!(applied(old, None, &patch), Err(PatchError::Malformed)));
    }
    // Some are no harm.
    let few = index(2, &vec![revoked(5, DAY, 1); 500]);
    assert!(applied(None, None, &diff(None, &few, None)).is_ok());
}

/// Additions at hand, in the list's order and of one day and reason, cost no bits either, and stay far below.
#[test]
fn additions_in_order_make_a_long_list_out_of_a_short_patch() {
    let (old, count) = (some(&[5]), 20_000);
    let new: Vec<_> =
        old.iter().cloned().chain((0..count).map(|number| revoked(7 + number, DAY + 977, 1))).collect();
    let (before, after) = (index(1, &old), index(2, &new));
    let additions = Additions::between(&before, &after);
    let patch = diff(Some(&before), &after, Some(&additions));
    assert!(patch.len() < 300, "{} bytes", patch.len());
    let made = applied(Some(&before), Some(&additions), &patch).unwrap();
    assert!(made == list(2, &new));
    assert!((made.len() as u64) < count * 64 * 7 / 10, "{} bytes", made.len());
}

#[test]
fn no_part_of_a_frame_is_longer_than_names_and_extensions_are() {
    let (old, new) = (index(1, &some(&[5])), index(2, &some(&[5, 6])));
    let patch = diff(Some(&old), &new, None);
    // The version, the older list's content behind a bit, no additions: then how long the head stays and goes on.
    let place = 8 + 1 + 256 + 1;
    let read = |from: usize| {
        (from..from + 32).fold(0_u32, |word, bit| word << 1 | u32::from(patch[bit / 8] >> (7 - bit % 8) & 1))
    };
    assert!(read(place) > 20 && read(place) + read(place + 32) < 60, "the lengths stand here");
    for (rest, is_read) in [(60_000, true), (70_000, false)] {
        let mut longer = Vec::new();
        let mut push = |bit: bool| longer.push(bit);
        let bit = |at: usize| patch[at / 8] >> (7 - at % 8) & 1 == 1;
        (0..place + 32).for_each(|at| push(bit(at)));
        let more = rest - read(place);
        (0..32).rev().for_each(|shift| push(more >> shift & 1 == 1));
        (0..more * 8).for_each(|_| push(false));
        (place + 64 + read(place + 32) as usize * 8..patch.len() * 8).for_each(|at| push(bit(at)));
        // The filling is what it has to be when the new bits are whole bytes.
        let bytes: Vec<u8> = longer
            .chunks(8)
            .map(|bits| bits.iter().fold(0, |byte, bit| byte << 1 | u8::from(*bit)))
            .collect();
        assert_eq!(applied(Some(&old), None, &bytes).is_ok(), is_read, "{rest} bytes");
    }
}

/// A day of a list in the order of time: ten thousand more at the end, ten thousand less anywhere.
fn a_day(count: u64) -> (Vec<Revoked>, Vec<Revoked>) {
    let mut number = numbers(7);
    let mut serials = BTreeSet::new();
    while (serials.len() as u64) < count + 10_000 {
        serials.insert(number(100_000_000));
    }
    let mut serials: Vec<u64> = serials.into_iter().collect();
    for place in (1..serials.len()).rev() {
        serials.swap(place, number(place as u64 + 1) as usize);
    }
    let five_years = 5 * 365 * 86_400;
    let (older, newer) = serials.split_at(count as usize);
    let mut draw = |serials: &[u64], from: u32, span: u64| -> Vec<Revoked> {
        let one = |serial| revoked(serial, from + number(span) as u32, number(5) as u8 + 1);
        let mut list: Vec<_> = serials.iter().copied().map(one).collect();
        list.sort_by_key(|one| one.at);
        list
    };
    let old = draw(older, DAY - five_years as u32, five_years);
    let added = draw(newer, DAY, 86_400);
    let mut gone = BTreeSet::new();
    while gone.len() < 10_000 {
        gone.insert(number(count) as usize);
    }
    let stays = old.iter().enumerate().filter(|(rank, _)| !gone.contains(rank)).map(|(_, one)| one.clone());
    let new = stays.chain(added).collect();
    (old, new)
}

#[test]
fn a_day_takes_little_more_than_it_has_to() {
    let count = 100_000;
    let (mut old, mut new) = a_day(count);
    let few = 10_000_f64;
    // Which serial numbers, which are gone, which times (in the order of time), which of all orders, which reasons.
    let orders: f64 = (1..=10_000).map(|number| f64::from(number).log2()).sum::<f64>() / 8.0;
    let times = bound(86_400 + 9_999, 10_000);
    let reasons = few * 5_f64.log2() / 8.0;
    let by_time = bound(100_000_000, 10_000) + bound(count, 10_000) + times + orders + reasons;
    // In the order of serial numbers the order says nothing, and the times are in none.
    let by_serial =
        bound(100_000_000, 10_000) + bound(count, 10_000) + few * 86_400_f64.log2() / 8.0 + reasons;
    for (kind, least) in [("time", by_time), ("serial", by_serial)] {
        if kind == "serial" {
            old.sort_by_key(|one| (one.serial.len(), one.serial.clone()));
            new.sort_by_key(|one| (one.serial.len(), one.serial.clone()));
        }
        let (before, after) = (index(1, &old), index(2, &new));
        let additions = Additions::between(&before, &after);
        let patch = diff(Some(&before), &after, Some(&additions));
        let first = additions.to_bytes().len() + 64;
        let mut made = Vec::new();
        apply(Some(&before), Some(&additions), &patch, 1 << 30, &mut made).unwrap();
        assert!(made == list(2, &new));
        let alone = diff(Some(&before), &after, None).len();
        let whole = first + patch.len();
        println!("by {kind}: {first} + {} = {whole} bytes of {least:.0}; alone {alone}", patch.len());
        assert!((whole as f64) < least * 1.02, "{whole} bytes, {least} at least");
        let snapshot = diff(None, &after, None);
        println!("snapshot: {} bytes, {} bits each", snapshot.len(), snapshot.len() * 8 / new.len());
    }
}
