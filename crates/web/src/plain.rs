//! What plain HTTP may do beyond loopback (S48): explain and hand out the root certificate, and lead to HTTPS. It shows no
//! form, sets no cookie, takes nothing.
//!
//! What it is not: the block page, which has an address of its own and belongs to the gateway (`docs/decisions/0011`).

use std::sync::Arc;

use axum::{
    Router,
    extract::Request,
    response::{Html, IntoResponse, Redirect, Response},
    routing,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use views::pages::certificate::Certificate;
use views::shell::{Chrome, Shell};

use crate::{assets, headers, tls::Root};

/// The plain listener's pages.
pub(crate) fn router(root: &Root, https_port: u16) -> Router {
    let pem: Arc<str> = root.pem.as_str().into();
    let fingerprint: Arc<str> = root.fingerprint.as_str().into();
    Router::new()
        .route("/root.crt", routing::get(async move || download(&pem)))
        .route("/certificate", routing::get(async move |asked: HeaderMap| explain(&asked, &fingerprint, https_port)))
        .route("/assets/{hash}/{*name}", routing::get(assets::get))
        .fallback(async move |request: Request| to_https(&request, https_port))
}

fn download(pem: &str) -> Response {
    let mut response = pem.to_owned().into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-x509-ca-cert"));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"holdfast-root.crt\""));
    response
}

/// What the certificate is, how to install it, and by what to know it. No script: nothing here may be altered on the way
/// and still run.
fn explain(asked: &HeaderMap, fingerprint: &str, https_port: u16) -> Response {
    let pages = host_of(asked).map(|name| address(name, https_port, "/"));
    let page = Certificate { fingerprint: fingerprint.to_owned(), pages };
    let chrome = Chrome { assets: assets::base().to_owned(), ..Chrome::default() };
    let Ok(html) = Shell::render_page(&chrome, "", &page) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let mut response = Html(html).into_response();
    headers::private(&mut response, "", false);
    response
}

fn to_https(request: &Request, port: u16) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        // It has been read on the way already; sending it on would only hide that.
        let say =
            "Holdfast takes forms over HTTPS only. Nothing was saved. Open the page again with https:// in front.\n";
        return (StatusCode::METHOD_NOT_ALLOWED, say).into_response();
    }
    let Some(name) = host_of(request.headers()) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let path = request.uri().path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    Redirect::temporary(&address(name, port, path)).into_response()
}

/// 443 is not said: people read addresses.
fn address(name: &str, port: u16, path: &str) -> String {
    match port {
        443 => format!("https://{name}{path}"),
        port => format!("https://{name}:{port}{path}"),
    }
}

/// The host that was asked for, without its port; an IPv6 address keeps its brackets.
fn host_of(asked: &HeaderMap) -> Option<&str> {
    let host = asked.get(header::HOST)?.to_str().ok()?;
    let name = match host.starts_with('[') {
        true => host.get(..=host.find(']')?)?,
        false => host.split(':').next()?,
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
    (!name.is_empty() && name.bytes().all(plain)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_to_https_keeps_the_name_that_was_asked_for_and_nothing_that_breaks_out() {
        let to = |host: &str, port| {
            let asked = HeaderMap::from_iter([(header::HOST, host.parse().expect("a value"))]);
            host_of(&asked).map(|name| address(name, port, "/x"))
        };
        assert_eq!(to("holdfast.local:80", 443).as_deref(), Some("https://holdfast.local/x"));
        assert_eq!(to("[fd00::1]:80", 8443).as_deref(), Some("https://[fd00::1]:8443/x"));
        assert_eq!(to("192.168.1.2", 443).as_deref(), Some("https://192.168.1.2/x"));
        for host in ["", ":80", "a/b", "a@b", "\"><b>", "[fd00::1"] {
            assert_eq!(to(host, 443), None, "{host}");
        }
    }
}
