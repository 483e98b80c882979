//! Messages of the Meteorological Agency: read strictly, or not at all.
#![expect(clippy::unwrap_used, reason = "test helpers fail by panicking")]

use hinamori_alert::{
    AgencyArea, AgencyInfo, AgencyMessage, AgencyStatus, CoastSegment, NotUnderstood, RefusedFor, TsunamiKind,
};
use hinamori_model::UnixMillis;
use hinamori_sim::TsunamiMessage;

const REPORTED: &str = "2026-03-11T05:21:00+09:00";
const ARRIVES: &str = "2026-03-11T05:33:00+09:00";

fn message() -> TsunamiMessage {
    TsunamiMessage {
        status: "通常",
        info: "発表",
        event: "20260311052000",
        reported: REPORTED.to_owned(),
        areas: vec![
            (580, "53", ARRIVES.to_owned()),
            (610, "51", "ただちに津波来襲と予測".to_owned()),
            (590, "62", String::new()),
            (570, "71", String::new()),
        ],
    }
}

fn read(xml: &str) -> Result<AgencyMessage, NotUnderstood> {
    AgencyMessage::read(xml.as_bytes())
}

fn segment(number: u16) -> CoastSegment {
    CoastSegment::new(number).unwrap()
}

#[test]
fn what_holds_for_each_coast_is_read() {
    let read = read(&message().xml()).unwrap();
    assert_eq!((read.status, read.info), (AgencyStatus::Normal, AgencyInfo::Issued));
    assert_eq!((read.event.as_str(), read.unknown), ("20260311052000", 0));
    assert_eq!(read.reported, UnixMillis::new(1_773_174_060_000));
    let arrives = Some(UnixMillis::new(1_773_174_780_000));
    let area = |number, kind, arrives| AgencyArea { segment: segment(number), kind, arrives };
    assert_eq!(
        read.areas,
        [
            area(580, Some(TsunamiKind::MajorWarning), arrives),
            area(610, Some(TsunamiKind::Warning), None),
            area(590, Some(TsunamiKind::Advisory), None),
            area(570, None, None),
        ]
    );
    assert_eq!(read.warns(segment(580)), Some((TsunamiKind::MajorWarning, arrives)));
    assert_eq!((read.warns(segment(570)), read.warns(segment(100))), (None, None));
}

#[test]
fn an_exercise_a_test_and_what_is_taken_back_warn_nobody() {
    for status in ["訓練", "試験"] {
        let read = read(&TsunamiMessage { status, ..message() }.xml()).unwrap();
        assert_ne!(read.status, AgencyStatus::Normal);
        assert_eq!(read.warns(segment(580)), None, "{status}");
    }
    let taken_back = read(&TsunamiMessage { info: "取消", ..message() }.xml()).unwrap();
    assert_eq!(taken_back.warns(segment(580)), None);
    let corrected = read(&TsunamiMessage { info: "訂正", ..message() }.xml()).unwrap();
    assert!(corrected.warns(segment(580)).is_some());
}

#[test]
fn a_code_that_is_not_known_is_counted_and_hides_no_other_coast() {
    let mut odd = message();
    odd.areas[1].1 = "54";
    let read = read(&odd.xml()).unwrap();
    assert_eq!((read.unknown, read.areas.len()), (1, 3));
    assert!(read.warns(segment(580)).is_some());
}

#[test]
fn what_is_missing_twice_or_impossible_is_refused_and_named() {
    let wrong = |from: &str, to: &str| {
        let xml = message().xml();
        assert!(xml.contains(from), "{from}");
        read(&xml.replacen(from, to, 1)).unwrap_err()
    };
    let not = NotUnderstood::Wrong;
    assert_eq!(wrong("<Status>通常</Status>", ""), not("Status"));
    assert_eq!(wrong("<Status>通常</Status>", "<Status>本番</Status>"), not("Status"));
    assert_eq!(wrong("<Status>", "<Status>訓練</Status><Status>"), not("Status"), "twice");
    assert_eq!(wrong("<InfoType>発表", "<InfoType>遅延"), not("InfoType"));
    assert_eq!(wrong("<EventID>2026", "<EventID>x026"), not("EventID"));
    assert_eq!(wrong("<EventID>20260311052000", "<EventID>"), not("EventID"));
    assert_eq!(wrong("T05:21:00+09:00</Report", "T05:21:00</Report"), not("ReportDateTime"));
    assert_eq!(wrong("<Code>610</Code>", "<Code>580</Code>"), not("Area"), "a coast twice");
    assert_eq!(wrong("<Code>610</Code>", "<Code>61</Code>"), not("Area"));
    assert_eq!(wrong("<Code>53</Code>", ""), not("Kind"));
    assert_eq!(wrong(ARRIVES, "05:33"), not("ArrivalTime"));
    assert_eq!(wrong("津波警報・注意報・予報a", "津波情報a"), NotUnderstood::OtherMessage);
    assert_eq!(
        wrong("xmlns=\"http://xml.kishou.go.jp/jmaxml1/\"", "xmlns=\"urn:x\""),
        NotUnderstood::OtherMessage
    );
    let other_head = wrong("jmaxml1/informationBasis1/", "jmaxml1/informationBasis2/");
    assert_eq!(other_head, not("InfoType"), "somebody else's head");
    let many =
        TsunamiMessage { areas: (100..400).map(|at| (at, "00", String::new())).collect(), ..message() };
    assert_eq!(read(&many.xml()).unwrap_err(), not("Item"));
}

#[test]
fn what_no_message_needs_is_not_read() {
    let refused = |xml: &str| match read(xml).unwrap_err() {
        NotUnderstood::Refused(refusal) => Some(refusal.reason),
        NotUnderstood::OtherMessage | NotUnderstood::Wrong(_) => None,
    };
    let xml = message().xml();
    let with = |from: &str, to: &str| refused(&xml.replacen(from, to, 1));
    assert_eq!(
        with("<Report ", "<!DOCTYPE Report [<!ENTITY a \"b\">]><Report "),
        Some(RefusedFor::DocumentType)
    );
    assert_eq!(with("気象庁本庁", "&office;"), Some(RefusedFor::Entity));
    assert_eq!(with("<Control>", "<?run it?><Control>"), Some(RefusedFor::ProcessingInstruction));
    assert_eq!(with("UTF-8", "Shift_JIS"), Some(RefusedFor::NotUtf8));
    assert_eq!(with("</Report>", ""), Some(RefusedFor::Malformed));
    let deep = format!("<Text>{}{}", "<a>".repeat(20), "</a>".repeat(20));
    assert_eq!(with("<Text>", &deep), Some(RefusedFor::TooDeep));
    for length in 0..xml.len() {
        // The line feed at the end is nobody's.
        let read = AgencyMessage::read(&xml.as_bytes()[..length]);
        assert_eq!(read.is_ok(), length >= xml.len() - 1, "{length}");
    }
}
