//! The watch counter: consent first, a greeting by called name, and who is still to come.

use hinamori_ipc::{AnswerId, AnswerKind, Command, Sound, ToKiosk, WatchAsk, WatchMood};
use hinamori_kiosk_tests::lanes::{answer, name, watch_spot};
use hinamori_kiosk_tests::panel::{LANDSCAPE, Panel};

const FIRST: AnswerId = AnswerId(1);

fn greeted(ask: WatchAsk) -> Panel {
    let mut panel = Panel::showing(LANDSCAPE, watch_spot());
    panel.answer(answer(1, AnswerKind::Greeting { called_name: Some(name("源さん")), ask }));
    panel
}

#[test]
fn consent_is_asked_before_anything_is_recorded() {
    for (label, agreed) in [("はい", true), ("いいえ", false)] {
        let mut panel = greeted(WatchAsk::Consent);
        assert!(panel.says("見守りを 始めますか") && panel.says("まだ 記録していません"));
        assert!(panel.says("おはようございます") && panel.says("源さん"));
        // The sound of a received person would be untrue.
        assert_eq!(panel.played(), [(FIRST, Sound::Ask)]);
        panel.touch(label);
        assert_eq!(panel.sent(), [Command::WatchConsent { answer: FIRST, agreed }]);
    }
}

#[test]
fn a_greeting_asks_how_they_are_and_no_answer_is_needed() {
    let moods = [
        ("今日は 元気", WatchMood::Fine),
        ("ちょっと 相談", WatchMood::Talk),
        ("しばらく 留守にします", WatchMood::Away),
    ];
    for (label, mood) in moods {
        let mut panel = greeted(WatchAsk::Mood);
        assert!(panel.says("5:21 記録しました") && panel.says("何も押さなくても 大丈夫です"));
        assert_eq!(panel.played(), [(FIRST, Sound::Welcome)]);
        panel.touch(label);
        assert_eq!(panel.sent(), [Command::WatchMood { answer: FIRST, mood }]);
    }
}

#[test]
fn the_list_shows_who_is_still_to_come_by_called_name() {
    let mut panel = Panel::showing(LANDSCAPE, watch_spot());
    panel.touch("今日 まだの方");
    assert_eq!(panel.sent(), [Command::ShowWatchList]);
    assert!(panel.says("調べています"));
    panel.hear(ToKiosk::WatchList(vec![name("源さん"), name("トヨさん")]));
    assert!(panel.says("今日 まだの方は 2人です") && panel.says("源さん") && panel.says("トヨさん"));
    panel.touch("もどる");
    assert!(!panel.says("源さん"), "names are not kept longer than they are shown");
    assert_eq!(panel.state().watch_list, None);
}

#[test]
fn nobody_is_counted_without_a_card_at_the_watch() {
    let panel = Panel::showing(LANDSCAPE, watch_spot());
    assert!(panel.says("今日") && panel.says("7人") && !panel.offers("人数だけ"));
}
