//! The rows that a patch brings, in the list's order: of each a byte (how long its serial number is, which reason it
//! states), its serial number and its time, all three in the code that fits them best.
//!
//! A serial number that is among the additions at hand is named by how many of them that were not named yet are
//! before it: that says the order of the rows and nothing more.

use crate::bits::{BitReader, Bits};
use crate::column::{Column, Survey};
use crate::entry::{LONGEST_SERIAL, read_entry};
use crate::keys::value;
use crate::pool::Pool;
use crate::prefix::{Counts, PrefixCode};
use crate::rice::Rice;
use crate::row::{CODES, Form, NONE_STATED, OTHER_FORM, Row};

/// What stands for the serial number's length if the number is written as such, or is among the additions. Greater
/// ones are lengths.
const NUMBER: u8 = 0;
const ADDITION: u8 = 1;
/// Reasons are 0 to 10.
const LAST_REASON: u8 = 10;
/// 2050-01-01T00:00:00Z: no UTCTime says it (RFC 5280 §5.1.2.4).
const AFTER_UTC: u32 = 2_524_608_000;
/// Of the lengths of entries that are written as they are.
const LENGTHS: Rice = Rice(6);

/// What is written of a serial number.
enum Serial<'a> {
    Number(u64),
    /// How many are before it, and the greatest answer that there could be.
    Addition {
        rank: u64,
        last_rank: u64,
    },
    Bytes(&'a [u8]),
    /// It is in the entry's bytes.
    Raw(&'a [u8]),
}

/// A row's byte and serial number. The number is not among the additions any more then.
fn parts<'a>(row: &Row<'a>, additions: &mut Pool<'_>) -> (u8, Serial<'a>) {
    let number = value(row.serial);
    let last_rank = additions.last_rank().unwrap_or(0);
    let rank = number.and_then(|number| additions.take_number(number));
    let reason = match row.form {
        Form::Usual { reason } => reason.unwrap_or(NONE_STATED),
        Form::Other { der, .. } => return (OTHER_FORM, Serial::Raw(der)),
    };
    let (kind, serial) = match (rank, number) {
        (Some(rank), _) => (ADDITION, Serial::Addition { rank, last_rank }),
        (None, Some(number)) => (NUMBER, Serial::Number(number)),
        (None, None) => (u8::try_from(row.serial.len()).unwrap_or(u8::MAX), Serial::Bytes(row.serial)),
    };
    (kind.saturating_mul(CODES).saturating_add(reason), serial)
}

/// How rows are written.
struct Code {
    bytes: PrefixCode,
    numbers: Column,
    times: Column,
    /// Each row takes the first of the additions that are left.
    additions_are_in_order: bool,
}

/// Writes rows: how many, the code, and each.
pub(crate) fn write_rows<'a, I: Iterator<Item = Row<'a>>>(
    rows: impl Fn() -> I,
    additions: &[u64],
    out: &mut Bits,
) {
    let (mut count, mut counts, mut in_order): (u64, Counts, _) = (0, [0; 256], true);
    let (mut numbers, mut times) = (Survey::default(), Survey::default());
    let mut pool = Pool::new(additions);
    for row in rows() {
        let (byte, serial) = parts(&row, &mut pool);
        count += 1;
        if let Some(count) = counts.get_mut(usize::from(byte)) {
            *count += 1;
        }
        match serial {
            Serial::Number(number) => numbers.note(number),
            Serial::Addition { rank, .. } => in_order &= rank == 0,
            Serial::Bytes(_) | Serial::Raw(_) => {}
        }
        if byte != OTHER_FORM {
            times.note(row.at.into());
        }
    }
    let mut code = Code {
        bytes: PrefixCode::new(&counts),
        numbers: numbers.choose(),
        times: times.choose(),
        additions_are_in_order: in_order,
    };
    out.push(count, u64::BITS);
    code.bytes.write_table(out);
    code.numbers.write_choice(out);
    code.times.write_choice(out);
    out.push(in_order.into(), 1);
    let mut pool = Pool::new(additions);
    for row in rows() {
        let (byte, serial) = parts(&row, &mut pool);
        code.bytes.write(byte, out);
        match serial {
            Serial::Number(number) => code.numbers.write(number, out),
            Serial::Addition { .. } if in_order => {}
            Serial::Addition { rank, last_rank } => out.push_within(rank, last_rank),
            Serial::Bytes(bytes) => out.push_bytes(bytes),
            Serial::Raw(der) => {
                LENGTHS.write(u64::try_from(der.len()).unwrap_or(u64::MAX), out);
                out.push_bytes(der);
            }
        }
        if byte != OTHER_FORM {
            code.times.write(row.at.into(), out);
        }
    }
}

/// Reads what [`write_rows`] wrote, one row after the other. `None` everywhere means that the bytes are not such.
pub(crate) struct InsertedRows<'a> {
    reader: BitReader<'a>,
    additions: Pool<'a>,
    code: Code,
    left: u64,
    /// The next row: its serial number, or the whole entry.
    bytes: Vec<u8>,
    at: u32,
    reason: u8,
}

impl<'a> InsertedRows<'a> {
    /// Reads up to the first row.
    pub(crate) fn begin(mut reader: BitReader<'a>, additions: &'a [u64]) -> Option<Self> {
        let count = reader.take(u64::BITS)?;
        let code = Code {
            bytes: PrefixCode::read_table(&mut reader)?,
            numbers: Column::read_choice(&mut reader)?,
            times: Column::read_choice(&mut reader)?,
            additions_are_in_order: reader.bit()?,
        };
        // One more than there are, for the first step leads to the first.
        let left = count.checked_add(1)?;
        let mut rows =
            Self { reader, additions: Pool::new(additions), code, left, bytes: Vec::new(), at: 0, reason: 0 };
        rows.step()?;
        Some(rows)
    }

    /// The row at which it stands; nothing behind the last one.
    pub(crate) fn row(&self) -> Option<Option<Row<'_>>> {
        if self.left == 0 {
            return Some(None);
        }
        if self.reason == OTHER_FORM {
            let entry = read_entry(&self.bytes).ok()?;
            let form = Form::Other { der: &self.bytes, reason: entry.reason };
            return Some(Some(Row { serial: entry.serial, at: u32::try_from(entry.at).ok()?, form }));
        }
        let reason = (self.reason != NONE_STATED).then_some(self.reason);
        Some(Some(Row { serial: &self.bytes, at: self.at, form: Form::Usual { reason } }))
    }

    /// Goes to the next row.
    pub(crate) fn step(&mut self) -> Option<()> {
        self.left = self.left.saturating_sub(1);
        if self.left == 0 {
            return Some(());
        }
        self.bytes.clear();
        let byte = self.code.bytes.read(&mut self.reader)?;
        if byte == OTHER_FORM {
            self.reason = OTHER_FORM;
            return self.step_to_entry();
        }
        let kind = byte / CODES;
        self.reason = byte % CODES;
        let number = match kind {
            NUMBER => self.code.numbers.read(&mut self.reader)?,
            ADDITION => {
                let last_rank = self.additions.last_rank()?;
                let is_first = self.code.additions_are_in_order;
                let rank = if is_first { 0 } else { self.reader.take_within(last_rank)? };
                self.additions.take_rank(rank)?
            }
            _ => 0,
        };
        if kind > ADDITION {
            self.bytes = self.reader.take_bytes(kind.into())?;
        } else {
            self.bytes.extend(number.to_be_bytes().into_iter().skip_while(|byte| *byte == 0));
        }
        self.at = u32::try_from(self.code.times.read(&mut self.reader)?).ok()?;
        let is_written_so = self.reason <= LAST_REASON
            && self.at < AFTER_UTC
            && self.bytes.len() <= LONGEST_SERIAL
            && self.bytes.first() != Some(&0);
        is_written_so.then_some(())
    }

    fn step_to_entry(&mut self) -> Option<()> {
        let length = usize::try_from(LENGTHS.read(&mut self.reader)?).ok()?;
        self.bytes = self.reader.take_bytes(length)?;
        let serial = read_entry(&self.bytes).ok()?.serial;
        value(serial).and_then(|number| self.additions.take_number(number));
        Some(())
    }

    /// There is nothing more.
    pub(crate) fn end(self) -> Option<()> {
        (self.left == 0).then_some(())?;
        self.reader.end()
    }
}
