//! Codes that people type from paper: the ten recovery codes of an account.
//!
//! 80 bits each in Crockford's letters (no I, L, O, U), in groups of four. Read back forgivingly: case, spaces, dashes
//! and the usual mix-ups (O for 0, I or L for 1) do not matter. Stored as SHA-256; 80 bits cannot be tried through.

use rand::Rng;
use sha2::{Digest as _, Sha256};

const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// How many recovery codes an account has.
pub const RECOVERY_CODES: usize = 10;

/// A fresh code: `7K3M-QX2A-90TB-VWE4`.
pub fn fresh(rng: &mut dyn Rng) -> String {
    let mut bytes = [0_u8; 16];
    rng.fill_bytes(&mut bytes);
    let mut code = String::with_capacity(19);
    for (index, byte) in bytes.iter().enumerate() {
        if index > 0 && index % 4 == 0 {
            code.push('-');
        }
        let letter = LETTERS.get(usize::from(byte & 31)).copied().unwrap_or(b'0');
        code.push(char::from(letter));
    }
    code
}

/// What is stored for a code, and what is looked up for a typed one. `None`: this cannot be a code.
pub fn digest(typed: &str) -> Option<String> {
    let mut plain = String::with_capacity(16);
    for letter in typed.chars().filter(|letter| !letter.is_whitespace() && !matches!(letter, '-' | '–' | '_')) {
        let letter = match letter.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        };
        if !letter.is_ascii() || !LETTERS.contains(&(letter as u8)) || plain.len() == 16 {
            return None;
        }
        plain.push(letter);
    }
    (plain.len() == 16).then(|| hex::encode(Sha256::digest(plain.as_bytes())))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng as _;

    use super::*;

    #[test]
    fn a_code_is_read_back_however_it_is_typed() {
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(7);
        let code = fresh(&mut rng);
        let kept = digest(&code);
        assert!(kept.is_some());
        assert_eq!(digest(&code.to_lowercase()), kept);
        assert_eq!(digest(&format!("  {} ", code.replace('-', " "))), kept);
        assert_eq!(digest("0000-0000-0000-1111"), digest("oOo0 ooOO 0000 lIiL"));
        assert_eq!(digest("123456"), None, "six figures are the other kind of code");
        assert_eq!(digest(&format!("{code}0")), None);
    }

    proptest! {
        #[test]
        fn whatever_is_typed_is_read_without_a_fall(typed in any::<String>()) {
            let _ = digest(&typed);
        }

        #[test]
        fn a_fresh_code_always_has_a_digest(seed in any::<u64>()) {
            let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(seed);
            let code = fresh(&mut rng);
            prop_assert_eq!(code.len(), 19);
            prop_assert!(digest(&code).is_some());
        }
    }
}
