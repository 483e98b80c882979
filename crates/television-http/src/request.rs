//! A television's request as bytes (RFC 9112), for as much of HTTP as televisions need: what is not understood for certain is refused,
//! so that nobody in front of this server reads another request out of the same bytes.

use http::StatusCode;

/// Bytes of a request up to its body.
pub(crate) const MOST_HEAD: usize = 8 << 10;
/// Bytes of a body.
pub(crate) const MOST_BODY: usize = 1_024;
const MOST_HEADERS: usize = 64;

/// What was heard so far.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Heard<'a> {
    /// There is more to come.
    NotAll,
    /// Nothing that comes after it can be understood.
    Refused(StatusCode),
    /// A request, and of how many bytes.
    Request(Request<'a>, usize),
}

/// A request.
#[derive(PartialEq, Eq)]
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    query: &'a str,
    authorization: Option<&'a [u8]>,
    pub(crate) body: &'a [u8],
    /// Whether another one may follow.
    pub(crate) stays: bool,
}

impl std::fmt::Debug for Request<'_> {
    // Its token is a secret.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Request({} {})", self.method, self.path)
    }
}

impl<'a> Request<'a> {
    /// The first value of this name in the query, as it stands there.
    pub(crate) fn asked(&self, name: &str) -> Option<&'a str> {
        let mut pairs = self.query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find_map(|(known, value)| (known == name).then_some(value))
    }

    /// The television's token, in hexadecimal (RFC 6750 §2.1).
    pub(crate) fn token(&self) -> Option<&'a str> {
        std::str::from_utf8(self.authorization?).ok()?.strip_prefix("Bearer ")
    }
}

/// Headers that say where a request ends, or whether there is another one.
#[derive(Default)]
struct Framing<'a> {
    length: Option<usize>,
    hosts: usize,
    authorization: Option<&'a [u8]>,
    is_last: bool,
}

impl<'a> Framing<'a> {
    fn of(headers: &[httparse::Header<'a>]) -> Result<Self, StatusCode> {
        let mut framing = Self::default();
        for header in headers {
            let is = |name: &str| header.name.eq_ignore_ascii_case(name);
            if is("content-length") {
                let digits = std::str::from_utf8(header.value).ok();
                let digits = digits.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
                // Two of them are refused also where they agree: whoever stands in front may have taken either.
                let (Some(digits), None) = (digits.filter(|text| !text.is_empty()), framing.length) else {
                    return Err(StatusCode::BAD_REQUEST);
                };
                let length = digits.parse().ok().filter(|length| *length <= MOST_BODY);
                framing.length = Some(length.ok_or(StatusCode::PAYLOAD_TOO_LARGE)?);
            } else if is("transfer-encoding") {
                return Err(StatusCode::NOT_IMPLEMENTED);
            } else if is("expect") {
                return Err(StatusCode::EXPECTATION_FAILED);
            } else if is("host") {
                framing.hosts = framing.hosts.saturating_add(1);
            } else if is("authorization") {
                if framing.authorization.is_some() {
                    return Err(StatusCode::BAD_REQUEST);
                }
                framing.authorization = Some(header.value);
            } else if is("connection") {
                let options = header.value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
                framing.is_last |= options.into_iter().any(|option| option.eq_ignore_ascii_case(b"close"));
            }
        }
        Ok(framing)
    }
}

/// Reads the first request of `bytes`.
pub(crate) fn hear(bytes: &[u8]) -> Heard<'_> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut parsed = httparse::Request::new(&mut headers);
    let head = match parsed.parse(bytes) {
        Ok(httparse::Status::Complete(head)) if head <= MOST_HEAD => head,
        Ok(httparse::Status::Partial) if bytes.len() < MOST_HEAD => return Heard::NotAll,
        Ok(_) | Err(httparse::Error::TooManyHeaders) => {
            return Heard::Refused(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
        }
        Err(httparse::Error::Version) => return Heard::Refused(StatusCode::HTTP_VERSION_NOT_SUPPORTED),
        Err(_) => return Heard::Refused(StatusCode::BAD_REQUEST),
    };
    let (Some(method), Some(target), Some(minor)) = (parsed.method, parsed.path, parsed.version) else {
        return Heard::Refused(StatusCode::BAD_REQUEST);
    };
    let Framing { length, hosts, authorization, is_last } = match Framing::of(parsed.headers) {
        Ok(framing) => framing,
        Err(status) => return Heard::Refused(status),
    };
    // HTTP/1.0 knew no Host (RFC 9112 §3.2).
    if hosts > 1 || (hosts == 0 && minor > 0) {
        return Heard::Refused(StatusCode::BAD_REQUEST);
    }
    let Some(all) = head.checked_add(length.unwrap_or(0)) else {
        return Heard::Refused(StatusCode::PAYLOAD_TOO_LARGE);
    };
    let Some(body) = bytes.get(head..all) else { return Heard::NotAll };
    let target = in_origin_form(target);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let stays = minor > 0 && !is_last;
    Heard::Request(Request { method, path, query, authorization, body, stays }, all)
}

/// A proxy may be given the whole address (RFC 9112 §3.2.2).
fn in_origin_form(target: &str) -> &str {
    match target.strip_prefix("http://") {
        Some(rest) => rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/"),
        None => target,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(text: &str) -> (Request<'_>, usize) {
        match hear(text.as_bytes()) {
            Heard::Request(request, length) => (request, length),
            other => panic!("{text:?}: {other:?}"),
        }
    }

    fn refused(text: &str) -> u16 {
        match hear(text.as_bytes()) {
            Heard::Refused(status) => status.as_u16(),
            other => panic!("{text:?}: {other:?}"),
        }
    }

    #[test]
    fn a_request_is_read_when_all_of_it_is_there() {
        let whole = "POST /tv/answer?a=1&list=7&list=8 HTTP/1.1\r\nHost: tv\r\nAUTHORIZATION: Bearer 00ff\r\n\
                     Content-Length: 3\r\n\r\nabcGET /";
        let (read, length) = request(whole);
        assert_eq!((read.method, read.path, read.body), ("POST", "/tv/answer", b"abc".as_slice()));
        assert_eq!((read.asked("list"), read.asked("seen"), read.token()), (Some("7"), None, Some("00ff")));
        assert!(read.stays && whole.get(length..) == Some("GET /"));
        for end in 0..length {
            assert_eq!(hear(&whole.as_bytes()[..end]), Heard::NotAll, "{end}");
        }
        assert!(!format!("{read:?}").contains("00ff"));
        let (whole_address, _) = request("GET http://tv.example/tv/?x HTTP/1.1\r\nHost: tv\r\n\r\n");
        assert_eq!(whole_address.path, "/tv/");
        assert_eq!(request("GET http://tv.example HTTP/1.1\r\nHost: tv\r\n\r\n").0.path, "/");
    }

    #[test]
    fn a_connection_ends_where_the_television_or_its_age_says_so() {
        assert!(!request("GET / HTTP/1.0\r\n\r\n").0.stays);
        assert!(!request("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").0.stays);
        assert!(!request("GET / HTTP/1.1\r\nHost: tv\r\nConnection: te, CLOSE\r\n\r\n").0.stays);
        assert!(request("GET / HTTP/1.1\r\nHost: tv\r\nConnection: keep-alive\r\n\r\n").0.stays);
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        let with = |headers: &str| format!("POST /tv/hello HTTP/1.1\r\nHost: tv\r\n{headers}\r\n\r\n");
        assert_eq!(refused(&with("Transfer-Encoding: chunked")), 501);
        assert_eq!(refused(&with("Content-Length: 3\r\nTransfer-Encoding: identity")), 501);
        assert_eq!(refused(&with("Content-Length: 3\r\nContent-Length: 3")), 400);
        for length in ["", "+3", "-3", "3, 3", "0x3", "３"] {
            assert_eq!(refused(&with(&format!("Content-Length: {length}"))), 400, "{length}");
        }
        assert_eq!(refused(&with("Content-Length: 1025")), 413);
        assert_eq!(refused(&with("Content-Length: 99999999999999999999999")), 413);
        assert_eq!(refused(&with("Expect: 100-continue")), 417);
        assert_eq!(refused(&with("Host: other")), 400);
        assert_eq!(refused(&with("Authorization: a\r\nAuthorization: b")), 400);
        assert_eq!(refused(&with(" folded: header")), 400);
        assert_eq!(refused(&with("Content-Length : 3")), 400);
        assert_eq!(refused("GET / HTTP/1.1\r\n\r\n"), 400, "no host");
        assert_eq!(refused("GET / HTTP/2.0\r\nHost: tv\r\n\r\n"), 505);
        assert_eq!(refused("\u{16}\u{3}\u{1}"), 400, "TLS");
    }

    #[test]
    fn a_request_without_end_is_refused() {
        let long = format!("GET /{} HTTP/1.1\r\n", "a".repeat(MOST_HEAD));
        assert_eq!(refused(&long), 431);
        assert_eq!(refused(&"\r\n".repeat(MOST_HEAD)), 431);
        let many = "a: b\r\n".repeat(MOST_HEADERS + 1);
        assert_eq!(refused(&format!("GET / HTTP/1.1\r\n{many}")), 431);
        let just = format!("GET / HTTP/1.1\r\nHost: tv\r\nx: {}\r\n\r\n", "a".repeat(MOST_HEAD - 33));
        assert!(just.len() == MOST_HEAD && matches!(hear(just.as_bytes()), Heard::Request(..)));
    }

    /// Whatever comes, and in whatever mixture: nothing panics, no request is longer than it may be, and what stands behind one changes
    /// nothing of it.
    #[test]
    fn no_bytes_are_too_much_and_none_behind_a_request_belong_to_it() {
        let pieces: [&[u8]; 22] = [
            b"GET /tv/wait?seen=1&list=2 HTTP/1.1\r\n",
            b"POST /tv/answer HTTP/1.1\r\n",
            b"HEAD http://tv/ HTTP/1.0\r\n",
            b"Host: tv\r\n",
            b"host:tv\r\n",
            b"Content-Length: 5\r\n",
            b"content-length:\t0 \r\n",
            b"Content-Length: 1024\r\n",
            b"Transfer-Encoding: chunked\r\n",
            b"Authorization: Bearer 00\r\n",
            b"Connection: close\r\n",
            b"\r\n",
            b"\n",
            b"\r",
            b" ",
            b":",
            b"\0",
            b"?",
            b"\xff\xfe",
            b"{}",
            b"hello",
            &[b'a'; 700],
        ];
        let mut dice = 0x2545_f491_4f6c_dd1d_u64;
        let mut roll = |sides: usize| {
            dice ^= dice << 13;
            dice ^= dice >> 7;
            dice ^= dice << 17;
            usize::try_from(dice % 65_521).unwrap() % sides
        };
        let mut requests = 0;
        for _ in 0..30_000 {
            // Half of them begin as a request does.
            let mut bytes = if roll(2) == 0 { pieces[roll(3)].to_vec() } else { Vec::new() };
            bytes.extend((0..roll(12)).flat_map(|_| pieces[roll(pieces.len())]));
            if roll(3) == 0 && !bytes.is_empty() {
                let at = roll(bytes.len());
                bytes[at] ^= 1 << roll(8);
            }
            let Heard::Request(request, used) = hear(&bytes) else { continue };
            requests += 1;
            assert!(used <= bytes.len() && used <= MOST_HEAD + MOST_BODY && request.body.len() <= MOST_BODY);
            assert_eq!(hear(&bytes[..used]), Heard::Request(request, used));
            assert_eq!(hear(&bytes[..used - 1]), Heard::NotAll);
        }
        assert!(requests > 500, "only {requests} were requests");
    }
}
