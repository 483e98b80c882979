//! A sheet as GeoJSON (RFC 7946): each site a point, its counts the properties.
//!
//! Coordinates are longitude, then latitude, with six places at most. A site without a position has no geometry (RFC
//! 7946 §3.2). A withheld count is `null`, and its key stands in `below_five` or in `withheld`, so that a property is
//! always a number or nothing. Drill or not stands in every feature and beside them.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use crate::column::Column;
use crate::occasion::word;
use crate::sheet::{Cell, Row, Sheet};
use crate::site::{Position, Site};
use crate::time;

#[derive(Serialize)]
struct Collection<'s> {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    bbox: Option<[f64; 4]>,
    #[serde(flatten)]
    about: About<'s>,
    town: Counts<'s>,
    features: Vec<Feature<'s>>,
}

#[derive(Serialize)]
struct Feature<'s> {
    r#type: &'static str,
    id: String,
    geometry: Option<Point>,
    properties: Properties<'s>,
}

#[derive(Serialize)]
struct Point {
    r#type: &'static str,
    coordinates: [f64; 2],
}

#[derive(Serialize)]
struct Properties<'s> {
    name: &'s str,
    #[serde(flatten)]
    about: About<'s>,
    #[serde(flatten)]
    counts: Counts<'s>,
}

/// What stands in every feature.
#[derive(Serialize)]
struct About<'s> {
    mode: &'static str,
    mark: &'static str,
    incident: String,
    incident_name: &'s str,
    from: String,
    until: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u32>,
}

impl<'s> About<'s> {
    fn of(sheet: &'s Sheet) -> Self {
        let Sheet { occasion, period, .. } = sheet;
        Self {
            mode: word(occasion.mode),
            mark: occasion.mark(),
            incident: occasion.incident.to_string(),
            incident_name: &occasion.name,
            from: time::japan(period.from),
            until: time::japan(period.until),
            version: sheet.version(),
        }
    }
}

struct Counts<'s> {
    columns: &'s [Column],
    cells: &'s [Cell],
}

impl Counts<'_> {
    fn keys_of(&self, sort: Cell) -> Vec<&'static str> {
        let of_sort = self.columns.iter().zip(self.cells).filter(|(_, cell)| **cell == sort);
        of_sort.map(|(column, _)| column.key()).collect()
    }
}

impl Serialize for Counts<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let mut map = out.serialize_map(None)?;
        for (column, cell) in self.columns.iter().zip(self.cells) {
            map.serialize_entry(column.key(), &cell.count())?;
        }
        map.serialize_entry("below_five", &self.keys_of(Cell::BelowFive))?;
        map.serialize_entry("withheld", &self.keys_of(Cell::Withheld))?;
        map.end()
    }
}

/// West, south, east, north (RFC 7946 §5). A town does not lie across the 180th meridian.
fn bounds(positions: impl Iterator<Item = Position>) -> Option<[f64; 4]> {
    positions.fold(None, |bounds, at| {
        let (east, north) = (at.longitude(), at.latitude());
        let [w, s, e, n] = bounds.unwrap_or([east, north, east, north]);
        Some([w.min(east), s.min(north), e.max(east), n.max(north)])
    })
}

impl Sheet {
    /// A feature collection in UTF-8, without a byte order mark (RFC 8259 §8.1). The town's counts stand beside the
    /// features under `town`.
    ///
    /// # Errors
    /// What serde_json says; these values give it no reason.
    pub fn geo_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(&Collection {
            r#type: "FeatureCollection",
            bbox: bounds(self.rows().iter().filter_map(|row| row.site.position)),
            about: About::of(self),
            town: Counts { columns: self.columns(), cells: self.town() },
            features: self.rows().iter().map(|row| self.feature(row)).collect(),
        })
    }

    fn feature<'s>(&'s self, row: &'s Row) -> Feature<'s> {
        let Row { site: Site { id, name, position }, cells } = row;
        let point = |at: Position| Point { r#type: "Point", coordinates: [at.longitude(), at.latitude()] };
        Feature {
            r#type: "Feature",
            id: id.to_string(),
            geometry: position.map(point),
            properties: Properties {
                name,
                about: About::of(self),
                counts: Counts { columns: self.columns(), cells },
            },
        }
    }
}
