//! Officials' browsers: who signs in with which passkey, and what they may see.
//!
//! Accounts are the town's staff (`[[staff]]` of `town.toml`): the signed package says at every request who somebody is, as what, where and
//! until when. A passkey is made by a link of the administrator's that is good once ([`commands`]); [`door`] has the requests, [`sessions`]
//! who is signed in, [`log`] what is written down, [`listener`] the connections.
//!
//! **Invariant:** whoever is taken off the list, and whose passkey is taken away, is out at their next request.
//! **Invariant:** nobody is signed in, and no passkey counts, without a line in the signed log.

mod acts;
mod commands;
mod door;
mod inquiries;
mod limits;
mod listener;
mod log;
mod officials;
mod pages;
mod register;
mod reports;
mod sessions;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};
use hinamori_model::{PersonalText, Role, SiteId, StaffId, UnixMillis};

use log::{Did, Entry};

use crate::alerts::{OfficerSignedIn, desk_routes};
use crate::api::{self, Api, Problem};
use crate::signed_log::sha256;
use crate::web::{is_without_tls, token_of};

pub use commands::{
    BrowserError, CertificateSource, invite_staff, passkey_list, remove_passkeys, set_browser_site,
};
pub use register::BrowserSite;

pub(crate) use acts::ACTS;
pub(crate) use door::{Browsers, routes};
pub(crate) use listener::{BrowserListener, Visitor};
pub(crate) use log::BROWSERS;
pub(crate) use officials::{Officials, ShownDoor, keep_certificate, serve_over_tls};
pub(crate) use register::BrowserRegister;

/// Only over TLS and to this host alone, which no page can undo (RFC 6265bis §4.1.3.2).
pub(crate) const COOKIE: &str = "__Host-hinamori";

/// Who asks: a member of the town's staff with a session that counts now.
pub(crate) struct Official {
    pub(crate) id: StaffId,
    pub(crate) name: PersonalText,
    pub(crate) role: Role,
    /// Where they work; none for every site.
    pub(crate) sites: Vec<SiteId>,
    /// When the session ends at the latest.
    pub(crate) until: UnixMillis,
    /// The passkey's number.
    passkey: u32,
    /// The hash of the session's token.
    session: [u8; 32],
}

/// What of the map a role sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sight {
    map: bool,
    support: bool,
}

const fn sight_of(role: Role) -> Sight {
    let map = matches!(role, Role::Leader | Role::Nurse | Role::Official | Role::Auditor);
    let support = matches!(role, Role::Nurse | Role::Official);
    Sight { map, support }
}

/// Whether a role reads the town's reports and figures.
const fn reads_reports(role: Role) -> bool {
    matches!(role, Role::Official | Role::Auditor)
}

/// Whether a role freezes, checks and releases them.
const fn makes_reports(role: Role) -> bool {
    matches!(role, Role::Official)
}

/// Whether a role answers who asks after somebody.
const fn answers_inquiries(role: Role) -> bool {
    matches!(role, Role::InquiryClerk | Role::Official)
}

/// Whether a role opens and closes sites.
const fn acts(role: Role) -> bool {
    matches!(role, Role::Official)
}

impl Official {
    /// Whether they may say whether a site is open: one of theirs, or any where they work for the whole town. Shelters that people opened
    /// themselves are in nobody's list.
    pub(crate) fn must_act_on(&self, site: SiteId) -> Result<(), Problem> {
        let forbidden = |sentence| Err(Problem::new(StatusCode::FORBIDDEN, sentence));
        if !acts(self.role) {
            forbidden("拠点を 変えられるのは 町の 職員だけです")
        } else if !self.sites.is_empty() && !self.sites.contains(&site) {
            forbidden("この 拠点は あなたの 受け持ちでは ありません")
        } else {
            Ok(())
        }
    }

    /// Whether they see the map at all.
    pub(crate) fn must_see_map(&self) -> Result<(), Problem> {
        if sight_of(self.role).map { Ok(()) } else { Err(Problem::forbidden()) }
    }

    /// Whether they answer who asks after somebody.
    pub(crate) fn must_answer_inquiries(&self) -> Result<(), Problem> {
        if answers_inquiries(self.role) { Ok(()) } else { Err(Problem::forbidden()) }
    }

    /// Whether they read the town's reports.
    fn must_read_reports(&self) -> Result<(), Problem> {
        if reads_reports(self.role) { Ok(()) } else { Err(Problem::forbidden()) }
    }

    /// Whether they freeze, check and release them.
    fn must_make_reports(&self) -> Result<(), Problem> {
        if makes_reports(self.role) { Ok(()) } else { Err(Problem::forbidden()) }
    }

    /// Whether they see where somebody needs support.
    pub(crate) const fn may_see_support(&self) -> bool {
        sight_of(self.role).support
    }

    /// Whether the session still counts: a stream of events asks before each beat, which is a use of the session. Who somebody is may have
    /// changed.
    pub(crate) fn again(&self, api: &Api) -> Option<Self> {
        api.browsers.official(&api.hub, self.session).ok()
    }
}

impl FromRequestParts<Arc<Api>> for Official {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, Problem> {
        let token = token_of(&parts.headers, COOKIE).ok_or_else(Problem::signed_out)?;
        let official = api.browsers.official(&api.hub, sha256(&token))?;
        if let Ok(visitor) = Visitor::from_request_parts(parts, api).await {
            visitor.is_signed_in();
        }
        Ok(official)
    }
}

/// Everything that the listener of browsers serves: the API, the officials' page, and the desk for officers on their own devices.
fn listener_routes(api: Arc<Api>) -> Router {
    let desk = desk_routes(Arc::clone(&api.hub), Arc::clone(&api.board));
    let desk = desk.layer(from_fn_with_state(Arc::clone(&api), guard_desk));
    api::routes(api)
        .merge(pages::routes())
        .merge(desk)
        .fallback(async || Problem::not_there())
        .layer(map_response(with_headers))
}

/// At the desk's door, too, strangers try so often and no more, pages come over TLS, and nobody is in without a line in the log.
async fn guard_desk(State(api): State<Arc<Api>>, visitor: Visitor, request: Request, next: Next) -> Response {
    let is_door =
        ["/desk/api/door", "/desk/api/enrol"].iter().any(|door| request.uri().path().starts_with(door));
    if is_door && !api.browsers.admits(&visitor) {
        return Problem::too_often().into_response();
    }
    if is_without_tls(request.headers()) {
        return Problem::page(StatusCode::FORBIDDEN).into_response();
    }
    let response = next.run(request).await;
    if let Some(OfficerSignedIn(officer)) = response.extensions().get() {
        let entry = Entry { officer: Some(*officer), ..Entry::new(Did::SignedIn) };
        if let Err(problem) = door::write(&api, visitor.address(), entry).await {
            return problem.into_response();
        }
        api.browsers.signed_in(&visitor);
    }
    response
}

/// What every answer says to the browser, unless it says something else of itself.
async fn with_headers(mut response: Response) -> Response {
    let usual: [(HeaderName, &str); 5] = [
        // A year, as is usual: from the first visit on no page of this name comes without TLS.
        (header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in usual {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod sight_tests {
    use super::*;

    #[test]
    fn each_role_has_what_its_work_needs() {
        let table = [
            (Role::Volunteer, [false, false, false, false, false, false]),
            (Role::Leader, [true, false, false, false, false, false]),
            (Role::Nurse, [true, true, false, false, false, false]),
            (Role::Official, [true, true, true, true, true, true]),
            (Role::InquiryClerk, [false, false, true, false, false, false]),
            (Role::Auditor, [true, false, false, false, true, false]),
        ];
        assert_eq!(table.map(|(role, _)| role).as_slice(), Role::ALL);
        for (role, [map, support, inquiries, acting, reads, makes]) in table {
            assert_eq!(sight_of(role), Sight { map, support }, "{role:?}");
            assert_eq!((answers_inquiries(role), acts(role)), (inquiries, acting), "{role:?}");
            assert_eq!((reads_reports(role), makes_reports(role)), (reads, makes), "{role:?}");
        }
    }
}
