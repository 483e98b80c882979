//! A town hall and browsers over real sockets and TLS, with passkeys in software.

mod acts;
mod api;
mod connections;
mod enrolment;
mod inquiries;
mod map;
mod reports;
mod sessions;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hinamori_model::{IncidentId, PersonalText, Role, StaffId, UnixMillis};
use hinamori_sync::town::{Incidents, Package, StaffGrant, TownSecret};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::{BrowserSite, CertificateSource, Officials, ShownDoor, invite_staff, set_browser_site};
use crate::alerts::{Board, base64_url, of_base64_url};
use crate::api::Api;
use crate::archive::{Archive, Stores};
use crate::clock::now;
use crate::contact::Contacts;
use crate::data::{DataFolder, Keys};
use crate::hub::Hub;
use crate::lists::Lists;
use crate::map::{Maps, follow_maps, read_map};
use crate::server::Limits;
use crate::signed_log::{Line, SignedLog, sha256};
use crate::town::TownWatch;

const NAME: &str = "tablet.shiomi.example";
const ORIGIN: &str = "https://tablet.shiomi.example";
const LATE: UnixMillis = UnixMillis::new(4_000_000_000_000);
/// 浜田, an official; with a name that would like to be more than one.
const HAMADA: StaffId = StaffId::from_bytes([1; 16]);
const HAMADA_NAME: &str = "<script>浜田\u{202e}";
/// A volunteer.
const MORI: StaffId = StaffId::from_bytes([2; 16]);

/// A running town hall.
struct Hall {
    api: Arc<Api>,
    address: SocketAddr,
    connector: TlsConnector,
    folder: DataFolder,
    keys: Keys,
    _parent: tempfile::TempDir,
    _running: (JoinSet<()>, JoinSet<()>, watch::Sender<()>),
}

fn grant(id: StaffId, name: &str, role: Role) -> StaffGrant {
    StaffGrant { id, name: PersonalText::new(name), role, cards: Vec::new(), sites: Vec::new(), until: LATE }
}

fn staff() -> Vec<StaffGrant> {
    vec![grant(HAMADA, HAMADA_NAME, Role::Official), grant(MORI, "森", Role::Volunteer)]
}

fn package(version: u64, staff: Vec<StaffGrant>) -> Package {
    let incident = |number| IncidentId::from_bytes([number; 16]);
    Package {
        version,
        issued_at: now(),
        name: "汐見町".to_owned(),
        key: TownSecret([1; 32]),
        sites: Vec::new(),
        incidents: Incidents { daily_life: incident(1), live: incident(2), drill: incident(3) },
        boxes: Vec::new(),
        denied: Vec::new(),
        cut_offs: Vec::new(),
        retentions: Vec::new(),
        forks: Vec::new(),
        anchors: Vec::new(),
        intermediates: Vec::new(),
        feed_key: [0; 32],
        receipt_key: [0; 32],
        list_grace_millis: 0,
        resets_time: false,
        roster: Vec::new(),
        staff,
        incident_keys: Vec::new(),
        closed: Vec::new(),
        ledger_key: [0; 32],
        earlier: Vec::new(),
    }
}

impl Hall {
    async fn new() -> Self {
        Self::with(Limits::default()).await
    }

    async fn with(limits: Limits) -> Self {
        let parent = tempfile::tempdir().unwrap();
        let folder = DataFolder::new(&parent.path().join("server"));
        let keys = folder.initialise().unwrap();
        folder.lock().unwrap().save_package(&keys, &package(1, staff())).unwrap();
        let site = BrowserSite { name: NAME.to_owned(), port: 443, addresses: Vec::new() };
        let installed = set_browser_site(&folder, &keys, (site, CertificateSource::Own), "admin", now());
        let installed = installed.unwrap().unwrap();

        let stores = Stores::open(&folder, &keys.key_table).unwrap();
        let lists = Lists::open(folder.shelf().unwrap()).unwrap();
        let (board, _thread) = Board::open(&folder, &keys).unwrap();
        let town = TownWatch::open(folder.clone(), folder.keys().unwrap()).unwrap();
        let (archive, _thread) = Archive::start(stores).unwrap();
        let (of_alerts, _said) = mpsc::channel(1);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let officials = Officials::open(&town, listener, &ShownDoor::open(&town, limits).unwrap()).unwrap();
        let address = officials.address().unwrap();
        let hub = Hub::new(archive, town, Contacts::default(), lists, (limits.stalled_after, of_alerts));
        let (mut tasks, mut served, (end, ended)) = (JoinSet::new(), JoinSet::new(), watch::channel(()));
        let (hub, board, maps) = (Arc::new(hub), Arc::new(board), Arc::new(Maps::new().unwrap()));
        let shared = (&hub, &board, &maps);
        let api = officials.serve(&mut served, shared, limits, ended).unwrap();
        tasks.spawn(follow_maps(hub, board, maps));

        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(installed).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let connector = TlsConnector::from(Arc::new(config));
        Self { api, address, connector, folder, keys, _parent: parent, _running: (tasks, served, end) }
    }

    async fn connect(&self) -> Connection {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let name = ServerName::try_from(NAME).unwrap();
        Connection(BufReader::new(self.connector.connect(name, stream).await.unwrap()))
    }

    /// As the page asks, over a connection of its own.
    async fn ask(&self, method: &str, path: &str, cookie: Option<&str>, body: Option<&Value>) -> Answer {
        let cookie = cookie.map(|cookie| format!("cookie: a=b; {cookie}\r\n")).unwrap_or_default();
        let (kind, body) = match body {
            Some(body) => ("content-type: application/json\r\n", body.to_string()),
            None => ("", String::new()),
        };
        self.ask_with(method, path, &format!("origin: {ORIGIN}\r\n{cookie}{kind}"), &body).await
    }

    async fn ask_with(&self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        self.connect().await.ask(method, path, headers, body).await
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask("POST", &format!("/api/v1/{path}"), None, Some(body)).await
    }

    /// The code of a new link.
    fn invite(&self, staff: StaffId) -> String {
        let link = invite_staff(&self.folder, &self.keys, staff, "admin", now()).unwrap();
        link.strip_prefix("https://tablet.shiomi.example/#enrol=").unwrap().to_owned()
    }

    /// Somebody with a passkey.
    async fn enrolled(&self, staff: StaffId) -> Authenticator {
        let mut authenticator = Authenticator::new();
        assert_eq!(self.enrol(&self.invite(staff), &mut authenticator).await.status, 200);
        authenticator
    }

    async fn enrol(&self, code: &str, authenticator: &mut Authenticator) -> Answer {
        let begun = self.post("enrolment/begin", &json!({ "code": code })).await;
        if begun.status != 200 {
            return begun;
        }
        self.post("enrolment/finish", &authenticator.make(&begun.json())).await
    }

    async fn sign_in(&self, authenticator: &mut Authenticator) -> Answer {
        let begun = self.post("session/begin", &json!({})).await;
        assert_eq!(begun.status, 200, "{begun:?}");
        self.post("session/finish", &authenticator.sign(&begun.json())).await
    }

    /// The cookie of somebody who signed in.
    async fn signed_in(&self, staff: StaffId) -> String {
        let mut authenticator = self.enrolled(staff).await;
        let answer = self.sign_in(&mut authenticator).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.cookie()
    }

    async fn who(&self, cookie: &str) -> Answer {
        self.ask("GET", "/api/v1/session", Some(cookie), None).await
    }

    /// The town signs another package.
    async fn changes_staff(&self, version: u64, staff: Vec<StaffGrant>) {
        self.folder.lock().unwrap().save_package(&self.keys, &package(version, staff)).unwrap();
        self.api.hub.refresh().await;
    }

    fn log(&self) -> Vec<Value> {
        let mut lines = Vec::new();
        let log = SignedLog::new(self.folder.path(), super::BROWSERS, &self.keys.log);
        log.read(|line: Line<Value>| lines.push(line.entry)).unwrap();
        lines
    }

    fn last_logged(&self) -> Value {
        self.log().pop().unwrap()
    }
}

/// A browser's connection.
struct Connection(BufReader<TlsStream<TcpStream>>);

impl Connection {
    async fn ask(&mut self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {NAME}\r\n{headers}content-length: {length}\r\n\r\n{body}"
        );
        self.0.write_all(request.as_bytes()).await.unwrap();
        self.0.flush().await.unwrap();
        self.answer().await.unwrap()
    }

    async fn answer(&mut self) -> std::io::Result<Answer> {
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line).await? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            match line.trim_end() {
                "" => break,
                line => head.push(line.to_owned()),
            }
        }
        let status = head.first().and_then(|line| line.split(' ').nth(1)?.parse().ok()).unwrap();
        let mut answer = Answer { status, head, body: Vec::new() };
        let length = answer.header("content-length").map_or(0, |length| length.parse().unwrap());
        answer.body.resize(length, 0);
        self.0.read_exact(&mut answer.body).await?;
        Ok(answer)
    }
}

struct Answer {
    status: u16,
    head: Vec<String>,
    body: Vec<u8>,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{:?} {}", self.head, String::from_utf8_lossy(&self.body))
    }
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.head.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn cookie(&self) -> String {
        self.header("set-cookie").unwrap().split(';').next().unwrap().to_owned()
    }

    /// The status of what is a problem in its form.
    fn problem(&self) -> u16 {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        let problem = self.json();
        assert!(
            problem["status"] == self.status && !problem["title"].as_str().unwrap().is_empty(),
            "{self:?}"
        );
        self.status
    }
}

/// A passkey in software (WebAuthn Level 3 §6), and what may be wrong with it.
struct Authenticator {
    key: EcdsaKeyPair,
    credential: Vec<u8>,
    user: Vec<u8>,
    origin: &'static str,
    relying_party: &'static str,
    /// User present, user verified.
    flags: u8,
}

const PRESENT: u8 = 1;
const VERIFIED: u8 = 4;
const WITH_KEY: u8 = 0x40;

impl Authenticator {
    fn new() -> Self {
        let random = SystemRandom::new();
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, made.as_ref(), &random).unwrap();
        let credential = sha256(key.public_key().as_ref()).to_vec();
        let (user, flags) = (Vec::new(), PRESENT | VERIFIED);
        Self { key, credential, user, origin: ORIGIN, relying_party: NAME, flags }
    }

    fn client(&self, kind: &str, challenge: &Value) -> Vec<u8> {
        json!({ "type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": false })
            .to_string()
            .into_bytes()
    }

    fn data(&self, flags: u8) -> Vec<u8> {
        [sha256(self.relying_party.as_bytes()).as_slice(), &[flags, 0, 0, 0, 0]].concat()
    }

    /// What `navigator.credentials.create()` gives.
    fn make(&mut self, options: &Value) -> Value {
        let options = &options["publicKey"];
        assert_eq!(options["rp"]["id"], NAME);
        assert_eq!(options["authenticatorSelection"]["residentKey"], "required");
        assert_eq!(options["authenticatorSelection"]["userVerification"], "required");
        self.user = of_base64_url(options["user"]["id"].as_str().unwrap()).unwrap();
        let (x, y) = self.key.public_key().as_ref()[1..].split_at(32);
        // COSE_Key (RFC 9052 §7): kty EC2, alg ES256, crv P-256.
        let key = [&[0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32], x, &[0x22, 0x58, 32], y].concat();
        let length = u16::try_from(self.credential.len()).unwrap().to_be_bytes();
        let data =
            [&self.data(self.flags | WITH_KEY), [0; 16].as_slice(), &length, &self.credential, &key].concat();
        let length = u8::try_from(data.len()).unwrap();
        let attestation =
            [b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".as_slice(), &[length], &data].concat();
        let client = self.client("webauthn.create", &options["challenge"]);
        json!({
            "id": base64_url(&self.credential), "rawId": base64_url(&self.credential), "type": "public-key",
            "authenticatorAttachment": "platform", "clientExtensionResults": { "credProps": { "rk": true } },
            "response": { "clientDataJSON": base64_url(&client), "attestationObject": base64_url(&attestation),
                "transports": ["internal", "of-tomorrow"], "authenticatorData": base64_url(&data),
                "publicKeyAlgorithm": -7 },
        })
    }

    /// What `navigator.credentials.get()` gives.
    fn sign(&self, options: &Value) -> Value {
        let options = &options["publicKey"];
        assert_eq!((&options["rpId"], &options["userVerification"]), (&json!(NAME), &json!("required")));
        assert_eq!(options["allowCredentials"], json!([]), "who works here is nobody's business");
        self.answer(&options["challenge"])
    }

    fn answer(&self, challenge: &Value) -> Value {
        let (client, data) = (self.client("webauthn.get", challenge), self.data(self.flags));
        let signed = [data.as_slice(), &sha256(&client)].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).unwrap();
        json!({
            "id": base64_url(&self.credential), "rawId": base64_url(&self.credential), "type": "public-key",
            "authenticatorAttachment": "platform", "clientExtensionResults": {},
            "response": { "clientDataJSON": base64_url(&client), "authenticatorData": base64_url(&data),
                "signature": base64_url(signature.as_ref()), "userHandle": base64_url(&self.user) },
        })
    }
}
