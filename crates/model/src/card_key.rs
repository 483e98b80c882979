//! A card as the rest of the system may know it: a keyed hash.

use ring::hmac;
use zeroize::Zeroize;

use crate::id::id128;
use crate::{HouseholdId, PersonId};

id128! {
    /// A card, phone or badge: the first 16 bytes of HMAC-SHA-256(town key, kind ‖ public key hash or
    /// identifier). Without the town key it cannot be found by trying all serial numbers.
    CardKey
}

/// What kind of token a [`CardKey`] was made from. The number is part of the hash and never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenKind {
    /// A certificate, by the SHA-256 of its SubjectPublicKeyInfo (RFC 5280 §4.1.2.7).
    Certificate,
    /// A contactless identifier (UID or FeliCa IDm): convenient, clonable, no proof.
    Uid,
    /// A printed QR badge.
    Badge,
    /// No token that can be read: a card of which only the id is known that it gave before anybody knew it
    /// ([`TownKey::person_of_unknown_card`]). That id is its identity.
    FieldLink,
}

impl TokenKind {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::Certificate => b"certificate",
            Self::Uid => b"uid",
            Self::Badge => b"badge",
            Self::FieldLink => b"field link",
        }
    }
}

/// SHA-256 of a DER SubjectPublicKeyInfo.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct SpkiHash(pub [u8; 32]);

/// The town's 256-bit secret under which cards are hashed.
#[derive(Clone, Zeroize)]
#[zeroize(drop)]
pub struct TownKey([u8; 32]);

impl std::fmt::Debug for TownKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("TownKey(hidden)")
    }
}

impl TownKey {
    /// Takes the 32 secret bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The secret bytes, for the one place that stores them.
    pub const fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// The key of a card read as `kind` with `identity` (a public key hash, a UID, a badge's number).
    pub fn card_key(&self, kind: TokenKind, identity: &[u8]) -> CardKey {
        CardKey::from_bytes(self.mac16(kind.label(), identity))
    }

    /// The person that an unknown card stands for until somebody names them (design: two boxes that
    /// never met derive the same person from the same card).
    pub fn person_of_unknown_card(&self, card: CardKey) -> PersonId {
        PersonId::of_unknown_card(self.mac16(b"person", card.as_bytes()))
    }

    /// The id under which a hidden person stands where they must look like anybody whose card nobody knows.
    pub fn shadow_of(&self, hidden: PersonId) -> PersonId {
        self.person_of_unknown_card(CardKey::from_bytes(*hidden.as_bytes()))
    }

    /// Who a line of the roster is, by the number that the town's register gives them. Whoever imports the same register
    /// again, also on a new server with the same town secret, means the same person.
    pub fn person_of_resident(&self, number: &str) -> PersonId {
        let mut bytes = self.mac16(b"resident", number.as_bytes());
        // Never like the id of an unknown card.
        if PersonId::from_bytes(bytes).is_of_unknown_card() {
            bytes = self.mac16(b"resident again", number.as_bytes());
        }
        PersonId::from_bytes(bytes)
    }

    /// Which household a number of the town's register means.
    pub fn household_of_register(&self, number: &str) -> HouseholdId {
        HouseholdId::from_bytes(self.mac16(b"household", number.as_bytes()))
    }

    /// The town's mark on a slip (控え) that says this: nobody else can make it.
    pub fn slip_mark(&self, said: &[u8]) -> [u8; 16] {
        self.mac16(b"slip", said)
    }

    /// HMAC-SHA-256 over a length-prefixed label and the data, cut to 16 bytes. The prefix keeps
    /// ("ab", "c") and ("a", "bc") apart.
    pub(crate) fn mac16(&self, label: &[u8], data: &[u8]) -> [u8; 16] {
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &self.0));
        context.update(&(label.len() as u64).to_be_bytes());
        context.update(label);
        context.update(data);
        let mut cut = [0; 16];
        cut.iter_mut().zip(context.sign().as_ref()).for_each(|(to, from)| *to = *from);
        cut
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn card_keys_depend_on_town_kind_and_identity() {
        let town = TownKey::new([1; 32]);
        let card = town.card_key(TokenKind::Certificate, &[7; 32]);
        assert_ne!(card, town.card_key(TokenKind::Uid, &[7; 32]));
        assert_ne!(card, TownKey::new([2; 32]).card_key(TokenKind::Certificate, &[7; 32]));
        assert_eq!(town.person_of_unknown_card(card), TownKey::new([1; 32]).person_of_unknown_card(card));
        assert!(town.person_of_unknown_card(card).is_of_unknown_card());
        assert!(!town.person_of_resident("0001").is_of_unknown_card());
    }

    #[test]
    fn the_town_key_cannot_be_printed() {
        assert_eq!(format!("{:?}", TownKey::new([0x41; 32])), "TownKey(hidden)");
    }
}
