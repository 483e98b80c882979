//! Lists out of rows.

use hinamori_crl::{Crl, Form, Frame, Index, ListKind, Row, Stated, build};

/// 2026-10-12T00:00:00Z.
pub(crate) const DAY: u32 = 1_791_763_200;

/// One entry of a list that is to be made.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Revoked {
    /// Without leading zeros.
    pub(crate) serial: Vec<u8>,
    pub(crate) at: u32,
    pub(crate) reason: Option<u8>,
    /// With an extension that is not known, instead of a reason.
    pub(crate) is_unusual: bool,
}

pub(crate) fn revoked(serial: u64, at: u32, reason: u8) -> Revoked {
    let serial = serial.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
    Revoked { serial, at, reason: Some(reason), is_unusual: false }
}

impl Revoked {
    fn write(&self, out: &mut Vec<u8>) {
        let reason = if self.is_unusual { Some(1) } else { self.reason };
        Row { serial: &self.serial, at: self.at, form: Form::Usual { reason } }.write_der(out).unwrap();
        if self.is_unusual {
            // The object identifier's last byte: invalidityDate instead of reasonCode.
            let byte = out.iter_mut().nth_back(5).unwrap();
            assert_eq!(std::mem::replace(byte, 0x18), 0x15);
        }
    }
}

/// The list of this number.
pub(crate) fn list(number: u8, revoked: &[Revoked]) -> Vec<u8> {
    let algorithm = [0x30, 5, 6, 3, 42, 3, 4];
    let head = [&[2, 1, 1][..], &algorithm, &[0x30, 0], b"\x17\x0D2610120000", &two(number), b"Z"].concat();
    let tail = [&[0xA0, 14, 0x30, 12, 0x30, 10, 6, 3, 0x55, 0x1D, 0x14, 4, 3, 2, 1][..], &[number]].concat();
    let signature = [&algorithm[..], &[3, 33, 0], &[number; 32]].concat();
    let frame = Frame { head: &head, tail: &tail, signature: &signature, has_entries: !revoked.is_empty() };
    let mut entries = Vec::new();
    revoked.iter().for_each(|one| one.write(&mut entries));
    let mut der = Vec::new();
    frame.write_begin(entries.len() as u64, &mut der).unwrap();
    der.extend(entries);
    frame.write_end(&mut der).unwrap();
    der
}

/// Two digits of seconds.
fn two(number: u8) -> [u8; 2] {
    [b'0' + number / 10 % 6, b'0' + number % 10]
}

/// The index of the list of this number.
pub(crate) fn index(number: u8, revoked: &[Revoked]) -> Index<Vec<u8>> {
    let content = [number; 32];
    let stated =
        Stated { kind: ListKind::Complete, issuer: [1; 32], scope: [2; 32], number: &[number], content };
    index_of(number, revoked, &stated)
}

/// The index of a list, and what it is called.
pub(crate) fn index_of(number: u8, revoked: &[Revoked], stated: &Stated<'_>) -> Index<Vec<u8>> {
    let der = list(number, revoked);
    let mut out = Vec::new();
    build(&Crl::parse(&der).unwrap(), stated.kind, &mut out).unwrap().name(stated).unwrap();
    Index::open(out).unwrap()
}

/// Numbers that look random (SplitMix64), from a seed.
pub(crate) fn numbers(mut seed: u64) -> impl FnMut(u64) -> u64 {
    move |below| {
        seed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = seed;
        word = (word ^ word >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ word >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        (word ^ word >> 31) % below
    }
}

/// Bytes of the bits that tell `few` of `all` things from any other so many of them.
pub(crate) fn bound(all: u64, few: u64) -> f64 {
    (0..few).map(|one| ((all - one) as f64 / (few - one) as f64).log2()).sum::<f64>() / 8.0
}
