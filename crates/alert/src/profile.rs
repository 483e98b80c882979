//! The rules of the profile JP-evac (docs/jp-evac.md), one function for each of its sections.

use hinamori_model::{Hazard, MunicipalityCode};

use crate::alert::{Alert, Info, Named, named};
use crate::evacuation::{Evacuation, MessageKind, Order, TsunamiKind, WarningLevel};
use crate::judge::{Judge, Step};
use crate::rule::Rule;
use crate::word::{MessageType, ResponseType, Scope, Status, Word};

/// The code that names the profile and its version.
pub const PROFILE_CODE: &str = "JP-evac:1";
/// The longest validity in seconds. What is older can be forgotten: nothing that was sent before is in force any more.
pub const LONGEST_VALIDITY_SECONDS: i64 = 7 * 86_400;

/// Names of parameters.
const MESSAGE: &str = "JP-evac:Message";
const HAZARD: &str = "JP-evac:Hazard";
const ORDER: &str = "JP-evac:Order";
const LEVEL: &str = "JP-evac:WarningLevel";
const TSUNAMI: &str = "JP-evac:TsunamiKind";
pub(crate) const DESTINATION: &str = "JP-evac:Destination";
const READING: &str = "JP-evac:Reading";
/// The geocode of a municipality.
const JISX0402: &str = "JISX0402";

/// Judges an alert that keeps to CAP; what it says, if its codes say it.
pub(crate) fn judge(alert: &Alert, judge: &mut Judge<'_>) -> Option<Evacuation> {
    judge_head(alert, judge);
    judge_thread(alert, judge);
    judge_languages(alert, judge);
    for (number, info) in alert.infos.iter().enumerate() {
        let step = ("info", number);
        judge_times(alert, info, step, judge);
        judge_texts(info, step, judge);
        if is_japanese(info) {
            judge_readings(info, step, judge);
        }
    }
    let first = alert.infos.first()?;
    judge_areas(first, judge);
    let evacuation = evacuation_of(first, judge)?;
    judge_kind(alert, evacuation, judge);
    for (number, info) in alert.infos.iter().enumerate() {
        judge_words(info, evacuation, ("info", number), judge);
    }
    Some(evacuation)
}

/// §1
fn judge_head(alert: &Alert, judge: &mut Judge<'_>) {
    let codes = alert.codes.iter().filter(|code| *code == PROFILE_CODE).count();
    judge.breaks_if(codes != 1, Rule::ProfileCode, &[("code", 0)]);
    judge.breaks_if(alert.status == Status::Draft, Rule::Draft, &[("status", 0)]);
    let is_own_use = matches!(alert.message_type, MessageType::Ack | MessageType::Error);
    judge.breaks_if(is_own_use, Rule::NotForTheTown, &[("msgType", 0)]);
    let is_public = alert.scope == Scope::Public && alert.restriction.is_none() && alert.addresses.is_none();
    judge.breaks_if(!is_public, Rule::NotPublic, &[("scope", 0)]);
    let is_unnamed = alert.note.as_deref().unwrap_or_default().trim().is_empty();
    judge.breaks_if(alert.status == Status::Exercise && is_unnamed, Rule::ExerciseUnnamed, &[("note", 0)]);
}

/// §2
fn judge_thread(alert: &Alert, judge: &mut Judge<'_>) {
    let path = &[("references", 0)];
    let names_some = !alert.references.is_empty();
    match alert.message_type {
        MessageType::Update | MessageType::Cancel => {
            judge.breaks_if(!names_some, Rule::ReferencesMissing, path);
        }
        MessageType::Alert => judge.breaks_if(names_some, Rule::ReferencesInAlert, path),
        MessageType::Ack | MessageType::Error => {}
    }
    let is_foreign = alert.references.iter().any(|earlier| earlier.sender != alert.sender);
    judge.breaks_if(is_foreign, Rule::ForeignReference, path);
}

/// §3
fn judge_times(alert: &Alert, info: &Info, step: Step, judge: &mut Judge<'_>) {
    let path = &[step, ("expires", 0)];
    let Some(expires) = info.expires else { return judge.breaks(Rule::ExpiresMissing, path) };
    let begins = [Some(alert.sent), info.effective, info.onset];
    let is_early = begins.into_iter().flatten().any(|begin| expires <= begin);
    judge.breaks_if(is_early, Rule::ExpiresEarly, path);
    let validity = expires.seconds() - alert.sent.seconds();
    judge.breaks_if(validity > LONGEST_VALIDITY_SECONDS, Rule::ExpiresLate, path);
}

fn is_japanese(info: &Info) -> bool {
    info.language().split('-').next().is_some_and(|tag| tag.eq_ignore_ascii_case("ja"))
}

/// Easy Japanese (やさしい日本語): the variant `simple` of the registry of language tags.
fn is_easy_japanese(info: &Info) -> bool {
    is_japanese(info) && info.language().split('-').any(|part| part.eq_ignore_ascii_case("simple"))
}

fn is_english(info: &Info) -> bool {
    info.language().split('-').next().is_some_and(|tag| tag.eq_ignore_ascii_case("en"))
}

/// §4: the three languages, each once, and all blocks saying the same.
fn judge_languages(alert: &Alert, judge: &mut Judge<'_>) {
    let Some((first, others)) = alert.infos.split_first() else {
        return judge.breaks(Rule::LanguageMissing, &[("info", 0)]);
    };
    let begins_in_japanese = is_japanese(first) && !is_easy_japanese(first);
    judge.breaks_if(!begins_in_japanese, Rule::LanguageMissing, &[("info", 0), ("language", 0)]);
    let has_all = others.iter().any(is_easy_japanese) && others.iter().any(is_english);
    judge.breaks_if(!has_all, Rule::LanguageMissing, &[("info", alert.infos.len())]);
    for (number, info) in alert.infos.iter().enumerate().skip(1) {
        let mut before = alert.infos.iter().take(number);
        let is_again = before.any(|other| other.language().eq_ignore_ascii_case(info.language()));
        let step = ("info", number);
        judge.breaks_if(is_again, Rule::LanguageTwice, &[step, ("language", 0)]);
        for element in differences(first, info) {
            judge.breaks(Rule::LanguagesDiffer, &[step, (element, 0)]);
        }
    }
}

/// What two blocks must have in common and have not.
fn differences(first: &Info, other: &Info) -> impl Iterator<Item = &'static str> {
    let shapes = |info: &Info| -> Vec<_> {
        let shape = |area: &crate::alert::Area| {
            (area.polygons.clone(), area.circles.clone(), area.geocodes.clone(), area.altitude, area.ceiling)
        };
        info.areas.iter().map(shape).collect()
    };
    let codes = |info: &Info| -> Vec<Named> {
        let is_code = |one: &&Named| [MESSAGE, HAZARD, ORDER, LEVEL, TSUNAMI].contains(&one.name.as_str());
        info.parameters.iter().filter(is_code).cloned().collect()
    };
    [
        ("category", first.categories == other.categories),
        ("responseType", first.response_types == other.response_types),
        ("urgency", first.urgency == other.urgency),
        ("severity", first.severity == other.severity),
        ("certainty", first.certainty == other.certainty),
        ("eventCode", first.event_codes == other.event_codes),
        ("effective", first.effective == other.effective),
        ("onset", first.onset == other.onset),
        ("expires", first.expires == other.expires),
        ("parameter", codes(first) == codes(other)),
        ("area", shapes(first) == shapes(other)),
    ]
    .into_iter()
    .filter_map(|(element, is_same)| (!is_same).then_some(element))
}

/// §4: what people read and hear is there, and shows what it is.
fn judge_texts(info: &Info, step: Step, judge: &mut Judge<'_>) {
    let required = [
        ("event", Some(&info.event)),
        ("senderName", info.sender_name.as_ref()),
        ("headline", info.headline.as_ref()),
        ("description", info.description.as_ref()),
        ("instruction", info.instruction.as_ref()),
    ];
    for (element, text) in required {
        let text = text.map_or("", |text| text.trim());
        judge.breaks_if(text.is_empty(), Rule::TextMissing, &[step, (element, 0)]);
        judge.breaks_if(has_invisible(text), Rule::InvisibleCharacter, &[step, (element, 0)]);
    }
    for (number, area) in info.areas.iter().enumerate() {
        let path = &[step, ("area", number), ("areaDesc", 0)];
        judge.breaks_if(area.description.trim().is_empty(), Rule::TextMissing, path);
        judge.breaks_if(has_invisible(&area.description), Rule::InvisibleCharacter, path);
    }
    for (number, parameter) in info.parameters.iter().enumerate() {
        let path = &[step, ("parameter", number)];
        judge.breaks_if(has_invisible(&parameter.value), Rule::InvisibleCharacter, path);
    }
}

/// Characters that change the direction of others, take no room, or mean something in one town only (外字). Joiners and marks
/// of direction stay: some scripts need them.
fn has_invisible(text: &str) -> bool {
    text.chars().any(|character| {
        matches!(character,
            '\u{7f}'..='\u{9f}' | '\u{ad}' | '\u{200b}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{e000}'..='\u{f8ff}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
            | '\u{f0000}'..)
    })
}

/// The one value of a parameter.
fn single<T: Word>(info: &Info, name: &str, judge: &mut Judge<'_>) -> Option<T> {
    let mut values = info.parameters(name);
    let value = values.next().and_then(T::of_text).filter(|_| values.next().is_none());
    let number = info.parameters.iter().position(|one| one.name == name).unwrap_or(info.parameters.len());
    judge.breaks_if(value.is_none(), Rule::Parameter, &[("info", 0), ("parameter", number)]);
    value
}

/// §5
fn evacuation_of(info: &Info, judge: &mut Judge<'_>) -> Option<Evacuation> {
    let message = single::<MessageKind>(info, MESSAGE, judge);
    let hazard = single::<Hazard>(info, HAZARD, judge);
    let order = single::<Order>(info, ORDER, judge);
    let (message, hazard, order) = (message?, hazard?, order?);
    let path_of = |name: &str| {
        let number = info.parameters.iter().position(|one| one.name == name);
        [("info", 0), ("parameter", number.unwrap_or(info.parameters.len()))]
    };
    let has = |name: &str| info.parameters(name).next().is_some();
    let level = WarningLevel::of(hazard, order);
    match (level, has(LEVEL)) {
        (Some(_), false) => judge.breaks(Rule::LevelMissing, &path_of(LEVEL)),
        (None, true) => judge.breaks(Rule::LevelRefused, &path_of(LEVEL)),
        (Some(_), true) => {
            let said = single::<WarningLevel>(info, LEVEL, judge);
            judge.breaks_if(said.is_some() && said != level, Rule::LevelUnfit, &path_of(LEVEL));
        }
        (None, false) => {}
    }
    let tsunami = match (hazard, has(TSUNAMI)) {
        (Hazard::Tsunami, _) => {
            // Nobody walks slowly before a wave, and nobody stays where they are.
            judge.breaks_if(order != Order::EvacuationOrder, Rule::TsunamiKind, &path_of(ORDER));
            Some(single::<TsunamiKind>(info, TSUNAMI, judge)?)
        }
        (_, true) => {
            judge.breaks(Rule::TsunamiKind, &path_of(TSUNAMI));
            None
        }
        (_, false) => None,
    };
    Some(Evacuation { message, hazard, order, level, tsunami })
}

/// §6: what CAP says of the message is what the profile says of it.
fn judge_kind(alert: &Alert, evacuation: Evacuation, judge: &mut Judge<'_>) {
    let fits_type = match evacuation.message {
        MessageKind::Order => matches!(alert.message_type, MessageType::Alert | MessageType::Update),
        MessageKind::AllClear => alert.message_type == MessageType::Update,
        MessageKind::Cancel => alert.message_type == MessageType::Cancel,
    };
    judge.breaks_if(!fits_type, Rule::MessageUnfit, &[("msgType", 0)]);
    let Some(info) = alert.infos.first() else { return };
    let responses = info.response_types.as_slice();
    let fits_response = match (evacuation.message, evacuation.order) {
        (MessageKind::AllClear, _) => responses == [ResponseType::AllClear],
        (MessageKind::Cancel, _) => responses == [ResponseType::None],
        (MessageKind::Order, order) => {
            let wanted = match order {
                Order::EvacuationOrder | Order::EvacuateElderly => ResponseType::Evacuate,
                Order::SecureNow => ResponseType::Shelter,
            };
            let is_other = |response| matches!(response, &ResponseType::AllClear | &ResponseType::None);
            responses.contains(&wanted) && !responses.iter().any(is_other)
        }
    };
    judge.breaks_if(!fits_response, Rule::MessageUnfit, &[("info", 0), ("responseType", 0)]);
}

/// §5 and §6: the words of one block.
fn judge_words(info: &Info, evacuation: Evacuation, step: Step, judge: &mut Judge<'_>) {
    let Evacuation { message, hazard, order, level, tsunami } = evacuation;
    let texts = [
        ("headline", info.headline.as_deref().unwrap_or_default()),
        ("description", info.description.as_deref().unwrap_or_default()),
        ("instruction", info.instruction.as_deref().unwrap_or_default()),
    ];
    let [(_, headline), ..] = texts;
    if level.is_none() {
        for (element, text) in texts.into_iter().chain([("event", info.event.as_str())]) {
            let speaks_of_levels = match hazard {
                Hazard::Volcano => text.replace("噴火警戒レベル", "").contains("警戒レベル"),
                _ => text.contains("警戒レベル"),
            };
            judge.breaks_if(speaks_of_levels, Rule::LevelRefused, &[step, (element, 0)]);
        }
    }
    let is_plain = is_japanese(info) && !is_easy_japanese(info);
    if is_plain {
        let is_event = info.event.strip_prefix(order.japanese()) == Some(message.japanese());
        judge.breaks_if(!is_event, Rule::EventWords, &[step, ("event", 0)]);
        if message == MessageKind::Order {
            let names_level = level.is_none_or(|level| names_level_alone(level, headline));
            judge.breaks_if(!names_level, Rule::LevelUnfit, &[step, ("headline", 0)]);
            let names_kind = tsunami.is_none_or(|kind| kind.is_named_alone(headline));
            judge.breaks_if(!names_kind, Rule::TsunamiKind, &[step, ("headline", 0)]);
        }
    }
    let (rule, own, others): (_, &[&str], &[&str]) = match message {
        MessageKind::Order => return,
        MessageKind::AllClear => {
            (Rule::AllClearWords, &["解除"], &["取消", "取り消", "とりけ", "cancel", "withdraw"])
        }
        MessageKind::Cancel => {
            (Rule::CancelWords, &["取消", "取り消"], &["解除", "かいじょ", "all clear", "all-clear"])
        }
    };
    let lacks_own = is_plain && !own.iter().any(|word| headline.contains(word));
    judge.breaks_if(lacks_own, rule, &[step, ("headline", 0)]);
    for (element, text) in texts.into_iter().chain([("event", info.event.as_str())]) {
        let text = text.to_lowercase();
        let is_mixed = others.iter().any(|word| text.contains(word));
        judge.breaks_if(is_mixed, rule, &[step, (element, 0)]);
    }
}

/// Whether a headline says 警戒レベル with this number, and with no other one.
fn names_level_alone(level: WarningLevel, headline: &str) -> bool {
    let mut numbers = headline.split("警戒レベル").skip(1).map(|after| after.trim_start().chars().next());
    let is_it = |digit: Option<char>| {
        let number = u32::from(level.number());
        digit.is_some_and(|digit| {
            digit.to_digit(10) == Some(number) || u32::from(digit) == u32::from('０') + number
        })
    };
    let first = numbers.next().is_some_and(is_it);
    first && numbers.all(is_it)
}

/// §7. The other blocks have the same places, or say so as [`Rule::LanguagesDiffer`]; an area without a code of its own does so in
/// the first one.
fn judge_areas(info: &Info, judge: &mut Judge<'_>) {
    let step = ("info", 0);
    judge.breaks_if(info.areas.is_empty(), Rule::AreaMissing, &[step, ("area", 0)]);
    for (number, area) in info.areas.iter().enumerate() {
        let own = ("area", number);
        let mut codes = named(&area.geocodes, JISX0402).peekable();
        let has_code = codes.peek().is_some() && codes.all(|code| code.parse::<MunicipalityCode>().is_ok());
        judge.breaks_if(!has_code, Rule::MunicipalityCode, &[step, own, ("geocode", 0)]);
        for (number, polygon) in area.polygons.iter().enumerate() {
            let path = &[step, own, ("polygon", number)];
            judge.breaks_if(!polygon.0.iter().all(|point| point.is_in_japan()), Rule::NotInJapan, path);
            judge.breaks_if(!polygon.is_simple(), Rule::NotSimple, path);
        }
        for (number, circle) in area.circles.iter().enumerate() {
            let path = &[step, own, ("circle", number)];
            judge.breaks_if(!circle.center.is_in_japan(), Rule::NotInJapan, path);
        }
    }
}

/// §8: every name of a place or an office can be spoken.
fn judge_readings(info: &Info, step: Step, judge: &mut Judge<'_>) {
    let mut words = Vec::new();
    for (number, parameter) in info.parameters.iter().enumerate().filter(|(_, one)| one.name == READING) {
        match parameter.value.split_once('=').filter(|(word, reading)| !word.is_empty() && is_kana(reading)) {
            Some((word, _)) => words.push(word),
            None => judge.breaks(Rule::ReadingMalformed, &[step, ("parameter", number)]),
        }
    }
    let is_unread = |text: &str| !can_be_read(text, &words);
    let sender = info.sender_name.as_deref().unwrap_or_default();
    judge.breaks_if(is_unread(sender), Rule::ReadingMissing, &[step, ("senderName", 0)]);
    for (number, area) in info.areas.iter().enumerate() {
        let path = &[step, ("area", number), ("areaDesc", 0)];
        judge.breaks_if(is_unread(&area.description), Rule::ReadingMissing, path);
    }
    for (number, parameter) in info.parameters.iter().enumerate().filter(|(_, one)| one.name == DESTINATION) {
        judge.breaks_if(is_unread(&parameter.value), Rule::ReadingMissing, &[step, ("parameter", number)]);
    }
}

fn is_kana(reading: &str) -> bool {
    !reading.trim().is_empty()
        && reading.chars().all(|one| matches!(one, 'ぁ'..='ゖ' | 'ー' | '・' | ' ' | '\u{3000}'))
}

/// Whether every kanji of a name belongs to a word whose reading is known; the longest one counts at each place.
fn can_be_read(name: &str, words: &[&str]) -> bool {
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        let word = words.iter().filter(|word| rest.starts_with(**word)).map(|word| word.len()).max();
        let is_kanji = matches!(first,
            '々' | '〆' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
            | '\u{20000}'..='\u{3ffff}');
        if word.is_none() && is_kanji {
            return false;
        }
        rest = rest.get(word.unwrap_or(first.len_utf8())..).unwrap_or_default();
    }
    true
}
