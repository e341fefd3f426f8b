//! Break-glass (S30): adults' devices, four hours, a reason, everybody told, somebody else looks; never children's.

use app::filtering::break_glass::{self, Open};
use app::testing::TestApp;
use app::{Error, home, notices};
use domain::PersonId;
use jiff::SignedDuration;

fn wanted() -> Open {
    Open {
        group: "staff".into(),
        hours: 4,
        reason: "The council's emergency page is in a blocked category.".into(),
        again: "Staff".into(),
    }
}

async fn open(app: &TestApp, who: PersonId, new: Open) -> app::Result<uuid::Uuid> {
    break_glass::open(&app.services, &mut app.ctx(who), new).await
}

/// What the gateway was told last of a group.
fn until(app: &TestApp, group: &str) -> Option<jiff::Timestamp> {
    app.gateway.published().pop().and_then(|snapshot| snapshot.groups[group].open_until)
}

async fn told(app: &TestApp, who: PersonId) -> usize {
    app.work().await;
    let mine = notices::mine(&app.services, &app.ctx(who)).await.unwrap();
    mine.iter().filter(|notice| notice.link == break_glass::LINK).count()
}

fn fields(error: app::Result<uuid::Uuid>) -> Vec<String> {
    match error {
        Err(Error::Invalid(fields)) => fields.into_keys().collect(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn adults_devices_open_for_four_hours_and_end_by_themselves() {
    let app = TestApp::new().await;
    crate::filtering::with_staff(&app).await;
    let people = app.people;
    let id = open(&app, people.technician, wanted()).await.unwrap();
    let ends = app.services.now() + SignedDuration::from_hours(4);
    assert_eq!(until(&app, "staff"), Some(ends));
    for who in [people.dsl, people.deputy, people.manager, people.chair] {
        assert_eq!(told(&app, who).await, 1, "told at once");
    }
    assert_eq!((told(&app, people.technician).await, told(&app, people.practitioner).await), (0, 0));
    let shown = home::of(&app.services, &mut app.ctx(people.dsl)).await.unwrap().todo;
    assert!(shown.iter().any(|todo| todo.title == "Open in an emergency: Staff"), "{shown:?}");
    let reviews = app::follow_up::reviews(&app.services, &app.ctx(people.dsl), false).await.unwrap();
    assert!(reviews.iter().any(|review| review.why.contains("filter was changed")), "it stands in the review record");
    assert_eq!(fields(open(&app, people.manager, wanted()).await), ["group"], "one at a time");
    assert!(
        break_glass::review(&app.services, &mut app.ctx(people.dsl), id, "It was right.").await.is_err(),
        "still open"
    );

    app.pass(SignedDuration::from_hours(4)).await;
    let standing = break_glass::standing(&app.services, &app.ctx(people.dsl)).await.unwrap();
    assert!(!standing.all[0].open && standing.all[0].mine_to_review);
    app::filtering::publish::now(&app.services, app.setting).await;
    assert_eq!(until(&app, "staff"), None);
    assert!(break_glass::end(&app.services, &mut app.ctx(people.dsl), id).await.is_err(), "it has ended");
    break_glass::review(&app.services, &mut app.ctx(people.dsl), id, "It was right. Allow that site.").await.unwrap();
    app.end().await;
}

#[tokio::test]
async fn never_children_never_guests_never_unknown_devices_and_never_without_a_reason_and_the_name_again() {
    let app = TestApp::new().await;
    crate::filtering::with_staff(&app).await;
    crate::filtering::with_guests(&app).await;
    let manager = app.people.manager;
    for group in ["children", "guests", "nobodys", ""] {
        let new = Open { group: group.into(), again: "Children's tablets".into(), ..wanted() };
        assert_eq!(fields(open(&app, manager, new).await), ["group"], "{group}");
    }
    for (new, field) in [
        (Open { again: "staff".into(), ..wanted() }, "again"),
        (Open { hours: 5, ..wanted() }, "hours"),
        (Open { hours: 0, ..wanted() }, "hours"),
        (Open { reason: "Because".into(), ..wanted() }, "reason"),
    ] {
        assert_eq!(fields(open(&app, manager, new).await), [field]);
    }
    for who in [app.people.practitioner, app.people.chair, app.people.committee] {
        assert!(matches!(open(&app, who, wanted()).await, Err(Error::Refused(_))));
    }
    assert!(app.gateway.published().is_empty(), "nothing was handed to the gateway");
    app.end().await;
}

#[tokio::test]
async fn whoever_opened_it_may_end_it_and_never_says_whether_it_was_right() {
    let app = TestApp::new().await;
    crate::filtering::with_staff(&app).await;
    let (lead, manager) = (app.people.dsl, app.people.manager);
    let id = open(&app, lead, Open { hours: 1, ..wanted() }).await.unwrap();
    assert_eq!((told(&app, lead).await, told(&app, manager).await), (0, 1));
    app.pass(SignedDuration::from_mins(10)).await;
    break_glass::end(&app.services, &mut app.ctx(lead), id).await.unwrap();
    assert_eq!(until(&app, "staff"), None, "ended is ended");
    let own = break_glass::review(&app.services, &mut app.ctx(lead), id, "It was quite right.").await;
    assert!(matches!(own, Err(Error::NotFound)));
    break_glass::review(&app.services, &mut app.ctx(manager), id, "It was quite right.").await.unwrap();
    let again = break_glass::review(&app.services, &mut app.ctx(manager), id, "It was quite wrong.").await;
    assert!(matches!(again, Err(Error::NotFound)), "what was found stands");
    app.end().await;
}
