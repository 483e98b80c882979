//! Who has not arrived yet, kept up to date with every tap.
//!
//! **Hidden people** (秘匿, law 7). In [`View::Public`] a hidden person is not seen yet for ever, in every list,
//! every count and every order. Both views are counted side by side, and what a person's standing *shows* in a view is
//! decided in one place ([`Member::shown`]); an update of a hidden person therefore leaves the public counts as they
//! were, and takes the same way through this code as any other.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use hinamori_model::{HouseholdId, PersonId};

use crate::standing::{Counts, Standing, View};

/// A row of the roster. No `Debug`: it says who is hidden.
#[derive(Clone, Copy)]
pub struct Resident {
    /// Who.
    pub person: PersonId,
    /// With whom they live, if the roster says so.
    pub household: Option<HouseholdId>,
    /// The number of the district.
    pub district: u16,
    /// The number of the neighbour group in the district.
    pub group: u16,
    /// How urgently the person needs support to evacuate: none at 0, and the more the higher.
    pub support: u8,
    /// Whether only named roles may learn where they are.
    pub hidden: bool,
}

/// Who is looked for together: a household, or somebody who is in none. The people of one household who are
/// registered in several districts are a home in each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Home {
    /// A household of the roster.
    Household(HouseholdId),
    /// A person without one.
    Alone(PersonId),
}

/// A district in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct District {
    /// Its number.
    pub district: u16,
    /// All of its people.
    pub people: Counts,
    /// Those among them who need support to evacuate.
    pub needing_support: Counts,
    /// Homes.
    pub homes: u32,
    /// Homes in which somebody is still to arrive.
    pub homes_incomplete: u32,
}

/// A home in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HomeFigures {
    /// The number of the district.
    pub district: u16,
    /// Who is looked for together.
    pub home: Home,
    /// The number of the neighbour group, the lowest if there are several.
    pub group: u16,
    /// The highest need of support among those who are still to arrive; 0 is none.
    pub support: u8,
    /// Its people.
    pub people: Counts,
}

/// A part of a long list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// How many come before it.
    pub offset: usize,
    /// How many are on it at most.
    pub limit: usize,
}

/// Some of the incomplete homes of a district.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IncompleteHomes {
    /// How many there are in all.
    pub total: u32,
    /// Those of the page.
    pub homes: Vec<HomeFigures>,
}

/// A person of a home.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Housemate {
    /// Who.
    pub person: PersonId,
    /// The need of support; 0 is none.
    pub support: u8,
    /// What is known of them.
    pub standing: Standing,
}

/// A resident and what is known of them.
struct Member {
    resident: Resident,
    home: Home,
    standing: Standing,
}

impl Member {
    /// The one place where it is decided what a view may know.
    const fn shown(&self, view: View) -> Standing {
        match (view, self.resident.hidden) {
            (View::Public, true) => Standing::NotSeen,
            (View::Public, false) | (View::Named, _) => self.standing,
        }
    }
}

/// A district's homes, and its numbers in both views.
struct Tally {
    /// Places in [`NotArrived::homes`].
    homes: Range<usize>,
    public: District,
    named: District,
}

/// The list of who has not arrived, of everybody on the roster and of visitors.
///
/// An update takes time with the size of one household; a page of a district with the size of that district. When the
/// roster changes, a new list is built and told all standings: some 50 ms for 100,000 people.
pub struct NotArrived {
    /// By district, home and id.
    members: Vec<Member>,
    /// Places in `members` by id.
    by_person: Vec<usize>,
    /// Where each home begins in `members`.
    homes: Vec<usize>,
    districts: BTreeMap<u16, Tally>,
    visitors: BTreeMap<PersonId, Standing>,
    visitor_counts: Counts,
}

impl fmt::Debug for NotArrived {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "NotArrived({} residents, hidden)", self.members.len())
    }
}

impl NotArrived {
    /// A list on which nobody has been seen. Of two rows of one person, the later counts.
    pub fn build(roster: impl IntoIterator<Item = Resident>) -> Self {
        let last: BTreeMap<PersonId, Resident> = roster.into_iter().map(|row| (row.person, row)).collect();
        let member = |resident: Resident| {
            let home = resident.household.map_or(Home::Alone(resident.person), Home::Household);
            Member { resident, home, standing: Standing::NotSeen }
        };
        let mut members: Vec<Member> = last.into_values().map(member).collect();
        members
            .sort_unstable_by_key(|member| (member.resident.district, member.home, member.resident.person));
        let mut by_person: Vec<usize> = (0..members.len()).collect();
        by_person.sort_unstable_by_key(|at| members.get(*at).map(|member| member.resident.person));
        let mut list = Self {
            members,
            by_person,
            homes: Vec::new(),
            districts: BTreeMap::new(),
            visitors: BTreeMap::new(),
            visitor_counts: Counts::default(),
        };
        list.find_homes();
        list
    }

    fn find_homes(&mut self) {
        let of = |member: &Member| (member.resident.district, member.home);
        let mut at = 0;
        for home in self.members.chunk_by(|one, next| of(one) == of(next)) {
            let place = self.homes.len();
            self.homes.push(at);
            at += home.len();
            let Some(first) = home.first() else { continue };
            let tally = self.districts.entry(first.resident.district).or_insert_with(|| {
                let empty = District::empty(first.resident.district);
                Tally { homes: place..place, public: empty, named: empty }
            });
            tally.homes.end = place + 1;
            tally.public.add(home, View::Public);
            tally.named.add(home, View::Named);
        }
    }

    /// Takes a person's new standing. Who is not on the roster is a visitor.
    pub fn update(&mut self, person: PersonId, standing: Standing) {
        let by_id = |at: &usize| self.members.get(*at).map(|member| member.resident.person);
        let found = self.by_person.binary_search_by_key(&Some(person), by_id);
        match found.ok().and_then(|found| self.by_person.get(found)).copied() {
            Some(at) => self.change_resident(at, |member| member.standing = standing),
            None => {
                let before = self.visitors.remove(&person);
                before.into_iter().for_each(|before| self.visitor_counts.remove(before));
                // Who was taken back is no visitor any more.
                if standing != Standing::NotSeen {
                    self.visitors.insert(person, standing);
                    self.visitor_counts.add(standing);
                }
            }
        }
    }

    /// Takes over that somebody is hidden, or is not any more. Visitors are no matter of it.
    pub fn hide(&mut self, person: PersonId, hidden: bool) {
        let by_id = |at: &usize| self.members.get(*at).map(|member| member.resident.person);
        let found = self.by_person.binary_search_by_key(&Some(person), by_id);
        if let Some(at) = found.ok().and_then(|found| self.by_person.get(found)).copied() {
            self.change_resident(at, |member| member.resident.hidden = hidden);
        }
    }

    fn change_resident(&mut self, at: usize, change: impl FnOnce(&mut Member)) {
        let place = self.homes.partition_point(|start| *start <= at).saturating_sub(1);
        let home = self.members_of(place);
        let Some(members) = self.members.get_mut(home.clone()) else { return };
        let district = members.first().map(|member| member.resident.district);
        let Some(tally) = district.and_then(|district| self.districts.get_mut(&district)) else { return };
        tally.public.remove(members, View::Public);
        tally.named.remove(members, View::Named);
        let member = members.get_mut(at.saturating_sub(home.start));
        if let Some(member) = member {
            change(member);
        }
        tally.public.add(members, View::Public);
        tally.named.add(members, View::Named);
    }

    /// The places of a home's people.
    fn members_of(&self, place: usize) -> Range<usize> {
        let start = |place: usize| self.homes.get(place).copied().unwrap_or(self.members.len());
        start(place)..start(place + 1)
    }

    /// All districts in numbers, by their number.
    pub fn districts(&self, view: View) -> Vec<District> {
        self.districts.values().map(|tally| *tally.of(view)).collect()
    }

    /// The homes of a district in which somebody is still to arrive: those with the highest need of support first, then
    /// those from which nobody has arrived, then those from which some have.
    pub fn incomplete_homes(&self, view: View, district: u16, page: Page) -> IncompleteHomes {
        let places = self.districts.get(&district).map(|tally| tally.homes.clone()).unwrap_or_default();
        let home = |place| self.members.get(self.members_of(place)).and_then(|home| incomplete(home, view));
        let mut order: Vec<_> = places
            .filter_map(|place| {
                let home = home(place)?;
                Some((u8::MAX - home.support, home.people.settled() > 0, place))
            })
            .collect();
        order.sort_unstable();
        IncompleteHomes {
            total: u32::try_from(order.len()).unwrap_or(u32::MAX),
            homes: order
                .iter()
                .skip(page.offset)
                .take(page.limit)
                .filter_map(|(_, _, place)| home(*place))
                .collect(),
        }
    }

    /// Every home, by district and then by id: in the same order for the same roster.
    pub fn homes(&self, view: View) -> impl Iterator<Item = HomeFigures> {
        let places = 0..self.homes.len();
        places.filter_map(move |place| figures(self.members.get(self.members_of(place))?, view))
    }

    /// The people of a home in a district, by id; nobody if there is no such home.
    pub fn members(&self, view: View, district: u16, home: Home) -> Vec<Housemate> {
        let key = |member: &Member| (member.resident.district, member.home);
        let start = self.members.partition_point(|member| key(member) < (district, home));
        let members = self.members.get(start..).unwrap_or_default();
        let housemate = |member: &Member| Housemate {
            person: member.resident.person,
            support: member.resident.support,
            standing: member.shown(view),
        };
        members.iter().take_while(|member| key(member) == (district, home)).map(housemate).collect()
    }

    /// Visitors (帰省者・来訪者): people who were seen and are not on the roster. Nobody knows them to be hidden.
    pub const fn visitors(&self) -> Counts {
        self.visitor_counts
    }
}

impl Tally {
    const fn of(&self, view: View) -> &District {
        match view {
            View::Public => &self.public,
            View::Named => &self.named,
        }
    }
}

impl District {
    fn empty(district: u16) -> Self {
        let (people, needing_support) = (Counts::default(), Counts::default());
        Self { district, people, needing_support, homes: 0, homes_incomplete: 0 }
    }

    fn add(&mut self, home: &[Member], view: View) {
        for member in home {
            let standing = member.shown(view);
            self.people.add(standing);
            if member.resident.support > 0 {
                self.needing_support.add(standing);
            }
        }
        self.homes = self.homes.saturating_add(1);
        self.homes_incomplete = self.homes_incomplete.saturating_add(incomplete(home, view).is_some().into());
    }

    fn remove(&mut self, home: &[Member], view: View) {
        for member in home {
            let standing = member.shown(view);
            self.people.remove(standing);
            if member.resident.support > 0 {
                self.needing_support.remove(standing);
            }
        }
        self.homes = self.homes.saturating_sub(1);
        self.homes_incomplete = self.homes_incomplete.saturating_sub(incomplete(home, view).is_some().into());
    }
}

/// A home in numbers; nothing of nobody.
fn figures(home: &[Member], view: View) -> Option<HomeFigures> {
    let mut people = Counts::default();
    home.iter().for_each(|member| people.add(member.shown(view)));
    let missing = home.iter().filter(|member| !member.shown(view).is_settled());
    let first = home.first()?;
    Some(HomeFigures {
        district: first.resident.district,
        home: first.home,
        group: home.iter().map(|member| member.resident.group).min()?,
        support: missing.map(|member| member.resident.support).max().unwrap_or_default(),
        people,
    })
}

/// A home as a line of the list; nothing if all have arrived or are at home.
fn incomplete(home: &[Member], view: View) -> Option<HomeFigures> {
    figures(home, view).filter(|home| home.people.settled() < home.people.all())
}

#[cfg(test)]
mod tests;
