//! The kiosk's own pages: counting, lists, settings, health.

use std::time::Duration;

use hinamori_ipc::{
    CardData, ClockState, Command, DiskState, LaneChange, LaneState, LinkState, ReaderState, Status, ToKiosk,
};
use hinamori_kiosk::theme::{Look, PAGE_HOLD};
use hinamori_kiosk::{Event, Language, SoundOutput, Volume};
use hinamori_kiosk_tests::lanes::{doubts, minutes_ago, ordinary_day, shelter};
use hinamori_kiosk_tests::panel::{LANDSCAPE, Panel};
use hinamori_model::{CounterKind, Direction};

#[test]
fn heads_are_counted_without_a_card() {
    let mut panel = Panel::showing(LANDSCAPE, shelter());
    panel.touch("人数だけ");
    assert!(!panel.offers("＋を 押して 数えてください"), "nobody yet");
    panel.touch("子ども 1人 ふやす");
    panel.touch("大人 1人 ふやす");
    panel.touch("2人を 受け付ける");
    let count = Command::CountPeople { answer: None, adults: 1, children: 1, infants: 0 };
    assert_eq!(panel.sent(), [count]);
    assert!(panel.says("カードを かざしてください"), "back by itself");
}

#[test]
fn a_box_that_cannot_write_counts_nobody() {
    let status = Status { disk: DiskState::Full, ..shelter().status };
    let panel = Panel::showing(LANDSCAPE, LaneState { status, ..shelter() });
    assert!(panel.says("紙の 避難者カードに 書いてください") && panel.says("記録できません"));
    assert!(!panel.offers("人数だけ"));
}

#[test]
fn the_leaders_list_says_what_to_do_in_plain_words() {
    let mut panel = Panel::showing(LANDSCAPE, LaneState { later: 13, ..shelter() });
    panel.touch("係の方へ");
    panel.touch("あとで確認");
    assert_eq!(panel.sent(), [Command::ShowLeaderList]);
    panel.hear(ToKiosk::LeaderList(doubts()));
    let mut lines = panel.texts();
    for _ in 0..2 {
        panel.touch("次のページ");
        lines.extend(panel.texts());
    }
    let expected = [
        "はじめてのカード。お名前を うかがう",
        "いまは使われていないカード。ご本人か うかがう",
        "カード確認データが 足りない",
        "あつかえない種類のカード",
    ];
    for line in expected {
        assert!(lines.iter().any(|text| text == line), "{line}: {lines:?}");
    }
    panel.touch("もどる");
    assert_eq!(panel.state().leader_list, None, "names are not kept longer than they are shown");
}

#[test]
fn the_counter_and_the_way_are_switched_on_the_screen() {
    let mut panel = Panel::showing(LANDSCAPE, ordinary_day());
    panel.touch("窓口の設定");
    assert!(panel.is_chosen("避難所の受付") && panel.is_chosen("入口"));
    panel.touch("避難所の受付");
    assert_eq!(panel.sent(), [], "it is on already");
    panel.touch("見守り");
    panel.touch("出口");
    let expected = [Command::SwitchCounter(CounterKind::Watch), Command::SetDirection(Direction::Exit)];
    assert_eq!(panel.sent(), expected);
    assert!(panel.is_chosen("避難所の受付"), "the daemon has not said so yet");
    panel.hear(ToKiosk::Changes(vec![LaneChange::Counter(CounterKind::Watch)]));
    assert!(panel.says("見守り") && panel.says("カードを かざしてください"));
}

#[test]
fn sound_and_light_are_the_kiosks_own() {
    let mut panel = Panel::showing(LANDSCAPE, shelter());
    panel.touch("係の方へ");
    panel.touch("窓口の設定");
    panel.touch("大");
    panel.touch("夜");
    assert_eq!((panel.state().volume, panel.state().look), (Volume::High, Look::Night));
    assert!(panel.says("音なし"), "night is silent");
    panel.touch("日なた");
    panel.touch("なし");
    assert!(panel.is_chosen("なし") && panel.says("音なし"));
    assert_eq!(panel.sent(), []);
    panel.event(Event::Sound(SoundOutput::Missing));
    assert!(!panel.offers("大"), "nothing can be heard");
}

#[test]
fn the_light_opens_the_health_page() {
    let mut panel = Panel::showing(LANDSCAPE, shelter());
    panel.touch("受付できます 通信なしで 動作中");
    assert!(panel.says("端末の ようす") && panel.says("お願いは ありません"));
    assert!(panel.says("通信なし ・ 最後は 23分前") && panel.says("3日前のもの"));
    assert!(
        panel.texts().iter().any(|text| text.starts_with("26件 ・ ") && text.ends_with("までは 届きました"))
    );
    panel.touch("もどる");
    assert!(panel.says("カードを かざしてください"));
}

#[test]
fn health_says_the_most_important_thing_to_do() {
    let status = Status {
        reader: ReaderState::Missing,
        link: LinkState::NotEnrolled,
        disk: DiskState::Ok,
        clock: ClockState::Unsure,
        card_data: CardData::TooOld(minutes_ago(40 * 24 * 60)),
        unsent: 0,
        received: None,
    };
    let mut panel = Panel::showing(LANDSCAPE, LaneState { status, ..shelter() });
    assert!(panel.says("カードが いま 使えません"));
    panel.touch("カードが 使えません さわって 確かめる");
    assert!(panel.says("お願いが 4つあります") && panel.says("読み取り機の線を さしてください"));
    assert!(panel.says("40日前のもの") && panel.says("まだ 町に 登録していません"));
}

#[test]
fn lists_that_contradict_each_other_are_for_the_town_office() {
    let status = Status { card_data: CardData::Contested(minutes_ago(60)), ..shelter().status };
    let mut panel = Panel::showing(LANDSCAPE, LaneState { status, ..shelter() });
    panel.touch("受付できます さわって 確かめる");
    assert!(panel.says("1時間前のもの") && panel.says("町の担当に 知らせてください"), "{:?}", panel.texts());
}

#[test]
fn no_card_data_is_a_towns_first_year_and_no_trouble() {
    let status = Status { card_data: CardData::None, ..shelter().status };
    let panel = Panel::showing(LANDSCAPE, LaneState { status, ..shelter() });
    assert!(panel.offers("受付できます 通信なしで 動作中"), "{:?}", panel.texts());
}

#[test]
fn a_page_and_a_language_end_by_themselves() {
    let mut panel = Panel::showing(LANDSCAPE, shelter());
    panel.touch("English");
    assert!(panel.says("Please hold your card here"));
    panel.touch("Staff");
    panel.touch("Settings");
    panel.wait(PAGE_HOLD);
    assert!(panel.says("カードを かざしてください"), "{:?}", panel.texts());
    panel.touch("English");
    panel.touch("日本語");
    panel.touch("English");
    panel.wait(PAGE_HOLD - Duration::from_secs(1));
    assert_eq!(panel.state().language, Language::English);
    panel.wait(Duration::from_secs(1));
    assert_eq!(panel.state().language, Language::Japanese);
}
