//! Lists of people that somebody asked for. They hold names; the kiosk forgets them when it leaves the page.

use hinamori_model::{PersonId, PersonalText, RecordId, SiteId, UnixMillis};
use serde::{Deserialize, Serialize};

use crate::MemberState;

/// What was typed, and who fits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// What was typed.
    pub query: PersonalText,
    /// The best ones first.
    pub people: Vec<FoundPerson>,
    /// How many fit in all.
    pub total: u32,
}

/// One person who fits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundPerson {
    /// Who.
    pub person: PersonId,
    /// The name as the roster has it.
    pub name: PersonalText,
    /// Its reading, in katakana.
    pub kana: PersonalText,
    /// District and group: tells two people of one name apart. Addresses and ages are on no screen.
    pub group: String,
    /// Whether they were seen here already. A hidden person never was.
    pub state: MemberState,
}

/// One district with its neighbourhood groups (班).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct District {
    /// Its name.
    pub name: String,
    /// Its groups; one without a name holds whoever is in none.
    pub groups: Vec<GroupName>,
}

/// One group of a district.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupName {
    /// Its name.
    pub name: String,
    /// People in it.
    pub people: u32,
}

/// The tick list of one group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Its district.
    pub district: String,
    /// Its name.
    pub group: String,
    /// Its people, households together, in the roster's order.
    pub members: Vec<GroupMember>,
}

/// One person of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupMember {
    /// Who.
    pub person: PersonId,
    /// The name: family name, a space, given name.
    pub name: PersonalText,
    /// Whoever has the same number lives together.
    pub household: u16,
    /// Whether they were seen here already. A hidden person never was.
    pub state: MemberState,
}

/// Who has not arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotArrived {
    /// Every district of the roster that this box holds.
    pub districts: Vec<DistrictStanding>,
    /// The district whose households follow; `None` for none.
    pub of: Option<String>,
    /// Its households that are not complete, from `from` on: those with people who need support first.
    pub households: Vec<HouseholdStanding>,
    /// The place of the first one, from 0.
    pub from: u32,
    /// Its households that are not complete, in all.
    pub total: u32,
}

/// One district in numbers of people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DistrictStanding {
    /// Its name.
    pub name: String,
    /// On the roster.
    pub people: u32,
    /// Arrived at a shelter, also if they went out since.
    pub arrived: u32,
    /// Seen at a check-point.
    pub passed: u32,
    /// Said to be elsewhere.
    pub told_elsewhere: u32,
    /// Nothing is known of them.
    pub not_seen: u32,
    /// Of those, people on the list of those who need support.
    pub support_not_seen: u32,
}

/// One household that is not complete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HouseholdStanding {
    /// Its group.
    pub group: String,
    /// Its members.
    pub members: Vec<PersonStanding>,
}

/// One person of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonStanding {
    /// Who.
    pub person: PersonId,
    /// The name.
    pub name: PersonalText,
    /// Where they are.
    pub standing: Standing,
    /// 避難行動要支援者
    pub needs_support: bool,
}

/// What is known of somebody of the roster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// 未到着
    NotSeen,
    /// ほかにいると聞いた
    ToldElsewhere,
    /// 通過確認地点で確認
    Passed,
    /// 避難所にいる, or went out from there.
    Arrived,
    /// 在宅・車中泊, moved or left: known where.
    Elsewhere,
    /// 所在未確認
    Unaccounted,
}

/// One stay at this site, for the roll-call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stay {
    /// Who.
    pub person: PersonId,
    /// The name; `None` for a card that nobody knows, and for whoever is hidden.
    pub name: Option<PersonalText>,
    /// When somebody saw them last.
    pub seen_at: UnixMillis,
    /// How they stay.
    pub state: StayState,
}

/// How somebody stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StayState {
    /// ここにいる
    Here,
    /// 所在未確認: the last roll-call did not find them.
    Unaccounted,
    /// 外出・外泊, due back then.
    Out {
        /// When.
        due: Option<UnixMillis>,
    },
    /// 在宅・車中泊, still of this site.
    Beside,
}

/// Somebody who was seen at two sites: nobody decides in silence which one is right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conflict {
    /// Who.
    pub person: PersonId,
    /// The name; `None` for a card that nobody knows.
    pub name: Option<PersonalText>,
    /// Where and when they were seen, the latest first.
    pub places: Vec<SeenAt>,
}

/// Where somebody was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenAt {
    /// Which site.
    pub site: SiteId,
    /// Its name.
    pub name: String,
    /// When.
    pub at: UnixMillis,
}

/// A head count without names (人数のみ) that is not named to its end yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeadCount {
    /// The record that counted.
    pub record: RecordId,
    /// When.
    pub at: UnixMillis,
    /// Adults who have no name yet.
    pub adults: u16,
    /// Children.
    pub children: u16,
    /// Infants.
    pub infants: u16,
}

/// What whoever leaves takes along: a code to be photographed or printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slip {
    /// What it is.
    pub kind: SlipKind,
    /// The text of its QR code.
    pub code: PersonalText,
    /// When the person is due back or asked after.
    pub until: UnixMillis,
}

/// Which slip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SlipKind {
    /// 退所・外泊の控え
    Leaving,
    /// 転所票: sealed by the box, for the next shelter, also another town's.
    Transfer,
}
