//! Settings, accounts, and what hangs on an account.

use crate::table::Doc;
use domain::{AccountId, PersonId, SessionId, SettingId};
use jiff::Timestamp;
use uuid::Uuid;

use crate::table::table;
use crate::words::{ImportKind, PendingKind};

table! {
    /// One nursery.
    Setting in setting("setting"), Audited,
    key {
        /// Its id.
        id: SettingId,
    }
    rest {
        /// What people call it.
        name: String,
        /// Titles, providers, apps, routes, hours, switches.
        profile: Doc,
        /// A demo; can never become a real one (S50).
        fictional: bool,
        /// When it was set up.
        created_at: Timestamp,
        /// For lost updates.
        version: i64,
    }
}

table! {
    /// One human's sign-in, however many settings (S41).
    Account in account("account"), Quiet,
    key {
        /// Its id.
        id: AccountId,
    }
    rest {
        /// Unique in the installation.
        username: String,
        /// argon2id, PHC string.
        password_hash: String,
        /// When it was chosen.
        password_set_at: Timestamp,
        /// Base32; only ever inside the encrypted database.
        totp_secret: Option<String>,
        /// The time step last accepted: a code works once.
        totp_last_step: Option<i64>,
        /// Since the last success.
        failed_attempts: i64,
        /// Sign-in waits until then.
        locked_until: Option<Timestamp>,
        /// After a reset by management.
        must_change: bool,
        /// Second factor reset: case access waits for another lead's word (S11).
        recovered_at: Option<Timestamp>,
        /// Who gave that word.
        recovery_confirmed_by: Option<AccountId>,
        /// When it was made.
        created_at: Timestamp,
        /// When it ended.
        ended_at: Option<Timestamp>,
    }
}

table! {
    /// A printed code for a lost second factor, hashed.
    RecoveryHash in recovery_code("recovery_code"), Quiet,
    key {
        /// Whose.
        account_id: AccountId,
        /// Hash of the code.
        code_hash: String,
    }
    rest {
        /// A code works once.
        used_at: Option<Timestamp>,
    }
}

table! {
    /// A signed-in browser.
    Session in session("session"), Quiet,
    key {
        /// Its id.
        id: SessionId,
    }
    rest {
        /// Whose.
        account_id: AccountId,
        /// Where they act; none until they chose.
        setting_id: Option<SettingId>,
        /// SHA-256 of the cookie.
        token_hash: String,
        /// The form token.
        csrf: String,
        /// What the person sees in their list of sessions.
        label: String,
        /// Shown in this session.
        second_factor: bool,
        /// Since when.
        created_at: Timestamp,
        /// Last request.
        seen_at: Timestamp,
        /// Idle: password again.
        locked: bool,
        /// Signed out or ended.
        ended_at: Option<Timestamp>,
    }
}

table! {
    /// A bearer token for the JSON API.
    ApiToken in api_token("api_token"), Quiet,
    key {
        /// Its id.
        id: Uuid,
    }
    rest {
        /// Whose.
        account_id: AccountId,
        /// For which setting.
        setting_id: SettingId,
        /// SHA-256 of the token.
        token_hash: String,
        /// Words of what it may do, separated by spaces (never case content by default, S16).
        scope: String,
        /// Since when.
        created_at: Timestamp,
        /// Until when.
        expires_at: Timestamp,
        /// Ended before its time.
        ended_at: Option<Timestamp>,
    }
}

table! {
    /// Something begun and not finished: a link, a second factor being set up, a voice for a recovery.
    Pending in pending("pending"), Quiet,
    key {
        /// Its id.
        id: Uuid,
    }
    rest {
        /// What.
        kind: PendingKind,
        /// In which setting, if in one.
        setting_id: Option<SettingId>,
        /// About which account.
        account_id: Option<AccountId>,
        /// About which person.
        person_id: Option<PersonId>,
        /// SHA-256 of the link's token.
        token_hash: Option<String>,
        /// What finishing it needs.
        payload: Doc,
        /// Who handed it over or vouched.
        made_by: Option<PersonId>,
        /// Since when.
        created_at: Timestamp,
        /// Until when it can be finished.
        expires_at: Timestamp,
        /// Finished, or withdrawn.
        used_at: Option<Timestamp>,
    }
}

table! {
    /// One import from a CSV file.
    Import in import("import"), Audited,
    key {
        /// Its id.
        id: Uuid,
    }
    rest {
        /// Whose.
        setting_id: SettingId,
        /// People or devices.
        what: ImportKind,
        /// How many rows.
        made: i64,
        /// What was added: a list of table and id.
        rows: Doc,
        /// By whom.
        made_by: PersonId,
        /// When.
        made_at: Timestamp,
        /// Taken back.
        undone_at: Option<Timestamp>,
        /// By whom.
        undone_by: Option<PersonId>,
    }
}
