use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::*;

/// The keys of a catalogue with the parameters that their texts name.
fn keys(source: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut keys = BTreeMap::new();
    let mut current = String::new();
    for line in source.lines() {
        if let Some((key, _)) = line.split_once(" =")
            && !line.starts_with([' ', '#'])
        {
            current = key.to_owned();
            assert!(keys.insert(current.clone(), BTreeSet::new()).is_none(), "{current} twice");
        }
        for parameter in line.split("{ $").skip(1) {
            let name = parameter.split([' ', '}']).next().unwrap().to_owned();
            keys.get_mut(&current).unwrap().insert(name);
        }
    }
    keys
}

/// Every string literal in the sources that looks like a key and is no Debian package of a font.
fn keys_in_sources(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            keys_in_sources(&path, found);
        } else if !path.ends_with("main.rs") && !path.ends_with("tests.rs") {
            let source = std::fs::read_to_string(&path).unwrap();
            let product = source.split("#[cfg(test)]").next().unwrap();
            let literals = product.split('"').skip(1).step_by(2);
            found.extend(literals.filter(|text| is_key(text)).map(str::to_owned));
        }
    }
}

fn is_key(text: &str) -> bool {
    text.contains('-')
        && !text.starts_with("fonts-")
        && text.chars().all(|sign| sign.is_ascii_lowercase() || sign == '-')
}

#[test]
fn catalogues_parse_and_have_the_same_keys_and_parameters() {
    for source in [JAPANESE, ENGLISH] {
        let errors = FluentResource::try_new(source.to_owned()).err().map(|(_, errors)| errors);
        assert!(errors.is_none(), "{errors:?}");
    }
    assert_eq!(keys(JAPANESE), keys(ENGLISH));
}

#[test]
fn every_key_in_the_sources_has_a_text_and_every_text_is_used() {
    let mut used = BTreeSet::new();
    keys_in_sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut used);
    let known: BTreeSet<String> = keys(JAPANESE).into_keys().collect();
    let missing: Vec<_> = used.difference(&known).collect();
    let unused: Vec<_> = known.difference(&used).collect();
    assert!(missing.is_empty() && unused.is_empty(), "missing {missing:?}, unused {unused:?}");
}

#[test]
fn words_that_no_screen_may_say_are_in_no_catalogue() {
    for word in ["収容", "失効", "異常"] {
        assert!(!JAPANESE.contains(word) && !ENGLISH.contains(word), "{word}");
    }
    let english = ENGLISH.to_lowercase();
    assert!(!english.contains("revoked") && !english.contains("revocation"));
}

#[test]
fn parameters_are_filled_in_without_isolation_marks() {
    let catalogue = Catalogue::default();
    let text = catalogue.of(Language::Japanese).with("household-done", [("people", 3_u32.into())]);
    assert_eq!(text, "3人で 完了");
    assert_eq!(catalogue.of(Language::Japanese).get("no-such-key"), "no-such-key");
}
