//! `/dev/cec0`: the kernel's adapter (linux/cec.h, "CEC Kernel Interface Specification").
#![expect(unsafe_code, reason = "four calls of the kernel, each with the structure that its header names")]

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::time::Duration;

use rustix::io::Errno;
use rustix::ioctl::{Getter, Opcode, Setter, Updater, ioctl, opcode};

use crate::bus::{Bus, Own};
use crate::cec::{ALL, Frame, PhysicalAddress};

/// `struct cec_msg`.
#[repr(C)]
#[derive(Default)]
struct Message {
    sent_at: u64,
    received_at: u64,
    length: u32,
    /// Milliseconds that receiving waits; of sending, how long a reply is waited for: not at all.
    timeout: u32,
    sequence: u32,
    flags: u32,
    bytes: [u8; 16],
    reply: u8,
    receive_status: u8,
    transmit_status: u8,
    counts: [u8; 4],
}

/// `struct cec_log_addrs`.
#[repr(C)]
#[derive(Default)]
struct LogicalAddresses {
    addresses: [u8; 4],
    mask: u16,
    version: u8,
    count: u8,
    vendor: u32,
    flags: u32,
    name: [u8; 15],
    primary_type: [u8; 4],
    address_type: [u8; 4],
    all_types: [u8; 4],
    features: [[u8; 12]; 4],
}

const GET_PHYSICAL: Opcode = opcode::read::<u16>(b'a', 1);
const GET_LOGICAL: Opcode = opcode::read::<LogicalAddresses>(b'a', 3);
const SET_LOGICAL: Opcode = opcode::read_write::<LogicalAddresses>(b'a', 4);
const TRANSMIT: Opcode = opcode::read_write::<Message>(b'a', 5);
const RECEIVE: Opcode = opcode::read_write::<Message>(b'a', 6);
const SET_MODE: Opcode = opcode::write::<u32>(b'a', 9);

/// `CEC_MODE_INITIATOR | CEC_MODE_FOLLOWER`: frames to us and to all come here.
const SEND_AND_HEAR: u32 = 0x11;
/// `CEC_LOG_ADDRS_FL_ALLOW_UNREG_FALLBACK`: with every address of a player taken, the set can still be woken.
/// `CEC_LOG_ADDRS_FL_ALLOW_RC_PASSTHRU`: the remote control's keys become keys of a keyboard, which the page hears.
const FALL_BACK_AND_PASS_KEYS: u32 = 0x03;
const VERSION_1_4: u8 = 5;
const PLAYBACK_DEVICE: u8 = 4;
const PLAYBACK_ADDRESS: u8 = 3;
const ALL_TYPES_PLAYBACK: u8 = 0x10;
const NO_VENDOR: u32 = 0xFFFF_FFFF;
const NAME: &[u8; 15] = b"Hinamori\0\0\0\0\0\0\0";
const TRANSMITTED: u8 = 1;

/// The adapter.
pub(crate) struct DeviceBus(File);

impl DeviceBus {
    /// Opens it as a player on the wire.
    ///
    /// # Errors
    /// As the kernel says; `EBUSY` where another program has it.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file = File::options().read(true).write(true).open(path)?;
        // SAFETY: CEC_S_MODE reads a `__u32`.
        unsafe { ioctl(&file, Setter::<SET_MODE, u32>::new(SEND_AND_HEAR)) }?;
        // SAFETY: CEC_ADAP_G_LOG_ADDRS fills a `struct cec_log_addrs`, of which every pattern of bits is one.
        let known = unsafe { ioctl(&file, Getter::<GET_LOGICAL, LogicalAddresses>::new()) }?;
        if known.count == 0 {
            let mut wanted = LogicalAddresses {
                version: VERSION_1_4,
                count: 1,
                vendor: NO_VENDOR,
                flags: FALL_BACK_AND_PASS_KEYS,
                name: *NAME,
                primary_type: [PLAYBACK_DEVICE, 0, 0, 0],
                address_type: [PLAYBACK_ADDRESS, 0, 0, 0],
                all_types: [ALL_TYPES_PLAYBACK, 0, 0, 0],
                ..LogicalAddresses::default()
            };
            // SAFETY: CEC_ADAP_S_LOG_ADDRS reads and writes a `struct cec_log_addrs`.
            unsafe { ioctl(&file, Updater::<SET_LOGICAL, LogicalAddresses>::new(&mut wanted)) }?;
        }
        Ok(Self(file))
    }
}

impl Bus for DeviceBus {
    fn own(&mut self) -> io::Result<Own> {
        // SAFETY: CEC_ADAP_G_PHYS_ADDR fills a `__u16`.
        let physical = unsafe { ioctl(&self.0, Getter::<GET_PHYSICAL, u16>::new()) }?;
        let physical = Some(PhysicalAddress(physical)).filter(|known| known.0 != 0xFFFF);
        // SAFETY: as in `open`.
        let known = unsafe { ioctl(&self.0, Getter::<GET_LOGICAL, LogicalAddresses>::new()) }?;
        let logical = known.addresses.first().copied().filter(|address| *address < ALL && known.mask != 0);
        Ok(Own { logical: logical.unwrap_or(ALL), physical })
    }

    fn send(&mut self, frame: &Frame) -> io::Result<bool> {
        let mut message = Message { length: 0, ..Message::default() };
        for (to, from) in message.bytes.iter_mut().zip(frame.bytes()) {
            *to = *from;
            message.length += 1;
        }
        // SAFETY: CEC_TRANSMIT reads and writes a `struct cec_msg`.
        match unsafe { ioctl(&self.0, Updater::<TRANSMIT, Message>::new(&mut message)) } {
            Ok(()) => Ok(message.transmit_status & TRANSMITTED != 0),
            // No cable, or a set that is off and told no address: nobody took it.
            Err(Errno::NONET | Errno::INVAL) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn receive(&mut self, within: Duration) -> io::Result<Option<Frame>> {
        // Zero would be for ever.
        let timeout = u32::try_from(within.as_millis()).unwrap_or(u32::MAX).max(1);
        let mut message = Message { timeout, ..Message::default() };
        // SAFETY: CEC_RECEIVE reads and writes a `struct cec_msg`.
        match unsafe { ioctl(&self.0, Updater::<RECEIVE, Message>::new(&mut message)) } {
            Ok(()) => {
                let length = usize::try_from(message.length).unwrap_or_default();
                let bytes = message.bytes.get(..length).ok_or(ErrorKind::InvalidData)?;
                Ok(Frame::of(bytes))
            }
            Err(Errno::TIMEDOUT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the kernel's header makes of its structures, compiled by a C compiler on x86-64.
    #[test]
    fn the_calls_are_the_kernel_s() {
        let numbers = [TRANSMIT, RECEIVE, SET_LOGICAL, GET_LOGICAL, GET_PHYSICAL, SET_MODE];
        let wanted = [0xC038_6105, 0xC038_6106, 0xC05C_6104, 0x805C_6103, 0x8002_6101, 0x4004_6109];
        assert_eq!(numbers, wanted);
        assert_eq!((size_of::<Message>(), size_of::<LogicalAddresses>()), (56, 92));
        assert_eq!(std::mem::offset_of!(Message, bytes), 32);
        assert_eq!(std::mem::offset_of!(Message, transmit_status), 50);
        assert_eq!(std::mem::offset_of!(LogicalAddresses, name), 16);
        assert_eq!(std::mem::offset_of!(LogicalAddresses, features), 43);
    }

    #[test]
    fn a_file_that_is_no_adapter_is_an_error_and_nothing_else() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(DeviceBus::open(file.path()).is_err());
    }
}
