//! カード確認データ by hand: `hinamorictl crl`. Works beside the running daemon, which looks at the shelf.

use std::path::{Path, PathBuf};

use hinamori_crl_mmap::{NotTaken, Shelf, Taken};
use hinamori_net_tls::Identity;

use crate::clock;
use crate::config::Config;
use crate::core::identity_folder;
use crate::lists::GENERATIONS;
use crate::town::{TownError, authorities_of, stored_package};

/// Why no list can be taken at all.
#[derive(Debug, thiserror::Error)]
pub enum CardDataError {
    /// The installer: which authorities are believed comes with the town.
    #[error("this box has joined no town yet, so that it knows no authority")]
    NoTown,
    /// The box's identity.
    #[error("the box's identity cannot be used")]
    Identity(#[source] hinamori_net_tls::TlsError),
    /// The town's package.
    #[error(transparent)]
    Town(#[from] TownError),
    /// The disk.
    #[error("the folder of revocation lists cannot be used")]
    Disk(#[from] std::io::Error),
}

/// Takes lists from files, one after the other; `tell` hears of each.
///
/// # Errors
/// [`CardDataError`], before the first file.
pub fn import(
    config: &Config,
    files: &[PathBuf],
    mut tell: impl FnMut(&Path, Result<Taken, NotTaken>),
) -> Result<(), CardDataError> {
    let identity = Identity::load(&identity_folder(config)).map_err(CardDataError::Identity)?;
    let identity = identity.ok_or(CardDataError::NoTown)?;
    let package = stored_package(&config.data, &identity.town_root())?;
    let (_, package) = package.ok_or(CardDataError::NoTown)?;
    let now = clock::wall();
    let authorities = authorities_of(&package, identity.town_root(), config.test_hierarchies.into(), now);
    let shelf = Shelf::open(&config.data, GENERATIONS)?;
    for file in files {
        let source = file.file_name().unwrap_or_default().to_string_lossy();
        let taken = shelf.import(file, &authorities.verifier, &[], &source, now);
        tell(file, taken);
    }
    Ok(())
}

/// What is on the shelf, as a table.
///
/// # Errors
/// The system's.
pub fn status(config: &Config) -> std::io::Result<String> {
    hinamori_crl_mmap::status(&Shelf::open(&config.data, GENERATIONS)?, clock::wall())
}
