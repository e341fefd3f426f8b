//! A breach that was worked to its end leaves every control that it touches met.

use app::concerns;
use app::evidence::Standing;
use app::testing::TestApp;
use domain::control::Status;
use jiff::SignedDuration;

use super::{all_well_of, run_gateway, said, standing, status};
use crate::breach_journey::{learned, work_to_the_debrief};

#[tokio::test]
async fn a_worked_breach_leaves_every_control_of_concerns_met() {
    for profile in ["n", "h"] {
        let app = all_well_of(profile).await;
        let checked = a_worked_breach(&app).await;
        assert!(checked >= 9, "{profile}: only {checked} controls were asked");
    }
}

async fn a_worked_breach(app: &TestApp) -> usize {
    let mut report = app.breach();
    report.hold_device = true;
    let filed = concerns::report(&app.services, &mut app.ctx(app.people.practitioner), report).await.expect("filed");
    let words = concerns::StageTwo { child_words: "“Look!”".into(), ..concerns::StageTwo::default() };
    concerns::add_words(&app.services, &mut app.ctx(app.people.practitioner), filed.concern, words)
        .await
        .expect("words");
    concerns::open(&app.services, &mut app.ctx(app.people.dsl), filed.concern).await.expect("opens");
    work_to_the_debrief(app, filed.concern).await;
    concerns::debrief(&app.services, &mut app.ctx(app.people.dsl), filed.concern, learned(app)).await.expect("learned");
    let closing = std::collections::BTreeMap::from([("summary".to_owned(), "A rude cartoon.".to_owned())]);
    concerns::close(&app.services, &mut app.ctx(app.people.dsl), filed.concern, closing, 0).await.expect("closes");
    app.pass(SignedDuration::from_hours(30)).await;
    run_gateway(app);
    let found = standing(app).await;
    let mut checked = 0;
    for key in [
        "concerns_notified",
        "concerns_opened_in_time",
        "concern_records_complete",
        "concern_views_logged",
        "closed_concerns_have_debrief",
        "lessons_became_actions",
        "breaches_reported_to_lead",
        "breach_facts_recorded",
        "breach_devices_held",
        "breaches_worked",
        "breach_parents_told_or_reason",
        "illegal_breaches_reported",
        "technical_role_without_cases",
        "exclusion_holds",
        "audit_chain_intact",
        "mail_carries_no_names",
    ] {
        if is_shown(&found, key) {
            assert_eq!(status(&found, key), Status::Met, "{key}: {}", said(&found, key));
            checked += 1;
        }
    }
    // A month and a day after its date the action is overdue, and the lesson is no longer learned.
    app.world.pass(SignedDuration::from_hours(24 * 90));
    run_gateway(app);
    let found = standing(app).await;
    if is_shown(&found, "lessons_became_actions") {
        assert_eq!(status(&found, "lessons_became_actions"), Status::Gap, "{}", said(&found, "lessons_became_actions"));
    }
    checked
}

fn is_shown(found: &Standing, key: &str) -> bool {
    found.obligations.iter().flat_map(|duty| &duty.controls).any(|control| control.key == key)
}
