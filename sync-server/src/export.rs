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
use hinamori_record::{ActorId, Document, DocumentScope, decode_change};
use hinamori_store_sqlite::Store;

use crate::data::DataFolder;
use crate::hall::{Hall, HallError, write_out};
use crate::ledger_line::{Opener, lines_of};

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
    let (mut exported, opener) = (Exported::default(), Opener::of_nobody(&hall.package));
    for (store, name) in hall.stores.all().into_iter().zip(["live", "drill"]) {
        export_store(store, &opener, &to.join(name), &mut exported)?;
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
        let file = folder.join(format!("{incident}-{site}-{}-{}.automerge", period.day(), period.part()));
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

fn export_store(
    store: &Store,
    opener: &Opener,
    folder: &Path,
    exported: &mut Exported,
) -> Result<(), HallError> {
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
                for line in lines_of(opener, change.scope, change.received_at, &decoded, |_| Vec::new()) {
                    writeln!(out, "{line}").map_err(failed)?;
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
