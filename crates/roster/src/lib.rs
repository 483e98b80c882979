//! What a town's IT office exports, read line by line: the list of residents and households, the list of persons
//! needing support to evacuate, and the national open data of emergency sites and shelters.
//!
//! A reader takes a file's bytes and answers what it says and what is wrong with it. A [`Problem`] names line, field
//! and reason, in Japanese for the operator, and quotes nothing of the file. A file that cannot be trusted as a whole
//! (cut off, in no known encoding, with a column of My Numbers) is an error instead of a short list: a list that lacks
//! people looks like one that does not.
//!
//! Nothing here knows where a file came from or what was read before; comparing two lists is for others.
//!
//! **Invariant:** no number of 12 digits with the check digit of a My Number comes out, but from a column that the town's
//! mapping exempts by its name.
//!
//! **Invariant:** no [`Problem`] and no `Debug` of what comes out shows a person's data.

mod date;
mod decode;
mod field;
mod fold;
mod geojson;
mod hazard;
mod homes;
mod mapping;
mod municipality;
mod number;
mod person;
mod problem;
mod residents;
mod rows;
mod sites;
mod support;
mod table;

pub use decode::Encoding;
pub use field::{ResidentField, SupportField};
pub use hazard::{Hazards, Suitability};
pub use hinamori_model::{Hazard, MunicipalityCode};
pub use homes::Homes;
pub use mapping::{BadMapping, Mapping};
pub use number::{HouseholdNumber, ResidentNumber};
pub use problem::{Column, Problem, Reason, Severity};
pub use residents::{Resident, Residents};
pub use sites::{Designation, GeoPosition, ListedSite, Sites};
pub use support::{SupportEntry, SupportList, Supported};
