//! National lists of places.
#![expect(clippy::unwrap_used, reason = "a test ends at a surprise")]

use std::fs;
use std::path::Path;

use encoding_rs::SHIFT_JIS;
use hinamori_roster::{Designation, GeoPosition, Hazard, Problem, Reason, Severity, Sites, Suitability};

fn reasons(sites: &Sites) -> Vec<(u32, Severity, Reason)> {
    sites.problems.iter().map(|problem| (problem.line, problem.severity, problem.reason)).collect()
}

fn refusal(text: &str) -> Problem {
    Sites::read(text.as_bytes()).unwrap_err()
}

#[test]
fn the_standard_dataset_is_read_from_shift_jis() {
    let text = "全国地方公共団体コード,ID,地方公共団体名,名称,名称_カナ,所在地_連結表記,緯度,経度,災害種別_洪水,\"災害種別_崖崩れ、土石流及び地滑り\",災害種別_高潮,災害種別_地震,災害種別_津波,災害種別_大規模な火事,災害種別_内水氾濫,災害種別_火山現象,指定避難所との重複,想定収容人数,備考\r\n\
        36387,0000000001,美波町,阿部校,ｱﾌﾞｺｳ,美波町阿部103,33.791096,134.640035,1,○,,１,×,,0,,1,\"1,200人\",裏口\r\n";
    let (bytes, _, has_replaced) = SHIFT_JIS.encode(text);
    assert!(!has_replaced);
    let read = Sites::read(&bytes).unwrap();
    assert_eq!(reasons(&read), []);
    let site = read.sites.first().unwrap();
    assert_eq!(
        (site.name.as_str(), site.kana.as_str(), site.address.as_str()),
        ("阿部校", "アブコウ", "美波町阿部103")
    );
    assert_eq!(site.municipality.unwrap().to_string(), "363871");
    assert_eq!(site.common_id, "0000000001");
    let position = GeoPosition { latitude_microdegrees: 33_791_096, longitude_microdegrees: 134_640_035 };
    assert_eq!(site.position, Some(position));
    let suitable: Vec<_> =
        Hazard::ALL.into_iter().filter(|hazard| site.hazards.of(*hazard) == Suitability::Suitable).collect();
    assert_eq!(suitable, [Hazard::Flood, Hazard::Landslide, Hazard::Earthquake]);
    assert_eq!(site.hazards.of(Hazard::Volcano), Suitability::Unsuitable);
    assert_eq!((site.designation, site.capacity), (Designation::Both, Some(1200)));
    assert_eq!(site.remarks, "裏口");
}

#[test]
fn the_lists_of_the_geospatial_authority_are_told_apart() {
    let emergency = "NO,共通ID,施設・場所名,住所,洪水,崖崩れ 土石流及び地滑り,津波,指定避難所との住所同一,備考\n1,E3638700053201,阿部校,阿部103,1,1,,,\n";
    let read = Sites::read(emergency.as_bytes()).unwrap();
    let site = &read.sites[0];
    assert_eq!(site.designation, Designation::EmergencySite);
    assert_eq!(site.municipality.unwrap().to_string(), "363871");
    assert_eq!(site.hazards.of(Hazard::Landslide), Suitability::Suitable);
    assert_eq!(site.hazards.of(Hazard::Tsunami), Suitability::Unsuitable);
    assert_eq!(site.hazards.of(Hazard::Volcano), Suitability::Unknown);
    let shelters = "NO,共通ID,施設・場所名,住所,指定緊急避難場所との住所同一,受入対象者\n1,E3638700058111,荘厳寺,志和岐,,要配慮者\n2,E3638700054111,由岐小,西の地,1,\n";
    let read = Sites::read(shelters.as_bytes()).unwrap();
    assert_eq!(
        (read.sites[0].designation, read.sites[0].received.as_str()),
        (Designation::Shelter, "要配慮者")
    );
    assert_eq!(read.sites[1].designation, Designation::Both);
    assert_eq!(read.sites[1].hazards.of(Hazard::Earthquake), Suitability::Unknown);
}

#[test]
fn what_is_doubtful_is_left_out_and_said() {
    let text = "ID,名称,市区町村コード,緯度,経度,津波,想定収容人数\n1,一,999,134.6,33.8,△,多数\n2,二,,北,東,,\n1,三,,,,,\n4,,,,,,\n";
    let read = Sites::read(text.as_bytes()).unwrap();
    let expected = [
        (2, Severity::Warning, Reason::CodeMalformed),
        (2, Severity::Warning, Reason::PositionOutsideJapan),
        (2, Severity::Warning, Reason::SuitabilityUnreadable),
        (2, Severity::Warning, Reason::CapacityUnreadable),
        (3, Severity::Warning, Reason::PositionUnreadable),
        (4, Severity::Refused, Reason::NumberTwice { first_line: 2 }),
        (5, Severity::Refused, Reason::ValueMissing),
    ];
    assert_eq!(reasons(&read), expected);
    assert!(read.sites.iter().all(|site| site.position.is_none() && site.capacity.is_none()));
    assert_eq!(read.sites[0].hazards.of(Hazard::Tsunami), Suitability::Unknown);
    assert_eq!(refusal("ID,住所\n1,阿部\n").reason, Reason::ColumnMissing);
}

#[test]
fn geojson_is_read_feature_by_feature() {
    let text = r#"{"type": "FeatureCollection", "features": [
        {"geometry": {"type": "Point", "coordinates": [134.6, 33.8, 5]}, "properties": {"施設・場所名": "一", "地震": 1, "津波": null}},

        {"geometry": {"type": "Polygon", "coordinates": [[[134.6, 33.8]]]}, "properties": {"施設・場所名": "二"}},
        {"geometry": null, "properties": {"施設・場所名": "三", "備考": {"a": 1}}},
        {"geometry": null, "properties": {"施設・場所名": "四", "備考": "\u0007"}},
        {"geometry": null, "properties": {"施設・場所名": "五"}},
        {"geometry": null, "properties": {}}
    ]}"#;
    let read = Sites::read(text.as_bytes()).unwrap();
    let expected = [
        (4, Severity::Refused, Reason::NotASite),
        (5, Severity::Refused, Reason::NotASite),
        (6, Severity::Refused, Reason::ControlCharacter),
        (8, Severity::Refused, Reason::ValueMissing),
    ];
    assert_eq!(reasons(&read), expected);
    assert_eq!(read.sites.iter().map(|site| site.name.as_str()).collect::<Vec<_>>(), ["一", "五"]);
    assert_eq!(read.sites[0].hazards.of(Hazard::Earthquake), Suitability::Suitable);
    assert_eq!(read.sites[0].hazards.of(Hazard::Tsunami), Suitability::Unsuitable);
    assert!(read.sites[0].position.is_some() && read.sites[1].position.is_none());
    let cut = refusal("{\"features\": [\n{\"geometry\"");
    assert_eq!((cut.line, cut.reason), (2, Reason::NotGeoJson));
}

#[test]
fn geojson_has_budgets() {
    let many = |count: usize| format!("{{\"features\":[{}]}}", vec!["0"; count].join(","));
    assert_eq!(Sites::read(many(3).as_bytes()).unwrap().problems.len(), 3);
    assert_eq!(refusal(&many(200_001)).reason, Reason::TooManyRows);
    let long = "1,".repeat(250_000);
    let text = format!("{{\"features\":[{{\"properties\":{{\"名称\":\"一\"}},\"id\":[{long}1]}}]}}");
    let read = Sites::read(text.as_bytes()).unwrap();
    assert_eq!((read.sites.len(), reasons(&read)), (0, vec![(1, Severity::Refused, Reason::NotASite)]));
}

/// The real data of a town, where it lies beside the checkout.
#[test]
fn the_lists_of_a_real_town_are_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/minami");
    let Ok(emergency) = fs::read(folder.join("emergency_sites.geojson")) else { return };
    let emergency = Sites::read(&emergency).unwrap();
    assert_eq!((emergency.sites.len(), reasons(&emergency)), (35, vec![]));
    let abu = emergency.sites.iter().find(|site| site.name == "阿部校").unwrap();
    assert_eq!(abu.hazards.of(Hazard::Tsunami), Suitability::Unsuitable);
    assert_eq!(abu.hazards.of(Hazard::Earthquake), Suitability::Suitable);
    assert_eq!(abu.designation, Designation::Both);
    let shelters = Sites::read(&fs::read(folder.join("designated_shelters.geojson")).unwrap()).unwrap();
    assert_eq!((shelters.sites.len(), reasons(&shelters)), (41, vec![]));
    let codes = shelters.sites.iter().map(|site| site.municipality.unwrap().to_string());
    assert!(codes.into_iter().all(|code| code == "363871"));
    assert!(shelters.sites.iter().all(|site| site.position.is_some()));
}
