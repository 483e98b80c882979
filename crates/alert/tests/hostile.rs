//! What is no alert, or a trap in the form of one, is refused for its own reason, with its line, in little time.
#![expect(clippy::unwrap_used, reason = "test helpers fail by panicking")]

use hinamori_alert::{MOST_BYTES, MOST_DEPTH, MOST_ELEMENTS, Refusal, RefusedFor, Report};

const TSUNAMI: &str = include_str!("fixtures/tsunami.xml");
const ROOT: &str = "<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\">";

fn refused(bytes: &[u8]) -> Refusal {
    Report::of(bytes).unwrap_err()
}

fn replaced(from: &str, to: &str) -> RefusedFor {
    assert!(TSUNAMI.contains(from), "{from}");
    refused(TSUNAMI.replacen(from, to, 1).as_bytes()).reason
}

#[test]
fn entities_and_what_brings_them_are_refused() {
    let bomb = "<!DOCTYPE alert [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]>";
    assert_eq!(replaced(ROOT, &format!("{bomb}{ROOT}")), RefusedFor::DocumentType);
    assert_eq!(replaced(ROOT, &format!("<!doctype alert>{ROOT}")), RefusedFor::DocumentType);
    let outside = "<!DOCTYPE alert SYSTEM \"file:///etc/passwd\">";
    assert_eq!(replaced(ROOT, &format!("{outside}{ROOT}")), RefusedFor::DocumentType);
    assert_eq!(replaced("<event>", "<event>&nbsp;"), RefusedFor::Entity);
    assert_eq!(replaced("<event>", "<event>&#0;"), RefusedFor::Entity);
    assert_eq!(replaced("<event>", "<event>&#xD800;"), RefusedFor::Entity);
    assert_eq!(replaced("<event>", "<event>&#xFFFE;"), RefusedFor::Entity);
    assert_eq!(
        replaced(ROOT, &format!("<?xml-stylesheet href='a'?>{ROOT}")),
        RefusedFor::ProcessingInstruction
    );
    assert_eq!(replaced("<event>", "<event><?php ?>"), RefusedFor::ProcessingInstruction);
}

#[test]
fn only_utf_8_is_read() {
    let utf_16: Vec<u8> = TSUNAMI.encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert_eq!(refused(&[&[0xfe, 0xff], utf_16.as_slice()].concat()).reason, RefusedFor::NotUtf8);
    let ascii: Vec<u8> = ROOT.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(refused(&ascii).reason, RefusedFor::ForbiddenCharacter);
    assert_eq!(replaced("UTF-8", "Shift_JIS"), RefusedFor::NotUtf8);
    assert_eq!(replaced("UTF-8", "UTF-16"), RefusedFor::NotUtf8);
    for bad in ["\0", "\u{8}", "\u{b}", "\u{1f}", "\u{fffe}", "\u{ffff}"] {
        assert_eq!(replaced("<event>", &format!("<event>{bad}")), RefusedFor::ForbiddenCharacter, "{bad:?}");
    }
    assert_eq!(refused(b"<alert>\xff").reason, RefusedFor::NotUtf8);
    // The last ones that are fine.
    assert!(Report::of(TSUNAMI.replacen("<event>", "<event>\u{fffd}\t\u{efff}", 1).as_bytes()).is_ok());
}

#[test]
fn what_is_not_well_formed_is_refused() {
    let wrong = [
        ("</alert>", ""),
        ("</alert>", "</alert><alert/>"),
        ("</alert>", "</alert>x"),
        ("</alert>", "</alert>&amp;"),
        ("</alert>", "</alert><![CDATA[]]>"),
        ("</status>", "</statu>"),
        ("<status>", "<status a='1' a='2'>"),
        ("<status>", "<status a=1>"),
        ("<status>", "<status a>"),
        ("<status>", "<status a='<'>"),
        ("<status>", "<status a='&b;'>"),
        ("<status>", "<status x:a='1'>"),
        ("<status>", "<1status/><status>"),
        ("<status>", "<x:status/><status>"),
        ("<event>", "<event>]]>"),
        ("<event>", "<event>a & b"),
        ("<event>", "<event>a < b"),
        ("<event>", "<event><!-- a -- b -->"),
        ("<?xml", " <?xml"),
        ("<event>", "<event><?xml version='1.0'?>"),
        ("version=\"1.0\"", "version=\"1.1\""),
        ("version=\"1.0\" ", ""),
        (" encoding", " standalone='yes' encoding"),
        ("UTF-8\"", "UTF-8\" more='1'"),
    ];
    for (from, to) in wrong {
        assert_eq!(replaced(from, to), RefusedFor::Malformed, "{from} → {to}");
    }
    for (at, _) in TSUNAMI.char_indices().filter(|(at, _)| *at < TSUNAMI.len() - 1) {
        let reason = refused(TSUNAMI.split_at(at).0.as_bytes()).reason;
        assert!(matches!(reason, RefusedFor::Malformed | RefusedFor::NotAnAlert), "cut at {at}: {reason:?}");
    }
}

#[test]
fn another_root_is_no_alert() {
    for text in [
        "<alert/>",
        "<feed xmlns=\"http://www.w3.org/2005/Atom\"/>",
        "<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.1\"/>",
        "<info xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\"/>",
    ] {
        assert_eq!(refused(text.as_bytes()).reason, RefusedFor::NotAnAlert, "{text}");
    }
    let empty = Report::of(format!("{ROOT}</alert>").as_bytes()).unwrap();
    assert!(empty.alert().is_none() && !empty.keeps_to_cap());
    for nothing in ["", " ", "\n<!-- -->"] {
        assert_eq!(refused(nothing.as_bytes()).reason, RefusedFor::Malformed);
    }
}

/// The signature of the alert that is looked at must not be another one's wrapping.
#[test]
fn an_alert_in_a_signature_is_refused() {
    let object = format!(
        "<ds:Signature xmlns:ds='http://www.w3.org/2000/09/xmldsig#'><ds:Object>{ROOT}</alert></ds:Object></ds:Signature></alert>"
    );
    assert_eq!(replaced("</alert>", &object), RefusedFor::Wrapped);
}

#[test]
fn everything_has_a_budget() {
    let many = |part: &str, times: usize| format!("{ROOT}{}</alert>", part.repeat(times));
    let reason = |text: &str| refused(text.as_bytes()).reason;
    assert_eq!(reason(&" ".repeat(MOST_BYTES + 1)), RefusedFor::TooManyBytes);
    assert_eq!(reason(&many("<code/>", MOST_ELEMENTS)), RefusedFor::TooManyElements);
    assert!(Report::of(many("<code/>", MOST_ELEMENTS - 1).as_bytes()).is_ok());
    let nested = format!("{}{}", "<a>".repeat(MOST_DEPTH), "</a>".repeat(MOST_DEPTH));
    assert_eq!(reason(&many(&nested, 1)), RefusedFor::TooDeep);
    let point = "33.7,134.6 ";
    assert_eq!(
        replaced("<polygon>", &format!("<polygon>{}", point.repeat(5_000))),
        RefusedFor::TooManyPoints
    );
    assert_eq!(replaced("<polygon>", &format!("<polygon>{}", point.repeat(90_000))), RefusedFor::TextTooLong);
    let ring = format!("<polygon>{}</polygon>", point.repeat(1_999));
    assert_eq!(replaced("<polygon>", &format!("{}<polygon>", ring.repeat(6))), RefusedFor::TooManyPoints);
    assert_eq!(replaced("<event>", &format!("<event>{}", "a".repeat(65_536))), RefusedFor::TextTooLong);
    let attributes: String = (0..9).map(|number| format!(" a{number}=''")).collect();
    assert_eq!(replaced("<event>", &format!("<event{attributes}>")), RefusedFor::Malformed);
}

#[test]
fn a_refusal_says_where() {
    let line = TSUNAMI.lines().position(|line| line.contains("<msgType>")).unwrap() + 1;
    let refusal = refused(TSUNAMI.replacen("<msgType>", "<msgType>&x;", 1).as_bytes());
    assert_eq!(refusal.to_string(), format!("line {line}: it has an entity that XML itself does not have"));
}
