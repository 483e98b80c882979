//! How many tries each PIN of a card has left, asked without presenting anything.

use std::fmt;

use crate::error::Step;
use crate::hpki::find_pin;
use crate::jpki::{JpkiApplication, JpkiFile};
use crate::pin::{Asked, PinPlace};
use crate::selected::{Files, Selected};
use crate::text::{TextApplication, TextFile};
use crate::{CardError, CardFile, HealthKey, Transport, Tries};

/// A PIN, password or check number that a card may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PinKind {
    /// The four digits of the authentication certificate.
    Authentication,
    /// The password of the signature certificate.
    Signature,
    /// The four digits of the attributes.
    Attributes,
    /// 照合番号B.
    CheckNumberB,
    /// The authentication PIN of a health professional's card.
    HealthAuthentication,
    /// The signature PIN of a health professional's card.
    HealthSignature,
}

impl fmt::Display for PinKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Authentication => "authentication PIN",
            Self::Signature => "signature password",
            Self::Attributes => "attribute PIN",
            Self::CheckNumberB => "check number B",
            Self::HealthAuthentication => "health professional's authentication PIN",
            Self::HealthSignature => "health professional's signature PIN",
        })
    }
}

/// What a card says about one of its PINs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PinStatus {
    /// Which one.
    pub kind: PinKind,
    /// Its tries.
    pub tries: Tries,
}

/// Asks for the tries left of every PIN that the card has, which costs none. The list is empty for a card
/// without PINs that are known here.
///
/// # Errors
/// [`CardError`].
pub fn pin_status<T: Transport + ?Sized>(transport: &mut T) -> Result<Vec<PinStatus>, CardError> {
    let mut found = Vec::new();
    for (kind, file) in [
        (PinKind::Authentication, JpkiFile::AuthenticationPin),
        (PinKind::Signature, JpkiFile::SignaturePassword),
    ] {
        found.extend(ask(transport, kind, JpkiApplication, |_| Ok(PinPlace::of_file(file)))?);
    }
    for (kind, file) in
        [(PinKind::Attributes, TextFile::Pin), (PinKind::CheckNumberB, TextFile::CheckNumberB)]
    {
        found.extend(ask(transport, kind, TextApplication, |_| Ok(PinPlace::of_file(file)))?);
    }
    for (kind, key) in [
        (PinKind::HealthAuthentication, HealthKey::Authentication),
        (PinKind::HealthSignature, HealthKey::Signature),
    ] {
        found.extend(ask(transport, kind, key, find_pin)?);
    }
    Ok(found)
}

/// Asks for one. `None` when the card has no such application or file.
fn ask<T: Transport + ?Sized, F: Files>(
    transport: &mut T,
    kind: PinKind,
    application: F::Application,
    find: impl FnOnce(&mut Selected<'_, T, F>) -> Result<PinPlace<F>, CardError>,
) -> Result<Option<PinStatus>, CardError> {
    let Some(mut selected) = Selected::enter(transport, application)? else { return Ok(None) };
    let place = find(&mut selected)?;
    match Asked::ask(selected, place) {
        Ok(asked) => Ok(Some(PinStatus { kind, tries: asked.tries() })),
        Err(CardError::Refused { step: Step::Select(CardFile::Credential), .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
