//! What a box or a television is given beside an alert: an envelope, or a list of keys with whatever signature.

use hinamori_alert::{Beat, Envelope, KeyList};

pub(crate) fn run(bytes: &[u8]) {
    if let Some(envelope) = Envelope::decode(bytes) {
        assert!(envelope.encode() == bytes, "an envelope has two forms");
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
    use hinamori_alert::{
        BeatKey, Device, DeviceKey, Instructions, KeyClass, OfficerId, OfficerKey, Sequence,
    };
    use hinamori_model::UnixMillis;

    let order = include_bytes!("../../../crates/alert/tests/fixtures/tsunami.xml");
    let Some(nobody) = Instructions::of(&[]) else { return Vec::new() };
    let Ok(mut envelope) = Envelope::around(order, Sequence { epoch: 1, number: 2 }, &nobody) else {
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
    vec![("seed-envelope", envelope.encode()), ("seed-list", list)]
}
