//! What an auditor takes away: every alert with its signatures, and what became of each, as files that can be checked anywhere.
//!
//! | File | What |
//! |---|---|
//! | `alerts/PLACE-EPOCH-NUMBER.xml` | a message as stations get it, with the officers' envelope (`hinamorictl alert verify`); by their names they are in the order in which they were sent |
//! | `keys/VERSION-HASH.keys` | the lists of keys that the town root signed, as far as the server knew them: by them messages are judged, and each says until when the one before was in force |
//! | `certificate.pem` | the certificate of the files' own signatures |
//! | `officers.jsonl` | number, name, title and last day of each officer |
//! | `answers.jsonl` | which household's television got, showed and answered what, when, and when all of it had arrived |
//! | `stations.jsonl` | what was brought to stations, and what their operators put on the air |
//! | `dropped.jsonl` | what a trigger released and an officer on duty dropped: for which warning, who, when |
//! | `unsent.jsonl` | what a trigger released and nobody was told of: for which warning, why, when |
//!
//! No resident's name is in it, but households are, by their ids: the folder is for its owner alone.

use std::collections::BTreeSet;
use std::path::Path;

use hinamori_alert::Envelope;
use hinamori_model::{Mode, UnixMillis};
use hinamori_private_file as private_file;
use hinamori_store_sqlite::{AlertStore, SentMessage};
use serde_json::{Value, json};

use crate::alerts::broadcast::signed_file;
use crate::alerts::broadcast_certificate;
use crate::data::{DataFolder, Keys};
use crate::hall::{HallError, note, write_out};
use crate::hex;
use crate::signed_log::sha256;

/// Writes the history of alerts into a folder that is new or empty. Gives how many messages it has.
///
/// # Errors
/// [`HallError`]; what was written until then stays.
pub fn export_alerts(
    folder: &DataFolder,
    to: &Path,
    user: &str,
    now: UnixMillis,
) -> Result<usize, HallError> {
    let keys = folder.keys()?;
    let store = AlertStore::open(&folder.alerts(), &keys.alerts, now)?;
    let messages = store.messages()?;
    note(folder, &keys, (user, "alert export", Mode::Live, 0), now)?;
    let failed = |source| HallError::Write { file: to.to_owned(), source };
    private_file::private_folder(to).map_err(failed)?;
    if std::fs::read_dir(to).map_err(failed)?.next().is_some() {
        return Err(HallError::Asked("the folder to export to is not empty"));
    }
    let files = to.join("alerts");
    private_file::private_folder(&files).map_err(failed)?;
    for (place, message) in (1..).zip(&messages) {
        let name = format!("{place:06}-{}-{}.xml", message.sequence.epoch, message.sequence.number);
        write_out(&files.join(name), &file_of(&keys, message))?;
    }
    let lists = to.join("keys");
    private_file::private_folder(&lists).map_err(failed)?;
    let kept = store.key_lists()?.into_values().map(|list| list.to_vec());
    let all: BTreeSet<Vec<u8>> = kept.chain(folder.key_list()?).collect();
    for list in all {
        let version = list.first_chunk().map_or(0, |version| u32::from_be_bytes(*version));
        let hash = hex::text(sha256(&list).get(..4).unwrap_or_default());
        write_out(&lists.join(format!("{version:04}-{hash}.keys")), &list)?;
    }
    write_out(&to.join("certificate.pem"), broadcast_certificate(&keys).0.as_bytes())?;
    let officer = |officer: &super::officers::Officer| json!({ "officer": officer.id, "name": officer.name, "title": officer.title, "until": officer.until });
    write_lines(&to.join("officers.jsonl"), folder.officers()?.officers.iter().map(officer))?;
    let answers = store.answers()?;
    let answer = |answer: &hinamori_store_sqlite::Answer| {
        json!({
            "message": hex::text(&answer.digest), "household": hex::text(answer.household.as_bytes()),
            "kind": format!("{:?}", answer.kind), "at": answer.at,
        })
    };
    write_lines(&to.join("answers.jsonl"), answers.iter().map(answer))?;
    let pushes = store.pushes()?.into_iter().map(|push| {
        json!({
            "station": push.station, "message": hex::text(&push.digest), "tries": push.tries,
            "tried": push.tried_at, "received": push.received_at, "problem": push.problem,
        })
    });
    let air = store.air_log()?.into_iter().map(|air| {
        json!({ "station": air.station, "on_air": air.digest.map(|digest| hex::text(&digest)), "at": air.at })
    });
    write_lines(&to.join("stations.jsonl"), pushes.chain(air))?;
    let dropped = store.dropped()?.into_iter().map(|about| format!("{about}\n")).collect::<String>();
    write_out(&to.join("dropped.jsonl"), dropped.as_bytes())?;
    let unsent = store.unsent()?.into_iter().map(|about| format!("{about}\n")).collect::<String>();
    write_out(&to.join("unsent.jsonl"), unsent.as_bytes())?;
    Ok(messages.len())
}

/// As stations get it; its bare bytes where it is in no form that can be signed for them.
fn file_of(keys: &Keys, message: &SentMessage) -> Vec<u8> {
    Envelope::decode(&message.envelope)
        .and_then(|envelope| signed_file(&keys.broadcast, &message.alert, &envelope))
        .unwrap_or_else(|| message.alert.clone())
}

fn write_lines(file: &Path, lines: impl Iterator<Item = Value>) -> Result<(), HallError> {
    let text: String = lines.map(|line| format!("{line}\n")).collect();
    write_out(file, text.as_bytes())
}
