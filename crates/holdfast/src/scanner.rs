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

    /// With the real clamd, where this machine has one (S53). Without one it says so and proves nothing.
    #[tokio::test]
    async fn a_real_clamd_finds_the_test_signature() {
        let place = std::env::var("HOLDFAST_CLAMD").unwrap_or_else(|_| DEBIAN.to_owned());
        let scanner = Clamd::at(&place);
        if scanner.scan(b"a letter").await.is_err() {
            eprintln!("skipped: no clamd answers at {place}; install clamav-daemon to run this");
            return;
        }
        // In two halves, so that no scanner takes this source for the thing itself.
        let eicar = ["X5O!P%@AP[4\\PZX54(P^)7CC)7}$", "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"].concat();
        assert!(matches!(scanner.scan(eicar.as_bytes()).await, Ok(Some(Scan::Found(_)))));
        assert_eq!(scanner.scan(b"a letter").await, Ok(Some(Scan::Clean)));
    }
}
