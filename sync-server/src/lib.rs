//! The town's server: boxes join, their records meet, a page counts who is where.
//!
//! The life of a record here: a box's connection ([`Server`] has one task for each) feeds its bytes to a
//! `hinamori_sync::Session`; verified batches go to the archive, one thread that owns the databases; after
//! its durable commit the box gets its confirmation and the other boxes that may read the site are told to
//! look. The page asks the same thread for counts.
//!
//! What the operator changes (`town`, `enrol-code`, `deny`) lies in files of the data folder, replaced as a
//! whole under one lock, so that the commands work whether or not the server runs; a running server sees the
//! files change.
//!
//! **Invariant:** nothing is confirmed to a box before its commit is on the disk.
//! **Invariant:** no name of a person is on the page or in what the program logs. Names are shown by commands of this machine and by
//! answers to inquiries, and by nothing before a line of a signed log says to whom.
//! **Invariant:** one box's connection can end, stall or send garbage without another one noticing.

mod alerts;
mod api;
mod archive;
mod audit;
mod browser;
mod bundle;
mod care_file;
mod clock;
mod close;
mod contact;
mod counts;
mod counts_file;
mod crl;
mod data;
mod doors;
mod enrol;
mod evacuees;
mod export;
mod field_links;
mod figures;
mod forks;
mod gzip;
mod hall;
mod hex;
mod hub;
mod import;
mod incident;
mod incident_keys;
mod inquiry;
mod inquiry_door;
mod ledger;
mod ledger_line;
mod lists;
mod map;
mod missing;
mod one_time_code;
mod open_data;
mod outgoing;
mod own_shelter;
mod page;
mod paper;
mod pfif_file;
mod profiles;
mod pull;
mod quarantine;
mod register;
mod registry;
mod report_file;
mod report_page;
mod roster;
mod server;
mod server_key;
mod session;
mod signed_log;
mod staff;
mod town;
mod web;

pub use alerts::{
    AlertCommandError, BadChange, BadPlan, InForce, NewStation, OfficerError, PolicyChange, StaffError,
    StationError, TriggerError, TriggerSource, TriggerStation, add_officer, add_station, admit_device,
    bind_television, broadcast_certificate, change_staff, export_alerts, invite_officer, new_trigger_key,
    note_staff_command, officer_list, read_plan, remove_officer, remove_station, set_policy, staff_table,
    station_list,
};
pub use audit::{AuditError, AuditQuestion, audit_list, audit_verify};
pub use browser::{
    BrowserError, BrowserSite, CertificateSource, invite_staff, passkey_list, remove_passkeys,
    set_browser_site,
};
pub use bundle::{BundleError, Outcome, ReadIn, export_bundle, import_bundle};
pub use care_file::{CareFile, write_care};
pub use close::{CloseError, ClosedReport, StandbyIncident, close_incident, erase_person};
pub use counts_file::{AskedFigures, SheetFiles, write_counts};
pub use crl::{import_lists, list_status};
pub use data::{DataError, DataFolder, Keys};
pub use enrol::{CodeRequest, DenyError, admit, box_list, deny, issue_code, keep_from};
pub use evacuees::{EvacueeFiles, write_evacuees};
pub use export::{Exported, export_all};
pub use forks::{fork_list, settle_forks};
pub use hall::{HallError, WhichIncident, WhichLog, os_user, rebuild, show_log};
pub use import::{BoxTime, ImportError, Imported, TownFiles, import_town};
pub use incident::{IncidentWord, ListedIncident, NotSaid, list_incidents, say_of_incident};
pub use inquiry::{BadInquiry, Inquirer, Inquiry, Relation, Reply, Sought, inquire};
pub use ledger::open_ledger;
pub use map::{BadMap, read_homes, read_map};
pub use open_data::{OpenData, read_open_data};
pub use own_shelter::{NotRuled, Ruling, Wanted, rule_on_shelter};
pub use paper::{NotPrinted, Paper, print};
pub use pfif_file::write_pfif;
pub use quarantine::{
    NoQuarantineId, QuarantineId, Refused, Wanted as QuarantineWanted, quarantined, rule_on_quarantine,
};
pub use register::{Register, RegisterFiles};
pub use report_file::{
    NotTheTurn, ReportStep, ShownReport, WhichReport, list_reports, report_step, show_report,
};
pub use server::{Addresses, Limits, RunError, Server};
pub use signed_log::LogError;
pub use staff::staff_list;

/// An error and its causes in one line.
fn with_sources(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        source = inner.source();
    }
    text
}
