//! カードで登録: the simulated card's log judges how often a secret was presented.

use hinamori_card::{CardError, Response, Transport, TransportError};
use hinamori_ipc::{AttributeFault, AttributeSecret, Candidates, Compared, Screen, SecretDigits};
use hinamori_model::{BindingAssurance, BirthDate, CalendarDate, Sex};
use hinamori_pki::AttributeIssuers;
use hinamori_sim::log::CommandLog;
use hinamori_sim::presented::Fault;
use hinamori_sim::virtual_card::VirtualCard;

use super::*;

/// Of every card of the tray.
const PIN: &str = "1234";

fn digits(text: &str) -> SecretDigits {
    let mut digits = SecretDigits::default();
    text.chars().for_each(|digit| digits.push(digit));
    digits
}

fn pin(text: &str) -> AttributeSecret {
    AttributeSecret::Pin(digits(text))
}

/// The town's register knows of the holders what their cards say.
fn registered(bench: &mut Bench) {
    let tray = TrayFile::read(&demo_town("tray.toml")).unwrap();
    for card in tray.cards {
        let (Some(person), Some(holder)) = (card.person, card.holder) else { continue };
        let Some(person) = bench.everybody.people.iter_mut().find(|known| known.id == person) else {
            continue;
        };
        let number: u32 = holder.birth_date.parse().unwrap();
        let (month, day) = ((number / 100 % 100) as u8, (number % 100) as u8);
        person.birth =
            Some(BirthDate::from(CalendarDate::new((number / 10_000) as u16, month, day).unwrap()));
        person.sex = Sex::from_code(u64::from(holder.sex.to_digit(10).unwrap())).unwrap();
        person.address = PersonalText::new(holder.address);
    }
}

impl Bench {
    /// A live incident in a town whose cards nobody registered yet. Its box knows who signs attributes.
    fn unregistered() -> Self {
        Self::unregistered_where(|_| {})
    }

    fn unregistered_where(change: impl FnOnce(&mut Self)) -> Self {
        let mut bench = Self::without_town();
        let file = bench.folder.path().join("issuer.spki");
        std::fs::write(&file, bench.tray.authorities().attributes.spki()).unwrap();
        bench.pin(issuers_of(&[file]));
        bench.everybody.cards.clear();
        registered(&mut bench);
        change(&mut bench);
        let package = bench.package.clone();
        bench.take(&package);
        bench.open(Mode::Live);
        bench
    }

    fn pin(&mut self, issuers: AttributeIssuers) {
        self.core.checks = Arc::new(CheckedTap::new(Arc::clone(&self.core.town.checks), issuers));
    }

    fn fresh(&self, card: &str) -> VirtualCard {
        self.tray.card(card).unwrap().fresh()
    }

    /// What the reader's thread makes of a card, and what the card was asked.
    fn present(&self, card: VirtualCard, fault: Fault) -> (Result<Reading, CardError>, CommandLog) {
        let presented = PresentedCard::new(card, fault, Timing::NONE);
        let log = presented.log();
        let reader = ReaderName("one".to_owned());
        (self.core.checks.run(&reader, &mut DirectCard(presented)), log)
    }

    fn say(&mut self, secret: AttributeSecret) {
        self.core.command(LANE, Command::ReadAttributes { secret }, self.now).unwrap();
    }

    /// Somebody says the secret, then the card comes.
    fn tap_with(&mut self, secret: AttributeSecret, card: &str) -> (AnswerKind, usize) {
        self.say(secret);
        let (reading, log) = self.present(self.fresh(card), Fault::None);
        (self.hold(reading.unwrap()), log.secrets_presented())
    }

    fn confirm(&mut self, person: Option<PersonId>) -> AnswerKind {
        self.touch(|answer| Command::ConfirmCandidate { answer, person })
    }

    /// How well the last link is founded.
    fn binding(&self) -> Option<BindingAssurance> {
        self.latest_binding(5)
    }

    /// That of the last record of a kind that counts.
    fn latest_binding(&self, kind: u8) -> Option<BindingAssurance> {
        let file = rusqlite::Connection::open(self.folder.path().join("data/records.sqlite")).unwrap();
        let code: Option<u64> = file
            .query_row(
                "SELECT binding FROM record WHERE kind = ?1 AND undone = 0 ORDER BY at DESC LIMIT 1",
                [kind],
                |row| row.get(0),
            )
            .ok()
            .flatten();
        code.and_then(BindingAssurance::from_code)
    }
}

fn candidates(kind: AnswerKind) -> Candidates {
    match kind {
        AnswerKind::Candidates(candidates) => candidates,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_card_says_by_its_pin_whose_it_is_and_is_bound_by_one_touch() {
    let mut bench = Bench::unregistered();
    let hanako = bench.person("hanako");
    let (kind, presented) = bench.tap_with(pin(PIN), "hanako");
    let found = candidates(kind);
    assert_eq!((presented, found.signed, bench.lane().here), (1, true, 1));
    assert_eq!(found.people[0].found.person, hanako);
    let agreement = found.people[0].agreement;
    let all = [agreement.name, agreement.birth, agreement.sex, agreement.address];
    assert_eq!(all, [Compared::Agrees; 4]);
    assert_eq!(bench.confirm(Some(hanako)), AnswerKind::Done { people: 1 });
    assert_eq!((bench.binding(), bench.lane().here), (Some(BindingAssurance::AttributesSignedWithPin), 1));
    assert_eq!(bench.lane().later, 0, "her line is off the leader's list");
    // The secret was for one card: the next ones are read as ever, and she has her name.
    let (reading, log) = bench.present(bench.fresh("hanako"), Fault::None);
    assert_eq!(log.secrets_presented(), 0);
    assert!(matches!(bench.hold(reading.unwrap()), AnswerKind::Here { name: Some(_) }));
    assert_eq!(bench.latest_binding(0), Some(BindingAssurance::AttributesSignedWithPin));
    // A bound card asks nothing, whatever it says.
    let (kind, presented) = bench.tap_with(pin(PIN), "hanako");
    assert!(matches!((kind, presented), (AnswerKind::Here { name: Some(_) }, 1)));
}

#[test]
fn the_check_number_opens_them_too_and_taking_back_frees_the_card() {
    let mut bench = Bench::unregistered();
    let number = bench.tray.card("face").unwrap().check_number().unwrap().to_owned();
    let (kind, presented) = bench.tap_with(AttributeSecret::CheckNumberB(digits(&number)), "face");
    let person = bench.person("face");
    assert_eq!((candidates(kind).people[0].found.person, presented), (person, 1));
    bench.confirm(Some(person));
    assert_eq!(bench.binding(), Some(BindingAssurance::AttributesSigned));
    bench.touch(|answer| Command::Undo { answer });
    assert_eq!((bench.binding(), bench.lane().here), (None, 0));
    assert!(matches!(bench.tap("face"), AnswerKind::Welcome { name: None, .. }));
}

#[test]
fn a_wrong_pin_costs_one_try_is_told_and_the_person_is_in() {
    let mut bench = Bench::unregistered();
    let (kind, presented) = bench.tap_with(pin("4321"), "hanako");
    assert_eq!(kind, AnswerKind::AttributesNotRead(AttributeFault::Wrong { tries_left: Some(2) }));
    assert_eq!((presented, bench.lane().here, bench.lane().later), (1, 1, 1));
    let person = Some(bench.person("hanako"));
    let Screen::Answer(answer) = bench.lane().screen.clone() else { panic!() };
    let confirm = Command::ConfirmCandidate { answer: answer.id, person };
    assert_eq!(bench.core.command(LANE, confirm, bench.now), Err(Refusal::NotNow));
    // A card without a PIN, and one whose last try stays its holder's: nothing is presented.
    let (kind, presented) = bench.tap_with(pin(PIN), "face");
    assert_eq!((kind, presented), (AnswerKind::AttributesNotRead(AttributeFault::Blocked), 0));
    let mut card = bench.fresh("isamu");
    let tries = card.pin_tries().into_keys().map(|pin| (pin, 1)).collect();
    card.restore_pin_tries(&tries);
    bench.say(pin(PIN));
    let (reading, log) = bench.present(card, Fault::None);
    let kind = bench.hold(reading.unwrap());
    assert_eq!(kind, AnswerKind::AttributesNotRead(AttributeFault::LastTry));
    assert_eq!((log.secrets_presented(), bench.lane().here), (0, 3));
    let (kind, presented) = bench.tap_with(pin(PIN), "suica-unknown");
    assert_eq!((kind, presented), (AnswerKind::AttributesNotRead(AttributeFault::NotThere), 0));
}

#[test]
fn a_card_torn_away_at_any_command_sees_the_secret_once_at_most() {
    let bench = Bench::unregistered();
    let put = || bench.core.checks.secrets().put("one", &pin("4321")).unwrap();
    put();
    let (_, whole) = bench.present(bench.fresh("hanako"), Fault::None);
    let commands = u32::try_from(whole.len()).unwrap();
    let mut presented_in_all = 0;
    for answered in 0..commands {
        for fault in [Fault::TornAfter(answered), Fault::OneByteAnswerTo(answered + 1)] {
            put();
            let (first, log) = bench.present(bench.fresh("hanako"), fault);
            let (again, log_again) = bench.present(bench.fresh("hanako"), Fault::None);
            let presented = log.secrets_presented() + log_again.secrets_presented();
            assert!(presented <= 1, "{fault:?}");
            presented_in_all += presented;
            // Either the ordinary reading failed and all of it was repeated, or the tap counts.
            assert_eq!(first.is_err(), again.unwrap().attributes.is_some(), "{fault:?}");
        }
    }
    assert!(presented_in_all > 0);
}

#[test]
fn a_secret_is_for_the_lane_s_next_card_and_for_nothing_after_another_command() {
    let mut bench = Bench::unregistered();
    let other = ReaderName("two".to_owned());
    bench.say(pin(PIN));
    let presented = PresentedCard::new(bench.fresh("hanako"), Fault::None, Timing::NONE);
    let log = presented.log();
    let reading = bench.core.checks.run(&other, &mut DirectCard(presented)).unwrap();
    assert_eq!((reading.attributes.is_none(), log.secrets_presented()), (true, 0), "another lane's reader");
    bench.core.command(LANE, Command::ShowLeaderList, bench.now).unwrap();
    let (_, log) = bench.present(bench.fresh("hanako"), Fault::None);
    assert_eq!(log.secrets_presented(), 0, "another command");
    bench.say(pin(PIN));
    bench.core.tapped(LANE, Err(CardError::Transport(TransportError::Mute)), Instant::now(), bench.now);
    let (_, log) = bench.present(bench.fresh("hanako"), Fault::None);
    assert_eq!(log.secrets_presented(), 0, "a card that could not be read");
    bench.say(pin(PIN));
    let later = Instant::now() + Duration::from_secs(31);
    bench.core.checks.secrets().forget_old(later);
    let (_, log) = bench.present(bench.fresh("hanako"), Fault::None);
    assert_eq!(log.secrets_presented(), 0, "its time is over");
    for secret in [pin("123"), AttributeSecret::CheckNumberB(digits(PIN))] {
        let refused = bench.core.command(LANE, Command::ReadAttributes { secret }, bench.now);
        assert_eq!(refused, Err(Refusal::NotNow));
    }
    bench.core.command(LANE, Command::SwitchCounter(CounterKind::Watch), bench.now).unwrap();
    let refused = bench.core.command(LANE, Command::ReadAttributes { secret: pin(PIN) }, bench.now);
    assert_eq!(refused, Err(Refusal::NotNow), "nothing is recorded there before consent");
}

#[test]
fn nobody_fits_a_stranger_and_two_of_one_name_are_both_shown() {
    let mut bench = Bench::unregistered_where(|bench| {
        let (hanako, naoki) = (bench.person("hanako"), bench.person("naoki"));
        let people = &mut bench.everybody.people;
        let name = people.iter().find(|person| person.id == hanako).unwrap().name.clone();
        let namesake = people.iter_mut().find(|person| person.id == naoki).unwrap();
        *namesake = Person { household: None, group: "8班".to_owned(), ..Person::named(naoki, name) };
    });
    let (kind, presented) = bench.tap_with(pin(PIN), "unknown");
    let found = candidates(kind);
    assert_eq!((found.people.len(), presented, bench.lane().here), (0, 1, 1));
    let Screen::Answer(answer) = bench.lane().screen.clone() else { panic!() };
    let none = Command::ConfirmCandidate { answer: answer.id, person: None };
    bench.core.command(LANE, none, bench.now).unwrap();
    assert_eq!(bench.binding(), None);

    let found = candidates(bench.tap_with(pin(PIN), "hanako").0);
    let people: Vec<_> = found.people.iter().map(|candidate| candidate.found.person).collect();
    assert_eq!(people, [bench.person("hanako"), bench.person("naoki")]);
    assert_eq!(found.people[0].found.name, found.people[1].found.name);
    assert_eq!(found.people[1].agreement.birth, Compared::NotKnown);
    let Screen::Answer(answer) = bench.lane().screen.clone() else { panic!() };
    let stranger = Command::ConfirmCandidate { answer: answer.id, person: Some(bench.person("kiyoko")) };
    assert_eq!(bench.core.command(LANE, stranger, bench.now), Err(Refusal::NotNow));
    bench.confirm(Some(bench.person("naoki")));
    assert!(bench.binding().is_some());
}

/// A card that says another name than the one that was signed.
struct Bent(DirectCard);

impl Transport for Bent {
    fn transmit(&mut self, command: &hinamori_card::Command) -> Result<Response, TransportError> {
        let answer = self.0.transmit(command)?;
        let mut bytes = answer.data().to_vec();
        let name = "浜田　花子".as_bytes();
        let Some(place) = bytes.windows(name.len()).position(|window| window == name) else {
            return Ok(answer);
        };
        bytes[place..place + name.len()].copy_from_slice("浜口　花子".as_bytes());
        bytes.extend([0x90, 0x00]);
        Ok(Response::from_bytes(&bytes)?)
    }
}

#[test]
fn without_a_pinned_signer_a_person_decides_and_a_false_signature_is_refused() {
    let mut bench = Bench::unregistered();
    bench.say(pin(PIN));
    let mut bent = Bent(DirectCard(PresentedCard::new(bench.fresh("hanako"), Fault::None, Timing::NONE)));
    let reading = bench.core.checks.run(&ReaderName("one".to_owned()), &mut bent).unwrap();
    let kind = bench.hold(reading);
    assert_eq!(kind, AnswerKind::AttributesNotRead(AttributeFault::NotSigned));
    assert_eq!(bench.lane().here, 1, "received all the same");
    bench.pin(AttributeIssuers::default());
    let found = candidates(bench.tap_with(pin(PIN), "hanako").0);
    assert!(!found.signed);
    bench.confirm(Some(bench.person("hanako")));
    assert_eq!(bench.binding(), Some(BindingAssurance::MatchedByStaff));
}

#[test]
fn a_hidden_person_is_linked_like_anybody_and_nothing_tells_of_them() {
    let mut bench = Bench::unregistered();
    let hidden = bench.person("hidden");
    bench.core.command(LANE, Command::CheckIn { people: vec![hidden] }, bench.now).unwrap();
    bench.core.publish(bench.now);
    let before = bench.lane().here;
    let found = candidates(bench.tap_with(pin(PIN), "hidden").0);
    let candidate = &found.people[0].found;
    assert_eq!((candidate.person, candidate.state), (hidden, MemberState::NotSeen));
    assert_eq!(bench.lane().here, before + 1);
    assert_eq!(bench.confirm(Some(hidden)), AnswerKind::Done { people: 1 });
    assert_eq!(bench.lane().here, before + 1, "the number tells nothing of an earlier arrival");
    assert!(matches!(bench.tap("hidden"), AnswerKind::Welcome { .. }));
}
