use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

const WHOLE: Page = Page { offset: 0, limit: usize::MAX };
const VIEWS: [View; 2] = [View::Public, View::Named];

fn person(number: u8) -> PersonId {
    PersonId::from_bytes([number; 16])
}

fn household(number: u8) -> HouseholdId {
    HouseholdId::from_bytes([number; 16])
}

fn resident(number: u8, home: u8, support: u8) -> Resident {
    let household = Some(household(home)).filter(|_| home > 0);
    Resident { person: person(number), household, district: 1, group: 3, support, hidden: false }
}

fn homes(list: &NotArrived, view: View) -> Vec<(Home, u8)> {
    let page = list.incomplete_homes(view, 1, WHOLE);
    page.homes.iter().map(|home| (home.home, home.support)).collect()
}

#[test]
fn people_needing_support_come_first_then_who_has_nobody_there() {
    let mut list = NotArrived::build([
        resident(1, 1, 0),
        resident(2, 1, 0),
        resident(3, 2, 0),
        resident(4, 3, 1),
        resident(5, 3, 0),
        resident(6, 0, 2),
    ]);
    list.update(person(1), Standing::Arrived);
    let [one, two, three] = [1, 2, 3].map(|number| Home::Household(household(number)));
    let alone = Home::Alone(person(6));
    assert_eq!(homes(&list, View::Public), [(alone, 2), (three, 1), (two, 0), (one, 0)]);
    // The need of somebody who has arrived hurries nobody.
    list.update(person(4), Standing::Arrived);
    list.update(person(6), Standing::AtHome);
    assert_eq!(homes(&list, View::Public), [(two, 0), (one, 0), (three, 0)]);
    let page = list.incomplete_homes(View::Public, 1, Page { offset: 1, limit: 1 });
    assert_eq!((page.total, page.homes.len(), page.homes[0].home), (3, 1, one));
    assert_eq!(list.incomplete_homes(View::Public, 2, WHOLE), IncompleteHomes::default());
    let all: Vec<_> = list.homes(View::Public).map(|home| (home.home, home.people.settled())).collect();
    assert_eq!(
        all,
        [(one, 1), (two, 0), (three, 1), (alone, 1)],
        "by district and id, whoever has arrived too"
    );
}

#[test]
fn a_word_and_a_check_point_are_no_arrival() {
    let mut list = NotArrived::build([resident(1, 1, 1), resident(2, 1, 0), resident(3, 1, 0)]);
    list.update(person(1), Standing::ToldElsewhere);
    list.update(person(2), Standing::PassedCheckPoint);
    list.update(person(3), Standing::Away);
    let [district] = list.districts(View::Public)[..] else { panic!("one district") };
    let people = district.people;
    assert_eq!([people.all(), people.arrived(), people.not_arrived()], [3, 1, 0]);
    assert_eq!(
        [
            people.of(Standing::ToldElsewhere),
            people.of(Standing::PassedCheckPoint),
            district.homes_incomplete
        ],
        [1, 1, 1]
    );
    assert_eq!(district.needing_support.of(Standing::ToldElsewhere), 1);
    let standings: Vec<Standing> = list
        .members(View::Public, 1, Home::Household(household(1)))
        .iter()
        .map(|housemate| housemate.standing)
        .collect();
    assert_eq!(standings, [Standing::ToldElsewhere, Standing::PassedCheckPoint, Standing::Away]);
}

#[test]
fn whoever_is_hidden_later_looks_as_if_they_always_were() {
    let rows = || [resident(1, 1, 1), resident(2, 1, 0), resident(3, 2, 0)];
    let standings = [(1, Standing::Arrived), (2, Standing::Arrived), (3, Standing::AtHome)];
    let mut always = NotArrived::build(rows().map(|row| Resident { hidden: row.person == person(1), ..row }));
    let mut later = NotArrived::build(rows());
    for (who, standing) in standings {
        always.update(person(who), standing);
        later.update(person(who), standing);
    }
    let all = |list: &NotArrived| VIEWS.map(|view| (list.districts(view), homes(list, view)));
    let open = all(&later);
    later.hide(person(1), true);
    assert_eq!(all(&later), all(&always));
    later.hide(person(9), true);
    later.hide(person(1), false);
    assert_eq!(all(&later), open);
}

#[test]
fn visitors_are_counted_apart() {
    let mut list = NotArrived::build([resident(1, 1, 0)]);
    let before = list.districts(View::Named);
    list.update(person(9), Standing::Arrived);
    list.update(person(9), Standing::Left);
    list.update(person(8), Standing::Arrived);
    assert_eq!(list.districts(View::Named), before);
    let visitors = list.visitors();
    assert_eq!([visitors.all(), visitors.of(Standing::Left), visitors.arrived()], [2, 1, 2]);
    list.update(person(8), Standing::NotSeen);
    assert_eq!(list.visitors().all(), 1);
}

#[test]
fn a_hidden_person_is_seen_by_named_roles_only() {
    let mut list = NotArrived::build([Resident { hidden: true, ..resident(1, 1, 1) }, resident(2, 1, 0)]);
    list.update(person(1), Standing::Arrived);
    list.update(person(2), Standing::Arrived);
    let home = Home::Household(household(1));
    assert_eq!((homes(&list, View::Public), homes(&list, View::Named)), (vec![(home, 1)], vec![]));
    let arrived = VIEWS.map(|view| list.districts(view)[0].people.arrived());
    assert_eq!(arrived, [1, 2]);
}

#[test]
fn a_list_cannot_be_printed() {
    assert_eq!(format!("{:?}", NotArrived::build([resident(1, 1, 0)])), "NotArrived(1 residents, hidden)");
}

type Row = (u8, u8, u16, u8, bool);

/// Few households, so that they are shared, and some over two districts.
fn rosters() -> impl Strategy<Value = Vec<Row>> {
    proptest::collection::vec((0u8..24, 0u8..6, 0u16..3, 0u8..3, any::<bool>()), 0..30)
}

fn updates() -> impl Strategy<Value = Vec<(u8, Standing)>> {
    proptest::collection::vec((0u8..28, proptest::sample::select(&Standing::ALL[..])), 0..40)
}

fn row(&(number, home, district, support, hidden): &Row) -> Resident {
    Resident { district, hidden, group: support.into(), ..resident(number, home, support) }
}

fn list(roster: &[Row], updates: &[(u8, Standing)]) -> NotArrived {
    let mut list = NotArrived::build(roster.iter().map(row));
    updates.iter().for_each(|(number, standing)| list.update(person(*number), *standing));
    list
}

/// All that a list tells in a view, as text.
fn told(list: &NotArrived, view: View) -> String {
    let homes: Vec<_> = list.homes(view).collect();
    let mut told = format!("{:?} {:?} {homes:?}", list.districts(view), list.visitors());
    for district in 0..4 {
        let page = list.incomplete_homes(view, district, WHOLE);
        let pages = (0..4).map(|offset| list.incomplete_homes(view, district, Page { offset, limit: 2 }));
        told += &format!("{page:?} {:?}", pages.collect::<Vec<_>>());
        let homes = (0..6).map(|number| Home::Household(household(number)));
        for home in homes.chain((0..28).map(|number| Home::Alone(person(number)))) {
            told += &format!("{:?}", list.members(view, district, home));
        }
    }
    told
}

/// A district counted by a look at everybody.
fn counted(
    rows: &BTreeMap<u8, Row>,
    standings: &BTreeMap<u8, Standing>,
    view: View,
    number: u16,
) -> District {
    let mut district = District::empty(number);
    let (mut homes, mut incomplete) = (BTreeSet::new(), BTreeSet::new());
    for (person, (_, home, _, support, hidden)) in rows.iter().filter(|(_, row)| row.2 == number) {
        let known = standings.get(person).copied().unwrap_or(Standing::NotSeen);
        let standing = if *hidden && view == View::Public { Standing::NotSeen } else { known };
        let home = if *home == 0 { Err(*person) } else { Ok(*home) };
        district.people.add(standing);
        if *support > 0 {
            district.needing_support.add(standing);
        }
        homes.insert(home);
        if !standing.is_settled() {
            incomplete.insert(home);
        }
    }
    district.homes = u32::try_from(homes.len()).unwrap();
    district.homes_incomplete = u32::try_from(incomplete.len()).unwrap();
    district
}

proptest! {
    #[test]
    fn nothing_that_a_hidden_person_does_is_told_in_public(
        roster in rosters(), updates in updates(), others in updates(),
    ) {
        let last: BTreeMap<u8, Row> = roster.iter().map(|row| (row.0, *row)).collect();
        let is_hidden = |number: &u8| last.get(number).is_some_and(|row| row.4);
        let seen: Vec<_> = updates.iter().copied().filter(|(number, _)| !is_hidden(number)).collect();
        let hidden_too = updates.iter().chain(others.iter().filter(|(number, _)| is_hidden(number)));
        let hidden_too: Vec<_> = hidden_too.copied().collect();
        let without = list(&roster, &seen);
        prop_assert_eq!(told(&list(&roster, &updates), View::Public), told(&without, View::Public));
        prop_assert_eq!(told(&list(&roster, &hidden_too), View::Public), told(&without, View::Public));
    }

    #[test]
    fn kept_up_to_date_is_counted_again(roster in rosters(), updates in updates()) {
        let list_now = list(&roster, &updates);
        let rows: BTreeMap<u8, Row> = roster.iter().map(|row| (row.0, *row)).collect();
        let standings: BTreeMap<u8, Standing> = updates.iter().copied().collect();
        for view in VIEWS {
            let numbers: BTreeSet<u16> = rows.values().map(|row| row.2).collect();
            let again: Vec<District> =
                numbers.iter().map(|number| counted(&rows, &standings, view, *number)).collect();
            prop_assert_eq!(list_now.districts(view), again);
            // Whatever came before a person's last standing has left nothing behind.
            let last: Vec<_> = standings.iter().map(|(number, standing)| (*number, *standing)).collect();
            prop_assert_eq!(told(&list_now, view), told(&list(&roster, &last), view));
        }
        let visitors = standings.iter().filter(|(number, standing)| {
            !rows.contains_key(number) && **standing != Standing::NotSeen
        });
        prop_assert_eq!(list_now.visitors().all() as usize, visitors.count());
    }

    #[test]
    fn pages_are_one_list_without_a_gap(roster in rosters(), updates in updates(), limit in 1usize..4) {
        let list = list(&roster, &updates);
        for (view, district) in VIEWS.into_iter().flat_map(|view| (0..3).map(move |district| (view, district))) {
            let whole = list.incomplete_homes(view, district, WHOLE);
            let pages = (0..12).flat_map(|page| {
                list.incomplete_homes(view, district, Page { offset: page * limit, limit }).homes
            });
            let shown: Vec<_> = pages.collect();
            prop_assert_eq!(&shown[..], &whole.homes[..shown.len()]);
            let number = list.districts(view).into_iter().find(|found| found.district == district);
            prop_assert_eq!(whole.total, number.map_or(0, |number| number.homes_incomplete));
            let rank = |home: &HomeFigures| (u8::MAX - home.support, home.people.settled() > 0);
            prop_assert!(whole.homes.iter().map(rank).is_sorted());
        }
    }
}
