//! Rooms, people with sign-ins, families, ties and devices of the demo, in one transaction.

use std::collections::BTreeMap;

use domain::content::demo::{Child, Demo, Device as DemoDevice, Person as DemoPerson};
use domain::people::{PersonKind, Role};
use domain::setting::Profile;
use domain::{OpCtx, PersonId, RoomId, SettingId};
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::json;
use sha2::{Digest, Sha256};
use store::accounts::Account;
use store::devices::Device;
use store::filtering::FilterPolicy;
use store::people::{Appointment, Membership, Person, Relationship, Room};
use store::settings::Setting;
use store::words::{DeviceKind, Tie};
use store::{Scope, Tx};

use super::{Built, Credentials, DeviceCredentials, PersonCredentials, password};
use crate::accounts::{password as passwords, second_factor};
use crate::filtering::decide::json as to_json;
use crate::{Error, Result, Services};

pub(super) async fn build(
    services: &Services,
    ctx: &mut OpCtx,
    demo: &Demo,
    profile: &Profile,
) -> Result<(Built, Credentials)> {
    let signed_in: Vec<&DemoPerson> = demo.people.iter().filter(|person| !person.roles.is_empty()).collect();
    // Hashing takes its time: before the write begins.
    let mut sign_ins = BTreeMap::new();
    for person in signed_in {
        let password = password(&mut *ctx.rng);
        let hash = passwords::hash(&password, &mut *ctx.rng).await?;
        sign_ins.insert(person.key.clone(), (password, hash));
    }
    let setting: SettingId = ctx.fresh();
    let mut tx = services.db.write(ctx, Scope::Setting(setting), "demo.build").await?;
    let row = Setting {
        id: setting,
        name: profile.name.clone(),
        profile: to_json(profile)?,
        fictional: true,
        created_at: ctx.now,
        version: 0,
    };
    store::settings::add(&mut tx, &row).await?;
    let mut builder = Builder { setting, now: ctx.now, rooms: BTreeMap::new(), people: BTreeMap::new() };
    for room in &demo.rooms {
        let row = Room { id: tx.fresh(), setting_id: setting, name: room.name.clone() };
        store::people::add_room(&mut tx, &row).await?;
        builder.rooms.insert(room.key.clone(), row.id);
    }
    let mut credentials = Credentials { people: BTreeMap::new(), devices: BTreeMap::new() };
    for person in &demo.people {
        builder.person(&mut tx, person).await?;
        if let Some((password, hash)) = sign_ins.remove(&person.key) {
            let sign_in = builder.sign_in(ctx, &mut tx, person, password, hash).await?;
            credentials.people.insert(person.key.clone(), sign_in);
        }
    }
    let mut families: BTreeMap<String, PersonId> = BTreeMap::new();
    for child in &demo.children {
        builder.child(&mut tx, child, &mut families).await?;
    }
    for tie in &demo.ties {
        let (person, other) = (builder.id(&tie.person)?, builder.id(&tie.other)?);
        builder.tie(&mut tx, person, other, &tie.kind, false, None).await?;
    }
    let mut devices = BTreeMap::new();
    for (number, device) in demo.devices.iter().enumerate() {
        let (row, secret) = builder.device(ctx, &mut tx, device, number)?;
        store::devices::add(&mut tx, &row).await?;
        devices.insert(device.key.clone(), row.id);
        credentials.devices.insert(device.key.clone(), secret);
    }
    first_policy(&mut tx, setting).await?;
    tx.commit().await?;
    Ok((Built { setting, people: builder.people, devices, rooms: builder.rooms }, credentials))
}

/// The policy that a setting starts with.
pub(crate) async fn first_policy(tx: &mut Tx, setting: SettingId) -> Result<()> {
    let mut policy = crate::setup::starting_policy()?;
    // Whoever tries the demo sits at a device that nobody registered, and should meet both an open page and a shut one. A new
    // setting is stricter with strangers.
    "children".clone_into(&mut policy.strictest);
    // The demo's nursery has sessions on the story tablet and not yet on the others: its evidence shows that gap.
    for group in ["children", "preschool-room"] {
        if let Some(group) = policy.groups.get_mut(group) {
            group.supervised = false;
        }
    }
    let row = FilterPolicy {
        setting_id: setting,
        number: 1,
        policy: to_json(&policy)?,
        made_at: tx.now(),
        made_by: None,
        proposal_id: None,
        note: "The groups that a setting starts with".to_owned(),
    };
    Ok(store::filtering::add(tx, &row).await?)
}

struct Builder {
    setting: SettingId,
    now: Timestamp,
    rooms: BTreeMap<String, RoomId>,
    people: BTreeMap<String, PersonId>,
}

impl Builder {
    fn id(&self, key: &str) -> Result<PersonId> {
        self.people.get(key).copied().ok_or_else(|| Error::Internal(format!("the demo has nobody called {key}")))
    }

    fn room(&self, key: Option<&String>) -> Option<RoomId> {
        key.and_then(|key| self.rooms.get(key)).copied()
    }

    fn blank(&self, id: PersonId, kind: PersonKind, name: &str) -> Person {
        Person {
            id,
            setting_id: self.setting,
            kind,
            name: name.to_owned(),
            known_as: name.split_whitespace().next().unwrap_or(name).to_owned(),
            born: None,
            email: None,
            email_verified_at: None,
            phone: None,
            room_id: None,
            joined: None,
            gone: None,
            version: 0,
        }
    }

    async fn person(&mut self, tx: &mut Tx, person: &DemoPerson) -> Result<()> {
        let id: PersonId = tx.fresh();
        let row = Person {
            email: person.email.clone(),
            email_verified_at: person.email.as_ref().map(|_| self.now),
            room_id: self.room(person.room.as_ref()),
            // Ofcom keeps 01632 960xxx for drama: nobody is rung by mistake.
            phone: Some(format!("01632 960{:03}", 101 + self.people.len())),
            joined: Some(person.since),
            ..self.blank(id, person.kind, &person.name)
        };
        store::people::add(tx, &row).await?;
        let since = start_of(person.since, self.now);
        for role in &person.roles {
            let row = Appointment {
                id: tx.fresh(),
                setting_id: self.setting,
                person_id: id,
                role: *role,
                starts_at: since,
                ends_at: None,
                made_by: None,
                kinds: None,
            };
            store::people::add_appointment(tx, &row).await?;
        }
        self.people.insert(person.key.clone(), id);
        Ok(())
    }

    async fn sign_in(
        &self,
        ctx: &mut OpCtx,
        tx: &mut Tx,
        person: &DemoPerson,
        password: String,
        hash: String,
    ) -> Result<PersonCredentials> {
        let needs_factor = person.roles.iter().any(|role: &Role| role.needs_second_factor());
        let secret = needs_factor.then(|| second_factor::fresh_secret(&mut *ctx.rng));
        let account = Account {
            id: tx.fresh(),
            username: person.key.clone(),
            password_hash: hash,
            // Chosen today, whatever the history says: nobody begins a demo with an old password.
            password_set_at: self.now,
            totp_secret: secret.clone(),
            totp_last_step: None,
            failed_attempts: 0,
            locked_until: None,
            must_change: false,
            recovered_at: None,
            recovery_confirmed_by: None,
            created_at: self.now,
            ended_at: None,
        };
        store::accounts::add(tx, &account).await?;
        let membership = Membership {
            id: tx.fresh(),
            setting_id: self.setting,
            account_id: account.id,
            person_id: self.id(&person.key)?,
            created_at: self.now,
            ended_at: None,
        };
        store::people::add_membership(tx, &membership).await?;
        Ok(PersonCredentials { name: person.name.clone(), username: account.username, password, totp_secret: secret })
    }

    async fn child(&mut self, tx: &mut Tx, child: &Child, families: &mut BTreeMap<String, PersonId>) -> Result<()> {
        let id: PersonId = tx.fresh();
        let row = Person {
            born: Some(child.born),
            room_id: self.room(Some(&child.room)),
            ..self.blank(id, PersonKind::Child, &child.name)
        };
        store::people::add(tx, &row).await?;
        self.people.insert(child.key.clone(), id);
        for adult in &child.adults {
            let other = match (&adult.person, families.get(&adult.name)) {
                (Some(key), _) => self.id(key)?,
                (None, Some(known)) => *known,
                (None, None) => {
                    let other: PersonId = tx.fresh();
                    store::people::add(tx, &self.blank(other, PersonKind::Family, &adult.name)).await?;
                    families.insert(adult.name.clone(), other);
                    other
                }
            };
            let (responsible, warning) = (adult.parental_responsibility, adult.warning.clone());
            self.tie(tx, id, other, &adult.relation, responsible, warning).await?;
        }
        Ok(())
    }

    async fn tie(
        &self,
        tx: &mut Tx,
        person: PersonId,
        other: PersonId,
        kind: &str,
        parental_responsibility: bool,
        warning: Option<String>,
    ) -> Result<()> {
        let says = |words: &[&str]| {
            warning.as_deref().is_some_and(|text| words.iter().any(|word| text.to_lowercase().contains(word)))
        };
        let row = Relationship {
            id: tx.fresh(),
            setting_id: self.setting,
            person_id: person,
            other_id: other,
            kind: Tie::from_key(kind).unwrap_or(Tie::Relative),
            parental_responsibility,
            do_not_contact: says(&["do not contact"]),
            never_disclose_address: says(&["never say where", "never disclose"]),
            court_order: warning,
        };
        Ok(store::people::add_relationship(tx, &row).await?)
    }

    fn device(
        &self,
        ctx: &mut OpCtx,
        tx: &mut Tx,
        device: &DemoDevice,
        number: usize,
    ) -> Result<(Device, DeviceCredentials)> {
        let secret = password(&mut *ctx.rng);
        let path = password(&mut *ctx.rng).replace('-', "");
        // Each demo device has a loopback address of its own (S50).
        let address = format!("127.0.0.{}", 11 + number);
        let kind = match device.kind.as_str() {
            "computer" => DeviceKind::Laptop,
            key => DeviceKind::from_key(key).unwrap_or(DeviceKind::Appliance),
        };
        let person = device.person.as_ref().map(|key| self.id(key)).transpose()?;
        let row = Device {
            id: tx.fresh(),
            setting_id: self.setting,
            name: device.name.clone(),
            kind,
            group_key: device.group.clone(),
            room_id: self.room(device.room.as_ref()),
            person_id: person,
            mac: None,
            addresses: json!([address]),
            proxy_user: Some(device.key.clone()),
            proxy_password_sha256: Some(hex::encode(Sha256::digest(secret.as_bytes()))),
            doh_path: Some(path.clone()),
            check_passed_at: None,
            cannot_hold: !device.holdable,
            retired_at: None,
            version: 0,
        };
        let credentials = DeviceCredentials {
            name: device.name.clone(),
            group: device.group.clone(),
            source_address: address,
            proxy_user: device.key.clone(),
            proxy_password: secret,
            doh_path: path,
        };
        Ok((row, credentials))
    }
}

/// Midnight of a day, or the demo's own beginning if that was earlier.
fn start_of(day: Date, begin: Timestamp) -> Timestamp {
    let midnight = day.to_zoned(jiff::tz::TimeZone::UTC).map(|zoned| zoned.timestamp());
    midnight.map_or(begin, |at| at.min(begin))
}

/// Checks that people signed in the weeks before, marked fictional: probes are never seeded, these are not probes (S51).
pub(super) async fn signed_checks(
    services: &Services,
    ctx: &mut OpCtx,
    built: &Built,
    signed: &[(&str, &str, i64)],
    by: &str,
) -> Result<()> {
    let person = built.people.get(by).copied();
    let mut tx = services.db.write(ctx, Scope::Setting(built.setting), "sign_check").await?;
    for (kind, summary, days_ago) in signed {
        let at = ctx.now.saturating_sub(jiff::SignedDuration::from_hours(24 * days_ago)).unwrap_or(ctx.now);
        let row = store::evidence::Evidence {
            id: tx.fresh(),
            setting_id: built.setting,
            kind: (*kind).to_owned(),
            ok: true,
            summary: (*summary).to_owned(),
            detail: json!({}),
            effective_at: at,
            recorded_at: ctx.now,
            signed_by: person,
            fictional: true,
        };
        store::evidence::add(&mut tx, &row).await?;
    }
    Ok(tx.commit().await?)
}
