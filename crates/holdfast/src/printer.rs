//! The PDF worker beside this program. It gets no key, no network and no file: JSON on its standard input, a PDF on its
//! standard output, limits of its own, and ours on top.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use app::gateway::Pending;
use app::printer::Printer;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;
use tokio::sync::Semaphore;

/// The longest that anybody waits.
const PATIENCE: Duration = Duration::from_secs(60);
/// Larger than any document that a person reads.
const LARGEST: u64 = 64 << 20;
const AWAY: &str = "The program that makes PDFs is not there yet. Print the page instead.";

/// Starts a worker for each document; two at once, so that printing never takes the machine away from DNS.
pub(crate) struct Worker {
    program: Option<PathBuf>,
    at_once: Semaphore,
}

impl Worker {
    /// The worker beside this program, looked for at each print: it may still be building at the first start.
    pub(crate) fn beside_us() -> Self {
        let program = std::env::current_exe().ok().map(|exe| exe.with_file_name("holdfast-reports"));
        Self { program, at_once: Semaphore::new(2) }
    }

    async fn make(&self, document: &Value) -> Result<Vec<u8>, String> {
        let program = self.program.as_ref().filter(|program| program.exists()).ok_or(AWAY)?;
        let _turn = self.at_once.acquire().await.map_err(|error| error.to_string())?;
        let input = serde_json::to_vec(document).map_err(|error| error.to_string())?;
        let mut worker = Command::new(program)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|_| AWAY.to_owned())?;
        let (Some(mut stdin), Some(stdout)) = (worker.stdin.take(), worker.stdout.take()) else {
            return Err(AWAY.to_owned());
        };
        let work = async {
            let feed = async {
                let fed = stdin.write_all(&input).await;
                drop(stdin);
                fed
            };
            let mut pdf = Vec::new();
            let mut bounded = stdout.take(LARGEST);
            let (fed, read) = tokio::join!(feed, bounded.read_to_end(&mut pdf));
            let status = worker.wait().await?;
            fed.and(read.map(|_| ())).map(|()| (status, pdf))
        };
        match tokio::time::timeout(PATIENCE, work).await {
            Ok(Ok((status, pdf))) if status.success() && pdf.starts_with(b"%PDF") => Ok(pdf),
            Ok(outcome) => {
                // Never what it printed: that is a record.
                let status = outcome.map(|(status, _)| status.to_string()).unwrap_or_else(|error| error.to_string());
                tracing::error!(status, "the PDF worker failed");
                Err("The PDF could not be made. Print the page instead.".to_owned())
            }
            Err(_) => Err("The PDF took too long. Print the page instead.".to_owned()),
        }
    }
}

impl Printer for Worker {
    fn pdf<'a>(&'a self, document: &'a Value) -> Pending<'a, Result<Vec<u8>, String>> {
        Box::pin(self.make(document))
    }
}
