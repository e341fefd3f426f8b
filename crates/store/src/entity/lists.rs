//! Sources of lists: fetched versions, and when each source was asked.

use domain::{PersonId, SettingId};
use jiff::Timestamp;
use uuid::Uuid;

use crate::table::table;
use crate::words::ListState;

table! {
    /// A version of a list that was fetched, and what became of it. Kept for ever; the files of old ones are not.
    ListVersion in list_version("list_version"), Audited,
    key {
        /// Its id.
        id: Uuid,
    }
    rest {
        /// Where.
        setting_id: SettingId,
        /// Key of the source in the filter policy.
        source: String,
        /// When.
        fetched_at: Timestamp,
        /// Of when, by the publisher's own word.
        dated: Option<String>,
        /// Size of what was fetched.
        bytes: i64,
        /// SHA-256 of it in hex.
        digest: String,
        /// A signature was asked for, and fits.
        signed: bool,
        /// Names, addresses and rules in it.
        entries: i64,
        /// Lines that could not be taken.
        unreadable: i64,
        /// As the list itself says.
        licence: Option<String>,
        /// Where it stands.
        state: ListState,
        /// Why it waits, or waited, for a person.
        why: Option<String>,
        /// Who decided.
        decided_by: Option<PersonId>,
        /// When.
        decided_at: Option<Timestamp>,
        /// In which words.
        words: Option<String>,
        /// For lost updates.
        version: i64,
    }
}

table! {
    /// When a source was last asked, and what it said of itself.
    ListCheck in list_check("list_check"), Quiet,
    key {
        /// Where.
        setting_id: SettingId,
        /// Key of the source in the filter policy.
        source: String,
    }
    rest {
        /// When.
        asked_at: Timestamp,
        /// The last time that it answered with a list, new or unchanged.
        good_at: Option<Timestamp>,
        /// The publisher's mark of the version that we have.
        etag: Option<String>,
        /// Of when that is, by the publisher's word.
        dated: Option<String>,
        /// In a row.
        failures: i64,
        /// Why, in a sentence.
        failed: Option<String>,
    }
}
