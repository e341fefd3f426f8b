//! Passwords: what is good enough, how they are kept, how long they last (PWD-01 to PWD-03).
//!
//! The cost of a hash stands here and nowhere else; raising it re-hashes each account at its next sign-in. What it is
//! not: recovery codes and tokens, which are random and need no slow hash.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use domain::setting::Profile;
use jiff::{SignedDuration, Timestamp};
use rand::Rng;
use tokio::sync::Semaphore;
use zxcvbn::Score;
use zxcvbn::feedback::{Suggestion, Warning};

use crate::error::{Error, Result};

/// Memory of one hash in KiB. 64 MiB and three passes are OWASP's and RFC 9106's "uniformly safe" second choice.
const MEMORY_KIB: u32 = 64 * 1024;
/// Passes over that memory.
const PASSES: u32 = 3;
/// Lanes.
const LANES: u32 = 1;

/// Shortest password, in characters (NCSC: length before tricks).
pub const SHORTEST: usize = 12;
/// Longest: a bound against hostile input, far above any passphrase.
pub const LONGEST: usize = 200;

/// Hashes at once in the whole program, so that a burst of sign-ins cannot take all memory: 2 × 64 MiB.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

/// How a password compared with what is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// It is the one; stored at today's cost.
    Yes,
    /// It is the one; stored at an older cost: hash it again now that it is known.
    YesButOld,
    /// It is not.
    No,
}

/// Hashes a password (argon2id, PHC string). Takes about as long as [`compare`]; never call it inside a write.
///
/// # Errors
/// [`Error::Internal`] if the hasher refuses, which it does only out of memory.
pub async fn hash(password: &str, rng: &mut (dyn Rng + Send)) -> Result<String> {
    let mut salt = [0_u8; 16];
    rng.fill_bytes(&mut salt);
    let password = password.to_owned();
    slowly(move || {
        let hash: PasswordHash =
            hasher()?.hash_password_with_salt(password.as_bytes(), &salt).map_err(|error| internal(&error))?;
        Ok(hash.to_string())
    })
    .await
}

/// Compares a password with what is stored. With nothing stored (nobody has this name) it does the same work and says
/// no, so that the time tells nothing.
///
/// # Errors
/// [`Error::Internal`] if what is stored is not a hash.
pub async fn compare(password: &str, stored: Option<&str>) -> Result<Match> {
    let password: String = password.chars().take(LONGEST + 1).collect();
    let stored = stored.map(str::to_owned);
    slowly(move || {
        let Some(stored) = stored else {
            let _: PasswordHash = hasher()?
                .hash_password_with_salt(password.as_bytes(), &[0_u8; 16])
                .map_err(|error| internal(&error))?;
            return Ok(Match::No);
        };
        let parsed = PasswordHash::new(&stored).map_err(|error| internal(&error))?;
        Ok(match hasher()?.verify_password(password.as_bytes(), &parsed) {
            Ok(()) if is_todays(&parsed) => Match::Yes,
            Ok(()) => Match::YesButOld,
            Err(_) => Match::No,
        })
    })
    .await
}

fn hasher() -> Result<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|error| Error::Internal(error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn is_todays(hash: &PasswordHash) -> bool {
    let number = |name: &str| hash.params.get_decimal(name);
    hash.algorithm.as_str() == "argon2id"
        && number("m").is_some_and(|m| m >= MEMORY_KIB)
        && number("t").is_some_and(|t| t >= PASSES)
}

fn internal(error: &dyn std::fmt::Display) -> Error {
    Error::Internal(format!("password hash: {error}"))
}

async fn slowly<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let _permit = AT_ONCE.acquire().await.map_err(|error| internal(&error))?;
    tokio::task::spawn_blocking(work).await.map_err(|error| internal(&error))?
}

/// Is it good enough for these people and this setting? The error is what to do, for beside the field.
///
/// `known` are the words that somebody here would try first: username, names, the setting's name.
///
/// # Errors
/// One sentence in plain words.
pub fn check(password: &str, known: &[&str]) -> std::result::Result<(), String> {
    let length = password.chars().count();
    if length < SHORTEST {
        return Err(format!(
            "Use at least {SHORTEST} characters. Three or four words that do not belong together are easy to remember."
        ));
    }
    if length > LONGEST {
        return Err(format!("Use at most {LONGEST} characters."));
    }
    let plain = password.to_lowercase();
    let names = known.iter().flat_map(|words| {
        let whole = words.to_lowercase();
        let parts: Vec<String> = whole.split(|c: char| !c.is_alphanumeric()).map(str::to_owned).collect();
        parts.into_iter().chain([whole.split_whitespace().collect::<String>()])
    });
    for name in names.filter(|name| name.chars().count() >= 4) {
        if plain.contains(&name) {
            return Err(format!("Leave out “{name}”: somebody who knows the setting would try it first."));
        }
    }
    let entropy = zxcvbn::zxcvbn(password, known);
    if entropy.score() >= Score::Four {
        return Ok(());
    }
    let why = entropy.feedback().and_then(zxcvbn::feedback::Feedback::warning).map_or("", say_warning);
    let how = entropy
        .feedback()
        .and_then(|feedback| feedback.suggestions().first().copied())
        .map_or("Add one or two more words that do not belong together.", say_suggestion);
    Err(if why.is_empty() { format!("This would be guessed. {how}") } else { format!("{why} {how}") })
}

fn say_warning(warning: Warning) -> &'static str {
    match warning {
        Warning::StraightRowsOfKeysAreEasyToGuess | Warning::ShortKeyboardPatternsAreEasyToGuess => {
            "Rows of keys are guessed first."
        }
        Warning::RepeatsLikeAaaAreEasyToGuess | Warning::RepeatsLikeAbcAbcAreOnlySlightlyHarderToGuess => {
            "Repeating adds nothing."
        }
        Warning::SequencesLikeAbcAreEasyToGuess => "Sequences such as “abc” or “6543” are guessed first.",
        Warning::RecentYearsAreEasyToGuess | Warning::DatesAreOftenEasyToGuess => "Years and dates are guessed first.",
        Warning::ThisIsATop10Password
        | Warning::ThisIsATop100Password
        | Warning::ThisIsACommonPassword
        | Warning::ThisIsSimilarToACommonlyUsedPassword => "This is on the lists of stolen passwords.",
        Warning::AWordByItselfIsEasyToGuess => "One word by itself is guessed.",
        Warning::NamesAndSurnamesByThemselvesAreEasyToGuess | Warning::CommonNamesAndSurnamesAreEasyToGuess => {
            "Names are guessed first."
        }
    }
}

fn say_suggestion(suggestion: Suggestion) -> &'static str {
    match suggestion {
        Suggestion::AvoidRecentYears
        | Suggestion::AvoidYearsThatAreAssociatedWithYou
        | Suggestion::AvoidDatesAndYearsThatAreAssociatedWithYou => "Leave out dates and years.",
        Suggestion::AvoidRepeatedWordsAndCharacters | Suggestion::AvoidSequences => {
            "Use different words instead of repeating."
        }
        Suggestion::CapitalizationDoesntHelpVeryMuch
        | Suggestion::AllUppercaseIsAlmostAsEasyToGuessAsAllLowercase
        | Suggestion::PredictableSubstitutionsDontHelpVeryMuch
        | Suggestion::ReversedWordsArentMuchHarderToGuess => {
            "Capitals, backwards words and figures for letters do not help; another word does."
        }
        Suggestion::UseAFewWordsAvoidCommonPhrases
        | Suggestion::NoNeedForSymbolsDigitsOrUppercaseLetters
        | Suggestion::AddAnotherWordOrTwo
        | Suggestion::UseALongerKeyboardPatternWithMoreTurns => {
            "Add one or two more words that do not belong together."
        }
    }
}

/// When a password chosen then must change in this setting (PWD-03); a setting without a greatest age never asks.
pub fn runs_out_at(profile: &Profile, set_at: Timestamp) -> Option<Timestamp> {
    let days = i64::from(profile.password_max_age_days?);
    set_at.checked_add(SignedDuration::from_hours(days.saturating_mul(24))).ok()
}

/// Has it run out?
pub fn has_run_out(profile: &Profile, set_at: Timestamp, now: Timestamp) -> bool {
    runs_out_at(profile, set_at).is_some_and(|end| now >= end)
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;

    use super::*;

    #[test]
    fn the_floor() {
        for bad in [
            "short",
            "password1234",
            "qwertyuiop123",
            "aaaaaaaaaaaaaaa",
            "Summer2026!!",
            "sunnybank nursery",
            "rosa.dsl rosa.dsl",
        ] {
            assert!(check(bad, &["rosa.dsl", "Sunnybank Nursery"]).is_err(), "{bad}");
        }
        for good in ["copper teapot lantern fog", "vier Ziegen im Regen 9", "Mq7!xB2pTz0w"] {
            assert_eq!(check(good, &["rosa.dsl", "Sunnybank Nursery"]), Ok(()), "{good}");
        }
        assert!(check(&"ab7 ".repeat(100), &[]).is_err(), "longest");
    }

    #[test]
    fn a_name_of_the_place_is_refused_inside_a_long_one() {
        let said = check("copper teapot sunnybank fog", &["Sunnybank Nursery"]).unwrap_err();
        assert!(said.contains("sunnybank"), "{said}");
    }

    #[tokio::test]
    async fn kept_slow_and_told_apart() {
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(3);
        let kept = hash("copper teapot lantern fog", &mut rng).await.unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=65536,t=3,p=1$"), "{kept}");
        assert_eq!(compare("copper teapot lantern fog", Some(&kept)).await.unwrap(), Match::Yes);
        assert_eq!(compare("copper teapot lantern fig", Some(&kept)).await.unwrap(), Match::No);
        assert_eq!(compare("copper teapot lantern fog", None).await.unwrap(), Match::No);
        let cheap = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(1024, 1, 1, None).unwrap());
        let old: PasswordHash = cheap.hash_password_with_salt(b"copper teapot", &[1; 16]).unwrap();
        assert_eq!(compare("copper teapot", Some(&old.to_string())).await.unwrap(), Match::YesButOld);
        assert!(compare("x", Some("not a hash")).await.is_err());
    }
}
