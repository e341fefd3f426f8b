//! Styles, scripts, fonts and icons inside the binary, under one address that changes with their content:
//! `/assets/HASH/holdfast.css`. So they are kept for a year and never stale, and files may name each other plainly.

use std::sync::OnceLock;

use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

/// What `npm run build` in `assets/` made. Empty in a debug build without it: pages then are plain but work.
#[derive(RustEmbed)]
#[folder = "dist/"]
struct Dist;

/// `/assets/HASH`.
pub fn base() -> &'static str {
    static BASE: OnceLock<String> = OnceLock::new();
    BASE.get_or_init(|| {
        let mut all = Sha256::new();
        let mut names: Vec<_> = Dist::iter().collect();
        names.sort();
        for name in names {
            all.update(name.as_bytes());
            if let Some(file) = Dist::get(&name) {
                all.update(file.metadata.sha256_hash());
            }
        }
        let digest = hex::encode(all.finalize());
        format!("/assets/{}", digest.get(..16).unwrap_or("0"))
    })
}

/// One file. The hash in the path is only a name: an old page with an old hash gets the file of today.
pub async fn get(Path((_, name)): Path<(String, String)>) -> Response {
    let Some(file) = Dist::get(&name) else { return StatusCode::NOT_FOUND.into_response() };
    let mut response = file.data.into_response();
    let headers = response.headers_mut();
    if let Ok(kind) = HeaderValue::from_str(file.metadata.mimetype()) {
        headers.insert(header::CONTENT_TYPE, kind);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    response
}

/// Are there any? `doctor` and the tests ask.
pub fn are_built() -> bool {
    Dist::get("holdfast.css").is_some()
}
