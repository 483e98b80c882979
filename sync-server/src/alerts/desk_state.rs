//! What the desk's page is told (docs/desk.md §3).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hinamori_alert::{KeyClass, WarningLevel, Word};
use hinamori_model::{HouseholdId, PersonalText, UnixMillis};
use hinamori_net_tls::ThreeWords;
use hinamori_store_sqlite::AnswerKind;
use serde_json::{Value, json};

use crate::alerts::base64_url;
use crate::alerts::board::{Inner, Message};
use crate::alerts::channels::Channels;
use crate::alerts::draft::Draft;
use crate::alerts::officers::{DeviceKind, Officer, PROVED_MILLIS};
use crate::alerts::progress::{Progress, Reach, spread};
use crate::alerts::staff_door::staff;
use crate::alerts::stations::Station;
use crate::hex;
use hinamori_plan::HouseholdToTell;
use hinamori_plan::{Plan, Prepared, Texts};

/// Everything, as one officer sees it.
pub(crate) fn state(inner: &Inner, officer: &Officer, town: &str, revision: &str, now: UnixMillis) -> Value {
    let plan = inner.plan.as_deref();
    let list = inner.list.as_ref().map(|listed| listed.list.as_ref());
    let able = |class| inner.register.able(class, list, now);
    let credentials = |class| -> Vec<String> {
        let own = inner.register.credentials(officer.id, class);
        own.filter_map(hex::bytes).map(|bytes| base64_url(&bytes)).collect()
    };
    let threads: BTreeSet<String> = inner.messages.iter().map(|message| message.thread()).collect();
    let mut threads: Vec<_> = threads.iter().filter_map(|id| thread(inner, plan, id, now)).collect();
    threads.sort_by_key(|(updated, _)| std::cmp::Reverse(*updated));
    json!({
        "revision": revision, "now": now, "town": town,
        "officer": who(officer),
        "able": { "live": able(KeyClass::Live), "exercise": able(KeyClass::Exercise) },
        "signers": inner.register.deputies(now).into_iter().map(|one| signer(inner, one, now)).collect::<Vec<_>>(),
        "proved_for": PROVED_MILLIS, "staff": staff(&inner.register, list, officer, now),
        "credentials": { "live": credentials(KeyClass::Live), "exercise": credentials(KeyClass::Exercise) },
        "party": plan.map(|plan| plan.relying_party.as_str()).unwrap_or_default(),
        "messages": plan.map(|plan| plan.messages.iter().map(message).collect::<Vec<_>>()).unwrap_or_default(),
        "districts": plan.map(|plan| districts(inner, plan)).unwrap_or_default(),
        "drafts": inner.drafts.values().map(|one| draft(inner, one, officer)).collect::<Vec<_>>(),
        "threads": threads.into_iter().map(|(_, thread)| thread).collect::<Vec<_>>(),
        "help": help(inner), "releases": crate::alerts::release_door::state(inner, officer, now),
    })
}

/// An officer with when each of their keys signed something last, and whether they can sign.
fn signer(inner: &Inner, officer: &Officer, now: UnixMillis) -> Value {
    let list = inner.list.as_ref().map(|listed| listed.list.as_ref());
    let proved = |class| inner.register.proved(officer.id, class);
    let standing = |class| inner.register.standing(officer, class, list, now).text();
    let of_kind = |kind| {
        let proved = |class| inner.register.proved_by(officer.id, kind, class);
        let (live, exercise) = (proved(KeyClass::Live), proved(KeyClass::Exercise));
        live.or(exercise).map(|_| json!({ "live": live, "exercise": exercise }))
    };
    json!({
        "id": officer.id, "name": officer.name, "title": officer.title,
        "from": officer.from, "until": officer.until,
        "telephone": officer.telephone.as_ref().map(PersonalText::expose),
        "live": proved(KeyClass::Live), "exercise": proved(KeyClass::Exercise),
        "passkey": of_kind(DeviceKind::Passkey), "kiosk": of_kind(DeviceKind::Kiosk),
        "standing": { "live": standing(KeyClass::Live), "exercise": standing(KeyClass::Exercise) },
    })
}

pub(crate) fn who(Officer { id, name, title, .. }: &Officer) -> Value {
    json!({ "id": id, "name": name, "title": title })
}

fn texts(texts: &Texts) -> Value {
    let joined =
        |text: &hinamori_plan::Text| format!("{}\n{}\n{}", text.headline, text.description, text.instruction);
    json!({ "ja": joined(&texts.japanese), "simple": joined(&texts.simple), "en": joined(&texts.english) })
}

fn message(prepared: &Prepared) -> Value {
    json!({
        "id": prepared.id, "label": prepared.label, "hazard": prepared.hazard.name(), "order": prepared.order.text(),
        "level": prepared.level().map(WarningLevel::number),
        "tsunami": prepared.tsunami.map(|kind| kind.text()), "title": prepared.title(),
        "texts": texts(&prepared.texts), "cancel": texts(&prepared.cancel.texts),
    })
}

fn districts(inner: &Inner, plan: &Plan) -> Vec<Value> {
    let sizes = inner.households.sizes();
    let mut televisions: BTreeMap<String, u32> = BTreeMap::new();
    for household in inner.bound.keys().filter_map(|id| inner.households.one(*id)) {
        let bound = televisions.entry(household.district).or_default();
        *bound = bound.saturating_add(1);
    }
    let district = |district: &hinamori_plan::District| {
        let size = sizes.get(district.name.as_str()).copied().unwrap_or_default();
        let go = district.go.iter().flat_map(|way| {
            way.hazards().iter().map(|hazard| {
                json!({ "hazard": hazard.name(), "place": way.place.plain(), "road": way.road.plain(), "standing": way.standing() })
            })
        });
        json!({
            "name": district.name, "households": size.households, "people": size.people, "support": size.support,
            "televisions": televisions.get(&district.name).copied().unwrap_or_default(),
            "go": go.collect::<Vec<_>>(),
        })
    };
    plan.districts.iter().map(district).collect()
}

/// The outlines of the districts that have one, as CAP writes them. Apart from the state, which goes out with every answer of a television.
pub(crate) fn outlines(plan: &Plan) -> BTreeMap<&str, String> {
    let outline = |district: &hinamori_plan::District| district.polygon().map(|ring| ring.to_string());
    plan.districts.iter().filter_map(|one| Some((one.name.as_str(), outline(one)?))).collect()
}

/// A draft, as this officer sees it.
pub(crate) fn draft(inner: &Inner, draft: &Draft, officer: &Officer) -> Value {
    let Draft { id, envelope, digest, valid, sample, about, needed, instructions, .. } = draft;
    let televisions = instructions.iter().filter(|one| inner.bound.contains_key(&one.household)).count();
    json!({
        "id": id, "class": class_name(about.is_exercise), "kind": envelope.message.text(), "label": about.label,
        "title": about.title, "hazard": valid.evacuation().hazard.name(), "districts": about.districts,
        "households": about.households, "people": about.people, "televisions": televisions, "places": about.places,
        "reasons": about.reasons, "again": about.again, "made": about.made, "expires": draft.dropped_at(),
        "digest": base64_url(digest), "words": ThreeWords::of_hash(digest).hiragana(), "needed": needed,
        "signed": about.signed, "mine": draft.has_signed(officer.id), "sample": sample,
        "channels": Channels::of(valid, about.is_exercise), "trigger": about.trigger,
    })
}

pub(crate) const fn class_name(is_exercise: bool) -> &'static str {
    if is_exercise { "exercise" } else { "live" }
}

fn thread(inner: &Inner, plan: Option<&Plan>, id: &str, now: UnixMillis) -> Option<(UnixMillis, Value)> {
    let messages = inner.thread(id);
    let (first, latest) = (messages.first()?, messages.last()?);
    let (sent, updated) = (first.sent(), latest.sent());
    let of = latest.signed.alert().evacuation();
    let is_in_force = inner
        .alerts
        .in_force(now)
        .iter()
        .any(|known| messages.iter().any(|message| message.signed.digest() == known.latest.digest()));
    let alone = if first.about.is_exercise {
        Ok(latest.signed.alert().expires())
    } else {
        inner.alone_until(&messages, now)
    };
    let prepared = plan.and_then(|plan| plan.message(&first.about.prepared));
    let order = messages
        .iter()
        .rev()
        .find(|message| message.kind() == hinamori_alert::MessageKind::Order)
        .unwrap_or(latest);
    let value = json!({
        "id": id, "messages": messages.iter().map(|message| base64_url(&message.digest)).collect::<Vec<_>>(),
        "class": class_name(first.about.is_exercise), "hazard": of.hazard.name(), "kind": of.message.text(),
        "title": latest.about.title, "districts": latest.about.districts, "places": order.about.places,
        "sent": sent, "updated": updated, "expires": latest.signed.alert().expires(), "in_force": is_in_force,
        "believed": !(is_in_force && inner.unbelieved.contains(&latest.digest)), "arrives": order.about.arrives, "origin": order.about.origin.map(|origin| origin.to_string()),
        "stations": stations(inner, &messages), "trigger": latest.about.trigger,
        "stages": stages(inner, &messages),
        "cancel_alone_until": alone.ok(), "cancel_why": alone.err(),
        "channels": Channels::of(latest.signed.alert(), latest.about.is_exercise),
        "cancel_texts": prepared.map(|prepared| texts(&prepared.cancel.texts)),
    });
    Some((updated, value))
}

/// How many households got how far.
fn stages(inner: &Inner, messages: &[Arc<Message>]) -> Value {
    let all = inner.progress(messages);
    let stage = |at: fn(&Progress) -> Option<UnixMillis>| {
        let times = all.iter().filter_map(|one| one.after(at(one))).collect();
        json!({
            "count": all.iter().filter(|one| at(one).is_some()).count(),
            "median": spread(times).map(|spread| spread.median),
        })
    };
    let televisions = all.iter().filter(|one| inner.bound.contains_key(&one.household)).count();
    let is_unreachable =
        |one: &&Progress| one.acknowledged().is_none() && matches!(one.reach, Reach::Unreachable(_));
    json!({
        "households": all.len(), "televisions": televisions,
        "unreachable": all.iter().filter(is_unreachable).count(),
        "delivered": stage(|one| one.delivered), "shown": stage(|one| one.shown),
        "answered": stage(Progress::acknowledged), "check_point": stage(|one| one.check_point),
        "arrived": stage(|one| one.arrived),
    })
}

/// What each broadcaster's station has of a thread's latest message, and whether something of the thread is on its air.
fn stations(inner: &Inner, messages: &[Arc<Message>]) -> Vec<Value> {
    let station = |station: &Station| {
        let push = messages.last().and_then(|latest| inner.pushes.get(&(station.id, latest.digest)));
        let on_air = inner.air.get(&station.id).and_then(|air| air.digest);
        let is_on_air = messages.iter().any(|message| on_air == Some(message.digest));
        json!({
            "name": station.name, "is_pushed": station.push.is_some(), "is_on_air": is_on_air,
            "received": push.and_then(|push| push.received_at), "tries": push.map_or(0, |push| push.tries),
        })
    };
    inner.stations.stations.iter().map(station).collect()
}

/// A household that asked for help, as the desk names it.
pub(crate) fn task_id(digest: &[u8; 32], household: HouseholdId) -> String {
    format!("{}{}", hex::text(digest), hex::text(household.as_bytes()))
}

/// Who asked for help: those without an owner first, then by time. A household that is told again and asks again is the one task that it was, of
/// whoever took it.
fn help(inner: &Inner) -> Vec<Value> {
    let messages: BTreeMap<_, _> =
        inner.messages.iter().map(|message| (message.digest, message.as_ref())).collect();
    let mut tasks: BTreeMap<(String, HouseholdId), HelpTask<'_>> = BTreeMap::new();
    for (of_message @ (digest, household), known) in &inner.answers {
        let Some(at) = known.get(AnswerKind::Help as usize).copied().flatten() else { continue };
        let Some(message) = messages.get(digest) else { continue };
        let owner = inner.tasks.get(of_message);
        let task = HelpTask { message, at, owner };
        let known = tasks.entry((message.thread(), *household)).or_insert(task);
        let owner = known.owner.or(owner);
        *known = HelpTask { owner, ..if at < known.at { task } else { *known } };
    }
    let value = |((_, household), HelpTask { message, at, owner }): (_, HelpTask<'_>)| {
        // Who called is not forgotten with the list that named them.
        let of = inner.households.one(household).unwrap_or_else(|| HouseholdToTell::unknown(household));
        let owned_by = owner.map(|(officer, since)| {
            let name = inner.register.officer(*officer).map_or("", |officer| officer.name.as_str());
            json!({ "name": name, "at": since })
        });
        let value = json!({
            "id": task_id(&message.digest, household), "class": class_name(message.about.is_exercise),
            "district": of.district, "group": of.group, "people": of.people, "support": of.needs_support,
            "at": at, "owner": owned_by,
        });
        (owner.is_some(), !of.needs_support, at, value)
    };
    let mut asked: Vec<_> = tasks.into_iter().map(value).collect();
    asked.sort_by_key(|(is_owned, is_without_support, at, _)| (*is_owned, *is_without_support, *at));
    asked.into_iter().map(|(.., value)| value).collect()
}

/// The first message of a thread under which a household asked, when, and who looks after it since when.
#[derive(Clone, Copy)]
struct HelpTask<'a> {
    message: &'a Message,
    at: UnixMillis,
    owner: Option<&'a (u32, UnixMillis)>,
}
