use hinamori_model::{IncidentId, Mode, UnixMillis};

use super::*;
use crate::column::Column;
use crate::sheet::{Audience, Cell};

pub(crate) fn occasion(mode: Mode) -> Occasion {
    Occasion {
        mode, incident: IncidentId::from_bytes([9; 16]), name: "令和8年 阿部沖地震".to_owned()
    }
}

pub(crate) fn period() -> Period {
    Period { from: UnixMillis::new(1_773_130_860_000), until: UnixMillis::new(1_773_174_060_000) }
}

pub(crate) fn site(number: u8) -> Site {
    Site { id: SiteId::from_bytes([number; 16]), name: format!("第{number}小学校"), position: None }
}

fn school() -> SiteFigures {
    SiteFigures {
        in_shelter: Total { shown: 60, hidden_in_total: 2 },
        at_home: Total::shown(7),
        unaccounted: Total::shown(1),
        by_day: Total::shown(50),
        by_night: Total { shown: 80, hidden_in_total: 1 },
        confirmed_within_12_hours: 55,
        households: 20,
        ages: [1, 2, 7, 30, 10, 8],
        sexes: [30, 25, 0],
        head_count: [5, 2, 1],
        ..SiteFigures::default()
    }
}

fn figures(sites: Vec<(Site, SiteFigures)>, households: u32) -> Result<Figures, FiguresError> {
    Figures::new(occasion(Mode::Live), period(), sites, households)
}

#[test]
fn hidden_people_are_in_the_totals_and_among_the_unknown() {
    let sheet =
        figures(vec![(site(1), school()), (site(2), school())], 39).unwrap().sheet(Audience::Headquarters);
    let of = |column| {
        let at = sheet.columns().iter().position(|of| *of == column).unwrap();
        (sheet.rows()[0].cells[at], sheet.town()[at])
    };
    assert_eq!(of(Column::InShelter), (Cell::Count(70), Cell::Count(140)));
    assert_eq!(of(Column::Age(AgeBand::Unknown)), (Cell::Count(12), Cell::Count(24)));
    assert_eq!(of(Column::Sex(Sex::Unknown)), (Cell::Count(15), Cell::Count(30)));
    assert_eq!(of(Column::Households), (Cell::Count(20), Cell::Count(39)));
    // By night 81 and at home 7, which is more than 71 here or missed.
    assert_eq!(of(Column::Meals), (Cell::Count(88), Cell::Count(176)));
}

#[test]
fn meals_follow_whoever_may_be_here_when_those_are_most() {
    let figures = SiteFigures { by_night: Total::shown(3), ..school() };
    assert_eq!(figures.meals_needed(), 62 + 8 + 1 + 7);
}

#[test]
fn figures_that_cannot_be_are_refused() {
    let refused = |figures_of: SiteFigures| figures(vec![(site(1), figures_of)], 20).unwrap_err();
    let part = |part, people| FiguresError::PartAboveWhole { place: 0, part, people, whole: 60 };
    let mut ages = school();
    ages.ages[0] = 10;
    assert_eq!(refused(ages), part(Part::Ages, 67));
    assert_eq!(refused(SiteFigures { sexes: [61, 0, 0], ..school() }), part(Part::Sexes, 61));
    assert_eq!(refused(SiteFigures { visitors: 61, ..school() }), part(Part::Visitors, 61));
    assert_eq!(refused(SiteFigures { confirmed_within_12_hours: 61, ..school() }), part(Part::Confirmed, 61));
    let mut needs = school();
    needs.needs[3] = 61;
    assert_eq!(refused(needs), part(Part::Need, 61));
    let many = Total { shown: 0, hidden_in_total: MOST_PEOPLE + 1 };
    assert_eq!(refused(SiteFigures { passed: many, ..school() }), FiguresError::TooMany { place: 0 });
    assert_eq!(refused(SiteFigures { left: u32::MAX, ..school() }), FiguresError::TooMany { place: 0 });
}

#[test]
fn nobody_is_counted_at_one_site_twice() {
    let twice = figures(vec![(site(1), school()), (site(1), school())], 20);
    assert_eq!(twice.unwrap_err(), FiguresError::SameSiteTwice { site: site(1).id });
    let households = figures(vec![(site(1), school())], 21);
    assert_eq!(households.unwrap_err(), FiguresError::Households { households: 21, fewest: 20, most: 20 });
    let backwards = Period { from: period().until, until: period().from };
    assert_eq!(
        Figures::new(occasion(Mode::Live), backwards, [], 0).unwrap_err(),
        FiguresError::PeriodBackwards
    );
    let long = Site { name: "x".repeat(301), ..site(1) };
    let refused = figures(vec![(long, school())], 20).unwrap_err();
    assert_eq!(refused, FiguresError::LongName { bytes: 301 });
    let many = (0..5_000_u128).map(|number| {
        let site = Site { id: SiteId::from_bytes(number.to_be_bytes()), ..site(0) };
        (site, SiteFigures::default())
    });
    let refused = Figures::new(occasion(Mode::Live), period(), many, 0).unwrap_err();
    assert_eq!(refused, FiguresError::TooManySites { sites: MOST_SITES + 1 });
}

#[test]
fn figures_do_not_print_who_is_hidden() {
    assert_eq!(format!("{:?}", figures(vec![(site(1), school())], 20).unwrap()), "Figures(1 sites, hidden)");
    assert_eq!(format!("{:?}", school().in_shelter), "Total(hidden)");
}
