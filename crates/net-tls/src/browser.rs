//! The certificate that browsers are shown, and the door behind it. Browsers take no Ed25519 and know a server by its DNS name: these keys
//! are others than those between boxes and server.
//!
//! The folder has `certificate.pem` (the chain, the server's first) and `key.pem`, brought by an ACME client or made by
//! [`browser_certificate`], then with `authority-key.pem`, which stays here, and `town-authority.crt`, which is installed on tablets.

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use der::pem::LineEnding;
use der::{Decode, EncodePem};
use hinamori_private_file as private_file;
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints, PKCS_ECDSA_P256_SHA256, SanType,
    date_time_ymd,
};
use rustls::client::verify_server_name;
use rustls::crypto::ring::{Ticketer, default_provider};
use rustls::server::{ClientHello, ParsedCertificate, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, SignatureAlgorithm};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, DnsName, PrivateKeyDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use x509_cert::Certificate;
use zeroize::Zeroizing;

use crate::TlsError;
use crate::authority::{load, make};
use crate::connection::as_handshake;
use crate::frame::within;
use crate::identity::IdentityStamp;
use crate::socket::set_up;

const CERTIFICATE: &str = "certificate.pem";
const KEY: &str = "key.pem";
const AUTHORITY: &str = "authority-key.pem";
/// The authority's certificate under the name and in the form that every tablet takes.
const INSTALLED: &str = "town-authority.crt";
/// Bytes: a chain of a few certificates.
const LONGEST_FILE: u64 = 64 << 10;
const DAY: u64 = 86_400;
/// iPadOS takes no server certificate of more than 825 days, whoever issued it. The 398 days and less of which one reads are for authorities
/// that browsers bring along.
const SERVER_DAYS: u64 = 820;
/// With so much left it is issued anew: whoever switches the server on once a year never sees the end.
const RENEWED_WITH_DAYS_LEFT: u64 = 410;
/// Tablets are older by then, and would have to be visited again.
const AUTHORITY_DAYS: u64 = 20 * 365;

/// Under what browsers know a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrowserName {
    name: String,
    addresses: Vec<IpAddr>,
}

impl BrowserName {
    /// `None` for what no passkey can be bound to: an address, or a name without a dot (other than `localhost`).
    pub fn new(name: &str, addresses: &[IpAddr]) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let is_name = DnsName::try_from(name.as_str()).is_ok() && name.parse::<IpAddr>().is_err();
        let is_whole = name == "localhost" || (name.contains('.') && !name.ends_with('.'));
        (is_name && is_whole).then(|| Self { name, addresses: addresses.to_vec() })
    }

    /// The DNS name, in small letters.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// Makes the town's authority for browsers and a certificate under it, where they are missing, and issues the certificate anew where it ends
/// within 410 days. `now` is since 1970.
///
/// The authority is good for this name and these addresses only (RFC 5280 §4.2.1.10): whoever takes the server can pass for no other one on
/// the tablets that trust it.
///
/// # Errors
/// [`TlsError`]; what was brought by somebody else, or made for another name, is left as it is.
pub fn browser_certificate(folder: &Path, name: &BrowserName, now: Duration) -> Result<(), TlsError> {
    private_file::private_folder(folder).map_err(TlsError::Storage)?;
    let authority = load(folder, AUTHORITY, "authority for browsers")?;
    let is_there = folder.join(CERTIFICATE).exists();
    let (key, certificate) = match authority {
        Some(authority) => authority,
        None if is_there => return Err(unusable("it was not issued here, and is left as it is")),
        None => make(folder, AUTHORITY, &PKCS_ECDSA_P256_SHA256, |key| {
            authority_params(name, now).self_signed(key)
        })?,
    };
    private_file::replace(folder, INSTALLED, pem_of(&certificate)?.as_bytes()).map_err(TlsError::Storage)?;
    let shown = credential(folder, name).ok();
    if shown.is_none_or(|shown| is_due(&shown, &certificate, now)) {
        issue(folder, name, &Issuer::new(authority_params(name, now), key), now)?;
    }
    Ok(())
}

/// Issues the certificate anew where it is the town's authority's and ends soon; otherwise nothing is touched.
///
/// # Errors
/// [`TlsError`].
fn renew_browser_certificate(folder: &Path, name: &BrowserName, now: Duration) -> Result<(), TlsError> {
    let Some((key, certificate)) = load(folder, AUTHORITY, "authority for browsers")? else { return Ok(()) };
    // While an ACME client replaces its two files they do not fit: that is no reason to write between.
    let Ok(shown) = credential(folder, name) else { return Ok(()) };
    if is_due(&shown, &certificate, now) {
        issue(folder, name, &Issuer::new(authority_params(name, now), key), now)?;
    }
    Ok(())
}

/// Whether the authority issued it, and has to again.
fn is_due(shown: &CertifiedKey, authority: &CertificateDer<'_>, now: Duration) -> bool {
    let read = |certificate: &CertificateDer<'_>| Certificate::from_der(certificate).ok();
    let Some((shown, authority)) = shown.end_entity_cert().ok().and_then(read).zip(read(authority)) else {
        return false;
    };
    let (shown, authority) = (shown.tbs_certificate(), authority.tbs_certificate());
    let end = shown.validity().not_after.to_unix_duration();
    shown.issuer() == authority.subject()
        && end.saturating_sub(now) < Duration::from_secs(RENEWED_WITH_DAYS_LEFT.saturating_mul(DAY))
}

/// A new certificate, with a new key: no two of one authority have the same number.
fn issue(
    folder: &Path,
    name: &BrowserName,
    authority: &Issuer<'_, KeyPair>,
    now: Duration,
) -> Result<(), TlsError> {
    let failed = TlsError::Certificate;
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(failed)?;
    let certificate = server_params(name, now).and_then(|params| params.signed_by(&key, authority));
    let (key, certificate) = (Zeroizing::new(key.serialize_pem()), certificate.map_err(failed)?);
    // Cut off between the two they do not fit each other, and are made anew the next time.
    private_file::replace(folder, KEY, key.as_bytes()).map_err(TlsError::Storage)?;
    private_file::replace(folder, CERTIFICATE, certificate.pem().as_bytes()).map_err(TlsError::Storage)
}

fn dated(common_name: &str, now: Duration, days: u64) -> CertificateParams {
    let mut params = CertificateParams::default();
    // A tablet's clock may be behind.
    let from = now.as_secs().saturating_sub(DAY);
    let moment = |seconds: u64| date_time_ymd(1970, 1, 1) + Duration::from_secs(seconds);
    params.not_before = moment(from);
    params.not_after = moment(from.saturating_add(days.saturating_mul(DAY)));
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params
}

fn authority_params(BrowserName { name, addresses }: &BrowserName, now: Duration) -> CertificateParams {
    let mut params = dated(&format!("Hinamori authority for {name}"), now, AUTHORITY_DAYS);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let whole =
        |address: &IpAddr| CidrSubnet::from_addr_prefix(*address, if address.is_ipv4() { 32 } else { 128 });
    let own = addresses.iter().map(|address| GeneralSubtree::IpAddress(whole(address)));
    let permitted = std::iter::once(GeneralSubtree::DnsName(name.clone())).chain(own).collect();
    // A form of name that no permitted subtree mentions would be free.
    let every = [CidrSubnet::from_v4_prefix([0; 4], 0), CidrSubnet::from_v6_prefix([0; 16], 0)];
    let excluded =
        if addresses.is_empty() { every.map(GeneralSubtree::IpAddress).to_vec() } else { Vec::new() };
    params.name_constraints =
        Some(NameConstraints { permitted_subtrees: permitted, excluded_subtrees: excluded });
    params
}

fn server_params(
    BrowserName { name, addresses }: &BrowserName,
    now: Duration,
) -> Result<CertificateParams, rcgen::Error> {
    let mut params = dated(name, now, SERVER_DAYS);
    let own = addresses.iter().map(|address| SanType::IpAddress(*address));
    params.subject_alt_names =
        std::iter::once(SanType::DnsName(name.as_str().try_into()?)).chain(own).collect();
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

fn unusable(reason: &'static str) -> TlsError {
    TlsError::ForBrowsers { reason }
}

/// What is in the folder, if browsers take it.
fn credential(folder: &Path, name: &BrowserName) -> Result<CertifiedKey, TlsError> {
    let read = |file: &str| private_file::read(folder, file, LONGEST_FILE).map_err(TlsError::Storage);
    let chain = read(CERTIFICATE)?.ok_or_else(|| unusable("certificate.pem is missing"))?;
    let key = Zeroizing::new(read(KEY)?.ok_or_else(|| unusable("key.pem is missing"))?);
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&chain)
        .collect::<Result<_, _>>()
        .map_err(|_malformed| unusable("certificate.pem has no certificates (PEM)"))?;
    let key =
        PrivateKeyDer::from_pem_slice(&key).map_err(|_malformed| unusable("key.pem has no key (PEM)"))?;
    let credential = CertifiedKey::from_der(chain, key, &default_provider())
        .map_err(|_inconsistent| unusable("key.pem is not the key of certificate.pem"))?;
    if !matches!(credential.key.algorithm(), SignatureAlgorithm::ECDSA | SignatureAlgorithm::RSA) {
        return Err(unusable("browsers take ECDSA or RSA only"));
    }
    let shown = credential.end_entity_cert().and_then(ParsedCertificate::try_from);
    let wanted = ServerName::try_from(name.name().to_owned());
    let (Ok(shown), Ok(wanted)) = (shown, wanted) else { return Err(unusable("it is no certificate")) };
    verify_server_name(&shown, &wanted).map_err(|_other_name| unusable("it is for another name"))?;
    Ok(credential)
}

/// What browsers are shown, and their connections: TLS 1.2 and 1.3.
pub struct BrowserDoor {
    folder: PathBuf,
    name: BrowserName,
    shown: Arc<Shown>,
    seen: Mutex<[Option<IdentityStamp>; 2]>,
    config: Arc<ServerConfig>,
    patience: Duration,
}

struct Shown(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for Shown {
    /// Also for whoever asks by address, without a name.
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Shown(hidden)")
    }
}

impl BrowserDoor {
    /// A door that shows what is in `folder`, and waits `patience` for a handshake.
    ///
    /// # Errors
    /// [`TlsError::ForBrowsers`] when browsers would not take it.
    pub fn open(folder: &Path, name: BrowserName, patience: Duration) -> Result<Self, TlsError> {
        let seen = Mutex::new(stamps(folder));
        let shown = Arc::new(Shown(RwLock::new(Arc::new(credential(folder, &name)?))));
        let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Configuration)?
            .with_no_client_auth()
            .with_cert_resolver(Arc::<Shown>::clone(&shown));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        // Who comes back brings what it takes to go on (RFC 8446 §2.2): after a cut ten thousand televisions do, and the server remembers none.
        config.ticketer = Ticketer::new().map_err(TlsError::Configuration)?;
        let config = Arc::new(config);
        Ok(Self { folder: folder.to_owned(), name, shown, seen, config, patience })
    }

    /// For who shakes hands by itself. It shows the certificate that the door shows.
    pub fn configuration(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }

    /// Issues the certificate anew where it is the town's authority's and ends soon, which [`Self::look`] then finds; blocks.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn renew(&self, now: Duration) -> Result<(), TlsError> {
        renew_browser_certificate(&self.folder, &self.name, now)
    }

    /// Shows what is in the folder now, if that is another certificate; blocks. Gives whether it is.
    ///
    /// # Errors
    /// [`TlsError`], once for each state of the files: the old certificate is shown then.
    pub fn look(&self) -> Result<bool, TlsError> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let found = stamps(&self.folder);
        if std::mem::replace(&mut *seen, found) == found {
            return Ok(false);
        }
        let fresh = Arc::new(credential(&self.folder, &self.name)?);
        *self.shown.0.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(true)
    }

    /// Shakes hands.
    ///
    /// # Errors
    /// [`TlsError`]: the connection is closed.
    pub async fn accept(&self, stream: TcpStream) -> Result<TlsStream<TcpStream>, TlsError> {
        set_up(&stream).map_err(TlsError::Unreachable)?;
        let shaken = within(
            self.patience,
            "the TLS handshake",
            TlsAcceptor::from(self.configuration()).accept(stream),
        )
        .await;
        shaken.map_err(as_handshake)
    }
}

fn stamps(folder: &Path) -> [Option<IdentityStamp>; 2] {
    [CERTIFICATE, KEY].map(|name| IdentityStamp::of_file(&folder.join(name)))
}

/// In PEM (RFC 7468 §5).
fn pem_of(certificate: &CertificateDer<'_>) -> Result<String, TlsError> {
    let read = Certificate::from_der(certificate);
    let pem = read.and_then(|certificate| certificate.to_pem(LineEnding::LF));
    pem.map_err(|_malformed| TlsError::Damaged { what: "authority for browsers" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::client::WebPkiServerVerifier;
    use rustls::client::danger::ServerCertVerifier;
    use rustls::{ClientConfig, RootCertStore};
    use rustls_pki_types::UnixTime;
    use std::time::SystemTime;
    use tokio::net::TcpListener;
    use tokio_rustls::TlsConnector;

    const NOW: Duration = Duration::from_secs(1_795_000_000);

    fn name(addresses: &[IpAddr]) -> BrowserName {
        BrowserName::new("Town.example", addresses).unwrap()
    }

    fn installed(folder: &Path) -> Arc<RootCertStore> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(folder.join(INSTALLED)).unwrap()).unwrap();
        Arc::new(roots)
    }

    /// As a browser on which the authority was installed looks at a certificate.
    fn believes(folder: &Path, shown: &CertificateDer<'_>, who: &str, at: Duration) -> bool {
        let provider = Arc::new(default_provider());
        let verifier =
            WebPkiServerVerifier::builder_with_provider(installed(folder), provider).build().unwrap();
        let who = ServerName::try_from(who.to_owned()).unwrap();
        verifier.verify_server_cert(shown, &[], &who, &[], UnixTime::since_unix_epoch(at)).is_ok()
    }

    fn shown(folder: &Path) -> CertificateDer<'static> {
        CertificateDer::from_pem_file(folder.join(CERTIFICATE)).unwrap()
    }

    #[test]
    fn the_authority_vouches_for_its_name_and_addresses_and_for_no_others() {
        let folder = tempfile::tempdir().unwrap();
        let name = name(&["192.0.2.7".parse().unwrap()]);
        browser_certificate(folder.path(), &name, NOW).unwrap();
        let own = shown(folder.path());
        for (who, is_good) in
            [("town.example", true), ("192.0.2.7", true), ("192.0.2.8", false), ("bank.example", false)]
        {
            assert_eq!(believes(folder.path(), &own, who, NOW), is_good, "{who}");
        }
        let after = Duration::from_secs((SERVER_DAYS + 1) * DAY);
        assert!(!believes(folder.path(), &own, "town.example", NOW + after));
        // Whoever has the authority's key.
        let (key, _) = load(folder.path(), AUTHORITY, "").unwrap().unwrap();
        let authority = Issuer::new(authority_params(&name, NOW), key);
        for (other, addresses) in
            [("bank.example", vec![]), ("town.example", vec!["192.0.2.8".parse().unwrap()])]
        {
            let other = BrowserName::new(other, &addresses).unwrap();
            let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
            let forged = server_params(&other, NOW).unwrap().signed_by(&key, &authority).unwrap();
            assert!(!believes(folder.path(), forged.der(), other.name(), NOW), "{other:?}");
        }
    }

    #[test]
    fn without_addresses_the_authority_vouches_for_none() {
        let folder = tempfile::tempdir().unwrap();
        browser_certificate(folder.path(), &name(&[]), NOW).unwrap();
        let (key, _) = load(folder.path(), AUTHORITY, "").unwrap().unwrap();
        let authority = Issuer::new(authority_params(&name(&[]), NOW), key);
        for address in ["192.0.2.7", "2001:db8::7"] {
            let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
            let params = server_params(&name(&[address.parse().unwrap()]), NOW).unwrap();
            let forged = params.signed_by(&key, &authority).unwrap();
            assert!(!believes(folder.path(), forged.der(), address, NOW), "{address}");
        }
    }

    #[test]
    fn a_certificate_is_issued_anew_in_time_and_one_that_was_brought_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        browser_certificate(folder.path(), &name(&[]), NOW).unwrap();
        let first = shown(folder.path());
        renew_browser_certificate(folder.path(), &name(&[]), NOW).unwrap();
        assert_eq!(shown(folder.path()), first);
        let later = NOW + Duration::from_secs((SERVER_DAYS - RENEWED_WITH_DAYS_LEFT + 1) * DAY);
        let authority = std::fs::read(folder.path().join(INSTALLED)).unwrap();
        renew_browser_certificate(folder.path(), &name(&[]), later).unwrap();
        let second = shown(folder.path());
        assert!(second != first && believes(folder.path(), &second, "town.example", later));
        browser_certificate(folder.path(), &name(&[]), later).unwrap();
        assert_eq!(std::fs::read(folder.path().join(INSTALLED)).unwrap(), authority, "tablets have it");

        // Another authority's, as an ACME client brings it.
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let brought = server_params(&name(&[]), NOW).unwrap().self_signed(&key).unwrap();
        std::fs::write(folder.path().join(CERTIFICATE), brought.pem()).unwrap();
        std::fs::write(folder.path().join(KEY), key.serialize_pem()).unwrap();
        browser_certificate(folder.path(), &name(&[]), later).unwrap();
        renew_browser_certificate(folder.path(), &name(&[]), later).unwrap();
        assert_eq!(shown(folder.path()), *brought.der());
        std::fs::remove_file(folder.path().join(AUTHORITY)).unwrap();
        assert!(browser_certificate(folder.path(), &name(&[]), later).is_err());
        assert!(!folder.path().join(AUTHORITY).exists());
    }

    #[test]
    fn what_browsers_would_refuse_is_refused_first() {
        for bad in ["192.0.2.7", "townhall", "town_hall.example.", "", "*.example", "::1", "a..b"] {
            assert_eq!(BrowserName::new(bad, &[]), None, "{bad}");
        }
        let folder = tempfile::tempdir().unwrap();
        let open = |named: &str| {
            BrowserDoor::open(folder.path(), BrowserName::new(named, &[]).unwrap(), Duration::from_secs(9))
        };
        assert!(matches!(open("town.example"), Err(TlsError::ForBrowsers { .. })));
        browser_certificate(folder.path(), &name(&[]), NOW).unwrap();
        assert!(open("town.example").is_ok());
        assert!(matches!(
            open("other.example"),
            Err(TlsError::ForBrowsers { reason: "it is for another name" })
        ));
        let key = KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
        let own = server_params(&name(&[]), NOW).unwrap().self_signed(&key).unwrap();
        std::fs::write(folder.path().join(CERTIFICATE), own.pem()).unwrap();
        let other_key = open("town.example").err().unwrap().to_string();
        assert!(other_key.contains("is not the key of"), "{other_key}");
        std::fs::write(folder.path().join(KEY), key.serialize_pem()).unwrap();
        let ed25519 = open("town.example").err().unwrap().to_string();
        assert!(ed25519.contains("ECDSA or RSA"), "{ed25519}");
    }

    #[tokio::test]
    async fn a_renewed_certificate_is_shown_to_the_next_browser_and_a_broken_one_to_none() {
        let folder = tempfile::tempdir().unwrap();
        // rustls looks at the clock.
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        browser_certificate(folder.path(), &name(&[]), now).unwrap();
        let door = BrowserDoor::open(folder.path(), name(&[]), Duration::from_secs(20)).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let roots = installed(folder.path());
        let meet = async |version| {
            let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
                .with_protocol_versions(&[version])
                .unwrap()
                .with_root_certificates(Arc::clone(&roots))
                .with_no_client_auth();
            let connector = TlsConnector::from(Arc::new(config));
            let who = ServerName::try_from("town.example").unwrap();
            let dial =
                async { connector.connect(who, TcpStream::connect(address).await.unwrap()).await.unwrap() };
            let take = async { door.accept(listener.accept().await.unwrap().0).await.unwrap() };
            let (dialled, taken) = tokio::join!(dial, take);
            assert_eq!(taken.get_ref().1.protocol_version(), Some(version.version));
            dialled.get_ref().1.peer_certificates().unwrap().first().unwrap().clone().into_owned()
        };
        let (first, tls12, tls13) = (shown(folder.path()), &rustls::version::TLS12, &rustls::version::TLS13);
        assert!(!door.look().unwrap());
        assert_eq!([meet(tls12).await, meet(tls13).await], [first.clone(), first.clone()]);
        std::fs::write(folder.path().join(KEY), "half").unwrap();
        assert!(door.look().is_err());
        assert!(!door.look().unwrap(), "said once");
        assert_eq!(meet(tls13).await, first);
        browser_certificate(folder.path(), &name(&[]), now).unwrap();
        assert!(door.look().unwrap());
        assert_eq!(meet(tls13).await, shown(folder.path()));
        assert_ne!(meet(tls13).await, first);
    }
}
