//! A daemon that says what the test wants, over a real socket.

use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::Duration;

use hinamori_ipc::{
    Command, Frames, FromKiosk, LaneChange, LaneState, PROTOCOL, Screen, ToKiosk, decode, encode,
};
use hinamori_model::LaneId;

const PATIENCE: Duration = Duration::from_secs(30);

/// One kiosk's connection, from the daemon's side.
#[derive(Debug)]
pub(super) struct Scripted {
    stream: UnixStream,
    frames: Frames,
}

impl Scripted {
    /// Waits for a kiosk at `socket`, greets it and sends the snapshot.
    pub(super) fn serve(socket: &Path, lane: &LaneState) -> Self {
        // A daemon that was killed left its socket behind.
        std::fs::remove_file(socket).ok();
        let listener = UnixListener::bind(socket).expect("the socket");
        let (stream, _) = listener.accept().expect("a kiosk");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        let mut this = Self { stream, frames: Frames::default() };
        assert_eq!(this.hear(), FromKiosk::Hello { protocol: PROTOCOL, lane: LaneId(1) });
        this.say(&ToKiosk::Hello { protocol: PROTOCOL });
        this.say(&ToKiosk::Snapshot(Box::new(lane.clone())));
        this
    }

    /// Says something.
    pub(super) fn say(&mut self, message: &ToKiosk) {
        self.stream.write_all(&encode(message).expect("a frame")).expect("the kiosk reads");
    }

    /// A record is durable: the screen shows its answer.
    pub(super) fn commit(&mut self, screen: Screen) {
        self.say(&ToKiosk::Changes(vec![LaneChange::Screen(screen)]));
    }

    /// The next command.
    pub(super) fn next_command(&mut self) -> Command {
        match self.hear() {
            FromKiosk::Command(command) => command,
            FromKiosk::Hello { .. } => panic!("a second hello"),
        }
    }

    fn hear(&mut self) -> FromKiosk {
        let mut bytes = [0; 4_096];
        loop {
            if let Some(body) = self.frames.next_body().expect("frames") {
                return decode(&body).expect("a message");
            }
            let length = self.stream.read(&mut bytes).expect("the kiosk says something in time");
            assert!(length > 0, "the kiosk hung up");
            self.frames.feed(bytes.get(..length).unwrap_or_default());
        }
    }
}
