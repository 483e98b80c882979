//! Whether hidden people take another time, at every output that a stranger can ask again and again: somebody says that they are
//! here, their badge is read, somebody asks the town hall after them. They came; what they are compared with did not.
//!
//! The disk is memory, so that no disk hides what is looked for. Every answer is compared byte by byte.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use hinamori_demo::child::wait_until;
use hinamori_demo::daemon::DemoBox;
use hinamori_demo::kiosk::Kiosk;
use hinamori_demo::town_hall::{CardData, REGISTER_SEED, TownHall};
use hinamori_ipc::{Answer, AnswerId, AnswerKind, Command as Touch, encode};
use hinamori_model::{Badge, PersonalText, TownKey};
use hinamori_roster::Resident;
use hinamori_sim::townsfolk::registers;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};

use crate::map::open_site;
use crate::people::{SEED, Size, read};
use crate::report::{Better, Report};
use crate::statistics::worst_t;

/// The time that is planted to see whether it would be found.
const PLANTED: Duration = Duration::from_micros(20);
/// Requests over one connection: the server ends it after a minute.
const REQUESTS: usize = 1_000;
/// The badges of the bench.
const SERIES: u16 = 60_000;

pub(crate) fn run(size: Size, report: &mut Report) -> anyhow::Result<()> {
    let folder = PathBuf::from(format!("/dev/shm/hinamori-bench-{}", std::process::id()));
    // In a namespace of its own a bench that failed may have had the same number.
    if folder.exists() {
        std::fs::remove_dir_all(&folder).context("clear what a failed bench left")?;
    }
    let outcome = run_in(&folder, size, report);
    if outcome.is_ok() {
        std::fs::remove_dir_all(&folder).context("clear the memory")?;
    }
    outcome
}

/// The register, those who hide and those who do not.
struct People {
    hiding: Vec<Resident>,
    others: Vec<Resident>,
    /// How many badges were given out to `others`, from the first on.
    badges: u16,
}

impl People {
    fn of(size: Size) -> anyhow::Result<Self> {
        let all = read(&registers(size.residents, REGISTER_SEED).residents)?;
        let (hiding, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|resident| resident.hidden);
        ensure!(hiding.len() > 1, "too few people hide");
        // Twice: as they are, and with the time that is planted.
        let badges = u16::try_from(size.pairs * 2).context("too many pairs")?;
        ensure!(others.len() > usize::from(badges) * 2, "too few people for so many pairs");
        Ok(Self { hiding, others, badges })
    }

    /// Letter A to those who hide, letter B to the others: whoever has one stays who they are in every run.
    fn badges(&self) -> Vec<(PersonalText, Badge)> {
        let hiding = self.hiding.iter().map(|resident| (resident, 0)).zip(1..=u16::MAX);
        let others = self.others.iter().map(|resident| (resident, 1)).zip(1..=self.badges);
        let badge = |((resident, letter), number): ((&Resident, u8), u16)| {
            (PersonalText::new(resident.number.expose()), Badge { series: SERIES, number, letter })
        };
        hiding.chain(others).map(badge).collect()
    }
}

fn run_in(folder: &Path, size: Size, report: &mut Report) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder)?;
    let programs = std::env::current_exe()?.parent().context("the programs' folder")?.to_owned();
    let people = People::of(size)?;
    let badges = people.badges();
    let mut hall = TownHall::prepare_with(&programs, folder, CardData::FirstYear, size.residents, &badges)?;
    let mut of = DemoBox::prepare_with("bench", &["none".to_owned()], None, &programs, folder)?;
    let mut kiosk = open_site(&hall, &mut of, size.residents.into(), Duration::from_secs(120))?;
    let secret: [u8; 32] = std::fs::read(folder.join("server/keys/town-secret"))?
        .try_into()
        .map_err(|_length| anyhow::anyhow!("the town's secret has another length"))?;
    let key = TownKey::new(secret);
    let mut lane = Lane { last: kiosk.last_answer()?, kiosk };
    lane.open_without_staff()?;
    for hidden in &people.hiding {
        lane.here(hidden, &key)?;
    }
    wait_until("their arrival at the town hall", Duration::from_secs(120), || {
        Ok((of.status()?.unsent == 0).then_some(()))
    })?;
    let mut timing = Timing { dice: ChaCha8Rng::seed_from_u64(SEED), worst: 0.0, weakest: f64::INFINITY };
    inquiries(&people, size, &mut timing, report)?;
    // Nothing of the town hall disturbs the box from here on.
    hall.stop()?;
    let badge = |letter, place: usize| -> anyhow::Result<PersonalText> {
        let number = u16::try_from(place + 1)?;
        Ok(PersonalText::new(Badge { series: SERIES, number, letter }.code(&key)))
    };
    let at = |count: usize, number: usize| number % count.max(1);
    timing.measure("hidden_badge_abs_t", size.pairs, report, |is_hidden, number| {
        let code = if is_hidden { badge(0, at(people.hiding.len(), number)) } else { badge(1, number) }?;
        let (took, answer) = lane.answer_to(Touch::Badge { code })?;
        // Names differ, and what else is there must not.
        let AnswerKind::Welcome { name: _, party } = answer.kind else { anyhow::bail!("no first arrival") };
        Ok((took, encode(&AnswerKind::Welcome { name: None, party })?))
    })?;
    let declared = people.others.get(usize::from(people.badges)..).unwrap_or_default();
    lane.open_without_staff()?;
    timing.measure("hidden_check_in_abs_t", size.pairs, report, |is_hidden, number| {
        let of = if is_hidden { &people.hiding } else { declared };
        let person = of.get(at(of.len(), number)).context("nobody")?;
        lane.here(person, &key)
    })?;
    report.add("hidden_timing_abs_t", timing.worst, "|t|", Better::Lower);
    report.add("hidden_planted_abs_t", timing.weakest, "|t|", Better::Neither);
    Ok(())
}

/// What is measured at all outputs.
struct Timing {
    dice: ChaCha8Rng,
    /// The largest |t| between hidden people and others.
    worst: f64,
    /// The smallest |t| with the planted time.
    weakest: f64,
}

impl Timing {
    /// Measures one output by `pairs` pairs in random order, and as many with time planted. `ask` gets whether it is about
    /// somebody hidden and the number of the pair, and gives microseconds and bytes, which have to be the same for all.
    fn measure(
        &mut self,
        name: &'static str,
        pairs: usize,
        report: &mut Report,
        mut ask: impl FnMut(bool, usize) -> anyhow::Result<(f64, Vec<u8>)>,
    ) -> anyhow::Result<()> {
        let mut expected: Option<Vec<u8>> = None;
        let mut figures = [0.0; 2];
        for (round, (plant, figure)) in [Duration::ZERO, PLANTED].into_iter().zip(&mut figures).enumerate() {
            let (mut secret, mut open) = (Vec::with_capacity(pairs), Vec::with_capacity(pairs));
            for number in round * pairs..(round + 1) * pairs {
                let hidden_first = self.dice.next_u32().is_multiple_of(2);
                for is_hidden in [hidden_first, !hidden_first] {
                    let began = Instant::now();
                    if is_hidden {
                        spin(plant);
                    }
                    let planted = began.elapsed().as_secs_f64() * 1e6;
                    let (took, answer) = ask(is_hidden, number)?;
                    ensure!(
                        *expected.get_or_insert_with(|| answer.clone()) == answer,
                        "{name}: another answer"
                    );
                    if is_hidden { &mut secret } else { &mut open }.push(took + planted);
                }
            }
            *figure = worst_t(&secret, &open).context("too few samples")?;
        }
        let [found, planted] = figures;
        report.add(name, found, "|t|", Better::Lower);
        self.worst = self.worst.max(found);
        self.weakest = self.weakest.min(planted);
        Ok(())
    }
}

fn spin(time: Duration) {
    let began = Instant::now();
    while began.elapsed() < time {
        std::hint::spin_loop();
    }
}

/// Asks the town hall after hidden people who came, and after nobody, somebody whose birth date is wrong, and somebody who did
/// not come.
fn inquiries(people: &People, size: Size, timing: &mut Timing, report: &mut Report) -> anyhow::Result<()> {
    let mut desk = Desk { stream: None, requests: 0 };
    let birth = |resident: &Resident| -> anyhow::Result<String> {
        let day = resident.birth.context("a birth date")?.expose();
        Ok(format!("{:04}-{:02}-{:02}", day.year(), day.month(), day.day()))
    };
    let at = |of: &[Resident], number: usize| of.get(number % of.len().max(1)).cloned().context("nobody");
    let name = |resident: &Resident| resident.name.expose().to_owned();
    type Compared<'a> = &'a dyn Fn(usize) -> anyhow::Result<(String, String)>;
    // A name of the same length that nobody has.
    let not_held = |number| {
        let other = at(&people.others, number)?;
        let made_up =
            name(&other).chars().map(|letter| if letter.is_alphabetic() { '鱻' } else { letter }).collect();
        Ok((made_up, birth(&other)?))
    };
    let not_matched = |number| Ok((name(&at(&people.others, number)?), "1901-01-01".to_owned()));
    let not_arrived = |number| {
        let other = at(&people.others, number)?;
        Ok((name(&other), birth(&other)?))
    };
    let compared: [(&'static str, Compared<'_>); 3] = [
        ("hidden_not_held_abs_t", &not_held),
        ("hidden_not_matched_abs_t", &not_matched),
        ("hidden_not_arrived_abs_t", &not_arrived),
    ];
    for (measure, other) in compared {
        timing.measure(measure, size.pairs, report, |is_hidden, number| {
            let (name, birth) = if is_hidden {
                let hidden = at(&people.hiding, number)?;
                (name(&hidden), birth(&hidden)?)
            } else {
                other(number)?
            };
            desk.ask(&name, &birth)
        })?;
    }
    Ok(())
}

/// The inquiry desk's connection.
struct Desk {
    stream: Option<TcpStream>,
    requests: usize,
}

impl Desk {
    /// Asks after somebody: microseconds, and the answer with its head but for the date.
    fn ask(&mut self, name: &str, birth: &str) -> anyhow::Result<(f64, Vec<u8>)> {
        let body = serde_json::json!({
            "clerk": "岬 一郎",
            "inquirer": {
                "name": "浜田 次郎", "address": "大阪府堺市1-2", "reason": "安否", "identity_document": "運転免許証",
                "relation": "family",
            },
            "sought": { "name": name, "birth": birth },
        })
        .to_string();
        let address = TownHall::inquiries();
        let request = format!(
            "POST /inquiry HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        if self.requests.is_multiple_of(REQUESTS) {
            let stream = TcpStream::connect(address).context("reach the inquiry desk")?;
            stream.set_nodelay(true)?;
            self.stream = Some(stream);
        }
        self.requests += 1;
        let stream = self.stream.as_mut().context("no connection")?;
        let began = Instant::now();
        stream.write_all(request.as_bytes())?;
        let answer = response(stream)?;
        let took = began.elapsed().as_secs_f64() * 1e6;
        let text = String::from_utf8(answer).context("an answer in UTF-8")?;
        ensure!(text.starts_with("HTTP/1.1 200 "), "the inquiry was refused");
        let without_date = text.lines().filter(|line| !line.starts_with("date:"));
        Ok((took, without_date.collect::<Vec<_>>().join("\n").into_bytes()))
    }
}

/// One whole response: its head, and as many bytes as it says.
fn response(stream: &mut TcpStream) -> anyhow::Result<Vec<u8>> {
    let (mut answer, mut piece) = (Vec::new(), [0; 4_096]);
    loop {
        let length = stream.read(&mut piece)?;
        ensure!(length > 0, "the connection ended in the middle of an answer");
        answer.extend_from_slice(piece.get(..length).unwrap_or_default());
        let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(answer.get(..end).unwrap_or_default()).to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
        let length: usize = length.context("an answer without a length")?;
        if answer.len() >= end + 4 + length {
            return Ok(answer);
        }
    }
}

/// The kiosk of the lane, and the last answer that it showed.
struct Lane {
    kiosk: Kiosk,
    last: Option<AnswerId>,
}

impl Lane {
    /// Microseconds from a touch to its answer.
    fn answer_to(&mut self, touch: Touch) -> anyhow::Result<(f64, Answer)> {
        let began = Instant::now();
        self.kiosk.send(touch)?;
        let answer = self.kiosk.answer_after(self.last)?;
        let took = began.elapsed().as_secs_f64() * 1e6;
        ensure!(!answer.doubt, "a doubt that tells who it is");
        self.last = Some(answer.id);
        Ok((took, answer))
    }

    /// Names may be touched from here on, until the lane has stood still for some minutes.
    fn open_without_staff(&mut self) -> anyhow::Result<()> {
        self.kiosk.send(Touch::OpenWithoutStaff)?;
        self.kiosk.until("a lane without staff that is open", |lane| lane.staff.is_some())
    }

    /// Declares one person to be here. The answer has to be the same bytes for everybody, but for its number and time.
    fn here(&mut self, resident: &Resident, key: &TownKey) -> anyhow::Result<(f64, Vec<u8>)> {
        let people = vec![key.person_of_resident(resident.number.expose())];
        let (took, answer) = self.answer_to(Touch::CheckIn { people })?;
        Ok((took, encode(&answer.kind)?))
    }
}
