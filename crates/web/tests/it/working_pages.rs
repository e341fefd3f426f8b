//! Referrals, letters and the directory through their pages.

use http::StatusCode;

use crate::Nursery;
use crate::browser::Browser;
use crate::concern_journey::text_of;

const WHEN: [(&str, &str); 4] = [("at-day", "2"), ("at-month", "3"), ("at-year", "2026"), ("at-time", "8:55am")];

#[tokio::test]
async fn a_referral_from_the_step_to_its_paper() {
    let nursery = Nursery::new().await;
    let app = &nursery.app;
    let filed =
        app::concerns::report(&app.services, &mut app.ctx(app.people.practitioner), app.breach()).await.unwrap();
    let lead = Browser::of(&nursery, app.people.dsl).await;
    let case = format!("/concerns/{}", filed.concern);
    let (_, html) = lead.see(&case).await;
    assert!(html.contains(&format!("{case}/referrals/new?step=told_lead")), "the step leads there: {html}");
    let (_, html) = lead.see(&format!("{case}/referrals/new?step=told_lead")).await;
    assert!(html.contains("agency=front_door"), "{html}");
    let (status, html) = lead.see(&format!("{case}/referrals/new?agency=front_door&step=told_lead")).await;
    assert_eq!(status, StatusCode::OK, "{html}");
    assert!(html.contains("Joy Child") && html.contains("name=\"a_words\""), "{html}");

    // Without a word on consent nothing is kept, and nothing that was typed is lost.
    let begun =
        [("agency", "front_door"), ("step", "told_lead"), ("decision", "refer"), ("a_view", "She is <b>afraid</b>.")];
    let (status, _, html) = lead.send(&format!("{case}/referrals"), &begun).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(html.contains("She is &#60;b&#62;afraid"), "{html}");
    let (status, to, html) =
        lead.send(&format!("{case}/referrals"), &[&begun[..], &[("consent", "given")]].concat()).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    let (_, html) = lead.see(&to).await;
    assert!(text_of(&html, "main").contains("Still to write"), "{html}");

    let sent = [&[("how", "telephone"), ("version", "0"), ("reference", "FD 7")][..], &WHEN].concat();
    let (status, back, html) = lead.send(&format!("{to}/record/sent"), &sent).await;
    assert_eq!((status, back.as_str()), (StatusCode::SEE_OTHER, to.as_str()), "{html}");
    let (status, _, html) =
        lead.send(&format!("{to}/record/outcome"), &[&[("words", "Closed")][..], &WHEN].concat()).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "an older version");
    assert!(text_of(&html, "main").contains("Somebody else recorded"), "{html}");
    let (_, html) = lead.see("/referrals").await;
    assert!(html.contains("FD 7") && html.contains(&to), "{html}");
    let (_, html) = lead.see(&case).await;
    assert!(html.contains(&to), "and on the concern");
    let (status, html) = lead.see(&format!("{to}/print")).await;
    assert_eq!(status, StatusCode::OK);
    assert!(text_of(&html, "main").contains("Confidential: safeguarding"), "{html}");
    let parcel = html.split("href=\"/exports/new?referral=").nth(1).is_some();
    assert!(parcel && html.contains("hf-watermark"), "it leaves by the one door: {html}");

    // Nobody else comes near.
    let stranger = Browser::of(&nursery, app.people.practitioner).await;
    for path in [to.clone(), format!("{to}/print"), format!("{to}/record/sent"), "/referrals".to_owned()] {
        assert_eq!(stranger.see(&path).await.0, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn a_letter_shows_whom_it_is_safe_to_tell_and_becomes_paper() {
    let nursery = Nursery::new().await;
    let app = &nursery.app;
    let filed =
        app::concerns::report(&app.services, &mut app.ctx(app.people.practitioner), app.breach()).await.unwrap();
    let lead = Browser::of(&nursery, app.people.dsl).await;
    let case = format!("/concerns/{}", filed.concern);
    let letter = format!("{case}/letter");
    let (_, html) = lead.see(&letter).await;
    assert!(html.contains("Say first whether it could be illegal") && !html.contains("Write to Ida"), "{html}");
    let fields = [("act", "done"), ("seen", "0"), ("answer", "no"), ("why", "A cartoon.")];
    lead.send(&format!("{case}/steps/could_be_illegal"), &fields).await;
    let (_, html) = lead.see(&letter).await;
    assert!(html.contains("Write to Ida Parent"), "{html}");
    let (child, to) = (app.people.child.to_string(), app.people.parent.to_string());
    let (_, html) = lead.see(&format!("{letter}?child={child}&to={to}")).await;
    assert!(html.contains("Dear Ida Parent"), "{html}");
    let fields = [("child", child.as_str()), ("to", to.as_str()), ("text", "Dear Ida, with Kit Child.")];
    let (status, _, html) = lead.send(&letter, &fields).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(html.contains("names Kit Child"), "{html}");
    let fields = [("child", child.as_str()), ("to", to.as_str()), ("text", "Dear Ida,\n\nplease ring me.")];
    let (status, to, html) = lead.send(&letter, &fields).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    let (status, html) = lead.see(&to).await;
    assert_eq!(status, StatusCode::OK);
    assert!(html.contains("please ring me") && !html.contains("Audit head"), "{html}");
    let id = to.split('/').nth(2).unwrap();
    let (status, html) = lead.see(&format!("/exports/new?letter={id}")).await;
    assert_eq!(status, StatusCode::OK, "{html}");
    let told = [("letter", id), ("for_whom", "Ida"), ("why", "She asked for a copy"), ("other_way", "By telephone")];
    let (status, _, html) = lead.send("/exports/new", &told).await;
    assert!(status == StatusCode::OK && html.contains("The parcel is ready"), "{html}");
}

#[tokio::test]
async fn the_directory_is_for_everybody_and_a_check_for_who_keeps_it() {
    let nursery = Nursery::new().await;
    let (status, _, html) = nursery.ask(crate::get("/agencies")).await;
    assert_eq!(status, StatusCode::OK);
    assert!(html.contains("Childline") && !html.contains("Kent LADO"), "what is for families too");
    // The pack was checked after the day on which the world of the tests begins.
    nursery.app.world.pass(jiff::SignedDuration::from_hours(24 * 300));
    let lead = Browser::of(&nursery, nursery.app.people.dsl).await;
    let (_, html) = lead.see("/agencies").await;
    assert!(html.contains("Kent LADO") && html.contains("/agencies/lado/check"), "{html}");
    let found = [("phone", "03000 11 11 11"), ("note", "Rang it.")];
    let (status, ..) = lead.send("/agencies/lado/check", &found).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let (_, html) = lead.see("/agencies").await;
    assert!(html.contains("03000\u{a0}11\u{a0}11\u{a0}11") && html.contains("Corrected here"), "{html}");
    let (_, html) = lead.see("/agencies/lado/check").await;
    assert!(html.contains("03000 41 08 88"), "what the pack says stays beside it: {html}");
}

#[tokio::test]
async fn all_the_work_is_looked_over_on_its_pages() {
    let nursery = Nursery::new().await;
    let app = &nursery.app;
    let filed =
        app::concerns::report(&app.services, &mut app.ctx(app.people.practitioner), app.breach()).await.unwrap();
    let lead = Browser::of(&nursery, app.people.dsl).await;
    let (case, child, tablet) = (format!("/concerns/{}", filed.concern), app.people.child, app.people.tablet);
    let (_, html) = lead.see("/clocks").await;
    assert!(html.contains(&case), "{html}");
    for path in [
        format!("/people/{child}/chronology"),
        format!("/people/{child}/chronology/print"),
        format!("/devices/{tablet}/chronology"),
        format!("{case}/chronology"),
        format!("{case}/looks"),
        format!("{case}/strands"),
        "/trends".to_owned(),
        "/trends?period=year".to_owned(),
        "/trends/report".to_owned(),
        "/cover".to_owned(),
        "/cover/new".to_owned(),
        "/transfers".to_owned(),
        "/transfers/new".to_owned(),
    ] {
        let (status, html) = lead.see(&path).await;
        assert_eq!(status, StatusCode::OK, "{path}: {html}");
        assert!(!text_of(&html, "title").contains("Joy"), "{path}: no child in the tab");
    }
    let (_, html) = lead.see(&format!("/people/{child}/chronology")).await;
    assert!(text_of(&html, "main").contains("penguins"), "{html}");
    let (_, html) = lead.see("/trends?period=year").await;
    assert!(html.contains("<svg class=\"hf-bars\"") && text_of(&html, "table").contains("Content"), "{html}");
    let (status, _, body) = lead.send("/trends/report/export", &[]).await;
    assert!(status == StatusCode::OK && body.starts_with("%PDF"), "{body}");
    assert_eq!(lead.see("/trends?period=never").await.0, StatusCode::NOT_FOUND);
    assert_eq!(lead.see("/low-level").await.0, StatusCode::NOT_FOUND, "the manager\u{2019}s file");
    let committee = Browser::of(&nursery, app.people.committee).await;
    let (status, html) = committee.see("/trends").await;
    assert_eq!(status, StatusCode::OK, "{html}");
    assert!(text_of(&html, "main").contains("kept back") && !html.contains("By device"), "{html}");
    assert_eq!(committee.see(&format!("/people/{child}/chronology")).await.0, StatusCode::NOT_FOUND);
}

/// Whoever is added as somebody whom it is about is shut out with everybody close: who loses sight is said first.
#[tokio::test]
async fn who_loses_sight_of_a_concern_is_said_before_it_happens() {
    let nursery = Nursery::new().await;
    let people = nursery.app.people;
    let ctx = &mut nursery.app.ctx(people.practitioner);
    let id = app::concerns::report(&nursery.app.services, ctx, nursery.app.breach()).await.expect("told").concern;
    let lead = Browser::of(&nursery, people.dsl).await;
    let path = format!("/concerns/{id}/people/part");
    let deputy = people.deputy.to_string();
    let about = [("person", deputy.as_str()), ("part", "about")];
    let (status, _, html) = lead.send(&path, &about).await;
    let page = text_of(&html, "main");
    assert_eq!(status, StatusCode::OK, "{page}");
    assert!(page.contains("Ben Deputy") && page.contains("You are one of them"), "{page}");
    assert_eq!(lead.see(&format!("/concerns/{id}")).await.0, StatusCode::OK, "nothing has happened yet");
    // A witness changes nothing of who sees it, and asks nothing.
    let witness = [("person", deputy.as_str()), ("part", "witness")];
    assert_eq!(lead.send(&path, &witness).await.0, StatusCode::SEE_OTHER);
    let shown = [&about[..], &[("shown", "yes")]].concat();
    assert_eq!(lead.send(&path, &shown).await.0, StatusCode::SEE_OTHER);
    assert_eq!(lead.see(&format!("/concerns/{id}")).await.0, StatusCode::NOT_FOUND);
}
