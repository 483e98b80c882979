//! Stations: what they read, what is pushed to them, and what an operator does.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc;
use std::time::Duration;

use hinamori_alert::{SignedAlert, Transport};
use hinamori_sim::xml_peers::XmlPeers;
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use tokio::time::timeout;
use ureq::http::HeaderMap;

use super::*;
use crate::alerts::{
    NewStation, add_station, base64, broadcast_certificate, export_alerts, push_to_stations, remove_station,
    station_routes,
};

/// One request as a station got it.
struct Brought {
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

/// How a station answers: with these, one after the other, the last one for ever. `{}` becomes the message's name.
fn station(answers: &'static [&'static str]) -> (String, mpsc::Receiver<Brought>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/cap", listener.local_addr().unwrap());
    let (brought, came) = mpsc::channel();
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        for (number, stream) in listener.incoming().enumerate() {
            let Ok(mut stream) = stream else { return };
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut headers = BTreeMap::new();
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line).unwrap() < 3 {
                    break;
                }
                if let Some((name, value)) = line.trim_end().split_once(": ") {
                    headers.insert(name.to_lowercase(), value.to_owned());
                }
            }
            let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let answer = answers[number.min(answers.len() - 1)];
            let answer = answer.replace("{}", &headers["hinamori-message"]);
            let (status, content) = answer.split_once(' ').unwrap();
            if status != "never" {
                let length = content.len();
                let extra = "Location: http://127.0.0.1:9/\r\nConnection: close";
                let head =
                    format!("HTTP/1.1 {status} x\r\nContent-Length: {length}\r\n{extra}\r\n\r\n{content}");
                stream.write_all(head.as_bytes()).unwrap();
            } else {
                kept.push(stream);
            }
            if brought.send(Brought { headers, body }).is_err() {
                return;
            }
        }
    });
    (url, came)
}

const RECEIPT: &str = r#"200 {"received":"{}"}"#;

impl Hall {
    fn add_station(&self, push: Option<&str>, counts: bool) -> String {
        let name = "汐見ケーブルテレビ".to_owned();
        let new = NewStation { name, counts, push: push.map(str::to_owned), roots: None };
        let (_, secret) = add_station(&self.folder, new).unwrap();
        self.look();
        secret
    }

    /// What everybody who pins the town's root believes of a file.
    fn opened(&self, file: &[u8]) -> SignedAlert {
        let (alert, envelope) = Transport::open(file).unwrap();
        let list = self.board.inner().list.clone().unwrap().list;
        envelope.verify(&alert, &list).unwrap()
    }

    async fn open_door(&self) -> Door {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let routes = station_routes(Arc::clone(&self.board));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Door(url)
    }
}

/// Where stations ask.
struct Door(String);

impl Door {
    /// Asks with some headers, and with a body where there is one. Gives status, headers and body.
    async fn ask(
        &self,
        path: &str,
        headers: &[(&'static str, &str)],
        body: Option<Value>,
    ) -> (u16, HeaderMap, Vec<u8>) {
        let url = format!("{}{path}", self.0);
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let asking = tokio::task::spawn_blocking(move || {
            let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
            let response = match body {
                None => {
                    headers.iter().fold(agent.get(&url), |get, (name, value)| get.header(*name, value)).call()
                }
                Some(body) => {
                    let post = headers
                        .iter()
                        .fold(agent.post(&url), |post, (name, value)| post.header(*name, value));
                    post.send(body.to_string())
                }
            };
            let (head, mut body) = response.unwrap().into_parts();
            (head.status.as_u16(), head.headers, body.read_to_vec().unwrap())
        });
        asking.await.unwrap()
    }

    async fn get(&self, path: &str, authorization: &str) -> (u16, Vec<u8>) {
        let (status, _, body) = self.ask(path, &[("Authorization", authorization)], None).await;
        (status, body)
    }
}

async fn next(came: mpsc::Receiver<Brought>) -> (Brought, mpsc::Receiver<Brought>) {
    let waiting =
        tokio::task::spawn_blocking(move || (came.recv_timeout(Duration::from_secs(9)).unwrap(), came));
    waiting.await.unwrap()
}

/// RFC 9421 §3.2, of what docs/broadcast.md says is covered.
fn holds(hall: &Hall, url: &str, brought: &Brought) -> bool {
    let Brought { headers, body } = brought;
    let parameters = headers["signature-input"].strip_prefix("hinamori=").unwrap();
    let base = format!(
        "\"@method\": POST\n\"@target-uri\": {url}\n\"content-type\": {}\n\"content-digest\": {}\n\"hinamori-message\": {}\n\"@signature-params\": {parameters}",
        headers["content-type"], headers["content-digest"], headers["hinamori-message"]
    );
    let signature = headers["signature"].strip_prefix("hinamori=:").unwrap().strip_suffix(':').unwrap();
    let certificate = hall.keys.broadcast.certificate();
    // The point of the key stands behind its algorithm (RFC 5480 §2.2).
    let at = certificate.windows(4).position(|part| part == [0x03, 0x42, 0x00, 0x04]).unwrap() + 3;
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &certificate[at..at + 65]);
    let is_of_body = headers["content-digest"] == format!("sha-256=:{}:", base64(&sha256(body)));
    is_of_body && key.verify(base.as_bytes(), &of_base64(signature).unwrap()).is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_is_brought_to_each_station_until_it_gave_a_receipt_and_none_waits_for_another() {
    let hall = Hall::new();
    let silent = station(&["never "]);
    let slow = station(&["500 ", "302 ", r#"200 {"received":"something else"}"#, RECEIPT]);
    let good = station(&[RECEIPT]);
    for (url, _) in [&silent, &slow, &good] {
        hall.add_station(Some(url), false);
    }
    let pushing = tokio::spawn(push_to_stations(Arc::clone(&hall.board)));
    hall.send(landslide(&["浜町"])).await;
    let digest = hall.board.inner().messages.last().unwrap().digest;
    let (silent_url, silent) = silent;
    let (brought, _silent) = next(silent).await;
    assert!(holds(&hall, &silent_url, &brought));
    let (good_url, good) = good;
    let (brought, good) = next(good).await;
    assert!(holds(&hall, &good_url, &brought));
    assert!(!holds(&hall, &good_url, &Brought { body: brought.body[1..].to_vec(), ..brought }));
    let mut slow = slow;
    for _ in 0..4 {
        let (brought, rest) = next(slow.1).await;
        assert_eq!(hall.opened(&brought.body).digest(), digest);
        slow.1 = rest;
    }
    let known = async || {
        let known = hall.board.keeper.ask(|store| store.pushes()).await.unwrap();
        known
            .into_iter()
            .map(|push| (push.station, push.tries, push.received_at.is_some()))
            .collect::<Vec<_>>()
    };
    timeout(Duration::from_secs(9), async {
        while !known().await.contains(&(2, 4, true)) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await
    .unwrap();
    assert!(known().await.contains(&(3, 1, true)));
    assert!(good.try_recv().is_err() && slow.1.try_recv().is_err(), "a receipt ends it");
    pushing.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_stands_behind_no_order_that_a_station_refuses_and_the_order_is_not_brought_after_it() {
    let hall = Hall::new();
    let (url, came) = station(&["503 ", RECEIPT]);
    hall.add_station(Some(&url), false);
    let pushing = tokio::spawn(push_to_stations(Arc::clone(&hall.board)));
    let thread = hall.send(landslide(&["浜町"])).await;
    let (order, came) = next(came).await;
    let id = hall.draft(json!({ "kind": "Cancel", "thread": thread })).await.unwrap();
    assert!(hall.sign(&id, 1, 0, 0).await.unwrap());
    let (cancel, came) = next(came).await;
    let kind = |brought: &Brought| hall.opened(&brought.body).alert().evacuation().message;
    assert_eq!((kind(&order), kind(&cancel)), (MessageKind::Order, MessageKind::Cancel));
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert!(came.try_recv().is_err(), "the order is over");
    pushing.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_station_s_account_reads_the_feed_and_the_files_in_it_and_a_stranger_nothing() {
    let hall = Hall::new();
    let secret = hall.add_station(None, false);
    hall.send(landslide(&["浜町"])).await;
    let digest = hex::text(&hall.board.inner().messages.last().unwrap().digest);
    let door = hall.open_door().await;
    let bearer = format!("Bearer {secret}");
    let basic = format!("Basic {}", base64(format!("cable:{secret}").as_bytes()));
    let file = format!("/feed/{digest}.xml");
    for path in ["/feed/cap.atom", &file, "/station/api/wait"] {
        for wrong in ["", "Bearer ", "Bearer AAAA", "Basic !", "Basic QQ==", &bearer.to_lowercase()] {
            assert_eq!(door.get(path, wrong).await.0, 401, "{path} {wrong}");
        }
    }
    let (status, feed) = door.get("/feed/cap.atom", &basic).await;
    let feed = String::from_utf8(feed).unwrap();
    assert_eq!(status, 200);
    assert!(feed.contains(&format!("href=\"{digest}.xml\"")) && feed.contains("警戒レベル4"), "{feed}");
    let (status, bytes) = door.get(&file, &bearer).await;
    assert_eq!(status, 200);
    assert_eq!(hex::text(&hall.opened(&bytes).digest()), digest);
    assert_eq!(door.get(&file, &bearer).await.1, bytes, "signed once");
    assert!(!String::from_utf8(bytes).unwrap().contains("花子"));
    for nothing in ["/feed/00.xml", "/feed/..%2fofficers.json", "/feed/cap.atomx"] {
        assert_eq!(door.get(nothing, &bearer).await.0, 404, "{nothing}");
    }
    let known = async |tag: &str| {
        let headers = [("Authorization", bearer.as_str()), ("If-None-Match", tag)];
        door.ask("/feed/cap.atom", &headers, None).await
    };
    let (_, headers, _) = known("\"?\"").await;
    assert_eq!(known(headers["etag"].to_str().unwrap()).await.0, 304);
    remove_station(&hall.folder, 1).unwrap();
    hall.look();
    assert_eq!(door.get("/feed/cap.atom", &bearer).await.0, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_on_the_air_is_the_operator_s_alone_and_counts_are_rounded_and_asked_for() {
    let hall = Hall::new();
    let (plain, counting) = (hall.add_station(None, false), hall.add_station(None, true));
    hall.send(landslide(&["浜町"])).await;
    let digest = hall.board.inner().messages.last().unwrap().digest;
    let door = hall.open_door().await;
    let told = async |secret: &str| {
        let (_, bytes) = door.get("/station/api/wait", &format!("Bearer {secret}")).await;
        serde_json::from_slice::<Value>(&bytes).unwrap()
    };
    let take = async |secret: &str, body: Value| {
        let bearer = format!("Bearer {secret}");
        let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
        door.ask("/station/api/air", &headers, Some(body)).await.0
    };
    assert_eq!(told(&counting).await["air"], Value::Null, "nothing goes on the air by itself");
    assert_eq!(take(&counting, json!({ "message": hex::text(&[7; 32]) })).await, 404);
    assert_eq!(take(&counting, json!({ "message": "x" })).await, 400);
    // Another site's page could send these two.
    let bearer = format!("Bearer {counting}");
    let basic = format!("Basic {}", base64(format!("cable:{counting}").as_bytes()));
    let (plain_text, json_type) = (("Content-Type", "text/plain"), ("Content-Type", "application/json"));
    for (headers, status) in [
        ([("Authorization", bearer.as_str()), plain_text], 400),
        ([("Authorization", basic.as_str()), json_type], 401),
    ] {
        let (refused, answer, _) =
            door.ask("/station/api/air", &headers, Some(json!({ "message": null }))).await;
        assert_eq!((refused, answer.contains_key("www-authenticate")), (status, false));
    }
    assert_eq!(take("AAAA", json!({ "message": hex::text(&digest) })).await, 401);
    for secret in [&plain, &counting] {
        assert_eq!(take(secret, json!({ "message": hex::text(&digest) })).await, 200);
        assert_eq!(told(secret).await["air"]["message"], hex::text(&digest));
    }
    assert_eq!(told(&plain).await["counts"], Value::Null);
    let counts = told(&counting).await["counts"].clone();
    assert_eq!(
        (&counts["households"], &counts["arrived"]),
        (&0.into(), &0.into()),
        "fewer than fifty are none"
    );
    assert!(counts["at"].as_u64().unwrap() + 300_000 <= now().get());
    // A restart changes nothing on the air.
    let again = Hall::open(&hall.folder, &hall.keys);
    assert_eq!(again.inner().air[&2].digest, Some(digest));
    assert_eq!(take(&counting, json!({ "message": null })).await, 200);
    assert_eq!(told(&counting).await["air"]["message"], Value::Null);
    assert_eq!(told(&plain).await["air"]["message"], hex::text(&digest), "another station's");
}

#[tokio::test]
async fn what_goes_to_stations_keeps_to_the_schema_and_others_verify_it() {
    let hall = Hall::new();
    let folder = tempfile::tempdir().unwrap();
    let peers = XmlPeers::new(folder.path()).unwrap();
    let (certificate, _) = broadcast_certificate(&hall.keys);
    let order = json!({ "class": "live", "kind": "Order", "message": "tsunami-major", "districts": ["浜町"], "arrives": now().plus(720_000) });
    let thread = hall.send(order).await;
    hall.send(json!({ "kind": "AllClear", "thread": thread })).await;
    let thread = hall.send(landslide(&["浜町"])).await;
    let cancel = hall.draft(json!({ "kind": "Cancel", "thread": thread })).await.unwrap();
    assert!(hall.sign(&cancel, 1, 0, 0).await.unwrap());
    let exercise =
        json!({ "class": "exercise", "kind": "Order", "message": "tsunami-major", "districts": ["浜町"] });
    let exercise = hall.draft(exercise).await.unwrap();
    assert!(hall.sign(&exercise, 1, 0, 1).await.unwrap());
    let messages = hall.board.inner().messages.clone();
    assert_eq!(messages.len(), 5);
    for message in messages {
        let file = hall.board.broadcast.file(&message).unwrap();
        assert!(peers.schema(&file).unwrap());
        assert!(peers.xmlsec1(&file, &certificate).unwrap() && peers.signxml(&file, &certificate).unwrap());
    }
    let first = hall.board.inner().messages[0].signed.alert().alert().clone();
    assert!(first.infos.iter().all(|info| info.onset.is_some()), "when the tsunami is expected");
}

#[tokio::test]
async fn an_auditor_gets_every_message_with_its_signatures_and_what_became_of_it() {
    let hall = Hall::new();
    let own = hall.television(1).await;
    hall.send(landslide(&["浜町"])).await;
    let thread = hall.board.inner().messages[0].thread();
    assert_eq!(hall.told(&own)["messages"].as_array().unwrap().len(), 1);
    let earlier = hall.draft(landslide(&["本町"])).await.unwrap();
    let id = hall.draft(json!({ "kind": "Cancel", "thread": thread })).await.unwrap();
    assert!(hall.sign(&id, 1, 0, 0).await.unwrap());
    assert!(!hall.sign(&earlier, 1, 0, 0).await.unwrap() && hall.sign(&earlier, 2, 1, 0).await.unwrap());
    let digest = hall.board.inner().messages[0].digest;
    hall.board.take_to_air(1, Some(digest)).await.unwrap();
    let to = hall.parent.path().join("history");
    assert_eq!(export_alerts(&hall.folder, &to, "clerk", now()).unwrap(), 3);
    assert!(export_alerts(&hall.folder, &to, "clerk", now()).is_err(), "nothing is written over");
    let read = |name: &str| std::fs::read_to_string(to.join(name)).unwrap();
    let lists: Vec<_> =
        std::fs::read_dir(to.join("keys")).unwrap().map(|file| file.unwrap().path()).collect();
    assert_eq!(lists.len(), 1, "one list was in force all the time");
    let list = KeyList::decode(&std::fs::read(&lists[0]).unwrap(), &hall.keys.town_root.public()).unwrap();
    let mut files: Vec<_> =
        std::fs::read_dir(to.join("alerts")).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    let verified = files.iter().map(|file| {
        let (alert, envelope) = Transport::open(&std::fs::read(file).unwrap()).unwrap();
        envelope.verify(&alert, &list).unwrap().digest()
    });
    let sent: Vec<_> = hall.board.inner().messages.iter().map(|message| message.digest).collect();
    assert_eq!(verified.collect::<Vec<_>>(), sent, "in the order in which they were sent, not drafted");
    assert!(read("answers.jsonl").contains("Delivered") && read("officers.jsonl").contains("課長"));
    assert!(read("stations.jsonl").contains(&hex::text(&digest)));
    for name in ["answers.jsonl", "officers.jsonl", "stations.jsonl", "certificate.pem"] {
        assert!(!read(name).contains("花子"), "{name}");
    }
}

#[tokio::test]
async fn counts_are_late_and_rounded_down_and_of_the_message_on_the_air() {
    let hall = Hall::new();
    let many = (1..=120).map(|number| person(number, "浜町"));
    hall.board.inner().households = Arc::new(Households::of(many.collect()));
    hall.add_station(None, true);
    hall.send(landslide(&["浜町"])).await;
    let digest = hall.board.inner().messages[0].digest;
    hall.board.take_to_air(1, Some(digest)).await.unwrap();
    let station = hall.board.inner().stations.stations[0].clone();
    let counts = || hall.board.tell_station(&station, (0, ""), "")["counts"].clone();
    let long_ago = UnixMillis::new(now().get() - 7 * 60_000);
    for number in 1..=70 {
        // The last twenty came in just now.
        let at = if number <= 50 { long_ago } else { now() };
        hall.note_at(digest, household(number), AnswerKind::Arrived, at);
    }
    let counted = counts();
    assert_eq!((&counted["households"], &counted["arrived"]), (&100.into(), &50.into()));
    assert_eq!(counted["message"], hex::text(&digest));
    let has = hex::text(&digest[..8]);
    let told = hall.board.tell_station(&station, (0, &has), "");
    assert_eq!(told["messages"], json!([]), "what the page has is not told again");
}

#[tokio::test]
async fn a_mistake_that_one_officer_took_back_is_not_back_after_a_restart() {
    let hall = Hall::new();
    let order = hall.send(landslide(&["浜町"])).await;
    // The tsunami's draft is older than the cancel, and signed after it.
    let tsunami = hall.draft(tsunami(&["浜町"])).await.unwrap();
    assert!(!hall.sign(&tsunami, 1, 0, 0).await.unwrap());
    let cancel = hall.draft(json!({ "kind": "Cancel", "thread": order })).await.unwrap();
    assert!(hall.sign(&cancel, 1, 0, 0).await.unwrap());
    assert!(hall.sign(&tsunami, 2, 1, 0).await.unwrap());
    let in_force = |board: &Board| board.inner().alerts.in_force(now()).len();
    assert_eq!(in_force(&hall.board), 1);
    assert_eq!(in_force(&Hall::open(&hall.folder, &hall.keys)), 1);
}

#[tokio::test]
async fn exercises_take_no_place_of_what_is_in_earnest() {
    let hall = Hall::new();
    hall.send(landslide(&["浜町"])).await;
    let live = hall.board.inner().messages[0].digest;
    let exercise =
        json!({ "class": "exercise", "kind": "Order", "message": "tsunami-major", "districts": ["浜町"] });
    for _ in 0..32 {
        let id = hall.draft(exercise.clone()).await.unwrap();
        assert!(hall.sign(&id, 1, 0, 1).await.unwrap());
    }
    let inner = hall.board.inner();
    let told: Vec<_> = inner.of_the_week(now()).collect();
    assert_eq!(told.len(), 31);
    assert!(told.iter().any(|message| message.digest == live));
}
