//! The pages of a site: head counts that get names, people at two places, how the place is equipped, a shelter of one's own,
//! households' televisions; and what whoever leaves takes along. Forgotten as one when the page is left.

use hinamori_ipc::{Assessment, Conflict, HeadCount, Slip, TelevisionBinding};
use hinamori_model::{Aspect, Grade, PersonalText, RecordId};

/// Everything that these pages know.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SitePages {
    /// Head counts without names, `None` until they arrive.
    pub head_counts: Option<Vec<HeadCount>>,
    /// The one that was touched.
    pub heads: Option<RecordId>,
    /// Who was seen at two sites, `None` until they arrive.
    pub conflicts: Option<Vec<Conflict>>,
    /// How the site was equipped when somebody looked last, `None` until it arrives.
    pub assessment: Option<Assessment>,
    /// What was touched and not sent yet, in the order of [`Aspect::ALL`].
    pub grades: [Grade; Aspect::ALL.len()],
    /// What an own shelter is to be called.
    pub name: Option<String>,
    /// What whoever leaves takes along, `None` until it arrives.
    pub slip: Option<Slip>,
    /// Televisions that were given to households here, `None` until they arrive.
    pub televisions: Option<Vec<TelevisionBinding>>,
    /// How far the next one is.
    pub television: TelevisionStep,
}

/// One step after the other; back leads to the list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum TelevisionStep {
    /// What was given here.
    #[default]
    List,
    /// What the set shows is typed, and then the card comes.
    Code,
    /// Whose card it was; it waits for the last touch.
    Household {
        /// What was typed.
        code: u32,
        /// As the card's owner is called.
        name: PersonalText,
    },
}

impl SitePages {
    /// The head count that was touched.
    pub fn chosen_heads(&self) -> Option<HeadCount> {
        let counts = self.head_counts.iter().flatten();
        counts.into_iter().find(|count| Some(count.record) == self.heads).copied()
    }
}
