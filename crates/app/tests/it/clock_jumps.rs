//! A clock that jumps (S43): reports are taken and flagged, nothing is destroyed, the chain holds.

use app::activity::forget_old;
use app::concerns;
use app::testing::TestApp;
use jiff::SignedDuration;

#[tokio::test]
async fn a_clock_that_falls_back_takes_reports_flags_them_and_destroys_nothing() {
    let app = TestApp::new().await;
    let people = app.people;
    let services = &app.services;
    let flagged = async |id| {
        let view = concerns::open(services, &mut app.ctx(people.dsl), id).await.unwrap();
        let said = view.chronology.iter().any(|entry| entry.text.contains("clock stood earlier than records"));
        assert_eq!(view.clock_suspect, said, "the flag and the sentence on the page go together");
        said
    };
    let report =
        async || concerns::report(services, &mut app.ctx(people.practitioner), app.breach()).await.unwrap().concern;
    assert!(!flagged(report().await).await, "an honest clock");
    forget_old(services, app.setting, app.world.now()).await.unwrap();
    assert_eq!(app.gateway.forgot(), 1, "an honest clock lets old days go");

    // The battery of the box is empty: it believes to live in the past.
    let years = SignedDuration::from_hours(24 * 365 * 6);
    app.world.pass(-years);
    let concern = report().await;
    assert!(flagged(concern).await);
    assert_eq!(forget_old(services, app.setting, app.world.now()).await.unwrap(), 0);
    assert_eq!(app.gateway.forgot(), 1, "a suspect clock destroys nothing");
    app.work().await;
    assert!(flagged(concern).await, "it stays flagged");

    // People know the true time. A wrong clock refuses neither a report nor a fact for it (S1, S3), and opens no gate.
    let truly = app.world.now() + years;
    let mut of_truth = app.breach();
    of_truth.event_at = truly;
    concerns::report(services, &mut app.ctx(people.practitioner), of_truth).await.expect("a report");
    let mut told = crate::breach_journey::step(
        &app,
        "parents_told",
        &[("outcome", "not_told".to_owned()), ("reason", "They are away.".to_owned())],
    );
    told.event_at = truly;
    let locked = concerns::record(services, &mut app.ctx(people.dsl), concern, told.clone()).await;
    assert!(matches!(locked, Err(app::Error::Locked(_))), "{locked:?}");
    told.act = domain::procedure::Act::AlreadyHappened;
    let saved = concerns::record(services, &mut app.ctx(people.dsl), concern, told).await.expect("a fact");
    assert!(saved.out_of_order);
    let entry = concerns::NewEntry { kind: domain::concern::EntryKind::Fact, text: "Seen.".into(), event_at: truly };
    concerns::add_entry(services, &mut app.ctx(people.dsl), concern, entry).await.expect("an entry");

    // Whatever else people date by the true clock: low-level concerns, what became of a referral.
    let low = app::low_level::New {
        about: people.colleague,
        what: "Left a phone in the room.".into(),
        response: "Spoke with her.".into(),
        event_at: truly,
    };
    app::low_level::add(services, &mut app.ctx(people.manager), low).await.expect("a low-level concern");
    assert_eq!(app::wrong_clock::latest_anywhere(services).await, jiff::Timestamp::MAX, "no form refuses a time now");

    // The time server is back.
    app.world.pass(years + SignedDuration::from_mins(5));
    assert_eq!(
        app::wrong_clock::latest_anywhere(services).await,
        app.world.now(),
        "an honest clock says what has come"
    );
    assert!(!flagged(report().await).await);
    forget_old(services, app.setting, app.world.now()).await.unwrap();
    assert_eq!(app.gateway.forgot(), 2);
    app.work().await;
    app.end().await;
}
