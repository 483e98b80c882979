//! Numbers of which little is known before: they are looked at first, and then written in the way that takes the
//! fewest bits.

use crate::bits::{BitReader, Bits, bits_within};
use crate::rice::{Costs, Rice};

/// What is written of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Where it is between the least and the greatest.
    Within = 0,
    /// How much greater it is than the one before: none is less.
    Ascending = 1,
    /// How far it is from the one before.
    Near = 2,
}

/// How the numbers of a column are written. It writes or reads one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Column {
    way: Way,
    rice: Rice,
    least: u64,
    span: u64,
    before: u64,
}

impl Column {
    /// Writes which way was chosen.
    pub(crate) fn write_choice(&self, out: &mut Bits) {
        out.push(self.way as u64, 2);
        self.rice.write_parameter(out);
        out.push(self.least, u64::BITS);
        out.push(self.span, u64::BITS);
    }

    pub(crate) fn read_choice(reader: &mut BitReader<'_>) -> Option<Self> {
        let way = match reader.take(2)? {
            0 => Way::Within,
            1 => Way::Ascending,
            2 => Way::Near,
            _ => return None,
        };
        let rice = Rice::read_parameter(reader)?;
        let (least, span) = (reader.take(u64::BITS)?, reader.take(u64::BITS)?);
        Some(Self { way, rice, least, span, before: least })
    }

    /// The next number, one of those that were looked at.
    #[inline]
    pub(crate) fn write(&mut self, number: u64, out: &mut Bits) {
        match self.way {
            Way::Within => out.push_within(number.wrapping_sub(self.least), self.span),
            Way::Ascending => self.rice.write(number.wrapping_sub(self.before), out),
            Way::Near => self.rice.write(zigzag(number.wrapping_sub(self.before)), out),
        }
        self.before = number;
    }

    #[inline]
    pub(crate) fn read(&mut self, reader: &mut BitReader<'_>) -> Option<u64> {
        self.before = match self.way {
            Way::Within => self.least.checked_add(reader.take_within(self.span)?)?,
            Way::Ascending => self.before.checked_add(self.rice.read(reader)?)?,
            Way::Near => {
                let zigzag = self.rice.read(reader)?;
                self.before.wrapping_add(zigzag >> 1 ^ (zigzag & 1).wrapping_neg())
            }
        };
        Some(self.before)
    }
}

/// A difference to either side as a small number.
const fn zigzag(difference: u64) -> u64 {
    difference << 1 ^ (difference.cast_signed() >> 63).cast_unsigned()
}

/// Looks at the numbers that are to be written.
#[derive(Default)]
pub(crate) struct Survey {
    count: u64,
    /// Least, greatest, last.
    seen: Option<(u64, u64, u64)>,
    descends: bool,
    ascending: Costs,
    near: Costs,
}

impl Survey {
    #[inline]
    pub(crate) fn note(&mut self, number: u64) {
        self.count += 1;
        self.seen = Some(match self.seen {
            None => (number, number, number),
            Some((least, greatest, last)) => {
                self.descends |= number < last;
                self.ascending.note(number.wrapping_sub(last));
                self.near.note(zigzag(number.wrapping_sub(last)));
                (least.min(number), greatest.max(number), number)
            }
        });
    }

    /// The way that takes the fewest bits.
    pub(crate) fn choose(&self) -> Column {
        let (least, greatest, _) = self.seen.unwrap_or_default();
        let span = greatest - least;
        let within = (bits_within(self.count, span), Way::Within, Rice(0));
        let coded = |(rice, bits): (Rice, u64), way| (u128::from(bits), way, rice);
        let ascending = (!self.descends).then(|| coded(self.ascending.best(), Way::Ascending));
        let ways = [Some(within), ascending, Some(coded(self.near.best(), Way::Near))];
        let best = ways.into_iter().flatten().min_by_key(|(bits, ..)| *bits);
        let (_, way, rice) = best.unwrap_or(within);
        Column { way, rice, least, span, before: least }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(numbers: &[u64]) -> (Way, usize) {
        let mut survey = Survey::default();
        numbers.iter().for_each(|number| survey.note(*number));
        let mut column = survey.choose();
        let mut bits = Bits::default();
        column.write_choice(&mut bits);
        numbers.iter().for_each(|number| column.write(*number, &mut bits));
        let bytes = bits.finish();
        let mut reader = BitReader::new(&bytes);
        let mut column = Column::read_choice(&mut reader).unwrap();
        for number in numbers {
            assert_eq!(column.read(&mut reader), Some(*number));
        }
        reader.end().unwrap();
        (column.way, bytes.len() - 17)
    }

    proptest! {
        #[test]
        fn numbers_come_back(
            mut numbers in prop::collection::vec(prop_oneof![0_u64..9, 0_u64..90_000, any::<u64>()], 0..80),
        ) {
            check(&numbers);
            numbers.sort_unstable();
            check(&numbers);
        }

        #[test]
        fn noise_is_read_or_refused(noise in prop::collection::vec(any::<u8>(), 17..80)) {
            let mut reader = BitReader::new(&noise);
            if let Some(mut column) = Column::read_choice(&mut reader) {
                for _ in 0..50 {
                    let _ignored = column.read(&mut reader);
                }
            }
        }
    }

    #[test]
    fn the_way_follows_the_numbers() {
        let mixed: Vec<u64> = (0..1_000).map(|number| number * 387 % 1_000).collect();
        assert_eq!(check(&mixed).0, Way::Within);
        let ascending: Vec<u64> = (0..1_000).map(|number| number * 3).collect();
        assert_eq!(check(&ascending).0, Way::Ascending);
        let near: Vec<u64> = (0..1_000).map(|number| number * 3 + number % 2 * 9).collect();
        assert_eq!(check(&near).0, Way::Near);
        assert_eq!(check(&[5; 1_000]), (Way::Within, 0), "one number takes no bits");
    }
}
