//! A run of one actor's changes as it travels: without what the receiver can tell itself, and alike beside alike.
//!
//! A change of ours is some 150 bytes, of which 16 are new to the world: a person. The rest is a header that follows from the content, the
//! hash of the change before, the actor, names of fields that are the same in every change, and an id whose random part follows from that of
//! the first one (`record_ids.rs`). Those are left out, or laid beside each other for zstd (RFC 8878). What comes out is every byte of
//! what went in: seals cover hashes, so nothing else would do.
//!
//! | Part | What |
//! |---|---|
//! | 1 byte | 1 when the rest is one zstd frame, else 0 |
//! | number | how many changes |
//! | a byte each | 0: the change before is its only dependency; 1: dependencies stand in its content; 2: its content is all of it |
//! | numbers each | length of the content; of kinds 0 and 1 the first operation and the time (zigzag), less those of the change before |
//! | bytes | the contents; of changes in a row that are of one length first all first bytes, then all second bytes, and so on |
//!
//! In contents of kinds 0 and 1 an id (26 and its text) whose random part follows stands as 10 and the text of its time. Any other stands as
//! it is, and is what later ones follow from.
//!
//! Numbers are LEB128. Automerge's own `bundle` is as small, but needs the whole document and may change with a version.

use ring::digest::{SHA256, digest};

use crate::change::{Change, MAXIMUM_CHANGE};
use crate::outline::{CHANGE, MAGIC, Reader};
use crate::record_ids::{IdRandom, leave_out, put_back};
use crate::scope::{ActorId, ChangeHash};

/// More changes than any seal has.
const MOST_CHANGES: u64 = 4_096;
const PLAIN: u8 = 0;
const COMPRESSED: u8 = 1;
const CHAINED: u8 = 0;
const NAMED: u8 = 1;
const WHOLE: u8 = 2;
/// The effort of zstd, of 22: more makes runs of this length hardly smaller.
const EFFORT: i32 = 9;

/// Packs the changes of a run. `before` is the hash of the change before the first one; any, where there is none.
pub fn pack(changes: &[Change], before: ChangeHash) -> Vec<u8> {
    let (mut kinds, mut numbers, mut contents) = (Vec::new(), Vec::new(), Vec::new());
    let mut last = Last { hash: before, ..Last::default() };
    for change in changes {
        let Packed { kind, content, first_operation, time, seed } = Packed::of(change, &last);
        kinds.push(kind);
        push_number(&mut numbers, u64::try_from(content.len()).unwrap_or(u64::MAX));
        if kind != WHOLE {
            push_number(&mut numbers, zigzag(first_operation.wrapping_sub(last.first_operation)));
            push_number(&mut numbers, zigzag(time.wrapping_sub(last.time)));
        }
        contents.push(content);
        last = Last { hash: change.hash, first_operation, time, seed };
    }
    let mut plain = Vec::new();
    push_number(&mut plain, u64::try_from(changes.len()).unwrap_or(u64::MAX));
    plain.extend(kinds);
    plain.extend(numbers);
    for alike in contents.chunk_by(|one, other| one.len() == other.len()) {
        transpose(alike, &mut plain);
    }
    let compressed = zstd::bulk::compress(&plain, EFFORT).ok().filter(|shorter| shorter.len() < plain.len());
    let (form, bytes) = compressed.map_or((PLAIN, plain), |compressed| (COMPRESSED, compressed));
    [vec![form], bytes].concat()
}

/// The changes of an actor from the sequence `from` on; `None` when the bytes are no such run, or one of over `most` bytes.
///
/// Nothing is checked of a change: actor and sequence are those that were asked for, and only the hash is the content's own. Whether
/// they agree is for [`decode_change`](crate::decode_change) to say.
pub fn unpack(
    bytes: &[u8],
    actor: ActorId,
    from: u32,
    before: ChangeHash,
    most: usize,
) -> Option<Vec<Change>> {
    let (form, bytes) = bytes.split_first()?;
    let inflated;
    let plain = match *form {
        PLAIN => bytes,
        COMPRESSED => {
            inflated = zstd::bulk::decompress(bytes, most).ok()?;
            inflated.as_slice()
        }
        _ => return None,
    };
    let mut reader = Reader(plain);
    // Two bytes of what was deflated are a change: it is counted before anything is made of it.
    let count = reader.number().filter(|count| *count <= MOST_CHANGES)?;
    let kinds = reader.take(count)?;
    let mut numbers = Vec::new();
    let (mut last, mut sum) = (Last { hash: before, ..Last::default() }, 0_usize);
    for kind in kinds {
        let length = usize::try_from(reader.number()?).ok().filter(|length| *length <= MAXIMUM_CHANGE)?;
        sum = sum.checked_add(length).filter(|sum| *sum <= most)?;
        if *kind != WHOLE {
            last.first_operation = last.first_operation.wrapping_add(unzigzag(reader.number()?));
            last.time = last.time.wrapping_add(unzigzag(reader.number()?));
        }
        numbers.push((*kind, length, last.first_operation, last.time));
    }
    let mut contents = Vec::with_capacity(numbers.len());
    for alike in numbers.chunk_by(|(_, one, ..), (_, other, ..)| one == other) {
        let length = alike.first().map_or(0, |(_, length, ..)| *length);
        let all = reader.take(u64::try_from(length.checked_mul(alike.len())?).ok()?)?;
        for place in 0..alike.len() {
            contents.push(all.iter().skip(place).step_by(alike.len()).copied().collect::<Vec<u8>>());
        }
    }
    if !reader.0.is_empty() {
        return None;
    }
    let (mut changes, mut room) = (Vec::with_capacity(contents.len()), most);
    for ((content, (kind, _, first_operation, time)), sequence) in
        contents.into_iter().zip(numbers).zip(from..)
    {
        let bytes = match kind {
            CHAINED => {
                let rest = put_back(&content, (actor, sequence), &mut last.seed);
                assemble(&chained(last.hash), actor, sequence, first_operation, time, &rest)
            }
            NAMED => {
                let mut reader = Reader(&content);
                let named = reader.number()?;
                reader.take(named.checked_mul(32)?)?;
                let (named, rest) = content.split_at_checked(content.len().checked_sub(reader.0.len())?)?;
                let rest = put_back(rest, (actor, sequence), &mut last.seed);
                assemble(named, actor, sequence, first_operation, time, &rest)
            }
            WHOLE => content,
            _ => return None,
        };
        // Ids are longer than what stood for them.
        room = room.checked_sub(bytes.len())?;
        last.hash = hash_of(&bytes)?;
        changes.push(Change { actor, sequence, hash: last.hash, bytes });
    }
    Some(changes)
}

/// What is known of the change before.
#[derive(Clone, Copy)]
struct Last {
    hash: ChangeHash,
    first_operation: i64,
    time: i64,
    /// From what ids follow.
    seed: Option<IdRandom>,
}

impl Default for Last {
    fn default() -> Self {
        Self { hash: ChangeHash([0; 32]), first_operation: 0, time: 0, seed: None }
    }
}

struct Packed {
    kind: u8,
    content: Vec<u8>,
    first_operation: i64,
    time: i64,
    seed: Option<IdRandom>,
}

impl Packed {
    fn of(change: &Change, last: &Last) -> Self {
        let whole = Self {
            kind: WHOLE,
            content: change.bytes.clone(),
            first_operation: last.first_operation,
            time: last.time,
            seed: last.seed,
        };
        let Some(Parts { named, first_operation, time, rest }) = Parts::of(&change.bytes) else {
            return whole;
        };
        let (of, mut seed, mut again) = ((change.actor, change.sequence), last.seed, last.seed);
        let shorter = leave_out(rest, of, &mut seed);
        // Whatever is not written as Automerge writes it, or looks like what is left out, travels as it is.
        let rest = put_back(&shorter, of, &mut again);
        let written = assemble(named, change.actor, change.sequence, first_operation, time, &rest);
        if written != change.bytes || again != seed {
            return whole;
        }
        let is_chained = named == chained(last.hash);
        let content = if is_chained { shorter } else { [named, &shorter].concat() };
        Self { kind: if is_chained { CHAINED } else { NAMED }, content, first_operation, time, seed }
    }
}

/// The parts of a plain change.
struct Parts<'b> {
    /// How many dependencies, and their hashes.
    named: &'b [u8],
    first_operation: i64,
    time: i64,
    /// The message, other actors, and all columns.
    rest: &'b [u8],
}

impl<'b> Parts<'b> {
    fn of(bytes: &'b [u8]) -> Option<Self> {
        let mut reader = Reader(bytes.get(9..)?);
        let content = reader.sized()?;
        let mut reader = Reader(content);
        let count = reader.number()?;
        reader.take(count.checked_mul(32)?)?;
        let named = content.get(..content.len().checked_sub(reader.0.len())?)?;
        reader.sized()?;
        reader.number()?;
        let first_operation = i64::try_from(reader.number()?).ok()?;
        let time = reader.signed()?;
        Some(Self { named, first_operation, time, rest: reader.0 })
    }
}

/// The change before, as the only dependency.
fn chained(before: ChangeHash) -> Vec<u8> {
    [[1].as_slice(), &before.0].concat()
}

fn assemble(
    named: &[u8],
    actor: ActorId,
    sequence: u32,
    first_operation: i64,
    time: i64,
    rest: &[u8],
) -> Vec<u8> {
    let mut content = named.to_vec();
    push_number(&mut content, 16);
    content.extend(actor.as_bytes());
    push_number(&mut content, sequence.into());
    push_number(&mut content, first_operation.cast_unsigned());
    push_signed(&mut content, time);
    content.extend(rest);
    let mut hashed = vec![CHANGE];
    push_number(&mut hashed, u64::try_from(content.len()).unwrap_or(u64::MAX));
    hashed.extend(content);
    let hash = digest(&SHA256, &hashed);
    let check = hash.as_ref().first_chunk::<4>().copied().unwrap_or_default();
    [MAGIC.as_slice(), &check, &hashed].concat()
}

/// The hash of a change: of all but what it begins with.
fn hash_of(change: &[u8]) -> Option<ChangeHash> {
    Some(ChangeHash(digest(&SHA256, change.get(8..)?).as_ref().try_into().ok()?))
}

fn transpose(alike: &[Vec<u8>], out: &mut Vec<u8>) {
    for place in 0..alike.first().map_or(0, Vec::len) {
        out.extend(alike.iter().filter_map(|content| content.get(place)));
    }
}

fn push_number(out: &mut Vec<u8>, mut number: u64) {
    loop {
        let digit = u8::try_from(number & 0x7f).unwrap_or_default();
        number >>= 7;
        if number == 0 {
            return out.push(digit);
        }
        out.push(digit | 0x80);
    }
}

/// Signed LEB128.
fn push_signed(out: &mut Vec<u8>, mut number: i64) {
    loop {
        let digit = u8::try_from(number & 0x7f).unwrap_or_default();
        number >>= 7;
        if (number == 0 && digit & 0x40 == 0) || (number == -1 && digit & 0x40 != 0) {
            return out.push(digit);
        }
        out.push(digit | 0x80);
    }
}

const fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)).cast_unsigned()
}

const fn unzigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -((number & 1).cast_signed())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Document, DocumentScope, Fact, Period, PresenceEvent, Proof, Record, decode_change};
    use hinamori_model::{BoxId, Hlc, IncidentId, PersonId, RecordId, SiteId, UnixMillis};
    use proptest::prelude::*;

    const MOST: usize = 1 << 20;
    const NONE: ChangeHash = ChangeHash([0; 32]);

    fn scope() -> DocumentScope {
        let (incident, site) = (IncidentId::from_bytes([1; 16]), SiteId::from_bytes([2; 16]));
        DocumentScope { incident, site, period: Period(20_738) }
    }

    fn actor(number: u8) -> ActorId {
        ActorId::new(BoxId::from_bytes([number; 16]), 1)
    }

    fn random<const LENGTH: usize>(of: u64) -> [u8; LENGTH] {
        digest(&SHA256, &of.to_be_bytes()).as_ref()[..LENGTH].try_into().unwrap()
    }

    fn time(number: u64) -> UnixMillis {
        UnixMillis::new(1_791_730_800_000 + number * 4_321)
    }

    fn arrival(number: u64, id: RecordId) -> Record {
        let at = Hlc::from_packed(time(number).get() << 16);
        let fact =
            Fact::presence(PersonId::from_bytes(random(number)), PresenceEvent::Arrived, Proof::DECLARED);
        Record { id, at, clock_unsure: false, lane: None, fact }
    }

    fn append(document: &mut Document, number: u64, people: usize) -> Change {
        let drawn = || Ok::<_, std::convert::Infallible>(random(u64::MAX - number));
        let ids = document.record_ids(&vec![time(number); people], false, drawn).unwrap();
        let named = (100 * number..).zip(ids);
        let records: Vec<_> = named.map(|(person, id)| arrival(person, id)).collect();
        document.append(&records, time(number)).unwrap()
    }

    fn run(count: u64) -> Vec<Change> {
        let mut document = Document::new(scope(), actor(1)).unwrap();
        (0..count).map(|number| append(&mut document, number, 1)).collect()
    }

    fn round_trip(changes: &[Change], before: ChangeHash) -> usize {
        let packed = pack(changes, before);
        let first = &changes[0];
        let unpacked = unpack(&packed, first.actor, first.sequence, before, MOST).unwrap();
        assert_eq!(unpacked, changes);
        packed.len()
    }

    #[test]
    fn every_byte_comes_back_and_few_of_them_travel() {
        let hundred = run(100);
        let length = round_trip(&hundred, NONE);
        assert!(length < 3_000, "{length} bytes for 100 arrivals");
        let rest = round_trip(&hundred[40..], hundred[39].hash);
        assert!(rest < 2_150, "{rest} bytes for 60 arrivals");
        let one = round_trip(&hundred[7..8], hundred[6].hash);
        assert!(one < 130, "{one} bytes for one, of {}", hundred[7].bytes.len());
        assert!(one + 30 < round_trip(&hundred[7..8], NONE), "another change before it");
    }

    #[test]
    fn changes_upon_those_of_others_come_back_too() {
        let (mut one, mut other) =
            (Document::new(scope(), actor(1)).unwrap(), Document::new(scope(), actor(2)).unwrap());
        let mut run = Vec::new();
        for number in 0..6 {
            run.push(append(&mut one, number, [1, 2, 3][number as usize % 3]));
            let foreign = append(&mut other, 50 + number, 1);
            one.apply([foreign.bytes.as_slice()]).unwrap();
        }
        round_trip(&run, NONE);
    }

    #[test]
    fn ids_that_follow_stay_at_home_and_any_other_travels() {
        let mut document = Document::new(scope(), actor(1)).unwrap();
        let honest = append(&mut document, 0, 3);
        let follows = document.record_ids(&[time(1), time(2)], false, || Err("drawn again")).unwrap();
        let of = |ids: [RecordId; 2]| {
            let mut document = Document::new(scope(), actor(1)).unwrap();
            document.apply([honest.bytes.as_slice()]).unwrap();
            let named = ids.into_iter().zip(1..);
            let records: Vec<_> = named.map(|(id, number)| arrival(number, id)).collect();
            let run = [honest.clone(), document.append(&records, time(2)).unwrap()];
            round_trip(&run, NONE)
        };
        let short = of([follows[0], follows[1]]);
        let foreign = RecordId::new(time(1), u128::from_be_bytes(random(7)));
        for ids in [[follows[0], foreign], [foreign, follows[1]], [follows[1], follows[0]]] {
            assert!(short + 8 <= of(ids), "{ids:?} beside {short}");
        }
    }

    #[test]
    fn what_looks_like_an_id_without_its_random_part_travels_whole() {
        let mut document = Document::new(scope(), actor(1)).unwrap();
        let first = append(&mut document, 0, 1);
        let ids = document.record_ids(&[time(1)], false, || Err("drawn again")).unwrap();
        let name = "\n0123456789 and \u{1a}01M4N5P6Q7R8S9TAVBWCXDYEZF".to_owned();
        let record = Record { fact: Fact::SelfOpened { name }, ..arrival(1, ids[0]) };
        let second = document.append(&[record], time(1)).unwrap();
        let of = Packed::of(&second, &Last { hash: first.hash, seed: Some([1; 10]), ..Last::default() });
        assert_eq!((of.kind, of.content == second.bytes), (WHOLE, true));
        round_trip(&[first, second, append(&mut document, 2, 2)], NONE);
    }

    #[test]
    fn ids_that_come_back_are_counted_among_what_may_come() {
        let run = run(100);
        let packed = pack(&run, NONE);
        let whole: usize = run.iter().map(|change| change.bytes.len()).sum();
        assert!(unpack(&packed, actor(1), 1, NONE, whole).is_some());
        assert!(unpack(&packed, actor(1), 1, NONE, whole - 1).is_none());
    }

    #[test]
    fn what_stands_on_disks_and_sticks_is_read_again() {
        let packed = "0128b52ffd600100750600f40b020100920104e091ddac0d610e0801329baebb7c3c7111507bd14938e1897699b3b0339ce3739137dc2be8b6fae583\
            00000801040204152834014204560a571d70020001060000010602791a30314d344e514d4e433032414854574832504337373556564b52016b017001\
            65016101620174077f0006017d0013870203137f930100af5570f5a1810b7af78caf4bc70a660f000000808080aca5efcad001070009790a534b315f\
            cba2633bef1c29420e0eed7b037ced90eb8ef0cad001070004004058646003b201a2ed2005";
        let (pairs, _) = packed.as_bytes().as_chunks::<2>();
        let byte = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
        let packed: Vec<u8> = pairs.iter().map(byte).collect();
        assert_eq!(unpack(&packed, actor(1), 1, NONE, MOST), Some(run(2)));
    }

    #[test]
    fn what_automerge_would_write_otherwise_travels_whole() {
        let mut run = run(3);
        // An actor whose length takes two bytes.
        let place = run[1].bytes.windows(16).position(|bytes| bytes == actor(1).as_bytes()).unwrap();
        run[1].bytes.splice(place - 1..place, [0x90, 0x00]);
        run[1].hash = hash_of(&run[1].bytes).unwrap();
        round_trip(&run, NONE);
    }

    #[test]
    fn more_than_may_come_is_refused() {
        let run = run(100);
        let packed = pack(&run, NONE);
        assert!(unpack(&packed, actor(1), 1, NONE, 2_000).is_none());
        assert!(unpack(&packed[..packed.len() - 1], actor(1), 1, NONE, MOST).is_none());
        assert!(
            unpack(&[], actor(1), 1, NONE, MOST).is_none()
                && unpack(&[7, 0], actor(1), 1, NONE, MOST).is_none()
        );
        let other = unpack(&packed, actor(2), 1, NONE, MOST).unwrap();
        assert_ne!(
            decode_change(&other[0].bytes).unwrap().change.hash,
            run[0].hash,
            "another actor's hashes"
        );
    }

    proptest! {
        #[test]
        fn numbers_come_back(number in any::<i64>()) {
            prop_assert_eq!(unzigzag(zigzag(number)), number);
            let mut bytes = Vec::new();
            push_number(&mut bytes, number.cast_unsigned());
            prop_assert_eq!(Reader(&bytes).number(), Some(number.cast_unsigned()));
            let small = number >> 2;
            let mut bytes = Vec::new();
            push_signed(&mut bytes, small);
            prop_assert_eq!(Reader(&bytes).signed(), Some(small));
        }

        #[test]
        fn foreign_bytes_are_refused_or_are_some_changes(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            let plain = [vec![PLAIN], bytes].concat();
            let changes = unpack(&plain, actor(1), u32::MAX, NONE, MOST).unwrap_or_default();
            prop_assert!(changes.len() <= plain.len());
        }
    }
}
