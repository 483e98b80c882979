//! The records themselves. Numbers of codes are stored and never reused.

use hinamori_model::{Assurance, BindingAssurance, Doubts, Hlc, LaneId, PersonId, RecordId, UnixMillis};

/// One thing that happened, said by one box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fact {
    /// Somebody came, was seen, or left.
    Presence {
        /// Who.
        person: PersonId,
        /// What.
        event: PresenceEvent,
        /// What was proved.
        proof: Proof,
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
}

impl Fact {
    /// The person it is about, if any.
    pub const fn person(&self) -> Option<PersonId> {
        match self {
            Self::Presence { person, .. } | Self::Watch { person, .. } => Some(*person),
            Self::HeadCount { .. } | Self::SiteOpened { .. } | Self::Undo { .. } => None,
        }
    }

    /// What was proved, if the fact rests on a card or a word.
    pub const fn proof(&self) -> Option<Proof> {
        match self {
            Self::Presence { proof, .. } | Self::Watch { proof, .. } => Some(*proof),
            Self::HeadCount { .. } | Self::SiteOpened { .. } | Self::Undo { .. } => None,
        }
    }
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

/// Declares an enum of stored codes with the way back from the number.
macro_rules! stored {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $number:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum $name { $($(#[$vdoc])* $variant = $number),+ }

        impl $name {
            /// Every value.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The number to store.
            pub const fn code(self) -> u8 {
                self as u8
            }

            /// The value of a stored number; `None` for one that a newer version wrote.
            pub const fn from_code(code: u64) -> Option<Self> {
                match code { $($number => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

stored! {
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
    }
}
stored! {
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
stored! {
    /// The answer to 建物は安全ですか.
    Building {
        /// どれもない
        NothingSeen = 0,
        /// ある・わからない: people are received outside.
        SomethingOrUnsure = 1,
    }
}
