//! What is wrong with a file, in words for the operator.

use std::fmt;

/// The most problems that are listed; [`Reason::More`] counts the others.
pub(crate) const MOST_LISTED: usize = 10_000;

/// Whether the line was taken all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The line was taken; somebody should look at it.
    Warning,
    /// The line (or, as an error of a whole file, the file) was not taken.
    Refused,
}

/// Where in a line. Never the file's own words: a file without a header begins with somebody's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Column {
    /// A field that is known, by the word of this program for it.
    Named(&'static str),
    /// Any other column, from 1.
    Number(u32),
}

/// One thing that is wrong. It says where and why and quotes nothing, so that it can be printed and logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Problem {
    /// The line of the file where the row begins, from 1; the header is 1. 0 for the file as a whole.
    pub line: u32,
    /// The column, where one is to blame.
    pub column: Option<Column>,
    /// Whether the line was taken.
    pub severity: Severity,
    /// What is wrong.
    pub reason: Reason,
}

/// Generates the reasons with what the operator reads.
macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident $({ $($(#[$field_doc:meta])* $field:ident),+ })? => $words:literal,)+) => {
        /// Why a file or a line was refused, or is doubtful.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Reason {
            $($(#[$doc])* $name $({ $($(#[$field_doc])* $field: u32),+ })?,)+
        }

        impl fmt::Display for Reason {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$name $({ $($field),+ })? => write!(out, $words),)+
                }
            }
        }
    };
}

reasons! {
    /// The file has more than 64 MiB.
    FileTooLong => "ファイルが大きすぎます(64MiBまで)",
    /// The file has more than 200,000 rows.
    TooManyRows => "行が多すぎます(200,000行まで)",
    /// The header has more than 100 columns.
    TooManyColumns => "列が多すぎます(100列まで)",
    /// UTF-16: Excel's "Unicode text".
    Utf16 => "UTF-16のファイルです。UTF-8かシフトJISで保存してください",
    /// Neither UTF-8 nor CP932, or not the one that the mapping demands. The character that breaks is number
    /// `character` (from 1) of the line.
    NotText {
        /// From 1.
        character
    } => "{character}文字目が文字コード(UTF-8・シフトJIS)に合いません",
    /// There is no header.
    Empty => "見出しの行がありません",
    /// The file ends inside quotation marks: a part of it is missing.
    CutOff => "引用符が閉じないままファイルが終わっています。途中で切れています",
    /// A column of My Numbers or of resident record codes.
    ForbiddenColumn => "個人番号・住民票コードの列があるファイルは取り込めません",
    /// No column has a name that stands for this field.
    ColumnMissing => "この項目の列が見つかりません",
    /// Two columns have the same name.
    ColumnTwice => "同じ見出しの列が二つあります",
    /// The JSON is broken, or no collection of points.
    NotGeoJson => "GeoJSONとして読めません",
    /// The feature is not a point with properties.
    NotASite => "地点として読めません",
    /// Fewer fields than the header has: cut off, or a stray line break.
    FieldsMissing {
        /// Fields of the row.
        found,
        /// Columns of the header.
        expected
    } => "列が足りません({expected}列のところ{found}列)",
    /// More fields than the header has: a delimiter without quotation marks around it.
    FieldsTooMany {
        /// Fields of the row.
        found,
        /// Columns of the header.
        expected
    } => "列が多すぎます({expected}列のところ{found}列)",
    /// A field has more than 4,096 bytes.
    FieldTooLong => "長すぎます(4,096バイトまで)",
    /// A character that no text has.
    ControlCharacter => "制御文字が入っています",
    /// A number of 12 digits whose check digit fits, as a My Number has.
    MyNumber => "個人番号(マイナンバー)と見られる12桁の番号があるため取り込みません",
    /// A field without which the line is of no use is empty.
    ValueMissing => "空です",
    /// Not letters and digits, or over 32 of them; often a number that a spreadsheet rewrote (1.23E+11).
    NumberMalformed => "番号として読めません",
    /// An earlier line has the same number.
    NumberTwice {
        /// The line that was taken.
        first_line
    } => "{first_line}行目と同じ番号です",
    /// An earlier line speaks of the same person.
    PersonTwice {
        /// The line that was taken.
        first_line
    } => "{first_line}行目と同じ人です",
    /// No column says who is hidden, so that nobody is. The mapping may say that this is meant: `hidden = ""`.
    NobodyHidden => "この項目の列がないため、全員を「無」とします",
    /// No form of a date that is known.
    DateUnreadable => "日付として読めません",
    /// The calendar has no such day.
    DateImpossible => "暦にない日付です",
    /// The era did not have this day.
    DateOutsideEra => "元号の期間にない日付です",
    /// The town writes that the day is not known. The person is taken without a birth date.
    DateUnknown => "日付が不詳のため、生年月日なしで取り込みます",
    /// Born after today.
    BirthInFuture => "未来の日付です",
    /// Aged 130 or more.
    AgeSuspicious => "130歳以上になります",
    /// Taken as not said.
    SexUnreadable => "性別として読めないため、不明とします",
    /// Left out.
    PostcodeMalformed => "郵便番号として読めないため、取り込みません",
    /// Neither yes nor no; taken as yes where that keeps somebody safe.
    TakenAsYes => "有無を読めないため、「有」とします",
    /// Neither yes nor no; taken as no.
    TakenAsNo => "有無を読めないため、「無」とします",
    /// A character of the town's own (外字): other machines show it as another one or not at all.
    PrivateCharacter => "外字が入っています。表示できないことがあります",
    /// Another number has the same name and birth date.
    SamePerson {
        /// The earlier line.
        first_line
    } => "{first_line}行目と氏名と生年月日が同じです",
    /// Nobody of the household is its head.
    HouseholdWithoutHead => "この世帯に世帯主がいません",
    /// The household is in another district on an earlier line.
    HouseholdInTwoDistricts {
        /// The earlier line.
        first_line
    } => "同じ世帯の{first_line}行目と行政区が違います",
    /// Not a pair of degrees; left out.
    PositionUnreadable => "緯度・経度として読めません",
    /// Not in Japan; left out. Often latitude and longitude are exchanged.
    PositionOutsideJapan => "緯度・経度が日本の外です",
    /// No municipality's code; left out.
    CodeMalformed => "地方公共団体コードとして読めません",
    /// Not a number of people; left out.
    CapacityUnreadable => "人数として読めません",
    /// Neither suitable nor unsuitable; taken as unknown.
    SuitabilityUnreadable => "適否を読めないため、不明とします",
    /// So many problems more are not listed.
    More {
        /// How many.
        count
    } => "ほかに{count}件あります",
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(out, "{}行目", self.line)?;
        }
        let gap = if self.line > 0 { " " } else { "" };
        match self.column {
            Some(Column::Named(name)) => write!(out, "{gap}{name}: ")?,
            Some(Column::Number(number)) => write!(out, "{gap}{number}列目: ")?,
            None if self.line > 0 => out.write_str(": ")?,
            None => {}
        }
        self.reason.fmt(out)
    }
}

impl std::error::Error for Problem {}

impl Problem {
    /// What refuses a whole file.
    pub(crate) const fn of_file(line: u32, column: Option<Column>, reason: Reason) -> Self {
        Self { line, column, severity: Severity::Refused, reason }
    }
}

/// The problems of a file as they are found.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    listed: Vec<Problem>,
    unlisted: u32,
    /// The gravest of those that are not listed.
    gravest: Option<Severity>,
}

impl Problems {
    pub(crate) fn add(&mut self, line: u32, column: Option<Column>, severity: Severity, reason: Reason) {
        if self.listed.len() < MOST_LISTED {
            self.listed.push(Problem { line, column, severity, reason });
        } else {
            self.unlisted = self.unlisted.saturating_add(1);
            self.gravest = self.gravest.max(Some(severity));
        }
    }

    /// In the order of the lines.
    pub(crate) fn finish(mut self) -> Vec<Problem> {
        self.listed.sort_by_key(|problem| problem.line);
        if let Some(severity) = self.gravest {
            let reason = Reason::More { count: self.unlisted };
            self.listed.push(Problem { line: 0, column: None, severity, reason });
        }
        self.listed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_a_plain_sentence() {
        let mut problems = Problems::default();
        problems.add(12, Some(Column::Named("生年月日")), Severity::Refused, Reason::DateUnreadable);
        problems.add(3, None, Severity::Refused, Reason::FieldsMissing { found: 2, expected: 9 });
        problems.add(4, Some(Column::Number(5)), Severity::Refused, Reason::MyNumber);
        let said: Vec<_> = problems.finish().iter().map(ToString::to_string).collect();
        let number = "4行目 5列目: 個人番号(マイナンバー)と見られる12桁の番号があるため取り込みません";
        assert_eq!(
            said,
            ["3行目: 列が足りません(9列のところ2列)", number, "12行目 生年月日: 日付として読めません"]
        );
        assert_eq!(Problem::of_file(0, None, Reason::Empty).to_string(), "見出しの行がありません");
    }

    #[test]
    fn the_list_ends_and_says_how_many_more_there_are() {
        let mut problems = Problems::default();
        for line in 0..10_005 {
            problems.add(line, None, Severity::Warning, Reason::SexUnreadable);
        }
        let problems = problems.finish();
        assert_eq!(problems.len(), MOST_LISTED + 1);
        assert_eq!(problems.last().map(|last| last.reason), Some(Reason::More { count: 5 }));
    }
}
