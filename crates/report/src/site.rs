//! A site as it stands in reports.

use hinamori_model::SiteId;

/// Where figures come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Which.
    pub id: SiteId,
    /// What people call it.
    pub name: String,
    /// Where it is, if somebody said so.
    pub position: Option<Position>,
}

/// A place on the earth (WGS 84), in millionths of a degree: some 11 cm, and no figure beyond the sixth place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    longitude: i32,
    latitude: i32,
}

/// A position that is not on the earth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("longitude {longitude} or latitude {latitude} (millionths of a degree) is not on the earth")]
pub struct BadPosition {
    /// East is positive.
    pub longitude: i32,
    /// North is positive.
    pub latitude: i32,
}

const MOST_EAST: u32 = 180_000_000;
const MOST_NORTH: u32 = 90_000_000;

impl Position {
    /// Takes millionths of a degree, east and north positive.
    ///
    /// # Errors
    /// [`BadPosition`] beyond ±180° or ±90°.
    pub const fn from_millionths(longitude: i32, latitude: i32) -> Result<Self, BadPosition> {
        if longitude.unsigned_abs() > MOST_EAST || latitude.unsigned_abs() > MOST_NORTH {
            return Err(BadPosition { longitude, latitude });
        }
        Ok(Self { longitude, latitude })
    }

    /// Degrees east.
    pub fn longitude(self) -> f64 {
        f64::from(self.longitude) / 1_000_000.0
    }

    /// Degrees north.
    pub fn latitude(self) -> f64 {
        f64::from(self.latitude) / 1_000_000.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn degrees_have_six_places_at_most_and_are_on_the_earth() {
        let abu = Position::from_millionths(134_640_035, 33_791_096).unwrap();
        assert_eq!(
            (abu.longitude().to_string(), abu.latitude().to_string()),
            ("134.640035".into(), "33.791096".into())
        );
        assert!(Position::from_millionths(-180_000_000, -90_000_000).is_ok());
        assert!(Position::from_millionths(180_000_001, 0).is_err());
        assert!(Position::from_millionths(0, 90_000_001).is_err());
    }
}
