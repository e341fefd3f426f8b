//! The plug is pulled while a file moves on and while a record is destroyed (S38, S39). That a file went and arrived stands in two
//! places or in none: on the file, and as a step in the record of the move. What two people destroy is gone with a certificate, or
//! is there, whole, and waits; what was acknowledged has happened.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::tz::TimeZone;
use rand::RngExt;

use crate::house::House;
use crate::report::{borrowed, fields};
use crate::visitor::{Page, Visitor, now};

const TIMES: usize = 8;

/// This minute, in the parts of a form.
fn this_minute() -> Vec<(String, String)> {
    let now = now().to_zoned(TimeZone::get("Europe/London").unwrap());
    let part = |part: &str, value: String| (format!("at-{part}"), value);
    vec![
        part("day", now.day().to_string()),
        part("month", now.month().to_string()),
        part("year", now.year().to_string()),
        part("time", now.strftime("%H:%M").to_string()),
    ]
}

/// Every address on a page that begins so.
fn links(page: &Page, begins: &str) -> Vec<String> {
    let html = scraper::Html::parse_document(&page.html);
    let links = scraper::Selector::parse(&format!("main a[href^='{begins}']")).unwrap();
    let mut found: Vec<String> = html.select(&links).filter_map(|link| link.attr("href")).map(str::to_owned).collect();
    found.sort();
    found.dedup();
    found
}

/// What was acknowledged of one file: its words, and at which page.
struct Kept {
    file: String,
    move_of: String,
    words: Vec<String>,
}

/// Files that move on, one after the other, until an answer does not come. `true`: cut off in the middle of one.
async fn move_until_cut(lead: Visitor, child: String, round: usize) -> (Vec<Kept>, bool) {
    let mut kept: Vec<Kept> = Vec::new();
    for number in 0..30 {
        let mark = format!("Moved-{round}-{number}-end");
        let form = "/concerns/report/file_transfer";
        let page = lead.get(form).await;
        if page.status == 0 {
            return (kept, true);
        }
        let mut told = fields(&mark);
        told.retain(|(name, _)| name != "children" && name != "kind");
        told.extend([("kind", "file_transfer"), ("children", &child)].map(owned));
        let answer = lead.send(form, &page.token(), &borrowed(&told)).await;
        if answer.status == 0 {
            return (kept, true);
        }
        assert!(answer.location.starts_with("/reports/"), "{}", answer.words());
        let move_of = answer.location.replace("/reports/", "/concerns/");
        let page = lead.get("/transfers/new").await;
        if page.status == 0 {
            return (kept, true);
        }
        let school = format!("School of {mark}");
        let new = [("child", child.as_str()), ("to_name", &school), ("to_lead", "Mx Lead")];
        let day = [("left_on-day", "2"), ("left_on-month", "3"), ("left_on-year", "2026")];
        let answer = lead.send("/transfers/new", &page.token(), &[&new[..], &day].concat()).await;
        if answer.status == 0 {
            return (kept, true);
        }
        assert_eq!(answer.status, 303, "{}", answer.words());
        kept.push(Kept { file: answer.location.clone(), move_of, words: vec![school] });
        let last = kept.last_mut().unwrap();
        for (act, field) in [("sent", "how"), ("received", "from")] {
            let path = format!("{}/record/{act}", answer.location);
            let page = lead.get(&path).await;
            if page.status == 0 {
                return (kept, true);
            }
            let (words, version) = (format!("{act} of {mark}"), page.first("input[name=version]", "value"));
            let said = [(field, words.as_str()), ("version", &version)].map(owned);
            let sent = [&said[..], &this_minute()].concat();
            let done = lead.send(&path, &page.token(), &borrowed(&sent)).await;
            match done.status {
                0 => return (kept, true),
                303 => last.words.push(words),
                _ => panic!("{act}: {}", done.words()),
            }
        }
    }
    (kept, false)
}

fn owned((name, value): (&str, &str)) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_a_file_moves_on_its_receipt_stands_in_both_places_or_in_none() {
    let mut house = House::demo().await;
    let mut lead = house.signed_in("dsl").await;
    let child = lead.get("/transfers/new").await.first("select[name=child] option:not([value=''])", "value");
    let (mut all, mut cut_off, mut receipts) = (Vec::new(), 0, 0);
    for round in 0..TIMES {
        let desk = tokio::spawn(move_until_cut(lead.clone(), child.clone(), round));
        tokio::time::sleep(Duration::from_millis(rand::rng().random_range(300..1500))).await;
        house.kill();
        let (kept, cut) = desk.await.unwrap();
        all.extend(kept);
        cut_off += usize::from(cut);
        house.start().await;
        lead = lead.moved(&house.at().web);
        let verified = house.command(&["audit", "verify"]);
        assert!(verified.status.success(), "round {round}: {}", String::from_utf8_lossy(&verified.stderr));
    }
    for Kept { file, move_of, words } in &all {
        let (page, record) = (lead.get(file).await.words(), lead.get(move_of).await.words());
        for said in words {
            assert!(page.contains(said), "{said} was acknowledged, and is not in {file}: {page}");
        }
        let mark = words[0].trim_start_matches("School of ");
        for act in ["sent", "received"] {
            let said = format!("{act} of {mark}");
            assert_eq!(page.contains(&said), record.contains(&said), "half of “{said}” is there: {page} {record}");
            receipts += usize::from(act == "received" && page.contains(&said));
        }
    }
    eprintln!("{} files, {receipts} receipts, {cut_off} cut off", all.len());
    assert!(all.len() >= TIMES && receipts >= 2 && cut_off >= TIMES / 2, "{} {receipts} {cut_off}", all.len());
}

/// Agrees to each, in turn: which were acknowledged, and whether the plug came between.
async fn agree_until_cut(second: Visitor, decisions: Vec<String>) -> (Vec<String>, bool) {
    let mut done = Vec::new();
    for decision in decisions {
        let page = second.get(&decision).await;
        if page.status == 0 {
            return (done, true);
        }
        let answer = second.send(&format!("{decision}/agree"), &page.token(), &[]).await;
        match answer.status {
            0 => return (done, true),
            303 => done.push(decision),
            _ => panic!("{decision}: {}", answer.words()),
        }
    }
    (done, false)
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_two_people_destroy_a_record_it_is_gone_with_a_certificate_or_whole_and_waits() {
    let (mut gone, mut there, mut cut_off) = (0, 0, 0);
    for round in 0..TIMES {
        // A record goes once: each round has a house of its own.
        let mut house = House::demo().await;
        let first = house.signed_in("manager").await;
        let second = house.signed_in("chair").await;
        let mut decisions = BTreeMap::new();
        for record in links(&first.get("/keeping").await, "/keeping/records/low_level/") {
            let mut page = first.get(&record).await;
            if links(&page, "/keeping/decisions/").is_empty() {
                let form = format!("{record}/propose");
                let said = first.fill(&form, &[("reason", "She left; nothing is open.")]).await;
                assert_eq!(said.status, 303, "{}", said.words());
                page = first.get(&record).await;
            }
            let decision = links(&page, "/keeping/decisions/").pop().expect("it waits");
            let note = record.replace("/keeping/records/low_level/", "/low-level/");
            let words = first.get(&note).await.words();
            decisions.insert(decision, (note, words));
        }
        assert_eq!(decisions.len(), 2, "the demo has two notes whose day has come");
        let desk = tokio::spawn(agree_until_cut(second.clone(), decisions.keys().cloned().collect()));
        // Each round a little later, through both decisions.
        let wait = 10 + 25 * u64::try_from(round).unwrap();
        tokio::time::sleep(Duration::from_millis(rand::rng().random_range(wait..wait + 25))).await;
        house.kill();
        let (acknowledged, cut) = desk.await.unwrap();
        cut_off += usize::from(cut);
        house.start().await;
        let (first, second) = (first.moved(&house.at().web), second.moved(&house.at().web));
        let verified = house.command(&["audit", "verify"]);
        assert!(verified.status.success(), "round {round}: {}", String::from_utf8_lossy(&verified.stderr));
        let certificates = second.get("/keeping/certificates").await;
        for (decision, (note, words)) in &decisions {
            let page = second.get(decision).await.words();
            let now = first.get(note).await;
            if certificates.html.contains(decision.as_str()) {
                assert!(page.contains("Digest of what went"), "{page}");
                assert_eq!(now.status, 404, "destroyed with a certificate, and still there: {}", now.words());
                gone += 1;
            } else {
                assert!(!acknowledged.contains(decision), "{decision} was acknowledged, and did not happen");
                assert!(page.contains("Waits for a second person"), "{page}");
                assert_eq!((now.status, now.words()), (200, words.clone()), "it waits, and is not whole");
                there += 1;
            }
        }
    }
    eprintln!("{gone} gone, {there} there, {cut_off} cut off");
    assert!(gone >= 2 && there >= 2 && cut_off >= 2, "{gone} gone, {there} there, {cut_off} cut off");
}
