//! A PostgreSQL server to throw away: its own folder, a Unix socket, no port.
//!
//! The server refuses to run as root, so as root we start it as the user `postgres`. Databases belong to a plain role
//! `holdfast`: a superuser would walk past row security and prove nothing.

use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

/// A running server; stopped when dropped.
#[derive(Debug)]
pub struct Postgres {
    binaries: PathBuf,
    folder: TempDir,
    user: Option<(u32, u32)>,
    /// What `fsync` is set to.
    fsync: &'static str,
}

impl Postgres {
    /// Starts a server that does not wait for its disk, which spares tests seconds.
    ///
    /// # Errors
    /// If PostgreSQL is not installed (the sentence says what to do), or does not start (with the end of its log).
    pub fn start() -> Result<Self> {
        Self::with_fsync("off")
    }

    /// Starts a server that waits for its disk as a real one does: for measuring.
    ///
    /// # Errors
    /// As [`Postgres::start`].
    pub fn start_durable() -> Result<Self> {
        Self::with_fsync("on")
    }

    fn with_fsync(fsync: &'static str) -> Result<Self> {
        let binaries = binaries()?;
        let user = user()?;
        let folder = TempDir::new()?;
        if let Some((uid, gid)) = user {
            std::os::unix::fs::chown(folder.path(), Some(uid), Some(gid))?;
        }
        let server = Self { binaries, folder, user, fsync };
        let data = server.path("data");
        server
            .run("initdb", &["-D", &data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"])?;
        server.control("start")?;
        server.sql("postgres", "CREATE ROLE holdfast LOGIN")?;
        Ok(server)
    }

    /// Makes an empty database and returns its address.
    ///
    /// # Errors
    /// If there is one of this name.
    pub fn database(&self, name: &str) -> Result<String> {
        self.sql("postgres", &format!("CREATE DATABASE {name} OWNER holdfast"))?;
        Ok(self.url("holdfast", name))
    }

    /// The address of a database for a role.
    pub fn url(&self, role: &str, database: &str) -> String {
        format!("postgres://{role}@localhost/{database}?host={}", self.folder.path().display())
    }

    /// Runs SQL as the superuser, past row security: what somebody with the machine could do.
    ///
    /// # Errors
    /// What psql said.
    pub fn sql(&self, database: &str, sql: &str) -> Result<String> {
        let socket = self.folder.path().display().to_string();
        self.run("psql", &["-h", &socket, "-U", "postgres", "-d", database, "-v", "ON_ERROR_STOP=1", "-Atc", sql])
    }

    /// Stops the server at once, as a power cut would.
    ///
    /// # Errors
    /// What `pg_ctl` said.
    pub fn crash(&self) -> Result<()> {
        let data = self.path("data");
        self.run("pg_ctl", &["-D", &data, "-m", "immediate", "-w", "stop"]).map(|_| ())
    }

    /// Starts it again after [`Postgres::crash`].
    ///
    /// # Errors
    /// What `pg_ctl` said.
    pub fn restart(&self) -> Result<()> {
        self.control("start")
    }

    fn control(&self, verb: &str) -> Result<()> {
        let (data, log) = (self.path("data"), self.path("log"));
        let options = format!("-c listen_addresses='' -c fsync={} -k {}", self.fsync, self.folder.path().display());
        self.run("pg_ctl", &["-D", &data, "-l", &log, "-w", "-t", "60", "-o", &options, verb]).map(|_| ())
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// Output goes to a file: the server inherits it, and a pipe would stay open for as long as it runs.
    fn run(&self, program: &str, arguments: &[&str]) -> Result<String> {
        let mut output = tempfile::tempfile()?;
        let mut command = Command::new(self.binaries.join(program));
        command.args(arguments).current_dir(self.folder.path()).stdout(output.try_clone()?).stderr(output.try_clone()?);
        if let Some((uid, gid)) = self.user {
            command.uid(uid).gid(gid);
        }
        let status = command.status().with_context(|| format!("starting {program}"))?;
        std::io::Seek::rewind(&mut output)?;
        let mut said = String::new();
        output.read_to_string(&mut said)?;
        if !status.success() {
            let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            bail!("{program} {} failed: {said}{log}", arguments.join(" "));
        }
        Ok(said)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // It may have been crashed on purpose.
        let _ = self.crash();
    }
}

/// Debian's place, newest version first; else wherever `initdb` is on the path.
fn binaries() -> Result<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()))
        .filter(|folder| folder.join("initdb").exists() && folder.join("pg_ctl").exists())
        .collect();
    found.sort_by_key(|folder| std::cmp::Reverse(version(folder)));
    found.into_iter().next().context(
        "PostgreSQL is not installed, and these tests prove what it does. Install it (Debian: apt-get install \
         postgresql); `cargo xtask test` does so by itself",
    )
}

fn version(folder: &Path) -> u32 {
    folder.parent().and_then(Path::file_name).and_then(|name| name.to_str()?.parse().ok()).unwrap_or(0)
}

/// As root: the ids of the user `postgres`. Otherwise: stay who we are.
fn user() -> Result<Option<(u32, u32)>> {
    use std::os::unix::fs::MetadataExt;
    if std::fs::metadata("/proc/self")?.uid() != 0 {
        return Ok(None);
    }
    let users = std::fs::read_to_string("/etc/passwd")?;
    let line = users
        .lines()
        .find(|line| line.starts_with("postgres:"))
        .context("there is no user `postgres`, and PostgreSQL refuses to run as root")?;
    let mut ids = line.split(':').skip(2).map(str::parse::<u32>);
    match (ids.next(), ids.next()) {
        (Some(Ok(uid)), Some(Ok(gid))) => Ok(Some((uid, gid))),
        _ => bail!("/etc/passwd: cannot read the ids of `postgres`"),
    }
}
