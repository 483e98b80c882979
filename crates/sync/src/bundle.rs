//! A bundle: what one side says on a connection, as a file on a stick.
//!
//! Whoever writes one speaks as to a peer that holds nothing ([`crate::Session`]), and whoever reads it listens as to that side; what it would
//! answer goes nowhere. So a bundle says nothing that a connection does not, may come twice, in any order, or cut off anywhere, and needs
//! no rules of its own.
//!
//! Everything of one incident is a section of its own, under a key that is made of that incident's: once the incident is closed and its
//! key destroyed, no stick tells anything of it any more. What is of no incident stands under the town's key.
//!
//! | Part | What |
//! |---|---|
//! | 16 bytes | `hinamori bundle1` |
//! | 4 bytes | the length of the head, big-endian |
//! | the head | who wrote it (Ed25519 public key), when, 32 random bytes, and of each section what it is of and how long (postcard) |
//! | 64 bytes | Ed25519 (RFC 8032 §5.1.6) over all before |
//! | the rest | the sections, each in chunks of 64 KiB under ChaCha20-Poly1305 (RFC 8439) with a tag for each |
//!
//! A chunk's nonce is the number of its section, its own number, and whether it is the last one (4 bytes each, big-endian); the head's
//! SHA-256 is its additional data. Its key is HKDF-SHA256 (RFC 5869) of the incident's or the town's key, with the random bytes as salt.

use ed25519_dalek::{Signature, VerifyingKey};
use hinamori_model::{IncidentId, UnixMillis};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::digest::{SHA256, digest};
use ring::hkdf::{HKDF_SHA256, KeyType, Salt};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{ReceiptKey, SealKey};

const MAGIC: &[u8; 16] = b"hinamori bundle1";
const INFO: &[u8] = b"hinamori bundle/v1";
/// Bytes of a head: sections are few.
const LONGEST_HEAD: usize = 16 << 10;
const MOST_SECTIONS: usize = 64;
const CHUNK: usize = 64 << 10;
const TAG: usize = 16;
const SIGNATURE: usize = 64;
const LENGTH: usize = 4;
/// Bytes of a bundle: a large town's half year.
pub const LONGEST_BUNDLE: usize = 512 << 20;

/// Of what a section is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SectionOf {
    /// Of no incident.
    Town,
    /// Of this one.
    Incident(IncidentId),
}

/// What a section says: bytes as a session sends them.
pub struct Section {
    /// Of what.
    pub of: SectionOf,
    /// The key of that: an incident's, or the town's.
    pub key: Zeroizing<[u8; 32]>,
    /// The bytes.
    pub content: Zeroizing<Vec<u8>>,
}

#[derive(Serialize, Deserialize)]
struct Head {
    from: [u8; 32],
    at: u64,
    salt: [u8; 32],
    sections: Vec<(SectionOf, u64)>,
}

/// Who writes a bundle.
#[derive(Debug, Clone, Copy)]
pub enum BundleWriter<'k> {
    /// A box, by its seal key.
    Box(&'k SealKey),
    /// The town's server, by the key that signs receipts.
    Server(&'k ReceiptKey),
}

impl BundleWriter<'_> {
    fn public(&self) -> [u8; 32] {
        match self {
            Self::Box(key) => key.public(),
            Self::Server(key) => key.public(),
        }
    }

    fn sign(&self, bytes: &[u8]) -> [u8; SIGNATURE] {
        match self {
            Self::Box(key) => key.sign(bytes),
            Self::Server(key) => key.sign_bytes(bytes),
        }
    }

    /// The bundle of these sections. `salt` is 32 random bytes that are used for nothing else.
    ///
    /// # Errors
    /// [`NotABundle::TooLong`].
    pub fn write(&self, sections: &[Section], salt: [u8; 32], at: UnixMillis) -> Result<Vec<u8>, NotABundle> {
        let lengths = sections
            .iter()
            .map(|section| (section.of, u64::try_from(section.content.len()).unwrap_or(u64::MAX)));
        let head = Head { from: self.public(), at: at.get(), salt, sections: lengths.collect() };
        let head = postcard::to_stdvec(&head).map_err(|_too_long| NotABundle::TooLong)?;
        let all: usize = sections.iter().map(|section| section.content.len()).fold(0, usize::saturating_add);
        if head.len() > LONGEST_HEAD || sections.len() > MOST_SECTIONS || all > LONGEST_BUNDLE / 2 {
            return Err(NotABundle::TooLong);
        }
        let length = u32::try_from(head.len()).unwrap_or(u32::MAX).to_be_bytes();
        let mut bundle = [MAGIC.as_slice(), &length, &head].concat();
        let bound = digest(&SHA256, &bundle);
        bundle.extend(self.sign(&bundle));
        for (number, section) in (0_u32..).zip(sections) {
            let key = key_of(&section.key, &salt).ok_or(NotABundle::TooLong)?;
            let chunks = section.content.len().div_ceil(CHUNK).max(1);
            for chunk in 0..chunks {
                let begin = chunk.saturating_mul(CHUNK);
                let end = begin.saturating_add(CHUNK).min(section.content.len());
                let mut sealed = section.content.get(begin..end).unwrap_or_default().to_vec();
                let nonce = nonce_of(number, chunk, chunks);
                key.seal_in_place_append_tag(nonce, Aad::from(bound.as_ref()), &mut sealed)
                    .map_err(|_too_long| NotABundle::TooLong)?;
                bundle.extend(sealed);
            }
        }
        Ok(bundle)
    }
}

/// Why bytes are no bundle. The party at fault is whoever wrote the stick.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotABundle {
    /// Longer than any.
    #[error("the bundle is longer than bundles are")]
    TooLong,
    /// It does not begin as one, or is cut off in its head.
    #[error("the file is no bundle")]
    Foreign,
    /// Its head was bent.
    #[error("the bundle's signature does not hold")]
    WrongSignature,
}

/// A bundle whose head holds.
pub struct Bundle<'b> {
    head: Head,
    bound: [u8; 32],
    sections: &'b [u8],
}

/// What could be read of a section.
pub struct ReadSection {
    /// Its bytes, up to where it was cut off or bent.
    pub content: Zeroizing<Vec<u8>>,
    /// Whether that is all of it.
    pub is_whole: bool,
}

impl<'b> Bundle<'b> {
    /// Reads the head.
    ///
    /// # Errors
    /// [`NotABundle`].
    pub fn open(bytes: &'b [u8]) -> Result<Self, NotABundle> {
        if bytes.len() > LONGEST_BUNDLE {
            return Err(NotABundle::TooLong);
        }
        let rest = bytes.strip_prefix(MAGIC).ok_or(NotABundle::Foreign)?;
        let (length, rest) = rest.split_first_chunk::<LENGTH>().ok_or(NotABundle::Foreign)?;
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        if length > LONGEST_HEAD {
            return Err(NotABundle::Foreign);
        }
        let (encoded, rest) = rest.split_at_checked(length).ok_or(NotABundle::Foreign)?;
        let (signature, sections) = rest.split_first_chunk::<SIGNATURE>().ok_or(NotABundle::Foreign)?;
        let (head, left) =
            postcard::take_from_bytes::<Head>(encoded).map_err(|_malformed| NotABundle::Foreign)?;
        if !left.is_empty() || head.sections.len() > MOST_SECTIONS {
            return Err(NotABundle::Foreign);
        }
        let signed =
            bytes.get(..MAGIC.len().saturating_add(LENGTH).saturating_add(length)).unwrap_or_default();
        let key = VerifyingKey::from_bytes(&head.from).map_err(|_no_point| NotABundle::WrongSignature)?;
        key.verify_strict(signed, &Signature::from_bytes(signature))
            .map_err(|_no_reason_is_given| NotABundle::WrongSignature)?;
        let bound = digest(&SHA256, signed).as_ref().try_into().map_err(|_length| NotABundle::Foreign)?;
        Ok(Self { head, bound, sections })
    }

    /// The key of whoever wrote it. The reader says whether that is a box of the town, or its server.
    pub const fn from(&self) -> &[u8; 32] {
        &self.head.from
    }

    /// When it was written, by that one's clock.
    pub const fn at(&self) -> UnixMillis {
        UnixMillis::new(self.head.at)
    }

    /// The sections, as far as `key` knows one of what they are of; the others are `None`.
    pub fn sections(
        &self,
        key: impl Fn(SectionOf) -> Option<Zeroizing<[u8; 32]>>,
    ) -> Vec<(SectionOf, Option<ReadSection>)> {
        let (mut rest, mut read) = (self.sections, Vec::new());
        for (number, (of, length)) in (0_u32..).zip(&self.head.sections) {
            let length = usize::try_from(*length).unwrap_or(usize::MAX);
            let chunks = length.div_ceil(CHUNK).max(1);
            let sealed = length.saturating_add(chunks.saturating_mul(TAG));
            let (section, after) = rest.split_at_checked(sealed).unwrap_or((rest, &[]));
            rest = after;
            let opened = key(*of).map(|key| self.read(number, section, chunks, &key));
            read.push((*of, opened));
        }
        read
    }

    fn read(&self, number: u32, section: &[u8], chunks: usize, key: &[u8; 32]) -> ReadSection {
        let mut content = Zeroizing::new(Vec::new());
        let Some(key) = key_of(key, &self.head.salt) else { return ReadSection { content, is_whole: false } };
        let mut opened = 0_usize;
        for (chunk, sealed) in section.chunks(CHUNK + TAG).enumerate() {
            let mut bytes = Zeroizing::new(sealed.to_vec());
            let nonce = nonce_of(number, chunk, chunks);
            match key.open_in_place(nonce, Aad::from(self.bound.as_slice()), &mut bytes) {
                Ok(plain) => content.extend_from_slice(plain),
                Err(_cut_off_or_bent) => break,
            }
            opened = opened.saturating_add(1);
        }
        ReadSection { content, is_whole: opened == chunks }
    }
}

fn nonce_of(section: u32, chunk: usize, chunks: usize) -> Nonce {
    let chunk = u32::try_from(chunk).unwrap_or(u32::MAX);
    let is_last = u32::from(usize::try_from(chunk).is_ok_and(|chunk| chunk.saturating_add(1) == chunks));
    let parts = [section, chunk, is_last].map(u32::to_be_bytes);
    let mut nonce = [0; NONCE_LEN];
    nonce.iter_mut().zip(parts.as_flattened()).for_each(|(to, from)| *to = *from);
    Nonce::assume_unique_for_key(nonce)
}

struct ChunkKey;

impl KeyType for ChunkKey {
    fn len(&self) -> usize {
        CHACHA20_POLY1305.key_len()
    }
}

fn key_of(key: &[u8; 32], salt: &[u8; 32]) -> Option<LessSafeKey> {
    let secret = Salt::new(HKDF_SHA256, salt).extract(key);
    let mut bytes = Zeroizing::new([0; 32]);
    secret.expand(&[INFO], ChunkKey).ok()?.fill(bytes.as_mut_slice()).ok()?;
    UnboundKey::new(&CHACHA20_POLY1305, bytes.as_slice()).ok().map(LessSafeKey::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis::new(1_791_730_800_000);

    fn of(number: u8) -> SectionOf {
        SectionOf::Incident(IncidentId::from_bytes([number; 16]))
    }

    fn section(number: u8, length: usize) -> Section {
        let of = if number == 0 { SectionOf::Town } else { of(number) };
        let content = Zeroizing::new((0..length).map(|place| (place % 251) as u8).collect());
        Section { of, key: Zeroizing::new([number; 32]), content }
    }

    fn bundle() -> (SealKey, Vec<u8>) {
        let key = SealKey::from_bytes(&[7; 32]);
        let sections = [section(0, 300), section(1, CHUNK * 2 + 5), section(2, 0), section(3, CHUNK)];
        let bundle = BundleWriter::Box(&key).write(&sections, [9; 32], NOW).unwrap();
        (key, bundle)
    }

    fn key(of: SectionOf) -> Option<Zeroizing<[u8; 32]>> {
        match of {
            SectionOf::Town => Some(Zeroizing::new([0; 32])),
            SectionOf::Incident(incident) => Some(Zeroizing::new([incident.as_bytes()[0]; 32])),
        }
    }

    fn lengths(bytes: &[u8]) -> Vec<(usize, bool)> {
        let opened = Bundle::open(bytes).unwrap().sections(key);
        opened
            .iter()
            .map(|(_, read)| read.as_ref().unwrap())
            .map(|read| (read.content.len(), read.is_whole))
            .collect()
    }

    #[test]
    fn a_bundle_says_who_wrote_it_and_opens_section_by_section() {
        let (writer, bytes) = bundle();
        let opened = Bundle::open(&bytes).unwrap();
        assert_eq!((opened.from(), opened.at()), (&writer.public(), NOW));
        assert_eq!(lengths(&bytes), [(300, true), (CHUNK * 2 + 5, true), (0, true), (CHUNK, true)]);
        for (number, (_, read)) in opened.sections(key).iter().enumerate() {
            let expected = section(0, read.as_ref().unwrap().content.len()).content;
            assert_eq!(*read.as_ref().unwrap().content, *expected, "section {number}");
        }
        // Nobody reads the section of an incident whose key is gone.
        let without = |of_section| if of_section == of(1) { None } else { key(of_section) };
        assert!(opened.sections(without)[1].1.is_none());
        let other = |_| Some(Zeroizing::new([99; 32]));
        assert!(opened.sections(other).iter().all(|(_, read)| read.as_ref().unwrap().content.is_empty()));
    }

    #[test]
    fn whatever_is_cut_off_or_bent_ends_its_section_only() {
        let (_, bytes) = bundle();
        let head = bytes.len() - (300 + CHUNK * 3 + 5 + 6 * TAG);
        for cut in (head..bytes.len()).step_by(7_919) {
            let read = lengths(&bytes[..cut]);
            assert!(
                read.iter().any(|(_, whole)| !whole)
                    && read.iter().all(|(length, _)| *length <= CHUNK * 2 + 5)
            );
        }
        for cut in [0, 15, 19, 40, head - 1] {
            assert!(Bundle::open(&bytes[..cut]).is_err(), "cut at {cut}");
        }
        for place in (0..head).step_by(3) {
            let mut bent = bytes.clone();
            bent[place] ^= 4;
            assert!(Bundle::open(&bent).is_err(), "{place}");
        }
        let mut bent = bytes;
        bent[head + 300 + TAG + CHUNK + TAG + 9] ^= 1;
        assert_eq!(lengths(&bent), [(300, true), (CHUNK, false), (0, true), (CHUNK, true)]);
    }
}
