//! The town of the bench `map`: 100,000 households in 60 districts, and 2,000 sites, in the place of the demonstration's small town.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};
use hinamori_demo::child::output_of;
use hinamori_demo::town_hall::TownHall;
use hinamori_model::{PersonId, TownKey};
use hinamori_sim::townsfolk::registers;

use crate::people::{SEED, read};

pub(crate) const HOUSEHOLDS: usize = 100_000;
/// Of whom enough are taken: a household has two and a half on the average, and a list of residents 200,000 lines at the most, so that of
/// each household the first two are.
const PEOPLE: u32 = 258_000;
const OF_HOUSEHOLD: usize = 2;
const DISTRICTS: usize = 60;
pub(crate) const SITES: usize = 2_000;
/// Of the fictional town's map: south, west, north, east.
const BOUNDS: [f64; 4] = [33.7392, 134.6065, 33.748, 134.6215];

/// Reads in people, sites, districts and homes; the people of households who do not hide.
pub(crate) fn take_in(hall: &TownHall, folder: &Path) -> anyhow::Result<Vec<Vec<PersonId>>> {
    let whole = registers(PEOPLE, SEED).residents;
    let mut lines = whole.lines();
    let mut csv = format!("{}\r\n", lines.next().context("no columns")?);
    let mut homes = "世帯番号,緯度,経度\n".to_owned();
    let (mut last, mut count, mut members) = (String::new(), 0_usize, 0_usize);
    for line in lines {
        let mut fields: Vec<&str> = line.split(',').collect();
        let household = *fields.get(1).context("a household")?;
        if household != last {
            household.clone_into(&mut last);
            (count, members) = (count + 1, 0);
            if count > HOUSEHOLDS {
                break;
            }
            let [latitude, longitude] = place(count);
            writeln!(homes, "{household},{latitude:.6},{longitude:.6}")?;
        }
        members += 1;
        if members > OF_HOUSEHOLD {
            continue;
        }
        let (name, _) = district(count % DISTRICTS);
        *fields.get_mut(9).context("a district")? = &name;
        write!(csv, "{}\r\n", fields.join(","))?;
    }
    ensure!(count >= HOUSEHOLDS, "only {count} households");
    let (residents, homes_file) = (folder.join("large.csv"), folder.join("large-homes.csv"));
    std::fs::write(&residents, &csv)?;
    std::fs::write(&homes_file, homes)?;
    hall.take_in(
        &with_sites()?,
        &[
            "--allow-removals".as_ref(),
            "--allow-unhiding".as_ref(),
            "--residents".as_ref(),
            residents.as_ref(),
        ],
    )?;
    let [server, data] = hall.administrator();
    let plan_file = folder.join("large-alerts.toml");
    std::fs::write(&plan_file, with_districts()?)?;
    for (arguments, file) in [(["alert", "plan"].as_slice(), &plan_file), (&["homes"], &homes_file)] {
        let mut command = Command::new(&server);
        command.args(arguments).arg("--data").arg(&data).arg(file);
        output_of(&format!("hinamori-server {}", arguments.join(" ")), &mut command)?;
    }
    let secret = std::fs::read(data.join("keys/town-secret"))?;
    let secret: [u8; 32] = secret.as_slice().try_into().context("a secret of 32 bytes")?;
    let key = TownKey::new(secret);
    let mut households: BTreeMap<String, (bool, Vec<PersonId>)> = BTreeMap::new();
    for resident in read(&csv)? {
        let Some(number) = &resident.household else { continue };
        let (hides, people) = households.entry(number.expose().to_owned()).or_default();
        *hides |= resident.hidden;
        people.push(key.person_of_resident(resident.number.expose()));
    }
    Ok(households.into_values().filter(|(hides, _)| !hides).map(|(_, people)| people).collect())
}

/// The demonstration's town with all sites.
fn with_sites() -> anyhow::Result<String> {
    let mut town = std::fs::read_to_string(TownHall::town_file()?)?;
    for number in 0..SITES {
        let [latitude, longitude] = place(number * 7 + 3);
        write!(
            town,
            "\n[[site]]\nid = \"5{number:031x}\"\nname = \"第{}避難所\"\nkind = \"shelter\"\nlatitude = {latitude:.6}\n\
             longitude = {longitude:.6}\ncatchment = [\"{}\"]\ncapacity = 200\n",
            number + 1,
            district(number % DISTRICTS).0
        )?;
    }
    Ok(town)
}

/// The demonstration's plan with all districts.
fn with_districts() -> anyhow::Result<String> {
    let [south, west, north, east] = BOUNDS;
    let mut plan = std::fs::read_to_string(TownHall::tray_file()?.with_file_name("alerts.toml"))?;
    for number in 0..DISTRICTS {
        let (column, row) = (number % 10, number / 10);
        let part = |number: usize, of: f64| f64::from(u32::try_from(number).unwrap_or_default()) / of;
        let corner = |right: usize, up: usize| {
            let latitude = south + (north - south) * part(row + up, 6.0);
            format!("{latitude:.5},{:.5}", west + (east - west) * part(column + right, 10.0))
        };
        let ring = [corner(0, 0), corner(1, 0), corner(1, 1), corner(0, 1), corner(0, 0)].join(" ");
        let (name, reading) = district(number);
        write!(
            plan,
            "\n[[district]]\nname = \"{name}\"\nreading = \"{reading}\"\nenglish = \"District {}\"\npolygon = \"{ring}\"\n",
            number + 1
        )?;
    }
    Ok(plan)
}

/// A district's name and its reading.
fn district(number: usize) -> (String, String) {
    const FIRST: [(&str, &str); 10] = [
        ("北", "きた"),
        ("南", "みなみ"),
        ("東", "ひがし"),
        ("西", "にし"),
        ("上", "かみ"),
        ("下", "しも"),
        ("中", "なか"),
        ("新", "しん"),
        ("元", "もと"),
        ("奥", "おく"),
    ];
    const LAST: [(&str, &str); 6] =
        [("里", "さと"), ("浜", "はま"), ("山", "やま"), ("川", "かわ"), ("原", "はら"), ("谷", "たに")];
    let first = FIRST.get(number % 10).copied().unwrap_or_default();
    let last = LAST.get(number / 10).copied().unwrap_or_default();
    (format!("{}{}", first.0, last.0), format!("{}{}", first.1, last.1))
}

/// Latitude and longitude in the district of a number: near each other, never on each other.
fn place(number: usize) -> [f64; 2] {
    let count = f64::from(u32::try_from(number).unwrap_or_default());
    let [along, up] = [0.754_877_67, 0.569_840_29].map(|step| 0.04 + 0.92 * (count * step).fract());
    let of = number % DISTRICTS;
    let [column, row] = [of % 10, of / 10].map(|part| f64::from(u32::try_from(part).unwrap_or_default()));
    let [south, west, north, east] = BOUNDS;
    [south + (north - south) * (row + up) / 6.0, west + (east - west) * (column + along) / 10.0]
}
