//! The files of the officials' page.

use axum::Router;
use axum::routing::get;

use crate::alerts::page_file;

/// Nothing comes from outside. A map's worker is made of the page's own script.
const POLICY: &str = "default-src 'self'; img-src 'self' data: blob:; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

/// Path, content type, content.
const PAGES: &[(&str, &str, &[u8])] =
    &[("/", "text/html; charset=utf-8", b"<!doctype html><title>hinamori</title>")];

/// The routes of the page.
pub(crate) fn routes() -> Router {
    PAGES.iter().fold(Router::new(), |router, (path, content_type, bytes)| {
        router.route(path, get(async || page_file(content_type, POLICY, bytes)))
    })
}
