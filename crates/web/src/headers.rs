//! What every answer tells the browser.

use axum::{extract::Request, response::Response};
use http::{HeaderName, HeaderValue, Method, header};

/// The content security policy. Nothing is allowed that is not named:
/// - `script-src` with a nonce: one script of ours, and the modules that it imports; no inline handler ever runs.
/// - `style-src 'self'`: our one sheet. No inline style.
/// - `img-src 'self'`: the mark and the icon sprite.
/// - `font-src 'self'`: the two faces.
/// - `connect-src 'self'`: drafts and the live queue speak to us.
/// - `media-src 'self'`: nothing is played from a file today; the help sound is made on the tablet itself (S35).
/// - `frame-src` is there for one page alone, with one host: a film that was approved ([`Shows`]).
/// - `form-action 'self'`: a form can be sent to us only.
/// - `frame-ancestors 'none'`: nobody puts a page of ours into theirs.
/// - `base-uri 'none'`: no injected base can turn our links.
fn policy(nonce: &str, shows: Option<&Shows>) -> String {
    let (frame, media) = match shows {
        Some(Shows::Frame(host)) => (format!(" frame-src https://{host};"), String::new()),
        Some(Shows::Media(address)) => (String::new(), format!(" {address}")),
        None => (String::new(), String::new()),
    };
    format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; img-src 'self'; font-src 'self'; \
         connect-src 'self'; media-src 'self'{media};{frame} manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )
}

/// The one thing from elsewhere that one page shows: a film that was approved for children (S34). A page that has it in its
/// answer's extensions is given the one line that lets it in; no other page has any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shows {
    /// A page of this host, in a frame.
    Frame(String),
    /// This file, by its whole address.
    Media(String),
}

impl Shows {
    /// What of an address would end its line in the policy stands there by its number.
    /// <https://www.w3.org/TR/CSP3/#match-paths>
    fn spelt(self) -> Self {
        let safe = |text: String| {
            let kept = |letter: char| letter.is_ascii_graphic() && !matches!(letter, ';' | ',' | '\'' | '"');
            text.chars().map(|letter| if kept(letter) { letter.to_string() } else { escaped(letter) }).collect()
        };
        match self {
            Self::Frame(host) => Self::Frame(safe(host)),
            Self::Media(address) => Self::Media(safe(address)),
        }
    }
}

fn escaped(letter: char) -> String {
    letter.to_string().bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Sets the headers of a private page. An answer that already says how it may be cached (assets) keeps that.
pub fn private(response: &mut Response, nonce: &str, https: bool) {
    let shows = response.extensions_mut().remove::<Shows>().map(Shows::spelt);
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&policy(nonce, shows.as_ref())) {
        headers.insert(header::CONTENT_SECURITY_POLICY, value);
    }
    for (name, value) in ALWAYS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if https {
        // A year. Not subdomains: they are not ours to speak for.
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

const ALWAYS: [(&str, &str); 6] = [
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
];

/// Does somebody else's page send this? Browsers say so; clients that are no browsers say nothing. The token in each
/// form is the proof; this refuses the plain cases before any handler runs.
pub fn is_foreign(request: &Request) -> bool {
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return false;
    }
    let site = request.headers().get("sec-fetch-site").map(HeaderValue::as_bytes);
    if matches!(site, Some(b"cross-site" | b"same-site")) {
        return true;
    }
    let host = request.headers().get(header::HOST).and_then(|v| v.to_str().ok()).or(request.uri().host());
    match (request.headers().get(header::ORIGIN).map(HeaderValue::to_str), host) {
        (Some(Ok("null")), _) | (None, _) => false,
        (Some(Ok(origin)), Some(host)) => origin.split_once("://").is_none_or(|(_, there)| there != host),
        (Some(_), _) => true,
    }
}

/// Is it a page for people?
pub fn is_page(response: &Response) -> bool {
    response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}
