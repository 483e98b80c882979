//! From a prepared message, districts and their households to the exact bytes that officers sign. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hinamori_alert::{
    Alert, Area, CapTime, Category, Certainty, Content, EVERYBODY, Info, Instruction, MessageId, MessageKind,
    MessageType, Named, Notice, Order, Polygon, Report, ResponseType, Ruby, Scope, Severity, SignedAlert,
    Status, Urgency, ValidAlert, Word, write,
};
use hinamori_model::{Hazard, HouseholdId, UnixMillis};

use crate::plan::{BadPlan, District, Ending, Plan, Prepared, Text, Texts, Way};

/// Stands in a prepared text for the places of the districts.
const PLACES: &str = "［行き先］";
/// Stands there where no district has a place: it is warned all the same.
const SOMEWHERE: (&str, &str) = ("安全な 場所", "a safe place");
/// Places that a set shows in one panel. Of more, a stranger would have to know the town to choose.
const MOST_PLACES: usize = 3;

/// What is to be said.
#[derive(Debug, Clone)]
pub struct Wanted<'a> {
    /// Which of the plan's messages.
    pub prepared: &'a Prepared,
    /// Whether it orders, ends or takes back.
    pub kind: MessageKind,
    /// Whether it is a drill.
    pub is_exercise: bool,
    /// For whom, in the plan's order.
    pub districts: Vec<&'a District>,
    /// When the tsunami is expected.
    pub arrives: Option<UnixMillis>,
    /// The messages of its thread.
    pub references: Vec<MessageId>,
    /// By which CAP knows it (CAP 1.2 §3.2.1).
    pub identifier: String,
    /// When it is sent.
    pub sent: UnixMillis,
    /// Until when, where that is not for as long as was prepared.
    pub until: Option<UnixMillis>,
    /// Places that cannot be used now: a district goes to the next one that was prepared for it.
    pub closed: BTreeSet<String>,
}

impl<'a> Wanted<'a> {
    /// Where a district goes; never to a place that is unsafe for the hazard.
    fn way(&self, district: &'a District) -> Option<&'a Way> {
        district.way(self.prepared.hazard, &self.closed)
    }
}

/// A household as an alert sees it. It cannot be printed: its names are in it.
#[derive(Clone)]
pub struct HouseholdToTell {
    /// Which one.
    pub id: HouseholdId,
    /// Where it lives, as the plan names districts.
    pub district: String,
    /// Its neighbourhood's group; may be empty.
    pub group: String,
    /// As they want to be called.
    pub names: Vec<String>,
    /// How many live in it.
    pub people: u32,
    /// Whether one of them is on the town's list of those who need support.
    pub needs_support: bool,
}

impl HouseholdToTell {
    /// One that was told before, and that the town's list does not have any more.
    pub fn unknown(id: HouseholdId) -> Self {
        let (district, group) = ("名簿に ない 世帯".to_owned(), String::new());
        Self { id, district, group, names: Vec::new(), people: 0, needs_support: false }
    }
}

/// What was made.
pub struct Composed {
    /// The exact bytes of the alert.
    pub bytes: Vec<u8>,
    /// The same, judged.
    pub valid: ValidAlert,
    /// What each household is told, in the order in which they were given, and behind them what [`EVERYBODY`] is.
    pub instructions: Vec<Instruction>,
    /// What a household of the first district sees, without names.
    pub sample: Vec<u8>,
}

/// Where a district of this message goes; nothing for a district that the plan sends nowhere, or nowhere safe.
pub fn ways<'a>(wanted: &Wanted<'a>) -> BTreeMap<&'a str, &'a Way> {
    let way = |district: &&'a District| Some((district.name.as_str(), wanted.way(district)?));
    wanted.districts.iter().filter_map(way).collect()
}

/// Places that an order passes over although its districts would go there first: officers closed them, and whoever changes the order goes on
/// without them. Where it names none of a district's places, all of them are closed if that was said at a box, where officers close places; the town
/// hall's plan may have changed since.
pub fn closed_in(plan: &Plan, order: &SignedAlert) -> BTreeSet<String> {
    closed_by(plan, order.alert(), order.sequence().is_of_a_box())
}

fn closed_by(plan: &Plan, valid: &ValidAlert, is_of_a_box: bool) -> BTreeSet<String> {
    let (alert, hazard) = (valid.alert(), valid.evacuation().hazard);
    if valid.evacuation().message != MessageKind::Order {
        // How something ends names no place, and closes none.
        return BTreeSet::new();
    }
    let used: BTreeSet<&str> = alert.destinations().collect();
    let mut closed = BTreeSet::new();
    for district in alert.districts().filter_map(|name| plan.district(name)) {
        let safe =
            || district.ways(hazard).filter(|way| way.safe != Some(false)).map(|way| way.place.plain());
        if is_of_a_box || safe().any(|place| used.contains(place.as_str())) {
            closed.extend(safe().take_while(|place| !used.contains(place.as_str())));
        }
    }
    closed
}

/// The prepared message of which an alert was made, by what it says: a message carries no name of the plan's. Of several that fit, the one
/// that is called the same in English.
pub fn prepared_of<'p>(plan: &'p Plan, alert: &ValidAlert) -> Option<&'p Prepared> {
    let of = alert.evacuation();
    let fits = |prepared: &&Prepared| {
        prepared.hazard == of.hazard && prepared.order == of.order && prepared.tsunami == of.tsunami
    };
    let event = alert.alert().info_in("en").map(|info| info.event.as_str());
    let is_called = |prepared: &&Prepared| Some(texts(prepared, of.message).english.event.as_str()) == event;
    let mut all = plan.messages.iter().filter(fits);
    all.clone().find(is_called).or_else(|| all.next())
}

/// Makes the alert and what each household, and [`EVERYBODY`], is told. `salt` gives sixteen random bytes for each.
///
/// # Errors
/// The rules that the alert would break.
pub fn compose<E>(
    plan: &Plan,
    wanted: &Wanted<'_>,
    households: &[HouseholdToTell],
    mut salt: impl FnMut() -> Result<[u8; 16], E>,
) -> Result<Result<Composed, BadPlan>, E> {
    let bytes = write(&alert(plan, wanted));
    let kind = wanted.kind.text();
    let breaks = |rules: String| BadPlan::Breaks { message: wanted.prepared.id.clone(), kind, rules };
    let valid = match Report::of(&bytes) {
        Err(refusal) => return Ok(Err(breaks(refusal.to_string()))),
        Ok(report) => match report.into_valid() {
            Ok(valid) => valid,
            Err(violations) => {
                let rules: BTreeSet<String> = violations.iter().map(ToString::to_string).collect();
                return Ok(Err(breaks(rules.into_iter().collect::<Vec<_>>().join("; "))));
            }
        },
    };
    let ways = ways(wanted);
    let mut by_way: BTreeMap<Option<&str>, Alike> = BTreeMap::new();
    let mut instructions = Vec::with_capacity(households.len().saturating_add(1));
    // Everybody is told anyway, and once.
    for household in households.iter().filter(|household| household.id != EVERYBODY) {
        let way = ways.get_key_value(household.district.as_str());
        let alike = by_way
            .entry(way.map(|(district, _)| *district))
            .or_insert_with(|| Alike::of(plan, wanted, way.map(|(_, way)| *way), &valid));
        let content = alike.to_household(&household.names);
        instructions.push(Instruction { household: household.id, salt: salt()?, content });
    }
    let common = common_way(wanted);
    let content = notice(plan, wanted, common.as_ref(), Whom::everybody(plan, wanted)).content(&valid);
    instructions.push(Instruction { household: EVERYBODY, salt: salt()?, content });
    let sample =
        notice(plan, wanted, ways.values().next().copied(), Whom::default()).content(&valid).to_vec();
    Ok(Ok(Composed { bytes, valid, instructions, sample }))
}

/// What all households of one way are told alike. It is put together once: a town has thousands of households, and few ways.
struct Alike {
    opening: Arc<[u8]>,
    speech: String,
    /// Where in it the names are called, if they are.
    names_at: Option<usize>,
}

impl Alike {
    fn of(plan: &Plan, wanted: &Wanted<'_>, way: Option<&Way>, valid: &ValidAlert) -> Self {
        let notice = notice(plan, wanted, way, Whom::default());
        let names_at = (wanted.kind == MessageKind::Order).then(|| called_by(plan).len());
        Self { opening: notice.alike(valid), speech: notice.speech, names_at }
    }

    fn to_household(&self, names: &[String]) -> Content {
        let Some((before, after)) = self.names_at.and_then(|at| self.speech.split_at_checked(at)) else {
            return Notice::to_household(&self.opening, &[], &self.speech);
        };
        let mut speech = String::from(before);
        names.iter().for_each(|name| speech.extend([name, "。"]));
        speech.push_str(after);
        Notice::to_household(&self.opening, names, &speech)
    }
}

/// Whom a set names first when it speaks.
fn called_by(plan: &Plan) -> String {
    format!("{}から。", plan.issuer.spoken())
}

/// Judges everything that a plan could say, in all districts at once.
///
/// # Errors
/// The first message that breaks a rule.
pub fn judge(plan: &Plan) -> Result<(), BadPlan> {
    let sent = UnixMillis::new(1_800_000_000_000);
    let earlier = MessageId {
        sender: plan.sender.clone(),
        identifier: "earlier".to_owned(),
        sent: CapTime::in_japan(UnixMillis::new(1_799_999_000_000)),
    };
    for prepared in &plan.messages {
        for kind in [MessageKind::Order, MessageKind::AllClear, MessageKind::Cancel] {
            let references = if kind == MessageKind::Order { Vec::new() } else { vec![earlier.clone()] };
            let wanted = Wanted {
                prepared,
                kind,
                is_exercise: true,
                districts: plan.districts.iter().collect(),
                arrives: None,
                references,
                identifier: "judged".to_owned(),
                sent,
                until: None,
                closed: BTreeSet::new(),
            };
            let composed = compose(plan, &wanted, &[], || Ok::<_, std::convert::Infallible>([0; 16]));
            let Ok(composed) = composed;
            composed?;
        }
    }
    Ok(())
}

fn alert(plan: &Plan, wanted: &Wanted<'_>) -> Alert {
    let Wanted { prepared, kind, is_exercise, references, identifier, sent, .. } = wanted;
    let message_type = match kind {
        MessageKind::Order if references.is_empty() => MessageType::Alert,
        MessageKind::Order | MessageKind::AllClear => MessageType::Update,
        MessageKind::Cancel => MessageType::Cancel,
    };
    let texts = texts(prepared, *kind);
    Alert {
        identifier: identifier.clone(),
        sender: plan.sender.clone(),
        sent: CapTime::in_japan(*sent),
        status: if *is_exercise { Status::Exercise } else { Status::Actual },
        message_type,
        scope: Scope::Public,
        codes: vec!["JP-evac:1".to_owned()],
        note: is_exercise.then(|| format!("{} {}", plan.issuer.plain(), "防災訓練")),
        references: references.clone(),
        infos: vec![
            info(plan, wanted, "ja", &texts.japanese),
            info(plan, wanted, "ja-simple", &texts.simple),
            info(plan, wanted, "en", &texts.english),
        ],
        ..Alert::default()
    }
}

const fn texts(prepared: &Prepared, kind: MessageKind) -> &Texts {
    match kind {
        MessageKind::Order => &prepared.texts,
        MessageKind::AllClear => &prepared.all_clear.texts,
        MessageKind::Cancel => &prepared.cancel.texts,
    }
}

fn info(plan: &Plan, wanted: &Wanted<'_>, language: &str, text: &Text) -> Info {
    let Wanted { prepared, kind, districts, sent, arrives, until, .. } = wanted;
    let is_english = language == "en";
    let (urgency, severity, certainty) = match (kind, prepared.order) {
        (MessageKind::Order, Order::EvacuateElderly) => {
            (Urgency::Expected, Severity::Severe, Certainty::Likely)
        }
        (MessageKind::Order, _) => (Urgency::Immediate, Severity::Extreme, Certainty::Likely),
        (MessageKind::AllClear, _) => (Urgency::Past, Severity::Minor, Certainty::Observed),
        (MessageKind::Cancel, _) => (Urgency::Past, Severity::Minor, Certainty::Unlikely),
    };
    let response = match (kind, prepared.order) {
        (MessageKind::Order, Order::SecureNow) => ResponseType::Shelter,
        (MessageKind::Order, _) => ResponseType::Evacuate,
        (MessageKind::AllClear, _) => ResponseType::AllClear,
        (MessageKind::Cancel, _) => ResponseType::None,
    };
    let event = if language == "ja" {
        format!("{}{}", prepared.order.japanese(), kind.japanese())
    } else {
        text.event.clone()
    };
    let places = places(wanted, is_english);
    let filled = |text: &str| Some(text.replace(PLACES, &places));
    let area = |district: &&District| Area {
        description: match is_english {
            true => format!("{}, {}", district.english, plan.issuer_english),
            false => format!("{} {}", plan.issuer.plain(), district.name),
        },
        polygons: district.polygon().into_iter().collect::<Vec<Polygon>>(),
        geocodes: vec![named("JISX0402", plan.municipality()), named("JP-evac:District", &district.name)],
        ..Area::default()
    };
    Info {
        language: Some(language.to_owned()),
        categories: vec![match prepared.hazard {
            Hazard::Flood | Hazard::StormSurge | Hazard::InlandFlood => Category::Met,
            Hazard::Landslide | Hazard::Earthquake | Hazard::Tsunami | Hazard::Volcano => Category::Geo,
            Hazard::Fire => Category::Fire,
        }],
        event,
        response_types: vec![response],
        urgency,
        severity,
        certainty,
        onset: arrives.filter(|_| *kind == MessageKind::Order).map(CapTime::in_japan),
        expires: Some(CapTime::in_japan(until.unwrap_or_else(|| ends(*sent, prepared, *kind)))),
        sender_name: Some(if is_english { plan.issuer_english.clone() } else { plan.issuer.plain() }),
        headline: filled(&text.headline),
        description: filled(&text.description),
        instruction: filled(&text.instruction),
        parameters: parameters(plan, wanted, is_english),
        areas: districts.iter().map(area).collect(),
        ..Info::default()
    }
}

/// The places of all districts, once each, in the order of the plan.
fn places(wanted: &Wanted<'_>, is_english: bool) -> String {
    let mut all: Vec<String> = Vec::new();
    for way in wanted.districts.iter().filter_map(|district| wanted.way(district)) {
        let place = if is_english { way.english.clone() } else { way.place.plain() };
        if !all.contains(&place) {
            all.push(place);
        }
    }
    if all.is_empty() {
        all.push(if is_english { SOMEWHERE.1 } else { SOMEWHERE.0 }.to_owned());
    }
    all.join(if is_english { ", " } else { "・" })
}

/// An order holds as long as it was prepared for; how it ended is shown for three hours.
fn ends(sent: UnixMillis, prepared: &Prepared, kind: MessageKind) -> UnixMillis {
    let hours = if kind == MessageKind::Order { prepared.hours } else { 3 };
    sent.plus(u64::from(hours).saturating_mul(3_600_000))
}

fn parameters(plan: &Plan, wanted: &Wanted<'_>, is_english: bool) -> Vec<Named> {
    let Wanted { prepared, kind, districts, .. } = wanted;
    let mut all = vec![
        named("JP-evac:Message", kind.text()),
        named("JP-evac:Hazard", prepared.hazard.name()),
        named("JP-evac:Order", prepared.order.text()),
    ];
    if let Some(level) = prepared.level() {
        all.push(named("JP-evac:WarningLevel", &level.number().to_string()));
    }
    if let Some(kind) = prepared.tsunami {
        all.push(named("JP-evac:TsunamiKind", kind.text()));
    }
    let ways: Vec<&Way> = districts.iter().filter_map(|district| wanted.way(district)).collect();
    let mut push = |one: Named| {
        if !all.contains(&one) {
            all.push(one);
        }
    };
    if *kind == MessageKind::Order {
        for way in &ways {
            let place = if is_english { way.english.clone() } else { way.place.plain() };
            push(named("JP-evac:Destination", &place));
        }
    }
    if !is_english {
        let of_districts = districts.iter().map(|district| (district.name.as_str(), district.reading()));
        let of_places = ways.iter().flat_map(|way| way.place.readings().chain(way.road.readings()));
        for (word, reading) in plan.issuer.readings().chain(of_districts).chain(of_places) {
            push(named("JP-evac:Reading", &format!("{word}={reading}")));
        }
    }
    all
}

fn named(name: &str, value: &str) -> Named {
    Named { name: name.to_owned(), value: value.to_owned() }
}

/// Who is told.
#[derive(Default)]
struct Whom {
    names: Vec<String>,
    spoken: String,
    english: String,
}

impl Whom {
    /// A set that is no household's has to say whose alert it shows: whoever stands before it may live elsewhere.
    fn everybody(plan: &Plan, wanted: &Wanted<'_>) -> Self {
        let all =
            plan.districts.iter().all(|known| wanted.districts.iter().any(|own| own.name == known.name));
        let (mut names, spoken, english) = if all {
            (vec![plan.issuer.plain()], plan.issuer.spoken(), plan.issuer_english.clone())
        } else {
            let of = |word: fn(&District) -> &str, between: &str| {
                wanted.districts.iter().map(|district| word(district)).collect::<Vec<_>>().join(between)
            };
            let names = wanted.districts.iter().map(|district| district.name.clone()).collect();
            (names, of(District::reading, "、"), of(|district| &district.english, ", "))
        };
        names.last_mut().into_iter().for_each(|last| last.push_str("の みなさん"));
        Self { names, spoken: format!("{spoken}の みなさん。"), english: format!("{english}: ") }
    }
}

/// Where all districts of a message go together: every place once, and the road and what is known of the place only where they are the same.
/// Where one of them goes nowhere, each place says for whom it is, and there is no road: nobody is to follow it who was not meant. Nothing where no
/// district goes anywhere, or to more places than a set shows.
fn common_way(wanted: &Wanted<'_>) -> Option<Way> {
    let mut going = wanted.districts.iter().filter_map(|district| Some((*district, wanted.way(district)?)));
    let goes_nowhere = going.clone().count() < wanted.districts.len();
    let named = |district: &District, way: &Way| {
        if !goes_nowhere {
            return (way.place.clone(), way.english.clone());
        }
        let name = Ruby::read(&format!("{{{}|{}}}", district.name, district.reading()));
        (Ruby::joined([&name, &way.place], "は "), format!("{} ({})", way.english, district.english))
    };
    let (first, way) = going.next()?;
    let (mut common, mut places) = (way.clone(), vec![named(first, way)]);
    if goes_nowhere {
        (common.road, common.road_english, common.fact) = (Ruby::default(), String::new(), None);
    }
    for (district, way) in going {
        if way.road != common.road {
            (common.road, common.road_english) = (Ruby::default(), String::new());
        }
        common.fact = common.fact.filter(|fact| way.fact.as_ref() == Some(fact));
        let place = named(district, way);
        if !places.contains(&place) {
            places.push(place);
        }
    }
    let english: Vec<&str> = places.iter().map(|(_, english)| english.as_str()).collect();
    common.english = english.join(" or ");
    common.place = Ruby::joined(places.iter().map(|(place, _)| place), " か ");
    (places.len() <= MOST_PLACES).then_some(common)
}

/// What one household's television shows.
fn notice(plan: &Plan, wanted: &Wanted<'_>, way: Option<&Way>, whom: Whom) -> Notice {
    let Wanted { prepared, kind, arrives, .. } = wanted;
    let Prepared { act, act_english, after, all_clear, cancel, .. } = prepared;
    let Whom { names, spoken: spoken_names, english: english_names } = whom;
    match kind {
        MessageKind::Order => {
            let (place, road) = (way.map(|way| &way.place), way.map(|way| &way.road));
            let spoken = |ruby: Option<&Ruby>| ruby.map_or_else(String::new, Ruby::spoken);
            let mut english = format!("{english_names}{act_english}.");
            if let Some(way) = way {
                let by = if way.road_english.is_empty() {
                    String::new()
                } else {
                    format!(", {}", way.road_english)
                };
                english.push_str(&format!(" Go to {}{by}.", way.english));
            }
            let there = place.map_or_else(String::new, |place| format!("{}へ。", place.spoken()));
            Notice {
                title: prepared.title(),
                names,
                act: act.clone(),
                place: place.cloned(),
                road: road.filter(|road| !road.is_empty()).cloned(),
                fact: way.and_then(|way| way.fact.clone()),
                arrives: *arrives,
                after: after.clone(),
                lines: Vec::new(),
                speech: format!(
                    "{}{spoken_names}{}。{there}{}。",
                    called_by(plan),
                    act.spoken(),
                    spoken(road)
                ),
                english,
            }
        }
        MessageKind::AllClear => ending(plan, prepared, all_clear, "解除"),
        MessageKind::Cancel => ending(plan, prepared, cancel, "取消"),
    }
}

fn ending(plan: &Plan, prepared: &Prepared, ending: &Ending, word: &str) -> Notice {
    let spoken: String = ending.lines.iter().map(|line| format!("{}。", line.spoken())).collect();
    let english = &ending.texts.english;
    // The second line is what to do now: the panel between the others.
    let mut lines = ending.lines.clone();
    let act = if lines.len() > 1 { lines.remove(1) } else { Ruby::default() };
    Notice {
        title: format!("{}　{word}", prepared.title()),
        act,
        lines,
        speech: format!("{}{spoken}", called_by(plan)),
        english: format!("{}. {}", english.headline.trim_end_matches('.'), english.instruction),
        ..Notice::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: &str = include_str!("../../../packaging/demo-town/alerts.toml");

    #[test]
    fn whatever_the_demonstration_s_plan_says_keeps_to_the_rules() {
        let plan = Plan::parse(PLAN).unwrap();
        judge(&plan).unwrap();
    }

    #[test]
    fn a_plan_that_would_break_a_rule_is_refused_and_says_where() {
        let bent = |from: &str, to: &str| {
            assert!(PLAN.contains(from), "{from}");
            let plan = Plan::parse(&PLAN.replacen(from, to, 1))?;
            judge(&plan)
        };
        let breaks = |from: &str, to: &str| match bent(from, to) {
            Err(BadPlan::Breaks { message, kind, .. }) => format!("{message} {kind}"),
            other => format!("{other:?}"),
        };
        assert_eq!(breaks("{寺|てら}", "寺"), "tsunami-major Order", "a place without a reading");
        let level = ("headline = \"警戒レベル4 避難指示", "headline = \"警戒レベル3 避難指示");
        assert_eq!(breaks(level.0, level.1), "landslide-4 Order");
        assert_eq!(breaks("避難の必要はありません", "警報は解除です"), "tsunami-major Cancel");
        assert_eq!(breaks("\"All clear\"", "\"Cancelled\""), "tsunami-major AllClear");
        assert!(matches!(bent("hours = 12", "hours = 200"), Err(BadPlan::Content(_))));
        assert!(matches!(bent("tsunami = \"MajorWarning\"\n", ""), Err(BadPlan::Content(_))));
        assert!(matches!(bent("segment = 580", "segment = 58"), Err(BadPlan::Form(_))));
        let twice = "[[coast]]\nsegment = 580\nname = \"a\"\n\n[[district]]\nname = \"浜町\"";
        assert!(matches!(bent("[[district]]\nname = \"浜町\"", twice), Err(BadPlan::Content(_))));
        assert!(matches!(bent("Landslide\"\n", "Avalanche\"\n"), Err(BadPlan::Form(_))));
    }

    #[test]
    fn each_household_is_told_where_its_own_district_goes() {
        let plan = Plan::parse(PLAN).unwrap();
        let wanted = Wanted {
            prepared: plan.message("tsunami-major").unwrap(),
            kind: MessageKind::Order,
            is_exercise: false,
            districts: plan.districts.iter().take(3).collect(),
            arrives: Some(UnixMillis::new(1_800_000_720_000)),
            references: Vec::new(),
            identifier: "1-1".to_owned(),
            sent: UnixMillis::new(1_800_000_000_000),
            until: None,
            closed: BTreeSet::new(),
        };
        let household = |number: u8, district: &str| HouseholdToTell {
            id: HouseholdId::from_bytes([number; 16]),
            district: district.to_owned(),
            group: String::new(),
            names: vec!["さちこさん".to_owned()],
            people: 2,
            needs_support: false,
        };
        let all = [household(1, "浜町"), household(2, "本町")];
        let composed = compose(&plan, &wanted, &all, || Ok::<_, std::convert::Infallible>([9; 16]));
        let Ok(composed) = composed;
        let composed = composed.unwrap();
        let content = |index: usize| -> serde_json::Value {
            serde_json::from_slice(&composed.instructions[index].content.to_vec()).unwrap()
        };
        let told = content(0);
        assert_eq!(told["place"], serde_json::json!([["潮見坂", "しおみざか"], ["の "], ["上", "うえ"]]));
        assert_eq!(told["names"], serde_json::json!(["さちこさん"]));
        assert_eq!(
            (&told["title"], &told["tsunami"]),
            (&"大津波警報　避難指示".into(), &"MajorWarning".into())
        );
        assert_eq!(told["english"], "Evacuate now. Go to the top of Shiomizaka, up the stone steps.");
        assert_eq!(
            told["speech"],
            "しおみちょうから。さちこさん。いますぐ にげて ください。しおみざかの うえへ。いしだんを のぼる。"
        );
        assert!(told.get("level").is_none());
        assert_eq!(content(1)["fact"], "海抜21m");
        // Nobody's set: whose alert it is, every place, no road where they differ.
        assert_eq!(composed.instructions[2].household, EVERYBODY);
        let told = content(2);
        assert_eq!(told["names"], serde_json::json!(["浜町", "汐見", "本町の みなさん"]));
        let places = r#"[["潮見坂","しおみざか"],["の "],["上","うえ"],[" か "],["寺","てら"],["の "],["境内","けいだい"]]"#;
        assert_eq!(told["place"].to_string(), places);
        assert!(
            told["speech"]
                .as_str()
                .unwrap()
                .starts_with("しおみちょうから。はままち、しおみ、ほんまちの みなさん。")
        );
        assert_eq!(
            told["english"],
            "Hamamachi, Shiomi, Honmachi: Evacuate now. Go to the top of Shiomizaka or the temple grounds."
        );
        assert_eq!((told.get("road"), told.get("fact")), (None, None));
        let of_town = Wanted { districts: plan.districts.iter().collect(), ..wanted.clone() };
        let Ok(everywhere) = compose(&plan, &of_town, &[], || Ok::<_, std::convert::Infallible>([9; 16]));
        let told: serde_json::Value =
            serde_json::from_slice(&everywhere.unwrap().instructions[0].content.to_vec()).unwrap();
        assert_eq!(told["names"], serde_json::json!(["汐見町の みなさん"]));
        let sample: serde_json::Value = serde_json::from_slice(&composed.sample).unwrap();
        assert_eq!(sample["names"], serde_json::json!([]));
        let text = String::from_utf8(composed.bytes).unwrap();
        assert!(text.contains("今すぐ潮見坂の 上・寺の 境内へ"), "each place once: {text}");
        assert!(!text.contains("さちこ"), "nobody is named in what everybody reads");
    }

    #[test]
    fn nobody_is_sent_to_a_place_that_is_unsafe_or_closed_but_to_the_next_one() {
        // The harbour has a second place behind the one that the wave takes.
        let second = "[[district.go]]\nhazards = [\"Tsunami\"]\nplace = \"{神社|じんじゃ}\"\nenglish = \"the shrine\"\nroad = \"\"\nsafe = true\n";
        let harbour = PLAN.split_once("name = \"港町\"").unwrap().1.split_once("[[message]]").unwrap().0;
        let with_second = PLAN.replacen(harbour, &format!("{harbour}{second}"), 1);
        let told = |plan: &Plan, names: &[&str], closed: &[&str]| {
            let wanted = Wanted {
                prepared: plan.message("tsunami-major").unwrap(),
                kind: MessageKind::Order,
                is_exercise: false,
                districts: names.iter().map(|name| plan.district(name).unwrap()).collect(),
                arrives: None,
                references: Vec::new(),
                identifier: "1-1".to_owned(),
                sent: UnixMillis::new(1_800_000_000_000),
                until: None,
                closed: closed.iter().map(|name| (*name).to_owned()).collect(),
            };
            let household = HouseholdToTell {
                district: (*names.last().unwrap()).to_owned(),
                ..HouseholdToTell::unknown(HouseholdId::from_bytes([1; 16]))
            };
            let Ok(composed) =
                compose(plan, &wanted, &[household], || Ok::<_, std::convert::Infallible>([9; 16]));
            let composed = composed.unwrap();
            let words: Vec<Vec<u8>> = composed.instructions.iter().map(|one| one.content.to_vec()).collect();
            let content: serde_json::Value = serde_json::from_slice(&words[0]).unwrap();
            let all = words.into_iter().map(|words| String::from_utf8(words).unwrap());
            let said = [String::from_utf8(composed.bytes).unwrap(), all.collect()].concat();
            assert!(!said.contains("港公民館") && !said.contains("Minato Community Hall"), "{said}");
            (content["place"].to_string(), said)
        };
        let plan = Plan::parse(PLAN).unwrap();
        let (place, said) = told(&plan, &["港町"], &[]);
        assert_eq!(place, "null", "it is warned all the same");
        assert!(said.contains("今すぐ安全な 場所へ") && said.contains("Walk to a safe place now"), "{said}");
        let (place, said) = told(&plan, &["浜町", "港町"], &[]);
        assert_eq!(place, "null");
        assert!(said.contains("今すぐ潮見坂の 上へ"), "{said}");
        let plan = Plan::parse(&with_second).unwrap();
        assert!(told(&plan, &["港町"], &[]).0.contains("神社"));
        assert_eq!(told(&plan, &["港町"], &["神社"]).0, "null");
        assert!(told(&plan, &["浜町"], &[]).0.contains("潮見坂"));
        assert_eq!(told(&plan, &["浜町"], &["潮見坂の 上"]).0, "null");
    }

    #[test]
    fn a_district_that_goes_nowhere_is_not_sent_where_the_others_go() {
        let plan = Plan::parse(PLAN).unwrap();
        let everybody = |names: &[&str]| -> serde_json::Value {
            let districts = names.iter().map(|name| plan.district(name).unwrap()).collect();
            let wanted = Wanted { districts, ..order(&plan) };
            let Ok(composed) = compose(&plan, &wanted, &[], || Ok::<_, std::convert::Infallible>([9; 16]));
            serde_json::from_slice(&composed.unwrap().instructions[0].content.to_vec()).unwrap()
        };
        let alone = everybody(&["浜町"]);
        assert!(alone["road"].is_array() && alone["fact"].is_string());
        // 港町 has no safe place before a tsunami.
        let both = everybody(&["浜町", "港町"]);
        assert_eq!((both.get("road"), both.get("fact")), (None, None));
        let place = r#"[["浜町","はままち"],["は "],["潮見坂","しおみざか"],["の "],["上","うえ"]]"#;
        assert_eq!(both["place"].to_string(), place);
        assert_eq!(everybody(&["港町"]).get("place"), None);
    }

    #[test]
    fn a_place_that_officers_closed_stays_closed_in_what_follows() {
        let plan = Plan::parse(PLAN).unwrap();
        let said = |kind, names: &[&str], closed: &[&str], is_of_a_box| {
            let districts = names.iter().map(|name| plan.district(name).unwrap()).collect();
            let closed = closed.iter().map(|place| (*place).to_owned()).collect();
            let first = MessageId {
                sender: plan.sender.clone(),
                identifier: "1-0".to_owned(),
                sent: CapTime::in_japan(UnixMillis::new(1_799_999_000_000)),
            };
            let references = if kind == MessageKind::Order { Vec::new() } else { vec![first] };
            let wanted = Wanted { kind, districts, closed, references, ..order(&plan) };
            let Ok(composed) = compose(&plan, &wanted, &[], || Ok::<_, std::convert::Infallible>([9; 16]));
            closed_by(&plan, &composed.unwrap().valid, is_of_a_box)
        };
        let place = "潮見坂の 上".to_owned();
        for is_of_a_box in [false, true] {
            let closed = said(MessageKind::Order, &["浜町", "本町"], &[], is_of_a_box);
            assert_eq!(closed, BTreeSet::new());
        }
        let all = said(MessageKind::Order, &["浜町"], &[&place], true);
        assert!(all.contains(&place), "{all:?}");
        assert_eq!(said(MessageKind::AllClear, &["浜町"], &[], true), BTreeSet::new());
    }

    fn order(plan: &Plan) -> Wanted<'_> {
        Wanted {
            prepared: plan.message("tsunami-major").unwrap(),
            kind: MessageKind::Order,
            is_exercise: false,
            districts: Vec::new(),
            arrives: None,
            references: Vec::new(),
            identifier: "1-1".to_owned(),
            sent: UnixMillis::new(1_800_000_000_000),
            until: None,
            closed: BTreeSet::new(),
        }
    }
}
