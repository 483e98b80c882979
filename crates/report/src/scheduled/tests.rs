use std::collections::BTreeSet;

use hinamori_model::Mode;

use super::*;
use crate::figures::tests::{occasion, period, site};
use crate::figures::{SiteFigures, Total};
use crate::site::{Position, Site};

fn figures(mode: Mode, people: &[u32]) -> Figures {
    let sites = (1..).zip(people).map(|(number, people)| {
        let of_site = SiteFigures { in_shelter: Total::shown(*people), ..SiteFigures::default() };
        (site(number), of_site)
    });
    Figures::new(occasion(mode), period(), sites, 0).unwrap()
}

fn release(after_millis: u64) -> Release {
    Release {
        checked_by: PersonalText::new("阿部 一郎"),
        released_by: PersonalText::new("由岐 花子"),
        at: period().until.plus(after_millis),
    }
}

fn report(mode: Mode, people: &[u32]) -> ScheduledReport {
    ScheduledReport::release(figures(mode, people), release(10)).unwrap()
}

#[test]
fn a_correction_names_what_it_corrects_and_what_changed() {
    let first = report(Mode::Live, &[30, 40]);
    assert_eq!((first.version(), first.correction(), first.correction_csv()), (1, None, None));
    let second = first.correct(figures(Mode::Live, &[30, 42, 5]), release(20)).unwrap();
    let correction = second.correction().unwrap();
    assert_eq!((second.version(), correction.version), (2, 1));
    let people: Vec<_> =
        correction.changes.iter().filter(|change| change.column == Column::InShelter).copied().collect();
    let change = |site, before, after| Change { site, column: Column::InShelter, before, after };
    let expected = [
        change(Some(site(2).id), Some(40), Some(42)),
        change(Some(site(3).id), None, Some(5)),
        change(None, Some(70), Some(77)),
    ];
    assert_eq!(people, expected);
    assert!(
        correction.changes.iter().all(|change| change.site != Some(site(1).id)),
        "what stays is not told again"
    );
    let csv = String::from_utf8(second.correction_csv().unwrap()).unwrap();
    assert_eq!(csv.lines().count(), correction.changes.len() + 1);
    assert!(csv.contains(
        "災害,令和8年 阿部沖地震,2026-03-11T05:21:00+09:00,2,1,計,避難所内,70,77,阿部 一郎,由岐 花子,"
    ));
    assert_eq!(
        first.sheet(Audience::Headquarters),
        report(Mode::Live, &[30, 40]).sheet(Audience::Headquarters)
    );
}

#[test]
fn what_is_no_correction_is_refused() {
    let first = report(Mode::Live, &[30]);
    let refused = |figures, after| first.correct(figures, release(after)).unwrap_err();
    assert_eq!(refused(figures(Mode::Live, &[30]), 20), ReportError::NothingChanged { version: 1 });
    assert_eq!(refused(figures(Mode::Drill, &[31]), 20), ReportError::OtherReport);
    assert_eq!(refused(figures(Mode::Live, &[31]), 9), ReportError::BeforeTheCorrected);
    let early = Release { at: period().from, ..release(0) };
    assert_eq!(
        ScheduledReport::release(figures(Mode::Live, &[]), early).unwrap_err(),
        ReportError::BeforeItsHour
    );
    for (name, bytes) in [(String::new(), 0), ("x".repeat(301), 301)] {
        let nameless = Release { checked_by: PersonalText::new(name), ..release(0) };
        let refused = ScheduledReport::release(figures(Mode::Live, &[]), nameless).unwrap_err();
        assert_eq!(refused, ReportError::BadName { bytes });
    }
}

#[test]
fn every_part_of_a_report_is_under_its_signature() {
    let live = report(Mode::Live, &[30, 40]);
    let released_by = Release { released_by: PersonalText::new("別 人"), ..release(10) };
    let placed = Site { position: Position::from_millionths(134_640_035, 33_791_096).ok(), ..site(1) };
    let at = |site: Site| {
        let of_site = SiteFigures { in_shelter: Total::shown(30), ..SiteFigures::default() };
        let figures = Figures::new(occasion(Mode::Live), period(), [(site, of_site)], 0).unwrap();
        ScheduledReport::release(figures, release(10)).unwrap()
    };
    let reports = [
        live.clone(),
        report(Mode::Drill, &[30, 40]),
        report(Mode::DailyLife, &[30, 40]),
        report(Mode::Live, &[30, 41]),
        report(Mode::Live, &[30, 40, 0]),
        ScheduledReport::release(figures(Mode::Live, &[30, 40]), release(11)).unwrap(),
        ScheduledReport::release(figures(Mode::Live, &[30, 40]), released_by).unwrap(),
        report(Mode::Live, &[30, 42]).correct(figures(Mode::Live, &[30, 40]), release(10)).unwrap(),
        report(Mode::Live, &[30, 43]).correct(figures(Mode::Live, &[30, 40]), release(10)).unwrap(),
        at(site(1)),
        at(placed),
    ];
    let signed: BTreeSet<_> = reports.iter().map(ScheduledReport::signed_bytes).collect();
    assert_eq!(signed.len(), reports.len());
    assert_eq!(live.signed_bytes(), report(Mode::Live, &[30, 40]).signed_bytes());
    let begins =
        |report: &ScheduledReport, title: &str| report.signed_bytes()[8..].starts_with(title.as_bytes());
    assert!(begins(&live, "hinamori scheduled report 1 live"));
    assert!(begins(&reports[1], "hinamori scheduled report 1 drill"));
}

#[test]
fn names_are_not_printed() {
    let printed = format!("{:?}", report(Mode::Live, &[30]));
    assert!(!printed.contains("一郎") && !printed.contains("花子"), "{printed}");
}
