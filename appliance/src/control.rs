//! The socket on which `hinamorictl` asks the running daemon: one question a connection, one line of JSON, and a bundle behind
//! the question or the answer.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::mpsc::Sender;
use std::thread::Builder;
use std::time::Duration;

use hinamori_sync::NotABundle;
use serde::{Deserialize, Serialize};
use tracing::{debug, warn};

use crate::core::{BundleError, BundleTask, Event, Exported, Imported, Inbox, LONGEST_HERE};
use crate::kiosk::listen;
use crate::status::Report;

/// For the whole exchange.
const WITHIN: Duration = Duration::from_secs(10);
/// Bytes of a question.
const LONGEST: u64 = 64;
/// For a step of an exchange about a bundle: it is read in and written when nobody waits.
pub(crate) const LONG: Duration = Duration::from_secs(600);
const STATUS: &str = "status";
const BUNDLE: &str = "bundle";
const EXPORT: &str = "export";
const IMPORT: &str = "import";

/// Opens the socket, for the daemon's user alone.
///
/// # Errors
/// The system's.
pub(crate) fn open(path: &Path) -> io::Result<UnixListener> {
    let listener = listen(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Answers for as long as the process lives, one at a time.
///
/// # Errors
/// When the system gives no thread.
pub(crate) fn serve(listener: UnixListener, core: Inbox) -> io::Result<()> {
    Builder::new().name("control".to_owned()).spawn(move || {
        for stream in listener.incoming() {
            match stream.and_then(|stream| answer(&stream, &core)) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => debug!("a question took too long"),
                Err(error) => warn!(%error, "a question was not answered"),
            }
        }
    })?;
    Ok(())
}

fn answer(mut stream: &UnixStream, core: &Inbox) -> io::Result<()> {
    stream.set_read_timeout(Some(WITHIN))?;
    stream.set_write_timeout(Some(WITHIN))?;
    let mut question = String::new();
    let mut reader = BufReader::new(stream);
    reader.by_ref().take(LONGEST).read_line(&mut question)?;
    let mut say = |answer: &[u8]| stream.write_all(&[answer, b"\n"].concat());
    match question.trim_end().split(' ').collect::<Vec<_>>().as_slice() {
        [STATUS] => say(&serde_json::to_vec(&ask_core(core, WITHIN, Event::Status)?)?),
        [BUNDLE, EXPORT] => match ask_core(core, LONG, |answer| Event::Bundle(BundleTask::Export(answer)))? {
            Ok(Exported { bundle, .. }) => {
                say(&serde_json::to_vec(&Answer::Done(bundle.len()))?)?;
                stream.write_all(&bundle)
            }
            Err(problem) => say(&failed(&problem)?),
        },
        [BUNDLE, IMPORT, length] => {
            let length = length.parse().ok().filter(|length| *length <= LONGEST_HERE);
            let Some(length) = length else { return say(&failed(&NotABundle::TooLong.into())?) };
            let mut bundle = vec![0; length];
            reader.read_exact(&mut bundle)?;
            let imported = ask_core(core, LONG, |answer| Event::Bundle(BundleTask::Import(bundle, answer)))?;
            match imported {
                Ok(imported) => say(&serde_json::to_vec(&Answer::Done(imported))?),
                Err(problem) => say(&failed(&problem)?),
            }
        }
        _ => say(b"{\"error\":\"unknown question\"}"),
    }
}

fn ask_core<T>(core: &Inbox, within: Duration, ask: impl FnOnce(Sender<T>) -> Event) -> io::Result<T> {
    core.ask(within, ask).ok_or_else(|| io::ErrorKind::TimedOut.into())
}

fn failed(problem: &BundleError) -> io::Result<Vec<u8>> {
    let mut text = problem.to_string();
    if let Some(source) = std::error::Error::source(problem) {
        text = format!("{text}: {source}");
    }
    Ok(serde_json::to_vec(&Answer::<()>::Error(text))?)
}

/// What the daemon did, or why not.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer<T> {
    Done(T),
    Error(String),
}

fn dial(path: &Path, within: Duration) -> io::Result<UnixStream> {
    let stream = UnixStream::connect(path)?;
    stream.set_read_timeout(Some(within))?;
    stream.set_write_timeout(Some(within))?;
    Ok(stream)
}

/// Asks the daemon behind `path` how it is.
///
/// # Errors
/// The system's: no socket, or nobody behind it, means that the daemon does not run.
pub fn ask(path: &Path) -> io::Result<Report> {
    let mut stream = dial(path, WITHIN)?;
    stream.write_all(format!("{STATUS}\n").as_bytes())?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line)?;
    Ok(serde_json::from_str(&line)?)
}

/// Has the daemon write a bundle of all that it holds of its town.
///
/// # Errors
/// The system's; what the daemon says is why not.
pub fn export_bundle(path: &Path) -> io::Result<Vec<u8>> {
    let mut stream = dial(path, LONG)?;
    stream.write_all(format!("{BUNDLE} {EXPORT}\n").as_bytes())?;
    let mut reader = BufReader::new(stream);
    let length: usize = answered(&mut reader)?;
    let mut bundle = vec![0; length.min(LONGEST_HERE)];
    reader.read_exact(&mut bundle)?;
    Ok(bundle)
}

/// Has the daemon read a bundle in.
///
/// # Errors
/// The system's; what the daemon says is why not.
pub fn import_bundle(path: &Path, bundle: &[u8]) -> io::Result<Imported> {
    let mut stream = dial(path, LONG)?;
    stream.write_all(format!("{BUNDLE} {IMPORT} {}\n", bundle.len()).as_bytes())?;
    stream.write_all(bundle)?;
    answered(&mut BufReader::new(stream))
}

fn answered<T: for<'d> Deserialize<'d>>(reader: &mut impl BufRead) -> io::Result<T> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    match serde_json::from_str(&line)? {
        Answer::Done(done) => Ok(done),
        Answer::Error(why) => Err(io::Error::other(why)),
    }
}
