//! What is written, read again by others' readers.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "support functions of tests")]

use hinamori_model::{Grade, IncidentId, Mode, PersonalText, SiteId, UnixMillis};
use hinamori_report::{
    AlsoShelter, Assessment, Audience, Cell, Column, EmergencySite, Figures, Finding, Hazards, Hxl, Occasion,
    Period, Position, Release, Safety, ScheduledReport, Sheet, Site, SiteFigures, Total, assessments_csv,
    site_list_csv,
};
use proptest::prelude::*;
use serde_json::Value;

fn occasion(mode: Mode) -> Occasion {
    Occasion { mode, incident: IncidentId::from_bytes([9; 16]), name: "阿部沖地震".to_owned() }
}

fn period() -> Period {
    Period { from: UnixMillis::new(1_773_130_860_000), until: UnixMillis::new(1_773_174_060_000) }
}

fn site(number: u8, name: &str, position: Option<(i32, i32)>) -> Site {
    let position =
        position.map(|(longitude, latitude)| Position::from_millionths(longitude, latitude).unwrap());
    Site { id: SiteId::from_bytes([number; 16]), name: name.to_owned(), position }
}

fn town(mode: Mode, sites: Vec<(Site, SiteFigures)>) -> Figures {
    let households = sites.iter().map(|(_, figures)| figures.households).sum();
    Figures::new(occasion(mode), period(), sites, households).unwrap()
}

/// Records of a CSV file whose marks and line ends are as they have to be.
fn records(file: &[u8]) -> Vec<Vec<String>> {
    assert_eq!(&file[..3], [0xef, 0xbb, 0xbf]);
    let text = std::str::from_utf8(&file[3..]).unwrap();
    assert!(text.ends_with("\r\n") && text.matches('\n').count() == text.matches("\r\n").count());
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    reader.deserialize().collect::<Result<_, _>>().unwrap()
}

fn geo(sheet: &Sheet) -> Value {
    serde_json::from_slice(&sheet.geo_json().unwrap()).unwrap()
}

prop_compose! {
    /// Figures that can be, with hidden people in every total.
    fn site_figures()(
        ages in prop::array::uniform6(0..9_u32),
        unknown in 0..9_u32,
        women in 0..100_u32,
        hidden in prop::array::uniform8(0..4_u32),
        head_count in prop::array::uniform3(0..4_u32),
        outside in prop::array::uniform7(0..30_u32),
        households in 0..12_u32,
    ) -> SiteFigures {
        let shown = ages.iter().sum::<u32>() + unknown;
        let women = women.min(shown);
        let total = |shown, at: usize| Total { shown, hidden_in_total: hidden[at] };
        SiteFigures {
            in_shelter: total(shown, 0),
            at_home: total(outside[0], 1),
            in_cars: total(outside[1], 2),
            elsewhere: total(outside[2], 3),
            unaccounted: total(outside[3], 4),
            passed: total(outside[4], 5),
            by_day: total(outside[5], 6),
            by_night: total(outside[6], 7),
            ages,
            sexes: [women, shown - women, 0],
            head_count,
            households,
            ..SiteFigures::default()
        }
    }
}

fn without_hidden(figures: &SiteFigures) -> SiteFigures {
    let shown = |total: Total| Total::shown(total.shown);
    SiteFigures {
        in_shelter: shown(figures.in_shelter),
        at_home: shown(figures.at_home),
        in_cars: shown(figures.in_cars),
        elsewhere: shown(figures.elsewhere),
        unaccounted: shown(figures.unaccounted),
        passed: shown(figures.passed),
        by_day: shown(figures.by_day),
        by_night: shown(figures.by_night),
        ..figures.clone()
    }
}

proptest! {
    #[test]
    fn no_published_byte_depends_on_a_hidden_person(figures in prop::collection::vec(site_figures(), 0..6)) {
        let sites = |change: fn(&SiteFigures) -> SiteFigures| {
            let site = |(number, figures)| (site(number, "学校", None), change(figures));
            town(Mode::Live, (1..).zip(&figures).map(site).collect()).sheet(Audience::Everybody)
        };
        let (with, without) = (sites(SiteFigures::clone), sites(without_hidden));
        prop_assert_eq!(with.csv(Hxl::Write), without.csv(Hxl::Write));
        prop_assert_eq!(with.geo_json().unwrap(), without.geo_json().unwrap());
    }

    #[test]
    fn headquarters_breakdowns_add_up_with_everybody(figures in prop::collection::vec(site_figures(), 1..6)) {
        let sites = (1..).zip(&figures).map(|(number, figures)| (site(number, "学校", None), figures.clone()));
        let sheet = town(Mode::Live, sites.collect()).sheet(Audience::Headquarters);
        for cells in sheet.rows().iter().map(|row| row.cells.as_slice()).chain([sheet.town()]) {
            let sum = |is_of: fn(&Column) -> bool| -> u32 {
                let of = sheet.columns().iter().zip(cells).filter(|(column, _)| is_of(column));
                of.map(|(_, cell)| cell.count().unwrap()).sum()
            };
            let people = sum(|column| *column == Column::InShelter);
            prop_assert_eq!(sum(|column| matches!(column, Column::Age(_))), people);
            prop_assert_eq!(sum(|column| matches!(column, Column::Sex(_))), people);
        }
        let hidden: u32 = figures.iter().map(|figures| figures.in_shelter.hidden_in_total).sum();
        let shown: u32 = figures.iter().map(|figures| figures.in_shelter.shown + figures.headed()).sum();
        prop_assert_eq!(sheet.town()[0], Cell::Count(shown + hidden));
    }

    #[test]
    fn csv_and_geojson_say_what_the_sheet_says(
        figures in prop::collection::vec(site_figures(), 0..5),
        name in "(?s).{0,20}",
        positions in prop::collection::vec(prop::option::of((-180_000_000..=180_000_000, -90_000_000..=90_000_000)), 5),
        audience in prop::sample::select(vec![Audience::Headquarters, Audience::Everybody]),
    ) {
        let site = |((number, figures), position): ((u8, &SiteFigures), &Option<(i32, i32)>)| {
            (site(number, &name, *position), figures.clone())
        };
        let sheet = town(Mode::Live, (1..).zip(&figures).zip(&positions).map(site).collect()).sheet(audience);
        let records = records(&sheet.csv(Hxl::Write));
        prop_assert_eq!(records.len(), sheet.rows().len() + 3);
        let counts_from = records[0].iter().position(|header| header == "避難所内").unwrap();
        let counts = counts_from..counts_from + sheet.columns().len();
        prop_assert!(records[1].iter().all(|tag| tag.starts_with('#')));
        for (record, row) in records[2..].iter().zip(sheet.rows()) {
            prop_assert_eq!(&record[counts.clone()], row.cells.iter().map(|cell| cell.text()).collect::<Vec<_>>());
        }
        let geo = geo(&sheet);
        prop_assert_eq!(geo["features"].as_array().unwrap().len(), sheet.rows().len());
        for (row, feature) in sheet.rows().iter().zip(geo["features"].as_array().unwrap()) {
            prop_assert_eq!(feature["properties"]["name"].as_str().unwrap(), &name);
            for (column, cell) in sheet.columns().iter().zip(&row.cells) {
                prop_assert_eq!(feature["properties"][column.key()].as_u64(), cell.count().map(u64::from));
            }
            match row.site.position {
                None => prop_assert!(feature["geometry"].is_null()),
                Some(at) => {
                    let point = &feature["geometry"]["coordinates"];
                    prop_assert_eq!((point[0].as_f64(), point[1].as_f64()), (Some(at.longitude()), Some(at.latitude())));
                    for degrees in [&point[0], &point[1]].map(Value::to_string) {
                        let places = degrees.split_once('.').map_or(0, |(_, places)| places.len());
                        prop_assert!(!degrees.contains('e') && places <= 6, "{}", degrees);
                    }
                    let bbox: Vec<f64> = geo["bbox"].as_array().unwrap().iter().map(|of| of.as_f64().unwrap()).collect();
                    prop_assert!(bbox[0] <= at.longitude() && at.longitude() <= bbox[2]);
                    prop_assert!(bbox[1] <= at.latitude() && at.latitude() <= bbox[3]);
                }
            }
        }
    }
}

fn school() -> (Site, SiteFigures) {
    let figures = SiteFigures {
        in_shelter: Total::shown(41),
        ages: [6, 3, 9, 10, 7, 6],
        sexes: [20, 21, 0],
        households: 12,
        ..SiteFigures::default()
    };
    (site(1, "=日和佐小", Some((134_527_000, 33_731_000))), figures)
}

#[test]
fn every_output_of_a_drill_says_so_in_every_row() {
    for (mode, mark, word) in [(Mode::Live, "災害", "live"), (Mode::Drill, "訓練", "drill")] {
        let release = || Release {
            checked_by: PersonalText::new("阿部"),
            released_by: PersonalText::new("由岐"),
            at: period().until,
        };
        let first = ScheduledReport::release(town(mode, vec![]), release()).unwrap();
        let report = first.correct(town(mode, vec![school()]), release()).unwrap();
        let assessment = Assessment {
            site: school().0,
            findings: [(); 6].map(|()| Finding::default()),
            by: PersonalText::new("阿部"),
            at: period().until,
        };
        let (headquarters, everybody) =
            (report.sheet(Audience::Headquarters), report.sheet(Audience::Everybody));
        let names_in = |sheet: &Sheet| records(&sheet.csv(Hxl::Leave))[1].iter().any(|cell| cell == "由岐");
        assert!(names_in(&headquarters) && !names_in(&everybody), "officials are named to headquarters only");
        let files = [
            headquarters.csv(Hxl::Leave),
            everybody.csv(Hxl::Leave),
            report.correction_csv().unwrap(),
            assessments_csv(&occasion(mode), [&assessment]),
        ];
        for file in files {
            let records = records(&file);
            assert!(records.len() > 1);
            assert!(records[1..].iter().all(|record| record[0] == mark), "{records:?}");
        }
        for sheet in [headquarters, everybody] {
            let geo = geo(&sheet);
            assert_eq!(
                (&geo["mode"], &geo["features"][0]["properties"]["mode"]),
                (&word.into(), &word.into())
            );
            assert_eq!(geo["features"][0]["properties"]["mark"], mark);
            assert_eq!(geo["version"], 2);
        }
        assert!(report.signed_bytes().windows(word.len()).any(|part| part == word.as_bytes()));
    }
}

#[test]
fn a_published_sheet_of_one_school_reads_like_this() {
    let sheet = town(Mode::Live, vec![school()]).sheet(Audience::Everybody);
    let records = records(&sheet.csv(Hxl::Leave));
    let head = "区分 災害事案 事案ID 期間開始 期間終了 版 拠点ID 名称 経度 緯度 避難所内 在宅 車中泊 世帯数 帰省者・来訪者 \
        0〜2歳 3〜5歳 6〜14歳 15〜64歳 65〜74歳 75歳以上 年齢不明 女性 男性 その他の性別 性別不明";
    assert_eq!(records[0].join(" "), head);
    let row = "災害 阿部沖地震 09090909090909090909090909090909 2026-03-10T17:21:00+09:00 2026-03-11T05:21:00+09:00  \
        01010101010101010101010101010101 '=日和佐小 134.527 33.731 41 5未満 5未満 12 5未満";
    assert_eq!(records[1][..15].join(" "), row);
    // 3 and nought are small; together they would be 3, so the smallest other is withheld too.
    assert_eq!(records[1][15..].join(" "), "x 5未満 9 10 7 6 5未満 x 21 5未満 5未満");
    assert_eq!((records[2][7].as_str(), &records[2][10..]), ("計", &records[1][10..]));
}

#[test]
fn the_site_list_has_the_columns_of_the_standard() {
    let text = |text: &str| text.to_owned();
    let site = EmergencySite {
        municipality_code: text("363871"),
        id: text("0000000001"),
        municipality: text("徳島県美波町"),
        name: text("阿部校"),
        name_kana: text("アブコウ"),
        name_latin: text("Abu School"),
        district_id: text(""),
        prefecture: text("徳島県"),
        city: text("海部郡美波町"),
        district: text("阿部"),
        block: text("1-1"),
        building: text(""),
        position: Position::from_millionths(134_640_035, 33_791_096).ok(),
        elevation_metres: Some(-1),
        telephone: text("+81-884-00-0000"),
        extension: text(""),
        mail: text(""),
        form_url: text(""),
        contact_remarks: text(""),
        postal_code: text("7792101"),
        hazards: Hazards { earthquake: Safety::Safe, tsunami: Safety::Unsafe, ..Hazards::default() },
        also_shelter: AlsoShelter::Yes,
        capacity: Some(120),
        neighbourhoods: text("阿部,伊座利"),
        url: text(""),
        image: text(""),
        image_licence: text(""),
        remarks: text(""),
    };
    let records = records(&site_list_csv([&site]));
    assert_eq!((records.len(), records[0].len(), records[1].len()), (2, 38, 38));
    let of = |header: &str| records[1][records[0].iter().position(|of| of == header).unwrap()].as_str();
    let read =
        ["所在地_連結表記", "緯度", "経度", "標高", "電話番号", "災害種別_地震", "災害種別_津波"].map(of);
    assert_eq!(
        read,
        ["徳島県海部郡美波町阿部1-1", "33.791096", "134.640035", "-1", "'+81-884-00-0000", "1", ""]
    );
    let read =
        ["災害種別_洪水", "指定避難所との重複", "想定収容人数", "対象となる町会・自治会", "備考"].map(of);
    assert_eq!(read, ["", "1", "120", "阿部,伊座利", ""]);
    assert_eq!(of("災害種別_崖崩れ、土石流及び地滑り"), "");
}

#[test]
fn an_assessment_is_a_row_for_each_aspect() {
    let mut findings = [(); 6].map(|()| Finding::default());
    findings[0] = Finding { grade: Grade::Urgent, note: PersonalText::new("=洋式がない") };
    let by = PersonalText::new("阿部 一郎");
    let assessment = Assessment { site: school().0, findings, by, at: period().until };
    let records = records(&assessments_csv(&occasion(Mode::Live), [&assessment]));
    assert_eq!(records.len(), 7);
    assert_eq!(records[1][4..].join(" "), "0 トイレ 3 至急 '=洋式がない 阿部 一郎 2026-03-11T05:21:00+09:00");
    assert_eq!(records[6][4..].join(" "), "5 スペース 0 未確認  阿部 一郎 2026-03-11T05:21:00+09:00");
    assert!(!format!("{assessment:?}").contains("一郎"));
}
