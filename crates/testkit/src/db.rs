//! A database in milliseconds: made once, copied for each test.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use rand::SeedableRng;
use rand_chacha::ChaCha12Rng;
use store::{Db, DbConfig, Keys, MachineKey, RecoveryCode};
use tempfile::TempDir;

use crate::World;

/// A database of its own for one test. Gone when dropped.
#[derive(Debug)]
pub struct TestDb {
    /// The open database.
    pub db: Db,
    /// Its keys.
    pub keys: Arc<Keys>,
    /// What the paper says.
    pub code: RecoveryCode,
    /// Its data folder.
    pub folder: TempDir,
}

impl TestDb {
    /// The database and the folder that must outlive it, for tests that care for no more.
    pub fn into_parts(self) -> (Db, TempDir) {
        (self.db, self.folder)
    }
}

const CODE: &str = "recovery-code-of-the-tests";

/// An empty SQLite database with the newest schema.
///
/// # Panics
/// If it cannot be made: a test cannot go on without.
#[expect(clippy::panic, reason = "a test that cannot begin says so by falling over")]
pub async fn db() -> TestDb {
    make().await.unwrap_or_else(|error| panic!("no test database: {error:#}"))
}

/// The configuration of a test: a small reserve, little patience.
pub fn config(data: &Path) -> DbConfig {
    DbConfig { reserve: 64 << 10, patience: std::time::Duration::from_secs(5), ..DbConfig::sqlite(data) }
}

async fn make() -> Result<TestDb> {
    let template = template().await?;
    let folder = TempDir::new()?;
    for name in ["keys.json", "machine.key", CODE, store::db::FILE] {
        std::fs::copy(template.join(name), folder.path().join(name)).with_context(|| format!("copying {name}"))?;
    }
    let keys = Arc::new(Keys::open(folder.path(), &MachineKey::beside(folder.path()))?);
    let code = std::fs::read_to_string(folder.path().join(CODE))?.parse()?;
    let db = Db::open(&config(folder.path()), Arc::clone(&keys), World::new(0).now()).await?;
    Ok(TestDb { db, keys, code, folder })
}

/// Made by the first test of any process, renamed into place, used by all until the schema changes.
async fn template() -> Result<PathBuf> {
    use std::os::unix::fs::MetadataExt;
    let user = std::fs::metadata("/proc/self")?.uid();
    let place = std::env::temp_dir().join(format!("holdfast-template-{user}-{}", store::migrate::fingerprint()));
    if place.exists() {
        return Ok(place);
    }
    let aside = TempDir::new()?;
    let mut rng = ChaCha12Rng::seed_from_u64(0);
    let (keys, code) = Keys::create(aside.path(), &MachineKey::beside(aside.path()), &mut rng)?;
    std::fs::write(aside.path().join(CODE), code.printable().as_bytes())?;
    let db = Db::open(&config(aside.path()), Arc::new(keys), World::new(0).now()).await?;
    db.close().await;
    // Another test may have been first: then its template is as good as ours.
    let aside = aside.keep();
    if std::fs::rename(&aside, &place).is_err() {
        std::fs::remove_dir_all(&aside)?;
    }
    Ok(place)
}
