//! How fresh lists are, source by source (TEC-03): green when each answered in time, red as soon as one did not.

use app::filtering::Policy;
use app::sources::{Origin, Source};
use app::testing::TestApp;
use domain::control::Status;
use jiff::SignedDuration;
use store::Scope;
use store::filtering::FilterPolicy;
use store::lists::{ListCheck, ListVersion};
use store::words::ListState;

use super::{all_well_of, profile_with, run_gateway, said, standing, status};

/// A source that answered now, with a version that stands so.
async fn source(app: &TestApp, state: ListState) {
    let mut ctx = app.world.system();
    let now = ctx.now;
    let mut tx = app.services.db.write(&mut ctx, Scope::Setting(app.setting), "test.source").await.unwrap();
    let newest = store::filtering::find_newest(&tx, app.setting).await.unwrap().unwrap();
    let mut policy: Policy = serde_json::from_value(newest.policy).unwrap();
    let source = Source {
        title: "The county's list".into(),
        from: Origin::Inbox { name: "a.txt".into() },
        category: Some("gambling".into()),
        publisher: "The county".into(),
        licence: "CC0".into(),
        every_hours: 24,
    };
    policy.sources.insert("county".into(), source);
    let row = FilterPolicy {
        setting_id: app.setting,
        number: newest.number + 1,
        policy: serde_json::to_value(policy).unwrap(),
        made_at: now,
        made_by: None,
        proposal_id: None,
        note: "x".into(),
    };
    store::filtering::add(&mut tx, &row).await.unwrap();
    let check = ListCheck {
        setting_id: app.setting,
        source: "county".into(),
        asked_at: now,
        good_at: Some(now),
        etag: None,
        dated: None,
        failures: 0,
        failed: None,
    };
    store::lists::set_check(&mut tx, &check).await.unwrap();
    let version = ListVersion {
        id: tx.fresh(),
        setting_id: app.setting,
        source: "county".into(),
        fetched_at: now,
        dated: None,
        bytes: 1,
        digest: "00".into(),
        signed: false,
        entries: 300,
        unreadable: 0,
        licence: None,
        state,
        why: None,
        decided_by: None,
        decided_at: None,
        words: None,
        version: 0,
    };
    store::lists::add(&mut tx, &version).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_source_that_gave_no_list_for_a_week_is_a_gap() {
    let app = all_well_of(profile_with("lists_fresh")).await;
    source(&app, ListState::InForce).await;
    let found = standing(&app).await;
    assert_eq!(status(&found, "lists_fresh"), Status::Met, "{}", said(&found, "lists_fresh"));
    app.world.pass(SignedDuration::from_hours(24 * 8));
    run_gateway(&app);
    let found = standing(&app).await;
    assert_eq!(status(&found, "lists_fresh"), Status::Gap, "{}", said(&found, "lists_fresh"));
    assert!(said(&found, "lists_fresh").contains("The county's list has given no list since"));
}

#[tokio::test]
async fn a_version_that_waits_for_a_person_is_a_gap() {
    let app = all_well_of(profile_with("lists_fresh")).await;
    source(&app, ListState::Held).await;
    let found = standing(&app).await;
    assert_eq!(status(&found, "lists_fresh"), Status::Gap, "{}", said(&found, "lists_fresh"));
    assert!(said(&found, "lists_fresh").contains("waits for a person"));
}
