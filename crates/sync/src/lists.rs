//! How revocation lists come to a box. The server says what it has; the box asks for what it lacks, from its own newest list
//! on, piece by piece, so that whatever is more urgent goes between two pieces and a broken connection costs one.
//!
//! What comes is no authority's word yet: the pieces make a list that the box checks like one on a stick. Only
//! the additions, which come first because they are short, are believed on the server's own word, as
//! reported; its feed key signs them, and the town's package names that key.

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use hinamori_model::{ListId, UnixMillis};
use serde::{Deserialize, Serialize};

/// Ahead of the signed bytes.
const DOMAIN: &[u8; 23] = b"hinamori list report/v1";
const SIGNATURE: usize = 64;
const TIME: usize = 8;
/// Bytes of a piece: some seconds of a thin link.
pub const LONGEST_PIECE: usize = 16 << 10;
/// Bytes of a report: 2 % of a list of twenty millions, and some. In memory additions take up to 64 times as much.
pub const LONGEST_REPORT: usize = 1 << 20;
/// Offers in one message.
pub const MOST_OFFERS: usize = 512;

/// Names the bytes of a list, as its index does.
pub type ListContent = [u8; 32];

/// What the two ends say of lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ListMessage {
    /// From a box, after its hello and whenever it changes: how far it is.
    Seen {
        /// It has dealt with what was offered up to this epoch, and wants to hear of later ones. 0 for all.
        epoch: u64,
        /// thisUpdate of its oldest list: for whoever looks after the boxes. `None` without any.
        as_of: Option<UnixMillis>,
    },
    /// From the server: these lists are its newest.
    Offers(Vec<ListOffer>),
    /// From a box: go on with this list from here.
    Wanted(ListWanted),
    /// From the server: signed additions, see [`FeedKey::sign`].
    Reported {
        /// Which list they belong to.
        id: ListId,
        /// Signature, time and additions.
        bytes: Vec<u8>,
    },
    /// From the server: a piece of what makes the list.
    Piece(ListPiece),
}

impl ListMessage {
    /// Whether it is no longer than such messages are.
    pub(crate) const fn is_bounded(&self) -> bool {
        match self {
            Self::Offers(offers) => offers.len() <= MOST_OFFERS,
            Self::Reported { bytes, .. } => bytes.len() <= LONGEST_REPORT,
            Self::Piece(piece) => piece.bytes.len() <= LONGEST_PIECE,
            Self::Seen { .. } | Self::Wanted(_) => true,
        }
    }

    /// Whether only a server says it.
    pub(crate) const fn is_the_servers(&self) -> bool {
        match self {
            Self::Offers(_) | Self::Reported { .. } | Self::Piece(_) => true,
            Self::Seen { .. } | Self::Wanted(_) => false,
        }
    }
}

/// One list that the server has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListOffer {
    /// Which list.
    pub id: ListId,
    /// Its newest content.
    pub content: ListContent,
    /// thisUpdate of that: a box that has a later one, from a stick, does not ask.
    pub this_update: UnixMillis,
    /// Grows with every list that the server takes.
    pub epoch: u64,
}

/// What makes one list out of another, from a byte on. The same question has the same answer on every
/// connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ListWanted {
    /// Which list.
    pub id: ListId,
    /// The content that is wanted.
    pub content: ListContent,
    /// The content that is held; `None` for the whole list.
    pub held: Option<ListContent>,
    /// Bytes that are here already.
    pub offset: u64,
}

/// A part of the answer to a [`ListWanted`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListPiece {
    /// What was asked.
    pub wanted: ListWanted,
    /// Bytes of all pieces; 0 when the server cannot answer any more: ask for the whole list.
    pub total: u64,
    /// At most [`LONGEST_PIECE`] bytes.
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for ListPiece {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "ListPiece({} of {})", self.bytes.len(), self.total)
    }
}

/// The key with which a server signs what it reports. It cannot be printed.
pub struct FeedKey(SigningKey);

impl std::fmt::Debug for FeedKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("FeedKey(hidden)")
    }
}

/// The bytes are not signed by the town's feed key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the additions are not signed by the town's feed key")]
pub struct NotReported;

impl FeedKey {
    /// Takes the 32 secret bytes (RFC 8032 §5.1.5).
    pub fn from_bytes(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The public half, which the town's package names.
    pub fn public(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    /// Additions as they are sent: signature (64), the server's time (8, milliseconds since 1970), additions.
    pub fn sign(&self, additions: &[u8], now: UnixMillis) -> Vec<u8> {
        let signed = [DOMAIN.as_slice(), &now.get().to_be_bytes(), additions].concat();
        let signature = self.0.sign(&signed).to_bytes();
        [signature.as_slice(), signed.get(DOMAIN.len()..).unwrap_or_default()].concat()
    }
}

/// The server's time and the additions, when `feed` signed them.
///
/// # Errors
/// [`NotReported`].
pub fn open_report<'b>(bytes: &'b [u8], feed: &[u8; 32]) -> Result<(UnixMillis, &'b [u8]), NotReported> {
    let (signature, signed) = bytes.split_first_chunk::<SIGNATURE>().ok_or(NotReported)?;
    let (time, additions) = signed.split_first_chunk::<TIME>().ok_or(NotReported)?;
    let key = VerifyingKey::from_bytes(feed).map_err(|_no_point| NotReported)?;
    key.verify_strict(&[DOMAIN.as_slice(), signed].concat(), &Signature::from_bytes(signature))
        .map_err(|_no_reason_is_given| NotReported)?;
    Ok((UnixMillis::new(u64::from_be_bytes(*time)), additions))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_opens_under_its_feed_key_only() {
        let key = FeedKey::from_bytes(&[1; 32]);
        let report = key.sign(b"additions", UnixMillis::new(77));
        assert_eq!(open_report(&report, &key.public()), Ok((UnixMillis::new(77), b"additions".as_slice())));
        assert_eq!(open_report(&report, &FeedKey::from_bytes(&[2; 32]).public()), Err(NotReported));
        for place in 0..report.len() {
            let mut bent = report.clone();
            bent[place] ^= 1;
            assert_eq!(open_report(&bent, &key.public()), Err(NotReported), "{place}");
            assert_eq!(open_report(&report[..place], &key.public()), Err(NotReported), "cut at {place}");
        }
        assert_eq!(format!("{key:?}"), "FeedKey(hidden)");
    }
}
