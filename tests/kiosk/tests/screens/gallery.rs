//! Every screen, in every light, both languages, landscape and portrait: what holds for all of them.

use std::path::PathBuf;

use hinamori_kiosk::Language;
use hinamori_kiosk::theme::{Look, POINTS_PER_MILLIMETRE};
use hinamori_kiosk_tests::gallery::every_screen;
use hinamori_kiosk_tests::panel::{LANDSCAPE, PORTRAIT, Panel};

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
fn every_target_is_at_least_twenty_millimetres_and_on_the_screen() {
    visit_all(|name, panel| {
        let screen = panel.screen();
        let targets = panel.targets();
        for target in &targets {
            let millimetres = target.rect.size() / POINTS_PER_MILLIMETRE;
            let least = millimetres.x.min(millimetres.y);
            assert!(least >= TARGET, "{name}: {:?} is {millimetres:?} mm", target.label);
            assert!(screen.contains_rect(target.rect), "{name}: {target:?} leaves the screen");
        }
        for (position, one) in targets.iter().enumerate() {
            for other in targets.iter().skip(position + 1) {
                let meets = one.rect.shrink(0.5).intersects(other.rect.shrink(0.5));
                assert!(!meets, "{name}: {one:?} lies over {other:?}");
            }
        }
    });
}

#[test]
fn no_text_is_cut_off() {
    let mut cut_off = Vec::new();
    visit_all(|name, panel| {
        cut_off.extend(panel.cut_off().into_iter().map(|text| format!("{name}: {text:?}")));
    });
    assert!(cut_off.is_empty(), "{}", cut_off.join("\n"));
}

#[test]
fn no_screen_says_what_frightens() {
    // 収容 and 異常 neither: GLOSSARY.md.
    const NEVER: [&str; 6] = ["失効", "収容", "異常", "revoked", "Revoked", "エラー"];
    visit_all(|name, panel| {
        for text in panel.texts() {
            assert!(!NEVER.iter().any(|word| text.contains(word)), "{name}: {text:?}");
        }
    });
}

#[test]
fn gallery() {
    let Some(folder) = std::env::var_os("HINAMORI_PICTURES").map(PathBuf::from) else { return };
    std::fs::create_dir_all(&folder).unwrap();
    let save = |suffix: &str, portrait: bool, language: Language, look: Look| {
        visit(portrait, language, |name, panel| {
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
