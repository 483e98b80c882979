//! Paper for when the power or the network is gone, as PDFs: intake cards with badges, badge sheets, tick lists for
//! neighbours' groups, evacuee lists, instructions, counts for headquarters, the report of an alert, slips to take along.
//!
//! Values and the bytes of fonts come in, the bytes of a PDF come out: [`Fonts::new`] once, then a [`Press`] with one
//! method for each document. Nobody here knows where numbers, codes or names come from, who may print, or what a
//! printer is. Whoever calls decides who stands on a list: what is passed is printed, and nothing marks anybody.
//!
//! Text that is too long becomes smaller, down to 10 points, and is then cut with 「…」; a character that no font has
//! becomes 〓. No text makes a document fail or leaves its box.
//!
//! **Invariant:** the same values give the same bytes.
//!
//! **Invariant:** on every page, card and badge of a drill stands 訓練, and on none that is live.

mod area;
mod badge;
mod code;
mod counts;
mod error;
mod evacuation;
mod fonts;
mod group;
mod instructions;
mod intake;
mod pictogram;
mod press;
mod roster;
mod sheet;
mod slip;
mod text;
mod time;

pub use badge::Badge;
pub use code::{BadCode, BadgeCode, MOST_CODE_CHARACTERS};
pub use counts::{Count, Counts};
pub use error::{FontRole, MOST_PAGES, PaperError};
pub use evacuation::{
    DistrictEvacuation, EvacuationFigures, EvacuationReport, HouseholdEvacuation, Spread, TimedStage,
};
pub use fonts::{FontBytes, Fonts};
pub use group::{Group, GroupHousehold, GroupMember};
pub use intake::{CardPaper, PEOPLE_PER_CARD, PaperCard};
pub use press::{Mode, Press};
pub use roster::RosterRow;
pub use slip::{Departure, SlipPaper, Transfer};
