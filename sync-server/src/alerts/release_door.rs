//! What the desk's page asks of orders that are signed in advance (docs/desk.md §6).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use hinamori_alert::{
    CoastSegment, EVERYBODY, Instructions, KeyClass, KeyList, MessageKind, OfficerId, PREPARED_IDENTIFIER,
    PREPARED_SENT, PreparedRelease,
};
use hinamori_model::{Hazard, HouseholdId, UnixMillis};
use hinamori_net_tls::ThreeWords;
use hinamori_plan::{Plan, Wanted, compose};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::alerts::base64_url;
use crate::alerts::board::Inner;
use crate::alerts::desk_door::{
    Asserted, Door, Nothing, Told, fine, no_plan, note_proof, places_of, read, reasons,
};
use crate::alerts::draft::{About, Triggered};
use crate::alerts::households::Households;
use crate::alerts::officers::Officer;
use crate::alerts::release::{
    DroppedRelease, HeardArea, HeardAt, HeardMessage, ReleaseAbout, SILENT_MILLIS, Standing, Unsent,
    UnsentRelease,
};
use crate::clock::now;
use crate::data::random;

const DAY_MILLIS: u64 = 24 * 3_600_000;
const MOST_DAYS: u64 = 90;
/// Releases at a time: three warnings for some coasts, and as many that wait for their signatures.
const MOST_RELEASES: usize = 32;
/// The desk alarms so long before one ends.
const SOON_MILLIS: u64 = 14 * DAY_MILLIS;
/// The desk says so long that an officer dropped a release, or that nobody was told of one.
const DROPPED_SHOWN_MILLIS: u64 = DAY_MILLIS;
/// What something overtook is signed anew sooner than that, and alarms nobody.
const ANEW_MILLIS: u64 = 30_000;

/// What an officer asks for.
#[derive(Deserialize)]
pub(super) struct ReleaseWanted {
    message: String,
    districts: Vec<String>,
    #[serde(default)]
    reasons: BTreeMap<String, String>,
    /// The agency's number.
    coast: u16,
    days: u64,
}

/// What is asked for, as officers sign it. Its households are those of now.
pub(super) fn release_of(
    plan: &Plan,
    households: &Households,
    wanted: &ReleaseWanted,
    now: UnixMillis,
) -> Result<Standing, Told> {
    let prepared = plan.message(&wanted.message).ok_or_else(Told::page)?;
    if prepared.hazard != Hazard::Tsunami || !(1..=MOST_DAYS).contains(&wanted.days) {
        return Err(Told::page());
    }
    let coast = CoastSegment::new(wanted.coast).and_then(|segment| plan.coast(segment));
    let coast = coast.ok_or_else(|| Told::change("この海岸は 準備に ありません"))?;
    let districts: Option<Vec<_>> = wanted.districts.iter().map(|name| plan.district(name)).collect();
    let districts =
        districts.filter(|all| !all.is_empty()).ok_or_else(|| Told::change("地区を 選んで ください"))?;
    let request = Wanted {
        prepared,
        kind: MessageKind::Order,
        is_exercise: false,
        districts,
        arrives: None,
        references: Vec::new(),
        identifier: PREPARED_IDENTIFIER.to_owned(),
        sent: PREPARED_SENT,
        until: None,
        closed: BTreeSet::new(),
    };
    let reasons = reasons(&request, &wanted.reasons, None)?;
    let households = households.in_districts(&wanted.districts);
    let composed =
        compose(plan, &request, &households, random::<16>).map_err(|_no_randomness| Told::server())?;
    let composed = composed.map_err(|bad| Told::change(format!("この知らせは 規則に 合いません: {bad}")))?;
    let together =
        Instructions::of(&composed.instructions).ok_or_else(|| Told::change("世帯が 多すぎます"))?;
    // Alerts are sent at whole seconds.
    let now = UnixMillis::new(now.get() / 1_000 * 1_000);
    let bounds = (now, now.plus(wanted.days.saturating_mul(DAY_MILLIS)));
    let release = PreparedRelease::around(&composed.bytes, coast.segment, bounds, &together)
        .map_err(|error| Told::change(format!("この知らせは 規則に 合いません: {error}")))?;
    let about = About {
        is_exercise: false,
        prepared: prepared.id.clone(),
        label: prepared.label.clone(),
        title: prepared.title(),
        districts: wanted.districts.clone(),
        places: places_of(&request),
        reasons,
        arrives: None,
        again: false,
        households: u32::try_from(households.len()).unwrap_or(u32::MAX),
        people: households.iter().map(|household| household.people).fold(0, u32::saturating_add),
        made: now,
        thread: None,
        signed: Vec::new(),
        origin: None,
        trigger: None,
        went_out: None,
    };
    let sample = serde_json::from_slice(&composed.sample).unwrap_or_default();
    let about = ReleaseAbout { about, coast: coast.name.clone(), sample };
    Ok(Standing::new(release, composed.bytes, about, composed.instructions))
}

pub(super) async fn make_release(
    State(door): State<Arc<Door>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Told> {
    let officer = door.officer(&headers)?;
    let wanted: ReleaseWanted = read(&headers, &body)?;
    let board = Arc::clone(&door.board);
    let made = tokio::task::spawn_blocking(move || {
        let mut inner = board.inner();
        let at = now();
        let list = inner.list.as_ref().map(|listed| Arc::clone(&listed.list));
        inner.releases.retain(|_, release| !release.is_over(list.as_deref(), at));
        if inner.releases.len() >= MOST_RELEASES {
            return Err(Told::change("事前の署名が 多すぎます。使わないものを やめて ください"));
        }
        let plan = inner.plan.as_deref().ok_or_else(no_plan)?;
        release_of(plan, &inner.households, &wanted, at)
    });
    let made = made.await.map_err(|_ended| Told::server())??;
    let release = door.board.put_release(made).await?;
    let value = value(&door.board.inner(), &release, &officer, now());
    Ok(fine(&value))
}

pub(super) async fn sign_release(
    State(door): State<Arc<Door>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Told> {
    let officer = door.officer(&headers)?;
    let asserted: Asserted = read(&headers, &body)?;
    let signature = asserted.signature_of(&door.board.inner().register, (officer.id, KeyClass::Live))?;
    let board = Arc::clone(&door.board);
    let number = officer.id;
    let signing = tokio::spawn(async move { board.sign_release(&id, &officer, signature).await });
    let stands = signing.await.map_err(|_ended| Told::server())??;
    note_proof(&door, &asserted.credential);
    tracing::info!(officer = number, stands, "an officer signed in advance");
    Ok(fine(&json!({ "stands": stands })))
}

pub(super) async fn withdraw_release(
    State(door): State<Arc<Door>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Told> {
    let officer = door.officer(&headers)?;
    let Nothing {} = read(&headers, &body)?;
    let board = Arc::clone(&door.board);
    let withdrawing = tokio::spawn(async move { board.withdraw_release(&id).await });
    withdrawing.await.map_err(|_ended| Told::server())??;
    tracing::info!(officer = officer.id, "what was signed in advance was withdrawn");
    Ok(fine(&json!({})))
}

/// A release as this officer sees it.
pub(super) fn value(inner: &Inner, release: &Standing, officer: &Officer, now: UnixMillis) -> Value {
    let ReleaseAbout { about, coast, sample } = &release.about;
    let list = inner.list.as_ref().map(|listed| listed.list.as_ref());
    let prepared = &release.prepared;
    json!({
        "id": release.id, "label": about.label, "title": about.title, "kind": prepared.kind.text(),
        "coast": { "segment": prepared.segment.number(), "name": coast },
        "districts": about.districts, "places": about.places, "reasons": about.reasons,
        "households": about.households, "people": about.people, "hours": prepared.hours,
        "from": prepared.from, "until": prepared.until, "made": about.made,
        "digest": base64_url(&release.digest), "words": ThreeWords::of_hash(&release.digest).hiragana(),
        "signed": about.signed, "mine": about.signed.iter().any(|signed| signed.officer == officer.id),
        "stands": list.is_some_and(|list| release.stands(list, now)),
        "alarms": alarms(inner, release, list, now), "sample": sample,
    })
}

/// Why it should be signed anew: `ends` soon, an officer who signed it has `left`, `households` came or went, the `plan` says something else now.
fn alarms(inner: &Inner, release: &Standing, list: Option<&KeyList>, now: UnixMillis) -> Vec<&'static str> {
    let ReleaseAbout { about, .. } = &release.about;
    let until = release.prepared.until;
    let can_sign = |officer: u32| {
        let devices = list.into_iter().flat_map(KeyList::devices);
        devices
            .filter(|device| device.class == KeyClass::Live && device.until >= now)
            .any(|device| device.officer == OfficerId(officer))
    };
    let told: BTreeSet<HouseholdId> =
        release.instructions.iter().map(|own| own.household).filter(|own| *own != EVERYBODY).collect();
    let living: BTreeSet<HouseholdId> =
        inner.households.in_districts(&about.districts).iter().map(|own| own.id).collect();
    let is_as_planned = || {
        let days = until.since(release.prepared.from) / DAY_MILLIS;
        let reasons = about.reasons.iter().map(|one| (one.place.clone(), one.reason.clone())).collect();
        let wanted = ReleaseWanted {
            message: about.prepared.clone(),
            districts: about.districts.clone(),
            reasons,
            coast: release.prepared.segment.number(),
            days: days.clamp(1, MOST_DAYS),
        };
        let again = |plan: &Plan| release_of(plan, &Households::default(), &wanted, now).ok();
        let again = inner.plan.as_deref().and_then(again);
        again.is_some_and(|again| again.template == release.template)
    };
    let all = [
        ("ends", until < now.plus(SOON_MILLIS)),
        ("left", about.signed.iter().any(|signed| !can_sign(signed.officer))),
        ("households", told != living),
        ("plan", !is_as_planned()),
    ];
    all.into_iter().filter_map(|(name, is_so)| is_so.then_some(name)).collect()
}

/// All of them with the state of the trigger, for the desk's state.
pub(super) fn state(inner: &Inner, officer: &Officer, now: UnixMillis) -> Value {
    let list = inner.list.as_ref().map(|listed| listed.list.as_ref());
    let policy = list.and_then(|list| list.policy().release);
    let mut releases: Vec<&Arc<Standing>> =
        inner.releases.values().filter(|release| !release.is_over(list, now)).collect();
    releases.sort_by_key(|release| (release.prepared.segment, release.prepared.kind, release.prepared.from));
    let plan = inner.plan.as_deref();
    let coasts = plan.map(|plan| {
        let coast =
            |coast: &hinamori_plan::Coast| json!({ "segment": coast.segment.number(), "name": coast.name });
        plan.coasts.iter().map(coast).collect::<Vec<_>>()
    });
    json!({
        "policy": policy.map_or("none", |policy| if policy.needs_officer { "officer" } else { "alone" }),
        "coasts": coasts.unwrap_or_default(),
        "heard": inner.heard.as_ref().map(|heard| heard_value(inner, heard, now)),
        "clock": wrong_clock(inner, now), "dropped": dropped(inner, now), "unsent": unsent(inner, now),
        "prepared": releases.into_iter().map(|release| value(inner, release, officer, now)).collect::<Vec<_>>(),
    })
}

/// By how much the trigger's clock is ahead of this one, where nothing is believed of it for that.
fn wrong_clock(inner: &Inner, now: UnixMillis) -> Option<i128> {
    let (said, came) = inner.wrong_clock.filter(|(_, came)| now.since(*came) <= SILENT_MILLIS)?;
    Some(i128::from(said.get()).saturating_sub(came.get().into()))
}

/// What officers on duty dropped of late, the latest first.
fn dropped(inner: &Inner, now: UnixMillis) -> Vec<Value> {
    let is_shown = |dropped: &&DroppedRelease| now.since(dropped.by.at) < DROPPED_SHOWN_MILLIS;
    let value = |DroppedRelease { trigger, title, by }: &DroppedRelease| json!({ "kind": trigger.kind, "coast": trigger.coast, "title": title, "by": by });
    inner.dropped.iter().rev().filter(is_shown).map(value).collect()
}

/// Of what nobody was told, the latest of each warning first.
fn unsent(inner: &Inner, now: UnixMillis) -> Vec<Value> {
    let mut seen = BTreeSet::new();
    let is_shown = |unsent: &&UnsentRelease| {
        let age = now.since(unsent.at);
        let Triggered { kind, segment, event, .. } = &unsent.trigger;
        age < DROPPED_SHOWN_MILLIS
            && (unsent.why != Unsent::Overtaken || age > ANEW_MILLIS)
            && seen.insert((kind.clone(), *segment, event.clone(), unsent.why == Unsent::Lapsed))
            && inner.matters(unsent, now)
    };
    let value = |UnsentRelease { trigger, title, why, at, .. }: &UnsentRelease| json!({ "kind": trigger.kind, "coast": trigger.coast, "title": title, "why": why, "at": at });
    inner.unsent.iter().rev().filter(is_shown).map(value).collect()
}

/// What the agency said last, for the town's coasts.
fn heard_value(inner: &Inner, heard: &HeardAt, now: UnixMillis) -> Value {
    let is_own = |segment: u16| {
        let known = CoastSegment::new(segment).zip(inner.plan.as_deref());
        known.and_then(|(segment, plan)| plan.coast(segment)).map(|coast| coast.name.clone())
    };
    let message = |said: &HeardMessage| {
        let area = |area: &HeardArea| {
            let name = is_own(area.segment)?;
            Some(json!({ "segment": area.segment, "name": name, "kind": area.kind, "arrives": area.arrives }))
        };
        json!({
            "status": said.status, "info": said.info, "reported": said.reported, "unknown": said.unknown,
            "areas": said.areas.iter().filter_map(area).collect::<Vec<_>>(),
        })
    };
    let HeardAt { heard: said, came } = heard;
    json!({
        "at": came, "silent": heard.is_silent(now),
        "message": said.message.as_ref().map(message), "drill": said.drill.as_ref().map(message),
    })
}
