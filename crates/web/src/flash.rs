//! One sentence after a redirect, in a signed cookie. Never names a child: it is on the person's machine.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as B64};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use views::{shell::Flash, ui::Tone};

/// A keyed mark over a purpose and words; hex.
pub fn mark(key: &[u8; 32], purpose: &str, words: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return String::new() };
    mac.update(purpose.as_bytes());
    mac.update(&[0]);
    mac.update(words.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

/// Are two words the same? Takes the same time wherever they differ.
pub fn same(a: &str, b: &str) -> bool {
    subtle::ConstantTimeEq::ct_eq(a.as_bytes(), b.as_bytes()).into()
}

/// The cookie's value.
pub fn seal(key: &[u8; 32], flash: &Flash) -> String {
    let body = B64.encode(format!("{}\n{}", flash.tone.key(), flash.words));
    format!("{body}.{}", mark(key, "flash", &body))
}

/// Reads a cookie's value; nothing unless we wrote it.
pub fn open(key: &[u8; 32], value: &str) -> Option<Flash> {
    let (body, signed) = value.split_once('.')?;
    if !same(signed, &mark(key, "flash", body)) {
        return None;
    }
    let text = String::from_utf8(B64.decode(body).ok()?).ok()?;
    let (tone, words) = text.split_once('\n')?;
    Some(Flash { tone: Tone::from_key(tone)?, words: words.to_owned() })
}
