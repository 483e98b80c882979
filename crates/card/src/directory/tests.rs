//! Directories as cards may hold them, and as they should not.

use super::*;
use proptest::prelude::*;

/// Entries as a card may hold them, written byte by byte.
const OBJECTS: &[u8] = &[
    0xA0, 6, 0x30, 4, 4, 2, 0x00, 0x14, // private keys in 0014
    0xA1, 6, 0x30, 4, 4, 2, 0x00, 0x10, // public keys: skipped
    0xA4, 8, 0x30, 6, 4, 4, 0x3F, 0x00, 0x00, 0x15, // certificates in 3F00/0015
    0xA8, 6, 0x30, 4, 4, 2, 0x00, 0x13, // PINs in 0013
    0xFF, 0xFF,
];
const KEYS: &[u8] = &[
    0x30, 37, 0x30, 12, 0x0C, 3, b'k', b'e', b'y', 3, 2, 7, 0x80, 4, 1, 0x21, // label, flags, PIN 21
    0x30, 7, 4, 1, 0x45, 3, 2, 5, 0x20, // identifier 45, usage
    0xA1, 12, 0x30, 10, 0x30, 4, 4, 2, 0x00, 0x17, 2, 2, 0x08, 0x00, // file 0017, 2048 bits
    0xA0, 22, 0x30, 3, 4, 1, 0x22, 0x30, 3, 4, 1, 0x46, // elliptic curve: PIN 22, identifier 46
    0xA1, 10, 0x30, 8, 0x30, 4, 4, 2, 0x00, 0x1D, 0x05, 0, // file 001D
    0x00, 0x00,
];
const CERTIFICATES: &[u8] = &[
    0x30, 20, 0x30, 0, 0x30, 6, 4, 1, 0x44, 1, 1, 0xFF, // identifier 44, an authority
    0xA1, 8, 0x30, 6, 0x30, 4, 4, 2, 0x00, 0x19, // file 0019
    0x30, 19, 0x30, 0, 0x30, 3, 4, 1, 0x45, 0xA0, 0, // identifier 45, nothing of a subclass
    0xA1, 8, 0x30, 6, 0x30, 4, 4, 2, 0x00, 0x18, // file 0018
];
const CREDENTIALS: &[u8] = &[
    0x30, 41, 0x30, 5, 0x0C, 3, b'p', b'i', b'n', 0x30, 3, 4, 1, 0x21, // label, identifier 21
    0xA1, 27, 0x30, 25, 3, 2, 4, 0x30, 0x0A, 1, 1, 2, 1, 4, 2, 1, 16, 2, 1, 16, // flags, type, lengths
    0x80, 1, 0x88, 0x30, 4, 4, 2, 0x00, 0x02, // reference 88, file 0002
];

#[test]
fn the_directories_say_where_things_are() {
    let directory = object_directory(OBJECTS).unwrap();
    assert_eq!(directory.private_keys, Some(NamedFile(0x14)));
    assert_eq!(directory.certificates, Some(NamedFile(0x15)));
    assert_eq!(directory.credentials, Some(NamedFile(0x13)));

    let keys = key_entries(KEYS).unwrap();
    let kinds: Vec<_> = keys.iter().map(|key| (key.file, key.kind)).collect();
    let rsa = (NamedFile(0x17), KeyKind::Rsa { modulus_bits: 2048 });
    assert_eq!(kinds, [rsa, (NamedFile(0x1D), KeyKind::EllipticCurve)]);
    assert!(keys[0].id == Identifier(vec![0x45]) && keys[0].credential == Some(Identifier(vec![0x21])));

    let pins = credential_entries(CREDENTIALS).unwrap();
    assert_eq!((pins.len(), pins[0].reference, pins[0].file), (1, 0x88, Some(NamedFile(2))));
    assert!(pins[0].id == keys[0].credential);
}

#[test]
fn an_authority_s_certificate_is_told_from_the_holder_s() {
    let found = certificate_entries(CERTIFICATES).unwrap();
    let found: Vec<_> = found.iter().map(|entry| (entry.whose, entry.file)).collect();
    assert_eq!(found, [(Whose::Authority, NamedFile(0x19)), (Whose::Holder, NamedFile(0x18))]);
}

#[test]
fn what_is_not_a_whole_file_is_refused() {
    #[track_caller]
    fn check(path: &[u8]) {
        assert_eq!(named_file(path), Err(FileFault::Malformed));
    }
    check(&[]);
    check(&[4, 0]);
    check(&[4, 1, 0x80]);
    check(&[4, 3, 0x3F, 0x00, 0x18]);
    check(&[4, 2, 0x00, 0x18, 2, 1, 4]);
    assert_eq!(named_file(&[4, 2, 0x00, 0x18, 2, 1, 0]), Ok(NamedFile(0x18)));
}

fn read_all(content: &[u8]) -> usize {
    object_directory(content).map_or(0, |_| 1)
        + key_entries(content).map_or(0, |entries| entries.len())
        + certificate_entries(content).map_or(0, |entries| entries.len())
        + credential_entries(content).map_or(0, |entries| entries.len())
}

proptest! {
    #[test]
    fn no_bytes_stop_the_reader(content in proptest::collection::vec(any::<u8>(), 0..600)) {
        prop_assert!(read_all(&content) <= 1 + content.len());
    }

    #[test]
    fn no_bent_directory_stops_the_reader(
        which in 0_usize..4,
        cut in any::<prop::sample::Index>(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
    ) {
        let mut content = [OBJECTS, KEYS, CERTIFICATES, CREDENTIALS][which].to_vec();
        for (at, byte) in changes {
            let at = at.index(content.len());
            content[at] = byte;
        }
        content.truncate(cut.index(content.len() + 1));
        prop_assert!(read_all(&content) <= 1 + content.len());
    }
}
