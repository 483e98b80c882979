//! Measures, and never judges: every figure is printed with a floor or a peer of the same run, because
//! machines differ. `make bench NAME=tap` runs one bench, `make bench` all.
//!
//! Needs a `/run/pcscd` of its own: `tests/in-namespace.sh` gives it one.

mod alert;
mod alert_clients;
mod alert_screen;
mod alert_tap;
mod alert_tls;
mod crl;
mod crl_day;
mod desk;
mod floor;
mod hidden;
mod javascript;
mod map;
mod map_link;
mod map_tablets;
mod map_town;
mod people;
mod process;
mod report;
mod statistics;
mod sync;
mod tap;
mod thin;
mod town;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, ValueEnum};

use crate::report::Report;

#[derive(Parser)]
#[command(about = "Measures Hinamori on this machine")]
struct Options {
    /// Which bench; all without it.
    name: Option<Bench>,
    /// Where the figures go.
    #[arg(long, default_value = "target/bench")]
    folder: PathBuf,
    /// Taps to measure.
    #[arg(long, default_value_t = 2_000)]
    taps: usize,
    /// Entries of the lists; five millions and one without it.
    #[arg(long)]
    entries: Option<usize>,
    /// Residents of the town.
    #[arg(long, default_value_t = 100_000)]
    residents: u32,
    /// Pairs of touches about somebody hidden and somebody else.
    #[arg(long, default_value_t = 10_000)]
    pairs: usize,
    /// Televisions of a town.
    #[arg(long, default_value_t = 10_000)]
    televisions: u32,
    /// Alerts that are sent to them.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Alerts that a browser shows.
    #[arg(long, default_value_t = 50)]
    shown: usize,
    /// Is all televisions, of this peer at this address: a process of its own.
    #[arg(long, hide = true, requires = "tv_address")]
    tv_clients: Option<alert_clients::Peer>,
    #[arg(long, hide = true)]
    tv_address: Option<SocketAddr>,
    /// Is the process that writes the same bytes.
    #[arg(long, hide = true)]
    tv_floor: Option<SocketAddr>,
    /// Tablets that look at the map at once.
    #[arg(long, default_value_t = 200)]
    tablets: usize,
    /// Is all tablets, of what is at this address: a process of its own.
    #[arg(long, hide = true)]
    map_tablets: Option<SocketAddr>,
    /// Takes in the list of this folder and says how much memory that took: a process of its own for each.
    #[arg(long, hide = true)]
    ingest: Option<PathBuf>,
    /// Is one end of a thin link, in a network namespace of its own.
    #[arg(long, hide = true)]
    thin_end: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Bench {
    /// One tap through pcscd, from the card's last byte to the answer on the screen.
    Tap,
    /// A nation's revocation list: checked, indexed, asked.
    Crl,
    /// A town's people: read in, searched, missed, hidden.
    People,
    /// Boxes that were alone meet the server.
    Sync,
    /// Ten thousand televisions are told, beside mosquitto.
    Alert,
    /// The officials' map of a large town, in a browser and on many tablets, beside mosquitto.
    Map,
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    if let Some(folder) = options.ingest {
        return crl::ingest_here(&folder);
    }
    if let Some(end) = options.thin_end {
        return thin::end(&end, &options.folder);
    }
    if let Some((peer, address)) = options.tv_clients.zip(options.tv_address) {
        return alert_clients::run(peer, address, &options.folder);
    }
    if let Some(address) = options.tv_floor {
        return alert_clients::floor(address, &options.folder);
    }
    if let Some(address) = options.map_tablets {
        return map_tablets::run(address, options.tablets, &options.folder);
    }
    std::fs::create_dir_all(&options.folder)?;
    let benches = options.name.map_or_else(
        || vec![Bench::Tap, Bench::Crl, Bench::People, Bench::Sync, Bench::Alert, Bench::Map],
        |name| vec![name],
    );
    for bench in benches {
        match bench {
            Bench::Tap => {
                let report = Report::new("tap");
                let report = tap::run(&options.folder.join("tap"), options.taps, report)?;
                report.write(&options.folder.join("tap.json"))?;
            }
            Bench::Crl => {
                let mut report = Report::new("crl");
                crl::run(&options.folder.join("crl"), options.entries, &mut report)?;
                report.write(&options.folder.join("crl.json"))?;
            }
            Bench::People => {
                let mut report = Report::new("people");
                let size = people::Size { residents: options.residents, pairs: options.pairs };
                people::run(&options.folder.join("people"), size, &mut report)?;
                report.write(&options.folder.join("people.json"))?;
            }
            Bench::Sync => {
                let mut report = Report::new("sync");
                sync::run(&options.folder, &mut report)?;
                report.write(&options.folder.join("sync.json"))?;
            }
            Bench::Alert => {
                let mut report = Report::new("alert");
                let size = alert::Size {
                    televisions: options.televisions,
                    rounds: options.rounds,
                    shown: options.shown,
                };
                alert::run(&options.folder.join("alert"), size, &mut report)?;
                alert_tap::run(&options.folder.join("alert-tap"), options.shown, &mut report)?;
                report.write(&options.folder.join("alert.json"))?;
            }
            Bench::Map => {
                let mut report = Report::new("map");
                map::run(&options.folder.join("map"), options.tablets, &mut report)?;
                report.write(&options.folder.join("map.json"))?;
            }
        }
    }
    Ok(())
}
