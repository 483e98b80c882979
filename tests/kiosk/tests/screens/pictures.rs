//! A few pictures, kept beside this test. After a wanted change look at the new ones and renew them with
//! `UPDATE_SNAPSHOTS=1 cargo test -p hinamori-kiosk-tests --test screens pictures`.

use hinamori_ipc::{AnswerKind, HoldReason, Party, ToKiosk, WatchAsk};
use hinamori_kiosk::theme::Look;
use hinamori_kiosk_tests::lanes::{
    answer, districts, drill, group, hamada, name, not_arrived, shelter, watch_spot, welcome,
};
use hinamori_kiosk_tests::panel::{LANDSCAPE, PORTRAIT, Panel};

fn family(look: Look) -> Panel {
    let mut panel = Panel::showing(LANDSCAPE, shelter());
    panel.set(|state| state.look = look);
    panel.answer(answer(1, welcome(Party::Household(hamada()))));
    panel.touch("浜田 勇");
    panel.touch("浜田 陽");
    panel
}

#[test]
fn pictures() {
    Panel::showing(LANDSCAPE, shelter()).resembles("idle");
    Panel::showing(PORTRAIT, shelter()).resembles("idle-portrait");
    Panel::showing(LANDSCAPE, drill()).resembles("idle-drill");
    family(Look::Day).resembles("welcome");
    family(Look::Night).resembles("welcome-night");

    let mut panel = Panel::showing(LANDSCAPE, shelter());
    panel.answer(answer(1, AnswerKind::HoldAgain { reason: HoldReason::TornAway }));
    panel.resembles("hold-again");

    let mut panel = Panel::showing(LANDSCAPE, watch_spot());
    let greeting = AnswerKind::Greeting { called_name: Some(name("源さん")), ask: WatchAsk::Mood };
    panel.answer(answer(1, greeting));
    panel.resembles("watch");

    let mut panel = Panel::showing(LANDSCAPE, shelter());
    panel.touch("班の 名簿");
    panel.hear(ToKiosk::Districts(districts()));
    panel.touch("浜町");
    panel.touch("3班");
    panel.hear(ToKiosk::Group(group()));
    panel.touch("大西 勉");
    panel.touch("浜田 花子");
    panel.resembles("group");

    let mut panel = Panel::showing(LANDSCAPE, shelter());
    panel.touch("係の方へ");
    panel.touch("未到着");
    panel.hear(ToKiosk::NotArrived(not_arrived()));
    panel.resembles("not-arrived");
}

#[test]
fn four_answers_are_four_pictures_in_the_dark_too() {
    // Night has one colour: what tells the answers apart is shape and word.
    let kinds = [
        welcome(Party::Nobody),
        AnswerKind::Here { name: Some(name("浜田 花子")) },
        AnswerKind::AskStaff,
        AnswerKind::HoldAgain { reason: HoldReason::Mute },
    ];
    let mut panel = Panel::showing(LANDSCAPE, shelter());
    panel.set(|state| state.look = Look::Night);
    let pictures: Vec<_> = (1..)
        .zip(kinds)
        .map(|(id, kind)| {
            panel.answer(answer(id, kind));
            panel.picture()
        })
        .collect();
    for (position, one) in pictures.iter().enumerate() {
        for other in pictures.iter().skip(position + 1) {
            assert!(one.difference(other) > 0.05, "{}", one.difference(other));
        }
    }
}
