//! What the demo shows of keeping and handing out: records of an older paper file that have come to their day, one of them
//! destroyed with a certificate, one that waits for a second person; and a request for data, half way on the bench.

use domain::ctx::{Client, Member, SecondFactor};
use domain::people::PersonKind;
use domain::retention::RecordKind;
use domain::{AccountId, Actor, OpCtx, PersonId, Role, SessionId};
use jiff::{SignedDuration, Timestamp};
use store::Scope;
use store::people::Person;
use store::working::LowLevel;

use super::Built;
use crate::concerns::{self, About, Children, Report, SafeNow, StageTwo};
use crate::keeping::{bundle, dispose};
use crate::{Error, Result, Services};

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Records of somebody who left, as a setting types them in from its paper file: what, and what was done.
const OLD: [(&str, &str); 3] = [
    ("Used a nickname for a child that the family had asked us not to use.", "Spoke with her; she understood."),
    ("Was late for the handover three times in one month.", "Spoke about it in supervision."),
    ("Left the kitchen gate open while children were in the corridor.", "Went through the safety walk together."),
];

pub(super) async fn enter(services: &Services, built: &Built, now: Timestamp) -> Result<()> {
    let ids = old_file(services, built, now).await?;
    let people = |key: &str| built.people.get(key).copied().ok_or_else(|| Error::Internal(format!("nobody is {key}")));
    let mut manager = acting(services, built, people("manager")?, &[Role::Manager], now);
    let mut chair = acting(services, built, people("chair")?, &[Role::Chair], now);
    let low = RecordKind::LowLevel;
    if let [first, second, _] = ids.as_slice() {
        let why = "She left more than a year ago; nothing is open.";
        let gone = dispose::propose(services, &mut manager, low, *first, why).await?;
        dispose::agree(services, &mut chair, gone).await?;
        dispose::propose(services, &mut manager, low, *second, why).await?;
    }
    let mut practitioner = acting(services, built, people("practitioner")?, &[Role::Practitioner], now);
    let what = "The mother of a child in my room is a friend of my sister's. We have known each other since 2019.";
    crate::declarations::declare(services, &mut practitioner, domain::declaration::DeclarationKind::Friendship, what)
        .await?;
    request(services, built, people("dsl")?, now).await
}

/// Three low-level concerns about somebody who left, two years old.
async fn old_file(services: &Services, built: &Built, now: Timestamp) -> Result<Vec<uuid::Uuid>> {
    let ago = |days: i32| now.saturating_sub(DAY * days).unwrap_or(now);
    let mut ctx = services.system();
    ctx.now = now;
    let manager = built.people.get("manager").copied().ok_or(Error::NotFound)?;
    let mut tx = services.db.write(&mut ctx, Scope::Setting(built.setting), "demo.old_file").await?;
    let day = |at: Timestamp| services.calendar.local(at).date();
    let former = Person {
        id: tx.fresh(),
        setting_id: built.setting,
        kind: PersonKind::Staff,
        name: "Rosamund Ebbtide".into(),
        known_as: "Rosamund".into(),
        born: None,
        email: None,
        email_verified_at: None,
        phone: None,
        room_id: None,
        joined: Some(day(ago(1_500))),
        gone: Some(day(ago(420))),
        version: 0,
    };
    store::people::add(&mut tx, &former).await?;
    let mut ids = Vec::new();
    for ((what, response), days) in OLD.iter().zip([900, 800, 700]) {
        let row = LowLevel {
            supersedes: None,
            why: None,
            id: tx.fresh(),
            setting_id: built.setting,
            person_id: former.id,
            what: (*what).into(),
            response: (*response).into(),
            event_at: ago(days),
            recorded_at: ago(days),
            author_id: manager,
        };
        store::working::add_low_level(&mut tx, &row).await?;
        ids.push(row.id);
    }
    tx.commit().await?;
    Ok(ids)
}

/// A mother asked six days ago; the lead has begun to redact.
async fn request(services: &Services, built: &Built, dsl: PersonId, now: Timestamp) -> Result<()> {
    let reader = services.db.read(Scope::Setting(built.setting)).await?;
    let children = store::keeping::list_children(&reader, built.setting).await?;
    let mut chosen = None;
    for child in &children {
        let viewer = store::Sees {
            person: dsl,
            routes: vec![domain::concern::RouteKind::Safeguarding],
            kinds: Default::default(),
        };
        let about = store::concerns::About::Person(child.id);
        if !store::concerns::list_about(&reader, built.setting, &viewer, &about).await?.is_empty() {
            chosen = Some(child.clone());
            break;
        }
    }
    drop(reader);
    let Some(child) = chosen.or_else(|| children.first().cloned()) else { return Ok(()) };
    let asked = now.saturating_sub(DAY * 6).unwrap_or(now);
    let mut ctx = acting(services, built, dsl, &[Role::Dsl], now);
    let report = Report {
        kind: domain::concern::ConcernKind::AccessRequest,
        what_happened: "A mother asks in writing for everything that we hold about her child.".into(),
        safe_now: SafeNow::Yes,
        who_is_safe: "Everybody.".into(),
        event_at: asked,
        device: None,
        room: None,
        hosts: Vec::new(),
        about: About::Nobody,
        children: Children::Known(vec![child.id]),
        told: None,
        hold_device: false,
    };
    let filed = concerns::report(services, &mut ctx, report).await?;
    let stage = StageTwo { facts: "Her letter came by post; it is in the office.".into(), ..StageTwo::default() };
    concerns::add_words(services, &mut ctx, filed.concern, stage).await?;
    concerns::open(services, &mut ctx, filed.concern).await?;
    bundle::begin(services, &mut ctx, filed.concern, child.id).await?;
    Ok(())
}

fn acting(services: &Services, built: &Built, person: PersonId, roles: &[Role], now: Timestamp) -> OpCtx {
    let mut ctx = services.context(Actor::Nobody, Client::default());
    ctx.now = now;
    let (account, session) = (ctx.fresh::<AccountId>(), ctx.fresh::<SessionId>());
    let (setting, roles) = (built.setting, roles.iter().copied().collect());
    ctx.actor = Actor::Member(Member {
        setting,
        person,
        account,
        session,
        roles,
        kinds: Default::default(),
        second_factor: SecondFactor::Shown,
    });
    ctx
}
