//! Working a concern with others: referrals, letters, strands, transfers, cover, and what this setting found out about an
//! agency's numbers.

use crate::table::Doc;
use domain::referral::{Consent, ReferralState};
use domain::{ConcernId, HoldId, LetterId, PersonId, ReferralId, SettingId, TransferId};
use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use crate::table::table;
use crate::words::{FamilyWay, LeaveWord, StrandKind};

table! {
    /// What somebody here found to be right about an agency. The newest holds; the pack stays as the source.
    AgencyCheck in agency_check("agency_check"), Audited,
    key {
        /// Its id.
        id: Uuid,
    }
    rest {
        /// Where.
        setting_id: SettingId,
        /// Key of the agency.
        agency: String,
        /// Numbers and addresses, an object.
        details: Doc,
        /// How it was checked.
        note: String,
        /// When.
        checked_at: Timestamp,
        /// By whom.
        checked_by: PersonId,
    }
}

table! {
    /// A referral to an agency, or the decision not to make one.
    Referral in referral("referral"), Audited,
    key {
        /// Its id.
        id: ReferralId,
    }
    rest {
        /// Where.
        setting_id: SettingId,
        /// From which concern; it is seen by those who see that.
        concern_id: ConcernId,
        /// Key of the agency.
        agency: String,
        /// The step from which it was begun.
        step: Option<String>,
        /// Where it stands.
        state: ReferralState,
        /// What that agency asks for, an object.
        answers: Doc,
        /// Do those with parental responsibility agree?
        consent: Consent,
        /// Why their agreement was not asked, or was overridden.
        consent_reason: Option<String>,
        /// Why it was not made.
        reason: Option<String>,
        /// By which way it was sent.
        how: Option<String>,
        /// When.
        sent_at: Option<Timestamp>,
        /// Their reference.
        reference: Option<String>,
        /// When they said that they have it.
        acknowledged_at: Option<Timestamp>,
        /// What they decided.
        outcome: Option<String>,
        /// When.
        outcome_at: Option<Timestamp>,
        /// When to ask them again.
        chase_at: Option<Timestamp>,
        /// By whom.
        made_by: PersonId,
        /// When.
        made_at: Timestamp,
        /// For lost updates.
        version: i64,
    }
}

table! {
    /// A letter to one of a child's adults.
    Letter in letter("letter"), Audited,
    key {
        /// Its id.
        id: LetterId,
    }
    rest {
        /// Where.
        setting_id: SettingId,
        /// From which concern.
        concern_id: ConcernId,
        /// About which child.
        child_id: PersonId,
        /// To whom.
        to_id: PersonId,
        /// As it was written.
        text: String,
        /// By whom.
        made_by: PersonId,
        /// When.
        made_at: Timestamp,
    }
}

table! {
    /// Two concerns that belong together.
    Strand in strand("strand"), Audited,
    key {
        /// Its id.
        id: Uuid,
    }
    rest {
        /// Where.
        setting_id: SettingId,
        /// The one that goes on in the other, or from which the other came.
        one_id: ConcernId,
        /// The other.
        other_id: ConcernId,
        /// How.
        kind: StrandKind,
        /// Why.
        reason: String,
        /// By whom.
        made_by: PersonId,
        /// When.
        made_at: Timestamp,
    }
}

table! {
    /// A low-level concern about an adult here. Append-only: a correction is another note.
    LowLevel in low_level("low_level"), Audited,
    key {
        /// Its id.
        id: Uuid,
    }
    rest {
        /// Where.
        setting_id: SettingId,
        /// About whom.
        person_id: PersonId,
        /// What was seen or heard.
        what: String,
        /// What was done about it.
        response: String,
        /// When it happened.
        event_at: Timestamp,
        /// When it was written.
        recorded_at: Timestamp,
        /// By whom.
        author_id: PersonId,
        /// The note that this one corrects. It stays.
        supersedes: Option<Uuid>,
        /// Why it was corrected.
        why: Option<String>,
    }
}

table! {
    /// A note of a low-level concern that belongs to a concern.
    LowLevelLink in low_level_link("low_level_link"), Audited,
    key {
        /// The note.
        low_level_id: Uuid,
        /// The concern.
        concern_id: ConcernId,
    }
    rest {
        /// Where.
        setting_id: SettingId,
        /// The note was made from the concern, and inherits who must not see that.
        made: bool,
        /// By whom.
        linked_by: PersonId,
        /// When.
        linked_at: Timestamp,
    }
}

table! {
    /// What one of a child's adults was told of a concern; or that they are not told, and why.
    FamilyShare in family_share("family_share"), Audited,
    key {
        /// Its id.
        id: Uuid,
    }
    rest {
        /// Where.
        setting_id: SettingId,
        /// Of which concern.
        concern_id: ConcernId,
        /// About which child.
        child_id: PersonId,
        /// To whom.
        to_id: PersonId,
        /// How, or that it is withheld.
        way: FamilyWay,
        /// What was shared; of what is withheld, why.
        text: String,
        /// By whom.
        made_by: PersonId,
        /// When.
        made_at: Timestamp,
        /// When they opened it on their own page.
        seen_at: Option<Timestamp>,
        /// For lost updates.
        version: i64,
    }
}

table! {
    /// On whose word a device of the person concerned is held, and when that is looked at again.
    HoldLeave in hold_leave("hold_leave"), Audited,
    key {
        /// Its id.
        id: Uuid,
    }
    rest {
        /// Where.
        setting_id: SettingId,
        /// From which concern.
        concern_id: ConcernId,
        /// Which hold.
        hold_id: HoldId,
        /// On whose word.
        word: LeaveWord,
        /// Why: what they said, or what the danger was.
        why: String,
        /// Who wrote it.
        given_by: PersonId,
        /// When.
        given_at: Timestamp,
        /// By when somebody looks again.
        look_again_at: Timestamp,
        /// Who did.
        looked_by: Option<PersonId>,
        /// When.
        looked_at: Option<Timestamp>,
        /// What they found.
        found: Option<String>,
        /// For lost updates.
        version: i64,
    }
}

table! {
    /// Who stands in for whom.
    Cover in cover("cover"), Audited,
    key {
        /// Its id.
        id: Uuid,
    }
    rest {
        /// Where.
        setting_id: SettingId,
        /// Who is away.
        away_id: PersonId,
        /// Who stands in.
        cover_id: PersonId,
        /// From this day.
        starts: Date,
        /// To this day, with it.
        ends: Date,
        /// What is handed over, for the two of them.
        words: String,
        /// When it was written.
        made_at: Timestamp,
        /// When the one who stands in said yes.
        taken_at: Option<Timestamp>,
        /// Ended early.
        ended_at: Option<Timestamp>,
    }
}

table! {
    /// A child's file on its way to the next setting.
    Transfer in transfer("transfer"), Audited,
    key {
        /// Its id.
        id: TransferId,
    }
    rest {
        /// Where.
        setting_id: SettingId,
        /// Whose file.
        child_id: PersonId,
        /// To which setting or school.
        to_name: String,
        /// Their safeguarding lead.
        to_lead: String,
        /// The child's last day here.
        left_on: Date,
        /// What they must know before the child comes.
        note: String,
        /// By whom.
        made_by: PersonId,
        /// When.
        made_at: Timestamp,
        /// When the file left.
        sent_at: Option<Timestamp>,
        /// How.
        how: Option<String>,
        /// When they said that they have it.
        receipt_at: Option<Timestamp>,
        /// Who said so.
        receipt_from: Option<String>,
        /// For lost updates.
        version: i64,
    }
}

table! {
    /// A concern that is part of a file.
    TransferConcern in transfer_concern("transfer_concern"), Audited,
    key {
        /// Of which.
        transfer_id: TransferId,
        /// Which.
        concern_id: ConcernId,
    }
    rest {
        /// Where.
        setting_id: SettingId,
    }
}
