//! References and receipts that people read out on the telephone.
//!
//! Random, never sequential: a number that counts up tells everybody how many concerns there are (S8). A reference
//! names a concern among those who may see it; it opens nothing. A receipt is the reporter's own and is stored hashed.

pub mod words;

use rand::{Rng, RngExt};

/// No letters or digits that are mistaken for others when read aloud or written by hand (I, L, O, U, 0, 1).
const ALPHABET: &[u8] = b"23456789ABCDEFGHJKMNPQRSTVWXYZ";

fn letters(rng: &mut dyn Rng, count: usize) -> String {
    (0..count).filter_map(|_| ALPHABET.get(rng.random_range(0..ALPHABET.len()))).map(|byte| char::from(*byte)).collect()
}

/// A concern's reference, e.g. `K7Q-4MX`: 30^6, about 700 million, checked for uniqueness by the store.
pub fn reference(rng: &mut dyn Rng) -> String {
    format!("{}-{}", letters(rng, 3), letters(rng, 3))
}

/// A receipt, e.g. `8F4K-Q2ZM-77RT-WXPD`: 30^16, about 78 bits, so that nobody finds one by trying.
pub fn receipt(rng: &mut dyn Rng) -> String {
    (0..4).map(|_| letters(rng, 4)).collect::<Vec<_>>().join("-")
}

/// What somebody typed, as it is compared: capitals, without spaces, dashes and the letters that we never print.
pub fn normalise(typed: &str) -> String {
    typed.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    #[test]
    fn are_readable_and_differ() {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        let first = reference(&mut rng);
        assert_eq!(first.len(), 7);
        assert_ne!(first, reference(&mut rng));
        let receipt = receipt(&mut rng);
        assert_eq!(normalise(&receipt).len(), 16);
        assert_eq!(normalise(&receipt.to_lowercase().replace('-', " ")), normalise(&receipt));
    }
}
