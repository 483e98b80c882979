//! The pages of a site: what is taken of the replies.

use hinamori_ipc::ToKiosk;
use hinamori_model::{Aspect, Grade};

use crate::{Page, State};

/// Takes a reply; one that comes after its page was left is dropped.
pub(super) fn told(state: &mut State, message: ToKiosk) {
    let site = &mut state.site;
    match (state.page, message) {
        (Page::HeadCounts, ToKiosk::HeadCounts(counts)) => {
            site.head_counts = Some(counts);
            site.heads = None;
            state.draft.counts = [0; 3];
        }
        (Page::Conflicts, ToKiosk::Conflicts(conflicts)) => site.conflicts = Some(conflicts),
        (Page::Assessment, ToKiosk::Assessment(assessment)) => {
            site.grades = assessment.grades;
            site.assessment = Some(assessment);
        }
        (Page::Slip, ToKiosk::Slip(slip)) => {
            site.slip = Some(slip);
        }
        _ => {}
    }
}

/// How one aspect is.
pub(super) fn grade(state: &mut State, aspect: Aspect, grade: Grade) {
    let graded = Aspect::ALL.iter().zip(&mut state.site.grades).find(|(known, _)| **known == aspect);
    if let Some((_, place)) = graded {
        *place = grade;
    }
}
