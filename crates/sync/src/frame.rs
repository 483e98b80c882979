//! Frames: a type, a varint length, the payload, and CRC-32C (RFC 3720 §12.1) over all of it.
//!
//! A frame fits a datagram (1,100 bytes), so a message is cut into parts; the last one says so. A damaged
//! frame is noticed before anything in it is looked at, whatever carries the bytes.

use crate::PeerMisbehaved;

const PART: u8 = 0;
const LAST: u8 = 1;
/// The bit of a varint's byte that says that another one follows.
const MORE: u8 = 0x80;
/// One byte of type, two of length, four of checksum: 1,095 in all.
const LONGEST_PAYLOAD: usize = 1_088;

/// One message as frames.
pub(crate) fn frames_of(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len().saturating_add(message.len() / 128).saturating_add(8));
    let mut parts = message.chunks(LONGEST_PAYLOAD).peekable();
    while let Some(payload) = parts.next() {
        let begins = out.len();
        out.push(if parts.peek().is_some() { PART } else { LAST });
        push_varint(&mut out, payload.len());
        out.extend_from_slice(payload);
        let sum = crc32c::crc32c(out.get(begins..).unwrap_or_default());
        out.extend_from_slice(&sum.to_be_bytes());
    }
    out
}

/// LEB128: seven bits a byte, the low ones first. Lengths up to [`LONGEST_PAYLOAD`] take one or two.
fn push_varint(out: &mut Vec<u8>, value: usize) {
    let [low, high] = [value & 0x7f, value >> 7].map(|bits| u8::try_from(bits).unwrap_or(u8::MAX));
    if high == 0 { out.push(low) } else { out.extend([low | MORE, high]) }
}

/// Puts frames together to messages again. Memory grows with what came, never with what was announced.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    pending: Vec<u8>,
    read: usize,
    message: Vec<u8>,
}

impl Reader {
    /// Adds bytes as they came.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        self.pending.drain(..self.read.min(self.pending.len()));
        self.read = 0;
        self.pending.extend_from_slice(bytes);
    }

    /// The next complete message of at most `maximum` bytes.
    pub(crate) fn next(&mut self, maximum: usize) -> Result<Option<Vec<u8>>, PeerMisbehaved> {
        loop {
            let unread = self.pending.get(self.read..).unwrap_or_default();
            let Some(Frame { kind, payload, whole }) = Frame::first_of(unread)? else { return Ok(None) };
            if self.message.len().saturating_add(payload.len()) > maximum {
                return Err(PeerMisbehaved::TooLong { maximum });
            }
            self.message.extend_from_slice(payload);
            self.read = self.read.saturating_add(whole);
            if kind == LAST {
                return Ok(Some(std::mem::take(&mut self.message)));
            }
        }
    }
}

struct Frame<'b> {
    kind: u8,
    payload: &'b [u8],
    /// Bytes of all of it.
    whole: usize,
}

impl<'b> Frame<'b> {
    /// The frame at the beginning of `bytes`; `None` while it is incomplete.
    fn first_of(bytes: &'b [u8]) -> Result<Option<Self>, PeerMisbehaved> {
        let (kind, length, header) = match bytes {
            [kind, low, high, ..] if low & MORE != 0 => {
                (kind, usize::from(low & !MORE) | usize::from(*high) << 7, 3_usize)
            }
            [kind, low, ..] if low & MORE == 0 => (kind, usize::from(*low), 2),
            _ => return Ok(None),
        };
        if *kind > LAST || length == 0 || length > LONGEST_PAYLOAD {
            return Err(PeerMisbehaved::Frame);
        }
        let body = header.saturating_add(length);
        let whole = body.saturating_add(4);
        let (Some(covered), Some(payload), Some(sum)) =
            (bytes.get(..body), bytes.get(header..body), bytes.get(body..whole))
        else {
            return Ok(None);
        };
        if sum != crc32c::crc32c(covered).to_be_bytes() {
            return Err(PeerMisbehaved::Frame);
        }
        Ok(Some(Self { kind: *kind, payload, whole }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(bytes: &[u8], step: usize, maximum: usize) -> Result<Vec<Vec<u8>>, PeerMisbehaved> {
        let (mut reader, mut messages) = (Reader::default(), Vec::new());
        for piece in bytes.chunks(step) {
            reader.feed(piece);
            while let Some(message) = reader.next(maximum)? {
                messages.push(message);
            }
        }
        Ok(messages)
    }

    proptest! {
        #[test]
        fn messages_survive_any_cut(
            messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..4_000), 1..4),
            step in 1_usize..3_000,
        ) {
            let bytes: Vec<u8> = messages.iter().flat_map(|message| frames_of(message)).collect();
            prop_assert_eq!(read(&bytes, step, 4_000).unwrap(), messages);
        }

        #[test]
        fn foreign_bytes_are_refused_or_waited_for(bytes in prop::collection::vec(any::<u8>(), 0..3_000)) {
            prop_assert!(read(&bytes, 100, 4_000).map_or(true, |messages| messages.is_empty()));
        }
    }

    #[test]
    fn frames_fit_a_datagram_and_every_bent_bit_is_noticed() {
        for length in [1, 127, 128, LONGEST_PAYLOAD] {
            let frame = frames_of(&vec![7; length]);
            assert!(frame.len() <= 1_100 && frame.len() >= length + 6);
            for position in 0..frame.len() {
                let mut bent = frame.clone();
                bent[position] ^= 1;
                let outcome = read(&bent, 5_000, 4_000);
                assert!(outcome.is_err() || outcome == Ok(Vec::new()), "{length} {position}");
            }
        }
    }

    #[test]
    fn a_message_over_its_bound_is_refused_before_it_is_whole() {
        let bytes = frames_of(&[7; 3_000]);
        assert_eq!(read(&bytes, 1_200, 3_000).unwrap().len(), 1);
        assert_eq!(read(&bytes[..2_300], 1_200, 2_000), Err(PeerMisbehaved::TooLong { maximum: 2_000 }));
    }
}
