use super::*;
use crate::WatchStanding;
use crate::fixture::{HANAKO, READ, hanako, hidden, person, text, unknown};

fn watched(mut tap: Tap) -> Tap {
    tap.watch = WatchStanding { consented: true };
    tap
}

fn events(step: &Step) -> Vec<WatchEvent> {
    let event = |fact: &Fact| match fact {
        Fact::Watch { person: who, event, proof } if *who == person(HANAKO) && *proof == READ => *event,
        other => panic!("{other:?}"),
    };
    step.facts.iter().map(event).collect()
}

fn greeting(ask: WatchAsk) -> AnswerKind {
    AnswerKind::Greeting { called_name: Some(text(HANAKO, "called")), ask }
}

#[test]
fn consent_stands_before_the_first_record_of_a_tap() {
    let asked = tap(&hanako());
    assert_eq!((events(&asked), &asked.kind), (Vec::new(), &greeting(WatchAsk::Consent)));
    let agreed = consent(&asked.offer).unwrap();
    assert_eq!(events(&agreed), [WatchEvent::ConsentGiven, WatchEvent::Seen]);
    assert_eq!(agreed.kind, greeting(WatchAsk::Mood));
    assert_eq!(consent(&agreed.offer), Err(Refusal::NotNow));
    assert_eq!(mood(&asked.offer, WatchMood::Fine), Err(Refusal::NotNow));
}

#[test]
fn who_agreed_is_seen_and_may_say_how_they_are() {
    let seen = tap(&watched(hanako()));
    assert_eq!((events(&seen), &seen.kind), (vec![WatchEvent::Seen], &greeting(WatchAsk::Mood)));
    for (touched, event) in [
        (WatchMood::Fine, WatchEvent::Fine),
        (WatchMood::Talk, WatchEvent::Talk),
        (WatchMood::Away, WatchEvent::Away),
    ] {
        let step = mood(&seen.offer, touched).unwrap();
        assert_eq!((events(&step), step.kind), (vec![event], AnswerKind::Done { people: 1 }));
    }
}

#[test]
fn an_unknown_card_is_asked_like_any_other() {
    let card = unknown(HANAKO, READ);
    let asked = tap(&card);
    assert_eq!(asked.kind, AnswerKind::Greeting { called_name: None, ask: WatchAsk::Consent });
    assert_eq!(events(&consent(&asked.offer).unwrap()).len(), 2);
    assert_eq!(events(&tap(&watched(card))), [WatchEvent::Seen]);
    assert_eq!(nameless().facts, []);
}

#[test]
fn a_hidden_person_is_asked_for_ever_and_nothing_is_written_before_the_answer() {
    let first = tap(&hidden(hanako()));
    assert_eq!(tap(&watched(hidden(hanako()))), first);
    assert_eq!(first, tap(&hanako()), "like anybody's first");
}
