//! What a box and the server send to each other, under checksums that fit. The first byte says who hears it.

use hinamori_model::{Hlc, IncidentId, PersonId, SiteId, UnixMillis};
use hinamori_record::{ActorId, Document, DocumentScope, Fact, Period, PresenceEvent, Proof, Record};
use hinamori_sync::{
    AlertsHeld, CarriedAlert, Grant, Grants, HandOver, Held, KeyMark, KeyRows, ReceiptKey, RosterMessage,
    SealKey, SealedBatch, Session, Side, Vectors,
};

const SITE: SiteId = SiteId::from_bytes([0x61; 16]);

fn key() -> SealKey {
    SealKey::from_bytes(&[1; 32])
}

fn session(side: Side) -> (Session, Vec<u8>) {
    let grant = Grant { seal_key: key().public(), tls_key: [0; 32], site: SITE, reads: Vec::new() };
    let grants = Grants([(key().box_id(), grant)].into());
    let (elder, actor) = (Period(20_700), ActorId::new(key().box_id(), 1));
    let scope = |period| DocumentScope { incident: IncidentId::from_bytes([1; 16]), site: SITE, period };
    let vectors: Vectors = [elder, Period(20_737)].map(|period| (scope(period), [(actor, 3)].into())).into();
    let alerts = AlertsHeld { list: 1, digests: [[5; 32]].into() };
    let held = Held { vectors: &vectors, waiting: &vectors, alerts: &alerts, keys: None };
    Session::new(side, [9; 32], None, grants, held)
}

fn server() -> Side {
    Side::Server { peer: key().box_id() }
}

pub(crate) fn run(bytes: &[u8]) {
    let Some((side, stream)) = bytes.split_first() else { return };
    let mut stream = stream.to_vec();
    mend(&mut stream);
    let (mut session, _hello) = session(if *side == 0 { Side::Box } else { server() });
    drop(session.received(&stream));
}

/// Gives each frame the checksum that it must have: a type, a length in one or two bytes, so many bytes, and
/// CRC-32C over it all.
fn mend(stream: &mut [u8]) {
    let mut rest = stream;
    loop {
        let covered = match *rest {
            [_, low, high, ..] if low >= 0x80 => 3 + usize::from(low & 0x7F) + 0x80 * usize::from(high),
            [_, low, ..] => 2 + usize::from(low),
            _ => return,
        };
        let Some((frame, after)) = rest.split_at_mut_checked(covered + 4) else { return };
        if let Some((covered, sum)) = frame.split_last_chunk_mut() {
            *sum = crc32c::crc32c(covered).to_be_bytes();
        }
        rest = after;
    }
}

pub(crate) fn seeds() -> crate::Seeds {
    let scope =
        DocumentScope { incident: IncidentId::from_bytes([1; 16]), site: SITE, period: Period(20_738) };
    let at = UnixMillis::new(1_777_593_600_000);
    let person = PersonId::from_bytes([7; 16]);
    let fact = Fact::presence(person, PresenceEvent::Arrived, Proof::DECLARED);
    let clock = Hlc::from_packed(at.get() << 16);
    let record = |id| Record { id, at: clock, clock_unsure: false, lane: None, fact: fact.clone() };
    let changes = Document::new(scope, ActorId::new(key().box_id(), 1)).and_then(|mut document| {
        // The second id follows from the first one.
        let Ok(of_two) = document.record_ids(&[at; 2], false, || Ok::<_, std::convert::Infallible>([7; 10]));
        let records: Vec<Record> = of_two.into_iter().map(record).collect();
        Ok(vec![document.append(&records, at)?])
    });
    let Ok(changes) = changes else { panic!("no change") };
    let Some(change) = changes.first() else { panic!("no change") };
    let Ok(seal) = key().seal(scope, None, &changes) else { panic!("no seal") };
    let durable = ReceiptKey::from_bytes(&[3; 32]).sign((scope, change.actor, 1), change.hash, at);
    let (mut of_box, box_hello) = session(Side::Box);
    let (mut of_server, server_hello) = session(server());
    let mut heard = vec![of_box.received(&server_hello).is_ok(), of_server.received(&box_hello).is_ok()];
    let batch = of_box.offer(vec![SealedBatch { seal, changes }]);
    heard.push(of_server.received(&batch).is_ok());
    assert_eq!(heard, [true; 3], "what was sent is refused");
    let (digest, offset) = ([7; 32], 3);
    let wanted = of_box.tell_roster(RosterMessage::Wanted { digest, offset });
    let piece = RosterMessage::Piece { digest, total: 9, offset, bytes: vec![1; 6] };
    let piece = of_server.tell_roster(piece);
    let durable = of_server.receipt(&durable);
    let mark = KeyMark { table: [4; 16], serial: 2, row: [5; 16] };
    let keys = KeyRows::new([[6; 101]], mark).map_or_else(Vec::new, |rows| of_box.tell_keys(rows));
    let handed = of_box.hand_over(HandOver { incident: scope.incident, sealed: vec![2; 60] });
    let receipt = of_server.handed_over(digest);
    let carried = CarriedAlert { alert: b"<alert/>".to_vec(), envelope: vec![3; 90] };
    let alerts = of_server.offer_alerts(Some((2, &[4; 120])), [&carried]);
    vec![
        ("seed-from-box", [&[1][..], &box_hello, &keys, &batch, &wanted, &handed].concat()),
        (
            "seed-from-server",
            [&[0][..], &server_hello, &durable, &keys, &batch, &piece, &receipt, &alerts].concat(),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_as_sent_keeps_its_checksums() {
        for (name, seed) in seeds() {
            let mut mended = seed[1..].to_vec();
            mend(&mut mended);
            assert_eq!(mended, seed[1..], "{name}");
        }
    }
}
