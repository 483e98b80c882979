//! Everybody who may be asked after, as keyed hashes: who is found, and by what. Those of the roster are one index, and
//! those who were registered in the field another: they are more with every hour.

use std::collections::BTreeSet;

use hinamori_model::{BirthDate, PersonId, PersonalText, Sex};
use hinamori_people::{address_forms, fold};
use hinamori_sync::town::{Person, TownSecret};
use ring::hmac;

use super::Sought;
use crate::hall::{key_for, mac16};

/// Forms of an address that are looked at: whole, and without what stands before its town.
const FORMS: usize = 4;

/// By what a person may be found: one place of the index each.
#[derive(Clone, Copy)]
enum By {
    Birth,
    /// The whole address, as the roster has it.
    Address,
    /// What is left of the roster's address without its beginning.
    RestOfAddress,
}

/// Everybody who may be found, as keyed hashes.
pub(crate) struct SoughtIndex {
    key: hmac::Key,
    people: Vec<(PersonId, Sex)>,
    /// Sorted. The number is the place in `people`.
    places: Vec<(u64, u32)>,
}

impl SoughtIndex {
    /// Of everybody who is not hidden. It takes some hashes for each.
    pub(crate) fn build<'p>(people: impl IntoIterator<Item = &'p Person>, secret: &TownSecret) -> Self {
        let key = key_for(b"hinamori inquiry index/v1", secret);
        let mut index = Self { key, people: Vec::new(), places: Vec::new() };
        for person in people {
            let Ok(place) = u32::try_from(index.people.len()) else { break };
            index.people.push((person.id, person.sex));
            for name in [&person.name, &person.kana] {
                let name = name_key(name);
                if name.is_empty() {
                    continue;
                }
                let birth = person.birth.map(|birth| index.hash(&name, By::Birth, &birth_text(birth)));
                index.places.extend(birth.map(|hash| (hash, place)));
                for (text, by) in address_places(&person.address)
                    .into_iter()
                    .chain(address_places(&PersonalText::new(&*person.district)))
                {
                    index.places.push((index.hash(&name, by, &text), place));
                }
            }
        }
        index.places.sort_unstable();
        index.places.dedup();
        index
    }

    fn hash(&self, name: &str, by: By, text: &str) -> u64 {
        let by = match by {
            By::Birth => b"birth".as_slice(),
            By::Address => b"address",
            By::RestOfAddress => b"rest",
        };
        let mac = mac16(&self.key, &[by, name.as_bytes(), text.as_bytes()]);
        u64::from_be_bytes(mac.first_chunk().copied().unwrap_or_default())
    }

    /// The one person in both indices whom the inquiry means.
    pub(super) fn find(&self, beside: &Self, sought: &Sought) -> Option<PersonId> {
        let people: BTreeSet<PersonId> = self.fitting(sought).chain(beside.fitting(sought)).collect();
        let mut people = people.into_iter();
        let first = people.next();
        if people.next().is_some() { None } else { first }
    }

    /// Whom the inquiry may mean. It looks at the same number of places for every inquiry.
    fn fitting(&self, sought: &Sought) -> impl Iterator<Item = PersonId> {
        let name = name_key(&sought.name);
        let birth = sought.birth_date().ok().flatten().map(birth_text);
        let address = sought.address.as_ref().map_or("", PersonalText::expose);
        let mut forms = address_forms(address, FORMS).into_iter();
        let whole = forms.next().map(|form| form.expose().to_owned());
        let mut asked = vec![(By::Birth, birth), (By::Address, whole.clone()), (By::RestOfAddress, whole)];
        // Whoever writes more of an address than the roster has.
        asked.extend((1..FORMS).map(|_| (By::Address, forms.next().map(|form| form.expose().to_owned()))));
        let mut found = BTreeSet::new();
        for (by, text) in asked {
            let hash = self.hash(&name, by, text.as_deref().unwrap_or_default());
            let begin = self.places.partition_point(|(known, _)| *known < hash);
            let fitting = self.places.iter().skip(begin).take_while(|(known, _)| *known == hash);
            // A place without a text is looked at too, and fits nobody.
            found.extend(fitting.filter(|_| text.is_some()).map(|(_, place)| *place));
        }
        let person = |place: u32| self.people.get(usize::try_from(place).unwrap_or(usize::MAX));
        let said = sought.sex.filter(|said| *said != Sex::Unknown);
        let fits = move |sex: Sex| said.is_none_or(|said| sex == Sex::Unknown || sex == said);
        found.into_iter().filter_map(person).filter(move |(_, sex)| fits(*sex)).map(|(id, _)| *id)
    }

    /// What stands for the person asked after in the log, and an id that nobody has.
    pub(super) fn pseudonym(&self, sought: &Sought) -> [u8; 16] {
        let name = name_key(&sought.name);
        let text = |text: &Option<PersonalText>| text.as_ref().map_or("", PersonalText::expose).to_owned();
        let (birth, address) = (text(&sought.birth), text(&sought.address));
        mac16(&self.key, &[b"sought", name.as_bytes(), birth.as_bytes(), address.as_bytes()])
    }
}

/// A name in the one form that is compared, with nothing between its parts.
fn name_key(name: &PersonalText) -> String {
    fold(name.expose()).expose().chars().filter(|letter| !letter.is_whitespace()).collect()
}

/// The forms of an address of the roster, whole and rest.
fn address_places(address: &PersonalText) -> Vec<(String, By)> {
    let forms = address_forms(address.expose(), FORMS);
    let kinds = std::iter::once(By::Address).chain(std::iter::repeat(By::RestOfAddress));
    let forms = forms.iter().map(|form| form.expose().to_owned()).zip(kinds);
    forms.filter(|(form, _)| !form.is_empty()).collect()
}

fn birth_text(birth: BirthDate) -> String {
    let day = birth.expose();
    format!("{}-{}-{}", day.year(), day.month(), day.day())
}
