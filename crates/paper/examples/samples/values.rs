//! Fictional people and all documents about them: what the example writes and the tests look at.

use std::error::Error;
use std::path::Path;

use hinamori_model::{PersonalText, UnixMillis};
use hinamori_paper::{
    Badge, BadgeCode, CardPaper, Count, Counts, Departure, DistrictEvacuation, EvacuationFigures,
    EvacuationReport, FontBytes, Fonts, Group, GroupHousehold, GroupMember, HouseholdEvacuation, Mode,
    PaperCard, Press, RosterRow, SlipPaper, Spread, TimedStage, Transfer,
};

pub(crate) type Outcome<T> = Result<T, Box<dyn Error>>;

/// 11 March 2026, 5:21 in Japan.
const PRINTED: UnixMillis = UnixMillis::new(1_773_174_060_000);
pub(crate) const SITE: &str = "阿武小学校 体育館";
const FAMILY_NAMES: [&str; 6] = ["浜田", "𠮷田", "髙橋", "山﨑", "渡邉", "長谷川"];
const FIRST_NAMES: [&str; 5] = ["花子", "一郎", "さくら", "健太", "マリア・フェルナンダ"];

pub(crate) fn fonts() -> Outcome<Fonts> {
    Ok(Fonts::new(font_bytes()?)?)
}

/// A press for the fictional town.
pub(crate) fn press(fonts: &Fonts, mode: Mode) -> Press<'_> {
    Press { fonts, mode, town: "阿武町", printed_at: PRINTED }
}

fn font_bytes() -> Outcome<FontBytes> {
    let read = |folder: &str, name: &str| {
        let path = Path::new("/usr/share/fonts").join(folder).join(name);
        std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))
    };
    let (biz, noto) = ("truetype/bizud-gothic", "opentype/noto");
    Ok(FontBytes {
        regular: read(biz, "BIZUDPGothic-Regular.ttf")?,
        bold: read(biz, "BIZUDPGothic-Bold.ttf")?,
        fallback_regular: read(noto, "NotoSansCJK-Regular.ttc")?,
        fallback_bold: read(noto, "NotoSansCJK-Bold.ttc")?,
    })
}

/// Each document with its name.
pub(crate) fn documents(press: &Press<'_>) -> Outcome<Vec<(&'static str, Vec<u8>)>> {
    let cards = (42..45).map(card).collect::<Outcome<Vec<_>>>()?;
    let badges = (0..13).map(badge).collect::<Outcome<Vec<_>>>()?;
    let group = Group { district: "奈古地区", name: "3班" };
    let rows: Vec<RosterRow> = (0..60).map(roster_row).collect();
    let transfer = Transfer {
        number: text("1-0042-A"),
        called_name: text("はなこ"),
        from: SITE,
        to: "福祉避難所 ひだまり",
        at: PRINTED,
        code: code(42, 0)?,
    };
    let departure = Departure {
        number: text("1-0042-B"),
        called_name: text("いちろう"),
        from: SITE,
        destination: text("萩市の 親せきの 家"),
        at: PRINTED,
        code: code(42, 1)?,
    };
    Ok(vec![
        ("intake-a5", press.intake_cards(SITE, CardPaper::A5, &cards)?),
        ("intake-a4", press.intake_cards(SITE, CardPaper::HalfA4, &cards)?),
        ("badges", press.badge_sheet(SITE, &badges)?),
        ("group", press.group_lists(&[(group, &households())])?),
        ("roster", press.roster(SITE, &rows)?),
        ("instructions", press.instructions()?),
        ("counts", press.counts_sheet(&counts())?),
        ("evacuation", press.evacuation_report(&evacuation())?),
        ("transfer-receipt", press.transfer_slip(SlipPaper::Receipt, &transfer)?),
        ("transfer-a6", press.transfer_slip(SlipPaper::A6, &transfer)?),
        ("leaving-receipt", press.leaving_slip(SlipPaper::Receipt, &departure)?),
    ])
}

fn text(text: &str) -> PersonalText {
    PersonalText::new(text)
}

fn code(number: usize, letter: usize) -> Outcome<BadgeCode> {
    Ok(BadgeCode::new(&format!("HMB1:7K3QX9ZP:{number:04}:{letter}:M4T8W2R6Y0C5V1N3"))?)
}

pub(crate) fn card(number: usize) -> Outcome<PaperCard> {
    let mut badges = [const { None }; 6];
    for ((place, badge), letter) in badges.iter_mut().enumerate().zip('A'..) {
        let printed = text(&format!("1-{number}-{letter}-K7"));
        *badge = Some(Badge { number: printed, code: code(number, place)?, called_name: None });
    }
    Ok(PaperCard { number: text(&format!("1-{number:04}")), badges })
}

fn badge(place: usize) -> Outcome<Badge> {
    let called_name = FIRST_NAMES.get(place).map(|name| text(name));
    Ok(Badge { number: text(&format!("1-{:04}-A", 42 + place)), code: code(42 + place, 0)?, called_name })
}

fn name(place: usize) -> PersonalText {
    let part = |names: &[&'static str]| names.iter().copied().cycle().nth(place).unwrap_or_default();
    text(&format!("{} {}", part(&FAMILY_NAMES), part(&FIRST_NAMES)))
}

fn households() -> Vec<GroupHousehold> {
    let member = |place: usize| GroupMember {
        name: name(place),
        kana: text("ハマダ ハナコ"),
        relation: text(if place.is_multiple_of(3) { "世帯主" } else { "子" }),
    };
    let household = |place: usize| GroupHousehold {
        label: text(&format!(
            "{} 奈古 {}番地",
            FAMILY_NAMES.iter().cycle().nth(place).unwrap_or(&""),
            100 + place
        )),
        members: (place..place + 1 + place % 4).map(member).collect(),
    };
    (0..11).map(household).collect()
}

fn roster_row(place: usize) -> RosterRow {
    RosterRow {
        number: text(&format!("1-{:04}-A", place + 1)),
        name: name(place),
        kana: text("ハセガワ マリアフェルナンダ"),
        state: if place.is_multiple_of(7) { "外出" } else { "在所" }.to_owned(),
        since: PRINTED.plus(60_000 * u64::try_from(place).unwrap_or(0)),
    }
}

/// A drill of three districts, with the one before it.
fn evacuation() -> EvacuationReport {
    let stage = |households, minutes: u64| TimedStage {
        households,
        times: (households > 0).then(|| Spread {
            mean: minutes * 61_000,
            median: minutes * 58_000,
            p95: minutes * 103_000,
        }),
    };
    let figures = |told: u32, minutes| EvacuationFigures {
        told,
        delivered: told / 2 + told / 3,
        shown: told / 2 + told / 4,
        acknowledged: stage(told / 2, minutes / 4),
        check_point: stage(told / 3, minutes / 2),
        arrived: stage(told / 2 + 1, minutes),
    };
    let district = |(name, told, before): (&str, u32, Option<u64>)| DistrictEvacuation {
        name: name.to_owned(),
        figures: figures(told, 9),
        before: before.map(|minutes| minutes * 60_000),
    };
    let districts = [("奈古地区", 61, Some(11)), ("宇田郷（海ぞい）", 48, Some(12)), ("福賀", 19, None)];
    let household = |place: usize| {
        let at = |every: usize, seconds: u64| {
            (!place.is_multiple_of(every)).then(|| PRINTED.plus(place as u64 * 1_000 + seconds * 1_000))
        };
        HouseholdEvacuation {
            district: if place < 20 { "奈古地区" } else { "宇田郷（海ぞい）" }.to_owned(),
            group: format!("{}班", place / 7 + 1),
            people: u32::try_from(place % 5 + 1).unwrap_or(1),
            needs_support: place.is_multiple_of(9),
            told: PRINTED.plus(2_000),
            delivered: at(11, 3),
            shown: at(11, 4),
            acknowledged: at(4, 31),
            asked_for_help: place.is_multiple_of(7),
            check_point: at(3, 240),
            arrived: if place == 1 { Some(PRINTED) } else { at(5, 570) },
        }
    };
    EvacuationReport {
        title: "大津波警報　避難指示".to_owned(),
        sent: PRINTED,
        ended: Some(PRINTED.plus(3_600_000)),
        town: figures(128, 9),
        before: Some((PRINTED, figures(120, 11))),
        districts: districts.map(district).into(),
        households: (0..40).map(household).collect(),
    }
}

fn counts() -> Counts<'static> {
    let list = |rows: &[(&str, u32)]| {
        rows.iter().map(|(label, people)| Count { label: (*label).to_owned(), people: *people }).collect()
    };
    Counts {
        site: SITE,
        version: 3,
        from: PRINTED,
        until: PRINTED.plus(12 * 3_600_000),
        released_by: text("末永 良子"),
        released_at: PRINTED.plus(12 * 3_600_000 + 600_000),
        people: 187,
        households: 81,
        by_day: 142,
        by_night: 187,
        arrived: 34,
        left: 12,
        age_bands: list(&[
            ("0〜2歳", 4),
            ("3〜5歳", 6),
            ("6〜14歳", 15),
            ("15〜64歳", 78),
            ("65〜74歳", 44),
            ("75歳 以上", 38),
            ("分からない", 2),
        ]),
        needs: list(&[
            ("酸素・透析・インスリン", 5),
            ("けが・熱", 7),
            ("ひとりでは 難しい", 18),
            ("粉ミルク", 3),
            ("おむつ (子ども)", 5),
            ("おむつ (大人)", 11),
            ("アレルギーの 食事", 6),
            ("日本語が 難しい", 4),
            ("ペット", 9),
        ]),
    }
}
