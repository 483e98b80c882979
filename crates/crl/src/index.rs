//! The index as it is asked.

use std::fmt;
use std::io;
use std::sync::Arc;

use hinamori_model::{ListId, UnixMillis};
use ring::digest::{Context, SHA256, digest};

use crate::build::{ListKind, hash_of};
use crate::entry::TAKES_BACK;
use crate::footer::{Footer, Kind, LENGTH};
use crate::keys::{HashKey, value};
use crate::row::{BLOCK, Frame, Row, Rows, serial_of};
use crate::sparse::{View, word_at};

/// The bytes are no index, or not as they were written. The list has to be indexed again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the revocation index is damaged")]
pub struct BadIndex;

/// Bytes of an index that several hold at once: in memory, or mapped.
#[derive(Clone)]
pub struct SharedBytes(Arc<dyn AsRef<[u8]> + Send + Sync>);

impl SharedBytes {
    /// Shares them.
    pub fn new(bytes: impl AsRef<[u8]> + Send + Sync + 'static) -> Self {
        Self(Arc::new(bytes))
    }
}

impl AsRef<[u8]> for SharedBytes {
    fn as_ref(&self) -> &[u8] {
        (*self.0).as_ref()
    }
}

impl fmt::Debug for SharedBytes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "SharedBytes({})", self.as_ref().len())
    }
}

/// What the list says of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed {
    /// revocationDate.
    pub at: UnixMillis,
    /// CRLReason (RFC 5280 §5.3.1).
    pub reason: u8,
}

/// Bytes of an index's parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// The set that says whether a serial number is listed.
    pub set: usize,
    /// What leads from it to the entry that confirms it.
    pub confirm: usize,
    /// The entries with date and reason, in the list's order.
    pub entries: usize,
}

/// An index in its bytes, which may be a mapped file.
#[derive(Clone)]
pub struct Index<B> {
    bytes: B,
    footer: Footer,
    /// Where each part begins: rows, places of their blocks, places of rows by rank, the set's groups, their
    /// directory, the three of the frame, footer.
    begins: [usize; 9],
}

impl<B> fmt::Debug for Index<B> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Index({} entries)", self.footer.rows)
    }
}

impl<B: AsRef<[u8]>> Index<B> {
    /// Opens an index and reads every byte of it once.
    ///
    /// # Errors
    /// [`BadIndex`].
    pub fn open(bytes: B) -> Result<Self, BadIndex> {
        let (body, footer) = bytes.as_ref().split_last_chunk::<LENGTH>().ok_or(BadIndex)?;
        let footer = Footer::from_bytes(footer).ok_or(BadIndex)?;
        let mut lengths = [0; 8];
        let stated = |lengths: [u64; 3]| lengths.map(|length| usize::try_from(length).unwrap_or(usize::MAX));
        let parts =
            stated(footer.lengths).into_iter().chain(footer.shape.bytes()).chain(stated(footer.frame));
        lengths.iter_mut().zip(parts).for_each(|(to, from)| *to = from);
        let mut begins = [0_usize; 9];
        let mut end = 0_usize;
        for (begin, length) in begins.iter_mut().skip(1).zip(lengths) {
            end = end.checked_add(length).ok_or(BadIndex)?;
            *begin = end;
        }
        let (count, rows, [_, _, by_rank]) = (footer.shape.count, footer.rows, footer.lengths);
        let places = if footer.kind == Kind::Hashed { rows.checked_mul(4) } else { Some(0) };
        let fits = count == rows && places == Some(by_rank);
        if !fits || end != body.len() || hash_of(digest(&SHA256, body)) != footer.body {
            return Err(BadIndex);
        }
        Ok(Self { bytes, footer, begins })
    }

    /// The index's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.as_ref()
    }

    /// What the list says of a positive serial number (big-endian, leading zeros do not count); `None` when it
    /// is not listed. A listed one is looked up among the entries, in a list of short serial numbers by reading
    /// through them. Where a delta list both takes it back and names it as revoked, it is revoked.
    ///
    /// # Errors
    /// [`BadIndex`] when the set names it and no entry does.
    pub fn find(&self, serial: &[u8]) -> Result<Option<Listed>, BadIndex> {
        let serial = strip(serial);
        let mut rows = match self.footer.kind {
            Kind::Hashed => match self.place(serial) {
                Some(place) => self.rows_around(place),
                None => return Ok(None),
            },
            Kind::Plain if self.contains(serial) => self.rows(),
            Kind::Plain => return Ok(None),
        };
        let mut row = rows.find(|row| row.serial == serial).ok_or(BadIndex)?;
        if row.reason() == TAKES_BACK {
            let revokes = |row: &Row<'_>| row.serial == serial && row.reason() != TAKES_BACK;
            row = self.rows().find(revokes).unwrap_or(row);
        }
        Ok(Some(Listed { at: UnixMillis::new(u64::from(row.at) * 1_000), reason: row.reason() }))
    }

    /// Whether a serial number is listed: no more than some reads of memory.
    pub fn contains(&self, serial: &[u8]) -> bool {
        let serial = strip(serial);
        match self.footer.kind {
            Kind::Plain => value(serial).is_some_and(|number| self.set().contains(number)),
            Kind::Hashed => self.place(serial).is_some(),
        }
    }

    /// The place of a row with this serial number in a list of long ones.
    fn place(&self, serial: &[u8]) -> Option<u32> {
        let (rows, places) = (self.part(0), self.part(2));
        self.set().ranks(self.footer.key.hash(serial)).find_map(|rank| {
            let place = word_at(places, usize::try_from(rank).ok()?)?;
            let row = rows.get(usize::try_from(place).ok()?..)?;
            (serial_of(row) == Some(serial)).then_some(place)
        })
    }

    /// The entries from the block on that has a row at this place.
    fn rows_around(&self, place: u32) -> Rows<'_> {
        let blocks = self.part(1).as_chunks::<4>().0;
        let after = blocks.partition_point(|block| u32::from_le_bytes(*block) <= place);
        let block = after.checked_sub(1).and_then(|before| blocks.get(before));
        let begin = block.and_then(|block| usize::try_from(u32::from_le_bytes(*block)).ok());
        Rows::new(begin.and_then(|begin| self.part(0).get(begin..)).unwrap_or_default(), BLOCK)
    }

    /// The entries in the list's order.
    pub fn rows(&self) -> Rows<'_> {
        Rows::new(self.part(0), self.footer.rows)
    }

    /// What stands around the entries.
    pub fn frame(&self) -> Frame<'_> {
        let has_entries = self.footer.has_entries;
        Frame { head: self.part(5), tail: self.part(6), signature: self.part(7), has_entries }
    }

    /// Bytes of the list's entries in DER.
    pub const fn entries_length(&self) -> u64 {
        self.footer.entries_length
    }

    /// Writes the list as it was: every byte.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_der(&self, out: &mut impl io::Write) -> io::Result<()> {
        let frame = self.frame();
        frame.write_begin(self.footer.entries_length, out)?;
        for row in self.rows() {
            row.write_der(out)?;
        }
        frame.write_end(out)
    }

    /// The list without its entries (DER): to read its name, algorithm and extensions from. No signature
    /// holds for it.
    ///
    /// # Errors
    /// [`BadIndex`], never in practice.
    pub fn without_entries(&self) -> Result<Vec<u8>, BadIndex> {
        let frame = Frame { has_entries: false, ..self.frame() };
        let mut der = Vec::new();
        let written = frame.write_begin(0, &mut der).and_then(|()| frame.write_end(&mut der));
        written.map(|()| der).map_err(|_never| BadIndex)
    }

    fn part(&self, number: usize) -> &[u8] {
        self.part_of(self.bytes.as_ref(), number)
    }

    #[inline]
    fn part_of<'b>(&self, bytes: &'b [u8], number: usize) -> &'b [u8] {
        let begin = self.begins.get(number).copied().unwrap_or(usize::MAX);
        let end = self.begins.get(number + 1).copied().unwrap_or(0);
        bytes.get(begin..end).unwrap_or_default()
    }

    fn set(&self) -> View<'_> {
        let bytes = self.bytes.as_ref();
        let [groups, directory] = [3, 4].map(|number| self.part_of(bytes, number));
        View { shape: self.footer.shape, groups, directory }
    }

    /// Whether the list stands alone.
    pub fn kind(&self) -> ListKind<'_> {
        self.footer.base.as_ref().map_or(ListKind::Complete, |base| ListKind::Delta { base })
    }

    /// Entries of the list.
    pub const fn entries(&self) -> u64 {
        self.footer.rows
    }

    /// thisUpdate.
    pub const fn this_update(&self) -> UnixMillis {
        UnixMillis::new(self.footer.this_update)
    }

    /// nextUpdate.
    pub fn next_update(&self) -> Option<UnixMillis> {
        (self.footer.next_update > 0).then(|| UnixMillis::new(self.footer.next_update))
    }

    /// crlNumber, comparable: length first, then bytes.
    pub fn number(&self) -> (usize, &[u8]) {
        (self.footer.number.len(), &self.footer.number)
    }

    /// What [`crate::Stated`] said of the content: two lists of one number must have one.
    pub const fn content(&self) -> &[u8; 32] {
        &self.footer.content
    }

    /// What [`crate::Stated`] said: issuer, scope.
    pub const fn speaks_for(&self) -> (&[u8; 32], &[u8; 32]) {
        (&self.footer.issuer, &self.footer.scope)
    }

    /// The list and its successors: issuer, scope, and whether it stands alone.
    pub fn id(&self) -> ListId {
        let mut context = Context::new(&SHA256);
        context.update(b"hinamori list/v1");
        context.update(&self.footer.issuer);
        context.update(&self.footer.scope);
        context.update(&[u8::from(self.footer.base.is_some())]);
        let hash = context.finish();
        ListId::from_bytes(hash.as_ref().first_chunk().copied().unwrap_or_default())
    }

    /// By which serial numbers are hashed: it depends on the list's signature, whatever form the index has.
    pub(crate) const fn key(&self) -> HashKey {
        self.footer.key
    }

    /// Bytes of the parts.
    pub fn sizes(&self) -> Sizes {
        let length = |number| self.part(number).len();
        Sizes { set: length(3) + length(4), confirm: length(1) + length(2), entries: length(0) }
    }
}

pub(crate) fn strip(serial: &[u8]) -> &[u8] {
    let zeros = serial.iter().take_while(|byte| **byte == 0).count();
    serial.get(zeros..).unwrap_or_default()
}
