//! Who is appointed, who can sign in, what is registered.

use std::collections::BTreeSet;

use domain::ctx::{Member, SecondFactor};
use domain::exclusion::CASE_ROLES;
use domain::people::{Role, RoleSet};
use domain::roster::Kinds;
use domain::{PersonId, SessionId};
use jiff::SignedDuration;
use store::devices::Device;
use store::words::DeviceKind;
use uuid::Uuid;

use super::super::facts::Facts;
use super::{Answer, Question, Say, every};
use crate::filtering::policy::addresses;

pub(super) const ANSWERS: &[Question] = &[
    ("lead_appointed", lead_appointed),
    ("vacancies_filled", vacancies_filled),
    ("deputies_share_queue", deputies_share_queue),
    ("responsibility_named", responsibility_named),
    ("technical_role_named", technical_role_named),
    ("technical_role_without_cases", technical_role_without_cases),
    ("second_factor_on", second_factor_on),
    ("accounts_personal", accounts_personal),
    ("everybody_can_tell", everybody_can_tell),
    ("devices_traceable", devices_traceable),
];

/// How long before the end of an appointment somebody must have been found.
const AHEAD: SignedDuration = SignedDuration::from_hours(24 * 30);

/// Whoever works here today can sign in and tell; each kind has its words beside it on the form.
fn everybody_can_tell(facts: &Facts) -> Answer {
    let with_login: BTreeSet<PersonId> = facts
        .memberships
        .iter()
        .filter(|membership| membership.ended_at.is_none())
        .map(|membership| membership.person_id)
        .collect();
    let works: BTreeSet<PersonId> =
        facts.appointments.iter().filter(|held| held.role.is_staff()).map(|held| held.person_id).collect();
    let without: Vec<&str> = works
        .difference(&with_login)
        .filter_map(|person| facts.people.get(person))
        .map(|person| person.name.as_str())
        .collect();
    let words = |kind: &domain::concern::ConcernKind| {
        facts.content.kind(*kind).is_some_and(|words| !words.guidance.is_empty() && !words.next.is_empty())
    };
    let silent = domain::concern::ConcernKind::ALL.iter().filter(|kind| !words(kind)).count();
    let what = match (without.as_slice(), silent) {
        ([], 0) => format!("{} people work here; each can sign in and tell.", works.len()),
        ([], _) => format!("{silent} kinds of concern stand on the form without words."),
        (without, _) => format!("Without a login: {}.", without.join(", ")),
    };
    Answer::new(without.is_empty() && silent == 0 && !works.is_empty(), what, facts.now)
}

fn held(facts: &Facts, role: Role) -> Answer {
    let title = facts.profile.title(role);
    match facts.holders(role).next() {
        Some(appointment) => {
            let since = facts.day(appointment.starts_at);
            Answer::new(true, format!("{title}: appointed, since {since}."), facts.now)
        }
        None => Answer::new(false, format!("{title}: nobody is appointed today."), facts.now),
    }
}

fn lead_appointed(facts: &Facts) -> Answer {
    held(facts, Role::Dsl)
}

fn technical_role_named(facts: &Facts) -> Answer {
    held(facts, Role::Technician)
}

/// All of these, in one sentence each.
fn all_held(facts: &Facts, roles: &[Role]) -> Answer {
    let each: Vec<Answer> = roles.iter().map(|role| held(facts, *role)).collect();
    let what: Vec<&str> = each.iter().map(|answer| answer.what.as_str()).collect();
    Answer::new(each.iter().all(|answer| answer.ok), what.join(" "), facts.now)
}

fn responsibility_named(facts: &Facts) -> Answer {
    all_held(facts, &[Role::Manager, Role::Dsl, Role::Technician])
}

fn vacancies_filled(facts: &Facts) -> Answer {
    const ROLES: [Role; 3] = [Role::Dsl, Role::Manager, Role::Chair];
    let today = all_held(facts, &ROLES);
    let soon = facts.now.saturating_add(AHEAD).unwrap_or(facts.now);
    let ends = |role: &Role| {
        facts.holders(*role).next().is_some()
            && !facts
                .all_appointments
                .iter()
                .any(|held| held.role == *role && held.starts_at <= soon && held.ends_at.is_none_or(|end| end > soon))
    };
    let ending: Vec<&str> = ROLES.iter().filter(|role| ends(role)).map(|role| facts.profile.title(*role)).collect();
    if today.ok && !ending.is_empty() {
        let what = format!("{}: the appointment ends within 30 days and nobody follows.", ending.join(", "));
        return Answer::new(false, what, facts.now);
    }
    today
}

fn deputies_share_queue(facts: &Facts) -> Answer {
    let deputies: Vec<PersonId> = facts.holders(Role::Deputy).map(|held| held.person_id).collect();
    let ready = deputies.iter().filter(|person| {
        facts.account_of(**person).is_some_and(|account| account.totp_secret.is_some()) && sees_queue(facts, **person)
    });
    let what = match (deputies.len(), ready.count()) {
        (0, _) => return Answer::new(false, "No deputy is appointed today.", facts.now),
        (_, 0) => {
            "A deputy is appointed, but none signs in with a second factor yet and works with all kinds of concern."
        }
        _ => "A deputy is appointed, signs in with a second factor and sees the lead\u{2019}s queue.",
    };
    Answer::new(!what.contains("but none"), what, facts.now)
}

/// By the rule that the queue itself asks.
fn sees_queue(facts: &Facts, person: PersonId) -> bool {
    let (nobody, roster) = (Uuid::nil(), crate::concerns::case::roster_of(&facts.appointments));
    let member = Member {
        setting: nobody.into(),
        person,
        account: nobody.into(),
        session: SessionId(nobody),
        roles: roster.roles_of(person),
        kinds: roster.kinds_of(person),
        second_factor: SecondFactor::Shown,
    };
    let sees = crate::sight::sees(&member);
    !sees.routes.is_empty() && sees.kinds == Kinds::All
}

fn roles_of(facts: &Facts, person: PersonId) -> RoleSet {
    facts.appointments.iter().filter(|held| held.person_id == person).map(|held| held.role).collect()
}

fn technical_role_without_cases(facts: &Facts) -> Answer {
    let technicians: BTreeSet<PersonId> = facts.holders(Role::Technician).map(|held| held.person_id).collect();
    let accounts: BTreeSet<(String, PersonId)> = facts
        .memberships
        .iter()
        .filter(|membership| technicians.contains(&membership.person_id))
        .map(|membership| (membership.account_id.to_string(), membership.person_id))
        .collect();
    let table_is_shut = domain::access::Relation::ALL
        .iter()
        .all(|relation| !domain::access::allowed(Role::Technician, domain::access::Action::OpenConcern, *relation));
    let looked = facts.looks.iter().any(|look| {
        accounts.iter().any(|(account, person)| *account == look.actor && !facts.worked_cases(*person, look.at))
    });
    let invited = facts.invited.values().flatten().any(|person| {
        technicians.contains(person) && !roles_of(facts, *person).iter().any(|role| CASE_ROLES.contains(role))
    });
    let ok = table_is_shut && !looked && !invited;
    let what = if ok {
        "The role opens no concern by the rules in force, and the audit shows that nobody in it alone has."
    } else {
        "Somebody in the technical role alone was let near a concern. Look at the audit."
    };
    Answer::new(ok, what, facts.now)
}

fn second_factor_on(facts: &Facts) -> Answer {
    let needed: BTreeSet<PersonId> =
        facts.appointments.iter().filter(|held| held.role.needs_second_factor()).map(|held| held.person_id).collect();
    let can_sign_in = needed.iter().filter_map(|person| facts.account_of(*person));
    let say = Say {
        none: "Nobody who works cases or decides the filter has an account yet.",
        all: "Everybody who works cases or decides the filter has a second factor.",
        some: "Some who work cases or decide the filter have no second factor yet; cases stay shut for them until they do.",
    };
    let mut answer = every(facts, can_sign_in, |account| account.totp_secret.is_some(), say);
    // No account at all is no proof that it is on.
    answer.ok &= needed.iter().any(|person| facts.account_of(*person).is_some());
    answer
}

fn accounts_personal(facts: &Facts) -> Answer {
    let running: Vec<_> = facts.memberships.iter().filter(|membership| membership.ended_at.is_none()).collect();
    let today = facts.calendar.local(facts.now).date();
    let alone = |id: PersonId| running.iter().filter(|other| other.person_id == id).count() == 1;
    let shared = |account| running.iter().filter(|other| other.account_id == account).count() > 1;
    let here = |id: PersonId| {
        let present = facts.people.get(&id).is_some_and(|person| person.gone.is_none_or(|gone| gone > today));
        present && facts.appointments.iter().any(|held| held.person_id == id)
    };
    let say = Say {
        none: "Nobody has an account yet.",
        all: "Every account belongs to one person who holds a role here today.",
        some: "Some accounts are left over from people who have gone, or are not one person\u{2019}s alone.",
    };
    let good = |membership: &&&store::people::Membership| {
        alone(membership.person_id) && !shared(membership.account_id) && here(membership.person_id)
    };
    every(facts, running.iter(), good, say)
}

fn devices_traceable(facts: &Facts) -> Answer {
    let ours = facts.devices.iter().filter(|device| device.retired_at.is_none() && device.kind != DeviceKind::Guest);
    let identified = |device: &Device| {
        device.mac.is_some()
            || device.proxy_user.is_some()
            || device.doh_path.is_some()
            || !addresses(&device.addresses).is_empty()
    };
    let say = Say {
        none: "No device is registered yet.",
        all: "Every device has an identity on the network, and a person or a room that answers for it.",
        some: "Some devices have no identity on the network, or nobody answers for them.",
    };
    let mut answer = every(
        facts,
        ours.clone(),
        |device| identified(device) && (device.person_id.is_some() || device.room_id.is_some()),
        say,
    );
    answer.ok &= ours.count() > 0;
    answer
}
