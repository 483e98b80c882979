//! Who is signed in, what that opens, and what is kept of it. Cards are the tray's; the town's list of staff is made here.

use hinamori_ipc::{Frames, Screen, SecretDigits, SignInFault, SignedInBy, StaffSession, decode};
use hinamori_model::{AuditAction, LookupReason, Role, StaffId};
use hinamori_sim::presented::Fault;
use hinamori_sync::town::{StaffCard, StaffGrant};

use super::*;
use crate::core::audit::About;

pub(super) const LEADER: StaffId = StaffId::from_bytes([0x11; 16]);
const NURSE: StaffId = StaffId::from_bytes([0x22; 16]);
const DAY: u64 = 86_400_000;

/// Who, what, about whom, why, how many.
pub(super) type AuditLine = (Option<StaffId>, AuditAction, Option<PersonId>, Option<LookupReason>, u16);

pub(super) fn digits(text: &str) -> SecretDigits {
    let mut digits = SecretDigits::default();
    text.chars().for_each(|digit| digits.push(digit));
    digits
}

impl Bench {
    pub(super) fn grant(&self, id: StaffId, role: Role, card: &str) -> StaffGrant {
        let registered = self.tray.registrations();
        let person = self.person(card);
        let found = registered.iter().find(|registration| registration.person == person).unwrap();
        let key = hinamori_model::TownKey::new(self.package.key.0);
        StaffGrant {
            id,
            name: PersonalText::new("職員"),
            role,
            cards: vec![StaffCard {
                card: key.card_key(found.kind, &found.identity),
                application_key: found.application_key.clone(),
            }],
            sites: Vec::new(),
            until: self.now.plus(30 * DAY),
        }
    }

    /// A live incident in a town with a leader (Hanako's card) and a nurse (Naoki's).
    pub(super) fn staffed() -> Self {
        Self::staffed_where(|_| {})
    }

    pub(super) fn staffed_where(change: impl FnOnce(&mut Package)) -> Self {
        let mut bench = Self::without_town();
        bench.package.staff =
            vec![bench.grant(LEADER, Role::Leader, "hanako"), bench.grant(NURSE, Role::Nurse, "naoki")];
        change(&mut bench.package);
        let package = bench.package.clone();
        bench.take(&package);
        bench.open(Mode::Live);
        bench
    }

    pub(super) fn ask_now(&mut self, command: Command) -> Result<Option<ToKiosk>, Refusal> {
        let reply = self.core.command(LANE, command, self.now);
        self.core.publish(self.now);
        reply
    }

    /// Holds a card that is waited for, as the reader's thread reads it; what the lane's kiosk was told, beside changes.
    pub(super) fn hold_awaited(&mut self, card: &str, fault: Fault) -> Vec<ToKiosk> {
        let (out, heard) = Outbox::for_test();
        let kiosk = KioskId::for_test();
        self.core.handle(Event::Kiosk(KioskEvent::Joined { kiosk, lane: LANE, out }), self.now);
        let card = self.tray.card(card).unwrap();
        let presented = PresentedCard::new(card.fresh(), fault, Timing::NONE);
        let reader = ReaderName("one".to_owned());
        let outcome = self.core.checks.run(&reader, &mut DirectCard(presented));
        let event = ReaderEvent::Tap { reader, outcome, last_byte: Instant::now() };
        self.core.handle(Event::Reader(Box::new(event)), self.now);
        self.core.publish(self.now);
        self.core.kiosks.clear();
        let mut frames = Frames::default();
        let mut told = Vec::new();
        while let Ok(bytes) = heard.try_recv() {
            frames.feed(&bytes);
            while let Some(body) = frames.next_body().unwrap() {
                told.push(decode::<ToKiosk>(&body).unwrap());
            }
        }
        told.retain(|message| {
            !matches!(message, ToKiosk::Hello { .. } | ToKiosk::Snapshot(_) | ToKiosk::Changes(_))
        });
        told
    }

    pub(super) fn sign_in(&mut self, card: &str, pin: Option<&str>) -> Vec<ToKiosk> {
        self.ask_now(Command::SignIn { pin: pin.map(digits) }).unwrap();
        self.hold_awaited(card, Fault::None)
    }

    fn session(&self) -> Option<StaffSession> {
        self.lane().staff.clone()
    }

    /// Every audit record, the oldest first.
    pub(super) fn audited(&self) -> Vec<AuditLine> {
        let file = rusqlite::Connection::open(self.folder.path().join("data/records.sqlite")).unwrap();
        let mut statement = file
            .prepare("SELECT staff, event, person, reason, people FROM record WHERE kind = 10 ORDER BY at")
            .unwrap();
        let rows = statement.query_map([], |row| {
            Ok((
                row.get::<_, Option<[u8; 16]>>(0)?.map(StaffId::from_bytes),
                AuditAction::from_code(row.get(1)?).unwrap(),
                row.get::<_, Option<[u8; 16]>>(2)?.map(PersonId::from_bytes),
                row.get::<_, Option<u64>>(3)?.and_then(LookupReason::from_code),
                row.get(4)?,
            ))
        });
        rows.unwrap().map(Result::unwrap).collect()
    }

    fn actions(&self) -> Vec<AuditAction> {
        self.audited().into_iter().map(|(_, action, ..)| action).collect()
    }
}

fn search(text: &str) -> Command {
    Command::Search { query: PersonalText::new(text) }
}

fn fault(told: &[ToKiosk]) -> SignInFault {
    match told {
        [ToKiosk::NotSignedIn(fault)] => *fault,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_town_without_staff_asks_nobody_and_one_with_staff_asks_before_it_shows_others() {
    let mut bench = Bench::new();
    bench.open(Mode::Live);
    assert!(!bench.lane().asks_sign_in);
    assert!(bench.ask_now(search("は")).is_ok());
    let hidden = bench.person("kiyoko");
    assert_eq!(
        bench.ask_now(Command::Hide { person: hidden }),
        Err(Refusal::SignIn),
        "nobody answers for it"
    );

    let mut bench = Bench::staffed();
    assert!(bench.lane().asks_sign_in);
    assert_eq!(bench.ask_now(search("は")), Err(Refusal::SignIn));
    assert_eq!(bench.ask_now(Command::ShowLeaderList), Err(Refusal::SignIn));
    // The queue goes on.
    assert!(matches!(bench.tap("isamu"), AnswerKind::Welcome { .. }));
    assert!(bench.ask_now(Command::ShowNotArrived { district: None, from: 0 }).is_ok());
    // A list that ran out opens nothing, and neither does one for another site.
    let over = Bench::staffed_where(|package| {
        package.staff.iter_mut().for_each(|grant| grant.until = UnixMillis::new(1));
    });
    assert!(over.lane().asks_sign_in);
    let elsewhere = Bench::staffed_where(|package| {
        package.staff.iter_mut().for_each(|grant| grant.sites = vec![SiteId::from_bytes([8; 16])]);
    });
    assert!(!elsewhere.lane().asks_sign_in);
}

#[test]
fn a_staff_card_signs_in_and_is_no_arrival() {
    let mut bench = Bench::staffed();
    assert_eq!(bench.sign_in("hanako", None), []);
    let session = bench.session().unwrap();
    assert_eq!((session.role, session.by), (Role::Leader, SignedInBy::Card));
    assert_eq!((bench.lane().here, bench.actions()), (0, vec![AuditAction::SignedIn]));
    assert!(bench.ask_now(search("は")).is_ok());
    let settle = Command::Settle { person: bench.person("isamu"), site: SiteId::from_bytes([7; 16]) };
    assert_eq!(bench.ask_now(settle), Err(Refusal::Pin));
    assert_eq!(bench.ask_now(Command::ShowCareList), Err(Refusal::SignIn), "a leader is no nurse");
    // The next card at the lane arrives as ever.
    assert!(matches!(bench.tap("isamu"), AnswerKind::Welcome { .. }));
    assert_eq!(bench.lane().here, 1);
    // With the PIN she may overrule; the PIN is presented once.
    assert_eq!(bench.sign_in("hanako", Some("1234")), []);
    assert_eq!(bench.session().unwrap().by, SignedInBy::CardAndPin);
    bench.ask_now(Command::SignOut).unwrap();
    assert_eq!((bench.session(), bench.ask_now(search("は"))), (None, Err(Refusal::SignIn)));
}

#[test]
fn who_is_no_staff_proves_nothing_or_is_stopped_is_told_and_nobody_is_signed_in() {
    let mut bench = Bench::staffed_where(|_| {});
    assert_eq!(fault(&bench.sign_in("isamu", None)), SignInFault::NotStaff);
    assert_eq!(fault(&bench.sign_in("suica-unknown", None)), SignInFault::NotStaff);
    let wrong = SignInFault::WrongPin { tries_left: Some(2) };
    assert_eq!(fault(&bench.sign_in("hanako", Some("4321"))), wrong);
    assert_eq!(bench.ask_now(Command::SignIn { pin: Some(digits("12")) }), Err(Refusal::NotNow));
    assert_eq!(bench.lane().here, 0, "none of them was an arrival");

    // A copy of the certificate on another chip, a card without a stored key, and a revoked one.
    let mut bench = Bench::without_town();
    let mut grants: Vec<_> = [("hanako", 1), ("kiyoko", 2), ("revoked", 3)]
        .map(|(card, id)| bench.grant(StaffId::from_bytes([id; 16]), Role::Leader, card))
        .into();
    grants[1].cards[0].application_key = None;
    bench.package.staff = grants;
    bench.everybody.cards.iter_mut().for_each(|card| card.application_key = None);
    let package = bench.package.clone();
    bench.take(&package);
    bench.open(Mode::Live);
    assert_eq!(fault(&bench.sign_in("clone", None)), SignInFault::NotProven);
    assert_eq!(fault(&bench.sign_in("kiyoko", None)), SignInFault::NotProven);
    assert_eq!(fault(&bench.sign_in("revoked", Some("1234"))), SignInFault::Stopped);
    assert_eq!((bench.session(), bench.lane().here), (None, 0));
    assert!(bench.actions().is_empty());
}

#[test]
fn a_card_that_is_torn_away_signs_nobody_in_arrives_nowhere_and_sees_the_pin_once() {
    let mut bench = Bench::staffed();
    for answered in 0..60 {
        bench.ask_now(Command::SignIn { pin: Some(digits("1234")) }).unwrap();
        let told = bench.hold_awaited("hanako", Fault::TornAfter(answered));
        if told.is_empty() {
            assert!(bench.session().is_some(), "it was read as a whole");
            assert!(answered > 5);
            break;
        }
        assert_eq!(fault(&told), SignInFault::NotRead, "{answered}");
        assert_eq!((bench.session(), bench.lane().here), (None, 0), "{answered}");
    }
    // The time to hold the card is over, or somebody touched something else: it arrives like any other.
    bench.ask_now(Command::SignOut).unwrap();
    bench.ask_now(Command::SignIn { pin: None }).unwrap();
    bench.ask_now(Command::ShowWatchList).unwrap();
    assert!(matches!(bench.tap("hanako"), AnswerKind::Welcome { .. }));
    assert_eq!(bench.session(), None);
}

#[test]
fn a_session_ends_by_idleness_by_another_card_of_staff_and_by_another_incident() {
    let mut bench = Bench::staffed();
    bench.sign_in("hanako", None);
    bench.now = bench.now.plus(170_000);
    assert!(bench.ask_now(search("は")).is_ok());
    bench.now = bench.now.plus(170_000);
    assert!(bench.ask_now(search("は")).is_ok(), "every touch prolongs it");
    bench.now = bench.now.plus(181_000);
    bench.core.tick(bench.now);
    bench.core.publish(bench.now);
    assert_eq!(bench.session(), None);
    bench.sign_in("hanako", None);
    bench.tap("isamu");
    assert!(bench.session().is_some(), "a resident's card ends nothing");
    bench.tap("naoki");
    assert_eq!(bench.session(), None);
    bench.sign_in("naoki", None);
    bench.sign_in("hanako", None);
    assert_eq!(bench.session().unwrap().role, Role::Leader);
    bench.ask_now(Command::EndDrill { then: Mode::DailyLife }).ok();
    bench.sign_in("hanako", None);
    // A newer list without her.
    let mut next = Package { version: 2, ..bench.package.clone() };
    next.staff.remove(0);
    bench.take(&next);
    bench.core.tick(bench.now);
    bench.core.publish(bench.now);
    assert_eq!(bench.session(), None);
}

#[test]
fn without_staff_the_pages_open_and_everybody_knows() {
    let mut bench = Bench::staffed();
    bench.ask_now(Command::OpenWithoutStaff).unwrap();
    let session = bench.session().unwrap();
    assert_eq!((session.by, session.alarms), (SignedInBy::Nobody, 1));
    assert!(bench.ask_now(search("は")).is_ok());
    let hide = Command::Hide { person: bench.person("kiyoko") };
    assert_eq!(bench.ask_now(hide), Err(Refusal::SignIn));
    bench.ask_now(Command::SignOut).unwrap();
    let [(None, first, ..), (None, second, ..), (None, third, ..)] = bench.audited()[..] else {
        panic!("{:?}", bench.audited());
    };
    let opened = [AuditAction::OpenedWithoutStaff, AuditAction::Searched, AuditAction::SignedOut];
    assert_eq!([first, second, third], opened);
}

#[test]
fn a_name_typed_letter_by_letter_is_one_record_and_a_list_is_another() {
    let mut bench = Bench::staffed();
    bench.sign_in("hanako", None);
    for letters in ["浜", "浜田", "浜田 勇"] {
        bench.ask_now(search(letters)).unwrap();
    }
    assert_eq!(bench.actions(), [AuditAction::SignedIn], "nothing yet");
    let isamu = bench.person("isamu");
    bench.ask_now(Command::CheckIn { people: vec![isamu] }).unwrap();
    let (staff, action, person, reason, people) = bench.audited()[1];
    assert_eq!((staff, action), (Some(LEADER), AuditAction::Searched));
    assert_eq!((person, reason), (Some(isamu), Some(LookupReason::Round)));
    assert!(people >= 2, "{people}");
    bench.ask_now(Command::ShowStays).unwrap();
    bench.ask_now(Command::ConfirmStays { people: vec![isamu] }).unwrap();
    assert_eq!(bench.actions().len(), 3, "the list shows nobody new");
    bench.tap("kiyoko");
    bench.ask_now(Command::ShowStays).unwrap();
    assert_eq!(bench.actions()[3..], [AuditAction::SawStays]);
    // Half a minute after the first letter.
    bench.ask_now(search("も")).unwrap();
    bench.now = bench.now.plus(31_000);
    bench.core.tick(bench.now);
    assert_eq!(bench.actions().last(), Some(&AuditAction::Searched));
}

#[test]
fn who_reads_more_than_the_work_needs_raises_one_alarm() {
    let mut bench = Bench::without_town();
    bench.package.staff = vec![bench.grant(LEADER, Role::Leader, "hanako")];
    for number in 0..400_u16 {
        let mut id = [0xEE; 16];
        id[..2].copy_from_slice(&number.to_be_bytes());
        let block = number / 40;
        let person = Person {
            district: "浜町".to_owned(),
            group: format!("{block}班"),
            ..Person::named(PersonId::from_bytes(id), PersonalText::new(format!("人 {number}")))
        };
        bench.everybody.people.push(person);
    }
    let package = bench.package.clone();
    bench.take(&package);
    bench.open(Mode::Live);
    bench.sign_in("hanako", None);
    let mut alarms = Vec::new();
    for block in 0..10 {
        let (district, group) = ("浜町".to_owned(), format!("{block}班"));
        bench.ask_now(Command::ShowGroup { district, group }).unwrap();
        alarms.push(bench.session().unwrap().alarms);
    }
    assert_eq!(alarms, [0, 0, 0, 0, 0, 0, 0, 1, 1, 1]);
    let bulk = |action: &AuditAction| *action == AuditAction::BulkReading;
    assert_eq!(bench.actions().iter().filter(|action| bulk(action)).count(), 1);
}

#[test]
fn people_see_who_looked_at_them_by_their_own_card_and_hidden_people_what_says_nothing_of_where_they_are() {
    let mut bench = Bench::staffed();
    let (kiyoko, hidden) = (bench.person("kiyoko"), bench.person("hidden"));
    bench.sign_in("hanako", None);
    for person in [kiyoko, hidden] {
        let name = bench.core.directory.person(person).unwrap().unwrap().name;
        bench.ask_now(Command::Search { query: name }).unwrap();
        bench.ask_now(Command::ToldElsewhere { people: vec![person] }).unwrap();
    }
    let lookups = |bench: &mut Bench, card: &str| {
        bench.tap(card);
        let Screen::Answer(answer) = bench.lane().screen.clone() else { panic!() };
        let shown = bench.ask_now(Command::ShowLookups { answer: answer.id }).unwrap();
        let Some(ToKiosk::Lookups(shown)) = shown else { panic!("{shown:?}") };
        (answer.lookups, shown.len(), shown.first().map(|lookup| lookup.role))
    };
    assert_eq!(lookups(&mut bench, "kiyoko"), (1, 1, Some(Role::Leader)));
    // Somebody may have made staff search for them, to see whether their card says so.
    assert_eq!(lookups(&mut bench, "hidden"), (1, 1, Some(Role::Leader)));
    let about = About { person: Some(hidden), reason: Some(LookupReason::Care), people: 1 };
    bench.core.audit(LANE, (Some(NURSE), Role::Nurse), AuditAction::SawPerson, about, bench.now).unwrap();
    bench.tap("kiyoko");
    assert_eq!(lookups(&mut bench, "hidden"), (1, 1, Some(Role::Leader)));
    assert_eq!(bench.core.lookups_of(hidden).unwrap().len(), 2, "the auditor sees all");
    bench.tap("unknown");
    let Screen::Answer(answer) = bench.lane().screen.clone() else { panic!() };
    let refused = bench.ask_now(Command::ShowLookups { answer: answer.id });
    assert_eq!(refused, Err(Refusal::NotNow), "its holder is not known");
}

#[test]
fn a_pass_opens_every_box_of_the_town_and_its_number_has_three_tries() {
    let mut bench = Bench::staffed();
    let issue = |role, days| Command::IssuePass { role, days };
    bench.sign_in("hanako", None);
    assert_eq!(bench.ask_now(issue(Role::Nurse, 3)), Err(Refusal::Pin));
    bench.sign_in("hanako", Some("1234"));
    for (role, days) in [(Role::Official, 1), (Role::Auditor, 1), (Role::Nurse, 0), (Role::Nurse, 8)] {
        assert_eq!(bench.ask_now(issue(role, days)), Err(Refusal::NotNow));
    }
    let Ok(Some(ToKiosk::Pass(pass))) = bench.ask_now(issue(Role::Nurse, 2)) else { panic!() };
    let Ok(Some(ToKiosk::Pass(leader))) = bench.ask_now(issue(Role::Leader, 1)) else { panic!() };
    // Another box of the town, which never heard of it.
    let mut bench = Bench::staffed();
    let code = pass.code.clone();
    let with =
        |number: Option<&str>| Command::SignInWithPass { code: code.clone(), number: number.map(digits) };
    assert_eq!(bench.ask_now(with(None)), Ok(None));
    assert_eq!(bench.session().unwrap().by, SignedInBy::Pass);
    assert_eq!(bench.ask_now(Command::ShowCareList), Err(Refusal::Pin));
    let wrong: String =
        pass.number.expose().bytes().map(|digit| char::from(b'0' + (digit - b'0' + 1) % 10)).collect();
    let told = |left| Ok(Some(ToKiosk::NotSignedIn(SignInFault::WrongPin { tries_left: Some(left) })));
    assert_eq!(bench.ask_now(with(Some(&wrong))), told(2));
    assert_eq!(bench.ask_now(with(Some(pass.number.expose()))), Ok(None));
    assert_eq!(bench.session().unwrap().by, SignedInBy::CardAndPin);
    for left in [2, 1, 0] {
        assert_eq!(bench.ask_now(with(Some(&wrong))), told(left));
    }
    let blocked = Ok(Some(ToKiosk::NotSignedIn(SignInFault::Blocked)));
    assert_eq!(bench.ask_now(with(Some(pass.number.expose()))), blocked);
    // A pass makes no passes.
    let number = Some(digits(leader.number.expose()));
    bench.ask_now(Command::SignInWithPass { code: leader.code, number }).unwrap();
    assert_eq!(bench.session().unwrap().role, Role::Leader);
    assert_eq!(bench.ask_now(issue(Role::Volunteer, 1)), Err(Refusal::NotNow));
    bench.now = bench.now.plus(3 * DAY);
    let over = Ok(Some(ToKiosk::NotSignedIn(SignInFault::Over)));
    assert_eq!(bench.ask_now(with(None)), over);
}

#[test]
fn a_pass_of_a_drill_opens_nothing_in_earnest() {
    let mut bench = Bench::staffed();
    bench.ask_now(Command::EndDrill { then: Mode::DailyLife }).ok();
    let pass = hinamori_model::StaffPass {
        id: NURSE,
        role: Role::Leader,
        until: bench.now.plus(DAY),
        site: SiteId::from_bytes([7; 16]),
        is_drill: true,
    };
    let code = PersonalText::new(pass.code(&hinamori_model::TownKey::new(bench.package.key.0)));
    let refused = bench.ask_now(Command::SignInWithPass { code, number: None });
    assert_eq!(refused, Ok(Some(ToKiosk::NotSignedIn(SignInFault::NotStaff))));
}

#[test]
fn a_nurse_sees_what_a_hidden_person_needs_and_hands_the_list_over_to_a_nurse_with_a_pin() {
    let mut bench = Bench::staffed();
    let next = bench.grant(StaffId::from_bytes([0x33; 16]), Role::Nurse, "isamu");
    bench.package.staff.push(next);
    bench.package.version += 1;
    let package = bench.package.clone();
    bench.take(&package);
    bench.tap("hidden");
    let Screen::Answer(answer) = &bench.lane().screen else { panic!("nothing is shown") };
    let (answer, needs) = (answer.id, vec![hinamori_model::ArrivalNeed::LifeSupport]);
    assert_eq!(bench.ask_now(Command::TellNeeds { answer, needs }), Ok(Some(ToKiosk::Done)));
    assert_eq!(bench.sign_in("naoki", None), []);
    assert_eq!(bench.ask_now(Command::ShowCareList), Err(Refusal::Pin), "a card alone opens no health data");
    assert_eq!(bench.sign_in("naoki", Some("1234")), []);
    let Ok(Some(ToKiosk::CareList(list))) = bench.ask_now(Command::ShowCareList) else { panic!("no list") };
    assert!(matches!(list.items.as_slice(), [only] if only.hidden && only.name.is_some()));
    // Not to herself, not to somebody who is no nurse.
    for refused in ["naoki", "hanako"] {
        bench.ask_now(Command::HandOver { pin: digits("1234") }).unwrap();
        let told = bench.hold_awaited(refused, Fault::None);
        assert_eq!(told, [ToKiosk::NotSignedIn(SignInFault::NotStaff)]);
    }
    bench.ask_now(Command::HandOver { pin: digits("1234") }).unwrap();
    assert_eq!(bench.hold_awaited("isamu", Fault::None), [ToKiosk::Done]);
    let Ok(Some(ToKiosk::CareList(list))) = bench.ask_now(Command::ShowCareList) else { panic!("no list") };
    assert!(list.handed_over.is_some_and(|(name, _)| name.is_some()));
}
