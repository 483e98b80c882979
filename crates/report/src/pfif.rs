//! People Finder Interchange Format 1.4 (zesty.ca/pfif/1.4): people who agreed to be found, for the registries that relatives
//! search.
//!
//! A [`ConsentedPerson`] is made of a [`Consent`] and of a [`NotHidden`] proof that are both about that person; a hidden
//! person has neither a value nor a trace here. A drill and daily life make no file at all ([`Live`]), since
//! no registry has a word for them.
//!
//! **Least telling.** Of PFIF's fields only those are written that help to recognise somebody: name, other readings, sex,
//! age, town. No birth date, no street, no telephone. The number in a record's id is one of its own, not the `PersonId`. No note
//! says that somebody died: `believed_dead` cannot be written.
//!
//! **Expiry.** Every record has an `expiry_date`, the end of the consent. From then on, and when consent was taken
//! back, the record is written as a placeholder without any of its fields (PFIF 1.4, data expiry), which makes registries
//! delete their copies.

use hinamori_model::{PersonId, PersonalText, UnixMillis};

use crate::column::Sex;
use crate::hidden::NotHidden;
use crate::occasion::Live;
use crate::time;
use crate::xml::XmlFile;

const NAMESPACE: &str = "http://zesty.ca/pfif/1.4";

/// The most people of one file.
pub const MOST_CONSENTED: usize = 100_000;
/// The most notes of one person.
pub const MOST_NOTES: usize = 100;
/// The longest text of a field in characters; what is longer ends with 「…」.
pub const MOST_FIELD_CHARACTERS: usize = 1_000;

/// An export that is not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PfifError {
    /// Consent and proof are of two people.
    #[error("the consent is of one person, the proof of another")]
    OtherPerson,
    /// A consent that ends before it begins.
    #[error("the consent ends before it was given")]
    ConsentBackwards,
    /// The registry's domain is none (RFC 1034 §3.5), or it has no name.
    #[error("the home of the records has no name or no domain name")]
    BadHome,
    /// More people than a file takes.
    #[error("{people} people, more than the {MOST_CONSENTED} of a file")]
    TooManyPeople {
        /// How many there are.
        people: usize,
    },
    /// More notes than a person takes.
    #[error("{notes} notes of one person, more than {MOST_NOTES}")]
    TooManyNotes {
        /// How many there are.
        notes: usize,
    },
}

/// A person's word that they may be found in public registries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Consent {
    person: PersonId,
    given_at: UnixMillis,
    until: UnixMillis,
    withdrawn_at: Option<UnixMillis>,
}

impl Consent {
    /// As it was recorded: who gave it, when, and until when it holds.
    ///
    /// # Errors
    /// [`PfifError::ConsentBackwards`] if it ends before it was given.
    pub fn recorded(person: PersonId, given_at: UnixMillis, until: UnixMillis) -> Result<Self, PfifError> {
        if until < given_at {
            return Err(PfifError::ConsentBackwards);
        }
        Ok(Self { person, given_at, until, withdrawn_at: None })
    }

    /// The same, taken back. What was exported before has to be deleted elsewhere, so the person stays in the file as
    /// a placeholder.
    #[must_use]
    pub fn withdrawn(self, at: UnixMillis) -> Self {
        Self { withdrawn_at: Some(at), until: self.until.min(at), ..self }
    }

    fn holds(&self, now: UnixMillis) -> bool {
        self.withdrawn_at.is_none() && now < self.until
    }
}

/// The number of a record outside: random, given once for a person or a note, and joined with nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PublicNumber(pub [u8; 16]);

impl std::fmt::Display for PublicNumber {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

/// What is told of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Details {
    /// The whole name as it is written; mandatory in PFIF.
    pub full_name: PersonalText,
    /// The given name.
    pub given_name: Option<PersonalText>,
    /// The family name.
    pub family_name: Option<PersonalText>,
    /// Other ways to write or read the name, one each: kana, romaji.
    pub alternate_names: Vec<PersonalText>,
    /// The sex, if it was said.
    pub sex: Sex,
    /// The age in years at `source_date`.
    pub age: Option<u8>,
    /// The town where they live.
    pub home_city: Option<PersonalText>,
    /// The prefecture, as the last part of its ISO 3166-2 code (`36` is Tokushima).
    pub home_state: Option<String>,
    /// When this was true.
    pub source_date: UnixMillis,
}

/// What a note says of somebody. It has no word for a death.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Somebody looks for them.
    InformationSought,
    /// They say it themselves.
    IsNoteAuthor,
    /// They were seen.
    BelievedAlive,
    /// Officials declared them missing (行方不明); never computed.
    BelievedMissing,
}

impl Status {
    const fn word(self) -> &'static str {
        match self {
            Self::InformationSought => "information_sought",
            Self::IsNoteAuthor => "is_note_author",
            Self::BelievedAlive => "believed_alive",
            Self::BelievedMissing => "believed_missing",
        }
    }
}

/// Whether the author of a note has been in contact with the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contact {
    /// Yes.
    Made,
    /// No.
    NotMade,
}

/// A note of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Its number.
    pub number: PublicNumber,
    /// When it was true.
    pub source_date: UnixMillis,
    /// Whether its author has been in contact with the person.
    pub contact: Contact,
    /// What it says.
    pub status: Status,
    /// Where the person was, if they agreed that it is told.
    pub last_known_location: Option<PersonalText>,
    /// The words of it.
    pub text: PersonalText,
}

/// A person who agreed to be found and is not hidden.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentedPerson {
    consent: Consent,
    number: PublicNumber,
    details: Details,
    notes: Vec<Note>,
}

impl ConsentedPerson {
    /// Joins what is told with the two values without which it may not be.
    ///
    /// # Errors
    /// [`PfifError::OtherPerson`] if the consent and the proof are not of one person, [`PfifError::TooManyNotes`].
    pub fn new(
        consent: Consent,
        not_hidden: NotHidden,
        number: PublicNumber,
        details: Details,
        notes: Vec<Note>,
    ) -> Result<Self, PfifError> {
        if consent.person != not_hidden.person() {
            return Err(PfifError::OtherPerson);
        }
        if notes.len() > MOST_NOTES {
            return Err(PfifError::TooManyNotes { notes: notes.len() });
        }
        Ok(Self { consent, number, details, notes })
    }
}

/// The registry whose records these are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    domain: String,
    name: String,
}

impl Home {
    /// The town's domain, which begins every id, and the town's name, which signs every record.
    ///
    /// # Errors
    /// [`PfifError::BadHome`] for what is no domain name with a dot, and for an empty name.
    pub fn new(domain: impl Into<String>, name: impl Into<String>) -> Result<Self, PfifError> {
        let (domain, name) = (domain.into(), name.into());
        let is_good = |label: &str| {
            let is_inside = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            let ends = label.starts_with(|first: char| first.is_ascii_alphabetic()) && !label.ends_with('-');
            is_inside && ends && label.len() <= 63
        };
        if name.is_empty() || domain.len() > 253 || !domain.contains('.') || !domain.split('.').all(is_good) {
            return Err(PfifError::BadHome);
        }
        Ok(Self { domain, name })
    }

    fn id(&self, kind: &str, number: PublicNumber) -> String {
        format!("{}/{kind}.{number}", self.domain)
    }
}

/// The file: every person, their notes inside. `now` is when it is made. Fields stand in PFIF's order; those that are empty
/// are left out.
///
/// # Errors
/// [`PfifError::TooManyPeople`].
pub fn pfif(
    _live: Live,
    home: &Home,
    now: UnixMillis,
    people: &[ConsentedPerson],
) -> Result<Vec<u8>, PfifError> {
    if people.len() > MOST_CONSENTED {
        return Err(PfifError::TooManyPeople { people: people.len() });
    }
    let mut file = XmlFile::new();
    file.open("pfif:pfif", Some(["xmlns:pfif", NAMESPACE]));
    for person in people {
        file.open("pfif:person", None);
        if person.consent.holds(now) {
            write_person(&mut file, home, now, person);
        } else {
            write_placeholder(&mut file, home, person);
        }
        file.close();
    }
    Ok(file.into_bytes())
}

/// Writes the fields that have text, cut to their most.
fn write_fields<'t>(file: &mut XmlFile, fields: impl IntoIterator<Item = (&'static str, Option<&'t str>)>) {
    for (name, text) in fields {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            file.element(name, &cut(text));
        }
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(MOST_FIELD_CHARACTERS) {
        None => text.to_owned(),
        Some(_) => text.chars().take(MOST_FIELD_CHARACTERS - 1).chain(['…']).collect(),
    }
}

fn expose(text: Option<&PersonalText>) -> Option<&str> {
    text.map(PersonalText::expose)
}

fn write_person(file: &mut XmlFile, home: &Home, now: UnixMillis, person: &ConsentedPerson) {
    let ConsentedPerson { consent, number, details, notes } = person;
    let Details {
        full_name,
        given_name,
        family_name,
        alternate_names,
        sex,
        age,
        home_city,
        home_state,
        source_date,
    } = details;
    let id = home.id("person", *number);
    let alternate: Vec<&str> = alternate_names.iter().map(PersonalText::expose).collect();
    let alternate = alternate.join("\n");
    let age = age.map(|age| age.to_string());
    let sex = match sex {
        Sex::Female => Some("female"),
        Sex::Male => Some("male"),
        Sex::Other => Some("other"),
        Sex::Unknown => None,
    };
    // A record is not older than the consent: what was told before was not told with it.
    let source_date = time::utc((*source_date).max(consent.given_at));
    write_fields(
        file,
        [
            ("pfif:person_record_id", Some(id.as_str())),
            ("pfif:entry_date", Some(&time::utc(now))),
            ("pfif:expiry_date", Some(&time::utc(consent.until))),
            ("pfif:author_name", Some(&home.name)),
            ("pfif:source_name", Some(&home.name)),
            ("pfif:source_date", Some(&source_date)),
        ],
    );
    // Mandatory, also when it is empty.
    file.element("pfif:full_name", &cut(full_name.expose()));
    write_fields(
        file,
        [
            ("pfif:given_name", expose(given_name.as_ref())),
            ("pfif:family_name", expose(family_name.as_ref())),
            ("pfif:alternate_names", Some(alternate.as_str())),
            ("pfif:sex", sex),
            ("pfif:age", age.as_deref()),
            ("pfif:home_city", expose(home_city.as_ref())),
            ("pfif:home_state", home_state.as_deref()),
            ("pfif:home_country", Some("JP")),
        ],
    );
    for note in notes {
        write_note(file, home, now, &id, note);
    }
}

fn write_note(file: &mut XmlFile, home: &Home, now: UnixMillis, person: &str, note: &Note) {
    let Note { number, source_date, contact, status, last_known_location, text } = note;
    let made_contact = match contact {
        Contact::Made => "true",
        Contact::NotMade => "false",
    };
    file.open("pfif:note", None);
    write_fields(
        file,
        [
            ("pfif:note_record_id", Some(home.id("note", *number).as_str())),
            ("pfif:person_record_id", Some(person)),
            ("pfif:entry_date", Some(&time::utc(now))),
            ("pfif:author_name", Some(&home.name)),
            ("pfif:source_date", Some(&time::utc(*source_date))),
            ("pfif:author_made_contact", Some(made_contact)),
            ("pfif:status", Some(status.word())),
            ("pfif:last_known_location", expose(last_known_location.as_ref())),
        ],
    );
    // Mandatory in every version that registries still read, also when it is empty.
    file.element("pfif:text", &cut(text.expose()));
    file.close();
}

/// What is left of an expired record: ids and dates, all of them the end of the consent.
fn write_placeholder(file: &mut XmlFile, home: &Home, person: &ConsentedPerson) {
    let ended = time::utc(person.consent.until);
    write_fields(
        file,
        [
            ("pfif:person_record_id", Some(home.id("person", person.number).as_str())),
            ("pfif:entry_date", Some(&ended)),
            ("pfif:expiry_date", Some(&ended)),
            ("pfif:source_date", Some(&ended)),
        ],
    );
    file.element("pfif:full_name", "");
}

#[cfg(test)]
mod tests;
