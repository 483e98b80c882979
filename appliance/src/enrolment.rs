//! `hinamorictl enrol`: the box joins a town, whether or not its daemon runs.

use hinamori_net_tls::{EnrolmentCode, ThreeWords, TlsError, enrol};
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

/// Joins; gives the town's name, and the words that the town hall shows too. A running daemon notices within a second.
///
/// # Errors
/// [`EnrolmentError`].
pub async fn join(config: &Config, code: &EnrolmentCode) -> Result<(String, ThreeWords), EnrolmentError> {
    let seal_key = keys::seal_key(&config.data).map_err(EnrolmentError::Keys)?;
    let joined = enrol(code, &seal_key).await.map_err(EnrolmentError::Server)?;
    let opened = SignedPackage::open(joined.package(), &code.town_root);
    let (signed, package) = opened.map_err(|error| EnrolmentError::Town(TownError::Package(error)))?;
    // The package first: a daemon that sees the new identity looks for the package at once.
    store_package(&config.data, &signed).map_err(EnrolmentError::Town)?;
    joined.keep(&identity_folder(config)).map_err(EnrolmentError::Server)?;
    Ok((package.name, joined.words()))
}

#[cfg(test)]
mod tests {
    use hinamori_net_tls::Identity;

    use super::*;
    use crate::config::TestCards;
    use crate::test_town::TestTown;

    /// Else the daemon would look for a package of the new town, and find none or the old town's.
    #[tokio::test]
    async fn without_a_package_the_box_has_not_joined() {
        let folder = tempfile::tempdir().unwrap();
        let config = Config {
            data: folder.path().join("data"),
            socket: folder.path().join("kiosk.sock"),
            test_hierarchies: TestCards::Refuse,
            attribute_issuers: Vec::new(),
            lanes: Vec::new(),
            sticks: None,
            neighbours: None,
            televisions: None,
            tap_log: None,
        };
        let town = TestTown::new([1; 32]).await;
        let code = town.code();
        let (joined, ()) = tokio::join!(join(&config, &code), town.take_in(b"no package".to_vec()));
        assert!(matches!(joined, Err(EnrolmentError::Town(_))), "{joined:?}");
        assert!(Identity::load(&identity_folder(&config)).unwrap().is_none());
    }
}
