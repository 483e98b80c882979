//! A list's parts, pointing into its bytes.

use std::fmt;

use hinamori_model::UnixMillis;

use crate::der::{BIT_STRING, CrlError, EXPLICIT_0, GENERALIZED_TIME, INTEGER, Reader, SEQUENCE, UTC_TIME};
use crate::entry::Entries;
use crate::row::Frame;
use crate::time::seconds_of;

/// A list (CertificateList, RFC 5280 §5.1), walked strictly as far as this crate knows it: names, algorithm
/// and extensions are DER for somebody else.
#[derive(Clone, Copy)]
pub struct Crl<'a> {
    /// tbsCertList with tag and length: what is signed.
    pub signed: &'a [u8],
    /// The AlgorithmIdentifier.
    pub algorithm: &'a [u8],
    /// The signature's bytes.
    pub signature: &'a [u8],
    /// The issuer's Name.
    pub issuer: &'a [u8],
    /// thisUpdate.
    pub this_update: UnixMillis,
    /// nextUpdate.
    pub next_update: Option<UnixMillis>,
    /// The list's Extensions; `None` without any.
    pub extensions: Option<&'a [u8]>,
    /// What stands around the entries.
    pub frame: Frame<'a>,
    entries: &'a [u8],
}

impl fmt::Debug for Crl<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Crl({} bytes signed)", self.signed.len())
    }
}

impl<'a> Crl<'a> {
    /// Reads a list that is exactly `der`. The entries are not walked yet.
    ///
    /// # Errors
    /// [`CrlError`].
    pub fn parse(der: &'a [u8]) -> Result<Self, CrlError> {
        let mut outer = Reader(der);
        let list = outer.expect(SEQUENCE)?;
        outer.end()?;
        let mut parts = Reader(list.content);
        let signed = parts.expect(SEQUENCE)?;
        let after_signed = parts.0;
        let algorithm = parts.expect(SEQUENCE)?;
        let signature = parts.expect(BIT_STRING)?;
        parts.end()?;
        // No bits unused: a signature is bytes.
        let Some((0, signature)) = signature.content.split_first() else { return Err(CrlError::NotDer) };

        let mut fields = Reader(signed.content);
        if fields.optional(INTEGER)?.is_none_or(|version| version.content != [1]) {
            return Err(CrlError::NotVersion2);
        }
        if fields.expect(SEQUENCE)?.whole != algorithm.whole {
            return Err(CrlError::TwoAlgorithms);
        }
        let issuer = fields.expect(SEQUENCE)?;
        let this_update = seconds_of(fields.value()?)?;
        let next_update = match fields.0.first() {
            Some(&(UTC_TIME | GENERALIZED_TIME)) => Some(seconds_of(fields.value()?)?),
            _ => None,
        };
        let before_entries = fields.0.len();
        let entries = fields.optional(SEQUENCE)?;
        let frame = Frame {
            head: signed.content.get(..signed.content.len() - before_entries).unwrap_or_default(),
            tail: fields.0,
            signature: after_signed,
            has_entries: entries.is_some(),
        };
        let extensions = match fields.optional(EXPLICIT_0)? {
            None => None,
            Some(explicit) => {
                let mut inside = Reader(explicit.content);
                let extensions = inside.expect(SEQUENCE)?;
                inside.end()?;
                Some(extensions.whole)
            }
        };
        fields.end()?;
        let millis = |seconds: u64| UnixMillis::new(seconds.saturating_mul(1_000));
        Ok(Self {
            signed: signed.whole,
            algorithm: algorithm.whole,
            signature,
            issuer: issuer.whole,
            this_update: millis(this_update),
            next_update: next_update.map(millis),
            extensions,
            frame,
            entries: entries.map_or(&[], |entries| entries.content),
        })
    }

    /// Bytes of all entries.
    pub const fn entries_length(&self) -> usize {
        self.entries.len()
    }

    /// What the list revokes, in its order.
    pub const fn entries(&self) -> Entries<'a> {
        Entries::new(self.entries)
    }
}
