//! A whole nursery in a test: real database, real content, a clock that does as it is told, mail and gateway that keep
//! what they were given. For the tests of this crate and of those above it; never shipped (feature `testing`).
//!
//! To add a persona, add a field to [`People`] and a line in `fill`.

#![expect(clippy::panic, reason = "only tests enable this module")]

mod gateway;

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::clock::Calendar;
use domain::ctx::{Member, SecondFactor};
use domain::people::PersonKind;
use domain::{AccountId, Actor, DeviceId, OpCtx, PersonId, Role, RoomId, SessionId, SettingId};
use jiff::{SignedDuration, Timestamp};
use store::devices::Device;
use store::filtering::FilterPolicy;
use store::people::{Appointment, Membership, Person, Relationship, Room};
use store::settings::Setting;
use store::words::{DeviceKind, Tie};
use store::{Db, Scope, Tx};
use testkit::{TestDb, World};
use uuid::Uuid;

use crate::concerns::{About, Children, Report, SafeNow};
pub use gateway::StillGateway;

use crate::mail::Kept;
use crate::{Clock, Services, jobs};

/// A nursery for one test.
pub struct TestApp {
    /// What the use cases take.
    pub services: Services,
    /// Time and chance.
    pub world: Arc<World>,
    /// The setting.
    pub setting: SettingId,
    /// Who is there.
    pub people: People,
    /// What would have been mailed.
    pub mail: Kept,
    /// What the gateway was given.
    pub gateway: Arc<StillGateway>,
    roles: BTreeMap<PersonId, Vec<Role>>,
    test_db: Arc<TestDb>,
}

/// Who is there, and the things that they use.
#[derive(Debug, Clone, Copy)]
pub struct People {
    /// The lead.
    pub dsl: PersonId,
    /// A deputy.
    pub deputy: PersonId,
    /// Another deputy.
    pub deputy_2: PersonId,
    /// The manager.
    pub manager: PersonId,
    /// The chair.
    pub chair: PersonId,
    /// A practitioner.
    pub practitioner: PersonId,
    /// Another practitioner.
    pub colleague: PersonId,
    /// The technician.
    pub technician: PersonId,
    /// A committee member.
    pub committee: PersonId,
    /// A parent with an account.
    pub parent: PersonId,
    /// An inspector with an account.
    pub inspector: PersonId,
    /// The parent's child.
    pub child: PersonId,
    /// Another child.
    pub child_2: PersonId,
    /// A children's room.
    pub room: RoomId,
    /// A tablet of that room.
    pub tablet: DeviceId,
    /// The practitioner's own laptop.
    pub laptop: DeviceId,
    /// The gateway's box: cannot be held.
    pub server: DeviceId,
}

/// A clock that stands until it is told to go on.
struct Still(Arc<World>);

impl Clock for Still {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}

impl TestApp {
    /// A nursery after seed N, with deputies.
    ///
    /// # Panics
    /// If it cannot be built: a test cannot go on without.
    pub async fn new() -> Self {
        Self::of("n", 1).await
    }

    /// A nursery of this profile (`h`, `n`) and this chance.
    ///
    /// # Panics
    /// If it cannot be built.
    pub async fn of(profile: &str, seed: u64) -> Self {
        let test_db = testkit::db().await;
        let world = Arc::new(World::new(seed));
        let built = fill(&test_db.db, &world, profile).await;
        let (setting, people, roles) = built.unwrap_or_else(|error| panic!("no nursery: {error}"));
        let content = crate::content::embedded().unwrap_or_else(|error| panic!("no content: {error}"));
        let holidays = content.bank_holidays.iter().map(|day| day.date);
        let calendar = Calendar::england(holidays).unwrap_or_else(|error| panic!("no calendar: {error}"));
        let mail = Kept::default();
        let gateway = Arc::new(StillGateway::default());
        let services = Services {
            db: test_db.db.clone(),
            content: Arc::new(content),
            calendar: Arc::new(calendar),
            gateway: gateway.clone(),
            mailer: Arc::new(mail.clone()),
            printer: Arc::new(crate::printer::NoPrinter),
            scanner: Arc::new(crate::scanner::NoScanner),
            clock: Arc::new(Still(Arc::clone(&world))),
            data: test_db.folder.path().to_owned(),
            web_base: "https://holdfast.test".into(),
            demo: false,
            wake: Arc::default(),
            publishing: Arc::default(),
            live: Arc::default(),
            lists: Arc::new(
                crate::sources::Desk::new(crate::sources::Rules { private_addresses: true, ..Default::default() })
                    .unwrap_or_else(|error| panic!("no desk: {error}")),
            ),
        };
        Self { services, world, setting, people, mail, gateway, roles, test_db: Arc::new(test_db) }
    }

    /// Another nursery in the same house: its own setting, people and things; one database, clock and gateway.
    ///
    /// # Panics
    /// If it cannot be built.
    pub async fn neighbour(&self, profile: &str) -> Self {
        let built = fill(&self.services.db, &self.world, profile).await;
        let (setting, people, roles) = built.unwrap_or_else(|error| panic!("no neighbour: {error}"));
        Self {
            services: self.services.clone(),
            world: Arc::clone(&self.world),
            setting,
            people,
            mail: self.mail.clone(),
            gateway: Arc::clone(&self.gateway),
            roles,
            test_db: Arc::clone(&self.test_db),
        }
    }

    /// The database and its keys, for a hand past the program.
    pub fn database(&self) -> &TestDb {
        &self.test_db
    }

    /// Somebody, signed in with the second factor.
    pub fn ctx(&self, person: PersonId) -> OpCtx {
        self.ctx_with(person, SecondFactor::Shown)
    }

    /// Somebody, signed in; how far is said.
    pub fn ctx_with(&self, person: PersonId, second_factor: SecondFactor) -> OpCtx {
        let of = |salt: u128| Uuid::from_u128(person.0.as_u128() ^ salt);
        self.world.ctx(Actor::Member(Member {
            setting: self.setting,
            person,
            account: AccountId(of(1)),
            session: SessionId(of(2)),
            roles: self.roles.get(&person).into_iter().flatten().copied().collect(),
            kinds: Default::default(),
            second_factor,
        }))
    }

    /// From now the house counts as one whose duties take a while to reckon.
    pub fn becomes_large(&self) {
        self.services.live.all_are_large();
    }

    /// A signed-in browser of somebody's, both steps shown: the word of its cookie and its form token.
    ///
    /// # Panics
    /// If the database does not answer.
    pub async fn signed_in(&self, person: PersonId) -> (String, String) {
        let mut ctx = self.ctx(person);
        let Some(member) = ctx.member().cloned() else { panic!("a member") };
        let written = async {
            let mut tx = self.services.db.write(&mut ctx, Scope::All, "test.sign_in").await?;
            let now = tx.now();
            store::accounts::add(&mut tx, &account(&member, now)).await?;
            let membership = Membership {
                id: tx.fresh(),
                setting_id: self.setting,
                account_id: member.account,
                person_id: person,
                created_at: now,
                ended_at: None,
            };
            store::people::add_membership(&mut tx, &membership).await?;
            let (token, csrf) = (format!("token-of-{person}"), format!("csrf-of-{person}"));
            let session = store::accounts::Session {
                id: member.session,
                account_id: member.account,
                setting_id: Some(self.setting),
                token_hash: crate::accounts::Token::given(&token).digest(),
                csrf: csrf.clone(),
                label: "A browser".into(),
                second_factor: true,
                created_at: now,
                seen_at: now,
                locked: false,
                ended_at: None,
            };
            store::accounts::add_session(&mut tx, &session).await?;
            tx.commit().await?;
            Ok((token, csrf))
        };
        written.await.unwrap_or_else(|error: store::Error| panic!("signing in: {error}"))
    }

    /// How many acts the audit has, looks at concerns left out.
    ///
    /// # Panics
    /// If the database does not answer.
    pub async fn acts(&self) -> usize {
        const LOOKS: [&str; 4] = ["concern.view", "concern.files", "concern.messages", "concern.plans"];
        let counted = async {
            let reader = self.services.db.read(Scope::All).await?;
            let mut acts = 0;
            for chain in [self.setting, store::audit::INSTALLATION] {
                let links = store::audit::list(&reader, chain, &store::audit::Filter::default(), 100_000).await?;
                acts += links.iter().filter(|link| !LOOKS.contains(&link.act.as_str())).count();
            }
            Ok(acts)
        };
        counted.await.unwrap_or_else(|error: store::Error| panic!("the audit: {error}"))
    }

    /// Every row outside the audit that names something, by table: the row's own id, and all of its text.
    ///
    /// # Panics
    /// If the database does not answer.
    pub async fn rows_with(&self, word: &str) -> BTreeMap<String, Vec<(String, String)>> {
        let all = store::backup::every_row(&self.services.db).await;
        let all = all.unwrap_or_else(|error| panic!("every row: {error}"));
        let mut rows: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
        for line in all.lines().filter(|line| line.contains(word)) {
            let row: serde_json::Value = serde_json::from_str(line).unwrap_or_default();
            let of = |path: &str| row.pointer(path).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
            let table = of("/t");
            if !table.starts_with("audit") {
                rows.entry(table).or_default().push((of("/r/id"), line.to_owned()));
            }
        }
        rows
    }

    /// Everybody with an account.
    pub fn everybody(&self) -> Vec<PersonId> {
        self.roles.keys().copied().collect()
    }

    /// Time passes, and the jobs that fall due are done as they do.
    ///
    /// # Panics
    /// If the database does not answer.
    pub async fn pass(&self, time: SignedDuration) {
        self.work().await;
        self.world.pass(time);
        self.work().await;
    }

    /// Does all jobs that are due.
    ///
    /// # Panics
    /// If the database does not answer.
    pub async fn work(&self) {
        loop {
            match jobs::run_due(&self.services, &mut self.world.system()).await {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) => panic!("jobs: {error}"),
            }
        }
    }

    /// Ties two people, as family.
    ///
    /// # Panics
    /// If the database does not answer.
    pub async fn tie(&self, person: PersonId, other: PersonId) {
        let mut ctx = self.world.system();
        let written = async {
            let mut tx = self.services.db.write(&mut ctx, Scope::Setting(self.setting), "test.tie").await?;
            relate(&mut tx, self.setting, person, other, Tie::Relative).await?;
            tx.commit().await
        };
        written.await.unwrap_or_else(|error: store::Error| panic!("tie: {error}"));
    }

    /// Ends every appointment to a role.
    ///
    /// # Panics
    /// If the database does not answer.
    pub async fn vacate(&self, role: Role) {
        let mut ctx = self.world.system();
        let written = async {
            let mut tx = self.services.db.write(&mut ctx, Scope::Setting(self.setting), "test.vacate").await?;
            for held in store::people::find_by_role(&tx, self.setting, role, ctx.now).await? {
                store::people::end_appointment(&mut tx, held).await?;
            }
            tx.commit().await
        };
        written.await.unwrap_or_else(|error: store::Error| panic!("vacate: {error}"));
    }

    /// "Something came up on the tablet", all safe, as most tests begin.
    pub fn breach(&self) -> Report {
        Report {
            kind: domain::concern::ConcernKind::FilterBreach,
            what_happened: "A picture came up in a search for penguins.".into(),
            safe_now: SafeNow::Yes,
            who_is_safe: "Everybody went to the book corner.".into(),
            event_at: self.world.now(),
            device: Some(self.people.tablet),
            room: Some(self.people.room),
            hosts: Vec::new(),
            about: About::Nobody,
            children: Children::Known(vec![self.people.child]),
            told: None,
            hold_device: false,
        }
    }

    /// What must hold at the end of every test: no job rests poisoned, and the chain is whole.
    ///
    /// # Panics
    /// When it does not hold.
    pub async fn end(self) {
        let poisoned = jobs::poisoned(&self.services).await;
        assert!(poisoned.as_ref().is_ok_and(Vec::is_empty), "jobs rest: {poisoned:?}");
        let report = store::audit::verify(&self.services.db, &[]).await;
        assert!(report.as_ref().is_ok_and(|report| report.findings.is_empty()), "the chain: {report:?}");
    }
}

/// An account whose password nobody knows; its second factor is set up.
fn account(member: &Member, now: Timestamp) -> store::accounts::Account {
    store::accounts::Account {
        id: member.account,
        username: member.person.to_string(),
        password_hash: "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5$a25vd3M".into(),
        password_set_at: now,
        totp_secret: Some("JBSWY3DPEHPK3PXP".into()),
        totp_last_step: None,
        failed_attempts: 0,
        locked_until: None,
        must_change: false,
        recovered_at: None,
        recovery_confirmed_by: None,
        created_at: now,
        ended_at: None,
    }
}

type Built = (SettingId, People, BTreeMap<PersonId, Vec<Role>>);

async fn fill(db: &Db, world: &World, profile: &str) -> store::Result<Built> {
    let content = crate::content::embedded().map_err(|error| store::Error::File(error.to_string()))?;
    let profile = content.profiles.get(profile).ok_or_else(|| store::Error::File(format!("no profile {profile}")))?;
    let mut ctx = world.system();
    let setting: SettingId = ctx.fresh();
    let mut tx = db.write(&mut ctx, Scope::Setting(setting), "setting.set_up").await?;
    let row = Setting {
        id: setting,
        name: profile.name.clone(),
        profile: serde_json::to_value(profile).map_err(|error| store::Error::File(error.to_string()))?,
        fictional: true,
        created_at: tx.now(),
        version: 0,
    };
    store::settings::add(&mut tx, &row).await?;
    let policy = FilterPolicy {
        setting_id: setting,
        number: 1,
        policy: serde_json::json!({
            "groups": { "children": { "name": "Children's tablets", "audience": "children", "blocked": {} } },
            "strictest": "children",
        }),
        made_at: tx.now(),
        made_by: None,
        proposal_id: None,
        note: "At the beginning".into(),
    };
    store::filtering::add(&mut tx, &policy).await?;
    let room = Room { id: tx.fresh(), setting_id: setting, name: "Starfish".into() };
    store::people::add_room(&mut tx, &room).await?;
    let mut roles = BTreeMap::new();
    let mut staff = async |name: &str, held: &[Role], tx: &mut Tx| -> store::Result<PersonId> {
        let kind = if held.contains(&Role::Parent) { PersonKind::Family } else { PersonKind::Staff };
        let id = person(tx, setting, name, kind).await?;
        for role in held {
            appoint(tx, setting, id, *role).await?;
        }
        roles.insert(id, held.to_vec());
        Ok(id)
    };
    let dsl = staff("Amara Lead", &[Role::Dsl, Role::Practitioner], &mut tx).await?;
    let deputy = staff("Ben Deputy", &[Role::Deputy], &mut tx).await?;
    let deputy_2 = staff("Bea Deputy", &[Role::Deputy, Role::Practitioner], &mut tx).await?;
    let manager = staff("Carys Manager", &[Role::Manager], &mut tx).await?;
    let chair = staff("Dora Chair", &[Role::Chair, Role::Committee], &mut tx).await?;
    let practitioner = staff("Eli Practitioner", &[Role::Practitioner], &mut tx).await?;
    let colleague = staff("Fay Colleague", &[Role::Practitioner], &mut tx).await?;
    let technician = staff("Gus Technician", &[Role::Technician], &mut tx).await?;
    let committee = staff("Hal Committee", &[Role::Committee], &mut tx).await?;
    let parent = staff("Ida Parent", &[Role::Parent], &mut tx).await?;
    let inspector = staff("Jan Inspector", &[Role::Inspector], &mut tx).await?;
    let child = person(&mut tx, setting, "Joy Child", PersonKind::Child).await?;
    let child_2 = person(&mut tx, setting, "Kit Child", PersonKind::Child).await?;
    relate(&mut tx, setting, child, parent, Tie::Parent).await?;
    let mut device = async |name: &str, kind: DeviceKind, owner: Option<PersonId>, room: Option<RoomId>| {
        let row = Device {
            id: tx.fresh(),
            setting_id: setting,
            name: name.into(),
            kind,
            group_key: "children".into(),
            room_id: room,
            person_id: owner,
            mac: None,
            addresses: serde_json::json!([]),
            proxy_user: None,
            proxy_password_sha256: None,
            doh_path: None,
            check_passed_at: None,
            cannot_hold: kind == DeviceKind::Server,
            retired_at: None,
            version: 0,
        };
        store::devices::add(&mut tx, &row).await.map(|()| row.id)
    };
    let tablet = device("Starfish tablet", DeviceKind::Tablet, None, Some(room.id)).await?;
    let laptop = device("Eli's laptop", DeviceKind::Laptop, Some(practitioner), None).await?;
    let server = device("The box", DeviceKind::Server, None, None).await?;
    tx.commit().await?;
    let people = People {
        dsl,
        deputy,
        deputy_2,
        manager,
        chair,
        practitioner,
        colleague,
        technician,
        committee,
        parent,
        inspector,
        child,
        child_2,
        room: room.id,
        tablet,
        laptop,
        server,
    };
    Ok((setting, people, roles))
}

async fn person(tx: &mut Tx, setting: SettingId, name: &str, kind: PersonKind) -> store::Result<PersonId> {
    let first = name.split(' ').next().unwrap_or(name);
    let has_mail = matches!(kind, PersonKind::Staff);
    let row = Person {
        id: tx.fresh(),
        setting_id: setting,
        kind,
        name: name.to_owned(),
        known_as: first.to_owned(),
        born: None,
        email: has_mail.then(|| format!("{}@nursery.test", name.to_lowercase().replace(' ', "."))),
        email_verified_at: has_mail.then(|| tx.now()),
        phone: has_mail.then(|| "01632 960001".to_owned()),
        room_id: None,
        joined: None,
        gone: None,
        version: 0,
    };
    store::people::add(tx, &row).await?;
    Ok(row.id)
}

async fn appoint(tx: &mut Tx, setting: SettingId, person: PersonId, role: Role) -> store::Result<()> {
    let row = Appointment {
        id: tx.fresh(),
        setting_id: setting,
        person_id: person,
        role,
        starts_at: tx.now(),
        ends_at: None,
        made_by: None,
        kinds: None,
    };
    store::people::add_appointment(tx, &row).await
}

async fn relate(tx: &mut Tx, setting: SettingId, person: PersonId, other: PersonId, kind: Tie) -> store::Result<()> {
    let row = Relationship {
        id: tx.fresh(),
        setting_id: setting,
        person_id: person,
        other_id: other,
        kind,
        parental_responsibility: kind == Tie::Parent,
        court_order: None,
        do_not_contact: false,
        never_disclose_address: false,
    };
    store::people::add_relationship(tx, &row).await
}
