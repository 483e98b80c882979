//! A fictional town's people, as its registers would write them: the same people for the same seed. Nobody in them exists.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};

/// Family names and their readings, the usual ones more often.
const FAMILIES: &[(&str, &str)] = &[
    ("浜田", "ハマダ"),
    ("佐藤", "サトウ"),
    ("鈴木", "スズキ"),
    ("高橋", "タカハシ"),
    ("田中", "タナカ"),
    ("大西", "オオニシ"),
    ("森", "モリ"),
    ("佐々木", "ササキ"),
    ("岡", "オカ"),
    ("林", "ハヤシ"),
    ("橋本", "ハシモト"),
    ("三木", "ミキ"),
    ("田村", "タムラ"),
    ("葛城", "カツラギ"),
    ("磯部", "イソベ"),
    ("松浦", "マツウラ"),
    ("阿部", "アブ"),
    ("由岐", "ユキ"),
    ("伊藤", "イトウ"),
    ("渡辺", "ワタナベ"),
    ("山本", "ヤマモト"),
    ("中村", "ナカムラ"),
    ("小林", "コバヤシ"),
    ("加藤", "カトウ"),
    ("吉田", "ヨシダ"),
    ("山田", "ヤマダ"),
    ("斎藤", "サイトウ"),
    ("髙木", "タカギ"),
    ("山﨑", "ヤマサキ"),
    ("濱口", "ハマグチ"),
    ("東條", "トウジョウ"),
    ("長谷川", "ハセガワ"),
    ("五島", "ゴトウ"),
    ("後藤", "ゴトウ"),
    ("清水", "シミズ"),
    ("近藤", "コンドウ"),
    ("前田", "マエダ"),
    ("藤井", "フジイ"),
    ("西川", "ニシカワ"),
    ("仁木", "ニキ"),
];
const WOMEN: &[(&str, &str)] = &[
    ("花子", "ハナコ"),
    ("節子", "セツコ"),
    ("ハル", "ハル"),
    ("和子", "カズコ"),
    ("芳江", "ヨシエ"),
    ("優奈", "ユウナ"),
    ("キヨ", "キヨ"),
    ("恵", "メグミ"),
    ("香織", "カオリ"),
    ("幸子", "サチコ"),
    ("トシ", "トシ"),
    ("涼子", "リョウコ"),
    ("美咲", "ミサキ"),
    ("陽菜", "ヒナ"),
    ("さくら", "サクラ"),
    ("京子", "キョウコ"),
    ("文", "フミ"),
    ("千鶴", "チヅル"),
    ("真由美", "マユミ"),
    ("結衣", "ユイ"),
];
const MEN: &[(&str, &str)] = &[
    ("勇", "イサム"),
    ("勉", "ツトム"),
    ("一", "ハジメ"),
    ("昭", "アキラ"),
    ("翔", "ショウ"),
    ("正夫", "マサオ"),
    ("健太", "ケンタ"),
    ("蓮", "レン"),
    ("実", "ミノル"),
    ("修", "オサム"),
    ("武", "タケシ"),
    ("大輔", "ダイスケ"),
    ("茂", "シゲル"),
    ("博", "ヒロシ"),
    ("直樹", "ナオキ"),
    ("太一", "タイチ"),
    ("亮", "リョウ"),
    ("悠真", "ユウマ"),
    ("進", "ススム"),
    ("治", "オサム"),
];
/// Districts of the demo town, the largest ones first.
const DISTRICTS: &[&str] =
    &["浜町", "港町", "汐見", "本町", "西町", "東浦", "大谷", "山手", "川口", "潮見坂", "木岐", "志和岐"];

/// A town's registers as CSV text; the caller encodes it.
#[derive(Debug)]
pub struct Registers {
    /// The list of residents and households, with a header.
    pub residents: String,
    /// The list of persons who need support to evacuate (避難行動要支援者名簿), with a header.
    pub support: String,
}

struct Dice(ChaCha8Rng);

impl Dice {
    fn below(&mut self, bound: u32) -> u32 {
        self.0.next_u32() % bound.max(1)
    }

    fn one_in(&mut self, chances: u32) -> bool {
        self.below(chances) == 0
    }

    fn pick<'p, T>(&mut self, from: &'p [T]) -> Option<&'p T> {
        let place = self.below(u32::try_from(from.len()).unwrap_or(1));
        from.get(usize::try_from(place).unwrap_or_default())
    }

    /// The first ones of a list more often than the last.
    fn pick_usual<'p, T>(&mut self, from: &'p [T]) -> Option<&'p T> {
        let length = u32::try_from(from.len()).unwrap_or(1);
        let place = self.below(length).min(self.below(length));
        from.get(usize::try_from(place).unwrap_or_default())
    }
}

/// The registers of a town with so many people. The year of reference is 2026.
pub fn registers(people: u32, seed: u64) -> Registers {
    let mut dice = Dice(ChaCha8Rng::seed_from_u64(seed));
    let mut registers = Registers {
        residents:
            "宛名番号,世帯番号,氏名,氏名カナ,生年月日,性別,続柄,郵便番号,住所,行政区,班,支援措置,見守り\r\n"
                .to_owned(),
        support: "宛名番号,氏名,支援を必要とする理由,情報提供の同意,特記事項\r\n".to_owned(),
    };
    let (mut number, mut household) = (0, 0);
    while number < people {
        household += 1;
        let size = [1, 1, 2, 2, 2, 3, 3, 4, 5].get(usize::try_from(dice.below(9)).unwrap_or_default());
        let size = size.copied().unwrap_or(1).min(people - number);
        family(&mut registers, &mut dice, household, number..number + size);
        number += size;
    }
    registers
}

fn family(registers: &mut Registers, dice: &mut Dice, household: u32, members: std::ops::Range<u32>) {
    let Some((family, family_kana)) = dice.pick_usual(FAMILIES).copied() else { return };
    let district = dice.pick_usual(DISTRICTS).copied().unwrap_or_default();
    let group = dice.below(8) + 1;
    let (block, house) = (dice.below(30) + 1, dice.below(40) + 1);
    let head_born = 1934 + dice.below(66);
    let is_hidden = dice.one_in(150);
    for (place, number) in members.enumerate() {
        let relation = match place {
            0 => "世帯主",
            1 => "配偶者",
            _ => "子",
        };
        let born = match place {
            0 | 1 => head_born,
            _ => (head_born + 25 + dice.below(12)).min(2025),
        };
        let is_woman = if place == 1 {
            true
        } else if place == 0 {
            dice.one_in(3)
        } else {
            dice.one_in(2)
        };
        let Some((given, given_kana)) = dice.pick(if is_woman { WOMEN } else { MEN }).copied() else {
            return;
        };
        let (month, day) = (dice.below(12) + 1, dice.below(28) + 1);
        let sex = if is_woman { "女" } else { "男" };
        let hidden = if is_hidden { "1" } else { "" };
        let watch = if born < 1946 && dice.one_in(4) { "1" } else { "" };
        registers.residents.push_str(&format!(
            "{number:010},{household:08},{family}　{given},{family_kana}　{given_kana},{},{sex},{relation},\
             7799999,見本県汐見町{district}{block}番地{house},{district},{group}班,{hidden},{watch}\r\n",
            era_date(born, month, day),
        ));
        if (born < 1942 && dice.one_in(3)) || dice.one_in(90) {
            let reason =
                dice.pick(&["要介護3", "要介護4", "身体障害者手帳1級", "療育手帳A", "難病", "独居高齢"]);
            let consent = if dice.one_in(5) { "" } else { "有" };
            registers.support.push_str(&format!(
                "{number:010},{family}　{given},{},{consent},\r\n",
                reason.copied().unwrap_or_default(),
            ));
        }
    }
}

/// A date as a town's system writes it: by era. Nobody is born in a year of two eras.
fn era_date(year: u32, month: u32, day: u32) -> String {
    let year = if matches!(year, 1989 | 2019) { year.saturating_sub(1) } else { year };
    let (era, first) = match year {
        2020.. => ("R", 2019),
        1990..2020 => ("H", 1989),
        _ => ("S", 1926),
    };
    format!("{era}{:02}.{month:02}.{day:02}", year.saturating_sub(first) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_people_and_as_many_as_were_asked_for() {
        let town = registers(3_000, 7);
        assert_eq!(town.residents, registers(3_000, 7).residents);
        assert_ne!(town.residents, registers(3_000, 8).residents);
        assert_eq!(town.residents.lines().count(), 3_001);
        let supported = town.support.lines().count();
        assert!((60..400).contains(&supported), "{supported}");
        assert_eq!([era_date(1989, 3, 4), era_date(2025, 3, 4)], ["S63.03.04", "R07.03.04"]);
    }
}
