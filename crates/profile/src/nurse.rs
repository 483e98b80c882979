//! In which order a nurse goes round.

use hinamori_model::{PersonId, Severity, UnixMillis, Urgency, YesNo};

use crate::entry::Need;

/// What is due within this time comes before everything that has no time. What is due later waits in its severity, so that an
/// injury of now does not stand behind a dialysis of next week.
pub const SOON_MILLIS: u64 = 24 * 60 * 60 * 1_000;

/// One person of the round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NurseItem {
    /// Who.
    pub person: PersonId,
    /// How urgent.
    pub urgency: Urgency,
    /// The gravest of their needs.
    pub severity: Severity,
    /// The first time at which something is due, however far away.
    pub due_by: Option<UnixMillis>,
}

/// Everybody who has a need, the most urgent first: by time what is overdue or due soon, then by severity, then by the
/// time of what is due later. Who has no need is left out; who stands equal comes by their id.
pub fn nurse_order<'n>(
    people: impl IntoIterator<Item = (PersonId, &'n [Need])>,
    now: UnixMillis,
) -> Vec<NurseItem> {
    let mut round: Vec<_> =
        people.into_iter().filter_map(|(person, needs)| item(person, needs, now)).collect();
    round.sort_by_key(|item| {
        let due = item.due_by.map_or(u64::MAX, UnixMillis::get);
        (item.urgency, item.severity, due, item.person)
    });
    round
}

fn item(person: PersonId, needs: &[Need], now: UnixMillis) -> Option<NurseItem> {
    let there = || needs.iter().filter(|need| need.answer == YesNo::Yes);
    let severity = there().map(|need| need.kind.severity()).min()?;
    let due_by = there().filter_map(|need| need.due_by).min();
    let urgency = match due_by {
        Some(due) if due <= now => Urgency::Overdue(due),
        Some(due) if due.since(now) <= SOON_MILLIS => Urgency::DueSoon(due),
        _ => Urgency::NotDue(severity),
    };
    Some(NurseItem { person, urgency, severity, due_by })
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinamori_model::NeedKind;

    const NOW: UnixMillis = UnixMillis::new(1_791_730_800_000);
    const HOUR: u64 = 3_600_000;

    fn due(kind: NeedKind, at: UnixMillis) -> Need {
        Need { due_by: Some(at), ..Need::yes(kind) }
    }

    #[test]
    fn what_has_a_time_comes_first_then_what_is_grave() {
        let before = |hours: u64| UnixMillis::new(NOW.get() - hours * HOUR);
        let people: Vec<Vec<Need>> = vec![
            vec![Need::yes(NeedKind::AllergyEgg)],
            vec![due(NeedKind::Dialysis, NOW.plus(60 * HOUR))],
            vec![Need::yes(NeedKind::InjuredNow), Need::no(NeedKind::Oxygen)],
            vec![due(NeedKind::Medication, NOW.plus(3 * HOUR))],
            vec![due(NeedKind::Insulin, before(1)), Need::yes(NeedKind::AllergyEgg)],
            vec![due(NeedKind::Infant, NOW.plus(2 * HOUR)), due(NeedKind::Oxygen, NOW.plus(9 * HOUR))],
            vec![due(NeedKind::Oxygen, before(2))],
            vec![
                Need::no(NeedKind::AskedLifeSupport),
                Need { answer: YesNo::No, ..due(NeedKind::Oxygen, NOW) },
            ],
            vec![Need::yes(NeedKind::Ventilator)],
            vec![due(NeedKind::Dialysis, NOW.plus(30 * HOUR))],
            vec![],
        ];
        let numbered = (0..).map(|number| PersonId::from_bytes([number; 16]));
        let round = nurse_order(numbered.zip(people.iter().map(Vec::as_slice)), NOW);
        let order: Vec<_> = round.iter().map(|item| item.person.as_bytes()[0]).collect();
        assert_eq!(order, [6, 4, 5, 3, 9, 1, 8, 2, 0]);
        assert_eq!(round[0].urgency, Urgency::Overdue(before(2)));
        assert_eq!(round[2].urgency, Urgency::DueSoon(NOW.plus(2 * HOUR)));
        assert_eq!(round[5].urgency, Urgency::NotDue(Severity::Life));
    }

    #[test]
    fn what_is_due_now_is_overdue_and_what_is_due_in_a_day_is_soon() {
        let person = PersonId::from_bytes([1; 16]);
        let urgency = |at| nurse_order([(person, [due(NeedKind::Oxygen, at)].as_slice())], NOW)[0].urgency;
        assert_eq!(urgency(NOW), Urgency::Overdue(NOW));
        let day = NOW.plus(SOON_MILLIS);
        assert_eq!(urgency(day), Urgency::DueSoon(day));
        assert_eq!(urgency(day.plus(1)), Urgency::NotDue(Severity::Life));
    }
}
