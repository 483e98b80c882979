//! Why there is no connection or no identity.

use std::io;

use crate::Refusal;

/// What went wrong, by the party at fault.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The disk: nothing was stored.
    #[error("the files of the TLS identity cannot be read or written")]
    Storage(#[source] io::Error),
    /// The disk: a file is there, but it is not what this program wrote.
    #[error("the stored {what} is damaged: enrol this box again")]
    Damaged {
        /// Which part.
        what: &'static str,
    },
    /// The network.
    #[error("the server cannot be reached, or the connection broke")]
    Unreachable(#[source] io::Error),
    /// The network or the peer: nothing came for too long.
    #[error("no answer within {seconds} seconds while waiting for {what}")]
    Silent {
        /// What was awaited.
        what: &'static str,
        /// How long.
        seconds: u64,
    },
    /// The peer: it is not who it has to be, or does not take us.
    #[error("the other side is not this town's, or does not accept this side")]
    Handshake(#[source] io::Error),
    /// The peer: it broke the enrolment exchange.
    #[error("the other side sent {what}")]
    Misbehaved {
        /// What was wrong.
        what: &'static str,
    },
    /// The operator or the server: the enrolment was refused.
    #[error("the server refuses the enrolment: {0}")]
    Refused(Refusal),
    /// This program: a key or certificate could not be made.
    #[error("a key or certificate could not be made")]
    Certificate(#[source] rcgen::Error),
    /// This program: a message or file cannot be written in its form.
    #[error("{what} cannot be encoded")]
    Unencodable {
        /// Which.
        what: &'static str,
    },
    /// The operator: what browsers are to be shown.
    #[error("the certificate for browsers cannot be used: {reason}")]
    ForBrowsers {
        /// Why.
        reason: &'static str,
    },
    /// This machine: no random number can be drawn.
    #[error("the system gives no random numbers")]
    NoRandomness,
    /// This program: rustls does not take a configuration.
    #[error("the TLS configuration cannot be built")]
    Configuration(#[source] rustls::Error),
}
