//! What a town's IT office exports: each line is taken or named, and numbers are unique.

use std::collections::BTreeSet;

use hinamori_model::CalendarDate;
use hinamori_roster::{Mapping, Problem, Residents, Sites, SupportList};

pub(crate) fn run(bytes: &[u8]) {
    let Ok(today) = CalendarDate::new(2026, 11, 26) else { return };
    let mapping = Mapping::default();
    if let Ok(read) = Residents::read(bytes, &mapping, today) {
        let numbers: BTreeSet<_> = read.residents.iter().map(|resident| &resident.number).collect();
        assert!(numbers.len() == read.residents.len(), "two people have one number");
        check_problems(&read.problems);
        let again = Residents::read(bytes, &mapping, today).map(|again| again.residents);
        assert!(again.as_ref() == Ok(&read.residents), "the same bytes are other people");
    }
    if let Ok(read) = SupportList::read(bytes, &mapping, today) {
        let people: BTreeSet<_> = read.entries.iter().map(|entry| &entry.person).collect();
        assert!(people.len() == read.entries.len(), "somebody is on the list twice");
        check_problems(&read.problems);
    }
    if let Ok(read) = Sites::read(bytes) {
        assert!(read.sites.iter().all(|site| !site.name.is_empty()), "a place without a name");
        check_problems(&read.problems);
    }
}

fn check_problems(problems: &[Problem]) {
    assert!(problems.is_sorted_by_key(|problem| problem.line), "problems out of order");
    assert!(problems.iter().all(|problem| problem.line > 0), "a problem without its line");
}

pub(crate) fn seeds() -> crate::Seeds {
    let residents = "宛名番号,世帯番号,氏名,フリガナ,続柄,生年月日,性別,郵便番号,住所,行政区,支援措置\r\n\
        001,1,\"浜田 花子\",ﾊﾏﾀﾞ ﾊﾅｺ,世帯主,昭和15年3月4日,女,779-2103,阿部\u{3000}１０３,阿部,○\r\n\
        002,1,浜田 一,はまだ,子,S64.1.8,1,,,由岐,\r\n002,2,中村,,妻,20000229,,,,,\r\n";
    // 宛名番号,氏名 and 1,山 in CP932.
    let cp932 = b"\x88\xb6\x96\xbc\x94\xd4\x8d\x86,\x8e\x81\x96\xbc\n1,\x8eR\n";
    let support = "宛名番号,氏名,生年月日,要介護度,療育手帳,支援理由,同意\n7,,,3,A,難病,有\n,山,H1.1.8,,,,未\n9,1234-5678-9018,,,,,\n";
    let sites = "ID,名称,全国地方公共団体コード,緯度,経度,災害種別_地震,津波,指定避難所との重複,想定収容人数\n1,阿部校,36387,33.7,134.6,1,,1,\"1,200人\"\n";
    let features = r#"{"features":[{"geometry":{"coordinates":[134.6,33.7]},"properties":{"施設・場所名":"阿部校","地震":"1"}}]}"#;
    vec![
        ("seed-residents", residents.into()),
        ("seed-cp932", cp932.to_vec()),
        ("seed-support", support.into()),
        ("seed-sites", sites.into()),
        ("seed-features", features.into()),
    ]
}
