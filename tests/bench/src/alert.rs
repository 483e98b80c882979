//! The bench `alert`: a town of 10,000 televisions, each of which gets its own signed message, beside a process that writes the same
//! bytes and beside mosquitto; what a television that waits takes; what judging an alert takes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use hinamori_alert::Report as Judged;
use hinamori_demo::child::{Running, output_of};
use hinamori_demo::town_hall::TownHall;
use hinamori_model::TownKey;
use hinamori_sim::townsfolk::registers;
use ring::digest::{SHA256, digest};
use serde_json::json;

use crate::alert_clients::{
    Heard, Peer, Set, hex, monotonic_ns, mqtt, mqtt_connect, mqtt_text, read_bodies, topic,
};
use crate::alert_screen;
use crate::alert_tls;
use crate::desk::{Administrator, Officer};
use crate::people::SEED;
use crate::process::{anonymous_mib, processor_seconds, processor_seconds_by_thread};
use crate::report::{Better, Report};
use crate::statistics::percentile;

const BOXES: &str = "127.0.0.1:22400";
const TELEVISIONS: &str = "127.0.0.1:22401";
/// At an address that is not this machine's alone they speak TLS.
const OVER_TLS: &str = "0.0.0.0:22401";
const WEB: &str = "127.0.0.1:22402";
const DESK: &str = "127.0.0.1:22403";
const FLOOR: &str = "127.0.0.1:22410";
const MOSQUITTO: &str = "127.0.0.1:22411";
const MOSQUITTO_PORT: u16 = 22_411;
/// mosquitto's processor time is so many times the floor's (measured for individual messages, QoS 0).
const KNOWN_MOSQUITTO: f64 = 3.2;
/// The server looks at its files twice a second.
const LOOKS: Duration = Duration::from_millis(1_300);
/// After the last television was told, for what is written down behind it.
const SETTLES: Duration = Duration::from_millis(400);
/// People for each household that is told, and some more.
const PEOPLE_PER_HOUSEHOLD: u32 = 3;
/// Points of the polygon that bring the alert to 9.8 kB.
const CORNERS: u32 = 64;
const JUDGED: usize = 5_000;

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    pub(crate) televisions: u32,
    pub(crate) rounds: usize,
    /// Alerts that a real browser shows.
    pub(crate) shown: usize,
}

/// One round: seconds of processor time, and milliseconds until the last one had it.
#[derive(Debug, Default)]
struct Round {
    drafting: f64,
    telling: f64,
    /// The part of it of each thread.
    telling_by: BTreeMap<String, f64>,
    asking_again: f64,
    floor: f64,
    mosquitto: f64,
    last: f64,
    floor_last: f64,
    mosquitto_last: f64,
    idle_kb: f64,
    bytes: f64,
}

pub(crate) fn run(folder: &Path, size: Size, report: &mut Report) -> anyhow::Result<()> {
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    std::fs::create_dir_all(folder)?;
    let folder = folder.canonicalize()?;
    let mut town = Town::prepare(&folder, size.televisions)?;
    let mut rounds = Vec::new();
    for number in 0..size.rounds {
        let mut round = Round::default();
        town.ours(&mut round)?;
        town.floor(&mut round)?;
        town.mosquitto(&mut round)?;
        println!("round {number}: {round:?}");
        rounds.push(round);
    }
    let count = f64::from(size.televisions);
    let median = |of: &dyn Fn(&Round) -> f64| {
        percentile(&rounds.iter().map(of).collect::<Vec<_>>(), 50).context("no rounds")
    };
    let ours = |round: &Round| round.drafting + round.telling;
    // Who arrived is looked for at every alert, on the thread of the databases.
    let looking = |round: &Round| round.telling_by.get("archive").copied().unwrap_or_default();
    let of_each = |seconds: f64| seconds * 1e6 / count;
    report.add("televisions", count, "", Better::Neither);
    report.add("answer_bytes", median(&|round| round.bytes / count)?, "B", Better::Lower);
    report.add("floor_cpu_us", of_each(median(&|round| round.floor)?), "us each", Better::Neither);
    report.add("mosquitto_cpu_us", of_each(median(&|round| round.mosquitto)?), "us each", Better::Neither);
    report.add("draft_cpu_us", of_each(median(&|round| round.drafting)?), "us each", Better::Lower);
    report.add("told_cpu_us", of_each(median(&|round| round.telling)?), "us each", Better::Lower);
    report.add("asked_again_cpu_us", of_each(median(&|round| round.asking_again)?), "us each", Better::Lower);
    let ratio = median(&|round| ours(round) / round.floor)?;
    report.add("fanout_cpu_ratio_floor", ratio, "x floor", Better::Lower);
    let ratio = median(&|round| ours(round) / round.mosquitto)?;
    report.add("fanout_cpu_ratio_mosquitto", ratio, "x mosquitto", Better::Lower);
    let ratio = median(&|round| (ours(round) - looking(round)) / round.floor)?;
    report.add("fanout_without_look_ratio_floor", ratio, "x floor", Better::Lower);
    report.add("look_for_people_cpu_us", of_each(median(&looking)?), "us each", Better::Lower);
    report.add("floor_last_ms", median(&|round| round.floor_last)?, "ms", Better::Neither);
    report.add("mosquitto_last_ms", median(&|round| round.mosquitto_last)?, "ms", Better::Neither);
    report.add("fanout_last_ms", median(&|round| round.last)?, "ms", Better::Lower);
    report.add(
        "fanout_last_ratio_floor",
        median(&|round| round.last / round.floor_last)?,
        "x floor",
        Better::Lower,
    );
    // mosquitto was measured to that with 1 kB to each: with more, more of both is the kernel's.
    report.add_peer("mosquitto_is_itself", median(&|round| round.mosquitto / round.floor)?, KNOWN_MOSQUITTO);
    let idle = median(&|round| round.idle_kb)?;
    report.add("idle_tv_kb", idle, "kB", Better::Lower);
    town.judge(report)?;
    // With the server as it was before anything was sent.
    let tls = town.over_tls()?;
    report.add("idle_tv_tls_kb", tls.idle_kb, "kB", Better::Lower);
    report.add("rustls_handshake_us", tls.handshake_us, "us each", Better::Neither);
    report.add("tls_coming_cpu_us", tls.coming_us, "us each", Better::Lower);
    report.add("tls_coming_ratio_rustls", tls.coming_us / tls.handshake_us, "x rustls", Better::Lower);
    report.add("tls_returning_cpu_us", tls.returning_us, "us each", Better::Lower);
    report.add("tls_returning_ratio_rustls", tls.returning_us / tls.handshake_us, "x rustls", Better::Lower);
    alert_screen::run(&mut town, size.shown, report)
}

/// A server's data folder with everything ready but the alert, and two officers.
pub(crate) struct Town {
    folder: PathBuf,
    pub(crate) administrator: Administrator,
    pub(crate) officers: [Officer; 2],
    sets: u32,
}

impl Town {
    fn prepare(folder: &Path, sets: u32) -> anyhow::Result<Self> {
        let programs = std::env::current_exe()?.parent().context("the programs' folder")?.to_owned();
        let (server, data) = (programs.join("hinamori-server"), folder.join("server"));
        output_of("hinamori-server init", Command::new(&server).arg("init").arg("--data").arg(&data))?;
        let (csv, households) = town_in_one_district(sets)?;
        let file = folder.join("residents.csv");
        std::fs::write(&file, csv)?;
        let mut town = Command::new(&server);
        town.arg("town").arg("--data").arg(&data).args(TownHall::registers_only(&programs, folder)?);
        output_of("hinamori-server town", town.arg("--residents").arg(&file))?;
        let administrator = Administrator { server, data };
        let plan = folder.join("plan.toml");
        std::fs::write(&plan, plan_with_corners()?)?;
        administrator.read_plan(&plan)?;
        let running = start(&administrator, folder, TELEVISIONS)?;
        let desk = DESK.parse()?;
        let officers = [Officer::new(&administrator, desk, "1")?, Officer::new(&administrator, desk, "2")?];
        running.end().context("the server did not end")?;
        let list = std::fs::read(administrator.data.join("alert.keys"))?;
        let version = list.first_chunk::<4>().context("a list")?;
        std::fs::write(folder.join("list-version"), u32::from_be_bytes(*version).to_string())?;
        std::fs::write(folder.join("key-list"), &list)?;
        let secret = std::fs::read(administrator.data.join("keys/town-secret"))?;
        let secret: [u8; 32] = secret.as_slice().try_into().context("a secret of 32 bytes")?;
        let key = TownKey::new(secret);
        let told: Vec<Set> = (0_u32..)
            .zip(&households)
            .map(|(number, household)| Set {
                token: hex(digest(&SHA256, &number.to_be_bytes()).as_ref()),
                household: hex(key.household_of_register(household).as_bytes()),
            })
            .collect();
        std::fs::write(folder.join("sets.json"), serde_json::to_vec(&told)?)?;
        bind(&administrator.data.join("alerts.sqlite"), &told)?;
        std::fs::copy(administrator.data.join("alerts.sqlite"), folder.join("alerts.sqlite"))?;
        Ok(Self { folder: folder.to_owned(), administrator, officers, sets })
    }

    /// The server as it was before anything was sent.
    fn fresh(&self) -> anyhow::Result<Running> {
        self.fresh_at(TELEVISIONS)
    }

    fn fresh_at(&self, televisions: &str) -> anyhow::Result<Running> {
        let file = self.administrator.data.join("alerts.sqlite");
        for end in ["-wal", "-shm"] {
            let beside = PathBuf::from(format!("{}{end}", file.display()));
            if beside.exists() {
                std::fs::remove_file(beside)?;
            }
        }
        std::fs::copy(self.folder.join("alerts.sqlite"), &file)?;
        start(&self.administrator, &self.folder, televisions)
    }

    /// The same, with both officers signed in.
    pub(crate) fn fresh_with_officers(&mut self) -> anyhow::Result<Running> {
        let server = self.fresh()?;
        std::thread::sleep(LOOKS);
        for officer in &mut self.officers {
            officer.sign_in(DESK.parse()?)?;
        }
        Ok(server)
    }

    pub(crate) fn first_household(&self) -> anyhow::Result<String> {
        let sets: Vec<Set> = serde_json::from_slice(&std::fs::read(self.folder.join("sets.json"))?)?;
        Ok(sets.first().context("a television")?.household.clone())
    }

    fn ours(&mut self, round: &mut Round) -> anyhow::Result<()> {
        let server = self.fresh_with_officers()?;
        let process = server.process_id();
        let before = anonymous_mib(process)?;
        let mut clients = Clients::start(Peer::Door, TELEVISIONS.parse()?, &self.folder)?;
        clients.step("connect")?;
        std::thread::sleep(SETTLES);
        round.idle_kb = (anonymous_mib(process)? - before) * 1_024.0 / f64::from(self.sets);
        let [first, second] = &self.officers;
        let begun = processor_seconds(process)?;
        let wanted =
            json!({ "class": "live", "kind": "Order", "message": "landslide-4", "districts": ["浜町"] });
        let draft = first.draft(&wanted)?;
        ensure!(!first.sign(&draft)?, "one signature was enough");
        round.drafting = processor_seconds(process)? - begun;
        clients.step("hear")?;
        let (by, from) = (processor_seconds_by_thread(process)?, monotonic_ns());
        ensure!(second.sign(&draft)?, "nothing was sent");
        let heard = clients.answer()?;
        std::thread::sleep(SETTLES);
        round.telling_by = processor_seconds_by_thread(process)?;
        for (thread, seconds) in &mut round.telling_by {
            *seconds -= by.get(thread).copied().unwrap_or_default();
        }
        round.telling = round.telling_by.values().sum();
        ensure!(heard.told == usize::try_from(self.sets)?, "{} televisions were told", heard.told);
        round.last = millis(from, heard.last_ns);
        let checked = clients.step("check")?;
        round.bytes = f64::from(u32::try_from(checked.bytes)?);
        let used = processor_seconds(process)?;
        clients.step("ask")?;
        std::thread::sleep(SETTLES);
        round.asking_again = processor_seconds(process)? - used;
        Ok(())
    }

    /// Televisions that come over TLS while nothing is out.
    fn over_tls(&self) -> anyhow::Result<alert_tls::Measured> {
        let data = &self.administrator.data;
        let mut certificate = Command::new(&self.administrator.server);
        certificate.args(["browser", "certificate", "--name", alert_tls::NAME]).arg("--data").arg(data);
        output_of("hinamori-server browser certificate", &mut certificate)?;
        let server = self.fresh_at(OVER_TLS)?;
        let sets: Vec<Set> = serde_json::from_slice(&std::fs::read(self.folder.join("sets.json"))?)?;
        let tokens: Vec<String> = sets.into_iter().map(|set| set.token).collect();
        let address = SocketAddr::from(([127, 0, 0, 1], OVER_TLS.parse::<SocketAddr>()?.port()));
        alert_tls::measure((address, server.process_id()), &data.join("browser-tls"), &tokens)
    }

    fn floor(&self, round: &mut Round) -> anyhow::Result<()> {
        let own = std::env::current_exe()?;
        let mut floor =
            Helper::start(Command::new(own).arg("--tv-floor").arg(FLOOR).arg("--folder").arg(&self.folder))?;
        floor.expect("listening")?;
        let mut clients = Clients::start(Peer::Floor, FLOOR.parse()?, &self.folder)?;
        clients.step("connect")?;
        floor.expect("all here")?;
        clients.step("hear")?;
        let process = floor.process.id();
        let (used, from) = (processor_seconds(process)?, monotonic_ns());
        floor.say("write")?;
        let heard = clients.answer()?;
        floor.expect("written")?;
        round.floor = processor_seconds(process)? - used;
        round.floor_last = millis(from, heard.last_ns);
        clients.step("check").map(drop)
    }

    fn mosquitto(&self, round: &mut Round) -> anyhow::Result<()> {
        let settings = self.folder.join("mosquitto.conf");
        std::fs::write(
            &settings,
            format!(
                "listener {MOSQUITTO_PORT} 127.0.0.1\nallow_anonymous true\nmax_connections -1\nlog_type error\n"
            ),
        )?;
        let mut command = Command::new("/usr/sbin/mosquitto");
        let broker = Running::start(
            "mosquitto",
            command.arg("-c").arg(&settings),
            &self.folder.join("mosquitto.log"),
        )?;
        let began = Instant::now();
        while TcpStream::connect(MOSQUITTO).is_err() {
            ensure!(began.elapsed() < Duration::from_secs(10), "mosquitto does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        let mut clients = Clients::start(Peer::Mosquitto, MOSQUITTO.parse()?, &self.folder)?;
        clients.step("connect")?;
        let bodies = read_bodies(&self.folder.join("bodies"))?;
        let packets: Vec<u8> = bodies
            .iter()
            .enumerate()
            .flat_map(|(number, body)| mqtt(0x30, &[mqtt_text(&topic(number)).as_slice(), body].concat()))
            .collect();
        let mut publisher = TcpStream::connect(MOSQUITTO)?;
        publisher.write_all(&mqtt_connect("town"))?;
        publisher.read_exact(&mut [0; 4])?;
        clients.step("hear")?;
        let process = broker.process_id();
        let (used, from) = (processor_seconds(process)?, monotonic_ns());
        publisher.write_all(&packets)?;
        let heard = clients.answer()?;
        round.mosquitto = processor_seconds(process)? - used;
        round.mosquitto_last = millis(from, heard.last_ns);
        clients.step("check").map(drop)
    }

    /// Reading and judging the alert that was sent: three languages.
    fn judge(&self, report: &mut Report) -> anyhow::Result<()> {
        let file = rusqlite::Connection::open(self.administrator.data.join("alerts.sqlite"))?;
        let alert: Vec<u8> = file.query_row("SELECT alert FROM message", [], |row| row.get(0))?;
        let mut times = Vec::with_capacity(JUDGED);
        for _ in 0..JUDGED {
            let began = Instant::now();
            let judged = Judged::of(std::hint::black_box(&alert))?;
            times.push(began.elapsed().as_secs_f64() * 1e6);
            ensure!(judged.violations().is_empty(), "an alert that breaks rules was sent");
        }
        report.add("validate_bytes", f64::from(u32::try_from(alert.len())?), "B", Better::Neither);
        report.add("validate_us", percentile(&times, 50).context("no times")?, "us", Better::Lower);
        Ok(())
    }
}

#[expect(clippy::cast_precision_loss, reason = "nanoseconds of one round")]
fn millis(from: u64, to: u64) -> f64 {
    to.saturating_sub(from) as f64 / 1e6
}

/// The register of a town whose households all live in one district of the plan, and their numbers.
fn town_in_one_district(sets: u32) -> anyhow::Result<(String, Vec<String>)> {
    let register = registers(sets.saturating_mul(PEOPLE_PER_HOUSEHOLD), SEED).residents;
    let mut lines = register.lines();
    let mut csv = format!("{}\r\n", lines.next().context("no columns")?);
    let (mut households, mut known) = (Vec::new(), BTreeSet::new());
    for line in lines {
        let mut fields: Vec<&str> = line.split(',').collect();
        let number = (*fields.get(1).context("a household")?).to_owned();
        if known.insert(number.clone()) {
            if known.len() > usize::try_from(sets)? {
                break;
            }
            households.push(number);
        }
        *fields.get_mut(9).context("a district")? = "浜町";
        write!(csv, "{}\r\n", fields.join(","))?;
    }
    Ok((csv, households))
}

/// The demonstration's plan with a district of so many corners that its alert has 9.8 kB.
fn plan_with_corners() -> anyhow::Result<String> {
    let plan = std::fs::read_to_string(TownHall::tray_file()?.with_file_name("alerts.toml"))?;
    let corner = |number: u32| {
        let angle = f64::from(number % CORNERS) / f64::from(CORNERS) * std::f64::consts::TAU;
        format!("{:.4},{:.4}", 33.743 + angle.sin() * 0.01, 134.610 + angle.cos() * 0.01)
    };
    let circle = (0..=CORNERS).map(corner).collect::<Vec<_>>().join(" ");
    let (before, rest) = plan.split_once("polygon = \"").context("a polygon")?;
    let (_, behind) = rest.split_once('"').context("the end of a polygon")?;
    Ok(format!("{before}polygon = \"{circle}\"{behind}"))
}

/// As ten thousand households would have done one after another.
fn bind(file: &Path, sets: &[Set]) -> anyhow::Result<()> {
    let mut connection = rusqlite::Connection::open(file)?;
    let transaction = connection.transaction()?;
    for (number, set) in (10_000_000_u32..).zip(sets) {
        transaction.execute(
            "INSERT INTO television (token, code, made_at, household) VALUES (unhex(?1), ?2, 1, unhex(?3))",
            (hash_of_token(&set.token), number, &set.household),
        )?;
    }
    transaction.commit()?;
    connection.pragma_update(None, "wal_checkpoint", "TRUNCATE").or_else(|error| match error {
        rusqlite::Error::ExecuteReturnedResults => Ok(()),
        other => Err(other),
    })?;
    Ok(())
}

fn hash_of_token(token: &str) -> String {
    let bytes: Vec<u8> = token
        .as_bytes()
        .chunks(2)
        .filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect();
    hex(digest(&SHA256, &bytes).as_ref())
}

fn start(administrator: &Administrator, folder: &Path, televisions: &str) -> anyhow::Result<Running> {
    let mut command = Command::new(&administrator.server);
    command.arg("run").arg("--data").arg(&administrator.data).args(["--boxes", BOXES, "--web", WEB]);
    command.args(["--desk", DESK, "--televisions", televisions]);
    Running::start_ready("the server", &mut command, &folder.join("server.log"), "listening")
}

/// A child that takes lines and answers with lines; ends with the value.
pub(crate) struct Helper {
    process: Child,
    says: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Helper {
    pub(crate) fn start(command: &mut Command) -> anyhow::Result<Self> {
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let says = process.stdin.take().context("a pipe was asked for")?;
        let answers = BufReader::new(process.stdout.take().context("a pipe was asked for")?);
        Ok(Self { process, says, answers })
    }

    pub(crate) fn say(&mut self, line: &str) -> anyhow::Result<()> {
        Ok(writeln!(self.says, "{line}")?)
    }

    fn line(&mut self) -> anyhow::Result<String> {
        let mut line = String::new();
        ensure!(self.answers.read_line(&mut line)? > 0, "a child ended");
        Ok(line)
    }

    /// What it answers, unless it failed.
    pub(crate) fn heard(&mut self) -> anyhow::Result<String> {
        let line = self.line()?;
        ensure!(!line.starts_with("failed"), "{line}");
        Ok(line.trim().to_owned())
    }

    pub(crate) fn ask(&mut self, step: &str) -> anyhow::Result<String> {
        self.say(step)?;
        self.heard()
    }

    fn expect(&mut self, wanted: &str) -> anyhow::Result<()> {
        let line = self.line()?;
        ensure!(line.trim() == wanted, "{wanted} was expected: {line}");
        Ok(())
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

struct Clients(Helper);

impl Clients {
    fn start(peer: Peer, address: SocketAddr, folder: &Path) -> anyhow::Result<Self> {
        let peer = match peer {
            Peer::Door => "door",
            Peer::Floor => "floor",
            Peer::Mosquitto => "mosquitto",
        };
        let mut command = Command::new(std::env::current_exe()?);
        command
            .args(["--tv-clients", peer, "--tv-address", &address.to_string()])
            .arg("--folder")
            .arg(folder);
        Ok(Self(Helper::start(&mut command)?))
    }

    /// Has them do something, and hears that they began or did it.
    fn step(&mut self, name: &str) -> anyhow::Result<Heard> {
        self.0.say(name)?;
        self.answer()
    }

    fn answer(&mut self) -> anyhow::Result<Heard> {
        Ok(serde_json::from_str(&self.0.line()?)?)
    }
}
