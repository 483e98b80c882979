//! Everything that is known of a person: for each field the latest word.

use std::collections::BTreeMap;
use std::collections::btree_map;
use std::fmt;

use hinamori_model::{Hlc, NeedKind, PersonalText, RecordId, SupportReason, SupportReasons};

use crate::entry::{Entry, Need};
use crate::field::{Field, TextField};
use crate::patch::ProfilePatch;

/// An entry and the record that wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// When.
    pub at: Hlc,
    /// By which record.
    pub record: RecordId,
    /// What.
    pub entry: Entry,
}

impl Written {
    /// Whether it is the later word. Two clocks that read the same are told apart by the record. One record writes a field
    /// once; a box that breaks this must still not make two others disagree, so the value decides last.
    fn is_after(&self, other: &Self) -> bool {
        let of = |written: &Self| (written.at, written.record);
        of(self).cmp(&of(other)).then_with(|| self.entry.value().cmp(&other.entry.value())).is_gt()
    }
}

/// What is known of one person in one incident.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Profile(BTreeMap<u32, Written>);

impl fmt::Debug for Profile {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Profile({} fields, hidden)", self.0.len())
    }
}

/// The profile that the patches of one person make together, in whatever order and however often they come.
pub fn merge(patches: impl IntoIterator<Item = (Hlc, RecordId, ProfilePatch)>) -> Profile {
    let mut profile = Profile::default();
    for (at, record, patch) in patches {
        for entry in patch.into_entries() {
            profile.take(Written { at, record, entry });
        }
    }
    profile
}

impl Profile {
    fn take(&mut self, written: Written) {
        match self.0.entry(written.entry.field().tag()) {
            btree_map::Entry::Vacant(free) => {
                free.insert(written);
            }
            btree_map::Entry::Occupied(mut held) if written.is_after(held.get()) => {
                held.insert(written);
            }
            btree_map::Entry::Occupied(_) => {}
        }
    }

    /// Every field with its latest word, in the order of the tags; also those that were cleared and those that only a
    /// newer version can read.
    pub fn fields(&self) -> impl Iterator<Item = &Written> {
        self.0.values()
    }

    /// What a field says; `None` when nothing was written or it was cleared.
    pub fn entry(&self, field: Field) -> Option<&Entry> {
        self.0
            .get(&field.tag())
            .map(|written| &written.entry)
            .filter(|entry| !matches!(entry, Entry::Cleared(_)))
    }

    /// One of the texts.
    pub fn text(&self, field: TextField) -> Option<&PersonalText> {
        match self.entry(Field::Text(field)) {
            Some(Entry::Text(_, text)) => Some(text),
            _ => None,
        }
    }

    /// What was answered about needs, with yes or no. Needs that only a newer version can read are among
    /// [`Profile::newer`].
    pub fn needs(&self) -> impl Iterator<Item = &Need> {
        self.fields().filter_map(|written| match &written.entry {
            Entry::Need(need) => Some(need),
            _ => None,
        })
    }

    /// Everything that is known of the person's needs: what was written down, and what the list of those who need support says of
    /// which nobody wrote anything.
    pub fn needs_with(&self, support: SupportReasons) -> Vec<Need> {
        let is_unwritten = |need: &Need| !self.0.contains_key(&Field::Need(need.kind).tag());
        let listed = support.iter().filter_map(needs_of_reason).filter(is_unwritten);
        self.needs().cloned().chain(listed).collect()
    }

    /// The fields that say something which only a newer version can read: a screen says so, and does not say that there is
    /// nothing.
    pub fn newer(&self) -> impl Iterator<Item = Field> {
        self.fields().filter_map(|written| match &written.entry {
            Entry::Newer(field, _) => Some(*field),
            _ => None,
        })
    }
}

/// What a reason on the list says that somebody needs. Where a reason leaves the degree open it is the mildest that the reason allows.
fn needs_of_reason(reason: SupportReason) -> Option<Need> {
    let need = |kind, degree| Some(Need { degree, ..Need::yes(kind) });
    match reason {
        // 要介護3
        SupportReason::CareLevelThreeToFive => need(NeedKind::Frail, Some(5)),
        SupportReason::PhysicalHandbookOneOrTwo => need(NeedKind::PhysicalDisability, Some(2)),
        SupportReason::IntellectualHandbookA => need(NeedKind::IntellectualDisability, Some(1)),
        SupportReason::MentalHandbookAlone => need(NeedKind::MentalDisability, None),
        SupportReason::IntractableDisease => need(NeedKind::IntractableDisease, None),
        // That somebody lives alone is no need, and what the town decided besides says none.
        SupportReason::ElderlyAlone | SupportReason::Other => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinamori_model::YesNo;

    #[test]
    fn the_list_says_what_is_needed_until_somebody_writes_otherwise() {
        let reasons = SupportReasons::NONE
            .with(SupportReason::CareLevelThreeToFive)
            .with(SupportReason::ElderlyAlone)
            .with(SupportReason::IntractableDisease);
        let kinds = |profile: &Profile| {
            let needs = profile.needs_with(reasons);
            needs.iter().map(|need| (need.kind, need.answer, need.degree)).collect::<Vec<_>>()
        };
        let (frail, disease) = (NeedKind::Frail, NeedKind::IntractableDisease);
        let nothing = kinds(&Profile::default());
        assert_eq!(nothing, [(frail, YesNo::Yes, Some(5)), (disease, YesNo::Yes, None)]);
        let entries = vec![
            Entry::Need(Need { degree: Some(7), ..Need::yes(frail) }),
            Entry::Cleared(Field::Need(disease)),
        ];
        let written =
            merge([(Hlc::default(), RecordId::from_bytes([1; 16]), ProfilePatch::new(entries).unwrap())]);
        assert_eq!(kinds(&written), [(frail, YesNo::Yes, Some(7))]);
    }
}
