//! Boxes and a server over real TCP on the loopback.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test ends at the first surprise")]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hinamori_model::BoxId;
use hinamori_net_tls::{
    Acceptor, EnrolmentCode, Granted, Identity, Incoming, Refusal, ThreeWords, TlsError, TlsRoot, connect,
    enrol,
};
use hinamori_sync::SealKey;
use rustls::HandshakeKind;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const TOKEN: [u8; 10] = [7; 10];

/// A server that takes one connection at a time.
struct Town {
    folder: TempDir,
    root: TlsRoot,
    acceptor: Arc<Acceptor>,
    listener: TcpListener,
}

impl Town {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::at(folder, "127.0.0.1:0").await
    }

    async fn at(folder: TempDir, address: &str) -> Self {
        let root = TlsRoot::open_or_make(folder.path()).unwrap();
        let server = root.server_credential(folder.path()).unwrap();
        let acceptor = Arc::new(Acceptor::new(&root, &server).unwrap());
        Self { folder, root, acceptor, listener: TcpListener::bind(address).await.unwrap() }
    }

    fn address(&self) -> String {
        self.listener.local_addr().unwrap().to_string()
    }

    fn code(&self) -> EnrolmentCode {
        let tls_root = self.root.fingerprint();
        EnrolmentCode { address: self.address(), town_root: [1; 32], tls_root, token: TOKEN }
    }

    async fn incoming(&self) -> Result<Incoming, TlsError> {
        self.acceptor.accept(self.listener.accept().await.unwrap().0).await
    }

    /// Gives the words that it would show.
    async fn take_in(&self) -> Option<ThreeWords> {
        let Ok(Incoming::Enrolment(enrolment)) = self.incoming().await else { panic!("no enrolment came") };
        let request = enrolment.request();
        if request.token != TOKEN {
            enrolment.refuse(Refusal::UnknownCode).await.unwrap();
            return None;
        }
        let words = request.words(&[1; 32], &self.root.fingerprint());
        let certificate = self.root.issue_for_box(&request.signing_request, request.box_id).unwrap();
        let tls_root = self.root.certificate().to_vec();
        enrolment.grant(Granted { certificate, tls_root, package: b"the town".to_vec() }).await.unwrap();
        Some(words)
    }

    async fn enrolled(&self, folder: &Path, seal_key: &SealKey) -> Identity {
        let code = self.code();
        let (joined, words) = tokio::join!(enrol(&code, seal_key), self.take_in());
        let joined = joined.unwrap();
        assert_eq!(Some(joined.words()), words, "both ends show the same");
        assert_eq!(joined.package(), b"the town");
        assert!(Identity::load(folder).unwrap().is_none(), "nothing is stored unasked");
        joined.keep(folder).unwrap();
        Identity::load(folder).unwrap().unwrap()
    }

    /// One connection of a box: who the server says it is, and how the handshake went.
    async fn visit(&self, identity: &Identity) -> (BoxId, HandshakeKind) {
        let (box_side, incoming) = tokio::join!(connect(identity), self.incoming());
        let mut box_side = box_side.unwrap();
        let Ok(Incoming::Box(mut peer)) = incoming else { panic!("no box came") };
        peer.stream.write_all(b"welcome").await.unwrap();
        let mut heard = [0; 7];
        box_side.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"welcome");
        (peer.id, box_side.get_ref().1.handshake_kind().unwrap())
    }
}

fn seal_key(number: u8) -> SealKey {
    SealKey::from_bytes(&[number; 32])
}

#[tokio::test]
async fn an_enrolled_box_is_known_by_its_certificate_and_comes_back_with_a_short_handshake() {
    let (town, folder) = (Town::new().await, tempfile::tempdir().unwrap());
    let identity = town.enrolled(folder.path(), &seal_key(1)).await;
    assert_eq!((identity.address(), identity.town_root()), (town.address().as_str(), [1; 32]));
    let id = seal_key(1).box_id();
    assert_eq!(town.visit(&identity).await, (id, HandshakeKind::Full));
    assert_eq!(town.visit(&identity).await, (id, HandshakeKind::Resumed));

    // The server starts anew: its tickets are gone, the box comes in all the same.
    let address = town.address();
    let Town { folder: server_folder, listener, .. } = town;
    drop(listener);
    let again = Town::at(server_folder, &address).await;
    assert_eq!(again.visit(&identity).await, (id, HandshakeKind::Full));
}

#[tokio::test]
async fn a_refused_or_foreign_enrolment_brings_nothing() {
    let (town, other) = (Town::new().await, Town::new().await);
    let key = seal_key(1);
    let wrong = EnrolmentCode { token: [8; 10], ..town.code() };
    let (outcome, _) = tokio::join!(enrol(&wrong, &key), town.take_in());
    assert!(matches!(outcome, Err(TlsError::Refused(Refusal::UnknownCode))));

    // The code names a root that the server at the address does not have.
    let elsewhere = EnrolmentCode { address: other.address(), ..town.code() };
    let (outcome, incoming) = tokio::join!(enrol(&elsewhere, &key), other.incoming());
    assert!(matches!(outcome, Err(TlsError::Handshake(_))), "{outcome:?}");
    assert!(incoming.is_err(), "the token went to nobody");

    let nobody = EnrolmentCode { address: "127.0.0.1:1".to_owned(), ..town.code() };
    assert!(matches!(enrol(&nobody, &key).await, Err(TlsError::Unreachable(_))));
}

#[tokio::test]
async fn a_box_of_another_town_gets_nowhere() {
    let (town, other, folder) = (Town::new().await, Town::new().await, tempfile::tempdir().unwrap());
    let foreign = other.enrolled(folder.path(), &seal_key(1)).await;
    // Its own pinned root refuses this server.
    let address = other.address();
    drop(other);
    let imposter = Town::at(town.folder, &address).await;
    let (outcome, incoming) = tokio::join!(connect(&foreign), imposter.incoming());
    assert!(matches!(outcome, Err(TlsError::Handshake(_))), "{outcome:?}");
    assert!(matches!(incoming, Err(TlsError::Handshake(_))));
}

#[tokio::test]
async fn garbage_and_silence_are_ended() {
    let town = Town::new().await;
    let garbage = async {
        let mut stream = TcpStream::connect(town.address()).await.unwrap();
        stream.write_all(&[0x42; 400]).await.unwrap();
        let mut rest = Vec::new();
        drop(stream.read_to_end(&mut rest).await);
    };
    let (incoming, ()) = tokio::join!(town.incoming(), garbage);
    assert!(matches!(incoming, Err(TlsError::Handshake(_))));

    let hung_up = async { drop(TcpStream::connect(town.address()).await.unwrap()) };
    let (incoming, ()) = tokio::join!(town.incoming(), hung_up);
    assert!(matches!(incoming, Err(TlsError::Unreachable(_))));
}

#[tokio::test]
async fn whoever_swaps_the_code_and_joins_in_between_is_told_by_the_words() {
    let (town, swapped) = (Town::new().await, Town::new().await);
    let (real, forged) = (town.code(), swapped.code());
    assert_eq!(real.token, forged.token, "also with the token of the real code");
    let (box_key, thief) = (seal_key(1), seal_key(9));
    let (at_the_box, _) = tokio::join!(enrol(&forged, &box_key), swapped.take_in());
    let (_, at_the_town_hall) = tokio::join!(enrol(&real, &thief), town.take_in());
    assert_ne!(Some(at_the_box.unwrap().words()), at_the_town_hall);
    // The same box with the same code a second time: the random numbers are others.
    let (first, _) = tokio::join!(enrol(&real, &box_key), town.take_in());
    let (second, _) = tokio::join!(enrol(&real, &box_key), town.take_in());
    assert_ne!(first.unwrap().words(), second.unwrap().words());
}

#[tokio::test]
async fn a_silent_peer_is_not_waited_for() {
    let Town { folder, root, listener, .. } = Town::new().await;
    let server = root.server_credential(folder.path()).unwrap();
    let acceptor = Acceptor::new(&root, &server).unwrap().with_patience(Duration::from_millis(50));
    let _silent = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let incoming = acceptor.accept(listener.accept().await.unwrap().0).await;
    assert!(matches!(incoming, Err(TlsError::Silent { .. })));
}

#[tokio::test]
async fn a_damaged_identity_is_said_to_be_damaged() {
    let (town, folder) = (Town::new().await, tempfile::tempdir().unwrap());
    town.enrolled(folder.path(), &seal_key(1)).await;
    let file = folder.path().join("identity");
    let whole = std::fs::read(&file).unwrap();
    for damaged in [&whole[..0], &whole[..whole.len() - 1], b"\x09other"] {
        std::fs::write(&file, damaged).unwrap();
        assert!(matches!(Identity::load(folder.path()), Err(TlsError::Damaged { .. })));
    }
}

#[tokio::test]
async fn two_boxes_of_one_town_meet_and_nobody_else_is_met() {
    let (town, other_town) = (Town::new().await, Town::new().await);
    let folders = [0, 1, 2].map(|_| tempfile::tempdir().unwrap());
    let gym = town.enrolled(folders[0].path(), &seal_key(1)).await;
    let gate = town.enrolled(folders[1].path(), &seal_key(2)).await;
    let foreign = other_town.enrolled(folders[2].path(), &seal_key(3)).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let accept = async || gate.accept_neighbour(listener.accept().await.unwrap().0).await;

    let (dialled, accepted) = tokio::join!(gym.dial_neighbour(&address), accept());
    let (mut dialled, mut accepted) = (dialled.unwrap(), accepted.unwrap());
    assert_eq!((dialled.id, accepted.id), (seal_key(2).box_id(), seal_key(1).box_id()));
    // Each is told the key that the server sees too.
    let (_gym, at_the_server) = tokio::join!(connect(&gym), town.incoming());
    let Ok(Incoming::Box(at_the_server)) = at_the_server else { panic!("no box came") };
    assert!(accepted.key == at_the_server.key && dialled.key != accepted.key);
    accepted.stream.write_all(b"welcome").await.unwrap();
    let mut heard = [0; 7];
    dialled.stream.read_exact(&mut heard).await.unwrap();
    assert_eq!(&heard, b"welcome");

    // A box of another town, in both directions; a box where the server is called; the server's listener where a box is called.
    let (_, accepted) = tokio::join!(foreign.dial_neighbour(&address), accept());
    assert!(matches!(accepted, Err(TlsError::Handshake(_))));
    let foreign_accepts = async || foreign.accept_neighbour(listener.accept().await.unwrap().0).await;
    let (dialled, _) = tokio::join!(gym.dial_neighbour(&address), foreign_accepts());
    assert!(matches!(dialled, Err(TlsError::Handshake(_))));
    let server = town.address();
    let (_, at_the_server) = tokio::join!(gym.dial_neighbour(&server), town.incoming());
    assert!(at_the_server.is_err(), "the server speaks to boxes by its own protocol alone");
    let stranger = async || {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
        stream
    };
    let (_stream, accepted) = tokio::join!(stranger(), accept());
    assert!(accepted.is_err());
}
