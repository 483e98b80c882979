//! The words every other crate shares: identifiers, time values, and the plain facts of a tap.
//!
//! It knows no card, no disk, no network, no clock and no source of randomness: bytes and times
//! come in as arguments. Types that hold personal data or secrets cannot be printed
//! ([`PersonalText`], [`BirthDate`], [`TownKey`]).
//!
//! **Invariant:** nothing here holds a certificate serial number or a 12-digit My Number; a card is
//! only ever a [`CardKey`].

mod badge;
mod birth;
mod card_key;
mod code;
mod doubt;
mod hazard;
mod id;
mod intake;
mod municipality;
mod my_number;
mod pass;
mod person;
mod place;
mod secret;
mod staff;
mod television;
mod time;

pub use badge::{Badge, BadgeCode};
pub use birth::{BadDate, BirthDate, CalendarDate};
pub use card_key::{CardKey, SpkiHash, TokenKind, TownKey};
pub use doubt::{Doubt, Doubts};
pub use hazard::Hazard;
pub use id::{BoxId, HouseholdId, IdError, IncidentId, LaneId, ListId, PersonId, RecordId, SiteId};
pub use intake::{
    ArrivalNeed, Aspect, Circle, ConsentItem, Grade, Help, HouseDamage, NeedKind, ProxyPurpose, Severity,
    StayForm, Urgency, YesNo,
};
pub use municipality::{BadMunicipalityCode, MunicipalityCode};
pub use my_number::{holds_my_number, is_hyphen};
pub use pass::StaffPass;
pub use person::{Sex, SupportReason, SupportReasons};
pub use place::{
    Assurance, BindingAssurance, CounterKind, Destination, Direction, Leaving, Mode, RegisteredKind, SiteKind,
};
pub use secret::PersonalText;
pub use staff::{AuditAction, LookupReason, Right, Role, StaffId};
pub use television::TelevisionAnswer;
pub use time::{Hlc, HlcClock, UnixMillis, rest_of_step};
