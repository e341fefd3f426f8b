//! The filter's pages, as those meet them who may, and who may not.

use http::StatusCode;

use crate::Nursery;
use crate::browser::Browser;

/// Every page of ours that evidence sends people to, and every page that the filter's own pages lead to.
#[tokio::test]
async fn every_page_that_evidence_leads_to_is_there() {
    let nursery = Nursery::new().await;
    let lead = Browser::of(&nursery, nursery.app.people.dsl).await;
    let controls = nursery.app.services.content.controls.values();
    let mut pages: Vec<String> = controls.filter_map(|control| control.page.clone()).collect();
    pages.retain(|page| page.starts_with("/filter") || page == "/alerts" || page == "/activity");
    assert!(pages.len() > 10, "{pages:?}");
    pages.extend(
        ["/filter/groups/children", "/filter/check", "/filter/propose", "/filter/ask", "/activity"].map(Into::into),
    );
    for page in pages {
        let (status, html) = lead.see(&page).await;
        assert_eq!(status, StatusCode::OK, "{page}: {html}");
    }
}

const TEXTS: [(&str, &str); 4] = [
    ("reason", "For the autumn project."),
    ("harm", "Nobody, because we looked at it."),
    ("loss", "The project would stop."),
    ("safeguards", "An adult sits beside them."),
];

#[tokio::test]
async fn a_change_from_the_form_to_the_history() {
    let nursery = Nursery::new().await;
    let people = nursery.app.people;
    let technician = Browser::of(&nursery, people.technician).await;
    let (_, html) = technician.see("/filter/propose?do=allow_name&host=paint.example.com&group=children").await;
    assert!(html.contains("value=\"paint.example.com\""), "{html}");

    let change = [("do", "allow_name"), ("host", "paint.example.com"), ("groups", "children"), ("concern", "")];
    let mut fields = change.to_vec();
    fields.push(("step", "check"));
    let (status, _, html) = technician.send("/filter/propose", &fields).await;
    assert_eq!(status, StatusCode::OK);
    assert!(html.contains("now allows paint.example.com") && html.contains("lets more through"), "{html}");
    let mut fields = change.to_vec();
    fields.push(("step", "send"));
    let (status, _, html) = technician.send("/filter/propose", &fields).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(html.contains("Say who could be harmed"), "{html}");
    fields.extend(TEXTS);
    let (status, to, _) = technician.send("/filter/propose", &fields).await;
    assert_eq!(status, StatusCode::SEE_OTHER);

    let manager = Browser::of(&nursery, people.manager).await;
    let verdict = [("version", "0"), ("verdict", "approve"), ("note", "")];
    let (status, _, html) = manager.send(&to, &verdict).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "without the lead");
    assert!(html.contains("safeguarding lead has to agree"), "{html}");
    let lead = Browser::of(&nursery, people.dsl).await;
    let (status, _, _) = lead.send(&format!("{to}/agree"), &[("version", "0")]).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let (status, _, _) = manager.send(&to, &verdict).await;
    assert_eq!(status, StatusCode::CONFLICT, "the lead's word came in between");
    let (status, again, _) = manager.send(&to, &[("version", "1"), ("verdict", "approve"), ("note", "")]).await;
    assert_eq!((status, again.as_str()), (StatusCode::SEE_OTHER, to.as_str()));
    let (_, html) = lead.see("/filter/history").await;
    assert!(html.contains("now allows paint.example.com") && html.contains("In force"), "{html}");
}

#[tokio::test]
async fn staff_ask_and_see_nothing_else() {
    let nursery = Nursery::new().await;
    let staff = Browser::of(&nursery, nursery.app.people.practitioner).await;
    for page in ["/filter", "/filter/requests", "/filter/history", "/activity", "/filter/check"] {
        assert_eq!(staff.see(page).await.0, StatusCode::NOT_FOUND, "{page}");
    }
    let (_, html) = staff.see("/ask?name=paint.example.com").await;
    assert!(html.contains("value=\"paint.example.com\""));
    let fields = [
        ("host", "paint.example.com"),
        ("group", "children"),
        ("why", "For the <b>autumn</b> project."),
        ("category", ""),
    ];
    let (status, to, _) = staff.send("/filter/ask", &fields).await;
    assert_eq!((status, to.as_str()), (StatusCode::SEE_OTHER, "/filter/ask"));
    let (_, html) = staff.see("/filter/ask").await;
    assert!(html.contains("Waiting") && html.contains("&#60;b&#62;autumn"), "{html}");
}
