//! What a box hands over of a closed incident, in pieces: its own changes that the server never confirmed, with the keys of the people in them.

use std::collections::BTreeSet;

use hinamori_model::{IncidentId, PersonId};
use hinamori_profile::{IncidentKey, NONCE};
use hinamori_record::{Fact, decode_change};
use hinamori_sync::{HandOver, HandOverContent, LedgerError, LedgerKey, SealedBatch};
use zeroize::Zeroizing;

use crate::{KeyTable, Store, StoreError};

impl Store {
    /// [`Store::unconfirmed_batches`], cut into what is handed over at once: so many bytes of changes, or one batch.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn pieces_to_hand_over(
        &self,
        incident: IncidentId,
        longest: usize,
    ) -> Result<Vec<Vec<SealedBatch>>, StoreError> {
        let (mut pieces, mut bytes) = (Vec::<Vec<SealedBatch>>::new(), 0_usize);
        for batch in self.unconfirmed_batches(incident)? {
            let length: usize = batch.changes.iter().map(|change| change.bytes.len()).sum();
            if bytes.saturating_add(length) > longest || pieces.is_empty() {
                pieces.push(Vec::new());
                bytes = 0;
            }
            bytes = bytes.saturating_add(length);
            if let Some(piece) = pieces.last_mut() {
                piece.push(batch);
            }
        }
        Ok(pieces)
    }
}

impl KeyTable {
    /// One piece, sealed to the town's ledger key. The keys of the people who stand in it are wrapped again under a key of its own, as far as
    /// `own`, the incident's, opens them. `random` fills secrets.
    ///
    /// # Errors
    /// [`StoreError`], [`LedgerError`], and those of `random`.
    pub fn seal_piece<E: From<StoreError> + From<LedgerError>>(
        &self,
        incident: IncidentId,
        batches: Vec<SealedBatch>,
        own: Option<&IncidentKey>,
        town: LedgerKey,
        mut random: impl FnMut(&mut [u8]) -> Result<(), E>,
    ) -> Result<HandOver, E> {
        let (mut key, mut ephemeral) = (Zeroizing::new([0; 32]), Zeroizing::new([0; 32]));
        random(key.as_mut_slice())?;
        random(ephemeral.as_mut_slice())?;
        let over = IncidentKey::new(incident, *key);
        let mut people = Vec::new();
        if let Some(own) = own {
            for person in people_in(&batches) {
                for wrapped in self.keys(incident, person)? {
                    let mut nonce = [0; NONCE];
                    random(&mut nonce)?;
                    let again = own.unwrap(person, &wrapped).and_then(|key| over.wrap(person, &key, nonce));
                    people.extend(again.ok().map(|wrapped| (person, wrapped.as_bytes().to_vec())));
                }
            }
        }
        let content = HandOverContent { key, people, batches }.to_bytes();
        Ok(HandOver { incident, sealed: town.seal(incident, &content, &ephemeral)? })
    }
}

/// Of whom something is written down there.
fn people_in(batches: &[SealedBatch]) -> BTreeSet<PersonId> {
    let changes = batches.iter().flat_map(|batch| &batch.changes);
    let records = changes.filter_map(|change| decode_change(&change.bytes).ok());
    let facts = records.flat_map(|decoded| decoded.records).map(|record| record.fact);
    facts
        .filter_map(|fact| if let Fact::Profile { person, .. } = fact { Some(person) } else { None })
        .collect()
}
