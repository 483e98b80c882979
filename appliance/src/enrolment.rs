//! `hinamorictl enrol`: the box joins a town, whether or not its daemon runs.

use hinamori_net_tls::{EnrolmentCode, TlsError, enrol};
use hinamori_sync::town::SignedPackage;

use crate::config::Config;
use crate::core::identity_folder;
use crate::keys;
use crate::town::{TownError, store_package};

/// Why a box did not join.
#[derive(Debug, thiserror::Error)]
pub enum EnrolmentError {
    /// This box's disk.
    #[error("the box's keys cannot be read or made")]
    Keys(#[source] std::io::Error),
    /// The server, the way to it, or the code.
    #[error("the server did not take the box")]
    Server(#[source] TlsError),
    /// What came back is not this town's.
    #[error("the town's package is no use")]
    Town(#[source] TownError),
}

/// Joins; gives the town's name. A running daemon notices within a second.
///
/// # Errors
/// [`EnrolmentError`].
pub async fn join(config: &Config, code: &EnrolmentCode) -> Result<String, EnrolmentError> {
    let seal_key = keys::seal_key(&config.data).map_err(EnrolmentError::Keys)?;
    let bytes = enrol(&identity_folder(config), code, &seal_key).await.map_err(EnrolmentError::Server)?;
    let opened = SignedPackage::open(&bytes, &code.town_root);
    let (signed, package) = opened.map_err(|error| EnrolmentError::Town(TownError::Package(error)))?;
    store_package(&config.data, &signed).map_err(EnrolmentError::Town)?;
    Ok(package.name)
}
