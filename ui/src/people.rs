//! Lists of people that somebody asked for, and how far they are in them. Everything here is forgotten as one
//! when its page is left.

use std::time::Duration;

use hinamori_ipc::{District, Found, FoundPerson, Group, NotArrived, Stay};
use hinamori_model::{PersonId, PersonalText, SiteId, UnixMillis};

use crate::clock::CivilTime;

/// Everything that the pages of people know.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct People {
    /// 名前で さがす
    pub search: Search,
    /// 班の 名簿: districts and groups, `None` until they arrive.
    pub districts: Option<Vec<District>>,
    /// The district that was chosen, of the groups or of who has not arrived.
    pub district: Option<String>,
    /// The group that was asked for.
    pub group_name: Option<String>,
    /// Its tick list, `None` until it arrives.
    pub group: Option<Group>,
    /// Who of the group speaks for it.
    pub leader: Option<PersonId>,
    /// 未到着, `None` until it arrives.
    pub not_arrived: Option<NotArrived>,
    /// The place of the first household that is shown, from 0.
    pub from: u32,
    /// When 未到着 was last asked for (steady clock).
    pub asked_at: Duration,
    /// 点呼, `None` until it arrives.
    pub stays: Option<Vec<Stay>>,
    /// From when being seen counts.
    pub hour: RollCallHour,
    /// What waits for はい or いいえ.
    pub question: Option<Question>,
}

/// A search by the beginning of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// What was typed.
    pub text: PersonalText,
    /// Who fits it, `None` until the daemon has answered.
    pub found: Option<Found>,
    /// The row of the pad that is spread out, where the whole pad has no room.
    pub row: usize,
    /// Whom a name is looked for; `None` when somebody is to be checked in.
    pub nameless: Option<PersonId>,
}

impl Default for Search {
    fn default() -> Self {
        Self { text: PersonalText::new(""), found: None, row: 0, nameless: None }
    }
}

/// What is asked once more before it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// Whether this is the person.
    Person(FoundPerson),
    /// What kind of person, when the roster does not have them.
    Kind,
    /// Whether somebody said that this person is elsewhere.
    Elsewhere {
        /// Who.
        person: PersonId,
        /// The name.
        name: PersonalText,
    },
    /// Whether the roll-call is over.
    RollCallOver,
    /// Whether there really is no staff.
    WithoutStaff,
    /// Whether this is where somebody seen at two sites is.
    Settle {
        /// Who.
        person: PersonId,
        /// The name, if known.
        name: Option<PersonalText>,
        /// Which site.
        site: SiteId,
        /// Its name.
        place: String,
    },
}

/// From when being seen counts in a roll-call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum RollCallHour {
    /// One hour ago: a round that was just made.
    #[default]
    OneHourAgo,
    /// Three hours ago.
    ThreeHoursAgo,
    /// The last time it was six in the morning.
    Morning,
}

impl RollCallHour {
    /// From the latest to the earliest, most of the day.
    pub const ALL: [Self; 3] = [Self::OneHourAgo, Self::ThreeHoursAgo, Self::Morning];

    /// The moment.
    pub fn before(self, now: UnixMillis) -> UnixMillis {
        const HOUR: u64 = 60 * 60 * 1_000;
        let ago = match self {
            Self::OneHourAgo => HOUR,
            Self::ThreeHoursAgo => 3 * HOUR,
            Self::Morning => CivilTime::of(now).since_hour(6),
        };
        UnixMillis::new(now.get().saturating_sub(ago))
    }
}

/// A key of the pad.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// Adds this.
    Letter(PersonalText),
    /// ゛: は becomes ば and back.
    Voiced,
    /// ゜: は becomes ぱ and back.
    HalfVoiced,
    /// 小: や becomes ゃ and back.
    Small,
    /// The last letter goes.
    Delete,
}

/// The most letters of a search: no name is longer.
const MAXIMUM_LETTERS: usize = 32;

/// Each letter and what ゛, ゜ and 小 make of it.
const CHANGES: [(&str, &str); 3] = [
    ("うかきくけこさしすせそたちつてとはひふへほ", "ゔがぎぐげござじずぜぞだぢづでどばびぶべぼ"),
    ("はひふへほ", "ぱぴぷぺぽ"),
    ("あいうえおつやゆよわ", "ぁぃぅぇぉっゃゅょゎ"),
];

impl Key {
    /// What `text` is after this key.
    pub fn applied_to(&self, text: &PersonalText) -> PersonalText {
        let mut letters: Vec<char> = text.expose().chars().collect();
        match self {
            Self::Letter(more) => {
                let typed = more.expose().chars().filter(|letter| !letter.is_control());
                letters.extend(typed);
                letters.truncate(MAXIMUM_LETTERS);
            }
            Self::Delete => {
                letters.pop();
            }
            Self::Voiced => change_last(&mut letters, 0),
            Self::HalfVoiced => change_last(&mut letters, 1),
            Self::Small => change_last(&mut letters, 2),
        }
        PersonalText::new(letters.into_iter().collect::<String>())
    }
}

/// Changes the last letter, or changes it back; a letter in another form is made plain first.
fn change_last(letters: &mut [char], change: usize) {
    let Some(last) = letters.last_mut() else { return };
    let plain_of = |letter: char| {
        let pairs = CHANGES.iter().flat_map(|(plain, changed)| plain.chars().zip(changed.chars()));
        pairs.into_iter().find(|(_, changed)| *changed == letter).map_or(letter, |(plain, _)| plain)
    };
    let plain = plain_of(*last);
    let changed = CHANGES.get(change).and_then(|(from, to)| {
        from.chars().zip(to.chars()).find(|(letter, _)| *letter == plain).map(|(_, changed)| changed)
    });
    *last = match changed {
        Some(changed) if changed != *last => changed,
        Some(_) => plain,
        None => *last,
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(text: &str, key: &Key) -> String {
        key.applied_to(&PersonalText::new(text)).expose().to_owned()
    }

    #[test]
    fn marks_change_the_last_letter_and_change_it_back() {
        let cases = [
            ("はまた", Key::Voiced, "はまだ"),
            ("はまだ", Key::Voiced, "はまた"),
            ("ほ", Key::HalfVoiced, "ぽ"),
            ("ぼ", Key::HalfVoiced, "ぽ"),
            ("ぽ", Key::Voiced, "ぼ"),
            ("しよ", Key::Small, "しょ"),
            ("つ", Key::Voiced, "づ"),
            ("づ", Key::Small, "っ"),
            ("ん", Key::Voiced, "ん"),
            ("", Key::Small, ""),
            ("山", Key::Voiced, "山"),
            ("はま", Key::Delete, "は"),
            ("", Key::Delete, ""),
        ];
        for (text, key, expected) in cases {
            assert_eq!(after(text, &key), expected, "{text} {key:?}");
        }
    }

    #[test]
    fn a_pair_of_letters_stands_at_the_same_place() {
        for (plain, changed) in CHANGES {
            assert_eq!(plain.chars().count(), changed.chars().count());
        }
    }

    #[test]
    fn typing_ends_at_the_longest_name_and_takes_no_control_signs() {
        let long = Key::Letter(PersonalText::new("あ".repeat(1_000)));
        assert_eq!(after("", &long).chars().count(), MAXIMUM_LETTERS);
        assert_eq!(after("", &Key::Letter(PersonalText::new("a\u{7}\nb"))), "ab");
    }

    #[test]
    fn what_is_typed_is_not_printed() {
        let search = Search { text: PersonalText::new("はまだ"), ..Search::default() };
        assert!(!format!("{search:?}").contains("はま"));
        assert!(!format!("{:?}", Key::Letter(PersonalText::new("は"))).contains('は'));
    }

    #[test]
    fn the_morning_of_a_roll_call_is_the_last_one() {
        // 2026-10-12T05:21:30+09:00: this morning's six is still to come.
        let early = UnixMillis::new(1_791_750_090_000);
        let hours = |at: UnixMillis| at.since(RollCallHour::Morning.before(at)) / 3_600_000;
        assert_eq!(hours(early), 23);
        assert_eq!(hours(early.plus(2 * 3_600_000)), 1);
        assert_eq!(early.since(RollCallHour::ThreeHoursAgo.before(early)), 3 * 3_600_000);
    }
}
