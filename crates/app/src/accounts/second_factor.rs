//! The six figures (TOTP, RFC 6238): making a secret, its picture's address, and checking a code once.
//!
//! A step either side is accepted, because clocks of phones and offices drift; the matched step is stored and no code
//! of that step or an older one works again. What it is not: recovery codes (`codes`), the pages, the session.

use jiff::Timestamp;
use rand::Rng;
use totp_rs::{Builder, Secret, Totp};

use crate::error::{Error, Result};

/// What an authenticator app shows above the figures.
const ISSUER: &str = "Holdfast";

/// A fresh secret of 160 bits, in base32.
pub fn fresh_secret(rng: &mut dyn Rng) -> String {
    let mut bytes = [0_u8; 20];
    rng.fill_bytes(&mut bytes);
    Secret::from(bytes).to_base32()
}

/// The address that the picture carries: `otpauth://totp/…`.
///
/// # Errors
/// [`Error::Internal`] if the stored secret is not one.
pub fn address(secret: &str, username: &str) -> Result<String> {
    totp(secret, username)?.to_url().map_err(|error| internal(&error))
}

/// The step that this code belongs to, if it is right now and newer than the step last accepted.
///
/// # Errors
/// [`Error::Internal`] if the stored secret is not one.
pub fn matched_step(secret: &str, typed: &str, last_step: Option<i64>, now: Timestamp) -> Result<Option<i64>> {
    let figures: String = typed.chars().filter(|c| !c.is_whitespace()).take(7).collect();
    if figures.len() != 6 || !figures.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(None);
    }
    let seconds = u64::try_from(now.as_second()).unwrap_or(0);
    let step = totp(secret, "account")?.check(&figures, seconds);
    let step = step.and_then(|step| i64::try_from(step).ok());
    Ok(step.filter(|step| last_step.is_none_or(|last| *step > last)))
}

/// The figures at a time. For tests, the demo's banner and nobody else.
///
/// # Errors
/// [`Error::Internal`] if the stored secret is not one.
pub fn figures(secret: &str, now: Timestamp) -> Result<String> {
    let seconds = u64::try_from(now.as_second()).unwrap_or(0);
    Ok(totp(secret, "account")?.generate(seconds).to_string())
}

/// The secret in groups of four, for those who type it.
pub fn in_groups(secret: &str) -> String {
    let letters: Vec<char> = secret.chars().collect();
    letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

fn totp(secret: &str, username: &str) -> Result<Totp> {
    let secret = Secret::try_from_base32(secret).map_err(|error| internal(&error))?;
    // A colon would end the issuer in the picture's address.
    let name = username.replace(':', " ");
    Builder::new()
        .with_secret(secret)
        .with_account_name(name)
        .with_issuer(Some(ISSUER))
        .build()
        .map_err(|error| internal(&error))
}

fn internal(error: &dyn std::fmt::Display) -> Error {
    Error::Internal(format!("second factor: {error}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng as _;

    use super::*;

    fn secret() -> String {
        fresh_secret(&mut rand_chacha::ChaCha20Rng::seed_from_u64(5))
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn the_reference_vector_of_the_standard() {
        // RFC 6238, appendix B: SHA-1, time 59, "94287082"; six figures of it.
        let secret = Secret::from(*b"12345678901234567890").to_base32();
        assert_eq!(figures(&secret, at(59)).unwrap(), "287082");
    }

    #[test]
    fn a_code_works_once_and_a_step_either_side() {
        let secret = secret();
        let now = at(1_790_000_010);
        let code = figures(&secret, now).unwrap();
        let step = matched_step(&secret, &code, None, now).unwrap();
        assert_eq!(step, Some(1_790_000_010 / 30));
        assert_eq!(matched_step(&secret, &code, step, now).unwrap(), None, "twice");
        let spaced = format!(" {} {}", &code[..3], &code[3..]);
        assert_eq!(matched_step(&secret, &spaced, None, now).unwrap(), step);
        for (seconds, works) in [(-60, false), (-30, true), (30, true), (60, false)] {
            let other = figures(&secret, at(1_790_000_010 + seconds)).unwrap();
            assert_eq!(matched_step(&secret, &other, None, now).unwrap().is_some(), works, "{seconds}");
        }
        let before = figures(&secret, at(1_790_000_010 - 30)).unwrap();
        assert_eq!(matched_step(&secret, &before, step, now).unwrap(), None, "older than the last accepted");
    }

    #[test]
    fn the_picture_names_us_and_the_person() {
        let address = address(&secret(), "rosa:dsl").unwrap();
        assert!(address.starts_with("otpauth://totp/Holdfast:rosa%20dsl?secret="), "{address}");
        assert_eq!(in_groups("ABCDEFGHIJ"), "ABCD EFGH IJ");
    }

    proptest! {
        #[test]
        fn whatever_is_typed_is_read_without_a_fall(typed in any::<String>(), second in 0_i64..4_000_000_000) {
            let _ = matched_step(&secret(), &typed, None, at(second)).unwrap();
        }
    }
}
