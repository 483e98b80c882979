//! The signed log `browsers`: who signed in, who was refused, and who let whom in. No code, token or name is in it.

use std::net::IpAddr;

use hinamori_model::{StaffId, UnixMillis};
use serde::Serialize;

use crate::data::{DataFolder, Keys};
use crate::signed_log::{LogError, SignedLog};

/// The log's name.
pub(crate) const BROWSERS: &str = "browsers";

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Did {
    /// The administrator made a link.
    Invited,
    /// Somebody made a passkey by it.
    Enrolled,
    SignedIn,
    SignedOut,
    Refused,
    /// The administrator took passkeys away.
    Removed,
    /// The administrator said under what browsers know this server.
    Named,
}

/// Why somebody was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Refusal {
    /// A code that invites nobody, any more.
    Code,
    /// A page of somebody else's, or no page.
    Page,
    /// A challenge that was not given out, or was answered already.
    Challenge,
    /// A passkey that is nobody's.
    Passkey,
    /// A signature that does not hold, or not of this server, or without its user.
    Signature,
    /// Somebody who is on the town's list no more.
    Staff,
}

/// One line.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Entry<'a> {
    pub(crate) did: Did,
    /// Whose account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) staff: Option<StaffId>,
    /// The number of an officer who signed in at the desk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) officer: Option<u32>,
    /// The passkey's number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) passkey: Option<u32>,
    /// From where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) from: Option<IpAddr>,
    /// The user of this machine who ran a command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) why: Option<Refusal>,
    /// Refusals before this one that were too many to write down.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) unsaid: Option<u64>,
    /// The name that browsers know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<&'a str>,
}

impl Entry<'_> {
    pub(crate) const fn new(did: Did) -> Self {
        Self {
            did,
            staff: None,
            officer: None,
            passkey: None,
            from: None,
            user: None,
            why: None,
            unsaid: None,
            name: None,
        }
    }

    /// Writes it down; it is on the disk when this returns.
    pub(crate) fn write(self, folder: &DataFolder, keys: &Keys, now: UnixMillis) -> Result<(), LogError> {
        SignedLog::new(folder.path(), BROWSERS, &keys.log).append(now, self).map(drop)
    }
}
