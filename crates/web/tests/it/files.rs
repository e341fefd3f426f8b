//! Files by the pages: multipart, bounded, with a token of its own, and never shown inside a page. And drafts that keep
//! themselves.

use axum::body::Body;
use http::{Request, StatusCode, header};

use crate::browser::Browser;
use crate::concern_journey::text_of;
use crate::{Nursery, get};

const LETTER: &[u8] = b"%PDF-1.7 a letter";

fn multipart(lead: &Browser<'_>, path: &str, fields: &[(&str, &[u8])]) -> Request<Body> {
    let mut body = Vec::new();
    for (name, content) in fields {
        let file = if *name == "file" { "; filename=\"Kit Child.pdf\"" } else { "" };
        body.extend(format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n").into_bytes());
        body.extend(*content);
        body.extend(b"\r\n");
    }
    body.extend(b"--XX--\r\n");
    let mut request = get(path);
    *request.method_mut() = http::Method::POST;
    request.headers_mut().insert(header::CONTENT_TYPE, "multipart/form-data; boundary=XX".parse().unwrap());
    let (parts, _) = request.into_parts();
    lead.with_cookie(Request::from_parts(parts, Body::from(body)))
}

async fn told(nursery: &Nursery) -> String {
    let mut ctx = nursery.app.ctx(nursery.app.people.practitioner);
    app::concerns::report(&nursery.app.services, &mut ctx, nursery.app.breach()).await.unwrap().concern.to_string()
}

#[tokio::test]
async fn a_letter_goes_in_after_the_question_and_comes_out_as_a_file() {
    let nursery = Nursery::new().await;
    let id = told(&nursery).await;
    let lead = Browser::of(&nursery, nursery.app.people.dsl).await;
    let files = format!("/concerns/{id}/files");
    let (_, html) = lead.see(&files).await;
    assert!(html.contains("undressed, sexual or injured?") && !html.contains("type=\"file\""), "{html}");
    // Elsewhere the answer is another one: no file, and the same person's later no is worth nothing.
    let other = format!("/concerns/{}/files", told(&nursery).await);
    let (status, _, html) = lead.send(&format!("{other}/ask"), &[("could_show", "not_sure")]).await;
    assert!(status == StatusCode::OK && !html.contains("type=\"file\"") && html.contains("101"), "{html}");
    let (status, _, html) = lead.send(&format!("{other}/ask"), &[("could_show", "no")]).await;
    assert!(status == StatusCode::UNPROCESSABLE_ENTITY && !html.contains("type=\"file\""), "{html}");
    let (_, _, html) = lead.send(&format!("{files}/ask"), &[("could_show", "no")]).await;
    assert!(html.contains("type=\"file\""), "{html}");

    let add = format!("{files}/add");
    let token = lead.csrf.as_bytes();
    let good: [(&str, &[u8]); 4] = [("_token", token), ("could_show", b"no"), ("what", b"A letter"), ("file", LETTER)];
    for (name, value) in [("_token", &b"0000"[..]), ("could_show", b""), ("what", b""), ("file", b"MZ")] {
        let bent = good.map(|(known, text)| if known == name { (known, value) } else { (known, text) });
        let (status, _, html) = nursery.ask(multipart(&lead, &add, &bent)).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{name}: {html}");
        assert!(name == "what" || name == "could_show" || html.contains("value=\"A letter\""), "{name}: {html}");
    }
    let too_large = vec![b'a'; app::attachments::LARGEST + 10];
    let bent = good.map(|(known, text)| if known == "file" { (known, &too_large[..]) } else { (known, text) });
    let (status, _, html) = nursery.ask(multipart(&lead, &add, &bent)).await;
    assert!(status == StatusCode::UNPROCESSABLE_ENTITY && html.contains("value=\"A letter\""), "{status}");
    // The file before its answer: no byte of it counts.
    let turned = [good[3], good[0], good[1], good[2]];
    assert_eq!(nursery.ask(multipart(&lead, &add, &turned)).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    let (status, _, html) = nursery.ask(multipart(&lead, &add, &good)).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");

    let (_, html) = lead.see(&files).await;
    let link =
        html.split(&format!("{files}/")).find_map(|rest| rest.get(..36).filter(|id| id.parse::<uuid::Uuid>().is_ok()));
    let file = format!("{files}/{}", link.unwrap_or_else(|| panic!("no file: {html}")));
    let (status, headers, body) = nursery.ask(lead.with_cookie(get(&file))).await;
    assert_eq!((status, body.as_bytes()), (StatusCode::OK, LETTER));
    let disposition = headers[header::CONTENT_DISPOSITION].to_str().unwrap();
    assert!(disposition.starts_with("attachment; ") && !disposition.contains("Kit"), "{disposition}");
    assert_eq!(headers[header::CACHE_CONTROL], "no-store");
    assert_eq!(headers["x-content-type-options"], "nosniff");
    assert!(headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap().starts_with("default-src 'none'"));
    assert_eq!(lead.send(&file, &[("act", "seal")]).await.0, StatusCode::SEE_OTHER);
    assert_eq!(lead.see(&file).await.0, StatusCode::NOT_FOUND);
    let (_, html) = lead.see(&files).await;
    assert!(html.contains("Sealed") && !html.contains("Kit Child"), "{html}");
    nursery.app.end().await;
}

#[tokio::test]
async fn a_text_keeps_itself_and_waits_on_the_home_page() {
    let nursery = Nursery::new().await;
    let reporter = Browser::of(&nursery, nursery.app.people.practitioner).await;
    let form = "/concerns/report/filter_breach";
    let half = [("what_happened", "Half a zanderfish"), ("draft_at", ""), ("keep", "quiet")];
    let (status, _, answer) = reporter.send(form, &half).await;
    let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(status, StatusCode::OK);
    assert!(!answer.to_string().contains("zanderfish"), "nothing typed comes back");
    // It goes on from itself; another device is told, and overwrites nothing.
    let at = answer["draft_at"].as_str().unwrap();
    let more = [("what_happened", "Half a zanderfish, and more"), ("draft_at", at), ("keep", "quiet")];
    nursery.app.world.pass(jiff::SignedDuration::from_secs(20));
    assert_eq!(reporter.send(form, &more).await.0, StatusCode::OK);
    assert_eq!(reporter.send(form, &more).await.0, StatusCode::CONFLICT);
    let picture = format!("data:image/png;base64,{}", "A".repeat(400));
    let (status, _, answer) = reporter.send(form, &[("what_happened", &picture), ("keep", "quiet")]).await;
    assert!(status != StatusCode::OK && !answer.contains("AAAA"), "{status} {answer}");

    let (_, html) = reporter.see("/").await;
    assert!(html.contains(&format!("href=\"{form}\"")) && !html.contains("zanderfish"), "{html}");
    let (_, html) = reporter.see(form).await;
    assert!(html.contains("Half a zanderfish, and more"), "{html}");
    nursery.app.pass(jiff::SignedDuration::from_hours(24 * 29)).await;
    app::jobs::schedule(&nursery.app.services, &mut nursery.app.world.system()).await.unwrap();
    nursery.app.work().await;
    let left =
        app::drafts::list(&nursery.app.services, &nursery.app.ctx(nursery.app.people.practitioner)).await.unwrap();
    assert!(left.is_empty(), "{left:?}");
    nursery.app.end().await;
}

#[tokio::test]
async fn six_full_pages_of_words_fit_and_a_picture_among_them_costs_nothing_else() {
    let nursery = Nursery::new().await;
    let id = told(&nursery).await;
    let reporter = Browser::of(&nursery, nursery.app.people.practitioner).await;
    let path = format!("/reports/{id}/words");
    let long = "é".repeat(20_000);
    let names = ["child_words", "adult_words", "facts", "present", "told", "opinion"];
    let picture = format!("look: data:image/jpeg;base64,{}", "QUJD".repeat(100));
    let mut fields = names.map(|name| (name, long.as_str()));
    fields[2].1 = &picture;
    let (status, _, html) = reporter.send(&path, &fields).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(html.matches(&long).count() == 5 && !html.contains("QUJDQUJD"), "five stay, the picture goes");
    assert!(text_of(&html, ".govuk-error-summary").contains("picture"));
    let (status, _, html) = reporter.send(&path, &names.map(|name| (name, long.as_str()))).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{}", html.get(..500).unwrap_or_default());
    nursery.app.end().await;
}

#[tokio::test]
async fn a_sheet_is_typed_in_with_its_writer_its_hour_and_its_place() {
    let nursery = Nursery::new().await;
    let reporter = Browser::of(&nursery, nursery.app.people.practitioner).await;
    let mut fields = crate::concern_journey::told(&[("paper_by", "Maya")]);
    let (status, _, html) = reporter.send("/concerns/report/filter_breach", &fields).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "half of it is not enough: {html}");
    fields.extend([("paper_place", "the office cabinet"), ("paper-day", "2"), ("paper-month", "3")]);
    fields.extend([("paper-year", "2026"), ("paper-time", "8:57am")]);
    let (status, to, html) = reporter.send("/concerns/report/filter_breach", &fields).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{html}");
    let (_, html) = reporter.see(&to).await;
    let receipt = text_of(&html, "main");
    assert!(receipt.contains("Maya wrote it by hand") && receipt.contains("the office cabinet"), "{receipt}");
    nursery.app.end().await;
}
