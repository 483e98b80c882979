//! Whatever the bytes: no panic, and the same answer each time.
#![expect(clippy::unwrap_used, reason = "a test ends at a surprise")]

use hinamori_model::CalendarDate;
use hinamori_roster::{Mapping, Residents, Sites, SupportList};
use proptest::prelude::*;

/// Everything that the readers say about some bytes. What is personal is compared by the lists themselves.
fn said(bytes: &[u8]) -> String {
    let (mapping, today) = (Mapping::default(), CalendarDate::new(2026, 11, 26).unwrap());
    let residents = || Residents::read(bytes, &mapping, today);
    if let (Ok(once), Ok(again)) = (residents(), residents()) {
        assert!(once.residents == again.residents, "reading twice gives other people");
    }
    let support = SupportList::read(bytes, &mapping, today);
    format!("{:?} {support:?} {:?}", residents(), Sites::read(bytes))
}

/// Rows that look like those of a town, so that what is behind the header is reached.
fn rows() -> impl Strategy<Value = Vec<u8>> {
    let field = prop_oneof![
        "[0-9０-９-]{0,14}",
        "[ -~]{0,9}",
        "[MTSHR明昭平令和]{0,2}[0-9元]{0,4}[年./-]?[0-9]{0,2}[月./-]?[0-9]{0,2}日?",
        "[ｱ-ﾟあ-んア-ン漢字\"\r\n]{0,8}",
        any::<String>(),
    ];
    let row = prop::collection::vec(field, 6..8).prop_map(|fields| fields.join(","));
    let header = Just("宛名番号,世帯番号,氏名,フリガナ,生年月日,郵便番号,津波".to_owned());
    (header, prop::collection::vec(row, 0..12))
        .prop_map(|(header, rows)| [vec![header], rows].concat().join("\n").into())
}

proptest! {
    #[test]
    fn any_bytes_are_read_alike_each_time(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        prop_assert_eq!(said(&bytes), said(&bytes));
    }

    #[test]
    fn any_rows_are_read_alike_each_time(bytes in rows()) {
        prop_assert_eq!(said(&bytes), said(&bytes));
    }

    #[test]
    fn every_row_is_taken_or_named(numbers in prop::collection::vec("[0-9]{0,3}", 1..30)) {
        let text = numbers.iter().fold("宛名番号,氏名\n".to_owned(), |text, number| text + number + ",山田\n");
        let read = Residents::read(text.as_bytes(), &Mapping::default(), CalendarDate::new(2026, 11, 26).unwrap());
        let read = read.unwrap();
        // One more says that the file has no column for who is hidden.
        prop_assert_eq!(read.residents.len() + read.problems.len(), numbers.len() + 1);
    }

    #[test]
    fn any_mapping_is_read_or_refused(text in any::<String>()) {
        prop_assert!(Mapping::parse(&text).is_ok() || !text.is_empty());
    }
}
