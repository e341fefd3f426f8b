//! Random words that open something: session cookies, one-time links, API tokens, device credentials.
//!
//! 256 bits of chance each, so a plain SHA-256 is enough to store (there is nothing to guess); comparing goes through
//! the unique index on the digest. Not for passwords (`password`) and not for what people type from paper (`codes`).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::Rng;
use sha2::{Digest as _, Sha256};

/// A secret word, in the clear. It prints as dots, so that it cannot reach a log by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A fresh one of 256 bits: 43 letters, digits, `-` and `_`.
    pub fn fresh(rng: &mut dyn Rng) -> Self {
        let mut bytes = [0_u8; 32];
        rng.fill_bytes(&mut bytes);
        Self(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// What a stranger sent. Anything longer than a token could be is cut, and will not be found.
    pub fn given(text: &str) -> Self {
        Self(text.trim().chars().take(128).collect())
    }

    /// The word itself: for the cookie, the link, the page that shows it once.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is stored: SHA-256 in hex.
    pub fn digest(&self) -> String {
        hex::encode(Sha256::digest(self.0.as_bytes()))
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;

    use super::*;

    #[test]
    fn a_token_is_long_does_not_repeat_and_does_not_print_itself() {
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1);
        let (one, other) = (Token::fresh(&mut rng), Token::fresh(&mut rng));
        assert_eq!(one.expose().len(), 43);
        assert_ne!(one, other);
        assert!(!format!("{one:?}").contains(one.expose()));
        assert_ne!(one.digest(), one.expose());
        assert_eq!(Token::given(&format!(" {} ", one.expose())).digest(), one.digest());
    }
}
