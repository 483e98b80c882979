//! What the town does not believe any more: a box that was stolen counts up to the last change that is trusted, and no further.
//!
//! Its changes stay in every log, under its seal, and are passed on like all others: what is cut off is what they say. So version vectors
//! never go back, every store comes to the same projection, and the town can take its word back.

use std::collections::BTreeMap;

use hinamori_model::{BoxId, IncidentId, SiteId};
use hinamori_record::{ActorId, DocumentScope, Period};
use serde::{Deserialize, Serialize};

/// Documents and writers that all cut-offs of a package name together: a box of half a year has some hundred.
pub(crate) const MOST_TRUSTED: usize = 20_000;

/// One box, and what is still believed of it. Of every other document and writer nothing is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CutOff {
    /// The box.
    pub of: BoxId,
    /// What counts.
    pub trusted: Vec<Trusted>,
}

/// One writer's changes in one document, up to one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trusted {
    /// Of the document.
    pub incident: IncidentId,
    /// Of the document.
    pub site: SiteId,
    /// Of the document.
    pub period: u32,
    /// The writer.
    pub actor: [u8; 16],
    /// The last change that counts.
    pub upto: u32,
}

impl Trusted {
    /// Of a writer in a document.
    pub const fn new(scope: DocumentScope, actor: ActorId, upto: u32) -> Self {
        let DocumentScope { incident, site, period } = scope;
        Self { incident, site, period: period.0, actor: *actor.as_bytes(), upto }
    }

    const fn key(&self) -> (DocumentScope, ActorId) {
        let Self { incident, site, period, actor, upto: _ } = *self;
        (DocumentScope { incident, site, period: Period(period) }, ActorId::from_bytes(actor))
    }
}

/// All cut-offs of a town.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CutOffs(BTreeMap<BoxId, BTreeMap<(DocumentScope, ActorId), u32>>);

impl CutOffs {
    /// Those that a package names; but what a box says itself always counts at that box.
    pub fn new(cut_offs: &[CutOff], but: Option<BoxId>) -> Self {
        let trusted = |cut_off: &CutOff| {
            cut_off.trusted.iter().map(|trusted| (trusted.key(), trusted.upto)).collect::<BTreeMap<_, _>>()
        };
        let others = cut_offs.iter().filter(|cut_off| Some(cut_off.of) != but);
        Self(others.map(|cut_off| (cut_off.of, trusted(cut_off))).collect())
    }

    /// Whether what a change says counts.
    pub fn believe(&self, scope: DocumentScope, actor: ActorId, sequence: u32) -> bool {
        let cut_off = self.0.range(actor.first_box()..).next().filter(|(of, _)| actor.belongs_to(**of));
        cut_off.is_none_or(|(_, trusted)| trusted.get(&(scope, actor)).is_some_and(|upto| sequence <= *upto))
    }

    /// The bytes to keep.
    pub fn to_bytes(&self) -> Vec<u8> {
        let trusted =
            |((scope, actor), upto): (&(DocumentScope, ActorId), &u32)| Trusted::new(*scope, *actor, *upto);
        let all: Vec<CutOff> = self
            .0
            .iter()
            .map(|(of, documents)| CutOff { of: *of, trusted: documents.iter().map(trusted).collect() })
            .collect();
        postcard::to_stdvec(&all).unwrap_or_default()
    }

    /// What [`CutOffs::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let all: Vec<CutOff> = postcard::from_bytes(bytes).ok()?;
        Some(Self::new(&all, None))
    }
}

/// Whether a package may name so many.
pub(crate) fn is_bounded(cut_offs: &[CutOff]) -> bool {
    let named = cut_offs.iter().map(|cut_off| cut_off.trusted.len().saturating_add(1));
    named.fold(0, usize::saturating_add) <= MOST_TRUSTED
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_counts_up_to_its_last_trusted_change_and_others_as_ever() {
        let [stolen, other, before] = [5, 6, 4].map(|number| BoxId::from_bytes([number; 16]));
        let (incident, site) = (IncidentId::from_bytes([1; 16]), SiteId::from_bytes([2; 16]));
        let scope = DocumentScope { incident, site, period: Period(20_738) };
        let later = DocumentScope { period: Period(20_739), ..scope };
        let (actor, next) = (ActorId::new(stolen, 7), ActorId::new(stolen, 8));
        let cut_off = CutOff { of: stolen, trusted: vec![Trusted::new(scope, actor, 3)] };
        let all = CutOffs::new(std::slice::from_ref(&cut_off), None);
        for (scope, actor, sequence, counts) in [
            (scope, actor, 3, true),
            (scope, actor, 4, false),
            (later, actor, 1, false),
            (scope, next, 1, false),
            (scope, ActorId::new(other, 7), 9, true),
            (scope, ActorId::new(before, 7), 9, true),
        ] {
            assert_eq!(all.believe(scope, actor, sequence), counts, "{actor:?} {sequence}");
        }
        assert_eq!(CutOffs::from_bytes(&all.to_bytes()), Some(all));
        let at_itself = CutOffs::new(&[cut_off], Some(stolen));
        assert!(at_itself.believe(later, next, 1) && at_itself == CutOffs::default());
    }
}
