//! Points, polygons and circles on the WGS 84 ellipsoid (§3.3.1), and what is wrong with them.

use std::fmt;
use std::fmt::Write as _;
use std::ops::RangeInclusive;

use crate::decimal::Decimal;

/// The most points of a polygon. A town's coast has some hundred; every pair of edges may have to be compared.
pub const MOST_POLYGON_POINTS: usize = 2_000;

const LATITUDES: RangeInclusive<Decimal> = Decimal::whole(-90)..=Decimal::whole(90);
const LONGITUDES: RangeInclusive<Decimal> = Decimal::whole(-180)..=Decimal::whole(180);
/// Japan with its outermost islands. Latitude and longitude in the wrong order are never in it.
const LATITUDES_OF_JAPAN: RangeInclusive<Decimal> = Decimal::whole(20)..=Decimal::whole(46);
const LONGITUDES_OF_JAPAN: RangeInclusive<Decimal> = Decimal::whole(122)..=Decimal::whole(155);

/// A place, written "latitude,longitude" in degrees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Point {
    /// Degrees north.
    pub latitude: Decimal,
    /// Degrees east.
    pub longitude: Decimal,
}

impl Point {
    fn read(text: &str) -> Option<Self> {
        let (latitude, longitude) = text.split_once(',')?;
        Some(Self { latitude: Decimal::read(latitude)?, longitude: Decimal::read(longitude)? })
    }

    pub(crate) fn is_on_earth(&self) -> bool {
        LATITUDES.contains(&self.latitude) && LONGITUDES.contains(&self.longitude)
    }

    pub(crate) fn is_in_japan(&self) -> bool {
        LATITUDES_OF_JAPAN.contains(&self.latitude) && LONGITUDES_OF_JAPAN.contains(&self.longitude)
    }

    /// Longitude and latitude in billionths of a degree.
    fn flat(&self) -> (i64, i64) {
        (self.longitude.billionths(), self.latitude.billionths())
    }
}

impl fmt::Display for Point {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{},{}", self.latitude, self.longitude)
    }
}

/// A ring of points; the last one repeats the first (§3.2.4 polygon).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Polygon(pub Vec<Point>);

/// Why a text is no polygon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoPolygon {
    /// Not a list of pairs of numbers.
    Unreadable,
    /// Over [`MOST_POLYGON_POINTS`].
    TooManyPoints,
}

impl Polygon {
    /// Reads a ring as CAP writes it (§3.2.4); `None` for what is none.
    pub fn of_text(text: &str) -> Option<Self> {
        Self::read(text).ok()
    }

    pub(crate) fn read(text: &str) -> Result<Self, NoPolygon> {
        let mut points = Vec::new();
        for pair in text.split_ascii_whitespace() {
            if points.len() == MOST_POLYGON_POINTS {
                return Err(NoPolygon::TooManyPoints);
            }
            points.push(Point::read(pair).ok_or(NoPolygon::Unreadable)?);
        }
        Ok(Self(points))
    }

    /// Four pairs at least, and the last one repeats the first.
    pub(crate) fn is_closed(&self) -> bool {
        self.0.len() >= 4 && self.0.first() == self.0.last()
    }

    /// Whether it encloses anything, and its edges meet at their ends only. Edges are straight in latitude and longitude;
    /// a ring across the 180th meridian is not looked for.
    pub(crate) fn is_simple(&self) -> bool {
        // Beyond the earth the products below would not fit.
        if !self.0.iter().all(Point::is_on_earth) {
            return false;
        }
        let mut points = self.0.clone();
        points.dedup();
        let edges: Vec<Edge> = points
            .iter()
            .zip(points.iter().skip(1))
            .enumerate()
            .map(|(number, (from, to))| Edge { number, from: from.flat(), to: to.flat() })
            .collect();
        let encloses = edges.iter().map(Edge::twice_area).sum::<i128>() != 0;
        encloses && !any_cross(edges)
    }
}

impl fmt::Display for Polygon {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, point) in self.0.iter().enumerate() {
            if number > 0 {
                out.write_char(' ')?;
            }
            write!(out, "{point}")?;
        }
        Ok(())
    }
}

/// A point and a distance around it (§3.2.4 circle), written "latitude,longitude kilometres".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Circle {
    /// Its middle.
    pub center: Point,
    /// Its radius in kilometres.
    pub radius: Decimal,
}

impl Circle {
    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut parts = text.split_ascii_whitespace();
        let circle = Self { center: Point::read(parts.next()?)?, radius: Decimal::read(parts.next()?)? };
        parts.next().is_none().then_some(circle)
    }
}

impl fmt::Display for Circle {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.center, self.radius)
    }
}

/// From one point of a ring to the next.
#[derive(Debug, Clone, Copy)]
struct Edge {
    number: usize,
    from: (i64, i64),
    to: (i64, i64),
}

impl Edge {
    fn twice_area(&self) -> i128 {
        let ((x1, y1), (x2, y2)) = (self.from, self.to);
        i128::from(x1) * i128::from(y2) - i128::from(x2) * i128::from(y1)
    }

    fn west(&self) -> i64 {
        self.from.0.min(self.to.0)
    }

    fn east(&self) -> i64 {
        self.from.0.max(self.to.0)
    }

    fn overlaps_in_height(&self, other: &Self) -> bool {
        self.from.1.min(self.to.1) <= other.from.1.max(other.to.1)
            && other.from.1.min(other.to.1) <= self.from.1.max(self.to.1)
    }

    /// Which side of this edge a point is on: −1, 0 or 1.
    fn side(&self, point: (i64, i64)) -> i128 {
        let along = |from: i64, to: i64| i128::from(to) - i128::from(from);
        let cross = along(self.from.0, self.to.0) * along(self.from.1, point.1)
            - along(self.from.1, self.to.1) * along(self.from.0, point.0);
        cross.signum()
    }

    /// Whether a point on the same line lies between the ends.
    fn spans(&self, point: (i64, i64)) -> bool {
        (self.west()..=self.east()).contains(&point.0)
            && (self.from.1.min(self.to.1)..=self.from.1.max(self.to.1)).contains(&point.1)
    }

    fn touches(&self, other: &Self) -> bool {
        let (a, b) = (self.side(other.from), self.side(other.to));
        let (c, d) = (other.side(self.from), other.side(self.to));
        (a * b < 0 && c * d < 0)
            || (a == 0 && self.spans(other.from))
            || (b == 0 && self.spans(other.to))
            || (c == 0 && other.spans(self.from))
            || (d == 0 && other.spans(self.to))
    }

    /// Neighbours share one end. More of each other they must not have: the second one would go back over the first.
    fn folds_back(&self, next: &Self) -> bool {
        self.side(next.to) == 0
            && (self.spans(next.to) && next.to != self.to || next.spans(self.from) && self.from != next.from)
    }
}

/// Sweeps from west to east, so that edges which lie apart are never compared.
fn any_cross(mut edges: Vec<Edge>) -> bool {
    let last = edges.len().saturating_sub(1);
    edges.sort_unstable_by_key(Edge::west);
    let mut rest = edges.as_slice();
    while let Some((edge, after)) = rest.split_first() {
        for other in after.iter().take_while(|other| other.west() <= edge.east()) {
            if !edge.overlaps_in_height(other) {
                continue;
            }
            let (first, second) = if edge.number < other.number { (edge, other) } else { (other, edge) };
            let crosses = if first.number + 1 == second.number {
                first.folds_back(second)
            } else if first.number == 0 && second.number == last {
                second.folds_back(first)
            } else {
                first.touches(second)
            };
            if crosses {
                return true;
            }
        }
        rest = after;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn polygon(text: &str) -> Polygon {
        Polygon::read(text).unwrap()
    }

    #[test]
    fn a_ring_is_simple_when_its_edges_meet_at_their_ends_only() {
        for ring in [
            "0,0 0,2 2,2 2,0 0,0",
            "0,0 2,0 2,2 0,2 0,0",
            "0,0 0,1 1,0 0,0",
            // A bay, and a corner in the middle of a straight line.
            "0,0 0,4 4,4 4,0 2,0 2,3 1,3 1,0 0,0",
            // A point that is said twice.
            "0,0 0,0 0,1 0,1 1,0 0,0",
        ] {
            assert!(polygon(ring).is_closed() && polygon(ring).is_simple(), "{ring}");
        }
        for (ring, why) in [
            ("0,0 2,2 2,0 0,2 0,0", "two edges cross"),
            ("0,0 0,2 0,0 0,0", "a line and back"),
            ("0,0 0,4 2,4 2,2 0,2 2,0 0,0", "a corner touches another edge"),
            ("0,0 0,4 4,4 0,4 0,0", "an edge goes back over the one before"),
            ("0,0 0,2 2,2 2,0 0,0 0,2 2,2 2,0 0,0", "twice around"),
            ("1,1 1,1 1,1 1,1", "one point"),
            ("0,0 0,4 4,4 4,0 0,0 0,-2 0,0", "the last edge goes over the first"),
        ] {
            assert!(!polygon(ring).is_simple(), "{why}");
        }
        for ring in ["", "0,0 0,2 2,2", "0,0 0,2 0,0", "0,0 0,2 2,2 2,0"] {
            assert!(!polygon(ring).is_closed(), "{ring}");
        }
    }

    #[test]
    fn a_long_ring_is_simple_until_one_point_is_moved() {
        let teeth = |moved: Option<usize>| {
            let up =
                (0..600).map(|step| if Some(step) == moved { (step, 90) } else { (step, 10 + step % 2) });
            let mut points: Vec<(usize, usize)> = up.collect();
            points.extend([(599, 50), (0, 50), (0, 10)]);
            let of = |number: usize| Decimal::from_billionths(i64::try_from(number).unwrap());
            Polygon(points.into_iter().map(|(x, y)| Point { latitude: of(y), longitude: of(x) }).collect())
        };
        assert!(teeth(None).is_simple());
        assert!(!teeth(Some(300)).is_simple());
    }

    #[test]
    fn points_and_circles_are_read_and_written() {
        let text = "33.7412,134.6105 33.742,134.61 33.75,134.62 33.7412,134.6105";
        assert_eq!(polygon(text).to_string(), text);
        assert_eq!(polygon("\n 1,2\t3,4 ").0.len(), 2);
        assert_eq!(Polygon::read("1 2"), Err(NoPolygon::Unreadable));
        assert_eq!(Polygon::read("1,2,3"), Err(NoPolygon::Unreadable));
        let many = "1,2 ".repeat(MOST_POLYGON_POINTS + 1);
        assert_eq!(Polygon::read(&many), Err(NoPolygon::TooManyPoints));
        assert_eq!(Circle::read("32.9,-115.5 0.5").unwrap().to_string(), "32.9,-115.5 0.5");
        for text in ["", "32.9,115.5", "32.9,115.5 1 2", "32.9 115.5 1"] {
            assert_eq!(Circle::read(text), None, "{text}");
        }
        let point = |text: &str| Point::read(text).unwrap();
        assert!(point("33.7,134.6").is_in_japan() && !point("134.6,33.7").is_in_japan());
        assert!(
            point("-90,180").is_on_earth() && !point("90.1,0").is_on_earth() && !point("0,181").is_on_earth()
        );
    }
}
