//! What a machine does when the town closes an incident or erases a person: the life of a closing as boxes live it, with its pieces as
//! files, and the two key tables that tell each other what is new.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use hinamori_model::{IncidentId, PersonId, RecordId, UnixMillis};
use hinamori_profile::{Entry, IncidentKey, PersonKey, ProfilePatch, TextField};
use hinamori_store_sqlite::{FileKey, Kept, KeyRow, KeyTable, Place, keys_of_a_box};
use hinamori_sync::town::{ClosedIncident, SignedPackage};
use hinamori_sync::{HandOver, HandOverDigest, KeyMark, KeyRows, LedgerSecret};

use crate::dice::Dice;
use crate::machine::Machine;
use crate::world::EVERY_INCIDENT;

const TOWN: &str = "town";
const PIECES: &str = "handover";
/// Bytes of changes in a piece: so few that most boxes hand several over.
const PIECE: usize = 600;

/// The town's key, to which pieces are sealed.
pub(crate) fn ledger_key() -> LedgerSecret {
    LedgerSecret::new([11; 32])
}

/// The key of an incident, which every machine of the town has.
pub(crate) fn incident_key(incident: IncidentId) -> IncidentKey {
    let [first, ..] = *incident.as_bytes();
    IncidentKey::new(incident, [first; 32])
}

pub(crate) fn open_keys(folder: &Path) -> anyhow::Result<KeyTable> {
    Ok(KeyTable::open(&folder.join("keys.sqlite"), &FileKey::new([12; 32]))?)
}

fn name_of(digest: &HandOverDigest) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Machine {
    /// The newest package that it knows.
    pub(crate) fn town(&self) -> &SignedPackage {
        &self.town
    }

    pub(crate) fn is_closed(&self, incident: IncidentId) -> bool {
        self.closed.iter().any(|closed| closed.incident == incident)
    }

    /// Reads the package that its disk knows, or begins with this one.
    pub(crate) fn begin_with(&mut self, town: &SignedPackage, root: &[u8; 32]) -> anyhow::Result<()> {
        let stored = self.store.setting(TOWN)?;
        if stored.is_none() {
            self.store.set_setting(TOWN, town.as_bytes())?;
        }
        let stored = stored.as_deref().unwrap_or_else(|| town.as_bytes());
        let (signed, package) = SignedPackage::open(stored, root)?;
        (self.town, self.closed) = (signed, package.closed);
        self.wipe_what_is_handed_over()
    }

    /// Works with a newer package: what has to be handed over of what it closes is sealed first, then it counts, then the rest goes.
    pub(crate) fn take_town(
        &mut self,
        signed: &SignedPackage,
        root: &[u8; 32],
        dice: &mut Dice,
    ) -> anyhow::Result<()> {
        if signed.version() <= self.town.version() {
            return Ok(());
        }
        let (signed, package) = SignedPackage::open(signed.as_bytes(), root)?;
        for ClosedIncident { incident, .. } in &package.closed {
            self.seal_pieces(*incident, dice)?;
        }
        self.store.set_setting(TOWN, signed.as_bytes())?;
        self.note_durable();
        (self.town, self.closed) = (signed, package.closed);
        self.close_documents();
        self.wipe_what_is_handed_over()
    }

    fn pieces(&self) -> PathBuf {
        self.folder().join(PIECES)
    }

    fn has_to_be_handed_over(&self, incident: IncidentId) -> anyhow::Result<bool> {
        let is_unconfirmed = self.store.unconfirmed(|of| of == incident)? > 0;
        Ok(is_unconfirmed && (!self.pieces().exists() || self.next_piece()?.is_some()))
    }

    fn seal_pieces(&mut self, incident: IncidentId, dice: &mut Dice) -> anyhow::Result<()> {
        if self.seed().is_none() || self.is_closed(incident) {
            return Ok(());
        }
        self.seal()?;
        let folder = self.pieces();
        for batches in self.store.pieces_to_hand_over(incident, PIECE)? {
            let own = incident_key(incident);
            let random = |secret: &mut [u8]| {
                dice.fill(secret);
                anyhow::Ok(())
            };
            let town = ledger_key().public();
            let piece = self.keys.seal_piece(incident, batches, Some(&own), town, random)?;
            std::fs::create_dir_all(&folder)?;
            let content = [incident.as_bytes().as_slice(), &piece.sealed].concat();
            std::fs::write(folder.join(name_of(&piece.digest())), content)?;
        }
        Ok(())
    }

    /// What it hands over next.
    pub(crate) fn next_piece(&self) -> anyhow::Result<Option<HandOver>> {
        let folder = self.pieces();
        if !folder.exists() {
            return Ok(None);
        }
        let files: Result<Vec<_>, _> =
            std::fs::read_dir(folder)?.map(|file| file.map(|of| of.path())).collect();
        let Some(first) = files?.into_iter().min() else { return Ok(None) };
        let content = std::fs::read(first)?;
        let (incident, sealed) = content.split_first_chunk::<16>().context("a short piece")?;
        Ok(Some(HandOver { incident: IncidentId::from_bytes(*incident), sealed: sealed.to_vec() }))
    }

    /// The server has this piece.
    pub(crate) fn handed_over(&mut self, digest: &HandOverDigest) -> anyhow::Result<()> {
        let file = self.pieces().join(name_of(digest));
        if file.exists() {
            std::fs::remove_file(file)?;
        }
        self.wipe_what_is_handed_over()
    }

    fn wipe_what_is_handed_over(&mut self) -> anyhow::Result<()> {
        for ClosedIncident { incident, at } in self.closed.clone() {
            if !self.has_to_be_handed_over(incident)? {
                self.keys.erase_incident(incident, at)?;
                self.store.forget(incident)?;
                if self.pieces().exists() {
                    std::fs::remove_dir_all(self.pieces())?;
                }
            }
        }
        self.note_durable();
        Ok(())
    }

    /// Under which key something is written down of a person; `None` of one who is erased.
    pub(crate) fn person_key(
        &mut self,
        incident: IncidentId,
        person: PersonId,
        dice: &mut Dice,
    ) -> anyhow::Result<Option<PersonKey>> {
        let over = incident_key(incident);
        for wrapped in self.keys.keys(incident, person)? {
            if let Ok(key) = over.unwrap(person, &wrapped) {
                return Ok(Some(key));
            }
        }
        let key = PersonKey::new(dice.bytes());
        let wrapped = over.wrap(person, &key, dice.bytes())?;
        Ok((self.keys.put(incident, person, wrapped)? != Kept::Erased).then_some(key))
    }

    /// How far it absorbed the other one's keys.
    pub(crate) fn absorbed_of(&self, peer: &str) -> anyhow::Result<Option<KeyMark>> {
        Ok(self.keys.absorbed_of(peer)?)
    }

    /// Takes keys: a box believes the server of persons too, and the server believes no box of erasures.
    pub(crate) fn take_keys(&mut self, peer: &str, rows: &KeyRows) -> anyhow::Result<()> {
        let known: Vec<KeyRow> = if self.seed().is_some() {
            let told = rows.rows().filter_map(KeyRow::from_bytes);
            told.filter(|row| !matches!(row, KeyRow::IncidentErased { .. })).collect()
        } else {
            let open = EVERY_INCIDENT.into_iter().filter(|incident| !self.is_closed(*incident));
            keys_of_a_box(rows, &open.map(|incident| (incident, incident_key(incident))).collect())
        };
        let _absorbed = self.keys.absorb_of(peer, &known, rows.upto)?;
        Ok(())
    }

    /// What it tells next; moves the place on.
    pub(crate) fn tell_keys(
        &self,
        place: &mut Option<Place>,
        absorbed: Option<KeyMark>,
    ) -> anyhow::Result<Option<KeyRows>> {
        let mut at = place.map_or_else(|| self.keys.place_after(absorbed), Ok)?;
        let told = self.keys.tell(&mut at, self.seed().is_none(), |row| !self.is_closed(row.incident()))?;
        *place = Some(at);
        Ok(told)
    }

    /// The town hall destroys what is written down of a person.
    pub(crate) fn erase(
        &mut self,
        incident: IncidentId,
        person: PersonId,
        now: UnixMillis,
    ) -> anyhow::Result<()> {
        Ok(self.keys.erase_person(incident, person, now)?)
    }

    pub(crate) const fn keys(&self) -> &KeyTable {
        &self.keys
    }
}

/// Something that was written down of a person, sealed.
pub(crate) fn sealed(
    key: &PersonKey,
    person: PersonId,
    record: RecordId,
    dice: &mut Dice,
) -> anyhow::Result<Vec<u8>> {
    let entry = Entry::Text(TextField::Name, hinamori_model::PersonalText::new("汐見 花子"));
    Ok(key.seal(&ProfilePatch::new([entry])?, person, record, dice.bytes())?)
}
