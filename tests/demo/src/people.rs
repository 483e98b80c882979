//! The part of the script about people without a card in their hand: names given later, neighbourhood groups, a district
//! at two check-points without a network, leaving, the roll-call, and paper when the power dies.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, bail, ensure};
use hinamori_ipc::{
    AnswerKind, Command, Departure, Found, Group, MemberState, NotArrived, Stay, StayState, ToKiosk,
};
use hinamori_model::{Destination, Leaving, PersonId, PersonalText, UnixMillis};
use hinamori_sim::folder::everything_in;
use hinamori_sim::townsfolk::registers;
use hinamori_sim::tray::{Day, Tray, TrayFile};

use crate::care::PLANTED_PHONE;
use crate::child::wait_until;
use crate::kiosk::Kiosk;
use crate::map::SENT;
use crate::script::{CONVERGE_WITHIN, tap};
use crate::summary::Summary;
use crate::town_hall::{REGISTER_SEED, RESIDENTS, TownHall};
use crate::world::{DistrictCounts, GATE, GYM, World};

/// The district that goes up the hill.
const DISTRICT: &str = "浜町";
/// People of it who pass the check-points.
const CLIMBERS: usize = 180;
/// Cards that are filled in by hand while the power is out.
const PAPERS: u16 = 20;

fn search(kiosk: &mut Kiosk, query: &str) -> anyhow::Result<Found> {
    let query = PersonalText::new(query);
    kiosk.ask(Command::Search { query }, |reply| match reply {
        ToKiosk::Found(found) => Some(found),
        _ => None,
    })
}

pub(crate) fn group(kiosk: &mut Kiosk, district: &str, name: &str) -> anyhow::Result<Group> {
    let command = Command::ShowGroup { district: district.to_owned(), group: name.to_owned() };
    kiosk.ask(command, |reply| match reply {
        ToKiosk::Group(group) => Some(group),
        _ => None,
    })
}

fn not_arrived(kiosk: &mut Kiosk) -> anyhow::Result<NotArrived> {
    let command = Command::ShowNotArrived { district: Some(DISTRICT.to_owned()), from: 0 };
    kiosk.ask(command, |reply| match reply {
        ToKiosk::NotArrived(list) => Some(list),
        _ => None,
    })
}

fn stays(kiosk: &mut Kiosk, command: Command) -> anyhow::Result<Vec<Stay>> {
    kiosk.ask(command, |reply| match reply {
        ToKiosk::Stays(stays) => Some(stays),
        _ => None,
    })
}

/// The names of a district's groups, as the box knows them.
pub(crate) fn groups(kiosk: &mut Kiosk, district: &str) -> anyhow::Result<Vec<String>> {
    let districts = kiosk.ask(Command::ShowDistricts, |reply| match reply {
        ToKiosk::Districts(districts) => Some(districts),
        _ => None,
    })?;
    let found = districts.into_iter().find(|of| of.name == district);
    let found = found.with_context(|| format!("the box knows no {district}"))?;
    Ok(found.groups.into_iter().map(|group| group.name).collect())
}

fn seen(group: &Group) -> usize {
    group.members.iter().filter(|member| member.state != MemberState::NotSeen).count()
}

pub(crate) fn named_later(world: &mut World, summary: &mut Summary) -> anyhow::Result<()> {
    let mut kiosk = world.staffed_kiosk(GYM)?;
    let before = kiosk.leader_list()?;
    let nameless = before.iter().find_map(|item| item.nameless).context("nobody is without a name")?;
    // Read in any script; somebody of the register who has not come yet.
    let found = search(&mut kiosk, "ささき")?;
    let same = search(&mut kiosk, "sasaki")?;
    ensure!(found.people == same.people && found.total > 0, "kana and letters find the same people");
    let open = found.people.iter().find(|person| person.state == MemberState::NotSeen);
    let owner = open.context("all Sasakis are here already")?.person;
    let list = kiosk.ask(Command::GiveName { nameless, person: owner }, |reply| match reply {
        ToKiosk::LeaderList(list) => Some(list),
        _ => None,
    })?;
    ensure!(
        !list.iter().any(|item| item.nameless == Some(nameless)),
        "the line is still in the leader's list"
    );
    let after = search(&mut kiosk, "ささき")?;
    let state = after.people.iter().find(|person| person.person == owner).map(|person| person.state);
    ensure!(state.is_some_and(|state| state != MemberState::NotSeen), "the card's owner is not here");
    // The card that nobody knew is known from now on.
    let answer = tap(world, summary, "unknown", GYM, &mut kiosk)?;
    let (AnswerKind::Here { name } | AnswerKind::Welcome { name, .. }) = answer.kind else {
        bail!("the card's next tap: {:?}", answer.kind)
    };
    ensure!(name.is_some() || list.iter().any(|item| item.nameless.is_some()), "the named card has no name");
    Ok(())
}

pub(crate) fn group_ticked(world: &mut World, _summary: &mut Summary) -> anyhow::Result<()> {
    let mut kiosk = world.staffed_kiosk(GYM)?;
    let name =
        groups(&mut kiosk, DISTRICT)?.into_iter().find(|name| name == "8班").context("no eighth group")?;
    let list = group(&mut kiosk, DISTRICT, &name)?;
    let before = seen(&list);
    let present: Vec<PersonId> = list.members.iter().take(28).map(|member| member.person).collect();
    let leader = *present.first().context("an empty group")?;
    let answer = kiosk.answer_to(Command::DeclareGroup { leader, present: present.clone() })?;
    ensure!(matches!(answer.kind, AnswerKind::Done { .. }), "after the tick list: {:?}", answer.kind);
    let after = seen(&group(&mut kiosk, DISTRICT, &name)?);
    ensure!(after > before && after <= before + present.len(), "{before} were seen, then {after}");
    Ok(())
}

/// 180 people of one district pass two check-points that hear nothing of each other; each lists who it did not see, and when
/// the link is back all three lists are one.
pub(crate) fn district_without_uplink(world: &mut World, _summary: &mut Summary) -> anyhow::Result<()> {
    world.stop_server()?;
    let mut expected = Vec::new();
    for (place, which) in [(GYM, 0), (GATE, 1)] {
        let mut kiosk = world.staffed_kiosk(place)?;
        let before = district(&not_arrived(&mut kiosk)?)?;
        let names: Vec<String> =
            groups(&mut kiosk, DISTRICT)?.into_iter().filter(|name| name != "8班" && name != "3班").collect();
        let mut went = 0;
        let mut newly = 0;
        for name in &names {
            let list = group(&mut kiosk, DISTRICT, name)?;
            let open = list.members.iter().filter(|member| member.state == MemberState::NotSeen);
            // The first half of each group goes by one way, the second by the other.
            let half = list.members.len() / 2;
            let open: Vec<PersonId> = open.map(|member| member.person).collect();
            let (first, second) = open.split_at(half.min(open.len()));
            let mine = if which == 0 { first } else { second };
            let mine: Vec<PersonId> = mine.iter().copied().take(CLIMBERS / 2 - went).collect();
            let Some(leader) = mine.first().copied() else { continue };
            let was = seen(&list);
            kiosk.answer_to(Command::DeclareGroup { leader, present: mine.clone() })?;
            went += mine.len();
            newly += seen(&group(&mut kiosk, DISTRICT, name)?).saturating_sub(was);
        }
        ensure!(went == CLIMBERS / 2, "only {went} people went past {place}");
        let after = district(&not_arrived(&mut kiosk)?)?;
        let newly = u32::try_from(newly)?;
        ensure!(
            after.not_seen + newly == before.not_seen && newly > 0,
            "{place}: {} were missing, {newly} came, {} are missing",
            before.not_seen,
            after.not_seen
        );
        expected.push((place, newly));
    }
    world.start_server()?;
    let gone = i64::from(expected.iter().map(|(_, newly)| newly).sum::<u32>());
    ensure!(gone >= i64::try_from(CLIMBERS)? * 9 / 10, "of {CLIMBERS} people only {gone} count");
    wait_until("one list on both boxes and the server", CONVERGE_WITHIN, || {
        let mut lists = Vec::new();
        for place in [GYM, GATE] {
            lists.push(district(&not_arrived(&mut world.staffed_kiosk(place)?)?)?);
        }
        let server = world.counts()?.district("live", DISTRICT)?;
        Ok(lists.iter().all(|list| *list == server).then_some(()))
    })
}

fn district(list: &NotArrived) -> anyhow::Result<DistrictCounts> {
    let found = list.districts.iter().find(|district| district.name == DISTRICT);
    let found = found.context("the district is not in the list")?;
    Ok(DistrictCounts {
        name: found.name.clone(),
        people: found.people,
        arrived: found.arrived,
        passed: found.passed,
        told_elsewhere: found.told_elsewhere,
        not_seen: found.not_seen,
        support_not_seen: found.support_not_seen,
    })
}

pub(crate) fn going_home(world: &mut World, summary: &mut Summary) -> anyhow::Result<()> {
    let mut kiosk = world.staffed_kiosk(GYM)?;
    let here = tap(world, summary, "hanako", GYM, &mut kiosk)?;
    ensure!(matches!(here.kind, AnswerKind::Here { .. }), "seen again: {:?}", here.kind);
    let left = kiosk.answer_to(Command::Leave { answer: here.id, leaving: Leaving::Left })?;
    let AnswerKind::Left { ask: Some(ask), .. } = &left.kind else { bail!("leaving: {:?}", left.kind) };
    ensure!(ask.destination && !ask.companions.is_empty(), "nobody of the family could go along");
    let along = ask.companions.first().map(|member| member.person).into_iter().collect();
    let destination = Some(Destination::Home);
    let gone = kiosk.answer_to(Command::LeavingTo { answer: left.id, destination, companions: along })?;
    let AnswerKind::Left { departure: Departure { people, until, .. }, ask: None, .. } = gone.kind else {
        bail!("where to: {:?}", gone.kind)
    };
    ensure!(people == 2 && until > gone.at, "{people} went, and nobody asks after them");
    // They are still ours: in the list of stays, as people who live beside the site.
    let beside = stays(&mut kiosk, Command::ShowStays)?;
    ensure!(beside.iter().filter(|stay| stay.state == StayState::Beside).count() == 2, "two live at home");
    Ok(())
}

pub(crate) fn roll_call(world: &mut World, _summary: &mut Summary) -> anyhow::Result<()> {
    let mut kiosk = world.staffed_kiosk(GYM)?;
    let before = stays(&mut kiosk, Command::ShowStays)?;
    let here: Vec<&Stay> = before.iter().filter(|stay| stay.state == StayState::Here).collect();
    ensure!(here.len() > 20, "only {} people are here", here.len());
    let last = here.iter().map(|stay| stay.seen_at).max().context("nobody")?;
    let (missed, met) = here.split_at(2);
    for met in met.chunks(100) {
        let people = met.iter().map(|stay| stay.person).collect();
        stays(&mut kiosk, Command::ConfirmStays { people })?;
    }
    let since = UnixMillis::new(last.get() + 1);
    let after = stays(&mut kiosk, Command::CloseRollCall { since })?;
    let unaccounted: Vec<PersonId> =
        after.iter().filter(|stay| stay.state == StayState::Unaccounted).map(|stay| stay.person).collect();
    let mut expected: Vec<PersonId> = missed.iter().map(|stay| stay.person).collect();
    let mut found = unaccounted.clone();
    expected.sort();
    found.sort();
    ensure!(expected == found, "{} people are unaccounted for", unaccounted.len());
    // Whoever is seen is not missing any more.
    stays(&mut kiosk, Command::ConfirmStays { people: unaccounted })?;
    let none = stays(&mut kiosk, Command::ShowStays)?;
    ensure!(!none.iter().any(|stay| stay.state == StayState::Unaccounted), "somebody is still missing");
    Ok(())
}

/// The plug is pulled; twenty people fill in numbered cards by hand. Later the numbers are keyed in, one of them twice
/// and one read by a scanner as well: twenty more people are here, and none is counted twice.
pub(crate) fn paper(world: &mut World, _summary: &mut Summary) -> anyhow::Result<()> {
    let printed = world.hall().paper_cards("shelter", PAPERS)?;
    let numbers = typed_numbers(&printed);
    let first: BTreeMap<u16, String> = numbers
        .iter()
        .filter(|(_, letter, _)| *letter == 'A')
        .map(|(card, _, text)| (*card, text.clone()))
        .collect();
    ensure!(first.len() == usize::from(PAPERS), "{} cards can be read", first.len());
    let here = {
        let mut kiosk = world.demo_box(GYM).kiosk()?;
        kiosk.lane()?.here
    };
    world.demo_box(GYM).kill()?;
    world.demo_box(GYM).start()?;
    let mut kiosk = world.demo_box(GYM).kiosk()?;
    ensure!(kiosk.lane()?.here == here, "the count is another one after the power came back");
    for text in first.values().chain(first.values().take(1)) {
        let code = PersonalText::new(text.as_str());
        let answer = kiosk.answer_to(Command::Badge { code })?;
        ensure!(
            matches!(answer.kind, AnswerKind::Welcome { name: None, .. } | AnswerKind::Here { .. }),
            "a card keyed in: {:?}",
            answer.kind
        );
    }
    let wrong = first.values().next().context("no card")?.replacen('-', "-1", 1);
    let refused = kiosk.answer_to(Command::Badge { code: PersonalText::new(wrong) })?;
    ensure!(matches!(refused.kind, AnswerKind::HoldAgain { .. }), "a slip of the finger: {:?}", refused.kind);
    kiosk.until("twenty more people", |lane| lane.here == here + u32::from(PAPERS))
}

/// Names, readings and numbers of three thousand people, and of the whole cast, stand in no log, no figure, on no page and on no tablet.
pub(crate) fn nobody_is_named(world: &mut World, _summary: &mut Summary) -> anyhow::Result<()> {
    let list = registers(RESIDENTS, REGISTER_SEED).residents;
    let mut planted: BTreeSet<String> = BTreeSet::new();
    for line in list.lines().skip(1) {
        // Number, name and reading; with and without the space between family and given name.
        let mut fields = line.split(',');
        // One of zeros alone would be found in every hash of nothing.
        planted.extend(
            fields.next().filter(|number| number.bytes().any(|digit| digit != b'0')).map(str::to_owned),
        );
        for name in fields.skip(1).take(2) {
            planted.extend([name.to_owned(), name.replace('　', " "), name.replace('　', "")]);
        }
    }
    let cast = std::fs::read_to_string(TownHall::town_file()?)?;
    let cast =
        cast.lines().filter_map(|line| line.strip_prefix("name = ")?.strip_prefix('"')?.strip_suffix('"'));
    planted.extend(
        cast.filter(|name| name.contains(' ') && !name.contains('館') && !name.contains("登り口"))
            .map(str::to_owned),
    );
    planted.insert(PLANTED_PHONE.to_owned());
    // Serial numbers as anybody would write them.
    let tray = Tray::make(TrayFile::read(&TownHall::tray_file()?)?, Day::today());
    let serials = tray.serials();
    ensure!(serials.len() > 10, "only {} cards have a serial number", serials.len());
    for serial in serials {
        let hex: String = serial.iter().map(|byte| format!("{byte:02x}")).collect();
        let spaced: Vec<String> = serial.iter().map(|byte| format!("{byte:02X}")).collect();
        let number = serial.iter().fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
        planted.extend([hex.to_uppercase(), hex, spaced.join(":"), number.to_string()]);
    }
    ensure!(planted.len() > 5_000, "only {} words are planted", planted.len());
    let mut public: Vec<(String, String)> = Vec::new();
    for path in ["", "drill", "counts.json", "style.css"] {
        public.push((format!("/{path}"), world.public_text(path)?));
    }
    for place in [GYM, GATE] {
        public.push((format!("status of {place}"), format!("{:?}", world.demo_box(place).status()?)));
    }
    let mut logs = 0;
    for file in everything_in(world.folder())? {
        if file.extension().is_some_and(|ending| ending == "log") {
            logs += 1;
            public.push((
                file.display().to_string(),
                String::from_utf8_lossy(&std::fs::read(&file)?).into_owned(),
            ));
        }
    }
    ensure!(logs >= 4, "only {logs} logs were found");
    // What the tablet was sent is one of them.
    let sent = std::fs::read_to_string(world.folder().join(SENT))?;
    for answer in ["200 /api/v1/map/state\n{", "/households\n{", "change\n{"] {
        ensure!(sent.contains(answer), "the tablet was never sent {answer:?}");
    }
    for (place, text) in &public {
        let named = planted.iter().filter(|word| text.contains(word.as_str())).count();
        ensure!(named == 0, "{place} names {named} people or numbers");
    }
    Ok(())
}

/// The numbers on the badges: card, letter, and the text to type.
fn typed_numbers(printed: &str) -> Vec<(u16, char, String)> {
    let words = printed.split_whitespace();
    words
        .filter_map(|word| {
            let mut parts = word.split('-');
            let (_series, card) = (parts.next()?.parse::<u16>().ok()?, parts.next()?.parse().ok()?);
            let letter = parts.next()?.chars().next().filter(char::is_ascii_uppercase)?;
            parts.next().filter(|mark| mark.len() == 2)?;
            parts.next().is_none().then(|| (card, letter, word.to_owned()))
        })
        .collect()
}
