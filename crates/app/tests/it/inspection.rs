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

fn approve(name: &str, helpers: &[&str]) -> Change {
    Change::Approve {
        name: name.into(),
        helpers: helpers.iter().map(|helper| (*helper).to_owned()).collect(),
        title: "Counting songs".into(),
        purpose: "Counting to ten together".into(),
        evaluation: "Looked at by Ada on 1 November 2026: no adverts, no chat.".into(),
        groups: vec!["children".into()],
        until: None,
    }
}

#[tokio::test]
async fn a_part_of_a_site_or_one_video_is_approved_only_where_pages_are_inspected() {
    let app = TestApp::new().await;
    let video =
        approve("https://www.youtube.com/watch?v=abcdefghij_", &["i.ytimg.com/vi/abcdefghij_", "cdn.example.org"]);
    for change in [&video, &approve("example.org/shows/", &[]), &approve("example.org", &["other.example.org/scripts"])]
    {
        match propose(&app, app.people.technician, change.clone(), None).await {
            Err(Error::Invalid(fields)) => {
                let said = fields.into_values().collect::<String>();
                assert!(said.contains("only where pages are inspected") && said.contains("whole site"), "{said}");
            }
            other => panic!("{other:?}"),
        }
    }
    let inspected = propose(&app, app.people.technician, wanted(&app, &["children"]), None).await.unwrap();
    agree(&app, app.people.dsl, inspected).await.unwrap();
    say(&app, app.people.manager, inspected, decide::Verdict::Approve).await.unwrap();
    let proposed = propose(&app, app.people.technician, video, None).await.unwrap();
    assert!(proposed.in_force.is_none(), "it opens something: another person looks at it");
    agree(&app, app.people.dsl, proposed).await.unwrap();
    say(&app, app.people.manager, proposed, decide::Verdict::Approve).await.unwrap();
    let snapshot = app.gateway.published().pop().unwrap();
    let children = &snapshot.groups["children"];
    let parts: Vec<&str> = children.parts.iter().map(|part| part.part.as_str()).collect();
    assert_eq!(parts, ["i.ytimg.com/vi/abcdefghij_", "www.youtube-nocookie.com/embed/abcdefghij_"]);
    assert!(children.allow.iter().any(|rule| rule.name == "cdn.example.org"));
    assert!(!children.allow.iter().any(|rule| rule.name.contains("youtube")), "never the whole site");
    app.end().await;
}

#[tokio::test]
async fn letting_files_through_again_takes_another_person_and_refusing_them_does_not() {
    let app = TestApp::new().await;
    let kinds = |kinds: &[app::filtering::Download]| Change::RefuseFiles {
        kinds: kinds.iter().copied().collect(),
        groups: vec!["children".into()],
    };
    use app::filtering::Download::{Archives, Programs};
    let tighter = propose(&app, app.people.technician, kinds(&[Programs, Archives]), None).await.unwrap();
    assert!(tighter.in_force.is_some());
    assert_eq!(app.gateway.published().pop().unwrap().groups["children"].downloads, [Programs, Archives].into());
    let looser = propose(&app, app.people.technician, kinds(&[Archives]), None).await.unwrap();
    assert!(looser.in_force.is_none());
    app.end().await;
}
