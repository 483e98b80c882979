//! Length-delimited frames: `u32` big-endian length, then JSON.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The largest frame in bytes: a leader's list of two thousand lines fits, a flood does not.
pub const MAXIMUM_FRAME: usize = 1 << 20;

/// Why bytes on the socket are no message.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The peer announces a frame that is too long.
    #[error("a frame of {length} bytes is over the maximum of {MAXIMUM_FRAME}")]
    TooLong {
        /// Bytes announced.
        length: usize,
    },
    /// The frame is not a message of this version.
    #[error("the frame is no message of this protocol")]
    NotAMessage(#[source] serde_json::Error),
}

/// One message as a frame.
///
/// # Errors
/// [`FrameError`] when it would be over [`MAXIMUM_FRAME`].
pub fn encode(message: &impl Serialize) -> Result<Vec<u8>, FrameError> {
    let mut frame = vec![0; 4];
    serde_json::to_writer(&mut frame, message).map_err(FrameError::NotAMessage)?;
    let length = frame.len().saturating_sub(4);
    let announced = u32::try_from(length).unwrap_or(u32::MAX);
    if length > MAXIMUM_FRAME {
        return Err(FrameError::TooLong { length });
    }
    frame.splice(..4, announced.to_be_bytes());
    Ok(frame)
}

/// The message of one frame's body.
///
/// # Errors
/// [`FrameError::NotAMessage`].
pub fn decode<M: DeserializeOwned>(body: &[u8]) -> Result<M, FrameError> {
    serde_json::from_slice(body).map_err(FrameError::NotAMessage)
}

/// Cuts a byte stream into frames. Feed it what was read, take frame bodies until `None`.
#[derive(Debug, Default)]
pub struct Frames {
    pending: Vec<u8>,
}

impl Frames {
    /// Adds bytes as they arrived.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
    }

    /// The next complete frame's body.
    ///
    /// # Errors
    /// [`FrameError::TooLong`]: the stream cannot be followed any more.
    pub fn next_body(&mut self) -> Result<Option<Vec<u8>>, FrameError> {
        let Some((announced, rest)) = self.pending.split_first_chunk::<4>() else { return Ok(None) };
        let length = usize::try_from(u32::from_be_bytes(*announced)).unwrap_or(usize::MAX);
        if length > MAXIMUM_FRAME {
            return Err(FrameError::TooLong { length });
        }
        let Some(body) = rest.get(..length).map(<[u8]>::to_vec) else { return Ok(None) };
        self.pending.drain(..length.saturating_add(4));
        Ok(Some(body))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FromKiosk, PROTOCOL};
    use hinamori_model::LaneId;

    #[test]
    fn frames_survive_any_cut_of_the_stream() {
        let hello = FromKiosk::Hello { protocol: PROTOCOL, lane: LaneId(1) };
        let mut stream = encode(&hello).unwrap();
        stream.extend(encode(&hello).unwrap());
        let mut frames = Frames::default();
        let mut seen = 0;
        for byte in stream {
            frames.feed(&[byte]);
            while let Some(body) = frames.next_body().unwrap() {
                assert_eq!(decode::<FromKiosk>(&body).unwrap(), hello);
                seen += 1;
            }
        }
        assert_eq!(seen, 2);
    }

    #[test]
    fn a_flood_is_refused_before_it_is_stored() {
        let mut frames = Frames::default();
        frames.feed(&u32::MAX.to_be_bytes());
        assert!(matches!(frames.next_body(), Err(FrameError::TooLong { .. })));
    }
}
