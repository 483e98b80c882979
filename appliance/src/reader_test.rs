//! `hinamorictl reader-test` and `pin-status`: an installer lays a card on a reader and sees what the box
//! would see. Uses the same threads as the daemon, which must not run: one program holds a card at a time.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use hinamori_card::{
    Access, CardContents, CardError, CardReading, PinStatus, Transport, pin_status, read_card,
};
use hinamori_card_pcsc::{ReaderEvent, ReaderName, Readers, TapWork};

/// What a test says, one line at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// A reader is there.
    Reader(ReaderName),
    /// A reader is gone or does not answer.
    Lost(ReaderName),
    /// What lay on a reader, how long it took, and the tries left of its PINs.
    Card {
        /// Where.
        reader: ReaderName,
        /// What the box would see. No name, number or certificate.
        kind: &'static str,
        /// From the start of the work to its end.
        took: Duration,
        /// Of every PIN of the card; empty unless asked for.
        pins: Vec<PinStatus>,
    },
    /// A card that could not be read.
    Failed {
        /// Where.
        reader: ReaderName,
        /// Why.
        reason: String,
    },
}

/// What is asked of each card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// What it is.
    Kind,
    /// That, and how many tries its PINs have left, which costs none.
    Pins,
}

struct Work(Question);

impl TapWork for Work {
    type Outcome = (&'static str, Duration, Vec<PinStatus>);

    fn run(&self, _reader: &ReaderName, card: &mut dyn Transport) -> Result<Self::Outcome, CardError> {
        let began = Instant::now();
        let CardReading { contents, contactless } = read_card(card)?;
        let took = began.elapsed();
        let kind = match (&contents, contactless) {
            (CardContents::MyNumber { certificate: Access::Granted(_), .. }, _) => "My Number card, readable",
            (CardContents::MyNumber { certificate: Access::PinNeeded, .. }, _) => {
                "phone or card that wants a PIN"
            }
            (CardContents::MyNumber { certificate: Access::Absent, .. }, _) => {
                "My Number card without certificate"
            }
            (CardContents::HealthProfessional { .. }, _) => "health professional's card",
            (CardContents::WithoutCertificate, _) => "card without the certificate application",
            (CardContents::Unsupported, Some(id)) if id.is_random() => {
                "unknown card, another number every time"
            }
            (CardContents::Unsupported, Some(_)) => "unknown card with a number of its own",
            (CardContents::Unsupported, None) => "unknown card without a number",
        };
        let pins = if self.0 == Question::Pins { pin_status(card)? } else { Vec::new() };
        Ok((kind, took, pins))
    }
}

/// Watches all readers until `within` is over or `say` has had enough (`false`).
///
/// # Errors
/// When the system gives no thread.
pub fn run(question: Question, within: Duration, mut say: impl FnMut(Line) -> bool) -> io::Result<()> {
    let (sender, events) = channel();
    let sink = Arc::new(move |event| {
        // Whoever asked may have had enough.
        sender.send(event).ok();
    });
    let readers = Readers::start(Box::new(|_any| true), Arc::new(Work(question)), sink)?;
    let deadline = Instant::now() + within;
    loop {
        let line = match events.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(ReaderEvent::Appeared(reader)) => Line::Reader(reader),
            Ok(ReaderEvent::Gone(reader) | ReaderEvent::Stuck(reader)) => Line::Lost(reader),
            Ok(ReaderEvent::Tap { reader, outcome: Ok((kind, took, pins)), .. }) => {
                Line::Card { reader, kind, took, pins }
            }
            Ok(ReaderEvent::Tap { reader, outcome: Err(error), .. }) => {
                Line::Failed { reader, reason: error.to_string() }
            }
            Ok(ReaderEvent::Removed(_)) => continue,
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
        };
        if !say(line) {
            break;
        }
    }
    drop(readers);
    Ok(())
}
