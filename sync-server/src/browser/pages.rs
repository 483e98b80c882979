//! The files of the officials' page.

use std::sync::OnceLock;

use axum::Router;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::gzip::{packed, takes_gzip};
use crate::hex;
use crate::signed_log::sha256;

/// Nothing comes from outside.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
                      worker-src 'self'; manifest-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// A file of the page.
struct Page {
    path: &'static str,
    content_type: &'static str,
    bytes: &'static [u8],
    /// Packed once, when somebody asks first: a tablet on a mobile network waits for a fourth of the bytes.
    packed: OnceLock<Vec<u8>>,
    /// Of the content, in quotes (RFC 9110 §8.8.3).
    tag: OnceLock<String>,
}

impl Page {
    const fn new(path: &'static str, content_type: &'static str, bytes: &'static [u8]) -> Self {
        Self { path, content_type, bytes, packed: OnceLock::new(), tag: OnceLock::new() }
    }

    fn packed(&self) -> &Vec<u8> {
        self.packed.get_or_init(|| packed(self.bytes))
    }

    fn tag(&self) -> &str {
        let of = || format!("\"{}\"", hex::text(sha256(self.bytes).get(..8).unwrap_or_default()));
        self.tag.get_or_init(of)
    }

    fn answer(&self, asked: &HeaderMap) -> Response {
        let tag = HeaderValue::from_str(self.tag()).unwrap_or(HeaderValue::from_static("\"\""));
        let fixed = HeaderValue::from_static;
        let headers = [
            (header::CONTENT_TYPE, fixed(self.content_type)),
            (header::CONTENT_SECURITY_POLICY, fixed(POLICY)),
            (header::VARY, fixed("accept-encoding")),
            // A browser keeps it, and asks each time whether it is still so.
            (header::CACHE_CONTROL, fixed("no-cache")),
            (header::ETAG, tag.clone()),
        ];
        if asked.get(header::IF_NONE_MATCH) == Some(&tag) {
            (StatusCode::NOT_MODIFIED, headers).into_response()
        } else if takes_gzip(asked) {
            (headers, [(header::CONTENT_ENCODING, fixed("gzip"))], self.packed().clone()).into_response()
        } else {
            (headers, self.bytes).into_response()
        }
    }
}

macro_rules! pages {
    ($($path:literal: $content_type:expr, $file:literal;)+) => {
        [$(Page::new($path, $content_type, include_bytes!(concat!("../../web/map/dist/", $file)))),+]
    };
}

const SCRIPT: &str = "text/javascript; charset=utf-8";

/// The routes of the page.
pub(crate) fn routes() -> Router {
    static PAGES: [Page; 9] = pages! {
            "/": "text/html; charset=utf-8", "map.html";
            "/sw.js": SCRIPT, "sw.js";
            "/map/map.js": SCRIPT, "map.js";
            "/map/map.css": "text/css; charset=utf-8", "map.css";
            "/map/maplibre.js": SCRIPT, "maplibre.js";
            "/map/maplibre-worker.js": SCRIPT, "maplibre-worker.js";
            "/map/leaflet.js": SCRIPT, "leaflet.js";
            "/map/icon.svg": "image/svg+xml", "icon.svg";
            "/map/manifest.webmanifest": "application/manifest+json", "manifest.webmanifest";
    };
    PAGES.iter().fold(Router::new(), |router, page| {
        router.route(page.path, get(async |asked: HeaderMap| page.answer(&asked)))
    })
}
