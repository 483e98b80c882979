//! What boxes and the server say and prove to each other, without any I/O: seals over runs of changes, the
//! town's signed package, and the framed protocol that carries both.
//!
//! The life of a change on its way: a box writes it ([`hinamori_record::Document::append`]), seals runs of
//! its changes ([`SealKey::seal`]), and sends them as a [`SealedBatch`]; whoever receives them checks
//! everything at once ([`verify`]) and only a [`VerifiedBatch`] can be stored. A [`Session`] is one
//! connection: it says what to store, what to send and what the other side has. Revocation lists, the parts of
//! the roster, the wrapped keys of people and alerts travel beside the records, as [`ListMessage`]s, [`RosterMessage`]s, [`KeyRows`] and
//! [`AlertMessage`]s.
//! What the server never confirmed of a closed incident is handed over once, sealed to the town ([`HandOver`]).
//!
//! **Invariant:** a record that is not under the seal of the box that made it is believed by nobody.
//! **Invariant:** keys and the town's secret cannot be printed.

mod alerts;
mod bundle;
mod condition;
mod cut_off;
mod forks;
mod frame;
mod grant;
mod hand_over;
mod keys;
mod ledger;
mod lists;
mod message;
mod names;
mod receipt;
mod retention;
mod roster;
mod seal;
mod session;
mod slip;
pub mod town;

use std::collections::BTreeMap;

use hinamori_record::{ActorId, DocumentScope};

pub use alerts::{
    AlertMessage, AlertsHeld, ApprovalAnswer, BindingOutcome, CarriedAlert, CarriedAnswer, CarriedBinding,
    CarriedInstruction, CarriedTelevision, KeptBinding, KeyTest, KioskKeys, LONGEST_ALERT, LONGEST_KEY_LIST,
    LONGEST_PLAN, MOST_ALERTS, MOST_ANSWERS, MOST_BINDINGS, MOST_DRAFTS, MOST_KEY_TESTS, MOST_KIOSK_KEYS,
    MOST_STRANGERS, MOST_TELEVISIONS, MOST_TOLD, OriginatedAlert, WaitingDraft,
};
pub use bundle::{Bundle, BundleWriter, LONGEST_BUNDLE, NotABundle, ReadSection, Section, SectionOf};
pub use condition::{Battery, Condition};
pub use cut_off::{CutOff, CutOffs, Trusted};
pub use forks::{Fork, Forks, MOST_FORKS, MOST_FORKS_OF_A_BOX};
pub use grant::{EVERYWHERE, Grant, Grants, MOST_OWN_SHELTERS, headquarters, is_own_shelter, own_shelter};
pub use hand_over::HandOverContent;
pub use keys::{KeyMark, KeyRows, LONGEST_ROWS};
pub use ledger::{HandOver, HandOverDigest, LONGEST_HAND_OVER, LedgerError, LedgerKey, LedgerSecret};
pub use lists::{
    FeedKey, LONGEST_PIECE, LONGEST_REPORT, ListContent, ListMessage, ListOffer, ListPiece, ListWanted,
    MOST_OFFERS, NotReported, open_report,
};
pub use message::{place_of_evidence, verify_evidence};
pub use receipt::{Receipt, ReceiptKey};
pub use retention::{Retention, Retentions};
pub use roster::{
    LONGEST_PART, MOST_PARTS, NotCut, NotThePart, PartDigest, PartHead, PartKey, RosterMessage, cut,
    digest_of, open_part,
};
pub use seal::{Seal, SealError, SealKey, SealedBatch, VerifiedBatch, possessor, verify, verify_seal};
pub use session::{Effects, Held, Offerable, PeerMisbehaved, Session, Side};
pub use slip::{SLIP_LENGTH, SealedSlip, TransferSlip, from_base32, to_base32};

/// What somebody holds: per document and actor the largest sequence of the gapless run from 1.
pub type Vectors = BTreeMap<DocumentScope, BTreeMap<ActorId, u32>>;
