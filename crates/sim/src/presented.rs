//! A card in a reader's field, with everything that can go wrong there.

use crate::log::CommandLog;
use crate::timing::Timing;
use crate::virtual_card::VirtualCard;

/// What goes wrong while the card lies on the reader. Commands count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fault {
    /// Nothing.
    #[default]
    None,
    /// The card is taken away after it answered this many commands.
    TornAfter(u32),
    /// The card stops answering after this many commands, but stays there.
    MuteAfter(u32),
    /// This command is answered with one byte: less than a status word.
    OneByteAnswerTo(u32),
    /// The answer to this command lacks its last data byte.
    ShortAnswerTo(u32),
    /// The first command after each power-up is answered 6F00, as some real cards do.
    FirstCommandFails,
}

/// The answer to one command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Bytes that arrived, usually data and a status word.
    Bytes(Vec<u8>),
    /// The card is gone.
    Torn,
    /// Nothing ever comes.
    Mute,
}

/// A card for as long as it is held to one reader.
#[derive(Debug)]
pub struct PresentedCard {
    card: VirtualCard,
    fault: Fault,
    timing: Timing,
    commands: u32,
    since_power_up: u32,
}

impl PresentedCard {
    /// Holds `card` to a reader.
    pub fn new(card: VirtualCard, fault: Fault, timing: Timing) -> Self {
        Self { card, fault, timing, commands: 0, since_power_up: 0 }
    }

    /// Takes the card off; its PIN counters are what the presentation left. Without power every security
    /// status is gone.
    pub fn into_card(mut self) -> VirtualCard {
        self.card.unpower();
        self.card
    }

    /// The answer to reset.
    pub fn atr(&self) -> &[u8] {
        self.card.atr()
    }

    /// The card's log.
    pub fn log(&self) -> CommandLog {
        self.card.log()
    }

    /// Power off.
    pub fn unpower(&mut self) {
        self.since_power_up = 0;
        self.card.unpower();
    }

    /// Reset.
    pub fn reset(&mut self) {
        self.card.reset();
    }

    /// Passes one command to the card, waits as long as a card would take, and spoils the answer if it is
    /// time for that.
    pub fn transmit(&mut self, frame: &[u8]) -> Answer {
        self.commands += 1;
        self.since_power_up += 1;
        match self.fault {
            Fault::TornAfter(answered) if self.commands > answered => {
                self.card.log_unanswered(frame);
                return Answer::Torn;
            }
            Fault::MuteAfter(answered) if self.commands > answered => {
                self.card.log_unanswered(frame);
                return Answer::Mute;
            }
            _ => {}
        }
        let signatures_before = self.card.signatures();
        let mut answer = self.card.transmit(frame);
        let mut delay = self.timing.per_command;
        if self.card.signatures() != signatures_before {
            delay += self.timing.per_signature;
        }
        if !delay.is_zero() {
            std::thread::sleep(delay);
        }
        match self.fault {
            Fault::OneByteAnswerTo(number) if number == self.commands => answer.truncate(1),
            Fault::ShortAnswerTo(number) if number == self.commands => {
                let last_data_byte = answer.len().saturating_sub(3);
                answer.splice(last_data_byte..answer.len().saturating_sub(2), []);
            }
            Fault::FirstCommandFails if self.since_power_up == 1 => answer = vec![0x6F, 0x00],
            _ => {}
        }
        Answer::Bytes(answer)
    }
}
