//! The watch counter (見守り): good morning by the name that the person chose, and how they are today.
//!
//! Nothing is recorded before the person agreed. A card that nobody knows is asked like any other: consent is the
//! person's, not the card's, and whose card it is can be said later (law 1); the doubt stands in the
//! leader's list. A card that cannot be told again could not be recognised tomorrow: staff are asked for.
//!
//! **Hidden people** (law 7) are asked for consent at every tap, as at their first, and nothing is recorded until
//! they answer: whether they are watched over must show neither on the screen nor by a write. The price is
//! that their day counts only when they touch the answer.

use hinamori_ipc::{AnswerKind, Refusal, WatchAsk, WatchMood};
use hinamori_record::{Fact, WatchEvent};

use crate::tap::Tap;
use crate::visit::{Offer, Step};

/// A card was held to the lane.
pub(crate) fn tap(tap: &Tap) -> Step {
    let called_name = tap.known.as_ref().and_then(|known| known.called_name.clone());
    let Tap { person, proof, .. } = *tap;
    if tap.watch.consented && !tap.is_hidden() {
        return Step {
            facts: vec![Fact::Watch { person, event: WatchEvent::Seen, proof }],
            kind: AnswerKind::Greeting { called_name, ask: WatchAsk::Mood },
            offer: Offer::Mood { person, proof },
        };
    }
    Step {
        facts: Vec::new(),
        kind: AnswerKind::Greeting { called_name: called_name.clone(), ask: WatchAsk::Consent },
        offer: Offer::Consent { person, proof, called_name },
    }
}

/// The person agreed: from now on, and seen today.
///
/// # Errors
/// [`Refusal::NotNow`] when the answer did not ask.
pub(crate) fn consent(offer: &Offer) -> Result<Step, Refusal> {
    let Offer::Consent { person, proof, called_name } = offer else { return Err(Refusal::NotNow) };
    let (person, proof) = (*person, *proof);
    let fact = |event| Fact::Watch { person, event, proof };
    Ok(Step {
        facts: vec![fact(WatchEvent::ConsentGiven), fact(WatchEvent::Seen)],
        kind: AnswerKind::Greeting { called_name: called_name.clone(), ask: WatchAsk::Mood },
        offer: Offer::Mood { person, proof },
    })
}

/// How the person is today.
///
/// # Errors
/// [`Refusal::NotNow`] when the answer did not ask.
pub(crate) fn mood(offer: &Offer, mood: WatchMood) -> Result<Step, Refusal> {
    let Offer::Mood { person, proof } = *offer else { return Err(Refusal::NotNow) };
    let event = match mood {
        WatchMood::Fine => WatchEvent::Fine,
        WatchMood::Talk => WatchEvent::Talk,
        WatchMood::Away => WatchEvent::Away,
    };
    Ok(Step {
        facts: vec![Fact::Watch { person, event, proof }],
        kind: AnswerKind::Done { people: 1 },
        offer: Offer::Nothing,
    })
}

/// A card that cannot be told again.
pub(crate) fn nameless() -> Step {
    Step { facts: Vec::new(), kind: AnswerKind::AskStaff, offer: Offer::Nothing }
}

#[cfg(test)]
mod tests;
