//! Alerts: CAP 1.2 (OASIS, 1 July 2010) and the profile JP-evac (docs/jp-evac.md), read, judged, written, and joined into
//! threads.
//!
//! [`Report::of`] takes bytes from anywhere. It refuses what no alert needs (document types, entities, processing
//! instructions, other encodings, anything over a budget) as a [`Refusal`], and names every other fault as a [`Violation`] with its
//! line, its clause, and whether it breaks CAP or the profile. Only what has none becomes a [`ValidAlert`].
//!
//! A valid alert can be anybody's. What makes it the town's is its [`Envelope`]: over the exact bytes of an actual alert stand
//! the signatures of two different officers, over those of an exercise one, by keys of another class; with them a place in
//! the sender's sequence, and the hash that binds what each household is told. Only [`Envelope::verify`] makes a [`SignedAlert`], by a
//! [`KeyList`] that the town root signed, and only those come into [`Alerts`], which says what is in force at a time. The
//! signature of an alert's transport (XML-DSig) is passed over, since receivers do not go by it; [`Transport`] makes it, with the envelope in it.
//!
//! Two officers may also sign an alert in advance ([`PreparedRelease`]): a [`Trigger`] whose key the town root lists then releases it.
//!
//! Each household's [`Instruction`] is a [`Notice`] in bytes; a [`Beat`] tells a television that nothing was sent from that nothing came.
//! docs/tv.md says what stands where. A household's receiver has no alert: it verifies its own instruction ([`Envelope::verify_told`]), and what counts is
//! decided of both alike ([`SignedMessage`]).
//!
//! Nothing here knows a clock, a file, a network or a source of randomness.
//!
//! **Invariant:** reading what [`write()`] wrote gives the same alert.
//!
//! **Invariant:** no message of an error, refusal or violation quotes the alert.

mod agency;
mod alert;
mod beat;
mod cap;
mod decimal;
mod envelope;
mod evacuation;
mod feed;
mod geometry;
mod instruction;
mod judge;
mod keys;
mod kiosk_key;
mod notice;
mod policy;
mod profile;
mod read;
mod receiver_code;
mod release;
mod report;
mod rule;
mod schema;
mod sequence;
mod signature;
mod threads;
mod time;
mod told;
mod transport;
mod wire;
mod word;
mod write;
mod xml;

pub use agency::{AgencyArea, AgencyInfo, AgencyMessage, AgencyStatus, NotUnderstood};
pub use alert::{Alert, Area, Info, MessageId, Named, Resource};
pub use beat::{Beat, BeatKey};
pub use decimal::Decimal;
pub use envelope::{Envelope, EnvelopeError, SignedAlert};
pub use evacuation::{Evacuation, MessageKind, Order, TsunamiKind, WarningLevel};
pub use feed::{CAP_MEDIA_TYPE, Entry, Feed};
pub use geometry::{Circle, MOST_POLYGON_POINTS, Point, Polygon};
pub use instruction::{Content, EVERYBODY, Instruction, InstructionPath, Instructions, MOST_INSTRUCTIONS};
pub use keys::{
    BadKeyList, Device, DeviceKey, KEY_LIST_DOMAIN, KeyClass, KeyList, MOST_DEVICES, NotSigned, OfficerId,
};
pub use kiosk_key::{CardSignature, KioskKeyError, NewKioskKey, SealedKioskKey, test_digest};
pub use notice::{Notice, Ruby};
pub use policy::{Policy, ReleasePolicy};
pub use profile::{LONGEST_VALIDITY_SECONDS, PROFILE_CODE};
pub use read::{MOST_POINTS, MOST_TEXT_BYTES};
pub use receiver_code::{NoReceiverCode, ReceiverCode};
pub use release::{
    CoastSegment, LONGEST_RELEASE_MILLIS, MOST_REFERENCES, NotReleased, PREPARED_IDENTIFIER, PREPARED_SENT,
    PreparedRelease, Released, Trigger, TriggerKey, reported,
};
pub use report::{Report, ValidAlert};
pub use rule::{Breaks, Rule, Violation};
pub use sequence::{Sequence, SequenceVerdict, Sequences};
pub use signature::{Assertion, OfficerKey, OfficerSignature};
pub use threads::{Alerts, ONE_OFFICER_MILLIS, SignedMessage, Taken, Thread};
pub use time::CapTime;
pub use told::SignedInstruction;
pub use transport::{NotCanonical, Transport};
pub use word::{Category, Certainty, MessageType, ResponseType, Scope, Severity, Status, Urgency, Word};
pub use write::write;
pub use xml::{MOST_BYTES, MOST_DEPTH, MOST_ELEMENTS, Refusal, RefusedFor};
