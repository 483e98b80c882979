//! The authority of the tests about lists, and who believes it.

use hinamori_pki::{TestHierarchies, Verifier};
use hinamori_sim::ca::Hierarchy;

pub(crate) fn jpki() -> Hierarchy {
    Hierarchy::jpki_auth(1)
}

pub(crate) fn verifier() -> Verifier {
    let mut verifier = Verifier::new(TestHierarchies::Refuse);
    verifier.pin_anchor(jpki().anchor_der()).unwrap();
    verifier
}
