//! Reading what was written gives the same alert, whatever stands in it.
#![expect(clippy::unwrap_used, reason = "test helpers fail by panicking")]

use hinamori_alert::{
    Alert, Area, CapTime, Category, Certainty, Circle, Decimal, Info, MessageId, MessageType, Named, Point,
    Polygon, Report, Resource, ResponseType, Scope, Severity, Status, Urgency, write,
};
use hinamori_model::UnixMillis;
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

/// Text with everything that XML escapes, normalises or has beyond ASCII.
fn text() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        4 => select(vec!['<', '>', '&', '"', '\'', ']', '\r', '\n', '\t', ' ', '-', '!', '?', ';', '#']),
        4 => select(vec!['a', '避', '難', 'あ', '\u{85}', '\u{2028}', '\u{20bb7}', '\u{fffd}', '\u{10ffff}']),
        1 => any::<char>().prop_filter("XML has it", |one| {
            !matches!(one, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
        }),
    ];
    vec(character, 0..12).prop_map(String::from_iter)
}

fn identity() -> impl Strategy<Value = String> {
    "[a-z@.0-9避-]{1,12}"
}

fn time() -> impl Strategy<Value = CapTime> {
    (0..4_000_000_000_u64).prop_map(|seconds| CapTime::in_japan(UnixMillis::new(seconds * 1_000)))
}

fn decimal() -> impl Strategy<Value = Decimal> {
    any::<i64>().prop_map(|number| Decimal::from_billionths(number.max(-i64::MAX)))
}

fn point() -> impl Strategy<Value = Point> {
    (decimal(), decimal()).prop_map(|(latitude, longitude)| Point { latitude, longitude })
}

fn named() -> impl Strategy<Value = Named> {
    (text(), text()).prop_map(|(name, value)| Named { name, value })
}

fn area() -> impl Strategy<Value = Area> {
    let polygon = vec(point(), 0..6).prop_map(Polygon);
    let circle = (point(), decimal()).prop_map(|(center, radius)| Circle { center, radius });
    let shapes = (vec(polygon, 0..3), vec(circle, 0..3), vec(named(), 0..3));
    (text(), shapes, of(decimal()), of(decimal())).prop_map(
        |(description, (polygons, circles, geocodes), altitude, ceiling)| Area {
            description,
            polygons,
            circles,
            geocodes,
            altitude,
            ceiling,
        },
    )
}

fn resource() -> impl Strategy<Value = Resource> {
    (text(), text(), of(any::<u64>()), of(text()), of(text()), of(text())).prop_map(
        |(description, mime_type, size, uri, content, digest)| Resource {
            description,
            mime_type,
            size,
            uri,
            content,
            digest,
        },
    )
}

fn info() -> impl Strategy<Value = Info> {
    let categories = vec(select(vec![Category::Geo, Category::CBRNE, Category::Other]), 1..3);
    let responses =
        vec(select(vec![ResponseType::Shelter, ResponseType::AllClear, ResponseType::None]), 0..3);
    let words = (
        of("[a-z]{1,8}(-[A-Za-z0-9]{1,8}){0,2}|"),
        categories,
        responses,
        select(vec![Urgency::Immediate, Urgency::Unknown]),
        select(vec![Severity::Extreme, Severity::Unknown]),
        select(vec![Certainty::Observed, Certainty::Unknown]),
    );
    let texts = vec(of(text()), 7);
    let parts = (vec(named(), 0..3), vec(named(), 0..3), vec(resource(), 0..3), vec(area(), 0..3));
    (words, text(), vec(of(time()), 3), texts, parts).prop_map(
        |(words, event, mut times, mut texts, (event_codes, parameters, resources, areas))| {
            let (language, categories, response_types, urgency, severity, certainty) = words;
            let mut text = || texts.pop().unwrap();
            let mut time = || times.pop().unwrap();
            Info {
                language,
                categories,
                event,
                response_types,
                urgency,
                severity,
                certainty,
                audience: text(),
                event_codes,
                effective: time(),
                onset: time(),
                expires: time(),
                sender_name: text(),
                headline: text(),
                description: text(),
                instruction: text(),
                web: text(),
                contact: text(),
                parameters,
                resources,
                areas,
            }
        },
    )
}

fn id() -> impl Strategy<Value = MessageId> {
    (identity(), identity(), time()).prop_map(|(sender, identifier, sent)| MessageId {
        sender,
        identifier,
        sent,
    })
}

fn alert() -> impl Strategy<Value = Alert> {
    let words = (
        select(vec![Status::Actual, Status::Draft]),
        select(vec![MessageType::Alert, MessageType::Error]),
        select(vec![Scope::Public, Scope::Private]),
    );
    let texts = vec(of(text()), 5);
    (id(), words, texts, vec(text(), 0..3), vec(id(), 0..3), vec(info(), 0..3)).prop_map(
        |(id, (status, message_type, scope), mut texts, codes, references, infos)| {
            let mut text = || texts.pop().unwrap();
            Alert {
                identifier: id.identifier,
                sender: id.sender,
                sent: id.sent,
                status,
                message_type,
                source: text(),
                scope,
                restriction: text(),
                addresses: text(),
                codes,
                note: text(),
                references,
                incidents: text(),
                infos,
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn an_alert_comes_back_from_its_bytes(alert in alert()) {
        let bytes = write(&alert);
        let report = Report::of(&bytes).unwrap();
        prop_assert_eq!(report.alert(), Some(&alert), "{}", String::from_utf8_lossy(&bytes));
        prop_assert_eq!(write(report.alert().unwrap()), bytes);
    }
}

#[test]
fn what_xml_does_not_have_is_seen_to_be_gone() {
    let alert = Alert { identifier: "a\0b\u{ffff}".to_owned(), ..Alert::default() };
    let report = Report::of(&write(&alert)).unwrap();
    assert_eq!(report.alert().unwrap().identifier, "a\u{fffd}b\u{fffd}");
}
