//! Revocation lists as an operator brings and sees them.

use std::path::PathBuf;

use hinamori_crl_mmap::{NotTaken, Taken, status};
use hinamori_model::UnixMillis;
use hinamori_pki::{TestHierarchies, Verifier};
use hinamori_sync::town::Package;

use crate::data::{DataError, DataFolder, Keys};
use crate::{pull, with_sources};

/// Whose lists are taken: what the town's package pins.
pub(crate) struct Authorities {
    /// It holds no list.
    pub(crate) verifier: Verifier,
    intermediates: Vec<Vec<u8>>,
}

impl Authorities {
    pub(crate) fn of(package: &Package) -> Self {
        // Which hierarchies hold for cards is for a box to say; a list is signed by whom the town pins.
        let mut verifier = Verifier::new(TestHierarchies::Accept);
        for anchor in &package.anchors {
            if let Err(error) = verifier.pin_anchor(anchor) {
                tracing::error!(%error, "an authority of the town's package cannot be pinned");
            }
        }
        Self { verifier, intermediates: package.intermediates.clone() }
    }

    /// Authorities under the pinned ones (DER).
    pub(crate) fn intermediates(&self) -> Vec<&[u8]> {
        self.intermediates.iter().map(Vec::as_slice).collect()
    }
}

/// Takes lists from files, and says of each in their order what became of it: an error is a list that was not taken.
///
/// # Errors
/// [`DataError`], for the folder as a whole.
pub fn import_lists(
    folder: &DataFolder,
    keys: &Keys,
    files: &[PathBuf],
    now: UnixMillis,
) -> Result<Vec<Result<String, String>>, DataError> {
    let authorities = Authorities::of(&folder.town(keys)?.1);
    let (shelf, intermediates) = (folder.shelf()?, authorities.intermediates());
    let mut said = Vec::with_capacity(files.len());
    for file in files {
        let source = file.display().to_string();
        let taken = shelf.import(file, &authorities.verifier, &intermediates, &source, now);
        said.push(said_of(taken));
    }
    Ok(said)
}

/// What became of a list, in words.
pub(crate) fn said_of(taken: Result<Taken, NotTaken>) -> Result<String, String> {
    match taken {
        Ok(Taken { is_known: true, .. }) => Ok("held already".to_owned()),
        Ok(Taken { index, .. }) => Ok(format!("taken, {} entries", index.entries())),
        Err(problem) => Err(with_sources(&problem)),
    }
}

/// A text about all lists that are held, and about the points that they are fetched from.
///
/// # Errors
/// [`DataError`].
pub fn list_status(folder: &DataFolder, now: UnixMillis) -> Result<String, DataError> {
    let lists = status(&folder.shelf()?, now).map_err(|source| folder.lists_failed(source))?;
    Ok(lists + &pull::status(folder.path(), now))
}
