//! Where every card lies.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use super::tries::KeptTries;
use crate::log::{CommandLog, LoggedCommand};
use crate::presented::{Fault, PresentedCard};
use crate::timing::Timing;
use crate::tray::{CardEntry, CardName, TrayCard};
use crate::virtual_card::VirtualCard;
use crate::vpcd::InsertedCard;

/// A card's log is begun anew at the next presentation once it is longer: 2,000 taps and more fit.
const LOG_MAXIMUM: usize = 50_000;

/// A reader's name in the tray: what stands before `=` in `--reader`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ReaderName(String);

/// No name of a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a reader's name has 1 to 32 letters, digits and hyphens")]
pub struct ReaderNameError;

impl FromStr for ReaderName {
    type Err = ReaderNameError;

    fn from_str(text: &str) -> Result<Self, ReaderNameError> {
        let fits = (1..=32).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if fits { Ok(Self(text.to_owned())) } else { Err(ReaderNameError) }
    }
}

impl fmt::Display for ReaderName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// Which presentation, of all since the start: so that the end of one cannot take off the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PresentationId(u64);

/// What a presentation came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Taken {
    /// Commands that the card received.
    pub commands: usize,
    /// It was gone before it was taken off: torn away, or the reader went away.
    pub torn: bool,
    /// VERIFY commands that presented a secret.
    pub secrets_presented: usize,
}

/// A reader with what lies on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lies {
    /// The reader.
    pub reader: ReaderName,
    /// The card.
    pub card: Option<CardName>,
}

/// Why nothing was done. The words are for the person at the tray.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// No such card.
    #[error("there is no card {0} in the tray")]
    NoCard(String),
    /// No such reader.
    #[error("there is no reader {0}")]
    NoReader(String),
    /// The card lies on a reader.
    #[error("card {card} lies on reader {reader}; take it off first")]
    CardInUse {
        /// The card.
        card: CardName,
        /// Where it lies.
        reader: ReaderName,
    },
    /// Another card lies there.
    #[error("card {card} lies on reader {reader}; only one can")]
    ReaderInUse {
        /// The reader.
        reader: ReaderName,
        /// What lies there.
        card: CardName,
    },
    /// No card lies there.
    #[error("no card lies on reader {0}")]
    ReaderEmpty(ReaderName),
    /// The presentation ended by somebody else's hand.
    #[error("somebody else took card {0} off")]
    TakenByAnother(CardName),
    /// The reader's driver does not answer.
    #[error("reader {reader} is not there; does pcscd run?")]
    ReaderGone {
        /// The reader.
        reader: ReaderName,
        /// The system's answer.
        source: std::io::Error,
    },
}

#[derive(Debug)]
struct Slot {
    make: TrayCard,
    /// None while it lies on a reader.
    card: Option<VirtualCard>,
    log: CommandLog,
}

#[derive(Debug)]
struct Reader {
    address: SocketAddr,
    on: On,
}

/// What is on a reader.
#[derive(Debug)]
enum On {
    Nothing,
    /// A card on its way to it or from it.
    Moving(CardName),
    Card(Lying),
}

#[derive(Debug)]
struct Lying {
    card: CardName,
    inserted: InsertedCard,
    presentation: PresentationId,
    log: CommandLog,
    /// Commands logged before.
    before: usize,
}

#[derive(Debug)]
struct State {
    cards: BTreeMap<CardName, Slot>,
    readers: BTreeMap<ReaderName, Reader>,
    tries: KeptTries,
    presentations: u64,
}

/// The tray with its readers. Methods block for as long as the card takes for its current command.
#[derive(Debug)]
pub struct Desk {
    order: Vec<CardEntry>,
    timing: Timing,
    state: Mutex<State>,
}

impl Desk {
    /// All cards in the tray, nothing on the readers.
    pub fn new(
        cards: Vec<TrayCard>,
        readers: BTreeMap<ReaderName, SocketAddr>,
        timing: Timing,
        tries: KeptTries,
    ) -> Self {
        let order = cards.iter().map(|card| card.entry().clone()).collect();
        let slot = |make: TrayCard| {
            let card = renewed(&make, &tries);
            (make.entry().name.clone(), Slot { log: card.log(), card: Some(card), make })
        };
        let cards = cards.into_iter().map(slot).collect();
        let readers =
            readers.into_iter().map(|(name, address)| (name, Reader { address, on: On::Nothing })).collect();
        Self { order, timing, state: Mutex::new(State { cards, readers, tries, presentations: 0 }) }
    }

    /// The cards in the order of the tray's file.
    pub fn cards(&self) -> &[CardEntry] {
        &self.order
    }

    /// What lies where.
    pub fn lies(&self) -> Vec<Lies> {
        let state = self.state();
        let lies = |(name, reader): (&ReaderName, &Reader)| Lies {
            reader: name.clone(),
            card: reader.on.card().cloned(),
        };
        state.readers.iter().map(lies).collect()
    }

    /// A card's log, oldest first.
    ///
    /// # Errors
    /// [`DeskError::NoCard`].
    pub fn log(&self, card: &str) -> Result<Vec<LoggedCommand>, DeskError> {
        let log = self.state().slot(card)?.1.log.clone();
        Ok(log.entries())
    }

    /// Lays a card on a reader, with this fault or with its own.
    ///
    /// # Errors
    /// [`DeskError`]; the card is where it was.
    pub fn lay(&self, card: &str, reader: &str, fault: Option<Fault>) -> Result<PresentationId, DeskError> {
        let (name, reader_name, address, virtual_card, fault) = {
            let mut state = self.state();
            let name = state.slot(card)?.0;
            let (reader_name, at) = state.reader(reader)?;
            if let Some(on) = at.on.card() {
                return Err(DeskError::ReaderInUse { reader: reader_name, card: on.clone() });
            }
            let address = at.address;
            let (_, slot) = state.slot(card)?;
            let own_fault = slot.make.fault();
            let Some(virtual_card) = slot.card.take() else {
                let reader = state.where_is(&name).unwrap_or(reader_name);
                return Err(DeskError::CardInUse { card: name, reader });
            };
            if let Ok((_, at)) = state.reader(reader) {
                at.on = On::Moving(name.clone());
            }
            (name, reader_name, address, virtual_card, fault.unwrap_or(own_fault))
        };
        let log = virtual_card.log();
        if log.len() > LOG_MAXIMUM {
            log.clear();
        }
        let before = log.len();
        let inserted = InsertedCard::insert(address, PresentedCard::new(virtual_card, fault, self.timing));
        let mut state = self.state();
        let outcome = match inserted {
            Ok(inserted) => {
                state.presentations += 1;
                let presentation = PresentationId(state.presentations);
                Ok((
                    On::Card(Lying { card: name.clone(), inserted, presentation, log, before }),
                    presentation,
                ))
            }
            Err(source) => Err(DeskError::ReaderGone { reader: reader_name, source }),
        };
        let (on, outcome) = match outcome {
            Ok((on, presentation)) => (on, Ok(presentation)),
            Err(error) => {
                state.put_back(&name, None);
                (On::Nothing, Err(error))
            }
        };
        if let Ok((_, at)) = state.reader(reader) {
            at.on = on;
        }
        outcome
    }

    /// Whether a card that was laid lies there no more: torn away, or taken off.
    pub fn has_ended(&self, reader: &str, presentation: PresentationId) -> bool {
        match self.state().reader(reader) {
            Ok((_, Reader { on: On::Card(lying), .. })) => {
                lying.presentation != presentation || lying.inserted.is_gone()
            }
            _ => true,
        }
    }

    /// Takes off what lies on a reader; if a presentation is given, only that one.
    ///
    /// # Errors
    /// [`DeskError`]; nothing has moved.
    pub fn take(&self, reader: &str, only: Option<(&str, PresentationId)>) -> Result<Taken, DeskError> {
        let lying = {
            let mut state = self.state();
            let (name, at) = state.reader(reader)?;
            let found = match (&at.on, only) {
                (On::Card(lying), Some((_, presentation))) => lying.presentation == presentation,
                (On::Card(_), None) => true,
                _ => false,
            };
            if !found {
                return Err(match only {
                    Some((card, _)) => DeskError::TakenByAnother(state.slot(card)?.0),
                    None => DeskError::ReaderEmpty(name),
                });
            }
            match std::mem::replace(&mut at.on, On::Nothing) {
                On::Card(lying) => {
                    at.on = On::Moving(lying.card.clone());
                    lying
                }
                On::Nothing | On::Moving(_) => return Err(DeskError::ReaderEmpty(name)),
            }
        };
        let Lying { card, inserted, presentation: _, log, before } = lying;
        let torn = inserted.is_gone();
        let virtual_card = inserted.remove();
        let entries = log.entries();
        let during = entries.get(before..).unwrap_or_default();
        let taken = Taken {
            commands: during.len(),
            torn,
            secrets_presented: during.iter().filter(|entry| entry.presents_a_secret()).count(),
        };
        let mut state = self.state();
        state.put_back(&card, virtual_card);
        if let Ok((_, at)) = state.reader(reader) {
            at.on = On::Nothing;
        }
        Ok(taken)
    }

    /// Takes everything off, at the end.
    pub fn clear(&self) {
        for Lies { reader, card } in self.lies() {
            if card.is_some() {
                drop(self.take(&reader.0, None));
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl On {
    const fn card(&self) -> Option<&CardName> {
        match self {
            Self::Nothing => None,
            Self::Moving(card) | Self::Card(Lying { card, .. }) => Some(card),
        }
    }
}

impl State {
    fn slot(&mut self, card: &str) -> Result<(CardName, &mut Slot), DeskError> {
        let name: Option<CardName> = card.parse().ok();
        let slot = name.and_then(|name| self.cards.get_mut(&name).map(|slot| (name, slot)));
        slot.ok_or_else(|| DeskError::NoCard(card.to_owned()))
    }

    fn reader(&mut self, reader: &str) -> Result<(ReaderName, &mut Reader), DeskError> {
        let name: Option<ReaderName> = reader.parse().ok();
        let found = name.and_then(|name| self.readers.get_mut(&name).map(|reader| (name, reader)));
        found.ok_or_else(|| DeskError::NoReader(reader.to_owned()))
    }

    fn where_is(&self, card: &CardName) -> Option<ReaderName> {
        let mut readers = self.readers.iter();
        readers.find(|(_, reader)| reader.on.card() == Some(card)).map(|(name, _)| name.clone())
    }

    /// The card is in the tray again; one that was lost on the way is made anew, with the counters kept.
    fn put_back(&mut self, name: &CardName, card: Option<VirtualCard>) {
        let Some(slot) = self.cards.get_mut(name) else { return };
        let card = card.unwrap_or_else(|| renewed(&slot.make, &self.tries));
        if let Err(error) = self.tries.keep(name, card.pin_tries()) {
            tracing::error!(%name, %error, "PIN counters are not kept");
        }
        slot.log = card.log();
        slot.card = Some(card);
    }
}

fn renewed(make: &TrayCard, tries: &KeptTries) -> VirtualCard {
    let mut card = make.fresh();
    if let Some(tries) = tries.of(&make.entry().name) {
        card.restore_pin_tries(tries);
    }
    card
}
