//! What makes one list's exact bytes out of another one's, or out of nothing. A patch needs no trust: what comes out
//! is checked like any list, by the signature of whoever issued it.
//!
//! As bits: the version; the older list's content, if there is one; the name of the additions, if it leans on some;
//! the frame's three parts; the bytes of the entries; the ranks of the rows that are gone; where the new rows are
//! put; the new rows.

use std::io::{self, Write};
use std::vec;

use crate::Index;
use crate::additions::Additions;
use crate::bits::{BitReader, Bits};
use crate::inserted::InsertedRows;
use crate::rice::{Costs, Rice, read_ascending};
use crate::row::{Frame, Row};

/// Version of the form.
pub(crate) const VERSION: u64 = 1;
/// Bits of the length of a frame's part.
const LENGTH: u32 = 32;
/// Bytes of one part of a frame: names and extensions of a list, and its signature.
const LONGEST_PART: usize = 64 << 10;
/// No entry of the usual form has more bytes; of any other form a patch has every byte.
const LONGEST_ROW: u64 = 64;
/// Bytes that are written at once.
const CHUNK: usize = 64 << 10;

/// Why there is no list. What was written is of no use.
#[derive(Debug, thiserror::Error)]
pub enum PatchError {
    /// Not a patch, or none for such a list.
    #[error("the patch is malformed")]
    Malformed,
    /// It goes on from another list than the one at hand.
    #[error("the patch is for another list")]
    OtherList,
    /// It leans on additions that are not the ones at hand.
    #[error("the patch needs other additions")]
    OtherAdditions,
    /// The list would be longer than was allowed.
    #[error("the patch makes a list that is too long")]
    TooLong,
    /// The place that it was to be written to.
    #[error("the list cannot be written")]
    Write(#[from] io::Error),
}

/// What decides before which of the rows that stay a new row is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// It is said.
    Said = 0,
    /// Before the first one with a greater serial number.
    Serial = 1,
    /// Before the first one with a later time.
    Time = 2,
}

/// A serial number, comparable.
pub(crate) const fn comparable<'a>(row: &Row<'a>) -> (usize, &'a [u8]) {
    (row.serial.len(), row.serial)
}

/// New rows next to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    /// Rows that stay, between the run before and this one.
    pub(crate) after: u64,
    /// New rows but one.
    pub(crate) more: u64,
}

/// Writes where new rows are put.
pub(crate) fn write_places(order: Order, runs: &[Run], out: &mut Bits) {
    out.push(order as u64, 2);
    if order != Order::Said {
        return;
    }
    let (mut after, mut more) = (Costs::default(), Costs::default());
    for run in runs {
        after.note(run.after);
        more.note(run.more);
    }
    let (after, more) = (after.best().0, more.best().0);
    out.push(u64::try_from(runs.len()).unwrap_or(u64::MAX), u64::BITS);
    after.write_parameter(out);
    more.write_parameter(out);
    for run in runs {
        after.write(run.after, out);
        more.write(run.more, out);
    }
}

/// Where new rows are put.
struct Places {
    order: Order,
    runs: vec::IntoIter<Run>,
    /// What is left of the rows before the run that is next, and of the run.
    after: u64,
    run: u64,
}

impl Places {
    /// Of rows between at most so many that stay.
    fn read(most: u64, reader: &mut BitReader<'_>) -> Option<Self> {
        let order = match reader.take(2)? {
            0 => Order::Said,
            1 => Order::Serial,
            2 => Order::Time,
            _ => return None,
        };
        let mut runs = Vec::new();
        if order == Order::Said {
            let count = reader.take(u64::BITS)?;
            let (after, more) = (Rice::read_parameter(reader)?, Rice::read_parameter(reader)?);
            // Each takes two bits at least, and between two of them stands a row that stays.
            if count > u64::try_from(reader.left() / 2).ok()? || count > most.saturating_add(1) {
                return None;
            }
            for _ in 0..count {
                runs.push(Run { after: after.read(reader)?, more: more.read(reader)? });
            }
        }
        Some(Self { order, runs: runs.into_iter(), after: 0, run: 0 })
    }

    /// Whether a new row is put before one that stays, or behind all of them. If not, the one that stays is past.
    fn is_before(&mut self, new: &Row<'_>, stays: Option<&Row<'_>>) -> Option<bool> {
        match self.order {
            Order::Serial => return Some(stays.is_none_or(|stays| comparable(new) < comparable(stays))),
            Order::Time => return Some(stays.is_none_or(|stays| new.at < stays.at)),
            Order::Said => {}
        }
        if self.run == 0 {
            let run = self.runs.next()?;
            (self.after, self.run) = (run.after, run.more.checked_add(1)?);
        }
        if self.after > 0 {
            stays?;
            self.after -= 1;
            return Some(false);
        }
        self.run -= 1;
        Some(true)
    }

    /// Every place is taken.
    fn end(&self) -> Option<()> {
        (self.run == 0 && self.runs.len() == 0).then_some(())
    }
}

/// Writes a part of the frame: how much of the older one's it begins with, and what follows.
pub(crate) fn write_part(old: &[u8], new: &[u8], out: &mut Bits) {
    let same = old.iter().zip(new).take_while(|(old, new)| old == new).count();
    let rest = new.get(same..).unwrap_or_default();
    for length in [same, rest.len()] {
        out.push(u64::try_from(length).unwrap_or(u64::MAX), LENGTH);
    }
    out.push_bytes(rest);
}

fn read_part(old: &[u8], reader: &mut BitReader<'_>) -> Option<Vec<u8>> {
    let mut length = || usize::try_from(reader.take(LENGTH)?).ok();
    let (same, rest) = (length()?, length()?);
    if same.checked_add(rest)? > LONGEST_PART {
        return None;
    }
    let begin = old.get(..same)?;
    Some([begin, &reader.take_bytes(rest)?].concat())
}

/// A patch up to its rows.
struct Patch<'a> {
    head: Vec<u8>,
    tail: Vec<u8>,
    signature: Vec<u8>,
    has_entries: bool,
    /// Bytes of the entries.
    entries: u64,
    removed: vec::IntoIter<u64>,
    places: Places,
    rows: InsertedRows<'a>,
}

impl<'a> Patch<'a> {
    fn read<B: AsRef<[u8]>>(
        old: Option<&Index<B>>,
        additions: Option<&'a Additions>,
        patch: &'a [u8],
    ) -> Result<Self, PatchError> {
        let mut reader = BitReader::new(patch);
        let bad = || PatchError::Malformed;
        if reader.take(8).ok_or_else(bad)? != VERSION {
            return Err(PatchError::Malformed);
        }
        let base =
            if reader.bit().ok_or_else(bad)? { Some(reader.take_array().ok_or_else(bad)?) } else { None };
        if base.as_ref() != old.map(Index::content) {
            return Err(PatchError::OtherList);
        }
        let mut named = None;
        if reader.bit().ok_or_else(bad)? {
            let name = reader.take_array().ok_or_else(bad)?;
            let at_hand = additions.filter(|additions| additions.name() == name);
            named = Some(at_hand.and_then(Additions::plain).ok_or(PatchError::OtherAdditions)?);
        }
        let additions = named.unwrap_or_default();
        let most = old.map_or(0, Index::entries);
        let read = Self::read_rest(old.map(Index::frame), most, additions, reader).ok_or_else(bad)?;
        // A new row takes a bit at least, or one of the additions: only a certificate that a list names over and over,
        // as none should, takes less. So a short patch makes nothing long out of nothing.
        let [bytes, additions] =
            [patch.len(), additions.len()].map(|count| u64::try_from(count).unwrap_or(u64::MAX));
        let new = bytes.saturating_mul(8).saturating_add(additions).saturating_mul(LONGEST_ROW);
        let before = old.map_or(0, Index::entries_length);
        if read.entries > before.saturating_add(new) {
            return Err(PatchError::Malformed);
        }
        Ok(read)
    }

    fn read_rest(
        old: Option<Frame<'_>>,
        most: u64,
        additions: &'a [u64],
        mut reader: BitReader<'a>,
    ) -> Option<Self> {
        let old = old.map_or([&[][..]; 3], |old| [old.head, old.tail, old.signature]);
        let [head, tail, signature] = old.map(|part| read_part(part, &mut reader));
        let has_entries = reader.bit()?;
        let entries = reader.take(u64::BITS)?;
        let removed = read_ascending(most, &mut reader)?.into_iter();
        let places = Places::read(most, &mut reader)?;
        let rows = InsertedRows::begin(reader, additions)?;
        let (head, tail, signature) = (head?, tail?, signature?);
        Some(Self { head, tail, signature, has_entries, entries, removed, places, rows })
    }

    const fn frame(&self) -> Frame<'_> {
        let Self { head, tail, signature, has_entries, .. } = self;
        Frame {
            head: head.as_slice(),
            tail: tail.as_slice(),
            signature: signature.as_slice(),
            has_entries: *has_entries,
        }
    }

    /// Puts new rows: before one that stays, or all that are left.
    fn put<W: Write>(&mut self, stays: Option<&Row<'_>>, out: &mut Entries<W>) -> Result<(), PatchError> {
        while let Some(new) = self.rows.row().ok_or(PatchError::Malformed)? {
            if !self.places.is_before(&new, stays).ok_or(PatchError::Malformed)? {
                break;
            }
            out.write(&new)?;
            self.rows.step().ok_or(PatchError::Malformed)?;
        }
        Ok(())
    }
}

/// Where entries go, no more bytes of them than were announced.
struct Entries<W> {
    out: W,
    left: u64,
}

impl<W: Write> Entries<W> {
    fn write(&mut self, row: &Row<'_>) -> Result<(), PatchError> {
        let length = u64::try_from(row.der_length()).unwrap_or(u64::MAX);
        self.left = self.left.checked_sub(length).ok_or(PatchError::Malformed)?;
        Ok(row.write_der(&mut self.out)?)
    }
}

/// Writes the list that a patch makes out of `old`, or out of nothing. Never more than `longest` bytes are written, in
/// any case, nor more than `old` has and 64 for each bit of the patch and each of the additions.
///
/// Memory is not taken for the lists, but for what the patch says of the older one's rows: eight bytes for each bit of
/// the patch at worst, up to three times that while they are read, so that whoever takes patches has to bound their
/// length. Beside that four bytes for each of the additions, and the frame, of which no part may be over 64 KiB.
///
/// # Errors
/// [`PatchError`]. That a list was written does not mean that it is the one that was meant.
pub fn apply<B: AsRef<[u8]>>(
    old: Option<&Index<B>>,
    additions: Option<&Additions>,
    patch: &[u8],
    longest: u64,
    out: &mut impl Write,
) -> Result<(), PatchError> {
    let mut patch = Patch::read(old, additions, patch)?;
    let mut begin = Vec::new();
    patch.frame().write_begin(patch.entries, &mut begin)?;
    let around =
        [&begin, &patch.tail, &patch.signature].map(|part| u64::try_from(part.len()).unwrap_or(u64::MAX));
    if around.into_iter().fold(patch.entries, u64::saturating_add) > longest {
        return Err(PatchError::TooLong);
    }
    if patch.entries > 0 && !patch.has_entries {
        return Err(PatchError::Malformed);
    }
    let mut out = io::BufWriter::with_capacity(CHUNK, out);
    out.write_all(&begin)?;
    let mut entries = Entries { out, left: patch.entries };
    let mut removed = patch.removed.next();
    for (rank, row) in (0_u64..).zip(old.into_iter().flat_map(Index::rows)) {
        if removed == Some(rank) {
            removed = patch.removed.next();
            continue;
        }
        patch.put(Some(&row), &mut entries)?;
        entries.write(&row)?;
    }
    patch.put(None, &mut entries)?;
    let mut out = entries.out;
    if entries.left > 0 || removed.is_some() {
        return Err(PatchError::Malformed);
    }
    patch.frame().write_end(&mut out)?;
    patch.places.end().and_then(|()| patch.rows.end()).ok_or(PatchError::Malformed)?;
    Ok(out.flush()?)
}
