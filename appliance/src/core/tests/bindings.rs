//! テレビを つなぐ: a household's card, the last touch, and what becomes of it at the town hall.

use std::time::Duration;

use hinamori_ipc::{BindingStanding, SignInFault, TelevisionBinding};
use hinamori_sim::presented::Fault;
use hinamori_store_sqlite::KeyRow;
use hinamori_sync::{AlertMessage, BindingOutcome, CarriedBinding, Grants, Held, Session, Side};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::staff::LEADER;
use super::*;

const CODE: u32 = 48_217_350;
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: u64 = 24 * 3_600_000;

impl Bench {
    /// The leader is signed in with their PIN, in a live incident.
    fn at_the_counter() -> Self {
        let mut bench = Self::staffed();
        assert_eq!(bench.sign_in("hanako", Some("1234")), []);
        bench
    }

    /// What the kiosk is told when this card comes for the television.
    fn wants_television(&mut self, card: &str) -> Vec<ToKiosk> {
        assert_eq!(self.ask_now(Command::BindTelevision { code: CODE }), Ok(None));
        self.hold_awaited(card, Fault::None)
    }

    fn given(&mut self) -> Vec<(u32, BindingStanding)> {
        let Ok(Some(ToKiosk::Televisions(given))) = self.ask_now(Command::ShowTelevisions) else { panic!() };
        given.iter().map(|TelevisionBinding { code, standing, .. }| (*code, *standing)).collect()
    }

    fn waiting(&self) -> Vec<CarriedBinding> {
        self.core.bindings.waiting(Instant::now())
    }

    fn confirm_television(&mut self) -> Result<Option<ToKiosk>, Refusal> {
        self.ask_now(Command::ConfirmTelevision)
    }

    fn household(&self, card: &str) -> HouseholdId {
        self.core.directory.person(self.person(card)).unwrap().unwrap().household.unwrap()
    }
}

/// A connection to the town hall.
struct TownHall {
    session: Session,
    sent: UnboundedReceiver<Vec<u8>>,
}

impl TownHall {
    fn connect(bench: &mut Bench) -> Self {
        let (out, sent) = unbounded_channel();
        let now = bench.now;
        bench.core.handle(Event::Link(LinkEvent::Down), now);
        bench.core.handle(Event::Link(LinkEvent::Up { out }), now);
        let side = Side::Server { peer: bench.core.own };
        let (session, hello) =
            Session::new(side, root().public(), None, Grants::from(&bench.package), Held::NOTHING);
        bench.core.handle(Event::Link(LinkEvent::Received(hello)), now);
        Self { session, sent }
    }

    /// Which televisions the box says that it gave away.
    fn hears(&mut self, bench: &mut Bench) -> Vec<CarriedBinding> {
        bench.core.tell_of_televisions();
        let mut heard = Vec::new();
        while let Ok(bytes) = self.sent.try_recv() {
            for message in self.session.received(&bytes).unwrap().alerts {
                if let AlertMessage::Bindings(all) = message {
                    heard.extend(all);
                }
            }
        }
        heard
    }
}

#[test]
fn a_card_and_a_touch_give_a_television_away_and_the_town_hall_says_what_became_of_it() {
    let mut bench = Bench::at_the_counter();
    let told = bench.wants_television("isamu");
    let [ToKiosk::TelevisionOf { code: CODE, name }] = &told[..] else { panic!("{told:?}") };
    assert_eq!(name.expose(), "浜田 勇");
    assert_eq!(
        (bench.lane().here, bench.given()),
        (0, Vec::new()),
        "no arrival, and nothing before the touch"
    );
    assert_eq!(
        bench.confirm_television(),
        Err(Refusal::NotNow),
        "whoever looked at the list meanwhile begins anew"
    );
    bench.wants_television("isamu");
    assert!(matches!(bench.confirm_television(), Ok(Some(ToKiosk::Televisions(_)))));
    assert_eq!(bench.given(), [(CODE, BindingStanding::Waiting)]);
    assert_eq!(bench.confirm_television(), Err(Refusal::NotNow), "once");

    // It is on the disk, and says whose it is and who answers for it.
    let mut bench = bench.restart();
    let package = bench.package.clone();
    bench.take(&package);
    let mut hall = TownHall::connect(&mut bench);
    let heard = hall.hears(&mut bench);
    let [binding] = heard[..] else { panic!("{heard:?}") };
    let CarriedBinding { code, household, staff, ago: _ } = binding;
    assert_eq!((code, household, staff), (CODE, bench.household("isamu"), Some(LEADER)));
    bench.core.bindings.grow_old(HOUR);
    assert_eq!(hall.hears(&mut bench), [], "not again at once");
    let mut again = TownHall::connect(&mut bench);
    let [later] = again.hears(&mut bench)[..] else { panic!("on the next line") };
    assert_eq!(CarriedBinding { ago: binding.ago, ..later }, binding);
    assert!(later.ago >= 3_600_000, "{later:?}");

    let other = CarriedBinding { code: 11_111_111, ..binding };
    bench.hear_of(AlertMessage::BindingsSettled(vec![(other, BindingOutcome::Bound)]));
    assert_eq!(bench.waiting().len(), 1, "nothing of this box's");
    bench.hear_of(AlertMessage::BindingsSettled(vec![(binding, BindingOutcome::NoSuchCode)]));
    bench.hear_of(AlertMessage::BindingsSettled(vec![(binding, BindingOutcome::Bound)]));
    assert!(bench.waiting().is_empty());
    assert_eq!(bench.sign_in("hanako", Some("1234")), []);
    assert_eq!(bench.given(), [(CODE, BindingStanding::NoSuchCode)], "the first word counts");
}

#[test]
fn how_long_ago_a_television_was_given_away_is_asked_of_no_clock() {
    let mut bench = Bench::at_the_counter();
    let now = bench.now;
    // Hours behind, and right again by the time it is said.
    bench.now = UnixMillis::new(now.get() - DAY);
    bench.sign_in("hanako", Some("1234"));
    bench.wants_television("isamu");
    bench.confirm_television().unwrap();
    bench.core.bindings.grow_old(HOUR);
    bench.now = now;
    let ago = |bench: &Bench| bench.waiting()[0].ago;
    assert!((3_600_000..3_660_000).contains(&ago(&bench)), "{}", ago(&bench));
    // Touched again it is as old as it was, and after a start as old as the box knows.
    bench.sign_in("hanako", Some("1234"));
    bench.wants_television("isamu");
    bench.confirm_television().unwrap();
    assert!(ago(&bench) >= 3_600_000);
    let package = bench.package.clone();
    let mut bench = bench.restart();
    bench.take(&package);
    assert!(ago(&bench) < 60_000);
}

#[test]
fn what_the_town_hall_answered_stays_as_long_as_it_is_shown_and_goes_with_what_is_erased() {
    let settle = |bench: &mut Bench| {
        bench.wants_television("isamu");
        bench.confirm_television().unwrap();
        let binding = bench.waiting()[0];
        bench.hear_of(AlertMessage::BindingsSettled(vec![(binding, BindingOutcome::Bound)]));
        bench.wants_television("kiyoko");
        bench.confirm_television().unwrap();
        assert_eq!(bench.given(), [(CODE, BindingStanding::Waiting), (CODE, BindingStanding::Bound)]);
    };
    let kept = |bench: &mut Bench| {
        let kept = bench.core.ledger.main_store().setting("television-bindings").unwrap().unwrap();
        hinamori_sync::KeptBinding::all_from_bytes(&kept[32..]).unwrap().len()
    };
    let mut bench = Bench::at_the_counter();
    settle(&mut bench);
    bench.core.tick(bench.now.plus(DAY - 1));
    assert_eq!(kept(&mut bench), 2);
    bench.core.tick(bench.now.plus(DAY));
    assert_eq!((kept(&mut bench), bench.waiting().len()), (1, 1), "what waits was promised");

    let mut bench = Bench::at_the_counter();
    settle(&mut bench);
    let (incident, person) = (bench.package.incidents.live, bench.person("isamu"));
    bench.core.note_erased(&[KeyRow::PersonErased { incident, person, at: bench.now }]);
    assert_eq!(kept(&mut bench), 1);

    let mut bench = Bench::at_the_counter();
    settle(&mut bench);
    let next = closing::closed(&bench.package, bench.now);
    bench.take(&next);
    assert_eq!(
        (kept(&mut bench), bench.waiting().len()),
        (2, 1),
        "the incident has records that nobody confirmed"
    );
    bench.core.wipe(incident, bench.now);
    assert_eq!((kept(&mut bench), bench.waiting().len()), (1, 1));
}

#[test]
fn a_card_of_which_no_list_speaks_gives_no_television_away_and_is_received_all_the_same() {
    const LEADER_S: &str = "hanako";
    let without_lists = {
        let mut bench = Bench::without_town();
        bench.package.staff = vec![bench.grant(LEADER, hinamori_model::Role::Leader, LEADER_S)];
        let package = bench.package.clone();
        bench.take_with_parts(&root(), &package);
        bench.core.publish(bench.now);
        bench.open(Mode::Live);
        bench
    };
    // By what the root says lists are three weeks old, and the town lets them count for three days.
    let with_old_lists = Bench::staffed_where(|package| package.issued_at = package.issued_at.plus(21 * DAY));
    for mut bench in [without_lists, with_old_lists] {
        bench.sign_in(LEADER_S, Some("1234"));
        assert_eq!(bench.wants_television("isamu"), [ToKiosk::NotSignedIn(SignInFault::NotChecked)]);
        assert_eq!(bench.confirm_television(), Err(Refusal::NotNow));
        assert_eq!(bench.wants_television("unknown"), [ToKiosk::NotSignedIn(SignInFault::NotChecked)]);
        assert!(matches!(bench.tap("isamu"), AnswerKind::Welcome { .. }));
    }
    // A list that is not here in time yet still counts.
    let mut bench = Bench::staffed_where(|package| package.issued_at = package.issued_at.plus(DAY));
    bench.sign_in(LEADER_S, Some("1234"));
    assert!(matches!(bench.wants_television("isamu")[..], [ToKiosk::TelevisionOf { .. }]));
}

#[test]
fn of_a_code_that_still_waits_the_latest_card_counts() {
    let mut bench = Bench::at_the_counter();
    for card in ["kiyoko", "isamu"] {
        bench.wants_television(card);
        bench.confirm_television().unwrap();
    }
    let waiting = bench.waiting();
    assert_ne!(bench.household("kiyoko"), bench.household("isamu"));
    assert_eq!(waiting.iter().map(|one| one.household).collect::<Vec<_>>(), [bench.household("isamu")]);
}

#[test]
fn a_hidden_person_s_card_does_what_their_housemate_s_does_and_is_not_said() {
    let hidden_in_the_list = Bench::at_the_counter().wants_television("hidden");
    assert!(matches!(hidden_in_the_list[..], [ToKiosk::TelevisionOf { code: CODE, .. }]));
    // Hidden by a record: the same answer as before, and the same bytes to the town hall as by the housemate's card.
    let mut bench = Bench::at_the_counter();
    let before = bench.wants_television("isamu");
    let person = bench.person("isamu");
    assert_eq!(bench.ask_now(Command::Hide { person }), Ok(Some(ToKiosk::Done)));
    assert_eq!(bench.wants_television("isamu"), before);
    bench.confirm_television().unwrap();
    let by_hidden = bench.waiting();
    let mut other = Bench::at_the_counter();
    other.wants_television("naoki");
    other.confirm_television().unwrap();
    let of = |all: &[CarriedBinding]| (all[0].code, all[0].household, all[0].staff);
    assert_eq!(of(&by_hidden), of(&other.waiting()));
    assert_eq!(bench.lane().here, 0);
    assert!(matches!(bench.tap("isamu"), AnswerKind::Welcome { .. }), "for ever not seen yet");
}

#[test]
fn nobody_without_a_pin_and_no_card_in_doubt_gives_a_television_away() {
    let mut bench = Bench::staffed();
    let bind = |code| Command::BindTelevision { code };
    assert_eq!(bench.ask_now(bind(CODE)), Err(Refusal::SignIn));
    bench.sign_in("hanako", None);
    assert_eq!(bench.ask_now(bind(CODE)), Err(Refusal::Pin));
    bench.ask_now(Command::OpenWithoutStaff).unwrap();
    assert_eq!(bench.ask_now(bind(CODE)), Err(Refusal::SignIn), "somebody answers for it");
    bench.sign_in("hanako", Some("1234"));
    for code in [0, 9_999_999, 100_000_000] {
        assert_eq!(bench.ask_now(bind(code)), Err(Refusal::NotNow), "{code}");
    }
    for (card, fault) in [
        ("revoked", SignInFault::Stopped),
        ("expired", SignInFault::Stopped),
        ("untrusted", SignInFault::Stopped),
        ("suica", SignInFault::Stopped),
        ("unknown", SignInFault::NoHousehold),
        ("garbage", SignInFault::Stopped),
    ] {
        let told = bench.wants_television(card);
        assert!(matches!(told[..], [ToKiosk::NotSignedIn(found)] if found == fault), "{card}: {told:?}");
        assert_eq!(bench.confirm_television(), Err(Refusal::NotNow), "{card}");
    }
    // A household of elsewhere: its sets are given out there.
    let elsewhere = |package: &mut Package| package.sites[0].catchment = vec!["港町".to_owned()];
    let mut bench = Bench::staffed_where(elsewhere);
    bench.sign_in("hanako", Some("1234"));
    assert_eq!(bench.wants_television("isamu"), [ToKiosk::NotSignedIn(SignInFault::NoHousehold)]);
}

#[test]
fn what_is_practised_gives_no_television_away_and_neither_does_a_session_that_ended() {
    let mut bench = Bench::without_town();
    bench.package.staff = vec![bench.grant(LEADER, hinamori_model::Role::Leader, "hanako")];
    let package = bench.package.clone();
    bench.take(&package);
    bench.sign_in("hanako", Some("1234"));
    bench.wants_television("isamu");
    bench.ask_now(Command::SignOut).unwrap();
    assert_eq!(bench.confirm_television(), Err(Refusal::SignIn));
    bench.sign_in("hanako", Some("1234"));
    assert_eq!(bench.confirm_television(), Err(Refusal::NotNow));
    bench.wants_television("isamu");
    bench.now = bench.now.plus(61_000);
    assert_eq!(bench.confirm_television(), Err(Refusal::NotNow), "nobody stands there any more");
    bench.open(Mode::Drill);
    bench.sign_in("hanako", Some("1234"));
    assert_eq!(bench.ask_now(Command::BindTelevision { code: CODE }), Err(Refusal::NotNow));
    // Another town's box says nothing of it.
    bench.core.bindings.follow([8; 32], bench.core.ledger.main_store());
    assert!(bench.waiting().is_empty());
}

#[test]
fn a_disk_that_takes_nothing_gives_nothing_away() {
    let mut bench = Bench::at_the_counter();
    bench.wants_television("isamu");
    let file = rusqlite::Connection::open(bench.folder.path().join("data/records.sqlite")).unwrap();
    file.execute_batch(
        "CREATE TRIGGER full BEFORE INSERT ON setting BEGIN SELECT RAISE(ABORT, 'no room'); END;",
    )
    .unwrap();
    assert_eq!(bench.confirm_television(), Err(Refusal::Disk));
    assert!(bench.waiting().is_empty());
}
