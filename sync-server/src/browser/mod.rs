//! Officials' browsers: who signs in with which passkey, and what they may see.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use hinamori_model::{PersonalText, Role, SiteId, StaffId};

use crate::api::{Api, Problem};

/// Who asks: a member of the town's staff with a session that counts now.
pub(crate) struct Official {
    pub(crate) id: StaffId,
    pub(crate) name: PersonalText,
    pub(crate) role: Role,
    /// Where they work; none for every site.
    pub(crate) sites: Vec<SiteId>,
}

impl Official {
    pub(crate) fn must_see_map(&self) -> Result<(), Problem> {
        match self.role {
            Role::Leader | Role::Nurse | Role::Official | Role::Auditor => Ok(()),
            Role::Volunteer | Role::InquiryClerk => Err(Problem::forbidden()),
        }
    }

    pub(crate) const fn may_see_support(&self) -> bool {
        matches!(self.role, Role::Nurse | Role::Official)
    }
}

/// Sessions.
pub(crate) struct Browsers;

impl Browsers {
    /// Whether whoever began something may go on with it.
    pub(crate) fn still_counts(&self, _official: &Official) -> bool {
        false
    }
}

impl FromRequestParts<Arc<Api>> for Official {
    type Rejection = Problem;

    async fn from_request_parts(_parts: &mut Parts, _api: &Arc<Api>) -> Result<Self, Problem> {
        Err(Problem::signed_out())
    }
}
