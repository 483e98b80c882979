//! What headquarters, other systems and relatives get: values in, bytes out.
//!
//! | for whom | what | by |
//! |---|---|---|
//! | headquarters | figures of all sites and the town; 定時報告 with versions | [`Figures`], [`ScheduledReport`] |
//! | everybody | fewer figures, no small numbers | [`Figures::sheet`] for [`Audience::Everybody`] |
//! | other systems | the same as CSV with HXL tags, and as GeoJSON | [`Sheet::csv`], [`Sheet::geo_json`] |
//! | registries of missing people | PFIF 1.4 of people who agreed | [`pfif()`] |
//! | open data | 指定緊急避難場所 | [`site_list_csv`] |
//! | headquarters | how sites are equipped | [`assessments_csv`] |
//! | relatives | 安否情報の照会 | [`answer`] |
//!
//! Nobody here knows where counts, names or consents come from, who may ask, or what a signature is: whoever calls counts
//! each person once, and signs [`ScheduledReport::signed_bytes`].
//!
//! # The rule for small numbers
//!
//! In a village a count of one is a name. So in whatever everybody may read:
//!
//! 1. A count below 5, nought included, is written 「5未満」.
//! 2. What can be found by subtraction is withheld too, as 「x」: the next smallest count of the same row or column, until
//!    each has no cell withheld or at least two, which together are 5 or more and fit in more than one way.
//! 3. A breakdown by age or by sex is looked at as a whole: no withheld cell follows from all the others.
//! 4. Where the people of a site are withheld, so is every breakdown of them.
//! 5. Needs, head counts, roll-calls, arrivals and meals are not published at all.
//!
//! Rule 2 and 3 look at one sheet. Whoever compares the sheets of two hours learns what changed between them, of people
//! who are not hidden.
//!
//! # Hidden people (秘匿, law 7)
//!
//! For everybody but named roles a hidden person is not seen yet. Published sheets are made of counts without them
//! ([`Total::shown`]), so that not a byte depends on whether they are here. Headquarters have to feed them: their
//! sheet has them in the totals, and among the unknown where a total is broken down. Neither PFIF nor an
//! answer can be made for one ([`NotHidden`]).
//!
//! **Invariant:** the same values give the same bytes.
//!
//! **Invariant:** nothing here is made without saying whether it is a drill, but for the list of places, which is of no
//! incident. Drill and live never have the same signed bytes.
//!
//! **Invariant:** no error and no `Debug` has a personal text or says how many are hidden.

mod assessment;
mod canonical;
mod column;
mod csv;
mod figures;
mod geo;
mod hidden;
mod inquiry;
mod occasion;
mod pfif;
mod publish;
mod scheduled;
mod sheet;
mod sheet_csv;
mod site;
mod site_list;
mod time;
mod xml;

pub use assessment::{Assessment, Finding, assessments_csv};
pub use column::{AgeBand, Column, HeadCountKind, Need, Sex};
pub use csv::CsvFile;
pub use figures::{
    Figures, FiguresError, MOST_NAME_BYTES, MOST_PEOPLE, MOST_SITES, Part, SiteFigures, Total,
};
pub use hidden::{NotHidden, Secrecy};
pub use inquiry::{Agreed, Answer, Condition, Consents, Known, Tier, answer};
pub use occasion::{Live, Occasion, Period, mark};
pub use pfif::{
    Consent, ConsentedPerson, Contact, Details, Home, MOST_CONSENTED, MOST_FIELD_CHARACTERS, MOST_NOTES,
    Note, PfifError, PublicNumber, Status, pfif,
};
pub use scheduled::{Change, Correction, Release, ReportError, ScheduledReport, difference};
pub use sheet::{Audience, Cell, Row, Sheet};
pub use sheet_csv::Hxl;
pub use site::{BadPosition, Position, Site};
pub use site_list::{AlsoShelter, EmergencySite, Hazards, Safety, site_list_csv};
