//! What a town's lists say about a person in codes. Numbers are stored and never reused.

use serde::{Deserialize, Serialize};

use crate::place::code;

code! {
    /// 性別, with the numbers of ISO/IEC 5218 but for [`Sex::Other`], which stands where that has "not applicable".
    Sex {
        /// Not said.
        Unknown = 0,
        /// 男
        Male = 1,
        /// 女
        Female = 2,
        /// その他
        Other = 9,
    }
}
code! {
    /// Why somebody is on the list of persons needing support to evacuate (避難行動要支援者名簿).
    SupportReason {
        /// 要介護3〜5
        CareLevelThreeToFive = 0,
        /// 身体障害者手帳 1級・2級
        PhysicalHandbookOneOrTwo = 1,
        /// 療育手帳A
        IntellectualHandbookA = 2,
        /// 精神障害者保健福祉手帳, living alone
        MentalHandbookAlone = 3,
        /// 難病
        IntractableDisease = 4,
        /// 高齢者のみの世帯: old people alone or only among themselves
        ElderlyAlone = 5,
        /// What the town has decided beside these.
        Other = 6,
    }
}

impl SupportReason {
    /// Every reason, in the order of its number.
    pub const ALL: [Self; 7] = [
        Self::CareLevelThreeToFive,
        Self::PhysicalHandbookOneOrTwo,
        Self::IntellectualHandbookA,
        Self::MentalHandbookAlone,
        Self::IntractableDisease,
        Self::ElderlyAlone,
        Self::Other,
    ];
}

/// A set of [`SupportReason`]s, one bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SupportReasons(u32);

impl SupportReasons {
    /// No reason.
    pub const NONE: Self = Self(0);

    /// Takes the stored bits; bits that a newer version set are kept.
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// The bits to store.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// The same set and `reason`.
    #[must_use]
    pub const fn with(self, reason: SupportReason) -> Self {
        Self(self.0 | 1 << reason as u8)
    }

    /// Whether `reason` is in the set.
    pub const fn has(self, reason: SupportReason) -> bool {
        self.0 & 1 << reason as u8 != 0
    }

    /// Whether the set is empty.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The known reasons of the set.
    pub fn iter(self) -> impl Iterator<Item = SupportReason> {
        SupportReason::ALL.into_iter().filter(move |reason| self.has(*reason))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_the_positions_and_sets_round_trip() {
        for (position, reason) in SupportReason::ALL.into_iter().enumerate() {
            assert_eq!(usize::from(reason.code()), position);
            assert_eq!(SupportReasons::NONE.with(reason).iter().collect::<Vec<_>>(), [reason]);
        }
        assert_eq!(SupportReasons::from_bits(1 << 31).bits(), 1 << 31);
    }

    #[test]
    fn a_code_comes_back_and_a_foreign_one_is_none() {
        for sex in [Sex::Unknown, Sex::Male, Sex::Female, Sex::Other] {
            assert_eq!(Sex::from_code(u64::from(sex.code())), Some(sex));
        }
        assert_eq!(Sex::from_code(3), None);
    }
}
