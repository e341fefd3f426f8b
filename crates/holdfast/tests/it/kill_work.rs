//! The plug is pulled while a concern is worked (S39): recording a step, adding to the record, giving something to do,
//! splitting, another kind, closing and opening again. What was acknowledged is there, whole; what was not is there wholly or not at all.

use std::time::{Duration, Instant};

use rand::RngExt;

use crate::house::House;
use crate::report::Reporter;
use crate::visitor::{Page, Visitor};

const TIMES: usize = 12;

/// What is done at one desk, in turn.
#[derive(Debug, Clone, Copy)]
enum Write {
    Entry,
    Step,
    Action,
    Split,
    Kind,
    Close,
}

const ALL: [Write; 6] = [Write::Entry, Write::Step, Write::Action, Write::Split, Write::Kind, Write::Close];

/// What was acknowledged: where it must be found, and which words.
type Kept = Vec<(String, String)>;

/// Yesterday in the parts of a form.
const WHEN: [(&str, &str); 4] =
    [("event-day", "3"), ("event-month", "3"), ("event-year", "2026"), ("event-time", "09:15")];

/// Works a fresh concern until an answer does not come. `true`: the plug was pulled in the middle of an act.
async fn work_until_cut(lead: Visitor, reporter: Reporter, closed: String, round: usize) -> (Kept, bool) {
    let mut kept = Kept::new();
    for number in 0..40 {
        let mark = format!("Kept-{round}-{number}-end");
        let Some(receipt) = reporter.report(&mark).await else { return (kept, true) };
        let concern = receipt.replace("/reports/", "/concerns/");
        kept.push((concern.clone(), mark.clone()));
        for write in ALL {
            let done = match write {
                Write::Entry => entry(&lead, &concern, &mark).await,
                Write::Step => step(&lead, &concern, &mark).await,
                Write::Action => action(&lead, &concern, &mark).await,
                Write::Split => split(&lead, &concern, &mark).await,
                Write::Kind => kind(&lead, &concern, &mark).await,
                Write::Close => close(&lead, &closed, &mark).await,
            };
            match done {
                Done::Closed(words) => kept.push((closed.clone(), words)),
                Done::Saved(words) => kept.extend(words.map(|words| (concern.clone(), words))),
                Done::Cut => return (kept, true),
            }
        }
    }
    (kept, false)
}

enum Done {
    Saved(Option<String>),
    /// In the one that the demo had closed.
    Closed(String),
    Cut,
}

/// Opens the form and sends it; a form that does not open, or an answer that does not come, is the plug.
async fn send(lead: &Visitor, form: &str, to: &str, fields: &[(&str, &str)]) -> Option<Page> {
    let page = lead.get(form).await;
    if page.status != 200 {
        assert!(page.status == 0, "{form}: {page:?}");
        return None;
    }
    let answer = lead.send(to, &page.token(), fields).await;
    (answer.status != 0).then_some(answer)
}

fn saved(answer: Option<Page>, what: &str, words: Option<String>) -> Done {
    match answer {
        None => Done::Cut,
        Some(page) if page.status == 303 => Done::Saved(words),
        Some(page) => panic!("{what}: {}", page.words()),
    }
}

async fn entry(lead: &Visitor, concern: &str, mark: &str) -> Done {
    let (path, words) = (format!("{concern}/entries"), format!("entry of {mark}"));
    let fields = [&[("kind", "note"), ("text", words.as_str())][..], &WHEN].concat();
    saved(send(lead, &path, &path, &fields).await, "entry", Some(words.clone()))
}

async fn step(lead: &Visitor, concern: &str, mark: &str) -> Done {
    let (path, words) = (format!("{concern}/steps/could_be_illegal"), format!("judged of {mark}"));
    let fields = [&[("act", "already_happened"), ("seen", "0"), ("answer", "no"), ("why", words.as_str())][..], &WHEN];
    let form = format!("{path}?act=already_happened");
    saved(send(lead, &form, &path, &fields.concat()).await, "step", Some(words.clone()))
}

async fn action(lead: &Visitor, concern: &str, mark: &str) -> Done {
    let path = format!("{concern}/actions");
    let page = lead.get(&path).await;
    if page.status == 0 {
        return Done::Cut;
    }
    let (owner, words) = (page.first("select[name=owner] option:not([value=''])", "value"), format!("do of {mark}"));
    let due = [("due-day", "3"), ("due-month", "3"), ("due-year", "2030")];
    let fields = [&[("title", words.as_str()), ("owner", owner.as_str())][..], &due].concat();
    let answer = lead.send(&path, &page.token(), &fields).await;
    saved((answer.status != 0).then_some(answer), "action", Some(words.clone()))
}

async fn split(lead: &Visitor, concern: &str, mark: &str) -> Done {
    let path = format!("{concern}/split");
    let page = lead.get(&path).await;
    if page.status == 0 {
        return Done::Cut;
    }
    let chosen = page.first("input[name=entries]", "value");
    let words = format!("because of {mark}");
    let fields = [("entries", chosen.as_str()), ("kind", "bullying"), ("about", ""), ("reason", words.as_str())];
    let answer = lead.send(&path, &page.token(), &fields).await;
    // Both say why: the first one in its record.
    saved((answer.status != 0).then_some(answer), "split", Some(words.clone()))
}

async fn kind(lead: &Visitor, concern: &str, mark: &str) -> Done {
    let (path, words) = (format!("{concern}/kind"), format!("known by {mark}"));
    let fields = [("kind", "hate"), ("reason", words.as_str())];
    saved(send(lead, &path, &path, &fields).await, "kind", Some(words.clone()))
}

/// A concern that the demo has closed is opened again, with a reason, learned from and closed again: each is a write of its own.
async fn close(lead: &Visitor, closed: &str, mark: &str) -> Done {
    let again = format!("again by {mark}");
    let reopen = format!("{closed}/reopen");
    let page = lead.get(closed).await;
    if page.status == 0 {
        return Done::Cut;
    }
    // Without that form it stands open: the plug was pulled between the two, and it is closed now.
    if page.html.contains(&reopen) {
        match send(lead, closed, &reopen, &[("reason", again.as_str())]).await {
            None => return Done::Cut,
            Some(page) => assert!(page.status == 303, "{}", page.words()),
        }
    }
    // Opened again, it is learned from again first.
    let learned = format!("learned of {mark}");
    let said = [("outcome", learned.as_str()), ("lessons", &learned), ("policy", "no"), ("filter", "no")];
    let fields = [&said[..], &[("training", "no"), ("curriculum", "no"), ("support", "none_needed")]].concat();
    let path = format!("{closed}/debrief");
    let page = lead.get(&path).await;
    if page.status == 0 {
        return Done::Cut;
    }
    let seen = page.first("input[name=seen]", "value");
    let answer = lead.send(&path, &page.token(), &[&fields[..], &[("seen", seen.as_str())]].concat()).await;
    match answer.status {
        0 => return Done::Cut,
        303 => {}
        _ => panic!("debrief: {}", answer.words()),
    }
    let (path, words) = (format!("{closed}/close"), format!("closed by {mark}"));
    let page = lead.get(&path).await;
    if page.status == 0 {
        return Done::Cut;
    }
    let seen = page.first("input[name=seen]", "value");
    let answer = lead.send(&path, &page.token(), &[("summary", words.as_str()), ("seen", seen.as_str())]).await;
    match answer.status {
        0 => Done::Cut,
        303 => Done::Closed(words),
        _ => panic!("close: {}", answer.words()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_a_concern_is_worked_nothing_acknowledged_is_lost_and_nothing_is_half_there() {
    let began = Instant::now();
    let mut house = House::demo().await;
    let mut reporter = Reporter::at(house.signed_in("practitioner").await).await;
    let mut lead = house.signed_in("dsl").await;
    let closed = lead.get("/concerns?shelf=closed").await.first("main table a[href^='/concerns/']", "href");
    let (mut kept, mut cut_off) = (Kept::new(), 0);
    for round in 0..TIMES {
        let desk = tokio::spawn(work_until_cut(lead.clone(), reporter.clone(), closed.clone(), round));
        tokio::time::sleep(Duration::from_millis(rand::rng().random_range(300..1500))).await;
        house.kill();
        let (saved, cut) = desk.await.unwrap();
        kept.extend(saved);
        cut_off += usize::from(cut);
        house.start().await;
        reporter.visitor = reporter.visitor.moved(&house.at().web);
        lead = lead.moved(&house.at().web);
        let verified = house.command(&["audit", "verify"]);
        assert!(verified.status.success(), "round {round}: {}", String::from_utf8_lossy(&verified.stderr));
    }
    let mut acts = 0;
    for (concern, words) in &kept {
        let page = lead.get(concern).await;
        assert!(page.html.contains(words), "{words} was acknowledged, and is not in {concern}: {}", page.words());
        acts += 1;
        // A part is there with its tie and its words, or not at all.
        let ties = lead.get(&format!("{concern}/strands")).await;
        let part = scraper::Html::parse_document(&ties.html);
        let [rows, links] = ["main tbody tr", "a"].map(|of| scraper::Selector::parse(of).unwrap());
        // The demo ties one of them to another that was never the same.
        let split = part.select(&rows).filter(|row| row.text().any(|text| text.contains("plit")));
        let links = split.flat_map(|row| row.select(&links)).filter_map(|link| link.attr("href"));
        for link in links.filter(|href| *href != concern) {
            let other = lead.get(link).await;
            assert!(other.status == 200 && other.html.contains("was split from"), "{link}: {}", other.words());
        }
    }
    let doctor = house.command(&["doctor", "--json"]);
    let stuck = String::from_utf8_lossy(&doctor.stdout);
    assert!(stuck.contains("\"None is stuck.\""), "{stuck}");
    eprintln!("{acts} acts acknowledged, {cut_off} cut off, {:?} in all", began.elapsed());
    assert!(acts >= TIMES * 2 && cut_off >= TIMES / 2, "{acts} acts, {cut_off} cut off: too few to prove anything");
}
