//! A call for help (S35): the room's devices at once, the office after the setting's own time, and who came.

use app::filtering::sessions::pin;
use app::filtering::start::{self, Tablet};
use app::gateway::{Activity, Batch, What};
use app::help::{self, Call, OnDevice};
use app::testing::TestApp;
use app::{Error, activity, notices};
use domain::{DeviceId, PersonId};
use jiff::SignedDuration;

/// A device of the room or of none, with a start page.
async fn device(app: &TestApp, name: &str, group: &str, room: bool) -> DeviceId {
    let draft = app::devices::DeviceDraft {
        name: name.into(),
        kind: store::words::DeviceKind::Tablet,
        group: group.into(),
        room: room.then_some(app.people.room),
        person: None,
        mac: None,
        addresses: String::new(),
    };
    app::devices::add(&app.services, &mut app.ctx(app.people.dsl), draft).await.unwrap()
}

async fn page_of(app: &TestApp, id: DeviceId) -> Tablet {
    let mut lead = app.ctx(app.people.dsl);
    app::devices::new_credential(&app.services, &mut lead, id).await.unwrap();
    let path = app::devices::lookup(&app.services, &lead, id).await.unwrap().device.doh_path.unwrap();
    start::tablet(&app.services, &path).await.unwrap()
}

/// A nursery whose policy has a group of adults.
async fn house() -> TestApp {
    let app = TestApp::new().await;
    crate::filtering::with_staff(&app).await;
    app
}

async fn rings(app: &TestApp, tablet: &Tablet) -> OnDevice {
    help::on_device(&app.services, tablet).await.unwrap()
}

async fn rings_for(app: &TestApp, who: PersonId) -> usize {
    let ctx = app.ctx(who);
    let roles = &ctx.member().unwrap().roles;
    help::ringing(&app.services, app.setting, who, roles, app.services.now()).await.unwrap().len()
}

async fn told(app: &TestApp, who: PersonId) -> usize {
    app.work().await;
    let mine = notices::mine(&app.services, &app.ctx(who)).await.unwrap();
    mine.iter().filter(|notice| notice.link == "/alerts").count()
}

async fn calls(app: &TestApp) -> Vec<Call> {
    activity::calls(&app.services, &mut app.ctx(app.people.practitioner)).await.unwrap().help
}

fn seconds(count: i64) -> SignedDuration {
    SignedDuration::from_secs(count)
}

#[tokio::test]
async fn a_call_rings_in_its_room_at_once_and_in_the_office_after_a_minute() {
    let app = house().await;
    let child = page_of(&app, app.people.tablet).await;
    let staff = page_of(&app, device(&app, "Starfish staff tablet", "staff", true).await).await;
    let office = page_of(&app, device(&app, "Office computer", "staff", false).await).await;
    help::call(&app.services, &child).await.unwrap();

    let on_staff = rings(&app, &staff).await;
    assert_eq!(on_staff.ringing[0].room.as_deref(), Some("Starfish"));
    assert_eq!(on_staff.ringing[0].since, app.services.now());
    assert!(rings(&app, &office).await.ringing.is_empty(), "the room first");
    assert!(rings(&app, &child).await.own && rings(&app, &child).await.asks_pin);
    let people = app.people;
    assert_eq!((told(&app, people.practitioner).await, rings_for(&app, people.practitioner).await), (1, 1));
    assert_eq!((told(&app, people.manager).await, rings_for(&app, people.manager).await), (0, 0));

    app.pass(seconds(30)).await;
    help::call(&app.services, &child).await.unwrap();
    assert_eq!(calls(&app).await.len(), 1, "pressing on is no second call");
    app.pass(seconds(29)).await;
    assert_eq!((told(&app, people.deputy).await, rings_for(&app, people.deputy).await), (0, 0), "59 seconds");
    app.pass(seconds(1)).await;
    for who in [people.manager, people.dsl, people.deputy] {
        assert!(told(&app, who).await >= 1 && rings_for(&app, who).await == 1, "a minute");
    }
    assert_eq!(told(&app, people.technician).await, 0);
    assert_eq!(rings(&app, &office).await.ringing.len(), 1);
    assert_eq!(calls(&app).await[0].office, Some(app.services.now()));

    app.pass(seconds(15)).await;
    let id = calls(&app).await[0].id;
    help::answer(&app.services, &mut app.ctx(people.deputy), id).await.unwrap();
    let answered = calls(&app).await[0].answered.clone().unwrap();
    assert_eq!((answered.by.as_deref(), answered.after), (Some("Ben Deputy"), 75));
    assert!(rings(&app, &staff).await.ringing.is_empty() && rings_for(&app, people.manager).await == 0);
    let late = help::answer(&app.services, &mut app.ctx(people.manager), id).await;
    assert!(matches!(late, Err(Error::NotFound)), "the first answer stands");
    help::call(&app.services, &child).await.unwrap();
    assert_eq!(calls(&app).await.len(), 2, "after an answer the button calls again");
    app.end().await;
}

#[tokio::test]
async fn an_answer_in_the_room_keeps_the_office_quiet_and_the_minute_is_the_settings_own() {
    let app = house().await;
    let child = page_of(&app, app.people.tablet).await;
    let staff = page_of(&app, device(&app, "Starfish staff tablet", "staff", true).await).await;
    let other = page_of(&app, device(&app, "Starfish story tablet", "children", true).await).await;
    let people = app.people;
    let mut manager = app.ctx(people.manager);
    for wrong in [14, 301] {
        assert!(app::setup::set_help_after(&app.services, &mut manager, wrong).await.is_err(), "{wrong}");
    }
    app::setup::set_help_after(&app.services, &mut manager, 120).await.unwrap();

    help::call(&app.services, &child).await.unwrap();
    app.pass(seconds(90)).await;
    assert_eq!(told(&app, people.manager).await, 0, "two minutes were chosen");
    let id = rings(&app, &staff).await.ringing[0].id;
    let by_a_child = help::answer_on(&app.services, &other, id).await;
    assert!(matches!(by_a_child, Err(Error::NotFound)), "a child may hold that one");
    help::answer_on(&app.services, &staff, id).await.unwrap();
    app.pass(seconds(60)).await;
    assert_eq!(told(&app, people.manager).await, 0, "somebody is there");
    let answered = calls(&app).await[0].answered.clone().unwrap();
    assert_eq!((answered.by, answered.on.as_deref(), answered.after), (None, Some("Starfish staff tablet"), 90));
    help::answer(&app.services, &mut app.ctx(people.colleague), id).await.unwrap();
    let answered = calls(&app).await[0].answered.clone().unwrap();
    assert_eq!((answered.by.as_deref(), answered.after), (Some("Fay Colleague"), 90), "the name, not the time");
    app.end().await;
}

#[tokio::test]
async fn a_short_number_answers_on_a_childs_device_and_nothing_else_does() {
    let app = house().await;
    let child = page_of(&app, app.people.tablet).await;
    page_of(&app, device(&app, "Starfish staff tablet", "staff", true).await).await;
    let people = app.people;
    pin::choose(&app.services, &mut app.ctx(people.practitioner), "482913").await.unwrap();
    app.signed_in(people.practitioner).await;
    help::call(&app.services, &child).await.unwrap();
    let name = people.practitioner.to_string();
    app.pass(seconds(5)).await;
    assert!(help::answer_by_pin(&app.services, &child, &name, "111222").await.is_err());
    assert!(calls(&app).await[0].answered.is_none());
    help::answer_by_pin(&app.services, &child, &name, "482913").await.unwrap();
    let answered = calls(&app).await[0].answered.clone().unwrap();
    assert_eq!((answered.by.as_deref(), answered.after), (Some("Eli Practitioner"), 5));
    app.end().await;
}

#[tokio::test]
async fn where_nobody_else_could_hear_it_the_office_is_called_at_once() {
    let app = house().await;
    let child = page_of(&app, app.people.tablet).await;
    help::call(&app.services, &child).await.unwrap();
    assert_eq!(told(&app, app.people.manager).await, 1, "no other device stands in that room");
    // A device that nobody knows, by the gateway's own button: it may be anywhere.
    let at = app.services.now();
    let what = What::HelpCalled { room: None };
    let event = Activity { at, until: at, device: None, group: "children".into(), proven: false, what };
    for id in [1, 2] {
        app.gateway.spooled(Batch { id, events: vec![event.clone()] });
    }
    activity::ingest(&app.services).await.unwrap();
    assert_eq!(told(&app, app.people.manager).await, 2, "the same batch twice is one call");
    assert_eq!(calls(&app).await.len(), 2);
    app.end().await;
}

#[tokio::test]
async fn evidence_is_red_until_somebody_says_who_went() {
    let app = house().await;
    let child = page_of(&app, app.people.tablet).await;
    let stands = async || {
        let found = crate::evidence::standing(&app).await;
        let met = crate::evidence::status(&found, "help_answered") == domain::control::Status::Met;
        (met, crate::evidence::said(&found, "help_answered"))
    };
    assert!(stands().await.0, "nobody has called");
    help::call(&app.services, &child).await.unwrap();
    app.pass(SignedDuration::from_mins(16)).await;
    let (met, said) = stands().await;
    assert!(!met && said.contains("nobody has said"), "{said}");
    let id = calls(&app).await[0].id;
    help::answer(&app.services, &mut app.ctx(app.people.practitioner), id).await.unwrap();
    let (met, said) = stands().await;
    assert!(met && said.contains("the office was called to 1"), "{said}");
    app.end().await;
}
