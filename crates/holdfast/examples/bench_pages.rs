//! Times pages of a running house with many concerns: `bench_pages HOLDFAST [COUNT] [ROUNDS]` starts the given program as
//! a demo in a folder of its own, fills it, starts it again, signs in as the lead and prints JSON: start-up time, resident
//! memory at rest, and the 50th and 95th percentile of list, concern, search, wall, referrals, trends and chronologies in milliseconds.
#![allow(
    missing_docs,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::zombie_processes,
    reason = "a measuring stick, not shipped"
)]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

fn main() {
    rustls::crypto::ring::default_provider().install_default().expect("one provider");
    let mut args = std::env::args().skip(1);
    let program = PathBuf::from(args.next().expect("the program to measure"));
    let count: usize = args.next().map_or(10_000, |text| text.parse().expect("a number"));
    let rounds: usize = args.next().map_or(100, |text| text.parse().expect("a number"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let result = runtime.block_on(measure(&program, count, rounds));
    println!("{}", serde_json::to_string_pretty(&result).expect("JSON"));
}

async fn measure(program: &Path, count: usize, rounds: usize) -> Value {
    let folder = tempfile::tempdir().expect("a folder");
    let filling = Instant::now();
    let (child, _) = start(program, folder.path(), count).await;
    let filled = filling.elapsed();
    stop(child).await;
    let starting = Instant::now();
    let (child, web) = start(program, folder.path(), 0).await;
    let started = starting.elapsed();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let resident = resident_mb(child.id());
    let client = sign_in(folder.path(), &web).await;
    let list = times(&client, &[format!("{web}/concerns")], rounds).await;
    let pages = concerns(&client, &web).await;
    let open = times(&client, &pages, rounds).await;
    let search = times(&client, &[format!("{web}/search?q=sand+tray")], rounds).await;
    let narrowed = format!("{web}/search?q=sand&kind=child_at_risk&status=closed");
    let narrowed = times(&client, &[narrowed], rounds).await;
    let wall = times(&client, &[format!("{web}/clocks")], rounds).await;
    let referrals = times(&client, &[format!("{web}/referrals")], rounds).await;
    let trends = times(&client, &[format!("{web}/trends?period=year")], rounds).await;
    let chronology = times(&client, &chronologies(&client, &pages).await, rounds).await;
    stop(child).await;
    json!({
        "concerns": count, "rounds": rounds,
        "filling_seconds": filled.as_secs_f64(), "start_up_seconds": started.as_secs_f64(),
        "resident_idle_mb": resident,
        "list_ms": list, "open_ms": open, "search_ms": search,
        "search_narrowed_ms": narrowed, "wall_ms": wall, "referrals_ms": referrals, "trends_ms": trends,
        "chronology_ms": chronology,
    })
}

async fn start(program: &Path, data: &Path, bulk: usize) -> (Child, String) {
    // Left by an earlier start: the address in it is not ours.
    let _ = std::fs::remove_file(data.join("running.json"));
    let child = Command::new(program)
        .args(["demo", "--web", "127.0.0.1:0", "--dns", "127.0.0.1:0", "--proxy", "127.0.0.1:0"])
        .args(["--upstream", "127.0.0.1:9", "--bulk", &bulk.to_string(), "--data"])
        .arg(data)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let client = reqwest::Client::new();
    for _ in 0..30_000 {
        tokio::time::sleep(Duration::from_millis(10)).await;
        let Ok(text) = std::fs::read_to_string(data.join("running.json")) else { continue };
        let Ok(running) = serde_json::from_str::<Value>(&text) else { continue };
        let web = running["web"].as_str().unwrap_or_default().to_owned();
        let healthy = client.get(format!("{web}/healthz")).send().await;
        if healthy.is_ok_and(|answer| answer.status() == 200) {
            return (child, web);
        }
    }
    panic_with("the program did not serve within five minutes")
}

fn panic_with(words: &str) -> ! {
    eprintln!("{words}");
    std::process::exit(1)
}

async fn stop(mut child: Child) {
    Command::new("kill").arg(child.id().to_string()).status().expect("kill");
    tokio::task::spawn_blocking(move || child.wait()).await.expect("a thread").expect("an end");
}

async fn sign_in(data: &Path, web: &str) -> reqwest::Client {
    let text = std::fs::read_to_string(data.join("demo-credentials.json")).expect("credentials");
    let credentials: Value = serde_json::from_str(&text).expect("JSON");
    let lead = &credentials["people"]["dsl"];
    let no_redirect = reqwest::redirect::Policy::none();
    let plain = reqwest::Client::builder().redirect(no_redirect).build().expect("a client");
    let mut cookie = String::new();
    let (user, password) = (lead["username"].as_str().expect("a name"), lead["password"].as_str().expect("a word"));
    cookie = post(&plain, web, "/sign-in", &cookie, &[("username", user), ("password", password)]).await;
    let code = app::accounts::second_factor::figures(lead["totp_secret"].as_str().expect("a secret"), now());
    let code = code.expect("six figures");
    cookie = post(&plain, web, "/sign-in/second-step", &cookie, &[("code", &code)]).await;
    let mut headers = reqwest::header::HeaderMap::new();
    headers.insert("cookie", cookie.parse().expect("a header"));
    reqwest::Client::builder().default_headers(headers).build().expect("a client")
}

#[expect(clippy::disallowed_methods, reason = "a measuring stick reads the machine's clock")]
fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

/// Posts a form with its token; returns the cookies that hold from then on.
async fn post(client: &reqwest::Client, web: &str, path: &str, cookie: &str, fields: &[(&str, &str)]) -> String {
    let page = client.get(format!("{web}{path}")).header("cookie", cookie).send().await.expect("a page");
    let cookie = joined(cookie, &page);
    let html = page.text().await.expect("a body");
    let document = scraper::Html::parse_document(&html);
    let hidden = scraper::Selector::parse("main form input[type=hidden]").expect("a selector");
    let mut body: Vec<(String, String)> = document
        .select(&hidden)
        .filter_map(|input| Some((input.attr("name")?.to_owned(), input.attr("value")?.to_owned())))
        .collect();
    body.extend(fields.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
    let text =
        body.iter().map(|(key, value)| format!("{}={}", escape(key), escape(value))).collect::<Vec<_>>().join("&");
    let answer = client
        .post(format!("{web}{path}"))
        .header("cookie", &cookie)
        .header("origin", web)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(text)
        .send()
        .await
        .expect("an answer");
    assert!(answer.status().is_redirection(), "{path} answered {}", answer.status());
    joined(&cookie, &answer)
}

fn escape(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

fn joined(cookie: &str, answer: &reqwest::Response) -> String {
    let mut jar: std::collections::BTreeMap<String, String> = cookie
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

async fn concerns(client: &reqwest::Client, web: &str) -> Vec<String> {
    let html = client.get(format!("{web}/concerns")).send().await.expect("a list").text().await.expect("a body");
    let document = scraper::Html::parse_document(&html);
    let links = scraper::Selector::parse("main a[href^='/concerns/']").expect("a selector");
    let pages: Vec<String> = document
        .select(&links)
        .filter_map(|link| link.attr("href"))
        .filter(|href| href.len() > "/concerns/".len() + 30)
        .map(|href| format!("{web}{href}"))
        .collect();
    assert!(!pages.is_empty(), "the list shows no concern");
    pages
}

/// The chronologies of the children and devices to which concerns lead.
async fn chronologies(client: &reqwest::Client, concerns: &[String]) -> Vec<String> {
    let mut pages = std::collections::BTreeSet::new();
    for concern in concerns.iter().take(10) {
        let html = client.get(concern).send().await.expect("a concern").text().await.expect("a body");
        let document = scraper::Html::parse_document(&html);
        let links = scraper::Selector::parse("main a[href$='/chronology']").expect("a selector");
        let base = concern.split("/concerns/").next().unwrap_or_default();
        let found = document.select(&links).filter_map(|link| link.attr("href"));
        pages.extend(found.map(|href| format!("{base}{href}")));
    }
    assert!(!pages.is_empty(), "no concern leads to a chronology");
    pages.into_iter().collect()
}

async fn times(client: &reqwest::Client, pages: &[String], rounds: usize) -> Value {
    let mut taken = Vec::with_capacity(rounds);
    let mut bytes = 0;
    for round in 0..rounds {
        let page = &pages[round % pages.len()];
        let since = Instant::now();
        let answer = client.get(page).send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{page}");
        bytes = answer.bytes().await.expect("a body").len();
        taken.push(since.elapsed().as_secs_f64() * 1000.0);
    }
    taken.sort_by(f64::total_cmp);
    json!({ "p50": taken[rounds / 2], "p95": taken[rounds * 95 / 100], "bytes": bytes })
}

fn resident_mb(pid: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<f64>().ok()).map_or(0.0, |kb| kb / 1024.0)
}
