//! What the desk's page of the change of staff asks (docs/desk.md §5).

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::post;
use hinamori_alert::{KeyClass, KeyList};
use hinamori_model::{PersonalText, UnixMillis};
use hinamori_net_tls::ThreeWords;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use crate::alerts::Register;
use crate::alerts::base64_url;
use crate::alerts::board::Board;
use crate::alerts::desk_door::{Asserted, Door, Told, fine, note_proof, read};
use crate::alerts::desk_state::who;
use crate::alerts::officers::{DeviceKind, Officer, OfficerDevice};
use crate::alerts::staff_change::{ENOUGH, PendingChange, Wanted, japanese_day};
use crate::alerts::staff_files::{
    StaffError, admit_newcomer, drop_change, invite_newcomer, list_if_due, prepare, sentences, sign,
};
use crate::clock::now;
use crate::data::{DataFolder, Keys};
use crate::hex;
use crate::hub::Hub;

pub(super) fn routes() -> Router<Arc<Door>> {
    Router::new()
        .route("/desk/api/staff/changes", post(make))
        .route("/desk/api/staff/changes/{id}/sign", post(sign_change))
        .route("/desk/api/staff/changes/{id}/drop", post(drop_waiting))
        .route("/desk/api/staff/officers/{id}/invite", post(invite_first))
        .route("/desk/api/staff/devices/{id}/admit", post(admit))
}

impl From<StaffError> for Told {
    fn from(error: StaffError) -> Self {
        match error {
            StaffError::Bad(_) | StaffError::Signature(_) | StaffError::NotYours | StaffError::SawTheCode => {
                Self::change(error.to_string())
            }
            StaffError::OneWaits => Self(StatusCode::CONFLICT, error.to_string()),
            StaffError::Officers(_) | StaffError::Log(_) | StaffError::Form(_) => {
                tracing::error!(%error, "the officers are not changed");
                Self::change("サーバーに 保存できません。職員の 表は 変わっていません")
            }
        }
    }
}

/// Does it where the disk may be slow, to its end also where the browser goes away, and shows what came of it.
async fn on_disk<T: Send + 'static>(
    door: &Arc<Door>,
    work: impl FnOnce(&DataFolder, &Keys) -> Result<T, StaffError> + Send + 'static,
) -> Result<T, Told> {
    let hub = Arc::clone(&door.hub);
    let done = spawn_blocking(move || work(&hub.town.folder, &hub.town.keys));
    let done = done.await.map_err(|_ended| Told::server())??;
    door.board.look(&door.hub.town.folder, *door.board.root(), &door.hub.town.current()).await;
    Ok(done)
}

async fn make(State(door): State<Arc<Door>>, headers: HeaderMap, body: Bytes) -> Result<Response, Told> {
    let officer = door.officer(&headers)?;
    let wanted: Wanted = read(&headers, &body)?;
    let id = on_disk(&door, move |folder, _| prepare(folder, &wanted, now())).await?;
    tracing::info!(officer = officer.id, "a change of staff waits for signatures");
    Ok(fine(&json!({ "id": id })))
}

async fn sign_change(
    State(door): State<Arc<Door>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Told> {
    let officer = door.officer(&headers)?;
    let asserted: Asserted = read(&headers, &body)?;
    let credential = asserted.credential.clone();
    let signing =
        move |folder: &DataFolder, keys: &Keys| sign(folder, keys, (&id, officer.id), asserted, now());
    let is_applied = on_disk(&door, signing).await?;
    note_proof(&door, &credential);
    Ok(fine(&json!({ "applied": is_applied })))
}

#[derive(Deserialize)]
struct Nothing {}

async fn drop_waiting(
    State(door): State<Arc<Door>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Told> {
    let officer = door.officer(&headers)?;
    let Nothing {} = read(&headers, &body)?;
    on_disk(&door, move |folder, keys| drop_change(folder, keys, (&id, officer.id), now())).await?;
    Ok(fine(&json!({})))
}

async fn invite_first(
    State(door): State<Arc<Door>>,
    Path(id): Path<u32>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Told> {
    let officer = door.officer(&headers)?;
    let Nothing {} = read(&headers, &body)?;
    let inviting =
        move |folder: &DataFolder, keys: &Keys| invite_newcomer(folder, keys, (id, officer.id), now());
    let code = on_disk(&door, inviting).await?;
    Ok(fine(&json!({ "code": code })))
}

async fn admit(
    State(door): State<Arc<Door>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Told> {
    let officer = door.officer(&headers)?;
    let asserted: Asserted = read(&headers, &body)?;
    let admitting = move |folder: &DataFolder, keys: &Keys| {
        admit_newcomer(folder, keys, (&id, officer.id), &asserted, now())
    };
    on_disk(&door, admitting).await?;
    Ok(fine(&json!({})))
}

/// The table of staff as one officer sees it: what waits, and whose first device they may invite or let in.
pub(super) fn staff(
    register: &Register,
    list: Option<&KeyList>,
    officer: &Officer,
    now: UnixMillis,
) -> Value {
    let pending = register.pending.as_ref().filter(|pending| !pending.is_over(now));
    let row = |one: &&Officer| {
        json!({
            "id": one.id, "name": one.name, "title": one.title, "from": one.from, "until": one.until,
            "telephone": one.telephone.as_ref().map(PersonalText::expose),
            "devices": register.credentials(one.id, KeyClass::Live).count(),
            "kiosk": register.proved_by(one.id, DeviceKind::Kiosk, KeyClass::Live).is_some(),
            "proved": register.proved(one.id, KeyClass::Live),
            "may_invite": register.may_invite(one.id, officer.id, now),
        })
    };
    let waits = register.devices.iter().filter(|device| !device.admitted);
    json!({
        "officers": register.staff(now).iter().map(row).collect::<Vec<_>>(),
        "pending": pending.map(|pending| waiting(register, pending, list, officer, now)),
        "next_order": register.next_order.as_ref().filter(|next| next.day > now).map(|next| {
            let order: Vec<u32> = register.staff(next.day).iter().map(|one| one.id).collect();
            json!({ "day": next.day, "officers": order })
        }),
        "devices": waits.map(|device| joining(register, device, officer, now)).collect::<Vec<_>>(),
    })
}

/// A device that waits until somebody has compared its words.
fn joining(register: &Register, device: &OfficerDevice, officer: &Officer, now: UnixMillis) -> Value {
    let digest = device.digest();
    let may = register.may_invite(device.officer, officer.id, now) && device.invited_by != Some(officer.id);
    json!({
        "id": hex::text(&digest), "digest": base64_url(&digest), "words": device.words(), "joined": device.joined,
        "officer": register.officer(device.officer).map(who), "may_admit": may,
    })
}

fn waiting(
    register: &Register,
    pending: &PendingChange,
    list: Option<&KeyList>,
    officer: &Officer,
    now: UnixMillis,
) -> Value {
    let PendingChange { change, approvals } = pending;
    let (digest, effect) = (change.digest(), register.effect(change, list, now));
    let signed = approvals.iter().filter_map(|approval| {
        let known = register.officer(approval.officer)?;
        let (name, title) = (&known.name, &known.title);
        Some(json!({ "officer": approval.officer, "name": name, "title": title, "at": approval.at }))
    });
    let more = effect.ready.saturating_add(effect.without_device);
    let mut sums = format!(
        "{}の 朝、本番に 署名できる 人：{}人 → {}人",
        japanese_day(change.day.max(now)),
        effect.before,
        effect.ready
    );
    if effect.without_device > 0 {
        sums.push_str(&format!("（新しい人が 端末を 登録すると {more}人）"));
    }
    let few = effect.few.iter().map(|(at, count)| {
        let since = if *at > now { format!("{}から", japanese_day(*at)) } else { "すぐに".to_owned() };
        format!("{since} 署名できる 人が {count}人だけに なります（{ENOUGH}人は 必要です）")
    });
    json!({
        "id": change.id(), "digest": base64_url(&digest), "words": ThreeWords::of_hash(&digest).hiragana(),
        "day": change.day, "expires": change.dropped_at(), "lines": sentences(register, change, now),
        "effect": sums, "few": few.collect::<Vec<_>>(), "signed": signed.collect::<Vec<_>>(),
        "mine": pending.has_signed(officer.id),
    })
}

impl Register {
    /// Whether an officer may invite somebody's first device: one of the two who took them in.
    pub(super) fn may_invite(&self, officer: u32, by: u32, now: UnixMillis) -> bool {
        let of = self.officer(officer).filter(|of| of.approved.contains(&by) && !of.is_over(now));
        of.is_some() && self.credentials(officer, KeyClass::Live).next().is_none()
    }
}

/// Has the list made that is due, twice a minute.
pub(crate) async fn follow_staff(hub: &Arc<Hub>, board: &Arc<Board>) {
    let is_due = {
        let inner = board.inner();
        inner.list.as_ref().is_some_and(|listed| inner.register.is_list_due(&listed.list, now()))
    };
    if !is_due {
        return;
    }
    let of = Arc::clone(hub);
    match spawn_blocking(move || list_if_due(&of.town.folder, &of.town.keys, now())).await {
        Ok(Ok(is_new)) => tracing::info!(is_new, "a day of the staff's table has come"),
        Ok(Err(error)) => tracing::error!(%error, "the list of keys that is due is not made"),
        Err(_ended) => {}
    }
}
