//! Supervised sessions: a named adult, a lesson first, an end; short numbers; screen time.

use app::Error;
use app::filtering::sessions::{self, Open, Youngest, pin};
use app::filtering::{Change, decide, start};
use app::testing::TestApp;
use domain::PersonId;
use jiff::SignedDuration;

use crate::filtering::{agree, propose, say};

fn wanted(app: &TestApp) -> Open {
    Open {
        group: "children".into(),
        room: Some(app.people.room),
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
    assert_eq!(fields(open(&app, practitioner, wanted(&app)).await), ["group"], "the group needs no session");
    supervised(&app).await;
    let bare = Open { lesson: " ".into(), plan: String::new(), minutes: 7, ..wanted(&app) };
    assert_eq!(fields(open(&app, practitioner, bare).await), ["lesson", "minutes", "plan"]);
    let nowhere = Open { room: None, ..wanted(&app) };
    assert_eq!(fields(open(&app, practitioner, nowhere).await), ["room"], "a session is where its adult sits");
    open(&app, practitioner, wanted(&app)).await.unwrap();
    assert_eq!(fields(open(&app, app.people.dsl, wanted(&app)).await), ["room"], "one at a time");
    let mut ctx = app.ctx(app.people.dsl);
    let mut tx = app.services.db.write(&mut ctx, store::Scope::Setting(app.setting), "test").await.unwrap();
    let other = store::people::Room { id: tx.fresh(), setting_id: app.setting, name: "Terns".into() };
    store::people::add_room(&mut tx, &other).await.unwrap();
    tx.commit().await.unwrap();
    let second = Open { room: Some(other.id), ..wanted(&app) };
    assert_eq!(fields(open(&app, practitioner, second.clone()).await), ["room"], "nobody sits in two rooms");
    open(&app, app.people.colleague, second).await.unwrap();
    assert!(open(&app, app.people.technician, wanted(&app)).await.is_err(), "a technician does not sit with children");
    app.end().await;
}

#[tokio::test]
async fn the_gateway_is_given_the_session_with_its_end() {
    let app = TestApp::new().await;
    supervised(&app).await;
    let id = open(&app, app.people.practitioner, wanted(&app)).await.unwrap();
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
        open(&app, app.people.practitioner, wanted(&app)).await.unwrap();
        app.pass(SignedDuration::from_mins(25)).await;
    }
    let standing = sessions::standing(&app.services, &app.ctx(app.people.practitioner)).await.unwrap();
    assert!(standing.open.is_empty(), "each ended by itself");
    let today = &standing.screen_time[0];
    assert_eq!((today.minutes, today.is_over()), (80, true));
    open(&app, app.people.practitioner, Open { youngest: Youngest::UnderTwo, minutes: 10, ..wanted(&app) })
        .await
        .unwrap();
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
    let new = || Open { group: String::new(), ..wanted(&app) };
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

async fn address_of(app: &TestApp, device: domain::DeviceId) -> String {
    let mut lead = app.ctx(app.people.dsl);
    app::devices::new_credential(&app.services, &mut lead, device).await.unwrap().doh_path
}

fn film(name: &str, helpers: &[&str]) -> Change {
    Change::Approve {
        name: name.into(),
        helpers: helpers.iter().map(|helper| (*helper).to_owned()).collect(),
        title: "Washing hands".into(),
        purpose: "Before lunch.".into(),
        evaluation: "Looked at whole by Ada: no adverts, a song.".into(),
        groups: vec!["children".into()],
        until: None,
    }
}

/// Whether the tablet reaches this, by the gateway's own decision on what was published last.
fn reaches(app: &TestApp, host: &str) -> bool {
    let snapshot = app.gateway.published().pop().unwrap();
    let prepared = filter::Prepared::new(snapshot, std::sync::Arc::new(filter::SealedTier::not_supplied())).unwrap();
    let host = filter::Host::parse(host).unwrap();
    let request = filter::Request { device: Some(app.people.tablet.into()), ..filter::Request::of("children", &host) };
    let verdict = filter::decide(&prepared, &filter::Lists::missing(), &request, app.services.now());
    verdict.outcome != filter::Outcome::Block
}

#[tokio::test]
async fn one_film_plays_in_a_session_alone_and_what_it_needs_is_open_no_longer() {
    let app = TestApp::new().await;
    let path = address_of(&app, app.people.tablet).await;
    let wanted_film = film("https://youtu.be/abcdefghij_", &["googlevideo.com"]);
    match propose(&app, app.people.technician, wanted_film.clone(), None).await {
        Err(Error::Invalid(fields)) => {
            let said = fields.into_values().collect::<String>();
            assert!(
                said.contains("propose that first"),
                "devices without sessions would have its hosts all day: {said}"
            );
        }
        other => panic!("{other:?}"),
    }
    supervised(&app).await;
    let parts = film("https://youtu.be/abcdefghij_", &["i.ytimg.com/vi/abcdefghij_"]);
    assert!(propose(&app, app.people.technician, parts, None).await.is_err(), "a part that nobody can see");
    let proposed = propose(&app, app.people.technician, wanted_film, None).await.unwrap();
    assert!(proposed.in_force.is_none(), "it opens something: two more people look at it");
    agree(&app, app.people.dsl, proposed).await.unwrap();
    say(&app, app.people.manager, proposed, decide::Verdict::Approve).await.unwrap();
    let rule = proposed.id.to_string();

    let hosts = ["www.youtube-nocookie.com", "r1.googlevideo.com"];
    assert!(start::of(&app.services, &path).await.unwrap().material.is_empty());
    assert_eq!(start::film(&app.services, &path, &rule).await.unwrap(), None, "no session, no film");
    assert!(hosts.iter().all(|host| !reaches(&app, host)), "closed without a session");

    open(&app, app.people.practitioner, wanted(&app)).await.unwrap();
    let shown = start::of(&app.services, &path).await.unwrap();
    assert!(shown.material.contains(&("Washing hands".to_owned(), format!("/start/{path}/film/{rule}"))), "{shown:?}");
    let playing = start::film(&app.services, &path, &rule).await.unwrap().unwrap();
    assert_eq!((playing.title.as_str(), Some(playing.until)), ("Washing hands", shown.until));
    assert!(hosts.iter().all(|host| reaches(&app, host)));
    for other in ["www.youtube.com", "youtube-nocookie.com", "vimeo.com"] {
        assert!(!reaches(&app, other), "{other}");
    }
    for nothing in ["", "0190a1b2-0000-7000-8000-000000000000"] {
        assert!(matches!(start::film(&app.services, &path, nothing).await, Err(Error::NotFound)), "{nothing}");
    }
    app.pass(SignedDuration::from_mins(21)).await;
    assert_eq!(start::film(&app.services, &path, &rule).await.unwrap(), None, "the session is over");
    assert!(hosts.iter().all(|host| !reaches(&app, host)), "the gateway's copy of the session had its end");

    // Without sessions its hosts would be open all day: it goes, and does not come back with them.
    let change = |on| Change::Supervise { on, groups: vec!["children".into()] };
    let loose = propose(&app, app.people.technician, change(false), None).await.unwrap();
    agree(&app, app.people.dsl, loose).await.unwrap();
    say(&app, app.people.manager, loose, decide::Verdict::Approve).await.unwrap();
    let rules = |app: &TestApp| serde_json::to_string(&app.gateway.published().pop().unwrap().groups).unwrap();
    assert!(!rules(&app).contains("googlevideo"));
    assert!(propose(&app, app.people.dsl, change(true), None).await.unwrap().in_force.is_some());
    assert!(!rules(&app).contains("googlevideo"));
    app.end().await;
}

#[tokio::test]
async fn another_host_for_a_film_that_is_approved_waits_for_two_people_again() {
    let app = TestApp::new().await;
    supervised(&app).await;
    let first = propose(&app, app.people.technician, film("films.example.org/hands.mp4", &[]), None).await.unwrap();
    agree(&app, app.people.dsl, first).await.unwrap();
    say(&app, app.people.manager, first, decide::Verdict::Approve).await.unwrap();
    let more = film("films.example.org/hands.mp4", &["cdn.example.com"]);
    let more = propose(&app, app.people.technician, more, None).await.unwrap();
    assert!(more.in_force.is_none(), "the film stands; the host beside it is new");
    let page = decide_page(&app, more.id).await;
    assert!(page.contains("cdn.example.com opens as a whole, in a session"), "{page}");
    let same = propose(&app, app.people.technician, film("films.example.org/hands.mp4", &[]), None).await.unwrap();
    assert!(same.in_force.is_some());
    app.end().await;
}

async fn decide_page(app: &TestApp, id: domain::ProposalId) -> String {
    let view = app::filtering::view::proposal(&app.services, &app.ctx(app.people.dsl), id).await.unwrap();
    format!("{view:?}")
}
