//! What a box may write and read.

use std::collections::BTreeMap;

use hinamori_model::{BoxId, SiteId};
use hinamori_record::ActorId;
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use crate::seal::box_of_key;

/// Ahead of what the id of an own shelter is made of.
const OWN_SHELTER: &[u8] = b"hinamori own shelter";
/// Ahead of what the id of a town's headquarters is made of.
const HEADQUARTERS: &[u8] = b"hinamori headquarters";
/// The site of what concerns every box of a town ([`hinamori_record::Fact::DrillEnded`]): each may write there and read there, and
/// nothing else is believed there. It is no place.
pub const EVERYWHERE: SiteId = SiteId::from_bytes(*b"hinamori all box");
/// Shelters that one box can open by itself (自主避難所).
pub const MOST_OWN_SHELTERS: u8 = 16;

/// The site that a box opens by itself as its shelter of this number, from 0 and under [`MOST_OWN_SHELTERS`]: the first 16
/// bytes of SHA-256 over a fixed word, the box's id and the number. Nobody has to be asked for it, and no two boxes have the
/// same.
pub fn own_shelter(of: BoxId, number: u8) -> SiteId {
    site_of(&[OWN_SHELTER, of.as_bytes(), &[number]].concat())
}

/// The site of a town's headquarters: the first 16 bytes of SHA-256 over a fixed word and the town root's public key. It is no place, and
/// the server's desk alone may write there.
pub fn headquarters(root: &[u8; 32]) -> SiteId {
    site_of(&[HEADQUARTERS, root].concat())
}

fn site_of(bytes: &[u8]) -> SiteId {
    let hash = digest(&SHA256, bytes);
    let mut id = [0; 16];
    id.iter_mut().zip(hash.as_ref()).for_each(|(to, from)| *to = *from);
    SiteId::from_bytes(id)
}

/// Whether a site is one that this box opens by itself.
pub fn is_own_shelter(of: BoxId, site: SiteId) -> bool {
    (0..MOST_OWN_SHELTERS).any(|number| own_shelter(of, number) == site)
}

/// Which boxes may write and read what, from the town's package.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grants(pub BTreeMap<BoxId, Grant>);

impl Grants {
    /// What the box behind an actor may do: an actor names the first 12 bytes of its box.
    pub(crate) fn of_writer(&self, actor: ActorId) -> Option<&Grant> {
        self.0
            .range(actor.first_box()..)
            .next()
            .filter(|(id, _)| actor.belongs_to(**id))
            .map(|(_, grant)| grant)
    }
}

/// One box's rights.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The public half of its seal key (Ed25519, RFC 8032).
    pub seal_key: [u8; 32],
    /// SHA-256 of the SubjectPublicKeyInfo (RFC 5280 §4.1.2.7) of the TLS key that its newest certificate is for. Whoever shows an
    /// older one has a copy of a box that was enrolled again since.
    pub tls_key: [u8; 32],
    /// The site where it stands: what it may write, beside the shelters that it opens by itself.
    pub site: SiteId,
    /// Other sites whose documents it may read.
    pub reads: Vec<SiteId>,
}

impl Grant {
    /// Whether the box may be sent documents of `site`.
    pub fn may_read(&self, site: SiteId) -> bool {
        self.reads.contains(&site) || self.may_write(site)
    }

    /// Whether the box may write documents of `site`: of the site where it stands, of [`EVERYWHERE`], and of shelters that it opened by
    /// itself.
    pub fn may_write(&self, site: SiteId) -> bool {
        self.site == site || site == EVERYWHERE || is_own_shelter(box_of_key(&self.seal_key), site)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_writes_for_its_site_and_its_own_shelters_and_for_nobody_elses() {
        let grant = Grant {
            seal_key: [7; 32],
            tls_key: [0; 32],
            site: SiteId::from_bytes([1; 16]),
            reads: vec![SiteId::from_bytes([2; 16])],
        };
        let (own, other) = (box_of_key(&[7; 32]), box_of_key(&[8; 32]));
        let shelters: std::collections::BTreeSet<SiteId> = [own, other]
            .iter()
            .flat_map(|of| (0..MOST_OWN_SHELTERS).map(|number| own_shelter(*of, number)))
            .collect();
        assert_eq!(shelters.len(), 32, "no two are the same");
        for (site, writes, reads) in [
            (SiteId::from_bytes([1; 16]), true, true),
            (SiteId::from_bytes([2; 16]), false, true),
            (own_shelter(own, 0), true, true),
            (own_shelter(own, 15), true, true),
            (own_shelter(own, 16), false, false),
            (own_shelter(other, 0), false, false),
            (EVERYWHERE, true, true),
            (headquarters(&[9; 32]), false, false),
        ] {
            assert_eq!((grant.may_write(site), grant.may_read(site)), (writes, reads), "{site}");
        }
        assert_ne!(headquarters(&[9; 32]), headquarters(&[8; 32]), "each town has its own");
    }
}
