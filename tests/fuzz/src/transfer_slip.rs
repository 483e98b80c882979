//! What a scanner reads at a lane: a text that may be a slip of whatever town. Bytes that are no slip are also signed as the body
//! of one, because everybody can make a key.

use hinamori_model::{NeedKind, PersonId, PersonalText, RecordId, UnixMillis};
use hinamori_sync::{SLIP_LENGTH, SealKey, TransferSlip, from_base32, to_base32};

const KEY: [u8; 32] = [3; 32];

pub(crate) fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Some(decoded) = from_base32(text) {
        assert!(to_base32(&decoded) == text.to_ascii_uppercase(), "a text has two forms");
    }
    if let Some(sealed) = TransferSlip::read(text) {
        again(&sealed.slip);
    }
    // Whatever stands in the fields of one, it is read as it was written, or was cut.
    let field = |from: usize| text.chars().skip(from).step_by(4).collect::<String>();
    let slip = TransferSlip {
        is_drill: text.len() % 2 == 1,
        at: UnixMillis::new(u64::try_from(text.len()).unwrap_or_default()),
        record: RecordId::from_bytes([1; 16]),
        person: PersonId::from_bytes([2; 16]),
        birth: None,
        household: bytes.first().copied().unwrap_or_default(),
        needs: NeedKind::ALL.iter().copied().step_by(2).collect(),
        town: field(0),
        site: field(1),
        name: PersonalText::new(field(2)),
        kana: PersonalText::new(field(3)),
    };
    let code = slip.seal(&SealKey::from_bytes(&KEY));
    assert!(code.expose().len() == SLIP_LENGTH, "a slip has another length");
    match TransferSlip::read(code.expose()) {
        Some(read) => {
            assert!(slip.town.starts_with(&read.slip.town) || slip.town.chars().any(char::is_control));
            again(&read.slip);
        }
        None => panic!("an own slip is not read"),
    }
}

/// What was read is written in the same way.
fn again(slip: &TransferSlip) {
    let code = slip.seal(&SealKey::from_bytes(&KEY));
    let read = TransferSlip::read(code.expose()).map(|read| read.slip);
    assert!(read.as_ref() == Some(slip), "a slip is another one when it was read");
}

pub(crate) fn seeds() -> crate::Seeds {
    let text = |text: &str| PersonalText::new(text);
    let slip = TransferSlip {
        is_drill: false,
        at: UnixMillis::new(1_791_730_800_000),
        record: RecordId::from_bytes([1; 16]),
        person: PersonId::from_bytes([2; 16]),
        birth: None,
        household: 4,
        needs: vec![NeedKind::Oxygen],
        town: "汐見町".to_owned(),
        site: "汐見小学校 体育館".to_owned(),
        name: text("浜田 花子"),
        kana: text("ハマダ ハナコ"),
    };
    let sealed = slip.seal(&SealKey::from_bytes(&KEY)).expose().as_bytes().to_vec();
    vec![("seed-slip", sealed), ("seed-badge", b"HM1-0012-0042-C-K7Q2MZ4PXN".to_vec())]
}
