//! What a place is safe from.

/// The eight kinds of disaster for which emergency sites are designated (災害対策基本法施行令 20条の4), in the order of the
/// national lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Hazard {
    /// 洪水
    Flood = 0,
    /// 崖崩れ、土石流及び地滑り
    Landslide = 1,
    /// 高潮
    StormSurge = 2,
    /// 地震
    Earthquake = 3,
    /// 津波
    Tsunami = 4,
    /// 大規模な火事
    Fire = 5,
    /// 内水氾濫
    InlandFlood = 6,
    /// 火山現象
    Volcano = 7,
}

impl Hazard {
    /// Every hazard, in the order of its number.
    pub const ALL: [Self; 8] = [
        Self::Flood,
        Self::Landslide,
        Self::StormSurge,
        Self::Earthquake,
        Self::Tsunami,
        Self::Fire,
        Self::InlandFlood,
        Self::Volcano,
    ];
}

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
