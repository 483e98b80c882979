//! What the daemon of the fictional school could say of a stick.

use hinamori_ipc::{
    Exchange, ExchangeReport, FileNotTaken, LaneState, SignedInBy, StickFault, StickState, SticksThere,
    WhyNotTaken,
};
use hinamori_model::Role;

use super::{minutes_ago, session, staffed};

/// The shelter with sticks like this, and its leader signed in.
pub fn carried(there: SticksThere, exchange: Exchange) -> LaneState {
    let lane = staffed(Some(session(Role::Leader, SignedInBy::Card)));
    LaneState { stick: Some(Box::new(StickState { there, exchange })), ..lane }
}

/// It was read in and written.
pub fn exchanged() -> ExchangeReport {
    ExchangeReport {
        at: minutes_ago(0),
        taken: 3,
        new: 127,
        put_aside: 0,
        not_taken: Vec::new(),
        not_named: 0,
        written: Ok(1_532),
    }
}

/// Nothing was written.
pub fn not_written(fault: StickFault) -> ExchangeReport {
    ExchangeReport { written: Err(fault), ..exchanged() }
}

/// A file for each reason, and more.
pub fn files_not_taken() -> ExchangeReport {
    let files = [
        ("hinamori-2f6a19.hinamori", WhyNotTaken::Half),
        ("古い名簿のコピー 最終版 （3）.hinamori", WhyNotTaken::NoBundle),
        ("WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW…", WhyNotTaken::Stranger),
        ("a.hinamori", WhyNotTaken::NoFile),
        ("b.hinamori", WhyNotTaken::TooLong),
        ("c.hinamori", WhyNotTaken::Unreadable),
        ("d.hinamori", WhyNotTaken::OurFault),
    ];
    let not_taken = files.map(|(name, why)| FileNotTaken { name: name.to_owned(), why });
    ExchangeReport { put_aside: 2, not_taken: not_taken.into(), not_named: 14, ..exchanged() }
}
