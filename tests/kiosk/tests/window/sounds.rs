//! What is heard, recorded by an ALSA file device: four sounds, each after its commit and at no other time.

use std::path::{Path, PathBuf};
use std::time::Duration;

use hinamori_ipc::{AnswerKind, HoldReason, LaneChange, LaneState, Party, Screen, Sound as Notes, ToKiosk};
use hinamori_kiosk::Volume;
use hinamori_kiosk::sound::samples;
use hinamori_kiosk_tests::lanes::{final_answer, shelter, welcome};
use hinamori_kiosk_tests::panel::{LANDSCAPE, Panel};
use hinamori_sim::pcscd::in_namespace;

use super::display::{Display, Sound};
use super::programs::wait_for;
use super::scripted::Scripted;

/// Longer than the longest sound takes to begin.
const SILENCE: Duration = Duration::from_millis(400);

/// A device that writes what is played into a file.
#[derive(Debug)]
pub(super) struct Recording {
    file: PathBuf,
    configuration: PathBuf,
}

impl Recording {
    pub(super) fn into(folder: &Path) -> Self {
        let (file, configuration) = (folder.join("heard.raw"), folder.join("asound.conf"));
        let device = format!(
            "pcm.recorded {{ type file slave.pcm {{ type null }} file \"{}\" format raw }}\n",
            file.display()
        );
        std::fs::write(&configuration, device).expect("ALSA's configuration");
        Self { file, configuration }
    }

    pub(super) fn device(&self) -> Sound {
        Sound::Into { configuration: self.configuration.clone() }
    }

    /// Everything that was heard since the device was opened. A kiosk that starts opens it anew.
    pub(super) fn heard(&self) -> Vec<u8> {
        std::fs::read(&self.file).unwrap_or_default()
    }

    /// Waits for `length` bytes and for silence after them.
    fn heard_all(&self, length: usize) -> Vec<u8> {
        wait_for("a sound", || (self.heard().len() >= length).then_some(()));
        std::thread::sleep(SILENCE);
        self.heard()
    }
}

fn bytes_of(notes: Notes) -> Vec<u8> {
    samples(notes, Volume::default()).into_iter().flat_map(i16::to_le_bytes).collect()
}

#[test]
fn four_sounds_follow_their_commits_and_nothing_else() {
    in_namespace("window::sounds::four_sounds_follow_their_commits_and_nothing_else", || {
        let folder = tempfile::tempdir().expect("a folder");
        let (socket, recording) = (folder.path().join("kiosk.sock"), Recording::into(folder.path()));
        let display = Display::start(folder.path());
        let _kiosk = display.open_kiosk(&socket, &recording.device());

        // A snapshot shows an answer that somebody else gave before: silence.
        let before = LaneState { screen: final_answer(1, welcome(Party::Nobody)), ..shelter() };
        let mut daemon = Scripted::serve(&socket, &before);
        display.wait_until_it_shows("the snapshot", &mut Panel::showing(LANDSCAPE, before));
        daemon.say(&ToKiosk::Changes(vec![LaneChange::Here(144)]));
        daemon.commit(final_answer(1, AnswerKind::Done { people: 2 }));
        daemon.commit(Screen::Idle);
        display.wait_until_it_shows(
            "idle",
            &mut Panel::showing(LANDSCAPE, LaneState { here: 144, ..shelter() }),
        );
        std::thread::sleep(SILENCE);
        assert!(recording.heard().is_empty(), "a sound without a commit");

        let kinds = [
            (welcome(Party::Nobody), Notes::Welcome),
            (AnswerKind::Here { name: None }, Notes::Here),
            (AnswerKind::AskStaff, Notes::Ask),
            (AnswerKind::HoldAgain { reason: HoldReason::TornAway }, Notes::Again),
        ];
        let mut expected = Vec::new();
        for (id, (kind, notes)) in (2..).zip(kinds) {
            let before = recording.heard();
            assert_eq!(before, expected, "nothing was heard before the commit of {notes:?}");
            daemon.commit(final_answer(id, kind));
            expected.extend(bytes_of(notes));
            let heard = recording.heard_all(expected.len());
            assert!(heard == expected, "{notes:?}: {} bytes of {}", heard.len(), expected.len());
        }
    });
}

#[test]
fn no_two_sounds_are_alike() {
    let all = [Notes::Welcome, Notes::Here, Notes::Ask, Notes::Again].map(bytes_of);
    for (position, one) in all.iter().enumerate() {
        assert!(all.iter().skip(position + 1).all(|other| one != other));
    }
}
