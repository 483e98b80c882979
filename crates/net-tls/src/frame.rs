//! Length-bounded frames of the enrolment exchange: four bytes big-endian, then that many bytes.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use crate::TlsError;

/// Runs `work` for at most `limit`.
pub(crate) async fn within<T>(
    limit: Duration,
    what: &'static str,
    work: impl Future<Output = io::Result<T>>,
) -> Result<T, TlsError> {
    match timeout(limit, work).await {
        Ok(outcome) => outcome.map_err(TlsError::Unreachable),
        Err(_elapsed) => Err(TlsError::Silent { what, seconds: limit.as_secs() }),
    }
}

/// Reads one frame of at most `maximum` bytes. Memory grows with what really comes, not with what the length
/// claims.
pub(crate) async fn read_frame(
    stream: &mut (impl AsyncRead + Unpin),
    maximum: u32,
) -> io::Result<Option<Vec<u8>>> {
    let length = stream.read_u32().await?;
    if length > maximum {
        return Ok(None);
    }
    let mut body = Vec::new();
    let read = stream.take(length.into()).read_to_end(&mut body).await?;
    if u64::try_from(read).unwrap_or(u64::MAX) < u64::from(length) {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Some(body))
}

/// Writes one frame.
pub(crate) async fn write_frame(stream: &mut (impl AsyncWrite + Unpin), body: &[u8]) -> io::Result<()> {
    let length =
        u32::try_from(body.len()).map_err(|_too_long| io::Error::from(io::ErrorKind::InvalidInput))?;
    stream.write_u32(length).await?;
    stream.write_all(body).await?;
    stream.flush().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn frames_round_trip_and_a_longer_or_cut_one_is_refused() {
        let mut bytes = Vec::new();
        write_frame(&mut bytes, b"abc").await.unwrap();
        assert_eq!(read_frame(&mut bytes.as_slice(), 3).await.unwrap().as_deref(), Some(b"abc".as_slice()));
        assert_eq!(read_frame(&mut bytes.as_slice(), 2).await.unwrap(), None);
        for cut in 0..bytes.len() {
            assert!(read_frame(&mut &bytes[..cut], 3).await.is_err(), "{cut}");
        }
    }
}
