//! An alert from a feed, a broadcaster, a neighbour: XML in whatever state. What is read is written in one form and read again.

use std::collections::BTreeSet;

use hinamori_alert::{
    Alerts, Device, Envelope, Instructions, KeyList, OfficerId, OfficerKey, RefusedFor, Report, Sequence,
    SignedAlert, Taken, write,
};
use hinamori_model::UnixMillis;

pub(crate) fn run(bytes: &[u8]) {
    let Ok(report) = Report::of(bytes) else { return };
    let lines = bytes.iter().filter(|byte| **byte == b'\n').count() + 1;
    for violation in report.violations() {
        assert!((1..=lines).contains(&(violation.line as usize)), "a line that is not there");
    }
    let Some(alert) = report.alert() else {
        assert!(!report.keeps_to_cap(), "the schema refuses what breaks no rule of CAP");
        return;
    };
    let written = write(alert);
    let again = match Report::of(&written) {
        Ok(again) => again,
        // Escaped and indented, it may be too long.
        Err(refusal) => {
            assert!(refusal.reason == RefusedFor::TooManyBytes, "what was written is refused: {refusal}");
            return;
        }
    };
    assert!(again.alert() == Some(alert), "an alert is another one when it was written");
    let rules = |report: &Report| -> BTreeSet<_> {
        report.violations().iter().map(|one| (one.rule, one.element)).collect()
    };
    assert!(rules(&report) == rules(&again), "an alert breaks other rules when it was written");
    assert!(write(alert) == written, "an alert has two forms");
    if let Some(signed) = signed(&written) {
        in_force(&signed);
    }
}

/// What two officers signed; nothing for what breaks a rule or is not for people.
fn signed(alert: &[u8]) -> Option<SignedAlert> {
    let sequence = Sequence { epoch: 1, number: 1 };
    let mut envelope = Envelope::around(alert, sequence, &Instructions::of(&[])?).ok()?;
    let keys = [1, 2].map(|number| OfficerKey::from_bytes(&[number; 32]));
    let digest = envelope.digest();
    envelope.signatures = keys.iter().map(|key| key.sign(&digest)).collect();
    let device = |(officer, key): (u32, &OfficerKey)| Device {
        class: envelope.class,
        officer: OfficerId(officer),
        until: UnixMillis::new(u64::MAX),
        key: key.public(),
    };
    let beat = hinamori_alert::BeatKey::from_bytes(&[9; 32]).public();
    let listed = (0..).zip(&keys).map(device);
    // A sender that is too long for a list is too long for an envelope.
    let list = KeyList::new(1, UnixMillis::new(1), (beat, [0; 32]), &envelope.sender, listed).ok()?;
    let verified = envelope.verify(alert, &list);
    assert!(verified.is_ok(), "what two officers signed is not believed");
    assert!(
        Envelope::decode(&envelope.encode()).as_ref() == Some(&envelope),
        "an envelope is another one when written"
    );
    verified.ok()
}

/// It is in force from when it was sent until it ends, and never by its own cancel.
fn in_force(signed: &SignedAlert) {
    let now = signed.alert().alert().sent.at();
    let mut alerts = Alerts::default();
    let taken = alerts.take(signed.clone(), now, None);
    assert!(
        alerts.take(signed.clone(), now, None) == Taken::Duplicate || taken == Taken::Expired,
        "the same message is new"
    );
    let is_in_force = |now| !alerts.in_force(now).is_empty();
    assert!(is_in_force(now) == (taken == Taken::InForce), "it is not in force as it was said");
    assert!(!is_in_force(signed.alert().expires()), "it is in force after its end");
}

pub(crate) fn seeds() -> crate::Seeds {
    let order = include_str!("../../../crates/alert/tests/fixtures/tsunami.xml");
    let level = include_str!("../../../crates/alert/tests/fixtures/flood.xml");
    let cancel = include_str!("../../../crates/alert/tests/fixtures/cancel.xml");
    // What XML and CAP have besides: another prefix, a section, references by number, a circle, a file, a signature.
    let other = "<?xml version='1.0'?><c:alert xmlns:c='urn:oasis:names:tc:emergency:cap:1.2'><!-- a -->\
        <c:identifier>a</c:identifier><c:sender>b</c:sender><c:sent>2026-03-10T20:21:00-00:00</c:sent>\
        <c:status>Exercise</c:status><c:msgType>Update</c:msgType><c:scope>Private</c:scope>\
        <c:addresses>\"a b\" c</c:addresses><c:references>b,c,2026-03-10T20:20:00-00:00</c:references>\
        <c:info><c:category>CBRNE</c:category><c:event><![CDATA[a < b]]>&#x907f;&amp;</c:event>\
        <c:urgency>Past</c:urgency><c:severity>Minor</c:severity><c:certainty>Likely</c:certainty>\
        <c:resource><c:resourceDesc>d</c:resourceDesc><c:mimeType>a/b</c:mimeType><c:size>3</c:size>\
        <c:derefUri>QUJD</c:derefUri></c:resource><c:area><c:areaDesc/><c:polygon>1,2 3,4 5,6 1,2</c:polygon>\
        <c:circle>33.7,134.6 1.5</c:circle><c:altitude>1</c:altitude><c:ceiling>2</c:ceiling></c:area></c:info>\
        <Signature xmlns='http://www.w3.org/2000/09/xmldsig#'><a b='1'/></Signature></c:alert>";
    vec![
        ("seed-order", order.into()),
        ("seed-level", level.into()),
        ("seed-cancel", cancel.into()),
        ("seed-other", other.into()),
    ]
}
