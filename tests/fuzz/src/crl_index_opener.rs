//! An index with whatever content, under hashes that fit: every question ends, and what is written of it is in
//! proportion to it.

use hinamori_crl::{Index, fuzzing};

use crate::lists;

/// A row of two bytes is an entry of 34.
const MOST_GROWTH: usize = 32;

pub(crate) fn run(bytes: &[u8]) {
    let mut bytes = bytes.to_vec();
    fuzzing::reseal(&mut bytes);
    let Ok(index) = Index::open(&bytes) else { return };
    let mut written = Vec::new();
    assert!(index.write_der(&mut written).is_ok(), "memory takes everything");
    let entries: usize = index.rows().map(|row| row.der_length()).sum();
    assert!(entries <= written.len() && written.len() <= MOST_GROWTH * bytes.len(), "too little or too much");
    assert!(index.without_entries().is_ok(), "memory takes everything");
    let own: Vec<&[u8]> = index.rows().map(|row| row.serial).take(8).collect();
    let fixed = [&[][..], &[0, 0, 1], &[5], &[0x80, 0, 0, 1], &[0xFF; 8], &[1; 9], &[0x9A; 20], &[0xFF; 21]];
    for serial in own.into_iter().chain(fixed) {
        let listed = index.find(serial);
        assert!(index.contains(serial) == (listed != Ok(None)), "two answers to one question");
    }
    let (_, _, _, _) = (index.kind(), index.number(), index.sizes(), index.next_update());
}

pub(crate) fn seeds() -> crate::Seeds {
    let lists = lists::seeds().into_iter();
    lists.filter_map(|(name, list)| Some((name, lists::index_of(&list)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_as_built_keeps_its_hashes() {
        for (name, seed) in seeds() {
            let mut sealed = seed.clone();
            fuzzing::reseal(&mut sealed);
            assert!(sealed == seed && Index::open(seed).is_ok(), "{name}");
        }
    }
}
