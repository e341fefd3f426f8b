//! The sealed tier in the real program (S26, S27): a list is loaded while everything runs, every way enforces it, nothing
//! takes it away, and no page, answer of the API, command or file shows what is in it.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use hickory_proto::op::ResponseCode;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::house::{House, until};
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

    // Every page, for each who may read the most of them; every answer of the API; every command; every file.
    let mut seen = 0;
    for who in ["dsl", "manager", "technician", "practitioner"] {
        let visitor = if who == "dsl" { lead.clone() } else { house.signed_in(who).await };
        for route in web::routes::all().iter().filter(|route| route.method == http::Method::GET) {
            let path = route.path.replace("{key}", "children").replace("{what}", "people");
            let page = visitor.get(&path.replace(['{', '}'], "")).await;
            shows_nothing(&format!("{who} at {path}"), page.html.as_bytes());
            seen += usize::from(page.status == 200);
        }
    }
    assert!(seen > 60, "only {seen} pages were seen");
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
