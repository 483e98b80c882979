//! Televisions on a box's network: what they are told without the town hall, and that nothing that they answered is lost.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hinamori_alert::{Beat, BeatKey, EVERYBODY, Envelope, Instruction, Instructions, Sequence};
use hinamori_model::{HouseholdId, TelevisionAnswer};
use hinamori_sim::pcscd::in_namespace;
use hinamori_store_sqlite::{FileKey, TelevisionStore};
use hinamori_sync::{AlertMessage, CarriedAlert, CarriedAnswer, CarriedInstruction, CarriedTelevision};
use mdns_sd::{ServiceDaemon, ServiceEvent};
use ring::digest::{SHA256, digest};
use serde_json::Value;

use super::alerts::{officer, said};
use super::*;
use crate::config::TelevisionConfig;
use crate::core::alerts::Carrier;
use crate::televisions::{ShownTime, Televisions};

const ORDER: &str = include_str!("../../../../crates/alert/tests/fixtures/tsunami.xml");
const HOME: HouseholdId = HouseholdId::from_bytes([7; 16]);
const TOKEN: [u8; 32] = [0xaa; 32];
pub(super) const DOOR: &str = "[televisions]\nlisten = \"127.0.0.1:0\"\n";
const SERVICE: &str = "_hinamori-tv._tcp.local.";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Order {
    fn expires(&self) -> UnixMillis {
        Envelope::decode(&self.carried.envelope).unwrap().expires
    }
}

/// An order with what the household and everybody are told.
struct Order {
    carried: CarriedAlert,
    digest: [u8; 32],
    told: Vec<CarriedInstruction>,
}

fn order_of(sent: UnixMillis) -> Order {
    let alert = said(ORDER, sent, |_| ());
    let instruction = |household, text: &str| Instruction { household, salt: [3; 16], content: text.into() };
    let all = [instruction(HOME, "home"), instruction(EVERYBODY, "everybody")];
    let tree = Instructions::of(&all).unwrap();
    let mut envelope = Envelope::around(&alert, Sequence { epoch: 1, number: 1 }, &tree).unwrap();
    let digest = envelope.digest();
    envelope.signatures.extend([1, 2].map(|number| officer(number).sign(&digest)));
    let told = all
        .iter()
        .map(|one| CarriedInstruction { leaf: one.encode(), path: tree.path(one).unwrap().encode() });
    let told = told.collect();
    Order { carried: CarriedAlert { alert, envelope: envelope.encode() }, digest, told }
}

impl Bench {
    fn with_door() -> (Self, SocketAddr, Receiver<Event>) {
        let mut bench = Self::configured(DOOR);
        let package = bench.package.clone();
        bench.take(&package);
        bench.now = UnixMillis::new(bench.now.get() / 1_000 * 1_000);
        assert_eq!(bench.hear_of(alerts::keys_by(&root(), 3)), 0);
        let (door, events) = bench.open_door();
        (bench, door, events)
    }

    pub(super) fn open_door(&mut self) -> (SocketAddr, Receiver<Event>) {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let (to_core, events) = inbox();
        let wanted = TelevisionConfig { listen: free, announce: false };
        self.core.televisions().unwrap().listen(&wanted, self.core.own, to_core);
        (free, events)
    }

    fn order(&mut self) -> Order {
        let order = order_of(self.now);
        assert_eq!(self.hear_of(AlertMessage::Sent(order.carried.clone())), 0);
        order
    }

    fn bind(&mut self) {
        let token = digest(&SHA256, &TOKEN).as_ref().try_into().unwrap();
        let television = CarriedTelevision { token, code: None, household: Some(HOME) };
        self.hear_of(AlertMessage::Televisions(vec![television]));
    }
}

/// Status and content of what is answered to one request.
fn ask(door: SocketAddr, request: &str) -> (u16, Value) {
    let mut stream = TcpStream::connect(door).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut heard = String::new();
    stream.read_to_string(&mut heard).unwrap();
    let (head, body) = heard.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap_or_default())
}

pub(super) fn told(door: SocketAddr, token: &[u8]) -> Value {
    let token = hex(token);
    let (status, told) = ask(
        door,
        &format!(
            "GET /tv/wait HTTP/1.1\r\nHost: box\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\r\n"
        ),
    );
    assert_eq!(status, 200);
    told
}

fn press(door: SocketAddr, token: &[u8], message: &[u8], answer: &str) -> (u16, Value) {
    let (token, body) = (hex(token), format!(r#"{{"message":"{}","answer":"{answer}"}}"#, hex(message)));
    let length = body.len();
    ask(
        door,
        &format!(
            "POST /tv/answer HTTP/1.1\r\nHost: box\r\nConnection: close\r\nAuthorization: Bearer {token}\r\nContent-Length: {length}\r\n\r\n{body}"
        ),
    )
}

/// The household of whose instruction a set is told.
fn leaves(told: &Value) -> Vec<Vec<u8>> {
    let leaf = |message: &Value| STANDARD.decode(message["leaf"].as_str().unwrap()).unwrap();
    told["messages"].as_array().unwrap().iter().map(|one| leaf(one)[16..32].to_vec()).collect()
}

/// The disk's thread is done with what it was given before.
pub(super) fn until(mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(10), "it never comes to be so");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_set_is_told_what_was_signed_and_a_household_s_alone_its_own_words() {
    let (mut bench, door, _events) = Bench::with_door();
    let order = bench.order();
    assert_eq!(told(door, &TOKEN)["messages"].as_array().unwrap().len(), 0, "nobody's words are here yet");
    let mut bent = order.told.clone();
    bent[0].leaf.push(0);
    let message = order.digest;
    assert_eq!(bench.hear_of(AlertMessage::Told { message, instructions: bent }), 1);
    assert_eq!(bench.hear_of(AlertMessage::Told { message: [0; 32], instructions: order.told.clone() }), 1);
    bench.bind();
    bench.hear_of(AlertMessage::Told { message, instructions: order.told });
    let own = told(door, &TOKEN);
    assert_eq!(
        (leaves(&own), &own["household"]),
        (vec![HOME.as_bytes().to_vec()], &hex(HOME.as_bytes()).into())
    );
    let list = STANDARD.decode(own["list"].as_str().unwrap()).unwrap();
    assert!(hinamori_alert::KeyList::decode(&list, &root().public()).is_ok());
    // Whoever makes a token up is a stranger, whatever it is.
    let nobodys = told(door, &[0xbb; 32]);
    assert_eq!(
        (leaves(&nobodys), &nobodys["household"]),
        (vec![EVERYBODY.as_bytes().to_vec()], &Value::Null)
    );
    assert_eq!((&own["people"], &own["code"]), (&Value::Null, &Value::Null));
    assert_eq!(press(door, &[0xbb; 32], &message, "help").0, 404, "nobody would know whose");
    let hello =
        ask(door, "POST /tv/hello HTTP/1.1\r\nHost: box\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    assert!(hello.0 == 200 && hello.1["token"].as_str().unwrap().len() == 64 && hello.1["code"].is_null());
    // Another box says what everybody is told, and nothing of a household.
    let (mut other, door, _events) = Bench::with_door();
    let neighbour = BoxId::from_bytes([4; 16]);
    let theirs = order_of(other.now);
    let all = vec![
        AlertMessage::Sent(theirs.carried.clone()),
        AlertMessage::Told { message: theirs.digest, instructions: theirs.told },
    ];
    assert_eq!(other.core.take_alerts(Carrier::Neighbour(neighbour), all, other.now), 1);
    other.bind();
    assert_eq!(leaves(&told(door, &TOKEN)), [EVERYBODY.as_bytes().to_vec()], "better than nothing");
    assert_eq!(other.core.told_for_neighbours().len(), 1);
}

#[test]
fn an_answer_is_on_the_disk_before_it_is_acknowledged_and_reaches_the_town_hall() {
    let (mut bench, door, events) = Bench::with_door();
    let order = bench.order();
    bench.bind();
    bench.hear_of(AlertMessage::Told { message: order.digest, instructions: order.told.clone() });
    let (status, kept) = press(door, &TOKEN, &order.digest, "help");
    assert!(status == 200 && kept["at"].is_null() && kept["kept"].is_u64(), "{kept}");
    assert_eq!(press(door, &TOKEN, &order.digest, "help").1, kept, "once");
    assert_eq!(press(door, &TOKEN, &order.digest, "going").0, 200);
    assert_eq!(press(door, &TOKEN, &[0; 32], "help").0, 404);
    assert!(matches!(events.recv_timeout(Duration::from_secs(5)), Ok(Event::Televisions)));
    let answer = |answer, at: &Value| CarriedAnswer {
        message: order.digest,
        household: HOME,
        answer,
        at: UnixMillis::new(at.as_u64().unwrap()),
    };
    let help = answer(TelevisionAnswer::Help, &kept["kept"]);

    // The power fails.
    bench.core.televisions().unwrap().end();
    let package = bench.package.clone();
    let mut bench = bench.restart();
    bench.take(&package);
    let (door, _events) = bench.open_door();
    let televisions = bench.core.televisions().unwrap();
    until(|| televisions.waiting().len() == 2);
    assert_eq!(televisions.waiting()[0], help, "help first");
    until(|| leaves(&told(door, &TOKEN)) == [HOME.as_bytes().to_vec()]);
    let said = &told(door, &TOKEN)["kept"][hex(&order.digest)];
    assert_eq!(said["help"], kept["kept"]);

    bench.hear_of(AlertMessage::AnswersTaken(vec![help]));
    assert_eq!(televisions.waiting().len(), 1);
    let after = told(door, &TOKEN);
    assert_eq!(after["answers"][hex(&order.digest)]["help"], kept["kept"]);
    assert!(after["kept"][hex(&order.digest)].get("help").is_none());
    assert_eq!(press(door, &TOKEN, &order.digest, "help").1["at"], kept["kept"]);
}

#[test]
fn a_disk_that_takes_nothing_acknowledges_nothing() {
    let (mut bench, door, _events) = Bench::with_door();
    let order = bench.order();
    bench.bind();
    bench.hear_of(AlertMessage::Told { message: order.digest, instructions: order.told.clone() });
    until(|| leaves(&told(door, &TOKEN)).len() == 1);
    let file = rusqlite::Connection::open(bench.core.config.data.join("televisions.sqlite")).unwrap();
    file.execute_batch(
        "CREATE TRIGGER full BEFORE INSERT ON answer BEGIN SELECT RAISE(ABORT, 'no room'); END;",
    )
    .unwrap();
    assert_eq!(press(door, &TOKEN, &order.digest, "help").0, 503);
    assert!(bench.core.televisions().unwrap().waiting().is_empty());
    file.execute_batch("DROP TRIGGER full;").unwrap();
    assert_eq!(press(door, &TOKEN, &order.digest, "help").0, 200);
}

#[test]
fn a_heartbeat_is_passed_on_as_old_as_it_is() {
    let (mut bench, door, _events) = Bench::with_door();
    assert!(told(door, &TOKEN)["beat"].is_null() && told(door, &TOKEN)["box"]["ago"].is_null());
    let latest = Sequence { epoch: 1, number: 1 };
    let beat = |key: u8, at| BeatKey::from_bytes(&[key; 32]).beat(Beat { at, latest });
    bench.hear_of(AlertMessage::Beat(beat(8, bench.now)));
    assert!(told(door, &TOKEN)["beat"].is_null(), "another key");
    let heard = beat(9, bench.now);
    bench.hear_of(AlertMessage::Beat(heard.clone()));
    let said = told(door, &TOKEN);
    assert_eq!(said["beat"], STANDARD.encode(&heard));
    assert!(said["box"]["ago"].as_u64().unwrap() < 5_000 && said["box"]["latest"].is_u64());
    bench.core.hang_up();
    bench.core.televisions().unwrap().end();
    let package = bench.package.clone();
    let mut bench = bench.restart();
    bench.take(&package);
    let (door, _events) = bench.open_door();
    until(|| told(door, &TOKEN)["beat"] == said["beat"]);
    assert!(told(door, &TOKEN)["box"]["ago"].is_null(), "nobody knows how long the box was off");
}

#[test]
fn a_receiver_on_this_network_hears_where_the_door_is() {
    in_namespace("core::tests::televisions::a_receiver_on_this_network_hears_where_the_door_is", || {
        let listener = ServiceDaemon::new().unwrap();
        let heard = listener.browse(SERVICE).unwrap();
        let bench = Bench::configured(DOOR);
        let (to_core, _events) = inbox();
        let televisions = bench.core.televisions().unwrap();
        let wanted = bench.core.config.televisions.clone().unwrap();
        assert!(wanted.announce, "without a word of the installer's");
        televisions.listen(&wanted, bench.core.own, to_core);
        let within = Instant::now() + Duration::from_secs(20);
        let found = loop {
            if let ServiceEvent::ServiceResolved(found) = heard.recv_deadline(within).unwrap() {
                break found;
            }
        };
        assert!(found.fullname.starts_with(&bench.core.own.to_string()), "{}", found.fullname);
        let addresses: Vec<_> = found.addresses.iter().map(mdns_sd::ScopedIp::to_ip_addr).collect();
        assert_eq!(addresses, [wanted.listen.ip()], "where it listens, and nowhere else");
        // It is the door: a set is told what there is.
        told(SocketAddr::new(addresses[0], found.port), &TOKEN);
        televisions.end();
        let is_over = |event| matches!(event, ServiceEvent::ServiceRemoved(..));
        while !is_over(heard.recv_deadline(within).unwrap()) {}
    });
}

#[test]
fn sets_that_fell_silent_make_room_for_others() {
    let (bench, door, _events) = Bench::with_door();
    let televisions = bench.core.televisions().unwrap();
    for number in 0..64_u8 {
        told(door, &[number; 32]);
    }
    told(door, &[0xcc; 32]);
    let first = televisions.strangers();
    assert_eq!(first.len(), 64);
    let hashed = |token: &[u8]| -> [u8; 32] { digest(&SHA256, token).as_ref().try_into().unwrap() };
    assert!(!first.contains(&hashed(&[0xcc; 32])), "all of them are there");
    // One goes on asking, the others do not.
    televisions.grow_old(Duration::from_secs(181));
    told(door, &[7; 32]);
    told(door, &[0xcc; 32]);
    let after = televisions.strangers();
    assert_eq!(after.len(), 64);
    assert!(after.contains(&hashed(&[0xcc; 32])) && after.contains(&hashed(&[7; 32])));
}

#[test]
fn a_clock_that_is_ahead_for_a_moment_has_the_box_forget_nobody_s_words() {
    const DAY: u64 = 24 * 3_600_000;
    let (mut bench, door, _events) = Bench::with_door();
    let order = bench.order();
    bench.bind();
    bench.hear_of(AlertMessage::Told { message: order.digest, instructions: order.told });
    assert_eq!(leaves(&told(door, &TOKEN)), [HOME.as_bytes().to_vec()]);
    let televisions = bench.core.televisions().unwrap();
    let words = |bench: &Bench| -> u64 {
        let file = rusqlite::Connection::open(bench.core.config.data.join("televisions.sqlite")).unwrap();
        file.query_row("SELECT count(*) FROM told", [], |row| row.get(0)).unwrap()
    };
    until(|| words(&bench) == 2);
    // A month ahead, it shows nothing of it.
    bench.core.show_alerts(bench.now.plus(30 * DAY));
    assert_eq!(leaves(&told(door, &TOKEN)).len(), 0);
    // Whoever's disk has a thing to do does it in turn.
    televisions.keep_beat();
    bench.core.show_alerts(bench.now);
    assert_eq!(
        leaves(&told(door, &TOKEN)),
        [HOME.as_bytes().to_vec()],
        "its own words, and without the town hall"
    );
    let package = bench.package.clone();
    televisions.end();
    drop(televisions);
    let mut bench = bench.restart();
    bench.take(&package);
    let (door, _events) = bench.open_door();
    until(|| leaves(&told(door, &TOKEN)) == [HOME.as_bytes().to_vec()]);
    // A clock that can be trusted forgets, a day later than it is over.
    let show = |after| {
        let at = order_of(bench.now).expires().plus(after);
        let time = ShownTime { not_before: bench.now, now: at, trusted: Some(at) };
        bench.core.televisions().unwrap().show(None, bench.core.alerts.signed(), time);
    };
    show(DAY - 1);
    assert_eq!(words(&bench), 2);
    show(DAY);
    until(|| words(&bench) == 0);
}

#[test]
fn a_call_for_help_is_there_after_a_start_also_where_nobody_s_words_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let (own, root) = (FileKey::new([1; 32]), root().public());
    let help = CarriedAnswer {
        message: [3; 32],
        household: HOME,
        answer: TelevisionAnswer::Help,
        at: UnixMillis::new(9),
    };
    let mut store = TelevisionStore::open(&folder.path().join("televisions.sqlite"), &own).unwrap();
    store.belong_to(&root).unwrap();
    store.add_answers(&[help]).unwrap();
    drop(store);
    // Sealed under a key that is lost.
    let lost = FileKey::new([2; 32]);
    let mut store = TelevisionStore::open(&folder.path().join("televisions.sqlite"), &lost).unwrap();
    let words = CarriedInstruction { leaf: vec![1], path: vec![2] };
    store.add_told(&[(([3; 32], HOME), words)].into()).unwrap();
    drop(store);
    let televisions = Televisions::open(folder.path(), &own).unwrap();
    televisions.follow(root);
    until(|| televisions.waiting() == [help]);
}
