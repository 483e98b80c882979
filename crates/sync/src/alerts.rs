//! The town's alerts on their way from the server to boxes and from box to box, as they were signed. Relaying needs no key: what an alert
//! is, and whether it holds, whoever keeps it knows (crate `alert`); here it is bytes. What households are told is not among them.

use std::collections::BTreeSet;

use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

/// Alerts that a box keeps and that a hello names: a town in a bad week sends a hundred, with its exercises.
pub const MOST_ALERTS: usize = 256;
/// Bytes of an alert: what the crate `alert` reads at most.
pub const LONGEST_ALERT: usize = 1 << 20;
/// Bytes of an envelope: eight signatures of passkeys, twice where it was prepared, and what released it.
pub(crate) const LONGEST_ENVELOPE: usize = 32 << 10;
/// Bytes of a list of keys: 512 devices.
pub const LONGEST_KEY_LIST: usize = 64 << 10;

/// What a side has of alerts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertsHeld {
    /// The version of its list of keys; 0 for none.
    pub list: u32,
    /// Each alert's [`CarriedAlert::digest`].
    pub digests: BTreeSet<[u8; 32]>,
}

impl AlertsHeld {
    /// Nothing.
    pub const NOTHING: &'static Self = &Self { list: 0, digests: BTreeSet::new() };

    /// Whether it is as short as a hello may have it.
    pub(crate) fn is_bounded(&self) -> bool {
        self.digests.len() <= MOST_ALERTS
    }
}

/// An alert with what the officers signed: the exact bytes of both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CarriedAlert {
    /// CAP.
    pub alert: Vec<u8>,
    /// The officers' envelope.
    pub envelope: Vec<u8>,
}

impl CarriedAlert {
    /// SHA-256 over the hashes of both: with another officer's signature it is another one, and has to be sent.
    pub fn digest(&self) -> [u8; 32] {
        let hashes = [&self.alert, &self.envelope].map(|bytes| digest(&SHA256, bytes));
        let [alert, envelope] = hashes.each_ref().map(AsRef::as_ref);
        digest(&SHA256, &[alert, envelope].concat()).as_ref().try_into().unwrap_or([0; 32])
    }

    /// As a box keeps it.
    pub fn to_bytes(&self) -> Vec<u8> {
        postcard::to_stdvec(self).unwrap_or_default()
    }

    /// Reads what [`CarriedAlert::to_bytes`] wrote; `None` for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (read, rest): (Self, _) = postcard::take_from_bytes(bytes).ok()?;
        (rest.is_empty() && read.is_bounded()).then_some(read)
    }

    /// Whether it is as short as one may be.
    pub fn is_bounded(&self) -> bool {
        self.alert.len() <= LONGEST_ALERT && self.envelope.len() <= LONGEST_ENVELOPE
    }
}

/// What is said of alerts. Whoever hears it verifies it: the other side is believed nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum AlertMessage {
    /// The list of keys, as the town root signed it.
    Keys {
        /// Its version, by which it is known who has it.
        version: u32,
        /// Its bytes.
        bytes: Vec<u8>,
    },
    /// One alert.
    Sent(CarriedAlert),
}

impl AlertMessage {
    /// Whether it is as short as a message may be.
    pub(crate) fn is_bounded(&self) -> bool {
        match self {
            Self::Keys { bytes, .. } => bytes.len() <= LONGEST_KEY_LIST,
            Self::Sent(sent) => sent.is_bounded(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_signature_makes_another_one_and_a_moved_byte_too() {
        let carried = |alert: &[u8], envelope: &[u8]| CarriedAlert {
            alert: alert.to_vec(),
            envelope: envelope.to_vec(),
        };
        let one = carried(b"alert", b"envelope");
        assert_ne!(one.digest(), carried(b"alert", b"envelope with more").digest());
        assert_ne!(one.digest(), carried(b"alerte", b"nvelope").digest());
        assert_eq!(CarriedAlert::from_bytes(&one.to_bytes()), Some(one.clone()));
        let bytes = one.to_bytes();
        for length in 0..bytes.len() {
            assert_eq!(CarriedAlert::from_bytes(&bytes[..length]), None);
        }
        assert_eq!(CarriedAlert::from_bytes(&[bytes, vec![0]].concat()), None);
        let long = carried(&vec![0; LONGEST_ALERT + 1], b"");
        assert_eq!(CarriedAlert::from_bytes(&long.to_bytes()), None);
    }
}
