//! The real program in a folder of its own: started, asked over HTTP, killed, started again.
//!
//! The demo of setting N is built once per build of the program and copied for each test: building it writes weeks of
//! history, and copying it takes milliseconds. Nothing here knows the inside of the program: what it needs it reads from
//! `running.json` and `demo-credentials.json`, as anybody outside would.

use std::fs::{File, OpenOptions};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};
use serde_json::Value;
use tempfile::TempDir;

use crate::visitor::Visitor;

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_holdfast");

/// What a demo leaves in its folder, and only a demo.
const MARK: &str = "demo-credentials.json";

/// Patience with a start on two busy cores.
const PATIENCE: Duration = Duration::from_secs(60);

/// A data folder, kept while the programs in it come and go.
pub(crate) struct House {
    folder: TempDir,
    process: Option<Child>,
    options: Vec<String>,
    verb: &'static str,
}

impl House {
    /// A running demo.
    pub(crate) async fn demo() -> Self {
        Self::demo_with(&[]).await
    }

    /// A running demo with more options.
    pub(crate) async fn demo_with(options: &[&str]) -> Self {
        let mut house = Self::closed();
        house.options.extend(options.iter().map(|&option| option.to_owned()));
        house.start().await;
        house
    }

    /// The demo's folder, nothing running in it.
    pub(crate) fn closed() -> Self {
        let folder = TempDir::new().unwrap();
        copy(&template(), folder.path());
        Self { folder, process: None, options: Vec::new(), verb: "demo" }
    }

    /// An empty folder, in which nothing was ever built.
    pub(crate) fn empty() -> Self {
        Self { folder: TempDir::new().unwrap(), process: None, options: Vec::new(), verb: "demo" }
    }

    /// Runs `serve` on the demo's people and records, as a real setting would run.
    pub(crate) async fn serve(configuration: &str) -> (Self, Value) {
        let mut house = Self::closed();
        let credentials = house.credentials();
        house.becomes_real("web = \"127.0.0.1:0\"\ndns = \"127.0.0.1:0\"\nproxy = \"127.0.0.1:0\"", configuration);
        house.start().await;
        (house, credentials)
    }

    /// The next start is `serve`. A demo can never become a real setting by any command; here the mark of the demo is
    /// taken away by hand.
    pub(crate) fn becomes_real(&mut self, listen: &str, configuration: &str) {
        std::fs::remove_file(self.data().join(MARK)).unwrap();
        let file = self.folder.path().join("holdfast.toml");
        let data = self.data();
        let text = format!(
            "data = \"{}\"\nweb_base = \"http://holdfast.test\"\n{configuration}\n[listen]\n{listen}\n",
            data.display()
        );
        std::fs::write(&file, text).unwrap();
        self.verb = "serve";
        self.options = vec!["--config".to_owned(), file.display().to_string()];
    }

    /// Puts the mark of the demo back.
    pub(crate) fn mark_as_demo(&self) {
        std::fs::write(self.data().join(MARK), "{}").unwrap();
    }

    /// A second program on the first one's folder.
    pub(crate) fn guest_of(host: &Self) -> Self {
        let guest = Self::empty();
        std::os::unix::fs::symlink(host.data(), guest.data()).unwrap();
        guest
    }

    /// The process id of the gateway that `serve` runs.
    pub(crate) fn gateway_process(&self) -> Option<u32> {
        gateway::holder(&self.data().join("gateway"))
    }

    /// The data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// What it said so far, standard output and error together.
    pub(crate) fn said(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("said")).unwrap_or_default()
    }

    /// Adds an option for the next start.
    pub(crate) fn option(&mut self, name: &str, value: &str) {
        self.options.extend([name.to_owned(), value.to_owned()]);
    }

    /// Adds an option without a value for the next start.
    pub(crate) fn flag(&mut self, name: &str) {
        self.options.push(name.to_owned());
    }

    /// Starts it and waits until everything serves.
    pub(crate) async fn start(&mut self) {
        self.spawn();
        let began = Instant::now();
        loop {
            self.is_alive();
            if let Some(running) = self.running()
                && Visitor::new(&running.web).get("/healthz").await.status == 200
            {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "it does not serve: {}", self.said());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Starts it and waits until it has said so, where its pages cannot be asked plainly.
    pub(crate) async fn start_until_it_says(&mut self, words: &str) {
        self.spawn();
        until(words, PATIENCE, async || {
            self.is_alive();
            self.said().contains(words)
        })
        .await;
    }

    /// Starts it where it cannot start, and returns how it ended and what it said.
    pub(crate) async fn fail(&mut self) -> (ExitStatus, String) {
        self.spawn();
        let began = Instant::now();
        loop {
            if let Some(status) = self.process.as_mut().unwrap().try_wait().unwrap() {
                self.process = None;
                return (status, self.said());
            }
            assert!(began.elapsed() < PATIENCE, "it did not end: {}", self.said());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Pulls the plug.
    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// Asks it to stop, and waits.
    pub(crate) fn stop(&mut self) -> ExitStatus {
        let mut process = self.process.take().unwrap();
        signal(process.id(), Signal::TERM);
        process.wait().unwrap()
    }

    /// Where it serves.
    pub(crate) fn at(&self) -> Running {
        self.running().unwrap()
    }

    /// Somebody at a browser.
    pub(crate) fn visitor(&self) -> Visitor {
        Visitor::new(&self.at().web)
    }

    /// Somebody who has signed in, with the second step where the role needs one. A code works once: one sign-in for
    /// each person within thirty seconds.
    pub(crate) async fn signed_in(&self, who: &str) -> Visitor {
        self.signed_in_with(&self.credentials(), who).await
    }

    /// The same, with credentials that were kept aside.
    pub(crate) async fn signed_in_with(&self, credentials: &Value, who: &str) -> Visitor {
        let visitor = self.visitor();
        visitor.sign_in(&credentials["people"][who]).await;
        visitor
    }

    /// `demo-credentials.json`.
    pub(crate) fn credentials(&self) -> Value {
        serde_json::from_slice(&std::fs::read(self.data().join(MARK)).unwrap()).unwrap()
    }

    /// Runs another command on this folder.
    pub(crate) fn command(&self, words: &[&str]) -> Output {
        command(words).env("HOLDFAST_DATA", self.data()).output().unwrap()
    }

    fn spawn(&mut self) {
        assert!(self.process.is_none(), "it runs already");
        let said = OpenOptions::new().create(true).append(true).open(self.folder.path().join("said")).unwrap();
        let mut command = command(&[self.verb]);
        if self.verb == "demo" {
            command.arg("--data").arg(self.data());
            for name in ["--web", "--dns", "--proxy"] {
                if !self.options.iter().any(|option| option == name) {
                    command.args([name, "127.0.0.1:0"]);
                }
            }
        }
        command.args(&self.options).stdin(Stdio::null()).stdout(said.try_clone().unwrap()).stderr(said);
        self.process = Some(command.spawn().unwrap());
    }

    fn is_alive(&mut self) {
        if let Some(status) = self.process.as_mut().unwrap().try_wait().unwrap() {
            self.process = None;
            panic!("it ended with {status}: {}", self.said());
        }
    }

    /// The note of the process that runs now; one that was killed leaves its own behind.
    fn running(&self) -> Option<Running> {
        let note = std::fs::read(self.data().join("running.json")).ok()?;
        let note: Value = serde_json::from_slice(&note).ok()?;
        let address = |key: &str| note[key].as_str()?.parse().ok();
        let running = Running { web: note["web"].as_str()?.to_owned(), dns: address("dns")?, proxy: address("proxy")? };
        (note["pid"].as_u64() == Some(u64::from(self.process.as_ref()?.id()))).then_some(running)
    }
}

impl Drop for House {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("What it said: {}", self.said());
        }
        if let Some(process) = &mut self.process {
            // Gently first: `serve` has a child of its own to take along.
            signal(process.id(), Signal::TERM);
            let began = Instant::now();
            while process.try_wait().is_ok_and(|status| status.is_none()) && began.elapsed() < Duration::from_secs(12) {
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        self.kill();
    }
}

/// Where a program serves.
#[derive(Debug, Clone)]
pub(crate) struct Running {
    pub(crate) web: String,
    pub(crate) dns: SocketAddr,
    pub(crate) proxy: SocketAddr,
}

/// The program with these words.
pub(crate) fn command(words: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(words).env_remove("HOLDFAST_DATA").env_remove("HOLDFAST_LOG").env_remove("HOLDFAST_RECOVERY_CODE");
    command
}

/// Sends a signal to one process.
pub(crate) fn signal(pid: u32, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    // It may have ended by itself this moment.
    let _ = rustix::process::kill_process(pid, signal);
}

/// Waits until something is so, and returns how long that took.
pub(crate) async fn until(what: &str, patience: Duration, mut is_so: impl AsyncFnMut() -> bool) -> Duration {
    let began = Instant::now();
    while !is_so().await {
        assert!(began.elapsed() < patience, "not within {patience:?}: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    began.elapsed()
}

/// A demo that was built by this very program and stopped; built by the first test that wants it, under a lock that
/// holds between processes.
fn template() -> PathBuf {
    use std::os::unix::fs::MetadataExt;
    let place = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let lock = File::create(place.join("demo.lock")).unwrap();
    lock.lock().unwrap();
    let program = std::fs::metadata(PROGRAM).unwrap();
    let key = format!("demo-{}-{}-{}", program.ino(), program.mtime(), program.mtime_nsec());
    let ready = place.join(&key);
    if ready.exists() {
        return ready;
    }
    for old in std::fs::read_dir(place).unwrap().flatten() {
        if old.file_name().to_string_lossy().starts_with("demo-") {
            std::fs::remove_dir_all(old.path()).unwrap();
        }
    }
    let mut house = House::empty();
    house.spawn();
    let began = Instant::now();
    while house.running().is_none() {
        house.is_alive();
        assert!(began.elapsed() < 3 * PATIENCE, "no demo: {}", house.said());
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(house.stop().success(), "{}", house.said());
    let aside = place.join("demo-aside");
    copy(house.folder.path(), &aside);
    std::fs::rename(aside, &ready).unwrap();
    ready
}

/// Copies a folder with everything in it but sockets and what was said.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    std::fs::set_permissions(to, std::fs::metadata(from).unwrap().permissions()).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let (kind, to) = (entry.file_type().unwrap(), to.join(entry.file_name()));
        if kind.is_dir() {
            copy(&entry.path(), &to);
        } else if kind.is_file() && entry.file_name() != "said" {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}
