//! What a server reports that a newer list has more.

use hinamori_crl::{Additions, Index};

use crate::lists;

pub(crate) fn run(bytes: &[u8]) {
    let Ok(additions) = Additions::from_bytes(bytes) else { return };
    assert!(additions.to_bytes() == bytes, "there is another form of the same");
    for serial in [&[][..], &[5], &[0x80, 0, 0, 1], &[0xFF; 8], &[0x9A; 20], &[0xFF; 21]] {
        assert!(!additions.contains(serial) || !additions.is_empty(), "none are some");
    }
    let Some(Ok(list)) = lists::index_of(&lists::usual()).map(Index::open) else { panic!("no index") };
    assert!(additions.missing_in(&list) <= additions.len(), "more are missing than there are");
}

pub(crate) fn seeds() -> crate::Seeds {
    let open = |list: &[u8]| Index::open(lists::index_of(list)?).ok();
    let lists = lists::seeds();
    let next = lists.iter().cycle().skip(1);
    lists
        .iter()
        .zip(next)
        .filter_map(|((name, old), (_, new))| {
            Some((*name, Additions::between(&open(old)?, &open(new)?).to_bytes()))
        })
        .collect()
}
