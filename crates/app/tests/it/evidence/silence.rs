//! What the evidence says tells nobody of a concern (S8).

use std::time::Duration;

use app::evidence::{self, Chain, Standing};
use app::testing::TestApp;
use app::{concerns, trail};
use domain::concern::ConcernKind;
use domain::control::Status;
use domain::{OpCtx, PersonId};
use jiff::SignedDuration;

use super::red::neglected;
use super::{all_well, run_gateway, standing, status};

/// What stands, without the times of asking.
fn texts(found: &Standing) -> Vec<(String, Status, String)> {
    let controls = found.obligations.iter().flat_map(|duty| &duty.controls);
    controls
        .map(|control| {
            let what = control.evidence.first().map(|one| one.what.clone()).unwrap_or_default();
            (control.key.clone(), control.status, what)
        })
        .collect()
}

async fn as_seen_by(app: &TestApp, person: PersonId) -> Vec<(String, Status, String)> {
    app.services.live.forget().await;
    let mut ctx: OpCtx = app.ctx(person);
    texts(&evidence::evaluate(&app.services, &mut ctx).await.expect("may read"))
}

#[tokio::test]
async fn who_must_not_know_of_a_concern_reads_the_same_as_if_there_were_none() {
    let app = all_well().await;
    let shut_out = [app.people.manager, app.people.dsl, app.people.deputy, app.people.committee];
    let mut before = Vec::new();
    for person in shut_out {
        before.push(as_seen_by(&app, person).await);
    }
    // An allegation about the manager: to the chair alone. Nobody opens it; every control of concerns would turn.
    let mut report = app.breach();
    report.kind = ConcernKind::AdultHere;
    report.about = concerns::About::Person(app.people.manager);
    concerns::report(&app.services, &mut app.ctx(app.people.practitioner), report).await.expect("filed");
    let lists = super::state(&app).lists_changed_at;
    app.world.pass(SignedDuration::from_hours(20));
    run_gateway(&app);
    // The day goes on; the lists in use are still yesterday's.
    app.gateway.say(Some(app::gateway::GatewayState { lists_changed_at: lists, ..super::state(&app) }));
    for (person, before) in shut_out.into_iter().zip(before) {
        let after = as_seen_by(&app, person).await;
        assert_eq!(after, before);
    }
    let whole = standing(&app).await;
    assert_eq!(status(&whole, "concerns_opened_in_time"), Status::Gap, "the program itself knows");
    assert_eq!(
        as_seen_by(&app, app.people.chair)
            .await
            .iter()
            .find(|(key, ..)| key == "concerns_opened_in_time")
            .map(|(_, status, _)| *status),
        Some(Status::Gap),
        "and so does whoever holds it"
    );
}

#[tokio::test]
async fn no_small_number_and_no_way_to_a_concern_stands_in_any_sentence() {
    let app = all_well().await;
    let id = neglected(&app, 30).await;
    let found = standing(&app).await;
    for control in found.obligations.iter().flat_map(|duty| &duty.controls) {
        for one in &control.evidence {
            assert!(!one.what.contains(&id.to_string()), "{}", one.what);
            assert!(one.link.as_deref().is_none_or(|link| !link.starts_with("/concerns")), "{:?}", one.link);
            for name in ["Joy Child", "Eli Practitioner", "penguins"] {
                assert!(!one.what.contains(name), "{}: {}", control.key, one.what);
            }
        }
    }
}

#[tokio::test]
async fn the_audit_page_tells_nobody_of_an_allegation_that_is_not_theirs() {
    let app = all_well().await;
    let people = app.people;
    let lines = async |person| trail::read(&app.services, &app.ctx(person), None).await.expect("may read").lines;
    let (dsl, manager) = (lines(people.dsl).await, lines(people.manager).await);
    let mut report = app.breach();
    report.kind = ConcernKind::AdultHere;
    report.about = concerns::About::Person(people.manager);
    let filed = concerns::report(&app.services, &mut app.ctx(people.practitioner), report).await.expect("filed");
    concerns::open(&app.services, &mut app.ctx(people.chair), filed.concern).await.expect("opens");
    assert_eq!(lines(people.dsl).await, dsl);
    assert_eq!(lines(people.manager).await, manager);
    let chair = lines(people.chair).await;
    assert!(chair.iter().any(|line| line.did == "Concern: view"), "{chair:?}");
    assert!(trail::read(&app.services, &app.ctx(people.committee), None).await.is_err());
    assert_eq!(trail::verify(&app.services, &mut app.ctx(people.manager)).await.expect("walks"), Chain::Whole);
}

/// S8: notes that carry no row say nothing to others either: which files were fetched, which parcels, which low-level notes.
#[tokio::test]
async fn the_audit_page_shows_what_was_done_to_a_case_to_who_may_open_it_or_did_it() {
    let app = all_well().await;
    let people = app.people;
    let report = concerns::Report {
        kind: ConcernKind::AdultHere,
        about: concerns::About::Person(people.colleague),
        ..app.breach()
    };
    let filed = concerns::report(&app.services, &mut app.ctx(people.practitioner), report).await.expect("filed");
    let before = trail::read(&app.services, &app.ctx(people.dsl), None).await.expect("may read").lines;
    let manager = &mut app.ctx(people.manager);
    let letter = app::attachments::NewFile {
        could_show: app::attachments::CouldShow::No,
        what: "Letter of the LADO".into(),
        name: "letter.pdf".into(),
        content: b"%PDF-1.7 letter".to_vec(),
    };
    let file = app::attachments::add(&app.services, manager, filed.concern, letter).await.expect("added");
    app::attachments::fetch(&app.services, manager, filed.concern, file).await.expect("fetched");
    // A note that names no concern at all, as a parcel of several does.
    for table in ["export", "attachment", "disposal", "a_table_of_tomorrow"] {
        let mut tx = app.services.db.write(manager, store::Scope::Setting(app.setting), "parcel.fetch").await.unwrap();
        let subject = store::audit::Subject { table, id: None };
        tx.note(app.setting, subject, &serde_json::json!({})).await.unwrap();
        tx.commit().await.unwrap();
    }
    let after = trail::read(&app.services, &app.ctx(people.dsl), None).await.expect("may read").lines;
    assert_eq!(after, before, "the lead, whom it is not for");
    let own = trail::read(&app.services, &app.ctx(people.manager), None).await.expect("may read").lines;
    assert!(own.iter().any(|line| line.did == "Attachment: fetch" && line.who == "You"), "{own:?}");
    assert_eq!(own.iter().filter(|line| line.did == "Parcel: fetch").count(), 4, "one's own acts are no secret");
}

#[tokio::test]
async fn who_cannot_wait_for_the_walk_is_told_that_it_goes_on_and_finds_it_done() {
    let app = TestApp::new().await;
    let ask = |longest| evidence::chain(&app.services, app.world.now(), longest);
    assert_eq!(ask(Duration::ZERO).await.expect("an answer"), Chain::Walking);
    assert_eq!(ask(Duration::from_secs(60)).await.expect("an answer"), Chain::Whole);
    assert_eq!(ask(Duration::from_millis(500)).await.expect("remembered"), Chain::Whole, "nobody waits for it twice");
    app.end().await;
}
