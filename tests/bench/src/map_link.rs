//! A mobile network between a tablet and the town hall: everything goes through it at so many bits a second and no more, all connections
//! together, and every byte is counted, those of TLS too.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Builder;
use std::time::{Duration, Instant};

/// What goes at once, in bytes: some packets.
const PIECE: usize = 4 << 10;

/// One direction.
struct Way {
    free_at: Mutex<Instant>,
}

pub(crate) struct Link {
    /// Bits a second; 0 for as many as there are.
    rate: AtomicU64,
    /// Bytes that went, both ways.
    bytes: AtomicU64,
    ways: [Way; 2],
}

impl Link {
    /// Takes connections at `at` and leads them to `to`, until the process ends.
    pub(crate) fn open(at: SocketAddr, to: SocketAddr) -> anyhow::Result<Arc<Self>> {
        let listener = TcpListener::bind(at)?;
        let way = || Way { free_at: Mutex::new(Instant::now()) };
        let link = Arc::new(Self { rate: AtomicU64::new(0), bytes: AtomicU64::new(0), ways: [way(), way()] });
        let accepting = Arc::clone(&link);
        Builder::new().name("link".to_owned()).spawn(move || {
            for near in listener.incoming().flatten() {
                let Ok(far) = TcpStream::connect(to) else { continue };
                for [from, to, way] in [[0, 1, 0], [1, 0, 1]] {
                    let ends = [&near, &far];
                    let end = |number: usize| ends.get(number).and_then(|end| end.try_clone().ok());
                    let (Some(from), Some(to)) = (end(from), end(to)) else { continue };
                    let link = Arc::clone(&accepting);
                    // Without a thread the connection hangs, which the browser says.
                    drop(Builder::new().spawn(move || link.carry(from, to, way)));
                }
            }
        })?;
        Ok(link)
    }

    pub(crate) fn set_rate(&self, bits_a_second: u64) {
        self.rate.store(bits_a_second, Ordering::Relaxed);
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    fn carry(&self, mut from: TcpStream, mut to: TcpStream, way: usize) {
        let mut piece = [0; PIECE];
        drop(to.set_nodelay(true));
        while let Ok(length @ 1..) = from.read(&mut piece) {
            self.wait(way, length);
            self.bytes.fetch_add(u64::try_from(length).unwrap_or_default(), Ordering::Relaxed);
            if to.write_all(piece.get(..length).unwrap_or_default()).is_err() {
                break;
            }
        }
        drop(to.shutdown(Shutdown::Write));
    }

    /// Until the line has carried so many bytes.
    fn wait(&self, way: usize, length: usize) {
        let rate = self.rate.load(Ordering::Relaxed);
        let Some(way) = self.ways.get(way).filter(|_| rate > 0) else { return };
        let nanos = u64::try_from(length).unwrap_or_default().saturating_mul(8_000_000_000) / rate;
        let until = {
            let mut free_at = way.free_at.lock().unwrap_or_else(PoisonError::into_inner);
            *free_at = (*free_at).max(Instant::now()) + Duration::from_nanos(nanos);
            *free_at
        };
        std::thread::sleep(until.saturating_duration_since(Instant::now()));
    }
}
