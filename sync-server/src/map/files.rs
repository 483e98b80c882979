//! What a town's map is drawn from: a base map and hazard areas, read in by the operator, looked at once, and served as they are.
//!
//! ```toml
//! bounds = [134.55, 33.76, 134.62, 33.80]    # west, south, east, north
//! [base]
//! file = "map.geojson"                       # or .pmtiles
//! name = "地図"
//! credit = "国土地理院"
//! [[hazard]]
//! file = "tsunami.geojson"
//! name = "津波の 浸水想定"
//! credit = "県"
//! ```

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use hinamori_private_file as private_file;
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::contract::{MapFile, MapFormat};
use crate::data::DataFolder;
use crate::gzip::packed;
use crate::hex;

/// In the data folder.
const FOLDER: &str = "map";
const INDEX: &str = "map.json";
/// Bytes of a GeoJSON file: a tablet reads it as a whole, over a mobile network. What is longer has to come as tiles.
const LONGEST_GEOJSON: u64 = 8 << 20;
/// Bytes of a file of tiles, of which a tablet fetches what it shows: a prefecture in full detail.
const LONGEST_PMTILES: u64 = 256 << 20;
const LONGEST_TOML: u64 = 64 << 10;
/// Hazard areas.
const MOST_HAZARDS: usize = 16;
/// Characters of a name or a credit.
const LONGEST_TEXT: usize = 100;

/// Why a map is not taken. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum BadMap {
    /// The operator: a file is wrong.
    #[error("{file}: {reason}")]
    File {
        /// Which.
        file: PathBuf,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// The disk.
    #[error("{file} cannot be read or written")]
    Disk {
        /// Which.
        file: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MapToml {
    bounds: [f64; 4],
    base: FileToml,
    #[serde(default)]
    hazard: Vec<FileToml>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileToml {
    file: PathBuf,
    name: String,
    credit: String,
}

/// What was read in.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct MapIndex {
    pub(crate) bounds: Option<[f64; 4]>,
    pub(crate) base: Option<KeptFile>,
    pub(crate) hazards: Vec<KeptFile>,
}

/// A file of the map.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeptFile {
    /// Made of its content: what is another file has another name.
    pub(crate) file: String,
    name: String,
    credit: String,
}

impl KeptFile {
    pub(crate) fn told(&self) -> MapFile {
        MapFile {
            name: self.name.clone(),
            url: format!("/api/v1/map/files/{}", self.file),
            format: if self.file.ends_with(".pmtiles") { MapFormat::Pmtiles } else { MapFormat::Geojson },
            credit: self.credit.clone(),
        }
    }
}

/// Reads a map in: `map.toml` with the files beside it. How many features its GeoJSON files have, and how many of them are not within the
/// bounds.
///
/// # Errors
/// [`BadMap`].
pub fn read_map(folder: &DataFolder, file: &Path) -> Result<(usize, usize), BadMap> {
    let wrong = |reason: String| BadMap::File { file: file.to_owned(), reason };
    let text = read(file, LONGEST_TOML, "is no description of a map")?;
    let text = String::from_utf8(text).map_err(|_no_text| wrong("is no text in UTF-8".to_owned()))?;
    let toml: MapToml = toml::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    let [west, south, east, north] = toml.bounds;
    if !(is_on_earth(west, south) && is_on_earth(east, north) && west < east && south < north) {
        return Err(wrong("bounds are west, south, east, north in degrees".to_owned()));
    }
    if toml.hazard.len() > MOST_HAZARDS {
        return Err(wrong(format!("more than {MOST_HAZARDS} hazard areas")));
    }
    let own = folder.path().join(FOLDER);
    private_file::private_folder(&own).map_err(|source| BadMap::Disk { file: own.clone(), source })?;
    let mut found = (0_usize, 0_usize);
    let mut keep = |described: FileToml| -> Result<KeptFile, BadMap> {
        let FileToml { file: named, name, credit } = described;
        for text in [&name, &credit] {
            if text.trim().is_empty() || text.chars().count() > LONGEST_TEXT {
                return Err(wrong(format!("a name and a credit have 1 to {LONGEST_TEXT} characters")));
            }
        }
        let path = file.parent().unwrap_or(Path::new(".")).join(named);
        let (kept, features, outside) = keep_file(&own, &path, toml.bounds)?;
        found = (found.0.saturating_add(features), found.1.saturating_add(outside));
        Ok(KeptFile { file: kept, name, credit })
    };
    let index = MapIndex {
        bounds: Some(toml.bounds),
        base: Some(keep(toml.base)?),
        hazards: toml.hazard.into_iter().map(&mut keep).collect::<Result<_, _>>()?,
    };
    let bytes = serde_json::to_vec(&index).unwrap_or_default();
    private_file::replace(&own, INDEX, &bytes)
        .map_err(|source| BadMap::Disk { file: own.join(INDEX), source })?;
    forget_others(&own, &index).map_err(|source| BadMap::Disk { file: own, source })?;
    Ok(found)
}

/// Files of maps before.
fn forget_others(folder: &Path, index: &MapIndex) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name();
        let name = name.to_string_lossy();
        let is_of = |file: &KeptFile| name.starts_with(&file.file);
        if name != INDEX && !index.base.iter().chain(&index.hazards).any(is_of) {
            std::fs::remove_file(folder.join(&*name))?;
        }
    }
    Ok(())
}

/// What was read in; nothing where nobody did.
pub(crate) fn index(folder: &DataFolder) -> std::io::Result<MapIndex> {
    let bytes = private_file::read(&folder.path().join(FOLDER), INDEX, LONGEST_TOML)?;
    Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default())
}

/// Where a file of the map lies, if it is one.
pub(crate) fn path_of(folder: &DataFolder, index: &MapIndex, name: &str) -> Option<PathBuf> {
    let mut known = index.base.iter().chain(&index.hazards);
    known.find(|file| file.file == name).map(|file| folder.path().join(FOLDER).join(&file.file))
}

fn is_on_earth(east: f64, north: f64) -> bool {
    (-180.0..=180.0).contains(&east) && (-90.0..=90.0).contains(&north)
}

fn read(file: &Path, longest: u64, too_long: &str) -> Result<Vec<u8>, BadMap> {
    let disk = |source| BadMap::Disk { file: file.to_owned(), source };
    let mut bytes = Vec::new();
    File::open(file).and_then(|open| open.take(longest + 1).read_to_end(&mut bytes)).map_err(disk)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > longest {
        return Err(BadMap::File { file: file.to_owned(), reason: too_long.to_owned() });
    }
    Ok(bytes)
}

/// Puts a file into the folder under a name made of its content. The name, how many features it has, and how many of them are outside.
fn keep_file(folder: &Path, file: &Path, bounds: [f64; 4]) -> Result<(String, usize, usize), BadMap> {
    let wrong = |reason: &str| BadMap::File { file: file.to_owned(), reason: reason.to_owned() };
    let disk = |source| BadMap::Disk { file: file.to_owned(), source };
    let extension = file.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    match extension {
        "geojson" | "json" => {
            let too_long = "is over 8 MB: tablets read it as a whole. Make tiles of it (.pmtiles)";
            let bytes = read(file, LONGEST_GEOJSON, too_long)?;
            let value: Value = serde_json::from_slice(&bytes).map_err(|_no_json| wrong("is no JSON"))?;
            let [features, outside] = features(&value, bounds).ok_or_else(|| {
                wrong("is no GeoJSON of a map: a FeatureCollection (RFC 7946) with positions in degrees")
            })?;
            let bytes = value.to_string().into_bytes();
            let name = format!("{}.geojson", name_of(&bytes));
            private_file::replace(folder, &name, &bytes).map_err(disk)?;
            private_file::replace(folder, &format!("{name}.gz"), &packed(&bytes)).map_err(disk)?;
            Ok((name, features, outside))
        }
        "pmtiles" => {
            let bytes = read(file, LONGEST_PMTILES, "is over 256 MB: make tiles of the town alone")?;
            if !is_pmtiles(&bytes) {
                return Err(wrong("is no whole file of vector tiles (PMTiles version 3 with type MVT)"));
            }
            let name = format!("{}.pmtiles", name_of(&bytes));
            private_file::replace(folder, &name, &bytes).map_err(disk)?;
            Ok((name, 0, 0))
        }
        _ => Err(wrong("is neither .geojson nor .pmtiles")),
    }
}

fn name_of(bytes: &[u8]) -> String {
    hex::text(digest(&SHA256, bytes).as_ref().get(..16).unwrap_or_default())
}

/// How many features there are, and how many have no point within the bounds; nothing for what is no GeoJSON of a map.
fn features(value: &Value, [west, south, east, north]: [f64; 4]) -> Option<[usize; 2]> {
    if value.get("type")?.as_str()? != "FeatureCollection" {
        return None;
    }
    let features = value.get("features")?.as_array()?;
    let mut outside = 0_usize;
    for feature in features {
        if feature.get("type")?.as_str()? != "Feature" {
            return None;
        }
        let geometry = feature.get("geometry")?;
        if geometry.is_null() {
            continue;
        }
        let mut is_inside = false;
        each_position(geometry.get("coordinates")?, 0, &mut |longitude, latitude| {
            is_inside |= (west..=east).contains(&longitude) && (south..=north).contains(&latitude);
        })?;
        outside = outside.saturating_add(usize::from(!is_inside));
    }
    Some([features.len(), outside])
}

/// Shows every position of a geometry (RFC 7946 §3.1.1); nothing if it is none.
fn each_position(value: &Value, depth: u8, show: &mut impl FnMut(f64, f64)) -> Option<()> {
    /// A MultiPolygon has lists of polygons of rings of positions.
    const DEEPEST: u8 = 4;
    let list = value.as_array().filter(|_| depth < DEEPEST)?;
    if list.first().is_some_and(Value::is_number) {
        let [longitude, latitude, ..] = list.as_slice() else { return None };
        let (longitude, latitude) = (longitude.as_f64()?, latitude.as_f64()?);
        return is_on_earth(longitude, latitude).then(|| show(longitude, latitude));
    }
    list.iter().try_for_each(|inner| each_position(inner, depth.saturating_add(1), show))
}

/// The header of PMTiles version 3 (§3 of its specification): its directories and tiles are within the file, and the tiles are MVT.
fn is_pmtiles(bytes: &[u8]) -> bool {
    const HEADER: usize = 127;
    /// The root directory lies in what a reader fetches first.
    const FIRST: u64 = 16_384;
    const MVT: u8 = 1;
    let Some(header) = bytes.get(..HEADER) else { return false };
    let number = |at: usize| {
        let field = header.get(at..).and_then(|rest| rest.first_chunk::<8>());
        field.map_or(u64::MAX, |field| u64::from_le_bytes(*field))
    };
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    // Root directory, metadata, leaf directories, tiles: where each begins and how long it is.
    let is_within =
        |at: usize| number(at).checked_add(number(at.saturating_add(8))).is_some_and(|end| end <= length);
    header.starts_with(b"PMTiles\x03")
        && [8, 24, 40, 56].into_iter().all(is_within)
        && number(8).saturating_add(number(16)) <= FIRST
        && header.get(99) == Some(&MVT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feature(coordinates: &str) -> String {
        format!(
            r#"{{"type":"FeatureCollection","features":[{{"type":"Feature","properties":{{}},"geometry":{{"type":"Polygon","coordinates":{coordinates}}}}}]}}"#
        )
    }

    fn town(parent: &Path, geojson: &str) -> Result<(usize, usize), BadMap> {
        let text = "bounds = [134.0, 33.0, 135.0, 34.0]\n[base]\nfile = \"a.geojson\"\nname = \"地図\"\ncredit = \"県\"\n";
        std::fs::write(parent.join("map.toml"), text).unwrap();
        std::fs::write(parent.join("a.geojson"), geojson).unwrap();
        read_map(&DataFolder::new(parent), &parent.join("map.toml"))
    }

    #[test]
    fn a_map_is_kept_under_a_name_of_its_content_and_what_is_outside_is_counted() {
        let parent = tempfile::tempdir().unwrap();
        assert_eq!(
            town(parent.path(), &feature("[[[134.5,33.5],[134.6,33.5],[134.5,33.5]]]")).unwrap(),
            (1, 0)
        );
        let folder = DataFolder::new(parent.path());
        let first = index(&folder).unwrap();
        let base = first.base.clone().unwrap();
        let path = path_of(&folder, &first, &base.file).unwrap();
        assert!(path.is_file() && path.with_extension("geojson.gz").is_file());
        assert!(path_of(&folder, &first, "../keys/town-root").is_none());
        assert_eq!(town(parent.path(), &feature("[[[10.5,33.5],[10.6,33.5],[10.5,33.5]]]")).unwrap(), (1, 1));
        assert_ne!(index(&folder).unwrap().base.unwrap().file, base.file);
    }

    #[test]
    fn what_is_no_map_is_refused_and_the_one_before_stays() {
        let parent = tempfile::tempdir().unwrap();
        town(parent.path(), &feature("[[[134.5,33.5]]]")).unwrap();
        let before = index(&DataFolder::new(parent.path())).unwrap().base;
        let deep = format!("{}1{}", "[".repeat(60), "]".repeat(60));
        let bad = [
            "{",
            "[]",
            r#"{"type":"Feature"}"#,
            &feature("[[[134.5]]]"),
            &feature("[[[200.0,33.5]]]"),
            &feature(r#"[[["134.5",33.5]]]"#),
            &feature(&deep),
        ];
        for bad in bad {
            assert!(matches!(town(parent.path(), bad), Err(BadMap::File { .. })), "{bad}");
        }
        let long = feature(&format!("[[[134.5,33.5]]{}]", " ".repeat(9 << 20)));
        assert!(town(parent.path(), &long).unwrap_err().to_string().contains(".pmtiles"));
        assert_eq!(index(&DataFolder::new(parent.path())).unwrap().base, before);
    }

    #[test]
    fn tiles_whose_parts_are_not_in_the_file_are_refused() {
        let mut bytes = b"PMTiles\x03".to_vec();
        for (at, length) in [(127_u64, 10_u64), (137, 0), (137, 0), (137, 20)] {
            bytes.extend(at.to_le_bytes());
            bytes.extend(length.to_le_bytes());
        }
        bytes.resize(157, 0);
        bytes[99] = 1;
        assert!(is_pmtiles(&bytes));
        assert!(!is_pmtiles(&bytes[..156]) && !is_pmtiles(&bytes[..100]) && !is_pmtiles(b""));
        for (at, value) in [(7, 2), (99, 2), (15, 1), (71, 0xff)] {
            let mut bent = bytes.clone();
            bent[at] = value;
            assert!(!is_pmtiles(&bent), "{at}");
        }
    }
}
