//! The recovery code: what two people hold on paper.
//!
//! Eight groups of four in an alphabet without I, L, O, U (Crockford's): 150 random bits and 10 to catch a slip of the
//! pen. Reading it back forgives case, spaces, dashes, and O for 0, I or L for 1. argon2id and a salt make it the key of
//! an age recipient.

use std::fmt;
use std::str::FromStr;

use age::x25519::Identity;
use argon2::{Algorithm, Argon2, Params, Version};
use bech32::{Bech32, Hrp};
use rand::Rng;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, Zeroizing};

use crate::error::{Error, Result};
use crate::keys::sealed;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const RANDOM: usize = 30;
const CHECK: usize = 2;

/// A recovery code. Shown once, by [`RecoveryCode::printable`]; wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryCode(Zeroizing<String>);

/// How a code becomes a key. Not secret.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Derivation {
    /// 16 random bytes, hex.
    salt: String,
    /// KiB.
    memory: u32,
    passes: u32,
}

impl Derivation {
    pub(crate) fn generate(rng: &mut dyn Rng) -> Self {
        let mut salt = [0_u8; 16];
        rng.fill_bytes(&mut salt);
        Self { salt: hex::encode(salt), memory: 64 << 10, passes: 3 }
    }
}

impl RecoveryCode {
    /// A fresh one.
    pub fn generate(rng: &mut dyn Rng) -> Self {
        let mut bytes = Zeroizing::new([0_u8; RANDOM]);
        rng.fill_bytes(bytes.as_mut());
        // 256 is a multiple of 32: taking the low five bits favours no letter.
        let random: Zeroizing<String> = Zeroizing::new(bytes.iter().map(|byte| letter(*byte)).collect());
        let check = check_of(&random);
        Self(Zeroizing::new(format!("{}{check}", random.as_str())))
    }

    /// In groups of four, for paper.
    pub fn printable(&self) -> Zeroizing<String> {
        let letters: Vec<char> = self.0.chars().collect();
        let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
        Zeroizing::new(groups.join("-"))
    }

    /// The age identity of this code. Takes a moment (argon2id).
    pub(crate) fn identity(&self, how: &Derivation) -> Result<Identity> {
        // A key file is a stranger's bytes until it opened: a memory figure from it must not take the machine down.
        if how.memory > 1 << 20 || how.passes > 32 {
            return Err(Error::Key("the figures of the recovery code are out of bounds".into()));
        }
        let wrong =
            |error: &dyn fmt::Display| Error::Key(format!("the recovery code cannot be turned into a key: {error}"));
        let salt = hex::decode(&how.salt).map_err(|error| wrong(&error))?;
        let params = Params::new(how.memory, how.passes, 1, Some(32)).map_err(|error| wrong(&error))?;
        let mut key = Zeroizing::new([0_u8; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(self.0.as_bytes(), &salt, key.as_mut())
            .map_err(|error| wrong(&error))?;
        let prefix = Hrp::parse("age-secret-key-").map_err(|error| wrong(&error))?;
        let mut text = bech32::encode_upper::<Bech32>(prefix, key.as_ref()).map_err(|error| wrong(&error))?;
        let identity = sealed::identity(&text);
        text.zeroize();
        identity
    }
}

impl FromStr for RecoveryCode {
    type Err = Error;

    fn from_str(typed: &str) -> Result<Self> {
        let letters: Zeroizing<String> = Zeroizing::new(
            typed
                .chars()
                .filter(|c| !c.is_whitespace() && *c != '-')
                .take(RANDOM + CHECK + 1)
                .map(|c| match c.to_ascii_uppercase() {
                    'O' => '0',
                    'I' | 'L' => '1',
                    other => other,
                })
                .collect(),
        );
        if letters.chars().count() != RANDOM + CHECK {
            return Err(Error::Key("the recovery code has eight groups of four letters and digits".into()));
        }
        if let Some(stray) = letters.bytes().zip(letters.chars()).find(|(byte, _)| !ALPHABET.contains(byte)) {
            return Err(Error::Key(format!("“{}” does not occur in recovery codes", stray.1)));
        }
        let (random, check) = letters.split_at(RANDOM);
        if check_of(random) != check {
            return Err(Error::Key(
                "there is a slip in the recovery code: compare it with the paper, group by group".into(),
            ));
        }
        Ok(Self(letters))
    }
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCode(…)")
    }
}

fn letter(byte: u8) -> char {
    ALPHABET.get(usize::from(byte & 31)).map_or('0', |letter| char::from(*letter))
}

fn check_of(random: &str) -> String {
    Sha256::digest(random).iter().take(CHECK).map(|byte| letter(*byte)).collect()
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    #[test]
    fn a_code_is_read_back_as_people_type_it_and_a_slip_is_caught() {
        let code = RecoveryCode::generate(&mut StdRng::seed_from_u64(7));
        let paper = code.printable();
        assert_eq!(paper.len(), 39, "eight groups of four and seven dashes");
        let typed = paper.to_lowercase().replace('-', " ").replace('0', "o").replace('1', "l");
        assert_eq!(typed.parse::<RecoveryCode>().unwrap(), code);
        let first = paper.chars().next().unwrap();
        let other = if first == '2' { '3' } else { '2' };
        let slip = format!("{other}{}", &paper[1..]);
        assert!(slip.parse::<RecoveryCode>().unwrap_err().to_string().contains("slip"));
        assert!("ABCD".parse::<RecoveryCode>().is_err());
        assert!(format!("U{}", &paper[1..]).parse::<RecoveryCode>().is_err());
        assert!("é".repeat(32).parse::<RecoveryCode>().is_err());
    }
}
