//! Fields that both lists of people have.

use hinamori_model::{BirthDate, CalendarDate, PersonalText};

use crate::date::read_date;
use crate::field::Field;
use crate::fold::{kana, name, narrow_text};
use crate::mapping::Flags;
use crate::number::ResidentNumber;
use crate::problem::{Problems, Reason, Severity};
use crate::table::Row;

/// From this age on somebody looks whether the person is still alive.
const SUSPICIOUS_AGE: u16 = 130;

/// What a doubtful flag is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WhenUnclear {
    Yes,
    No,
}

/// The line was refused; the problem is noted.
pub(crate) struct Refused;

/// One row and where its problems go.
pub(crate) struct Reading<'a, 'b, F: Field> {
    pub(crate) row: &'a Row<'b, F>,
    pub(crate) problems: &'a mut Problems,
}

impl<F: Field + Ord> Reading<'_, '_, F> {
    pub(crate) fn warn(&mut self, field: F, reason: Reason) {
        self.row.problem(self.problems, field, Severity::Warning, reason);
    }

    pub(crate) fn refuse(&mut self, field: F, reason: Reason) -> Refused {
        self.row.problem(self.problems, field, Severity::Refused, reason);
        Refused
    }

    /// `None` when the field is empty.
    pub(crate) fn number(&mut self, field: F) -> Result<Option<ResidentNumber>, Refused> {
        let text = self.row.text(field);
        if text.is_empty() {
            return Ok(None);
        }
        ResidentNumber::read(text).map(Some).ok_or_else(|| self.refuse(field, Reason::NumberMalformed))
    }

    /// A name as it is written.
    pub(crate) fn name(&mut self, field: F) -> Option<PersonalText> {
        let text = self.row.text(field);
        if text.chars().any(is_private) {
            self.warn(field, Reason::PrivateCharacter);
        }
        some(name(text))
    }

    pub(crate) fn kana(&self, field: F) -> Option<PersonalText> {
        some(kana(self.row.text(field)))
    }

    /// Words as they are written.
    pub(crate) fn words(&self, field: F) -> Option<PersonalText> {
        some(self.row.text(field).to_owned())
    }

    /// A telephone number in half width.
    pub(crate) fn phone(&self, field: F) -> Option<PersonalText> {
        some(narrow_text(self.row.text(field)).into_owned())
    }

    /// `None` when the field is empty, or the town writes that it does not know.
    pub(crate) fn birth(&mut self, field: F, today: CalendarDate) -> Result<Option<BirthDate>, Refused> {
        let text = self.row.text(field);
        if text.is_empty() {
            return Ok(None);
        }
        match read_date(text) {
            Ok(date) if date > today => Err(self.refuse(field, Reason::BirthInFuture)),
            Ok(date) => {
                let birth = BirthDate::from(date);
                if birth.age_on(today) >= SUSPICIOUS_AGE {
                    self.warn(field, Reason::AgeSuspicious);
                }
                Ok(Some(birth))
            }
            Err(reason @ Reason::DateUnknown) => {
                self.warn(field, reason);
                Ok(None)
            }
            Err(reason) => Err(self.refuse(field, reason)),
        }
    }

    pub(crate) fn flag(&mut self, field: F, flags: &Flags, when_unclear: WhenUnclear) -> bool {
        flags.read(self.row.text(field)).unwrap_or_else(|| {
            let (taken, reason) = match when_unclear {
                WhenUnclear::Yes => (true, Reason::TakenAsYes),
                WhenUnclear::No => (false, Reason::TakenAsNo),
            };
            self.warn(field, reason);
            taken
        })
    }
}

/// `None` for nothing.
pub(crate) fn some(text: String) -> Option<PersonalText> {
    (!text.is_empty()).then(|| PersonalText::new(text))
}

/// A character of Unicode's private area: where CP932 puts those that a town made itself.
fn is_private(character: char) -> bool {
    matches!(character, '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{10FFFD}')
}
