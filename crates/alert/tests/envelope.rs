//! Two officers, two classes of keys, one sequence: what is not signed as it must be is not believed.
#![expect(clippy::unwrap_used, reason = "test helpers fail by panicking")]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hinamori_alert::{
    Assertion, BadKeyList, Beat, BeatKey, Device, DeviceKey, Envelope, EnvelopeError, Instruction,
    InstructionPath, Instructions, KEY_LIST_DOMAIN, KeyClass, KeyList, MessageKind, NotSigned, Notice,
    OfficerId, OfficerKey, OfficerSignature, Report, Sequence, SequenceVerdict, Sequences, SignedMessage,
};
use hinamori_model::{HouseholdId, UnixMillis};
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};

const ORDER: &str = include_str!("fixtures/tsunami.xml");
const CANCEL: &str = include_str!("fixtures/cancel.xml");
const SENDER: &str = "bousai@town.shiomi.example";
const MAYOR: OfficerId = OfficerId(1);
const CHIEF: OfficerId = OfficerId(2);
const DESK: [u8; 32] = [77; 32];

fn exercise() -> String {
    ORDER.replacen("Actual", "Exercise", 1).replacen("<incidents>", "<note>春の訓練</note><incidents>", 1)
}

fn key(number: u8) -> OfficerKey {
    OfficerKey::from_bytes(&[number; 32])
}

fn device(class: KeyClass, officer: OfficerId, key: DeviceKey) -> Device {
    Device { class, officer, until: UnixMillis::new(u64::MAX), key }
}

/// Keys 1 and 2 are devices of the mayor, 3 is the chief's; 4 and 5 are theirs for exercises.
fn devices() -> [Device; 5] {
    [
        device(KeyClass::Live, MAYOR, key(1).public()),
        device(KeyClass::Live, MAYOR, key(2).public()),
        device(KeyClass::Live, CHIEF, key(3).public()),
        device(KeyClass::Exercise, MAYOR, key(4).public()),
        device(KeyClass::Exercise, CHIEF, key(5).public()),
    ]
}

fn list(devices: &[Device]) -> Result<KeyList, BadKeyList> {
    let beat = BeatKey::from_bytes(&[9; 32]).public();
    KeyList::new(3, UnixMillis::new(7), (beat, DESK), SENDER, devices.iter().copied())
}

fn officers() -> KeyList {
    list(&devices()).unwrap()
}

/// A passkey as a browser and its authenticator make them.
struct Passkey(EcdsaKeyPair);

impl Passkey {
    fn new() -> Self {
        let random = SystemRandom::new();
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        Self(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, made.as_ref(), &random).unwrap())
    }

    fn public(&self) -> DeviceKey {
        DeviceKey::Passkey(self.0.public_key().as_ref().try_into().unwrap())
    }

    fn client(challenge: &[u8]) -> String {
        let challenge = URL_SAFE_NO_PAD.encode(challenge);
        format!(
            r#"{{"type":"webauthn.get","challenge":"{challenge}","origin":"https://desk","crossOrigin":false}}"#
        )
    }

    fn sign(&self, party: [u8; 32], flags: u8, client: String) -> OfficerSignature {
        let authenticator = [party.as_slice(), &[flags, 0, 0, 0, 9]].concat();
        let hash = digest(&SHA256, client.as_bytes());
        let signed = [authenticator.as_slice(), hash.as_ref()].concat();
        let signature = self.0.sign(&SystemRandom::new(), &signed).unwrap().as_ref().try_into().unwrap();
        let assertion = Some(Assertion { authenticator, client: client.into_bytes() });
        OfficerSignature { key: self.public(), assertion, signature }
    }
}

fn instructions() -> Vec<Instruction> {
    let told = |number: u8| Instruction {
        household: HouseholdId::from_bytes([number; 16]),
        salt: [number + 100; 16],
        content: format!("家{number}").into(),
    };
    (0..5).map(told).collect()
}

fn envelope_at(alert: &str, number: u64, keys: &[OfficerKey]) -> Envelope {
    let sequence = Sequence { epoch: 1, number };
    let together = Instructions::of(&instructions()).unwrap();
    let mut envelope = Envelope::around(alert.as_bytes(), sequence, &together).unwrap();
    let digest = envelope.digest();
    envelope.signatures.extend(keys.iter().map(|key| key.sign(&digest)));
    envelope
}

fn envelope(alert: &str, keys: &[OfficerKey]) -> Envelope {
    envelope_at(alert, 7, keys)
}

fn refused(envelope: &Envelope, alert: &str) -> EnvelopeError {
    envelope.verify(alert.as_bytes(), &officers()).unwrap_err()
}

#[test]
fn two_officers_sign_an_actual_alert_and_each_household_finds_its_own_instruction() {
    let signed = envelope(ORDER, &[key(1), key(3)]).verify(ORDER.as_bytes(), &officers()).unwrap();
    let all = instructions();
    let together = Instructions::of(&all).unwrap();
    for own in &all {
        assert!(signed.has(own, &together.path(own).unwrap()));
        let other = Instruction { content: "家9".into(), ..own.clone() };
        assert!(!signed.has(&other, &together.path(own).unwrap()));
    }
    let drill = envelope(&exercise(), &[key(5)]);
    assert!(drill.verify(exercise().as_bytes(), &officers()).is_ok());
}

#[test]
fn one_officer_is_one_however_often_they_sign() {
    let few = |officers| EnvelopeError::TooFewOfficers { officers, needed: 2 };
    assert_eq!(refused(&envelope(ORDER, &[]), ORDER), few(0));
    assert_eq!(refused(&envelope(ORDER, &[key(1)]), ORDER), few(1));
    assert_eq!(refused(&envelope(ORDER, &[key(1), key(1)]), ORDER), few(1));
    assert_eq!(refused(&envelope(ORDER, &[key(1), key(2)]), ORDER), few(1));
    let none = EnvelopeError::TooFewOfficers { officers: 0, needed: 1 };
    assert_eq!(refused(&envelope(&exercise(), &[]), &exercise()), none);
    let many: Vec<OfficerKey> = (0..9).map(|number| key(if number == 0 { 3 } else { 1 })).collect();
    assert_eq!(refused(&envelope(ORDER, &many), ORDER), few(2));
}

#[test]
fn a_key_of_exercises_is_good_for_exercises_only_and_the_reverse() {
    assert_eq!(
        refused(&envelope(ORDER, &[key(1), key(5)]), ORDER),
        EnvelopeError::NotSigned(NotSigned::OtherClass)
    );
    assert_eq!(
        refused(&envelope(ORDER, &[key(4), key(5)]), ORDER),
        EnvelopeError::NotSigned(NotSigned::OtherClass)
    );
    assert_eq!(
        refused(&envelope(&exercise(), &[key(1)]), &exercise()),
        EnvelopeError::NotSigned(NotSigned::OtherClass)
    );
    // Not by saying so either: what is signed begins with the class.
    let mut posing = envelope(&exercise(), &[key(5)]);
    posing.class = KeyClass::Live;
    assert_eq!(refused(&posing, &exercise()), EnvelopeError::OtherAlert);
    let mut twice = devices();
    twice[3].class = KeyClass::Live;
    let listed_as_live = list(&twice).unwrap();
    let drill = Envelope { class: KeyClass::Exercise, ..envelope(ORDER, &[key(4), key(3)]) };
    let moved = Envelope { class: KeyClass::Live, ..drill };
    assert!(moved.verify(ORDER.as_bytes(), &listed_as_live).is_ok(), "signed as live");
    let mut signed_as_drill = envelope(ORDER, &[]);
    signed_as_drill.class = KeyClass::Exercise;
    let digest = signed_as_drill.digest();
    signed_as_drill.signatures = [key(4), key(3)].iter().map(|key| key.sign(&digest)).collect();
    signed_as_drill.class = KeyClass::Live;
    let refused = signed_as_drill.verify(ORDER.as_bytes(), &listed_as_live).unwrap_err();
    assert_eq!(refused, EnvelopeError::NotSigned(NotSigned::Wrong));
}

#[test]
fn a_passkey_signs_for_this_desk_over_this_alert_and_looked_who_its_user_is() {
    let passkey = Passkey::new();
    let keys = list(&[devices()[0], device(KeyClass::Live, CHIEF, passkey.public())]).unwrap();
    let verdict = |make: &dyn Fn(&[u8; 32]) -> OfficerSignature| {
        let mut envelope = envelope(ORDER, &[key(1)]);
        envelope.signatures.push(make(&envelope.digest()));
        let again = Envelope::decode(&envelope.encode()).unwrap();
        assert_eq!(again, envelope);
        again.verify(ORDER.as_bytes(), &keys).map(|signed| signed.officers())
    };
    let wrong = Err(EnvelopeError::NotSigned(NotSigned::Wrong));
    assert_eq!(verdict(&|digest| passkey.sign(DESK, 0b101, Passkey::client(digest))), Ok(2));
    assert_eq!(verdict(&|digest| passkey.sign(DESK, 0b1_1101, Passkey::client(digest))), Ok(2));
    assert_eq!(verdict(&|digest| passkey.sign(DESK, 0b001, Passkey::client(digest))), wrong, "no PIN");
    assert_eq!(verdict(&|digest| passkey.sign(DESK, 0b100, Passkey::client(digest))), wrong, "nobody there");
    assert_eq!(verdict(&|digest| passkey.sign([1; 32], 0b101, Passkey::client(digest))), wrong);
    assert_eq!(verdict(&|_| passkey.sign(DESK, 0b101, Passkey::client(&[1; 32]))), wrong);
    let other_type = |digest: &[u8; 32]| Passkey::client(digest).replace(".get", ".create");
    assert_eq!(verdict(&|digest| passkey.sign(DESK, 0b101, other_type(digest))), wrong);
    let twice = |digest: &[u8; 32]| {
        let client = Passkey::client(digest);
        client.replacen('{', &format!(r#"{{"challenge":"{}","#, URL_SAFE_NO_PAD.encode([1; 32])), 1)
    };
    assert_eq!(verdict(&|digest| passkey.sign(DESK, 0b101, twice(digest))), wrong, "two challenges");
    let bare = |digest: &[u8; 32]| OfficerSignature {
        assertion: None,
        ..passkey.sign(DESK, 0b101, Passkey::client(digest))
    };
    let mut envelope = envelope(ORDER, &[key(1)]);
    envelope.signatures.push(bare(&envelope.digest()));
    assert_eq!(envelope.verify(ORDER.as_bytes(), &keys).map(|signed| signed.officers()), wrong);
}

#[test]
fn one_officer_s_cancel_passes_and_says_so() {
    let one = envelope(CANCEL, &[key(3)]).verify(CANCEL.as_bytes(), &officers()).unwrap();
    let two = envelope(CANCEL, &[key(3), key(1)]).verify(CANCEL.as_bytes(), &officers()).unwrap();
    assert_eq!((one.officers(), two.officers(), one.digest() == two.digest()), (1, 2, true));
    let none = EnvelopeError::TooFewOfficers { officers: 0, needed: 1 };
    assert_eq!(refused(&envelope(CANCEL, &[]), CANCEL), none);
}

#[test]
fn a_device_signs_nothing_that_was_sent_after_its_time() {
    let sent = envelope(ORDER, &[]).sent;
    let with = |until| {
        let mut devices = devices();
        devices[2].until = until;
        envelope(ORDER, &[key(1), key(3)]).verify(ORDER.as_bytes(), &list(&devices).unwrap())
    };
    assert!(with(sent).is_ok());
    let over = UnixMillis::new(sent.get() - 1);
    assert_eq!(with(over).unwrap_err(), EnvelopeError::NotSigned(NotSigned::KeyOver));
    assert_eq!(
        (officers().officers(KeyClass::Live, sent), officers().officers(KeyClass::Exercise, sent)),
        (2, 2)
    );
}

#[test]
fn a_list_is_believed_under_its_root_only() {
    let root = Ed25519KeyPair::from_seed_unchecked(&[50; 32]).unwrap();
    let public: [u8; 32] = root.public_key().as_ref().try_into().unwrap();
    let passkey = Passkey::new();
    let mut devices = devices().to_vec();
    devices.push(device(KeyClass::Live, CHIEF, passkey.public()));
    let keys = list(&devices).unwrap();
    let bytes = keys.encode(|domain, body| {
        assert_eq!(domain, KEY_LIST_DOMAIN);
        root.sign(&[domain.as_slice(), body].concat()).as_ref().try_into().unwrap()
    });
    assert_eq!(KeyList::decode(&bytes, &public).unwrap(), keys);
    assert_eq!(KeyList::decode(&bytes, &[1; 32]).unwrap_err(), BadKeyList::NotSigned);
    for at in 0..bytes.len() {
        let mut bent = bytes.clone();
        bent[at] ^= 1;
        assert_eq!(KeyList::decode(&bent, &public).unwrap_err(), BadKeyList::NotSigned);
        assert!(KeyList::decode(&bytes[..at], &public).is_err());
    }
    // The root signs no nonsense, and nobody takes it from there either.
    let signed = |body: &[u8]| {
        let signature = root.sign(&[KEY_LIST_DOMAIN.as_slice(), body].concat());
        KeyList::decode(&[body, signature.as_ref()].concat(), &public)
    };
    let body = &bytes[..bytes.len() - 64];
    assert!(signed(body).is_ok());
    assert_eq!(signed(&[body, &[0]].concat()).unwrap_err(), BadKeyList::Malformed);
    assert_eq!(signed(&body[..body.len() - 1]).unwrap_err(), BadKeyList::Malformed);
}

#[test]
fn a_heartbeat_is_believed_under_its_key_only() {
    let key = BeatKey::from_bytes(&[9; 32]);
    let beat = Beat { at: UnixMillis::new(5), latest: Sequence { epoch: 1, number: 2 } };
    let bytes = key.beat(beat);
    assert_eq!(Beat::decode(&bytes, &key.public()), Some(beat));
    assert_eq!(Beat::decode(&bytes, &[1; 32]), None);
    for at in 0..bytes.len() {
        let mut bent = bytes.clone();
        bent[at] ^= 1;
        assert_eq!(Beat::decode(&bent, &key.public()), None);
    }
    // What it signs of arrivals is no heartbeat.
    assert_eq!(Beat::decode(&key.people(bytes[..20].to_vec()), &key.public()), None);
}

#[test]
fn a_changed_byte_is_not_believed_wherever_it_is() {
    let whole = || envelope(ORDER, &[key(1), key(3)]);
    let space = ORDER.replacen("  <status>", "   <status>", 1);
    assert_eq!(refused(&whole(), &space), EnvelopeError::OtherAlert);
    let elsewhere = ORDER.replace("汐見小学校へ歩いて", "汐見漁港へ歩いて");
    assert_eq!(refused(&whole(), &elsewhere), EnvelopeError::OtherAlert);
    let check = |bend: &dyn Fn(&mut Envelope), error: EnvelopeError| {
        let mut bent = whole();
        bend(&mut bent);
        assert_eq!(refused(&bent, ORDER), error);
    };
    check(&|envelope| envelope.alert[0] ^= 1, EnvelopeError::OtherAlert);
    check(&|envelope| envelope.expires = envelope.expires.plus(1), EnvelopeError::OtherAlert);
    check(&|envelope| envelope.sender.push('x'), EnvelopeError::OtherAlert);
    check(&|envelope| envelope.sequence.number += 1, EnvelopeError::NotSigned(NotSigned::Wrong));
    check(&|envelope| envelope.sequence.epoch += 1, EnvelopeError::NotSigned(NotSigned::Wrong));
    check(&|envelope| envelope.households -= 1, EnvelopeError::NotSigned(NotSigned::Wrong));
    check(&|envelope| envelope.instructions[31] ^= 1, EnvelopeError::NotSigned(NotSigned::Wrong));
    check(&|envelope| envelope.signatures[1].signature[9] ^= 1, EnvelopeError::NotSigned(NotSigned::Wrong));
    check(&|envelope| envelope.message = MessageKind::Cancel, EnvelopeError::OtherAlert);
    check(&|envelope| envelope.sent = envelope.sent.plus(1), EnvelopeError::OtherAlert);
    let nobody = EnvelopeError::NotSigned(NotSigned::UnknownKey);
    check(&|envelope| envelope.signatures[1].key = key(9).public(), nobody);
    // One good pair does not carry a signature that nobody made.
    let mut more = whole();
    more.signatures.push(key(9).sign(&more.digest()));
    assert_eq!(refused(&more, ORDER), EnvelopeError::NotSigned(NotSigned::UnknownKey));
}

#[test]
fn only_an_alert_for_people_that_breaks_no_rule_gets_an_envelope() {
    let together = Instructions::of(&[]).unwrap();
    let around = |text: &str| {
        Envelope::around(text.as_bytes(), Sequence { epoch: 0, number: 0 }, &together)
            .map(|envelope| envelope.households)
    };
    assert_eq!(around(ORDER), Ok(0));
    assert_eq!(around(&ORDER.replacen("Actual", "Test", 1)), Err(EnvelopeError::NotForPeople));
    assert!(matches!(around(&ORDER.replacen("Actual", "Draft", 1)), Err(EnvelopeError::Broken(_))));
    assert!(matches!(around("<!DOCTYPE a>"), Err(EnvelopeError::Refused(_))));
}

#[test]
fn an_old_number_and_a_number_used_twice_are_not_shown() {
    let signed = |number: u64, alert: &str| {
        envelope_at(alert, number, &[key(1), key(3)]).verify(alert.as_bytes(), &officers()).unwrap()
    };
    let mut sequences = Sequences::default();
    let other = ORDER.replacen("shiomi-0001", "shiomi-0009", 1);
    let taken = [
        (100, ORDER, SequenceVerdict::New),
        (100, ORDER, SequenceVerdict::Known),
        (100, other.as_str(), SequenceVerdict::Forked),
        // Two messages of one minute may overtake each other.
        (99, ORDER, SequenceVerdict::New),
        (99, other.as_str(), SequenceVerdict::Forked),
        (36, ORDER, SequenceVerdict::Old),
        (37, ORDER, SequenceVerdict::New),
        (101, ORDER, SequenceVerdict::New),
        (37, ORDER, SequenceVerdict::Old),
        (u64::MAX, ORDER, SequenceVerdict::New),
        (101, ORDER, SequenceVerdict::Old),
    ];
    for (number, alert, verdict) in taken {
        assert_eq!(sequences.note(&signed(number, alert)), verdict, "{number}");
    }
    let in_epoch = |epoch: u32| {
        let mut envelope = envelope(ORDER, &[]);
        envelope.sequence.epoch = epoch;
        let digest = envelope.digest();
        envelope.signatures = [key(1), key(3)].iter().map(|key| key.sign(&digest)).collect();
        envelope.verify(ORDER.as_bytes(), &officers()).unwrap()
    };
    assert_eq!(sequences.note(&in_epoch(2)), SequenceVerdict::New);
    assert_eq!(sequences.note(&in_epoch(1)), SequenceVerdict::Old);
}

#[test]
fn one_officer_cannot_use_up_the_numbers_of_two() {
    let signed = |number: u64, alert: &str, keys: &[OfficerKey]| {
        envelope_at(alert, number, keys).verify(alert.as_bytes(), &officers()).unwrap()
    };
    let mut sequences = Sequences::default();
    assert_eq!(sequences.note(&signed(u64::MAX, &exercise(), &[key(4)])), SequenceVerdict::New);
    assert_eq!(sequences.note(&signed(u64::MAX, CANCEL, &[key(3)])), SequenceVerdict::New);
    assert_eq!(sequences.note(&signed(7, ORDER, &[key(1), key(3)])), SequenceVerdict::New);
}

#[test]
fn what_boxes_originate_is_counted_apart_and_however_far_its_numbers_lie_from_each_other() {
    let of = |id: u8, number: u64, alert: &str, keys: &[OfficerKey]| {
        let mut envelope = envelope(alert, &[]);
        envelope.sequence = Sequence { epoch: Sequence::epoch_of_box(&[id; 16]), number };
        let digest = envelope.digest();
        envelope.signatures = keys.iter().map(|key| key.sign(&digest)).collect();
        envelope.verify(alert.as_bytes(), &officers()).unwrap()
    };
    let two = || [key(1), key(3)];
    let hall = |number| envelope_at(ORDER, number, &two()).verify(ORDER.as_bytes(), &officers()).unwrap();
    let other = ORDER.replacen("shiomi-0001", "shiomi-0009", 1);
    let (now, minute) = (1_800_000_000_000, 60_000);
    let mut sequences = Sequences::default();
    assert_eq!(sequences.note(&hall(100)), SequenceVerdict::New);
    let taken = [
        (1, now, ORDER, SequenceVerdict::New),
        // Another box's clock is a week ahead: it silences nobody.
        (2, now + 7 * 1_440 * minute, ORDER, SequenceVerdict::New),
        (1, now + minute, other.as_str(), SequenceVerdict::New),
        (1, now + minute, ORDER, SequenceVerdict::Forked),
        // An earlier one that was overtaken on its way, by minutes.
        (1, now - minute, ORDER, SequenceVerdict::New),
        (1, now, ORDER, SequenceVerdict::Known),
    ];
    for (id, number, alert, verdict) in taken {
        assert_eq!(sequences.note(&of(id, number, alert, &two())), verdict, "{id} {number}");
    }
    assert_eq!(sequences.note(&hall(101)), SequenceVerdict::New);
    for number in 0..64 {
        assert_eq!(sequences.note(&of(1, now + 10 * minute + number, ORDER, &two())), SequenceVerdict::New);
    }
    assert_eq!(sequences.note(&of(1, now, ORDER, &two())), SequenceVerdict::Old, "64 are remembered");
    // Of more boxes than a town has, the town hall's numbers and the latest boxes' stay.
    for id in 3..=66 {
        assert_eq!(sequences.note(&of(id, now, ORDER, &two())), SequenceVerdict::New);
    }
    assert_eq!(sequences.note(&of(66, now, other.as_str(), &two())), SequenceVerdict::Forked);
    assert_eq!(
        sequences.note(&of(2, now, ORDER, &two())),
        SequenceVerdict::New,
        "heard longest ago, forgotten"
    );
    assert_eq!(sequences.note(&hall(37)), SequenceVerdict::Old);
    assert_eq!(sequences.note(&hall(101)), SequenceVerdict::Known);
    // One officer alone pushes out no box of two.
    for id in 100..=200 {
        let one = [key(4)];
        assert_eq!(sequences.note(&of(id, now, &exercise(), &one)), SequenceVerdict::New);
    }
    assert_eq!(sequences.note(&of(66, now, ORDER, &two())), SequenceVerdict::Known);
}

#[test]
fn a_key_is_one_officer_s_and_of_one_class() {
    let own = key(1).public();
    for (class, officer) in [(KeyClass::Live, CHIEF), (KeyClass::Exercise, MAYOR)] {
        let listed = list(&[devices()[0], device(class, officer, own)]);
        assert_eq!(listed.unwrap_err(), BadKeyList::KeyTwice);
    }
    let mut identity = [0; 32];
    identity[0] = 1;
    for none in [DeviceKey::Kiosk(identity), DeviceKey::Passkey([2; 65])] {
        assert_eq!(list(&[device(KeyClass::Live, MAYOR, none)]).unwrap_err(), BadKeyList::NoKey);
    }
    assert_eq!(format!("{:?}", key(1)), "OfficerKey(hidden)");
}

#[test]
fn an_envelope_s_bytes_are_read_as_a_whole_or_not_at_all() {
    let envelope = envelope(ORDER, &[key(1), key(3)]);
    let bytes = envelope.encode();
    assert_eq!(Envelope::decode(&bytes).unwrap(), envelope);
    for length in 0..bytes.len() {
        assert_eq!(Envelope::decode(&bytes[..length]), None);
    }
    assert_eq!(Envelope::decode(&[bytes.as_slice(), &[0]].concat()), None);
}

#[test]
fn a_household_believes_its_own_instruction_under_its_envelope_and_nothing_bent() {
    let alert = Report::of(ORDER.as_bytes()).unwrap().into_valid().unwrap();
    let content = Notice { speech: "にげて".to_owned(), ..Notice::default() }.content(&alert);
    let own = Instruction { household: HouseholdId::from_bytes([3; 16]), salt: [1; 16], content };
    let other = Instruction { household: HouseholdId::from_bytes([4; 16]), ..own.clone() };
    // The same place in the tree, other words: the officers did sign it, and the envelope is another message's.
    let lying = Instruction {
        content: String::from_utf8(own.content.to_vec()).unwrap().replace("Order", "AllClear").into(),
        ..own
    };
    let tree = Instructions::of([&own, &other, &lying]).unwrap();
    let mut envelope = Envelope::around(ORDER.as_bytes(), Sequence { epoch: 1, number: 4 }, &tree).unwrap();
    envelope.signatures = [key(1), key(3)].iter().map(|key| key.sign(&envelope.digest())).collect();
    let path = tree.path(&own).unwrap();
    let keys = officers();

    let read = Instruction::decode(&own.encode()).unwrap();
    let way = InstructionPath::decode(&path.encode()).unwrap();
    assert_eq!((&read, &way), (&own, &path));
    let told = envelope.clone().verify_told(&read, &way, &keys).unwrap();
    assert_eq!((told.speech(), told.household(), told.officers()), ("にげて", own.household, 2));
    assert_eq!(
        (told.class(), told.message(), told.is_tsunami_order()),
        (KeyClass::Live, MessageKind::Order, true)
    );
    assert!(!format!("{told:?}").contains("にげて"));

    let refused = |told: &Instruction, path: &InstructionPath, envelope: &Envelope| {
        envelope.clone().verify_told(told, path, &keys).unwrap_err()
    };
    assert_eq!(refused(&other, &path, &envelope), EnvelopeError::OtherAlert, "another one's place");
    assert_eq!(refused(&lying, &tree.path(&lying).unwrap(), &envelope), EnvelopeError::OtherAlert);
    for bit in 0..own.encode().len() * 8 {
        let mut bytes = own.encode();
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert!(
            refused(&Instruction::decode(&bytes).unwrap(), &path, &envelope) == EnvelopeError::OtherAlert
        );
    }
    let alone = Envelope { signatures: envelope.signatures[..1].to_vec(), ..envelope.clone() };
    assert_eq!(refused(&own, &path, &alone), EnvelopeError::TooFewOfficers { officers: 1, needed: 2 });
    let stranger = Envelope { sender: "somebody@else.example".to_owned(), ..envelope.clone() };
    assert_eq!(refused(&own, &path, &stranger), EnvelopeError::OtherSender);
    let bent = Envelope { expires: envelope.expires.plus(1), ..envelope };
    assert_eq!(refused(&own, &path, &bent), EnvelopeError::OtherAlert, "the instruction says another end");

    let mut long = path.encode();
    long.extend([0; 32 * 33]);
    assert_eq!(InstructionPath::decode(&long), None);
    assert_eq!(InstructionPath::decode(&path.encode()[..5]), None);
    assert_eq!(Instruction::decode(&own.encode()[..31]), None);
}

#[test]
fn a_number_that_no_page_can_hold_is_none_for_anybody() {
    let nobody = Instructions::of(&[]).unwrap();
    let with = |number| {
        let sequence = Sequence { epoch: 1, number };
        Envelope::around(ORDER.as_bytes(), sequence, &nobody).unwrap()
    };
    let highest = with((1 << 53) - 1);
    assert_eq!(Envelope::decode(&highest.encode()), Some(highest));
    assert_eq!(Envelope::decode(&with(1 << 53).encode()), None);
}
