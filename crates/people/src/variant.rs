//! Kanji of names that are written in several forms. Two forms of one line are taken as one character: enough to
//! find or to propose somebody, never enough to say that two people are one.

/// The form that is kept, and the others.
const FORMS: &[(char, &[char])] = &[
    // Those that every counter knows.
    ('高', &['髙']),
    ('崎', &['﨑', '嵜', '碕']),
    ('辺', &['邉', '邊']),
    ('斎', &['齋', '斉', '齊']),
    ('浜', &['濵', '濱']),
    ('吉', &['𠮷']),
    // Old and new.
    ('沢', &['澤']),
    ('桜', &['櫻']),
    ('広', &['廣']),
    ('国', &['國', '圀']),
    ('島', &['嶋', '嶌']),
    ('真', &['眞']),
    ('恵', &['惠']),
    ('栄', &['榮']),
    ('徳', &['德']),
    ('竜', &['龍']),
    ('滝', &['瀧']),
    ('曽', &['曾']),
    ('槙', &['槇']),
    ('遥', &['遙']),
    ('薮', &['藪', '籔']),
    ('円', &['圓']),
    ('会', &['會']),
    ('学', &['學']),
    ('実', &['實']),
    ('宝', &['寶']),
    ('寿', &['壽']),
    ('荘', &['莊']),
    ('蔵', &['藏']),
    ('条', &['條']),
    ('浅', &['淺']),
    ('淵', &['渕', '渊']),
    ('関', &['關']),
    ('黒', &['黑']),
    ('与', &['與']),
    ('豊', &['豐']),
    ('弥', &['彌']),
    ('富', &['冨']),
    ('峰', &['峯']),
    ('岳', &['嶽']),
    ('檜', &['桧']),
    ('柳', &['栁', '桺']),
    ('来', &['來']),
    ('万', &['萬']),
    ('県', &['縣']),
    ('静', &['靜']),
    ('清', &['淸']),
    ('暁', &['曉']),
    ('亜', &['亞']),
    ('巌', &['巖']),
    ('総', &['總']),
    ('聡', &['聰']),
    ('児', &['兒']),
    ('恒', &['恆']),
    ('増', &['增']),
    ('横', &['橫']),
    ('歩', &['步']),
    ('鉄', &['鐵', '銕']),
    ('渋', &['澁', '澀']),
    ('譲', &['讓']),
    ('穣', &['穰']),
    ('釈', &['釋']),
    ('館', &['舘', '\u{FA2C}']),
    ('野', &['埜']),
    ('桑', &['桒']),
    ('鴎', &['鷗']),
    ('郷', &['鄕', '鄉']),
    ('青', &['靑']),
    ('悦', &['悅']),
    ('教', &['敎']),
    ('昂', &['昻']),
    ('剣', &['劍', '劔']),
    ('凜', &['凛']),
    ('尭', &['堯']),
    ('穂', &['穗']),
    ('緒', &['緖']),
    ('薫', &['薰']),
    ('黄', &['黃']),
    ('顕', &['顯']),
    ('瑶', &['瑤']),
    ('経', &['經']),
    ('礼', &['禮', '\u{FA18}']),
    // The same character a second time in Unicode, for the sake of old character sets.
    ('塚', &['\u{FA10}']),
    ('晴', &['\u{FA12}']),
    ('猪', &['\u{FA16}']),
    ('益', &['\u{FA17}']),
    ('神', &['\u{FA19}']),
    ('祥', &['\u{FA1A}']),
    ('福', &['\u{FA1B}']),
    ('靖', &['\u{FA1C}']),
    ('精', &['\u{FA1D}']),
    ('羽', &['\u{FA1E}']),
    ('諸', &['\u{FA22}']),
    ('都', &['\u{FA26}']),
    ('飯', &['\u{FA2A}']),
    ('鶴', &['\u{FA2D}']),
    ('隆', &['\u{F9DC}']),
    ('朗', &['\u{F929}', '\u{FA92}']),
    ('祐', &['\u{FA4F}']),
    ('梅', &['\u{FA44}']),
];

/// The kept form of a character; itself, if there is no other.
pub(crate) fn kept_form(character: char) -> char {
    // All forms are far behind kana and Latin letters, which are most of what is asked.
    if character < '\u{4E00}' {
        return character;
    }
    FORMS.iter().find(|(_, others)| others.contains(&character)).map_or(character, |(kept, _)| *kept)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_form_stands_once_and_the_kept_one_is_kept() {
        let mut seen = BTreeSet::new();
        for (kept, others) in FORMS {
            assert_eq!(kept_form(*kept), *kept, "{kept}");
            for form in others.iter().chain([kept]) {
                assert!(seen.insert(*form), "{form} stands twice");
                assert_eq!(kept_form(*form), *kept, "{form}");
            }
        }
    }
}
