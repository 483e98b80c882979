//! カードで登録 at a reader: the secret that waits there for its one card, and the attributes that it opens.

use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hinamori_card::{
    AttributeCredential, AttributeFiles, CardError, CheckNumberB, CredentialError, Pin, PinError, Transport,
    TryRule, read_attributes,
};
use hinamori_card_pcsc::ReaderName;
use hinamori_ipc::{AttributeFault, AttributeSecret, SecretDigits};
use hinamori_model::{BindingAssurance, PersonalText};
use hinamori_people::Attributes;
use hinamori_pki::{AttributeError, AttributeIssuers, VerifiedAttributes, verify_attributes};
use tracing::error;

use crate::holder::OfficerWork;

/// How long a secret waits for its card.
const WAITS: Duration = Duration::from_secs(30);
/// Bytes: a public key is a tenth of it.
const LONGEST_KEY: u64 = 4 << 10;

/// A secret as the card takes it.
pub(crate) enum Credential {
    Pin(Pin),
    CheckNumberB(CheckNumberB),
    /// The card is to prove its holder instead of arriving.
    Holder(HolderSecret),
}

/// Digits that somebody said to prove that a card is theirs.
pub(crate) struct HolderSecret {
    /// If they were said.
    pub(crate) pin: Option<SecretDigits>,
    /// Only a card of the town's staff is given them: anybody may type digits at a lane, and the next card's tries are not theirs.
    pub(crate) staff_only: bool,
    /// What an officer's card is to do besides.
    pub(crate) work: Option<OfficerWork>,
}

/// The secrets that wait, at most one at a reader. Nothing of them can be printed.
#[derive(Default)]
pub(crate) struct WaitingSecrets(Mutex<Vec<Waiting>>);

struct Waiting {
    /// Part of the reader's name, as the lane's configuration has it.
    reader: String,
    credential: Credential,
    until: Instant,
}

impl WaitingSecrets {
    /// Lets a secret wait at the lane's reader instead of any other.
    ///
    /// # Errors
    /// [`CredentialError`] when it is none of its kind; nothing waits then.
    pub(crate) fn put(&self, reader: &str, secret: &AttributeSecret) -> Result<(), CredentialError> {
        self.forget(reader);
        let credential = match secret {
            AttributeSecret::Pin(digits) => Credential::Pin(digits.expose().parse()?),
            AttributeSecret::CheckNumberB(digits) => Credential::CheckNumberB(digits.expose().parse()?),
        };
        self.wait(reader, credential);
        Ok(())
    }

    /// The next card at the lane's reader proves its holder, with the digits where they are given.
    pub(crate) fn put_holder(&self, reader: &str, secret: HolderSecret) {
        self.forget(reader);
        self.wait(reader, Credential::Holder(secret));
    }

    fn wait(&self, reader: &str, credential: Credential) {
        let Some(until) = Instant::now().checked_add(WAITS) else { return };
        self.all().push(Waiting { reader: reader.to_owned(), credential, until });
    }

    /// Nothing waits at the lane's reader any more.
    pub(crate) fn forget(&self, reader: &str) {
        self.all().retain(|waiting| waiting.reader != reader);
    }

    /// Nothing waits any more whose time is over at `now`.
    pub(crate) fn forget_old(&self, now: Instant) {
        self.all().retain(|waiting| waiting.until > now);
    }

    /// Takes what waits at a reader out: whoever has it presents it once, and nobody has it after that.
    pub(crate) fn take(&self, reader: &ReaderName) -> Option<Credential> {
        self.forget_old(Instant::now());
        let mut all = self.all();
        let place = all.iter().position(|waiting| reader.0.contains(&waiting.reader))?;
        Some(all.swap_remove(place).credential)
    }

    fn all(&self) -> MutexGuard<'_, Vec<Waiting>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a card says of its holder. Nothing of it can be printed, and nobody keeps it.
pub(crate) struct CardAttributes {
    name: PersonalText,
    address: PersonalText,
    birth: Option<u32>,
    sex: Option<u8>,
    /// How well a link is founded that somebody confirms by them.
    pub(crate) binding: BindingAssurance,
}

impl fmt::Debug for CardAttributes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("CardAttributes(hidden)")
    }
}

impl CardAttributes {
    /// For comparing them with the roster.
    pub(crate) fn to_compare(&self) -> Attributes<'_> {
        Attributes {
            name: self.name.expose(),
            address: self.address.expose(),
            birth: self.birth,
            sex: self.sex,
        }
    }

    /// Whether the issuer signed them, by a key that is pinned here.
    pub(crate) fn is_signed(&self) -> bool {
        self.binding != BindingAssurance::MatchedByStaff
    }

    fn new([name, address, birth, sex]: [&str; 4], binding: BindingAssurance) -> Self {
        Self {
            name: PersonalText::new(name),
            address: PersonalText::new(address),
            // YYYYMMDD is the number that it is compared as.
            birth: birth.parse().ok(),
            sex: sex.parse().ok().filter(|code| (1..=3).contains(code)),
            binding,
        }
    }
}

/// Presents the secret, once, reads the attributes, and asks who signed them.
///
/// # Errors
/// [`AttributeFault`], also when the card was torn away: what became of the secret is not known then, and
/// nothing may present it again.
pub(crate) fn read_out(
    card: &mut dyn Transport,
    credential: &Credential,
    issuers: &AttributeIssuers,
) -> Result<CardAttributes, AttributeFault> {
    let (credential, binding) = match credential {
        Credential::Holder(_) => return Err(AttributeFault::NotRead),
        Credential::Pin(pin) => (AttributeCredential::Pin(pin), BindingAssurance::AttributesSignedWithPin),
        Credential::CheckNumberB(number) => {
            (AttributeCredential::CheckNumberB(number), BindingAssurance::AttributesSigned)
        }
    };
    let files = read_attributes(card, credential, TryRule::KeepTheLast).map_err(fault_of)?;
    match verified(&files, issuers) {
        Ok(signed) => {
            let texts = [signed.name(), signed.address(), signed.birth_date(), signed.sex()];
            Ok(CardAttributes::new(texts.map(PersonalText::expose), binding))
        }
        Err(AttributeError::UntrustedSigner) => {
            let stated = files.stated().or(Err(AttributeFault::NotRead))?;
            let texts = [stated.name, stated.address, stated.birth_date, stated.sex];
            Ok(CardAttributes::new(texts, BindingAssurance::MatchedByStaff))
        }
        Err(AttributeError::Malformed) => Err(AttributeFault::NotRead),
        Err(AttributeError::Signature | AttributeError::OtherAttributes) => Err(AttributeFault::NotSigned),
    }
}

/// A card that shows no signature is like one whose signer nobody knows.
fn verified(
    files: &AttributeFiles,
    issuers: &AttributeIssuers,
) -> Result<VerifiedAttributes, AttributeError> {
    let (Some(signature), Some(signer)) = (files.signature(), files.signer()) else {
        return Err(AttributeError::UntrustedSigner);
    };
    // Without a pinned key nothing can be said of a signer, whatever its form: no real one has been seen.
    if issuers.is_empty() {
        return Err(AttributeError::UntrustedSigner);
    }
    verify_attributes(files.attributes(), signature, signer, issuers)
}

const fn fault_of(problem: PinError) -> AttributeFault {
    match problem {
        PinError::Wrong { tries_left } => AttributeFault::Wrong { tries_left: Some(tries_left) },
        PinError::WrongUncounted => AttributeFault::Wrong { tries_left: None },
        PinError::Blocked => AttributeFault::Blocked,
        PinError::LastTry | PinError::TriesUnknown => AttributeFault::LastTry,
        PinError::Card(CardError::NoApplication { .. }) => AttributeFault::NotThere,
        PinError::Credential(_) | PinError::Card(_) => AttributeFault::NotRead,
    }
}

/// The keys of `box.toml` that may certify the signers of attributes. One that cannot be read is said and left
/// out: people are received all the same, and attributes are then somebody's statement.
pub(crate) fn issuers_of(files: &[PathBuf]) -> AttributeIssuers {
    let mut issuers = AttributeIssuers::default();
    for file in files {
        match read_key(file) {
            Ok(key) => issuers.pin(&key),
            Err(problem) => {
                let problem = &problem as &dyn std::error::Error;
                error!(error = problem, file = %file.display(), "an issuer of attributes is not pinned");
            }
        }
    }
    issuers
}

fn read_key(file: &Path) -> std::io::Result<Vec<u8>> {
    let mut key = Vec::new();
    File::open(file)?.take(LONGEST_KEY).read_to_end(&mut key)?;
    Ok(key)
}
