//! The JSON API: what it describes, and that nobody gets in without a token, least of all with a cookie.

use http::{Method, Request, StatusCode, header};

use crate::{Nursery, get};

const CALLS: [(Method, &str); 3] = [
    (Method::GET, "/api/v1/evidence"),
    (Method::GET, "/api/v1/evidence/FIL-02"),
    (Method::POST, "/api/v1/filter/decide"),
];

#[tokio::test]
async fn nobody_asks_without_a_token_that_works() {
    let nursery = Nursery::new().await;
    for (method, path) in CALLS {
        for (name, value) in [
            (header::ACCEPT, "application/json"),
            (header::AUTHORIZATION, "Bearer not-a-token"),
            (header::AUTHORIZATION, "Basic bm90LWEtdG9rZW4="),
            (header::AUTHORIZATION, "Bearer"),
            (header::COOKIE, "__Host-holdfast=not-a-session"),
        ] {
            let body = r#"{"group":"children","urls":["example.org"]}"#;
            let request = Request::builder()
                .method(method.clone())
                .uri(path)
                .header(header::CONTENT_TYPE, "application/json")
                .header(name, value)
                .body(body.into())
                .unwrap();
            let (status, headers, text) = nursery.ask(request).await;
            assert_eq!(status, StatusCode::UNAUTHORIZED, "{method} {path}: {text}");
            assert_eq!(headers[header::CACHE_CONTROL], "no-store");
            assert!(!text.contains("FIL-02"), "{text}");
        }
    }
}

#[tokio::test]
async fn the_description_names_every_call_and_no_concern() {
    let nursery = Nursery::new().await;
    let (status, _, text) = nursery.ask(get("/api/v1/openapi.json")).await;
    assert_eq!(status, StatusCode::OK);
    let described: serde_json::Value = serde_json::from_str(&text).unwrap();
    for (method, path) in CALLS {
        let path = path.replace("FIL-02", "{id}");
        let call = &described["paths"][&path][method.as_str().to_lowercase()];
        assert!(call.is_object(), "{method} {path} is not described");
        assert_eq!(call["security"][0]["bearer"], serde_json::json!([]), "{path}");
    }
    let paths = described["paths"].as_object().unwrap();
    assert!(paths.keys().all(|path| !path.contains("concern")), "S16: no token opens a case");
}
