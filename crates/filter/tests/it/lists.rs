//! From a folder of lists to an answer, and the bad days between.

use std::fs;

use holdfast_filter::{Categories, Error, Kind, Lists, compile, open_or_compile, open_or_compile_as};
use serde_json::json;

use crate::setting::*;

#[test]
fn the_reports_are_those_of_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    ut1(folder.path());
    let out = folder.path().join("out/lists.compiled");
    let report = compile(&[folder.path().to_owned()], &out, KEY).unwrap();
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!((&json["names"], &json["urls"], &json["patterns"]), (&json!(6), &json!(1), &json!(1)));
    assert_eq!(json["bytes"], json!(fs::metadata(&out).unwrap().len()));
    let rejected = &json["rejected"][0];
    assert_eq!(
        (&rejected["list"], &rejected["line"], &rejected["text"]),
        (&json!("games"), &json!(2), &json!("(unclosed"))
    );
    assert!(rejected["why"].as_str().unwrap().contains("unclosed group"), "{rejected}");

    let lists = Lists::open(&out).unwrap();
    let report = |lists: &Lists, text: &str| serde_json::to_value(lists.lookup(text)).unwrap();
    assert_eq!(
        report(&lists, "WWW.Both.Example.com."),
        json!({"input": "WWW.Both.Example.com.", "canonical": "www.both.example.com", "categories": ["adult", "mixed_adult"],
            "matched": "both.example.com", "lists": ["adult", "mixed_adult"]})
    );
    assert_eq!(
        report(&lists, "http://Shared.example.com:80/%41dult/x"),
        json!({"input": "http://Shared.example.com:80/%41dult/x", "canonical": "shared.example.com/Adult/x", "categories": ["adult"],
            "matched": "shared.example.com/Adult", "lists": ["adult"]})
    );
    assert_eq!(
        report(&lists, "example.org"),
        json!({"input": "example.org", "canonical": "example.org", "categories": [], "matched": null, "lists": []})
    );
    assert!(report(&lists, "not a name")["error"].as_str().unwrap().contains("character"));
    let lists = lists.with_categories(&Categories::parse(CATEGORIES).unwrap());
    assert_eq!(report(&lists, "both.example.com")["categories"], json!(["pornography"]));
    assert_eq!(report(&lists, "games.example.com")["categories"], json!(["games"]), "nobody maps it");
}

#[test]
fn what_a_gateway_without_policy_blocks() {
    let lists = some_lists();
    let black = lists.black();
    assert_eq!(black.keys().collect::<Vec<_>>(), ["games", "pornography"]);
    assert_eq!(*black["pornography"].because, ["FIL-02"]);
    assert!(lists.category_kinds().contains(&("child".into(), Kind::White)));
}

#[test]
fn one_rule_more_goes_over_the_base() {
    let more = [host("added.example.org")];
    let lists = some_lists().with_overlay("own-list", Kind::Black, &more, KEY).unwrap();
    assert_eq!(lists.lookup("www.added.example.org").lists, ["own-list"]);
    assert_eq!(lists.lookup("porn.example.com").categories, ["pornography"]);
    assert_eq!(lists.lists().len(), 5);
}

#[test]
fn a_path_may_be_a_folder_a_file_or_a_compiled_file() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache");
    let ut1_folder = folder.path().join("ut1");
    ut1(&ut1_folder);
    fs::write(folder.path().join("Hosts.txt"), "0.0.0.0 a.example.org b.example.org\n").unwrap();
    let (lists, report) = open_or_compile(&ut1_folder, &cache, KEY).unwrap();
    assert_eq!(report.unwrap().names, 6);
    assert_eq!(lists.lookup("porn.example.com").lists, ["adult"]);
    let (_, report) = open_or_compile(&ut1_folder, &cache, KEY).unwrap();
    assert!(report.is_none(), "nothing changed, so nothing is compiled");
    fs::write(ut1_folder.join("games/domains"), "other.example.com\nmore.example.com\nthird.example.com\n").unwrap();
    assert!(open_or_compile(&ut1_folder, &cache, KEY).unwrap().1.is_some(), "a list changed");
    let (lists, _) = open_or_compile(&folder.path().join("Hosts.txt"), &cache, KEY).unwrap();
    assert_eq!(lists.lookup("b.example.org").categories, ["hosts"]);
    assert!(lists.lookup("x.b.example.org").categories.is_empty(), "a hosts file names names, not what is below them");
    let out = folder.path().join("one.bin");
    compile(&[ut1_folder], &out, KEY).unwrap();
    let (lists, report) = open_or_compile(&out, &cache, KEY).unwrap();
    assert!(report.is_none());
    assert_eq!(lists.lookup("porn.example.com").lists, ["adult"]);
    assert!(matches!(open_or_compile(&folder.path().join("absent"), &cache, KEY), Err(Error::Io { .. })));
}

#[test]
fn a_bad_list_never_replaces_a_good_one() {
    let folder = tempfile::tempdir().unwrap();
    let (list, cache) = (folder.path().join("block.txt"), folder.path().join("cache"));
    fs::write(&list, "good.example.com\n").unwrap();
    open_or_compile(&list, &cache, KEY).unwrap();
    fs::write(&list, "<!DOCTYPE html><title>Sign in</title>").unwrap();
    let (lists, report) = open_or_compile(&list, &cache, KEY).unwrap();
    assert_eq!(lists.lookup("good.example.com").lists, ["block"]);
    let why = &report.unwrap().rejected[0].why;
    assert!(why.contains("web page") && why.contains("last good version"), "{why}");
    fs::remove_file(&list).unwrap();
    assert!(open_or_compile(&list, &cache, KEY).is_ok(), "a list that has gone is no reason either");
    let out = folder.path().join("out");
    fs::write(&out, "stays").unwrap();
    fs::write(&list, "<html>").unwrap();
    assert!(matches!(compile(&[list], &out, KEY), Err(Error::Nothing { .. })));
    assert_eq!(fs::read_to_string(&out).unwrap(), "stays");
}

#[test]
fn half_a_list_waits_for_a_person() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache");
    let lists = folder.path().join("lists");
    fs::create_dir(&lists).unwrap();
    let names = |count: usize| (0..count).map(|number| format!("n{number}.example.com\n")).collect::<String>();
    fs::write(lists.join("long.txt"), names(200)).unwrap();
    fs::write(lists.join("other.txt"), "x.example.net\ny.example.net\nz.example.net\n").unwrap();
    let file = folder.path().join("named.compiled");
    open_or_compile(&lists, &cache, KEY).unwrap();
    open_or_compile_as(&lists, &file, KEY).unwrap();
    fs::write(lists.join("long.txt"), names(60)).unwrap();
    open_or_compile_as(&lists, &file, KEY).unwrap();
    assert_eq!(Lists::open(&file).unwrap().lookup("n199.example.com").lists, ["long"]);
    let (held, report) = open_or_compile(&lists, &cache, KEY).unwrap();
    assert_eq!(held.lookup("n199.example.com").lists, ["long"]);
    let why = report.unwrap().rejected[0].why.clone();
    assert!(why.contains("“long” had 200 entries and now has 60") && why.contains("delete"), "{why}");
    fs::write(lists.join("long.txt"), names(150)).unwrap();
    fs::write(lists.join("other.txt"), "x.example.net\n").unwrap();
    let (taken, _) = open_or_compile(&lists, &cache, KEY).unwrap();
    assert!(taken.lookup("n199.example.com").lists.is_empty(), "a list that loses a quarter, or a small one, is taken");
}

#[test]
fn damaged_files_are_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    ut1(folder.path());
    let out = folder.path().join("out.compiled");
    compile(&[folder.path().to_owned()], &out, KEY).unwrap();
    let whole = fs::read(&out).unwrap();
    let open = |bytes: &[u8]| {
        let path = folder.path().join("changed.compiled");
        fs::write(&path, bytes).unwrap();
        Lists::open(&path).unwrap_err().to_string()
    };
    assert!(open(&whole[..whole.len() / 2]).contains("cut short"));
    assert!(open(&whole[..4]).contains("too short"));
    assert!(open(b"").contains("changed.compiled"));
    assert!(open(&fs::read(folder.path().join("adult/domains")).unwrap().repeat(9)).contains("not a compiled list"));
}
