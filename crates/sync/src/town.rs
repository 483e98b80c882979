//! The town's signed package: with the parts of the roster that it names ([`crate::PartHead`]), everything a box needs to
//! work for a year without any link.
//!
//! It holds the town key and the keys of the parts, so it travels only over mutual TLS or by hand to an enrolled box, and
//! is stored readable by the daemon alone.

use std::collections::BTreeSet;
use std::sync::Arc;

use hinamori_model::{
    BindingAssurance, BirthDate, BoxId, CardKey, HouseholdId, IncidentId, Mode, PersonId, PersonalText, Role,
    Sex, SiteId, SiteKind, StaffId, SupportReasons, TokenKind, UnixMillis,
};
use serde::{Deserialize, Serialize};

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};

use crate::forks::MOST_FORKS;
use crate::retention::MOST_RETENTIONS;
use crate::{CutOff, Fork, Grant, Grants, LONGEST_PART, MOST_PARTS, PartHead, Retention, cut_off};

/// Ahead of the signed bytes, so that a package's signature can never pass for another kind of message.
const DOMAIN: &[u8; 19] = b"hinamori package/v1";
/// Bytes of an Ed25519 signature.
const SIGNATURE: usize = 64;
/// Bytes of a package: a town of five million people takes about 2 MB.
pub const LONGEST_PACKAGE: usize = 16 << 20;

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
    /// Boxes that are shut out: stolen or lost. What they sealed is still believed, as far as `cut_offs` lets it.
    pub denied: Vec<BoxId>,
    /// Boxes of which only a part is believed.
    pub cut_offs: Vec<CutOff>,
    /// Writers under whose names two histories were signed, and what the town ruled about each.
    pub forks: Vec<Fork>,
    /// Pinned certificate authorities (DER, self-signed).
    pub anchors: Vec<Vec<u8>>,
    /// Authorities between anchors and cards (DER).
    pub intermediates: Vec<Vec<u8>>,
    /// The server's key that signs what it reports of revocation lists: see [`crate::FeedKey`].
    pub feed_key: [u8; 32],
    /// The server's key that signs receipts: see [`crate::Receipt`].
    pub receipt_key: [u8; 32],
    /// For so many milliseconds after a list's nextUpdate what it does not name still counts as not revoked.
    pub list_grace_millis: u64,
    /// The town root says that it was not later than `issued_at` when it issued this: whatever moved a box's earliest
    /// time further was wrong.
    pub resets_time: bool,
    /// The parts in which people and cards come.
    pub roster: Vec<PartHead>,
    /// Who works for the town and may sign in at a box, at most [`MOST_STAFF`].
    pub staff: Vec<StaffGrant>,
    /// The key of every incident that is not closed, under which the keys of its people are wrapped.
    pub incident_keys: Vec<(IncidentId, TownSecret)>,
    /// Incidents that are closed: every box destroys their keys and records.
    pub closed: Vec<ClosedIncident>,
    /// From which day on incidents are kept that stay open.
    pub retentions: Vec<Retention>,
    /// The public half of the town's ledger key (X25519, RFC 7748): what a box hands over of a closed incident is sealed to it.
    pub ledger_key: [u8; 32],
    /// Incidents that the town named before those of `incidents` and has not closed, with what each is: at most [`MOST_EARLIER`].
    pub earlier: Vec<(IncidentId, Mode)>,
}

/// Incidents that a package names as earlier ones.
pub const MOST_EARLIER: usize = 1_000;

impl Package {
    /// The incidents of a kind that are not closed, the one that stands by among them.
    pub fn incidents_of(&self, mode: Mode) -> BTreeSet<IncidentId> {
        let Incidents { daily_life, live, drill } = self.incidents;
        let stands_by = match mode {
            Mode::DailyLife => daily_life,
            Mode::Live => live,
            Mode::Drill => drill,
        };
        let earlier = self.earlier.iter().filter(|(_, of)| *of == mode).map(|(incident, _)| *incident);
        earlier.chain([stands_by]).collect()
    }
}

/// One member of staff, as the town root grants it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffGrant {
    /// Who.
    pub id: StaffId,
    /// Their name, for screens and the audit log's readers.
    pub name: PersonalText,
    /// As what.
    pub role: Role,
    /// The cards that they sign in with. Only the town binds a card to staff: no record of a box does.
    pub cards: Vec<StaffCard>,
    /// Where; none for every site.
    pub sites: Vec<SiteId>,
    /// Until when.
    pub until: UnixMillis,
}

/// A card of staff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffCard {
    /// Which card.
    pub card: CardKey,
    /// The application key's SubjectPublicKeyInfo (DER): with it the chip proves itself without a PIN.
    pub application_key: Option<Vec<u8>>,
}

impl StaffGrant {
    /// Whether it counts at this site and time.
    pub fn counts(&self, site: SiteId, now: UnixMillis) -> bool {
        now <= self.until && (self.sites.is_empty() || self.sites.contains(&site))
    }
}

/// An incident that is over: signed with the package, so that no box erases on anybody else's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosedIncident {
    /// Which.
    pub incident: IncidentId,
    /// When it was closed.
    pub at: UnixMillis,
}

/// Members of staff in a package.
pub const MOST_STAFF: usize = 10_000;

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
    /// The districts whose people a box here knows in peace; none for the whole town. In an incident it knows everybody.
    pub catchment: Vec<String>,
    /// Where it is, in ten-millionths of a degree (WGS 84): north, then east, both positive. `None` where nobody said it.
    pub position: Option<(i32, i32)>,
    /// How many people it has places for; `None` where nobody said it.
    pub capacity: Option<u32>,
}

impl Site {
    /// Whether a district's people are known here in peace.
    pub fn is_for(&self, district: &str) -> bool {
        self.catchment.is_empty() || self.catchment.iter().any(|known| known == district)
    }
}

/// The incidents that every box carries (design §6), three different ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incidents {
    /// 平常時
    pub daily_life: IncidentId,
    /// The standby live incident.
    pub live: IncidentId,
    /// The standby drill.
    pub drill: IncidentId,
}

impl Incidents {
    /// Whether no two are the same: a drill by a live incident's id would be real (law 8).
    pub fn are_distinct(&self) -> bool {
        let Self { daily_life, live, drill } = self;
        daily_life != live && live != drill && drill != daily_life
    }
}

/// People, households and cards: of a town, or of a part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Directory {
    /// People.
    pub people: Vec<Person>,
    /// Cards.
    pub cards: Vec<Card>,
}

/// One person.
#[expect(
    clippy::struct_excessive_bools,
    reason = "facts of the register that have nothing to do with each other"
)]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Who.
    pub id: PersonId,
    /// The household.
    pub household: Option<HouseholdId>,
    /// 町字 or 自治会, as the town divides itself; "" for none.
    pub district: String,
    /// 班; "" for none.
    pub group: String,
    /// The name as the roster has it.
    pub name: PersonalText,
    /// How it is read; "" where nobody knows.
    pub kana: PersonalText,
    /// 呼び名
    pub called_name: Option<PersonalText>,
    /// 続柄
    pub relation: PersonalText,
    /// When they were born, if the roster says so.
    pub birth: Option<BirthDate>,
    /// 性別
    pub sex: Sex,
    /// 住所 as the roster has it; "" for none.
    pub address: PersonalText,
    /// Why they are on the list of those who need support to evacuate; empty for everybody else.
    pub support: SupportReasons,
    /// Whether they come from the town's register: a later register without them takes them out.
    pub on_register: bool,
    /// 秘匿: for everybody but named roles never seen, whatever they do.
    pub hidden: bool,
    /// On the watch list of the daily round.
    pub watch: bool,
}

impl Person {
    /// Somebody of whom nothing but the name is known.
    pub fn named(id: PersonId, name: PersonalText) -> Self {
        let nothing = || PersonalText::new("");
        Self {
            id,
            household: None,
            district: String::new(),
            group: String::new(),
            name,
            kana: nothing(),
            called_name: None,
            relation: nothing(),
            birth: None,
            sex: Sex::Unknown,
            address: nothing(),
            support: SupportReasons::NONE,
            on_register: false,
            hidden: false,
            watch: false,
        }
    }
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
    /// Reported to the town as lost or stolen, and since when.
    pub stopped: Option<UnixMillis>,
}

impl From<&Package> for Grants {
    fn from(package: &Package) -> Self {
        Self(package.boxes.iter().cloned().collect())
    }
}

/// A package with the town root's Ed25519 signature over its exact bytes: signature (64), then the package.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedPackage {
    // Shared: a server holds one for every connected box.
    bytes: Arc<[u8]>,
    version: u64,
}

impl std::fmt::Debug for SignedPackage {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "SignedPackage(version {}, {} bytes)", self.version, self.bytes.len())
    }
}

/// Why bytes are no package of this town. The party at fault is whoever handed them over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PackageError {
    /// Longer than any town's.
    #[error("the package is over {LONGEST_PACKAGE} bytes")]
    TooLong,
    /// Not signed by the pinned root.
    #[error("the package is not signed by this town's root")]
    WrongSignature,
    /// Signed, but not of this version of the program.
    #[error("the package has a form that this version does not know")]
    Malformed,
    /// Signed, but daily life, the live incident and the drill are not three different ones.
    #[error("the package gives two of its incidents the same id")]
    IncidentsNotDistinct,
}

/// The town root: the key that packages are signed with. It cannot be printed.
pub struct RootKey(SigningKey);

impl std::fmt::Debug for RootKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("RootKey(hidden)")
    }
}

impl RootKey {
    /// Takes the 32 secret bytes (RFC 8032 §5.1.5).
    pub fn from_bytes(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The public half, which every box pins at enrolment.
    pub fn public(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    /// Signs a package.
    ///
    /// # Errors
    /// [`PackageError::TooLong`]; [`PackageError::Malformed`] for more or longer parts, more staff, cut-offs or forks than boxes take.
    pub fn sign(&self, package: &Package) -> Result<SignedPackage, PackageError> {
        if !is_bounded(package) {
            return Err(PackageError::Malformed);
        }
        let body = postcard::to_stdvec(package).map_err(|_cannot_be_encoded| PackageError::Malformed)?;
        if body.len().saturating_add(SIGNATURE) > LONGEST_PACKAGE {
            return Err(PackageError::TooLong);
        }
        let signature = self.0.sign(&signed_bytes(&body)).to_bytes();
        Ok(SignedPackage { bytes: [signature.as_slice(), &body].concat().into(), version: package.version })
    }

    /// Signs a list of the keys that sign alerts; the domain in front of it makes it no package.
    pub fn sign_alert_keys(&self, domain: &'static [u8; 23], body: &[u8]) -> [u8; 64] {
        self.0.sign(&[domain.as_slice(), body].concat()).to_bytes()
    }
}

/// Whether a box takes so many parts, parts so long, so many staff, cut-offs, forks and earlier incidents.
fn is_bounded(package: &Package) -> bool {
    let Package { roster, staff, cut_offs, retentions, forks, earlier, .. } = package;
    let is_short = |head: &PartHead| usize::try_from(head.length).is_ok_and(|length| length <= LONGEST_PART);
    roster.len() <= MOST_PARTS
        && roster.iter().all(is_short)
        && staff.len() <= MOST_STAFF
        && cut_off::is_bounded(cut_offs)
        && retentions.len() <= MOST_RETENTIONS
        && forks.len() <= MOST_FORKS
        && earlier.len() <= MOST_EARLIER
}

fn signed_bytes(body: &[u8]) -> Vec<u8> {
    [DOMAIN.as_slice(), body].concat()
}

impl SignedPackage {
    /// Reads a package whose signature by `root` holds.
    ///
    /// # Errors
    /// [`PackageError`].
    pub fn open(bytes: &[u8], root: &[u8; 32]) -> Result<(Self, Package), PackageError> {
        if bytes.len() > LONGEST_PACKAGE {
            return Err(PackageError::TooLong);
        }
        let (signature, body) = bytes.split_first_chunk::<SIGNATURE>().ok_or(PackageError::Malformed)?;
        let key = VerifyingKey::from_bytes(root).map_err(|_no_point| PackageError::WrongSignature)?;
        key.verify_strict(&signed_bytes(body), &Signature::from_bytes(signature))
            .map_err(|_no_reason_is_given| PackageError::WrongSignature)?;
        let (package, rest) =
            postcard::take_from_bytes::<Package>(body).map_err(|_malformed| PackageError::Malformed)?;
        if !rest.is_empty() || !is_bounded(&package) {
            return Err(PackageError::Malformed);
        }
        if !package.incidents.are_distinct() {
            return Err(PackageError::IncidentsNotDistinct);
        }
        Ok((Self { bytes: bytes.into(), version: package.version }, package))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn package() -> Package {
        Package {
            version: 3,
            issued_at: UnixMillis::new(1_791_730_800_000),
            name: "汐見町".to_owned(),
            key: TownSecret([9; 32]),
            sites: vec![Site {
                id: SiteId::from_bytes([1; 16]),
                name: "汐見小学校 体育館".to_owned(),
                kind: SiteKind::Shelter,
                catchment: vec!["浜町".to_owned()],
                position: Some((337_910_960, 1_346_400_350)),
                capacity: Some(300),
            }],
            incidents: Incidents {
                daily_life: IncidentId::from_bytes([2; 16]),
                live: IncidentId::from_bytes([3; 16]),
                drill: IncidentId::from_bytes([4; 16]),
            },
            boxes: vec![(
                BoxId::from_bytes([5; 16]),
                Grant {
                    seal_key: [6; 32],
                    tls_key: [0; 32],
                    site: SiteId::from_bytes([1; 16]),
                    reads: Vec::new(),
                },
            )],
            denied: Vec::new(),
            cut_offs: Vec::new(),
            forks: Vec::new(),
            anchors: vec![vec![1, 2, 3]],
            intermediates: Vec::new(),
            feed_key: [8; 32],
            receipt_key: [0; 32],
            list_grace_millis: 3_600_000,
            resets_time: false,
            roster: Vec::new(),
            staff: Vec::new(),
            incident_keys: Vec::new(),
            closed: Vec::new(),
            retentions: Vec::new(),
            ledger_key: [0; 32],
            earlier: Vec::new(),
        }
    }

    #[test]
    fn a_signed_package_opens_under_its_root_only() {
        let root = RootKey::from_bytes(&[1; 32]);
        let signed = root.sign(&package()).unwrap();
        let (opened, inside) = SignedPackage::open(signed.as_bytes(), &root.public()).unwrap();
        assert_eq!((opened.version(), &inside), (3, &package()));
        assert_eq!(opened, signed);
        let other = RootKey::from_bytes(&[2; 32]).public();
        assert_eq!(SignedPackage::open(signed.as_bytes(), &other), Err(PackageError::WrongSignature));
    }

    #[test]
    fn a_drill_by_the_live_incident_s_id_is_refused() {
        let root = RootKey::from_bytes(&[1; 32]);
        let incidents = package().incidents;
        let mixed = [
            Incidents { drill: incidents.live, ..incidents },
            Incidents { drill: incidents.daily_life, ..incidents },
            Incidents { live: incidents.daily_life, ..incidents },
        ];
        for incidents in mixed {
            let signed = root.sign(&Package { incidents, ..package() }).unwrap();
            let opened = SignedPackage::open(signed.as_bytes(), &root.public());
            assert_eq!(opened, Err(PackageError::IncidentsNotDistinct));
        }
    }

    #[test]
    fn more_parts_or_longer_ones_than_a_box_takes_are_refused() {
        let root = RootKey::from_bytes(&[1; 32]);
        let town = Directory { people: vec![crate::roster::tests::person(1, "浜町")], cards: Vec::new() };
        let (head, _) = crate::cut(&town, &TownSecret([9; 32])).unwrap().remove(0);
        let long = PartHead { length: u32::MAX, ..head.clone() };
        for roster in [vec![head; MOST_PARTS + 1], vec![long]] {
            let package = Package { roster, ..package() };
            assert_eq!(root.sign(&package), Err(PackageError::Malformed));
            let body = postcard::to_stdvec(&package).unwrap();
            let signature = root.0.sign(&signed_bytes(&body)).to_bytes();
            let bytes = [signature.as_slice(), &body].concat();
            assert_eq!(SignedPackage::open(&bytes, &root.public()), Err(PackageError::Malformed));
        }
    }

    #[test]
    fn more_staff_than_a_box_takes_is_refused() {
        let root = RootKey::from_bytes(&[1; 32]);
        let grant = StaffGrant {
            id: StaffId::from_bytes([1; 16]),
            name: PersonalText::new("職員"),
            role: Role::Leader,
            cards: Vec::new(),
            sites: Vec::new(),
            until: UnixMillis::new(1),
        };
        let most = Package { staff: vec![grant.clone(); MOST_STAFF], ..package() };
        assert!(SignedPackage::open(root.sign(&most).unwrap().as_bytes(), &root.public()).is_ok());
        let package = Package { staff: vec![grant; MOST_STAFF + 1], ..package() };
        assert_eq!(root.sign(&package), Err(PackageError::Malformed));
        let body = postcard::to_stdvec(&package).unwrap();
        let signature = root.0.sign(&signed_bytes(&body)).to_bytes();
        let bytes = [signature.as_slice(), &body].concat();
        assert_eq!(SignedPackage::open(&bytes, &root.public()), Err(PackageError::Malformed));
    }

    #[test]
    fn bent_and_cut_packages_are_refused() {
        let root = RootKey::from_bytes(&[1; 32]);
        let bytes = root.sign(&package()).unwrap().as_bytes().to_vec();
        for position in 0..bytes.len() {
            let mut bent = bytes.clone();
            bent[position] ^= 1;
            assert!(SignedPackage::open(&bent, &root.public()).is_err(), "{position}");
            assert!(SignedPackage::open(&bytes[..position], &root.public()).is_err(), "{position}");
        }
    }

    #[test]
    fn secrets_and_names_are_not_printed() {
        let printed = format!("{:?} {:?}", package(), RootKey::from_bytes(&[1; 32]));
        assert!(printed.contains("TownSecret(hidden)") && printed.contains("RootKey(hidden)"));
        let town = Directory { people: vec![crate::roster::tests::person(1, "浜町")], cards: Vec::new() };
        let (head, _) = crate::cut(&town, &TownSecret([9; 32])).unwrap().remove(0);
        assert!(format!("{head:?}").contains("PartKey(hidden)") && !format!("{town:?}").contains("浜田"));
    }
}
