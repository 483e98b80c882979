//! Broadcasters' stations: who may read alerts, and to whom they are pushed.

use std::fmt::Write as _;
use std::net::IpAddr;

use hinamori_sync::to_base32;
use serde::{Deserialize, Serialize};
use ureq::http::Uri;

use crate::data::{DataError, DataFolder, Keys, random};
use crate::hex;
use crate::pull::tls_of;
use crate::signed_log::sha256;

/// More than a region has.
const MOST_STATIONS: usize = 64;
const LONGEST_URL: usize = 500;
/// Bytes: a chain of a few certificates. All stations' together are in one file.
const LONGEST_CERTIFICATE: usize = 16 << 10;

/// What `stations.json` says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stations {
    /// The number that was given out last: none is of two stations.
    latest: u32,
    pub(crate) stations: Vec<Station>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Station {
    pub(crate) id: u32,
    pub(crate) name: String,
    /// SHA-256 of the secret of its account: the file opens no door.
    #[serde(with = "hex")]
    secret: [u8; 32],
    /// Whether it asked for counts.
    pub(crate) counts: bool,
    pub(crate) push: Option<PushTo>,
}

/// Where a station wants alerts to be brought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PushTo {
    pub(crate) url: String,
    /// The only roots that its server may have (PEM); those of the system without.
    pub(crate) roots: Option<String>,
}

/// Why a station is not added or found. The administrator's.
#[derive(Debug, thiserror::Error)]
pub enum StationError {
    /// The data folder.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A name that fits nowhere, or too many stations.
    #[error("a station has a name of 1 to 40 characters, and a town {MOST_STATIONS} stations at most")]
    BadStation,
    /// An address that is none, or at which anybody could listen on the way.
    #[error(
        "an address begins with https:// and names a host, without a user; http:// is for this machine only"
    )]
    BadAddress,
    /// The file has no certificate.
    #[error("the file of certificates has none (PEM)")]
    BadCertificate,
    /// Who.
    #[error("there is no station {0}")]
    Unknown(u32),
}

/// What a station is to be.
#[derive(Debug)]
pub struct NewStation {
    /// Its name.
    pub name: String,
    /// Whether it is told counts.
    pub counts: bool,
    /// Where alerts are pushed to.
    pub push: Option<String>,
    /// The only roots that the server there may have (PEM).
    pub roots: Option<String>,
}

/// Adds a station. Gives its number, and the secret of its account, which is kept nowhere here.
///
/// # Errors
/// [`StationError`].
pub fn add_station(folder: &DataFolder, new: NewStation) -> Result<(u32, String), StationError> {
    let NewStation { name, counts, push, roots } = new;
    let locked = folder.lock()?;
    let mut stations = folder.stations()?;
    if !(1..=40).contains(&name.trim().chars().count()) || stations.stations.len() >= MOST_STATIONS {
        return Err(StationError::BadStation);
    }
    let push = push.map(|url| good(&url).ok_or(StationError::BadAddress)).transpose()?;
    if roots.as_deref().is_some_and(|pem| pem.len() > LONGEST_CERTIFICATE || tls_of(pem.as_bytes()).is_none())
    {
        return Err(StationError::BadCertificate);
    }
    let secret = to_base32(&random::<20>()?);
    let id = stations.latest.saturating_add(1);
    stations.latest = id;
    let push = push.map(|url| PushTo { url, roots });
    stations.stations.push(Station { id, name, secret: sha256(secret.as_bytes()), counts, push });
    locked.save_stations(&stations)?;
    Ok((id, secret))
}

/// Takes a station off: its account ends, and nothing is pushed to it any more.
///
/// # Errors
/// [`StationError`].
pub fn remove_station(folder: &DataFolder, id: u32) -> Result<(), StationError> {
    let locked = folder.lock()?;
    let mut stations = folder.stations()?;
    let before = stations.stations.len();
    stations.stations.retain(|station| station.id != id);
    if stations.stations.len() == before {
        return Err(StationError::Unknown(id));
    }
    Ok(locked.save_stations(&stations)?)
}

/// The stations, as the administrator reads them.
///
/// # Errors
/// [`StationError`].
pub fn station_list(folder: &DataFolder) -> Result<String, StationError> {
    let mut text = String::new();
    for Station { id, name, counts, push, .. } in folder.stations()?.stations {
        let counts = if counts { "counts" } else { "areas only" };
        let push = push.map_or_else(|| "reads the feed".to_owned(), |push| push.url);
        // Writing to a string does not fail.
        writeln!(text, "{id}  {name}  {counts}  {push}").ok();
    }
    Ok(text)
}

/// What stations pin: the certificate (PEM) under which alerts are signed for them, and the town's root for the overlay (hexadecimal).
pub fn broadcast_certificate(keys: &Keys) -> (String, String) {
    let base64 = super::base64(keys.broadcast.certificate());
    let lines: Vec<String> =
        base64.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
    let pem = format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"));
    (pem, hex::text(&keys.town_root.public()))
}

/// The address as it is asked and signed, if alerts may go there.
fn good(url: &str) -> Option<String> {
    let uri: Uri = url.parse().ok()?;
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    let is_here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    let is_safe = match uri.scheme_str() {
        Some("https") => true,
        Some("http") => is_here,
        Some(_) | None => false,
    };
    let has_user = uri.authority().is_some_and(|authority| authority.as_str().contains('@'));
    (is_safe && !host.is_empty() && !has_user && url.len() <= LONGEST_URL).then(|| uri.to_string())
}

impl Stations {
    /// Whose secret it is. It is compared by its hash, so that how long it takes says nothing of it.
    pub(crate) fn by_secret(&self, secret: &str) -> Option<&Station> {
        let hashed = sha256(secret.as_bytes());
        self.stations.iter().find(|station| station.secret == hashed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_station_has_a_secret_that_is_kept_nowhere_and_its_number_never_comes_again() {
        let parent = tempfile::tempdir().unwrap();
        let folder = DataFolder::new(parent.path());
        folder.initialise().unwrap();
        let new = |push: Option<&str>| NewStation {
            name: "汐見ケーブルテレビ".to_owned(),
            counts: false,
            push: push.map(str::to_owned),
            roots: None,
        };
        let (id, secret) = add_station(&folder, new(Some("https://cable.example/cap"))).unwrap();
        let saved = std::fs::read_to_string(parent.path().join("stations.json")).unwrap();
        assert!(!saved.contains(&secret));
        let found = folder.stations().unwrap();
        assert_eq!(found.by_secret(&secret).map(|station| station.id), Some(id));
        assert_eq!(found.by_secret(&secret.to_lowercase()), None);
        assert!(station_list(&folder).unwrap().contains("areas only  https://cable.example/cap"));
        remove_station(&folder, id).unwrap();
        assert!(matches!(remove_station(&folder, id), Err(StationError::Unknown(1))));
        assert_eq!(folder.stations().unwrap().by_secret(&secret), None);
        assert_eq!(add_station(&folder, new(None)).unwrap().0, 2);
        let nameless = NewStation { name: " ".to_owned(), ..new(None) };
        assert!(matches!(add_station(&folder, nameless), Err(StationError::BadStation)));
        let rootless = NewStation { roots: Some("no".to_owned()), ..new(None) };
        assert!(matches!(add_station(&folder, rootless), Err(StationError::BadCertificate)));
    }

    #[test]
    fn alerts_are_pushed_where_nobody_listens_on_the_way() {
        for as_it_is in ["https://a.example:8443/x?y=z", "http://127.0.0.1:9/", "http://[::1]/a"] {
            assert_eq!(good(as_it_is).as_deref(), Some(as_it_is));
        }
        for (url, asked) in
            [("https://a.example", "https://a.example/"), ("HTTPS://a.example/x#y", "https://a.example/x")]
        {
            assert_eq!(good(url).as_deref(), Some(asked), "what is signed is what is asked");
        }
        for bad in [
            "http://a.example/",
            "https://",
            "https://u:p@a/",
            "file:///etc/passwd",
            "a/b",
            "",
            "http://128.0.0.1/",
        ] {
            assert_eq!(good(bad), None, "{bad}");
        }
        assert_eq!(good(&format!("https://a/{}", "x".repeat(LONGEST_URL))), None);
    }
}
