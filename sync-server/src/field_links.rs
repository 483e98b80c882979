//! What boxes established about cards becomes the directory's: a card that nobody knew and that was given to somebody of the
//! roster is theirs for every box, from the next package on.
//!
//! Of such a card only the id is known that it gave ([`TokenKind::FieldLink`]). Links to people who are on no roster stay what they
//! are, records; so do those to the id under which a hidden person's card stands in a leader's list, so that nothing of
//! hidden people is folded that was not bound to them before. A link that was taken back is none.
//!
//! The records of a closed incident are gone, and what was folded of them stays: a card that only a package before knows is carried
//! over, until a record says otherwise.

use std::collections::{BTreeMap, BTreeSet};

use hinamori_model::{PersonId, TokenKind, TownKey};
use hinamori_store_sqlite::{Store, StoreError};
use hinamori_sync::town::{Card, Directory, Person};

use crate::data::DataFolder;

/// Cards of one person: a stolen box must not fill a part of the roster.
const MOST_OF_ONE: u8 = 16;

/// The cards that boxes gave to people of the roster and that `registered` does not have; those of the package `before` too of which
/// no record says anything any more. What was said in a drill counts nowhere.
///
/// # Errors
/// [`StoreError`].
pub(crate) fn read(
    folder: &DataFolder,
    registered: &[Card],
    people: &[Person],
    key: &TownKey,
    before: &[Card],
) -> Result<Vec<Card>, StoreError> {
    let [live, _drill] = folder.databases();
    let (mut links, spoken_of) = if live.exists() {
        let store = Store::open(&live)?;
        (store.field_links()?, store.linked_from()?)
    } else {
        Default::default()
    };
    let carried = before.iter().filter_map(|card| Some((id_of(card)?, card.person, card.binding)));
    links.extend(carried.filter(|(from, ..)| !spoken_of.contains(from)));
    Ok(cards_of(&links, registered, people, key))
}

/// How many cards a running incident gave to people of the roster that are in no package yet: with its records they would be lost.
///
/// # Errors
/// [`StoreError`].
pub(crate) fn not_folded(
    folder: &DataFolder,
    directory: &Directory,
    key: &TownKey,
) -> Result<usize, StoreError> {
    let Directory { people, cards } = directory;
    let (folded, registered): (Vec<Card>, Vec<Card>) =
        cards.iter().cloned().partition(|card| card.kind == TokenKind::FieldLink);
    let wanted = read(folder, &registered, people, key, &folded)?;
    let folded: BTreeSet<(&[u8], PersonId)> =
        folded.iter().map(|card| (card.identity.as_slice(), card.person)).collect();
    Ok(wanted.iter().filter(|card| !folded.contains(&(card.identity.as_slice(), card.person))).count())
}

/// The id that a card of the field gave.
fn id_of(card: &Card) -> Option<PersonId> {
    let identity = <[u8; 16]>::try_from(card.identity.as_slice()).ok()?;
    (card.kind == TokenKind::FieldLink).then(|| PersonId::from_bytes(identity))
}

type Link = (PersonId, PersonId, hinamori_model::BindingAssurance);

fn cards_of(links: &[Link], registered: &[Card], people: &[Person], key: &TownKey) -> Vec<Card> {
    let derived = |card: &Card| key.person_of_unknown_card(key.card_key(card.kind, &card.identity));
    let registered: BTreeSet<PersonId> = registered.iter().map(derived).collect();
    let people: BTreeSet<PersonId> = people.iter().map(|person| person.id).collect();
    let mut of_one: BTreeMap<PersonId, u8> = BTreeMap::new();
    let mut cards = Vec::new();
    for (from, to, binding) in links {
        if registered.contains(from) || !people.contains(to) {
            continue;
        }
        let count = of_one.entry(*to).or_default();
        if *count == MOST_OF_ONE {
            continue;
        }
        *count = count.saturating_add(1);
        cards.push(Card {
            kind: TokenKind::FieldLink,
            identity: from.as_bytes().to_vec(),
            person: *to,
            binding: *binding,
            application_key: None,
            stopped: None,
        });
    }
    cards
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinamori_model::{BindingAssurance, PersonalText};

    #[test]
    fn a_card_of_the_field_becomes_its_owner_s_unless_the_town_knows_better() {
        let key = TownKey::new([1; 32]);
        let uid = |number: u8| key.person_of_unknown_card(key.card_key(TokenKind::Uid, &[number; 4]));
        let resident = PersonId::from_bytes([1; 16]);
        let people = [Person::named(resident, PersonalText::new("浜田 花子"))];
        let known = Card {
            kind: TokenKind::Uid,
            identity: vec![7; 4],
            person: resident,
            binding: BindingAssurance::Declared,
            application_key: None,
            stopped: None,
        };
        let link = |number, to| (uid(number), to, BindingAssurance::MatchedByStaff);
        // Another one's shadow, or a visitor: on no roster.
        let links = [link(1, resident), link(7, resident), link(2, uid(9))];
        let cards = cards_of(&links, &[known], &people, &key);
        let [card] = cards.as_slice() else { panic!("{} cards", cards.len()) };
        assert_eq!(
            (card.kind, card.person, card.binding),
            (TokenKind::FieldLink, resident, BindingAssurance::MatchedByStaff)
        );
        assert_eq!(card.identity, uid(1).as_bytes());
        let many: Vec<Link> = (0..100).map(|number| link(number, resident)).collect();
        assert_eq!(cards_of(&many, &[], &people, &key).len(), usize::from(MOST_OF_ONE));
    }
}
