//! The outline of a change, looked at before Automerge reads it. Automerge reads other kinds of chunks too, inflates
//! them, and takes memory for as many operations as are announced: a few bytes can announce more than there is
//! memory for. What records need is one plain change with some columns, in which every operation takes room.

use crate::change::ChangeError;

/// What a change begins with, before its check bytes.
pub(crate) const MAGIC: [u8; 4] = [0x85, 0x6F, 0x4A, 0x83];
/// The kind of a chunk: one change, not compressed.
pub(crate) const CHANGE: u8 = 1;
/// The column that has something for every operation: what it does, in runs.
const ACTION: u64 = 0x42;
/// Columns of what records do: object (actor, counter), key, insert, action, value (kind and length, bytes), and how
/// many operations are overwritten. The columns that say which ones are, and those of keys in a list, are not among them.
const COLUMNS: [u64; 8] = [0x01, 0x02, 0x15, 0x34, ACTION, 0x56, 0x57, 0x70];

/// Whether Automerge may read the change.
///
/// # Errors
/// [`ChangeError::Outline`], [`ChangeError::ForeignOperation`].
pub(crate) fn check(bytes: &[u8]) -> Result<(), ChangeError> {
    let columns = columns_of(bytes).ok_or(ChangeError::Outline)?;
    if columns.iter().any(|(kind, _)| !COLUMNS.contains(kind)) {
        return Err(ChangeError::ForeignOperation);
    }
    let actions = columns.iter().filter(|(kind, _)| *kind == ACTION).map(|(_, runs)| *runs);
    let operations = actions.map(entries_of).sum::<Option<u64>>().ok_or(ChangeError::Outline)?;
    // A record of ours has an id of 26 bytes and some fields.
    let fits = usize::try_from(operations).is_ok_and(|operations| operations <= bytes.len());
    if fits { Ok(()) } else { Err(ChangeError::Outline) }
}

/// The columns with their kinds, when the bytes are one plain change.
fn columns_of(bytes: &[u8]) -> Option<Vec<(u64, &[u8])>> {
    let (&[first, second, third, fourth, _, _, _, _, CHANGE], rest) = bytes.split_first_chunk::<9>()? else {
        return None;
    };
    if [first, second, third, fourth] != MAGIC {
        return None;
    }
    let mut reader = Reader(rest);
    let content = reader.sized()?;
    if !reader.0.is_empty() {
        return None;
    }
    let mut reader = Reader(content);
    // Hashes of changes before it, the actor, sequence, first operation and time, a message, other actors.
    let before = reader.number()?;
    reader.take(before.checked_mul(32)?)?;
    reader.sized()?;
    for _ in 0..3 {
        reader.number()?;
    }
    reader.sized()?;
    for _ in 0..reader.number()? {
        reader.sized()?;
    }
    let mut lengths = Vec::new();
    for _ in 0..reader.number()? {
        lengths.push((reader.number()?, reader.number()?));
    }
    lengths.into_iter().map(|(kind, length)| Some((kind, reader.take(length)?))).collect()
}

/// How many entries a column of runs has: a positive number and one value, a negative one and so many values, or
/// zero and a number of nothings.
fn entries_of(runs: &[u8]) -> Option<u64> {
    let (mut reader, mut entries) = (Reader(runs), 0_u64);
    while !reader.0.is_empty() {
        let count = reader.signed()?;
        let length = if count == 0 { reader.number()? } else { count.unsigned_abs() };
        for _ in 0..if count < 0 { length } else { count.signum().unsigned_abs() } {
            reader.number()?;
        }
        entries = entries.checked_add(length)?;
    }
    Some(entries)
}

/// Reads numbers and runs of bytes off the front.
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn take(&mut self, length: u64) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(usize::try_from(length).ok()?)?;
        self.0 = rest;
        Some(taken)
    }

    /// Bytes behind their length.
    pub(crate) fn sized(&mut self) -> Option<&'a [u8]> {
        let length = self.number()?;
        self.take(length)
    }

    /// LEB128 and how many bits it has.
    fn digits(&mut self) -> Option<(u64, u32)> {
        let (mut number, mut bits) = (0_u64, 0);
        loop {
            let [byte] = *self.take(1)?.first_chunk()?;
            let digit = u64::from(byte & 0x7F);
            if bits >= u64::BITS || (digit << bits) >> bits != digit {
                return None;
            }
            number |= digit << bits;
            bits += 7;
            if byte < 0x80 {
                return Some((number, bits));
            }
        }
    }

    pub(crate) fn number(&mut self) -> Option<u64> {
        self.digits().map(|(number, _)| number)
    }

    /// The same in two's complement, which nobody needs with over nine digits here.
    pub(crate) fn signed(&mut self) -> Option<i64> {
        let (number, bits) = self.digits()?;
        let unused = u64::BITS.checked_sub(bits)?;
        Some((number << unused).cast_signed() >> unused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A change of these columns, each shorter than a length of one byte tells.
    fn change(columns: &[(u8, &[u8])]) -> Vec<u8> {
        let mut content = [&[0, 16][..], &[5; 16], &[1, 1, 0, 0, 0, columns.len() as u8]].concat();
        columns.iter().for_each(|(kind, runs)| content.extend([*kind, runs.len() as u8]));
        columns.iter().for_each(|(_, runs)| content.extend(*runs));
        [&MAGIC[..], &[0; 4], &[CHANGE, content.len() as u8], &content].concat()
    }

    /// Of these actions.
    fn checked(actions: &[u8]) -> Result<(), ChangeError> {
        check(&change(&[(0x15, &[]), (0x42, actions)]))
    }

    #[test]
    fn more_operations_than_there_is_room_for_are_refused() {
        for fits in [&[][..], &[0x7F, 0, 6, 1], &[0x1E, 1], &[0, 30], &[0x7D, 1, 2, 3]] {
            assert!(checked(fits).is_ok(), "{fits:02X?}");
        }
        let huge = [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x3F];
        let run = [&huge[..], &[1]].concat();
        let twice = [&run[..], &run, &run].concat();
        let nothings = [&[0][..], &huge].concat();
        let mut too_many = vec![run, twice, nothings];
        // Values that are announced and are not there, no length, and more bits than a number has.
        too_many.extend([vec![0x7D, 1, 2], vec![0x80], vec![5], vec![0], [&[0xFF; 10][..], &[1]].concat()]);
        for bad in too_many {
            assert!(matches!(checked(&bad), Err(ChangeError::Outline)), "{bad:02X?}");
        }
        let two_columns = change(&[(0x42, &[0x1E, 1]), (0x42, &[0x1E, 1])]);
        assert!(matches!(check(&two_columns), Err(ChangeError::Outline)));
    }

    #[test]
    fn other_chunks_and_other_columns_are_refused() {
        let good = change(&[(0x42, &[0x7F, 0])]);
        assert!(check(&good).is_ok());
        for cut in 0..good.len() {
            assert!(matches!(check(&good[..cut]), Err(ChangeError::Outline)), "cut at {cut}");
        }
        assert!(check(&[&good[..], &[0]].concat()).is_err(), "a byte too many");
        for kind in [0, 2, 3] {
            let mut other = good.clone();
            other[8] = kind;
            assert!(matches!(check(&other), Err(ChangeError::Outline)), "a chunk of kind {kind}");
        }
        for kind in [0x11, 0x13, 0x71, 0x73, 0x4A] {
            let other = change(&[(0x42, &[0x7F, 0]), (kind, &[1, 1])]);
            assert!(matches!(check(&other), Err(ChangeError::ForeignOperation)), "a column {kind:02X}");
        }
    }
}
