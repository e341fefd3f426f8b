//! Somebody at a browser who measures how long each answer takes: cookies, forms with their token, nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Instant;

use serde_json::{Value, json};

/// Somebody who is signed in.
pub(crate) struct Browser {
    client: reqwest::Client,
    web: String,
}

impl Browser {
    /// Signs a person of the demo in.
    pub(crate) async fn signed_in(data: &Path, web: &str, who: &str) -> Self {
        let text = std::fs::read_to_string(data.join("demo-credentials.json")).expect("credentials");
        let credentials: Value = serde_json::from_str(&text).expect("JSON");
        let person = &credentials["people"][who];
        let no_redirect = reqwest::redirect::Policy::none();
        let plain = reqwest::Client::builder().redirect(no_redirect).build().expect("a client");
        let mut cookie = String::new();
        let (user, password) =
            (person["username"].as_str().expect("a name"), person["password"].as_str().expect("a word"));
        cookie = sign_in_step(&plain, web, "/sign-in", &cookie, &[("username", user), ("password", password)]).await;
        if let Some(secret) = person["totp_secret"].as_str() {
            let code = app::accounts::second_factor::figures(secret, now()).expect("six figures");
            cookie = sign_in_step(&plain, web, "/sign-in/second-step", &cookie, &[("code", &code)]).await;
        }
        let mut headers = reqwest::header::HeaderMap::new();
        headers.insert("cookie", cookie.parse().expect("a header"));
        let client = reqwest::Client::builder()
            .default_headers(headers)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("a client");
        Self { client, web: web.to_owned() }
    }

    /// Percentiles of so many looks at these pages, one after the other.
    pub(crate) async fn times(&self, pages: &[String], rounds: usize) -> Value {
        let mut taken = Vec::with_capacity(rounds);
        let (mut bytes, mut failed) = (0, 0);
        for round in 0..rounds {
            let page = &pages[round % pages.len()];
            let since = Instant::now();
            let answer = self.client.get(format!("{}{page}", self.web)).send().await.expect("an answer");
            let status = answer.status();
            // Too slow for the server's own patience is a finding, anything else a mistake of ours.
            assert!(status == 200 || status == 503, "{page} answered {status}");
            failed += usize::from(status == 503);
            bytes = answer.bytes().await.expect("a body").len();
            taken.push(since.elapsed().as_secs_f64() * 1000.0);
        }
        let first = taken.first().copied();
        let mut found = percentiles(taken);
        found["bytes"] = bytes.into();
        found["first"] = first.into();
        if failed > 0 {
            found["gave_up"] = failed.into();
        }
        found
    }

    /// Percentiles of so many forms sent; each has to lead on to another page.
    pub(crate) async fn sending(&self, form: &str, to: &str, rounds: usize, fields: &[(&str, &str)]) -> Value {
        let hidden = hidden(&self.html(form).await);
        let mut taken = Vec::with_capacity(rounds);
        for _ in 0..rounds {
            let token = hidden.iter().filter(|(name, _)| name == "_token").cloned();
            let body =
                encoded(token.chain(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))));
            let request = self
                .client
                .post(format!("{}{to}", self.web))
                .header("origin", &self.web)
                .header("content-type", "application/x-www-form-urlencoded")
                .body(body);
            let since = Instant::now();
            let answer = request.send().await.expect("an answer");
            let status = answer.status();
            let page = answer.text().await.expect("a body");
            taken.push(since.elapsed().as_secs_f64() * 1000.0);
            assert!(status.is_redirection(), "{to} answered {status}: {page}");
        }
        percentiles(taken)
    }

    /// The page of these that is the longest.
    pub(crate) async fn largest(&self, pages: &[String]) -> String {
        let mut found = (0, String::new());
        for page in pages {
            found = found.max((self.html(page).await.len(), page.clone()));
        }
        found.1
    }

    /// Seconds until a page no longer says this; at most two minutes.
    pub(crate) async fn until_gone(&self, page: &str, words: &str) -> f64 {
        let since = Instant::now();
        while self.html(page).await.contains(words) {
            assert!(since.elapsed().as_secs() < 120, "{page} still says “{words}”");
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
        since.elapsed().as_secs_f64()
    }

    /// Links of a page that fit.
    pub(crate) async fn links(&self, page: &str, fitting: &str, keep: impl Fn(&str) -> bool) -> BTreeSet<String> {
        let html = self.html(page).await;
        let document = scraper::Html::parse_document(&html);
        let links = scraper::Selector::parse(&format!("main a{fitting}")).expect("a selector");
        let found = document.select(&links).filter_map(|link| link.attr("href"));
        found.filter(|href| keep(href)).map(str::to_owned).collect()
    }

    async fn html(&self, page: &str) -> String {
        let answer = self.client.get(format!("{}{page}", self.web)).send().await.expect("a page");
        assert_eq!(answer.status(), 200, "{page}");
        answer.text().await.expect("a body")
    }
}

fn percentiles(mut taken: Vec<f64>) -> Value {
    taken.sort_by(f64::total_cmp);
    let at = |part: usize| taken[(taken.len() - 1) * part / 100];
    json!({ "p50": at(50), "p95": at(95) })
}

#[expect(clippy::disallowed_methods, reason = "a measuring stick reads the machine's clock")]
pub(crate) fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

/// Sends a form of signing in with its token; returns the cookies that hold from then on.
async fn sign_in_step(
    client: &reqwest::Client,
    web: &str,
    path: &str,
    cookie: &str,
    fields: &[(&str, &str)],
) -> String {
    let page = client.get(format!("{web}{path}")).header("cookie", cookie).send().await.expect("a page");
    let cookie = joined(cookie, &page);
    let hidden = hidden(&page.text().await.expect("a body"));
    let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let answer = client
        .post(format!("{web}{path}"))
        .header("cookie", &cookie)
        .header("origin", web)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(encoded(hidden.into_iter().chain(fields)))
        .send()
        .await
        .expect("an answer");
    assert!(answer.status().is_redirection(), "{path} answered {}", answer.status());
    joined(&cookie, &answer)
}

fn hidden(html: &str) -> Vec<(String, String)> {
    let document = scraper::Html::parse_document(html);
    let fields = scraper::Selector::parse("main form input[type=hidden]").expect("a selector");
    let both = document.select(&fields).map(|input| (input.attr("name"), input.attr("value")));
    both.filter_map(|(name, value)| Some((name?.to_owned(), value?.to_owned()))).collect()
}

fn encoded(fields: impl Iterator<Item = (String, String)>) -> String {
    fields.map(|(name, value)| format!("{}={}", escape(&name), escape(&value))).collect::<Vec<_>>().join("&")
}

fn escape(text: &str) -> String {
    let one = |b: u8| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") };
    text.bytes().map(one).collect()
}

fn joined(cookie: &str, answer: &reqwest::Response) -> String {
    let mut jar: BTreeMap<String, String> = cookie
        .split("; ")
        .filter_map(|pair| pair.split_once('='))
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect();
    for set in answer.headers().get_all("set-cookie") {
        let text = set.to_str().unwrap_or_default();
        if let Some((key, value)) = text.split(';').next().and_then(|pair| pair.split_once('=')) {
            jar.insert(key.to_owned(), value.to_owned());
        }
    }
    jar.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join("; ")
}
