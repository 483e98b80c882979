//! Who may sign in at this box: the part of the town's list that counts at its site.

use std::collections::{BTreeMap, BTreeSet};

use hinamori_model::{CardKey, SiteId, StaffId};
use hinamori_store_sqlite::ApplicationKeys;
use hinamori_sync::town::StaffGrant;

/// See the module. Nobody when the town lists none.
#[derive(Default)]
pub(crate) struct Staff {
    grants: BTreeMap<StaffId, StaffGrant>,
    /// Staff of other sites too: for whoever reads who looked at something.
    cards: BTreeMap<CardKey, StaffId>,
    /// Whether the list has anybody for this site, also if their time is over: a list that ran out opens nothing.
    is_asked_for: bool,
}

impl Staff {
    /// The town's list at a site.
    pub(crate) fn at(grants: Vec<StaffGrant>, site: SiteId) -> Self {
        let is_here = |grant: &StaffGrant| grant.sites.is_empty() || grant.sites.contains(&site);
        let is_asked_for = grants.iter().any(is_here);
        let cards = grants.iter().flat_map(|grant| grant.cards.iter().map(|card| (card.card, grant.id)));
        Self {
            cards: cards.collect(),
            is_asked_for,
            grants: grants.into_iter().map(|grant| (grant.id, grant)).collect(),
        }
    }

    /// Whether lists with names ask for a sign-in.
    pub(crate) const fn is_asked_for(&self) -> bool {
        self.is_asked_for
    }

    /// Whose card it is.
    pub(crate) fn of_card(&self, card: CardKey) -> Option<&StaffGrant> {
        self.cards.get(&card).and_then(|id| self.grants.get(id))
    }

    /// A member of staff by id.
    pub(crate) fn grant(&self, id: StaffId) -> Option<&StaffGrant> {
        self.grants.get(&id)
    }

    /// All their cards.
    pub(crate) fn cards(&self) -> BTreeSet<CardKey> {
        self.cards.keys().copied().collect()
    }

    /// The keys with which their chips prove themselves.
    pub(crate) fn application_keys(&self) -> ApplicationKeys {
        let cards = self.grants.values().flat_map(|grant| &grant.cards);
        cards
            .filter_map(|card| {
                Some((card.card, card.application_key.as_deref()?.to_vec().into_boxed_slice()))
            })
            .collect()
    }
}
