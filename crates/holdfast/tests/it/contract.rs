//! What documentation, packages and outside checks rely on: commands, exit codes, shapes, file modes.

use std::collections::BTreeSet;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::{Output, Stdio};

use serde_json::Value;

use crate::house::{House, command};
use crate::wire::{ask_from, upstream};

/// Every command of the contract, and whether it prints data as JSON on request.
const COMMANDS: [(&[&str], Json); 22] = [
    (&["demo"], Json::Never),
    (&["serve"], Json::Never),
    (&["gateway"], Json::Never),
    (&["lists", "compile"], Json::Always),
    (&["lists", "show"], Json::Always),
    (&["lists", "lookup"], Json::Always),
    (&["filter", "decide"], Json::Always),
    (&["filter", "test"], Json::OnRequest),
    (&["sealed", "status"], Json::Always),
    (&["sealed", "load"], Json::Always),
    (&["sealed", "key"], Json::Always),
    (&["sealed", "make"], Json::Always),
    (&["evidence"], Json::OnRequest),
    (&["audit", "verify"], Json::OnRequest),
    (&["audit", "export"], Json::Always),
    (&["backup", "create"], Json::Always),
    (&["backup", "verify"], Json::Always),
    (&["backup", "restore"], Json::Always),
    (&["token", "create"], Json::Never),
    (&["doctor"], Json::OnRequest),
    (&["role-card", "take"], Json::Always),
    (&["role-card", "load"], Json::Always),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Json {
    /// Prints no data.
    Never,
    /// With `--json`.
    OnRequest,
    /// Its data is JSON.
    Always,
}

fn run(words: &[&str]) -> Output {
    command(words).stdin(Stdio::null()).output().unwrap()
}

fn out(ended: &Output) -> String {
    String::from_utf8(ended.stdout.clone()).unwrap()
}

fn err(ended: &Output) -> String {
    String::from_utf8(ended.stderr.clone()).unwrap()
}

#[test]
fn every_command_helps_with_an_example_that_begins_with_itself() {
    for (words, json) in COMMANDS {
        let help = run(&[words, &["--help"]].concat());
        assert_eq!(help.status.code(), Some(0), "{words:?}");
        let text = out(&help);
        let example = format!("Example: holdfast {}", words.join(" "));
        assert!(text.contains(&example), "no “{example}” in {text}");
        assert_eq!(text.contains("--json"), json == Json::OnRequest, "{words:?}: {text}");
        assert!(err(&help).is_empty(), "help is data: {words:?}");
    }
}

#[test]
fn no_command_is_missing_from_the_contract() {
    let known: BTreeSet<&str> = COMMANDS.iter().map(|(words, _)| words[0]).chain(["help"]).collect();
    let help = out(&run(&["--help"]));
    let listed = help.split("Commands:").nth(1).unwrap().split("Options:").next().unwrap();
    let listed: BTreeSet<&str> = listed.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(listed, known);
}

#[test]
fn wrong_usage_ends_with_two_and_a_failure_with_one_and_says_so_on_standard_error() {
    for (words, code) in [
        (&["sing"][..], 2),
        (&["demo", "--web", "nowhere"], 2),
        (&["lists", "compile"], 2),
        (&["token", "create", "--user", "dsl", "--expires", "soon"], 2),
        (&["doctor", "--data", "/nonexistent"], 1),
        (&["audit", "verify", "--file", "/nonexistent"], 1),
        (&["backup", "verify", "/nonexistent", "--recovery-code-file", "/nonexistent"], 1),
        (&["serve", "--config", "/nonexistent"], 1),
        (&["gateway"], 1),
        (&["lists", "lookup", "--db", "/nonexistent", "example.org"], 1),
    ] {
        let ended = run(words);
        assert_eq!(ended.status.code(), Some(code), "{words:?}: {}", err(&ended));
        assert!(ended.stdout.is_empty(), "{words:?}: messages are no data: {}", out(&ended));
        assert!(err(&ended).len() > 20, "{words:?} says nothing");
        assert!(!err(&ended).contains("panicked"), "{words:?}: {}", err(&ended));
    }
}

#[test]
fn the_demo_leaves_credentials_for_its_owners_eyes_alone() {
    let house = House::closed();
    let file = house.data().join("demo-credentials.json");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let credentials = house.credentials();
    for who in ["dsl", "deputy", "manager", "chair", "practitioner", "technician", "parent", "inspector"] {
        let person = &credentials["people"][who];
        for key in ["username", "password"] {
            assert!(person[key].as_str().is_some_and(|text| !text.is_empty()), "{who} has no {key}");
        }
    }
    assert!(credentials["people"]["dsl"]["totp_secret"].is_string());
    assert!(credentials["people"]["practitioner"].get("totp_secret").is_none());
    for device in ["children-tablet", "staff-laptop", "guest-phone"] {
        for key in ["group", "source_address", "proxy_user", "proxy_password", "doh_path"] {
            assert!(credentials["devices"][device][key].is_string(), "{device} has no {key}");
        }
        let address = credentials["devices"][device]["source_address"].as_str().unwrap();
        assert!(address.starts_with("127.0.0."), "{address}");
    }
    for secret in ["machine.key", "keys.json", "database.json", "demo-credentials.json"] {
        let mode = std::fs::metadata(house.data().join(secret)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{secret} can be read by others");
    }
}

#[tokio::test]
async fn ready_means_that_everything_serves() {
    let mut house = House::demo_with(&["--upstream", &upstream().await.to_string()]).await;
    let page = house.visitor().get("/healthz").await;
    assert_eq!((page.status, page.html.as_str()), (200, r#"{"status":"ok"}"#));
    let page = house.visitor().get("/healthz/gateway").await;
    assert_eq!((page.status, page.html.as_str()), (200, r#"{"status":"ok"}"#));
    // A device is who its address says; who has no identity is in the strictest group.
    let tablet = house.credentials()["devices"]["children-tablet"]["source_address"].as_str().unwrap().parse().unwrap();
    let laptop = house.credentials()["devices"]["staff-laptop"]["source_address"].as_str().unwrap().parse().unwrap();
    let stranger = "127.0.0.201".parse().unwrap();
    let dns = house.at().dns;
    let films = "video.example";
    let (blocked, allowed) = (ask_from(tablet, dns, films, 7).await.unwrap(), ask_from(laptop, dns, films, 8).await);
    assert_eq!(ask_from(stranger, dns, films, 9).await.unwrap(), blocked);
    assert_ne!(allowed.unwrap(), blocked, "a laptop is no tablet");
    assert!(house.stop().success());
    assert!(!house.data().join("running.json").exists(), "a stopped program serves nowhere");
}

#[tokio::test]
async fn verdicts_and_probes_have_their_shape() {
    let house = House::demo_with(&["--upstream", &upstream().await.to_string()]).await;
    let ended =
        house.command(&["filter", "decide", "--group", "children", "https://casino.example/", "holdfast.example"]);
    assert_eq!(ended.status.code(), Some(0), "{}", err(&ended));
    let lines: Vec<Value> = out(&ended).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    for line in &lines {
        let keys: BTreeSet<&str> = line.as_object().unwrap().keys().map(String::as_str).collect();
        let known = BTreeSet::from(["url", "verdict", "category", "rule", "reason", "because"]);
        assert!(keys.is_subset(&known) && keys.contains("url"), "{line}");
        assert!(["allow", "block", "rewrite"].contains(&line["verdict"].as_str().unwrap()), "{line}");
    }
    assert_eq!((&lines[0]["verdict"], &lines[0]["category"]), (&"block".into(), &"gambling".into()));
    assert!(lines[0]["because"].as_array().is_some_and(|because| !because.is_empty()), "{}", lines[0]);
    let ended = house.command(&["filter", "decide", "--group", "nobody", "example.org"]);
    assert_eq!(ended.status.code(), Some(1));
    assert!(err(&ended).contains("There is no group called nobody. There are: "), "{}", err(&ended));
    let ended = house.command(&["filter", "test", "--json"]);
    let probes: Vec<Value> = serde_json::from_slice(&ended.stdout).unwrap();
    assert!(probes.len() > 5, "{probes:?}");
    let passed = probes.iter().all(|probe| probe["passed"] == true);
    assert_eq!(ended.status.success(), passed, "{probes:#?}");
    assert!(passed, "{probes:#?}");
    let own = probes.iter().filter(|probe| probe["what"] == "our own pages").count();
    assert!(own > 2, "nobody tried our own pages: {probes:#?}");
}

#[test]
fn lists_compile_and_lookup_have_their_shape() {
    let folder = tempfile::TempDir::new().unwrap();
    let gambling = folder.path().join("gambling");
    std::fs::create_dir(&gambling).unwrap();
    std::fs::write(gambling.join("domains"), "casino.example\nnot a name at all\nbücher.example\n").unwrap();
    std::fs::write(gambling.join("urls"), "shop.example/bets\n").unwrap();
    let file = folder.path().join("lists.hf");
    let (file, place) = (file.to_str().unwrap(), folder.path().to_str().unwrap());
    let ended = run(&["lists", "compile", "--out", file, place]);
    assert_eq!(ended.status.code(), Some(0), "{}", err(&ended));
    let report: Value = serde_json::from_slice(&ended.stdout).unwrap();
    assert_eq!((&report["names"], &report["urls"]), (&2.into(), &1.into()), "{report}");
    assert_eq!(report["bytes"].as_u64(), std::fs::metadata(file).ok().map(|file| file.len()));
    assert!(report["patterns"].is_u64() && report["seconds"].is_f64());
    let rejected = &report["rejected"][0];
    assert_eq!((&rejected["line"], &rejected["text"]), (&2.into(), &"not a name at all".into()), "{report}");
    assert!(rejected["list"].is_string() && rejected["why"].is_string());

    let ended = run(&["lists", "show", "--db", file]);
    let shown: Value = serde_json::from_slice(&ended.stdout).unwrap();
    assert_eq!((&shown["names"], &shown["urls"], &shown["patterns"]), (&2.into(), &1.into(), &0.into()), "{shown}");
    let list = &shown["lists"][0];
    assert_eq!((&list["name"], &list["kind"], &list["licence"]), (&"gambling".into(), &"black".into(), &Value::Null));
    assert!(list["origin"].as_str().unwrap().ends_with("gambling"), "{list}");

    let mut lookup =
        command(&["lists", "lookup", "--db", file]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    lookup
        .stdin
        .take()
        .unwrap()
        .write_all(b"www.CASINO.example.\n\nexample.org\nhttps://shop.example/bets/1\n")
        .unwrap();
    let ended = lookup.wait_with_output().unwrap();
    let lines: Vec<Value> = out(&ended).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert_eq!(lines[0]["input"], "www.CASINO.example.");
    assert_eq!(
        (&lines[0]["canonical"], &lines[0]["matched"]),
        (&"www.casino.example".into(), &"casino.example".into())
    );
    assert_eq!((&lines[0]["categories"], &lines[0]["lists"]), (&vec!["gambling"].into(), &vec!["gambling"].into()));
    assert_eq!((&lines[1]["categories"], &lines[1]["matched"]), (&Value::Array(Vec::new()), &Value::Null));
    assert_eq!(lines[2]["categories"], Value::from(vec!["gambling"]), "{}", lines[2]);
}

#[tokio::test]
async fn a_backup_is_made_checked_and_restored_on_a_bare_machine() {
    let house = House::demo().await;
    let file = house.data().join("one.backup");
    let file = file.to_str().unwrap();
    let made = house.command(&["backup", "create", "--out", file]);
    assert_eq!(made.status.code(), Some(0), "{}", err(&made));
    let bare = tempfile::TempDir::new().unwrap();
    let code = bare.path().join("code.txt");
    std::fs::write(&code, house.credentials()["recovery_code"].as_str().unwrap()).unwrap();
    let code = code.to_str().unwrap();
    let checked = run(&["backup", "verify", file, "--recovery-code-file", code]);
    assert_eq!(checked.status.code(), Some(0), "{}", err(&checked));
    let (made, checked): (Value, Value) =
        (serde_json::from_slice(&made.stdout).unwrap(), serde_json::from_slice(&checked.stdout).unwrap());
    assert_eq!((&checked["whole"], &checked["rows"]), (&true.into(), &made["rows"]));
    let place = bare.path().join("restored");
    let place = place.to_str().unwrap();
    let restored = run(&["backup", "restore", file, "--data", place, "--recovery-code-file", code]);
    assert_eq!(restored.status.code(), Some(0), "{}", err(&restored));
    let verified = run(&["audit", "verify", "--data", place]);
    assert_eq!(verified.status.code(), Some(0), "{}", err(&verified));
    // A backup that lost a byte says so.
    let mut bytes = std::fs::read(file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(file, bytes).unwrap();
    let broken = run(&["backup", "verify", file, "--recovery-code-file", code]);
    assert_eq!(broken.status.code(), Some(1));
    assert!(err(&broken).starts_with("holdfast: "), "{}", err(&broken));
}

#[tokio::test]
async fn a_token_opens_evidence_and_nothing_of_a_case() {
    let house = House::demo().await;
    let ended = house.command(&["token", "create", "--user", "dsl", "--expires", "1h"]);
    assert_eq!(ended.status.code(), Some(0), "{}", err(&ended));
    assert_eq!(out(&ended).lines().count(), 1, "the token and nothing else");
    let ended = house.command(&["token", "create", "--user", "nobody-here", "--expires", "1h"]);
    assert_eq!((ended.status.code(), out(&ended).as_str()), (Some(1), ""));
    let ended = house.command(&["token", "create", "--user", "dsl", "--expires", "1h", "--scope", "concerns"]);
    assert_eq!((ended.status.code(), out(&ended).as_str()), (Some(1), ""), "{}", err(&ended));
    let ended = house.command(&["token", "create", "--user", "parent", "--expires", "1h"]);
    assert_eq!(ended.status.code(), Some(1), "a parent makes no token: {}", err(&ended));
}

#[tokio::test]
async fn evidence_names_every_duty_once_with_a_known_status() {
    let house = House::demo().await;
    let ended = house.command(&["evidence", "--json"]);
    assert_eq!(ended.status.code(), Some(0), "{}", err(&ended));
    let rows: Vec<Value> = serde_json::from_slice(&ended.stdout).unwrap();
    let ids: BTreeSet<&str> = rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), rows.len());
    for known in ["POL-10", "FIL-02", "FIL-04", "BRE-01", "DSL-01", "INC-14"] {
        assert!(ids.contains(known), "{known}");
    }
    for row in &rows {
        let status = row["status"].as_str().unwrap();
        assert!(["met", "due", "gap", "not_applicable", "not_built"].contains(&status), "{row}");
        assert!(row["controls"].is_array());
        for evidence in row["evidence"].as_array().unwrap() {
            assert!(evidence.get("what").is_some() && evidence.get("at").is_some() && evidence.get("link").is_some());
        }
    }
    let sealed = rows.iter().find(|row| row["id"] == "FIL-04").unwrap();
    assert_ne!(sealed["status"], "met", "no licensed list is supplied, so FIL-04 is red");
}
