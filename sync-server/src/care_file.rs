//! 看護師の一覧: who needs something, of the whole town or one site, the most urgent first, as CSV.
//!
//! The order is that of the list on a box ([`nurse_order`]). Hidden people are not on it: a file goes from hand to hand, and the
//! nurse who may know of them sees them on the box of their site. Nobody who is gone is on it either.

use std::collections::BTreeMap;
use std::path::PathBuf;

use hinamori_model::{Mode, NeedKind, PersonId, PersonalText, SiteId, TownKey, UnixMillis, YesNo};
use hinamori_profile::{Need, TextField, nurse_order};
use hinamori_record::{Presence, presence_of};
use hinamori_report::{CsvFile, mark};

use crate::data::DataFolder;
use crate::figures::for_each_history;
use crate::hall::{Hall, HallError, Townspeople, WhichIncident, write_out};
use crate::own_shelter::Places;
use crate::page::japan_time;
use crate::profiles::{Profiles, keys_of};

/// Which list goes to which file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CareFile {
    /// Of which incident.
    pub incident: WhichIncident,
    /// Of one site; of all where nothing is said.
    pub site: Option<SiteId>,
    /// CSV.
    pub csv: PathBuf,
}

/// Somebody who is here or still ours, with everything that was answered about their needs.
struct Patient {
    presence: Presence,
    name: Option<PersonalText>,
    kana: Option<PersonalText>,
    needs: Vec<Need>,
}

/// Writes the list. Gives back how many people are on it.
///
/// # Errors
/// [`HallError`]; nothing is written before the log has it.
pub fn write_care(
    folder: &DataFolder,
    file: &CareFile,
    user: &str,
    now: UnixMillis,
) -> Result<usize, HallError> {
    let hall = Hall::open(folder)?;
    let mode = Mode::from(file.incident);
    let (people, places) = (hall.people(mode)?, hall.places(mode)?);
    let patients = patients(&hall, &people, &places, mode, file.site)?;
    let round = nurse_order(patients.iter().map(|(person, of)| (*person, of.needs.as_slice())), now);
    hall.note(user, "care", mode, round.len(), now)?;
    let mut csv = CsvFile::new();
    csv.record(["区分", "順", "拠点", "氏名", "フリガナ", "要ること", "期限", "備考", "最後に見た日時"]);
    let of_round = round.iter().filter_map(|item| Some((item, patients.get(&item.person)?)));
    for (number, (item, Patient { presence, name, kana, needs })) in (1_u32..).zip(of_round) {
        csv.text(mark(mode)).number(number).text(&places.name(presence.site));
        csv.text(name.as_ref().map_or("（名前 未登録）", |name| name.expose()));
        csv.text(kana.as_ref().map_or("", |kana| kana.expose())).text(&kinds(needs));
        csv.text(&item.due_by.map(japan_time).unwrap_or_default()).text(&notes(needs));
        csv.text(&japan_time(presence.seen_at.millis())).end();
    }
    write_out(&file.csv, &csv.into_bytes())?;
    Ok(round.len())
}

/// Everybody who may be on the list, also those who need nothing.
fn patients(
    hall: &Hall,
    people: &Townspeople,
    places: &Places,
    mode: Mode,
    site: Option<SiteId>,
) -> Result<BTreeMap<PersonId, Patient>, HallError> {
    let mut staying = Vec::new();
    for_each_history(&hall.stores, &hall.package, mode, |person, records| {
        let Some(mut presence) = presence_of(records) else { return };
        presence.site = places.counted_at(presence.site);
        let is_shown = people.not_hidden(person).is_some() && presence.state.is_a_stay();
        if is_shown && site.is_none_or(|site| presence.site == site) {
            staying.push((person, presence));
        }
    })?;
    let keys = keys_of(&hall.package);
    let profiles = Profiles::new(&hall.stores, hall.package.incidents, &keys);
    let town = TownKey::new(hall.package.key.0);
    let mut patients = BTreeMap::new();
    for (person, presence) in staying {
        let known = people.person(person);
        let profile = profiles.of(mode, person)?;
        let mut needs = profile.needs_with(known.map(|known| known.support).unwrap_or_default());
        // What somebody said at a box while they hid is theirs also afterwards.
        needs.extend(profiles.of(mode, town.shadow_of(person))?.needs().cloned());
        let text = |field, of_roster: Option<&PersonalText>| profile.text(field).or(of_roster).cloned();
        let name = text(TextField::Name, known.map(|known| &known.name));
        let kana = text(TextField::Kana, known.map(|known| &known.kana));
        patients.insert(person, Patient { presence, name, kana, needs });
    }
    Ok(patients)
}

/// What is needed, the gravest first.
fn kinds(needs: &[Need]) -> String {
    let mut kinds: Vec<NeedKind> = there(needs).map(|need| need.kind).collect();
    kinds.sort_unstable_by_key(|kind| (kind.severity(), *kind));
    kinds.dedup();
    kinds.into_iter().map(word).collect::<Vec<_>>().join("、")
}

fn notes(needs: &[Need]) -> String {
    let notes = there(needs)
        .filter_map(|need| Some(format!("{}: {}", word(need.kind), need.note.as_ref()?.expose())));
    notes.collect::<Vec<_>>().join("、")
}

fn there(needs: &[Need]) -> impl Iterator<Item = &Need> {
    needs.iter().filter(|need| need.answer == YesNo::Yes)
}

const fn word(kind: NeedKind) -> &'static str {
    match kind {
        NeedKind::Frail => "要支援・要介護",
        NeedKind::PhysicalDisability => "身体障害",
        NeedKind::IntellectualDisability => "知的障害",
        NeedKind::MentalDisability => "精神障害",
        NeedKind::Pregnant => "妊娠中",
        NeedKind::Infant => "乳児",
        NeedKind::IntractableDisease => "難病",
        NeedKind::Dementia => "認知症",
        NeedKind::Wheelchair => "車いす",
        NeedKind::Oxygen => "酸素",
        NeedKind::Ventilator => "人工呼吸器",
        NeedKind::Dialysis => "透析",
        NeedKind::Insulin => "インスリン",
        NeedKind::MentalHealth => "こころのぐあい",
        NeedKind::Visual => "見えにくい",
        NeedKind::Hearing => "聞こえにくい",
        NeedKind::SignLanguage => "手話",
        NeedKind::WrittenConversation => "筆談",
        NeedKind::Braille => "点字",
        NeedKind::ReadAloud => "読み上げ",
        NeedKind::EasyJapanese => "やさしい日本語",
        NeedKind::Interpreter => "通訳",
        NeedKind::GenderNeutralPlace => "性別を問わない場所",
        NeedKind::ReligiousFood => "宗教・信条の食事",
        NeedKind::Medication => "服薬",
        NeedKind::InjuredNow => "けが",
        NeedKind::FeverOrCough => "熱・せき",
        NeedKind::Infection => "感染症",
        NeedKind::AllergyEgg => "アレルギー:卵",
        NeedKind::AllergyMilk => "アレルギー:乳",
        NeedKind::AllergyWheat => "アレルギー:小麦",
        NeedKind::AllergyBuckwheat => "アレルギー:そば",
        NeedKind::AllergyPeanut => "アレルギー:落花生",
        NeedKind::AllergyShrimp => "アレルギー:えび",
        NeedKind::AllergyCrab => "アレルギー:かに",
        NeedKind::AllergyWalnut => "アレルギー:くるみ",
        NeedKind::AllergyOther => "アレルギー: その他",
        NeedKind::AskedLifeSupport => "酸素・透析・インスリンのどれか",
        NeedKind::AskedInjuryOrFever => "けが・熱のどちらか",
        NeedKind::AskedNotAlone => "ひとりでは難しい",
    }
}
