//! The national open data of shelters and emergency sites becomes the `[[site]]` entries of a `town.toml`: read once when a town
//! is set up, looked through by a person, and pasted.

use std::collections::BTreeMap;
use std::path::PathBuf;

use hinamori_model::{SiteId, SiteKind};
use hinamori_roster::{Designation, Hazard, ListedSite, Problem, Sites, Suitability};
use ring::digest::{SHA256, digest};
use serde::Serialize;

use crate::import::{ImportError, read};

/// Ahead of what a site's id is made of.
const DOMAIN: &[u8] = b"hinamori site of a national list/v1";

/// What the lists say.
#[derive(Debug, Default)]
pub struct OpenData {
    /// TOML, one `[[site]]` for each place.
    pub toml: String,
    /// How many places.
    pub sites: usize,
    /// What is wrong, by file.
    pub problems: Vec<(PathBuf, Problem)>,
}

#[derive(Serialize)]
struct Entry {
    id: SiteId,
    name: String,
    kind: SiteKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    latitude: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    longitude: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    capacity: Option<u32>,
}

/// Reads the lists (CSV or GeoJSON). A place that stands in several is one, and a shelter if any says so.
///
/// # Errors
/// [`ImportError::File`] for a file that cannot be trusted as a whole.
pub fn read_open_data(files: &[PathBuf]) -> Result<OpenData, ImportError> {
    let mut data = OpenData::default();
    let mut places: BTreeMap<SiteId, ListedSite> = BTreeMap::new();
    let mut order = Vec::new();
    for file in files {
        let refused =
            |problem: Problem| ImportError::File { file: file.clone(), reason: problem.to_string() };
        let list = Sites::read(&read(file)?).map_err(refused)?;
        data.problems.extend(list.problems.into_iter().map(|problem| (file.clone(), problem)));
        for place in list.sites {
            let id = id_of(&place);
            match places.get_mut(&id) {
                Some(known) => join(known, &place),
                None => {
                    order.push(id);
                    places.insert(id, place);
                }
            }
        }
    }
    for (id, place) in order.iter().filter_map(|id| places.get(id).map(|place| (*id, place))) {
        data.toml.push_str(&entry(id, place));
        data.sites = data.sites.saturating_add(1);
    }
    Ok(data)
}

/// A shelter and an emergency site of one name at one address are one place; their common ids differ.
fn id_of(place: &ListedSite) -> SiteId {
    let plain = |text: &str| text.chars().filter(|letter| !letter.is_whitespace()).collect::<String>();
    let (name, address) = (plain(&place.name), plain(&place.address));
    // The lengths keep two texts apart, wherever one ends.
    let lengths = [name.len(), address.len()].map(|length| (length as u64).to_be_bytes()).concat();
    let hash = digest(&SHA256, &[DOMAIN, &lengths, name.as_bytes(), address.as_bytes()].concat());
    let mut id = [0; 16];
    id.iter_mut().zip(hash.as_ref()).for_each(|(to, from)| *to = *from);
    SiteId::from_bytes(id)
}

fn join(known: &mut ListedSite, other: &ListedSite) {
    if known.designation != other.designation {
        known.designation = Designation::Both;
    }
    for hazard in Hazard::ALL {
        if known.hazards.of(hazard) == Suitability::Unknown {
            known.hazards = known.hazards.with(hazard, other.hazards.of(hazard));
        }
    }
    known.position = known.position.or(other.position);
    known.capacity = known.capacity.or(other.capacity);
}

/// One entry, with what whoever looks through it needs to know.
fn entry(id: SiteId, place: &ListedSite) -> String {
    let kind = match place.designation {
        Designation::Shelter | Designation::Both => SiteKind::Shelter,
        Designation::EmergencySite => SiteKind::EmergencySite,
    };
    let unsuitable: Vec<&str> = Hazard::ALL
        .into_iter()
        .filter(|hazard| place.hazards.of(*hazard) == Suitability::Unsuitable)
        .map(word)
        .collect();
    let mut comment = format!("# {}", one_line(&place.address));
    if !unsuitable.is_empty() {
        comment.push_str(&format!("。使えない災害: {}", unsuitable.join("・")));
    }
    let degrees = |microdegrees: i32| f64::from(microdegrees) / 1e6;
    let (latitude, longitude) = place.position.map_or((None, None), |at| {
        (Some(degrees(at.latitude_microdegrees)), Some(degrees(at.longitude_microdegrees)))
    });
    let entry =
        Entry { id, name: one_line(&place.name), kind, latitude, longitude, capacity: place.capacity };
    let fields = toml::to_string(&entry).unwrap_or_default();
    format!("{comment}\n[[site]]\n{fields}\n")
}

const fn word(hazard: Hazard) -> &'static str {
    match hazard {
        Hazard::Flood => "洪水",
        Hazard::Landslide => "崖崩れ・土石流・地滑り",
        Hazard::StormSurge => "高潮",
        Hazard::Earthquake => "地震",
        Hazard::Tsunami => "津波",
        Hazard::Fire => "大規模な火事",
        Hazard::InlandFlood => "内水氾濫",
        Hazard::Volcano => "火山現象",
    }
}

/// A line of its own in a file: nothing ends the comment or begins another entry.
fn one_line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHELTERS: &str = "NO,共通ID,都道府県名及び市町村名,施設・場所名,住所,指定緊急避難場所との住所同一,受入対象者,緯度,経度\r\n\
1,E3638700053111,徳島県美波町,阿部校,徳島県美波町阿部103,1,,33.791096,134.640035\r\n\
2,E3638700053112,徳島県美波町,\"集会所\n[[site]]\",徳島県美波町阿部214,,,33.790095,134.639341\r\n";
    const EMERGENCY: &str = "NO,共通ID,都道府県名及び市町村名,施設・場所名,住所,洪水,崖崩れ、土石流及び地滑り,高潮,地震,津波,大規模な火事,内水氾濫,火山現象,指定避難所との住所同一,備考,緯度,経度\r\n\
1,E3638700053201,徳島県美波町,阿部校,徳島県美波町阿部103,1,1,1,1,,,,,1,,33.791096,134.640035\r\n\
2,E3638700053202,徳島県美波町,高台広場,徳島県美波町阿部1,1,1,1,1,1,,,,,,33.79,134.64\r\n";

    fn listed(files: &[(&str, &str)]) -> OpenData {
        let folder = tempfile::tempdir().unwrap();
        let paths = files.iter().map(|(name, text)| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        });
        read_open_data(&paths.collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn a_place_of_both_lists_is_one_site_and_what_it_is_unfit_for_is_said() {
        let data = listed(&[("shelters.csv", SHELTERS), ("emergency.csv", EMERGENCY)]);
        assert_eq!(data.sites, 3);
        let read: toml::Table = toml::from_str(&data.toml).unwrap();
        let sites = read["site"].as_array().unwrap();
        let of = |name: &str| sites.iter().find(|site| site["name"].as_str() == Some(name)).unwrap();
        assert_eq!(of("阿部校")["kind"].as_str(), Some("shelter"));
        assert_eq!(of("阿部校")["latitude"].as_float(), Some(33.791_096));
        assert_eq!(of("阿部校")["longitude"].as_float(), Some(134.640_035));
        assert_eq!(of("高台広場")["kind"].as_str(), Some("emergency_site"));
        assert_eq!(
            of("集会所 [[site]]")["kind"].as_str(),
            Some("shelter"),
            "no line of the list makes an entry"
        );
        let school = data.toml.split("[[site]]").next().unwrap();
        assert!(school.contains("津波") && !school.contains("高潮"), "{school}");
        // The same lists give the same ids: an entry that was pasted once stays the same site.
        assert_eq!(listed(&[("shelters.csv", SHELTERS), ("emergency.csv", EMERGENCY)]).toml, data.toml);
    }
}
