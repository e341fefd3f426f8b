//! The filter policy and what follows from findings: actions, reviews, evidence.

use crate::table::Doc;
use domain::{ActionId, ConcernId, DeviceId, EvidenceId, PersonId, ProposalId, ReviewId, RoomId, SettingId};
use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use crate::table::table;
use crate::words::{Answer, Direction, ProposalState, Way, Youngest};

table! {
    /// A version of the filter policy; versions are kept for ever (FDM-04).
    FilterPolicy in filter_policy("filter_policy"), Audited,
    key {
        /// Whose.
        setting_id: SettingId,
        /// 1, 2, 3 …
        number: i64,
    }
    rest {
        /// The policy.
        policy: Doc,
        /// Since when.
        made_at: Timestamp,
        /// By whom; none: by set-up.
        made_by: Option<PersonId>,
        /// From which proposal.
        proposal_id: Option<ProposalId>,
        /// Why, in a sentence.
        note: String,
    }
}

table! {
    /// A proposal to change the filter, which another person approves.
    Proposal in proposal("proposal"), Audited,
    key {
        /// Its id.
        id: ProposalId,
    }
    rest {
        /// Where.
        setting_id: SettingId,
        /// The change.
        change: Doc,
        /// Tightens or loosens.
        direction: Direction,
        /// Why.
        reason: String,
        /// The risk assessment.
        risk: Doc,
        /// What is made from a concern inherits its exclusions (S8).
        concern_id: Option<ConcernId>,
        /// By whom.
        proposed_by: PersonId,
        /// When.
        proposed_at: Timestamp,
        /// Where it stands.
        state: ProposalState,
        /// Who decided.
        decided_by: Option<PersonId>,
        /// When.
        decided_at: Option<Timestamp>,
        /// In which words.
        decision_note: Option<String>,
        /// Weakening needs the lead too.
        lead_agreed_by: Option<PersonId>,
        /// When.
        lead_agreed_at: Option<Timestamp>,
        /// When everybody was told of it, in a setting where one person alone may approve (S45).
        everybody_told_at: Option<Timestamp>,
        /// The version that it became.
        applied_number: Option<i64>,
        /// The version on which it was made.
        base_number: i64,
        /// For lost updates.
        version: i64,
    }
}

table! {
    /// "Please let us use this": from a block page.
    AccessRequest in request_access("request_access"), Audited,
    key {
        /// Its id.
        id: Uuid,
    }
    rest {
        /// Where.
        setting_id: SettingId,
        /// Which host.
        host: String,
        /// For which group.
        group_key: String,
        /// Why it is blocked.
        category: Option<String>,
        /// Why it is wanted.
        why: String,
        /// By whom.
        asked_by: Option<PersonId>,
        /// When.
        asked_at: Timestamp,
        /// None while it waits.
        answer: Option<Answer>,
        /// By whom.
        answered_by: Option<PersonId>,
        /// When.
        answered_at: Option<Timestamp>,
        /// In which words.
        words: Option<String>,
        /// The proposal that a "yes" made.
        proposal_id: Option<ProposalId>,
        /// When it was decided: with the "no", or when a second person had their say on the proposal.
        decided_at: Option<Timestamp>,
    }
}

table! {
    /// A named adult sits with children who use approved material (CLS-07).
    Supervised in supervised("supervised"), Audited,
    key {
        /// Its id.
        id: Uuid,
    }
    rest {
        /// Where.
        setting_id: SettingId,
        /// Key of the filter's group.
        group_key: String,
        /// In which room; none: wherever the group is.
        room_id: Option<RoomId>,
        /// By whom.
        opened_by: PersonId,
        /// When.
        opened_at: Timestamp,
        /// When it ends by itself.
        until_at: Timestamp,
        /// Ended before.
        ended_at: Option<Timestamp>,
        /// By whom.
        ended_by: Option<PersonId>,
        /// The youngest child.
        youngest: Youngest,
        /// What the children learned first (EDU-02).
        lesson: String,
        /// What it is for.
        plan: String,
        /// How the adult proved who they are.
        way: Way,
    }
}

table! {
    /// A guest's slip of paper (S24). Quiet: the audit would keep for ever where a guest's device stood; the acts are noted.
    Voucher in voucher("voucher"), Quiet,
    key {
        /// Its id.
        id: Uuid,
    }
    rest {
        /// Where.
        setting_id: SettingId,
        /// SHA-256 of its code.
        code_sha256: String,
        /// By whom.
        made_by: PersonId,
        /// When.
        made_at: Timestamp,
        /// Not begun before: worth nothing.
        use_by: Timestamp,
        /// How long it lasts.
        hours: i64,
        /// Key of the group for guests that it opens; none: the first there is.
        group_key: Option<String>,
        /// When it was taken up.
        begun_at: Option<Timestamp>,
        /// When it ends by itself.
        until_at: Option<Timestamp>,
        /// Where its device stands in the network; emptied when it is over.
        address: Option<String>,
        /// Called back.
        ended_at: Option<Timestamp>,
    }
}

table! {
    /// Somebody took a shared device (MON-05).
    DeviceUse in device_use("device_use"), Audited,
    key {
        /// Its id.
        id: Uuid,
    }
    rest {
        /// Where.
        setting_id: SettingId,
        /// Which device.
        device_id: DeviceId,
        /// Who.
        person_id: PersonId,
        /// Since.
        from_at: Timestamp,
        /// Until: by itself, or when somebody gave it back or took it over.
        until_at: Timestamp,
    }
}

table! {
    /// A child, or an adult beside one, called for help (S35).
    HelpCall in help_call("help_call"), Audited,
    key {
        /// Its id.
        id: Uuid,
    }
    rest {
        /// Where.
        setting_id: SettingId,
        /// From which device; none: one that nobody knows.
        device_id: Option<DeviceId>,
        /// From which room, if that is known.
        room_id: Option<RoomId>,
        /// When.
        called_at: Timestamp,
        /// When the button was last pressed for it.
        pressed_at: Timestamp,
        /// From then on the office is called too.
        office_at: Timestamp,
        /// When the office was told.
        office_told_at: Option<Timestamp>,
        /// When somebody said that they are coming.
        answered_at: Option<Timestamp>,
        /// Who; none beside a time: nobody had taken the device on which it was said.
        answered_by: Option<PersonId>,
        /// The device on which it was said; none: signed in.
        answered_on: Option<DeviceId>,
    }
}

table! {
    /// A group of adults' devices is open for some hours (S30).
    BreakGlass in break_glass("break_glass"), Audited,
    key {
        /// Its id.
        id: Uuid,
    }
    rest {
        /// Where.
        setting_id: SettingId,
        /// Key of the filter's group.
        group_key: String,
        /// By whom.
        opened_by: PersonId,
        /// When.
        opened_at: Timestamp,
        /// When it ends by itself.
        until_at: Timestamp,
        /// Why.
        reason: String,
        /// Ended before.
        ended_at: Option<Timestamp>,
        /// By whom.
        ended_by: Option<PersonId>,
        /// Who looked at it afterwards.
        reviewed_by: Option<PersonId>,
        /// When.
        reviewed_at: Option<Timestamp>,
        /// What they found.
        finding: Option<String>,
    }
}

table! {
    /// A finding with an owner and a date (POL-12).
    ActionRow in action("action"), Audited,
    key {
        /// Its id.
        id: ActionId,
    }
    rest {
        /// Where.
        setting_id: SettingId,
        /// From which concern; exclusions are inherited (S8).
        concern_id: Option<ConcernId>,
        /// What is to be done.
        title: String,
        /// By whom.
        owner_id: PersonId,
        /// Until.
        due: Date,
        /// Who asked for it.
        made_by: PersonId,
        /// When.
        made_at: Timestamp,
        /// Done when.
        done_at: Option<Timestamp>,
        /// By whom.
        done_by: Option<PersonId>,
        /// In which words.
        done_note: Option<String>,
        /// For lost updates.
        version: i64,
    }
}

table! {
    /// A review of the policy, the filtering or the curriculum.
    Review in review("review"), Audited,
    key {
        /// Its id.
        id: ReviewId,
    }
    rest {
        /// Where.
        setting_id: SettingId,
        /// From which concern; exclusions are inherited (S8).
        concern_id: Option<ConcernId>,
        /// `policy`, `filtering`, `curriculum`.
        what: String,
        /// Why now.
        why: String,
        /// Since.
        opened_at: Timestamp,
        /// By whom.
        opened_by: Option<PersonId>,
        /// Until.
        due: Date,
        /// Finished when.
        closed_at: Option<Timestamp>,
        /// By whom.
        closed_by: Option<PersonId>,
        /// With which outcome.
        outcome: Option<String>,
    }
}

table! {
    /// A dated proof: what a control counts (S51).
    Evidence in evidence("evidence"), Audited,
    key {
        /// Its id.
        id: EvidenceId,
    }
    rest {
        /// Where.
        setting_id: SettingId,
        /// Key in the obligations: `self_test`, `signed_check/network_passwords` …
        kind: String,
        /// Does it prove that the thing is so?
        ok: bool,
        /// One sentence.
        summary: String,
        /// The rest.
        detail: Doc,
        /// When it was true, not when it was typed.
        effective_at: Timestamp,
        /// When it was written.
        recorded_at: Timestamp,
        /// None: the program's own probe.
        signed_by: Option<PersonId>,
        /// Demo history (S51).
        fictional: bool,
    }
}
