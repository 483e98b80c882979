//! What requests lead to (docs/tv.md §6), the page that asks, and what stands in front of every answer.

use std::io::Write as _;
use std::sync::{Arc, LazyLock};

use hinamori_model::TelevisionAnswer;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Deserialize;

use crate::Teller;
use crate::request::Request;

/// Of the page. Nothing is fetched from elsewhere, and nobody frames it but a page of the same server.
pub const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                          img-src 'self' data:; media-src data:; frame-ancestors 'self'";

/// The content type of everything but the page.
pub(crate) const JSON: &str = "application/json";

/// A file of the page.
pub struct PageFile {
    /// Its path.
    pub path: &'static str,
    /// Its content type.
    pub content_type: &'static str,
    /// All of it.
    pub bytes: &'static [u8],
}

/// The page of a television.
pub static PAGE: [PageFile; 3] = [
    PageFile {
        path: "/tv/",
        content_type: "text/html; charset=utf-8",
        bytes: include_bytes!("../../../sync-server/web/dist/tv.html"),
    },
    PageFile {
        path: "/tv/tv.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../../sync-server/web/dist/tv.js"),
    },
    PageFile {
        path: "/tv/tv.css",
        content_type: "text/css; charset=utf-8",
        bytes: include_bytes!("../../../sync-server/web/dist/tv.css"),
    },
];

/// The headers that keep a page of ours to itself.
pub fn headers(content_type: &'static str, policy: &'static str) -> [(HeaderName, HeaderValue); 5] {
    let fixed = HeaderValue::from_static;
    [
        (header::CONTENT_TYPE, fixed(content_type)),
        (header::CACHE_CONTROL, fixed("no-store")),
        (header::CONTENT_SECURITY_POLICY, fixed(policy)),
        (header::X_CONTENT_TYPE_OPTIONS, fixed("nosniff")),
        (header::REFERRER_POLICY, fixed("no-referrer")),
    ]
}

/// What a request leads to.
pub(crate) enum Reply<T> {
    /// A file of the page.
    File { bytes: &'static [u8], content_type: &'static str },
    /// Nothing but a status, with one header more.
    Status(StatusCode, Option<(HeaderName, &'static str)>),
    /// What the television is told, now or when its revision is another one than this.
    Tell { television: Arc<T>, revision: Option<u64>, list: u32 },
    /// A new television.
    Hello,
    /// What somebody pressed.
    Answer { television: Arc<T>, digest: [u8; 32], answer: TelevisionAnswer },
}

const fn status<T>(status: StatusCode) -> Reply<T> {
    Reply::Status(status, None)
}

/// What `request` leads to.
pub(crate) fn reply<T: Teller>(teller: &T, request: &Request<'_>) -> Reply<T::Television> {
    let not_so = |allowed| Reply::Status(StatusCode::METHOD_NOT_ALLOWED, Some((header::ALLOW, allowed)));
    match (request.path, request.method) {
        ("/tv/wait", "GET") => wait(teller, request),
        ("/tv/wait", _) => not_so("GET"),
        ("/tv/hello", "POST") => Reply::Hello,
        ("/tv/answer", "POST") => answer(teller, request),
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

fn television<T: Teller>(teller: &T, request: &Request<'_>) -> Option<Arc<T::Television>> {
    teller.television(&of_hex(request.token()?)?)
}

/// Thirty-two bytes in hexadecimal.
fn of_hex(text: &str) -> Option<[u8; 32]> {
    let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let bytes: Option<Vec<u8>> =
        pairs.iter().map(|[high, low]| Some((digit(*high)? << 4) | digit(*low)?)).collect();
    bytes.filter(|_| rest.is_empty())?.try_into().ok()
}

fn wait<T: Teller>(teller: &T, request: &Request<'_>) -> Reply<T::Television> {
    let Some(television) = television(teller, request) else { return status(StatusCode::UNAUTHORIZED) };
    let Ok(list) = request.asked("list").map_or(Ok(0), str::parse) else {
        return status(StatusCode::BAD_REQUEST);
    };
    teller.asks(&television, request.asked("set") == Some("off"));
    let revision = teller.revision(&television);
    let is_known = request.asked("seen") == Some(teller.revision_text(revision).as_str());
    Reply::Tell { television, revision: is_known.then_some(revision), list }
}

#[derive(Deserialize)]
struct Answered<'a> {
    message: &'a str,
    answer: &'a str,
}

fn answer<T: Teller>(teller: &T, request: &Request<'_>) -> Reply<T::Television> {
    let Some(television) = television(teller, request) else { return status(StatusCode::UNAUTHORIZED) };
    let read = || {
        let said: Answered<'_> = serde_json::from_slice(request.body).ok()?;
        let answer = TelevisionAnswer::ALL.into_iter().find(|answer| answer.name() == said.answer)?;
        Some((of_hex(said.message)?, answer))
    };
    let Some((digest, answer)) = read() else { return status(StatusCode::BAD_REQUEST) };
    Reply::Answer { television, digest, answer }
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
