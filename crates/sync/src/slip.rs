//! 転所票: what somebody takes along who moves to another shelter, also another town's.
//!
//! It is the text of one QR code: `HT1`, then in base 32 a body of a fixed length, the public half of the box's seal key (32 bytes)
//! and its Ed25519 signature (64). Every slip is as long as every other, so that its picture does not tell how much is known of
//! whoever carries it. At 720 characters it fits a code of version 20 with the error correction of level M.
//!
//! | Bytes of the body | What |
//! |---|---|
//! | 1 | the form, 1; with the highest bit in a drill |
//! | 8 | when, milliseconds since 1970 UTC, big-endian |
//! | 16 + 16 | the record that closed the stay, and the person |
//! | 4 | the birth date, yyyymmdd, big-endian; 0 for none |
//! | 1 | people of the household, 0 for unknown |
//! | 8 | needs, one bit for each code, big-endian |
//! | the rest | town, site, name, kana: one byte for the length, then UTF-8; zeros to the end |
//!
//! **What it proves.** In the town itself the key is one of the package's grants, so the town's own box said it. To another town
//! the signature says only that nobody changed the text since some box made it: nobody there knows the first town's root, and
//! everybody can make a key. So what it says is taken there as somebody's word.

use std::fmt;

use ed25519_dalek::{Signature, VerifyingKey};
use hinamori_model::{BirthDate, BoxId, NeedKind, PersonId, PersonalText, RecordId, UnixMillis};

use crate::SealKey;
use crate::seal::box_of_key;

/// Ahead of the signed body, so that a slip can never pass for a seal.
const DOMAIN: &[u8] = b"hinamori transfer/v1";
const PREFIX: &str = "HT1";
const FORM: u8 = 1;
const DRILL: u8 = 0x80;
const BODY: usize = 352;
const KEY: usize = 32;
const SIGNATURE: usize = 64;
const WHOLE: usize = BODY + KEY + SIGNATURE;
/// Characters of a slip.
pub const SLIP_LENGTH: usize = PREFIX.len() + (WHOLE * 8).div_ceil(5);
/// Bytes of the town's name, the site's, the person's and its reading: what is longer is cut.
const LONGEST: [usize; 4] = [60, 90, 60, 84];
/// Crockford's base 32: no I, L, O, U.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// What a slip says.
#[derive(Clone, PartialEq, Eq)]
pub struct TransferSlip {
    /// Whether it is of a drill (law 8).
    pub is_drill: bool,
    /// When the person left.
    pub at: UnixMillis,
    /// The record that says so.
    pub record: RecordId,
    /// Who, in the town that made it.
    pub person: PersonId,
    /// When they were born, if it is known.
    pub birth: Option<BirthDate>,
    /// People of their household; 0 for unknown.
    pub household: u8,
    /// What they need.
    pub needs: Vec<NeedKind>,
    /// The town.
    pub town: String,
    /// The site that they left.
    pub site: String,
    /// Their name; "" where it is to be said later.
    pub name: PersonalText,
    /// Its reading; "" for none.
    pub kana: PersonalText,
}

impl fmt::Debug for TransferSlip {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("TransferSlip(hidden)")
    }
}

/// A slip whose signature held, with the key that made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedSlip {
    /// What it says.
    pub slip: TransferSlip,
    /// The public half of the key.
    pub key: [u8; KEY],
}

impl SealedSlip {
    /// The box that has this key, in whatever town.
    pub fn box_id(&self) -> BoxId {
        box_of_key(&self.key)
    }
}

impl TransferSlip {
    /// The text of the code, under a box's seal. Texts that are too long are cut, never a character in two.
    pub fn seal(&self, key: &SealKey) -> PersonalText {
        let mut bytes = self.body();
        let signature = key.sign(&[DOMAIN, bytes.as_slice()].concat());
        bytes.extend(key.public());
        bytes.extend(signature);
        PersonalText::new(format!("{PREFIX}{}", to_base32(&bytes)))
    }

    /// Reads a scanned text; `None` for everything that is no slip, was changed, or has a form that this version does not know.
    pub fn read(text: &str) -> Option<SealedSlip> {
        let text = text.trim();
        if text.len() != SLIP_LENGTH {
            return None;
        }
        let bytes = from_base32(text.strip_prefix(PREFIX)?)?;
        let (body, rest) = bytes.split_at_checked(BODY)?;
        let (key, signature) = rest.split_first_chunk::<KEY>()?;
        let signature = Signature::from_bytes(signature.try_into().ok()?);
        let public = VerifyingKey::from_bytes(key).ok()?;
        public.verify_strict(&[DOMAIN, body].concat(), &signature).ok()?;
        let slip = Self::of_body(body)?;
        // One form only: what reads otherwise than it is written is of another version.
        (slip.body() == body).then_some(SealedSlip { slip, key: *key })
    }

    fn body(&self) -> Vec<u8> {
        let Self { is_drill, at, record, person, birth, household, needs, town, site, name, kana } = self;
        let mut bytes = Vec::with_capacity(WHOLE);
        bytes.push(FORM | if *is_drill { DRILL } else { 0 });
        bytes.extend(at.get().to_be_bytes());
        bytes.extend(record.as_bytes());
        bytes.extend(person.as_bytes());
        bytes.extend(birth.map_or(0, u32::from).to_be_bytes());
        bytes.push(*household);
        let bits = needs.iter().fold(0_u64, |bits, need| bits | 1_u64.wrapping_shl(need.code().into()));
        bytes.extend(bits.to_be_bytes());
        for (text, longest) in [town.as_str(), site, name.expose(), kana.expose()].into_iter().zip(LONGEST) {
            let text = cut(text, longest);
            bytes.push(u8::try_from(text.len()).unwrap_or(0));
            bytes.extend(text.bytes());
        }
        bytes.resize(BODY, 0);
        bytes
    }

    fn of_body(body: &[u8]) -> Option<Self> {
        let (form, rest) = body.split_first()?;
        if form & !DRILL != FORM {
            return None;
        }
        let (at, rest) = rest.split_first_chunk::<8>()?;
        let (record, rest) = rest.split_first_chunk::<16>()?;
        let (person, rest) = rest.split_first_chunk::<16>()?;
        let (birth, rest) = rest.split_first_chunk::<4>()?;
        let (household, rest) = rest.split_first()?;
        let (bits, mut rest) = rest.split_first_chunk::<8>()?;
        let birth = match u32::from_be_bytes(*birth) {
            0 => None,
            packed => Some(BirthDate::try_from(packed).ok()?),
        };
        let bits = u64::from_be_bytes(*bits);
        let has = |need: &&NeedKind| bits.wrapping_shr(need.code().into()) & 1 == 1;
        let mut texts = [const { String::new() }; 4];
        for (text, longest) in texts.iter_mut().zip(LONGEST) {
            let (length, after) = rest.split_first()?;
            let (bytes, after) = after.split_at_checked((*length).into())?;
            let read = std::str::from_utf8(bytes).ok()?;
            if read.len() > longest || read.chars().any(char::is_control) {
                return None;
            }
            (*text, rest) = (read.to_owned(), after);
        }
        let [town, site, name, kana] = texts;
        Some(Self {
            is_drill: form & DRILL != 0,
            at: UnixMillis::new(u64::from_be_bytes(*at)),
            record: RecordId::from_bytes(*record),
            person: PersonId::from_bytes(*person),
            birth,
            household: *household,
            needs: NeedKind::ALL.iter().filter(has).copied().collect(),
            town,
            site,
            name: PersonalText::new(name),
            kana: PersonalText::new(kana),
        })
    }
}

/// The beginning of a text with at most so many bytes, without control characters' ends of lines.
fn cut(text: &str, longest: usize) -> String {
    let mut kept = String::new();
    for character in text.chars().filter(|character| !character.is_control()) {
        if kept.len().saturating_add(character.len_utf8()) > longest {
            break;
        }
        kept.push(character);
    }
    kept
}

/// Five bits a character, the last one filled up with zeros.
pub fn to_base32(bytes: &[u8]) -> String {
    let mut text = String::with_capacity((bytes.len() * 8).div_ceil(5));
    let (mut held, mut bits) = (0_u32, 0_u32);
    let mut push = |value: u32| {
        let digit = usize::try_from(value & 31).ok().and_then(|index| DIGITS.get(index));
        text.push(char::from(digit.copied().unwrap_or(b'0')));
    };
    for byte in bytes {
        held = (held << 8 | u32::from(*byte)) & 0xfff;
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            push(held >> bits);
        }
    }
    if bits > 0 {
        push(held << (5 - bits));
    }
    text
}

/// The bytes of what [`to_base32`] wrote; `None` for everything else. Small letters are forgiven: some scanners type them.
pub fn from_base32(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 5 / 8);
    let (mut held, mut bits) = (0_u32, 0_u32);
    for character in text.bytes() {
        let digit = DIGITS.iter().position(|digit| *digit == character.to_ascii_uppercase())?;
        held = (held << 5 | u32::try_from(digit).ok()?) & 0xfff;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 0xff).ok()?);
        }
    }
    // What fills the last character up is nothing but zeros, and less than a character.
    (bits < 5 && held & ((1 << bits) - 1) == 0).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinamori_model::CalendarDate;
    use proptest::prelude::*;

    fn key() -> SealKey {
        SealKey::from_bytes(&[3; 32])
    }

    fn slip() -> TransferSlip {
        TransferSlip {
            is_drill: false,
            at: UnixMillis::new(1_791_730_800_000),
            record: RecordId::from_bytes([1; 16]),
            person: PersonId::from_bytes([2; 16]),
            birth: Some(BirthDate::from(CalendarDate::new(1935, 1, 2).unwrap())),
            household: 4,
            needs: vec![NeedKind::Frail, NeedKind::Oxygen, NeedKind::AskedNotAlone],
            town: "汐見町".to_owned(),
            site: "汐見小学校 体育館".to_owned(),
            name: PersonalText::new("浜田 花子"),
            kana: PersonalText::new("ハマダ ハナコ"),
        }
    }

    #[test]
    fn a_slip_is_read_as_it_was_written_and_every_one_is_as_long() {
        let nothing = TransferSlip {
            is_drill: true,
            birth: None,
            household: 0,
            needs: Vec::new(),
            town: String::new(),
            site: String::new(),
            name: PersonalText::new(""),
            kana: PersonalText::new(""),
            ..slip()
        };
        for slip in [slip(), nothing] {
            let code = slip.seal(&key());
            assert_eq!(code.expose().len(), SLIP_LENGTH);
            let read = TransferSlip::read(code.expose()).unwrap();
            assert!(read.slip == slip);
            assert_eq!((read.key, read.box_id()), (key().public(), key().box_id()));
            let typed = format!(" {}\n", code.expose().to_lowercase());
            assert_eq!(TransferSlip::read(&typed.replacen("ht1", "HT1", 1)), Some(read));
        }
        // A code of version 20 takes 970 such characters at level M (ISO/IEC 18004, table 7).
        const { assert!(SLIP_LENGTH <= 970) };
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let long = TransferSlip {
            town: "町".repeat(99),
            site: "体".repeat(99),
            name: PersonalText::new("寿限無".repeat(99)),
            kana: PersonalText::new("ジュゲム".repeat(99)),
            ..slip()
        };
        let read = TransferSlip::read(long.seal(&key()).expose()).unwrap().slip;
        assert_eq!(read.town, "町".repeat(20));
        assert_eq!(read.name.expose(), &format!("{}寿限", "寿限無".repeat(6)));
        assert_eq!((read.site.len(), read.kana.expose().len()), (90, 84));
    }

    #[test]
    fn what_was_changed_is_no_slip() {
        let code = slip().seal(&key());
        let code = code.expose();
        for at in 0..code.len() {
            let mut bent = code.as_bytes().to_vec();
            bent[at] = if bent[at] == b'7' { b'8' } else { b'7' };
            let bent = String::from_utf8(bent).unwrap();
            assert_eq!(TransferSlip::read(&bent), None, "{at}");
        }
        let shorter = code.split_at(code.len() - 1).0;
        for wrong in ["", "HT1", "HM1-0012-0042-C-K7Q2MZ4PXN", shorter, &format!("{code}0")] {
            assert_eq!(TransferSlip::read(wrong), None);
        }
        assert_eq!(TransferSlip::read(&"名".repeat(SLIP_LENGTH / 3)), None);
    }

    #[test]
    fn a_signed_body_in_another_form_is_no_slip() {
        let signed = |bend: &dyn Fn(&mut Vec<u8>)| {
            let mut bytes = slip().body();
            bend(&mut bytes);
            let signature = key().sign(&[DOMAIN, bytes.as_slice()].concat());
            let whole = [bytes.as_slice(), &key().public(), &signature].concat();
            TransferSlip::read(&format!("{PREFIX}{}", to_base32(&whole)))
        };
        assert!(signed(&|_| ()).is_some());
        assert_eq!(signed(&|bytes| bytes[0] = 2), None, "a newer form");
        assert_eq!(signed(&|bytes| bytes[BODY - 1] = 1), None, "more after the end");
        let no_day = |bytes: &mut Vec<u8>| bytes[41..45].copy_from_slice(&19_351_301_u32.to_be_bytes());
        assert_eq!(signed(&no_day), None, "a thirteenth month");
        assert_eq!(signed(&|bytes| bytes[46] = 0xff), None, "needs that have no code yet");
        assert_eq!(signed(&|bytes| bytes[54] = 255), None, "longer than there is room for");
    }

    proptest! {
        #[test]
        fn base_32_comes_back(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            prop_assert_eq!(from_base32(&to_base32(&bytes)), Some(bytes));
        }

        #[test]
        fn no_text_stops_the_reader(text in "[0-9A-Za-z]{0,40}") {
            let _bytes = from_base32(&text);
            prop_assert_eq!(TransferSlip::read(&text), None);
        }
    }
}
