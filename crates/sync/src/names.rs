//! Documents and actors are named in full once on each connection and in each direction; afterwards by a number.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Names that a direction remembers; what comes after them is always named in full.
const MOST: usize = 1 << 16;

/// One of them, as it travels.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Named<T> {
    /// Named for the first time.
    New(T),
    /// The name of this number.
    Known(u32),
}

/// What this side has named.
#[derive(Debug)]
pub(crate) struct Told<T>(BTreeMap<T, u32>);

impl<T> Default for Told<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T: Ord + Copy> Told<T> {
    pub(crate) fn name(&mut self, what: T) -> Named<T> {
        if let Some(number) = self.0.get(&what) {
            return Named::Known(*number);
        }
        if self.0.len() < MOST {
            let number = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
            self.0.insert(what, number);
        }
        Named::New(what)
    }
}

/// What the peer has named.
#[derive(Debug)]
pub(crate) struct Heard<T>(Vec<T>);

impl<T> Default for Heard<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Copy> Heard<T> {
    /// What is meant; `None` for a number without a name.
    pub(crate) fn meant(&mut self, named: Named<T>) -> Option<T> {
        match named {
            Named::New(what) => {
                if self.0.len() < MOST {
                    self.0.push(what);
                }
                Some(what)
            }
            Named::Known(number) => self.0.get(usize::try_from(number).ok()?).copied(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_count_alike_also_when_there_is_no_room_for_more() {
        let (mut told, mut heard) = (Told::default(), Heard::default());
        let numbers = (0..MOST + 3).chain([5, MOST + 1, 0]);
        for number in numbers {
            assert_eq!(heard.meant(told.name(number)), Some(number));
        }
        assert!(matches!(told.name(5), Named::Known(5)) && matches!(told.name(MOST + 1), Named::New(_)));
        assert_eq!(heard.meant(Named::Known(u32::MAX)), None);
    }
}
