//! 指定緊急避難場所 in the national standard's CSV (自治体標準オープンデータセット), for open data.
//!
//! A list of places is of no incident, so it has no mark of a drill. What it says of hazards is the town's designation:
//! 1 is safe for that hazard; unsafe and unknown are both left empty, as the standard has it.

use crate::csv::CsvFile;
use crate::site::Position;

/// The columns in the standard's order.
const HEADERS: [&str; 37] = [
    "全国地方公共団体コード",
    "ID",
    "地方公共団体名",
    "名称",
    "名称_カナ",
    "名称_英字",
    "所在地_全国地方公共団体コード",
    "町字ID",
    "所在地_連結表記",
    "所在地_都道府県",
    "所在地_市区町村",
    "所在地_町字",
    "所在地_番地以下",
    "建物名等(方書)",
    "緯度",
    "経度",
    "標高",
    "電話番号",
    "内線番号",
    "連絡先メールアドレス",
    "連絡先FormURL",
    "連絡先備考（その他、SNSなど）",
    "郵便番号",
    "災害種別_洪水",
    "災害種別_崖崩れ、土石流及び地滑り",
    "災害種別_高潮",
    "災害種別_地震",
    "災害種別_津波",
    "災害種別_大規模な火事",
    "災害種別_内水氾濫",
    "災害種別_火山現象",
    "指定避難所との重複",
    "想定収容人数",
    "対象となる町会・自治会",
    "URL",
    "画像",
    "画像_ライセンス",
];

/// The last column.
const REMARKS: &str = "備考";

/// Whether a site is safe when something happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Safety {
    /// Designated for it.
    Safe,
    /// Not to be used.
    Unsafe,
    /// Nobody said.
    #[default]
    Unknown,
}

/// A site's safety for each of the standard's hazards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hazards {
    /// 洪水
    pub flood: Safety,
    /// 崖崩れ、土石流及び地滑り
    pub landslide: Safety,
    /// 高潮
    pub storm_surge: Safety,
    /// 地震
    pub earthquake: Safety,
    /// 津波
    pub tsunami: Safety,
    /// 大規模な火事
    pub large_fire: Safety,
    /// 内水氾濫
    pub inland_flood: Safety,
    /// 火山現象
    pub volcano: Safety,
}

/// Whether the place is also a 指定避難所.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlsoShelter {
    /// 1
    Yes,
    /// Empty.
    No,
}

/// One 指定緊急避難場所. Texts that are not known are empty. It is open data: nothing here is about a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmergencySite {
    /// The six digits of the municipality, check digit included.
    pub municipality_code: String,
    /// The town's number for the site.
    pub id: String,
    /// The municipality.
    pub municipality: String,
    /// The site.
    pub name: String,
    /// Its reading in katakana.
    pub name_kana: String,
    /// Its name in Latin letters.
    pub name_latin: String,
    /// The number of the district in the base registry of addresses.
    pub district_id: String,
    /// 都道府県
    pub prefecture: String,
    /// 市区町村
    pub city: String,
    /// 町字
    pub district: String,
    /// 番地以下
    pub block: String,
    /// 建物名等
    pub building: String,
    /// Where it is.
    pub position: Option<Position>,
    /// Metres above the sea.
    pub elevation_metres: Option<i16>,
    /// Telephone.
    pub telephone: String,
    /// Extension.
    pub extension: String,
    /// Address for mail.
    pub mail: String,
    /// A page to write to.
    pub form_url: String,
    /// Other ways to reach it.
    pub contact_remarks: String,
    /// Postal code.
    pub postal_code: String,
    /// For what it is safe.
    pub hazards: Hazards,
    /// Whether people can stay.
    pub also_shelter: AlsoShelter,
    /// How many people it takes.
    pub capacity: Option<u32>,
    /// For which neighbourhoods.
    pub neighbourhoods: String,
    /// Its page.
    pub url: String,
    /// A picture.
    pub image: String,
    /// The picture's licence.
    pub image_licence: String,
    /// 備考
    pub remarks: String,
}

/// The list as CSV: UTF-8 with a byte order mark, CRLF, the standard's 38 columns.
pub fn site_list_csv<'s>(sites: impl IntoIterator<Item = &'s EmergencySite>) -> Vec<u8> {
    let mut file = CsvFile::new();
    file.record(HEADERS.into_iter().chain([REMARKS]));
    for site in sites {
        write(&mut file, site);
    }
    file.into_bytes()
}

fn write(file: &mut CsvFile, site: &EmergencySite) {
    let address = [&site.prefecture, &site.city, &site.district, &site.block].map(String::as_str);
    for text in
        [&site.municipality_code, &site.id, &site.municipality, &site.name, &site.name_kana, &site.name_latin]
    {
        file.text(text);
    }
    file.text(&site.municipality_code).text(&site.district_id).text(&address.concat());
    for text in address {
        file.text(text);
    }
    file.text(&site.building);
    number(file, site.position.map(Position::latitude));
    number(file, site.position.map(Position::longitude));
    number(file, site.elevation_metres);
    let contact = [
        &site.telephone,
        &site.extension,
        &site.mail,
        &site.form_url,
        &site.contact_remarks,
        &site.postal_code,
    ];
    for text in contact {
        file.text(text);
    }
    let Hazards { flood, landslide, storm_surge, earthquake, tsunami, large_fire, inland_flood, volcano } =
        site.hazards;
    for safety in [flood, landslide, storm_surge, earthquake, tsunami, large_fire, inland_flood, volcano] {
        number(file, (safety == Safety::Safe).then_some(1));
    }
    number(file, (site.also_shelter == AlsoShelter::Yes).then_some(1));
    number(file, site.capacity);
    for text in [&site.neighbourhoods, &site.url, &site.image, &site.image_licence, &site.remarks] {
        file.text(text);
    }
    file.end();
}

fn number(file: &mut CsvFile, number: Option<impl std::fmt::Display>) {
    match number {
        Some(number) => file.number(number),
        None => file.text(""),
    };
}
