//! The demo town's tray: every card is what its name promises, to the box's own card and certificate code.

#![expect(clippy::unwrap_used, clippy::panic, reason = "test support outside test functions")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::LazyLock;

use hinamori_card::{
    Access, CardContents, CardError, CardReading, Challenge, Device, TransportError, prove_chip, read_card,
};
use hinamori_model::{Doubt, TokenKind, UnixMillis};
use hinamori_pki::{
    Age, CardCertificate, ChipMismatch, PathError, Purpose, Revocation, TestHierarchies, UnknownReason,
    Verifier, verify_chip_answer,
};
use hinamori_sim::ca::NOW;
use hinamori_sim::direct::DirectCard;
use hinamori_sim::presented::PresentedCard;
use hinamori_sim::timing::Timing;
use hinamori_sim::tray::{Day, Registration, Tray, TrayFile};

const TOWN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../packaging/demo-town");
/// An afternoon of the day for which the tray is made.
const AFTERNOON: UnixMillis = NOW.plus(15 * 3_600_000);

static TRAY: LazyLock<Tray> = LazyLock::new(|| Tray::make(file(), Day::of(NOW)));
static BELIEVING: LazyLock<Verifier> = LazyLock::new(|| {
    let authorities = TRAY.authorities();
    let mut verifier = Verifier::new(TestHierarchies::Refuse);
    for anchor in authorities.anchors() {
        verifier.pin_anchor(&anchor.der).unwrap();
    }
    let between = authorities.intermediates();
    let between: Vec<&[u8]> = between.iter().map(|authority| authority.der.as_slice()).collect();
    for list in TRAY.lists() {
        verifier.add_crl(&list.der, &between, AFTERNOON).unwrap();
    }
    verifier
});

fn file() -> TrayFile {
    TrayFile::read(&Path::new(TOWN).join("tray.toml")).unwrap()
}

fn held(name: &str) -> DirectCard {
    let card = TRAY.card(name).unwrap_or_else(|| panic!("{name} is not in the tray"));
    DirectCard(PresentedCard::new(card.fresh(), card.fault(), Timing::NONE))
}

/// What a box makes of a card.
#[derive(Debug, PartialEq, Eq)]
enum Seen {
    /// A sound certificate, registered or not, whose chip proves itself or not.
    Sound(Standing, Chip),
    /// A certificate with this doubt.
    Doubtful(Standing, Doubt),
    /// Bytes that are no certificate, and a stable identifier.
    Unreadable,
    /// A phone without stable identifier that wants its PIN.
    PinNeeded,
    /// Only a contactless identifier.
    Identifier(Standing),
    /// Nothing that could be told again.
    Nothing,
    /// The reading failed.
    Failed(TransportError),
}

#[derive(Debug, PartialEq, Eq)]
enum Standing {
    Registered,
    Unknown,
}

#[derive(Debug, PartialEq, Eq)]
enum Chip {
    Proven,
    Other,
    NotAsked,
}

fn registration(kind: TokenKind, identity: &[u8]) -> Option<Registration> {
    TRAY.registrations().into_iter().find(|known| known.kind == kind && known.identity == identity)
}

fn standing(registered: Option<&Registration>) -> Standing {
    if registered.is_some() { Standing::Registered } else { Standing::Unknown }
}

fn seen(name: &str) -> Seen {
    let mut card = held(name);
    let CardReading { contents, contactless } = match read_card(&mut card) {
        Ok(reading) => reading,
        Err(CardError::Transport(error)) => return Seen::Failed(error),
        Err(error) => panic!("{name}: {error}"),
    };
    let stable = contactless.filter(|id| !id.is_random());
    let certificate = match contents {
        CardContents::MyNumber { device: Device::Plastic, certificate: Access::Granted(certificate) } => {
            certificate
        }
        CardContents::MyNumber { device: Device::Android, certificate: Access::PinNeeded } => {
            assert_eq!(stable, None, "{name}");
            return Seen::PinNeeded;
        }
        CardContents::Unsupported => {
            return stable.map_or(Seen::Nothing, |id| {
                Seen::Identifier(standing(registration(TokenKind::Uid, id.as_bytes()).as_ref()))
            });
        }
        other => panic!("{name}: {other:?}"),
    };
    let Ok(certificate) = CardCertificate::parse(certificate.as_bytes()) else {
        assert!(stable.is_some(), "{name}");
        return Seen::Unreadable;
    };
    let known = registration(TokenKind::Certificate, &certificate.spki_hash().0);
    let doubt = match BELIEVING.check(&certificate, &[], Purpose::JpkiAuthentication, AFTERNOON) {
        Err(error) => Some(error.doubt()),
        Ok(verified) => match verified.revocation() {
            Revocation::NotRevoked { as_of, age } => {
                assert_eq!((as_of, age), (NOW, Age::Fresh), "{name}");
                None
            }
            Revocation::Revoked { at, .. } => {
                assert_eq!(NOW.since(at), 30 * 24 * 3_600_000, "{name}");
                Some(Doubt::Revoked)
            }
            Revocation::Reported { .. } => panic!("{name}: nothing was reported"),
            Revocation::Unknown { why } => {
                assert_eq!(why, UnknownReason::NoListForPartition, "{name}");
                Some(Doubt::RevocationUnknown)
            }
        },
    };
    if let Some(doubt) = doubt {
        return Seen::Doubtful(standing(known.as_ref()), doubt);
    }
    let chip = match known.as_ref().and_then(|known| known.application_key.as_ref()) {
        None => Chip::NotAsked,
        Some(key) => {
            let challenge = [5; 32];
            let Ok(Access::Granted(answer)) = prove_chip(&mut card, &Challenge(challenge)) else {
                panic!("{name} does not answer")
            };
            match verify_chip_answer(key, &challenge, &answer) {
                Ok(_answered) => Chip::Proven,
                Err(ChipMismatch) => Chip::Other,
            }
        }
    };
    Seen::Sound(standing(known.as_ref()), chip)
}

#[test]
fn every_card_is_what_its_name_promises() {
    use Standing::{Registered, Unknown};
    let proven = || Seen::Sound(Registered, Chip::Proven);
    let expected = [
        ("hanako", proven()),
        ("isamu", proven()),
        ("naoki", proven()),
        ("misaki", proven()),
        ("kiyoko", proven()),
        ("face", proven()),
        ("blocked", proven()),
        ("hidden", proven()),
        ("leader", proven()),
        ("nurse", proven()),
        ("official", proven()),
        ("suica", Seen::Identifier(Registered)),
        ("suica-unknown", Seen::Identifier(Unknown)),
        ("torn", Seen::Failed(TransportError::TornAway)),
        ("mute", Seen::Failed(TransportError::Mute)),
        ("revoked", Seen::Doubtful(Registered, Doubt::Revoked)),
        ("expired", Seen::Doubtful(Registered, Doubt::Expired)),
        ("not-yet", Seen::Doubtful(Registered, Doubt::NotYetValid)),
        ("no-list", Seen::Doubtful(Registered, Doubt::RevocationUnknown)),
        ("untrusted", Seen::Doubtful(Registered, Doubt::UntrustedIssuer)),
        ("test-hierarchy", Seen::Doubtful(Registered, Doubt::TestHierarchy)),
        ("unknown", Seen::Sound(Unknown, Chip::NotAsked)),
        ("garbage", Seen::Unreadable),
        ("truncated", Seen::Unreadable),
        ("phone", Seen::PinNeeded),
        ("unsupported", Seen::Nothing),
        ("clone", Seen::Sound(Registered, Chip::Other)),
    ];
    // The doctor has a test of its own below.
    let mut listed = BTreeSet::from(["doctor"]);
    let wrong: Vec<String> = expected
        .into_iter()
        .filter_map(|(name, expected)| {
            listed.insert(name);
            let seen = seen(name);
            (seen != expected).then(|| format!("{name}: {seen:?} instead of {expected:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let file = file();
    let names: Vec<String> = file.cards.iter().map(|card| card.name.to_string()).collect();
    assert_eq!(names.iter().map(String::as_str).collect::<BTreeSet<_>>(), listed);
}

/// Names and bytes of everything that `issue` writes.
fn issued(day: Day) -> BTreeMap<String, Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    Tray::make(file(), day).write_to(folder.path()).unwrap();
    let mut files = BTreeMap::new();
    for part in ["", "anchors", "intermediates", "lists"] {
        for entry in std::fs::read_dir(folder.path().join(part)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                let name = path.strip_prefix(folder.path()).unwrap().display().to_string();
                files.insert(name, std::fs::read(path).unwrap());
            }
        }
    }
    files
}

#[test]
fn a_registration_follows_from_the_seed_and_lists_from_the_day() {
    let (one, again) = (issued(Day::of(NOW)), issued(Day::of(AFTERNOON)));
    assert_eq!(one, again);
    assert_eq!(one.keys().filter(|name| name.starts_with("anchors")).count(), 5);
    assert_eq!(one.keys().filter(|name| name.starts_with("intermediates")).count(), 2);
    let later = issued(Day::of(NOW).after(1));
    let differs = |(name, bytes): (&String, &Vec<u8>)| later.get(name) != Some(bytes);
    let differing: BTreeSet<&str> = one
        .iter()
        .filter(|pair| differs(*pair))
        .map(|(name, _)| name.split_once('/').map_or(name.as_str(), |(part, _)| part))
        .collect();
    assert_eq!(differing, BTreeSet::from(["lists"]));
}

#[test]
fn registrations_belong_to_people_of_the_town() {
    let town = std::fs::read_to_string(Path::new(TOWN).join("town.toml")).unwrap();
    let town: toml::Table = town.parse().unwrap();
    let people = |of: &toml::Table| -> Vec<String> {
        let people = of.get("person").and_then(toml::Value::as_array).into_iter().flatten();
        people.map(|person| person.get("id").and_then(toml::Value::as_str).unwrap().to_owned()).collect()
    };
    let households = town.get("household").and_then(toml::Value::as_array).unwrap();
    let mut known: BTreeSet<String> = people(&town).into_iter().collect();
    known.extend(households.iter().flat_map(|household| people(household.as_table().unwrap())));
    let registered = TRAY.registrations();
    assert!(registered.len() > 15);
    for Registration { person, kind, identity, application_key, .. } in registered {
        assert!(known.contains(&person.to_string()), "{person} is not in the town");
        assert!(application_key.is_none() || kind == TokenKind::Certificate);
        assert!(identity.len() == 32 || kind == TokenKind::Uid);
    }
}

/// A box that cannot read the certificate of such a card still knows the card.
#[test]
fn a_doctor_is_registered_by_certificate_and_by_identifier() {
    let doctor = file().cards.into_iter().find(|card| card.name.to_string() == "doctor").unwrap();
    let registered = TRAY.registrations().into_iter().filter(|known| Some(known.person) == doctor.person);
    let kinds: Vec<TokenKind> = registered.map(|known| known.kind).collect();
    assert_eq!(kinds, [TokenKind::Certificate, TokenKind::Uid]);
    let identifier = read_card(&mut held("doctor")).unwrap().contactless.unwrap();
    assert!(!identifier.is_random());
    assert!(registration(TokenKind::Uid, identifier.as_bytes()).is_some());
}

#[test]
fn without_lists_or_anchors_nobody_is_taken_for_sound() {
    let mut card = held("hanako");
    let reading = read_card(&mut card).unwrap();
    let CardContents::MyNumber { certificate: Access::Granted(certificate), .. } = reading.contents else {
        panic!("no certificate")
    };
    let certificate = CardCertificate::parse(certificate.as_bytes()).unwrap();
    let nobody = Verifier::new(TestHierarchies::Refuse);
    let verdict = nobody.check(&certificate, &[], Purpose::JpkiAuthentication, AFTERNOON);
    assert_eq!(verdict.map(|_| ()), Err(PathError::UntrustedIssuer));
}
