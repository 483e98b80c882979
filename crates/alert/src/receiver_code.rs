//! The text by which a household's receiver is installed.

use core::net::SocketAddr;
use std::fmt;
use std::str::FromStr;

const PREFIX: &str = "hinamori-tv:";
/// A DNS name has at most 253 characters (RFC 1035 §2.3.4), a port 5.
const LONGEST_ADDRESS: usize = 260;

/// Which town's a receiver is. Textual form: `hinamori-tv:HOST:PORT:ROOT`, ROOT in lower-case hexadecimal. Nothing of it is secret; whoever
/// reads it to the installer decides whom the receiver believes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiverCode {
    /// `host:port` at which the town's server answers televisions.
    pub address: String,
    /// The town root's Ed25519 public key.
    pub root: [u8; 32],
}

impl ReceiverCode {
    /// Whether the server speaks TLS there: everywhere but on the receiver's own machine (`127.0.0.1`, `[::1]`).
    pub fn is_over_tls(&self) -> bool {
        !self.address.parse::<SocketAddr>().is_ok_and(|address| address.ip().is_loopback())
    }
}

/// The text is no code of a receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not the code by which a receiver is installed: hinamori-tv:HOST:PORT:ROOT")]
pub struct NoReceiverCode;

impl FromStr for ReceiverCode {
    type Err = NoReceiverCode;

    fn from_str(text: &str) -> Result<Self, NoReceiverCode> {
        let read = || {
            // From the right: the host may be an IPv6 address with colons of its own.
            let (address, root) = text.trim().strip_prefix(PREFIX)?.rsplit_once(':')?;
            let (host, port) = address.rsplit_once(':')?;
            let is_port = port.parse::<u16>().is_ok_and(|port| port != 0);
            // It goes into an address of HTTP.
            let is_host = !host.is_empty()
                && address.len() <= LONGEST_ADDRESS
                && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.:[]".contains(&byte));
            let (pairs, odd) = root.as_bytes().as_chunks::<2>();
            let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
            let bytes: Option<Vec<u8>> =
                pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect();
            let root = bytes.filter(|_| odd.is_empty())?.try_into().ok()?;
            (is_port && is_host).then(|| Self { address: address.to_owned(), root })
        };
        read().ok_or(NoReceiverCode)
    }
}

impl fmt::Display for ReceiverCode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{PREFIX}{}:", self.address)?;
        self.root.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_it_was_written_and_nothing_else_is_one() {
        for address in ["tv.town.example:7482", "192.0.2.7:80", "[2001:db8::1]:7482"] {
            let code = ReceiverCode { address: address.to_owned(), root: [0xAB; 32] };
            assert!(code.is_over_tls());
            assert_eq!(format!(" {code}\n").parse(), Ok(code));
        }
        let root = "ab".repeat(32);
        for wrong in [
            String::new(),
            format!("hinamori-enrol:host:1:{root}"),
            format!("hinamori-tv:host:0:{root}"),
            format!("hinamori-tv:host:65536:{root}"),
            format!("hinamori-tv::80:{root}"),
            format!("hinamori-tv:host/x?:80:{root}"),
            format!("hinamori-tv:host:80:{}", "ab".repeat(31) + "a"),
            format!("hinamori-tv:host:80:{root}00"),
            format!("hinamori-tv:host:80:{}", root.replace('a', "g")),
            format!("hinamori-tv:{}:80:{root}", "h".repeat(300)),
        ] {
            assert_eq!(wrong.parse::<ReceiverCode>(), Err(NoReceiverCode), "{wrong}");
        }
    }
}
