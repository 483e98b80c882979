//! The pages: plain HTML without a script, which the browser loads again by itself. A state is always a word
//! and a sign, colour only helps. Drills have a page, a word and a skin of their own.

use std::fmt::Write;

use hinamori_model::{Assurance, Mode, SiteKind, UnixMillis};
use hinamori_record::Building;

use crate::counts::{Counts, IncidentCounts, SiteFigures, SiteLine};
use crate::missing::DistrictCounts;

/// The style sheet of all pages.
pub(crate) const STYLE: &str = include_str!("page.css");
/// Seconds between two loads.
const REFRESH_SECONDS: u8 = 10;
/// Fewer people of a district than these are not told apart. The page asks nobody who they are and its sites count truly,
/// so that in a small district one person's arrival, or who of it is hidden, could be had by subtraction.
const TOLD_FROM: u32 = 5;

/// Which page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Skin {
    Live,
    Drill,
}

/// The page of the live incident and of daily life.
pub(crate) fn live(counts: &Counts) -> String {
    let sections = [(Mode::Live, "災害"), (Mode::DailyLife, "平常時")];
    page(Skin::Live, counts, &sections, r#"<a href="/report">定時報告</a> <a href="/drill">訓練の画面へ</a>"#)
}

/// The drill's page.
pub(crate) fn drill(counts: &Counts) -> String {
    page(
        Skin::Drill,
        counts,
        &[(Mode::Drill, "訓練")],
        r#"<a href="/drill/report">訓練の定時報告</a> <a href="/">本番の画面へ</a>"#,
    )
}

/// What is shown when nothing can be counted.
pub(crate) fn trouble() -> String {
    let body = "<main><p class=\"notice\"><b>！</b> 記録を 読み出せません。\
                サーバーの ディスクと ログを 確かめてください。受付端末の 記録は 端末に 残っています。</p></main>";
    document("live", "記録を 読み出せません", body)
}

fn page(skin: Skin, counts: &Counts, sections: &[(Mode, &str)], other: &str) -> String {
    let (class, plate) = match skin {
        Skin::Live => ("live", ""),
        Skin::Drill => ("drill", "<p class=\"plate\">訓練 <span>これは 訓練の 人数です</span> 訓練</p>"),
    };
    let (town, time, notice) = (Escaped(&counts.town), time_of_day(counts.at), notice(counts));
    let mut body =
        format!("{plate}<header><h1>{town}</h1><p>{time} 現在</p><nav>{other}</nav></header><main>{notice}");
    for (mode, word) in sections {
        for incident in counts.incidents.iter().filter(|incident| incident.mode == *mode) {
            body.push_str(&alarms(incident));
            body.push_str(&section(incident, word, counts.at));
            body.push_str(&conflicts(incident.conflicts));
            body.push_str(&not_arrived(incident.districts.as_deref()));
        }
    }
    if skin == Skin::Live {
        body.push_str(&proofs(counts));
    }
    body.push_str("</main>");
    body.push_str(plate);
    document(class, &format!("{town} いま どこに 何人"), &body)
}

pub(crate) fn document(class: &str, title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"ja\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\">\
         <meta http-equiv=\"refresh\" content=\"{REFRESH_SECONDS}\">\
         <title>{title}</title><link rel=\"stylesheet\" href=\"/style.css\"></head>\
         <body class=\"{class}\">{body}</body></html>"
    )
}

/// What cannot be believed is shown, never dropped in silence.
fn notice(counts: &Counts) -> String {
    let forked = |site: &String| {
        format!(
            "<p class=\"notice\"><b>！</b> {} の 受付端末から 食い違う 記録が 届きました。端末が 写し取られた おそれが あります。\
             この端末で 受け付けた 人は 人数に 入りますが、確認した 人には 数えません。担当者が 確かめてください。</p>",
            Escaped(site)
        )
    };
    let forked: String = counts.forked.iter().map(forked).collect();
    forked + &refused(counts)
}

fn refused(counts: &Counts) -> String {
    match counts.quarantined {
        0 => String::new(),
        number => format!(
            "<p class=\"notice\"><b>！</b> 信用できない 記録が {number}件 届きました。\
             人数には 入っていません。担当者が 確かめてください。</p>"
        ),
    }
}

/// Somebody has to ask who read so much, or who opened the leader's pages.
fn alarms(incident: &IncidentCounts) -> String {
    match incident.alarms {
        0 => String::new(),
        number => format!(
            "<p class=\"notice\"><b>！</b> 大量の閲覧、または 職員カードなしの 閲覧が {number}件 あります。\
             担当者が 閲覧の 記録を 確かめてください。</p>"
        ),
    }
}

fn section(incident: &IncidentCounts, word: &str, at: UnixMillis) -> String {
    let sum = |of: fn(&SiteFigures) -> u32| incident.sites.iter().map(of).fold(0, u32::saturating_add);
    let figures = [
        ("ここに いる", sum(|site| site.here)),
        ("うち 12時間以内に 確認", sum(|site| site.confirmed)),
        ("人数のみ", sum(|site| site.unnamed)),
        ("所在未確認", sum(|site| site.unaccounted)),
        ("外出・外泊", sum(|site| site.out)),
        ("在宅・車中泊", sum(|site| site.beside)),
        ("通過", sum(|site| site.passed)),
        ("今日の 見守り", sum(|site| site.watched)),
    ];
    let figures = figures.map(|(name, number)| format!("<li>{name} <b>{number}</b> 人</li>")).concat();
    let name = incident.name.as_ref().map(|name| format!(" {}", Escaped(name))).unwrap_or_default();
    let rows: String = incident.sites.iter().map(|site| row(site, incident.mode, at)).collect();
    format!(
        "<section><h2>{word}{name}</h2><ul class=\"sum\">{figures}</ul><table><thead><tr><th>拠点</th>\
         <th>ここに いる</th><th>人数のみ</th><th>所在未確認</th><th>外出・外泊</th><th>在宅・車中泊</th><th>通過</th><th>今日の 見守り</th>\
         <th>受付端末</th></tr></thead><tbody>{rows}</tbody></table></section>"
    )
}

/// Nobody decides in silence which of two sites is right.
fn conflicts(people: Option<u32>) -> String {
    match people {
        None | Some(0) => String::new(),
        Some(people) => format!(
            "<p class=\"notice\"><b>！</b> {people}人が 2か所の 拠点で 確認されています。\
             どちらに いるかを 受付端末で 決めてください。</p>"
        ),
    }
}

/// A number of a district's people as the page may tell it: 0 tells as much as 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Told {
    Few,
    Exactly(u32),
}

impl Told {
    const fn of(number: u32) -> Self {
        if number < TOLD_FROM { Self::Few } else { Self::Exactly(number) }
    }
}

impl std::fmt::Display for Told {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Few => write!(out, "{TOLD_FROM}未満"),
            Self::Exactly(number) => write!(out, "{number}"),
        }
    }
}

/// Who of the roster has not arrived: numbers, and the districts in which most are missing first. The order tells no
/// more than the numbers do.
fn not_arrived(districts: Option<&[DistrictCounts]>) -> String {
    let Some(districts) = districts else {
        return "<section><h2>未到着</h2><p class=\"notice\"><b>！</b> 名簿を 読み出せません。\
                誰が 未到着か わかりません。サーバーの ディスクと ログを 確かめてください。</p></section>"
            .to_owned();
    };
    if districts.is_empty() {
        return String::new();
    }
    let mut districts: Vec<&DistrictCounts> = districts.iter().collect();
    districts.sort_by_key(|district| {
        let (support, all) = (Told::of(district.support_not_seen), Told::of(district.not_seen));
        std::cmp::Reverse((support != Told::Few, all))
    });
    let rows = districts.iter().map(|district| {
        let DistrictCounts { name, people, arrived, passed, told_elsewhere, not_seen, support_not_seen } =
            district;
        let name = if name.is_empty() { "地区の 記載なし" } else { name };
        let cells = [
            ("未到着", Told::of(*not_seen)),
            ("うち 支援が必要", Told::of(*support_not_seen)),
            ("通過", Told::of(*passed)),
            ("ほかに いると 聞いた", Told::of(*told_elsewhere)),
            ("到着", Told::of(*arrived)),
            ("名簿", Told::Exactly(*people)),
        ];
        let cells = cells.map(|(label, number)| format!("<td data-label=\"{label}\">{number}</td>"));
        format!("<tr><th scope=\"row\">{}</th>{}</tr>", Escaped(name), cells.concat())
    });
    let rows: String = rows.collect();
    format!(
        "<section><h2>未到着<small>名簿の 人のうち、まだ 確認できていない 人</small></h2><table><thead><tr>\
         <th>地区</th><th>未到着</th><th>うち 支援が必要</th><th>通過</th><th>ほかに いると 聞いた</th><th>到着</th>\
         <th>名簿</th></tr></thead><tbody>{rows}</tbody></table></section>"
    )
}

fn row(site: &SiteFigures, mode: Mode, at: UnixMillis) -> String {
    let SiteFigures {
        id: _,
        name,
        here,
        confirmed,
        unaccounted,
        passed,
        out,
        beside,
        visitors,
        unnamed,
        confirmed_unnamed: _,
        watched,
        last_contact,
        own_shelter,
        is_closed,
        kind,
        building,
        line,
        card_data,
    } = site;
    let kind = match (kind, own_shelter, is_closed) {
        (_, true, false) => "自主避難所",
        (_, true, true) => "自主避難所・閉鎖",
        (SiteKind::Shelter, false, _) => "避難所",
        (SiteKind::CheckPoint, false, _) => "通過確認地点",
        (SiteKind::WatchSpot, false, _) => "見守り拠点",
        (SiteKind::EmergencySite, false, _) => "指定緊急避難場所",
    };
    let building = match (mode, building) {
        (Mode::DailyLife, _) => "",
        (Mode::Live | Mode::Drill, None) => "・開設の 記録なし",
        (Mode::Live | Mode::Drill, Some(Building::NothingSeen)) => "・開設",
        (Mode::Live | Mode::Drill, Some(Building::SomethingOrUnsure)) => "・開設（建物の外で 受付）",
    };
    let cells = [
        ("ここに いる", here),
        ("人数のみ", unnamed),
        ("所在未確認", unaccounted),
        ("外出・外泊", out),
        ("在宅・車中泊", beside),
        ("通過", passed),
        ("今日の 見守り", watched),
    ];
    // A number without how old it is is no number: whoever was not seen for half a day may have gone.
    let confirmed = match here {
        0 => String::new(),
        1.. => format!("<small>12時間以内に 確認 {confirmed}</small>"),
    };
    let cells = cells.map(|(label, number)| {
        let class = if *number == 0 { " class=\"none\"" } else { "" };
        let of_them = match (label, visitors) {
            ("ここに いる", 0) => confirmed.clone(),
            ("ここに いる", 1..) => format!("{confirmed}<small>うち 来訪者 {visitors}</small>"),
            _ => String::new(),
        };
        format!("<td{class} data-label=\"{label}\">{number}{of_them}</td>")
    });
    let (class, line) = contact(*line, *last_contact, at);
    let card_data = card_data.map_or_else(String::new, |as_of| {
        let age = as_of.map_or_else(|| "なし".to_owned(), |as_of| format!("{}前", age(at.since(as_of))));
        format!("<small>カード確認データ：{age}</small>")
    });
    format!(
        "<tr class=\"{class}\"><th scope=\"row\">{}<small>{kind}{building}</small></th>{}\
         <td class=\"line\" data-label=\"受付端末\">{line}{card_data}</td></tr>",
        Escaped(name),
        cells.concat(),
    )
}

/// How old the figures are is part of them.
fn contact(line: SiteLine, last: Option<UnixMillis>, at: UnixMillis) -> (&'static str, String) {
    match (line, last) {
        (SiteLine::NoBox, _) => ("old", "－ 端末なし".to_owned()),
        (SiteLine::Open, _) => ("fresh", "● つながっています".to_owned()),
        (SiteLine::Cut, None) => ("old", "▲ 一度も つながっていません".to_owned()),
        (SiteLine::Cut, Some(last)) => {
            let (time, age) = (time_of_day(last), age(at.since(last)));
            ("old", format!("▲ 切れています<small>{time} の情報（{age}前）</small>"))
        }
    }
}

fn proofs(counts: &Counts) -> String {
    let rows = counts.assurances.iter().map(|(assurance, number)| {
        let word = match assurance {
            Assurance::Declared => "申し出のみ",
            Assurance::TokenOnly => "カードの 番号のみ",
            Assurance::CertificateRead => "証明書を 確認",
            Assurance::ChipProven => "カード本体を 確認",
            Assurance::PinProven => "暗証番号で 確認",
        };
        format!("<li>{word} <b>{number}</b></li>")
    });
    let rows: String = rows.collect();
    let Counts { records, changes, .. } = counts;
    format!(
        "<footer><h2>確かめ方（全部の 記録・訓練も 含む）</h2><ul class=\"sum\">{rows}</ul>\
         <p>記録 {records}件・変更 {changes}件。名前は この画面に 出ません。\
         画面は {REFRESH_SECONDS}秒ごとに 新しくなります。</p></footer>"
    )
}

/// The time of day in Japan (UTC+9, no summer time).
fn time_of_day(at: UnixMillis) -> String {
    let seconds = at.plus(9 * 3_600_000).get() / 1_000 % 86_400;
    format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

/// Day and minute in Japan: `2026-03-11 05:20`.
pub(crate) fn japan_time(at: UnixMillis) -> String {
    let seconds = i64::try_from(at.get() / 1_000).unwrap_or(0);
    let time = jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let time = time.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(9)));
    format!("{} {:02}:{:02}", time.date(), time.hour(), time.minute())
}

fn age(millis: u64) -> String {
    match millis / 1_000 {
        seconds @ 0..60 => format!("{seconds}秒"),
        seconds @ 60..3_600 => format!("{}分", seconds / 60),
        seconds @ 3_600..172_800 => format!("{}時間", seconds / 3_600),
        seconds => format!("{}日", seconds / 86_400),
    }
}

/// Text from outside, in HTML.
pub(crate) struct Escaped<'t>(pub(crate) &'t str);

impl std::fmt::Display for Escaped<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.chars().try_for_each(|character| match character {
            '&' => out.write_str("&amp;"),
            '<' => out.write_str("&lt;"),
            '>' => out.write_str("&gt;"),
            '"' => out.write_str("&quot;"),
            '\'' => out.write_str("&#39;"),
            other => out.write_char(other),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinamori_model::SiteId;

    const AT: UnixMillis = UnixMillis::new(1_791_730_800_000);

    fn counts() -> Counts {
        let site = |name: &str, line, last_contact| SiteFigures {
            id: SiteId::from_bytes([1; 16]),
            name: name.to_owned(),
            here: 31,
            confirmed: 28,
            unaccounted: 3,
            passed: 0,
            out: 2,
            beside: 1,
            visitors: 5,
            unnamed: 4,
            confirmed_unnamed: 4,
            watched: 0,
            last_contact,
            own_shelter: false,
            is_closed: false,
            kind: SiteKind::Shelter,
            building: None,
            line,
            card_data: None,
        };
        let three_days_ago = UnixMillis::new(AT.get() - 3 * 86_400_000);
        let sites = vec![
            SiteFigures {
                card_data: Some(Some(three_days_ago)),
                ..site("体育館 <b>&\"'", SiteLine::Open, Some(AT))
            },
            SiteFigures {
                card_data: Some(None),
                ..site("集会所", SiteLine::Cut, Some(UnixMillis::new(AT.get() - 240_000)))
            },
        ];
        let districts = vec![DistrictCounts {
            name: "浜町<".to_owned(),
            people: 90,
            arrived: 40,
            passed: 20,
            told_elsewhere: 5,
            not_seen: 25,
            support_not_seen: 2,
        }];
        let of = |mode| IncidentCounts {
            mode,
            name: None,
            alarms: u32::from(mode == Mode::Live),
            sites: sites.clone(),
            districts: Some(if mode == Mode::DailyLife { Vec::new() } else { districts.clone() }),
            conflicts: Some(0),
        };
        Counts {
            town: "汐見町".to_owned(),
            records: 12,
            changes: 9,
            incidents: vec![of(Mode::Live), of(Mode::DailyLife), of(Mode::Drill)],
            quarantined: 0,
            assurances: [(Assurance::ChipProven, 7)].into(),
            forked: Vec::new(),
            at: AT,
        }
    }

    #[test]
    fn the_live_page_sums_up_and_says_how_old_everything_is() {
        let page = live(&counts());
        for expected in [
            "<h1>汐見町</h1>",
            "00:00:00 現在",
            "ここに いる <b>62</b> 人",
            "人数のみ <b>8</b> 人",
            "うち 12時間以内に 確認 <b>56</b> 人",
            "31<small>12時間以内に 確認 28</small><small>うち 来訪者 5</small>",
            "所在未確認 <b>6</b> 人",
            "在宅・車中泊 <b>2</b> 人",
            "● つながっています",
            "23:56:00 の情報（4分前）",
            "つながっています<small>カード確認データ：3日前</small>",
            "カード確認データ：なし",
            "http-equiv=\"refresh\"",
            "浜町&lt;</th><td data-label=\"未到着\">25</td><td data-label=\"うち 支援が必要\">5未満</td>",
        ] {
            assert!(page.contains(expected), "{expected}: {page}");
        }
        assert!(!page.contains("<script") && page.contains("閲覧が 1件 あります"));
        let mut quiet = counts();
        quiet.incidents.iter_mut().for_each(|incident| incident.alarms = 0);
        assert!(!live(&quiet).contains("notice"));
    }

    #[test]
    fn a_drill_wears_its_word_and_skin_and_the_live_page_does_not() {
        let (live, drill) = (live(&counts()), drill(&counts()));
        assert!(
            drill.contains("<body class=\"drill\">") && drill.matches("これは 訓練の 人数です").count() == 2
        );
        assert!(!drill.contains("<h2>災害"), "{drill}");
        assert!(live.contains("<body class=\"live\">") && !live.contains("<h2>訓練"), "{live}");
    }

    #[test]
    fn names_from_the_registers_are_text_and_nothing_else() {
        let page = live(&counts());
        assert!(page.contains("体育館 &lt;b&gt;&amp;&quot;&#39;") && !page.contains("体育館 <b>"));
    }

    #[test]
    fn few_people_of_a_district_are_told_alike_and_in_the_same_order() {
        let district = |name: &str, [not_seen, support_not_seen, arrived]: [u32; 3]| DistrictCounts {
            name: name.to_owned(),
            people: 3,
            arrived,
            passed: 0,
            told_elsewhere: 5,
            not_seen,
            support_not_seen,
        };
        let table = |few: [u32; 3]| {
            let of = [district("浜町", [0, 0, 0]), district("磯町", few), district("港町", [5, 0, 0])];
            not_arrived(Some(&of))
        };
        let told = table([0, 0, 0]);
        assert!([[4, 4, 4], [1, 0, 0], [0, 1, 2]].into_iter().all(|few| table(few) == told));
        assert_ne!(table([0, 0, 5]), told);
        assert!(told.contains("<td data-label=\"到着\">5未満</td><td data-label=\"名簿\">3</td>"), "{told}");
        assert!(told.contains("聞いた\">5</td>"), "{told}");
        assert!(told.find("港町") < told.find("浜町"), "most are missing there");
    }

    #[test]
    fn a_roster_that_cannot_be_read_is_no_empty_one() {
        let mut counts = counts();
        counts.incidents.iter_mut().for_each(|incident| incident.districts = Some(Vec::new()));
        assert!(!live(&counts).contains("未到着"), "nobody is expected");
        counts.incidents[0].districts = None;
        assert!(
            live(&counts).contains("名簿を 読み出せません") && !drill(&counts).contains("読み出せません")
        );
    }

    #[test]
    fn people_at_two_sites_and_shelters_of_their_own_are_said() {
        let mut counts = counts();
        counts.incidents[0].conflicts = Some(2);
        counts.incidents[0].sites[1].own_shelter = true;
        let page = live(&counts);
        assert!(page.contains("2人が 2か所の 拠点で") && page.contains("集会所<small>自主避難所・開設の"));
        assert!(!drill(&counts).contains("2か所"));
        counts.incidents[0].sites[1].is_closed = true;
        assert!(live(&counts).contains("集会所<small>自主避難所・閉鎖"));
    }

    #[test]
    fn what_is_not_believed_is_said() {
        let page = live(&Counts { quarantined: 3, ..counts() });
        assert!(page.contains("信用できない 記録が 3件"));
    }
}
