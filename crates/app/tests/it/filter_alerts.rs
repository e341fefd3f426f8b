//! From the spool to people, once; and the work that comes back every day.

use app::gateway::{Activity, Batch, What};
use app::testing::TestApp;
use app::{activity, concerns, jobs, notices};
use domain::concern::ConcernKind;
use jiff::SignedDuration;

fn event(app: &TestApp, what: What) -> Activity {
    let at = app.world.now();
    Activity { at, until: at, device: Some(app.people.tablet), group: "children".into(), proven: true, what }
}

async fn told(app: &TestApp, who: domain::PersonId) -> usize {
    let mine = notices::mine(&app.services, &app.ctx(who)).await.unwrap();
    mine.iter().filter(|notice| notice.link == "/alerts").count()
}

#[tokio::test]
async fn a_call_for_help_reaches_room_and_leads_once() {
    let app = TestApp::new().await;
    let call = event(&app, What::HelpCalled { room: Some("Starfish".into()) });
    app.gateway.saw(vec![call.clone()]);
    let batch = Batch { id: 1, events: vec![call] };
    app.gateway.spooled(batch.clone());
    assert_eq!(activity::ingest(&app.services).await.unwrap(), 1);
    // It was taken, and the program ended before it was filed.
    app.gateway.spooled(batch);
    assert_eq!(activity::ingest(&app.services).await.unwrap(), 1);
    app.work().await;
    for who in [app.people.dsl, app.people.deputy, app.people.practitioner] {
        assert_eq!(told(&app, who).await, 1);
    }
    assert_eq!(told(&app, app.people.technician).await, 0);
    let calls = activity::calls(&app.services, &mut app.ctx(app.people.practitioner)).await.unwrap();
    assert_eq!(calls.help[0].room.as_deref(), Some("Starfish"));
    assert_eq!(told(&app, app.people.practitioner).await, 0, "looking settles it");
    app.end().await;
}

#[tokio::test]
async fn a_sealed_entry_is_for_the_leads_and_names_nobody() {
    let app = TestApp::new().await;
    let sealed = event(&app, What::Sealed { digest: "d1gest".into() });
    let quiet = event(&app, What::Allowed { host: "example.org".into(), count: 3 });
    app.gateway.saw(vec![sealed.clone(), quiet.clone()]);
    app.gateway.spooled(Batch { id: 1, events: vec![quiet.clone()] });
    app.gateway.spooled(Batch { id: 2, events: vec![sealed, quiet] });
    assert_eq!(activity::ingest(&app.services).await.unwrap(), 2);
    app.work().await;
    assert_eq!((told(&app, app.people.dsl).await, told(&app, app.people.practitioner).await), (1, 0));
    let lead = activity::calls(&app.services, &mut app.ctx(app.people.dsl)).await.unwrap();
    assert_eq!(lead.sealed.len(), 1);
    let text = format!("{lead:?}");
    assert!(!text.contains("d1gest") && !text.contains("Starfish tablet"), "{text}");
    let staff = activity::calls(&app.services, &mut app.ctx(app.people.practitioner)).await.unwrap();
    assert!(staff.sealed.is_empty());
    app.end().await;
}

#[tokio::test]
async fn a_search_of_concern_tells_the_leads_once_an_hour_and_other_searches_tell_nobody() {
    let app = TestApp::new().await;
    let typed = |terms: &str, minutes: i64| {
        let what = What::Searched { engine: "Bing".into(), terms: terms.into() };
        let mut event = event(&app, what);
        event.at = app.world.now() + SignedDuration::from_mins(minutes);
        event.until = event.at;
        event
    };
    let ordinary = [typed("bath bomb recipe", 0), typed("childline number", 0), typed("porn addiction help", 0)];
    app.gateway.spooled(Batch { id: 1, events: ordinary.to_vec() });
    activity::ingest(&app.services).await.unwrap();
    app.work().await;
    assert_eq!(told(&app, app.people.dsl).await, 0);
    let mut somebody_elses = typed("how to kill myself", 0);
    somebody_elses.device = Some(domain::DeviceId(uuid::Uuid::from_u128(7)));
    let events = vec![typed("pipe bomb", -2), typed("how to make a pipe bomb", -1), somebody_elses];
    app.gateway.saw(events.iter().chain(&ordinary).cloned().collect());
    for id in [2, 3] {
        app.gateway.spooled(Batch { id, events: events.clone() });
    }
    activity::ingest(&app.services).await.unwrap();
    app.work().await;
    assert_eq!((told(&app, app.people.dsl).await, told(&app, app.people.practitioner).await), (1, 0));
    assert_eq!((told(&app, app.people.deputy).await, told(&app, app.people.technician).await), (1, 0));
    let lead = activity::calls(&app.services, &mut app.ctx(app.people.dsl)).await.unwrap();
    let seen: Vec<_> = lead.searches.iter().map(|one| (one.about, one.terms.as_str(), one.times)).collect();
    assert_eq!(seen, [("Weapons and explosives", "pipe bomb", 2)]);
    let staff = activity::calls(&app.services, &mut app.ctx(app.people.practitioner)).await.unwrap();
    assert!(staff.searches.is_empty());
    let one = &lead.searches[0];
    let wanted = |device| activity::Alert { at: one.at, device: Some(device), host: None };
    let record = async |who, alert| activity::record(&app.services, &mut app.ctx(who), &alert).await;
    let said = record(app.people.dsl, wanted(one.id)).await.unwrap().unwrap().say;
    for words in ["\u{201c}pipe bomb\u{201d} was typed into Bing", "Starfish tablet", "Weapons and explosives; 2 times"]
    {
        assert!(said.contains(words), "{words}: {said}");
    }
    let nobodys = domain::DeviceId(uuid::Uuid::from_u128(9));
    assert_eq!(record(app.people.dsl, wanted(nobodys)).await.unwrap(), None, "what was not, is not made up");
    assert!(record(app.people.practitioner, wanted(one.id)).await.is_err(), "only those who read activity");
    app.end().await;
}

#[tokio::test]
async fn the_self_test_comes_back_every_day_and_once() {
    let app = TestApp::new().await;
    for _ in 0..3 {
        jobs::schedule(&app.services, &mut app.world.system()).await.unwrap();
        app.work().await;
    }
    let runs = app::self_test::history(&app.services, &app.ctx(app.people.dsl)).await.unwrap();
    assert_eq!(runs.len(), 1);
    assert!(!runs[0].ok, "a gateway that answers nothing proves nothing");
    app.pass(SignedDuration::from_hours(24)).await;
    jobs::schedule(&app.services, &mut app.world.system()).await.unwrap();
    app.work().await;
    let runs = app::self_test::history(&app.services, &app.ctx(app.people.dsl)).await.unwrap();
    assert_eq!(runs.len(), 2);
    app.end().await;
}

#[tokio::test]
async fn a_failed_self_test_tells_leads_and_technician_at_once() {
    let app = TestApp::new().await;
    crate::evidence::run_gateway(&app);
    let people = app.people;
    app::self_test::run(&app.services, &mut app.ctx(people.technician)).await.unwrap();
    app.work().await;
    assert_eq!(told_of_the_test(&app, people.dsl).await, 0, "all passed: nobody is disturbed");
    let mut results = crate::evidence::probes();
    results[0].passed = false;
    app.gateway.probes(Ok(results));
    app.pass(jiff::SignedDuration::from_mins(1)).await;
    app::self_test::run(&app.services, &mut app.ctx(people.technician)).await.unwrap();
    app.work().await;
    for who in [people.dsl, people.deputy, people.technician] {
        assert_eq!(told_of_the_test(&app, who).await, 1);
    }
    assert_eq!(told_of_the_test(&app, people.practitioner).await, 0);
    app.end().await;
}

async fn told_of_the_test(app: &TestApp, who: domain::PersonId) -> usize {
    let mine = app::notices::mine(&app.services, &app.ctx(who)).await.unwrap();
    mine.iter().filter(|notice| notice.link == "/filter/self-test").count()
}

#[tokio::test]
async fn an_alert_becomes_a_concern_under_its_own_procedure_with_the_record_beside_the_words() {
    let app = TestApp::new().await;
    let what = What::Blocked { host: "bad.example".into(), count: 3, because: "Violence".into(), path: "dns".into() };
    let (blocked, sealed) = (event(&app, what), event(&app, What::Sealed { digest: "d1gest".into() }));
    app.gateway.saw(vec![blocked.clone(), sealed]);
    let alert = |host: Option<&str>| activity::Alert {
        at: blocked.at,
        device: host.and(Some(app.people.tablet)),
        host: host.map(str::to_owned),
    };
    let record = async |who, alert: activity::Alert| activity::record(&app.services, &mut app.ctx(who), &alert).await;
    let record_of_it = record(app.people.dsl, alert(Some("bad.example"))).await.unwrap().unwrap();
    let said = record_of_it.say.clone();
    assert!(said.contains("bad[.]example was asked for 3 times and blocked") && said.contains("Violence"), "{said}");
    assert!(said.contains("Starfish tablet"), "{said}");
    let of_sealed = record(app.people.dsl, alert(None)).await.unwrap().unwrap().say;
    assert!(!of_sealed.contains("d1gest") && !of_sealed.contains("tablet"), "{of_sealed}");
    assert_eq!(
        record(app.people.dsl, alert(Some("other.example"))).await.unwrap(),
        None,
        "what was not, is not made up"
    );
    assert!(record(app.people.practitioner, alert(None)).await.is_err(), "only those with case rights");
    let report = concerns::Report { kind: ConcernKind::MonitoringAlert, ..app.breach() };
    let beside = concerns::Beside { alert: Some(record_of_it), ..Default::default() };
    let filed = concerns::report_beside(&app.services, &mut app.ctx(app.people.dsl), report, beside).await.unwrap();
    let view = concerns::open(&app.services, &mut app.ctx(app.people.dsl), filed.concern).await.unwrap();
    assert_eq!(view.procedure.map(|known| known.id).as_deref(), Some("P2"));
    assert!(view.chronology.iter().any(|entry| entry.text == said));
    app.work().await;
    app.end().await;
}

/// Three false alerts of one rule are seen by whoever may see all three, and by nobody else; a judgement that is changed no longer counts.
#[tokio::test]
async fn a_rule_that_raises_three_false_alerts_is_called_noisy() {
    let app = TestApp::new().await;
    let people = app.people;
    let noisy = async |who, id| concerns::noisy(&app.services, &app.ctx(who), id).await;
    let mut filed = Vec::new();
    for (number, (host, because)) in
        [("a.example", "hate"), ("b.example", "hate"), ("c.example", "games"), ("d.example", "hate")]
            .into_iter()
            .enumerate()
    {
        let blocked = What::Blocked { host: host.into(), count: 1, because: because.into(), path: "dns".into() };
        let at = event(&app, blocked);
        app.gateway.saw(vec![at.clone()]);
        let alert = activity::Alert { at: at.at, device: at.device, host: Some(host.into()) };
        let record = activity::record(&app.services, &mut app.ctx(people.dsl), &alert).await.unwrap();
        let report = concerns::Report { kind: ConcernKind::MonitoringAlert, ..app.breach() };
        let beside = concerns::Beside { alert: record, ..Default::default() };
        let made = concerns::report_beside(&app.services, &mut app.ctx(people.dsl), report, beside).await.unwrap();
        assert_eq!(noisy(people.dsl, made.concern).await.unwrap(), None, "alert {number} is not judged");
        judge(&app, made.concern, "false", 0).await;
        filed.push(made.concern);
        app.pass(SignedDuration::from_mins(30)).await;
    }
    let words = noisy(people.dsl, filed[0]).await.unwrap().expect("three of one rule");
    assert!(
        words.contains("3 alerts of the last 90 days") && words.contains("(Racial hatred and violence)"),
        "{words}"
    );
    assert_eq!(noisy(people.dsl, filed[2]).await.unwrap(), None, "another rule raised one");
    assert!(matches!(noisy(people.practitioner, filed[0]).await, Err(app::Error::NotFound)));
    // Whoever is shut out of one of them counts two.
    concerns::exclude(&app.services, &mut app.ctx(people.dsl), filed[1], people.deputy).await.expect("shut out");
    assert_eq!(noisy(people.deputy, filed[0]).await.unwrap(), None);
    assert!(noisy(people.dsl, filed[0]).await.unwrap().is_some());
    judge(&app, filed[3], "pastoral", 1).await;
    assert_eq!(noisy(people.dsl, filed[0]).await.unwrap(), None, "it was judged again, otherwise");
    judge(&app, filed[3], "false", 2).await;
    app.pass(SignedDuration::from_hours(24 * 91)).await;
    assert_eq!(noisy(people.dsl, filed[0]).await.unwrap(), None, "that was long ago");
    app.work().await;
    app.end().await;
}

async fn judge(app: &TestApp, id: domain::ConcernId, what: &str, seen: usize) {
    let answers = [("severity", "c"), ("what", what), ("family", "no"), ("why", "An advert asked for it.")];
    let answers: Vec<_> = answers.iter().map(|(field, answer)| (*field, (*answer).to_owned())).collect();
    let mut judged = crate::breach_journey::step(app, "judge", &answers);
    judged.seen = seen;
    concerns::record(&app.services, &mut app.ctx(app.people.dsl), id, judged).await.expect("judged");
}
