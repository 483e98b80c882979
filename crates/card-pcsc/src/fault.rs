//! What PC/SC's errors mean for a tap.

use hinamori_card::TransportError;
use pcsc::Error;

/// Why a connection or a command failed, by what is to be done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The card has left: nothing to do until it comes again.
    Removed,
    /// The card was reset, lost the field for a moment or garbled a reply: the work may run again.
    Disturbed,
    /// The card lies there and does not start.
    Silent,
    /// Another program holds the card.
    Busy,
    /// The service is gone, or this context with it.
    Service,
    /// The reader is gone or broken.
    Reader,
    /// The work has used up its time.
    OutOfTime,
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        match error {
            Error::NoSmartcard | Error::RemovedCard => Self::Removed,
            Error::ResetCard
            | Error::CommError
            | Error::CommDataLost
            | Error::NotTransacted
            | Error::UnpoweredCard
            | Error::ProtoMismatch => Self::Disturbed,
            Error::UnresponsiveCard | Error::UnsupportedCard | Error::InvalidAtr | Error::Timeout => {
                Self::Silent
            }
            Error::SharingViolation | Error::ServerTooBusy => Self::Busy,
            Error::NoService
            | Error::ServiceStopped
            | Error::Shutdown
            | Error::InvalidHandle
            | Error::InternalError
            | Error::SystemCancelled
            | Error::Cancelled => Self::Service,
            _ => Self::Reader,
        }
    }
}

impl Fault {
    /// Whether the same card may be worked on again without being laid on again.
    pub(crate) const fn can_pass(self) -> bool {
        match self {
            Self::Disturbed | Self::Silent | Self::Busy | Self::Service => true,
            Self::Removed | Self::Reader | Self::OutOfTime => false,
        }
    }

    /// What the card software is told.
    pub(crate) const fn as_transport_error(self) -> TransportError {
        match self {
            Self::Removed | Self::Disturbed => TransportError::TornAway,
            Self::Silent | Self::OutOfTime => TransportError::Mute,
            Self::Busy => TransportError::Busy,
            Self::Service | Self::Reader => TransportError::ReaderFault,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_trouble_that_may_pass_lets_a_work_run_again() {
        #[track_caller]
        fn check(error: Error, can_pass: bool, told: TransportError) {
            let fault = Fault::from(error);
            assert_eq!((fault.can_pass(), fault.as_transport_error()), (can_pass, told), "{error:?}");
        }
        check(Error::RemovedCard, false, TransportError::TornAway);
        check(Error::ResetCard, true, TransportError::TornAway);
        check(Error::NotTransacted, true, TransportError::TornAway);
        check(Error::UnresponsiveCard, true, TransportError::Mute);
        check(Error::SharingViolation, true, TransportError::Busy);
        check(Error::ServiceStopped, true, TransportError::ReaderFault);
        check(Error::ReaderUnavailable, false, TransportError::ReaderFault);
        check(Error::InsufficientBuffer, false, TransportError::ReaderFault);
    }
}
