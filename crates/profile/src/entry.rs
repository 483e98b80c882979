//! One thing that is written of a person.

use std::fmt;

use hinamori_model::{
    BirthDate, Circle, ConsentItem, Help, HouseDamage, NeedKind, PersonId, PersonalText, ProxyPurpose, Sex,
    StayForm, UnixMillis, YesNo,
};

use crate::field::{Field, TextField};

/// One need, or the answer that there is none.
#[derive(Clone, PartialEq, Eq)]
pub struct Need {
    /// Which.
    pub kind: NeedKind,
    /// Whether the person has it.
    pub answer: YesNo,
    /// How much of it: what the number says stands at the kind.
    pub degree: Option<u8>,
    /// By when something must be done: the cylinder is empty, the next dialysis, the next dose, no milk left.
    pub due_by: Option<UnixMillis>,
    /// In the person's or the nurse's words.
    pub note: Option<PersonalText>,
}

impl Need {
    /// The person has it, and nothing more was said.
    pub const fn yes(kind: NeedKind) -> Self {
        Self { kind, answer: YesNo::Yes, degree: None, due_by: None, note: None }
    }

    /// The person was asked and does not have it.
    pub const fn no(kind: NeedKind) -> Self {
        Self { kind, answer: YesNo::No, degree: None, due_by: None, note: None }
    }
}

/// Somebody to turn to.
#[derive(Clone, PartialEq, Eq)]
pub struct Contact {
    /// Who.
    pub name: PersonalText,
    /// What they are to the person.
    pub relation: Option<PersonalText>,
    /// Telephone, mail, or where they are.
    pub reached_by: Option<PersonalText>,
}

/// Somebody who acts in the person's place.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    /// Who, by name.
    pub name: PersonalText,
    /// The same, if they are registered.
    pub person: Option<PersonId>,
    /// Until when; without a limit when none was said.
    pub until: Option<UnixMillis>,
}

/// A value that only a newer version can read.
#[derive(Clone, PartialEq, Eq)]
pub struct NewerValue(pub(crate) Vec<u8>);

/// One field with its new value.
#[derive(Clone, PartialEq, Eq)]
pub enum Entry {
    /// A text.
    Text(TextField, PersonalText),
    /// 生年月日
    BirthDate(BirthDate),
    /// 性別
    Sex(Sex),
    /// Where they sleep, and what belongs to it (number plate, place).
    Stay(StayForm, Option<PersonalText>),
    /// 家の 被害
    HouseDamage(HouseDamage),
    /// One need.
    Need(Need),
    /// Whether they offer this, and what belongs to it.
    Help(Help, YesNo, Option<PersonalText>),
    /// Whether this circle may be told this.
    Consent(ConsentItem, Circle, YesNo),
    /// Who acts in the person's place for this.
    Proxy(ProxyPurpose, Proxy),
    /// One of the people to turn to, under the number of [`Field::Contact`].
    Contact(u16, Contact),
    /// The field says nothing any more.
    Cleared(Field),
    /// A field or a value of a newer version. The field may be one that is known: then it has a value, and a newer
    /// version must be asked which.
    Newer(Field, NewerValue),
}

impl Entry {
    /// What it is for.
    pub const fn field(&self) -> Field {
        match self {
            Self::Text(field, _) => Field::Text(*field),
            Self::BirthDate(_) => Field::BirthDate,
            Self::Sex(_) => Field::Sex,
            Self::Stay(..) => Field::Stay,
            Self::HouseDamage(_) => Field::HouseDamage,
            Self::Need(need) => Field::Need(need.kind),
            Self::Help(help, ..) => Field::Help(*help),
            Self::Consent(item, circle, _) => Field::Consent(*item, *circle),
            Self::Proxy(purpose, _) => Field::Proxy(*purpose),
            Self::Contact(key, _) => Field::Contact(*key),
            Self::Cleared(field) | Self::Newer(field, _) => *field,
        }
    }
}

macro_rules! hidden {
    ($($name:ident),+) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(concat!(stringify!($name), "(hidden)"))
            }
        }
    )+};
}
hidden!(Need, Contact, Proxy, NewerValue, Entry);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_person_can_be_printed() {
        let need = Need { note: Some(PersonalText::new("毎分2L")), ..Need::yes(NeedKind::Oxygen) };
        let contact = Contact { name: PersonalText::new("花子"), relation: None, reached_by: None };
        let date = BirthDate::from(hinamori_model::CalendarDate::new(1935, 1, 2).unwrap());
        let printed = format!("{:?}", (need.clone(), Entry::Need(need), contact, date));
        assert_eq!(printed, "(Need(hidden), Entry(hidden), Contact(hidden), BirthDate(hidden))");
    }
}
