//! A small nursery, row by row: what most tests of the store and of the use cases begin with.

use anyhow::Result;
use domain::concern::{ConcernKind, ConcernStatus, EntryKind, RouteKind, Urgency};
use domain::people::{PersonKind, Role};
use domain::{ConcernId, OpCtx, PersonId, SettingId};
use store::concerns::{Concern, Entry, Exclusion, Invitation};
use store::people::{Appointment, Person};
use store::settings::Setting;
use store::words::Area;
use store::{Db, Scope, Sees, Tx};

/// A setting with a lead, a deputy, a manager, a practitioner and a child.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct House {
    /// The setting.
    pub setting: SettingId,
    /// The lead.
    pub dsl: PersonId,
    /// The deputy.
    pub deputy: PersonId,
    /// The manager.
    pub manager: PersonId,
    /// A practitioner.
    pub practitioner: PersonId,
    /// A child.
    pub child: PersonId,
}

impl House {
    /// Writes one into the database.
    ///
    /// # Errors
    /// As any write.
    pub async fn build(db: &Db, ctx: &mut OpCtx, name: &str) -> Result<Self> {
        let setting: SettingId = ctx.fresh();
        let mut tx = db.write(ctx, Scope::Setting(setting), "setting.set_up").await?;
        let row = Setting {
            id: setting,
            name: name.to_owned(),
            profile: serde_json::json!({}),
            fictional: true,
            created_at: tx.now(),
            version: 1,
        };
        store::settings::add(&mut tx, &row).await?;
        let mut staff = Vec::new();
        for (who, role) in [
            ("Amara Lead", Some(Role::Dsl)),
            ("Ben Deputy", Some(Role::Deputy)),
            ("Carys Manager", Some(Role::Manager)),
            ("Dev Practitioner", Some(Role::Practitioner)),
            ("Ellis Child", None),
        ] {
            staff.push(person(&mut tx, setting, &format!("{who} of {name}"), role).await?);
        }
        tx.commit().await?;
        match staff.as_slice() {
            &[dsl, deputy, manager, practitioner, child] => {
                Ok(Self { setting, dsl, deputy, manager, practitioner, child })
            }
            _ => anyhow::bail!("five people"),
        }
    }

    /// Somebody who works these routes.
    pub fn sees(person: PersonId, routes: &[RouteKind]) -> Sees {
        Sees { person, routes: routes.to_vec(), kinds: Default::default() }
    }

    /// The lead's view.
    pub fn lead(&self) -> Sees {
        Self::sees(self.dsl, &[RouteKind::Safeguarding])
    }

    /// Files a concern on a route, with one entry, shutting people out and inviting others.
    ///
    /// # Errors
    /// As any write.
    pub async fn concern(&self, db: &Db, ctx: &mut OpCtx, new: NewConcern<'_>) -> Result<ConcernId> {
        let id: ConcernId = ctx.fresh();
        let mut tx = db.write(ctx, Scope::Setting(self.setting), "concern.raise").await?;
        let row = Concern { kind: new.kind, ..self.concern_row(id, new.route, tx.now()) };
        store::concerns::add(&mut tx, &row).await?;
        let entry = Entry {
            id: tx.fresh(),
            setting_id: self.setting,
            concern_id: id,
            kind: EntryKind::Fact,
            text: new.text.to_owned(),
            event_at: tx.now(),
            recorded_at: tx.now(),
            author_id: Some(self.practitioner),
            supersedes: None,
            out_of_order: false,
        };
        store::concerns::add_entry(&mut tx, &entry).await?;
        for person in new.excluded {
            let exclusion =
                Exclusion { concern_id: id, person_id: *person, setting_id: self.setting, added_at: tx.now() };
            store::concerns::add_exclusion(&mut tx, &exclusion).await?;
        }
        for person in new.invited {
            let invitation = Invitation {
                concern_id: id,
                person_id: *person,
                setting_id: self.setting,
                invited_by: self.dsl,
                at: tx.now(),
                reason: "knows the family".to_owned(),
            };
            store::concerns::add_invitation(&mut tx, &invitation).await?;
        }
        tx.commit().await?;
        Ok(id)
    }

    /// A concern as it is filed.
    pub fn concern_row(&self, id: ConcernId, route: RouteKind, now: jiff::Timestamp) -> Concern {
        Concern {
            id,
            setting_id: self.setting,
            reference: id.to_string().to_uppercase(),
            kind: ConcernKind::FilterBreach,
            route,
            area: Area::Content,
            urgency: Urgency::Prompt,
            status: ConcernStatus::Received,
            procedure: "p1".to_owned(),
            edition: "2026-1".to_owned(),
            event_at: now,
            known_at: now,
            recorded_at: now,
            clock_suspect: false,
            reporter_id: Some(self.practitioner),
            receipt_hash: format!("receipt of {id}"),
            device_id: None,
            room_id: None,
            told_in_person: None,
            stage_two_at: None,
            opened_at: None,
            opened_by: None,
            closed_at: None,
            version: 1,
        }
    }
}

/// What [`House::concern`] files.
#[derive(Debug, Clone, Copy)]
pub struct NewConcern<'a> {
    /// Which way it goes.
    pub route: RouteKind,
    /// What it is about.
    pub kind: ConcernKind,
    /// Its first entry.
    pub text: &'a str,
    /// Who is shut out.
    pub excluded: &'a [PersonId],
    /// Who was added by name.
    pub invited: &'a [PersonId],
}

impl<'a> NewConcern<'a> {
    /// On the safeguarding route, with nobody shut out or invited.
    pub fn new(text: &'a str) -> Self {
        Self { route: RouteKind::Safeguarding, kind: ConcernKind::FilterBreach, text, excluded: &[], invited: &[] }
    }
}

async fn person(tx: &mut Tx, setting: SettingId, name: &str, role: Option<Role>) -> Result<PersonId> {
    let id: PersonId = tx.fresh();
    let row = Person {
        id,
        setting_id: setting,
        kind: if role.is_some() { PersonKind::Staff } else { PersonKind::Child },
        name: name.to_owned(),
        known_as: name.split(' ').next().unwrap_or(name).to_owned(),
        born: None,
        email: None,
        email_verified_at: None,
        phone: None,
        room_id: None,
        joined: None,
        gone: None,
        version: 1,
    };
    store::people::add(tx, &row).await?;
    if let Some(role) = role {
        let appointment = Appointment {
            id: tx.fresh(),
            setting_id: setting,
            person_id: id,
            role,
            starts_at: tx.now(),
            ends_at: None,
            made_by: None,
            kinds: None,
        };
        store::people::add_appointment(tx, &appointment).await?;
    }
    Ok(id)
}
