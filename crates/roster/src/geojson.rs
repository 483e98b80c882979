//! GeoJSON (RFC 7946) with one point for each place, as the Geospatial Information Authority gives it out.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::decode::{Encoding, line_breaks, text_of};
use crate::field::{Field, SiteField};
use crate::fold::word;
use crate::problem::{Problem, Problems, Reason, Severity};
use crate::sites::Place;
use crate::table::{MOST_COLUMNS, MOST_FIELD_BYTES, MOST_ROWS, count};

/// A feature of a point, as much as a row of a table.
const MOST_FEATURE_BYTES: usize = MOST_COLUMNS * MOST_FIELD_BYTES;

#[derive(Deserialize)]
struct Collection<'a> {
    #[serde(borrow)]
    features: Features<'a>,
}

/// Not read yet, and no more of them than one over [`MOST_ROWS`].
struct Features<'a>(Vec<&'a RawValue>);

#[derive(Deserialize)]
struct Feature {
    geometry: Option<Point>,
    properties: BTreeMap<String, Property>,
}

#[derive(Deserialize)]
struct Point {
    coordinates: Degrees,
}

/// Reads a collection place by place into `take`. A place's line is the one on which its feature begins.
///
/// # Errors
/// What refuses the whole file.
pub(crate) fn read(
    bytes: &[u8],
    problems: &mut Problems,
    mut take: impl FnMut(&Place<'_>, &mut Problems),
) -> Result<(), Problem> {
    let text = text_of(bytes, Some(Encoding::Utf8))?;
    let collection: Collection<'_> = serde_json::from_str(&text)
        .map_err(|error| Problem::of_file(count(error.line()), None, Reason::NotGeoJson))?;
    let Features(features) = collection.features;
    if count(features.len()) > MOST_ROWS {
        return Err(Problem::of_file(0, None, Reason::TooManyRows));
    }
    let fields = fields();
    let (mut read_to, mut line) = (0, 1);
    for raw in features {
        // A feature is a part of the text, so its address says where it stands.
        let start = raw.get().as_ptr().addr().saturating_sub(text.as_ptr().addr());
        line += line_breaks(text.as_bytes().get(read_to..start).unwrap_or_default());
        read_to = start;
        let short = Some(raw.get()).filter(|raw| raw.len() <= MOST_FEATURE_BYTES);
        match short.and_then(|raw| serde_json::from_str(raw).ok()) {
            Some(feature) => {
                if let Some(place) = place_of(feature, line, &fields, problems) {
                    take(&place, problems);
                }
            }
            None => problems.add(line, None, Severity::Refused, Reason::NotASite),
        }
    }
    Ok(())
}

/// The field of each spelling.
fn fields() -> BTreeMap<String, SiteField> {
    let spellings =
        |field: &SiteField| field.spellings().iter().map(|one| word(one)).zip(std::iter::repeat(*field));
    SiteField::ALL.iter().flat_map(spellings).collect()
}

fn place_of(
    feature: Feature,
    line: u32,
    fields: &BTreeMap<String, SiteField>,
    problems: &mut Problems,
) -> Option<Place<'static>> {
    let mut place = Place::new(line);
    if let Some(Point { coordinates: Degrees { longitude, latitude } }) = feature.geometry {
        place.set(SiteField::Longitude, Cow::Owned(longitude.to_string()));
        place.set(SiteField::Latitude, Cow::Owned(latitude.to_string()));
    }
    for (key, Property(text)) in feature.properties {
        let Some(field) = fields.get(&word(&key)) else { continue };
        let text = text.trim();
        let reason = if text.len() > MOST_FIELD_BYTES {
            Reason::FieldTooLong
        } else if text.chars().any(|one| one.is_control() && !matches!(one, '\t' | '\r' | '\n')) {
            Reason::ControlCharacter
        } else {
            place.set(*field, Cow::Owned(text.to_owned()));
            continue;
        };
        place.refuse(problems, *field, reason);
        return None;
    }
    Some(place)
}

impl<'de: 'a, 'a> Deserialize<'de> for Features<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Budget;
        impl<'de> Visitor<'de> for Budget {
            type Value = Vec<&'de RawValue>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("features")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
                let mut features = Vec::new();
                while count(features.len()) <= MOST_ROWS {
                    match sequence.next_element()? {
                        Some(feature) => features.push(feature),
                        None => return Ok(features),
                    }
                }
                while sequence.next_element::<IgnoredAny>()?.is_some() {}
                Ok(features)
            }
        }
        deserializer.deserialize_seq(Budget).map(Features)
    }
}

/// The value of a property as text; nothing for null.
struct Property(String);

impl<'de> Deserialize<'de> for Property {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Scalar;
        impl Visitor<'_> for Scalar {
            type Value = Property;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("text, a number or nothing")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Property, E> {
                Ok(Property(text.to_owned()))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Property, E> {
                Ok(Property(number.to_string()))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Property, E> {
                Ok(Property(number.to_string()))
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Property, E> {
                Ok(Property(number.to_string()))
            }

            fn visit_bool<E: Error>(self, flag: bool) -> Result<Property, E> {
                Ok(Property(flag.to_string()))
            }

            fn visit_unit<E: Error>(self) -> Result<Property, E> {
                Ok(Property(String::new()))
            }
        }
        deserializer.deserialize_any(Scalar)
    }
}

/// The coordinates of a point; a height behind them does not count.
struct Degrees {
    longitude: f64,
    latitude: f64,
}

impl<'de> Deserialize<'de> for Degrees {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pair;
        impl<'de> Visitor<'de> for Pair {
            type Value = Degrees;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("longitude and latitude")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Degrees, A::Error> {
                let missing = || A::Error::custom("a coordinate is missing");
                let longitude = sequence.next_element()?.ok_or_else(missing)?;
                let latitude = sequence.next_element()?.ok_or_else(missing)?;
                while sequence.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Degrees { longitude, latitude })
            }
        }
        deserializer.deserialize_seq(Pair)
    }
}
