//! From two officers' signatures in advance, through the trigger's own process and the server's door, to a television.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU16, Ordering};

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use hinamori_alert::{
    AgencyMessage, Alerts, EnvelopeError, KeyList, MessageKind, OfficerSignature, PreparedRelease, Released,
    Sequence, SignedMessage as _, Trigger, TriggerKey, TsunamiKind,
};
use hinamori_sim::TsunamiMessage;
use tokio::net::TcpListener;

use super::*;
use crate::alerts::desk_state::state;
use crate::alerts::release::{NotTriggered, Standing, Triggering};
use crate::alerts::release_door::release_of;
use crate::alerts::trigger::TriggerError;
use crate::alerts::{
    InForce, PolicyChange, TriggerSource, TriggerStation, export_alerts, new_trigger_key, set_policy,
    trigger_door,
};

const EVENT: &str = "20260311052000";

/// A town with a trigger, whose messages of the agency come from a folder.
struct Coast {
    hall: Hall,
    folder: PathBuf,
    server: String,
    messages: PathBuf,
    written: std::cell::Cell<u32>,
    /// What the server answers to every release, whatever it is, with the state "overtaken" where it is 200; 0 as long as it looks itself.
    answers: Arc<AtomicU16>,
}

async fn answered(State(answers): State<Arc<AtomicU16>>, request: Request, next: Next) -> Response {
    match StatusCode::from_u16(answers.load(Ordering::SeqCst)) {
        Ok(status) if request.uri().path() == "/trigger/release" => {
            (status, r#"{"state":"overtaken"}"#).into_response()
        }
        Ok(_) | Err(_) => next.run(request).await,
    }
}

impl Coast {
    async fn new(needs_officer: bool) -> Self {
        let hall = Hall::new();
        let folder = hall.parent.path().join("trigger");
        let messages = hall.parent.path().join("agency");
        std::fs::create_dir(&messages).unwrap();
        let key = hex::bytes(&new_trigger_key(&folder).unwrap()).unwrap().try_into().unwrap();
        let change = PolicyChange {
            trigger: Some(key),
            needs_officer: Some(needs_officer),
            ..PolicyChange::default()
        };
        set_policy(&hall.folder, &hall.keys, &change, now()).unwrap();
        hall.look();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = format!("http://{}", listener.local_addr().unwrap());
        let answers = Arc::new(AtomicU16::new(0));
        let routes = trigger_door::routes(Arc::clone(&hall.board));
        let routes = routes.layer(from_fn_with_state(Arc::clone(&answers), answered));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { hall, folder, server, messages, written: std::cell::Cell::new(0), answers }
    }

    fn station(&self) -> TriggerStation {
        let root = self.hall.keys.town_root.public();
        let source = TriggerSource::Folder(self.messages.clone());
        TriggerStation::open(&self.folder, &self.server, root, source, None).unwrap()
    }

    /// The trigger looks once, a little later than before.
    async fn round(&self, station: TriggerStation) -> TriggerStation {
        let (station, looked) = self.round_at(station, now()).await;
        looked.unwrap();
        station
    }

    /// The same by a clock of its own.
    async fn round_at(
        &self,
        mut station: TriggerStation,
        at: UnixMillis,
    ) -> (TriggerStation, Result<(), TriggerError>) {
        let looked = tokio::task::spawn_blocking(move || {
            let looked = station.round(at);
            (station, looked)
        });
        looked.await.unwrap()
    }

    /// The town decides something else about releases.
    fn policy(&self, change: &PolicyChange) {
        set_policy(&self.hall.folder, &self.hall.keys, change, now()).unwrap();
        self.hall.look();
    }

    /// Officers prepare a message, and these sign it.
    async fn prepare(&self, message: &str, districts: &[&str], officers: &[u32]) -> String {
        let wanted = json!({ "message": message, "districts": districts, "coast": 580, "days": 90, "reasons": { "寺の 境内": "浸水の 想定の 外" } });
        let wanted = serde_json::from_value(wanted).unwrap();
        let board = &self.hall.board;
        let made = {
            let inner = board.inner();
            release_of(inner.plan.as_deref().unwrap(), &inner.households, &wanted, now())
        };
        let release = board.put_release(made.map_err(|told| told.1).unwrap()).await.unwrap();
        for officer in officers {
            self.sign(&release.id, *officer).await.unwrap();
        }
        release.id.clone()
    }

    fn signature(&self, id: &str, officer: u32) -> OfficerSignature {
        let digest = self.hall.board.inner().releases.get(id).unwrap().digest;
        self.hall.devices[usize::try_from(officer).unwrap() - 1].sign(0, &digest)
    }

    async fn sign(&self, id: &str, officer: u32) -> Result<bool, NotSent> {
        let signature = self.signature(id, officer);
        self.hall.board.sign_release(id, &self.hall.officer(officer), signature).await
    }

    fn says(&self, bend: impl Fn(&mut TsunamiMessage)) {
        let number = self.written.get() + 1;
        self.written.set(number);
        let at = jiff::Timestamp::from_millisecond(now().get().cast_signed()).unwrap();
        let in_japan = |at: jiff::Timestamp| {
            at.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(9)))
                .strftime("%Y-%m-%dT%H:%M:%S+09:00")
                .to_string()
        };
        let arrives = in_japan(at.checked_add(jiff::Span::new().minutes(12)).unwrap());
        let mut message = TsunamiMessage {
            status: "通常",
            info: "発表",
            event: EVENT,
            reported: in_japan(at),
            areas: vec![(580, "53", arrives), (590, "51", String::new())],
        };
        bend(&mut message);
        assert!(AgencyMessage::read(message.xml().as_bytes()).is_ok());
        std::fs::write(self.messages.join(format!("{number}.xml")), message.xml()).unwrap();
    }

    fn sent(&self) -> usize {
        self.hall.board.inner().messages.len()
    }

    /// An update of what is out first, still without signatures.
    async fn draft_update(&self) -> String {
        let thread = self.hall.board.inner().messages[0].thread();
        let wanted =
            json!({ "kind": "Order", "message": "tsunami-warning", "districts": ["浜町"], "thread": thread });
        self.hall.draft(wanted).await.unwrap()
    }

    async fn sign_update(&self, id: &str) {
        assert!(!self.hall.sign(id, 1, 0, 0).await.unwrap());
        assert!(self.hall.sign(id, 2, 1, 0).await.unwrap());
    }

    /// The warning of the one draft that waits.
    fn waiting(&self) -> Option<(String, String)> {
        let inner = self.hall.board.inner();
        let mut waiting = inner.drafts.iter();
        let (id, draft) = waiting.next()?;
        assert!(waiting.next().is_none(), "one takes the place of the other");
        Some((id.clone(), draft.about.trigger.as_ref().unwrap().kind.clone()))
    }

    /// Why nobody was told of what, as the desk says it.
    fn unsent(&self) -> Vec<(String, String)> {
        let desk = self.desk();
        let text = |one: &Value, name: &str| one[name].as_str().unwrap().to_owned();
        let all = desk["releases"]["unsent"].as_array().unwrap().iter();
        all.map(|one| (text(one, "kind"), text(one, "why"))).collect()
    }

    /// Everything that is noted of what nobody was told was so long ago.
    fn age_unsent(&self, millis: u64) {
        for unsent in &mut self.hall.board.inner().unsent {
            unsent.at = UnixMillis::new(unsent.at.get() - millis);
        }
    }

    fn desk(&self) -> Value {
        let inner = self.hall.board.inner();
        state(&inner, &self.hall.officer_in(&inner, 1), "汐見町", "1", now())
    }
}

impl Hall {
    fn officer_in(&self, inner: &crate::alerts::board::Inner, id: u32) -> Officer {
        inner.register.officer(id).unwrap().clone()
    }
}

#[tokio::test]
async fn the_agency_s_warning_releases_what_two_officers_signed_and_a_television_shows_it() {
    let coast = Coast::new(false).await;
    let own = coast.hall.television(1).await;
    coast.prepare("tsunami-major", &["浜町"], &[1, 2]).await;
    let station = coast.round(coast.station()).await;
    assert_eq!(coast.sent(), 0, "nobody warns");
    coast.says(|_| {});
    let station = coast.round(station).await;
    assert_eq!(coast.sent(), 1);
    let told = coast.hall.told(&own);
    let message = &told["messages"][0];
    let envelope = of_base64(message["envelope"].as_str().unwrap()).unwrap();
    let envelope = Envelope::decode(&envelope).unwrap();
    assert_eq!((envelope.message, envelope.signatures.len()), (MessageKind::Order, 0));
    let list = KeyList::decode(
        &of_base64(told["list"].as_str().unwrap()).unwrap(),
        &coast.hall.keys.town_root.public(),
    );
    let sent = Arc::clone(&coast.hall.board.inner().messages[0]);
    let signed = envelope.verify(&sent.alert, &list.unwrap()).unwrap();
    assert!(signed.is_tsunami_order());
    assert!(signed.alert().alert().infos.iter().all(|info| info.onset.is_some()));
    // Again, after a restart of either side: once.
    let station = coast.round(station).await;
    drop(station);
    coast.round(coast.station()).await;
    coast.says(|message| message.info = "訂正");
    coast.round(coast.station()).await;
    assert_eq!(coast.sent(), 1, "once for an event and a warning");
    // Whichever of the two lost its memory, the other one knows.
    std::fs::remove_file(coast.folder.join("memory")).unwrap();
    coast.round(coast.station()).await;
    assert_eq!(coast.sent(), 1, "the trigger forgot");
    let desk = coast.desk();
    assert_eq!(desk["threads"][0]["trigger"]["kind"], "MajorWarning");
    assert_eq!(desk["releases"]["heard"]["message"]["areas"][0]["name"], "徳島県");
    let again = Hall::open(&coast.hall.folder, &coast.hall.keys);
    assert_eq!(again.inner().messages.len(), 1, "after a restart");
    assert_eq!(again.inner().releases.len(), 1, "after a restart");
    // It ends as any other: two officers, also for a mistake, since it is a tsunami's.
    let thread = sent.thread();
    let cancel = coast.hall.draft(json!({ "kind": "Cancel", "thread": thread })).await.unwrap();
    assert!(!coast.hall.sign(&cancel, 1, 0, 0).await.unwrap());
    assert!(coast.hall.sign(&cancel, 2, 1, 0).await.unwrap());
    a_second().await;
    coast.says(|_| {});
    coast.round(coast.station()).await;
    assert_eq!(coast.sent(), 2, "what officers took back does not come again by itself");
    let other = Coast::new(false).await;
    other.prepare("tsunami-major", &["浜町"], &[1, 2]).await;
    other.says(|_| {});
    let station = other.round(other.station()).await;
    other.hall.board.inner().messages.clear();
    other.hall.board.inner().alerts = Alerts::default();
    drop(station);
    other.round(other.station()).await;
    assert_eq!(other.sent(), 0, "the server forgot");
}

#[tokio::test]
async fn what_is_no_warning_in_earnest_releases_nothing() {
    let coast = Coast::new(false).await;
    coast.prepare("tsunami-major", &["浜町"], &[1, 2]).await;
    let an_hour_ago = jiff::Timestamp::from_millisecond(now().get().cast_signed() - 4_000_000).unwrap();
    let an_hour_ago = an_hour_ago.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(9)));
    let an_hour_ago = an_hour_ago.strftime("%Y-%m-%dT%H:%M:%S+09:00").to_string();
    let bends: [&dyn Fn(&mut TsunamiMessage); 7] = [
        &|message| message.status = "訓練",
        &|message| message.status = "試験",
        &|message| message.info = "取消",
        &|message| message.areas[0].1 = "51",
        &|message| message.areas[0].1 = "71",
        &|message| message.areas[0].0 = 610,
        &|message| message.reported.clone_from(&an_hour_ago),
    ];
    for (number, bend) in bends.into_iter().enumerate() {
        for entry in std::fs::read_dir(&coast.messages).unwrap() {
            std::fs::remove_file(entry.unwrap().path()).unwrap();
        }
        coast.says(bend);
        coast.round(coast.station()).await;
        assert_eq!(coast.sent(), 0, "{number}");
    }
}

#[tokio::test]
async fn nothing_is_released_that_one_officer_signed_or_that_was_withdrawn() {
    let coast = Coast::new(false).await;
    let id = coast.prepare("tsunami-major", &["浜町"], &[1]).await;
    coast.says(|_| {});
    coast.round(coast.station()).await;
    assert_eq!(coast.sent(), 0);
    assert!(matches!(coast.sign(&id, 1).await, Err(NotSent::SignedAlready)));
    let strange = coast.signature(&id, 1);
    let other = coast.hall.officer(2);
    let posing = coast.hall.board.sign_release(&id, &other, strange).await;
    assert!(matches!(posing, Err(NotSent::BadSignature)), "the device of somebody else");
    assert!(coast.sign(&id, 2).await.unwrap());
    coast.hall.board.withdraw_release(&id).await.unwrap();
    coast.round(coast.station()).await;
    assert_eq!(coast.sent(), 0, "withdrawn");
    let again = Hall::open(&coast.hall.folder, &coast.hall.keys);
    assert!(again.inner().releases.is_empty());
}

#[tokio::test]
async fn an_officer_on_duty_signs_where_the_policy_says_so_also_after_a_restart() {
    let coast = Coast::new(true).await;
    coast.prepare("tsunami-major", &["浜町"], &[1, 2]).await;
    coast.says(|_| {});
    let station = coast.round(coast.station()).await;
    assert_eq!(coast.sent(), 0);
    let id = coast.hall.board.inner().drafts.keys().next().unwrap().clone();
    let desk = coast.desk();
    assert_eq!(
        (&desk["drafts"][0]["needed"], &desk["drafts"][0]["trigger"]["coast"]),
        (&json!(1), &json!("徳島県"))
    );
    let sample = &desk["drafts"][0]["sample"];
    assert!(sample["arrives"].as_u64() > sample["sent"].as_u64() && sample["sent"].as_u64() > Some(1));
    // The server forgets it, and the trigger says it again: for no second hour.
    coast.hall.board.inner().drafts.clear();
    a_second().await;
    coast.round(station).await;
    let hour =
        |draft: &crate::alerts::draft::Draft| draft.dropped_at() == draft.envelope.sent.plus(3_600_000);
    assert!(coast.hall.board.inner().drafts.get(&id).is_some_and(hour));
    assert!(coast.hall.sign(&id, 2, 1, 0).await.unwrap());
    assert_eq!(coast.sent(), 1);
    coast.round(coast.station()).await;
    assert_eq!((coast.sent(), coast.hall.board.inner().drafts.len()), (1, 0));
}

#[tokio::test]
async fn a_stronger_warning_goes_on_in_the_thread_and_a_weaker_one_changes_nothing() {
    let coast = Coast::new(false).await;
    let own = coast.hall.television(1).await;
    for message in ["tsunami-warning", "tsunami-major"] {
        coast.prepare(message, &["浜町"], &[1, 2]).await;
    }
    coast.says(|message| message.areas[0].1 = "51");
    let station = coast.round(coast.station()).await;
    assert_eq!(coast.sent(), 1);
    a_second().await;
    coast.says(|_| {});
    let station = coast.round(station).await;
    assert_eq!(coast.sent(), 2);
    {
        let inner = coast.hall.board.inner();
        let [first, second] = &inner.messages[..] else { panic!("two") };
        assert_eq!(first.thread(), second.thread());
        assert_eq!(second.alert().references, [first.alert().id()]);
        assert_eq!(inner.alerts.in_force(now()).len(), 1);
    }
    a_second().await;
    coast.says(|message| message.areas[0].1 = "51");
    let station = coast.round(station).await;
    a_second().await;
    coast.says(|message| message.areas[0].1 = "60");
    coast.round(station).await;
    assert_eq!(coast.sent(), 2, "officers end it");
    assert_eq!(coast.hall.told(&own)["messages"].as_array().unwrap().len(), 2);
    assert_eq!(coast.desk()["releases"]["heard"]["message"]["areas"][0]["kind"], Value::Null);
}

#[tokio::test]
async fn a_trigger_that_is_bent_or_played_back_is_refused() {
    let coast = Coast::new(true).await;
    let id = coast.prepare("tsunami-major", &["浜町"], &[1, 2]).await;
    coast.says(|_| {});
    coast.round(coast.station()).await;
    let memory = std::fs::read_to_string(coast.folder.join("memory")).unwrap();
    let memory: Value = serde_json::from_str(&memory).unwrap();
    let bytes = of_base64(memory["pending"][0].as_str().unwrap()).unwrap();
    let board = &coast.hall.board;
    assert_eq!(board.trigger(&bytes).await.unwrap(), Triggering::Waits, "the same again is the same");
    board.inner().drafts.clear();
    let envelope = Envelope::decode(&bytes).unwrap();
    let trigger = |bend: &dyn Fn(&mut Envelope)| {
        let mut other = envelope.clone();
        bend(&mut other);
        let board = Arc::clone(board);
        async move { board.trigger(&other.encode()).await.unwrap_err() }
    };
    // Whoever has not the trigger's key has officers wait for nothing: it is asked before them.
    let acting = board.acting.lock().await;
    let nobodys =
        |error: &NotTriggered| matches!(error, NotTriggered::NotBelieved(EnvelopeError::NotReleased(_)));
    assert!(nobodys(&trigger(&|other| other.sequence.number += 1).await));
    assert!(nobodys(&trigger(&|other| other.release.as_mut().unwrap().trigger.signature = [1; 64]).await));
    drop(acting);
    // And whoever has it.
    let key = std::fs::read(coast.folder.join("trigger-key")).unwrap();
    let key = TriggerKey::from_bytes(key.as_slice().try_into().unwrap());
    let signed = |bend: &dyn Fn(&mut Envelope)| {
        trigger(&|other| {
            bend(other);
            key.release(other);
        })
    };
    let early = signed(&|other| other.sent = UnixMillis::new(other.sent.get() - 7_200_000)).await;
    assert!(matches!(early, NotTriggered::OtherTime));
    let ahead = signed(&|other| other.sequence.number += 1).await;
    assert!(matches!(ahead, NotTriggered::NoPlace));
    let unknown = signed(&|other| other.release.as_mut().unwrap().prepared.hours += 1).await;
    assert!(matches!(unknown, NotTriggered::NotStanding));
    let ordinary = trigger(&|other| other.release = None).await;
    assert!(matches!(ordinary, NotTriggered::NoRelease));
    assert!(matches!(board.trigger(b"x").await.unwrap_err(), NotTriggered::NoRelease));
    board.withdraw_release(&id).await.unwrap();
    assert!(matches!(board.trigger(&bytes).await.unwrap_err(), NotTriggered::NotStanding));
}

#[tokio::test]
async fn the_desk_says_when_a_release_should_be_signed_anew_and_it_stays_what_was_signed() {
    let coast = Coast::new(false).await;
    let id = coast.prepare("tsunami-major", &["浜町"], &[1, 2]).await;
    let alarms = |coast: &Coast| {
        let desk = coast.desk();
        let all = desk["releases"]["prepared"][0]["alarms"].as_array().unwrap().clone();
        all.into_iter().map(|one| one.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(alarms(&coast), Vec::<String>::new());
    let before = coast.hall.board.inner().releases.get(&id).unwrap().prepared.clone();
    coast.hall.board.inner().households =
        Arc::new(Households::of(vec![person(1, "浜町"), person(9, "浜町")]));
    assert_eq!(alarms(&coast), ["households"]);
    coast.hall.board.inner().households = people();
    remove_officer(&coast.hall.folder, &coast.hall.keys, 2, now()).unwrap();
    a_second().await;
    coast.hall.look();
    assert_eq!(alarms(&coast), ["left"]);
    let text = include_str!("../../../../packaging/demo-town/alerts.toml");
    let changed = text.replacen("{石段|いしだん}を のぼる", "{石段|いしだん}を いそぐ", 1).replacen(
        "潮見坂|しおみざか}の {上",
        "見坂|みざか}の {上",
        1,
    );
    let file = coast.hall.parent.path().join("other.toml");
    std::fs::write(&file, changed).unwrap();
    read_plan(&coast.hall.folder, &file, now()).unwrap();
    coast.hall.look();
    assert_eq!(alarms(&coast), ["left", "plan"]);
    let known = coast.hall.board.inner().releases.get(&id).unwrap().prepared.clone();
    assert_eq!(known, before, "it stays what was signed");
    let stored = coast.hall.board.keeper.ask(|store| store.releases()).await.unwrap();
    assert_eq!(PreparedRelease::decode(&stored[0].prepared), Some(before));
}

#[tokio::test]
async fn a_release_that_is_signed_anew_stands_for_the_one_before() {
    let coast = Coast::new(false).await;
    let first = coast.prepare("tsunami-major", &["浜町"], &[1, 2]).await;
    a_second().await;
    let second = coast.prepare("tsunami-major", &["浜町", "本町"], &[1]).await;
    assert!(coast.hall.board.inner().releases.contains_key(&first), "until two officers signed the other");
    assert!(coast.sign(&second, 2).await.unwrap());
    let known: Vec<_> = coast.hall.board.inner().releases.keys().cloned().collect();
    assert_eq!(known, [second]);
    coast.says(|_| {});
    coast.round(coast.station()).await;
    assert_eq!(coast.hall.board.inner().messages[0].about.districts, ["浜町", "本町"]);
}

#[tokio::test]
async fn how_the_last_wave_ended_keeps_the_next_one_not_back() {
    let coast = Coast::new(false).await;
    coast.prepare("tsunami-major", &["浜町"], &[1, 2]).await;
    // Later than the order holds: it goes out without the time.
    coast.says(|message| message.areas[0].2 = "2099-01-01T00:00:00+09:00".to_owned());
    let station = coast.round(coast.station()).await;
    assert_eq!(coast.sent(), 1);
    let thread = coast.hall.board.inner().messages[0].thread();
    a_second().await;
    let ending = coast.hall.draft(json!({ "kind": "AllClear", "thread": thread })).await.unwrap();
    assert!(!coast.hall.sign(&ending, 1, 0, 0).await.unwrap());
    assert!(coast.hall.sign(&ending, 2, 1, 0).await.unwrap());
    a_second().await;
    // A message that is dated ahead keeps no true one back.
    coast.says(|message| message.reported = "2099-01-01T00:00:00+09:00".to_owned());
    coast.says(|message| message.event = "20260311063000");
    coast.round(station).await;
    assert_eq!(coast.sent(), 3, "another event");
    let inner = coast.hall.board.inner();
    assert_ne!(inner.messages[2].thread(), thread, "and a thread of its own");
}

#[tokio::test]
async fn what_an_officer_on_duty_dropped_stays_dropped_for_the_event() {
    let coast = Coast::new(true).await;
    for message in ["tsunami-warning", "tsunami-major"] {
        coast.prepare(message, &["浜町"], &[1, 2]).await;
    }
    let board = &coast.hall.board;
    coast.says(|message| message.areas[0].1 = "51");
    let station = coast.round(coast.station()).await;
    let id = board.inner().drafts.keys().next().unwrap().clone();
    board.drop_draft(&id, &coast.hall.officer(2)).await.unwrap();
    assert!(matches!(board.drop_draft(&id, &coast.hall.officer(2)).await, Err(NotSent::Gone)));
    drop(coast.round(station).await);
    assert!(board.inner().drafts.is_empty(), "the trigger says it again");
    // Also where the trigger forgot, or the server began anew.
    std::fs::remove_file(coast.folder.join("memory")).unwrap();
    coast.says(|message| message.areas[0].1 = "51");
    let station = coast.round(coast.station()).await;
    assert!(board.inner().drafts.is_empty(), "the trigger forgot");
    let heard = board.inner().heard.as_ref().unwrap().heard.message.clone().unwrap();
    let again = Hall::open(&coast.hall.folder, &coast.hall.keys);
    assert!(again.inner().proposed(&heard, now()).is_empty(), "after a restart");
    again.inner().dropped.clear();
    assert_eq!(again.inner().proposed(&heard, now()).len(), 1, "nothing else keeps it back");
    let desk = coast.desk();
    let dropped = &desk["releases"]["dropped"][0];
    assert_eq!((&dropped["kind"], &dropped["by"]["officer"]), (&json!("Warning"), &json!(2)));
    assert!(now().get() - dropped["by"]["at"].as_u64().unwrap() < 60_000);
    let history = coast.hall.parent.path().join("history");
    export_alerts(&coast.hall.folder, &history, "clerk", now()).unwrap();
    assert!(std::fs::read_to_string(history.join("dropped.jsonl")).unwrap().contains(r#""officer":2"#));
    // A stronger warning is another word, and what two officers send themselves is theirs.
    a_second().await;
    coast.says(|_| {});
    drop(coast.round(station).await);
    assert_eq!(board.inner().drafts.len(), 1);
    assert!(
        board
            .inner()
            .drafts
            .values()
            .all(|draft| draft.about.trigger.as_ref().unwrap().kind == "MajorWarning")
    );
    coast.hall.send(tsunami(&["浜町"])).await;
    assert_eq!(coast.sent(), 1);
}

#[tokio::test]
async fn what_the_server_refused_is_released_once_the_cause_is_mended_and_once_only() {
    let coast = Coast::new(false).await;
    let board = &coast.hall.board;
    coast.prepare("tsunami-major", &["浜町"], &[1, 2]).await;
    coast.says(|_| {});
    coast.answers.store(409, Ordering::SeqCst);
    drop(coast.round(coast.station()).await);
    coast.answers.store(0, Ordering::SeqCst);
    let number = board.keeper.ask(|store| store.latest()).await.unwrap().number;
    for _ in 0..2 {
        drop(coast.round(coast.station()).await);
    }
    assert_eq!(coast.sent(), 0, "nothing has changed");
    let after = board.keeper.ask(|store| store.latest()).await.unwrap().number;
    assert!(after <= number + 1, "a number for each question");
    coast.policy(&PolicyChange { staff_leave_minutes: Some(7), ..PolicyChange::default() });
    let station = coast.round(coast.station()).await;
    assert_eq!(coast.sent(), 1, "the list of keys is another one");
    coast.policy(&PolicyChange { staff_leave_minutes: Some(8), ..PolicyChange::default() });
    a_second().await;
    coast.says(|_| {});
    drop(coast.round(station).await);
    drop(coast.round(coast.station()).await);
    assert_eq!(coast.sent(), 1, "never twice");
}

#[tokio::test]
async fn a_release_that_is_signed_anew_after_it_was_withdrawn_still_comes_for_the_warning() {
    let coast = Coast::new(false).await;
    let id = coast.prepare("tsunami-major", &["浜町"], &[1, 2]).await;
    coast.says(|_| {});
    coast.answers.store(503, Ordering::SeqCst);
    let (station, looked) = coast.round_at(coast.station(), now()).await;
    assert!(matches!(looked, Err(TriggerError::Server(_))), "the line");
    coast.hall.board.withdraw_release(&id).await.unwrap();
    coast.answers.store(0, Ordering::SeqCst);
    let station = coast.round(station).await;
    assert_eq!(coast.sent(), 0, "withdrawn");
    drop(station);
    a_second().await;
    coast.prepare("tsunami-major", &["浜町", "本町"], &[1, 2]).await;
    drop(coast.round(coast.station()).await);
    assert_eq!(coast.sent(), 1);
    assert_eq!(coast.hall.board.inner().messages[0].about.districts, ["浜町", "本町"]);
}

#[tokio::test]
async fn a_drill_of_the_agency_takes_no_warning_s_place() {
    for status in ["訓練", "試験"] {
        let coast = Coast::new(false).await;
        coast.prepare("tsunami-major", &["浜町"], &[1, 2]).await;
        // Nobody looked in between.
        coast.says(|_| {});
        a_second().await;
        coast.says(|message| (message.status, message.areas[0].1) = (status, "71"));
        drop(coast.round(coast.station()).await);
        assert_eq!(coast.sent(), 1, "{status}");
        let heard = coast.desk()["releases"]["heard"].clone();
        assert_eq!(heard["message"]["areas"][0]["kind"], "MajorWarning");
        assert_eq!(heard["drill"]["areas"][0]["kind"], Value::Null);
        assert_ne!(heard["drill"]["status"], "Normal");
    }
}

#[tokio::test]
async fn officers_who_sign_or_withdraw_a_release_at_once_lose_nothing() {
    let coast = Coast::new(false).await;
    let board = &coast.hall.board;
    let id = coast.prepare("tsunami-major", &["浜町"], &[]).await;
    let (one, other) = tokio::join!(coast.sign(&id, 1), coast.sign(&id, 2));
    assert!(!one.unwrap() && other.unwrap(), "the second one has it stand");
    let prepared = |bytes: &[u8]| PreparedRelease::decode(bytes).unwrap().signatures.len();
    let stored = || async { board.keeper.ask(|store| store.releases()).await.unwrap() };
    assert_eq!(prepared(&stored().await[0].prepared), 2);
    // A signature does not bring back what is withdrawn in the same moment.
    board.withdraw_release(&id).await.unwrap();
    a_second().await;
    let id = coast.prepare("tsunami-major", &["浜町"], &[1]).await;
    // Made before: the release may be gone as soon as somebody waits.
    let (signature, officer) = (coast.signature(&id, 2), coast.hall.officer(2));
    let (withdrawn, signed) =
        tokio::join!(board.withdraw_release(&id), board.sign_release(&id, &officer, signature));
    assert!(withdrawn.is_ok() && matches!(signed, Err(NotSent::Gone)));
    assert!(board.inner().releases.is_empty() && stored().await.is_empty());
}

#[tokio::test]
async fn a_trigger_whose_clock_is_behind_its_thread_is_heard_all_the_same() {
    let coast = Coast::new(false).await;
    for message in ["tsunami-warning", "tsunami-major"] {
        coast.prepare(message, &["浜町"], &[1, 2]).await;
    }
    coast.says(|message| message.areas[0].1 = "51");
    drop(coast.round(coast.station()).await);
    coast.says(|_| {});
    // The server takes none that nobody else would take.
    let early = {
        let inner = coast.hall.board.inner();
        let of = |known: &&Arc<Standing>| known.prepared.kind == TsunamiKind::MajorWarning;
        let standing = inner.releases.values().find(of).unwrap();
        let first = &inner.messages[0];
        let trigger = Trigger {
            kind: TsunamiKind::MajorWarning,
            segment: standing.prepared.segment,
            event: sha256(EVENT.as_bytes()),
            arrives: None,
            references: vec![(first.alert().identifier.clone(), first.sent())],
            signature: [0; 64],
        };
        let sequence = Sequence { number: first.signed.sequence().number + 1, ..first.signed.sequence() };
        let released = Released { prepared: standing.prepared.clone(), trigger };
        let (mut early, _) =
            Envelope::released(released, &standing.template, (sequence, first.sent())).unwrap();
        let key = std::fs::read(coast.folder.join("trigger-key")).unwrap();
        TriggerKey::from_bytes(key.as_slice().try_into().unwrap()).release(&mut early);
        early
    };
    coast.hall.board.keeper.ask(|store| store.next()).await.unwrap();
    let refused = coast.hall.board.trigger(&early.encode()).await.unwrap_err();
    assert!(matches!(refused, NotTriggered::Overtaken), "{refused}");
    let (_, looked) = coast.round_at(coast.station(), UnixMillis::new(now().get() - 60_000)).await;
    looked.unwrap();
    let inner = coast.hall.board.inner();
    let [first, second] = &inner.messages[..] else { panic!("{} messages", inner.messages.len()) };
    assert!(second.sent() > first.sent());
    let in_force = inner.alerts.in_force(now());
    assert_eq!(in_force.iter().map(|thread| thread.latest.digest()).collect::<Vec<_>>(), [second.digest]);
}

#[tokio::test]
async fn the_desk_says_that_the_trigger_s_clock_is_wrong_and_by_how_much() {
    let coast = Coast::new(false).await;
    coast.prepare("tsunami-major", &["浜町"], &[1, 2]).await;
    coast.says(|_| {});
    let late = UnixMillis::new(now().get() - 300_000);
    let (station, looked) = coast.round_at(coast.station(), late).await;
    let told = looked.unwrap_err().to_string();
    assert!(told.contains("300 s behind") || told.contains("301 s behind"), "{told}");
    let off = coast.desk()["releases"]["clock"].as_i64().unwrap();
    assert!((-302_000..=-300_000).contains(&off), "{off}");
    assert_eq!(coast.sent(), 0);
    let station = coast.round(station).await;
    assert_eq!((&coast.desk()["releases"]["clock"], coast.sent()), (&Value::Null, 1));
    // What somebody recorded and plays back is no clock.
    let (_, looked) = coast.round_at(station, UnixMillis::new(now().get() - 400_000)).await;
    assert!(looked.is_err());
    assert_eq!(coast.desk()["releases"]["clock"], Value::Null, "the trigger was heard of a moment ago");
}

#[tokio::test]
async fn what_was_released_can_be_ended_after_a_restart_though_the_town_has_no_trigger_any_more() {
    let mut coast = Coast::new(false).await;
    let own = coast.hall.television(1).await;
    coast.prepare("tsunami-major", &["浜町"], &[1, 2]).await;
    coast.says(|_| {});
    drop(coast.round(coast.station()).await);
    let before = coast.hall.told(&own)["list"].clone();
    assert_eq!(coast.desk()["threads"][0]["believed"], true);
    coast.policy(&PolicyChange { no_trigger: true, in_force: InForce::MayBeLost, ..PolicyChange::default() });
    assert_eq!(coast.desk()["threads"][0]["believed"], false, "whoever starts now");
    coast.hall.board = Hall::open(&coast.hall.folder, &coast.hall.keys);
    let (thread, signed) = {
        let inner = coast.hall.board.inner();
        assert_eq!((inner.messages.len(), inner.alerts.in_force(now()).len()), (1, 1));
        (inner.messages[0].thread(), inner.messages[0].signed.clone())
    };
    assert_eq!(signed.officers(), 2);
    let desk = coast.desk();
    assert_eq!(
        (&desk["threads"][0]["in_force"], &desk["threads"][0]["believed"]),
        (&json!(true), &json!(false))
    );
    // A receiver's own judgement is by the list of now.
    let list =
        KeyList::decode(&coast.hall.folder.key_list().unwrap().unwrap(), &coast.hall.keys.town_root.public());
    let sent = Arc::clone(&coast.hall.board.inner().messages[0]);
    assert!(sent.envelope().unwrap().verify(&sent.alert, &list.unwrap()).is_err());
    a_second().await;
    let ending = coast.hall.draft(json!({ "kind": "AllClear", "thread": thread })).await.unwrap();
    assert!(!coast.hall.sign(&ending, 1, 0, 0).await.unwrap());
    assert!(coast.hall.sign(&ending, 2, 1, 0).await.unwrap());
    let inner = coast.hall.board.inner();
    assert!(inner.alerts.in_force(now()).iter().all(|one| one.latest.message() == MessageKind::AllClear));
    drop(inner);
    // Whoever audits it has the list of each day.
    let history = coast.hall.parent.path().join("history");
    assert_eq!(export_alerts(&coast.hall.folder, &history, "clerk", now()).unwrap(), 2);
    let lists: Vec<_> =
        std::fs::read_dir(history.join("keys")).unwrap().map(|one| one.unwrap().path()).collect();
    let bytes: Vec<Vec<u8>> = lists.iter().map(|file| std::fs::read(file).unwrap()).collect();
    assert_eq!(bytes.len(), 3, "also the one by which nothing was sent");
    assert!(bytes.contains(&of_base64(before.as_str().unwrap()).unwrap()));
}

#[tokio::test]
async fn what_the_town_declares_void_stands_nowhere_any_more_and_is_signed_anew() {
    let coast = Coast::new(false).await;
    let id = coast.prepare("tsunami-major", &["浜町"], &[1, 2]).await;
    let half = coast.prepare("tsunami-warning", &["浜町"], &[1]).await;
    coast.policy(&PolicyChange { void_releases: true, ..PolicyChange::default() });
    let list = coast.hall.board.inner().list.clone().unwrap().list;
    let kept = coast.hall.board.inner().releases.get(&id).unwrap().prepared.clone();
    assert!(kept.verify(&list).is_err(), "a copy of it");
    assert!(matches!(coast.sign(&half, 2).await, Err(NotSent::Gone)));
    assert_eq!(coast.desk()["releases"]["prepared"], json!([]));
    coast.says(|_| {});
    drop(coast.round(coast.station()).await);
    assert_eq!(coast.sent(), 0);
    a_second().await;
    coast.prepare("tsunami-major", &["浜町"], &[1, 2]).await;
    drop(coast.round(coast.station()).await);
    assert_eq!(coast.sent(), 1);
}

#[tokio::test]
async fn what_an_officer_s_update_overtook_is_signed_anew_at_once_and_once_only() {
    let coast = Coast::new(false).await;
    for message in ["tsunami-warning", "tsunami-major"] {
        coast.prepare(message, &["浜町"], &[1, 2]).await;
    }
    coast.says(|message| message.areas[0].1 = "51");
    let station = coast.round(coast.station()).await;
    a_second().await;
    // Made before it, and signed after it.
    let update = coast.draft_update().await;
    a_second().await;
    coast.says(|_| {});
    coast.answers.store(503, Ordering::SeqCst);
    let (station, looked) = coast.round_at(station, now()).await;
    assert!(looked.is_err());
    coast.sign_update(&update).await;
    coast.answers.store(0, Ordering::SeqCst);
    let station = coast.round(station).await;
    {
        let inner = coast.hall.board.inner();
        let [first, update, last] = &inner.messages[..] else { panic!("{} messages", inner.messages.len()) };
        assert_eq!(last.alert().references, [first.alert().id(), update.alert().id()]);
        assert!(last.sent() > update.sent() && last.thread() == first.thread());
        let in_force = inner.alerts.in_force(now());
        assert_eq!(in_force.iter().map(|one| one.latest.digest()).collect::<Vec<_>>(), [last.digest]);
        assert_eq!(inner.unsent.len(), 1, "it is written down");
    }
    coast.age_unsent(60_000);
    assert_eq!(coast.unsent(), [], "and alarms nobody: it is out");
    drop(coast.round(station).await);
    std::fs::remove_file(coast.folder.join("memory")).unwrap();
    drop(coast.round(coast.station()).await);
    assert_eq!(coast.sent(), 3, "never twice");
}

#[tokio::test]
async fn a_server_that_says_no_for_ever_has_a_trigger_sign_some_times_only() {
    let coast = Coast::new(false).await;
    coast.prepare("tsunami-major", &["浜町"], &[1, 2]).await;
    coast.says(|_| {});
    coast.answers.store(200, Ordering::SeqCst);
    let mut station = coast.station();
    for _ in 0..20 {
        station = coast.round(station).await;
    }
    drop(station);
    let memory = std::fs::read_to_string(coast.folder.join("memory")).unwrap();
    let memory: Value = serde_json::from_str(&memory).unwrap();
    assert_eq!((&memory["signed"][0]["overtaken"], &memory["pending"]), (&json!(16), &json!([])));
    coast.answers.store(0, Ordering::SeqCst);
    drop(coast.round(coast.station()).await);
    assert_eq!(coast.sent(), 0, "nothing has changed");
    a_second().await;
    coast.says(|_| {});
    drop(coast.round(coast.station()).await);
    assert_eq!(coast.sent(), 1, "the agency's next message");
}

#[tokio::test]
async fn a_waiting_draft_that_something_overtook_goes_away_and_comes_anew() {
    let coast = Coast::new(true).await;
    for message in ["tsunami-warning", "tsunami-major"] {
        coast.prepare(message, &["浜町"], &[1, 2]).await;
    }
    coast.says(|message| message.areas[0].1 = "51");
    let station = coast.round(coast.station()).await;
    let (id, _) = coast.waiting().unwrap();
    assert!(coast.hall.sign(&id, 1, 0, 0).await.unwrap());
    a_second().await;
    coast.says(|_| {});
    let station = coast.round(station).await;
    let (old, _) = coast.waiting().unwrap();
    let update = coast.draft_update().await;
    coast.sign_update(&update).await;
    let told = coast.hall.sign(&old, 1, 0, 0).await.unwrap_err();
    assert!(matches!(told, NotSent::ComesAnew), "{told}");
    assert_eq!(coast.waiting(), None, "no signature blocks it");
    assert_eq!(coast.unsent(), [], "the trigger signs it anew at once");
    coast.age_unsent(60_000);
    assert_eq!(coast.unsent(), [("MajorWarning".to_owned(), "overtaken".to_owned())], "unless it does not");
    let station = coast.round(station).await;
    let (new, kind) = coast.waiting().unwrap();
    assert!(new != old && kind == "MajorWarning");
    assert_eq!(coast.unsent(), []);
    // So many numbers were given out since that every receiver takes its own for an old one.
    for _ in 0..70 {
        coast.hall.board.keeper.ask(|store| store.next()).await.unwrap();
    }
    coast.hall.send(landslide(&["本町"])).await;
    let told = coast.hall.sign(&new, 1, 0, 0).await.unwrap_err();
    assert!(matches!(told, NotSent::ComesAnew), "{told}");
    assert_eq!(coast.waiting(), None);
    let station = coast.round(station).await;
    let (last, _) = coast.waiting().unwrap();
    assert!(last != new && last != old);
    assert!(coast.hall.sign(&last, 1, 0, 0).await.unwrap());
    drop(coast.round(station).await);
    assert_eq!((coast.sent(), coast.waiting()), (4, None));
}

#[tokio::test]
async fn what_waits_and_was_made_void_goes_away_when_somebody_signs_it() {
    let coast = Coast::new(true).await;
    coast.prepare("tsunami-major", &["浜町"], &[1, 2]).await;
    coast.says(|_| {});
    let station = coast.round(coast.station()).await;
    let (id, _) = coast.waiting().unwrap();
    coast.policy(&PolicyChange { void_releases: true, ..PolicyChange::default() });
    assert!(matches!(coast.hall.sign(&id, 1, 0, 0).await, Err(NotSent::Overtaken)));
    drop(coast.round(station).await);
    assert_eq!((coast.sent(), coast.waiting()), (0, None));
    assert_eq!(coast.unsent(), [("MajorWarning".to_owned(), "not_believed".to_owned())]);
}

#[tokio::test]
async fn a_stronger_release_takes_the_place_of_a_weaker_one_that_waits() {
    let coast = Coast::new(true).await;
    for message in ["tsunami-warning", "tsunami-major"] {
        coast.prepare(message, &["浜町"], &[1, 2]).await;
    }
    let board = &coast.hall.board;
    coast.says(|message| message.areas[0].1 = "51");
    let station = coast.round(coast.station()).await;
    let (weaker, kind) = coast.waiting().unwrap();
    assert_eq!(kind, "Warning");
    let signature = coast.hall.devices[0].sign(0, &coast.hall.digest(&weaker));
    a_second().await;
    coast.says(|_| {});
    let station = coast.round(station).await;
    let (stronger, kind) = coast.waiting().unwrap();
    assert_eq!(kind, "MajorWarning");
    // Also where both are there in the moment in which somebody signs.
    assert!(coast.hall.sign(&stronger, 2, 1, 0).await.unwrap());
    let station = coast.round(station).await;
    assert_eq!((coast.sent(), coast.waiting()), (1, None));
    let other = Coast::new(true).await;
    other.prepare("tsunami-warning", &["浜町"], &[1, 2]).await;
    other.says(|message| message.areas[0].1 = "51");
    drop(other.round(other.station()).await);
    let draft = other.hall.board.inner().drafts.pop_first().unwrap().1;
    board.inner().drafts.insert(weaker.clone(), crate::alerts::draft::Draft { id: weaker.clone(), ..draft });
    let told = board.sign(&weaker, &coast.hall.officer(1), signature).await.unwrap_err();
    assert!(matches!(told, NotSent::AsStrong), "{told}");
    assert_eq!(coast.waiting(), None);
    drop(coast.round(station).await);
    assert_eq!((coast.sent(), coast.waiting()), (1, None));
    assert!(board.inner().unsent.is_empty(), "nobody has to do anything");
}

#[tokio::test]
async fn what_nobody_signs_in_its_hour_leaves_a_trace_and_bars_nothing() {
    let coast = Coast::new(true).await;
    coast.prepare("tsunami-major", &["浜町"], &[1, 2]).await;
    coast.says(|_| {});
    let station = coast.round(coast.station()).await;
    let (id, _) = coast.waiting().unwrap();
    let an_hour = |draft: &mut crate::alerts::draft::Draft| {
        draft.about.made = UnixMillis::new(draft.about.made.get() - 3_600_001);
    };
    an_hour(coast.hall.board.inner().drafts.get_mut(&id).unwrap());
    coast.hall.board.look_at_drafts().await;
    let lapsed = [("MajorWarning".to_owned(), "lapsed".to_owned())];
    assert_eq!(coast.unsent(), lapsed);
    let station = coast.round(station).await;
    assert_eq!(
        (coast.waiting(), coast.unsent().as_slice()),
        (None, lapsed.as_slice()),
        "nor does it come back"
    );
    let again = Hall::open(&coast.hall.folder, &coast.hall.keys);
    assert_eq!(again.inner().unsent.len(), 1, "after a restart");
    let history = coast.hall.parent.path().join("history");
    export_alerts(&coast.hall.folder, &history, "clerk", now()).unwrap();
    assert!(std::fs::read_to_string(history.join("unsent.jsonl")).unwrap().contains(r#""why":"lapsed""#));
    a_second().await;
    coast.says(|_| {});
    drop(coast.round(station).await);
    let (id, _) = coast.waiting().expect("the agency's next message");
    // Somebody signs it in the moment in which it is over.
    an_hour(coast.hall.board.inner().drafts.get_mut(&id).unwrap());
    assert!(matches!(coast.hall.sign(&id, 1, 0, 0).await, Err(NotSent::Gone)));
    assert_eq!(coast.hall.board.inner().unsent.len(), 2);
    assert_eq!(coast.unsent(), lapsed, "one line for a warning");
    a_second().await;
    coast.says(|_| {});
    drop(coast.round(coast.station()).await);
    let (id, _) = coast.waiting().expect("and the next but one");
    assert!(coast.hall.sign(&id, 1, 0, 0).await.unwrap());
    assert_eq!(coast.unsent(), lapsed, "it was so all the same");
    coast.age_unsent(86_400_000);
    assert_eq!(coast.unsent(), []);
}

#[tokio::test]
async fn the_desk_says_what_was_refused_and_why_until_the_warning_has_its_order() {
    let coast = Coast::new(false).await;
    let id = coast.prepare("tsunami-major", &["浜町"], &[1, 2]).await;
    coast.says(|_| {});
    coast.answers.store(503, Ordering::SeqCst);
    let (station, _) = coast.round_at(coast.station(), now()).await;
    coast.hall.board.withdraw_release(&id).await.unwrap();
    coast.answers.store(0, Ordering::SeqCst);
    let station = coast.round(station).await;
    assert_eq!(coast.unsent(), [("MajorWarning".to_owned(), "not_standing".to_owned())]);
    assert_eq!(coast.desk()["releases"]["unsent"][0]["coast"], "徳島県");
    a_second().await;
    coast.prepare("tsunami-major", &["浜町"], &[1, 2]).await;
    drop(coast.round_at(station, now().plus(31_000)).await);
    assert_eq!((coast.sent(), coast.unsent()), (1, Vec::new()));
}

#[tokio::test]
async fn a_policy_that_would_take_a_released_order_away_is_not_changed_while_it_is_in_force() {
    let coast = Coast::new(false).await;
    coast.prepare("tsunami-major", &["浜町"], &[1, 2]).await;
    coast.says(|_| {});
    drop(coast.round(coast.station()).await);
    let other = new_trigger_key(&coast.hall.parent.path().join("other-trigger")).unwrap();
    let other = hex::bytes(&other).unwrap().try_into().unwrap();
    let set = |change: &PolicyChange| set_policy(&coast.hall.folder, &coast.hall.keys, change, now());
    let changes = [
        PolicyChange { no_trigger: true, ..PolicyChange::default() },
        PolicyChange { trigger: Some(other), ..PolicyChange::default() },
        PolicyChange { void_releases: true, ..PolicyChange::default() },
        PolicyChange { needs_officer: Some(true), ..PolicyChange::default() },
    ];
    let before = coast.hall.folder.key_list().unwrap();
    for change in &changes {
        let told = set(change).unwrap_err().to_string();
        assert!(told.contains("浜町") && told.contains("--although-in-force"), "{told}");
    }
    assert_eq!(coast.hall.folder.key_list().unwrap(), before);
    // What takes nothing away is changed.
    set(&PolicyChange { staff_leave_minutes: Some(9), ..PolicyChange::default() }).unwrap();
    coast.hall.look();
    assert_eq!(coast.desk()["threads"][0]["believed"], true);
    // Two officers say it again.
    let thread = coast.hall.board.inner().messages[0].thread();
    a_second().await;
    coast.hall.send(json!({ "kind": "Order", "thread": thread, "again": true })).await;
    set(&changes[0]).unwrap();
    coast.hall.look();
    assert_eq!(coast.desk()["threads"][0]["believed"], true);
}

#[tokio::test]
async fn a_trigger_whose_clock_is_ahead_loses_nobody_who_went_at_once() {
    let coast = Coast::new(false).await;
    coast.prepare("tsunami-major", &["浜町"], &[1, 2]).await;
    coast.says(|_| {});
    let before = now();
    let (_, looked) = coast.round_at(coast.station(), now().plus(100_000)).await;
    looked.unwrap();
    let check = |inner: &crate::alerts::board::Inner| {
        let message = Arc::clone(&inner.messages[0]);
        assert!(before <= message.began() && message.began() < message.sent(), "dated ahead");
        let thread = inner.thread(&message.thread());
        let out = crate::alerts::people::out_at(inner, now());
        assert_eq!(out[0].began, message.began());
        inner.progress(&thread).into_iter().map(|one| one.after(one.check_point)).collect::<Vec<_>>()
    };
    let digest = coast.hall.board.inner().messages[0].digest;
    coast.hall.note_at(digest, household(1), AnswerKind::CheckPoint, now());
    assert_eq!(check(&coast.hall.board.inner()).into_iter().flatten().count(), 1);
    let again = Hall::open(&coast.hall.folder, &coast.hall.keys);
    check(&again.inner());
}

#[tokio::test]
async fn a_delivery_that_fails_keeps_the_trigger_from_nothing_else() {
    let coast = Coast::new(false).await;
    coast.prepare("tsunami-major", &["浜町"], &[1, 2]).await;
    coast.says(|message| (message.event, message.areas[0].1) = ("1", "53"));
    coast.answers.store(503, Ordering::SeqCst);
    let (station, looked) = coast.round_at(coast.station(), now()).await;
    assert!(matches!(looked, Err(TriggerError::Server(_))));
    let heard = || coast.hall.board.inner().heard.as_ref().unwrap().heard.message.clone().unwrap();
    assert_eq!(heard().areas[0].kind.as_deref(), Some("MajorWarning"));
    a_second().await;
    coast.says(|message| message.areas[0].1 = "51");
    let (station, looked) = coast.round_at(station, now()).await;
    assert!(matches!(looked, Err(TriggerError::Server(_))), "somebody hears of it");
    assert_eq!(heard().areas[0].kind.as_deref(), Some("Warning"), "it looks on and reports");
    // Also that it lives.
    coast.hall.board.inner().heard = None;
    let (_, looked) = coast.round_at(station, now().plus(31_000)).await;
    assert!(looked.is_err() && coast.hall.board.inner().heard.is_some());
}
