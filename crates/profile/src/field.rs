//! Which field an entry is for, and the number by which it stands in a patch.

use hinamori_model::{Circle, ConsentItem, Help, NeedKind, ProxyPurpose};

/// The low bits of a tag are the group, the others say which one of the group.
const GROUP_BITS: u32 = 6;
const BIRTH_DATE: u32 = 8;
const SEX: u32 = 9;
const STAY: u32 = 10;
const HOUSE_DAMAGE: u32 = 11;
const NEED: u32 = 12;
const HELP: u32 = 13;
const CONSENT: u32 = 14;
const PROXY: u32 = 15;
const CONTACT: u32 = 16;

/// A field that is one text. Its number is its group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum TextField {
    /// 氏名
    Name = 1,
    /// ふりがな
    Kana = 2,
    /// 呼び名: what the person chose to be called by.
    CalledName = 3,
    /// 住所
    Address = 4,
    /// 電話
    Phone = 5,
    /// 続柄
    Relation = 6,
    /// The language that the person speaks, as a BCP 47 tag or in their own words.
    Language = 7,
}

impl TextField {
    /// Every one.
    pub const ALL: [Self; 7] = [
        Self::Name,
        Self::Kana,
        Self::CalledName,
        Self::Address,
        Self::Phone,
        Self::Relation,
        Self::Language,
    ];
}

/// What can be written of a person. Each field has one value, the latest one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// A text.
    Text(TextField),
    /// 生年月日
    BirthDate,
    /// 性別
    Sex,
    /// Where they sleep.
    Stay,
    /// 家の 被害
    HouseDamage,
    /// One need: two boxes may write two of them.
    Need(NeedKind),
    /// One kind of help that is offered.
    Help(Help),
    /// One item for one circle.
    Consent(ConsentItem, Circle),
    /// Who acts in the person's place for one purpose.
    Proxy(ProxyPurpose),
    /// One of the people to turn to. The number is random and picked by the box that first writes the contact, so that two
    /// boxes do not write over each other's.
    Contact(u16),
    /// A field of a newer version, by its tag.
    Newer(u32),
}

impl Field {
    /// The number by which it stands in a patch; the entries of a patch go up by it.
    pub fn tag(self) -> u32 {
        let (group, which) = match self {
            Self::Text(field) => (field as u32, 0),
            Self::BirthDate => (BIRTH_DATE, 0),
            Self::Sex => (SEX, 0),
            Self::Stay => (STAY, 0),
            Self::HouseDamage => (HOUSE_DAMAGE, 0),
            Self::Need(kind) => (NEED, kind.code().into()),
            Self::Help(help) => (HELP, help.code().into()),
            Self::Consent(item, circle) => (CONSENT, u16::from_be_bytes([item.code(), circle.code()]).into()),
            Self::Proxy(purpose) => (PROXY, purpose.code().into()),
            Self::Contact(key) => (CONTACT, u32::from(key)),
            Self::Newer(tag) => return tag,
        };
        which << GROUP_BITS | group
    }

    /// The field of a tag.
    pub fn from_tag(tag: u32) -> Self {
        let (group, which) = (tag & ((1 << GROUP_BITS) - 1), tag >> GROUP_BITS);
        Self::known(group, which).unwrap_or(Self::Newer(tag))
    }

    fn known(group: u32, which: u32) -> Option<Self> {
        let alone = |field| (which == 0).then_some(field);
        match group {
            BIRTH_DATE => alone(Self::BirthDate),
            SEX => alone(Self::Sex),
            STAY => alone(Self::Stay),
            HOUSE_DAMAGE => alone(Self::HouseDamage),
            NEED => NeedKind::from_code(which.into()).map(Self::Need),
            HELP => Help::from_code(which.into()).map(Self::Help),
            CONSENT => {
                let [item, circle] = u16::try_from(which).ok()?.to_be_bytes();
                Some(Self::Consent(ConsentItem::from_code(item.into())?, Circle::from_code(circle.into())?))
            }
            PROXY => ProxyPurpose::from_code(which.into()).map(Self::Proxy),
            CONTACT => u16::try_from(which).ok().map(Self::Contact),
            _ => {
                let text = TextField::ALL.into_iter().find(|field| *field as u32 == group)?;
                alone(Self::Text(text))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_field_has_a_tag_of_its_own_and_comes_back() {
        let consents = ConsentItem::ALL
            .iter()
            .flat_map(|item| Circle::ALL.iter().map(|circle| Field::Consent(*item, *circle)));
        let fields: Vec<_> = TextField::ALL
            .map(Field::Text)
            .into_iter()
            .chain([Field::BirthDate, Field::Sex, Field::Stay, Field::HouseDamage])
            .chain(NeedKind::ALL.iter().copied().map(Field::Need))
            .chain(Help::ALL.iter().copied().map(Field::Help))
            .chain(consents)
            .chain(ProxyPurpose::ALL.iter().copied().map(Field::Proxy))
            .chain([0, 1, u16::MAX].map(Field::Contact))
            .collect();
        fields.iter().for_each(|field| assert_eq!(Field::from_tag(field.tag()), *field));
        let tags: BTreeSet<_> = fields.iter().map(|field| field.tag()).collect();
        assert_eq!(tags.len(), fields.len());
        for newer in [0, 63, 1 << GROUP_BITS | SEX, 200 << GROUP_BITS | NEED, u32::MAX] {
            assert_eq!(Field::from_tag(newer), Field::Newer(newer));
        }
    }
}
