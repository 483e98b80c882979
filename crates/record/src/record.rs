//! The records themselves. Numbers of codes are stored and never reused.

use hinamori_model::{
    Aspect, Assurance, AuditAction, BindingAssurance, Destination, Doubts, Grade, Hlc, HouseholdId,
    IncidentId, LaneId, LookupReason, PersonId, RecordId, RegisteredKind, Role, SiteId, StaffId, UnixMillis,
    stored_code,
};

/// Bytes of a site's name that people gave it themselves, and of an incident's name.
pub const LONGEST_NAME: usize = 120;
/// Sites that one splitting of an incident names.
pub const MOST_SPLIT_SITES: usize = 1_000;
/// Bytes of what is sealed of a person in one record.
pub const LONGEST_SEALED: usize = 16 << 10;

/// One thing that happened, said by one box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Names it for ever.
    pub id: RecordId,
    /// When, by the box's hybrid logical clock.
    pub at: Hlc,
    /// Whether the box had heard no trusted time since it started.
    pub clock_unsure: bool,
    /// Where in the box; `None` when no lane was involved.
    pub lane: Option<LaneId>,
    /// What.
    pub fact: Fact,
}

/// What a record says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// Somebody came, was seen, or left.
    Presence {
        /// Who.
        person: PersonId,
        /// What.
        event: PresenceEvent,
        /// What was proved.
        proof: Proof,
        /// Who said it, where the person goes, until when.
        details: Details,
    },
    /// Something at the watch counter.
    Watch {
        /// Who.
        person: PersonId,
        /// What.
        event: WatchEvent,
        /// What was proved.
        proof: Proof,
    },
    /// People counted without a name (人数だけ), to be named later.
    HeadCount {
        /// 15 or over.
        adults: u16,
        /// 3 to 14.
        children: u16,
        /// Up to 2.
        infants: u16,
    },
    /// The site was opened, with the answer to 建物は安全ですか.
    SiteOpened {
        /// The answer.
        building: Building,
        /// What was seen, one bit each (tilt, crack, falling, fire or gas).
        findings: u8,
    },
    /// An earlier record is taken back.
    Undo {
        /// Which.
        of: RecordId,
    },
    /// Two ids are one person: a card or badge that nobody knew got its owner, or somebody was registered twice.
    /// From then on everything about `from` is about `to`.
    Link {
        /// The id that was given to the unknown card, or the one that is not used any more.
        from: PersonId,
        /// Who that is.
        to: PersonId,
        /// How it was established.
        binding: BindingAssurance,
    },
    /// Somebody got an entry in the field, because the roster has none.
    Registered {
        /// Who.
        person: PersonId,
        /// What kind of person.
        kind: RegisteredKind,
        /// With whom they came, if they belong to a household.
        household: Option<HouseholdId>,
    },
    /// People of an earlier head count have records of their own now, so that they are not counted twice.
    Named {
        /// The head count.
        of: RecordId,
        /// How many of its adults.
        adults: u16,
        /// How many of its children.
        children: u16,
        /// How many of its infants.
        infants: u16,
    },
    /// 点呼: everybody of the site who was not seen since then is unaccounted for (所在未確認), until they are seen.
    RollCall {
        /// The hour from which being seen counts.
        since: UnixMillis,
    },
    /// Something was written down of a person. Without the person's key it is noise, and the key can be destroyed.
    Profile {
        /// Who.
        person: PersonId,
        /// What `PersonKey::seal` of `hinamori-profile` made, at most [`LONGEST_SEALED`] bytes.
        sealed: Vec<u8>,
    },
    /// Staff did something for which they answer. Being records, these stand in the chain of the box's changes and under
    /// its seal: none can be taken out or changed afterwards.
    Audit {
        /// Who; `None` for somebody without a card, after 職員がいない was touched.
        staff: Option<StaffId>,
        /// As what.
        role: Role,
        /// What they did.
        action: AuditAction,
        /// About whom, if it was one person.
        person: Option<PersonId>,
        /// Why, where a reason is asked for.
        reason: Option<LookupReason>,
        /// How many people were shown.
        people: u16,
    },
    /// 秘匿: from now on, or until it is lifted, the person is for everybody but named roles never seen.
    Hiding {
        /// Who.
        person: PersonId,
        /// Hidden, or not any more.
        hidden: bool,
        /// Who wrote it down.
        staff: StaffId,
        /// Lifting: what the person's own card proved. Hiding needs no card.
        proof: Proof,
    },
    /// A leader gave relief staff from another town a pass.
    PassIssued {
        /// Whom the pass stands for.
        pass: StaffId,
        /// As what.
        role: Role,
        /// Until when.
        until: UnixMillis,
        /// Who issued it.
        staff: StaffId,
    },
    /// 自主避難所: people opened this document's site themselves. The town hall adopts, joins or closes it later.
    SelfOpened {
        /// What they call it, at most [`LONGEST_NAME`] bytes.
        name: String,
    },
    /// Somebody looked at how the site is equipped.
    Assessed {
        /// What was found, in the order of [`Aspect::ALL`].
        grades: [Grade; Aspect::ALL.len()],
        /// Who looked, if they were signed in.
        staff: Option<StaffId>,
    },
    /// The person was seen at two sites, and this is the one where they are.
    Settled {
        /// Who.
        person: PersonId,
        /// Where they are.
        site: SiteId,
        /// Who says so.
        staff: Option<StaffId>,
    },
    /// One team handed the list of those who need care over to the next.
    HandedOver {
        /// Who had it.
        from: StaffId,
        /// Who has it now.
        to: StaffId,
        /// People on it.
        people: u16,
        /// SHA-256 of the list as both saw it.
        digest: [u8; 32],
    },
    /// 訓練中止・本番: this document's drill is over for every box, because something happened in earnest.
    DrillEnded,
    /// Headquarters gave this document's incident a name; an empty one takes it back. Like the next three it is believed in documents
    /// of the headquarters' site alone, and the latest counts: see [`crate::IncidentRulings`].
    IncidentNamed {
        /// The name, at most [`LONGEST_NAME`] bytes.
        name: String,
    },
    /// Headquarters: this document's incident is one with another; into itself, it stands by itself again.
    IncidentJoined {
        /// The other one.
        into: IncidentId,
    },
    /// Headquarters: what was said at these sites since then is of another incident than this document's; into itself, it is of this
    /// one again.
    IncidentSplit {
        /// From when, by the clocks of the records.
        since: UnixMillis,
        /// Where; at most [`MOST_SPLIT_SITES`].
        sites: Vec<SiteId>,
        /// The other one.
        into: IncidentId,
    },
    /// Headquarters' word on a site of this document's incident. The latest counts, as a whole. Nobody is turned away by it.
    SiteRuled {
        /// Where.
        site: SiteId,
        /// What.
        word: SiteWord,
    },
}

/// What headquarters says of a site; what it says nothing of is as the site's boxes and the town's package have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SiteWord {
    /// Whether people are sent there.
    pub standing: Option<RuledStanding>,
    /// For how many people it has places.
    pub capacity: Option<u32>,
}

impl Fact {
    /// The person it is about, if any.
    pub const fn person(&self) -> Option<PersonId> {
        match self {
            Self::Presence { person, .. }
            | Self::Watch { person, .. }
            | Self::Link { from: person, .. }
            | Self::Registered { person, .. }
            | Self::Profile { person, .. }
            | Self::Hiding { person, .. }
            | Self::Settled { person, .. } => Some(*person),
            Self::Audit { person, .. } => *person,
            Self::HeadCount { .. }
            | Self::SiteOpened { .. }
            | Self::Undo { .. }
            | Self::Named { .. }
            | Self::RollCall { .. }
            | Self::PassIssued { .. }
            | Self::SelfOpened { .. }
            | Self::Assessed { .. }
            | Self::HandedOver { .. }
            | Self::DrillEnded
            | Self::IncidentNamed { .. }
            | Self::IncidentJoined { .. }
            | Self::IncidentSplit { .. }
            | Self::SiteRuled { .. } => None,
        }
    }

    /// A presence of which nothing more is said.
    pub const fn presence(person: PersonId, event: PresenceEvent, proof: Proof) -> Self {
        Self::Presence { person, event, proof, details: Details::NONE }
    }

    /// Whether a slip with the record's id may be given to somebody (控え, 転所票).
    pub const fn is_for_slips(&self) -> bool {
        use PresenceEvent::{Left, Moved, Out, Overnight};
        matches!(self, Self::Presence { event: Out | Overnight | Moved | Left, .. })
    }

    /// What was proved, if the fact rests on a card or a word.
    pub const fn proof(&self) -> Option<Proof> {
        match self {
            Self::Presence { proof, .. } | Self::Watch { proof, .. } | Self::Hiding { proof, .. } => {
                Some(*proof)
            }
            _ => None,
        }
    }
}

/// What else is said with a presence. Telephone numbers and the like stand in no record in clear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Details {
    /// The leader by whose word it is (申告した人); `None` when the person was here themselves.
    pub declared_by: Option<PersonId>,
    /// Where the person goes.
    pub destination: Option<Destination>,
    /// The site, when it is one of the town's.
    pub to: Option<SiteId>,
    /// When the person comes back (out, overnight), else when somebody asks after them next.
    pub until: Option<UnixMillis>,
}

impl Details {
    /// Nothing more.
    pub const NONE: Self = Self { declared_by: None, destination: None, to: None, until: None };
}

/// On what a record rests. What is shown is the weaker of the two assurances.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proof {
    /// What the tap proved.
    pub assurance: Assurance,
    /// How the card came to stand for the person.
    pub binding: BindingAssurance,
    /// What speaks against it.
    pub doubts: Doubts,
    /// What the revocation data said.
    pub revocation: RevocationMark,
}

impl Proof {
    /// Somebody said so: no card was involved.
    pub const DECLARED: Self = Self {
        assurance: Assurance::Declared,
        binding: BindingAssurance::Declared,
        doubts: Doubts::NONE,
        revocation: RevocationMark::NotChecked,
    };
}

/// The revocation axis of a record: "not checked" is never "fine".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevocationMark {
    /// Nothing was checked: no certificate, or no data that speaks for it.
    NotChecked,
    /// Not listed, as of the issuer's list of this time.
    NotRevoked {
        /// thisUpdate of the list (RFC 5280 §5.1.2.4).
        as_of: UnixMillis,
    },
    /// Listed.
    Revoked {
        /// The revocation date.
        since: UnixMillis,
    },
}

stored_code! {
    /// What a presence record says. A tap only ever says `Seen` after the first arrival; leaving is chosen.
    PresenceEvent {
        /// First seen at a shelter in this incident.
        Arrived = 0,
        /// Seen here now (在所確認).
        Seen = 1,
        /// Seen at a check-point on the way.
        Passed = 2,
        /// 出かける
        Out = 3,
        /// 外泊
        Overnight = 4,
        /// 転所
        Moved = 5,
        /// 退所
        Left = 6,
        /// 在宅: lives at home and is still ours.
        AtHome = 7,
        /// 車中泊: lives in a car beside the site and is still ours.
        InCar = 8,
        /// Died. Only for named roles to see.
        Deceased = 9,
        /// Somebody said that the person is elsewhere. Nobody saw them.
        ToldElsewhere = 10,
    }
}
stored_code! {
    /// What a watch record says.
    WatchEvent {
        /// The person agreed to be watched over.
        ConsentGiven = 0,
        /// The person does not want it, or no longer.
        ConsentWithdrawn = 1,
        /// Seen today.
        Seen = 2,
        /// 今日は元気
        Fine = 3,
        /// ちょっと相談
        Talk = 4,
        /// しばらく留守: nobody expects the person until they come again.
        Away = 5,
    }
}
stored_code! {
    /// What headquarters says of a site.
    RuledStanding {
        /// 開設
        Open = 0,
        /// 受入停止（満員）
        Full = 1,
        /// 閉鎖
        Closed = 2,
    }
}
stored_code! {
    /// The answer to 建物は安全ですか.
    Building {
        /// どれもない
        NothingSeen = 0,
        /// ある・わからない: people are received outside.
        SomethingOrUnsure = 1,
    }
}
