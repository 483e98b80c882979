//! The town's households as alerts see them, read anew with each package.

use std::collections::BTreeMap;

use hinamori_model::{HouseholdId, PersonId};
use hinamori_sync::town::Person;
use serde::Serialize;

use hinamori_plan::HouseholdToTell;

/// How somebody is called who did not say how they want to be.
const SOMEBODY: &str = "ご家族";

/// All households.
#[derive(Default)]
pub(crate) struct Households {
    all: BTreeMap<HouseholdId, Household>,
}

/// One household.
struct Household {
    district: String,
    group: String,
    people: Vec<Member>,
}

/// Somebody of it.
pub(crate) struct Member {
    pub(crate) id: PersonId,
    called: Option<String>,
    pub(crate) is_hidden: bool,
    needs_support: bool,
}

impl Member {
    /// As their own television names them.
    pub(crate) fn name(&self) -> &str {
        self.called.as_deref().unwrap_or(SOMEBODY)
    }
}

/// What the desk shows of a district.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub(crate) struct DistrictSize {
    pub(crate) households: u32,
    pub(crate) people: u32,
    pub(crate) support: u32,
}

impl Households {
    pub(crate) fn of(people: Vec<Person>) -> Self {
        let mut all: BTreeMap<HouseholdId, Household> = BTreeMap::new();
        for Person { id, household, district, group, called_name, support, hidden, .. } in people {
            let Some(household) = household else { continue };
            let into =
                all.entry(household).or_insert_with(|| Household { district, group, people: Vec::new() });
            let called = called_name.map(|name| name.expose().to_owned());
            let needs_support = !support.is_empty();
            into.people.push(Member { id, called, is_hidden: hidden, needs_support });
        }
        Self { all }
    }

    /// Those of these districts.
    pub(crate) fn in_districts(&self, districts: &[String]) -> Vec<HouseholdToTell> {
        let of = self.all.iter().filter(|(_, household)| districts.contains(&household.district));
        of.map(|(id, household)| household.to_tell(*id)).collect()
    }

    /// These, as far as the town still has them.
    pub(crate) fn these(&self, ids: impl IntoIterator<Item = HouseholdId>) -> Vec<HouseholdToTell> {
        let known = |id: HouseholdId| Some(self.all.get(&id)?.to_tell(id));
        ids.into_iter().filter_map(known).collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(crate) fn has(&self, id: HouseholdId) -> bool {
        self.all.contains_key(&id)
    }

    pub(crate) fn one(&self, id: HouseholdId) -> Option<HouseholdToTell> {
        self.all.get(&id).map(|household| household.to_tell(id))
    }

    /// The people of a household.
    pub(crate) fn members(&self, id: HouseholdId) -> &[Member] {
        self.all.get(&id).map_or(&[], |household| &household.people)
    }

    pub(crate) fn sizes(&self) -> BTreeMap<&str, DistrictSize> {
        let mut sizes: BTreeMap<&str, DistrictSize> = BTreeMap::new();
        for household in self.all.values() {
            let size = sizes.entry(household.district.as_str()).or_default();
            size.households = size.households.saturating_add(1);
            size.people = size.people.saturating_add(household.count());
            size.support = size.support.saturating_add(u32::from(household.needs_support()));
        }
        sizes
    }
}

impl Household {
    fn count(&self) -> u32 {
        u32::try_from(self.people.len()).unwrap_or(u32::MAX)
    }

    fn needs_support(&self) -> bool {
        self.people.iter().any(|member| member.needs_support)
    }

    fn to_tell(&self, id: HouseholdId) -> HouseholdToTell {
        HouseholdToTell {
            id,
            district: self.district.clone(),
            group: self.group.clone(),
            names: self.people.iter().filter_map(|member| member.called.clone()).collect(),
            people: self.count(),
            needs_support: self.needs_support(),
        }
    }
}
