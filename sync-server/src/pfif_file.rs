//! `hinamori-server pfif`: people who agreed to be found, for the registries that relatives search.

use std::path::Path;

use hinamori_model::{Mode, PersonId, PersonalText, Sex as RosterSex, UnixMillis};
use hinamori_people::fold;
use hinamori_record::{Presence, PresenceState};
use hinamori_report::{
    Consent, ConsentedPerson, Contact, Details, Home, Live, Note, PublicNumber, Sex, Status, pfif,
};
use hinamori_sync::town::Person;
use ring::hmac;

use crate::data::DataFolder;
use crate::hall::{Hall, HallError, Townspeople, key_for, mac16, write_out};
use crate::profiles::{Profiles, keys_of};

/// Writes the file. Gives back how many people are in it.
///
/// # Errors
/// [`HallError`].
pub fn write_pfif(
    folder: &DataFolder,
    domain: &str,
    out: &Path,
    user: &str,
    now: UnixMillis,
) -> Result<usize, HallError> {
    let hall = Hall::open(folder)?;
    let live = Live::of(Mode::Live).ok_or(HallError::Asked("there is no such file of a drill"))?;
    let home = Home::new(domain, hall.package.name.as_str())?;
    let people = hall.people(Mode::Live)?;
    let incident_keys = keys_of(&hall.package);
    let profiles = Profiles::new(&hall.stores, hall.package.incidents, &incident_keys);
    let incident = hall.stores.shown(hall.package.incidents.live);
    let presence = |person| hall.stores.store_of(incident).presence(incident, person);
    let mut entries = Vec::new();
    let key = key_for(b"hinamori pfif number/v1", &hall.keys.town_secret);
    for person in profiles.people(Mode::Live)? {
        let Some(consent) = profiles.consent_to_be_found(Mode::Live, person)? else { continue };
        let presence = presence(person)?;
        entries.extend(entry(&key, &people, &hall.package.name, person, consent, presence.as_ref(), now)?);
    }
    hall.note(user, "pfif", Mode::Live, entries.len(), now)?;
    write_out(out, &pfif(live, &home, now, &entries)?)?;
    Ok(entries.len())
}

/// What is exported of somebody who agreed; nothing of somebody who is hidden or whose name is not known here.
fn entry(
    key: &hmac::Key,
    people: &Townspeople,
    town: &str,
    person: PersonId,
    consent: Consent,
    presence: Option<&Presence>,
    now: UnixMillis,
) -> Result<Option<ConsentedPerson>, HallError> {
    let (Some(proof), Some(known)) = (people.not_hidden(person), people.person(person)) else {
        return Ok(None);
    };
    let number = |what: &[u8]| PublicNumber(mac16(key, &[what, person.as_bytes()]));
    // Only what a shelter saw itself is said to be confirmed.
    let is_seen = |presence: &&Presence| {
        !matches!(
            presence.state,
            PresenceState::Deceased | PresenceState::ToldElsewhere | PresenceState::Passed
        )
    };
    let seen = presence.filter(is_seen);
    let notes = seen.map(|presence| Note {
        number: number(b"note"),
        source_date: presence.seen_at.millis(),
        contact: Contact::Made,
        status: Status::BelievedAlive,
        last_known_location: None,
        text: PersonalText::new("避難所で確認しました。"),
    });
    let details = details(known, town, now);
    Ok(Some(ConsentedPerson::new(consent, proof, number(b"person"), details, notes.into_iter().collect())?))
}

fn details(person: &Person, town: &str, now: UnixMillis) -> Details {
    let kana = (!fold(person.kana.expose()).expose().is_empty()).then(|| person.kana.clone());
    Details {
        full_name: person.name.clone(),
        given_name: None,
        family_name: None,
        alternate_names: kana.into_iter().collect(),
        sex: match person.sex {
            RosterSex::Female => Sex::Female,
            RosterSex::Male => Sex::Male,
            RosterSex::Other => Sex::Other,
            RosterSex::Unknown => Sex::Unknown,
        },
        // An age with a date gives a birth date away.
        age: None,
        home_city: Some(PersonalText::new(town)),
        home_state: None,
        source_date: now,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinamori_sync::town::TownSecret;
    use std::collections::{BTreeMap, BTreeSet};

    #[test]
    fn whoever_agreed_is_exported_and_whoever_is_hidden_is_not() {
        let id = |number: u8| PersonId::from_bytes([number; 16]);
        let person = |number, hidden| Person {
            hidden,
            ..Person::named(id(number), PersonalText::new("浜田 花子"))
        };
        let people =
            Townspeople::new(vec![person(1, false), person(2, true)], BTreeSet::new(), BTreeMap::new());
        let key = key_for(b"test", &TownSecret([1; 32]));
        let now = UnixMillis::new(1_773_174_060_000);
        let of = |number| {
            let consent = Consent::recorded(id(number), now, now.plus(1_000)).unwrap();
            entry(&key, &people, "汐見町", id(number), consent, None, now).unwrap()
        };
        let exported = of(1).unwrap();
        assert!(of(2).is_none() && of(3).is_none());
        let home = Home::new("finder.shiomi.example", "汐見町").unwrap();
        let file = pfif(Live::of(Mode::Live).unwrap(), &home, now, &[exported]).unwrap();
        let text = String::from_utf8(file).unwrap();
        assert!(text.contains("浜田 花子") && !text.contains(&id(1).to_string()), "{text}");
    }
}
