//! The town's people on their way to a box and in it: with the keeper's real thread, and a server's real session.

use std::collections::{BTreeMap, BTreeSet};

use hinamori_model::{BindingAssurance, CardKey};
use hinamori_sync::town::SignedPackage;
use hinamori_sync::{Grants, Held, LONGEST_PIECE, PartDigest, RosterMessage, Session, Side};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::*;

/// Only a failure waits so long.
const SOON: Duration = Duration::from_secs(20);
const NEAR: u32 = 300;
const FAR: u32 = 900;

/// A box with its keeper at work, and the server that it talks with.
struct Town {
    bench: Bench,
    events: Receiver<Event>,
    hall: BTreeMap<PartDigest, Vec<u8>>,
    signed: SignedPackage,
    line: Option<(Session, UnboundedReceiver<Vec<u8>>)>,
    /// What the box asked for.
    asked: Vec<(PartDigest, u32)>,
    /// So many pieces more are answered.
    answers: usize,
}

fn id(number: u32) -> PersonId {
    PersonId::from_bytes((u128::from(number) + 1).to_be_bytes())
}

/// Nobody else's name begins with anybody's.
fn name(number: u32) -> String {
    format!("住民{number:05}")
}

fn person(number: u32) -> Person {
    Person {
        district: if number < NEAR { "浜町" } else { "山手" }.to_owned(),
        kana: PersonalText::new("カナ"),
        called_name: Some(PersonalText::new(name(number))),
        ..Person::named(id(number), PersonalText::new(name(number)))
    }
}

/// A town of two districts, one of which is the site's.
fn everybody() -> TownDirectory {
    let people: Vec<Person> = (0..NEAR + FAR).map(person).collect();
    let card = |person: &Person| Card {
        kind: TokenKind::Uid,
        identity: person.id.as_bytes()[9..].to_vec(),
        person: person.id,
        binding: BindingAssurance::MatchedByStaff,
        application_key: None,
        stopped: None,
    };
    TownDirectory { cards: people.iter().map(card).collect(), people }
}

impl Town {
    fn new() -> Self {
        let mut bench = Bench::without_town();
        bench.everybody = everybody();
        bench.package.sites[0].catchment = vec!["浜町".to_owned()];
        let (package, parts) = bench.with_people(&bench.package);
        let signed = root().sign(&package).unwrap();
        bench.core.take_package(root().public(), signed.clone(), package, bench.now).unwrap();
        Self::of(bench, signed, parts)
    }

    fn of(mut bench: Bench, signed: SignedPackage, parts: Vec<(PartHead, Vec<u8>)>) -> Self {
        let (inbox, events) = inbox();
        bench.core.start_roster(inbox).unwrap();
        let hall = parts.into_iter().map(|(head, sealed)| (head.digest, sealed)).collect();
        Self { bench, events, hall, signed, line: None, asked: Vec::new(), answers: usize::MAX }
    }

    /// The town changes; the box hears of it when it connects.
    fn change(&mut self, version: u64, change: impl FnOnce(&mut TownDirectory)) {
        change(&mut self.bench.everybody);
        let (package, parts) = self.bench.with_people(&Package { version, ..self.bench.package.clone() });
        self.signed = root().sign(&package).unwrap();
        self.hall = parts.into_iter().map(|(head, sealed)| (head.digest, sealed)).collect();
    }

    fn connect(&mut self) {
        let (out, sent) = unbounded_channel();
        self.bench.core.handle(Event::Link(LinkEvent::Up { out }), self.bench.now);
        let (side, grants) = (Side::Server { peer: self.bench.core.own }, Grants::default());
        let town = Some(self.signed.clone());
        let (session, hello) = Session::new(side, root().public(), town, grants, Held::NOTHING);
        self.line = Some((session, sent));
        self.bench.core.handle(Event::Link(LinkEvent::Received(hello)), self.bench.now);
        self.bench.core.tick(self.bench.now);
    }

    fn disconnect(&mut self) {
        self.line = None;
        self.bench.core.handle(Event::Link(LinkEvent::Down), self.bench.now);
        self.bench.core.tick(self.bench.now);
    }

    /// The server hears and answers.
    fn serve(&mut self) {
        let Some((session, sent)) = &mut self.line else { return };
        let mut to_box = Vec::new();
        while let Ok(bytes) = sent.try_recv() {
            let effects = session.received(&bytes).unwrap();
            to_box.extend(effects.send);
            for message in effects.roster {
                let RosterMessage::Wanted { digest, offset } = message else { panic!("{message:?}") };
                self.asked.push((digest, offset));
                if self.answers == 0 {
                    continue;
                }
                self.answers -= 1;
                let sealed = self.hall.get(&digest).map_or(&[][..], Vec::as_slice);
                let rest = sealed.get(offset as usize..).unwrap_or_default();
                let bytes = rest[..rest.len().min(LONGEST_PIECE)].to_vec();
                let total = u32::try_from(sealed.len()).unwrap();
                to_box.extend(session.tell_roster(RosterMessage::Piece { digest, total, offset, bytes }));
            }
        }
        if !to_box.is_empty() {
            self.bench.core.handle(Event::Link(LinkEvent::Received(to_box)), self.bench.now);
        }
    }

    /// Everything goes on until `held`.
    fn until(&mut self, what: &str, held: impl Fn(&Self) -> bool) {
        let began = Instant::now();
        while !held(self) {
            assert!(began.elapsed() < SOON, "waited for {what}");
            self.serve();
            if let Ok(event) = self.events.recv_timeout(Duration::from_millis(5)) {
                self.bench.core.handle(event, self.bench.now);
            }
            self.bench.core.tick(self.bench.now);
        }
    }

    fn until_people(&mut self, people: u32) {
        self.until(&format!("{people} people"), |town| {
            let loaded = town.bench.core.roster.loaded();
            (loaded.people, loaded.lacking) == (people.into(), 0)
        });
    }

    fn command(&mut self, command: Command) {
        self.bench.core.command(LANE, command, self.bench.now).unwrap();
        self.bench.core.tick(self.bench.now);
    }

    fn card(&self, number: u32) -> CardKey {
        self.bench.core.town.key.card_key(TokenKind::Uid, &id(number).as_bytes()[9..])
    }

    /// Somebody's card is held; gives the name that is shown.
    fn tap(&mut self, number: u32) -> Option<String> {
        let (card, version) = (self.card(number), self.bench.core.town.version);
        let (card, evidence) = (Some(card), Found::ContactlessOnly);
        match self.bench.hold(Reading {
            version,
            card,
            evidence,
            attributes: None,
            holder: None,
            began: Instant::now(),
        }) {
            AnswerKind::Welcome { name, .. } => name.map(|name| name.expose().to_owned()),
            other => panic!("{other:?}"),
        }
    }

    /// How somebody is called in the directory.
    fn called(&self, number: u32) -> Option<String> {
        let known = self.bench.core.directory.person(id(number)).unwrap()?;
        Some(known.name.expose().to_owned())
    }

    /// Who of these is named anywhere in the data folder.
    fn named_on_disk(&self, numbers: impl Iterator<Item = u32>) -> Vec<u32> {
        let files = hinamori_sim::folder::everything_in(&self.bench.core.config.data).unwrap();
        let files: Vec<Vec<u8>> =
            files.iter().filter(|path| path.is_file()).map(|path| std::fs::read(path).unwrap()).collect();
        let mut found = BTreeSet::new();
        let begin = "住民".as_bytes();
        for bytes in &files {
            for (place, window) in bytes.windows(begin.len()).enumerate() {
                if window == begin {
                    let digits = bytes.get(place + begin.len()..place + begin.len() + 5);
                    let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
                    found.extend(digits.and_then(|digits| digits.parse::<u32>().ok()));
                }
            }
        }
        numbers.filter(|number| found.contains(number)).collect()
    }
}

#[test]
fn a_box_knows_its_catchment_in_peace_and_everybody_while_an_incident_is_open() {
    let mut town = Town::new();
    town.connect();
    town.until_people(NEAR);
    let first = town.asked.iter().map(|(digest, _)| *digest).collect::<Vec<_>>();
    let (package, _) = town.bench.with_people(&town.bench.package);
    let near = package.roster.iter().filter(|head| head.district == "浜町").count();
    let of = |digest: &PartDigest| package.roster.iter().find(|head| head.digest == *digest).unwrap();
    assert_eq!(of(&first[0]).district, "浜町", "the catchment first");
    assert_eq!(town.asked.iter().map(|(digest, _)| digest).collect::<BTreeSet<_>>().len(), near + 2);
    assert_eq!((town.called(7), town.called(NEAR)), (Some(name(7)), None));
    assert_eq!(town.named_on_disk(NEAR..NEAR + FAR), [] as [u32; 0], "the others lie sealed");

    // Without any network from here on.
    town.disconnect();
    for mode in [Mode::Drill, Mode::Live] {
        town.command(Command::OpenIncident { mode });
        town.until_people(NEAR + FAR);
        assert_eq!(town.tap(NEAR + 5), Some(name(NEAR + 5)));
        assert_eq!(districts(&town.bench.core), ["山手", "浜町"]);
        let mut bench = town.bench.restart();
        let (package, parts) = bench.with_people(&bench.package);
        let signed = root().sign(&package).unwrap();
        bench.core.take_package(root().public(), signed.clone(), package, bench.now).unwrap();
        assert_eq!(bench.core.roster.loaded().people, u64::from(NEAR + FAR), "from the first tap on");
        town = Town::of(bench, signed, parts);
        if mode == Mode::Drill {
            town.command(Command::EndDrill { then: Mode::DailyLife });
            town.until_people(NEAR);
            town.until("nothing left on the disk", |town| town.named_on_disk(NEAR..NEAR + FAR).is_empty());
            assert_eq!(town.named_on_disk(7..8), [7]);
        }
    }
}

#[test]
fn a_broken_connection_and_a_restart_go_on_where_they_were() {
    let mut town = Town::new();
    town.answers = 1;
    town.connect();
    town.until("a second question", |town| town.asked.len() == 2);
    let (digest, offset) = town.asked[1];
    assert_eq!((town.asked[0], offset as usize), ((digest, 0), LONGEST_PIECE));
    town.disconnect();
    (town.asked, town.answers) = (Vec::new(), 0);
    town.connect();
    town.until("the same question", |town| !town.asked.is_empty());
    assert_eq!(town.asked, [(digest, offset)]);

    let Town { bench, signed, .. } = town;
    let mut bench = bench.restart();
    let (package, parts) = bench.with_people(&bench.package);
    bench.core.take_package(root().public(), signed.clone(), package, bench.now).unwrap();
    let mut town = Town::of(bench, signed, parts);
    town.connect();
    town.until_people(NEAR);
    assert_eq!(town.asked[0], (digest, offset));
}

#[test]
fn the_old_people_stay_until_the_new_ones_are_here() {
    let mut town = Town::new();
    town.connect();
    town.until_people(NEAR);
    town.disconnect();
    // One is called otherwise, one moves away, one moves here, one is struck off.
    town.change(2, |everybody| {
        everybody.people[3].name = PersonalText::new("改名");
        everybody.people[4].district = "山手".to_owned();
        everybody.people[NEAR as usize].district = "浜町".to_owned();
        everybody.people.remove(5);
        everybody.cards.remove(5);
    });
    town.answers = 0;
    town.connect();
    town.until("the new package, and a question", |town| {
        town.bench.core.town.version == 2 && !town.asked.is_empty()
    });
    for number in [3, 4, 5] {
        assert_eq!(town.called(number), Some(name(number)), "nobody is gone for the time of a download");
    }
    town.disconnect();
    town.answers = usize::MAX;
    town.connect();
    town.until_people(NEAR - 1);
    assert_eq!(town.called(3).as_deref(), Some("改名"));
    assert_eq!([4, 5, NEAR].map(|number| town.called(number).is_some()), [false, false, true]);

    // A server that was brought back from an old copy takes nothing back.
    town.disconnect();
    town.change(1, |everybody| {
        everybody.people.truncate(1);
        everybody.cards.truncate(1);
    });
    town.connect();
    town.until("the hello", |town| town.bench.core.uplink.number().is_some());
    assert_eq!((town.bench.core.town.version, town.called(6)), (2, Some(name(6))));
}

#[test]
fn a_town_that_changes_its_mind_in_between_loses_nobody() {
    let mut town = Town::new();
    town.connect();
    town.until_people(NEAR);
    town.disconnect();
    let package = |town: &Town, version| Package { version, ..town.bench.package.clone() };
    // Two people move to a district of the catchment that is not here as a whole.
    let before = town.bench.everybody.clone();
    town.bench.package.sites[0].catchment.push("新町".to_owned());
    town.change(2, |everybody| {
        everybody.people[3].district = "新町".to_owned();
        everybody.people[4].name = PersonalText::new("改名");
    });
    let (second, _) = town.bench.with_people(&package(&town, 2));
    let moved = second.roster.iter().find(|head| head.district == "新町").unwrap().digest;
    let withheld: Vec<PartDigest> =
        second.roster.iter().filter(|head| head.district == "浜町").map(|head| head.digest).collect();
    let mut hall = town.hall.clone();
    withheld.iter().for_each(|digest| drop(hall.remove(digest)));
    town.hall = hall;
    town.connect();
    town.until("the one part", |town| {
        let loaded = town.bench.core.roster.loaded();
        town.bench.core.town.version == 2
            && town.asked.iter().any(|(asked, _)| *asked == moved)
            && loaded.lacking == 1
    });
    town.until("it is in use", |town| {
        town.bench.core.directory.person(id(3)).unwrap().unwrap().district == "新町"
    });
    town.disconnect();
    town.change(3, |everybody| *everybody = before);
    town.connect();
    town.until("everybody as before", |town| {
        let person = town.bench.core.directory.person(id(3)).unwrap();
        town.bench.core.town.version == 3 && person.is_some_and(|person| person.district == "浜町")
    });
    town.until_people(NEAR);
    assert!((0..NEAR).all(|number| town.called(number) == Some(name(number))));
}

#[test]
fn a_hidden_person_is_hidden_from_the_moment_in_which_they_are_loaded() {
    let mut town = Town::new();
    let hidden = NEAR + 5;
    town.change(2, |everybody| everybody.people[hidden as usize].hidden = true);
    town.connect();
    town.until("everything", |town| {
        town.bench.core.town.version == 2 && town.bench.core.roster.loaded().lacking == 0
    });
    town.command(Command::OpenIncident { mode: Mode::Live });
    // The keeper loads, and the core hears nothing of it.
    let began = Instant::now();
    while !town.bench.core.directory.is_hidden(id(hidden)).unwrap() {
        assert!(began.elapsed() < SOON);
        std::thread::sleep(Duration::from_millis(5));
    }
    for here in 1..4 {
        town.tap(hidden);
        assert_eq!(town.bench.lane().here, here, "the number moves as at a first arrival");
    }
    town.until_people(NEAR + FAR);
    town.bench.core.publish(town.bench.now);
    assert_eq!(town.bench.lane().here, 3, "counting anew gives the same");
}

#[test]
fn a_card_whose_part_was_not_loaded_yet_is_joined_to_its_person_afterwards() {
    let mut town = Town::new();
    let number = NEAR + 9;
    town.command(Command::OpenIncident { mode: Mode::Live });
    assert_eq!(town.tap(number), None, "received like an unknown card");
    let derived = town.bench.core.town.key.person_of_unknown_card(town.card(number));
    assert_eq!(town.bench.core.directory.owner_of_derived(derived).unwrap(), None);
    town.connect();
    town.until_people(NEAR + FAR);
    assert_eq!(
        town.bench.core.directory.owner_of_derived(derived).unwrap().map(|(owner, _)| owner),
        Some(id(number))
    );
}

#[test]
fn a_directory_that_is_lost_comes_again_out_of_the_parts_without_a_server() {
    let mut town = Town::new();
    town.connect();
    town.until_people(NEAR);
    town.disconnect();
    let data = town.bench.core.config.data.clone();
    let bench = town.bench.restart();
    drop(bench.core);
    for end in ["", "-wal", "-shm"] {
        drop(std::fs::remove_file(data.join(format!("directory.sqlite{end}"))));
    }
    let core = Core::open(Config::read(&bench.folder.path().join("box.toml")).unwrap()).unwrap();
    let mut bench = Bench { core, ..bench };
    let (package, _) = bench.with_people(&bench.package);
    let signed = root().sign(&package).unwrap();
    bench.core.take_package(root().public(), signed, package, bench.now).unwrap();
    assert_eq!(bench.core.roster.loaded().people, u64::from(NEAR));
}

/// The districts of everybody who is loaded.
fn districts(core: &Core) -> Vec<String> {
    let mut names: Vec<String> =
        core.directory.groups().unwrap().into_iter().map(|(district, ..)| district).collect();
    names.dedup();
    names
}
