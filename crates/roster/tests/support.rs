//! Lists of persons needing support.
#![expect(clippy::unwrap_used, reason = "a test ends at a surprise")]

use hinamori_model::{CalendarDate, PersonalText, SupportReason};
use hinamori_roster::{Mapping, Problem, Reason, Severity, SupportList, Supported};

fn read(text: &str) -> Result<SupportList, Problem> {
    SupportList::read(text.as_bytes(), &Mapping::default(), CalendarDate::new(2026, 11, 26).unwrap())
}

#[test]
fn an_entry_is_read_with_every_field() {
    let text = "宛名番号,氏名,支援を必要とする理由,備考,同意,支援者氏名,支援者連絡先,避難先,配慮事項\n\
        0012,山田,要介護４,玄関は裏,有,中村 次郎,０９０－１２３４－５６７８,阿部校,車いす\n";
    let list = read(text).unwrap();
    assert!(list.problems.is_empty());
    let entry = list.entries.first().unwrap();
    assert!(matches!(&entry.person, Supported::Number(number) if number.expose() == "0012"));
    assert_eq!(entry.reasons.iter().collect::<Vec<_>>(), [SupportReason::CareLevelThreeToFive]);
    assert!(entry.shares);
    let texts = [&entry.note, &entry.supporter_name, &entry.supporter_phone, &entry.refuge, &entry.needs];
    let texts = texts.map(|text| text.as_ref().map_or("", PersonalText::expose));
    assert_eq!(texts, ["要介護４\n玄関は裏", "中村　次郎", "090-1234-5678", "阿部校", "車いす"]);
    assert!(!format!("{list:?}").contains("中村"));
}

#[test]
fn reasons_come_from_their_columns() {
    let text = "宛名番号,要介護度,身体障害者手帳,療育手帳,精神障害者保健福祉手帳,難病,独居高齢者\n\
        1,５,１級,A2,,,\n2,要支援2,無,B1,2級,○,1\n3,,4級,,,0,\n4,,,,,,\n";
    let list = read(text).unwrap();
    let found: Vec<Vec<_>> = list.entries.iter().map(|entry| entry.reasons.iter().collect()).collect();
    use SupportReason as Why;
    let first = vec![Why::CareLevelThreeToFive, Why::PhysicalHandbookOneOrTwo, Why::IntellectualHandbookA];
    let second = vec![Why::MentalHandbookAlone, Why::IntractableDisease, Why::ElderlyAlone, Why::Other];
    assert_eq!(found, [first, second, vec![Why::Other], vec![]]);
}

#[test]
fn without_a_number_somebody_is_named_by_name_and_birth() {
    let text = "宛名番号,氏名,フリガナ,生年月日,同意\n,山田 一,やまだ はじめ,T15.1.2,未\n,山田 二,,,\n7,,,,検討中\n7,,,,\n";
    let list = read(text).unwrap();
    let reasons: Vec<_> =
        list.problems.iter().map(|problem| (problem.line, problem.severity, problem.reason)).collect();
    let expected = [
        (3, Severity::Refused, Reason::ValueMissing),
        (4, Severity::Warning, Reason::TakenAsNo),
        (5, Severity::Refused, Reason::PersonTwice { first_line: 4 }),
    ];
    assert_eq!(reasons, expected);
    let Some(Supported::Described { name, kana, birth }) = list.entries.first().map(|entry| &entry.person)
    else {
        panic!("the first entry has no number")
    };
    assert_eq!((name.expose(), kana.as_ref().unwrap().expose()), ("山田　一", "ヤマダ　ハジメ"));
    assert_eq!(birth.expose(), CalendarDate::new(1926, 1, 2).unwrap());
}

#[test]
fn a_list_that_names_nobody_is_refused() {
    assert_eq!(read("氏名,住所\n山田,阿部\n").unwrap_err().reason, Reason::ColumnMissing);
    assert_eq!(read("氏名,生年月日,個人番号\n").unwrap_err().reason, Reason::ForbiddenColumn);
    let noted = read("宛名番号,備考\n1,123456789018\n").unwrap();
    assert!(
        noted.entries.is_empty() && noted.problems.iter().all(|problem| problem.reason == Reason::MyNumber)
    );
}
