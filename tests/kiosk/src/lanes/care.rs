//! What the daemon of the fictional school could say of staff, of care and of the site.

use hinamori_ipc::{
    Answer, AnswerKind, Assessment, BindingStanding, CareEntry, CareItem, CareList, CarePerson, Conflict,
    HeadCount, LaneState, Lookup, OfficerStanding, Pass, Screen, SecretDigits, SeenAt, SignedInBy, Slip,
    SlipKind, StaffSession, TelevisionBinding,
};
use hinamori_model::{
    Aspect, AuditAction, Circle, ConsentItem, Grade, LookupReason, NeedKind, ProxyPurpose, RecordId, Role,
    Severity, SiteId, StayForm, UnixMillis, Urgency, YesNo,
};

use super::{MINUTE, answer, minutes_ago, name, person, shelter};

/// So many minutes after the kiosk was switched on.
pub const fn in_minutes(minutes: u64) -> UnixMillis {
    minutes_ago(0).plus(minutes * MINUTE)
}

/// Somebody signed in.
pub fn session(role: Role, by: SignedInBy) -> StaffSession {
    let called = (by != SignedInBy::Nobody).then(|| name("近藤 恵子"));
    StaffSession { name: called, role, by, until: in_minutes(3), alarms: 0, officer: OfficerStanding::Nobody }
}

/// The shelter of a town that lists its staff.
pub fn staffed(staff: Option<StaffSession>) -> LaneState {
    LaneState { asks_sign_in: true, staff, confirmed: 120, ..shelter() }
}

/// An answer that asks the three questions, and tells how often staff looked.
pub fn asking(id: u64, kind: AnswerKind, lookups: u32) -> Screen {
    match answer(id, kind) {
        Screen::Answer(answer) => Screen::Answer(Answer { asks_needs: true, lookups, ..answer }),
        Screen::Idle => Screen::Idle,
    }
}

/// An answer that tells how often staff looked.
pub fn looked_at(id: u64, kind: AnswerKind, lookups: u32) -> Screen {
    match answer(id, kind) {
        Screen::Answer(answer) => Screen::Answer(Answer { lookups, ..answer }),
        Screen::Idle => Screen::Idle,
    }
}

/// Digits of a secret.
pub fn digits(text: &str) -> SecretDigits {
    let mut digits = SecretDigits::default();
    text.chars().for_each(|digit| digits.push(digit));
    digits
}

/// A pass for a nurse from another town.
pub fn pass() -> Pass {
    let code = format!("HS1-{}", "0123456789ABCDEFGHJKMNPQRSTVWX".repeat(3));
    Pass { code: name(&code), number: digits("4071"), role: Role::Nurse, until: in_minutes(3 * 24 * 60) }
}

/// Who looked.
pub fn lookups() -> Vec<Lookup> {
    vec![
        Lookup {
            at: minutes_ago(12),
            by: Some(name("近藤 恵子")),
            role: Role::Nurse,
            action: AuditAction::SawPerson,
            reason: Some(LookupReason::Care),
        },
        Lookup {
            at: minutes_ago(20 * 60),
            by: None,
            role: Role::Leader,
            action: AuditAction::Searched,
            reason: None,
        },
    ]
}

/// Who needs care.
pub fn care_list() -> CareList {
    let item = |number, called: Option<&str>, urgency, needs: &[NeedKind]| CareItem {
        person: person(number),
        name: called.map(name),
        urgency,
        needs: needs.to_vec(),
        seen_at: minutes_ago(35),
        hidden: number == 5,
    };
    let many = [
        NeedKind::Insulin,
        NeedKind::FeverOrCough,
        NeedKind::Dementia,
        NeedKind::Wheelchair,
        NeedKind::ReligiousFood,
        NeedKind::AllergyBuckwheat,
    ];
    let items = vec![
        item(1, Some("林 キヨ"), Urgency::Overdue(minutes_ago(30)), &[NeedKind::Oxygen]),
        item(2, Some("長谷川 十和子"), Urgency::DueSoon(in_minutes(40)), &many),
        item(3, None, Urgency::NotDue(Severity::Life), &[NeedKind::AskedLifeSupport]),
        item(4, Some("浜田 勇"), Urgency::NotDue(Severity::Acute), &[NeedKind::InjuredNow]),
        item(5, Some("磯部 実"), Urgency::NotDue(Severity::Care), &[NeedKind::Dementia, NeedKind::Frail]),
        item(6, Some("岡 蓮"), Urgency::NotDue(Severity::Arrangement), &[NeedKind::AllergyEgg]),
    ];
    CareList { items, handed_over: Some((Some(name("宮本 さくら")), minutes_ago(9 * 60))) }
}

/// What is written down of 林 キヨ.
pub fn care_person() -> CarePerson {
    let need =
        |kind, degree, due_by| CareEntry::Need { kind, answer: YesNo::Yes, degree, due_by, note: None };
    CarePerson {
        person: person(1),
        name: Some(name("林 キヨ")),
        kana: Some(name("ハヤシ キヨ")),
        age: Some(84),
        hidden: false,
        entries: vec![
            need(NeedKind::Oxygen, None, Some(minutes_ago(30))),
            need(NeedKind::Frail, Some(5), None),
            CareEntry::Stay(StayForm::Shelter),
            CareEntry::Phone(name("08055501234")),
            CareEntry::Consent {
                item: ConsentItem::Place,
                circle: Circle::RelativesOrWorkplace,
                answer: YesNo::Yes,
            },
            CareEntry::Proxy {
                purpose: ProxyPurpose::Goods,
                name: name("はやし まさお"),
                until: Some(in_minutes(7 * 24 * 60)),
            },
            CareEntry::Contact {
                name: name("林 正夫"),
                relation: Some(name("長男")),
                reached_by: Some(name("08055505678")),
            },
        ],
        has_more: true,
    }
}

/// Head counts that are not named to their end.
pub fn head_counts() -> Vec<HeadCount> {
    let record = |number: u8| RecordId::new(minutes_ago(u64::from(number)), u128::from(number));
    vec![
        HeadCount { record: record(1), at: minutes_ago(50), adults: 3, children: 1, infants: 0 },
        HeadCount { record: record(2), at: minutes_ago(130), adults: 12, children: 4, infants: 2 },
    ]
}

/// Two who were seen at two sites.
pub fn conflicts() -> Vec<Conflict> {
    let seen = |number: u8, place: &str, minutes| SeenAt {
        site: SiteId::from_bytes([number; 16]),
        name: place.to_owned(),
        at: minutes_ago(minutes),
    };
    vec![
        Conflict {
            person: person(1),
            name: Some(name("浜田 直樹")),
            places: vec![seen(1, "汐見小学校 体育館", 19), seen(2, "港公民館", 64)],
        },
        Conflict {
            person: person(2),
            name: None,
            places: vec![
                seen(3, "山手コミュニティセンター", 5),
                seen(1, "汐見小学校 体育館", 19),
                seen(2, "港公民館", 64),
            ],
        },
    ]
}

/// Televisions that were given to households here, one in each way that it can stand.
pub fn televisions() -> Vec<TelevisionBinding> {
    let given = |code, minutes, standing| TelevisionBinding { code, at: minutes_ago(minutes), standing };
    vec![
        given(48_217_350, 1, BindingStanding::Waiting),
        given(10_000_007, 12, BindingStanding::Bound),
        given(73_504_821, 25, BindingStanding::NoSuchCode),
        given(55_555_555, 64, BindingStanding::NotHere),
    ]
}

/// How the school is equipped.
pub fn assessment() -> Assessment {
    let mut grades = [Grade::Good; Aspect::ALL.len()];
    for (place, grade) in
        grades.iter_mut().zip([Grade::Urgent, Grade::Short, Grade::Good, Grade::NotLookedAt])
    {
        *place = grade;
    }
    Assessment { at: Some(minutes_ago(200)), grades }
}

/// What whoever leaves takes along.
pub fn slip(kind: SlipKind) -> Slip {
    let code = match kind {
        SlipKind::Leaving => format!("HL1-{}", "0123456789ABCDEFGHJK".repeat(3)),
        SlipKind::Transfer => format!("HT1-{}", "0123456789ABCDEFGHJKMNPQRSTVWX".repeat(9)),
    };
    Slip { kind, code: name(&code), until: in_minutes(36 * 60 + 39) }
}
