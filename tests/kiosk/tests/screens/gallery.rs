//! Every screen, in every light, both languages, landscape and portrait: what holds for all of them.

use std::path::PathBuf;

use hinamori_kiosk::Language;
use hinamori_kiosk::theme::{Look, POINTS_PER_MILLIMETRE};
use hinamori_kiosk_tests::gallery::every_screen;
use hinamori_kiosk_tests::lanes::{shelter, told, tsunami};
use hinamori_kiosk_tests::panel::{LANDSCAPE, PORTRAIT, Panel, Target};

/// Millimetres: the least that an old hand hits.
const TARGET: f32 = 20.0;

/// Leads through every screen in one orientation and language; `check` gets its name.
fn visit(portrait: bool, language: Language, mut check: impl FnMut(&str, &mut Panel)) {
    let mut panel = Panel::new(if portrait { PORTRAIT } else { LANDSCAPE });
    for scene in every_screen() {
        panel.restart();
        (scene.lead)(&mut panel);
        // What was drawn on the way is other scenes' matter.
        panel.cut_off();
        panel.set(|state| state.language = language);
        check(scene.name, &mut panel);
    }
}

fn visit_all(mut check: impl FnMut(&str, &mut Panel)) {
    for portrait in [false, true] {
        for language in Language::ALL {
            visit(portrait, language, |name, panel| {
                check(&format!("{name}, portrait {portrait}, {language:?}"), panel);
            });
        }
    }
}

#[test]
fn every_screen_can_be_hit_and_read_and_frightens_nobody() {
    let mut broken = Vec::new();
    visit_all(|name, panel| {
        let faults = [hard_to_hit(panel), cut_off(panel), frightening(panel)].concat();
        broken.extend(faults.into_iter().map(|fault| format!("{name}: {fault}")));
    });
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn under_an_alert_every_screen_can_still_be_hit_and_read() {
    let mut broken = Vec::new();
    visit_all(|name, panel| {
        let alerts = told(shelter(), vec![tsunami()]).alerts;
        panel.set(|state| {
            if let Some(lane) = state.lane.as_mut().filter(|lane| lane.alerts.is_none()) {
                lane.alerts = alerts;
            }
        });
        let faults = [hard_to_hit(panel), cut_off(panel)].concat();
        broken.extend(faults.into_iter().map(|fault| format!("{name}: {fault}")));
    });
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// Targets that are too small, not on the screen, or over each other.
fn hard_to_hit(panel: &Panel) -> Vec<String> {
    let (screen, targets) = (panel.screen(), panel.targets());
    let mut faults = Vec::new();
    for (position, target) in targets.iter().enumerate() {
        let millimetres = target.rect.size() / POINTS_PER_MILLIMETRE;
        if millimetres.min_elem() < TARGET {
            faults.push(format!("{:?} is {millimetres:?} mm", target.label));
        }
        if !screen.contains_rect(target.rect) {
            faults.push(format!("{target:?} leaves the screen"));
        }
        let meets = |other: &&Target| target.rect.shrink(0.5).intersects(other.rect.shrink(0.5));
        faults.extend(
            targets
                .iter()
                .skip(position + 1)
                .filter(meets)
                .map(|other| format!("{target:?} lies over {other:?}")),
        );
    }
    faults
}

fn cut_off(panel: &Panel) -> Vec<String> {
    panel.cut_off().into_iter().map(|text| format!("cut off: {text:?}")).collect()
}

fn frightening(panel: &Panel) -> Vec<String> {
    // GLOSSARY.md forbids the first three on any screen.
    const NEVER: [&str; 6] = ["失効", "収容", "異常", "revoked", "Revoked", "エラー"];
    let frightens = |text: &String| NEVER.iter().any(|word| text.contains(word));
    panel.texts().into_iter().filter(frightens).collect()
}

/// `HINAMORI_SCENES=care,slip` draws only the screens whose names begin so.
#[test]
fn gallery() {
    let begins = std::env::var("HINAMORI_SCENES").unwrap_or_default();
    let is_wanted = |name: &str| begins.split(',').any(|begin| name.starts_with(begin));
    let Some(folder) = std::env::var_os("HINAMORI_PICTURES").map(PathBuf::from) else { return };
    std::fs::create_dir_all(&folder).unwrap();
    let save = |suffix: &str, portrait: bool, language: Language, look: Look| {
        visit(portrait, language, |name, panel| {
            if !is_wanted(name) {
                return;
            }
            panel.set(|state| state.look = look);
            panel.save_picture(&folder.join(format!("{name}.{suffix}.png")));
        });
    };
    save("day", false, Language::Japanese, Look::Day);
    save("night", false, Language::Japanese, Look::Night);
    save("sunlight", false, Language::Japanese, Look::Sunlight);
    save("english", false, Language::English, Look::Day);
    save("portrait", true, Language::Japanese, Look::Day);
    save("portrait-english", true, Language::English, Look::Day);
}
