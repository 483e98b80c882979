//! Lists of residents, good and bad.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test ends at a surprise")]

use encoding_rs::SHIFT_JIS;
use hinamori_model::{CalendarDate, PersonalText, Sex};
use hinamori_roster::{Column, Mapping, Problem, Reason, Residents, Severity};

const HEADER: &str = "宛名番号,世帯番号,氏名,フリガナ,呼び名,続柄,生年月日,性別,郵便番号,住所,方書,行政区,班,電話番号,支援措置,見守り,国籍,言語";

fn read_with(bytes: &[u8], mapping: &str) -> Result<Residents, Problem> {
    let mapping = Mapping::parse(mapping).unwrap();
    Residents::read(bytes, &mapping, CalendarDate::new(2026, 11, 26).unwrap())
}

fn read(text: &str) -> Residents {
    read_with(text.as_bytes(), "").unwrap()
}

/// Line and reason of each problem, but that most of these files have no column for who is hidden.
fn reasons(read: &Residents) -> Vec<(u32, Severity, Reason)> {
    let problems = read.problems.iter().filter(|problem| problem.reason != Reason::NobodyHidden);
    problems.map(|problem| (problem.line, problem.severity, problem.reason)).collect()
}

/// Why a file is refused as a whole, and on which line.
fn refusal(text: &str) -> (u32, Reason) {
    let Err(problem) = read_with(text.as_bytes(), "") else { panic!("the file was taken") };
    (problem.line, problem.reason)
}

fn exposed(text: &Option<PersonalText>) -> &str {
    text.as_ref().map_or("", PersonalText::expose)
}

#[test]
fn a_resident_is_read_from_cp932_with_every_field() {
    let row = "００１２３,0007,髙橋  花子,ﾀｶﾊｼ ﾊﾅｺ,はなちゃん,世帯主,昭和１５年３月４日,女,７７９ー２１０３,美波町阿部１０３,みなみ荘 2号,阿部,３班,０８８４ー７８ー１２３４,○,×,日本,日本語";
    let text = format!("{HEADER}\r\n{row}");
    let (bytes, _, has_replaced) = SHIFT_JIS.encode(&text);
    assert!(!has_replaced);
    let read = read_with(&bytes, "").unwrap();
    assert_eq!(reasons(&read), []);
    let [resident] = read.residents.as_slice() else { panic!("not one resident") };
    assert_eq!(resident.number.expose(), "00123");
    assert_eq!(resident.household.as_ref().unwrap().expose(), "0007");
    assert_eq!(resident.name.expose(), "髙橋　花子");
    assert_eq!(exposed(&resident.kana), "タカハシ　ハナコ");
    assert_eq!(exposed(&resident.called_name), "はなちゃん");
    assert_eq!(exposed(&resident.relation), "世帯主");
    assert_eq!(resident.birth.unwrap().expose(), CalendarDate::new(1940, 3, 4).unwrap());
    assert_eq!(resident.sex, Sex::Female);
    assert_eq!(exposed(&resident.postcode), "779-2103");
    assert_eq!(exposed(&resident.address), "美波町阿部１０３　みなみ荘　2号");
    assert_eq!((resident.district.as_str(), resident.group.as_str()), ("阿部", "３班"));
    assert_eq!(exposed(&resident.phone), "0884-78-1234");
    assert!(resident.hidden && !resident.watch);
    assert_eq!((exposed(&resident.nationality), exposed(&resident.language)), ("日本", "日本語"));
}

#[test]
fn nothing_personal_is_printed() {
    let read = read(
        "宛名番号,氏名,フリガナ,生年月日,住所,電話番号\n71717,浜田花子,ハマダハナコ,1940-03-04,阿部番地,0884\n71717,二人目,フタリメ,3月4日,字,0884\n",
    );
    assert_eq!(read.residents.len(), 1);
    let printed = format!("{read:?} {}", read.problems.iter().map(ToString::to_string).collect::<String>());
    for secret in ["71717", "浜田", "ハマダ", "1940", "阿部", "0884", "二人目", "3月"] {
        assert!(!printed.contains(secret), "{secret} in {printed}");
    }
}

#[test]
fn lines_are_those_of_the_file() {
    // Empty lines, CR LF, a line break in quotation marks, an empty row, and no end of line at the end.
    let text = "\u{FEFF}宛名番号,氏名,住所\r\n\r\n1,山田 一,\"阿部\r\n103\"\r\n,,\r\n2,\r\n3,山田 三,阿部,\r\n4,山田 四,阿部,余り\r\n5,,阿部";
    let read = read(text);
    let expected = [
        (6, Severity::Refused, Reason::FieldsMissing { found: 2, expected: 3 }),
        (8, Severity::Refused, Reason::FieldsTooMany { found: 4, expected: 3 }),
        (9, Severity::Refused, Reason::ValueMissing),
    ];
    assert_eq!(reasons(&read), expected);
    let numbers: Vec<_> = read.residents.iter().map(|resident| resident.number.expose()).collect();
    assert_eq!(numbers, ["1", "3"]);
}

#[test]
fn a_file_that_is_cut_off_is_refused_and_a_whole_one_is_not() {
    for (text, line) in [
        ("宛名番号,氏名\n1,\"山田", 2),
        ("宛名番号,氏名\n1,山田\n2,\"", 3),
        ("宛名番号,氏名\n1,山田\n\"2,中村\n3,田中\n", 3),
        ("宛名番号,氏名\n1,\"山\"\"", 2),
        ("宛名番号,\"氏名", 1),
    ] {
        assert_eq!(refusal(text), (line, Reason::CutOff), "{text}");
    }
    for text in ["宛名番号,氏名\n1,\"山田\"", "宛名番号,氏名\n1,\"山\"\"\"\n", "宛名番号,氏名\n1,山\"田"]
    {
        assert_eq!(read(text).residents.len(), 1, "{text}");
    }
    let cut = read("宛名番号,氏名,住所\n1,山田,阿部\n2,中");
    assert_eq!(reasons(&cut), [(3, Severity::Refused, Reason::FieldsMissing { found: 2, expected: 3 })]);
}

#[test]
fn a_my_number_refuses_its_line_wherever_it_is() {
    let text = "宛名番号,氏名,備考\n1,山田,番号 1234-5678-9018\n123456789018,中村,\n2,１２３４５６７８９０１８,\n3,田中,123456789017\n";
    let read = read(text);
    let (_, problems) = read.problems.split_first().unwrap();
    let places: Vec<_> = problems.iter().map(|problem| (problem.line, problem.column.unwrap())).collect();
    let expected = [(2, Column::Number(3)), (3, Column::Named("宛名番号")), (4, Column::Named("氏名"))];
    assert_eq!(places, expected);
    assert!(problems.iter().all(|problem| problem.reason == Reason::MyNumber));
    assert_eq!(read.residents.len(), 1);
}

#[test]
fn a_column_that_the_mapping_exempts_is_not_looked_at() {
    let text = "宛名番号,氏名,備考\n123456789018,中村,\n123456789026,山田,123456789018\n";
    let read = read_with(text.as_bytes(), "[residents]\nnot_my_number = [\"宛名番号\"]").unwrap();
    assert_eq!(read.residents.len(), 1);
    assert_eq!(reasons(&read), [(3, Severity::Refused, Reason::MyNumber)]);
}

#[test]
fn a_column_of_my_numbers_refuses_the_file_under_any_name() {
    for header in ["個人番号", "マイナンバー", "ﾏｲﾅﾝﾊﾞｰ", "住民票 コード", "個人番号（12桁）", "My Number"]
    {
        let text = format!("宛名番号,氏名,{header}\n1,山田,\n");
        assert_eq!(refusal(&text), (1, Reason::ForbiddenColumn), "{header}");
    }
    assert_eq!(read("宛名番号,氏名,マイナンバーカードの有無\n1,山田,有\n").residents.len(), 1);
}

#[test]
fn headers_are_needed_and_unique() {
    assert_eq!(refusal(""), (0, Reason::Empty));
    assert_eq!(refusal("1,山田\n2,中村\n"), (1, Reason::ColumnMissing));
    assert_eq!(refusal("宛名番号,住所\n1,阿部\n"), (1, Reason::ColumnMissing));
    assert_eq!(refusal("宛名番号,氏名,氏　名\n1,山田,山田\n"), (1, Reason::ColumnTwice));
    let Err(problem) = read_with("番号,氏名\n".as_bytes(), "[residents.columns]\nnumber = \"整理番号\"")
    else {
        panic!("a column that the mapping names is missing")
    };
    assert_eq!(problem.to_string(), "1行目 宛名番号: この項目の列が見つかりません");
}

#[test]
fn the_mapping_decides_about_columns_delimiter_and_words() {
    let mapping = "[residents]\ndelimiter = \"\\t\"\nyes = [\"ア\"]\n[residents.columns]\nnumber = \"整理番号\"\nname = \"本名\"\nphone = \"\"";
    let text = "整理番号\t本名\t氏名\t電話番号\t支援措置\n1\t山田,一\t別\t0884\tｱ\n";
    let read = read_with(text.as_bytes(), mapping).unwrap();
    let resident = read.residents.first().unwrap();
    assert_eq!(resident.name.expose(), "山田,一");
    assert!(resident.phone.is_none() && resident.hidden);
}

#[test]
fn dates_refuse_a_line_or_are_doubted() {
    let text = "宛名番号,氏名,生年月日\n1,一,S64.1.8\n2,二,2026/11/27\n3,三,M29.11.26\n4,四,不詳\n5,五,2023.2.29\n6,六,いつか\n7,七,\n8,八,2026-11-26\n";
    let read = read(text);
    let expected = [
        (2, Severity::Refused, Reason::DateOutsideEra),
        (3, Severity::Refused, Reason::BirthInFuture),
        (4, Severity::Warning, Reason::AgeSuspicious),
        (5, Severity::Warning, Reason::DateUnknown),
        (6, Severity::Refused, Reason::DateImpossible),
        (7, Severity::Refused, Reason::DateUnreadable),
    ];
    assert_eq!(reasons(&read), expected);
    let has_birth: Vec<_> =
        read.residents.iter().map(|one| (one.number.expose(), one.birth.is_some())).collect();
    assert_eq!(has_birth, [("3", true), ("4", false), ("7", false), ("8", true)]);
}

#[test]
fn what_is_doubtful_in_a_field_is_said_and_the_line_taken() {
    let text =
        "宛名番号,氏名,性別,郵便番号,支援措置,見守り\n1,\u{E000}田,？,779,期間満了,週一回\n2.5E+3,山田,,,,\n";
    let read = read(text);
    let expected = [
        (2, Severity::Warning, Reason::PrivateCharacter),
        (2, Severity::Warning, Reason::SexUnreadable),
        (2, Severity::Warning, Reason::PostcodeMalformed),
        (2, Severity::Warning, Reason::TakenAsYes),
        (2, Severity::Warning, Reason::TakenAsNo),
        (3, Severity::Refused, Reason::NumberMalformed),
    ];
    assert_eq!(reasons(&read), expected);
    let [resident] = read.residents.as_slice() else { panic!("not one resident") };
    assert!(resident.hidden && !resident.watch && resident.postcode.is_none());
    assert_eq!(resident.sex, Sex::Unknown);
}

#[test]
fn people_and_households_are_compared() {
    let text = "宛名番号,世帯番号,氏名,続柄,生年月日,行政区\n\
        1,10,山田 一,世帯主,1980-01-01,阿部\n\
        2,10,山田 二,子,2010-01-01,由岐\n\
        1,10,山田 三,子,2011-01-01,阿部\n\
        3,20,山田　一,妻,S55.1.1,阿部\n\
        4,20,山田 一,妻,S55.1.2,阿部\n\
        5,,山田 五,,,\n";
    let read = read(text);
    let expected = [
        (3, Severity::Warning, Reason::HouseholdInTwoDistricts { first_line: 2 }),
        (4, Severity::Refused, Reason::NumberTwice { first_line: 2 }),
        (5, Severity::Warning, Reason::SamePerson { first_line: 2 }),
        (5, Severity::Warning, Reason::HouseholdWithoutHead),
    ];
    assert_eq!(reasons(&read), expected);
    assert_eq!(read.residents.len(), 5);
}

#[test]
fn budgets_refuse_with_their_reason() {
    let long = "あ".repeat(1366);
    let read_long = read(&format!("宛名番号,氏名\n1,{long}\n2,\u{7}\n"));
    let expected =
        [(2, Severity::Refused, Reason::FieldTooLong), (3, Severity::Refused, Reason::ControlCharacter)];
    assert_eq!(reasons(&read_long), expected);
    assert_eq!(read(&format!("宛名番号,氏名\n1,{}\n", "あ".repeat(1365))).residents.len(), 1);
    assert_eq!(refusal(&format!("宛名番号,{}", ",".repeat(99))), (1, Reason::TooManyColumns));
    assert_eq!(refusal(&format!("宛名番号,氏名,{long}")), (1, Reason::FieldTooLong));
    let rows = |count: u32| {
        (0..count).fold("宛名番号,氏名\n".to_owned(), |text, row| text + &format!("{row},山\n"))
    };
    assert_eq!(read(&rows(200_000)).residents.len(), 200_000);
    assert_eq!(refusal(&rows(200_001)), (200_002, Reason::TooManyRows));
}

#[test]
fn the_example_of_a_mapping_is_one() {
    let mapping = include_str!("../../../packaging/files/server/roster-mapping.toml");
    let text = "宛名番号,氏名,行政区名称,電話番号\n123456789018,山田,阿部,0884\n";
    let (bytes, _, _) = SHIFT_JIS.encode(text);
    let read = read_with(&bytes, mapping).unwrap();
    let resident = read.residents.first().unwrap();
    assert_eq!((resident.district.as_str(), &resident.phone), ("阿部", &None));
}

#[test]
fn a_list_that_hides_nobody_says_so_unless_the_mapping_does() {
    let text = "宛名番号,氏名,支援措置対象者\n1,山田,有\n";
    let [problem] = *read(text).problems.as_slice() else { panic!("not one problem") };
    assert_eq!(
        (problem.line, problem.severity, problem.reason),
        (1, Severity::Warning, Reason::NobodyHidden)
    );
    for (header, is_hidden) in [("", false), ("支援措置対象者", true)] {
        let mapping = format!("[residents.columns]\nhidden = \"{header}\"");
        let read = read_with(text.as_bytes(), &mapping).unwrap();
        assert!(read.problems.is_empty());
        assert_eq!(read.residents.first().unwrap().hidden, is_hidden);
    }
}

#[test]
fn a_row_that_nobody_looks_at_spoils_no_other() {
    // Longer than all fields of a row may be together, in quotation marks and without, and wider than any header.
    let (long, wide) = ("1".repeat(500_000), ",".repeat(300));
    let read = read(&format!("宛名番号,氏名\n1,\"{long}\n\"\n2,{long}\n3,山田{wide}\n{wide}\n4,中村\n"));
    let expected = [
        (2, Severity::Refused, Reason::FieldTooLong),
        (4, Severity::Refused, Reason::FieldTooLong),
        (5, Severity::Refused, Reason::FieldsTooMany { found: 302, expected: 2 }),
        (6, Severity::Refused, Reason::FieldsTooMany { found: 301, expected: 2 }),
    ];
    assert_eq!(reasons(&read), expected);
    assert_eq!(read.residents.first().unwrap().number.expose(), "4");
    assert_eq!(refusal(&format!("宛名番号,氏名,{long}\n")), (1, Reason::FieldTooLong));
    assert_eq!(refusal(&format!("宛名番号,氏名\n1,\"{long}")), (2, Reason::CutOff));
}
