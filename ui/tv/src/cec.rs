//! Frames of HDMI-CEC (HDMI 1.4b, Supplement 1): a header of two addresses, an opcode, operands.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Bytes of a frame at most (CEC 6.1.2).
const LONGEST: usize = 16;

/// The logical address of the set (CEC 10.2).
pub(crate) const SET: u8 = 0;
/// That of an amplifier.
pub(crate) const AMPLIFIER: u8 = 5;
/// To all; as a sender, whoever has no address.
pub(crate) const ALL: u8 = 15;

/// Opcodes (CEC table 7).
pub(crate) mod opcode {
    pub(crate) const FEATURE_ABORT: u8 = 0x00;
    pub(crate) const IMAGE_VIEW_ON: u8 = 0x04;
    pub(crate) const STANDBY: u8 = 0x36;
    pub(crate) const KEY_PRESSED: u8 = 0x44;
    pub(crate) const KEY_RELEASED: u8 = 0x45;
    pub(crate) const GIVE_AUDIO_STATUS: u8 = 0x71;
    pub(crate) const REPORT_AUDIO_STATUS: u8 = 0x7A;
    pub(crate) const ROUTING_CHANGE: u8 = 0x80;
    pub(crate) const ACTIVE_SOURCE: u8 = 0x82;
    pub(crate) const REQUEST_ACTIVE_SOURCE: u8 = 0x85;
    pub(crate) const SET_STREAM_PATH: u8 = 0x86;
    pub(crate) const GIVE_POWER_STATUS: u8 = 0x8F;
    pub(crate) const REPORT_POWER_STATUS: u8 = 0x90;
    pub(crate) const INACTIVE_SOURCE: u8 = 0x9D;
}

/// Keys of a remote control (CEC table 27).
pub(crate) mod key {
    pub(crate) const SELECT: u8 = 0x00;
    pub(crate) const VOLUME_UP: u8 = 0x41;
    pub(crate) const VOLUME_DOWN: u8 = 0x42;
    pub(crate) const MUTE: u8 = 0x65;
    pub(crate) const RESTORE_VOLUME: u8 = 0x66;
}

/// At which input of the set something is: 1.0.0.0 is its first one, 0.0.0.0 itself (CEC 8.7.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PhysicalAddress(pub(crate) u16);

/// A frame.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Frame(Vec<u8>);

impl fmt::Debug for Frame {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes: Vec<String> = self.0.iter().map(|byte| format!("{byte:02X}")).collect();
        out.write_str(&bytes.join(":"))
    }
}

impl Frame {
    /// From one logical address to another one.
    pub(crate) fn new(from: u8, to: u8, opcode: u8, operands: &[u8]) -> Self {
        let mut bytes = vec![from << 4 | (to & 0x0F), opcode];
        bytes.extend(operands.iter().take(LONGEST - 2));
        Self(bytes)
    }

    /// One that says where something is.
    pub(crate) fn about(from: u8, to: u8, opcode: u8, PhysicalAddress(at): PhysicalAddress) -> Self {
        Self::new(from, to, opcode, &at.to_be_bytes())
    }

    /// Reads one; `None` for more or fewer bytes than a frame has.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        (1..=LONGEST).contains(&bytes.len()).then(|| Self(bytes.to_vec()))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    fn header(&self) -> u8 {
        self.0.first().copied().unwrap_or(0xFF)
    }

    pub(crate) fn from(&self) -> u8 {
        self.header() >> 4
    }

    pub(crate) fn to(&self) -> u8 {
        self.header() & 0x0F
    }

    /// `None` for a frame that only asks whether anybody is there.
    pub(crate) fn opcode(&self) -> Option<u8> {
        self.0.get(1).copied()
    }

    pub(crate) fn operands(&self) -> &[u8] {
        self.0.get(2..).unwrap_or_default()
    }

    /// The physical address that begins at the operand `at`.
    pub(crate) fn address(&self, at: usize) -> Option<PhysicalAddress> {
        let bytes = self.operands().get(at..)?.first_chunk::<2>()?;
        Some(PhysicalAddress(u16::from_be_bytes(*bytes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_the_bytes_of_the_standard() {
        let bytes = |frame: Frame| format!("{frame:?}");
        assert_eq!(bytes(Frame::new(4, SET, opcode::IMAGE_VIEW_ON, &[])), "40:04");
        assert_eq!(bytes(Frame::new(ALL, SET, opcode::IMAGE_VIEW_ON, &[])), "F0:04", "without an address");
        let first = PhysicalAddress(0x1000);
        assert_eq!(bytes(Frame::about(4, ALL, opcode::ACTIVE_SOURCE, first)), "4F:82:10:00");
        assert_eq!(bytes(Frame::about(4, SET, opcode::INACTIVE_SOURCE, first)), "40:9D:10:00");
        assert_eq!(bytes(Frame::new(4, SET, opcode::STANDBY, &[])), "40:36");
        assert_eq!(bytes(Frame::new(4, SET, opcode::GIVE_POWER_STATUS, &[])), "40:8F");
        assert_eq!(bytes(Frame::new(4, ALL, opcode::REQUEST_ACTIVE_SOURCE, &[])), "4F:85");
        assert_eq!(bytes(Frame::new(4, SET, opcode::KEY_PRESSED, &[key::VOLUME_UP])), "40:44:41");
    }

    #[test]
    fn a_frame_is_read_as_far_as_it_goes() {
        let routed = Frame::of(&[0x0F, 0x80, 0x10, 0x00, 0x20, 0x00]).unwrap();
        assert_eq!((routed.from(), routed.to(), routed.opcode()), (SET, ALL, Some(opcode::ROUTING_CHANGE)));
        assert_eq!(routed.address(2), Some(PhysicalAddress(0x2000)));
        assert_eq!(routed.address(3), None);
        let poll = Frame::of(&[0x40]).unwrap();
        assert_eq!((poll.opcode(), poll.operands(), poll.address(0)), (None, [].as_slice(), None));
        assert_eq!(Frame::of(&[]), None);
        assert_eq!(Frame::of(&[0; 17]), None);
    }
}
