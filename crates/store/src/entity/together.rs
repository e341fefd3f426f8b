//! Working a concern to its end: entries that stand in two concerns, procedures of before, clocks that rest, where actions came
//! from, support plans, sealed addresses, rules of alerts.

use domain::{ActionId, ConcernId, EntryId, PersonId, PlanId, SealedAddressId, SettingId};
use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use crate::table::table;
use crate::words::ActionTurn;

table! {
    /// An entry that stands in another concern too.
    SharedEntry in shared_entry("shared_entry"), Audited,
    key {
        /// Where it stands as well.
        concern_id: ConcernId,
        /// Which.
        entry_id: EntryId,
    }
    rest {
        /// Where.
        setting_id: SettingId,
        /// By whom.
        shared_by: PersonId,
        /// When.
        shared_at: Timestamp,
    }
}

table! {
    /// A procedure that a concern followed until it took another one.
    PastProcedure in past_procedure("past_procedure"), Audited,
    key {
        /// Of which.
        concern_id: ConcernId,
        /// `P3`.
        procedure: String,
    }
    rest {
        /// Where.
        setting_id: SettingId,
        /// Its edition then.
        edition: String,
        /// Until when.
        until_at: Timestamp,
    }
}

table! {
    /// A clock that rests or rested.
    ClockRest in clock_rest("clock_rest"), Audited,
    key {
        /// Its id.
        id: Uuid,
    }
    rest {
        /// Where.
        setting_id: SettingId,
        /// Of which.
        concern_id: ConcernId,
        /// Key of the clock in the pinned procedure.
        clock: String,
        /// Why.
        reason: String,
        /// Since when.
        from_at: Timestamp,
        /// Who let it rest.
        from_by: PersonId,
        /// Until when; none: it rests still.
        until_at: Option<Timestamp>,
        /// Who let it go on.
        until_by: Option<PersonId>,
        /// For lost updates.
        version: i64,
    }
}

table! {
    /// From where an action came.
    ActionOrigin in action_origin("action_origin"), Audited,
    key {
        /// Which action.
        action_id: ActionId,
    }
    rest {
        /// Where.
        setting_id: SettingId,
        /// Key of the step, if it came from one.
        step: Option<String>,
        /// The entry, if it came from one.
        entry_id: Option<EntryId>,
    }
}

table! {
    /// What became of an action on its way.
    ActionChange in action_change("action_change"), Audited,
    key {
        /// Its id.
        id: Uuid,
    }
    rest {
        /// Which action.
        action_id: ActionId,
        /// Where.
        setting_id: SettingId,
        /// Another person, another day, or dropped.
        what: ActionTurn,
        /// Who had it until then.
        was_owner: PersonId,
        /// Until which day.
        was_due: Date,
        /// Why.
        reason: String,
        /// By whom.
        changed_by: PersonId,
        /// When.
        changed_at: Timestamp,
    }
}

table! {
    /// How a child is helped.
    SupportPlan in support_plan("support_plan"), Audited,
    key {
        /// Its id.
        id: PlanId,
    }
    rest {
        /// Where.
        setting_id: SettingId,
        /// From which concern.
        concern_id: ConcernId,
        /// Who is helped.
        child_id: PersonId,
        /// What the child needs.
        need: String,
        /// What is done.
        help: String,
        /// What the child wishes and feels, or how that was sought.
        voice: String,
        /// Who sees to it.
        owner_id: PersonId,
        /// When it is looked at again.
        review_on: Date,
        /// By whom.
        made_by: PersonId,
        /// When.
        made_at: Timestamp,
        /// When it was looked at last.
        reviewed_at: Option<Timestamp>,
        /// When it came to its end.
        ended_at: Option<Timestamp>,
        /// Who ended it.
        ended_by: Option<PersonId>,
        /// For lost updates.
        version: i64,
    }
}

table! {
    /// An address that a concern speaks of, refused to everybody (S19).
    SealedAddress in sealed_address("sealed_address"), Audited,
    key {
        /// Its id.
        id: SealedAddressId,
    }
    rest {
        /// Where.
        setting_id: SettingId,
        /// From which concern.
        concern_id: ConcernId,
        /// As it was written.
        address: String,
        /// The whole site, or this page alone?
        whole_site: bool,
        /// By whom.
        sealed_by: PersonId,
        /// When.
        sealed_at: Timestamp,
        /// Who let it go.
        released_by: Option<PersonId>,
        /// When.
        released_at: Option<Timestamp>,
        /// On whose word.
        release_word: Option<String>,
        /// For lost updates.
        version: i64,
    }
}

table! {
    /// By which rule the alert was raised from which a concern was made.
    AlertRule in alert_rule("alert_rule"), Audited,
    key {
        /// Of which concern.
        concern_id: ConcernId,
    }
    rest {
        /// Where.
        setting_id: SettingId,
        /// As the gateway says it.
        rule: String,
    }
}
