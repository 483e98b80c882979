//! The set at the other end of the wire: what it says of itself, how it is woken, and how it is given back.

use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tracing::info;

use crate::bus::{Bus, Own};
use crate::cec::{ALL, AMPLIFIER, Frame, PhysicalAddress, SET, key, opcode};

/// How loud a set at least is while it shows an order, of 100, and the most presses that this may take.
const LOUD: u8 = 30;
const MOST_PRESSES: usize = 30;
/// How often a set is asked to wake before it is left.
const ATTEMPTS: usize = 5;
/// Frames that nobody looked at yet; what somebody floods the wire with beyond that is lost.
const MOST_HEARD: usize = 64;

/// How long each thing may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// A set answers within a second (CEC 9.2).
    pub(crate) answer: Duration,
    /// Between two looks whether it is on by now.
    pub(crate) look: Duration,
    /// How long one attempt to wake it is waited for.
    pub(crate) attempt: Duration,
    /// How long after it came on a set may change its input by itself.
    pub(crate) settle: Duration,
}

impl Pace {
    pub(crate) const REAL: Self = Self {
        answer: Duration::from_secs(1),
        look: Duration::from_millis(700),
        attempt: Duration::from_secs(6),
        settle: Duration::from_secs(8),
    };
}

/// What a set says of its power (CEC table 8: Power Status).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Power {
    On,
    Standby,
    /// On its way to being on.
    Waking,
    /// On its way to standby.
    Ending,
    /// It does not say.
    Unknown,
}

impl Power {
    const fn of(code: u8) -> Self {
        match code {
            0 => Self::On,
            1 => Self::Standby,
            2 => Self::Waking,
            3 => Self::Ending,
            _ => Self::Unknown,
        }
    }

    pub(crate) const fn is_off(self) -> bool {
        match self {
            Self::Standby | Self::Ending => true,
            Self::On | Self::Waking | Self::Unknown => false,
        }
    }
}

/// How a set was before it was woken: how it is given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Before {
    power: Power,
    /// Which input it showed; `None` where nobody said.
    input: Option<PhysicalAddress>,
    volume: Option<Volume>,
}

/// How loud it is, of 100, and whether it is mute.
pub(crate) type Volume = (u8, bool);

impl Before {
    /// With how loud it was, where that was not known yet.
    pub(crate) fn with_volume(self, volume: Option<Volume>) -> Self {
        Self { volume: self.volume.or(volume), ..self }
    }
}

/// What is seen of it now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) power: Power,
    /// Whether it shows us; `None` where nobody said.
    pub(crate) is_ours: Option<bool>,
}

impl Seen {
    pub(crate) const NOTHING: Self = Self { power: Power::Unknown, is_ours: None };

    /// Whether somebody in front of it sees the page; `None` where it does not say.
    pub(crate) const fn shows_us(self) -> Option<bool> {
        match (self.power, self.is_ours) {
            (Power::Standby | Power::Ending | Power::Waking, _) | (_, Some(false)) => Some(false),
            (Power::On, _) => Some(true),
            (Power::Unknown, _) => None,
        }
    }
}

/// What somebody did at the set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// Took it to another input, or switched it off.
    Took,
    /// Pressed the remote control's OK while it showed us.
    Select,
}

/// The set.
pub(crate) struct TelevisionSet {
    bus: Box<dyn Bus>,
    pace: Pace,
    heard: VecDeque<Frame>,
    /// Whether we said that we are what it shows.
    is_active: bool,
    /// It came on by us, and may still change its input by itself: until when.
    settles: Option<Instant>,
}

impl TelevisionSet {
    pub(crate) fn new(bus: Box<dyn Bus>, pace: Pace, is_active: bool) -> Self {
        Self { bus, pace, heard: VecDeque::new(), is_active, settles: None }
    }

    /// Asks whether it is on and what it shows. A set that does not answer is no error.
    ///
    /// # Errors
    /// When the wire is gone; so all of these.
    pub(crate) fn look(&mut self) -> io::Result<Seen> {
        let power = self.power()?;
        let said = self.ask(ALL, opcode::REQUEST_ACTIVE_SOURCE, opcode::ACTIVE_SOURCE)?;
        let own = self.bus.own()?.physical;
        // We answer nobody's question about ourselves.
        let is_ours = match said.as_ref().and_then(|frame| frame.address(0)) {
            Some(input) => Some(Some(input) == own),
            None => self.is_active.then_some(true),
        };
        // It may have been said as the answer, or as somebody changed it: what it means is the same.
        self.heard.extend(said.filter(|_| self.is_active));
        Ok(Seen { power, is_ours })
    }

    /// How it is before it is woken.
    pub(crate) fn before(&mut self) -> io::Result<Before> {
        let power = self.power()?;
        // One that is off shows nothing, and nobody is to wait for the answer.
        let input = if power.is_off() { None } else { self.input()? };
        let volume = if power == Power::On { self.volume()?.map(|(_, volume)| volume) } else { None };
        Ok(Before { power, input, volume })
    }

    /// Wakes it and has it show us, as often as it takes and no longer. Gives how loud it was, which one that was off says only now.
    pub(crate) fn wake(&mut self) -> io::Result<(Power, Option<Volume>)> {
        let mut was_off = false;
        let mut power = Power::Unknown;
        for _ in 0..ATTEMPTS {
            self.show_us()?;
            let until = Instant::now() + self.pace.attempt;
            loop {
                power = self.power()?;
                was_off |= power.is_off() || power == Power::Waking;
                if matches!(power, Power::On | Power::Unknown) || Instant::now() >= until {
                    break;
                }
                std::thread::sleep(self.pace.look);
            }
            if matches!(power, Power::On | Power::Unknown) {
                break;
            }
        }
        if power == Power::On && was_off {
            // Many forget what they were told while they came on.
            self.show_us()?;
        }
        let volume = if power == Power::On { self.be_heard()? } else { None };
        // What it did meanwhile is looked at from now on.
        self.settles = (power == Power::On && was_off).then(|| Instant::now() + self.pace.settle);
        info!(?power, "the set was woken");
        Ok((power, volume))
    }

    /// One touch play (CEC 13.1).
    fn show_us(&mut self) -> io::Result<()> {
        let Own { logical, physical } = self.bus.own()?;
        let _whoever_takes_it = self.bus.send(&Frame::new(logical, SET, opcode::IMAGE_VIEW_ON, &[]))?;
        if let Some(physical) = physical {
            self.is_active = true;
            self.bus.send(&Frame::about(logical, ALL, opcode::ACTIVE_SOURCE, physical))?;
        }
        Ok(())
    }

    /// Gives it back as it was: its loudness, then its input or its sleep.
    pub(crate) fn give_back(&mut self, before: Before) -> io::Result<()> {
        let Own { logical, physical } = self.bus.own()?;
        self.settles = None;
        if let Some(wanted) = before.volume {
            self.be_as_loud(wanted)?;
        }
        self.is_active = false;
        if before.power.is_off() {
            for _ in 0..2 {
                self.bus.send(&Frame::new(logical, SET, opcode::STANDBY, &[]))?;
                std::thread::sleep(self.pace.look);
                if self.power()? != Power::On {
                    break;
                }
            }
        } else if let Some(own) = physical {
            // It shows what it likes, or what it showed before where that was known: whatever is there says so itself.
            self.bus.send(&Frame::about(logical, SET, opcode::INACTIVE_SOURCE, own))?;
            if let Some(input) = before.input.filter(|input| *input != own) {
                self.bus.send(&Frame::about(logical, ALL, opcode::SET_STREAM_PATH, input))?;
            }
        }
        info!(?before, "the set was given back");
        Ok(())
    }

    /// What somebody does at the set within this time; answers what it asks.
    pub(crate) fn listen(&mut self, within: Duration) -> io::Result<Option<Act>> {
        let until = Instant::now() + within;
        loop {
            while let Some(frame) = self.heard.pop_front() {
                if let Some(act) = self.understand(&frame)? {
                    return Ok(Some(act));
                }
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            self.heard.extend(self.bus.receive(left)?);
        }
    }

    fn understand(&mut self, frame: &Frame) -> io::Result<Option<Act>> {
        let Own { logical, physical } = self.bus.own()?;
        let Some(code) = frame.opcode() else { return Ok(None) };
        let is_ours = |at: usize| frame.address(at).is_some_and(|input| Some(input) == physical);
        match code {
            opcode::ACTIVE_SOURCE if !is_ours(0) => self.is_taken(),
            opcode::ROUTING_CHANGE if !is_ours(2) => self.is_taken(),
            opcode::SET_STREAM_PATH if !is_ours(0) => self.is_taken(),
            opcode::SET_STREAM_PATH => {
                self.is_active = true;
                self.reply(logical, ALL, opcode::ACTIVE_SOURCE, physical)?;
                Ok(None)
            }
            opcode::STANDBY if frame.from() == SET => {
                self.settles = None;
                Ok(std::mem::take(&mut self.is_active).then_some(Act::Took))
            }
            opcode::KEY_PRESSED if frame.operands() == [key::SELECT] => Ok(Some(Act::Select)),
            opcode::REQUEST_ACTIVE_SOURCE if self.is_active => {
                self.reply(logical, ALL, opcode::ACTIVE_SOURCE, physical)?;
                Ok(None)
            }
            opcode::GIVE_POWER_STATUS if frame.to() == logical => {
                self.bus.send(&Frame::new(logical, frame.from(), opcode::REPORT_POWER_STATUS, &[0]))?;
                Ok(None)
            }
            _ => Ok(None),
        }
    }

    /// Another input is shown. A set that just came on may go to its last one by itself, and is told once more; everything else is a person,
    /// and nobody fights with them.
    fn is_taken(&mut self) -> io::Result<Option<Act>> {
        if !self.is_active {
            return Ok(None);
        }
        if self.settles.take().is_some_and(|until| Instant::now() < until) {
            self.show_us()?;
            return Ok(None);
        }
        self.is_active = false;
        Ok(Some(Act::Took))
    }

    fn reply(&mut self, from: u8, to: u8, code: u8, at: Option<PhysicalAddress>) -> io::Result<()> {
        if let Some(at) = at {
            self.bus.send(&Frame::about(from, to, code, at))?;
        }
        Ok(())
    }

    fn power(&mut self) -> io::Result<Power> {
        let wanted = opcode::REPORT_POWER_STATUS;
        let said = self.ask(SET, opcode::GIVE_POWER_STATUS, wanted)?;
        Ok(said.and_then(|frame| frame.operands().first().copied()).map_or(Power::Unknown, Power::of))
    }

    fn input(&mut self) -> io::Result<Option<PhysicalAddress>> {
        let said = self.ask(ALL, opcode::REQUEST_ACTIVE_SOURCE, opcode::ACTIVE_SOURCE)?;
        Ok(said.and_then(|frame| frame.address(0)))
    }

    /// Who makes the sound, and how loud it is; `None` where nobody says.
    fn volume(&mut self) -> io::Result<Option<(u8, Volume)>> {
        for at in [AMPLIFIER, SET] {
            let said = self.ask(at, opcode::GIVE_AUDIO_STATUS, opcode::REPORT_AUDIO_STATUS)?;
            let status = said.and_then(|frame| frame.operands().first().copied());
            if let Some(status) = status.filter(|status| status & 0x7F <= 100) {
                return Ok(Some((at, (status & 0x7F, status & 0x80 != 0))));
            }
        }
        Ok(None)
    }

    /// So loud that it is heard, and no louder. Gives how loud it was.
    fn be_heard(&mut self) -> io::Result<Option<Volume>> {
        let before = self.volume()?.map(|(_, volume)| volume);
        if let Some((level, _)) = before.filter(|(level, is_mute)| *is_mute || *level < LOUD) {
            self.be_as_loud((level.max(LOUD), false))?;
        }
        Ok(before)
    }

    fn be_as_loud(&mut self, (wanted, is_to_be_mute): Volume) -> io::Result<()> {
        for _ in 0..MOST_PRESSES {
            let Some((at, (level, is_mute))) = self.volume()? else { return Ok(()) };
            let pressed = if is_mute && !is_to_be_mute {
                key::RESTORE_VOLUME
            } else if level < wanted {
                key::VOLUME_UP
            } else if level > wanted {
                key::VOLUME_DOWN
            } else if is_to_be_mute && !is_mute {
                key::MUTE
            } else {
                return Ok(());
            };
            let Own { logical, .. } = self.bus.own()?;
            self.bus.send(&Frame::new(logical, at, opcode::KEY_PRESSED, &[pressed]))?;
            self.bus.send(&Frame::new(logical, at, opcode::KEY_RELEASED, &[]))?;
            if self.volume()?.is_some_and(|(_, now)| now == (level, is_mute)) {
                // It does not go any further.
                return Ok(());
            }
        }
        Ok(())
    }

    /// Asks, and waits for this answer; what else comes is kept.
    fn ask(&mut self, to: u8, question: u8, wanted: u8) -> io::Result<Option<Frame>> {
        let Own { logical, .. } = self.bus.own()?;
        let is_taken = self.bus.send(&Frame::new(logical, to, question, &[]))?;
        if !is_taken && to != ALL {
            return Ok(None);
        }
        let until = Instant::now() + self.pace.answer;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            let Some(frame) = self.bus.receive(left)? else { continue };
            let is_from = to == ALL || frame.from() == to;
            if is_from && frame.opcode() == Some(wanted) {
                return Ok(Some(frame));
            }
            if is_from
                && frame.opcode() == Some(opcode::FEATURE_ABORT)
                && frame.operands().first() == Some(&question)
            {
                return Ok(None);
            }
            if self.heard.len() < MOST_HEARD {
                self.heard.push_back(frame);
            }
        }
    }
}
