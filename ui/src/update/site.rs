//! The pages of a site: what is taken of the replies.

use hinamori_ipc::{Command, SecretDigits, ToKiosk};
use hinamori_model::{Aspect, Grade};

use crate::{Action, Effect, Now, Page, SignIn, SitePages, State, TelevisionStep};

/// Takes a reply; one that comes after its page was left is dropped.
pub(super) fn told(state: &mut State, message: ToKiosk, now: Now) {
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
        (Page::Televisions, ToKiosk::Televisions(given)) => {
            // It also comes by itself, when the town hall said what became of one: whoever types is not disturbed.
            site.televisions = Some(given);
        }
        (Page::Televisions, ToKiosk::TelevisionOf { code, name }) => {
            site.television = TelevisionStep::Household { code, name };
            state.draft.awaits_card = false;
            state.active_at = now.steady;
        }
        _ => {}
    }
}

/// A touch.
pub(super) fn touched(state: &mut State, touch: Action) -> Vec<Effect> {
    let site = &mut state.site;
    match touch {
        Action::Grade(aspect, of) => grade(site, aspect, of),
        Action::ChooseHeads(record) => site.heads = Some(record),
        Action::ChooseName(name) => site.name = Some(name),
        Action::TypeTelevision => {
            site.television = TelevisionStep::Code;
            state.staff.sign_in = SignIn::default();
            state.draft.digits = SecretDigits::default();
            state.draft.awaits_card = false;
        }
        Action::ConfirmTelevision => {
            site.television = TelevisionStep::List;
            return vec![Effect::Send(Command::ConfirmTelevision)];
        }
        _ => {}
    }
    Vec::new()
}

/// What the set shows is typed. It is no secret, and stays for another try.
pub(super) fn television_typed(state: &mut State) -> Vec<Effect> {
    let Ok(code) = state.draft.digits.expose().parse() else { return Vec::new() };
    state.draft.awaits_card = true;
    state.staff.sign_in = SignIn::default();
    vec![Effect::Send(Command::BindTelevision { code })]
}

/// How one aspect is.
fn grade(site: &mut SitePages, aspect: Aspect, grade: Grade) {
    let graded = Aspect::ALL.iter().zip(&mut site.grades).find(|(known, _)| **known == aspect);
    if let Some((_, place)) = graded {
        *place = grade;
    }
}
