//! What an installer or operator types at a box.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use hinamori_appliance::alert_check::AlertVerdict;
use hinamori_appliance::alert_history::AlertHistory;
use hinamori_appliance::cert_check::CertCheck;
use hinamori_appliance::reader_test::{self, Line, Question};
use hinamori_appliance::{Config, Imported, card_data, cert_check, control, enrolment};
use hinamori_card::Tries;
use hinamori_crl_mmap::Taken;
use hinamori_net_tls::{EnrolmentCode, act_as_owner};

/// Looks after a Hinamori box.
#[derive(Debug, Parser)]
#[command(version)]
struct Options {
    /// The box's configuration.
    #[arg(long, default_value = "/etc/hinamori/box.toml")]
    config: PathBuf,
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Joins a town with the code that its server printed (`hinamori-server enrol-code`).
    Enrol {
        /// The code.
        code: String,
    },
    /// Lists the readers and says what each card laid on them is. Stop the daemon first.
    ReaderTest {
        /// Seconds to watch.
        #[arg(long, default_value_t = 60)]
        seconds: u64,
    },
    /// Says how many tries the PINs of the next card have left, which costs none. Stop the daemon first.
    PinStatus {
        /// Seconds to wait for a card.
        #[arg(long, default_value_t = 60)]
        seconds: u64,
    },
    /// Revocation lists (カード確認データ).
    Crl {
        #[command(subcommand)]
        task: CrlTask,
    },
    /// Sticks: what this box holds of its town as a file, and files of other boxes and of the server. Only the town can read them.
    Bundle {
        #[command(subcommand)]
        task: BundleTask,
    },
    /// Alerts (CAP 1.2 with the profile JP-evac); needs no box.
    Alert {
        #[command(subcommand)]
        task: AlertTask,
    },
    /// Certificates, of cards and of anybody; needs no box.
    Cert {
        #[command(subcommand)]
        task: CertTask,
    },
    /// How the running box is.
    Status {
        /// As one JSON object.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
enum CrlTask {
    /// Takes lists (DER) from files, as from a stick. The running daemon uses them at once.
    Import {
        /// The files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Which lists this box holds, how old they are, and what was refused.
    Status,
}

#[derive(Debug, Subcommand)]
enum BundleTask {
    /// Writes everything that this box holds, for the server or for another box.
    Export {
        /// The file, on the stick.
        file: PathBuf,
    },
    /// Reads files of other boxes or of the server in. They may come twice, in any order, or be cut off.
    Import {
        /// The files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
enum AlertTask {
    /// Says of each file which rules it breaks, with line and clause; ends with 0 only when all are fine.
    Check {
        /// The files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Verifies files as broadcasters get them by the officers' signatures in them; ends with 0 only when all hold.
    Verify {
        /// The town's root, as its administrator gave it (64 hexadecimal digits).
        #[arg(long)]
        root: String,
        /// The list of officers' keys that the root signed, or the folder of such lists that the server exported.
        #[arg(long)]
        keys: PathBuf,
        /// The files, in the order in which they were sent: as the names of an export sort.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
enum CertTask {
    /// Says in one line whether a certificate is fine, and what each rule said; ends with 0 only when it is.
    Check(CertCheck),
}

fn main() -> anyhow::Result<ExitCode> {
    let Options { config, task } = Options::parse();
    let of_box = || {
        let config = Config::read(&config)?;
        act_as_owner(&config.data).context("root cannot act as the daemon's user")?;
        anyhow::Ok(config)
    };
    let told = match task {
        Task::ReaderTest { seconds } => watch_readers(&of_box()?, Question::Kind, seconds),
        Task::PinStatus { seconds } => watch_readers(&of_box()?, Question::Pins, seconds),
        Task::Enrol { code } => enrol(&of_box()?, &code),
        Task::Crl { task: CrlTask::Import { files } } => import_lists(&of_box()?, &files),
        Task::Crl { task: CrlTask::Status } => say(card_data::status(&of_box()?)?.trim_end()),
        Task::Bundle { task: BundleTask::Export { file } } => export_bundle(of_box, &file),
        Task::Bundle { task: BundleTask::Import { files } } => import_bundles(of_box, &files),
        Task::Alert { task: AlertTask::Check { files } } => return check_alerts(&files),
        Task::Alert { task: AlertTask::Verify { root, keys, files } } => {
            let history = AlertHistory::of(&root, &keys, &files)?;
            say(&history.to_string())?;
            return Ok(if history.is_fine() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        Task::Cert { task: CertTask::Check(check) } => return check_certificate(&check),
        Task::Status { json } => status(&of_box()?, json),
    };
    told.map(|()| ExitCode::SUCCESS)
}

fn check_alerts(files: &[PathBuf]) -> anyhow::Result<ExitCode> {
    let mut are_fine = true;
    for file in files {
        let verdict = AlertVerdict::of(file);
        are_fine &= verdict.is_fine();
        say(&format!("{}: {verdict}", file.display()))?;
    }
    Ok(if are_fine { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn check_certificate(check: &CertCheck) -> anyhow::Result<ExitCode> {
    let report = cert_check::run(check)?;
    say(&report.to_string())?;
    Ok(if report.is_fine() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn enrol(config: &Config, code: &str) -> anyhow::Result<()> {
    let code: EnrolmentCode = code.parse()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (town, words) = runtime.block_on(enrolment::join(config, &code))?;
    say(&format!(
        "this box has joined {town}\nwords    {words}\nRead them to the town hall (`hinamori-server boxes`). If other words stand there, somebody came between: leave\nthis box off, have the one that is listed there denied, and enrol again with a new code."
    ))
}

fn import_lists(config: &Config, files: &[PathBuf]) -> anyhow::Result<()> {
    let (mut refused, mut unsaid) = (0_usize, Ok(()));
    card_data::import(config, files, |file, taken| {
        let file = file.display();
        let text = match taken {
            Ok(Taken { index, is_known: false }) => format!("taken    {file}: {} entries", index.entries()),
            Ok(Taken { is_known: true, .. }) => format!("known    {file}: this very list is held already"),
            Err(problem) => {
                refused += 1;
                format!("refused  {file}: {:#}", anyhow::Error::new(problem))
            }
        };
        if let Err(problem) = say(&text) {
            unsaid = Err(problem);
        }
    })?;
    unsaid?;
    anyhow::ensure!(
        refused == 0,
        "{refused} of {} lists were refused; what was held before is held",
        files.len()
    );
    Ok(())
}

/// The file is made before the program becomes the daemon's user, who may own nothing on the stick.
fn export_bundle(of_box: impl Fn() -> anyhow::Result<Config>, file: &Path) -> anyhow::Result<()> {
    let named = || format!("{} cannot be written", file.display());
    let mut out = std::fs::File::create_new(file).with_context(named)?;
    let written = of_box().and_then(|config| {
        let bundle = control::export_bundle(&config.control_socket()).context("the box wrote no bundle")?;
        out.write_all(&bundle).with_context(named)?;
        // Somebody pulls the stick out next.
        out.sync_all().with_context(named)?;
        say(&format!("{} bytes written to {}", bundle.len(), file.display()))
    });
    if written.is_err() && std::fs::remove_file(file).is_err() {
        // What is left is empty or cut off, and nobody takes it for a bundle.
        say(&format!("{} is left and is no bundle", file.display()))?;
    }
    written
}

fn import_bundles(of_box: impl Fn() -> anyhow::Result<Config>, files: &[PathBuf]) -> anyhow::Result<()> {
    let read =
        |file: &PathBuf| std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()));
    let bundles = files.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let socket = of_box()?.control_socket();
    let mut refused = 0_usize;
    for (file, bundle) in files.iter().zip(bundles) {
        let file = file.display();
        match control::import_bundle(&socket, &bundle) {
            Ok(Imported { new, refused, closed, is_whole }) => {
                let mut text = format!("taken    {file}: {new} new changes");
                let notes = [
                    (refused > 0).then(|| format!("{refused} batches were refused and put aside")),
                    (closed > 0).then(|| format!("{closed} incidents in it are closed or not known here")),
                    (!is_whole).then(|| "it is cut off or damaged: what could be read was taken".to_owned()),
                ];
                for note in notes.into_iter().flatten() {
                    text.push_str("; ");
                    text.push_str(&note);
                }
                say(&text)?;
            }
            Err(problem) => {
                refused = refused.saturating_add(1);
                say(&format!("refused  {file}: {problem}"))?;
            }
        }
    }
    anyhow::ensure!(refused == 0, "{refused} of {} bundles were refused", files.len());
    Ok(())
}

fn status(config: &Config, json: bool) -> anyhow::Result<()> {
    let report = control::ask(&config.control_socket()).context("the daemon of this box does not answer")?;
    if json || !std::io::stdout().is_terminal() {
        return say(&serde_json::to_string(&report)?);
    }
    let millis = |time: Option<f64>| time.map_or_else(|| "-".to_owned(), |time| format!("{time:.1} ms"));
    say(&format!(
        "box      {}\nsite     {}\nmode     {:?}\nserver   {}\nrecords  {} ({} not sent yet)\npeople   {} known ({} parts of the town are not here yet)\ntaps     {} (own time: median {}, 99 % within {})",
        report.box_id,
        report.site,
        report.mode,
        match (report.enrolled, report.online) {
            (false, _) => "not enrolled",
            (true, true) => "connected",
            (true, false) => "not connected; everything works on without it",
        },
        report.records,
        report.unsent,
        report.people,
        report.roster_lacking,
        report.taps,
        millis(report.own_time_ms.p50),
        millis(report.own_time_ms.p99),
    ))?;
    for site in &report.forked {
        say(&format!(
            "forked   {site}: its box or a copy of it says two things at once; it confirms nobody until the town hall rules (`hinamori-server forks`)"
        ))?;
    }
    Ok(())
}

fn say(text: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout(), "{text}").context("nobody reads the answer")
}

fn watch_readers(config: &Config, question: Question, seconds: u64) -> anyhow::Result<()> {
    anyhow::ensure!(
        control::ask(&config.control_socket()).is_err(),
        "the daemon of this box runs and holds the cards: stop it first (systemctl stop hinamori-appliance)"
    );
    say("Lay a card on a reader.")?;
    let mut unsaid = Ok(());
    let mut tell = |line: Line| {
        let is_answer = question == Question::Pins && matches!(line, Line::Card { .. });
        unsaid = say(&text_of(&line));
        unsaid.is_ok() && !is_answer
    };
    reader_test::run(question, Duration::from_secs(seconds), &mut tell)
        .context("no thread for the readers")?;
    unsaid
}

fn text_of(line: &Line) -> String {
    match line {
        Line::Reader(reader) => format!("reader   {reader}"),
        Line::Lost(reader) => format!("gone     {reader}"),
        Line::Failed { reader, reason } => format!("failed   {reader}: {reason}"),
        Line::Card { reader, kind, took, pins } => {
            let mut text = format!("card     {reader}: {kind}, read in {} ms", took.as_millis());
            for pin in pins {
                text.push_str(&match pin.tries {
                    Tries::Left(left) => format!("\n         {}: {left} tries left", pin.kind),
                    Tries::Blocked => format!("\n         {}: blocked, or never set", pin.kind),
                    Tries::Untold => format!("\n         {}: the card does not say", pin.kind),
                });
            }
            text
        }
    }
}
