//! The core with the demo town's own cards, without PC/SC and without a server: cards are read by the code that
//! runs at a reader, events go in by hand, and the lane's state comes out.

use std::path::{Path, PathBuf};

use hinamori_card_pcsc::{ReaderName, TapWork as _};
use hinamori_crl_mmap::Shelf;
use hinamori_ipc::{AnswerKind, LaneState, MemberState, Party, WatchAsk, WatchMood};
use hinamori_model::{Doubt, HouseholdId, IncidentId, PersonId, PersonalText, TokenKind};
use hinamori_record::PresenceState;
use hinamori_sim::direct::DirectCard;
use hinamori_sim::presented::PresentedCard;
use hinamori_sim::timing::Timing;
use hinamori_sim::tray::{Day, Tray, TrayFile};
use hinamori_store_sqlite::Durability;
use hinamori_sync::town::{
    Card, Directory as TownDirectory, Incidents, Package, Person, RootKey, Site, TownSecret,
};
use hinamori_sync::{FeedKey, Grant, PartHead, ReceiptKey, cut};

use super::*;
use crate::checks::Found;

mod alerts;
mod attributes;
mod bindings;
mod care;
mod closing;
mod hiding;
mod incidents;
mod lists;
mod neighbours;
mod officers;
mod people;
mod profile;
mod roster;
mod site;
mod slip;
mod staff;
mod sticks;
mod televisions;

const LANE: LaneId = LaneId(1);

/// A box at the demo town's school.
struct Bench {
    core: Core,
    tray: Tray,
    package: Package,
    /// Everybody, and their cards.
    everybody: TownDirectory,
    now: UnixMillis,
    folder: tempfile::TempDir,
}

/// The key under which the town's server reports.
fn feed() -> FeedKey {
    FeedKey::from_bytes(&[6; 32])
}

/// The key of the town's server that signs receipts.
fn receipt() -> ReceiptKey {
    ReceiptKey::from_bytes(&[61; 32])
}

/// The town's root key.
fn root() -> RootKey {
    RootKey::from_bytes(&[5; 32])
}

fn demo_town(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/demo-town").join(file)
}

fn text(value: &toml::Value, key: &str) -> Option<PersonalText> {
    value.get(key).and_then(toml::Value::as_str).map(PersonalText::new)
}

fn flag(value: &toml::Value, key: &str) -> bool {
    value.get(key).and_then(toml::Value::as_bool).unwrap_or(false)
}

fn person(value: &toml::Value, household: Option<HouseholdId>) -> Person {
    let id = value["id"].as_str().unwrap().parse().unwrap();
    Person {
        household,
        called_name: text(value, "called_name"),
        relation: text(value, "relation").unwrap_or_else(|| PersonalText::new("")),
        hidden: flag(value, "hidden"),
        watch: flag(value, "watch"),
        ..Person::named(id, text(value, "name").unwrap())
    }
}

fn people() -> Vec<Person> {
    let town: toml::Value =
        toml::from_str(&std::fs::read_to_string(demo_town("town.toml")).unwrap()).unwrap();
    let mut people = Vec::new();
    for household in town["household"].as_array().unwrap() {
        let id = household["id"].as_str().unwrap().parse().unwrap();
        people.extend(household["person"].as_array().unwrap().iter().map(|value| person(value, Some(id))));
    }
    people.extend(town["person"].as_array().unwrap().iter().map(|value| person(value, None)));
    people
}

fn files_in(folder: &Path) -> Vec<Vec<u8>> {
    std::fs::read_dir(folder).unwrap().map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect()
}

fn everybody(tray: &Tray) -> TownDirectory {
    let cards = tray.registrations().into_iter().map(|registration| Card {
        kind: registration.kind,
        identity: registration.identity,
        person: registration.person,
        binding: registration.binding,
        application_key: registration.application_key,
        stopped: None,
    });
    TownDirectory { people: people(), cards: cards.collect() }
}

fn package(tray: &Tray, own: BoxId, now: UnixMillis) -> Package {
    let issued = tempfile::tempdir().unwrap();
    tray.write_to(issued.path()).unwrap();
    let site = Site {
        id: SiteId::from_bytes([7; 16]),
        name: "汐見小学校 体育館".to_owned(),
        kind: hinamori_model::SiteKind::Shelter,
        catchment: Vec::new(),
        position: None,
        capacity: None,
    };
    let grant = Grant { seal_key: [0; 32], tls_key: [0; 32], site: site.id, reads: Vec::new() };
    Package {
        version: 1,
        issued_at: now,
        name: "汐見町".to_owned(),
        key: TownSecret([9; 32]),
        sites: vec![site],
        incidents: Incidents {
            daily_life: IncidentId::from_bytes([1; 16]),
            live: IncidentId::from_bytes([2; 16]),
            drill: IncidentId::from_bytes([3; 16]),
        },
        boxes: vec![(own, grant)],
        denied: Vec::new(),
        cut_offs: Vec::new(),
        retentions: Vec::new(),
        forks: Vec::new(),
        anchors: files_in(&issued.path().join("anchors")),
        intermediates: files_in(&issued.path().join("intermediates")),
        feed_key: feed().public(),
        receipt_key: receipt().public(),
        list_grace_millis: 72 * 3_600_000,
        resets_time: false,
        roster: Vec::new(),
        staff: Vec::new(),
        incident_keys: [1, 2, 3]
            .map(|number| (IncidentId::from_bytes([number; 16]), TownSecret([0x40 | number; 32])))
            .into(),
        closed: Vec::new(),
        ledger_key: [0; 32],
        earlier: Vec::new(),
    }
}

impl Bench {
    fn new() -> Self {
        let mut bench = Self::without_town();
        let package = bench.package.clone();
        bench.take(&package);
        bench
    }

    fn without_town() -> Self {
        Self::configured("")
    }

    /// With this in its configuration too.
    fn configured(more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("box.toml");
        let path = folder.path().display();
        let text = format!(
            "data = \"{path}/data\"\nsocket = \"{path}/s\"\n\
             [[lane]]\nlane = 1\nreader = \"one\"\n[[lane]]\nlane = 2\nreader = \"two\"\n{more}"
        );
        std::fs::write(&file, text).unwrap();
        let core = Core::open(Config::read(&file).unwrap()).unwrap();
        let tray = Tray::make(TrayFile::read(&demo_town("tray.toml")).unwrap(), Day::today());
        let now = clock::wall();
        let (package, everybody) = (package(&tray, core.own, now), everybody(&tray));
        Self { core, tray, package, everybody, now, folder }
    }

    /// The package with everybody in its roster, and the parts.
    fn with_people(&self, package: &Package) -> (Package, Vec<(PartHead, Vec<u8>)>) {
        let parts = cut(&self.everybody, &package.key).unwrap();
        let roster = parts.iter().map(|(head, _)| head.clone()).collect();
        (Package { roster, ..package.clone() }, parts)
    }

    /// Takes a package of which every part is on the box already.
    fn take_with_parts(&mut self, root: &RootKey, package: &Package) {
        let (package, parts) = self.with_people(package);
        for (head, sealed) in parts {
            let name: String = head.digest.iter().map(|byte| format!("{byte:02x}")).collect();
            std::fs::write(self.core.config.data.join("roster").join(name), sealed).unwrap();
        }
        let signed = root.sign(&package).unwrap();
        self.core.take_package(root.public(), signed, package, self.now).unwrap();
    }

    fn take(&mut self, package: &Package) {
        self.take_from(&root(), package);
    }

    fn take_from(&mut self, root: &RootKey, package: &Package) {
        self.take_with_parts(root, package);
        self.import(self.tray.lists().into_iter().map(|list| list.der));
        self.core.publish(self.now);
    }

    /// Takes lists like `hinamorictl crl import`; those that no authority of the package signed are left out.
    fn import(&mut self, lists: impl Iterator<Item = Vec<u8>>) {
        let file = self.folder.path().join("list.crl");
        let shelf = Shelf::open(&self.core.config.data, 2).unwrap();
        for list in lists {
            std::fs::write(&file, list).unwrap();
            let between: Vec<&[u8]> = self.package.intermediates.iter().map(Vec::as_slice).collect();
            drop(shelf.import(&file, &self.core.town.authorities.verifier, &between, "a stick", self.now));
        }
        self.core.authorities_changed();
    }

    /// The daemon ends and begins again; what it joined is handed over by hand.
    fn restart(self) -> Self {
        let Self { core, tray, package, everybody, now, folder } = self;
        drop(core);
        let core = Core::open(Config::read(&folder.path().join("box.toml")).unwrap()).unwrap();
        Self { core, tray, package, everybody, now, folder }
    }

    fn person(&self, card: &str) -> PersonId {
        self.tray.card(card).unwrap().entry().person.unwrap()
    }

    fn read(&self, card: &str) -> Reading {
        let card = self.tray.card(card).unwrap();
        let presented = PresentedCard::new(card.fresh(), card.fault(), Timing::NONE);
        let reader = ReaderName("one".to_owned());
        self.core.checks.run(&reader, &mut DirectCard(presented)).unwrap()
    }

    /// Ten seconds later a reading comes from the first lane's reader.
    fn hold(&mut self, reading: Reading) -> AnswerKind {
        self.now = self.now.plus(10_000);
        let event = ReaderEvent::Tap {
            reader: ReaderName("one".to_owned()),
            outcome: Ok(reading),
            last_byte: Instant::now(),
        };
        self.core.handle(Event::Reader(Box::new(event)), self.now);
        self.core.publish(self.now);
        self.answer()
    }

    fn tap(&mut self, card: &str) -> AnswerKind {
        self.hold(self.read(card))
    }

    fn lane(&self) -> &LaneState {
        &self.core.desks[&LANE].shown
    }

    fn answer(&self) -> AnswerKind {
        match &self.lane().screen {
            hinamori_ipc::Screen::Answer(answer) => answer.kind.clone(),
            hinamori_ipc::Screen::Idle => panic!("no answer"),
        }
    }

    fn touch(&mut self, command: impl FnOnce(hinamori_ipc::AnswerId) -> Command) -> AnswerKind {
        let hinamori_ipc::Screen::Answer(answer) = &self.lane().screen else { panic!("no answer") };
        let command = command(answer.id);
        self.core.command(LANE, command, self.now).unwrap();
        self.core.publish(self.now);
        self.answer()
    }

    fn open(&mut self, mode: Mode) {
        self.core.command(LANE, Command::OpenIncident { mode }, self.now).unwrap();
        self.core.publish(self.now);
    }
}

fn members(kind: &AnswerKind) -> Vec<(PersonId, MemberState)> {
    match kind {
        AnswerKind::Welcome { party: Party::Household(members), .. } => {
            members.iter().map(|member| (member.person, member.state)).collect()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_family_is_received_and_its_next_member_sees_who_came() {
    let mut bench = Bench::new();
    bench.open(Mode::Live);
    let welcome = bench.tap("hanako");
    assert!(members(&welcome).iter().all(|(_, state)| *state == MemberState::NotSeen));
    let isamu = bench.person("isamu");
    let done = bench.touch(|answer| Command::ConfirmHousehold { answer, members: vec![isamu] });
    assert_eq!((done, bench.lane().here), (AnswerKind::Done { people: 2 }, 2));
    let hanako = bench.person("hanako");
    let state = |kind: &AnswerKind, who| members(kind).into_iter().find(|(id, _)| *id == who).unwrap().1;
    let naoki = bench.tap("naoki");
    assert!(matches!(state(&naoki, hanako), MemberState::AlreadyIn { .. }));
    assert!(matches!(state(&naoki, isamu), MemberState::AlreadyIn { .. }));
    let report = bench.core.report();
    assert_eq!(report.assurances[&hinamori_model::Assurance::ChipProven], 2, "{report:?}");
    assert_eq!(report.assurances[&hinamori_model::Assurance::Declared], 1, "{report:?}");
}

#[test]
fn a_hidden_person_comes_for_the_first_time_for_ever() {
    let mut bench = Bench::new();
    bench.open(Mode::Live);
    let first = bench.tap("hidden");
    let here = bench.lane().here;
    for again in 1..4 {
        assert_eq!(bench.tap("hidden"), first);
        assert_eq!(bench.lane().here, here + again, "the number moves as at a first arrival");
    }
    assert_eq!(bench.lane().later, 0);
    let incident = bench.core.open_incident();
    let presence = bench.core.ledger.store(incident).presence(incident, bench.person("hidden")).unwrap();
    assert_eq!(presence.unwrap().state, PresenceState::Here, "what is recorded is true");
    bench.core.recount(bench.now);
    bench.core.publish(bench.now);
    assert_eq!(bench.lane().here, here + 3, "counting anew gives the same");
}

#[test]
fn every_odd_card_is_received_and_its_doubt_is_kept_for_the_leader() {
    let mut bench = Bench::new();
    bench.open(Mode::Live);
    let odd = [
        ("clone", Doubt::ChipMismatch),
        ("expired", Doubt::Expired),
        ("not-yet", Doubt::NotYetValid),
        ("revoked", Doubt::Revoked),
        ("no-list", Doubt::RevocationUnknown),
        ("untrusted", Doubt::UntrustedIssuer),
        ("test-hierarchy", Doubt::TestHierarchy),
        ("garbage", Doubt::UnreadableCertificate),
        ("truncated", Doubt::UnreadableCertificate),
        ("unknown", Doubt::UnknownCard),
        ("suica-unknown", Doubt::UnknownCard),
    ];
    for (number, (card, doubt)) in (1..).zip(odd) {
        let kind = bench.tap(card);
        assert!(matches!(kind, AnswerKind::Welcome { .. }), "{card}: {kind:?}");
        let list = bench.core.leader_list();
        assert!(list[0].doubts.contains(&doubt), "{card}: {:?}", list[0].doubts);
        assert_eq!((list.len(), bench.lane().later), (number, u32::try_from(number).unwrap()), "{card}");
    }
    for card in ["face", "blocked", "doctor", "kiyoko"] {
        bench.tap(card);
    }
    assert_eq!(bench.core.leader_list().len(), odd.len(), "nothing speaks against the others");
}

#[test]
fn a_hundred_unknown_cards_in_a_row_need_no_touch() {
    let mut bench = Bench::new();
    bench.open(Mode::Live);
    for number in 0..100_u8 {
        let card = bench.core.town.key.card_key(TokenKind::Uid, &[1, 2, 3, number]);
        let (version, evidence) = (bench.core.town.version, Found::ContactlessOnly);
        let kind = bench.hold(Reading {
            version,
            card: Some(card),
            evidence,
            attributes: None,
            holder: None,
            began: Instant::now(),
        });
        assert_eq!(kind, AnswerKind::Welcome { name: None, party: Party::Count }, "{number}");
    }
    assert_eq!(bench.lane().here, 100);
}

#[test]
fn a_wrong_clock_is_held_against_what_the_town_signed() {
    let mut bench = Bench::new();
    bench.open(Mode::Live);
    // As far as the box can tell, the town's package cannot come from a later time than now.
    let later =
        Package { version: 2, issued_at: bench.now.plus(20 * 365 * 86_400_000), ..bench.package.clone() };
    bench.take(&later);
    let kind = bench.tap("hanako");
    assert!(matches!(kind, AnswerKind::Welcome { .. }), "{kind:?}");
    assert_eq!(bench.core.leader_list()[0].doubts, [Doubt::Expired]);
}

#[test]
fn a_card_read_under_the_town_s_old_key_is_held_again() {
    let mut bench = Bench::new();
    bench.open(Mode::Live);
    let read = bench.read("hanako");
    let next = Package { version: 2, key: TownSecret([8; 32]), ..bench.package.clone() };
    bench.take(&next);
    assert_eq!(bench.hold(read), AnswerKind::HoldAgain { reason: HoldReason::TornAway });
    assert!(matches!(bench.tap("hanako"), AnswerKind::Welcome { name: Some(_), .. }));
}

#[test]
fn a_morning_greeting_asks_once_and_stays_in_daily_life() {
    let mut bench = Bench::new();
    bench.open(Mode::Live);
    bench.core.command(LANE, Command::SwitchCounter(CounterKind::Watch), bench.now).unwrap();
    let expected = bench.core.watch_list(bench.now).len();
    assert!(expected > 0);
    let ask = |kind: &AnswerKind| match kind {
        AnswerKind::Greeting { ask, .. } => *ask,
        other => panic!("{other:?}"),
    };
    assert_eq!(ask(&bench.tap("kiyoko")), WatchAsk::Consent);
    assert_eq!(bench.core.report().records, 0, "nothing before the answer");
    assert_eq!(ask(&bench.touch(|answer| Command::WatchConsent { answer, agreed: true })), WatchAsk::Mood);
    bench.touch(|answer| Command::WatchMood { answer, mood: WatchMood::Fine });
    assert_eq!((bench.core.watch_list(bench.now).len(), bench.lane().here), (expected - 1, 1));
    let daily = bench.core.town.incident(Mode::DailyLife);
    let kiyoko = bench.person("kiyoko");
    let latest = bench.core.ledger.store(daily).latest_watch(daily, kiyoko).unwrap();
    assert_eq!(latest.len(), 3, "agreed, seen, fine");
    assert_eq!(ask(&bench.tap("kiyoko")), WatchAsk::Mood, "asked once");
}

#[test]
fn a_hidden_person_s_greetings_and_doubts_count_like_a_stranger_s() {
    let mut bench = Bench::new();
    let hidden = bench.person("hidden");
    let fact = |event| Fact::Watch { person: hidden, event, proof: hinamori_record::Proof::DECLARED };
    let mut shown = Vec::new();
    for _ in 0..3 {
        let daily = bench.core.town.incident(Mode::DailyLife);
        let facts = [fact(hinamori_record::WatchEvent::Seen)];
        bench.core.write(daily, LANE, &facts, bench.now).unwrap();
        bench.core.count(daily, &facts, bench.now);
        shown.push(bench.core.tally.watched);
    }
    assert_eq!(shown, [1, 2, 3], "nobody learns that they were here before");
    bench.core.recount(bench.now);
    assert_eq!(bench.core.tally.watched, 3, "counting anew gives the same");

    bench.open(Mode::Live);
    let far =
        Package { version: 2, issued_at: bench.now.plus(20 * 365 * 86_400_000), ..bench.package.clone() };
    bench.take(&far);
    bench.tap("hidden");
    let list = bench.core.leader_list();
    assert_eq!((bench.lane().later, list.len()), (1, 1));
    // Like a card that nobody knows, also in what is doubted.
    let doubts = [Doubt::UnknownCard, Doubt::Expired];
    assert_eq!((list[0].name.as_ref(), list[0].doubts.as_slice()), (None, doubts.as_slice()));
}

/// What another box of the site says it recorded in an incident, under its seal.
fn batch_of_another_box(incident: IncidentId, at: UnixMillis) -> hinamori_sync::VerifiedBatch {
    let key = hinamori_sync::SealKey::from_bytes(&[6; 32]);
    let site = SiteId::from_bytes([7; 16]);
    let scope = hinamori_record::DocumentScope { incident, site, period: Period::of(at) };
    let actor = hinamori_record::ActorId::new(key.box_id(), 1);
    let record = hinamori_record::Record {
        id: hinamori_model::RecordId::new(at, u128::from_be_bytes(*incident.as_bytes())),
        at: hinamori_model::Hlc::from_packed(at.get() << 16),
        clock_unsure: false,
        lane: None,
        fact: Fact::HeadCount { adults: 1, children: 0, infants: 0 },
    };
    let mut document = hinamori_record::Document::new(scope, actor).unwrap();
    let changes = vec![document.append(&[record], at).unwrap()];
    let grant = Grant { seal_key: key.public(), tls_key: [0; 32], site, reads: Vec::new() };
    let grants = hinamori_sync::Grants([(key.box_id(), grant)].into());
    let seal = key.seal(scope, None, &changes).unwrap();
    hinamori_sync::verify(hinamori_sync::SealedBatch { seal, changes }, &grants).unwrap()
}

#[test]
fn records_of_an_old_drill_stay_a_drill_s_and_what_the_town_never_named_is_put_aside() {
    let mut bench = Bench::new();
    let old = bench.package.incidents;
    let incidents = Incidents { drill: IncidentId::from_bytes([33; 16]), ..old };
    bench.take(&Package { version: 2, incidents, ..bench.package.clone() });
    let of = |incident| batch_of_another_box(incident, bench.now);
    let batches =
        vec![of(old.drill), of(incidents.drill), of(old.live), of(IncidentId::from_bytes([99; 16]))];
    bench.core.take_batches(batches, Durability::Relaxed, bench.now).unwrap();
    let totals = bench.core.ledger.stores().map(|store| store.totals().unwrap());
    assert_eq!([totals[0].records, totals[1].records], [1, 2], "live, drill");
    assert_eq!(totals[0].quarantined, 1);
    let known = bench.core.town_vectors(&root().public());
    assert_eq!(known.len(), 3, "all of them are the town's, whichever package named them");
}

#[test]
fn what_is_written_is_later_than_what_came_from_a_box_whose_clock_is_ahead() {
    let mut bench = Bench::new();
    bench.open(Mode::Live);
    let live = bench.package.incidents.live;
    let (ahead, absurd) = (bench.now.plus(3_600_000), bench.now.plus(400 * 86_400_000));
    for at in [ahead, absurd] {
        bench
            .core
            .take_batches(vec![batch_of_another_box(live, at)], Durability::Relaxed, bench.now)
            .unwrap();
    }
    bench.tap("hanako");
    let presence = bench.core.ledger.store(live).presence(live, bench.person("hanako")).unwrap().unwrap();
    assert_eq!(presence.seen_at.millis(), ahead, "and not drawn along by a clock that cannot be right");
}

#[test]
fn the_open_incident_stays_itself_when_the_town_names_another_and_after_a_restart() {
    let mut bench = Bench::new();
    bench.open(Mode::Live);
    bench.tap("hanako");
    let incidents = Incidents { live: IncidentId::from_bytes([22; 16]), ..bench.package.incidents };
    let next = Package { version: 2, incidents, ..bench.package.clone() };
    bench.take(&next);
    let is_as_it_was = |bench: &Bench| {
        assert_eq!(bench.core.open_incident(), bench.package.incidents.live);
        assert_eq!((bench.lane().banner.mode, bench.lane().here), (Mode::Live, 1));
    };
    is_as_it_was(&bench);
    let mut bench = bench.restart();
    bench.take(&next);
    is_as_it_was(&bench);
}

#[test]
fn a_box_that_joins_its_first_town_goes_on_there_and_one_that_moves_on_opens_anew() {
    let mut bench = Bench::without_town();
    bench.open(Mode::Live);
    bench.tap("unknown");
    assert_eq!(bench.lane().status.unsent, 0, "there is nobody to send it to");
    let package = bench.package.clone();
    bench.take(&package);
    assert_eq!((bench.lane().banner.mode, bench.lane().here), (Mode::Live, 0));
    assert_eq!(bench.core.open_incident(), package.incidents.live);
    bench.tap("hanako");
    assert_eq!((bench.lane().here, bench.lane().status.unsent), (1, 1));
    bench.core.recount(bench.now);
    assert_eq!(bench.core.tally.unsent, 1, "counting anew gives the same");
    let id = |number| IncidentId::from_bytes([number; 16]);
    let incidents = Incidents { daily_life: id(51), live: id(52), drill: id(53) };
    let other = RootKey::from_bytes(&[6; 32]);
    bench.take_from(&other, &Package { incidents, ..package });
    assert_eq!((bench.lane().banner.mode, bench.lane().status.unsent), (Mode::DailyLife, 0));
    assert!(bench.core.town_vectors(&other.public()).is_empty(), "another town's records stay here");
}

#[test]
fn the_answer_about_the_building_waits_for_no_tap() {
    let mut bench = Bench::new();
    bench.open(Mode::Live);
    bench.core.uplink.unsealed = false;
    let answer = Command::AnswerBuilding { answer: BuildingAnswer::NothingSeen, findings: Vec::new() };
    bench.core.command(LANE, answer, bench.now).unwrap();
    assert!(bench.core.uplink.unsealed);
    assert_eq!(bench.core.tally.unsent, 1);
}

#[test]
fn a_damaged_town_keeps_nobody_waiting() {
    let mut bench = Bench::new();
    bench.open(Mode::Live);
    bench.tap("hanako");
    let data = bench.folder.path().join("data");
    std::fs::write(data.join("town.package"), b"no package").unwrap();
    std::fs::create_dir_all(data.join("identity")).unwrap();
    for entry in std::fs::read_dir(&data).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("directory.sqlite")) {
            std::fs::write(path, vec![7; 9_000]).unwrap();
        }
    }
    let mut bench = bench.restart();
    assert_eq!(bench.core.opening.mode(), Mode::Live, "what is open stays open");
    assert!(matches!(bench.tap("hanako"), AnswerKind::Welcome { name: None, .. }));
    let package = bench.package.clone();
    bench.take(&package);
    assert!(matches!(bench.tap("naoki"), AnswerKind::Welcome { name: Some(_), .. }), "the town came again");
}

#[test]
fn what_a_full_disk_did_not_take_is_asked_for_again() {
    let mut bench = Bench::new();
    let (out, _sent) = tokio::sync::mpsc::unbounded_channel();
    bench.core.handle(Event::Link(LinkEvent::Up { out }), bench.now);
    bench.core.uplink.missed = true;
    bench.core.disk = DiskState::Full;
    bench.core.tick(bench.now);
    assert!(bench.core.uplink.is_online(), "what this box has to send still goes");
    bench.open(Mode::Live);
    bench.tap("hanako");
    assert_eq!(bench.core.disk, DiskState::Ok, "a tap found room before the probe did");
    bench.core.tick(bench.now);
    assert!(!bench.core.uplink.is_online(), "connecting anew asks for it");
    assert!(!bench.core.uplink.missed);
}

#[test]
fn a_package_that_cannot_be_used_takes_the_place_of_none() {
    let mut bench = Bench::new();
    bench.core.take_new_package(&root().sign(&bench.package).unwrap(), bench.now);
    let kept = std::fs::read(bench.folder.path().join("data/town.package")).unwrap();
    let Incidents { live, drill, .. } = bench.package.incidents;
    let incidents = Incidents { live: drill, drill: live, ..bench.package.incidents };
    let swapped = Package { version: 2, incidents, ..bench.package.clone() };
    bench.core.take_new_package(&root().sign(&swapped).unwrap(), bench.now);
    assert_eq!((bench.core.town.version, bench.core.town.incidents), (1, bench.package.incidents));
    assert_eq!(std::fs::read(bench.folder.path().join("data/town.package")).unwrap(), kept);
}

#[test]
fn without_its_package_a_box_records_nothing_in_the_town_s_name() {
    let mut bench = Bench::new();
    bench.open(Mode::Live);
    let live = bench.package.incidents.live;
    let mut bench = bench.restart();
    assert_eq!(bench.core.opening.mode(), Mode::Live);
    bench.tap("hanako");
    assert!(bench.core.ledger.is_of_no_town(bench.core.open_incident()));
    let package = bench.package.clone();
    bench.take(&package);
    assert_eq!((bench.core.opening.mode(), bench.core.open_incident()), (Mode::Live, live));
}

#[test]
fn a_doubt_at_the_watch_counter_is_not_on_the_open_incident_s_list() {
    let mut bench = Bench::new();
    bench.open(Mode::Live);
    let daily = bench.core.town.incident(Mode::DailyLife);
    let proof = hinamori_record::Proof { doubts: Doubt::Revoked.into(), ..hinamori_record::Proof::DECLARED };
    let person = bench.person("kiyoko");
    let facts = [Fact::Watch { person, event: hinamori_record::WatchEvent::Seen, proof }];
    bench.core.write(daily, LANE, &facts, bench.now).unwrap();
    bench.core.count(daily, &facts, bench.now);
    assert_eq!((bench.core.tally.later, bench.core.leader_list().len()), (0, 0));
}

#[test]
fn yesterday_s_greetings_of_a_hidden_person_are_not_in_today_s_number() {
    let mut bench = Bench::new();
    let daily = bench.core.town.incident(Mode::DailyLife);
    let fact = |person| {
        let event = hinamori_record::WatchEvent::Seen;
        [Fact::Watch { person, event, proof: hinamori_record::Proof::DECLARED }]
    };
    let (hidden, other) = (bench.person("hidden"), bench.person("kiyoko"));
    for _ in 0..3 {
        bench.core.write(daily, LANE, &fact(hidden), bench.now).unwrap();
        bench.core.count(daily, &fact(hidden), bench.now);
    }
    let tomorrow = bench.now.plus(86_400_000);
    bench.core.write(daily, LANE, &fact(other), tomorrow).unwrap();
    bench.core.count(daily, &fact(other), tomorrow);
    assert_eq!(bench.core.tally.watched, 1);
}
