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

/// The card of a group under sessions says what it reaches, and not what its lists would let through.
#[tokio::test]
async fn the_overview_says_of_a_group_under_sessions_that_it_reaches_what_is_approved() {
    let nursery = Nursery::new().await;
    let technician = Browser::of(&nursery, nursery.app.people.technician).await;
    assert!(!technician.see("/filter").await.1.contains("nothing yet: approve material first"));
    let mut fields = vec![("step", "send")];
    fields.extend(TEXTS);
    let (status, _, html) = technician.send("/filter/groups/children/change/supervise", &fields).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    let (_, html) = technician.see("/filter").await;
    assert!(
        html.contains("nothing yet: approve material first") && html.contains("nobody approved for them"),
        "{html}"
    );
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

/// A lunch break for staff loosens and waits; a night for children closes and is in force at once.
#[tokio::test]
async fn a_schedule_from_the_form_to_the_groups_page() {
    let nursery = Nursery::new().await;
    let lead = Browser::of(&nursery, nursery.app.people.dsl).await;
    let page = "/filter/groups/children/change/hours";
    let (status, _, html) = lead.send(page, &[("step", "check"), ("when", "weekly")]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    for missing in ["Give it a name", "Choose at least one day", "Write a time like 12:00", "Choose what happens then"]
    {
        assert!(html.contains(missing), "{missing}: {html}");
    }
    let night = [
        ("name", "Night"),
        ("when", "weekly"),
        ("days", "monday"),
        ("days", "tuesday"),
        ("from", "18:00"),
        ("to", "07:30"),
        ("term", "every"),
        ("does", "close"),
    ];
    let mut fields = night.to_vec();
    fields.push(("step", "check"));
    let (status, _, html) = lead.send(page, &fields).await;
    assert_eq!(status, StatusCode::OK, "{html}");
    assert!(
        html.contains("Monday, Tuesday 18:00 to 07:30 the next day") && html.contains("opens nothing new"),
        "{html}"
    );
    let mut fields = night.to_vec();
    fields.push(("step", "send"));
    fields.extend(TEXTS);
    let (status, to, html) = lead.send(page, &fields).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    assert!(lead.see(&to).await.1.contains("In force"), "closing is at once");
    let (_, html) = lead.see("/filter/groups/children").await;
    assert!(html.contains("Night. Monday, Tuesday 18:00 to 07:30 the next day"), "{html}");

    let lunch = [
        ("name", "Lunch break"),
        ("when", "weekly"),
        ("days", "friday"),
        ("from", "12:00"),
        ("to", "13:00"),
        ("term", "term"),
        ("does", "without"),
        ("without", "shopping"),
        ("step", "check"),
    ];
    let (_, _, html) = lead.send(page, &lunch).await;
    assert!(html.contains("Friday 12:00 to 13:00, on days of term") && html.contains("lets more through"), "{html}");
    let locked = lunch.map(|(name, value)| if name == "without" { (name, "pornography") } else { (name, value) });
    let (status, _, html) = lead.send(page, &locked).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{html}");
    assert!(html.contains("holds at every hour"), "{html}");
}

/// A manager makes a group, puts it under sessions and approves something for it.
#[tokio::test]
async fn a_group_of_its_own_under_sessions_with_something_approved() {
    let nursery = Nursery::new().await;
    let lead = Browser::of(&nursery, nursery.app.people.dsl).await;
    let send = async |path: &str, own: &[(&'static str, &'static str)]| {
        let mut fields = own.to_vec();
        fields.push(("step", "send"));
        fields.extend(TEXTS);
        let (status, _, html) = lead.send(path, &fields).await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{path}: {html}");
    };
    send("/filter/groups/children/change/copy", &[("name", "Older children")]).await;
    send("/filter/groups/older-children/change/supervise", &[]).await;
    let (_, html) = lead.see("/filter/groups/older-children").await;
    assert!(
        html.contains("only while an adult has a session open") && html.contains("Nothing is approved yet"),
        "{html}"
    );
    let material = [
        ("host", "paint.example.com"),
        ("title", "Painting with shapes"),
        ("purpose", "Colours and shapes"),
        ("evaluation", "No adverts, no links away, no chat."),
        ("more", "cdn.example.net"),
        ("step", "check"),
    ];
    let (status, _, html) = lead.send("/filter/groups/older-children/change/approve", &material).await;
    assert_eq!(status, StatusCode::OK, "{html}");
    assert!(html.contains("Approve Painting with shapes") && html.contains("lets more through"), "{html}");
    assert!(html.contains("now allows cdn.example.net"), "each helper is named: {html}");
}

/// What is wrong is said at once, each beside its field: the change and its reasons.
#[tokio::test]
async fn every_error_of_a_proposal_is_said_at_once() {
    let nursery = Nursery::new().await;
    let technician = Browser::of(&nursery, nursery.app.people.technician).await;
    let nothing = [("do", "allow_name"), ("host", ""), ("concern", ""), ("step", "send")];
    let (status, _, html) = technician.send("/filter/propose", &nothing).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    for field in ["host", "groups", "reason", "harm", "loss", "safeguards"] {
        assert!(html.contains(&format!("id=\"{field}-error\"")), "{field}: {html}");
    }
    // A name that can be read and is no single site: the filter's word stands beside the reasons that lack.
    let wide = [("do", "allow_name"), ("host", "co.uk"), ("groups", "children"), ("concern", ""), ("step", "send")];
    let (_, _, html) = technician.send("/filter/propose", &wide).await;
    for field in ["host", "reason", "harm"] {
        assert!(html.contains(&format!("id=\"{field}-error\"")), "{field}: {html}");
    }
    // The same on a form of one group.
    let (_, _, html) = technician.send("/filter/groups/children/change/copy", &[("name", ""), ("step", "send")]).await;
    for field in ["name", "reason", "harm", "loss", "safeguards"] {
        assert!(html.contains(&format!("id=\"{field}-error\"")), "{field}: {html}");
    }
}

#[tokio::test]
async fn what_blocks_is_taken_back_and_a_schedule_is_changed_on_their_own_pages() {
    let nursery = Nursery::new().await;
    let lead = Browser::of(&nursery, nursery.app.people.dsl).await;
    let mut block = vec![("do", "block_name"), ("host", "bad.example.com"), ("groups", "children"), ("concern", "")];
    block.push(("step", "send"));
    block.extend(TEXTS);
    let (_, to, _) = lead.send("/filter/propose", &block).await;
    let (_, html) = lead.see(&to).await;
    let id = to.rsplit('/').next().unwrap();
    let undo = format!("/filter/propose?do=undo&undo={id}");
    assert!(html.contains(&undo.replace('&', "&amp;")) && !html.contains("/withdraw"), "{html}");
    let (_, html) = lead.see(&undo).await;
    assert!(html.contains("no longer blocks bad.example.com") && html.contains("lets more through"), "{html}");
    let mut back = vec![("do", "undo"), ("undo", id), ("concern", ""), ("step", "send")];
    back.extend(TEXTS);
    let (status, second, html) = lead.send("/filter/propose", &back).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    assert_ne!(second, to);
    assert!(lead.see(&to).await.1.contains("Taken back"));

    let night = [("name", "Night"), ("when", "weekly"), ("days", "monday"), ("from", "20:00"), ("to", "06:00")];
    let mut hours = night.to_vec();
    hours.extend([("term", "every"), ("does", "close"), ("step", "send")]);
    hours.extend(TEXTS);
    let (status, _, html) = lead.send("/filter/groups/children/change/hours", &hours).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    let (_, html) = lead.see("/filter/groups/children").await;
    let link = html.split('"').find(|part| part.contains("/change/edit-hours?hours=")).expect("a way to change it");
    let (_, html) = lead.see(link).await;
    for there in ["value=\"Night\"", "value=\"20:00\"", "value=\"06:00\""] {
        assert!(html.contains(there), "what stands is filled in: {there}: {html}");
    }
    let (status, _) = lead.see("/filter/groups/children/change/edit-hours?hours=none").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (_, html) = lead.see("/filter/groups/children/change/rename").await;
    assert!(html.contains("value=\"Children&#39;s tablets\"") || html.contains("Children"), "{html}");
}
