//! The pages of lists: a source proposed, approved, asked; a version that waits; and what they say where nothing is supplied.

use app::filtering::Change;
use app::filtering::decide::{self, Propose, Risk};
use app::sources::work;
use http::StatusCode;

use crate::Nursery;
use crate::browser::Browser;

const TEXTS: [(&str, &str); 4] = [
    ("reason", "The county keeps it for nurseries."),
    ("harm", "Nobody, because it only blocks more."),
    ("loss", "Nothing, because nobody gambles here."),
    ("safeguards", "The lead looks at what is asked for."),
];

fn inbox_source() -> Vec<(&'static str, &'static str)> {
    let mut fields = vec![
        ("title", "Our own <b>list</b>"),
        ("from", "inbox"),
        ("name", "ours.txt"),
        ("category", "gambling"),
        ("publisher", "The county"),
        ("licence", "CC0"),
        ("every_hours", "24"),
    ];
    fields.extend(TEXTS);
    fields
}

async fn asked(nursery: &Nursery) {
    work::turn(&nursery.app.services, &mut nursery.app.world.system()).await.unwrap();
}

fn lay_down(nursery: &Nursery, text: &str) {
    let inbox = app::sources::inbox(&nursery.app.services.data);
    std::fs::create_dir_all(&inbox).unwrap();
    std::fs::write(inbox.join("ours.txt"), text).unwrap();
}

fn names(count: usize) -> String {
    (0..count).map(|at| format!("site-{at}.example.com\n")).collect()
}

#[tokio::test]
async fn a_source_from_the_form_to_the_word_on_a_version_that_waits() {
    let nursery = Nursery::new().await;
    let people = nursery.app.people;
    let technician = Browser::of(&nursery, people.technician).await;
    let lead = Browser::of(&nursery, people.dsl).await;
    let manager = Browser::of(&nursery, people.manager).await;

    let (_, html) = technician.see("/filter/lists").await;
    assert!(html.contains("Not supplied") && html.contains("Nobody can download such a list"), "{html}");
    assert!(html.contains("No source is set") && html.contains("UT1: gambling"), "{html}");
    let (_, html) = technician.see("/filter/lists/add?known=ut1-gambling").await;
    assert!(html.contains("gambling.tar.gz") && html.contains("CC BY-SA 4.0"), "{html}");

    let (status, _, html) = technician.send("/filter/lists/add", &[("from", "web"), ("title", "x")]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(html.contains("Write the address"), "{html}");
    let (status, to, html) = technician.send("/filter/lists/add", &inbox_source()).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    let (status, _, _) = lead.send(&format!("{to}/agree"), &[("version", "0")]).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let (status, _, html) = manager.send(&to, &[("version", "1"), ("verdict", "approve"), ("note", "")]).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");

    lay_down(&nursery, &names(300));
    asked(&nursery).await;
    let (_, html) = technician.see("/filter/lists").await;
    assert!(html.contains("Our own &#60;b&#62;list") && html.contains("Fresh") && html.contains("300"), "{html}");
    let page = html.split("href=\"").find(|part| part.starts_with("/filter/lists/our-own")).unwrap();
    let page = page.split('"').next().unwrap().to_owned();
    let (status, _, _) = technician.send(&format!("{page}/fetch"), &[]).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let (_, html) = technician.see(&page).await;
    assert!(html.contains("It will be asked in a moment"), "{html}");

    lay_down(&nursery, &names(20));
    asked(&nursery).await;
    let (_, html) = technician.see(&page).await;
    assert!(
        html.contains("had 300 entries and now has 20") && html.contains("The manager or the chair decides"),
        "{html}"
    );
    let (_, html) = manager.see(&page).await;
    let field = |name: &str| {
        let part = html.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap_or_else(|| panic!("{html}"));
        part.split('"').next().unwrap().to_owned()
    };
    let (id, version) = (field("id"), field("version"));
    let word = |words: &'static str| {
        [("id", id.clone()), ("version", version.clone()), ("take", "accept".to_owned()), ("words", words.to_owned())]
    };
    let send = async |browser: &Browser<'_>, words: &'static str| {
        let fields = word(words);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        browser.send(&format!("{page}/decide"), &fields).await
    };
    let (status, _, html) = send(&manager, "").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(html.contains("Say why, in a sentence"), "{html}");
    assert_eq!(send(&technician, "I made it smaller myself.").await.0, StatusCode::NOT_FOUND);
    assert_eq!(send(&manager, "The technician made it smaller.").await.0, StatusCode::SEE_OTHER);
    let (_, html) = lead.see(&page).await;
    assert!(html.contains("In use") && html.contains("The technician made it smaller."), "{html}");

    let mut fields = TEXTS.to_vec();
    fields[0] = ("reason", "short");
    let (status, _, _) = technician.send(&format!("{page}/remove"), &fields).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let (status, to, _) = technician.send(&format!("{page}/remove"), &TEXTS).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let (_, html) = manager.see(&to).await;
    assert!(html.contains("What it blocks is let through"), "{html}");
    let staff = Browser::of(&nursery, people.practitioner).await;
    assert_eq!(staff.see("/filter/lists").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_network_gets_a_group_when_two_people_say_so() {
    let nursery = Nursery::new().await;
    let people = nursery.app.people;
    let technician = Browser::of(&nursery, people.technician).await;
    let lead = Browser::of(&nursery, people.dsl).await;
    let manager = Browser::of(&nursery, people.manager).await;
    let change = Change::AddGroup { name: "Guests".into(), like: "children".into() };
    let risk = Risk { harm: TEXTS[1].1.into(), loss: TEXTS[2].1.into(), safeguards: TEXTS[3].1.into() };
    let new = Propose { change, reason: TEXTS[0].1.into(), risk, concern: None };
    let mut ctx = nursery.app.ctx(people.technician);
    assert!(decide::propose(&nursery.app.services, &mut ctx, new).await.unwrap().in_force.is_some());
    let (_, html) = technician.see("/filter/networks").await;
    assert!(html.contains("No network has a group of its own"), "{html}");
    let (_, html) = technician.see("/filter").await;
    assert!(html.contains("href=\"/filter/networks\""), "a link leads there");

    let mut fields = TEXTS.to_vec();
    fields.extend([("cidr", "guests"), ("group", "guests")]);
    let (status, _, html) = technician.send("/filter/networks", &fields).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(html.contains("Write a network like"), "{html}");
    fields[4] = ("cidr", "192.168.20.9/24");
    let (status, to, html) = technician.send("/filter/networks", &fields).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    assert!(nursery.app.gateway.published().pop().is_none_or(|policy| policy.networks.is_empty()), "it waits");
    lead.send(&format!("{to}/agree"), &[("version", "0")]).await;
    let (status, _, html) = manager.send(&to, &[("version", "1"), ("verdict", "approve"), ("note", "")]).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    let networks = nursery.app.gateway.published().pop().unwrap().networks;
    assert_eq!(
        (networks.len(), networks[0].cidr.as_str(), networks[0].group.as_str()),
        (1, "192.168.20.0/24", "guests")
    );
    let (_, html) = technician.see("/filter/networks").await;
    assert!(html.contains("192.168.20.0/24"), "{html}");

    // The last one that goes only takes something away: at once.
    fields[5] = ("group", "-");
    let (status, _, html) = technician.send("/filter/networks", &fields).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    assert!(nursery.app.gateway.published().pop().unwrap().networks.is_empty());
}

#[tokio::test]
async fn a_licensed_list_that_shrank_waits_for_two_people() {
    let nursery = Nursery::new().await;
    let people = nursery.app.people;
    let services = &nursery.app.services;
    let technician = Browser::of(&nursery, people.technician).await;
    let lead = Browser::of(&nursery, people.dsl).await;
    let manager = Browser::of(&nursery, people.manager).await;
    assert_eq!(technician.see("/filter/feeds/county").await.0, StatusCode::NOT_FOUND, "nothing waits");
    let shrunk = app::sealed::Shrunk {
        feed: "county".into(),
        by: "The <b>county</b>".into(),
        held: 12_000,
        entries: 300,
        at: services.now(),
    };
    let mut system = services.system();
    app::sealed::note_shrunk(services, &mut system, "county", Some(&shrunk)).await.unwrap();
    let (_, html) = technician.see("/filter/lists").await;
    assert!(html.contains("held 12,000 entries and had 300") && html.contains("/filter/feeds/county"), "{html}");
    let may = async || app::sealed::may_shrink_to(services, "county").await.unwrap();
    let (status, to, html) = technician.send("/filter/feeds/county", &TEXTS).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    assert_eq!(may().await, None, "one person is not enough");
    let (_, html) = lead.see(&to).await;
    assert!(html.contains("although it has only 300 entries now"), "{html}");
    lead.send(&format!("{to}/agree"), &[("version", "0")]).await;
    assert_eq!(may().await, None);
    manager.send(&to, &[("version", "1"), ("verdict", "approve"), ("note", "")]).await;
    assert_eq!(may().await, Some(300));
    assert_eq!(app::sealed::may_shrink_to(services, "another").await.unwrap(), None);
    nursery.app.world.pass(jiff::SignedDuration::from_hours(73));
    assert_eq!(may().await, None, "for three days, not for ever");
    app::sealed::note_shrunk(services, &mut system, "county", None).await.unwrap();
    assert!(app::sealed::shrunk(&services.data).is_empty());
}
