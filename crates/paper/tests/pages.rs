//! What a printer, a scanner and a reader get: the documents of the example, drawn by poppler and read by zbar.

#![expect(clippy::unwrap_used, clippy::panic, reason = "support functions of tests")]

#[path = "../examples/samples/values.rs"]
mod values;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

use hinamori_model::PersonalText;
use hinamori_paper::{
    Badge, BadgeCode, CardPaper, Fonts, Group, GroupHousehold, GroupMember, MOST_CODE_CHARACTERS, Mode,
    PaperCard, PaperError, Press, RosterRow, SlipPaper, Transfer,
};
use proptest::prelude::*;
use tempfile::TempDir;
use values::{SITE, press};

const DOTS_PER_INCH: usize = 150;

/// A PDF in a folder of its own, for programs to look at.
struct Printed {
    folder: TempDir,
    pdf: PathBuf,
}

/// A page as dots, row by row; 255 is white.
struct Dots {
    width: usize,
    height: usize,
    lightness: Vec<u8>,
}

impl Printed {
    fn new(bytes: &[u8]) -> Self {
        let folder = TempDir::new().unwrap();
        let pdf = folder.path().join("document.pdf");
        std::fs::write(&pdf, bytes).unwrap();
        Self { folder, pdf }
    }

    /// The text of each page.
    fn text(&self) -> Vec<String> {
        let text = run(Command::new("pdftotext").arg("-layout").arg(&self.pdf).arg("-"));
        text.split_terminator('\u{C}').map(str::to_owned).collect()
    }

    /// The files of the pages as they are printed.
    fn pictures(&self) -> Vec<PathBuf> {
        let stem = self.folder.path().join("page");
        run(Command::new("pdftoppm")
            .args(["-gray", "-r", &DOTS_PER_INCH.to_string()])
            .arg(&self.pdf)
            .arg(stem));
        let entries = std::fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().path());
        let mut pictures: Vec<PathBuf> = entries.filter(|path| path.extension().unwrap() == "pgm").collect();
        pictures.sort();
        pictures
    }

    /// What the codes of all pages say.
    fn codes(&self) -> BTreeSet<String> {
        let pages = self.pictures().into_iter();
        let read = pages.map(|page| run(Command::new("zbarimg").args(["--quiet", "--raw"]).arg(page)));
        read.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect()
    }
}

/// What a program writes. A missing one is said with its package.
fn run(command: &mut Command) -> String {
    let hint = "install the test set of packaging/install-packages.sh (poppler-utils, zbar-tools)";
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}; {hint}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

impl Dots {
    /// Reads a binary PGM: `P5 width height 255` and the dots.
    fn read(path: &PathBuf) -> Self {
        let bytes = std::fs::read(path).unwrap();
        let mut head = bytes.splitn(4, |byte| byte.is_ascii_whitespace());
        let mut number = |_| std::str::from_utf8(head.next().unwrap()).unwrap().parse().unwrap_or(0);
        let [_, width, height] = [0, 1, 2].map(&mut number);
        let lightness = bytes.get(bytes.len() - width * height..).unwrap().to_vec();
        Self { width, height, lightness }
    }

    /// How many dots outside the margins are not white.
    fn outside(&self, margin_mm: f32) -> usize {
        let margin = (margin_mm / 25.4 * 150.0) as usize - 2;
        let is_inside = |x: usize, y: usize| {
            (margin..self.width - margin).contains(&x) && (margin..self.height - margin).contains(&y)
        };
        let dots = self.lightness.iter().enumerate();
        dots.filter(|(place, dot)| **dot < 250 && !is_inside(place % self.width, place / self.width)).count()
    }
}

fn fonts() -> Fonts {
    values::fonts().unwrap()
}

fn long_text() -> PersonalText {
    PersonalText::new("寿限無 寿限無 五劫の擦り切れ 海砂利水魚の水行末雲来末風来末".repeat(9))
}

#[test]
fn nothing_is_printed_outside_the_margins() {
    let fonts = fonts();
    for mode in [Mode::Live, Mode::Drill] {
        for (name, bytes) in values::documents(&press(&fonts, mode)).unwrap() {
            let margin = if name.ends_with("receipt") { 4.0 } else { 12.0 };
            for page in Printed::new(&bytes).pictures() {
                let dots = Dots::read(&page);
                assert!(dots.lightness.iter().any(|dot| *dot < 50), "{name} is empty");
                assert_eq!(dots.outside(margin), 0, "{name} {mode:?} {}", page.display());
            }
        }
    }
}

#[test]
fn a_drill_says_so_on_every_page_and_nothing_live_does() {
    let fonts = fonts();
    for (name, bytes) in values::documents(&press(&fonts, Mode::Drill)).unwrap() {
        // Across the page, at the head, and on what is cut off. What stands across comes out letter by letter.
        let times = match name {
            "intake-a5" => [8, 8, 8].as_slice(),
            "intake-a4" => &[16, 8],
            "badges" => &[11, 4],
            "group" | "roster" => &[2, 2, 2],
            // Its title has the word too.
            "evacuation" => &[3; 5],
            _ => &[2],
        };
        let pages = Printed::new(&bytes).text();
        let found: Vec<usize> = pages.iter().map(|page| page.matches('訓').count()).collect();
        assert_eq!(found, times, "{name}");
    }
    for (name, bytes) in values::documents(&press(&fonts, Mode::Live)).unwrap() {
        assert!(!Printed::new(&bytes).text().concat().contains("訓練"), "{name}");
    }
}

#[test]
fn names_stand_in_the_text_also_those_that_the_first_font_lacks() {
    let fonts = fonts();
    let documents = values::documents(&press(&fonts, Mode::Live)).unwrap();
    for (name, bytes) in documents.iter().filter(|(name, _)| ["roster", "group"].contains(name)) {
        let pages = Printed::new(bytes).text();
        let text = pages.concat();
        for person in ["浜田 花子", "𠮷田 一郎", "髙橋 さくら", "山﨑 健太", "渡邉 マリア・フェルナンダ"]
        {
            assert!(text.contains(person), "{person} in {name}");
        }
        for (page, place) in pages.iter().zip(1..) {
            assert!(page.contains(&format!("{place} / {} ページ", pages.len())), "{name} page {place}");
        }
    }
}

#[test]
fn every_code_of_a_sheet_is_read() {
    let fonts = fonts();
    let text = |number: usize, letter: usize| format!("HMB1:7K3QX9ZP:{number:04}:{letter}:M4T8W2R6Y0C5V1N3");
    let of_cards: BTreeSet<String> =
        (42..45).flat_map(|number| (0..6).map(move |letter| text(number, letter))).collect();
    let of_badges: BTreeSet<String> = (42..55).map(|number| text(number, 0)).collect();
    for mode in [Mode::Live, Mode::Drill] {
        for (name, bytes) in values::documents(&press(&fonts, mode)).unwrap() {
            let printed = match name {
                "intake-a5" | "intake-a4" => of_cards.clone(),
                "badges" => of_badges.clone(),
                "transfer-receipt" | "transfer-a6" => [text(42, 0)].into(),
                "leaving-receipt" => [text(42, 1)].into(),
                _ => continue,
            };
            assert_eq!(Printed::new(&bytes).codes(), printed, "{name} {mode:?}");
        }
    }
}

#[test]
fn the_longest_codes_are_read_from_the_smallest_badges() {
    let fonts = fonts();
    let texts = ["A", "B", "C", "D", "E", "F"].map(|letter| letter.repeat(MOST_CODE_CHARACTERS));
    let badges = texts.each_ref().map(|text| {
        let code = BadgeCode::new(text).unwrap();
        Some(Badge { number: PersonalText::new("65535-65535-F-ZZ"), code, called_name: None })
    });
    let card = PaperCard { number: PersonalText::new("1-0042"), badges };
    let bytes = press(&fonts, Mode::Drill).intake_cards(SITE, CardPaper::A5, &[card]).unwrap();
    assert_eq!(Printed::new(&bytes).codes(), texts.into());
}

#[test]
fn two_hundred_cards_are_the_same_bytes_every_time_and_not_many() {
    let cards: Vec<PaperCard> = (1..=200).map(|number| values::card(number).unwrap()).collect();
    let print =
        |fonts: &Fonts| press(fonts, Mode::Live).intake_cards(SITE, CardPaper::HalfA4, &cards).unwrap();
    let bytes = print(&fonts());
    assert!(bytes == print(&fonts()));
    assert!(bytes.len() < 3_000_000, "{} bytes", bytes.len());
    assert_eq!(Printed::new(&bytes).text().len(), 100);
}

#[test]
fn a_text_that_is_too_long_is_cut_inside_its_box() {
    let fonts = fonts();
    let member = GroupMember { name: long_text(), kana: long_text(), relation: long_text() };
    let household = GroupHousehold { label: long_text(), members: vec![member] };
    let district = long_text();
    let group = Group { district: district.expose(), name: "3班" };
    let bytes = press(&fonts, Mode::Live).group_lists(&[(group, &[household])]).unwrap();
    let printed = Printed::new(&bytes);
    assert_eq!(printed.text().concat().matches('…').count(), 5);
    for page in printed.pictures() {
        assert_eq!(Dots::read(&page).outside(12.0), 0);
    }
}

#[test]
fn nothing_and_too_much_are_refused() {
    let fonts = fonts();
    let press = press(&fonts, Mode::Live);
    assert!(matches!(press.roster(SITE, &[]), Err(PaperError::Empty)));
    let none = || PersonalText::new("");
    let since = press.printed_at;
    let row = RosterRow { number: none(), name: none(), kana: none(), state: String::new(), since };
    let error = press.roster(SITE, &vec![row; 44_001]).unwrap_err();
    assert!(matches!(error, PaperError::TooManyPages { pages: 2_001 }), "{error}");
}

#[test]
fn no_text_keeps_a_slip_from_being_printed() {
    let fonts = fonts();
    let code = BadgeCode::new("HMB1").unwrap();
    let printed_at = press(&fonts, Mode::Live).printed_at;
    proptest!(ProptestConfig::with_cases(48), |(town in ".*", name in ".*", from in ".*", to in "\\PC*")| {
        let press = Press { fonts: &fonts, mode: Mode::Drill, town: &town, printed_at };
        let (number, called_name) = (PersonalText::new(name.clone()), PersonalText::new(name));
        let transfer = Transfer { number, called_name, from: &from, to: &to, at: printed_at, code: code.clone() };
        prop_assert!(press.transfer_slip(SlipPaper::Receipt, &transfer).is_ok());
    });
}

#[test]
fn what_is_about_people_cannot_be_logged() {
    let text = || PersonalText::new("浜田");
    let since = hinamori_model::UnixMillis::new(0);
    let row = RosterRow { number: text(), name: text(), kana: text(), state: "在所".to_owned(), since };
    let member = GroupMember { name: text(), kana: text(), relation: text() };
    let household = GroupHousehold { label: text(), members: vec![member] };
    assert!(!format!("{row:?} {household:?} {:?}", values::card(42)).contains("浜田"));
    assert!(!format!("{:?}", values::card(42)).contains("0042"));
}
