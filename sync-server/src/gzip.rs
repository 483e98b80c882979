//! Answers that a browser may have packed: a tablet on a mobile network waits for bytes.

use std::io::Write as _;

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;

/// What is shorter goes as it is.
const SHORT: usize = 1_024;

/// The text, packed if whoever asks takes that (RFC 9110 §12.5.3). It is kept nowhere.
pub(crate) fn gzipped(asked: &HeaderMap, content_type: &'static str, text: Vec<u8>) -> Response {
    let fixed = HeaderValue::from_static;
    let headers = [
        (header::CONTENT_TYPE, fixed(content_type)),
        (header::CACHE_CONTROL, fixed("no-store")),
        (header::VARY, fixed("accept-encoding")),
    ];
    if text.len() < SHORT || !takes_gzip(asked) {
        return (headers, text).into_response();
    }
    (headers, [(header::CONTENT_ENCODING, fixed("gzip"))], pack(&text, Compression::fast())).into_response()
}

/// As small as it gets: for what is packed once and asked for often.
pub(crate) fn packed(bytes: &[u8]) -> Vec<u8> {
    pack(bytes, Compression::best())
}

fn pack(bytes: &[u8], how: Compression) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), how);
    // Writing into memory does not fail.
    packed.write_all(bytes).and_then(|()| packed.finish()).unwrap_or_default()
}

/// Whether whoever asks takes what is packed.
pub(crate) fn takes_gzip(asked: &HeaderMap) -> bool {
    let takes = |one: &str| {
        let mut parts = one.split(';').map(str::trim);
        let is_named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
        is_named && !parts.any(|part| matches!(part, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    };
    let all = asked.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|value| value.split(',')).any(takes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_takes_it_gets_it_packed() {
        let with = |value| HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(value))]);
        let long = || vec![b' '; SHORT];
        let is_packed = |headers: &HeaderMap, text| {
            gzipped(headers, "text/plain", text).headers().contains_key(header::CONTENT_ENCODING)
        };
        assert!(is_packed(&with("br, gzip"), long()) && is_packed(&with("gzip;q=0.5"), long()));
        assert!(!is_packed(&with("gzip;q=0, br"), long()) && !is_packed(&HeaderMap::new(), long()));
        assert!(!is_packed(&with("gzip"), Vec::new()));
    }
}
