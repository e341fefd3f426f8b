//! The site without records: doors, forms, headers, faults. With records: `testkit` and the binary's own tests.

mod doors;
mod edge;

use axum::{Router, body::Body, response::Response};
use holdfast_web::{Config, Edge, Site, router, site::Front};
use http::{Request, header};
use http_body_util::BodyExt;
use tower::ServiceExt;

/// A site whose records are shut.
pub(crate) fn site() -> Router {
    let config = Config { https: true, styleguide: true, key: [7; 32] };
    router(Site::without_records(config, Edge::system(), Front { setting: "Bluebell".into(), ..Front::default() }))
}

/// Status, headers and text of an answer.
pub(crate) async fn ask(request: Request<Body>) -> (http::StatusCode, http::HeaderMap, String) {
    let response: Response = site().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    (parts.status, parts.headers, String::from_utf8_lossy(&bytes).into_owned())
}

pub(crate) fn get(path: &str) -> Request<Body> {
    Request::get(path).header(header::HOST, "holdfast.local").body(Body::empty()).unwrap()
}

pub(crate) fn post(path: &str, cookie: &str, body: impl Into<Body>) -> Request<Body> {
    Request::post(path)
        .header(header::HOST, "holdfast.local")
        .header(header::COOKIE, cookie)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(body.into())
        .unwrap()
}

/// The cookie and the token of a fresh form.
pub(crate) async fn form_of(path: &str) -> (String, String) {
    let (_, headers, html) = ask(get(path)).await;
    let cookie = headers[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
    let page = scraper::Html::parse_document(&html);
    let field = scraper::Selector::parse("main input[name=_token]").unwrap();
    let token = page.select(&field).next().unwrap().value().attr("value").unwrap().to_owned();
    (cookie, token)
}
