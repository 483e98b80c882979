//! One record as a line of JSON: for the town's ledger of those affected (被災者台帳), and for exports, which name nobody.
//!
//! The ledger is the town's own: it names everybody, and says of hidden people that they are hidden. Whoever gets it
//! answers for it. Codes are written by their names in this program.

use std::collections::BTreeMap;
use std::fmt::Debug;

use hinamori_model::{IncidentId, PersonId, PersonalText, RecordId, SiteId, UnixMillis};
use hinamori_profile::{Contact, Entry, IncidentKey, Need, PersonKey, Proxy, WrappedKey, sealed_by};
use hinamori_record::{DecodedChange, Details, DocumentScope, Fact, Proof, SiteWord};
use hinamori_sync::town::{Package, Person};
use serde_json::{Map, Value, json};

/// What is needed to write lines of one incident.
pub(crate) struct Opener {
    incident: IncidentId,
    key: Option<IncidentKey>,
    people: BTreeMap<PersonId, (PersonalText, bool)>,
    sites: BTreeMap<SiteId, String>,
}

impl Opener {
    /// For the incident with this key; without one what was written down of people stays shut.
    pub(crate) fn new(
        incident: IncidentId,
        key: Option<[u8; 32]>,
        people: &[Person],
        package: &Package,
    ) -> Self {
        let key = key.map(|key| IncidentKey::new(incident, key));
        let people = people.iter().map(|person| (person.id, (person.name.clone(), person.hidden))).collect();
        let sites = package.sites.iter().map(|site| (site.id, site.name.clone())).collect();
        Self { incident, key, people, sites }
    }

    /// For lines that name nobody and open nothing.
    pub(crate) fn of_nobody(package: &Package) -> Self {
        Self::new(package.incidents.live, None, &[], package)
    }

    /// The same for a piece that has a key of its own.
    pub(crate) fn set_key(&mut self, key: [u8; 32]) {
        self.key = Some(IncidentKey::new(self.incident, key));
    }

    fn open(
        &self,
        sealed: &[u8],
        person: PersonId,
        record: RecordId,
        keys: &[WrappedKey],
    ) -> Option<Vec<Entry>> {
        let id = sealed_by(sealed)?;
        let mut keys = keys.iter().filter(|wrapped| wrapped.key_id() == id);
        let key: PersonKey = keys.find_map(|wrapped| self.key.as_ref()?.unwrap(person, wrapped).ok())?;
        Some(key.open(sealed, person, record).ok()?.into_entries())
    }

    fn name_of(&self, person: PersonId) -> Value {
        match self.people.get(&person) {
            Some((name, is_hidden)) => json!({ "name": name.expose(), "hidden": is_hidden }),
            None => Value::Null,
        }
    }
}

/// A line for each record of a change. `keys` gives the wrapped keys of a person.
pub(crate) fn lines_of(
    opener: &Opener,
    scope: DocumentScope,
    received_at: UnixMillis,
    change: &DecodedChange,
    keys: impl Fn(PersonId) -> Vec<WrappedKey>,
) -> Vec<String> {
    let mut lines = Vec::new();
    for record in &change.records {
        let mut line = Map::new();
        let mut put = |name: &str, value: Value| line.insert(name.to_owned(), value);
        put("incident", json!(scope.incident.to_string()));
        put("site", json!(scope.site.to_string()));
        put("site_name", json!(opener.sites.get(&scope.site)));
        put("record", json!(record.id.ulid_text()));
        put("period", json!(scope.period.day()));
        put("part", json!(scope.period.part()));
        put("at", time(record.at.millis()));
        put("reading", json!(record.at.packed()));
        put("clock_unsure", json!(record.clock_unsure));
        put("received_at", time(received_at));
        put("by", json!(hex(change.change.actor.as_bytes())));
        put("lane", json!(record.lane.map(|lane| lane.0)));
        if let Some(person) = record.fact.person() {
            put("person", json!(person.to_string()));
            put("on_roster", opener.name_of(person));
        }
        let (kind, said) = said(&record.fact);
        put("kind", json!(kind));
        put("said", said);
        if let Some(proof) = record.fact.proof() {
            put("proof", proof_of(&proof));
        }
        if let Fact::Profile { person, sealed } = &record.fact {
            let entries = opener.open(sealed, *person, record.id, &keys(*person));
            put("profile", entries.map_or(Value::Null, |entries| entries.iter().map(entry).collect()));
        }
        lines.push(Value::Object(line).to_string());
    }
    lines
}

fn hex(bytes: &[u8]) -> String {
    crate::hex::text(bytes)
}

fn time(at: UnixMillis) -> Value {
    let read = i64::try_from(at.get()).ok().and_then(|millis| jiff::Timestamp::from_millisecond(millis).ok());
    read.map_or_else(|| json!(at.get()), |time| json!(time.to_string()))
}

fn id(id: Option<impl ToString>) -> Value {
    json!(id.map(|id| id.to_string()))
}

fn code(code: impl Debug) -> Value {
    json!(format!("{code:?}"))
}

fn text(text: Option<&PersonalText>) -> Value {
    json!(text.map(PersonalText::expose))
}

fn proof_of(proof: &Proof) -> Value {
    let doubts: Vec<Value> = proof.doubts.iter().map(code).collect();
    let Proof { assurance, binding, revocation, .. } = proof;
    json!({
        "assurance": code(assurance), "binding": code(binding), "doubts": doubts,
        "revocation": code(revocation),
    })
}

fn details_of(details: &Details) -> Value {
    let Details { declared_by, destination, to, until } = details;
    json!({
        "declared_by": id(*declared_by), "destination": destination.map(code), "to": id(*to),
        "until": until.map(time),
    })
}

/// What a record says, without whom it is about.
fn said(fact: &Fact) -> (&'static str, Value) {
    match fact {
        Fact::Presence { event, details, .. } => {
            ("presence", json!({ "event": code(event), "details": details_of(details) }))
        }
        Fact::Watch { event, .. } => ("watch", json!({ "event": code(event) })),
        Fact::HeadCount { adults, children, infants } => {
            ("head_count", json!({ "adults": adults, "children": children, "infants": infants }))
        }
        Fact::SiteOpened { building, findings } => {
            ("site_opened", json!({ "building": code(building), "findings": findings }))
        }
        Fact::Undo { of } => ("undo", json!({ "of": of.ulid_text() })),
        Fact::Link { to, binding, .. } => ("link", json!({ "to": to.to_string(), "binding": code(binding) })),
        Fact::Registered { kind, household, .. } => {
            ("registered", json!({ "as": code(kind), "household": id(*household) }))
        }
        Fact::Named { of, adults, children, infants } => (
            "named",
            json!({ "of": of.ulid_text(), "adults": adults, "children": children, "infants": infants }),
        ),
        Fact::RollCall { since } => ("roll_call", json!({ "since": time(*since) })),
        Fact::Profile { .. } => ("profile", Value::Null),
        other => said_by_staff(other),
    }
}

fn said_by_staff(fact: &Fact) -> (&'static str, Value) {
    match fact {
        Fact::Audit { staff, role, action, reason, people, .. } => (
            "audit",
            json!({
                "staff": id(*staff), "role": code(role), "action": code(action), "reason": reason.map(code),
                "people": people,
            }),
        ),
        Fact::Hiding { hidden, staff, .. } => {
            ("hiding", json!({ "hidden": hidden, "staff": staff.to_string() }))
        }
        Fact::PassIssued { pass, role, until, staff } => (
            "pass_issued",
            json!({
                "pass": pass.to_string(), "role": code(role), "until": time(*until),
                "staff": staff.to_string(),
            }),
        ),
        Fact::SelfOpened { name } => ("self_opened", json!({ "name": name })),
        Fact::Assessed { grades, staff } => {
            let grades: Vec<Value> = grades.iter().map(code).collect();
            ("assessed", json!({ "grades": grades, "staff": id(*staff) }))
        }
        Fact::Settled { site, staff, .. } => {
            ("settled", json!({ "site": site.to_string(), "staff": id(*staff) }))
        }
        Fact::HandedOver { from, to, people, digest } => (
            "handed_over",
            json!({
                "from": from.to_string(), "to": to.to_string(), "people": people, "digest": hex(digest),
            }),
        ),
        other => said_of_incident(other),
    }
}

fn said_of_incident(fact: &Fact) -> (&'static str, Value) {
    match fact {
        Fact::DrillEnded => ("drill_ended", Value::Null),
        Fact::IncidentNamed { name } => ("incident_named", json!({ "name": name })),
        Fact::IncidentJoined { into } => ("incident_joined", json!({ "into": into.to_string() })),
        Fact::IncidentSplit { since, sites, into } => {
            let sites: Vec<String> = sites.iter().map(ToString::to_string).collect();
            ("incident_split", json!({ "since": time(*since), "sites": sites, "into": into.to_string() }))
        }
        Fact::SiteRuled { site, word: SiteWord { standing, capacity } } => {
            let standing = standing.as_ref().map(code);
            ("site_ruled", json!({ "site": site.to_string(), "standing": standing, "capacity": capacity }))
        }
        _ => ("other", Value::Null),
    }
}

/// One thing that is written down of somebody.
fn entry(entry: &Entry) -> Value {
    let value = match entry {
        Entry::Text(_, said) => json!(said.expose()),
        Entry::BirthDate(date) => {
            let date = date.expose();
            json!(format!("{:04}-{:02}-{:02}", date.year(), date.month(), date.day()))
        }
        Entry::Sex(sex) => code(sex),
        Entry::Stay(form, note) => json!({ "form": code(form), "note": text(note.as_ref()) }),
        Entry::HouseDamage(damage) => code(damage),
        Entry::Need(Need { answer, degree, due_by, note, .. }) => json!({
            "answer": code(answer), "degree": degree, "due_by": due_by.map(time), "note": text(note.as_ref()),
        }),
        Entry::Help(_, answer, note) => json!({ "answer": code(answer), "note": text(note.as_ref()) }),
        Entry::Consent(_, _, answer) => code(answer),
        Entry::Proxy(_, Proxy { name, person, until }) => {
            json!({ "name": name.expose(), "person": id(*person), "until": until.map(time) })
        }
        Entry::Contact(_, Contact { name, relation, reached_by }) => json!({
            "name": name.expose(), "relation": text(relation.as_ref()),
            "reached_by": text(reached_by.as_ref()),
        }),
        Entry::Cleared(_) => Value::Null,
        Entry::Newer(..) => json!("newer than this program"),
    };
    json!({ "field": format!("{:?}", entry.field()), "value": value })
}
