//! A patch from a peer, for one of some lists or for none: what it writes has its bound, and a list that comes out can be
//! made again. The first byte says which list is held, and whether additions are.

use std::sync::OnceLock;

use hinamori_crl::{Additions, Index, apply, diff};

use crate::lists;

/// Bytes that a patch may make.
const LONGEST: usize = 16 << 10;

pub(crate) fn run(bytes: &[u8]) {
    let Some((held, patch)) = bytes.split_first() else { return };
    let (old, additions) = held_by(*held);
    let mut made = Vec::new();
    let outcome = apply(old, additions, patch, LONGEST as u64, &mut made);
    assert!(made.len() <= LONGEST, "{} bytes were made", made.len());
    if outcome.is_ok() {
        check(*held, &made);
    }
}

/// A list can be made out of what is held.
pub(crate) fn check(held: u8, list: &[u8]) {
    let Some(new) = lists::index_of(list).and_then(|index| Index::open(index).ok()) else { return };
    let (old, additions) = held_by(held);
    let mut again = Vec::new();
    let patch = diff(old, &new, additions);
    let outcome = apply(old, additions, &patch, list.len() as u64, &mut again);
    assert!(outcome.is_ok() && again == list, "a patch does not make the list that it was made for");
}

fn held_by(which: u8) -> (Option<&'static Index<Vec<u8>>>, Option<&'static Additions>) {
    static HELD: OnceLock<Vec<(Index<Vec<u8>>, Additions)>> = OnceLock::new();
    let all = HELD.get_or_init(|| {
        let indexes: Vec<_> =
            lists::seeds().iter().filter_map(|(_, list)| Index::open(lists::index_of(list)?).ok()).collect();
        let next = indexes.iter().cycle().skip(1);
        let additions: Vec<_> =
            indexes.iter().zip(next).map(|(old, new)| Additions::between(old, new)).collect();
        indexes.into_iter().zip(additions).collect()
    });
    let held = all.get(usize::from(which >> 1));
    (held.map(|(index, _)| index), held.filter(|_| which & 1 == 1).map(|(_, additions)| additions))
}

pub(crate) fn seeds() -> crate::Seeds {
    let lists = lists::seeds();
    let next = lists.iter().cycle().skip(1);
    let seed = |(number, ((name, _), (_, new))): (u8, (&(&'static str, _), &(_, Vec<u8>)))| {
        let new = Index::open(lists::index_of(new)?).ok()?;
        // The last one is made out of nothing.
        let held = if *name == "seed-blocks" { u8::MAX } else { number << 1 | number & 1 };
        let (old, additions) = held_by(held);
        Some((*name, [&[held][..], &diff(old, &new, additions)].concat()))
    };
    (0..).zip(lists.iter().zip(next)).filter_map(seed).collect()
}
