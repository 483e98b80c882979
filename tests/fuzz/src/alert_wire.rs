//! What a box or a television is given beside an alert: an envelope, or a list of keys with whatever signature.

use std::sync::OnceLock;

use hinamori_alert::{
    Alert, Beat, CapTime, CoastSegment, Device, Envelope, Instructions, KeyClass, KeyList, OfficerId,
    OfficerKey, PREPARED_IDENTIFIER, PREPARED_SENT, Policy, PreparedRelease, ReleasePolicy, Released, Report,
    Sequence, Trigger, TriggerKey, TsunamiKind, write,
};
use hinamori_model::UnixMillis;

const ORDER: &[u8] = include_bytes!("../../../crates/alert/tests/fixtures/tsunami.xml");
/// 2026-03-11T05:00:00+09:00
const MORNING: UnixMillis = UnixMillis::new(1_773_172_800_000);

/// What was signed in advance and released, once: the envelope, its alert, and a list by which it holds.
struct Release {
    envelope: Envelope,
    alert: Vec<u8>,
    list: KeyList,
}

impl Release {
    fn known() -> Option<&'static Self> {
        static KNOWN: OnceLock<Option<Release>> = OnceLock::new();
        KNOWN.get_or_init(Self::new).as_ref()
    }

    fn new() -> Option<Self> {
        let order = Report::of(ORDER).ok()?.alert()?.clone();
        let until = CapTime::in_japan(UnixMillis::new(12 * 3_600_000));
        let mut template = Alert {
            identifier: PREPARED_IDENTIFIER.to_owned(),
            sent: CapTime::in_japan(PREPARED_SENT),
            ..order
        };
        for info in &mut template.infos {
            (info.onset, info.expires) = (None, Some(until));
        }
        let template = write(&template);
        let segment = CoastSegment::new(580)?;
        let bounds = (MORNING, MORNING.plus(24 * 3_600_000));
        let mut prepared =
            PreparedRelease::around(&template, segment, bounds, &Instructions::of(&[])?).ok()?;
        let officers = [1, 2].map(|number| OfficerKey::from_bytes(&[number; 32]));
        let digest = prepared.digest();
        prepared.signatures = officers.iter().map(|officer| officer.sign(&digest)).collect();
        let sender = prepared.sender.clone();
        let trigger = Trigger {
            kind: TsunamiKind::MajorWarning,
            segment,
            event: [3; 32],
            arrives: Some(MORNING.plus(3_600_000)),
            references: vec![("5-8".to_owned(), MORNING)],
            signature: [0; 64],
        };
        let place = (Sequence { epoch: 5, number: 9 }, MORNING.plus(60_000));
        let (mut envelope, alert) =
            Envelope::released(Released { prepared, trigger }, &template, place).ok()?;
        let key = TriggerKey::from_bytes(&[40; 32]);
        key.release(&mut envelope);
        let device = |(officer, key): (u32, &OfficerKey)| Device {
            class: KeyClass::Live,
            officer: OfficerId(officer),
            until: UnixMillis::new(u64::MAX),
            key: key.public(),
        };
        let fixed = (hinamori_alert::BeatKey::from_bytes(&[9; 32]).public(), [7; 32]);
        let list = KeyList::new(1, MORNING, fixed, &sender, (1..).zip(&officers).map(device)).ok()?;
        let release = ReleasePolicy { trigger: key.public(), needs_officer: false, void_before: MORNING };
        let list = list.with_policy(Policy { release: Some(release), ..Policy::default() }).ok()?;
        Some(Self { envelope, alert, list })
    }
}

pub(crate) fn run(bytes: &[u8]) {
    if let Some(envelope) = Envelope::decode(bytes) {
        assert!(envelope.encode() == bytes, "an envelope has two forms");
        if let Some(known) = Release::known().filter(|_| envelope.release.is_some()) {
            let is_believed = envelope.verify(&known.alert, &known.list).is_ok();
            let is_own = envelope.digest() == known.envelope.digest();
            assert!(is_own || !is_believed, "something else than what was signed is believed");
            assert!(is_believed || envelope != known.envelope, "what was signed is not believed");
        }
    }
    if let Some(prepared) = PreparedRelease::decode(bytes) {
        assert!(prepared.encode() == bytes, "what was signed in advance has two forms");
    }
    // Under a root that everybody has, so that what is behind the signature is read too.
    let root = ring::signature::Ed25519KeyPair::from_seed_unchecked(&[50; 32]);
    let Ok(root) = root else { return };
    let public = <ring::signature::Ed25519KeyPair as ring::signature::KeyPair>::public_key(&root);
    let Ok(public) = public.as_ref().try_into() else { return };
    let sign = |domain: &[u8; 23], body: &[u8]| {
        let signature = root.sign(&[domain.as_slice(), body].concat());
        signature.as_ref().try_into().unwrap_or([0; 64])
    };
    let signature = sign(hinamori_alert::KEY_LIST_DOMAIN, bytes);
    if let Ok(list) = KeyList::decode(&[bytes, &signature].concat(), &public) {
        let again = KeyList::decode(&list.encode(sign), &public);
        assert!(again.as_ref() == Ok(&list), "a list is another one when it was written");
    }
    assert!(Beat::decode(bytes, &public).is_none(), "nobody signed it");
}

pub(crate) fn seeds() -> crate::Seeds {
    use hinamori_alert::{BeatKey, DeviceKey};

    let Some(nobody) = Instructions::of(&[]) else { return Vec::new() };
    let Ok(mut envelope) = Envelope::around(ORDER, Sequence { epoch: 1, number: 2 }, &nobody) else {
        return Vec::new();
    };
    let kiosk = OfficerKey::from_bytes(&[1; 32]);
    let mut passkey = [5; 65];
    passkey[0] = 4;
    let passkey = DeviceKey::Passkey(passkey);
    let signed = kiosk.sign(&envelope.digest());
    let assertion = hinamori_alert::Assertion { authenticator: vec![7; 37], client: b"{}".to_vec() };
    let by_passkey = hinamori_alert::OfficerSignature {
        key: passkey,
        assertion: Some(assertion),
        signature: signed.signature,
    };
    envelope.signatures = vec![signed, by_passkey];
    let device = |class, key| Device { class, officer: OfficerId(1), until: UnixMillis::new(9), key };
    let devices = [device(KeyClass::Live, kiosk.public()), device(KeyClass::Exercise, passkey)];
    let fixed = (BeatKey::from_bytes(&[9; 32]).public(), [7; 32]);
    let mut list = Vec::new();
    if let Ok(made) = KeyList::new(1, UnixMillis::new(2), fixed, "a@b.example", devices) {
        // The target signs what it is given.
        list = made.encode(|_, _| [0; 64]);
        list.truncate(list.len().saturating_sub(64));
    }
    let Some(Release { envelope: released, list: with_policy, .. }) = Release::known() else {
        return Vec::new();
    };
    let prepared = released.release.as_deref().map(|known| known.prepared.encode()).unwrap_or_default();
    // An officer on duty may have signed it as well.
    let mut on_duty = released.clone();
    on_duty.signatures = vec![kiosk.sign(&released.digest())];
    let mut policy = with_policy.encode(|_, _| [0; 64]);
    policy.truncate(policy.len().saturating_sub(64));
    vec![
        ("seed-envelope", envelope.encode()),
        ("seed-list", list),
        ("seed-list-policy", policy),
        ("seed-prepared", prepared),
        ("seed-released", released.encode()),
        ("seed-released-on-duty", on_duty.encode()),
    ]
}
