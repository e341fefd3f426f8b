//! Times pages of a running house with many concerns: `bench_pages HOLDFAST [COUNT] [ROUNDS] [sqlite|postgres]` starts the given program
//! as a demo in a folder of its own, fills it, starts it again, signs in as the lead and as a practitioner, and prints JSON: start-up
//! time, resident memory at rest, and the 50th and 95th percentile of every kind of list, search and page, and of saving, in milliseconds.
//!
//! Without a PostgreSQL server on the machine, `postgres` prints `{"left_out": why}`. To add a page: a line in [`measure`].
#![allow(
    missing_docs,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::zombie_processes,
    reason = "a measuring stick, not shipped"
)]

mod browser;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use jiff::ToSpan;
use serde_json::{Map, Value, json};

use browser::Browser;

/// What any list, search or concern page, and saving, may take at the 95th percentile, in milliseconds.
const BUDGET: f64 = 100.0;

fn main() {
    rustls::crypto::ring::default_provider().install_default().expect("one provider");
    let mut args = std::env::args().skip(1);
    let program = PathBuf::from(args.next().expect("the program to measure"));
    let count: usize = args.next().map_or(10_000, |text| text.parse().expect("a number"));
    let rounds: usize = args.next().map_or(100, |text| text.parse().expect("a number"));
    let server = match args.next().as_deref() {
        None | Some("sqlite") => None,
        Some("postgres") => match testkit::postgres::Postgres::start_durable() {
            Ok(server) => Some(server),
            Err(why) => return println!("{}", json!({ "left_out": format!("{why:#}") })),
        },
        Some(other) => panic_with(&format!("{other} is neither sqlite nor postgres")),
    };
    let database = server.as_ref().map(|server| server.database("measured").expect("a database"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let result = runtime.block_on(measure(&program, database.as_deref(), count, rounds));
    println!("{}", serde_json::to_string_pretty(&result).expect("JSON"));
}

async fn measure(program: &Path, database: Option<&str>, count: usize, rounds: usize) -> Value {
    let folder = tempfile::tempdir().expect("a folder");
    let filling = Instant::now();
    let (child, _) = start(program, folder.path(), database, count).await;
    let filled = filling.elapsed();
    stop(child).await;
    let starting = Instant::now();
    let (child, web) = start(program, folder.path(), database, 0).await;
    let started = starting.elapsed();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let resident = resident_mb(child.id());
    let lead = Browser::signed_in(folder.path(), &web, "dsl").await;
    let staff = Browser::signed_in(folder.path(), &web, "practitioner").await;
    let manager = Browser::signed_in(folder.path(), &web, "manager").await;
    // Before anything is remembered: who comes in the morning.
    let home_first = lead.times(&["/".to_owned()], 1).await;
    // The duties are counted by now, aside: what a page takes meanwhile.
    let home_meanwhile = lead.times(&["/".to_owned()], rounds).await;
    let list_meanwhile = lead.times(&["/concerns".to_owned()], rounds).await;
    let counted = lead.until_gone("/", "Being counted").await;
    let long = |href: &str| href.len() > "/concerns/".len() + 30;
    let concerns: Vec<String> = lead.links("/concerns", "[href^='/concerns/']", long).await.into_iter().collect();
    assert!(!concerns.is_empty(), "the list shows no concern");
    let (of_people, of_devices) = chronologies(&lead, &concerns).await;
    let referrals: Vec<String> =
        lead.links("/referrals", "[href^='/referrals/']", |_| true).await.into_iter().collect();
    let largest = lead.largest(&concerns).await;
    let closed: Vec<String> =
        lead.links("/concerns?shelf=closed", "[href^='/concerns/']", long).await.into_iter().collect();
    let records: Vec<String> =
        closed.iter().map(|page| page.replacen("/concerns/", "/keeping/records/concern/", 1)).collect();
    let today = browser::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let (week, month) = (today.saturating_sub(7.days()), today.saturating_sub(30.days()));
    let day = |name: &str, day: jiff::civil::Date| {
        format!("{name}-day={}&{name}-month={}&{name}-year={}", day.day(), day.month(), day.year())
    };
    let one = |page: &str| vec![page.to_owned()];
    let pages = [
        ("home", one("/")),
        ("list", one("/concerns")),
        ("list_closed", one("/concerns?shelf=closed")),
        ("list_closed_far_back", one("/concerns?shelf=closed&page=150")),
        ("concern", concerns.clone()),
        ("concern_largest", one(&largest)),
        ("search_words", one("/search?q=sand+tray")),
        ("search_name", one("/search?q=Esme+Garner")),
        ("search_name_part", one("/search?q=Esm")),
        ("search_nothing_found", one("/search?q=zebra+crossing")),
        ("search_dates", vec![format!("/search?{}&{}", day("from", month), day("to", week))]),
        ("search_kind", one("/search?kind=radicalisation")),
        (
            "search_all_together",
            vec![format!("/search?q=sand&kind=child_at_risk&status=closed&{}", day("from", month))],
        ),
        ("clocks", one("/clocks")),
        ("referrals", one("/referrals")),
        ("referral", referrals),
        ("trends", one("/trends?period=year")),
        ("committee_report", one("/trends/report")),
        ("chronology_child", of_people.clone()),
        ("chronology_child_print", of_people.iter().map(|page| format!("{page}/print")).collect()),
        ("chronology_device", of_devices),
        ("chronology_concern", concerns.iter().map(|page| format!("{page}/chronology")).collect()),
        ("who_looked", concerns.iter().map(|page| format!("{page}/looks")).collect()),
        ("plans", one("/plans")),
        ("actions", one("/actions")),
        ("kept_and_due", one("/keeping")),
        ("kept_and_due_far_back", one("/keeping?list=unclear&page=100")),
        ("kept_one_record", records),
        ("transfers", one("/transfers")),
        ("evidence", one("/evidence")),
        ("exports", one("/exports")),
        ("people", one("/people")),
        ("audit", one("/audit")),
        ("notices", one("/notices")),
    ];
    let mut times = Map::new();
    times.insert("home_first_visit".to_owned(), home_first);
    times.insert("home_while_duties_are_counted".to_owned(), home_meanwhile);
    times.insert("list_while_duties_are_counted".to_owned(), list_meanwhile);
    for (name, pages) in pages {
        assert!(!pages.is_empty(), "nothing to measure for {name}");
        times.insert(name.to_owned(), lead.times(&pages, rounds).await);
    }
    for (name, page) in [("low_level", "/low-level"), ("home_of_the_manager", "/")] {
        times.insert(name.to_owned(), manager.times(&one(page), rounds).await);
    }
    let yesterday = today.saturating_sub(1.day());
    let parts = [yesterday.day().to_string(), yesterday.month().to_string(), yesterday.year().to_string()];
    let when = [
        ("event-day", parts[0].as_str()),
        ("event-month", parts[1].as_str()),
        ("event-year", parts[2].as_str()),
        ("event-time", "09:15"),
    ];
    let report = "/concerns/report/filter_breach";
    let told = [
        ("kind", "filter_breach"),
        ("what_happened", "Invented for measuring: a picture at the sand tray."),
        ("safe_now", "yes"),
        ("children", "unknown"),
    ];
    times.insert("report_form".to_owned(), staff.times(&one(report), rounds).await);
    let told: Vec<_> = told.into_iter().chain(when).collect();
    times.insert("saving_a_report".to_owned(), staff.sending(report, report, rounds, &told).await);
    times.insert("my_reports".to_owned(), staff.times(&one("/reports"), rounds).await);
    let entries = format!("{}/entries", concerns[0]);
    let entry: Vec<_> = [("kind", "note"), ("text", "Invented for measuring.")].into_iter().chain(when).collect();
    times.insert("saving_an_entry".to_owned(), lead.sending(&entries, &entries, rounds, &entry).await);
    stop(child).await;
    let p95 = |found: &Value| found["p95"].as_f64().unwrap_or(f64::MAX);
    let over: Vec<&str> =
        times.iter().filter(|(_, found)| p95(found) > BUDGET).map(|(name, _)| name.as_str()).collect();
    json!({
        "concerns": count, "rounds": rounds,
        "filling_seconds": filled.as_secs_f64(), "start_up_seconds": started.as_secs_f64(),
        "resident_idle_mb": resident, "duties_counted_after_seconds": counted,
        "over_the_budget": if over.is_empty() { "none".to_owned() } else { over.join(", ") },
        "ms": times,
    })
}

async fn start(program: &Path, data: &Path, database: Option<&str>, bulk: usize) -> (Child, String) {
    // Left by an earlier start: the address in it is not ours.
    let _ = std::fs::remove_file(data.join("running.json"));
    let child = Command::new(program)
        .args(["demo", "--web", "127.0.0.1:0", "--dns", "127.0.0.1:0", "--proxy", "127.0.0.1:0"])
        .args(database.map(|url| ["--database-url", url]).into_iter().flatten())
        .args(["--upstream", "127.0.0.1:9", "--bulk", &bulk.to_string(), "--data"])
        .arg(data)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let client = reqwest::Client::new();
    for _ in 0..60_000 {
        tokio::time::sleep(Duration::from_millis(10)).await;
        let Ok(text) = std::fs::read_to_string(data.join("running.json")) else { continue };
        let Ok(running) = serde_json::from_str::<Value>(&text) else { continue };
        let web = running["web"].as_str().unwrap_or_default().to_owned();
        let healthy = client.get(format!("{web}/healthz")).send().await;
        if healthy.is_ok_and(|answer| answer.status() == 200) {
            return (child, web);
        }
    }
    panic_with("the program did not serve within ten minutes")
}

fn panic_with(words: &str) -> ! {
    eprintln!("{words}");
    std::process::exit(1)
}

async fn stop(mut child: Child) {
    Command::new("kill").arg(child.id().to_string()).status().expect("kill");
    tokio::task::spawn_blocking(move || child.wait()).await.expect("a thread").expect("an end");
}

/// The chronologies of the people and of the devices to which concerns lead.
async fn chronologies(lead: &Browser, concerns: &[String]) -> (Vec<String>, Vec<String>) {
    let mut pages = std::collections::BTreeSet::new();
    for concern in concerns.iter().take(10) {
        pages.extend(lead.links(concern, "[href$='/chronology']", |_| true).await);
    }
    let of = |kind: &str| pages.iter().filter(|page| page.starts_with(kind)).cloned().collect();
    (of("/people/"), of("/devices/"))
}

fn resident_mb(pid: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<f64>().ok()).map_or(0.0, |kb| kb / 1024.0)
}
