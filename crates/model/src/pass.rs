//! Passes of relief staff (応援職員証): issued by a leader at a box, read at any box of the town without a link.
//!
//! | Text | What |
//! |---|---|
//! | `HS1-` and 90 characters | base 32 of: kind (1), role (1), whom it stands for (16), until (6), site (16), mark by the town's key (16), two bits empty |
//!
//! The number of four digits that goes with it follows from the same bytes by another use of the town's key. So it stands in no
//! code and in no file, every box can check it, and whoever has only the code cannot find it out but by asking a box.

use crate::{Role, SiteId, StaffId, TownKey, UnixMillis};

const PREFIX: &str = "HS1-";
/// Crockford's base 32: no I, L, O, U.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Bytes before the mark.
const SAID: usize = 40;
const MARK: usize = 16;
/// Characters after the prefix.
const LENGTH: usize = ((SAID + MARK) * 8).div_ceil(5);
/// A time in a pass has 6 bytes: until the year 10889.
const LATEST: u64 = (1 << 48) - 1;

/// What a pass says. Only [`StaffPass::read`] knows whether the town's key says it too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StaffPass {
    /// Whom it stands for.
    pub id: StaffId,
    /// As what.
    pub role: Role,
    /// Until when.
    pub until: UnixMillis,
    /// Where it was issued; it counts at every site of the town.
    pub site: SiteId,
    /// Issued in a drill: it counts in drills only (law 8).
    pub is_drill: bool,
}

impl StaffPass {
    fn said(&self) -> [u8; SAID] {
        let mut said = [0; SAID];
        let until = self.until.get().min(LATEST).to_be_bytes();
        let until = until.iter().skip(2);
        let head = [u8::from(self.is_drill), self.role.code()];
        let bytes = head.iter().chain(self.id.as_bytes()).chain(until).chain(self.site.as_bytes());
        said.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        said
    }

    /// The text of its QR code.
    pub fn code(&self, town: &TownKey) -> String {
        let said = self.said();
        let mark = town.mac16(b"staff pass", &said);
        let digits = said.iter().chain(&mark).flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1));
        let bits: Vec<u8> = digits.collect();
        let digit = |bits: &[u8]| {
            let value = bits.iter().fold(0_usize, |value, bit| value << 1 | usize::from(*bit));
            let value = value << (5_usize.saturating_sub(bits.len()));
            char::from(DIGITS.get(value).copied().unwrap_or(b'0'))
        };
        PREFIX.chars().chain(bits.chunks(5).map(digit)).collect()
    }

    /// The four digits that do what a card's PIN does.
    pub fn number(&self, town: &TownKey) -> String {
        let bits = u128::from_be_bytes(town.mac16(b"staff pass number", &self.said()));
        format!("{:04}", bits % 10_000)
    }

    /// Whether these are its digits. Takes the same time for every wrong one.
    pub fn has_number(&self, town: &TownKey, digits: &str) -> bool {
        let number = self.number(town);
        let differs = number.bytes().zip(digits.bytes()).fold(0, |seen, (one, other)| seen | (one ^ other));
        digits.len() == number.len() && differs == 0
    }

    /// The pass of this town that a text is; `None` for any other text. Small letters, spaces around and the letters that
    /// look like digits (I, L, O) are forgiven.
    pub fn read(text: &str, town: &TownKey) -> Option<Self> {
        let text = text.trim();
        if text.len() != PREFIX.len() + LENGTH || !text.is_ascii() {
            return None;
        }
        let text = text.to_ascii_uppercase();
        let mut bits = Vec::with_capacity(LENGTH * 5);
        for character in text.strip_prefix(PREFIX)?.bytes() {
            let character = match character {
                b'I' | b'L' => b'1',
                b'O' => b'0',
                other => other,
            };
            let value = DIGITS.iter().position(|digit| *digit == character)?;
            bits.extend((0..5).rev().map(|bit| value >> bit & 1 == 1));
        }
        let byte = |bits: &[bool]| bits.iter().fold(0_u8, |value, bit| value << 1 | u8::from(*bit));
        let bytes: Vec<u8> = bits.chunks_exact(8).map(byte).collect();
        let (said, mark) = bytes.split_first_chunk::<SAID>()?;
        let wanted = town.mac16(b"staff pass", said);
        let differs = wanted.iter().zip(mark).fold(0, |seen, (one, other)| seen | (one ^ other));
        // The empty bits at the end too, so that one pass has one text.
        let is_whole = mark.len() == MARK && bits.iter().skip((SAID + MARK) * 8).all(|bit| !bit);
        if differs != 0 || !is_whole {
            return None;
        }
        let (head, rest) = said.split_first_chunk::<2>()?;
        let (id, rest) = rest.split_first_chunk::<16>()?;
        let (until, site) = rest.split_first_chunk::<6>()?;
        let until = until.iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
        let [kind, role] = *head;
        Some(Self {
            id: StaffId::from_bytes(*id),
            role: Role::from_code(role.into())?,
            until: UnixMillis::new(until),
            site: SiteId::from_bytes(site.try_into().ok()?),
            is_drill: match kind {
                0 => false,
                1 => true,
                _ => return None,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOWN: TownKey = TownKey::new([7; 32]);

    fn pass() -> StaffPass {
        StaffPass {
            id: StaffId::from_bytes([0xA5; 16]),
            role: Role::Nurse,
            until: UnixMillis::new(1_791_730_800_000),
            site: SiteId::from_bytes([9; 16]),
            is_drill: false,
        }
    }

    #[test]
    fn every_box_of_the_town_reads_a_pass_and_no_other_town_does() {
        let code = pass().code(&TOWN);
        assert_eq!(code.len(), PREFIX.len() + LENGTH);
        assert_eq!(StaffPass::read(&code, &TOWN), Some(pass()));
        assert_eq!(StaffPass::read(&format!(" {} ", code.to_lowercase()), &TOWN), Some(pass()));
        assert_eq!(StaffPass::read(&code, &TownKey::new([8; 32])), None);
        let drill = StaffPass { is_drill: true, ..pass() };
        assert_eq!(StaffPass::read(&drill.code(&TOWN), &TOWN), Some(drill));
    }

    #[test]
    fn no_changed_character_makes_another_pass() {
        let code = pass().code(&TOWN);
        for place in PREFIX.len()..code.len() {
            for digit in DIGITS {
                let mut bent = code.clone().into_bytes();
                if bent[place] == *digit {
                    continue;
                }
                bent[place] = *digit;
                assert_eq!(StaffPass::read(&String::from_utf8(bent).unwrap(), &TOWN), None, "{place}");
            }
            let cut: String = code.chars().take(place).collect();
            assert_eq!(StaffPass::read(&cut, &TOWN), None);
        }
        for odd in ["", "HS1-", "ＨＳ１", &"é".repeat(48)] {
            assert_eq!(StaffPass::read(odd, &TOWN), None);
        }
    }

    #[test]
    fn the_number_is_another_one_for_every_pass_and_stands_not_in_the_code() {
        let number = pass().number(&TOWN);
        assert!(number.len() == 4 && pass().has_number(&TOWN, &number));
        let next = |digit: u8| char::from(b'0' + (digit - b'0' + 1) % 10);
        let other: String = number.bytes().map(next).collect();
        let short: String = number.chars().skip(1).collect();
        for wrong in ["", "12", &short, &format!("{number}0"), &other] {
            assert!(!pass().has_number(&TOWN, wrong), "{wrong}");
        }
        assert_ne!(number, StaffPass { role: Role::Leader, ..pass() }.number(&TOWN));
        assert_ne!(number, pass().number(&TownKey::new([8; 32])));
    }
}
