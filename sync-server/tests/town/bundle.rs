//! Sticks: what a box wrote down reaches a town hall without a network, and what the town hall says reaches the box.

use std::collections::BTreeMap;
use std::path::PathBuf;

use hinamori_sync::town::Package;
use hinamori_sync::{
    Bundle, BundleWriter, Effects, Grants, Held, Section, SectionOf, Session, Side, Vectors,
};
use zeroize::Zeroizing;

use crate::hall::{Hall, LIVE, TestSite, now};
use crate::shelter::TestBox;
use crate::{GYM, site};

/// Everything that a box wrote, as it would write it on a stick.
fn bundle_of(of: &TestBox, package: &Package) -> Vec<u8> {
    let mut vectors = Vectors::new();
    for batch in &of.shelf {
        vectors.entry(batch.seal.scope).or_default().insert(batch.seal.actor, batch.seal.upto);
    }
    let held = Held { vectors: &vectors, ..Held::NOTHING };
    let (mut session, mut said) = Session::to_nobody(Side::Box, [0; 32], None, Grants::from(package), held);
    said.extend(session.offer(of.shelf.clone()));
    let key = package.incident_keys.iter().find(|(incident, _)| *incident == LIVE).unwrap().1.0;
    let section =
        Section { of: SectionOf::Incident(LIVE), key: Zeroizing::new(key), content: Zeroizing::new(said) };
    BundleWriter::Box(&of.key).write(&[section], [7; 32], now()).unwrap()
}

fn write(hall: &Hall, name: &str, bytes: &[u8]) -> String {
    let file: PathBuf = hall.path().join(name);
    std::fs::write(&file, bytes).unwrap();
    file.display().to_string()
}

#[tokio::test]
async fn a_stick_is_read_in_whether_or_not_the_server_runs() {
    let hall = Hall::new();
    let server = hall.run();
    let (mut gym, mut stranger) = (TestBox::new(1, TestSite::Gym), TestBox::new(9, TestSite::Gym));
    let package = gym.enrol(&hall.code(TestSite::Gym, &[])).await.unwrap();
    gym.write(LIVE, 1);
    let first = bundle_of(&gym, &package);
    gym.write(LIVE, 2);
    gym.write(LIVE, 3);
    let second = bundle_of(&gym, &package);
    stranger.write(LIVE, 4);

    // Handed to the running server, in the wrong order and twice.
    for (name, bundle) in [("second", &second), ("first", &first), ("again", &second)] {
        let said = hall.must(&["bundle", "import", &write(&hall, name, bundle)]);
        assert!(said.starts_with("handed"), "{said}");
    }
    server.counts_until(|counts| site(counts, "live", GYM)["here"] == 3);
    let refused = |name: &str, bytes: &[u8]| {
        assert!(!hall.command(&["bundle", "import", &write(&hall, name, bytes)]).status.success(), "{name}");
    };
    refused("stranger", &bundle_of(&stranger, &package));
    refused("garbage", b"no bundle at all");

    // By itself, cut off.
    server.kill();
    gym.write(LIVE, 5);
    let third = bundle_of(&gym, &package);
    let said = hall.must(&["bundle", "import", &write(&hall, "cut", &third[..third.len() - 9])]);
    assert!(said.contains("0 new changes") && said.contains("cut off"), "{said}");
    let said = hall.must(&["bundle", "import", &write(&hall, "third", &third)]);
    assert!(said.contains("1 new changes, 0 refused"), "{said}");
    let _server = hall.run().counts_until(|counts| site(counts, "live", GYM)["here"] == 4);
    hall.must(&["deny", "--box", &gym.id().to_string()]);
    refused("denied", &third);
}

#[tokio::test]
async fn a_stick_for_a_box_has_its_receipts_and_nothing_that_its_grant_does_not_name() {
    let hall = Hall::new();
    let server = hall.run();
    let (mut gym, mut gate) = (TestBox::new(1, TestSite::Gym), TestBox::new(2, TestSite::Gate));
    let code = hall.code(TestSite::Gym, &[]);
    gym.enrol(&code).await.unwrap();
    let package = gate.enrol(&hall.code(TestSite::Gate, &[TestSite::Gym])).await.unwrap();
    for of in [&mut gym, &mut gate] {
        let mut line = of.connect().await;
        line.arrives(1);
        line.until("confirmed", |line| line.unconfirmed() == 0).await;
    }
    server.kill();
    let mut brought = BTreeMap::new();
    for of in [&gym, &gate] {
        let file = hall.path().join(of.id().to_string()).display().to_string();
        hall.must(&["bundle", "export", "--box", &of.id().to_string(), &file]);
        let bytes = std::fs::read(&file).unwrap();
        let bundle = Bundle::open(&bytes).unwrap();
        assert_eq!(*bundle.from(), package.receipt_key);
        let key = |of| match of {
            SectionOf::Town => Some(Zeroizing::new(package.key.0)),
            SectionOf::Incident(wanted) => {
                let known = package.incident_keys.iter().find(|(incident, _)| *incident == wanted);
                known.map(|(_, key)| Zeroizing::new(key.0))
            }
        };
        let (mut batches, mut receipts, mut towns) = (Vec::new(), Vec::new(), 0);
        for (_, read) in bundle.sections(key) {
            let grants = Grants::from(&package);
            let (mut session, _) = Session::new(Side::Box, code.town_root, None, grants, Held::NOTHING);
            let Effects { store, receipts: given, town, .. } =
                session.received(&read.unwrap().content).unwrap();
            batches.extend(store.into_iter().map(|batch| batch.seal().scope.site));
            receipts.extend(given.into_iter().map(|receipt| receipt.actor));
            towns += usize::from(town.is_some());
        }
        assert!(towns == 1 && receipts.iter().all(|actor| actor.belongs_to(of.id())) && receipts.len() == 1);
        batches.sort_unstable();
        brought.insert(of.id(), batches);
    }
    assert_eq!(brought[&gym.id()], [TestSite::Gym.id()]);
    let mut both = vec![TestSite::Gym.id(), TestSite::Gate.id()];
    both.sort_unstable();
    assert_eq!(brought[&gate.id()], both);
}
