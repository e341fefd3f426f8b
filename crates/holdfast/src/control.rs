//! Commands that need records, whoever holds them: one program owns the database (S39), so a command asks the running
//! one through `DATA/control.sock` (for the owner of the folder alone), or opens the house itself when nothing runs.
//!
//! To add such a command: a variant of [`Ask`], an arm in [`perform`], and its printing in `commands`.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use app::mail::NoMail;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};

use crate::commands;
use crate::house::{House, Plan};

const SOCKET: &str = "control.sock";
/// A question is one line of at most this length.
const LONGEST: u64 = 256 << 10;

/// A question.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub(crate) enum Ask {
    /// Evidence of a setting.
    Evidence { setting: Option<String>, proof: Option<Proof> },
    /// Walk the chain.
    AuditVerify,
    /// Take the chain out.
    AuditExport { out: PathBuf },
    /// Make a backup.
    BackupCreate { out: PathBuf, setting: Option<String> },
    /// Make a token.
    Token { user: String, lasts_seconds: i64, scopes: Vec<String>, proof: Option<Proof> },
    /// Ask the filter.
    Decide { group: String, device: Option<String>, at: Option<Timestamp>, urls: Vec<String> },
    /// Run the self-test.
    SelfTest,
    /// What is wrong here?
    Doctor,
}

/// Who asks, outside the demo (S16).
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Proof {
    pub(crate) user: String,
    pub(crate) password: String,
    pub(crate) code: String,
}

/// An answer.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Reply {
    /// Yes, or no (exit 1).
    pub(crate) yes: bool,
    /// What to print.
    pub(crate) data: Value,
    /// A sentence for standard error.
    pub(crate) say: Option<String>,
}

/// Answers questions until dropped.
///
/// # Errors
/// When the socket cannot be made.
pub(crate) fn listen(house: Arc<House>) -> anyhow::Result<tokio::task::JoinHandle<()>> {
    let path = house.services.data.join(SOCKET);
    // Left behind by a crash; the database's own lock says that nobody else runs here.
    let _ = std::fs::remove_file(&path);
    let listener = UnixListener::bind(&path).with_context(|| format!("cannot listen on {}", path.display()))?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
    Ok(tokio::spawn(async move {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    let house = house.clone();
                    tokio::spawn(async move {
                        if let Err(error) = answer(&house, stream).await {
                            tracing::warn!(%error, "a command went away");
                        }
                    });
                }
                Err(error) => tracing::warn!(%error, "a command could not be taken"),
            }
        }
    }))
}

async fn answer(house: &House, stream: UnixStream) -> anyhow::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut line = String::new();
    BufReader::new(read.take(LONGEST)).read_line(&mut line).await?;
    let reply = match serde_json::from_str::<Ask>(&line) {
        Ok(ask) => perform(house, ask).await,
        Err(error) => Err(error.into()),
    };
    let reply = reply.unwrap_or_else(|error| Reply { yes: false, data: Value::Null, say: Some(format!("{error:#}")) });
    write.write_all(&serde_json::to_vec(&reply)?).await?;
    Ok(write.shutdown().await?)
}

/// Asks the running program, or performs here.
///
/// # Errors
/// When there is no house at `data`, or it cannot be opened.
pub(crate) async fn ask(data: &Path, ask: Ask) -> anyhow::Result<Reply> {
    if let Ok(stream) = UnixStream::connect(data.join(SOCKET)).await {
        return ask_running(stream, &ask).await;
    }
    anyhow::ensure!(
        store::Keys::exist(data),
        "there is no Holdfast at {}. Name its folder with --data.",
        data.display()
    );
    let plan = Plan {
        data: data.to_owned(),
        database_url: crate::serve::database_url(data)?,
        web_base: "http://localhost".to_owned(),
        mailer: Arc::new(NoMail),
        demo: data.join(crate::demo::CREDENTIALS).exists(),
        from_web: Default::default(),
    };
    let house = House::open(plan).await?;
    let reply = perform(&house, ask).await;
    house.services.db.clone().close().await;
    reply
}

async fn ask_running(stream: UnixStream, ask: &Ask) -> anyhow::Result<Reply> {
    let (mut read, mut write) = stream.into_split();
    let mut line = serde_json::to_vec(ask)?;
    line.push(b'\n');
    write.write_all(&line).await?;
    let mut reply = Vec::new();
    read.read_to_end(&mut reply).await?;
    serde_json::from_slice(&reply).context("the running Holdfast did not answer; look at its messages")
}

async fn perform(house: &House, ask: Ask) -> anyhow::Result<Reply> {
    match ask {
        Ask::Evidence { setting, proof } => commands::evidence(house, setting.as_deref(), proof).await,
        Ask::AuditVerify => commands::audit_verify(house).await,
        Ask::AuditExport { out } => commands::audit_export(house, &out).await,
        Ask::BackupCreate { out, setting } => commands::backup_create(house, &out, setting.as_deref()).await,
        Ask::Token { user, lasts_seconds, scopes, proof } => {
            commands::token(house, &user, lasts_seconds, &scopes, proof).await
        }
        Ask::Decide { group, device, at, urls } => commands::decide(house, &group, device.as_deref(), at, &urls).await,
        Ask::SelfTest => commands::self_test(house).await,
        Ask::Doctor => crate::doctor::look(house).await,
    }
}

impl Reply {
    /// Yes, with data.
    pub(crate) fn yes(data: Value) -> Self {
        Self { yes: true, data, say: None }
    }

    /// Yes or no, with data and a sentence.
    pub(crate) fn said(yes: bool, data: Value, say: impl Into<String>) -> Self {
        Self { yes, data, say: Some(say.into()) }
    }

    /// Nothing but a no.
    pub(crate) fn no(say: impl Into<String>) -> Self {
        Self::said(false, json!(null), say)
    }
}
