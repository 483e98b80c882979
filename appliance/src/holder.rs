//! A card that is to prove its holder at a reader: that of staff who sign in, or of somebody who overrides something with
//! their own PIN. Such a card is no arrival.

use std::fmt;

use hinamori_card::{
    Access, CardContents, CardError, CertificateDer, Challenge, HealthKey, HealthPin, Pin, PinError,
    Transport, TryRule, sign_as_health_professional, sign_with_pin,
};
use hinamori_ipc::{SecretDigits, SignInFault};
use hinamori_pki::{CardCertificate, Purpose, verify_holder_answer};

use crate::checks::{Checks, Found, Reading};

/// How the holder was proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HolderProof {
    /// The chip answered with the key stored for it: the card is here.
    Chip,
    /// The authentication key signed after the PIN: its holder is here.
    Pin,
}

/// What a card showed without its PIN.
pub(crate) enum Shown {
    /// Nothing that could prove anything.
    Nothing,
    /// マイナンバーカード; a phone shows its certificate only after the PIN.
    MyNumber(Option<CertificateDer>),
    /// HPKI
    HealthProfessional(CertificateDer),
}

impl fmt::Debug for Shown {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Shown(hidden)")
    }
}

impl Shown {
    pub(crate) fn of(contents: &CardContents) -> Self {
        match contents {
            CardContents::MyNumber { certificate: Access::Granted(certificate), .. } => {
                Self::MyNumber(Some(certificate.clone()))
            }
            CardContents::MyNumber { certificate: Access::PinNeeded, .. } => Self::MyNumber(None),
            CardContents::HealthProfessional { certificate: Access::Granted(certificate) } => {
                Self::HealthProfessional(certificate.clone())
            }
            _ => Self::Nothing,
        }
    }
}

impl Checks {
    /// Lets a card that was read prove its holder. Whatever fails is said in the reading, and nothing is tried again: where a
    /// card was torn away nobody knows what became of the PIN.
    pub(crate) fn prove_holder(
        &self,
        card: &mut dyn Transport,
        mut reading: Reading,
        shown: Shown,
        pin: Option<&SecretDigits>,
    ) -> Reading {
        let proved = match pin {
            None => match reading.evidence {
                Found::Certificate { verdict: Ok(_), chip: Some(Ok(_answered)) } => Ok(HolderProof::Chip),
                _ => Err(SignInFault::NotProven),
            },
            Some(pin) => self.with_pin(card, &mut reading, shown, pin).map(|()| HolderProof::Pin),
        };
        Reading { holder: Some(proved), ..reading }
    }

    fn with_pin(
        &self,
        card: &mut dyn Transport,
        reading: &mut Reading,
        shown: Shown,
        pin: &SecretDigits,
    ) -> Result<(), SignInFault> {
        let mut challenge = Challenge([0; 32]);
        getrandom::fill(&mut challenge.0).or(Err(SignInFault::NotRead))?;
        let (certificate, signature) = match shown {
            Shown::Nothing => return Err(SignInFault::NotProven),
            Shown::MyNumber(certificate) => {
                let pin: Pin = pin.expose().parse().or(Err(WRONG_FORM))?;
                let certificate = certificate.map_or(Access::PinNeeded, Access::Granted);
                let proof = sign_with_pin(card, &pin, TryRule::KeepTheLast, &challenge, certificate)
                    .map_err(|problem| fault_of(&problem))?;
                (proof.certificate, proof.signature)
            }
            Shown::HealthProfessional(certificate) => {
                let pin: HealthPin = pin.expose().parse().or(Err(WRONG_FORM))?;
                let key = HealthKey::Authentication;
                let rule = TryRule::KeepTheLast;
                let signature = sign_as_health_professional(card, key, &pin, rule, &challenge.0)
                    .map_err(|problem| fault_of(&problem))?;
                (certificate, signature)
            }
        };
        let certificate = CardCertificate::parse(certificate.as_bytes()).or(Err(SignInFault::NotProven))?;
        verify_holder_answer(&certificate, &challenge.0, &signature).or(Err(SignInFault::NotProven))?;
        if matches!(reading.evidence, Found::PinNeeded) {
            // A phone: only now it says which card it is.
            let (key, verdict) = self.judge(&certificate, Purpose::JpkiAuthentication);
            reading.card = Some(key);
            reading.evidence = Found::Certificate { verdict, chip: None };
        }
        Ok(())
    }
}

/// Nothing was presented.
const WRONG_FORM: SignInFault = SignInFault::WrongPin { tries_left: None };

const fn fault_of(problem: &PinError) -> SignInFault {
    match problem {
        PinError::Wrong { tries_left } => SignInFault::WrongPin { tries_left: Some(*tries_left) },
        PinError::WrongUncounted => SignInFault::WrongPin { tries_left: None },
        PinError::Blocked | PinError::LastTry | PinError::TriesUnknown => SignInFault::Blocked,
        PinError::Card(CardError::NoApplication { .. }) => SignInFault::NotProven,
        PinError::Credential(_) | PinError::Card(_) => SignInFault::NotRead,
    }
}
