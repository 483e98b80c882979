//! What was written down of people, as far as the town's keys open it, in the words of reports and answers.
//!
//! A profile is the sum of its records in the incident and in daily life; in a drill it is the drill's alone, as on a box.

use std::collections::BTreeMap;

use hinamori_model::{
    Circle, ConsentItem, Hlc, IncidentId, Mode, NeedKind, PersonId, RecordId, SupportReason, SupportReasons,
    UnixMillis, YesNo,
};
use hinamori_profile::{Entry, Field, IncidentKey, Profile, ProfilePatch, merge, sealed_by};
use hinamori_report::{Agreed, Condition, Consent, Consents, Need};
use hinamori_store_sqlite::{SealedProfile, StoreError};
use hinamori_sync::town::{Incidents, Package};

use crate::archive::Stores;
use crate::hall::shown_incident;

/// Whoever agreed to be found is exported for so long; then they are asked again.
const AGREED_FOR: u64 = 90 * 24 * 3_600_000;

/// The keys of the town's incidents, and the stores.
pub(crate) struct Profiles<'s> {
    stores: &'s Stores,
    incidents: Incidents,
    keys: &'s BTreeMap<IncidentId, IncidentKey>,
}

/// The key of every incident that a package names.
pub(crate) fn keys_of(package: &Package) -> BTreeMap<IncidentId, IncidentKey> {
    let keys = package.incident_keys.iter();
    keys.map(|(incident, key)| (*incident, IncidentKey::new(*incident, key.0))).collect()
}

impl<'s> Profiles<'s> {
    pub(crate) const fn new(
        stores: &'s Stores,
        incidents: Incidents,
        keys: &'s BTreeMap<IncidentId, IncidentKey>,
    ) -> Self {
        Self { stores, incidents, keys }
    }

    pub(crate) const fn stores(&self) -> &'s Stores {
        self.stores
    }

    pub(crate) const fn incidents(&self) -> Incidents {
        self.incidents
    }

    /// What can be read of somebody now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) fn of(&self, mode: Mode, person: PersonId) -> Result<Profile, StoreError> {
        self.patches(mode, person).map(merge)
    }

    /// Everybody of whom something is written down in the incident of a mode, under the id that counts.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) fn people(&self, mode: Mode) -> Result<Vec<PersonId>, StoreError> {
        let incident = shown_incident(self.stores, self.incidents, mode);
        self.stores.store_of(incident).people_with_profiles(incident)
    }

    fn patches(
        &self,
        mode: Mode,
        person: PersonId,
    ) -> Result<Vec<(Hlc, RecordId, ProfilePatch)>, StoreError> {
        let beside = (mode == Mode::Live).then_some(self.incidents.daily_life);
        let mut patches = Vec::new();
        for incident in [shown_incident(self.stores, self.incidents, mode)].into_iter().chain(beside) {
            // Sealed under the incident in whose documents it stands.
            let under = self.stores.counted_together(incident);
            for sealed in self.stores.store_of(incident).sealed_profiles(incident, person)? {
                let opened = under.iter().map(|under| self.open(*under, &sealed));
                let opened = opened.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().next();
                patches.extend(opened.map(|patch| (sealed.at, sealed.record, patch)));
            }
        }
        Ok(patches)
    }

    /// What was sealed, where it was under this incident.
    fn open(&self, under: IncidentId, sealed: &SealedProfile) -> Result<Option<ProfilePatch>, StoreError> {
        let (Some(over), Some(id)) = (self.keys.get(&under), sealed_by(&sealed.sealed)) else {
            return Ok(None);
        };
        let wrapped = self.stores.keys.key(under, sealed.person, id)?;
        let mut keys = wrapped.iter().filter_map(|wrapped| over.unwrap(sealed.person, wrapped).ok());
        Ok(keys.find_map(|key| key.open(&sealed.sealed, sealed.person, sealed.record).ok()))
    }

    /// Whether somebody agreed to be found by everybody (PFIF), or did and does not any more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) fn consent_to_be_found(
        &self,
        mode: Mode,
        person: PersonId,
    ) -> Result<Option<Consent>, StoreError> {
        let field = Field::Consent(ConsentItem::Presence, Circle::Everybody);
        let mut said: Vec<(Hlc, RecordId, YesNo)> = Vec::new();
        for (at, record, patch) in self.patches(mode, person)? {
            said.extend(patch.entries().iter().filter_map(|entry| match entry {
                Entry::Consent(_, _, answer) if entry.field() == field => Some((at, record, *answer)),
                Entry::Cleared(cleared) if *cleared == field => Some((at, record, YesNo::No)),
                _ => None,
            }));
        }
        said.sort_unstable_by_key(|(at, record, _)| (*at, *record));
        let Some((last, _, answer)) = said.last() else { return Ok(None) };
        // Whoever never agreed stands in no file, not even as somebody who does not.
        let Some((first, ..)) = said.iter().find(|(.., answer)| *answer == YesNo::Yes) else {
            return Ok(None);
        };
        let given_at = if *answer == YesNo::Yes { last.millis() } else { first.millis() };
        let consent = Consent::recorded(person, given_at, until(given_at)).ok();
        Ok(match answer {
            YesNo::Yes => consent,
            YesNo::No => consent.map(|consent| consent.withdrawn(last.millis())),
        })
    }
}

const fn until(given_at: UnixMillis) -> UnixMillis {
    given_at.plus(AGREED_FOR)
}

/// What somebody needs, in the words of reports: of the list of those who need support, and of what was written down. What somebody
/// said they do not need is not needed, whatever the list says.
pub(crate) fn needs_of(support: SupportReasons, profile: &Profile) -> Vec<Need> {
    let listed = |reason| match reason {
        SupportReason::CareLevelThreeToFive => Some(Need::Care),
        SupportReason::PhysicalHandbookOneOrTwo
        | SupportReason::IntellectualHandbookA
        | SupportReason::MentalHandbookAlone => Some(Need::Disability),
        SupportReason::IntractableDisease => Some(Need::IntractableDisease),
        SupportReason::ElderlyAlone | SupportReason::Other => None,
    };
    let said = |answer| {
        profile.needs().filter(move |need| need.answer == answer).filter_map(|need| reported(need.kind))
    };
    let yes: Vec<Need> = said(YesNo::Yes).collect();
    let no: Vec<Need> = said(YesNo::No).filter(|need| !yes.contains(need)).collect();
    let mut needs: Vec<Need> = support.iter().filter_map(listed).chain(yes).collect();
    needs.retain(|need| !no.contains(need));
    needs.sort_unstable();
    needs.dedup();
    needs
}

const fn reported(kind: NeedKind) -> Option<Need> {
    Some(match kind {
        NeedKind::Frail => Need::Care,
        NeedKind::PhysicalDisability | NeedKind::IntellectualDisability | NeedKind::MentalDisability => {
            Need::Disability
        }
        NeedKind::Wheelchair => Need::Wheelchair,
        NeedKind::Pregnant => Need::Pregnant,
        NeedKind::Infant => Need::Baby,
        NeedKind::IntractableDisease => Need::IntractableDisease,
        NeedKind::Dementia => Need::Dementia,
        NeedKind::Oxygen | NeedKind::Ventilator => Need::Breathing,
        NeedKind::Dialysis => Need::Dialysis,
        NeedKind::Insulin => Need::Insulin,
        NeedKind::Visual | NeedKind::Braille | NeedKind::ReadAloud => Need::Sight,
        NeedKind::Hearing | NeedKind::SignLanguage | NeedKind::WrittenConversation => Need::Hearing,
        NeedKind::EasyJapanese | NeedKind::Interpreter => Need::ForeignLanguage,
        NeedKind::ReligiousFood
        | NeedKind::AllergyEgg
        | NeedKind::AllergyMilk
        | NeedKind::AllergyWheat
        | NeedKind::AllergyBuckwheat
        | NeedKind::AllergyPeanut
        | NeedKind::AllergyShrimp
        | NeedKind::AllergyCrab
        | NeedKind::AllergyWalnut
        | NeedKind::AllergyOther => Need::Food,
        NeedKind::Medication => Need::Medication,
        NeedKind::InjuredNow => Need::Injury,
        NeedKind::FeverOrCough | NeedKind::Infection => Need::Fever,
        // A question at arrival says that a nurse should ask, not what it is.
        NeedKind::AskedLifeSupport
        | NeedKind::AskedInjuryOrFever
        | NeedKind::AskedNotAlone
        | NeedKind::MentalHealth
        | NeedKind::GenderNeutralPlace => return None,
    })
}

/// How somebody is, as far as a nurse wrote it down; nothing where nobody did.
pub(crate) fn condition_of(profile: &Profile) -> Option<Condition> {
    let said = |kind| profile.needs().find(|need| need.kind == kind).map(|need| need.answer);
    let (injured, ill) = (said(NeedKind::InjuredNow), said(NeedKind::FeverOrCough));
    match (injured, ill, said(NeedKind::Infection)) {
        (Some(YesNo::Yes), ..) => Some(Condition::Injured),
        (_, Some(YesNo::Yes), _) | (_, _, Some(YesNo::Yes)) => Some(Condition::Ill),
        (Some(YesNo::No), Some(YesNo::No), _) => Some(Condition::Unhurt),
        _ => None,
    }
}

/// What somebody agreed that relatives and acquaintances are told beyond what the law gives them.
pub(crate) fn consents_of(profile: &Profile) -> Consents {
    let agreed = |circle| {
        let has = |item| {
            let field = Field::Consent(item, circle);
            matches!(profile.entry(field), Some(Entry::Consent(_, _, YesNo::Yes)))
        };
        if has(ConsentItem::ContactDetails) {
            Agreed::Contact
        } else if has(ConsentItem::Place) {
            Agreed::Place
        } else if has(ConsentItem::Condition) {
            Agreed::Condition
        } else {
            Agreed::NothingMore
        }
    };
    Consents { relatives: agreed(Circle::RelativesOrWorkplace), acquaintances: agreed(Circle::Acquaintances) }
}

/// Whether somebody said that this circle is told nothing at all, not even that they are known here.
pub(crate) fn refuses(profile: &Profile, circle: Circle) -> bool {
    let field = Field::Consent(ConsentItem::Presence, circle);
    matches!(profile.entry(field), Some(Entry::Consent(_, _, YesNo::No)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinamori_profile::Need as Written;

    fn profile(entries: Vec<Entry>) -> Profile {
        let record = RecordId::from_bytes([1; 16]);
        // A patch of nothing is none.
        let patch = (!entries.is_empty()).then(|| ProfilePatch::new(entries).unwrap());
        merge(patch.map(|patch| (Hlc::from_packed(1), record, patch)))
    }

    #[test]
    fn what_somebody_said_counts_against_the_list() {
        let care = SupportReasons::NONE.with(SupportReason::CareLevelThreeToFive);
        let nothing = profile(Vec::new());
        assert_eq!(needs_of(care, &nothing), [Need::Care]);
        let said = profile(vec![
            Entry::Need(Written::no(NeedKind::Frail)),
            Entry::Need(Written::yes(NeedKind::Ventilator)),
            Entry::Need(Written::yes(NeedKind::Oxygen)),
            Entry::Need(Written::yes(NeedKind::AskedNotAlone)),
        ]);
        assert_eq!(needs_of(care, &said), [Need::Breathing]);
    }

    #[test]
    fn a_condition_is_told_when_somebody_wrote_it_down() {
        let of = |needs: Vec<Written>| condition_of(&profile(needs.into_iter().map(Entry::Need).collect()));
        assert_eq!(of(Vec::new()), None);
        assert_eq!(of(vec![Written::yes(NeedKind::AskedInjuryOrFever)]), None, "a question is no finding");
        assert_eq!(of(vec![Written::no(NeedKind::InjuredNow)]), None);
        let (hurt, fever) = (NeedKind::InjuredNow, NeedKind::FeverOrCough);
        assert_eq!(of(vec![Written::no(hurt), Written::no(fever)]), Some(Condition::Unhurt));
        assert_eq!(of(vec![Written::yes(hurt), Written::yes(fever)]), Some(Condition::Injured));
        assert_eq!(of(vec![Written::yes(NeedKind::Infection)]), Some(Condition::Ill));
    }

    #[test]
    fn consents_are_of_their_circle() {
        let yes = |item, circle| Entry::Consent(item, circle, YesNo::Yes);
        let said = profile(vec![
            yes(ConsentItem::Place, Circle::RelativesOrWorkplace),
            Entry::Consent(ConsentItem::Presence, Circle::Acquaintances, YesNo::No),
        ]);
        let consents = consents_of(&said);
        assert_eq!((consents.relatives, consents.acquaintances), (Agreed::Place, Agreed::NothingMore));
        assert!(refuses(&said, Circle::Acquaintances) && !refuses(&said, Circle::RelativesOrWorkplace));
    }
}
