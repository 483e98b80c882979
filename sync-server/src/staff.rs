//! `[[staff]]` of `town.toml`: who may sign in at a box, with which cards, where and until when.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use hinamori_model::{
    CardKey, PersonId, PersonalText, Role, SiteId, StaffId, TokenKind, TownKey, UnixMillis,
};
use hinamori_pki::CardCertificate;
use hinamori_sync::town::{Card, MOST_STAFF, Package, Site, StaffCard, StaffGrant};
use serde::Deserialize;

use crate::data::{DataError, DataFolder, Keys};
use crate::import::{ImportError, read, wrong};

/// Cards of one member of staff.
const MOST_CARDS: usize = 8;
/// Characters of a name.
const LONGEST_NAME: usize = 60;

/// One member of staff as the file has them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StaffToml {
    id: StaffId,
    name: PersonalText,
    role: Role,
    /// Somebody of the register: their cards in `cards.json` are meant.
    person: Option<PersonId>,
    /// Certificates of cards (DER), beside `town.toml`, of whoever is on no register.
    #[serde(default)]
    card: Vec<PathBuf>,
    /// Where; none for every site.
    #[serde(default)]
    sites: Vec<SiteId>,
    /// The last day, as Japan counts it.
    until: String,
}

/// The staff of a package, and whose time is over already.
pub(crate) struct Listed {
    pub(crate) grants: Vec<StaffGrant>,
    pub(crate) over: Vec<StaffId>,
}

/// Whom the file means, with their cards.
///
/// # Errors
/// [`ImportError`] for two entries with one id or one card, for somebody without a card, for a site that the town does not have,
/// and for what is no date. Names are not repeated.
pub(crate) fn staff_of(
    listed: Vec<StaffToml>,
    file: &Path,
    (sites, cards): (&[Site], &[Card]),
    key: &TownKey,
    now: UnixMillis,
) -> Result<Listed, ImportError> {
    if listed.len() > MOST_STAFF {
        return Err(wrong(file, format!("more than {MOST_STAFF} members of staff")));
    }
    let (mut ids, mut bound) = (BTreeSet::new(), BTreeSet::new());
    let mut found = Listed { grants: Vec::new(), over: Vec::new() };
    for StaffToml { id, name, role, person, card: files, sites: at, until } in listed {
        let bad = |reason: &str| wrong(file, format!("staff {id}: {reason}"));
        if !ids.insert(id) {
            return Err(bad("is there twice"));
        }
        if name.expose().trim().is_empty() || name.expose().chars().count() > LONGEST_NAME {
            return Err(bad("has no name, or one that fits on no screen"));
        }
        if let Some(strange) = at.iter().find(|site| !sites.iter().any(|known| known.id == **site)) {
            return Err(bad(&format!("is to work at site {strange}, which the town does not have")));
        }
        let until = end_of_day(&until).ok_or_else(|| bad("until is no date such as 2027-03-31"))?;
        let mut own: Vec<StaffCard> = cards
            .iter()
            .filter(|card| Some(card.person) == person)
            .filter_map(|card| of_list(card, key))
            .collect();
        for certificate in files {
            own.push(of_certificate(&beside(file, &certificate), key)?);
        }
        if own.is_empty() {
            return Err(bad("has no card with a certificate, and could never sign in"));
        }
        if own.len() > MOST_CARDS {
            return Err(bad("has more cards than anybody carries"));
        }
        if own.iter().any(|card| !bound.insert(card.card)) {
            return Err(bad("has a card that is another one's too"));
        }
        let grant = StaffGrant { id, name, role, cards: own, sites: at, until };
        if until < now { found.over.push(id) } else { found.grants.push(grant) }
    }
    Ok(found)
}

/// A card that was reported lost signs nobody in; neither does one without a certificate.
fn of_list(card: &Card, key: &TownKey) -> Option<StaffCard> {
    let is_sound = card.kind == TokenKind::Certificate && card.stopped.is_none();
    is_sound.then(|| StaffCard {
        card: key.card_key(card.kind, &card.identity),
        application_key: card.application_key.clone(),
    })
}

/// A certificate says which card it is, and holds no key with which the chip could prove itself: its PIN is needed.
fn of_certificate(file: &Path, key: &TownKey) -> Result<StaffCard, ImportError> {
    let parsed = CardCertificate::parse(&read(file)?).map_err(|error| wrong(file, error.to_string()))?;
    let card: CardKey = key.card_key(TokenKind::Certificate, &parsed.spki_hash().0);
    Ok(StaffCard { card, application_key: None })
}

fn beside(town: &Path, file: &Path) -> PathBuf {
    town.parent().map_or_else(|| file.to_owned(), |folder| folder.join(file))
}

/// The last millisecond of a day in Japan.
pub(crate) fn end_of_day(text: &str) -> Option<UnixMillis> {
    let day: jiff::civil::Date = text.parse().ok()?;
    let next = day.tomorrow().ok()?.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(9))).ok()?;
    u64::try_from(next.timestamp().as_millisecond()).ok()?.checked_sub(1).map(UnixMillis::new)
}

/// The day of a moment in Japan.
pub(crate) fn day_of(at: UnixMillis) -> String {
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(9));
    let at = i64::try_from(at.get()).ok().and_then(|at| jiff::Timestamp::from_millisecond(at).ok());
    at.map_or_else(String::new, |at| at.to_zoned(zone).date().to_string())
}

/// Who may sign in, one a line: id, role, last day, number of cards, sites, name.
///
/// # Errors
/// [`DataError`].
pub fn staff_list(folder: &DataFolder, keys: &Keys) -> Result<String, DataError> {
    let (_, package) = folder.town(keys)?;
    let mut text = String::new();
    for StaffGrant { id, name, role, cards, sites, until } in &package.staff {
        let sites = match sites.as_slice() {
            [] => "every site".to_owned(),
            sites => sites.iter().map(|site| site_name(&package, *site)).collect::<Vec<_>>().join(", "),
        };
        let (until, cards, name) = (day_of(*until), cards.len(), name.expose());
        // Writing to a string does not fail.
        writeln!(text, "{id}  {}  {until}  {cards} cards  {sites}  {name}", role_name(*role)).ok();
    }
    Ok(text)
}

pub(crate) fn site_name(package: &Package, id: SiteId) -> String {
    package.sites.iter().find(|site| site.id == id).map_or_else(|| id.to_string(), |site| site.name.clone())
}

/// A role as `town.toml` writes it.
pub(crate) const fn role_name(role: Role) -> &'static str {
    match role {
        Role::Volunteer => "volunteer",
        Role::Leader => "leader",
        Role::Nurse => "nurse",
        Role::Official => "official",
        Role::InquiryClerk => "inquiry_clerk",
        Role::Auditor => "auditor",
    }
}
