//! The command line of the demo.
//!
//! `hinamori-demo run` leaves it to whoever sits in front of it; `hinamori-demo check` plays a script and
//! exits 0 only when every expectation held. Every part is the real program, started as an installed machine
//! would start it. Needs a `/run/pcscd` of its own: `tests/in-namespace.sh` gives it one.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use hinamori_demo::town_hall::{CardData, TownHall};
use hinamori_demo::tray::Delays;
use hinamori_demo::trigger::warn;
use hinamori_demo::{script, world::World};

#[derive(Parser)]
#[command(about = "Starts Hinamori with a fictional town on this machine")]
struct Arguments {
    /// Where keys, databases, logs and screenshots go.
    #[arg(long, default_value = "target/demo")]
    folder: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Starts everything and waits for Ctrl-C.
    Run {
        /// A town in its first year: it has no revocation lists.
        #[arg(long)]
        first_year: bool,
    },
    /// Puts the Meteorological Agency's 大津波警報 of this moment into the running demo's folder.
    Warn,
    /// Plays the scripts, of a town with lists and of one in its first year, and writes summary.json.
    Check,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match arguments.command {
        Command::Run { first_year } => run(&arguments.folder, first_year),
        Command::Warn => warn(&arguments.folder.join("agency")).map(|()| ExitCode::SUCCESS),
        Command::Check => check(&arguments.folder),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("hinamori-demo: {error:#}");
        ExitCode::FAILURE
    })
}

fn run(folder: &std::path::Path, first_year: bool) -> anyhow::Result<ExitCode> {
    let card_data = if first_year { CardData::FirstYear } else { CardData::Lists };
    let mut world = World::start(folder, Delays::Lifelike, card_data)?;
    println!("\n  Tray of virtual cards   {}", world.tray().address());
    println!("  The server's counts     {}", world.server_page());
    let [desk, televisions, stations] = TownHall::alert_pages();
    println!("  The alert desk          {desk}/desk/");
    println!("  The officials' map      {}/", TownHall::map_page());
    println!("  A television            {televisions}/tv/");
    println!("  A receiver's screen     {}/tv/", World::receiver_page());
    println!("  The agency's messages   {}/*.xml", world.agency_messages().display());
    let account = world.hall().station()?;
    println!("  A broadcaster's screen  {stations}/station/#{account}");
    println!("  Its overlay             {stations}/overlay/#{account}\n");
    println!(
        "  Two officers, each in a browser of their own, join the desk within 15 minutes at {desk}/desk/#enrol"
    );
    for (name, code) in world.hall().invitations()? {
        println!("  with the code           {code}  {name}");
    }
    println!("\n  川口 進, an official, joins the map once and within 30 minutes at");
    println!("  {}", world.hall().tablet_link()?);
    println!(
        "  A browser warns of the certificate, and takes no passkey, until the town's authority is installed in it:"
    );
    println!("  {}", world.hall().tablet_authority().display());
    println!("  A Chromium of its own does without: chromium --user-data-dir=$(mktemp -d)");
    println!("    --ignore-certificate-errors-spki-list={} and the link", world.hall().tablet_pin()?);
    println!();
    if let Some(pictures) = world.pictures() {
        println!("  No display here: the kiosks run under Xvfb; their pictures are renewed every second in");
        println!("  {}\n", pictures.display());
    }
    println!("  Ctrl-C ends everything.");
    world.until_interrupted()?;
    Ok(ExitCode::SUCCESS)
}

fn check(folder: &std::path::Path) -> anyhow::Result<ExitCode> {
    let mut summary = script::play(&mut World::start(folder, Delays::None, CardData::Lists)?);
    // The first town has ended: both use the same ports.
    let first_year = World::start(&folder.join("first-year"), Delays::None, CardData::FirstYear);
    let outcome = first_year.and_then(|mut world| script::play_first_year(&mut world));
    summary.expect("a town without any list works, and says what it did not check", outcome);
    let path = folder.join("summary.json");
    summary.write(&path)?;
    println!("{}", summary.report());
    println!("{}", path.display());
    Ok(if summary.held() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
