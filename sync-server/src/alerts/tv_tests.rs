//! The televisions' door on a socket, with televisions and with those who are none.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use hinamori_model::UnixMillis;
use hinamori_television_http::{DoorLimits, Patience};
use serde_json::Value;

use crate::alerts::board::Board;
use crate::alerts::tests::{Hall, household, landslide};
use crate::alerts::tv_door::serve_televisions;
use crate::clock::now;
use crate::hex;

const SOON: Duration = Duration::from_millis(400);
const PATIENCE: Duration = Duration::from_secs(10);

/// Nobody waits long here.
const IMPATIENT: Patience = Patience {
    request: SOON,
    idle: SOON,
    reading: SOON,
    news: PATIENCE,
    news_spread: Duration::from_millis(1),
    farewell: SOON,
};

const USUAL: DoorLimits = DoorLimits {
    connections: 1_000,
    from_one_address: 1_000,
    patience: Patience { request: PATIENCE, idle: PATIENCE, reading: PATIENCE, ..IMPATIENT },
};

fn open(board: &Arc<Board>, limits: DoorLimits) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    (listener.local_addr().unwrap(), serve_televisions(listener, Arc::clone(board), limits).unwrap())
}

/// One end of a connection.
struct Client {
    stream: TcpStream,
    heard: Vec<u8>,
}

struct Heard {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Heard {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

impl Client {
    fn new(to: SocketAddr) -> Self {
        let stream = TcpStream::connect(to).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { stream, heard: Vec::new() }
    }

    fn say(&mut self, text: &str) -> &mut Self {
        self.stream.write_all(text.as_bytes()).unwrap();
        self
    }

    fn get(&mut self, path: &str) -> &mut Self {
        self.say(&format!("GET {path} HTTP/1.1\r\nHost: tv\r\n\r\n"))
    }

    fn wait(&mut self, token: &str, seen: &str) -> &mut Self {
        self.say(&format!(
            "GET /tv/wait?seen={seen}&list=0 HTTP/1.1\r\nHost: tv\r\nAuthorization: Bearer {token}\r\n\r\n"
        ))
    }

    fn more(&mut self) -> usize {
        let mut more = [0; 4_096];
        let read = self.stream.read(&mut more).unwrap();
        self.heard.extend_from_slice(&more[..read]);
        read
    }

    fn hear_head(&mut self) -> String {
        loop {
            if let Some(end) = self.heard.windows(4).position(|part| part == b"\r\n\r\n") {
                let head: Vec<u8> = self.heard.drain(..end + 4).collect();
                return String::from_utf8(head).unwrap();
            }
            assert!(self.more() > 0, "hung up: {}", String::from_utf8_lossy(&self.heard));
        }
    }

    fn hear(&mut self) -> Heard {
        let head = self.hear_head();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        let length: usize = length.parse().unwrap();
        while self.heard.len() < length {
            assert!(self.more() > 0, "hung up in a body");
        }
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Heard { status, head, body: self.heard.drain(..length).collect() }
    }

    /// Whether the other side hangs up, with nothing more to say.
    fn is_left(&mut self) -> bool {
        let mut more = [0; 16];
        match self.stream.read(&mut more) {
            Ok(0) => self.heard.is_empty(),
            Err(error) => error.kind() == ErrorKind::ConnectionReset,
            Ok(_) => false,
        }
    }

    /// Whether the other side hangs up in the end, whatever it says before.
    fn ends(&mut self) -> bool {
        match self.stream.read_to_end(&mut Vec::new()) {
            Ok(_) => true,
            Err(error) => error.kind() == ErrorKind::ConnectionReset,
        }
    }

    /// Whether nothing comes for a while.
    fn is_waiting(&mut self) -> bool {
        self.stream.set_read_timeout(Some(Duration::from_millis(150))).unwrap();
        let read = self.stream.read(&mut [0; 16]);
        self.stream.set_read_timeout(Some(PATIENCE)).unwrap();
        read.is_err_and(|error| matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut))
    }
}

/// A television: its token.
fn hello(to: SocketAddr) -> (String, u32) {
    let mut client = Client::new(to);
    let said = client.say("POST /tv/hello HTTP/1.1\r\nHost: tv\r\nContent-Length: 0\r\n\r\n").hear();
    assert_eq!(said.status, 200);
    let code = said.json()["code"].as_str().unwrap().replace(' ', "").parse().unwrap();
    (said.json()["token"].as_str().unwrap().to_owned(), code)
}

async fn bind(board: &Board, code: u32, to: u8) {
    board.keeper.ask(move |store| store.bind(code, household(to))).await.unwrap();
    let televisions = board.keeper.ask(|store| store.televisions()).await.unwrap();
    board.take_televisions(&televisions);
}

/// Asks what there is, and waits for what is new.
fn parked(to: SocketAddr, token: &str) -> Client {
    let mut client = Client::new(to);
    let told = client.wait(token, "").hear();
    assert_eq!(told.status, 200);
    client.wait(token, told.json()["revision"].as_str().unwrap());
    client
}

#[tokio::test(flavor = "multi_thread")]
async fn a_television_asks_waits_and_answers_and_others_get_files_or_nothing() {
    let hall = Hall::new();
    let (door, _thread) = open(&hall.board, USUAL);
    let mut client = Client::new(door);
    let page = client.get("/tv/").hear();
    assert!(page.status == 200 && page.head.contains("text/html") && page.body.starts_with(b"<!"));
    let head = client.say("HEAD /tv/tv.js HTTP/1.1\r\nHost: tv\r\n\r\n").hear_head();
    assert!(head.contains("200") && !head.contains("content-length: 0\r"), "{head}");
    let moved = client.get("/").hear();
    assert!(moved.status == 307 && moved.head.contains("location: /tv/\r\n"));
    for (request, status) in [
        ("GET /nowhere", 404),
        ("GET /tv", 404),
        ("GET /tv/../tv/", 404),
        ("OPTIONS *", 404),
        ("POST /tv/", 405),
        ("HEAD /tv/wait", 405),
        ("BREW /tv/hello", 405),
        ("GET /tv/wait", 401),
        ("GET /tv/wait?list=-1", 401),
        ("POST /tv/answer", 401),
    ] {
        client.say(&format!("{request} HTTP/1.1\r\nHost: tv\r\n\r\n"));
        // Nothing follows the head that answers a HEAD.
        let is_head = request.starts_with("HEAD");
        let head = if is_head { client.hear_head() } else { client.hear().head };
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{request}: {head}");
        assert!(head.contains("x-content-type-options: nosniff\r\n"));
    }
    let (token, code) = hello(door);
    let mut own = parked(door, &token);
    assert!(own.is_waiting());
    bind(&hall.board, code, 1).await;
    let told = own.hear().json();
    assert_eq!((&told["code"], told["messages"].as_array().unwrap().len()), (&Value::Null, 0));
    let thread = hall.send(landslide(&["浜町"])).await;
    let told = own.wait(&token, told["revision"].as_str().unwrap()).hear().json();
    assert_eq!(told["messages"].as_array().unwrap().len(), 1);
    let pressed = format!(r#"{{"message":"{thread}","answer":"going"}}"#);
    let answer = format!(
        "POST /tv/answer HTTP/1.1\r\nHost: tv\r\nAuthorization: Bearer {token}\r\nContent-Length: {}\r\n\r\n{pressed}",
        pressed.len()
    );
    let kept = own.say(&answer).hear();
    assert!(kept.status == 200 && kept.json()["at"].is_u64());
    assert_eq!(own.say(&answer.replace("going", "gone!")).hear().status, 400);
    assert_eq!(own.say(&answer.replace(&thread, &"0".repeat(64))).hear().status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_says_whether_its_set_is_on() {
    let hall = Hall::new();
    let (door, _thread) = open(&hall.board, USUAL);
    let (token, code) = hello(door);
    bind(&hall.board, code, 1).await;
    let receiver = hall.board.receiver(&hex::bytes(&token).unwrap()).unwrap();
    receiver.asks(UnixMillis::new(1), false);
    assert!(!receiver.is_reached(now()));
    for (said, is_reached) in [("&set=on", true), ("&set=off", false), ("", true), ("&set=maybe", true)] {
        let mut client = Client::new(door);
        assert_eq!(client.wait(&token, said).hear().status, 200);
        assert_eq!(receiver.is_reached(now()), is_reached, "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_come_together_or_in_pieces_are_answered_in_their_order() {
    let hall = Hall::new();
    let (door, _thread) = open(&hall.board, USUAL);
    let (token, code) = hello(door);
    let mut client = parked(door, &token);
    // While it waits the next ones wait too.
    client.get("/tv/tv.css").get("/nowhere");
    assert!(client.is_waiting());
    bind(&hall.board, code, 1).await;
    assert!(client.hear().json()["household"].is_string());
    assert!(client.hear().head.contains("text/css"));
    assert_eq!(client.hear().status, 404);
    // A proxy may ask in the old way, and waits all the same.
    let mut proxied = Client::new(door);
    let asked = format!("GET /tv/wait HTTP/1.0\r\nAuthorization: Bearer {token}\r\n\r\n");
    let revision = proxied.say(&asked).hear().json()["revision"].as_str().unwrap().to_owned();
    let mut proxied = Client::new(door);
    proxied.say(&asked.replace("/tv/wait", &format!("/tv/wait?seen={revision}")));
    assert!(proxied.is_waiting());
    hall.send(landslide(&["浜町"])).await;
    assert!(proxied.hear().head.contains("connection: close") && proxied.is_left());
    let mut many = Client::new(door);
    for _ in 0..40 {
        many.get("/tv/tv.css");
    }
    assert!((0..40).all(|_| many.hear().status == 200));
    for part in "GET /nowhere HTTP/1.1\r\nHost: tv\r\n\r\nGET /tv/ HTTP/1.0\r\n\r\n".as_bytes().chunks(7) {
        many.stream.write_all(part).unwrap();
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(many.hear().status, 404);
    let last = many.hear();
    assert!(last.status == 200 && last.head.contains("connection: close") && many.is_left());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_request_is_refused_once_and_ends_the_connection() {
    let hall = Hall::new();
    let (door, _thread) = open(&hall.board, USUAL);
    let endless = "a".repeat(40_000);
    for (said, status) in [
        ("\u{16}\u{3}\u{1}\u{2}".to_owned(), 400),
        ("GET /tv/ HTTP/1.1\r\n\r\nGET /tv/ HTTP/1.1\r\nHost: tv\r\n\r\n".to_owned(), 400),
        (
            "POST /tv/answer HTTP/1.1\r\nHost: tv\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".to_owned(),
            501,
        ),
        (format!("POST /tv/answer HTTP/1.1\r\nHost: tv\r\nContent-Length: 40000\r\n\r\n{endless}"), 413),
        (format!("GET /{endless} HTTP/1.1\r\nHost: tv\r\n\r\n"), 431),
    ] {
        let mut client = Client::new(door);
        let heard = client.say(&said).hear();
        assert!(heard.status == status && heard.head.contains("connection: close"), "{}", heard.head);
        assert!(client.is_left(), "{status}");
    }
}

/// Asks for a megabyte and more, and reads nothing of it.
fn deaf(door: SocketAddr) -> TcpStream {
    let mut asked = Client::new(door).stream;
    asked.set_write_timeout(Some(Duration::from_millis(200))).unwrap();
    let asking = "GET /tv/tv.js HTTP/1.1\r\nHost: tv\r\n\r\n".repeat(200);
    while asked.write_all(asking.as_bytes()).is_ok() {}
    asked
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_slow_or_does_not_read_is_sent_away() {
    let hall = Hall::new();
    let (door, _thread) = open(&hall.board, DoorLimits { patience: IMPATIENT, ..USUAL });
    let (token, code) = hello(door);
    let mut own = parked(door, &token);
    let (mut silent, mut slow) = (Client::new(door), Client::new(door));
    slow.say("GET /tv/ HTT");
    let mut asked = deaf(door);
    for _ in 0..20 {
        std::thread::sleep(Duration::from_millis(20));
        // A byte now and then buys no time.
        drop(slow.stream.write(b"P"));
    }
    assert!(silent.ends() && slow.ends());
    while asked.write(b"G").is_ok() {
        std::thread::sleep(Duration::from_millis(20));
    }
    // Whoever waits for news is none of them.
    assert!(own.is_waiting());
    bind(&hall.board, code, 1).await;
    assert_eq!(own.hear().status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_slow_or_does_not_read_holds_nobody_up() {
    let hall = Hall::new();
    // As patient with them as others are with the door.
    let (door, _thread) = open(&hall.board, USUAL);
    let mut slow = Client::new(door);
    slow.say("GET /tv/ HTT");
    let _asked = deaf(door);
    for _ in 0..20 {
        assert_eq!(Client::new(door).get("/tv/").hear().status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_set_that_hangs_up_leaves_its_place() {
    let hall = Hall::new();
    let limits = DoorLimits { from_one_address: 2, ..USUAL };
    let (door, _thread) = open(&hall.board, limits);
    let (token, code) = hello(door);
    bind(&hall.board, code, 1).await;
    let mut own = parked(door, &token);
    let mut other = parked(door, &token);
    assert!(Client::new(door).is_left(), "both places are televisions'");
    own.stream.shutdown(Shutdown::Write).unwrap();
    assert!(own.is_left(), "nobody noticed");
    assert_eq!(Client::new(door).get("/tv/").hear().status, 200);
    assert!(other.is_waiting());
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_keep_no_television_out() {
    let hall = Hall::new();
    for limits in [DoorLimits { from_one_address: 20, ..USUAL }, DoorLimits { connections: 20, ..USUAL }] {
        let (door, _thread) = open(&hall.board, limits);
        let (token, code) = hello(door);
        bind(&hall.board, code, 1).await;
        // Everybody can say hello, and wait as often as they like with what they are given.
        let (unbound, _) = hello(door);
        let mut own: Vec<Client> = (0..10).map(|_| parked(door, &token)).collect();
        let mut strangers: Vec<Client> = (0..5).map(|_| parked(door, &unbound)).collect();
        strangers.extend((0..200).map(|_| Client::new(door)));
        let mut late = parked(door, &token);
        assert!(late.is_waiting() && own.iter_mut().all(Client::is_waiting));
        assert!(strangers[0].is_left());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_who_wait_are_told_their_own_and_what_they_were_given_is_noted() {
    let hall = Hall::new();
    let (door, _thread) = open(&hall.board, USUAL);
    let mut tokens = Vec::new();
    for number in 0..120_u8 {
        let (token, code) = hello(door);
        bind(&hall.board, code, number % 3 + 1).await;
        tokens.push(token);
    }
    let mut clients: Vec<Client> = tokens.iter().map(|token| parked(door, token)).collect();
    hall.send(landslide(&["浜町"])).await;
    let mut beats = std::collections::BTreeSet::new();
    for (number, client) in clients.iter_mut().enumerate() {
        if number % 3 == 2 {
            assert!(client.is_waiting(), "another district is told something");
            continue;
        }
        let told = client.hear().json();
        assert_eq!(told["household"], hex::text(&[u8::try_from(number % 3 + 1).unwrap(); 16]));
        assert_eq!(told["messages"].as_array().unwrap().len(), 1);
        beats.insert(told["beat"].as_str().unwrap().to_owned());
    }
    assert_eq!(beats.len(), 1, "one signature is enough for all");
    std::thread::sleep(Duration::from_millis(1_100));
    let told = clients[0].wait(&tokens[0], "").hear().json();
    assert!(!beats.contains(told["beat"].as_str().unwrap()), "a beat of more than a second ago");
    let delivered = hall.board.keeper.ask(|store| store.answers()).await.unwrap();
    assert_eq!(delivered.len(), 2, "each household once");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_is_told_that_the_server_ends() {
    let hall = Hall::new();
    let (door, thread) = open(&hall.board, DoorLimits { patience: IMPATIENT, ..USUAL });
    let (token, _) = hello(door);
    let mut own = parked(door, &token);
    hall.board.end();
    let told = own.hear();
    assert!(told.status == 200 && told.head.contains("connection: close") && own.is_left());
    let began = Instant::now();
    thread.join().unwrap();
    assert!(began.elapsed() < PATIENCE && TcpStream::connect(door).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_come_at_once_are_all_served() {
    let hall = Hall::new();
    let (door, _thread) = open(&hall.board, USUAL);
    let (token, _) = hello(door);
    let mut clients: Vec<Client> = (0..400).map(|_| Client::new(door)).collect();
    for client in &mut clients {
        client.wait(&token, "");
    }
    assert!(clients.iter_mut().all(|client| client.hear().status == 200));
}
