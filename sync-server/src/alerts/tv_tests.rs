//! The televisions' door on a socket, with televisions and with those who are none; with and without TLS.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use hinamori_model::UnixMillis;
use hinamori_net_tls::{BrowserDoor, BrowserName, browser_certificate};
use hinamori_television_http::{DoorLimits, PAGE, Patience};
use rustls::client::Resumption;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, HandshakeKind, RootCertStore, StreamOwned};
use serde_json::Value;
use tokio::net::TcpSocket;

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

const NAME: &str = "town.example";

/// Where a door is.
#[derive(Clone, Copy)]
struct At {
    address: SocketAddr,
    is_tls: bool,
}

/// What the door shows, and whom televisions believe.
fn tls() -> &'static (BrowserDoor, Arc<ClientConfig>) {
    static TLS: OnceLock<(BrowserDoor, Arc<ClientConfig>)> = OnceLock::new();
    TLS.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let name = BrowserName::new(NAME, &[]).unwrap();
        browser_certificate(folder.path(), &name, Duration::from_millis(now().get())).unwrap();
        let door = BrowserDoor::open(folder.path(), name, PATIENCE).unwrap();
        let mut roots = RootCertStore::empty();
        let authority = folder.path().join("town-authority.crt");
        roots.add(CertificateDer::from_pem_file(authority).unwrap()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        (door, Arc::new(config))
    })
}

fn open(is_tls: bool, board: &Arc<Board>, limits: DoorLimits) -> (At, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    open_at(listener, is_tls, board, limits)
}

fn open_at(
    listener: TcpListener,
    is_tls: bool,
    board: &Arc<Board>,
    limits: DoorLimits,
) -> (At, JoinHandle<()>) {
    let at = At { address: listener.local_addr().unwrap(), is_tls };
    let door = is_tls.then(|| &tls().0);
    (at, serve_televisions((listener, door), Arc::clone(board), limits).unwrap())
}

/// A television's socket.
enum Wire {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Wire {
    fn new(to: At) -> Self {
        Self::over(to, &tls().1)
    }

    fn over(to: At, config: &Arc<ClientConfig>) -> Self {
        let stream = TcpStream::connect(to.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        if !to.is_tls {
            return Self::Plain(stream);
        }
        let town = ServerName::try_from(NAME).unwrap();
        let client = ClientConnection::new(Arc::clone(config), town).unwrap();
        Self::Tls(Box::new(StreamOwned::new(client, stream)))
    }

    fn socket(&self) -> &TcpStream {
        match self {
            Self::Plain(socket) => socket,
            Self::Tls(stream) => &stream.sock,
        }
    }
}

impl Read for Wire {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.read(space),
            Self::Tls(stream) => stream.read(space),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(socket) => socket.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}

/// Whether an error says that the other side is gone.
fn is_gone(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::UnexpectedEof
    )
}

/// One end of a connection.
struct Client {
    stream: Wire,
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
    fn new(to: At) -> Self {
        Self { stream: Wire::new(to), heard: Vec::new() }
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
            Err(error) => is_gone(&error),
            Ok(_) => false,
        }
    }

    /// Whether the other side hangs up in the end, whatever it says before.
    fn ends(&mut self) -> bool {
        match self.stream.read_to_end(&mut Vec::new()) {
            Ok(_) => true,
            Err(error) => is_gone(&error),
        }
    }

    /// Whether nothing comes for a while.
    fn is_waiting(&mut self) -> bool {
        self.stream.socket().set_read_timeout(Some(Duration::from_millis(150))).unwrap();
        let read = self.stream.read(&mut [0; 16]);
        self.stream.socket().set_read_timeout(Some(PATIENCE)).unwrap();
        read.is_err_and(|error| matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut))
    }
}

/// A television: its token.
fn hello(to: At) -> (String, u32) {
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
fn parked(to: At, token: &str) -> Client {
    let mut client = Client::new(to);
    let told = client.wait(token, "").hear();
    assert_eq!(told.status, 200);
    client.wait(token, told.json()["revision"].as_str().unwrap());
    client
}

#[tokio::test(flavor = "multi_thread")]
async fn a_television_asks_waits_and_answers_and_others_get_files_or_nothing() {
    for is_tls in [false, true] {
        let hall = Hall::new();
        let (door, _thread) = open(is_tls, &hall.board, USUAL);
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
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_says_whether_its_set_is_on() {
    for is_tls in [false, true] {
        let hall = Hall::new();
        let (door, _thread) = open(is_tls, &hall.board, USUAL);
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
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_come_together_or_in_pieces_are_answered_in_their_order() {
    for is_tls in [false, true] {
        let hall = Hall::new();
        let (door, _thread) = open(is_tls, &hall.board, USUAL);
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
        for part in "GET /nowhere HTTP/1.1\r\nHost: tv\r\n\r\nGET /tv/ HTTP/1.0\r\n\r\n".as_bytes().chunks(7)
        {
            many.stream.write_all(part).unwrap();
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(many.hear().status, 404);
        let last = many.hear();
        assert!(last.status == 200 && last.head.contains("connection: close") && many.is_left());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_request_is_refused_once_and_ends_the_connection() {
    for is_tls in [false, true] {
        let hall = Hall::new();
        let (door, _thread) = open(is_tls, &hall.board, USUAL);
        let endless = "a".repeat(40_000);
        for (said, status) in [
            ("\u{16}\u{3}\u{1}\u{2}".to_owned(), 400),
            ("GET /tv/ HTTP/1.1\r\n\r\nGET /tv/ HTTP/1.1\r\nHost: tv\r\n\r\n".to_owned(), 400),
            (
                "POST /tv/answer HTTP/1.1\r\nHost: tv\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
                    .to_owned(),
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
}

/// Asks for a megabyte and more, and reads nothing of it.
fn deaf(door: At) -> Wire {
    let mut asked = Client::new(door).stream;
    asked.socket().set_write_timeout(Some(Duration::from_millis(200))).unwrap();
    let asking = "GET /tv/tv.js HTTP/1.1\r\nHost: tv\r\n\r\n".repeat(200);
    while asked.write_all(asking.as_bytes()).is_ok() {}
    asked
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_slow_or_does_not_read_is_sent_away() {
    for is_tls in [false, true] {
        let hall = Hall::new();
        let (door, _thread) = open(is_tls, &hall.board, DoorLimits { patience: IMPATIENT, ..USUAL });
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
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_slow_or_does_not_read_holds_nobody_up() {
    for is_tls in [false, true] {
        let hall = Hall::new();
        // As patient with them as others are with the door.
        let (door, _thread) = open(is_tls, &hall.board, USUAL);
        let mut slow = Client::new(door);
        slow.say("GET /tv/ HTT");
        let _asked = deaf(door);
        for _ in 0..20 {
            assert_eq!(Client::new(door).get("/tv/").hear().status, 200);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_set_that_hangs_up_leaves_its_place() {
    for is_tls in [false, true] {
        let hall = Hall::new();
        let limits = DoorLimits { from_one_address: 2, ..USUAL };
        let (door, _thread) = open(is_tls, &hall.board, limits);
        let (token, code) = hello(door);
        bind(&hall.board, code, 1).await;
        let mut own = parked(door, &token);
        let mut other = parked(door, &token);
        assert!(Client::new(door).is_left(), "both places are televisions'");
        own.stream.socket().shutdown(Shutdown::Write).unwrap();
        assert!(own.is_left(), "nobody noticed");
        assert_eq!(Client::new(door).get("/tv/").hear().status, 200);
        assert!(other.is_waiting());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_keep_no_television_out() {
    for is_tls in [false, true] {
        let hall = Hall::new();
        for limits in [DoorLimits { from_one_address: 20, ..USUAL }, DoorLimits { connections: 20, ..USUAL }]
        {
            let (door, _thread) = open(is_tls, &hall.board, limits);
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
}

#[tokio::test(flavor = "multi_thread")]
async fn all_who_wait_are_told_their_own_and_what_they_were_given_is_noted() {
    for is_tls in [false, true] {
        let hall = Hall::new();
        let (door, _thread) = open(is_tls, &hall.board, USUAL);
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
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_is_told_that_the_server_ends() {
    for is_tls in [false, true] {
        let hall = Hall::new();
        let (door, thread) = open(is_tls, &hall.board, DoorLimits { patience: IMPATIENT, ..USUAL });
        let (token, _) = hello(door);
        let mut own = parked(door, &token);
        hall.board.end();
        let told = own.hear();
        assert!(told.status == 200 && told.head.contains("connection: close") && own.is_left());
        let began = Instant::now();
        thread.join().unwrap();
        assert!(began.elapsed() < PATIENCE && TcpStream::connect(door.address).is_err());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_come_at_once_are_all_served() {
    for is_tls in [false, true] {
        let hall = Hall::new();
        let (door, _thread) = open(is_tls, &hall.board, USUAL);
        let (token, _) = hello(door);
        let mut clients: Vec<Client> = (0..400).map(|_| Client::new(door)).collect();
        for client in &mut clients {
            client.wait(&token, "");
        }
        assert!(clients.iter_mut().all(|client| client.hear().status == 200));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_the_socket_does_not_take_at_once_arrives_whole() {
    for is_tls in [false, true] {
        let hall = Hall::new();
        let socket = TcpSocket::new_v4().unwrap();
        // What is accepted takes it over: no record fits.
        socket.set_send_buffer_size(4_096).unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(16).unwrap().into_std().unwrap();
        let (door, _thread) = open_at(listener, is_tls, &hall.board, USUAL);
        let script = PAGE.iter().find(|file| file.path == "/tv/tv.js").unwrap().bytes;
        let mut client = Client::new(door);
        for _ in 0..10 {
            client.get("/tv/tv.js");
        }
        // Others are served while this one's answers fill its socket.
        assert_eq!(Client::new(door).get("/tv/").hear().status, 200);
        client.say("GET /tv/tv.js HTTP/1.0\r\n\r\n");
        for number in 0..=10 {
            assert!(client.hear().body == script, "answer {number}");
        }
        assert!(client.is_left());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_in_two_records_that_come_together_is_answered() {
    let hall = Hall::new();
    let (door, _thread) = open(true, &hall.board, USUAL);
    let mut client = Client::new(door);
    assert_eq!(client.get("/tv/").hear().status, 200);
    let Wire::Tls(stream) = &mut client.stream else { panic!("no TLS") };
    // Together they are longer than what rustls reads at once.
    stream.conn.writer().write_all(format!("GET /{}", "a".repeat(3_000)).as_bytes()).unwrap();
    let rest = format!("{} HTTP/1.1\r\nHost: tv\r\n\r\n", "a".repeat(3_000));
    stream.conn.writer().write_all(rest.as_bytes()).unwrap();
    assert_eq!(stream.conn.write_tls(&mut stream.sock).unwrap(), 6_000 + 5 + 23 + 2 * 22);
    assert_eq!(client.hear().status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_speaks_no_tls_is_left_and_who_comes_back_goes_on() {
    let hall = Hall::new();
    let (door, _thread) = open(true, &hall.board, DoorLimits { patience: IMPATIENT, ..USUAL });
    let plain = At { is_tls: false, ..door };
    assert!(Client::new(plain).get("/tv/").ends());
    let mut half = Client::new(plain);
    half.stream.write_all(&[22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]).unwrap();
    assert!(half.ends(), "nobody waits for the other half of a handshake");
    let mut long = Client::new(plain);
    // Records of one byte each, of a handshake that never ends.
    let bytes = [22, 3, 1, 0, 1, 1].repeat(100_000);
    drop(long.stream.write_all(&bytes));
    assert!(long.ends());
    let mut config = ClientConfig::clone(&tls().1);
    config.resumption = Resumption::in_memory_sessions(4);
    let config = Arc::new(config);
    for is_again in [false, true] {
        let mut client = Client { stream: Wire::over(door, &config), heard: Vec::new() };
        assert_eq!(client.get("/tv/").hear().status, 200);
        let Wire::Tls(stream) = &client.stream else { panic!("no TLS") };
        assert_eq!(stream.conn.handshake_kind() == Some(HandshakeKind::Resumed), is_again);
    }
}
