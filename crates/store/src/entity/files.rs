//! Files that belong to a concern: what is known of one, its pieces, its key.

use crate::table::Doc;
use domain::{AttachmentId, ConcernId, PersonId, SettingId};
use jiff::Timestamp;

use crate::table::table;
use crate::words::FileOrder;

table! {
    /// A file of a concern. Its content is in [`AttachmentPart`], readable with [`AttachmentKey`] only.
    Attachment in attachment("attachment"), Audited,
    key {
        /// Its id.
        id: AttachmentId,
    }
    rest {
        /// Where.
        setting_id: SettingId,
        /// Of which concern.
        concern_id: ConcernId,
        /// As people see it.
        name: String,
        /// By its own first bytes.
        media_type: String,
        /// How long it is, in bytes.
        bytes: i64,
        /// Digest of what is kept, hex.
        sha256: String,
        /// What it is, and why it is needed.
        what: String,
        /// Who answered what before it was taken (S17).
        declared: Doc,
        /// `clean`, or `no_scanner`.
        scanned: String,
        /// By whom.
        added_by: PersonId,
        /// When.
        added_at: Timestamp,
        /// May be illegal: nobody sees it since (S17).
        sealed_at: Option<Timestamp>,
        /// Who sealed it; none: the program, when somebody said that something could be illegal.
        sealed_by: Option<PersonId>,
        /// What waits for a second person.
        ordered: Option<FileOrder>,
        /// The word that it rests on (S20).
        ordered_word: Option<Doc>,
        /// Who recorded that word.
        ordered_by: Option<PersonId>,
        /// When.
        ordered_at: Option<Timestamp>,
        /// Content and key are gone.
        destroyed_at: Option<Timestamp>,
        /// The second person.
        destroyed_by: Option<PersonId>,
        /// For lost updates.
        version: i64,
    }
}

table! {
    /// A piece of an attachment's content, encrypted.
    AttachmentPart in attachment_part("attachment_part"), Quiet,
    key {
        /// Of which.
        attachment_id: AttachmentId,
        /// 0, 1, 2 …
        number: i64,
    }
    rest {
        /// Where.
        setting_id: SettingId,
        /// Base64 of the encrypted bytes.
        sealed: String,
    }
}

table! {
    /// The key of one attachment.
    AttachmentKey in attachment_key("attachment_key"), Quiet,
    key {
        /// Of which.
        attachment_id: AttachmentId,
    }
    rest {
        /// Where.
        setting_id: SettingId,
        /// `AGE-SECRET-KEY-1…`
        identity: String,
    }
}
