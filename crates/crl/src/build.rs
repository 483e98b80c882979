//! From a list to its index, entry by entry: what is kept in memory meanwhile are the serial numbers alone.

use std::fmt;
use std::io;

use ring::digest::{Context, SHA256};

use crate::Crl;
use crate::der::CrlError;
use crate::entry::{Entry, TAKES_BACK};
use crate::footer::{Footer, Kind, LONGEST_NUMBER};
use crate::keys::{HASH_BITS, HashKey, value};
use crate::row::{BLOCK, LONGEST_ROW, Row};
use crate::sparse::{Shape, Writer};

/// Rows of one hashed index: their numbers take what a hash leaves of a word.
const MOST_HASHED: u64 = 1 << (64 - HASH_BITS);
/// Bytes of rows that are written at once.
const CHUNK: usize = 64 << 10;

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
    /// More entries than one index takes: the list has to be partitioned.
    #[error("the list has too many entries for one index")]
    TooMany,
    /// A certificate was revoked after 2106.
    #[error("a revocation date is too far ahead")]
    Date,
    /// The place that it was to be written to.
    #[error("the index cannot be written")]
    Write(#[from] io::Error),
}

/// Writes the index of a list whose signature is being checked by somebody else meanwhile.
///
/// # Errors
/// [`BuildError`].
pub fn build<'c, 's, S: Sink>(
    crl: &Crl<'c>,
    kind: ListKind<'_>,
    out: &'s mut S,
) -> Result<Unnamed<'c, 's, S>, BuildError> {
    out.restart()?;
    let mut body = Body::new(out, kind);
    if let Some(plain) = gather_plain(crl, &mut body)? {
        let shape = plain.shape();
        let mut set = Writer::new(shape);
        plain.each(|number| set.push(number));
        return body.finish(crl, Kind::Plain, shape, set, &[]);
    }
    let Body { out, .. } = body;
    out.restart()?;
    let mut body = Body::new(out, kind);
    let hashed = gather_hashed(crl, &mut body, &HashKey::of(crl.signature))?;
    let hash = |pair: u64| pair >> (64 - HASH_BITS);
    let end = |pair: Option<&u64>| pair.map_or(0, |pair| hash(*pair));
    let count = u64::try_from(hashed.len()).unwrap_or(u64::MAX);
    let shape = Shape::new(count, end(hashed.first()), end(hashed.last()));
    let mut set = Writer::new(shape);
    let mut rows = Vec::with_capacity(hashed.len() * 3);
    for pair in &hashed {
        set.push(hash(*pair));
        let [first, second, third, ..] = pair.to_le_bytes();
        rows.extend([first, second, third]);
    }
    drop(hashed);
    body.finish(crl, Kind::Hashed, shape, set, &rows)
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
        plain.insert(number);
        body.row(&entry)?;
    }
    plain.sort();
    Ok(Some(plain))
}

/// Hash and row of each entry in one word, in order.
fn gather_hashed(
    crl: &Crl<'_>,
    body: &mut Body<'_, impl Sink>,
    key: &HashKey,
) -> Result<Vec<u64>, BuildError> {
    let mut pairs = Vec::new();
    for (row, entry) in (0_u64..).zip(crl.entries()) {
        let entry = entry?;
        if row >= MOST_HASHED {
            return Err(BuildError::TooMany);
        }
        pairs.push(key.hash(entry.serial) << (64 - HASH_BITS) | row);
        body.row(&entry)?;
    }
    pairs.sort_unstable();
    Ok(pairs)
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
        if let Some(rest) = &mut self.rest {
            return rest.push(number);
        }
        let (page, place) = (number / PAGE, (number % PAGE) as u16);
        match usize::try_from(page).ok().and_then(|page| self.pages.get_mut(page)) {
            Some(page) => page.push(place),
            None => self.begin_page(page, place),
        }
    }

    #[cold]
    fn begin_page(&mut self, page: u64, place: u16) {
        if page < PAGES {
            let page = usize::try_from(page).unwrap_or(0);
            self.pages.resize_with(page + 1, Vec::new);
            if let Some(page) = self.pages.get_mut(page) {
                page.push(place);
            }
        } else {
            let mut rest = Vec::new();
            self.each(|number| rest.push(number));
            rest.push(page * PAGE + u64::from(place));
            (self.pages, self.rest) = (Vec::new(), Some(rest));
        }
    }

    fn sort(&mut self) {
        if let Some(rest) = &mut self.rest {
            rest.sort_unstable();
            rest.dedup();
        }
        let mut marks = [0_u64; 1 << 10];
        self.pages.iter_mut().for_each(|page| sort_page(page, &mut marks));
    }

    /// The numbers, each once and in order after [`Plain::sort`].
    fn each(&self, mut take: impl FnMut(u64)) {
        if let Some(rest) = &self.rest {
            return rest.iter().copied().for_each(take);
        }
        for (page, places) in (0_u64..).zip(&self.pages) {
            places.iter().for_each(|place| take(page * PAGE + u64::from(*place)));
        }
    }

    fn shape(&self) -> Shape {
        let (mut count, mut first, mut last) = (0, None, 0);
        self.each(|number| {
            count += 1;
            first.get_or_insert(number);
            last = number;
        });
        Shape::new(count, first.unwrap_or(0), last)
    }
}

/// From so many numbers on a page is put in order by marking them on it.
const CROWDED: usize = 200;

/// Puts a page in order, each number once. `marks` are none before and after.
fn sort_page(page: &mut Vec<u16>, marks: &mut [u64; 1 << 10]) {
    if page.len() < CROWDED {
        page.sort_unstable();
        return page.dedup();
    }
    for place in page.drain(..) {
        if let Some(word) = marks.get_mut(usize::from(place / 64)) {
            *word |= 1 << (place % 64);
        }
    }
    for (number, word) in (0_u16..).zip(marks) {
        let mut left = std::mem::take(word);
        while left != 0 {
            page.push(number * 64 + left.trailing_zeros() as u16);
            left &= left - 1;
        }
    }
}

/// Everything before the footer, hashed as it is written.
struct Body<'s, S> {
    out: &'s mut S,
    may_take_back: bool,
    hash: Context,
    chunk: Vec<u8>,
    written: u64,
    rows: u64,
    at: u32,
    offsets: Vec<u8>,
}

impl<'s, S: Sink> Body<'s, S> {
    fn new(out: &'s mut S, kind: ListKind<'_>) -> Self {
        Self {
            out,
            may_take_back: kind != ListKind::Complete,
            hash: Context::new(&SHA256),
            chunk: Vec::with_capacity(CHUNK + LONGEST_ROW),
            written: 0,
            rows: 0,
            at: 0,
            offsets: Vec::new(),
        }
    }

    #[inline]
    fn row(&mut self, entry: &Entry<'_>) -> Result<(), BuildError> {
        if entry.reason == TAKES_BACK && !self.may_take_back {
            return Err(CrlError::TakesBack.into());
        }
        let row = Row::of(entry).ok_or(BuildError::Date)?;
        if self.rows.is_multiple_of(BLOCK) {
            self.begin_block(row.at)?;
        }
        self.rows += 1;
        row.push(self.at, &mut self.chunk);
        self.at = row.at;
        Ok(())
    }

    #[inline]
    fn begin_block(&mut self, at: u32) -> Result<(), BuildError> {
        if self.chunk.len() >= CHUNK {
            self.flush()?;
        }
        let offset = self.written.saturating_add(length(&self.chunk));
        let offset = u32::try_from(offset).map_err(|_too_long| BuildError::TooMany)?;
        self.offsets.extend(offset.to_le_bytes());
        self.chunk.extend(at.to_le_bytes());
        self.at = at;
        Ok(())
    }

    fn flush(&mut self) -> Result<(), BuildError> {
        let chunk = std::mem::take(&mut self.chunk);
        self.put(&chunk)?;
        self.chunk = chunk;
        self.chunk.clear();
        Ok(())
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), BuildError> {
        self.hash.update(bytes);
        self.out.write_all(bytes)?;
        self.written = self.written.saturating_add(length(bytes));
        Ok(())
    }

    fn finish<'c>(
        mut self,
        crl: &Crl<'c>,
        kind: Kind,
        shape: Shape,
        set: Writer,
        rows_by_rank: &[u8],
    ) -> Result<Unnamed<'c, 's, S>, BuildError> {
        self.flush()?;
        let rows = self.written;
        let offsets = std::mem::take(&mut self.offsets);
        self.put(&offsets)?;
        self.put(rows_by_rank)?;
        for array in set.finish() {
            self.put(&array)?;
        }
        for part in [crl.frame.head, crl.frame.tail, crl.frame.signature] {
            self.put(part)?;
        }
        let lengths = [rows, length(&offsets), length(rows_by_rank)];
        let Self { out, hash, rows, .. } = self;
        Ok(Unnamed { crl: *crl, out, kind, rows, shape, lengths, body: hash_of(hash.finish()) })
    }
}

pub(crate) fn hash_of(digest: ring::digest::Digest) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.iter_mut().zip(digest.as_ref()).for_each(|(to, from)| *to = *from);
    hash
}
