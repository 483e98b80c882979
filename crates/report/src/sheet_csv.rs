//! A sheet as CSV.

use hinamori_model::SiteId;

use crate::column::Column;
use crate::csv::CsvFile;
use crate::sheet::{Audience, Cell, Sheet};
use crate::site::Position;
use crate::time;

/// Whether a second header row with HXL tags is written, for programs of aid organisations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hxl {
    /// One header row.
    Leave,
    /// The tags below it.
    Write,
}

/// What stands before the counts: headers and HXL tags.
const HEAD: [[&str; 2]; 10] = [
    ["区分", "#meta+mode"],
    ["災害事案", "#event+name"],
    ["事案ID", "#event+code"],
    ["期間開始", "#date+start"],
    ["期間終了", "#date+end"],
    ["版", "#meta+version"],
    ["拠点ID", "#loc+code"],
    ["名称", "#loc+name"],
    ["経度", "#geo+lon"],
    ["緯度", "#geo+lat"],
];

/// What stands after the counts on headquarters' sheets: who answers for them.
const FOOT: [[&str; 2]; 3] =
    [["確認者", "#contact+checked_by"], ["発表者", "#contact+released_by"], ["発表日時", "#date+released"]];

/// The name of the sum's row.
const TOWN: &str = "計";

impl Sheet {
    /// UTF-8 with a byte order mark, CRLF, Japanese headers; a row for each site, and one for the town named 計. Drill or
    /// not stands first in every row.
    pub fn csv(&self, hxl: Hxl) -> Vec<u8> {
        let mut file = CsvFile::new();
        self.headers(&mut file, |[header, _]| header, Column::header);
        if hxl == Hxl::Write {
            self.headers(&mut file, |[_, tag]| tag, Column::hxl);
        }
        for row in self.rows() {
            self.row(&mut file, Some(row.site.id), &row.site.name, row.site.position, &row.cells);
        }
        self.row(&mut file, None, TOWN, None, self.town());
        file.into_bytes()
    }

    fn headers(
        &self,
        file: &mut CsvFile,
        pick: impl Fn([&'static str; 2]) -> &'static str,
        word: impl Fn(Column) -> &'static str,
    ) {
        let foot: &[_] = match self.audience() {
            Audience::Headquarters => &FOOT,
            Audience::Everybody => &[],
        };
        let counts = self.columns().iter().map(|column| word(*column));
        file.record(HEAD.map(&pick).into_iter().chain(counts).chain(foot.iter().map(|words| pick(*words))));
    }

    fn row(
        &self,
        file: &mut CsvFile,
        site: Option<SiteId>,
        name: &str,
        position: Option<Position>,
        cells: &[Cell],
    ) {
        let occasion = &self.occasion;
        file.text(occasion.mark()).text(&occasion.name).text(&occasion.incident.to_string());
        file.text(&time::japan(self.period.from)).text(&time::japan(self.period.until));
        file.text(&self.version().map_or_else(String::new, |version| version.to_string()));
        file.text(&site.map_or_else(String::new, |site| site.to_string())).text(name);
        match position {
            Some(position) => file.number(position.longitude()).number(position.latitude()),
            None => file.text("").text(""),
        };
        for cell in cells {
            file.text(&cell.text());
        }
        if self.audience() == Audience::Headquarters {
            let (checked_by, released_by, at) = self.release().map_or(("", "", String::new()), |release| {
                (release.checked_by.expose(), release.released_by.expose(), time::japan(release.at))
            });
            file.text(checked_by).text(released_by).text(&at);
        }
        file.end();
    }
}
