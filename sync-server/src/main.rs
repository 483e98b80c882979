//! `hinamori-server`: the command line around the library.

mod alert_commands;
mod browser_commands;
mod hall_commands;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context;
use clap::{Parser, Subcommand};
use hinamori_model::{BoxId, IncidentId, PersonId, SiteId, UnixMillis};
use hinamori_net_tls::act_as_owner;
use hinamori_paper::Mode;
use hinamori_server::{
    Addresses, AuditQuestion, BoxTime, ClosedReport, CodeRequest, DataFolder, Imported, IncidentWord, Keys,
    Limits, OpenData, Outcome, Paper, QuarantineId, QuarantineWanted, ReadIn, RegisterFiles, Server,
    StandbyIncident, TownFiles, Wanted, admit, audit_list, audit_verify, box_list, close_incident, deny,
    erase_person, export_bundle, fork_list, import_bundle, import_lists, import_town, issue_code, keep_from,
    list_incidents, list_status, open_ledger, os_user, print, quarantined, read_homes, read_map,
    read_open_data, rebuild, rule_on_quarantine, rule_on_shelter, say_of_incident, settle_forks, staff_list,
};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::alert_commands::AlertCommand;
use crate::browser_commands::BrowserCommand;
use crate::hall_commands::HallCommand;

/// Threads that read files for boxes. The service may have 256 in all.
const BLOCKING: usize = 64;

/// The town's server: boxes join, their records meet, a page counts who is where.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum BundleCommand {
    /// Writes down what the server would say to a box: package, keys, records and receipts. Only the town can read it.
    Export {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
        /// The box.
        #[arg(long = "box")]
        id: BoxId,
        /// The file, on the stick.
        out: PathBuf,
    },
    /// Reads in what boxes wrote down (`hinamorictl bundle export`). It may come twice, in any order, or be cut off.
    Import {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
        /// The files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
}

#[derive(Subcommand)]
enum Command {
    /// Makes the data folder and the town's keys, where they are missing.
    Init {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
    },
    /// Reads the town's registers and signs the next package.
    Town(TownArguments),
    /// Prints who may sign in at a box.
    Staff {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
    },
    /// Prints who looked at whom, as CSV, and writes down that it did; or checks that nothing of it was changed.
    Audit {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
        /// Of this site.
        #[arg(long)]
        site: Option<SiteId>,
        /// About this person.
        #[arg(long)]
        person: Option<PersonId>,
        /// Since this time (RFC 3339, such as 2026-11-26T09:00:00+09:00).
        #[arg(long, value_parser = moment)]
        since: Option<UnixMillis>,
        /// Checks the seals of all boxes' records and the server's own log instead.
        #[arg(long, conflicts_with_all = ["site", "person", "since"])]
        verify: bool,
    },
    /// Takes revocation lists in, or says which are held.
    Crl {
        #[command(subcommand)]
        command: CrlCommand,
    },
    /// Reads in what the officials' map is drawn from.
    Map {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
        /// `map.toml`, with its files beside it.
        file: PathBuf,
    },
    /// Reads in where households live: a list (CSV) with 世帯番号, 緯度 and 経度. It stays on the server.
    Homes {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
        /// The list.
        file: PathBuf,
    },
    /// Prints what town.toml says of sites, from the national open data of shelters and emergency sites.
    Sites {
        /// CSV or GeoJSON, of either list.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Makes paper for when the power dies, as a PDF.
    Paper {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
        /// The PDF to write.
        #[arg(long)]
        out: PathBuf,
        /// For a drill: its word stands on every page, card and badge.
        #[arg(long)]
        drill: bool,
        #[command(subcommand)]
        paper: PaperCommand,
    },
    /// Prints a code with which one box can join within 15 minutes.
    EnrolCode {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
        /// Where the box will stand.
        #[arg(long)]
        site: SiteId,
        /// Other sites whose records it may read.
        #[arg(long, num_args = 1..)]
        reads: Vec<SiteId>,
        /// HOST:PORT under which boxes reach this server.
        #[arg(long, value_parser = address)]
        address: String,
    },
    /// Prints the town's boxes, the newest last, with the three words that each of them showed when it joined. Whoever set it up reads
    /// them out; when they are other words, somebody came between: `deny` the box, and enrol it again with a new code.
    Boxes {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
    },
    /// Says of an incident how it is called, with which it is one, or which sites go on in another one. No record is rewritten.
    Incident {
        #[command(subcommand)]
        command: IncidentCommand,
    },
    /// Decides about a shelter that people opened themselves (自主避難所). Its records stay, whatever is decided.
    Shelter {
        #[command(subcommand)]
        command: ShelterCommand,
    },
    /// Shuts a box out, also if it is on the line now. What it wrote is believed as before, unless --trust-until says otherwise.
    Deny {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
        /// The box.
        #[arg(long = "box")]
        id: BoxId,
        /// Believe only what had come to this server by then, such as 2026-03-11T06:00:00+09:00. `admit` takes it back.
        #[arg(long, value_parser = moment)]
        trust_until: Option<UnixMillis>,
    },
    /// Lets a box in again that was shut out, and believes all that it wrote.
    Admit {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
        /// The box.
        #[arg(long = "box")]
        id: BoxId,
    },
    /// Sticks: reads in what boxes wrote down, and writes down what the server would say to a box.
    Bundle {
        #[command(subcommand)]
        command: BundleCommand,
    },
    /// Boxes of which two histories came under one name: somebody has a copy of a box. Lists the proofs, or rules. Until then whoever
    /// such a box received counts, and not as confirmed.
    Forks {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
        /// What is held of this box counts fully. Look first where the box and its copy are; `deny` it where that is not known.
        #[arg(long)]
        settle: Option<BoxId>,
    },
    /// Throws away what the databases say of the changes, and makes it anew from them. The server must not run.
    Rebuild {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
    },
    /// What was refused: shows it, has it looked at again, throws it away.
    Quarantine {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
        /// Look at this entry again, by what the town says now: records-7.
        #[arg(long, conflicts_with = "discard")]
        release: Option<QuarantineId>,
        /// Throw this entry away.
        #[arg(long)]
        discard: Option<QuarantineId>,
    },
    /// Writes an incident's ledger, closes the incident for every box, and destroys it here. The server must not run.
    Close {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
        /// Which of the incidents that stand by.
        incident: Closes,
        /// The folder in which the ledger is written: one line of JSON for each record, with what was written down of
        /// people.
        #[arg(long)]
        ledger: PathBuf,
    },
    /// Keeps an incident that stays open from a day on. Boxes say again what counts of earlier days, and these go everywhere as soon as
    /// that is done. A day that went does not come back.
    Keep {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
        /// Which of the incidents that stand by.
        incident: Closes,
        /// The first day that is kept, such as 2026-10-01.
        #[arg(long, value_parser = day)]
        from: UnixMillis,
        /// Earlier days go also where no box said again what counts of them, because the box of the site is lost.
        #[arg(long)]
        even_if_lost: bool,
    },
    /// Prints what boxes handed over of a closed incident, as lines like those of its ledger.
    LedgerOpen {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
        /// The incident.
        #[arg(long)]
        incident: IncidentId,
    },
    /// Destroys the keys under which things are written down of a person: here, and on every box once it connects.
    ErasePerson {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
        /// The person's id.
        person: PersonId,
        /// Only in these incidents; without one, in every one that is not closed.
        #[arg(long)]
        incident: Vec<IncidentId>,
    },
    /// Serves boxes and browsers until SIGTERM or Ctrl-C; prints `listening` when ready.
    Run(RunArguments),
    /// Alerts: what is prepared, who signs, and whose television is whose.
    Alert {
        #[command(subcommand)]
        command: AlertCommand,
    },
    /// Officials' browsers: under what name they know this server, and who may sign in.
    Browser {
        #[command(subcommand)]
        command: BrowserCommand,
    },
    #[command(flatten)]
    Hall(HallCommand),
}

/// Which of the incidents that stand by.
#[derive(Clone, Copy, clap::ValueEnum)]
enum Closes {
    DailyLife,
    Live,
    Drill,
}

impl From<Closes> for StandbyIncident {
    fn from(closes: Closes) -> Self {
        match closes {
            Closes::DailyLife => Self::DailyLife,
            Closes::Live => Self::Live,
            Closes::Drill => Self::Drill,
        }
    }
}

#[derive(Subcommand)]
enum PaperCommand {
    /// A bundle of numbered intake cards with badges for a site. Every bundle has numbers of its own.
    Cards {
        /// The site.
        #[arg(long)]
        site: SiteId,
        /// How many cards.
        #[arg(long, default_value_t = 200)]
        count: u16,
    },
    /// The tick lists of a district's neighbourhood groups.
    Groups {
        /// The district.
        #[arg(long)]
        district: String,
    },
    /// Sheets of numbered badges for a site, without cards.
    Badges {
        /// The site.
        #[arg(long)]
        site: SiteId,
        /// How many badges.
        #[arg(long, default_value_t = 200)]
        count: u16,
    },
    /// One page: how to go on by paper.
    Instructions,
}

impl From<PaperCommand> for Paper {
    fn from(command: PaperCommand) -> Self {
        match command {
            PaperCommand::Cards { site, count } => Self::Cards { site, count },
            PaperCommand::Groups { district } => Self::Groups { district },
            PaperCommand::Badges { site, count } => Self::Badges { site, count },
            PaperCommand::Instructions => Self::Instructions,
        }
    }
}

#[derive(Subcommand)]
enum ShelterCommand {
    /// The town takes it over: it is a site like others, and boxes can be enrolled there.
    Adopt {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
        /// The shelter, as counts.json names it.
        site: SiteId,
    },
    /// Its people count at another site.
    Join {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
        /// The shelter, as counts.json names it.
        site: SiteId,
        /// A site of the town.
        #[arg(long)]
        into: SiteId,
    },
    /// It is over. While somebody is still written down there it is shown.
    Close {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
        /// The shelter, as counts.json names it.
        site: SiteId,
    },
}

impl ShelterCommand {
    const fn data(&self) -> &PathBuf {
        match self {
            Self::Adopt { data, .. } | Self::Join { data, .. } | Self::Close { data, .. } => data,
        }
    }
}

#[derive(Subcommand)]
enum IncidentCommand {
    /// Prints the live incidents and drills that are not closed.
    List {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
    },
    /// Gives it a name, which boxes and this server show.
    Name {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
        /// The incident.
        incident: IncidentId,
        /// Its name; an empty one takes the last one back.
        name: String,
    },
    /// It is one with another incident: the people of both count as one incident's.
    Join {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
        /// The incident.
        incident: IncidentId,
        /// The other one; the incident itself takes an earlier joining back.
        into: IncidentId,
    },
    /// What was said at some sites since a moment is of another incident.
    Split {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
        /// The incident.
        incident: IncidentId,
        /// The sites.
        #[arg(long, required = true, num_args = 1..)]
        sites: Vec<SiteId>,
        /// From when on (RFC 3339, such as 2026-11-26T09:00:00+09:00), by the clocks of the boxes.
        #[arg(long, value_parser = moment)]
        since: UnixMillis,
        /// The other one; the incident itself takes an earlier splitting back, from that moment on.
        #[arg(long)]
        into: IncidentId,
    },
}

impl IncidentCommand {
    const fn data(&self) -> &PathBuf {
        match self {
            Self::List { data }
            | Self::Name { data, .. }
            | Self::Join { data, .. }
            | Self::Split { data, .. } => data,
        }
    }
}

#[derive(Subcommand)]
enum CrlCommand {
    /// Takes lists from files. A running server offers them to the boxes.
    Import {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
        /// Revocation lists (DER).
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Prints which lists are held, how old they are, and what was refused.
    Status {
        /// The data folder.
        #[arg(long)]
        data: PathBuf,
    },
}

#[derive(clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
struct TownArguments {
    /// The data folder.
    #[arg(long)]
    data: PathBuf,
    /// Sites, incidents, people.
    #[arg(long)]
    town: PathBuf,
    /// Registered cards.
    #[arg(long)]
    cards: PathBuf,
    /// Folder of pinned authorities (*.der).
    #[arg(long)]
    anchors: PathBuf,
    /// Folder of authorities below them (*.der).
    #[arg(long)]
    intermediates: PathBuf,
    /// The list of residents and households (CSV), as the town's system exports it. Without it everybody on the list
    /// before stays.
    #[arg(long)]
    residents: Option<PathBuf>,
    /// The list of persons needing support to evacuate (CSV).
    #[arg(long, requires = "residents")]
    support: Option<PathBuf>,
    /// How the columns of these two are named (TOML).
    #[arg(long, requires = "residents")]
    mapping: Option<PathBuf>,
    /// Takes a list of residents also when many people of the one before are missing in it, or nobody can say how many.
    #[arg(long, requires = "residents")]
    allow_removals: bool,
    /// Takes a list of residents also when it no longer says of many hidden people that they are hidden.
    #[arg(long, requires = "residents")]
    allow_unhiding: bool,
    /// Moves boxes whose clock was taken too far ahead back to this machine's time.
    #[arg(long)]
    reset_time: bool,
}

#[derive(clap::Args)]
struct RunArguments {
    /// The data folder.
    #[arg(long)]
    data: PathBuf,
    #[command(flatten)]
    addresses: AddressArguments,
}

#[derive(Clone, Copy, clap::Args)]
struct AddressArguments {
    /// Where boxes connect.
    #[arg(long)]
    boxes: SocketAddr,
    /// Where browsers connect.
    #[arg(long)]
    web: SocketAddr,
    /// Where the inquiry desk's program on this machine asks (127.0.0.1 only).
    #[arg(long)]
    inquiries: Option<SocketAddr>,
    /// Where officers' browsers reach the alert desk (127.0.0.1 only).
    #[arg(long)]
    desk: Option<SocketAddr>,
    /// Where televisions ask: over TLS (see `browser certificate`), or without at 127.0.0.1.
    #[arg(long)]
    televisions: Option<SocketAddr>,
    /// Where broadcasters' stations read the feed, the overlay and their operator's page: the same.
    #[arg(long)]
    stations: Option<SocketAddr>,
    /// Where officials' browsers connect, over TLS (see `browser certificate`).
    #[arg(long)]
    browsers: Option<SocketAddr>,
}

impl From<AddressArguments> for Addresses {
    fn from(arguments: AddressArguments) -> Self {
        let AddressArguments { boxes, web, inquiries, desk, televisions, stations, browsers } = arguments;
        Self { boxes, web, inquiries, desk, televisions, stations, browsers }
    }
}

impl Command {
    /// The data folder, of every command that has one.
    fn data(&self) -> Option<&Path> {
        match self {
            Self::Sites { .. } | Self::Bundle { .. } => None,
            Self::Hall(command) => Some(command.data()),
            Self::Shelter { command } => Some(command.data()),
            Self::Incident { command } => Some(command.data()),
            Self::Alert { command } => Some(command.data()),
            Self::Browser { command } => Some(command.data()),
            Self::Init { data }
            | Self::Town(TownArguments { data, .. })
            | Self::Staff { data }
            | Self::Map { data, .. }
            | Self::Homes { data, .. }
            | Self::Audit { data, .. }
            | Self::Paper { data, .. }
            | Self::Crl { command: CrlCommand::Import { data, .. } | CrlCommand::Status { data } }
            | Self::EnrolCode { data, .. }
            | Self::Boxes { data }
            | Self::Forks { data, .. }
            | Self::Deny { data, .. }
            | Self::Admit { data, .. }
            | Self::Quarantine { data, .. }
            | Self::Rebuild { data }
            | Self::Close { data, .. }
            | Self::Keep { data, .. }
            | Self::LedgerOpen { data, .. }
            | Self::ErasePerson { data, .. }
            | Self::Run(RunArguments { data, .. }) => Some(data),
        }
    }
}

fn main() -> anyhow::Result<()> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_unset| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let command = Arguments::parse().command;
    let user = os_user();
    if let Some(data) = command.data() {
        act_as_owner(data).context("root cannot act as the server's user")?;
    }
    match command {
        Command::Init { data } => {
            DataFolder::new(&data).initialise()?;
        }
        Command::Town(arguments) => town(arguments)?,
        Command::Staff { data } => {
            let folder = DataFolder::new(&data);
            print!("{}", staff_list(&folder, &folder.keys()?)?);
        }
        Command::Audit { data, verify: true, .. } => {
            let folder = DataFolder::new(&data);
            print!("{}", audit_verify(&folder, &folder.keys()?)?);
        }
        Command::Audit { data, site, person, since, verify: false } => {
            let folder = DataFolder::new(&data);
            let question = AuditQuestion { site, person, since: since.unwrap_or_default() };
            print!("{}", audit_list(&folder, &folder.keys()?, &question, now())?);
        }
        Command::Map { data, file } => {
            let (features, outside) = read_map(&DataFolder::new(&data), &file)?;
            println!("{features} features, {outside} of them outside of the bounds");
        }
        Command::Homes { data, file } => {
            let folder = DataFolder::new(&data);
            let (homes, problems) = read_homes(&folder, &folder.keys()?, &file)?;
            for problem in problems {
                eprintln!("{}: {problem}", file.display());
            }
            println!("{homes} homes");
        }
        Command::Sites { files } => {
            let OpenData { toml, sites, problems } = read_open_data(&files)?;
            for (file, problem) in &problems {
                eprintln!("{}: {problem}", file.display());
            }
            print!("{toml}");
            eprintln!("{sites} sites");
        }
        Command::Paper { data, out, drill, paper } => {
            let folder = DataFolder::new(&data);
            let mode = if drill { Mode::Drill } else { Mode::Live };
            print(&folder, &folder.keys()?, &paper.into(), mode, &out, &user, now())?;
            println!("{}", out.display());
        }
        Command::Crl { command } => lists(command)?,
        Command::EnrolCode { data, site, reads, address } => {
            enrol_code(&data, &CodeRequest { site, reads, address })?;
        }
        Command::Boxes { data } => boxes(&data)?,
        Command::Shelter { command } => shelter(command)?,
        Command::Incident { command } => incident(command)?,
        Command::Deny { data, id, trust_until } => {
            change_town(&data, |folder, keys| Ok(deny(folder, keys, id, trust_until, now())?))?
        }
        Command::Admit { data, id } => change_town(&data, |of, keys| Ok(admit(of, keys, id, now())?))?,
        Command::Keep { data, incident, from, even_if_lost } => change_town(&data, |folder, keys| {
            Ok(keep_from(folder, keys, incident.into(), from, even_if_lost, now())?)
        })?,
        Command::Bundle { command } => bundle(command)?,
        Command::Forks { data, settle } => forks(&data, settle)?,
        Command::Rebuild { data } => println!("{} records", rebuild(&DataFolder::new(&data))?),
        Command::Quarantine { data, release, discard } => quarantine(&data, release, discard)?,
        Command::Close { data, incident, ledger } => close(&data, incident, &ledger)?,
        Command::LedgerOpen { data, incident } => print_ledger(&data, incident)?,
        Command::ErasePerson { data, person, incident } => erase(&data, person, &incident)?,
        Command::Run(arguments) => run(&arguments)?,
        Command::Alert { command } => command.run(&user, now())?,
        Command::Browser { command } => command.run(&user, now())?,
        Command::Hall(command) => command.run(&user, now())?,
    }
    Ok(())
}

fn town(arguments: TownArguments) -> anyhow::Result<()> {
    let TownArguments { data, town, cards, anchors, intermediates, residents, support, mapping, .. } =
        arguments;
    let TownArguments { allow_removals, allow_unhiding, reset_time, .. } = arguments;
    let folder = DataFolder::new(&data);
    let register = residents.map(|residents| RegisterFiles {
        residents,
        support,
        mapping,
        allow_removals,
        allow_unhiding,
    });
    let files = TownFiles { town, cards, anchors, intermediates, register };
    let time = if reset_time { BoxTime::Resets } else { BoxTime::Stays };
    report_import(&import_town(&folder, &folder.keys()?, &files, time, now())?);
    Ok(())
}

fn enrol_code(data: &Path, request: &CodeRequest) -> anyhow::Result<()> {
    let folder = DataFolder::new(data);
    println!("{}", issue_code(&folder, &folder.keys()?, request, now())?);
    Ok(())
}

/// Has something changed that the next package says.
fn change_town(
    data: &Path,
    change: impl FnOnce(&DataFolder, &Keys) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let folder = DataFolder::new(data);
    change(&folder, &folder.keys()?)
}

/// Files are opened before the program becomes the server's user, who may own nothing on a stick.
fn bundle(command: BundleCommand) -> anyhow::Result<()> {
    let own = |data: &Path| act_as_owner(data).context("root cannot act as the server's user");
    match command {
        BundleCommand::Export { data, id, out } => {
            let failed = || format!("{} cannot be written", out.display());
            let mut file = std::fs::File::create_new(&out).with_context(failed)?;
            own(&data)?;
            let folder = DataFolder::new(&data);
            let bundle = export_bundle(&folder, &folder.keys()?, id, now())?;
            std::io::Write::write_all(&mut file, &bundle).with_context(failed)?;
            // Somebody pulls the stick out next.
            file.sync_all().with_context(failed)?;
            println!("{} bytes written to {}", bundle.len(), out.display());
        }
        BundleCommand::Import { data, files } => {
            let read = |file: &PathBuf| {
                std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))
            };
            let bundles = files.iter().map(read).collect::<Result<Vec<_>, _>>()?;
            own(&data)?;
            let folder = DataFolder::new(&data);
            let keys = folder.keys()?;
            for (file, bundle) in files.iter().zip(bundles) {
                let name = file.display();
                let outcome = import_bundle(&folder, &keys, &bundle, now());
                match outcome.with_context(|| format!("{name} is not read in"))? {
                    Outcome::Handed => {
                        println!(
                            "handed   {name}: the running server reads it in now, its log says what came"
                        );
                    }
                    Outcome::ReadIn(ReadIn { new, refused, closed, is_whole }) => {
                        let cut =
                            if is_whole { "" } else { "; cut off or damaged: what could be read was taken" };
                        println!(
                            "taken    {name}: {new} new changes, {refused} refused, {closed} closed incidents{cut}"
                        );
                    }
                }
            }
        }
    }
    Ok(())
}

fn quarantine(
    data: &Path,
    release: Option<QuarantineId>,
    discard: Option<QuarantineId>,
) -> anyhow::Result<()> {
    let folder = DataFolder::new(data);
    let wanted = release.map(QuarantineWanted::Release).or(discard.map(QuarantineWanted::Discard));
    if let Some(wanted) = wanted {
        anyhow::ensure!(rule_on_quarantine(&folder, wanted)?, "there is no such entry");
        return Ok(());
    }
    quarantined(&folder)?.iter().for_each(|refused| println!("{refused}"));
    Ok(())
}

fn boxes(data: &Path) -> anyhow::Result<()> {
    let folder = DataFolder::new(data);
    print!("{}", box_list(&folder, &folder.keys()?)?);
    Ok(())
}

fn forks(data: &Path, settle: Option<BoxId>) -> anyhow::Result<()> {
    let folder = DataFolder::new(data);
    let keys = folder.keys()?;
    match settle {
        Some(of) => {
            let settled = settle_forks(&folder, &keys, of, now())?;
            anyhow::ensure!(settled > 0, "no fork of this box is open");
        }
        None => print!("{}", fork_list(&folder, &keys)?),
    }
    Ok(())
}

fn lists(command: CrlCommand) -> anyhow::Result<()> {
    match command {
        CrlCommand::Import { data, files } => {
            let folder = DataFolder::new(&data);
            let mut refused = 0_u32;
            for (file, outcome) in files.iter().zip(import_lists(&folder, &folder.keys()?, &files, now())?) {
                match outcome {
                    Ok(said) => println!("{}: {said}", file.display()),
                    Err(said) => {
                        eprintln!("{}: {said}", file.display());
                        refused += 1;
                    }
                }
            }
            anyhow::ensure!(refused == 0, "{refused} of {} lists were not taken", files.len());
        }
        CrlCommand::Status { data } => print!("{}", list_status(&DataFolder::new(&data), now())?),
    }
    Ok(())
}

fn shelter(command: ShelterCommand) -> anyhow::Result<()> {
    let (data, site, wanted) = match command {
        ShelterCommand::Adopt { data, site } => (data, site, Wanted::Adopt),
        ShelterCommand::Join { data, site, into } => (data, site, Wanted::Join(into)),
        ShelterCommand::Close { data, site } => (data, site, Wanted::Close),
    };
    let folder = DataFolder::new(&data);
    Ok(rule_on_shelter(&folder, &folder.keys()?, site, wanted, now())?)
}

fn incident(command: IncidentCommand) -> anyhow::Result<()> {
    let (data, incident, word) = match command {
        IncidentCommand::List { data } => {
            list_incidents(&DataFolder::new(&data))?.iter().for_each(|listed| println!("{listed}"));
            return Ok(());
        }
        IncidentCommand::Name { data, incident, name } => (data, incident, IncidentWord::Named(name)),
        IncidentCommand::Join { data, incident, into } => (data, incident, IncidentWord::Joined(into)),
        IncidentCommand::Split { data, incident, sites, since, into } => {
            (data, incident, IncidentWord::Split { sites, since, into })
        }
    };
    let folder = DataFolder::new(&data);
    match say_of_incident(&folder, &folder.keys()?, incident, word, now())? {
        Outcome::Handed => println!("said: the running server takes it now"),
        Outcome::ReadIn(_) => println!("said"),
    }
    Ok(())
}

fn close(data: &Path, incident: Closes, ledger: &Path) -> anyhow::Result<()> {
    let folder = DataFolder::new(data);
    let closed = close_incident(&folder, &folder.keys()?, incident.into(), ledger, now())
        .context("nothing was closed; a server that runs has to be stopped first")?;
    let ClosedReport { incident, next, records, ledger } = closed;
    println!("{incident} is closed: {records} records in {}", ledger.display());
    println!("{next} stands by in its place: write it into town.toml");
    Ok(())
}

fn print_ledger(data: &Path, incident: IncidentId) -> anyhow::Result<()> {
    let folder = DataFolder::new(data);
    let problems = open_ledger(&folder, &folder.keys()?, incident, &mut std::io::stdout().lock())?;
    problems.iter().for_each(|problem| eprintln!("{problem}"));
    anyhow::ensure!(problems.is_empty(), "{} pieces or batches were not read", problems.len());
    Ok(())
}

fn erase(data: &Path, person: PersonId, incidents: &[IncidentId]) -> anyhow::Result<()> {
    let folder = DataFolder::new(data);
    let destroyed = erase_person(&folder, &folder.keys()?, person, incidents, now())?;
    println!("{destroyed} keys were destroyed here; every box does the same once it connects");
    Ok(())
}

fn report_import(imported: &Imported) {
    let Imported { package, people, cards, field_cards, carried_lost, empty_districts, register, staff_over } =
        imported;
    for (file, problem) in &register.problems {
        eprintln!("{}: {problem}", file.display());
    }
    let refused = register.refused();
    if refused > 0 {
        eprintln!("{refused} lines of the register were not taken; everything else was");
    }
    if register.kept > 0 {
        eprintln!("no list of residents was given: the {} people of the one before stay", register.kept);
    }
    if register.support_unmatched > 0 {
        let unmatched = register.support_unmatched;
        eprintln!("{unmatched} entries of the list of those who need support fit nobody, or more than one");
    }
    for district in empty_districts {
        eprintln!("nobody lives in {district}, which a site's catchment names");
    }
    if *field_cards > 0 {
        eprintln!("{field_cards} cards were given to people in the field and are theirs from now on");
    }
    if *carried_lost {
        eprintln!(
            "the list before cannot be read: cards that boxes gave out in a closed incident are unknown again"
        );
    }
    for staff in staff_over {
        eprintln!("staff {staff} was left out: their time is over");
    }
    let (version, sites) = (package.version, package.sites.len());
    println!("package {version}: {sites} sites, {people} people, {cards} cards");
}

fn run(arguments: &RunArguments) -> anyhow::Result<()> {
    let RunArguments { data, addresses } = arguments;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().max_blocking_threads(BLOCKING).enable_all().build()?;
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate()).context("SIGTERM cannot be waited for")?;
        let mut interrupt = signal(SignalKind::interrupt()).context("SIGINT cannot be waited for")?;
        let server = Server::open(DataFolder::new(data), (*addresses).into(), Limits::default()).await?;
        let Addresses { boxes, web, inquiries, desk, televisions, stations, browsers } =
            server.addresses()?;
        let local =
            [("inquiries", inquiries), ("desk", desk), ("televisions", televisions), ("stations", stations)];
        for (what, address) in local {
            if let Some(address) = address {
                tracing::info!(%address, what, "of this machine");
            }
        }
        if let Some(browsers) = browsers {
            tracing::info!(%browsers, "over TLS");
        }
        tracing::info!(%boxes, %web, "listening");
        println!("listening");
        let end = async {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        };
        server.run(end).await?;
        Ok(())
    })
}

fn now() -> UnixMillis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMillis::new(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// A time as RFC 3339 writes it, from 1970 on.
fn moment(text: &str) -> Result<UnixMillis, String> {
    let time: Option<jiff::Timestamp> = text.parse().ok();
    let millis = time.and_then(|time| u64::try_from(time.as_millisecond()).ok());
    millis.map(UnixMillis::new).ok_or_else(|| "a date with time and zone is needed".to_owned())
}

/// A day in Japan, by its noon.
fn day(text: &str) -> Result<UnixMillis, String> {
    let noon = format!("{text}T12:00:00+09:00");
    moment(&noon).map_err(|_no_time| "a day such as 2026-10-01 is needed".to_owned())
}

/// The last moment of a day in Japan.
fn end_of_day(text: &str) -> Result<UnixMillis, String> {
    day(text).map(|noon| noon.plus(12 * 3_600_000 - 1))
}

/// Whether a text is HOST:PORT.
fn address(text: &str) -> Result<String, String> {
    let (host, port) = text.rsplit_once(':').ok_or("HOST:PORT is needed")?;
    match port.parse::<u16>() {
        Ok(1..) if !host.is_empty() && host.len() < 254 => Ok(text.to_owned()),
        Ok(_) | Err(_) => Err("HOST:PORT is needed".to_owned()),
    }
}
