//! 班の 名簿: a leader says in half a minute who of the group is here.

use hinamori_ipc::{AnswerKind, Command, Group, MemberState, Screen, ToKiosk};
use hinamori_kiosk::theme::ANSWER_HOLD;
use hinamori_kiosk_tests::lanes::{answer, districts, group, large_group, minutes_ago, person, shelter};
use hinamori_kiosk_tests::panel::{LANDSCAPE, PORTRAIT, Panel};

/// Opens the tick list; returns the touches that it took.
fn open(panel: &mut Panel, group: Group) -> usize {
    panel.touch("班の 名簿");
    assert_eq!(panel.sent(), [Command::ShowDistricts]);
    panel.hear(ToKiosk::Districts(districts()));
    panel.touch("浜町");
    panel.touch("3班");
    let show = Command::ShowGroup { district: "浜町".into(), group: "3班".into() };
    assert_eq!(panel.sent(), [show]);
    panel.hear(ToKiosk::Group(group));
    3
}

#[test]
fn twenty_eight_people_take_at_most_thirty_two_touches() {
    for size in [LANDSCAPE, PORTRAIT] {
        let mut panel = Panel::showing(size, shelter());
        let mut touches = open(&mut panel, group());
        assert!(panel.says("だれが 申告しますか"));
        panel.touch("大西 勉");
        touches += 1;
        assert!(
            panel.says("ここに来ている人を 押してください") && panel.says("1 / 28人"),
            "{:?}",
            panel.texts()
        );
        for member in group().members.iter().filter(|member| member.person != person(5)) {
            panel.touch(member.name.expose());
            touches += 1;
        }
        assert!(panel.says("28 / 28人"));
        panel.touch("完了");
        touches += 1;
        let present = (1..=28).map(person).collect();
        assert_eq!(panel.sent(), [Command::DeclareGroup { leader: person(5), present }]);
        assert!(touches <= 32, "{touches}");
        assert!(panel.says("カードを かざしてください"));
    }
}

#[test]
fn a_wrong_touch_costs_one_touch_and_whoever_came_before_is_not_sent_again() {
    let mut panel = Panel::showing(LANDSCAPE, shelter());
    let mut group = group();
    for place in [4, 10] {
        group.members[place].state = MemberState::AlreadyIn { at: minutes_ago(9) };
    }
    open(&mut panel, group);
    // 大西 勉 came before and speaks all the same.
    panel.touch("大西 勉");
    assert!(panel.says("2 / 28人") && !panel.offers("完了") && !panel.offers("佐々木 翔"));
    panel.touch("浜田 勇");
    panel.touch("浜田 花子");
    panel.touch("浜田 勇");
    assert!(panel.says("3 / 28人") && panel.is_chosen("浜田 花子"));
    panel.touch("完了");
    assert_eq!(panel.sent(), [Command::DeclareGroup { leader: person(5), present: vec![person(2)] }]);
}

#[test]
fn pages_turn_above_thirty_one_people_only_and_keep_the_ticks() {
    let mut panel = Panel::showing(LANDSCAPE, shelter());
    open(&mut panel, large_group(31));
    panel.touch("長谷川 1");
    assert!(!panel.offers("次のページ") && panel.offers("長谷川 31"));

    let mut panel = Panel::showing(LANDSCAPE, shelter());
    open(&mut panel, large_group(60));
    panel.touch("長谷川 1");
    panel.touch("長谷川 2");
    let mut turns = 0;
    while !panel.offers("長谷川 60") {
        panel.touch("次のページ");
        turns += 1;
        assert!(turns < 5, "{:?}", panel.texts());
    }
    panel.touch("長谷川 60");
    panel.touch("完了");
    let present = vec![person(1), person(2), person(60)];
    assert_eq!(panel.sent(), [Command::DeclareGroup { leader: person(1), present }]);
}

#[test]
fn people_on_no_roster_are_counted_after_what_was_ticked_is_sent() {
    let mut panel = Panel::showing(LANDSCAPE, shelter());
    open(&mut panel, group());
    panel.touch("大西 勉");
    panel.touch("名簿に ない人");
    let sent = Command::DeclareGroup { leader: person(5), present: vec![person(5)] };
    assert_eq!(panel.sent(), [sent]);
    panel.answer(answer(1, AnswerKind::Done { people: 1 }));
    assert!(panel.says("受け付けました"));
    panel.wait(ANSWER_HOLD);
    panel.answer(Screen::Idle);
    assert!(panel.offers("大人 1人 ふやす"), "{:?}", panel.texts());
}

#[test]
fn back_goes_one_step_and_a_district_of_one_group_needs_no_choice() {
    let mut panel = Panel::showing(LANDSCAPE, shelter());
    open(&mut panel, group());
    panel.touch("大西 勉");
    panel.touch("もどる");
    assert!(panel.says("だれが 申告しますか"));
    panel.touch("もどる");
    assert!(panel.offers("2班") && !panel.says("大西"), "names are not kept longer than they are shown");
    panel.touch("もどる");
    panel.touch("山手");
    assert_eq!(panel.sent(), [Command::ShowGroup { district: "山手".into(), group: "山手".into() }]);
    panel.hear(ToKiosk::Group(group()));
    assert!(!panel.says("大西"), "another group was asked for");
    panel.touch("もどる");
    assert!(panel.offers("港町"));
    panel.touch("もどる");
    assert!(panel.says("カードを かざしてください"));
}
