//! What the administrator says of browsers, by commands of this machine. Each stands in the signed log before it counts.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use hinamori_model::{StaffId, UnixMillis};
use hinamori_net_tls::{BrowserDoor, TlsError, browser_certificate};

use webauthn_rs::prelude::WebauthnError;

use super::log::{Did, Entry};
use super::register::{BrowserSite, change_register};
use crate::data::{DataError, DataFolder, Keys};
use crate::one_time_code::new_code;
use crate::signed_log::LogError;
use crate::staff::{day_of, role_name};

/// Why a command of browsers is not carried out. The administrator's.
#[derive(Debug, thiserror::Error)]
pub enum BrowserError {
    /// The data folder.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The log: nothing happens without a line in it.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The certificate.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A name that passkeys do not take.
    #[error("passkeys cannot be used")]
    Passkeys(#[from] WebauthnError),
    /// A name to which no passkey can be bound.
    #[error("{0} is no DNS name with a dot in it: passkeys are bound to one")]
    BadName(String),
    /// The name is fixed.
    #[error(
        "browsers know this server as {0} and these addresses, and passkeys and tablets are bound to that"
    )]
    OtherName(String),
    /// Nobody said the name yet.
    #[error("browsers do not know this server yet: run `hinamori-server browser certificate` first")]
    NoName,
    /// Who.
    #[error("the town's list has no staff {0}, or their time is over: see [[staff]] in town.toml")]
    UnknownStaff(StaffId),
    /// What was to be taken away.
    #[error("staff {0} has no such passkey and, without a number, no invitation")]
    NoPasskey(StaffId),
}

/// Who brings the certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateSource {
    /// The town's own authority, which is installed on each tablet.
    Own,
    /// An ACME client.
    Brought,
}

/// Says under what browsers know this server, and makes or checks its certificate. Gives the file that is installed on tablets; `None` where
/// an ACME client brings the certificate.
///
/// # Errors
/// [`BrowserError`].
pub fn set_browser_site(
    folder: &DataFolder,
    keys: &Keys,
    (site, source): (BrowserSite, CertificateSource),
    user: &str,
    now: UnixMillis,
) -> Result<Option<PathBuf>, BrowserError> {
    let name = site.browser_name().ok_or_else(|| BrowserError::BadName(site.name.clone()))?;
    let site = BrowserSite { name: name.name().to_owned(), ..site };
    let known = folder.browsers()?.site;
    let is_another = |known: &&BrowserSite| known.name != site.name || known.addresses != site.addresses;
    if let Some(known) = known.as_ref().filter(is_another) {
        return Err(BrowserError::OtherName(known.name.clone()));
    }
    let tls = folder.browser_tls();
    let installed = match source {
        CertificateSource::Own => {
            browser_certificate(&tls, &name, Duration::from_millis(now.get()))?;
            Some(tls.join("town-authority.crt"))
        }
        CertificateSource::Brought => BrowserDoor::open(&tls, name, Duration::ZERO).map(|_door| None)?,
    };
    if known.as_ref() != Some(&site) {
        change_register(folder, |register| {
            let entry = Entry { user: Some(user), name: Some(&site.name), ..Entry::new(Did::Named) };
            entry.write(folder, keys, now)?;
            register.site = Some(site.clone());
            Ok::<_, BrowserError>(())
        })?;
    }
    Ok(installed)
}

/// Invites somebody of the town's staff to make one passkey. Gives the link, which is good for thirty minutes and once.
///
/// # Errors
/// [`BrowserError`].
pub fn invite_staff(
    folder: &DataFolder,
    keys: &Keys,
    staff: StaffId,
    user: &str,
    now: UnixMillis,
) -> Result<String, BrowserError> {
    let (_, package) = folder.town(keys)?;
    if !package.staff.iter().any(|grant| grant.id == staff && grant.until >= now) {
        return Err(BrowserError::UnknownStaff(staff));
    }
    let (code, digest) = new_code()?;
    change_register(folder, |register| {
        let origin = register.site.as_ref().ok_or(BrowserError::NoName)?.origin();
        let entry = Entry { staff: Some(staff), user: Some(user), ..Entry::new(Did::Invited) };
        entry.write(folder, keys, now)?;
        register.invite(staff, digest, now);
        // What is behind # goes to no server and stands in no log of one (RFC 3986 §3.5).
        Ok(format!("{origin}/#enrol={code}"))
    })
}

/// Takes somebody's passkeys away, or one of them, and their invitation: they are out at once. Gives how many passkeys.
///
/// # Errors
/// [`BrowserError`].
pub fn remove_passkeys(
    folder: &DataFolder,
    keys: &Keys,
    (staff, number): (StaffId, Option<u32>),
    user: &str,
    now: UnixMillis,
) -> Result<usize, BrowserError> {
    change_register(folder, |register| {
        let removed = register.remove(staff, number).ok_or(BrowserError::NoPasskey(staff))?;
        let entry =
            Entry { staff: Some(staff), passkey: number, user: Some(user), ..Entry::new(Did::Removed) };
        entry.write(folder, keys, now)?;
        Ok(removed)
    })
}

/// The passkeys, one a line: staff, number, day of making, role, name.
///
/// # Errors
/// [`BrowserError`].
pub fn passkey_list(folder: &DataFolder, keys: &Keys) -> Result<String, BrowserError> {
    let (_, package) = folder.town(keys)?;
    let register = folder.browsers()?;
    let mut text = String::new();
    if let Some(site) = &register.site {
        // Writing to a string does not fail.
        writeln!(text, "{}", site.origin()).ok();
    }
    for known in register.passkeys() {
        let grant = package.staff.iter().find(|grant| grant.id == known.staff);
        let (role, name) = grant
            .map_or(("on the town's list no more", ""), |grant| (role_name(grant.role), grant.name.expose()));
        let (staff, number, made) = (known.staff, known.number, day_of(known.made));
        writeln!(text, "{staff}  {number}  {made}  {role}  {name}").ok();
    }
    Ok(text)
}
