//! What is written down of a person, and the keys under which it is: a name, an address, what they need, whom they allow
//! to be told.
//!
//! One action at a screen or of a paper form is one [`ProfilePatch`]: a few [`Entry`]s, each for one [`Field`]. Two boxes
//! that are cut off may write different fields of one person; [`merge`] takes for each field the latest word. A field
//! or a value of a newer version is kept as it came and shown as newer ([`Entry::Newer`]), never dropped.
//!
//! The life of a patch: [`ProfilePatch::new`] checks it, [`PersonKey::seal`] makes the bytes that may stand in a
//! record, [`PersonKey::open`] reads them. Every person has a key of their own in each incident; [`IncidentKey::wrap`]
//! makes the form in which it is stored and sent. Who destroys the person's key has erased the person, wherever the
//! sealed bytes have gone.
//!
//! Nothing here knows where keys are stored, what time it is or how random bytes are made: keys, nonces and times are
//! arguments.
//!
//! **Invariant:** no patch holds a 12-digit My Number: it is refused when written and when read ([`BadText::MyNumber`]).
//! **Invariant:** sealed bytes open only for the person and the record that they were sealed for.
//! **Invariant:** a patch has one form only as bytes.
//! **Invariant:** nothing that is told of a person can be printed.
#![forbid(unsafe_code)]

mod bytes;
mod entry;
mod field;
mod key;
mod nurse;
mod patch;
mod profile;
mod text;
mod value;

pub use entry::{Contact, Entry, Need, NewerValue, Proxy};
pub use field::{Field, TextField};
pub use key::{IncidentKey, KeyError, KeyId, NONCE, PersonKey, WrappedKey, sealed_by};
pub use nurse::{NurseItem, SOON_MILLIS, nurse_order};
pub use patch::{BadPatch, LONGEST_PATCH, ProfilePatch};
pub use profile::{Profile, Written, merge};
pub use text::{BadText, LONGEST_TEXT};
