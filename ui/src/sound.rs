//! Four short sounds, told apart by rhythm as well as pitch, within 400–1,600 Hz for old ears.
//!
//! They are played by a named thread through ALSA. Without a device the kiosk goes on in silence and says
//! so. The thread plays what it is told and nothing else: when to play is decided by
//! [`crate::update()`], after the daemon's commit message.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};

use alsa::pcm::{Access, Format, HwParams, PCM};
use alsa::{Direction, ValueOr};
use hinamori_ipc::Sound;

use crate::{SoundOutput, Volume};

/// Samples a second, mono, 16 bit.
pub const SAMPLE_RATE: u32 = 48_000;
/// Sounds that may wait; more would lag behind the people.
const WAITING: usize = 2;
/// Milliseconds of silence after a sound, so that a device's buffer ends in it.
const TAIL: u32 = 40;
/// ALSA's buffer in microseconds.
const BUFFER: u32 = 100_000;

/// A tone or a rest.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Note {
    /// 0 is a rest.
    hertz: f32,
    millis: u32,
    /// How fast it rings out: 0 holds its level, larger is more like wood.
    decay: f32,
}

const fn note(hertz: f32, millis: u32, decay: f32) -> Note {
    Note { hertz, millis, decay }
}

/// The notes of a sound.
const fn notes(sound: Sound) -> &'static [Note] {
    const REST: Note = note(0.0, 110, 0.0);
    const CALL: Note = note(880.0, 110, 1.0);
    const WELCOME: [Note; 2] = [note(784.0, 110, 0.5), note(1_175.0, 220, 2.0)];
    const HERE: [Note; 1] = [note(587.0, 260, 1.5)];
    const ASK: [Note; 5] = [CALL, REST, CALL, REST, CALL];
    const AGAIN: [Note; 2] = [note(659.0, 90, 6.0), note(440.0, 90, 6.0)];
    match sound {
        Sound::Welcome => &WELCOME,
        Sound::Here => &HERE,
        Sound::Ask => &ASK,
        Sound::Again => &AGAIN,
    }
}

/// The samples of a sound at [`SAMPLE_RATE`].
pub fn samples(sound: Sound, volume: Volume) -> Vec<i16> {
    let mut samples = Vec::new();
    for note in notes(sound) {
        let length = samples_in(note.millis);
        samples.extend((0..length).map(|at| sample(*note, level(volume), at, length)));
    }
    samples.extend(std::iter::repeat_n(0, usize::try_from(samples_in(TAIL)).unwrap_or_default()));
    samples
}

/// Steps of 6 dB and a little more: each is plainly louder than the one before.
const fn level(volume: Volume) -> f32 {
    match volume {
        Volume::Silent => 0.0,
        Volume::Low => 0.18,
        Volume::Middle => 0.4,
        Volume::High => 0.85,
    }
}

const fn samples_in(millis: u32) -> u32 {
    SAMPLE_RATE / 1_000 * millis
}

#[expect(clippy::cast_precision_loss, reason = "a note has fewer than 2^24 samples")]
#[expect(clippy::cast_possible_truncation, reason = "the level is bounded to 16 bits")]
fn sample(note: Note, level: f32, at: u32, length: u32) -> i16 {
    /// Soft attack and release: 8 ms each, without a click.
    const EDGE: f32 = 0.008;
    let seconds = at as f32 / SAMPLE_RATE as f32;
    let left = (length - at) as f32 / SAMPLE_RATE as f32;
    let phase = std::f32::consts::TAU * note.hertz * seconds;
    // A quiet octave above makes a round tone that small speakers still carry.
    let tone = 0.85_f32.mul_add(phase.sin(), 0.15 * (2.0 * phase).sin());
    let envelope = (seconds / EDGE).min(1.0) * (left / EDGE).min(1.0) * (-note.decay * 4.0 * seconds).exp();
    (tone * envelope * level * f32::from(i16::MAX)) as i16
}

/// Told whether a device was found, at the start and when that changes.
pub type Found = Arc<dyn Fn(SoundOutput) + Send + Sync>;

/// What [`Found`] said last, for a frame that does not wait.
#[derive(Debug, Clone, Default)]
pub struct Heard(Arc<Mutex<Option<SoundOutput>>>);

impl Heard {
    /// Notes it.
    pub fn note(&self, output: SoundOutput) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(output);
    }

    /// What was noted since the last call.
    pub fn latest(&self) -> Option<SoundOutput> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The thread that plays. Dropping it lets the last sound end.
#[derive(Debug)]
pub struct Player {
    queue: Option<SyncSender<(Sound, Volume)>>,
    thread: Option<JoinHandle<()>>,
}

impl Player {
    /// Opens `device` on a thread of its own and tells `found` whether it could.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(device: String, found: Found) -> io::Result<Self> {
        let (queue, sounds) = sync_channel(WAITING);
        let thread = Builder::new().name("sound".into()).spawn(move || play_all(&device, &sounds, &found))?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    /// Plays `sound` after those before it. Never waits: a sound that finds the queue full is left out.
    pub fn play(&self, sound: Sound, volume: Volume) {
        if let Some(queue) = &self.queue
            && queue.try_send((sound, volume)).is_err()
        {
            tracing::debug!(?sound, "left out: others are still playing, or there is no device");
        }
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

fn play_all(device: &str, sounds: &Receiver<(Sound, Volume)>, found: &Found) {
    let mut output = open(device);
    found(if output.is_ok() { SoundOutput::Ready } else { SoundOutput::Missing });
    if let Err(error) = &output {
        tracing::warn!(
            error = error as &dyn std::error::Error,
            device,
            "no sound: the kiosk goes on without it"
        );
    }
    while let Ok((sound, volume)) = sounds.recv() {
        let played = match &output {
            Ok(pcm) => play(pcm, sound, volume),
            // Speakers that were plugged in later.
            Err(_) => open(device).and_then(|pcm| {
                play(&pcm, sound, volume)?;
                output = Ok(pcm);
                found(SoundOutput::Ready);
                Ok(())
            }),
        };
        let Err(error) = played else { continue };
        tracing::debug!(error = &error as &dyn std::error::Error, device, "a sound was not played");
        if output.is_ok() {
            output = open(device);
            if output.is_err() {
                found(SoundOutput::Missing);
            }
        }
    }
}

fn open(device: &str) -> alsa::Result<PCM> {
    let pcm = PCM::new(device, Direction::Playback, false)?;
    {
        let parameters = HwParams::any(&pcm)?;
        parameters.set_channels(1)?;
        parameters.set_rate(SAMPLE_RATE, ValueOr::Nearest)?;
        parameters.set_format(Format::s16())?;
        parameters.set_access(Access::RWInterleaved)?;
        parameters.set_buffer_time_near(BUFFER, ValueOr::Nearest)?;
        pcm.hw_params(&parameters)?;
    }
    Ok(pcm)
}

fn play(pcm: &PCM, sound: Sound, volume: Volume) -> alsa::Result<()> {
    pcm.prepare()?;
    let samples = samples(sound, volume);
    let mut rest = samples.as_slice();
    while !rest.is_empty() {
        let written = pcm.io_i16()?.writei(rest)?;
        rest = rest.get(written..).unwrap_or_default();
    }
    pcm.drain()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Sound; 4] = [Sound::Welcome, Sound::Here, Sound::Ask, Sound::Again];

    #[test]
    fn four_sounds_differ_in_rhythm_and_never_clip_or_click() {
        let mut rhythms: Vec<Vec<u32>> =
            ALL.iter().map(|sound| notes(*sound).iter().map(|note| note.millis).collect()).collect();
        rhythms.sort();
        rhythms.dedup();
        assert_eq!(rhythms.len(), 4);
        for sound in ALL {
            let samples = samples(sound, Volume::High);
            assert!(samples.iter().all(|sample| sample.unsigned_abs() < 30_000));
            assert!(samples.iter().any(|sample| sample.unsigned_abs() > 10_000));
            assert!(samples.windows(2).all(|pair| pair[0].abs_diff(pair[1]) < 6_000), "{sound:?}");
        }
    }

    #[test]
    fn a_missing_device_is_told_and_changes_nothing_else() {
        let (told, heard) = sync_channel(1);
        let found: Found = Arc::new(move |output| told.send(output).unwrap());
        let player = Player::start("no-such-device".into(), found).unwrap();
        player.play(Sound::Welcome, Volume::Middle);
        assert_eq!(heard.recv(), Ok(SoundOutput::Missing));
    }
}
