//! Where every card lies.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::answer::{DeskError, Lies, PresentationId, ReaderName, Taken};
use super::tries::KeptTries;
use crate::log::{CommandLog, LoggedCommand};
use crate::presented::{Fault, PresentedCard};
use crate::timing::Timing;
use crate::tray::{CardEntry, CardName, TrayCard};
use crate::virtual_card::VirtualCard;
use crate::vpcd::InsertedCard;

/// A card's log is begun anew at the next presentation once it is longer: 2,000 taps and more fit.
const LOG_MAXIMUM: usize = 50_000;

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

/// A card that has left the tray and is on no reader yet.
struct Leaving {
    card: CardName,
    reader: ReaderName,
    address: SocketAddr,
    virtual_card: VirtualCard,
    own_fault: Fault,
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
    reader_order: Vec<ReaderName>,
    timing: Timing,
    state: Mutex<State>,
}

impl Desk {
    /// All cards in the tray, nothing on the readers.
    pub fn new(
        cards: Vec<TrayCard>,
        readers: Vec<(ReaderName, SocketAddr)>,
        timing: Timing,
        tries: KeptTries,
    ) -> Self {
        let order = cards.iter().map(|card| card.entry().clone()).collect();
        let reader_order = readers.iter().map(|(name, _)| name.clone()).collect();
        let slot = |make: TrayCard| {
            let card = renewed(&make, &tries);
            (make.entry().name.clone(), Slot { log: card.log(), card: Some(card), make })
        };
        let cards = cards.into_iter().map(slot).collect();
        let readers =
            readers.into_iter().map(|(name, address)| (name, Reader { address, on: On::Nothing })).collect();
        Self {
            order,
            reader_order,
            timing,
            state: Mutex::new(State { cards, readers, tries, presentations: 0 }),
        }
    }

    /// The cards in the order of the tray's file.
    pub fn cards(&self) -> &[CardEntry] {
        &self.order
    }

    /// What lies where, in the order of the readers.
    pub fn lies(&self) -> Vec<Lies> {
        let state = self.state();
        let on = |reader: &ReaderName| state.readers.get(reader).and_then(|at| at.on.card()).cloned();
        self.reader_order.iter().map(|reader| Lies { reader: reader.clone(), card: on(reader) }).collect()
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
        let Leaving { card: name, reader: to, address, virtual_card, own_fault } =
            self.state().leave_tray(card, reader)?;
        let log = virtual_card.log();
        if log.len() > LOG_MAXIMUM {
            log.clear();
        }
        let before = log.len();
        let presented = PresentedCard::new(virtual_card, fault.unwrap_or(own_fault), self.timing);
        let inserted = InsertedCard::insert(address, presented);
        let mut state = self.state();
        match inserted {
            Ok(inserted) => {
                state.presentations += 1;
                let presentation = PresentationId(state.presentations);
                state.put_on(&to, On::Card(Lying { card: name, inserted, presentation, log, before }));
                Ok(presentation)
            }
            Err(source) => {
                state.put_back(&name, None);
                state.put_on(&to, On::Nothing);
                Err(DeskError::ReaderGone { reader: to, source })
            }
        }
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
        let (from, Lying { card, inserted, presentation: _, log, before }) =
            self.state().leave_reader(reader, only)?;
        let torn = inserted.is_gone();
        let virtual_card = inserted.remove();
        let entries = log.entries();
        let during = entries.get(before..).unwrap_or_default();
        let mut state = self.state();
        state.put_back(&card, virtual_card);
        state.put_on(&from, On::Nothing);
        Ok(Taken {
            commands: during.len(),
            torn,
            secrets_presented: during.iter().filter(|entry| entry.presents_a_secret()).count(),
        })
    }

    /// Takes everything off, at the end.
    pub fn clear(&self) {
        for Lies { reader, card } in self.lies() {
            if card.is_some() {
                drop(self.take(&reader.to_string(), None));
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

    /// A card on its way from the tray to a reader.
    fn leave_tray(&mut self, card: &str, reader: &str) -> Result<Leaving, DeskError> {
        let name = self.slot(card)?.0;
        let (to, at) = self.reader(reader)?;
        if let Some(on) = at.on.card() {
            return Err(DeskError::ReaderInUse { reader: to, card: on.clone() });
        }
        let address = at.address;
        let lies = self.readers.iter().find(|(_, reader)| reader.on.card() == Some(&name));
        let lies = lies.map(|(reader, _)| reader.clone());
        let (_, slot) = self.slot(card)?;
        let Some(virtual_card) = slot.card.take() else {
            return Err(DeskError::CardInUse { card: name, reader: lies.unwrap_or(to) });
        };
        let own_fault = slot.make.fault();
        self.put_on(&to, On::Moving(name.clone()));
        Ok(Leaving { card: name, reader: to, address, virtual_card, own_fault })
    }

    /// A card on its way from a reader to the tray.
    fn leave_reader(
        &mut self,
        reader: &str,
        only: Option<(&str, PresentationId)>,
    ) -> Result<(ReaderName, Lying), DeskError> {
        let (name, at) = self.reader(reader)?;
        let wanted = |lying: &Lying| only.is_none_or(|(_, presentation)| lying.presentation == presentation);
        match std::mem::replace(&mut at.on, On::Nothing) {
            On::Card(lying) if wanted(&lying) => {
                at.on = On::Moving(lying.card.clone());
                Ok((name, lying))
            }
            other => {
                at.on = other;
                Err(match only {
                    Some((card, _)) => DeskError::TakenByAnother(self.slot(card)?.0),
                    None => DeskError::ReaderEmpty(name),
                })
            }
        }
    }

    fn put_on(&mut self, reader: &ReaderName, on: On) {
        if let Some(at) = self.readers.get_mut(reader) {
            at.on = on;
        }
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
