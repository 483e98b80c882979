//! A card's or reader's reply.

use std::fmt;

use thiserror::Error;
use zeroize::Zeroizing;

use crate::StatusWord;

/// The longest reply there is: 65,536 bytes and a status word (ISO/IEC 7816-4 §5.1).
const REPLY_MAXIMUM: usize = 65_536 + 2;

/// A reply that is none. The fault is the transport's, not the card's application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a reply of {length} bytes is not a status word with at most 65536 bytes before it")]
pub struct ResponseError {
    /// Bytes received.
    pub length: usize,
}

/// One reply (R-APDU): data and status word. Printing shows the status word and the length of the data,
/// never the data; the memory is cleared on drop.
pub struct Response {
    data: Zeroizing<Vec<u8>>,
    status: StatusWord,
}

impl Response {
    /// Splits the bytes from the wire.
    ///
    /// # Errors
    /// When they are shorter than a status word or longer than any reply.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ResponseError> {
        match bytes {
            [data @ .., high, low] if bytes.len() <= REPLY_MAXIMUM => Ok(Self {
                data: Zeroizing::new(data.to_vec()),
                status: u16::from_be_bytes([*high, *low]).into(),
            }),
            _ => Err(ResponseError { length: bytes.len() }),
        }
    }

    /// A reply that was collected in pieces.
    pub(crate) const fn from_parts(data: Zeroizing<Vec<u8>>, status: StatusWord) -> Self {
        Self { data, status }
    }

    /// The data before the status word. Nothing may print it.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// The status word.
    pub const fn status(&self) -> StatusWord {
        self.status
    }
}

impl fmt::Display for Response {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "SW={} length={}", self.status, self.data.len())
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Response({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_is_data_and_status_word() {
        let reply = Response::from_bytes(&[1, 2, 0x90, 0x00]).unwrap();
        assert_eq!((reply.data(), reply.status()), ([1, 2].as_slice(), StatusWord::Done));
        assert_eq!(Response::from_bytes(&[0x6A, 0x82]).unwrap().data(), [0_u8; 0]);
        assert!(Response::from_bytes(&vec![0; 65_538]).is_ok());
    }

    #[test]
    fn shorter_than_a_status_word_or_longer_than_any_reply_is_refused() {
        for length in [0, 1, 65_539] {
            assert_eq!(Response::from_bytes(&vec![0; length]).unwrap_err(), ResponseError { length });
        }
    }

    #[test]
    fn printing_shows_no_data() {
        let reply = Response::from_bytes(b"TARO\x90\x00").unwrap();
        assert_eq!(format!("{reply} {reply:?}"), "SW=9000 length=4 Response(SW=9000 length=4)");
    }
}
