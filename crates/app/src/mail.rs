//! The edge to the mail server. Mail carries "Something in Holdfast needs you", urgency and a link; never more (S10).

use crate::gateway::Pending;

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
}
