//! The real program, started as its own process on a fresh folder, and what its demo says about people and devices.

use std::fs::{self, File};
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::network::Upstream;

/// On a cold machine with another build beside it.
const PATIENCE: Duration = Duration::from_secs(90);

/// A nursery that runs.
pub(super) struct Program {
    child: Child,
    folder: tempfile::TempDir,
    /// `https://127.0.0.1:…`
    pub(super) web: String,
    pub(super) dns: SocketAddr,
    pub(super) proxy: SocketAddr,
    pub(super) block_https: Option<SocketAddr>,
    credentials: Value,
    /// Answers as long as it is held.
    _upstream: Upstream,
}

/// How to sign in as somebody.
pub(super) struct Person {
    pub(super) name: String,
    pub(super) username: String,
    pub(super) password: String,
    totp_secret: Option<String>,
}

impl Person {
    /// The six figures of this half minute.
    pub(super) fn figures(&self) -> Option<String> {
        let secret = totp_rs::Secret::try_from_base32(self.totp_secret.as_deref()?).expect("a secret in base32");
        let totp = totp_rs::Builder::new().with_secret(secret).build().expect("a usable secret");
        Some(totp.generate_current().to_string())
    }
}

impl Program {
    /// Starts `holdfast demo --https` and waits until it serves.
    pub(super) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// The same, with more on its command line.
    pub(super) async fn start_with(more: &[&str]) -> Self {
        let upstream = Upstream::start().await;
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("data");
        let log = File::create(folder.path().join("log")).expect("a log");
        let child = Command::new(env!("CARGO_BIN_EXE_holdfast"))
            .args(["demo", "--https", "--web", "127.0.0.1:0", "--dns", "127.0.0.1:0", "--proxy", "127.0.0.1:0"])
            .arg("--upstream")
            .arg(upstream.address.to_string())
            .args(more)
            .arg("--data")
            .arg(&data)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("the program starts");
        let mut program = Self {
            child,
            folder,
            web: String::new(),
            dns: SocketAddr::from(([127, 0, 0, 1], 0)),
            proxy: SocketAddr::from(([127, 0, 0, 1], 0)),
            block_https: None,
            credentials: Value::Null,
            _upstream: upstream,
        };
        let running = program.wait_for_note(&data.join("running.json")).await;
        let address = |key: &str| running[key].as_str().and_then(|text| text.parse().ok()).expect("an address");
        program.web = running["web"].as_str().expect("the pages' address").to_owned();
        program.dns = address("dns");
        program.proxy = address("proxy");
        program.block_https = running["block_https"].as_str().and_then(|text| text.parse().ok());
        let credentials = fs::read(data.join("demo-credentials.json")).expect("credentials");
        program.credentials = serde_json::from_slice(&credentials).expect("credentials are JSON");
        program
    }

    async fn wait_for_note(&mut self, path: &Path) -> Value {
        let began = Instant::now();
        loop {
            if let Some(note) = fs::read(path).ok().and_then(|text| serde_json::from_slice(&text).ok()) {
                return note;
            }
            let ended = self.child.try_wait().expect("its state");
            assert!(ended.is_none(), "the program ended ({ended:?}):\n{}", self.log());
            assert!(began.elapsed() < PATIENCE, "the program does not serve yet:\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// What it wrote to its standard error.
    pub(super) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    pub(super) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// By the key in `demo-credentials.json`: `dsl`, `manager`, …
    pub(super) fn person(&self, key: &str) -> Person {
        let person = &self.credentials["people"][key];
        let text = |field: &str| person[field].as_str().unwrap_or_else(|| panic!("{key} has no {field}")).to_owned();
        Person {
            name: text("name"),
            username: text("username"),
            password: text("password"),
            totp_secret: person["totp_secret"].as_str().map(str::to_owned),
        }
    }

    /// A word of `demo-credentials.json`: of a person or a device, by its key.
    pub(super) fn credential(&self, kind: &str, key: &str, field: &str) -> String {
        let word = self.credentials[kind][key][field].as_str();
        word.unwrap_or_else(|| panic!("{kind} {key} has no {field}")).to_owned()
    }

    /// A device's name and the address that it sends from.
    pub(super) fn device(&self, key: &str) -> (String, IpAddr) {
        let device = &self.credentials["devices"][key];
        let text = |field: &str| device[field].as_str().unwrap_or_else(|| panic!("{key} has no {field}"));
        (text("name").to_owned(), text("source_address").parse().expect("an address"))
    }

    /// Where a device asks DNS over HTTPS, with its own secret.
    pub(super) fn doh_url(&self, key: &str) -> String {
        self.credentials["devices"][key]["doh_url"].as_str().expect("an address of encrypted DNS").to_owned()
    }

    /// Runs a command of the same program on the same data.
    pub(super) fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_holdfast"))
            .args(arguments)
            .arg("--data")
            .arg(self.data())
            .output()
            .expect("the command runs")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("The program said:\n{}", self.log());
        }
        // The folder goes with it: nothing is left to save.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
