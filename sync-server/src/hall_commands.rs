//! The commands by which the town hall gets figures, reports, lists and answers.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand, ValueEnum};
use hinamori_model::{PersonalText, SiteId, UnixMillis};
use hinamori_server::{
    AskedFigures, CareFile, DataFolder, EvacueeFiles, Exported, Inquiry, ReportStep, SheetFiles, ShownReport,
    WhichIncident, WhichLog, WhichReport, export_all, inquire, list_reports, report_step, show_log,
    show_report, write_care, write_counts, write_evacuees, write_pfif,
};

/// Bytes of an inquiry, and one more to see that it is too long.
const LONGEST_INQUIRY: u64 = (16 << 10) + 1;

#[derive(Subcommand)]
pub(crate) enum HallCommand {
    /// Writes the figures of an incident, without a name.
    Counts(CountsArguments),
    /// 定時報告: freezes the figures of an hour, has them checked and released, corrects them.
    Report {
        #[command(subcommand)]
        command: ReportCommand,
    },
    /// 避難者名簿: writes who came, with names, for officials.
    Evacuees {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
        /// Of which incident.
        #[arg(long, value_enum, default_value_t)]
        mode: ModeArgument,
        /// Of this site only.
        #[arg(long)]
        site: Option<SiteId>,
        /// Where the CSV goes.
        #[arg(long)]
        csv: Option<PathBuf>,
        /// Where the pages go; --site says of which site.
        #[arg(long, requires = "site")]
        pdf: Option<PathBuf>,
    },
    /// Writes who needs something, the most urgent first, with names, for nurses.
    Care {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
        /// Of which incident.
        #[arg(long, value_enum, default_value_t)]
        mode: ModeArgument,
        /// Of this site only.
        #[arg(long)]
        site: Option<SiteId>,
        /// Where the CSV goes.
        #[arg(long)]
        csv: PathBuf,
    },
    /// Answers an inquiry after somebody (安否照会); reads it as JSON.
    Inquire {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
        /// The inquiry; from the standard input where nothing is said.
        #[arg(long)]
        file: Option<PathBuf>,
    },
    /// Writes people who agreed to be found, for registries of missing people (PFIF 1.4).
    Pfif {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
        /// The town's domain, which begins every id.
        #[arg(long)]
        domain: String,
        /// The file to write.
        out: PathBuf,
    },
    /// Checks a log from its first line and prints it.
    Log {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
        /// Which one.
        #[arg(value_enum)]
        log: LogArgument,
    },
    /// Writes every record as a JSON line and every document as an Automerge file.
    Export {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
        /// A new or empty folder.
        folder: PathBuf,
    },
}

/// Which incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum ModeArgument {
    /// The town's live incident.
    #[default]
    Live,
    /// The town's drill.
    Drill,
    /// Daily life.
    DailyLife,
}

impl From<ModeArgument> for WhichIncident {
    fn from(mode: ModeArgument) -> Self {
        match mode {
            ModeArgument::Live => Self::Live,
            ModeArgument::Drill => Self::Drill,
            ModeArgument::DailyLife => Self::DailyLife,
        }
    }
}

/// Which log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogArgument {
    /// Commands that showed names.
    Commands,
    /// Inquiries.
    Inquiries,
    /// Who changed the officers who sign alerts.
    Staff,
    /// Who signed in with a browser, who was refused, and who let whom in.
    Browsers,
    /// Which official opened, closed or adopted which site.
    Acts,
}

#[derive(Args)]
pub(crate) struct CountsArguments {
    /// The data folder.
    #[arg(long)]
    data: PathBuf,
    /// Of which incident.
    #[arg(long, value_enum, default_value_t)]
    mode: ModeArgument,
    /// The end of the period (RFC 3339); now where nothing is said.
    #[arg(long, value_parser = time)]
    until: Option<UnixMillis>,
    /// The hours of the period.
    #[arg(long, default_value_t = 24)]
    period: u32,
    #[command(flatten)]
    files: FileArguments,
}

#[derive(Args)]
pub(crate) struct FileArguments {
    /// Where the CSV goes.
    #[arg(long)]
    csv: Option<PathBuf>,
    /// Where the GeoJSON goes.
    #[arg(long)]
    geojson: Option<PathBuf>,
    /// Where the page to print goes.
    #[arg(long)]
    pdf: Option<PathBuf>,
    /// Only what everybody may read: no small numbers, nothing of hidden people.
    #[arg(long)]
    public: bool,
}

impl From<FileArguments> for SheetFiles {
    fn from(FileArguments { csv, geojson, pdf, public }: FileArguments) -> Self {
        Self { csv, geo_json: geojson, pdf, public }
    }
}

#[derive(Args)]
pub(crate) struct ReportArguments {
    /// The data folder.
    #[arg(long)]
    data: PathBuf,
    /// Of which incident.
    #[arg(long, value_enum, default_value_t)]
    mode: ModeArgument,
    /// The hour at which its period ends (RFC 3339): the last full hour for freezing, else the latest report's.
    #[arg(long, value_parser = time)]
    until: Option<UnixMillis>,
}

impl ReportArguments {
    fn which(&self) -> WhichReport {
        WhichReport { incident: self.mode.into(), until: self.until }
    }
}

#[derive(Subcommand)]
pub(crate) enum ReportCommand {
    /// Keeps the figures of an hour as they are known now.
    Freeze {
        #[command(flatten)]
        report: ReportArguments,
        /// The hours of its period.
        #[arg(long, default_value_t = 24)]
        period: u32,
    },
    /// Says who found the frozen figures right.
    Check {
        #[command(flatten)]
        report: ReportArguments,
        /// Their name.
        #[arg(long)]
        by: String,
    },
    /// Says who lets them go: somebody else than who checked them.
    Release {
        #[command(flatten)]
        report: ReportArguments,
        /// Their name.
        #[arg(long)]
        by: String,
    },
    /// Freezes a released hour anew, as what is known of it now, to be checked and released as its next version.
    Correct {
        #[command(flatten)]
        report: ReportArguments,
    },
    /// Prints which reports there are.
    List {
        #[command(flatten)]
        report: ReportArguments,
    },
    /// Writes a released version; prints the public key of its signature.
    Show {
        #[command(flatten)]
        report: ReportArguments,
        /// Which version; the latest where nothing is said.
        #[arg(long)]
        version: Option<u32>,
        #[command(flatten)]
        files: FileArguments,
        /// Where a CSV of what it corrected goes.
        #[arg(long)]
        changes: Option<PathBuf>,
        /// Where the signed bytes go, with the signature behind them.
        #[arg(long)]
        signed: Option<PathBuf>,
    },
}

impl ReportCommand {
    const fn report(&self) -> &ReportArguments {
        match self {
            Self::Freeze { report, .. }
            | Self::Check { report, .. }
            | Self::Release { report, .. }
            | Self::Correct { report }
            | Self::List { report }
            | Self::Show { report, .. } => report,
        }
    }
}

impl HallCommand {
    /// The data folder.
    pub(crate) fn data(&self) -> &Path {
        match self {
            Self::Counts(CountsArguments { data, .. })
            | Self::Evacuees { data, .. }
            | Self::Care { data, .. }
            | Self::Inquire { data, .. }
            | Self::Pfif { data, .. }
            | Self::Log { data, .. }
            | Self::Export { data, .. } => data,
            Self::Report { command } => &command.report().data,
        }
    }

    /// Does it, for the user who sits at this machine.
    pub(crate) fn run(self, user: &str, now: UnixMillis) -> anyhow::Result<()> {
        let folder = DataFolder::new(self.data());
        match self {
            Self::Counts(CountsArguments { mode, until, period, files, .. }) => {
                let asked = AskedFigures { incident: mode.into(), until, hours: period };
                write_counts(&folder, asked, &files.into(), now)?;
            }
            Self::Report { command } => println!("{}", report(&folder, command, user, now)?.trim_end()),
            Self::Evacuees { mode, site, csv, pdf, .. } => {
                let files = EvacueeFiles { incident: mode.into(), site, csv, pdf };
                println!("{} people", write_evacuees(&folder, &files, user, now)?);
            }
            Self::Care { mode, site, csv, .. } => {
                let file = CareFile { incident: mode.into(), site, csv };
                println!("{} people", write_care(&folder, &file, user, now)?);
            }
            Self::Inquire { file, .. } => {
                let inquiry = Inquiry::read(&read(file.as_deref())?)?;
                let reply = inquire(&folder, &inquiry, user, now)?;
                println!("{}", reply.answer.expose());
            }
            Self::Pfif { domain, out, .. } => {
                println!("{} people", write_pfif(&folder, &domain, &out, user, now)?);
            }
            Self::Log { log, .. } => {
                let which = match log {
                    LogArgument::Commands => WhichLog::Commands,
                    LogArgument::Inquiries => WhichLog::Inquiries,
                    LogArgument::Staff => WhichLog::Staff,
                    LogArgument::Browsers => WhichLog::Browsers,
                    LogArgument::Acts => WhichLog::Acts,
                };
                let head = show_log(&folder, which, user, now, |line| println!("{line}"))?;
                eprintln!("{head}");
            }
            Self::Export { folder: to, .. } => {
                let Exported { records, documents, unreadable } = export_all(&folder, &to, user, now)?;
                println!("{records} records, {documents} documents");
                anyhow::ensure!(unreadable == 0, "{unreadable} changes or documents cannot be read");
            }
        }
        Ok(())
    }
}

fn report(
    folder: &DataFolder,
    command: ReportCommand,
    user: &str,
    now: UnixMillis,
) -> anyhow::Result<String> {
    let which = command.report().which();
    let step = match command {
        ReportCommand::List { .. } => return Ok(list_reports(folder, which.incident)?),
        ReportCommand::Show { version, files, changes, signed, .. } => {
            let shown = ShownReport { which, version, files: files.into(), changes, signed };
            return Ok(format!("key {}", show_report(folder, &shown, now)?));
        }
        ReportCommand::Freeze { period, .. } => ReportStep::Freeze { hours: period },
        ReportCommand::Check { by, .. } => ReportStep::Check { by: named(&by)?, seen: None },
        ReportCommand::Release { by, .. } => ReportStep::Release { by: named(&by)?, seen: None },
        ReportCommand::Correct { .. } => ReportStep::Correct,
    };
    Ok(report_step(folder, which, step, user, now)?)
}

fn named(name: &str) -> anyhow::Result<PersonalText> {
    anyhow::ensure!(!name.trim().is_empty(), "--by needs a name");
    Ok(PersonalText::new(name.trim()))
}

fn read(file: Option<&Path>) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    match file {
        Some(file) => {
            let opened = std::fs::File::open(file).context("the inquiry cannot be read")?;
            opened.take(LONGEST_INQUIRY).read_to_end(&mut bytes)?;
        }
        None => {
            std::io::stdin().take(LONGEST_INQUIRY).read_to_end(&mut bytes)?;
        }
    }
    Ok(bytes)
}

/// A time as RFC 3339 writes it, from 1970 on.
fn time(text: &str) -> Result<UnixMillis, String> {
    let needed = || "a time such as 2026-03-11T06:00:00+09:00 is needed".to_owned();
    let time: jiff::Timestamp = text.parse().map_err(|_no_time| needed())?;
    u64::try_from(time.as_millisecond()).map(UnixMillis::new).map_err(|_before| needed())
}
