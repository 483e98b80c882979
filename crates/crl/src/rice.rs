//! Numbers of which small ones are likelier (Golomb 1966, Rice 1979): a number's lower bits as they are, and before
//! them its upper ones as a run of ones that a zero ends.
//!
//! A run is never longer than [`LONGEST_RUN`]: after so many ones the number stands as it is, so that one number
//! far from the others costs eleven bytes and no more.

use crate::bits::{BitReader, Bits};

/// Ones after which a number stands as it is.
const LONGEST_RUN: u32 = 24;
/// Bits in which the parameter is written.
const PARAMETER: u32 = 6;
/// Parameters that there are.
const PARAMETERS: u32 = 1 << PARAMETER;

/// The code; its parameter is how many lower bits there are, 63 at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rice(pub(crate) u32);

impl Rice {
    #[inline]
    pub(crate) fn write(self, number: u64, out: &mut Bits) {
        match u32::try_from(number >> self.0) {
            Ok(run) if run < LONGEST_RUN => {
                out.push(((1 << run) - 1) << 1, run + 1);
                out.push(number, self.0);
            }
            _ => {
                out.push((1 << LONGEST_RUN) - 1, LONGEST_RUN);
                out.push(number, u64::BITS);
            }
        }
    }

    #[inline]
    pub(crate) fn read(self, reader: &mut BitReader<'_>) -> Option<u64> {
        let mut run = 0;
        while reader.bit()? {
            run += 1;
            if run == LONGEST_RUN {
                return reader.take(u64::BITS);
            }
        }
        let lower = reader.take(self.0)?;
        // No bit is lost: what would be shifted out is no number that was written.
        let upper = u64::from(run) << self.0;
        (upper >> self.0 == u64::from(run)).then_some(upper | lower)
    }

    pub(crate) fn write_parameter(self, out: &mut Bits) {
        out.push(self.0.into(), PARAMETER);
    }

    pub(crate) fn read_parameter(reader: &mut BitReader<'_>) -> Option<Self> {
        Some(Self(u32::try_from(reader.take(PARAMETER)?).ok()?))
    }
}

/// What the numbers seen so far would take with each parameter.
pub(crate) struct Costs([u64; PARAMETERS as usize]);

impl Default for Costs {
    fn default() -> Self {
        Self([0; PARAMETERS as usize])
    }
}

impl Costs {
    #[inline]
    pub(crate) fn note(&mut self, number: u64) {
        for (parameter, bits) in (0_u32..).zip(&mut self.0) {
            let run = number >> parameter;
            let length =
                if run < u64::from(LONGEST_RUN) { run as u32 + 1 + parameter } else { LONGEST_RUN + 64 };
            *bits += u64::from(length);
        }
    }

    /// The code that takes the fewest bits, and how many.
    pub(crate) fn best(&self) -> (Rice, u64) {
        let best = (0_u32..).zip(self.0).min_by_key(|(_, bits)| *bits);
        best.map_or((Rice(0), 0), |(parameter, bits)| (Rice(parameter), bits))
    }
}

/// Writes numbers of which each is greater than the one before: how many, then what lies between them.
pub(crate) fn write_ascending(numbers: &[u64], out: &mut Bits) {
    let gaps = || {
        let mut next = 0;
        numbers.iter().map(move |number| {
            let gap = number.wrapping_sub(next);
            next = number.wrapping_add(1);
            gap
        })
    };
    let mut costs = Costs::default();
    gaps().for_each(|gap| costs.note(gap));
    let (rice, _) = costs.best();
    out.push(u64::try_from(numbers.len()).unwrap_or(u64::MAX), u64::BITS);
    rice.write_parameter(out);
    gaps().for_each(|gap| rice.write(gap, out));
}

/// Reads what [`write_ascending`] wrote, if there are at most so many.
pub(crate) fn read_ascending(most: u64, reader: &mut BitReader<'_>) -> Option<Vec<u64>> {
    let count = reader.take(u64::BITS)?;
    let rice = Rice::read_parameter(reader)?;
    // Each takes a bit at least. Nothing is set aside for them before they are there.
    if count > most || count > u64::try_from(reader.left()).ok()? {
        return None;
    }
    let (mut numbers, mut last) = (Vec::new(), None::<u64>);
    for _ in 0..count {
        let next = last.map_or(Some(0), |last| last.checked_add(1))?;
        let number = next.checked_add(rice.read(reader)?)?;
        numbers.push(number);
        last = Some(number);
    }
    Some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_come_back_in_as_many_bits_as_were_counted(
            numbers in prop::collection::vec(prop_oneof![0_u64..200, 0_u64..100_000, any::<u64>()], 0..200),
            parameter in 0_u32..PARAMETERS,
        ) {
            let mut costs = Costs::default();
            numbers.iter().for_each(|number| costs.note(*number));
            for rice in [Rice(parameter), costs.best().0] {
                let mut bits = Bits::default();
                numbers.iter().for_each(|number| rice.write(*number, &mut bits));
                let bytes = bits.finish();
                prop_assert_eq!(bytes.len() as u64, costs.0[rice.0 as usize].div_ceil(8));
                prop_assert!(costs.best().1 <= costs.0[rice.0 as usize]);
                let mut reader = BitReader::new(&bytes);
                for number in &numbers {
                    prop_assert_eq!(rice.read(&mut reader), Some(*number));
                }
                prop_assert!(reader.end().is_some());
            }
        }

        #[test]
        fn ascending_numbers_come_back_and_nothing_makes_a_panic(
            numbers in prop::collection::btree_set(prop_oneof![0_u64..500, any::<u64>(), Just(u64::MAX)], 0..100),
            noise in prop::collection::vec(any::<u8>(), 0..60),
        ) {
            let numbers: Vec<u64> = numbers.into_iter().collect();
            let mut bits = Bits::default();
            write_ascending(&numbers, &mut bits);
            let bytes = bits.finish();
            let count = numbers.len() as u64;
            let read = |bytes: &[u8], most| read_ascending(most, &mut BitReader::new(bytes));
            prop_assert_eq!(read(&bytes, count), Some(numbers));
            prop_assert!(count == 0 || read(&bytes, count - 1).is_none());
            for length in 0..bytes.len() {
                prop_assert_eq!(read(&bytes[..length], count), None);
            }
            for begin in 0..noise.len() {
                let _ignored = read(&noise[begin..], 1_000);
                // A small count, so that numbers are read at all.
                let _ignored = read(&[&[0; 7][..], &noise[begin..]].concat(), 1_000);
            }
        }
    }

    #[test]
    fn a_number_out_of_all_order_costs_eleven_bytes() {
        let mut costs = Costs::default();
        (0..1_000).for_each(|number| costs.note(number % 16));
        let before = costs.best().1;
        costs.note(u64::MAX);
        assert_eq!(costs.best().1, before + 88);
    }
}
