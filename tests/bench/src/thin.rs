//! A day of a shelter of a thousand people over a thin link: 300 ms, 15 % of the packets lost, 64 kbit/s, each way. A box that wrote 5,000 records
//! alone connects by TLS, and is done when the server has signed for the last one.
//!
//! The link is made by a program that joins two network namespaces by a bad link; `HINAMORI_IMPAIR_LINK` says where it is. It is given
//! the delay, the loss, the rate, a seed and a command, and gives the command `NS_A`, `NS_B`.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use hinamori_demo::child::output_of;
use hinamori_model::{PersonId, UnixMillis};
use hinamori_net_tls::{Acceptor, EnrolmentCode, Granted, Identity, Incoming, TlsRoot, connect, enrol};
use hinamori_record::PresenceEvent;
use hinamori_store_sqlite::{Durability, Store};
use hinamori_sync::{Effects, Held, ReceiptKey, Session, Side, Vectors};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::report::{Better, Report};
use crate::statistics::percentile;
use crate::sync::{Dice, ROOT, START, Writer, grants, number, people};

const RECORDS: usize = 5_000;
const SEEDS: u64 = 5;
const RATE_KBIT: f64 = 64.0;
/// Where the link ends at the town hall.
const ADDRESS: &str = "10.77.0.2";
const SERVER: &str = "10.77.0.2:21600";
const TOKEN: [u8; 10] = [7; 10];

/// What a box says of its day.
#[derive(Debug, Serialize, Deserialize)]
struct Day {
    seconds: f64,
    /// Frame bytes above TLS, both ways.
    bytes: usize,
}

pub(crate) fn run(folder: &Path, report: &mut Report) -> anyhow::Result<()> {
    let Some(link) = std::env::var_os("HINAMORI_IMPAIR_LINK") else {
        println!("thin_day: not measured, HINAMORI_IMPAIR_LINK names no program that makes a bad link");
        return Ok(());
    };
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    std::fs::create_dir_all(folder)?;
    output_of("ip", Command::new("ip").args(["addr", "add", &format!("{ADDRESS}/32"), "dev", "lo"]))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(join(folder))?;
    output_of("ip", Command::new("ip").args(["addr", "del", &format!("{ADDRESS}/32"), "dev", "lo"]))?;
    let own = std::env::current_exe()?;
    let mut ratios = Vec::new();
    for seed in 1..=SEEDS {
        let inner = format!(
            "for ns in $NS_A $NS_B; do ip netns exec $ns sysctl -qw net.ipv4.tcp_congestion_control=bbr; done
             ip netns exec $NS_B {own} --thin-end server --folder {folder} & server=$!
             ip netns exec $NS_A {own} --thin-end box --folder {folder}; outcome=$?
             kill $server; exit $outcome",
            own = own.display(),
            folder = folder.display()
        );
        let said = Command::new(&link)
            .args(["--create", "--delay", "300", "--loss", "15", "--rate", "64", "--seed", &seed.to_string()])
            .args(["--", "sh", "-c", &inner])
            .stderr(Stdio::inherit())
            .output()
            .context("start the bad link")?;
        ensure!(said.status.success(), "the day did not end");
        let text = String::from_utf8(said.stdout)?;
        let day: Day = serde_json::from_str(text.lines().last().unwrap_or_default()).context(text.clone())?;
        let floor = number(day.bytes) * 8.0 / (RATE_KBIT * 1e3);
        println!(
            "thin_day seed {seed}: {:.1} s for {} B, {:.1} s at the rate",
            day.seconds, day.bytes, floor
        );
        ratios.push(day.seconds / floor);
    }
    let median = percentile(&ratios, 50).context("no day")?;
    report.add("thin_day_time_ratio", median, "x bytes / rate", Better::Lower);
    Ok(())
}

/// A box joins over the loopback, so that it knows the server.
async fn join(folder: &Path) -> anyhow::Result<()> {
    let (tls, identity) = (folder.join("tls"), folder.join("identity"));
    private_folder(&tls)?;
    let root = TlsRoot::open_or_make(&tls)?;
    let acceptor = Acceptor::new(&root, &root.server_credential(&tls)?)?;
    let listener = TcpListener::bind(SERVER).await?;
    let code = EnrolmentCode {
        address: SERVER.to_owned(),
        town_root: ROOT,
        tls_root: root.fingerprint(),
        token: TOKEN,
    };
    let key = crate::sync::seal_key(0);
    let take_in = async {
        let Incoming::Enrolment(request) = acceptor.accept(listener.accept().await?.0).await? else {
            bail!("no enrolment came")
        };
        let certificate = {
            let request = request.request();
            root.issue_for_box(&request.signing_request, request.box_id)?
        };
        let tls_root = root.certificate().to_vec();
        Ok(request.grant(Granted { certificate, tls_root, package: Vec::new() }).await?)
    };
    let (joined, taken) = tokio::join!(enrol(&code, &key), take_in);
    taken?;
    Ok(joined?.keep(&identity)?)
}

fn private_folder(folder: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    Ok(std::fs::DirBuilder::new().mode(0o700).create(folder)?)
}

/// One end of the link, in a process and a network namespace of its own.
pub(crate) fn end(which: &str, folder: &Path) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match which {
        "server" => runtime.block_on(server(folder)),
        "box" => runtime.block_on(the_box(folder)),
        _ => bail!("no end of that name"),
    }
}

async fn server(folder: &Path) -> anyhow::Result<()> {
    let tls = folder.join("tls");
    let root = TlsRoot::open_or_make(&tls)?;
    let acceptor = Acceptor::new(&root, &root.server_credential(&tls)?)?;
    let listener = TcpListener::bind(SERVER).await?;
    let key = ReceiptKey::from_bytes(&[7; 32]);
    let file = format!("/dev/shm/hinamori-thin-{}", std::process::id());
    let mut store = Store::open(Path::new(&file))?;
    loop {
        let Ok(Incoming::Box(peer)) = acceptor.accept(listener.accept().await?.0).await else { continue };
        let held = Held { vectors: &store.vectors().clone(), ..Held::NOTHING };
        let side = Side::Server { peer: peer.id };
        let (mut session, hello) = Session::new(side, ROOT, None, grants(1, None), held);
        let mut stream = peer.stream;
        stream.write_all(&hello).await?;
        let mut buffer = vec![0; 16 << 10];
        while let Ok(length @ 1..) = stream.read(&mut buffer).await {
            let Effects { store: batches, .. } =
                session.received(buffer.get(..length).unwrap_or_default())?;
            let mut answer = Vec::new();
            for (scope, actor) in store.commit_received(&batches, START, Durability::Durable)?.taken {
                let upto = store.held(scope, actor);
                let hash = store.hash(scope, actor, upto)?.context("no change")?;
                answer.extend(session.receipt(&key.sign((scope, actor, upto), hash, START)));
            }
            stream.write_all(&answer).await?;
            stream.flush().await?;
        }
    }
}

async fn the_box(folder: &Path) -> anyhow::Result<()> {
    let mut dice = Dice::new();
    let mut writer = Writer::new(0, START)?;
    // Five times a day each of a thousand people.
    let residents: Vec<PersonId> = people(RECORDS / 5, &mut dice);
    for hour in 0..5 {
        let event = if hour == 0 { PresenceEvent::Arrived } else { PresenceEvent::Seen };
        let at = UnixMillis::new(START.get() + hour * 3_600_000);
        writer.write(&residents, event, at, 0, &mut dice)?;
    }
    let vectors = writer.vectors();
    let upto = vectors.values().flat_map(|actors| actors.values()).copied().max().unwrap_or(0);
    ensure!(usize::try_from(upto)? == RECORDS, "{upto} records");
    let identity = Identity::load(&folder.join("identity"))?.context("not enrolled")?;
    // The server may still begin.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let (began, mut bytes) = (Instant::now(), 0_usize);
    let mut confirmed = 0;
    while confirmed < upto {
        ensure!(began.elapsed() < Duration::from_secs(600), "{confirmed} of {upto} after ten minutes");
        let Ok(stream) = connect(&identity).await else { continue };
        let nothing = Vectors::new();
        let held = Held { vectors: &vectors, waiting: &nothing, ..Held::NOTHING };
        let (mut session, hello) = Session::new(Side::Box, ROOT, None, grants(1, None), held);
        let (mut read, mut write) = tokio::io::split(stream);
        let (say, mut said) = tokio::sync::mpsc::unbounded_channel::<Vec<u8>>();
        bytes += hello.len();
        drop(say.send(hello));
        let speak = async {
            while let Some(bytes) = said.recv().await {
                if write.write_all(&bytes).await.is_err() || write.flush().await.is_err() {
                    break;
                }
            }
        };
        let hear = async {
            let mut buffer = vec![0; 16 << 10];
            while confirmed < upto {
                let Ok(length @ 1..) = read.read(&mut buffer).await else { break };
                bytes += length;
                let heard = session.received(buffer.get(..length).unwrap_or_default())?;
                for receipt in heard.receipts {
                    confirmed = receipt.upto.max(confirmed);
                }
                if heard.look_up {
                    let peer = session.peer().clone();
                    let lacks = |batch: &&hinamori_sync::SealedBatch| {
                        let known =
                            peer.get(&batch.seal.scope).and_then(|actors| actors.get(&batch.seal.actor));
                        known.copied().unwrap_or(0) < batch.seal.from
                    };
                    let batches: Vec<_> = writer.batches.iter().filter(lacks).cloned().collect();
                    let sent = session.offer(batches);
                    bytes += sent.len();
                    drop(say.send(sent));
                }
            }
            anyhow::Ok(())
        };
        tokio::select! {
            () = speak => {}
            heard = hear => heard?,
        }
    }
    let day = Day { seconds: began.elapsed().as_secs_f64(), bytes };
    println!("{}", serde_json::to_string(&day)?);
    Ok(())
}
