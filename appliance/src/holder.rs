//! A card that is to prove its holder at a reader: that of staff who sign in, or of somebody who overrides something with
//! their own PIN. Such a card is no arrival.

use std::fmt;

use hinamori_alert::{
    CardSignature, DeviceKey, NewKioskKey, OfficerKey, OfficerSignature, SealedKioskKey, test_digest,
};
use hinamori_card::{
    Access, CardBytes, CardContents, CardError, CertificateDer, Challenge, HealthKey, HealthPin, Pin,
    PinError, SigningAlgorithm, Transport, TryRule, sign_as_health_professional, sign_each_with_pin,
    sign_with_pin,
};
use hinamori_ipc::{SecretDigits, SignInFault};
use hinamori_model::{CardKey, UnixMillis};
use hinamori_pki::{CardCertificate, Purpose, verify_holder_answer};
use zeroize::Zeroizing;

use crate::checks::{Checks, Found, Reading};

/// How the holder was proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum HolderProof {
    /// The chip answered with the key stored for it: the card is here.
    Chip,
    /// The authentication key signed after the PIN: its holder is here.
    Pin,
    /// The same, and an officer's keys are sealed under what it signed.
    KeysMade(Box<[SealedKioskKey; 2]>),
    /// The same, and the officer's key that it opened signed what was asked.
    Signed(Box<OfficerSignature>),
    /// The same, and each of the officer's keys that it opened signed its test.
    Tested(Vec<OfficerSignature>),
}

/// What an officer's card is held to a reader for. Their key is in the clear within this work, and nowhere else.
pub(crate) enum OfficerWork {
    /// Their keys are sealed under it.
    Make {
        /// Whose card.
        card: CardKey,
        /// For what is real, and for exercises.
        keys: [NewKioskKey; 2],
    },
    /// Their key signs what they were shown.
    Sign {
        /// Of the envelope.
        digest: [u8; 32],
        /// Of each officer's card, the key of this class.
        keys: Vec<(CardKey, SealedKioskKey)>,
    },
    /// Their keys show that they work.
    Test {
        /// What they say the time is.
        at: UnixMillis,
        /// Of each officer's card, its keys.
        keys: Vec<(CardKey, SealedKioskKey)>,
    },
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

    /// Lets an officer's card do its work. A card that it is not for is not given the PIN.
    pub(crate) fn work_for_officer(
        &self,
        card: &mut dyn Transport,
        reading: Reading,
        shown: Shown,
        (pin, work): (Option<SecretDigits>, &OfficerWork),
    ) -> Reading {
        let done = work_of(card, reading.card, shown, pin.as_ref(), work);
        Reading { holder: Some(done), ..reading }
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

fn work_of(
    card: &mut dyn Transport,
    key: Option<CardKey>,
    shown: Shown,
    pin: Option<&SecretDigits>,
    work: &OfficerWork,
) -> Result<HolderProof, SignInFault> {
    let sealed: Vec<SealedKioskKey> = match work {
        OfficerWork::Make { card, .. } if key != Some(*card) => return Err(SignInFault::OtherCard),
        OfficerWork::Make { .. } => Vec::new(),
        OfficerWork::Sign { keys, .. } | OfficerWork::Test { keys, .. } => {
            let own = keys.iter().filter(|(of, _)| key == Some(*of)).map(|(_, sealed)| *sealed);
            // Of each class there is one.
            let own: Vec<_> = own.take(2).collect();
            if own.is_empty() {
                return Err(SignInFault::NoOfficerKey);
            }
            own
        }
    };
    let Shown::MyNumber(Some(certificate)) = shown else { return Err(SignInFault::Unsuitable) };
    let is_suitable =
        SigningAlgorithm::of_certificate(&certificate).is_some_and(|one| one.is_deterministic());
    if !is_suitable {
        return Err(SignInFault::Unsuitable);
    }
    let pin: Pin = pin.ok_or(SignInFault::NotProven)?.expose().parse().or(Err(WRONG_FORM))?;
    let mut sign = |challenges: &[[u8; 32]]| {
        let challenges: Vec<Challenge> = challenges.iter().copied().map(Challenge).collect();
        let shown = Access::Granted(certificate.clone());
        let signed = sign_each_with_pin(card, &pin, TryRule::KeepTheLast, &challenges, shown);
        signed.map(|signed| signed.signatures).map_err(|problem| fault_of(&problem))
    };
    let mut opened = |sealed: &[SealedKioskKey]| -> Result<Vec<OfficerKey>, SignInFault> {
        let challenges: Vec<_> = sealed.iter().map(SealedKioskKey::challenge).collect();
        let signed = sign(&challenges)?;
        if signed.len() != sealed.len() {
            return Err(SignInFault::NotRead);
        }
        let open = |(sealed, signature): (&SealedKioskKey, &CardBytes)| {
            sealed.open(&card_signature(signature)).or(Err(SignInFault::NoOfficerKey))
        };
        sealed.iter().zip(&signed).map(open).collect()
    };
    match work {
        OfficerWork::Sign { digest, .. } => {
            let opened = opened(sealed.get(..1).unwrap_or_default())?;
            let key = opened.first().ok_or(SignInFault::NoOfficerKey)?;
            Ok(HolderProof::Signed(Box::new(key.sign(digest))))
        }
        OfficerWork::Test { at, .. } => {
            let test = |key: &OfficerKey| match key.public() {
                DeviceKey::Kiosk(public) => Some(key.sign(&test_digest(&public, *at))),
                DeviceKey::Passkey(_) => None,
            };
            Ok(HolderProof::Tested(opened(&sealed)?.iter().filter_map(test).collect()))
        }
        OfficerWork::Make { keys, .. } => {
            let challenges = keys.each_ref().map(NewKioskKey::challenge);
            // Twice: what is signed in another way the next time would never open the key again.
            let signed = sign(&[challenges, challenges].concat())?;
            seal_both(keys, &challenges, &signed, &certificate)
                .map(|keys| HolderProof::KeysMade(Box::new(keys)))
        }
    }
}

fn seal_both(
    keys: &[NewKioskKey; 2],
    challenges: &[[u8; 32]; 2],
    signed: &[CardBytes],
    certificate: &CertificateDer,
) -> Result<[SealedKioskKey; 2], SignInFault> {
    let [live, exercise, live_again, exercise_again] = signed else { return Err(SignInFault::NotRead) };
    if live != live_again || exercise != exercise_again {
        return Err(SignInFault::Unsuitable);
    }
    let certificate = CardCertificate::parse(certificate.as_bytes()).or(Err(SignInFault::NotProven))?;
    for (challenge, signature) in challenges.iter().zip([live, exercise]) {
        verify_holder_answer(&certificate, challenge, signature).or(Err(SignInFault::NotProven))?;
    }
    let [of_live, of_exercise] = keys;
    let seal =
        |key: &NewKioskKey, signature| key.seal(&card_signature(signature)).or(Err(SignInFault::NotRead));
    Ok([seal(of_live, live)?, seal(of_exercise, exercise)?])
}

fn card_signature(bytes: &CardBytes) -> CardSignature {
    CardSignature::new(Zeroizing::new(bytes.to_vec()))
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
