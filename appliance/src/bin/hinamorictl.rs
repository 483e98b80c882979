//! What an installer or operator types at a box.

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use hinamori_appliance::{Config, control, enrolment};
use hinamori_net_tls::EnrolmentCode;

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
    /// How the running box is.
    Status {
        /// As one JSON object.
        #[arg(long)]
        json: bool,
    },
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let config = Config::read(&options.config)?;
    match options.task {
        Task::Enrol { code } => enrol(&config, &code),
        Task::Status { json } => status(&config, json),
    }
}

fn enrol(config: &Config, code: &str) -> anyhow::Result<()> {
    let code: EnrolmentCode = code.parse()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let town = runtime.block_on(enrolment::join(config, &code))?;
    say(&format!("this box has joined {town}"))
}

fn status(config: &Config, json: bool) -> anyhow::Result<()> {
    let report = control::ask(&config.control_socket()).context("the daemon of this box does not answer")?;
    if json || !std::io::stdout().is_terminal() {
        return say(&serde_json::to_string(&report)?);
    }
    let millis = |time: Option<f64>| time.map_or_else(|| "-".to_owned(), |time| format!("{time:.1} ms"));
    say(&format!(
        "box      {}\nsite     {}\nmode     {:?}\nserver   {}\nrecords  {} ({} not sent yet)\ntaps     {} (own time: median {}, 99 % within {})",
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
        report.taps,
        millis(report.own_time_ms.p50),
        millis(report.own_time_ms.p99),
    ))
}

fn say(text: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout(), "{text}").context("nobody reads the answer")
}
