//! Which ids a box gives to its records, so that few of their bytes have to travel.
//!
//! Ten of the some fifty bytes of an arrival that travels are the random part of its id. Under one seal only the first id has such a part of
//! its own, the seed: those of the others follow from it, from the writer, and from the place of the record among what it wrote, and are left
//! out on the way ([`pack`](crate::pack())). The seed comes with the batch, so nobody can tell an id before its batch is there. Nor can
//! anybody tell the seed from an id that follows from it (SHA-256, FIPS 180-4): one may stand on a slip that somebody takes along.

use hinamori_model::{RecordId, UnixMillis};
use ring::digest::{Context, SHA256};

use crate::scope::ActorId;

/// Changes under one seal, of a box: a tap waits for no more than this is worth. No run goes over a multiple of it, and no seed does: whoever has one batch of a box cannot tell the ids of the
/// next one, which may still be on its way.
pub const LONGEST_RUN: u32 = 64;

const DOMAIN: &[u8; 22] = b"hinamori record id/v1\0";
/// What stands before a whole id in a change: its length as text.
const ID: u8 = 26;
/// The same before the time alone.
const TIME: u8 = 10;

/// The random part of an id: 80 bits.
pub type IdRandom = [u8; 10];

/// Who writes a change, and its sequence.
pub(crate) type Of = (ActorId, u32);

/// The random part that follows from the seed for the record in this place of a change, from 0.
fn following(seed: &IdRandom, (actor, sequence): Of, place: u32) -> IdRandom {
    let mut hash = Context::new(&SHA256);
    hash.update(DOMAIN);
    hash.update(seed);
    hash.update(actor.as_bytes());
    hash.update(&sequence.to_be_bytes());
    hash.update(&place.to_be_bytes());
    hash.finish().as_ref().first_chunk().copied().unwrap_or_default()
}

fn random_of(id: RecordId) -> IdRandom {
    id.as_bytes().last_chunk().copied().unwrap_or_default()
}

/// The id with another random part.
fn with_random(id: RecordId, random: &IdRandom) -> RecordId {
    let mut bytes = *id.as_bytes();
    bytes.iter_mut().rev().zip(random.iter().rev()).for_each(|(to, from)| *to = *from);
    RecordId::from_bytes(bytes)
}

/// From what a writer's ids follow, and for which multiple of [`LONGEST_RUN`].
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Seed(Option<(u32, IdRandom)>);

impl Seed {
    /// See [`Document::record_ids`](crate::Document::record_ids).
    pub(crate) fn ids<E>(
        &mut self,
        of: Of,
        times: &[UnixMillis],
        is_for_slips: bool,
        mut random: impl FnMut() -> Result<IdRandom, E>,
    ) -> Result<Vec<RecordId>, E> {
        let run = of.1.saturating_sub(1) / LONGEST_RUN;
        self.0 = self.0.filter(|(seeds, _)| *seeds == run);
        let mut ids = Vec::with_capacity(times.len());
        for (at, place) in times.iter().zip(0..) {
            let part = match &self.0 {
                Some((_, seed)) => following(seed, of, place),
                None => random()?,
            };
            // What stands on a slip is no seed.
            if self.0.is_none() && !is_for_slips {
                self.0 = Some((run, part));
            }
            ids.push(with_random(RecordId::new(*at, 0), &part));
        }
        Ok(ids)
    }
}

/// What is found in the content of a change.
enum Found<'b> {
    /// The key of a record.
    Id(RecordId),
    /// The same, of which only the time is there.
    Time(RecordId),
    /// Anything else.
    Bytes(&'b [u8]),
}

/// Takes what is found next off the front; `None` at the end.
fn next<'b>(content: &mut &'b [u8]) -> Option<Found<'b>> {
    let begins = |byte: &u8| matches!(*byte, ID | TIME);
    if let Some((found, rest)) = id_at(content) {
        *content = rest;
        return Some(found);
    }
    let (_, after) = content.split_first()?;
    let length = after.iter().position(begins).map_or(content.len(), |at| at.saturating_add(1));
    let (bytes, rest) = content.split_at_checked(length)?;
    *content = rest;
    Some(Found::Bytes(bytes))
}

fn id_at<'b>(content: &'b [u8]) -> Option<(Found<'b>, &'b [u8])> {
    let (length, rest) = content.split_first()?;
    let (text, rest) = match *length {
        ID | TIME => rest.split_at_checked(usize::from(*length))?,
        _ => return None,
    };
    let text = std::str::from_utf8(text).ok()?;
    let id = RecordId::from_ulid_text(&format!("{text:0<26}"))?;
    // As it is written only: other texts are read as the same id.
    if !id.ulid_text().starts_with(text) {
        return None;
    }
    Some((if *length == ID { Found::Id(id) } else { Found::Time(id) }, rest))
}

fn push(out: &mut Vec<u8>, id: RecordId, length: u8) {
    out.push(length);
    out.extend(id.ulid_text().bytes().take(length.into()));
}

/// The content of a change without the random parts that follow from the seed. An id that does not follow stays as it is, and is the seed of
/// what comes after it.
pub(crate) fn leave_out(mut content: &[u8], of: Of, seed: &mut Option<IdRandom>) -> Vec<u8> {
    let (mut out, mut place) = (Vec::with_capacity(content.len()), 0);
    while let Some(found) = next(&mut content) {
        match found {
            Found::Bytes(bytes) => out.extend(bytes),
            Found::Time(id) => push(&mut out, id, TIME),
            Found::Id(id) => {
                let follows = seed.is_some_and(|seed| following(&seed, of, place) == random_of(id));
                if !follows {
                    *seed = Some(random_of(id));
                }
                push(&mut out, id, if follows { TIME } else { ID });
                place += 1;
            }
        }
    }
    out
}

/// The content of which [`leave_out`] made this, unless something else in it looked like an id without its random part.
pub(crate) fn put_back(mut content: &[u8], of: Of, seed: &mut Option<IdRandom>) -> Vec<u8> {
    let (mut out, mut place) = (Vec::with_capacity(content.len()), 0);
    while let Some(found) = next(&mut content) {
        match (found, *seed) {
            (Found::Bytes(bytes), _) => out.extend(bytes),
            (Found::Time(id), Some(seed)) => {
                push(&mut out, with_random(id, &following(&seed, of, place)), ID);
                place += 1;
            }
            (Found::Time(id), None) => push(&mut out, id, TIME),
            (Found::Id(id), _) => {
                *seed = Some(random_of(id));
                push(&mut out, id, ID);
                place += 1;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinamori_model::BoxId;

    const AT: UnixMillis = UnixMillis::new(1_791_730_800_000);

    fn actor() -> ActorId {
        ActorId::new(BoxId::from_bytes([1; 16]), 1)
    }

    /// Draws that can be told from what follows, and how many there were.
    fn draw(drawn: &mut u8) -> Result<IdRandom, std::convert::Infallible> {
        *drawn += 1;
        Ok([*drawn; 10])
    }

    #[test]
    fn one_draw_is_enough_for_a_run_and_does_not_reach_into_the_next_one() {
        let (mut seed, mut drawn) = (Seed::default(), 0);
        let mut all = std::collections::BTreeSet::new();
        for sequence in 1..=2 * LONGEST_RUN {
            let ids = seed.ids((actor(), sequence), &[AT; 3], false, || draw(&mut drawn));
            all.extend(ids.unwrap());
            assert_eq!(u32::from(drawn), 1 + (sequence - 1) / LONGEST_RUN, "at {sequence}");
        }
        assert_eq!(all.len(), 2 * 64 * 3, "each is another one");
    }

    #[test]
    fn nothing_follows_from_what_stands_on_a_slip() {
        let (mut seed, mut drawn) = (Seed::default(), 0);
        let slips = seed.ids((actor(), 1), &[AT; 2], true, || draw(&mut drawn)).unwrap();
        assert_eq!(slips.iter().map(|id| random_of(*id)).collect::<Vec<_>>(), [[1; 10], [2; 10]]);
        let arrival = seed.ids((actor(), 2), &[AT], false, || draw(&mut drawn)).unwrap();
        assert_eq!(random_of(arrival[0]), [3; 10]);
        let slip = seed.ids((actor(), 3), &[AT], true, || draw(&mut drawn)).unwrap();
        assert_eq!((drawn, random_of(slip[0])), (3, following(&[3; 10], (actor(), 3), 0)));
    }

    #[test]
    fn the_random_part_of_an_id_is_what_it_follows_from() {
        // SHA-256 of the domain, ten times 3, the actor, 7 and 2.
        let hashed = [DOMAIN.as_slice(), &[3; 10], actor().as_bytes(), &[0, 0, 0, 7, 0, 0, 0, 2]].concat();
        let expected = ring::digest::digest(&SHA256, &hashed);
        assert_eq!(following(&[3; 10], (actor(), 7), 2), expected.as_ref()[..10]);
        let id = with_random(RecordId::new(AT, 0), &[0xAB; 10]);
        assert_eq!(id, RecordId::new(AT, u128::from_be_bytes([0xAB; 16])));
    }

    #[test]
    fn texts_that_are_read_as_an_id_and_not_written_so_stay_as_they_are() {
        let id = RecordId::new(AT, 5);
        for text in [id.ulid_text().to_lowercase(), id.ulid_text().replace('0', "O")] {
            let content = [&[ID], text.as_bytes()].concat();
            let mut seed = None;
            assert_eq!(leave_out(&content, (actor(), 1), &mut seed), content);
            assert_eq!(seed, None, "{text}");
        }
    }
}
