//! The intake form (避難者カード, 避難所利用者登録票): one household a card, written by hand, with a badge for each
//! person to cut off. What is not written is asked later: nobody waits at the door for a full card.
//!
//! The drawing of two people who talk, with a box to tick, asks for a talk in another room. It has no words on the
//! card, because whoever the person is afraid of may read it too: staff are told what it means.

use hinamori_model::PersonalText;

use crate::area::Area;
use crate::badge::Badge;
use crate::code::BadgeCode;
use crate::error::PaperError;
use crate::pictogram::Pictogram;
use crate::press::{Format, MARGIN, Press};
use crate::sheet::{Sheet, Style, Thickness};

/// The people of one card, and its badges. A larger household takes a second card.
pub const PEOPLE_PER_CARD: usize = 6;
const LETTERS: [&str; PEOPLE_PER_CARD] = ["A", "B", "C", "D", "E", "F"];

/// The side of the code of a badge with its quiet zone, in millimetres.
pub(crate) const CODE_SIDE: f32 = 22.4;

/// The columns of the table of people, in millimetres: 124 together.
const COLUMNS: [f32; 6] = [6.0, 31.0, 31.0, 30.0, 13.0, 13.0];

/// One card.
#[derive(Debug, Clone)]
pub struct PaperCard {
    /// As it is called out: `1-42`.
    pub number: PersonalText,
    /// The badges A to F, to cut off. Without one its place is left out.
    pub badges: [Option<Badge>; PEOPLE_PER_CARD],
}

/// Which paper is in the printer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardPaper {
    /// A5, a card a page.
    A5,
    /// A4 on its side, two cards a page with a line to cut between them.
    HalfA4,
}

impl Press<'_> {
    /// The cards, in the order in which they are given.
    ///
    /// # Errors
    /// As [`Press`] says.
    pub fn intake_cards(
        &self,
        site: &str,
        paper: CardPaper,
        cards: &[PaperCard],
    ) -> Result<Vec<u8>, PaperError> {
        let format = match paper {
            CardPaper::A5 => Format::page(148.0, 210.0, MARGIN),
            CardPaper::HalfA4 => Format::halves(),
        };
        self.print("避難者カード", &format, cards.len(), |sheet, area, place| {
            if paper == CardPaper::HalfA4 && place % 2 == 0 {
                let middle = area.right() + MARGIN;
                sheet.cut_line((middle, area.top), (middle, area.bottom()));
            }
            if let Some(card) = cards.get(place) {
                self.card(sheet, area, site, card);
            }
        })
    }

    fn card(&self, sheet: &mut Sheet<'_, '_>, area: Area, site: &str, card: &PaperCard) {
        // A5 and half of A4 differ by half a millimetre.
        let card_area = area.part((area.width - 124.0) / 2.0, 0.0, 124.0, area.height);
        self.card_head(sheet, card_area.band(0.0, 16.0), site, card.number.expose());
        let [time, head] = card_area.band(17.5, 8.0).columns([58.0, 66.0]);
        field(sheet, time, 12.0, "受付");
        for (part, unit) in time.after(12.0).grid(4, 1).zip(["月", "日", "時", "分"]) {
            sheet.cell(part, unit, Style::regular(10.0).right());
        }
        field(sheet, head, 23.0, "世帯の代表");
        people(sheet, card_area.band(26.5, 51.0));
        household(sheet, card_area.band(78.5, 16.0));
        whereabouts(sheet, card_area.band(95.5, 6.0));
        needs(sheet, card_area.band(102.5, 10.0));
        consent(sheet, card_area.band(113.5, 8.0));
        let cut = card_area.top + 123.0;
        sheet.cut_line((card_area.left, cut), (card_area.right(), cut));
        let block = card_area.band(123.0, 62.0);
        for (cell, badge) in block.grid(3, 2).zip(&card.badges) {
            if let Some(Badge { number, code, .. }) = badge {
                card_badge(sheet, cell, number.expose(), code);
            }
        }
    }

    fn card_head(&self, sheet: &mut Sheet<'_, '_>, area: Area, site: &str, number: &str) {
        let [left, right] = area.columns([76.0, 48.0]);
        let title = sheet.drill_label(left.band(0.0, 9.0), 20.0);
        sheet.text(title, "避難者カード", Style::bold(20.0));
        sheet.text(left.band(10.0, 6.0), &format!("{} {site}", self.town), Style::regular(11.0));
        sheet.frame(right, Thickness::Thick);
        sheet.text(right.inset(1.5), number, Style::bold(34.0).centred());
    }
}

/// A field to write in, its name at the left.
fn field(sheet: &mut Sheet<'_, '_>, area: Area, name_width: f32, name: &str) {
    sheet.head(area.part(0.0, 0.0, name_width, area.height), name);
    sheet.frame(area, Thickness::Normal);
}

fn people(sheet: &mut Sheet<'_, '_>, area: Area) {
    const HEAD: f32 = 9.0;
    const ROW: f32 = 7.0;
    let names = [
        ["", ""],
        ["氏名", ""],
        ["フリガナ", ""],
        ["生年月日", "または 年齢"],
        ["性別", "空欄可"],
        ["続柄", ""],
    ];
    for (cell, [first, second]) in area.band(0.0, HEAD).columns(COLUMNS).into_iter().zip(names) {
        if second.is_empty() {
            sheet.head(cell, first);
        } else {
            sheet.head(cell, "");
            sheet.text(cell.band(0.5, HEAD / 2.0 - 0.5), first, Style::bold(10.0).centred());
            sheet.text(cell.band(HEAD / 2.0, HEAD / 2.0 - 0.5), second, Style::regular(10.0).centred());
        }
    }
    for (row, letter) in area.band(HEAD, ROW * 6.0).grid(1, 6).zip(LETTERS) {
        let cells = row.columns(COLUMNS);
        if let Some(first) = cells.first() {
            sheet.text(*first, letter, Style::bold(12.0).centred());
        }
        for cell in cells {
            sheet.frame(cell, Thickness::Normal);
        }
    }
}

fn household(sheet: &mut Sheet<'_, '_>, area: Area) {
    field(sheet, area.band(0.0, 8.0), 12.0, "住所");
    let [phone, group] = area.band(8.0, 8.0).columns([62.0, 62.0]);
    field(sheet, phone, 12.0, "電話");
    field(sheet, group, 23.0, "町内会・班");
}

fn whereabouts(sheet: &mut Sheet<'_, '_>, area: Area) {
    let [name, inside, tent, car, home, pet] = area.columns([18.0, 21.0, 21.0, 21.0, 18.0, 25.0]);
    sheet.text(name, "いる 所", Style::bold(10.0));
    for (place, text) in
        [(inside, "避難所"), (tent, "テント"), (car, "車中泊"), (home, "在宅"), (pet, "ペット いる")]
    {
        sheet.choice(place, text);
    }
}

/// Three questions that cannot wait. The drawing says them to who does not read Japanese.
fn needs(sheet: &mut Sheet<'_, '_>, area: Area) {
    let questions = [
        (Pictogram::Treatment, ["酸素・透析", "インスリン"]),
        (Pictogram::Injury, ["けが", "熱"]),
        (Pictogram::Support, ["ひとりでは", "難しい"]),
    ];
    for (cell, (pictogram, words)) in area.grid(3, 1).zip(questions) {
        sheet.frame(cell, Thickness::Normal);
        pictogram.draw(sheet, cell.part(1.0, 0.5, 9.0, 9.0));
        sheet.frame(cell.part(11.5, 2.5, 5.0, 5.0), Thickness::Normal);
        for (line, word) in cell.part(18.0, 0.5, cell.width - 19.0, 9.0).grid(1, 2).zip(words) {
            sheet.text(line, word, Style::bold(10.0));
        }
    }
}

fn consent(sheet: &mut Sheet<'_, '_>, area: Area) {
    let [choices, talk] = area.columns([104.0, 20.0]);
    let [top, bottom] = [choices.band(-1.0, 5.0), choices.band(3.6, 5.0)];
    sheet.text(top, "無事を 知らせてよい 相手", Style::bold(10.0));
    for (cell, text) in
        bottom.columns([30.0, 36.0, 38.0]).into_iter().zip(["家族だけ", "友人・職場も", "知らせない"])
    {
        sheet.choice(cell, text);
    }
    Pictogram::Talk.draw(sheet, talk.part(3.0, -0.5, 9.0, 9.0));
    sheet.frame(talk.part(14.0, 2.0, 5.0, 5.0), Thickness::Normal);
}

/// A badge at the bottom of a card.
fn card_badge(sheet: &mut Sheet<'_, '_>, cell: Area, number: &str, code: &BadgeCode) {
    for (from, to) in [
        ((cell.left, cell.bottom()), (cell.right(), cell.bottom())),
        ((cell.left, cell.top), (cell.left, cell.bottom())),
        ((cell.right(), cell.top), (cell.right(), cell.bottom())),
    ] {
        sheet.cut_line(from, to);
    }
    let inner = cell.inset(0.8);
    sheet.text(inner.band(0.3, 7.0), number, Style::bold(20.0).centred());
    code.draw(sheet, inner.part(0.0, 7.0, CODE_SIDE, CODE_SIDE));
    let side = inner.part(22.8, 8.0, inner.width - 23.6, 20.0);
    sheet.drill_label(side.band(0.0, 5.0), 13.0);
    sheet.text(side.band(7.0, 5.0), "呼び名", Style::regular(10.0));
    sheet.line((side.left, side.bottom()), (side.right(), side.bottom()), Thickness::Normal);
}
