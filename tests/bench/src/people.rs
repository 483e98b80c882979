//! The bench `people`: a town of 100,000 residents. Its register is read in beside sqlite3's own import of the same file,
//! searched by one letter after the other, and kept up to date in the list of who has not arrived; then a running box is
//! asked whether it takes another time for hidden people.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, bail, ensure};
use hinamori_demo::child::output_of;
use hinamori_demo::town_hall::TownHall;
use hinamori_model::{CalendarDate, IncidentId, PersonalText, SiteId, TownKey, UnixMillis};
use hinamori_people::{Page, RosterIndex, RosterPerson, Standing};
use hinamori_record::{ActorId, Document, DocumentScope, Fact, Period, PresenceEvent, Proof, Record};
use hinamori_roster::{Mapping, Resident, Residents};
use hinamori_sim::townsfolk::registers;
use hinamori_store_sqlite::Store;
use hinamori_sync::cut;
use hinamori_sync::town::{Directory, Person, TownSecret};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};

use crate::hidden;
use crate::report::{Better, Report};
use crate::statistics::percentile;

pub(crate) const SEED: u64 = 7;
/// Touches of the list of who has not arrived, and keystrokes.
const SAMPLES: usize = 20_000;
/// Presences whose stored bytes are weighed.
const PRESENCES: u32 = 5_000;

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    pub(crate) residents: u32,
    pub(crate) pairs: usize,
}

pub(crate) fn run(folder: &Path, size: Size, report: &mut Report) -> anyhow::Result<()> {
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    std::fs::create_dir_all(folder)?;
    let folder = folder.canonicalize()?;
    let csv = registers(size.residents, SEED).residents;
    report.add("residents", size.residents.into(), "", Better::Neither);
    import(&folder, &csv, report)?;
    let people = read(&csv)?;
    in_memory(&people, report)?;
    stored(&folder, &people, report)?;
    hidden::run(size, report)
}

pub(crate) fn read(csv: &str) -> anyhow::Result<Vec<Resident>> {
    let today = CalendarDate::new(2026, 11, 26)?;
    let list = Residents::read(csv.as_bytes(), &Mapping::default(), today);
    Ok(list.map_err(|problem| anyhow::anyhow!("{problem}"))?.residents)
}

/// The whole import of the server, signed package and sealed parts included, and sqlite3's `.import` into a file.
fn import(folder: &Path, csv: &str, report: &mut Report) -> anyhow::Result<()> {
    let programs = std::env::current_exe()?.parent().context("the programs' folder")?.to_owned();
    let (file, data) = (folder.join("residents.csv"), folder.join("server"));
    std::fs::write(&file, csv)?;
    let hall = TownHall::registers_only(&programs, folder)?;
    let server = programs.join("hinamori-server");
    output_of("hinamori-server init", Command::new(&server).arg("init").arg("--data").arg(&data))?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..3 {
        let mut town = Command::new(&server);
        town.args(["town", "--allow-removals", "--data"])
            .arg(&data)
            .args(&hall)
            .arg("--residents")
            .arg(&file);
        ours.push(seconds_of("hinamori-server town", &mut town)?);
        let database = folder.join(format!("peer-{round}.sqlite"));
        let mut peer = Command::new("sqlite3");
        peer.arg(&database).arg("-cmd").arg(".mode csv").arg(format!(".import {} resident", file.display()));
        theirs.push(seconds_of("sqlite3 .import", &mut peer)?);
    }
    let median = |samples: &[f64]| percentile(samples, 50).context("no samples");
    report.add("import_s", median(&ours)?, "s", Better::Lower);
    report.add("sqlite3_import_s", median(&theirs)?, "s", Better::Neither);
    report.add("import_ratio_sqlite3", median(&ours)? / median(&theirs)?, "x sqlite3", Better::Lower);
    Ok(())
}

fn seconds_of(what: &str, command: &mut Command) -> anyhow::Result<f64> {
    let began = Instant::now();
    output_of(what, command)?;
    Ok(began.elapsed().as_secs_f64())
}

fn row(resident: &Resident, key: &TownKey) -> RosterPerson {
    let household = resident.household.as_ref();
    RosterPerson {
        person: key.person_of_resident(resident.number.expose()),
        household: household.map(|number| key.household_of_register(number.expose())),
        name: resident.name.clone(),
        kana: resident.kana.clone().unwrap_or_else(|| PersonalText::new("")),
        called_name: None,
        district: resident.district.clone(),
        group: resident.group.clone(),
        lives_here: true,
        needs_support: false,
        hidden: resident.hidden,
    }
}

/// Searching, and the list of who has not arrived, as the box's core does both.
fn in_memory(people: &[Resident], report: &mut Report) -> anyhow::Result<()> {
    let key = TownKey::new([1; 32]);
    let rows: Vec<RosterPerson> = people.iter().map(|resident| row(resident, &key)).collect();
    let began = Instant::now();
    let mut index = RosterIndex::build(&rows);
    report.add("index_build_s", began.elapsed().as_secs_f64(), "s", Better::Lower);
    let mut dice = ChaCha8Rng::seed_from_u64(SEED);
    let mut any = |bound: usize| usize::try_from(dice.next_u32()).unwrap_or(0) % bound.max(1);
    let mut keystrokes = Vec::with_capacity(SAMPLES);
    while keystrokes.len() < SAMPLES {
        let Some(row) = rows.get(any(rows.len())) else { bail!("nobody") };
        let mut typed = String::new();
        // One search for each letter, as somebody types.
        for letter in row.kana.expose().chars().take(6) {
            typed.push(letter);
            let query = PersonalText::new(typed.as_str());
            let began = Instant::now();
            let found = index.search(&query, 40);
            keystrokes.push(began.elapsed().as_secs_f64() * 1e3);
            ensure!(found.1 > 0, "a name is not found by its own letters");
        }
    }
    let of = |samples: &[f64], percent| percentile(samples, percent).context("no samples");
    report.add("search_p50_ms", of(&keystrokes, 50)?, "ms", Better::Lower);
    report.add("search_p99_ms", of(&keystrokes, 99)?, "ms", Better::Lower);
    let mut updates = Vec::with_capacity(SAMPLES);
    for _ in 0..SAMPLES {
        let Some(row) = rows.get(any(rows.len())) else { bail!("nobody") };
        let began = Instant::now();
        index.update(row.person, Standing::Arrived);
        let districts = index.districts().count();
        let page = index.incomplete_homes(&row.district, Page { offset: 0, limit: 12 });
        let members: usize =
            page.homes.iter().map(|home| index.members(&row.district, home.home).len()).sum();
        updates.push(began.elapsed().as_secs_f64() * 1e3);
        ensure!(districts > 0 && members >= page.homes.len(), "the list is empty");
    }
    report.add("not_arrived_update_p50_ms", of(&updates, 50)?, "ms", Better::Lower);
    report.add("not_arrived_update_ms", of(&updates, 99)?, "ms", Better::Lower);
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "bytes of a bench")]
fn per(bytes: u64, things: u32) -> f64 {
    bytes as f64 / f64::from(things.max(1))
}

/// What a person of the roster and a presence take on the disk, and what sealing adds.
fn stored(folder: &Path, people: &[Resident], report: &mut Report) -> anyhow::Result<()> {
    let key = TownKey::new([1; 32]);
    let person = |resident: &Resident| {
        let RosterPerson { person, household, name, kana, district, group, hidden, .. } = row(resident, &key);
        let address = resident.address.clone().unwrap_or_else(|| PersonalText::new(""));
        let (birth, sex) = (resident.birth, resident.sex);
        let named = Person::named(person, name);
        Person { household, kana, district, group, hidden, birth, sex, address, on_register: true, ..named }
    };
    let town = Directory { people: people.iter().map(person).collect(), cards: Vec::new() };
    let parts = cut(&town, &TownSecret([1; 32]))?;
    let sealed: usize = parts.iter().map(|(_, sealed)| sealed.len()).sum();
    let (count, tags) = (u32::try_from(people.len())?, parts.len() * TAG);
    report.add("bytes_per_person", per(u64::try_from(sealed)?, count), "B", Better::Lower);
    report.add("bytes_per_person_clear", per(u64::try_from(sealed - tags)?, count), "B", Better::Neither);
    let scope = DocumentScope {
        incident: IncidentId::from_bytes([1; 16]),
        site: SiteId::from_bytes([2; 16]),
        period: Period::of(START),
    };
    let path = folder.join("presences.sqlite");
    let mut store = Store::open(&path)?;
    let mut document = Document::new(scope, ActorId::from_bytes([7; 16]))?;
    for (number, person) in (0..PRESENCES).zip(&town.people) {
        let at = START.plus(u64::from(number) * 1_000);
        let record = Record {
            id: hinamori_model::RecordId::new(at, number.into()),
            at: hinamori_model::Hlc::from_packed(at.get() << 16),
            clock_unsure: false,
            lane: None,
            fact: Fact::presence(person.id, PresenceEvent::Arrived, Proof::DECLARED),
        };
        let records = [record];
        let change = document.append(&records, at)?;
        store.commit_own(scope, &change, &records, at)?;
    }
    drop(store);
    vacuum(&path)?;
    report.add("bytes_per_presence", per(std::fs::metadata(&path)?.len(), PRESENCES), "B", Better::Lower);
    Ok(())
}

/// Bytes that sealing adds to a part.
const TAG: usize = 16;
const START: UnixMillis = UnixMillis::new(1_791_774_000_000);

fn vacuum(path: &Path) -> anyhow::Result<()> {
    let connection = rusqlite::Connection::open(path)?;
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE); VACUUM;")?;
    Ok(())
}
