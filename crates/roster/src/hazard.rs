//! What a place is safe from.

use hinamori_model::Hazard;

/// Whether a place is designated for a hazard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Suitability {
    /// The list says that it is.
    Suitable,
    /// The list says that it is not.
    Unsuitable,
    /// The list does not say.
    Unknown,
}

/// The [`Suitability`] for each hazard, one bit each for "known" and "suitable".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hazards {
    known: u8,
    suitable: u8,
}

impl Hazards {
    /// Nothing is known.
    pub const UNKNOWN: Self = Self { known: 0, suitable: 0 };

    /// What is known of `hazard`.
    pub const fn of(self, hazard: Hazard) -> Suitability {
        let bit = 1 << hazard as u8;
        match (self.known & bit != 0, self.suitable & bit != 0) {
            (false, _) => Suitability::Unknown,
            (true, true) => Suitability::Suitable,
            (true, false) => Suitability::Unsuitable,
        }
    }

    /// The same set, and this about `hazard`.
    #[must_use]
    pub const fn with(self, hazard: Hazard, suitability: Suitability) -> Self {
        let bit = 1 << hazard as u8;
        let (known, suitable) = match suitability {
            Suitability::Suitable => (bit, bit),
            Suitability::Unsuitable => (bit, 0),
            Suitability::Unknown => (0, 0),
        };
        Self { known: self.known & !bit | known, suitable: self.suitable & !bit | suitable }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_hazard_is_known_for_itself() {
        let hazards = Hazards::UNKNOWN
            .with(Hazard::Earthquake, Suitability::Suitable)
            .with(Hazard::Volcano, Suitability::Suitable)
            .with(Hazard::Volcano, Suitability::Unsuitable);
        for hazard in Hazard::ALL {
            let expected = match hazard {
                Hazard::Earthquake => Suitability::Suitable,
                Hazard::Volcano => Suitability::Unsuitable,
                _ => Suitability::Unknown,
            };
            assert_eq!(hazards.of(hazard), expected);
        }
        assert_eq!(
            hazards.with(Hazard::Earthquake, Suitability::Unknown).of(Hazard::Earthquake),
            Suitability::Unknown
        );
    }
}
