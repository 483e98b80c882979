//! The town's people and cards, as this box needs them at a tap.
//!
//! They come in parts ([`hinamori_sync::PartHead`]). [`DirectoryParts`] loads and unloads them, on a thread of its own;
//! [`Directory`] reads beside it, and sees each part whole or not at all.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use hinamori_model::{
    BindingAssurance, BirthDate, CardKey, HouseholdId, PersonId, PersonalText, Sex, SupportReasons,
    UnixMillis,
};
use hinamori_sync::town::Person;
use rusqlite::{Connection, OptionalExtension, Params, Row};

use crate::StoreError;
use crate::schema::Family;
use crate::store::open_durable;

mod parts;

pub use parts::{DirectoryParts, LoadedPart};

/// People, households and cards of the loaded parts, for reading.
pub struct Directory {
    connection: Connection,
}

/// The keys against which chips prove themselves (DER SubjectPublicKeyInfo), by card.
pub type ApplicationKeys = BTreeMap<CardKey, Box<[u8]>>;

/// What a card stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownCard {
    /// The person.
    pub person: PersonId,
    /// How that was established.
    pub binding: BindingAssurance,
    /// Reported to the town as lost or stolen, and since when.
    pub stopped: Option<UnixMillis>,
}

/// The columns that [`person_of_row`] reads.
const PERSON: &str = "id, household, district, block, name, kana, called_name, relation, hidden, watch,
    birth, sex, address, support, on_register";
/// The town's order, as far as it has one.
const IN_ORDER: &str = "ORDER BY district, block, household, position";

/// Person, binding, since when it is stopped.
type CardRow = ([u8; 16], u8, Option<u64>);

fn card_of_row(row: &Row<'_>) -> rusqlite::Result<CardRow> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
}

fn known_card((person, binding, stopped): CardRow) -> Result<KnownCard, StoreError> {
    let binding = BindingAssurance::from_code(binding.into())
        .ok_or(StoreError::ForeignValue { what: "binding assurance" })?;
    Ok(KnownCard { person: PersonId::from_bytes(person), binding, stopped: stopped.map(UnixMillis::new) })
}

fn person_of_row(row: &Row<'_>) -> rusqlite::Result<Person> {
    Ok(Person {
        id: PersonId::from_bytes(row.get(0)?),
        household: row.get::<_, Option<[u8; 16]>>(1)?.map(HouseholdId::from_bytes),
        district: row.get(2)?,
        group: row.get(3)?,
        name: PersonalText::new(row.get::<_, String>(4)?),
        kana: PersonalText::new(row.get::<_, String>(5)?),
        called_name: row.get::<_, Option<String>>(6)?.map(PersonalText::new),
        relation: PersonalText::new(row.get::<_, String>(7)?),
        hidden: row.get(8)?,
        watch: row.get(9)?,
        birth: row.get::<_, Option<u32>>(10)?.and_then(|packed| BirthDate::try_from(packed).ok()),
        sex: Sex::from_code(row.get(11)?).unwrap_or(Sex::Unknown),
        address: PersonalText::new(row.get::<_, String>(12)?),
        support: SupportReasons::from_bits(row.get(13)?),
        on_register: row.get(14)?,
    })
}

impl Directory {
    /// Opens the file at `path` for reading. [`DirectoryParts::open`] makes it and looks whether it is whole.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = open_durable(path, &Family::Directory)?;
        connection.pragma_update(None, "query_only", true)?;
        Ok(Self { connection })
    }

    /// What a card stands for; `None` when nobody knows it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn card(&self, key: CardKey) -> Result<Option<KnownCard>, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT person, binding, stopped FROM card WHERE key = ?1")?;
        let row = statement.query_row([key.as_bytes()], card_of_row).optional()?;
        row.map(known_card).transpose()
    }

    /// What a card stands for, by the id that [`hinamori_model::TownKey::person_of_unknown_card`] gives to it: also one of which
    /// the town knows nothing else, because it was given to somebody in the field.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn card_of_derived(&self, derived: PersonId) -> Result<Option<KnownCard>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT person, binding, stopped FROM card WHERE derived = ?1 ORDER BY binding DESC LIMIT 1",
        )?;
        let row = statement.query_row([derived.as_bytes()], card_of_row).optional()?;
        row.map(known_card).transpose()
    }

    /// Whose card it was that was taken for an unknown one, before its part was loaded: the person by the id that
    /// [`hinamori_model::TownKey::person_of_unknown_card`] gives to the card, and how the card was bound to them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn owner_of_derived(
        &self,
        derived: PersonId,
    ) -> Result<Option<(PersonId, BindingAssurance)>, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT person, binding FROM card WHERE derived = ?1")?;
        let row: Option<([u8; 16], u8)> =
            statement.query_row([derived.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        let Some((person, binding)) = row else { return Ok(None) };
        let binding = BindingAssurance::from_code(binding.into())
            .ok_or(StoreError::ForeignValue { what: "binding assurance" })?;
        Ok(Some((PersonId::from_bytes(person), binding)))
    }

    /// One person.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn person(&self, id: PersonId) -> Result<Option<Person>, StoreError> {
        Ok(self.people("WHERE id = ?1", [id.as_bytes()])?.pop())
    }

    /// 秘匿: whether somebody appears on no screen.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn is_hidden(&self, id: PersonId) -> Result<bool, StoreError> {
        let mut statement = self.connection.prepare_cached("SELECT hidden FROM person WHERE id = ?1")?;
        Ok(statement.query_row([id.as_bytes()], |row| row.get(0)).optional()?.unwrap_or(false))
    }

    /// 秘匿: everybody who appears on no screen.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn hidden(&self) -> Result<BTreeSet<PersonId>, StoreError> {
        let mut statement = self.connection.prepare_cached("SELECT id FROM person WHERE hidden = 1")?;
        let rows = statement.query_map([], |row| row.get(0).map(PersonId::from_bytes))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The members of a household, in the town's order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn household(&self, id: HouseholdId) -> Result<Vec<Person>, StoreError> {
        self.people("WHERE household = ?1 ORDER BY position", [id.as_bytes()])
    }

    /// Everybody on the watch list, by district, group and household.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn watched(&self) -> Result<Vec<Person>, StoreError> {
        self.people(&format!("WHERE watch = 1 {IN_ORDER}"), [])
    }

    /// The people of a district's group (班), households together and members in the town's order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn group(&self, district: &str, group: &str) -> Result<Vec<Person>, StoreError> {
        self.people(&format!("WHERE district = ?1 AND block = ?2 {IN_ORDER}"), [district, group])
    }

    /// The districts of everybody who is loaded with their groups and how many people each has, in order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn groups(&self) -> Result<Vec<(String, String, u32)>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT district, block, count(*) FROM person GROUP BY district, block ORDER BY district, block",
        )?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Shows everybody who is loaded, one after the other, by id. While it runs the write-ahead log cannot be cut.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn for_each_person(&self, mut each: impl FnMut(Person)) -> Result<(), StoreError> {
        let mut statement =
            self.connection.prepare_cached(&format!("SELECT {PERSON} FROM person ORDER BY id"))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            each(person_of_row(row)?);
        }
        Ok(())
    }

    fn people(&self, which: &str, parameters: impl Params) -> Result<Vec<Person>, StoreError> {
        let mut statement =
            self.connection.prepare_cached(&format!("SELECT {PERSON} FROM person {which}"))?;
        let rows = statement.query_map(parameters, person_of_row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
