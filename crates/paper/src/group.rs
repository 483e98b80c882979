//! The tick list of a neighbours' group (班): its leader ticks who came, on the way or at the shelter.

use hinamori_model::PersonalText;

use crate::area::Area;
use crate::error::PaperError;
use crate::press::{Format, Press};
use crate::sheet::{Sheet, Style, Thickness};

const TITLE: &str = "班の 確認表";
/// Heights in millimetres.
const HOUSEHOLD: f32 = 7.0;
const PERSON: f32 = 12.0;
/// Between two households.
const GAP: f32 = 2.0;
/// What stands above the households of a page, and the area that they have.
const HINT: f32 = 8.0;
const ROOM: f32 = 239.0;
/// At the end: people who are not on the list, and who says all this.
const UNLISTED: u16 = 4;
const ENDING: f32 = 77.0;
/// Box, name, relation, remark: 186 together.
const COLUMNS: [f32; 4] = [14.0, 92.0, 30.0, 50.0];
/// The side of the box to tick.
const BOX: f32 = 8.0;

/// A household of the group.
#[derive(Debug, Clone)]
pub struct GroupHousehold {
    /// By what the leader knows it: the head's name or the house.
    pub label: PersonalText,
    /// Who lives there. The caller passes hidden people like anybody: nothing marks them here.
    pub members: Vec<GroupMember>,
}

/// One of its people.
#[derive(Debug, Clone)]
pub struct GroupMember {
    /// The name.
    pub name: PersonalText,
    /// Its reading, or nothing.
    pub kana: PersonalText,
    /// How related to the head: 世帯主, 妻, 子.
    pub relation: PersonalText,
}

/// Which group.
#[derive(Debug, Clone, Copy)]
pub struct Group<'a> {
    /// The district: 阿武地区.
    pub district: &'a str,
    /// The group in it: 3班.
    pub name: &'a str,
}

/// What stands on a page, one below the other.
enum Row<'a> {
    Household { label: &'a PersonalText, is_continued: bool },
    Person(&'a GroupMember),
    Gap,
    Ending,
}

impl Row<'_> {
    const fn height(&self) -> f32 {
        match self {
            Self::Household { .. } => HOUSEHOLD,
            Self::Person(_) => PERSON,
            Self::Gap => GAP,
            Self::Ending => ENDING,
        }
    }
}

impl Press<'_> {
    /// The lists of these groups, one behind the other, each with pages of its own. A household stands on one page unless
    /// it is longer than a page.
    ///
    /// # Errors
    /// As [`Press`] says.
    pub fn group_lists(&self, groups: &[(Group<'_>, &[GroupHousehold])]) -> Result<Vec<u8>, PaperError> {
        let mut all = Vec::new();
        for (group, households) in groups {
            let pages = pages(households);
            let count = pages.len();
            all.extend(pages.into_iter().enumerate().map(|(place, rows)| (*group, place, count, rows)));
        }
        self.print(TITLE, &Format::a4(), all.len(), |sheet, page, place| {
            let Some((group, place, count, rows)) = all.get(place) else { return };
            let body = self.heading(sheet, page, TITLE, &format!("{} {}", group.district, group.name));
            let hint = "来た 人の □に ✓を つけます。 分からない 人は そのままに します。";
            let above = body.band(-2.0, HINT);
            let [hints, notes] = above.columns([136.0, 50.0]);
            sheet.text(hints, hint, Style::regular(12.0));
            sheet.cell(notes, "メモ", Style::bold(12.0));
            let mut top = HINT;
            for row in rows {
                draw(sheet, body.band(top, row.height()), row);
                top += row.height();
            }
            self.footing(sheet, page, *place, *count);
        })
    }
}

fn pages(households: &[GroupHousehold]) -> Vec<Vec<Row<'_>>> {
    let mut pages = Pages { done: Vec::new(), page: Vec::new(), used: 0.0 };
    for household in households {
        let label = &household.label;
        let whole = household.members.iter().fold(HOUSEHOLD, |height, _| height + PERSON);
        if whole <= ROOM {
            pages.need(whole);
        } else {
            pages.need(HOUSEHOLD + PERSON);
        }
        pages.add(Row::Household { label, is_continued: false });
        for member in &household.members {
            if pages.need(PERSON) {
                pages.add(Row::Household { label, is_continued: true });
            }
            pages.add(Row::Person(member));
        }
        pages.add(Row::Gap);
    }
    pages.need(ENDING);
    pages.add(Row::Ending);
    pages.done.push(pages.page);
    pages.done
}

struct Pages<'a> {
    done: Vec<Vec<Row<'a>>>,
    page: Vec<Row<'a>>,
    used: f32,
}

impl<'a> Pages<'a> {
    /// Begins a new page when this much does not fit any more. Says whether it did.
    fn need(&mut self, height: f32) -> bool {
        let is_full = self.used + height > ROOM;
        if is_full {
            self.done.push(std::mem::take(&mut self.page));
            self.used = 0.0;
        }
        is_full
    }

    fn add(&mut self, row: Row<'a>) {
        self.used += row.height();
        self.page.push(row);
    }
}

fn draw(sheet: &mut Sheet<'_, '_>, area: Area, row: &Row<'_>) {
    match row {
        Row::Gap => {}
        Row::Household { label, is_continued } => {
            sheet.head(area, "");
            let [name, rest] = area.columns([140.0, 46.0]);
            sheet.cell(name, label.expose(), Style::bold(13.0));
            if *is_continued {
                sheet.cell(rest, "(つづき)", Style::regular(11.0).right());
            }
        }
        Row::Person(GroupMember { name, kana, relation }) => {
            let [_, names, relations, _] = person_row(sheet, area);
            let [above, below] = [names.band(0.3, 4.2), names.band(4.3, 7.4)];
            sheet.cell(above, kana.expose(), Style::regular(10.0));
            sheet.cell(below, name.expose(), Style::bold(19.0));
            sheet.cell(relations, relation.expose(), Style::regular(13.0));
        }
        Row::Ending => ending(sheet, area),
    }
}

fn person_row(sheet: &mut Sheet<'_, '_>, area: Area) -> [Area; 4] {
    let cells = area.columns(COLUMNS);
    for cell in cells {
        sheet.frame(cell, Thickness::Normal);
    }
    let [first, ..] = cells;
    let edge = (area.height - BOX) / 2.0;
    sheet.frame(first.part((first.width - BOX) / 2.0, edge, BOX, BOX), Thickness::Thick);
    cells
}

fn ending(sheet: &mut Sheet<'_, '_>, area: Area) {
    sheet.head(area.band(0.0, HOUSEHOLD), "");
    let title = "この 表に ない 人 (名前・続柄・連絡先)";
    sheet.cell(area.band(0.0, HOUSEHOLD), title, Style::bold(13.0));
    let rows = area.band(HOUSEHOLD, PERSON * f32::from(UNLISTED));
    for row in rows.grid(1, UNLISTED) {
        person_row(sheet, row);
    }
    let [who, when] = area.band(ENDING - 14.0, 14.0).columns([106.0, 80.0]);
    for (cell, name) in [(who, "確認した 人(班長)"), (when, "日時")] {
        sheet.text(cell.band(0.0, 6.0), name, Style::bold(11.0));
        sheet.line((cell.left, cell.bottom()), (cell.right() - 4.0, cell.bottom()), Thickness::Normal);
    }
    let parts = when.part(0.0, 6.0, when.width - 6.0, 8.0);
    for (part, unit) in parts.grid(4, 1).zip(["月", "日", "時", "分"]) {
        sheet.text(part, unit, Style::regular(12.0).right());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn household(people: usize) -> GroupHousehold {
        let text = || PersonalText::new("x");
        let member = GroupMember { name: text(), kana: text(), relation: text() };
        GroupHousehold { label: text(), members: vec![member; people] }
    }

    fn heights(pages: &[Vec<Row<'_>>]) -> Vec<f32> {
        pages.iter().map(|page| page.iter().map(Row::height).sum()).collect()
    }

    #[test]
    fn a_household_is_not_torn_apart() {
        let households = [household(10), household(6), household(3)];
        let pages = pages(&households);
        let people = |page: &Vec<Row<'_>>| page.iter().filter(|row| matches!(row, Row::Person(_))).count();
        assert_eq!(pages.iter().map(people).collect::<Vec<_>>(), [16, 3]);
    }

    #[test]
    fn a_home_for_the_old_goes_over_pages_under_its_name() {
        let households = [household(60)];
        let pages = pages(&households);
        assert_eq!(pages.len(), 4);
        assert!(pages.iter().take(3).all(|page| matches!(page.first(), Some(Row::Household { .. }))));
        assert!(heights(&pages).iter().all(|height| *height <= ROOM + GAP));
    }
}
