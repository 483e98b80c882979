//! Ten thousand televisions in one process, and what they hear: from the server, from the floor, from mosquitto.
//!
//! The bench starts them as a child, says on a line what comes next, and is told when it was done. Times are of `CLOCK_MONOTONIC`,
//! which all processes of a machine share. Nothing is counted that was not checked byte by byte.

use std::collections::BTreeMap;
use std::io::{BufRead as _, ErrorKind, Read as _, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hinamori_alert::{Beat, Envelope, KeyList};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use ring::digest::{SHA256, digest};
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::desk::field;

/// Connections that are opened before the other side had time to take some.
const OPENED_AT_ONCE: usize = 64;
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// One television of the bench.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Set {
    /// In hexadecimal.
    pub(crate) token: String,
    /// In hexadecimal.
    pub(crate) household: String,
}

/// Whom the clients speak to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Peer {
    /// Our server.
    Door,
    /// A process that writes.
    Floor,
    /// An MQTT broker.
    Mosquitto,
}

/// What the child says of a round.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Heard {
    /// When the last one had all of it.
    pub(crate) last_ns: u64,
    /// Televisions that were told.
    pub(crate) told: usize,
    /// Bytes of all answers.
    pub(crate) bytes: usize,
}

pub(crate) fn monotonic_ns() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    let (seconds, nanos) = (time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs());
    seconds.saturating_mul(1_000_000_000).saturating_add(nanos)
}

/// One connection, and what came on it.
struct Client {
    stream: TcpStream,
    to_say: Vec<u8>,
    heard: Vec<u8>,
    /// Bytes that are to come, as far as that is known.
    whole: Option<usize>,
    at_ns: u64,
}

impl Client {
    fn say(&mut self) -> anyhow::Result<()> {
        while !self.to_say.is_empty() {
            match self.stream.write(&self.to_say) {
                Ok(written) => drop(self.to_say.drain(..written)),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected) => {
                    break;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Reads what there is; whether all of it is there now.
    fn hear(&mut self, peer: Peer, buffer: &mut [u8]) -> anyhow::Result<bool> {
        loop {
            match self.stream.read(buffer) {
                Ok(0) => bail!("the other side hung up"),
                Ok(more) => {
                    self.heard.extend_from_slice(buffer.get(..more).unwrap_or_default());
                    self.whole = self.whole.or_else(|| whole(peer, &self.heard));
                    if self.whole.is_some_and(|whole| self.heard.len() >= whole) {
                        self.at_ns = monotonic_ns();
                        return Ok(true);
                    }
                    if more < buffer.len() {
                        return Ok(false);
                    }
                }
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected) => {
                    return Ok(false);
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// How long what begins with `heard` is.
fn whole(peer: Peer, heard: &[u8]) -> Option<usize> {
    match peer {
        Peer::Door | Peer::Floor => {
            let head = heard.windows(4).position(|part| part == b"\r\n\r\n")?.checked_add(4)?;
            let text = std::str::from_utf8(heard.get(..head)?).ok()?;
            let length = text.lines().find_map(|line| line.strip_prefix("content-length: "))?;
            head.checked_add(length.parse().ok()?)
        }
        Peer::Mosquitto => mqtt_packet(heard),
    }
}

/// The length of an MQTT packet (MQTT 3.1.1 §2.2.3).
pub(crate) fn mqtt_packet(heard: &[u8]) -> Option<usize> {
    let (mut length, mut shift) = (0_usize, 0_u32);
    for (place, byte) in heard.iter().enumerate().skip(1).take(4) {
        length |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return length.checked_add(place)?.checked_add(1);
        }
        shift += 7;
    }
    None
}

/// A packet with this first byte.
pub(crate) fn mqtt(first: u8, body: &[u8]) -> Vec<u8> {
    let (mut packet, mut left) = (vec![first], body.len());
    loop {
        let low = u8::try_from(left & 0x7f).unwrap_or_default();
        left >>= 7;
        packet.push(if left > 0 { low | 0x80 } else { low });
        if left == 0 {
            break;
        }
    }
    packet.extend_from_slice(body);
    packet
}

pub(crate) fn mqtt_text(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
    [length.to_be_bytes().as_slice(), text.as_bytes()].concat()
}

/// CONNECT with a clean session (§3.1).
pub(crate) fn mqtt_connect(name: &str) -> Vec<u8> {
    mqtt(0x10, &[mqtt_text("MQTT").as_slice(), &[4, 2, 0, 0], &mqtt_text(name)].concat())
}

pub(crate) fn topic(number: usize) -> String {
    format!("tv/{number}")
}

/// The child.
struct Clients {
    poll: Poll,
    peer: Peer,
    all: Vec<Client>,
    folder: PathBuf,
    sets: Vec<Set>,
}

/// Does what its parent says, until it says nothing more.
pub(crate) fn run(peer: Peer, address: SocketAddr, folder: &Path) -> anyhow::Result<()> {
    let sets: Vec<Set> = serde_json::from_slice(&std::fs::read(folder.join("sets.json"))?)?;
    let mut clients = Clients { poll: Poll::new()?, peer, all: Vec::new(), folder: folder.to_owned(), sets };
    for line in std::io::stdin().lines() {
        let said = match line?.trim() {
            "connect" => clients.connect(address)?,
            "ask" => clients.ask()?,
            "hear" => clients.hear_all(true)?,
            "check" => clients.check()?,
            other => bail!("no such step: {other}"),
        };
        println!("{}", serde_json::to_string(&said)?);
    }
    Ok(())
}

impl Clients {
    /// All of them, up to where they wait.
    fn connect(&mut self, address: SocketAddr) -> anyhow::Result<Heard> {
        for number in 0..self.sets.len() {
            let mut stream = TcpStream::connect(address)?;
            stream.set_nodelay(true)?;
            self.poll.registry().register(
                &mut stream,
                Token(number),
                Interest::READABLE | Interest::WRITABLE,
            )?;
            let to_say = match self.peer {
                Peer::Door => self.request(number, "", 0)?,
                Peer::Floor => u32::try_from(number)?.to_be_bytes().to_vec(),
                Peer::Mosquitto => {
                    let subscription = [&[0, 1], mqtt_text(&topic(number)).as_slice(), &[0]].concat();
                    let name = format!("tv-{number}");
                    [mqtt_connect(&name), mqtt(0x82, &subscription)].concat()
                }
            };
            self.all.push(Client { stream, to_say, heard: Vec::new(), whole: None, at_ns: 0 });
            if number % OPENED_AT_ONCE == 0 {
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        match self.peer {
            Peer::Door => {
                let first = self.hear_all(false)?;
                ensure!(first.told == self.sets.len(), "only {} televisions are known", first.told);
                self.ask()
            }
            Peer::Floor => self.say_all(),
            Peer::Mosquitto => {
                // CONNACK and SUBACK: nine bytes together.
                self.all.iter_mut().for_each(|client| client.whole = Some(9));
                let heard = self.hear_all(false)?;
                ensure!(heard.bytes == 9 * self.sets.len(), "not all are subscribed");
                self.forget();
                Ok(heard)
            }
        }
    }

    fn request(&self, number: usize, seen: &str, list: u64) -> anyhow::Result<Vec<u8>> {
        let token = &self.sets.get(number).context("a set")?.token;
        // As Chromium asks.
        let request = format!(
            "GET /tv/wait?seen={seen}&list={list} HTTP/1.1\r\nHost: localhost:22401\r\nConnection: keep-alive\r\n\
             Authorization: Bearer {token}\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like \
             Gecko) Chrome/120.0.0.0 Safari/537.36\r\nAccept: */*\r\nReferer: http://localhost:22401/tv/\r\n\
             Accept-Encoding: gzip, deflate, br\r\nAccept-Language: ja-JP\r\n\r\n"
        );
        Ok(request.into_bytes())
    }

    /// Each asks for what comes after what it heard.
    fn ask(&mut self) -> anyhow::Result<Heard> {
        for number in 0..self.all.len() {
            let told = self.told(number)?;
            let text = field(&told, "revision").as_str().context("a revision")?.to_owned();
            let request = self.request(number, &text, self.list_version()?)?;
            let client = self.all.get_mut(number).context("a client")?;
            (client.to_say, client.whole, client.at_ns) = (request, None, 0);
            client.heard = Vec::new();
        }
        self.say_all()
    }

    fn list_version(&self) -> anyhow::Result<u64> {
        Ok(serde_json::from_slice(&std::fs::read(self.folder.join("list-version"))?)?)
    }

    fn say_all(&mut self) -> anyhow::Result<Heard> {
        let mut events = Events::with_capacity(4_096);
        let began = std::time::Instant::now();
        while self.all.iter().any(|client| !client.to_say.is_empty()) {
            ensure!(began.elapsed() < LONGEST_WAIT, "not all could speak");
            self.all.iter_mut().try_for_each(Client::say)?;
            self.poll.poll(&mut events, Some(Duration::from_millis(1)))?;
        }
        Ok(Heard::default())
    }

    fn forget(&mut self) {
        for client in &mut self.all {
            (client.heard, client.whole) = (Vec::new(), None);
        }
    }

    /// Until all of them heard all of what comes. `is_round` says so first, so that the parent may begin.
    fn hear_all(&mut self, is_round: bool) -> anyhow::Result<Heard> {
        if is_round {
            println!("{}", serde_json::to_string(&Heard::default())?);
        }
        let mut buffer = vec![0; 64 << 10];
        let mut events = Events::with_capacity(4_096);
        let mut heard = Heard::default();
        let began = std::time::Instant::now();
        while heard.told < self.all.len() {
            if began.elapsed() > LONGEST_WAIT {
                break;
            }
            self.poll.poll(&mut events, Some(Duration::from_millis(100)))?;
            for event in &events {
                let Some(client) = self.all.get_mut(event.token().0) else { continue };
                client.say()?;
                if event.is_readable() && client.at_ns == 0 && client.hear(self.peer, &mut buffer)? {
                    heard.told += 1;
                    heard.bytes += client.heard.len();
                    heard.last_ns = heard.last_ns.max(client.at_ns);
                }
            }
        }
        self.all.iter_mut().for_each(|client| client.at_ns = 0);
        Ok(heard)
    }

    fn told(&self, number: usize) -> anyhow::Result<Value> {
        let heard = &self.all.get(number).context("a client")?.heard;
        let head = heard.windows(4).position(|part| part == b"\r\n\r\n").context("no head")?;
        ensure!(heard.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(heard));
        Ok(serde_json::from_slice(heard.get(head.saturating_add(4)..).unwrap_or_default())?)
    }

    /// Every byte of every one: what the server said by what the officers signed, what others said by what they were given. Our
    /// answers are left for the others in `bodies`.
    fn check(&mut self) -> anyhow::Result<Heard> {
        let bodies = self.folder.join("bodies");
        if self.peer == Peer::Door {
            self.check_signed()?;
            let all: Vec<&[u8]> = self.all.iter().map(|client| client.heard.as_slice()).collect();
            write_bodies(&bodies, &all)?;
        } else {
            let expected = read_bodies(&bodies)?;
            ensure!(expected.len() == self.all.len(), "another number of answers");
            for (number, (client, expected)) in self.all.iter().zip(&expected).enumerate() {
                let topic = mqtt_text(&topic(number));
                let expected = match self.peer {
                    Peer::Mosquitto => mqtt(0x30, &[topic.as_slice(), expected].concat()),
                    Peer::Door | Peer::Floor => expected.clone(),
                };
                ensure!(client.heard == expected, "television {number} was told something else");
            }
        }
        let bytes = self.all.iter().map(|client| client.heard.len()).sum();
        Ok(Heard { told: self.all.len(), bytes, last_ns: 0 })
    }

    fn check_signed(&self) -> anyhow::Result<()> {
        let list = std::fs::read(self.folder.join("key-list"))?;
        let mut envelopes = BTreeMap::new();
        let mut beats = BTreeMap::new();
        for (number, set) in self.sets.iter().enumerate() {
            let told = self.told(number)?;
            let bytes = |value: &Value| -> anyhow::Result<Vec<u8>> {
                Ok(STANDARD.decode(value.as_str().context("text")?)?)
            };
            let root = unhex(field(&told, "root").as_str().context("a root")?)?;
            let root: [u8; 32] = root.try_into().map_err(|_bytes| anyhow::anyhow!("a root of 32 bytes"))?;
            let list = KeyList::decode(&list, &root)?;
            ensure!(*field(&told, "household") == set.household.as_str(), "another household's");
            let beat = bytes(field(&told, "beat"))?;
            if beats.insert(beat.clone(), ()).is_none() {
                ensure!(Beat::decode(&beat, &list.beat).is_some(), "nobody signed a beat");
            }
            let messages = field(&told, "messages").as_array().context("messages")?;
            ensure!(messages.len() == 1, "{} messages", messages.len());
            for message in messages {
                let raw = bytes(field(message, "envelope"))?;
                // Its signatures once.
                let (households, under) = match envelopes.get(&raw) {
                    Some(known) => *known,
                    None => {
                        let envelope = Envelope::decode(&raw).context("no envelope")?;
                        ensure!(envelope.officers(&list)?.len() == 2, "two officers sign");
                        // docs/tv.md §2: households and root behind class, kind and six more fields.
                        let fixed = raw.get(62..98).context("a long envelope")?;
                        let (count, under) = fixed.split_first_chunk::<4>().context("a count")?;
                        let under: [u8; 32] = under.try_into()?;
                        let known = (u32::from_be_bytes(*count), under);
                        envelopes.insert(raw, known);
                        known
                    }
                };
                let (leaf, path) = (bytes(field(message, "leaf"))?, bytes(field(message, "path"))?);
                let own = leaf.get(16..32).context("a short leaf")?;
                ensure!(own == unhex(&set.household)?, "a leaf of another household");
                ensure!(is_under(&under, households, &leaf, &path), "a leaf that nobody signed");
                let content: Value = serde_json::from_slice(leaf.get(32..).unwrap_or_default())?;
                ensure!(field(&content, "act").is_array(), "nothing to do");
            }
        }
        ensure!(envelopes.len() == 1, "{} envelopes", envelopes.len());
        Ok(())
    }
}

fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut sum = [0; 32];
    sum.copy_from_slice(digest(&SHA256, &parts.concat()).as_ref());
    sum
}

/// RFC 9162 §2.1.3.2, by another hand than the server's.
fn is_under(root: &[u8; 32], count: u32, leaf: &[u8], path: &[u8]) -> bool {
    let Some((index, beside)) = path.split_first_chunk::<4>() else { return false };
    let (mut node, Some(mut last)) = (u32::from_be_bytes(*index), count.checked_sub(1)) else { return false };
    let mut sum = sha256(&[&[0], leaf]);
    let (hashes, rest) = beside.as_chunks::<32>();
    if node > last || !rest.is_empty() {
        return false;
    }
    for hash in hashes {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            sum = sha256(&[&[1], hash, &sum]);
            while node & 1 == 0 && node != 0 {
                (node, last) = (node >> 1, last >> 1);
            }
        } else {
            sum = sha256(&[&[1], &sum, hash]);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    last == 0 && sum == *root
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> anyhow::Result<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2).map(|pair| Ok(u8::from_str_radix(std::str::from_utf8(pair)?, 16)?));
    pairs.collect()
}

fn write_bodies(file: &Path, bodies: &[&[u8]]) -> anyhow::Result<()> {
    let mut all = Vec::new();
    for body in bodies {
        all.extend_from_slice(&u32::try_from(body.len())?.to_be_bytes());
        all.extend_from_slice(body);
    }
    std::fs::write(file, all).with_context(|| format!("write {}", file.display()))
}

/// What each television was told by the server.
pub(crate) fn read_bodies(file: &Path) -> anyhow::Result<Vec<Vec<u8>>> {
    let all = std::fs::read(file)?;
    let (mut rest, mut bodies) = (all.as_slice(), Vec::new());
    while let Some((length, more)) = rest.split_first_chunk::<4>() {
        let length = usize::try_from(u32::from_be_bytes(*length))?;
        let (body, more) = more.split_at_checked(length).context("a file that was cut")?;
        bodies.push(body.to_vec());
        rest = more;
    }
    Ok(bodies)
}

/// The floor: a process that has every answer ready and writes each to its socket.
pub(crate) fn floor(address: SocketAddr, folder: &Path) -> anyhow::Result<()> {
    let bodies = read_bodies(&folder.join("bodies"))?;
    let listener = std::net::TcpListener::bind(address)?;
    println!("listening");
    let mut sockets = Vec::with_capacity(bodies.len());
    for _ in 0..bodies.len() {
        let (stream, _) = listener.accept()?;
        stream.set_nodelay(true)?;
        sockets.push((stream, 0));
    }
    for (stream, number) in &mut sockets {
        let mut said = [0; 4];
        stream.read_exact(&mut said)?;
        *number = usize::try_from(u32::from_be_bytes(said))?;
    }
    println!("all here");
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    for (stream, number) in &mut sockets {
        let body = bodies.get(*number).context("a television")?;
        ensure!(stream.write(body)? == body.len(), "a socket did not take it at once");
    }
    println!("written");
    // The parent looks at this process as long as it wants to.
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(())
}
