//! The keys of an installation.
//!
//! One random data key; everything symmetric is derived from it by label. It lies, with the signing key and the spool's
//! key, in one age file inside `DATA/keys.json`, encrypted to two recipients: the machine (unattended start) and the
//! recovery code (on paper, held by two people). Either opens it; making a new one of either needs no old one. A key
//! beside the disk does not protect a stolen box: say so (S36).
//!
//! The recovery recipient is also the one to which backups are encrypted, so that the code alone restores on a bare
//! machine.

mod recovery;
mod sealed;

use std::io::Write;
use std::path::{Path, PathBuf};

use age::x25519::{Identity, Recipient};
use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use hmac::{Hmac, KeyInit, Mac};
use rand::Rng;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::place;
use sealed::Secrets;

pub(crate) use recovery::Derivation;
pub use recovery::RecoveryCode;
pub(crate) use sealed::{open as open_sealed, seal};

/// Where the machine's own key is, for a start without anybody present.
#[derive(Debug, Clone)]
pub enum MachineKey {
    /// A file, for its owner alone; made if it is not there.
    File(PathBuf),
    /// A file that the system hands over (systemd credentials, a TPM behind them); never made or changed by us.
    Credential(PathBuf),
}

/// The open keys. Wiped from memory when dropped; never printed.
pub struct Keys {
    secrets: Secrets,
    file: KeyFile,
}

/// `DATA/keys.json`. Holds no open secret.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct KeyFile {
    format: u32,
    /// How the recovery code becomes a key.
    recovery: Derivation,
    /// Recipient of the recovery code: backups are encrypted to it.
    recovery_recipient: String,
    /// Has somebody typed the code back?
    recovery_confirmed: bool,
    /// Recipient of the machine.
    machine_recipient: String,
    /// Verifies signed heads and snapshots; hex.
    verifying_key: String,
    /// Recipient of the gateway's spool.
    spool_recipient: String,
    /// The secrets, an age file in base64, to machine and recovery.
    sealed: String,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").field("verifying_key", &self.file.verifying_key).finish_non_exhaustive()
    }
}

impl Keys {
    /// Are there keys in this data folder?
    pub fn exist(data: &Path) -> bool {
        key_file(data).exists()
    }

    /// Makes new keys in a data folder. Returns the recovery code, to be printed twice and typed back. In life the chance
    /// must be the system's; only tests seed it.
    ///
    /// # Errors
    /// [`Error::Key`] if there are keys already; [`Error::NotWritable`] and its like.
    pub fn create(data: &Path, machine: &MachineKey, rng: &mut dyn Rng) -> Result<(Self, RecoveryCode)> {
        if Self::exist(data) {
            return Err(Error::Key(format!("{} has keys already", data.display())));
        }
        place::make(data)?;
        let secrets = Secrets::generate(rng);
        let file = KeyFile::empty(&secrets)?;
        Self { secrets, file }.rewrap(data, machine, rng)
    }

    /// Opens the keys with the machine's own key.
    ///
    /// # Errors
    /// [`Error::WrongKey`] if the machine key is another one's; [`Error::Key`] if a file cannot be understood.
    pub fn open(data: &Path, machine: &MachineKey) -> Result<Self> {
        let file = KeyFile::read(data)?;
        let secrets = file.open(&machine.read()?, "the keys of this data folder")?;
        Ok(Self { secrets, file })
    }

    /// Opens the keys with the recovery code: the machine key is lost, or the disk is in another machine.
    ///
    /// # Errors
    /// As [`Keys::open`].
    pub fn open_with_recovery(data: &Path, code: &RecoveryCode) -> Result<Self> {
        let file = KeyFile::read(data)?;
        let identity = code.identity(&file.recovery)?;
        let secrets = file.open(&identity, "the keys of this data folder")?;
        Ok(Self { secrets, file })
    }

    /// Wraps the same keys for a (new) machine and a new recovery code. The old code opens this folder no more, but it
    /// still opens older backups.
    ///
    /// # Errors
    /// As [`Keys::create`].
    pub fn rewrap(self, data: &Path, machine: &MachineKey, rng: &mut dyn Rng) -> Result<(Self, RecoveryCode)> {
        let code = RecoveryCode::generate(rng);
        let derivation = Derivation::generate(rng);
        let recovery = code.identity(&derivation)?.to_public();
        let mut keys = self;
        keys.file.recovery = derivation;
        keys.file.recovery_recipient = recovery.to_string();
        keys.file.recovery_confirmed = false;
        keys.wrap_for(data, machine)?;
        Ok((keys, code))
    }

    /// Wraps the same keys for another machine; the recovery code stays.
    ///
    /// # Errors
    /// As [`Keys::create`].
    pub fn wrap_for(&mut self, data: &Path, machine: &MachineKey) -> Result<()> {
        let identity = machine.read_or_make()?;
        self.file.machine_recipient = identity.to_public().to_string();
        self.file.sealed = seal(
            &serde_json::to_vec(&self.secrets).map(Zeroizing::new).map_err(|error| Error::Key(error.to_string()))?,
            &[identity.to_public(), self.recovery_recipient()?],
        )?;
        self.file.write(data)?;
        publish_spool(data, &self.file.spool_recipient)
    }

    /// Somebody types the code back: set-up ends with it (S36). False: it is another code.
    ///
    /// # Errors
    /// [`Error::Key`] if the file cannot be written.
    pub fn confirm_recovery(&mut self, data: &Path, code: &RecoveryCode) -> Result<bool> {
        let right = code.identity(&self.file.recovery)?.to_public().to_string() == self.file.recovery_recipient;
        if right && !self.file.recovery_confirmed {
            self.file.recovery_confirmed = true;
            self.file.write(data)?;
        }
        Ok(right)
    }

    /// Has the recovery code been typed back?
    pub fn recovery_is_confirmed(&self) -> bool {
        self.file.recovery_confirmed
    }

    /// A key of its own for a purpose, from the data key: HMAC-SHA-256 over the label.
    pub fn derive(&self, label: &str) -> Zeroizing<[u8; 32]> {
        let mut key = Zeroizing::new([0_u8; 32]);
        if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.secrets.data_key) {
            mac.update(b"holdfast/1/");
            mac.update(label.as_bytes());
            let bytes = mac.finalize().into_bytes();
            key.iter_mut().zip(bytes.iter()).for_each(|(to, from)| *to = *from);
        }
        key
    }

    /// SQLCipher's raw key: 64 hex digits.
    pub(crate) fn database_key(&self) -> Zeroizing<String> {
        Zeroizing::new(hex::encode(*self.derive("sqlcipher")))
    }

    /// Signs a head or a snapshot: 64 bytes in hex.
    pub fn sign(&self, message: &[u8]) -> String {
        hex::encode(SigningKey::from_bytes(&self.secrets.signing_key).sign(message).to_bytes())
    }

    /// What verifies our signatures: not a secret; pinned by gateways and by whoever keeps our heads.
    pub fn verifying_key(&self) -> VerifyingKey {
        SigningKey::from_bytes(&self.secrets.signing_key).verifying_key()
    }

    /// The secret half of the signing key, for the gateway's snapshots.
    pub fn signing_key(&self) -> SigningKey {
        SigningKey::from_bytes(&self.secrets.signing_key)
    }

    /// Reads the gateway's spool. Its public half is in `DATA/gateway/spool.pub`.
    ///
    /// # Errors
    /// [`Error::Key`] if the stored identity cannot be understood.
    pub fn spool_identity(&self) -> Result<Identity> {
        sealed::identity(&self.secrets.spool_identity)
    }

    /// To whom backups are encrypted.
    ///
    /// # Errors
    /// [`Error::Key`] if the stored recipient cannot be understood.
    pub fn recovery_recipient(&self) -> Result<Recipient> {
        self.file.recovery_recipient.parse().map_err(|why| Error::Key(format!("keys.json: recovery recipient: {why}")))
    }

    /// How the recovery code becomes a key: travels at the head of every backup.
    pub(crate) fn derivation(&self) -> &Derivation {
        &self.file.recovery
    }

    /// The open secrets as JSON, for a backup that is itself encrypted to the recovery code.
    pub(crate) fn secrets_for_backup(&self) -> Result<serde_json::Value> {
        serde_json::to_value(&self.secrets).map_err(|error| Error::Key(error.to_string()))
    }

    /// Keys out of a backup, into a bare data folder: the code that opened the backup stays the folder's code.
    pub(crate) fn restore(
        data: &Path,
        machine: &MachineKey,
        secrets: serde_json::Value,
        derivation: Derivation,
        recovery: &Recipient,
    ) -> Result<Self> {
        if Self::exist(data) {
            return Err(Error::Key(format!("{} has keys already", data.display())));
        }
        place::make(data)?;
        let secrets: Secrets = serde_json::from_value(secrets).map_err(|error| Error::Key(error.to_string()))?;
        let mut file = KeyFile::empty(&secrets)?;
        file.recovery = derivation;
        file.recovery_recipient = recovery.to_string();
        file.recovery_confirmed = true;
        let mut keys = Self { secrets, file };
        keys.wrap_for(data, machine)?;
        Ok(keys)
    }
}

impl KeyFile {
    fn empty(secrets: &Secrets) -> Result<Self> {
        Ok(Self {
            format: 1,
            recovery: Derivation::default(),
            recovery_recipient: String::new(),
            recovery_confirmed: false,
            machine_recipient: String::new(),
            verifying_key: hex::encode(SigningKey::from_bytes(&secrets.signing_key).verifying_key().to_bytes()),
            spool_recipient: sealed::identity(&secrets.spool_identity)?.to_public().to_string(),
            sealed: String::new(),
        })
    }

    fn read(data: &Path) -> Result<Self> {
        let path = key_file(data);
        let text = std::fs::read(&path).map_err(Error::io(format!("reading {}", path.display())))?;
        let file: Self = serde_json::from_slice(&text)
            .map_err(|error| Error::Key(format!("{} cannot be understood: {error}", path.display())))?;
        match file.format {
            1 => Ok(file),
            newer => Err(Error::Version(format!("keys.json has format {newer}; this version knows format 1"))),
        }
    }

    fn write(&self, data: &Path) -> Result<()> {
        let text = serde_json::to_vec_pretty(self).map_err(|error| Error::Key(error.to_string()))?;
        write_private(&key_file(data), &text)
    }

    fn open(&self, identity: &Identity, what: &str) -> Result<Secrets> {
        let open = open_sealed(&self.sealed, identity, what)?;
        serde_json::from_slice(&open).map_err(|error| Error::Key(format!("keys.json: {error}")))
    }
}

impl MachineKey {
    /// The usual place: a file inside the data folder. Convenient, and no protection against who takes the whole box.
    pub fn beside(data: &Path) -> Self {
        Self::File(data.join("machine.key"))
    }

    fn path(&self) -> &Path {
        match self {
            Self::File(path) | Self::Credential(path) => path,
        }
    }

    fn read(&self) -> Result<Identity> {
        let path = self.path();
        let text = std::fs::read_to_string(path)
            .map(Zeroizing::new)
            .map_err(Error::io(format!("reading the machine key {}", path.display())))?;
        sealed::identity(text.trim()).map_err(|_| Error::Key(format!("{} is not a machine key", path.display())))
    }

    fn read_or_make(&self) -> Result<Identity> {
        match self {
            Self::File(path) if !path.exists() => {
                use age::secrecy::ExposeSecret;
                let identity = Identity::generate();
                write_private(path, identity.to_string().expose_secret().as_bytes())?;
                Ok(identity)
            }
            _ => self.read(),
        }
    }
}

fn key_file(data: &Path) -> PathBuf {
    data.join("keys.json")
}

/// Readable without any key, so that a gateway process of another user can encrypt what only the store can read (S32).
fn publish_spool(data: &Path, recipient: &str) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let folder = data.join("gateway");
    place::make(&folder)?;
    let path = folder.join("spool.pub");
    write_private(&path, recipient.as_bytes())?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644))
        .map_err(Error::io(format!("publishing {}", path.display())))
}

/// Aside, synced, then renamed over; for its owner alone (`tempfile` makes files 0600).
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> Result<()> {
    let what = || format!("writing {}", path.display());
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut aside = tempfile::NamedTempFile::new_in(folder).map_err(Error::io(what()))?;
    aside.write_all(bytes).and_then(|()| aside.as_file().sync_all()).map_err(Error::io(what()))?;
    aside.persist(path).map_err(|error| Error::io(what())(error.error))?;
    Ok(())
}
