//! The town hall: a data folder, and the server's program run on it.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use hinamori_model::{IncidentId, SiteId, UnixMillis};
use hinamori_net_tls::EnrolmentCode;
use hinamori_sim::ca::{Hierarchy, Holder};
use hinamori_sim::folder::everything_in;
use tempfile::TempDir;

pub(crate) const DAILY_LIFE: IncidentId = IncidentId::from_bytes([0xd0; 16]);
pub(crate) const LIVE: IncidentId = IncidentId::from_bytes([0xd1; 16]);
pub(crate) const DRILL: IncidentId = IncidentId::from_bytes([0xd2; 16]);

const PROGRAM: &str = env!("CARGO_BIN_EXE_hinamori-server");
const WITHIN: Duration = Duration::from_secs(20);

/// nobody
const SERVICE_USER: u32 = 65_534;

/// The town's sites.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TestSite {
    Gym,
    Gate,
    Hall,
}

impl TestSite {
    pub(crate) const fn id(self) -> SiteId {
        SiteId::from_bytes(
            [match self {
                Self::Gym => 0xa1,
                Self::Gate => 0xa2,
                Self::Hall => 0xa3,
            }; 16],
        )
    }
}

/// A data folder with a town in it. Its addresses stay, as boxes keep them.
pub(crate) struct Hall {
    folder: TempDir,
    boxes: String,
    web: String,
    inquiries: String,
    /// Options of `run` that not every test wants.
    also: Vec<String>,
}

impl Hall {
    pub(crate) fn new() -> Self {
        let [boxes, web, inquiries] = [(); 3].map(|()| free_address());
        let hall = Self { folder: tempfile::tempdir().unwrap(), boxes, web, inquiries, also: Vec::new() };
        hall.write_registers();
        hall.must(&["init"]);
        let said = hall.import();
        assert_eq!(said, "package 1: 3 sites, 3 people, 2 cards\n");
        hall
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn boxes(&self) -> &str {
        &self.boxes
    }

    /// From now on it also runs for officials' browsers, at the address that is given.
    pub(crate) fn opens_to_browsers(&mut self) -> String {
        let address = free_address();
        self.also_runs_with("--browsers", &address);
        address
    }

    pub(crate) fn also_runs_with(&mut self, option: &str, value: &str) {
        self.also.extend([option, value].map(str::to_owned));
    }

    pub(crate) fn web(&self) -> &str {
        &self.web
    }

    /// Makes the data folder a service user's, as a package does, where this test may: only root can give a
    /// folder away. Gives the user whose folder it is now.
    pub(crate) fn owned_by_a_service_user(&self) -> u32 {
        let data = self.path().join("server");
        let is_root = std::fs::metadata("/proc/self").unwrap().uid() == 0;
        if is_root {
            // Also the registers, which the server has to read.
            for path in everything_in(self.path()).unwrap() {
                chown(path, Some(SERVICE_USER), Some(SERVICE_USER)).unwrap();
            }
        }
        std::fs::metadata(data).unwrap().uid()
    }

    /// Files of the data folder that are not this user's.
    pub(crate) fn not_owned_by(&self, user: u32) -> Vec<PathBuf> {
        let mut found = everything_in(&self.path().join("server")).unwrap();
        found.retain(|path| std::fs::metadata(path).unwrap().uid() != user);
        found
    }

    /// Bends the register, as only a test may.
    pub(crate) fn edit_registry(&self, edit: impl FnOnce(&mut serde_json::Value)) {
        let file = self.path().join("server/registry.json");
        let mut registry = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        edit(&mut registry);
        std::fs::write(file, registry.to_string()).unwrap();
    }

    /// Changes the town's register; [`Hall::import`] reads it in.
    pub(crate) fn edit_town(&self, edit: impl FnOnce(String) -> String) {
        let file = self.path().join("town.toml");
        let town = std::fs::read_to_string(&file).unwrap();
        std::fs::write(file, edit(town)).unwrap();
    }

    fn write_registers(&self) {
        let authority = Hierarchy::jpki_auth(1);
        for folder in ["anchors", "intermediates"] {
            std::fs::create_dir(self.path().join(folder)).unwrap();
        }
        let write = |name: &str, bytes: &[u8]| std::fs::write(self.path().join(name), bytes).unwrap();
        write("anchors/jpki.der", authority.anchor_der());
        for (number, der) in authority.intermediates().enumerate() {
            write(&format!("intermediates/{number}.der"), der);
        }
        let holder = Holder::numbered(1);
        let card = hex(&authority.issue(&holder).spki_sha256().0);
        let person = |number: u8| format!("{number:02x}").repeat(16);
        let [one, two, three] = [1, 2, 3].map(person);
        write(
            "cards.json",
            format!(
                r#"[{{"kind":"certificate","identity":"{card}","person":"{one}",
                "binding":"attributes_signed","application_key":null}},
                {{"kind":"uid","identity":"01020304","person":"{two}","binding":"matched_by_staff",
                "application_key":null}}]"#
            )
            .as_bytes(),
        );
        let [gym, gate, hall] = [TestSite::Gym, TestSite::Gate, TestSite::Hall].map(TestSite::id);
        write(
            "town.toml",
            format!(
                r#"name = "汐見町"
                incidents = {{ daily_life = "{DAILY_LIFE}", live = "{LIVE}", drill = "{DRILL}" }}
                [[site]]
                id = "{gym}"
                name = "汐見小学校 体育館"
                kind = "shelter"
                [[site]]
                id = "{gate}"
                name = "城山登り口"
                kind = "check_point"
                [[site]]
                id = "{hall}"
                name = "西浜集会所"
                kind = "watch_spot"
                [[household]]
                id = "{one}"
                [[household.person]]
                id = "{one}"
                name = "浜田 花子"
                relation = "世帯主"
                [[household.person]]
                id = "{two}"
                name = "浜田 太郎"
                hidden = true
                [[person]]
                id = "{three}"
                name = "磯崎 トメ"
                watch = true
                "#
            )
            .as_bytes(),
        );
    }

    /// The town's list of this number, with so many entries; made when the day began.
    pub(crate) fn list(number: u64, entries: u32) -> Vec<u8> {
        let today = UnixMillis::new(now().get() / 86_400_000 * 86_400_000);
        let made = today.plus(number * 1_000);
        let spec = Hierarchy::jpki_auth(1).crl(&Holder::numbered(1).municipality, number, made);
        (0..entries).fold(spec, |spec, entry| spec.revoking(&serial(entry), today, 1)).issue()
    }

    /// Gives the server a list.
    pub(crate) fn import_list(&self, list: &[u8]) -> String {
        let file = self.path().join("list.crl");
        std::fs::write(&file, list).unwrap();
        self.must(&["crl", "import", file.to_str().unwrap()])
    }

    /// Reads the registers in, which are refused; what the program said.
    pub(crate) fn import_refused(&self) -> String {
        let arguments = self.registers();
        let Output { status, stderr, .. } =
            self.command(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(!status.success());
        String::from_utf8(stderr).unwrap()
    }

    /// Reads the registers in; what the program said.
    pub(crate) fn import(&self) -> String {
        let arguments = self.registers();
        self.must(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn registers(&self) -> Vec<String> {
        let mut arguments = vec!["town".to_owned()];
        for (option, name) in [
            ("--town", "town.toml"),
            ("--cards", "cards.json"),
            ("--anchors", "anchors"),
            ("--intermediates", "intermediates"),
        ] {
            arguments.extend([option.to_owned(), self.path().join(name).display().to_string()]);
        }
        arguments
    }

    /// The program with exactly these arguments.
    pub(crate) fn run_with(&self, arguments: &[&str]) -> Output {
        Command::new(PROGRAM).args(arguments).current_dir(self.path()).output().unwrap()
    }

    /// Runs one command of the program to its end.
    pub(crate) fn command(&self, arguments: &[&str]) -> Output {
        let data = self.path().join("server");
        Command::new(PROGRAM).args(arguments).arg("--data").arg(data).output().unwrap()
    }

    pub(crate) fn must(&self, arguments: &[&str]) -> String {
        let Output { status, stdout, stderr } = self.command(arguments);
        assert!(status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&stderr));
        String::from_utf8(stdout).unwrap()
    }

    pub(crate) fn code(&self, site: TestSite, reads: &[TestSite]) -> EnrolmentCode {
        let (site, reads) = (site.id().to_string(), reads.iter().map(|site| site.id().to_string()));
        let mut arguments = vec!["enrol-code", "--site", &site, "--address", &self.boxes];
        let reads: Vec<String> = reads.collect();
        reads.iter().for_each(|site| arguments.extend(["--reads", site]));
        self.must(&arguments).parse().unwrap_or_else(|_| panic!("no code"))
    }

    pub(crate) fn run(&self) -> Running {
        let mut run = Command::new(PROGRAM);
        run.arg("run").arg("--data").arg(self.path().join("server"));
        run.args(["--boxes", &self.boxes, "--web", &self.web, "--inquiries", &self.inquiries]);
        run.args(&self.also);
        let log =
            std::fs::OpenOptions::new().create(true).append(true).open(self.path().join("log")).unwrap();
        let mut child = run.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "listening\n", "{}", self.log());
        Running { child, web: self.web.clone() }
    }

    /// Asks after somebody: the status and the answer.
    pub(crate) fn ask(&self, inquiry: &str, content_type: &str) -> (u16, String) {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let request = agent.post(format!("http://{}/inquiry", self.inquiries)).content_type(content_type);
        let mut answer = request.send(inquiry).unwrap();
        (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
    }

    /// What every run said so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.path().join("log")).unwrap_or_default()
    }
}

/// A running server; it is killed with the value.
pub(crate) struct Running {
    child: Child,
    web: String,
}

impl Running {
    pub(crate) fn get(&self, path: &str) -> String {
        let mut answer = ureq::get(format!("http://{}{path}", self.web)).call().unwrap();
        answer.body_mut().read_to_string().unwrap()
    }

    pub(crate) fn counts(&self) -> serde_json::Value {
        serde_json::from_str(&self.get("/counts.json")).unwrap()
    }

    /// Waits until the counts are as `expected`.
    pub(crate) fn counts_until(&self, expected: impl Fn(&serde_json::Value) -> bool) -> serde_json::Value {
        let began = Instant::now();
        loop {
            let counts = self.counts();
            if expected(&counts) {
                return counts;
            }
            assert!(began.elapsed() < WITHIN, "{counts}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Bytes of memory that it had at the most.
    pub(crate) fn most_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        most.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1_024
    }

    /// A power cut.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM, and the end that it asks for.
    pub(crate) fn terminate(mut self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                assert!(status.success(), "{status}");
                return;
            }
            assert!(began.elapsed() < WITHIN, "the server does not end");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

pub(crate) fn now() -> UnixMillis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    UnixMillis::new(u64::try_from(since.as_millis()).unwrap())
}

/// A serial number that looks like chance, sixteen bytes long.
pub(crate) fn serial(entry: u32) -> Vec<u8> {
    let mixed = |round: u64| (u64::from(entry) + round).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
    let word = |round| mixed(round).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 1 | 1 << 62;
    [word(1), word(7)].map(u64::to_be_bytes).concat()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A free port below those that the system gives to outgoing connections, so that it stays free.
pub(crate) fn free_address() -> String {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let begin = u16::try_from(std::process::id() % 400).unwrap() * 20;
    loop {
        let port = 21_000 + (begin + NEXT.fetch_add(1, Ordering::Relaxed)) % 11_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return format!("127.0.0.1:{port}");
        }
    }
}
