//! What a concern still needs at its end: a child whom nobody can name, an edition that moved on, a queue in its order,
//! and which devices one may ask about.

use std::sync::Arc;

use app::concerns::{self, Children, Shelf};
use app::gateway::{Activity, What};
use app::testing::TestApp;
use app::{Error, activity};
use domain::concern::{ConcernStatus, Urgency};
use jiff::SignedDuration;
use store::Scope;

use crate::breach_journey::{learned, work_to_the_debrief};

#[tokio::test]
async fn a_child_whom_nobody_can_name_does_not_keep_it_open_for_ever() {
    let app = TestApp::new().await;
    let people = app.people;
    let mut report = app.breach();
    report.children = Children::NotYetKnown;
    let id = concerns::report(&app.services, &mut app.ctx(people.practitioner), report).await.expect("filed").concern;
    work_to_the_debrief(&app, id).await;
    concerns::debrief(&app.services, &mut app.ctx(people.dsl), id, learned(&app)).await.expect("learned");
    let closing = || [("summary".to_owned(), "A rude cartoon.".to_owned())].into();
    let early = concerns::close(&app.services, &mut app.ctx(people.dsl), id, closing(), 0).await;
    assert!(matches!(&early, Err(Error::Locked(locked)) if locked.say.contains("which child")), "{early:?}");

    // A reason, from somebody who may; not from somebody who may not even know of it.
    let services = &app.services;
    let blank = concerns::child_cannot_be_known(services, &mut app.ctx(people.dsl), id, "no".into()).await;
    assert!(matches!(&blank, Err(Error::Invalid(fields)) if fields.contains_key("cannot_know")), "{blank:?}");
    let why = "A visitor’s child at the open day; nobody took names.";
    let stranger = concerns::child_cannot_be_known(services, &mut app.ctx(people.colleague), id, why.into()).await;
    assert!(matches!(stranger, Err(Error::NotFound)), "{stranger:?}");
    concerns::child_cannot_be_known(services, &mut app.ctx(people.dsl), id, why.into()).await.expect("decided");
    let again = concerns::child_cannot_be_known(services, &mut app.ctx(people.dsl), id, why.into()).await;
    assert!(matches!(again, Err(Error::NotFound)), "{again:?}");

    let view = concerns::open(services, &mut app.ctx(people.dsl), id).await.expect("opens");
    assert!(!view.child_unknown && view.child_given_up);
    let said = view.chronology.iter().find(|entry| entry.text.contains("nobody took names")).expect("recorded");
    assert_eq!(said.author.as_deref(), Some("Amara Lead"));
    concerns::close(services, &mut app.ctx(people.dsl), id, closing(), 0).await.expect("closes");

    // Somebody knows after all.
    concerns::name_child(services, &mut app.ctx(people.dsl), id, people.child).await.expect("named");
    let view = concerns::open(services, &mut app.ctx(people.dsl), id).await.expect("opens");
    assert_eq!(view.people.iter().map(|person| person.name.as_str()).collect::<Vec<_>>(), ["Joy Child"]);
    app.end().await;
}

#[tokio::test]
async fn another_edition_is_said_and_moving_to_it_is_recorded() {
    let mut app = TestApp::new().await;
    let people = app.people;
    let id =
        concerns::report(&app.services, &mut app.ctx(people.practitioner), app.breach()).await.expect("filed").concern;
    let before = concerns::open(&app.services, &mut app.ctx(people.dsl), id).await.expect("opens");
    let began = before.procedure.expect("carried");
    assert!(!began.moved_on && began.edition == began.carried);
    let nothing = concerns::move_edition(&app.services, &mut app.ctx(people.dsl), id, "A newer text.".into()).await;
    assert!(matches!(nothing, Err(Error::NotFound)), "{nothing:?}");

    // The program is upgraded under an open concern, in which a step was recorded that the new text has no more.
    let done = crate::breach_journey::step(&app, "safe_now", &[("safe", "yes".to_owned())]);
    concerns::record(&app.services, &mut app.ctx(people.dsl), id, done).await.expect("recorded");
    let mut content = (*app.services.content).clone();
    let newer = content.procedures.get_mut(&began.id).expect("there");
    newer.edition = "2031-01".into();
    newer.steps.retain(|step| step.key != "safe_now");
    app.services.content = Arc::new(content);

    let view = concerns::open(&app.services, &mut app.ctx(people.dsl), id).await.expect("opens");
    let procedure = view.procedure.expect("carried");
    assert_eq!((procedure.edition.as_str(), procedure.carried.as_str()), (began.edition.as_str(), "2031-01"));
    assert!(procedure.moved_on);
    assert!(view.steps.iter().any(|step| step.step.key == "safe_now"), "the steps with which it began");
    assert_eq!(procedure.shown, began.edition);
    assert!(view.chronology.iter().any(|entry| matches!(entry.what, concerns::What::Step(_))), "the record stays");

    concerns::move_edition(&app.services, &mut app.ctx(people.dsl), id, "The advice changed.".into())
        .await
        .expect("moved");
    let view = concerns::open(&app.services, &mut app.ctx(people.dsl), id).await.expect("opens");
    let moved = view.chronology.iter().find(|entry| entry.text.contains("2031-01")).expect("recorded");
    for words in
        [began.edition.as_str(), "Make sure that everybody is safe", "The advice changed.", "what was recorded stays"]
    {
        assert!(moved.text.contains(words), "{words} in {}", moved.text);
    }
    assert!(view.procedure.is_some_and(|procedure| !procedure.moved_on && procedure.edition == "2031-01"));
    assert!(view.steps.iter().all(|step| step.step.key != "safe_now"), "the steps of the edition that it was moved to");

    // The program goes on to another edition still: the text of the one in between was kept with the move.
    let mut content = (*app.services.content).clone();
    content.procedures.get_mut(&began.id).expect("there").edition = "2032-01".into();
    app.services.content = Arc::new(content);
    let view = concerns::open(&app.services, &mut app.ctx(people.dsl), id).await.expect("opens");
    let procedure = view.procedure.expect("kept");
    assert_eq!((procedure.shown.as_str(), procedure.carried.as_str()), ("2031-01", "2032-01"));
    app.end().await;
}

#[tokio::test]
async fn the_queue_comes_in_pages_and_in_its_order() {
    let app = TestApp::new().await;
    let people = app.people;
    for n in 0..53 {
        let mut report = app.breach();
        if n == 40 {
            report.safe_now = concerns::SafeNow::No;
        }
        concerns::report(&app.services, &mut app.ctx(people.practitioner), report).await.expect("filed");
        app.world.pass(SignedDuration::from_secs(1));
    }
    let first = concerns::queue(&app.services, &app.ctx(people.dsl), Shelf::Unfinished, 0).await.expect("queue");
    let second = concerns::queue(&app.services, &app.ctx(people.dsl), Shelf::Unfinished, 1).await.expect("queue");
    assert_eq!((first.rows.len(), first.more, second.rows.len(), second.more), (50, true, 3, false));
    assert_eq!(first.rows[0].urgency, Urgency::Urgent, "urgent first");
    assert!(first.rows.iter().all(|row| row.next.is_some()), "what comes next");
    let waits: Vec<_> = first.rows[1..].iter().chain(&second.rows).map(|row| row.recorded_at).collect();
    assert!(waits.is_sorted(), "then what waits longest");
    // Opened ones stand behind the unopened.
    let opened = first.rows[1].id;
    concerns::open(&app.services, &mut app.ctx(people.dsl), opened).await.expect("opens");
    let second = concerns::queue(&app.services, &app.ctx(people.dsl), Shelf::Unfinished, 1).await.expect("queue");
    let last = second.rows.last().expect("a row");
    assert_eq!((last.id, last.status), (opened, ConcernStatus::Open));
    let beyond = concerns::queue(&app.services, &app.ctx(people.dsl), Shelf::Unfinished, usize::MAX).await;
    assert!(beyond.expect("queue").rows.is_empty());
    app.end().await;
}

#[tokio::test]
async fn one_asks_about_devices_of_rooms_and_ones_own() {
    let app = TestApp::new().await;
    let (people, at) = (app.people, app.world.now());
    let seen = |device: domain::DeviceId| Activity {
        at,
        until: at,
        device: Some(device),
        group: "children".into(),
        proven: true,
        what: What::Allowed { host: "a.example".into(), count: 1 },
    };
    app.gateway.saw(vec![seen(people.tablet), seen(people.laptop)]);
    let ask = async |who, device| activity::hosts_around(&app.services, &app.ctx(who), device, at).await;
    for (who, device) in [
        (people.practitioner, people.tablet),
        (people.practitioner, people.laptop),
        (people.colleague, people.tablet),
        (people.dsl, people.laptop),
        (people.manager, people.laptop),
    ] {
        assert_eq!(ask(who, device).await.expect("theirs to ask").len(), 1);
    }
    for device in [people.laptop, people.server] {
        let asked = ask(people.colleague, device).await;
        assert!(matches!(asked, Err(Error::NotFound)), "{asked:?}");
    }
    app.end().await;
}

#[tokio::test]
async fn two_changes_at_one_moment_are_two_publications() {
    let app = TestApp::new().await;
    let mut ctx = app.world.system();
    let mut tx = app.services.db.write(&mut ctx, Scope::Setting(app.setting), "test.twice").await.expect("writes");
    app::filtering::publish::later(&mut tx, app.setting).await.expect("once");
    app::filtering::publish::later(&mut tx, app.setting).await.expect("twice, on a clock that stands still");
    tx.commit().await.expect("kept");
    app.work().await;
    assert!(app.gateway.published().len() >= 2, "both were done");
    app.end().await;
}
