//! Whatever list is taken: its index writes it again byte for byte and answers for exactly its entries, and a patch makes it
//! out of another list.

use hinamori_crl::{Crl, Index};

use crate::lists;

pub(crate) fn run(bytes: &[u8]) {
    let Some(index) = lists::index_of(bytes) else { return };
    let Ok(index) = Index::open(index) else { panic!("an index does not open") };
    let mut again = Vec::new();
    assert!(index.write_der(&mut again).is_ok(), "memory takes everything");
    assert!(again == bytes, "the list's bytes do not come back");
    let Ok(list) = Crl::parse(bytes) else { panic!("what was indexed does not parse") };
    // Out of one list or another.
    crate::crl_delta::check(bytes.last().map_or(0, |last| last % 32), bytes);
    let entries: Vec<_> = list.entries().filter_map(Result::ok).collect();
    assert_eq!(index.entries(), entries.len() as u64, "entries");
    for entry in entries.iter().take(64) {
        let Ok(Some(listed)) = index.find(entry.serial) else { panic!("an entry is not found") };
        let is_said = |other: &hinamori_crl::Entry<'_>| {
            (other.serial, other.at * 1_000, other.reason) == (entry.serial, listed.at.get(), listed.reason)
        };
        assert!(entries.iter().any(is_said), "the answer is no entry's");
        // The next serial number is listed only if an entry says so.
        let mut next = entry.serial.to_vec();
        if let Some(last) = next.last_mut() {
            *last ^= 1;
        }
        let zeros = next.iter().take_while(|byte| **byte == 0).count();
        let next = next.split_off(zeros);
        let is_listed = entries.iter().any(|other| other.serial == next);
        assert_eq!(index.contains(&next), is_listed, "a serial number that is next to a listed one");
    }
}

pub(crate) fn seeds() -> crate::Seeds {
    lists::seeds()
}
