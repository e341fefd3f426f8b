//! A real setting from nothing.

use app::accounts::{self, Token, second_factor};
use app::setup::{self, DayHours, FilteringAnswers, FirstPerson, NamedPerson, StepKey};
use app::testing::TestApp;
use app::{Error, Services};
use domain::{OpCtx, Role};
use jiff::SignedDuration;
use store::Scope;

fn first() -> FirstPerson {
    FirstPerson {
        setting_name: "Sandpiper Nursery".into(),
        template: "n".into(),
        name: "Carys Example".into(),
        username: "carys".into(),
        new: "copper teapot lantern fog".into(),
        again: "copper teapot lantern fog".into(),
        label: "Office".into(),
    }
}

/// An installation with keys and no setting yet.
async fn empty() -> (TestApp, testkit::TestDb, Services) {
    let app = TestApp::new().await;
    let bare = testkit::db().await;
    let services = Services { db: bare.db.clone(), data: bare.folder.path().to_owned(), ..app.services.clone() };
    (app, bare, services)
}

async fn done(services: &Services, ctx: &OpCtx) -> Vec<StepKey> {
    setup::steps(services, ctx).await.unwrap().into_iter().filter(|step| step.done).map(|step| step.key).collect()
}

#[tokio::test]
async fn from_the_link_to_the_typed_back_code() {
    let (app, bare, services) = empty().await;
    let mut nobody = app.world.nobody();
    let code = bare.code.printable().to_string();
    let old = setup::make_link(&services, &mut nobody, Some(&code)).await.unwrap().unwrap();
    let path = setup::make_link(&services, &mut app.world.nobody(), None).await.unwrap().unwrap();
    let link = |path: &str| Token::given(path.rsplit('/').next().unwrap());
    assert!(setup::check_link(&services, &nobody, &link(&old)).await.is_err(), "the older link stops");
    setup::check_link(&services, &nobody, &link(&path)).await.unwrap();
    let weak = FirstPerson { new: "Sandpiper2026".into(), again: "Sandpiper2026".into(), ..first() };
    assert!(matches!(setup::begin(&services, &mut nobody, &link(&path), weak).await, Err(Error::Invalid(_))));
    let demo = Services { demo: true, ..services.clone() };
    assert!(setup::begin(&demo, &mut nobody, &link(&path), first()).await.is_err(), "S50");
    let signed_in = setup::begin(&services, &mut nobody, &link(&path), first()).await.unwrap();
    assert!(setup::begin(&services, &mut nobody, &link(&path), first()).await.is_err(), "the link is used up");
    assert_eq!(setup::make_link(&services, &mut nobody, None).await.unwrap(), None);

    let reader = services.db.read(Scope::All).await.unwrap();
    let setting = store::settings::list(&reader).await.unwrap().pop().unwrap();
    drop(reader);
    assert!(!setting.fictional);
    assert_eq!(setting.profile["providers"]["filtering"], "", "nothing invented stays");

    let visit = accounts::visit(&services, &mut nobody, &signed_in.token).await.unwrap().unwrap();
    let mut ctx = app.world.ctx(visit.actor.clone());
    assert!(setup::printed_code(&services, &ctx).await.is_err(), "not before the second factor");
    let begun = accounts::begin_second_factor(&services, &mut ctx).await.unwrap();
    let figures = second_factor::figures(&begun.secret, app.world.now()).unwrap();
    let (again, _) = accounts::confirm_second_factor(&services, &mut ctx, &visit, &figures).await.unwrap();
    let visit = accounts::visit(&services, &mut nobody, &again.token).await.unwrap().unwrap();
    let mut ctx = app.world.ctx(visit.actor.clone());
    assert_eq!(done(&services, &ctx).await, [StepKey::SecondFactor]);

    let named = |name: &str, username: &str, myself| NamedPerson {
        name: name.into(),
        username: username.into(),
        email: None,
        phone: None,
        myself,
    };
    assert!(setup::name_somebody(&services, &mut ctx, Role::Chair, named("", "", true)).await.is_err());
    let lead = setup::name_somebody(&services, &mut ctx, Role::Dsl, named("Amara Lead", "amara", false)).await.unwrap();
    let token = link(&lead.unwrap().path);
    let chosen = "seven wet umbrellas in april";
    accounts::choose_with_link(&services, &mut nobody, &token, chosen, chosen).await.unwrap();
    setup::name_somebody(&services, &mut ctx, Role::Chair, named("Noor Chair", "", false)).await.unwrap();
    let answers = |resolvers: &str| FilteringAnswers {
        internet: "BT".into(),
        filtering: "County filter".into(),
        resolvers: resolvers.into(),
    };
    assert!(setup::set_filtering(&services, &mut ctx, answers("dns.example")).await.is_err());
    setup::set_filtering(&services, &mut ctx, answers("192.0.2.53")).await.unwrap();
    let day = |day: &str, from: &str, to: &str| DayHours { day: day.into(), from: from.into(), to: to.into() };
    assert!(setup::set_hours(&services, &mut ctx, &[day("monday", "18:00", "8:00")]).await.is_err());
    setup::set_hours(&services, &mut ctx, &[day("monday", "8:00", "18:00"), day("sunday", "", "")]).await.unwrap();
    let tablet = app::devices::DeviceDraft {
        name: "Tablet 1".into(),
        kind: store::words::DeviceKind::Tablet,
        group: "children".into(),
        room: None,
        person: None,
        mac: None,
        addresses: String::new(),
    };
    app::devices::add(&services, &mut ctx, tablet).await.unwrap();
    use setup::essential::{self, SYSTEMS, Where};
    let some = SYSTEMS.iter().take(3).map(|(key, _)| ((*key).to_owned(), Where::None)).collect();
    assert!(essential::answer(&services, &mut ctx, some).await.is_err(), "door entry was not answered");
    let all = SYSTEMS.iter().map(|(key, _)| ((*key).to_owned(), Where::Elsewhere)).collect();
    essential::answer(&services, &mut ctx, all).await.unwrap();
    assert_eq!(done(&services, &ctx).await.len(), 7, "all but the code");

    let shown = setup::printed_code(&services, &ctx).await.unwrap().unwrap();
    assert_eq!(shown.0, code);
    assert!(setup::type_back(&services, &mut ctx, "0000-0000").await.is_err());
    setup::type_back(&services, &mut ctx, &shown.0.to_lowercase()).await.unwrap();
    assert_eq!(setup::printed_code(&services, &ctx).await.unwrap(), None, "no page shows it again");
    assert_eq!(done(&services, &ctx).await.len(), 8);
}

#[tokio::test]
async fn a_link_that_nobody_used_stops_after_a_day() {
    let (app, _bare, services) = empty().await;
    let path = setup::make_link(&services, &mut app.world.nobody(), None).await.unwrap().unwrap();
    app.world.pass(SignedDuration::from_hours(25));
    let token = Token::given(path.rsplit('/').next().unwrap());
    assert!(matches!(setup::check_link(&services, &app.world.nobody(), &token).await, Err(Error::NotFound)));
}

#[tokio::test]
async fn who_filters_before_us_is_not_changed_unseen_and_what_was_signed_spoke_of_the_others() {
    let app = TestApp::new().await;
    let (people, services) = (app.people, &app.services);
    let manager = || app.ctx(people.manager);
    let answers = |resolvers: &str| FilteringAnswers {
        internet: "BT".into(),
        filtering: "County filter".into(),
        resolvers: resolvers.into(),
    };
    let told = async |person| {
        let notices = app::notices::mine(services, &app.ctx(person)).await.unwrap();
        notices.iter().filter(|notice| notice.link == "/filter").count()
    };
    setup::set_filtering(services, &mut manager(), answers("192.0.2.53")).await.unwrap();
    assert_eq!(told(people.dsl).await, 0, "written down for the first time");
    app.world.pass(SignedDuration::from_hours(1));
    setup::set_filtering(services, &mut manager(), answers("192.0.2.53")).await.unwrap();
    assert_eq!(told(people.dsl).await, 0, "nothing changed");
    setup::set_filtering(services, &mut manager(), answers("203.0.113.8")).await.unwrap();
    for person in [people.dsl, people.deputy, people.chair] {
        assert_eq!(told(person).await, 1);
    }
    assert_eq!(told(people.manager).await, 0, "who did it knows");
    let reader = services.db.read(store::Scope::Setting(app.setting)).await.unwrap();
    let row = store::settings::lookup(&reader, app.setting).await.unwrap().unwrap();
    let profile: domain::setting::Profile = serde_json::from_value(row.profile).unwrap();
    assert_eq!(profile.upstream_since, Some(app.world.now()));
    drop(reader);
    app.end().await;
}

#[tokio::test]
async fn the_gateway_learns_whose_a_device_is_only_after_an_assessment_a_notice_and_until_a_day() {
    let app = TestApp::new().await;
    let (people, services) = (app.people, &app.services);
    let manager = || app.ctx(people.manager);
    let laptop = app::devices::DeviceDraft {
        name: "Her laptop".into(),
        kind: store::words::DeviceKind::Laptop,
        group: "children".into(),
        room: None,
        person: Some(people.practitioner),
        mac: None,
        addresses: String::new(),
    };
    app::devices::add(services, &mut manager(), laptop).await.unwrap();
    app.pass(SignedDuration::from_secs(1)).await;
    let named = || {
        let snapshot = app.gateway.published().pop().unwrap();
        snapshot.devices.iter().filter(|device| device.person.is_some()).count()
    };
    assert_eq!(named(), 0, "by device alone");
    let today = services.calendar.local(app.world.now()).date();
    let record = |dpia: &str, until| domain::setting::ByPerson {
        dpia: dpia.into(),
        notice: "Read out at the staff meeting of 2 March.".into(),
        until,
    };
    let assessed = "In the office; low risk, by the manager and the lead.";
    let set = async |record| setup::set_by_person(services, &mut manager(), Some(record)).await;
    assert!(set(record("yes", today)).await.is_err(), "no assessment");
    assert!(set(record(assessed, today.saturating_sub(jiff::Span::new().days(1)))).await.is_err(), "over already");
    assert!(set(record(assessed, today.saturating_add(jiff::Span::new().days(400)))).await.is_err(), "no end in sight");
    set(record(assessed, today)).await.unwrap();
    app.pass(SignedDuration::from_secs(1)).await;
    assert_eq!(named(), 2, "hers, and the one of the world");
    app.pass(SignedDuration::from_hours(49)).await;
    app::jobs::schedule(services, &mut app.world.system()).await.unwrap();
    app.work().await;
    assert_eq!(named(), 0, "its last day is over");
    app.end().await;
}
