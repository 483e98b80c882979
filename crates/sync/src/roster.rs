//! The town's people in parts, and how the parts come to a box. The signed package names each part by the hash of its
//! sealed bytes; that hash is what makes the bytes believed, whoever hands them over. A box asks for the parts that it
//! lacks, piece by piece, as it does for lists.
//!
//! A part holds the people of one district, or of some of its households. It is sealed under a key that is made of its
//! own content and the town's secret, so the same people give the same bytes: after another import a box asks only for
//! what became different.

use std::collections::{BTreeMap, BTreeSet};

use hinamori_model::PersonId;
use ring::{aead, digest, hmac};
use serde::{Deserialize, Serialize};

use crate::LONGEST_PIECE;
use crate::town::{Card, Directory, Person, TownSecret};

/// In front of what a part's key is made of.
const DOMAIN: &[u8; 14] = b"roster part/v1";
/// People of a part, on average at the most.
const CROWD: usize = 500;
/// Bytes of a sealed part.
pub const LONGEST_PART: usize = 4 << 20;
/// Parts of a town: five million people.
pub const MOST_PARTS: usize = 10_000;

/// SHA-256 of a part's sealed bytes: its name.
pub type PartDigest = [u8; 32];

/// A part as the signed package names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartHead {
    /// The district of its households; "" for people without one.
    pub district: String,
    /// SHA-256 of the sealed bytes.
    pub digest: PartDigest,
    /// Sealed bytes.
    pub length: u32,
    /// People in it.
    pub people: u32,
    /// What it is sealed under.
    pub key: PartKey,
}

/// The key of one part; not printable.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartKey([u8; 32]);

impl std::fmt::Debug for PartKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("PartKey(hidden)")
    }
}

/// Why people cannot be cut into parts. The town's registers are at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotCut {
    /// One household alone.
    #[error("one household takes over {LONGEST_PART} bytes")]
    HouseholdTooLong,
    /// All together.
    #[error("the town has over {MOST_PARTS} parts")]
    TooMany,
    /// A card would be in no part.
    #[error("a card belongs to nobody")]
    CardOfNobody,
    /// A person would be in two parts.
    #[error("a person is there twice")]
    Twice,
}

/// Why bytes are not the part that a head names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotThePart {
    /// Others than the town signed: whoever handed them over is at fault, or the disk.
    #[error("the bytes are not those that the town's package names")]
    OtherBytes,
    /// The ones that the town signed: they are of no use to this version.
    #[error("the town's part cannot be read by this version")]
    Unreadable,
}

/// What the two ends say of parts.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum RosterMessage {
    /// From a box: go on with this part from here.
    Wanted {
        /// Which part.
        digest: PartDigest,
        /// Bytes that are here already.
        offset: u32,
    },
    /// From the server: a piece of it.
    Piece {
        /// Which part.
        digest: PartDigest,
        /// Bytes of all pieces; 0 when the server does not have the part.
        total: u32,
        /// Where this piece begins.
        offset: u32,
        /// At most [`LONGEST_PIECE`] bytes.
        bytes: Vec<u8>,
    },
}

impl std::fmt::Debug for RosterMessage {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Wanted { offset, .. } => write!(out, "Wanted(from {offset})"),
            Self::Piece { total, offset, bytes, .. } => {
                write!(out, "Piece({} from {offset} of {total})", bytes.len())
            }
        }
    }
}

impl RosterMessage {
    /// Whether it is no longer than such messages are.
    pub(crate) const fn is_bounded(&self) -> bool {
        match self {
            Self::Wanted { .. } => true,
            Self::Piece { bytes, .. } => bytes.len() <= LONGEST_PIECE,
        }
    }

    /// Whether only a server says it.
    pub(crate) const fn is_the_servers(&self) -> bool {
        matches!(self, Self::Piece { .. })
    }
}

/// The hash under which the package would name these sealed bytes.
pub fn digest_of(sealed: &[u8]) -> PartDigest {
    sha256(sealed)
}

/// Cuts a town into parts and seals them: the heads, each with its bytes, by district. Households stay whole and stand in
/// the part of their first member's district.
///
/// One person more can take a district over a bound; then all its parts are cut anew. Any other change of a
/// person changes one part.
///
/// # Errors
/// [`NotCut`].
pub fn cut(town: &Directory, secret: &TownSecret) -> Result<Vec<(PartHead, Vec<u8>)>, NotCut> {
    let mut parts = Vec::new();
    for (district, households) in districts_of(town)? {
        let mut buckets = households.values().map(|found| found.people.len()).sum::<usize>().div_ceil(CROWD);
        buckets = buckets.max(1).next_power_of_two();
        parts.extend(loop {
            match cut_district(district, &households, buckets, secret) {
                Err(NotCut::HouseholdTooLong) if buckets < MOST_PARTS => buckets = buckets.saturating_mul(2),
                cut => break cut?,
            }
        });
        if parts.len() > MOST_PARTS {
            return Err(NotCut::TooMany);
        }
    }
    Ok(parts)
}

/// What stays together: a household, or somebody without one.
#[derive(Default)]
struct Household<'t> {
    people: Vec<&'t Person>,
    cards: Vec<&'t Card>,
}

/// A household by its id, or one person by theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kept {
    Household([u8; 16]),
    Alone([u8; 16]),
}

impl Kept {
    fn of(person: &Person) -> Self {
        let alone = || Self::Alone(*person.id.as_bytes());
        person.household.map_or_else(alone, |household| Self::Household(*household.as_bytes()))
    }

    /// One of `buckets`, a power of two. When they are doubled each one falls into two.
    fn bucket(&self, buckets: usize) -> usize {
        let (Self::Household(id) | Self::Alone(id)) = self;
        let [first, second, third, fourth, ..] = sha256(id);
        let number = u32::from_le_bytes([first, second, third, fourth]);
        usize::try_from(number).unwrap_or(0) & buckets.saturating_sub(1)
    }
}

type Households<'t> = BTreeMap<Kept, Household<'t>>;

fn districts_of(town: &Directory) -> Result<BTreeMap<&str, Households<'_>>, NotCut> {
    let mut kept_of: BTreeMap<PersonId, Kept> = BTreeMap::new();
    let mut households = Households::new();
    for person in &town.people {
        let kept = Kept::of(person);
        if kept_of.insert(person.id, kept).is_some() {
            return Err(NotCut::Twice);
        }
        households.entry(kept).or_default().people.push(person);
    }
    for card in &town.cards {
        let household = kept_of.get(&card.person).and_then(|kept| households.get_mut(kept));
        household.ok_or(NotCut::CardOfNobody)?.cards.push(card);
    }
    let mut districts: BTreeMap<&str, Households<'_>> = BTreeMap::new();
    for (kept, mut household) in households {
        household.cards.sort_by(|one, other| (one.kind, &one.identity).cmp(&(other.kind, &other.identity)));
        let district = household.people.first().map_or("", |person| person.district.as_str());
        districts.entry(district).or_default().insert(kept, household);
    }
    Ok(districts)
}

fn cut_district(
    district: &str,
    households: &Households<'_>,
    buckets: usize,
    secret: &TownSecret,
) -> Result<Vec<(PartHead, Vec<u8>)>, NotCut> {
    // By bucket, then by id, whatever the order of the town's files. Members stay in the town's order.
    let mut contents: BTreeMap<usize, Directory> = BTreeMap::new();
    for (kept, household) in households {
        let content = contents.entry(kept.bucket(buckets)).or_default();
        content.people.extend(household.people.iter().copied().cloned());
        content.cards.extend(household.cards.iter().copied().cloned());
    }
    contents.values().map(|content| seal(district, content, secret)).collect()
}

fn seal(district: &str, content: &Directory, secret: &TownSecret) -> Result<(PartHead, Vec<u8>), NotCut> {
    let mut sealed = postcard::to_stdvec(content).map_err(|_cannot_be_encoded| NotCut::HouseholdTooLong)?;
    let key = key_of(&sealed, secret);
    let sealing = cipher(&key).ok_or(NotCut::HouseholdTooLong)?;
    sealing
        .seal_in_place_append_tag(nonce(), aead::Aad::empty(), &mut sealed)
        .map_err(|_too_long| NotCut::HouseholdTooLong)?;
    if sealed.len() > LONGEST_PART {
        return Err(NotCut::HouseholdTooLong);
    }
    let length = u32::try_from(sealed.len()).map_err(|_never| NotCut::HouseholdTooLong)?;
    let people = u32::try_from(content.people.len()).map_err(|_never| NotCut::HouseholdTooLong)?;
    let head = PartHead { district: district.to_owned(), digest: sha256(&sealed), length, people, key };
    Ok((head, sealed))
}

/// Nobody without the town's secret can try which people give a key.
fn key_of(plain: &[u8], secret: &TownSecret) -> PartKey {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &secret.0));
    context.update(DOMAIN);
    context.update(&sha256(plain));
    let mut key = [0; 32];
    key.iter_mut().zip(context.sign().as_ref()).for_each(|(to, from)| *to = *from);
    PartKey(key)
}

fn cipher(key: &PartKey) -> Option<aead::LessSafeKey> {
    let key = aead::UnboundKey::new(&aead::CHACHA20_POLY1305, &key.0).ok()?;
    Some(aead::LessSafeKey::new(key))
}

/// Always the same one. That is sound here: a nonce may not come twice under one key, and a key is made of the plain
/// bytes, so that two different ones never have the same key.
fn nonce() -> aead::Nonce {
    aead::Nonce::assume_unique_for_key([0; aead::NONCE_LEN])
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    let hash = digest::digest(&digest::SHA256, bytes);
    out.iter_mut().zip(hash.as_ref()).for_each(|(to, from)| *to = *from);
    out
}

/// The people and cards of the part that `head` names.
///
/// # Errors
/// [`NotThePart`].
pub fn open_part(head: &PartHead, sealed: &[u8]) -> Result<Directory, NotThePart> {
    let is_its_length = u32::try_from(sealed.len()) == Ok(head.length);
    if sealed.len() > LONGEST_PART || !is_its_length || sha256(sealed) != head.digest {
        return Err(NotThePart::OtherBytes);
    }
    let key = cipher(&head.key).ok_or(NotThePart::Unreadable)?;
    let mut bytes = sealed.to_vec();
    let plain = key
        .open_in_place(nonce(), aead::Aad::empty(), &mut bytes)
        .map_err(|_wrong_key| NotThePart::Unreadable)?;
    let (content, rest) =
        postcard::take_from_bytes::<Directory>(plain).map_err(|_malformed| NotThePart::Unreadable)?;
    let people: BTreeSet<PersonId> = content.people.iter().map(|person| person.id).collect();
    let is_sound = rest.is_empty()
        && people.len() == content.people.len()
        && u32::try_from(people.len()) == Ok(head.people)
        && content.cards.iter().all(|card| people.contains(&card.person));
    if is_sound { Ok(content) } else { Err(NotThePart::Unreadable) }
}

#[cfg(test)]
pub(crate) mod tests;
