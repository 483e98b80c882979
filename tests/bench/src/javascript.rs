//! The JavaScript peer: automerge-repo-sync-server as npm gives it, a process with a WebSocket, a folder and the boxes' documents.
//!
//! `make bench` installs it into `target/bench/js`. The clients are `tests/bench/js/clients.js`; they count the bytes, and what their
//! reader holds in the end is compared here with what the boxes wrote, and so is what the server wrote to its folder.
//!
//! The server runs on the automerge that its own manifest asks for (2.2), its clients on the newest that was tried (3.5). One dependency is
//! pinned a patch below its range: of the newer one some registries lack the native part, and npm then refuses the lock file.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, ensure};
use automerge::Automerge;
use hinamori_demo::child::{Running, wait_until};
use hinamori_record::ActorId;
use serde::Deserialize;

use crate::process::{anonymous_mib, processor_seconds};
use crate::sync::Writer;

const SERVER: &str = "node_modules/@automerge/automerge-repo-sync-server/src/index.js";
/// Longest that the clients may take: they wait for each thing for a minute at most.
const CLIENTS_WITHIN: Duration = Duration::from_secs(300);
/// The server writes 0.1 s after a change.
const WRITTEN_WITHIN: Duration = Duration::from_secs(30);

/// When the reader comes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Reader {
    /// It is connected, and has said what it wants, before the first box comes.
    Watching,
    /// It comes when all boxes have left.
    Late,
}

/// What the clients say.
#[derive(Debug, Deserialize)]
struct Said {
    up_bytes: usize,
    down_bytes: usize,
    messages: usize,
    /// The server's name of each box's document.
    documents: Vec<String>,
}

/// What the merge cost.
#[derive(Debug)]
pub(crate) struct Cost {
    /// Payload of the WebSocket messages of boxes and reader, up and down.
    pub(crate) bytes: [usize; 2],
    pub(crate) messages: usize,
    /// Processor time of the server's process, from before the first client until it had written everything. Not its start.
    pub(crate) processor_seconds: f64,
    /// Anonymous resident memory of the server in the end.
    pub(crate) memory_mib: f64,
}

/// Has the boxes hand over what they wrote alone, and the reader get all of it. The server's folder is in `scratch`.
pub(crate) fn merge(
    installed: &Path,
    scratch: &Path,
    writers: &[Writer],
    reader: Reader,
) -> anyhow::Result<Cost> {
    let server = installed.join(SERVER);
    ensure!(server.exists(), "{} is missing: make bench NAME=sync installs it by npm", server.display());
    let (documents, data) = (scratch.join("documents"), scratch.join("data"));
    std::fs::create_dir_all(&documents)?;
    for (place, writer) in writers.iter().enumerate() {
        std::fs::write(documents.join(format!("{place}.automerge")), writer.document.save())?;
    }
    // Free a moment ago; below the ports that the kernel gives to clients.
    let port = (21_700..21_800_u16)
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .context("no port between 21700 and 21800 is free")?;
    let server = Running::start_ready(
        "the JavaScript server",
        Command::new("node").arg(&server).env("DATA_DIR", &data).env("PORT", port.to_string()),
        &scratch.join("server.log"),
        &format!("Listening on port {port}"),
    )
    .context("the JavaScript peer needs node, of Debian's package nodejs")?;
    let before = processor_seconds(server.process_id())?;
    let said = clients(installed, &format!("ws://127.0.0.1:{port}"), &documents, reader)
        .with_context(|| format!("the server's log says:\n{}", server.log_tail()))?;
    ensure!(said.documents.len() == writers.len(), "the reader has {} documents", said.documents.len());
    for (place, (writer, id)) in writers.iter().zip(&said.documents).enumerate() {
        let read = Automerge::load(&std::fs::read(documents.join(format!("{place}.read")))?)?;
        ensure!(holds(&read, writer), "the reader's document of box {place} is not what the box wrote");
        wait_until("the JavaScript server to write", WRITTEN_WITHIN, || {
            Ok(holds(&written(&data, id)?, writer).then_some(()))
        })?;
    }
    Ok(Cost {
        bytes: [said.up_bytes, said.down_bytes],
        messages: said.messages,
        processor_seconds: processor_seconds(server.process_id())? - before,
        memory_mib: anonymous_mib(server.process_id())?,
    })
}

fn clients(installed: &Path, url: &str, documents: &Path, reader: Reader) -> anyhow::Result<Said> {
    let reading = match reader {
        Reader::Watching => "watching",
        Reader::Late => "late",
    };
    let said = Command::new("timeout")
        .args([&CLIENTS_WITHIN.as_secs().to_string(), "node"])
        .arg(installed.join("clients.js"))
        .arg(url)
        .arg(documents)
        .arg(reading)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .context("start the clients of the JavaScript server")?;
    ensure!(said.status.success(), "the clients of the JavaScript server failed: {}", said.status);
    serde_json::from_slice(&said.stdout).context("what the clients say is no line of JSON")
}

/// A document as it stands in the server's folder: whole at some moment, and what came after that.
fn written(data: &Path, id: &str) -> anyhow::Result<Automerge> {
    let mut document = Automerge::new();
    let Some((shard, rest)) = id.split_at_checked(2) else { anyhow::bail!("{id:?} is no document's id") };
    for kind in ["snapshot", "incremental"] {
        let folder: PathBuf = [data, Path::new(shard), Path::new(rest), Path::new(kind)].iter().collect();
        let Ok(files) = std::fs::read_dir(folder) else { continue };
        for file in files {
            // One that is just being written, or just went, is looked at again.
            drop(document.load_incremental(&std::fs::read(file?.path()).unwrap_or_default()));
        }
    }
    Ok(document)
}

/// Whether a document is, byte by byte, the changes that a box wrote.
fn holds(document: &Automerge, writer: &Writer) -> bool {
    let mut theirs: Vec<_> = document.get_changes(&[]);
    theirs.retain(|change| change.actor_id().to_bytes() != ActorId::SCHEMA.as_bytes());
    let ours = writer.batches.iter().flat_map(|batch| &batch.changes);
    theirs.len() == ours.clone().count() && theirs.iter().zip(ours).all(|(a, b)| a.raw_bytes() == b.bytes)
}
