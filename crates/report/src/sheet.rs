//! Figures as a table, for headquarters or for everybody.

use crate::column::{AgeBand, Column, Sex};
use crate::figures::{Figures, SiteFigures, Whose};
use crate::occasion::{Occasion, Period};
use crate::publish::{protect_breakdown, protect_line};
use crate::scheduled::Release;
use crate::site::Site;

/// What stands in a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    /// A count.
    Count(u32),
    /// Below 5, nought included: 「5未満」.
    BelowFive,
    /// Withheld whatever its size, so that nobody finds another cell by subtraction: 「x」.
    Withheld,
}

impl Cell {
    /// The count, if it is shown.
    pub const fn count(self) -> Option<u32> {
        match self {
            Self::Count(count) => Some(count),
            Self::BelowFive | Self::Withheld => None,
        }
    }

    /// As it is written for people: the number, 「5未満」 or 「x」.
    pub fn text(self) -> String {
        match self {
            Self::Count(count) => count.to_string(),
            Self::BelowFive => "5未満".to_owned(),
            Self::Withheld => "x".to_owned(),
        }
    }
}

/// Who may read a sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// 災害対策本部: every count, hidden people in the totals.
    Headquarters,
    /// Everybody: fewer columns, no small numbers, hidden people nowhere.
    Everybody,
}

/// A site's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Of which site.
    pub site: Site,
    /// A cell for each column.
    pub cells: Vec<Cell>,
}

/// Figures for one audience: a row for each site and one for the town.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    pub(crate) occasion: Occasion,
    pub(crate) period: Period,
    issue: Option<Issue>,
    audience: Audience,
    columns: Vec<Column>,
    rows: Vec<Row>,
    town: Vec<Cell>,
}

/// What a sheet is a part of.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Issue {
    version: u32,
    release: Option<Release>,
}

impl Sheet {
    /// The same as part of a scheduled report. Who answers for it is for headquarters only.
    pub(crate) fn issued(self, version: u32, release: &Release) -> Self {
        let release = match self.audience {
            Audience::Headquarters => Some(release.clone()),
            Audience::Everybody => None,
        };
        Self { issue: Some(Issue { version, release }), ..self }
    }

    /// Which version of a scheduled report it is of, if of any.
    pub fn version(&self) -> Option<u32> {
        self.issue.as_ref().map(|issue| issue.version)
    }

    /// Who answers for it; on headquarters' sheets of a scheduled report only.
    pub fn release(&self) -> Option<&Release> {
        self.issue.as_ref()?.release.as_ref()
    }

    /// Who may read it.
    pub const fn audience(&self) -> Audience {
        self.audience
    }

    /// Its time.
    pub const fn period(&self) -> Period {
        self.period
    }

    /// Its columns.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The sites, in the order of their ids.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The town: a cell for each column.
    pub fn town(&self) -> &[Cell] {
        &self.town
    }
}

/// The columns that everybody may read. None of them is the sum of others but [`Column::InShelter`], which is the sum
/// of the ages and of the sexes; the rule for small numbers rests on that.
fn published_columns() -> Vec<Column> {
    let mut columns =
        vec![Column::InShelter, Column::AtHome, Column::InCars, Column::Households, Column::Visitors];
    columns.extend(AgeBand::ALL.map(Column::Age));
    columns.extend(Sex::ALL.map(Column::Sex));
    columns
}

impl SiteFigures {
    fn value(&self, column: Column, whose: Whose) -> u32 {
        match column {
            Column::InShelter => self.people_in_shelter(whose),
            Column::AtHome => whose.of(self.at_home),
            Column::InCars => whose.of(self.in_cars),
            Column::Elsewhere => whose.of(self.elsewhere),
            Column::Unaccounted => whose.of(self.unaccounted),
            Column::Passed => whose.of(self.passed),
            Column::Confirmed => self.confirmed_within_12_hours,
            Column::Households => self.households,
            Column::Age(band) => self.age(band, whose),
            Column::Sex(sex) => self.sex(sex, whose),
            Column::Need(need) => self.need(need),
            Column::Visitors => self.visitors,
            Column::HeadCount(kind) => self.heads(kind),
            Column::Arrived => self.arrived,
            Column::Left => self.left,
            Column::ByDay => whose.of(self.by_day),
            Column::ByNight => whose.of(self.by_night),
            Column::Meals => self.meals_needed(),
        }
    }
}

impl Figures {
    /// The sheet for an audience.
    ///
    /// Headquarters get every count. Hidden people are in the totals and, where a total is broken down, among the
    /// unknown. Everybody else gets the published columns without hidden people and under the rule for small numbers
    /// (the crate's documentation tells it).
    pub fn sheet(&self, audience: Audience) -> Sheet {
        match audience {
            Audience::Headquarters => self.headquarters_sheet(),
            Audience::Everybody => self.published_sheet(),
        }
    }

    fn values(&self, column: Column, whose: Whose) -> (Vec<u32>, u32) {
        let sites: Vec<u32> = self.sites.iter().map(|(_, figures)| figures.value(column, whose)).collect();
        let town = if column == Column::Households { self.households } else { sites.iter().sum() };
        (sites, town)
    }

    fn headquarters_sheet(&self) -> Sheet {
        let open = |column: Column| {
            let (sites, town) = self.values(column, Whose::Everybody);
            (sites.into_iter().map(Cell::Count).collect(), Cell::Count(town))
        };
        let columns = Column::all();
        let cells = columns.iter().map(|column| open(*column)).collect();
        self.assemble(Audience::Headquarters, columns, cells)
    }

    fn published_sheet(&self) -> Sheet {
        let shown = |column: Column| self.values(column, Whose::Shown);
        let (sites, town) = shown(Column::InShelter);
        let people = protect_line(&sites, town);
        let break_down = |columns: &[Column]| {
            protect_breakdown(&columns.iter().map(|column| shown(*column)).collect::<Vec<_>>(), &people)
        };
        let ages = break_down(&AgeBand::ALL.map(Column::Age));
        let sexes = break_down(&Sex::ALL.map(Column::Sex));
        let columns = published_columns();
        let mut broken_down = ages.into_iter().chain(sexes);
        let mut protected = |column: &Column| match column {
            Column::InShelter => people.clone(),
            Column::Age(_) | Column::Sex(_) => broken_down.next().unwrap_or((Vec::new(), Cell::Withheld)),
            _ => {
                let (sites, town) = shown(*column);
                protect_line(&sites, town)
            }
        };
        let cells = columns.iter().map(&mut protected).collect();
        self.assemble(Audience::Everybody, columns, cells)
    }

    /// Columns of cells into rows.
    fn assemble(&self, audience: Audience, columns: Vec<Column>, cells: Vec<ColumnCells>) -> Sheet {
        let row = |(place, (site, _)): (usize, &(Site, SiteFigures))| {
            let cell = |(sites, _): &ColumnCells| sites.get(place).copied().unwrap_or(Cell::Withheld);
            Row { site: site.clone(), cells: cells.iter().map(cell).collect() }
        };
        Sheet {
            occasion: self.occasion.clone(),
            period: self.period,
            issue: None,
            audience,
            columns,
            rows: self.sites.iter().enumerate().map(row).collect(),
            town: cells.iter().map(|(_, town)| *town).collect(),
        }
    }
}

/// The cells of one column: the sites', and the town's.
pub(crate) type ColumnCells = (Vec<Cell>, Cell);
