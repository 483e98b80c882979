//! A record as a map of scalars, and back. Keys are short because they stand in every record.

use automerge::ScalarValue;
use hinamori_model::{Assurance, BindingAssurance, Doubts, Hlc, LaneId, PersonId, RecordId, UnixMillis};

use crate::record::{Building, Fact, PresenceEvent, Proof, Record, RevocationMark, WatchEvent};

const KIND: &str = "k";
const TIME: &str = "t";
const CLOCK_UNSURE: &str = "u";
const LANE: &str = "l";
const PERSON: &str = "p";
const EVENT: &str = "e";
const ASSURANCE: &str = "a";
const BINDING: &str = "b";
const DOUBTS: &str = "d";
const NOT_REVOKED_AS_OF: &str = "n";
const REVOKED_SINCE: &str = "r";
const ADULTS: &str = "ad";
const CHILDREN: &str = "ch";
const INFANTS: &str = "in";
const FINDINGS: &str = "f";
const RECORD: &str = "o";

const KIND_PRESENCE: u64 = 0;
const KIND_WATCH: u64 = 1;
const KIND_HEAD_COUNT: u64 = 2;
const KIND_SITE_OPENED: u64 = 3;
const KIND_UNDO: u64 = 4;

/// The fields of `record`, in the order in which they are written. Fields at their usual value (no doubt,
/// nothing checked, clock sure) are left out: that is most of them on most days.
pub(crate) fn fields_of(record: &Record) -> Vec<(&'static str, ScalarValue)> {
    let Record { id: _, at, clock_unsure, lane, fact } = *record;
    let mut fields = Vec::with_capacity(10);
    let number = ScalarValue::Uint;
    match fact {
        Fact::Presence { person, event, proof } => {
            fields.push((KIND, number(KIND_PRESENCE)));
            person_fields(&mut fields, person, event.code(), proof);
        }
        Fact::Watch { person, event, proof } => {
            fields.push((KIND, number(KIND_WATCH)));
            person_fields(&mut fields, person, event.code(), proof);
        }
        Fact::HeadCount { adults, children, infants } => fields.extend([
            (KIND, number(KIND_HEAD_COUNT)),
            (ADULTS, number(adults.into())),
            (CHILDREN, number(children.into())),
            (INFANTS, number(infants.into())),
        ]),
        Fact::SiteOpened { building, findings } => fields.extend([
            (KIND, number(KIND_SITE_OPENED)),
            (EVENT, number(building.code().into())),
            (FINDINGS, number(findings.into())),
        ]),
        Fact::Undo { of } => {
            fields.extend([(KIND, number(KIND_UNDO)), (RECORD, ScalarValue::Bytes(of.as_bytes().to_vec()))])
        }
    }
    fields.push((TIME, number(at.packed())));
    if clock_unsure {
        fields.push((CLOCK_UNSURE, ScalarValue::Boolean(true)));
    }
    if let Some(LaneId(lane)) = lane {
        fields.push((LANE, number(lane.into())));
    }
    fields
}

fn person_fields(fields: &mut Vec<(&'static str, ScalarValue)>, person: PersonId, event: u8, proof: Proof) {
    let Proof { assurance, binding, doubts, revocation } = proof;
    fields.extend([
        (PERSON, ScalarValue::Bytes(person.as_bytes().to_vec())),
        (EVENT, ScalarValue::Uint(event.into())),
        (ASSURANCE, ScalarValue::Uint(assurance.code().into())),
        (BINDING, ScalarValue::Uint(binding.code().into())),
    ]);
    if !doubts.is_empty() {
        fields.push((DOUBTS, ScalarValue::Uint(doubts.bits().into())));
    }
    match revocation {
        RevocationMark::NotChecked => {}
        RevocationMark::NotRevoked { as_of } => {
            fields.push((NOT_REVOKED_AS_OF, ScalarValue::Uint(as_of.get())));
        }
        RevocationMark::Revoked { since } => fields.push((REVOKED_SINCE, ScalarValue::Uint(since.get()))),
    }
}

/// The fields of one record as they were read; unknown keys are simply never asked for.
#[derive(Debug, Default)]
pub(crate) struct Fields(Vec<(String, ScalarValue)>);

impl Fields {
    pub(crate) fn push(&mut self, key: &str, value: ScalarValue) {
        self.0.push((key.to_owned(), value));
    }

    fn value(&self, key: &str) -> Option<&ScalarValue> {
        self.0.iter().find_map(|(name, value)| (name == key).then_some(value))
    }

    fn number(&self, key: &str) -> Option<u64> {
        self.value(key).and_then(ScalarValue::as_u64)
    }

    fn id16(&self, key: &str) -> Option<[u8; 16]> {
        match self.value(key)? {
            ScalarValue::Bytes(bytes) => bytes.as_slice().try_into().ok(),
            _ => None,
        }
    }

    /// The record that these fields spell; `None` when a newer version wrote them or they are incomplete.
    pub(crate) fn record(&self, id: RecordId) -> Option<Record> {
        let fact = match self.number(KIND)? {
            KIND_PRESENCE => Fact::Presence {
                person: self.person()?,
                event: PresenceEvent::from_code(self.number(EVENT)?)?,
                proof: self.proof()?,
            },
            KIND_WATCH => Fact::Watch {
                person: self.person()?,
                event: WatchEvent::from_code(self.number(EVENT)?)?,
                proof: self.proof()?,
            },
            KIND_HEAD_COUNT => Fact::HeadCount {
                adults: self.small(ADULTS)?,
                children: self.small(CHILDREN)?,
                infants: self.small(INFANTS)?,
            },
            KIND_SITE_OPENED => Fact::SiteOpened {
                building: Building::from_code(self.number(EVENT)?)?,
                findings: u8::try_from(self.number(FINDINGS)?).ok()?,
            },
            KIND_UNDO => Fact::Undo { of: RecordId::from_bytes(self.id16(RECORD)?) },
            _ => return None,
        };
        Some(Record {
            id,
            at: Hlc::from_packed(self.number(TIME)?),
            clock_unsure: matches!(self.value(CLOCK_UNSURE), Some(ScalarValue::Boolean(true))),
            lane: self.number(LANE).and_then(|lane| u8::try_from(lane).ok()).map(LaneId),
            fact,
        })
    }

    fn person(&self) -> Option<PersonId> {
        self.id16(PERSON).map(PersonId::from_bytes)
    }

    fn small(&self, key: &str) -> Option<u16> {
        u16::try_from(self.number(key)?).ok()
    }

    fn proof(&self) -> Option<Proof> {
        let revocation = match (self.number(REVOKED_SINCE), self.number(NOT_REVOKED_AS_OF)) {
            (Some(since), _) => RevocationMark::Revoked { since: UnixMillis::new(since) },
            (None, Some(as_of)) => RevocationMark::NotRevoked { as_of: UnixMillis::new(as_of) },
            (None, None) => RevocationMark::NotChecked,
        };
        Some(Proof {
            assurance: Assurance::from_code(self.number(ASSURANCE)?)?,
            binding: BindingAssurance::from_code(self.number(BINDING)?)?,
            doubts: Doubts::from_bits(u32::try_from(self.number(DOUBTS).unwrap_or(0)).ok()?),
            revocation,
        })
    }
}
