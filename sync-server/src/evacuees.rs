//! 避難者名簿: who came, for officials, as CSV and as pages.
//!
//! Hidden people are on none of these lists, nor is whoever died: people tell of a death. Somebody of whom only a card or a
//! badge is known stands there without a name.

use std::path::PathBuf;

use hinamori_model::{Mode, PersonId, PersonalText, Sex, SiteId, UnixMillis};
use hinamori_paper::{Press, RosterRow};
use hinamori_record::{Presence, PresenceState, presence_of};
use hinamori_report::{CsvFile, mark};

use crate::counts_file::paper_mode;
use crate::data::DataFolder;
use crate::figures::for_each_history;
use crate::hall::{Hall, HallError, Townspeople, WhichIncident, write_out};
use crate::own_shelter::Places;
use crate::page::japan_time;
use crate::paper::fonts;

/// Which list goes to which files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvacueeFiles {
    /// Of which incident.
    pub incident: WhichIncident,
    /// Of one site; of all where nothing is said, which no pages are made of.
    pub site: Option<SiteId>,
    /// CSV.
    pub csv: Option<PathBuf>,
    /// Pages to print.
    pub pdf: Option<PathBuf>,
}

/// One line.
struct Evacuee {
    person: PersonId,
    presence: Presence,
}

/// Writes the list. Gives back how many people are on it.
///
/// # Errors
/// [`HallError`]; nothing is written before the log has it.
pub fn write_evacuees(
    folder: &DataFolder,
    files: &EvacueeFiles,
    user: &str,
    now: UnixMillis,
) -> Result<usize, HallError> {
    let EvacueeFiles { incident, site, csv, pdf } = files;
    if csv.is_none() && pdf.is_none() {
        return Err(HallError::Asked("say at least one of --csv and --pdf"));
    }
    let hall = Hall::open(folder)?;
    let mode = Mode::from(*incident);
    let people = hall.people(mode)?;
    let places = hall.places(mode)?;
    let evacuees = evacuees_of(&hall, &people, &places, mode, *site)?;
    hall.note(user, "evacuees", mode, evacuees.len(), now)?;
    if let Some(file) = csv {
        write_out(file, &table(&people, &places, mode, &evacuees))?;
    }
    if let Some(file) = pdf {
        let site = site.ok_or(HallError::Asked("pages are made for one site: say which with --site"))?;
        let rows: Vec<RosterRow> =
            (1_u32..).zip(&evacuees).map(|(number, of)| row(&people, number, of)).collect();
        let fonts = fonts()?;
        let press =
            Press { fonts: &fonts, mode: paper_mode(mode), town: &hall.package.name, printed_at: now };
        write_out(file, &press.roster(&places.name(site), &rows)?)?;
    }
    Ok(evacuees.len())
}

/// By site, then by reading, then by name; whoever has no name last.
fn evacuees_of(
    hall: &Hall,
    people: &Townspeople,
    places: &Places,
    mode: Mode,
    site: Option<SiteId>,
) -> Result<Vec<Evacuee>, HallError> {
    let mut evacuees = Vec::new();
    for_each_history(&hall.stores, &hall.package, mode, |person, records| {
        let Some(mut presence) = presence_of(records) else { return };
        presence.site = places.counted_at(presence.site);
        let is_shown = people.not_hidden(person).is_some();
        if is_shown && came(presence.state) && site.is_none_or(|site| presence.site == site) {
            evacuees.push(Evacuee { person, presence });
        }
    })?;
    let order = |of: &Evacuee| {
        let known = people.person(of.person);
        let texts = known.map(|known| (known.kana.clone(), known.name.clone()));
        (of.presence.site, texts.is_none(), texts, of.person)
    };
    evacuees.sort_by_cached_key(order);
    Ok(evacuees)
}

/// Whether somebody of this state came, and may be named.
const fn came(state: PresenceState) -> bool {
    !matches!(state, PresenceState::Passed | PresenceState::ToldElsewhere | PresenceState::Deceased)
}

const fn word(state: PresenceState) -> &'static str {
    match state {
        PresenceState::Here => "在所",
        PresenceState::Out => "外出",
        PresenceState::Overnight => "外泊",
        PresenceState::Moved => "転所",
        PresenceState::Left => "退所",
        PresenceState::AtHome => "在宅",
        PresenceState::InCar => "車中泊",
        PresenceState::Passed | PresenceState::ToldElsewhere | PresenceState::Deceased => "",
    }
}

fn name(people: &Townspeople, person: PersonId) -> PersonalText {
    let nameless = if people.registered(person).is_some() {
        "（名前は端末に）"
    } else {
        "（名前 未登録）"
    };
    people.person(person).map_or_else(|| PersonalText::new(nameless), |known| known.name.clone())
}

fn row(people: &Townspeople, number: u32, of: &Evacuee) -> RosterRow {
    let kana = people.person(of.person).map(|known| known.kana.clone());
    RosterRow {
        number: PersonalText::new(number.to_string()),
        name: name(people, of.person),
        kana: kana.unwrap_or_else(|| PersonalText::new("")),
        state: word(of.presence.state).to_owned(),
        since: of.presence.arrived_at.unwrap_or(of.presence.seen_at.millis()),
    }
}

fn table(people: &Townspeople, places: &Places, mode: Mode, evacuees: &[Evacuee]) -> Vec<u8> {
    let mark = mark(mode);
    let mut file = CsvFile::new();
    file.record([
        "区分",
        "拠点",
        "番号",
        "氏名",
        "フリガナ",
        "生年月日",
        "性別",
        "住所",
        "地区",
        "班",
        "続柄",
        "来訪者",
        "状態",
        "来た日時",
        "最後に見た日時",
    ]);
    for (number, Evacuee { person, presence }) in (1_u32..).zip(evacuees) {
        let known = people.person(*person);
        let text = |of: fn(&hinamori_sync::town::Person) -> &str| known.map_or("", of);
        let birth = known.and_then(|known| known.birth).map(|birth| birth.expose());
        let birth = birth.map(|day| format!("{:04}-{:02}-{:02}", day.year(), day.month(), day.day()));
        file.text(mark).text(&places.name(presence.site)).number(number);
        file.text(name(people, *person).expose()).text(text(|known| known.kana.expose()));
        file.text(&birth.unwrap_or_default()).text(match known.map_or(Sex::Unknown, |known| known.sex) {
            Sex::Female => "女",
            Sex::Male => "男",
            Sex::Other => "その他",
            Sex::Unknown => "",
        });
        file.text(text(|known| known.address.expose())).text(text(|known| &known.district));
        file.text(text(|known| &known.group)).text(text(|known| known.relation.expose()));
        file.text(if people.is_visitor(*person) { "1" } else { "" }).text(word(presence.state));
        file.text(&presence.arrived_at.map(japan_time).unwrap_or_default());
        file.text(&japan_time(presence.seen_at.millis())).end();
    }
    file.into_bytes()
}
