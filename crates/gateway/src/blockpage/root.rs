//! The certificate for devices to install, where a device without it can still get it: at the check page's name, over plain
//! HTTP. Whoever installs it compares the fingerprint with the one that the office reads from the device's page.

use askama::Template;
use bytes::Bytes;
use http::{HeaderValue, Response, header};
use http_body_util::Full;
use rustls_pki_types::CertificateDer;

use super::listen::respond;
use super::{CSS, page, short};
use crate::authority::{Authority, fingerprint, pem};

/// Where the page is, at the check page's name.
pub(crate) const PAGE: &str = "/ca";
/// The file itself.
pub(crate) const FILE: &str = "/ca/holdfast-root.crt";
/// The root of inspection, for the devices of groups that are inspected.
pub(crate) const INSPECTION_FILE: &str = "/ca/holdfast-inspection.crt";
/// What a device loads over HTTPS to show that it trusts us.
pub(crate) const PROOF: &str = "/ca/proof.svg";

#[derive(Template)]
#[template(path = "root.html")]
struct Root<'a> {
    css: &'a str,
    fingerprint: &'a str,
    file: &'a str,
    inspection: Option<(&'a str, String)>,
    setting: &'a str,
    contact: &'a str,
}

/// The page with the way to the file.
pub(super) fn page_of(
    authority: Option<&Authority>,
    inspection: Option<&CertificateDer<'_>>,
    setting: &str,
    contact: &str,
) -> Response<Full<Bytes>> {
    let Some(root) = authority.and_then(Authority::root) else {
        return respond(short(404, "No certificate is handed out here", "Ask the office."));
    };
    let view = Root {
        css: CSS,
        fingerprint: &fingerprint(root),
        file: FILE,
        inspection: inspection.map(|root| (INSPECTION_FILE, fingerprint(root))),
        setting,
        contact,
    };
    respond(page(200, &view, "'none'"))
}

/// The file.
pub(super) fn file(root: Option<&CertificateDer<'_>>, name: &'static str) -> Response<Full<Bytes>> {
    let Some(root) = root else { return respond(short(404, "No certificate is handed out here", "Ask the office.")) };
    let mut response = Response::new(Full::new(Bytes::from(pem(root))));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-x509-ca-cert"));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static(name));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// A picture that says that it came over a line which the device trusts.
pub(super) fn proof() -> Response<Full<Bytes>> {
    const PICTURE: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 260 40\" role=\"img\" \
        aria-label=\"It is on this device\"><rect width=\"260\" height=\"40\" rx=\"8\" fill=\"#0b5563\"/><text x=\"16\" \
        y=\"27\" fill=\"#ffffff\" font-family=\"sans-serif\" font-size=\"18\">It is on this device</text></svg>";
    let mut response = Response::new(Full::new(Bytes::from_static(PICTURE.as_bytes())));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("image/svg+xml"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let csp = "default-src 'none'; frame-ancestors http://check.holdfast.invalid https://check.holdfast.invalid";
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(csp));
    response
}
