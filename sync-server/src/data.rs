//! The data folder: keys, register, package, databases. Everything in it is for the server's user alone.
//!
//! | File | What |
//! |---|---|
//! | `keys/town-root` | Ed25519 seed of the town root, which signs packages |
//! | `keys/town-secret` | the secret under which cards are hashed |
//! | `keys/list-feed` | Ed25519 seed of the key that signs what is reported of revocation lists |
//! | `keys/log`, `keys/report` | Ed25519 seeds of the keys that sign the lines of logs, and 定時報告 |
//! | `keys/key-table` | hides the key table |
//! | `keys/desk`, `keys/desk-clock` | seals what headquarters says of incidents; how far its epochs and its clock are |
//! | `keys/alert-beat`, `keys/alerts` | Ed25519 seed of the key of heartbeats; hides what households were told |
//! | `keys/ledger` | X25519 secret: what boxes hand over of closed incidents is sealed to it |
//! | `keys/incident-keys` | the key of every incident that is not closed |
//! | `keys/tls-root.pem`, `keys/server.pem` | the TLS root and the server's certificate |
//! | `keys/broadcast.pem` | signs alerts for broadcasters |
//! | `registry.json` | boxes and codes |
//! | `town.package` | the newest signed package |
//! | `roster/` | the sealed parts that it names, and those of the one before the last import |
//! | `records.sqlite`, `drill.sqlite` | sealed changes and what they say; drills apart |
//! | `keys.sqlite` | the key table: under which keys what is written down of people stands, wrapped |
//! | `ledger/` | what boxes handed over of closed incidents, sealed |
//! | `lists/`, `list-marks/`, `lists-key` | revocation lists, sealed: see `hinamori_crl_mmap` |
//! | `lists.toml`, `list-points.json` | from where lists are fetched (the operator's), and how that went |
//! | `alert-plan.toml`, `alert.plan` | what the town prepared to say, as it was read in; the same as the town root signed it for boxes |
//! | `stations.json` | broadcasters' stations |
//! | `officers.json`, `alert.keys` | officers, invitations and devices; the list of keys that the town root signed last |
//! | `browsers.json` | under what browsers know this server, staff's passkeys, and who is invited to make one |
//! | `browser-tls/` | `certificate.pem` and `key.pem` for browsers, and the town's authority for them: see `hinamori_net_tls` |
//! | `alerts.sqlite` | alerts that were sent, televisions, and what they answered |
//! | `logs/` | who looked at what, in lines that can only be added: see `signed_log.rs` |
//! | `lock`, `run.lock` | held while a file is changed; held by the running server |

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hinamori_alert::BeatKey;
use hinamori_crl_mmap::Shelf;
use hinamori_model::SiteId;
use hinamori_net_tls::{BroadcastCredential, ServerCredential, TlsError, TlsRoot};
use hinamori_private_file as private_file;
use hinamori_store_sqlite::FileKey;
use hinamori_sync::town::{LONGEST_PACKAGE, Package, PackageError, RootKey, SignedPackage, TownSecret};
use hinamori_sync::{FeedKey, LedgerSecret, PartHead, ReceiptKey, SealKey};
use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use crate::alerts::{BadPlan, Plan, Register, Stations};
use crate::browser::BrowserRegister;
use crate::registry::Registry;
use crate::roster;
use crate::server_key::ServerKey;

const REGISTRY: &str = "registry.json";
const PACKAGE: &str = "town.package";
const TOWN_ROOT: &str = "town-root";
const TOWN_SECRET: &str = "town-secret";
const LIST_FEED: &str = "list-feed";
const LOG: &str = "log";
const REPORT: &str = "report";
const KEY_TABLE: &str = "key-table";
const LEDGER: &str = "ledger";
const RECEIPT: &str = "receipt";
const DESK: &str = "desk";
const BEAT: &str = "alert-beat";
const ALERTS: &str = "alerts";
const KEYS: [&str; 11] =
    [TOWN_ROOT, TOWN_SECRET, LIST_FEED, LOG, REPORT, KEY_TABLE, LEDGER, RECEIPT, DESK, BEAT, ALERTS];
const OFFICERS: &str = "officers.json";
const STATIONS: &str = "stations.json";
const BROWSERS: &str = "browsers.json";
const PLAN: &str = "alert-plan.toml";
const SIGNED_PLAN: &str = "alert.plan";
const KEY_LIST: &str = "alert.keys";
/// Bytes: a plan of a city with a thousand districts, also signed; officers and devices.
const LONGEST_PLAN: u64 = (4 << 20) + 128;
/// Bytes: a register of some thousand boxes.
const LONGEST_REGISTRY: u64 = 16 << 20;
/// Of each revocation list: a box that was away for a week of daily lists still gets what became different.
const GENERATIONS: usize = 8;

/// Why the data folder is of no use.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The disk.
    #[error("{file} cannot be read or written")]
    File {
        /// Which.
        file: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The disk, or somebody edited it.
    #[error("{file} is damaged: bring it back from a copy")]
    Damaged {
        /// Which.
        file: PathBuf,
    },
    /// The operator.
    #[error("keys are missing in {folder}: run `hinamori-server init --data {folder}` first")]
    NoKeys {
        /// The folder.
        folder: PathBuf,
    },
    /// The operator.
    #[error("no town was read in yet: run `hinamori-server town --data {folder} …` first")]
    NoTown {
        /// The folder.
        folder: PathBuf,
    },
    /// The operator.
    #[error("another hinamori-server already runs on {folder}")]
    AlreadyRunning {
        /// The folder.
        folder: PathBuf,
    },
    /// The operator.
    #[error("the town has no site {site}; it has: {known}")]
    UnknownSite {
        /// What was asked for.
        site: SiteId,
        /// Ids and names of the town's sites.
        known: String,
    },
    /// The operator.
    #[error("no box {id} joined this town")]
    UnknownBox {
        /// What was asked for.
        id: hinamori_model::BoxId,
    },
    /// This machine.
    #[error("the system gives no random bytes: {0}")]
    NoRandomness(getrandom::Error),
    /// Keys and certificates.
    #[error("the TLS keys are unusable")]
    Tls(#[source] TlsError),
    /// The package cannot be made.
    #[error("the town's package cannot be signed")]
    Package(#[source] PackageError),
}

impl DataError {
    /// The package has no such site.
    pub(crate) fn unknown_site(site: SiteId, package: &Package) -> Self {
        let known: Vec<String> =
            package.sites.iter().map(|site| format!("{} {}", site.id, site.name)).collect();
        Self::UnknownSite { site, known: known.join(", ") }
    }
}

/// Fills an array with random bytes of the system.
pub(crate) fn random<const LENGTH: usize>() -> Result<[u8; LENGTH], DataError> {
    let mut bytes = [0; LENGTH];
    getrandom::fill(&mut bytes).map_err(DataError::NoRandomness)?;
    Ok(bytes)
}

/// The folder of one server.
#[derive(Debug, Clone)]
pub struct DataFolder {
    path: PathBuf,
}

/// Inode, length, and time of change of the register and the package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fingerprint([Option<[u64; 4]>; 2]);

/// Keys of the town.
#[derive(Debug)]
pub struct Keys {
    /// Signs packages.
    pub town_root: RootKey,
    /// Cards are hashed under it.
    pub town_secret: TownSecret,
    /// Signs what is reported of revocation lists.
    pub list_feed: Arc<FeedKey>,
    /// Signs the lines of logs.
    pub(crate) log: Arc<ServerKey>,
    /// Signs 定時報告.
    pub(crate) report: Arc<ServerKey>,
    /// Hides the key table.
    pub key_table: FileKey,
    /// Signs receipts.
    pub receipt: Arc<ReceiptKey>,
    /// Seals what headquarters says of incidents.
    pub desk: SealKey,
    /// Opens what boxes hand over of closed incidents.
    pub ledger: LedgerSecret,
    /// Signs heartbeats to televisions, and who arrived.
    pub(crate) beat: Arc<BeatKey>,
    /// Hides what households were told.
    pub(crate) alerts: FileKey,
    /// Signs alerts for broadcasters.
    pub(crate) broadcast: Arc<BroadcastCredential>,
    /// Issues certificates.
    pub tls_root: TlsRoot,
    /// The server's own.
    pub server: ServerCredential,
}

impl DataFolder {
    /// The folder at `path`; nothing is read yet.
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes what is missing: folder and keys. What is there stays.
    ///
    /// # Errors
    /// [`DataError`].
    pub fn initialise(&self) -> Result<Keys, DataError> {
        private_file::private_folder(&self.path).map_err(|source| self.failed(&self.path, source))?;
        let _lock = self.lock()?;
        let folder = self.keys_folder();
        private_file::private_folder(&folder).map_err(|source| self.failed(&folder, source))?;
        for name in KEYS {
            if !folder.join(name).exists() {
                let fresh = Zeroizing::new(random::<32>()?);
                private_file::replace(&folder, name, fresh.as_slice())
                    .map_err(|source| self.failed(&folder.join(name), source))?;
            }
        }
        self.load_keys()
    }

    /// The keys that [`DataFolder::initialise`] made.
    ///
    /// # Errors
    /// [`DataError`].
    pub fn keys(&self) -> Result<Keys, DataError> {
        // A folder of an earlier version has not all of them: `init` makes the rest.
        if !KEYS.into_iter().all(|name| self.keys_folder().join(name).exists()) {
            return Err(DataError::NoKeys { folder: self.path.clone() });
        }
        self.load_keys()
    }

    fn load_keys(&self) -> Result<Keys, DataError> {
        let folder = self.keys_folder();
        let secret = |name: &str| -> Result<Zeroizing<[u8; 32]>, DataError> {
            let file = folder.join(name);
            let read = private_file::read(&folder, name, 32).map_err(|source| self.failed(&file, source))?;
            let read = Zeroizing::new(read.unwrap_or_default());
            let bytes = read.as_slice().try_into().map_err(|_length| DataError::Damaged { file })?;
            Ok(Zeroizing::new(bytes))
        };
        let tls_root = TlsRoot::open_or_make(&folder).map_err(DataError::Tls)?;
        let server = tls_root.server_credential(&folder).map_err(DataError::Tls)?;
        let broadcast = BroadcastCredential::open_or_make(&folder).map_err(DataError::Tls)?;
        Ok(Keys {
            town_root: RootKey::from_bytes(&*secret(TOWN_ROOT)?),
            town_secret: TownSecret(*secret(TOWN_SECRET)?),
            list_feed: Arc::new(FeedKey::from_bytes(&*secret(LIST_FEED)?)),
            log: Arc::new(ServerKey::from_bytes(&*secret(LOG)?)),
            report: Arc::new(ServerKey::from_bytes(&*secret(REPORT)?)),
            key_table: FileKey::new(*secret(KEY_TABLE)?),
            desk: SealKey::from_bytes(&*secret(DESK)?),
            ledger: LedgerSecret::new(*secret(LEDGER)?),
            receipt: Arc::new(ReceiptKey::from_bytes(&*secret(RECEIPT)?)),
            beat: Arc::new(BeatKey::from_bytes(&*secret(BEAT)?)),
            alerts: FileKey::new(*secret(ALERTS)?),
            broadcast: Arc::new(broadcast),
            tls_root,
            server,
        })
    }

    pub(crate) fn keys_folder(&self) -> PathBuf {
        self.path.join("keys")
    }

    /// The database of live incidents and daily life, and that of drills.
    pub(crate) fn databases(&self) -> [PathBuf; 2] {
        ["records.sqlite", "drill.sqlite"].map(|name| self.path.join(name))
    }

    /// The key table.
    pub(crate) fn key_table(&self) -> PathBuf {
        self.path.join("keys.sqlite")
    }

    /// The revocation lists.
    pub(crate) fn shelf(&self) -> Result<Shelf, DataError> {
        Shelf::open(&self.path, GENERATIONS).map_err(|source| self.lists_failed(source))
    }

    /// The revocation lists cannot be used.
    pub(crate) fn lists_failed(&self, source: io::Error) -> DataError {
        self.failed(&self.path.join("lists"), source)
    }

    fn failed(&self, file: &Path, source: io::Error) -> DataError {
        DataError::File { file: file.to_owned(), source }
    }

    fn lock_file(&self, name: &str) -> Result<File, DataError> {
        let file = self.path.join(name);
        OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&file)
            .map_err(|source| self.failed(&file, source))
    }

    /// Waits for every other process that changes files here.
    pub(crate) fn lock(&self) -> Result<Locked<'_>, DataError> {
        let file = self.lock_file("lock")?;
        file.lock().map_err(|source| self.failed(&self.path.join("lock"), source))?;
        Ok(Locked { folder: self, _lock: file })
    }

    /// Says that a server runs here, for as long as the value lives.
    pub(crate) fn lock_for_running(&self) -> Result<File, DataError> {
        let file = self.lock_file("run.lock")?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(DataError::AlreadyRunning { folder: self.path.clone() }),
            Err(TryLockError::Error(source)) => Err(self.failed(&self.path.join("run.lock"), source)),
        }
    }

    /// What changes when another process replaced the register or the package.
    pub(crate) fn fingerprint(&self) -> Fingerprint {
        Fingerprint([REGISTRY, PACKAGE].map(|name| self.fingerprint_of(name)))
    }

    pub(crate) fn fingerprint_of(&self, name: &str) -> Option<[u64; 4]> {
        use std::os::unix::fs::MetadataExt;
        // An inode alone comes back: the file before the last one leaves its number to the next.
        let file = std::fs::metadata(self.path.join(name)).ok()?;
        Some([file.ino(), file.len(), file.mtime().cast_unsigned(), file.mtime_nsec().cast_unsigned()])
    }

    /// The register. Files are replaced as a whole, so reading needs no lock.
    pub(crate) fn registry(&self) -> Result<Registry, DataError> {
        let file = self.path.join(REGISTRY);
        let read = private_file::read(&self.path, REGISTRY, LONGEST_REGISTRY);
        let Some(bytes) = read.map_err(|source| self.failed(&file, source))? else {
            return Ok(Registry::default());
        };
        serde_json::from_slice(&bytes).map_err(|_malformed| DataError::Damaged { file })
    }

    /// The officers and their devices.
    pub(crate) fn officers(&self) -> Result<Register, DataError> {
        self.json(OFFICERS)
    }

    /// Broadcasters' stations.
    pub(crate) fn stations(&self) -> Result<Stations, DataError> {
        self.json(STATIONS)
    }

    /// Under what browsers know this server, and whose passkeys are whose.
    pub(crate) fn browsers(&self) -> Result<BrowserRegister, DataError> {
        self.json(BROWSERS)
    }

    /// What changes when another process replaced that.
    pub(crate) fn browsers_fingerprint(&self) -> Option<[u64; 4]> {
        self.fingerprint_of(BROWSERS)
    }

    /// What is shown to browsers.
    pub(crate) fn browser_tls(&self) -> PathBuf {
        self.path.join("browser-tls")
    }

    fn json<T: DeserializeOwned + Default>(&self, name: &str) -> Result<T, DataError> {
        let Some(bytes) = self.small_file(name)? else { return Ok(T::default()) };
        let file = self.path.join(name);
        serde_json::from_slice(&bytes).map_err(|_malformed| DataError::Damaged { file })
    }

    /// The plan that was read in last; `None` before the first one.
    pub(crate) fn alert_plan(&self) -> Result<Option<Plan>, DataError> {
        let Some(bytes) = self.small_file(PLAN)? else { return Ok(None) };
        let text = String::from_utf8_lossy(&bytes);
        let file = self.path.join(PLAN);
        Plan::parse(&text).map(Some).map_err(|_bad: BadPlan| DataError::Damaged { file })
    }

    /// The same as it was written; `None` before the first one.
    pub(crate) fn alert_plan_text(&self) -> Result<Option<String>, DataError> {
        let bytes = self.small_file(PLAN)?;
        Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// The plan as the town root signed it; `None` before the first one.
    pub(crate) fn signed_plan(&self) -> Result<Option<Vec<u8>>, DataError> {
        self.small_file(SIGNED_PLAN)
    }

    /// The list of keys that the town root signed last; `None` before the first device.
    pub(crate) fn key_list(&self) -> Result<Option<Vec<u8>>, DataError> {
        self.small_file(KEY_LIST)
    }

    /// Replaces the list of keys.
    pub(crate) fn save_key_list(&self, list: &[u8]) -> Result<(), DataError> {
        self.replace(KEY_LIST, list)
    }

    /// Alerts that were sent.
    pub(crate) fn alerts(&self) -> PathBuf {
        self.path.join("alerts.sqlite")
    }

    /// What changes when another process replaced something of alerts.
    pub(crate) fn alert_fingerprint(&self) -> [Option<[u64; 4]>; 4] {
        [OFFICERS, PLAN, KEY_LIST, STATIONS].map(|name| self.fingerprint_of(name))
    }

    fn small_file(&self, name: &str) -> Result<Option<Vec<u8>>, DataError> {
        private_file::read(&self.path, name, LONGEST_PLAN)
            .map_err(|source| self.failed(&self.path.join(name), source))
    }

    fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), DataError> {
        private_file::replace(&self.path, name, bytes)
            .map_err(|source| self.failed(&self.path.join(name), source))
    }

    /// The newest package; `None` before the first import.
    pub(crate) fn package(&self, keys: &Keys) -> Result<Option<(SignedPackage, Package)>, DataError> {
        self.package_of(&keys.town_root.public())
    }

    /// The same, of the town with this root.
    pub(crate) fn package_of(&self, root: &[u8; 32]) -> Result<Option<(SignedPackage, Package)>, DataError> {
        let file = self.path.join(PACKAGE);
        let longest = u64::try_from(LONGEST_PACKAGE).unwrap_or(u64::MAX);
        let read = private_file::read(&self.path, PACKAGE, longest);
        let Some(bytes) = read.map_err(|source| self.failed(&file, source))? else { return Ok(None) };
        let opened = SignedPackage::open(&bytes, root);
        opened.map(Some).map_err(|_not_ours| DataError::Damaged { file })
    }

    /// The same, when there must be one.
    pub(crate) fn town(&self, keys: &Keys) -> Result<(SignedPackage, Package), DataError> {
        self.package(keys)?.ok_or_else(|| DataError::NoTown { folder: self.path.clone() })
    }
}

/// The folder while nobody else changes it.
pub(crate) struct Locked<'f> {
    folder: &'f DataFolder,
    _lock: File,
}

impl Locked<'_> {
    /// Which folder it is.
    pub(crate) const fn folder(&self) -> &DataFolder {
        self.folder
    }

    /// Replaces the register.
    pub(crate) fn save_registry(&self, registry: &Registry) -> Result<(), DataError> {
        self.save_json(REGISTRY, registry)
    }

    /// Replaces the officers.
    pub(crate) fn save_officers(&self, register: &Register) -> Result<(), DataError> {
        self.save_json(OFFICERS, register)
    }

    /// Replaces the stations.
    pub(crate) fn save_stations(&self, stations: &Stations) -> Result<(), DataError> {
        self.save_json(STATIONS, stations)
    }

    /// Replaces what browsers know, and their passkeys.
    pub(crate) fn save_browsers(&self, register: &BrowserRegister) -> Result<(), DataError> {
        self.save_json(BROWSERS, register)
    }

    fn save_json(&self, name: &str, content: &impl Serialize) -> Result<(), DataError> {
        let file = self.folder.path.join(name);
        let bytes =
            serde_json::to_vec_pretty(content).map_err(|source| self.folder.failed(&file, source.into()))?;
        self.folder.replace(name, &bytes)
    }

    /// Replaces the alert plan, as the operator wrote it, and as the town root signed it. The signed one goes first: whoever sees that the
    /// plan is another one reads both.
    pub(crate) fn save_alert_plan(&self, text: &str, signed: &[u8]) -> Result<(), DataError> {
        self.folder.replace(SIGNED_PLAN, signed)?;
        self.folder.replace(PLAN, text.as_bytes())
    }

    /// Keeps the parts of a roster, before a package names them.
    pub(crate) fn save_parts(&self, parts: &[(PartHead, Vec<u8>)]) -> Result<(), DataError> {
        let path = &self.folder.path;
        roster::keep(path, parts).map_err(|source| self.folder.failed(&roster::folder(path), source))
    }

    /// Throws away the parts that none of these heads names.
    pub(crate) fn tidy_parts<'h>(&self, named: impl Iterator<Item = &'h PartHead>) -> Result<(), DataError> {
        let path = &self.folder.path;
        roster::tidy(path, named).map_err(|source| self.folder.failed(&roster::folder(path), source))
    }

    /// Signs and replaces the package.
    pub(crate) fn save_package(&self, keys: &Keys, package: &Package) -> Result<SignedPackage, DataError> {
        let signed = keys.town_root.sign(package).map_err(DataError::Package)?;
        private_file::replace(&self.folder.path, PACKAGE, signed.as_bytes())
            .map_err(|source| self.folder.failed(&self.folder.path.join(PACKAGE), source))?;
        Ok(signed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinamori_sim::folder::everything_in;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn keys_are_made_once_and_for_nobody_elses_eyes() {
        let parent = tempfile::tempdir().unwrap();
        let folder = DataFolder::new(&parent.path().join("server"));
        assert!(matches!(folder.keys(), Err(DataError::NoKeys { .. })));
        let first = folder.initialise().unwrap();
        let again = folder.initialise().unwrap();
        assert_eq!(first.town_root.public(), again.town_root.public());
        assert_eq!(first.tls_root.fingerprint(), again.tls_root.fingerprint());
        assert!(first.town_secret == folder.keys().unwrap().town_secret);
        assert_eq!(first.list_feed.public(), again.list_feed.public());
        std::fs::remove_file(folder.keys_folder().join(LIST_FEED)).unwrap();
        assert!(matches!(folder.keys(), Err(DataError::NoKeys { .. })), "made by an earlier version");
        assert_eq!(folder.initialise().unwrap().town_root.public(), first.town_root.public());
        let printed = format!("{first:?}");
        assert!(!printed.contains("[") && printed.contains("TownSecret(hidden)"), "{printed}");
        for path in everything_in(&folder.path).unwrap() {
            let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, if path.is_dir() { 0o700 } else { 0o600 }, "{}", path.display());
        }
    }

    #[test]
    fn a_second_server_and_damaged_files_are_refused_with_a_reason() {
        let parent = tempfile::tempdir().unwrap();
        let folder = DataFolder::new(parent.path());
        let keys = folder.initialise().unwrap();
        let _running = folder.lock_for_running().unwrap();
        assert!(matches!(folder.lock_for_running(), Err(DataError::AlreadyRunning { .. })));
        assert!(matches!(folder.town(&keys), Err(DataError::NoTown { .. })));
        std::fs::write(parent.path().join(REGISTRY), b"{").unwrap();
        std::fs::write(parent.path().join(PACKAGE), [7; 100]).unwrap();
        assert!(matches!(folder.registry(), Err(DataError::Damaged { .. })));
        assert!(matches!(folder.package(&keys), Err(DataError::Damaged { .. })));
        std::fs::write(folder.keys_folder().join("town-root"), [7; 31]).unwrap();
        assert!(matches!(folder.keys(), Err(DataError::Damaged { .. })));
        assert_eq!(std::fs::read(folder.keys_folder().join("town-root")).unwrap(), [7; 31]);
    }
}
