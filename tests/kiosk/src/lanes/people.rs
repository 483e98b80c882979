//! Lists of people that the daemon of the fictional school could send.

use hinamori_ipc::{
    Agreement, AnswerKind, Candidate, Candidates, Compared, Departure, District, DistrictStanding, Found,
    FoundPerson, Group, GroupMember, GroupName, HouseholdStanding, LeaveAsk, Member, MemberState, NotArrived,
    PersonStanding, Standing, Stay, StayState,
};
use hinamori_model::Leaving;

use super::{MINUTE, member, minutes_ago, name, person};

/// Somebody who was found by name.
pub fn found(number: u8, called: &str, kana: &str, group: &str) -> FoundPerson {
    FoundPerson {
        person: person(number),
        name: name(called),
        kana: name(kana),
        group: group.to_owned(),
        state: MemberState::NotSeen,
    }
}

/// Eleven people whose name begins with はまだ; four of them come with the answer.
pub fn hamadas() -> Found {
    let came = MemberState::AlreadyIn { at: minutes_ago(19) };
    let people = vec![
        found(1, "浜田 花子", "ハマダ ハナコ", "浜町 3班"),
        found(2, "浜田 勇", "ハマダ イサム", "浜町 3班"),
        FoundPerson { state: came, ..found(3, "浜田 健", "ハマダ ケン", "浜町 3班") },
        found(4, "濱田 小百合", "ハマダ サユリ", "港町 1班"),
    ];
    Found { query: name("はまだ"), people, total: 11 }
}

/// So many people whom a card may belong to, at most two of one name; the signer of its attributes is not known when there
/// are two.
pub fn candidates(count: usize) -> AnswerKind {
    let known = Agreement {
        name: Compared::Agrees,
        birth: Compared::Agrees,
        sex: Compared::Agrees,
        address: Compared::Differs,
    };
    let unknown = Agreement { birth: Compared::NotKnown, ..known };
    let namesakes = [
        Candidate {
            found: found(1, "浜田 花子", "ハマダ ハナコ", "浜町 3班"), agreement: known
        },
        Candidate {
            found: found(2, "浜田 花子", "ハマダ ハナコ", "港町 1班"), agreement: unknown
        },
    ];
    let people = namesakes.into_iter().take(count).collect();
    AnswerKind::Candidates(Candidates { nameless: person(9), people, signed: count < 2 })
}

/// The districts of a small town.
pub fn districts() -> Vec<District> {
    let group = |name: &str, people| GroupName { name: name.to_owned(), people };
    let of = |name: &str, groups| District { name: name.to_owned(), groups };
    vec![
        of("浜町", vec![group("1班", 31), group("2班", 24), group("3班", 28), group("", 3)]),
        of("港町", vec![group("1班", 22), group("2班", 40)]),
        of("山手", vec![group("山手", 17)]),
        of("本町", vec![group("東班", 35), group("西班", 29)]),
    ]
}

/// The third group of 浜町: twenty-eight people in eleven households; one of them came before.
pub fn group() -> Group {
    let households: [(&str, &[&str]); 11] = [
        ("浜田", &["勇", "花子", "直樹", "美咲"]),
        ("大西", &["勉", "節子"]),
        ("森", &["ハル", "一"]),
        ("佐々木", &["昭", "和子", "翔"]),
        ("岡", &["正夫", "芳江", "健太", "優奈", "蓮"]),
        ("林", &["キヨ"]),
        ("吉田", &["実", "恵"]),
        ("葛城", &["修", "香織"]),
        ("橋本", &["武", "幸子", "大輔"]),
        ("三木", &["茂", "トシ"]),
        ("田村", &["博", "涼子"]),
    ];
    let members = (0_u16..).zip(households).flat_map(|(household, (family, given))| {
        given.iter().map(move |given| (household, format!("{family} {given}")))
    });
    let members = (1_u8..).zip(members).map(|(number, (household, called))| GroupMember {
        person: person(number),
        name: name(&called),
        household,
        state: MemberState::NotSeen,
    });
    Group { district: "浜町".to_owned(), group: "3班".to_owned(), members: members.collect() }
}

/// A group of so many people in households of three.
pub fn large_group(people: u8) -> Group {
    let members = (0..people).map(|number| GroupMember {
        person: person(number + 1),
        name: name(&format!("長谷川 {}", number + 1)),
        household: u16::from(number / 3),
        state: MemberState::NotSeen,
    });
    Group { members: members.collect(), ..group() }
}

/// Who has not arrived, by district.
pub fn not_arrived() -> NotArrived {
    let of = |name: &str, [arrived, passed, told_elsewhere, not_seen, support_not_seen]: [u32; 5]| {
        DistrictStanding {
            name: name.to_owned(),
            people: arrived + passed + told_elsewhere + not_seen,
            arrived,
            passed,
            told_elsewhere,
            not_seen,
            support_not_seen,
        }
    };
    NotArrived {
        districts: vec![
            of("山手", [17, 0, 0, 0, 0]),
            of("浜町", [58, 11, 4, 13, 2]),
            of("港町", [40, 0, 6, 16, 0]),
            of("本町", [61, 2, 0, 1, 1]),
            of("阿部", [12, 30, 0, 52, 5]),
        ],
        of: None,
        households: Vec::new(),
        from: 0,
        total: 0,
    }
}

/// The incomplete households of 浜町.
pub fn incomplete_households() -> NotArrived {
    let who = |number, called: &str, standing, needs_support| PersonStanding {
        person: person(number),
        name: name(called),
        standing,
        needs_support,
    };
    let of = |group: &str, members| HouseholdStanding { group: group.to_owned(), members };
    let households = vec![
        of("3班", vec![who(1, "林 キヨ", Standing::NotSeen, true)]),
        of(
            "1班",
            vec![
                who(2, "長谷川 十和子", Standing::Unaccounted, true),
                who(3, "長谷川 一郎", Standing::Arrived, false),
            ],
        ),
        of(
            "3班",
            vec![
                who(4, "浜田 勇", Standing::Arrived, false),
                who(5, "浜田 花子", Standing::Passed, false),
                who(6, "浜田 直樹", Standing::NotSeen, false),
                who(7, "浜田 美咲", Standing::ToldElsewhere, false),
            ],
        ),
        of(
            "2班",
            vec![who(8, "岡 蓮", Standing::NotSeen, false), who(9, "岡 芳江", Standing::Elsewhere, false)],
        ),
        of("2班", vec![who(10, "田村 博", Standing::NotSeen, false)]),
    ];
    NotArrived { of: Some("浜町".to_owned()), households, total: 14, ..not_arrived() }
}

/// Everybody's stay, whoever was not seen for longest first.
pub fn stays() -> Vec<Stay> {
    let stay = |number, called: Option<&str>, minutes, state| Stay {
        person: person(number),
        name: called.map(name),
        seen_at: minutes_ago(minutes),
        state,
    };
    let mut stays = vec![
        stay(1, Some("磯部 実"), 60 * 20, StayState::Unaccounted),
        stay(2, Some("大西 節子"), 60 * 13, StayState::Here),
        stay(3, None, 60 * 12, StayState::Here),
        stay(
            4,
            Some("松浦 健太"),
            60 * 10,
            StayState::Out { due: Some(minutes_ago(0).plus(16 * 60 * MINUTE)) },
        ),
        stay(5, Some("三木 トシ"), 60 * 9, StayState::Beside),
    ];
    let others =
        ["浜田 勇", "浜田 花子", "岡 正夫", "岡 芳江", "長谷川 小百合", "森 ハル", "林 キヨ", "葛城 修"];
    let later = (6_u8..)
        .zip(others)
        .map(|(number, called)| stay(number, Some(called), 300 - u64::from(number) * 10, StayState::Here));
    stays.extend(later);
    stays
}

/// 浜田 花子 left; her husband and her grandson are here and may go along.
pub fn left(leaving: Leaving, ask: Option<LeaveAsk>) -> AnswerKind {
    let until = minutes_ago(0).plus(
        match leaving {
            Leaving::Out => 15 * 60 + 39,
            Leaving::Overnight => 36 * 60 + 39,
            Leaving::Moved | Leaving::Left => 30 * 60 + 39,
        } * MINUTE,
    );
    let departure = Departure { leaving, destination: None, until, people: 1 };
    AnswerKind::Left { name: Some(name("浜田 花子")), departure, ask }
}

/// What is asked beside it: where to, and who goes along.
pub fn leave_ask(destination: bool, companions: u8) -> Option<LeaveAsk> {
    let here = MemberState::AlreadyIn { at: minutes_ago(19) };
    let names = ["浜田 勇", "浜田 陽", "浜田 直樹", "浜田 美咲", "浜田 健", "浜田 小百合", "浜田 実"];
    let companions = (1..=companions).zip(names);
    let companions =
        companions.map(|(number, called)| Member { state: here, ..member(number, called, "家族") }).collect();
    Some(LeaveAsk { destination, companions })
}
