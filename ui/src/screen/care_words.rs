//! The words of care: needs, how urgent, and everything else that is written down, as keys of the catalogue.

use hinamori_ipc::CareEntry;
use hinamori_model::{
    Circle, ConsentItem, Help, HouseDamage, NeedKind, ProxyPurpose, Severity as Weight, StayForm, UnixMillis,
    Urgency, YesNo,
};

use super::when_words;
use crate::Texts;
use crate::theme::Severity;

/// 必要なこと
pub(crate) const fn need_key(kind: NeedKind) -> &'static str {
    match kind {
        NeedKind::Frail => "need-frail",
        NeedKind::PhysicalDisability => "need-physical",
        NeedKind::IntellectualDisability => "need-intellectual",
        NeedKind::MentalDisability => "need-mental",
        NeedKind::Pregnant => "need-pregnant",
        NeedKind::Infant => "need-infant",
        NeedKind::IntractableDisease => "need-disease",
        NeedKind::Dementia => "need-dementia",
        NeedKind::Wheelchair => "need-wheelchair",
        NeedKind::Oxygen => "need-oxygen",
        NeedKind::Ventilator => "need-ventilator",
        NeedKind::Dialysis => "need-dialysis",
        NeedKind::Insulin => "need-insulin",
        NeedKind::MentalHealth => "need-mind",
        NeedKind::Visual => "need-visual",
        NeedKind::Hearing => "need-hearing",
        NeedKind::SignLanguage => "need-sign-language",
        NeedKind::WrittenConversation => "need-written",
        NeedKind::Braille => "need-braille",
        NeedKind::ReadAloud => "need-read-aloud",
        NeedKind::EasyJapanese => "need-easy-japanese",
        NeedKind::Interpreter => "need-interpreter",
        NeedKind::GenderNeutralPlace => "need-place",
        NeedKind::ReligiousFood => "need-religious-food",
        NeedKind::Medication => "need-medication",
        NeedKind::InjuredNow => "need-injured",
        NeedKind::FeverOrCough => "need-fever",
        NeedKind::Infection => "need-infection",
        NeedKind::AllergyEgg => "need-egg",
        NeedKind::AllergyMilk => "need-milk",
        NeedKind::AllergyWheat => "need-wheat",
        NeedKind::AllergyBuckwheat => "need-buckwheat",
        NeedKind::AllergyPeanut => "need-peanut",
        NeedKind::AllergyShrimp => "need-shrimp",
        NeedKind::AllergyCrab => "need-crab",
        NeedKind::AllergyWalnut => "need-walnut",
        NeedKind::AllergyOther => "need-allergy",
        NeedKind::AskedLifeSupport => "need-asked-life",
        NeedKind::AskedInjuryOrFever => "need-asked-injury",
        NeedKind::AskedNotAlone => "need-asked-not-alone",
    }
}

/// 寝る場所
pub(crate) const fn stay_key(stay: StayForm) -> &'static str {
    match stay {
        StayForm::Shelter => "sleeps-shelter",
        StayForm::Car => "destination-car",
        StayForm::Tent => "sleeps-tent",
        StayForm::Home => "destination-home",
        StayForm::Relatives => "destination-relatives",
    }
}

const fn damage_key(damage: HouseDamage) -> &'static str {
    match damage {
        HouseDamage::Destroyed => "damage-destroyed",
        HouseDamage::LargeHalf => "damage-large-half",
        HouseDamage::MediumHalf => "damage-medium-half",
        HouseDamage::Half => "damage-half",
        HouseDamage::NearlyHalf => "damage-nearly-half",
        HouseDamage::Partial => "damage-partial",
        HouseDamage::FloodedAboveFloor => "damage-flooded",
        HouseDamage::Unknown => "damage-unknown",
        HouseDamage::NoDamage => "damage-none",
    }
}

/// できること
pub(crate) const fn help_key(help: Help) -> &'static str {
    match help {
        Help::Doctor => "help-doctor",
        Help::Nurse => "help-nurse",
        Help::Midwife => "help-midwife",
        Help::Care => "help-care",
        Help::Childcare => "help-childcare",
        Help::Interpreter => "help-interpreter",
        Help::Cooking => "help-cooking",
        Help::Licence => "help-licence",
        Help::Equipment => "help-equipment",
        Help::Other => "help-other",
    }
}

/// What a consent is about.
pub(crate) const fn item_key(item: ConsentItem) -> &'static str {
    match item {
        ConsentItem::Presence => "consent-presence",
        ConsentItem::Place => "consent-place",
        ConsentItem::Condition => "consent-condition",
        ConsentItem::ContactDetails => "consent-contact",
        ConsentItem::Needs => "consent-needs",
        ConsentItem::Mail => "consent-mail",
        ConsentItem::Photo => "consent-photo",
    }
}

/// Whom a consent lets know.
pub(crate) const fn circle_key(circle: Circle) -> &'static str {
    match circle {
        Circle::LivingTogether => "circle-household",
        Circle::RelativesOrWorkplace => "circle-relatives",
        Circle::Acquaintances => "circle-acquaintances",
        Circle::Everybody => "circle-everybody",
        Circle::Police => "circle-police",
        Circle::FireService => "circle-fire",
        Circle::Welfare => "circle-welfare",
        Circle::PostOffice => "circle-post",
    }
}

/// 代理: for what.
pub(crate) const fn purpose_key(purpose: ProxyPurpose) -> &'static str {
    match purpose {
        ProxyPurpose::Everything => "proxy-everything",
        ProxyPurpose::Goods => "proxy-goods",
        ProxyPurpose::Registration => "proxy-registration",
        ProxyPurpose::Health => "proxy-health",
        ProxyPurpose::Applications => "proxy-applications",
    }
}

/// What a degree is called.
pub(crate) fn degree_words(texts: &Texts, kind: NeedKind, degree: u8) -> String {
    let number = |key: &str, degree: u8| texts.with(key, [("degree", u32::from(degree).into())]);
    match kind {
        NeedKind::Frail if degree <= 2 => number("degree-support", degree),
        NeedKind::Frail => number("degree-care", degree.saturating_sub(2)),
        NeedKind::IntellectualDisability => texts.get(if degree == 1 { "degree-a" } else { "degree-b" }),
        NeedKind::Pregnant => number("degree-weeks", degree),
        _ => number("degree-grade", degree),
    }
}

/// How long until then, or since then.
fn span_words(texts: &Texts, from: UnixMillis, to: UnixMillis, over: bool) -> String {
    let minutes = to.since(from) / 60_000;
    let (key, count) = match (minutes < 120, over) {
        (true, false) => ("due-minutes", minutes),
        (true, true) => ("over-minutes", minutes),
        (false, false) => ("due-hours", minutes / 60),
        (false, true) => ("over-hours", minutes / 60),
    };
    texts.with(key, [("count", count.into())])
}

/// By when, and how long that is.
pub(crate) fn due_words(texts: &Texts, due: UnixMillis, now: UnixMillis) -> String {
    let when = when_words(texts, due, now);
    let span = if due < now { span_words(texts, due, now, true) } else { span_words(texts, now, due, false) };
    texts.with("due-at", [("when", when.as_str().into()), ("span", span.as_str().into())])
}

/// A sign and a word for how urgent somebody is.
pub(crate) fn urgency_words(texts: &Texts, urgency: Urgency, now: UnixMillis) -> (Severity, String) {
    match urgency {
        Urgency::Overdue(due) | Urgency::DueSoon(due) if due <= now => {
            (Severity::Broken, span_words(texts, due, now, true))
        }
        Urgency::Overdue(due) | Urgency::DueSoon(due) => {
            (Severity::Notice, span_words(texts, now, due, false))
        }
        Urgency::NotDue(Weight::Life) => (Severity::Notice, texts.get("weight-life")),
        Urgency::NotDue(Weight::Acute) => (Severity::Notice, texts.get("weight-acute")),
        Urgency::NotDue(Weight::Care) => (Severity::Plain, texts.get("weight-care")),
        Urgency::NotDue(Weight::Arrangement) => (Severity::Plain, texts.get("weight-arrangement")),
    }
}

const fn answer_key(answer: YesNo) -> &'static str {
    match answer {
        YesNo::Yes => "answer-yes",
        YesNo::No => "answer-no",
    }
}

/// What was written down, as a word and a quiet line.
pub(crate) fn entry_words(texts: &Texts, entry: &CareEntry, now: UnixMillis) -> (String, String) {
    match entry {
        CareEntry::Name(text) => (text.expose().to_owned(), texts.get("candidate-name")),
        CareEntry::Kana(text) => (text.expose().to_owned(), texts.get("entry-kana")),
        CareEntry::Address(text) => (text.expose().to_owned(), texts.get("candidate-address")),
        CareEntry::Phone(text) => (text.expose().to_owned(), texts.get("phone-title")),
        CareEntry::Language(text) => (text.expose().to_owned(), texts.get("entry-language")),
        CareEntry::Stay(stay) => (texts.get(stay_key(*stay)), texts.get("write-stay")),
        CareEntry::HouseDamage(damage) => (texts.get(damage_key(*damage)), texts.get("entry-damage")),
        CareEntry::Need { kind, answer, degree, due_by, note } => {
            let word = texts.get(need_key(*kind));
            if *answer == YesNo::No {
                return (word, texts.get("need-over"));
            }
            let degree = degree.map(|degree| degree_words(texts, *kind, degree));
            let due = due_by.map(|due| due_words(texts, due, now));
            let note = note.as_ref().map(|note| note.expose().to_owned());
            let parts: Vec<String> = [degree, due, note].into_iter().flatten().collect();
            (word, if parts.is_empty() { texts.get("need-no-time") } else { parts.join(" ・ ") })
        }
        CareEntry::Help { help, answer } => (
            texts.get(help_key(*help)),
            format!("{} ・ {}", texts.get("write-help"), texts.get(answer_key(*answer))),
        ),
        CareEntry::Consent { item, circle, answer } => {
            let word = format!("{} ・ {}", texts.get(item_key(*item)), texts.get(answer_key(*answer)));
            (word, format!("{} ・ {}", texts.get("write-consent"), texts.get(circle_key(*circle))))
        }
        CareEntry::Proxy { purpose, name, until } => {
            let purpose = texts.get(purpose_key(*purpose));
            let note = match until {
                Some(until) => {
                    let when = when_words(texts, *until, now);
                    let until = texts.with("slip-until", [("when", when.as_str().into())]);
                    format!("{} ・ {purpose} ・ {until}", texts.get("write-proxy"))
                }
                None => format!("{} ・ {purpose}", texts.get("write-proxy")),
            };
            (name.expose().to_owned(), note)
        }
        CareEntry::Contact { name, relation, reached_by } => {
            let parts = [relation, reached_by].into_iter().flatten().map(|text| text.expose().to_owned());
            let parts: Vec<String> = std::iter::once(texts.get("write-contact")).chain(parts).collect();
            (name.expose().to_owned(), parts.join(" ・ "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Catalogue, Language};

    const NOW: UnixMillis = UnixMillis::new(1_791_750_060_000);
    const MINUTE: u64 = 60_000;

    #[test]
    fn how_urgent_is_a_sign_a_word_and_a_time() {
        let catalogue = Catalogue::default();
        let texts = catalogue.of(Language::Japanese);
        let words = |urgency| urgency_words(texts, urgency, NOW);
        let soon = words(Urgency::DueSoon(NOW.plus(40 * MINUTE)));
        assert_eq!(soon, (Severity::Notice, "あと 40分".to_owned()));
        let over = Urgency::Overdue(UnixMillis::new(NOW.get() - 30 * MINUTE));
        assert_eq!(words(over), (Severity::Broken, "30分 過ぎています".to_owned()));
        // The list was made before the time came.
        let passed = Urgency::DueSoon(UnixMillis::new(NOW.get() - 3 * 60 * MINUTE));
        assert_eq!(words(passed), (Severity::Broken, "3時間 過ぎています".to_owned()));
        assert_eq!(words(Urgency::NotDue(Weight::Arrangement)).0, Severity::Plain);
    }

    #[test]
    fn a_degree_is_said_as_its_certificate_says_it() {
        let catalogue = Catalogue::default();
        let texts = catalogue.of(Language::Japanese);
        let words = |kind, degree| degree_words(texts, kind, degree);
        assert_eq!(words(NeedKind::Frail, 2), "要支援2");
        assert_eq!(words(NeedKind::Frail, 7), "要介護5");
        assert_eq!(words(NeedKind::IntellectualDisability, 1), "A");
        assert_eq!(words(NeedKind::Pregnant, 30), "30週");
    }
}
