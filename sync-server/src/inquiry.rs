//! 安否情報の照会: somebody asks after somebody, and is told what their relation allows.
//!
//! Whom an inquiry means is found by an exact rule: the name (as it is written or read) and the birth date or the address. More
//! than one who fits is nobody. Nothing is guessed, and nobody is proposed.
//!
//! **Hidden people (law 7).** "Hidden", "not held", "held, but not matched" and "did not come" are one sentence. Whoever is hidden
//! stands in no index, so that a search for them fails as a search for a made-up name does; a search that fails goes on with
//! an id that nobody has, and so asks the same questions of the databases as one for somebody who did not come. Every
//! inquiry looks at the same number of places, reads who was hidden since, and is written into the log before it is answered.
//!
//! Whoever is on no roster and was registered in the field (帰省者, 来訪者) is found by what was written down of them.
//!
//! The index holds keyed hashes and ids, no name. The log holds who asked, and of the person asked after a keyed hash: the same one
//! for the same question, so that an auditor sees who asks again and again.

use hinamori_model::{
    BirthDate, CalendarDate, Circle, IncidentId, Mode, PersonId, PersonalText, Sex, UnixMillis,
    holds_my_number,
};
use hinamori_profile::{Entry, Field, TextField};
use hinamori_record::{Presence, PresenceState};
use hinamori_report::{Answer, Known, NotHidden, Secrecy, Tier, answer};
use hinamori_store_sqlite::StoreError;
use hinamori_sync::town::{Person, Site, TownSecret};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::archive::Stores;
use crate::data::{DataFolder, Keys};
use crate::hall::{Hall, HallError, Townspeople, WhichIncident, shown_incident};
use crate::hex;
use crate::profiles::{Profiles, condition_of, consents_of, keys_of, refuses};
use crate::signed_log::{LogError, SignedLog};

mod index;

pub(crate) use index::SoughtIndex;

/// The log of inquiries.
pub(crate) const INQUIRIES: &str = "inquiries";
/// Bytes of an inquiry as JSON.
pub(crate) const LONGEST_INQUIRY: usize = 16 << 10;
/// Characters of one of its fields.
const LONGEST_FIELD: usize = 300;

/// How the inquirer stands to the person, as the clerk made sure by their documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// 同居の親族
    Family,
    /// そのほかの親族
    Relative,
    /// 職場の関係者
    Workplace,
    /// 知人
    Acquaintance,
}

impl Relation {
    const fn tier(self) -> Tier {
        match self {
            Self::Family => Tier::Family,
            Self::Relative | Self::Workplace => Tier::RelativeOrWorkplace,
            Self::Acquaintance => Tier::Acquaintance,
        }
    }
}

/// One inquiry, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inquiry {
    /// Of which incident; the live one where nothing is said.
    #[serde(default)]
    pub incident: WhichIncident,
    /// Who answers it.
    pub clerk: PersonalText,
    /// Who asks.
    pub inquirer: Inquirer,
    /// After whom.
    pub sought: Sought,
}

/// Who asks, as the law wants it to be written down (災害対策基本法施行規則 8条の2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Inquirer {
    /// 氏名
    #[schema(value_type = String, max_length = 300)]
    pub name: PersonalText,
    /// 住所
    #[schema(value_type = String, max_length = 300)]
    pub address: PersonalText,
    /// 照会の理由
    #[schema(value_type = String, max_length = 300)]
    pub reason: PersonalText,
    /// By which document the clerk made sure, without its number.
    #[schema(value_type = String, max_length = 300)]
    pub identity_document: PersonalText,
    /// 続柄
    pub relation: Relation,
}

/// After whom somebody asks.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Sought {
    /// As it is written, or in kana.
    #[schema(value_type = String, max_length = 300)]
    pub name: PersonalText,
    /// Address or district. It or the birth date has to be there.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 300)]
    pub address: Option<PersonalText>,
    /// `1948-03-11`.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 10)]
    pub birth: Option<PersonalText>,
    /// If the inquirer knows it.
    #[serde(default)]
    #[schema(value_type = Option<String>, pattern = "^(female|male|other|unknown)$")]
    pub sex: Option<Sex>,
}

/// An inquiry that nobody can answer. It quotes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadInquiry {
    /// It is no inquiry.
    #[error("the inquiry has not the form that it needs")]
    Form,
    /// Something that has to be said is missing.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A field is too long.
    #[error("{0} is longer than {LONGEST_FIELD} characters")]
    TooLong(&'static str),
    /// Twelve digits that may be a My Number.
    #[error("{0} has twelve digits that may be a 個人番号: leave them out")]
    MyNumber(&'static str),
    /// The birth date is no day.
    #[error("the birth date is no day of the form 1948-03-11")]
    BirthDate,
}

impl Inquiry {
    /// Reads and checks one.
    ///
    /// # Errors
    /// [`BadInquiry`].
    pub fn read(json: &[u8]) -> Result<Self, BadInquiry> {
        if json.len() > LONGEST_INQUIRY {
            return Err(BadInquiry::Form);
        }
        let inquiry: Self = serde_json::from_slice(json).map_err(|_quotes_a_name| BadInquiry::Form)?;
        inquiry.check()?;
        Ok(inquiry)
    }

    pub(crate) fn check(&self) -> Result<(), BadInquiry> {
        let Self { clerk, inquirer, sought, .. } = self;
        let Inquirer { name, address, reason, identity_document, relation: _ } = inquirer;
        let needed = [
            ("the clerk", clerk),
            ("the inquirer's name", name),
            ("the inquirer's address", address),
            ("the reason", reason),
            ("the identity document", identity_document),
            ("the name of the person asked after", &sought.name),
        ];
        if let Some((what, _)) = needed.iter().find(|(_, text)| text.expose().trim().is_empty()) {
            return Err(BadInquiry::Missing(what));
        }
        let optional = [("the address of the person asked after", sought.address.as_ref())];
        let said = optional.into_iter().filter_map(|(what, text)| Some((what, text?)));
        for (what, text) in needed.into_iter().chain(said) {
            if text.expose().chars().count() > LONGEST_FIELD {
                return Err(BadInquiry::TooLong(what));
            }
            if holds_my_number(text.expose()) {
                return Err(BadInquiry::MyNumber(what));
            }
        }
        let is_blank =
            |text: &Option<PersonalText>| text.as_ref().is_none_or(|text| text.expose().trim().is_empty());
        if is_blank(&sought.address) && is_blank(&sought.birth) {
            return Err(BadInquiry::Missing("the birth date or the address of the person asked after"));
        }
        sought.birth_date().map(|_date| ())
    }
}

impl Sought {
    fn birth_date(&self) -> Result<Option<BirthDate>, BadInquiry> {
        let text = self.birth.as_ref().map_or("", |birth| birth.expose().trim());
        if text.is_empty() {
            return Ok(None);
        }
        let mut parts = text.split('-');
        let mut next = || parts.next().and_then(|part| part.parse::<u16>().ok());
        let (Some(year), Some(month), Some(day), None) = (next(), next(), next(), next()) else {
            return Err(BadInquiry::BirthDate);
        };
        let (Ok(month), Ok(day)) = (u8::try_from(month), u8::try_from(day)) else {
            return Err(BadInquiry::BirthDate);
        };
        let date = CalendarDate::new(year, month, day).map_err(|_no_day| BadInquiry::BirthDate)?;
        Ok(Some(date.into()))
    }
}

/// What the databases say of an inquiry.
pub(crate) struct Looked {
    answer: Answered,
    pseudonym: [u8; 16],
}

enum Answered {
    By(Answer),
    /// A death is told by people.
    AtTheDesk,
}

/// The people of no roster who were registered in the field, as far as somebody wrote their name down.
fn registered_people(profiles: &Profiles<'_>, mode: Mode) -> Result<Vec<Person>, StoreError> {
    let [live, drill] = profiles.stores().all();
    let mut registered = live.registered()?;
    if mode == Mode::Drill {
        registered.extend(drill.registered()?);
    }
    let mut people = Vec::new();
    for id in registered.into_keys() {
        let profile = profiles.of(mode, id)?;
        let text = |field| profile.text(field).cloned().unwrap_or_else(|| PersonalText::new(""));
        let (name, kana) = (text(TextField::Name), text(TextField::Kana));
        if name.expose().is_empty() && kana.expose().is_empty() {
            continue;
        }
        let birth = match profile.entry(Field::BirthDate) {
            Some(Entry::BirthDate(birth)) => Some(*birth),
            _ => None,
        };
        let sex = match profile.entry(Field::Sex) {
            Some(Entry::Sex(sex)) => *sex,
            _ => Sex::Unknown,
        };
        people.push(Person {
            kana,
            birth,
            sex,
            address: text(TextField::Address),
            ..Person::named(id, name)
        });
    }
    Ok(people)
}

/// An index of the people of no roster who were registered in the field.
pub(crate) fn registered_index(
    profiles: &Profiles<'_>,
    mode: Mode,
    secret: &TownSecret,
) -> Result<SoughtIndex, StoreError> {
    Ok(SoughtIndex::build(&registered_people(profiles, mode)?, secret))
}

/// Looks up whom an inquiry means and where they are: in the index of the roster, and in the one of those who were registered.
pub(crate) fn look_up(
    profiles: &Profiles<'_>,
    index: &SoughtIndex,
    registered: &SoughtIndex,
    sites: &[Site],
    inquiry: &Inquiry,
    now: UnixMillis,
) -> Result<Looked, StoreError> {
    let (stores, incidents) = (profiles.stores(), profiles.incidents());
    let mode = Mode::from(inquiry.incident);
    let incident = shown_incident(stores, incidents, mode);
    let pseudonym = index.pseudonym(&inquiry.sought);
    let [live, drill] = stores.all();
    let mut hidden = live.hidden_people()?;
    if mode == Mode::Drill {
        hidden.extend(drill.hidden_people()?);
    }
    let secrecy = |person| if hidden.contains(&person) { Secrecy::Hidden } else { Secrecy::Open };
    let proof = index.find(registered, &inquiry.sought).and_then(|person| NotHidden::check(person, secrecy));
    // From here on one who was not found, one who is hidden and one who did not come are alike: an id without a record.
    let asked_of = proof.map_or(PersonId::from_bytes(pseudonym), NotHidden::person);
    let presence = stores.store_of(incident).presence(incident, live.canonical(asked_of)?)?;
    let profile = profiles.of(mode, asked_of)?;
    let tier = inquiry.inquirer.relation.tier();
    let circle = match tier {
        Tier::Family => Circle::LivingTogether,
        Tier::RelativeOrWorkplace => Circle::RelativesOrWorkplace,
        Tier::Acquaintance => Circle::Acquaintances,
    };
    // Who wants nobody of this circle to know is not known to them.
    let proof = proof.filter(|_| !refuses(&profile, circle));
    let known = match (proof, presence) {
        (Some(_), Some(Presence { state: PresenceState::Deceased, .. })) => {
            return Ok(Looked { answer: Answered::AtTheDesk, pseudonym });
        }
        (Some(proof), Some(presence)) => {
            let place = place_of(stores, sites, incident, &presence, now)?;
            let contact = profile.text(TextField::Phone).cloned();
            let (condition, consents) = (condition_of(&profile), consents_of(&profile));
            Some(Known::new(proof, place.map(PersonalText::new), condition, contact, consents))
        }
        (Some(_) | None, Some(_) | None) => None,
    };
    let answer = Answered::By(answer(tier, known.as_ref()));
    Ok(Looked { answer, pseudonym })
}

/// Where somebody is, as far as it is certain.
fn place_of(
    stores: &Stores,
    sites: &[Site],
    incident: IncidentId,
    presence: &Presence,
    now: UnixMillis,
) -> Result<Option<String>, StoreError> {
    let name = |id| sites.iter().find(|site| site.id == id).map(|site| site.name.clone());
    let Presence { site, state, seen_at, details, .. } = presence;
    Ok(match state {
        PresenceState::Here => {
            let since = stores.store_of(incident).roll_call(incident, *site, now)?.unwrap_or_default();
            name(*site).filter(|_| seen_at.millis() >= since)
        }
        PresenceState::Out | PresenceState::Overnight | PresenceState::InCar => name(*site),
        PresenceState::AtHome => Some("自宅".to_owned()),
        PresenceState::Moved => details.to.and_then(name),
        PresenceState::Passed
        | PresenceState::Left
        | PresenceState::ToldElsewhere
        | PresenceState::Deceased => None,
    })
}

/// What the clerk reads out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reply {
    /// The sentences.
    pub answer: PersonalText,
    /// Whether a person of the desk has to speak with the inquirer.
    pub desk: bool,
}

impl Looked {
    pub(crate) fn reply(&self, mode: Mode) -> Reply {
        match &self.answer {
            Answered::By(answer) => Reply { answer: answer.sentences(mode), desk: false },
            Answered::AtTheDesk => {
                let drill = if mode == Mode::Drill { "【訓練】" } else { "" };
                let text = format!("{drill}担当の職員がお答えします。しばらくお待ちください。");
                Reply { answer: PersonalText::new(text), desk: true }
            }
        }
    }
}

/// A line of the log of inquiries.
#[derive(Serialize)]
struct Logged<'a> {
    user: &'a str,
    clerk: &'a PersonalText,
    inquirer: &'a Inquirer,
    incident: WhichIncident,
    /// A keyed hash of what was asked, for a name would stand here for ever.
    sought: String,
    answer: &'static str,
}

/// Writes an inquiry and what it was answered into the log; it may be answered when this returns. Gives the number of the line.
pub(crate) fn log(
    folder: &DataFolder,
    keys: &Keys,
    inquiry: &Inquiry,
    looked: &Looked,
    user: &str,
    now: UnixMillis,
) -> Result<u64, LogError> {
    let answer = match &looked.answer {
        Answered::By(Answer::NotHeld) => "none",
        Answered::By(Answer::Held) => "held",
        Answered::By(Answer::Told { .. }) => "told",
        Answered::AtTheDesk => "desk",
    };
    let Inquiry { incident, clerk, inquirer, sought: _ } = inquiry;
    let sought = hex::text(&looked.pseudonym);
    let line = Logged { user, clerk, inquirer, incident: *incident, sought, answer };
    SignedLog::new(folder.path(), INQUIRIES, &keys.log).append(now, line).map(|head| head.lines)
}

/// Writes down that somebody asks more often than a clerk can type.
pub(crate) fn log_alarm(
    folder: &DataFolder,
    keys: &Keys,
    clerk: &PersonalText,
    user: &str,
    now: UnixMillis,
) -> Result<(), LogError> {
    #[derive(Serialize)]
    struct Alarm<'a> {
        alarm: &'static str,
        user: &'a str,
        clerk: &'a PersonalText,
    }
    let alarm = Alarm { alarm: "too_many", user, clerk };
    SignedLog::new(folder.path(), INQUIRIES, &keys.log).append(now, alarm).map(drop)
}

/// Answers one inquiry at the command line.
///
/// # Errors
/// [`HallError`].
pub fn inquire(
    folder: &DataFolder,
    inquiry: &Inquiry,
    user: &str,
    now: UnixMillis,
) -> Result<Reply, HallError> {
    let hall = Hall::open(folder)?;
    let mode = inquiry.incident.into();
    let people: Townspeople = hall.people(mode)?;
    let index = SoughtIndex::build(people.shown(), &hall.keys.town_secret);
    let incident_keys = keys_of(&hall.package);
    let profiles = Profiles::new(&hall.stores, hall.package.incidents, &incident_keys);
    let registered = registered_index(&profiles, mode, &hall.keys.town_secret)?;
    let looked = look_up(&profiles, &index, &registered, &hall.package.sites, inquiry, now)?;
    log(folder, &hall.keys, inquiry, &looked, user, now)?;
    Ok(looked.reply(mode))
}

#[cfg(test)]
mod tests;
