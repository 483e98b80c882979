//! Slips that a person takes along: to another site (転所票), or when leaving (退所票).

use hinamori_model::{PersonalText, UnixMillis};

use crate::area::Area;
use crate::code::BadgeCode;
use crate::error::PaperError;
use crate::press::{Format, Press};
use crate::sheet::{Sheet, Style, Thickness};
use crate::time;

/// White at the sides of a receipt, in millimetres: the head of an 80 mm printer is 72 mm wide.
const RECEIPT_MARGIN: f32 = 4.0;

/// Which paper a slip is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlipPaper {
    /// A6, upright.
    A6,
    /// A roll of 80 mm in a thermal printer; 120 mm are used.
    Receipt,
}

/// A person moves to another site.
#[derive(Debug, Clone)]
pub struct Transfer<'a> {
    /// The receipt number: `1-0042-A`.
    pub number: PersonalText,
    /// The name that the person wants to be called by.
    pub called_name: PersonalText,
    /// The site that the person leaves.
    pub from: &'a str,
    /// The site that the person goes to.
    pub to: &'a str,
    /// When.
    pub at: UnixMillis,
    /// What the other site reads.
    pub code: BadgeCode,
}

/// A person leaves the shelter.
#[derive(Debug, Clone)]
pub struct Departure<'a> {
    /// The receipt number: `1-0042-A`.
    pub number: PersonalText,
    /// The name that the person wants to be called by.
    pub called_name: PersonalText,
    /// The site that the person leaves.
    pub from: &'a str,
    /// Where to: home, relatives.
    pub destination: PersonalText,
    /// When.
    pub at: UnixMillis,
    /// What a site reads when the person comes back.
    pub code: BadgeCode,
}

/// What both have in common.
struct Slip<'a> {
    title: &'a str,
    number: &'a PersonalText,
    called_name: &'a PersonalText,
    lines: [(&'a str, &'a str); 2],
    at: UnixMillis,
    hint: &'a str,
    code: &'a BadgeCode,
}

impl Press<'_> {
    /// The slip for somebody who moves to another site.
    ///
    /// # Errors
    /// As [`Press`] says.
    pub fn transfer_slip(&self, paper: SlipPaper, transfer: &Transfer<'_>) -> Result<Vec<u8>, PaperError> {
        let Transfer { number, called_name, from, to, at, code } = transfer;
        let lines = [("出た所", *from), ("行き先", *to)];
        let hint = "次の 避難所の 受付で 見せてください。";
        self.slip(paper, &Slip { title: "転所票", number, called_name, lines, at: *at, hint, code })
    }

    /// The slip for somebody who leaves.
    ///
    /// # Errors
    /// As [`Press`] says.
    pub fn leaving_slip(&self, paper: SlipPaper, departure: &Departure<'_>) -> Result<Vec<u8>, PaperError> {
        let Departure { number, called_name, from, destination, at, code } = departure;
        let lines = [("出た所", *from), ("行き先", destination.expose())];
        let hint = "また 来る ときは 見せてください。";
        self.slip(paper, &Slip { title: "退所票", number, called_name, lines, at: *at, hint, code })
    }

    fn slip(&self, paper: SlipPaper, slip: &Slip<'_>) -> Result<Vec<u8>, PaperError> {
        let format = match paper {
            SlipPaper::A6 => Format::page(105.0, 148.0, 12.0),
            SlipPaper::Receipt => Format::page(80.0, 120.0, RECEIPT_MARGIN),
        };
        self.print(slip.title, &format, 1, |sheet, area, _| self.draw_slip(sheet, area, slip))
    }

    fn draw_slip(&self, sheet: &mut Sheet<'_, '_>, area: Area, slip: &Slip<'_>) {
        let Slip { title, number, called_name, lines, at, hint, code } = slip;
        let head = sheet.drill_label(area.band(0.0, 9.0), 20.0);
        let (left, right) = (head.part(0.0, 0.0, 26.0, 9.0), head.after(28.0));
        sheet.text(left, title, Style::bold(22.0));
        sheet.text(right, self.town, Style::regular(11.0).right());
        sheet.line((area.left, area.top + 10.0), (area.right(), area.top + 10.0), Thickness::Thick);
        sheet.text(area.band(11.0, 12.0), number.expose(), Style::bold(30.0).centred());
        sheet.text(area.band(23.0, 7.0), called_name.expose(), Style::regular(16.0).centred());
        code.draw(sheet, area.band(30.5, 46.0));
        let when = time::full(*at);
        let rows = lines.iter().copied().chain([("日時", when.as_str())]);
        for (row, (name, value)) in area.band(78.0, 24.0).grid(1, 3).zip(rows) {
            let [head, cell] = row.columns([18.0, row.width - 18.0]);
            sheet.text(head, name, Style::regular(11.0));
            sheet.text(cell, value, Style::bold(14.0));
        }
        sheet.text(area.band(104.0, 7.0), hint, Style::regular(12.0).centred());
    }
}
