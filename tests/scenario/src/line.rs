//! A connection between a box and the server: two sessions and the bytes between them.

use std::collections::VecDeque;

use hinamori_sync::Session;

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
struct Side {
    session: Session,
    coming: VecDeque<u8>,
    /// There may be batches that the other end lacks.
    looks: bool,
}

/// See the module.
pub(crate) struct Line {
    /// The box, by its place in the world.
    pub(crate) at: usize,
    sides: [Side; 2],
}

impl Line {
    /// A connection that was just made, with both sides' hello on its way.
    pub(crate) fn new(at: usize, of_box: (Session, Vec<u8>), of_server: (Session, Vec<u8>)) -> Self {
        let side = |session, coming: Vec<u8>| Side { session, coming: coming.into(), looks: false };
        Self { at, sides: [side(of_box.0, of_server.1), side(of_server.0, of_box.1)] }
    }

    fn side(&mut self, end: End) -> &mut Side {
        let [of_box, of_server] = &mut self.sides;
        match end {
            End::Box => of_box,
            End::Server => of_server,
        }
    }

    pub(crate) fn session(&mut self, end: End) -> &mut Session {
        &mut self.side(end).session
    }

    /// Puts bytes on their way from this end.
    pub(crate) fn send(&mut self, from: End, bytes: Vec<u8>) {
        self.side(from.other()).coming.extend(bytes);
    }

    /// How many bytes are on their way to this end.
    pub(crate) fn coming(&mut self, to: End) -> usize {
        self.side(to).coming.len()
    }

    /// The next bytes that come to this end.
    pub(crate) fn take(&mut self, to: End, most: usize) -> Vec<u8> {
        let coming = &mut self.side(to).coming;
        coming.drain(..most.min(coming.len())).collect()
    }

    /// Whether this end has to look for batches that the other one lacks.
    pub(crate) fn looks(&mut self, end: End) -> &mut bool {
        &mut self.side(end).looks
    }
}
