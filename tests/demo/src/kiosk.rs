//! A kiosk without a screen: it follows a lane and touches what a person would.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use hinamori_ipc::{
    Answer, AnswerId, Command, Frames, FromKiosk, LaneState, LeaderItem, PROTOCOL, Refusal, Screen, ToKiosk,
    decode, encode,
};
use hinamori_model::LaneId;

/// A tap is answered in milliseconds; a busy machine may need more.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);

/// A connection to one lane of a daemon.
#[derive(Debug)]
pub struct Kiosk {
    stream: UnixStream,
    frames: Frames,
    lane: LaneState,
    refused: Option<Refusal>,
    /// What was told to this kiosk alone.
    reply: Option<ToKiosk>,
}

impl Kiosk {
    /// Connects and waits for the snapshot.
    pub fn connect(socket: &Path, lane: LaneId) -> anyhow::Result<Self> {
        let mut stream = UnixStream::connect(socket).context("connect to the daemon")?;
        stream.set_read_timeout(Some(Duration::from_millis(50)))?;
        stream.write_all(&encode(&FromKiosk::Hello { protocol: PROTOCOL, lane })?)?;
        let mut frames = Frames::default();
        let deadline = Instant::now() + ANSWER_WITHIN;
        while Instant::now() < deadline {
            match next(&mut stream, &mut frames)? {
                Some(ToKiosk::Snapshot(lane)) => {
                    return Ok(Self { stream, frames, lane: *lane, refused: None, reply: None });
                }
                Some(ToKiosk::Hello { protocol }) if protocol == PROTOCOL => {}
                Some(other) => bail!("the daemon began with {other:?}"),
                None => {}
            }
        }
        bail!("the daemon sent no snapshot")
    }

    /// The lane as it is now.
    pub fn lane(&mut self) -> anyhow::Result<&LaneState> {
        while self.step()? {}
        Ok(&self.lane)
    }

    /// Touches something.
    pub fn send(&mut self, command: Command) -> anyhow::Result<()> {
        self.refused = None;
        self.stream.write_all(&encode(&FromKiosk::Command(command))?).context("tell the daemon")
    }

    /// The number of the last answer on the screen, to wait for the next one.
    pub fn last_answer(&mut self) -> anyhow::Result<Option<AnswerId>> {
        Ok(match &self.lane()?.screen {
            Screen::Answer(answer) => Some(answer.id),
            Screen::Idle => None,
        })
    }

    /// Waits for an answer that is newer than `last`.
    pub fn answer_after(&mut self, last: Option<AnswerId>) -> anyhow::Result<Answer> {
        self.wait("an answer", |kiosk| match &kiosk.lane.screen {
            Screen::Answer(answer) if last.is_none_or(|last| answer.id > last) => Some(answer.clone()),
            Screen::Answer(_) | Screen::Idle => None,
        })
    }

    /// Waits until the lane is as `wanted`.
    pub fn until(&mut self, what: &str, wanted: impl Fn(&LaneState) -> bool) -> anyhow::Result<()> {
        self.wait(what, |kiosk| wanted(&kiosk.lane).then_some(()))
    }

    /// Sends a command that the daemon has to refuse.
    pub fn refusal_of(&mut self, command: Command) -> anyhow::Result<Refusal> {
        self.send(command)?;
        self.wait("a refusal", |kiosk| kiosk.refused)
    }

    /// Sends a command and waits for what is told to this kiosk alone.
    pub fn ask<T>(&mut self, command: Command, wanted: impl Fn(ToKiosk) -> Option<T>) -> anyhow::Result<T> {
        self.ask_while(command, || Ok(()), wanted)
    }

    /// The same of a command that waits for something else to be done: a card to be held.
    pub fn ask_while<T>(
        &mut self,
        command: Command,
        work: impl FnOnce() -> anyhow::Result<()>,
        wanted: impl Fn(ToKiosk) -> Option<T>,
    ) -> anyhow::Result<T> {
        let what = format!("the reply to {command:?}");
        self.reply = None;
        self.send(command)?;
        work()?;
        self.hear(&what, wanted)
    }

    /// Waits for what is told to this kiosk alone.
    pub fn hear<T>(&mut self, what: &str, wanted: impl Fn(ToKiosk) -> Option<T>) -> anyhow::Result<T> {
        self.wait(what, |kiosk| kiosk.reply.take().and_then(&wanted))
    }

    /// Sends a command and waits for the answer on the lane.
    pub fn answer_to(&mut self, command: Command) -> anyhow::Result<Answer> {
        let last = self.last_answer()?;
        self.send(command)?;
        self.answer_after(last)
    }

    /// あとで確認
    pub fn leader_list(&mut self) -> anyhow::Result<Vec<LeaderItem>> {
        self.ask(Command::ShowLeaderList, |reply| match reply {
            ToKiosk::LeaderList(list) => Some(list),
            _ => None,
        })
    }

    fn wait<T>(&mut self, what: &str, mut probe: impl FnMut(&mut Self) -> Option<T>) -> anyhow::Result<T> {
        let deadline = Instant::now() + ANSWER_WITHIN;
        loop {
            if let Some(value) = probe(self) {
                return Ok(value);
            }
            if Instant::now() >= deadline {
                let refused = self.refused.map_or_else(String::new, |refusal| format!(": {refusal:?}"));
                bail!("waited {} s in vain for {what}{refused}", ANSWER_WITHIN.as_secs());
            }
            self.step()?;
        }
    }

    /// Takes one message, if there is one within the read timeout.
    fn step(&mut self) -> anyhow::Result<bool> {
        let Some(message) = next(&mut self.stream, &mut self.frames)? else { return Ok(false) };
        match message {
            ToKiosk::Changes(changes) => changes.into_iter().for_each(|change| self.lane.apply(change)),
            ToKiosk::Snapshot(lane) => self.lane = *lane,
            ToKiosk::Refused(refusal) => self.refused = Some(refusal),
            ToKiosk::Hello { .. } | ToKiosk::Terminating => {}
            reply => self.reply = Some(reply),
        }
        Ok(true)
    }
}

fn next(stream: &mut UnixStream, frames: &mut Frames) -> anyhow::Result<Option<ToKiosk>> {
    if let Some(body) = frames.next_body()? {
        return Ok(Some(decode(&body)?));
    }
    let mut bytes = [0; 16 * 1024];
    match stream.read(&mut bytes) {
        Ok(0) => bail!("the daemon closed the connection"),
        Ok(length) => {
            frames.feed(bytes.get(..length).unwrap_or_default());
            frames.next_body()?.map(|body| decode(&body)).transpose().map_err(Into::into)
        }
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Ok(None),
        Err(error) => Err(error).context("hear the daemon"),
    }
}
