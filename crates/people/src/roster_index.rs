//! The roster in memory while an incident is open: names to search in, and who has not arrived, by the names of
//! districts and groups.

use std::collections::BTreeMap;

use hinamori_model::{HouseholdId, PersonId, PersonalText};

use crate::districts::{DistrictFigures, DistrictResident, Districts};
use crate::index::{Entry, NameIndex};
use crate::not_arrived::{Home, Housemate, IncompleteHomes, Page};
use crate::standing::Standing;

/// A person of the roster. No `Debug`: it says who is hidden.
#[expect(
    clippy::struct_excessive_bools,
    reason = "facts of the roster that have nothing to do with each other"
)]
#[derive(Clone)]
pub struct RosterPerson {
    /// Who.
    pub person: PersonId,
    /// With whom they live, if the roster says so.
    pub household: Option<HouseholdId>,
    /// Family and given name.
    pub name: PersonalText,
    /// The same in kana.
    pub kana: PersonalText,
    /// 呼び名
    pub called_name: Option<PersonalText>,
    /// The district; "" for none.
    pub district: String,
    /// The neighbour group; "" for none.
    pub group: String,
    /// Whether they live here: somebody looks for them until they have arrived. Staff of the town are only found by name.
    pub lives_here: bool,
    /// 避難行動要支援者
    pub needs_support: bool,
    /// 秘匿
    pub hidden: bool,
}

/// See the module.
#[derive(Debug)]
pub struct RosterIndex {
    names: NameIndex,
    districts: Districts,
}

impl RosterIndex {
    /// An index of these people, of whom nothing is known yet. It takes a second or so for 100,000.
    ///
    /// Hidden people are found by their name like anybody who was not seen yet: who knows that they live here would
    /// learn more from their absence.
    pub fn build(roster: &[RosterPerson]) -> Self {
        let residents = roster.iter().filter(|row| row.lives_here).map(|row| DistrictResident {
            person: row.person,
            household: row.household,
            district: &row.district,
            group: &row.group,
            needs_support: row.needs_support,
            hidden: row.hidden,
        });
        let districts = Districts::build(residents);
        let names = NameIndex::build(roster.iter().map(|row| Entry {
            person: row.person,
            name: row.name.expose(),
            kana: row.kana.expose(),
            called_name: row.called_name.as_ref().map(PersonalText::expose),
        }));
        Self { names, districts }
    }

    /// Who fits what was typed, the best first, and how many in all.
    pub fn search(&self, query: &PersonalText, limit: usize) -> (Vec<PersonId>, u32) {
        let hits = self.names.search(query.expose(), limit);
        (hits.people, hits.total)
    }

    /// What is known of a person now.
    pub fn update(&mut self, person: PersonId, standing: Standing) {
        self.districts.update(person, standing);
    }

    /// Somebody is hidden from now on, or is not any more.
    pub fn hide(&mut self, person: PersonId, hidden: bool) {
        self.districts.hide(person, hidden);
    }

    /// What is known of everybody now; of everybody else nothing is.
    pub fn update_all(&mut self, standings: &BTreeMap<PersonId, Standing>) {
        self.districts.update_all(standings);
    }

    /// Every district, as everybody may know it.
    pub fn districts(&self) -> impl Iterator<Item = DistrictFigures<'_>> {
        self.districts.figures()
    }

    /// The incomplete homes of a district, as everybody may know them.
    pub fn incomplete_homes(&self, district: &str, page: Page) -> IncompleteHomes {
        self.districts.incomplete_homes(district, page)
    }

    /// The people of a home, as everybody may know them.
    pub fn members(&self, district: &str, home: Home) -> Vec<Housemate> {
        self.districts.members(district, home)
    }

    /// The name of a district's group.
    pub fn group_name(&self, district: &str, group: u16) -> &str {
        self.districts.group_name(district, group)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(number: u8, kana: &str, district: &str, group: &str) -> RosterPerson {
        RosterPerson {
            person: PersonId::from_bytes([number; 16]),
            household: Some(HouseholdId::from_bytes([number / 2; 16])),
            name: PersonalText::new(kana),
            kana: PersonalText::new(kana),
            called_name: None,
            district: district.to_owned(),
            group: group.to_owned(),
            lives_here: number != 6,
            needs_support: number == 3,
            hidden: number == 5,
        }
    }

    fn index() -> RosterIndex {
        RosterIndex::build(&[
            row(2, "ハマダ ハナコ", "浜町", "3班"),
            row(3, "ハマダ イサム", "浜町", "3班"),
            row(4, "モリ ハル", "港町", "1班"),
            row(5, "モリ キヨ", "港町", "1班"),
            row(6, "シライシ カオル", "", ""),
        ])
    }

    fn person(number: u8) -> PersonId {
        PersonId::from_bytes([number; 16])
    }

    #[test]
    fn districts_and_groups_keep_their_names_and_who_arrives_leaves_the_list() {
        let mut index = index();
        let missing = |index: &RosterIndex| {
            let of =
                |district: DistrictFigures<'_>| (district.name.to_owned(), district.people.not_arrived());
            index.districts().map(of).collect::<Vec<_>>()
        };
        assert_eq!(missing(&index), [("浜町".to_owned(), 2), ("港町".to_owned(), 2)]);
        index.update(person(2), Standing::Arrived);
        index.update(person(5), Standing::Arrived);
        assert_eq!(missing(&index), [("浜町".to_owned(), 1), ("港町".to_owned(), 2)], "Kiyo is hidden");
        let homes = index.incomplete_homes("浜町", Page { offset: 0, limit: 9 });
        let [home] = homes.homes.as_slice() else { panic!("{homes:?}") };
        assert_eq!((index.group_name("浜町", home.group), home.support), ("3班", 1));
        let members = index.members("浜町", home.home);
        assert_eq!(members.len(), 2);
        assert_eq!(index.incomplete_homes("山手", Page { offset: 0, limit: 9 }).total, 0);
        // Everything anew: of Hanako nothing is known any more.
        index.update_all(&BTreeMap::from([(person(3), Standing::PassedCheckPoint)]));
        assert_eq!(missing(&index), [("浜町".to_owned(), 1), ("港町".to_owned(), 2)]);
    }

    #[test]
    fn hidden_people_are_found_like_anybody() {
        let found = index().search(&PersonalText::new("もり"), 9);
        assert_eq!(found, (vec![person(5), person(4)], 2));
        assert_eq!(index().search(&PersonalText::new("しらいし"), 9).1, 1, "who does not live here too");
    }
}
