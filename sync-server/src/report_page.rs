//! The latest 定時報告 as everybody may read it.

use hinamori_model::Mode;
use hinamori_report::{Audience, Cell, ScheduledReport, Sheet};

use crate::page::{Escaped, document, japan_time};

/// The page; what it says before the first report too. A drill has its word and its skin.
pub(crate) fn of(town: &str, mode: Mode, report: Option<&ScheduledReport>) -> String {
    let (class, plate, back) = match mode {
        Mode::Drill => (
            "drill",
            "<p class=\"plate\">訓練 <span>これは 訓練の 報告です</span> 訓練</p>",
            "<a href=\"/drill\">訓練の画面へ</a>",
        ),
        Mode::Live | Mode::DailyLife => ("live", "", "<a href=\"/\">いまの人数へ</a>"),
    };
    let town = Escaped(town);
    let body = match report {
        None => "<p class=\"notice\">まだ 発表は ありません。</p>".to_owned(),
        Some(report) => table(&report.sheet(Audience::Everybody)),
    };
    let body = format!(
        "{plate}<header><h1>{town} 定時報告</h1><nav>{back}</nav></header><main>{body}</main>{plate}"
    );
    document(class, &format!("{town} 定時報告"), &body)
}

fn table(sheet: &Sheet) -> String {
    let until = japan_time(sheet.period().until);
    let version = sheet.version().unwrap_or(0);
    let cells =
        |cells: &[Cell]| cells.iter().map(|cell| format!("<td>{}</td>", cell.text())).collect::<String>();
    let heads: String =
        sheet.columns().iter().map(|column| format!("<th>{}</th>", column.header())).collect();
    let row = |name: &str, of: &[Cell]| format!("<tr><th>{}</th>{}</tr>", Escaped(name), cells(of));
    let rows: String = sheet.rows().iter().map(|of| row(&of.site.name, &of.cells)).collect();
    let town = row("計", sheet.town());
    format!(
        "<h2>{until} 現在 第{version}版</h2><p>5人未満の 数と、ほかの 数から わかる 数は 出しません（「5未満」「x」）。</p>\
         <div class=\"wide\"><table><thead><tr><th>拠点</th>{heads}</tr></thead><tbody>{rows}{town}</tbody></table></div>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinamori_model::{IncidentId, PersonalText, SiteId, UnixMillis};
    use hinamori_report::{Figures, Occasion, Period, Release, Site, SiteFigures, Total};

    fn report(mode: Mode) -> ScheduledReport {
        let site = Site { id: SiteId::from_bytes([1; 16]), name: "体育館 <b>".to_owned(), position: None };
        let counts =
            SiteFigures { in_shelter: Total { shown: 30, hidden_in_total: 2 }, ..SiteFigures::default() };
        let occasion =
            Occasion { mode, incident: IncidentId::from_bytes([9; 16]), name: "汐見町".to_owned() };
        let period = Period { from: UnixMillis::new(0), until: UnixMillis::new(3_600_000) };
        let figures = Figures::new(occasion, period, [(site, counts)], 0).unwrap();
        let [checked_by, released_by] = ["岬 一郎", "浜田 花子"].map(PersonalText::new);
        ScheduledReport::release(figures, Release { checked_by, released_by, at: UnixMillis::new(7_200_000) })
            .unwrap()
    }

    #[test]
    fn the_page_has_the_public_form_without_who_released_it_and_a_drill_says_so() {
        let live = of("汐見町", Mode::Live, Some(&report(Mode::Live)));
        assert!(
            live.contains("体育館 &lt;b&gt;")
                && live.contains("<td>30</td>")
                && !live.contains("<td>32</td>")
        );
        assert!(!live.contains("訓練") && !live.contains("岬") && !live.contains("花子"), "{live}");
        assert!(live.contains("1970-01-01 10:00"));
        let drill = of("汐見町", Mode::Drill, Some(&report(Mode::Drill)));
        assert_eq!(drill.matches("これは 訓練の 報告です").count(), 2);
        assert!(of("汐見町", Mode::Live, None).contains("まだ 発表は"));
    }
}
