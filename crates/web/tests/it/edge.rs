//! Headers, tokens, limits, faults.

use holdfast_web::visit::local;
use http::{StatusCode, header};

use crate::{Nursery, get, post};

#[tokio::test]
async fn every_page_says_what_the_browser_may_do() {
    let nursery = Nursery::new().await;
    for path in ["/sign-in", "/no-such-page", "/blank?back=/"] {
        let (_, headers, _) = nursery.ask(get(path)).await;
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'nonce-"), "{path}: {policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(headers[header::CACHE_CONTROL], "no-store", "{path}");
        assert_eq!(headers[header::REFERRER_POLICY], "no-referrer", "{path}");
        assert!(headers.contains_key(header::STRICT_TRANSPORT_SECURITY), "{path}");
        let cookie = headers[header::SET_COOKIE].to_str().unwrap();
        assert!(
            cookie.starts_with("__Host-holdfast-form=") && cookie.contains("HttpOnly; SameSite=Lax; Secure; Path=/"),
            "{cookie}"
        );
    }
}

#[tokio::test]
async fn a_form_to_mend_keeps_what_was_typed_but_the_secret() {
    let nursery = Nursery::new().await;
    let (cookie, token) = nursery.form_of("/sign-in").await;
    let (status, _, html) =
        nursery.ask(post("/sign-in", &cookie, format!("_token={token}&username=%3Cb%3Erobin&next=/account"))).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(html.contains("<title>Error: Sign in") && html.contains("Enter your password"), "{html}");
    assert!(html.contains("&#60;b&#62;robin") && !html.contains("Enter your username"), "{html}");
    let (_, _, html) = nursery.ask(post("/sign-in", &cookie, format!("_token={token}&password=correct+horse"))).await;
    assert!(!html.contains("correct horse"), "{html}");
}

#[tokio::test]
async fn an_old_token_keeps_the_text_and_does_nothing() {
    let nursery = Nursery::new().await;
    let (cookie, token) = nursery.form_of("/sign-in").await;
    let typed = "username=robin&password=correct+horse";
    let (status, _, html) = nursery.ask(post("/sign-in", &cookie, format!("_token=0000&{typed}"))).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(html.contains("open for a long time") && html.contains("value=\"robin\""), "{html}");
    // With its token the same form reaches the use case, which knows no such person.
    let (status, _, html) = nursery.ask(post("/sign-in", &cookie, format!("_token={token}&{typed}"))).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!html.contains("open for a long time") && html.contains("govuk-error-summary"), "{html}");
}

#[tokio::test]
async fn ten_megabytes_get_a_sentence() {
    let nursery = Nursery::new().await;
    let (cookie, _) = nursery.form_of("/sign-in").await;
    let (status, _, html) = nursery.ask(post("/sign-in", &cookie, "a".repeat(10 * 1024 * 1024))).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(html.contains("too much to send") && html.contains("64 kilobytes"), "{html}");
}

#[tokio::test]
async fn what_is_not_there_has_a_way_back_and_no_reference() {
    let nursery = Nursery::new().await;
    let (status, _, html) = nursery.ask(get("/no-such-page/0190")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(
        html.contains("This page is not here") && html.contains("href=\"/\"") && !html.contains("Reference for"),
        "{html}"
    );
}

#[tokio::test]
async fn health_says_what_fails_and_the_api_describes_itself() {
    let nursery = Nursery::new().await;
    let (status, _, json) = nursery.ask(get("/healthz")).await;
    // This nursery's gateway stands still.
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(json.contains("\"dns\"") && !json.contains("\"store\""), "{json}");
    let (status, _, json) = nursery.ask(get("/api/v1/openapi.json")).await;
    assert_eq!(status, StatusCode::OK);
    assert!(json.contains("\"openapi\":\"3.") && json.contains("/healthz"), "{json}");
}

#[tokio::test]
async fn the_hidden_screen_leads_back_to_our_own_pages_only() {
    let nursery = Nursery::new().await;
    for (asked, back) in
        [("/account", "/account"), ("//evil.example", "/"), ("https://evil.example", "/"), ("/%5Cevil", "/")]
    {
        let (_, _, html) = nursery.ask(get(&format!("/blank?back={asked}"))).await;
        assert!(html.contains(&format!("href=\"{back}\">Back")), "{asked}: {html}");
    }
    assert_eq!(local("/a?b=c"), "/a?b=c");
    assert_eq!(local("/a\r\nb"), "/");
}
