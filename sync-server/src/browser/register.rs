//! `browsers.json`: under what browsers know this server, whose passkeys are whose, and who is invited to make one.

use std::net::IpAddr;

use hinamori_model::{StaffId, UnixMillis};
use hinamori_net_tls::BrowserName;
use serde::{Deserialize, Serialize};
use webauthn_rs::prelude::{AuthenticationResult, CredentialID, Passkey};

use crate::data::{DataError, DataFolder};
use crate::hex;
use crate::one_time_code::hash_of;

/// How long an invitation is good.
pub(crate) const GOOD_FOR_MILLIS: u64 = 30 * 60_000;
/// Passkeys of one member of staff.
const MOST_OF_ONE: usize = 8;
const HTTPS: u16 = 443;

/// What the file says.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BrowserRegister {
    /// None before the administrator said it.
    pub(crate) site: Option<BrowserSite>,
    /// The number that was given out last: none is of two passkeys.
    latest: u32,
    passkeys: Vec<StaffPasskey>,
    invitations: Vec<Invitation>,
    /// Of older files. Codes have 80 bits: to count wrong ones would only let strangers end invitations.
    #[serde(default, skip_serializing, rename = "wrong_tries")]
    _wrong_tries: Option<u8>,
}

/// Under what browsers know this server. Passkeys are bound to the name: it is their relying party (WebAuthn Level 3 §4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BrowserSite {
    /// The DNS name.
    pub name: String,
    /// The port that browsers ask, which a firewall may map.
    pub port: u16,
    /// Addresses by which the server is reached where no name is known. No passkey works there.
    pub addresses: Vec<IpAddr>,
}

impl BrowserSite {
    /// As TLS needs it; `None` for what no passkey can be bound to.
    pub(crate) fn browser_name(&self) -> Option<BrowserName> {
        BrowserName::new(&self.name, &self.addresses)
    }

    /// The origin of its pages (RFC 6454 §6.2).
    pub(crate) fn origin(&self) -> String {
        match (&self.name, self.port) {
            (name, HTTPS) => format!("https://{name}"),
            (name, port) => format!("https://{name}:{port}"),
        }
    }
}

/// A passkey of a member of staff.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StaffPasskey {
    pub(crate) number: u32,
    pub(crate) staff: StaffId,
    pub(crate) made: UnixMillis,
    pub(crate) passkey: Passkey,
}

/// To make one passkey.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Invitation {
    /// SHA-256 of the code: the file opens no door.
    #[serde(with = "hex")]
    digest: [u8; 32],
    staff: StaffId,
    until: UnixMillis,
}

impl BrowserRegister {
    /// From now on this code, and no earlier one, invites somebody.
    pub(crate) fn invite(&mut self, staff: StaffId, digest: [u8; 32], now: UnixMillis) {
        self.invitations.retain(|invitation| invitation.until >= now && invitation.staff != staff);
        self.invitations.push(Invitation { digest, staff, until: now.plus(GOOD_FOR_MILLIS) });
    }

    /// Whom a code invites, and its hash.
    pub(crate) fn invited(&self, code: &str, now: UnixMillis) -> Option<(StaffId, [u8; 32])> {
        let digest = hash_of(code);
        self.invitation(&digest, now).map(|invitation| (invitation.staff, digest))
    }

    fn invitation(&self, digest: &[u8; 32], now: UnixMillis) -> Option<&Invitation> {
        self.invitations.iter().find(|known| known.digest == *digest && known.until >= now)
    }

    /// Uses an invitation up. Gives the new passkey's number; `None` when the invitation is over, or the passkey is somebody's already.
    pub(crate) fn join(&mut self, digest: &[u8; 32], passkey: Passkey, now: UnixMillis) -> Option<u32> {
        let staff = self.invitation(digest, now)?.staff;
        if self.of(staff).count() >= MOST_OF_ONE || self.by_credential(passkey.cred_id()).is_some() {
            return None;
        }
        self.invitations.retain(|invitation| invitation.digest != *digest);
        self.latest = self.latest.saturating_add(1);
        self.passkeys.push(StaffPasskey { number: self.latest, staff, made: now, passkey });
        Some(self.latest)
    }

    pub(crate) fn of(&self, staff: StaffId) -> impl Iterator<Item = &StaffPasskey> {
        self.passkeys.iter().filter(move |known| known.staff == staff)
    }

    pub(crate) fn credentials(&self, staff: StaffId) -> Vec<CredentialID> {
        self.of(staff).map(|known| known.passkey.cred_id().clone()).collect()
    }

    pub(crate) fn by_credential(&self, credential: &[u8]) -> Option<&StaffPasskey> {
        self.passkeys.iter().find(|known| known.passkey.cred_id().as_slice() == credential)
    }

    /// Whether this passkey is still this person's.
    pub(crate) fn has(&self, number: u32, staff: StaffId) -> bool {
        self.of(staff).any(|known| known.number == number)
    }

    /// Notes what a passkey says of itself after each use, such as its counter.
    pub(crate) fn used(&mut self, result: &AuthenticationResult) {
        for known in &mut self.passkeys {
            known.passkey.update_credential(result);
        }
    }

    /// Takes a person's passkeys away, or one of them, and what they are invited to. Gives how many passkeys; `None` when there was nothing
    /// of that, and nothing is changed.
    pub(crate) fn remove(&mut self, staff: StaffId, number: Option<u32>) -> Option<usize> {
        let is_meant =
            |known: &StaffPasskey| known.staff == staff && number.is_none_or(|number| number == known.number);
        let removed = self.passkeys.iter().filter(|known| is_meant(known)).count();
        // A newcomer has an invitation only.
        let is_invited = self.invitations.iter().any(|invitation| invitation.staff == staff);
        if removed == 0 && (number.is_some() || !is_invited) {
            return None;
        }
        self.passkeys.retain(|known| !is_meant(known));
        self.invitations.retain(|invitation| invitation.staff != staff);
        Some(removed)
    }

    pub(crate) fn passkeys(&self) -> &[StaffPasskey] {
        &self.passkeys
    }
}

/// Changes the register under the folder's lock, and writes it down where something of it is other than before.
pub(crate) fn change_register<T, E: From<DataError>>(
    folder: &DataFolder,
    change: impl FnOnce(&mut BrowserRegister) -> Result<T, E>,
) -> Result<T, E> {
    let locked = folder.lock()?;
    let mut register = folder.browsers()?;
    // A passkey is equal to itself also with another counter: what would be written is compared.
    let written = |register: &BrowserRegister| serde_json::to_vec(register).unwrap_or_default();
    let before = written(&register);
    let outcome = change(&mut register)?;
    if written(&register) != before {
        locked.save_browsers(&register)?;
    }
    Ok(outcome)
}
