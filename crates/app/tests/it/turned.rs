//! Actions that are given to another person or day, or dropped: with a reason, what it was beside what it became, and never past
//! the walls of the concern that it came from.

use app::follow_up::{self, ActionTurn, NewTask, Origin, Turn};
use app::testing::TestApp;
use app::{Error, concerns, notices};
use domain::ActionId;
use jiff::SignedDuration;
use jiff::civil::{Date, date};

const WHY: &str = "He is away until May.";

async fn given(app: &TestApp) -> (domain::ConcernId, ActionId) {
    let people = app.people;
    let told = concerns::report(&app.services, &mut app.ctx(people.practitioner), app.breach()).await.expect("told");
    let task = NewTask { title: "Look at the settings".into(), owner: people.technician, due: date(2026, 4, 9) };
    let ctx = &mut app.ctx(people.dsl);
    let id = follow_up::add_from(&app.services, ctx, told.concern, Origin::Concern, task).await.expect("given");
    (told.concern, id)
}

async fn turn(app: &TestApp, who: domain::PersonId, id: ActionId, to: Turn, version: i64) -> app::Result<()> {
    follow_up::turn(&app.services, &mut app.ctx(who), id, to, (WHY, version)).await
}

async fn task(app: &TestApp, who: domain::PersonId, id: ActionId) -> Option<follow_up::Task> {
    let all = follow_up::tasks(&app.services, &app.ctx(who), true).await.expect("theirs");
    all.into_iter().find(|task| task.id == id)
}

#[tokio::test]
async fn another_person_another_day_and_none_at_all_each_with_its_reason() {
    let app = TestApp::new().await;
    let people = app.people;
    let (_, id) = given(&app).await;
    let short = follow_up::turn(&app.services, &mut app.ctx(people.dsl), id, Turn::Drop, ("", 0)).await;
    assert!(matches!(&short, Err(Error::Invalid(why)) if why.contains_key("reason")), "{short:?}");
    let past = turn(&app, people.dsl, id, Turn::Until(date(2020, 1, 1)), 0).await;
    assert!(matches!(&past, Err(Error::Invalid(why)) if why.contains_key("due")), "{past:?}");

    turn(&app, people.dsl, id, Turn::To(people.manager), 0).await.expect("given on");
    let told = notices::mine(&app.services, &app.ctx(people.manager)).await.expect("hers");
    assert!(told.iter().any(|notice| notice.link == "/actions"), "who has it now is told");
    assert!(task(&app, people.technician, id).await.is_none(), "who had it sees it no more");
    let mine = task(&app, people.manager, id).await.expect("hers now");
    assert!(
        mine.mine && mine.concern.is_none() && !mine.may_turn,
        "she decides nothing about a concern that she may not open"
    );
    // What was before somebody\u{2019}s eyes is not what it is now: nothing is written over.
    let late = turn(&app, people.deputy, id, Turn::Until(date(2026, 5, 8)), 0).await;
    assert!(matches!(late, Err(Error::Conflict { .. })), "{late:?}");
    let seen = task(&app, people.dsl, id).await.expect("hers to lead");
    turn(&app, people.dsl, id, Turn::Until(date(2026, 5, 8)), seen.version).await.expect("another day");
    let seen = task(&app, people.dsl, id).await.expect("hers to lead");
    turn(&app, people.dsl, id, Turn::Drop, seen.version).await.expect("dropped");

    let after = task(&app, people.dsl, id).await.expect("it stays to be read");
    let story: Vec<(ActionTurn, String, Date, String)> =
        after.turned.iter().map(|one| (one.what, one.was.0.clone(), one.was.1, one.reason.clone())).collect();
    let (gus, carys) = ("Gus Technician".to_owned(), "Carys Manager".to_owned());
    let why = || WHY.to_owned();
    let (first, second) = (date(2026, 4, 9), date(2026, 5, 8));
    assert_eq!(
        story,
        [
            (ActionTurn::Owner, gus, first, why()),
            (ActionTurn::Day, carys.clone(), first, why()),
            (ActionTurn::Dropped, carys, second, why()),
        ]
    );
    assert!(after.done.is_some() && !after.late && !after.may_turn);
    let open = follow_up::tasks(&app.services, &app.ctx(people.dsl), false).await.expect("hers");
    assert!(open.iter().all(|task| task.id != id), "what is dropped is not to be done");
    let again = turn(&app, people.dsl, id, Turn::To(people.deputy), after.version).await;
    assert!(matches!(again, Err(Error::Conflict { .. })), "{again:?}");
    app.end().await;
}

#[tokio::test]
async fn nobody_turns_what_they_may_not_work_and_nobody_shut_out_is_given_it() {
    let app = TestApp::new().await;
    let people = app.people;
    let (concern, id) = given(&app).await;
    for stranger in [people.technician, people.practitioner, people.manager, people.committee] {
        let tried = turn(&app, stranger, id, Turn::Drop, 0).await;
        assert!(matches!(tried, Err(Error::NotFound)), "{tried:?}");
    }
    concerns::exclude(&app.services, &mut app.ctx(people.dsl), concern, people.deputy).await.expect("shut out");
    let tried = turn(&app, people.deputy, id, Turn::Drop, 0).await;
    assert!(matches!(tried, Err(Error::NotFound)), "{tried:?}");
    let given = turn(&app, people.dsl, id, Turn::To(people.deputy), 0).await;
    assert!(matches!(&given, Err(Error::Invalid(why)) if why.contains_key("owner")), "{given:?}");
    // Who has it was shut out since: given on, they hear nothing of it.
    concerns::exclude(&app.services, &mut app.ctx(people.dsl), concern, people.technician).await.expect("shut out");
    let before = notices::mine(&app.services, &app.ctx(people.technician)).await.expect("his").len();
    turn(&app, people.dsl, id, Turn::To(people.colleague), 0).await.expect("given on");
    assert_eq!(notices::mine(&app.services, &app.ctx(people.technician)).await.expect("his").len(), before);
    app.end().await;
}

#[tokio::test]
async fn one_with_another_day_is_reminded_on_that_day_and_not_before() {
    let app = TestApp::new().await;
    let people = app.people;
    let (_, id) = given(&app).await;
    turn(&app, people.dsl, id, Turn::Until(date(2026, 4, 23)), 0).await.expect("another day");
    let told = async || {
        let mine = notices::mine(&app.services, &app.ctx(people.technician)).await.expect("his");
        mine.iter().filter(|notice| notice.link == "/actions").count()
    };
    let before = told().await;
    let until = |day: Date| {
        let at = day.at(12, 0, 0, 0).to_zoned(app.services.calendar.zone().clone()).expect("a time").timestamp();
        at.duration_since(app.world.now())
    };
    app.pass(until(date(2026, 4, 10))).await;
    assert_eq!(told().await, before, "not on the day that it had");
    app.pass(until(date(2026, 4, 23))).await;
    assert_eq!(told().await, before + 1, "on the day that it has");
    app.pass(SignedDuration::from_hours(24)).await;
    assert_eq!(told().await, before + 2, "and on the morning after");
    app.end().await;
}
