//! Mail: one sentence, one link, to a person's own verified address (S10). A true edge, so a trait.
//!
//! What it is not: how people are told. Pages come first; mail that fails is recorded and tried again, and nothing waits
//! for it (S4). To send another kind of mail, think of what its subject line shows on a locked phone in a staff room.

use std::sync::{Arc, Mutex};

use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use serde::{Deserialize, Serialize};

use crate::gateway::Pending;

/// The only subject that we ever send.
pub const SUBJECT: &str = "Something in Holdfast needs you";

/// One mail. Plain text, one sentence, one link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// The person's own verified address.
    pub to: String,
    /// Subject.
    pub subject: String,
    /// Body.
    pub text: String,
    /// Idempotency key of the job: a mail that is sent twice is one mail (S44).
    pub message_id: String,
}

/// Sends mail, or says why not.
pub trait Mailer: Send + Sync {
    /// Hands a mail over.
    ///
    /// # Errors
    /// A sentence for the outbox page.
    fn send<'a>(&'a self, mail: &'a Mail) -> Pending<'a, Result<(), String>>;

    /// One phrase for the outbox page: "by mail.example.org", "not set up".
    fn describe(&self) -> String {
        "by mail".into()
    }
}

/// How mail leaves the house.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmtpConfig {
    /// Host name of the mail server.
    pub host: String,
    /// Port; 587 with STARTTLS, 465 with TLS from the first byte.
    pub port: u16,
    /// How the line is protected.
    #[serde(default)]
    pub line: Line,
    /// Account, if the server asks for one.
    #[serde(default)]
    pub username: Option<String>,
    /// Its password.
    #[serde(default)]
    pub password: Option<String>,
    /// Sender, e.g. `Holdfast <holdfast@nursery.example>`.
    pub from: String,
}

/// Protection of the line to the mail server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// STARTTLS, required.
    #[default]
    StartTls,
    /// TLS from the first byte.
    Tls,
    /// None. Only towards a relay on this computer.
    Loopback,
}

/// Mail by SMTP.
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    host: String,
}

impl Smtp {
    /// Prepares the way; does not connect.
    ///
    /// # Errors
    /// A sentence for whoever wrote the configuration.
    pub fn new(config: &SmtpConfig) -> Result<Self, String> {
        let from = config.from.parse().map_err(|_| format!("“{}” is not a mail address", config.from))?;
        let builder = match config.line {
            Line::StartTls => AsyncSmtpTransport::<Tokio1Executor>::starttls_relay(&config.host),
            Line::Tls => AsyncSmtpTransport::<Tokio1Executor>::relay(&config.host),
            Line::Loopback if is_loopback(&config.host) => {
                Ok(AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&config.host))
            }
            Line::Loopback => {
                return Err(format!("mail to {} would travel unprotected; use start_tls or tls", config.host));
            }
        };
        let mut builder =
            builder.map_err(|error| format!("{}: {error}", config.host))?.port(config.port).timeout(Some(TIMEOUT));
        if let (Some(username), Some(password)) = (&config.username, &config.password) {
            builder = builder.credentials(Credentials::new(username.clone(), password.clone()));
        }
        Ok(Self { transport: builder.build(), from, host: config.host.clone() })
    }
}

/// A mail server that does not answer in this time is down for now.
const TIMEOUT: std::time::Duration = std::time::Duration::from_secs(20);

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl Mailer for Smtp {
    fn send<'a>(&'a self, mail: &'a Mail) -> Pending<'a, Result<(), String>> {
        Box::pin(async move {
            let to = mail.to.parse().map_err(|_| "the address cannot be used".to_owned())?;
            let message = Message::builder()
                .from(self.from.clone())
                .to(to)
                .message_id(Some(format!("<{}@holdfast>", mail.message_id)))
                .subject(mail.subject.clone())
                .body(mail.text.clone())
                .map_err(|error| error.to_string())?;
            self.transport.send(message).await.map_err(|error| error.to_string())?;
            Ok(())
        })
    }

    fn describe(&self) -> String {
        format!("by {}", self.host)
    }
}

/// No mail server is set up: pages alone. The outbox says so.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoMail;

impl Mailer for NoMail {
    fn send<'a>(&'a self, _mail: &'a Mail) -> Pending<'a, Result<(), String>> {
        Box::pin(async { Err("no mail server is set up".to_owned()) })
    }

    fn describe(&self) -> String {
        "not set up: people see it on their pages only".into()
    }
}

/// Keeps what would have been sent: the demo's outbox, and tests.
#[derive(Debug, Clone, Default)]
pub struct Kept(Arc<Mutex<Outbox>>);

#[derive(Debug, Default)]
struct Outbox {
    sent: Vec<Mail>,
    down: bool,
}

impl Kept {
    /// What was handed over so far.
    pub fn sent(&self) -> Vec<Mail> {
        self.0.lock().map(|outbox| outbox.sent.clone()).unwrap_or_default()
    }

    /// A mail server that is down (or up again).
    pub fn set_down(&self, down: bool) {
        if let Ok(mut outbox) = self.0.lock() {
            outbox.down = down;
        }
    }
}

/// The demo runs for weeks: keep the newest.
const KEEP_AT_MOST: usize = 200;

impl Mailer for Kept {
    fn send<'a>(&'a self, mail: &'a Mail) -> Pending<'a, Result<(), String>> {
        Box::pin(async move {
            let mut outbox = self.0.lock().map_err(|_| "the outbox is broken".to_owned())?;
            if outbox.down {
                return Err("the mail server did not answer".to_owned());
            }
            if outbox.sent.len() >= KEEP_AT_MOST {
                outbox.sent.remove(0);
            }
            outbox.sent.push(mail.clone());
            Ok(())
        })
    }

    fn describe(&self) -> String {
        "kept here: nothing leaves this demo".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(host: &str, line: Line) -> SmtpConfig {
        SmtpConfig {
            host: host.into(),
            port: 25,
            line,
            username: None,
            password: None,
            from: "Holdfast <holdfast@nursery.example>".into(),
        }
    }

    #[test]
    fn an_unprotected_line_is_for_this_computer_only() {
        assert!(Smtp::new(&config("mail.nursery.example", Line::Loopback)).is_err());
        assert!(Smtp::new(&config("127.0.0.1", Line::Loopback)).is_ok());
        assert!(Smtp::new(&config("mail.nursery.example", Line::StartTls)).is_ok());
    }
}
