//! The town's people and cards, as this box needs them at a tap.

use std::path::Path;

use hinamori_model::{BindingAssurance, CardKey, HouseholdId, PersonId, PersonalText, TownKey};
use hinamori_sync::town::{self, Person, Stamp};
use rusqlite::{Connection, OptionalExtension, Row};

use crate::StoreError;
use crate::schema::Family;
use crate::store::{checkpoint_if_over, open_durable};

/// People, households and cards of the catchment, in a file of its own.
pub struct Directory {
    connection: Connection,
}

/// What a card stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownCard {
    /// The person.
    pub person: PersonId,
    /// How that was established.
    pub binding: BindingAssurance,
    /// The card's application key (DER SubjectPublicKeyInfo), against which the chip proves itself.
    pub application_key: Option<Vec<u8>>,
}

fn person_of_row(row: &Row<'_>) -> rusqlite::Result<Person> {
    Ok(Person {
        id: PersonId::from_bytes(row.get("id")?),
        household: row.get::<_, Option<[u8; 16]>>("household")?.map(HouseholdId::from_bytes),
        name: PersonalText::new(row.get::<_, String>("name")?),
        called_name: row.get::<_, Option<String>>("called_name")?.map(PersonalText::new),
        relation: PersonalText::new(row.get::<_, String>("relation")?),
        hidden: row.get("hidden")?,
        watch: row.get("watch")?,
    })
}

impl Directory {
    /// Opens or makes the file at `path`, and looks at every page of it: a town that is found damaged now
    /// can be had again, and one that is found damaged at a tap leaves somebody without a name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = open_durable(path, &Family::Directory)?;
        let found: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if found != "ok" {
            let corrupt = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
            return Err(rusqlite::Error::SqliteFailure(corrupt, Some(found)).into());
        }
        Ok(Self { connection })
    }

    /// Which package's directory stands in the file; `None` for none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn stamp(&self) -> Result<Option<Stamp>, StoreError> {
        let stamp: Option<[u8; 64]> = self
            .connection
            .query_row("SELECT value FROM setting WHERE name = 'stamp'", [], |row| row.get(0))
            .optional()?;
        Ok(stamp.map(Stamp))
    }

    /// Replaces everything by the directory of the verified town package with this `stamp`, in one
    /// transaction.
    ///
    /// # Errors
    /// [`StoreError`]; the old content stays then.
    pub fn replace(
        &mut self,
        stamp: Stamp,
        key: &TownKey,
        content: &town::Directory,
    ) -> Result<(), StoreError> {
        let transaction = self.connection.transaction()?;
        transaction.execute_batch("DELETE FROM person; DELETE FROM card;")?;
        for (position, person) in (0_u32..).zip(&content.people) {
            transaction
                .prepare_cached("INSERT OR REPLACE INTO person VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?
                .execute((
                    person.id.as_bytes(),
                    person.household.as_ref().map(HouseholdId::as_bytes),
                    person.name.expose(),
                    person.called_name.as_ref().map(PersonalText::expose),
                    person.relation.expose(),
                    person.hidden,
                    person.watch,
                    position,
                ))?;
        }
        for card in &content.cards {
            transaction.prepare_cached("INSERT OR REPLACE INTO card VALUES (?1, ?2, ?3, ?4)")?.execute((
                key.card_key(card.kind, &card.identity).as_bytes(),
                card.person.as_bytes(),
                card.binding.code(),
                card.application_key.as_deref(),
            ))?;
        }
        transaction
            .execute("INSERT OR REPLACE INTO setting (name, value) VALUES ('stamp', ?1)", [stamp.0])?;
        Ok(transaction.commit()?)
    }

    /// Moves the write-ahead log into the database file when it has grown over `log_bytes`: a whole town goes
    /// through it at each replacement, and nobody writes here for months afterwards.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn checkpoint_if_over(&self, log_bytes: u64) -> Result<(), StoreError> {
        checkpoint_if_over(&self.connection, log_bytes)
    }

    /// What a card stands for; `None` when nobody knows it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn card(&self, key: CardKey) -> Result<Option<KnownCard>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT person, binding, application_key FROM card WHERE key = ?1")?;
        let row = statement
            .query_row([key.as_bytes()], |row| {
                Ok((row.get::<_, [u8; 16]>(0)?, row.get::<_, u8>(1)?, row.get(2)?))
            })
            .optional()?;
        let Some((person, binding, application_key)) = row else { return Ok(None) };
        let binding = BindingAssurance::from_code(binding.into())
            .ok_or(StoreError::ForeignValue { what: "binding assurance" })?;
        Ok(Some(KnownCard { person: PersonId::from_bytes(person), binding, application_key }))
    }

    /// One person.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn person(&self, id: PersonId) -> Result<Option<Person>, StoreError> {
        let mut statement = self.connection.prepare_cached("SELECT * FROM person WHERE id = ?1")?;
        Ok(statement.query_row([id.as_bytes()], person_of_row).optional()?)
    }

    /// The members of a household, in the town's order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn household(&self, id: HouseholdId) -> Result<Vec<Person>, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT * FROM person WHERE household = ?1 ORDER BY position")?;
        let rows = statement.query_map([id.as_bytes()], person_of_row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Everybody on the watch list, in the town's order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn watched(&self) -> Result<Vec<Person>, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT * FROM person WHERE watch = 1 ORDER BY position")?;
        let rows = statement.query_map([], person_of_row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
