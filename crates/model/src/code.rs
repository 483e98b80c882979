//! Stored codes: enums whose numbers are written to disk and never reused, and sets of them.

/// Declares an enum of stored codes, with every value and the way back from the number.
#[macro_export]
macro_rules! stored_code {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $number:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum $name { $($(#[$vdoc])* $variant = $number),+ }

        impl $name {
            /// Every value, in the order of its declaration.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The number to store.
            pub const fn code(self) -> u8 {
                self as u8
            }

            /// The value of a stored number; `None` for one that a newer version wrote.
            pub const fn from_code(code: u64) -> Option<Self> {
                match code { $($number => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

/// The same for codes that also travel between daemon and kiosk, and in the town's package.
macro_rules! code {
    ($(#[$doc:meta])* $name:ident { $($variants:tt)+ }) => {
        $crate::stored_code! {
            $(#[$doc])*
            #[derive(Hash, serde::Serialize, serde::Deserialize)]
            #[serde(rename_all = "snake_case")]
            $name { $($variants)+ }
        }
    };
}
pub(crate) use code;

/// Generates a set of a stored enum's values, one bit each: the bit of a value is its number.
macro_rules! bit_set {
    ($(#[$doc:meta])* $name:ident of $member:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
        pub struct $name(u32);

        impl $name {
            /// The empty set.
            pub const NONE: Self = Self(0);

            /// Takes the stored bits; bits that a newer version set are kept.
            pub const fn from_bits(bits: u32) -> Self {
                Self(bits)
            }

            /// The bits to store.
            pub const fn bits(self) -> u32 {
                self.0
            }

            /// The same set and `member`.
            #[must_use]
            pub const fn with(self, member: $member) -> Self {
                Self(self.0 | 1 << member as u8)
            }

            /// Whether `member` is in the set.
            pub const fn has(self, member: $member) -> bool {
                self.0 & 1 << member as u8 != 0
            }

            /// Whether the set is empty.
            pub const fn is_empty(self) -> bool {
                self.0 == 0
            }

            /// The known members of the set.
            pub fn iter(self) -> impl Iterator<Item = $member> {
                $member::ALL.iter().copied().filter(move |member| self.has(*member))
            }
        }
    };
}
pub(crate) use bit_set;
