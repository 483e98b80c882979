//! A record as a map of scalars, and back. Keys are short because they stand in every record.

use automerge::ScalarValue;
use hinamori_model::{
    Assurance, AuditAction, BindingAssurance, Destination, Doubts, Grade, Hlc, HouseholdId, IncidentId,
    LaneId, LookupReason, PersonId, RecordId, RegisteredKind, Role, SiteId, StaffId, UnixMillis,
};

use crate::record::{
    Building, Details, Fact, LONGEST_NAME, LONGEST_SEALED, MOST_SPLIT_SITES, PresenceEvent, Proof, Record,
    RevocationMark, RuledStanding, SiteWord, WatchEvent,
};

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
const DECLARED_BY: &str = "y";
const DESTINATION: &str = "g";
const SITE: &str = "s";
const UNTIL: &str = "x";
const OTHER: &str = "q";
const HOUSEHOLD: &str = "h";
const CONTENT: &str = "c";
const STAFF: &str = "w";
const ROLE: &str = "m";
const REASON: &str = "z";
const PEOPLE: &str = "v";

const KIND_PRESENCE: u64 = 0;
const KIND_WATCH: u64 = 1;
const KIND_HEAD_COUNT: u64 = 2;
const KIND_SITE_OPENED: u64 = 3;
const KIND_UNDO: u64 = 4;
const KIND_LINK: u64 = 5;
const KIND_REGISTERED: u64 = 6;
const KIND_NAMED: u64 = 7;
const KIND_ROLL_CALL: u64 = 8;
const KIND_PROFILE: u64 = 9;
const KIND_AUDIT: u64 = 10;
const KIND_HIDING: u64 = 11;
const KIND_PASS_ISSUED: u64 = 12;
const KIND_SELF_OPENED: u64 = 13;
const KIND_ASSESSED: u64 = 14;
const KIND_SETTLED: u64 = 15;
const KIND_HANDED_OVER: u64 = 16;
const KIND_DRILL_ENDED: u64 = 17;
const KIND_INCIDENT_NAMED: u64 = 18;
const KIND_INCIDENT_JOINED: u64 = 19;
const KIND_INCIDENT_SPLIT: u64 = 20;
const KIND_SITE_RULED: u64 = 21;

/// The fields of `record`, in the order in which they are written. Fields at their usual value (no doubt,
/// nothing checked, clock sure) are left out: that is most of them on most days.
pub(crate) fn fields_of(record: &Record) -> Vec<(&'static str, ScalarValue)> {
    let Record { id: _, at, clock_unsure, lane, ref fact } = *record;
    let mut fields = Vec::with_capacity(10);
    let number = ScalarValue::Uint;
    match *fact {
        Fact::Presence { person, event, proof, details } => {
            fields.push((KIND, number(KIND_PRESENCE)));
            person_fields(&mut fields, person, event.code(), proof);
            detail_fields(&mut fields, details);
        }
        Fact::Watch { person, event, proof } => {
            fields.push((KIND, number(KIND_WATCH)));
            person_fields(&mut fields, person, event.code(), proof);
        }
        Fact::HeadCount { adults, children, infants } => {
            fields.push((KIND, number(KIND_HEAD_COUNT)));
            fields.extend(heads([adults, children, infants]));
        }
        Fact::SiteOpened { building, findings } => fields.extend([
            (KIND, number(KIND_SITE_OPENED)),
            (EVENT, number(building.code().into())),
            (FINDINGS, number(findings.into())),
        ]),
        Fact::Undo { of } => fields.extend([(KIND, number(KIND_UNDO)), (RECORD, bytes(of.as_bytes()))]),
        Fact::Link { from, to, binding } => fields.extend([
            (KIND, number(KIND_LINK)),
            (PERSON, bytes(from.as_bytes())),
            (OTHER, bytes(to.as_bytes())),
            (BINDING, number(binding.code().into())),
        ]),
        Fact::Registered { person, kind, household } => {
            fields.extend([
                (KIND, number(KIND_REGISTERED)),
                (PERSON, bytes(person.as_bytes())),
                (EVENT, number(kind.code().into())),
            ]);
            fields.extend(household.map(|household| (HOUSEHOLD, bytes(household.as_bytes()))));
        }
        Fact::Named { of, adults, children, infants } => {
            fields.extend([(KIND, number(KIND_NAMED)), (RECORD, bytes(of.as_bytes()))]);
            fields.extend(heads([adults, children, infants]));
        }
        Fact::RollCall { since } => {
            fields.extend([(KIND, number(KIND_ROLL_CALL)), (UNTIL, number(since.get()))]);
        }
        ref of_staff => staff_fields(&mut fields, of_staff),
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

fn bytes(id: &[u8]) -> ScalarValue {
    ScalarValue::Bytes(id.to_vec())
}

/// What staff write, beside who is where.
fn staff_fields(fields: &mut Vec<(&'static str, ScalarValue)>, fact: &Fact) {
    let number = ScalarValue::Uint;
    let by = |staff: &StaffId| (STAFF, bytes(staff.as_bytes()));
    match fact {
        Fact::Profile { person, sealed } => fields.extend([
            (KIND, number(KIND_PROFILE)),
            (PERSON, bytes(person.as_bytes())),
            (CONTENT, bytes(sealed)),
        ]),
        Fact::Audit { staff, role, action, person, reason, people } => {
            fields.extend([
                (KIND, number(KIND_AUDIT)),
                (EVENT, number(action.code().into())),
                (ROLE, number(role.code().into())),
            ]);
            fields.extend(staff.as_ref().map(by));
            fields.extend(person.map(|person| (PERSON, bytes(person.as_bytes()))));
            fields.extend(reason.map(|reason| (REASON, number(reason.code().into()))));
            fields.extend((*people > 0).then(|| (PEOPLE, number((*people).into()))));
        }
        Fact::Hiding { person, hidden, staff, proof } => {
            fields.push((KIND, number(KIND_HIDING)));
            person_fields(fields, *person, u8::from(*hidden), *proof);
            fields.push(by(staff));
        }
        Fact::PassIssued { pass, role, until, staff } => fields.extend([
            (KIND, number(KIND_PASS_ISSUED)),
            (OTHER, bytes(pass.as_bytes())),
            (ROLE, number(role.code().into())),
            (UNTIL, number(until.get())),
            by(staff),
        ]),
        Fact::SelfOpened { name } => fields.extend([
            (KIND, number(KIND_SELF_OPENED)),
            (CONTENT, ScalarValue::Bytes(name.as_bytes().to_vec())),
        ]),
        Fact::Assessed { grades, staff } => {
            let grades = grades.iter().map(|grade| grade.code()).collect();
            fields.extend([(KIND, number(KIND_ASSESSED)), (CONTENT, ScalarValue::Bytes(grades))]);
            fields.extend(staff.as_ref().map(by));
        }
        Fact::Settled { person, site, staff } => {
            fields.extend([
                (KIND, number(KIND_SETTLED)),
                (PERSON, bytes(person.as_bytes())),
                (SITE, bytes(site.as_bytes())),
            ]);
            fields.extend(staff.as_ref().map(by));
        }
        Fact::HandedOver { from, to, people, digest } => fields.extend([
            (KIND, number(KIND_HANDED_OVER)),
            by(from),
            (OTHER, bytes(to.as_bytes())),
            (PEOPLE, number((*people).into())),
            (CONTENT, bytes(digest)),
        ]),
        fact => incident_fields(fields, fact),
    }
}

/// What is said of an incident as a whole.
fn incident_fields(fields: &mut Vec<(&'static str, ScalarValue)>, fact: &Fact) {
    let number = ScalarValue::Uint;
    match fact {
        Fact::DrillEnded => fields.push((KIND, number(KIND_DRILL_ENDED))),
        Fact::IncidentNamed { name } => {
            fields.extend([(KIND, number(KIND_INCIDENT_NAMED)), (CONTENT, bytes(name.as_bytes()))]);
        }
        Fact::IncidentJoined { into } => {
            fields.extend([(KIND, number(KIND_INCIDENT_JOINED)), (OTHER, bytes(into.as_bytes()))]);
        }
        Fact::IncidentSplit { since, sites, into } => fields.extend([
            (KIND, number(KIND_INCIDENT_SPLIT)),
            (UNTIL, number(since.get())),
            (CONTENT, ScalarValue::Bytes(sites.iter().flat_map(|site| *site.as_bytes()).collect())),
            (OTHER, bytes(into.as_bytes())),
        ]),
        Fact::SiteRuled { site, word: SiteWord { standing, capacity } } => {
            fields.extend([(KIND, number(KIND_SITE_RULED)), (SITE, bytes(site.as_bytes()))]);
            fields.extend(standing.map(|standing| (EVENT, number(standing.code().into()))));
            fields.extend(capacity.map(|capacity| (PEOPLE, number(capacity.into()))));
        }
        _ => {}
    }
}

fn heads([adults, children, infants]: [u16; 3]) -> [(&'static str, ScalarValue); 3] {
    [(ADULTS, adults), (CHILDREN, children), (INFANTS, infants)]
        .map(|(key, count)| (key, ScalarValue::Uint(count.into())))
}

fn detail_fields(fields: &mut Vec<(&'static str, ScalarValue)>, details: Details) {
    let Details { declared_by, destination, to, until } = details;
    fields.extend(declared_by.map(|by| (DECLARED_BY, bytes(by.as_bytes()))));
    fields.extend(destination.map(|goes| (DESTINATION, ScalarValue::Uint(goes.code().into()))));
    fields.extend(to.map(|site| (SITE, bytes(site.as_bytes()))));
    fields.extend(until.map(|until| (UNTIL, ScalarValue::Uint(until.get()))));
}

fn person_fields(fields: &mut Vec<(&'static str, ScalarValue)>, person: PersonId, event: u8, proof: Proof) {
    let Proof { assurance, binding, doubts, revocation } = proof;
    fields.extend([
        (PERSON, bytes(person.as_bytes())),
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

    fn bytes(&self, key: &str) -> Option<&[u8]> {
        match self.value(key)? {
            ScalarValue::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    fn id16(&self, key: &str) -> Option<[u8; 16]> {
        self.bytes(key)?.try_into().ok()
    }

    /// The record that these fields spell; `None` when a newer version wrote them or they are incomplete.
    pub(crate) fn record(&self, id: RecordId) -> Option<Record> {
        let fact = match self.number(KIND)? {
            KIND_PRESENCE => Fact::Presence {
                person: self.person()?,
                event: PresenceEvent::from_code(self.number(EVENT)?)?,
                proof: self.proof()?,
                details: self.details(),
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
            KIND_UNDO => Fact::Undo { of: self.of()? },
            KIND_LINK => Fact::Link {
                from: self.unknown()?,
                to: self.id16(OTHER).map(PersonId::from_bytes)?,
                binding: BindingAssurance::from_code(self.number(BINDING)?)?,
            },
            KIND_REGISTERED => Fact::Registered {
                person: self.unknown()?,
                kind: RegisteredKind::from_code(self.number(EVENT)?)?,
                household: self.id16(HOUSEHOLD).map(HouseholdId::from_bytes),
            },
            KIND_NAMED => Fact::Named {
                of: self.of()?,
                adults: self.small(ADULTS)?,
                children: self.small(CHILDREN)?,
                infants: self.small(INFANTS)?,
            },
            KIND_ROLL_CALL => Fact::RollCall { since: self.millis(UNTIL)? },
            kind => self.of_staff(kind)?,
        };
        Some(Record {
            id,
            at: Hlc::from_packed(self.number(TIME)?),
            clock_unsure: matches!(self.value(CLOCK_UNSURE), Some(ScalarValue::Boolean(true))),
            lane: self.number(LANE).and_then(|lane| u8::try_from(lane).ok()).map(LaneId),
            fact,
        })
    }

    fn of_staff(&self, kind: u64) -> Option<Fact> {
        Some(match kind {
            KIND_PROFILE => Fact::Profile {
                person: self.person()?,
                sealed: self.bytes(CONTENT).filter(|sealed| sealed.len() <= LONGEST_SEALED)?.to_vec(),
            },
            KIND_AUDIT => Fact::Audit {
                staff: self.staff(),
                role: Role::from_code(self.number(ROLE)?)?,
                action: AuditAction::from_code(self.number(EVENT)?)?,
                person: self.person(),
                reason: self.number(REASON).and_then(LookupReason::from_code),
                people: self.small(PEOPLE).unwrap_or(0),
            },
            KIND_HIDING => Fact::Hiding {
                person: self.person()?,
                hidden: match self.number(EVENT)? {
                    0 => false,
                    1 => true,
                    _ => return None,
                },
                staff: self.staff()?,
                proof: self.proof()?,
            },
            KIND_PASS_ISSUED => Fact::PassIssued {
                pass: self.id16(OTHER).map(StaffId::from_bytes)?,
                role: Role::from_code(self.number(ROLE)?)?,
                until: self.millis(UNTIL)?,
                staff: self.staff()?,
            },
            KIND_SELF_OPENED => Fact::SelfOpened { name: self.name()? },
            KIND_ASSESSED => {
                let grades: [u8; 6] = self.bytes(CONTENT)?.try_into().ok()?;
                // A grade of a newer version was looked at, and nobody here knows how it is.
                let grades = grades.map(|grade| Grade::from_code(grade.into()).unwrap_or_default());
                Fact::Assessed { grades, staff: self.staff() }
            }
            KIND_SETTLED => Fact::Settled {
                person: self.person()?,
                site: self.id16(SITE).map(SiteId::from_bytes)?,
                staff: self.staff(),
            },
            KIND_HANDED_OVER => Fact::HandedOver {
                from: self.staff()?,
                to: self.id16(OTHER).map(StaffId::from_bytes)?,
                people: self.small(PEOPLE)?,
                digest: self.bytes(CONTENT)?.try_into().ok()?,
            },
            kind => self.of_incident(kind)?,
        })
    }

    fn of_incident(&self, kind: u64) -> Option<Fact> {
        let into = || self.id16(OTHER).map(IncidentId::from_bytes);
        Some(match kind {
            KIND_DRILL_ENDED => Fact::DrillEnded,
            KIND_INCIDENT_NAMED => Fact::IncidentNamed { name: self.name()? },
            KIND_INCIDENT_JOINED => Fact::IncidentJoined { into: into()? },
            KIND_INCIDENT_SPLIT => {
                let (sites, rest) = self.bytes(CONTENT)?.as_chunks::<16>();
                if !rest.is_empty() || sites.len() > MOST_SPLIT_SITES {
                    return None;
                }
                let sites = sites.iter().copied().map(SiteId::from_bytes).collect();
                Fact::IncidentSplit { since: self.millis(UNTIL)?, sites, into: into()? }
            }
            KIND_SITE_RULED => {
                // Of a standing that only a newer version knows nothing else is believed either: the word is one.
                let standing = self.number(EVENT).map(|code| RuledStanding::from_code(code).ok_or(()));
                let capacity = self.number(PEOPLE).map(u32::try_from);
                let word =
                    SiteWord { standing: standing.transpose().ok()?, capacity: capacity.transpose().ok()? };
                Fact::SiteRuled { site: self.id16(SITE).map(SiteId::from_bytes)?, word }
            }
            _ => return None,
        })
    }

    fn name(&self) -> Option<String> {
        let name = self.bytes(CONTENT).filter(|name| name.len() <= LONGEST_NAME)?;
        Some(std::str::from_utf8(name).ok()?.to_owned())
    }

    fn staff(&self) -> Option<StaffId> {
        self.id16(STAFF).map(StaffId::from_bytes)
    }

    fn person(&self) -> Option<PersonId> {
        self.id16(PERSON).map(PersonId::from_bytes)
    }

    /// Only what a card or badge that nobody knew stood for can be somebody else, or be registered: nobody's box says that
    /// one resident is another.
    fn unknown(&self) -> Option<PersonId> {
        self.person().filter(PersonId::is_of_unknown_card)
    }

    /// A time that a database can keep.
    fn millis(&self, key: &str) -> Option<UnixMillis> {
        self.number(key).filter(|millis| i64::try_from(*millis).is_ok()).map(UnixMillis::new)
    }

    fn of(&self) -> Option<RecordId> {
        self.id16(RECORD).map(RecordId::from_bytes)
    }

    /// A destination of a newer version is none that is known here; the presence counts all the same.
    fn details(&self) -> Details {
        Details {
            declared_by: self.id16(DECLARED_BY).map(PersonId::from_bytes),
            destination: self.number(DESTINATION).and_then(Destination::from_code),
            to: self.id16(SITE).map(SiteId::from_bytes),
            until: self.millis(UNTIL),
        }
    }

    fn small(&self, key: &str) -> Option<u16> {
        u16::try_from(self.number(key)?).ok()
    }

    fn proof(&self) -> Option<Proof> {
        let revocation = match (self.millis(REVOKED_SINCE), self.millis(NOT_REVOKED_AS_OF)) {
            (Some(since), _) => RevocationMark::Revoked { since },
            (None, Some(as_of)) => RevocationMark::NotRevoked { as_of },
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
