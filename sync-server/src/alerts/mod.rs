//! Alerts: what a town prepared, the officers who sign, the desk at which they do, and the televisions that are told.

mod board;
mod box_bindings;
mod box_televisions;
mod boxes;
mod broadcast;
mod channels;
mod commands;
mod deputies;
mod desk_door;
mod desk_state;
mod draft;
mod from_boxes;
mod history;
mod households;
mod keeper;
mod leaf_text;
mod missing;
mod officers;
mod people;
mod progress;
mod push;
mod release;
mod release_door;
mod staff_change;
mod staff_door;
mod staff_files;
mod station_door;
mod stations;
#[cfg(test)]
mod tests;
mod thread_report;
mod trigger;
mod trigger_door;
mod tv_door;
#[cfg(test)]
mod tv_tests;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

pub use commands::{AlertCommandError, bind_television, read_plan};
pub use deputies::staff_table;
pub use hinamori_plan::BadPlan;
pub use history::export_alerts;
pub use officers::{
    InForce, OfficerError, PolicyChange, add_officer, admit_device, invite_officer, officer_list,
    remove_officer, set_policy,
};
pub use staff_change::BadChange;
pub use staff_files::{StaffError, change_staff, note_staff_command};
pub use stations::{
    NewStation, StationError, add_station, broadcast_certificate, remove_station, station_list,
};

pub use trigger::{TriggerError, TriggerSource, TriggerStation, new_trigger_key};

pub(crate) use board::{Board, Inner, Message};
pub(crate) use box_televisions::ToldToBox;
pub(crate) use boxes::{ForBoxes, tell_boxes};
pub(crate) use from_boxes::{FromBox, take_from_boxes};
pub(crate) use hinamori_plan::Plan;
pub(crate) use officers::Register;
pub(crate) use people::follow_people;
#[cfg(test)]
pub(crate) use people::tests as people_tests;
pub(crate) use progress::{Progress, Reach};
pub(crate) use push::push_to_stations;
pub(crate) use staff_door::follow_staff;
pub(crate) use staff_files::STAFF;
pub(crate) use stations::Stations;

/// Base64 with padding (RFC 4648 §4).
fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The same behind `into`.
fn base64_onto(bytes: &[u8], into: &mut Vec<u8>) {
    let before = into.len();
    let length = base64::encoded_len(bytes.len(), true).unwrap_or_default();
    into.resize(before.saturating_add(length), b'=');
    if let Some(space) = into.get_mut(before..) {
        // There is room for exactly that.
        STANDARD.encode_slice(bytes, space).unwrap_or_default();
    }
}

fn of_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Base64 for addresses, without padding (RFC 4648 §5).
pub(crate) fn base64_url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn of_base64_url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

pub(crate) use desk_door::{local_routes as local_desk_routes, routes as desk_routes};
pub(crate) use station_door::routes as station_routes;
pub(crate) use tv_door::serve_televisions;
