//! The line and the page's door on sockets: a town's server that is there, gone, and there again; a box in its place; and the real page's
//! requests.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::AtomicU16;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::Listener;
use axum::{Json, Router};
use hinamori_alert::ReceiverCode;
use hinamori_net_tls::{BrowserDoor, BrowserName, browser_certificate};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio_rustls::server::TlsStream;
use ureq::tls::TlsConfig;

use crate::door::{self, Door};
use crate::household::{AnswerKind, Household};
use crate::line::Line;
use crate::shared::Shared;
use crate::test_town::{Said, Town};
use crate::voice::Voice;

/// A town's server or a box: says what it is given, and keeps what it is told.
#[derive(Default)]
struct Told {
    says: Value,
    is_box: bool,
    tokens: Vec<String>,
    answers: Vec<(String, String)>,
    hellos: usize,
}

type Shelf = Arc<Mutex<Told>>;

fn of(shelf: &Shelf) -> std::sync::MutexGuard<'_, Told> {
    shelf.lock().unwrap_or_else(PoisonError::into_inner)
}

fn is_known(shelf: &Shelf, headers: &HeaderMap) -> bool {
    let said = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if of(shelf).is_box {
        // A box takes any token, and notes here which.
        of(shelf).tokens.extend(said.strip_prefix("Bearer ").map(str::to_owned));
        return true;
    }
    of(shelf).tokens.iter().any(|token| said == format!("Bearer {token}"))
}

async fn hello(State(shelf): State<Shelf>) -> Json<Value> {
    let mut told = of(&shelf);
    told.hellos += 1;
    let token = format!("{:02x}", told.hellos).repeat(32);
    told.tokens.push(token.clone());
    Json(json!({ "token": token, "code": "4821 7350" }))
}

async fn wait(State(shelf): State<Shelf>, headers: HeaderMap) -> Response {
    if !is_known(&shelf, &headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    Json(of(&shelf).says.clone()).into_response()
}

async fn answer(State(shelf): State<Shelf>, headers: HeaderMap, Json(said): Json<Value>) -> Response {
    if !is_known(&shelf, &headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let text = |name: &str| said[name].as_str().unwrap_or_default().to_owned();
    let mut told = of(&shelf);
    told.answers.push((text("message"), text("answer")));
    Json(if told.is_box { json!({ "kept": 5 }) } else { json!({ "at": 9 }) }).into_response()
}

/// Ends with the value: nobody is there any more.
struct Serving(Runtime);

/// Listens at a free port below those that the system gives out, or again at `port`.
fn serve(shelf: &Shelf, port: Option<u16>) -> (Serving, u16) {
    let (runtime, listener, port) = listening(port);
    let routes = routes(shelf);
    runtime.spawn(async move { axum::serve(listener, routes).await });
    (Serving(runtime), port)
}

fn routes(shelf: &Shelf) -> Router {
    Router::new()
        .route("/tv/hello", post(hello))
        .route("/tv/wait", get(wait))
        .route("/tv/answer", post(answer))
        .with_state(Arc::clone(shelf))
}

fn listening(port: Option<u16>) -> (Runtime, tokio::net::TcpListener, u16) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (listener, port) = listen(&runtime, port);
    (runtime, listener, port)
}

/// The same over TLS, as `localhost`, with an authority of `folder`.
fn serve_over_tls(shelf: &Shelf, folder: &Path) -> (Serving, u16) {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let name = BrowserName::new("localhost", &[]).unwrap();
    browser_certificate(folder, &name, since).unwrap();
    let door = BrowserDoor::open(folder, name, Duration::from_secs(10)).unwrap();
    let (runtime, listener, port) = listening(None);
    let routes = routes(shelf);
    runtime.spawn(async move { axum::serve(OverTls { listener, door }, routes).await });
    (Serving(runtime), port)
}

struct OverTls {
    listener: tokio::net::TcpListener,
    door: BrowserDoor,
}

impl Listener for OverTls {
    type Io = TlsStream<tokio::net::TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        loop {
            let (stream, from) = self.listener.accept().await.unwrap();
            if let Ok(stream) = self.door.accept(stream).await {
                return (stream, from);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

fn listen(runtime: &Runtime, port: Option<u16>) -> (tokio::net::TcpListener, u16) {
    // No port twice: the receiver of one test asks on where its server was.
    static NEXT: AtomicU16 = AtomicU16::new(21_300);
    let mut wanted =
        std::iter::from_fn(|| Some(port.unwrap_or_else(|| NEXT.fetch_add(1, Relaxed)))).take(100);
    let bound = wanted.find_map(|port| {
        let socket = runtime.block_on(tokio::net::TcpListener::bind(("127.0.0.1", port)));
        Some((socket.ok()?, port))
    });
    bound.unwrap_or_else(|| panic!("no free port for {port:?}"))
}

struct Bench {
    shared: Arc<Shared>,
    folder: tempfile::TempDir,
    page: (Serving, u16),
    agent: ureq::Agent,
}

impl Bench {
    fn new(town: &Town, server: u16, boxes: Vec<String>) -> Self {
        Self::at(town, (&format!("127.0.0.1:{server}"), None), boxes)
    }

    fn at(town: &Town, (server, tls): (&str, Option<&TlsConfig>), boxes: Vec<String>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let household = Household::new(town.root(), crate::kept(folder.path()), 0);
        let shared = Arc::new(Shared::new(folder.path().to_owned(), household, boxes));
        let lines = [(); 2].map(|()| Line::new((server, tls), [6; 32], Arc::clone(&shared)));
        let [follow, deliver] = lines;
        std::thread::spawn(move || follow.follow());
        std::thread::spawn(move || deliver.deliver());
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (listener, port) = listen(&runtime, None);
        let door = Door::new(Arc::clone(&shared), Arc::new(Voice::new(None, folder.path())), [7; 32]);
        runtime.spawn(door::serve(door, listener));
        let agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        Self { shared, folder, page: (Serving(runtime), port), agent }
    }

    fn page_asks(&self, path: &str, token: &str) -> (u16, Value) {
        let asked = self.agent.get(format!("http://127.0.0.1:{}{path}", self.page.1));
        let mut said = asked.header("Authorization", format!("Bearer {token}")).call().unwrap();
        (said.status().as_u16(), said.body_mut().read_json().unwrap_or(Value::Null))
    }

    fn page_answers(&self, message: &str, answer: &str) -> (u16, Value) {
        let asked = self.agent.post(format!("http://127.0.0.1:{}/tv/answer", self.page.1));
        let asked = asked.header("Authorization", format!("Bearer {}", "07".repeat(32)));
        let mut said = asked.send_json(json!({ "message": message, "answer": answer })).unwrap();
        (said.status().as_u16(), said.body_mut().read_json().unwrap_or(Value::Null))
    }

    fn shows(&self) -> Option<String> {
        self.shared
            .household()
            .showing(self.shared.running())
            .map(|showing| crate::hex::text(&showing.digest))
    }
}

fn until<T>(what: &str, mut get: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(got) = get() {
            return got;
        }
        assert!(began.elapsed() < Duration::from_secs(150), "not in time: {what}");
        std::thread::sleep(Duration::from_millis(30));
    }
}

#[test]
fn what_the_town_says_comes_to_the_page_and_what_the_page_says_to_the_town() {
    let mut town = Town::new(3);
    let order = town.message(&Said::order(1));
    let shelf = Shelf::default();
    of(&shelf).says = town.json(1, &[]);
    let (_serving, port) = serve(&shelf, None);
    let bench = Bench::new(&town, port, Vec::new());
    until("the token of the receiver", || bench.shared.household().kept.token.clone());
    of(&shelf).says = town.json(2, &[order]);
    let digest = until("the order", || bench.shows());

    let token = "07".repeat(32);
    assert_eq!(bench.page_asks("/tv/wait", "00").0, 401);
    let (status, said) = bench.page_asks("/tv/wait?seen=&list=0", &token);
    assert_eq!((status, &said["root"]), (200, &crate::hex::text(&town.root()).into()));
    assert_eq!(said["messages"].as_array().unwrap().len(), 1);
    assert!(said["revision"].as_str().unwrap().starts_with("07070707-"));
    let html = bench.agent.get(format!("http://127.0.0.1:{}/tv/", bench.page.1)).call().unwrap();
    assert!(html.headers()["content-security-policy"].to_str().unwrap().contains("default-src 'none'"));
    let elsewhere = bench.agent.get(format!("http://127.0.0.1:{}/tv/", bench.page.1));
    let elsewhere = elsewhere.header("Host", "hinamori.attacker.example").call().unwrap();
    assert_eq!(elsewhere.status().as_u16(), 403, "another page's name for this machine");

    assert_eq!(bench.page_answers(&digest, "help"), (200, json!({ "at": 9 })));
    assert_eq!(of(&shelf).answers, [(digest.clone(), "help".to_owned())]);
    assert_eq!(bench.page_answers(&"00".repeat(32), "help").0, 404);
    assert_eq!(bench.page_answers(&digest, "gone").0, 400);
    assert_eq!(of(&shelf).hellos, 1, "one receiver is one television");
}

#[test]
fn an_answer_that_was_given_while_cut_off_is_on_the_disk_and_delivered_later() {
    let mut town = Town::new(3);
    let order = town.message(&Said::order(1));
    let shelf = Shelf::default();
    of(&shelf).says = town.json(1, &[order]);
    let (serving, port) = serve(&shelf, None);
    let bench = Bench::new(&town, port, Vec::new());
    let digest = until("the order", || bench.shows());
    serving.0.shutdown_background();
    of(&shelf).answers.clear();
    // The page is not told that the town hall has it.
    let status = bench.page_answers(&digest, "going").0;
    assert_eq!(status, 503);
    let disk = crate::kept(bench.folder.path());
    let again = Household::new(town.root(), disk, 0);
    assert_eq!(
        again.next_answer(None),
        Some((digest.clone(), AnswerKind::Going)),
        "a power cut loses it not"
    );
    assert_eq!(again.showing(0).map(|showing| crate::hex::text(&showing.digest)), Some(digest.clone()));
    let (_serving, _) = serve(&shelf, Some(port));
    until("the answer", || (!of(&shelf).answers.is_empty()).then_some(()));
    assert_eq!(of(&shelf).answers, [(digest.clone(), "going".to_owned())]);
    assert_eq!(bench.page_answers(&digest, "going"), (200, json!({ "at": 9 })));
}

#[test]
fn a_box_speaks_when_the_town_hall_is_gone_and_only_one_of_the_settings_gets_secret_and_answers() {
    let mut town = Town::new(3);
    let order = town.message(&Said::order(1));
    let [shelf, near, found] = [(); 3].map(|()| Shelf::default());
    of(&shelf).says = town.json(1, &[]);
    let (serving, port) = serve(&shelf, None);
    let passed_on = |town: &Town, messages: &[Value]| {
        let mut said = town.json(1, messages);
        (said["household"], said["beat"]) = (Value::Null, Value::Null);
        said["box"] = json!({ "ago": null, "latest": 2_000_000_000_000_u64 });
        said
    };
    for one in [&near, &found] {
        (of(one).says, of(one).is_box) = (passed_on(&town, std::slice::from_ref(&order)), true);
    }
    let ((_near, near_port), (_found, found_port)) = (serve(&near, None), serve(&found, None));
    let bench = Bench::new(&town, port, vec![format!("127.0.0.1:{near_port}")]);
    bench.shared.add_box(format!("127.0.0.1:{found_port}"));
    let token = until("the token of the receiver", || bench.shared.household().kept.token.clone());
    until("the town's list", || (bench.shared.household().list_version() == 1).then_some(()));
    assert!(of(&near).tokens.is_empty(), "as long as the town hall is there no box is asked");
    serving.0.shutdown_background();
    let digest = until("the order by a box", || bench.shows());
    until("the box that was found", || (!of(&found).tokens.is_empty()).then_some(()));
    assert!(of(&near).tokens.iter().all(|said| *said == token));
    assert!(of(&found).tokens.iter().all(|said| *said == "06".repeat(32)));
    assert_eq!(bench.page_answers(&digest, "help"), (200, json!({ "kept": 5 })));
    assert!(of(&found).answers.is_empty());
    assert_eq!(bench.page_asks("/tv/wait", &"07".repeat(32)).1["kept"][&digest]["help"], 5);
    // The town hall is there again, and gets it too.
    of(&shelf).says = town.json(2, &[order]);
    let (_serving, _) = serve(&shelf, Some(port));
    until("the answer at the town hall", || (!of(&shelf).answers.is_empty()).then_some(()));
    let page = until("the town hall's word", || {
        let said = bench.page_asks("/tv/wait", &"07".repeat(32)).1;
        said["box"].is_null().then_some(said)
    });
    assert_eq!(page["answers"][&digest], json!({ "help": 9 }));
}

#[test]
fn a_server_of_another_town_is_asked_and_not_believed() {
    let (town, mut other) = (Town::new(3), Town::new(4));
    let order = other.message(&Said::order(1));
    let shelf = Shelf::default();
    of(&shelf).says = other.json(1, &[order]);
    let (_serving, port) = serve(&shelf, None);
    let bench = Bench::new(&town, port, Vec::new());
    until("a question", || (of(&shelf).hellos > 0).then_some(()));
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(bench.shows(), None);
    let said = bench.page_asks("/tv/wait", &"07".repeat(32)).1;
    assert_eq!(said["root"], crate::hex::text(&town.root()));
    assert_eq!((&said["list"], said["messages"].as_array().map(Vec::len)), (&Value::Null, Some(0)));
    let none: BTreeMap<String, Value> = BTreeMap::new();
    assert_eq!(said["answers"], json!(none));
}

#[test]
fn over_tls_it_tells_its_secret_to_the_town_alone() {
    let mut town = Town::new(3);
    let order = town.message(&Said::order(1));
    let (shelf, folder, other) =
        (Shelf::default(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    of(&shelf).says = town.json(1, &[order]);
    let (_serving, port) = serve_over_tls(&shelf, folder.path());
    let code = ReceiverCode { address: format!("localhost:{port}"), root: town.root() };
    assert!(code.is_over_tls());
    // Installed for a town with another authority, and then anew for this one.
    browser_certificate(other.path(), &BrowserName::new("localhost", &[]).unwrap(), Duration::ZERO).unwrap();
    let data = tempfile::tempdir().unwrap();
    let installed = |authority: &Path| {
        crate::setup(data.path(), &code, Some(&authority.join("town-authority.crt"))).unwrap();
        crate::town_tls(data.path())
    };
    let stranger = installed(other.path());
    let bench = Bench::at(&town, (&code.address, Some(&stranger)), Vec::new());
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(of(&shelf).hellos, 0);
    let believed = installed(folder.path());
    let own = Bench::at(&town, (&code.address, Some(&believed)), Vec::new());
    until("the order", || own.shows());
    assert!(bench.shows().is_none() && of(&shelf).hellos == 1);
    let not_pem = data.path().join("town");
    assert!(crate::setup(data.path(), &code, Some(&not_pem)).is_err());
    // Another address: the authority stays.
    crate::setup(data.path(), &code, None).unwrap();
    assert!(data.path().join("town-authority.crt").exists());
    // Damaged: it runs on, and believes nobody.
    std::fs::write(data.path().join("town-authority.crt"), "x").unwrap();
    let nobody = crate::town_tls(data.path());
    let lost = Bench::at(&town, (&code.address, Some(&nobody)), Vec::new());
    std::thread::sleep(Duration::from_millis(500));
    assert!(lost.shows().is_none() && of(&shelf).hellos == 1);
}
