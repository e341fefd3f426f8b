//! What every page says of the setting: its name, whether it is invented, and whom to turn to today (DSL-01).

use std::collections::BTreeMap;

use domain::people::Role;
use domain::setting::Profile;
use domain::{PersonId, SettingId};
use jiff::Timestamp;
use store::people::Appointment;
use store::{Reads, Scope};

use crate::filtering::decide::read;
use crate::{Result, Services};

/// What every page says of the setting.
#[derive(Debug, Clone, Default)]
pub struct Front {
    /// Its name; "Holdfast" before one exists or where there are many.
    pub setting: String,
    /// Invented people only (S50).
    pub fictional: bool,
    /// Whom to turn to.
    pub contact: Option<Contact>,
    /// Who stands in for them.
    pub stand_in: Option<Contact>,
    titles: BTreeMap<Role, String>,
}

/// Somebody to turn to.
#[derive(Debug, Clone)]
pub struct Contact {
    /// Their title here.
    pub title: String,
    /// Their name.
    pub name: String,
    /// Their telephone.
    pub phone: Option<String>,
}

impl Front {
    /// What a role is called here.
    pub fn title(&self, role: Role) -> String {
        self.titles.get(&role).cloned().unwrap_or_else(|| role.key().to_owned())
    }
}

/// What every page says; for nobody signed in, of the one setting, if there is only one.
///
/// # Errors
/// When the database does not answer.
pub async fn of(services: &Services, now: Timestamp, setting: Option<SettingId>) -> Result<Front> {
    let reader = services.db.read(setting.map_or(Scope::All, Scope::Setting)).await?;
    let row = match setting {
        Some(id) => store::settings::lookup(&reader, id).await?,
        None => {
            let mut all = store::settings::list(&reader).await?;
            if all.len() == 1 { all.pop() } else { None }
        }
    };
    let Some(row) = row else { return Ok(Front { setting: "Holdfast".to_owned(), ..Front::default() }) };
    let profile: Profile = read(&row.profile)?;
    let appointments = store::people::list_appointments(&reader, row.id, now).await?;
    let mut people = Vec::new();
    for role in [Role::Dsl, Role::Deputy, Role::Manager, Role::Chair] {
        for appointment in appointments.iter().filter(|appointment| appointment.role == role) {
            if people.len() < 2 && !people.iter().any(|(id, _): &(PersonId, Contact)| *id == appointment.person_id) {
                people.extend(contact(&reader, &profile, appointment).await?);
            }
        }
    }
    let mut people = people.into_iter().map(|(_, contact)| contact);
    Ok(Front {
        setting: row.name,
        fictional: row.fictional,
        contact: people.next(),
        stand_in: people.next(),
        titles: profile.titles,
    })
}

async fn contact(db: &impl Reads, profile: &Profile, held: &Appointment) -> Result<Option<(PersonId, Contact)>> {
    let person = store::people::lookup(db, held.setting_id, held.person_id).await?;
    Ok(person.map(|person| {
        let title = profile.title(held.role).to_owned();
        (person.id, Contact { title, name: person.name, phone: person.phone })
    }))
}
