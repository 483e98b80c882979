//! A household's receiver: a small box behind the television. It believes the town root of its installation and nobody else, shows the page
//! from itself, keeps what the household is told over a power cut, wakes the set for an order and gives it back.

mod bus;
mod cec;
mod device;
mod door;
mod hex;
mod household;
mod keeper;
mod line;
#[cfg(test)]
mod line_tests;
mod network;
#[cfg(test)]
mod set_tests;
mod shared;
mod television_set;
#[cfg(test)]
mod test_town;
mod voice;
mod wake;

use std::fs::File;
use std::io::{self, Read as _};
use std::net::SocketAddr;
use std::os::unix::fs::FileTypeExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::Builder;

use anyhow::{Context as _, ensure};
use clap::{Args, Parser};
use hinamori_alert::ReceiverCode;
use hinamori_private_file as private_file;
use tracing::warn;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

use crate::bus::{Bus, SocketBus};
use crate::device::DeviceBus;
use crate::door::Door;
use crate::household::{Household, Kept};
use crate::keeper::{Keeper, Settings};
use crate::line::Line;
use crate::shared::{Shared, TOLD};
use crate::television_set::Pace;
use crate::voice::{Programs, Voice};

/// The file of the installation: whose the receiver is.
const TOWN: &str = "town";
/// The same: the authority of the town's own certificates, where it has one.
const AUTHORITY: &str = "town-authority.crt";
/// The authorities that the system believes.
const SYSTEM_ROOTS: &str = "/etc/ssl/certs/ca-certificates.crt";
const MOST_ROOTS: u64 = 4 << 20;
const MOST_CODE: u64 = 1_024;
/// 128 messages in base64, and what goes with them.
const MOST_TOLD: u64 = 16 << 20;
/// Names a start of the machine.
const BOOT: &str = "/proc/sys/kernel/random/boot_id";

/// A household's receiver of the town's alerts.
#[derive(Debug, Parser)]
#[command(version)]
enum Options {
    /// Installs: this is the town's receiver from now on.
    Setup {
        /// Where the receiver keeps what it knows.
        #[arg(long, value_name = "FOLDER")]
        data: PathBuf,
        /// What `hinamori-server alert receiver-code` printed at the town hall.
        code: ReceiverCode,
        /// The authority of the town's own certificates for browsers (`town-authority.crt`), which then stays. Where none was ever given those count
        /// that the system believes.
        #[arg(long, value_name = "FILE")]
        authority: Option<PathBuf>,
    },
    /// Follows the town's alerts.
    Run(Run),
}

#[derive(Debug, Args)]
struct Run {
    /// Where the receiver keeps what it knows.
    #[arg(long, value_name = "FOLDER")]
    data: PathBuf,
    /// Where the page on its own screen asks.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7490", value_parser = local)]
    page: SocketAddr,
    /// The adapter for the set (HDMI-CEC): a device of the kernel, or a socket that speaks the same frames.
    #[arg(long, value_name = "PATH", default_value = "/dev/cec0")]
    cec: PathBuf,
    /// Exercises wake the set too.
    #[arg(long)]
    drills: bool,
    /// A box at this address is asked when the town's server does not answer, and told the receiver's secret and its answers. Boxes that
    /// say on the network that they are there are asked too, for what everybody is told.
    #[arg(long = "box", value_name = "HOST:PORT")]
    boxes: Vec<String>,
}

fn local(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr = text.parse().map_err(|_no| "expected ADDRESS:PORT".to_owned())?;
    if address.ip().is_loopback() {
        Ok(address)
    } else {
        Err("only this machine may ask: 127.0.0.1:PORT".to_owned())
    }
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_unset| "info".into()),
        )
        .init();
    match options {
        Options::Setup { data, code, authority } => setup(&data, &code, authority.as_deref()),
        Options::Run(options) => run(options),
    }
}

/// A file of certificates (PEM), one at least.
fn read_roots(file: &Path) -> anyhow::Result<Vec<u8>> {
    let (mut pem, named) = (Vec::new(), || format!("{} cannot be read", file.display()));
    File::open(file).with_context(named)?.take(MOST_ROOTS).read_to_end(&mut pem).with_context(named)?;
    trust(&pem).with_context(|| format!("{} has no certificate (PEM)", file.display()))?;
    Ok(pem)
}

/// Believes servers under these roots (PEM) and no others; `None` when there is none.
fn trust(pem: &[u8]) -> Option<TlsConfig> {
    let certificate = |item| match item {
        Ok(PemItem::Certificate(root)) => Some(root),
        Ok(_) | Err(_) => None,
    };
    let roots: Vec<Certificate<'static>> = parse_pem(pem).filter_map(certificate).collect();
    (!roots.is_empty()).then(|| {
        TlsConfig::builder()
            .root_certs(RootCerts::new_with_certs(&roots))
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build()
    })
}

/// Whom the receiver believes to be the town's server: nobody else hears its secret and what its household is told. Where that cannot be read it
/// believes nobody, and goes on with what it has and what boxes say.
fn town_tls(data: &Path) -> TlsConfig {
    let own = private_file::read(data, AUTHORITY, MOST_ROOTS).context("the town's authority cannot be read");
    let roots = own.and_then(|own| own.map_or_else(|| read_roots(Path::new(SYSTEM_ROOTS)), Ok));
    match roots.and_then(|pem| trust(&pem).context("there is no certificate (PEM) in it")) {
        Ok(tls) => tls,
        Err(error) => {
            tracing::error!(
                error = format!("{error:#}"),
                "the town's server is not believed: hinamori-tv setup"
            );
            TlsConfig::builder().root_certs(RootCerts::new_with_certs(&[])).build()
        }
    }
}

/// Another town's receiver knows nothing of this one's.
fn setup(data: &Path, code: &ReceiverCode, authority: Option<&Path>) -> anyhow::Result<()> {
    let authority = authority.map(read_roots).transpose()?;
    private_file::private_folder(data).context("the folder cannot be made")?;
    let known = installed(data)?;
    ensure!(
        known.as_ref().is_none_or(|known| known.root == code.root),
        "this receiver is another town's already: empty {} first, and the screen's own folder",
        data.display()
    );
    // Said once it stays: the town's address may change without it.
    if let Some(pem) = authority {
        private_file::replace(data, AUTHORITY, &pem).context("the authority is not kept")?;
    }
    private_file::replace(data, TOWN, code.to_string().as_bytes()).context("the installation is not kept")
}

fn installed(data: &Path) -> anyhow::Result<Option<ReceiverCode>> {
    let bytes = private_file::read(data, TOWN, MOST_CODE).context("the installation cannot be read")?;
    let Some(bytes) = bytes else { return Ok(None) };
    Ok(Some(String::from_utf8(bytes)?.parse()?))
}

fn kept(data: &Path) -> Kept {
    let read = private_file::read(data, TOLD, MOST_TOLD);
    match read.map(|bytes| bytes.map(|bytes| serde_json::from_slice(&bytes))) {
        Ok(Some(Ok(kept))) => kept,
        Ok(None) => Kept::default(),
        Ok(Some(Err(problem))) => {
            warn!(
                error = &problem as &dyn std::error::Error,
                "what was kept cannot be read: the town tells it again"
            );
            Kept::default()
        }
        Err(problem) => {
            warn!(
                error = &problem as &dyn std::error::Error,
                "what was kept cannot be read: the town tells it again"
            );
            Kept::default()
        }
    }
}

fn open(path: &Path) -> io::Result<Box<dyn Bus>> {
    if std::fs::metadata(path)?.file_type().is_socket() {
        return Ok(Box::new(SocketBus::new(UnixStream::connect(path)?)));
    }
    Ok(Box::new(DeviceBus::open(path)?))
}

fn run(options: Run) -> anyhow::Result<()> {
    let Run { data, page, cec, drills, boxes } = options;
    let town = installed(&data)?.context("this receiver is no town's yet: hinamori-tv setup")?;
    let household = Household::new(town.root, kept(&data), 0);
    let shared = Arc::new(Shared::new(data.clone(), household, boxes));
    let voice = Arc::new(Voice::new(Programs::installed(), &data));
    let boot = std::fs::read_to_string(BOOT).unwrap_or_default();
    let settings = Settings { drills, pace: Pace::REAL };
    let keeper = Keeper::new(Arc::clone(&shared), Arc::clone(&voice), settings, &data, boot.trim());
    let thread = |name: &str| Builder::new().name(name.to_owned());
    thread("set").spawn(move || keeper.run(|| open(&cec)))?;
    let mut secrets = [[0; 32]; 2];
    getrandom::fill(secrets.as_flattened_mut())?;
    let [token, nobody] = secrets;
    let tls = town.is_over_tls().then(|| town_tls(&data));
    let lines = [(); 2].map(|()| Line::new((&town.address, tls.as_ref()), nobody, Arc::clone(&shared)));
    let [following, delivering] = lines;
    thread("line").spawn(move || following.follow())?;
    thread("answers").spawn(move || delivering.deliver())?;
    let near = Arc::clone(&shared);
    thread("network").spawn(move || network::hear(&near))?;
    let door = Door::new(shared, voice, token);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(page).await.context("the page's address is taken")?;
        println!("listening");
        let mut end = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            served = door::serve(door, listener) => served.context("the page's door"),
            _asked = end.recv() => Ok(()),
        }
    })
}
