//! `tray.toml`.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use hinamori_model::{BindingAssurance, PersonId, TokenKind};
use serde::{Deserialize, Serialize};

use crate::ca::Municipality;

/// Each card costs a few RSA keys.
const MOST_CARDS: usize = 1_000;

/// The whole file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrayFile {
    /// Everything random follows from it.
    pub seed: u64,
    /// Where the cards were issued; the town holds its revocation list.
    pub town: Municipality,
    /// A municipality whose revocation list the town does not hold.
    pub elsewhere: Municipality,
    /// The cards.
    #[serde(rename = "card")]
    pub cards: Vec<CardEntry>,
}

/// One card.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardEntry {
    /// What commands call it.
    pub name: CardName,
    /// What the tray's page writes on it.
    pub title: String,
    /// One line about it.
    pub note: String,
    /// What it is.
    pub kind: Kind,
    /// What is odd about it.
    pub oddity: Option<Oddity>,
    /// Carries the certificate of the card of that name, on another chip and without its private key.
    pub copy_of: Option<CardName>,
    /// Cards of one group have one colour on the page.
    pub group: Option<String>,
    /// To whom the town registered it; left out: to nobody.
    pub person: Option<PersonId>,
    /// How the card came to stand for that person.
    pub binding: Option<BindingAssurance>,
    /// What of it was registered; left out: what its kind is usually known by.
    pub tokens: Option<BTreeSet<TokenKind>>,
    /// Whose it is, as its certificates and files say.
    pub holder: Option<HolderEntry>,
}

/// What certificates and files say of their holder.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HolderEntry {
    /// Family name, U+3000, given name.
    pub name: String,
    /// In Latin letters.
    pub latin: String,
    /// YYYYMMDD.
    pub birth_date: String,
    /// `1` male, `2` female, `9` not told.
    pub sex: char,
    /// As registered.
    pub address: String,
}

/// What lies in the tray.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A My Number card.
    MyNumber,
    /// An Android phone with the certificates.
    Android,
    /// An iPhone with the certificates.
    Iphone,
    /// A health professional's card (HPKI).
    HealthProfessional,
    /// A FeliCa card, of which a reader learns the IDm alone.
    Transit,
    /// A contactless card of a kind that nobody here knows.
    Other,
}

/// What is odd about a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Oddity {
    /// Validity ended a month ago.
    Expired,
    /// Validity begins in a month.
    NotYetValid,
    /// The authority's list has carried it for a month.
    Revoked,
    /// Issued elsewhere: no revocation list speaks for it.
    NoList,
    /// Issued by an authority of the right name whose certificate the town did not pin.
    Untrusted,
    /// Issued by the national test hierarchy.
    TestHierarchy,
    /// Noise in the certificate's place, with a certificate's header before it.
    Garbage,
    /// The second half of the certificate is filler.
    Truncated,
    /// No signature certificate, as for holders below fifteen.
    NoSignature,
    /// Made for face authentication: no PIN and no signature certificate.
    PinNeverSet,
    /// All tries of the PIN are spent.
    PinBlocked,
    /// Torn away after three commands.
    Torn,
    /// Answers three commands and then none.
    Mute,
}

/// A card's name: lower-case letters, digits and hyphens, 32 at most.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CardName(String);

/// No name of a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a card's name has 1 to 32 lower-case letters, digits and hyphens")]
pub struct CardNameError;

impl FromStr for CardName {
    type Err = CardNameError;

    fn from_str(text: &str) -> Result<Self, CardNameError> {
        let fits = (1..=32).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if fits { Ok(Self(text.to_owned())) } else { Err(CardNameError) }
    }
}

impl TryFrom<String> for CardName {
    type Error = CardNameError;

    fn try_from(text: String) -> Result<Self, CardNameError> {
        text.parse()
    }
}

impl From<CardName> for String {
    fn from(name: CardName) -> Self {
        name.0
    }
}

impl fmt::Display for CardName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// Why there is no tray. The file's author is at fault.
#[derive(Debug, thiserror::Error)]
pub enum TrayError {
    /// It cannot be read.
    #[error("cannot read {file}")]
    Read {
        /// Which.
        file: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// It is not of the tray's form.
    #[error("{file}: {source}")]
    Form {
        /// Which.
        file: PathBuf,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// A card contradicts the rest.
    #[error("card {card}: {reason}")]
    Card {
        /// Which.
        card: CardName,
        /// What is wrong.
        reason: &'static str,
    },
    /// A budget is exceeded.
    #[error("{found} cards are more than the {MOST_CARDS} that a tray holds")]
    TooManyCards {
        /// Cards found.
        found: usize,
    },
}

impl TrayFile {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// [`TrayError`].
    pub fn read(file: &Path) -> Result<Self, TrayError> {
        let text = std::fs::read_to_string(file)
            .map_err(|source| TrayError::Read { file: file.to_owned(), source })?;
        let tray: Self = toml::from_str(&text)
            .map_err(|source| TrayError::Form { file: file.to_owned(), source: Box::new(source) })?;
        tray.check()?;
        Ok(tray)
    }

    fn check(&self) -> Result<(), TrayError> {
        let found = self.cards.len();
        if found > MOST_CARDS {
            return Err(TrayError::TooManyCards { found });
        }
        let mut names = BTreeSet::new();
        for card in &self.cards {
            let reason = if names.insert(&card.name) { self.fault_of(card) } else { Some("is there twice") };
            if let Some(reason) = reason {
                return Err(TrayError::Card { card: card.name.clone(), reason });
            }
        }
        Ok(())
    }

    fn fault_of(&self, card: &CardEntry) -> Option<&'static str> {
        let CardEntry { kind, oddity, copy_of, person, binding, tokens, holder, .. } = card;
        let bare = matches!(kind, Kind::Transit | Kind::Other);
        if bare && (holder.is_some() || copy_of.is_some()) {
            return Some("its kind has no certificate, so neither holder nor copy_of");
        }
        if !bare && holder.is_none() {
            return Some("its kind needs a holder");
        }
        if *kind != Kind::MyNumber && (copy_of.is_some() || oddity.is_some()) {
            return Some("only a My Number card can have an oddity or be a copy");
        }
        let copied = |name: &CardName| {
            let mut others = self.cards.iter();
            others.any(|other| other.name == *name && other.kind == *kind && other.copy_of.is_none())
        };
        if copy_of.as_ref().is_some_and(|name| !copied(name)) {
            return Some("copy_of names no My Number card with a certificate of its own");
        }
        if copy_of.is_some() && person.is_some() {
            return Some("nobody registers a copy");
        }
        if person.is_some() != binding.is_some() || (person.is_none() && tokens.is_some()) {
            return Some("person and binding belong together, and tokens need both");
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "seed = 1\n[town]\ncode = \"1\"\nprefecture = \"p\"\ncity = \"c\"\n\
                        [elsewhere]\ncode = \"2\"\nprefecture = \"p\"\ncity = \"d\"\n";

    fn check(cards: &str) -> Result<(), String> {
        let tray: TrayFile = toml::from_str(&format!("{HEAD}{cards}")).map_err(|error| error.to_string())?;
        tray.check().map_err(|error| error.to_string())
    }

    fn card(fields: &str) -> String {
        format!("[[card]]\ntitle = \"t\"\nnote = \"n\"\n{fields}\n")
    }

    #[test]
    fn a_tray_contradicts_itself_in_words() {
        let transit = card("name = \"a\"\nkind = \"transit\"");
        assert_eq!(check(&transit), Ok(()));
        let refused = [
            (format!("{transit}{transit}"), "twice"),
            (card("name = \"a\"\nkind = \"my_number\""), "needs a holder"),
            (card("name = \"a\"\nkind = \"transit\"\noddity = \"torn\""), "only a My Number card"),
            (card("name = \"a\"\nkind = \"transit\"\ncopy_of = \"b\""), "neither holder nor"),
            (card("name = \"a\"\nkind = \"transit\"\nbinding = \"declared\""), "belong together"),
            (card("name = \"A b\"\nkind = \"transit\""), "lower-case"),
            (card("name = \"a\"\nkind = \"transit\"\nflaw = \"x\""), "unknown field"),
        ];
        for (cards, reason) in refused {
            let said = check(&cards).unwrap_err();
            assert!(said.contains(reason), "{said} instead of {reason}");
        }
    }
}
