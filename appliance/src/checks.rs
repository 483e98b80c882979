//! What a reader's thread does with each card: read it, check it, let its chip prove itself.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Instant;

use hinamori_card::{
    Access, CardContents, CardError, CardReading, CertificateDer, Challenge, ContactlessId, Transport,
    contactless_id, prove_chip, read_card,
};
use hinamori_card_pcsc::{ReaderName, TapWork};
use hinamori_ipc::{AttributeFault, SignInFault};
use hinamori_model::{CardKey, TokenKind, TownKey, UnixMillis};
use hinamori_pki::{
    AttributeIssuers, CardCertificate, ChipAnswered, ChipMismatch, PathError, Purpose, VerifiedCertificate,
    Verifier, verify_chip_answer,
};
use hinamori_store_sqlite::ApplicationKeys;
use tracing::debug;

use crate::attributes::{CardAttributes, Credential, HolderSecret, WaitingSecrets, read_out};
use crate::clock::{self, TimeMarks};
use crate::holder::{HolderProof, Shown};
use crate::lists::{self, Authorities, equip};

/// What cards are checked against: replaced as a whole when the town's package is.
pub(crate) struct Checks {
    /// Cards are hashed under it.
    pub(crate) key: TownKey,
    /// Pinned authorities and revocation lists.
    pub(crate) verifier: Verifier,
    /// Authorities between them and cards (DER).
    pub(crate) intermediates: Vec<Vec<u8>>,
    /// The application keys stored at registration (DER SubjectPublicKeyInfo).
    pub(crate) application_keys: Arc<ApplicationKeys>,
    /// Those that the town lists for its staff; a card is asked for these first.
    pub(crate) staff_keys: Arc<ApplicationKeys>,
    /// The cards of the town's staff.
    pub(crate) staff_cards: Arc<BTreeSet<CardKey>>,
    /// It cannot be earlier now.
    pub(crate) time: TimeMarks,
    /// Version of the town's package; 0 for a town of one box.
    pub(crate) version: u64,
}

impl fmt::Debug for Checks {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Checks(version {}, {} keys)", self.version, self.application_keys.len())
    }
}

/// One card as the core takes it.
#[derive(Debug)]
pub(crate) struct Reading {
    /// Version of the package that it was checked against; its key is of no use under another.
    pub(crate) version: u64,
    /// The card; `None` when nothing on it stays the same until the next tap.
    pub(crate) card: Option<CardKey>,
    /// On what the tap rests.
    pub(crate) evidence: Found,
    /// Its attributes, if a secret waited for it.
    pub(crate) attributes: Option<Result<CardAttributes, AttributeFault>>,
    /// What it proved of its holder, if it was to: then it is no arrival.
    pub(crate) holder: Option<Result<HolderProof, SignInFault>>,
    /// When the work on it began.
    pub(crate) began: Instant,
}

/// The verifiers' words, owned.
#[derive(Debug)]
pub(crate) enum Found {
    Certificate {
        verdict: Result<VerifiedCertificate, PathError>,
        chip: Option<Result<ChipAnswered, ChipMismatch>>,
    },
    UnreadableCertificate,
    PinNeeded,
    ContactlessOnly,
    /// A card without any application known here, and without an identifier.
    Unsupported,
}

/// The work at every reader of the box.
pub(crate) struct CheckedTap {
    checks: RwLock<Arc<Checks>>,
    issuers: AttributeIssuers,
    secrets: WaitingSecrets,
}

impl CheckedTap {
    pub(crate) fn new(checks: Arc<Checks>, issuers: AttributeIssuers) -> Self {
        Self { checks: RwLock::new(checks), issuers, secrets: WaitingSecrets::default() }
    }

    /// The secrets that wait for a card.
    pub(crate) const fn secrets(&self) -> &WaitingSecrets {
        &self.secrets
    }

    /// Checks against these from the next card on.
    pub(crate) fn replace(&self, checks: Arc<Checks>) {
        *self.checks.write().unwrap_or_else(PoisonError::into_inner) = checks;
    }

    fn checks(&self) -> Arc<Checks> {
        Arc::clone(&self.checks.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl TapWork for CheckedTap {
    type Outcome = Reading;

    fn run(&self, reader: &ReaderName, card: &mut dyn Transport) -> Result<Reading, CardError> {
        let began = Instant::now();
        let checks = self.checks();
        let mut shown = Shown::Nothing;
        let reading = match read_card(card) {
            Ok(CardReading { contents, contactless }) => {
                shown = Shown::of(&contents);
                checks.examine(card, contents, contactless)
            }
            // No reply: the card left or the reader failed, and the whole work runs again.
            Err(error @ CardError::Transport(_)) => Err(error),
            // The card answers and its content is no use: whoever holds it is received all the same.
            Err(error) => {
                debug!(%reader, %error, "a card's content cannot be used");
                let contactless = contactless_id(card)?;
                Ok(checks.by_identifier(contactless, Found::UnreadableCertificate))
            }
        };
        let reading = reading?;
        // Last, so that nothing of this keeps the tap from counting. Taken out before it is presented: were the work
        // to run again, there is nothing to present.
        let attributes = match self.secrets.take(reader) {
            None => None,
            Some(Credential::Holder(HolderSecret { pin, work: Some(work), .. })) => {
                let done = checks.work_for_officer(card, reading, shown, (pin, &work));
                return Ok(Reading { began, ..done });
            }
            Some(Credential::Holder(HolderSecret { pin, staff_only, work: None })) => {
                // A phone says which card it is only after its PIN.
                let is_another = |card: CardKey| staff_only && !checks.staff_cards.contains(&card);
                let pin = pin.filter(|_| !reading.card.is_some_and(is_another));
                return Ok(Reading { began, ..checks.prove_holder(card, reading, shown, pin.as_ref()) });
            }
            Some(credential) => Some(match reading.card {
                Some(_) => read_out(card, &credential, &self.issuers),
                // There would be nothing to link.
                None => Err(AttributeFault::NotThere),
            }),
        };
        Ok(Reading { began, attributes, ..reading })
    }
}

impl Checks {
    /// What says how late it is at least, and the wall clock.
    fn now(&self) -> UnixMillis {
        let clock = clock::wall();
        clock.max(self.time.not_before(clock))
    }

    /// The same with other lists, with the newest time that the server signed, and with the keys of the cards that are known.
    pub(crate) fn renewed(
        &self,
        authorities: &Authorities,
        lists: &lists::Shown,
        server: UnixMillis,
        application_keys: Arc<ApplicationKeys>,
    ) -> Self {
        let mut verifier = authorities.verifier.clone();
        equip(&mut verifier, lists);
        let authority = verifier.latest_list().unwrap_or_default();
        Self {
            key: self.key.clone(),
            verifier,
            intermediates: self.intermediates.clone(),
            application_keys,
            staff_keys: Arc::clone(&self.staff_keys),
            staff_cards: Arc::clone(&self.staff_cards),
            time: TimeMarks { authority, server, ..self.time },
            version: self.version,
        }
    }

    fn examine(
        &self,
        card: &mut dyn Transport,
        contents: CardContents,
        contactless: Option<ContactlessId>,
    ) -> Result<Reading, CardError> {
        let (certificate, purpose) = match contents {
            CardContents::MyNumber { certificate, device: _ } => (certificate, Purpose::JpkiAuthentication),
            CardContents::HealthProfessional { certificate } => (certificate, Purpose::HpkiAuthentication),
            CardContents::WithoutCertificate | CardContents::Unsupported => {
                return Ok(self.by_identifier(contactless, Found::ContactlessOnly));
            }
        };
        match certificate {
            Access::Granted(der) => self.examine_certificate(card, &der, purpose, contactless),
            Access::PinNeeded => Ok(self.by_identifier(contactless, Found::PinNeeded)),
            Access::Absent => Ok(self.by_identifier(contactless, Found::UnreadableCertificate)),
        }
    }

    fn examine_certificate(
        &self,
        card: &mut dyn Transport,
        der: &CertificateDer,
        purpose: Purpose,
        contactless: Option<ContactlessId>,
    ) -> Result<Reading, CardError> {
        let Ok(certificate) = CardCertificate::parse(der.as_bytes()) else {
            return Ok(self.by_identifier(contactless, Found::UnreadableCertificate));
        };
        let (key, verdict) = self.judge(&certificate, purpose);
        let stored = self.staff_keys.get(&key).or_else(|| self.application_keys.get(&key));
        let chip = match (&verdict, stored) {
            (Ok(_), Some(stored)) => Some(prove(card, stored)?),
            (Ok(_) | Err(_), _) => None,
        };
        Ok(self.reading(Some(key), Found::Certificate { verdict, chip }))
    }

    /// Which card it is, and whether its certificate can be believed.
    pub(crate) fn judge(
        &self,
        certificate: &CardCertificate,
        purpose: Purpose,
    ) -> (CardKey, Result<VerifiedCertificate, PathError>) {
        let key = self.key.card_key(TokenKind::Certificate, &certificate.spki_hash().0);
        let intermediates: Vec<&[u8]> = self.intermediates.iter().map(Vec::as_slice).collect();
        (key, self.verifier.check(certificate, &intermediates, purpose, self.now()))
    }

    /// A card by what its reader saw of it. A phone's random identifier is another one next time.
    fn by_identifier(&self, contactless: Option<ContactlessId>, found: Found) -> Reading {
        let stable = contactless.filter(|id| !id.is_random());
        let card = stable.map(|id| self.key.card_key(TokenKind::Uid, id.as_bytes()));
        match (card, found) {
            (None, Found::ContactlessOnly) => self.reading(None, Found::Unsupported),
            (card, found) => self.reading(card, found),
        }
    }

    fn reading(&self, card: Option<CardKey>, evidence: Found) -> Reading {
        Reading {
            version: self.version,
            card,
            evidence,
            attributes: None,
            holder: None,
            began: Instant::now(),
        }
    }
}

/// A chip that refuses although its key is registered is as good as another chip.
fn prove(card: &mut dyn Transport, stored: &[u8]) -> Result<Result<ChipAnswered, ChipMismatch>, CardError> {
    let mut challenge = Challenge([0; 32]);
    if getrandom::fill(&mut challenge.0).is_err() {
        // Without randomness an old answer could be played back: then nothing is proved.
        return Ok(Err(ChipMismatch));
    }
    match prove_chip(card, &challenge) {
        Ok(Access::Granted(answer)) => Ok(verify_chip_answer(stored, &challenge.0, &answer)),
        Ok(Access::Absent | Access::PinNeeded) => Ok(Err(ChipMismatch)),
        Err(error @ CardError::Transport(_)) => Err(error),
        Err(_refused) => Ok(Err(ChipMismatch)),
    }
}
