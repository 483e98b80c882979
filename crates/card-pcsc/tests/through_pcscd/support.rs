//! A town's card, a pcscd with virtual readers, and somebody who listens to the readers.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hinamori_card::{CardError, CardReading, Transport, TransportError, read_card};
use hinamori_card_pcsc::{Limits, ReaderEvent, ReaderName, Readers, TapWork};
use hinamori_sim::ca::{Hierarchy, Holder};
use hinamori_sim::jpki::{Credential, Token, jpki_applet};
use hinamori_sim::pcscd::{Pcscd, reader_address, reader_name};
use hinamori_sim::presented::{Fault, PresentedCard};
use hinamori_sim::timing::Timing;
use hinamori_sim::virtual_card::{ContactlessId, VirtualCard};
use hinamori_sim::vpcd::InsertedCard;
use tempfile::TempDir;

/// The port of the first reader; a second one is two further.
pub(crate) const PORT: u16 = 21_001;
const ATR: [u8; 13] = [0x3B, 0x88, 0x80, 0x01, 0x00, 0x00, 0x05, 0xE0, 0xB3, 0x81, 0xA1, 0x00, 0x7F];
/// Far longer than anything here takes, so that only a failure waits so long.
const PATIENCE: Duration = Duration::from_secs(20);
/// Longer than pcscd takes to notice a change.
pub(crate) const NOTHING_MORE: Duration = Duration::from_millis(1_200);

/// A plastic card whose PIN is 1234.
pub(crate) fn card() -> VirtualCard {
    let authority = Hierarchy::jpki_auth(1);
    let credential = Credential::authentication(
        &authority.issue(&Holder::numbered(7)),
        authority.anchor_der(),
        Some("1234"),
    );
    let identifier = ContactlessId::Fixed(vec![1, 2, 3, 4]);
    VirtualCard::new(&ATR, identifier, vec![jpki_applet(Token::Plastic, credential, None)])
}

/// What every tap of these tests does unless said otherwise.
pub(crate) struct Read;

impl TapWork for Read {
    type Outcome = CardReading;

    fn run(&self, _reader: &ReaderName, card: &mut dyn Transport) -> Result<CardReading, CardError> {
        read_card(card)
    }
}

/// A work made of a function.
pub(crate) struct Work<F>(pub(crate) F);

impl<F, O> TapWork for Work<F>
where
    F: Fn(&mut dyn Transport) -> Result<O, CardError> + Send + Sync + 'static,
    O: Send + 'static,
{
    type Outcome = O;

    fn run(&self, _reader: &ReaderName, card: &mut dyn Transport) -> Result<O, CardError> {
        (self.0)(card)
    }
}

/// An event, as far as tests compare it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Seen {
    Appeared,
    Gone,
    Stuck,
    Read,
    Torn,
    Mute,
    Failed,
    Removed,
}

fn seen<O>(event: &ReaderEvent<O>) -> (&ReaderName, Seen) {
    match event {
        ReaderEvent::Appeared(reader) => (reader, Seen::Appeared),
        ReaderEvent::Gone(reader) => (reader, Seen::Gone),
        ReaderEvent::Stuck(reader) => (reader, Seen::Stuck),
        ReaderEvent::Removed(reader) => (reader, Seen::Removed),
        ReaderEvent::Tap { reader, outcome, .. } => {
            let seen = match outcome {
                Ok(_) => Seen::Read,
                Err(CardError::Transport(TransportError::TornAway)) => Seen::Torn,
                Err(CardError::Transport(TransportError::Mute)) => Seen::Mute,
                Err(_) => Seen::Failed,
            };
            (reader, seen)
        }
    }
}

/// The readers under test, and what they said.
pub(crate) struct Listener<O> {
    readers: Option<Readers>,
    events: Receiver<ReaderEvent<O>>,
}

impl<O: Send + 'static> Listener<O> {
    /// Listens to the readers at `ports` only.
    pub(crate) fn start<W: TapWork<Outcome = O>>(ports: &'static [u16], work: W, limits: Limits) -> Self {
        let (sender, events) = channel();
        let sender = Mutex::new(sender);
        let readers = Readers::start_within(
            limits,
            Box::new(|reader| ports.iter().any(|port| reader.0 == reader_name(*port))),
            Arc::new(work),
            Arc::new(move |event| sender.lock().unwrap().send(event).unwrap()),
        );
        Self { readers: Some(readers.unwrap()), events }
    }

    pub(crate) fn next_event(&self) -> ReaderEvent<O> {
        self.events.recv_timeout(PATIENCE).expect("an event")
    }

    pub(crate) fn next(&self) -> Seen {
        seen(&self.next_event()).1
    }

    /// Whatever happens at the reader of `port` next; other readers' events are dropped.
    pub(crate) fn next_at(&self, port: u16) -> Seen {
        loop {
            let event = self.next_event();
            let (reader, seen) = seen(&event);
            if reader.0 == reader_name(port) {
                return seen;
            }
        }
    }

    /// Events counted by reader and kind, until `enough`.
    pub(crate) fn count(&self, enough: usize) -> BTreeMap<(ReaderName, Seen), usize> {
        let mut counts = BTreeMap::new();
        for _ in 0..enough {
            let event = self.next_event();
            let (reader, seen) = seen(&event);
            *counts.entry((reader.clone(), seen)).or_default() += 1;
        }
        counts
    }

    #[track_caller]
    pub(crate) fn expect(&self, expected: &[Seen]) {
        for (position, expected) in expected.iter().enumerate() {
            assert_eq!(self.next(), *expected, "event {position}");
        }
    }

    #[track_caller]
    pub(crate) fn expect_nothing_more(&self) {
        match self.events.recv_timeout(NOTHING_MORE) {
            Err(RecvTimeoutError::Timeout) => {}
            Ok(event) => panic!("{:?} came unasked", seen(&event)),
            Err(RecvTimeoutError::Disconnected) => panic!("the readers are gone"),
        }
    }

    /// Ends the readers; nothing may be said afterwards.
    pub(crate) fn stop(mut self) {
        drop(self.readers.take());
        assert!(self.events.try_recv().is_err(), "an event was left, or came after the end");
    }
}

/// A pcscd of one's own.
pub(crate) struct Bench {
    pub(crate) folder: TempDir,
    pub(crate) pcscd: Option<Pcscd>,
}

impl Bench {
    pub(crate) fn with_readers(ports: &[u16]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let pcscd = Pcscd::start(folder.path(), ports).unwrap();
        Self { folder, pcscd: Some(pcscd) }
    }
}

/// Lays a card on the reader of `port`.
pub(crate) fn lay(port: u16, card: VirtualCard, fault: Fault) -> InsertedCard {
    lay_slow(port, card, fault, Timing::NONE)
}

pub(crate) fn lay_slow(port: u16, card: VirtualCard, fault: Fault, timing: Timing) -> InsertedCard {
    InsertedCard::insert(reader_address(port), PresentedCard::new(card, fault, timing)).unwrap()
}
