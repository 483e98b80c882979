//! The Automerge document of one scope.

use automerge::transaction::{CommitOptions, Transactable};
use automerge::{Automerge, AutomergeError, ObjType, ROOT, ReadDoc};
use hinamori_model::{RecordId, UnixMillis};

use crate::change::{Change, ChangeError, change_from_automerge};
use crate::fields::fields_of;
use crate::record::Record;
use crate::record_ids::{IdRandom, Seed};
use crate::scope::{ActorId, DocumentScope};

/// The version of the document's shape, at the root key "v". Fields are only ever added; a change of
/// meaning is a new version in a new document.
const SHAPE_VERSION: u64 = 1;

/// An open document: one box appends to it, changes of others are applied.
pub struct Document {
    scope: DocumentScope,
    inner: Automerge,
    actor: ActorId,
    /// The last change of `actor` in it; 0 for none.
    sequence: u32,
    seed: Seed,
}

/// Why a document could not be changed.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// Automerge refused.
    #[error("the document refuses the change")]
    Refused(#[source] AutomergeError),
    /// A stored or received change cannot be read.
    #[error("a change of the document cannot be read")]
    Unreadable(#[source] ChangeError),
    /// There was nothing to append.
    #[error("an action without records was to be appended")]
    Empty,
}

impl Document {
    /// The document of `scope` with nothing in it but its shape, to be written by `actor`.
    ///
    /// # Errors
    /// [`DocumentError::Refused`] never in practice: the first change is constant.
    pub fn new(scope: DocumentScope, actor: ActorId) -> Result<Self, DocumentError> {
        // Fixed actor and time: every box makes the same bytes, so the roots never conflict.
        let mut inner = Automerge::new().with_actor(ActorId::SCHEMA.as_bytes().to_vec().into());
        let mut transaction = inner.transaction();
        transaction.put(ROOT, "v", SHAPE_VERSION).map_err(DocumentError::Refused)?;
        transaction.commit_with(CommitOptions::default().with_time(0));
        inner.set_actor(actor.as_bytes().to_vec().into());
        Ok(Self { scope, inner, actor, sequence: 0, seed: Seed::default() })
    }

    /// Which document this is.
    pub const fn scope(&self) -> DocumentScope {
        self.scope
    }

    /// Names what the next change will say, in its order: for each record the time at which it happens. What is random in the ids is
    /// drawn (`random`) at most once until [`Document::begin_ids_anew`], and once for each of [`LONGEST_RUN`](crate::LONGEST_RUN) changes;
    /// for more than one record only where nothing may follow from the first one, since slips will carry it
    /// ([`Fact::is_for_slips`](crate::Fact::is_for_slips)).
    ///
    /// # Errors
    /// Those of `random`.
    pub fn record_ids<E>(
        &mut self,
        times: &[UnixMillis],
        is_for_slips: bool,
        random: impl FnMut() -> Result<IdRandom, E>,
    ) -> Result<Vec<RecordId>, E> {
        let next = (self.actor, self.sequence.saturating_add(1));
        self.seed.ids(next, times, is_for_slips, random)
    }

    /// What was appended is sealed now and will be seen: no later id may follow from it.
    pub fn begin_ids_anew(&mut self) {
        self.seed = Seed::default();
    }

    /// Appends the records of one operator action as one change.
    ///
    /// # Errors
    /// [`DocumentError`]; the document is unchanged then.
    pub fn append(&mut self, records: &[Record], now: UnixMillis) -> Result<Change, DocumentError> {
        if records.is_empty() {
            return Err(DocumentError::Empty);
        }
        let seconds = i64::try_from(now.get() / 1000).unwrap_or(i64::MAX);
        let mut transaction = self.inner.transaction();
        for record in records {
            let key = record.id.ulid_text();
            let map = transaction.put_object(ROOT, key, ObjType::Map).map_err(DocumentError::Refused)?;
            for (name, value) in fields_of(record) {
                transaction.put(&map, name, value).map_err(DocumentError::Refused)?;
            }
        }
        transaction.commit_with(CommitOptions::default().with_time(seconds));
        let change = self.inner.get_last_local_change().ok_or(DocumentError::Empty)?;
        let change = change_from_automerge(&change).map_err(DocumentError::Unreadable)?;
        self.sequence = change.sequence;
        Ok(change)
    }

    /// Whether a record stands in it, as far as changes were applied.
    pub fn holds(&self, record: RecordId) -> bool {
        self.inner.get(ROOT, record.ulid_text()).is_ok_and(|found| found.is_some())
    }

    /// Applies changes of this or other boxes, in any order; those already applied are ignored.
    ///
    /// # Errors
    /// [`DocumentError`]; none of the changes is applied then.
    pub fn apply<'c>(&mut self, changes: impl IntoIterator<Item = &'c [u8]>) -> Result<(), DocumentError> {
        let changes = changes
            .into_iter()
            .map(|bytes| automerge::Change::try_from(bytes).map_err(ChangeError::NotAChange))
            .collect::<Result<Vec<_>, _>>()
            .map_err(DocumentError::Unreadable)?;
        let own = |change: &&automerge::Change| change.actor_id().to_bytes() == self.actor.as_bytes();
        let last = changes.iter().filter(own).map(automerge::Change::seq).max().unwrap_or(0);
        self.inner.apply_changes(changes).map_err(DocumentError::Refused)?;
        self.sequence = self.sequence.max(u32::try_from(last).unwrap_or(u32::MAX));
        Ok(())
    }

    /// The whole document as a plain Automerge file.
    pub fn save(&self) -> Vec<u8> {
        self.inner.save()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Details, Fact, PresenceEvent, Proof, RevocationMark, RuledStanding, SiteWord};
    use crate::{Period, decode_change};
    use hinamori_model::{
        Assurance, AuditAction, BindingAssurance, BoxId, CardKey, Destination, Doubt, Grade, Hlc,
        HouseholdId, IncidentId, LaneId, LookupReason, PersonId, RegisteredKind, Role, SiteId, StaffId,
        TownKey,
    };

    fn scope() -> DocumentScope {
        DocumentScope {
            incident: IncidentId::from_bytes([1; 16]),
            site: SiteId::from_bytes([2; 16]),
            period: Period(20_738),
        }
    }

    fn record(number: u8, fact: Fact) -> Record {
        let now = UnixMillis::new(1_791_730_800_000 + u64::from(number));
        Record {
            id: RecordId::new(now, u128::from(number)),
            at: Hlc::from_packed(now.get() << 16),
            clock_unsure: number.is_multiple_of(2),
            lane: Some(LaneId(1)),
            fact,
        }
    }

    fn arrival(number: u8) -> Record {
        let proof = Proof {
            assurance: Assurance::ChipProven,
            binding: BindingAssurance::AttributesSigned,
            doubts: Doubt::Expired.into(),
            revocation: RevocationMark::NotRevoked { as_of: UnixMillis::new(5) },
        };
        let person = PersonId::from_bytes([number; 16]);
        record(number, Fact::presence(person, PresenceEvent::Arrived, proof))
    }

    fn unknown_card(number: u8) -> PersonId {
        TownKey::new([1; 32]).person_of_unknown_card(CardKey::from_bytes([number; 16]))
    }

    #[test]
    fn only_an_unknown_card_can_be_said_to_be_somebody() {
        let mut document = Document::new(scope(), actor(1)).unwrap();
        let resident = PersonId::from_bytes([1; 16]);
        let said = [
            record(
                1,
                Fact::Link { from: resident, to: unknown_card(2), binding: BindingAssurance::MatchedByStaff },
            ),
            record(2, Fact::Registered { person: resident, kind: RegisteredKind::Visitor, household: None }),
            record(3, Fact::RollCall { since: UnixMillis::new(u64::MAX) }),
        ];
        let change = document.append(&said, UnixMillis::new(0)).unwrap();
        let decoded = decode_change(&change.bytes).unwrap();
        assert_eq!((decoded.records, decoded.newer), (Vec::new(), 3));
    }

    fn all_kinds() -> Vec<Record> {
        let first = arrival(1);
        let of = first.id;
        [
            first,
            record(2, Fact::HeadCount { adults: 2, children: 0, infants: u16::MAX }),
            record(3, Fact::SiteOpened { building: crate::Building::SomethingOrUnsure, findings: 5 }),
            record(4, Fact::Undo { of }),
            record(
                5,
                Fact::Watch {
                    person: PersonId::from_bytes([9; 16]),
                    event: crate::WatchEvent::Talk,
                    proof: Proof {
                        revocation: RevocationMark::Revoked { since: UnixMillis::new(7) },
                        ..Proof::DECLARED
                    },
                },
            ),
            record(
                6,
                Fact::Presence {
                    person: PersonId::from_bytes([9; 16]),
                    event: PresenceEvent::Moved,
                    proof: Proof::DECLARED,
                    details: Details {
                        declared_by: Some(PersonId::from_bytes([8; 16])),
                        destination: Some(Destination::Shelter),
                        to: Some(SiteId::from_bytes([7; 16])),
                        until: Some(UnixMillis::new(6)),
                    },
                },
            ),
            record(
                7,
                Fact::Link {
                    from: unknown_card(1),
                    to: PersonId::from_bytes([2; 16]),
                    binding: BindingAssurance::MatchedByStaff,
                },
            ),
            record(
                8,
                Fact::Registered {
                    person: unknown_card(3),
                    kind: RegisteredKind::Visitor,
                    household: Some(HouseholdId::from_bytes([4; 16])),
                },
            ),
            record(9, Fact::Named { of, adults: 1, children: 2, infants: 3 }),
            record(10, Fact::RollCall { since: UnixMillis::new(5) }),
        ]
        .into_iter()
        .chain(kinds_of_staff())
        .collect()
    }

    fn kinds_of_staff() -> [Record; 15] {
        [
            record(11, Fact::Profile { person: PersonId::from_bytes([9; 16]), sealed: vec![5; 200] }),
            record(
                12,
                Fact::Audit {
                    staff: Some(STAFF),
                    role: Role::Leader,
                    action: AuditAction::SawPerson,
                    person: Some(PersonId::from_bytes([9; 16])),
                    reason: Some(LookupReason::Care),
                    people: 1,
                },
            ),
            record(
                13,
                Fact::Audit {
                    staff: None,
                    role: Role::Volunteer,
                    action: AuditAction::OpenedWithoutStaff,
                    person: None,
                    reason: None,
                    people: 0,
                },
            ),
            record(
                14,
                Fact::Hiding {
                    person: PersonId::from_bytes([9; 16]),
                    hidden: true,
                    staff: STAFF,
                    proof: Proof::DECLARED,
                },
            ),
            record(
                15,
                Fact::PassIssued {
                    pass: StaffId::from_bytes([4; 16]),
                    role: Role::Nurse,
                    until: UnixMillis::new(7),
                    staff: STAFF,
                },
            ),
            record(16, Fact::SelfOpened { name: "浜町の自主避難所".to_owned() }),
            record(17, Fact::Assessed { grades: [Grade::Urgent; 6], staff: None }),
            record(
                18,
                Fact::Settled {
                    person: PersonId::from_bytes([9; 16]),
                    site: SiteId::from_bytes([7; 16]),
                    staff: Some(STAFF),
                },
            ),
            record(
                19,
                Fact::HandedOver {
                    from: STAFF,
                    to: StaffId::from_bytes([4; 16]),
                    people: 3,
                    digest: [6; 32],
                },
            ),
            record(20, Fact::DrillEnded),
            record(21, Fact::IncidentNamed { name: "令和8年 汐見地震".to_owned() }),
            record(22, Fact::IncidentJoined { into: IncidentId::from_bytes([5; 16]) }),
            record(
                23,
                Fact::IncidentSplit {
                    since: UnixMillis::new(9),
                    sites: vec![SiteId::from_bytes([7; 16]), SiteId::from_bytes([8; 16])],
                    into: IncidentId::from_bytes([6; 16]),
                },
            ),
            record(
                24,
                Fact::SiteRuled {
                    site: SiteId::from_bytes([7; 16]),
                    word: SiteWord { standing: Some(RuledStanding::Closed), capacity: Some(70_000) },
                },
            ),
            record(25, Fact::SiteRuled { site: SiteId::from_bytes([7; 16]), word: SiteWord::default() }),
        ]
    }

    const STAFF: StaffId = StaffId::from_bytes([3; 16]);

    fn actor(number: u8) -> ActorId {
        ActorId::new(BoxId::from_bytes([number; 16]), 1)
    }

    #[test]
    fn one_action_is_one_change_and_reads_back_without_the_document() {
        let mut document = Document::new(scope(), actor(1)).unwrap();
        let change = document.append(&all_kinds(), UnixMillis::new(0)).unwrap();
        let decoded = decode_change(&change.bytes).unwrap();
        assert_eq!(decoded.change, change);
        assert_eq!((change.actor, change.sequence), (actor(1), 1));
        assert!(document.holds(all_kinds()[0].id) && !document.holds(arrival(99).id));
        assert_eq!(decoded.records, all_kinds());
        assert_eq!(decoded.newer, 0);
    }

    #[test]
    fn boxes_that_never_met_start_from_the_same_bytes_and_merge() {
        let mut gym = Document::new(scope(), actor(1)).unwrap();
        let mut gate = Document::new(scope(), actor(2)).unwrap();
        assert_eq!(gym.inner.get_heads(), gate.inner.get_heads());
        let at_gym = gym.append(&[arrival(1)], UnixMillis::new(0)).unwrap();
        let at_gate = gate.append(&[arrival(2)], UnixMillis::new(0)).unwrap();
        gym.apply([at_gate.bytes.as_slice()]).unwrap();
        gate.apply([at_gym.bytes.as_slice(), at_gate.bytes.as_slice()]).unwrap();
        // A head's hash commits to everything before it.
        assert_eq!(gym.inner.get_heads(), gate.inner.get_heads());
    }

    #[test]
    fn an_empty_action_is_refused_and_leaves_no_gap() {
        let mut document = Document::new(scope(), actor(1)).unwrap();
        assert!(matches!(document.append(&[], UnixMillis::new(0)), Err(DocumentError::Empty)));
        assert_eq!(document.append(&[arrival(1)], UnixMillis::new(0)).unwrap().sequence, 1);
    }

    #[test]
    fn truncated_and_flipped_changes_are_refused() {
        let mut document = Document::new(scope(), actor(1)).unwrap();
        let change = document.append(&[arrival(1)], UnixMillis::new(0)).unwrap();
        for cut in 0..change.bytes.len() {
            assert!(decode_change(&change.bytes[..cut]).is_err(), "cut at {cut}");
        }
        for bit in 0..change.bytes.len() * 8 {
            let mut flipped = change.bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let same = decode_change(&flipped).is_ok_and(|decoded| decoded.change.hash == change.hash);
            assert!(!same, "bit {bit}");
        }
    }

    #[test]
    fn a_bent_change_with_check_bytes_that_fit_ends_nothing() {
        let mut document = Document::new(scope(), actor(1)).unwrap();
        let change = document.append(&[arrival(1), arrival(2)], UnixMillis::new(0)).unwrap();
        let mut incomplete = 0;
        for bit in 8 * 8..change.bytes.len() * 8 {
            let mut bent = change.bytes.clone();
            bent[bit / 8] ^= 1 << (bit % 8);
            let hash = ring::digest::digest(&ring::digest::SHA256, &bent[8..]);
            bent[4..8].copy_from_slice(&hash.as_ref()[..4]);
            incomplete += usize::from(matches!(decode_change(&bent), Err(ChangeError::Incomplete)));
        }
        assert!(incomplete > 0, "no bent bit made an operation refer to an actor that is not named");
    }

    #[test]
    fn what_does_more_than_make_records_is_refused() {
        use automerge::legacy::{ObjectId, Op, OpId};
        let mut document = Document::new(scope(), actor(1)).unwrap();
        let honest = document.append(&[arrival(1)], UnixMillis::new(0)).unwrap();
        let honest = automerge::Change::try_from(honest.bytes.as_slice()).unwrap().decode();
        let bent = |bend: &dyn Fn(&mut Op)| {
            let mut change = honest.clone();
            change.operations.iter_mut().for_each(bend);
            decode_change(automerge::Change::from(change).raw_bytes())
        };
        assert!(bent(&|_| {}).is_ok());
        let somebody: automerge::ActorId = actor(2).as_bytes().to_vec().into();
        let of_another_actor = bent(&|operation| {
            if let ObjectId::Id(OpId(_, actor)) = &mut operation.obj {
                *actor = somebody.clone();
            }
        });
        assert!(matches!(of_another_actor, Err(ChangeError::ForeignOperation)), "{of_another_actor:?}");
        let before = OpId(1, somebody);
        let overwriting = bent(&|operation| operation.pred = vec![before.clone()].into());
        assert!(matches!(overwriting, Err(ChangeError::ForeignOperation)), "{overwriting:?}");
    }

    #[test]
    fn a_field_of_a_newer_version_is_kept_and_skipped() {
        let mut inner = Automerge::new().with_actor(actor(3).as_bytes().to_vec().into());
        let mut transaction = inner.transaction();
        let known = arrival(1);
        let map = transaction.put_object(ROOT, known.id.ulid_text(), ObjType::Map).unwrap();
        for (name, value) in fields_of(&known) {
            transaction.put(&map, name, value).unwrap();
        }
        transaction.put(&map, "zz", 7_u64).unwrap();
        let newer = transaction.put_object(ROOT, arrival(2).id.ulid_text(), ObjType::Map).unwrap();
        transaction.put(&newer, "k", 250_u64).unwrap();
        transaction.commit();
        let bytes = inner.get_last_local_change().unwrap().raw_bytes().to_vec();
        let decoded = decode_change(&bytes).unwrap();
        assert_eq!((decoded.records, decoded.newer), (vec![known], 1));
    }
}
