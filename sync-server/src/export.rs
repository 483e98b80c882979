//! `hinamori-server export`: everything that was recorded, in forms that other programs read.
//!
//! | File | What |
//! |---|---|
//! | `live/records.jsonl`, `drill/records.jsonl` | one record a line, those that were taken back too |
//! | `live/documents/*.automerge`, the same for the drill | one plain Automerge file for each incident, site and period |
//!
//! No name is in it: records carry ids, and what was written down of people stays sealed. Who knows an id finds what that person
//! did, hidden people's too, so the folder is for its owner alone.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use hinamori_model::{Mode, UnixMillis};
use hinamori_private_file as private_file;
use hinamori_record::{
    ActorId, Details, Document, DocumentScope, Fact, Proof, Record, RevocationMark, decode_change,
};
use hinamori_store_sqlite::Store;
use serde_json::{Map, Value, json};

use crate::data::DataFolder;
use crate::hall::{Hall, HallError, write_out};
use crate::hex;

/// What was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Exported {
    /// Lines.
    pub records: u64,
    /// Automerge files.
    pub documents: u64,
    /// Changes that cannot be read: they are in the databases only.
    pub unreadable: u64,
}

/// Writes everything into a folder that is new or empty.
///
/// # Errors
/// [`HallError`]; what was written until then stays.
pub fn export_all(
    folder: &DataFolder,
    to: &Path,
    user: &str,
    now: UnixMillis,
) -> Result<Exported, HallError> {
    let hall = Hall::open(folder)?;
    hall.note(user, "export", Mode::Live, 0, now)?;
    let failed = |source| HallError::Write { file: to.to_owned(), source };
    private_file::private_folder(to).map_err(failed)?;
    if std::fs::read_dir(to).map_err(failed)?.next().is_some() {
        return Err(HallError::Asked("the folder to export to is not empty"));
    }
    let mut exported = Exported::default();
    for (store, name) in hall.stores.all().into_iter().zip(["live", "drill"]) {
        export_store(store, &to.join(name), &mut exported)?;
    }
    Ok(exported)
}

/// The document that is being put together.
struct Underway {
    scope: DocumentScope,
    changes: Vec<Vec<u8>>,
}

impl Underway {
    fn write(self, folder: &Path, exported: &mut Exported) -> Result<(), HallError> {
        let DocumentScope { incident, site, period } = self.scope;
        let file = folder.join(format!("{incident}-{site}-{}.automerge", period.0));
        let made = || {
            // An actor that writes nothing leaves no trace.
            let mut document = Document::new(self.scope, ActorId::from_bytes([0; 16]))?;
            document.apply(self.changes.iter().map(Vec::as_slice))?;
            Ok::<_, hinamori_record::DocumentError>(document.save())
        };
        match made() {
            Ok(bytes) => {
                exported.documents = exported.documents.saturating_add(1);
                write_out(&file, &bytes)
            }
            Err(error) => {
                tracing::warn!(%error, file = %file.display(), "a document cannot be put together");
                exported.unreadable = exported.unreadable.saturating_add(1);
                Ok(())
            }
        }
    }
}

fn export_store(store: &Store, folder: &Path, exported: &mut Exported) -> Result<(), HallError> {
    let documents = folder.join("documents");
    let lines: PathBuf = folder.join("records.jsonl");
    let failed = |source| HallError::Write { file: lines.clone(), source };
    private_file::private_folder(&documents).map_err(failed)?;
    let file: File =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&lines).map_err(failed)?;
    let mut out = BufWriter::new(file);
    let mut underway: Option<Underway> = None;
    store.for_each_change(None, |change| -> Result<(), HallError> {
        match decode_change(&change.bytes) {
            Ok(decoded) => {
                for record in &decoded.records {
                    let line = line_of(record, change.scope, change.actor);
                    serde_json::to_writer(&mut out, &line).map_err(|error| failed(error.into()))?;
                    out.write_all(b"\n").map_err(failed)?;
                    exported.records = exported.records.saturating_add(1);
                }
            }
            Err(_not_ours) => exported.unreadable = exported.unreadable.saturating_add(1),
        }
        if let Some(finished) = underway.take_if(|of| of.scope != change.scope) {
            finished.write(&documents, exported)?;
        }
        let of = underway.get_or_insert_with(|| Underway { scope: change.scope, changes: Vec::new() });
        of.changes.push(change.bytes);
        Ok(())
    })?;
    if let Some(last) = underway {
        last.write(&documents, exported)?;
    }
    let file = out.into_inner().map_err(|error| failed(error.into_error()))?;
    file.sync_all().map_err(failed)
}

/// One record. Codes are the numbers that are stored, ids and bytes hexadecimal, times milliseconds since 1970.
fn line_of(record: &Record, scope: DocumentScope, actor: ActorId) -> Value {
    let Record { id, at, clock_unsure, lane, fact } = record;
    let mut line = Map::new();
    let DocumentScope { incident, site, period } = scope;
    let mut put = |name: &str, value: Value| line.insert(name.to_owned(), value);
    put("id", json!(id.to_string()));
    put("incident", json!(incident.to_string()));
    put("site", json!(site.to_string()));
    put("period", json!(period.0));
    put("actor", json!(hex::text(actor.as_bytes())));
    put("at", json!(at.millis().get()));
    put("counter", json!(at.packed() & 0xFFFF));
    put("clock_unsure", json!(clock_unsure));
    put("lane", json!(lane.map(|lane| lane.0)));
    put("person", json!(fact.person().map(|person| person.to_string())));
    put("proof", fact.proof().map_or(Value::Null, proof));
    let (kind, more) = said_by(fact);
    put("kind", json!(kind));
    put("said", more);
    Value::Object(line)
}

fn proof(proof: Proof) -> Value {
    let Proof { assurance, binding, doubts, revocation } = proof;
    let (as_of, since) = match revocation {
        RevocationMark::NotChecked => (None, None),
        RevocationMark::NotRevoked { as_of } => (Some(as_of.get()), None),
        RevocationMark::Revoked { since } => (None, Some(since.get())),
    };
    json!({
        "assurance": assurance.code(), "binding": binding.code(), "doubts": doubts.bits(),
        "not_revoked_as_of": as_of, "revoked_since": since,
    })
}

fn details(details: &Details) -> Value {
    let Details { declared_by, destination, to, until } = details;
    json!({
        "declared_by": declared_by.map(|person| person.to_string()),
        "destination": destination.map(|destination| destination.code()),
        "to": to.map(|site| site.to_string()),
        "until": until.map(UnixMillis::get),
    })
}

/// The kind of a fact, and what it says beside whom it is about.
fn said_by(fact: &Fact) -> (&'static str, Value) {
    match fact {
        Fact::Presence { event, details: more, .. } => {
            ("presence", json!({ "event": event.code(), "details": details(more) }))
        }
        Fact::Watch { event, .. } => ("watch", json!({ "event": event.code() })),
        Fact::HeadCount { adults, children, infants } => {
            ("head_count", json!({ "adults": adults, "children": children, "infants": infants }))
        }
        Fact::SiteOpened { building, findings } => {
            ("site_opened", json!({ "building": building.code(), "findings": findings }))
        }
        Fact::Undo { of } => ("undo", json!({ "of": of.to_string() })),
        Fact::Link { to, binding, .. } => {
            ("link", json!({ "to": to.to_string(), "binding": binding.code() }))
        }
        Fact::Registered { kind, household, .. } => (
            "registered",
            json!({ "kind": kind.code(), "household": household.map(|household| household.to_string()) }),
        ),
        Fact::Named { of, adults, children, infants } => (
            "named",
            json!({ "of": of.to_string(), "adults": adults, "children": children, "infants": infants }),
        ),
        Fact::RollCall { since } => ("roll_call", json!({ "since": since.get() })),
        Fact::Profile { sealed, .. } => ("profile", json!({ "sealed": hex::text(sealed) })),
        Fact::SelfOpened { name } => ("self_opened", json!({ "name": name })),
        _ => said_by_staff(fact),
    }
}

fn said_by_staff(fact: &Fact) -> (&'static str, Value) {
    let staff_id = |staff: &Option<hinamori_model::StaffId>| staff.map(|staff| staff.to_string());
    match fact {
        Fact::Audit { staff, role, action, reason, people, .. } => (
            "audit",
            json!({
                "staff": staff_id(staff), "role": role.code(), "action": action.code(),
                "reason": reason.map(|reason| reason.code()), "people": people,
            }),
        ),
        Fact::Hiding { hidden, staff, .. } => {
            ("hiding", json!({ "hidden": hidden, "staff": staff.to_string() }))
        }
        Fact::PassIssued { pass, role, until, staff } => (
            "pass_issued",
            json!({
                "pass": pass.to_string(), "role": role.code(), "until": until.get(), "staff": staff.to_string(),
            }),
        ),
        Fact::Assessed { grades, staff } => {
            let grades: Vec<u8> = grades.iter().map(|grade| grade.code()).collect();
            ("assessed", json!({ "grades": grades, "staff": staff_id(staff) }))
        }
        Fact::Settled { site, staff, .. } => {
            ("settled", json!({ "site": site.to_string(), "staff": staff_id(staff) }))
        }
        Fact::HandedOver { from, to, people, digest } => (
            "handed_over",
            json!({
                "from": from.to_string(), "to": to.to_string(), "people": people, "digest": hex::text(digest),
            }),
        ),
        _ => ("other", Value::Null),
    }
}
