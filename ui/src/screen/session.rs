//! Who is signed in: on the bar of every screen, and as the tile that ends it.

use egui::Rect;
use hinamori_ipc::{Command, StaffSession};
use hinamori_model::{AuditAction, LookupReason, Role};

use super::View;
use crate::theme::size;
use crate::widget::{Button, ButtonLook, Canvas, Pictogram};
use crate::{Action, Page, Texts};

/// 役割
pub(crate) const fn role_key(role: Role) -> &'static str {
    match role {
        Role::Volunteer => "role-volunteer",
        Role::Leader => "role-leader",
        Role::Nurse => "role-nurse",
        Role::Official => "role-official",
        Role::InquiryClerk => "role-inquiry",
        Role::Auditor => "role-auditor",
    }
}

/// 理由
pub(crate) const fn reason_key(reason: LookupReason) -> &'static str {
    match reason {
        LookupReason::Care => "reason-care",
        LookupReason::Family => "reason-family",
        LookupReason::Correction => "reason-correction",
        LookupReason::Round => "reason-round",
        LookupReason::Inquiry => "reason-inquiry",
        LookupReason::Rescue => "reason-rescue",
        LookupReason::Handover => "reason-handover",
        LookupReason::Other => "reason-other",
    }
}

/// What somebody did, as it is told to the person whom it was about.
pub(crate) const fn action_key(action: AuditAction) -> &'static str {
    match action {
        AuditAction::SignedIn | AuditAction::SignedOut | AuditAction::OpenedWithoutStaff => "did-signed-in",
        AuditAction::Searched => "did-searched",
        AuditAction::SawLeaderList => "did-leader-list",
        AuditAction::SawGroup => "did-group",
        AuditAction::SawNotArrived => "did-not-arrived",
        AuditAction::SawStays => "did-stays",
        AuditAction::SawCareList => "did-care-list",
        AuditAction::SawPerson => "did-person",
        AuditAction::AnsweredInquiry => "did-inquiry",
        AuditAction::Exported => "did-exported",
        AuditAction::BulkReading => "did-bulk",
        AuditAction::SawAudit => "did-audit",
        AuditAction::ExchangedStick => "did-stick",
    }
}

/// A name, or that there was no card.
pub(crate) fn staff_name(texts: &Texts, session: &StaffSession) -> String {
    session.name.as_ref().map_or_else(|| texts.get("staff-nobody"), |name| name.expose().to_owned())
}

/// Name, role and alarms for the bar, and shorter where it is short.
pub(crate) fn chips(texts: &Texts, session: &StaffSession) -> Vec<String> {
    let (name, role) = (staff_name(texts, session), texts.get(role_key(session.role)));
    let chip = texts.with("staff-chip", [("name", name.as_str().into()), ("role", role.as_str().into())]);
    let short = vec![chip.clone(), name];
    if session.alarms == 0 {
        return short;
    }
    let alarms = texts.with("staff-alarms", [("count", session.alarms.into())]);
    [vec![format!("{chip} ・ {alarms}")], short].concat()
}

/// The tile that ends a session, or begins one; nothing where the town lists no staff.
pub(crate) fn session_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>) -> Option<Action> {
    let (word, note, action) = match &view.lane.staff {
        Some(session) => {
            let role = canvas.texts.get(role_key(session.role));
            let note = format!("{} ・ {role}", staff_name(canvas.texts, session));
            (canvas.texts.get("staff-end"), note, Action::SendAndReturn(Command::SignOut))
        }
        None if view.lane.asks_sign_in => (
            canvas.texts.get("staff-entry"),
            canvas.texts.get("staff-entry-note"),
            Action::Open(Page::SignIn),
        ),
        None => return None,
    };
    let button = Button::new(ButtonLook::Tile, &word).picture(Pictogram::Staff).note(&note);
    button.size(size::TILE_TEXT).show(canvas, "session", rect).then_some(action)
}
