//! Whom to ring, and whom to tell: the contact sheet that survives a dead box, "whom must I tell?", and the lists from
//! which the report form lets people choose (S55).
//!
//! Numbers are data with the day on which somebody last checked them (`content/agencies/`).

use std::collections::BTreeSet;

use domain::access::{Action, Refused, Relation, authorize};
use domain::concern::{ConcernKind, RouteKind};
use domain::content::Agency;
use domain::people::PersonKind;
use domain::routing::{self, Way, ladder};
use domain::{DeviceId, OpCtx, PersonId, Role, RoomId};
use store::{Reads, Scope};

use crate::concerns::{ToTell, case};
use crate::{Result, Services};

/// The contact sheet.
#[derive(Debug, Clone)]
pub struct Sheet {
    /// The setting's name.
    pub setting: String,
    /// Is it invented?
    pub fictional: bool,
    /// Who holds the roles that people must find, in the order in which to look for them.
    pub inside: Vec<ToTell>,
    /// Whom to tell, by what it is about.
    pub whom: Vec<Whom>,
    /// Agencies of the area, then national ones.
    pub outside: Vec<Agency>,
}

/// Whom to tell about one kind of thing.
#[derive(Debug, Clone)]
pub struct Whom {
    /// What it is about.
    pub kind: ConcernKind,
    /// Whom first. Empty: nobody inside holds that role, so outside.
    pub first: Vec<ToTell>,
    /// And if it is about them, or they cannot be found.
    pub then: Vec<ToTell>,
}

/// The contact sheet of one's setting. Whoever cannot sign in finds it too, where there is one setting only: it says no
/// more than the poster on the wall, and somebody may need it at once (S3, S4).
///
/// # Errors
/// [`domain::access::Refused`] for an inspector; [`Refused::SignIn`] for nobody where there are many settings.
pub async fn sheet(services: &Services, ctx: &OpCtx) -> Result<Sheet> {
    let id = match ctx.member() {
        Some(member) => {
            authorize(&ctx.actor, Action::ReadContacts, Relation::Setting)?;
            member.setting
        }
        None => only_setting(services).await?,
    };
    let reader = services.db.read(Scope::Setting(id)).await?;
    let setting = store::settings::lookup(&reader, id).await?.ok_or(crate::Error::NotFound)?;
    let profile = case::profile(&reader, id).await?;
    let roster = case::roster(&reader, id, ctx.now).await?;
    let mut inside = Vec::new();
    for role in RouteKind::Safeguarding.order() {
        for person in roster.get(role).into_iter().flatten() {
            inside.extend(to_tell(&reader, id, *person, profile.title(*role)).await?);
        }
    }
    let mut whom = Vec::new();
    let covers = crate::cover::standing_in(&reader, id, &roster, services.calendar.local(ctx.now).date()).await?;
    for kind in ConcernKind::ALL {
        let way = Way::of(routing::route(kind, false), kind, &profile.switches).named(profile.case_manager);
        let nobody = BTreeSet::new();
        let rungs = match way.route {
            RouteKind::Safeguarding => ladder(&way, &roster, &nobody).covered(&covers, &nobody).rungs,
            RouteKind::Allegation => ladder(&way, &roster, &nobody).rungs,
        };
        let mut named = Vec::new();
        for rung in rungs {
            let mut people = Vec::new();
            for person in rung {
                let role = RouteKind::Safeguarding
                    .order()
                    .iter()
                    .find(|role| roster.get(role).is_some_and(|holders| holders.contains(&person)));
                let mut title = role.map(|role| profile.title(*role)).unwrap_or_default().to_owned();
                if covers.iter().any(|(away, _)| *away == person) {
                    title.push_str(", away today");
                } else if way.route == RouteKind::Safeguarding && covers.iter().any(|(_, cover)| *cover == person) {
                    title.push_str(", standing in today");
                }
                people.extend(to_tell(&reader, id, person, &title).await?);
            }
            named.push(people);
        }
        let mut named = named.into_iter();
        whom.push(Whom { kind, first: named.next().unwrap_or_default(), then: named.flatten().collect() });
    }
    let outside = crate::agencies::of(services, &reader, id, &profile.area).await?;
    Ok(Sheet { setting: setting.name, fictional: setting.fictional, inside, whom, outside })
}

pub(crate) async fn only_setting(services: &Services) -> Result<domain::SettingId> {
    let reader = services.db.read(Scope::All).await?;
    match store::settings::list(&reader).await?.as_slice() {
        [only] => Ok(only.id),
        _ => Err(Refused::SignIn.into()),
    }
}

async fn to_tell(db: &impl Reads, setting: domain::SettingId, person: PersonId, title: &str) -> Result<Option<ToTell>> {
    let found = store::people::lookup(db, setting, person).await?;
    Ok(found.map(|person| ToTell { name: person.name, title: title.to_owned(), phone: person.phone }))
}

/// What people may choose from in the forms of a concern.
#[derive(Debug, Clone, Default)]
pub struct Lists {
    /// Children on roll.
    pub children: Vec<(PersonId, String)>,
    /// Staff.
    pub staff: Vec<(PersonId, String)>,
    /// Every other adult of the register.
    pub other_adults: Vec<(PersonId, String)>,
    /// Rooms.
    pub rooms: Vec<(RoomId, String)>,
    /// Devices in use.
    pub devices: Vec<(DeviceId, String)>,
}

/// The lists for whoever reports. Parents choose among staff and their own children only.
///
/// # Errors
/// [`domain::access::Refused`] for who may not report.
pub async fn lists(services: &Services, ctx: &OpCtx) -> Result<Lists> {
    authorize(&ctx.actor, Action::ReportConcern, Relation::Setting)?;
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let staff_member = member.roles.iter().any(|role| role.is_staff());
    let own: BTreeSet<PersonId> = if staff_member {
        BTreeSet::new()
    } else {
        let ties = store::people::list_relationships(&reader, member.setting, member.person).await?;
        ties.into_iter().flat_map(|tie| [tie.person_id, tie.other_id]).collect()
    };
    let mut lists = Lists::default();
    for person in store::people::list(&reader, member.setting, None).await? {
        let entry = (person.id, person.name);
        match person.kind {
            PersonKind::Child if staff_member || own.contains(&person.id) => lists.children.push(entry),
            PersonKind::Staff => lists.staff.push(entry),
            PersonKind::Family | PersonKind::Visitor if staff_member => lists.other_adults.push(entry),
            PersonKind::Child | PersonKind::Family | PersonKind::Visitor | PersonKind::Unknown => {}
        }
    }
    let rooms = store::people::list_rooms(&reader, member.setting).await?;
    lists.rooms = rooms.into_iter().map(|room| (room.id, room.name)).collect();
    if staff_member {
        let devices = store::devices::list(&reader, member.setting).await?;
        lists.devices = devices.into_iter().map(|device| (device.id, device.name)).collect();
    }
    Ok(lists)
}

/// Roles that one may invite to a concern, with who holds them: for the form. Who is shut out from a concern is refused
/// there, not left out here, since leaving out would tell.
///
/// # Errors
/// [`domain::access::Refused`] for who holds no cases.
pub async fn case_workers(services: &Services, ctx: &OpCtx) -> Result<Vec<(PersonId, String)>> {
    authorize(&ctx.actor, Action::ReadQueue, Relation::Setting)?;
    let member = ctx.member().ok_or(Refused::SignIn)?;
    let reader = services.db.read(Scope::Setting(member.setting)).await?;
    let roster = case::roster(&reader, member.setting, ctx.now).await?;
    let holders: BTreeSet<PersonId> = [Role::Dsl, Role::Deputy, Role::Manager, Role::Chair]
        .iter()
        .filter_map(|role| roster.get(role))
        .flatten()
        .copied()
        .collect();
    let mut named = Vec::new();
    for person in holders {
        if let Some(found) = store::people::lookup(&reader, member.setting, person).await? {
            named.push((person, found.name));
        }
    }
    Ok(named)
}
