//! The figures of sites for a period, and their sums for the town.

use std::collections::BTreeSet;

use hinamori_model::SiteId;
use serde::{Deserialize, Serialize};

use crate::column::{AgeBand, HeadCountKind, Need, Sex};
use crate::occasion::{Occasion, Period};
use crate::site::Site;

/// The most that one count of one site may be. No site holds as many; sums stay far below what they are kept in.
pub const MOST_PEOPLE: u32 = 100_000;

/// The most sites of one report. The largest cities have some hundred.
pub const MOST_SITES: usize = 1_000;

/// The longest name of an incident, a site or an official in bytes.
pub const MOST_NAME_BYTES: usize = 300;

/// People of one whereabouts, those whom only named roles may know of apart.
///
/// Headquarters' sheet has the sum; what is published is made of `shown` alone. Nowhere do the two stand side by side.
/// `Debug` says neither.
#[derive(Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Total {
    /// Everybody but hidden people.
    pub shown: u32,
    /// Hidden people (秘匿).
    pub hidden_in_total: u32,
}

impl std::fmt::Debug for Total {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Total(hidden)")
    }
}

impl Total {
    /// A total without hidden people.
    pub const fn shown(shown: u32) -> Self {
        Self { shown, hidden_in_total: 0 }
    }

    /// Everybody.
    pub const fn all(self) -> u32 {
        self.shown.saturating_add(self.hidden_in_total)
    }
}

/// Plain counts of one site, as the caller found them at the end of the period.
///
/// Each person is counted at one site and in one whereabouts: where the latest certain record says. Then the sums for
/// the town count nobody twice. Only a [`Total`] has hidden people in it; every other count is of shown people.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteFigures {
    /// With a record of their own in the shelter, residents and visitors.
    pub in_shelter: Total,
    /// 在宅: at home, and looked after from here.
    pub at_home: Total,
    /// 車中泊: in cars, and looked after from here.
    pub in_cars: Total,
    /// Out, gone or said to be elsewhere.
    pub elsewhere: Total,
    /// 所在未確認: missed at a roll-call.
    pub unaccounted: Total,
    /// Seen on the way, at a check-point.
    pub passed: Total,
    /// In the shelter by day: the most at any hour.
    pub by_day: Total,
    /// Slept here.
    pub by_night: Total,
    /// Of those in the shelter: seen in the last 12 hours.
    pub confirmed_within_12_hours: u32,
    /// Households of those in the shelter.
    pub households: u32,
    /// Those in the shelter whose age is known, in the order of [`AgeBand::ALL`] without the unknown.
    pub ages: [u32; 6],
    /// Those in the shelter whose sex is known: female, male, other.
    pub sexes: [u32; 3],
    /// What those in the shelter need, in the order of [`Need::ALL`]. One person may need several things.
    pub needs: [u32; Need::ALL.len()],
    /// Of those in the shelter: visitors who are not on the roster.
    pub visitors: u32,
    /// People in the shelter who are counted without a record of their own: adults, children, infants.
    pub head_count: [u32; 3],
    /// New in the shelter in the period.
    pub arrived: u32,
    /// Gone from the shelter in the period.
    pub left: u32,
}

/// Figures that cannot be. The site is named by its place in the list, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FiguresError {
    /// More sites than a report takes.
    #[error("{sites} sites, more than the {MOST_SITES} that a report takes")]
    TooManySites {
        /// How many there are.
        sites: usize,
    },
    /// A site stands in the list twice, and its people would be counted twice.
    #[error("site {site} stands in the list twice")]
    SameSiteTwice {
        /// Which.
        site: SiteId,
    },
    /// The name of the incident or of a site is longer than [`MOST_NAME_BYTES`].
    #[error("a name of {bytes} bytes, more than {MOST_NAME_BYTES}")]
    LongName {
        /// Its length.
        bytes: usize,
    },
    /// A count above [`MOST_PEOPLE`].
    #[error("a count of site number {place} is above {MOST_PEOPLE}")]
    TooMany {
        /// The site's place.
        place: usize,
    },
    /// A part is larger than those of whom it is a part.
    #[error("the {part} of site number {place} are {people}, of {whole}")]
    PartAboveWhole {
        /// The site's place.
        place: usize,
        /// Which part.
        part: Part,
        /// How many the part has.
        people: u32,
        /// Of how many.
        whole: u32,
    },
    /// Households of the town are more than those of its sites together, or fewer than those of one of them.
    #[error("{households} households in the town, and not between {fewest} and {most}")]
    Households {
        /// What was said.
        households: u32,
        /// The households of the largest site.
        fewest: u32,
        /// The households of all sites.
        most: u32,
    },
    /// The period ends before it begins.
    #[error("the period ends before it begins")]
    PeriodBackwards,
}

/// A part of those in the shelter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// By age.
    Ages,
    /// By sex.
    Sexes,
    /// Seen lately.
    Confirmed,
    /// Not on the roster.
    Visitors,
    /// In need of one thing.
    Need,
}

impl std::fmt::Display for Part {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Ages => "people by age",
            Self::Sexes => "people by sex",
            Self::Confirmed => "people confirmed",
            Self::Visitors => "visitors",
            Self::Need => "people with a need",
        })
    }
}

impl SiteFigures {
    /// Everybody without a record of their own.
    pub fn headed(&self) -> u32 {
        self.head_count.iter().sum()
    }

    /// Everybody in the shelter, named or not.
    pub(crate) fn people_in_shelter(&self, whose: Whose) -> u32 {
        whose.of(self.in_shelter).saturating_add(self.headed())
    }

    /// Those of an age band. Who has none is unknown: people counted by head, and in headquarters' sheet the hidden, who
    /// so look like any other of whom little is known, and the bands always add up.
    pub(crate) fn age(&self, band: AgeBand, whose: Whose) -> u32 {
        let known = AgeBand::ALL.iter().zip(self.ages).find(|(of, _)| **of == band).map(|(_, people)| people);
        known.unwrap_or_else(|| self.people_in_shelter(whose).saturating_sub(self.ages.iter().sum()))
    }

    /// Those of a sex, like [`Self::age`].
    pub(crate) fn sex(&self, sex: Sex, whose: Whose) -> u32 {
        let known = Sex::ALL.iter().zip(self.sexes).find(|(of, _)| **of == sex).map(|(_, people)| people);
        known.unwrap_or_else(|| self.people_in_shelter(whose).saturating_sub(self.sexes.iter().sum()))
    }

    pub(crate) fn need(&self, need: Need) -> u32 {
        Need::ALL.iter().zip(self.needs).find(|(of, _)| **of == need).map_or(0, |(_, people)| people)
    }

    pub(crate) fn heads(&self, kind: HeadCountKind) -> u32 {
        HeadCountKind::ALL
            .iter()
            .zip(self.head_count)
            .find(|(of, _)| **of == kind)
            .map_or(0, |(_, people)| people)
    }

    /// Meals for one sitting, rather too many than too few: whichever is largest of those who are here or may be (the
    /// unaccounted, people counted by head), by day, and by night; and everybody at home and in cars.
    pub fn meals_needed(&self) -> u32 {
        let here = self.people_in_shelter(Whose::Everybody).saturating_add(self.unaccounted.all());
        let inside = here.max(self.by_day.all()).max(self.by_night.all());
        inside.saturating_add(self.at_home.all()).saturating_add(self.in_cars.all())
    }

    fn check(&self, place: usize) -> Result<(), FiguresError> {
        let totals = [
            self.in_shelter,
            self.at_home,
            self.in_cars,
            self.elsewhere,
            self.unaccounted,
            self.passed,
            self.by_day,
            self.by_night,
        ];
        let counts =
            [self.confirmed_within_12_hours, self.households, self.visitors, self.arrived, self.left];
        let lists = [self.ages.as_slice(), &self.sexes, &self.needs, &self.head_count, &counts].concat();
        let of_totals = totals.iter().flat_map(|total| [total.shown, total.hidden_in_total]);
        if lists.into_iter().chain(of_totals).any(|count| count > MOST_PEOPLE) {
            return Err(FiguresError::TooMany { place });
        }
        let parts = [
            (Part::Ages, self.ages.iter().sum()),
            (Part::Sexes, self.sexes.iter().sum()),
            (Part::Confirmed, self.confirmed_within_12_hours),
            (Part::Visitors, self.visitors),
            (Part::Need, self.needs.iter().copied().max().unwrap_or(0)),
        ];
        let whole = self.in_shelter.shown;
        match parts.into_iter().find(|(_, people)| *people > whole) {
            Some((part, people)) => Err(FiguresError::PartAboveWhole { place, part, people, whole }),
            None => Ok(()),
        }
    }
}

/// Whose presence a figure may depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    /// Hidden people too.
    Everybody,
    /// Shown people only.
    Shown,
}

impl Whose {
    pub(crate) const fn of(self, total: Total) -> u32 {
        match self {
            Self::Everybody => total.all(),
            Self::Shown => total.shown,
        }
    }
}

/// The figures of all sites of an incident at an hour. They were checked once and change no more.
#[derive(Clone, PartialEq, Eq)]
pub struct Figures {
    pub(crate) occasion: Occasion,
    pub(crate) period: Period,
    pub(crate) sites: Vec<(Site, SiteFigures)>,
    pub(crate) households: u32,
}

impl std::fmt::Debug for Figures {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Figures({} sites, hidden)", self.sites.len())
    }
}

impl Figures {
    /// Takes what the caller counted. `households` are those of the town, each counted once although its people may be at
    /// several sites. Sites are put in the order of their ids.
    ///
    /// # Errors
    /// [`FiguresError`] for what cannot be; nothing is corrected in silence.
    pub fn new(
        occasion: Occasion,
        period: Period,
        sites: impl IntoIterator<Item = (Site, SiteFigures)>,
        households: u32,
    ) -> Result<Self, FiguresError> {
        if period.until < period.from {
            return Err(FiguresError::PeriodBackwards);
        }
        // One more than the most is enough to see that there are too many.
        let mut sites: Vec<_> = sites.into_iter().take(MOST_SITES + 1).collect();
        if sites.len() > MOST_SITES {
            return Err(FiguresError::TooManySites { sites: sites.len() });
        }
        let names = sites.iter().map(|(site, _)| &site.name).chain([&occasion.name]);
        if let Some(bytes) = names.map(String::len).find(|bytes| *bytes > MOST_NAME_BYTES) {
            return Err(FiguresError::LongName { bytes });
        }
        let mut seen = BTreeSet::new();
        for (place, (site, figures)) in sites.iter().enumerate() {
            if !seen.insert(site.id) {
                return Err(FiguresError::SameSiteTwice { site: site.id });
            }
            figures.check(place)?;
        }
        let of_sites = || sites.iter().map(|(_, figures)| figures.households);
        let (fewest, most) = (of_sites().max().unwrap_or(0), of_sites().sum());
        if !(fewest..=most).contains(&households) {
            return Err(FiguresError::Households { households, fewest, most });
        }
        sites.sort_by_key(|(site, _)| site.id);
        Ok(Self { occasion, period, sites, households })
    }

    /// The incident that the figures are of.
    pub const fn occasion(&self) -> &Occasion {
        &self.occasion
    }

    /// Their time.
    pub const fn period(&self) -> Period {
        self.period
    }

    /// The sites with their counts, in the order of their ids: for whoever keeps them.
    pub fn sites(&self) -> &[(Site, SiteFigures)] {
        &self.sites
    }

    /// The households of the town.
    pub const fn households(&self) -> u32 {
        self.households
    }
}

#[cfg(test)]
pub(crate) mod tests;
