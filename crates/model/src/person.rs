//! What a town's lists say about a person in codes. Numbers are stored and never reused.

use crate::code::{bit_set, code};

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

bit_set! {
    /// A set of [`SupportReason`]s, one bit each.
    SupportReasons of SupportReason
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_the_positions_and_sets_round_trip() {
        for (position, reason) in SupportReason::ALL.iter().copied().enumerate() {
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
