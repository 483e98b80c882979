//! What a box may write and read.

use std::collections::BTreeMap;

use hinamori_model::{BoxId, SiteId};
use serde::{Deserialize, Serialize};

/// Which boxes may write and read what, from the town's package.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grants(pub BTreeMap<BoxId, Grant>);

/// One box's rights.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The public half of its seal key (Ed25519, RFC 8032).
    pub seal_key: [u8; 32],
    /// The site where it stands: what it may write.
    pub site: SiteId,
    /// Other sites whose documents it may read.
    pub reads: Vec<SiteId>,
}

impl Grant {
    /// Whether the box may be sent documents of `site`.
    pub fn may_read(&self, site: SiteId) -> bool {
        self.site == site || self.reads.contains(&site)
    }
}
