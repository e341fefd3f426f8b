//! Who is shut out by the register, and when: relatives who work here, whoever is close to the adult concerned, whoever of a
//! family it is not safe to tell; and not a parent for being one (S7, S8, S13).

use app::Error;
use app::concerns::{self, About, Children, StepAttempt};
use app::duties;
use app::holds::Leave;
use app::people::{appointments, ties};
use app::testing::TestApp;
use domain::ConcernId;
use domain::clock::Standing;
use domain::concern::ConcernKind;
use domain::people::Role;
use domain::procedure::{Act, Answers, State};
use jiff::SignedDuration;
use store::words::Tie;

async fn must_not_know(app: &TestApp, id: ConcernId) -> Vec<String> {
    concerns::open(&app.services, &mut app.ctx(app.people.dsl), id).await.expect("the lead's").must_not_know
}

#[tokio::test]
async fn a_parent_is_told_and_a_relative_who_works_here_is_shut_out() {
    let app = TestApp::new().await;
    let people = app.people;
    let services = &app.services;
    let id = concerns::report(services, &mut app.ctx(people.practitioner), app.breach()).await.expect("filed").concern;
    assert_eq!(must_not_know(&app, id).await, [] as [&str; 0], "the child's mother is told, not shut out");
    let opened = concerns::open(services, &mut app.ctx(people.parent), id).await;
    assert!(matches!(opened, Err(Error::NotFound)), "nor does she see it by herself (S13): {opened:?}");

    // A deputy turns out to be the child's aunt: shut out from that moment.
    concerns::open(services, &mut app.ctx(people.deputy), id).await.expect("a deputy's");
    let aunt = ties::TieDraft {
        other: people.deputy,
        kind: Tie::Relative,
        parental_responsibility: false,
        court_order: None,
        do_not_contact: false,
        never_disclose_address: false,
    };
    ties::add_tie(services, &mut app.ctx(people.manager), people.child, aunt).await.expect("tied");
    let opened = concerns::open(services, &mut app.ctx(people.deputy), id).await;
    assert!(matches!(opened, Err(Error::NotFound)), "{opened:?}");
    assert_eq!(must_not_know(&app, id).await, ["Ben Deputy"]);

    // The mother begins to work here, as a deputy: a conflict now.
    appointments::appoint(services, &mut app.ctx(people.manager), people.parent, Role::Deputy)
        .await
        .expect("appointed");
    assert!(must_not_know(&app, id).await.contains(&"Ida Parent".to_owned()));
    app.end().await;
}

#[tokio::test]
async fn about_a_parent_the_parent_is_shut_out_and_the_other_only_by_decision() {
    let app = TestApp::new().await;
    let people = app.people;
    let services = &app.services;
    let mut report = app.breach();
    report.kind = ConcernKind::ChildAtRisk;
    report.about = About::Person(people.parent);
    let id = concerns::report(services, &mut app.ctx(people.practitioner), report).await.expect("filed").concern;
    assert_eq!(must_not_know(&app, id).await, ["Ida Parent"]);

    // Another concern, in which the home may be part of it: the decision is recorded and shuts out whom it names.
    let mut report = app.breach();
    report.kind = ConcernKind::ChildAtRisk;
    let id = concerns::report(services, &mut app.ctx(people.practitioner), report).await.expect("filed").concern;
    let view = concerns::open(services, &mut app.ctx(people.dsl), id).await.expect("opens");
    assert!(
        view.family.iter().any(|adult| adult.id == people.parent && adult.warnings.iter().any(|w| w.contains("Joy")))
    );
    let decide = |not_safe: String| StepAttempt {
        step: "whom_safe".into(),
        act: Act::Done,
        answers: Answers::from([
            ("safe".to_owned(), "nobody".to_owned()),
            ("not_safe".to_owned(), not_safe),
            ("why".to_owned(), "The home may be part of it.".to_owned()),
        ]),
        reason: None,
        event_at: app.world.now(),
        seen: 0,
        device: None,
        leave: Leave::None,
    };
    let stranger = concerns::record(services, &mut app.ctx(people.dsl), id, decide(people.colleague.to_string())).await;
    assert!(matches!(stranger, Err(Error::Invalid(_))), "only the child's adults: {stranger:?}");
    concerns::record(services, &mut app.ctx(people.dsl), id, decide(people.parent.to_string())).await.expect("decided");
    assert_eq!(must_not_know(&app, id).await, ["Ida Parent"]);
    let view = concerns::open(services, &mut app.ctx(people.dsl), id).await.expect("opens");
    let telling = view.steps.iter().find(|state| state.step.key == "parents_told").expect("there");
    assert_eq!(telling.state, State::Locked, "nobody is safe to tell yet");
    app.end().await;
}

#[tokio::test]
async fn a_concern_that_turns_to_an_adult_here_follows_the_procedure_for_allegations() {
    let app = TestApp::new().await;
    let people = app.people;
    let services = &app.services;
    let id = concerns::report(services, &mut app.ctx(people.practitioner), app.breach()).await.expect("filed").concern;
    concerns::add_person(services, &mut app.ctx(people.dsl), id, people.colleague, domain::concern::Part::About)
        .await
        .expect("added");
    let view = concerns::open(services, &mut app.ctx(people.manager), id).await.expect("the case manager's");
    assert_eq!(view.procedure.as_ref().map(|procedure| procedure.id.as_str()), Some("P9"));
    assert!(view.steps.iter().any(|state| state.step.key == "lado"), "the LADO is one of its steps");
    assert!(view.clocks.iter().any(|clock| clock.key == "lado" && clock.stopped.is_none()));
    app.end().await;
}

#[tokio::test]
async fn the_clocks_of_others_are_nobodys_business_and_the_laws_days_are_counted_as_it_says() {
    let app = TestApp::new().await;
    let people = app.people;
    let services = &app.services;
    let about = |person| About::Person(person);
    let mut report = app.breach();
    (report.kind, report.about) = (ConcernKind::AdultHere, about(people.colleague));
    let id = concerns::report(services, &mut app.ctx(people.practitioner), report).await.expect("filed").concern;
    let mut lost = app.breach();
    (lost.kind, lost.children) = (ConcernKind::DataLost, Children::Nobody);
    let lost = concerns::report(services, &mut app.ctx(people.practitioner), lost).await.expect("filed").concern;
    let breach =
        concerns::report(services, &mut app.ctx(people.practitioner), app.breach()).await.expect("filed").concern;
    let known = app.world.now();

    let of_manager = concerns::clocks_due(services, &app.ctx(people.manager)).await.expect("theirs");
    let of = |key: &str| of_manager.iter().find(|due| due.concern == id && due.clock.key == key).expect("a clock");
    let day = |at| services.calendar.local(at).date();
    let today = day(known);
    let mut next = today.tomorrow().expect("a day");
    while !services.calendar.is_working_day(next) {
        next = next.tomorrow().expect("a day");
    }
    assert_eq!(day(of("lado").clock.due), next, "one working day");
    let fourteenth = (0..13).fold(today, |day, _| day.tomorrow().expect("a day"));
    assert_eq!(day(of("ofsted").clock.due), fourteenth, "the day itself is the first");
    assert!(of_manager.iter().all(|due| due.concern != breach), "the lead's concern is not the manager's");
    assert!(of_manager.iter().any(|due| due.concern == lost), "lost data are the manager's as well (P13)");

    let of_lead = concerns::clocks_due(services, &app.ctx(people.dsl)).await.expect("theirs");
    assert!(of_lead.iter().all(|due| due.concern != id), "an allegation is not the lead's (S7)");
    let ico = of_lead.iter().find(|due| due.clock.key == "ico").expect("72 hours");
    assert_eq!(ico.clock.due, known + SignedDuration::from_hours(72));
    assert_eq!(ico.step.as_ref().map(|(key, _)| key.as_str()), Some("ico"));
    for concern in [lost, breach] {
        concerns::exclude(services, &mut app.ctx(people.dsl), concern, people.deputy).await.expect("shut out");
    }
    assert!(concerns::clocks_due(services, &app.ctx(people.deputy)).await.expect("none").is_empty());
    let nobody = concerns::clocks_due(services, &app.ctx(people.practitioner)).await;
    assert!(matches!(nobody, Err(Error::Refused(_))), "{nobody:?}");

    app.pass(SignedDuration::from_hours(73)).await;
    let of_lead = concerns::clocks_due(services, &app.ctx(people.dsl)).await.expect("theirs");
    assert!(of_lead.iter().any(|due| due.clock.key == "ico" && due.clock.standing == Standing::Late));
    app.end().await;
}

#[tokio::test]
async fn a_duty_to_come_is_shown_off_until_its_day_is_entered() {
    let app = TestApp::new().await;
    let people = app.people;
    let services = &app.services;
    let at_risk = || {
        let mut report = app.breach();
        report.kind = ConcernKind::ChildAtRisk;
        report
    };
    let judged = async |id| {
        let answers = ["harm", "crime", "csa", "family"].map(|field| (field.to_owned(), "yes".to_owned()));
        let mut answers = Answers::from(answers);
        answers.extend(
            [("online", "no"), ("others", "no"), ("why", "Her words.")].map(|(k, v)| (k.to_owned(), v.to_owned())),
        );
        let judge = StepAttempt {
            step: "judge".into(),
            act: Act::Done,
            answers,
            reason: None,
            event_at: app.world.now(),
            seen: 0,
            device: None,
            leave: Leave::None,
        };
        concerns::record(services, &mut app.ctx(people.dsl), id, judge).await.expect("judged");
        let view = concerns::open(services, &mut app.ctx(people.dsl), id).await.expect("opens");
        let state = view.steps.iter().find(|state| state.step.key == "csa_duty").expect("shown").state;
        (state, view.clocks.iter().any(|clock| clock.key == "csa_duty"))
    };
    let listed = duties::list(services, &app.ctx(people.dsl)).await.expect("duties");
    assert!(listed.iter().any(|duty| duty.key == "csa_duty" && !duty.on && duty.begins.is_none()), "{listed:?}");
    let before = concerns::report(services, &mut app.ctx(people.practitioner), at_risk()).await.expect("filed").concern;
    assert_eq!(judged(before).await, (State::NotNeeded, false));

    let today = services.calendar.local(app.world.now()).date();
    let refused = duties::begin(services, &mut app.ctx(people.dsl), "csa_duty", Some(today)).await;
    assert!(matches!(refused, Err(Error::Refused(_))), "the manager changes the setting: {refused:?}");
    let unknown = duties::begin(services, &mut app.ctx(people.manager), "screen", Some(today)).await;
    assert!(matches!(unknown, Err(Error::NotFound)), "{unknown:?}");
    let tomorrow = today.tomorrow().expect("a day");
    duties::begin(services, &mut app.ctx(people.manager), "csa_duty", Some(tomorrow)).await.expect("entered");
    let view = concerns::open(services, &mut app.ctx(people.dsl), before).await.expect("opens");
    assert!(view.clocks.iter().all(|clock| clock.key != "csa_duty"), "it was known before the day");
    app.pass(SignedDuration::from_hours(26)).await;
    let after = concerns::report(services, &mut app.ctx(people.practitioner), at_risk()).await.expect("filed").concern;
    assert_eq!(judged(after).await, (State::Ready, true));
    duties::begin(services, &mut app.ctx(people.manager), "csa_duty", None).await.expect("taken away");
    assert!(duties::list(services, &app.ctx(people.dsl)).await.expect("duties").iter().all(|duty| !duty.on));
    app.end().await;
}
