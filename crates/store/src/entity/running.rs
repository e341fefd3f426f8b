//! What keeps the house running: jobs, notices, the audit chain.

use crate::table::Doc;
use domain::concern::Urgency;
use domain::{AuditId, ConcernId, JobId, PersonId, SettingId};
use jiff::Timestamp;
use uuid::Uuid;

use crate::table::table;

table! {
    /// A person's short number for tablets (S35).
    Pin in pin("pin"), Quiet,
    key {
        /// Where.
        setting_id: SettingId,
        /// Whose.
        person_id: PersonId,
    }
    rest {
        /// Argon2id.
        hash: String,
        /// Since when.
        set_at: Timestamp,
        /// Wrong ones since the last right one.
        wrong: i64,
    }
}

table! {
    /// A background job (S44).
    Job in job("job"), Quiet,
    key {
        /// Its id.
        id: JobId,
    }
    rest {
        /// For which setting; none: for the installation.
        setting_id: Option<SettingId>,
        /// Which work.
        kind: String,
        /// Also the Message-ID: the same work is never queued twice.
        idempotency_key: String,
        /// What the work needs. Ids, not names.
        payload: Doc,
        /// Not before.
        run_at: Timestamp,
        /// How often it was taken up.
        attempts: i64,
        /// Taken until; after that another may take it.
        leased_until: Option<Timestamp>,
        /// Finished.
        done_at: Option<Timestamp>,
        /// Last failure.
        failed: Option<String>,
    }
}

table! {
    /// "Something in Holdfast needs you" (S10): what was sent, and who has seen it.
    Notice in notice("notice"), Quiet,
    key {
        /// Its id.
        id: Uuid,
    }
    rest {
        /// Where.
        setting_id: SettingId,
        /// To whom.
        person_id: PersonId,
        /// How soon.
        urgency: Urgency,
        /// A path; says nothing.
        link: String,
        /// From which concern; exclusions are inherited (S8).
        concern_id: Option<ConcernId>,
        /// When it arose.
        made_at: Timestamp,
        /// When mail went out.
        mailed_at: Option<Timestamp>,
        /// Why it did not.
        mail_failed: Option<String>,
        /// When they saw it.
        seen_at: Option<Timestamp>,
    }
}

table! {
    /// A link of the chain: ids, act, time, commitment; no names (S37).
    AuditRow in audit("audit"), Quiet,
    key {
        /// Whose chain; the nil setting is the installation's own.
        setting_id: SettingId,
        /// 1, 2, 3 … without a gap.
        seq: i64,
    }
    rest {
        /// Its id.
        id: AuditId,
        /// When.
        at: Timestamp,
        /// Account id, `nobody` or `system`.
        actor: String,
        /// What was done.
        act: String,
        /// To a row of which table.
        subject_table: String,
        /// Which row.
        subject_id: Option<Uuid>,
        /// Which version of it.
        subject_version: Option<i64>,
        /// HMAC-SHA-256 over the content, keyed with the salt, in hex.
        commitment: String,
        /// Hash of the link before.
        previous: String,
        /// SHA-256 of all of the above, in hex.
        hash: String,
    }
}

table! {
    /// Content and salt of a link: can be destroyed, the chain stays whole.
    AuditContent in audit_content("audit_content"), Quiet,
    key {
        /// Of which link.
        audit_id: AuditId,
    }
    rest {
        /// Whose.
        setting_id: SettingId,
        /// 32 random bytes in hex.
        salt: String,
        /// Canonical JSON: the link's own fields and the row as it was written, by field.
        content: String,
    }
}

table! {
    /// A signed head of a chain.
    AuditHead in audit_head("audit_head"), Quiet,
    key {
        /// Whose chain.
        setting_id: SettingId,
        /// Up to which link.
        seq: i64,
    }
    rest {
        /// The link's hash.
        hash: String,
        /// When it was signed.
        at: Timestamp,
        /// Ed25519 signature in hex.
        signature: String,
    }
}
