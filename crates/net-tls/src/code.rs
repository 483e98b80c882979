//! The text that an operator types or scans at a new box.

use std::fmt;
use std::str::FromStr;

const PREFIX: &str = "hinamori-enrol";
/// A DNS name has at most 253 characters (RFC 1035 §2.3.4), a port 5.
const LONGEST_ADDRESS: usize = 260;

/// Where the server is, what it must prove, and a one-time token. Textual form:
/// `hinamori-enrol:HOST:PORT:ROOT:TLSROOT:TOKEN` in lower-case hexadecimal. It has no `Debug`: whoever holds
/// it can join the town.
#[derive(Clone, PartialEq, Eq)]
pub struct EnrolmentCode {
    /// `host:port` of the server.
    pub address: String,
    /// The town root's Ed25519 public key, which town packages are signed with.
    pub town_root: [u8; 32],
    /// SHA-256 of the TLS root's certificate.
    pub tls_root: [u8; 32],
    /// 80 random bits; one use, 15 minutes, five tries.
    pub token: [u8; 10],
}

impl FromStr for EnrolmentCode {
    type Err = NoEnrolmentCode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let rest = text.trim().strip_prefix(PREFIX).and_then(|rest| rest.strip_prefix(':'));
        // From the right: the host may be an IPv6 address with colons of its own.
        let mut parts = rest.ok_or(NoEnrolmentCode)?.rsplitn(4, ':');
        let mut next = || parts.next().ok_or(NoEnrolmentCode);
        let (token, tls_root, town_root, address) = (next()?, next()?, next()?, next()?);
        let (host, port) = address.rsplit_once(':').ok_or(NoEnrolmentCode)?;
        let port: u16 = port.parse().map_err(|_no_port| NoEnrolmentCode)?;
        if host.is_empty() || port == 0 || address.len() > LONGEST_ADDRESS {
            return Err(NoEnrolmentCode);
        }
        Ok(Self {
            address: address.to_owned(),
            town_root: bytes_from_hex(town_root)?,
            tls_root: bytes_from_hex(tls_root)?,
            token: bytes_from_hex(token)?,
        })
    }
}

impl fmt::Display for EnrolmentCode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, town_root, tls_root, token } = self;
        write!(out, "{PREFIX}:{address}")?;
        for part in [town_root.as_slice(), tls_root, token] {
            out.write_str(":")?;
            part.iter().try_for_each(|byte| write!(out, "{byte:02x}"))?;
        }
        Ok(())
    }
}

fn bytes_from_hex<const LENGTH: usize>(text: &str) -> Result<[u8; LENGTH], NoEnrolmentCode> {
    let digits = text.as_bytes();
    if digits.len() != LENGTH * 2 {
        return Err(NoEnrolmentCode);
    }
    let mut bytes = [0; LENGTH];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = pair.iter().try_fold(0, |value, digit| match digit {
            b'0'..=b'9' => Ok(value << 4 | (digit - b'0')),
            b'a'..=b'f' => Ok(value << 4 | (digit - b'a' + 10)),
            _ => Err(NoEnrolmentCode),
        })?;
    }
    Ok(bytes)
}

/// The text is no enrolment code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not an enrolment code of Hinamori")]
pub struct NoEnrolmentCode;

#[cfg(test)]
mod tests {
    use super::*;

    fn code(address: &str) -> EnrolmentCode {
        EnrolmentCode {
            address: address.to_owned(),
            town_root: [0x1a; 32],
            tls_root: [0xf0; 32],
            token: [0x07; 10],
        }
    }

    #[test]
    fn codes_round_trip_whatever_the_host() {
        for address in ["127.0.0.1:21200", "hall.shiomi.example:8843", "[2001:db8::1]:443"] {
            let text = code(address).to_string();
            assert!(text.parse::<EnrolmentCode>() == Ok(code(address)), "{text}");
            assert!(format!("  {text}\n").parse::<EnrolmentCode>() == Ok(code(address)), "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        let whole = code("a:1").to_string();
        for position in 0..whole.len() {
            assert!(whole.get(..position).unwrap().parse::<EnrolmentCode>().is_err(), "{position}");
        }
        for refused in [
            whole.to_uppercase(),
            whole.replace("1a1a", "1g1a"),
            whole.replace("1a1a", "+11a"),
            whole.replace(":a:1:", ":a:0:"),
            whole.replace(":a:1:", ":a:65536:"),
            whole.replace(":a:1:", "::1:"),
            whole.replace(":a:1:", &format!(":{}:1:", "a".repeat(300))),
            whole.replace("hinamori", "minamori"),
            format!("{whole}00"),
        ] {
            assert!(refused.parse::<EnrolmentCode>().is_err(), "{refused}");
        }
    }
}
