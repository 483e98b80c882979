//! A change as a peer sends it, under check bytes that fit.

use hinamori_model::{BoxId, Hlc, IncidentId, PersonId, RecordId, SiteId, UnixMillis};
use hinamori_record::{
    ActorId, Change, ChangeHash, Document, DocumentScope, Fact, MAXIMUM_CHANGE, Period, PresenceEvent, Proof,
    Record, decode_change, pack, unpack,
};
use ring::digest::{SHA256, digest};

const NONE: ChangeHash = ChangeHash([0; 32]);

pub(crate) fn run(bytes: &[u8]) {
    let mut bytes = bytes.to_vec();
    mend(&mut bytes);
    let Ok(decoded) = decode_change(&bytes) else { return };
    let again = decode_change(&decoded.change.bytes);
    assert!(again.is_ok_and(|again| again == decoded), "a change is another one when it is read again");
    let Change { actor, sequence, .. } = decoded.change;
    let run = [decoded.change];
    let unpacked = unpack(&pack(&run, NONE), actor, sequence, NONE, 2 * MAXIMUM_CHANGE);
    assert!(
        unpacked.is_some_and(|unpacked| unpacked == run),
        "a change is another one when it has travelled"
    );
}

/// Four magic bytes, then the first four of the hash over what follows.
fn mend(bytes: &mut [u8]) {
    let Some((head, hashed)) = bytes.split_first_chunk_mut::<8>() else { return };
    head.iter_mut().skip(4).zip(digest(&SHA256, hashed).as_ref()).for_each(|(to, from)| *to = *from);
}

pub(crate) fn seeds() -> crate::Seeds {
    let scope = DocumentScope {
        incident: IncidentId::from_bytes([1; 16]),
        site: SiteId::from_bytes([0x61; 16]),
        period: Period(20_738),
    };
    let at = UnixMillis::new(1_777_593_600_000);
    let record = |number: u8| Record {
        id: RecordId::new(at, number.into()),
        at: Hlc::from_packed(at.get() << 16),
        clock_unsure: false,
        lane: None,
        fact: Fact::presence(PersonId::from_bytes([number; 16]), PresenceEvent::Arrived, Proof::DECLARED),
    };
    let change = |records: &[Record]| {
        let document = Document::new(scope, ActorId::new(BoxId::from_bytes([5; 16]), 1));
        document.and_then(|mut document| document.append(records, at)).map(|change| change.bytes)
    };
    let family: Vec<_> = (1..6).map(record).collect();
    [("seed-one", change(&[record(1)])), ("seed-family", change(&family))]
        .into_iter()
        .filter_map(|(name, bytes)| Some((name, bytes.ok()?)))
        .collect()
}
