//! What people are warned of, and what a place is safe from.

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
