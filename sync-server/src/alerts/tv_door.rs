//! The board as televisions see it (docs/tv.md §6). Nobody can learn of another household here: the token is the television's own, and what
//! it gets is its household's.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::thread::JoinHandle;

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use hinamori_model::TelevisionAnswer;
use hinamori_net_tls::BrowserDoor;
use hinamori_store_sqlite::{Answer, AnswerKind};
use hinamori_television_http::{DoorLimits, Doorbell, Later, PAGE, POLICY, PageFile, Teller, headers, serve};
use tokio::runtime::Handle;

use crate::alerts::board::{Board, Receiver, code_text};
use crate::clock::now;
use crate::hex;

/// The page alone: the desk shows it as a preview.
pub(crate) fn page<S: Clone + Send + Sync + 'static>() -> Router<S> {
    PAGE.iter().fold(Router::new(), |router, PageFile { path, content_type, bytes }| {
        router.route(path, get(async || file(content_type, POLICY, bytes)))
    })
}

/// A file of a page.
pub(crate) fn file(content_type: &'static str, policy: &'static str, bytes: &'static [u8]) -> Response {
    (headers(content_type, policy), bytes).into_response()
}

/// Serves televisions on a thread of its own until the board's bell says that the server ends; over TLS where a door
/// says what they are shown.
///
/// # Errors
/// As the system reports.
pub(crate) fn serve_televisions(
    (listener, door): (TcpListener, Option<&BrowserDoor>),
    board: Arc<Board>,
    limits: DoorLimits,
) -> io::Result<JoinHandle<()>> {
    let tls = door.map(BrowserDoor::configuration);
    serve((listener, tls), Arc::new(TownHall { board, runtime: Handle::current() }), limits)
}

/// What waits for the disk is a task here.
struct TownHall {
    board: Arc<Board>,
    runtime: Handle,
}

impl Teller for TownHall {
    type Television = Receiver;
    type Delivery = Answer;

    fn doorbell(&self) -> &Arc<Doorbell> {
        &self.board.doorbell
    }

    fn television(&self, token: &[u8; 32]) -> Option<Arc<Receiver>> {
        self.board.receiver(token)
    }

    fn asks(&self, television: &Receiver, is_off: bool) {
        television.asks(now(), is_off);
    }

    fn revision(&self, television: &Receiver) -> u64 {
        television.revision()
    }

    fn revision_text(&self, revision: u64) -> String {
        self.board.revision_text(revision)
    }

    fn is_bound(&self, television: &Receiver) -> bool {
        television.household().is_some()
    }

    fn tell(&self, television: &Receiver, list: u32, into: &mut Vec<u8>, delivered: &mut Vec<Answer>) {
        self.board.tell(television, list, into, delivered);
    }

    fn deliver(&self, delivered: Vec<Answer>) {
        self.board.deliver(delivered);
    }

    fn hello(&self, reply: Later) {
        let board = Arc::clone(&self.board);
        self.runtime.spawn(async move {
            let (status, text) = take_in(&board).await;
            reply.say(status, text);
        });
    }

    fn answer(&self, television: &Arc<Receiver>, digest: [u8; 32], answer: TelevisionAnswer, reply: Later) {
        let (board, television) = (Arc::clone(&self.board), Arc::clone(television));
        self.runtime.spawn(async move {
            let (status, text) = keep(&board, &television, digest, answer.into()).await;
            reply.say(status, text);
        });
    }
}

/// Takes a television in: status and content of the answer.
async fn take_in(board: &Board) -> (StatusCode, String) {
    match board.hello().await {
        Ok(Some((token, code))) => {
            let (token, code) = (hex::text(&token), code_text(code));
            (StatusCode::OK, format!(r#"{{"token":"{token}","code":"{code}"}}"#))
        }
        Ok(None) => (StatusCode::TOO_MANY_REQUESTS, "{}".to_owned()),
        Err(error) => {
            tracing::error!(%error, "a television was not taken in");
            (StatusCode::SERVICE_UNAVAILABLE, "{}".to_owned())
        }
    }
}

/// Keeps an answer: the same.
async fn keep(
    board: &Board,
    receiver: &Receiver,
    digest: [u8; 32],
    kind: AnswerKind,
) -> (StatusCode, String) {
    match board.answer(receiver, digest, kind).await {
        Ok(Some(at)) => (StatusCode::OK, format!(r#"{{"at":{}}}"#, at.get())),
        Ok(None) => (StatusCode::NOT_FOUND, "{}".to_owned()),
        Err(error) => {
            tracing::error!(%error, "a television's answer is not kept");
            (StatusCode::SERVICE_UNAVAILABLE, "{}".to_owned())
        }
    }
}
