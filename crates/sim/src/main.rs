//! `hinamori-simcard`: a fictional town's cards, to be registered and to be held to readers. For tests and
//! demonstrations; no product package contains it.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, ensure};
use clap::{Parser, Subcommand, ValueEnum};
use hinamori_sim::pcscd::reader_address;
use hinamori_sim::serve::{Desk, KeptTries, ReaderName, router};
use hinamori_sim::timing::Timing;
use hinamori_sim::tray::{CardName, Day, Tray, TrayFile};
use tokio::signal::unix::{SignalKind, signal};

/// Virtual cards for tests and demonstrations.
#[derive(Debug, Parser)]
#[command(name = "hinamori-simcard", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Writes what the town registered (cards.json) and its authorities published (anchors, intermediates,
    /// lists).
    Issue {
        /// The tray's file.
        #[arg(long)]
        tray: PathBuf,
        /// The folder to write to.
        #[arg(long)]
        out: PathBuf,
    },
    /// Writes the authentication authority's next list of the same day, on which these cards stand too.
    Revoke {
        /// The tray's file.
        #[arg(long)]
        tray: PathBuf,
        /// Cards by their name, in the order in which they were revoked.
        #[arg(long = "card", required = true)]
        cards: Vec<CardName>,
        /// So many serial numbers of nobody stand on it before them: a nation's list has millions.
        #[arg(long, default_value_t = 0)]
        others: u32,
        /// The file to write.
        #[arg(long)]
        out: PathBuf,
    },
    /// Serves the tray's page, from which cards are held to virtual readers of a running pcscd.
    Serve {
        /// The tray's file.
        #[arg(long)]
        tray: PathBuf,
        /// A reader and the port of its driver, such as gym=21000; once for each.
        #[arg(long = "reader", required = true, value_parser = named_port)]
        readers: Vec<(ReaderName, u16)>,
        /// Where the page is served; an address of this machine alone.
        #[arg(long)]
        listen: SocketAddr,
        /// How long the cards take for their answers.
        #[arg(long, default_value = "lifelike")]
        delays: Delays,
        /// A folder in which PIN counters are kept from one start to the next.
        #[arg(long)]
        state: Option<PathBuf>,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Delays {
    None,
    Lifelike,
}

fn named_port(text: &str) -> Result<(ReaderName, u16), String> {
    let (name, port) = text.split_once('=').ok_or("a reader is given as NAME=PORT")?;
    let name = name.parse().map_err(|error| format!("{error}"))?;
    Ok((name, port.parse().map_err(|_no_number| format!("{port} is no port"))?))
}

fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    match Arguments::parse().command {
        Command::Issue { tray, out } => Ok(made(&tray)?.write_to(&out)?),
        Command::Revoke { tray, cards, others, out } => {
            let list = made(&tray)?
                .later_list(&cards, others)
                .context("the tray has no such card with a certificate")?;
            std::fs::write(&out, list).with_context(|| format!("write {}", out.display()))
        }
        Command::Serve { tray, readers, listen, delays, state } => {
            ensure!(listen.ip().is_loopback(), "the tray is for this machine alone: listen at 127.0.0.1");
            let names: BTreeSet<_> = readers.iter().map(|(name, _)| name).collect();
            ensure!(names.len() == readers.len(), "two readers have the same name");
            let readers = readers.into_iter().map(|(name, port)| (name, reader_address(port))).collect();
            let timing = match delays {
                Delays::None => Timing::NONE,
                Delays::Lifelike => Timing::LIFELIKE,
            };
            let tries = state.as_deref().map(KeptTries::open).transpose()?.unwrap_or_default();
            let desk = Arc::new(Desk::new(made(&tray)?.into_cards(), readers, timing, tries));
            tokio::runtime::Runtime::new().context("start the runtime")?.block_on(serve(desk, listen))
        }
    }
}

fn made(tray: &Path) -> anyhow::Result<Tray> {
    Ok(Tray::make(TrayFile::read(tray)?, Day::today()))
}

async fn serve(desk: Arc<Desk>, listen: SocketAddr) -> anyhow::Result<()> {
    let listener =
        tokio::net::TcpListener::bind(listen).await.with_context(|| format!("listen at {listen}"))?;
    let mut terminated = signal(SignalKind::terminate()).context("listen for SIGTERM")?;
    let mut interrupted = signal(SignalKind::interrupt()).context("listen for SIGINT")?;
    {
        let mut out = std::io::stdout().lock();
        writeln!(out, "listening").and_then(|()| out.flush()).context("say that the tray listens")?;
    }
    let serving = axum::serve(listener, router(Arc::clone(&desk)));
    tokio::select! {
        served = serving.into_future() => served.context("serve the tray")?,
        _ = terminated.recv() => {}
        _ = interrupted.recv() => {}
    }
    // Counters are kept when a card is taken off.
    tokio::task::spawn_blocking(move || desk.clear()).await.context("take the cards off")
}
