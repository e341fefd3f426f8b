//! The sealed tier in the real program (S26, S27): a list is loaded while everything runs, every way enforces it, nothing
//! takes it away, and no page, answer of the API, command or file shows what is in it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use hickory_proto::op::ResponseCode;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::house::{House, until};
use crate::visitor::Visitor;
use crate::wire::{OUTSIDE, ask, through_proxy, upstream};

/// An entry, and one of which the supplier gave a hash alone.
const PLANTED: &str = "qzplanted.com";
const HASHED: &str = "qzhashed.net";
const ADDRESS: &str = "pages.example.com/qzfolder";

/// Another entry, by which the test sees that the list is in force. What was asked for before that is no secret: it was let
/// through and stands in the activity like any other name.
const SIGN: &str = "sign-of-the-list.com";

/// Words that nobody may ever read: the entries, and every plain digest that one would compare with a list.
fn secrets() -> Vec<String> {
    let mut all = vec!["qzplanted".to_owned(), "qzhashed".to_owned(), "qzfolder".to_owned()];
    for entry in [PLANTED, HASHED, ADDRESS] {
        for text in [entry.to_owned(), format!("{entry}/"), format!("http://{entry}"), format!("http://{entry}/")] {
            all.push(hex::encode(Sha256::digest(text)));
        }
    }
    all
}

fn shows_nothing(what: &str, bytes: &[u8]) {
    for secret in secrets() {
        let there = bytes.windows(secret.len()).any(|part| part.eq_ignore_ascii_case(secret.as_bytes()));
        assert!(!there, "{what} shows “{secret}”");
    }
}

/// The list as its supplier makes it; returns the signed file and the public key.
fn supplied(house: &House, folder: &Path) -> (std::path::PathBuf, String) {
    let plain = folder.join("plain.txt");
    let digest = hex::encode(Sha256::digest(format!("{HASHED}/")));
    std::fs::write(&plain, format!("{SIGN}\n{PLANTED}\n{digest}\nhttp://{ADDRESS}\n")).unwrap();
    let (key, file) = (folder.join("county.key"), folder.join("county.sealed"));
    let key_text = key.display().to_string();
    let made = house.command(&["sealed", "key", "--out", &key_text]);
    let public = serde_json::from_slice::<Value>(&made.stdout).unwrap()["key"].as_str().unwrap().to_owned();
    let (file_text, plain_text) = (file.display().to_string(), plain.display().to_string());
    let words = [
        "sealed",
        "make",
        "--supplier",
        "The county",
        "--id",
        "county",
        "--key",
        &key_text,
        "--out",
        &file_text,
        &plain_text,
    ];
    let made = house.command(&words);
    assert!(made.status.success(), "{made:?}");
    shows_nothing("making a list", &made.stdout);
    shows_nothing("the signed file", &std::fs::read(&file).unwrap());
    (file, public)
}

fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(bytes)))
}

#[tokio::test]
async fn a_sealed_list_is_taken_at_once_kept_for_ever_and_shown_nowhere() {
    let mut house = House::closed();
    let (supplier, resolver) = (tempfile::TempDir::new().unwrap(), upstream().await.to_string());
    let (file, public) = supplied(&house, supplier.path());
    let keys = house.data().join("gateway").join("sealed-keys.json");
    std::fs::write(&keys, format!("{{\"county\":\"{public}\"}}")).unwrap();
    house.option("--upstream", &resolver);
    house.start().await;
    let open = Some((ResponseCode::NoError, vec![OUTSIDE]));
    let blocked = Some((ResponseCode::NXDomain, Vec::new()));
    assert_eq!(ask(house.at().dns, SIGN).await, open);
    assert_eq!(house.command(&["sealed", "status"]).status.code(), Some(1), "not supplied is a no");

    // Loaded while it runs: the same process enforces it on every way.
    let loaded = house.command(&["sealed", "load", &file.display().to_string()]);
    assert!(loaded.status.success(), "{loaded:?}");
    let dns = house.at().dns;
    until("the gateway took the list", Duration::from_secs(10), async || ask(dns, SIGN).await == blocked).await;
    for name in [PLANTED, "www.qzplanted.com", HASHED, "a.b.qzhashed.net"] {
        assert_eq!(ask(dns, name).await, blocked, "{name}");
    }
    let device = "127.0.0.1".parse().unwrap();
    let page = through_proxy(device, house.at().proxy, "http://pages.example.com/qzfolder/a?b=c").await;
    assert!(page.starts_with("HTTP/1.1 403"), "{page}");
    shows_nothing("the block page", page.as_bytes());
    // S26: how much of it each way can enforce.
    let status = json(&house.command(&["sealed", "status"]).stdout);
    assert_eq!((&status["dns"]["enforced"], &status["dns"]["of"]), (&Value::from(2), &Value::from(4)));
    assert_eq!(status["proxy_http"]["enforced"], 4);
    // A decision says "block" and nothing else.
    let groups = ["children", "staff", "guests", "essential"];
    for group in groups {
        let said = house.command(&["filter", "decide", "--group", group, PLANTED]);
        let answer = json(&said.stdout);
        let fields: BTreeSet<&str> = answer.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!((fields, &answer["verdict"]), (["url", "verdict"].into(), &Value::from("block")), "{group}");
    }
    let looked = house.command(&["lists", "lookup", "--db", &compiled(&house), PLANTED]);
    assert_eq!(json(&looked.stdout)["lists"], serde_json::json!([]));

    // A hit reaches the leads, and names neither the entry nor anybody.
    let lead = house.signed_in("dsl").await;
    until("the leads are told", Duration::from_secs(20), async || {
        lead.get("/alerts").await.html.matches("<time").count() > 0
    })
    .await;

    // Every page, for everybody, with the ids that stand in the demo's own links; every answer of the API; every command;
    // every file.
    let mut doors = BTreeMap::new();
    for who in ["dsl", "deputy", "manager", "chair", "technician", "practitioner", "parent", "inspector"] {
        let visitor = if who == "dsl" { lead.clone() } else { house.signed_in(who).await };
        walk(who, &visitor, &mut doors).await;
    }
    let (with_ids, seen) = (doors.keys().filter(|door| door.contains('{')).count(), doors.len());
    assert!(seen > 90 && with_ids > 15, "only {seen} doors were opened, {with_ids} of them with an id: {doors:?}");
    api_shows_nothing(&house, &groups).await;
    commands_show_nothing(&house);
    files_show_nothing(&house.data());
    shows_nothing("the journal", house.said().as_bytes());

    // Neither removing the offer, nor the keys, nor a restart opens it; an older list is refused.
    let offers = house.data().join("gateway").join("sealed");
    std::fs::remove_file(offers.join("county.sealed")).unwrap();
    std::fs::remove_file(&keys).unwrap();
    assert!(house.stop().success());
    house.start().await;
    for name in [PLANTED, HASHED] {
        assert_eq!(ask(house.at().dns, name).await, blocked, "{name} after a restart without keys");
    }
    std::fs::write(&keys, format!("{{\"county\":\"{public}\"}}")).unwrap();
    let again = house.command(&["sealed", "load", &file.display().to_string()]);
    let said = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(!again.status.success() && said.contains("only gives way to a newer one"), "{said}");
}

/// Of pages that differ only in an id, as many are opened by one person.
const SAMPLES: usize = 3;

/// Opens every door of the registry, and whatever links lead to from there, as one person; counts the pages that opened.
async fn walk(who: &str, visitor: &Visitor, doors: &mut BTreeMap<String, usize>) {
    let registry = web::routes::all();
    let registry: Vec<&str> =
        registry.iter().filter(|route| route.method == http::Method::GET).map(|route| route.path).collect();
    let plain = |path: &str| path.replace("{key}", "children").replace("{what}", "people").replace(['{', '}'], "");
    let mut waiting: Vec<String> = registry.iter().map(|path| plain(path)).collect();
    waiting.push("/notices".to_owned());
    let mut asked: BTreeSet<String> = waiting.iter().cloned().collect();
    let mut opened: BTreeMap<&str, usize> = BTreeMap::new();
    while let Some(path) = waiting.pop() {
        let Some(door) = registry.iter().find(|door| leads_to(door, &path)).copied() else { continue };
        if path.starts_with("/sign-out") || opened.get(door).is_some_and(|times| *times >= SAMPLES) {
            continue;
        }
        let page = visitor.get(&path).await;
        shows_nothing(&format!("{who} at {path}"), page.html.as_bytes());
        if page.status != 200 {
            continue;
        }
        *opened.entry(door).or_default() += 1;
        *doors.entry(door.to_owned()).or_default() += 1;
        // A link of a page, or one that a search and its like put into their answer.
        for link in page.html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            let link = link.replace("&amp;", "&");
            let link = link.split('#').next().unwrap_or_default().to_owned();
            if link.starts_with('/') && !link.starts_with("/assets") && asked.insert(link.clone()) {
                waiting.push(link);
            }
        }
    }
}

/// Whether a path is one of a door's, whose names in braces stand for anything.
fn leads_to(door: &str, path: &str) -> bool {
    let bare = path.split('?').next().unwrap_or_default();
    let (door, bare): (Vec<&str>, Vec<&str>) = (door.split('/').collect(), bare.split('/').collect());
    door.len() == bare.len() && door.iter().zip(bare).all(|(door, part)| door.starts_with('{') || *door == part)
}

/// What programs may ask, with a token that may do all that a token may.
async fn api_shows_nothing(house: &House, groups: &[&str]) {
    let made = house.command(&["token", "create", "--user", "dsl", "--expires", "1h"]);
    let token = String::from_utf8(made.stdout).unwrap().trim().to_owned();
    let base = house.at().web.clone();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let get = async |path: &str| {
        let answer = client.get(format!("{base}{path}")).bearer_auth(&token).send().await.unwrap();
        let (status, body) = (answer.status().as_u16(), answer.bytes().await.unwrap());
        shows_nothing(path, &body);
        (status, body)
    };
    let (status, all) = get("/api/v1/evidence").await;
    assert_eq!(status, 200);
    let duties = json(&all).as_array().unwrap().clone();
    assert!(duties.len() > 50);
    for duty in &duties {
        assert_eq!(get(&format!("/api/v1/evidence/{}", duty["id"].as_str().unwrap())).await.0, 200);
    }
    for path in ["/api/v1/openapi.json", "/healthz", "/healthz/gateway"] {
        assert_eq!(get(path).await.0, 200, "{path}");
    }
    for group in groups {
        let asked = [PLANTED, HASHED, "www.qzplanted.com", "http://pages.example.com/qzfolder"];
        let question = serde_json::json!({ "group": group, "urls": asked });
        let request = client.post(format!("{base}/api/v1/filter/decide")).bearer_auth(&token);
        let request = request.header("content-type", "application/json").body(question.to_string());
        let answer = json(&request.send().await.unwrap().bytes().await.unwrap());
        let answers = answer.as_array().unwrap_or_else(|| panic!("{group}: {answer}"));
        assert_eq!(answers.len(), asked.len());
        for one in answers {
            let fields: BTreeSet<&str> = one.as_object().unwrap().keys().map(String::as_str).collect();
            assert_eq!((fields, &one["verdict"]), (["url", "verdict"].into(), &Value::from("block")), "{group}: {one}");
        }
    }
}

fn compiled(house: &House) -> String {
    house.data().join("lists").join("lists.compiled").display().to_string()
}

fn commands_show_nothing(house: &House) {
    let exported = house.data().join("chain.jsonl");
    let exported = exported.display().to_string();
    for words in [
        &["evidence", "--json"][..],
        &["audit", "verify", "--json"],
        &["audit", "export", "--out", &exported],
        &["doctor", "--json"],
        &["doctor"],
        &["filter", "test", "--json"],
        &["sealed", "status"],
    ] {
        let ended = house.command(words);
        shows_nothing(&words.join(" "), &ended.stdout);
        shows_nothing(&words.join(" "), &ended.stderr);
    }
    shows_nothing("the exported chain", &std::fs::read(&exported).unwrap());
}

/// What an administrator with a shell could look through, the database and its journal as they lie there included.
fn files_show_nothing(folder: &Path) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => files_show_nothing(&path),
            Ok(kind) if kind.is_file() => {
                // One that went in the meantime shows nothing.
                shows_nothing(&path.display().to_string(), &std::fs::read(&path).unwrap_or_default());
            }
            _ => {}
        }
    }
}
