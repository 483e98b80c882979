//! What stands in a piece that a box hands over of a closed incident, before it is sealed.

use std::fmt;

use hinamori_model::PersonId;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::SealedBatch;
use crate::message::WireBatch;

/// The batches, and the keys of the people in them.
pub struct HandOverContent {
    /// Under this key the keys of people are wrapped, as under an incident's; it was made for this piece.
    pub key: Zeroizing<[u8; 32]>,
    /// Wrapped keys of people.
    pub people: Vec<(PersonId, Vec<u8>)>,
    /// Batches under the seal of their box.
    pub batches: Vec<SealedBatch>,
}

impl fmt::Debug for HandOverContent {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "HandOverContent({} batches, hidden)", self.batches.len())
    }
}

#[derive(Serialize, Deserialize)]
struct Wire {
    key: [u8; 32],
    people: Vec<(PersonId, Vec<u8>)>,
    batches: Vec<WireBatch>,
}

impl HandOverContent {
    /// The bytes to seal.
    pub fn to_bytes(self) -> Zeroizing<Vec<u8>> {
        let batches = self.batches.into_iter().map(WireBatch::from).collect();
        let wire = Wire { key: *self.key, people: self.people, batches };
        Zeroizing::new(postcard::to_stdvec(&wire).unwrap_or_default())
    }

    /// Reads what [`HandOverContent::to_bytes`] wrote; `None` for anything else. The seals of the batches are not checked here:
    /// [`crate::verify`] does.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let Wire { key, people, batches } = postcard::from_bytes(bytes).ok()?;
        let batches = batches.into_iter().map(WireBatch::claimed).collect::<Option<_>>()?;
        Some(Self { key: Zeroizing::new(key), people, batches })
    }
}
