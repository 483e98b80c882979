//! Three words that both ends of an enrolment show: who reads them to each other over a telephone knows that the box at hand and the
//! box that joined are one, and that both mean the same town.
//!
//! The words are 24 bits of SHA-256 over all that the two ends have to agree on, and over a random number of each end. The box commits
//! itself to its number before it hears the server's, so that nobody between them can choose a number (or a key) after having seen what
//! the words will be: whoever guesses has one try in 16.7 millions for each code, and a code is good once. That is why 256 words are
//! enough, and a list of 256 has room for the rules that its test sets.

use std::fmt;

use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};

use crate::TlsError;
use crate::certificate::sha256;

/// Ahead of what the words are made of.
const DOMAIN: &[u8] = b"hinamori enrolment words/v1";
/// Ahead of what a box commits itself to.
const COMMITMENT_DOMAIN: &[u8] = b"hinamori enrolment commitment/v1";

/// A random number of one end.
pub(crate) type Nonce = [u8; 32];

/// Draws a number.
pub(crate) fn nonce() -> Result<Nonce, TlsError> {
    let mut drawn = [0; 32];
    SystemRandom::new().fill(&mut drawn).map_err(|_unspecified| TlsError::NoRandomness)?;
    Ok(drawn)
}

/// What a box says of its number before it hears the server's.
pub(crate) fn commitment(of: &Nonce) -> [u8; 32] {
    sha256(&[COMMITMENT_DOMAIN, of].concat())
}

/// The random numbers of both ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Nonces {
    pub(crate) of_box: Nonce,
    pub(crate) of_server: Nonce,
}

/// All that both ends have to agree on.
pub(crate) struct Agreed<'a> {
    /// The town root's Ed25519 public key.
    pub(crate) town_root: &'a [u8; 32],
    /// SHA-256 of the TLS root's certificate.
    pub(crate) tls_root: &'a [u8; 32],
    pub(crate) token: &'a [u8; 10],
    /// The public half of the box's seal key.
    pub(crate) seal_key: &'a [u8; 32],
    /// SHA-256 of the SubjectPublicKeyInfo of the key that gets the certificate.
    pub(crate) tls_key: &'a [u8; 32],
    pub(crate) nonces: Nonces,
}

/// Three words, the same at the box and at the town hall. They are no secret.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreeWords([u8; 3]);

impl ThreeWords {
    pub(crate) fn of(agreed: &Agreed<'_>) -> Self {
        let Agreed { town_root, tls_root, token, seal_key, tls_key, nonces } = agreed;
        // Every part has a fixed length, so that no two agreements share their bytes.
        let parts: [&[u8]; 8] =
            [DOMAIN, *town_root, *tls_root, *token, *seal_key, *tls_key, &nonces.of_server, &nonces.of_box];
        Self::of_hash(&sha256(&parts.concat()))
    }

    /// Of a hash over all that two screens have to agree on.
    pub const fn of_hash(&[first, second, third, ..]: &[u8; 32]) -> Self {
        Self([first, second, third])
    }

    /// As they are read out.
    pub fn hiragana(self) -> [&'static str; 3] {
        self.0.map(|number| WORDS.get(usize::from(number)).copied().unwrap_or_default())
    }
}

impl fmt::Display for ThreeWords {
    /// `さくら・みかん・うさぎ (sakura, mikan, usagi)`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = self.hiragana();
        write!(out, "{} ({})", words.join("・"), words.map(romaji).join(", "))
    }
}

impl fmt::Debug for ThreeWords {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "ThreeWords({self})")
    }
}

/// A word of the list in Latin letters, as Hepburn wrote it, long vowels letter by letter.
fn romaji(word: &str) -> String {
    let mut latin = String::new();
    let mut doubles = false;
    let mut kana = word.chars().peekable();
    while let Some(one) = kana.next() {
        if one == 'っ' {
            doubles = true;
            continue;
        }
        let glide = kana.next_if(|next| matches!(next, 'ゃ' | 'ゅ' | 'ょ')).map(vowel_of);
        let plain = syllable(one);
        let written = match glide {
            // し, ち and じ lose their vowel, the others get a y: sha, kya.
            Some(vowel) if matches!(plain, "shi" | "chi" | "ji") => {
                format!("{}{vowel}", plain.trim_end_matches('i'))
            }
            Some(vowel) => format!("{}y{vowel}", plain.trim_end_matches('i')),
            // Else はんや and はにゃ would be spelled alike.
            None if one == 'ん' && kana.peek().is_some_and(|next| "あいうえおやゆよ".contains(*next)) => {
                "n'".to_owned()
            }
            None => plain.to_owned(),
        };
        if doubles {
            let first = written.chars().next().map(|first| if first == 'c' { 't' } else { first });
            latin.extend(first);
            doubles = false;
        }
        latin.push_str(&written);
    }
    latin
}

const fn vowel_of(small: char) -> char {
    match small {
        'ゃ' => 'a',
        'ゅ' => 'u',
        _ => 'o',
    }
}

#[rustfmt::skip]
const fn syllable(kana: char) -> &'static str {
    match kana {
        'あ' => "a", 'い' => "i", 'う' => "u", 'え' => "e", 'お' => "o",
        'か' => "ka", 'き' => "ki", 'く' => "ku", 'け' => "ke", 'こ' => "ko",
        'が' => "ga", 'ぎ' => "gi", 'ぐ' => "gu", 'げ' => "ge", 'ご' => "go",
        'さ' => "sa", 'し' => "shi", 'す' => "su", 'せ' => "se", 'そ' => "so",
        'ざ' => "za", 'じ' => "ji", 'ず' => "zu", 'ぜ' => "ze", 'ぞ' => "zo",
        'た' => "ta", 'ち' => "chi", 'つ' => "tsu", 'て' => "te", 'と' => "to",
        'だ' => "da", 'で' => "de", 'ど' => "do",
        'な' => "na", 'に' => "ni", 'ぬ' => "nu", 'ね' => "ne", 'の' => "no",
        'は' => "ha", 'ひ' => "hi", 'ふ' => "fu", 'へ' => "he", 'ほ' => "ho",
        'ば' => "ba", 'び' => "bi", 'ぶ' => "bu", 'べ' => "be", 'ぼ' => "bo",
        'ぱ' => "pa", 'ぴ' => "pi", 'ぷ' => "pu", 'ぺ' => "pe", 'ぽ' => "po",
        'ま' => "ma", 'み' => "mi", 'む' => "mu", 'め' => "me", 'も' => "mo",
        'や' => "ya", 'ゆ' => "yu", 'よ' => "yo",
        'ら' => "ra", 'り' => "ri", 'る' => "ru", 'れ' => "re", 'ろ' => "ro",
        'わ' => "wa", 'ん' => "n",
        // In no word of the list, as its test says.
        _ => "",
    }
}

/// Things that everybody knows, by their position. Another order or another word is another version of [`DOMAIN`].
#[rustfmt::skip]
const WORDS: [&str; 256] = [
    "あいさつ", "あおぞら", "あおむし", "あさがお", "あさり", "あじさい", "あひる", "あんず", "いしがき", "いちご", "いちょう", "いなほ",
    "いのしし", "いるか", "いろがみ", "いわし", "うぐいす", "うさぎ", "うずまき", "うちわ", "うどん", "うみがめ", "うめぼし", "うわばき",
    "えだまめ", "えのぐ", "えほん", "えんがわ", "えんそく", "えんぴつ", "おうむ", "おてだま", "おとうふ", "おにぎり", "おはじき", "おまもり",
    "おみやげ", "おりがみ", "おんせん", "かえる", "かかし", "かけっこ", "かすてら", "かばん", "かぼちゃ", "かもめ", "かるた", "かわうそ",
    "きつつき", "きつね", "きなこ", "きゅうしょく", "きゅうり", "きりん", "きんぎょ", "くさもち", "くじゃく", "くじら", "くちぶえ", "くつした",
    "くるみ", "くれよん", "くわがた", "けしごむ", "けんだま", "げんかん", "げんまい", "こあら", "こうえん", "こうさく", "こおろぎ", "こくばん",
    "こけし", "こすもす", "こたつ", "こねこ", "こぶた", "こんぶ", "ごぼう", "さいころ", "さかな", "さかみち", "さくら", "さくらんぼ",
    "ささのは", "さざえ", "さつまいも", "さとう", "さんぽ", "ざぶとん", "しおり", "しちりん", "しまうま", "しょうが", "しらたき", "しろくま",
    "しんぶん", "じてんしゃ", "じゃがいも", "すいか", "すいせん", "すいとう", "すきやき", "すずめ", "すずらん", "すなば", "すみれ", "すもう",
    "すりばち", "せっけん", "せんたく", "せんべい", "そうじき", "そよかぜ", "そらまめ", "そろばん", "たいこ", "たいやき", "たけうま", "たけのこ",
    "たてぶえ", "たなばた", "たぬき", "たまねぎ", "たんざく", "たんぽぽ", "ちくわ", "ちゃわん", "ちょうちょ", "ちりとり", "つきみ", "つくえ",
    "つけもの", "つばき", "つりざお", "てがみ", "てつぼう", "てぬぐい", "てぶくろ", "てんぷら", "とうだい", "とかげ", "とけい", "とびばこ",
    "とまと", "ともだち", "どじょう", "どんぐり", "ながぐつ", "なぞなぞ", "なっとう", "なのはな", "なわとび", "にがうり", "にぼし", "にもつ",
    "にわとり", "にんじん", "ぬりえ", "ねずみ", "ねまき", "ねんど", "のこぎり", "のはら", "のれん", "はがき", "はくさい", "はさみ", "はちまき",
    "はちみつ", "はっぱ", "はなび", "はぶらし", "はんかち", "はんこ", "ひこうき", "ひざかけ", "ひつじ", "ひなまつり", "ひまわり", "ひやむぎ",
    "ひょうたん", "ひよこ", "ぴあの", "ふうせん", "ふくろう", "ふじさん", "ふすま", "ふでばこ", "ふろしき", "ぶらんこ", "へいわ", "へちま",
    "ぺんぎん", "ほうき", "ほおずき", "ほしぞら", "ほたる", "ほっぺ", "ほんだな", "ぽすと", "まきじゃく", "まぐろ", "まごのて",
    "まつたけ", "まつり", "まないた", "まめまき", "まんじゅう", "みかん", "みこし", "みずうみ", "みそしる", "みつばち", "みどり", "みのむし",
    "むぎちゃ", "むぎわら", "むささび", "むらさき", "めいろ", "めだか", "めろん", "めんどり", "もちつき", "もなか", "ものさし", "もみじ",
    "もめん", "やきそば", "やさい", "やじろべえ", "やすり", "やどかり", "やまいも", "ゆうびん", "ゆうやけ", "ゆかた", "ゆびきり", "ゆりかご", "ようかん",
    "よもぎ", "らいおん", "らくがき", "らくだ", "らっきょう", "りょくちゃ", "りんどう", "れもん", "れんこん", "ろうか", "ろうそく", "わかめ",
    "わさび", "わたあめ", "わらぶき",
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// What nobody should have to read aloud while a town installs boxes for disasters.
    const FRIGHTENING: [&str; 19] = [
        "つなみ",
        "じしん",
        "かじ",
        "かさい",
        "たいふう",
        "あらし",
        "かみなり",
        "こうずい",
        "なだれ",
        "しぬ",
        "しに",
        "けが",
        "ちしお",
        "ゆうれい",
        "おばけ",
        "かいだん",
        "はか",
        "どく",
        "ばくだん",
    ];

    /// A kana as it may be heard on a bad line: small as large, voiced as plain, し as ひ, and ん, む and ぬ as one.
    fn heard(kana: char) -> char {
        const VOICED: &str = "がぎぐげござじずぜぞだぢづでどばびぶべぼぱぴぷぺぽゃゅょっひむぬ";
        const PLAIN: &str = "かきくけこさしすせそたちつてとはひふへほはひふへほやゆよつしんん";
        let at = VOICED.chars().position(|voiced| voiced == kana);
        let plain = at.and_then(|at| PLAIN.chars().nth(at)).unwrap_or(kana);
        if plain == 'ひ' { 'し' } else { plain }
    }

    /// Kana to change, leave out or put in, to make one of the other (Levenshtein).
    fn distance(one: &[char], other: &[char]) -> usize {
        let mut row: Vec<usize> = (0..=other.len()).collect();
        for (at, left) in one.iter().enumerate() {
            let mut next = vec![at + 1];
            for (column, right) in other.iter().enumerate() {
                let changed = row[column] + usize::from(left != right);
                next.push(changed.min(row[column + 1] + 1).min(next[column] + 1));
            }
            row = next;
        }
        row[other.len()]
    }

    #[test]
    fn every_word_can_be_read_aloud_and_frightens_nobody() {
        for word in WORDS {
            let morae = word.chars().filter(|kana| !"ゃゅょ".contains(*kana)).count();
            assert!((3..=5).contains(&morae), "{word} is too short or too long");
            let is_plain =
                |kana: char| matches!(kana, 'っ' | 'ゃ' | 'ゅ' | 'ょ') || !syllable(kana).is_empty();
            // Without ぢ, づ, を and ー, which are heard as something else.
            assert!(word.chars().all(is_plain), "{word}");
            assert!(!"んっゃゅょ".contains(word.chars().next().unwrap()), "{word}");
            assert!(FRIGHTENING.iter().all(|fright| !word.contains(fright)), "{word}");
        }
    }

    #[test]
    fn no_word_is_heard_as_another_one_when_a_single_mora_is_lost_or_misheard() {
        let words: Vec<Vec<char>> = WORDS.iter().map(|word| word.chars().map(heard).collect()).collect();
        for (at, one) in words.iter().enumerate() {
            for (other, heard) in words.iter().enumerate().take(at) {
                assert!(distance(one, heard) >= 2, "{} and {}", WORDS[at], WORDS[other]);
            }
        }
    }

    #[test]
    fn every_word_has_letters_of_its_own() {
        assert_eq!(WORDS.iter().map(|word| romaji(word)).collect::<BTreeSet<_>>().len(), 256);
        for (word, latin) in [
            ("まんじゅう", "manjuu"),
            ("なっとう", "nattou"),
            ("きんぎょ", "kingyo"),
            ("ちゃわん", "chawan"),
            ("まっちゃ", "matcha"),
            ("ほんや", "hon'ya"),
        ] {
            assert_eq!(romaji(word), latin);
        }
    }

    #[test]
    fn whatever_differs_gives_other_words() {
        let nonces = Nonces { of_box: [6; 32], of_server: [7; 32] };
        let (ten, bytes): ([u8; 10], [[u8; 32]; 4]) = ([3; 10], [[1; 32], [2; 32], [4; 32], [5; 32]]);
        let [town_root, tls_root, seal_key, tls_key] = &bytes;
        let agreed = || Agreed { town_root, tls_root, token: &ten, seal_key, tls_key, nonces };
        let said = ThreeWords::of(&agreed());
        let other = [9; 32];
        let differing = [
            Agreed { town_root: &other, ..agreed() },
            Agreed { tls_root: &other, ..agreed() },
            Agreed { token: &[9; 10], ..agreed() },
            Agreed { seal_key: &other, ..agreed() },
            Agreed { tls_key: &other, ..agreed() },
            Agreed { nonces: Nonces { of_box: other, ..nonces }, ..agreed() },
            Agreed { nonces: Nonces { of_server: other, ..nonces }, ..agreed() },
        ];
        assert!(differing.iter().all(|agreed| ThreeWords::of(agreed) != said));
        assert_eq!(
            ThreeWords([0, 1, 255]).to_string(),
            "あいさつ・あおぞら・わらぶき (aisatsu, aozora, warabuki)"
        );
    }
}
