//! Kinded identifiers: one kind cannot be passed as another.

use serde::{Deserialize, Serialize};

/// Why a textual identifier was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The text is not the 32 hexadecimal digits of a 128-bit identifier.
    #[error("expected 32 hexadecimal digits, got {length} characters or other symbols")]
    NotHexadecimal {
        /// Characters received.
        length: usize,
    },
}

pub(crate) fn hex(bytes: &[u8], out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
    bytes.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
}

pub(crate) fn bytes16_from_hex(text: &str) -> Result<[u8; 16], IdError> {
    let refused = || IdError::NotHexadecimal { length: text.chars().count() };
    if text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(refused());
    }
    u128::from_str_radix(text, 16).map(u128::to_be_bytes).map_err(|_not_hexadecimal| refused())
}

macro_rules! id128 {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// Takes 16 bytes as the identifier.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// The 16 bytes, big-endian in the textual form.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                $crate::id::hex(&self.0, out)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(out, concat!(stringify!($name), "({})"), self)
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::IdError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $crate::id::bytes16_from_hex(text).map(Self)
            }
        }

        impl TryFrom<&[u8]> for $name {
            type Error = std::array::TryFromSliceError;

            fn try_from(bytes: &[u8]) -> Result<Self, Self::Error> {
                bytes.try_into().map(Self)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
                if out.is_human_readable() { out.collect_str(self) } else { self.0.serialize(out) }
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                if from.is_human_readable() {
                    let text = <std::borrow::Cow<'_, str>>::deserialize(from)?;
                    text.parse().map_err(serde::de::Error::custom)
                } else {
                    <[u8; 16]>::deserialize(from).map(Self)
                }
            }
        }
    };
}
pub(crate) use id128;

id128! {
    /// A revocation list and its successors: the key that signs them, and what they speak for. Another key or another
    /// partition is another list.
    ListId
}
id128! {
    /// One person, in every incident and in daily life alike: random, given at registration; for a
    /// card that nobody knows yet, derived from its [`crate::CardKey`] so that two cut-off boxes mean the same
    /// person ([`crate::TownKey::person_of_unknown_card`]).
    PersonId
}
/// With these two bytes begins the id that an unknown card stands for, and no other.
const UNKNOWN_CARD: [u8; 2] = *b"uk";

impl PersonId {
    /// Whether the id was made from a card or badge that nobody knew, and not given to somebody of the roster. Only such
    /// an id can be said to be somebody else.
    pub const fn is_of_unknown_card(&self) -> bool {
        let [first, second, ..] = self.0;
        first == UNKNOWN_CARD[0] && second == UNKNOWN_CARD[1]
    }

    pub(crate) const fn of_unknown_card(mut bytes: [u8; 16]) -> Self {
        [bytes[0], bytes[1]] = UNKNOWN_CARD;
        Self(bytes)
    }
}

id128! {
    /// One household of the roster.
    HouseholdId
}
id128! {
    /// One box: the first 16 bytes of the SHA-256 of its Ed25519 public key.
    BoxId
}
id128! {
    /// One shelter, check-point or watch spot.
    SiteId
}
id128! {
    /// A disaster, a drill, or daily life.
    IncidentId
}
id128! {
    /// One record, as a ULID: 48 bits of milliseconds, then 80 random bits.
    RecordId
}

impl RecordId {
    /// Makes the ULID of a record from its time and 80 bits of randomness (the low bits of `random`).
    pub fn new(at: crate::UnixMillis, random: u128) -> Self {
        Self(ulid::Ulid::from_parts(at.get(), random).to_bytes())
    }

    /// The ULID's own text: 26 characters, the key of the record in its document.
    pub fn ulid_text(&self) -> String {
        ulid::Ulid::from_bytes(self.0).to_string()
    }

    /// The id of [`Self::ulid_text`].
    pub fn from_ulid_text(text: &str) -> Option<Self> {
        ulid::Ulid::from_string(text).ok().map(|ulid| Self(ulid.to_bytes()))
    }
}

/// A lane (窓口): one reader and one screen of a box, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LaneId(pub u8);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form_round_trips_and_refuses_other_lengths_and_signs() {
        let id = PersonId::from_bytes([0xab; 16]);
        assert_eq!(id.to_string().parse::<PersonId>(), Ok(id));
        for refused in ["", "ab", "+bababababababababababababababab", &"ab".repeat(17)] {
            assert!(refused.parse::<PersonId>().is_err(), "{refused:?}");
        }
    }

    #[test]
    fn record_ids_sort_by_time() {
        let early = RecordId::new(crate::UnixMillis::new(1_000), u128::MAX);
        let late = RecordId::new(crate::UnixMillis::new(1_001), 0);
        assert!(early < late);
    }
}
