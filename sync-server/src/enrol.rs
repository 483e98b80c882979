//! Codes are given out and taken, boxes are shut out.

use std::fmt::Write as _;

use hinamori_model::{BoxId, SiteId, UnixMillis};
use hinamori_net_tls::{EnrolmentCode, EnrolmentRequest, Granted, Refusal, ThreeWords};
use hinamori_record::Period;
use hinamori_store_sqlite::StoreError;
use hinamori_sync::town::Package;
use hinamori_sync::{CutOff, Grant, Retention, headquarters};

use crate::archive::Stores;
use crate::close::StandbyIncident;
use crate::data::{DataError, DataFolder, Keys, random};
use crate::registry::{Place, RegisteredBox, Registry, Standing};
use crate::staff::{day_of, site_name};

/// How often a token is drawn anew because another code begins alike: one in 65,536 does.
const DRAWS: u8 = 16;

/// What an operator asks a code for.
#[derive(Debug, Clone)]
pub struct CodeRequest {
    /// Where the box will stand.
    pub site: SiteId,
    /// Other sites whose records it may read.
    pub reads: Vec<SiteId>,
    /// `host:port` under which boxes reach this server.
    pub address: String,
}

/// Gives out a code for one box, good at once, whether or not the server runs.
///
/// # Errors
/// [`DataError`].
pub fn issue_code(
    folder: &DataFolder,
    keys: &Keys,
    request: &CodeRequest,
    now: UnixMillis,
) -> Result<EnrolmentCode, DataError> {
    let locked = folder.lock()?;
    let (_, package) = folder.town(keys)?;
    for site in request.reads.iter().chain([&request.site]) {
        if !package.sites.iter().any(|known| known.id == *site) {
            return Err(DataError::unknown_site(*site, &package));
        }
    }
    let mut registry = folder.registry()?;
    let place = Place { site: request.site, reads: request.reads.clone() };
    let mut token = random::<10>()?;
    for _ in 0..DRAWS {
        if registry.issue(&token, place.clone(), now) {
            locked.save_registry(&registry)?;
            let (town_root, tls_root) = (keys.town_root.public(), keys.tls_root.fingerprint());
            return Ok(EnrolmentCode { address: request.address.clone(), town_root, tls_root, token });
        }
        token = random()?;
    }
    Err(DataError::NoRandomness(getrandom::Error::UNEXPECTED))
}

/// Why a box was not taken in.
#[derive(Debug)]
pub(crate) enum NotTaken {
    /// The rules say no.
    Refused(Refusal),
    /// The server could not.
    Fault(DataError),
}

impl From<DataError> for NotTaken {
    fn from(error: DataError) -> Self {
        Self::Fault(error)
    }
}

/// Takes a box in: its code is used up, its certificate issued, and the next package names it. Gives what the box shall get, and the
/// words that it shows.
///
/// # Errors
/// [`NotTaken`].
pub(crate) fn take_in(
    folder: &DataFolder,
    keys: &Keys,
    request: &EnrolmentRequest,
    now: UnixMillis,
) -> Result<(Granted, ThreeWords), NotTaken> {
    let locked = folder.lock()?;
    let mut registry = folder.registry()?;
    let before = registry.clone();
    let place = match redeem(&mut registry, request, now) {
        Ok(place) => place,
        Err(refusal) => {
            // A wrong try of a code counts although nothing else happened; any other costs the disk nothing.
            if registry != before {
                locked.save_registry(&registry)?;
            }
            return Err(NotTaken::Refused(refusal));
        }
    };
    let certificate = keys
        .tls_root
        .issue_for_box(&request.signing_request, request.box_id)
        .map_err(|error| NotTaken::Fault(DataError::Tls(error)))?;
    let words = request.words(&keys.town_root.public(), &keys.tls_root.fingerprint());
    registry.boxes.insert(
        request.box_id,
        RegisteredBox {
            place,
            seal_key: request.seal_key,
            tls_key: request.signing_request.key().0,
            enrolled_at: now,
            words,
            standing: Standing::Admitted,
            trusted: None,
        },
    );
    let (_, mut package) = folder.town(keys)?;
    name_boxes(&mut package, keys, &registry, now);
    // The package first: after a power cut between the two the code is still good, and nobody is let in.
    let signed = locked.save_package(keys, &package)?;
    locked.save_registry(&registry)?;
    let tls_root = keys.tls_root.certificate().to_vec();
    Ok((Granted { certificate, tls_root, package: signed.as_bytes().to_vec() }, words))
}

fn redeem(registry: &mut Registry, request: &EnrolmentRequest, now: UnixMillis) -> Result<Place, Refusal> {
    let denied = registry.boxes.get(&request.box_id).is_some_and(|known| known.standing == Standing::Denied);
    if denied { Err(Refusal::Denied) } else { registry.redeem(&request.token, now) }
}

/// The town's boxes, one a line, the one that joined last at the end: id, day, whether it is let in, site, and the three words that
/// `hinamorictl enrol` showed at it.
///
/// # Errors
/// [`DataError`].
pub fn box_list(folder: &DataFolder, keys: &Keys) -> Result<String, DataError> {
    let registry = folder.registry()?;
    let (_, package) = folder.town(keys)?;
    let mut boxes: Vec<_> = registry.boxes.iter().collect();
    boxes.sort_by_key(|(_, known)| known.enrolled_at);
    let mut text = String::new();
    for (id, known) in boxes {
        let standing = match known.standing {
            Standing::Admitted => "admitted",
            Standing::Denied => "denied",
        };
        let (day, site, words) =
            (day_of(known.enrolled_at), site_name(&package, known.place.site), known.words);
        // Writing to a string does not fail.
        writeln!(text, "{id}  {day}  {standing}  {site}  {words}").ok();
    }
    Ok(text)
}

/// Why a box was not shut out or let in.
#[derive(Debug, thiserror::Error)]
pub enum DenyError {
    /// The data folder, or the operator named another box.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The records.
    #[error("the records cannot be read")]
    Store(#[from] StoreError),
}

/// Makes `package` the next one, with the boxes of the register and headquarters' desk, which all of them may read.
pub(crate) fn name_boxes(package: &mut Package, keys: &Keys, registry: &Registry, now: UnixMillis) {
    package.version = package.version.saturating_add(1);
    package.issued_at = now;
    let site = headquarters(&keys.town_root.public());
    // Nobody connects as the desk: no key has this hash.
    let desk = Grant { seal_key: keys.desk.public(), tls_key: [0; 32], site, reads: Vec::new() };
    let granted = registry.boxes.iter().map(|(id, known)| {
        let mut grant = known.grant();
        grant.reads.push(site);
        (*id, grant)
    });
    package.boxes = granted.chain([(keys.desk.box_id(), desk)]).collect();
    let denied = registry.boxes.iter().filter(|(_, known)| known.standing == Standing::Denied);
    package.denied = denied.map(|(id, _)| *id).collect();
    let cut_off =
        |(of, known): (&BoxId, &RegisteredBox)| Some(CutOff { of: *of, trusted: known.trusted.clone()? });
    package.cut_offs = registry.boxes.iter().filter_map(cut_off).collect();
    // Nothing is left of what is closed.
    let is_closed = |of: &Retention| package.closed.iter().any(|closed| closed.incident == of.incident);
    package.retentions = registry.retentions.iter().filter(|of| !is_closed(of)).copied().collect();
    package.forks.clone_from(&registry.forks);
}

/// Shuts a box out. It takes effect within a second, also on an open connection. What it sealed is believed as before or, with a
/// moment, only as far as it had come to this server by then.
///
/// # Errors
/// [`DenyError`].
pub fn deny(
    folder: &DataFolder,
    keys: &Keys,
    id: BoxId,
    trust_until: Option<UnixMillis>,
    now: UnixMillis,
) -> Result<(), DenyError> {
    let trusted = match trust_until {
        Some(until) => Some(Stores::open(folder, &keys.key_table)?.received_of(id, until)?),
        None => None,
    };
    change_box(folder, keys, id, now, |known| {
        known.standing = Standing::Denied;
        known.trusted = trusted;
    })
}

/// Keeps an incident from a day on. Boxes say again what counts of the days before; each goes as soon as nothing of it is left to
/// say, or at once when `is_final`.
///
/// # Errors
/// [`DataError`].
pub fn keep_from(
    folder: &DataFolder,
    keys: &Keys,
    which: StandbyIncident,
    first: UnixMillis,
    is_final: bool,
    now: UnixMillis,
) -> Result<(), DataError> {
    change_register(folder, keys, now, |registry, package| {
        let incident = which.of(package.incidents);
        let first_day = Period::of(first).day();
        // A day that went does not come back.
        let known = registry.retentions.iter().find(|of| of.incident == incident).map(|of| of.first_day);
        let first_day = known.map_or(first_day, |known| known.max(first_day));
        registry.retentions.retain(|of| of.incident != incident);
        registry.retentions.push(Retention { incident, first_day, is_final });
        Ok(())
    })
}

/// Lets a box in again, and believes all that it says.
///
/// # Errors
/// [`DenyError`].
pub fn admit(folder: &DataFolder, keys: &Keys, id: BoxId, now: UnixMillis) -> Result<(), DenyError> {
    change_box(folder, keys, id, now, |known| {
        known.standing = Standing::Admitted;
        known.trusted = None;
    })
}

fn change_box(
    folder: &DataFolder,
    keys: &Keys,
    id: BoxId,
    now: UnixMillis,
    change: impl FnOnce(&mut RegisteredBox),
) -> Result<(), DenyError> {
    Ok(change_register(folder, keys, now, |registry, _| {
        change(registry.boxes.get_mut(&id).ok_or(DataError::UnknownBox { id })?);
        Ok(())
    })?)
}

/// Changes the register, and has the next package say so.
fn change_register(
    folder: &DataFolder,
    keys: &Keys,
    now: UnixMillis,
    change: impl FnOnce(&mut Registry, &Package) -> Result<(), DataError>,
) -> Result<(), DataError> {
    let locked = folder.lock()?;
    let mut registry = folder.registry()?;
    let (_, mut package) = folder.town(keys)?;
    change(&mut registry, &package)?;
    name_boxes(&mut package, keys, &registry, now);
    // The register first: nobody is let in whom the package does not name as shut out.
    locked.save_registry(&registry)?;
    locked.save_package(keys, &package)?;
    Ok(())
}
