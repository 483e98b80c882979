//! The town's signed package: everything a box needs to work for a year without any link.
//!
//! It holds the town key and names, so it travels only over mutual TLS or by hand to an enrolled box, and is
//! stored readable by the daemon alone.

use hinamori_model::{
    BindingAssurance, BoxId, HouseholdId, IncidentId, PersonId, PersonalText, SiteId, SiteKind, TokenKind,
    UnixMillis,
};
use serde::{Deserialize, Serialize};

use crate::Grant;

/// What the town says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    /// Grows with every issue; a box takes only a larger one.
    pub version: u64,
    /// When it was issued.
    pub issued_at: UnixMillis,
    /// The town's name.
    pub name: String,
    /// The key under which cards are hashed.
    pub key: TownSecret,
    /// Sites.
    pub sites: Vec<Site>,
    /// Daily life, and the incidents that stand by.
    pub incidents: Incidents,
    /// Who may read and write what.
    pub boxes: Vec<(BoxId, Grant)>,
    /// Pinned certificate authorities (DER, self-signed).
    pub anchors: Vec<Vec<u8>>,
    /// Authorities between anchors and cards (DER).
    pub intermediates: Vec<Vec<u8>>,
    /// Revocation lists (DER).
    pub revocation_lists: Vec<Vec<u8>>,
    /// People and cards.
    pub directory: Directory,
}

/// 32 secret bytes; not printable.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TownSecret(pub [u8; 32]);

impl std::fmt::Debug for TownSecret {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("TownSecret(hidden)")
    }
}

/// One site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    /// Its id.
    pub id: SiteId,
    /// Its name on screens.
    pub name: String,
    /// What it is for.
    pub kind: SiteKind,
}

/// The incidents that every box carries (design §6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incidents {
    /// 平常時
    pub daily_life: IncidentId,
    /// The standby live incident.
    pub live: IncidentId,
    /// The standby drill.
    pub drill: IncidentId,
}

/// People, households and cards of the catchment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Directory {
    /// People.
    pub people: Vec<Person>,
    /// Cards.
    pub cards: Vec<Card>,
}

/// One person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Who.
    pub id: PersonId,
    /// The household.
    pub household: Option<HouseholdId>,
    /// The name as the roster has it.
    pub name: PersonalText,
    /// 呼び名
    pub called_name: Option<PersonalText>,
    /// 続柄
    pub relation: PersonalText,
    /// 秘匿
    pub hidden: bool,
    /// On the watch list of the daily round.
    pub watch: bool,
}

/// One registered card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// What kind of token.
    pub kind: TokenKind,
    /// SHA-256 of the SubjectPublicKeyInfo, or the identifier's bytes.
    pub identity: Vec<u8>,
    /// Whose.
    pub person: PersonId,
    /// How that was established.
    pub binding: BindingAssurance,
    /// The application key's SubjectPublicKeyInfo (DER), stored at registration.
    pub application_key: Option<Vec<u8>>,
}

/// A package with the town root's Ed25519 signature over its exact bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedPackage {
    bytes: Vec<u8>,
    version: u64,
}

/// Why bytes are no package of this town.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PackageError {
    /// Not signed by the pinned root.
    #[error("the package is not signed by this town's root")]
    WrongSignature,
    /// Signed, but not of this version of the program.
    #[error("the package has a form that this version does not know")]
    Malformed,
}

/// The town root: the key that packages are signed with.
pub struct RootKey {}

impl RootKey {
    /// Takes the 32 secret bytes.
    pub fn from_bytes(_seed: &[u8; 32]) -> Self {
        todo!()
    }

    /// The public half, which every box pins at enrolment.
    pub fn public(&self) -> [u8; 32] {
        todo!()
    }

    /// Signs a package.
    pub fn sign(&self, _package: &Package) -> SignedPackage {
        todo!()
    }
}

impl SignedPackage {
    /// Reads a package whose signature by `root` holds.
    ///
    /// # Errors
    /// [`PackageError`].
    pub fn open(_bytes: &[u8], _root: &[u8; 32]) -> Result<(Self, Package), PackageError> {
        todo!()
    }

    /// The bytes to store and send.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The version inside.
    pub const fn version(&self) -> u64 {
        self.version
    }
}
