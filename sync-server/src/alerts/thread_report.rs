//! What the report of a thread says (訓練の報告): from the alert to each stage, by town, district and household, beside the drill before. Nobody is
//! named in it, and a household with hidden people stands in it as any other.

use std::collections::BTreeMap;
use std::sync::Arc;

use hinamori_model::UnixMillis;
use hinamori_paper::{
    DistrictEvacuation, EvacuationFigures, EvacuationReport, HouseholdEvacuation, Mode, TimedStage,
};

use crate::alerts::board::{Inner, Message};
use crate::alerts::progress::{Progress, ended, spread};

/// Stands for the district of households that the town has no more.
const GONE: &str = "いまの 名簿に ない 世帯";

/// The report of a thread, and whether it wears 訓練; nothing of a thread that there is not.
pub(crate) fn thread_report(inner: &Inner, id: &str) -> Option<(Mode, EvacuationReport)> {
    let thread = inner.thread(id);
    let first = thread.first()?;
    let all = by_district(inner, &thread);
    let before = drill_before(inner, first);
    let mean = |name: &str| {
        let (_, earlier) = before.as_ref()?;
        Some(figures(earlier.get(name)?.iter()).arrived.times?.mean)
    };
    let district = |(name, of): (&String, &Vec<Progress>)| DistrictEvacuation {
        name: name.clone(),
        figures: figures(of.iter()),
        before: mean(name),
    };
    // As the alert names them; those of which it does not know come last.
    let names = &thread.last()?.about.districts;
    let place = |name: &String| names.iter().position(|known| known == name).unwrap_or(names.len());
    let mut districts: Vec<_> = all.iter().map(district).collect();
    districts.sort_by_key(|of| place(&of.name));
    let mut households: Vec<_> = all.values().flatten().map(|one| household(inner, one)).collect();
    // 2班 before 10班.
    households.sort_by_key(|of| (place(&of.district), of.group.chars().count(), of.group.clone()));
    let report = EvacuationReport {
        title: first.about.title.clone(),
        sent: first.sent(),
        ended: ended(&thread),
        town: figures(all.values().flatten()),
        before: before.as_ref().map(|(sent, earlier)| (*sent, figures(earlier.values().flatten()))),
        districts,
        households,
    };
    Some((if first.about.is_exercise { Mode::Drill } else { Mode::Live }, report))
}

type ByDistrict = BTreeMap<String, Vec<Progress>>;

fn by_district(inner: &Inner, thread: &[Arc<Message>]) -> ByDistrict {
    let mut all = ByDistrict::new();
    for one in inner.progress(thread) {
        let district = inner.households.one(one.household).map_or(GONE.to_owned(), |of| of.district);
        all.entry(district).or_default().push(one);
    }
    all
}

/// The latest drill of the same hazard that began before this thread, and of which there is anything to compare.
fn drill_before(inner: &Inner, first: &Message) -> Option<(UnixMillis, ByDistrict)> {
    let hazard = |message: &Message| message.signed.alert().evacuation().hazard;
    let is_earlier = |message: &&Arc<Message>| {
        let begins = message.about.thread.is_none();
        begins
            && message.about.is_exercise
            && hazard(message) == hazard(first)
            && message.sent() < first.sent()
    };
    let mut drills: Vec<_> = inner.messages.iter().filter(is_earlier).collect();
    drills.sort_by_key(|message| std::cmp::Reverse(message.sent()));
    drills.into_iter().find_map(|message| {
        let all = by_district(inner, &inner.thread(&message.thread()));
        let EvacuationFigures { acknowledged, check_point, arrived, .. } = figures(all.values().flatten());
        let has_times = [acknowledged, check_point, arrived].iter().any(|stage| stage.times.is_some());
        has_times.then(|| (message.sent(), all))
    })
}

fn figures<'a>(all: impl Iterator<Item = &'a Progress> + Clone) -> EvacuationFigures {
    let count = |at: fn(&Progress) -> Option<UnixMillis>| {
        u32::try_from(all.clone().filter(|one| at(one).is_some()).count()).unwrap_or(u32::MAX)
    };
    let timed = |at: fn(&Progress) -> Option<UnixMillis>| TimedStage {
        households: count(at),
        times: spread(all.clone().filter_map(|one| one.after(at(one))).collect()),
    };
    EvacuationFigures {
        told: count(|one| Some(one.told)),
        delivered: count(|one| one.delivered),
        shown: count(|one| one.shown),
        acknowledged: timed(Progress::acknowledged),
        check_point: timed(|one| one.check_point),
        arrived: timed(|one| one.arrived),
    }
}

fn household(inner: &Inner, one: &Progress) -> HouseholdEvacuation {
    let of = inner.households.one(one.household);
    let Progress { told, delivered, shown, help, check_point, arrived, .. } = *one;
    HouseholdEvacuation {
        district: of.as_ref().map_or(GONE.to_owned(), |of| of.district.clone()),
        group: of.as_ref().map_or(String::new(), |of| of.group.clone()),
        people: of.as_ref().map_or(0, |of| of.people),
        needs_support: of.is_some_and(|of| of.needs_support),
        told,
        delivered,
        shown,
        acknowledged: one.acknowledged(),
        asked_for_help: help.is_some(),
        check_point,
        arrived,
    }
}
