//! What a desk keeps beside a concern: things to do, plans, clocks that rest, the days of a file.

use super::*;
use crate::evidence::red::{judge, judge_again};

#[tokio::test]
async fn something_to_do_comes_from_a_step_or_a_note_and_is_not_forgotten() {
    let app = TestApp::new().await;
    let (services, people) = (&app.services, app.people);
    let id = told(&app, ConcernKind::FilterBreach, "A picture.").await;
    look(&app, people.dsl, id).await;
    let note = add(&app, id, EntryKind::Strategy, "Met with social care. The technician looks at the tablet.").await;
    let today = services.calendar.local(app.world.now()).date();
    let due = today.checked_add(2.days()).expect("a day");
    let new = |owner| NewTask { title: "Look at the tablet’s settings".into(), owner, due };
    let give = async |who, origin, task| follow_up::add_from(services, &mut app.ctx(who), id, origin, task).await;
    let step = look(&app, people.dsl, id).await.steps[0].step.clone();
    let from_step = give(people.dsl, Origin::Step(step.key.clone()), new(people.technician)).await.expect("given");
    give(people.dsl, Origin::Entry(note), new(people.practitioner)).await.expect("given");
    let none = give(people.dsl, Origin::Step("no_such".into()), new(people.technician)).await;
    assert!(matches!(none, Err(Error::NotFound)), "{none:?}");
    let stranger = give(people.practitioner, Origin::Concern, new(people.technician)).await;
    assert!(matches!(stranger, Err(Error::NotFound)), "{stranger:?}");
    concerns::exclude(services, &mut app.ctx(people.dsl), id, people.colleague).await.expect("shut out");
    refuses(&give(people.dsl, Origin::Concern, new(people.colleague)).await, "owner");
    let leads = follow_up::tasks(services, &app.ctx(people.dsl), false).await.expect("tasks");
    let origins: Vec<_> = leads.iter().filter_map(|task| task.origin.as_deref()).collect();
    assert!(origins.contains(&step.title.as_str()) && origins.contains(&"Strategy note"), "{origins:?}");
    let theirs = follow_up::tasks(services, &app.ctx(people.technician), false).await.expect("tasks");
    assert_eq!(
        (theirs.len(), &theirs[0].origin, theirs[0].concern),
        (1, &None, None),
        "a step would say what it is about"
    );
    // On the morning of its day its owner is told, the day after also the lead; done in time, nobody.
    follow_up::finish(services, &mut app.ctx(people.technician), from_step, "Looked: all as it was.")
        .await
        .expect("done");
    app.work().await;
    let count = async |who| {
        let mine = notices::mine(services, &app.ctx(who)).await.expect("notices");
        mine.iter().filter(|notice| notice.link == "/actions").count()
    };
    let (lead, owner, finished) =
        (count(people.dsl).await, count(people.practitioner).await, count(people.technician).await);
    app.pass(SignedDuration::from_hours(48)).await;
    assert_eq!(count(people.practitioner).await, owner + 1, "reminded on its day");
    assert_eq!(count(people.dsl).await, lead);
    app.pass(SignedDuration::from_hours(24)).await;
    assert_eq!((count(people.practitioner).await, count(people.dsl).await), (owner + 2, lead + 1), "late: both");
    assert_eq!(count(people.technician).await, finished, "who has done it hears nothing");
    app.end().await;
}

#[tokio::test]
async fn a_plan_carries_the_childs_voice_and_is_looked_at_again() {
    let app = TestApp::new().await;
    let (services, people) = (&app.services, app.people);
    let id = told(&app, ConcernKind::ChildAtRisk, "Tired and hungry.").await;
    look(&app, people.dsl, id).await;
    let today = services.calendar.local(app.world.now()).date();
    let new = New {
        child: people.child,
        need: "A calm start of the day.".into(),
        help: "Eli meets her at the door each morning.".into(),
        voice: "“I like the quiet corner.”".into(),
        owner: people.deputy,
        review_on: today.checked_add(14.days()).expect("a day"),
    };
    let add = async |new| plans::add(services, &mut app.ctx(people.dsl), id, new).await;
    refuses(&add(New { voice: " ".into(), ..new.clone() }).await, "voice");
    refuses(&add(New { child: people.child_2, ..new.clone() }).await, "child");
    refuses(&add(New { owner: people.practitioner, ..new.clone() }).await, "owner");
    refuses(&add(New { review_on: date(2020, 1, 1), ..new.clone() }).await, "review_on");
    let plan = add(new).await.expect("made");
    let view = look(&app, people.dsl, id).await;
    let kinds: Vec<_> = view.chronology.iter().map(|entry| entry.what).collect();
    for kind in [EntryKind::Plan, EntryKind::Voice] {
        assert!(kinds.contains(&concerns::What::Said(kind)), "{kind:?}");
    }
    let wall_of = async |who| wall::wall(services, &app.ctx(who)).await.expect("wall");
    let href = format!("/plans/{plan}");
    assert!(wall_of(people.deputy).await.running.iter().any(|line| line.href == href));
    concerns::exclude(services, &mut app.ctx(people.dsl), id, people.deputy_2).await.expect("shut out");
    assert!(plans::list(services, &app.ctx(people.deputy_2), None).await.expect("list").is_empty());
    app.pass(SignedDuration::from_hours(24 * 14)).await;
    let told = notices::mine(services, &app.ctx(people.deputy)).await.expect("notices");
    assert!(told.iter().any(|notice| notice.link == "/plans"), "{told:?}");
    app.pass(SignedDuration::from_hours(24 * 2)).await;
    assert!(wall_of(people.deputy).await.late.iter().any(|line| line.href == href), "nobody looked");
    let seen = Look { outcome: "She sleeps better.".into(), voice: "“Good.”".into(), again: None, version: 0 };
    let stale = Look { version: 7, ..seen.clone() };
    let stale = plans::look(services, &mut app.ctx(people.deputy), plan, stale).await;
    assert!(matches!(stale, Err(Error::Conflict { .. })), "{stale:?}");
    plans::look(services, &mut app.ctx(people.deputy), plan, seen).await.expect("looked");
    assert!(wall_of(people.deputy).await.late.iter().all(|line| line.href != href), "it has ended");
    app.end().await;
}

#[tokio::test]
async fn a_request_for_data_rests_while_one_waits_for_an_answer_and_a_breach_of_data_never_does() {
    let app = TestApp::new().await;
    let (services, people) = (&app.services, app.people);
    let report = Report { kind: ConcernKind::AccessRequest, children: Children::Nobody, ..app.breach() };
    let id = concerns::report(services, &mut app.ctx(people.dsl), report).await.expect("filed").concern;
    let clock = async || {
        let view = look(&app, people.dsl, id).await;
        view.clocks.iter().find(|clock| clock.key == "answer").cloned().expect("runs")
    };
    let first = clock().await;
    assert_eq!(first.resting, Resting::May);
    app.pass(SignedDuration::from_hours(24 * 5)).await;
    let from = app.world.now();
    let rest =
        async |reason: &str| concerns::rest(services, &mut app.ctx(people.dsl), id, "answer", from, reason).await;
    refuses(&rest(" ").await, "reason");
    rest("Asked which of two children is meant.").await.expect("rests");
    refuses(&rest("And once more.").await, "reason");
    app.pass(SignedDuration::from_hours(24 * 40)).await;
    let resting = clock().await;
    assert!(
        matches!(resting.resting, Resting::Since(..)) && resting.standing != domain::clock::Standing::Late,
        "{resting:?}"
    );
    let on = async |at| concerns::go_on(services, &mut app.ctx(people.dsl), id, "answer", at).await;
    refuses(&on(from.checked_sub(SignedDuration::from_hours(1)).expect("before")).await, "until");
    on(app.world.now()).await.expect("goes on");
    let after = clock().await;
    let later = after.due.duration_since(first.due).as_hours();
    assert!((24 * 40..24 * 41).contains(&later), "later by as long as it rested: {later} hours");
    assert_eq!(after.resting, Resting::May);
    // The 72 hours of the ICO never rest.
    let lost = told(&app, ConcernKind::DataLost, "A tablet is gone.").await;
    let view = look(&app, people.dsl, lost).await;
    assert!(view.clocks.iter().all(|clock| clock.resting == Resting::Never), "{:?}", view.clocks);
    let no = concerns::rest(services, &mut app.ctx(people.dsl), lost, "ico", app.world.now(), "Weekend.").await;
    assert!(matches!(no, Err(Error::NotFound)), "{no:?}");
    app.end().await;
}

#[tokio::test]
async fn whoever_is_told_in_time_that_it_takes_longer_waits_three_months_and_no_more() {
    let app = TestApp::new().await;
    let (services, people) = (&app.services, app.people);
    let report = Report { kind: ConcernKind::AccessRequest, children: Children::Nobody, ..app.breach() };
    let id = concerns::report(services, &mut app.ctx(people.dsl), report).await.expect("filed").concern;
    let known = app.world.now();
    let months = |count| services.calendar.due(known, domain::procedure::Within::Months(count)).expect("a day");
    let clocks = async || {
        let view = look(&app, people.dsl, id).await;
        view.clocks.iter().map(|it| (it.key.clone(), it.due, it.stopped.is_some())).collect::<Vec<_>>()
    };
    assert_eq!(clocks().await, [("answer".to_owned(), months(1), false)]);
    judge(&app, id, "who", &[("sure", "yes"), ("what", "Everything about Joy."), ("complex", "yes")]).await;
    app.pass(SignedDuration::from_hours(24 * 20)).await;
    let at = app.world.now().to_string();
    judge(&app, id, "longer", &[("why", "Six years of diaries."), ("at", &at), ("how", "By letter")]).await;
    let longer = [("answer".to_owned(), months(1), true), ("answer_later".to_owned(), months(3), false)];
    assert_eq!(clocks().await, longer);
    let due = concerns::clocks_due(services, &app.ctx(people.dsl)).await.expect("the wall");
    let step = due.iter().find(|one| one.clock.key == "answer_later").and_then(|one| one.step.clone());
    assert_eq!(step.map(|(key, _)| key).as_deref(), Some("given"));
    app.end().await;
}

#[tokio::test]
async fn a_complaint_runs_by_the_days_of_what_it_is_about() {
    let app = TestApp::new().await;
    let (services, people) = (&app.services, app.people);
    let running = async |what: &str| {
        let report = Report { kind: ConcernKind::DataComplaint, children: Children::Nobody, ..app.breach() };
        let id = concerns::report(services, &mut app.ctx(people.dsl), report).await.expect("filed").concern;
        for (seen, what) in what.split_whitespace().enumerate() {
            judge_again(&app, id, "about", &[("what", what)], seen).await;
        }
        let view = look(&app, people.dsl, id).await;
        view.clocks.iter().map(|it| it.key.clone()).collect::<Vec<_>>()
    };
    assert_eq!(
        running("").await,
        ["acknowledge", "answer"],
        "until somebody said, the law that counts from the first day"
    );
    assert_eq!(running("data").await, ["acknowledge", "answer"]);
    assert_eq!(running("care").await, ["outcome"]);
    assert_eq!(running("both").await, ["acknowledge", "answer", "outcome"]);
    assert_eq!(running("care data").await, ["acknowledge", "answer", "outcome"]);
    assert_eq!(running("data care").await, ["acknowledge", "answer", "outcome"], "no word takes a law's days away");
    app.end().await;
}

#[tokio::test]
async fn the_setting_says_which_five_days_a_childs_file_has() {
    let app = TestApp::new().await;
    let (services, people) = (&app.services, app.people);
    let new = transfers::New {
        child: people.child,
        to_name: "Anytown Primary".into(),
        to_lead: "Mx Lead".into(),
        left_on: date(2026, 12, 17),
        note: String::new(),
    };
    let id = transfers::begin(services, &mut app.ctx(people.dsl), new).await.expect("begun");
    let due = async || {
        let file = transfers::one(services, &app.ctx(people.dsl), id).await.expect("there");
        services.calendar.local(file.due).date()
    };
    let typed = setup::terms(services, &app.ctx(people.manager)).await.expect("terms");
    assert_eq!((typed.file_days.as_str(), due().await), ("days", date(2026, 12, 22)), "the shortest reading");
    let lines = "Autumn 2026: 2/9/2026 to 18/12/2026\nSpring 2027: 5/1/2027 to 25/3/2027".to_owned();
    for (file_days, expected) in [("working_days", date(2026, 12, 24)), ("school_days", date(2027, 1, 8))] {
        let typed = setup::Terms { lines: lines.clone(), file_days: file_days.into() };
        setup::set_terms(services, &mut app.ctx(people.manager), &typed).await.expect("kept");
        assert_eq!(due().await, expected, "{file_days}");
    }
    assert_eq!(setup::terms(services, &app.ctx(people.manager)).await.expect("terms").lines, lines);
    let wrong = setup::Terms { lines: "Autumn".into(), file_days: "days".into() };
    refuses(&setup::set_terms(services, &mut app.ctx(people.manager), &wrong).await, "lines");
    app.work().await;
    app.end().await;
}
