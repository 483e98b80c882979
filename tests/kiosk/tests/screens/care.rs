//! The nurse's pages, and those of the site.

use hinamori_ipc::{CareEntry, Command, LaneState, SignInFault, SignedInBy, ToKiosk};
use hinamori_kiosk_tests::lanes::{
    assessment, care_list, care_person, conflicts, districts, drill, hamadas, head_counts, in_minutes, name,
    ordinary_day, person, session, staffed, televisions,
};
use hinamori_kiosk_tests::panel::{LANDSCAPE, Panel};
use hinamori_model::{Grade, LookupReason, NeedKind, Role, SiteId, YesNo};

fn opened(role: Role, page: &str) -> Panel {
    let mut panel = Panel::showing(LANDSCAPE, staffed(Some(session(role, SignedInBy::CardAndPin))));
    panel.touch("係の方へ");
    panel.touch(page);
    panel
}

/// The page of 林 キヨ, who needs oxygen.
fn kiyo() -> Panel {
    let mut panel = opened(Role::Nurse, "看護");
    panel.hear(ToKiosk::CareList(care_list()));
    drop(panel.sent());
    panel.touch("林 キヨ 酸素 30分 過ぎています");
    assert_eq!(panel.sent(), [], "the reason comes first");
    panel.touch("手当て・介護");
    let reason = LookupReason::Care;
    assert_eq!(panel.sent(), [Command::ShowCarePerson { person: person(1), reason }]);
    panel.hear(ToKiosk::CarePerson(care_person()));
    panel
}

fn writes(entry: CareEntry) -> Command {
    Command::WriteDown { person: person(1), entry }
}

#[test]
fn the_list_says_by_word_and_time_how_urgent_somebody_is() {
    let mut panel = opened(Role::Nurse, "看護");
    panel.hear(ToKiosk::CareList(care_list()));
    assert!(panel.says("あと 40分") && panel.says("引き継ぎ 宮本 さくら さん"), "{:?}", panel.texts());
    let hayashi = panel.targets().into_iter().find(|target| target.label.starts_with("林 キヨ")).unwrap();
    let hasegawa = panel.targets().into_iter().find(|target| target.label.starts_with("長谷川")).unwrap();
    assert!(hayashi.rect.top() < hasegawa.rect.top(), "as the daemon ordered them");
}

#[test]
fn a_need_gets_its_time_by_steps() {
    let mut panel = kiyo();
    let oxygen = panel.targets().into_iter().find(|target| target.label.starts_with("酸素 ")).unwrap();
    panel.touch(&oxygen.label);
    panel.touch("＋1時間");
    panel.touch("＋30分");
    panel.touch("書きとめる");
    let need =
        |answer, due_by| CareEntry::Need { kind: NeedKind::Oxygen, answer, degree: None, due_by, note: None };
    assert_eq!(panel.sent(), [writes(need(YesNo::Yes, Some(in_minutes(90))))]);
    panel.touch("必要なこと");
    panel.touch("透析");
    panel.touch("書きとめる");
    let dialysis = CareEntry::Need {
        kind: NeedKind::Dialysis,
        answer: YesNo::Yes,
        degree: None,
        due_by: None,
        note: None,
    };
    assert_eq!(panel.sent(), [writes(dialysis)]);
}

#[test]
fn somebody_else_s_reply_and_one_that_comes_too_late_are_dropped() {
    let mut panel = kiyo();
    panel.touch("もどる");
    panel.hear(ToKiosk::CarePerson(care_person()));
    assert!(!panel.says("長男"), "{:?}", panel.texts());
    panel.touch("もどる");
    panel.touch("もどる");
    panel.hear(ToKiosk::CareList(care_list()));
    assert_eq!(panel.state().care, hinamori_kiosk::Care::default());
}

#[test]
fn a_proxy_is_for_something_has_a_name_and_an_end() {
    let mut panel = kiyo();
    panel.touch("代理");
    panel.touch("物資の 受け取り");
    assert!(!panel.offers("次へ"), "no name yet");
    for key in ["は", "や", "し"] {
        panel.touch(key);
    }
    panel.touch("次へ");
    panel.touch("期限なし");
    let [Command::WriteDown { entry: CareEntry::Proxy { name: called, until: None, .. }, .. }] =
        &panel.sent()[..]
    else {
        panic!("one command")
    };
    assert_eq!(called.expose(), "はやし");
}

#[test]
fn a_consent_is_touched_on_and_off() {
    let mut panel = kiyo();
    panel.touch("同意");
    panel.touch("ほかの親族・職場");
    assert!(panel.is_chosen("いる場所"));
    panel.touch("いる場所");
    let sent = panel.sent();
    let [Command::WriteDown { entry: CareEntry::Consent { answer: YesNo::No, .. }, .. }] = &sent[..] else {
        panic!("{sent:?}")
    };
}

#[test]
fn the_list_goes_to_the_next_one_with_their_pin_and_card() {
    let mut panel = opened(Role::Nurse, "看護");
    panel.hear(ToKiosk::CareList(care_list()));
    panel.touch("引き継ぎ");
    drop(panel.sent());
    for digit in ["1", "2", "3", "4"] {
        panel.touch(digit);
    }
    panel.touch("次へ");
    assert!(matches!(&panel.sent()[..], [Command::HandOver { .. }]));
    assert!(panel.says("次の人の カードを かざしてください"));
    panel.hear(ToKiosk::Done);
    assert!(panel.says("できました") && panel.says("看護"));
}

#[test]
fn heads_get_names_and_no_more_than_were_counted() {
    let mut panel = opened(Role::Leader, "人数だけの人");
    panel.hear(ToKiosk::HeadCounts(head_counts()));
    drop(panel.sent());
    panel.touch("今日 4:31 大人 3 ・ 子ども 1");
    for _ in 0..3 {
        panel.touch("大人 1人 ふやす");
    }
    assert!(!panel.offers("大人 1人 ふやす") && !panel.offers("赤ちゃん 1人 ふやす"));
    panel.touch("3人の 名前が わかった");
    let of = head_counts()[0].record;
    assert_eq!(panel.sent(), [Command::NameHeads { of, adults: 3, children: 0, infants: 0 }]);
    panel.hear(ToKiosk::HeadCounts(Vec::new()));
    assert!(panel.says("人数だけで 数えた人は いません"));
}

#[test]
fn two_places_are_two_tiles_and_one_more_question() {
    let mut panel = opened(Role::Leader, "二か所に いる人");
    panel.hear(ToKiosk::Conflicts(conflicts()));
    drop(panel.sent());
    panel.touch("浜田 直樹 さん 港公民館 今日 4:17 確認");
    assert!(panel.says("いまは ここに いますか") && panel.sent().is_empty());
    panel.touch("はい");
    let site = SiteId::from_bytes([2; 16]);
    assert_eq!(panel.sent(), [Command::Settle { person: person(1), site }, Command::ShowConflicts]);
}

#[test]
fn what_nobody_looked_at_is_not_good() {
    let mut panel = opened(Role::Leader, "施設の 状態");
    panel.hear(ToKiosk::Assessment(assessment()));
    drop(panel.sent());
    assert!(panel.is_chosen("食料 まだ") && panel.is_chosen("トイレ 急ぐ"));
    panel.touch("食料 心配");
    panel.touch("書きとめる");
    let mut grades = assessment().grades;
    grades[3] = Grade::Short;
    assert_eq!(panel.sent(), [Command::Assess { grades }]);
}

#[test]
fn a_shelter_of_one_s_own_has_a_name_out_of_the_districts_and_takes_two_touches() {
    let mut panel = opened(Role::Leader, "自主避難所");
    assert_eq!(panel.sent(), [Command::ShowDistricts]);
    panel.hear(ToKiosk::Districts(districts()));
    panel.touch("浜町 自主避難所");
    assert_eq!(panel.sent(), []);
    panel.touch("はい");
    assert_eq!(panel.sent(), [Command::OpenOwnShelter { name: "浜町 自主避難所".to_owned() }]);
}

#[test]
fn hiding_is_asked_in_a_low_voice_and_lifted_by_the_person_s_own_card() {
    let mut panel = opened(Role::Leader, "秘匿");
    assert!(panel.says("ご本人だけに 聞こえるように"));
    panel.touch("秘匿に する");
    for key in ["は", "ま", "た", "゛"] {
        panel.touch(key);
    }
    drop(panel.sent());
    panel.hear(ToKiosk::Found(hamadas()));
    assert!(!panel.offers("名簿に ない人"));
    panel.touch("浜田 花子");
    panel.touch("はい");
    assert_eq!(panel.sent(), [Command::Hide { person: person(1) }]);
    panel.hear(ToKiosk::Done);
    assert!(panel.says("できました") && !panel.says("浜田"), "{:?}", panel.texts());

    let mut panel = opened(Role::Leader, "秘匿");
    panel.touch("秘匿を 解く");
    for digit in ["1", "2", "3", "4"] {
        panel.touch(digit);
    }
    panel.touch("次へ");
    assert!(matches!(&panel.sent()[..], [Command::LiftHiding { .. }]));
    assert!(panel.says("ご本人の カードを かざしてください"));
}

#[test]
fn every_count_says_how_many_were_confirmed() {
    let panel = Panel::showing(LANDSCAPE, staffed(None));
    assert!(panel.says("12時間以内に 確認 120 / 143人"), "{:?}", panel.texts());
}

#[test]
fn a_television_takes_its_digits_a_card_and_one_more_touch() {
    let mut panel = opened(Role::Leader, "テレビを つなぐ");
    assert_eq!(panel.sent(), [Command::ShowTelevisions]);
    panel.hear(ToKiosk::Televisions(televisions()));
    assert!(panel.says("役場に とどくまで お待ちください") && panel.says("4821 7350"));
    panel.touch("数字を 打つ");
    for digit in "48217350".chars() {
        panel.touch(&digit.to_string());
    }
    panel.touch("次へ");
    assert_eq!(panel.sent(), [Command::BindTelevision { code: 48_217_350 }]);
    assert!(panel.says("その家の 人の カードを かざしてください"));
    // A card that does not do leaves the digits for another one.
    panel.hear(ToKiosk::NotSignedIn(SignInFault::NoHousehold));
    assert!(panel.says("役場で つなげます") && panel.says("48217350"));
    panel.touch("次へ");
    assert_eq!(panel.sent(), [Command::BindTelevision { code: 48_217_350 }]);
    panel.hear(ToKiosk::TelevisionOf { code: 48_217_350, name: name("浜田 花子") });
    assert!(panel.says("この家の テレビに しますか") && panel.says("浜田 花子 さんの 家"));
    // What the town hall says of another one meanwhile disturbs nobody.
    panel.hear(ToKiosk::Televisions(televisions()));
    assert!(panel.says("この家の テレビに しますか") && panel.sent().is_empty());
    panel.touch("はい");
    assert_eq!(panel.sent(), [Command::ConfirmTelevision]);
    assert!(panel.says("数字を 打つ"));
    // Whoever says no begins anew, and what the card said is taken back.
    panel.touch("数字を 打つ");
    panel.hear(ToKiosk::TelevisionOf { code: 48_217_350, name: name("浜田 花子") });
    panel.touch("いいえ");
    assert_eq!(panel.sent(), [Command::ShowTelevisions]);
    assert!(panel.says("数字を 打つ"));
}

#[test]
fn nobody_gives_a_television_away_in_a_drill_and_in_peace_it_is_beside_the_settings() {
    let leader = Some(session(Role::Leader, SignedInBy::CardAndPin));
    let drilled = LaneState { banner: drill().banner, ..staffed(leader.clone()) };
    let mut panel = Panel::showing(LANDSCAPE, drilled);
    panel.touch("係の方へ");
    assert!(!panel.offers("テレビを つなぐ"));
    let mut panel =
        Panel::showing(LANDSCAPE, LaneState { staff: leader, asks_sign_in: true, ..ordinary_day() });
    panel.touch("窓口の設定");
    panel.touch("テレビを つなぐ");
    assert_eq!(panel.sent(), [Command::ShowTelevisions]);
}
