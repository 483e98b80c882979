//! The town's registers, as its IT office writes them, become a signed package.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use hinamori_model::{
    BindingAssurance, HouseholdId, IncidentId, Mode, PersonId, PersonalText, SiteId, SiteKind, StaffId,
    TokenKind, TownKey, UnixMillis,
};
use hinamori_pki::{CardCertificate, TestHierarchies, Verifier};
use hinamori_store_sqlite::StoreError;
use hinamori_sync::town::{Card, ClosedIncident, Directory, Incidents, Package, Person, Site};
use hinamori_sync::{EVERYWHERE, PartHead, cut, headquarters};
use serde::Deserialize;

use crate::data::{DataError, DataFolder, Keys};
use crate::enrol::name_boxes;
use crate::field_links;
use crate::hall::incident_of;
use crate::hex;
use crate::own_shelter::adopt;
use crate::register::{Register, RegisterFiles, read_register};
use crate::roster;
use crate::staff::{StaffToml, staff_of};

/// Bytes of one input file: 100,000 cards with their keys take 80 MB.
const LONGEST_FILE: u64 = 128 << 20;
/// For so long after its end a list still tells who is not revoked, where the town says nothing else.
const GRACE_HOURS: u16 = 72;
const MILLIS_PER_HOUR: u64 = 3_600_000;

/// Where the registers are.
#[derive(Debug, Clone)]
pub struct TownFiles {
    /// `town.toml`: sites, incidents, people.
    pub town: PathBuf,
    /// `cards.json`: registered cards.
    pub cards: PathBuf,
    /// Folder of pinned authorities (`*.der`).
    pub anchors: PathBuf,
    /// Folder of authorities below them (`*.der`).
    pub intermediates: PathBuf,
    /// The lists of residents and of those who need support. Without them everybody on the list before stays.
    pub register: Option<RegisterFiles>,
}

/// Whether the package moves the boxes' earliest time back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BoxTime {
    /// It stays where it is.
    Stays,
    /// The town says that it is not later than this server's clock. Every package says so from now on, until the next
    /// import: a box may be away while one is the newest.
    Resets,
}

/// Why registers were not taken. Nothing was changed. No text of the files is repeated, since it may be
/// somebody's name.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The operator: a file is wrong.
    #[error("{file}: {reason}")]
    File {
        /// Which file.
        file: PathBuf,
        /// What is wrong and where.
        reason: String,
    },
    /// The data folder, and the operator named no list of residents.
    #[error(
        "whoever is on the list of residents cannot be read from the package before: --residents brings them back"
    )]
    ResidentsLost(#[source] DataError),
    /// The data folder, so that nobody can say who is missing in the new list of residents.
    #[error(
        "the new list of residents cannot be compared with the package before: if it is whole, say --allow-removals"
    )]
    NotComparable(#[source] DataError),
    /// The data folder.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The databases.
    #[error("what boxes said of cards cannot be read")]
    Records(#[from] StoreError),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TownToml {
    name: String,
    incidents: IncidentsToml,
    #[serde(default)]
    lists: ListsToml,
    site: Vec<SiteToml>,
    #[serde(default)]
    household: Vec<HouseholdToml>,
    #[serde(default)]
    person: Vec<PersonToml>,
    #[serde(default)]
    staff: Vec<StaffToml>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IncidentsToml {
    daily_life: IncidentId,
    live: IncidentId,
    drill: IncidentId,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListsToml {
    grace_hours: u16,
}

impl Default for ListsToml {
    fn default() -> Self {
        Self { grace_hours: GRACE_HOURS }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SiteToml {
    id: SiteId,
    name: String,
    kind: SiteKind,
    #[serde(default)]
    catchment: Vec<String>,
    /// Degrees (WGS 84), both or none.
    latitude: Option<f64>,
    longitude: Option<f64>,
    /// How many people it has places for.
    capacity: Option<u32>,
}

impl SiteToml {
    /// Whether it is on the earth, or nowhere.
    fn has_good_position(&self) -> bool {
        match (self.latitude, self.longitude) {
            (None, None) => true,
            (Some(north), Some(east)) => north.abs() <= 90.0 && east.abs() <= 180.0,
            (Some(_), None) | (None, Some(_)) => false,
        }
    }

    /// In ten-millionths of a degree: some centimetres.
    fn position(&self) -> Option<(i32, i32)> {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "180 degrees are 1,800,000,000, and a cast saturates"
        )]
        let rounded = |degrees: f64| (degrees * 1e7).round() as i32;
        Some((rounded(self.latitude?), rounded(self.longitude?)))
    }
}

impl From<SiteToml> for Site {
    fn from(site: SiteToml) -> Self {
        let position = site.position();
        let SiteToml { id, name, kind, catchment, capacity, latitude: _, longitude: _ } = site;
        Self { id, name, kind, catchment, position, capacity }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HouseholdToml {
    id: HouseholdId,
    /// Of all members who name no other one.
    #[serde(default)]
    district: String,
    #[serde(default)]
    group: String,
    #[serde(default)]
    person: Vec<PersonToml>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PersonToml {
    id: PersonId,
    name: PersonalText,
    kana: Option<PersonalText>,
    district: Option<String>,
    group: Option<String>,
    relation: Option<PersonalText>,
    called_name: Option<PersonalText>,
    #[serde(default)]
    hidden: bool,
    #[serde(default)]
    watch: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CardJson {
    kind: TokenKind,
    identity: String,
    /// Whose: a person of `town.toml`, …
    person: Option<PersonId>,
    /// … or somebody of the register, by their number there.
    resident: Option<String>,
    binding: BindingAssurance,
    application_key: Option<String>,
    /// Since when it counts as lost or stolen (RFC 3339, such as 2026-11-26T09:00:00+09:00).
    stopped: Option<String>,
}

/// What was read in.
#[derive(Debug)]
pub struct Imported {
    /// The package that was signed.
    pub package: Package,
    /// How many people.
    pub people: usize,
    /// How many cards.
    pub cards: usize,
    /// How many cards more that boxes bound to people of the town.
    pub field_cards: usize,
    /// Whether the list before cannot be read, so that cards of closed incidents could not be carried over.
    pub carried_lost: bool,
    /// Districts of some site's catchment in which nobody lives.
    pub empty_districts: BTreeSet<String>,
    /// What is wrong with the register, without its people.
    pub register: Register,
    /// Members of staff who were left out, because their time is over.
    pub staff_over: Vec<StaffId>,
}

/// Reads and checks everything, stores the parts of the roster, then signs and stores the next package.
///
/// # Errors
/// [`ImportError`].
pub fn import_town(
    folder: &DataFolder,
    keys: &Keys,
    files: &TownFiles,
    time: BoxTime,
    now: UnixMillis,
) -> Result<Imported, ImportError> {
    let TownToml { name, incidents, lists, site, household, person, staff } = read_town(&files.town)?;
    let mut sites: Vec<Site> = site.into_iter().map(Site::from).collect();
    refuse_no_places(files, keys, &sites)?;
    let IncidentsToml { daily_life, live, drill } = incidents;
    let key = TownKey::new(keys.town_secret.0);
    let mut people = people_of(household, person);
    // From here on, so that no other import comes between the people before and the package that keeps them.
    let locked = folder.lock()?;
    let before = folder.package(keys)?.map(|(_, package)| package);
    let directory = before
        .as_ref()
        .map_or_else(|| Ok(Directory::default()), |package| roster::directory_of(folder.path(), package));
    let (people_before, carried) = match directory {
        Ok(Directory { people, cards }) => (Ok(people), Some(cards)),
        Err(lost) => (Err(lost), None),
    };
    let mut register = register_of(files, people_before, &key, now)?;
    people.append(&mut register.people);
    let mut cards = read_cards(&files.cards, &people, &key)?;
    let staff = staff_of(staff, &files.town, (&sites, &cards), &key, now)?;
    let (people_count, card_count) = (people.len(), cards.len());
    let carried_lost = carried.is_none();
    let mut of_field = field_links::read(folder, &cards, &people, &key, &carried.unwrap_or_default())?;
    let field_cards = of_field.len();
    cards.append(&mut of_field);
    let directory = Directory { people, cards };
    let parts =
        cut(&directory, &keys.town_secret).map_err(|problem| wrong(&files.town, problem.to_string()))?;
    let (anchors, intermediates) = read_authorities(files)?;
    let registry = folder.registry()?;
    adopt(&mut sites, &registry.shelters);
    for (id, known) in &registry.boxes {
        if !sites.iter().any(|site| site.id == known.place.site) {
            let place = known.place.site;
            return Err(wrong(&files.town, format!("box {id} stands at site {place}, which is gone")));
        }
    }
    // Never begin again at 1: boxes take only a larger version.
    let version = before.as_ref().map_or(0, |package| package.version);
    let incidents = Incidents { daily_life, live, drill };
    let closed = before.as_ref().map_or_else(Vec::new, |package| package.closed.clone());
    refuse_closed(files, incidents, &closed, before.as_ref())?;
    let incident_keys = locked.incident_keys(incidents, &closed)?;
    let earlier = earlier_incidents(files, incidents, &closed, before.as_ref())?;
    let mut package = Package {
        version,
        issued_at: now,
        name,
        key: keys.town_secret.clone(),
        sites,
        incidents,
        boxes: Vec::new(),
        denied: Vec::new(),
        cut_offs: Vec::new(),
        retentions: Vec::new(),
        forks: Vec::new(),
        anchors,
        intermediates,
        feed_key: keys.list_feed.public(),
        receipt_key: keys.receipt.public(),
        list_grace_millis: u64::from(lists.grace_hours).saturating_mul(MILLIS_PER_HOUR),
        resets_time: time == BoxTime::Resets,
        roster: parts.iter().map(|(head, _)| head.clone()).collect(),
        staff: staff.grants,
        incident_keys,
        closed,
        ledger_key: keys.ledger.public().0,
        earlier,
    };
    name_boxes(&mut package, keys, &registry, now);
    // The parts first: whoever reads the package finds what it names.
    locked.save_parts(&parts)?;
    locked.save_package(keys, &package)?;
    // A box may just be fetching what the package before named.
    let before = before.iter().flat_map(|package| &package.roster);
    locked.tidy_parts(package.roster.iter().chain(before))?;
    let empty_districts = empty_districts(&package);
    let staff_over = staff.over;
    Ok(Imported {
        package,
        people: people_count,
        cards: card_count,
        field_cards,
        carried_lost,
        empty_districts,
        register,
        staff_over,
    })
}

/// Boxes destroy what is of a closed incident: whoever was received in it would be lost.
fn refuse_closed(
    files: &TownFiles,
    incidents: Incidents,
    closed: &[ClosedIncident],
    before: Option<&Package>,
) -> Result<(), ImportError> {
    let Incidents { daily_life, live, drill } = incidents;
    let stands_by = |name: &str| {
        before.map_or_else(String::new, |package| match name {
            "daily_life" => package.incidents.daily_life.to_string(),
            "live" => package.incidents.live.to_string(),
            _ => package.incidents.drill.to_string(),
        })
    };
    for (name, incident) in [("daily_life", daily_life), ("live", live), ("drill", drill)] {
        if closed.iter().any(|closed| closed.incident == incident) {
            let next = stands_by(name);
            return Err(wrong(
                &files.town,
                format!(
                    "incident {incident} is closed: write {name} = \"{next}\", which stands by in its place"
                ),
            ));
        }
    }
    Ok(())
}

/// What is said for every box, and by headquarters, stands at sites that are no places.
fn refuse_no_places(files: &TownFiles, keys: &Keys, sites: &[Site]) -> Result<(), ImportError> {
    let no_places = [headquarters(&keys.town_root.public()), EVERYWHERE];
    match sites.iter().find(|site| no_places.contains(&site.id)) {
        Some(site) => Err(wrong(&files.town, format!("site {} has an id that no place has", site.id))),
        None => Ok(()),
    }
}

/// What the town named before and has not closed, with what it is. An incident is for ever what it was named first.
fn earlier_incidents(
    files: &TownFiles,
    incidents: Incidents,
    closed: &[ClosedIncident],
    before: Option<&Package>,
) -> Result<Vec<(IncidentId, Mode)>, ImportError> {
    let stands_by = |incidents: Incidents| {
        [Mode::DailyLife, Mode::Live, Mode::Drill].map(|mode| (incident_of(incidents, mode), mode))
    };
    let Some(before) = before else { return Ok(Vec::new()) };
    let named = before.earlier.iter().copied().chain(stands_by(before.incidents));
    let mut earlier: BTreeMap<IncidentId, Mode> = named.collect();
    for (incident, mode) in stands_by(incidents) {
        if earlier.remove(&incident).is_some_and(|was| was != mode) {
            return Err(wrong(&files.town, format!("incident {incident} was of another kind before")));
        }
    }
    earlier.retain(|incident, _| !closed.iter().any(|closed| closed.incident == *incident));
    Ok(earlier.into_iter().collect())
}

/// The register of the files, or that of the package before.
fn register_of(
    files: &TownFiles,
    before: Result<Vec<Person>, DataError>,
    key: &TownKey,
    now: UnixMillis,
) -> Result<Register, ImportError> {
    match (&files.register, before) {
        (Some(files), before) => read_register(files, key, before, now),
        (None, Ok(before)) => Ok(Register::kept(before)),
        (None, Err(lost)) => Err(ImportError::ResidentsLost(lost)),
    }
}

fn empty_districts(package: &Package) -> BTreeSet<String> {
    let lived_in =
        |district: &&String| package.roster.iter().any(|head: &PartHead| head.district == **district);
    let named = package.sites.iter().flat_map(|site| &site.catchment);
    named.filter(|district| !lived_in(district)).cloned().collect()
}

pub(crate) fn wrong(file: &Path, reason: impl Into<String>) -> ImportError {
    ImportError::File { file: file.to_owned(), reason: reason.into() }
}

pub(crate) fn read(file: &Path) -> Result<Vec<u8>, ImportError> {
    let open = || -> std::io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(file)?.take(LONGEST_FILE + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = open().map_err(|error| wrong(file, error.to_string()))?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > LONGEST_FILE {
        return Err(wrong(file, format!("longer than {LONGEST_FILE} bytes")));
    }
    Ok(bytes)
}

/// A parser's message may quote what it read: what stands between double quotes is left out.
fn without_quotes(message: &str) -> String {
    let parts = message.split('"').enumerate();
    parts.map(|(number, part)| if number % 2 == 0 { part } else { "\"…\"" }).collect()
}

fn read_town(file: &Path) -> Result<TownToml, ImportError> {
    let bytes = read(file)?;
    let text = std::str::from_utf8(&bytes).map_err(|_not_utf8| wrong(file, "not UTF-8 text"))?;
    let town: TownToml = toml::from_str(text).map_err(|error| {
        let begins = error.span().and_then(|span| text.get(..span.start));
        let line = begins.map_or(0, |before| before.lines().count().max(1));
        wrong(file, format!("line {line}: {}", without_quotes(error.message())))
    })?;
    check_town(&town).map_err(|reason| wrong(file, reason))?;
    Ok(town)
}

fn check_town(town: &TownToml) -> Result<(), String> {
    let TownToml { name, incidents, lists: _, site, household, person, staff: _ } = town;
    if name.trim().is_empty() {
        return Err("the town has no name".to_owned());
    }
    if site.is_empty() {
        return Err("the town has no site".to_owned());
    }
    let IncidentsToml { daily_life, live, drill } = *incidents;
    if !(Incidents { daily_life, live, drill }).are_distinct() {
        return Err("two incidents have the same id".to_owned());
    }
    only_once("site", site.iter().map(|site| site.id))?;
    if let Some(nameless) = site.iter().find(|site| site.name.trim().is_empty()) {
        return Err(format!("site {} has no name", nameless.id));
    }
    if let Some(nowhere) = site.iter().find(|site| !site.has_good_position()) {
        return Err(format!(
            "site {} has no latitude and longitude on the earth: say both, or none",
            nowhere.id
        ));
    }
    only_once("household", household.iter().map(|household| household.id))?;
    let everybody = || household.iter().flat_map(|household| &household.person).chain(person);
    only_once("person", everybody().map(|person| person.id))?;
    // Such an id would be taken for that of a card that nobody knew.
    if let Some(strange) = everybody().find(|person| person.id.is_of_unknown_card()) {
        return Err(format!(
            "person {} has an id that only unknown cards have: draw another one",
            strange.id
        ));
    }
    match everybody().find(|person| person.name.expose().trim().is_empty()) {
        Some(nameless) => Err(format!("person {} has no name", nameless.id)),
        None => Ok(()),
    }
}

fn only_once<Id: Ord + Copy + std::fmt::Display>(
    what: &str,
    ids: impl Iterator<Item = Id>,
) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for id in ids {
        if !seen.insert(id) {
            return Err(format!("{what} {id} is there twice"));
        }
    }
    Ok(())
}

fn people_of(households: Vec<HouseholdToml>, alone: Vec<PersonToml>) -> Vec<Person> {
    let members = households.into_iter().flat_map(|HouseholdToml { id, district, group, person }| {
        person.into_iter().map(move |mut person| {
            person.district.get_or_insert_with(|| district.clone());
            person.group.get_or_insert_with(|| group.clone());
            (Some(id), person)
        })
    });
    members.chain(alone.into_iter().map(|person| (None, person))).map(person_of).collect()
}

fn person_of((household, person): (Option<HouseholdId>, PersonToml)) -> Person {
    let PersonToml { id, name, kana, district, group, relation, called_name, hidden, watch } = person;
    let or_nothing = |text: Option<PersonalText>| text.unwrap_or_else(|| PersonalText::new(""));
    let (kana, relation) = (or_nothing(kana), or_nothing(relation));
    let (district, group) = (district.unwrap_or_default(), group.unwrap_or_default());
    Person {
        household,
        district,
        group,
        kana,
        called_name,
        relation,
        hidden,
        watch,
        ..Person::named(id, name)
    }
}

fn read_cards(file: &Path, people: &[Person], key: &TownKey) -> Result<Vec<Card>, ImportError> {
    let known: BTreeSet<PersonId> = people.iter().map(|person| person.id).collect();
    let listed: Vec<CardJson> = serde_json::from_slice(&read(file)?).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        wrong(file, format!("line {line}, column {column}: {}", without_quotes(&error.to_string())))
    })?;
    let mut seen = BTreeSet::new();
    let mut cards = Vec::with_capacity(listed.len());
    for (number, card) in listed.into_iter().enumerate() {
        let bad = |reason: &str| wrong(file, format!("card {}: {reason}", number.saturating_add(1)));
        let CardJson { kind, identity, person, resident, binding, application_key, stopped } = card;
        let of_register = resident.map(|number| key.person_of_resident(&number));
        let (Some(person), false) = (person.or(of_register), person.is_some() && of_register.is_some())
        else {
            return Err(bad("belongs to no one person: say either person or resident"));
        };
        let identity = hex::bytes(&identity).ok_or_else(|| bad("identity is no hexadecimal"))?;
        let fits = match kind {
            // SHA-256 of the public key; a UID of 4, 7 or 10 bytes or an IDm of 8; a badge's number.
            TokenKind::Certificate => identity.len() == 32,
            TokenKind::Uid => (4..=10).contains(&identity.len()),
            TokenKind::Badge => (8..=64).contains(&identity.len()),
            // Only the records of boxes make these.
            TokenKind::FieldLink => false,
        };
        if !fits {
            return Err(bad("identity has a length that this kind of token never has"));
        }
        if !known.contains(&person) {
            return Err(bad("belongs to a person whom neither town.toml nor the register has"));
        }
        let application_key = application_key.map(|key| hex::bytes(&key)).map_or(Ok(None), |key| {
            key.filter(|key| !key.is_empty())
                .map(Some)
                .ok_or_else(|| bad("application_key is no hexadecimal"))
        })?;
        if !seen.insert((kind, identity.clone())) {
            return Err(bad("is there twice"));
        }
        let stopped =
            stopped.map(|text| time_of(&text).ok_or_else(|| bad("stopped is no date with time and zone")));
        cards.push(Card { kind, identity, person, binding, application_key, stopped: stopped.transpose()? });
    }
    Ok(cards)
}

/// A time as RFC 3339 writes it, from 1970 on.
fn time_of(text: &str) -> Option<UnixMillis> {
    let time: jiff::Timestamp = text.parse().ok()?;
    u64::try_from(time.as_millisecond()).ok().map(UnixMillis::new)
}

type Ders = Vec<Vec<u8>>;

/// Everything is checked as a box would: a box that refuses what the town sent would have nobody to tell.
fn read_authorities(files: &TownFiles) -> Result<(Ders, Ders), ImportError> {
    let mut verifier = Verifier::new(TestHierarchies::Accept);
    let mut anchors = Ders::new();
    for file in files_of(&files.anchors, "der")? {
        let der = read(&file)?;
        verifier.pin_anchor(&der).map_err(|error| wrong(&file, error.to_string()))?;
        anchors.push(der);
    }
    let mut intermediates = Ders::new();
    for file in files_of(&files.intermediates, "der")? {
        let der = read(&file)?;
        CardCertificate::parse(&der).map_err(|error| wrong(&file, error.to_string()))?;
        intermediates.push(der);
    }
    Ok((anchors, intermediates))
}

/// The files of a folder with one ending, by name, so that two imports of the same files are alike.
fn files_of(folder: &Path, ending: &str) -> Result<Vec<PathBuf>, ImportError> {
    let entries = std::fs::read_dir(folder).map_err(|error| wrong(folder, error.to_string()))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| wrong(folder, error.to_string()))?.path();
        if path.extension().is_some_and(|found| found == ending) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests;
