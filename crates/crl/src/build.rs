//! From a list to its index, entry by entry: what is kept in memory meanwhile are the serial numbers alone.

use std::fmt;
use std::io;

use ring::digest::{Context, SHA256};

use crate::Crl;
use crate::der::CrlError;
use crate::entry::{Entry, TAKES_BACK};
use crate::footer::{Footer, Kind, LONGEST_NUMBER};
use crate::keys::{HASH_BITS, HashKey, value};
use crate::row::{BLOCK, OTHER_FORM, ROOM, around_other, write_usual};
use crate::sparse::{Shape, Writer};

/// Entries of one list: a nation's twenty million twice. It is a whole number of blocks.
pub const MOST_ROWS: u64 = 40_000_000;
/// Bytes of rows that are written at once.
const CHUNK: usize = 128 << 10;

/// Where an index is written: a file, or memory.
pub trait Sink: io::Write {
    /// Forgets everything that was written.
    ///
    /// # Errors
    /// The system's.
    fn restart(&mut self) -> io::Result<()>;
}

impl Sink for Vec<u8> {
    fn restart(&mut self) -> io::Result<()> {
        self.clear();
        Ok(())
    }
}

/// Whether a list stands alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListKind<'a> {
    /// It names every certificate that is revoked.
    Complete,
    /// It says what became different since another one (RFC 5280 §5.2.4).
    Delta {
        /// BaseCRLNumber, big-endian without leading zeros.
        base: &'a [u8],
    },
}

/// What whoever checked the list says of it.
#[derive(Debug, Clone, Copy)]
pub struct Stated<'a> {
    /// Whether it stands alone.
    pub kind: ListKind<'a>,
    /// Names the key that signed it.
    pub issuer: [u8; 32],
    /// Names what it speaks for.
    pub scope: [u8; 32],
    /// crlNumber, big-endian without leading zeros.
    pub number: &'a [u8],
    /// Names the content: two lists of one number must have one.
    pub content: [u8; 32],
}

/// Why there is no index. What was written is of no use.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The list.
    #[error("the list cannot be indexed")]
    List(#[from] CrlError),
    /// crlNumber is over 20 bytes (§5.2.3).
    #[error("the list's number is too long")]
    Number,
    /// More than [`MOST_ROWS`] entries, or more bytes of them than one index takes: the list has to be partitioned.
    #[error("the list has too many entries for one index")]
    TooMany,
    /// A certificate was revoked after 2106.
    #[error("a revocation date is too far ahead")]
    Date,
    /// The place that it was to be written to.
    #[error("the index cannot be written")]
    Write(#[from] io::Error),
}

/// Writes the index of a list whose signature is being checked by somebody else meanwhile. Memory is taken for the
/// serial numbers that were read so far, some bytes each, and for no more than [`MOST_ROWS`] of them.
///
/// # Errors
/// [`BuildError`].
pub fn build<'c, 's, S: Sink>(
    crl: &Crl<'c>,
    kind: ListKind<'_>,
    out: &'s mut S,
) -> Result<Unnamed<'c, 's, S>, BuildError> {
    build_within(MOST_ROWS, crl, kind, out)
}

/// An index of at most so many rows, a whole number of blocks.
fn build_within<'c, 's, S: Sink>(
    most: u64,
    crl: &Crl<'c>,
    kind: ListKind<'_>,
    out: &'s mut S,
) -> Result<Unnamed<'c, 's, S>, BuildError> {
    out.restart()?;
    let mut body = Body::new(out, kind, most);
    if let Some(plain) = gather_plain(crl, &mut body)? {
        let (shape, set) = plain.set(body.rows).ok_or(BuildError::TooMany)?;
        body.finish_rows(false)?;
        return body.finish(crl, Kind::Plain, shape, set);
    }
    let Body { out, .. } = body;
    out.restart()?;
    let mut body = Body::new(out, kind, most);
    let hashed = gather_hashed(crl, &mut body, &HashKey::of(crl.signature))?;
    body.finish_rows(true)?;
    let (shape, set) = hashed.set(&mut body)?;
    body.finish(crl, Kind::Hashed, shape, set)
}

/// An index without its last bytes, which say whose list it is: they are written when that was checked.
pub struct Unnamed<'c, 's, S> {
    crl: Crl<'c>,
    out: &'s mut S,
    kind: Kind,
    rows: u64,
    shape: Shape,
    lengths: [u64; 3],
    body: [u8; 32],
}

impl<S> fmt::Debug for Unnamed<'_, '_, S> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Unnamed({} entries)", self.rows)
    }
}

impl<S: Sink> Unnamed<'_, '_, S> {
    /// Writes the end of the index. Gives the number of its entries.
    ///
    /// # Errors
    /// [`BuildError::Number`], [`BuildError::Write`].
    pub fn name(self, stated: &Stated<'_>) -> Result<u64, BuildError> {
        let Self { crl, out, kind, rows, shape, lengths, body } = self;
        let base = match stated.kind {
            ListKind::Complete => None,
            ListKind::Delta { base } => Some(base.to_vec()),
        };
        if stated.number.len() > LONGEST_NUMBER
            || base.as_ref().is_some_and(|base| base.len() > LONGEST_NUMBER)
        {
            return Err(BuildError::Number);
        }
        let frame = crl.frame;
        let footer = Footer {
            kind,
            rows,
            shape,
            this_update: crl.this_update.get(),
            next_update: crl.next_update.map_or(0, |next| next.get()),
            lengths,
            frame: [frame.head, frame.tail, frame.signature].map(length),
            has_entries: frame.has_entries,
            entries_length: u64::try_from(crl.entries_length()).unwrap_or(u64::MAX),
            key: HashKey::of(crl.signature),
            issuer: stated.issuer,
            scope: stated.scope,
            content: stated.content,
            body,
            number: stated.number.to_vec(),
            base,
        };
        out.write_all(&footer.to_bytes())?;
        Ok(rows)
    }
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

/// `None` when a serial number has more than eight bytes.
fn gather_plain(crl: &Crl<'_>, body: &mut Body<'_, impl Sink>) -> Result<Option<Plain>, BuildError> {
    let mut plain = Plain::default();
    for entry in crl.entries() {
        let entry = entry?;
        let Some(number) = value(entry.serial) else { return Ok(None) };
        body.row(&entry, Some(number))?;
        plain.insert(number);
    }
    Ok(Some(plain))
}

/// Hash of each entry and place of its row.
fn gather_hashed(crl: &Crl<'_>, body: &mut Body<'_, impl Sink>, key: &HashKey) -> Result<Hashed, BuildError> {
    let one = crl.entries().next().and_then(Result::ok).map_or(usize::MAX, |first| first.der.len());
    let about = crl.entries_length() / one.max(1);
    let mut hashed = Hashed::new(about.min(usize::try_from(body.most).unwrap_or(usize::MAX)));
    for entry in crl.entries() {
        let entry = entry?;
        let place =
            u32::try_from(body.row(&entry, value(entry.serial))?).map_err(|_too_long| BuildError::TooMany)?;
        hashed.insert(key.hash(entry.serial), place);
    }
    Ok(hashed)
}

/// Numbers of one page of [`Plain`].
const PAGE: u64 = 1 << 16;
/// A number that does not fit into four bytes is on none.
const PAGES: u64 = 1 << 16;

/// Serial numbers as numbers. Those of four bytes are dealt out to pages by their upper half, of which each is put
/// in order by itself: in the order of the list every number would be a visit to another place in memory.
#[derive(Default)]
struct Plain {
    pages: Vec<Vec<u16>>,
    rest: Option<Vec<u64>>,
}

impl Plain {
    #[inline]
    fn insert(&mut self, number: u64) {
        let (page, place) = (number / PAGE, (number % PAGE) as u16);
        match usize::try_from(page).ok().and_then(|page| self.pages.get_mut(page)) {
            Some(page) => page.push(place),
            None => self.insert_elsewhere(page, place),
        }
    }

    #[cold]
    fn insert_elsewhere(&mut self, page: u64, place: u16) {
        if let Some(rest) = &mut self.rest {
            rest.push(page * PAGE + u64::from(place));
        } else if page < PAGES {
            let page = usize::try_from(page).unwrap_or(0);
            self.pages.resize_with(page + 1, Vec::new);
            if let Some(page) = self.pages.get_mut(page) {
                page.push(place);
            }
        } else {
            let pages = (0_u64..).zip(std::mem::take(&mut self.pages));
            let numbers = |(page, places): (u64, Vec<u16>)| {
                places.into_iter().map(move |place| page * PAGE + u64::from(place))
            };
            self.rest = Some(pages.flat_map(numbers).chain([page * PAGE + u64::from(place)]).collect());
        }
    }

    /// The numbers, each once; `rows` of them came. `None` when one set cannot have them.
    fn set(mut self, rows: u64) -> Option<(Shape, Writer)> {
        if let Some(rest) = &mut self.rest {
            rest.sort_unstable();
            rest.dedup();
        }
        let [first, last] = self.ends();
        // Of a list that names a certificate twice, and should not, fewer come than there is room for.
        let shape = Shape::new(rows, first, last);
        let mut set = Writer::new(shape)?;
        self.each(|number| set.push(number));
        Some((shape, set))
    }

    /// The smallest number and the greatest.
    fn ends(&self) -> [u64; 2] {
        if let Some(rest) = &self.rest {
            return [rest.first(), rest.last()].map(|end| end.copied().unwrap_or(0));
        }
        ends(&self.pages, |page, place| page * PAGE + u64::from(*place))
    }

    /// The numbers in order, each once.
    fn each(&self, mut take: impl FnMut(u64)) {
        if let Some(rest) = &self.rest {
            return rest.iter().copied().for_each(take);
        }
        let mut marks = [0_u64; 1 << 10];
        let mut few = Vec::with_capacity(CROWDED);
        for (page, places) in (0_u64..).zip(&self.pages) {
            if places.len() < CROWDED {
                few.clone_from(places);
                few.sort_unstable();
                few.dedup();
                few.iter().for_each(|place| take(page * PAGE + u64::from(*place)));
                continue;
            }
            for place in places {
                if let Some(word) = marks.get_mut(usize::from(place / 64)) {
                    *word |= 1 << (place % 64);
                }
            }
            for (number, word) in (page << 10..).zip(&mut marks) {
                let mut left = std::mem::take(word);
                while left != 0 {
                    take(number << 6 | u64::from(left.trailing_zeros()));
                    left &= left - 1;
                }
            }
        }
    }
}

/// The smallest and the greatest number of what was dealt out in order.
fn ends<T: Ord>(parts: &[Vec<T>], number: impl Fn(u64, &T) -> u64) -> [u64; 2] {
    let mut first = parts.iter().enumerate();
    let mut last = parts.iter().enumerate().rev();
    let first = first.find_map(|(part, all)| Some(number(part as u64, all.iter().min()?)));
    let last = last.find_map(|(part, all)| Some(number(part as u64, all.iter().max()?)));
    [first, last].map(|end| end.unwrap_or(0))
}

/// From so many numbers on a page is put in order by marking them on it.
const CROWDED: usize = 200;

/// The rest of each entry's hash and the place of its row in one word, dealt out by the hash's first bits.
struct Hashed {
    buckets: Vec<Vec<u64>>,
    /// Bits of a hash that its bucket does not say.
    rest: u32,
}

/// Entries of one bucket, about: what is put in order at once stays in the processor.
const BUCKET: usize = 1 << 11;
/// Slots that a bucket's entries are dealt out to.
const SLOTS: usize = 1 << 10;
/// Entries that one slot may have for the order to be made slot by slot.
const CROWDED_SLOT: u16 = 16;

impl Hashed {
    /// For about so many entries.
    fn new(entries: usize) -> Self {
        // What a bucket does not say and a place take one word.
        let bits = (entries / BUCKET).checked_ilog2().unwrap_or(0).clamp(HASH_BITS - 32, 16);
        let each = entries >> bits;
        let room = each + each / 8;
        Self { buckets: (0..1 << bits).map(|_| Vec::with_capacity(room)).collect(), rest: HASH_BITS - bits }
    }

    #[inline]
    fn insert(&mut self, hash: u64, place: u32) {
        let bucket = usize::try_from(hash >> self.rest).ok().and_then(|bucket| self.buckets.get_mut(bucket));
        if let Some(bucket) = bucket {
            bucket.push((hash & ((1 << self.rest) - 1)) << 32 | u64::from(place));
        }
    }

    /// The set, and the places of the rows by rank, which are written meanwhile.
    fn set(self, body: &mut Body<'_, impl Sink>) -> Result<(Shape, Writer), BuildError> {
        let [first, last] = ends(&self.buckets, |bucket, word| bucket << self.rest | word >> 32);
        let shape = Shape::new(body.rows, first, last);
        let mut set = Writer::new(shape).ok_or(BuildError::TooMany)?;
        let (mut places, mut room) = (Vec::with_capacity(CHUNK), Vec::new());
        for (number, mut bucket) in (0_u64..).zip(self.buckets) {
            sort_bucket(&mut bucket, &mut room, self.rest + 32);
            for word in bucket {
                set.push(number << self.rest | word >> 32);
                places.extend_from_slice(&(word as u32).to_le_bytes());
            }
            if places.len() >= CHUNK {
                body.put(&places)?;
                places.clear();
            }
        }
        body.put(&places)?;
        Ok((shape, set))
    }
}

/// Puts words of so many bits in order. Evenly spread ones are dealt out to slots by their first bits and hardly
/// have to be moved then; whoever makes a list of others pays with a usual sort.
fn sort_bucket(words: &mut Vec<u64>, room: &mut Vec<u64>, bits: u32) {
    let slot = |word: u64| usize::try_from(word >> (bits - SLOTS.ilog2())).unwrap_or(0) % SLOTS;
    let mut begins = [0_u16; SLOTS];
    if words.len() < SLOTS / 8 || words.len() > usize::from(u16::MAX) {
        return words.sort_unstable();
    }
    for word in words.iter() {
        if let Some(count) = begins.get_mut(slot(*word)) {
            *count += 1;
        }
    }
    let mut begin = 0;
    let mut most = 0;
    for count in &mut begins {
        most = most.max(*count);
        begin += std::mem::replace(count, begin);
    }
    if most > CROWDED_SLOT {
        return words.sort_unstable();
    }
    room.clear();
    room.resize(words.len(), 0);
    for word in words.iter() {
        if let Some(begin) = begins.get_mut(slot(*word)) {
            if let Some(place) = room.get_mut(usize::from(*begin)) {
                *place = *word;
            }
            *begin += 1;
        }
    }
    for next in 1..room.len() {
        let Some([sorted @ .., word]) = room.get_mut(..=next) else { return };
        let mut free = word;
        for before in sorted.iter_mut().rev() {
            if *before <= *free {
                break;
            }
            std::mem::swap(before, free);
            free = before;
        }
    }
    std::mem::swap(words, room);
}

/// Everything before the footer, hashed as it is written.
struct Body<'s, S> {
    out: &'s mut S,
    may_take_back: bool,
    /// Rows that there may be, a whole number of blocks.
    most: u64,
    hash: Context,
    /// What is not written yet, up to `end`.
    chunk: Vec<u8>,
    end: usize,
    written: u64,
    rows: u64,
    at: u32,
    /// Where each block of rows begins.
    blocks: Vec<u8>,
    /// Bytes of the rows, and of their blocks' places.
    lengths: [u64; 2],
}

impl<'s, S: Sink> Body<'s, S> {
    fn new(out: &'s mut S, kind: ListKind<'_>, most: u64) -> Self {
        Self {
            out,
            may_take_back: kind != ListKind::Complete,
            most,
            hash: Context::new(&SHA256),
            chunk: vec![0; CHUNK],
            end: 0,
            written: 0,
            rows: 0,
            at: 0,
            blocks: Vec::new(),
            lengths: [0; 2],
        }
    }

    /// Writes an entry's row. Gives its place.
    #[inline(always)]
    fn row(&mut self, entry: &Entry<'_>, number: Option<u64>) -> Result<u64, BuildError> {
        if entry.reason == TAKES_BACK && !self.may_take_back {
            return Err(CrlError::TakesBack.into());
        }
        let at = u32::try_from(entry.at).map_err(|_too_late| BuildError::Date)?;
        if self.rows.is_multiple_of(BLOCK) {
            self.begin_block(at)?;
        }
        self.rows += 1;
        let place = self.place();
        if entry.code == OTHER_FORM {
            self.other_row(entry.der, at)?;
        } else {
            let room = self.chunk.get_mut(self.end..).and_then(<[u8]>::first_chunk_mut);
            let length =
                room.and_then(|room| write_usual(entry.serial, number, entry.code, self.at, at, room));
            self.end += length.ok_or(CrlError::Serial)?;
        }
        self.at = at;
        Ok(place)
    }

    #[cold]
    fn other_row(&mut self, der: &[u8], at: u32) -> Result<(), BuildError> {
        self.flush()?;
        let [head, tail] = around_other(der, self.at, at);
        self.put(&[&head, der, &tail].concat())
    }

    /// Bytes that were written or will be next.
    const fn place(&self) -> u64 {
        self.written + self.end as u64
    }

    #[cold]
    fn begin_block(&mut self, at: u32) -> Result<(), BuildError> {
        if self.rows >= self.most {
            return Err(BuildError::TooMany);
        }
        if self.chunk.len() - self.end < 4 + BLOCK as usize * ROOM {
            self.flush()?;
        }
        let block = u32::try_from(self.place()).map_err(|_too_long| BuildError::TooMany)?;
        self.blocks.extend_from_slice(&block.to_le_bytes());
        if let Some(time) = self.chunk.get_mut(self.end..).and_then(<[u8]>::first_chunk_mut) {
            *time = at.to_le_bytes();
            self.end += time.len();
        }
        self.at = at;
        Ok(())
    }

    fn flush(&mut self) -> Result<(), BuildError> {
        let chunk = std::mem::take(&mut self.chunk);
        let written = self.put(chunk.get(..self.end).unwrap_or_default());
        self.end = 0;
        self.chunk = chunk;
        written
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), BuildError> {
        self.hash.update(bytes);
        self.out.write_all(bytes)?;
        self.written = self.written.saturating_add(length(bytes));
        Ok(())
    }

    /// No row comes any more.
    fn finish_rows(&mut self, with_blocks: bool) -> Result<(), BuildError> {
        self.flush()?;
        let blocks = if with_blocks { std::mem::take(&mut self.blocks) } else { Vec::new() };
        self.lengths = [self.written, length(&blocks)];
        self.put(&blocks)
    }

    fn finish<'c>(
        mut self,
        crl: &Crl<'c>,
        kind: Kind,
        shape: Shape,
        set: Writer,
    ) -> Result<Unnamed<'c, 's, S>, BuildError> {
        let [rows, blocks] = self.lengths;
        let lengths = [rows, blocks, self.written - rows - blocks];
        for array in set.finish() {
            self.put(&array)?;
        }
        for part in [crl.frame.head, crl.frame.tail, crl.frame.signature] {
            self.put(part)?;
        }
        let Self { out, hash, rows, .. } = self;
        Ok(Unnamed { crl: *crl, out, kind, rows, shape, lengths, body: hash_of(hash.finish()) })
    }
}

pub(crate) fn hash_of(digest: ring::digest::Digest) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.iter_mut().zip(digest.as_ref()).for_each(|(to, from)| *to = *from);
    hash
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::{Form, Frame, Row};

    /// A list of so many entries, with serial numbers of so many bytes.
    fn list(count: u32, length: usize) -> Vec<u8> {
        let algorithm = [0x30, 5, 6, 3, 42, 3, 4];
        let head = [&[2, 1, 1][..], &algorithm, &[0x30, 0], b"\x17\x0D261012000000Z"].concat();
        let signature = [&algorithm[..], &[3, 2, 0, 1]].concat();
        let frame = Frame { head: &head, tail: &[], signature: &signature, has_entries: true };
        let mut entries = Vec::new();
        for number in 1..=count {
            let serial = [&vec![1; length - 4][..], &number.to_be_bytes()].concat();
            let serial: Vec<_> = serial.into_iter().skip_while(|byte| *byte == 0).collect();
            let row = Row { serial: &serial, at: 0, form: Form::Usual { reason: None } };
            row.write_der(&mut entries).unwrap();
        }
        let mut der = Vec::new();
        frame.write_begin(entries.len() as u64, &mut der).unwrap();
        der.extend(entries);
        frame.write_end(&mut der).unwrap();
        der
    }

    #[test]
    fn a_list_of_too_many_entries_is_refused_in_either_form() {
        assert!(MOST_ROWS.is_multiple_of(BLOCK));
        for length in [4, 20] {
            for (count, is_fine) in [(127, true), (128, true), (129, false), (1_000, false)] {
                let der = list(count, length);
                let mut out = Vec::new();
                let crl = Crl::parse(&der).unwrap();
                let built = build_within(2 * BLOCK, &crl, ListKind::Complete, &mut out);
                match built {
                    Ok(unnamed) => assert!(is_fine && unnamed.rows == u64::from(count), "{count}"),
                    Err(BuildError::TooMany) => assert!(!is_fine, "{count}"),
                    Err(other) => panic!("{count}: {other}"),
                }
            }
        }
    }
}
