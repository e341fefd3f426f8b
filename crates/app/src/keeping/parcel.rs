//! The parcel in which something leaves: a ZIP with AES-256 (AE-2), which common programs open with the passphrase (S47).
//! The passphrase is a hundred bits of chance and is kept nowhere.

use std::io::{Cursor, Write};

use rand::{Rng, RngExt};
use zip::write::SimpleFileOptions;
use zip::{AesMode, CompressionMethod, ZipWriter};

use crate::{Error, Result};

/// Letters and figures that nobody confuses on the telephone.
const LETTERS: &[u8; 31] = b"23456789abcdefghjkmnpqrstuvwxyz";
/// Groups of four: 20 of 31 letters are 99 bits.
const GROUPS: usize = 5;

/// A file of the parcel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    /// Names no child.
    pub(super) name: String,
    /// Its bytes.
    pub(super) bytes: Vec<u8>,
}

/// A fresh passphrase: `7kmq-x2h9-…`.
pub(super) fn passphrase(rng: &mut dyn Rng) -> String {
    let mut group = || -> String {
        let letter = |at: usize| LETTERS.get(at).map_or('x', |letter| char::from(*letter));
        (0..4).map(|_| letter(rng.random_range(0..LETTERS.len()))).collect()
    };
    (0..GROUPS).map(|_| group()).collect::<Vec<_>>().join("-")
}

/// A number for the outside: six letters of chance.
pub(super) fn number(rng: &mut dyn Rng) -> String {
    passphrase(rng).replace('-', "").chars().take(6).collect::<String>().to_uppercase()
}

/// Packs and encrypts. CPU for a few milliseconds: never inside a write.
///
/// # Errors
/// What the packer says.
pub(super) fn pack(pieces: &[Piece], passphrase: &str) -> Result<Vec<u8>> {
    let wrong = |error: &dyn std::fmt::Display| Error::Internal(format!("packing an export: {error}"));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .with_aes_encryption(AesMode::Aes256, passphrase);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for piece in pieces {
        zip.start_file(piece.name.as_str(), options).map_err(|error| wrong(&error))?;
        zip.write_all(&piece.bytes).map_err(|error| wrong(&error))?;
    }
    Ok(zip.finish().map_err(|error| wrong(&error))?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    /// Opened by another program than ours, with the passphrase and not without.
    #[test]
    fn seven_zip_opens_it_with_the_passphrase_alone() {
        let mut rng = rand::rngs::StdRng::seed_from_u64(7);
        let word = passphrase(&mut rng);
        assert_eq!(word.len(), 24);
        let piece = Piece { name: "records.csv".into(), bytes: b"when,what\n3 March,Tea\n".to_vec() };
        let packed = pack(&[piece], &word).unwrap();
        assert!(!packed.windows(7).any(|part| part == b"3 March"), "it is encrypted");
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("export.zip");
        std::fs::write(&file, &packed).unwrap();
        let open = |word: &str| {
            let said =
                std::process::Command::new("7zz").arg("x").arg("-so").arg(format!("-p{word}")).arg(&file).output();
            said.expect("7-Zip (7zz) is installed for the tests")
        };
        assert_eq!(open(&word).stdout, b"when,what\n3 March,Tea\n");
        let wrong = open("not-the-passphrase");
        assert!(!wrong.status.success() && wrong.stdout.is_empty());
        let listed = std::process::Command::new("7zz").args(["l", "-slt"]).arg(&file).output().unwrap();
        assert!(String::from_utf8_lossy(&listed.stdout).contains("AES-256"), "the strong way, not ZipCrypto");
    }
}
