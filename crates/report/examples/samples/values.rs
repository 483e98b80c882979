//! A town that does not exist, and its people.

use std::error::Error;

use hinamori_model::{Grade, IncidentId, Mode, PersonId, PersonalText, SiteId, UnixMillis};
use hinamori_report::{
    AlsoShelter, Assessment, Condition, Consent, ConsentedPerson, Consents, Contact, Details, EmergencySite,
    Figures, Finding, Hazards, Home, Known, Need, NotHidden, Note, Occasion, Period, Position, PublicNumber,
    Release, Safety, ScheduledReport, Secrecy, Sex, Site, SiteFigures, Status, Total,
};

pub(crate) type Outcome<T> = Result<T, Box<dyn Error>>;

pub(crate) const NOW: UnixMillis = UnixMillis::new(1_773_174_060_000);
const HOUR_MILLIS: u64 = 3_600_000;

pub(crate) fn occasion(mode: Mode) -> Occasion {
    Occasion { mode, incident: IncidentId::from_bytes([9; 16]), name: "みさき町 沖合地震".to_owned() }
}

fn site(number: u8, name: &str, longitude: i32, latitude: i32) -> Outcome<Site> {
    let position = Some(Position::from_millionths(longitude, latitude)?);
    Ok(Site { id: SiteId::from_bytes([number; 16]), name: name.to_owned(), position })
}

fn figures(mode: Mode, children: u32) -> Outcome<Figures> {
    let mut needs = [0; Need::ALL.len()];
    needs
        .iter_mut()
        .zip(Need::ALL)
        .filter(|(_, need)| *need == Need::Care)
        .for_each(|(people, _)| *people = 6);
    let school = SiteFigures {
        in_shelter: Total { shown: 118 + children, hidden_in_total: 1 },
        at_home: Total::shown(14),
        in_cars: Total::shown(9),
        by_day: Total::shown(96),
        by_night: Total { shown: 131, hidden_in_total: 1 },
        confirmed_within_12_hours: 120,
        households: 52,
        ages: [6, 7, children, 62, 23, 20],
        sexes: [66, 58, 0],
        needs,
        visitors: 8,
        head_count: [5, 2, 0],
        arrived: 12,
        left: 4,
        ..SiteFigures::default()
    };
    let hall = SiteFigures {
        in_shelter: Total::shown(17),
        households: 8,
        ages: [0, 1, 2, 8, 3, 3],
        sexes: [9, 8, 0],
        ..SiteFigures::default()
    };
    let temple = SiteFigures {
        in_shelter: Total::shown(3),
        passed: Total::shown(40),
        households: 2,
        ages: [0, 0, 0, 1, 1, 1],
        sexes: [2, 1, 0],
        ..SiteFigures::default()
    };
    let sites = [
        (site(1, "みさき小学校", 134_640_035, 33_791_096)?, school),
        (site(2, "浜集会所", 134_631_200, 33_780_500)?, hall),
        (site(3, "高台寺", 134_644_700, 33_799_250)?, temple),
    ];
    let period = Period { from: UnixMillis::new(NOW.get() - 12 * HOUR_MILLIS), until: NOW };
    Ok(Figures::new(occasion(mode), period, sites, 60)?)
}

/// The report of an hour and its correction.
pub(crate) fn reports(mode: Mode) -> Outcome<(ScheduledReport, ScheduledReport)> {
    let release = |minutes: u64| Release {
        checked_by: PersonalText::new("岬 一郎"),
        released_by: PersonalText::new("浜田 花子"),
        at: NOW.plus(minutes * 60_000),
    };
    let first = ScheduledReport::release(figures(mode, 8)?, release(10))?;
    let corrected = first.correct(figures(mode, 10)?, release(40))?;
    Ok((first, corrected))
}

pub(crate) fn assessment() -> Outcome<Assessment> {
    let finding = |grade, note: &str| Finding { grade, note: PersonalText::new(note) };
    Ok(Assessment {
        site: site(1, "みさき小学校", 134_640_035, 33_791_096)?,
        findings: [
            finding(Grade::Short, "洋式が2つだけ"),
            finding(Grade::Good, ""),
            finding(Grade::Urgent, "灯油は今夜まで"),
            finding(Grade::Good, ""),
            finding(Grade::NotLookedAt, ""),
            finding(Grade::Short, "通路がせまい"),
        ],
        by: PersonalText::new("岬 一郎"),
        at: NOW,
    })
}

fn proof(number: u8) -> Option<NotHidden> {
    // The second person is hidden, and so in no file.
    let secrecy =
        |person: PersonId| if person.as_bytes() == &[2; 16] { Secrecy::Hidden } else { Secrecy::Open };
    NotHidden::check(PersonId::from_bytes([number; 16]), secrecy)
}

pub(crate) fn known() -> Option<Known> {
    let place = Some(PersonalText::new("みさき小学校"));
    proof(1).map(|proof| Known::new(proof, place, Some(Condition::Unhurt), None, Consents::default()))
}

pub(crate) fn home() -> Outcome<Home> {
    Ok(Home::new("finder.town.misaki.example", "みさき町")?)
}

pub(crate) fn people() -> Outcome<Vec<ConsentedPerson>> {
    let mut people = Vec::new();
    for number in 1..=3 {
        let Some(proof) = proof(number) else { continue };
        let consent = Consent::recorded(proof.person(), NOW, NOW.plus(30 * 24 * HOUR_MILLIS))?;
        let details = Details {
            full_name: PersonalText::new(format!("岬 {number}子")),
            given_name: None,
            family_name: Some(PersonalText::new("岬")),
            alternate_names: vec![PersonalText::new("みさき")],
            sex: Sex::Female,
            age: Some(60 + number),
            home_city: Some(PersonalText::new("みさき町")),
            home_state: Some("36".to_owned()),
            source_date: NOW,
        };
        let note = Note {
            number: PublicNumber([100 + number; 16]),
            source_date: NOW,
            contact: Contact::Made,
            status: Status::BelievedAlive,
            last_known_location: None,
            text: PersonalText::new("避難所で確認しました。"),
        };
        people.push(ConsentedPerson::new(
            consent,
            proof,
            PublicNumber([number + 40; 16]),
            details,
            vec![note],
        )?);
    }
    Ok(people)
}

pub(crate) fn emergency_site() -> Outcome<EmergencySite> {
    let text = str::to_owned;
    Ok(EmergencySite {
        municipality_code: text("369999"),
        id: text("1"),
        municipality: text("みさき町"),
        name: text("みさき小学校"),
        name_kana: text("ミサキショウガッコウ"),
        name_latin: text("Misaki Elementary School"),
        district_id: String::new(),
        prefecture: text("徳島県"),
        city: text("みさき町"),
        district: text("浜"),
        block: text("1番地"),
        building: String::new(),
        position: Some(Position::from_millionths(134_640_035, 33_791_096)?),
        elevation_metres: Some(24),
        telephone: String::new(),
        extension: String::new(),
        mail: String::new(),
        form_url: String::new(),
        contact_remarks: String::new(),
        postal_code: String::new(),
        hazards: Hazards { earthquake: Safety::Safe, tsunami: Safety::Safe, ..Hazards::default() },
        also_shelter: AlsoShelter::Yes,
        capacity: Some(240),
        neighbourhoods: text("浜・高台"),
        url: String::new(),
        image: String::new(),
        image_licence: String::new(),
        remarks: String::new(),
    })
}
