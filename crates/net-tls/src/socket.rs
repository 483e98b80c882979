//! How a TCP connection is set before anything is sent.

use std::io;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;

/// A quiet link is asked after this long whether it still stands: mobile networks forget an idle
/// connection after some minutes, and a ping more often than once a minute costs a thin link too much.
const QUIET: Duration = Duration::from_secs(60);
const ASK_AGAIN: Duration = Duration::from_secs(15);
const ASKS: u32 = 4;
/// Sent bytes that nobody acknowledges for this long end the connection. A link with 30 % loss and 300 ms
/// each way still gets through.
const UNACKNOWLEDGED: Duration = Duration::from_secs(90);

/// Small frames leave at once, and a dead peer is noticed within two minutes.
pub(crate) fn set_up(stream: &TcpStream) -> io::Result<()> {
    let socket = SockRef::from(stream);
    socket.set_tcp_nodelay(true)?;
    let keepalive = TcpKeepalive::new().with_time(QUIET).with_interval(ASK_AGAIN).with_retries(ASKS);
    socket.set_tcp_keepalive(&keepalive)?;
    socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED))
}
