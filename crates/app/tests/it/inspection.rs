//! Inspection (S29): only with what is written down, only by two people, only for groups that may be, and over at once.

use app::Error;
use app::filtering::{Change, Inspected, decide};
use app::testing::TestApp;
use jiff::SignedDuration;

use crate::filtering::{agree, propose, say};

fn wanted(app: &TestApp, groups: &[&str]) -> Change {
    let how = Inspected {
        dpia: "In the office, folder 4, of 1 November 2026: signed by the chair, risk low.".into(),
        notice: "A letter to all staff on 2 November 2026, and a notice at each device.".into(),
        until: app.services.now() + SignedDuration::from_hours(24 * 30),
        downloads: [app::filtering::Download::Programs].into(),
        words: true,
        exempt: ["union.example.org".to_owned()].into(),
    };
    Change::Inspect { how: Box::new(how), groups: groups.iter().map(|key| (*key).to_owned()).collect() }
}

#[tokio::test]
async fn two_people_agree_and_the_gateway_is_given_an_end() {
    let app = TestApp::new().await;
    let proposed = propose(&app, app.people.technician, wanted(&app, &["children"]), None).await.unwrap();
    assert!(proposed.in_force.is_none(), "one person alone inspects nobody");
    agree(&app, app.people.dsl, proposed).await.unwrap();
    say(&app, app.people.manager, proposed, decide::Verdict::Approve).await.unwrap();
    let snapshot = app.gateway.published().pop().unwrap();
    let them = &snapshot.inspection["children"];
    assert_eq!((snapshot.inspection.len(), them.words), (1, true));
    for spared in ["union.example.org", "nhs.uk", "monzo.com"] {
        assert!(them.exempt.contains(spared), "{spared}");
    }
    assert!(them.until > app.services.now());
    let told = serde_json::to_string(&snapshot).unwrap();
    assert!(!told.contains("folder 4"), "the gateway learns no paper: {told}");

    let end = Change::EndInspection { groups: vec!["children".into()] };
    assert!(propose(&app, app.people.technician, end, None).await.unwrap().in_force.is_some(), "it ends at once");
    assert!(app.gateway.published().pop().unwrap().inspection.is_empty());
    app.end().await;
}

#[tokio::test]
async fn nothing_is_inspected_without_paper_or_for_visitors() {
    let app = TestApp::new().await;
    let refused = async |change: Change| match propose(&app, app.people.technician, change, None).await {
        Err(Error::Invalid(fields)) => fields.into_values().collect::<String>(),
        other => panic!("{other:?}"),
    };
    let with = |change: fn(&mut Inspected)| {
        let Change::Inspect { mut how, groups } = wanted(&app, &["children"]) else { unreachable!() };
        change(&mut how);
        Change::Inspect { how, groups }
    };
    assert!(refused(with(|how| how.dpia = "yes".into())).await.contains("assessment"));
    assert!(refused(with(|how| how.notice = " ".into())).await.contains("told"));
    assert!(refused(wanted(&app, &[])).await.contains("Choose"));
    let policy: app::filtering::Policy = serde_json::from_value(serde_json::json!({
        "groups": {
            "children": { "name": "Tablets", "audience": "children", "blocked": {} },
            "guests": { "name": "Guests", "audience": "guests", "blocked": {} },
        },
        "strictest": "children",
    }))
    .unwrap();
    let said = wanted(&app, &["guests"]).apply(&policy, "rule", "reason").unwrap_err();
    assert!(said.to_string().contains("never inspected"), "{said}");
    app.end().await;
}
