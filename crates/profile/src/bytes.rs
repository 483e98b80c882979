//! Numbers and pieces in a patch: LEB128 for numbers, a length before every piece that is not the last.

/// The bit of a number's byte that says that another one follows.
const MORE: u8 = 0x80;

/// Seven bits a byte, the low ones first.
pub(crate) fn push_number(out: &mut Vec<u8>, number: u64) {
    let mut left = number;
    loop {
        let [low, ..] = left.to_le_bytes();
        left >>= 7;
        if left == 0 {
            return out.push(low & !MORE);
        }
        out.push(low | MORE);
    }
}

/// A piece with its length before it.
pub(crate) fn push_piece(out: &mut Vec<u8>, piece: &[u8]) {
    push_number(out, u64::try_from(piece.len()).unwrap_or(u64::MAX));
    out.extend_from_slice(piece);
}

/// What is not read yet. Every method answers `None` when the bytes end too early.
pub(crate) struct Reader<'b>(pub(crate) &'b [u8]);

impl<'b> Reader<'b> {
    /// A number in its shortest form; no other is taken.
    pub(crate) fn number(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for shift in (0..u64::BITS).step_by(7) {
            let [byte] = self.array()?;
            let bits = u64::from(byte & !MORE);
            let is_last = byte & MORE == 0;
            if bits << shift >> shift != bits || (is_last && bits == 0 && shift > 0) {
                return None;
            }
            number |= bits << shift;
            if is_last {
                return Some(number);
            }
        }
        None
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*array)
    }

    pub(crate) fn piece(&mut self) -> Option<&'b [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        let (piece, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(piece)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_and_have_one_form() {
        for number in [0, 1, 127, 128, 300, 1 << 35, u64::MAX] {
            let mut out = Vec::new();
            push_number(&mut out, number);
            assert_eq!(Reader(&out).number(), Some(number));
            assert_eq!(Reader(&out[..out.len() - 1]).number(), None);
        }
        for wrong in [&[0x80, 0][..], &[0xff; 9], &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2]]
        {
            assert_eq!(Reader(wrong).number(), None);
        }
    }
}
