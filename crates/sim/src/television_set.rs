//! A television set with a recorder beside it, on a wire of HDMI-CEC (HDMI 1.4b, Supplement 1): it takes and says the frames that real ones
//! do, and people press its keys. Over a Unix socket each part is a kind, a length and so many bytes: 0 a frame, 1 whether the frame that came
//! was taken, 2 the other end's logical and physical address.

use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The set's own tuner.
pub const TUNER: u16 = 0x0000;
/// Where the receiver is plugged in.
pub const RECEIVER: u16 = 0x1000;
/// Where the recorder is.
pub const RECORDER: u16 = 0x2000;
const RECEIVER_ADDRESS: u8 = 4;
const RECORDER_ADDRESS: u8 = 1;

/// How a set behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a habit that real sets have or lack")]
pub struct Manner {
    /// It takes frames and answers them; otherwise nobody is there.
    pub answers: bool,
    /// It does as it is told.
    pub obeys: bool,
    /// How long it takes to come on.
    pub comes_on: Duration,
    /// So long after it came on it goes to its recorder by itself.
    pub remembers_recorder: Option<Duration>,
    /// It says how loud it is.
    pub says_volume: bool,
    /// It tells whoever is plugged in where that is (EDID).
    pub tells_address: bool,
}

impl Manner {
    /// As the standard wants it, and at once.
    pub const GOOD: Self = Self {
        answers: true,
        obeys: true,
        comes_on: Duration::ZERO,
        remembers_recorder: None,
        says_volume: true,
        tells_address: true,
    };
}

/// What it is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Power {
    On,
    Standby,
    Coming(Instant),
}

/// What a person does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Press {
    /// The key for power.
    Power,
    /// The key for an input, by its physical address.
    Input(u16),
    /// OK.
    Ok,
}

struct State {
    manner: Manner,
    power: Power,
    input: u16,
    volume: u8,
    is_mute: bool,
    /// When it goes to its recorder by itself.
    goes_at: Option<Instant>,
    /// Every frame that came, as it came.
    heard: Vec<Vec<u8>>,
}

/// The set. A clone is the same one.
#[derive(Clone)]
pub struct TelevisionSet(Arc<(Mutex<State>, Mutex<Option<UnixStream>>)>);

impl TelevisionSet {
    /// On or off, showing an input.
    pub fn new(manner: Manner, is_on: bool, input: u16) -> Self {
        let power = if is_on { Power::On } else { Power::Standby };
        let state =
            State { manner, power, input, volume: 12, is_mute: false, goes_at: None, heard: Vec::new() };
        Self(Arc::new((Mutex::new(state), Mutex::new(None))))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Power::Coming(at) = state.power
            && at <= Instant::now()
        {
            state.power = Power::On;
            state.goes_at = state.manner.remembers_recorder.map(|after| at + after);
        }
        if state.goes_at.is_some_and(|at| at <= Instant::now()) {
            (state.goes_at, state.input) = (None, RECORDER);
            self.say(&frame(RECORDER_ADDRESS, 15, 0x82, &RECORDER.to_be_bytes()));
        }
        state
    }

    /// Whether it is on, and what it shows.
    pub fn shows(&self) -> (bool, u16) {
        let state = self.state();
        (state.power == Power::On, state.input)
    }

    /// How loud it is, of 100, and whether it is mute.
    pub fn sounds(&self) -> (u8, bool) {
        let state = self.state();
        (state.volume, state.is_mute)
    }

    /// Makes it so loud.
    pub fn set_sound(&self, volume: u8, is_mute: bool) {
        let mut state = self.state();
        (state.volume, state.is_mute) = (volume, is_mute);
    }

    /// The frames that came so far.
    pub fn heard(&self) -> Vec<Vec<u8>> {
        self.state().heard.clone()
    }

    /// In a line, for people: 電源, 入力, 音量.
    pub fn line(&self) -> String {
        let state = self.state();
        let power = match state.power {
            Power::On => "on",
            Power::Standby => "off",
            Power::Coming(_) => "coming on",
        };
        let input = match state.input {
            TUNER => "tuner",
            RECEIVER => "receiver",
            _ => "recorder",
        };
        format!("{power} {input} volume {}{}", state.volume, if state.is_mute { " mute" } else { "" })
    }

    /// A person does something.
    pub fn press(&self, press: Press) {
        let mut state = self.state();
        let said = match press {
            Press::Power if state.power == Power::Standby => {
                state.power = Power::On;
                None
            }
            Press::Power => {
                state.power = Power::Standby;
                Some(frame(0, 15, 0x36, &[]))
            }
            Press::Input(to) => {
                let from = std::mem::replace(&mut state.input, to);
                let operands = [from.to_be_bytes(), to.to_be_bytes()];
                Some(frame(0, 15, 0x80, operands.as_flattened()))
            }
            Press::Ok => Some(frame(0, RECEIVER_ADDRESS, 0x44, &[0x00])),
        };
        drop(state);
        said.iter().for_each(|said| self.say(said));
    }

    fn say(&self, frame: &[u8]) {
        self.write(0, frame);
    }

    fn write(&self, kind: u8, bytes: &[u8]) {
        let mut wire = self.0.1.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(stream) = wire.as_mut() {
            let length = u8::try_from(bytes.len()).unwrap_or_default();
            // Whoever hung up hears nothing.
            drop(stream.write_all(&[&[kind, length], bytes].concat()));
        }
    }

    /// Speaks with whoever is at the other end, until they hang up.
    ///
    /// # Errors
    /// As the socket says.
    pub fn serve(&self, mut stream: UnixStream) -> io::Result<()> {
        *self.0.1.lock().unwrap_or_else(PoisonError::into_inner) = Some(stream.try_clone()?);
        let is_told = self.state().manner.tells_address;
        let (address, at) = if is_told { (RECEIVER_ADDRESS, RECEIVER) } else { (15, 0xFFFF) };
        let [high, low] = at.to_be_bytes();
        self.write(2, &[address, high, low]);
        loop {
            let mut head = [0; 2];
            match stream.read_exact(&mut head) {
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
                read => read?,
            }
            let mut bytes = vec![0; usize::from(head[1])];
            stream.read_exact(&mut bytes)?;
            let (is_taken, answers) = self.hear(&bytes);
            self.write(1, &[u8::from(is_taken)]);
            answers.iter().for_each(|answer| self.say(answer));
        }
    }

    /// A frame came; gives whether somebody took it, and what is said then.
    fn hear(&self, bytes: &[u8]) -> (bool, Vec<Vec<u8>>) {
        let mut state = self.state();
        state.heard.push(bytes.to_vec());
        let (Some(header), opcode) = (bytes.first(), bytes.get(1).copied().unwrap_or_default()) else {
            return (false, Vec::new());
        };
        let (to, operands) = (header & 0x0F, bytes.get(2..).unwrap_or_default());
        let at = operands.first_chunk().map(|bytes| u16::from_be_bytes(*bytes));
        if !state.manner.answers || (to != 0 && to != 15) {
            return (false, Vec::new());
        }
        let mut said = Vec::new();
        let obeys = state.manner.obeys;
        match (opcode, at) {
            (0x8F, _) => {
                let status = match state.power {
                    Power::On => 0,
                    Power::Standby => 1,
                    Power::Coming(_) => 2,
                };
                said.push(frame(0, RECEIVER_ADDRESS, 0x90, &[status]));
            }
            (0x04, _) if state.power == Power::Standby && obeys => {
                state.power = Power::Coming(Instant::now() + state.manner.comes_on);
            }
            (0x36, _) if obeys => state.power = Power::Standby,
            // While it comes on it forgets what it is told.
            (0x82, Some(at)) if state.power == Power::On && obeys => state.input = at,
            (0x85, _) if state.power == Power::On => match state.input {
                RECORDER => said.push(frame(RECORDER_ADDRESS, 15, 0x82, &RECORDER.to_be_bytes())),
                TUNER => said.push(frame(0, 15, 0x82, &TUNER.to_be_bytes())),
                _ => {}
            },
            (0x9D, Some(at)) if at == state.input && obeys => state.input = TUNER,
            (0x86, Some(RECORDER)) if obeys => {
                state.input = RECORDER;
                said.push(frame(RECORDER_ADDRESS, 15, 0x82, &RECORDER.to_be_bytes()));
            }
            (0x71, _) if state.manner.says_volume => {
                let status = state.volume | u8::from(state.is_mute) << 7;
                said.push(frame(0, RECEIVER_ADDRESS, 0x7A, &[status]));
            }
            (0x44, _) => match operands.first() {
                Some(0x41) => state.volume = (state.volume + 1).min(100),
                Some(0x42) => state.volume = state.volume.saturating_sub(1),
                Some(0x65) => state.is_mute = true,
                Some(0x66) => state.is_mute = false,
                Some(_) | None => {}
            },
            _ => {}
        }
        (true, said)
    }

    /// Waits until it shows this, and no longer than `most`; gives whether it does.
    pub fn comes_to(&self, is_on: bool, input: u16, most: Duration) -> bool {
        let until = Instant::now() + most;
        loop {
            if self.shows() == (is_on, input) {
                return true;
            }
            if Instant::now() >= until {
                return false;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

fn frame(from: u8, to: u8, opcode: u8, operands: &[u8]) -> Vec<u8> {
    [&[from << 4 | to, opcode], operands].concat()
}
