//! A PostgreSQL server of our own for as long as the tests run: a fresh cluster on a free port of the loopback.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::{need, sh};

/// Where the tests find it: a URL of a role that may create databases and may not bypass row security.
pub(crate) const VARIABLE: &str = "HOLDFAST_TEST_POSTGRES";

/// A running server. Ends, and leaves nothing behind, when dropped.
pub(crate) struct Server {
    folder: PathBuf,
    programs: PathBuf,
    url: String,
}

impl Server {
    /// Starts one.
    ///
    /// # Errors
    /// When PostgreSQL is not installed or one of its programs fails.
    pub(crate) fn start() -> Result<Self> {
        let programs = need::postgres_bin().context("PostgreSQL's server is not installed")?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let folder = std::env::temp_dir().join(format!("holdfast-postgres-{}", std::process::id()));
        let server = Self { url: format!("postgres://holdfast_test@127.0.0.1:{port}/holdfast_test"), folder, programs };
        let data = server.folder.join("data");
        let folder = server.folder.to_string_lossy().into_owned();
        sh::run(as_postgres(Path::new("mkdir")).args(["-m", "700", &folder]))?;
        sh::output(
            server
                .program("initdb")
                .args(["-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "-D"])
                .arg(&data),
        )?;
        // Nothing outlives the tests, so nothing needs the disk.
        let settings = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off -c max_connections=200"
        );
        sh::run(
            server
                .program("pg_ctl")
                .args(["-s", "-w", "-o", &settings])
                .arg("-D")
                .arg(&data)
                .arg("-l")
                .arg(server.folder.join("log"))
                .arg("start"),
        )?;
        for statement in
            ["CREATE ROLE holdfast_test LOGIN CREATEDB", "CREATE DATABASE holdfast_test OWNER holdfast_test"]
        {
            let port = port.to_string();
            sh::run(server.program("psql").args([
                "-q",
                "-h",
                "127.0.0.1",
                "-p",
                &port,
                "-U",
                "postgres",
                "-c",
                statement,
            ]))?;
        }
        Ok(server)
    }

    /// The URL for the tests.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    fn program(&self, name: &str) -> Command {
        as_postgres(&self.programs.join(name))
    }
}

/// The server refuses to run as root; Debian's package brings the user that may.
fn as_postgres(program: &Path) -> Command {
    if !need::root() {
        return sh::program(&program.to_string_lossy());
    }
    let mut command = sh::program("runuser");
    command.args(["-u", "postgres", "--"]).arg(program).current_dir(std::env::temp_dir());
    command
}

impl Drop for Server {
    fn drop(&mut self) {
        let data = self.folder.join("data");
        if let Err(error) = sh::run(self.program("pg_ctl").args(["-s", "-m", "immediate", "-D"]).arg(data).arg("stop"))
        {
            eprintln!("xtask: {error:#}");
        }
        if let Err(error) = std::fs::remove_dir_all(&self.folder) {
            eprintln!("xtask: {} is left behind: {error}", self.folder.display());
        }
    }
}
