//! The town's server, with the registers of the fictional town.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;
use hinamori_model::{Badge, PersonalText};
use hinamori_sim::townsfolk::registers;
use serde::Deserialize;

use crate::child::{Running, output_of};

/// People on the town's register.
pub const RESIDENTS: u32 = 3_000;
/// Of the people on it.
pub const REGISTER_SEED: u64 = 2026;
const RESIDENTS_FILE: &str = "residents.csv";
const SUPPORT_FILE: &str = "support.csv";
const HOMES_FILE: &str = "homes.csv";
const SERVER_BOXES: &str = "127.0.0.1:21200";
const SERVER_WEB: &str = "127.0.0.1:21201";
const SERVER_INQUIRIES: &str = "127.0.0.1:21202";
const SERVER_DESK: &str = "127.0.0.1:21203";
const SERVER_TELEVISIONS: &str = "127.0.0.1:21204";
const SERVER_STATIONS: &str = "127.0.0.1:21205";
const SERVER_BROWSERS: &str = "127.0.0.1:21208";
/// As officials' tablets know the server. Browsers look for every name below `localhost` on their own machine (RFC 6761 §6.3), and passkeys
/// take one with a dot.
const TABLETS_NAME: &str = "map.localhost";
const TABLETS_PORT: &str = "21208";
/// 川口 進 of packaging/demo-town/town.toml, who has a tablet.
pub(crate) const OFFICIAL: &str = "a06cd57ec1ef992af6e5b8d7eac2bfd6";
/// Those who sign the town's alerts: number, name, what they are.
const OFFICERS: [(&str, &str, &str); 4] = [
    ("1", "田中 誠", "危機管理課長"),
    ("2", "山口 陽子", "副町長"),
    ("3", "西川 健", "防災係長"),
    ("4", "石井 里美", "総務課長"),
];

/// The running server; ends with the value.
#[derive(Debug)]
pub struct TownHall {
    programs: PathBuf,
    folder: PathBuf,
    server: Option<Running>,
}

#[derive(Debug, Deserialize)]
struct Town {
    site: Vec<TownSite>,
}

#[derive(Debug, Deserialize)]
struct TownSite {
    id: String,
    kind: String,
}

#[derive(Debug, Deserialize)]
struct Plan {
    district: Vec<PlanDistrict>,
}

#[derive(Debug, Deserialize)]
struct PlanDistrict {
    name: String,
    polygon: Option<String>,
}

/// `packaging/demo-town`
fn town_folder() -> anyhow::Result<PathBuf> {
    let beside = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../packaging/demo-town"));
    beside.canonicalize().context("find packaging/demo-town")
}

/// What the town has of the authorities' revocation lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardData {
    /// All of them.
    Lists,
    /// None: it has not registered as a verifier yet. One card was reported lost to it.
    FirstYear,
}

/// Puts the first card with a certificate that the town registered on its stop list.
fn report_lost(cards: &Path) -> anyhow::Result<()> {
    let mut registered: Vec<serde_json::Value> = serde_json::from_slice(&std::fs::read(cards)?)?;
    let lost = registered.iter_mut().find(|card| card["kind"] == "certificate");
    lost.context("a registered card")?["stopped"] = "2026-11-01T09:00:00+09:00".into();
    Ok(std::fs::write(cards, serde_json::to_vec_pretty(&registered)?)?)
}

/// Binds badges to people of the register, as staff would have.
fn add_badges(cards: &Path, badges: &[(PersonalText, Badge)]) -> anyhow::Result<()> {
    let mut registered: Vec<serde_json::Value> = serde_json::from_slice(&std::fs::read(cards)?)?;
    registered.extend(badges.iter().map(|(resident, badge)| {
        let identity: String = badge.identity().bytes().map(|byte| format!("{byte:02x}")).collect();
        serde_json::json!({
            "kind": "badge", "identity": identity, "resident": resident.expose(),
            "binding": "matched_by_staff", "application_key": null,
        })
    }));
    Ok(std::fs::write(cards, serde_json::to_vec_pretty(&registered)?)?)
}

impl TownHall {
    /// Keys, the town's registers and the first start; everything lies in `folder`.
    ///
    /// # Errors
    /// When a program fails.
    pub fn prepare(programs: &Path, folder: &Path, card_data: CardData) -> anyhow::Result<Self> {
        Self::prepare_with(programs, folder, card_data, RESIDENTS, &[])
    }

    /// What `hinamori-server town` needs beside a list of residents, in `folder`: the town without its people, and no cards.
    ///
    /// # Errors
    /// When a program fails.
    pub fn registers_only(programs: &Path, folder: &Path) -> anyhow::Result<Vec<OsString>> {
        let issued = issue_cards(programs, folder)?;
        let (town, cards) = (folder.join("town.toml"), folder.join("no-cards.json"));
        let whole = std::fs::read_to_string(town_folder()?.join("town.toml"))?;
        let without_people = whole.split("\n[[household]]").next().unwrap_or_default();
        std::fs::write(&town, without_people)?;
        std::fs::write(&cards, "[]")?;
        Ok(import_options(&town, &cards, &issued))
    }

    /// The same with so many people on the register, some of whom have badges: the number of each in the register, and theirs.
    ///
    /// # Errors
    /// When a program fails.
    pub fn prepare_with(
        programs: &Path,
        folder: &Path,
        card_data: CardData,
        residents: u32,
        badges: &[(PersonalText, Badge)],
    ) -> anyhow::Result<Self> {
        let (data, issued) = (folder.join("server"), issue_cards(programs, folder)?);
        if card_data == CardData::FirstYear {
            report_lost(&issued.join("cards.json"))?;
        }
        add_badges(&issued.join("cards.json"), badges)?;
        let server = programs.join("hinamori-server");
        output_of("hinamori-server init", Command::new(&server).arg("init").arg("--data").arg(&data))?;
        write_registers(folder, residents)?;
        let mut import = Command::new(&server);
        import.arg("town").arg("--data").arg(&data);
        import.args(import_options(&Self::town_file()?, &issued.join("cards.json"), &issued));
        for (option, file) in [("--residents", RESIDENTS_FILE), ("--support", SUPPORT_FILE)] {
            import.arg(option).arg(folder.join(file));
        }
        output_of("hinamori-server town", &mut import)?;
        if card_data == CardData::Lists {
            let mut lists = Command::new(&server);
            lists.args(["crl", "import", "--data"]).arg(&data);
            for list in std::fs::read_dir(issued.join("lists"))? {
                lists.arg(list?.path());
            }
            output_of("hinamori-server crl import", &mut lists)?;
        }
        let mut hall = Self { programs: programs.to_owned(), folder: folder.to_owned(), server: None };
        hall.prepare_alerts()?;
        hall.prepare_map()?;
        hall.start()?;
        Ok(hall)
    }

    /// What the officials' map is drawn from, and the name under which tablets know it.
    fn prepare_map(&self) -> anyhow::Result<()> {
        let map = town_folder()?.join("map.toml");
        self.command(&["map", map.to_str().context("a path that is no text")?])?;
        let homes = self.folder.join(HOMES_FILE);
        self.command(&["homes", homes.to_str().context("a path that is no text")?])?;
        self.browser(&["certificate", "--name", TABLETS_NAME, "--port", TABLETS_PORT])?;
        Ok(())
    }

    fn browser(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let mut command = Command::new(self.programs.join("hinamori-server"));
        command.arg("browser").args(arguments).arg("--data").arg(self.folder.join("server"));
        output_of("hinamori-server browser", &mut command)
    }

    /// A link by which the official's tablet gets a passkey, once and within half an hour.
    ///
    /// # Errors
    /// When the program does not end well.
    pub fn tablet_link(&self) -> anyhow::Result<String> {
        Ok(self.browser(&["invite", "--staff", OFFICIAL])?.trim().to_owned())
    }

    /// Where tablets ask.
    pub fn map_page() -> String {
        format!("https://{TABLETS_NAME}:{TABLETS_PORT}")
    }

    /// What is installed on a tablet that is to believe the server.
    pub fn tablet_authority(&self) -> PathBuf {
        self.folder.join("server/browser-tls/town-authority.crt")
    }

    /// The certificate that the server shows browsers, and its key.
    pub fn tablet_certificate(&self) -> [PathBuf; 2] {
        ["certificate.pem", "key.pem"].map(|name| self.folder.join("server/browser-tls").join(name))
    }

    /// The number of the server's process.
    pub fn process_id(&self) -> Option<u32> {
        self.server.as_ref().map(Running::process_id)
    }

    /// The server's key as a Chromium of the demo's own takes it without the authority: SHA-256 of the SubjectPublicKeyInfo, in Base64.
    ///
    /// # Errors
    /// When there is no certificate.
    pub fn tablet_pin(&self) -> anyhow::Result<String> {
        let hash = "openssl x509 -in \"$0\" -noout -pubkey | openssl pkey -pubin -outform DER | openssl dgst -sha256 -binary | base64";
        let certificate = self.folder.join("server/browser-tls/certificate.pem");
        let pin = output_of("openssl", Command::new("sh").args(["-c", hash]).arg(certificate))?;
        Ok(pin.trim().to_owned())
    }

    /// The town's list of staff without the official.
    ///
    /// # Errors
    /// When the server refuses it.
    pub(crate) fn take_official_off(&self) -> anyhow::Result<()> {
        let mut town: toml::Table = toml::from_str(&std::fs::read_to_string(Self::town_file()?)?)?;
        let staff = town.get_mut("staff").and_then(toml::Value::as_array_mut).context("a list of staff")?;
        staff.retain(|of| of.get("id").and_then(toml::Value::as_str) != Some(OFFICIAL));
        self.take_in(&toml::to_string(&town)?, &[])
    }

    /// Reads another file of the town in, with more options of `hinamori-server town`.
    ///
    /// # Errors
    /// When the server refuses it.
    pub fn take_in(&self, town: &str, options: &[&OsStr]) -> anyhow::Result<()> {
        let file = self.folder.join("town-later.toml");
        std::fs::write(&file, town)?;
        let issued = self.folder.join("issued");
        let mut import = Command::new(self.programs.join("hinamori-server"));
        import.arg("town").arg("--data").arg(self.folder.join("server"));
        import.args(import_options(&file, &issued.join("cards.json"), &issued)).args(options);
        output_of("hinamori-server town", &mut import).map(drop)
    }

    /// What the town prepared to say, and who signs it.
    fn prepare_alerts(&self) -> anyhow::Result<()> {
        let mut plan = self.alert("plan");
        output_of("hinamori-server alert plan", plan.arg(town_folder()?.join("alerts.toml")))?;
        OFFICERS.into_iter().try_for_each(|officer| self.add_officer(officer))
    }

    fn alert(&self, name: &str) -> Command {
        let mut command = Command::new(self.programs.join("hinamori-server"));
        command.args(["alert", name, "--data"]).arg(self.folder.join("server"));
        command
    }

    /// The first two officers, each with a code for a device.
    ///
    /// # Errors
    /// When the program does not end well.
    pub fn invitations(&self) -> anyhow::Result<Vec<(&'static str, String)>> {
        let invite = |(id, name, _): &(&str, &'static str, &str)| {
            let code = output_of("hinamori-server alert invite", self.alert("invite").args(["--id", id]))?;
            Ok((*name, code.trim().to_owned()))
        };
        OFFICERS.iter().take(2).map(invite).collect()
    }

    /// Somebody becomes an officer by the keys that they made at a box: whoever asks compared the three words with them.
    ///
    /// # Errors
    /// When the server has not heard of the keys yet, or the program does not end well.
    pub fn admit_at_box(&self, officer: &str, words: &str) -> anyhow::Result<()> {
        let mut admit = self.alert("admit");
        output_of("hinamori-server alert admit", admit.args(["--officer", officer, "--words", words]))?;
        Ok(())
    }

    /// One more officer, still without keys.
    ///
    /// # Errors
    /// When the program does not end well.
    pub fn add_officer(&self, (id, name, title): (&str, &str, &str)) -> anyhow::Result<()> {
        let mut add = self.alert("add-officer");
        add.args(["--id", id, "--name", name, "--title", title, "--until", "2099-03-31"]);
        output_of("hinamori-server alert add-officer", &mut add)?;
        Ok(())
    }

    /// By what a household's receiver is installed.
    ///
    /// # Errors
    /// When the program does not end well.
    pub fn receiver_code(&self) -> anyhow::Result<String> {
        let mut code = self.alert("receiver-code");
        let said =
            output_of("hinamori-server alert receiver-code", code.args(["--address", SERVER_TELEVISIONS]))?;
        Ok(said.trim().to_owned())
    }

    /// The town lets this trigger release what two officers signed in advance.
    ///
    /// # Errors
    /// When the program does not end well.
    pub(crate) fn name_trigger(&self, key: &str) -> anyhow::Result<()> {
        let mut policy = self.alert("policy");
        policy.args(["--trigger", key, "--duty-officer", "false"]);
        output_of("hinamori-server alert policy", &mut policy).map(drop)
    }

    /// The town's root, as whoever installs something pins it.
    ///
    /// # Errors
    /// When the program does not end well.
    pub(crate) fn root(&self) -> anyhow::Result<String> {
        let pinned = output_of("hinamori-server alert certificate", &mut self.alert("certificate"))?;
        value_of(&pinned, "root ")
    }

    /// A broadcaster's account, as its pages take it behind the `#` of their address.
    ///
    /// # Errors
    /// When the program does not end well.
    pub fn station(&self) -> anyhow::Result<String> {
        let mut add = self.alert("add-station");
        let added =
            output_of("hinamori-server alert add-station", add.args(["--name", "汐見ケーブルテレビ"]))?;
        Ok(format!("key={}&root={}", value_of(&added, "secret ")?, self.root()?))
    }

    /// Where officers sit, and where televisions and broadcasters' stations ask.
    pub fn alert_pages() -> [String; 3] {
        // Passkeys are good for a name, not for a number.
        [SERVER_DESK, SERVER_TELEVISIONS, SERVER_STATIONS]
            .map(|address| format!("http://{}", address.replace("127.0.0.1", "localhost")))
    }

    /// The server's program and its data, for whoever plays the administrator.
    pub fn administrator(&self) -> [PathBuf; 2] {
        [self.programs.join("hinamori-server"), self.folder.join("server")]
    }

    /// A bundle of numbered cards for the first site of the kind `site`, as text: what people would read on the paper.
    ///
    /// # Errors
    /// When the server prints none.
    pub fn paper_cards(&self, site: &str, count: u16) -> anyhow::Result<String> {
        let file = self.folder.join("cards.pdf");
        let mut paper = Command::new(self.programs.join("hinamori-server"));
        paper.arg("paper").arg("--data").arg(self.folder.join("server")).arg("--out").arg(&file);
        paper.args(["cards", "--site", &site_of_kind(site)?, "--count", &count.to_string()]);
        output_of("hinamori-server paper", &mut paper)?;
        output_of("pdftotext", Command::new("pdftotext").arg("-layout").arg(&file).arg("-"))
    }

    /// The cards of the town's tray.
    ///
    /// # Errors
    /// When the project's files are not beside the program's sources.
    pub fn tray_file() -> anyhow::Result<PathBuf> {
        Ok(town_folder()?.join("tray.toml"))
    }

    /// The fictional town, with its cast.
    ///
    /// # Errors
    /// When the project's files are not beside the program's sources.
    pub fn town_file() -> anyhow::Result<PathBuf> {
        Ok(town_folder()?.join("town.toml"))
    }

    /// How many lists the authorities published.
    ///
    /// # Errors
    /// When the folder is gone.
    pub fn published_lists(&self) -> anyhow::Result<u64> {
        Ok(std::fs::read_dir(self.folder.join("issued/lists"))?.count().try_into()?)
    }

    /// The authority's next list of the day, with these cards on it too, in a file.
    ///
    /// # Errors
    /// When the tray has no such card.
    pub fn later_list(&self, cards: &[&str]) -> anyhow::Result<PathBuf> {
        let file = self.folder.join(format!("later-{}.crl", cards.len()));
        let mut revoke = Command::new(self.programs.join("hinamori-simcard"));
        revoke.arg("revoke").arg("--tray").arg(Self::tray_file()?).arg("--out").arg(&file);
        revoke.args(cards.iter().flat_map(|card| ["--card", card]));
        output_of("hinamori-simcard revoke", &mut revoke)?;
        Ok(file)
    }

    /// The town gets a list from the authority.
    ///
    /// # Errors
    /// When the server refuses it.
    pub fn import_list(&self, file: &Path) -> anyhow::Result<()> {
        let mut import = Command::new(self.programs.join("hinamori-server"));
        import.args(["crl", "import", "--data"]).arg(self.folder.join("server")).arg(file);
        output_of("hinamori-server crl import", &mut import).map(drop)
    }

    /// What a command of the server says about the running town.
    ///
    /// # Errors
    /// When it fails.
    pub fn command(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let (name, rest) = arguments.split_first().context("no command")?;
        let mut command = Command::new(self.programs.join("hinamori-server"));
        command.arg(name).arg("--data").arg(self.folder.join("server")).args(rest);
        output_of(&format!("hinamori-server {name}"), &mut command)
    }

    /// What it says of a bundle.
    ///
    /// # Errors
    /// When it refuses it.
    pub fn bundle(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let mut command = Command::new(self.programs.join("hinamori-server"));
        command.arg("bundle").args(arguments).arg("--data").arg(self.folder.join("server"));
        output_of("hinamori-server bundle", &mut command)
    }

    /// Where the counts are to be seen.
    pub fn page() -> String {
        format!("http://{SERVER_WEB}/")
    }

    /// Where this machine asks after somebody.
    pub const fn inquiries() -> &'static str {
        SERVER_INQUIRIES
    }

    /// A code for a box at the first site of the kind `site`, which may read the first one of the kind `reads`.
    ///
    /// # Errors
    /// When the town has no such site.
    pub fn enrolment_code(&self, site: &str, reads: Option<&str>) -> anyhow::Result<String> {
        let mut command = Command::new(self.programs.join("hinamori-server"));
        command.arg("enrol-code").arg("--data").arg(self.folder.join("server"));
        command.args(["--site", &site_of_kind(site)?, "--address", SERVER_BOXES]);
        if let Some(reads) = reads {
            command.args(["--reads", &site_of_kind(reads)?]);
        }
        Ok(output_of("hinamori-server enrol-code", &mut command)?.trim().to_owned())
    }

    /// The boxes that joined, with the words that they showed.
    ///
    /// # Errors
    /// When the program does not end well.
    pub fn boxes(&self) -> anyhow::Result<String> {
        let mut command = Command::new(self.programs.join("hinamori-server"));
        command.arg("boxes").arg("--data").arg(self.folder.join("server"));
        output_of("hinamori-server boxes", &mut command)
    }

    /// Starts the server.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn start(&mut self) -> anyhow::Result<()> {
        let mut command = Command::new(self.programs.join("hinamori-server"));
        command.arg("run").arg("--data").arg(self.folder.join("server"));
        command.args(["--boxes", SERVER_BOXES, "--web", SERVER_WEB, "--inquiries", SERVER_INQUIRIES]);
        command.args([
            "--desk",
            SERVER_DESK,
            "--televisions",
            SERVER_TELEVISIONS,
            "--stations",
            SERVER_STATIONS,
            "--browsers",
            SERVER_BROWSERS,
        ]);
        let log = self.folder.join("server.log");
        self.server = Some(Running::start_ready("the server", &mut command, &log, "listening")?);
        Ok(())
    }

    /// Ends the server as a reboot of the town hall would.
    ///
    /// # Errors
    /// When it does not run, or does not end when asked.
    pub fn stop(&mut self) -> anyhow::Result<()> {
        self.server.take().context("the server does not run")?.end().context("the server did not end")?;
        Ok(())
    }
}

/// What stands behind a name in what a program printed.
fn value_of(text: &str, name: &str) -> anyhow::Result<String> {
    let found = text.lines().find_map(|line| Some(line.strip_prefix(name)?.trim().to_owned()));
    found.with_context(|| format!("no {name} in what the server said"))
}

fn site_of_kind(kind: &str) -> anyhow::Result<String> {
    let sites: Town = toml::from_str(&std::fs::read_to_string(town_folder()?.join("town.toml"))?)?;
    let site = sites.site.iter().find(|site| site.kind == kind);
    site.map(|site| site.id.clone()).with_context(|| format!("the town has no {kind}"))
}

/// The registers as the town's systems would export them: one in each of the two usual encodings.
fn write_registers(folder: &Path, residents: u32) -> anyhow::Result<()> {
    let registers = registers(residents, REGISTER_SEED);
    let homes = homes(&registers.residents)?;
    let (residents, _, has_foreign) = encoding_rs::SHIFT_JIS.encode(&registers.residents);
    anyhow::ensure!(!has_foreign, "a name that CP932 does not have");
    std::fs::write(folder.join(RESIDENTS_FILE), residents)?;
    std::fs::write(folder.join(SUPPORT_FILE), registers.support)?;
    std::fs::write(folder.join(HOMES_FILE), homes)?;
    Ok(())
}

/// Where households live, as a town's map department would export it: spread over the outlines that the plan has. Of the other districts the
/// town knows no positions.
fn homes(residents: &str) -> anyhow::Result<String> {
    let plan: Plan = toml::from_str(&std::fs::read_to_string(town_folder()?.join("alerts.toml"))?)?;
    let mut outlines: BTreeMap<String, ([f64; 4], f64)> = BTreeMap::new();
    for PlanDistrict { name, polygon } in plan.district {
        if let Some(polygon) = polygon {
            outlines.insert(name, (bounds(&polygon)?, 0.0));
        }
    }
    let mut homes = "世帯番号,緯度,経度\n".to_owned();
    let mut last = None;
    for line in residents.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let (Some(household), Some(district)) = (fields.get(1), fields.get(9)) else { continue };
        // Everybody of a household stands behind its first.
        if last.replace(household.to_string()).as_deref() == Some(household) {
            continue;
        }
        let Some(([south, west, north, east], count)) = outlines.get_mut(*district) else { continue };
        *count += 1.0;
        // Near each other, never on each other: multiples of two numbers that no fraction comes near, and a margin.
        let [up, along] = [0.754_877_67, 0.569_840_29].map(|step| 0.04 + 0.92 * (*count * step).fract());
        let (latitude, longitude) = (*south + (*north - *south) * up, *west + (*east - *west) * along);
        writeln!(homes, "{household},{latitude:.6},{longitude:.6}")?;
    }
    Ok(homes)
}

/// South, west, north and east of an outline as CAP writes it: `latitude,longitude` and spaces. Those of the demo's plan are rectangles.
fn bounds(polygon: &str) -> anyhow::Result<[f64; 4]> {
    let mut found = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
    for point in polygon.split_whitespace() {
        let (latitude, longitude) = point.split_once(',').context("a point of an outline")?;
        let (latitude, longitude): (f64, f64) = (latitude.parse()?, longitude.parse()?);
        let [south, west, north, east] = found;
        found = [south.min(latitude), west.min(longitude), north.max(latitude), east.max(longitude)];
    }
    Ok(found)
}

/// Issues the tray's cards and their registration; gives the folder.
fn issue_cards(programs: &Path, folder: &Path) -> anyhow::Result<PathBuf> {
    let issued = folder.join("issued");
    let mut issue = Command::new(programs.join("hinamori-simcard"));
    issue.arg("issue").arg("--tray").arg(TownHall::tray_file()?).arg("--out").arg(&issued);
    output_of("hinamori-simcard issue", &mut issue)?;
    Ok(issued)
}

fn import_options(town: &Path, cards: &Path, issued: &Path) -> Vec<OsString> {
    let (anchors, intermediates) = (issued.join("anchors"), issued.join("intermediates"));
    let options: [(&str, &Path); 4] =
        [("--town", town), ("--cards", cards), ("--anchors", &anchors), ("--intermediates", &intermediates)];
    options.into_iter().flat_map(|(option, path)| [OsString::from(option), path.into()]).collect()
}
