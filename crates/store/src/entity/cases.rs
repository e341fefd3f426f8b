//! Concerns and all that is recorded about them.

use crate::table::Doc;
use domain::concern::{ConcernKind, ConcernStatus, EntryKind, Part, RouteKind, Urgency};
use domain::{ConcernId, DeviceId, DraftId, EntryId, PersonId, RoomId, SettingId, StepRecordId};
use jiff::Timestamp;
use uuid::Uuid;

use crate::table::table;
use crate::words::{Area, StepAct};

table! {
    /// A concern.
    Concern in concern("concern"), Audited,
    key {
        /// Its id.
        id: ConcernId,
    }
    rest {
        /// Where.
        setting_id: SettingId,
        /// Random, for people; never used for access.
        reference: String,
        /// What it is about.
        kind: ConcernKind,
        /// Which way it goes.
        route: RouteKind,
        /// Content, contact, conduct, commerce.
        area: Area,
        /// How soon.
        urgency: Urgency,
        /// Where it stands.
        status: ConcernStatus,
        /// Procedure, pinned (S42).
        procedure: String,
        /// Its edition, pinned.
        edition: String,
        /// When it happened.
        event_at: Timestamp,
        /// When somebody knew: legal clocks start here (S43).
        known_at: Timestamp,
        /// When it was written.
        recorded_at: Timestamp,
        /// Written while the clock stood before the last audit entry (S43).
        clock_suspect: bool,
        /// None: not signed in.
        reporter_id: Option<PersonId>,
        /// Receipts are random and stored hashed (S14).
        receipt_hash: String,
        /// On which device.
        device_id: Option<DeviceId>,
        /// In which room.
        room_id: Option<RoomId>,
        /// "Told in person at", by whom.
        told_in_person: Option<Doc>,
        /// None: exact words still owed, the same day (S5).
        stage_two_at: Option<Timestamp>,
        /// Opened by somebody with case rights.
        opened_at: Option<Timestamp>,
        /// By whom.
        opened_by: Option<PersonId>,
        /// Closed with outcome and debrief.
        closed_at: Option<Timestamp>,
        /// For lost updates.
        version: i64,
    }
}

table! {
    /// Who must not see a concern. Not why (S8).
    Exclusion in exclusion("exclusion"), Audited,
    key {
        /// Which.
        concern_id: ConcernId,
        /// Who.
        person_id: PersonId,
    }
    rest {
        /// Where.
        setting_id: SettingId,
        /// Since.
        added_at: Timestamp,
    }
}

table! {
    /// Whom the holder added by name (S7).
    Invitation in invitation("invitation"), Audited,
    key {
        /// To which.
        concern_id: ConcernId,
        /// Who.
        person_id: PersonId,
    }
    rest {
        /// Where.
        setting_id: SettingId,
        /// By whom.
        invited_by: PersonId,
        /// When.
        at: Timestamp,
        /// Why.
        reason: String,
    }
}

table! {
    /// Somebody who was shut out by mistake is let back, by two people. Undecided while `decided_at` is none.
    LetBack in let_back("let_back"), Audited,
    key {
        /// Its id.
        id: Uuid,
    }
    rest {
        /// Where.
        setting_id: SettingId,
        /// To which.
        concern_id: ConcernId,
        /// Who was shut out.
        person_id: PersonId,
        /// Why that was a mistake.
        reason: String,
        /// Who says so first.
        proposed_by: PersonId,
        /// When.
        proposed_at: Timestamp,
        /// Who agreed, or did not.
        decided_by: Option<PersonId>,
        /// When.
        decided_at: Option<Timestamp>,
        /// Did they agree?
        agreed: bool,
        /// For lost updates.
        version: i64,
    }
}

table! {
    /// A person's part in a concern.
    ConcernPerson in concern_person("concern_person"), Audited,
    key {
        /// Which.
        concern_id: ConcernId,
        /// Who.
        person_id: PersonId,
        /// As what.
        part: Part,
    }
    rest {
        /// Where.
        setting_id: SettingId,
    }
}

table! {
    /// An entry of the chronology. Append-only.
    Entry in entry("entry"), Audited,
    key {
        /// Its id.
        id: EntryId,
    }
    rest {
        /// Where.
        setting_id: SettingId,
        /// Of which.
        concern_id: ConcernId,
        /// Fact, words, opinion …
        kind: EntryKind,
        /// As written.
        text: String,
        /// When it happened.
        event_at: Timestamp,
        /// When it was written.
        recorded_at: Timestamp,
        /// By whom; none: not signed in, or the program.
        author_id: Option<PersonId>,
        /// The entry that it corrects.
        supersedes: Option<EntryId>,
        /// Recorded out of its order, for ever (S1).
        out_of_order: bool,
    }
}

table! {
    /// What was recorded about a step. Append-only; a step's state is what its records say.
    StepRecord in step_record("step_record"), Audited,
    key {
        /// Its id.
        id: StepRecordId,
    }
    rest {
        /// Where.
        setting_id: SettingId,
        /// Of which.
        concern_id: ConcernId,
        /// Key in the pinned procedure.
        step: String,
        /// Done, waived, already happened, reopened.
        act: StepAct,
        /// The step's answers, an object.
        fields: Doc,
        /// Waivers and decisions carry one.
        reason: Option<String>,
        /// When it happened.
        event_at: Timestamp,
        /// When it was written.
        recorded_at: Timestamp,
        /// By whom.
        author_id: PersonId,
        /// Recorded out of its order, for ever (S1).
        out_of_order: bool,
    }
}

table! {
    /// A half-written form, kept on the server (S46).
    Draft in draft("draft"), Quiet,
    key {
        /// Its id.
        id: DraftId,
    }
    rest {
        /// Where.
        setting_id: SettingId,
        /// Whose; nobody else ever sees it.
        person_id: PersonId,
        /// Which form: `report`, `stage-two/ID`, `step/ID/KEY`.
        what: String,
        /// What was typed, by field.
        fields: Doc,
        /// When.
        saved_at: Timestamp,
    }
}

table! {
    /// A procedure in an edition that some concern began with or moved to (S42).
    ProcedureText in procedure_text("procedure_text"), Audited,
    key {
        /// Whose.
        setting_id: SettingId,
        /// `P1`.
        procedure: String,
        /// Which edition.
        edition: String,
    }
    rest {
        /// The whole procedure.
        text: Doc,
        /// Since when.
        kept_at: Timestamp,
    }
}
