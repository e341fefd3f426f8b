//! A deputy works with some kinds of concern alone: the manager says which on a page, and it holds from then (S8).

use app::concerns::{self, Report};
use domain::concern::ConcernKind;
use http::StatusCode;

use crate::Nursery;
use crate::browser::Browser;

#[tokio::test]
async fn the_manager_says_which_kinds_a_deputy_works_with_and_the_deputy_reads_it() {
    let nursery = Nursery::new().await;
    let (app, people) = (&nursery.app, nursery.app.people);
    let told = async |kind| {
        let report = Report { kind, ..app.breach() };
        let filed = concerns::report(&app.services, &mut app.ctx(people.practitioner), report).await.unwrap();
        app.work().await;
        (filed.concern, filed.reference)
    };
    let (before, _) = told(ConcernKind::Hate).await;
    let manager = Browser::of(&nursery, people.manager).await;
    let person = format!("/people/{}", people.deputy);
    let kinds = format!("{person}/kinds");
    let (status, html) = manager.see(&kinds).await;
    assert!(status == StatusCode::OK && html.contains("What Ben Deputy works with"), "{html}");

    let (status, _, html) = manager.send(&kinds, &[("which", "some")]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(html.contains("Choose at least one kind of concern"), "{html}");
    for none_by_role in ["adult_here", "nonsense"] {
        let (status, ..) = manager.send(&kinds, &[("which", "some"), ("kinds", none_by_role)]).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{none_by_role}");
    }
    let some = [("which", "some"), ("kinds", "bullying"), ("kinds", "message")];
    let (status, to, html) = manager.send(&kinds, &some).await;
    assert!(status == StatusCode::SEE_OTHER && to == person, "{html}");
    assert!(manager.see(&person).await.1.contains("Only: "));
    assert!(manager.see("/people/roles").await.1.contains("Only: "));
    // The form shows what holds, and nobody but who appoints opens it.
    assert_eq!(manager.see(&kinds).await.1.matches(" checked").count(), 3, "some, and the two");
    let lead = Browser::of(&nursery, people.dsl).await;
    assert_eq!(lead.send(&kinds, &some).await.0, StatusCode::NOT_FOUND, "a lead does not appoint");
    let practitioner = format!("/people/{}/kinds", people.practitioner);
    assert_eq!(manager.see(&practitioner).await.0, StatusCode::NOT_FOUND, "no deputy");

    let (bullying, its) = told(ConcernKind::Bullying).await;
    let (hate, of_hate) = told(ConcernKind::Hate).await;
    let deputy = Browser::of(&nursery, people.deputy).await;
    let (_, queue) = deputy.see("/concerns").await;
    assert!(queue.contains("Here are the kinds that you work with: ") && queue.contains(&its), "{queue}");
    assert!(!queue.contains(&of_hate), "{queue}");
    assert_eq!(deputy.see(&format!("/concerns/{bullying}")).await.0, StatusCode::OK);
    for gone in [hate, before] {
        assert_eq!(deputy.see(&format!("/concerns/{gone}")).await.0, StatusCode::NOT_FOUND, "known by the role alone");
    }
    let other = Browser::of(&nursery, people.deputy_2).await;
    let (_, queue) = other.see("/concerns").await;
    assert!(queue.contains(&of_hate) && !queue.contains("the kinds that you work with"), "the other works with all");

    let (status, ..) = manager.send(&kinds, &[("which", "all")]).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert_eq!(deputy.see(&format!("/concerns/{hate}")).await.0, StatusCode::OK);
}
