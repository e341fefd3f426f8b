//! What time does at the doors: a clock that fell back refuses nobody's fact (S43), and an inspector's role ends by itself.

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
