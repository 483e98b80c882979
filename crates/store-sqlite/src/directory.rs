//! The town's people and cards, as this box needs them at a tap.

use std::path::Path;

use hinamori_model::{BindingAssurance, CardKey, HouseholdId, PersonId, PersonalText, TownKey};
use hinamori_sync::town::{self, Person};
use rusqlite::{Connection, OptionalExtension, Row};

use crate::StoreError;
use crate::schema::Family;
use crate::store::open_durable;

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
    /// Opens or makes the file at `path`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Ok(Self { connection: open_durable(path, &Family::Directory)? })
    }

    /// The version of the town's package that stands in the file; 0 for none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn version(&self) -> Result<u64, StoreError> {
        let version: Option<[u8; 8]> = self
            .connection
            .query_row("SELECT value FROM setting WHERE name = 'version'", [], |row| row.get(0))
            .optional()?;
        Ok(version.map_or(0, u64::from_be_bytes))
    }

    /// Replaces everything by the directory of a verified town package, in one transaction.
    ///
    /// # Errors
    /// [`StoreError`]; the old content stays then.
    pub fn replace(
        &mut self,
        version: u64,
        key: &TownKey,
        content: &town::Directory,
    ) -> Result<(), StoreError> {
        let transaction = self.connection.transaction()?;
        transaction.execute_batch("DELETE FROM person; DELETE FROM card;")?;
        for person in &content.people {
            transaction
                .prepare_cached("INSERT OR REPLACE INTO person VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?
                .execute((
                    person.id.as_bytes(),
                    person.household.as_ref().map(HouseholdId::as_bytes),
                    person.name.expose(),
                    person.called_name.as_ref().map(PersonalText::expose),
                    person.relation.expose(),
                    person.hidden,
                    person.watch,
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
        transaction.execute(
            "INSERT OR REPLACE INTO setting (name, value) VALUES ('version', ?1)",
            [version.to_be_bytes()],
        )?;
        Ok(transaction.commit()?)
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

    /// The members of a household, in the order of their ids.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn household(&self, id: HouseholdId) -> Result<Vec<Person>, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT * FROM person WHERE household = ?1 ORDER BY id")?;
        let rows = statement.query_map([id.as_bytes()], person_of_row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Everybody on the watch list.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn watched(&self) -> Result<Vec<Person>, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT * FROM person WHERE watch = 1 ORDER BY id")?;
        let rows = statement.query_map([], person_of_row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
