//! What time does at the doors: a clock that fell back refuses nobody's fact (S43), nor
//! takes a role away, nor gives one back (S1, S12); and an inspector's role ends by itself.

use domain::Role;
use http::StatusCode;
use jiff::SignedDuration;

use crate::Nursery;
use crate::browser::Browser;

/// Eleven at night of the day on which the world of the tests begins: by an honest clock still to come.
const LATE: [(&str, &str); 6] = [
    ("kind", "fact"),
    ("text", "The tablet was given back."),
    ("event-day", "2"),
    ("event-month", "3"),
    ("event-year", "2026"),
    ("event-time", "11pm"),
];

/// Half past ten in the morning of that day: to come only by a clock that stands before then.
fn half_past_ten() -> Vec<(&'static str, &'static str)> {
    let mut fields = LATE.to_vec();
    fields[5].1 = "10:30am";
    fields
}

#[tokio::test]
async fn a_form_refuses_what_is_still_to_come_but_not_when_the_clock_is_the_one_that_is_wrong() {
    let nursery = Nursery::new().await;
    let app = &nursery.app;
    app.world.pass(SignedDuration::from_hours(2));
    let filed =
        app::concerns::report(&app.services, &mut app.ctx(app.people.practitioner), app.breach()).await.unwrap();
    let path = format!("/concerns/{}/entries", filed.concern);
    let lead = Browser::of(&nursery, app.people.dsl).await;
    let (status, _, html) = lead.send(&path, &LATE).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(html.contains("That is still to come") && html.contains("The tablet was given back."), "kept: {html}");
    // It is eleven. The clock falls back to ten, behind its own records, and can no longer say what is still to come.
    app.world.pass(-SignedDuration::from_hours(1));
    let deputy = Browser::of(&nursery, app.people.deputy).await;
    let (status, to, html) = deputy.send(&path, &half_past_ten()).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    let (_, html) = deputy.see(&to).await;
    assert!(html.contains("The tablet was given back."), "{html}");
    // And a report, by the form that knows no setting yet.
    let practitioner = Browser::of(&nursery, app.people.practitioner).await;
    let told = [
        &half_past_ten()[2..],
        &[("kind", "filter_breach"), ("safe_now", "yes"), ("what_happened", "A film."), ("children", "unknown")],
    ]
    .concat();
    let (status, to, html) = practitioner.send("/concerns/report/filter_breach", &told).await;
    assert!(status == StatusCode::SEE_OTHER && to.starts_with("/reports/"), "{status} {to} {html}");
}

#[tokio::test]
async fn an_inspectors_way_in_ends_after_seven_days() {
    let nursery = Nursery::new().await;
    let app = &nursery.app;
    let visitor = app.people.colleague;
    app::people::appoint(&app.services, &mut app.ctx(app.people.manager), visitor, Role::Inspector).await.unwrap();
    let minutes = SignedDuration::from_mins(3);
    app.world.pass(SignedDuration::from_hours(7 * 24) - minutes);
    let inspector = Browser::of(&nursery, visitor).await;
    let (status, html) = inspector.see("/inspection").await;
    assert_eq!(status, StatusCode::OK, "{html}");
    app.world.pass(minutes + minutes);
    let (status, html) = inspector.see("/inspection").await;
    assert_eq!(status, StatusCode::NOT_FOUND, "the visit is over: {html}");
}

/// The battery of the box is empty.
const YEARS: SignedDuration = SignedDuration::from_hours(24 * 365 * 6);

#[tokio::test]
async fn a_clock_that_falls_back_by_years_takes_no_role_away_and_gives_none_back() {
    let nursery = Nursery::new().await;
    let app = &nursery.app;
    let people = app.people;
    let inspector = people.colleague;
    let appoint = async |person, role| {
        app::people::appoint(&app.services, &mut app.ctx(people.manager), person, role).await.expect("an appointment")
    };
    let end = async |id| {
        app::people::end_appointment(&app.services, &mut app.ctx(people.manager), id).await.expect("it always ends")
    };
    let leads = async || {
        let register = app::people::list(&app.services, &app.ctx(people.manager), None).await.expect("the register");
        register.iter().any(|line| line.id == people.practitioner && line.roles.contains(&Role::Dsl))
    };
    let once = appoint(people.practitioner, Role::Dsl).await;
    app.world.pass(SignedDuration::from_hours(2));
    end(once).await;
    let filed = app::concerns::report(&app.services, &mut app.ctx(people.practitioner), app.breach()).await.unwrap();
    let case = format!("/concerns/{}", filed.concern);
    let sat_there = Browser::of(&nursery, people.manager).await;
    let (status, _) = sat_there.see("/people/roles").await;
    assert_eq!(status, StatusCode::OK);

    app.world.pass(-YEARS);
    // Whoever sat there types the password once: how long nobody was there, this clock cannot say.
    let (_, to, _) = sat_there.send("/people/roles/end", &[]).await;
    assert!(to.starts_with("/unlock"), "locked, not signed out: {to}");
    // The lead leads, reads, records; and is told what is wrong.
    let lead = Browser::of(&nursery, people.dsl).await;
    let (status, html) = lead.see("/").await;
    assert!(status == StatusCode::OK && html.contains("clock of the Holdfast computer"), "{html}");
    assert_eq!(lead.see("/concerns").await.0, StatusCode::OK);
    assert_eq!(lead.see(&case).await.0, StatusCode::OK, "a lead that was appointed in years to come");
    let (status, _, html) = lead.send(&format!("{case}/entries"), &LATE).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    // Who was a lead until before the fall is none.
    let former = Browser::of(&nursery, people.practitioner).await;
    assert_eq!(former.see(&case).await.0, StatusCode::NOT_FOUND, "what ended is given back by no clock");
    assert!(!former.see("/").await.1.contains("clock of the Holdfast computer"), "who can do nothing about it");
    assert_eq!(former.see("/concerns/report").await.0, StatusCode::OK, "and reports (S3)");
    // What ends while the clock is wrong ends at once, and what begins then begins.
    let visit = appoint(inspector, Role::Inspector).await;
    let visitor = Browser::of(&nursery, inspector).await;
    assert_eq!(visitor.see("/inspection").await.0, StatusCode::OK);
    end(visit).await;
    assert_ne!(visitor.see("/inspection").await.0, StatusCode::OK);
    let second = appoint(people.practitioner, Role::Dsl).await;
    assert!(leads().await);
    end(second).await;
    assert!(!leads().await);

    // The clock is right again: nothing of it changes.
    app.world.pass(YEARS);
    assert!(!leads().await);
}
