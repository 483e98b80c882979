//! Who has not arrived, by the names of districts and groups. It holds no name of a person.

use std::collections::{BTreeMap, BTreeSet};

use hinamori_model::{HouseholdId, PersonId};

use crate::not_arrived::{
    District, Home, HomeFigures, Housemate, IncompleteHomes, NotArrived, Page, Resident,
};
use crate::standing::{Counts, Standing, View};

/// Somebody who lives here and is looked for. No `Debug`: it says who is hidden.
#[derive(Clone, Copy)]
pub struct DistrictResident<'r> {
    /// Who.
    pub person: PersonId,
    /// With whom they live, if the roster says so.
    pub household: Option<HouseholdId>,
    /// The district; "" for none.
    pub district: &'r str,
    /// The neighbour group; "" for none.
    pub group: &'r str,
    /// 避難行動要支援者
    pub needs_support: bool,
    /// 秘匿
    pub hidden: bool,
}

/// See the module.
#[derive(Debug)]
pub struct Districts {
    not_arrived: NotArrived,
    /// Of whom anything is known.
    known: BTreeSet<PersonId>,
    /// By number: a district's name, and by number those of its groups.
    names: Vec<(String, Vec<String>)>,
}

/// A district in numbers of people, as everybody may know them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DistrictFigures<'r> {
    /// Its name.
    pub name: &'r str,
    /// All of its people.
    pub people: Counts,
    /// Those among them who need support to evacuate.
    pub needing_support: Counts,
}

/// Numbers names in the order in which they come.
#[derive(Default)]
struct Numbers(BTreeMap<String, u16>);

impl Numbers {
    fn of(&mut self, name: &str) -> u16 {
        let next = u16::try_from(self.0.len()).unwrap_or(u16::MAX);
        match self.0.get(name) {
            Some(number) => *number,
            None => *self.0.entry(name.to_owned()).or_insert(next),
        }
    }

    fn names(&self) -> Vec<String> {
        let mut names = vec![String::new(); self.0.len()];
        for (name, number) in &self.0 {
            if let Some(place) = names.get_mut(usize::from(*number)) {
                place.clone_from(name);
            }
        }
        names
    }
}

impl Districts {
    /// The districts of these people, of whom nothing is known yet.
    pub fn build<'r>(residents: impl IntoIterator<Item = DistrictResident<'r>>) -> Self {
        let (mut districts, mut groups) = (Numbers::default(), Vec::<Numbers>::new());
        let numbered = residents.into_iter().map(|resident| {
            let DistrictResident { person, household, district, group, needs_support, hidden } = resident;
            let district = districts.of(district);
            if groups.len() <= usize::from(district) {
                groups.resize_with(usize::from(district) + 1, Numbers::default);
            }
            let group = groups.get_mut(usize::from(district)).map_or(0, |groups| groups.of(group));
            Resident { person, household, district, group, support: needs_support.into(), hidden }
        });
        let not_arrived = NotArrived::build(numbered);
        let names = districts.names().into_iter().zip(groups.iter().map(Numbers::names)).collect();
        Self { not_arrived, known: BTreeSet::new(), names }
    }

    /// What is known of a person now.
    pub fn update(&mut self, person: PersonId, standing: Standing) {
        self.known.insert(person);
        self.not_arrived.update(person, standing);
    }

    /// Somebody is hidden from now on, or is not any more.
    pub fn hide(&mut self, person: PersonId, hidden: bool) {
        self.not_arrived.hide(person, hidden);
    }

    /// What is known of everybody now; of everybody else nothing is.
    pub fn update_all(&mut self, standings: &BTreeMap<PersonId, Standing>) {
        for person in std::mem::take(&mut self.known) {
            if !standings.contains_key(&person) {
                self.not_arrived.update(person, Standing::NotSeen);
            }
        }
        standings.iter().for_each(|(person, standing)| self.update(*person, *standing));
    }

    /// Every district, as everybody may know it.
    pub fn figures(&self) -> impl Iterator<Item = DistrictFigures<'_>> {
        self.not_arrived.districts(View::Public).into_iter().filter_map(|district| {
            let (name, _) = self.names.get(usize::from(district.district))?;
            let District { people, needing_support, .. } = district;
            Some(DistrictFigures { name, people, needing_support })
        })
    }

    /// Every home, as everybody may know it: by district, in the same order for the same roster.
    pub fn homes(&self) -> impl Iterator<Item = HomeFigures> {
        self.not_arrived.homes(View::Public)
    }

    /// The names of districts and of their groups, by number.
    pub fn names(&self) -> &[(String, Vec<String>)] {
        &self.names
    }

    fn number(&self, district: &str) -> Option<u16> {
        let number = self.names.iter().position(|(name, _)| name == district)?;
        u16::try_from(number).ok()
    }

    /// The incomplete homes of a district, as everybody may know them.
    pub fn incomplete_homes(&self, district: &str, page: Page) -> IncompleteHomes {
        self.number(district).map_or_else(IncompleteHomes::default, |number| {
            self.not_arrived.incomplete_homes(View::Public, number, page)
        })
    }

    /// The people of a home, as everybody may know them.
    pub fn members(&self, district: &str, home: Home) -> Vec<Housemate> {
        self.number(district)
            .map_or_else(Vec::new, |number| self.not_arrived.members(View::Public, number, home))
    }

    /// The name of a district's group.
    pub fn group_name(&self, district: &str, group: u16) -> &str {
        let groups = self.names.iter().find(|(name, _)| name == district).map(|(_, groups)| groups);
        groups.and_then(|groups| groups.get(usize::from(group))).map_or("", String::as_str)
    }
}
