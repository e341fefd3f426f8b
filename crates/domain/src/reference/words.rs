//! Receipts that somebody can carry in their head: six plain words, the last of which checks the five before it (S14).
//!
//! Five words of 1,024 are fifty bits of chance. That is little for a key and enough for a receipt: each try costs the
//! program a slow hash, and tries are counted. The check word tells a slip of memory from a code that is none, without
//! asking the records. Words are things that a child of nine can spell; none says what a concern is about.

use rand::{Rng, RngExt};
use sha2::{Digest, Sha256};

/// One word a line, sorted: exactly [`HOW_MANY`].
const WORDS: &str = include_str!("words.txt");
/// Ten bits each.
const HOW_MANY: usize = 1024;
/// Words drawn by chance.
const DRAWN: usize = 5;
/// Drawn and checking.
const ALL: usize = DRAWN + 1;

/// Why some words are no receipt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Slip {
    /// Another number of words.
    #[error("a receipt has six words, these are {0}")]
    Count(usize),
    /// A word that is on no receipt.
    #[error("no receipt has this word")]
    Word(String),
    /// The words do not belong together: one is wrong, or their order is.
    #[error("the words do not belong together")]
    Check,
}

fn word(index: usize) -> &'static str {
    WORDS.lines().nth(index % HOW_MANY).unwrap_or_default()
}

/// The word that checks the others: ten bits of their digest.
fn checking(drawn: &[&str]) -> &'static str {
    let digest = Sha256::digest(drawn.join(" ").as_bytes());
    let bits = digest.iter().take(2).fold(0_usize, |bits, byte| (bits << 8) | usize::from(*byte));
    word(bits)
}

/// A receipt of fresh chance, e.g. `acorn river teapot lantern moss yellow`.
pub fn fresh(rng: &mut dyn Rng) -> String {
    let mut words: Vec<&str> = (0..DRAWN).map(|_| word(rng.random_range(0..HOW_MANY))).collect();
    words.push(checking(&words));
    words.join(" ")
}

/// What somebody typed, as it is compared: small letters, one space between words. Dashes, commas and line breaks count
/// as spaces.
///
/// # Errors
/// [`Slip`]: it cannot be a receipt, whatever the records hold.
pub fn read(typed: &str) -> Result<String, Slip> {
    // Whoever pastes a book here is told so after a few words.
    let lower = typed.chars().take(400).collect::<String>().to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).collect();
    let (drawn, check) = match words.split_last() {
        Some((check, drawn)) if words.len() == ALL => (drawn, *check),
        _ => return Err(Slip::Count(words.len())),
    };
    if let Some(unknown) = words.iter().find(|word| !WORDS.lines().any(|known| known == **word)) {
        return Err(Slip::Word((*unknown).to_owned()));
    }
    if checking(drawn) != check {
        return Err(Slip::Check);
    }
    Ok(words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    #[test]
    fn the_list_is_sorted_plain_and_of_the_right_length() {
        let words: Vec<&str> = WORDS.lines().collect();
        assert_eq!(words.len(), HOW_MANY);
        assert!(words.windows(2).all(|two| two[0] < two[1]), "sorted, and none twice");
        assert!(
            words.iter().all(|word| (3..=10).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_lowercase()))
        );
    }

    #[test]
    fn slips_are_told_apart() {
        let receipt = fresh(&mut ChaCha8Rng::seed_from_u64(1));
        let mut words: Vec<&str> = receipt.split(' ').collect();
        assert_eq!(read(&words[..5].join(" ")), Err(Slip::Count(5)));
        assert_eq!(read(""), Err(Slip::Count(0)));
        words.swap(0, 1);
        assert_eq!(read(&words.join(" ")), Err(Slip::Check));
        words[2] = "zzzz";
        assert_eq!(read(&words.join(" ")), Err(Slip::Word("zzzz".into())));
    }

    proptest! {
        #[test]
        fn comes_back_however_it_is_typed(seed in any::<u64>(), gap in "[ ,.\n-]{1,3}", shout in any::<bool>()) {
            let receipt = fresh(&mut ChaCha8Rng::seed_from_u64(seed));
            let typed = receipt.replace(' ', &gap);
            let typed = if shout { typed.to_uppercase() } else { typed };
            prop_assert_eq!(read(&format!("  {typed} ")), Ok(receipt));
        }

        #[test]
        fn nothing_that_is_typed_breaks_it(typed in ".{0,600}") {
            let _ = read(&typed);
        }

        #[test]
        fn one_wrong_word_is_nearly_always_noticed(seed in any::<u64>(), at in 0..5_usize, other in 0..HOW_MANY) {
            let receipt = fresh(&mut ChaCha8Rng::seed_from_u64(seed));
            let mut words: Vec<&str> = receipt.split(' ').collect();
            prop_assume!(words[at] != word(other));
            words[at] = word(other);
            // One in 1,024 passes by chance and then finds no report.
            prop_assume!(checking(&words[..5]) != words[5]);
            prop_assert_eq!(read(&words.join(" ")), Err(Slip::Check));
        }
    }
}
