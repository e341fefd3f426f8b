//! Who may do what: one exhaustive match, printed as a table that a safeguarding lead can read
//! (`docs/authorisation.md`, compared by a test).
//!
//! To add a thing that people may do, add an [`Action`]; the compiler then asks which roles may. What one may see of
//! *one concern* is [`crate::exclusion::sight`]; an action on a concern needs both.

use serde::{Deserialize, Serialize};

use crate::ctx::{Actor, Member, SecondFactor};
use crate::people::{Role, RoleSet};

/// How the actor stands to the thing acted on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// No tie but the setting.
    Setting,
    /// It is the actor's own: own report, own session, own draft, own action.
    Own,
    /// The actor may see this concern, or what is made from one ([`crate::exclusion::Sight::Case`]).
    Case,
}

impl Relation {
    /// Every relation, in the order of the table.
    pub const ALL: [Self; 3] = [Self::Setting, Self::Own, Self::Case];
}

macro_rules! actions {
    ($($(#[doc = $doc:literal])* $name:ident = $key:literal;)*) => {
        /// A thing that people may do.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Action { $($(#[doc = $doc])* $name,)* }

        impl Action {
            /// Every action, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The word for it in the audit and in the table.
            pub fn key(self) -> &'static str {
                match self { $(Self::$name => $key,)* }
            }

            /// What it is, for people: the sentence above it in this file.
            pub fn in_words(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),*).trim_ascii(),)* }
            }
        }
    };
}

actions! {
    /// Tell a concern. Never locked (S3).
    ReportConcern = "report_concern";
    /// See what became of one's own report.
    ReadReceipt = "read_receipt";
    /// See the queue of concerns.
    ReadQueue = "read_queue";
    /// Open a concern.
    OpenConcern = "open_concern";
    /// Record a step, an entry, a fact that already happened.
    WorkConcern = "work_concern";
    /// Waive a gate with a reason.
    WaiveGate = "waive_gate";
    /// Add somebody to a concern by name.
    InviteToConcern = "invite_to_concern";
    /// Add somebody who must not see it.
    ExcludeFromConcern = "exclude_from_concern";
    /// Close with outcome and debrief.
    CloseConcern = "close_concern";
    /// Print or export a concern.
    ExportConcern = "export_concern";
    /// Add a file to a concern, after saying what it cannot show; decide why what another one doubted cannot (S17).
    AttachFile = "attach_file";
    /// Let a sealed file go, or destroy one, on a recorded word of the police: two people (S17, S20).
    DecideSealed = "decide_sealed";
    /// Hold a child-room device for four hours.
    HoldDevice = "hold_device";
    /// Confirm a hold until released, or release it. Of a concern: for who may see that (S7).
    DecideHold = "decide_hold";
    /// See the names that a device was allowed, around a time, to report what got through.
    ReadDeviceHosts = "read_device_hosts";
    /// See activity by device and person.
    ReadActivity = "read_activity";
    /// See groups, categories, rules and their history; of a change from a concern that one may not see no reason.
    ReadFilter = "read_filter";
    /// Propose a change to the filter.
    ProposeChange = "propose_change";
    /// Approve or refuse somebody else's proposal.
    ApproveChange = "approve_change";
    /// Agree, as safeguarding lead, to a change that weakens protection.
    AgreeWeakening = "agree_weakening";
    /// Open a group of adults' devices in an emergency, for four hours at most (S30).
    BreakGlass = "break_glass";
    /// Ask for a blocked name.
    AskForAccess = "ask_for_access";
    /// Answer somebody who asked.
    AnswerAccess = "answer_access";
    /// Open or end a supervised session with children.
    OpenSession = "open_session";
    /// Keep the device register.
    KeepDevices = "keep_devices";
    /// Keep people and rooms.
    KeepPeople = "keep_people";
    /// Begin or end an appointment (S12).
    Appoint = "appoint";
    /// Reset somebody's password (S11).
    ResetPassword = "reset_password";
    /// Say, as another lead, that a reset second factor was truly that person's (S11).
    ConfirmRecovery = "confirm_recovery";
    /// See the evidence, clause by clause.
    ReadEvidence = "read_evidence";
    /// Sign a check.
    SignCheck = "sign_check";
    /// Run the filter's self-test.
    RunSelfTest = "run_self_test";
    /// Make an action, or do one of one's own.
    KeepActions = "keep_actions";
    /// Open or close a review.
    KeepReviews = "keep_reviews";
    /// See who did what: nothing of concerns that one may not see, but what one did oneself.
    ReadAudit = "read_audit";
    /// Add a rule of the setting's own to a procedure, agree to one, or take one back: two people (S42).
    OwnProcedure = "own_procedure";
    /// Change the setting's profile.
    ChangeSetting = "change_setting";
    /// Make or check a backup.
    MakeBackup = "make_backup";
    /// See the outbox: what was sent, what failed.
    ReadOutbox = "read_outbox";
    /// See and end sessions, change the password, keep drafts.
    KeepOwnAccount = "keep_own_account";
    /// Make a token for the API (S16).
    MakeToken = "make_token";
    /// See the contact sheet and "whom must I tell?".
    ReadContacts = "read_contacts";
    /// Confirm or correct an agency's numbers for this setting.
    KeepAgencies = "keep_agencies";
    /// See counts of concerns: exact for who works cases, small ones kept back for others.
    ReadTrends = "read_trends";
    /// Read and write low-level concerns about adults here; never one's own.
    KeepLowLevel = "keep_low_level";
    /// Declare something about one's own life online, and read what was decided.
    Declare = "declare";
    /// Decide a declaration that the setting's rule brings to one; never one's own.
    DecideDeclaration = "decide_declaration";
    /// Say who stands in for whom, and hand over.
    ArrangeCover = "arrange_cover";
    /// Send a child's file on to the next setting.
    MoveFile = "move_file";
    /// See what is due to be looked at again; place and lift holds; keep longer, or say that it may go.
    KeepRetention = "keep_retention";
    /// Open one record for four hours because nobody who may is there (S12).
    OpenInEmergency = "open_in_emergency";
    /// See what an inspector is shown: counts and proofs, no names, no words of a case.
    ReadInspection = "read_inspection";
}

/// Why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Sign in first.
    #[error("nobody is signed in")]
    SignIn,
    /// Right person, but the second factor is missing.
    #[error("the second factor has not been shown")]
    SecondFactor,
    /// No role of theirs may.
    #[error("no role of this person may do that")]
    Role,
}

/// May a person of this role do it, standing so to the thing?
pub fn allowed(role: Role, action: Action, relation: Relation) -> bool {
    use Action as A;
    use Role as R;
    let case = relation == Relation::Case;
    let own = relation == Relation::Own;
    match action {
        A::ReportConcern | A::ReadContacts => role != R::Inspector,
        A::ReadReceipt => own,
        A::KeepOwnAccount => own,
        // Who is invited to one concern may be of any role that holds cases.
        A::ReadQueue => matches!(role, R::Dsl | R::Deputy | R::Manager | R::Chair),
        A::OpenConcern | A::WorkConcern | A::WaiveGate | A::CloseConcern | A::ExportConcern => {
            case && matches!(role, R::Dsl | R::Deputy | R::Manager | R::Chair)
        }
        A::InviteToConcern | A::ExcludeFromConcern => {
            case && matches!(role, R::Dsl | R::Deputy | R::Manager | R::Chair)
        }
        // The lead and deputies (S17); of an allegation, whoever it was given to: the use case looks at the route.
        A::AttachFile => case && matches!(role, R::Dsl | R::Deputy | R::Manager | R::Chair),
        A::DecideSealed => case && matches!(role, R::Dsl | R::Deputy | R::Manager | R::Chair),
        A::HoldDevice => role.is_staff() && role != R::Committee,
        A::DecideHold => matches!(role, R::Dsl | R::Deputy | R::Manager) || (case && role == R::Chair),
        A::ReadDeviceHosts => matches!(role, R::Practitioner | R::Dsl | R::Deputy | R::Manager),
        A::ReadActivity => matches!(role, R::Dsl | R::Deputy),
        A::ReadFilter => {
            matches!(role, R::Dsl | R::Deputy | R::Manager | R::Chair | R::Committee | R::Technician | R::Inspector)
        }
        A::ProposeChange => matches!(role, R::Dsl | R::Deputy | R::Manager | R::Technician),
        A::ApproveChange => matches!(role, R::Manager | R::Chair),
        A::AgreeWeakening => matches!(role, R::Dsl | R::Deputy),
        A::BreakGlass => matches!(role, R::Dsl | R::Deputy | R::Manager | R::Technician),
        A::AskForAccess => role.is_staff(),
        A::AnswerAccess => matches!(role, R::Dsl | R::Deputy | R::Manager | R::Technician),
        A::OpenSession => matches!(role, R::Practitioner | R::Dsl | R::Deputy | R::Manager),
        A::KeepDevices => matches!(role, R::Dsl | R::Manager | R::Technician),
        A::KeepPeople => matches!(role, R::Dsl | R::Manager),
        A::Appoint => matches!(role, R::Manager | R::Chair),
        A::ResetPassword => matches!(role, R::Manager | R::Chair),
        A::ConfirmRecovery => matches!(role, R::Dsl | R::Deputy | R::Manager | R::Chair),
        A::ReadEvidence => !matches!(role, R::Practitioner | R::Parent),
        A::SignCheck => matches!(role, R::Dsl | R::Deputy | R::Manager | R::Chair | R::Technician),
        A::RunSelfTest => matches!(role, R::Dsl | R::Deputy | R::Manager | R::Technician),
        A::KeepActions => own || matches!(role, R::Dsl | R::Deputy | R::Manager | R::Chair),
        A::KeepReviews => matches!(role, R::Dsl | R::Deputy | R::Manager | R::Chair),
        A::ReadAudit => matches!(role, R::Dsl | R::Manager | R::Chair),
        A::OwnProcedure => matches!(role, R::Dsl | R::Deputy | R::Manager | R::Chair),
        A::ChangeSetting => matches!(role, R::Manager),
        A::MakeBackup => matches!(role, R::Manager | R::Technician),
        A::ReadOutbox => matches!(role, R::Dsl | R::Manager | R::Technician),
        A::KeepAgencies => matches!(role, R::Dsl | R::Deputy | R::Manager | R::Chair),
        A::ReadTrends => {
            matches!(role, R::Dsl | R::Deputy | R::Manager | R::Chair | R::Committee | R::Inspector)
        }
        A::KeepLowLevel => matches!(role, R::Manager | R::Chair),
        A::Declare => role.is_staff(),
        A::DecideDeclaration => matches!(role, R::Dsl | R::Deputy | R::Manager | R::Chair),
        A::ArrangeCover => matches!(role, R::Dsl | R::Deputy | R::Manager | R::Chair),
        A::MoveFile => matches!(role, R::Dsl | R::Deputy),
        A::KeepRetention | A::OpenInEmergency => matches!(role, R::Dsl | R::Deputy | R::Manager | R::Chair),
        A::ReadInspection => {
            matches!(role, R::Dsl | R::Deputy | R::Manager | R::Chair | R::Committee | R::Inspector)
        }
        A::MakeToken => matches!(role, R::Dsl | R::Manager | R::Technician),
    }
}

/// Needs the second factor in this session. Reporting, help and one's own account never do (S3).
pub fn needs_second_factor(action: Action) -> bool {
    !matches!(
        action,
        Action::ReportConcern
            | Action::ReadReceipt
            | Action::ReadContacts
            | Action::AskForAccess
            | Action::HoldDevice
            | Action::OpenSession
            | Action::ReadDeviceHosts
            | Action::KeepOwnAccount
            | Action::Declare
    )
}

/// May this actor do it? The one gate in front of every use case.
///
/// # Errors
/// [`Refused`] says which of the three ways it failed; pages answer 404 for things whose existence one may not know.
pub fn authorize(actor: &Actor, action: Action, relation: Relation) -> Result<(), Refused> {
    match actor {
        Actor::Nobody => Err(Refused::SignIn),
        Actor::System => Ok(()),
        Actor::Member(member) => authorize_member(member, action, relation),
    }
}

fn authorize_member(member: &Member, action: Action, relation: Relation) -> Result<(), Refused> {
    if !any_allowed(&member.roles, action, relation) {
        return Err(Refused::Role);
    }
    let must_show = needs_second_factor(action) && member.roles.iter().any(|role| role.needs_second_factor());
    if must_show && member.second_factor == SecondFactor::NotShown {
        return Err(Refused::SecondFactor);
    }
    Ok(())
}

/// May any of these roles?
pub fn any_allowed(roles: &RoleSet, action: Action, relation: Relation) -> bool {
    roles.iter().any(|role| allowed(*role, action, relation))
}

/// The table as text: a line an action, a column a role; `-` never, `s` for anything of the setting, `o` for one's
/// own, `c` for concerns that one may see.
pub fn table() -> String {
    let mut out = String::from("| What | |");
    for role in Role::ALL {
        out.push_str(&format!(" {} |", role.key()));
    }
    out.push_str("\n|---|---|");
    out.push_str(&"---|".repeat(Role::ALL.len()));
    out.push('\n');
    for action in Action::ALL {
        out.push_str(&format!("| {} | `{}` |", action.in_words(), action.key()));
        for role in Role::ALL {
            let mark = if allowed(role, *action, Relation::Setting) {
                "s"
            } else if allowed(role, *action, Relation::Own) {
                "o"
            } else if allowed(role, *action, Relation::Case) {
                "c"
            } else {
                "-"
            };
            out.push_str(&format!(" {mark} |"));
        }
        out.push('\n');
    }
    out
}
