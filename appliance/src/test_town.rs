//! A town's server for tests: real TLS on the loopback, and no more behind it than a test says.

use std::time::Duration;

use hinamori_net_tls::{Acceptor, EnrolmentCode, Granted, Incoming, PeerBox, TlsRoot};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::time::timeout;

/// Only a failure waits so long.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// See the module.
pub(crate) struct TestTown {
    root: [u8; 32],
    _folder: TempDir,
    tls_root: TlsRoot,
    acceptor: Acceptor,
    listener: TcpListener,
}

impl TestTown {
    /// The town whose root key is `root`, as far as its code says.
    pub(crate) async fn new(root: [u8; 32]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let tls_root = TlsRoot::open_or_make(folder.path()).unwrap();
        let credential = tls_root.server_credential(folder.path()).unwrap();
        let acceptor = Acceptor::new(&tls_root, &credential).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self { root, _folder: folder, tls_root, acceptor, listener }
    }

    /// What a box is enrolled with.
    pub(crate) fn code(&self) -> EnrolmentCode {
        EnrolmentCode {
            address: self.listener.local_addr().unwrap().to_string(),
            town_root: self.root,
            tls_root: self.tls_root.fingerprint(),
            token: [7; 10],
        }
    }

    async fn incoming(&self) -> Incoming {
        let accepted = timeout(SOON, self.listener.accept()).await.expect("a connection");
        self.acceptor.accept(accepted.unwrap().0).await.unwrap()
    }

    /// Takes the next box in, whatever its code, and gives it this package.
    pub(crate) async fn take_in(&self, package: Vec<u8>) {
        let Incoming::Enrolment(enrolment) = self.incoming().await else { panic!("no enrolment came") };
        let request = enrolment.request();
        let certificate = self.tls_root.issue_for_box(&request.signing_request, request.box_id).unwrap();
        let tls_root = self.tls_root.certificate().to_vec();
        enrolment.grant(Granted { certificate, tls_root, package }).await.unwrap();
    }

    /// The next box that comes with a certificate.
    pub(crate) async fn visitor(&self) -> PeerBox {
        let Incoming::Box(peer) = self.incoming().await else { panic!("no box came") };
        peer
    }
}
