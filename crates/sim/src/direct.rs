//! A virtual card without a reader: for tests that need no PC/SC.

use hinamori_card::{Command, Response, Transport, TransportError};

use crate::presented::{Answer, PresentedCard};

/// A presented card as the transport that card software speaks through.
#[derive(Debug)]
pub struct DirectCard(pub PresentedCard);

impl Transport for DirectCard {
    fn transmit(&mut self, command: &Command) -> Result<Response, TransportError> {
        match self.0.transmit(command.expose_bytes()) {
            Answer::Bytes(bytes) => Ok(Response::from_bytes(&bytes)?),
            Answer::Torn => Err(TransportError::TornAway),
            Answer::Mute => Err(TransportError::Mute),
        }
    }
}
