//! A card held exclusively, as the transport that card software speaks through.

use std::ffi::CStr;
use std::time::{Duration, Instant};

use hinamori_card::{Command, Response, Transport, TransportError};
use pcsc::{Card, Context, Disposition, Error, Protocols, ReaderState, Scope, ShareMode, State};
use tracing::trace;
use zeroize::Zeroize as _;

use crate::fault::Fault;
use crate::pulse::Pulse;

/// A connected card. However the value ends, a card that was given a credential loses power.
pub(crate) struct HeldCard<'a> {
    card: Option<Card>,
    dialogue: Dialogue<'a>,
}

/// What is known of the exchange so far.
struct Dialogue<'a> {
    pulse: &'a Pulse,
    /// Holds the longest reply there is: a buffer that is too small fails after the card carried the
    /// command out.
    buffer: &'a mut [u8],
    deadline: Instant,
    released: Released,
}

/// Whether a PIN, password or check number was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Credential {
    Withheld,
    Presented,
}

/// What is left when the card was let go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Released {
    pub(crate) last_byte: Instant,
    pub(crate) credential: Credential,
    pub(crate) fault: Option<Fault>,
}

impl<'a> HeldCard<'a> {
    /// Connects exclusively.
    pub(crate) fn connect(
        context: &Context,
        reader: &CStr,
        pulse: &'a Pulse,
        buffer: &'a mut [u8],
        deadline: Instant,
    ) -> Result<Self, Fault> {
        let card = context.connect(reader, ShareMode::Exclusive, Protocols::ANY)?;
        let last_byte = Instant::now();
        pulse.beat(last_byte);
        let released = Released { last_byte, credential: Credential::Withheld, fault: None };
        Ok(Self { card: Some(card), dialogue: Dialogue { pulse, buffer, deadline, released } })
    }

    /// Runs `work` inside a transaction and lets the card go.
    pub(crate) fn work<T>(mut self, work: impl FnOnce(&mut dyn Transport) -> T) -> (Option<T>, Released) {
        let outcome = self.in_transaction(work);
        self.let_go();
        (outcome, self.dialogue.released)
    }

    fn in_transaction<T>(&mut self, work: impl FnOnce(&mut dyn Transport) -> T) -> Option<T> {
        let transaction = match self.card.as_mut()?.transaction() {
            Ok(transaction) => transaction,
            Err(error) => {
                self.dialogue.released.fault = Some(error.into());
                return None;
            }
        };
        let outcome = work(&mut Conversation { dialogue: &mut self.dialogue, card: &transaction });
        // A failing end leaves the transaction to the disconnection, which ends it too.
        drop(transaction.end(Disposition::LeaveCard));
        Some(outcome)
    }

    /// Disconnects. A card that was told no secret keeps its power: many contactless readers answer the loss
    /// of power with a removal and a new insertion of the card that still lies there. A secret, or a card that
    /// does not answer, is worth that: a reset would keep a successful VERIFY. A card that was torn off is
    /// left to pcscd to notice: told to unpower it, pcscd calls the reader empty without counting a removal,
    /// and a card laid on in the same moment is never seen.
    fn let_go(&mut self) {
        let disposition = match (self.dialogue.released.credential, self.dialogue.released.fault) {
            (Credential::Withheld, None | Some(Fault::Removed | Fault::Disturbed)) => Disposition::LeaveCard,
            (Credential::Presented, _) | (_, Some(_)) => Disposition::UnpowerCard,
        };
        if let Some(card) = self.card.take()
            && let Err((card, error)) = card.disconnect(disposition)
        {
            trace!(%error, "the card was gone before it could be let go");
            // Dropping it would only ask the same of the same dead connection.
            drop(card);
        }
    }
}

impl Drop for HeldCard<'_> {
    fn drop(&mut self) {
        self.let_go();
    }
}

/// The card inside its transaction.
struct Conversation<'h, 'a> {
    dialogue: &'h mut Dialogue<'a>,
    card: &'h Card,
}

impl Transport for Conversation<'_, '_> {
    fn transmit(&mut self, command: &Command) -> Result<Response, TransportError> {
        let Dialogue { pulse, buffer, deadline, released } = &mut *self.dialogue;
        let now = Instant::now();
        if released.fault.is_none() && now >= *deadline {
            released.fault = Some(Fault::OutOfTime);
        }
        if let Some(fault) = released.fault {
            // One failure ends the dialogue: nothing more is sent to a card in an unknown state.
            return Err(fault.as_transport_error());
        }
        if command.presents_credential() {
            released.credential = Credential::Presented;
        }
        pulse.beat(now);
        let reply = self.card.transmit(command.expose_bytes(), buffer);
        released.last_byte = Instant::now();
        pulse.beat(released.last_byte);
        let (length, response) = match reply {
            Ok(bytes) => (bytes.len(), Response::from_bytes(bytes)),
            Err(error) => {
                trace!(%command, %error, "no reply");
                let fault = Fault::from(error);
                released.fault = Some(fault);
                return Err(fault.as_transport_error());
            }
        };
        if let Some(used) = buffer.get_mut(..length) {
            used.zeroize();
        }
        match response {
            Ok(response) => {
                trace!(%command, %response, "exchange");
                Ok(response)
            }
            Err(error) => {
                released.fault = Some(Fault::Disturbed);
                Err(error.into())
            }
        }
    }
}

/// How long pcscd may need to notice a removal: it looks at some readers every 0.4 s only.
const REMOVAL_NOTICED: Duration = Duration::from_millis(500);

/// Whether a card is on the reader. The answer "yes" takes the time within which a removal is noticed.
/// Waits in a context of its own, because a wait that times out spoils its context (see the monitor).
pub(crate) fn is_still_there(reader: &CStr) -> bool {
    let Ok(context) = Context::establish(Scope::System) else { return false };
    let mut states = [ReaderState::new(reader, State::UNAWARE)];
    let until = Instant::now() + REMOVAL_NOTICED;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        match context.get_status_change(left, &mut states) {
            Ok(()) => {}
            Err(Error::Timeout) => return true,
            Err(_) => return false,
        }
        for state in &mut states {
            if !state.event_state().contains(State::PRESENT) {
                return false;
            }
            state.sync_current_state();
        }
        if left.is_zero() {
            return true;
        }
    }
}
