//! The tables. Times are milliseconds since 1970 UTC, except `record.at` and `presence.seen_at`, which are
//! packed hybrid logical clock readings; ids are 16-byte blobs; codes are those of `hinamori-model` and
//! `hinamori-record`.
//!
//! | Table | One row |
//! |---|---|
//! | `document` | one incident × site × period; a period is a day, and which of its documents |
//! | `change` | one Automerge change, until it is packed into a run or its incident is erased |
//! | `run` | changes of an actor in a document of a day that is over, from its first one on, packed as they travel |
//! | `seal` | one signature over a run of one actor's changes |
//! | `outbox` | one own change that the server has not confirmed |
//! | `receipt` | the server's latest word that it has an actor's changes |
//! | `place` | one incident × site × period in which records count |
//! | `record` | one record, read out of its change |
//! | `presence` | where one person is in one incident, folded from the records of all ids that are linked to them |
//! | `fork` | the proof that somebody signed two histories under one writer's name: the place, and what stands there in each |
//! | `quarantine` | bytes that were refused, with the reason |
//! | `setting` | small facts of this box: epoch, open incident, lane settings |
//!
//! In the directory's file, where `position` is the place in the part and `block` the group (班):
//!
//! | Table | One row |
//! |---|---|
//! | `part` | one part of the roster whose people are loaded; whether a later part took none of its rows |
//! | `person` | one person, in the part that was loaded last with them |
//! | `card` | one card; `derived` is who it stands for where nobody knows it |
//! | `setting` | whose town the people are of, by its root key |
//!
//! In the file of alerts:
//!
//! | Table | One row |
//! |---|---|
//! | `message` | one alert that was sent: its exact bytes, its envelope, what the desk shows of it (JSON), and what each household was told, sealed |
//! | `television` | one television: the hash of its token, the code that it shows, the household to which it was bound, the day if that was at a box |
//! | `answer` | what became of a message at a household, and when it was heard first; `kind` is `AnswerKind` |
//! | `task` | which officer looks after a household that asked for help |
//! | `dropped_release` | one release that an officer on duty dropped: the digest of its envelope, and what the desk shows of it |
//! | `unsent_release` | one release of which nobody was told: the digest of its envelope, and what the desk shows of it with the reason |
//! | `key_list` | a list of keys that was in force, as the town root signed it: its hash, its bytes |
//! | `prepared_release` | one order that officers sign in advance: what they sign with their signatures, its template, what the desk shows of it, and what each household will be told, sealed |
//! | `setting` | the sender's sequence |
//!
//! In a box's file of televisions, where a message is known by the digest of its envelope:
//!
//! | Table | One row |
//! |---|---|
//! | `television` | one television that the town hall named: the hash of its token, its code, its household |
//! | `told` | what a household, or everybody, is told of a message, sealed |
//! | `answer` | what a television said of a message, and when; whether the town hall has it; `answer` is `TelevisionAnswer` |
//! | `setting` | the town, by its root key; its latest heartbeat |
//!
//! The key table (`keys.rs`) says nothing in clear: its ids are keyed hashes, and what they stand for is sealed.
//!
//! | Column of `entry` | What |
//! |---|---|
//! | `serial` | counts up with every row that is added, never down |
//! | `id` | keyed hash of all that the row says, except the time of an erasure |
//! | `incident`, `person` | keyed hashes of the incident, and of the incident with the person; an erasure has no `person` |
//! | `sealed` | nonce, the row encrypted, tag |
//! | `mark` | keyed hash of the mark of the row before and of `id`: of everything that was added up to here |

use rusqlite::Connection;

use crate::StoreError;

/// Migrations in order; the position is the version before it. They import nothing that can change.
const STORE: &[&str] = &[
    "
CREATE TABLE document (
    id INTEGER PRIMARY KEY,
    incident BLOB NOT NULL, site BLOB NOT NULL, period INTEGER NOT NULL,
    UNIQUE (incident, site, period)
) STRICT;
CREATE TABLE change (
    document INTEGER NOT NULL, actor BLOB NOT NULL, sequence INTEGER NOT NULL,
    hash BLOB NOT NULL, bytes BLOB NOT NULL, received_at INTEGER NOT NULL,
    PRIMARY KEY (document, actor, sequence)
) STRICT, WITHOUT ROWID;
CREATE TABLE seal (
    document INTEGER NOT NULL, actor BLOB NOT NULL, upto INTEGER NOT NULL, first INTEGER NOT NULL,
    digest BLOB NOT NULL, key BLOB NOT NULL, signature BLOB NOT NULL,
    PRIMARY KEY (document, actor, upto, first)
) STRICT, WITHOUT ROWID;
CREATE TABLE outbox (
    document INTEGER NOT NULL, actor BLOB NOT NULL, sequence INTEGER NOT NULL,
    PRIMARY KEY (document, actor, sequence)
) STRICT, WITHOUT ROWID;
CREATE TABLE record (
    id BLOB PRIMARY KEY, document INTEGER NOT NULL, at INTEGER NOT NULL,
    clock_unsure INTEGER NOT NULL, lane INTEGER, kind INTEGER NOT NULL, person BLOB, event INTEGER,
    assurance INTEGER, binding INTEGER, doubts INTEGER, not_revoked_as_of INTEGER, revoked_since INTEGER,
    adults INTEGER, children INTEGER, infants INTEGER, undo_of BLOB, undone INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX record_person ON record (person, document) WHERE person IS NOT NULL;
CREATE INDEX record_undo ON record (undo_of) WHERE undo_of IS NOT NULL;
CREATE INDEX record_kind ON record (document, kind);
CREATE TABLE presence (
    incident BLOB NOT NULL, person BLOB NOT NULL,
    site BLOB NOT NULL, state INTEGER NOT NULL, arrived_at INTEGER, seen_at INTEGER NOT NULL,
    PRIMARY KEY (incident, person)
) STRICT, WITHOUT ROWID;
CREATE INDEX presence_site ON presence (incident, site, state);
CREATE TABLE quarantine (
    id INTEGER PRIMARY KEY, received_at INTEGER NOT NULL, reason TEXT NOT NULL, bytes BLOB NOT NULL
) STRICT;
CREATE TABLE setting (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
",
    "
CREATE INDEX record_watch ON record (person, event, at) WHERE kind = 1 AND undone = 0;
",
    "
ALTER TABLE record ADD COLUMN other BLOB;
ALTER TABLE record ADD COLUMN destination INTEGER;
ALTER TABLE record ADD COLUMN to_site BLOB;
ALTER TABLE record ADD COLUMN until INTEGER;
CREATE INDEX record_other ON record (other, kind) WHERE other IS NOT NULL;
CREATE INDEX record_link ON record (person, at) WHERE kind = 5;
ALTER TABLE presence ADD COLUMN declared_by BLOB;
ALTER TABLE presence ADD COLUMN destination INTEGER;
ALTER TABLE presence ADD COLUMN to_site BLOB;
ALTER TABLE presence ADD COLUMN until INTEGER;
",
    // `content` is what a record carries as bytes: a sealed profile, a name, grades, a digest.
    "
ALTER TABLE record ADD COLUMN staff BLOB;
ALTER TABLE record ADD COLUMN role INTEGER;
ALTER TABLE record ADD COLUMN reason INTEGER;
ALTER TABLE record ADD COLUMN people INTEGER;
ALTER TABLE record ADD COLUMN content BLOB;
CREATE INDEX record_profile ON record (person, document) WHERE kind = 9;
CREATE INDEX record_staff ON record (kind, at) WHERE kind BETWEEN 10 AND 16;
CREATE INDEX record_looked ON record (person, at) WHERE kind = 10 AND person IS NOT NULL;
",
    // A seal says which change it follows since then. The one of before says nothing any more: whoever wrote seals anew.
    "
ALTER TABLE seal ADD COLUMN before BLOB;
DELETE FROM seal;
CREATE TABLE receipt (
    document INTEGER NOT NULL, actor BLOB NOT NULL, upto INTEGER NOT NULL, at INTEGER NOT NULL,
    signature BLOB NOT NULL, PRIMARY KEY (document, actor)
) STRICT, WITHOUT ROWID;
ALTER TABLE quarantine ADD COLUMN released INTEGER NOT NULL DEFAULT 0;
CREATE INDEX quarantine_released ON quarantine (id) WHERE released = 1;
",
    // Every answer counts the people of a site: the index is all that is read for it.
    "
DROP INDEX presence_site;
CREATE INDEX presence_counted ON presence (incident, site, state, seen_at);
CREATE INDEX record_settled ON record (person) WHERE kind = 15;
",
    "
CREATE TABLE run (
    document INTEGER NOT NULL, actor BLOB NOT NULL, upto INTEGER NOT NULL, first INTEGER NOT NULL,
    before BLOB, bytes BLOB NOT NULL, received BLOB NOT NULL, PRIMARY KEY (document, actor, upto)
) STRICT, WITHOUT ROWID;
",
    // What a forked box said counts, and confirms nobody: `forked` marks its records, `unconfirmed` whom one of them showed last.
    "
CREATE TABLE fork (
    actor BLOB PRIMARY KEY, incident BLOB NOT NULL, site BLOB NOT NULL, period INTEGER NOT NULL,
    sequence INTEGER NOT NULL, held BLOB NOT NULL, received BLOB NOT NULL, found_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
ALTER TABLE record ADD COLUMN forked INTEGER NOT NULL DEFAULT 0;
ALTER TABLE presence ADD COLUMN unconfirmed INTEGER NOT NULL DEFAULT 0;
CREATE INDEX presence_unconfirmed ON presence (incident, site, state, seen_at) WHERE unconfirmed = 1;
",
    // Records count at a place, which headquarters may say otherwise than their document does. Until then it is the same, so that the
    // numbers of the rows fit.
    "
CREATE TABLE place (
    id INTEGER PRIMARY KEY,
    incident BLOB NOT NULL, site BLOB NOT NULL, period INTEGER NOT NULL,
    UNIQUE (incident, site, period)
) STRICT;
INSERT INTO place SELECT id, incident, site, period FROM document;
ALTER TABLE record RENAME COLUMN document TO place;
ALTER TABLE record ADD COLUMN document INTEGER NOT NULL DEFAULT 0;
UPDATE record SET document = place;
CREATE INDEX record_document ON record (document);
",
];

const DIRECTORY: &[&str] = &[
    "
CREATE TABLE person (
    id BLOB PRIMARY KEY, household BLOB, name TEXT NOT NULL, called_name TEXT, relation TEXT NOT NULL,
    hidden INTEGER NOT NULL, watch INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX person_household ON person (household) WHERE household IS NOT NULL;
CREATE TABLE card (
    key BLOB PRIMARY KEY, person BLOB NOT NULL, binding INTEGER NOT NULL, application_key BLOB
) STRICT, WITHOUT ROWID;
CREATE TABLE setting (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
",
    "
ALTER TABLE person ADD COLUMN position INTEGER NOT NULL DEFAULT 0;
DELETE FROM setting;
",
    // Everything in it comes again from the server. Rows lie in the order in which they came, so that a part is written
    // and deleted as a few whole pages.
    "
DROP TABLE person;
DROP TABLE card;
DELETE FROM setting;
CREATE TABLE part (
    id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, district TEXT NOT NULL,
    rows INTEGER NOT NULL, is_whole INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE TABLE person (
    id BLOB PRIMARY KEY, part INTEGER NOT NULL, position INTEGER NOT NULL, household BLOB,
    district TEXT NOT NULL, block TEXT NOT NULL, name TEXT NOT NULL, kana TEXT NOT NULL, called_name TEXT,
    relation TEXT NOT NULL, birth INTEGER, sex INTEGER NOT NULL, address TEXT NOT NULL, support INTEGER NOT NULL,
    on_register INTEGER NOT NULL, hidden INTEGER NOT NULL, watch INTEGER NOT NULL
) STRICT;
CREATE INDEX person_part ON person (part);
CREATE INDEX person_household ON person (household) WHERE household IS NOT NULL;
CREATE INDEX person_block ON person (district, block, household, position);
CREATE INDEX person_hidden ON person (id) WHERE hidden = 1;
CREATE INDEX person_watch ON person (id) WHERE watch = 1;
CREATE TABLE card (
    key BLOB PRIMARY KEY, part INTEGER NOT NULL, person BLOB NOT NULL, binding INTEGER NOT NULL,
    application_key BLOB, stopped INTEGER, derived BLOB NOT NULL
) STRICT;
CREATE INDEX card_part ON card (part);
CREATE INDEX card_derived ON card (derived);
",
];

const KEYS: &[&str] = &[
    "
CREATE TABLE entry (
    serial INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, incident BLOB NOT NULL, person BLOB,
    sealed BLOB NOT NULL
) STRICT;
CREATE INDEX entry_person ON entry (person) WHERE person IS NOT NULL;
CREATE INDEX entry_incident ON entry (incident);
CREATE TABLE setting (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
",
    // Whether it was written here first: a peer need not hear again what it told.
    "
ALTER TABLE entry ADD COLUMN own INTEGER NOT NULL DEFAULT 1;
",
    "
ALTER TABLE entry ADD COLUMN mark BLOB NOT NULL DEFAULT x'00000000000000000000000000000000';
",
];

const ALERTS: &[&str] = &["
CREATE TABLE message (
    epoch INTEGER NOT NULL, number INTEGER NOT NULL, digest BLOB NOT NULL UNIQUE,
    alert BLOB NOT NULL, envelope BLOB NOT NULL, about TEXT NOT NULL, instructions BLOB NOT NULL,
    PRIMARY KEY (epoch, number)
) STRICT;
CREATE TABLE television (
    token BLOB PRIMARY KEY, code INTEGER NOT NULL UNIQUE, made_at INTEGER NOT NULL,
    household BLOB, bound_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE answer (
    digest BLOB NOT NULL, household BLOB NOT NULL, kind INTEGER NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (digest, household, kind)
) STRICT, WITHOUT ROWID;
CREATE TABLE task (
    digest BLOB NOT NULL, household BLOB NOT NULL, officer INTEGER NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (digest, household)
) STRICT, WITHOUT ROWID;
CREATE TABLE setting (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
", "
CREATE TABLE push (
    station INTEGER NOT NULL, digest BLOB NOT NULL, tries INTEGER NOT NULL, tried_at INTEGER NOT NULL,
    received_at INTEGER, problem TEXT NOT NULL,
    PRIMARY KEY (station, digest)
) STRICT, WITHOUT ROWID;
CREATE TABLE air (number INTEGER PRIMARY KEY, station INTEGER NOT NULL, digest BLOB, at INTEGER NOT NULL) STRICT;
", "
CREATE TABLE delivery (number INTEGER PRIMARY KEY, digest BLOB NOT NULL, households BLOB NOT NULL) STRICT;
", "
CREATE TABLE prepared_release (
    digest BLOB PRIMARY KEY, prepared BLOB NOT NULL, template BLOB NOT NULL, about TEXT NOT NULL, instructions BLOB NOT NULL
) STRICT;
", "
ALTER TABLE message RENAME TO message_before;
CREATE TABLE message (
    epoch INTEGER NOT NULL, number INTEGER NOT NULL, digest BLOB NOT NULL UNIQUE,
    alert BLOB NOT NULL, envelope BLOB NOT NULL, about TEXT NOT NULL, instructions BLOB NOT NULL
) STRICT;
INSERT INTO message SELECT * FROM message_before ORDER BY rowid;
DROP TABLE message_before;
", "
CREATE TABLE dropped_release (digest BLOB NOT NULL UNIQUE, about TEXT NOT NULL) STRICT;
", "
CREATE TABLE key_list (digest BLOB PRIMARY KEY, list BLOB NOT NULL) STRICT, WITHOUT ROWID;
ALTER TABLE message ADD COLUMN judged_by BLOB;
", "
ALTER TABLE television ADD COLUMN bound_box BLOB;
ALTER TABLE television ADD COLUMN bound_staff BLOB;
", "
CREATE TABLE unsent_release (digest TEXT NOT NULL UNIQUE, about TEXT NOT NULL) STRICT;
", "
ALTER TABLE television ADD COLUMN bound_day INTEGER;
UPDATE television SET bound_day = bound_at - (bound_at + 32400000) % 86400000 WHERE bound_box IS NOT NULL;
ALTER TABLE television DROP COLUMN bound_at;
ALTER TABLE television DROP COLUMN bound_box;
ALTER TABLE television DROP COLUMN bound_staff;
"];

const TELEVISIONS: &[&str] = &["
CREATE TABLE television (token BLOB PRIMARY KEY, code INTEGER, household BLOB) STRICT, WITHOUT ROWID;
CREATE TABLE told (
    message BLOB NOT NULL, household BLOB NOT NULL, instruction BLOB NOT NULL,
    PRIMARY KEY (message, household)
) STRICT, WITHOUT ROWID;
CREATE TABLE answer (
    message BLOB NOT NULL, household BLOB NOT NULL, answer INTEGER NOT NULL, at INTEGER NOT NULL,
    is_taken INTEGER NOT NULL,
    PRIMARY KEY (message, household, answer)
) STRICT, WITHOUT ROWID;
CREATE TABLE setting (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
"];

/// Which family of tables a file holds.
pub(crate) enum Family {
    Store,
    Directory,
    Keys,
    Alerts,
    Televisions,
}

/// Brings a file to the newest schema.
pub(crate) fn migrate(connection: &mut Connection, family: &Family) -> Result<(), StoreError> {
    let steps = match family {
        Family::Store => STORE,
        Family::Directory => DIRECTORY,
        Family::Keys => KEYS,
        Family::Alerts => ALERTS,
        Family::Televisions => TELEVISIONS,
    };
    let known = u32::try_from(steps.len()).unwrap_or(u32::MAX);
    let transaction = connection.transaction()?;
    let found: u32 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if found > known {
        return Err(StoreError::NewerSchema { found, known });
    }
    if found == known {
        // Nothing is written: a box whose disk is full begins all the same.
        return Ok(());
    }
    for step in steps.iter().skip(usize::try_from(found).unwrap_or(usize::MAX)) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", known)?;
    Ok(transaction.commit()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_older_schema_is_brought_up_and_a_newer_one_is_refused() {
        let families = [
            (Family::Store, STORE),
            (Family::Directory, DIRECTORY),
            (Family::Keys, KEYS),
            (Family::Alerts, ALERTS),
            (Family::Televisions, TELEVISIONS),
        ];
        for (family, steps) in families {
            for version in 0..=steps.len() {
                let mut file = Connection::open_in_memory().unwrap();
                steps[..version].iter().for_each(|step| file.execute_batch(step).unwrap());
                file.pragma_update(None, "user_version", u32::try_from(version).unwrap()).unwrap();
                migrate(&mut file, &family).unwrap();
            }
            let mut newer = Connection::open_in_memory().unwrap();
            newer.pragma_update(None, "user_version", 99).unwrap();
            assert!(matches!(migrate(&mut newer, &family), Err(StoreError::NewerSchema { found: 99, .. })));
        }
    }
}
