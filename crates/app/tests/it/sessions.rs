//! Supervised sessions: a named adult, a lesson first, an end; short numbers; screen time.

use app::filtering::sessions::{self, Open, Youngest, pin};
use app::filtering::{Change, decide, start};
use app::testing::TestApp;
use app::{Error, activity};
use domain::PersonId;
use jiff::SignedDuration;

use crate::filtering::{agree, propose, say};

fn wanted() -> Open {
    Open {
        group: "children".into(),
        room: None,
        minutes: 20,
        youngest: Youngest::TwoToFive,
        lesson: "Stop, and tell a grown-up.".into(),
        plan: "Painting with shapes.".into(),
    }
}

async fn supervised(app: &TestApp) {
    let change = Change::Supervise { on: true, groups: vec!["children".into()] };
    assert!(propose(app, app.people.dsl, change, None).await.unwrap().in_force.is_some(), "tightening is at once");
    let change = Change::Approve {
        name: "paint.example.com".into(),
        helpers: vec!["cdn.example.net".into()],
        title: "Painting with shapes".into(),
        purpose: "Colours".into(),
        evaluation: "No adverts, no links away.".into(),
        groups: vec!["children".into()],
        until: None,
    };
    let proposed = propose(app, app.people.technician, change, None).await.unwrap();
    agree(app, app.people.dsl, proposed).await.unwrap();
    say(app, app.people.manager, proposed, decide::Verdict::Approve).await.unwrap();
}

async fn open(app: &TestApp, person: PersonId, new: Open) -> app::Result<uuid::Uuid> {
    sessions::open(&app.services, &mut app.ctx(person), new).await
}

#[tokio::test]
async fn a_session_needs_a_supervised_group_a_lesson_and_a_plan() {
    let app = TestApp::new().await;
    let fields = |error: Result<uuid::Uuid, Error>| match error {
        Err(Error::Invalid(fields)) => fields.into_keys().collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    let practitioner = app.people.practitioner;
    assert_eq!(fields(open(&app, practitioner, wanted()).await), ["group"], "the group needs no session");
    supervised(&app).await;
    let bare = Open { lesson: " ".into(), plan: String::new(), minutes: 7, ..wanted() };
    assert_eq!(fields(open(&app, practitioner, bare).await), ["lesson", "minutes", "plan"]);
    open(&app, practitioner, wanted()).await.unwrap();
    assert_eq!(fields(open(&app, app.people.dsl, wanted()).await), ["room"], "one at a time");
    assert!(open(&app, app.people.technician, wanted()).await.is_err(), "a technician does not sit with children");
    app.end().await;
}

#[tokio::test]
async fn the_gateway_is_given_the_session_with_its_end() {
    let app = TestApp::new().await;
    supervised(&app).await;
    let id = open(&app, app.people.practitioner, wanted()).await.unwrap();
    let snapshot = app.gateway.published().pop().unwrap();
    assert_eq!(snapshot.sessions.len(), 1);
    assert_eq!(snapshot.sessions[0].until, app.services.now() + SignedDuration::from_mins(20));
    assert!(snapshot.groups["children"].supervised);
    let told = serde_json::to_string(&snapshot.sessions).unwrap();
    assert!(!told.contains(&app.people.practitioner.to_string()), "the gateway learns nobody's name: {told}");

    sessions::end(&app.services, &mut app.ctx(app.people.colleague), id).await.unwrap();
    assert!(app.gateway.published().pop().unwrap().sessions.is_empty());
    assert!(matches!(sessions::end(&app.services, &mut app.ctx(app.people.dsl), id).await, Err(Error::NotFound)));
    app.end().await;
}

#[tokio::test]
async fn screen_time_is_counted_against_the_guidance() {
    let app = TestApp::new().await;
    supervised(&app).await;
    for _ in 0..4 {
        open(&app, app.people.practitioner, wanted()).await.unwrap();
        app.pass(SignedDuration::from_mins(25)).await;
    }
    let standing = sessions::standing(&app.services, &app.ctx(app.people.practitioner)).await.unwrap();
    assert!(standing.open.is_empty(), "each ended by itself");
    let today = &standing.screen_time[0];
    assert_eq!((today.minutes, today.is_over()), (80, true));
    open(&app, app.people.practitioner, Open { youngest: Youngest::UnderTwo, minutes: 10, ..wanted() }).await.unwrap();
    app.pass(SignedDuration::from_mins(1)).await;
    let standing = sessions::standing(&app.services, &app.ctx(app.people.practitioner)).await.unwrap();
    assert_eq!(standing.screen_time[0].limit(), Some(0), "the youngest child counts");
    assert_eq!(standing.open.len(), 1);
    app.end().await;
}

#[tokio::test]
async fn a_short_number_opens_a_session_on_its_tablet_and_closes_after_five_wrong_ones() {
    let app = TestApp::new().await;
    supervised(&app).await;
    let people = app.people;
    let mut lead = app.ctx(people.dsl);
    app::devices::new_credential(&app.services, &mut lead, people.tablet).await.unwrap();
    let device = app::devices::lookup(&app.services, &lead, people.tablet).await.unwrap().device;
    let path = device.doh_path.unwrap();
    let tablet = start::tablet(&app.services, &path).await.unwrap();
    assert!(matches!(start::tablet(&app.services, "no-such-path").await, Err(Error::NotFound)));
    assert!(start::of(&app.services, &path).await.unwrap().material.is_empty(), "closed: nothing to open");

    let mut practitioner = app.ctx(people.practitioner);
    for simple in ["12345", "123456", "000000", "12345a"] {
        assert!(pin::choose(&app.services, &mut practitioner, simple).await.is_err(), "{simple}");
    }
    pin::choose(&app.services, &mut practitioner, "482913").await.unwrap();
    let name = people.practitioner.to_string();
    app.signed_in(people.practitioner).await;
    let new = || Open { group: String::new(), ..wanted() };
    for (user, number) in [("nobody", "482913"), (name.as_str(), "111222")] {
        let wrong = pin::open(&app.services, &tablet, user, number, new()).await;
        assert!(matches!(wrong, Err(Error::Invalid(_))), "{wrong:?}");
    }
    pin::open(&app.services, &tablet, &name, "482913", new()).await.unwrap();
    let start = start::of(&app.services, &path).await.unwrap();
    assert_eq!(start.material, [("Painting with shapes".to_owned(), "https://paint.example.com/".to_owned())]);
    app.pass(SignedDuration::from_mins(21)).await;
    assert_eq!(start::of(&app.services, &path).await.unwrap().until, None);

    for _ in 0..5 {
        assert!(pin::open(&app.services, &tablet, &name, "111222", new()).await.is_err());
    }
    assert!(pin::open(&app.services, &tablet, &name, "482913", new()).await.is_err(), "closed after five");
    assert_eq!(pin::mine(&app.services, &practitioner).await.unwrap().map(|(_, closed)| closed), Some(true));
    pin::choose(&app.services, &mut practitioner, "205118").await.unwrap();
    pin::open(&app.services, &tablet, &name, "205118", new()).await.unwrap();
    app.end().await;
}

#[tokio::test]
async fn help_from_the_start_page_reaches_staff_and_leads() {
    let app = TestApp::new().await;
    let people = app.people;
    let mut lead = app.ctx(people.dsl);
    app::devices::new_credential(&app.services, &mut lead, people.tablet).await.unwrap();
    let path = app::devices::lookup(&app.services, &lead, people.tablet).await.unwrap().device.doh_path.unwrap();
    let tablet = start::tablet(&app.services, &path).await.unwrap();
    activity::call_help(&app.services, &tablet).await.unwrap();
    app.work().await;
    let told = app::notices::mine(&app.services, &lead).await.unwrap();
    assert!(told.iter().any(|notice| notice.link == "/alerts"), "{told:?}");
    let calls = activity::calls(&app.services, &mut app.ctx(people.practitioner)).await.unwrap();
    assert_eq!(calls.help.len(), 1);
    assert!(calls.help[0].device.is_some());
    app.end().await;
}
