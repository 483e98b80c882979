//! What stands in a piece that a box hands over of a closed incident, before it is sealed.

use std::fmt;

use hinamori_model::PersonId;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::message::{Listener, Speaker, WireBatch};
use crate::{Grants, SealError, SealedBatch};

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
        let mut speaker = Speaker::default();
        let batches = self.batches.into_iter().map(|batch| speaker.batch(batch)).collect();
        let wire = Wire { key: *self.key, people: self.people, batches };
        Zeroizing::new(postcard::to_stdvec(&wire).unwrap_or_default())
    }

    /// Reads what [`HandOverContent::to_bytes`] wrote, and what is wrong with batches that cannot be read; `None` for anything else.
    /// The seals of the batches are not checked here: [`crate::verify`] does.
    pub fn from_bytes(bytes: &[u8], grants: &Grants) -> Option<(Self, Vec<SealError>)> {
        let Wire { key, people, batches } = postcard::from_bytes(bytes).ok()?;
        let (mut listener, mut content) = (Listener::default(), Vec::new());
        let mut unreadable = Vec::new();
        for batch in batches {
            match listener.batch(batch)?.read(grants) {
                Ok(batch) => content.push(batch),
                Err(error) => unreadable.push(error),
            }
        }
        Some((Self { key: Zeroizing::new(key), people, batches: content }, unreadable))
    }
}
