//! What the trigger reads of the Meteorological Agency: XML from a folder or an address.

use std::collections::BTreeSet;

use hinamori_alert::{AgencyInfo, AgencyMessage, AgencyStatus};
use hinamori_sim::TsunamiMessage;

pub(crate) fn run(bytes: &[u8]) {
    let Ok(message) = AgencyMessage::read(bytes) else { return };
    let is_meant = message.status == AgencyStatus::Normal && message.info != AgencyInfo::Withdrawn;
    let mut known = BTreeSet::new();
    for area in &message.areas {
        assert!(known.insert(area.segment), "a segment is there twice");
        let warned = message.warns(area.segment).map(|(kind, arrives)| (Some(kind), arrives));
        let expected = (is_meant && area.kind.is_some()).then_some((area.kind, area.arrives));
        assert!(warned == expected, "it warns otherwise than it says");
    }
    assert!(known.len().saturating_add(message.unknown) <= 200, "more segments than anybody has");
    let is_digit = |byte: u8| byte.is_ascii_digit() || byte == b' ';
    assert!(!message.event.is_empty() && message.event.bytes().all(is_digit), "an event without a number");
}

pub(crate) fn seeds() -> crate::Seeds {
    let usual = TsunamiMessage {
        status: "通常",
        info: "発表",
        event: "20260311052000",
        reported: "2026-03-11T05:21:00+09:00".to_owned(),
        areas: vec![
            (580, "53", "2026-03-11T05:33:00+09:00".to_owned()),
            (590, "51", "ただちに津波来襲と予測".to_owned()),
            (600, "62", String::new()),
            (610, "71", String::new()),
        ],
    };
    let drill = TsunamiMessage { status: "訓練", info: "訂正", ..usual.clone() };
    let withdrawn = TsunamiMessage { info: "取消", areas: Vec::new(), ..usual.clone() };
    let unknown = TsunamiMessage { areas: vec![(580, "99", String::new())], ..usual.clone() };
    [("seed-warning", usual), ("seed-drill", drill), ("seed-withdrawn", withdrawn), ("seed-unknown", unknown)]
        .map(|(name, message)| (name, message.xml().into_bytes()))
        .into()
}
