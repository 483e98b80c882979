//! The values of entries as bytes.
//!
//! | Field | Bytes |
//! |---|---|
//! | texts | UTF-8 |
//! | birth date | yyyymmdd, 4 bytes, big-endian |
//! | sex, house damage, consent | the code |
//! | stay, help | the code or the answer, then the note |
//! | need | what is there (bits below), the degree, the time, then the note |
//! | contact | name and relation with their lengths, then by what they are reached |
//! | proxy | what is there, the person, the time, then the name |
//!
//! No bytes at all: the field was cleared. What reads otherwise, or would be written otherwise, is of a newer version.

use hinamori_model::{
    BirthDate, HouseDamage, NeedKind, PersonId, PersonalText, Sex, StayForm, UnixMillis, YesNo,
};

use crate::bytes::{Reader, push_number, push_piece};
use crate::entry::{Contact, Entry, Need, NewerValue, Proxy};
use crate::field::Field;
use crate::text::{BadText, optional_text_of, text_of};

/// Bits of a need's first byte.
const YES: u8 = 1;
const HAS_DEGREE: u8 = 2;
const HAS_DUE: u8 = 4;
/// Bits of a proxy's first byte.
const HAS_PERSON: u8 = 1;
const HAS_UNTIL: u8 = 2;

impl Entry {
    /// The value as it stands in a patch.
    pub(crate) fn value(&self) -> Vec<u8> {
        match self {
            Self::Text(_, text) => text.expose().into(),
            Self::BirthDate(date) => u32::from(*date).to_be_bytes().into(),
            Self::Sex(sex) => vec![sex.code()],
            Self::Stay(stay, note) => coded(stay.code(), note.as_ref()),
            Self::HouseDamage(damage) => vec![damage.code()],
            Self::Need(need) => need.value(),
            Self::Help(_, answer, note) => coded(answer.code(), note.as_ref()),
            Self::Consent(_, _, answer) => vec![answer.code()],
            Self::Proxy(_, proxy) => proxy.value(),
            Self::Contact(_, contact) => contact.value(),
            Self::Cleared(_) => Vec::new(),
            Self::Newer(_, NewerValue(value)) => value.clone(),
        }
    }

    /// The entry of a field and its value.
    ///
    /// # Errors
    /// [`BadText`]: texts are refused, where everything else that is not understood is newer.
    pub(crate) fn read(field: Field, value: &[u8]) -> Result<Self, BadText> {
        if value.is_empty() {
            return Ok(Self::Cleared(field));
        }
        let known = Self::known(field, value)?.filter(|known| known.value() == value);
        Ok(known.unwrap_or_else(|| Self::Newer(field, NewerValue(value.to_vec()))))
    }

    fn known(field: Field, value: &[u8]) -> Result<Option<Self>, BadText> {
        let Some((&code, rest)) = value.split_first() else { return Ok(None) };
        let answer = YesNo::from_code(code.into());
        Ok(match field {
            Field::Text(field) => Some(Self::Text(field, text_of(value)?)),
            Field::BirthDate => value
                .first_chunk()
                .and_then(|packed| BirthDate::try_from(u32::from_be_bytes(*packed)).ok())
                .map(Self::BirthDate),
            Field::Sex => Sex::from_code(code.into()).map(Self::Sex),
            Field::HouseDamage => HouseDamage::from_code(code.into()).map(Self::HouseDamage),
            Field::Stay => match StayForm::from_code(code.into()) {
                Some(stay) => Some(Self::Stay(stay, optional_text_of(rest)?)),
                None => None,
            },
            Field::Help(help) => match answer {
                Some(answer) => Some(Self::Help(help, answer, optional_text_of(rest)?)),
                None => None,
            },
            Field::Consent(item, circle) => answer.map(|answer| Self::Consent(item, circle, answer)),
            Field::Need(kind) => Need::read(kind, value)?.map(Self::Need),
            Field::Proxy(purpose) => Proxy::read(value)?.map(|proxy| Self::Proxy(purpose, proxy)),
            Field::Contact(key) => Contact::read(value)?.map(|contact| Self::Contact(key, contact)),
            Field::Newer(_) => None,
        })
    }
}

fn coded(code: u8, note: Option<&PersonalText>) -> Vec<u8> {
    let mut out = vec![code];
    push_text(&mut out, note);
    out
}

fn push_text(out: &mut Vec<u8>, text: Option<&PersonalText>) {
    out.extend(text.iter().flat_map(|text| text.expose().bytes()));
}

impl Need {
    fn value(&self) -> Vec<u8> {
        let Self { kind: _, answer, degree, due_by, note } = self;
        let bit = |there: bool, bit| if there { bit } else { 0 };
        let mut out = vec![
            bit(*answer == YesNo::Yes, YES)
                | bit(degree.is_some(), HAS_DEGREE)
                | bit(due_by.is_some(), HAS_DUE),
        ];
        out.extend(degree);
        due_by.iter().for_each(|due| push_number(&mut out, due.get()));
        push_text(&mut out, note.as_ref());
        out
    }

    fn read(kind: NeedKind, value: &[u8]) -> Result<Option<Self>, BadText> {
        let mut reader = Reader(value);
        let Some((answer, degree, due_by)) = Self::read_head(&mut reader) else { return Ok(None) };
        Ok(Some(Self { kind, answer, degree, due_by, note: optional_text_of(reader.0)? }))
    }

    fn read_head(reader: &mut Reader<'_>) -> Option<(YesNo, Option<u8>, Option<UnixMillis>)> {
        let [there] = reader.array()?;
        // Another bit stands for something that an older version would take for the note.
        if there & !(YES | HAS_DEGREE | HAS_DUE) != 0 {
            return None;
        }
        let answer = YesNo::from_code(u64::from(there & YES))?;
        let degree = if there & HAS_DEGREE == 0 { None } else { Some(reader.array::<1>()?) };
        let due_by = if there & HAS_DUE == 0 { None } else { Some(reader.number()?) };
        Some((answer, degree.map(|[degree]| degree), due_by.map(UnixMillis::new)))
    }
}

impl Contact {
    fn value(&self) -> Vec<u8> {
        let Self { name, relation, reached_by } = self;
        let mut out = Vec::new();
        push_piece(&mut out, name.expose().as_bytes());
        push_piece(&mut out, relation.as_ref().map_or("", PersonalText::expose).as_bytes());
        push_text(&mut out, reached_by.as_ref());
        out
    }

    fn read(value: &[u8]) -> Result<Option<Self>, BadText> {
        let mut reader = Reader(value);
        let (Some(name), Some(relation)) = (reader.piece(), reader.piece()) else { return Ok(None) };
        Ok(Some(Self {
            name: text_of(name)?,
            relation: optional_text_of(relation)?,
            reached_by: optional_text_of(reader.0)?,
        }))
    }
}

impl Proxy {
    fn value(&self) -> Vec<u8> {
        let Self { name, person, until } = self;
        let bit = |there: bool, bit| if there { bit } else { 0 };
        let mut out = vec![bit(person.is_some(), HAS_PERSON) | bit(until.is_some(), HAS_UNTIL)];
        out.extend(person.iter().flat_map(PersonId::as_bytes));
        until.iter().for_each(|until| push_number(&mut out, until.get()));
        push_text(&mut out, Some(name));
        out
    }

    fn read(value: &[u8]) -> Result<Option<Self>, BadText> {
        let mut reader = Reader(value);
        let Some((person, until)) = Self::read_head(&mut reader) else { return Ok(None) };
        Ok(Some(Self { name: text_of(reader.0)?, person, until }))
    }

    fn read_head(reader: &mut Reader<'_>) -> Option<(Option<PersonId>, Option<UnixMillis>)> {
        let [there] = reader.array()?;
        if there & !(HAS_PERSON | HAS_UNTIL) != 0 {
            return None;
        }
        let person = if there & HAS_PERSON == 0 { None } else { Some(reader.array()?) };
        let until = if there & HAS_UNTIL == 0 { None } else { Some(reader.number()?) };
        Some((person.map(PersonId::from_bytes), until.map(UnixMillis::new)))
    }
}
