//! Keeping and handing out: holds, disposals with their certificates, exports, bundles, emergencies.

use domain::redaction::Ground;
use domain::retention::RecordKind;
use domain::{BundleId, ConcernId, DisposalId, EmergencyId, ExportId, LegalHoldId, PersonId, RedactionId, SettingId};
use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use crate::table::table;
use crate::words::{BundleState, DisposalState, ExportOf, HoldGround};

table! {
    /// A reason for which records must not be destroyed.
    LegalHold in legal_hold("legal_hold"), Audited,
    key {
        /// Its id.
        id: LegalHoldId,
    }
    rest {
        /// Where.
        setting_id: SettingId,
        /// It reaches this concern. Neither concern nor person: everything.
        concern_id: Option<ConcernId>,
        /// It reaches all that names this person.
        person_id: Option<PersonId>,
        /// Why, in a word.
        ground: HoldGround,
        /// Who asked for it.
        asked_by: String,
        /// Why, in words.
        reason: String,
        /// By whom.
        placed_by: PersonId,
        /// When.
        placed_at: Timestamp,
        /// Who ended it.
        lifted_by: Option<PersonId>,
        /// When.
        lifted_at: Option<Timestamp>,
        /// Why.
        lifted_why: Option<String>,
        /// For lost updates.
        version: i64,
    }
}

table! {
    /// A decision about a record whose time has come. In the state `destroyed` it is the certificate.
    Disposal in disposal("disposal"), Audited,
    key {
        /// Its id.
        id: DisposalId,
    }
    rest {
        /// Where.
        setting_id: SettingId,
        /// Which kind of record.
        record: RecordKind,
        /// Which.
        record_id: Uuid,
        /// The concern whose walls it has.
        concern_id: Option<ConcernId>,
        /// The adult who must not see it.
        about_id: Option<PersonId>,
        /// Where it stands.
        state: DisposalState,
        /// Key of the rule.
        rule: String,
        /// Its edition.
        edition: String,
        /// The day on which its time came.
        due: Date,
        /// Why it is kept or goes. Names nobody.
        reason: String,
        /// Look again then.
        keep_until: Option<Date>,
        /// The first person.
        decided_by: PersonId,
        /// When.
        decided_at: Timestamp,
        /// The second person.
        second_by: Option<PersonId>,
        /// When.
        second_at: Option<Timestamp>,
        /// Digest over every row that went.
        digest: Option<String>,
        /// How many rows went.
        gone: Option<i64>,
        /// For lost updates.
        version: i64,
    }
}

table! {
    /// Something that left the building.
    Export in export("export"), Audited,
    key {
        /// Its id.
        id: ExportId,
    }
    rest {
        /// Where.
        setting_id: SettingId,
        /// Random; stands on every page of it.
        number: String,
        /// Of what.
        what: ExportOf,
        /// Of which concern.
        concern_id: Option<ConcernId>,
        /// Whose file or data.
        person_id: Option<PersonId>,
        /// For whom.
        for_whom: String,
        /// Why.
        why: String,
        /// By which other way the passphrase goes.
        other_way: String,
        /// How long the file is, in bytes.
        bytes: i64,
        /// Digest of the encrypted file, hex.
        sha256: String,
        /// By whom.
        made_by: PersonId,
        /// When.
        made_at: Timestamp,
        /// How often it was fetched.
        taken: i64,
        /// When last.
        taken_at: Option<Timestamp>,
        /// For lost updates.
        version: i64,
    }
}

table! {
    /// A concern that is part of an export.
    ExportConcern in export_concern("export_concern"), Audited,
    key {
        /// Of which.
        export_id: ExportId,
        /// Which.
        concern_id: ConcernId,
    }
    rest {
        /// Where.
        setting_id: SettingId,
    }
}

table! {
    /// Somebody's data, gathered and redacted for them.
    Bundle in bundle("bundle"), Audited,
    key {
        /// Its id.
        id: BundleId,
    }
    rest {
        /// Where.
        setting_id: SettingId,
        /// The concern that is their request.
        concern_id: ConcernId,
        /// Whose data.
        person_id: PersonId,
        /// The covering letter.
        letter: String,
        /// Where it stands.
        state: BundleState,
        /// By whom it was begun.
        begun_by: PersonId,
        /// When.
        begun_at: Timestamp,
        /// Who asked for the check.
        sent_by: Option<PersonId>,
        /// When.
        sent_at: Option<Timestamp>,
        /// Digest of what was sent to be checked.
        digest: Option<String>,
        /// Who checked it.
        checked_by: Option<PersonId>,
        /// When.
        checked_at: Option<Timestamp>,
        /// For lost updates.
        version: i64,
    }
}

table! {
    /// A mark of a bundle.
    Redaction in redaction("redaction"), Audited,
    key {
        /// Its id.
        id: RedactionId,
    }
    rest {
        /// Where.
        setting_id: SettingId,
        /// Of which bundle.
        bundle_id: BundleId,
        /// Its concern.
        concern_id: ConcernId,
        /// Part of the paper; none: everywhere.
        item: Option<String>,
        /// Which words; none: the whole part.
        words: Option<String>,
        /// Why, in a word.
        ground: Ground,
        /// Why, in words.
        reason: String,
        /// Proposed, and left in for the reason.
        left_in: bool,
        /// By whom.
        made_by: PersonId,
        /// When.
        made_at: Timestamp,
        /// Who took it back.
        ended_by: Option<PersonId>,
        /// When.
        ended_at: Option<Timestamp>,
    }
}

table! {
    /// A record opened in an emergency (S12).
    Emergency in emergency("emergency"), Audited,
    key {
        /// Its id.
        id: EmergencyId,
    }
    rest {
        /// Where.
        setting_id: SettingId,
        /// Which concern.
        concern_id: ConcernId,
        /// By whom.
        person_id: PersonId,
        /// Why.
        reason: String,
        /// When.
        opened_at: Timestamp,
        /// Until.
        ends_at: Timestamp,
        /// Shut again.
        ended_at: Option<Timestamp>,
        /// Who looked at it afterwards.
        reviewed_by: Option<PersonId>,
        /// When.
        reviewed_at: Option<Timestamp>,
        /// In which words.
        review: Option<String>,
        /// Was it right?
        justified: Option<bool>,
        /// For lost updates.
        version: i64,
    }
}
