//! What follows from a finding, and what each finds on their first page.

use app::testing::TestApp;
use app::{concerns, follow_up, home};
use domain::concern::{ConcernKind, RouteKind};
use jiff::{SignedDuration, ToSpan};
use store::Scope;

use crate::breach_journey::{learned, work_to_the_debrief};
use crate::evidence::all_well;

#[tokio::test]
async fn actions_and_reviews_are_kept_by_whom_they_belong_to() {
    let app = TestApp::new().await;
    let people = app.people;
    let due = app.services.calendar.local(app.world.now()).date().checked_add(7.days()).expect("day");
    let new = follow_up::NewTask { title: "Order new covers".into(), owner: people.colleague, due };
    let id = follow_up::add(&app.services, &mut app.ctx(people.manager), new.clone()).await.expect("made");
    assert!(follow_up::add(&app.services, &mut app.ctx(people.practitioner), new).await.is_err());
    assert_eq!(follow_up::tasks(&app.services, &app.ctx(people.colleague), false).await.expect("mine").len(), 1);
    assert!(follow_up::tasks(&app.services, &app.ctx(people.practitioner), false).await.expect("none").is_empty());
    let theirs = follow_up::finish(&app.services, &mut app.ctx(people.practitioner), id, "Done it").await;
    assert!(matches!(theirs, Err(app::Error::NotFound)), "{theirs:?}");
    assert!(follow_up::finish(&app.services, &mut app.ctx(people.colleague), id, " ").await.is_err(), "with words");
    follow_up::finish(&app.services, &mut app.ctx(people.colleague), id, "Ordered ten").await.expect("done");
    let again = follow_up::finish(&app.services, &mut app.ctx(people.manager), id, "Me too").await;
    assert!(matches!(again, Err(app::Error::Conflict { .. })), "{again:?}");
    let review = follow_up::open_review(&app.services, &mut app.ctx(people.dsl), "policy", "New guidance", due).await;
    let review = review.expect("open");
    follow_up::close_review(&app.services, &mut app.ctx(people.dsl), review, "Changed page 3").await.expect("closed");
    assert!(follow_up::reviews(&app.services, &app.ctx(people.dsl), false).await.expect("open ones").is_empty());
    app.work().await;
    app.end().await;
}

#[tokio::test]
async fn a_review_that_a_debrief_opened_is_the_managers_to_do_though_the_concern_is_not() {
    let app = TestApp::new().await;
    let people = app.people;
    let filed = concerns::report(&app.services, &mut app.ctx(people.practitioner), app.breach()).await.expect("filed");
    concerns::open(&app.services, &mut app.ctx(people.dsl), filed.concern).await.expect("opens");
    work_to_the_debrief(&app, filed.concern).await;
    concerns::debrief(&app.services, &mut app.ctx(people.dsl), filed.concern, learned(&app)).await.expect("learned");
    assert!(concerns::open(&app.services, &mut app.ctx(people.manager), filed.concern).await.is_err());
    let seen = async |person| follow_up::reviews(&app.services, &app.ctx(person), false).await.expect("may look");
    let review = seen(people.manager).await.pop().expect("the manager sees it");
    assert_eq!(review.why, "Searching in class");
    // Whoever is shut out of the concern never learns that anything came of it.
    concerns::exclude(&app.services, &mut app.ctx(people.dsl), filed.concern, people.chair).await.expect("shut out");
    assert!(seen(people.chair).await.is_empty());
    let close = follow_up::close_review(&app.services, &mut app.ctx(people.chair), review.id, "Done").await;
    assert!(matches!(close, Err(app::Error::NotFound)), "{close:?}");
    follow_up::close_review(&app.services, &mut app.ctx(people.manager), review.id, "Said in the policy")
        .await
        .expect("closed");
    app.pass(SignedDuration::from_hours(1)).await;
    app.end().await;
}

#[tokio::test]
async fn a_review_that_came_of_an_allegation_stays_with_those_who_may_open_that() {
    let app = TestApp::new().await;
    let people = app.people;
    let mut report = app.breach();
    report.kind = ConcernKind::AdultHere;
    report.about = concerns::About::Person(people.colleague);
    let filed = concerns::report(&app.services, &mut app.ctx(people.practitioner), report).await.expect("filed");
    let mut ctx = app.world.system();
    let mut tx = app.services.db.write(&mut ctx, Scope::Setting(app.setting), "test.review").await.expect("write");
    let concern =
        store::concerns::lookup_for_program(&tx, app.setting, filed.concern).await.expect("read").expect("there");
    assert_eq!(concern.route, RouteKind::Allegation);
    let review = store::follow_up::Review {
        id: tx.fresh(),
        setting_id: app.setting,
        concern_id: Some(filed.concern),
        what: "policy".into(),
        why: "Who is alone with whom".into(),
        opened_at: tx.now(),
        opened_by: Some(people.manager),
        due: app.services.calendar.local(app.world.now()).date().checked_add(7.days()).expect("day"),
        closed_at: None,
        closed_by: None,
        outcome: None,
    };
    store::follow_up::add_review(&mut tx, &review).await.expect("added");
    tx.commit().await.expect("commit");
    let seen = async |person| follow_up::reviews(&app.services, &app.ctx(person), false).await.expect("may look").len();
    assert_eq!(seen(people.dsl).await, 0, "it would tell that there is one");
    assert_eq!(seen(people.deputy).await, 0);
    assert_eq!(seen(people.manager).await, 1, "the case manager's own");
}

#[tokio::test]
async fn a_home_page_shows_what_needs_this_person_and_nothing_else() {
    let app = all_well().await;
    let people = app.people;
    let filed = concerns::report(&app.services, &mut app.ctx(people.practitioner), app.breach()).await.expect("filed");
    let lead = home::of(&app.services, &mut app.ctx(people.dsl)).await.expect("home");
    assert!(lead.todo.iter().any(|one| one.href == format!("/concerns/{}", filed.concern)), "{lead:?}");
    assert!(lead.todo.iter().any(|one| one.href == "/concerns"), "{lead:?}");
    let colleague = home::of(&app.services, &mut app.ctx(people.colleague)).await.expect("home");
    assert!(colleague.todo.is_empty(), "{colleague:?}");
    assert!(!colleague.ways.iter().any(|(href, _)| href == "/evidence"));
    let manager = home::of(&app.services, &mut app.ctx(people.manager)).await.expect("home");
    assert!(manager.ways.iter().any(|(href, _)| href == "/evidence"));
}

#[tokio::test]
async fn a_first_page_forgets_what_it_counted_as_soon_as_something_is_written() {
    let app = all_well().await;
    let manager = app.people.manager;
    let gaps = async || {
        let home = home::of(&app.services, &mut app.ctx(manager)).await.expect("home");
        home.todo.into_iter().find(|one| one.href == "/evidence?status=gap").map(|one| one.word)
    };
    let before = gaps().await;
    assert_eq!(gaps().await, before, "the same, remembered");
    app.vacate(domain::Role::Technician).await;
    let after = gaps().await;
    assert_ne!(after, before, "an empty role shows at once");
}

#[tokio::test]
async fn half_a_year_before_the_bank_holidays_run_out_somebody_is_asked_to_bring_the_program_up_to_date() {
    let app = TestApp::new().await;
    let people = app.people;
    let asked = async |person| {
        let home = home::of(&app.services, &mut app.ctx(person)).await.expect("home");
        home.todo.iter().any(|todo| todo.word == "Bank holidays")
    };
    assert!(!asked(people.manager).await, "they are known for years");
    let last = app.services.calendar.known_until().expect("some are known");
    let eve = last.at(12, 0, 0, 0).to_zoned(app.services.calendar.zone().clone()).expect("a day").timestamp();
    app.world.pass(eve.duration_since(app.world.now()) - SignedDuration::from_hours(24 * 150));
    assert!(asked(people.manager).await);
    app.end().await;
}
