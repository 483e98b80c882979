//! What televisions ask (docs/tv.md §6), and the page that asks. Nobody can learn of another household here: the token is the
//! television's own, and what it gets is its household's.

use std::io::Write as _;
use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use hinamori_store_sqlite::AnswerKind;
use serde::Deserialize;

use crate::alerts::board::{Board, Receiver, code_text};
use crate::alerts::tv_request::Request;
use crate::clock::now;
use crate::hex;
use crate::web::headers;

/// Nothing is fetched from elsewhere, and nobody frames it but the desk of the same server.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      img-src 'self' data:; media-src data:; frame-ancestors 'self'";

/// The content type of everything but the page.
pub(crate) const JSON: &str = "application/json";

/// A file of the page.
pub(crate) struct PageFile {
    path: &'static str,
    content_type: &'static str,
    bytes: &'static [u8],
}

/// The page: its own door and the desk have the same one.
static PAGE: [PageFile; 3] = [
    PageFile {
        path: "/tv/",
        content_type: "text/html; charset=utf-8",
        bytes: include_bytes!("../../web/dist/tv.html"),
    },
    PageFile {
        path: "/tv/tv.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../web/dist/tv.js"),
    },
    PageFile {
        path: "/tv/tv.css",
        content_type: "text/css; charset=utf-8",
        bytes: include_bytes!("../../web/dist/tv.css"),
    },
];

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

/// What a request leads to.
pub(crate) enum Reply {
    /// A file of the page.
    File { bytes: &'static [u8], content_type: &'static str },
    /// Nothing but a status, with one header more.
    Status(StatusCode, Option<(HeaderName, &'static str)>),
    /// What the television is told, now or when its revision is another one than this.
    Tell { receiver: Arc<Receiver>, revision: Option<u64>, list: u32 },
    /// A new television.
    Hello,
    /// What somebody pressed.
    Answer { receiver: Arc<Receiver>, digest: [u8; 32], kind: AnswerKind },
}

const fn status(status: StatusCode) -> Reply {
    Reply::Status(status, None)
}

/// What `request` leads to.
pub(crate) fn reply(board: &Board, request: &Request<'_>) -> Reply {
    let not_so = |allowed| Reply::Status(StatusCode::METHOD_NOT_ALLOWED, Some((header::ALLOW, allowed)));
    match (request.path, request.method) {
        ("/tv/wait", "GET") => wait(board, request),
        ("/tv/wait", _) => not_so("GET"),
        ("/tv/hello", "POST") => Reply::Hello,
        ("/tv/answer", "POST") => answer(board, request),
        ("/tv/hello" | "/tv/answer", _) => not_so("POST"),
        ("/", "GET" | "HEAD") => {
            Reply::Status(StatusCode::TEMPORARY_REDIRECT, Some((header::LOCATION, "/tv/")))
        }
        (path, method) => match (PAGE.iter().find(|file| file.path == path), method) {
            (Some(PageFile { content_type, bytes, .. }), "GET" | "HEAD") => {
                Reply::File { bytes, content_type }
            }
            (Some(_), _) => not_so("GET, HEAD"),
            (None, _) => status(StatusCode::NOT_FOUND),
        },
    }
}

fn receiver(board: &Board, request: &Request<'_>) -> Option<Arc<Receiver>> {
    board.receiver(&hex::bytes(request.token()?)?)
}

fn wait(board: &Board, request: &Request<'_>) -> Reply {
    let Some(receiver) = receiver(board, request) else { return status(StatusCode::UNAUTHORIZED) };
    let Ok(list) = request.asked("list").map_or(Ok(0), str::parse) else {
        return status(StatusCode::BAD_REQUEST);
    };
    receiver.asks(now(), request.asked("set") == Some("off"));
    let revision = receiver.revision();
    let is_known = request.asked("seen") == Some(board.revision_text(revision).as_str());
    Reply::Tell { receiver, revision: is_known.then_some(revision), list }
}

#[derive(Deserialize)]
struct Answered<'a> {
    message: &'a str,
    answer: &'a str,
}

fn answer(board: &Board, request: &Request<'_>) -> Reply {
    let Some(receiver) = receiver(board, request) else { return status(StatusCode::UNAUTHORIZED) };
    let read = || {
        let Answered { message, answer } = serde_json::from_slice(request.body).ok()?;
        let kind = match answer {
            "shown" => AnswerKind::Shown,
            "going" => AnswerKind::Going,
            "help" => AnswerKind::Help,
            _ => return None,
        };
        Some((hex::bytes(message)?.try_into().ok()?, kind))
    };
    let Some((digest, kind)) = read() else { return status(StatusCode::BAD_REQUEST) };
    Reply::Answer { receiver, digest, kind }
}

/// Takes a television in: status and content of the answer.
pub(crate) async fn take_in(board: &Board) -> (StatusCode, String) {
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
pub(crate) async fn keep(
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

/// What stands in front of every answer (RFC 9112 §4).
pub(crate) struct Head {
    pub(crate) status: StatusCode,
    pub(crate) content_type: &'static str,
    pub(crate) extra: Option<(HeaderName, &'static str)>,
    pub(crate) length: usize,
    pub(crate) stays: bool,
}

/// The headers of all answers of one kind.
fn fixed_headers(content_type: &'static str) -> String {
    let lines = headers(content_type, POLICY);
    let lines =
        lines.iter().map(|(name, value)| format!("{name}: {}\r\n", value.to_str().unwrap_or_default()));
    lines.collect()
}

/// Of what nearly all answers are.
static FIXED_OF_JSON: LazyLock<String> = LazyLock::new(|| fixed_headers(JSON));

impl Head {
    /// Writes it behind `into`. `date` is the time as RFC 9110 §5.6.7 has it.
    pub(crate) fn write(&self, date: &str, into: &mut Vec<u8>) {
        let reason = self.status.canonical_reason().unwrap_or_default();
        let (status, length) = (self.status.as_str(), self.length);
        // Memory takes everything.
        let mut put = |text: std::fmt::Arguments<'_>| into.write_fmt(text).unwrap_or_default();
        put(format_args!("HTTP/1.1 {status} {reason}\r\ndate: {date}\r\ncontent-length: {length}\r\n"));
        if !self.stays {
            put(format_args!("connection: close\r\n"));
        }
        if let Some((name, value)) = &self.extra {
            put(format_args!("{name}: {value}\r\n"));
        }
        if self.content_type == JSON {
            into.extend_from_slice(FIXED_OF_JSON.as_bytes());
        } else {
            into.extend_from_slice(fixed_headers(self.content_type).as_bytes());
        }
        into.extend_from_slice(b"\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_has_the_headers_that_keep_a_page_to_itself() {
        let mut written = Vec::new();
        let head = Head {
            status: StatusCode::METHOD_NOT_ALLOWED,
            content_type: "application/json",
            extra: Some((header::ALLOW, "GET")),
            length: 2,
            stays: false,
        };
        head.write("Fri, 27 Nov 2026 13:00:00 GMT", &mut written);
        let text = String::from_utf8(written).unwrap();
        let lines: Vec<&str> = text.split("\r\n").collect();
        assert_eq!(lines[0], "HTTP/1.1 405 Method Not Allowed");
        for wanted in [
            "date: Fri, 27 Nov 2026 13:00:00 GMT",
            "content-length: 2",
            "connection: close",
            "allow: GET",
            "content-type: application/json",
            "cache-control: no-store",
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
        ] {
            assert!(lines.contains(&wanted), "{wanted}");
        }
        assert!(text.contains("frame-ancestors 'self'") && text.ends_with("\r\n\r\n"));
        let stays = Head { stays: true, extra: None, ..head };
        let mut written = Vec::new();
        stays.write("", &mut written);
        assert!(!String::from_utf8(written).unwrap().contains("connection:"));
    }
}
