//! The way to a server: real TLS on the loopback, and slow peers in test time.

use std::pin::Pin;
use std::sync::mpsc::Receiver;
use std::task::{Context, Poll};

use hinamori_net_tls::{PeerBox, enrol};
use hinamori_sync::SealKey;

use super::*;
use crate::core::inbox;
use crate::test_town::{SOON, TestTown};

#[test]
fn only_a_connection_that_stood_makes_the_next_try_come_soon() {
    let second = Duration::from_secs(1);
    let mut wait = Duration::ZERO;
    let waits: Vec<f64> = std::iter::repeat_with(|| {
        // Accepted, and closed at once.
        wait = next_wait(wait, second);
        wait.as_secs_f64()
    })
    .take(9)
    .collect();
    assert_eq!(waits, [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]);
    assert_eq!(next_wait(wait, GOOD_CONNECTION - second), LONGEST_WAIT);
    assert_eq!(next_wait(wait, GOOD_CONNECTION), SHORTEST_WAIT);
}

/// Seconds of test time are not waited for.
#[tokio::test(start_paused = true)]
async fn a_message_takes_its_time_as_long_as_bytes_move() {
    let message: Vec<u8> = (0..=u8::MAX).cycle().take(1_000).collect();
    let (mut ours, mut theirs) = tokio::io::duplex(100);
    let slow_reader = async {
        let (mut heard, mut piece) = (Vec::new(), [0; 100]);
        loop {
            tokio::time::sleep(PROGRESS_WITHIN - Duration::from_secs(1)).await;
            match theirs.read(&mut piece).await.unwrap() {
                0 => return heard,
                read => heard.extend_from_slice(&piece[..read]),
            }
        }
    };
    let began = Instant::now();
    let writing = async {
        write(&mut ours, &message).await.unwrap();
        // Closes this end.
        drop(ours);
    };
    let ((), heard) = tokio::join!(writing, slow_reader);
    assert_eq!(heard, message);
    assert!(began.elapsed() > 5 * PROGRESS_WITHIN);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_takes_nothing_is_gone() {
    let (mut ours, mut theirs) = tokio::io::duplex(100);
    let took_a_little = async {
        theirs.read_exact(&mut [0; 50]).await.unwrap();
    };
    let began = Instant::now();
    let writing = timeout(2 * PROGRESS_WITHIN, write(&mut ours, &[7; 1_000]));
    let (written, ()) = tokio::join!(writing, took_a_little);
    assert_eq!(written.unwrap().unwrap_err().kind(), io::ErrorKind::TimedOut);
    assert_eq!(began.elapsed().as_secs(), PROGRESS_WITHIN.as_secs());
}

/// Takes bytes, and lets none of them out.
struct Stopped;

impl AsyncWrite for Stopped {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

#[tokio::test(start_paused = true)]
async fn bytes_that_do_not_leave_are_no_progress() {
    let written = timeout(2 * PROGRESS_WITHIN, write(&mut Stopped, &[7; 10])).await.unwrap();
    assert_eq!(written.unwrap_err().kind(), io::ErrorKind::TimedOut);
}

const SEED: [u8; 32] = [1; 32];

async fn enrol_at(town: &TestTown, folder: &Path) {
    let (code, seal_key) = (town.code(), SealKey::from_bytes(&SEED));
    let (joined, ()) = tokio::join!(enrol(&code, &seal_key), town.take_in(Vec::new()));
    joined.unwrap().keep(folder).unwrap();
}

async fn next(events: &Receiver<Event>) -> LinkEvent {
    let event = async {
        loop {
            match events.try_recv() {
                Ok(Event::Link(event)) => return event,
                Ok(other) => panic!("{other:?}"),
                Err(_none_yet) => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    };
    timeout(SOON, event).await.expect("an event of the link")
}

/// Waits until the box stands in a connection with this town; both ends of it.
async fn connected(events: &Receiver<Event>, town: &TestTown) -> (UnboundedSender<Vec<u8>>, PeerBox) {
    let LinkEvent::Enrolled { town_root } = next(events).await else { panic!("not enrolled first") };
    assert_eq!(town_root, town.code().town_root);
    let peer = town.visitor().await;
    let LinkEvent::Up { out } = next(events).await else { panic!("not connected next") };
    (out, peer)
}

#[tokio::test]
async fn a_second_enrolment_takes_over_also_while_connected() {
    let (first, second) = (TestTown::new([1; 32]).await, TestTown::new([2; 32]).await);
    let (parent, (inbox, events)) = (tempfile::tempdir().unwrap(), inbox());
    let folder = parent.path().join("identity");
    let link = tokio::spawn(run(folder.clone(), inbox));
    enrol_at(&first, &folder).await;
    // Held, so that only the link ends it.
    let _first_line = connected(&events, &first).await;
    enrol_at(&first, &folder).await;
    assert!(matches!(next(&events).await, LinkEvent::Down), "a renewed certificate");
    let _second_line = connected(&events, &first).await;
    enrol_at(&second, &folder).await;
    assert!(matches!(next(&events).await, LinkEvent::Down), "another town");
    let (out, mut peer) = connected(&events, &second).await;
    out.send(b"hello".to_vec()).unwrap();
    let mut heard = [0; 5];
    peer.stream.read_exact(&mut heard).await.unwrap();
    assert_eq!((&heard, peer.id), (b"hello", SealKey::from_bytes(&SEED).box_id()));
    link.abort();
}

#[tokio::test(start_paused = true)]
async fn an_identity_that_is_only_gone_ends_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("identity");
    std::fs::write(&file, b"one").unwrap();
    let stamp = IdentityStamp::of(folder.path()).unwrap();
    std::fs::remove_file(&file).unwrap();
    let gone = timeout(100 * LOOK_FOR_IDENTITY, replaced(folder.path(), stamp)).await;
    assert!(gone.is_err());
    std::fs::write(&file, b"three").unwrap();
    timeout(2 * LOOK_FOR_IDENTITY, replaced(folder.path(), stamp)).await.expect("the new one is seen");
}
