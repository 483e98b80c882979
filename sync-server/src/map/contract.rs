//! What a tablet's map is told: places, numbers and how households stand. Nobody is named, and whoever is hidden is not seen yet here too.
//!
//! Times are milliseconds since 1970, positions `[longitude, latitude]` in degrees (WGS 84, RFC 7946 §3.1.1).

use hinamori_model::{Hlc, Mode, UnixMillis};
use hinamori_record::{RuledStanding, SiteWord};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Longitude, then latitude.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub(crate) struct Position(pub(crate) [f64; 2]);

/// For real, or as a drill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MapMode {
    /// The incident that stands by, in earnest.
    Live,
    /// 訓練
    Drill,
}

impl From<MapMode> for Mode {
    fn from(mode: MapMode) -> Self {
        match mode {
            MapMode::Live => Self::Live,
            MapMode::Drill => Self::Drill,
        }
    }
}

/// Which map.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WhichMap {
    /// In earnest or a drill.
    pub(crate) mode: MapMode,
}

/// Everything that the map shows of an incident at first.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct MapState {
    /// Where this stands among the changes: what `/map/changes` goes on from.
    pub(crate) revision: String,
    /// When it was counted, by the server's clock.
    #[schema(value_type = u64)]
    pub(crate) at: UnixMillis,
    /// The town.
    pub(crate) town: String,
    /// In earnest or a drill.
    pub(crate) mode: MapMode,
    /// What headquarters calls the incident.
    pub(crate) incident: Option<String>,
    /// The whole town.
    pub(crate) figures: Figures,
    /// 町字, in the roster's order.
    pub(crate) districts: Vec<DistrictState>,
    /// Sites of the town, then shelters that people opened themselves.
    pub(crate) sites: Vec<SiteState>,
    /// The order that is in force and was changed last; none where nothing is.
    pub(crate) alert: Option<AlertState>,
}

/// What changed since a revision. What is left out is as it was; a district, a site and the figures come whole.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct MapChange {
    /// Where the map stands after it.
    pub(crate) revision: String,
    /// When it was counted.
    #[schema(value_type = u64)]
    pub(crate) at: UnixMillis,
    /// The whole town, if it changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) figures: Option<Figures>,
    /// Those that changed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) districts: Vec<DistrictState>,
    /// Those that changed, or are new.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) sites: Vec<SiteState>,
    /// The ids of sites that are gone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) gone_sites: Vec<String>,
    /// Households that changed: the number, how it stands, and what is known of its televisions, as [`HouseholdRow`] says.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) households: Vec<(u32, HouseholdStanding, Option<TelevisionStanding>)>,
    /// Whether `alert` changed; it may be gone.
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) alert_changed: bool,
    /// What is in force now, if that changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) alert: Option<AlertState>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// How a household stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum HouseholdStanding {
    /// 到着: everybody is at a shelter, or known to stay at home or in a car.
    Arrived,
    /// 一部: some of them are.
    Partly,
    /// 通過: nobody arrived, and somebody passed a check-point.
    Passed,
    /// ほかの場所: nobody was seen, and all of them were said to be elsewhere.
    ToldElsewhere,
    /// 未到着: nobody was seen, or somebody was missed at a roll-call.
    NotArrived,
    /// 不明: nobody was seen, and no word of an order in force got to them by their televisions, or they have none.
    Unknown,
}

/// People by how they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, ToSchema)]
pub(crate) struct PeopleCounts {
    /// On the roster.
    pub(crate) all: u32,
    /// Received at a shelter, or known to stay at home or in a car.
    pub(crate) arrived: u32,
    /// Seen at a check-point.
    pub(crate) passed: u32,
    /// Said to be elsewhere.
    pub(crate) told_elsewhere: u32,
    /// Not seen, or missed at a roll-call.
    pub(crate) not_arrived: u32,
    /// Of those, people on the list of those who need support.
    pub(crate) support_not_arrived: u32,
}

/// Households by how they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, ToSchema)]
pub(crate) struct HouseholdCounts {
    /// Everybody.
    pub(crate) arrived: u32,
    /// Some.
    pub(crate) partly: u32,
    /// At a check-point.
    pub(crate) passed: u32,
    /// Said to be elsewhere.
    pub(crate) told_elsewhere: u32,
    /// Nobody.
    pub(crate) not_arrived: u32,
    /// Nobody, and nobody knows whether they heard.
    pub(crate) unknown: u32,
}

/// The whole town in figures.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Figures {
    /// People of the roster.
    pub(crate) people: PeopleCounts,
    /// Households of the roster.
    pub(crate) households: HouseholdCounts,
    /// 帰省者・来訪者 at shelters, who are on no roster.
    pub(crate) visitors: u32,
    /// At shelters, and without a name so far.
    pub(crate) unnamed: u32,
    /// People who had arrived at the end of each of the last six periods of ten minutes and now, the earliest first; `null` for what was
    /// before the server began to count.
    pub(crate) arrived_by_ten_minutes: Vec<Option<u32>>,
    /// People whom two sites claim.
    pub(crate) conflicts: u32,
}

/// A district.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct DistrictState {
    /// Its number, for `/map/districts/{id}/households`, as long as what stands in front of the revision's point is the same.
    pub(crate) id: u16,
    /// As the roster has it; empty for people of none.
    pub(crate) name: String,
    /// A point in it; none where the plan has no outline.
    pub(crate) center: Option<Position>,
    /// People.
    pub(crate) people: PeopleCounts,
    /// Households.
    pub(crate) households: HouseholdCounts,
}

/// Whether people can go to a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SiteStanding {
    /// 開: headquarters or its staff opened it, or somebody is received there.
    Open,
    /// 満: headquarters said so, or as many are there as it has places for.
    Full,
    /// 閉: headquarters closed it. Whoever comes is taken in all the same.
    Closed,
    /// ？: nobody said anything yet.
    Unknown,
}

/// What headquarters says of a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RuledSite {
    /// 開設
    Open,
    /// 受入停止（満員）
    Full,
    /// 閉鎖
    Closed,
}

/// Headquarters' word on a site. It holds until the next one, whatever the site's staff does since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct SiteWordState {
    /// Another one for every word: what whoever says the next one has seen.
    pub(crate) id: String,
    /// When it was said.
    #[schema(value_type = u64)]
    pub(crate) at: UnixMillis,
    /// None where it says nothing of that.
    pub(crate) standing: Option<RuledSite>,
    /// None where it says nothing of that.
    pub(crate) capacity: Option<u32>,
    /// Whether its staff opened it after that.
    pub(crate) opened_since: bool,
}

impl SiteWordState {
    pub(crate) fn new((word, at): (SiteWord, Hlc), opened: Option<Hlc>) -> Self {
        let standing = word.standing.map(|standing| match standing {
            RuledStanding::Open => RuledSite::Open,
            RuledStanding::Full => RuledSite::Full,
            RuledStanding::Closed => RuledSite::Closed,
        });
        Self {
            id: format!("{:x}", at.packed()),
            at: at.millis(),
            standing,
            capacity: word.capacity,
            opened_since: opened.is_some_and(|opened| opened > at),
        }
    }
}

impl From<RuledSite> for RuledStanding {
    fn from(standing: RuledSite) -> Self {
        match standing {
            RuledSite::Open => Self::Open,
            RuledSite::Full => Self::Full,
            RuledSite::Closed => Self::Closed,
        }
    }
}

/// What a site is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MapSiteKind {
    /// 避難所
    Shelter,
    /// 通過確認地点
    CheckPoint,
    /// 見守り拠点
    WatchSpot,
    /// 指定緊急避難場所
    EmergencySite,
}

/// A site.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct SiteState {
    /// Its id.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
    /// What it is for.
    pub(crate) kind: MapSiteKind,
    /// Where it is; none where nobody said it: then it is in the list alone.
    pub(crate) position: Option<Position>,
    /// Whether people can go there.
    pub(crate) standing: SiteStanding,
    /// 自主避難所
    pub(crate) own_shelter: bool,
    /// People who are there now; at a check-point who was seen last when they passed it. Hidden people are in none of a site's numbers.
    pub(crate) here: u32,
    /// Those of them who were seen within twelve hours.
    pub(crate) confirmed: u32,
    /// Those without a name.
    pub(crate) unnamed: u32,
    /// Whether people are received outside of its building: whoever looked at it saw something, or was not sure.
    pub(crate) outside: bool,
    /// Missed at a roll-call.
    pub(crate) unaccounted: u32,
    /// Out for a while.
    pub(crate) out: u32,
    /// How many it has places for, by headquarters' word, else by the town's package.
    pub(crate) capacity: Option<u32>,
    /// Headquarters' word in force.
    pub(crate) word: Option<SiteWordState>,
    /// Its boxes.
    pub(crate) boxes: Vec<BoxState>,
    /// For which hazards the plan sends people there: 津波 and so on, and whether it is safe for it; `null` where nobody looked.
    pub(crate) hazards: Vec<SiteHazard>,
}

/// Whether a site is safe for a hazard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct SiteHazard {
    /// As CAP's profile has it, such as `tsunami`.
    pub(crate) hazard: String,
    /// `null` where nobody looked.
    pub(crate) is_safe: Option<bool>,
}

/// A box at a site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct BoxState {
    /// Its id.
    pub(crate) id: String,
    /// Whether it is connected now.
    pub(crate) on_line: bool,
    /// When the server heard of it last.
    #[schema(value_type = Option<u64>)]
    pub(crate) last_contact: Option<UnixMillis>,
    /// thisUpdate of its oldest revocation list; `null` where it has none or said nothing.
    #[schema(value_type = Option<u64>)]
    pub(crate) card_data: Option<UnixMillis>,
    /// Changes that the server has not, as the box said last; `null` where it never did.
    pub(crate) unsent: Option<u32>,
    /// Whether it trusts its clock, as it said last.
    pub(crate) clock_sure: Option<bool>,
    /// Its battery in percent, as it said last; `null` where it has none.
    #[schema(maximum = 100)]
    pub(crate) battery: Option<u8>,
    /// Whether the battery is not being emptied.
    pub(crate) on_mains: Option<bool>,
}

/// The order that is in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct AlertState {
    /// Whether it is 訓練.
    pub(crate) is_exercise: bool,
    /// Such as 避難指示.
    pub(crate) title: String,
    /// Such as `tsunami`.
    pub(crate) hazard: String,
    /// Such as `major_warning`; none for other hazards.
    pub(crate) tsunami: Option<String>,
    /// When its thread began.
    #[schema(value_type = u64)]
    pub(crate) sent: UnixMillis,
    /// Until when it holds.
    #[schema(value_type = u64)]
    pub(crate) expires: UnixMillis,
    /// Its districts.
    pub(crate) districts: Vec<String>,
    /// When the tsunami is expected.
    #[schema(value_type = Option<u64>)]
    pub(crate) arrives: Option<UnixMillis>,
}

/// The households of a district.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct DistrictHouseholds {
    /// As in [`MapState`]: changes after it come to these.
    pub(crate) revision: String,
    /// The district's number.
    pub(crate) district: u16,
    /// All of them.
    pub(crate) households: Vec<HouseholdRow>,
}

/// A household.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct HouseholdRow {
    /// Its number in this roster.
    pub(crate) id: u32,
    /// 班; empty for none.
    pub(crate) group: String,
    /// How many people.
    pub(crate) people: u32,
    /// How it stands.
    pub(crate) standing: HouseholdStanding,
    /// Whether somebody who has not arrived needs support; only for roles that may know of it, otherwise `false`.
    pub(crate) support: bool,
    /// What is known of its televisions under the order in force; none without one.
    pub(crate) television: Option<TelevisionStanding>,
    /// Where it lives; none where the register has no position.
    pub(crate) position: Option<Position>,
}

/// What is known of a household's televisions under the order in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TelevisionStanding {
    /// Somebody asked for help.
    Help,
    /// 避難します
    Going,
    /// It is shown, and nobody answered.
    Shown,
    /// It is on its way to the set.
    Told,
    /// No set can be reached: off, no power, cut off.
    Unreachable,
    /// The household has no set.
    WithoutSet,
}

/// What the base map is made of.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct MapBase {
    /// Where the map opens: west, south, east, north.
    pub(crate) bounds: Option<[f64; 4]>,
    /// The map's file; none where the town gave none.
    pub(crate) base: Option<MapFile>,
    /// Hazard areas, drawn above it.
    pub(crate) hazards: Vec<MapFile>,
    /// Outlines of districts (GeoJSON, `name` in each feature's properties).
    pub(crate) outlines: String,
}

/// A file that the map draws.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct MapFile {
    /// What it is called on the screen, such as 津波の浸水想定.
    pub(crate) name: String,
    /// Where the page gets it.
    pub(crate) url: String,
    /// What it is.
    pub(crate) format: MapFormat,
    /// Who is to be named beside the map.
    pub(crate) credit: String,
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MapFormat {
    /// RFC 7946.
    Geojson,
    /// PMTiles v3 with Mapbox vector tiles; asked for by ranges of bytes.
    Pmtiles,
}
