//! The pages of care: the list, one person, and what is being written down. Forgotten as one when the page is left.

use hinamori_ipc::{CareEntry, CareList, CarePerson};
use hinamori_model::{
    Circle, LookupReason, NeedKind, PersonId, PersonalText, ProxyPurpose, UnixMillis, YesNo,
};

use crate::Step;

/// Everything that the pages of care know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Care {
    /// Who needs care, `None` until it arrives.
    pub list: Option<CareList>,
    /// Whose page is wanted, with the name: the reason is asked first.
    pub wanted: Option<(PersonId, Option<PersonalText>)>,
    /// Why.
    pub reason: Option<LookupReason>,
    /// What is written down of them, `None` until it arrives.
    pub person: Option<CarePerson>,
    /// What is being written down.
    pub step: CareStep,
    /// A name that is being typed.
    pub text: PersonalText,
    /// The row of the pad that is spread out.
    pub row: usize,
}

impl Default for Care {
    fn default() -> Self {
        Self {
            list: None,
            wanted: None,
            reason: None,
            person: None,
            step: CareStep::Reading,
            text: PersonalText::new(""),
            row: 0,
        }
    }
}

/// How far somebody is in writing something down.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum CareStep {
    /// The page is read.
    #[default]
    Reading,
    /// Which need?
    Needs,
    /// One need.
    Need(NeedDraft),
    /// Where the person sleeps.
    Stay,
    /// What the person can do.
    Helps,
    /// For whom a consent is.
    Circles,
    /// To what they agree.
    Consents(Circle),
    /// For what somebody acts in the person's place.
    Purposes,
    /// Who acts.
    ProxyName(ProxyPurpose),
    /// Until when.
    ProxyUntil(ProxyPurpose),
    /// Somebody to turn to.
    ContactName,
    /// How they are reached.
    ContactPhone,
}

/// A need that is being written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeedDraft {
    /// Which.
    pub kind: NeedKind,
    /// What [`NeedKind`] says of it.
    pub degree: Option<u8>,
    /// By when something has to be done.
    pub due_by: Option<UnixMillis>,
    /// What was noted before: it is kept.
    pub note: Option<PersonalText>,
}

/// A touch on the pages of care.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CareKey {
    /// Whose page is wanted.
    Choose(PersonId, Option<PersonalText>),
    /// Why.
    Why(LookupReason),
    /// Something is to be written down.
    Begin(CareStep),
    /// This need.
    Need(NeedKind),
    /// Its time is so many minutes later, from now when it had none.
    Later(u64),
    /// It has no time.
    NoTime,
    /// Its degree.
    Degree(Step),
    /// This is so.
    Write(CareEntry),
}

/// The first and the last degree of a need, for those that have one.
pub const fn degrees_of(kind: NeedKind) -> Option<(u8, u8)> {
    match kind {
        NeedKind::Frail => Some((1, 7)),
        NeedKind::PhysicalDisability => Some((1, 6)),
        NeedKind::IntellectualDisability => Some((1, 2)),
        NeedKind::MentalDisability => Some((1, 3)),
        NeedKind::Pregnant => Some((1, 42)),
        _ => None,
    }
}

impl NeedDraft {
    /// The need as it is written down of `person`, or a new one.
    pub fn of(person: Option<&CarePerson>, wanted: NeedKind) -> Self {
        let entries = person.iter().flat_map(|person| &person.entries);
        let known = entries.into_iter().find_map(|entry| match entry {
            CareEntry::Need { kind, degree, due_by, note, .. } if *kind == wanted => {
                Some(Self { kind: *kind, degree: *degree, due_by: *due_by, note: note.clone() })
            }
            _ => None,
        });
        known.unwrap_or(Self { kind: wanted, degree: None, due_by: None, note: None })
    }

    /// What is sent.
    pub fn entry(&self, answer: YesNo) -> CareEntry {
        CareEntry::Need {
            kind: self.kind,
            answer,
            degree: self.degree,
            due_by: self.due_by,
            note: self.note.clone(),
        }
    }

    /// One degree more or fewer, within what there is; below the first one it is not known.
    pub(crate) fn turn_degree(&mut self, step: Step) {
        let Some((first, last)) = degrees_of(self.kind) else { return };
        self.degree = match (self.degree, step) {
            (None, Step::Up) => Some(first),
            (Some(degree), Step::Up) => Some(degree.saturating_add(1).min(last)),
            (Some(degree), Step::Down) if degree > first => Some(degree.saturating_sub(1)),
            (_, Step::Down) => None,
        };
    }

    /// So many minutes later: from its time, or from now when it has none or one that is over.
    pub(crate) fn put_off(&mut self, minutes: u64, now: UnixMillis) {
        let from = self.due_by.filter(|due| *due > now).unwrap_or(now);
        self.due_by = Some(from.plus(minutes.saturating_mul(60_000)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis::new(10_000_000);

    fn draft(kind: NeedKind) -> NeedDraft {
        NeedDraft { kind, degree: None, due_by: None, note: None }
    }

    #[test]
    fn a_time_that_is_over_is_put_off_from_now() {
        let mut need = draft(NeedKind::Oxygen);
        need.put_off(30, NOW);
        need.put_off(60, NOW);
        assert_eq!(need.due_by, Some(NOW.plus(90 * 60_000)));
        need.due_by = Some(UnixMillis::new(5));
        need.put_off(30, NOW);
        assert_eq!(need.due_by, Some(NOW.plus(30 * 60_000)));
    }

    #[test]
    fn a_degree_stays_within_its_kind_and_may_be_unknown() {
        let mut need = draft(NeedKind::IntellectualDisability);
        for _ in 0..5 {
            need.turn_degree(Step::Up);
        }
        assert_eq!(need.degree, Some(2));
        for _ in 0..5 {
            need.turn_degree(Step::Down);
        }
        assert_eq!(need.degree, None);
        let mut oxygen = draft(NeedKind::Oxygen);
        oxygen.turn_degree(Step::Up);
        assert_eq!(oxygen.degree, None, "it has none");
    }

    #[test]
    fn what_was_noted_of_a_need_is_kept() {
        let note = Some(PersonalText::new("2L"));
        let known = NeedDraft { degree: None, due_by: Some(NOW), note, ..draft(NeedKind::Oxygen) };
        let person = CarePerson {
            person: PersonId::from_bytes([1; 16]),
            name: None,
            kana: None,
            age: None,
            entries: vec![known.entry(YesNo::Yes)],
            hidden: false,
            has_more: false,
        };
        assert_eq!(NeedDraft::of(Some(&person), NeedKind::Oxygen), known);
        assert_eq!(NeedDraft::of(Some(&person), NeedKind::Dialysis), draft(NeedKind::Dialysis));
    }
}
