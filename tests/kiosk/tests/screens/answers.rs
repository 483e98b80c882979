//! Answers to a card at the shelter: what is said, what can be touched, what a touch sends.

use std::time::Duration;

use hinamori_ipc::{AnswerId, AnswerKind, Command, Departure, HoldReason, LaneState, Party, Screen, Sound};
use hinamori_kiosk::theme::{ANSWER_HOLD, PANEL_HOLD};
use hinamori_kiosk_tests::lanes::{
    answer, doubtful, hamada, large_household, minutes_ago, name, person, shelter, unknown_card, welcome,
};
use hinamori_kiosk_tests::panel::{LANDSCAPE, Panel};
use hinamori_model::{Direction, Leaving};

const FIRST: AnswerId = AnswerId(1);

fn answered(kind: AnswerKind) -> Panel {
    let mut panel = Panel::showing(LANDSCAPE, shelter());
    panel.answer(answer(1, kind));
    panel
}

#[test]
fn idle_asks_for_a_card_and_offers_the_ways_around_it() {
    let panel = Panel::showing(LANDSCAPE, shelter());
    assert!(panel.says("カードを かざしてください"), "{:?}", panel.texts());
    assert!(panel.says("汐見小学校 体育館") && panel.says("143人") && panel.says("災害"));
    let offered: Vec<_> = panel.targets().into_iter().map(|target| target.label).collect();
    let ways = ["名前で さがす", "人数だけ", "班の 名簿", "係の方へ", "English"];
    assert!(ways.iter().all(|way| offered.iter().any(|label| label == way)), "{offered:?}");
    assert_eq!(offered.len(), ways.len() + 1, "and the light: {offered:?}");
}

#[test]
fn a_household_is_chosen_by_touch_and_sent_once() {
    let mut panel = answered(welcome(Party::Household(hamada())));
    assert!(panel.says("受け付けました") && panel.says("浜田 花子 さん"), "{:?}", panel.texts());
    assert!(panel.offers("1人で 完了"));
    panel.touch("浜田 勇");
    panel.touch("浜田 直樹");
    panel.touch("浜田 陽");
    panel.touch("浜田 直樹");
    assert!(panel.is_chosen("浜田 勇") && !panel.is_chosen("浜田 直樹"));
    // The grandson came before: shown, not to be touched.
    assert!(panel.says("浜田 健 5:02 受付ずみ") && !panel.offers("浜田 健 5:02 受付ずみ"));
    assert_eq!(panel.sent(), []);
    panel.touch("3人で 完了");
    let members = vec![person(1), person(2)];
    assert_eq!(panel.sent(), [Command::ConfirmHousehold { answer: FIRST, members }]);
}

#[test]
fn everybody_came_in_one_touch() {
    let mut panel = answered(welcome(Party::Household(hamada())));
    panel.touch("全員 来ました");
    panel.touch("5人で 完了");
    let members = (1..=4).map(person).collect();
    assert_eq!(panel.sent(), [Command::ConfirmHousehold { answer: FIRST, members }]);
}

#[test]
fn a_large_household_turns_pages_and_keeps_what_was_chosen() {
    let mut panel = answered(welcome(Party::Household(large_household())));
    panel.touch("長谷川 一郎");
    panel.touch("ほかの人");
    assert!(panel.offers("長谷川 五郎") && !panel.offers("長谷川 一郎"));
    panel.touch("長谷川 五郎");
    panel.touch("3人で 完了");
    let members = vec![person(1), person(5)];
    assert_eq!(panel.sent(), [Command::ConfirmHousehold { answer: FIRST, members }]);
}

#[test]
fn undo_is_offered_for_its_time_and_no_longer() {
    let mut panel = answered(welcome(Party::Household(hamada())));
    panel.touch("取り消す");
    assert_eq!(panel.sent(), [Command::Undo { answer: FIRST }]);
    panel.answer(answer(2, AnswerKind::Undone));
    assert!(panel.says("取り消しました") && !panel.offers("取り消す"));

    panel.answer(answer(3, welcome(Party::Nobody)));
    assert!(panel.says("あと 30秒") || panel.offers("取り消す"));
    // The panel is over earlier; the daemon could hold it, and the time still ends.
    panel.wait(Duration::from_secs(31));
    assert!(!panel.offers("取り消す"), "{:?}", panel.texts());
}

#[test]
fn an_unknown_card_is_accepted_and_its_company_counted() {
    let mut panel = Panel::showing(LANDSCAPE, shelter());
    panel.answer(doubtful(answer(1, unknown_card())));
    assert!(panel.says("受け付けました") && panel.says("お名前は あとで"));
    for _ in 0..2 {
        panel.touch("大人 1人 ふやす");
    }
    panel.touch("赤ちゃん 1人 ふやす");
    panel.touch("大人 1人 減らす");
    assert!(!panel.offers("子ども 1人 減らす"), "nobody is there to take away");
    panel.touch("3人で 完了");
    let count = Command::CountPeople { answer: Some(FIRST), adults: 1, children: 0, infants: 1 };
    assert_eq!(panel.sent(), [count]);
}

#[test]
fn every_accepted_person_gets_the_same_words_and_sound() {
    let mut panel = Panel::showing(LANDSCAPE, shelter());
    let known = answer(1, welcome(Party::Nobody));
    let doubt = doubtful(answer(2, welcome(Party::Nobody)));
    let screens = [known, doubt].map(|screen| {
        panel.answer(screen);
        (panel.texts(), panel.played())
    });
    let [(known, known_sound), (doubt, doubt_sound)] = screens;
    assert_eq!(known, doubt);
    assert_eq!(known_sound, [(AnswerId(1), Sound::Welcome)]);
    assert_eq!(doubt_sound, [(AnswerId(2), Sound::Welcome)]);
}

#[test]
fn a_called_name_gets_no_second_honorific() {
    for (called, spoken) in [("花子さん", "花子さん"), ("はなちゃん", "はなちゃん"), ("花子", "花子 さん")]
    {
        let panel = answered(AnswerKind::Welcome { name: Some(name(called)), party: Party::Nobody });
        assert!(panel.texts().iter().any(|text| text == spoken), "{called}: {:?}", panel.texts());
    }
}

#[test]
fn here_offers_four_ways_to_leave_and_none_is_needed() {
    let ways = [
        ("出かける", Leaving::Out),
        ("外泊", Leaving::Overnight),
        ("転所", Leaving::Moved),
        ("退所", Leaving::Left),
    ];
    for (label, leaving) in ways {
        let mut panel = answered(AnswerKind::Here { name: Some(name("浜田 花子")) });
        assert!(panel.says("確認しました") && panel.says("何も押さなければ ここにいるままです"));
        panel.touch(label);
        assert_eq!(panel.sent(), [Command::Leave { answer: FIRST, leaving }]);
    }
    let mut panel = Panel::showing(LANDSCAPE, LaneState { direction: Direction::Exit, ..shelter() });
    panel.answer(answer(1, AnswerKind::Here { name: None }));
    assert!(panel.says("どちらへ 行かれますか"));
}

#[test]
fn leaving_says_goodbye_by_name() {
    let departure = Departure { leaving: Leaving::Out, destination: None, until: minutes_ago(0), people: 1 };
    let panel = answered(AnswerKind::Left { name: Some(name("浜田 花子")), departure, ask: None });
    assert!(
        panel.says("いってらっしゃい") && panel.says("浜田 花子 さん") && panel.says("外出を 記録しました")
    );
}

#[test]
fn ask_staff_says_that_the_person_is_counted() {
    let mut panel = answered(AnswerKind::AskStaff);
    assert!(panel.says("係の人に お声がけください") && panel.says("人数には 入っています"));
    panel.touch("次の人へ");
    assert_eq!(panel.sent(), [Command::Dismiss { answer: FIRST }]);
    assert_eq!(panel.played(), [(FIRST, Sound::Ask)]);
}

#[test]
fn hold_again_records_nothing_and_offers_the_way_without_a_card() {
    for (reason, say) in
        [(HoldReason::TornAway, "とちゅうで 離れました"), (HoldReason::Mute, "読み取れませんでした")]
    {
        let mut panel = answered(AnswerKind::HoldAgain { reason });
        assert!(panel.says("もう一度 かざしてください") && panel.says(say), "{:?}", panel.texts());
        assert!(panel.says("まだ 記録していません") && !panel.offers("取り消す"));
        assert_eq!(panel.played(), [(FIRST, Sound::Again)]);
        panel.touch("カードなしで 受け付ける");
        assert_eq!(panel.sent(), [Command::Dismiss { answer: FIRST }]);
        assert!(panel.says("人数だけ"));
    }
}

#[test]
fn a_full_disk_is_said_with_the_way_on_and_without_a_sound_of_done() {
    for reason in [HoldReason::DiskFull, HoldReason::DiskFailing] {
        let mut panel = answered(AnswerKind::HoldAgain { reason });
        assert!(panel.says("記録できませんでした") && panel.says("紙の 避難者カード"), "{:?}", panel.texts());
        assert_eq!(panel.played(), [(FIRST, Sound::Again)]);
        assert!(!panel.says("受け付けました") && !panel.says("確認しました"));
    }
}

#[test]
fn answers_end_by_themselves_and_a_new_card_takes_over() {
    let mut panel = answered(welcome(Party::Nobody));
    panel.wait(ANSWER_HOLD - Duration::from_millis(1));
    assert_eq!(panel.sent(), []);
    panel.wait(Duration::from_millis(1));
    assert_eq!(panel.sent(), [Command::Dismiss { answer: FIRST }]);
    panel.answer(Screen::Idle);
    assert!(panel.says("カードを かざしてください"));

    panel.answer(answer(2, welcome(Party::Household(hamada()))));
    panel.wait(PANEL_HOLD - Duration::from_secs(1));
    panel.touch("浜田 勇");
    panel.wait(PANEL_HOLD - Duration::from_secs(1));
    assert_eq!(panel.sent(), [], "a touch starts the time anew");
    panel.answer(answer(3, welcome(Party::Household(hamada()))));
    assert!(panel.offers("1人で 完了"), "what was chosen for the person before is gone");
    panel.wait(PANEL_HOLD);
    assert_eq!(panel.sent(), [Command::Dismiss { answer: AnswerId(3) }]);
}
