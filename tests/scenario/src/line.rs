//! A connection between a box and the server: two sessions and the bytes between them, each of which takes its time. An end that is gone hears
//! nothing more; what it had sent still comes, so that an older connection and a newer one overlap.

use std::collections::VecDeque;

use hinamori_model::UnixMillis;
use hinamori_store_sqlite::Place;
use hinamori_sync::{HandOverDigest, Session};

use crate::dice::Dice;

/// How long bytes are on their way at least, by the kind of link: at once, over a satellite, over a link that stalls.
const DELAYS: [u64; 3] = [0, 20_000, 90_000];
/// How much longer those take that got lost once.
const LOST: u64 = 240_000;

/// Which end of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum End {
    Box,
    Server,
}

impl End {
    pub(crate) const fn other(self) -> Self {
        match self {
            Self::Box => Self::Server,
            Self::Server => Self::Box,
        }
    }
}

/// One end: its session, and what is on its way to it.
#[derive(Default)]
struct Side {
    /// `None` at a server that nothing has come to yet.
    session: Option<Session>,
    /// In the order in which it was sent, with when it comes.
    coming: VecDeque<(UnixMillis, Vec<u8>)>,
    /// There may be batches that the other end lacks.
    looks: bool,
    is_gone: bool,
    /// How far the other end was told of this one's keys.
    keys_told: Option<Place>,
    /// The piece that it handed over last.
    piece: Option<HandOverDigest>,
}

/// See the module.
pub(crate) struct Line {
    /// The box, by its place in the world.
    pub(crate) at: usize,
    sides: [Side; 2],
    delay: u64,
    /// Nothing comes through any more, and no end knows.
    is_dead: bool,
}

impl Line {
    /// A connection that a box just made; its hello is still to be sent.
    pub(crate) fn new(at: usize, session: Session, dice: &mut Dice) -> Self {
        let of_box = Side { session: Some(session), ..Side::default() };
        let delay = dice.one_of(&DELAYS).copied().unwrap_or(0);
        Self { at, sides: [of_box, Side::default()], delay, is_dead: false }
    }

    fn side(&mut self, end: End) -> &mut Side {
        let [of_box, of_server] = &mut self.sides;
        match end {
            End::Box => of_box,
            End::Server => of_server,
        }
    }

    /// `None` where nobody is.
    pub(crate) fn session(&mut self, end: End) -> Option<&mut Session> {
        let side = self.side(end);
        side.session.as_mut().filter(|_| !side.is_gone)
    }

    /// The server takes the connection.
    pub(crate) fn accept(&mut self, session: Session) {
        self.side(End::Server).session = Some(session);
    }

    /// Whether the server has not heard of it yet.
    pub(crate) fn is_new(&mut self) -> bool {
        let side = self.side(End::Server);
        side.session.is_none() && !side.is_gone
    }

    /// Puts bytes on their way from this end.
    pub(crate) fn send(&mut self, from: End, bytes: Vec<u8>, now: UnixMillis, dice: &mut Dice) {
        let lost = if self.delay > 0 && dice.once_in(8) { LOST } else { 0 };
        let (comes, is_dead) = (now.plus(self.delay.saturating_add(lost)), self.is_dead);
        let to = self.side(from.other());
        if !bytes.is_empty() && !to.is_gone && !is_dead {
            let before = to.coming.back().map_or(comes, |(before, _)| *before);
            to.coming.push_back((comes.max(before), bytes));
        }
    }

    /// How many bytes are on their way to this end.
    pub(crate) fn coming(&mut self, to: End) -> usize {
        self.side(to).coming.iter().map(|(_, bytes)| bytes.len()).sum()
    }

    /// The next bytes that come to this end until then.
    pub(crate) fn take(&mut self, to: End, most: usize, until: UnixMillis) -> Vec<u8> {
        let (mut taken, coming) = (Vec::new(), &mut self.side(to).coming);
        while let Some((_, bytes)) = coming.front_mut().filter(|(comes, _)| *comes <= until) {
            let rest = bytes.split_off(most.saturating_sub(taken.len()).min(bytes.len()));
            taken.append(bytes);
            if !rest.is_empty() {
                *bytes = rest;
                break;
            }
            drop(coming.pop_front());
        }
        taken
    }

    /// Whether this end has to look for batches that the other one lacks.
    pub(crate) fn looks(&mut self, end: End) -> &mut bool {
        &mut self.side(end).looks
    }

    /// How far the other end was told of this one's keys.
    pub(crate) fn keys_told(&mut self, end: End) -> &mut Option<Place> {
        &mut self.side(end).keys_told
    }

    /// The piece that the box handed over last.
    pub(crate) fn piece(&mut self) -> &mut Option<HandOverDigest> {
        &mut self.side(End::Box).piece
    }

    /// This end is gone. What is on its way to it comes to nobody.
    pub(crate) fn leave(&mut self, end: End) {
        let side = self.side(end);
        (side.is_gone, side.looks) = (true, false);
        side.coming.clear();
    }

    /// The link dies: of what is on its way to this end only the first bytes still come, wherever that cuts a frame.
    pub(crate) fn cut(&mut self, to: End, dice: &mut Dice) {
        let kept = dice.below(self.coming(to).saturating_add(1));
        let first = self.take(to, kept, UnixMillis::new(u64::MAX));
        self.is_dead = true;
        let coming = &mut self.side(to).coming;
        coming.clear();
        coming.push_back((UnixMillis::new(0), first));
    }

    /// Whether nobody will hear anything of it any more.
    pub(crate) fn is_over(&mut self) -> bool {
        let is_done = |line: &mut Self, end: End| {
            line.side(end).is_gone || (line.side(end.other()).is_gone && line.coming(end) == 0)
        };
        is_done(self, End::Box) && is_done(self, End::Server)
    }
}
