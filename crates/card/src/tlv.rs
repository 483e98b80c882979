//! A small strict reader of tag-length-value data (ISO/IEC 7816-4 §5.2.2, X.690 §8.1).
//!
//! Files on cards mix DER with two-byte tags that are not DER, and their directories need nothing but
//! structure, so one reader serves both.

use crate::error::FileFault;
use crate::selected::FILE_MAXIMUM;

/// How a file tells where its content ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// One DER SEQUENCE from the first byte on.
    Sequence,
    /// One data object with this two-byte tag from the first byte on.
    Object(u16),
    /// It does not: read to the end.
    ToEnd,
}

/// One data object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Object<'a> {
    pub(crate) tag: u16,
    pub(crate) value: &'a [u8],
}

/// Width of a file's tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tags {
    OneByte,
    TwoBytes,
}

/// Takes the next object off `input`. `None` at the end, or at filler (`00` or `FF`) after it.
pub(crate) fn next_object<'a>(input: &mut &'a [u8], tags: Tags) -> Result<Option<Object<'a>>, FileFault> {
    if is_filler(input, tags) {
        return Ok(None);
    }
    let (tag, rest) = split_tag(input, tags).ok_or(FileFault::Malformed)?;
    let (length, rest) = split_length(rest)?.ok_or(FileFault::Malformed)?;
    let (value, rest) =
        rest.split_at_checked(length).ok_or(FileFault::Truncated { announced: length, found: rest.len() })?;
    *input = rest;
    Ok(Some(Object { tag, value }))
}

/// The length of the whole content by its own header. `None` when the extent is no header or the header
/// is not complete yet.
pub(crate) fn announced_length(content: &[u8], extent: Extent) -> Result<Option<usize>, FileFault> {
    let (tags, expected) = match extent {
        Extent::ToEnd => return Ok(None),
        Extent::Sequence => (Tags::OneByte, 0x30),
        Extent::Object(tag) => (Tags::TwoBytes, tag),
    };
    let Some((tag, rest)) = split_tag(content, tags) else { return Ok(None) };
    if tag != expected {
        return Err(match content.first() {
            Some(&filler @ (0x00 | 0xFF)) if content.iter().all(|byte| *byte == filler) => FileFault::Empty,
            _ => FileFault::Malformed,
        });
    }
    let Some((length, rest)) = split_length(rest)? else { return Ok(None) };
    let total = content.len() - rest.len() + length;
    if total > FILE_MAXIMUM {
        return Err(FileFault::TooLong { maximum: FILE_MAXIMUM });
    }
    Ok(Some(total))
}

fn is_filler(input: &[u8], tags: Tags) -> bool {
    match (tags, input) {
        (_, []) => true,
        (Tags::OneByte, [first, ..]) => matches!(first, 0x00 | 0xFF),
        // FF20, FF30 are tags there, FFFF is none.
        (Tags::TwoBytes, [0xFF, 0xFF, ..] | [0xFF] | [0x00, ..]) => true,
        (Tags::TwoBytes, _) => false,
    }
}

fn split_tag(input: &[u8], tags: Tags) -> Option<(u16, &[u8])> {
    match (tags, input) {
        (Tags::OneByte, [tag, rest @ ..]) => Some(((*tag).into(), rest)),
        (Tags::TwoBytes, [high, low, rest @ ..]) => Some((u16::from_be_bytes([*high, *low]), rest)),
        _ => None,
    }
}

/// Reads a definite length of up to two bytes after the first. `None` when bytes are missing.
fn split_length(input: &[u8]) -> Result<Option<(usize, &[u8])>, FileFault> {
    match input {
        [short @ 0x00..=0x7F, rest @ ..] => Ok(Some(((*short).into(), rest))),
        [0x81, length, rest @ ..] => Ok(Some(((*length).into(), rest))),
        [0x82, high, low, rest @ ..] => Ok(Some((u16::from_be_bytes([*high, *low]).into(), rest))),
        [] | [0x81] | [0x82] | [0x82, _] => Ok(None),
        [_, ..] => Err(FileFault::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn objects_come_off_one_by_one_and_filler_ends_them() {
        let mut input: &[u8] = &[0x04, 1, 7, 0x30, 0x81, 0, 0x02, 0x82, 0, 1, 9, 0xFF, 0xFF];
        let mut taken = Vec::new();
        while let Some(object) = next_object(&mut input, Tags::OneByte).unwrap() {
            taken.push((object.tag, object.value.to_vec()));
        }
        assert_eq!(taken, [(4, vec![7]), (0x30, vec![]), (2, vec![9])]);
        let mut wide: &[u8] = &[0xDF, 0x22, 1, 5, 0xFF, 0xFF];
        assert_eq!(next_object(&mut wide, Tags::TwoBytes), Ok(Some(Object { tag: 0xDF22, value: &[5] })));
        assert_eq!(next_object(&mut wide, Tags::TwoBytes), Ok(None));
    }

    #[test]
    fn broken_objects_are_named() {
        #[track_caller]
        fn check(mut input: &[u8], fault: FileFault) {
            assert_eq!(next_object(&mut input, Tags::OneByte), Err(fault));
        }
        check(&[0x04], FileFault::Malformed);
        check(&[0x04, 0x82, 1], FileFault::Malformed);
        check(&[0x04, 0x80], FileFault::Malformed);
        check(&[0x04, 0x84, 0xFF, 0xFF, 0xFF, 0xFF], FileFault::Malformed);
        check(&[0x04, 5, 1], FileFault::Truncated { announced: 5, found: 1 });
    }

    #[test]
    fn a_file_announces_its_length() {
        #[track_caller]
        fn check(content: &[u8], extent: Extent, length: Result<Option<usize>, FileFault>) {
            assert_eq!(announced_length(content, extent), length);
        }
        check(&[0x30, 0x82, 0x06, 0x32], Extent::Sequence, Ok(Some(0x0632 + 4)));
        check(&[0x30, 0x05], Extent::Sequence, Ok(Some(7)));
        check(&[0xFF, 0x20, 0x81, 0x90], Extent::Object(0xFF20), Ok(Some(0x90 + 4)));
        check(&[0x30, 0x82, 0x06], Extent::Sequence, Ok(None));
        check(&[1, 2, 3], Extent::ToEnd, Ok(None));
        check(&[0xFF, 0xFF], Extent::Sequence, Err(FileFault::Empty));
        check(&[0x00, 0x00], Extent::Object(0xFF20), Err(FileFault::Empty));
        check(&[0x31, 0x00], Extent::Sequence, Err(FileFault::Malformed));
        check(&[0x30, 0x82, 0xFF, 0xFF], Extent::Sequence, Err(FileFault::TooLong { maximum: FILE_MAXIMUM }));
        check(&[0x30, 0x83, 0, 0, 1], Extent::Sequence, Err(FileFault::Malformed));
    }

    proptest! {
        #[test]
        fn no_bytes_stop_the_reader(content in proptest::collection::vec(any::<u8>(), 0..300)) {
            for tags in [Tags::OneByte, Tags::TwoBytes] {
                let mut rest = content.as_slice();
                while let Ok(Some(object)) = next_object(&mut rest, tags) {
                    prop_assert!(object.value.len() + rest.len() < content.len());
                }
            }
            for extent in [Extent::Sequence, Extent::Object(0xFF20), Extent::ToEnd] {
                if let Ok(Some(length)) = announced_length(&content, extent) {
                    prop_assert!(length <= FILE_MAXIMUM);
                }
            }
        }

        #[test]
        fn what_was_written_is_read(
            tag in 0x01_u8..0xFF,
            value in proptest::collection::vec(any::<u8>(), 0..400),
        ) {
            let [high, low] = u16::try_from(value.len()).unwrap().to_be_bytes();
            let written = [&[tag, 0x82, high, low], value.as_slice(), &[0xFF; 4]].concat();
            let mut rest = written.as_slice();
            let read = next_object(&mut rest, Tags::OneByte);
            prop_assert_eq!(read, Ok(Some(Object { tag: tag.into(), value: &value })));
            prop_assert_eq!(next_object(&mut rest, Tags::OneByte), Ok(None));
            let announced = announced_length(&written, Extent::Sequence);
            prop_assert_eq!(announced.ok().flatten(), (tag == 0x30).then_some(value.len() + 4));
        }
    }
}
