//! What officers could see of what they can say.

use hinamori_ipc::{
    AlertClass, AlertDesk, AlertDraft, AlertKind, AlertNotice, AlertThread, Danger, OfficerStanding,
    PreparedChoice, SignedInBy, StaffSession,
};
use hinamori_model::Role;

use super::{in_minutes, landslide, minutes_ago, practised_tsunami, session, tsunami};
use crate::panel::MORNING;

/// Somebody of the town is signed in.
pub fn official(officer: OfficerStanding) -> StaffSession {
    StaffSession { officer, ..session(Role::Official, SignedInBy::Card) }
}

fn prepared() -> Vec<PreparedChoice> {
    [
        ("大津波警報", Danger::MajorTsunami, "大津波警報　避難指示", "Evacuation order: major tsunami"),
        ("津波警報", Danger::Tsunami, "津波警報　避難指示", "Evacuation order: tsunami"),
        ("土砂災害 レベル3", Danger::LevelThree, "警戒レベル3　高齢者等避難", "Landslide: the elderly leave"),
        ("土砂災害 レベル4", Danger::LevelFour, "警戒レベル4　避難指示", "Landslide: evacuation order"),
        ("洪水 レベル5", Danger::LevelFive, "警戒レベル5　緊急安全確保", "Flood: secure your safety now"),
        ("大規模な 火事", Danger::Other, "避難指示", "Large fire: evacuation order"),
    ]
    .into_iter()
    .enumerate()
    .map(|(number, (label, danger, title, english))| PreparedChoice {
        id: format!("message-{number}"),
        label: label.to_owned(),
        danger,
        title: title.to_owned(),
        english: english.to_owned(),
        places: ["潮見坂の 上", "寺の 境内", "県立高校の 4階"].map(str::to_owned).into(),
    })
    .collect()
}

/// Nothing is out, and nothing waits.
pub fn alert_desk() -> AlertDesk {
    AlertDesk {
        messages: prepared(),
        districts: ["浜町", "汐見", "本町", "岬", "西の谷", "上の台", "港"].map(str::to_owned).into(),
        threads: Vec::new(),
        drafts: Vec::new(),
        live_officers: 3,
        now: MORNING,
        is_online: false,
        tested: None,
    }
}

/// A town in trouble: two orders are out, two drafts wait, and nobody knows the time.
pub fn busy_alert_desk() -> AlertDesk {
    let thread = |number: u32, notice: AlertNotice, alone, may_become: &[u32]| AlertThread {
        id: format!("thread-{number}"),
        alone_until: alone,
        message: may_become.first().map(|number| format!("message-{number}")),
        may_become: may_become.iter().map(|number| format!("message-{number}")).collect(),
        districts: notice.districts.clone(),
        closed: Vec::new(),
        notice,
    };
    AlertDesk {
        threads: vec![
            thread(1, tsunami(), None, &[0, 1]),
            thread(2, AlertNotice { sent: minutes_ago(4), ..landslide() }, Some(in_minutes(6)), &[3, 2]),
        ],
        drafts: vec![
            alert_draft(landslide(), 1, 2),
            AlertDraft { id: "hall".to_owned(), is_the_town_halls: true, ..alert_draft(tsunami(), 1, 2) },
        ],
        live_officers: 1,
        tested: Some(minutes_ago(40_000)),
        ..alert_desk()
    }
}

/// What waits with these signatures.
pub fn alert_draft(notice: AlertNotice, signatures: u8, needed: u8) -> AlertDraft {
    let is_order = notice.kind == AlertKind::Order;
    let signed = ["近藤", "田中 一郎"].into_iter().take(signatures.into()).map(str::to_owned);
    AlertDraft {
        id: "draft".to_owned(),
        instruction:
            "今すぐ 潮見坂の 上・寺の 境内・県立高校の 4階へ にげて ください。車は 使わないで ください。"
                .to_owned(),
        english_instruction:
            "Go to the top of Shiomizaka, the temple or the 4th floor of the high school now. \
                              Do not drive."
                .to_owned(),
        places: if is_order {
            ["潮見坂の 上", "寺の 境内", "県立高校の 4階"].map(str::to_owned).into()
        } else {
            Vec::new()
        },
        unsure_places: Vec::new(),
        without_place: Vec::new(),
        is_update: false,
        signed: signed.collect(),
        signatures,
        needed,
        until: in_minutes(9),
        is_the_town_halls: false,
        notice,
    }
}

/// What changes an order that is out, with everything that officers have to know of it.
pub fn changed_draft() -> AlertDraft {
    AlertDraft {
        unsure_places: vec!["寺の 境内".to_owned()],
        without_place: tsunami().districts.last().cloned().into_iter().collect(),
        is_update: true,
        ..alert_draft(tsunami(), 0, 2)
    }
}

/// The same of an exercise, which one officer signs.
pub fn practised_draft() -> AlertDraft {
    let notice = practised_tsunami();
    assert_eq!(notice.class, AlertClass::Exercise);
    alert_draft(notice, 0, 1)
}
