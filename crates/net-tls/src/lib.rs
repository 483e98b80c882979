//! TLS between boxes and the server: keys, certificates, enrolment, connections.
//!
//! Two protocols on one listener, told apart by ALPN (RFC 7301): [`SYNC_PROTOCOL`] with mutual
//! authentication (TLS 1.3, Ed25519 certificates under the town's TLS root), and [`ENROL_PROTOCOL`] for a box
//! that has no certificate yet and shows a one-time code instead.
//!
//! The life of a box: an operator types an [`EnrolmentCode`]; [`enrol`] makes a TLS key on the box, proves
//! the seal key and checks the server against the code; [`Joined::keep`] stores an [`Identity`]; [`connect`] opens the
//! long-lived connection from then on; [`Identity::dial_neighbour`] and [`Identity::accept_neighbour`] let boxes meet without a server.
//! The server's half is [`Acceptor`]: it takes a TCP connection and says
//! who came ([`Incoming`]). Browsers have a listener, keys and certificates of their own ([`BrowserDoor`]).
//!
//! **Invariant:** no decision of theirs depends on a clock: a certificate's dates are not looked at, because a box that
//! starts after a power cut thinks that it is 1970. Who may come in is decided by key, grant and deny list.
//! **Invariant:** a box can never pass for the server, nor the reverse (extended key usage, RFC 5280
//! §4.2.1.12), and both only under the pinned root. Between two boxes both show a box's certificate, whoever dials.
//! **Invariant:** private keys cannot be printed and lie in files that only their owner reads.

mod acceptor;
mod authority;
mod browser;
mod certificate;
mod code;
mod connection;
mod enrolment;
mod error;
mod frame;
mod identity;
mod neighbour;
mod owner;
mod socket;
mod verifier;
mod words;

pub use acceptor::{Acceptor, Enrolment, Incoming, PeerBox};
pub use authority::{BroadcastCredential, ServerCredential, TlsRoot};
pub use browser::{BrowserDoor, BrowserName, browser_certificate};
pub use certificate::SigningRequest;
pub use code::{EnrolmentCode, NoEnrolmentCode};
pub use connection::connect;
pub use enrolment::{EnrolmentRequest, Granted, Joined, Refusal, enrol};
pub use error::TlsError;
pub use identity::{Identity, IdentityStamp};
pub use neighbour::Neighbour;
pub use owner::act_as_owner;
pub use words::ThreeWords;

/// The ALPN name of the framed protocol of enrolled boxes.
pub const SYNC_PROTOCOL: &[u8] = b"hinamori-sync/1";
/// The ALPN name of the framed protocol between two boxes.
pub const NEIGHBOUR_PROTOCOL: &[u8] = b"hinamori-neighbour/1";
/// The ALPN name of the exchange in which a box joins.
pub const ENROL_PROTOCOL: &[u8] = b"hinamori-enrol/2";
/// The name that every town's server proves. It is not the host name that boxes dial: the server may move
/// to another address, and no box can be issued this name.
pub const SERVER_NAME: &str = "server.hinamori.internal";
