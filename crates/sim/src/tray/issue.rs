//! What a town registers and its authorities publish, as files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hinamori_model::{BindingAssurance, PersonId, TokenKind};
use serde::{Serialize, Serializer};

use super::authorities::{Authorities, Day, Published};
use super::card::TrayCard;
use super::file::{CardName, TrayFile};

/// One token that stands for a person: a line of `cards.json`.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Registration {
    /// What was registered.
    pub kind: TokenKind,
    /// SHA-256 of the certificate's public key, or the UID or IDm.
    #[serde(serialize_with = "as_hex")]
    pub identity: Vec<u8>,
    /// Whose.
    pub person: PersonId,
    /// How the two were joined.
    pub binding: BindingAssurance,
    /// The chip's own public key (DER SubjectPublicKeyInfo), for its proof without a PIN.
    #[serde(serialize_with = "as_optional_hex")]
    pub application_key: Option<Vec<u8>>,
}

impl std::fmt::Debug for Registration {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Registration({:?} of {})", self.kind, self.person)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn as_hex<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&hex(bytes))
}

#[expect(clippy::ref_option, reason = "serde calls it with a reference to the field")]
fn as_optional_hex<S: Serializer>(bytes: &Option<Vec<u8>>, to: S) -> Result<S::Ok, S::Error> {
    bytes.as_deref().map(hex).serialize(to)
}

/// Why a registration could not be written.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// A folder or file cannot be written.
    #[error("cannot write {file}")]
    Write {
        /// Which.
        file: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The registrations are not JSON, which only a fault of ours can cause.
    #[error("cannot put the registrations into JSON")]
    Json(#[from] serde_json::Error),
}

/// All cards of a file, made.
#[derive(Debug)]
pub struct Tray {
    file: TrayFile,
    day: Day,
    authorities: Authorities,
    cards: BTreeMap<CardName, TrayCard>,
}

impl Tray {
    /// Makes every card. Keys take time, so that all processors take part.
    pub fn make(file: TrayFile, day: Day) -> Self {
        let authorities = Authorities::new(file.seed);
        let numbered: Vec<_> = (0_u32..).zip(&file.cards).collect();
        let helpers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let make = |first: usize| {
            let share = numbered.iter().skip(first).step_by(helpers);
            let made =
                share.map(|(position, entry)| TrayCard::make(&file, *position, entry, &authorities, day));
            made.collect::<Vec<_>>()
        };
        let made = std::thread::scope(|scope| {
            let helpers: Vec<_> = (1..helpers).map(|first| scope.spawn(move || make(first))).collect();
            let mut cards = make(0);
            for (first, helper) in (1..).zip(helpers) {
                cards.extend(helper.join().unwrap_or_else(|_panicked| make(first)));
            }
            cards
        });
        let cards = made.into_iter().map(|card| (card.entry().name.clone(), card)).collect();
        Self { file, day, authorities, cards }
    }

    /// A card by its name.
    pub fn card(&self, name: &str) -> Option<&TrayCard> {
        self.cards.values().find(|card| card.entry().name.to_string() == name)
    }

    /// The cards in the order of the file.
    pub fn into_cards(mut self) -> Vec<TrayCard> {
        self.file.cards.iter().filter_map(|entry| self.cards.remove(&entry.name)).collect()
    }

    /// What the town registered, in the order of the file.
    pub fn registrations(&self) -> Vec<Registration> {
        let cards = self.file.cards.iter().filter_map(|entry| self.cards.get(&entry.name));
        cards.flat_map(TrayCard::registrations).collect()
    }

    /// Who issued the cards.
    pub const fn authorities(&self) -> &Authorities {
        &self.authorities
    }

    /// The day's revocation lists.
    pub fn lists(&self) -> Vec<Published> {
        self.authorities.lists(&self.file.town, &self.revoked(), self.day)
    }

    /// A list of the same day, a little later, with these cards on it too, and before them so many `others`; `None` when one of them is not in the
    /// tray, or has no authentication certificate.
    pub fn later_list(&self, cards: &[CardName], others: u32) -> Option<Vec<u8>> {
        let serials = cards.iter().map(|card| self.cards.get(card)?.serial()).collect::<Option<Vec<_>>>()?;
        let mut revoked = self.revoked();
        // Four bytes, as the national authority gives them out, and none of a card in the tray.
        revoked.extend((0..others).map(|number| (0x4000_0000 + number * 20).to_be_bytes().to_vec()));
        Some(self.authorities.later_list(&self.file.town, &revoked, &serials, self.day))
    }

    /// The serial number of every card's certificate: to look for where none may be.
    pub fn serials(&self) -> Vec<Vec<u8>> {
        self.cards.values().filter_map(TrayCard::serial).collect()
    }

    fn revoked(&self) -> Vec<Vec<u8>> {
        self.cards.values().filter_map(TrayCard::revoked_serial).collect()
    }

    /// Writes `cards.json` and the folders `anchors`, `intermediates` and `lists` into `folder`.
    ///
    /// # Errors
    /// [`IssueError`]; what was written before stays.
    pub fn write_to(&self, folder: &Path) -> Result<(), IssueError> {
        let parts = [
            ("anchors", self.authorities.anchors()),
            ("intermediates", self.authorities.intermediates()),
            ("lists", self.lists()),
        ];
        for (part, files) in parts {
            let part = folder.join(part);
            std::fs::create_dir_all(&part)
                .map_err(|source| IssueError::Write { file: part.clone(), source })?;
            for Published { name, der } in files {
                write(&part.join(name), &der)?;
            }
        }
        let mut cards = serde_json::to_vec_pretty(&self.registrations())?;
        cards.push(b'\n');
        write(&folder.join("cards.json"), &cards)
    }
}

fn write(file: &Path, bytes: &[u8]) -> Result<(), IssueError> {
    std::fs::write(file, bytes).map_err(|source| IssueError::Write { file: file.to_owned(), source })
}
