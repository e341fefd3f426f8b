//! Roles: giving one, ending one, and what stands empty. Titles are the setting's own.

use app::people;
use axum::extract::Path;
use domain::PersonId;
use domain::access::{Action, Relation, authorize};
use domain::people::Role;
use uuid::Uuid;
use views::FormView;
use views::pages::register::{RegisterForm, RegisterList, field};
use views::ui::{Banner, Cell, Table, Tone};

use super::kinds::with_kinds;
use super::titles;
use crate::{
    Answer, Fields, Form, FromForm, Visit,
    fault::{Fault, mend},
    words,
};

/// A role.
pub struct RoleInput(Role);

impl FromForm for RoleInput {
    fn read(fields: &mut Fields) -> Option<Self> {
        fields.choice("role", Role::from_key, "Choose a role").map(Self)
    }
}

async fn role_form(visit: &Visit, id: PersonId, form: FormView) -> Result<RegisterForm, Fault> {
    let front = titles(visit).await?;
    let mut radios = form.radios("role", "Which role?");
    for role in Role::ALL {
        radios = radios.option(role.key(), &front.title(role));
    }
    Ok(RegisterForm {
        heading: "Give them a role".into(),
        back: Some((format!("/people/{id}"), "Back".into())),
        about: vec!["It begins now. The leads, the manager and the chair are told of roles that work cases.".into()],
        fields: vec![field(&radios)],
        form,
        action: format!("/people/{id}/role"),
        button: "Appoint".into(),
        ..RegisterForm::default()
    })
}

/// The form for a role.
///
/// # Errors
/// They are not there, or the records are away.
pub async fn role_get(visit: Visit, Path(id): Path<PersonId>) -> Answer {
    people::lookup(visit.services(), &visit.ctx(), id).await?;
    visit.page(&role_form(&visit, id, FormView::new()).await?)
}

/// Appoints.
///
/// # Errors
/// They are not there, or the records are away.
pub async fn role_post(visit: Visit, Path(id): Path<PersonId>, form: Form<RoleInput>) -> Answer {
    let Some(RoleInput(role)) = form.input else { return visit.again(&role_form(&visit, id, form.view).await?) };
    match people::appoint(visit.services(), &mut visit.ctx(), id, role).await {
        Ok(_) => visit.go_saying(&format!("/people/{id}"), Tone::Done, "Appointed from now."),
        Err(error) => visit.again(&role_form(&visit, id, mend(form.view, error)?).await?),
    }
}

/// Which appointment to end.
pub struct EndRole(Uuid);

impl FromForm for EndRole {
    fn read(fields: &mut Fields) -> Option<Self> {
        fields.parsed("appointment", "Choose an appointment").map(Self)
    }
}

/// Ends an appointment.
///
/// # Errors
/// It is not in force, or the records are away.
pub async fn end_role(visit: Visit, form: Form<EndRole>) -> Answer {
    let to = "/people/roles";
    let Some(EndRole(id)) = form.input else {
        return visit.go_saying(to, Tone::Due, "Nothing was ended. Press the button once more.");
    };
    let ended = people::end_appointment(visit.services(), &mut visit.ctx(), id).await?;
    match ended.vacancy {
        None => visit.go_saying(to, Tone::Done, "The appointment has ended."),
        Some(role) => {
            let words = format!("Ended. Nobody holds “{}” now: appoint somebody.", titles(&visit).await?.title(role));
            visit.go_saying(to, Tone::Gap, &words)
        }
    }
}

/// Who holds which role, and what stands empty.
///
/// # Errors
/// The records are away.
pub async fn roles(visit: Visit) -> Answer {
    let front = titles(&visit).await?;
    let mut roster = people::list_appointments(visit.services(), &visit.ctx()).await?;
    roster.held.sort_by_key(|held| (weight(held.role), held.name.clone()));
    let mut table = Table::new("Roles").quiet_caption().column("Who").column("Role").column("Since");
    for held in &roster.held {
        table.push(vec![
            Cell::link(&format!("/people/{}", held.person), &held.name),
            with_kinds(&front.title(held.role), &held.kinds).into(),
            words::day(visit.services().calendar.local(held.since).date()).into(),
        ]);
    }
    let vacant =
        |role: &Role| Banner::new(Tone::Gap, &format!("Vacant: {}. The next in line receives.", front.title(*role)));
    let mut ways = vec![("/people".into(), "People".into())];
    if authorize(&visit.ctx().actor, Action::Appoint, Relation::Setting).is_ok() {
        ways.push(("/people/case-manager".into(), "Who takes allegations".into()));
        for deputy in roster.held.iter().filter(|held| held.role == Role::Deputy) {
            ways.push((format!("/people/{}/kinds", deputy.person), format!("What {} works with", deputy.name)));
        }
    }
    visit.page(&RegisterList {
        heading: "Roles".into(),
        about: "Who is what, today. An appointment is ended on the person's page.".into(),
        notes: roster.vacant.iter().map(vacant).collect(),
        table,
        empty: ("No role is held.".into(), "Open a person and give them a role.".into()),
        ways,
        ..RegisterList::default()
    })
}

/// Who answers for most stands first.
fn weight(role: Role) -> u8 {
    match role {
        Role::Dsl => 0,
        Role::Deputy => 1,
        Role::Manager => 2,
        Role::Chair => 3,
        Role::Committee => 4,
        Role::Technician => 5,
        Role::Practitioner => 6,
        Role::Parent => 7,
        Role::Inspector => 8,
    }
}
