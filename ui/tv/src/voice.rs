//! Reads aloud what the household is told, by Open JTalk where it is installed: browsers of small boxes have no Japanese voice.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::{info, warn};

/// How often it is said.
const TIMES: usize = 3;
/// The page chimes first.
const CHIME: Duration = Duration::from_secs(7);
const BETWEEN: Duration = Duration::from_millis(1_500);
/// Longer takes no sentence of an alert, however slow the machine.
const LONGEST: Duration = Duration::from_secs(120);
/// Bytes of what is read: more than an instruction's longest text.
const MOST_TEXT: usize = 6_000;
/// Where Debian's packages put a dictionary and a voice.
const DICTIONARY: &str = "/var/lib/mecab/dic/open-jtalk/naist-jdic";
const VOICE: &str = "/usr/share/hts-voice/nitech-jp-atr503-m001/nitech_jp_atr503_m001.htsvoice";

/// The programs that speak.
#[derive(Debug, Clone)]
pub(crate) struct Programs {
    pub(crate) open_jtalk: PathBuf,
    pub(crate) player: PathBuf,
    pub(crate) dictionary: PathBuf,
    pub(crate) voice: PathBuf,
    pub(crate) chime: Duration,
}

impl Programs {
    /// Those of this machine, if all are there.
    pub(crate) fn installed() -> Option<Self> {
        let found = Self {
            open_jtalk: "/usr/bin/open_jtalk".into(),
            player: "/usr/bin/aplay".into(),
            dictionary: DICTIONARY.into(),
            voice: VOICE.into(),
            chime: CHIME,
        };
        let parts = [&found.open_jtalk, &found.player, &found.dictionary, &found.voice];
        match parts.iter().find(|part| !part.exists()) {
            Some(part) => {
                info!(part = %part.display(), "nothing is read aloud: it is not installed");
                None
            }
            None => Some(found),
        }
    }
}

/// See the module. One message is said at a time; a new one ends the one before.
pub(crate) struct Voice {
    programs: Option<Programs>,
    folder: PathBuf,
    /// Counts up with everything that is to be said, or to end.
    turn: Arc<AtomicU64>,
    /// The program of the latest turn. Each has its own, so that one that is over ends nothing of the next.
    speaking: Mutex<Speaking>,
}

/// The program by which something is said now.
type Speaking = Arc<Mutex<Option<Child>>>;

impl Voice {
    /// Puts what is spoken into a file of `folder`.
    pub(crate) fn new(programs: Option<Programs>, folder: &Path) -> Self {
        // What a power cut left: it has the names of people in it.
        for left in speeches(folder) {
            drop(std::fs::remove_file(left));
        }
        Self { programs, folder: folder.to_owned(), turn: Arc::default(), speaking: Mutex::default() }
    }

    /// Ends what is being said.
    pub(crate) fn stop(&self) {
        self.turn.fetch_add(1, Ordering::AcqRel);
        end(&self.speaking());
    }

    fn speaking(&self) -> Speaking {
        Arc::clone(&self.speaking.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Says it three times, behind the page's chime.
    pub(crate) fn say(&self, speech: &str) {
        self.stop();
        let Some(programs) = self.programs.clone().filter(|_| !speech.is_empty()) else { return };
        let turn = self.turn.load(Ordering::Acquire);
        let speaking = Speaking::default();
        *self.speaking.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&speaking);
        let own = Turn { turns: Arc::clone(&self.turn), turn, speaking };
        let (speech, wav) = (speech.to_owned(), self.folder.join(format!("speech-{turn}.wav")));
        let spoken = std::thread::Builder::new().name("voice".to_owned()).spawn(move || {
            if let Err(problem) = own.speak(&programs, &speech, &wav) {
                warn!(error = &problem as &dyn std::error::Error, "nothing is read aloud");
            }
            // It has the names of people in it.
            drop(std::fs::remove_file(&wav));
        });
        if let Err(problem) = spoken {
            warn!(error = &problem as &dyn std::error::Error, "nothing is read aloud");
        }
    }
}

/// What one message is said by.
struct Turn {
    turns: Arc<AtomicU64>,
    turn: u64,
    speaking: Speaking,
}

impl Turn {
    fn is_over(&self) -> bool {
        self.turns.load(Ordering::Acquire) != self.turn
    }

    fn speak(&self, programs: &Programs, speech: &str, wav: &Path) -> io::Result<()> {
        // One line is one sentence for it, and an instruction has none that are longer.
        let text: String = speech.chars().map(|one| if one.is_control() { ' ' } else { one }).collect();
        let text = text.get(..text.floor_char_boundary(MOST_TEXT)).unwrap_or_default();
        let mut command = Command::new(&programs.open_jtalk);
        command.arg("-x").arg(&programs.dictionary).arg("-m").arg(&programs.voice);
        command.args(["-r", "0.85", "-ow"]).arg(wav).stdin(Stdio::piped()).stdout(Stdio::null());
        let began = Instant::now();
        let mut child = command.spawn()?;
        if let Some(mut input) = child.stdin.take() {
            input.write_all(text.as_bytes())?;
            input.write_all(b"\n")?;
        }
        if !self.wait(child)? {
            return Ok(());
        }
        self.rest(programs.chime.saturating_sub(began.elapsed()));
        for _ in 0..TIMES {
            if self.is_over() {
                return Ok(());
            }
            let child = Command::new(&programs.player).arg("-q").arg(wav).stdin(Stdio::null()).spawn()?;
            if !self.wait(child)? {
                return Ok(());
            }
            self.rest(BETWEEN);
        }
        Ok(())
    }

    /// Whether it ended well and the turn is still this one's.
    fn wait(&self, child: Child) -> io::Result<bool> {
        let began = Instant::now();
        *lock(&self.speaking) = Some(child);
        loop {
            let mut speaking = lock(&self.speaking);
            // Whoever stopped it took it away.
            let Some(child) = speaking.as_mut() else { return Ok(false) };
            if let Some(status) = child.try_wait()? {
                *speaking = None;
                return Ok(status.success() && !self.is_over());
            }
            drop(speaking);
            if began.elapsed() > LONGEST || self.is_over() {
                end(&self.speaking);
                return Ok(false);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn rest(&self, pause: Duration) {
        let until = Instant::now() + pause;
        while Instant::now() < until && !self.is_over() {
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

fn speeches(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let is_speech = |path: &PathBuf| {
        path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with("speech-"))
    };
    entries.map(|entry| entry.path()).filter(is_speech).collect()
}

fn lock(speaking: &Mutex<Option<Child>>) -> std::sync::MutexGuard<'_, Option<Child>> {
    speaking.lock().unwrap_or_else(PoisonError::into_inner)
}

fn end(speaking: &Mutex<Option<Child>>) {
    if let Some(mut child) = lock(speaking).take() {
        drop(child.kill());
        drop(child.wait());
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    /// Programs that do what the real ones do with files, without a sound.
    fn programs(folder: &Path) -> Programs {
        let script = |name: &str, text: &str| {
            let path = folder.join(name);
            std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
            path
        };
        Programs {
            // -x DIC -m VOICE -r R -ow FILE
            open_jtalk: script("open_jtalk", "cat >\"$8\""),
            player: script("aplay", &format!("cat \"$2\" >>{}/played", folder.display())),
            dictionary: folder.into(),
            voice: folder.into(),
            chime: Duration::from_millis(50),
        }
    }

    fn wait_until(what: impl Fn() -> bool) -> bool {
        let until = Instant::now() + Duration::from_secs(15);
        while Instant::now() < until && !what() {
            std::thread::sleep(Duration::from_millis(20));
        }
        what()
    }

    #[test]
    fn what_is_told_is_said_three_times_and_left_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        let voice = Voice::new(Some(programs(folder.path())), folder.path());
        voice.say("はまだ さん。\nにげて ください");
        let played = || std::fs::read_to_string(folder.path().join("played")).unwrap_or_default();
        assert!(wait_until(|| played() == "はまだ さん。 にげて ください\n".repeat(3)), "{}", played());
        assert!(wait_until(|| speeches(folder.path()).is_empty()));
    }

    #[test]
    fn what_comes_while_another_is_read_aloud_is_read_aloud() {
        let folder = tempfile::tempdir().unwrap();
        let mut slow = programs(folder.path());
        std::fs::write(&slow.open_jtalk, "#!/bin/sh\nsleep 0.3\ncat >\"$8\"\n").unwrap();
        let player = format!("#!/bin/sh\ncat \"$2\" >>{}/played\nexec sleep 60\n", folder.path().display());
        std::fs::write(&slow.player, player).unwrap();
        slow.chime = Duration::ZERO;
        let voice = Voice::new(Some(slow), folder.path());
        let played = || std::fs::read_to_string(folder.path().join("played")).unwrap_or_default();
        voice.say("つなみ けいほう");
        assert!(wait_until(|| played() == "つなみ けいほう\n"));
        voice.say("おおつなみ けいほう");
        assert!(wait_until(|| played() == "つなみ けいほう\nおおつなみ けいほう\n"), "{}", played());
        voice.stop();
        assert!(wait_until(|| speeches(folder.path()).is_empty()));
    }

    #[test]
    fn what_somebody_answered_is_not_said_on() {
        let folder = tempfile::tempdir().unwrap();
        let mut slow = programs(folder.path());
        std::fs::write(&slow.player, "#!/bin/sh\nexec sleep 60\n").unwrap();
        slow.chime = Duration::ZERO;
        let voice = Voice::new(Some(slow), folder.path());
        voice.say("にげて");
        assert!(wait_until(|| lock(&voice.speaking()).is_some()));
        let began = Instant::now();
        voice.stop();
        assert!(lock(&voice.speaking()).is_none() && began.elapsed() < Duration::from_secs(5));
        assert!(wait_until(|| speeches(folder.path()).is_empty()));
    }
}
