//! Who on the roster a card may belong to: proposals for somebody who looks at the person and says yes or no. Nothing
//! here ever decides that two people are one.

use hinamori_model::PersonId;

use crate::address::AddressKey;
use crate::fold::{MOST_READ, SearchKey, fold};
use crate::kana::widened;
use crate::variant::kept_form;

/// What a card or the roster says of a person. No `Debug`: all of it is personal.
#[derive(Clone, Copy)]
pub struct Attributes<'a> {
    /// Name as it is written there, in kanji as a rule; empty if not known.
    pub name: &'a str,
    /// Address; empty if not known.
    pub address: &'a str,
    /// Birth date as the number yyyymmdd.
    pub birth: Option<u32>,
    /// The code that the card has: 1 is male, 2 is female, 3 is other.
    pub sex: Option<u8>,
}

/// How an attribute of a card stands to the roster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compared {
    /// Both say the same, except for the form of characters and numbers.
    Agrees,
    /// They say different things.
    Differs,
    /// One of them says nothing.
    NotKnown,
}

/// Which attributes agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agreement {
    /// Family and given name.
    pub name: Compared,
    /// Birth date.
    pub birth: Compared,
    /// Sex.
    pub sex: Compared,
    /// Address.
    pub address: Compared,
}

/// Somebody whom the card may belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// Who.
    pub person: PersonId,
    /// What speaks for and against it.
    pub agreement: Agreement,
}

/// The `limit` best of those whom a card may belong to, best first: two of name, birth date and address agree, or
/// the name agrees and nothing differs. The same sex alone proposes nobody.
///
/// This looks at the whole `roster`: some 20 ms for 100,000 people, more where many share a name or a birth date.
/// Whom the asking screen may not show is left out of the roster by the caller.
pub fn propose<'a>(
    card: &Attributes<'_>,
    roster: impl IntoIterator<Item = (PersonId, Attributes<'a>)>,
    limit: usize,
) -> Vec<Candidate> {
    let card = Card::read(card);
    let mut found: Vec<Candidate> = roster
        .into_iter()
        .filter_map(|(person, known)| {
            let agreement = card.compare(&known).filter(|agreement| agreement.is_proposed())?;
            Some(Candidate { person, agreement })
        })
        .collect();
    found.sort_by_key(|candidate| (-candidate.agreement.weight(), candidate.person));
    found.truncate(limit);
    found
}

impl Compared {
    fn of<T: PartialEq>(one: Option<T>, other: Option<T>) -> Self {
        match (one, other) {
            (Some(one), Some(other)) if one == other => Self::Agrees,
            (Some(_), Some(_)) => Self::Differs,
            (None, _) | (_, None) => Self::NotKnown,
        }
    }

    const fn agrees(self) -> bool {
        matches!(self, Self::Agrees)
    }

    /// `weight` for an attribute that agrees, and as much against one that differs.
    const fn weight(self, weight: i32) -> i32 {
        match self {
            Self::Agrees => weight,
            Self::Differs => -weight,
            Self::NotKnown => 0,
        }
    }
}

impl Agreement {
    fn is_proposed(self) -> bool {
        let Self { name, birth, sex, address } = self;
        let agreeing = [name, birth, address].into_iter().filter(|compared| compared.agrees()).count();
        agreeing >= 2
            || (name.agrees() && [birth, sex, address].iter().all(|other| *other != Compared::Differs))
    }

    /// People marry and move; a birth date stays. Each weight is as much as all lighter ones and more.
    const fn weight(self) -> i32 {
        self.birth.weight(8) + self.name.weight(4) + self.address.weight(2) + self.sex.weight(1)
    }
}

/// A card's attributes, folded once.
struct Card {
    first_kanji: Option<char>,
    name: Option<SearchKey>,
    address: AddressKey,
    birth: Option<u32>,
    sex: Option<u8>,
}

impl Card {
    fn read(card: &Attributes<'_>) -> Self {
        let address = AddressKey::read(card.address);
        let first_kanji = first_kanji(card.name);
        Self { first_kanji, name: name_key(card.name), address, birth: card.birth, sex: card.sex }
    }

    /// Nothing when neither name nor birth date agrees: an address alone proposes nobody, and takes the longest to read.
    fn compare(&self, known: &Attributes<'_>) -> Option<Agreement> {
        let birth = Compared::of(self.birth, known.birth);
        let name = self.compare_name(known.name);
        if !birth.agrees() && !name.agrees() {
            return None;
        }
        let sex = Compared::of(self.sex, known.sex);
        let other = AddressKey::read(known.address);
        let address = if self.address.is_empty() || other.is_empty() {
            Compared::NotKnown
        } else if self.address.is_same_place(&other) {
            Compared::Agrees
        } else {
            Compared::Differs
        };
        Some(Agreement { name, birth, sex, address })
    }

    fn compare_name(&self, known: &str) -> Compared {
        // Nearly everybody has another family name: that is seen at its first kanji.
        match (self.first_kanji, first_kanji(known)) {
            (Some(one), Some(other)) if one != other => Compared::Differs,
            _ => Compared::of(self.name.as_ref(), name_key(known).as_ref()),
        }
    }
}

/// The first character of a name in its kept form, if it is a kanji.
fn first_kanji(name: &str) -> Option<char> {
    name.chars().next().filter(|first| is_kanji(*first)).map(kept_form)
}

/// Whether folding keeps this character for itself.
fn is_kanji(character: char) -> bool {
    character >= '\u{4E00}' && character.is_alphanumeric() && widened(character) == character
}

/// A name without its spaces and without a former family name in brackets; nothing if nothing is left.
fn name_key(name: &str) -> Option<SearchKey> {
    let mut depth = 0_u32;
    let is_name = |character: &char| {
        match character {
            '(' | '[' | '（' | '［' => depth = depth.saturating_add(1),
            ')' | ']' | '）' | '］' => depth = depth.saturating_sub(1),
            _ => return depth == 0 && !character.is_whitespace() && !matches!(character, '・' | '･'),
        }
        false
    };
    let bare: String = name.chars().take(MOST_READ).filter(is_name).collect();
    Some(fold(&bare)).filter(|key| !key.expose().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CARD: Attributes<'_> = Attributes {
        name: "濵﨑　𠮷子",
        address: "山口県阿武郡阿武町大字奈古二丁目１３番５号",
        birth: Some(19520505),
        sex: Some(2),
    };

    fn id(number: u8) -> PersonId {
        PersonId::from_bytes([number; 16])
    }

    fn proposed(roster: &[Attributes<'_>], limit: usize) -> Vec<u8> {
        let roster = (0..).map(id).zip(roster.iter().copied());
        propose(&CARD, roster, limit).iter().map(|candidate| candidate.person.as_bytes()[0]).collect()
    }

    fn agreement(known: Attributes<'_>) -> Option<[Compared; 4]> {
        let Agreement { name, birth, sex, address } = Card::read(&CARD).compare(&known)?;
        Some([name, birth, sex, address])
    }

    #[test]
    fn every_form_of_a_name_agrees() {
        for name in ["浜崎 吉子", "濱崎吉子", "濱﨑\u{E0100}　吉子", "浜崎［森］ 𠮷子", "浜碕・吉子"]
        {
            assert_eq!(agreement(Attributes { name, ..CARD }), Some([Compared::Agrees; 4]), "{name}");
        }
        for name in ["浜崎 吉男", "浜 吉子", "山崎 吉子", "ハマサキ ヨシコ"] {
            let found = agreement(Attributes { name, ..CARD }).map(|[name, ..]| name);
            assert_eq!(found, Some(Compared::Differs), "{name}");
        }
        assert_eq!(agreement(Attributes { name: "🙂浜崎吉子", ..CARD }), Some([Compared::Agrees; 4]));
        let of = |name| name_key(name).map(|key| key.expose().to_owned());
        assert_eq!(of("SMITH　John"), of("ｓｍｉｔｈ ＪＯＨＮ"));
        assert_eq!([of("齋藤"), of("邊見")], [of("斉藤"), of("辺見")]);
    }

    #[test]
    fn not_known_is_no_difference_and_no_agreement() {
        let nothing = Attributes { name: "", address: " ", birth: None, sex: None };
        let [agrees, unknown] = [Compared::Agrees, Compared::NotKnown];
        let only_birth = Attributes { birth: CARD.birth, ..nothing };
        assert_eq!(agreement(only_birth), Some([unknown, agrees, unknown, unknown]));
        assert_eq!(proposed(&[nothing, only_birth], 9), [0; 0]);
        assert_eq!(proposed(&[Attributes { name: "浜崎吉子", ..nothing }], 9), [0]);
    }

    #[test]
    fn the_best_come_first() {
        let married = Attributes { name: "森 吉子", ..CARD };
        let moved = Attributes { address: "奈古1-1", ..CARD };
        let mistyped = Attributes { birth: Some(19520506), ..CARD };
        assert_eq!(proposed(&[mistyped, married, moved, CARD], 9), [3, 2, 1, 0]);
        assert_eq!(proposed(&[mistyped, married, moved, CARD], 2), [3, 2]);
    }

    #[test]
    fn one_thing_in_common_is_not_enough() {
        let other = Attributes { name: "森 一", address: "奈古1-1", birth: Some(19800101), sex: Some(2) };
        let same_name = Attributes { name: CARD.name, ..other };
        let same_birth = Attributes { birth: CARD.birth, ..other };
        let same_house = Attributes { address: CARD.address, ..other };
        assert_eq!(proposed(&[other, same_name, same_birth, same_house], 9), [0; 0]);
        let no_birth = Attributes { birth: None, address: "", sex: Some(1), ..CARD };
        assert_eq!(proposed(&[no_birth], 9), [0; 0]);
    }
}
