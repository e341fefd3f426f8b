//! The secrets, and the age file in which they lie.

use std::io::{Read, Write};

use age::x25519::{Identity, Recipient};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rand::Rng;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::error::{Error, Result};

/// All secrets of an installation.
#[derive(Default, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub(crate) struct Secrets {
    #[serde(with = "hex_bytes")]
    pub(crate) data_key: [u8; 32],
    #[serde(with = "hex_bytes")]
    pub(crate) signing_key: [u8; 32],
    /// `AGE-SECRET-KEY-1…`
    pub(crate) spool_identity: String,
}

impl Secrets {
    pub(crate) fn generate(rng: &mut dyn Rng) -> Self {
        use age::secrecy::ExposeSecret;
        let mut secrets = Self::default();
        rng.fill_bytes(&mut secrets.data_key);
        rng.fill_bytes(&mut secrets.signing_key);
        Identity::generate().to_string().expose_secret().clone_into(&mut secrets.spool_identity);
        secrets
    }
}

pub(crate) fn identity(text: &str) -> Result<Identity> {
    text.parse().map_err(|why| Error::Key(format!("not a key: {why}")))
}

/// Encrypts to all of the recipients; base64.
pub(crate) fn seal(open: &[u8], recipients: &[Recipient]) -> Result<String> {
    let wrong = |error: &dyn std::fmt::Display| Error::Key(format!("sealing the keys: {error}"));
    let to = recipients.iter().map(|recipient| recipient as &dyn age::Recipient);
    let encryptor = age::Encryptor::with_recipients(to).map_err(|error| wrong(&error))?;
    let mut out = Vec::new();
    let mut writer = encryptor.wrap_output(&mut out).map_err(|error| wrong(&error))?;
    writer.write_all(open).map_err(|error| wrong(&error))?;
    writer.finish().map_err(|error| wrong(&error))?;
    Ok(BASE64_STANDARD.encode(out))
}

/// Opens what [`seal`] made; `what` is for the sentence when the key is another one's.
pub(crate) fn open(sealed: &str, identity: &Identity, what: &str) -> Result<Zeroizing<Vec<u8>>> {
    let damaged = |error: &dyn std::fmt::Display| Error::Key(format!("{what} cannot be understood: {error}"));
    let bytes = BASE64_STANDARD.decode(sealed).map_err(|error| damaged(&error))?;
    let decryptor = age::Decryptor::new(bytes.as_slice()).map_err(|error| damaged(&error))?;
    let mut reader = decryptor
        .decrypt(std::iter::once(identity as &dyn age::Identity))
        .map_err(|_| Error::WrongKey { what: what.to_owned() })?;
    let mut open = Zeroizing::new(Vec::new());
    reader.read_to_end(&mut open).map_err(|error| damaged(&error))?;
    Ok(open)
}

mod hex_bytes {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};
    use zeroize::Zeroizing;

    pub(super) fn serialize<S: Serializer>(bytes: &[u8; 32], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&Zeroizing::new(hex::encode(bytes)))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<[u8; 32], D::Error> {
        let text = Zeroizing::new(String::deserialize(from)?);
        let mut bytes = [0_u8; 32];
        hex::decode_to_slice(text.as_bytes(), &mut bytes).map_err(D::Error::custom)?;
        Ok(bytes)
    }
}
