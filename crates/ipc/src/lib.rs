//! The contract between the daemon and a kiosk: messages, version and framing. Pure: bytes in, bytes out.
//!
//! The life of one connection: both sides send `Hello` with [`PROTOCOL`]; the daemon then sends one
//! [`ToKiosk::Snapshot`] of the lane and after it only [`ToKiosk::Changes`], which the kiosk applies with
//! [`LaneState::apply`]. The kiosk sends [`Command`]s and holds no fact of its own: after a restart the
//! snapshot is the whole truth.
//!
//! **Invariant:** an answer is sent only after its record is durable; its sound follows from it.
//! **Invariant:** no user text travels here but names, of people and of files on a stick, and what officers signed in an alert; all other
//! words are codes, the kiosk owns the language.

mod alert;
mod attributes;
mod care;
mod frame;
mod lane;
mod message;
mod officers;
mod people;
mod rights;
mod staff;
mod stick;
mod television;

pub use alert::{AlertClass, AlertKind, AlertNotice, Danger, LaneAlerts, MOST_SHOWN, Passage};
pub use attributes::{
    Agreement, AttributeFault, AttributeSecret, Candidate, Candidates, Compared, SecretDigits,
};
pub use care::{Assessment, CareEntry, CareItem, CareList, CarePerson};
pub use frame::{FrameError, Frames, MAXIMUM_FRAME, decode, encode};
pub use lane::{
    Answer, AnswerId, AnswerKind, Banner, BuildingAnswer, CardData, ClockState, Departure, DiskState,
    LaneChange, LaneState, LeaderItem, LeaveAsk, LinkState, Member, MemberState, Party, ReaderState, Screen,
    SiteState, Sound, Status, WatchAsk,
};
pub use message::{BuildingFinding, Command, FromKiosk, HoldReason, Refusal, ToKiosk, WatchMood};
pub use officers::{
    AlertDesk, AlertDraft, AlertRefusal, AlertThread, AlertWanted, Arrival, OfficerStanding, PreparedChoice,
};
pub use people::{
    Conflict, District, DistrictStanding, Found, FoundPerson, Group, GroupMember, GroupName, HeadCount,
    HouseholdStanding, NotArrived, PersonStanding, SeenAt, Slip, SlipKind, Standing, Stay, StayState,
};
pub use staff::{Lookup, Pass, SignInFault, SignedInBy, StaffSession};
pub use stick::{
    Exchange, ExchangeReport, FileNotTaken, MOST_NAMED, StickFault, StickState, SticksThere, WhyNotTaken,
};
pub use television::{BindingStanding, TelevisionBinding};

/// The version of this contract. Daemon and kiosk come from one package; a difference is refused.
pub const PROTOCOL: u16 = 11;
