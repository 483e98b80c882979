//! The one way in which a PIN is presented.
//!
//! A wrong guess may cost somebody their last try, after which only the town hall can open the card again. So
//! the order is fixed by types: an application is selected, its counter is asked, which costs nothing
//! ([`Asked`]), the PIN is presented exactly once, and what it opened is used. Nothing here repeats a VERIFY
//! whatever comes back, and however the dialogue ends, the application is left ([`with_pin`]).

use crate::credential::Secret;
use crate::error::Step;
use crate::exchange::leave;
use crate::selected::{Files, Selected};
use crate::{Application, CardError, Command, Expected, Header, PinError, StatusWord, Transport};

/// The current file's PIN, in P2 of VERIFY; with a short identifier in the low bits, that file's.
const SPECIFIC_REFERENCE: u8 = 0x80;

/// What the card says about a PIN's tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tries {
    /// So many are left, at least one.
    Left(u8),
    /// None is left, or the PIN was never set: cards do not tell these apart.
    Blocked,
    /// The card does not count, or does not say.
    Untold,
}

/// Whether the last try may be used.
#[derive(Debug)]
pub enum TryRule {
    /// One try stays on the card for its holder.
    KeepTheLast,
    /// Staff decided, with the holder, to use it, or to try on a card that does not count. Good for one
    /// presentation.
    SpendTheLast(StaffOverride),
}

/// Somebody of the staff was shown that this may block the card, and said to go on. It cannot be copied: the
/// next presentation needs the next decision.
#[derive(Debug)]
pub struct StaffOverride(());

impl StaffOverride {
    /// For whoever has made sure that staff is signed in and has decided this for the card at hand.
    pub const fn decided_by_staff() -> Self {
        Self(())
    }
}

/// Where an application keeps a PIN.
#[derive(Clone, Copy)]
pub(crate) struct PinPlace<F> {
    /// The file to select first.
    pub(crate) file: Option<F>,
    /// The reference that the card states for P2; 0 when it states none.
    pub(crate) reference: u8,
}

impl<F> PinPlace<F> {
    /// A PIN that is the selected file's.
    pub(crate) const fn of_file(file: F) -> Self {
        Self { file: Some(file), reference: 0 }
    }
}

/// An application whose counter was asked.
pub(crate) struct Asked<'t, T: ?Sized, F> {
    selected: Selected<'t, T, F>,
    p2: u8,
    tries: Tries,
}

impl<'t, T: Transport + ?Sized, F: Files> Asked<'t, T, F> {
    /// Asks how many tries are left: VERIFY without data (ISO/IEC 7816-4 §11.6.6), which presents nothing.
    /// Where the card states a reference, that is asked first, and the selected file's PIN after it.
    pub(crate) fn ask(mut selected: Selected<'t, T, F>, place: PinPlace<F>) -> Result<Self, CardError> {
        let stated = (place.reference != 0).then_some(SPECIFIC_REFERENCE | place.reference);
        let current = place.file.is_some().then_some(SPECIFIC_REFERENCE);
        if let Some(file) = place.file {
            selected.select(file)?.require(Step::Select(file.name()))?;
        }
        let mut status = StatusWord::ReferenceNotFound;
        for p2 in [stated, current].into_iter().flatten() {
            let query = Command::short(Header::new(0x00, 0x20, 0x00, p2), &[], Expected::Nothing);
            status = selected.run(query)?.status();
            let tries = match status {
                StatusWord::TriesLeft(0)
                | StatusWord::AuthenticationBlocked
                | StatusWord::ReferenceBlocked => Tries::Blocked,
                StatusWord::TriesLeft(left) => Tries::Left(left),
                StatusWord::Done | StatusWord::VerificationFailed => Tries::Untold,
                _ => continue,
            };
            return Ok(Self { selected, p2, tries });
        }
        Err(CardError::Refused { step: Step::CountTries, status })
    }

    /// What the card said.
    pub(crate) const fn tries(&self) -> Tries {
        self.tries
    }

    /// Presents the secret, once. The value is used up: who wants another try has to ask again.
    fn present(mut self, secret: &Secret, rule: TryRule) -> Result<Selected<'t, T, F>, PinError> {
        match (self.tries, rule) {
            (Tries::Blocked, _) => return Err(PinError::Blocked),
            (Tries::Left(0..=1), TryRule::KeepTheLast) => return Err(PinError::LastTry),
            (Tries::Untold, TryRule::KeepTheLast) => return Err(PinError::TriesUnknown),
            (Tries::Left(_), TryRule::KeepTheLast)
            | (Tries::Left(_) | Tries::Untold, TryRule::SpendTheLast(StaffOverride(()))) => {}
        }
        let header = Header::new(0x00, 0x20, 0x00, self.p2);
        let verify = Command::short(header, secret.bytes(), Expected::Nothing);
        match self.selected.run(verify)?.status() {
            StatusWord::Done => Ok(self.selected),
            StatusWord::TriesLeft(0) | StatusWord::AuthenticationBlocked | StatusWord::ReferenceBlocked => {
                Err(PinError::Blocked)
            }
            StatusWord::TriesLeft(tries_left) => Err(PinError::Wrong { tries_left }),
            StatusWord::VerificationFailed => Err(PinError::WrongUncounted),
            status => Err(CardError::Refused { step: Step::Verify, status }.into()),
        }
    }
}

/// Leaves the application when it goes, however the dialogue ended.
struct Dialogue<'t, T: Transport + ?Sized> {
    transport: &'t mut T,
    application: Application,
}

impl<T: Transport + ?Sized> Drop for Dialogue<'_, T> {
    fn drop(&mut self) {
        leave(self.transport, self.application);
    }
}

/// Runs one PIN dialogue: finds the PIN's place, asks its counter, presents it once, does `work`, and leaves
/// the application.
pub(crate) fn with_pin<T: Transport + ?Sized, F: Files, P, R>(
    transport: &mut T,
    application: F::Application,
    secret: &Secret,
    rule: TryRule,
    find: impl FnOnce(&mut Selected<'_, T, F>) -> Result<(PinPlace<F>, P), CardError>,
    work: impl FnOnce(&mut Selected<'_, T, F>, P) -> Result<R, CardError>,
) -> Result<R, PinError> {
    let dialogue = Dialogue { transport, application: application.into() };
    let mut selected = Selected::require(&mut *dialogue.transport, application)?;
    let (place, found) = find(&mut selected)?;
    let mut opened = Asked::ask(selected, place)?.present(secret, rule)?;
    Ok(work(&mut opened, found)?)
}
