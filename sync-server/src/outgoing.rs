//! Bytes on their way to a box. A box that takes nothing costs a bounded piece of memory and is given up.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, timeout_at};

/// Bytes over which nothing more is looked up for the box.
const ENOUGH: usize = 256 << 10;
/// Bytes over which the box is not listened to either: a package of 16 MiB and answers.
const BEARABLE: usize = 24 << 20;

/// What still has to leave.
#[derive(Debug)]
pub(crate) struct Outgoing {
    bytes: Vec<u8>,
    taken: usize,
    flushed: bool,
    /// When the box last took something, or there was nothing to take.
    moved: Instant,
    patience: Duration,
}

impl Outgoing {
    /// Begins with `bytes`; a box that takes nothing for as long as `patience` is given up.
    pub(crate) fn new(bytes: Vec<u8>, patience: Duration) -> Self {
        Self { flushed: bytes.is_empty(), bytes, taken: 0, moved: Instant::now(), patience }
    }

    /// Adds bytes.
    pub(crate) fn push(&mut self, bytes: Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        if !self.is_waiting() {
            self.moved = Instant::now();
        }
        self.flushed = false;
        if self.left() == 0 {
            (self.bytes, self.taken) = (bytes, 0);
        } else {
            self.bytes.drain(..self.taken.min(self.bytes.len()));
            self.taken = 0;
            self.bytes.extend(bytes);
        }
    }

    fn left(&self) -> usize {
        self.bytes.len().saturating_sub(self.taken)
    }

    /// Whether anything has to leave.
    pub(crate) const fn is_waiting(&self) -> bool {
        !self.flushed
    }

    /// Whether more may be looked up for the box.
    pub(crate) fn has_room(&self) -> bool {
        self.left() < ENOUGH
    }

    /// Whether more of the box may be answered.
    pub(crate) fn is_bearable(&self) -> bool {
        self.left() < BEARABLE
    }

    /// Sends until everything left. Dropping the future loses and repeats nothing.
    ///
    /// # Errors
    /// The connection's; `None` when the box takes nothing any more.
    pub(crate) async fn leave(
        &mut self,
        to: &mut (impl AsyncWrite + Unpin),
    ) -> Result<(), Option<io::Error>> {
        while self.left() > 0 {
            let rest = self.bytes.get(self.taken..).unwrap_or_default();
            match timeout_at(self.given_up_at(), to.write(rest)).await {
                Ok(Ok(0)) => return Err(Some(io::ErrorKind::WriteZero.into())),
                Ok(Ok(length)) => self.taken = self.taken.saturating_add(length),
                Ok(Err(error)) => return Err(Some(error)),
                Err(_elapsed) => return Err(None),
            }
            self.moved = Instant::now();
        }
        match timeout_at(self.given_up_at(), to.flush()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(Some(error)),
            Err(_elapsed) => return Err(None),
        }
        *self = Self::new(Vec::new(), self.patience);
        Ok(())
    }

    fn given_up_at(&self) -> Instant {
        self.moved.checked_add(self.patience).unwrap_or(self.moved)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt;

    #[tokio::test]
    async fn everything_leaves_in_order_however_often_the_future_is_dropped() {
        let (mut here, mut there) = tokio::io::duplex(7);
        let expected: Vec<u8> = (0..200).collect();
        let mut outgoing = Outgoing::new(expected[..90].to_vec(), Duration::from_secs(60));
        let (mut heard, mut piece) = (Vec::new(), [0; 5]);
        let mut later = Some(expected[90..].to_vec());
        while heard.len() < expected.len() {
            if heard.len() >= 60 {
                later.take().into_iter().for_each(|bytes| outgoing.push(bytes));
            }
            tokio::select! {
                biased;
                read = there.read(&mut piece) => heard.extend_from_slice(&piece[..read.unwrap()]),
                sent = outgoing.leave(&mut here), if outgoing.is_waiting() => sent.unwrap(),
            }
        }
        assert_eq!(heard, expected);
        if outgoing.is_waiting() {
            outgoing.leave(&mut here).await.unwrap();
        }
        assert!(!outgoing.is_waiting());
    }

    #[tokio::test]
    async fn a_peer_that_takes_nothing_is_given_up() {
        let (mut here, _there) = tokio::io::duplex(7);
        let patience = Duration::from_millis(50);
        let mut outgoing = Outgoing::new(vec![1; ENOUGH + 7], patience);
        assert!(!outgoing.has_room());
        let began = Instant::now();
        assert!(matches!(outgoing.leave(&mut here).await, Err(None)));
        assert!(began.elapsed() >= patience);
    }
}
