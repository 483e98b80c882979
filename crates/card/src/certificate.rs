//! A certificate as read from a card.

use std::fmt;

/// The DER bytes of a certificate, by their own header complete and otherwise unchecked. They hold a
/// serial number and perhaps a name, so printing shows the length only.
#[derive(Clone, PartialEq, Eq)]
pub struct CertificateDer(Vec<u8>);

impl CertificateDer {
    pub(crate) fn new(der: &[u8]) -> Self {
        Self(der.to_vec())
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes, for whoever verifies them.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

impl fmt::Debug for CertificateDer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "CertificateDer({} bytes)", self.0.len())
    }
}
