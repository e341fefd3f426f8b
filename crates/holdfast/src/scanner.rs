//! Joins the virus scanner of `app` to clamd, by its own protocol. The signatures are the operator's (`freshclam`).
//!
//! `HOLDFAST_CLAMD` says where it listens: a socket's path, or `host:port`. Without it, Debian's own socket is used if it is
//! there; otherwise files are kept and marked as not looked at. What it is not: a judge of what is lawful.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use app::gateway::Pending;
use app::scanner::{NoScanner, Scan, Scanner};
use clamav_client::tokio::{Socket, Tcp, scan_buffer};

/// Where Debian's clamav-daemon listens.
const DEBIAN: &str = "/run/clamav/clamd.ctl";

/// A document of ten megabytes takes seconds; a scanner that takes longer is stuck.
const PATIENCE: Duration = Duration::from_secs(60);

/// The scanner of this machine.
pub(crate) fn from_environment() -> Arc<dyn Scanner> {
    match std::env::var("HOLDFAST_CLAMD") {
        Ok(place) if !place.is_empty() => Arc::new(Clamd::at(&place)),
        _ if PathBuf::from(DEBIAN).exists() => Arc::new(Clamd::at(DEBIAN)),
        _ => Arc::new(NoScanner),
    }
}

/// clamd.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Clamd {
    /// By a socket of this machine.
    Local(PathBuf),
    /// By the network, `host:port`.
    Far(String),
}

impl Clamd {
    /// The one at this place.
    pub(crate) fn at(place: &str) -> Self {
        if place.starts_with('/') { Self::Local(PathBuf::from(place)) } else { Self::Far(place.to_owned()) }
    }

    async fn ask(&self, content: &[u8]) -> std::io::Result<Vec<u8>> {
        match self {
            Self::Local(socket_path) => scan_buffer(content, Socket { socket_path }, None).await,
            Self::Far(host_address) => scan_buffer(content, Tcp { host_address }, None).await,
        }
    }
}

impl Scanner for Clamd {
    fn scan<'a>(&'a self, content: &'a [u8]) -> Pending<'a, Result<Option<Scan>, String>> {
        Box::pin(async move {
            let answer = tokio::time::timeout(PATIENCE, self.ask(content)).await;
            let answer =
                answer.map_err(|_| "no answer within a minute".to_owned())?.map_err(|error| error.to_string())?;
            read(&answer).map(Some)
        })
    }
}

/// `stream: OK`, `stream: NAME FOUND`, or what is wrong.
fn read(answer: &[u8]) -> Result<Scan, String> {
    let said = String::from_utf8_lossy(answer);
    let said = said.trim_end_matches(['\0', '\n']).trim();
    match said.strip_prefix("stream: ") {
        Some("OK") => Ok(Scan::Clean),
        Some(found) if found.ends_with(" FOUND") => Ok(Scan::Found(found.trim_end_matches(" FOUND").to_owned())),
        _ => Err(format!("clamd said: {}", said.chars().take(200).collect::<String>())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[test]
    fn only_a_clear_word_is_clean() {
        assert_eq!(read(b"stream: OK\0"), Ok(Scan::Clean));
        assert_eq!(read(b"stream: Eicar-Test-Signature FOUND\0"), Ok(Scan::Found("Eicar-Test-Signature".into())));
        for other in [&b""[..], b"OK", b"INSTREAM size limit exceeded. ERROR\0", b"stream: OK and more", b"\xff\xfe"] {
            assert!(read(other).is_err(), "{other:?}");
        }
    }

    /// The wire as clamd speaks it: `zINSTREAM`, pieces with their length, a length of nothing.
    #[tokio::test]
    async fn the_bytes_go_over_the_wire_and_silence_is_no_clean() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let place = listener.local_addr().unwrap().to_string();
        let clamd = tokio::spawn(async move {
            let (mut line, _) = listener.accept().await.unwrap();
            let mut command = [0_u8; 10];
            line.read_exact(&mut command).await.unwrap();
            assert_eq!(&command, b"zINSTREAM\0");
            let mut content = Vec::new();
            loop {
                let length = line.read_u32().await.unwrap();
                if length == 0 {
                    break;
                }
                let mut piece = vec![0_u8; usize::try_from(length).unwrap()];
                line.read_exact(&mut piece).await.unwrap();
                content.extend(piece);
            }
            line.write_all(b"stream: Test FOUND\0").await.unwrap();
            drop(line);
            // The second visitor is hung up on.
            drop(listener.accept().await.unwrap());
            content
        });
        let scanner = Clamd::at(&place);
        assert_eq!(scanner.scan(b"a letter").await, Ok(Some(Scan::Found("Test".into()))));
        assert!(scanner.scan(b"a letter").await.is_err());
        assert_eq!(clamd.await.unwrap(), b"a letter");
    }

    /// The real daemon in a folder of its own, with one signature of ours: the test file's. There is no signature download in
    /// a test (S53).
    struct RealClamd {
        process: std::process::Child,
        folder: tempfile::TempDir,
    }

    impl RealClamd {
        /// Starts it and waits until it answers; `None` where this machine has none.
        async fn start() -> Option<Self> {
            let program =
                ["/usr/sbin/clamd", "/usr/bin/clamd"].into_iter().find(|path| PathBuf::from(path).is_file())?;
            let folder = tempfile::tempdir().unwrap();
            let path = |name: &str| folder.path().join(name).display().to_string();
            std::fs::create_dir(path("signatures")).unwrap();
            // SHA-256 of the test file, its length, our name for it.
            let signature = "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f:68:Holdfast.Test.Eicar\n";
            std::fs::write(path("signatures/holdfast.hsb"), signature).unwrap();
            let configuration = format!(
                "LocalSocket {}\nDatabaseDirectory {}\nForeground yes\nLogFile {}\n",
                path("clamd.ctl"),
                path("signatures"),
                path("clamd.log")
            );
            std::fs::write(path("clamd.conf"), configuration).unwrap();
            let process = std::process::Command::new(program)
                .arg("--config-file")
                .arg(path("clamd.conf"))
                .stdout(std::process::Stdio::null())
                .stderr(std::process::Stdio::null())
                .spawn()
                .unwrap();
            let mut clamd = Self { process, folder };
            for _ in 0..600 {
                if clamd.scanner().scan(b"a letter").await.is_ok() {
                    return Some(clamd);
                }
                assert_eq!(clamd.process.try_wait().unwrap(), None, "clamd ended: {}", clamd.log());
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            panic!("clamd does not answer: {}", clamd.log());
        }

        fn scanner(&self) -> Clamd {
            Clamd::at(&self.folder.path().join("clamd.ctl").display().to_string())
        }

        fn log(&self) -> String {
            std::fs::read_to_string(self.folder.path().join("clamd.log")).unwrap_or_default()
        }
    }

    impl Drop for RealClamd {
        fn drop(&mut self) {
            let _ = self.process.kill();
            let _ = self.process.wait();
        }
    }

    /// The test ring installs it (`xtask/src/need.rs`); elsewhere this says so and proves nothing.
    #[tokio::test]
    async fn the_real_daemon_finds_the_test_file_and_lets_a_letter_pass() {
        let Some(clamd) = RealClamd::start().await else {
            eprintln!("skipped: this machine has no clamd (Debian: clamav-daemon)");
            return;
        };
        // In two halves, so that no scanner takes this source for the thing itself.
        let eicar = ["X5O!P%@AP[4\\PZX54(P^)7CC)7}$", "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"].concat();
        let scanner = clamd.scanner();
        let found = scanner.scan(eicar.as_bytes()).await;
        assert!(matches!(&found, Ok(Some(Scan::Found(name))) if name.contains("Holdfast.Test.Eicar")), "{found:?}");
        assert_eq!(scanner.scan(b"a letter").await, Ok(Some(Scan::Clean)));
        // A large one in many pieces; and when the daemon dies, nothing is clean.
        let long = vec![b'a'; 3 * 1024 * 1024];
        assert_eq!(scanner.scan(&long).await, Ok(Some(Scan::Clean)));
        drop(clamd);
        assert!(scanner.scan(b"a letter").await.is_err(), "silence is no clean");
    }
}
