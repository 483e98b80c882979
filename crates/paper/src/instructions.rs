//! How to go on by paper when the power is out: one page to hang up at the desk, for somebody who has never done it,
//! at night.

use crate::area::Area;
use crate::error::PaperError;
use crate::pictogram::Pictogram;
use crate::press::{Format, Press};
use crate::sheet::{Sheet, Style, Thickness};

const TITLE: &str = "停電の ときの 受付";
/// The height of a step in millimetres.
const STEP: f32 = 34.0;

/// A step: its drawing, what to do in a few words, and how.
type Step = (Pictogram, &'static str, [&'static str; 2]);

const STEPS: [Step; 6] = [
    (Pictogram::Torch, "明かりを つける", ["ライトを 受付の 机に 置きます。", "紙と ペンを 出します。"]),
    (
        Pictogram::Write,
        "カードを わたす",
        ["「避難者カード」を 1家族に 1枚。", "書けない 人には、聞いて 書きます。"],
    ),
    (
        Pictogram::Bell,
        "急ぐ 人を 先に",
        ["酸素・透析・インスリン・けが・熱に ✓が", "ある 人は、すぐ 責任者に 知らせます。"],
    ),
    (
        Pictogram::Cut,
        "名札を 切って わたす",
        ["点線で 切り、1人に 1枚 わたします。", "カードは 番号の 順に 箱に 入れます。"],
    ),
    (
        Pictogram::Tally,
        "人数を 数える",
        ["朝と 夜に 数えて、本部に 知らせます。", "出る 人からは 行き先を 聞いて 書きます。"],
    ),
    (
        Pictogram::Plug,
        "電気が もどったら",
        ["カードを 番号の 順に 端末に 入れます。", "紙の カードは 捨てないで 残します。"],
    ),
];

impl Press<'_> {
    /// The page for one town.
    ///
    /// # Errors
    /// As [`Press`] says.
    pub fn instructions(&self) -> Result<Vec<u8>, PaperError> {
        self.print(TITLE, &Format::a4(), 1, |sheet, page, _| {
            let title = sheet.drill_label(page.band(0.0, 16.0), 30.0);
            sheet.text(title.part(0.0, 0.0, title.width - 42.0, 16.0), TITLE, Style::bold(34.0));
            sheet.text(title, self.town, Style::regular(14.0).right());
            let promise = page.band(18.0, 14.0);
            sheet.black(&[promise]);
            let words = "だれも 断りません。 書かなくても 入れます。";
            sheet.reversed(promise.inset(2.0), words, Style::bold(22.0).centred());
            for ((area, step), number) in page.band(35.0, STEP * 6.0).grid(1, 6).zip(STEPS).zip(1..) {
                draw(sheet, area, number, step);
            }
            let last = page.band(page.height - 30.0, 30.0);
            sheet.frame(last, Thickness::Thick);
            let lines =
                ["名前を 言えない 人や、長い 列の ときは、", "人数だけ 数えます。 名前は あとで 聞きます。"];
            for (line, text) in last.inset(3.0).grid(1, 2).zip(lines) {
                sheet.cell(line, text, Style::bold(18.0));
            }
        })
    }
}

fn draw(sheet: &mut Sheet<'_, '_>, area: Area, number: u8, (pictogram, title, lines): Step) {
    let [place, drawing, words] = area.columns([18.0, 32.0, area.width - 50.0]);
    sheet.text(place, &number.to_string(), Style::bold(48.0).centred());
    pictogram.draw(sheet, drawing.inset(4.0));
    let words = words.inset_by(2.0, 2.0);
    sheet.text(words.band(0.0, 11.0), title, Style::bold(24.0));
    for (line, text) in words.band(12.0, 17.0).grid(1, 2).zip(lines) {
        sheet.text(line, text, Style::regular(18.0));
    }
    sheet.line((area.left, area.bottom()), (area.right(), area.bottom()), Thickness::Normal);
}
