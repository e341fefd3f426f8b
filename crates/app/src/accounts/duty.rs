//! What a signed-in person has to do first, and what they may do until they have (S3, S11, PWD-03).

use domain::ctx::SecondFactor;
use domain::people::{Role, RoleSet};
use jiff::Timestamp;

/// Something that comes before everything but reporting and one's own account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duty {
    /// Choose a new password: management has reset it.
    PasswordReset,
    /// Choose a new password: it has reached the setting's greatest age.
    PasswordTooOld,
    /// Set up the second factor.
    SetUpSecondFactor,
    /// Show the second factor.
    ShowSecondFactor,
    /// The second factor was replaced; another lead has to confirm that it was truly this person.
    AwaitConfirmation,
}

/// Where to go after a step of coming in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// In.
    Home,
    /// First this.
    First(Duty),
}

impl From<Option<Duty>> for Next {
    fn from(duty: Option<Duty>) -> Self {
        duty.map_or(Self::Home, Self::First)
    }
}

/// What is known of an account and a session when somebody comes.
#[derive(Debug, Clone, Copy)]
pub struct State<'a> {
    /// Roles in force today.
    pub roles: &'a RoleSet,
    /// Shown in this session.
    pub shown: bool,
    /// Does the account have a second factor?
    pub has_second_factor: bool,
    /// Reset by management.
    pub must_change: bool,
    /// Older than the setting allows.
    pub too_old: bool,
    /// When the second factor was replaced, and whether another lead has confirmed it.
    pub recovered_at: Option<Timestamp>,
    /// See above.
    pub confirmed: bool,
}

/// The first thing to do, or none. The second factor comes before a new password: whoever chooses one for a case role
/// has shown both.
pub fn first(state: &State<'_>) -> Option<Duty> {
    let needs = state.has_second_factor || state.roles.iter().any(|role| role.needs_second_factor());
    if needs && state.has_second_factor && !state.shown {
        Some(Duty::ShowSecondFactor)
    } else if state.must_change {
        Some(Duty::PasswordReset)
    } else if state.too_old {
        Some(Duty::PasswordTooOld)
    } else if needs && !state.has_second_factor {
        Some(Duty::SetUpSecondFactor)
    } else if state.recovered_at.is_some() && !state.confirmed {
        Some(Duty::AwaitConfirmation)
    } else {
        None
    }
}

/// The roles and the second factor that the actor carries while a duty is open.
///
/// Everything but waiting for a confirmation narrows the person to any colleague who reports: a password that was
/// handed over on paper, or an old one that others may know, must not open anything else. Outsiders keep what a parent
/// has. Waiting for a confirmation is as if the second factor had not been shown: no case, no filter, but the day goes on.
pub fn narrowed(roles: &RoleSet, shown: bool, duty: Option<Duty>) -> (RoleSet, SecondFactor) {
    let colleague = || {
        let role = if roles.iter().any(|role| role.is_staff()) { Role::Practitioner } else { Role::Parent };
        if roles.is_empty() { RoleSet::new() } else { RoleSet::from([role]) }
    };
    match duty {
        None if shown => (roles.clone(), SecondFactor::Shown),
        None | Some(Duty::AwaitConfirmation | Duty::ShowSecondFactor | Duty::SetUpSecondFactor) => {
            (roles.clone(), SecondFactor::NotShown)
        }
        Some(Duty::PasswordReset | Duty::PasswordTooOld) => (colleague(), SecondFactor::NotShown),
    }
}

#[cfg(test)]
mod tests {
    use domain::SessionId;
    use domain::access::{self, Action, Relation};
    use domain::ctx::{Actor, Member};
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn member(roles: RoleSet, second_factor: SecondFactor) -> Actor {
        Actor::Member(Member {
            setting: Uuid::nil().into(),
            person: Uuid::nil().into(),
            account: Uuid::nil().into(),
            session: SessionId(Uuid::nil()),
            roles,
            kinds: Default::default(),
            second_factor,
        })
    }

    fn any_roles() -> impl Strategy<Value = RoleSet> {
        proptest::collection::btree_set(proptest::sample::select(Role::ALL.to_vec()), 1..4)
    }

    fn any_duty() -> impl Strategy<Value = Duty> {
        proptest::sample::select(vec![
            Duty::PasswordReset,
            Duty::PasswordTooOld,
            Duty::SetUpSecondFactor,
            Duty::ShowSecondFactor,
            Duty::AwaitConfirmation,
        ])
    }

    proptest! {
        /// S3: no duty takes reporting from somebody who has it.
        #[test]
        fn whoever_may_report_may_report_with_any_duty(roles in any_roles(), duty in any_duty(), shown: bool) {
            let may = access::any_allowed(&roles, Action::ReportConcern, Relation::Setting);
            let (roles, factor) = narrowed(&roles, shown, Some(duty));
            let actor = member(roles, factor);
            prop_assert!(!may || access::authorize(&actor, Action::ReportConcern, Relation::Setting).is_ok());
            prop_assert!(access::authorize(&actor, Action::KeepOwnAccount, Relation::Own).is_ok());
        }

        /// S11: no duty leaves a case open.
        #[test]
        fn nobody_works_a_case_or_decides_the_filter_with_a_duty(roles in any_roles(), duty in any_duty(), shown: bool) {
            let (roles, factor) = narrowed(&roles, shown, Some(duty));
            let actor = member(roles, factor);
            for action in [Action::OpenConcern, Action::WorkConcern, Action::ExportConcern] {
                prop_assert!(access::authorize(&actor, action, Relation::Case).is_err());
            }
            for action in [Action::ApproveChange, Action::ResetPassword, Action::Appoint] {
                prop_assert!(access::authorize(&actor, action, Relation::Setting).is_err());
            }
        }

        /// An old or handed-over password opens no register, no evidence, no filter.
        #[test]
        fn an_old_password_reads_nothing(roles in any_roles()) {
            let (roles, factor) = narrowed(&roles, true, Some(Duty::PasswordTooOld));
            let actor = member(roles, factor);
            for action in [Action::ReadEvidence, Action::ReadFilter, Action::ReadAudit, Action::KeepPeople] {
                prop_assert!(access::authorize(&actor, action, Relation::Setting).is_err());
            }
        }
    }
}
