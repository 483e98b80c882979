//! The page of sticks.

use hinamori_ipc::{Exchange, ExchangeReport, LaneState, StickFault, SticksThere, WhyNotTaken};
use hinamori_kiosk::Page;

use super::{Scene, open_page, scene, snapshot};
use crate::lanes::{self, carried, exchanged, files_not_taken, not_written};
use crate::panel::Panel;

fn page(panel: &mut Panel, there: SticksThere, exchange: Exchange) {
    snapshot(panel, carried(there, exchange));
    open_page(panel, Page::Stick);
}

fn drilled(panel: &mut Panel, there: SticksThere, exchange: Exchange) {
    snapshot(panel, LaneState { banner: lanes::drill().banner, ..carried(there, exchange) });
    open_page(panel, Page::Stick);
}

fn over(panel: &mut Panel, report: ExchangeReport) {
    page(panel, SticksThere::One, Exchange::Over(report));
}

pub(super) fn carrying() -> Vec<Scene> {
    const READING: Exchange = Exchange::Reading { file: 2, files: 5 };
    vec![
        scene("stick-leader", |panel| {
            snapshot(panel, carried(SticksThere::One, Exchange::NotBegun));
            open_page(panel, Page::Leader);
        }),
        scene("stick-leader-drill", |panel| {
            let lane = carried(SticksThere::None, Exchange::NotBegun);
            snapshot(panel, LaneState { banner: lanes::drill().banner, ..lane });
            open_page(panel, Page::Leader);
        }),
        scene("stick-none", |panel| page(panel, SticksThere::None, Exchange::NotBegun)),
        scene("stick-none-drill", |panel| drilled(panel, SticksThere::None, Exchange::NotBegun)),
        scene("stick-there", |panel| page(panel, SticksThere::One, Exchange::NotBegun)),
        scene("stick-several", |panel| page(panel, SticksThere::Several, Exchange::NotBegun)),
        scene("stick-begun", |panel| page(panel, SticksThere::One, Exchange::Reading { file: 0, files: 0 })),
        scene("stick-reading", |panel| page(panel, SticksThere::One, READING)),
        scene("stick-writing-drill", |panel| drilled(panel, SticksThere::One, Exchange::Writing)),
        scene("stick-over", |panel| over(panel, exchanged())),
        scene("stick-over-drill", |panel| drilled(panel, SticksThere::One, Exchange::Over(exchanged()))),
        scene("stick-over-gone", |panel| page(panel, SticksThere::None, Exchange::Over(exchanged()))),
        scene("stick-files", |panel| over(panel, files_not_taken())),
        scene("stick-files-drill", |panel| {
            drilled(panel, SticksThere::One, Exchange::Over(files_not_taken()));
        }),
        scene("stick-file", |panel| {
            let mut report = files_not_taken();
            report.not_taken.retain(|file| file.why == WhyNotTaken::NoBundle);
            over(panel, ExchangeReport { put_aside: 0, not_named: 0, ..report });
        }),
        scene("stick-full", |panel| over(panel, not_written(StickFault::Full))),
        scene("stick-full-files-drill", |panel| {
            let report = ExchangeReport { written: Err(StickFault::Full), ..files_not_taken() };
            drilled(panel, SticksThere::One, Exchange::Over(report));
        }),
        scene("stick-read-only", |panel| over(panel, not_written(StickFault::ReadOnly))),
        scene("stick-taken-out", |panel| {
            page(panel, SticksThere::None, Exchange::Over(not_written(StickFault::TakenOut)));
        }),
        scene("stick-broken-drill", |panel| {
            drilled(panel, SticksThere::One, Exchange::Over(not_written(StickFault::Broken)));
        }),
        scene("stick-no-town", |panel| over(panel, not_written(StickFault::NoTown))),
        scene("stick-our-fault", |panel| over(panel, not_written(StickFault::OurFault))),
    ]
}
